/*
 * timing.h - the relay's clock as a client knows it, and what waits for it.
 *
 * Part of a client, like conn.h; not for programs.  Nothing is measured
 * before somebody wants it.  Then: an exchange at once, four more 200 ms
 * apart, and one every 30 s (core/clocksync.h makes of them what it can); a
 * new connection begins anew, for the relay may be another one.
 *
 * A bundle for a moment of our clock cannot leave before the first exchange.
 * Until then it and all that is sent behind it are held, so that nothing
 * comes out of order; a relay that has answered none in a second is taken at
 * the word of its WELCOME.
 */
#ifndef CLASP_CLIENT_TIMING_H
#define CLASP_CLIENT_TIMING_H

#include <uv.h>

#include "base/buf.h"
#include "client/client.h"
#include "core/clocksync.h"

#define CLASP_TIMING_ASKED	64	/* SYNCs under way */

struct clasp_timing_ask {
	uint64_t	 t1;
	clasp_sync_fn	 fn;		/* may be NULL */
	void		*user;
};

struct clasp_timing {
	uv_timer_t	 timer;
	struct clasp_clocksync sync;
	bool		 wanted;
	bool		 holding;
	unsigned	 ticks;		/* of the timer since WELCOME */
	unsigned	 asked;
	struct clasp_timing_ask asks[CLASP_TIMING_ASKED];	/* in order */
	/* a byte (1: by our clock) and a frame, again and again */
	struct clasp_buf held;
};

void	clasp_timing_init(struct clasp_client *c);
void	clasp_timing_clear(struct clasp_client *c);
/* WELCOME came, with this time. */
void	clasp_timing_welcome(struct clasp_client *c, uint64_t server_us);
/* The connection went: what was asked and what is held goes with it. */
void	clasp_timing_lost(struct clasp_client *c);
void	clasp_timing_want(struct clasp_client *c);
/* Send one SYNC: 0, CLASP_ECLOSED without WELCOME, CLASP_ENOSPC. */
int	clasp_timing_ask(struct clasp_client *c, clasp_sync_fn fn,
	    void *user);
/* A SYNC came back; false: it is none of ours. */
bool	clasp_timing_answer(struct clasp_client *c,
	    const struct clasp_sync *sync);
/* The message is not to leave yet: keep it.  0, an encoder's error, or
 * CLASP_ENOSPC. */
int	clasp_timing_hold(struct clasp_client *c,
	    const struct clasp_msg *msg, const struct clasp_frame *head);
/* clasp_conn_put() for a BUNDLE whose time is by our clock. */
int	clasp_timing_put(struct clasp_client *c, const struct clasp_msg *msg,
	    const struct clasp_frame *head);
/* Let go what is held, by what is known now. */
void	clasp_timing_release(struct clasp_client *c);
/* Our steady time as the relay's. */
uint64_t clasp_timing_server_us(const struct clasp_client *c,
	    uint64_t steady_us);

#endif
