/*
 * world.h - the router and its links under one made-up clock, and a list of
 * what was done to it.
 *
 * Every function here does one thing to the router and writes it down, so
 * that the model can do the same afterwards.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "core/router.h"
#include "link.h"
#include "oracle.h"
#include "script.h"

struct sim_world {
	struct clasp_router *router;
	uint64_t	 now_us;
	uint64_t	 next_us;	/* the router wants its timer then */
	struct sim_link	 links[SIM_CLIENTS];
	struct sim_action *acts;	/* owned */
	uint32_t	 nacts, cap;
};

void	sim_world_open(struct sim_world *w, const struct sim_config *config);
void	sim_world_close(struct sim_world *w);
void	sim_world_connect(struct sim_world *w, int c, uint8_t framing);
void	sim_world_cut(struct sim_world *w, int c);
/* The first unit on its way arrives; false when none does. */
bool	sim_world_deliver(struct sim_world *w, int c);
void	sim_world_tick(struct sim_world *w);
void	sim_world_stall(struct sim_world *w, int c);
void	sim_world_window(struct sim_world *w, int c, uint64_t bytes);
/* The socket takes what it can; false: nothing. */
bool	sim_world_take(struct sim_world *w, int c);
/* Keep what was queued since. */
void	sim_world_look(struct sim_world *w);
/* Forget what was done. */
void	sim_world_done(struct sim_world *w);
/* Is this record not there any more?  For oracle.h. */
bool	sim_world_left(void *world, struct clasp_str address,
	    uint64_t revision, uint64_t written_us);

#endif
