/*
 * websocket.h - ws://host:port/path, and the port it shares with plain HTTP.
 *
 * A listener looks at the first byte of each connection: HTTP is what it
 * serves, anything else is closed.  The request is collected here under a
 * time limit, so that a silent peer costs little and delays nobody.
 */
#ifndef CLASP_NET_WEBSOCKET_H
#define CLASP_NET_WEBSOCKET_H

#include "net/link.h"

/* Time for the upgrade, from the accept; the owner counts on until HELLO. */
#define CLASP_WEBSOCKET_UPGRADE_MS	10000
/* Connections whose request is not whole; the oldest is closed first. */
#define CLASP_WEBSOCKET_UPGRADES_MAX	1024

int	clasp_websocket_connect(uv_loop_t *loop, const struct clasp_url *url,
	    const struct clasp_link_events *events, void *user,
	    struct clasp_link **out);
int	clasp_websocket_listen(uv_loop_t *loop, const struct clasp_url *url,
	    clasp_accept_fn accept, void *user, struct clasp_listener **out,
	    const char **why);

#endif
