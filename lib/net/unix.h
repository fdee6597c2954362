/*
 * unix.h - unix:PATH, frames with their length in front over a stream socket.
 *
 * A listener takes over a socket file that nobody listens on any more, and
 * removes its file when it closes.
 */
#ifndef CLASP_NET_UNIX_H
#define CLASP_NET_UNIX_H

#include "net/link.h"

int	clasp_unix_connect(uv_loop_t *loop, const struct clasp_url *url,
	    const struct clasp_link_events *events, void *user,
	    struct clasp_link **out);
int	clasp_unix_listen(uv_loop_t *loop, const struct clasp_url *url,
	    clasp_accept_fn accept, void *user, struct clasp_listener **out,
	    const char **why);

#endif
