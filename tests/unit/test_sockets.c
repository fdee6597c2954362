/*
 * test_sockets.c - a relay on real sockets among peers that do not behave.
 *
 * The relay runs in a process of its own; the peers are plain blocking
 * sockets.  What is sent by chance derives from a seed that is printed; SEED
 * in the environment repeats a run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "net/server.h"
#include "t.h"

#define LIMIT_S		20		/* for an answer that must come */

static int port;
static pid_t relay;
static uint64_t seed, state;

static const uint8_t hello[] = {
	0x53, 0x01, 0, 9, 0x01, 0x01, 0x80, 0, 2, 'c', '1', 0, 0
};
static const uint8_t ping[] = { 0x53, 0x01, 0, 1, 0x41 };

static uint32_t
any(uint32_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % below);
}

/* ----------------------------------------------------------- the relay */

static struct clasp_server *server;

static void
on_gone(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	uv_close((uv_handle_t *)poll, NULL);
	clasp_server_stop(server);
}

static void
on_stopped(void *user)
{
	(void)user;
	clasp_server_free(server);
}

/* Tell the port through `out`, run until `until` is closed. */
static int
be_relay(int out, int until)
{
	struct clasp_server_config config;
	const struct clasp_listener *listener;
	struct clasp_url url;
	const char *why;
	uv_loop_t loop;
	uv_poll_t poll;

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
	uv_poll_init(&loop, &poll, until);
	uv_poll_start(&poll, UV_READABLE | UV_DISCONNECT, on_gone);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) == 0 ? 0 : 2;
}

static int
start_relay(void)
{
	int up[2], down[2];

	if (pipe(up) < 0 || pipe(down) < 0)
		return -1;
	fflush(stdout);
	relay = fork();
	if (relay == 0) {
		close(up[0]);
		close(down[1]);
		exit(be_relay(up[1], down[0]));
	}
	close(up[1]);
	close(down[0]);
	if (read(up[0], &port, sizeof port) != sizeof port)
		return -1;
	close(up[0]);
	return down[1];
}

/* ----------------------------------------------------------- the peers */

static int
dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = LIMIT_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	t_check(connect(fd, (struct sockaddr *)&a, sizeof a) == 0, "%s",
	    strerror(errno));
	return fd;
}

static void
put(int fd, const void *p, size_t n)
{
	/* the relay may have closed already: that is an answer too */
	(void)!send(fd, p, n, MSG_NOSIGNAL);
}

static int
get(int fd, void *p, size_t n)
{
	return recv(fd, p, n, MSG_WAITALL) == (ssize_t)n;
}

static int
upgraded(void)
{
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	int fd = dial(), n = 0;
	char c = 0;

	put(fd, request, sizeof request - 1);
	/* to the empty line */
	while (n < 4 && get(fd, &c, 1))
		n = c == "\r\n\r\n"[n] ? n + 1 : c == '\r';
	t_eq_int(n, 4, "no answer to the upgrade");
	return fd;
}

/* One WebSocket frame with everything as asked; returns its length. */
static size_t
frame(uint8_t *out, uint8_t first, const void *body, size_t n, int masked)
{
	uint8_t mask[4] = { 0x11, 0x22, 0x33, 0x44 };
	size_t at = 2, i;

	out[0] = first;
	if (n < 126) {
		out[1] = (uint8_t)n;
	} else if (n < 65536) {
		out[1] = 126;
		clasp_store16(out + 2, (uint16_t)n);
		at = 4;
	} else {
		out[1] = 127;
		clasp_store64(out + 2, n);
		at = 10;
	}
	if (masked) {
		out[1] |= 0x80;
		memcpy(out + at, mask, 4);
		at += 4;
	}
	for (i = 0; i < n; i++)
		out[at + i] = ((const uint8_t *)body)[i] ^
		    (masked ? mask[i & 3] : 0);
	return at + n;
}

static void
put_frame(int fd, uint8_t first, const void *body, size_t n)
{
	static uint8_t bytes[70000];

	put(fd, bytes, frame(bytes, first, body, n, 1));
}

/* The next frame from the relay: its first byte; -1 at the end. */
static int
get_frame(int fd, uint8_t *body, size_t cap, size_t *n)
{
	uint8_t head[10];

	if (!get(fd, head, 2))
		return -1;
	*n = head[1];
	if (head[1] == 126 && get(fd, head + 2, 2))
		*n = clasp_load16(head + 2);
	else if (head[1] == 127 && get(fd, head + 2, 8))
		*n = clasp_load64(head + 2);
	if (*n > cap || !get(fd, body, *n))
		return -1;
	return head[0];
}

/* Skip frames to one that begins so, and whose message type is so. */
static int
wait_frame(int fd, int first, int type, uint8_t *body, size_t *n)
{
	static uint8_t all[70000];
	int got;

	while ((got = get_frame(fd, all, sizeof all, n)) >= 0)
		if (got == first &&
		    (type < 0 || (*n > 4 && all[4] == type))) {
			memcpy(body, all, *n < 128 ? *n : 128);
			return 1;
		}
	return 0;
}

/* A close frame with this code, then the end; answered is our own one. */
static void
expect_end(int fd, int code, bool answered, const char *what)
{
	uint8_t body[128];
	size_t n = 0;

	t_check(wait_frame(fd, 0x88, -1, body, &n), "%s: no close", what);
	t_check(n >= 2, "%s: no code", what);
	if (n >= 2)
		t_eq_int(clasp_load16(body), code, "%s", what);
	/* a second one would find nobody, and be told so by a reset */
	if (!answered)
		put_frame(fd, 0x88, body, n < 2 ? n : 2);
	t_eq_int(recv(fd, body, 1, 0), 0, "%s: still open", what);
	close(fd);
}

static void
expect_close(int fd, int code, const char *what)
{
	expect_end(fd, code, false, what);
}

/* Somebody who behaves is served. */
static int
serves(void)
{
	uint8_t body[128];
	size_t n;
	int fd = upgraded(), ok;

	put_frame(fd, 0x82, hello, sizeof hello);
	put_frame(fd, 0x82, ping, sizeof ping);
	ok = wait_frame(fd, 0x82, 0x42, body, &n);
	close(fd);
	return ok;
}

/* --------------------------------------------------------------- tests */

static void
websocket_rules_are_kept(void)
{
	static uint8_t big[66000], bytes[70000], body[128];
	size_t n;
	int fd;

	fd = upgraded();
	put(fd, bytes, frame(bytes, 0x82, hello, sizeof hello, 0));
	expect_close(fd, 1002, "not masked");
	fd = upgraded();
	put_frame(fd, 0xc2, hello, sizeof hello);
	expect_close(fd, 1002, "reserved bit");
	fd = upgraded();
	put_frame(fd, 0x83, hello, sizeof hello);
	expect_close(fd, 1002, "unknown opcode");
	fd = upgraded();
	put_frame(fd, 0x80, hello, sizeof hello);
	expect_close(fd, 1002, "continuation of nothing");
	fd = upgraded();
	put_frame(fd, 0x09, hello, 3);
	expect_close(fd, 1002, "fragmented ping");
	fd = upgraded();
	put_frame(fd, 0x89, big, 126);
	expect_close(fd, 1002, "long ping");
	fd = upgraded();
	put_frame(fd, 0x82, big, 65548);
	expect_close(fd, 1009, "too large");
	fd = upgraded();
	put_frame(fd, 0x02, big, 40000);
	put_frame(fd, 0x80, big, 40000);
	expect_close(fd, 1009, "too large in fragments");

	/* what is allowed: ping between fragments, text, an echoed close */
	fd = upgraded();
	put_frame(fd, 0x81, "hello", 5);
	put_frame(fd, 0x02, hello, 5);
	put_frame(fd, 0x89, "are you there", 13);
	t_check(wait_frame(fd, 0x8a, -1, body, &n), "no pong");
	t_check(n == 13 && memcmp(body, "are you there", 13) == 0, "pong");
	put_frame(fd, 0x00, hello + 5, 0);
	put_frame(fd, 0x80, hello + 5, sizeof hello - 5);
	t_check(wait_frame(fd, 0x82, 0x02, body, &n), "no WELCOME");
	put_frame(fd, 0x82, ping, sizeof ping);
	t_check(wait_frame(fd, 0x82, 0x42, body, &n), "no PONG");
	put_frame(fd, 0x88, "\x03\xe8", 2);
	expect_end(fd, 1000, true, "goodbye");
	t_check(serves(), "after all this");
}

static void
bytes_come_one_by_one(void)
{
	uint8_t bytes[64], body[128];
	size_t n, i;
	int fd = upgraded();

	n = frame(bytes, 0x82, hello, sizeof hello, 1);
	for (i = 0; i < n; i++) {
		put(fd, bytes + i, 1);
		if (i % 5 == 0)
			usleep(500);	/* so that they come apart */
	}
	t_check(wait_frame(fd, 0x82, 0x02, body, &n), "no WELCOME");
	close(fd);
}

/* A peer that asks and never reads: others are served, and it ends. */
static void
slow_readers_hold_up_nobody(void)
{
	static uint8_t many[60000];
	uint8_t one[64];
	size_t n, at;
	int fds[4], i, k;

	n = frame(one, 0x82, ping, sizeof ping, 1);
	for (at = 0; at + n <= sizeof many; at += n)
		memcpy(many + at, one, n);
	for (i = 0; i < 4; i++) {
		fds[i] = upgraded();
		put_frame(fds[i], 0x82, hello, sizeof hello);
		for (k = 0; k < 200; k++)
			if (send(fds[i], many, at,
			    MSG_NOSIGNAL | MSG_DONTWAIT) < (ssize_t)at)
				break;
		t_check(serves(), "beside %d slow readers", i + 1);
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
	t_check(serves(), "without them");
}

/* Vector frames, as bytes. */
static struct {
	uint8_t	*p;
	size_t	 n;
} vectors[1000];
static uint32_t nvectors;

static void
load(const char *path)
{
	static char line[300000];
	FILE *file = fopen(path, "r");
	unsigned byte;
	size_t i, n;
	char *hex;

	t_check(file != NULL, "%s", path);
	while (file && nvectors < 1000 && fgets(line, sizeof line, file)) {
		hex = strstr(line, "\"frame_hex\":\"");
		if (!hex)
			continue;
		hex += strlen("\"frame_hex\":\"");
		n = strcspn(hex, "\"") / 2;
		if (n == 0 || n > 65547)
			continue;
		vectors[nvectors].p = malloc(n);
		vectors[nvectors].n = n;
		for (i = 0; i < n; i++) {
			sscanf(hex + 2 * i, "%2x", &byte);
			vectors[nvectors].p[i] = (uint8_t)byte;
		}
		nvectors++;
	}
	if (file)
		fclose(file);
}

static void
broken_frames_hurt_only_their_sender(void)
{
	static uint8_t copy[65600], bytes[70000];
	size_t n;
	uint32_t v;
	int fd = -1, i;

	load("tests/vectors/messages.jsonl");
	load("tests/vectors/invalid.jsonl");
	load("tests/vectors/legacy.jsonl");
	t_check(nvectors > 100, "only %u vectors", nvectors);
	for (i = 0; i < 600 && nvectors; i++) {
		if (fd < 0) {
			fd = upgraded();
			if (any(4))
				put_frame(fd, 0x82, hello, sizeof hello);
		}
		v = any(nvectors);
		n = vectors[v].n;
		memcpy(copy, vectors[v].p, n);
		if (any(2))
			n = any((uint32_t)n + 1);
		else
			copy[any((uint32_t)n)] = (uint8_t)any(256);
		n = frame(bytes, any(20) ? 0x82 : (uint8_t)any(256), copy, n,
		    any(50) != 0);
		if (any(20) == 0)
			bytes[any((uint32_t)(n < 14 ? n : 14))] ^=
			    (uint8_t)any(256);
		put(fd, bytes, n);
		if (any(8) == 0) {
			/* some leave without a word, some with a reset */
			struct linger hard = { 1, 0 };

			if (any(2))
				setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard,
				    sizeof hard);
			close(fd);
			fd = -1;
		}
		if (i % 100 == 99)
			t_check(serves(), "after %d, SEED=%llu", i + 1,
			    (unsigned long long)seed);
	}
	if (fd >= 0)
		close(fd);
}

/* Requests cut and changed. */
static void
broken_requests_hurt_nobody(void)
{
	static const char request[] =
	    "GET /clasp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
	    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Protocol: clasp\r\n\r\n";
	char copy[sizeof request];
	int fds[50], i, k;

	for (i = 0; i < 250; i++) {
		memcpy(copy, request, sizeof request);
		for (k = (int)any(4); k >= 0; k--)
			copy[any(sizeof request - 1)] = (char)any(256);
		if (i >= 50)
			close(fds[i % 50]);
		fds[i % 50] = dial();
		put(fds[i % 50], copy,
		    any(3) ? sizeof request - 1 : any(sizeof request));
	}
	t_check(serves(), "among 50 of them, SEED=%llu",
	    (unsigned long long)seed);
	for (i = 0; i < 50; i++)
		close(fds[i]);
}

/* Not the time limit of goodbyes ends it, which is a second. */
static void
an_answered_goodbye_is_the_end(void)
{
	struct timespec from, to;
	int fd, i;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < 8; i++) {
		fd = upgraded();
		put_frame(fd, 0x82, ping, sizeof ping);
		expect_close(fd, 1002, "no HELLO");
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	t_check(to.tv_sec - from.tv_sec < 7, "a second for each");
}

static void
the_relay_ends_without_a_leak(int lifeline)
{
	int status = -1, fd = upgraded();

	put_frame(fd, 0x82, hello, sizeof hello);
	close(lifeline);
	expect_close(fd, 1001, "shutting down");
	t_eq_int(waitpid(relay, &status, 0), relay, "waitpid");
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %x", status);
}

static int lifeline;

static void
it_says_goodbye_and_ends(void)
{
	the_relay_ends_without_a_leak(lifeline);
}

int
main(void)
{
	const char *given = getenv("SEED");

	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	state = seed;
	printf("# SEED=%llu\n", (unsigned long long)seed);
	signal(SIGPIPE, SIG_IGN);
	lifeline = start_relay();
	t_run(websocket_rules_are_kept);
	t_run(bytes_come_one_by_one);
	t_run(slow_readers_hold_up_nobody);
	t_run(broken_frames_hurt_only_their_sender);
	t_run(broken_requests_hurt_nobody);
	t_run(an_answered_goodbye_is_the_end);
	t_run(it_says_goodbye_and_ends);
	return t_end();
}
