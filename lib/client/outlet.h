/*
 * outlet.h - stdout on an event loop: what was collected with cli_out_line()
 * goes out before the loop sleeps, a slow reader never holds the loop up,
 * and a reader that went away is noticed while nothing is printed, too.
 */
#ifndef CLASP_CLIENT_OUTLET_H
#define CLASP_CLIENT_OUTLET_H

#include <stdbool.h>

#include <uv.h>

struct clasp_outlet;

struct clasp_outlet_events {
	/* too much waits (or no longer): whoever makes lines must pause */
	void	(*full)(bool full, void *user);
	/* nobody reads any more */
	void	(*gone)(void *user);
	/* after clasp_outlet_end: all is out (or nobody wants it) */
	void	(*done)(void *user);
};

/* NULL: no memory. */
struct clasp_outlet *clasp_outlet_new(uv_loop_t *loop,
	    const struct clasp_outlet_events *events, void *user);
/* Something was collected. */
void	clasp_outlet_dirty(struct clasp_outlet *o);
/* Put all out, then close; `done` is the last event, and o is freed. */
void	clasp_outlet_end(struct clasp_outlet *o);
/* After clasp_outlet_end: leave out what the reader does not take. */
void	clasp_outlet_abandon(struct clasp_outlet *o);

#endif
