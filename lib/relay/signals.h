/*
 * signals.h - SIGINT, SIGTERM and SIGHUP of a relay, as events of its loop.
 *
 * The first SIGINT or SIGTERM asks for an orderly end, a second one ends the
 * process at once.  SIGHUP has everybody who asked for it look at their
 * files again; that never ends the relay, whatever they find.
 */
#ifndef CLASP_RELAY_SIGNALS_H
#define CLASP_RELAY_SIGNALS_H

#include <uv.h>

/* stop(user) is called once, from the loop. */
void	clasp_signals_start(uv_loop_t *loop, void (*stop)(void *user),
	    void *user);
/* Let go of the loop; a signal still ends the process. */
void	clasp_signals_stop(void);

/*
 * On SIGHUP call fn(user) from the loop, in the order in which it was asked
 * for.  It says itself what it did (relay/log.h), and keeps what it had when
 * its file is no good.  At most 16; more are a bug.
 */
void	clasp_signals_on_hup(void (*fn)(void *user), void *user);

#endif
