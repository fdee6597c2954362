/*
 * artrecv.h - Art-Net received by a bridge: proto/artin on the bridge's loop,
 * its levels as lines or drawn, universes told to controllers.
 *
 *	bridge/artlink --> proto/artin --> bridge, show
 *
 * The life of one that only receives (bridge/artsend has one for --both):
 *
 *	clasp_artrecv_attach(&r, &bridging);
 *	r.bridge = clasp_bridge_new(&bridging);
 *	clasp_artrecv_listen(&r, &linking, &config);
 *	clasp_bridge_run(r.bridge);
 *	clasp_artrecv_free(&r);
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
	struct clasp_str prefix;	/* the namespace */
	bool		 split;
	uv_timer_t	 timer;
	bool		 over;
};

/*
 * Be the source of a bridge to be made; one that is its sink, too, has what
 * is to be done at the end, and calls clasp_artrecv_end() and _close().
 * options, link, prefix and split are filled already, here and below.
 */
void	clasp_artrecv_attach(struct clasp_artrecv *r,
	    struct clasp_bridge_config *bridging);
/*
 * Begin, on a link that is open; config has what the options say.  Its
 * universes are told to controllers before anything came.  Ends the program
 * when there is no memory.
 */
void	clasp_artrecv_start(struct clasp_artrecv *r,
	    struct clasp_artin_config *config);
/* Open the link for it alone, and begin. */
void	clasp_artrecv_listen(struct clasp_artrecv *r,
	    struct clasp_artlink_config *linking,
	    struct clasp_artin_config *config);
/* What came on the link. */
void	clasp_artrecv_packet(struct clasp_artrecv *r,
	    const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us);
/* GoodOutput of a universe, see artnet.h. */
uint8_t	clasp_artrecv_good(const struct clasp_artrecv *r, unsigned universe);
/* No line comes any more; then, when the loop has ended: close handles. */
void	clasp_artrecv_end(struct clasp_artrecv *r);
void	clasp_artrecv_close(struct clasp_artrecv *r);
/* After the bridge has run. */
void	clasp_artrecv_free(struct clasp_artrecv *r);

#endif
