/* certificate.c - see certificate.h */
#include "relay/certificate.h"

#include "relay/log.h"
#include "relay/signals.h"
#include "tool/cli.h"

static struct clasp_tls_context *context;
static const char *name;

static void
on_hup(void *user)
{
	struct clasp_tls_fault fault;

	(void)user;
	if (clasp_tls_server_reload(context, &fault) == 0)
		clasp_log_line(CLASP_LOG_INFO, "%s: certificate read again",
		    name);
	else
		clasp_log_line(CLASP_LOG_ERROR, "%s%s%s; going on with the "
		    "old certificate", fault.file ? fault.file : "",
		    fault.file ? ": " : "", fault.why);
}

struct clasp_tls_context *
clasp_certificate_open(const struct clasp_options *o)
{
	struct clasp_tls_files files = { .cert = o->cert, .key = o->key };
	struct clasp_tls_fault fault;

	if (!o->cert)
		return NULL;
	if (clasp_tls_server(&files, &context, &fault) < 0)
		cli_die(CLI_UNREACHABLE, fault.file, "%s", fault.why);
	name = o->cert;
	clasp_signals_on_hup(on_hup, NULL);
	return context;
}

void
clasp_certificate_close(void)
{
	clasp_tls_context_free(context);
	context = NULL;
}
