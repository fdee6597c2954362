/*
 * bench_time.c - bundles at their moment, and how well two processes agree
 * on what time it is.
 *
 * The relay is a fork of this process that runs the library's server, so that
 * both have the very same steady clock: what is late, and what an estimate is
 * wrong by, needs no estimate of its own.
 *
 * The limit of the first is a bare process that waits for the same moments
 * with a timerfd and sends some bytes over TCP at each.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client.h"
#include "load.h"
#include "net/server.h"

#define BUNDLES		1000	/* as many as one session may have waiting */
#define CLIENTS		20
#define EXCHANGES	10
#define AHEAD_US	500000	/* of the first moment */
#define SPREAD_US	2000000

static int count = BUNDLES;
static uint64_t moments[BUNDLES];	/* by the steady clock, rising */

/* ------------------------------------------------------------- the relay */

static pid_t
start_relay(int *port)
{
	struct clasp_server_config config;
	const struct clasp_listener *listener;
	struct clasp_server *server;
	struct clasp_url url;
	const char *why;
	uv_loop_t loop;
	int up[2];
	pid_t pid;

	clasp_clock_server_us();	/* one clock for both */
	if (pipe(up) < 0)
		fail("pipe");
	pid = fork();
	if (pid > 0) {
		close(up[1]);
		if (read(up[0], port, sizeof *port) != sizeof *port)
			fail("the relay did not start");
		close(up[0]);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	pin_to(0);
	uv_loop_init(&loop);
	clasp_server_config_init(&config);
	clasp_url_parse(CLASP_STR("ws://127.0.0.1:0"), &url);
	if (clasp_server_new(&loop, &config, &server) < 0 ||
	    clasp_server_listen(server, &url, &listener, &why) < 0)
		_exit(1);
	*port = clasp_listener_port(listener);
	if (write(up[1], port, sizeof *port) != sizeof *port)
		_exit(1);
	close(up[1]);
	uv_run(&loop, UV_RUN_DEFAULT);
	_exit(0);
}

static void
end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* -------------------------------------------------------------- lateness */

static int
by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Anywhere in two seconds, as cues are. */
static void
choose_moments(void)
{
	uint64_t start = clasp_clock_server_us() + AHEAD_US, seed = 7;
	int i;

	for (i = 0; i < count; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		moments[i] = start + (seed >> 33) % SPREAD_US;
	}
	qsort(moments, (size_t)count, sizeof *moments, by_time);
}

static void
schedule_all(int fd)
{
	struct clasp_msg set = { .type = CLASP_SET };
	struct clasp_msg bundle = { .type = CLASP_BUNDLE };
	uint8_t out[LOAD_FRAME_MAX];
	int i, k;

	bundle.bundle.has_timestamp = true;
	bundle.bundle.count = 1;
	bundle.bundle.messages = &set;
	set.set.address = CLASP_STR("/bench/time");
	/* not in the order of their time */
	for (i = 0; i < count; i++) {
		k = (int)((long)i * 617 % count);
		set.set.value = clasp_int(k);
		bundle.bundle.timestamp_us = moments[k];
		send_all(fd, out, pack(out, sizeof out, &bundle));
	}
	barrier(fd);
	if (clasp_clock_server_us() > moments[0]) {
		errno = ETIME;
		fail("too slow to schedule them all before the first");
	}
}

static void
receive_all(int fd, double *late_us)
{
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;
	uint8_t in[4096], room[1024];
	size_t n;
	int i;

	clasp_arena_init(&arena, room, sizeof room, 0);
	for (i = 0; i < count; i++) {
		n = recv_unit(fd, in, sizeof in);
		late_us[i] = (double)(int64_t)(clasp_clock_server_us() -
		    moments[i]);
		errno = EPROTO;
		if (clasp_frame_decode(in, n, &frame) <= 0 ||
		    clasp_msg_decode(frame.payload, frame.len, &arena, 0,
		    &msg) < 0 || msg.type != CLASP_SET ||
		    msg.set.value.integer != i)
			fail("not the bundle whose time it is");
		if (late_us[i] < 0)
			fail("a bundle came early");
		clasp_arena_reset(&arena);
	}
}

/* The same moments, kept by nothing but a timer and a socket. */
static void
keep_moments(int fd)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), i;
	struct itimerspec when = { 0 };
	uint64_t in, now, times;
	uint8_t bytes[32] = { 0 };

	for (i = 0; i < count; i++) {
		now = clasp_clock_server_us();
		in = moments[i] > now ? moments[i] - now : 0;
		when.it_value.tv_sec = (time_t)(in / 1000000);
		when.it_value.tv_nsec = (long)(in % 1000000) * 1000 + 1;
		timerfd_settime(timer, 0, &when, NULL);
		if (in > 0 && read(timer, &times, sizeof times) < 0)
			_exit(1);
		send_all(fd, bytes, sizeof bytes);
	}
}

static void
bare(double *late_us)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, i;
	uint8_t bytes[32];
	pid_t pid;

	if (bind(l, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(l, 1) < 0 || getsockname(l, (struct sockaddr *)&a,
	    &len) < 0)
		fail("bare timer");
	choose_moments();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		pin_to(0);
		keep_moments(dial(ntohs(a.sin_port)));
		_exit(0);
	}
	fd = accept(l, NULL, NULL);
	for (i = 0; i < count; i++) {
		if (recv(fd, bytes, sizeof bytes, MSG_WAITALL) !=
		    sizeof bytes)
			fail("bare timer");
		late_us[i] = (double)(int64_t)(clasp_clock_server_us() -
		    moments[i]);
	}
	close(fd);
	close(l);
	end_process(pid);
}

static void
lateness_row(const char *which, double ours, double limit, const char *target)
{
	char what[96], left[48], right[48];

	snprintf(what, sizeof what, "lateness of %d scheduled bundles %s",
	    count, which);
	snprintf(left, sizeof left, "%.0f us", ours);
	snprintf(right, sizeof right, "%.0f us (bare timer)", limit);
	row(what, left, right, ours / limit, target);
}

static void
lateness(int port)
{
	static double ours[BUNDLES], limit[BUNDLES];
	int sub = join(port, CLASP_FEATURE_PARAM);
	int pub = join(port, CLASP_FEATURE_PARAM);
	size_t n = (size_t)count;

	subscribe(sub, 1, "/bench/time");
	barrier(sub);
	choose_moments();
	schedule_all(pub);
	receive_all(sub, ours);
	bare(limit);
	qsort(ours, n, sizeof *ours, cmp_double);
	qsort(limit, n, sizeof *limit, cmp_double);
	lateness_row("p50", ours[n / 2], limit[n / 2], "-");
	lateness_row("p99", ours[n * 99 / 100], limit[n * 99 / 100],
	    "<= 1 ms");
	lateness_row("max", ours[n - 1], limit[n - 1], "-");
	close(sub);
	close(pub);
}

/* ---------------------------------------------------------------- offset */

struct asker {
	int	left;
	double	wrong_us, rtt_us;
};

static void
on_sync(struct clasp_client *c, const struct clasp_exchange *e, void *user)
{
	struct asker *a = user;
	int64_t offset;

	if (e == NULL)
		fail("no answer to a SYNC");
	if (--a->left > 0) {
		clasp_client_sync(c, on_sync, a);
		return;
	}
	/* there is one clock: anything but 0 is wrong */
	offset = clasp_clocksync_offset_at(clasp_client_clock(c),
	    clasp_clock_server_us());
	a->wrong_us = offset < 0 ? (double)-offset : (double)offset;
	a->rtt_us = (double)e->rtt_us;
	clasp_client_close(c);
}

static void
on_open(struct clasp_client *c, bool again, void *user)
{
	(void)again;
	clasp_client_sync(c, on_sync, user);
}

static void
offset(int port)
{
	static const struct clasp_client_events events = { .open = on_open };
	struct clasp_client_config config;
	double wrong[CLIENTS], rtt[CLIENTS];
	char url[64], left[48], right[48];
	struct clasp_client *c;
	struct asker a;
	int i;

	snprintf(url, sizeof url, "ws://127.0.0.1:%d/clasp", port);
	clasp_client_config_init(&config);
	config.url = url;
	config.reconnect = false;
	for (i = 0; i < CLIENTS; i++) {
		a = (struct asker){ .left = EXCHANGES };
		if (clasp_client_new(NULL, &config, &events, &a, &c) < 0 ||
		    clasp_client_run(c) < 0)
			fail("client");
		clasp_client_free(c);
		wrong[i] = a.wrong_us;
		rtt[i] = a.rtt_us;
	}
	qsort(wrong, CLIENTS, sizeof *wrong, cmp_double);
	qsort(rtt, CLIENTS, sizeof *rtt, cmp_double);
	snprintf(left, sizeof left, "%.0f us", wrong[CLIENTS - 1]);
	snprintf(right, sizeof right, "%.0f us (round trip p50)",
	    rtt[CLIENTS / 2]);
	row("offset error after ten exchanges, worst of 20", left, right, 0,
	    "< 100 us");
}

/* ------------------------------------------------------- how many can wait */

#define SESSIONS	10
#define EACH		1000

static void
drain(struct clasp_session *s)
{
	struct clasp_outq *q = clasp_session_outq(s);
	struct clasp_str piece;

	while (clasp_outq_peek(q, &piece, 1) == 1)
		clasp_session_sent(s, piece.len, moments[0]);
}

static void
put(struct clasp_session *s, const struct clasp_msg *msg)
{
	uint8_t frame[256];
	size_t used;
	int n = clasp_frame_encode(frame, sizeof frame, msg, NULL);

	if (n < 0)
		fail("encode");
	clasp_session_input(s, frame, (size_t)n, moments[0], &used);
	drain(s);
}

/* Fill a router's schedule; ns[k] is what one of the k-th thousand took, and
 * the return value what running one took. */
static double
fill(double ns[SESSIONS])
{
	static const struct clasp_router_events quiet;
	struct clasp_msg hello = { .type = CLASP_HELLO };
	struct clasp_msg set = { .type = CLASP_SET };
	struct clasp_msg bundle = { .type = CLASP_BUNDLE };
	struct clasp_router_config config;
	struct clasp_session *s[SESSIONS];
	struct clasp_router *router;
	uint64_t seed = 7, start;
	int i, k;

	clasp_router_config_init(&config);
	router = clasp_router_new(&config, &quiet, NULL);
	hello.hello.version = 1;
	hello.hello.name = hello.hello.token = CLASP_STR("");
	set.set.address = CLASP_STR("/bench/time");
	bundle.bundle.has_timestamp = true;
	bundle.bundle.count = 1;
	bundle.bundle.messages = &set;
	for (k = 0; k < SESSIONS; k++) {
		s[k] = clasp_session_open(router, CLASP_FRAMING_BARE, NULL,
		    moments[0]);
		put(s[k], &hello);
		start = now_ns();
		for (i = 0; i < EACH; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1;
			bundle.bundle.timestamp_us = moments[0] + 1 +
			    (seed >> 33) % SPREAD_US;
			put(s[k], &bundle);
		}
		ns[k] = (double)(now_ns() - start) / EACH;
	}
	start = now_ns();
	clasp_router_tick(router, moments[0] + SPREAD_US + 1);
	start = now_ns() - start;
	for (k = 0; k < SESSIONS; k++)
		clasp_session_close(s[k], moments[0]);
	clasp_router_free(router);
	return (double)start / (SESSIONS * EACH);
}

static void
many(void)
{
	double ns[SESSIONS], few[5], lots[5], run[5];
	char left[48], right[48];
	int i;

	for (i = 0; i < 5; i++) {
		run[i] = fill(ns);
		few[i] = ns[0];
		lots[i] = ns[SESSIONS - 1];
	}
	qsort(few, 5, sizeof *few, cmp_double);
	qsort(lots, 5, sizeof *lots, cmp_double);
	qsort(run, 5, sizeof *run, cmp_double);
	snprintf(left, sizeof left, "%.0f ns", lots[2]);
	snprintf(right, sizeof right, "%.0f ns (the first 1000)", few[2]);
	row("scheduling one bundle, the last of 10000", left, right,
	    lots[2] / few[2], "1.5");
	snprintf(left, sizeof left, "%.0f ns", run[2]);
	row("running one of 10000 that are due", left, "-", 0, "-");
}

int
main(void)
{
	int port = 0;
	pid_t pid;

	if (getenv("QUICK") != NULL)
		count = 200;
	pid = start_relay(&port);
	pin_to(1);
	offset(port);
	lateness(port);
	end_process(pid);
	many();
	return 0;
}
