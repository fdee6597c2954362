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
	struct clasp_due due;		/* first: the heap knows only this */
	struct clasp_author *author;	/* a reference */
	struct clasp_session *sender;	/* NULL: has left */
	struct clasp_scheduled *next, **back;	/* of the same sender */
	size_t		 len;
	char		 payload[];
};

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
	    schedule->due.count < CLASP_SCHEDULE_ALL &&
	    bytes <= CLASP_SCHEDULE_BYTES - schedule->bytes;
}

int
clasp_schedule_add(struct clasp_session *s, uint64_t at_us,
    struct clasp_str payload)
{
	struct clasp_schedule *schedule = &s->router->schedule;
	struct clasp_scheduled *e = malloc(sizeof *e + payload.len);

	if (e == NULL)
		return CLASP_ENOMEM;
	e->due = (struct clasp_due){ .at_us = at_us,
	    .order = schedule->order++ };
	if (clasp_dues_add(&schedule->due, &e->due) < 0) {
		free(e);
		return CLASP_ENOMEM;
	}
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
	struct clasp_due *first;
	uint32_t members = 0;

	while ((first = clasp_dues_first(&schedule->due)) != NULL) {
		if (first->at_us > now_us || members > TURN_MAX)
			return first->at_us;
		clasp_dues_remove(&schedule->due, first);
		e = (struct clasp_scheduled *)first;
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
	uint32_t count = schedule->due.count, i;

	for (i = 0; i < count; i++)
		scheduled_free(schedule,
		    (struct clasp_scheduled *)schedule->due.heap[i]);
	clasp_dues_clear(&schedule->due);
	return count;
}
