/* test_clocksync.c - how far another clock is from ours. */
#include <math.h>

#include "core/clocksync.h"
#include "t.h"
#include "vectors.h"

static int
about(int64_t a, int64_t b)
{
	return a - b >= -1 && a - b <= 1;
}

static void
vector(json_t *row)
{
	json_t *exchanges = json_object_get(row, "exchanges"), *x, *after;
	const char *name = v_text(row, "name");
	struct clasp_clocksync s;
	size_t i;

	clasp_clocksync_init(&s);
	t_check(clasp_clocksync_quality(&s) == 0, "nothing known");
	json_array_foreach(exchanges, i, x) {
		after = json_object_get(x, "after");
		clasp_clocksync_add(&s, v_u64(json_object_get(x, "t1")),
		    v_u64(json_object_get(x, "t2")),
		    v_u64(json_object_get(x, "t3")),
		    v_u64(json_object_get(x, "t4")));
		t_check(about(s.offset_us, strtoll(v_text(after, "offset"),
		    NULL, 10)), "%s %zu: offset %lld", name, i,
		    (long long)s.offset_us);
		t_check(about((int64_t)s.rtt_us, (int64_t)v_u64(
		    json_object_get(after, "rtt"))), "%s %zu: rtt %llu",
		    name, i, (unsigned long long)s.rtt_us);
		t_check(about((int64_t)s.jitter_us, (int64_t)v_u64(
		    json_object_get(after, "jitter"))), "%s %zu: jitter %llu",
		    name, i, (unsigned long long)s.jitter_us);
		t_check(fabs(clasp_clocksync_quality(&s) -
		    v_f64(json_object_get(after, "quality"))) < 1e-9,
		    "%s %zu: quality %.17g", name, i,
		    clasp_clocksync_quality(&s));
	}
}

static void
the_running_mean_is_everybodys(void)
{
	t_check(v_each("clock-sync.jsonl", vector) >= 10, "vectors");
}

/* One exchange at `at` of ours, with so long a way there and back. */
static void
exchange(struct clasp_clocksync *s, uint64_t at, int64_t offset,
    uint64_t there, uint64_t back)
{
	uint64_t t2 = at + there + (uint64_t)offset;

	clasp_clocksync_add(s, at, t2, t2 + 5, at + there + 5 + back);
}

static void
the_shortest_way_tells_best(void)
{
	struct clasp_clocksync s;
	int i;

	clasp_clocksync_init(&s);
	clasp_clocksync_seed(&s, 1000000, 6000400);
	t_check(!clasp_clocksync_true(&s), "a greeting is no exchange");
	t_eq_int(clasp_clocksync_offset_at(&s, 2000000), 5000400, "seed");
	exchange(&s, 1000000, 5000000, 9000, 100);
	t_check(clasp_clocksync_true(&s), "an exchange");
	t_eq_int(clasp_clocksync_offset_at(&s, 2000000), 5004450, "one");
	exchange(&s, 1200000, 5000000, 50, 50);
	exchange(&s, 1400000, 5000000, 50, 7000);
	t_eq_int(clasp_clocksync_offset_at(&s, 2000000), 5000000, "best");
	t_check(s.offset_us != 5000000, "the mean is another");
	/* after sixteen more the best is forgotten */
	for (i = 0; i < 14; i++)
		exchange(&s, 1600000 + 200000u * (unsigned)i, 5000000, 300,
		    100);
	t_eq_int(clasp_clocksync_offset_at(&s, 9000000), 5000000, "kept");
	exchange(&s, 9000000, 5000000, 300, 100);
	t_eq_int(clasp_clocksync_offset_at(&s, 9000000), 5000100, "old");
}

static void
a_clock_that_runs_fast_is_followed(void)
{
	struct clasp_clocksync s;
	uint64_t at;
	int64_t found;

	clasp_clocksync_init(&s);
	/* 40 us a second too fast, asked every 30 s for five minutes */
	for (at = 0; at <= 300000000; at += 30000000)
		exchange(&s, at + 1000, (int64_t)(at / 25000), 60, 60);
	t_check(fabs(clasp_clocksync_drift(&s) - 40e-6) < 1e-6, "%g",
	    clasp_clocksync_drift(&s));
	found = clasp_clocksync_offset_at(&s, 330000000);
	t_check(found > 13180 && found < 13220, "%lld", (long long)found);
}

static void
what_may_be_chance_is_no_drift(void)
{
	struct clasp_clocksync s;
	unsigned i;

	clasp_clocksync_init(&s);
	for (i = 0; i < 16; i++)
		exchange(&s, 200000 * i, 1000, 100 + i * 7 % 5 * 40,
		    100 + i * 5 % 7 * 30);
	t_check(clasp_clocksync_drift(&s) == 0, "%g",
	    clasp_clocksync_drift(&s));
}

static void
a_clock_that_was_set_is_believed_at_once(void)
{
	struct clasp_clocksync s;
	unsigned i;

	clasp_clocksync_init(&s);
	for (i = 0; i < 16; i++)
		exchange(&s, 200000 * i, 1000, 100, 100);
	exchange(&s, 4000000, -3600000000, 400, 400);
	t_eq_int(clasp_clocksync_offset_at(&s, 4000000), -3600000000, "set");
	t_check(clasp_clocksync_drift(&s) == 0, "a step is no drift");
}

static void
nonsense_does_no_harm(void)
{
	static const uint64_t odd[] = { 0, 1, UINT64_MAX, INT64_MAX,
		UINT64_C(1) << 63, 1000000 };
	enum { N = sizeof odd / sizeof *odd };
	struct clasp_clocksync s;
	double q;
	int i;

	clasp_clocksync_init(&s);
	for (i = 0; i < N * N * N * N; i++) {
		clasp_clocksync_add(&s, odd[i % N], odd[i / N % N],
		    odd[i / N / N % N], odd[i / N / N / N]);
		q = clasp_clocksync_quality(&s);
		t_check(q >= 0 && q <= 1, "quality %g", q);
		clasp_clocksync_offset_at(&s, odd[i % N]);
	}
	t_eq_int(s.samples, N * N * N * N, "counted");
}

int
main(void)
{
	t_run(the_running_mean_is_everybodys);
	t_run(the_shortest_way_tells_best);
	t_run(a_clock_that_runs_fast_is_followed);
	t_run(what_may_be_chance_is_no_drift);
	t_run(a_clock_that_was_set_is_believed_at_once);
	t_run(nonsense_does_no_harm);
	return t_end();
}
