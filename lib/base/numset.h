/*
 * numset.h - a set of numbers from 0 to 65535, and how people write one:
 * "1-4,7".  Universes, controllers.
 */
#ifndef CLASP_BASE_NUMSET_H
#define CLASP_BASE_NUMSET_H

#include <stdbool.h>
#include <stdint.h>

struct clasp_numset {
	uint64_t	bits[1024];
};

/* Add n, 0..65535. */
static inline void
clasp_numset_add(struct clasp_numset *set, unsigned n)
{
	set->bits[n >> 6] |= UINT64_C(1) << (n & 63);
}

/* Take n out, 0..65535. */
static inline void
clasp_numset_remove(struct clasp_numset *set, unsigned n)
{
	set->bits[n >> 6] &= ~(UINT64_C(1) << (n & 63));
}

static inline bool
clasp_numset_has(const struct clasp_numset *set, unsigned n)
{
	return n < 65536 && (set->bits[n >> 6] >> (n & 63) & 1);
}

/*
 * Add what the text says: numbers and ranges from min to max with commas
 * between.  Returns 0; CLASP_ERANGE when a number is outside, CLASP_ESYNTAX
 * for anything else; the set may then hold a part of it.
 */
int	clasp_numset_parse(struct clasp_numset *set, const char *text,
	    unsigned min, unsigned max);
/* The first member from n on, or -1. */
int	clasp_numset_next(const struct clasp_numset *set, unsigned n);
unsigned clasp_numset_count(const struct clasp_numset *set);

#endif
