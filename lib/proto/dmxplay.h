/*
 * dmxplay.h - a timeline as a universe plays it: for one channel, or for the
 * first channels of the whole.
 *
 * It has each of its channels until something newer takes it away.
 */
#ifndef CLASP_PROTO_DMXPLAY_H
#define CLASP_PROTO_DMXPLAY_H

#include "base/arena.h"
#include "proto/dmx.h"
#include "wire/timeline.h"

#define CLASP_DMXPLAY_BYTES	(1u << 20)	/* one of them takes at most */

struct clasp_dmx_play {
	struct clasp_dmx_play *next;
	unsigned	 channel;	/* 1-512; 0: the whole universe */
	unsigned	 left;		/* channels that are still its own */
	uint64_t	 has[CLASP_DMX_SLOTS / 64];	/* bit 0: channel 1 */
	uint64_t	 start_us;
	struct clasp_timeline timeline;
	struct clasp_arena arena;	/* of timeline */
};

/* Copy the timeline; begun at start_us when it does not say.  NULL: no
 * timeline, without keyframes, too large, or no memory. */
struct clasp_dmx_play *clasp_dmx_play_new(const struct clasp_value *v,
	    unsigned channel, uint64_t start_us);
void	clasp_dmx_play_free(struct clasp_dmx_play *play);
static inline bool
clasp_dmx_play_has(const struct clasp_dmx_play *play, unsigned channel)
{
	return play->has[(channel - 1) >> 6] >> ((channel - 1) & 63) & 1;
}
/* Something newer has come for this channel. */
void	clasp_dmx_play_lose(struct clasp_dmx_play *play, unsigned channel);

#endif
