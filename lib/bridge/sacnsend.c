/* sacnsend.c - the sending end of streaming ACN on a bridge. */

#include "bridge/sacnsend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "bridge/counts.h"
#include "bridge/frames.h"
#include "bridge/sacnrecv.h"
#include "dev/cid.h"
#include "dev/udp.h"
#include "tool/cli.h"

#define REPEATS		3	/* of a frame, before it is only kept alive */
#define KEEPALIVE_US	800000
#define DISCOVERY_MS	10000
#define FIRST_LIST_MS	1000	/* when the universes of the start are there */

struct clasp_sacnsend {
	struct clasp_sacnsend_config config;
	struct clasp_bridge *bridge;
	struct clasp_frames *frames;
	struct clasp_sacnrecv *receiver;	/* NULL: without --both */
	struct clasp_netif interface;
	struct clasp_udp *udp;		/* NULL: closed */
	struct clasp_count *unsent;
	unsigned long	 unsent_total;
	uv_timer_t	 discovery_timer;
	struct clasp_sacn data;		/* what all our packets share */
	uint8_t		 sync_sequence;
	uint8_t		 list[2 * (CLASP_SACN_UNIVERSE_MAX + 1)];
	char		 why[100];	/* of what was not sent */
	char		 device[300];	/* for people */
};

/* ---------------------------------------------------------------- sending */

/* To the group of a universe, or to those that were named. */
static void
put(struct clasp_sacnsend *s, const struct clasp_sacn *packet,
    unsigned universe)
{
	const struct clasp_targets *targets = &s->config.targets;
	uint8_t bytes[CLASP_SACN_MAX];
	size_t len = clasp_sacn_encode(bytes, packet);
	struct sockaddr_in group = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)s->config.port),
		.sin_addr.s_addr = htonl(clasp_sacn_group(universe))
	};
	unsigned i;

	if (!s->udp)
		return;
	for (i = 0; i < targets->n; i++)
		clasp_udp_put(s->udp, &targets->at[i], bytes, len);
	if (targets->n == 0)
		clasp_udp_put(s->udp, &group, bytes, len);
}

static void
put_frame(struct clasp_sacnsend *s, struct clasp_universe *u,
    uint8_t more_options)
{
	struct clasp_sacn packet = s->data;

	packet.universe = (uint16_t)u->number;
	packet.sequence = u->sequence++;
	packet.slots = u->level;
	packet.options |= more_options;
	put(s, &packet, u->number);
}

static void
flush(struct clasp_sacnsend *s)
{
	int error;

	if (!s->udp)
		return;
	clasp_udp_flush(s->udp);
	error = clasp_udp_error(s->udp);
	if (*clasp_udp_unsent(s->udp) == s->unsent_total)
		return;
	s->unsent_total = *clasp_udp_unsent(s->udp);
	snprintf(s->why, sizeof s->why, "packet not sent: %s%s",
	    cli_strerror(error),
	    error == ENETUNREACH && s->config.targets.n == 0 ?
	    "; is it up?  --interface names another" : "");
	s->unsent->tally.reason = s->why;
	clasp_counts_tell(clasp_bridge_counts(s->bridge));
	/* unplugged, and plugged in again; or it has another address */
	if (clasp_udp_follow(s->udp) > 0)
		cli_note(s->device, "back");
}

static bool
on_send(struct clasp_universe *u, uint64_t tick_us, void *user)
{
	(void)tick_us;
	put_frame(user, u, 0);
	return true;
}

static void
on_release(struct clasp_universe *u, void *user)
{
	put_frame(user, u, CLASP_SACN_TERMINATED);
	flush(user);
}

/* ------------------------------------------------------------- discovery */

static void
put_list(struct clasp_sacnsend *s, unsigned count)
{
	struct clasp_sacn packet = { .kind = CLASP_SACN_LIST,
	    .name = s->data.name };
	unsigned last = count == 0 ? 0 : (count - 1) / CLASP_SACN_PAGE, page;
	unsigned left = count;

	memcpy(packet.cid, s->data.cid, CLASP_SACN_CID);
	packet.last_page = (uint8_t)last;
	for (page = 0; page <= last; page++) {
		packet.page = (uint8_t)page;
		packet.slots = s->list + 2u * page * CLASP_SACN_PAGE;
		packet.count = (uint16_t)(left < CLASP_SACN_PAGE ? left :
		    CLASP_SACN_PAGE);
		left -= packet.count;
		put(s, &packet, CLASP_SACN_DISCOVERY);
	}
	flush(s);
}

static void
on_discovery(uv_timer_t *timer)
{
	struct clasp_sacnsend *s = timer->data;
	const struct clasp_dmx *dmx = clasp_frames_dmx(s->frames);
	const struct clasp_universe *u;
	unsigned at = 0, n = 0;

	while ((u = clasp_dmx_next(dmx, &at)) != NULL)
		if (u->sent)
			clasp_store16(s->list + 2 * n++, (uint16_t)u->number);
	put_list(s, n);
}

/* All universes of a tick are on their way. */
static void
on_sent(unsigned n, void *user)
{
	struct clasp_sacnsend *s = user;
	struct clasp_sacn packet = { .kind = CLASP_SACN_SYNC,
	    .sync = s->data.sync };

	(void)n;
	if (packet.sync > 0) {
		memcpy(packet.cid, s->data.cid, CLASP_SACN_CID);
		packet.sequence = s->sync_sequence++;
		put(s, &packet, packet.sync);
	}
	flush(s);
	/* it is told to groups only */
	if (!s->config.no_discovery && s->config.targets.n == 0 && s->udp &&
	    !uv_is_active((uv_handle_t *)&s->discovery_timer))
		uv_timer_start(&s->discovery_timer, on_discovery,
		    FIRST_LIST_MS, DISCOVERY_MS);
}

/* ---------------------------------------------------------------- the end */

static void
on_done(void *user)
{
	struct clasp_sacnsend *s = user;

	if (s->receiver)
		clasp_sacnrecv_stop(s->receiver);
	uv_timer_stop(&s->discovery_timer);
	clasp_udp_close(s->udp);
	s->udp = NULL;
	clasp_bridge_leave(s->bridge);
}

static void
on_close(void *user)
{
	struct clasp_sacnsend *s = user;

	if (s->receiver)
		clasp_sacnrecv_close(s->receiver);
	clasp_udp_close(s->udp);
	s->udp = NULL;
	uv_close((uv_handle_t *)&s->discovery_timer, NULL);
}

/* --------------------------------------------------------------- the start */

/* Who we are: the same after a restart, but never two at once. */
static void
take_cid(struct clasp_sacnsend *s)
{
	const struct clasp_sacnsend_config *config = &s->config;
	char why[200];

	if (config->cid)
		memcpy(s->data.cid, config->cid, CLASP_SACN_CID);
	else if (clasp_cid_take(config->source, s->data.cid, why) < 0)
		cli_note("CID", "cannot be kept: %s; it is new each time, "
		    "--cid settles it", why);
}

static void
resolve(struct clasp_sacnsend *s)
{
	struct clasp_targets *targets = &s->config.targets;
	const struct clasp_bridge_options *options = s->config.options;

	clasp_network_resolve(targets, s->config.port);
	if (targets->n == 0 || options->both)
		clasp_network_interface(options->interface, &s->interface);
	snprintf(s->device, sizeof s->device, "%s", targets->n > 0 ?
	    targets->text[0] : s->interface.name);
}

static struct clasp_frames *
make_frames(struct clasp_sacnsend *s)
{
	const struct clasp_sacnsend_config *config = &s->config;
	const struct clasp_frames_config framing = {
		.options = config->options,
		.base = "/sacn",
		.model = { .min = 1, .only = config->universes },
		.rate_hz = CLASP_DMX_RATE_MAX,
		.keepalive_us = KEEPALIVE_US,
		.slots = config->slots,
		.repeats = REPEATS,
		.send = on_send,
		.sent = on_sent,
		.release = on_release,
		.done = on_done,
		.close = on_close,
		.user = s
	};

	return clasp_frames_new(&framing);
}

struct clasp_sacnsend *
clasp_sacnsend_new(const struct clasp_sacnsend_config *config)
{
	struct clasp_sacnsend *s = calloc(1, sizeof *s);

	if (!s)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	s->config = *config;
	s->data = (struct clasp_sacn){
		.kind = CLASP_SACN_DATA,
		.name = clasp_str_c(config->source),
		.sync = config->sync,
		.priority = config->priority,
		.options = config->preview ? CLASP_SACN_PREVIEW : 0,
		.count = config->slots
	};
	resolve(s);
	take_cid(s);
	s->frames = make_frames(s);
	return s;
}

void
clasp_sacnsend_attach(struct clasp_sacnsend *s,
    struct clasp_bridge_config *bridging)
{
	struct clasp_sacnrecv_config receiving = {
		.options = s->config.options,
		.universes = s->config.universes,
		.interface = &s->interface,
		.port = s->config.port,
		.own = s->data.cid
	};

	bridging->device = s->device;
	clasp_frames_attach(s->frames, bridging);
	if (!s->config.options->both)
		return;
	receiving.prefix = bridging->base;
	s->receiver = clasp_sacnrecv_new(&receiving);
	clasp_sacnrecv_attach(s->receiver, bridging);
}

static void
open_udp(struct clasp_sacnsend *s)
{
	const struct clasp_udp_config config = {
		.broadcast = true,
		.ttl = s->config.ttl,
		.interface = s->config.targets.n == 0 ? &s->interface : NULL
	};
	char why[CLASP_UDP_WHY];

	if (clasp_udp_new(clasp_bridge_loop(s->bridge), &config, &s->udp,
	    why) < 0)
		cli_die(CLI_UNREACHABLE, s->device, "%s", why);
	s->unsent = clasp_counts_add(clasp_bridge_counts(s->bridge),
	    s->device, "packet not sent", &s->unsent_total);
}

void
clasp_sacnsend_start(struct clasp_sacnsend *s, struct clasp_bridge *bridge)
{
	s->bridge = bridge;
	uv_timer_init(clasp_bridge_loop(bridge), &s->discovery_timer);
	s->discovery_timer.data = s;
	clasp_frames_start(s->frames, bridge);
	open_udp(s);
	if (s->receiver)
		clasp_sacnrecv_start(s->receiver, bridge);
	clasp_frames_device_open(s->frames, false);
}

void
clasp_sacnsend_free(struct clasp_sacnsend *s)
{
	if (!s)
		return;
	clasp_sacnrecv_free(s->receiver);
	clasp_frames_free(s->frames);
	free(s);
}
