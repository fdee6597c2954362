/*
 * fuzz_levels.c - any lines as levels: what they make of universes, at any
 * time, and what a merge of those makes of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/dmx.h"
#include "proto/merge.h"
#include "wire/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each universe is a source of one merged one. */
static void
merge_all(struct clasp_merge *merge, const struct clasp_dmx *dmx,
    uint64_t now_us)
{
	struct clasp_merge_source *s;
	struct clasp_universe *u;
	unsigned at = 0, i;

	while ((u = clasp_dmx_next(dmx, &at)) != NULL) {
		s = clasp_merge_source(merge, &u->number, sizeof u->number,
		    now_us);
		if (!s || !clasp_merge_in_order(s, u->level[0]))
			continue;
		if (u->level[1] & 1)
			clasp_merge_priorities(merge, s, u->level,
			    u->level[2], now_us);
		clasp_merge_levels(merge, s, u->level[3], u->level,
		    (size_t)u->level[4] * 3, now_us);
		if (u->level[5] == 255)
			clasp_merge_forget(merge, s);
		clasp_universe_sent(u);
	}
	clasp_merge_expire(merge, now_us);
	for (i = 0; i < CLASP_DMX_SLOTS; i++)
		if (merge->winner[i] != CLASP_MERGE_NOBODY &&
		    !merge->sources[merge->winner[i]])
			abort();
}

static void
apply(struct clasp_dmx *dmx, struct clasp_str text, uint64_t now_us)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	uint32_t i;

	clasp_arena_init(&arena, NULL, 0, 4 << 20);
	if (clasp_line_parse(text, &arena, &line, &err) == 0 &&
	    line.kind == CLASP_LINE_DATA)
		for (i = 0; i < line.count; i++)
			clasp_dmx_apply(dmx, &line.items[i].msg, now_us);
	clasp_arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *stop;
	struct clasp_dmx_config config = { .prefix = CLASP_STR("/a"),
	    .flat_universe = 1 };
	struct clasp_merge_config merging = { .max_sources = 3,
	    .loss_us = 2500000 };
	struct clasp_merge merge;
	struct clasp_dmx *dmx;
	uint64_t now_us = 1;

	if (size == 0)
		return 0;
	config.flat = *p & 1;
	config.split = *p & 2;
	config.scale = (enum clasp_dmx_scale)((*p & 12) >> 2) % 3;
	merging.ltp = *p & 16;
	dmx = clasp_dmx_new(&config);
	clasp_merge_init(&merge, &merging);
	for (p++; p < end; p = stop + 1, now_us += 400000) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		apply(dmx, clasp_str_of(p, (size_t)(stop - p)), now_us);
		clasp_dmx_play(dmx, now_us);
		merge_all(&merge, dmx, now_us);
	}
	clasp_dmx_playing(dmx);
	clasp_dmx_blackout(dmx);
	clasp_merge_clear(&merge);
	clasp_dmx_free(dmx);
	return 0;
}
