/*
 * clasp-relay - the relay.
 *
 * Options and words; what a relay does is in lib/core/router.c, how it meets
 * its sockets in lib/net/server.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/server.h"
#include "tool/cli.h"

#define LISTEN_MAX	16
#define PORT		7330

enum {
	OWN_PORT = CLI_OWN, OWN_HOST, OWN_LISTEN, OWN_PORT_FILE, OWN_NAME,
	OWN_LOG_LEVEL, OWN_MAX_SESSIONS, OWN_MAX_SUBSCRIPTIONS,
	OWN_MAX_PARAMS, OWN_EVICT, OWN_MAX_SIGNALS, OWN_QUEUE_SIZE,
	OWN_RATE_LIMIT,
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
	    "listen here too: ws: or unix:; repeatable"),
	{ OWN_PORT_FILE, 0, "port-file", "FILE",
	    "write the bound port to FILE", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OWN_NAME, 'n', "name", "NAME", "name in WELCOME (CLASP Relay)",
	    CLI_ARG, 0, NULL },
	{ OWN_LOG_LEVEL, 0, "log-level", "LEVEL",
	    "error, warn, info, debug or trace", CLI_ARG,
	    CLI_COMPLETE_WORDS, "error warn info debug trace" },
	WITH(OWN_MAX_SESSIONS, "max-sessions", "N",
	    "sessions at a time (1000); 0: no limit"),
	WITH(OWN_MAX_SESSIONS, "max-clients", "N", "the same as --max-sessions"),
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
	{ CLI_READY_FD, 0, "ready-fd", "N",
	    "write \"ready\" to descriptor N when it listens", CLI_ARG, 0,
	    NULL },

	MISSING("persist"),
	MISSING("persist-interval"), MISSING("journal"),
	MISSING_FLAG("journal-memory"), MISSING("journal-batch-size"),
	MISSING("journal-flush-ms"), MISSING("journal-backend"),
	MISSING("fsync"), MISSING("store"), MISSING("rules"),
	MISSING("app-config"), MISSING("auth-port"), MISSING("auth-db"),
	MISSING("cors-origin"), MISSING("admin-token"), MISSING("token-ttl"),
	MISSING("tokens"), MISSING("jwt-secret-file"), MISSING("jwt-issuer"),
	MISSING("trust-anchor"), MISSING("cap-max-depth"),
	MISSING("registry-db"), MISSING("hub"), MISSING("federation-hub"),
	MISSING("federation-id"), MISSING("federation-namespace"),
	MISSING("federation-token"), MISSING("health-port"),
	MISSING("metrics-port"), MISSING_FLAG("http"), MISSING("quic-port"),
	MISSING("mqtt-port"), MISSING("mqtt-namespace"), MISSING("osc-port"),
	MISSING("osc-namespace"), MISSING("cert"), MISSING("key"),
	MISSING_FLAG("quic-self-signed"), MISSING_FLAG("tls-only"),
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

/* What the options came to. */
static struct clasp_server_config config;
static const char *host, *port_file;
static const char *listens[LISTEN_MAX];
static int nlistens;
static int port = PORT;
static bool port_given, no_websocket;
static int log_level = CLASP_LOG_INFO;

static uv_loop_t loop;
static uv_async_t signalled;
static struct clasp_server *server;

/* -------------------------------------------------------------- the log */

static const char *const levels[] = {
	"error", "warn", "info", "debug", "trace"
};

/* What a peer chose must not move the operator's cursor. */
static void
add_text(struct clasp_buf *line, const char *text, bool json)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p; p++) {
		if (json && (*p == '"' || *p == '\\'))
			clasp_buf_printf(line, "\\%c", *p);
		else if (*p < ' ' || *p == 0x7f)
			clasp_buf_printf(line, json ? "\\u%04x" : "\\x%02x",
			    *p);
		else
			clasp_buf_add_u8(line, *p);
	}
}

/* A line is one write, so that those of several programs do not mix. */
static void
on_log(void *user, int level, const char *text)
{
	static const char *const marks[] = {
		"error: ", "warning: ", "", "DEBUG ", "TRACE "
	};
	struct clasp_buf line = { 0 };
	const char *format = getenv("LOG_FORMAT");
	bool json = format && strcmp(format, "json") == 0;

	(void)user;
	if (level > log_level)
		return;
	if (json)
		clasp_buf_printf(&line,
		    "{\"time\":%.6f,\"level\":\"%s\",\"text\":\"",
		    (double)clasp_clock_unix_us() / 1e6, levels[level]);
	else
		clasp_buf_printf(&line, "clasp-relay: %s", marks[level]);
	add_text(&line, text, json);
	clasp_buf_add_c(&line, json ? "\"}\n" : "\n");
	if (write(STDERR_FILENO, line.data, line.len) < 0) {
		/* nobody reads what we say: go on without */
	}
	clasp_buf_clear(&line);
}

static void
log_line(int level, const char *what, const char *more)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s", what, more);
	on_log(NULL, level, text);
}

/* ------------------------------------------------------------- options */

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
	size_t i;

	for (i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (strcmp(levels[i], name) == 0) {
			log_level = (int)i;
			return;
		}
	cli_arg_bad("'%s' is not one of error, warn, info, debug, trace",
	    name);
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

static void
add_listen(const char *url)
{
	if (nlistens == LISTEN_MAX - 1)
		cli_arg_bad("at most %d", LISTEN_MAX - 1);
	listens[nlistens++] = url;
}

static void
take_limit(int id)
{
	struct clasp_router_config *r = &config.router;

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
		config.session_timeout_s = seconds();
		break;
	case OWN_DRAIN_TIMEOUT:
		config.drain_s = seconds();
		break;
	case OWN_PARAM_TTL:
		r->param_ttl_s = seconds();
		break;
	case OWN_SIGNAL_TTL:
		r->signal_ttl_s = seconds();
		break;
	}
}

static void
take_option(int id)
{
	switch (id) {
	case OWN_PORT:
		port = (int)cli_arg_number(0, 65535);
		port_given = true;
		break;
	case OWN_HOST:
		host = cli_arg();
		break;
	case OWN_LISTEN:
		add_listen(cli_arg());
		break;
	case OWN_PORT_FILE:
		port_file = cli_arg();
		break;
	case OWN_NAME:
		config.router.name = clasp_str_c(cli_arg());
		break;
	case OWN_LOG_LEVEL:
		set_log_level(cli_arg());
		break;
	case OWN_NO_TTL:
		config.router.param_ttl_s = config.router.signal_ttl_s = 0;
		break;
	case OWN_NO_WEBSOCKET:
		no_websocket = true;
		break;
	case OWN_GESTURE_INTERVAL:
		config.router.gesture_us =
		    (uint32_t)cli_arg_number(0, 60000) * 1000;
		break;
	case OWN_NO_GESTURES:
		config.router.gestures = false;
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
		take_limit(id);
	}
}

/* ------------------------------------------------------------ listening */

/* Sockets are what a relay runs out of first. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Returns the bound port. */
static int
listen_on(const struct clasp_url *url, const char *name)
{
	const struct clasp_listener *listener;
	const char *why;

	if (clasp_server_listen(server, url, &listener, &why) < 0)
		cli_die(CLI_UNREACHABLE, name, "cannot listen: %s", why);
	log_line(CLASP_LOG_INFO, strcmp(url->scheme, "ws") == 0 ?
	    "WebSocket server listening on " : "listening on ",
	    clasp_listener_name(listener));
	return clasp_listener_port(listener);
}

static int
listen_default(void)
{
	struct clasp_url url = { .scheme = "ws", .port = port };
	char name[300];
	size_t n;

	/* An IPv6 address may come in the brackets it has in URLs. */
	if (host && host[0] == '[')
		host++;
	n = host ? strcspn(host, "]") : 0;
	if (n >= sizeof url.host)
		cli_die(CLI_USAGE, "--host", "too long");
	if (n)
		memcpy(url.host, host, n);
	else
		strcpy(url.host, "::");
	snprintf(name, sizeof name, "%s port %d", n ? url.host : "*", port);
	return listen_on(&url, name);
}

/* All addresses are checked before the first one is bound. */
static void
parse_listens(struct clasp_url urls[LISTEN_MAX])
{
	int i, error;

	for (i = 0; i < nlistens; i++) {
		error = clasp_url_parse(clasp_str_c(listens[i]), &urls[i]);
		if (error == CLASP_EMISSING)
			cli_die(CLI_USAGE, listens[i],
			    "not built into this relay");
		if (error)
			cli_die(CLI_USAGE, listens[i], "%s",
			    clasp_strerror(error));
	}
}

/* The first port of those bound, for --port-file. */
static int
listen_all(const struct clasp_url urls[LISTEN_MAX])
{
	bool wanted = !no_websocket;
	int i, first = 0, bound;

	/* A ws: address of one's own stands for the default. */
	for (i = 0; i < nlistens; i++)
		if (strcmp(urls[i].scheme, "ws") == 0 && !port_given && !host)
			wanted = false;
	if (!wanted && nlistens == 0)
		cli_usage("--no-websocket leaves nothing to listen on");
	if (wanted)
		first = listen_default();
	for (i = 0; i < nlistens; i++) {
		bound = listen_on(&urls[i], listens[i]);
		if (first == 0)
			first = bound;
	}
	return first;
}

/* Whoever sees the file sees all of it. */
static void
write_port_file(int bound)
{
	char temp[4096];
	FILE *file;
	int n;

	n = snprintf(temp, sizeof temp, "%s.%ld", port_file, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof temp)
		cli_die(CLI_UNREACHABLE, port_file, "name too long");
	file = fopen(temp, "w");
	if (!file)
		cli_die(CLI_UNREACHABLE, port_file, "%s",
		    cli_strerror(errno));
	fprintf(file, "%d\n", bound);
	if (fclose(file) != 0 || rename(temp, port_file) < 0) {
		n = errno;
		unlink(temp);
		cli_die(CLI_UNREACHABLE, port_file, "%s", cli_strerror(n));
	}
}

/* --------------------------------------------------------------- running */

static void
on_signal(int signal)
{
	(void)signal;
	uv_async_send(&signalled);
}

static void
on_signalled(uv_async_t *async)
{
	(void)async;
	if (!cli_signal())
		return;
	log_line(CLASP_LOG_INFO, "shutting down", "");
	clasp_server_stop(server);
}

static void
on_stopped(void *user)
{
	(void)user;
	clasp_server_free(server);
	uv_close((uv_handle_t *)&signalled, NULL);
}

int
main(int argc, char **argv)
{
	struct clasp_url urls[LISTEN_MAX];
	int id, bound;

	clasp_server_config_init(&config);
	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		take_option(id);
	cli_check_count(0, 0, "operand");
	parse_listens(urls);
	if (cli.quiet)
		log_level = CLASP_LOG_ERROR;
	else if (cli.verbose && log_level < CLASP_LOG_DEBUG)
		log_level = cli.verbose > 1 ? CLASP_LOG_TRACE :
		    CLASP_LOG_DEBUG;
	log_line(CLASP_LOG_DEBUG, "CLASP relay ", CLASP_VERSION);

	raise_descriptors();
	if (getrandom(&config.router.random_seed,
	    sizeof config.router.random_seed, 0) < 0)
		cli_die(CLI_UNREACHABLE, "random numbers", "%s",
		    cli_strerror(errno));
	config.log = on_log;
	config.log_level = log_level;
	config.stopped = on_stopped;
	uv_loop_init(&loop);
	uv_async_init(&loop, &signalled, on_signalled);
	if (clasp_server_new(&loop, &config, &server) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	bound = listen_all(urls);
	cli_signals(on_signal);
	if (port_file)
		write_port_file(bound);
	log_line(CLASP_LOG_INFO, "accepting connections", "");
	cli_ready();

	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	cli_signal_forget();
	cli_end();
}
