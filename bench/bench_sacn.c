/*
 * bench_sacn.c - the share of a core that the sACN programs take at 44 frames
 * a second, sockets and pipes included, over loopback; and that nothing is
 * lost.  The limit is a bare program that reads the same bytes and writes as
 * many, one system call for a batch.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "proto/sacn.h"

#define RATE	44
#define SECONDS	4
#define FRAMES	(RATE * SECONDS)
#define OUT	32	/* universes sent */
#define IN	100	/* received, as lines of what changed */
#define WHOLE	1000	/* received, as bytes */
#define SLOTS	512
#define TENTH	51
#define BATCH	64
#define ROOM	(1 << 20)

static char bin[4096];
static char text[OUT * 2048 + 64];
static uint8_t packets[WHOLE][CLASP_SACN_MAX];
static size_t packet_len;

/* ---------------------------------------------------------------- helpers */

/* A socket on loopback with much room; its address in *at. */
static int
udp_socket(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = 8 << 20;
	socklen_t len = sizeof *at;

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)at, sizeof *at) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) < 0)
		fail("socket");
	return fd;
}

static void
wide_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		fail("pipe");
	fcntl(fds[1], F_SETPIPE_SZ, ROOM);
}

/* Run a program; in and out become its standard input and output. */
static pid_t
start(const char *const argv[], int in, int out)
{
	char path[5000];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	dup2(in, 0);
	dup2(out, 1);
	snprintf(path, sizeof path, "%s/%s", bin, argv[0]);
	execv(path, (char **)(uintptr_t)argv);
	_exit(127);
}

/* Wait for it; what it took of a core, in the time of all frames. */
static double
share(pid_t pid)
{
	struct rusage used;
	int status;

	if (wait4(pid, &status, 0, &used) < 0 || !WIFEXITED(status))
		fail("a program failed");
	if (WEXITSTATUS(status) == 124)
		fail("packets were lost");
	if (WEXITSTATUS(status) != 0)
		fail("a program failed");
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void
write_all(int fd, const char *p, size_t n)
{
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k)
		if ((k = write(fd, p, n)) < 0)
			fail("write");
}

static void
wait_tick(struct timespec *at)
{
	at->tv_nsec += 1000000000 / RATE;
	if (at->tv_nsec >= 1000000000) {
		at->tv_nsec -= 1000000000;
		at->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

static void
print(const char *what, double s, double limit_s, const char *target)
{
	char ours[40], limit[40];

	snprintf(ours, sizeof ours, "%.1f %% of a core", s / SECONDS * 100);
	snprintf(limit, sizeof limit, "%.1f %%", limit_s / SECONDS * 100);
	row(what, ours, limit, s / limit_s, target);
}

/* All packets of a frame to one place, in batches. */
static void
send_packets(int fd, const struct sockaddr_in *to, unsigned n)
{
	struct mmsghdr out[BATCH];
	struct iovec at[BATCH];
	unsigned i, k;

	memset(out, 0, sizeof out);
	for (i = 0; i < n; i += k) {
		for (k = 0; k < BATCH && i + k < n; k++) {
			at[k] = (struct iovec){ packets[i + k], packet_len };
			out[k].msg_hdr.msg_iov = &at[k];
			out[k].msg_hdr.msg_iovlen = 1;
			out[k].msg_hdr.msg_name = (void *)(uintptr_t)to;
			out[k].msg_hdr.msg_namelen = sizeof *to;
		}
		if (sendmmsg(fd, out, k, 0) != (int)k)
			fail("sendmmsg");
	}
}

static void
make_packets(unsigned n, unsigned frame)
{
	static uint8_t slots[SLOTS];
	struct clasp_sacn p = { .kind = CLASP_SACN_DATA, .priority = 100,
	    .name = CLASP_STR("bench"), .sequence = (uint8_t)frame,
	    .slots = slots, .count = SLOTS };
	unsigned i;

	for (i = frame % 10; i < SLOTS; i += 10)
		slots[i]++;
	for (i = 0; i < n; i++) {
		p.universe = (uint16_t)(i + 1);
		packet_len = clasp_sacn_encode(packets[i], &p);
	}
}

/* --------------------------------------------------------------------- out */

/* The lines of one frame. */
static size_t
make_text(bool whole, unsigned frame)
{
	char *p = text;
	unsigned u, i;

	for (u = 1; u <= OUT; u++) {
		if (whole) {
			p += sprintf(p, "/sacn/%u stream x\"", u);
			for (i = 0; i < SLOTS; i++)
				p += sprintf(p, "%02x",
				    (i + frame + u) & 0xff);
			p += sprintf(p, "\"\n");
			continue;
		}
		for (i = 0; i < TENTH; i++)
			p += sprintf(p, "%s/sacn/%u/%u %u", i ? " ; " : "", u,
			    i * 10 + frame % 10 + 1, (frame + i) & 0xff);
		*p++ = '\n';
	}
	return (size_t)(p - text);
}

/* Reads all lines of a frame, sends its packets. */
static void
bare_sender(int in, size_t bytes, const struct sockaddr_in *to)
{
	static char room[ROOM];
	struct sockaddr_in here;
	int fd = udp_socket(&here);
	size_t got = 0;
	ssize_t n;

	make_packets(OUT, 0);
	while ((n = read(in, room, sizeof room)) > 0)
		for (got += (size_t)n; got >= bytes; got -= bytes)
			send_packets(fd, to, OUT);
	_exit(0);
}

/* What a sender takes for all frames; every change is to be on the wire. */
static double
feed(bool whole, bool bare)
{
	char to[32];
	const char *const argv[] = { "clasp-sacn-out", "--to", to, "--on-exit",
	    "hold", "--cid", "00112233-4455-6677-8899-aabbccddeeff", NULL };
	struct sockaddr_in at;
	struct timespec next;
	int fds[2], fd = udp_socket(&at), null = open("/dev/null", O_WRONLY);
	unsigned frame, got = 0;
	static uint8_t room[2048];
	size_t len = make_text(whole, 0);
	double s;
	pid_t pid;

	wide_pipe(fds);
	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at.sin_port));
	if (bare) {
		pid = fork();
		if (pid == 0) {
			close(fds[1]);
			bare_sender(fds[0], len, &at);
		}
	} else {
		pid = start(argv, fds[0], null);
	}
	close(fds[0]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		len = bare ? len : make_text(whole, frame);
		write_all(fds[1], text, len);
		while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
			got++;
		wait_tick(&next);
	}
	close(fds[1]);
	close(null);
	s = share(pid);
	while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
		got++;
	close(fd);
	/* two changes may meet in one tick, as clocks go */
	if (got < OUT * FRAMES * 9 / 10)
		fail("packets are missing");
	return s;
}

/* Sends one packet at each tick. */
static void
bare_ticker(const struct sockaddr_in *to)
{
	struct sockaddr_in here;
	struct timespec next;
	int fd = udp_socket(&here);

	make_packets(1, 0);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		wait_tick(&next);
		send_packets(fd, to, 1);
	}
}

/* How far behind its tick a packet comes, the 99th of 100, in ms; the most
 * punctual one tells when the ticks are. */
static double
lateness(bool bare)
{
	enum { N = 300 };
	char to[32], line[32];
	const char *const argv[] = { "clasp-sacn-out", "--to", to, "--cid",
	    "00112233-4455-6677-8899-aabbccddeeff", NULL };
	const double tick = 1e9 / RATE;
	static uint8_t room[2048];
	struct sockaddr_in at;
	int fds[2], fd = udp_socket(&at), null = open("/dev/null", O_WRONLY);
	double off[N], d;
	uint64_t first = 0;
	pid_t pid;
	int i;

	wide_pipe(fds);
	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at.sin_port));
	pid = bare ? fork() : start(argv, fds[0], null);
	if (pid == 0)
		bare_ticker(&at);
	close(fds[0]);
	for (i = 0; i < N; i++) {
		snprintf(line, sizeof line, "/sacn/1/1 %d\n", i & 0xff);
		if (!bare)
			write_all(fds[1], line, strlen(line));
		if (recv(fd, room, sizeof room, 0) <= 0)
			fail("recv");
		if (i == 0)
			first = now_ns();
		d = (double)(now_ns() - first) / tick;
		d -= (double)(uint64_t)d;
		off[i] = (d > 0.5 ? d - 1 : d) * tick / 1e6;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[1]);
	close(null);
	close(fd);
	qsort(off, N, sizeof off[0], cmp_double);
	return off[N * 99 / 100] - off[0];
}

static void
print_lateness(void)
{
	char ours[40], limit[40];
	double late = lateness(false), bare = lateness(true);

	snprintf(ours, sizeof ours, "%.3f ms", late);
	snprintf(limit, sizeof limit, "%.3f ms (a bare timer)", bare);
	row("sACN: a packet behind its tick, p99", ours, limit, late / bare,
	    "< 1 ms");
}

/* ---------------------------------------------------------------------- in */

/* Counts lines, and ends with the pipe. */
static pid_t
start_counter(const int fds[2], volatile unsigned long *count)
{
	static char room[ROOM];
	const char *p, *end;
	pid_t pid = fork();
	ssize_t n;

	if (pid != 0)
		return pid;
	close(fds[1]);
	while ((n = read(fds[0], room, sizeof room)) > 0)
		for (p = room, end = room + n;
		    (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
			++*count;
	_exit(0);
}

/* Reads packets, writes as many bytes as there would be of lines. */
static void
bare_receiver(int fd, int out, size_t bytes, unsigned long wanted)
{
	static uint8_t room[BATCH][2048];
	static char line[8192];
	const struct timeval patience = { .tv_sec = 2 };
	struct mmsghdr in[BATCH];
	struct iovec at[BATCH];
	unsigned long got = 0;
	int i, n;

	memset(in, 0, sizeof in);
	memset(line, 'x', sizeof line);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	line[bytes - 1] = '\n';
	for (i = 0; i < BATCH; i++) {
		at[i] = (struct iovec){ room[i], sizeof room[i] };
		in[i].msg_hdr.msg_iov = &at[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
	while (got < wanted &&
	    (n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL)) > 0) {
		got += (unsigned long)n;
		for (i = 0; i < n; i++)
			if (write(out, line, bytes) < 0)
				_exit(1);
	}
	_exit(0);
}

/* Every packet is a line; -n ends the program when all have come. */
static pid_t
start_receiver(unsigned universes, bool whole, bool bare, int out,
    struct sockaddr_in *to)
{
	char list[16], count[16], port[16], ready[16];
	const char *const argv[] = { "clasp-sacn-in", "--interface", "lo", "-U",
	    list, "-n", count, "-p", port, "--rcvbuf", "4M", "--ready-fd",
	    ready, "-T", "20", "--mode", whole ? "universe" : "channel",
	    NULL };
	int fd = udp_socket(to), fds[2];
	char word[8];
	pid_t pid;

	snprintf(list, sizeof list, "1-%u", universes);
	snprintf(count, sizeof count, "%u", universes * FRAMES);
	snprintf(port, sizeof port, "%u", ntohs(to->sin_port));
	if (bare) {
		pid = fork();
		if (pid == 0)
			bare_receiver(fd, out, whole ? 1040 : 1000,
			    universes * FRAMES);
		close(fd);
		return pid;
	}
	close(fd);
	if (pipe(fds) < 0)
		fail("pipe");
	snprintf(ready, sizeof ready, "%d", fds[1]);
	pid = start(argv, 0, out);
	close(fds[1]);
	if (read(fds[0], word, sizeof word) <= 0)
		fail("clasp-sacn-in does not start");
	close(fds[0]);
	return pid;
}

static double
receive(unsigned universes, bool whole, bool bare)
{
	volatile unsigned long *count = mmap(NULL, sizeof *count,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in to, here;
	struct timespec next;
	int fds[2], fd = udp_socket(&here);
	unsigned frame;
	pid_t pid, counter;
	double s;

	wide_pipe(fds);
	counter = start_counter(fds, count);
	pid = start_receiver(universes, whole, bare, fds[1], &to);
	close(fds[0]);
	close(fds[1]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		make_packets(universes, frame);
		send_packets(fd, &to, universes);
		wait_tick(&next);
	}
	/* it has ended by itself when nothing was lost */
	s = share(pid);
	waitpid(counter, NULL, 0);
	close(fd);
	if (!bare && *count != (unsigned long)universes * FRAMES)
		fail("packets were lost");
	munmap((void *)(uintptr_t)count, sizeof *count);
	return s;
}

int
main(void)
{
	const char *build = getenv("BUILD");

	signal(SIGPIPE, SIG_IGN);
	snprintf(bin, sizeof bin, "%s/bin", build ? build : "build");
	print("sACN: 32 universes out, a tenth of the slots changes",
	    feed(false, false), feed(false, true), "< 25 %");
	print("sACN: 32 universes out, whole-universe lines",
	    feed(true, false), feed(true, true), "< 15 %");
	print_lateness();
	print("sACN: 100 universes in, a tenth changes, none lost",
	    receive(IN, false, false), receive(IN, false, true), "-");
	print("sACN: 1000 universes in, --mode universe, none lost",
	    receive(WHOLE, true, false), receive(WHOLE, true, true),
	    "< 100 %");
	return 0;
}
