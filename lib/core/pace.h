/*
 * pace.h - subscriptions that want less: at most so many values a second of
 * each address (max_rate), or only numbers that have moved (epsilon).
 *
 * What is known of an address is kept for each subscription by itself, and
 * only of those with an option.  Values of params and streams, and moves of
 * gestures (for the rate alone), may wait; all else goes at once, and a
 * start, an end or a cancel brings the waiting move of its gesture along in
 * front.  Of what waits only the newest is kept; it is sent when its time has
 * come, so the last value always arrives.
 *
 *	SET 1  SET 2  SET 3         SET 4
 *	  |      |      |             |
 *	  1      .      .     3       .       4
 *	  |<--- 1/rate ------>|<--- 1/rate -->|
 *
 * First comes epsilon, compared with what this subscription was sent last
 * (an address's first value is always sent), then the rate.  A value that
 * epsilon leaves out also takes back the one that waits: what was sent last
 * is near enough again.
 *
 * A session gets one copy, when any of its subscriptions lets the message
 * through; what waited of this address in the others is obsolete then.
 *
 * Revisions of an address only rise: a value that waits is sent before a
 * snapshot or the answer to a GET that shows its address, and dropped when
 * the newest value follows an overflow (missed.h).
 *
 * Nobody has a timer: all that waits stands in one heap by its time.
 */
#ifndef CLASP_CORE_PACE_H
#define CLASP_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/due.h"
#include "wire/value.h"

/* Addresses a subscription knows; the one longest not used is forgotten. */
#define CLASP_PACE_EACH		10000
/* All subscriptions together, then each forgets its own before its time. */
#define CLASP_PACE_ALL		2000000
/* Of messages that are kept; what finds no room does not wait. */
#define CLASP_PACE_BYTES	(64u << 20)

struct clasp_cast;
struct clasp_pace;
struct clasp_parcel;
struct clasp_router;
struct clasp_session;
struct clasp_sub;

struct clasp_paces {
	struct clasp_dues due;		/* addresses with a value that waits */
	struct clasp_pace *ended;	/* yet to be freed */
	size_t		 count;		/* addresses, of all subscriptions */
	size_t		 bytes;		/* of messages that are kept */
};

/* Forget all; the subscriptions must have been removed. */
void	clasp_paces_clear(struct clasp_paces *paces);

/*
 * Give a new subscription its options: a rate in Hz (0, or more than the
 * clock has ticks: none), a least change (not above 0, or infinite: none).
 * With neither sub->pace stays NULL.  0 or CLASP_ENOMEM.
 */
int	clasp_pace_begin(struct clasp_paces *paces, struct clasp_sub *sub,
	    uint32_t max_rate, double epsilon);
/* The subscription ends, and what waits with it.  NULL is nothing. */
void	clasp_pace_end(struct clasp_pace *pace);

/*
 * Deliver to a session of which some subscription has an option, now (true)
 * or later.  only is that subscription if no other matches.  *parcel is the
 * message as it is kept: made when first needed, then shared by all sessions;
 * NULL at first, dropped by the caller at the end.
 */
bool	clasp_pace_deliver(struct clasp_session *s, struct clasp_sub *only,
	    struct clasp_cast *cast, struct clasp_parcel **parcel,
	    uint64_t now_us);
void	clasp_parcel_drop(struct clasp_parcel *parcel);
/*
 * Values of SETs that wait for this session and match the pattern are sent;
 * absent: all that waits, whatever it is.
 */
void	clasp_pace_flush(struct clasp_session *s, struct clasp_str pattern,
	    uint64_t now_us);
/* The same for one address. */
void	clasp_pace_flush_one(struct clasp_session *s,
	    struct clasp_str address, uint64_t hash, uint64_t now_us);
/* A SET with the newest value went to the session by another way. */
void	clasp_pace_sent(struct clasp_session *s, struct clasp_str address,
	    uint64_t hash, const struct clasp_value *value, uint64_t now_us);
/* Send what is due.  Returns when more is, or UINT64_MAX. */
uint64_t clasp_pace_tick(struct clasp_router *router, uint64_t now_us);

#endif
