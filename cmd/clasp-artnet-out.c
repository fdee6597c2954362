/*
 * clasp-artnet-out.c - lines in, Art-Net out; with --both the other way too.
 *
 *	lines --> bridge/artsend --> udp
 */

#include "bridge/artsend.h"
#include "bridge/artlink.h"
#include "tool/cli.h"

enum {
	OPT_UNIVERSES = CLI_OWN, OPT_PORT, OPT_SPLIT, OPT_TO, OPT_BROADCAST,
	OPT_LIMITED, OPT_SLOTS, OPT_SYNC, OPT_SOURCE, OPT_REPLY_BROADCAST,
	OPT_MERGE, OPT_ON_LOSS
};

static const struct cli_option own_options[] = {
	{ OPT_UNIVERSES, 'U', "universe", "LIST", "universes, as 0-3,16; "
	    "default all that come; --both needs it", CLI_ARG, 0, NULL },
	{ OPT_TO, 0, "to", "HOST[:PORT]", "send there, instead of to the "
	    "nodes that are found; repeatable", CLI_ARG, 0, NULL },
	{ OPT_BROADCAST, 0, "broadcast", NULL, "send to all on the network",
	    0, 0, NULL },
	{ OPT_LIMITED, 0, "limited-broadcast", NULL, "broadcasts go to "
	    "255.255.255.255, not to the network's own address", 0, 0, NULL },
	{ OPT_PORT, 'p', "port", "PORT", "UDP port, ours and the nodes'; "
	    "default 6454", CLI_ARG, 0, NULL },
	{ OPT_SPLIT, 0, "split", NULL, "addresses as /artnet/N/S/U/C: net, "
	    "sub-net, universe", 0, 0, NULL },
	{ OPT_SLOTS, 0, "slots", "N", "slots in a frame, 2-512, even; default "
	    "512", CLI_ARG, 0, NULL },
	{ OPT_SYNC, 0, "sync", NULL, "an ArtSync after the frames of a tick",
	    0, 0, NULL },
	{ OPT_SOURCE, 0, "source", "NAME", "what others call us; default "
	    "clasp-artnet-out", CLI_ARG, 0, NULL },
	{ OPT_REPLY_BROADCAST, 0, "reply-broadcast", NULL, "answer "
	    "controllers by broadcast", 0, 0, NULL },
	{ OPT_MERGE, 0, "merge", "HOW", "with --both: two sources of a "
	    "universe by htp (the default) or ltp", CLI_ARG,
	    CLI_COMPLETE_WORDS, "htp ltp" },
	{ OPT_ON_LOSS, 0, "on-loss", "HOW", "with --both: when the last "
	    "source is silent, hold (the default) or blackout", CLI_ARG,
	    CLI_COMPLETE_WORDS, "hold blackout" },
	{ CLI_RATE, 0, "rate", "R", "frames a second, at most 44; default 44",
	    CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_frame_options, cli_network_options,
	cli_network_in_options, cli_show_options, cli_bridge_options,
	cli_bridge_out_options, cli_bridge_both_options,
	cli_bridge_in_options, cli_map_options,
	cli_link_options, cli_stop_options, cli_input_options,
	cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"channel 1 of universe 0 to full, on every node that takes it",
	"echo '/artnet/0/1 255' | clasp-artnet-out --interface eth0 --hold",
	"one frame to one node",
	"echo '/artnet/0 [255,128]' | clasp-artnet-out --to 10.0.0.20 --once",
	"follow a relay",
	"clasp-artnet-out --interface eth0 -u ws://stage:7330/clasp",
	"both directions, as one node",
	"clasp-artnet-out --both -U 0-3 --interface eth0 "
	    "-u ws://stage:7330/clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-artnet-out",
	.operands = "",
	.summary = "CLASP lines to Art-Net",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_numset universes;
static struct clasp_artsend_config sending = {
	.options = &options,
	.name = { "clasp-artnet-out", 16 },
	.slots = CLASP_DMX_SLOTS
};

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		clasp_bridge_arg_universes(&universes, 0,
		    CLASP_ARTNET_UNIVERSE_MAX);
		sending.universes = &universes;
		break;
	case OPT_TO:
		clasp_network_arg_target(&sending.targets, CLASP_TARGETS_MAX);
		break;
	case OPT_BROADCAST:
		sending.broadcast = true;
		break;
	case OPT_LIMITED:
		sending.limited = true;
		break;
	case OPT_PORT:
		sending.port = (unsigned)cli_arg_number(1, 65535);
		break;
	case OPT_SPLIT:
		sending.split = true;
		break;
	case OPT_SLOTS:
		sending.slots = (unsigned)cli_arg_number(2, CLASP_DMX_SLOTS);
		if (sending.slots % 2 != 0)
			cli_arg_bad("must be even");
		break;
	case OPT_SYNC:
		sending.sync = true;
		break;
	case OPT_SOURCE:
		sending.name = clasp_artlink_arg_name();
		break;
	case OPT_REPLY_BROADCAST:
		sending.reply_broadcast = true;
		break;
	case OPT_MERGE:
		sending.receiving.ltp = cli_arg_word() == 1;
		break;
	case OPT_ON_LOSS:
		sending.receiving.blackout = cli_arg_word() == 1;
		break;
	case CLI_LIST:
		clasp_network_list();
		cli_end();
	}
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "artnet",
		.options = &options
	};
	struct clasp_artsend *sender;
	struct clasp_bridge *bridge;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	clasp_network_check_output(&options, sending.universes);

	sender = clasp_artsend_new(&sending);
	clasp_artsend_attach(sender, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_artsend_start(sender, bridge);
	clasp_bridge_run(bridge);
	clasp_artsend_free(sender);
	cli_end();
}
