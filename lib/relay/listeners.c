/* listeners.c - see listeners.h */
#include "relay/listeners.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "relay/log.h"
#include "tool/cli.h"

/* Returns the bound port. */
static int
listen_on(struct clasp_server *server, const struct clasp_url *url,
    const char *name)
{
	const struct clasp_listener *listener;
	const char *why;

	if (clasp_server_listen(server, url, &listener, &why) < 0)
		cli_die(CLI_UNREACHABLE, name, "cannot listen: %s", why);
	clasp_log_line(CLASP_LOG_INFO, "%slistening on %s",
	    strncmp(url->scheme, "ws", 2) == 0 ? "WebSocket server " : "",
	    clasp_listener_name(listener));
	return clasp_listener_port(listener);
}

static int
listen_default(const struct clasp_listeners *l,
    const struct clasp_options *o, struct clasp_server *server)
{
	struct clasp_url url = { .scheme = "ws", .port = o->port,
	    .tls = l->tls, .tls_only = o->tls_only };
	char name[300];

	strcpy(url.host, o->host[0] ? o->host : "::");
	snprintf(name, sizeof name, "%s port %d", o->host[0] ? o->host : "*",
	    o->port);
	return listen_on(server, &url, name);
}

void
clasp_listeners_check(struct clasp_listeners *l,
    const struct clasp_options *o)
{
	int i, error;

	l->tls = NULL;
	for (i = 0; i < o->nlistens; i++) {
		error = clasp_url_parse(clasp_str_c(o->listens[i]),
		    &l->urls[i]);
		if (error == CLASP_EMISSING)
			cli_die(CLI_USAGE, o->listens[i],
			    "not built into this relay");
		if (error)
			cli_die(CLI_USAGE, o->listens[i], "%s",
			    clasp_strerror(error));
		if (l->urls[i].secure && !o->cert)
			cli_die(CLI_USAGE, o->listens[i],
			    "needs --cert and --key");
	}
}

void
clasp_listeners_secure(struct clasp_listeners *l,
    const struct clasp_options *o, struct clasp_tls_context *tls)
{
	int i;

	l->tls = tls;
	for (i = 0; i < o->nlistens; i++) {
		l->urls[i].tls = tls;
		l->urls[i].tls_only = o->tls_only;
	}
}

int
clasp_listeners_open(const struct clasp_listeners *l,
    const struct clasp_options *o, struct clasp_server *server)
{
	bool wanted = !o->no_websocket;
	int i, first = 0, bound;

	/* A ws: or wss: address of one's own stands for the default. */
	for (i = 0; i < o->nlistens; i++)
		if (strncmp(l->urls[i].scheme, "ws", 2) == 0 &&
		    !o->port_given && !o->host[0])
			wanted = false;
	if (!wanted && o->nlistens == 0)
		cli_usage("--no-websocket leaves nothing to listen on");
	if (wanted)
		first = listen_default(l, o, server);
	for (i = 0; i < o->nlistens; i++) {
		bound = listen_on(server, &l->urls[i], o->listens[i]);
		if (first == 0)
			first = bound;
	}
	return first;
}
