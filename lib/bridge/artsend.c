/* artsend.c - Art-Net sent by a bridge. */

#include "bridge/artsend.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bridge/artrecv.h"
#include "bridge/counts.h"
#include "bridge/frames.h"
#include "proto/artpeers.h"
#include "tool/cli.h"

#define KEEPALIVE_US	1000000
#define POLL_MS		2500
#define FIRST_US	1250000	/* nodes have answered by then */
#define ALIVE_US	10000000 /* "data" in our replies */

struct clasp_artsend {
	struct clasp_artsend_config config;
	struct clasp_bridge *bridge;
	struct clasp_frames *frames;
	struct clasp_artlink link;
	struct clasp_artlink_config linking;
	struct clasp_artrecv receiver;	/* with --both */
	struct clasp_artpeers peers;
	uv_timer_t	 poll_timer;
	uint64_t	 polled_us;	/* the first time; 0: never */
	struct clasp_numset told;	/* universes nobody takes, said once */
	bool		 failed;	/* the last levels were not sent */
	char		 device[300];	/* for people */
};

/* ---------------------------------------------------------------- sending */

/* Are nodes looked for?  Not when it was said who gets levels. */
static bool
finding(const struct clasp_artsend *s)
{
	return s->config.targets.n == 0 && !s->config.broadcast;
}

static void
put_all(struct clasp_artsend *s, const uint8_t *p, size_t len)
{
	clasp_artlink_put(&s->link, CLASP_ARTNODE_ALL,
	    clasp_artlink_port(&s->link), p, len);
}

static void
put_fixed(struct clasp_artsend *s, const uint8_t *p, size_t len)
{
	const struct clasp_targets *targets = &s->config.targets;
	unsigned i;

	for (i = 0; i < targets->n; i++)
		clasp_artlink_put(&s->link,
		    ntohl(targets->at[i].sin_addr.s_addr),
		    ntohs(targets->at[i].sin_port), p, len);
	if (s->config.broadcast)
		put_all(s, p, len);
}

/* Have the nodes that are there answered by now? */
static bool
answered(const struct clasp_artsend *s, uint64_t now_us)
{
	return s->polled_us != 0 && now_us - s->polled_us >= FIRST_US;
}

/* At the end all nodes are waited for, not only the first to answer. */
static bool
on_ready(void *user)
{
	struct clasp_artsend *s = user;
	uint64_t now = clasp_clock_mono_us();

	clasp_artpeers_expire(&s->peers, now);
	return !finding(s) || !clasp_frames_leaving(s->frames) ||
	    answered(s, now);
}

/* False: nobody takes it, and somebody may yet say so. */
static bool
put_found(struct clasp_artsend *s, unsigned universe, const uint8_t *p,
    size_t len, uint64_t now_us)
{
	const struct clasp_artpair *pair;
	unsigned n, i;

	pair = clasp_artpeers_taking(&s->peers, universe, &n);
	for (i = 0; i < n; i++)
		clasp_artlink_put(&s->link, pair[i].ip,
		    clasp_artlink_port(&s->link), p, len);
	if (n > 0)
		return true;
	if (!answered(s, now_us))
		return false;
	if (!clasp_numset_has(&s->told, universe)) {
		clasp_numset_add(&s->told, universe);
		cli_warn(s->device, "no node takes universe %u; --to or "
		    "--broadcast sends it all the same", universe);
		if (s->config.options->once)
			cli_fail(CLI_UNREACHABLE);
	}
	return true;
}

static bool
on_send(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	struct clasp_artsend *s = user;
	struct clasp_artnet_dmx frame = {
		.universe = u->number,
		.slots = s->config.slots,
		.level = u->level,
		/* 0 is "not numbered": 255 is followed by 1 */
		.sequence = u->sequence == 255 ? 1 :
		    (uint8_t)(u->sequence + 1)
	};
	uint8_t packet[CLASP_ARTNET_DMX_MAX];
	size_t len = clasp_artnet_encode_dmx(packet, &frame);

	(void)tick_us;
	clasp_artlink_give(&s->link, u->number);
	if (!finding(s))
		put_fixed(s, packet, len);
	else if (!put_found(s, u->number, packet, len, clasp_clock_mono_us()))
		return false;
	u->sequence = frame.sequence;
	return true;
}

/* All universes of a tick are on their way. */
static void
on_sent(unsigned n, void *user)
{
	struct clasp_artsend *s = user;
	uint8_t packet[CLASP_ARTNET_SYNC_LEN];
	size_t len;

	(void)n;
	if (s->config.sync) {
		len = clasp_artnet_encode_sync(packet);
		if (!finding(s))
			put_fixed(s, packet, len);
		else if (s->peers.npairs > 0)
			put_all(s, packet, len);
	}
	s->failed = !clasp_artlink_flush(&s->link);
}

/* ------------------------------------------------------------------ nodes */

static void
on_poll_timer(uv_timer_t *timer)
{
	struct clasp_artsend *s = timer->data;
	uint8_t packet[CLASP_ARTNET_POLL_LEN];

	if (s->polled_us == 0)
		s->polled_us = clasp_clock_mono_us();
	put_all(s, packet, clasp_artnet_encode_poll(packet,
	    CLASP_ARTNET_POLL_ON_CHANGE));
	clasp_artlink_flush(&s->link);
}

/* The universe of this number, if it has levels. */
static struct clasp_universe *
universe_at(struct clasp_artsend *s, unsigned number)
{
	unsigned at = number;
	struct clasp_universe *u =
	    clasp_dmx_next(clasp_frames_dmx(s->frames), &at);

	return u && u->number == number ? u : NULL;
}

/* A node that just came gets its universes at the next tick. */
static void
take_reply(struct clasp_artsend *s, const struct clasp_artnet_reply *reply,
    uint32_t ip, uint64_t now_us)
{
	unsigned news = clasp_artpeers_heard(&s->peers, ip, reply, now_us), i;
	struct clasp_universe *u;
	int universe;

	for (i = 0; i < CLASP_ARTNET_PORTS; i++) {
		universe = news >> i & 1 ? clasp_artnet_takes(reply, i) : -1;
		if (universe < 0)
			continue;
		clasp_numset_remove(&s->told, (unsigned)universe);
		u = universe_at(s, (unsigned)universe);
		if (u)
			u->dirty = true;
	}
}

static void
on_packet(const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us,
    void *user)
{
	struct clasp_artsend *s = user;

	if (packet->op == CLASP_ARTNET_REPLY && finding(s))
		take_reply(s, &packet->reply, ip, now_us);
	else if (s->config.options->both)
		clasp_artrecv_packet(&s->receiver, packet, ip, now_us);
}

static uint8_t
good_input(unsigned universe, void *user)
{
	const struct clasp_universe *u = universe_at(user, universe);

	return u && u->sent && clasp_clock_mono_us() - u->last_us < ALIVE_US ?
	    CLASP_ARTNET_GOOD_DATA : 0;
}

static uint8_t
good_output(unsigned universe, void *user)
{
	const struct clasp_artsend *s = user;

	return clasp_artrecv_good(&s->receiver, universe);
}

/* ----------------------------------------------------------- life and end */

static void
on_done(void *user)
{
	struct clasp_artsend *s = user;

	if (s->failed)
		cli_fail(CLI_UNREACHABLE);
	if (s->config.options->both)
		clasp_artrecv_end(&s->receiver);
	uv_timer_stop(&s->poll_timer);
	clasp_artlink_shut(&s->link);
	clasp_bridge_leave(s->bridge);
}

static void
on_close(void *user)
{
	struct clasp_artsend *s = user;

	if (s->config.options->both)
		clasp_artrecv_close(&s->receiver);
	clasp_artlink_close(&s->link);
	uv_close((uv_handle_t *)&s->poll_timer, NULL);
}

static struct clasp_frames *
make_frames(struct clasp_artsend *s)
{
	const struct clasp_artsend_config *config = &s->config;
	const struct clasp_frames_config framing = {
		.options = config->options,
		.base = "/artnet",
		.model = {
			.max = CLASP_ARTNET_UNIVERSE_MAX,
			.split = config->split,
			.only = config->universes
		},
		.rate_hz = CLASP_DMX_RATE_MAX,
		.keepalive_us = KEEPALIVE_US,
		.slots = config->slots,
		.ready = on_ready,
		.send = on_send,
		.sent = on_sent,
		.done = on_done,
		.close = on_close,
		.user = s
	};

	return clasp_frames_new(&framing);
}

struct clasp_artsend *
clasp_artsend_new(const struct clasp_artsend_config *config)
{
	struct clasp_artsend *s = calloc(1, sizeof *s);
	struct clasp_targets *targets;
	unsigned port = config->port > 0 ? config->port : CLASP_ARTNET_PORT;

	if (!s)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	s->config = *config;
	targets = &s->config.targets;
	clasp_network_resolve(targets, port);
	if (targets->n > 0)
		snprintf(s->device, sizeof s->device, "%s", targets->text[0]);
	else
		snprintf(s->device, sizeof s->device, "port %u", port);
	/* one frame, and nobody can ask: any port will do */
	if (config->options->once && targets->n > 0 && config->port == 0)
		port = 0;
	s->linking = (struct clasp_artlink_config){
		.options = config->options,
		.port = port,
		.find_interface = targets->n == 0 || config->broadcast ||
		    config->reply_broadcast,
		.limited = config->limited,
		.reply_broadcast = config->reply_broadcast,
		.name = config->name,
		.good_input = good_input,
		.good_output = good_output,
		.packet = on_packet,
		.user = s
	};
	s->frames = make_frames(s);
	return s;
}

void
clasp_artsend_attach(struct clasp_artsend *s,
    struct clasp_bridge_config *bridging)
{
	bridging->device = s->device;
	clasp_frames_attach(s->frames, bridging);
	s->receiver.options = s->config.options;
	s->receiver.link = &s->link;
	s->receiver.prefix = bridging->base;
	s->receiver.split = s->config.split;
	if (s->config.options->both)
		clasp_artrecv_attach(&s->receiver, bridging);
}

/* Controllers are told of the universes that were named. */
static void
announce(struct clasp_artsend *s)
{
	const struct clasp_numset *universes = s->config.universes;
	int n = universes ? clasp_numset_next(universes, 0) : -1;

	for (; n >= 0; n = clasp_numset_next(universes, (unsigned)n + 1))
		clasp_artlink_give(&s->link, (unsigned)n);
}

void
clasp_artsend_start(struct clasp_artsend *s, struct clasp_bridge *bridge)
{
	s->bridge = s->receiver.bridge = s->linking.bridge = bridge;
	clasp_frames_start(s->frames, bridge);
	uv_timer_init(clasp_bridge_loop(bridge), &s->poll_timer);
	s->poll_timer.data = s;
	clasp_artlink_open(&s->link, &s->linking);
	clasp_counts_add(clasp_bridge_counts(bridge), s->link.subject,
	    "replies of too many nodes", &s->peers.ignored);
	announce(s);
	if (s->config.options->both) {
		s->config.receiving.only = s->config.universes;
		clasp_artrecv_start(&s->receiver, &s->config.receiving);
	}
	if (finding(s))
		uv_timer_start(&s->poll_timer, on_poll_timer, 0, POLL_MS);
	clasp_frames_device_open(s->frames, false);
}

void
clasp_artsend_free(struct clasp_artsend *s)
{
	if (!s)
		return;
	clasp_artrecv_free(&s->receiver);
	clasp_artpeers_clear(&s->peers);
	clasp_frames_free(s->frames);
	free(s);
}
