/*
 * run.h - messages of one address that come one behind the other.
 *
 * A fader sends hundreds of values of one address in a burst, and all go to
 * the same sessions.  The first is queued to each of them; those behind it
 * are only encoded, next to each other, and queued as one span when anything
 * else happens: a message of another address, a reply to one of the
 * recipients, the end of the loop's turn.  So the cost of a burst is one walk
 * over the recipients and not one for each message.
 *
 * Everybody who looks at a queue or changes who gets what ends the run first.
 */
#ifndef CLASP_CORE_RUN_H
#define CLASP_CORE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/outq.h"
#include "core/subs.h"
#include "wire/address.h"

#define CLASP_RUN_MSGS	256		/* held back at most */
#define CLASP_RUN_BYTES	65536

struct clasp_cast;
struct clasp_router;
struct clasp_session;

struct clasp_run {
	uint64_t	 id;		/* 0: none; sessions in it carry it */
	uint64_t	 last_id;
	const struct clasp_match *matches;
	const struct clasp_session *except;
	int		 n;		/* of matches */
	uint32_t	 reached;	/* of these, who takes part */
	uint64_t	 hash;		/* of the last message's address */
	uint8_t		 types;
	uint8_t		 framing;	/* all have the same */
	struct clasp_span span;		/* held back; msgs 0: nothing */
	size_t		 len;
	char		 address[CLASP_ADDRESS_MAX];
};

/*
 * All of the cast's recipients have been queued it: what follows of this
 * address may be a run.  Nothing begins when one of them is slow,
 * or gets them at a pace of its own.
 */
void	clasp_run_begin(struct clasp_router *router,
	    const struct clasp_match *matches, int n,
	    const struct clasp_cast *cast,
	    const struct clasp_session *except);
/*
 * True when the message goes on with the run and was taken; else the run is
 * over and the message is to be delivered.
 */
bool	clasp_run_take(struct clasp_router *router, struct clasp_cast *cast,
	    const struct clasp_session *except);
/* Queue what was held back, if anything. */
void	clasp_run_end(struct clasp_router *router);

#endif
