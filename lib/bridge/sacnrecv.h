/*
 * sacnrecv.h - the receiving end of streaming ACN on a bridge: groups joined,
 * packets merged, lines out.  For the program that only receives, and for the
 * one that does both.
 */
#ifndef CLASP_BRIDGE_SACNRECV_H
#define CLASP_BRIDGE_SACNRECV_H

#include "bridge/bridge.h"
#include "dev/netif.h"
#include "proto/sacnin.h"

struct clasp_sacnrecv;

struct clasp_sacnrecv_config {
	struct clasp_str prefix;
	const struct clasp_numset *universes;	/* borrowed */
	const struct clasp_netif *interface;
	unsigned	 port;
	int		 rcvbuf;	/* 0: not given */
	bool		 whole, status, preview, blackout;
	const uint8_t	*own;		/* our CID; NULL: we do not send */
	/* a line of levels, or of --status; u is NULL for that */
	void		(*line)(const struct clasp_line *line,
			    struct clasp_dmxin_universe *u, void *user);
	void		*user;
};

/* Open all and count what is dropped.  What fails ends the program. */
struct clasp_sacnrecv *clasp_sacnrecv_new(struct clasp_bridge *bridge,
	    const struct clasp_sacnrecv_config *config);
/* The port it listens on. */
unsigned clasp_sacnrecv_number(const struct clasp_sacnrecv *r);
/* Stop taking packets, or go on. */
void	clasp_sacnrecv_read(struct clasp_sacnrecv *r, bool on);
/* Say all that is known again. */
void	clasp_sacnrecv_repeat(struct clasp_sacnrecv *r);
/* The levels of a universe that a line was about, *slots of them. */
const uint8_t *clasp_sacnrecv_levels(const struct clasp_sacnrecv *r,
	    unsigned universe, unsigned *slots);
/* Close the sockets: no line comes any more.  Again: does nothing. */
void	clasp_sacnrecv_stop(struct clasp_sacnrecv *r);
/* The bridge's loop has ended. */
void	clasp_sacnrecv_close(struct clasp_sacnrecv *r);
/* After clasp_bridge_run(). */
void	clasp_sacnrecv_free(struct clasp_sacnrecv *r);

#endif
