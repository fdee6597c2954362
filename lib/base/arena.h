/*
 * arena.h - memory for one message: taken piece by piece, given back at once.
 *
 * An arena starts in the caller's buffer.  When that is used up it takes
 * blocks from the heap, up to `limit` bytes in all; with limit 0 it never
 * touches the heap.  clasp_arena_reset() makes all of it free again and keeps
 * nothing but the caller's buffer.
 *
 *	uint8_t room[4096];
 *	struct clasp_arena arena;
 *
 *	clasp_arena_init(&arena, room, sizeof room, 4 << 20);
 *	while (next(&frame)) {
 *		if (clasp_msg_decode(frame.payload, frame.len, &arena, 0,
 *		    &msg) == 0)
 *			handle(&msg);
 *		clasp_arena_reset(&arena);
 *	}
 *	clasp_arena_clear(&arena);
 */
#ifndef CLASP_BASE_ARENA_H
#define CLASP_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct clasp_arena_block;

struct clasp_arena {
	uint8_t	*at;			/* next free byte */
	uint8_t	*end;
	uint8_t	*room;			/* the caller's buffer */
	size_t	 room_len;
	size_t	 limit;			/* heap bytes at most */
	size_t	 taken;			/* heap bytes in use */
	struct clasp_arena_block *blocks;
};

void	 clasp_arena_init(struct clasp_arena *arena, void *room,
	    size_t room_len, size_t limit);
void	 clasp_arena_reset(struct clasp_arena *arena);
/* The same as reset: nothing is left on the heap. */
void	 clasp_arena_clear(struct clasp_arena *arena);
/* n bytes aligned for any type, not zeroed; NULL when the limit is reached. */
void	*clasp_arena_alloc(struct clasp_arena *arena, size_t n);
/* A copy of s in the arena; the absent view when there is no room. */
struct clasp_str clasp_arena_dup(struct clasp_arena *arena,
	    struct clasp_str s);

#endif
