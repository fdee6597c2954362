/*
 * retained.h - the last timeline of each address, for those who come later.
 *
 * At most CLASP_RETAINED_MAX; the one published longest ago goes first.  Each
 * lives as long as a parameter would that nobody touches.
 */
#ifndef CLASP_CORE_RETAINED_H
#define CLASP_CORE_RETAINED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define CLASP_RETAINED_MAX	10000

struct clasp_retained;

/* ttl_s 0: for ever. */
struct clasp_retained *clasp_retained_new(uint32_t ttl_s);
void	clasp_retained_free(struct clasp_retained *retained);
/* Replaces what was there.  The payload is copied.  0 or CLASP_ENOMEM. */
int	clasp_retained_put(struct clasp_retained *retained,
	    struct clasp_str address, uint64_t hash, struct clasp_str payload,
	    uint64_t now_us);
void	clasp_retained_remove(struct clasp_retained *retained,
	    struct clasp_str address, uint64_t hash);
/*
 * Forget those whose time is over, at most so many.  Returns when the next
 * one's is, or UINT64_MAX.
 */
uint64_t clasp_retained_expire(struct clasp_retained *retained,
	    uint64_t now_us, uint32_t most);
/* Walk, oldest first: start with *at = NULL; false at the end. */
bool	clasp_retained_next(struct clasp_retained *retained, void **at,
	    uint64_t now_us, struct clasp_str *address,
	    struct clasp_str *payload);

#endif
