/*
 * midisink.c - the way of lines out to a MIDI port.
 *
 *	lines --> ENDED or FINISHED --> queue empty --> notes off --> done
 */
#include "bridge/midisink.h"

#include <stdlib.h>

#include "bridge/counts.h"
#include "tool/cli.h"

#define PIECE_MAX	1024
#define LOOK_MS		1	/* is the port free again? */
#define HASTE_MS	1000	/* for a port that takes nothing, at the end */

enum state { RUNNING, ENDED, SILENCED, DONE };

struct clasp_midisink {
	struct clasp_midisink_config config;
	struct clasp_bridge *bridge;
	struct clasp_midiout out;
	struct clasp_midiqueue *queue;
	uv_timer_t	 look, haste;
	enum state	 state;
	bool		 was_open, open;
	bool		 paused;	/* no more lines yet */
	bool		 hush;		/* end all notes when none wait */
};

static void run(struct clasp_midisink *s);

static void
on_out(const struct clasp_midiout_msg *msg, void *user)
{
	struct clasp_midisink *s = user;

	clasp_midiqueue_add(s->queue, msg);
}

/* ------------------------------------------------------------ the way out */

static void
on_look(uv_timer_t *timer)
{
	run(timer->data);
}

/* Send what the port takes; true when nothing is left. */
static bool
send_some(struct clasp_midisink *s)
{
	uint8_t piece[PIECE_MAX];
	size_t n;

	while (s->open && !clasp_midiqueue_empty(s->queue)) {
		if (!s->config.send(NULL, 0, s->config.user))
			return false;
		n = clasp_midiqueue_take(s->queue, piece, s->config.piece);
		if (!s->config.send(piece, n, s->config.user))
			break;		/* it went just now */
	}
	return clasp_midiqueue_empty(s->queue);
}

static void
control_flow(struct clasp_midisink *s)
{
	bool full = clasp_midiqueue_full(s->queue);

	if (full == s->paused || s->state != RUNNING)
		return;
	s->paused = full;
	clasp_bridge_read(s->bridge, !full);
}

static void
done(struct clasp_midisink *s)
{
	if (s->state == DONE)
		return;
	if (!clasp_midiqueue_empty(s->queue) ||
	    (s->open && !s->config.idle(s->config.user))) {
		cli_warn(s->config.subject, "what waited for it could not be "
		    "sent");
		cli_fail(CLI_UNREACHABLE);
	}
	s->state = DONE;
	uv_timer_stop(&s->look);
	uv_timer_stop(&s->haste);
	s->config.done(s->config.user);
}

static void
silence(struct clasp_midisink *s)
{
	clasp_midiqueue_silence(s->queue, !s->config.hold);
	s->state = SILENCED;
}

static void
run(struct clasp_midisink *s)
{
	bool empty = send_some(s);

	if (s->hush && empty) {
		s->hush = false;
		clasp_midiqueue_end_notes(s->queue);
		empty = send_some(s);
	}
	if (s->state == ENDED && empty) {
		silence(s);
		empty = send_some(s);
	}
	if (s->state == SILENCED && empty &&
	    (!s->open || s->config.idle(s->config.user))) {
		done(s);
		return;
	}
	if (s->state == DONE)
		return;
	control_flow(s);
	if (s->open && (!empty || s->state == SILENCED))
		uv_timer_start(&s->look, on_look, LOOK_MS, 0);
}

/* ------------------------------------------------------ the bridge's events */

void
clasp_midisink_line(const struct clasp_line *line, bool snapshot, void *sink)
{
	struct clasp_midisink *s = sink;
	uint32_t i;

	if (line->kind != CLASP_LINE_DATA)
		return;
	for (i = 0; i < line->count; i++)
		clasp_midiout_apply(&s->out, &line->items[i].msg);
	if (!snapshot)
		run(s);
}

static void
on_batch_end(void *sink)
{
	run(sink);
}

/* Who plays could not end what sounds now. */
static void
on_relay_lost(void *sink)
{
	struct clasp_midisink *s = sink;

	/* where the port is away, too, its return ends them */
	s->hush = s->open && !s->config.hold && s->state == RUNNING;
	run(s);
}

static void
on_haste(uv_timer_t *timer)
{
	done(timer->data);
}

/* No more lines: what waits goes out first.  A port that has gone is not
 * waited for; one that was never there is, as it was until now. */
void
clasp_midisink_ended(void *sink)
{
	struct clasp_midisink *s = sink;

	if (s->state != RUNNING)
		return;
	s->state = ENDED;
	if (s->was_open && !s->open && !s->config.wait) {
		cli_fail(CLI_UNREACHABLE);	/* why has been said */
		done(s);
	} else
		run(s);
}

void
clasp_midisink_finish(void *sink)
{
	struct clasp_midisink *s = sink;

	if (s->state >= SILENCED || !s->open) {
		/* told once more, or there is nobody to tell */
		clasp_midiqueue_silence(s->queue, false);
		done(s);
		return;
	}
	if (s->state == RUNNING && !cli_signal() &&
	    cli_exit_code() != CLI_TIMEOUT)
		s->state = ENDED;	/* -n: what was read is sent */
	else
		silence(s);
	uv_timer_start(&s->haste, on_haste, HASTE_MS, 0);
	run(s);
}

/* -------------------------------------------------------- the port's events */

void
clasp_midisink_open(struct clasp_midisink *s, bool again)
{
	s->open = s->was_open = true;
	clasp_midiqueue_back(s->queue);
	clasp_bridge_device_open(s->bridge, again);
	run(s);
}

void
clasp_midisink_lost(struct clasp_midisink *s, const char *why)
{
	s->open = false;
	if (s->was_open)
		clasp_midiqueue_gone(s->queue);
	if (s->state == RUNNING) {
		clasp_bridge_device_lost(s->bridge, why);
		control_flow(s);
		return;
	}
	if (!s->was_open)
		return;
	cli_warn(s->config.subject, "%s", why);
	cli_fail(CLI_UNREACHABLE);
	done(s);
}

void
clasp_midisink_ready(struct clasp_midisink *s)
{
	run(s);
}

/* ------------------------------------------------------------ life and end */

struct clasp_midisink *
clasp_midisink_new(const struct clasp_midisink_config *config)
{
	struct clasp_midisink *s = calloc(1, sizeof *s);

	if (s)
		s->queue = clasp_midiqueue_new(config->running);
	if (!s || !s->queue)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	s->config = *config;
	if (s->config.piece > PIECE_MAX)
		s->config.piece = PIECE_MAX;
	clasp_midiout_init(&s->out, &config->map, on_out, s);
	return s;
}

void
clasp_midisink_attach(struct clasp_midisink *s,
    struct clasp_bridge_config *bridging)
{
	bridging->sink = true;
	bridging->line = clasp_midisink_line;
	bridging->batch_end = on_batch_end;
	bridging->relay_lost = on_relay_lost;
	bridging->ended = clasp_midisink_ended;
	bridging->finish = clasp_midisink_finish;
	bridging->user = s;
}

void
clasp_midisink_start(struct clasp_midisink *s, struct clasp_bridge *bridge)
{
	struct clasp_counts *counts = clasp_bridge_counts(bridge);
	uv_loop_t *loop = clasp_bridge_loop(bridge);
	const char *subject = s->config.subject;
	struct clasp_count *count;
	int i;

	s->bridge = bridge;
	for (i = 0; i < CLASP_MIDIOUT_DROPS; i++) {
		count = clasp_counts_add(counts, NULL,
		    clasp_midiout_drop_name(i), &s->out.drops[i]);
		/* lines of other namespaces pass by in a pipe: no news */
		count->tally.quiet = i == CLASP_MIDIOUT_DROP_OUTSIDE;
	}
	clasp_counts_add(counts, subject, "values, too many waiting",
	    clasp_midiqueue_thinned(s->queue));
	clasp_counts_add(counts, subject, "messages while it was gone",
	    clasp_midiqueue_missed(s->queue));
	clasp_counts_add(counts, subject, "messages, too many waiting",
	    clasp_midiqueue_lost(s->queue));
	uv_timer_init(loop, &s->look);
	uv_timer_init(loop, &s->haste);
	s->look.data = s->haste.data = s;
}

void
clasp_midisink_close(struct clasp_midisink *s)
{
	uv_close((uv_handle_t *)&s->look, NULL);
	uv_close((uv_handle_t *)&s->haste, NULL);
}

void
clasp_midisink_free(struct clasp_midisink *s)
{
	if (!s)
		return;
	clasp_midiqueue_free(s->queue);
	free(s);
}
