/*
 * script.h - what happens in a game, as a list of steps, and as text.
 *
 * A step holds nothing but small numbers and means something whatever steps
 * came before it, so that any of them can be left out.  As text it is one
 * line: "set client=1 address=/a/x value=7 expect=-1 flags=1 ttl=-1".  A "+"
 * at the end of a line: the next step happens in the same turn of the loop.
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum sim_op {
	OP_OPEN,	/* a connection is made */
	OP_HELLO,
	OP_SET,
	OP_GET,
	OP_PUBLISH,
	OP_SUBSCRIBE,
	OP_UNSUBSCRIBE,
	OP_COMPOSE,	/* what the client says goes into a bundle ... */
	OP_BUNDLE,	/* ... that is sent here */
	OP_ANNOUNCE,
	OP_QUERY,
	OP_SYNC,
	OP_PING,
	OP_SIGNAL,	/* to a peer, by the relay */
	OP_APPEAR,	/* as able to do so */
	OP_HOSTILE,	/* bytes that are no good frame */
	OP_FLOOD,	/* many small messages at once */
	OP_DELAY,	/* what the client says is held up, or not */
	OP_DELIVER,	/* so many units of it arrive */
	OP_WINDOW,	/* how many bytes its socket takes from now on */
	OP_STALL,	/* the loop finds the socket full for a turn */
	OP_CUT,		/* the connection is gone */
	OP_WAIT,
	OP_TICK,	/* the relay's timer fires, wanted or not */
	OP_DUE,		/* it fires when it wanted to, or near that */
	OPS
};

#define SIM_IN_LOG	"#| "

#define SIM_ARGS	6
#define SIM_CLIENTS	12

struct sim_step {
	uint8_t		 op;		/* enum sim_op */
	uint8_t		 client;	/* < SIM_CLIENTS */
	bool		 more;		/* the turn goes on */
	int64_t		 arg[SIM_ARGS];
};

/* The world's limits, small so that they are met often. */
struct sim_config {
	int64_t		 queue, bytes, burst, sessions, subs, params, evict,
			 signals, param_ttl, signal_ttl, gestures, interval,
			 rate, strategies, large, churn;
};

struct sim_script {
	struct sim_config config;
	struct sim_step	*steps;		/* owned */
	uint32_t	 count, cap;
};

void	sim_script_add(struct sim_script *script,
	    const struct sim_step *step);
void	sim_script_clear(struct sim_script *script);
/* prefix goes before every line: "", or SIM_IN_LOG in the log of a run. */
void	sim_script_print(FILE *out, const struct sim_script *script,
	    const char *prefix);
/*
 * Read a script, or the log of a run that has one in it.
 * 0, or -1 after saying what is wrong where.
 */
int	sim_script_read(struct sim_script *script, const char *path);

#endif
