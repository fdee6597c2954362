/*
 * missed.h - addresses whose newest value a slow peer has yet to get, in the
 * order of their last writes.
 */
#ifndef CLASP_CORE_MISSED_H
#define CLASP_CORE_MISSED_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

struct clasp_missed_one {
	struct clasp_missed_one *next, *prev;
	uint64_t	 hash;
	uint32_t	 len;
	char		 address[];
};

struct clasp_missed {
	struct clasp_table table;
	struct clasp_missed_one *first, *last;	/* longest written first */
};

struct clasp_missed *clasp_missed_new(void);
void	clasp_missed_free(struct clasp_missed *missed);
/*
 * An address was written: 0 when it is new here, 1 when it was there and has
 * moved to the end, or CLASP_ENOMEM.
 */
int	clasp_missed_add(struct clasp_missed *missed,
	    struct clasp_str address, uint64_t hash);
void	clasp_missed_remove(struct clasp_missed *missed,
	    struct clasp_missed_one *one);
/* This address, or NULL. */
struct clasp_missed_one *clasp_missed_find(const struct clasp_missed *missed,
	    struct clasp_str address, uint64_t hash);

static inline struct clasp_str
clasp_missed_address(const struct clasp_missed_one *one)
{
	return clasp_str_of(one->address, one->len);
}

#endif
