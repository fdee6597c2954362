/*
 * door.h - a TCP port, and finding out what each caller speaks.
 *
 * The first byte tells: 0x16 is TLS, whose plain bytes are then looked at in
 * the same way; 0x00 is the length of a bare frame; a capital letter is HTTP,
 * which wants WebSocket or gets the plain answer; anything else is closed.
 * All of it happens under one time limit, without waiting for anybody, so
 * that a silent peer costs little and delays nobody.
 *
 * ws and wss take all of these, tcp and tls no HTTP.  wss and tls, and the
 * others with url->tls_only, take nothing plain; a plain HTTP request there
 * is told so.
 */
#ifndef CLASP_NET_DOOR_H
#define CLASP_NET_DOOR_H

#include "net/link.h"

/* Time for the greeting, from the accept; the owner counts on until HELLO. */
#define CLASP_DOOR_GREETING_MS	10000
/* Callers who are not through yet; the oldest is closed first. */
#define CLASP_DOOR_CALLERS_MAX	1024

int	clasp_door_listen(uv_loop_t *loop, const struct clasp_url *url,
	    clasp_accept_fn accept, void *user, struct clasp_listener **out,
	    const char **why);

#endif
