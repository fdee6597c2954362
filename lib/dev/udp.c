/* udp.c - datagrams, in batches. */

#include "dev/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define BATCH		64	/* datagrams a system call */
#define ROUNDS		8	/* batches before others have their turn */
#define RCVBUF		(1 << 20)
#define SNDBUF		(1 << 20)
#define GROUPS		20	/* a socket takes; the system's own limit */

/* One socket: the first sends, too; each has some groups. */
struct sock {
	struct clasp_udp *udp;
	struct sock	*next;
	uv_poll_t	 poll;
	int		 fd;
	unsigned	 n;
	struct in_addr	 groups[GROUPS];
};

/* Names the interface of one datagram. */
union via {
	struct cmsghdr	 head;
	char		 room[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct clasp_udp {
	struct clasp_udp_config config;
	struct clasp_netif interface;
	uv_loop_t	*loop;
	struct sock	*socks;		/* the first is the last of the list */
	struct sock	*first;
	unsigned	 number;
	unsigned	 handles;
	unsigned	 groups_max;	/* of a socket */
	bool		 paused, closing;
	unsigned long	 unsent;
	int		 error;
	union via	 via;
	unsigned	 put;		/* in the batch */
	struct mmsghdr	 out[BATCH], in[BATCH];
	struct iovec	 out_at[BATCH], in_at[BATCH];
	struct sockaddr_in to[BATCH], from[BATCH];
	uint8_t		 out_room[BATCH][CLASP_UDP_MAX];
	uint8_t		 in_room[BATCH][CLASP_UDP_MAX];
};

static int
fail(char why[CLASP_UDP_WHY], const char *what)
{
	int result = errno == EADDRINUSE ? CLASP_EBIND : CLASP_EIO;

	snprintf(why, CLASP_UDP_WHY, "%s: %s", what,
	    uv_strerror(uv_translate_sys_error(errno)));
	return result;
}

/* -------------------------------------------------------------- receiving */

/* One batch: how many there were. */
static int
take(struct clasp_udp *udp, const struct sock *s)
{
	int n, i;

	for (i = 0; i < BATCH; i++) {
		udp->in[i].msg_hdr.msg_namelen = sizeof udp->from[i];
		udp->in[i].msg_hdr.msg_flags = 0;
	}
	n = recvmmsg(s->fd, udp->in, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n && !udp->closing; i++)
		udp->config.packet(udp->in_room[i], udp->in[i].msg_len,
		    &udp->from[i], udp->config.user);
	return n;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct sock *s = poll->data;
	struct clasp_udp *udp = s->udp;
	int round, n = BATCH;

	(void)status;
	(void)events;
	for (round = 0; n == BATCH && round < ROUNDS; round++) {
		if (udp->closing || udp->paused)
			return;
		n = take(udp, s);
		if (n > 0 && udp->config.taken)
			udp->config.taken(udp->config.user);
	}
}

void
clasp_udp_read(struct clasp_udp *udp, bool on)
{
	struct sock *s;

	udp->paused = !on;
	if (!udp->config.packet || udp->closing)
		return;
	for (s = udp->socks; s; s = s->next)
		if (on)
			uv_poll_start(&s->poll, UV_READABLE, on_poll);
		else
			uv_poll_stop(&s->poll);
}

/* ---------------------------------------------------------------- opening */

/* More than the administrator's limit where we may. */
static void
widen(int fd, int what, int forced, int size)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, what, &size, sizeof size);
}

/* Where groups are, for what is sent. */
static int
set_interface(const struct clasp_udp *udp, int fd)
{
	const struct ip_mreqn via = {
		.imr_ifindex = (int)udp->interface.index,
		.imr_address = udp->interface.address
	};

	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof via);
}

static int
set_options(const struct clasp_udp *udp, int fd)
{
	const struct clasp_udp_config *config = &udp->config;
	int on = 1, off = 0, ttl = config->ttl > 0 ? config->ttl : 1;

	if ((config->reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof on) < 0) || (config->broadcast && setsockopt(fd,
	    SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0))
		return -1;
	/* else a socket on 0.0.0.0 gets the groups of all programs */
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off,
	    sizeof off) < 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL,
	    &ttl, sizeof ttl) < 0)
		return -1;
	widen(fd, SO_RCVBUF, SO_RCVBUFFORCE,
	    config->rcvbuf > 0 ? config->rcvbuf : RCVBUF);
	widen(fd, SO_SNDBUF, SO_SNDBUFFORCE, SNDBUF);
	return config->interface ? set_interface(udp, fd) : 0;
}

static int
open_fd(struct clasp_udp *udp, char why[CLASP_UDP_WHY])
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr = udp->config.address,
		.sin_port = htons((uint16_t)udp->number)
	};
	socklen_t len = sizeof at;
	int fd, result;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(why, "socket");
	if (set_options(udp, fd) < 0)
		result = fail(why, "socket options");
	else if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		result = fail(why, "cannot listen");
	else {
		udp->number = ntohs(at.sin_port);
		return fd;
	}
	close(fd);
	return result;
}

static int
add_sock(struct clasp_udp *udp, char why[CLASP_UDP_WHY])
{
	struct sock *s = calloc(1, sizeof *s);
	int fd;

	if (!s) {
		snprintf(why, CLASP_UDP_WHY, "out of memory");
		return CLASP_EIO;
	}
	s->udp = udp;
	s->fd = fd = open_fd(udp, why);
	if (fd < 0) {
		free(s);
		return fd;
	}
	if (uv_poll_init(udp->loop, &s->poll, s->fd) < 0) {
		close(s->fd);
		free(s);
		snprintf(why, CLASP_UDP_WHY, "cannot poll it");
		return CLASP_EIO;
	}
	s->poll.data = s;
	s->next = udp->socks;
	udp->socks = s;
	if (!udp->first)
		udp->first = s;
	udp->handles++;
	if (udp->config.packet && !udp->paused)
		uv_poll_start(&s->poll, UV_READABLE, on_poll);
	return 0;
}

static void
init_via(struct clasp_udp *udp)
{
	const struct in_pktinfo info = {
		.ipi_ifindex = (int)udp->interface.index,
		.ipi_spec_dst = udp->interface.address
	};

	udp->via.head.cmsg_level = IPPROTO_IP;
	udp->via.head.cmsg_type = IP_PKTINFO;
	udp->via.head.cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(&udp->via.head), &info, sizeof info);
}

static void
init_batches(struct clasp_udp *udp)
{
	struct msghdr *h;
	int i;

	for (i = 0; i < BATCH; i++) {
		udp->in_at[i] = (struct iovec){ udp->in_room[i],
		    CLASP_UDP_MAX };
		h = &udp->in[i].msg_hdr;
		h->msg_name = &udp->from[i];
		h->msg_iov = &udp->in_at[i];
		h->msg_iovlen = 1;
		udp->out_at[i].iov_base = udp->out_room[i];
		h = &udp->out[i].msg_hdr;
		h->msg_name = &udp->to[i];
		h->msg_namelen = sizeof udp->to[i];
		h->msg_iov = &udp->out_at[i];
		h->msg_iovlen = 1;
	}
}

int
clasp_udp_new(uv_loop_t *loop, const struct clasp_udp_config *config,
    struct clasp_udp **out, char why[CLASP_UDP_WHY])
{
	struct clasp_udp *udp = calloc(1, sizeof *udp);
	int result;

	if (!udp) {
		snprintf(why, CLASP_UDP_WHY, "out of memory");
		return CLASP_EIO;
	}
	udp->loop = loop;
	udp->config = *config;
	if (config->interface)
		udp->interface = *config->interface;
	udp->number = config->port;
	udp->groups_max = GROUPS;
	init_batches(udp);
	init_via(udp);
	result = add_sock(udp, why);
	if (result < 0) {
		free(udp);
		return result;
	}
	*out = udp;
	return 0;
}

/* ---------------------------------------------------------------- closing */

static void
on_closed(uv_handle_t *handle)
{
	struct sock *s = handle->data;
	struct clasp_udp *udp = s->udp;

	free(s);
	if (--udp->handles == 0)
		free(udp);
}

void
clasp_udp_close(struct clasp_udp *udp)
{
	struct sock *s;

	if (!udp || udp->closing)
		return;
	clasp_udp_flush(udp);
	udp->closing = true;
	for (s = udp->socks; s; s = s->next) {
		uv_poll_stop(&s->poll);
		close(s->fd);
		uv_close((uv_handle_t *)&s->poll, on_closed);
	}
}

/* ---------------------------------------------------------------- figures */

unsigned
clasp_udp_number(const struct clasp_udp *udp)
{
	return udp->number;
}

int
clasp_udp_rcvbuf(const struct clasp_udp *udp)
{
	socklen_t len = sizeof(int);
	int size = 0;

	getsockopt(udp->first->fd, SOL_SOCKET, SO_RCVBUF, &size, &len);
	return size / 2;	/* the system doubles what it was asked for */
}

unsigned long
clasp_udp_lost(const struct clasp_udp *udp)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	const struct sock *s;
	unsigned long lost = 0;
	socklen_t len;

	for (s = udp->socks; s; s = s->next) {
		len = sizeof info;
		if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info,
		    &len) == 0)
			lost += info[SK_MEMINFO_DROPS];
	}
	return lost;
}

/* ----------------------------------------------------------------- groups */

static int
membership(const struct clasp_udp *udp, const struct sock *s, int what,
    struct in_addr group)
{
	struct ip_mreqn req = { .imr_multiaddr = group };

	if (udp->config.interface) {
		req.imr_ifindex = (int)udp->interface.index;
		req.imr_address = udp->interface.address;
	}
	return setsockopt(s->fd, IPPROTO_IP, what, &req, sizeof req);
}

int
clasp_udp_join(struct clasp_udp *udp, struct in_addr group,
    char why[CLASP_UDP_WHY])
{
	struct sock *s = udp->socks;
	char name[INET_ADDRSTRLEN];

	while (s && s->n >= udp->groups_max)
		s = s->next;
	if (!s) {
		if (add_sock(udp, why) < 0)
			return CLASP_EBIND;
		s = udp->socks;
	}
	if (membership(udp, s, IP_ADD_MEMBERSHIP, group) == 0 ||
	    errno == EADDRINUSE) {
		s->groups[s->n++] = group;
		return 0;
	}
	/* the system's limit may be lower than ours */
	if (errno == ENOBUFS && s->n > 0) {
		udp->groups_max = s->n;
		return clasp_udp_join(udp, group, why);
	}
	inet_ntop(AF_INET, &group, name, sizeof name);
	snprintf(why, CLASP_UDP_WHY, "cannot join %s: %s", name,
	    uv_strerror(uv_translate_sys_error(errno)));
	return CLASP_EBIND;
}

void
clasp_udp_leave(struct clasp_udp *udp, struct in_addr group)
{
	struct sock *s;
	unsigned i;

	for (s = udp->socks; s; s = s->next)
		for (i = 0; i < s->n; i++)
			if (s->groups[i].s_addr == group.s_addr) {
				membership(udp, s, IP_DROP_MEMBERSHIP, group);
				s->groups[i] = s->groups[--s->n];
				return;
			}
}

/* All that goes by the interface goes by this one. */
static void
move(struct clasp_udp *udp, const struct clasp_netif *to)
{
	struct sock *s;
	unsigned i;

	/* what was joined on the old one still counts for the socket */
	for (s = udp->socks; s; s = s->next)
		for (i = 0; i < s->n; i++)
			membership(udp, s, IP_DROP_MEMBERSHIP, s->groups[i]);
	udp->interface = *to;
	init_via(udp);
	for (s = udp->socks; s; s = s->next) {
		set_interface(udp, s->fd);
		for (i = 0; i < s->n; i++)
			membership(udp, s, IP_ADD_MEMBERSHIP, s->groups[i]);
	}
}

int
clasp_udp_follow(struct clasp_udp *udp)
{
	struct clasp_netif all[CLASP_NETIF_MAX], *found = NULL;
	const struct clasp_netif *known = &udp->interface;
	int i, n;

	if (!udp->config.interface)
		return 0;
	n = clasp_netif_list(all, CLASP_NETIF_MAX);
	/* it may have several addresses: ours, if that is still there */
	for (i = 0; i < n; i++)
		if (strcmp(all[i].name, known->name) == 0 && (!found ||
		    all[i].address.s_addr == known->address.s_addr))
			found = &all[i];
	/* one that is down, or without an address yet, is not listed */
	if (!found)
		return if_nametoindex(known->name) == known->index ? 0 :
		    CLASP_ENOENT;
	if (found->index == known->index &&
	    found->address.s_addr == known->address.s_addr)
		return 0;
	move(udp, found);
	return 1;
}

/* ---------------------------------------------------------------- sending */

void
clasp_udp_put(struct clasp_udp *udp, const struct sockaddr_in *to,
    const void *p, size_t len)
{
	unsigned i = udp->put;
	bool named;

	if (len > CLASP_UDP_MAX || udp->closing) {
		udp->unsent++;
		udp->error = EMSGSIZE;
		return;
	}
	memcpy(udp->out_room[i], p, len);
	udp->out_at[i].iov_len = len;
	udp->to[i] = *to;
	/* of the limited broadcast routes need not know, or know another */
	named = udp->config.interface &&
	    to->sin_addr.s_addr == htonl(INADDR_BROADCAST);
	udp->out[i].msg_hdr.msg_control = named ? &udp->via : NULL;
	udp->out[i].msg_hdr.msg_controllen = named ? sizeof udp->via : 0;
	if (++udp->put == BATCH)
		clasp_udp_flush(udp);
}

void
clasp_udp_flush(struct clasp_udp *udp)
{
	unsigned at = 0, end = udp->put;
	int n;

	udp->put = 0;
	while (at < end) {
		n = sendmmsg(udp->first->fd, udp->out + at, end - at,
		    MSG_DONTWAIT);
		if (n > 0) {
			at += (unsigned)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/* this one cannot be sent; the next may go elsewhere */
		udp->error = errno;
		udp->unsent++;
		at++;
	}
}

const unsigned long *
clasp_udp_unsent(const struct clasp_udp *udp)
{
	return &udp->unsent;
}

int
clasp_udp_error(const struct clasp_udp *udp)
{
	return udp->error;
}
