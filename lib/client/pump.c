/* pump.c - the one joint between lines and a connection. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/echo.h"
#include "client/gather.h"
#include "client/inlet.h"
#include "client/outlet.h"
#include "client/pump.h"
#include "client/report.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/thin.h"
#include "wire/address.h"

#define HASTE_MS	1000	/* for a slow reader, after a signal */
#define HELD_MAX	(64u << 20)	/* live bytes held behind a snapshot */

/* Who wants the lines to pause. */
#define PAUSE_PROGRAM	0x1
#define PAUSE_STDOUT	0x2
#define PAUSE_SEND	0x4

struct clasp_pump {
	struct clasp_pump_config config;
	uv_loop_t	*loop;
	struct clasp_client *client;
	struct clasp_inlet *inlet;
	struct clasp_outlet *outlet;
	struct cli_in	*in;
	struct clasp_gather gather;
	struct clasp_echo echo;
	struct cli_thin	*thin;		/* with max_rate */
	struct clasp_arena arena;	/* for one line */
	uv_async_t	 wake;		/* a signal came */
	uv_timer_t	 timeout, idle, thinning, haste;
	int		 handles;
	unsigned	 pause;

	long		 left;		/* lines until -n, LONG_MAX: no end */
	unsigned	 asked;		/* subscriptions without answer */
	uint64_t	 lines, dropped, unsent;
	uint64_t	 start_us, last_us, lost_us;
	bool		 lost;		/* was connected, is not */
	bool		 delivered;	/* the message in hand */
	bool		 gathering;
	bool		 first;		/* no snapshot was complete yet */
	bool		 own_ready, relay_ready, told_ready;
	bool		 finishing, stopping, over;
	bool		 client_over, out_done, handles_closing;
	uint8_t		 room[64 * 1024];
};

/* The one that a signal wakes. */
static struct clasp_pump *awake;

static void deliver(struct clasp_pump *p, struct clasp_line *line,
	    bool snapshot);

/* ------------------------------------------------------------ the end */

static void
on_handle_closed(uv_handle_t *handle)
{
	struct clasp_pump *p = handle->data;

	if (--p->handles == 0)
		p->over = true;
}

static void
check_over(struct clasp_pump *p)
{
	if (!p->stopping || !p->client_over || !p->out_done ||
	    p->handles_closing)
		return;
	p->handles_closing = true;
	awake = NULL;
	uv_close((uv_handle_t *)&p->wake, on_handle_closed);
	uv_close((uv_handle_t *)&p->timeout, on_handle_closed);
	uv_close((uv_handle_t *)&p->idle, on_handle_closed);
	uv_close((uv_handle_t *)&p->thinning, on_handle_closed);
	uv_close((uv_handle_t *)&p->haste, on_handle_closed);
}

/* A reader that takes nothing must not keep a program that was told to end. */
static void
on_haste(uv_timer_t *timer)
{
	struct clasp_pump *p = timer->data;

	clasp_pump_stop(p);
	if (!p->out_done)
		clasp_outlet_abandon(p->outlet);
}

static void
hurry(struct clasp_pump *p)
{
	if (!p->handles_closing && !uv_is_active((uv_handle_t *)&p->haste))
		uv_timer_start(&p->haste, on_haste, HASTE_MS, 0);
}

void
clasp_pump_stop(struct clasp_pump *p)
{
	if (p->stopping)
		return;
	p->stopping = p->finishing = true;
	clasp_inlet_close(p->inlet);
	p->inlet = NULL;
	if (p->thin)
		cli_thin_end(p->thin);
	uv_timer_stop(&p->timeout);
	uv_timer_stop(&p->idle);
	uv_timer_stop(&p->thinning);
	if (p->client)
		clasp_client_close(p->client);
	clasp_outlet_end(p->outlet);
	if (cli_signal() || cli_exit_code() == CLI_TIMEOUT)
		hurry(p);
	check_over(p);
}

void
clasp_pump_finish(struct clasp_pump *p)
{
	if (p->finishing)
		return;
	p->finishing = true;
	if (p->config.finish)
		p->config.finish(p, p->config.user);
	else
		clasp_pump_stop(p);
}

/* There will be no more lines. */
static void
ended(struct clasp_pump *p)
{
	if (p->finishing)
		return;
	if (cli.count >= 0 && p->left > 0 && !p->config.count_by_program)
		cli_fail(CLI_NO);
	if (p->config.end)
		p->config.end(p, p->config.user);
	else
		clasp_pump_stop(p);
}

/* Finish, or stop waiting for what a finish that began waits for. */
static void
finish_now(struct clasp_pump *p)
{
	if (p->stopping)
		hurry(p);
	else if (p->finishing && p->config.finish)
		p->config.finish(p, p->config.user);
	else
		clasp_pump_finish(p);
}

static void
on_wake(uv_async_t *wake)
{
	finish_now(wake->data);
}

static void
on_signal(int signal)
{
	(void)signal;
	if (awake)
		uv_async_send(&awake->wake);
}

static void
on_timeout(uv_timer_t *timer)
{
	cli_fail(CLI_TIMEOUT);
	finish_now(timer->data);
}

static void
on_idle(uv_timer_t *timer)
{
	struct clasp_pump *p = timer->data;
	uint64_t quiet = clasp_clock_mono_us() - p->last_us;

	if (quiet >= cli.idle_us)
		clasp_pump_finish(p);
	else
		uv_timer_start(timer, on_idle,
		    (cli.idle_us - quiet) / 1000 + 1, 0);
}

/* Counts one line; true when it was the last wanted. */
static bool
count(struct clasp_pump *p)
{
	p->lines++;
	p->last_us = cli.idle_us ? clasp_clock_mono_us() : 0;
	if (p->left != LONG_MAX && --p->left == 0) {
		clasp_pump_finish(p);
		return true;
	}
	return false;
}

bool
clasp_pump_count(struct clasp_pump *p)
{
	return p->left == 0 || count(p);
}

/* ------------------------------------------------------------- readiness */

static void
check_ready(struct clasp_pump *p)
{
	if (!p->own_ready || (p->config.relay && !p->relay_ready) ||
	    p->told_ready)
		return;
	p->told_ready = true;
	cli_ready();
	if (p->config.ready)
		p->config.ready(p, p->config.user);
}

void
clasp_pump_ready(struct clasp_pump *p)
{
	p->own_ready = true;
	check_ready(p);
}

/* ------------------------------------------------------------------ pause */

static void
pause_for(struct clasp_pump *p, unsigned who, bool on)
{
	unsigned before = p->pause;

	p->pause = on ? p->pause | who : p->pause & ~who;
	if (!p->pause == !before)
		return;
	if (p->inlet)
		clasp_inlet_read(p->inlet, !p->pause);
	if (p->client && p->config.sink && !p->config.input)
		clasp_client_read(p->client, !p->pause);
	if (who != PAUSE_PROGRAM && !(p->pause & (PAUSE_SEND |
	    PAUSE_STDOUT)) && p->config.drained && !p->finishing)
		p->config.drained(p, p->config.user);
}

void
clasp_pump_read(struct clasp_pump *p, bool on)
{
	pause_for(p, PAUSE_PROGRAM, !on);
}

bool
clasp_pump_full(struct clasp_pump *p)
{
	if (p->client && clasp_client_full(p->client))
		pause_for(p, PAUSE_SEND, true);
	return (p->pause & (PAUSE_SEND | PAUSE_STDOUT)) != 0;
}

static void
on_out_full(bool full, void *user)
{
	pause_for(user, PAUSE_STDOUT, full);
}

static void
on_out_gone(void *user)
{
	clasp_pump_finish(user);
}

static void
on_out_done(void *user)
{
	struct clasp_pump *p = user;

	p->out_done = true;
	check_over(p);
}

void
clasp_pump_printed(struct clasp_pump *p)
{
	clasp_outlet_dirty(p->outlet);
}

void
clasp_pump_print(struct clasp_pump *p, const struct clasp_line *line,
    uint64_t received_us)
{
	cli_out_line(line, received_us);
	clasp_outlet_dirty(p->outlet);
}

/* ------------------------------------------------------------------ stdin */

void
clasp_pump_complain(struct clasp_pump *p, unsigned column, const char *why)
{
	cli_in_complain(p->in, column, why);
}

static int
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_pump *p = user;

	if (p->finishing)
		return 1;
	p->config.line(p, line, false, p->config.user);
	if (p->config.count_by_program || line->kind < CLASP_LINE_DATA)
		return p->finishing;
	return count(p);
}

static void
on_bytes(const void *bytes, size_t n, void *user)
{
	struct clasp_pump *p = user;
	bool stopped = cli_in_feed(p->in, bytes, n) != 0;

	if (stopped && !p->finishing)
		ended(p);
	else
		clasp_pump_full(p);
}

static void
on_pause(void *user)
{
	struct clasp_pump *p = user;

	if (p->config.batch_end && !p->finishing)
		p->config.batch_end(p, p->config.user);
}

static void
on_end(int error, void *user)
{
	struct clasp_pump *p = user;

	if (error) {
		cli_warn(p->config.input_name ? p->config.input_name :
		    "stdin", "%s", cli_strerror(error));
		cli_fail(CLI_UNREACHABLE);
	}
	cli_in_end(p->in);
	on_pause(p);
	ended(p);
}

static void
open_input(struct clasp_pump *p)
{
	static const struct clasp_inlet_events events = {
		.bytes = on_bytes,
		.pause = on_pause,
		.end = on_end
	};

	p->in = cli_in_new(p->config.input_name ? p->config.input_name : "-",
	    on_line, p);
	p->inlet = clasp_inlet_new(p->loop, p->config.input_fd, &events, p);
	if (!p->in || !p->inlet)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	cli_in_allow_frames(p->in);
	if (isatty(p->config.input_fd))
		cli_note(NULL, "reading lines from the terminal; "
		    "Ctrl-D ends them");
}

void
clasp_pump_input_again(struct clasp_pump *p)
{
	clasp_inlet_close(p->inlet);
	cli_in_free(p->in);
	open_input(p);
}

/* ---------------------------------------------------- what the relay sends */

/* A line from the relay or from stdin, on its way to the program. */
static void
deliver(struct clasp_pump *p, struct clasp_line *line, bool snapshot)
{
	bool stamped = p->config.stamps && snapshot && line->items[0].has_ts;

	if (p->left == 0 || p->finishing)
		return;
	if (!cli_out_info())
		clasp_line_plain(line);
	if (stamped)
		line->items[0].has_ts = true;
	p->config.line(p, line, snapshot, p->config.user);
	if (!p->config.count_by_program)
		count(p);
}

static void
deliver_msg(struct clasp_pump *p, const struct clasp_msg *msg,
    const struct clasp_frame *frame)
{
	struct clasp_line line;
	struct clasp_str raw = CLASP_STR_NONE;
	size_t head;

	if (frame) {
		head = frame->timed ? CLASP_FRAME_HEAD_TIMED :
		    CLASP_FRAME_HEAD;
		raw = clasp_str_of((const char *)frame->payload - head,
		    head + frame->len);
	}
	clasp_arena_reset(&p->arena);
	if (clasp_line_from_msg(&line, msg, frame, raw, &p->arena,
	    cli.exact ? CLASP_LINE_EXACT : 0) == 0)
		deliver(p, &line, false);
}

static void
deliver_param(struct clasp_pump *p, const struct clasp_param *param)
{
	struct clasp_line line;
	struct clasp_item item;

	clasp_line_set(&line, &item, param->address, param->value);
	item.msg.set.has_revision = true;
	item.msg.set.revision = param->revision;
	item.by = param->writer;
	item.has_ts = param->has_timestamp;
	item.ts_us = param->timestamp_us;
	deliver(p, &line, true);
}

/* The snapshot is complete: give it, and what came behind it. */
static void
gathered(struct clasp_pump *p)
{
	struct clasp_gather g = p->gather;
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;
	size_t i, at;
	int n;

	if (!p->gathering)
		return;
	clasp_gather_init(&p->gather);
	clasp_arena_init(&arena, NULL, 0, 64 * CLASP_PAYLOAD_MAX + 4096);
	p->gathering = p->first = false;
	clasp_gather_sort(&g);
	for (i = 0; i < g.count && !p->finishing; i++)
		deliver_param(p, &g.params[i]);
	if (p->config.batch_end && !p->finishing)
		p->config.batch_end(p, p->config.user);
	for (at = 0; at < g.live.len && !p->finishing; at += (size_t)n) {
		n = clasp_frame_decode(g.live.data + at, g.live.len - at,
		    &frame);
		if (n <= 0)
			break;
		if (clasp_msg_decode(frame.payload, frame.len, &arena,
		    CLASP_DECODE_EXACT, &msg) == 0)
			deliver_msg(p, &msg, &frame);
		clasp_arena_reset(&arena);
	}
	clasp_gather_clear(&g);
	clasp_arena_clear(&arena);
}

static void
hold(struct clasp_pump *p, const struct clasp_frame *frame)
{
	size_t head = frame->timed ? CLASP_FRAME_HEAD_TIMED :
	    CLASP_FRAME_HEAD;

	clasp_gather_live(&p->gather, clasp_str_of(
	    (const char *)frame->payload - head, head + frame->len));
	if (p->gather.live.len > HELD_MAX)
		gathered(p);
}

static void
on_delivery(struct clasp_client *c, const struct clasp_delivery *d,
    void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	if (p->finishing || p->config.control)
		return;
	/* Several of our patterns may match one message. */
	if (!d->snapshot && p->delivered)
		return;
	p->delivered = !d->snapshot;
	if (d->snapshot) {
		if (p->config.no_snapshot && p->first)
			return;
		if (!p->gathering)
			deliver_param(p, d->param);
		else if (clasp_gather_param(&p->gather, d->param) < 0)
			gathered(p);
	} else if (p->config.source && d->msg->type == CLASP_SET &&
	    clasp_echo_is(&p->echo, &d->msg->set)) {
		return;
	} else if (p->gathering) {
		hold(p, d->frame);
	} else {
		deliver_msg(p, d->msg, d->frame);
	}
}

static void
on_complete(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	if (reply->error)
		return;
	p->relay_ready = true;
	check_ready(p);
	gathered(p);
}

static void
on_subscribed(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	if (reply->error == CLASP_EREFUSED) {
		clasp_report_refused(CLASP_STR_NONE, reply);
		clasp_pump_finish(p);
		return;
	}
	/* Lost before the answer: it is asked for again by itself, and
	 * on_complete will be told. */
	if (--p->asked > 0 || p->finishing || reply->error)
		return;
	p->relay_ready = true;
	check_ready(p);
	if (!p->config.control)
		gathered(p);
	else if (p->config.batch_end)
		p->config.batch_end(p, p->config.user);
}

/* The number in "Buffer overflow: 123 messages dropped ..."; 0: none. */
static uint64_t
number_in(struct clasp_str text)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.p[i] >= '0' && text.p[i] <= '9')
			n = n * 10 + (uint64_t)(text.p[i] - '0');
		else if (n > 0)
			break;
	}
	return n;
}

static void
on_message(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *frame, void *user)
{
	struct clasp_pump *p = user;
	uint64_t n;

	(void)c;
	p->delivered = false;
	if (msg->type == CLASP_ERROR && msg->error.code == 503) {
		n = number_in(msg->error.message);
		cli_fail(CLI_DROPS);
		cli_note(cli.url, "%.*s", CLASP_STR_ARG(msg->error.message));
		p->dropped += n;
		if (p->config.dropped)
			p->config.dropped(p, n, p->config.user);
	}
	if (p->config.control && !p->finishing)
		deliver_msg(p, msg, frame);
}

/* -------------------------------------------------- the connection's fate */

static void
on_open(struct clasp_client *c, bool again, void *user)
{
	struct clasp_pump *p = user;
	uint64_t away = clasp_clock_mono_us() - p->lost_us;

	if (!again) {
		p->relay_ready = p->relay_ready || p->asked == 0;
		check_ready(p);
		return;
	}
	p->lost = false;
	cli_note(cli.url, "back after %.1f s", (double)away / 1e6);
	if (p->config.patterns && !p->config.control) {
		p->gathering = true;
		clasp_client_barrier(c, on_complete, p);
	}
	if (p->config.back)
		p->config.back(p, away, p->config.user);
	if (p->config.again)
		p->config.again(p, p->config.user);
}

static void
on_lost(struct clasp_client *c, const char *why, void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	p->lost = true;
	p->lost_us = clasp_clock_mono_us();
	clasp_echo_clear(&p->echo);
	cli_note(cli.url, "lost: %s", why);
	if (p->config.lost)
		p->config.lost(p, p->config.user);
}

static void
on_drained(struct clasp_client *c, void *user)
{
	(void)c;
	pause_for(user, PAUSE_SEND, false);
}

static void
on_client_closed(struct clasp_client *c, int error, uint16_t code,
    const char *why, void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	p->client_over = true;
	clasp_report_closed(error, code, why);
	if (!p->finishing)
		ended(p);
	check_over(p);
}

static void
connect_relay(struct clasp_pump *p)
{
	static const struct clasp_client_events events = {
		.open = on_open,
		.lost = on_lost,
		.drained = on_drained,
		.message = on_message,
		.closed = on_client_closed
	};
	struct clasp_client_config config;
	struct clasp_subscribe ask = { 0 };
	const char *const *pattern;

	clasp_report_config(&config);
	config.nostate = true;
	p->client = clasp_report_client(p->loop, &config, &events, p);
	p->client_over = false;
	if (!p->config.sink || !p->config.patterns)
		return;
	p->gathering = !p->config.control;
	p->first = true;
	if (p->config.options)
		ask = *p->config.options;
	ask.types = cli.types;
	for (pattern = p->config.patterns; *pattern; pattern++) {
		ask.pattern = clasp_str_c(*pattern);
		p->asked++;
		if (clasp_client_subscribe_with(p->client, &ask, on_delivery,
		    on_subscribed, p) < 0)
			cli_die(CLI_USAGE, *pattern, "cannot subscribe");
	}
}

/* ----------------------------------------------------------------- sending */

static void
on_reply(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct clasp_pump *p = user;

	(void)c;
	clasp_echo_answered(&p->echo);
	if (reply->error == CLASP_EREFUSED)
		clasp_report_refused(CLASP_STR_NONE, reply);
}

static void
on_published(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	(void)c;
	(void)user;
	if (reply->error == CLASP_EREFUSED)
		clasp_report_refused(CLASP_STR_NONE, reply);
}

/* rev= and ttl= as this program wants them. */
static void
adjust(const struct clasp_pump *p, struct clasp_msg *msg)
{
	uint32_t i;

	if (msg->type == CLASP_BUNDLE) {
		/* they are in our own arena */
		for (i = 0; i < msg->bundle.count; i++)
			adjust(p, (struct clasp_msg *)
			    &msg->bundle.messages[i]);
	} else if (msg->type == CLASP_SET) {
		if (!p->config.cas)
			msg->set.has_revision = false;
		if (!p->config.ttl_as_given && !msg->set.has_ttl) {
			msg->set.has_ttl = true;
			msg->set.ttl = p->config.ttl;
		}
	}
}

static void
cannot_send(struct clasp_pump *p, const struct clasp_line *line, int error,
    const struct clasp_msg *msg)
{
	char why[120], subject[1100];

	cli_in_why(why, sizeof why, error, msg);
	if (p->in) {
		cli_in_complain(p->in, 1, why);
		return;
	}
	snprintf(subject, sizeof subject, "%.*s", CLASP_STR_ARG(
	    line->items[0].msg.set.address));
	cli_warn(subject, "%s", why);
	cli_fail(CLI_DATA);
}

static void
send_line(struct clasp_pump *p, const struct clasp_line *given)
{
	struct clasp_line line = *given;
	struct clasp_frame head = { .version = 1 };
	struct clasp_msg msg;
	int r;

	/* Nobody wants the values of a while ago when it is back. */
	if (p->lost) {
		p->unsent++;
		return;
	}
	if (line.kind == CLASP_LINE_CONTROL) {
		cli_note(NULL, "%s: not a signal, not sent",
		    clasp_msg_name(line.items[0].msg.type));
		return;
	}
	if (line.kind == CLASP_LINE_DATA && line.count == 0 && p->in) {
		cli_in_complain(p->in, 1, "an empty bundle says nothing");
		return;
	}
	/* by the clock on our wall, but not when that is set meanwhile */
	if (line.has_at && line.at_relative)
		clasp_line_resolve(&line, clasp_clock_server_us());
	else if (line.has_at)
		line.at_us = clasp_clock_steady_us(line.at_us);
	clasp_arena_reset(&p->arena);
	r = clasp_line_to_msg(&line, &p->arena, &msg, &head);
	if (r == 0) {
		adjust(p, &msg);
		if (p->config.patterns && msg.type != CLASP_PUBLISH)
			clasp_echo_sent(&p->echo, &msg);
		if (line.has_at)
			r = clasp_client_schedule(p->client, &msg, &head,
			    on_reply, p);
		else
			r = clasp_client_send(p->client, &msg, &head,
			    msg.type == CLASP_PUBLISH ? on_published :
			    on_reply, p);
	}
	if (r < 0 && r != CLASP_ECLOSED)
		cannot_send(p, given, r, &msg);
	clasp_pump_full(p);
}

static void
on_thinned(const struct clasp_line *line, void *user)
{
	struct clasp_pump *p = user;

	if (p->config.relay)
		send_line(p, line);
	else
		clasp_pump_print(p, line, 0);
}

static void on_thinning(uv_timer_t *timer);

static void
arm_thinning(struct clasp_pump *p)
{
	uint64_t due = cli_thin_due(p->thin), now = clasp_clock_mono_us();

	if (due == UINT64_MAX)
		uv_timer_stop(&p->thinning);
	else if (!uv_is_active((uv_handle_t *)&p->thinning))
		uv_timer_start(&p->thinning, on_thinning,
		    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_thinning(uv_timer_t *timer)
{
	struct clasp_pump *p = timer->data;

	cli_thin_run(p->thin, clasp_clock_mono_us());
	arm_thinning(p);
}

/* At most so many a second for each address; the last one gets out. */
static void
thin(struct clasp_pump *p, const struct clasp_line *line)
{
	struct clasp_line now = *line;

	now.timed = false;
	if (cli_thin_take(p->thin, &now, clasp_clock_mono_us()) == 0)
		arm_thinning(p);
}

void
clasp_pump_emit(struct clasp_pump *p, const struct clasp_line *line)
{
	if (p->finishing || line->kind < CLASP_LINE_DATA ||
	    line->kind == CLASP_LINE_MARK)
		return;
	if (p->config.relay && p->client_over)
		return;
	if (p->thin)
		thin(p, line);
	else
		on_thinned(line, p);
	if (!p->config.input)
		count(p);
}

/* ------------------------------------------------------------ life and end */

struct clasp_pump *
clasp_pump_new(uv_loop_t *loop, const struct clasp_pump_config *config)
{
	static const struct clasp_outlet_events out = {
		.full = on_out_full,
		.gone = on_out_gone,
		.done = on_out_done
	};
	struct clasp_pump *p = calloc(1, sizeof *p);

	if (!p)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	p->config = *config;
	p->loop = loop;
	p->left = cli.count >= 0 ? cli.count : LONG_MAX;
	p->start_us = p->last_us = clasp_clock_mono_us();
	p->client_over = true;
	clasp_gather_init(&p->gather);
	clasp_arena_init(&p->arena, p->room, sizeof p->room,
	    64 * CLASP_LINE_MAX);
	uv_async_init(loop, &p->wake, on_wake);
	uv_timer_init(loop, &p->timeout);
	uv_timer_init(loop, &p->idle);
	uv_timer_init(loop, &p->thinning);
	uv_timer_init(loop, &p->haste);
	p->wake.data = p->timeout.data = p->idle.data = p;
	p->thinning.data = p->haste.data = p;
	p->handles = 5;
	awake = p;
	cli_signals(on_signal);
	p->outlet = clasp_outlet_new(loop, &out, p);
	if (!p->outlet)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (config->relay)
		connect_relay(p);
	if (config->max_rate > 0)
		p->thin = cli_thin_new(&(struct cli_thin_config){
		    .max_rate = config->max_rate, .bundles = true },
		    on_thinned, p);
	if (config->sink && (config->input || !config->relay))
		open_input(p);
	if (cli.timeout_us)
		uv_timer_start(&p->timeout, on_timeout,
		    (cli.timeout_us + 999) / 1000, 0);
	if (cli.idle_us)
		uv_timer_start(&p->idle, on_idle,
		    (cli.idle_us + 999) / 1000, 0);
	if (cli_signal())
		uv_async_send(&p->wake);
	return p;
}

static void
tell_stats(const struct clasp_pump *p)
{
	double s = (double)(clasp_clock_mono_us() - p->start_us) / 1e6;
	char drops[64] = "", unsent[64] = "";

	if (p->unsent)
		snprintf(unsent, sizeof unsent, ", %llu not sent while the "
		    "relay was away", (unsigned long long)p->unsent);
	if (p->dropped)
		snprintf(drops, sizeof drops, ", %llu dropped by the relay",
		    (unsigned long long)p->dropped);
	cli_warn(NULL, "%llu lines in %.3f s, %.0f/s%s%s",
	    (unsigned long long)p->lines, s,
	    s > 0 ? (double)p->lines / s : 0, drops, unsent);
}

void
clasp_pump_run(struct clasp_pump *p)
{
	while (!p->over)
		uv_run(p->loop, UV_RUN_ONCE);
	if (cli.stats)
		tell_stats(p);
	clasp_client_free(p->client);
	clasp_gather_clear(&p->gather);
	clasp_echo_clear(&p->echo);
	clasp_arena_clear(&p->arena);
	if (p->in)
		cli_in_free(p->in);
	if (p->thin)
		cli_thin_free(p->thin);
	free(p);
}

struct clasp_client *
clasp_pump_client(struct clasp_pump *p)
{
	return p->client;
}

bool
clasp_pump_gone(const struct clasp_pump *p)
{
	return p->config.relay && p->client_over;
}
