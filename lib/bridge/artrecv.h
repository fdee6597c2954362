/*
 * artrecv.h - Art-Net received by a bridge: proto/artin on the bridge's loop,
 * its levels as lines or drawn, universes told to controllers.
 */
#ifndef CLASP_BRIDGE_ARTRECV_H
#define CLASP_BRIDGE_ARTRECV_H

#include "bridge/artlink.h"
#include "bridge/show.h"
#include "proto/artin.h"

struct clasp_artrecv {
	struct clasp_bridge *bridge;
	const struct clasp_bridge_options *options;
	struct clasp_artlink *link;
	struct clasp_artin *in;
	struct clasp_show *show;	/* NULL: lines */
	struct clasp_str prefix;	/* for the drawing */
	bool		 split;
	uv_timer_t	 timer;
	bool		 over;
};

/*
 * Make it; bridge, options, link, prefix and split are filled already, and
 * config has what the options say.  Draws when they ask for it and `drawn`.
 * Ends the program when there is no memory.
 */
void	clasp_artrecv_start(struct clasp_artrecv *r,
	    struct clasp_artin_config *config, bool drawn);
/* Universes that are announced before anything came. */
void	clasp_artrecv_announce(struct clasp_artrecv *r,
	    const struct clasp_numset *universes);
void	clasp_artrecv_packet(struct clasp_artrecv *r,
	    const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us);
uint8_t	clasp_artrecv_good(const struct clasp_artrecv *r, unsigned universe);
/* For the bridge's events. */
void	clasp_artrecv_flow(struct clasp_artrecv *r, bool on);
void	clasp_artrecv_again(struct clasp_artrecv *r);
void	clasp_artrecv_end(struct clasp_artrecv *r);
void	clasp_artrecv_close(struct clasp_artrecv *r);
/* After the bridge has run. */
void	clasp_artrecv_free(struct clasp_artrecv *r);

#endif
