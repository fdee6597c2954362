/*
 * artlink.h - one Art-Net port: the socket, packets that are decoded and
 * counted, and the node that controllers find.
 *
 * Polls are answered here (proto/artnode); all else goes to the program.
 * With an interface the port is bound to its address, and once more to its
 * broadcast address, so that several programs on one machine can have an
 * address each.
 */
#ifndef CLASP_BRIDGE_ARTLINK_H
#define CLASP_BRIDGE_ARTLINK_H

#include "bridge/bridge.h"
#include "dev/netif.h"
#include "dev/udp.h"
#include "proto/artnode.h"

#define CLASP_ARTLINK_SOCKETS	3	/* one, and two for broadcasts */

struct clasp_artlink_config {
	struct clasp_bridge *bridge;
	const struct clasp_bridge_options *options;
	unsigned	 port;		/* 0: one that is free */
	bool		 find_interface; /* needed, even where none is given:
					 * there are broadcasts */
	bool		 limited;	/* broadcast to 255.255.255.255 */
	bool		 reply_broadcast;
	struct clasp_str name;		/* of the node */
	uint8_t		(*good_input)(unsigned universe, void *user);
	uint8_t		(*good_output)(unsigned universe, void *user);
	/* ArtDmx, ArtPollReply, ArtSync of others */
	void		(*packet)(const struct clasp_artnet *packet,
			    uint32_t ip, uint64_t now_us, void *user);
	void		*user;
};

struct clasp_artlink {
	struct clasp_artlink_config config;
	struct clasp_artnode node;
	struct clasp_netif interface;	/* address 0: none chosen */
	struct clasp_netif own[CLASP_NETIF_MAX];
	int		 nown;
	struct clasp_udp *udp[CLASP_ARTLINK_SOCKETS];	/* or NULL */
	uv_timer_t	 node_timer, second_timer;
	unsigned long	 results[CLASP_ARTNET_RESULTS];
	unsigned long	 lost, unsent;	/* the system had no room */
	bool		 failing;	/* packets cannot be sent: told */
	uint64_t	 failed_us;	/* the last time */
	uint64_t	 listed_us;	/* `own` is of then */
	uint64_t	 now_us;	/* of the packets being taken */
	char		 subject[48];	/* for people */
};

/* The option's argument: a node's name. */
struct clasp_str clasp_artlink_arg_name(void);

/* Ends the program when the port cannot be had. */
void	clasp_artlink_open(struct clasp_artlink *link,
	    const struct clasp_artlink_config *config);
/* We take, or give, a universe: controllers are told. */
void	clasp_artlink_take(struct clasp_artlink *link, unsigned universe);
void	clasp_artlink_give(struct clasp_artlink *link, unsigned universe);
/* Did this packet, from our own port, come from ourselves? */
bool	clasp_artlink_is_own(const struct clasp_artlink *link, uint32_t ip);
/* Put a packet into the batch; ip CLASP_ARTNODE_ALL: broadcast. */
void	clasp_artlink_put(struct clasp_artlink *link, uint32_t ip,
	    uint16_t port, const uint8_t *p, size_t len);
/* Send it; false when some packet could not be sent, which is told once. */
bool	clasp_artlink_flush(struct clasp_artlink *link);
/* The port that nodes listen on. */
uint16_t clasp_artlink_port(const struct clasp_artlink *link);
/* Close the sockets; again: does nothing. */
void	clasp_artlink_shut(struct clasp_artlink *link);
/* The loop has ended. */
void	clasp_artlink_close(struct clasp_artlink *link);

#endif
