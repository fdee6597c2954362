/*
 * clasp-dmx-out.c - lines in, DMX frames out.
 *
 *	lines --> bridge/frames --tick--> proto/enttec --> port
 *
 * One frame is on its way at a time, and what changes meanwhile is in the
 * next one, so nothing is ever queued behind an older look.
 */

#include <string.h>
#include <unistd.h>

#include "bridge/frames.h"
#include "dev/port.h"
#include "proto/dmxin.h"
#include "proto/enttec.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/address.h"

#define BAUD		57600	/* the widget does not care */
#define RATE_HZ		40
#define KEEPALIVE_US	1000000
#define ANSWER_MS	500
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
	own_options, cli_frame_options, cli_show_options, cli_device_options,
	cli_bridge_options, cli_bridge_out_options, cli_map_options,
	cli_link_options, cli_stop_options, cli_input_options,
	cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"channel 1 to full, and keep it there",
	"echo '/dmx/1/1 255' | clasp-dmx-out -d /dev/ttyUSB0 --hold",
	"follow a relay",
	"clasp-dmx-out -d /dev/ttyUSB0 -u ws://stage:7330/clasp",
	"look at levels, without any device",
	"clasp-dmx-out -d - --show=pct -u ws://stage:7330/clasp",
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
static struct clasp_frames *frames;
static struct clasp_dmx_config model = { .flat_universe = 1 };
static struct clasp_numset universes;	/* one */
static struct clasp_port *port;		/* NULL with -d - */
static struct clasp_enttec scanner;
static uv_timer_t answer_timer;

static const char *device;
static struct clasp_port_config port_config;
static unsigned slots = CLASP_DMX_SLOTS;
static double break_us, mab_us;		/* 0: not given */

static bool asking;			/* for answers to labels 3 and 10 */
static bool answered_params, answered_serial, told_silence;
static bool set_params;			/* label 4 is to be sent */
static struct clasp_enttec_params params;

/* ---------------------------------------------------------------- sending */

static void
put(const uint8_t *packet, int len)
{
	if (port) {
		clasp_port_send(port, packet, (size_t)len);
		return;
	}
	if (clasp_frames_shown(frames))
		return;		/* the drawing is there instead */
	cli_out_bytes(packet, (size_t)len);
	clasp_bridge_printed(bridge);
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

static bool
ready(void *user)
{
	(void)user;
	if (port ? !clasp_port_is_open(port) || asking ||
	    clasp_port_busy(port) : !clasp_frames_shown(frames) &&
	    cli_out_try_flush() > 0)
		return false;
	if (!set_params)
		return true;
	send_params();
	return false;
}

static bool
send_frame(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	uint8_t packet[CLASP_ENTTEC_MAX];

	(void)tick_us;
	(void)user;
	put(packet, clasp_enttec_encode_levels(packet, u->level, slots));
	return true;
}

static void
done(void *user)
{
	(void)user;
	clasp_port_close(port);
	port = NULL;
	uv_timer_stop(&answer_timer);
	clasp_bridge_leave(bridge);
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
	clasp_frames_device_open(frames, back);
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
	clasp_frames_device_lost(frames, why);
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
		model.flat_universe = (unsigned)cli_arg_number(0,
		    CLASP_DMX_UNIVERSE_MAX);
		break;
	case OPT_FLAT:
		model.flat = true;
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
	if (strcmp(device, "-") == 0 && !options.show && isatty(STDOUT_FILENO))
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
		clasp_frames_device_open(frames, false);
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
close_all(void *user)
{
	(void)user;
	clasp_frames_close(frames);
	uv_close((uv_handle_t *)&answer_timer, NULL);
}

/* What of a relay concerns us: one universe, but rules may bring others. */
static const char *const *
wanted(void)
{
	static char pattern[CLASP_ADDRESS_MAX];
	static const char *const patterns[] = { pattern, NULL };

	if (model.flat || options.mapping.rules)
		return NULL;
	snprintf(pattern, sizeof pattern, "%.*s/%u/" "**",
	    CLASP_STR_ARG(model.prefix), model.flat_universe);
	return patterns;
}

/* The one universe, there from the start: receivers want a signal. */
static struct clasp_dmx *
make_model(void)
{
	struct clasp_dmx *dmx;

	model.prefix = clasp_bridge_namespace(&options, "/dmx",
	    CLASP_DMXIN_PREFIX_MAX, false);
	model.scale = options.scale;
	model.only = &universes;
	clasp_numset_add(&universes, model.flat_universe);
	dmx = clasp_dmx_new(&model);
	if (!dmx || !clasp_dmx_universe(dmx, model.flat_universe))
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return dmx;
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "dmx",
		.options = &options,
		.close = close_all
	};
	struct clasp_frames_config framing = {
		.options = &options,
		.rate_hz = RATE_HZ,
		.keepalive_us = KEEPALIVE_US,
		.ready = ready,
		.send = send_frame,
		.done = done
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	framing.dmx = make_model();
	framing.slots = slots;
	bridging.device = device;
	bridging.base = model.prefix;
	bridging.patterns = wanted();

	frames = clasp_frames_new(&framing);
	clasp_frames_attach(frames, &bridging);
	bridge = clasp_bridge_new(&bridging);
	uv_timer_init(clasp_bridge_loop(bridge), &answer_timer);
	clasp_frames_start(frames, bridge);
	open_device(clasp_bridge_loop(bridge));
	clasp_bridge_run(bridge);
	clasp_frames_free(frames);
	clasp_dmx_free(framing.dmx);
	cli_end();
}
