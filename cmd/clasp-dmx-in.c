/*
 * clasp-dmx-in.c - DMX frames in, lines out.
 *
 *	bridge/widget --> proto/enttec --> proto/dmxin --> bridge
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bridge/show.h"
#include "bridge/widget.h"
#include "proto/dmxin.h"
#include "proto/enttec.h"
#include "tool/cli.h"
#include "tool/lineio.h"

enum {
	OPT_DEVICE = CLI_OWN, OPT_DRIVER, OPT_UNIVERSE, OPT_FLAT, OPT_MODE,
	OPT_EVERY_FRAME, OPT_SLOTS, OPT_BOTH
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE",
	    "the widget's serial port, or - for packets on stdin", CLI_ARG,
	    CLI_COMPLETE_DEVICE, NULL },
	{ OPT_DRIVER, 0, "driver", "NAME", "what the device is: enttec-pro "
	    "(the default) or raw (frames and nothing around them)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "enttec-pro raw" },
	{ OPT_UNIVERSE, 'U', "universe", "N", "universe; default 1", CLI_ARG,
	    0, NULL },
	{ OPT_FLAT, 0, "flat", NULL, "/dmx/C without the universe", 0, 0,
	    NULL },
	{ OPT_MODE, 0, "mode", "HOW", "channel (a param each; the default) or "
	    "universe (a frame as bytes)", CLI_ARG, CLI_COMPLETE_WORDS,
	    "channel universe" },
	{ OPT_EVERY_FRAME, 0, "every-frame", NULL, "have the widget send "
	    "every frame, not only changes", 0, 0, NULL },
	{ OPT_SLOTS, 0, "slots", "N", "with raw: slots in a frame, 1-512; "
	    "default 512", CLI_ARG, 0, NULL },
	{ OPT_BOTH, 0, "both", NULL, "refused: one direction at a time",
	    CLI_HIDDEN, 0, NULL },
	{ CLI_ONCE, 0, "once", NULL, "end after the first frame", 0, 0,
	    NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_show_options, cli_device_options, cli_bridge_options,
	cli_bridge_in_options, cli_map_options, cli_link_options,
	cli_output_options, cli_stop_options, cli_run_options,
	cli_basic_options, NULL
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
static struct clasp_widget *widget;
static struct clasp_enttec_rx rx;

static const char *device, *subject;
static struct clasp_widget_config widget_config;
static struct clasp_dmxin_config config;
static unsigned universe = 1;
static bool every_frame;
static bool any;			/* a frame came */
static bool raw;			/* --driver raw */
static unsigned slots;			/* of its frames; 0: not given */

static int mode;			/* of label 8, -1: not sent */
static int mode_wanted;
static bool is_rdm;			/* a firmware without labels 8 and 9 */

/* -------------------------------------------------------------- the lines */

static void
on_frame(const struct clasp_line *line, void *user)
{
	(void)user;
	any = true;
	clasp_show_touch(show, universe);
	clasp_show_emit(show, bridge, line);
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

	if (!widget || is_rdm || mode == mode_wanted)
		return;
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_RECEIVE_MODE, &value, 1);
	if (clasp_widget_send(widget, packet, (size_t)n))
		mode = mode_wanted;
}

static void
on_ready(const struct clasp_widget_info *info, void *user)
{
	(void)user;
	is_rdm = info->has_params && info->params.firmware_high == 2;
	set_mode();
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	unsigned long before = rx.frames;

	(void)user;
	clasp_enttec_rx(&rx, msg);
	/* changes never bring a whole frame: ask for them only after one */
	if (rx.frames != before && !every_frame)
		mode_wanted = 1;
}

static void
on_open(bool again, void *user)
{
	(void)user;
	clasp_bridge_device_open(bridge, again);
	clasp_dmxin_forget(rx.universe);
	rx.start = 0;
	is_rdm = false;
	mode = -1;
	mode_wanted = 0;
}

static void
on_taken(void *user)
{
	(void)user;
	set_mode();
	clasp_bridge_taken(bridge);
}

static void
on_sent(void *user)
{
	(void)user;
	set_mode();
}

static void
on_end(const char *why, void *user)
{
	(void)user;
	if (options.once && !any)
		cli_fail(CLI_NO);	/* an empty look is no look */
	clasp_bridge_source_over(bridge, why);
}

static void
on_lost(const char *why, void *user)
{
	(void)user;
	clasp_bridge_device_lost(bridge, why);
}

/* ------------------------------------------- frames with nothing around */

static struct clasp_port *port;
static uint8_t frame[1 + CLASP_DMX_SLOTS];
static size_t got;			/* bytes of it */

static void
raw_open(struct clasp_port *p, bool again, void *user)
{
	(void)p;
	got = 0;
	on_open(again, user);
}

static void
raw_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	size_t take;

	(void)p;
	for (; n > 0; n -= take, bytes += take) {
		take = slots + 1 - got < n ? slots + 1 - got : n;
		memcpy(frame + got, bytes, take);
		got += take;
		if (got < slots + 1)
			break;
		got = 0;
		if (frame[0] == 0)
			clasp_dmxin_frame(rx.in, rx.universe, frame + 1,
			    slots);
		else
			rx.drops[CLASP_ENTTEC_RX_START]++;
	}
	on_taken(user);
}

static void
raw_end(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	if (got > 0)
		rx.drops[CLASP_ENTTEC_RX_SHORT]++;
	on_end(why, user);
}

static void
raw_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	on_lost(why, user);
}

/* --------------------------------------------------- the bridge's events */

static void
finish(void *user)
{
	(void)user;
	clasp_widget_close(widget);
	clasp_port_close(port);
	port = NULL;
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
	else if (widget)
		clasp_widget_read(widget, on);
}

static void
close_all(void *user)
{
	(void)user;
	clasp_show_close(show);
	clasp_widget_close(widget);
	clasp_port_close(port);
}

/* ---------------------------------------------------------------- options */

static void
list_port(const char *path, const char *what, void *user)
{
	(void)user;
	printf("%s\t%s\n", path, what);
}

/* A driver that is there, but for output only, is refused by name. */
static void
check_driver(const char *name)
{
	if (strcmp(name, "opendmx") == 0 || strcmp(name, "udmx") == 0)
		cli_arg_bad("%s only sends", name);
	raw = strcmp(name, "raw") == 0;
	if (!raw && strcmp(name, "enttec-pro") != 0)
		cli_arg_bad("'%s' is no driver; there are enttec-pro and raw",
		    name);
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
	case OPT_SLOTS:
		slots = (unsigned)cli_arg_number(1, CLASP_DMX_SLOTS);
		break;
	case OPT_BOTH:
		cli_usage("--both: one DMX interface has one direction at a "
		    "time; clasp-dmx-out sends");
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	if (!device)
		cli_usage("no device given: -d DEVICE, or - for stdin");
	if (slots > 0 && !raw)
		cli_usage("--slots: a widget says how many there are; only "
		    "with --driver raw");
	if (slots == 0)
		slots = CLASP_DMX_SLOTS;
	config.prefix = clasp_bridge_namespace(&options, "/dmx",
	    CLASP_DMXIN_PREFIX_MAX, false);
	config.repeat = every_frame;
	widget_config.port.wait = options.wait;
	widget_config.port.line.path = device;
	widget_config.port.raw = raw || strcmp(device, "-") == 0;
	subject = strcmp(device, "-") == 0 ? "stdin" : device;
	widget_config.subject = subject;
}

/* ------------------------------------------------------------------- main */

static void
count_drops(struct clasp_counts *counts)
{
	int i;

	for (i = 0; i < CLASP_ENTTEC_RX_DROPS; i++)
		clasp_counts_add(counts, subject,
		    clasp_enttec_rx_drop_name(i), &rx.drops[i]);
	if (widget)
		clasp_counts_add(counts, subject, "bytes outside of messages",
		    clasp_widget_skipped(widget));
}

static void
open_device(uv_loop_t *loop)
{
	static const struct clasp_widget_events events = {
		.open = on_open,
		.lost = on_lost,
		.sent = on_sent,
		.end = on_end,
		.ready = on_ready,
		.message = on_message,
		.taken = on_taken
	};
	static const struct clasp_port_events raw_events = {
		.open = raw_open,
		.data = raw_data,
		.end = raw_end,
		.lost = raw_lost
	};
	char why[CLASP_SERIAL_WHY];
	int error;

	rx.in = clasp_dmxin_new(&config, on_frame, NULL);
	rx.universe = rx.in ? clasp_dmxin_universe(rx.in, universe) : NULL;
	if (!rx.universe)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	error = raw ? clasp_port_new(loop, &widget_config.port, &raw_events,
	    NULL, &port, why) : clasp_widget_new(loop, &widget_config,
	    &events, NULL, &widget, why);
	if (error)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
}

static const uint8_t *
levels(unsigned number, unsigned *n, void *user)
{
	(void)number;
	(void)user;
	*n = rx.universe->slots;
	return rx.universe->level;
}

static void
start_show(void)
{
	const struct clasp_show_config showing = {
		.prefix = config.prefix,
		.style = options.show_style,
		.keys = strcmp(device, "-") != 0 || !isatty(STDIN_FILENO),
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
	if (options.show)
		start_show();
	open_device(clasp_bridge_loop(bridge));
	count_drops(clasp_bridge_counts(bridge));
	clasp_bridge_run(bridge);
	clasp_widget_free(widget);
	clasp_dmxin_free(rx.in);
	cli_end();
}
