/* test_timeline.c - the value of a timeline at a moment. */
#include <math.h>

#include "t.h"
#include "vectors.h"
#include "wire/timeline.h"

static uint8_t room[65536];
static struct clasp_arena arena;

static void
begin(void)
{
	clasp_arena_init(&arena, room, sizeof room, 1 << 20);
}

/* Floats nearly, all else exactly. */
static bool
same(const struct clasp_value *a, const struct clasp_value *b)
{
	uint32_t i;

	if (a->type != b->type)
		return false;
	if (a->type == CLASP_FLOAT) {
		if (isnan(a->number) || isnan(b->number))
			return isnan(a->number) && isnan(b->number);
		return fabs(a->number - b->number) <=
		    1e-9 * fabs(b->number);
	}
	if (a->type != CLASP_ARRAY)
		return clasp_value_equal(a, b);
	for (i = 0; i < a->count && i < b->count; i++)
		if (!same(&a->items[i], &b->items[i]))
			return false;
	return a->count == b->count;
}

static void
put(struct clasp_entry *entries, uint32_t *n, const char *key,
    struct clasp_value v)
{
	entries[*n].key = clasp_str_c(key);
	entries[(*n)++].value = v;
}

/* A keyframe of a vector as it stands on the wire. */
static struct clasp_value
keyframe(json_t *k)
{
	struct clasp_entry *e = clasp_arena_alloc(&arena, 4 * sizeof *e);
	json_t *points = json_object_get(k, "bezier"), *p;
	struct clasp_value *items;
	uint32_t n = 0;
	size_t i;

	put(e, &n, "time", clasp_int((int64_t)v_u64(json_object_get(k,
	    "time"))));
	put(e, &n, "value", v_value_get(json_object_get(k, "value"),
	    &arena));
	put(e, &n, "easing", clasp_string(clasp_arena_dup(&arena,
	    clasp_str_c(v_text(k, "easing")))));
	if (points == NULL)
		return clasp_map(e, n);
	items = clasp_arena_alloc(&arena, 4 * sizeof *items);
	json_array_foreach(points, i, p)
		items[i] = clasp_float(v_f64(p));
	put(e, &n, "bezier", clasp_array(items, (uint32_t)i));
	return clasp_map(e, n);
}

static struct clasp_value
timeline(json_t *t)
{
	json_t *frames = json_object_get(t, "keyframes"), *k;
	struct clasp_entry *e = clasp_arena_alloc(&arena, 3 * sizeof *e);
	struct clasp_value *items = clasp_arena_alloc(&arena,
	    json_array_size(frames) * sizeof *items);
	uint32_t n = 0;
	size_t i;

	json_array_foreach(frames, i, k)
		items[i] = keyframe(k);
	put(e, &n, "keyframes", clasp_array(items, (uint32_t)i));
	put(e, &n, "loop", clasp_bool(json_is_true(json_object_get(t,
	    "loop"))));
	if (json_object_get(t, "duration") != NULL)
		put(e, &n, "duration", clasp_int((int64_t)v_u64(
		    json_object_get(t, "duration"))));
	return clasp_map(e, n);
}

static void
vector(json_t *row)
{
	json_t *samples = json_object_get(row, "samples"), *s, *value;
	const char *name = v_text(row, "name");
	struct clasp_value map, want;
	struct clasp_timeline t;
	struct clasp_timeline_moment now;
	uint64_t at;
	size_t i;

	begin();
	map = timeline(json_object_get(row, "timeline"));
	t_eq_int(clasp_timeline_read(&map, &arena, &t), 0, "%s", name);
	json_array_foreach(samples, i, s) {
		at = v_u64(json_object_get(s, "t"));
		clasp_timeline_at(&t, 0, at, &now);
		value = json_object_get(s, "value");
		t_eq_int(now.has_value, value != NULL, "%s", name);
		if (value != NULL && now.has_value) {
			want = v_value_get(value, &arena);
			t_check(same(&now.value, &want), "%s at %llu", name,
			    (unsigned long long)at);
		}
		t_eq_int(now.state == CLASP_TIMELINE_FINISHED,
		    strcmp(v_text(s, "state"), "finished") == 0, "%s at %llu",
		    name, (unsigned long long)at);
		t_eq_int(now.loops, json_integer_value(json_object_get(s,
		    "loops")), "%s at %llu", name, (unsigned long long)at);
	}
	clasp_arena_clear(&arena);
}

static void
values_are_everybodys(void)
{
	t_check(v_each("timeline-samples.jsonl", vector) >= 30, "vectors");
}

static struct clasp_value
pair(struct clasp_value at, struct clasp_value value)
{
	struct clasp_entry *e = clasp_arena_alloc(&arena, 2 * sizeof *e);
	uint32_t n = 0;

	put(e, &n, "time", at);
	put(e, &n, "value", value);
	return clasp_map(e, n);
}

static struct clasp_value
of_pairs(const struct clasp_value *pairs, uint32_t count, const char *key,
    struct clasp_value extra)
{
	struct clasp_entry *e = clasp_arena_alloc(&arena, 2 * sizeof *e);
	uint32_t n = 0;

	put(e, &n, "keyframes", clasp_array(pairs, count));
	if (key != NULL)
		put(e, &n, key, extra);
	return clasp_map(e, n);
}

static int
read_of(const struct clasp_value *pairs, uint32_t count, const char *key,
    struct clasp_value extra, struct clasp_timeline *t)
{
	struct clasp_value map = of_pairs(pairs, count, key, extra);

	return clasp_timeline_read(&map, &arena, t);
}

static void
it_starts_when_it_says(void)
{
	struct clasp_value f[2];
	struct clasp_timeline t;
	struct clasp_timeline_moment now;

	begin();
	f[0] = pair(clasp_int(0), clasp_int(10));
	f[1] = pair(clasp_float(1000.4), clasp_int(20));
	t_eq_int(read_of(f, 2, "start_time", clasp_float(5000), &t), 0, "");
	t_check(t.has_start && t.start_us == 5000, "start");
	t_eq_int(t.duration_us, 1000, "a float is rounded");
	clasp_timeline_at(&t, t.start_us, 4000, &now);
	t_eq_int(now.state, CLASP_TIMELINE_PENDING, "before");
	t_eq_int(now.value.integer, 10, "before");
	clasp_timeline_at(&t, t.start_us, 5500, &now);
	t_eq_int(now.state, CLASP_TIMELINE_PLAYING, "half way");
	t_eq_int(now.value.integer, 15, "half way");
	clasp_timeline_at(&t, t.start_us, 6000, &now);
	t_eq_int(now.state, CLASP_TIMELINE_FINISHED, "the end");
	t_eq_int(now.value.integer, 20, "the end");
	clasp_arena_clear(&arena);
}

static void
what_is_no_time_is_no_timeline(void)
{
	static const double bad[] = { -1, -0.6, 1e300, NAN, INFINITY };
	struct clasp_value f[1], v;
	struct clasp_timeline t;
	size_t i;

	begin();
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		f[0] = pair(clasp_float(bad[i]), clasp_int(1));
		t_eq_int(read_of(f, 1, NULL, clasp_null(), &t), CLASP_EINVAL,
		    "%g", bad[i]);
		f[0] = pair(clasp_int(0), clasp_int(1));
		t_eq_int(read_of(f, 1, "duration", clasp_float(bad[i]), &t),
		    CLASP_EINVAL, "%g", bad[i]);
		t_eq_int(read_of(f, 1, "startTime", clasp_float(bad[i]), &t),
		    CLASP_EINVAL, "%g", bad[i]);
	}
	f[0] = pair(clasp_int(-1), clasp_int(1));
	t_eq_int(read_of(f, 1, NULL, clasp_null(), &t), CLASP_EINVAL, "");
	f[0] = pair(clasp_string(CLASP_STR("now")), clasp_int(1));
	t_eq_int(read_of(f, 1, NULL, clasp_null(), &t), CLASP_EINVAL, "");
	f[0] = clasp_int(3);
	t_eq_int(read_of(f, 1, NULL, clasp_null(), &t), CLASP_EINVAL, "");
	v = clasp_null();
	t_eq_int(clasp_timeline_read(&v, &arena, &t), CLASP_EINVAL, "");
	v = clasp_map(NULL, 0);
	t_eq_int(clasp_timeline_read(&v, &arena, &t), CLASP_EINVAL, "");
	f[0] = pair(clasp_int(0), clasp_int(1));
	t_eq_int(read_of(f, 1, "duration", clasp_null(), &t), 0, "null");
	clasp_arena_clear(&arena);
}

static void
no_order_and_no_memory_do_no_harm(void)
{
	struct clasp_value f[3], items[2] = { clasp_int(0), clasp_int(8) };
	struct clasp_timeline t;
	struct clasp_timeline_moment now;
	uint64_t at;

	begin();
	f[0] = pair(clasp_int(0), clasp_array(items, 2));
	f[1] = pair(clasp_int(900), clasp_array(items, 2));
	f[2] = pair(clasp_int(300), clasp_array(items, 2));
	t_eq_int(read_of(f, 3, "loop", clasp_bool(true), &t), 0, "");
	t_check(!t.ordered, "it is in order");
	for (at = 0; at < 2000; at++) {
		clasp_timeline_at(&t, 0, at, &now);
		t_eq_int(now.value.items[1].integer, 8, "%d", (int)at);
	}
	clasp_arena_clear(&arena);
	/* arrays of nothing take no room */
	begin();
	f[0] = pair(clasp_int(0), clasp_array(items, 0));
	f[1] = pair(clasp_int(900), clasp_array(items, 0));
	t_eq_int(read_of(f, 2, NULL, clasp_null(), &t), 0, "");
	clasp_timeline_at(&t, 0, 450, &now);
	t_eq_int(now.value.type, CLASP_ARRAY, "empty");
	t_eq_int(now.value.count, 0, "empty");
	clasp_arena_clear(&arena);
	/* 4096 bytes do for the map, and not for what is made of it */
	clasp_arena_init(&arena, room, 4096, 0);
	f[0] = pair(clasp_int(0), clasp_array(items, 2));
	f[1] = pair(clasp_int(900), clasp_array(items, 2));
	f[2] = of_pairs(f, 2, NULL, clasp_null());
	while (clasp_arena_alloc(&arena, 64) != NULL)
		;
	t_eq_int(clasp_timeline_read(&f[2], &arena, &t), CLASP_ENOMEM, "");
	clasp_arena_clear(&arena);
}

static void
ints_stay_within_what_there_is(void)
{
	static const struct {
		int64_t a, b;
		double u;
		int64_t want;
	} rows[] = {
		{ INT64_MIN, INT64_MAX, 0, INT64_MIN },
		{ INT64_MIN, INT64_MAX, 1, INT64_MAX },
		{ INT64_MIN, INT64_MAX, 0.5, 0 },
		{ INT64_MIN, INT64_MAX, 0.75, INT64_C(1) << 62 },
		{ INT64_MAX, INT64_MIN, 1, INT64_MIN },
		{ 0, INT64_MAX, 3, INT64_MAX },
		{ 0, INT64_MIN, 3, INT64_MIN },
		{ INT64_MAX - 1, INT64_MAX, 1e6, INT64_MAX },
		{ INT64_MIN + 1, INT64_MIN, 1e6, INT64_MIN },
		{ 5, 9, NAN, 5 },
		{ 0, -10, 0.19, -1 },
		{ 0, 10, 0.19, 1 },
	};
	struct clasp_value a, b, *none = NULL;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		a = clasp_int(rows[i].a);
		b = clasp_int(rows[i].b);
		t_eq_int(clasp_value_mix(&a, &b, rows[i].u, &none).integer,
		    rows[i].want, "row %zu", i);
	}
}

static void
easings_have_names(void)
{
	enum clasp_easing e;
	int i;

	for (i = CLASP_EASE_LINEAR; i <= CLASP_EASE_BEZIER; i++) {
		t_check(clasp_easing_by_name(clasp_str_c(clasp_easing_name(
		    (enum clasp_easing)i)), &e) && (int)e == i, "%d", i);
		t_check(clasp_easing_at((enum clasp_easing)i, NULL, 0) == 0 &&
		    clasp_easing_at((enum clasp_easing)i, NULL, 1) == 1,
		    "%s: from 0 to 1", clasp_easing_name(e));
	}
	t_check(!clasp_easing_by_name(CLASP_STR("swing"), &e), "swing");
}

int
main(void)
{
	t_run(values_are_everybodys);
	t_run(it_starts_when_it_says);
	t_run(what_is_no_time_is_no_timeline);
	t_run(no_order_and_no_memory_do_no_harm);
	t_run(ints_stay_within_what_there_is);
	t_run(easings_have_names);
	return t_end();
}
