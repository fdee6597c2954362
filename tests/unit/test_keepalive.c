/*
 * test_keepalive.c - a relay that vanishes without a word is noticed, one
 * that is only silent is not left; nor is a reader that only is slow.
 *
 * The relay is a process of its own, so that it can be stopped.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "client/client.h"
#include "net/server.h"
#include "net/stream.h"
#include "t.h"
#include "wire/framing.h"

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

/* --------------------------------------------------------- a slow reader */

#define SLOW_ANSWER_MS	1500	/* less than all of it takes */
#define SLOW_BYTES	(3u << 20)
#define SLOW_ONCE	16384
#define SLOW_EVERY_MS	20

static int slow_fd, slow_closed;
static size_t slow_read, slow_read_then;

static void
on_slow_sent(struct clasp_link *link, size_t n, void *user)
{
	(void)user;
	clasp_outq_sent(link->out, n);
}

static void
on_slow_closed(struct clasp_link *link, int error, const char *reason,
    void *user)
{
	(void)link, (void)user;
	slow_closed++;
	slow_read_then = slow_read;
	t_eq_int(error, CLASP_ETIMEOUT, "%s", reason);
}

/* Now and then a little, and never a word. */
static void
on_slow_turn(uv_timer_t *timer)
{
	static char bytes[SLOW_ONCE];
	ssize_t n = recv(slow_fd, bytes, sizeof bytes, MSG_DONTWAIT);

	(void)timer;
	if (n > 0)
		slow_read += (size_t)n;
}

/* Two ends of a connection, the second with little room. */
static void
connected_pair(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), room = SLOW_ONCE;
	socklen_t len = sizeof a;

	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (bind(listener, (struct sockaddr *)&a, len) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) < 0 ||
	    connect(fds[1], (struct sockaddr *)&a, len) < 0)
		abort();
	fds[0] = accept(listener, NULL, NULL);
	close(listener);
	clasp_channel_tune(fds[0]);
}

static void
a_slow_reader_gets_to_the_ping(void)
{
	static const struct clasp_link_events events = {
		.sent = on_slow_sent,
		.closed = on_slow_closed
	};
	struct clasp_channel ch = { 0 };
	struct clasp_stream *s;
	struct clasp_link *link;
	struct clasp_outq q;
	uv_timer_t turn;
	char *much = calloc(1, SLOW_BYTES);
	int fds[2];

	connected_pair(fds);
	slow_fd = fds[1];
	clasp_stream_patience(PATIENCE_MS, SLOW_ANSWER_MS);
	s = clasp_stream_new(&loop, CLASP_FRAMING_WS);
	t_check(s != NULL && much != NULL, "no memory");
	link = clasp_stream_link(s);
	link->events = &events;
	clasp_outq_init(&q, CLASP_FRAMING_WS);
	t_eq_int(clasp_outq_add_bytes(&q, much, SLOW_BYTES), 0, "queue");
	free(much);
	link->out = &q;
	ch.fd = fds[0];
	clasp_stream_start(s, &ch, clasp_str_of("", 0), false);
	clasp_link_flush(link);
	uv_timer_init(&loop, &turn);
	uv_timer_start(&turn, on_slow_turn, 0, SLOW_EVERY_MS);
	t_check(wait_for(&slow_closed, 1), "one that never answers stays");
	t_check(slow_read_then > SLOW_BYTES, "left after %zu bytes",
	    slow_read_then);
	uv_close((uv_handle_t *)&turn, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	clasp_outq_clear(&q);
	close(slow_fd);
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
	t_run(a_slow_reader_gets_to_the_ping);
	uv_close((uv_handle_t *)&limit, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(uv_loop_close(&loop), 0, "handles left");
	kill(relay, SIGKILL);
	waitpid(relay, NULL, 0);
	return t_end();
}
