/*
 * bridge.h - what every bridge is: a device on one side; lines, or a session
 * at a relay, on the other; rules between them.
 *
 *	device --> program --> clasp_bridge_emit() --> rules --> lines, relay
 *	lines, relay --> rules --> line() --> program --> device
 *
 * The bridge has the pump, the rules of --map and -m, the ANNOUNCE (once a
 * session), the counts of what was dropped, SIGUSR1 and -v, back-pressure,
 * what is said again to a relay that came back, and the way to the end.  The
 * program has the device.  The life of one:
 *
 *	b = clasp_bridge_new(&config);	 options are read and checked before
 *	... clasp_counts_add(clasp_bridge_counts(b), ...) for what it drops
 *	... open the device on clasp_bridge_loop(b); when it is open:
 *	clasp_bridge_device_open(b, again);
 *	clasp_bridge_run(b);		 to the end; frees b
 *	cli_end();
 */
#ifndef CLASP_BRIDGE_BRIDGE_H
#define CLASP_BRIDGE_BRIDGE_H

#include <uv.h>

#include "bridge/options.h"
#include "client/pump.h"

struct clasp_bridge;

/* Strings and options are borrowed, and must live as long as the bridge. */
struct clasp_bridge_config {
	const char	*protocol;	/* in the ANNOUNCE: "midi" */
	const char	*device;	/* there too, and in words to people;
					 * the text may change until it runs */
	struct clasp_str base;		/* the namespace: "/midi/piano" */
	/* what a sink subscribes to; NULL-terminated; NULL: base and all
	 * below it.  What rules bring from elsewhere is asked for besides. */
	const char	*const *patterns;
	struct clasp_bridge_options *options;
	bool		 source;	/* it makes lines */
	bool		 sink;		/* it takes lines; both: --both */
	/* A source keeps the newest value of each address and says them again
	 * to a relay that came back.  (Else `again` can do so.) */
	bool		 remember;
	void		*user;		/* given to all of these ... */
	void		*source_user;	/* ... but to again and flow this one,
					 * when it is not NULL */

	/* Sink: one line, after the rules (with both directions the rules are
	 * the source's).  `snapshot` while the relay's state is given. */
	void	(*line)(const struct clasp_line *line, bool snapshot,
		    void *user);
	/* Sink: the snapshot is complete, or there is no more yet. */
	void	(*batch_end)(void *user);
	/* Sink: no more lines will come.  Send what is left, then call
	 * clasp_bridge_leave().  NULL: leave. */
	void	(*ended)(void *user);
	/* A signal came, -T ran out, -n was reached: close the device, then
	 * call clasp_bridge_leave().  May come again.  NULL: leave. */
	void	(*finish)(void *user);
	/* Connected again; the ANNOUNCE has been sent. */
	void	(*again)(void *user);
	/* The relay is away; no line comes until it is back. */
	void	(*relay_lost)(void *user);
	/* Source: read from the device, or stop: too much waits. */
	void	(*flow)(bool on, void *user);
	/* The loop has ended: close every handle of the program. */
	void	(*close)(void *user);
};

/* Connects, or opens stdin.  Ends the program when it cannot. */
struct clasp_bridge *clasp_bridge_new(
	    const struct clasp_bridge_config *config);
uv_loop_t *clasp_bridge_loop(struct clasp_bridge *b);
struct clasp_counts *clasp_bridge_counts(struct clasp_bridge *b);
/* NULL without a relay. */
struct clasp_client *clasp_bridge_client(struct clasp_bridge *b);
/* Announce, and run to the end: counts with -v, everything closed, b freed. */
void	clasp_bridge_run(struct clasp_bridge *b);

/* A source's line: through the rules, then printed or sent. */
void	clasp_bridge_emit(struct clasp_bridge *b,
	    const struct clasp_line *line);
/* Like it, for what the rules have seen already. */
void	clasp_bridge_emit_mapped(struct clasp_bridge *b,
	    const struct clasp_line *line);
/*
 * Call this after each piece of input: tells what was dropped in it, and
 * stops the flow when too much waits on the other side.
 */
void	clasp_bridge_taken(struct clasp_bridge *b);
/* Bytes were collected with cli_out_bytes(). */
void	clasp_bridge_printed(struct clasp_bridge *b);

/* A sink that cannot take more lines yet, or can again. */
void	clasp_bridge_read(struct clasp_bridge *b, bool on);

/* The device is open: --ready-fd is told the first time; again: and people
 * are told that it is back. */
void	clasp_bridge_device_open(struct clasp_bridge *b, bool again);
/*
 * The device is gone, or not there yet, and is being tried again: says so.
 * True when that is the end (--exit-on-loss, and it was there before): the
 * exit code is set, and finish() is called before this returns.
 */
bool	clasp_bridge_device_lost(struct clasp_bridge *b, const char *why);

/* The source's input has ended by itself (a file, a pipe): what the rules
 * hold comes, -n not reached is exit 1; then as if -n had been reached. */
void	clasp_bridge_source_ended(struct clasp_bridge *b);
/* The same where it may be that it cannot be read: why is said then, and the
 * exit code set. */
void	clasp_bridge_source_over(struct clasp_bridge *b, const char *why);
/* End as if -n had been reached: --once is done. */
void	clasp_bridge_finish(struct clasp_bridge *b);
/*
 * The device is closed, or done with: end.  A source's relay is waited for
 * until it has worked off what was sent, unless a signal came.
 */
void	clasp_bridge_leave(struct clasp_bridge *b);

#endif
