/*
 * artsend.h - Art-Net sent by a bridge: levels to the nodes that said they
 * take the universe, or to whom --to named; with --both received, too.
 *
 *	bridge/frames --tick--> artsend --> bridge/artlink
 *	bridge/artrecv <-- artsend <-- bridge/artlink
 *
 * Nodes are looked for all the time, and one that comes has its universes
 * from the next tick on.  Levels that come before anybody had the time to
 * answer wait; a universe that nobody takes after that is told once.
 *
 *	s = clasp_artsend_new(&config);
 *	clasp_artsend_attach(s, &bridging);
 *	bridge = clasp_bridge_new(&bridging);
 *	clasp_artsend_start(s, bridge);
 *	clasp_bridge_run(bridge);
 *	clasp_artsend_free(s);
 */
#ifndef CLASP_BRIDGE_ARTSEND_H
#define CLASP_BRIDGE_ARTSEND_H

#include "bridge/bridge.h"
#include "bridge/network.h"
#include "proto/artin.h"

struct clasp_artsend;

/* Strings and what is pointed to are borrowed. */
struct clasp_artsend_config {
	const struct clasp_bridge_options *options;
	const struct clasp_numset *universes;	/* NULL: all that come */
	struct clasp_targets targets;	/* as given; none: nodes are found */
	unsigned	 port;		/* ours and the nodes'; 0: not given */
	struct clasp_str name;		/* what others call us */
	unsigned	 slots;		/* in a frame, 2-512, even */
	bool		 split;		/* addresses as N/S/U */
	bool		 broadcast;	/* levels to all on the network */
	bool		 limited;	/* broadcasts to 255.255.255.255 */
	bool		 reply_broadcast;
	bool		 sync;		/* an ArtSync behind each tick */
	struct clasp_artin_config receiving;	/* --both: ltp, blackout */
};

/* Look the targets up.  Ends the program when one is not there, when the
 * namespace is none, or when there is no memory. */
struct clasp_artsend *clasp_artsend_new(
	    const struct clasp_artsend_config *config);
/* Be the sink of a bridge to be made, and with --both its source. */
void	clasp_artsend_attach(struct clasp_artsend *s,
	    struct clasp_bridge_config *bridging);
/* Open the port, look for nodes, send.  What fails ends the program. */
void	clasp_artsend_start(struct clasp_artsend *s,
	    struct clasp_bridge *bridge);
/* After clasp_bridge_run(). */
void	clasp_artsend_free(struct clasp_artsend *s);

#endif
