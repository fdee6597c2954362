/*
 * clasp-sacn-in.c - streaming ACN in, lines out.
 *
 *	udp --> bridge/sacnrecv --> bridge
 */

#include "bridge/network.h"
#include "bridge/sacnrecv.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/portfile.h"

enum {
	OPT_UNIVERSES = CLI_OWN, OPT_PORT, OPT_MODE, OPT_STATUS, OPT_PREVIEW,
	OPT_ON_LOSS, OPT_PORT_FILE
};

static const struct cli_option own_options[] = {
	{ OPT_UNIVERSES, 'U', "universe", "LIST", "universes, as 1-4,7; "
	    "needed", CLI_ARG, 0, NULL },
	{ OPT_PORT, 'p', "port", "PORT", "UDP port; default 5568; 0: one that "
	    "is free", CLI_ARG, 0, NULL },
	{ OPT_PORT_FILE, 0, "port-file", "FILE", "write the port's number to "
	    "FILE", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OPT_MODE, 0, "mode", "HOW", "channel (a param each; the default) or "
	    "universe (a frame as bytes)", CLI_ARG, CLI_COMPLETE_WORDS,
	    "channel universe" },
	{ OPT_STATUS, 0, "status", NULL, "tell who sends, as /sacn/U/status, "
	    "when it changes", 0, 0, NULL },
	{ OPT_PREVIEW, 0, "preview", NULL, "take packets that are marked as "
	    "preview, too", 0, 0, NULL },
	{ OPT_ON_LOSS, 0, "on-loss", "HOW", "when the last source is gone: "
	    "hold (its levels stay; the default) or blackout", CLI_ARG,
	    CLI_COMPLETE_WORDS, "hold blackout" },
	{ CLI_ONCE, 0, "once", NULL, "end when every universe has had a "
	    "frame", 0, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_network_options, cli_network_in_options,
	cli_show_options, cli_bridge_options, cli_bridge_in_options,
	cli_map_options, cli_link_options, cli_output_options,
	cli_stop_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"what a console sends on universes 1 to 4",
	"clasp-sacn-in -U 1-4 --interface eth0",
	"the look on stage now, into a file",
	"clasp-sacn-in -U 1 --interface eth0 --once > look.clasp",
	"watch levels in the terminal",
	"clasp-sacn-in -U 1-4 --interface eth0 --show=pct",
	"into a relay, with who sends",
	"clasp-sacn-in -U 1-4 --interface eth0 --status "
	    "-u ws://stage:7330/clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-sacn-in",
	.operands = "",
	.summary = "sACN (ANSI E1.31) as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_netif interface;
static struct clasp_numset universes;
static struct clasp_sacnrecv_config config = {
	.options = &options,
	.interface = &interface,
	.port = CLASP_SACN_PORT
};
static const char *port_file;

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		clasp_bridge_arg_universes(&universes, 1,
		    CLASP_SACN_UNIVERSE_MAX);
		config.universes = &universes;
		break;
	case OPT_PORT:
		config.port = (unsigned)cli_arg_number(0, 65535);
		break;
	case OPT_PORT_FILE:
		port_file = cli_arg_file();
		break;
	case CLI_LIST:
		clasp_network_list();
		cli_end();
	case OPT_MODE:
		config.whole = cli_arg_word() == 1;
		break;
	case OPT_STATUS:
		config.status = true;
		break;
	case OPT_PREVIEW:
		config.preview = true;
		break;
	case OPT_ON_LOSS:
		config.blackout = cli_arg_word() == 1;
		break;
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	clasp_bridge_options_check(&options, true);
	if (!config.universes)
		cli_usage("no universe given: -U LIST");
	clasp_network_interface(options.interface, &interface);
	config.prefix = clasp_bridge_namespace(&options, "/sacn",
	    CLASP_DMXIN_PREFIX_MAX, false);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "sacn",
		.options = &options
	};
	struct clasp_sacnrecv *receiver;
	struct clasp_bridge *bridge;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	cli_portfile_begin(port_file);

	receiver = clasp_sacnrecv_new(&config);
	clasp_sacnrecv_attach(receiver, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_sacnrecv_start(receiver, bridge);
	clasp_network_port_file(port_file, clasp_sacnrecv_number(receiver));
	clasp_bridge_device_open(bridge, false);
	clasp_bridge_run(bridge);
	clasp_sacnrecv_free(receiver);
	cli_end();
}
