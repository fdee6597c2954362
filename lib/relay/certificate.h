/*
 * certificate.h - the relay's certificate, by its options.
 *
 * Read at the start (what is no good is told in one line, with exit 3) and
 * again on each SIGHUP; new files that are no good are told, and the old
 * certificate stays.
 */
#ifndef CLASP_RELAY_CERTIFICATE_H
#define CLASP_RELAY_CERTIFICATE_H

#include "net/tls.h"
#include "relay/options.h"

/* What listeners show; NULL when the options name none.  There is one. */
struct clasp_tls_context *clasp_certificate_open(
	    const struct clasp_options *o);
void	clasp_certificate_close(void);

#endif
