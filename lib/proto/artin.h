/*
 * artin.h - Art-Net levels that come in, as lines.
 *
 *	ArtDmx --> order, merge of two sources --(ArtSync)--> proto/dmxin
 *
 * No I/O and no clock.  A source is an address and a physical port of it.
 * Once an ArtSync came from who sends the levels, frames are held until the
 * next one; so they are while lines cannot be written, and then only the
 * newest counts.
 */
#ifndef CLASP_PROTO_ARTIN_H
#define CLASP_PROTO_ARTIN_H

#include "base/numset.h"
#include "proto/artnet.h"
#include "proto/dmxin.h"

#define CLASP_ARTIN_SOURCES	2	/* of one universe */
#define CLASP_ARTIN_LOSS_US	10000000 /* silent: forgotten */
#define CLASP_ARTIN_ORDER_US	4000000	/* silent: any number will do */
#define CLASP_ARTIN_SYNC_US	4000000	/* no ArtSync: no holding back */

struct clasp_artin_config {
	struct clasp_dmxin_config lines;
	bool		 by;		/* lines have by=, the source's address;
					 * lines.by is not used */
	const struct clasp_numset *only; /* borrowed; NULL: all universes */
	bool		 ltp;
	bool		 blackout;	/* dark when nobody is left */
	clasp_dmxin_fn	 line;
	/* levels of a universe changed, before their line; may be NULL */
	void		(*changed)(unsigned universe, void *user);
	void		*user;
};

struct clasp_artin;

/* NULL: no memory, or a prefix that is too long. */
struct clasp_artin *clasp_artin_new(const struct clasp_artin_config *config);
void	clasp_artin_free(struct clasp_artin *in);

/* A packet from ip; other kinds than ArtDmx and ArtSync are passed over.
 * True: it has levels of a universe of ours. */
bool	clasp_artin_packet(struct clasp_artin *in,
	    const struct clasp_artnet *packet, uint32_t ip, uint64_t now_us);
/* When clasp_artin_expire is to be called; UINT64_MAX: never. */
uint64_t clasp_artin_due(const struct clasp_artin *in);
void	clasp_artin_expire(struct clasp_artin *in, uint64_t now_us);
/* Give no lines, or go on. */
void	clasp_artin_hold(struct clasp_artin *in, bool hold);
/* All that is known again. */
void	clasp_artin_repeat(struct clasp_artin *in);

/* GoodOutput of a universe. */
uint8_t	clasp_artin_good(const struct clasp_artin *in, unsigned universe,
	    uint64_t now_us);
/* The levels of a universe that changed, *slots of them. */
const uint8_t *clasp_artin_levels(const struct clasp_artin *in,
	    unsigned universe, unsigned *slots);
/* Frames that came too late, and those of a third source; they only rise. */
const unsigned long *clasp_artin_late(const struct clasp_artin *in);
const unsigned long *clasp_artin_ignored(const struct clasp_artin *in);

#endif
