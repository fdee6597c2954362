/*
 * bundle.h - several SETs and PUBLISHes as one step.
 *
 * First every member is checked, each against the state as the members before
 * it would leave it, and nothing is changed; the first that fails refuses the
 * bundle.  Then all are applied in their order, and every recipient gets its
 * members as single messages with nothing in between.
 *
 * One with a time that has not come is checked now, kept (schedule.h), and
 * checked once more when it is due.
 */
#ifndef CLASP_CORE_BUNDLE_H
#define CLASP_CORE_BUNDLE_H

#include <stdint.h>

#include "base/str.h"
#include "wire/message.h"

struct clasp_author;
struct clasp_router;
struct clasp_session;

/* Handle a BUNDLE: one ACK, or the ERROR of the first member that fails. */
void	clasp_bundle_run(struct clasp_session *s,
	    const struct clasp_msg *msg, struct clasp_str payload,
	    uint64_t now_us);

/* Its time has come; sender is NULL when it has left. */
void	clasp_bundle_due(struct clasp_router *router,
	    struct clasp_author *author, struct clasp_session *sender,
	    const struct clasp_bundle *bundle, uint64_t now_us);

#endif
