/*
 * tls_none.c - tls.h for a build without OpenSSL: there are no contexts, so
 * nothing else is ever called.
 */
#include <stdio.h>

#include "base/error.h"
#include "net/tls.h"

static int
missing(struct clasp_tls_fault *fault)
{
	fault->file = NULL;
	snprintf(fault->why, sizeof fault->why,
	    "TLS is not built into this program (it was built without "
	    "OpenSSL)");
	return CLASP_EMISSING;
}

int
clasp_tls_server(const struct clasp_tls_files *files,
    struct clasp_tls_context **out, struct clasp_tls_fault *fault)
{
	(void)files;
	(void)out;
	return missing(fault);
}

int
clasp_tls_server_reload(struct clasp_tls_context *context,
    struct clasp_tls_fault *fault)
{
	(void)context;
	return missing(fault);
}

int
clasp_tls_client(const struct clasp_tls_files *files,
    struct clasp_tls_context **out, struct clasp_tls_fault *fault)
{
	(void)files;
	(void)out;
	return missing(fault);
}

struct clasp_tls_context *
clasp_tls_context_ref(struct clasp_tls_context *context)
{
	return context;
}

void
clasp_tls_context_free(struct clasp_tls_context *context)
{
	(void)context;
}

struct clasp_tls *
clasp_tls_new(struct clasp_tls_context *context, const char *host)
{
	(void)context;
	(void)host;
	return NULL;
}

void
clasp_tls_free(struct clasp_tls *tls)
{
	(void)tls;
}

int
clasp_tls_open(struct clasp_tls *tls, const uint8_t *in, size_t n,
    uint8_t *out, size_t cap)
{
	(void)tls;
	(void)in;
	(void)n;
	(void)out;
	(void)cap;
	return CLASP_EMISSING;
}

bool
clasp_tls_ready(const struct clasp_tls *tls)
{
	(void)tls;
	return false;
}

bool
clasp_tls_ended(const struct clasp_tls *tls)
{
	(void)tls;
	return true;
}

const char *
clasp_tls_why(const struct clasp_tls *tls)
{
	(void)tls;
	return clasp_strerror(CLASP_EMISSING);
}

int
clasp_tls_seal(struct clasp_tls *tls, const uint8_t *p, size_t n)
{
	(void)tls;
	(void)p;
	(void)n;
	return CLASP_EMISSING;
}

void
clasp_tls_finish(struct clasp_tls *tls)
{
	(void)tls;
}

const uint8_t *
clasp_tls_waiting(const struct clasp_tls *tls, size_t *n)
{
	(void)tls;
	*n = 0;
	return NULL;
}

void
clasp_tls_sent(struct clasp_tls *tls, size_t n)
{
	(void)tls;
	(void)n;
}
