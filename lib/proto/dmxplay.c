/* dmxplay.c - a timeline as a universe plays it. */

#include "proto/dmxplay.h"

#include <stdlib.h>

/* How many channels a value of the whole universe says something of. */
static unsigned
width(const struct clasp_value *v)
{
	size_t n = 0;

	if (v->type == CLASP_ARRAY)
		n = v->count;
	else if (v->type == CLASP_BYTES)
		n = v->string.len;
	return n < CLASP_DMX_SLOTS ? (unsigned)n : CLASP_DMX_SLOTS;
}

static void
take_channels(struct clasp_dmx_play *play)
{
	unsigned n = 0, w, c, first = play->channel;
	uint32_t i;

	for (i = 0; i < play->timeline.count; i++) {
		w = width(&play->timeline.frames[i].value);
		n = w > n ? w : n;
	}
	if (play->channel > 0)
		n = 1;
	else
		first = 1;
	for (c = first; c < first + n; c++)
		play->has[(c - 1) >> 6] |= UINT64_C(1) << ((c - 1) & 63);
	play->left = n;
}

struct clasp_dmx_play *
clasp_dmx_play_new(const struct clasp_value *v, unsigned channel,
    uint64_t start_us)
{
	struct clasp_dmx_play *play = calloc(1, sizeof *play);
	struct clasp_value copy;

	if (!play)
		return NULL;
	clasp_arena_init(&play->arena, NULL, 0, CLASP_DMXPLAY_BYTES);
	play->channel = channel;
	if (clasp_value_copy(v, &play->arena, &copy) < 0 ||
	    clasp_timeline_read(&copy, &play->arena, &play->timeline) < 0 ||
	    play->timeline.count == 0) {
		clasp_dmx_play_free(play);
		return NULL;
	}
	play->start_us = play->timeline.has_start ? play->timeline.start_us :
	    start_us;
	take_channels(play);
	return play;
}

void
clasp_dmx_play_free(struct clasp_dmx_play *play)
{
	if (!play)
		return;
	clasp_arena_clear(&play->arena);
	free(play);
}

void
clasp_dmx_play_lose(struct clasp_dmx_play *play, unsigned channel)
{
	if (!clasp_dmx_play_has(play, channel))
		return;
	play->has[(channel - 1) >> 6] &=
	    ~(UINT64_C(1) << ((channel - 1) & 63));
	play->left--;
}
