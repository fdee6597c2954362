/*
 * clasp-artnet-out.c - lines in, Art-Net out; with --both the other way too.
 *
 *	lines --> bridge/frames --tick--> proto/artnet --> udp
 *	bridge <-- bridge/artrecv <-- bridge/artlink <-- udp	--both
 *
 * Levels go to the nodes that said they take the universe, unless targets
 * were named.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "bridge/artrecv.h"
#include "bridge/counts.h"
#include "bridge/frames.h"
#include "bridge/network.h"
#include "proto/artpeers.h"
#include "tool/cli.h"

#define KEEPALIVE_US	1000000
#define POLL_MS		2500
#define FIRST_US	1250000	/* nodes have answered by then */
#define ALIVE_US	10000000 /* "data" in our replies */
#define TARGETS_MAX	64
#define PATTERNS_MAX	64	/* subscriptions; for more universes: one */

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

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_frames *frames;
static struct clasp_dmx_config model = { .max = CLASP_ARTNET_UNIVERSE_MAX };
static struct clasp_dmx *dmx;
static struct clasp_numset universes;
static struct clasp_artlink port;
static struct clasp_artlink_config linking = {
	.options = &options,
	.port = CLASP_ARTNET_PORT,
	.name = { "clasp-artnet-out", 16 }
};
static struct clasp_artpeers peers;
static uv_timer_t poll_timer;
static uint64_t polled_us;		/* the first time; 0: never */
static struct clasp_numset told;	/* universes nobody takes, said once */
static bool failed;			/* the last levels were not sent */

static const char *to[TARGETS_MAX];
static struct sockaddr_in targets[TARGETS_MAX];
static unsigned ntargets, slots = CLASP_DMX_SLOTS;
static bool broadcast, sync_wanted, port_given;
static char device[300];		/* for people */

/* --both */
static struct clasp_artrecv receiver = { .options = &options, .link = &port };
static struct clasp_artin_config receiving;

/* ---------------------------------------------------------------- sending */

/* Are nodes looked for?  Not when it was said who gets levels. */
static bool
finding(void)
{
	return ntargets == 0 && !broadcast;
}

static void
put_fixed(const uint8_t *p, size_t len)
{
	unsigned i;

	for (i = 0; i < ntargets; i++)
		clasp_artlink_put(&port, ntohl(targets[i].sin_addr.s_addr),
		    ntohs(targets[i].sin_port), p, len);
	if (broadcast)
		clasp_artlink_put(&port, CLASP_ARTNODE_ALL,
		    clasp_artlink_port(&port), p, len);
}

/* Have the nodes that are there answered by now? */
static bool
answered(uint64_t now_us)
{
	return polled_us != 0 && now_us - polled_us >= FIRST_US;
}

/* At the end all nodes are waited for, not only the first to answer. */
static bool
ready(void *user)
{
	uint64_t now = clasp_clock_mono_us();

	(void)user;
	clasp_artpeers_expire(&peers, now);
	return !finding() || !clasp_frames_leaving(frames) || answered(now);
}

/* False: nobody takes it, and somebody may yet say so. */
static bool
put_found(unsigned universe, const uint8_t *p, size_t len, uint64_t now_us)
{
	const struct clasp_artpair *pair;
	unsigned n, i;

	pair = clasp_artpeers_taking(&peers, universe, &n);
	for (i = 0; i < n; i++)
		clasp_artlink_put(&port, pair[i].ip,
		    clasp_artlink_port(&port), p, len);
	if (n > 0)
		return true;
	if (!answered(now_us))
		return false;
	if (!clasp_numset_has(&told, universe)) {
		clasp_numset_add(&told, universe);
		cli_warn(device, "no node takes universe %u; --to or "
		    "--broadcast sends it all the same", universe);
		if (options.once)
			cli_fail(CLI_UNREACHABLE);
	}
	return true;
}

static bool
send_frame(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	struct clasp_artnet_dmx frame = {
		.universe = u->number,
		.slots = slots,
		.level = u->level,
		/* 0 is "not numbered": 255 is followed by 1 */
		.sequence = u->sequence == 255 ? 1 :
		    (uint8_t)(u->sequence + 1)
	};
	uint8_t packet[CLASP_ARTNET_DMX_MAX];
	size_t len = clasp_artnet_encode_dmx(packet, &frame);

	(void)tick_us;
	(void)user;
	clasp_artlink_give(&port, u->number);
	if (!finding())
		put_fixed(packet, len);
	else if (!put_found(u->number, packet, len, clasp_clock_mono_us()))
		return false;
	u->sequence = frame.sequence;
	return true;
}

/* All universes of a tick are on their way. */
static void
sent(unsigned n, void *user)
{
	uint8_t packet[CLASP_ARTNET_SYNC_LEN];
	size_t len;

	(void)n;
	(void)user;
	if (sync_wanted) {
		len = clasp_artnet_encode_sync(packet);
		if (!finding())
			put_fixed(packet, len);
		else if (peers.npairs > 0)
			clasp_artlink_put(&port, CLASP_ARTNODE_ALL,
			    clasp_artlink_port(&port), packet, len);
	}
	failed = !clasp_artlink_flush(&port);
}

/* ------------------------------------------------------------------ nodes */

static void
on_poll_timer(uv_timer_t *timer)
{
	uint8_t packet[CLASP_ARTNET_POLL_LEN];
	uint64_t now = clasp_clock_mono_us();

	(void)timer;
	if (polled_us == 0)
		polled_us = now;
	clasp_artlink_put(&port, CLASP_ARTNODE_ALL, clasp_artlink_port(&port),
	    packet, clasp_artnet_encode_poll(packet,
	    CLASP_ARTNET_POLL_ON_CHANGE));
	clasp_artlink_flush(&port);
}

/* A node that just came gets its universes at the next tick. */
static void
on_reply(const struct clasp_artnet_reply *reply, uint32_t ip,
    uint64_t now_us)
{
	unsigned news = clasp_artpeers_heard(&peers, ip, reply, now_us), i, at;
	struct clasp_universe *u;
	int universe;

	for (i = 0; i < CLASP_ARTNET_PORTS; i++) {
		universe = news >> i & 1 ? clasp_artnet_takes(reply, i) : -1;
		if (universe < 0)
			continue;
		at = (unsigned)universe;
		clasp_numset_remove(&told, at);
		u = clasp_dmx_next(dmx, &at);
		if (u && u->number == (unsigned)universe)
			u->dirty = true;
	}
}

static void
on_packet(const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us,
    void *user)
{
	(void)user;
	if (packet->op == CLASP_ARTNET_REPLY && finding())
		on_reply(&packet->reply, ip, now_us);
	else if (options.both)
		clasp_artrecv_packet(&receiver, packet, ip, now_us);
}

static uint8_t
good_input(unsigned universe, void *user)
{
	unsigned at = universe;
	const struct clasp_universe *u = clasp_dmx_next(dmx, &at);

	(void)user;
	return u && u->number == universe && u->sent &&
	    clasp_clock_mono_us() - u->last_us < ALIVE_US ?
	    CLASP_ARTNET_GOOD_DATA : 0;
}

static uint8_t
good_output(unsigned universe, void *user)
{
	(void)user;
	return clasp_artrecv_good(&receiver, universe);
}

/* --------------------------------------------------- the bridge's events */

static void
again(void *user)
{
	(void)user;
	clasp_artrecv_again(&receiver);
}

static void
flow(bool on, void *user)
{
	(void)user;
	clasp_artrecv_flow(&receiver, on);
}

static void
done(void *user)
{
	(void)user;
	if (failed)
		cli_fail(CLI_UNREACHABLE);
	if (options.both)
		clasp_artrecv_end(&receiver);
	uv_timer_stop(&poll_timer);
	clasp_artlink_shut(&port);
	clasp_bridge_leave(bridge);
}

static void
close_all(void *user)
{
	(void)user;
	clasp_frames_close(frames);
	if (options.both)
		clasp_artrecv_close(&receiver);
	clasp_artlink_close(&port);
	uv_close((uv_handle_t *)&poll_timer, NULL);
}

/* ---------------------------------------------------------------- options */

static void
take_option(int id)
{
	switch (id) {
	case OPT_UNIVERSES:
		clasp_bridge_arg_universes(&universes, 0,
		    CLASP_ARTNET_UNIVERSE_MAX);
		model.only = &universes;
		break;
	case OPT_TO:
		if (ntargets == TARGETS_MAX)
			cli_arg_bad("at most %d targets", TARGETS_MAX);
		to[ntargets++] = cli_arg();
		break;
	case OPT_BROADCAST:
		broadcast = true;
		break;
	case OPT_LIMITED:
		linking.limited = true;
		break;
	case OPT_PORT:
		linking.port = (unsigned)cli_arg_number(1, 65535);
		port_given = true;
		break;
	case OPT_SPLIT:
		model.split = true;
		break;
	case OPT_SLOTS:
		slots = (unsigned)cli_arg_number(2, CLASP_DMX_SLOTS);
		if (slots % 2 != 0)
			cli_arg_bad("must be even");
		break;
	case OPT_SYNC:
		sync_wanted = true;
		break;
	case OPT_SOURCE:
		linking.name = clasp_artlink_arg_name();
		break;
	case OPT_REPLY_BROADCAST:
		linking.reply_broadcast = linking.find_interface = true;
		break;
	case OPT_MERGE:
		receiving.ltp = cli_arg_word() == 1;
		break;
	case OPT_ON_LOSS:
		receiving.blackout = cli_arg_word() == 1;
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
	if (options.both && options.once)
		cli_usage("--both and --once exclude each other");
	if (options.both && !model.only)
		cli_usage("--both needs universes to listen to: -U LIST");
	if (options.rcvbuf > 0 && !options.both)
		cli_usage("--rcvbuf is for what is received, with --both");
}

/* ------------------------------------------------------------------- main */

/* What of a relay concerns us, when that are few universes and no rule
 * brings others. */
static const char *const *
wanted(void)
{
	static char text[PATTERNS_MAX][CLASP_DMXIN_PREFIX_MAX +
	    CLASP_DMX_ADDRESS_ROOM + 4];
	static const char *patterns[PATTERNS_MAX + 1];
	unsigned i = 0;
	size_t len;
	int n;

	if (!model.only || options.mapping.rules ||
	    clasp_numset_count(&universes) > PATTERNS_MAX)
		return NULL;
	for (n = clasp_numset_next(&universes, 0); n >= 0;
	    n = clasp_numset_next(&universes, (unsigned)n + 1)) {
		len = clasp_dmx_format(text[i], model.prefix, model.split,
		    (unsigned)n, 0);
		memcpy(text[i] + len, "/" "**", 4);
		patterns[i] = text[i];
		i++;
	}
	return patterns;
}

static void
resolve(void)
{
	unsigned i;

	for (i = 0; i < ntargets; i++)
		clasp_network_target(to[i], linking.port, &targets[i]);
	linking.find_interface |= ntargets == 0 || broadcast;
	if (ntargets > 0)
		snprintf(device, sizeof device, "%s", to[0]);
	else
		snprintf(device, sizeof device, "port %u", linking.port);
	/* one frame, and nobody can ask: any port will do */
	if (options.once && ntargets > 0 && !port_given)
		linking.port = 0;
}

static void
make_model(void)
{
	model.prefix = clasp_bridge_namespace(&options, "/artnet",
	    CLASP_DMXIN_PREFIX_MAX, false);
	model.scale = options.scale;
	dmx = clasp_dmx_new(&model);
	if (!dmx)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

static void
open_port(void)
{
	int n;

	uv_timer_init(clasp_bridge_loop(bridge), &poll_timer);
	linking.bridge = receiver.bridge = bridge;
	linking.good_input = good_input;
	linking.good_output = good_output;
	linking.packet = on_packet;
	clasp_artlink_open(&port, &linking);
	clasp_counts_add(clasp_bridge_counts(bridge), port.subject,
	    "replies of too many nodes", &peers.ignored);
	for (n = model.only ? clasp_numset_next(&universes, 0) : -1; n >= 0;
	    n = clasp_numset_next(&universes, (unsigned)n + 1))
		clasp_artlink_give(&port, (unsigned)n);
	if (options.both) {
		receiver.prefix = model.prefix;
		receiver.split = model.split;
		receiving.only = &universes;
		clasp_artrecv_start(&receiver, &receiving, false);
		clasp_artrecv_announce(&receiver, &universes);
	}
	if (finding())
		uv_timer_start(&poll_timer, on_poll_timer, 0, POLL_MS);
	clasp_frames_device_open(frames, false);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "artnet",
		.device = device,
		.options = &options,
		.close = close_all
	};
	struct clasp_frames_config framing = {
		.options = &options,
		.rate_hz = CLASP_DMX_RATE_MAX,
		.keepalive_us = KEEPALIVE_US,
		.ready = ready,
		.send = send_frame,
		.sent = sent,
		.done = done
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	resolve();
	make_model();
	framing.dmx = dmx;
	framing.slots = slots;
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
	clasp_frames_start(frames, bridge);
	open_port();
	clasp_bridge_run(bridge);
	clasp_artrecv_free(&receiver);
	clasp_artpeers_clear(&peers);
	clasp_frames_free(frames);
	clasp_dmx_free(dmx);
	cli_end();
}
