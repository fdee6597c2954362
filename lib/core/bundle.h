/*
 * bundle.h - several SETs and PUBLISHes as one step.
 *
 * First every member is checked, each against the state as the members before
 * it would leave it, and nothing is changed; the first that fails refuses the
 * bundle.  Then all are applied in their order, and every recipient gets its
 * members as single messages with nothing in between.
 */
#ifndef CLASP_CORE_BUNDLE_H
#define CLASP_CORE_BUNDLE_H

#include <stdint.h>

#include "base/str.h"
#include "wire/message.h"

struct clasp_session;

/* Handle a BUNDLE: one ACK, or the ERROR of the first member that fails. */
void	clasp_bundle_run(struct clasp_session *s,
	    const struct clasp_msg *msg, struct clasp_str payload,
	    uint64_t now_us);

#endif
