/* test_due.c - what waits comes out by time, then by order. */
#include "base/due.h"
#include "t.h"

#define N 3000

static uint32_t seed = 99;

static uint32_t
roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static struct clasp_due dues[N];

static void
the_earliest_is_first(void)
{
	struct clasp_dues waiting = { 0 };
	struct clasp_due *first;
	uint64_t at_us = 0, order = 0;
	int i, n = 0;

	for (i = 0; i < N; i++) {
		dues[i] = (struct clasp_due){ .at_us = roll(500),
		    .order = (uint64_t)i };
		t_eq_int(clasp_dues_add(&waiting, &dues[i]), 0, "add");
	}
	/* every third is taken out, wherever it stands; nothing twice */
	for (i = 0; i < N; i += 3) {
		clasp_dues_remove(&waiting, &dues[i]);
		clasp_dues_remove(&waiting, &dues[i]);
		t_eq_int(dues[i].place, 0, "place");
	}
	t_eq_int(waiting.count, N - N / 3, "count");
	while ((first = clasp_dues_first(&waiting)) != NULL) {
		t_check(n == 0 || first->at_us > at_us ||
		    (first->at_us == at_us && first->order > order),
		    "out of order");
		t_check((first - dues) % 3 != 0, "taken out");
		at_us = first->at_us;
		order = first->order;
		clasp_dues_remove(&waiting, first);
		n++;
	}
	t_eq_int(n, N - N / 3, "came out");
	clasp_dues_clear(&waiting);
}

/* Add and remove in any order: the first is the least of those inside. */
static void
chance_agrees_with_a_search(void)
{
	struct clasp_dues waiting = { 0 };
	const struct clasp_due *least;
	int step, i;

	for (i = 0; i < 60; i++)
		dues[i] = (struct clasp_due){ .order = (uint64_t)i };
	for (step = 0; step < 20000; step++) {
		i = (int)roll(60);
		if (dues[i].place != 0) {
			clasp_dues_remove(&waiting, &dues[i]);
		} else {
			dues[i].at_us = roll(20);
			clasp_dues_add(&waiting, &dues[i]);
		}
		least = NULL;
		for (i = 0; i < 60; i++)
			if (dues[i].place != 0 && (least == NULL ||
			    dues[i].at_us < least->at_us))
				least = &dues[i];
		t_check(clasp_dues_first(&waiting) == least, "step %d", step);
	}
	clasp_dues_clear(&waiting);
}

int
main(void)
{
	t_run(the_earliest_is_first);
	t_run(chance_agrees_with_a_search);
	return t_end();
}
