/*
 * netif.h - the machine's network interfaces, as far as they speak IPv4.
 */
#ifndef CLASP_DEV_NETIF_H
#define CLASP_DEV_NETIF_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>

#define CLASP_NETIF_MAX	64

/* One address of one interface that is up. */
struct clasp_netif {
	char		 name[IF_NAMESIZE];
	unsigned	 index;
	struct in_addr	 address, mask;
	struct in_addr	 broadcast;	/* 0.0.0.0: it has none */
	bool		 multicast, loopback;
};

/* All of them, at most max; their number, or CLASP_EIO. */
int	clasp_netif_list(struct clasp_netif *out, int max);
/*
 * The one with this name or address: 0, CLASP_ENOENT when there is none, or
 * CLASP_EIO.  A name stands for its first address.
 */
int	clasp_netif_find(const char *name, struct clasp_netif *out);

#endif
