/*
 * departed.h - the sessions that left last: who they were.
 *
 * A param names its writer by session id, and short visits are over before
 * anybody asks who it was.  The last 10,000 are kept, oldest first to go.
 */
#ifndef CLASP_CORE_DEPARTED_H
#define CLASP_CORE_DEPARTED_H

#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

#define CLASP_DEPARTED_MAX	10000
#define CLASP_DEPARTED_NAME	128	/* bytes of a name that are kept */

struct clasp_author;

struct clasp_departed_one {
	struct clasp_author *author;	/* holds a reference; has the id */
	uint64_t	 since_us, left_us;
	uint32_t	 name_len;
	char		 name[];
};

struct clasp_departed {
	struct clasp_departed_one **ring; /* owned; NULL: nobody has left */
	uint64_t	 total;		/* ever; the next place is modulo */
	struct clasp_table table;
};

void	clasp_departed_init(struct clasp_departed *departed);
void	clasp_departed_clear(struct clasp_departed *departed);
/* Without memory nothing is kept of it. */
void	clasp_departed_add(struct clasp_departed *departed,
	    struct clasp_author *author, struct clasp_str name,
	    uint64_t since_us, uint64_t left_us);
/* The one with this id, or NULL. */
const struct clasp_departed_one *clasp_departed_find(
	    const struct clasp_departed *departed, struct clasp_str id);

/* Who left as number n of all, from the oldest one that is kept. */
static inline uint64_t
clasp_departed_first(const struct clasp_departed *departed)
{
	return departed->total < CLASP_DEPARTED_MAX ? 0 :
	    departed->total - CLASP_DEPARTED_MAX;
}

static inline const struct clasp_departed_one *
clasp_departed_at(const struct clasp_departed *departed, uint64_t n)
{
	return departed->ring[n % CLASP_DEPARTED_MAX];
}

#endif
