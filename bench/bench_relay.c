/*
 * bench_relay.c - what a relay does besides fanning out: handshakes, SETs
 * with their ACKs, a steady thousand messages a second to 500 subscribers,
 * memory for idle connections, a newcomer to a large state.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

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

static void
acks(int port)
{
	enum { WINDOW = 256 };
	static uint8_t out[WINDOW * LOAD_FRAME_MAX], in[1 << 18];
	int fd = join(port, CLASP_FEATURE_PARAM);
	size_t one, ack, bytes = 0;
	uint64_t sent = 0, done = 0, fresh;
	uint64_t total = quick ? 200000 : 6000000;
	double start, took;
	char left[48];
	ssize_t n;
	int i;

	one = packed_set(out, sizeof out, "/bench/ack/a", 0.5);
	send_all(fd, out, one);
	ack = recv_unit(fd, in, sizeof in) + 2;
	for (i = 1; i < WINDOW; i++)
		memcpy(out + (size_t)i * one, out, one);
	start = now_s();
	send_all(fd, out, one * WINDOW);
	sent = WINDOW;
	while (done < total) {
		n = recv(fd, in, sizeof in, 0);
		if (n <= 0)
			fail("connection closed");
		bytes += (size_t)n;
		fresh = bytes / ack - done;
		done += fresh;
		if (sent < total && fresh > 0) {
			send_all(fd, out, fresh * one);
			sent += fresh;
		}
	}
	took = now_s() - start;
	snprintf(left, sizeof left, "%.2f M/s", (double)done / took / 1e6);
	row("SET with ACK, one client, 256 in flight", left, "-", 0,
	    "2 M/s");
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

struct joiner {
	int	 port;
	unsigned want;
	double	 took;
	atomic_int done;
};

static void *
newcomer(void *arg)
{
	static uint8_t in[70000];
	struct clasp_msg m = { .type = CLASP_HELLO };
	struct joiner *j = arg;
	uint8_t out[128];
	unsigned count = 0;
	double start = now_s();
	int fd = dial(j->port);

	upgrade(fd);
	m.hello.version = 1;
	m.hello.features = CLASP_FEATURE_PARAM;
	m.hello.name = CLASP_STR("newcomer");
	m.hello.token = CLASP_STR("");
	send_all(fd, out, pack(out, sizeof out, &m));
	while (count < j->want) {
		size_t n = recv_unit(fd, in, sizeof in);

		if (n > 7 && in[4] == CLASP_SNAPSHOT)
			count += (unsigned)in[5] << 8 | in[6];
	}
	j->took = now_s() - start;
	close(fd);
	atomic_store(&j->done, 1);
	return NULL;
}

static void
newcomers(void)
{
	struct relay r = relay_start(0, NULL);
	unsigned n = quick ? 20000 : 100000;
	struct joiner j = { .port = r.port, .want = n };
	double best = 1e9, worst = 0, t0, t;
	uint8_t out[LOAD_FRAME_MAX], in[256];
	pthread_t thread;
	char left[48];
	size_t len;
	int fd, i;

	fill(r.port, (int)n);
	fd = join(r.port, CLASP_FEATURE_PARAM | CLASP_FEATURE_NOSTATE);
	len = packed_set(out, sizeof out, "/bench/other", 1);
	for (i = 0; i < 5; i++) {
		atomic_store(&j.done, 0);
		if (pthread_create(&thread, NULL, newcomer, &j) != 0)
			fail("thread");
		while (!atomic_load(&j.done)) {
			t0 = now_s();
			send_all(fd, out, len);
			recv_unit(fd, in, sizeof in);
			t = now_s() - t0;
			worst = t > worst ? t : worst;
			usleep(200);
		}
		pthread_join(thread, NULL);
		best = j.took < best ? j.took : best;
	}
	snprintf(left, sizeof left, "%.1f ms", best * 1e3);
	row(quick ? "newcomer to 20,000 params, whole snapshot" :
	    "newcomer to 100,000 params, whole snapshot", left, "-", 0,
	    "60 ms");
	snprintf(left, sizeof left, "%.2f ms", worst * 1e3);
	row("longest SET of another client meanwhile", left, "-", 0,
	    "5 ms");
	close(fd);
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
		newcomers();
	return 0;
}
