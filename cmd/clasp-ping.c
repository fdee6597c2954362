/*
 * clasp-ping - how long the way to a relay is, and how far its clock is.
 *
 * Sends SYNCs, one after the other, and prints what each exchange says.  The
 * relay works off a connection in order, so a SYNC is lost when a later one
 * was answered, or when nothing came for a while.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/pump.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/out.h"

#define INTERVAL_US	UINT64_C(1000000)
#define PATIENCE_MS	5000	/* for the last answer */

enum { OPT_INTERVAL = CLI_OWN, OPT_OUTPUT, OPT_STATS };

static const struct cli_option own[] = {
	{ CLI_COUNT, 'n', "count", "N",
	    "ask N times, then print a summary", CLI_ARG, 0, NULL },
	{ OPT_INTERVAL, 'i', "interval", "D",
	    "ask every D; default 1s, 0: as soon as there is an answer",
	    CLI_ARG, 0, NULL },
	{ CLI_TIMEOUT_OPT, 'T', "timeout", "D",
	    "stop after D, exit 124", CLI_ARG, 0, NULL },
	{ OPT_OUTPUT, 'o', "output", "FORM",
	    "text or json", CLI_ARG, CLI_COMPLETE_WORDS, "text json" },
	{ OPT_STATS, 0, "stats", NULL,
	    "a summary on stderr at the end, also without -n", 0, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"five times, and a summary", "clasp-ping -n5",
	"the round trips alone, in ms",
	"clasp-ping -n3 -i 0.1 -o json | jq '.rtt * 1000'",
	"is the relay there at all?",
	"clasp-ping -q -n1 -T 2s >/dev/null && echo yes",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-ping",
	.operands = "",
	.summary = "round trip to a relay, and its clock",
	.tables = tables,
	.examples = examples
};

/* All times in microseconds. */
struct ping {
	struct clasp_pump *pump;
	uv_timer_t	 next;		/* the next question */
	uv_timer_t	 patience;	/* for answers, after the last one */
	uint64_t	 interval_us, start_us;
	long		 asked, told, answered;
	bool		 json, stats, over;
	bool		 full;		/* waits for an answer before it asks */
	uint64_t	 min_us, max_us;
	double		 sum_us;
	struct clasp_clocksync clock;	/* as it stood at the last answer */
};

static void ask(struct ping *p);

/* -------------------------------------------------------------- the end */

static void
stop(struct ping *p)
{
	if (p->over)
		return;
	p->over = true;
	uv_close((uv_handle_t *)&p->next, NULL);
	uv_close((uv_handle_t *)&p->patience, NULL);
	clasp_pump_stop(p->pump);
}

static void
on_finish(struct clasp_pump *pump, void *user)
{
	(void)pump;
	stop(user);
}

static bool
all_asked(const struct ping *p)
{
	return cli.count >= 0 && p->asked >= cli.count;
}

/* --------------------------------------------------------------- answers */

/* The relay's clock less the one on our wall. */
static double
offset_s(int64_t offset_us)
{
	int64_t wall = (int64_t)(clasp_clock_unix_us() -
	    clasp_clock_server_us());

	return (double)(offset_us - wall) / 1e6;
}

static void
print(struct ping *p, long seq, const struct clasp_exchange *e)
{
	clasp_buf_printf(cli_out_buf(), p->json ?
	    "{\"seq\":%ld,\"rtt\":%.6f,\"offset\":%.6f}\n" :
	    "seq=%ld rtt=%.6f offset=%+.6f\n", seq, (double)e->rtt_us / 1e6,
	    offset_s(e->offset_us));
	cli_out_memory();
	clasp_pump_printed(p->pump);
}

static void
on_sync(struct clasp_client *c, const struct clasp_exchange *e, void *user)
{
	struct ping *p = user;
	long seq = ++p->told;

	if (p->over)
		return;
	if (e == NULL) {
		cli_note(cli.url, "no answer to seq=%ld", seq);
	} else {
		p->clock = *clasp_client_clock(c);
		if (p->answered++ == 0 || e->rtt_us < p->min_us)
			p->min_us = e->rtt_us;
		if (e->rtt_us > p->max_us)
			p->max_us = e->rtt_us;
		p->sum_us += (double)e->rtt_us;
		print(p, seq, e);
	}
	if (all_asked(p)) {
		if (p->told == p->asked)
			clasp_pump_finish(p->pump);
		return;
	}
	/* somebody is there after all */
	uv_timer_stop(&p->patience);
	if (p->full || p->interval_us == 0) {
		p->full = false;
		ask(p);
	}
}

static void
on_patience(uv_timer_t *timer)
{
	struct ping *p = timer->data;

	for (; p->told < p->asked; p->told++)
		cli_note(cli.url, "no answer to seq=%ld", p->told + 1);
	clasp_pump_finish(p->pump);
}

/* ---------------------------------------------------------------- asking */

static void
on_next(uv_timer_t *timer)
{
	ask(timer->data);
}

/* Each at its own moment from the start on, however late the last one was. */
static void
arm(struct ping *p)
{
	uint64_t due = p->start_us + (uint64_t)p->asked * p->interval_us;
	uint64_t now = clasp_clock_mono_us();

	uv_timer_start(&p->next, on_next,
	    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
ask(struct ping *p)
{
	int r = clasp_client_sync(clasp_pump_client(p->pump), on_sync, p);

	/* too many without an answer: no more until one comes or all are
	 * given up; a timer that is due already would be run at once, again
	 * and again, and nothing else */
	if (r == CLASP_ENOSPC) {
		if (!uv_is_active((uv_handle_t *)&p->patience))
			uv_timer_start(&p->patience, on_patience,
			    PATIENCE_MS, 0);
		p->full = true;
		return;
	}
	if (r < 0)
		return;			/* the connection is going */
	p->asked++;
	if (all_asked(p))
		uv_timer_start(&p->patience, on_patience, PATIENCE_MS, 0);
	else if (p->interval_us > 0)
		arm(p);
}

static void
on_ready(struct clasp_pump *pump, void *user)
{
	struct ping *p = user;

	(void)pump;
	p->start_us = clasp_clock_mono_us();
	ask(p);
}

/* ------------------------------------------------------------------ main */

static void
summary(const struct ping *p)
{
	long lost = p->asked - p->answered;
	char times[160] = "";

	if (p->answered > 0)
		snprintf(times, sizeof times, ", rtt min/avg/max/jitter "
		    "%.6f/%.6f/%.6f/%.6f s, offset %+.6f s",
		    (double)p->min_us / 1e6,
		    p->sum_us / (double)p->answered / 1e6,
		    (double)p->max_us / 1e6, (double)p->clock.jitter_us / 1e6,
		    offset_s(clasp_clocksync_offset_at(&p->clock,
		    clasp_clock_server_us())));
	cli_note(cli.url, "%ld sent, %ld answered, %.0f%% lost%s", p->asked,
	    p->answered, p->asked > 0 ?
	    100.0 * (double)lost / (double)p->asked : 0.0, times);
}

static void
take_options(struct ping *p, int argc, char **argv)
{
	struct clasp_str form;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_INTERVAL:
			p->interval_us = cli_arg_duration_us();
			break;
		case OPT_OUTPUT:
			form = clasp_str_c(cli_arg());
			p->json = clasp_str_is(form, "json");
			if (!p->json && !clasp_str_is(form, "text"))
				cli_arg_bad("text or json");
			break;
		case OPT_STATS:
			p->stats = true;
			break;
		}
	cli_check_count(0, 0, "");
	cli.reconnect = false;
}

int
main(int argc, char **argv)
{
	static struct ping p = { .interval_us = INTERVAL_US };
	const struct clasp_pump_config config = {
		.relay = true,
		.end = on_finish,
		.finish = on_finish,
		.ready = on_ready,
		.user = &p,
		.count_by_program = true
	};
	uv_loop_t *loop = uv_default_loop();

	take_options(&p, argc, argv);
	clasp_clocksync_init(&p.clock);
	uv_timer_init(loop, &p.next);
	uv_timer_init(loop, &p.patience);
	p.next.data = p.patience.data = &p;
	p.pump = clasp_pump_new(loop, &config);
	clasp_pump_ready(p.pump);
	clasp_pump_run(p.pump);
	if (cli.count >= 0 && p.answered < cli.count && !cli_signal())
		cli_fail(CLI_NO);
	/* who never got through has nothing to sum up */
	if (p.asked > 0 && (cli.count >= 0 || p.stats || cli_signal()))
		summary(&p);
	uv_run(loop, UV_RUN_NOWAIT);
	cli_end();
}
