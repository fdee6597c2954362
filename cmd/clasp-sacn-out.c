/*
 * clasp-sacn-out.c - lines in, streaming ACN out; with --both the other way
 * too.
 *
 *	lines --> bridge/sacnsend --> udp
 */

#include <string.h>

#include "base/utf8.h"
#include "bridge/sacnsend.h"
#include "tool/cli.h"

#define TARGETS_MAX	16

enum {
	OPT_UNIVERSES = CLI_OWN, OPT_PORT, OPT_TO, OPT_SLOTS, OPT_PRIORITY,
	OPT_SOURCE, OPT_CID, OPT_SYNC, OPT_PREVIEW, OPT_TTL, OPT_NO_DISCOVERY
};

static const struct cli_option own_options[] = {
	{ OPT_UNIVERSES, 'U', "universe", "LIST", "universes, as 1-4,7; "
	    "default all; --both needs it", CLI_ARG, 0, NULL },
	{ OPT_PORT, 'p', "port", "PORT", "UDP port; default 5568", CLI_ARG, 0,
	    NULL },
	{ OPT_TO, 0, "to", "HOST[:PORT]", "send there, instead of to "
	    "multicast groups; repeatable", CLI_ARG, 0, NULL },
	{ OPT_SLOTS, 0, "slots", "N", "slots in a frame, 1-512; default 512",
	    CLI_ARG, 0, NULL },
	{ OPT_PRIORITY, 0, "priority", "P", "0-200; default 100", CLI_ARG, 0,
	    NULL },
	{ OPT_SOURCE, 0, "source", "NAME", "what receivers call us; default "
	    "clasp", CLI_ARG, 0, NULL },
	{ OPT_CID, 0, "cid", "UUID", "who we are; default: one for each "
	    "--source, kept", CLI_ARG, 0, NULL },
	{ OPT_SYNC, 0, "sync", "A", "have receivers show all universes of a "
	    "tick at once, by sync address A", CLI_ARG, 0, NULL },
	{ OPT_PREVIEW, 0, "preview", NULL, "mark packets as preview, not for "
	    "the stage", 0, 0, NULL },
	{ OPT_TTL, 0, "ttl", "N", "networks that multicast may cross, 1-255; "
	    "default 1", CLI_ARG, 0, NULL },
	{ OPT_NO_DISCOVERY, 0, "no-discovery", NULL, "do not tell every ten "
	    "seconds which universes we send", 0, 0, NULL },
	{ CLI_MAX_RATE, 0, "max-rate", "HZ", "with --both: at most so many "
	    "values a second for an address; 0: all; default 60", CLI_ARG,
	    0, NULL },
	{ CLI_RATE, 0, "rate", "R", "frames a second, at most 44; default 44",
	    CLI_ARG, 0, NULL },
	{ CLI_ON_EXIT, 0, "on-exit", "HOW", "release (say goodbye; the "
	    "default), hold (only stop) or blackout", CLI_ARG,
	    CLI_COMPLETE_WORDS, "hold blackout release" },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_frame_options, cli_network_options,
	cli_network_in_options, cli_show_options, cli_bridge_options,
	cli_bridge_out_options, cli_bridge_both_options, cli_map_options,
	cli_link_options, cli_stop_options, cli_input_options,
	cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"channel 1 of universe 1 to full, until Ctrl-C",
	"echo '/sacn/1/1 255' | clasp-sacn-out --interface eth0 --hold",
	"follow a relay, by unicast, above the console",
	"clasp-sacn-out --to 10.0.0.20 --priority 150 "
	    "-u ws://stage:7330/clasp",
	"both directions on one session",
	"clasp-sacn-out --both -U 1-4 --interface eth0 "
	    "-u ws://stage:7330/clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-sacn-out",
	.operands = "",
	.summary = "CLASP lines to sACN (ANSI E1.31)",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_numset universes;
static uint8_t cid[CLASP_SACN_CID];
static struct clasp_sacnsend_config sending = {
	.options = &options,
	.port = CLASP_SACN_PORT,
	.source = "clasp",
	.slots = CLASP_DMX_SLOTS,
	.priority = 100
};

static const char *
arg_source(void)
{
	const char *source = cli_arg();

	if (strlen(source) >= CLASP_SACN_NAME ||
	    !clasp_utf8_valid(source, strlen(source)))
		cli_arg_bad("must be text of at most %d bytes",
		    CLASP_SACN_NAME - 1);
	return source;
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		clasp_bridge_arg_universes(&universes, 1,
		    CLASP_SACN_UNIVERSE_MAX);
		sending.universes = &universes;
		break;
	case OPT_PORT:
		sending.port = (unsigned)cli_arg_number(1, 65535);
		break;
	case OPT_TO:
		clasp_network_arg_target(&sending.targets, TARGETS_MAX);
		break;
	case OPT_SLOTS:
		sending.slots = (uint16_t)cli_arg_number(1, CLASP_DMX_SLOTS);
		break;
	case OPT_PRIORITY:
		sending.priority = (uint8_t)cli_arg_number(0,
		    CLASP_SACN_PRIORITY_MAX);
		break;
	case OPT_SOURCE:
		sending.source = arg_source();
		break;
	case OPT_CID:
		if (clasp_sacn_cid_parse(cli_arg(), cid) < 0)
			cli_arg_bad("'%s' is no UUID", cli_arg());
		sending.cid = cid;
		break;
	case OPT_SYNC:
		sending.sync = (uint16_t)cli_arg_number(1,
		    CLASP_SACN_UNIVERSE_MAX);
		break;
	case OPT_PREVIEW:
		sending.preview = true;
		break;
	case OPT_TTL:
		sending.ttl = (int)cli_arg_number(1, 255);
		break;
	case OPT_NO_DISCOVERY:
		sending.no_discovery = true;
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
		.protocol = "sacn",
		.options = &options
	};
	struct clasp_sacnsend *sender;
	struct clasp_bridge *bridge;
	int id;

	options.on_exit = CLASP_EXIT_RELEASE;
	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	clasp_network_check_output(&options, sending.universes);

	sender = clasp_sacnsend_new(&sending);
	clasp_sacnsend_attach(sender, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_sacnsend_start(sender, bridge);
	clasp_bridge_run(bridge);
	clasp_sacnsend_free(sender);
	cli_end();
}
