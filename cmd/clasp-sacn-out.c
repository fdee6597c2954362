/*
 * clasp-sacn-out.c - lines in, streaming ACN out; with --both the other way
 * too.
 *
 *	lines --> bridge/frames --tick--> proto/sacn --> udp
 *	bridge <-- bridge/sacnrecv <-- udp		  --both
 */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "bridge/frames.h"
#include "bridge/network.h"
#include "bridge/sacnrecv.h"
#include "dev/cid.h"
#include "dev/udp.h"
#include "tool/cli.h"
#include "wire/address.h"

#define REPEATS		3	/* of a frame, before it is only kept alive */
#define KEEPALIVE_US	800000
#define DISCOVERY_MS	10000
#define FIRST_LIST_MS	1000	/* when the universes of the start are there */
#define TARGETS_MAX	16
#define PATTERNS_MAX	64	/* subscriptions; for more universes: one */

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

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_frames *frames;
static struct clasp_dmx_config model = { .min = 1 };
static struct clasp_dmx *dmx;
static struct clasp_numset universes;
static bool any_universe;
static struct clasp_udp *udp;		/* NULL: closed */
static struct clasp_count *unsent;
static unsigned long unsent_total;
static uv_timer_t discovery_timer;

static struct clasp_netif interface;
static unsigned port = CLASP_SACN_PORT;
static const char *to[TARGETS_MAX];
static struct sockaddr_in targets[TARGETS_MAX];
static unsigned ntargets;		/* 0: multicast */
static const char *source = "clasp";
static bool has_cid, no_discovery;
static int ttl;
static char device[300];		/* for people */

/* What all our packets have in common; sync is 0 without --sync. */
static struct clasp_sacn data = { .kind = CLASP_SACN_DATA, .priority = 100,
    .count = CLASP_DMX_SLOTS };
static uint8_t sync_sequence;

static struct clasp_sacnrecv *receiver;	/* NULL: without --both */
static struct clasp_sacnrecv_config receiving;

/* ---------------------------------------------------------------- sending */

/* To the group of a universe, or to those that were named. */
static void
put(const struct clasp_sacn *packet, unsigned universe)
{
	uint8_t bytes[CLASP_SACN_MAX];
	size_t len = clasp_sacn_encode(bytes, packet);
	struct sockaddr_in group = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(clasp_sacn_group(universe))
	};
	unsigned i;

	if (!udp)
		return;
	for (i = 0; i < ntargets; i++)
		clasp_udp_put(udp, &targets[i], bytes, len);
	if (ntargets == 0)
		clasp_udp_put(udp, &group, bytes, len);
}

static void
put_frame(struct clasp_universe *u, uint8_t more_options)
{
	data.universe = (uint16_t)u->number;
	data.sequence = u->sequence++;
	data.slots = u->level;
	data.options |= more_options;
	put(&data, u->number);
	data.options = (uint8_t)(data.options & ~more_options);
}

static void
flush(void)
{
	static char why[100];
	int error;

	if (!udp)
		return;
	clasp_udp_flush(udp);
	error = clasp_udp_error(udp);
	if (*clasp_udp_unsent(udp) == unsent_total)
		return;
	unsent_total = *clasp_udp_unsent(udp);
	snprintf(why, sizeof why, "packet not sent: %s%s",
	    cli_strerror(error), error == ENETUNREACH && ntargets == 0 ?
	    "; is it up?  --interface names another" : "");
	unsent->tally.reason = why;
	clasp_counts_tell(clasp_bridge_counts(bridge));
	/* unplugged, and plugged in again; or it has another address */
	if (clasp_udp_follow(udp) > 0)
		cli_note(device, "back");
}

static bool
send_frame(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	(void)tick_us;
	(void)user;
	put_frame(u, 0);
	return true;
}

static void
release_frame(struct clasp_universe *u, void *user)
{
	(void)user;
	put_frame(u, CLASP_SACN_TERMINATED);
	flush();
}

/* ------------------------------------------------------------- discovery */

static void
put_list(const uint8_t *list, unsigned count)
{
	struct clasp_sacn packet = { .kind = CLASP_SACN_LIST,
	    .name = data.name };
	unsigned last = count == 0 ? 0 : (count - 1) / CLASP_SACN_PAGE, page;
	unsigned left = count;

	memcpy(packet.cid, data.cid, CLASP_SACN_CID);
	packet.last_page = (uint8_t)last;
	for (page = 0; page <= last; page++) {
		packet.page = (uint8_t)page;
		packet.slots = list + 2u * page * CLASP_SACN_PAGE;
		packet.count = (uint16_t)(left < CLASP_SACN_PAGE ? left :
		    CLASP_SACN_PAGE);
		left -= packet.count;
		put(&packet, CLASP_SACN_DISCOVERY);
	}
	flush();
}

static void
on_discovery(uv_timer_t *timer)
{
	static uint8_t list[2 * (CLASP_SACN_UNIVERSE_MAX + 1)];
	const struct clasp_universe *u;
	unsigned at = 0, n = 0;

	(void)timer;
	while ((u = clasp_dmx_next(dmx, &at)) != NULL)
		if (u->sent)
			clasp_store16(list + 2 * n++, (uint16_t)u->number);
	put_list(list, n);
}

/* All universes of a tick are on their way. */
static void
sent(unsigned n, void *user)
{
	struct clasp_sacn packet = { .kind = CLASP_SACN_SYNC,
	    .sync = data.sync };

	(void)n;
	(void)user;
	if (data.sync > 0) {
		memcpy(packet.cid, data.cid, CLASP_SACN_CID);
		packet.sequence = sync_sequence++;
		put(&packet, data.sync);
	}
	flush();
	if (!no_discovery && udp &&
	    !uv_is_active((uv_handle_t *)&discovery_timer))
		uv_timer_start(&discovery_timer, on_discovery,
		    FIRST_LIST_MS, DISCOVERY_MS);
}

/* -------------------------------------------------------------- receiving */

static void
on_line(const struct clasp_line *line, struct clasp_dmxin_universe *u,
    void *user)
{
	(void)u;
	(void)user;
	clasp_bridge_emit(bridge, line);
}

static void
again(void *user)
{
	(void)user;
	clasp_sacnrecv_repeat(receiver);
}

static void
flow(bool on, void *user)
{
	(void)user;
	clasp_sacnrecv_read(receiver, on);
}

/* ---------------------------------------------------------------- the end */

static void
done(void *user)
{
	(void)user;
	if (receiver)
		clasp_sacnrecv_stop(receiver);
	uv_timer_stop(&discovery_timer);
	clasp_udp_close(udp);
	udp = NULL;
	clasp_bridge_leave(bridge);
}

static void
close_all(void *user)
{
	(void)user;
	clasp_frames_close(frames);
	if (receiver)
		clasp_sacnrecv_close(receiver);
	clasp_udp_close(udp);
	udp = NULL;
	uv_close((uv_handle_t *)&discovery_timer, NULL);
}

/* ---------------------------------------------------------------- options */

static void
take_source(void)
{
	source = cli_arg();
	if (strlen(source) >= CLASP_SACN_NAME ||
	    !clasp_utf8_valid(source, strlen(source)))
		cli_arg_bad("must be text of at most %d bytes",
		    CLASP_SACN_NAME - 1);
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		if (clasp_numset_parse(&universes, cli_arg(), 1,
		    CLASP_SACN_UNIVERSE_MAX) < 0)
			cli_arg_bad("must be universes from 1 to %d, as "
			    "1-4,7", CLASP_SACN_UNIVERSE_MAX);
		any_universe = true;
		break;
	case OPT_PORT:
		port = (unsigned)cli_arg_number(1, 65535);
		break;
	case OPT_TO:
		if (ntargets == TARGETS_MAX)
			cli_arg_bad("at most %d targets", TARGETS_MAX);
		to[ntargets++] = cli_arg();
		break;
	case OPT_SLOTS:
		data.count = (uint16_t)cli_arg_number(1, CLASP_DMX_SLOTS);
		break;
	case OPT_PRIORITY:
		data.priority = (uint8_t)cli_arg_number(0,
		    CLASP_SACN_PRIORITY_MAX);
		break;
	case OPT_SOURCE:
		take_source();
		break;
	case OPT_CID:
		if (clasp_sacn_cid_parse(cli_arg(), data.cid) < 0)
			cli_arg_bad("must be a UUID");
		has_cid = true;
		break;
	case OPT_SYNC:
		data.sync = (uint16_t)cli_arg_number(1,
		    CLASP_SACN_UNIVERSE_MAX);
		break;
	case OPT_PREVIEW:
		data.options |= CLASP_SACN_PREVIEW;
		break;
	case OPT_TTL:
		ttl = (int)cli_arg_number(1, 255);
		break;
	case OPT_NO_DISCOVERY:
		no_discovery = true;
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
	if (options.once && options.hold)
		cli_usage("--once and --hold exclude each other");
	if (options.both && !cli.url_given)
		cli_usage("--both needs a relay: -u URL");
	if (options.both && options.once)
		cli_usage("--both and --once exclude each other");
	if (options.both && !any_universe)
		cli_usage("--both needs universes to listen to: -U LIST");
	if (options.rcvbuf > 0 && !options.both)
		cli_usage("--rcvbuf is for what is received, with --both");
}

/* ------------------------------------------------------------------- main */

/* Who we are: the same after a restart, but never two at once. */
static void
take_cid(void)
{
	char why[200];

	data.name = clasp_str_c(source);
	if (!has_cid && clasp_cid_take(source, data.cid, why) < 0)
		cli_note("CID", "cannot be kept: %s; it is new each time, "
		    "--cid settles it", why);
}

static void
resolve(void)
{
	unsigned i;

	for (i = 0; i < ntargets; i++)
		clasp_network_target(to[i], port, &targets[i]);
	if (ntargets == 0 || options.both)
		clasp_network_interface(options.interface, &interface);
	/* it is told to groups only */
	if (ntargets > 0)
		no_discovery = true;
	snprintf(device, sizeof device, "%s", ntargets > 0 ? to[0] :
	    interface.name);
}

static void
open_udp(uv_loop_t *loop)
{
	const struct clasp_udp_config config = {
		.broadcast = true,
		.ttl = ttl,
		.interface = ntargets == 0 ? &interface : NULL
	};
	char why[CLASP_UDP_WHY];

	if (clasp_udp_new(loop, &config, &udp, why) < 0)
		cli_die(CLI_UNREACHABLE, device, "%s", why);
	unsent = clasp_counts_add(clasp_bridge_counts(bridge), device,
	    "packet not sent", &unsent_total);
}

static void
open_receiver(void)
{
	receiving.prefix = model.prefix;
	receiving.universes = &universes;
	receiving.interface = &interface;
	receiving.port = port;
	receiving.rcvbuf = options.rcvbuf;
	receiving.own = data.cid;
	receiving.line = on_line;
	receiver = clasp_sacnrecv_new(bridge, &receiving);
}

/* What of a relay concerns us, when that are few universes and no rule
 * brings others. */
static const char *const *
wanted(void)
{
	static char text[PATTERNS_MAX][CLASP_DMXIN_PREFIX_MAX +
	    CLASP_DMX_ADDRESS_ROOM];
	static const char *patterns[PATTERNS_MAX + 1];
	unsigned i = 0;
	int n;

	if (!any_universe || options.mapping.rules ||
	    clasp_numset_count(&universes) > PATTERNS_MAX)
		return NULL;
	for (n = clasp_numset_next(&universes, 0); n >= 0;
	    n = clasp_numset_next(&universes, (unsigned)n + 1)) {
		snprintf(text[i], sizeof text[i], "%.*s/%d/" "**",
		    CLASP_STR_ARG(model.prefix), n);
		patterns[i] = text[i];
		i++;
	}
	return patterns;
}

static void
make_model(void)
{
	model.prefix = clasp_bridge_namespace(&options, "/sacn",
	    CLASP_DMXIN_PREFIX_MAX, false);
	model.scale = options.scale;
	model.only = any_universe ? &universes : NULL;
	dmx = clasp_dmx_new(&model);
	if (!dmx)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "sacn",
		.options = &options,
		.close = close_all
	};
	struct clasp_frames_config framing = {
		.options = &options,
		.rate_hz = CLASP_DMX_RATE_MAX,
		.keepalive_us = KEEPALIVE_US,
		.repeats = REPEATS,
		.send = send_frame,
		.sent = sent,
		.release = release_frame,
		.done = done
	};
	int id;

	options.on_exit = CLASP_EXIT_RELEASE;
	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	resolve();
	take_cid();
	make_model();
	framing.dmx = dmx;
	framing.slots = data.count;
	bridging.device = device;
	bridging.base = model.prefix;
	bridging.patterns = wanted();
	if (options.both) {
		bridging.source = true;
		bridging.again = again;
		bridging.flow = flow;
	}

	frames = clasp_frames_new(&framing);
	clasp_frames_attach(frames, &bridging);
	bridge = clasp_bridge_new(&bridging);
	uv_timer_init(clasp_bridge_loop(bridge), &discovery_timer);
	clasp_frames_start(frames, bridge);
	open_udp(clasp_bridge_loop(bridge));
	if (options.both)
		open_receiver();
	clasp_frames_device_open(frames, false);
	clasp_bridge_run(bridge);
	clasp_sacnrecv_free(receiver);
	clasp_frames_free(frames);
	clasp_dmx_free(dmx);
	cli_end();
}
