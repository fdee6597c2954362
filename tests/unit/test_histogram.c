/* test_histogram.c - quantiles against the sorted numbers themselves. */
#include <stdlib.h>

#include "t.h"

#include "base/histogram.h"

static uint64_t state = 88172645463325252u;

static uint64_t
chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
test_empty(void)
{
	static struct clasp_histogram h;

	t_eq_int(clasp_histogram_quantile(&h, 0.5), 0, "nothing");
	clasp_histogram_add(&h, 7);
	t_eq_int(clasp_histogram_quantile(&h, 0), 7, "one, the least");
	t_eq_int(clasp_histogram_quantile(&h, 0.5), 7, "one, the median");
	t_eq_int(clasp_histogram_quantile(&h, 1), 7, "one, the most");
}

static void
test_small_numbers_are_exact(void)
{
	static struct clasp_histogram h;
	uint64_t i;

	for (i = 1; i <= 100; i++)
		clasp_histogram_add(&h, i);
	t_eq_int(clasp_histogram_quantile(&h, 0.5), 50, "p50");
	t_eq_int(clasp_histogram_quantile(&h, 0.99), 99, "p99");
	t_eq_int(clasp_histogram_quantile(&h, 0.999), 100, "p99.9");
	t_eq_int(h.max, 100, "max");
}

static void
test_the_largest_numbers(void)
{
	static struct clasp_histogram h;

	clasp_histogram_add(&h, INT64_MAX);
	clasp_histogram_add(&h, UINT64_MAX);
	t_eq_int(h.count, 2, "both are counted");
	t_check(clasp_histogram_quantile(&h, 1) == INT64_MAX, "at the end");
}

/* Numbers of every size: at most 1/64 above the true quantile. */
static void
test_against_sorting(void)
{
	enum { N = 20000 };
	static struct clasp_histogram h;
	static uint64_t x[N];
	static const double q[] = { 0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1 };
	uint64_t truth, got;
	size_t i, rank, wrong = 0;

	for (i = 0; i < N; i++) {
		x[i] = chance() >> (1 + chance() % 62);
		clasp_histogram_add(&h, x[i]);
	}
	qsort(x, N, sizeof *x, by_size);
	for (i = 0; i < sizeof q / sizeof *q; i++) {
		rank = (size_t)(q[i] * N);
		truth = x[rank > 0 ? rank - 1 : 0];
		got = clasp_histogram_quantile(&h, q[i]);
		if (got < truth || got - truth > truth / 64)
			wrong++;
	}
	t_eq_int(wrong, 0, "quantiles that are off");
	t_check(clasp_histogram_quantile(&h, 1) == x[N - 1], "the largest");
}

int
main(void)
{
	t_run(test_empty);
	t_run(test_small_numbers_are_exact);
	t_run(test_the_largest_numbers);
	t_run(test_against_sorting);
	return t_end();
}
