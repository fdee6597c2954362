/* report.c - words and exit codes for what a relay does not give. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "client/report.h"
#include "client/trace.h"
#include "net/tls.h"
#include "net/url.h"
#include "tool/cli.h"

void
clasp_report_config(struct clasp_client_config *config)
{
	static char name[300];
	char host[128];

	if (gethostname(host, sizeof host) < 0)
		host[0] = '\0';
	host[sizeof host - 1] = '\0';
	snprintf(name, sizeof name, "%.128s@%s:%ld",
	    program_invocation_short_name, host, (long)getpid());
	clasp_client_config_init(config);
	config->url = cli.url;
	config->name = cli.client_name ? cli.client_name : name;
	config->token = cli.token;
	config->connect_timeout_us = cli.connect_timeout_us;
	config->retry = cli.retry;
	config->retry_max = cli.retry_max;
	config->reconnect = cli.reconnect;
}

/* Whom to trust, by the options; NULL for a URL without TLS. */
static struct clasp_tls_context *
trust(const char *url)
{
	struct clasp_tls_files files = { cli.cert, cli.key, cli.cacert,
	    cli.insecure };
	struct clasp_tls_context *tls;
	struct clasp_tls_fault fault;
	struct clasp_url u;

	if (clasp_url_parse(clasp_str_c(url), &u) < 0 || !u.secure)
		return NULL;
	if (cli.key && !cli.cert)
		cli_usage("--key needs --cert");
	if (clasp_tls_client(&files, &tls, &fault) < 0)
		cli_die(CLI_UNREACHABLE, fault.file ? fault.file : url, "%s",
		    fault.why);
	return tls;
}

struct clasp_client *
clasp_report_client(struct uv_loop_s *loop,
    const struct clasp_client_config *config,
    const struct clasp_client_events *events, void *user)
{
	struct clasp_client_config with = *config;
	struct clasp_client_events all = *events;
	struct clasp_client *c;
	int r;

	if (cli.verbose >= 2)
		all.frame = clasp_trace_frame;
	with.tls = trust(config->url);
	r = clasp_client_new(loop, &with, &all, user, &c);
	clasp_tls_context_free(with.tls);
	if (r == CLASP_EURL)
		cli_die(CLI_USAGE, config->url, "not a URL of a relay");
	if (r < 0)
		cli_die(CLI_UNREACHABLE, config->url, "%s",
		    clasp_strerror(r));
	return c;
}

int
clasp_report_exit(uint16_t code)
{
	if (code / 100 == 3 || code == 403)
		return CLI_REFUSED;
	if (code / 100 == 2)
		return CLI_USAGE;
	return CLI_STATE;
}

void
clasp_report_closed(int error, uint16_t code, const char *why)
{
	if (error == 0)
		return;
	cli_warn(cli.url, "%s", why);
	cli_fail(error == CLASP_EREFUSED ? CLI_REFUSED : CLI_UNREACHABLE);
	(void)code;
}

void
clasp_report_refused(struct clasp_str address,
    const struct clasp_reply *reply)
{
	char subject[1100], why[300];

	if (reply->error == CLASP_ECLOSED)
		return;			/* clasp_report_closed says it */
	if (reply->address.p)
		address = reply->address;
	snprintf(subject, sizeof subject, "%.*s", CLASP_STR_ARG(address));
	if (reply->text.p && reply->text.len > 0)
		snprintf(why, sizeof why, "%.*s", CLASP_STR_ARG(reply->text));
	else
		snprintf(why, sizeof why, "%s", clasp_strerror(reply->error));
	cli_warn(address.p ? subject : NULL, "%s", why);
	cli_fail(clasp_report_exit(reply->code));
}
