/*
 * merge.h - several sources of one universe, and who has the say.
 *
 * No I/O and no clock.  Each source is known by a key (sACN: its CID; Art-Net:
 * address and physical port) and has levels of its own; the merge has the
 * levels that count:
 *
 *   - of the sources that have a slot, the highest priority wins, slot by
 *     slot; among equals the highest level does.  A source that sends
 *     per-address priorities has one for each slot, 0 is "not this one".
 *   - with ltp whoever changed a slot last has it, priorities do not count.
 *
 * A source that is silent for too long, or says goodbye, is forgotten; slots
 * that nobody has any more keep their levels.
 *
 *	s = clasp_merge_source(&merge, cid, 16, now_us);
 *	if (!s || !clasp_merge_in_order(s, sequence))
 *		return;
 *	if (clasp_merge_levels(&merge, s, priority, slots, n, now_us))
 *		clasp_dmxin_frame(in, u, merge.level, merge.slots);
 */
#ifndef CLASP_PROTO_MERGE_H
#define CLASP_PROTO_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/dmx.h"

#define CLASP_MERGE_SOURCES	16	/* of one universe, at most */
#define CLASP_MERGE_KEY		24	/* bytes */
#define CLASP_MERGE_NAME	64
#define CLASP_MERGE_NOBODY	(-1)

struct clasp_merge_source;

struct clasp_merge_config {
	unsigned	 max_sources;	/* 1-16; more are ignored, counted */
	bool		 ltp;
	uint64_t	 loss_us;	/* silent for so long: forgotten */
	/* a source is about to be freed: give back what its user is; NULL */
	void		(*gone)(struct clasp_merge_source *s);
};

struct clasp_merge_source {
	uint8_t		 key[CLASP_MERGE_KEY];
	size_t		 key_len;
	char		 name[CLASP_MERGE_NAME + 1];	/* for people */
	uint8_t		 priority;
	unsigned	 slots;		/* it has sent so many */
	uint8_t		 level[CLASP_DMX_SLOTS];
	uint64_t	 seen_us;	/* its last frame */
	/* per-address priorities; NULL: it sends none */
	uint8_t		*priorities;	/* owned, 512 */
	uint64_t	 priorities_us;	/* when they came last */
	bool		 numbered;	/* sequence is that of its last frame */
	uint8_t		 sequence;
	void		*user;		/* the program's */
};

struct clasp_merge {
	struct clasp_merge_config config;
	struct clasp_merge_source *sources[CLASP_MERGE_SOURCES]; /* or NULL */
	unsigned	 count;
	unsigned long	 ignored;	/* frames of sources beyond max */
	unsigned	 slots;		/* known ones, up to the last */
	uint8_t		 level[CLASP_DMX_SLOTS];
	/* 1: somebody has, or had, the say; else nobody named its level */
	uint8_t		 had[CLASP_DMX_SLOTS];
	/* whose level it is: an index of sources, or CLASP_MERGE_NOBODY */
	int8_t		 winner[CLASP_DMX_SLOTS];
};

void	clasp_merge_init(struct clasp_merge *m,
	    const struct clasp_merge_config *config);
void	clasp_merge_clear(struct clasp_merge *m);

/*
 * The source with this key, made when it is new.  NULL: there are enough
 * already (counted), or no memory.  One that is made and sends nothing is
 * forgotten like a silent one.
 */
struct clasp_merge_source *clasp_merge_source(struct clasp_merge *m,
	    const void *key, size_t len, uint64_t now_us);
/* Its name, for people; cut at 64 bytes. */
void	clasp_merge_name(struct clasp_merge_source *s, struct clasp_str name);
/*
 * Is a frame of this number newer than the last one?  False when it is late
 * by less than 20, or the same; a larger step back is a source that began
 * again.  Remembers it; s->numbered = false makes any number the next one.
 */
bool	clasp_merge_in_order(struct clasp_merge_source *s, uint8_t sequence);

/*
 * Its frame of n slots (more than 512: the rest is passed over); those above
 * n stay as it had them.  True when the merged levels changed, or the first
 * frame brought slots.
 */
bool	clasp_merge_levels(struct clasp_merge *m,
	    struct clasp_merge_source *s, uint8_t priority,
	    const uint8_t *levels, size_t n, uint64_t now_us);
/* Its per-address priorities; slots above n have 0.  True: levels changed. */
bool	clasp_merge_priorities(struct clasp_merge *m,
	    struct clasp_merge_source *s, const uint8_t *priorities, size_t n,
	    uint64_t now_us);
/* It said goodbye.  True: levels changed. */
bool	clasp_merge_forget(struct clasp_merge *m,
	    struct clasp_merge_source *s);
/* Forget who has been silent for too long.  True: levels changed; m->count
 * tells whether anybody is left. */
bool	clasp_merge_expire(struct clasp_merge *m, uint64_t now_us);
/* When that is to be called; UINT64_MAX: never. */
uint64_t clasp_merge_due(const struct clasp_merge *m);
/* Nobody is left, and it is to be dark: all levels 0.  True: they changed. */
bool	clasp_merge_blackout(struct clasp_merge *m);
/* Who has the say on a channel; 0: on all of them.  Empty: nobody, or not
 * one alone. */
struct clasp_str clasp_merge_winner(const struct clasp_merge *m,
	    unsigned channel);

#endif
