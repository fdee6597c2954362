/*
 * sweep.h - memory of what has outlived its time, taken back now and then.
 *
 * Nobody sees what has expired; a sweep frees it.  Sweeps are a minute apart
 * and look only at what is due; a large one goes on in the turns that follow.
 * The operator is told, once a minute at most, how many params and signals
 * expired or had to leave.
 */
#ifndef CLASP_CORE_SWEEP_H
#define CLASP_CORE_SWEEP_H

#include <stdint.h>

struct clasp_losses;
struct clasp_router;

struct clasp_sweep {
	uint64_t	 next_us;	/* not before */
	uint64_t	 told_us;	/* when the operator was told last */
	uint64_t	 told_expired, told_evicted;	/* and what */
};

/* Sweep if it is time.  Returns when it is again, or UINT64_MAX. */
uint64_t clasp_sweep_tick(struct clasp_router *router, uint64_t now_us);
/* What has gone without anybody asking: params and signals. */
void	clasp_sweep_losses(const struct clasp_router *router,
	    struct clasp_losses *out);

#endif
