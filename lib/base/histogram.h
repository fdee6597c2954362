/*
 * histogram.h - many numbers, and how they are spread, in little memory.
 *
 * Numbers from 0 to 2^63 - 1 are counted in buckets whose width is at most
 * 1/64 of the numbers in them, so any quantile is exact to 1.6 %; the
 * largest is kept as it is.
 */
#ifndef CLASP_BASE_HISTOGRAM_H
#define CLASP_BASE_HISTOGRAM_H

#include <stdint.h>

#define CLASP_HISTOGRAM_STEPS	64	/* buckets for each power of two */
#define CLASP_HISTOGRAM_BUCKETS	(CLASP_HISTOGRAM_STEPS * 58)

/* All zero is an empty one. */
struct clasp_histogram {
	uint64_t	 count;
	uint64_t	 max;
	uint64_t	 bucket[CLASP_HISTOGRAM_BUCKETS];
};

void	clasp_histogram_add(struct clasp_histogram *h, uint64_t x);
/*
 * The number that the share q (0 to 1) of all does not exceed; never above
 * the largest one, 0 when there is none.
 */
uint64_t clasp_histogram_quantile(const struct clasp_histogram *h, double q);

#endif
