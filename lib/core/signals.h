/*
 * signals.h - what has been announced: definitions by address.
 *
 * The address may hold wildcards.  A signal lives for a while after it was
 * last announced or found; when there are too many, the one not asked for
 * the longest goes.
 */
#ifndef CLASP_CORE_SIGNALS_H
#define CLASP_CORE_SIGNALS_H

#include <stdint.h>

#include "wire/message.h"

struct clasp_signals;

/* max 0: unlimited; ttl_s 0: for ever. */
struct clasp_signals *clasp_signals_new(uint32_t max, uint32_t ttl_s);
void	clasp_signals_free(struct clasp_signals *signals);
/* Announce, or announce anew.  The signal is copied.  0 or CLASP_ENOMEM. */
int	clasp_signals_put(struct clasp_signals *signals,
	    const struct clasp_signal *signal, uint64_t now_us);
/*
 * Those whose address, taken as text, the pattern matches or equals,
 * ascending by address; their lives begin anew.  *out is freed by the caller
 * and points to what is good until the next put or find.  Returns their
 * number or CLASP_ENOMEM.
 */
int	clasp_signals_find(struct clasp_signals *signals,
	    struct clasp_str pattern, uint64_t now_us,
	    const struct clasp_signal ***out);
/*
 * The range announced for a param of exactly this address, for as long as the
 * signal lives; false when there is none.  This is no access.
 */
bool	clasp_signals_range(const struct clasp_signals *signals,
	    struct clasp_str address, uint64_t hash, uint64_t now_us,
	    double *low, double *high);
/*
 * Forget what has expired, at most so many.  Returns when the next one will,
 * or UINT64_MAX.
 */
uint64_t clasp_signals_expire(struct clasp_signals *signals, uint64_t now_us,
	    uint32_t most);
/* How many have gone without anybody asking. */
void	clasp_signals_losses(const struct clasp_signals *signals,
	    uint64_t *expired, uint64_t *evicted);
uint32_t clasp_signals_count(const struct clasp_signals *signals);

#endif
