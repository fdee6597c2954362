/*
 * schedule.h - bundles that wait for their moment.
 *
 * They are kept as the bytes they came in, in a heap by time and, for equal
 * times, by the order they came.  A sender may leave before its bundle is
 * due: a cue fires all the same.
 */
#ifndef CLASP_CORE_SCHEDULE_H
#define CLASP_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/due.h"
#include "base/str.h"

#define CLASP_SCHEDULE_EACH	1000	/* of one session */
#define CLASP_SCHEDULE_ALL	10000
#define CLASP_SCHEDULE_BYTES	(64u << 20)
#define CLASP_SCHEDULE_AHEAD_US	UINT64_C(86400000000)

struct clasp_router;
struct clasp_scheduled;
struct clasp_session;

struct clasp_schedule {
	struct clasp_dues due;
	uint64_t	 order;		/* of the next one */
	size_t		 bytes;
};

/* May this session have one more, of so many bytes? */
bool	clasp_schedule_room(const struct clasp_session *s, size_t bytes);
/* Keep a copy of its payload for later.  0 or CLASP_ENOMEM. */
int	clasp_schedule_add(struct clasp_session *s, uint64_t at_us,
	    struct clasp_str payload);
/* Run what is due.  Returns when the next one is, or UINT64_MAX. */
uint64_t clasp_schedule_tick(struct clasp_router *router, uint64_t now_us);
/* The session leaves: what it has scheduled stays. */
void	clasp_schedule_orphan(struct clasp_session *s);
/* Forget all; returns how many there were. */
uint32_t clasp_schedule_clear(struct clasp_router *router);

#endif
