/*
 * artpeers.h - the Art-Net nodes that have answered, and which universes they
 * take: to whom levels go.
 *
 * No I/O and no clock.  A node is known by its address and bind index, and
 * forgotten when it was silent for too long.
 */
#ifndef CLASP_PROTO_ARTPEERS_H
#define CLASP_PROTO_ARTPEERS_H

#include "proto/artnet.h"

#define CLASP_ARTPEERS_MAX	16384	/* replies remembered, at most */
#define CLASP_ARTPEERS_LOSS_US	10000000

/* All 0 is empty. */
struct clasp_artpeers {
	struct clasp_artpeer *at;	/* owned; sorted */
	unsigned	 n, room;
	unsigned long	 ignored;	/* replies beyond the most */
	struct clasp_artpair *pairs;	/* owned; sorted */
	unsigned	 npairs, pairs_room;
	bool		 stale;		/* pairs are to be made anew */
};

/* A node that takes a universe. */
struct clasp_artpair {
	unsigned	 universe;
	uint32_t	 ip;
};

void	clasp_artpeers_clear(struct clasp_artpeers *peers);
/*
 * A reply came from ip.  Bit i of what is returned: its port i takes a
 * universe that this address did not take before, see clasp_artnet_takes().
 */
unsigned clasp_artpeers_heard(struct clasp_artpeers *peers, uint32_t ip,
	    const struct clasp_artnet_reply *reply, uint64_t now_us);
/* Forget who has been silent for too long; true: somebody was. */
bool	clasp_artpeers_expire(struct clasp_artpeers *peers, uint64_t now_us);
/* Who takes a universe: *n of them, each address once.  Good until the next
 * call. */
const struct clasp_artpair *clasp_artpeers_taking(
	    struct clasp_artpeers *peers, unsigned universe, unsigned *n);

#endif
