/*
 * knock.h - from a URL to a relay's door: ws, wss, tcp and tls.
 *
 * Dials, then shakes hands for TLS, then asks for WebSocket, as far as the
 * URL wants each; what comes out is a link.
 */
#ifndef CLASP_NET_KNOCK_H
#define CLASP_NET_KNOCK_H

#include "net/link.h"

int	clasp_knock(uv_loop_t *loop, const struct clasp_url *url,
	    const struct clasp_link_events *events, void *user,
	    struct clasp_link **out);

#endif
