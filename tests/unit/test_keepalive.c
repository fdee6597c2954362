/*
 * test_keepalive.c - a relay that vanishes without a word is noticed, one
 * that is only silent is not left.
 *
 * The relay is a process of its own, so that it can be stopped.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "client/client.h"
#include "net/server.h"
#include "net/stream.h"
#include "t.h"

#define LIMIT_MS	20000
#define PATIENCE_MS	50
#define PINGS		5	/* that a living relay answers */

static int port;
static pid_t relay;

static void
on_stopped(void *user)
{
	(void)user;
}

static int
be_relay(int out)
{
	struct clasp_server_config config;
	const struct clasp_listener *listener;
	struct clasp_server *server;
	struct clasp_url url;
	const char *why;
	uv_loop_t loop;

	uv_loop_init(&loop);
	clasp_server_config_init(&config);
	config.stopped = on_stopped;
	clasp_url_parse(CLASP_STR("ws://127.0.0.1:0"), &url);
	if (clasp_server_new(&loop, &config, &server) < 0 ||
	    clasp_server_listen(server, &url, &listener, &why) < 0)
		return 1;
	port = clasp_listener_port(listener);
	if (write(out, &port, sizeof port) != sizeof port)
		return 1;
	return uv_run(&loop, UV_RUN_DEFAULT);
}

static bool
start_relay(void)
{
	int up[2];
	bool ok;

	if (pipe(up) < 0)
		return false;
	fflush(stdout);
	relay = fork();
	if (relay == 0) {
		close(up[0]);
		_exit(be_relay(up[1]));
	}
	close(up[1]);
	ok = read(up[0], &port, sizeof port) == sizeof port;
	close(up[0]);
	return ok;
}

/* ------------------------------------------------------------ the client */

static uv_loop_t loop;
static uv_timer_t limit;
static int opened, lost, closed;
static char why[200];

static void
on_open(struct clasp_client *c, bool again, void *user)
{
	(void)c, (void)again, (void)user;
	opened++;
}

static void
on_lost(struct clasp_client *c, const char *reason, void *user)
{
	(void)c, (void)user;
	lost++;
	snprintf(why, sizeof why, "%s", reason);
}

static void
on_closed(struct clasp_client *c, int error, uint16_t code,
    const char *reason, void *user)
{
	(void)c, (void)error, (void)code, (void)reason, (void)user;
	closed++;
}

static void
on_limit(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Run until *what is at least n. */
static bool
wait_for(const int *what, int n)
{
	bool late = false;

	limit.data = &late;
	uv_timer_start(&limit, on_limit, LIMIT_MS, 0);
	while (*what < n && !late)
		uv_run(&loop, UV_RUN_ONCE);
	uv_timer_stop(&limit);
	return !late;
}

static void
on_enough(uv_timer_t *timer)
{
	++*(int *)timer->data;
}

static void
a_relay_that_vanishes_is_noticed(void)
{
	static const struct clasp_client_events events = {
		.open = on_open,
		.lost = on_lost,
		.closed = on_closed
	};
	struct clasp_client_config config;
	struct clasp_client *c;
	uv_timer_t enough;
	char url[64];
	int turns = 0;

	snprintf(url, sizeof url, "ws://127.0.0.1:%d/clasp", port);
	clasp_client_config_init(&config);
	config.url = url;
	config.reconnect = true;
	t_eq_int(clasp_client_new(&loop, &config, &events, NULL, &c), 0,
	    "no client");
	t_check(wait_for(&opened, 1), "not open");

	/* it says nothing by itself, but it answers */
	uv_timer_init(&loop, &enough);
	enough.data = &turns;
	uv_timer_start(&enough, on_enough, PATIENCE_MS * 2, PATIENCE_MS * 2);
	t_check(wait_for(&turns, PINGS), "time stands still");
	uv_close((uv_handle_t *)&enough, NULL);
	t_eq_int(lost, 0, "lost while it lived");

	kill(relay, SIGSTOP);
	t_check(wait_for(&lost, 1), "not noticed");
	t_check(strcmp(why, "the peer does not answer") == 0, "%s", why);
	kill(relay, SIGCONT);
	t_check(wait_for(&opened, 2), "not back");

	clasp_client_close(c);
	t_check(wait_for(&closed, 1), "not closed");
	clasp_client_free(c);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!start_relay())
		return 1;
	clasp_stream_patience(PATIENCE_MS, PATIENCE_MS * 10);
	uv_loop_init(&loop);
	uv_timer_init(&loop, &limit);
	t_run(a_relay_that_vanishes_is_noticed);
	uv_close((uv_handle_t *)&limit, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(uv_loop_close(&loop), 0, "handles left");
	kill(relay, SIGKILL);
	waitpid(relay, NULL, 0);
	return t_end();
}
