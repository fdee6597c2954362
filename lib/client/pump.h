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
	bool	stamps;			/* sink: a param of a snapshot keeps
					 * the time it was written, ts= */
	/* sink: one line; `snapshot` while the relay's state is given, and
	 * batch_end() is called when it is complete */
	void	(*line)(struct clasp_pump *p, const struct clasp_line *line,
		    bool snapshot, void *user);
	/* sink: the snapshot is complete, or stdin has nothing more yet:
	 * send what was gathered.  May be NULL. */
	void	(*batch_end)(struct clasp_pump *p, void *user);
	/* sink: stdin has ended or the relay is gone for good; the program
	 * finishes and calls clasp_pump_stop when it has.  May be NULL:
	 * stop. */
	void	(*end)(struct clasp_pump *p, void *user);
	/* a signal came, -T ran out or -n was reached: close devices, then
	 * call clasp_pump_stop.  Called again when a signal comes, or -T runs
	 * out, before that.  May be NULL: stop. */
	void	(*finish)(struct clasp_pump *p, void *user);
	/* connected (with relay) again: an -in sends all it knows again */
	void	(*again)(struct clasp_pump *p, void *user);
	void	*user;

	/* ---- beyond what most programs need; all may be left 0 */

	/* stdin gives the lines although there is a relay to send to */
	bool	input;
	/* the input is this open descriptor, called so in complaints;
	 * input_name NULL: stdin, "-" */
	int	input_fd;
	const char *input_name;
	/* SETs keep the ttl= they have.  Else those without get `ttl` (0 is
	 * CLASP_TTL_NEVER): a look must survive a quiet hour. */
	bool	ttl_as_given;
	uint32_t ttl;
	/* rev= of a SET is a condition; else it is not sent */
	bool	cas;
	/* rate and epsilon of the subscriptions; NULL: none */
	const struct clasp_subscribe *options;
	/* sink: every message of the relay as a line, SNAPSHOT too */
	bool	control;
	/* at most this many values a second for each address of params
	 * and streams, in bundles too; the newest counts; 0: no limit */
	double	max_rate;
	/* all is ready, as --ready-fd is told: may emit from now on */
	void	(*ready)(struct clasp_pump *p, void *user);
	/* the relay told that messages were dropped (count 0: not how many);
	 * after `lost`, connected again after away_us */
	void	(*dropped)(struct clasp_pump *p, uint64_t count, void *user);
	void	(*back)(struct clasp_pump *p, uint64_t away_us, void *user);
	/* the relay is away, and is being tried again */
	void	(*lost)(struct clasp_pump *p, void *user);
	/* less waits to be sent, after clasp_pump_full() said true */
	void	(*drained)(struct clasp_pump *p, void *user);
	/* how many stopped it all by their own means: -n does not count */
	bool	count_by_program;
};

/*
 * Make it on the loop.  After this the program opens its ports on the same
 * loop, calls clasp_pump_ready() when they are open, and clasp_pump_run().
 * A relay that cannot be reached is reported; then `end` is called.
 */
struct clasp_pump *clasp_pump_new(uv_loop_t *loop,
	    const struct clasp_pump_config *config);
/* The program's own ports are open: --ready-fd is told when the relay's part
 * is ready too. */
void	clasp_pump_ready(struct clasp_pump *p);
/* A source's line: printed, or sent.  Counts for -n. */
void	clasp_pump_emit(struct clasp_pump *p, const struct clasp_line *line);
/* Print a line on stdout; received_us is the Unix time it came at, 0: now. */
void	clasp_pump_print(struct clasp_pump *p, const struct clasp_line *line,
	    uint64_t received_us);
/* Bytes were collected with cli_out_bytes(). */
void	clasp_pump_printed(struct clasp_pump *p);
/* One line more is done; only with count_by_program.  True: it was the last
 * that -n asks for, and the pump finishes. */
bool	clasp_pump_count(struct clasp_pump *p);
/* Stop taking lines (from stdin, or from the relay), or go on. */
void	clasp_pump_read(struct clasp_pump *p, bool on);
/* Too much waits to be sent: emit nothing before `drained`. */
bool	clasp_pump_full(struct clasp_pump *p);
/* End as if -n had been reached. */
void	clasp_pump_finish(struct clasp_pump *p);
/* End the run: flush, close the connection, leave clasp_pump_run. */
void	clasp_pump_stop(struct clasp_pump *p);
/* Run the loop to the end, then free p.  Returns; call cli_end() next. */
void	clasp_pump_run(struct clasp_pump *p);
/* The connection, NULL without. */
struct clasp_client *clasp_pump_client(struct clasp_pump *p);
/* There is a relay, and it is gone for good. */
bool	clasp_pump_gone(const struct clasp_pump *p);
/* Read the input once more; the program has set it back to its start. */
void	clasp_pump_input_again(struct clasp_pump *p);
/* Complain about the line of the input just given to line(). */
void	clasp_pump_complain(struct clasp_pump *p, unsigned column,
	    const char *why);

#endif
