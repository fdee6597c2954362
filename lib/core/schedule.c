/* schedule.c - bundles that wait for their moment. */
#include "core/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "core/bundle.h"
#include "core/session.h"

/* members that are applied in one turn, and a little more */
#define TURN_MAX	16384

struct clasp_scheduled {
	uint64_t	 at_us;
	uint64_t	 order;
	struct clasp_author *author;	/* a reference */
	struct clasp_session *sender;	/* NULL: has left */
	struct clasp_scheduled *next, **back;	/* of the same sender */
	size_t		 len;
	char		 payload[];
};

static bool
before(const struct clasp_scheduled *a, const struct clasp_scheduled *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us :
	    a->order < b->order;
}

static void
heap_add(struct clasp_schedule *schedule, struct clasp_scheduled *e)
{
	uint32_t i = schedule->count++, up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (before(schedule->heap[up], e))
			break;
		schedule->heap[i] = schedule->heap[up];
	}
	schedule->heap[i] = e;
}

static struct clasp_scheduled *
heap_take(struct clasp_schedule *schedule)
{
	struct clasp_scheduled **heap = schedule->heap, *first = heap[0];
	struct clasp_scheduled *last = heap[--schedule->count];
	uint32_t i, down;

	for (i = 0; (down = 2 * i + 1) < schedule->count; i = down) {
		if (down + 1 < schedule->count &&
		    before(heap[down + 1], heap[down]))
			down++;
		if (before(last, heap[down]))
			break;
		heap[i] = heap[down];
	}
	heap[i] = last;
	return first;
}

/* Its sender knows nothing of it any more. */
static void
detach(struct clasp_scheduled *e)
{
	if (e->sender == NULL)
		return;
	*e->back = e->next;
	if (e->next != NULL)
		e->next->back = e->back;
	e->sender->nscheduled--;
	e->sender = NULL;
}

static void
scheduled_free(struct clasp_schedule *schedule, struct clasp_scheduled *e)
{
	detach(e);
	schedule->bytes -= e->len;
	clasp_author_drop(e->author);
	free(e);
}

bool
clasp_schedule_room(const struct clasp_session *s, size_t bytes)
{
	const struct clasp_schedule *schedule = &s->router->schedule;

	return s->nscheduled < CLASP_SCHEDULE_EACH &&
	    schedule->count < CLASP_SCHEDULE_ALL &&
	    bytes <= CLASP_SCHEDULE_BYTES - schedule->bytes;
}

int
clasp_schedule_add(struct clasp_session *s, uint64_t at_us,
    struct clasp_str payload)
{
	struct clasp_schedule *schedule = &s->router->schedule;
	uint32_t cap = schedule->cap ? schedule->cap * 2 : 64;
	struct clasp_scheduled **heap, *e;

	if (schedule->count == schedule->cap) {
		heap = realloc(schedule->heap, cap * sizeof *heap);
		if (heap == NULL)
			return CLASP_ENOMEM;
		schedule->heap = heap;
		schedule->cap = cap;
	}
	e = malloc(sizeof *e + payload.len);
	if (e == NULL)
		return CLASP_ENOMEM;
	e->at_us = at_us;
	e->order = schedule->order++;
	e->author = s->author;
	e->author->refs++;
	e->sender = s;
	e->next = s->scheduled;
	e->back = &s->scheduled;
	if (e->next != NULL)
		e->next->back = &e->next;
	s->scheduled = e;
	s->nscheduled++;
	e->len = payload.len;
	memcpy(e->payload, payload.p, payload.len);
	schedule->bytes += e->len;
	heap_add(schedule, e);
	return 0;
}

/* Returns how many members it had. */
static uint32_t
run(struct clasp_router *router, struct clasp_scheduled *e, uint64_t now_us)
{
	struct clasp_msg msg;
	uint32_t count = 0;

	/* it did decode when it came: only memory can be missing */
	if (clasp_msg_decode((const uint8_t *)e->payload, e->len,
	    &router->arena, 0, &msg) == 0) {
		count = msg.bundle.count;
		clasp_bundle_due(router, e->author, e->sender, &msg.bundle,
		    now_us);
	} else {
		clasp_router_log(router, CLASP_LOG_ERROR,
		    "no memory for a scheduled bundle of session %s",
		    e->author->id);
	}
	clasp_arena_reset(&router->arena);
	return count;
}

uint64_t
clasp_schedule_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_schedule *schedule = &router->schedule;
	struct clasp_scheduled *e;
	uint32_t members = 0;

	while (schedule->count > 0) {
		if (schedule->heap[0]->at_us > now_us || members > TURN_MAX)
			return schedule->heap[0]->at_us;
		e = heap_take(schedule);
		members += run(router, e, now_us) + 1;
		scheduled_free(schedule, e);
	}
	return UINT64_MAX;
}

void
clasp_schedule_orphan(struct clasp_session *s)
{
	while (s->scheduled != NULL)
		detach(s->scheduled);
}

uint32_t
clasp_schedule_clear(struct clasp_router *router)
{
	struct clasp_schedule *schedule = &router->schedule;
	uint32_t count = schedule->count, i;

	for (i = 0; i < count; i++)
		scheduled_free(schedule, schedule->heap[i]);
	free(schedule->heap);
	schedule->heap = NULL;
	schedule->count = schedule->cap = 0;
	return count;
}
