/*
 * clasp-fade - takes a param from one value to another in its own time.
 *
 * A fade has frames, at t0, t0 + 1/rate, t0 + 2/rate ...: a frame that is
 * late shows what belongs to its moment, one that is too late is left out,
 * and the last one is the end itself.  With --timeline the relay is told the
 * whole way at once, and the end when it is reached.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "client/pump.h"
#include "client/report.h"
#include "tool/cli.h"
#include "wire/line.h"
#include "wire/timeline.h"

#define RATE		40.0
#define RATE_MAX	1000.0
/* frames that may be without an answer: a stuck relay gets no more */
#define UNANSWERED_MAX	64

enum { OPT_RATE = CLI_OWN, OPT_TIMELINE };

static const struct cli_option own[] = {
	{ OPT_RATE, 'r', "rate", "R",
	    "values a second; default 40/s", CLI_ARG, 0, NULL },
	{ OPT_TIMELINE, 0, "timeline", NULL,
	    "publish the way as one timeline, set only its end", 0, 0,
	    NULL },
	{ CLI_TIMEOUT_OPT, 'T', "timeout", "D",
	    "give up after D, exit 124", CLI_ARG, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_wait_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"a light to full in three seconds",
	"clasp-fade /lights/front/level 1.0 3s",
	"from a known start, softly",
	"clasp-fade /mix/1 0.0 0.75 2s ease-in-out",
	"a color, through a player at the other end",
	"clasp-fade --timeline /lights/rgb '[255,0,0]' '[0,0,255]' 2s",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-fade",
	.operands = "ADDRESS [FROM] TO DURATION [EASING]",
	.summary = "fade a param to a value",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

struct fade {
	struct clasp_pump *pump;
	struct clasp_client *client;
	uv_timer_t	 timer;
	struct clasp_str address;
	struct clasp_value from, to;
	struct clasp_value *room;	/* of an array on its way */
	struct clasp_arena arena;	/* of from, to and room */
	bool		 has_from;
	enum clasp_easing easing;
	bool		 has_bezier;
	double		 bezier[4];
	uint64_t	 duration_us;
	double		 period_us;
	bool		 timeline;

	uint64_t	 t0_us;		/* monotonic; 0: not yet */
	uint64_t	 start_us;	/* the same by the relay's clock */
	int64_t		 frame;		/* the last one shown; -1: none */
	unsigned	 unanswered;
	bool		 ended;		/* the end was sent */
	bool		 over;
};

/* --------------------------------------------------------- the way there */

/* Numbers, or arrays of one length of such. */
static bool
can_fade(const struct clasp_value *a, const struct clasp_value *b)
{
	uint32_t i;

	if (a->type == CLASP_INT || a->type == CLASP_FLOAT)
		return b->type == CLASP_INT || b->type == CLASP_FLOAT;
	if (a->type != CLASP_ARRAY || b->type != CLASP_ARRAY ||
	    a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!can_fade(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static double
number(const struct clasp_value *v)
{
	return v->type == CLASP_INT ? (double)v->integer : v->number;
}

/* As clasp_value_mix, but ints are rounded, and an int and a float mix. */
static struct clasp_value
between(const struct clasp_value *a, const struct clasp_value *b, double u,
    struct clasp_value **room)
{
	struct clasp_value *items;
	double v;
	uint32_t i;

	if (a->type == CLASP_ARRAY) {
		items = *room;
		*room += a->count;
		for (i = 0; i < a->count; i++)
			items[i] = between(&a->items[i], &b->items[i], u,
			    room);
		return clasp_array(items, a->count);
	}
	v = number(a) + (number(b) - number(a)) * u;
	if (a->type == CLASP_FLOAT || b->type == CLASP_FLOAT)
		return clasp_float(v);
	/* where doubles have no halves there is nothing to round */
	if (fabs(number(a)) > 0x1p52 || fabs(v) > 0x1p52)
		return clasp_value_mix(a, b, u, room);
	return clasp_int(llround(v));
}

/* The value after so long, and its end exactly. */
static struct clasp_value
value_at(const struct fade *f, double elapsed_us)
{
	struct clasp_value *room = f->room;
	double t = f->duration_us > 0 ? elapsed_us / (double)f->duration_us :
	    1;

	if (t >= 1)
		return f->to;
	return between(&f->from, &f->to, clasp_easing_at(f->easing,
	    f->has_bezier ? f->bezier : NULL, t), &room);
}

/* ---------------------------------------------------------------- the end */

static void
stop(struct fade *f)
{
	if (f->over)
		return;
	f->over = true;
	uv_close((uv_handle_t *)&f->timer, NULL);
	clasp_pump_stop(f->pump);
}

static void
on_reply(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct fade *f = user;

	(void)c;
	f->unanswered--;
	if (f->over)
		return;
	if (reply->error) {
		clasp_report_refused(f->address, reply);
		stop(f);
	} else if (f->ended && f->unanswered == 0) {
		stop(f);
	}
}

static void
send_msg(struct fade *f, const struct clasp_msg *msg)
{
	int r = clasp_client_send(f->client, msg, NULL, on_reply, f);

	if (r == 0) {
		f->unanswered++;
	} else if (r != CLASP_ECLOSED) {
		cli_warn(cli_operands()[0], "%s", clasp_strerror(r));
		cli_fail(CLI_USAGE);
		stop(f);
	}
}

static void
set(struct fade *f, struct clasp_value value)
{
	struct clasp_msg msg = { .type = CLASP_SET };

	msg.set.address = f->address;
	msg.set.value = value;
	send_msg(f, &msg);
}

static void
end(struct fade *f)
{
	f->ended = true;
	set(f, f->to);
	if (cli.no_wait && !f->over)
		stop(f);
}

/* ----------------------------------------------------------------- frames */

static void on_timer(uv_timer_t *timer);

static void
arm(struct fade *f, uint64_t now)
{
	double next = f->timeline ? INFINITY :
	    (double)(f->frame + 1) * f->period_us;
	uint64_t due = f->t0_us + (next < (double)f->duration_us ?
	    (uint64_t)ceil(next) : f->duration_us);

	uv_timer_start(&f->timer, on_timer,
	    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct fade *f = timer->data;
	uint64_t now = clasp_clock_mono_us(), elapsed = now - f->t0_us;
	int64_t frame = (int64_t)((double)elapsed / f->period_us);

	if (elapsed >= f->duration_us) {
		end(f);
		return;
	}
	if (!f->timeline && frame > f->frame) {
		f->frame = frame;
		if (f->unanswered < UNANSWERED_MAX)
			set(f, value_at(f, (double)frame * f->period_us));
	}
	if (!f->over)
		arm(f, now);
}

/* --------------------------------------------------------------- timeline */

static struct clasp_value
keyframe(struct fade *f, uint64_t at_us, struct clasp_value value,
    struct clasp_entry entries[4], struct clasp_value points[4])
{
	bool last = at_us > 0;
	uint32_t i, n = 3;

	entries[0] = (struct clasp_entry){ CLASP_STR("time"),
	    clasp_int((int64_t)at_us) };
	entries[1] = (struct clasp_entry){ CLASP_STR("value"), value };
	entries[2] = (struct clasp_entry){ CLASP_STR("easing"),
	    clasp_string(clasp_str_c(clasp_easing_name(last ?
	    CLASP_EASE_LINEAR : f->easing))) };
	if (f->has_bezier && !last) {
		for (i = 0; i < 4; i++)
			points[i] = clasp_float(f->bezier[i]);
		entries[n++] = (struct clasp_entry){ CLASP_STR("bezier"),
		    clasp_array(points, 4) };
	}
	return clasp_map(entries, n);
}

/* The whole way; or, to take it back, none. */
static void
publish(struct fade *f, bool whole)
{
	struct clasp_entry first[4], last[4], entries[3];
	struct clasp_value frames[2], points[4];
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	frames[0] = keyframe(f, 0, f->from, first, points);
	frames[1] = keyframe(f, f->duration_us, f->to, last, points);
	entries[0] = (struct clasp_entry){ CLASP_STR("keyframes"),
	    clasp_array(frames, whole ? 2 : 0) };
	entries[1] = (struct clasp_entry){ CLASP_STR("loop"),
	    clasp_bool(false) };
	entries[2] = (struct clasp_entry){ CLASP_STR("startTime"),
	    clasp_int((int64_t)f->start_us) };
	msg.publish.kind = CLASP_TIMELINE;
	msg.publish.address = f->address;
	msg.publish.content = CLASP_CONTENT_VALUE;
	msg.publish.value = clasp_map(entries, whole ? 3 : 2);
	send_msg(f, &msg);
}

/* Now the relay's clock is known (or, without an answer, about known). */
static void
on_sync(struct clasp_client *c, const struct clasp_exchange *e, void *user)
{
	struct fade *f = user;

	(void)e;
	if (f->over)
		return;
	f->t0_us = clasp_clock_mono_us();
	f->start_us = clasp_client_server_us(c);
	publish(f, true);
	if (!f->over)
		arm(f, f->t0_us);
}

/* ------------------------------------------------------------------ start */

/* What the relay has is nothing that could be faded. */
static void
no_way(struct fade *f)
{
	struct clasp_buf from = { 0 }, to = { 0 };

	clasp_value_format(&from, &f->from, 0);
	clasp_value_format(&to, &f->to, 0);
	cli_warn(cli_operands()[0], "no way from %.60s to %.60s",
	    clasp_buf_cstr(&from), clasp_buf_cstr(&to));
	cli_fail(CLI_STATE);
	clasp_buf_clear(&from);
	clasp_buf_clear(&to);
	stop(f);
}

static void
start(struct fade *f)
{
	if (!can_fade(&f->from, &f->to)) {
		no_way(f);
		return;
	}
	f->room = clasp_arena_alloc(&f->arena, sizeof *f->room *
	    (clasp_value_mix_room(&f->from, &f->to) + 1u));
	if (f->room == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (f->timeline) {
		if (clasp_client_sync(f->client, on_sync, f) < 0)
			stop(f);
		return;
	}
	f->t0_us = clasp_clock_mono_us();
	/* where it stands it need not be set to */
	f->frame = f->has_from ? -1 : 0;
	on_timer(&f->timer);
}

static void
on_value(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct fade *f = user;

	(void)c;
	if (f->over || reply->error == CLASP_ECLOSED)
		return;
	if (reply->error == CLASP_ENOENT) {
		cli_warn(cli_operands()[0], "no value to fade from");
		cli_fail(CLI_NO);
		stop(f);
	} else if (reply->error) {
		clasp_report_refused(f->address, reply);
		stop(f);
	} else if (clasp_value_copy(&reply->msg->snapshot.params[0].value,
	    &f->arena, &f->from) < 0) {
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	} else {
		start(f);
	}
}

static void
on_ready(struct clasp_pump *pump, void *user)
{
	struct fade *f = user;

	(void)pump;
	if (f->has_from)
		start(f);
	else if (clasp_client_get(f->client, f->address, on_value, f) < 0)
		stop(f);
}

/* Told to end: it stays where it is, also for who plays the timeline. */
static void
on_finish(struct clasp_pump *pump, void *user)
{
	struct fade *f = user;

	(void)pump;
	if (f->timeline && f->t0_us > 0 && !f->ended && !f->over) {
		f->ended = true;
		publish(f, false);
		set(f, value_at(f, (double)(clasp_clock_mono_us() -
		    f->t0_us)));
	}
	stop(f);
}

static void
on_end(struct clasp_pump *pump, void *user)
{
	(void)pump;
	stop(user);
}

/* --------------------------------------------------------------- operands */

static struct clasp_value
value_of(struct fade *f, const char *text)
{
	struct clasp_line_error e;
	struct clasp_value v;

	if (clasp_value_parse(clasp_str_c(text), &f->arena, &v, &e) < 0)
		cli_die(CLI_USAGE, text, "%s", e.reason);
	if (!can_fade(&v, &v))
		cli_die(CLI_USAGE, text, "not a number or array of numbers");
	return v;
}

/* The four numbers behind "cubic-bezier:". */
static void
points_of(struct fade *f, const char *word, const char *text)
{
	struct clasp_buf list = { 0 };
	struct clasp_line_error e;
	struct clasp_value v;
	uint32_t i;
	bool good;

	clasp_buf_printf(&list, "[%s]", text);
	good = clasp_value_parse(clasp_buf_str(&list), &f->arena, &v, &e) ==
	    0 && v.type == CLASP_ARRAY && v.count == 4;
	for (i = 0; good && i < 4; i++) {
		good = v.items[i].type == CLASP_INT ||
		    v.items[i].type == CLASP_FLOAT;
		f->bezier[i] = good ? number(&v.items[i]) : 0;
		good &= isfinite(f->bezier[i]) && (i % 2 == 1 ||
		    (f->bezier[i] >= 0 && f->bezier[i] <= 1));
	}
	if (!good)
		cli_die(CLI_USAGE, word, "not four numbers, the first and "
		    "the third of them from 0 to 1");
	clasp_buf_clear(&list);
	f->has_bezier = true;
}

static void
easing_of(struct fade *f, const char *text)
{
	struct clasp_str name = clasp_str_c(text);
	const char *colon = strchr(text, ':');

	if (colon != NULL)
		name.len = (size_t)(colon - text);
	if (!clasp_easing_by_name(name, &f->easing) ||
	    (colon != NULL) != (f->easing == CLASP_EASE_BEZIER))
		cli_die(CLI_USAGE, text, "not an easing: linear, ease-in, "
		    "ease-out, ease-in-out, step or "
		    "cubic-bezier:X1,Y1,X2,Y2");
	if (colon != NULL)
		points_of(f, text, colon + 1);
}

static void
take_operands(struct fade *f)
{
	char **words = cli_operands();
	int n = cli_operand_count();

	if (n < 3)
		cli_usage(n == 0 ? "no ADDRESS given" : n == 1 ?
		    "no value to fade TO given" : "no DURATION given");
	cli_check_count(3, 5, "ADDRESS");
	cli_check_address(words[0]);
	f->address = clasp_str_c(words[0]);
	/* A duration begins with a digit, an easing with a letter. */
	if (n == 5 || (n == 4 && isalpha((unsigned char)words[3][0])))
		easing_of(f, words[--n]);
	f->has_from = n == 4;
	if (f->has_from)
		f->from = value_of(f, words[1]);
	f->to = value_of(f, words[n - 2]);
	if (cli_duration_us(words[n - 1], &f->duration_us) < 0)
		cli_die(CLI_USAGE, words[n - 1],
		    "not a duration such as 250ms, 2s, 1.5m");
	if (f->has_from && !can_fade(&f->from, &f->to))
		cli_die(CLI_USAGE, words[0], "no way from %s to %s",
		    words[1], words[2]);
}

int
main(int argc, char **argv)
{
	static struct fade f = { .period_us = 1e6 / RATE, .frame = -1 };
	const struct clasp_pump_config config = {
		.relay = true,
		.ready = on_ready,
		.end = on_end,
		.finish = on_finish,
		.user = &f,
		.count_by_program = true
	};
	uv_loop_t *loop = uv_default_loop();
	double rate;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0) {
		if (id == OPT_TIMELINE)
			f.timeline = true;
		if (id != OPT_RATE)
			continue;
		rate = cli_arg_rate();
		if (!(rate > 0) || rate > RATE_MAX)
			cli_arg_bad("from more than 0 to %g/s", RATE_MAX);
		f.period_us = 1e6 / rate;
	}
	clasp_arena_init(&f.arena, NULL, 0, 64u << 20);
	take_operands(&f);
	cli.reconnect = false;
	uv_timer_init(loop, &f.timer);
	f.timer.data = &f;
	f.pump = clasp_pump_new(loop, &config);
	f.client = clasp_pump_client(f.pump);
	clasp_pump_ready(f.pump);
	clasp_pump_run(f.pump);
	uv_run(loop, UV_RUN_NOWAIT);
	clasp_arena_clear(&f.arena);
	cli_end();
}
