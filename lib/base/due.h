/*
 * due.h - what waits for a moment: the earliest first, whatever their number.
 *
 * An entry embeds a struct clasp_due, so that it can be taken out again
 * before its moment has come.  Adding and removing cost O(log n), the first
 * one nothing.
 *
 *	struct cue { struct clasp_due due; ... };
 *
 *	cue->due.at_us = when;
 *	clasp_dues_add(&waiting, &cue->due);
 *	...
 *	while ((due = clasp_dues_first(&waiting)) && due->at_us <= now_us) {
 *		clasp_dues_remove(&waiting, due);
 *		...
 *	}
 */
#ifndef CLASP_BASE_DUE_H
#define CLASP_BASE_DUE_H

#include <stddef.h>
#include <stdint.h>

struct clasp_due {
	uint64_t	at_us;		/* neither changes while it waits */
	uint64_t	order;		/* of equal times the least is first */
	uint32_t	place;		/* where it waits; 0: it does not */
};

/* Zero-initialised. */
struct clasp_dues {
	struct clasp_due **heap;	/* owned; the entries are not */
	uint32_t	count, cap;
};

/* 0 or CLASP_ENOMEM.  It must not wait already. */
int	clasp_dues_add(struct clasp_dues *dues, struct clasp_due *due);
/* Nothing when it does not wait. */
void	clasp_dues_remove(struct clasp_dues *dues, struct clasp_due *due);
/* Forget all. */
void	clasp_dues_clear(struct clasp_dues *dues);

static inline struct clasp_due *
clasp_dues_first(const struct clasp_dues *dues)
{
	return dues->count > 0 ? dues->heap[0] : NULL;
}

#endif
