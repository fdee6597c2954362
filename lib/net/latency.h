/*
 * latency.h - how long messages take, by their type, as a histogram.
 *
 * Reading the clock twice for each message would cost more than a SET does,
 * so one in CLASP_LATENCY_EVERY units is measured, and the first of each
 * type: from the moment it is handed to the router until its effects stand in
 * every recipient's queue.
 */
#ifndef CLASP_NET_LATENCY_H
#define CLASP_NET_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASP_LATENCY_EVERY	64
#define CLASP_LATENCY_BOUNDS	12
#define CLASP_LATENCY_TYPES	32

struct clasp_latency_type {
	uint8_t		 type;		/* of the message */
	uint64_t	 counts[CLASP_LATENCY_BOUNDS + 1]; /* not summed up */
	uint64_t	 count;
	uint64_t	 sum_ns;
};

struct clasp_latency {
	uint32_t	 turn;
	bool		 seen[256];	/* types, and other bytes there */
	int		 ntypes;
	struct clasp_latency_type types[CLASP_LATENCY_TYPES];
};

/* Upper bounds in nanoseconds, rising; the last bucket has none. */
extern const uint64_t clasp_latency_bounds[CLASP_LATENCY_BOUNDS];

/* Is it this one's turn to be measured?  type: as far as a glance tells. */
static inline bool
clasp_latency_wanted(struct clasp_latency *l, uint8_t type)
{
	bool first = !l->seen[type];

	l->seen[type] = true;
	return l->turn++ % CLASP_LATENCY_EVERY == 0 || first;
}

void	clasp_latency_add(struct clasp_latency *l, uint8_t type, uint64_t ns);

#endif
