/*
 * bench_latency.c - one way from publisher to subscriber, one message at a
 * time, both ends blocking.
 *
 * The limit is a bare forwarder: an epoll loop with the same sockets that
 * reads what the publisher sends, sends the subscriber the bytes it will get
 * and the publisher the bytes of an ACK, and knows no protocol.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define ADDRESS	"/bench/latency"
#define MAX	20000

static uint8_t packed[LOAD_FRAME_MAX], delivered[LOAD_FRAME_MAX];
static size_t packed_len, delivered_len, ack_len;

static void
forward(int listener)
{
	struct epoll_event ev = { .events = EPOLLIN }, got[8];
	uint8_t ack[LOAD_FRAME_MAX] = { 0 }, buf[65536];
	int sub, pub, ep = epoll_create1(0), one = 1;

	sub = accept(listener, NULL, NULL);
	pub = accept(listener, NULL, NULL);
	setsockopt(sub, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(pub, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	epoll_ctl(ep, EPOLL_CTL_ADD, pub, &ev);
	epoll_ctl(ep, EPOLL_CTL_ADD, sub, &ev);
	for (;;) {
		if (epoll_wait(ep, got, 8, -1) < 1)
			continue;
		if (recv(pub, buf, sizeof buf, MSG_DONTWAIT) <= 0)
			_exit(0);
		send_all(sub, delivered, delivered_len);
		send_all(pub, ack, ack_len);
	}
}

static void
recv_exactly(int fd, size_t n)
{
	uint8_t buf[4096];
	ssize_t k;

	for (; n > 0; n -= (size_t)k) {
		k = recv(fd, buf, n < sizeof buf ? n : sizeof buf, 0);
		if (k <= 0)
			fail("connection closed");
	}
}

/* p50 and p99 in microseconds of n messages. */
static void
measure(int pub, int sub, int n, double *p50, double *p99)
{
	static double t[MAX];
	uint64_t start;
	int i;

	for (i = 0; i < n; i++) {
		start = now_ns();
		send_all(pub, packed, packed_len);
		recv_exactly(sub, delivered_len);
		t[i] = (double)(now_ns() - start) / 1000;
		recv_exactly(pub, ack_len);
	}
	qsort(t, (size_t)n, sizeof *t, cmp_double);
	*p50 = t[n / 2];
	*p99 = t[n * 99 / 100];
}

static pid_t
start_forwarder(int *pub, int *sub)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (bind(l, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(l, 16) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &len) < 0)
		fail("bare forwarder");
	pid = fork();
	if (pid == 0) {
		pin_to(0);
		forward(l);
	}
	*sub = dial(ntohs(a.sin_port));
	*pub = dial(ntohs(a.sin_port));
	close(l);
	return pid;
}

static void
compare(int peer, int n)
{
	struct relay r = relay_start(peer, NULL);
	double o50[5], o99[5], b50[5], b99[5];
	char what[96], left[48], right[48];
	int pub, sub, bpub, bsub, i;
	uint8_t in[4096];
	pid_t pid;

	sub = join(r.port, CLASP_FEATURE_PARAM);
	pub = join(r.port, CLASP_FEATURE_PARAM);
	subscribe(sub, 1, ADDRESS);
	barrier(sub);
	/* how long an ACK is: ask once */
	send_all(pub, packed, packed_len);
	recv_exactly(sub, delivered_len);
	ack_len = recv_unit(pub, in, sizeof in) + 2;
	pid = start_forwarder(&bpub, &bsub);
	for (i = 0; i < 5; i++) {
		measure(pub, sub, n, &o50[i], &o99[i]);
		measure(bpub, bsub, n, &b50[i], &b99[i]);
	}
	qsort(o50, 5, sizeof *o50, cmp_double);
	qsort(o99, 5, sizeof *o99, cmp_double);
	qsort(b50, 5, sizeof *b50, cmp_double);
	qsort(b99, 5, sizeof *b99, cmp_double);
	snprintf(what, sizeof what, "%sone-way latency p50, best of five",
	    peer ? "PEER: " : "");
	snprintf(left, sizeof left, "%.1f us", o50[0]);
	snprintf(right, sizeof right, "%.1f us (bare forwarder)", b50[0]);
	row(what, left, right, o50[0] / b50[0], "1.15");
	snprintf(what, sizeof what, "%sone-way latency p99, best of five",
	    peer ? "PEER: " : "");
	snprintf(left, sizeof left, "%.1f us", o99[0]);
	snprintf(right, sizeof right, "%.1f us (bare forwarder)", b99[0]);
	row(what, left, right, o99[0] / b99[0], "1.5");
	close(bpub);
	close(bsub);
	waitpid(pid, NULL, 0);
	relay_stop(&r);
	close(pub);
	close(sub);
}

int
main(void)
{
	int n = getenv("QUICK") ? 500 : MAX;

	packed_len = packed_set(packed, sizeof packed, ADDRESS, 0.5);
	delivered_len = delivered_set(delivered, sizeof delivered, ADDRESS,
	    0.5, 1);
	pin_to(1);
	compare(0, n);
	if (getenv("PEER_RELAY") != NULL)
		compare(1, n);
	return 0;
}
