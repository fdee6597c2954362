/*
 * p2p.h - what clients tell each other to connect without the relay.
 *
 * Two addresses are special in a PUBLISH: /clasp/p2p/signal/SESSION goes to
 * that session alone, whether it has subscribed or not, and
 * /clasp/p2p/announce to all who want it, whatever kinds they ask for.  The
 * relay looks at nothing in them but who they claim to be from.
 */
#ifndef CLASP_CORE_P2P_H
#define CLASP_CORE_P2P_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/message.h"

struct clasp_session;

/*
 * A PUBLISH that may be sent, in its binary form.  False when it is one like
 * any other; else it has been dealt with.
 */
bool	clasp_p2p_take(struct clasp_session *s, const struct clasp_msg *msg,
	    struct clasp_str payload, uint64_t now_us);

#endif
