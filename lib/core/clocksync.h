/*
 * clocksync.h - how far another clock is from ours, by asking it.
 *
 * One exchange is a SYNC and its answer: t1 ours when asking, t2 theirs when
 * the question came, t3 theirs when the answer left, t4 ours when it came.
 *
 *	struct clasp_clocksync sync;
 *
 *	clasp_clocksync_init(&sync);
 *	clasp_clocksync_seed(&sync, now, welcome_time);
 *	clasp_clocksync_add(&sync, t1, t2, t3, t4);
 *	their_now = now + clasp_clocksync_offset_at(&sync, now);
 *
 * It answers twice.  The fields of struct clasp_clocksync are a running mean
 * over all exchanges, as every implementation of the protocol shows it to
 * people.  What is scheduled goes by clasp_clocksync_offset_at(): the
 * exchange with the shortest round trip of the last 16 leaves the least room
 * for doubt, and two such, far enough apart, tell how one clock runs away
 * from the other.
 *
 * Microseconds throughout; all times of one side by one clock, which should
 * not step (base/clock.h).  When theirs does, the exchanges before it are
 * forgotten.  No I/O, no memory.
 */
#ifndef CLASP_CORE_CLOCKSYNC_H
#define CLASP_CORE_CLOCKSYNC_H

#include <stdbool.h>
#include <stdint.h>

#define CLASP_CLOCKSYNC_MEAN	10	/* round trips that make the jitter */
#define CLASP_CLOCKSYNC_BEST	16	/* exchanges to choose from */

struct clasp_exchange {
	uint64_t	at_us;		/* ours: t4 */
	int64_t		offset_us;	/* theirs minus ours */
	uint64_t	rtt_us;
};

struct clasp_clocksync {
	/* the running mean */
	int64_t		offset_us;	/* theirs minus ours */
	uint64_t	rtt_us;
	uint64_t	jitter_us;	/* deviation of the round trips */
	uint64_t	samples;	/* the seed counts */

	uint64_t	rtts[CLASP_CLOCKSYNC_MEAN];
	unsigned	nrtts, next_rtt;
	/* oldest first; the seed is none of them */
	struct clasp_exchange last[CLASP_CLOCKSYNC_BEST];
	unsigned	nlast;
};

void	clasp_clocksync_init(struct clasp_clocksync *s);
/* The time somebody told when he greeted: better than nothing. */
void	clasp_clocksync_seed(struct clasp_clocksync *s, uint64_t now_us,
	    uint64_t theirs_us);
void	clasp_clocksync_add(struct clasp_clocksync *s, uint64_t t1,
	    uint64_t t2, uint64_t t3, uint64_t t4);
/* What one exchange says by itself. */
struct clasp_exchange clasp_exchange_of(uint64_t t1, uint64_t t2,
	    uint64_t t3, uint64_t t4);
/* 0 (nothing is known) to 1: short round trips, little jitter, many. */
double	clasp_clocksync_quality(const struct clasp_clocksync *s);
/* Has one true exchange been made, or is it all by the seed? */
bool	clasp_clocksync_true(const struct clasp_clocksync *s);
/* Theirs minus ours at now_us of ours. */
int64_t	clasp_clocksync_offset_at(const struct clasp_clocksync *s,
	    uint64_t now_us);
/* How much theirs gains on ours, in parts of one; 0: cannot be told. */
double	clasp_clocksync_drift(const struct clasp_clocksync *s);

#endif
