/* due.c - what waits for a moment, in a binary heap. */
#include "base/due.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"

static inline bool
before(const struct clasp_due *a, const struct clasp_due *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us :
	    a->order < b->order;
}

static inline void
put(struct clasp_dues *dues, uint32_t i, struct clasp_due *due)
{
	dues->heap[i] = due;
	due->place = i + 1;
}

static void
rise(struct clasp_dues *dues, uint32_t i, struct clasp_due *due)
{
	uint32_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(due, dues->heap[up]))
			break;
		put(dues, i, dues->heap[up]);
	}
	put(dues, i, due);
}

static void
sink(struct clasp_dues *dues, uint32_t i, struct clasp_due *due)
{
	uint32_t down;

	for (; (down = 2 * i + 1) < dues->count; i = down) {
		if (down + 1 < dues->count &&
		    before(dues->heap[down + 1], dues->heap[down]))
			down++;
		if (!before(dues->heap[down], due))
			break;
		put(dues, i, dues->heap[down]);
	}
	put(dues, i, due);
}

int
clasp_dues_add(struct clasp_dues *dues, struct clasp_due *due)
{
	uint32_t cap = dues->cap ? dues->cap * 2 : 64;
	struct clasp_due **heap;

	if (dues->count == dues->cap) {
		heap = realloc(dues->heap, cap * sizeof *heap);
		if (heap == NULL)
			return CLASP_ENOMEM;
		dues->heap = heap;
		dues->cap = cap;
	}
	rise(dues, dues->count++, due);
	return 0;
}

void
clasp_dues_remove(struct clasp_dues *dues, struct clasp_due *due)
{
	struct clasp_due *last;
	uint32_t i = due->place;

	if (i-- == 0)
		return;
	due->place = 0;
	last = dues->heap[--dues->count];
	if (last == due)
		return;
	if (i > 0 && before(last, dues->heap[(i - 1) / 2]))
		rise(dues, i, last);
	else
		sink(dues, i, last);
}

void
clasp_dues_clear(struct clasp_dues *dues)
{
	free(dues->heap);
	*dues = (struct clasp_dues){ 0 };
}
