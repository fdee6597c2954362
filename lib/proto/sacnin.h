/*
 * sacnin.h - what streaming ACN packets come to: sources that are told apart
 * and merged, synchronised frames that are held until the word comes, and
 * lines of what changed.
 *
 *	datagram --> sacn --> order, sync --> merge --> dmxin --> lines
 *
 * No I/O and no clock.  Whoever drives it calls clasp_sacnin_expire() at
 * clasp_sacnin_due(): sources that have been silent for 2.5 s are forgotten
 * then.
 *
 * Synchronisation: a source that names a sync address acts at once until the
 * first sync packet for that address has been seen; from then on its newest
 * frame is held until the next one.  When none comes for 2.5 s, a source with
 * the force bit acts at once again; without it the levels stay.
 */
#ifndef CLASP_PROTO_SACNIN_H
#define CLASP_PROTO_SACNIN_H

#include "base/numset.h"
#include "proto/dmxin.h"
#include "proto/merge.h"
#include "proto/sacn.h"

#define CLASP_SACNIN_LOSS_US	2500000
#define CLASP_SACNIN_GROUP_US	10000000 /* a sync group without need */
#define CLASP_SACNIN_SYNCS	512	/* addresses; more do not wait */

/* Why a packet was ignored; the first are those of sacn.h. */
enum clasp_sacnin_drop {
	CLASP_SACNIN_SOURCES = CLASP_SACN_ERRORS, /* more than 16 */
	CLASP_SACNIN_ORDER,	/* late, or twice */
	CLASP_SACNIN_PREVIEW,
	CLASP_SACNIN_START,	/* neither levels nor priorities */
	CLASP_SACNIN_UNIVERSE,	/* not one of ours */
	CLASP_SACNIN_OWN,	/* we sent it */
	CLASP_SACNIN_DROPS
};
const char *clasp_sacnin_drop_name(enum clasp_sacnin_drop drop);

struct clasp_sacnin_config {
	struct clasp_dmxin *in;		/* borrowed; its universes' user is
					 * ours */
	const struct clasp_numset *only; /* borrowed */
	bool		 preview;	/* take preview packets, too */
	bool		 blackout;	/* when the last source is gone */
	const uint8_t	*own;		/* our CID: dropped; NULL: none */
	/* Join the group of a sync address, or leave it; may be NULL. */
	void		(*group)(unsigned address, bool join, void *user);
	/* The sources of a universe, or their priorities, are others now;
	 * may be NULL. */
	void		(*sources)(struct clasp_dmxin_universe *u,
			    void *user);
	void		*user;
};

struct clasp_sacnin;

/* NULL: no memory. */
struct clasp_sacnin *clasp_sacnin_new(
	    const struct clasp_sacnin_config *config);
/* Before its dmxin is freed. */
void	clasp_sacnin_free(struct clasp_sacnin *s);
/* A datagram.  Lines come before it returns. */
void	clasp_sacnin_packet(struct clasp_sacnin *s, const uint8_t *p,
	    size_t len, uint64_t now_us);
/* When the next thing may end by itself; UINT64_MAX: nothing will. */
uint64_t clasp_sacnin_due(const struct clasp_sacnin *s);
void	clasp_sacnin_expire(struct clasp_sacnin *s, uint64_t now_us);

/* The sources of a universe; NULL when none was ever heard. */
const struct clasp_merge *clasp_sacnin_merge(
	    const struct clasp_dmxin_universe *u);
/* Who has the say, for clasp_dmxin_config's by. */
struct clasp_str clasp_sacnin_by(const struct clasp_dmxin_universe *u,
	    unsigned channel, void *user);
/*
 * What --status says of a universe:
 *	PREFIX/U/status {"priority":100,"sources":[{"name":..,"cid":..,
 *	"priority":..}]}
 * priority is the highest one, 0 without a source.  To fn before it returns.
 */
void	clasp_sacnin_status(struct clasp_str prefix,
	    const struct clasp_dmxin_universe *u, clasp_dmxin_fn fn,
	    void *user);
/* CLASP_SACNIN_DROPS numbers that only rise. */
const unsigned long *clasp_sacnin_drops(const struct clasp_sacnin *s);

#endif
