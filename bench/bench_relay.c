/*
 * bench_relay.c - what a relay does besides fanning out: handshakes, SETs
 * with their ACKs, a steady thousand messages a second to 500 subscribers,
 * memory for idle connections, a newcomer to a large state.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "load.h"
#include "wire/framing.h"

static int quick;

/* ------------------------------------------------------------ handshake */

static void
handshakes(int port)
{
	enum { N = 101 };
	char left[48], right[48];
	double t[N], c[N];
	uint64_t start;
	int i, fd;

	for (i = 0; i < N; i++) {
		start = now_ns();
		fd = dial(port);
		c[i] = (double)(now_ns() - start) / 1e6;
		close(fd);
		start = now_ns();
		fd = join(port, CLASP_FEATURE_PARAM);
		t[i] = (double)(now_ns() - start) / 1e6;
		close(fd);
	}
	qsort(t, N, sizeof *t, cmp_double);
	qsort(c, N, sizeof *c, cmp_double);
	snprintf(left, sizeof left, "%.3f ms", t[N / 2]);
	snprintf(right, sizeof right, "%.3f ms (TCP connect)", c[N / 2]);
	row("handshake, TCP connect to SNAPSHOT, median", left, right,
	    t[N / 2] / c[N / 2], "1 ms");
}

/* ---------------------------------------------------------- SET and ACK */

#define WINDOW	256	/* in flight */
#define ACK_ROUNDS 7

static uint8_t window[WINDOW * LOAD_FRAME_MAX];

/* Reads SETs of `one` bytes and answers each with `ack` bytes, no more. */
static void
answer(int listener, size_t one, size_t ack)
{
	static uint8_t in[1 << 18], out[WINDOW * LOAD_FRAME_MAX];
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = accept(listener, NULL, NULL), ep = epoll_create1(0), on = 1;
	size_t bytes = 0;
	ssize_t n;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	for (;;) {
		epoll_wait(ep, &ev, 1, -1);
		n = recv(fd, in, sizeof in, MSG_DONTWAIT);
		if (n <= 0)
			_exit(0);
		bytes += (size_t)n;
		send_all(fd, out, bytes / one * ack);
		bytes %= one;
	}
}

static pid_t
start_answerer(size_t one, size_t ack, int *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (bind(l, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(l, 16) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &len) < 0)
		fail("bare answerer");
	pid = fork();
	if (pid == 0) {
		pin_to(0);
		answer(l, one, ack);
	}
	*fd = dial(ntohs(a.sin_port));
	close(l);
	return pid;
}

/* Million SETs a second: as many are sent again as ACKs came. */
static double
slide(int fd, size_t one, size_t ack, uint64_t total)
{
	static uint8_t in[1 << 18];
	uint64_t sent = WINDOW, done = 0, fresh;
	size_t bytes = 0;
	double start = now_s();
	ssize_t n;

	send_all(fd, window, one * WINDOW);
	while (done < total) {
		n = recv(fd, in, sizeof in, 0);
		if (n <= 0)
			fail("connection closed");
		bytes += (size_t)n;
		fresh = bytes / ack - done;
		done += fresh;
		if (fresh > total - sent)
			fresh = total - sent;
		send_all(fd, window, fresh * one);
		sent += fresh;
	}
	return (double)total / (now_s() - start) / 1e6;
}

static void
acks(int port)
{
	uint64_t total = quick ? 50000 : 800000;
	int fd = join(port, CLASP_FEATURE_PARAM), bare, i;
	double ours = 0, limit = 0, rate;
	char left[48], right[48];
	uint8_t in[256];
	size_t one, ack;
	pid_t pid;

	one = packed_set(window, sizeof window, "/bench/ack/a", 0.5);
	for (i = 1; i < WINDOW; i++)
		memcpy(window + (size_t)i * one, window, one);
	send_all(fd, window, one);
	ack = recv_unit(fd, in, sizeof in) + 2;
	pid = start_answerer(one, ack, &bare);
	for (i = 0; i < ACK_ROUNDS; i++) {
		rate = slide(fd, one, ack, total);
		ours = rate > ours ? rate : ours;
		rate = slide(bare, one, ack, total);
		limit = rate > limit ? rate : limit;
	}
	snprintf(left, sizeof left, "%.2f M/s", ours);
	snprintf(right, sizeof right, "%.2f M/s (bare answerer)", limit);
	row("SET with ACK, one client, 256 in flight", left, right,
	    ours / limit, "2 M/s");
	close(bare);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* --------------------------------------------------------------- steady */

static void
steady(int port)
{
	enum { SUBS = 500 };
	static double late[1200 * SUBS];
	static double stamp[12000];
	static uint8_t buf[1 << 18];
	size_t len, at, part[SUBS] = { 0 };
	uint8_t rest[SUBS][LOAD_FRAME_MAX], out[LOAD_FRAME_MAX];
	struct epoll_event ev, got[256];
	int fds[SUBS], pub, ep = epoll_create1(0), i, k, m;
	int total = quick ? 500 : 5000, next = 0, seen[SUBS] = { 0 };
	uint64_t count = 0, kept = 0, n99;
	double start, now;
	char left[48];
	ssize_t n;

	len = delivered_set(out, sizeof out, "/bench/steady", 0, 1);
	for (i = 0; i < SUBS; i++) {
		fds[i] = join(port, CLASP_FEATURE_PARAM);
		subscribe(fds[i], 1, "/bench/steady");
		barrier(fds[i]);
		ev.events = EPOLLIN;
		ev.data.u32 = (uint32_t)i;
		epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &ev);
	}
	pub = join(port, CLASP_FEATURE_PARAM);
	start = now_s();
	while (count < (uint64_t)total * SUBS) {
		now = now_s();
		while (next < total && now >= start + next / 1000.0) {
			stamp[next] = now;
			send_all(pub, out, packed_set(out, sizeof out,
			    "/bench/steady", next));
			next++;
		}
		while (recv(pub, buf, sizeof buf, MSG_DONTWAIT) > 0)
			;
		k = epoll_wait(ep, got, 256, next < total ? 1 : 5000);
		if (k == 0 && next == total) {
			errno = ETIMEDOUT;
			fail("messages were lost");
		}
		for (m = 0; m < k; m++) {
			i = (int)got[m].data.u32;
			memcpy(buf, rest[i], part[i]);
			n = recv(fds[i], buf + part[i],
			    sizeof buf - part[i], MSG_DONTWAIT);
			if (n <= 0)
				fail("connection closed");
			n += (ssize_t)part[i];
			now = now_s();
			for (at = 0; (size_t)n - at >= len; at += len) {
				if (kept < sizeof late / sizeof *late)
					late[kept++] = (now -
					    stamp[seen[i]]) * 1e3;
				seen[i]++;
				count++;
			}
			part[i] = (size_t)n - at;
			memcpy(rest[i], buf + at, part[i]);
		}
	}
	qsort(late, kept, sizeof *late, cmp_double);
	n99 = kept * 99 / 100;
	snprintf(left, sizeof left, "p50 %.1f p99 %.1f ms", late[kept / 2],
	    late[n99]);
	row("1,000 messages/s to 500 subscribers, none lost", left, "-", 0,
	    "p99 15 ms");
	for (i = 0; i < SUBS; i++)
		close(fds[i]);
	close(pub);
	close(ep);
}

/* --------------------------------------------------------------- memory */

static void
idle(void)
{
	enum { N = 5000 };
	struct relay r = relay_start(0, NULL);
	int n = quick ? 500 : N, *fds = calloc(N, sizeof *fds), i;
	size_t before, after;
	char left[48];

	fds[0] = join(r.port, CLASP_FEATURE_PARAM);
	before = relay_rss(&r);
	for (i = 1; i < n; i++)
		fds[i] = join(r.port, CLASP_FEATURE_PARAM);
	after = relay_rss(&r);
	snprintf(left, sizeof left, "%.2f KB",
	    (double)(after - before) / (n - 1) / 1024);
	row("memory of an idle connection", left, "-", 0, "3 KB");
	for (i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	relay_stop(&r);
}

/* n params with addresses of about 50 bytes. */
static void
fill(int port, int n)
{
	static uint8_t in[1 << 16];
	int fd = join(port, CLASP_FEATURE_PARAM), i;
	uint8_t out[256 * 200];
	size_t len = 0;
	char address[64];

	for (i = 0; i < n; i++) {
		snprintf(address, sizeof address,
		    "/bench/building/floor%03d/room%03d/fixture%03d/level",
		    i / 10000, i / 100 % 100, i % 100);
		len += packed_set(out + len, sizeof out - len, address, i);
		if (len > sizeof out - 256) {
			send_all(fd, out, len);
			len = 0;
			while (recv(fd, in, sizeof in, MSG_DONTWAIT) > 0)
				;
		}
	}
	send_all(fd, out, len);
	barrier(fd);
	close(fd);
}

static void
params(void)
{
	static const char *const none[] = { "--no-ttl", NULL };
	struct relay r = relay_start(0, none);
	int n = quick ? 20000 : 200000;
	size_t before = relay_rss(&r), after;
	char left[64];

	fill(r.port, n);
	after = relay_rss(&r);
	snprintf(left, sizeof left, "%.1f MB (%.0f B each)",
	    (double)(after - before) / 1e6, (double)(after - before) / n);
	row(quick ? "memory of 20,000 params" : "memory of 200,000 params",
	    left, "-", 0, "60 MB");
	relay_stop(&r);
}

/* ------------------------------------------------------------- newcomer */

#define TAKE	65536	/* read for the newcomer before the other's turn */

/* A client that joins, and one that meanwhile SETs again and again. */
struct joining {
	int	 port;
	int	 other;
	uint8_t	 set[LOAD_FRAME_MAX];
	size_t	 set_len;
	uint64_t asked;			/* when the SET went; 0: not yet */
	uint64_t longest;		/* nanoseconds to an ACK */
	uint8_t	 in[TAKE + 70000];
	size_t	 held;			/* bytes of an unfinished message */
	unsigned count;			/* params */
};

/* Take the ACK, if it is there. */
static void
take_ack(struct joining *j, int flags)
{
	uint8_t ack[256];
	uint64_t took;
	ssize_t n = recv(j->other, ack, sizeof ack, flags);

	took = now_ns() - j->asked;
	j->longest = took > j->longest ? took : j->longest;
	if (n > 0)
		j->asked = 0;
	else if (n == 0 || errno != EAGAIN)
		fail("connection closed");
}

/* One SET at a time: the next when the ACK has come. */
static void
go_on_setting(struct joining *j)
{
	if (j->asked != 0)
		take_ack(j, MSG_DONTWAIT);
	if (j->asked != 0)
		return;
	j->asked = now_ns();
	send_all(j->other, j->set, j->set_len);
}

static void
finish_setting(struct joining *j)
{
	while (j->asked != 0)
		take_ack(j, 0);
}

/* Count the params in the whole messages there are. */
static void
count_params(struct joining *j)
{
	struct clasp_ws_head head;
	const uint8_t *p;
	size_t at = 0;
	int n;

	while ((n = clasp_ws_head_decode(j->in + at, j->held - at, &head)) >
	    0 && j->held - at >= (size_t)n + head.len) {
		p = j->in + at + n;
		if (head.len > 7 && p[4] == CLASP_SNAPSHOT)
			j->count += clasp_load16(p + 5);
		at += (size_t)n + (size_t)head.len;
	}
	j->held -= at;
	memmove(j->in, j->in + at, j->held);
}

static void
take_some(struct joining *j, int fd)
{
	ssize_t n = recv(fd, j->in + j->held, TAKE, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		fail("connection closed");
	if (n > 0) {
		j->held += (size_t)n;
		count_params(j);
	}
}

/*
 * Join, and read until all params are there; seconds from the connect.  The
 * other client runs in this thread too, and is looked after between two
 * reads: what it waits is the relay's doing, not that of two threads in each
 * other's way.
 */
static double
join_large(struct joining *j, unsigned want)
{
	struct clasp_msg m = { .type = CLASP_HELLO };
	double start = now_s(), took;
	uint8_t out[128];
	int fd = dial(j->port);

	upgrade(fd);
	m.hello.version = 1;
	m.hello.features = CLASP_FEATURE_PARAM;
	m.hello.name = CLASP_STR("newcomer");
	m.hello.token = CLASP_STR("");
	j->held = j->count = 0;
	j->longest = 0;
	go_on_setting(j);
	send_all(fd, out, pack(out, sizeof out, &m));
	while (j->count < want) {
		take_some(j, fd);
		go_on_setting(j);
	}
	took = now_s() - start;
	close(fd);
	finish_setting(j);
	return took;
}

/* As long, with nobody joining: what the machine itself does to a SET. */
static void
join_nothing(struct joining *j, double seconds)
{
	double start = now_s();

	j->longest = 0;
	do
		go_on_setting(j);
	while (now_s() - start < seconds);
	finish_setting(j);
}

static void
newcomers(unsigned n)
{
	enum { JOINS = 9 };
	static struct joining j;
	struct relay r = relay_start(0, NULL);
	double took[JOINS], held[JOINS], alone[JOINS];
	char what[64], left[64], right[64];
	int i;

	j.port = r.port;
	fill(r.port, (int)n);
	j.other = join(r.port, CLASP_FEATURE_PARAM | CLASP_FEATURE_NOSTATE);
	j.set_len = packed_set(j.set, sizeof j.set, "/bench/other", 1);
	for (i = 0; i < JOINS; i++) {
		took[i] = join_large(&j, n) * 1e3;
		held[i] = (double)j.longest / 1e6;
		join_nothing(&j, took[i] / 1e3);
		alone[i] = (double)j.longest / 1e6;
	}
	qsort(took, JOINS, sizeof *took, cmp_double);
	qsort(held, JOINS, sizeof *held, cmp_double);
	qsort(alone, JOINS, sizeof *alone, cmp_double);
	snprintf(what, sizeof what, "newcomer to %u,%03u params, the whole "
	    "snapshot", n / 1000, n % 1000);
	snprintf(left, sizeof left, "%.1f ms", took[JOINS / 2]);
	row(what, left, "-", 0, "60 ms");
	snprintf(left, sizeof left, "%.2f ms (of %d joins: %.2f to %.2f)",
	    held[JOINS / 2], JOINS, held[0], held[JOINS - 1]);
	snprintf(right, sizeof right, "%.2f ms (nobody joins)",
	    alone[JOINS / 2]);
	row("longest SET of another client meanwhile", left, right, 0,
	    "5 ms");
	close(j.other);
	relay_stop(&r);
}

/* One row by its name, for a profiler, or all. */
static int
wanted(const char *only, const char *name)
{
	return only == NULL || strcmp(only, name) == 0;
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	struct relay r;

	quick = getenv("QUICK") != NULL;
	r = relay_start(0, NULL);
	pin_to(1);
	if (wanted(only, "handshake"))
		handshakes(r.port);
	if (wanted(only, "ack"))
		acks(r.port);
	if (wanted(only, "steady"))
		steady(r.port);
	relay_stop(&r);
	if (wanted(only, "idle"))
		idle();
	if (wanted(only, "params"))
		params();
	if (wanted(only, "newcomer"))
		newcomers(argc > 2 ? (unsigned)atoi(argv[2]) :
		    quick ? 20000 : 100000);
	return 0;
}
