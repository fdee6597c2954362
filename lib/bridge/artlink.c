/* artlink.c - one Art-Net port. */

#include "bridge/artlink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "bridge/counts.h"
#include "bridge/network.h"
#include "tool/cli.h"

#define NAME_MAX_LEN	63	/* bytes of a node's name */
#define STEADY_US	2000000	/* no failure: packets are sent again */
#define LISTED_US	1000000	/* a list of interfaces is good for */

/* -------------------------------------------------------------- addresses */

static void
list_own(struct clasp_artlink *link)
{
	int n = clasp_netif_list(link->own, CLASP_NETIF_MAX);

	link->nown = n > 0 ? n : 0;
	link->listed_us = clasp_clock_mono_us();
}

static uint32_t
broadcast_of(const struct clasp_netif *interface)
{
	uint32_t ip = ntohl(interface->broadcast.s_addr);

	/* loopback has one, but does not say so */
	if (ip == 0)
		ip = ntohl(interface->address.s_addr) |
		    ~ntohl(interface->mask.s_addr);
	/* a network of one address has none */
	return ip == ntohl(interface->address.s_addr) ? INADDR_BROADCAST : ip;
}

/* Our address as `ip` sees it. */
static uint32_t
own_address(uint32_t ip, void *user)
{
	const struct clasp_artlink *link = user;
	const struct clasp_netif *n, *found = NULL;

	if (link->interface.address.s_addr != 0)
		return ntohl(link->interface.address.s_addr);
	for (n = link->own; n < link->own + link->nown; n++) {
		if (((ip ^ ntohl(n->address.s_addr)) &
		    ntohl(n->mask.s_addr)) == 0)
			return ntohl(n->address.s_addr);
		if (!found || (found->loopback && !n->loopback))
			found = n;
	}
	return found ? ntohl(found->address.s_addr) : 0;
}

bool
clasp_artlink_is_own(const struct clasp_artlink *link, uint32_t ip)
{
	int i;

	if (link->config.options->interface)
		return ip == ntohl(link->interface.address.s_addr);
	for (i = 0; i < link->nown; i++)
		if (ip == ntohl(link->own[i].address.s_addr))
			return true;
	return false;
}

static void
read_mac(struct clasp_artlink *link, uint8_t mac[6])
{
	struct ifreq ask = { .ifr_name = "" };
	int fd, i;

	memset(mac, 0, 6);
	for (i = 0; i < link->nown; i++)
		if (link->own[i].address.s_addr ==
		    htonl(own_address(0, link)))
			memcpy(ask.ifr_name, link->own[i].name,
			    sizeof ask.ifr_name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (ioctl(fd, SIOCGIFHWADDR, &ask) == 0)
		memcpy(mac, ask.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static uint8_t
good_input(unsigned universe, void *user)
{
	const struct clasp_artlink_config *config =
	    &((struct clasp_artlink *)user)->config;

	return config->good_input(universe, config->user);
}

static uint8_t
good_output(unsigned universe, void *user)
{
	const struct clasp_artlink_config *config =
	    &((struct clasp_artlink *)user)->config;

	return config->good_output(universe, config->user);
}

static uint32_t
by_chance(void)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof n, GRND_NONBLOCK) < 0)
		n = (uint32_t)clasp_clock_mono_us() * UINT32_C(2654435761);
	return n;
}

/* ---------------------------------------------------------------- sending */

void
clasp_artlink_put(struct clasp_artlink *link, uint32_t ip, uint16_t port,
    const uint8_t *p, size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (!link->udp[0])
		return;
	if (ip == CLASP_ARTNODE_ALL)
		ip = link->config.limited ? INADDR_BROADCAST :
		    broadcast_of(&link->interface);
	to.sin_addr.s_addr = htonl(ip);
	to.sin_port = htons(port);
	clasp_udp_put(link->udp[0], &to, p, len);
}

/* A cable that is out is told once, not each second; and that it is back when
 * nothing has failed for a while. */
static void
tell_sending(struct clasp_artlink *link, bool good)
{
	uint64_t now = clasp_clock_mono_us();

	if (!good) {
		link->failed_us = now;
		if (!link->failing)
			cli_warn(link->subject, "packets cannot be sent: %s",
			    cli_strerror(clasp_udp_error(link->udp[0])));
		link->failing = true;
	} else if (link->failing && now - link->failed_us >= STEADY_US) {
		link->failing = false;
		cli_note(link->subject, "packets are sent again");
	}
}

bool
clasp_artlink_flush(struct clasp_artlink *link)
{
	unsigned long before = link->unsent;

	if (!link->udp[0])
		return true;
	clasp_udp_flush(link->udp[0]);
	link->unsent = *clasp_udp_unsent(link->udp[0]);
	tell_sending(link, link->unsent == before);
	return link->unsent == before;
}

uint16_t
clasp_artlink_port(const struct clasp_artlink *link)
{
	return link->node.config.port;
}

/* --------------------------------------------------------------- the node */

static void
node_send(uint32_t ip, uint16_t port, const uint8_t *p, size_t len,
    void *user)
{
	clasp_artlink_put(user, ip, port, p, len);
}

static void on_node_timer(uv_timer_t *timer);

static void
arm_node(struct clasp_artlink *link)
{
	uint64_t due = clasp_artnode_due(&link->node);
	uint64_t now = clasp_clock_mono_us();

	if (due == UINT64_MAX || !link->udp[0])
		uv_timer_stop(&link->node_timer);
	else
		uv_timer_start(&link->node_timer, on_node_timer,
		    due > now ? (due - now + 999) / 1000 : 0, 0);
}

static void
on_node_timer(uv_timer_t *timer)
{
	struct clasp_artlink *link = timer->data;

	clasp_artnode_run(&link->node, clasp_clock_mono_us());
	clasp_artlink_flush(link);
	arm_node(link);
}

void
clasp_artlink_take(struct clasp_artlink *link, unsigned universe)
{
	if (clasp_numset_has(&link->node.takes, universe))
		return;
	clasp_artnode_take(&link->node, universe, clasp_clock_mono_us());
	arm_node(link);
}

void
clasp_artlink_give(struct clasp_artlink *link, unsigned universe)
{
	if (clasp_numset_has(&link->node.gives, universe))
		return;
	clasp_artnode_give(&link->node, universe, clasp_clock_mono_us());
	arm_node(link);
}

/* -------------------------------------------------------------- receiving */

static void
on_poll(struct clasp_artlink *link, const struct clasp_artnet_poll *poll,
    uint32_t ip, uint16_t port)
{
	/* addresses come and go */
	if (link->now_us - link->listed_us >= LISTED_US)
		list_own(link);
	clasp_artnode_poll(&link->node, poll, ip, port, link->now_us);
	arm_node(link);
}

/* What we send ourselves, and broadcasts bring back. */
static bool
may_be_own(const struct clasp_artlink *link, const struct clasp_artnet *packet)
{
	switch (packet->op) {
	case CLASP_ARTNET_POLL:
	case CLASP_ARTNET_REPLY:
		return true;
	case CLASP_ARTNET_DMX:
		return clasp_numset_has(&link->node.gives,
		    packet->dmx.universe);
	case CLASP_ARTNET_SYNC:
		return clasp_numset_next(&link->node.gives, 0) >= 0;
	default:
		return false;
	}
}

static void
on_packet(const uint8_t *p, size_t len, const struct sockaddr_in *from,
    void *user)
{
	struct clasp_artlink *link = user;
	uint32_t ip = ntohl(from->sin_addr.s_addr);
	uint16_t port = ntohs(from->sin_port);
	struct clasp_artnet packet;
	enum clasp_artnet_result result;

	if (link->now_us == 0)
		link->now_us = clasp_clock_mono_us();
	result = clasp_artnet_decode(p, len, &packet);
	link->results[result]++;
	if (result != CLASP_ARTNET_GOOD)
		return;
	if (port == clasp_artlink_port(link) && may_be_own(link, &packet) &&
	    clasp_artlink_is_own(link, ip))
		return;
	if (packet.op == CLASP_ARTNET_POLL)
		on_poll(link, &packet.poll, ip, port);
	else
		link->config.packet(&packet, ip, link->now_us,
		    link->config.user);
}

static void
on_taken(void *user)
{
	struct clasp_artlink *link = user;

	link->now_us = 0;
	clasp_bridge_taken(link->config.bridge);
}

/* Losses of the system are not told to us: look. */
static void
on_second(uv_timer_t *timer)
{
	struct clasp_artlink *link = timer->data;
	unsigned long lost = 0;
	int i;

	for (i = 0; i < CLASP_ARTLINK_SOCKETS; i++)
		if (link->udp[i])
			lost += clasp_udp_lost(link->udp[i]);
	link->lost = lost;
	clasp_bridge_taken(link->config.bridge);
}

/* ---------------------------------------------------------------- opening */

struct clasp_str
clasp_artlink_arg_name(void)
{
	struct clasp_str name = clasp_str_c(cli_arg());

	if (name.len == 0 || name.len > NAME_MAX_LEN ||
	    !clasp_utf8_valid(name.p, name.len))
		cli_arg_bad("must be text of at most %d bytes", NAME_MAX_LEN);
	return name;
}

static void
open_main(struct clasp_artlink *link, struct clasp_udp_config *udp)
{
	uv_loop_t *loop = clasp_bridge_loop(link->config.bridge);
	char why[CLASP_UDP_WHY];
	int r;

	if (clasp_udp_new(loop, udp, &link->udp[0], why) == 0)
		return;
	udp->reuse = true;
	r = clasp_udp_new(loop, udp, &link->udp[0], why);
	if (r < 0)
		cli_die(CLI_UNREACHABLE, link->subject, "%s%s", why,
		    r == CLASP_EBIND ? "; for both directions on one machine "
		    "use --both, or an address each with --interface" : "");
	cli_warn(link->subject, "another program has this port, too: what is "
	    "sent to this machine alone now comes here and not there");
}

static void
open_sockets(struct clasp_artlink *link)
{
	const struct clasp_artlink_config *config = &link->config;
	uv_loop_t *loop = clasp_bridge_loop(config->bridge);
	struct clasp_udp_config udp = {
		.port = config->port,
		.broadcast = true,
		.rcvbuf = config->options->rcvbuf,
		.packet = on_packet,
		.taken = on_taken,
		.user = link
	};
	char why[CLASP_UDP_WHY];

	if (link->interface.address.s_addr != 0)
		udp.interface = &link->interface;
	if (config->options->interface)
		udp.address = link->interface.address;
	open_main(link, &udp);
	if (!config->options->interface)
		return;
	/* a port at one address hears no broadcasts */
	udp.port = clasp_udp_number(link->udp[0]);
	udp.reuse = true;
	udp.address.s_addr = htonl(broadcast_of(&link->interface));
	if (udp.address.s_addr != htonl(INADDR_BROADCAST) &&
	    clasp_udp_new(loop, &udp, &link->udp[1], why) < 0)
		cli_warn(link->subject, "no broadcasts: %s", why);
	udp.address.s_addr = htonl(INADDR_BROADCAST);
	if (clasp_udp_new(loop, &udp, &link->udp[2], why) < 0)
		cli_warn(link->subject, "no limited broadcasts: %s", why);
}

static void
count_drops(struct clasp_artlink *link)
{
	struct clasp_counts *counts = clasp_bridge_counts(link->config.bridge);
	int i;

	for (i = CLASP_ARTNET_GOOD + 1; i < CLASP_ARTNET_RESULTS; i++)
		clasp_counts_add(counts, link->subject,
		    clasp_artnet_result_name((enum clasp_artnet_result)i),
		    &link->results[i])->tally.quiet =
		    i == CLASP_ARTNET_OTHER;
	clasp_counts_add(counts, link->subject, "polls of too many",
	    &link->node.unanswered);
	clasp_counts_add(counts, link->subject, "no room, see --rcvbuf",
	    &link->lost);
	clasp_counts_add(counts, link->subject, "not sent",
	    &link->unsent)->tally.quiet = true;	/* tell_sending() does */
}

static void
init_node(struct clasp_artlink *link)
{
	const struct clasp_artlink_config *config = &link->config;
	struct clasp_artnode_config node = {
		.port = (uint16_t)clasp_udp_number(link->udp[0]),
		.name = config->name,
		.broadcast = config->reply_broadcast,
		.random = by_chance,
		.good_input = good_input,
		.good_output = good_output,
		.own = own_address,
		.send = node_send,
		.user = link
	};

	read_mac(link, node.mac);
	clasp_artnode_init(&link->node, &node);
}

void
clasp_artlink_open(struct clasp_artlink *link,
    const struct clasp_artlink_config *config)
{
	uv_loop_t *loop = clasp_bridge_loop(config->bridge);

	link->config = *config;
	list_own(link);
	if (config->find_interface || config->options->interface)
		clasp_network_interface(config->options->interface,
		    &link->interface);
	snprintf(link->subject, sizeof link->subject, "port %u",
	    config->port);
	open_sockets(link);
	init_node(link);
	snprintf(link->subject, sizeof link->subject, "port %u",
	    clasp_artlink_port(link));
	count_drops(link);
	uv_timer_init(loop, &link->node_timer);
	uv_timer_init(loop, &link->second_timer);
	link->node_timer.data = link->second_timer.data = link;
	uv_timer_start(&link->second_timer, on_second, 1000, 1000);
}

/* ---------------------------------------------------------------- closing */

void
clasp_artlink_shut(struct clasp_artlink *link)
{
	int i;

	if (link->udp[0]) {
		on_second(&link->second_timer);
		uv_timer_stop(&link->second_timer);
		uv_timer_stop(&link->node_timer);
	}
	for (i = 0; i < CLASP_ARTLINK_SOCKETS; i++) {
		clasp_udp_close(link->udp[i]);
		link->udp[i] = NULL;
	}
}

void
clasp_artlink_close(struct clasp_artlink *link)
{
	clasp_artlink_shut(link);
	uv_close((uv_handle_t *)&link->node_timer, NULL);
	uv_close((uv_handle_t *)&link->second_timer, NULL);
}
