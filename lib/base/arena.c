/* arena.c - memory for one message. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN	alignof(max_align_t)
#define BLOCK	8192
#define ALONE	1024

struct clasp_arena_block {
	struct clasp_arena_block *next;
	alignas(max_align_t) uint8_t data[];
};

void
clasp_arena_init(struct clasp_arena *arena, void *room, size_t room_len,
    size_t limit)
{
	size_t skew = (ALIGN - (uintptr_t)room % ALIGN) % ALIGN;

	memset(arena, 0, sizeof *arena);
	if (room != NULL && room_len > skew) {
		arena->room = (uint8_t *)room + skew;
		arena->room_len = room_len - skew;
	}
	arena->limit = limit;
	arena->at = arena->room;
	arena->end = arena->at ? arena->at + arena->room_len : NULL;
}

void
clasp_arena_reset(struct clasp_arena *arena)
{
	struct clasp_arena_block *b, *next;

	for (b = arena->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	arena->blocks = NULL;
	arena->taken = 0;
	arena->at = arena->room;
	arena->end = arena->at ? arena->at + arena->room_len : NULL;
}

void
clasp_arena_clear(struct clasp_arena *arena)
{
	clasp_arena_reset(arena);
}

/* A block of size bytes from the heap, within the limit. */
static uint8_t *
add_block(struct clasp_arena *arena, size_t size)
{
	struct clasp_arena_block *b;

	if (size > arena->limit - arena->taken)
		return NULL;
	b = malloc(sizeof *b + size);
	if (b == NULL)
		return NULL;
	b->next = arena->blocks;
	arena->blocks = b;
	arena->taken += size;
	return b->data;
}

void *
clasp_arena_alloc(struct clasp_arena *arena, size_t n)
{
	uint8_t *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (n == 0)
		n = ALIGN;
	if ((size_t)(arena->end - arena->at) < n) {
		/* large pieces stand alone: what is left of the block stays
		 * in use, so little of what the limit allows is wasted */
		if (n >= ALONE)
			return add_block(arena, n);
		p = add_block(arena, BLOCK);
		if (p == NULL)
			return add_block(arena, n);
		arena->at = p;
		arena->end = p + BLOCK;
	}
	p = arena->at;
	arena->at += n;
	return p;
}

struct clasp_str
clasp_arena_dup(struct clasp_arena *arena, struct clasp_str s)
{
	char *p = clasp_arena_alloc(arena, s.len + 1);

	if (p == NULL)
		return CLASP_STR_NONE;
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return clasp_str_of(p, s.len);
}
