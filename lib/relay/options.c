/* options.c - see options.h */
#include "relay/options.h"

#include <string.h>

#include "relay/log.h"
#include "tool/cli.h"

#define PORT		7330

enum {
	OWN_PORT = CLI_OWN, OWN_HOST, OWN_LISTEN, OWN_PORT_FILE, OWN_NAME,
	OWN_LOG_LEVEL, OWN_LOG_FILE, OWN_HEALTH_PORT, OWN_METRICS_PORT,
	OWN_APP_CONFIG, OWN_MAX_SESSIONS,
	OWN_MAX_SUBSCRIPTIONS,
	OWN_MAX_PARAMS, OWN_EVICT, OWN_MAX_SIGNALS, OWN_QUEUE_SIZE,
	OWN_RATE_LIMIT, OWN_CERT, OWN_KEY, OWN_TLS_ONLY,
	OWN_SESSION_TIMEOUT, OWN_DRAIN_TIMEOUT, OWN_PARAM_TTL, OWN_SIGNAL_TTL,
	OWN_NO_TTL, OWN_NO_WEBSOCKET, OWN_TRUE_ALREADY, OWN_RENDEZVOUS_PORT,
	OWN_GESTURE_INTERVAL, OWN_NO_GESTURES,
	OWN_MISSING
};

#define WITH(id, name, arg, help) { id, 0, name, arg, help, CLI_ARG, 0, NULL }
/* A part that is not built: refused by name, with or without argument. */
#define MISSING(name) \
	{ OWN_MISSING, 0, name, "X", "", CLI_ARG | CLI_HIDDEN, 0, NULL }
#define MISSING_FLAG(name) \
	{ OWN_MISSING, 0, name, NULL, "", CLI_HIDDEN, 0, NULL }
/* Asks for the absence of such a part: true already. */
#define ABSENT(name, help) \
	{ OWN_TRUE_ALREADY, 0, name, NULL, help, 0, 0, NULL }

static const struct cli_option own_options[] = {
	{ OWN_PORT, 'p', "ws-port", "PORT", "WebSocket port (7330); "
	    "0: any free one", CLI_ARG, 0, NULL },
	WITH(OWN_PORT, "port", "PORT", "the same as --ws-port"),
	WITH(OWN_HOST, "host", "ADDR",
	    "address to listen on (all, IPv4 and IPv6)"),
	WITH(OWN_LISTEN, "listen", "URL",
	    "listen here too: ws, wss, tcp, tls or unix; repeatable"),
	{ OWN_CERT, 0, "cert", "FILE", "certificate chain: the ports take "
	    "TLS, too", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OWN_CERT, 0, "cert-path", "FILE", "the same as --cert", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OWN_KEY, 0, "key", "FILE", "the certificate's private key",
	    CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OWN_KEY, 0, "key-path", "FILE", "the same as --key", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OWN_TLS_ONLY, 0, "tls-only", NULL,
	    "refuse what is not TLS", 0, 0, NULL },
	{ OWN_PORT_FILE, 0, "port-file", "FILE",
	    "write the bound port to FILE", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OWN_NAME, 'n', "name", "NAME", "name in WELCOME (CLASP Relay)",
	    CLI_ARG, 0, NULL },
	{ OWN_LOG_LEVEL, 0, "log-level", "LEVEL",
	    "error, warn, info, debug or trace", CLI_ARG,
	    CLI_COMPLETE_WORDS, "error warn info debug trace" },
	{ OWN_LOG_FILE, 0, "log-file", "FILE",
	    "log to FILE; SIGHUP opens it again", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OWN_APP_CONFIG, 0, "app-config", "FILE",
	    "how params are treated; SIGHUP reads it again", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	WITH(OWN_MAX_SESSIONS, "max-sessions", "N",
	    "sessions at a time (1000); 0: no limit"),
	WITH(OWN_MAX_SESSIONS, "max-clients", "N",
	    "the same as --max-sessions"),
	WITH(OWN_MAX_SUBSCRIPTIONS, "max-subscriptions", "N",
	    "subscriptions of a session (100); 0: no limit"),
	WITH(OWN_MAX_PARAMS, "max-params", "N",
	    "params kept (100000); 0: no limit"),
	{ OWN_EVICT, 0, "evict", "POLICY",
	    "who leaves then: lru, oldest or reject", CLI_ARG,
	    CLI_COMPLETE_WORDS, "lru oldest reject" },
	WITH(OWN_MAX_SIGNALS, "max-signals", "N",
	    "signals kept (100000); 0: no limit"),
	WITH(OWN_QUEUE_SIZE, "queue-size", "N",
	    "messages waiting for a session (1000)"),
	WITH(OWN_RATE_LIMIT, "rate-limit", "N",
	    "messages a second from a session (0: any)"),
	WITH(OWN_SESSION_TIMEOUT, "session-timeout", "D",
	    "close sessions silent for D (300s); 0: never"),
	WITH(OWN_DRAIN_TIMEOUT, "drain-timeout", "D",
	    "wait at most D for goodbyes (30s)"),
	WITH(OWN_PARAM_TTL, "param-ttl", "D",
	    "forget params unused for D (3600s); 0: never"),
	WITH(OWN_SIGNAL_TTL, "signal-ttl", "D",
	    "forget signals unused for D (3600s); 0: never"),
	{ OWN_NO_TTL, 0, "no-ttl", NULL,
	    "forget only what was given a time of its own", 0, 0, NULL },
	WITH(OWN_GESTURE_INTERVAL, "gesture-interval", "MS",
	    "forward moves of a gesture so often (16); 0: only the last"),
	{ OWN_NO_GESTURES, 0, "no-gesture-coalescing", NULL,
	    "forward each move of a gesture", 0, 0, NULL },
	{ OWN_NO_WEBSOCKET, 0, "no-websocket", NULL,
	    "only what --listen says", 0, 0, NULL },
	ABSENT("no-mdns", "do not announce by mDNS"),
	ABSENT("no-broadcast", "do not answer broadcasts"),
	WITH(OWN_RENDEZVOUS_PORT, "rendezvous-port", "0",
	    "no rendezvous registry"),
	WITH(OWN_HEALTH_PORT, "health-port", "PORT",
	    "answer /healthz and /readyz there"),
	WITH(OWN_METRICS_PORT, "metrics-port", "PORT",
	    "answer /metrics there, for Prometheus"),
	{ CLI_READY_FD, 0, "ready-fd", "N",
	    "write \"ready\" to descriptor N when it listens", CLI_ARG, 0,
	    NULL },

	MISSING("persist"),
	MISSING("persist-interval"), MISSING("journal"),
	MISSING_FLAG("journal-memory"), MISSING("journal-batch-size"),
	MISSING("journal-flush-ms"), MISSING("journal-backend"),
	MISSING("fsync"), MISSING("store"), MISSING("rules"),
	MISSING("auth-port"), MISSING("auth-db"),
	MISSING("cors-origin"), MISSING("admin-token"), MISSING("token-ttl"),
	MISSING("tokens"), MISSING("jwt-secret-file"), MISSING("jwt-issuer"),
	MISSING("trust-anchor"), MISSING("cap-max-depth"),
	MISSING("registry-db"), MISSING("hub"), MISSING("federation-hub"),
	MISSING("federation-id"), MISSING("federation-namespace"),
	MISSING("federation-token"), MISSING_FLAG("http"), MISSING("quic-port"),
	MISSING("mqtt-port"), MISSING("mqtt-namespace"), MISSING("osc-port"),
	MISSING("osc-namespace"), MISSING_FLAG("quic-self-signed"),
	MISSING_FLAG("udp-plain-auth"), MISSING("broadcast-port"),
	MISSING("rendezvous-url"), MISSING("rendezvous-refresh"),
	MISSING("rendezvous-tag"), MISSING("rendezvous-per-source"),
	MISSING("rendezvous-ttl"), MISSING("public-host"), MISSING("lenses"),
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"a relay on the usual port", "clasp-relay",
	"any free port, told in a file", "clasp-relay -p 0 --port-file port",
	"with TLS, besides what is plain",
	"clasp-relay --cert cert.pem --key key.pem",
	"only for programs of this machine",
	"clasp-relay --no-websocket --listen unix:/run/clasp.sock",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-relay",
	.operands = "",
	.summary = "pass control signals between programs",
	.tables = tables,
	.examples = examples,
	.relay_optional = true,
};

static struct clasp_options *out;

static uint32_t
seconds(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us / 1000000 > UINT32_MAX)
		cli_arg_bad("too long");
	return (uint32_t)((us + 999999) / 1000000);
}

static uint32_t
count(long min)
{
	return (uint32_t)cli_arg_number(min, UINT32_MAX);
}

static void
set_log_level(const char *name)
{
	out->log_level = clasp_log_level(name);
	if (out->log_level < 0)
		cli_arg_bad("'%s' is not one of error, warn, info, debug, "
		    "trace", name);
}

/* In the order of enum clasp_evict. */
static enum clasp_evict
policy(void)
{
	static const char *const words[] = { "lru", "oldest", "reject" };
	const char *name = cli_arg();
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], name) == 0)
			return (enum clasp_evict)i;
	cli_arg_bad("'%s' is not one of lru, oldest, reject", name);
}

/* An IPv6 address may come in the brackets it has in URLs. */
static void
set_host(const char *host)
{
	size_t n;

	if (host[0] == '[')
		host++;
	n = strcspn(host, "]");
	if (n == 0)
		cli_arg_bad("is empty");
	if (n >= sizeof out->host)
		cli_arg_bad("too long");
	memcpy(out->host, host, n);
	out->host[n] = '\0';
}

static void
add_listen(const char *url)
{
	if (out->nlistens == CLASP_OPTIONS_LISTENS)
		cli_arg_bad("at most %d", CLASP_OPTIONS_LISTENS);
	out->listens[out->nlistens++] = url;
}

static void
take_limit(int id)
{
	struct clasp_router_config *r = &out->server.router;

	switch (id) {
	case OWN_MAX_SESSIONS:
		r->max_sessions = count(0);
		break;
	case OWN_MAX_SUBSCRIPTIONS:
		r->max_subscriptions = count(0);
		break;
	case OWN_MAX_PARAMS:
		r->max_params = count(0);
		break;
	case OWN_EVICT:
		r->evict = policy();
		break;
	case OWN_MAX_SIGNALS:
		r->max_signals = count(0);
		break;
	case OWN_QUEUE_SIZE:
		r->queue_msgs = count(1);
		break;
	case OWN_RATE_LIMIT:
		r->rate_limit = count(0);
		break;
	case OWN_SESSION_TIMEOUT:
		out->server.session_timeout_s = seconds();
		break;
	case OWN_DRAIN_TIMEOUT:
		out->server.drain_s = seconds();
		break;
	case OWN_PARAM_TTL:
		r->param_ttl_s = seconds();
		break;
	case OWN_SIGNAL_TTL:
		r->signal_ttl_s = seconds();
		break;
	}
}

/* Where it listens, and to what. */
static bool
take_listener(int id)
{
	switch (id) {
	case OWN_PORT:
		out->port = (int)cli_arg_number(0, 65535);
		out->port_given = true;
		break;
	case OWN_HOST:
		set_host(cli_arg());
		break;
	case OWN_LISTEN:
		add_listen(cli_arg());
		break;
	case OWN_CERT:
		out->cert = cli_arg();
		break;
	case OWN_KEY:
		out->key = cli_arg();
		break;
	case OWN_TLS_ONLY:
		out->tls_only = true;
		break;
	case OWN_NO_WEBSOCKET:
		out->no_websocket = true;
		break;
	case OWN_HEALTH_PORT:
		out->health_port = (int)cli_arg_number(0, 65535);
		break;
	case OWN_METRICS_PORT:
		out->metrics_port = (int)cli_arg_number(0, 65535);
		break;
	default:
		return false;
	}
	return true;
}

static bool
take_behaviour(int id)
{
	switch (id) {
	case OWN_NO_TTL:
		out->server.router.param_ttl_s = 0;
		out->server.router.signal_ttl_s = 0;
		break;
	case OWN_GESTURE_INTERVAL:
		out->server.router.gesture_us =
		    (uint32_t)cli_arg_number(0, 60000) * 1000;
		break;
	case OWN_NO_GESTURES:
		out->server.router.gestures = false;
		break;
	default:
		return false;
	}
	return true;
}

static void
take_option(int id)
{
	switch (id) {
	case OWN_PORT_FILE:
		out->port_file = cli_arg();
		break;
	case OWN_NAME:
		out->server.router.name = clasp_str_c(cli_arg());
		break;
	case OWN_LOG_LEVEL:
		set_log_level(cli_arg());
		break;
	case OWN_LOG_FILE:
		out->log_file = cli_arg();
		break;
	case OWN_APP_CONFIG:
		out->app_config = cli_arg();
		break;
	case OWN_TRUE_ALREADY:
		break;
	case OWN_RENDEZVOUS_PORT:
		if (cli_arg_number(0, 65535) == 0)
			break;
		/* FALLTHROUGH */
	case OWN_MISSING:
		cli_arg_bad("not built into this relay");
	default:
		if (!take_listener(id) && !take_behaviour(id))
			take_limit(id);
	}
}

void
clasp_options_read(struct clasp_options *o, int argc, char **argv)
{
	int id;

	*o = (struct clasp_options){
		.port = PORT,
		.health_port = -1,
		.metrics_port = -1,
		.log_level = CLASP_LOG_INFO,
	};
	clasp_server_config_init(&o->server);
	out = o;
	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		take_option(id);
	cli_check_count(0, 0, "operand");
	if (o->cert && !o->key)
		cli_usage("--cert needs --key");
	if (!o->cert && (o->key || o->tls_only))
		cli_usage("%s needs --cert", o->key ? "--key" : "--tls-only");
	if (cli.quiet)
		o->log_level = CLASP_LOG_ERROR;
	else if (cli.verbose && o->log_level < CLASP_LOG_DEBUG)
		o->log_level = cli.verbose > 1 ? CLASP_LOG_TRACE :
		    CLASP_LOG_DEBUG;
	o->server.log_level = o->log_level;
}
