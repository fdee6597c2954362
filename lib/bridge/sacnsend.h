/*
 * sacnsend.h - the sending end of streaming ACN on a bridge: levels to the
 * groups of their universes, or to whom --to named; with --both received,
 * too.
 *
 *	bridge/frames --tick--> sacnsend --> proto/sacn --> udp
 *	bridge <-- bridge/sacnrecv <-- udp
 *
 * A frame that changed is sent four times, then kept alive.  Groups are told
 * every ten seconds which universes there are, and goodbye at the end.
 *
 *	s = clasp_sacnsend_new(&config);
 *	clasp_sacnsend_attach(s, &bridging);
 *	bridge = clasp_bridge_new(&bridging);
 *	clasp_sacnsend_start(s, bridge);
 *	clasp_bridge_run(bridge);
 *	clasp_sacnsend_free(s);
 */
#ifndef CLASP_BRIDGE_SACNSEND_H
#define CLASP_BRIDGE_SACNSEND_H

#include "bridge/bridge.h"
#include "bridge/network.h"
#include "proto/sacn.h"

struct clasp_sacnsend;

/* Strings and what is pointed to are borrowed. */
struct clasp_sacnsend_config {
	const struct clasp_bridge_options *options;
	const struct clasp_numset *universes;	/* NULL: all that come */
	struct clasp_targets targets;	/* as given; none: multicast */
	unsigned	 port;
	int		 ttl;		/* of multicast; 0: not given */
	const char	*source;	/* what receivers call us */
	const uint8_t	*cid;		/* CLASP_SACN_CID bytes; NULL: one
					 * for each source, kept */
	uint16_t	 slots;		/* in a frame, 1-512 */
	uint8_t		 priority;	/* 0-200 */
	uint16_t	 sync;		/* its address; 0: none */
	bool		 preview;	/* not for the stage */
	bool		 no_discovery;	/* do not tell which universes */
};

/* Look targets and interface up.  Ends the program when one is not there,
 * when the namespace is none, or when there is no memory. */
struct clasp_sacnsend *clasp_sacnsend_new(
	    const struct clasp_sacnsend_config *config);
/* Be the sink of a bridge to be made, and with --both its source. */
void	clasp_sacnsend_attach(struct clasp_sacnsend *s,
	    struct clasp_bridge_config *bridging);
/* Open the sockets, and send.  What fails ends the program. */
void	clasp_sacnsend_start(struct clasp_sacnsend *s,
	    struct clasp_bridge *bridge);
/* After clasp_bridge_run(). */
void	clasp_sacnsend_free(struct clasp_sacnsend *s);

#endif
