/*
 * clasp-midi-out.c - lines in, MIDI out; with --both the other way too.
 *
 *	lines --> bridge/midisides --> port
 */

#include "bridge/midisides.h"
#include "tool/cli.h"

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "PORT",
	    "raw:PATH, serial:PATH[@BAUD], - for stdout, or part of a port's "
	    "name; default: the first port", CLI_ARG,
	    CLI_COMPLETE_DEVICE, NULL },
	{ OPT_AS, 0, "as", "NAME", "the device's name in addresses; default: "
	    "default", CLI_ARG, 0, NULL },
	{ OPT_PROFILE, 0, "profile", "NAME", "raw (ints, channels 0-15; the "
	    "default) or doc (0.0-1.0, channels 1-16)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "raw doc" },
	{ OPT_CLOCK, 0, "clock", NULL, "send the timing clock", 0, 0, NULL },
	{ OPT_SYSEX, 0, "sysex", NULL, "send SysEx", 0, 0, NULL },
	{ OPT_MTC, 0, "mtc", NULL, "send MIDI time code", 0, 0, NULL },
	{ OPT_CC14, 0, "cc14", "LIST", "with --both: controllers 0-31 that "
	    "are read 14 bit wide, as 1,7-9", CLI_ARG, 0, NULL },
	{ OPT_NRPN, 0, "nrpn", "7", "with 7: values of NRPNs are 7 bit wide; "
	    "with --both they are read, too", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_RPN, 0, "rpn", "7", "the same for RPNs", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_IN_PORT, 0, "in-port", "PORT", "with --both: where to read, "
	    "instead of -d", CLI_ARG, CLI_COMPLETE_DEVICE, NULL },
	{ OPT_OUT_PORT, 0, "out-port", "PORT", "with --both: where to send, "
	    "instead of -d", CLI_ARG, CLI_COMPLETE_DEVICE, NULL },
	{ OPT_RUNNING_STATUS, 0, "running-status", NULL, "leave out a status "
	    "byte that is the one before", 0, 0, NULL },
	{ CLI_ON_EXIT, 0, "on-exit", "HOW", "release (end every note that "
	    "sounds; the default) or hold", CLI_ARG, CLI_COMPLETE_WORDS,
	    "release hold" },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_device_options, cli_bridge_options,
	cli_bridge_both_options,
	cli_bridge_out_options, cli_bridge_in_options, cli_map_options,
	cli_link_options, cli_stop_options, cli_input_options, cli_run_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"play a note for a second",
	"(echo '/midi/default/ch/0/note event {\"note\":60,\"velocity\":100}'; "
	    "sleep 1) | clasp-midi-out",
	"what a relay has for the desk, to a serial line",
	"clasp-midi-out -d serial:/dev/ttyUSB0 --as desk -u @stage",
	"look at the bytes, no hardware",
	"echo '/midi/default/ch/0/cc/7 127' | clasp-midi-out -d - | xxd -p",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-midi-out",
	.operands = "",
	.summary = "CLASP lines as MIDI messages",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_midisides_config config = {
	.options = &options,
	.in = false
};

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "midi",
		.options = &options
	};
	struct clasp_midisides *sides;
	struct clasp_bridge *bridge;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		clasp_midisides_option(&config, id);
	cli_check_count(0, 0, NULL);

	sides = clasp_midisides_new(&config);
	clasp_midisides_attach(sides, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_midisides_start(sides, bridge);
	clasp_bridge_run(bridge);
	clasp_midisides_free(sides);
	cli_end();
}
