/*
 * pump.h - the one joint between lines and a connection that all -in and -out
 * programs (and sub, pub, record, play) share.
 *
 * A source (-in) hands over the lines it makes: they are printed, or with -u
 * sent to the relay.  A sink (-out) is given lines: from stdin, or with -u
 * from its subscriptions, the snapshot first and as one batch.  With --both
 * one program is both on one session, and the echo of what it sent itself is
 * swallowed.  Reads the shared options (struct cli_common) by itself, and
 * handles stdin, stdout, signals, -n, -T, --idle, --ready-fd and the end.
 */
#ifndef CLASP_CLIENT_PUMP_H
#define CLASP_CLIENT_PUMP_H

#include <uv.h>

#include "client/client.h"
#include "wire/line.h"

struct clasp_pump;

struct clasp_pump_config {
	bool	source;			/* the program makes lines */
	bool	sink;			/* the program takes lines */
	bool	relay;			/* -u was given, or always */
	const char *const *patterns;	/* sink with relay: NULL-terminated */
	bool	no_snapshot;
	/* sink: one line; `snapshot` while the relay's state is given, and
	 * batch_end() is called when it is complete */
	void	(*line)(struct clasp_pump *p, const struct clasp_line *line,
		    bool snapshot, void *user);
	/* sink: the snapshot is complete, or stdin has nothing more for now:
	 * send what was gathered.  May be NULL. */
	void	(*batch_end)(struct clasp_pump *p, void *user);
	/* sink: stdin has ended or the relay is gone for good; the program
	 * finishes and calls clasp_pump_stop when it has.  May be NULL: stop. */
	void	(*end)(struct clasp_pump *p, void *user);
	/* a signal came, -T ran out or -n was reached: close devices, then
	 * call clasp_pump_stop.  May be NULL: stop. */
	void	(*finish)(struct clasp_pump *p, void *user);
	/* connected (with relay) again: an -in sends all it knows again */
	void	(*again)(struct clasp_pump *p, void *user);
	void	*user;
};

/*
 * Make it on the loop.  After this the program opens its ports on the same
 * loop, calls clasp_pump_ready() when they are open, and clasp_pump_run().
 * Dies (exit codes as documented) when the relay cannot be reached.
 */
struct clasp_pump *clasp_pump_new(uv_loop_t *loop,
	    const struct clasp_pump_config *config);
/* The program's own ports are open: --ready-fd is told when the relay's part
 * is ready too. */
void	clasp_pump_ready(struct clasp_pump *p);
/* A source's line: printed, or sent.  Counts for -n. */
void	clasp_pump_emit(struct clasp_pump *p, const struct clasp_line *line);
/* End the run: flush, close the connection, leave clasp_pump_run. */
void	clasp_pump_stop(struct clasp_pump *p);
/* Run the loop to the end, then free p.  Returns; call cli_end() next. */
void	clasp_pump_run(struct clasp_pump *p);
/* The connection, NULL without. */
struct clasp_client *clasp_pump_client(struct clasp_pump *p);

#endif
