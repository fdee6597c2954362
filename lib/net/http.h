/*
 * http.h - a small HTTP server for probes: GET and HEAD of a few paths.
 *
 * Each connection carries one request and is closed.  A peer that is slow to
 * ask or to read is cut off after CLASP_HTTP_MS and delays nobody; beyond
 * CLASP_HTTP_CALLERS connections the oldest is closed.
 */
#ifndef CLASP_NET_HTTP_H
#define CLASP_NET_HTTP_H

#include <uv.h>

#include "base/buf.h"
#include "base/str.h"

#define CLASP_HTTP_MS		10000	/* from the accept to the last byte */
#define CLASP_HTTP_CALLERS	64

struct clasp_http;

struct clasp_http_answer {
	int		 status;	/* 200, 404, 503 ... */
	const char	*type;		/* Content-Type */
	struct clasp_buf body;		/* to be filled; freed by the server */
};

/* path has no query.  What is not touched is 404 without a body. */
typedef void (*clasp_http_fn)(struct clasp_str path,
	    struct clasp_http_answer *answer, void *user);

/* 0, CLASP_EBIND (*why tells) or CLASP_ENOMEM. */
int	clasp_http_listen(uv_loop_t *loop, const char *host, int port,
	    clasp_http_fn fn, void *user, struct clasp_http **out,
	    const char **why);
/* "0.0.0.0:9090", with the bound port. */
const char *clasp_http_name(const struct clasp_http *http);
/* Its handles are gone after the loop has run on.  NULL is fine. */
void	clasp_http_close(struct clasp_http *http);

#endif
