/*
 * dial.h - a TCP connection to a host and port, without ever waiting.
 *
 * Names are resolved beside the loop; of several addresses each is tried in
 * turn, and the reason of the last one is told.
 */
#ifndef CLASP_NET_DIAL_H
#define CLASP_NET_DIAL_H

#include <uv.h>

struct clasp_dial;

/*
 * Called once, from the loop: fd is connected, non-blocking and the
 * callee's; or -1, and why for people.
 */
typedef void (*clasp_dial_fn)(int fd, const char *why, void *user);

/* NULL: no memory. */
struct clasp_dial *clasp_dial_start(uv_loop_t *loop, const char *host,
	    int port, clasp_dial_fn fn, void *user);
/* Not after fn was called, which is not called any more. */
void	clasp_dial_stop(struct clasp_dial *dial);

/* Why a name was not resolved, for people: libuv's text names no name. */
const char *clasp_dial_unresolved(int error);

#endif
