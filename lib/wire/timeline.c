/* timeline.c - the value of a timeline at a moment. */
#include "wire/timeline.h"

#include <math.h>

#include "base/error.h"

/* ---------------------------------------------------------------- easing */

static const char *const easings[] = {
	[CLASP_EASE_LINEAR] = "linear",
	[CLASP_EASE_IN] = "ease-in",
	[CLASP_EASE_OUT] = "ease-out",
	[CLASP_EASE_IN_OUT] = "ease-in-out",
	[CLASP_EASE_STEP] = "step",
	[CLASP_EASE_BEZIER] = "cubic-bezier",
};

bool
clasp_easing_by_name(struct clasp_str name, enum clasp_easing *out)
{
	size_t i;

	for (i = 0; i < sizeof easings / sizeof *easings; i++)
		if (clasp_str_is(name, easings[i])) {
			*out = (enum clasp_easing)i;
			return true;
		}
	return false;
}

const char *
clasp_easing_name(enum clasp_easing easing)
{
	return easings[easing];
}

/* One coordinate, at w, of the curve from 0 to 1 by way of p and q. */
static double
coordinate(double p, double q, double w)
{
	double v = 1 - w;

	return 3 * v * v * w * p + 3 * v * w * w * q + w * w * w;
}

/*
 * Eight steps of Newton and no more, from w = t: where they have not found
 * the place by then, everybody's timelines agree on the same wrong one.
 */
static double
bezier_at(const double p[4], double t)
{
	double w = t, v, d;
	int i;

	for (i = 0; i < 8; i++) {
		v = 1 - w;
		d = 3 * v * v * p[0] + 6 * v * w * (p[2] - p[0]) +
		    3 * w * w * (1 - p[2]);
		if (fabs(d) < 1e-10)
			break;
		w -= (coordinate(p[0], p[2], w) - t) / d;
		w = w < 0 ? 0 : w > 1 ? 1 : w;
	}
	return coordinate(p[1], p[3], w);
}

double
clasp_easing_at(enum clasp_easing easing, const double *bezier, double t)
{
	switch (easing) {
	case CLASP_EASE_IN:
		return t * t;
	case CLASP_EASE_OUT:
		return 1 - (1 - t) * (1 - t);
	case CLASP_EASE_IN_OUT:
		return t < 0.5 ? 2 * t * t :
		    1 - (2 - 2 * t) * (2 - 2 * t) / 2;
	case CLASP_EASE_STEP:
		return t < 1 ? 0 : 1;
	case CLASP_EASE_BEZIER:
		return bezier != NULL ? bezier_at(bezier, t) : t;
	default:
		return t;
	}
}

/* ---------------------------------------------------------------- mixing */

#define TWO_63	9223372036854775808.0

/* a + trunc((b - a) * u), at the ends of what there is when it is beyond. */
static int64_t
mix_int(int64_t a, int64_t b, double u)
{
	int64_t way, sum;
	double product;

	if (__builtin_sub_overflow(b, a, &way))
		product = ((double)b - (double)a) * u;
	else
		product = (double)way * u;
	if (isnan(product))
		return a;
	/* too far for an integer: there is nothing below its last digit */
	if (product >= TWO_63 || product < -TWO_63) {
		product += (double)a;
		if (product >= TWO_63)
			return INT64_MAX;
		return product < -TWO_63 ? INT64_MIN : (int64_t)product;
	}
	if (__builtin_add_overflow(a, (int64_t)product, &sum))
		return product > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

struct clasp_value
clasp_value_mix(const struct clasp_value *a, const struct clasp_value *b,
    double u, struct clasp_value **room)
{
	struct clasp_value *items;
	uint32_t i;

	if (a->type == CLASP_FLOAT && b->type == CLASP_FLOAT)
		return clasp_float(a->number + (b->number - a->number) * u);
	if (a->type == CLASP_INT && b->type == CLASP_INT)
		return clasp_int(mix_int(a->integer, b->integer, u));
	if (a->type != CLASP_ARRAY || b->type != CLASP_ARRAY ||
	    a->count != b->count || a->count == 0)
		return u < 0.5 ? *a : *b;
	items = *room;
	*room += a->count;
	for (i = 0; i < a->count; i++)
		items[i] = clasp_value_mix(&a->items[i], &b->items[i], u,
		    room);
	return clasp_array(items, a->count);
}

uint32_t
clasp_value_mix_room(const struct clasp_value *a, const struct clasp_value *b)
{
	uint32_t n, i;

	if (a->type != CLASP_ARRAY || b->type != CLASP_ARRAY ||
	    a->count != b->count)
		return 0;
	n = a->count;
	for (i = 0; i < a->count; i++)
		n += clasp_value_mix_room(&a->items[i], &b->items[i]);
	return n;
}

/* --------------------------------------------------------------- reading */

/* A time in microseconds: an int, or a float from who has nothing else. */
static bool
read_time(const struct clasp_value *v, uint64_t *us)
{
	if (v->type == CLASP_INT && v->integer >= 0) {
		*us = (uint64_t)v->integer;
		return true;
	}
	if (v->type != CLASP_FLOAT || !(v->number >= 0) ||
	    v->number >= TWO_63)
		return false;
	*us = (uint64_t)round(v->number);
	return true;
}

static const struct clasp_value *
field(const struct clasp_value *map, const char *name, const char *also)
{
	const struct clasp_value *v = clasp_map_get(map, clasp_str_c(name));

	return v != NULL ? v : clasp_map_get(map, clasp_str_c(also));
}

/* Four numbers; anything else is no curve. */
static bool
read_bezier(const struct clasp_value *v, double out[4])
{
	uint32_t i;

	if (v == NULL || v->type != CLASP_ARRAY || v->count != 4)
		return false;
	for (i = 0; i < 4; i++) {
		if (v->items[i].type == CLASP_FLOAT)
			out[i] = v->items[i].number;
		else if (v->items[i].type == CLASP_INT)
			out[i] = (double)v->items[i].integer;
		else
			return false;
	}
	return true;
}

static int
read_keyframe(const struct clasp_value *v, struct clasp_keyframe *out)
{
	const struct clasp_value *time, *value, *easing;

	if (v->type != CLASP_MAP)
		return CLASP_EINVAL;
	time = clasp_map_get(v, CLASP_STR("time"));
	value = clasp_map_get(v, CLASP_STR("value"));
	easing = clasp_map_get(v, CLASP_STR("easing"));
	if (time == NULL || value == NULL || !read_time(time, &out->time_us))
		return CLASP_EINVAL;
	out->value = *value;
	out->easing = CLASP_EASE_LINEAR;
	if (easing != NULL && easing->type == CLASP_STRING)
		clasp_easing_by_name(easing->string, &out->easing);
	out->has_bezier = out->easing == CLASP_EASE_BEZIER && read_bezier(
	    clasp_map_get(v, CLASP_STR("bezier")), out->bezier);
	return 0;
}

/* Keyframes, whether they are in order, and the room the largest mix takes. */
static int
read_keyframes(const struct clasp_value *list, struct clasp_arena *arena,
    struct clasp_timeline *t)
{
	struct clasp_keyframe *frames;
	uint32_t i, need = 0, n;
	int error;

	if (list == NULL || list->type != CLASP_ARRAY)
		return CLASP_EINVAL;
	t->count = list->count;
	t->ordered = true;
	if (t->count == 0)
		return 0;
	frames = clasp_arena_alloc(arena, t->count * sizeof *frames);
	if (frames == NULL)
		return CLASP_ENOMEM;
	t->frames = frames;
	for (i = 0; i < t->count; i++) {
		error = read_keyframe(&list->items[i], &frames[i]);
		if (error < 0)
			return error;
		if (i == 0)
			continue;
		if (frames[i].time_us < frames[i - 1].time_us)
			t->ordered = false;
		n = clasp_value_mix_room(&frames[i - 1].value,
		    &frames[i].value);
		need = n > need ? n : need;
	}
	if (need == 0)
		return 0;
	t->room = clasp_arena_alloc(arena, need * sizeof *t->room);
	return t->room != NULL ? 0 : CLASP_ENOMEM;
}

int
clasp_timeline_read(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_timeline *t)
{
	const struct clasp_value *loop, *start, *duration;
	int error;

	*t = (struct clasp_timeline){ 0 };
	if (v->type != CLASP_MAP)
		return CLASP_EINVAL;
	error = read_keyframes(clasp_map_get(v, CLASP_STR("keyframes")),
	    arena, t);
	if (error < 0)
		return error;
	if (t->count > 0)
		t->duration_us = t->frames[t->count - 1].time_us;
	loop = field(v, "loop", "loop_");
	start = field(v, "startTime", "start_time");
	duration = clasp_map_get(v, CLASP_STR("duration"));
	t->loop = loop != NULL && loop->type == CLASP_BOOL && loop->boolean;
	/* null stands for a field that is not there */
	if (start != NULL && start->type != CLASP_NULL) {
		if (!read_time(start, &t->start_us))
			return CLASP_EINVAL;
		t->has_start = true;
	}
	if (duration != NULL && duration->type != CLASP_NULL &&
	    !read_time(duration, &t->duration_us))
		return CLASP_EINVAL;
	return 0;
}

/* --------------------------------------------------------------- playing */

/* The first keyframe behind the position; count: there is none. */
static uint32_t
next_frame(const struct clasp_timeline *t, uint64_t position)
{
	uint32_t lo = 0, hi = t->count, mid;

	if (!t->ordered) {
		while (lo < hi && t->frames[lo].time_us <= position)
			lo++;
		return lo;
	}
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (t->frames[mid].time_us > position)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static struct clasp_value
value_at(const struct clasp_timeline *t, uint64_t position)
{
	uint32_t i = next_frame(t, position);
	const struct clasp_keyframe *prev, *next;
	struct clasp_value *room = t->room;
	double u;

	if (i == t->count)
		return t->frames[t->count - 1].value;
	if (i == 0)
		return t->frames[0].value;
	prev = &t->frames[i - 1];
	next = &t->frames[i];
	u = (double)(position - prev->time_us) /
	    (double)(next->time_us - prev->time_us);
	u = clasp_easing_at(prev->easing,
	    prev->has_bezier ? prev->bezier : NULL, u);
	return clasp_value_mix(&prev->value, &next->value, u, &room);
}

void
clasp_timeline_at(const struct clasp_timeline *t, uint64_t start_us,
    uint64_t now_us, struct clasp_timeline_moment *out)
{
	uint64_t elapsed = now_us > start_us ? now_us - start_us : 0;

	out->state = now_us < start_us ? CLASP_TIMELINE_PENDING :
	    CLASP_TIMELINE_PLAYING;
	out->loops = 0;
	out->has_value = t->count > 0;
	if (!out->has_value)
		return;
	if (t->duration_us == 0) {
		out->value = t->frames[0].value;
	} else if (t->loop) {
		out->loops = elapsed / t->duration_us;
		out->value = value_at(t, elapsed % t->duration_us);
	} else if (elapsed >= t->duration_us) {
		out->state = CLASP_TIMELINE_FINISHED;
		/* though the duration may have cut the way to it short */
		out->value = t->frames[t->count - 1].value;
	} else {
		out->value = value_at(t, elapsed);
	}
}
