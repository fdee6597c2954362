/*
 * bridgeopt.c - the options all bridges share.
 *
 * A program lists the tables it honours.  A row of its own with the same id
 * in an earlier table says another help text (or other words).
 */
#include "tool/option.h"

/* Every bridge. */
const struct cli_option cli_bridge_options[] = {
	CLI_BRIDGE_URL,
	{ CLI_PREFIX, 0, "prefix", "NAMESPACE",
	    "what addresses begin with, instead of the protocol's own",
	    CLI_ARG, 0, NULL },
	{ 0 }
};

/* Those that make lines. */
const struct cli_option cli_bridge_in_options[] = {
	{ CLI_MAX_RATE, 0, "max-rate", "HZ", "at most so many values a second "
	    "for an address, the newest counts; 0: all; default: 60 with -u, "
	    "else all", CLI_ARG, 0, NULL },
	{ CLI_TTL, 0, "ttl", "D", "with -u: values expire after D, in whole "
	    "seconds; default: never", CLI_ARG, 0, NULL },
	{ 0 }
};

/* Those that take lines. */
const struct cli_option cli_bridge_out_options[] = {
	{ CLI_NO_SNAPSHOT, 0, "no-snapshot", NULL,
	    "with -u: do not begin with what the relay knows", 0, 0, NULL },
	{ 0 }
};

/* Those that can do both in one process. */
const struct cli_option cli_bridge_both_options[] = {
	{ CLI_BOTH, 0, "both", NULL, "with -u: both directions on one session",
	    0, 0, NULL },
	{ 0 }
};

/* Those with a device that can go away. */
const struct cli_option cli_device_options[] = {
	{ CLI_LIST, 0, "list", NULL, "list the devices and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ CLI_WAIT, 0, "wait", NULL, "wait for a device that is not there", 0,
	    0, NULL },
	{ CLI_EXIT_ON_LOSS, 0, "exit-on-loss", NULL,
	    "end when the device goes away, exit 3", 0, 0, NULL },
	{ 0 }
};

/* Those that send frames of levels. */
const struct cli_option cli_frame_options[] = {
	{ CLI_SCALE, 0, "scale", "HOW", "auto (floats 0.0-1.0 are shares of "
	    "255, larger ones levels), raw (all are levels) or unit (all are "
	    "shares)", CLI_ARG, CLI_COMPLETE_WORDS, "auto raw unit" },
	{ CLI_RATE, 0, "rate", "R", "frames a second, at most 44; default 40",
	    CLI_ARG, 0, NULL },
	{ CLI_ONCE, 0, "once", NULL, "read all, send one frame, exit", 0, 0,
	    NULL },
	{ CLI_HOLD, 0, "hold", NULL, "keep sending after the end of the "
	    "input, until a signal", 0, 0, NULL },
	{ CLI_ON_EXIT, 0, "on-exit", "HOW", "hold (leave the last frame "
	    "standing; the default) or blackout", CLI_ARG, CLI_COMPLETE_WORDS,
	    "hold blackout" },
	{ 0 }
};

/* Those with levels to look at. */
const struct cli_option cli_show_options[] = {
	{ CLI_SHOW, 0, "show", "HOW", "draw the levels in the terminal, as "
	    "hex (the default), dec or pct", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "hex dec pct" },
	{ 0 }
};

/* Those of a network. */
const struct cli_option cli_network_options[] = {
	{ CLI_INTERFACE, 0, "interface", "IF|ADDR", "the network interface, by "
	    "its name or address; needed where there are several", CLI_ARG,
	    CLI_COMPLETE_LISTED, NULL },
	{ CLI_LIST, 0, "list", NULL, "list the interfaces and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ 0 }
};

/* ... that receive. */
const struct cli_option cli_network_in_options[] = {
	{ CLI_RCVBUF, 0, "rcvbuf", "BYTES", "room for packets that wait, as "
	    "4M; default 1M; more than the system allows needs CAP_NET_ADMIN",
	    CLI_ARG, 0, NULL },
	{ 0 }
};
