/*
 * gesture.h - the moves of a gesture, thinned out.
 *
 * A gesture is open from its start to its end or cancel.  Of its moves the
 * last one is held back, for one interval at most from when the first of
 * those not forwarded came: fast input comes out at the interval's pace, and
 * the last move always comes, in front of the end at the latest.  When its
 * sender leaves, an open gesture is cancelled on its behalf.
 */
#ifndef CLASP_CORE_GESTURE_H
#define CLASP_CORE_GESTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "wire/message.h"

#define CLASP_GESTURES_EACH	256	/* open, of one session */
#define CLASP_GESTURE_IDLE_US	UINT64_C(300000000)

struct clasp_gesture;
struct clasp_router;
struct clasp_session;

/* Linked in the order in which something is to happen. */
struct clasp_gesture_list {
	struct clasp_gesture *first, *last;
};

struct clasp_gestures {
	struct clasp_table table;	/* by session, id and address */
	struct clasp_gesture_list due;	/* with a move held back */
	struct clasp_gesture_list idle;	/* all, by their last message */
	struct clasp_gesture_list left;	/* their sessions have ended */
};

void	clasp_gestures_init(struct clasp_gestures *gestures);
/* Forget all, and tell nobody. */
void	clasp_gestures_clear(struct clasp_gestures *gestures);

/*
 * A gesture message in its binary form.  True when it is held back; else it
 * is to be forwarded now, and what had to come before it has been.
 */
bool	clasp_gesture_take(struct clasp_session *s,
	    const struct clasp_publish *p, struct clasp_str payload,
	    uint64_t now_us);
/* The session ends: its gestures are to be cancelled, see below. */
void	clasp_gestures_leave(struct clasp_session *s);
/* Cancel those whose sessions have ended; nothing may be in work. */
void	clasp_gestures_cancel(struct clasp_router *router, uint64_t now_us);
/* Forward what is due.  Returns when more is, or UINT64_MAX. */
uint64_t clasp_gestures_tick(struct clasp_router *router, uint64_t now_us);

#endif
