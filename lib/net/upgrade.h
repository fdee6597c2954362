/*
 * upgrade.h - the HTTP request and answer a WebSocket connection begins with.
 *
 * Bytes only: whoever owns the socket reads a head up to its empty line and
 * hands it over; what comes behind it is the connection's.
 *
 * The relay's side is libwebsockets' HTTP parser on the loop: it is given the
 * head and one end of a socket pair and has answered when the call returns.
 * The connection's own socket is never seen by it, so that it costs nothing
 * once the connection is up.  The client's side needs no more of it than the
 * hash of the key: libwebsockets reads past the server's head into a buffer
 * of its own, and starting it would be half of a one-shot program's time.
 */
#ifndef CLASP_NET_UPGRADE_H
#define CLASP_NET_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "base/buf.h"
#include "net/url.h"

#define CLASP_UPGRADE_HEAD_MAX	8192	/* a request or an answer */
#define CLASP_UPGRADE_ANSWER_MAX 1024	/* what we answer */
#define CLASP_UPGRADE_KEY_MAX	32
#define CLASP_UPGRADE_REQUEST_MAX 2048

/*
 * Where a head ends of which n bytes are there, the first `old` of them
 * looked at before: the bytes up to and with its empty line, 0 when it is
 * not whole, CLASP_ETOOBIG when it never will be.
 */
int	clasp_upgrade_head(const void *p, size_t n, size_t old);

struct clasp_upgrade;

/* NULL: no memory, or libwebsockets' libuv part is not installed. */
struct clasp_upgrade *clasp_upgrade_new(uv_loop_t *loop);
/* Its handles are gone after the loop has run once more. */
void	clasp_upgrade_free(struct clasp_upgrade *up);

/*
 * Answer a whole head.  Returns the length of what to send; *upgraded tells
 * whether the connection speaks WebSocket then, or is to be closed.
 */
size_t	clasp_upgrade_answer(struct clasp_upgrade *up, const char *head,
	    size_t len, char out[CLASP_UPGRADE_ANSWER_MAX], bool *upgraded);

/* The answer to any request on a port that takes only TLS. */
size_t	clasp_upgrade_refusal(char out[CLASP_UPGRADE_ANSWER_MAX]);

/*
 * A client's request.  key gets a new random key, NUL-terminated, which
 * clasp_upgrade_check wants.  Returns the length of what to send.
 */
size_t	clasp_upgrade_request(const struct clasp_url *url,
	    char key[CLASP_UPGRADE_KEY_MAX],
	    char out[CLASP_UPGRADE_REQUEST_MAX]);
/* The server's whole head: 0 when WebSocket follows, else CLASP_EPROTO and
 * why for people. */
int	clasp_upgrade_check(const char *head, size_t len, const char *key,
	    const char **why);

#endif
