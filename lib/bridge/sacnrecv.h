/*
 * sacnrecv.h - the receiving end of streaming ACN on a bridge: groups joined,
 * packets merged, lines out or levels drawn.
 *
 *	udp --> proto/sacnin --> proto/dmxin --> bridge, show
 *
 * The life of one (bridge/sacnsend has one for --both):
 *
 *	r = clasp_sacnrecv_new(&config);
 *	clasp_sacnrecv_attach(r, &bridging);
 *	bridge = clasp_bridge_new(&bridging);
 *	clasp_sacnrecv_start(r, bridge);
 *	clasp_bridge_run(bridge);
 *	clasp_sacnrecv_free(r);
 */
#ifndef CLASP_BRIDGE_SACNRECV_H
#define CLASP_BRIDGE_SACNRECV_H

#include "bridge/bridge.h"
#include "dev/netif.h"
#include "proto/sacnin.h"

struct clasp_sacnrecv;

struct clasp_sacnrecv_config {
	const struct clasp_bridge_options *options;	/* borrowed, too */
	struct clasp_str prefix;
	const struct clasp_numset *universes;	/* borrowed */
	const struct clasp_netif *interface;
	unsigned	 port;		/* 0: one that is free */
	bool		 whole, status, preview, blackout;
	const uint8_t	*own;		/* our CID; NULL: we do not send */
};

/* Ends the program when there is no memory. */
struct clasp_sacnrecv *clasp_sacnrecv_new(
	    const struct clasp_sacnrecv_config *config);
/*
 * Be the source of a bridge to be made; one that is its sink, too, has what
 * is to be done at the end, and calls clasp_sacnrecv_stop() and _close().
 */
void	clasp_sacnrecv_attach(struct clasp_sacnrecv *r,
	    struct clasp_bridge_config *bridging);
/* Open all and count what is dropped.  What fails ends the program. */
void	clasp_sacnrecv_start(struct clasp_sacnrecv *r,
	    struct clasp_bridge *bridge);
/* The port it listens on. */
unsigned clasp_sacnrecv_number(const struct clasp_sacnrecv *r);
/* Close the sockets: no line comes any more.  Again: does nothing. */
void	clasp_sacnrecv_stop(struct clasp_sacnrecv *r);
/* The bridge's loop has ended. */
void	clasp_sacnrecv_close(struct clasp_sacnrecv *r);
/* After clasp_bridge_run(). */
void	clasp_sacnrecv_free(struct clasp_sacnrecv *r);

#endif
