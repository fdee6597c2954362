/*
 * clasp-midi-in.c - MIDI in, lines out.
 *
 * Bytes come from a port; the byte parser and the translation are
 * proto/midi and proto/midimap; what becomes of the lines is the bridge's.
 */

#include "midisides.h"

#include "bridge/bridge.h"
#include "tool/lineio.h"

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "PORT",
	    "raw:PATH, serial:PATH[@BAUD], - for stdin, or part of a port's "
	    "name; default: the only port there is", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_AS, 0, "as", "NAME", "the device's name in addresses; default: "
	    "default", CLI_ARG, 0, NULL },
	{ OPT_PROFILE, 0, "profile", "NAME", "raw (ints, channels 0-15; the "
	    "default) or doc (0.0-1.0, channels 1-16)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "raw doc" },
	{ OPT_CLOCK, 0, "clock", NULL, "carry the timing clock", 0, 0, NULL },
	{ OPT_SYSEX, 0, "sysex", NULL, "carry SysEx", 0, 0, NULL },
	{ OPT_MTC, 0, "mtc", NULL, "carry MIDI time code", 0, 0, NULL },
	{ OPT_CC14, 0, "cc14", "LIST", "controllers 0-31 that are 14 bit "
	    "wide, as 1,7-9", CLI_ARG, 0, NULL },
	{ OPT_NRPN, 0, "nrpn", "7", "read NRPNs; with 7 their values are 7 "
	    "bit wide", CLI_ARG_MAYBE, CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_RPN, 0, "rpn", "7", "the same for RPNs", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "7 14" },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_device_options, cli_bridge_options,
	cli_bridge_in_options, cli_map_options, cli_link_options,
	cli_output_options, cli_stop_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"what a controller sends, as lines",
	"clasp-midi-in -d /dev/snd/midiC1D0",
	"a pianist for everybody on a relay",
	"clasp-midi-in --as piano -u ws://stage:7330/clasp",
	"three bytes, no hardware",
	"printf '\\260\\007\\177' | clasp-midi-in -d -",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-midi-in",
	.operands = "",
	.summary = "MIDI messages as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_port *port;
static struct clasp_midi midi;
static struct clasp_midimap *midimap;
static struct clasp_port_config device;
static const char *subject;		/* the port, for people */

/* -------------------------------------------------------------- the lines */

static void
on_midi_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_bridge_emit(bridge, line);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	(void)user;
	clasp_midimap_in(midimap, msg);
}

/* --------------------------------------------------- the bridge's events */

static void
finish(void *user)
{
	(void)user;
	clasp_port_close(port);
	port = NULL;
	clasp_bridge_leave(bridge);
}

static void
flow(bool on, void *user)
{
	(void)user;
	if (port)
		clasp_port_read(port, on);
}

/* ----------------------------------------------------- the port's events */

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	(void)p;
	(void)user;
	clasp_bridge_device_open(bridge, back);
	clasp_midi_clear(&midi);
}

static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)p;
	(void)user;
	clasp_midi_feed(&midi, bytes, n);
	clasp_bridge_taken(bridge);
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
	clasp_bridge_source_ended(bridge);
}

static void
on_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	(void)user;
	clasp_bridge_device_lost(bridge, why);
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
	struct clasp_counts *counts = clasp_bridge_counts(bridge);
	char why[CLASP_SERIAL_WHY];
	int i;

	clasp_midi_init(&midi, on_message, NULL);
	for (i = 0; i < CLASP_MIDI_DROPS; i++)
		clasp_counts_add(counts, subject, clasp_midi_drop_name(i),
		    &midi.drops[i]);
	midimap = clasp_midimap_new(&translation, on_midi_line, NULL);
	if (!midimap)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	device.wait = options.wait;
	if (clasp_port_new(loop, &device, &events, NULL, &port, why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "midi",
		.options = &options,
		.source = true,
		.remember = true,
		.finish = finish,
		.flow = flow
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_midi_option(id);
	cli_check_count(0, 0, NULL);
	cli_out_check();
	make_base(&options);
	subject = choose_port(&device, device_name, "stdin");

	bridging.device = subject;
	bridging.base = clasp_str_c(translation.base);
	bridge = clasp_bridge_new(&bridging);
	open_device(clasp_bridge_loop(bridge));
	clasp_bridge_run(bridge);
	clasp_midi_clear(&midi);
	clasp_midimap_free(midimap);
	cli_end();
}
