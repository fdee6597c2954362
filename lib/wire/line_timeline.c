/*
 * line_timeline.c - a timeline as lines have it and as the wire has it.
 *
 *	[[0,0.0],[2000000,1.0,"ease-out"]] loop=1
 *	{"keyframes":[{"time":0,"value":0.0,"easing":"linear"},...],"loop":true}
 */
#include "base/error.h"
#include "wire/line_parts.h"
#include "wire/timeline.h"

/* ----------------------------------------------------- from the wire's map */

/*
 * Only what comes back the same is split: known keys, ints for times, every
 * field that our own writer puts there.  Anything else a peer may send (npm
 * has floats for times) stays whole in a "frame" line.
 */
static bool
read_time(const struct clasp_value *v, uint64_t *us)
{
	*us = (uint64_t)v->integer;
	return v->type == CLASP_INT && v->integer >= 0;
}

/* One of "time", "value", "easing", "bezier" goes to its place in item. */
static bool
read_field(const struct clasp_entry *entry, struct clasp_value item[4],
    bool seen[4])
{
	const struct clasp_value *v = &entry->value;
	enum clasp_easing easing;
	uint64_t us;
	uint32_t i;

	if (clasp_str_is(entry->key, "value")) {
		item[1] = *v;
		seen[1] = true;
		return true;
	}
	if (clasp_str_is(entry->key, "time")) {
		if (!read_time(v, &us))
			return false;
		item[0] = clasp_int((int64_t)us);
		seen[0] = true;
		return true;
	}
	if (clasp_str_is(entry->key, "easing")) {
		item[2] = *v;
		seen[2] = true;
		return v->type == CLASP_STRING &&
		    clasp_easing_by_name(v->string, &easing);
	}
	if (!clasp_str_is(entry->key, "bezier"))
		return false;
	item[3] = *v;
	seen[3] = true;
	if (v->type != CLASP_ARRAY || v->count != 4)
		return false;
	for (i = 0; i < 4; i++)
		if (v->items[i].type != CLASP_FLOAT)
			return false;
	return true;
}

static bool
split_keyframe(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *item;
	bool seen[4] = { false, false, false, false };
	uint32_t i, count = 2;

	if (v->type != CLASP_MAP)
		return false;
	item = clasp_arena_alloc(arena, 4 * sizeof *item);
	if (item == NULL)
		return false;
	for (i = 0; i < v->count; i++)
		if (!read_field(&v->entries[i], item, seen))
			return false;
	if (!seen[0] || !seen[1] || !seen[2])
		return false;
	if (!clasp_str_is(item[2].string, "linear"))
		count = 3;
	if (seen[3]) {
		if (!clasp_str_is(item[2].string, "cubic-bezier"))
			return false;
		count = 4;
	}
	*out = clasp_array(item, count);
	return true;
}

static bool
split_keyframes(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *items;
	uint32_t i;

	if (v->type != CLASP_ARRAY)
		return false;
	items = clasp_arena_alloc(arena, v->count * sizeof *items);
	if (items == NULL)
		return false;
	for (i = 0; i < v->count; i++)
		if (!split_keyframe(&v->items[i], arena, &items[i]))
			return false;
	*out = clasp_array(items, v->count);
	return true;
}

bool
clasp_timeline_split(const struct clasp_value *map, struct clasp_arena *arena,
    struct clasp_timeline_parts *out)
{
	bool have_keyframes = false, have_loop = false;
	uint32_t i;

	if (map->type != CLASP_MAP)
		return false;
	*out = (struct clasp_timeline_parts){ .loop = false };
	for (i = 0; i < map->count; i++) {
		struct clasp_str key = map->entries[i].key;
		const struct clasp_value *v = &map->entries[i].value;

		if (clasp_str_is(key, "keyframes")) {
			if (!split_keyframes(v, arena, &out->keyframes))
				return false;
			have_keyframes = true;
		} else if (clasp_str_is(key, "loop")) {
			if (v->type != CLASP_BOOL)
				return false;
			out->loop = v->boolean;
			have_loop = true;
		} else if (clasp_str_is(key, "startTime")) {
			if (!read_time(v, &out->start_us))
				return false;
			out->has_start = true;
		} else if (clasp_str_is(key, "duration")) {
			if (!read_time(v, &out->dur_us))
				return false;
			out->has_dur = true;
		} else
			return false;
	}
	return have_keyframes && have_loop;
}

/* ------------------------------------------------------- to the wire's map */

static void
add(struct clasp_entry *entries, uint32_t *n, const char *key,
    struct clasp_value v)
{
	entries[*n].key = clasp_str_c(key);
	entries[*n].value = v;
	(*n)++;
}

/* Four numbers as four floats. */
static int
join_bezier(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out, const char **why)
{
	struct clasp_value *points;
	uint32_t i;

	*why = "a cubic-bezier takes [x1,y1,x2,y2]";
	if (v->type != CLASP_ARRAY || v->count != 4)
		return CLASP_ESYNTAX;
	points = clasp_arena_alloc(arena, 4 * sizeof *points);
	if (points == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < 4; i++) {
		points[i] = v->items[i];
		if (points[i].type == CLASP_INT)
			points[i] = clasp_float((double)points[i].integer);
		if (points[i].type != CLASP_FLOAT)
			return CLASP_ESYNTAX;
	}
	*out = clasp_array(points, 4);
	return 0;
}

static int
join_keyframe(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out, const char **why)
{
	struct clasp_value easing = clasp_string(CLASP_STR("linear")), bezier;
	struct clasp_entry *entries;
	enum clasp_easing known;
	uint32_t n = 0;
	int e;

	*why = "a keyframe is [TIME_US,VALUE,\"EASING\",[x1,y1,x2,y2]]";
	if (v->type != CLASP_ARRAY || v->count < 2 || v->count > 4)
		return CLASP_ESYNTAX;
	*why = "a keyframe's time is an int of microseconds";
	if (v->items[0].type != CLASP_INT || v->items[0].integer < 0)
		return CLASP_ESYNTAX;
	if (v->count > 2)
		easing = v->items[2];
	*why = "no such easing";
	if (easing.type != CLASP_STRING ||
	    !clasp_easing_by_name(easing.string, &known))
		return CLASP_ESYNTAX;
	*why = "only a cubic-bezier has points";
	if (v->count == 4 && !clasp_str_is(easing.string, "cubic-bezier"))
		return CLASP_ESYNTAX;
	entries = clasp_arena_alloc(arena, 4 * sizeof *entries);
	if (entries == NULL)
		return CLASP_ENOMEM;
	add(entries, &n, "time", clasp_int(v->items[0].integer));
	add(entries, &n, "value", v->items[1]);
	add(entries, &n, "easing", easing);
	if (v->count == 4) {
		e = join_bezier(&v->items[3], arena, &bezier, why);
		if (e < 0)
			return e;
		add(entries, &n, "bezier", bezier);
	}
	*out = clasp_map(entries, n);
	return 0;
}

int
clasp_timeline_join(const struct clasp_timeline_parts *parts,
    struct clasp_arena *arena, struct clasp_value *out, const char **why)
{
	const struct clasp_value *from = &parts->keyframes;
	struct clasp_entry *entries;
	struct clasp_value *maps;
	uint32_t i, n = 0;
	int e;

	*why = "a timeline needs an array of keyframes";
	if (from->type != CLASP_ARRAY)
		return CLASP_ESYNTAX;
	*why = "too large";
	maps = clasp_arena_alloc(arena, from->count * sizeof *maps);
	entries = clasp_arena_alloc(arena, 4 * sizeof *entries);
	if (maps == NULL || entries == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < from->count; i++) {
		e = join_keyframe(&from->items[i], arena, &maps[i], why);
		if (e < 0)
			return e;
	}
	*why = "start= or dur= is too large";
	if (parts->start_us > INT64_MAX || parts->dur_us > INT64_MAX)
		return CLASP_ERANGE;
	add(entries, &n, "keyframes", clasp_array(maps, from->count));
	add(entries, &n, "loop", clasp_bool(parts->loop));
	if (parts->has_start)
		add(entries, &n, "startTime",
		    clasp_int((int64_t)parts->start_us));
	if (parts->has_dur)
		add(entries, &n, "duration",
		    clasp_int((int64_t)parts->dur_us));
	*out = clasp_map(entries, n);
	return 0;
}
