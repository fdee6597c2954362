/*
 * clasp-sub - prints what comes from a relay: first the state, then live.
 *
 * A live SET does not say who wrote it.  With -v each is asked for with a
 * GET, and the line waits for the answer, at most 100 ms; what comes in the
 * meantime waits behind it, so that the order stays.
 *
 * --max-rate and --epsilon are asked of the relay, which then sends less.  Not
 * every relay does it, so they are seen to here as well, but only in ways that
 * leave alone what a relay has thinned: a second comparison with the same
 * epsilon lets all of it pass, the state is no part of it on either side, and
 * the rate is kept here only when the relay was seen not to (tool/thin.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/pump.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/thin.h"

#define HOLD_US		100000
#define COMMANDS_MAX	1000	/* lines that wait for --exec */

enum { OPT_SNAPSHOT = CLI_OWN, OPT_LIVE, OPT_MAX_RATE, OPT_EPSILON, OPT_ALL,
	OPT_EXEC };

static const struct cli_option own[] = {
	{ OPT_SNAPSHOT, 'S', "snapshot", NULL,
	    "only what the state is now, then exit", 0, 0, NULL },
	{ OPT_LIVE, 'N', "no-snapshot", NULL,
	    "only what comes from now on", 0, 0, NULL },
	{ OPT_MAX_RATE, 0, "max-rate", "R",
	    "at most R values a second for each address", CLI_ARG, 0, NULL },
	{ OPT_EPSILON, 0, "epsilon", "E",
	    "leave out numbers that change by less than E", CLI_ARG, 0,
	    NULL },
	{ OPT_ALL, 0, "all", NULL,
	    "control lines too: every message of the relay", 0, 0, NULL },
	{ OPT_EXEC, 0, "exec", "CMD",
	    "run CMD for each line instead of printing it", CLI_ARG, 0,
	    NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_type_options, cli_output_options, cli_stop_options,
	cli_run_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"all lights, now and from now on", "clasp-sub '/lights/**'",
	"wait for one cue, at most a minute",
	"clasp-sub -n1 -T 60 --type event '/cue/**'",
	"who moves the front light?", "clasp-sub -v /lights/front",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-sub",
	.operands = "'PATTERN' ...",
	.summary = "print what comes from a relay",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

/* A line that waits: for the name of its writer, or for its command. */
struct held {
	struct held	*next;
	struct clasp_buf frame;
	struct clasp_str by;		/* owned */
	uint64_t	 received_us, due_us;
	uint64_t	 revision;
	bool		 asked;		/* for the writer, without answer */
};

struct sub {
	struct clasp_pump *pump;
	bool		 state_only;
	const char	*command;
	struct held	*first, **last;
	unsigned	 waiting;
	uv_timer_t	 timer;		/* of the first line's patience */
	struct cli_thin	*thin;		/* --max-rate, --epsilon */
	uv_timer_t	 thinning;
	bool		 snapshot;	/* the line in hand is of one */
	uv_process_t	 child;
	bool		 running;
	bool		 ending;	/* stop when the last command ends */
	bool		 enough;	/* -n was reached */
};

/* ------------------------------------------------------------- commands */

static void next_command(struct sub *s);

static void
drop_first(struct sub *s)
{
	struct held *h = s->first;

	s->first = h->next;
	if (!s->first)
		s->last = &s->first;
	s->waiting--;
	clasp_buf_clear(&h->frame);
	free((char *)h->by.p);
	free(h);
}

static void
on_child_closed(uv_handle_t *handle)
{
	struct sub *s = handle->data;

	s->running = false;
	if (s->waiting < COMMANDS_MAX / 2)
		clasp_pump_read(s->pump, true);
	if (s->first)
		next_command(s);
	else if (s->ending)
		clasp_pump_stop(s->pump);
}

static void
on_child_exit(uv_process_t *child, int64_t code, int signal)
{
	if (code != 0 || signal != 0)
		cli_verbose("--exec", "ended with %d",
		    signal ? 128 + signal : (int)code);
	uv_close((uv_handle_t *)child, on_child_closed);
}

static int
spawn(struct sub *s)
{
	char *args[] = { (char *)"/bin/sh", (char *)"-c", (char *)s->command,
	    NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = 1 },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 }
	};
	uv_process_options_t options = {
		.file = args[0],
		.args = args,
		.exit_cb = on_child_exit,
		.stdio = stdio,
		.stdio_count = 3
	};

	s->child.data = s;
	return uv_spawn(s->timer.loop, &s->child, &options);
}

/* An environment cannot hold a NUL: what is behind one is cut off. */
static void
put_env(const char *name, struct clasp_str s)
{
	char *text = strndup(s.p ? s.p : "", s.len);

	if (text)
		setenv(name, text, 1);
	free(text);
}

static void
set_environment(const struct clasp_msg *msg)
{
	bool set = msg->type == CLASP_SET;
	const struct clasp_value *value = &msg->set.value;
	struct clasp_buf text = { 0 };

	if (!set)
		value = msg->publish.content == CLASP_CONTENT_VALUE ?
		    &msg->publish.value : NULL;
	if (value)
		clasp_value_format(&text, value, 0);
	put_env("CLASP_VALUE", clasp_buf_str(&text));
	put_env("CLASP_ADDRESS", set ? msg->set.address :
	    msg->publish.address);
	put_env("CLASP_KIND", clasp_str_c(clasp_kind_name(set ? CLASP_PARAM :
	    msg->publish.kind)));
	clasp_buf_clear(&text);
}

/* Run the command for the first line that waits; one at a time. */
static void
next_command(struct sub *s)
{
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;
	int r;

	clasp_arena_init(&arena, NULL, 0, 64 * CLASP_PAYLOAD_MAX + 4096);
	if (clasp_frame_decode(s->first->frame.data, s->first->frame.len,
	    &frame) > 0 && clasp_msg_decode(frame.payload, frame.len, &arena,
	    0, &msg) == 0)
		set_environment(&msg);
	clasp_arena_clear(&arena);
	drop_first(s);
	r = spawn(s);
	if (r < 0)
		cli_die(CLI_UNREACHABLE, "/bin/sh", "%s", uv_strerror(r));
	s->running = true;
}

/* ---------------------------------------------------- lines that wait */

static struct held *
hold(struct sub *s, const struct clasp_line *line)
{
	struct held *h = calloc(1, sizeof *h);
	struct clasp_arena arena;
	struct clasp_frame head;
	struct clasp_msg msg;
	int r;

	clasp_arena_init(&arena, NULL, 0, 64u << 20);
	r = h ? clasp_line_to_msg(line, &arena, &msg, &head) : CLASP_ENOMEM;
	if (r == 0)
		r = clasp_frame_append(&h->frame, &msg, &head);
	clasp_arena_clear(&arena);
	if (r < 0) {
		free(h);
		return NULL;
	}
	h->received_us = clasp_clock_unix_us();
	h->due_us = clasp_clock_mono_us() + HOLD_US;
	*s->last = h;
	s->last = &h->next;
	s->waiting++;
	return h;
}

static void
print_held(struct sub *s, struct held *h)
{
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_line line;
	struct clasp_msg msg;

	clasp_arena_init(&arena, NULL, 0, 64u << 20);
	if (clasp_frame_decode(h->frame.data, h->frame.len, &frame) > 0 &&
	    clasp_msg_decode(frame.payload, frame.len, &arena,
	    CLASP_DECODE_EXACT, &msg) == 0 && clasp_line_from_msg(&line,
	    &msg, &frame, clasp_buf_str(&h->frame), &arena,
	    cli.exact ? CLASP_LINE_EXACT : 0) == 0) {
		if (line.kind == CLASP_LINE_DATA && line.count == 1)
			line.items[0].by = h->by;
		clasp_pump_print(s->pump, &line, h->received_us);
	}
	clasp_arena_clear(&arena);
}

static void on_patience(uv_timer_t *timer);

/* Print from the front what waits for nothing any more. */
static void
release(struct sub *s, bool all)
{
	uint64_t now = clasp_clock_mono_us();

	while (s->first && !s->enough && (all || !s->first->asked ||
	    now >= s->first->due_us)) {
		print_held(s, s->first);
		drop_first(s);
		s->enough = clasp_pump_count(s->pump);
	}
	if (s->ending)
		return;
	if (s->first)
		uv_timer_start(&s->timer, on_patience,
		    (s->first->due_us - now) / 1000 + 1, 0);
	else
		uv_timer_stop(&s->timer);
}

static void
on_patience(uv_timer_t *timer)
{
	release(timer->data, false);
}

struct question {
	struct sub	*sub;
	uint64_t	 revision;
};

/* The oldest line of this address and revision that waits for its writer. */
static struct held *
find(struct sub *s, const struct question *q)
{
	struct held *h;

	for (h = s->first; h; h = h->next)
		if (h->asked && h->revision == q->revision)
			return h;
	return NULL;
}

/* GETs are answered in order, so the oldest with that revision it is. */
static void
on_writer(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct question *q = user;
	struct sub *s = q->sub;
	struct held *h = find(s, q);
	const struct clasp_param *param;

	(void)c;
	free(q);
	if (!h)
		return;
	h->asked = false;
	if (reply->error == 0) {
		param = &reply->msg->snapshot.params[0];
		if (param->revision == h->revision && param->writer.p)
			h->by = clasp_str_of(strndup(param->writer.p,
			    param->writer.len), param->writer.len);
	}
	release(s, false);
}

static void
ask_writer(struct sub *s, struct held *h, const struct clasp_line *line)
{
	const struct clasp_msg *msg = &line->items[0].msg;
	struct question *q;

	if (line->count != 1 || msg->type != CLASP_SET ||
	    !msg->set.has_revision || !(q = malloc(sizeof *q)))
		return;
	*q = (struct question){ s, msg->set.revision };
	h->revision = msg->set.revision;
	h->asked = true;
	if (clasp_client_get(clasp_pump_client(s->pump), msg->set.address,
	    on_writer, q) < 0) {
		h->asked = false;
		free(q);
	}
}

/* ---------------------------------------------------------------- lines */

static void
show(const struct clasp_line *line, void *user)
{
	struct sub *s = user;
	struct clasp_pump *p = s->pump;
	struct held *h;

	if (s->enough)
		return;
	if (s->command && line->kind == CLASP_LINE_DATA) {
		if (!hold(s, line))
			return;
		if (s->waiting >= COMMANDS_MAX)
			clasp_pump_read(p, false);
		if (!s->running)
			next_command(s);
		s->enough = clasp_pump_count(p);
		return;
	}
	if (s->first || (cli_out_info() && !s->snapshot &&
	    line->kind == CLASP_LINE_DATA)) {
		h = hold(s, line);
		if (h && !s->snapshot)
			ask_writer(s, h, line);
		if (h) {
			release(s, false);
			return;
		}
	}
	clasp_pump_print(p, line, clasp_clock_unix_us());
	s->enough = clasp_pump_count(p);
}

static void on_thinning(uv_timer_t *timer);

static void
arm_thinning(struct sub *s)
{
	uint64_t due = cli_thin_due(s->thin), now = clasp_clock_mono_us();

	if (s->ending || due == UINT64_MAX)
		uv_timer_stop(&s->thinning);
	else
		uv_timer_start(&s->thinning, on_thinning,
		    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_thinning(uv_timer_t *timer)
{
	struct sub *s = timer->data;

	cli_thin_run(s->thin, clasp_clock_mono_us());
	arm_thinning(s);
}

static void
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	struct sub *s = user;

	(void)p;
	s->snapshot = snapshot;
	/* connected again: nobody waits for an answer of before */
	if (snapshot && !s->command)
		release(s, true);
	if (!s->thin) {
		show(line, s);
		return;
	}
	if (snapshot)
		cli_thin_state(s->thin, line);
	else if (cli_thin_take(s->thin, line, clasp_clock_mono_us()) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	s->snapshot = false;
	arm_thinning(s);
}

static void
on_batch_end(struct clasp_pump *p, void *user)
{
	struct sub *s = user;

	if (s->state_only && cli.count >= 0 && !s->enough)
		cli_fail(CLI_NO);	/* fewer than -n asked for */
	if (s->state_only)
		clasp_pump_finish(p);
}

static void
on_finish(struct clasp_pump *p, void *user)
{
	struct sub *s = user;

	if (s->ending) {
		if (cli_signal())
			clasp_pump_stop(p);	/* not for a command, either */
		return;
	}
	if (s->thin && !s->enough)
		cli_thin_end(s->thin);
	s->ending = true;
	if (!s->command)
		release(s, true);
	uv_close((uv_handle_t *)&s->thinning, NULL);
	uv_close((uv_handle_t *)&s->timer, NULL);
	if (!s->running || cli_signal())
		clasp_pump_stop(p);
}

static void
take_options(int argc, char **argv, struct sub *s,
    struct clasp_pump_config *config, struct clasp_subscribe *ask)
{
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_SNAPSHOT:
			s->state_only = true;
			break;
		case OPT_LIVE:
			config->no_snapshot = true;
			break;
		case OPT_MAX_RATE:
			ask->has_max_rate = true;
			ask->max_rate = (uint32_t)(cli_arg_rate() + 0.5);
			if (ask->max_rate < 1)
				cli_arg_bad("at least 1/s");
			break;
		case OPT_EPSILON:
			ask->has_epsilon = true;
			ask->epsilon = cli_arg_float(0, 1e308);
			break;
		case OPT_ALL:
			config->control = true;
			break;
		case OPT_EXEC:
			s->command = cli_arg();
			break;
		}
	if (s->state_only && config->no_snapshot)
		cli_usage("-S and -N exclude each other");
	cli_check_count(1, -1, "PATTERN");
	cli_check_patterns(0);
	cli_out_check();
}

int
main(int argc, char **argv)
{
	static struct sub s;
	struct clasp_subscribe ask = { 0 };
	struct cli_thin_config thin = { 0 };
	struct clasp_pump_config config = {
		.sink = true,
		.relay = true,
		.line = on_line,
		.batch_end = on_batch_end,
		.finish = on_finish,
		.end = on_finish,
		.user = &s,
		.options = &ask,
		.count_by_program = true
	};
	uv_loop_t *loop = uv_default_loop();

	take_options(argc, argv, &s, &config, &ask);
	config.patterns = (const char *const *)cli_operands();
	s.last = &s.first;
	uv_timer_init(loop, &s.timer);
	uv_timer_init(loop, &s.thinning);
	s.timer.data = s.thinning.data = &s;
	thin.asked = true;
	thin.max_rate = ask.max_rate;
	thin.epsilon = ask.epsilon;
	if (ask.has_max_rate || ask.has_epsilon)
		s.thin = cli_thin_new(&thin, show, &s);
	s.pump = clasp_pump_new(loop, &config);
	clasp_pump_ready(s.pump);
	clasp_pump_run(s.pump);
	while (s.first)
		drop_first(&s);
	if (s.thin)
		cli_thin_free(s.thin);
	cli_end();
}
