/*
 * clasp-artnet-in.c - Art-Net in, lines out.
 *
 *	udp --> bridge/artlink --> bridge/artrecv --> bridge
 */

#include <stdio.h>

#include "bridge/artrecv.h"
#include "bridge/network.h"
#include "tool/cli.h"
#include "tool/lineio.h"

enum {
	OPT_UNIVERSES = CLI_OWN, OPT_PORT, OPT_PORT_FILE, OPT_MODE,
	OPT_SPLIT, OPT_MERGE, OPT_ON_LOSS, OPT_SOURCE, OPT_REPLY_BROADCAST
};

static const struct cli_option own_options[] = {
	{ OPT_UNIVERSES, 'U', "universe", "LIST", "universes, as 0-3,16; "
	    "default all", CLI_ARG, 0, NULL },
	{ OPT_PORT, 'p', "port", "PORT", "UDP port; default 6454; 0: one that "
	    "is free", CLI_ARG, 0, NULL },
	{ OPT_PORT_FILE, 0, "port-file", "FILE", "write the port's number to "
	    "FILE", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OPT_MODE, 0, "mode", "HOW", "channel (a param each; the default) or "
	    "universe (a frame as bytes)", CLI_ARG, CLI_COMPLETE_WORDS,
	    "channel universe" },
	{ OPT_SPLIT, 0, "split", NULL, "addresses as /artnet/N/S/U/C: net, "
	    "sub-net, universe", 0, 0, NULL },
	{ OPT_MERGE, 0, "merge", "HOW", "two sources of a universe: htp (the "
	    "highest level; the default) or ltp (the newest change)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "htp ltp" },
	{ OPT_ON_LOSS, 0, "on-loss", "HOW", "when the last source is silent "
	    "for 10 s: hold (its levels stay; the default) or blackout",
	    CLI_ARG, CLI_COMPLETE_WORDS, "hold blackout" },
	{ OPT_SOURCE, 0, "source", "NAME", "what controllers call us; default "
	    "clasp-artnet-in", CLI_ARG, 0, NULL },
	{ OPT_REPLY_BROADCAST, 0, "reply-broadcast", NULL, "answer "
	    "controllers by broadcast", 0, 0, NULL },
	{ CLI_INTERFACE, 0, "interface", "IF|ADDR", "the network interface, "
	    "by its name or address; default all", CLI_ARG,
	    CLI_COMPLETE_LISTED, NULL },
	{ CLI_ONCE, 0, "once", NULL, "end after the first frame", 0, 0,
	    NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_network_options, cli_network_in_options,
	cli_show_options, cli_bridge_options, cli_bridge_in_options,
	cli_map_options, cli_link_options, cli_output_options,
	cli_stop_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"what controllers send to universes 0 to 3",
	"clasp-artnet-in -U 0-3",
	"the look on stage now, into a file",
	"clasp-artnet-in -U 0 --once > look.clasp",
	"watch levels in the terminal",
	"clasp-artnet-in --show=pct",
	"into a relay, with one interface of several",
	"clasp-artnet-in -U 0-3 --interface eth0 -u ws://stage:7330/clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-artnet-in",
	.operands = "",
	.summary = "Art-Net as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_artlink port;
static struct clasp_artrecv receiver = { .options = &options, .link = &port };
static struct clasp_artlink_config linking = {
	.port = CLASP_ARTNET_PORT,
	.name = { "clasp-artnet-in", 15 }
};
static struct clasp_artin_config receiving;
static struct clasp_numset universes;
static const char *port_file;
static char device[48];			/* for people */

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		clasp_bridge_arg_universes(&universes, 0,
		    CLASP_ARTNET_UNIVERSE_MAX);
		receiving.only = &universes;
		break;
	case OPT_PORT:
		linking.port = (unsigned)cli_arg_number(0, 65535);
		break;
	case OPT_PORT_FILE:
		port_file = cli_arg_file();
		break;
	case OPT_MODE:
		receiving.lines.whole = cli_arg_word() == 1;
		break;
	case OPT_SPLIT:
		receiver.split = true;
		break;
	case OPT_MERGE:
		receiving.ltp = cli_arg_word() == 1;
		break;
	case OPT_ON_LOSS:
		receiving.blackout = cli_arg_word() == 1;
		break;
	case OPT_SOURCE:
		linking.name = clasp_artlink_arg_name();
		break;
	case OPT_REPLY_BROADCAST:
		linking.reply_broadcast = linking.find_interface = true;
		break;
	case CLI_LIST:
		clasp_network_list();
		cli_end();
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	clasp_bridge_options_check(&options, true);
	receiver.prefix = clasp_bridge_namespace(&options, "/artnet",
	    CLASP_DMXIN_PREFIX_MAX, false);
	snprintf(device, sizeof device, "port %u", linking.port);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "artnet",
		.device = device,
		.options = &options
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();

	clasp_artrecv_attach(&receiver, &bridging);
	receiver.bridge = clasp_bridge_new(&bridging);
	clasp_artrecv_listen(&receiver, &linking, &receiving);
	clasp_network_port_file(port_file, clasp_artlink_port(&port));
	clasp_bridge_device_open(receiver.bridge, false);
	clasp_bridge_run(receiver.bridge);
	clasp_artrecv_free(&receiver);
	cli_end();
}
