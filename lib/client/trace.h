/*
 * trace.h - -vv: each frame that goes out or comes in, as a line for people.
 *
 *	clasp-set: sent set, confirm, 19 bytes: /a 1
 *	clasp-set: got ack, fire, 18 bytes: ack address=/a rev=1
 */
#ifndef CLASP_CLIENT_TRACE_H
#define CLASP_CLIENT_TRACE_H

#include "client/client.h"

/* For the event `frame` of a client.  Tokens are never shown. */
void	clasp_trace_frame(struct clasp_client *c, bool out,
	    const uint8_t *bytes, size_t len, void *user);

#endif
