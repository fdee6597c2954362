/* histogram.c - many numbers, and how they are spread. */
#include "base/histogram.h"

#define STEPS	CLASP_HISTOGRAM_STEPS
#define BITS	6		/* of STEPS */

/*
 * Numbers below 2 * STEPS have a bucket each.  Above, the highest bit says
 * which row of STEPS buckets, the six bits behind it which of the row.
 */
static unsigned
bucket_of(uint64_t x)
{
	int high;

	if (x < STEPS)
		return (unsigned)x;
	high = 63 - __builtin_clzll(x);
	return (unsigned)((high - BITS) * STEPS + (int)(x >> (high - BITS)));
}

/* The largest number in a bucket. */
static uint64_t
top_of(unsigned bucket)
{
	unsigned row = bucket / STEPS;

	if (row == 0)
		return bucket;
	return ((uint64_t)(bucket % STEPS + STEPS + 1) << (row - 1)) - 1;
}

void
clasp_histogram_add(struct clasp_histogram *h, uint64_t x)
{
	if (x > INT64_MAX)
		x = INT64_MAX;
	h->bucket[bucket_of(x)]++;
	h->count++;
	if (x > h->max)
		h->max = x;
}

uint64_t
clasp_histogram_quantile(const struct clasp_histogram *h, double q)
{
	uint64_t wanted = (uint64_t)(q * (double)h->count), seen = 0;
	unsigned i;

	/* the first that is not below the share */
	if ((double)wanted < q * (double)h->count || wanted == 0)
		wanted++;
	for (i = 0; i < CLASP_HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted)
			return top_of(i) < h->max ? top_of(i) : h->max;
	}
	return h->max;
}
