/*
 * clasp-dmx-in.c - DMX frames in, lines out.
 *
 *	port --> proto/enttec --> proto/dmxin --> bridge
 */

#include <stdio.h>
#include <string.h>

#include "bridge/show.h"
#include "dev/port.h"
#include "proto/dmxin.h"
#include "proto/enttec.h"
#include "tool/cli.h"
#include "tool/lineio.h"

#define BAUD		57600	/* the widget does not care */
#define ANSWER_MS	500
enum {
	OPT_DEVICE = CLI_OWN, OPT_DRIVER, OPT_UNIVERSE, OPT_FLAT, OPT_MODE,
	OPT_EVERY_FRAME
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE",
	    "the widget's serial port, or - for packets on stdin", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_DRIVER, 0, "driver", "NAME", "what the device is: enttec-pro",
	    CLI_ARG, CLI_COMPLETE_WORDS, "enttec-pro" },
	{ OPT_UNIVERSE, 'U', "universe", "N", "universe; default 1", CLI_ARG,
	    0, NULL },
	{ OPT_FLAT, 0, "flat", NULL, "/dmx/C without the universe", 0, 0,
	    NULL },
	{ OPT_MODE, 0, "mode", "HOW", "channel (a param each; the default) or "
	    "universe (a frame as bytes)", CLI_ARG, CLI_COMPLETE_WORDS,
	    "channel universe" },
	{ OPT_EVERY_FRAME, 0, "every-frame", NULL, "have the widget send "
	    "every frame, not only changes", 0, 0, NULL },
	{ CLI_ONCE, 0, "once", NULL, "end after the first frame", 0, 0,
	    NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_show_options, cli_device_options, cli_bridge_options,
	cli_bridge_in_options, cli_map_options, cli_link_options,
	cli_output_options, cli_stop_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"what a console sends, as lines",
	"clasp-dmx-in -d /dev/ttyUSB0",
	"the look on stage now, into a file",
	"clasp-dmx-in -d /dev/ttyUSB0 --once > look.clasp",
	"what a packet says",
	"printf '\\176\\005\\004\\000\\000\\000\\377\\200\\347' | "
	    "clasp-dmx-in -d -",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-dmx-in",
	.operands = "",
	.summary = "DMX512 from an interface as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_show *show;		/* NULL: without --show */
static struct clasp_port *port;
static struct clasp_enttec scanner;
static struct clasp_enttec_rx rx;
static uv_timer_t answer_timer;

static const char *device, *subject;
static struct clasp_port_config port_config;
static struct clasp_dmxin_config config;
static unsigned universe = 1;
static bool every_frame;

static bool asking;			/* for answers to labels 3 and 10 */
static bool answered_params, answered_serial, told_silence;
static int mode;			/* of label 8, -1: not sent */
static int mode_wanted;
static bool is_rdm;			/* a firmware without labels 8 and 9 */

/* -------------------------------------------------------------- the lines */

static void
on_frame(const struct clasp_line *line, void *user)
{
	(void)user;
	if (show)
		clasp_show_touch(show, universe);
	if (!show || cli.url_given)
		clasp_bridge_emit(bridge, line);
	if (options.once)
		clasp_bridge_finish(bridge);
}

/* ------------------------------------------------------------- the widget */

/* Label 8, when the port can take it; else with the next data. */
static void
set_mode(void)
{
	uint8_t packet[CLASP_ENTTEC_MAX], value = (uint8_t)mode_wanted;
	int n;

	if (!port || port_config.raw || asking || mode == mode_wanted)
		return;
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_RECEIVE_MODE, &value, 1);
	if (clasp_port_send(port, packet, (size_t)n))
		mode = mode_wanted;
}

static void
asked(void)
{
	uv_timer_stop(&answer_timer);
	asking = false;
	if (!answered_params && !answered_serial && !told_silence) {
		cli_note(subject, "the widget does not answer; going on");
		told_silence = true;
	}
	set_mode();
}

static void
on_answer_timeout(uv_timer_t *timer)
{
	(void)timer;
	asked();
}

static void
on_answer(const struct clasp_enttec_msg *msg)
{
	struct clasp_enttec_params params;
	char serial[9];

	if (msg->label == CLASP_ENTTEC_GET_PARAMS &&
	    clasp_enttec_decode_params(msg, &params) == 0) {
		answered_params = true;
		is_rdm = params.firmware_high == 2;
		cli_verbose(subject, "firmware %d.%d, break %.1f us, MAB "
		    "%.1f us, %d Hz", params.firmware_high,
		    params.firmware_low, clasp_enttec_us(params.break_units),
		    clasp_enttec_us(params.mab_units), params.rate_hz);
	} else if (msg->label == CLASP_ENTTEC_GET_SERIAL &&
	    clasp_enttec_decode_serial(msg, serial) == 0) {
		answered_serial = true;
		cli_verbose(subject, "serial %s", serial);
	}
	if (asking && answered_params && answered_serial)
		asked();
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	unsigned long before = rx.frames;

	(void)user;
	on_answer(msg);
	clasp_enttec_rx(&rx, msg);
	/* changes never bring a whole frame: ask for them only after one */
	if (rx.frames != before && !every_frame && !is_rdm)
		mode_wanted = 1;
}

/* ----------------------------------------------------- the port's events */

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	uint8_t ask[2 * CLASP_ENTTEC_MAX];
	int n;

	(void)user;
	clasp_bridge_device_open(bridge, back);
	clasp_enttec_reset(&scanner);
	clasp_dmxin_forget(rx.universe);
	rx.start = 0;
	if (port_config.raw)
		return;
	n = clasp_enttec_encode(ask, CLASP_ENTTEC_GET_SERIAL, NULL, 0);
	n += clasp_enttec_encode(ask + n, CLASP_ENTTEC_GET_PARAMS,
	    (const uint8_t *)"\0\0", 2);
	asking = true;
	answered_params = answered_serial = is_rdm = false;
	mode = -1;
	mode_wanted = 0;
	uv_timer_start(&answer_timer, on_answer_timeout, ANSWER_MS, 0);
	clasp_port_send(p, ask, (size_t)n);
}

static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)p;
	(void)user;
	clasp_enttec_feed(&scanner, bytes, n);
	set_mode();
	clasp_bridge_taken(bridge);
}

static void
on_sent(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
	set_mode();
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
	clasp_enttec_end(&scanner);
	clasp_bridge_source_ended(bridge);
}

static void
on_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	(void)user;
	uv_timer_stop(&answer_timer);
	asking = false;
	clasp_bridge_device_lost(bridge, why);
}

/* --------------------------------------------------- the bridge's events */

static void
finish(void *user)
{
	(void)user;
	uv_timer_stop(&answer_timer);
	clasp_port_close(port);
	port = NULL;
	if (show)
		clasp_show_end(show);
	clasp_bridge_leave(bridge);
}

static void
again(void *user)
{
	(void)user;
	clasp_dmxin_repeat(rx.in);
}

static void
flow(bool on, void *user)
{
	(void)user;
	if (port)
		clasp_port_read(port, on);
}

static void
close_all(void *user)
{
	(void)user;
	if (show)
		clasp_show_close(show);
	uv_close((uv_handle_t *)&answer_timer, NULL);
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
		universe = (unsigned)cli_arg_number(0,
		    CLASP_DMX_UNIVERSE_MAX);
		break;
	case OPT_FLAT:
		config.flat = true;
		break;
	case OPT_MODE:
		config.whole = cli_arg_word() == 1;
		break;
	case OPT_EVERY_FRAME:
		every_frame = true;
		break;
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	if (!device)
		cli_usage("no device given: -d DEVICE, or - for stdin");
	config.prefix = clasp_bridge_namespace(&options, "/dmx",
	    CLASP_DMXIN_PREFIX_MAX, false);
	config.repeat = every_frame;
	port_config.wait = options.wait;
	port_config.line.path = device;
	port_config.line.baud = BAUD;
	port_config.line.stop_bits = 1;
	port_config.raw = strcmp(device, "-") == 0;
	subject = port_config.raw ? "stdin" : device;
}

/* ------------------------------------------------------------------- main */

static void
count_drops(struct clasp_counts *counts)
{
	int i;

	for (i = 0; i < CLASP_ENTTEC_RX_DROPS; i++)
		clasp_counts_add(counts, subject,
		    clasp_enttec_rx_drop_name(i), &rx.drops[i]);
	clasp_counts_add(counts, subject, "bytes outside of messages",
	    &scanner.skipped);
}

static void
open_device(uv_loop_t *loop)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	char why[CLASP_SERIAL_WHY];

	rx.in = clasp_dmxin_new(&config, on_frame, NULL);
	rx.universe = rx.in ? clasp_dmxin_universe(rx.in, universe) : NULL;
	if (!rx.universe)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	clasp_enttec_init(&scanner, on_message, NULL);
	uv_timer_init(loop, &answer_timer);
	if (clasp_port_new(loop, &port_config, &events, NULL, &port,
	    why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
}

static const uint8_t *
levels(unsigned number, unsigned *slots, void *user)
{
	(void)number;
	(void)user;
	*slots = rx.universe->slots;
	return rx.universe->level;
}

static void
start_show(void)
{
	const struct clasp_show_config showing = {
		.prefix = config.prefix,
		.style = options.show_style,
		.keys = !port_config.raw,
		.levels = levels
	};

	show = clasp_show_new(bridge, &showing);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "dmx",
		.options = &options,
		.source = true,
		.finish = finish,
		.again = again,
		.flow = flow,
		.close = close_all
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();

	bridging.device = subject;
	bridging.base = config.prefix;
	bridge = clasp_bridge_new(&bridging);
	count_drops(clasp_bridge_counts(bridge));
	if (options.show)
		start_show();
	open_device(clasp_bridge_loop(bridge));
	clasp_bridge_run(bridge);
	clasp_dmxin_free(rx.in);
	cli_end();
}
