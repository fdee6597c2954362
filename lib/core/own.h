/*
 * own.h - what a relay tells of itself: params under /$relay.
 *
 * They are made when somebody asks, are in no store and no other snapshot,
 * and only patterns that begin with "/$relay" itself see them.  While there
 * is such a subscription, what has changed is sent once a second.  Their
 * revision is the number of microseconds since the relay began.
 *
 * The table of names is in clasp-relay(1).
 */
#ifndef CLASP_CORE_OWN_H
#define CLASP_CORE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/departed.h"
#include "core/figures.h"
#include "wire/value.h"

#define CLASP_OWN_FIGURES	32	/* at most, sessions not counted */

struct clasp_router;
struct clasp_session;
struct clasp_sub;

struct clasp_own {
	uint32_t	 watches;	/* subscriptions to it */
	uint64_t	 begun_us, now_us;	/* as last told; 0: never */
	uint64_t	 next_us;	/* the next update */
	bool		 more;		/* sessions to tell of in this one */
	struct clasp_rates rates;
	struct clasp_departed departed;
	uint64_t	 told_departed;	/* of its total */
	/* what was last told of each figure, as one number */
	uint64_t	 told[CLASP_OWN_FIGURES];
};

void	clasp_own_init(struct clasp_own *own);
void	clasp_own_clear(struct clasp_own *own);
/* Is it one of these addresses, or a pattern that may see them? */
bool	clasp_own_names(struct clasp_str address);
/* Answer a GET of one of them. */
void	clasp_own_get(struct clasp_session *s, struct clasp_str address,
	    uint64_t now_us);
/* A subscription was made: send what it sees, if it is one of these. */
bool	clasp_own_subscribe(struct clasp_session *s,
	    const struct clasp_sub *sub, uint64_t now_us);
/* It is about to go. */
void	clasp_own_unsubscribe(struct clasp_session *s,
	    const struct clasp_sub *sub);
/* An open session leaves; it still has its subscriptions. */
void	clasp_own_leave(struct clasp_session *s);
/* Send what has changed, if it is time.  When it is again, or UINT64_MAX. */
uint64_t clasp_own_tick(struct clasp_router *router, uint64_t now_us);

#endif
