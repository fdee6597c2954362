/*
 * udp.h - datagrams of protocols that send frames of levels: IPv4, unicast,
 * broadcast and any number of multicast groups, in batches.
 *
 *	clasp_udp_new(loop, &config, &udp, why);
 *	clasp_udp_join(udp, group);
 *	clasp_udp_put(udp, &to, packet, len); ...  one system call for many:
 *	clasp_udp_flush(udp);
 *
 * Nothing blocks and nothing is queued behind the system's own buffers: what
 * they do not take is counted and gone, as the network may lose it anyhow.
 */
#ifndef CLASP_DEV_UDP_H
#define CLASP_DEV_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "dev/netif.h"

#define CLASP_UDP_MAX	1536	/* bytes of one datagram; more are cut off */
#define CLASP_UDP_WHY	200

struct clasp_udp;

struct clasp_udp_config {
	struct in_addr	 address;	/* to bind; 0.0.0.0: all */
	unsigned	 port;		/* 0: one that is free */
	bool		 reuse;		/* others may have the port, too */
	bool		 broadcast;	/* may send to broadcast addresses */
	int		 rcvbuf;	/* bytes; 0: 1 MiB */
	int		 ttl;		/* of multicast; 0: 1 */
	/* for groups, in and out, and for 255.255.255.255; NULL: what the
	 * routes say */
	const struct clasp_netif *interface;
	/* one datagram; NULL: it only sends */
	void		(*packet)(const uint8_t *p, size_t len,
			    const struct sockaddr_in *from, void *user);
	/* all that had come has been given to packet; may be NULL */
	void		(*taken)(void *user);
	void		*user;
};

/* Open it: 0 and *out; or with why filled CLASP_EBIND, when another program
 * has the port, or CLASP_EIO. */
int	clasp_udp_new(uv_loop_t *loop, const struct clasp_udp_config *config,
	    struct clasp_udp **out, char why[CLASP_UDP_WHY]);
/* Memory is given back by the loop.  NULL is fine. */
void	clasp_udp_close(struct clasp_udp *udp);
/* The port it has. */
unsigned clasp_udp_number(const struct clasp_udp *udp);
/* The room for received datagrams that the system gave, in bytes. */
int	clasp_udp_rcvbuf(const struct clasp_udp *udp);
/* Datagrams that came and found no room there. */
unsigned long clasp_udp_lost(const struct clasp_udp *udp);

/*
 * Join a group, or leave one that was joined.  A socket takes 20 groups, or
 * what the system lets it; a further one is opened for the next ones (then
 * reuse must be set).  0, or CLASP_EBIND with why filled.
 */
int	clasp_udp_join(struct clasp_udp *udp, struct in_addr group,
	    char why[CLASP_UDP_WHY]);
void	clasp_udp_leave(struct clasp_udp *udp, struct in_addr group);
/*
 * Look after the interface: one that was unplugged and is there again is
 * another one to the system, and no group is joined on it; one that has
 * another address does not send from the old one.  1: so it was, and all is
 * set up anew; 0: it is as we know it, or down; CLASP_ENOENT: there is none
 * of its name, or it has no address yet.
 */
int	clasp_udp_follow(struct clasp_udp *udp);
/* Stop taking datagrams, or go on. */
void	clasp_udp_read(struct clasp_udp *udp, bool on);

/* Put a datagram (at most CLASP_UDP_MAX bytes, copied) into the batch; a
 * full one is flushed. */
void	clasp_udp_put(struct clasp_udp *udp, const struct sockaddr_in *to,
	    const void *p, size_t len);
/* Send the batch. */
void	clasp_udp_flush(struct clasp_udp *udp);
/* Datagrams that the system did not take; it only rises, and stays where it
 * is while udp lives. */
const unsigned long *clasp_udp_unsent(const struct clasp_udp *udp);
/* Why, the last time, as an errno; 0: all were taken. */
int	clasp_udp_error(const struct clasp_udp *udp);

#endif
