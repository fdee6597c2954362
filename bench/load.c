/* load.c - a relay and raw connections to it, for the benchmarks. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire/framing.h"

uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double
now_s(void)
{
	return (double)now_ns() / 1e9;
}

void
fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
row(const char *what, const char *ours, const char *limit, double ratio,
    const char *target)
{
	if (ratio > 0)
		printf("%s\t%s\t%s\t%.2f\t%s\n", what, ours, limit, ratio,
		    target);
	else
		printf("%s\t%s\t%s\t-\t%s\n", what, ours, limit, target);
	fflush(stdout);
}

void
pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

/* ---------------------------------------------------------------- relay */

static int
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		fail("bind");
	close(fd);
	return ntohs(a.sin_port);
}

static void
exec_relay(int port, int peer, const char *const *extra)
{
	const char *argv[32], *build = getenv("BUILD");
	char path[512], number[16], command[1024];
	const char *text = getenv("PEER_RELAY"), *hole;
	int n = 0;

	snprintf(number, sizeof number, "%d", port);
	if (peer) {
		hole = strstr(text, "{port}");
		snprintf(command, sizeof command, "exec %.*s%s%s",
		    hole ? (int)(hole - text) : (int)strlen(text), text,
		    hole ? number : "", hole ? hole + 6 : "");
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	snprintf(path, sizeof path, "%s/bin/clasp-relay",
	    build ? build : "build");
	argv[n++] = path;
	argv[n++] = "--host";
	argv[n++] = "127.0.0.1";
	argv[n++] = "-p";
	argv[n++] = number;
	argv[n++] = "--max-sessions";
	argv[n++] = "0";
	argv[n++] = "--max-params";
	argv[n++] = "0";
	while (extra != NULL && *extra != NULL && n < 31)
		argv[n++] = *extra++;
	argv[n] = NULL;
	execv(path, (char **)(uintptr_t)argv);
	_exit(127);
}

struct relay
relay_start(int peer, const char *const *extra)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct rlimit lim;
	struct relay r;
	int fd, i;

	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
	r.port = free_port();
	r.pid = fork();
	if (r.pid == 0) {
		/* not left behind when a benchmark fails */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (freopen("/dev/null", "w", stderr) == NULL ||
		    freopen("/dev/null", "w", stdout) == NULL)
			_exit(127);
		pin_to(0);
		exec_relay(r.port, peer, extra);
	}
	a.sin_port = htons((uint16_t)r.port);
	for (i = 0; i < 500; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
			close(fd);
			return r;
		}
		close(fd);
		usleep(10000);
	}
	fail("the relay did not start");
	return r;
}

void
relay_stop(struct relay *r)
{
	kill(r->pid, SIGTERM);
	waitpid(r->pid, NULL, 0);
}

size_t
relay_rss(const struct relay *r)
{
	char path[64], line[256];
	size_t kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)r->pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "VmRSS: %zu", &kb) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kb * 1024;
}

/* ---------------------------------------------------------- connections */

int
dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 30 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	/* a peer that does not answer ends the benchmark, not the night */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

void
send_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t k;

	while (n > 0) {
		k = send(fd, at, n, MSG_NOSIGNAL);
		if (k < 0) {
			if (errno == EINTR)
				continue;
			fail("send");
		}
		at += k;
		n -= (size_t)k;
	}
}

static void
recv_all(int fd, void *p, size_t n)
{
	char *at = p;
	ssize_t k;

	while (n > 0) {
		k = recv(fd, at, n, 0);
		if (k <= 0)
			fail("connection closed");
		at += k;
		n -= (size_t)k;
	}
}

void
upgrade(int fd)
{
	static const char request[] =
	    "GET /clasp HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: clasp\r\n\r\n";
	char head[4096];
	size_t n = 0;

	send_all(fd, request, sizeof request - 1);
	while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0) {
		if (n == sizeof head)
			fail("answer to the upgrade");
		recv_all(fd, head + n++, 1);
	}
	if (memcmp(head, "HTTP/1.1 101", 12) != 0) {
		errno = EPROTO;
		fail("upgrade refused");
	}
}

size_t
pack(uint8_t *out, size_t cap, const struct clasp_msg *msg)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	uint8_t frame[70000];
	size_t head;
	int n;

	n = clasp_frame_encode(frame, sizeof frame, msg, NULL);
	if (n < 0)
		fail("encode");
	head = clasp_framing_put(CLASP_FRAMING_WS_MASKED, out, (size_t)n,
	    mask);
	if (head + (size_t)n > cap)
		fail("pack");
	memcpy(out + head, frame, (size_t)n);
	clasp_framing_mask(out + head, (size_t)n, mask, 0);
	return head + (size_t)n;
}

size_t
recv_unit(int fd, uint8_t *buf, size_t cap)
{
	uint8_t h[8];
	size_t n;

	recv_all(fd, h, 2);
	n = h[1] & 0x7f;
	if (n == 126) {
		recv_all(fd, h, 2);
		n = (size_t)h[0] << 8 | h[1];
	} else if (n == 127) {
		recv_all(fd, h, 8);
		n = (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];
	}
	if (n > cap)
		fail("message too large");
	recv_all(fd, buf, n);
	return n;
}

int
join(int port, uint8_t features)
{
	struct clasp_msg m = { .type = CLASP_HELLO };
	uint8_t out[256], in[70000];
	int fd = dial(port);

	upgrade(fd);
	m.hello.version = 1;
	m.hello.features = features;
	m.hello.name = CLASP_STR("bench");
	m.hello.token = CLASP_STR("");
	send_all(fd, out, pack(out, sizeof out, &m));
	recv_unit(fd, in, sizeof in);	/* WELCOME */
	recv_unit(fd, in, sizeof in);	/* SNAPSHOT */
	return fd;
}

size_t
packed_set(uint8_t *out, size_t cap, const char *address, double value)
{
	struct clasp_msg m = { .type = CLASP_SET };

	m.set.address = clasp_str_c(address);
	m.set.value = clasp_float(value);
	return pack(out, cap, &m);
}

size_t
delivered_set(uint8_t *out, size_t cap, const char *address, double value,
    uint64_t revision)
{
	struct clasp_msg m = { .type = CLASP_SET };
	size_t head;
	int n;

	m.set.address = clasp_str_c(address);
	m.set.value = clasp_float(value);
	m.set.has_revision = true;
	m.set.revision = revision;
	n = clasp_frame_encode(out + 2, cap - 2, &m, NULL);
	if (n < 0)
		fail("encode");
	head = clasp_framing_put(CLASP_FRAMING_WS, out, (size_t)n, NULL);
	if (head != 2)
		fail("frame too long for this benchmark");
	return head + (size_t)n;
}

void
subscribe(int fd, uint32_t id, const char *pattern)
{
	struct clasp_msg m = { .type = CLASP_SUBSCRIBE };
	uint8_t out[2048];

	m.subscribe.id = id;
	m.subscribe.pattern = clasp_str_c(pattern);
	send_all(fd, out, pack(out, sizeof out, &m));
}

void
barrier(int fd)
{
	struct clasp_msg m = { .type = CLASP_PING };
	uint8_t out[64], in[70000];
	size_t n;

	send_all(fd, out, pack(out, sizeof out, &m));
	do
		n = recv_unit(fd, in, sizeof in);
	while (n < 5 || in[4] != CLASP_PONG);
}
