/*
 * hub.h - what the streams of one loop share: two buffers, and a list of
 * streams that go on reading in the loop's next turn.
 *
 * Made when the first user of a loop asks, gone with the last.
 */
#ifndef CLASP_NET_HUB_H
#define CLASP_NET_HUB_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

struct clasp_upgrade;

#define CLASP_HUB_BUFFER	(256u << 10)

struct clasp_hub_task {
	struct clasp_hub_task *next;
	struct clasp_hub_task **link;	/* what points here; NULL: idle */
	void	(*run)(struct clasp_hub_task *task);
};

struct clasp_hub {
	uv_loop_t	*loop;
	unsigned	 users;
	uint8_t		*in;		/* both CLASP_HUB_BUFFER bytes */
	uint8_t		*out;
	uv_idle_t	 idle;
	uv_check_t	 check;
	struct clasp_hub_task *tasks;
	struct clasp_hub_task *watched;	/* run in every turn */
	struct clasp_upgrade *upgrade;	/* NULL until a listener wants it */
	struct clasp_hub *next;
};

/* The loop's hub, with one more user; NULL: no memory. */
struct clasp_hub *clasp_hub_get(uv_loop_t *loop);
void	clasp_hub_put(struct clasp_hub *hub);

/* Run the task once, from the loop, soon.  Twice is once. */
void	clasp_hub_soon(struct clasp_hub *hub, struct clasp_hub_task *task);
/* Run it at the end of each of the loop's turns, without causing any. */
void	clasp_hub_each_turn(struct clasp_hub *hub,
	    struct clasp_hub_task *task);
void	clasp_hub_cancel(struct clasp_hub_task *task);

#endif
