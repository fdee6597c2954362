/*
 * ticker.h - frame ticks on a loop: t0 + k / rate, counted from the start, so
 * that they do not drift, and as exact as the system can (a loop's own timers
 * know milliseconds only).  Ticks that were missed are left out.
 */
#ifndef CLASP_BRIDGE_TICKER_H
#define CLASP_BRIDGE_TICKER_H

#include <uv.h>

#include "proto/dmx.h"

struct clasp_ticker {
	struct clasp_dmx_pace pace;
	uint64_t	 next_us;	/* monotonic */
	/* tick_us is when it was due */
	void		(*fn)(uint64_t tick_us, void *user);
	void		*user;
	int		 fd;
	uv_poll_t	 poll;
};

/* Tick from now on; the ticker stays where it is until it is closed.  Ends
 * the program when the system has no timer left. */
void	clasp_ticker_start(struct clasp_ticker *t, uv_loop_t *loop,
	    double rate_hz, uint64_t keepalive_us,
	    void (*fn)(uint64_t tick_us, void *user), void *user);
/* No more ticks. */
void	clasp_ticker_stop(struct clasp_ticker *t);
void	clasp_ticker_close(struct clasp_ticker *t, uv_close_cb closed);

#endif
