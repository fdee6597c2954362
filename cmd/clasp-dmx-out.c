/*
 * clasp-dmx-out.c - lines in, DMX frames out.
 *
 *	lines --> bridge --> proto/dmx --tick--> proto/enttec --> port
 *
 * Lines only change levels; a tick sends the frame.  One frame is on its way
 * at a time, and what changes meanwhile is in the next one, so nothing is
 * ever queued behind an older look.
 */

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/bridge.h"
#include "dev/port.h"
#include "proto/dmx.h"
#include "proto/enttec.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/address.h"

#define BAUD		57600	/* the widget does not care */
#define RATE_HZ		40
#define KEEPALIVE_US	1000000
#define ANSWER_MS	500
#define LEAVE_MS	2000	/* for the last frames, at the end */
#define BLACKOUTS	3
#define BREAK_US	176
#define MAB_US		16

enum {
	OPT_DEVICE = CLI_OWN, OPT_DRIVER, OPT_UNIVERSE, OPT_FLAT, OPT_SLOTS,
	OPT_BREAK, OPT_MAB
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE",
	    "the widget's serial port, or - for packets on stdout", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_DRIVER, 0, "driver", "NAME", "what the device is: enttec-pro",
	    CLI_ARG, CLI_COMPLETE_WORDS, "enttec-pro" },
	{ OPT_UNIVERSE, 'U', "universe", "N", "universe; default 1", CLI_ARG,
	    0, NULL },
	{ OPT_FLAT, 0, "flat", NULL, "take /dmx/C too", 0, 0, NULL },
	{ OPT_SLOTS, 0, "slots", "N", "slots in a frame, 24-512; default 512",
	    CLI_ARG, 0, NULL },
	{ OPT_BREAK, 0, "break", "US", "set the widget's break",
	    CLI_ARG, 0, NULL },
	{ OPT_MAB, 0, "mab", "US", "set the widget's mark after break",
	    CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_frame_options, cli_device_options,
	cli_bridge_options, cli_bridge_out_options, cli_map_options,
	cli_link_options, cli_stop_options, cli_input_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"channel 1 to full, and keep it there",
	"echo '/dmx/1/1 255' | clasp-dmx-out -d /dev/ttyUSB0 --hold",
	"follow a relay",
	"clasp-dmx-out -d /dev/ttyUSB0 -u ws://stage:7330/clasp",
	"look at a packet",
	"echo '/dmx/1 [255,128,64]' | clasp-dmx-out -d - --once | xxd | head",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-dmx-out",
	.operands = "",
	.summary = "CLASP lines to a DMX512 interface",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_port *port;		/* NULL with -d - */
static struct clasp_enttec scanner;
static struct clasp_dmx dmx;
static struct clasp_dmx_pace pace;
static struct clasp_arena arena;
static uv_timer_t tick_timer, answer_timer, leave_timer;

static const char *device;
static struct clasp_port_config port_config;
static unsigned slots = CLASP_DMX_SLOTS;
static double break_us, mab_us;		/* 0: not given */
static bool blackout;			/* is still to be done */

static uint64_t next_tick_us, last_frame_us;
static bool asking;			/* for answers to labels 3 and 10 */
static bool answered_params, answered_serial, told_silence;
static bool set_params;			/* label 4 is to be sent */
static struct clasp_enttec_params params;
static bool gathering;			/* the relay's snapshot is coming */
static bool leaving;			/* no more input: send, then end */
static int blackouts;			/* dark frames still to be sent */
static bool told_switch;

/* ---------------------------------------------------------------- sending */

static bool
busy(void)
{
	if (!port)
		return cli_out_try_flush() > 0;
	return !clasp_port_is_open(port) || asking || clasp_port_busy(port);
}

static void
put(const uint8_t *packet, int len)
{
	if (port) {
		clasp_port_send(port, packet, (size_t)len);
		return;
	}
	cli_out_bytes(packet, (size_t)len);
	clasp_bridge_printed(bridge);
}

static void
send_frame(uint64_t tick_us)
{
	uint8_t packet[CLASP_ENTTEC_MAX];

	put(packet, clasp_enttec_encode_levels(packet, dmx.level, slots));
	clasp_dmx_sent(&dmx);
	last_frame_us = tick_us;
}

/* Label 4, over what the widget said of itself: only what was given. */
static void
send_params(void)
{
	uint8_t packet[CLASP_ENTTEC_MAX];

	if (!answered_params) {
		params.break_units = clasp_enttec_units(BREAK_US, 9);
		params.mab_units = clasp_enttec_units(MAB_US, 1);
		params.rate_hz = RATE_HZ;
	}
	if (break_us > 0)
		params.break_units = clasp_enttec_units(break_us, 9);
	if (mab_us > 0)
		params.mab_units = clasp_enttec_units(mab_us, 1);
	/* the widget counts to 40 and calls more "as fast as I can" */
	if (options.rate_hz > 0)
		params.rate_hz = options.rate_hz > 40 ?
		    0 : (uint8_t)options.rate_hz;
	put(packet, clasp_enttec_encode_params(packet, &params));
	set_params = false;
}

/* ------------------------------------------------------------------ ticks */

static void
done(void)
{
	clasp_port_close(port);
	port = NULL;
	leaving = true;
	uv_timer_stop(&tick_timer);
	uv_timer_stop(&answer_timer);
	uv_timer_stop(&leave_timer);
	clasp_bridge_leave(bridge);
}

/* The end: what is to be sent has been sent. */
static void
leave_now(void)
{
	if (blackout) {
		blackout = false;
		blackouts = BLACKOUTS;
		clasp_dmx_blackout(&dmx);
	} else if (blackouts == 0) {
		done();
	}
}

static void
tick(uint64_t tick_us)
{
	if (gathering || busy())
		return;
	if (set_params) {
		send_params();
	} else if (blackouts > 0) {
		send_frame(tick_us);
		blackouts--;
	} else if (dmx.dirty && !(options.once && !leaving)) {
		send_frame(tick_us);
	} else if (leaving) {
		leave_now();
	} else if (!options.once && clasp_dmx_pace_keepalive(&pace, last_frame_us,
	    tick_us)) {
		send_frame(tick_us);
	}
}

static void on_tick(uv_timer_t *timer);

static void
schedule(void)
{
	uint64_t now = clasp_clock_mono_us();

	uv_update_time(tick_timer.loop);
	uv_timer_start(&tick_timer, on_tick, next_tick_us > now ?
	    (next_tick_us - now + 999) / 1000 : 0, 0);
}

static void
on_tick(uv_timer_t *timer)
{
	uint64_t now = clasp_clock_mono_us(), due = next_tick_us;

	(void)timer;
	if (now >= due) {
		next_tick_us = clasp_dmx_pace_next(&pace, now);
		schedule();
		tick(due);	/* may stop the timer */
	} else {
		schedule();
	}
}

static void
on_leave_timeout(uv_timer_t *timer)
{
	(void)timer;
	if (dmx.dirty || blackouts > 0 || busy()) {
		cli_warn(device, "the last frame could not be sent");
		cli_fail(CLI_UNREACHABLE);
	}
	done();
}

/* No more lines: send what is there, do the exit action, end. */
static void
leave(void)
{
	if (leaving)
		return;
	leaving = true;
	gathering = false;
	if (options.once)
		dmx.dirty = true;
	uv_timer_start(&leave_timer, on_leave_timeout, LEAVE_MS +
	    (uint64_t)((BLACKOUTS + 2) * 1000 / pace.rate_hz), 0);
	/* the one frame of --once waits for nobody */
	if (options.once && !busy() && !set_params) {
		send_frame(next_tick_us);
		if (!port && !blackout)
			done();
	}
}

/* ------------------------------------------------------------- the widget */

static void
asked(void)
{
	uv_timer_stop(&answer_timer);
	asking = false;
	if (!answered_params && !answered_serial && !told_silence) {
		cli_note(device, "the widget does not answer; going on");
		told_silence = true;
	}
	set_params = break_us > 0 || mab_us > 0 ||
	    options.rate_hz > 0;
}

static void
on_answer_timeout(uv_timer_t *timer)
{
	(void)timer;
	asked();
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	char serial[9];

	(void)user;
	if (msg->label == CLASP_ENTTEC_GET_PARAMS &&
	    clasp_enttec_decode_params(msg, &params) == 0) {
		answered_params = true;
		cli_verbose(device, "firmware %d.%d, break %.1f us, MAB %.1f "
		    "us, %d Hz", params.firmware_high, params.firmware_low,
		    clasp_enttec_us(params.break_units),
		    clasp_enttec_us(params.mab_units), params.rate_hz);
	} else if (msg->label == CLASP_ENTTEC_GET_SERIAL &&
	    clasp_enttec_decode_serial(msg, serial) == 0) {
		answered_serial = true;
		cli_verbose(device, "serial %s", serial);
	}
	if (asking && answered_params && answered_serial)
		asked();
}

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	uint8_t ask[2 * CLASP_ENTTEC_MAX];
	int n;

	(void)user;
	clasp_enttec_reset(&scanner);
	n = clasp_enttec_encode(ask, CLASP_ENTTEC_GET_SERIAL, NULL, 0);
	n += clasp_enttec_encode(ask + n, CLASP_ENTTEC_GET_PARAMS,
	    (const uint8_t *)"\0\0", 2);
	asking = true;
	answered_params = answered_serial = false;
	uv_timer_start(&answer_timer, on_answer_timeout, ANSWER_MS, 0);
	clasp_port_send(p, ask, (size_t)n);
	/* after a loss the whole frame goes out first */
	if (dmx.sent)
		dmx.dirty = true;
	clasp_bridge_device_open(bridge, back);
}

static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)p;
	(void)user;
	clasp_enttec_feed(&scanner, bytes, n);
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
}

static void
on_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	(void)user;
	uv_timer_stop(&answer_timer);
	asking = false;
	if (dmx.sent)
		dmx.dirty = true;
	if (leaving) {
		cli_warn(device, "%s", why);
		cli_fail(CLI_UNREACHABLE);
		done();
	} else {
		clasp_bridge_device_lost(bridge, why);
	}
}

/* -------------------------------------------------------------- the lines */

static void
tell_switch(const struct clasp_line *line)
{
	char address[CLASP_ADDRESS_MAX + 1];
	struct clasp_str a = line->items[0].msg.type == CLASP_PUBLISH ?
	    line->items[0].msg.publish.address :
	    line->items[0].msg.set.address;

	dmx.switched = false;
	if (told_switch)
		return;
	told_switch = true;
	snprintf(address, sizeof address, "%.*s", CLASP_STR_ARG(a));
	cli_note(line->kind == CLASP_LINE_DATA ? address : NULL,
	    "a float above 1.0: floats there are levels from now on; "
	    "--scale raw or unit settles it for all");
}

static void
on_line(const struct clasp_line *line, bool snapshot, void *user)
{
	struct clasp_msg msg;

	(void)user;
	if (snapshot)
		gathering = true;
	if (line->kind != CLASP_LINE_DATA && line->kind != CLASP_LINE_FRAME)
		return;
	clasp_arena_reset(&arena);
	if (clasp_line_to_msg(line, &arena, &msg, NULL) < 0)
		return;
	clasp_dmx_apply(&dmx, &msg);
	if (dmx.switched)
		tell_switch(line);
}

static void
batch_end(void *user)
{
	(void)user;
	if (!cli.url_given)
		return;
	gathering = false;
	if (options.once)
		leave();
}

static void
input_ended(void *user)
{
	(void)user;
	if (cli.url_given && gathering)
		done();		/* nothing ever came from the relay */
	else if (!options.hold || options.once)
		leave();
}

static void
finish(void *user)
{
	(void)user;
	if (port && !clasp_port_is_open(port))
		done();
	else
		leave();
}

/* ---------------------------------------------------------------- options */

static void
list_port(const char *path, const char *what, void *user)
{
	(void)user;
	printf("%s\t%s\n", path, what);
}

static void
check_driver(const char *name)
{
	static const char *const others[] = { "opendmx", "udmx", "raw" };
	size_t i;

	if (strcmp(name, "enttec-pro") == 0)
		return;
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(name, others[i]) == 0)
			cli_arg_bad("%s is not built in", name);
	cli_arg_bad("'%s' is no driver; there is enttec-pro", name);
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_DEVICE:
		device = cli_arg();
		break;
	case OPT_DRIVER:
		check_driver(cli_arg());
		break;
	case CLI_LIST:
		clasp_serial_list(list_port, NULL);
		cli_end();
	case OPT_UNIVERSE:
		dmx.universe = (unsigned)cli_arg_number(0,
		    CLASP_DMX_UNIVERSE_MAX);
		break;
	case OPT_FLAT:
		dmx.flat = true;
		break;
	case OPT_SLOTS:
		slots = (unsigned)cli_arg_number(24, CLASP_DMX_SLOTS);
		break;
	case OPT_BREAK:
		break_us = cli_arg_float(1, 1e6);
		break;
	case OPT_MAB:
		mab_us = cli_arg_float(1, 1e6);
		break;
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	if (!device)
		cli_usage("no device given: -d DEVICE, or - for stdout");
	if (options.once && options.hold)
		cli_usage("--once and --hold exclude each other");
	if (strcmp(device, "-") == 0 && isatty(STDOUT_FILENO))
		cli_die(CLI_USAGE, "stdout", "packets do not belong on a "
		    "terminal; pipe them, or give a device with -d");
}

/* ------------------------------------------------------------------- main */

static void
open_device(uv_loop_t *loop)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.end = on_end,
		.lost = on_lost
	};
	char why[CLASP_SERIAL_WHY];

	if (strcmp(device, "-") == 0) {
		set_params = break_us > 0 || mab_us > 0;
		clasp_bridge_device_open(bridge, false);
		return;
	}
	port_config.line.path = device;
	port_config.line.baud = BAUD;
	port_config.line.stop_bits = 1;
	port_config.wait = options.wait;
	clasp_enttec_init(&scanner, on_message, NULL);
	if (clasp_port_new(loop, &port_config, &events, NULL, &port,
	    why) < 0)
		cli_die(CLI_UNREACHABLE, device, "%s", why);
}

static void
start(uv_loop_t *loop)
{
	struct clasp_counts *counts = clasp_bridge_counts(bridge);
	struct clasp_count *count;
	int i;

	for (i = 0; i < CLASP_DMX_DROPS; i++) {
		count = clasp_counts_add(counts, NULL, clasp_dmx_drop_name(i),
		    &dmx.drops[i]);
		/* lines of other namespaces pass by in a pipe: no news */
		count->tally.quiet = i == CLASP_DMX_DROP_OUTSIDE;
	}
	clasp_arena_init(&arena, NULL, 0, 64 * CLASP_LINE_MAX);
	uv_timer_init(loop, &tick_timer);
	uv_timer_init(loop, &answer_timer);
	uv_timer_init(loop, &leave_timer);
	open_device(loop);

	gathering = cli.url_given;
	pace.t0_us = clasp_clock_mono_us();
	pace.rate_hz = options.rate_hz > 0 ? options.rate_hz : RATE_HZ;
	pace.keepalive_us = KEEPALIVE_US;
	last_frame_us = pace.t0_us;
	next_tick_us = clasp_dmx_pace_next(&pace, pace.t0_us);
	schedule();
}

static void
close_all(void *user)
{
	(void)user;
	uv_close((uv_handle_t *)&tick_timer, NULL);
	uv_close((uv_handle_t *)&answer_timer, NULL);
	uv_close((uv_handle_t *)&leave_timer, NULL);
}

/* What of a relay concerns us: one universe, but rules may bring others. */
static const char *const *
wanted(void)
{
	static char pattern[CLASP_ADDRESS_MAX];
	static const char *const patterns[] = { pattern, NULL };

	if (dmx.flat || options.mapping.rules)
		return NULL;
	snprintf(pattern, sizeof pattern, "%.*s/%u/" "**",
	    CLASP_STR_ARG(dmx.prefix), dmx.universe);
	return patterns;
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "dmx",
		.options = &options,
		.sink = true,
		.line = on_line,
		.batch_end = batch_end,
		.ended = input_ended,
		.finish = finish,
		.close = close_all
	};
	int id;

	clasp_dmx_init(&dmx, CLASP_STR_NONE, 1);
	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	dmx.scale = options.scale;
	dmx.prefix = clasp_bridge_namespace(&options, "/dmx",
	    CLASP_DMXIN_PREFIX_MAX, false);
	blackout = options.on_exit == CLASP_EXIT_BLACKOUT;

	bridging.device = device;
	bridging.base = dmx.prefix;
	bridging.patterns = wanted();
	bridge = clasp_bridge_new(&bridging);
	start(clasp_bridge_loop(bridge));
	clasp_bridge_run(bridge);
	clasp_arena_clear(&arena);
	cli_end();
}
