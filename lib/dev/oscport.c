/* oscport.c - OSC packets from UDP and TCP. */
#include "dev/oscport.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "proto/oscstream.h"

#define DATAGRAM_ROOM	65536
#define STREAM_ROOM	65536
#define SOCKET_BUFFER	(4 << 20)	/* asked of the system */
#define FREE_PORT_TRIES	16		/* for one free in both families */

struct peer {
	struct clasp_oscport *port;
	struct peer	*next, **prev;
	uv_tcp_t	 tcp;
	struct clasp_osc_stream stream;
};

/* One address family; `open` while its handle lives. */
struct side {
	struct clasp_oscport *port;
	bool		 open;
	union {
		uv_udp_t udp;
		uv_tcp_t tcp;
		uv_handle_t handle;
	};
};

struct clasp_oscport {
	uv_loop_t	*loop;
	struct clasp_oscport_config config;
	struct side	 sides[2];	/* IPv4, IPv6 */
	struct peer	*peers;
	unsigned	 npeers;
	unsigned	 number;
	unsigned	 handles;	/* not closed yet */
	bool		 paused, closing;
	char		 room[DATAGRAM_ROOM];
};

/* -------------------------------------------------------------- closing */

static void
let_go(struct clasp_oscport *port)
{
	if (--port->handles == 0 && port->closing)
		free(port);
}

static void
on_side_closed(uv_handle_t *handle)
{
	struct side *side = handle->data;

	let_go(side->port);
}

static void
close_side(struct side *side)
{
	if (!side->open)
		return;
	side->open = false;
	uv_close(&side->handle, on_side_closed);
}

static void
on_peer_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;
	struct clasp_oscport *port = peer->port;

	clasp_osc_stream_clear(&peer->stream);
	free(peer);
	let_go(port);
}

static void
close_peer(struct peer *peer)
{
	if (uv_is_closing((uv_handle_t *)&peer->tcp))
		return;
	if (peer->prev != NULL) {
		*peer->prev = peer->next;
		if (peer->next != NULL)
			peer->next->prev = peer->prev;
		peer->port->npeers--;
	}
	uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
}

void
clasp_oscport_close(struct clasp_oscport *port)
{
	if (port == NULL || port->closing)
		return;
	port->closing = true;
	port->handles++;	/* until all are asked to close */
	while (port->peers != NULL)
		close_peer(port->peers);
	close_side(&port->sides[0]);
	close_side(&port->sides[1]);
	let_go(port);
}

/* ------------------------------------------------------------------ UDP */

/* One room for all: a datagram is read and handed on before the next. */
static void
on_udp_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct side *side = handle->data;

	(void)suggested;
	*buf = uv_buf_init(side->port->room, sizeof side->port->room);
}

static void
on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
    const struct sockaddr *from, unsigned flags)
{
	struct side *side = udp->data;
	struct clasp_oscport *port = side->port;

	(void)flags;
	/* no sender: nothing was there; an error is that of an earlier send */
	if (n < 0 || from == NULL)
		return;
	port->config.packet((const uint8_t *)buf->base, (size_t)n, from,
	    port->config.user);
}

/* Enough room for a burst, where the system allows. */
static void
widen(uv_handle_t *handle)
{
	int size = SOCKET_BUFFER;

	uv_recv_buffer_size(handle, &size);
}

static int
join(struct clasp_oscport *port, const char *group)
{
	int family = strchr(group, ':') != NULL;
	struct side *side = &port->sides[family];

	if (!side->open)
		return UV_EAFNOSUPPORT;
	return uv_udp_set_membership(&side->udp, group, NULL, UV_JOIN_GROUP);
}

/* ------------------------------------------------------------------ TCP */

static void
on_packet(const uint8_t *p, size_t len, void *user)
{
	struct peer *peer = user;
	struct clasp_oscport *port = peer->port;

	if (!port->closing)
		port->config.packet(p, len, NULL, port->config.user);
}

static void
on_stream_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct peer *peer = handle->data;

	(void)suggested;
	*buf = uv_buf_init(peer->port->room, STREAM_ROOM);
}

static void
complain(struct clasp_oscport *port, const char *why)
{
	if (port->config.broken != NULL)
		port->config.broken(why, port->config.user);
}

static void
on_stream(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct peer *peer = stream->data;
	unsigned long broken = peer->stream.broken;

	if (n < 0) {
		close_peer(peer);
		return;
	}
	if (clasp_osc_stream_feed(&peer->stream, buf->base, (size_t)n) < 0) {
		complain(peer->port, "TCP stream that is no OSC");
		close_peer(peer);
	} else if (peer->stream.broken != broken)
		complain(peer->port, "SLIP packet that is broken");
}

static void
on_connection(uv_stream_t *listener, int status)
{
	struct side *side = listener->data;
	struct clasp_oscport *port = side->port;
	struct peer *peer;

	if (status < 0 || (peer = calloc(1, sizeof *peer)) == NULL)
		return;
	peer->port = port;
	peer->stream.packet = on_packet;
	peer->stream.user = peer;
	uv_tcp_init(port->loop, &peer->tcp);
	peer->tcp.data = peer;
	port->handles++;
	if (uv_accept(listener, (uv_stream_t *)&peer->tcp) < 0 ||
	    port->npeers == CLASP_OSCPORT_PEERS) {
		complain(port, "connection beyond the limit");
		close_peer(peer);
		return;
	}
	peer->next = port->peers;
	peer->prev = &port->peers;
	if (peer->next != NULL)
		peer->next->prev = &peer->next;
	port->peers = peer;
	port->npeers++;
	if (!port->paused)
		uv_read_start((uv_stream_t *)&peer->tcp, on_stream_room,
		    on_stream);
}

/* -------------------------------------------------------------- opening */

static int
bind_side(struct clasp_oscport *port, struct side *side,
    const struct sockaddr *addr)
{
	bool six = addr->sa_family == AF_INET6;
	int r;

	if (port->config.tcp)
		r = uv_tcp_init(port->loop, &side->tcp);
	else
		r = uv_udp_init(port->loop, &side->udp);
	if (r < 0)
		return r;
	side->port = port;
	side->handle.data = side;
	side->open = true;
	port->handles++;
	if (port->config.tcp) {
		r = uv_tcp_bind(&side->tcp, addr, six ? UV_TCP_IPV6ONLY : 0);
		if (r == 0)
			r = uv_listen((uv_stream_t *)&side->tcp, 64,
			    on_connection);
	} else
		r = uv_udp_bind(&side->udp, addr, (six ? UV_UDP_IPV6ONLY : 0) |
		    (port->config.ngroups > 0 ? UV_UDP_REUSEADDR : 0));
	if (r < 0)
		close_side(side);
	else if (!port->config.tcp)
		widen(&side->handle);
	return r;
}

static unsigned
number_of(const struct clasp_oscport *port, const struct side *side)
{
	struct sockaddr_storage addr;
	int len = sizeof addr;

	if ((port->config.tcp ?
	    uv_tcp_getsockname(&side->tcp, (struct sockaddr *)&addr, &len) :
	    uv_udp_getsockname(&side->udp, (struct sockaddr *)&addr, &len)) < 0)
		return 0;
	return ntohs(addr.ss_family == AF_INET6 ?
	    ((struct sockaddr_in6 *)&addr)->sin6_port :
	    ((struct sockaddr_in *)&addr)->sin_port);
}

/* Every address of both families, on one number. */
static int
bind_all(struct clasp_oscport *port)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	int r = UV_EADDRINUSE, tries;

	for (tries = 0; tries < FREE_PORT_TRIES; tries++) {
		uv_ip4_addr("0.0.0.0", (int)port->config.port, &four);
		r = bind_side(port, &port->sides[0],
		    (struct sockaddr *)&four);
		if (r < 0)
			return r;
		port->number = number_of(port, &port->sides[0]);
		uv_ip6_addr("::", (int)port->number, &six);
		r = bind_side(port, &port->sides[1], (struct sockaddr *)&six);
		if (r != UV_EADDRINUSE)
			return 0;	/* without IPv6, IPv4 alone */
		/* the handle may be used again when the loop closed it */
		close_side(&port->sides[0]);
		uv_run(port->loop, UV_RUN_NOWAIT);
		if (port->config.port != 0)
			return r;
	}
	return r;
}

static int
bind_host(struct clasp_oscport *port)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
	    .ai_socktype = port->config.tcp ? SOCK_STREAM : SOCK_DGRAM };
	char service[16];
	uv_getaddrinfo_t req;
	struct side *side;
	int r;

	snprintf(service, sizeof service, "%u", port->config.port);
	r = uv_getaddrinfo(port->loop, &req, NULL, port->config.host, service,
	    &hints);
	if (r < 0)
		return r;
	side = &port->sides[req.addrinfo->ai_family == AF_INET6];
	r = bind_side(port, side, req.addrinfo->ai_addr);
	if (r == 0)
		port->number = number_of(port, side);
	uv_freeaddrinfo(req.addrinfo);
	return r;
}

void
clasp_oscport_read(struct clasp_oscport *port, bool on)
{
	struct peer *peer;
	int i;

	port->paused = !on;
	for (i = 0; i < 2 && !port->config.tcp; i++)
		if (port->sides[i].open && on)
			uv_udp_recv_start(&port->sides[i].udp, on_udp_room,
			    on_datagram);
		else if (port->sides[i].open)
			uv_udp_recv_stop(&port->sides[i].udp);
	for (peer = port->peers; peer != NULL; peer = peer->next)
		if (on)
			uv_read_start((uv_stream_t *)&peer->tcp,
			    on_stream_room, on_stream);
		else
			uv_read_stop((uv_stream_t *)&peer->tcp);
}

int
clasp_oscport_new(uv_loop_t *loop, const struct clasp_oscport_config *config,
    struct clasp_oscport **out, char why[CLASP_OSCPORT_WHY])
{
	struct clasp_oscport *port = calloc(1, sizeof *port);
	unsigned i;
	int r;

	if (port == NULL) {
		snprintf(why, CLASP_OSCPORT_WHY, "out of memory");
		return CLASP_EBIND;
	}
	port->loop = loop;
	port->config = *config;
	r = config->host != NULL ? bind_host(port) : bind_all(port);
	if (r < 0)
		snprintf(why, CLASP_OSCPORT_WHY, "%s", uv_strerror(r));
	for (i = 0; r == 0 && i < config->ngroups; i++)
		if ((r = join(port, config->groups[i])) < 0)
			snprintf(why, CLASP_OSCPORT_WHY, "cannot join %s: %s",
			    config->groups[i], uv_strerror(r));
	if (r < 0) {
		clasp_oscport_close(port);
		return CLASP_EBIND;
	}
	clasp_oscport_read(port, true);
	*out = port;
	return 0;
}

unsigned
clasp_oscport_number(const struct clasp_oscport *port)
{
	return port->number;
}

bool
clasp_oscport_send(struct clasp_oscport *port, const struct sockaddr *to,
    const uint8_t *p, size_t len)
{
	struct side *side = &port->sides[to->sa_family == AF_INET6];
	uv_buf_t buf = uv_buf_init((char *)p, (unsigned)len);

	return side->open && uv_udp_try_send(&side->udp, &buf, 1, to) >= 0;
}
