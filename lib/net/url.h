/*
 * url.h - where a relay is: ws://host:port/path, unix:PATH, ...
 */
#ifndef CLASP_NET_URL_H
#define CLASP_NET_URL_H

#include "base/str.h"

struct clasp_scheme;		/* a row of the table in link.c */
struct clasp_tls_context;	/* net/tls.h */

struct clasp_url {
	char	scheme[12];	/* "ws", "unix" */
	char	host[256];	/* without brackets; empty for unix: */
	int	port;		/* the scheme's default when none was given */
	int	port_given;
	char	path[1024];	/* "/clasp", or the path of unix: */
	int	secure;		/* the scheme means TLS and nothing plain */
	/*
	 * For the caller to set before it is used; borrowed.  Whom to trust,
	 * or for listening what certificate to show: a scheme without TLS
	 * then takes TLS, too, and only TLS with tls_only.
	 */
	struct clasp_tls_context *tls;
	int	tls_only;
};

/*
 * Read a URL.  Returns 0, CLASP_EURL (unknown scheme, bad port, missing
 * host, bracket not closed) or CLASP_EMISSING for a scheme that exists but
 * is not built in.  No network activity.
 */
int	clasp_url_parse(struct clasp_str s, struct clasp_url *out);

#endif
