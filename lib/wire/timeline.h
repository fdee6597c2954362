/*
 * timeline.h - the value of a timeline at a moment.
 *
 * A timeline says what one address is to do for a while: keyframes, each with
 * a time from the start, a value and the easing of the way to the next one.
 * It travels as the value of a PUBLISH of kind CLASP_TIMELINE; a relay passes
 * it on and plays nothing, so everybody who shows it works out the value for
 * each of his own frames:
 *
 *	struct clasp_timeline t;
 *	struct clasp_timeline_moment now;
 *
 *	if (clasp_timeline_read(&msg.publish.value, &arena, &t) < 0)
 *		return;
 *	start = t.has_start ? t.start_us : publish_time_or_time_of_receipt;
 *	...
 *	clasp_timeline_at(&t, start, server_time_us, &now);
 *	if (now.has_value)
 *		show(&now.value);
 *	if (now.state == CLASP_TIMELINE_FINISHED)
 *		forget();
 *
 * No clock and, once it is read, no memory: the arena of the reading holds
 * the keyframes and the room for arrays that are mixed.  To pause, go on
 * asking with the time of the pause; to go on, add its length to the start.
 */
#ifndef CLASP_WIRE_TIMELINE_H
#define CLASP_WIRE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "wire/value.h"

enum clasp_easing {
	CLASP_EASE_LINEAR,
	CLASP_EASE_IN,		/* squares: not the CSS curves so called */
	CLASP_EASE_OUT,
	CLASP_EASE_IN_OUT,
	CLASP_EASE_STEP,	/* stays, and jumps at the end */
	CLASP_EASE_BEZIER	/* "cubic-bezier", with four numbers */
};

struct clasp_keyframe {
	uint64_t	time_us;	/* from the timeline's start */
	struct clasp_value value;	/* borrowed */
	enum clasp_easing easing;	/* from here to the next keyframe */
	bool		has_bezier;	/* without: straight */
	double		bezier[4];	/* x1, y1, x2, y2 */
};

struct clasp_timeline {
	const struct clasp_keyframe *frames;
	uint32_t	count;		/* 0: has no value, ever */
	bool		loop;
	bool		ordered;	/* by time, as they should be */
	bool		has_start;
	uint64_t	start_us;	/* by the server's clock */
	uint64_t	duration_us;	/* without one: the last keyframe's */
	struct clasp_value *room;	/* of arrays; NULL: none is mixed */
};

enum clasp_timeline_state {
	CLASP_TIMELINE_PENDING,		/* before its start: as at its start */
	CLASP_TIMELINE_PLAYING,
	CLASP_TIMELINE_FINISHED		/* from now on its last value */
};

/* What a timeline is at some moment. */
struct clasp_timeline_moment {
	enum clasp_timeline_state state;
	uint64_t	loops;		/* how often it has begun again */
	bool		has_value;
	struct clasp_value value;	/* good until the next call */
};

/*
 * The easing of this name: linear, ease-in, ease-out, ease-in-out, step or
 * cubic-bezier.  False: there is none so called.
 */
bool	clasp_easing_by_name(struct clasp_str name, enum clasp_easing *out);
const char *clasp_easing_name(enum clasp_easing easing);
/* How far along (mostly 0..1) it is at t of 0..1; bezier: see keyframe. */
double	clasp_easing_at(enum clasp_easing easing, const double *bezier,
	    double t);

/*
 * Read the map {"keyframes":[...],"loop":...,"startTime":...,"duration":...}
 * of a PUBLISH.  Times may be ints or floats, unknown keys are passed over,
 * an unknown easing is linear.  t borrows from v and the arena.
 * Returns 0, CLASP_EINVAL (no such map, or a time that is none) or
 * CLASP_ENOMEM.
 */
int	clasp_timeline_read(const struct clasp_value *v,
	    struct clasp_arena *arena, struct clasp_timeline *t);
/* What it is at now_us when it was started at start_us (the same clock). */
void	clasp_timeline_at(const struct clasp_timeline *t, uint64_t start_us,
	    uint64_t now_us, struct clasp_timeline_moment *out);

/*
 * Between a (u = 0) and b (u = 1): numbers of one type are mixed, arrays of
 * one length item by item, all else is a until u is 0.5 and then b.  Arrays
 * are built in *room, which moves on: clasp_value_mix_room() values of it at
 * most are used.
 */
struct clasp_value clasp_value_mix(const struct clasp_value *a,
	    const struct clasp_value *b, double u,
	    struct clasp_value **room);
uint32_t clasp_value_mix_room(const struct clasp_value *a,
	    const struct clasp_value *b);

#endif
