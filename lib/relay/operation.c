/* operation.c - see operation.h */
#include "relay/operation.h"

#include <stdbool.h>

#include "net/http.h"
#include "net/notify.h"
#include "relay/log.h"
#include "relay/metrics.h"
#include "tool/cli.h"

#define STATUS_MS	10000	/* between words to the service manager */

static struct clasp_server *server;
static struct clasp_http *health, *metrics;
static uv_timer_t pulse;
static bool ready;

static void
say(struct clasp_http_answer *answer, int status, const char *text)
{
	answer->status = status;
	clasp_buf_add_c(&answer->body, text);
}

static void
on_health(struct clasp_str path, struct clasp_http_answer *answer, void *user)
{
	(void)user;
	if (clasp_str_is(path, "/healthz"))
		say(answer, 200, "ok\n");
	else if (clasp_str_is(path, "/readyz") && ready)
		say(answer, 200, "ready\n");
	else if (clasp_str_is(path, "/readyz"))
		say(answer, 503, "not ready\n");
}

static void
on_metrics(struct clasp_str path, struct clasp_http_answer *answer,
    void *user)
{
	(void)user;
	if (!clasp_str_is(path, "/metrics"))
		return;
	answer->status = 200;
	answer->type = CLASP_METRICS_TYPE;
	clasp_metrics_put(&answer->body, server);
}

/* "listening on" is what launchers look for, and means the relay itself. */
static struct clasp_http *
open_port(uv_loop_t *loop, const struct clasp_options *o, int port,
    const char *option, const char *what, clasp_http_fn fn)
{
	struct clasp_http *http = NULL;
	const char *why;

	if (port < 0)
		return NULL;
	if (clasp_http_listen(loop, o->host[0] ? o->host : "::", port, fn, NULL,
	    &http, &why) < 0)
		cli_die(CLI_UNREACHABLE, option, "port %d: cannot listen: %s",
		    port, why);
	clasp_log_line(CLASP_LOG_INFO, "%s at http://%s/", what,
	    clasp_http_name(http));
	return http;
}

/* A loop that turns is a relay that lives. */
static void
on_pulse(uv_timer_t *timer)
{
	struct clasp_router_stats stats;

	(void)timer;
	clasp_router_stats(clasp_server_router(server), &stats);
	clasp_notify_send("%sSTATUS=%u sessions, %u params%s\n",
	    clasp_notify_watchdog_us() ? "WATCHDOG=1\n" : "",
	    (unsigned)stats.sessions, (unsigned)stats.params,
	    ready ? "" : ", shutting down");
}

/* Twice as often as the watchdog wants it. */
static void
start_pulse(uv_loop_t *loop)
{
	uint64_t every = clasp_notify_watchdog_us() / 2000;

	if (every == 0 || every > STATUS_MS)
		every = STATUS_MS;
	uv_timer_init(loop, &pulse);
	uv_unref((uv_handle_t *)&pulse);
	uv_timer_start(&pulse, on_pulse, every, every);
}

void
clasp_operation_open(uv_loop_t *loop, const struct clasp_options *o,
    struct clasp_server *of)
{
	server = of;
	health = open_port(loop, o, o->health_port, "--health-port",
	    "health", on_health);
	metrics = open_port(loop, o, o->metrics_port, "--metrics-port",
	    "metrics", on_metrics);
	if (clasp_notify_open())
		start_pulse(loop);
}

void
clasp_operation_ready(void)
{
	ready = true;
	clasp_notify_send("READY=1\nSTATUS=accepting connections\n");
}

void
clasp_operation_draining(void)
{
	ready = false;
	clasp_notify_send("STOPPING=1\nSTATUS=shutting down\n");
}

void
clasp_operation_close(void)
{
	clasp_http_close(health);
	clasp_http_close(metrics);
	health = metrics = NULL;
	clasp_notify_close();
	if (pulse.loop)
		uv_close((uv_handle_t *)&pulse, NULL);
}
