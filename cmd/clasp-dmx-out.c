/*
 * clasp-dmx-out.c - lines in, DMX frames out.
 *
 *	lines --> bridge/frames --tick--> bridge/dmxsink
 *
 * One frame is on its way at a time, and what changes meanwhile is in the
 * next one, so nothing is ever queued behind an older look.
 */

#include "bridge/dmxsink.h"
#include "tool/cli.h"

#define RATE_HZ		40
#define KEEPALIVE_US	1000000

enum {
	OPT_DEVICE = CLI_OWN, OPT_DRIVER, OPT_UNIVERSE, OPT_FLAT, OPT_SLOTS,
	OPT_BREAK, OPT_MAB, OPT_FORCE, OPT_BOTH
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE",
	    "the serial port, or - for packets on stdout; of uDMX its name",
	    CLI_ARG, CLI_COMPLETE_DEVICE, NULL },
	{ OPT_DRIVER, 0, "driver", "NAME", "what the device is: enttec-pro "
	    "(the default), opendmx, udmx or raw", CLI_ARG,
	    CLI_COMPLETE_WORDS, CLASP_DMXSINK_DRIVERS },
	{ OPT_UNIVERSE, 'U', "universe", "N", "universe; default 1; N,M: the "
	    "two outputs of an ultraDMX", CLI_ARG, 0, NULL },
	{ OPT_FLAT, 0, "flat", NULL, "take /dmx/C too", 0, 0, NULL },
	{ OPT_SLOTS, 0, "slots", "N", "slots in a frame, 24-512 (udmx and raw "
	    "1-512); default 512", CLI_ARG, 0, NULL },
	{ OPT_BREAK, 0, "break", "US", "the break: set in the widget, made by "
	    "opendmx", CLI_ARG, 0, NULL },
	{ OPT_MAB, 0, "mab", "US", "the mark after break, likewise",
	    CLI_ARG, 0, NULL },
	{ OPT_FORCE, 0, "force", NULL, "with udmx: take a device that calls "
	    "itself something else", 0, 0, NULL },
	{ OPT_BOTH, 0, "both", NULL, "refused: one direction at a time",
	    CLI_HIDDEN, 0, NULL },
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
static struct clasp_dmxsink *device;
static struct clasp_numset universes;	/* one; of a widget two */
static struct clasp_dmxsink_config config = {
	.options = &options,
	.universes = &universes,
	.slots = CLASP_DMX_SLOTS
};
static struct clasp_frames_config framing = {
	.options = &options,
	.base = "/dmx",
	.model = { .only = &universes },
	.rate_hz = RATE_HZ,
	.keepalive_us = KEEPALIVE_US
};
static bool list;

static bool
ready(void *user)
{
	(void)user;
	return clasp_dmxsink_ready(device);
}

static bool
send_frame(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	(void)tick_us;
	(void)user;
	return clasp_dmxsink_send(device, u);
}

static void
sent(unsigned n, void *user)
{
	(void)n;
	(void)user;
	clasp_dmxsink_sent(device);
}

static void
done(void *user)
{
	(void)user;
	clasp_dmxsink_close(device);
	clasp_bridge_leave(bridge);
}

/* ---------------------------------------------------------------- options */

static void
take_option(int id)
{
	switch (id) {
	case OPT_DEVICE:
		config.device = cli_arg();
		break;
	case OPT_DRIVER:
		config.driver = (unsigned)cli_arg_word();
		break;
	case CLI_LIST:
		list = true;
		break;
	case OPT_UNIVERSE:
		clasp_bridge_arg_universes(&universes, 0,
		    CLASP_DMX_UNIVERSE_MAX);
		break;
	case OPT_FLAT:
		framing.model.flat = true;
		break;
	case OPT_SLOTS:
		config.slots = (unsigned)cli_arg_number(1, CLASP_DMX_SLOTS);
		break;
	case OPT_BREAK:
		config.break_us = cli_arg_float(1, 1e6);
		break;
	case OPT_MAB:
		config.mab_us = cli_arg_float(1, 1e6);
		break;
	case OPT_FORCE:
		config.force = true;
		break;
	case OPT_BOTH:
		cli_usage("--both: one DMX interface has one direction at a "
		    "time; clasp-dmx-in receives");
	}
}

static void
check_options(void)
{
	const char *why;

	if (list) {
		clasp_dmxsink_list(config.driver);
		cli_end();
	}
	cli_check_count(0, 0, NULL);
	if (clasp_numset_count(&universes) == 0)
		clasp_numset_add(&universes, 1);
	framing.model.flat_universe =
	    (unsigned)clasp_numset_next(&universes, 0);
	why = clasp_dmxsink_check(&config);
	if (why)
		cli_usage("%s", why);
}

/* ------------------------------------------------------------------- main */

static void
close_device(void *user)
{
	(void)user;
	clasp_dmxsink_end(device);
}

/* They are there from the start: receivers want a signal. */
static void
make_universes(struct clasp_dmx *dmx)
{
	int n;

	for (n = clasp_numset_next(&universes, 0); n >= 0;
	    n = clasp_numset_next(&universes, (unsigned)n + 1))
		if (!clasp_dmx_universe(dmx, (unsigned)n))
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "dmx",
		.options = &options
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	framing.slots = config.slots;
	framing.ready = ready;
	framing.send = send_frame;
	framing.sent = sent;
	framing.done = done;
	framing.close = close_device;
	bridging.device = config.device ? config.device : "uDMX";

	frames = clasp_frames_new(&framing);
	make_universes(clasp_frames_dmx(frames));
	clasp_frames_attach(frames, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_frames_start(frames, bridge);
	config.bridge = bridge;
	config.frames = frames;
	device = clasp_dmxsink_open(&config);
	clasp_bridge_run(bridge);
	clasp_dmxsink_free(device);
	clasp_frames_free(frames);
	cli_end();
}
