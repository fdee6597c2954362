/*
 * listeners.h - where a relay listens, by its options.
 *
 * All URLs are checked before the first is bound.  What cannot be is told in
 * one line, with exit 2 (no such URL) or 3 (cannot listen there).
 */
#ifndef CLASP_RELAY_LISTENERS_H
#define CLASP_RELAY_LISTENERS_H

#include "relay/options.h"

struct clasp_listeners {
	struct clasp_url urls[CLASP_OPTIONS_LISTENS];
	struct clasp_tls_context *tls;	/* borrowed */
};

void	clasp_listeners_check(struct clasp_listeners *l,
	    const struct clasp_options *o);
/* The certificate all of them show; NULL: none. */
void	clasp_listeners_secure(struct clasp_listeners *l,
	    const struct clasp_options *o, struct clasp_tls_context *tls);
/* Returns the first port of those bound; 0: none has one. */
int	clasp_listeners_open(const struct clasp_listeners *l,
	    const struct clasp_options *o, struct clasp_server *server);

#endif
