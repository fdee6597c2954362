/* flows.c - the programs of one protocol of levels, measured. */
#include "flows.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define FRAMES	UNIVERSES_FRAMES
#define SLOTS	512
#define BATCH	64
#define ROOM	(1 << 20)

static char text[FLOWS_OUT * UNIVERSES_TEXT];
static uint8_t packets[FLOWS_WHOLE][FLOWS_PACKET];
static size_t packet_len;

static void
send_packets(int fd, const struct sockaddr_in *to, unsigned n)
{
	universes_send(fd, to, packets[0], sizeof packets[0], packet_len, n);
}

static void
make_packets(const struct flow *flow, unsigned n, unsigned frame)
{
	static uint8_t slots[SLOTS];
	unsigned i;

	for (i = frame % 10; i < SLOTS; i += 10)
		slots[i]++;
	for (i = 0; i < n; i++)
		packet_len = flow->encode(packets[i], flow->first + i,
		    (uint8_t)(frame % 255 + 1), slots);
}

/* --------------------------------------------------------------------- out */

static size_t
make_text(const struct flow *flow, unsigned universes, bool whole,
    unsigned frame)
{
	return universes_text(text, flow->prefix, flow->first,
	    flow->first + universes - 1, whole, frame);
}

/* Reads all lines of a frame, sends its packets. */
static void
bare_sender(const struct flow *flow, unsigned universes, int in, size_t bytes,
    const struct sockaddr_in *to)
{
	static char room[ROOM];
	struct sockaddr_in here;
	int fd = universes_socket(&here);
	size_t got = 0;
	ssize_t n;

	make_packets(flow, universes, 0);
	while ((n = read(in, room, sizeof room)) > 0)
		for (got += (size_t)n; got >= bytes; got -= bytes)
			send_packets(fd, to, universes);
	_exit(0);
}

/* A sender of ours to a port on loopback. */
static pid_t
start_sender(const struct flow *flow, const struct sockaddr_in *at, int in)
{
	char to[32];
	const char *const argv[] = { flow->sender, "--to", to, "-q",
	    flow->option, flow->value, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at->sin_port));
	pid = universes_start(argv, in, null);
	close(null);
	return pid;
}

/* Every change is to be on the wire. */
double
flows_feed(const struct flow *flow, unsigned universes, bool whole, bool bare)
{
	struct sockaddr_in at;
	struct timespec next;
	int fds[2], fd = universes_socket(&at);
	unsigned frame, got = 0;
	static uint8_t room[2048];
	size_t len = make_text(flow, universes, whole, 0);
	double s;
	pid_t pid;

	universes_pipe(fds);
	pid = bare ? fork() : start_sender(flow, &at, fds[0]);
	if (pid == 0) {
		close(fds[1]);
		bare_sender(flow, universes, fds[0], len, &at);
	}
	close(fds[0]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		len = bare ? len : make_text(flow, universes, whole, frame);
		universes_write(fds[1], text, len);
		while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
			got++;
		universes_tick(&next);
	}
	close(fds[1]);
	s = universes_wait(pid);
	while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
		got++;
	close(fd);
	/* two changes may meet in one tick, as clocks go */
	if (got < universes * FRAMES * 9 / 10)
		fail("packets are missing");
	return s;
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
start_receiver(const struct flow *flow, unsigned universes, bool whole,
    bool bare, int out, struct sockaddr_in *to)
{
	char list[24], count[16], port[16], ready[16];
	const char *const argv[] = { flow->receiver, "--interface", "lo", "-U",
	    list, "-n", count, "-p", port, "--rcvbuf", "4M", "--ready-fd",
	    ready, "-T", "20", "--mode", whole ? "universe" : "channel",
	    NULL };
	int fd = universes_socket(to), fds[2];
	char word[8];
	pid_t pid;

	snprintf(list, sizeof list, "%u-%u", flow->first,
	    flow->first + universes - 1);
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
	pid = universes_start(argv, 0, out);
	close(fds[1]);
	if (read(fds[0], word, sizeof word) <= 0)
		fail("a receiver does not start");
	close(fds[0]);
	return pid;
}

double
flows_receive(const struct flow *flow, unsigned universes, bool whole,
    bool bare)
{
	volatile unsigned long *count = mmap(NULL, sizeof *count,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in to, here;
	struct timespec next;
	int fds[2], fd = universes_socket(&here);
	unsigned frame;
	pid_t pid, counter;
	double s;

	universes_pipe(fds);
	counter = start_counter(fds, count);
	pid = start_receiver(flow, universes, whole, bare, fds[1], &to);
	close(fds[0]);
	close(fds[1]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		make_packets(flow, universes, frame);
		send_packets(fd, &to, universes);
		universes_tick(&next);
	}
	/* it has ended by itself when nothing was lost */
	s = universes_wait(pid);
	waitpid(counter, NULL, 0);
	close(fd);
	if (!bare && *count != (unsigned long)universes * FRAMES)
		fail("packets were lost");
	munmap((void *)(uintptr_t)count, sizeof *count);
	return s;
}

/* ------------------------------------------------------------------- rows */

static void
print_lateness(const struct flow *flow)
{
	char to[32], line[80], what[80], ours[40], limit[40];
	const char *const argv[] = { flow->sender, "--to", to, flow->option,
	    flow->value, NULL };
	struct sockaddr_in at;
	int fd = universes_socket(&at);
	bool first;
	double late, bare;

	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at.sin_port));
	snprintf(line, sizeof line, "%s/%u/1 %%u\n", flow->prefix,
	    flow->first);
	late = universes_lateness(argv, line, fd, &at, flow->level_at,
	    &first);
	bare = universes_lateness(NULL, NULL, fd, &at, flow->level_at,
	    &first);
	close(fd);
	snprintf(what, sizeof what,
	    "%s: line in to packet out beyond the tick, p99", flow->name);
	snprintf(ours, sizeof ours, "%.3f ms", late);
	snprintf(limit, sizeof limit, "%.3f ms (a bare timer)", bare);
	row(what, ours, limit, late / bare, "< 1 ms");
	if (!first)
		printf("# %s: other programs may have delayed packets\n",
		    flow->name);
}

void
flows_rows(const struct flow *flow)
{
	char what[80];

	snprintf(what, sizeof what,
	    "%s: 32 universes out, a tenth of the slots changes", flow->name);
	universes_row(what, flows_feed(flow, FLOWS_OUT, false, false),
	    flows_feed(flow, FLOWS_OUT, false, true), "", "< 25 %");
	snprintf(what, sizeof what,
	    "%s: 32 universes out, whole-universe lines", flow->name);
	universes_row(what, flows_feed(flow, FLOWS_OUT, true, false),
	    flows_feed(flow, FLOWS_OUT, true, true), "", "< 15 %");
	print_lateness(flow);
	snprintf(what, sizeof what,
	    "%s: 100 universes in, a tenth changes, none lost", flow->name);
	universes_row(what, flows_receive(flow, FLOWS_IN, false, false),
	    flows_receive(flow, FLOWS_IN, false, true), "", "-");
	snprintf(what, sizeof what,
	    "%s: 1000 universes in, --mode universe, none lost", flow->name);
	universes_row(what, flows_receive(flow, FLOWS_WHOLE, true, false),
	    flows_receive(flow, FLOWS_WHOLE, true, true), "", "< 100 %");
}

/* --------------------------------------------------------------------- OLA */

/* Its own lines, "1,2,3", one client for each universe. */
static void
ola_text(unsigned universe, unsigned frame)
{
	char *p = text;
	unsigned i;

	for (i = 0; i < SLOTS; i++)
		p += sprintf(p, "%s%u", i ? "," : "",
		    (i + frame + universe) & 0xff);
	sprintf(p, "\n");
}

double
flows_ola_feed(const struct flow *flow, pid_t olad, unsigned universes,
    int fd)
{
	char number[16];
	const char *const argv[] = { "/usr/bin/ola_streaming_client", "-u",
	    number, NULL };
	int fds[FLOWS_OUT][2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pids[FLOWS_OUT];
	struct timespec next;
	unsigned u, frame, got = 0;
	double s = -universes_cpu_s(olad);

	for (u = 0; u < universes; u++) {
		universes_pipe(fds[u]);
		snprintf(number, sizeof number, "%u", flow->first + u);
		pids[u] = universes_start(argv, fds[u][0], null);
		close(fds[u][0]);
	}
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		for (u = 0; u < universes; u++) {
			ola_text(u + 1, frame);
			universes_write(fds[u][1], text, strlen(text));
		}
		while (recv(fd, packets[0], sizeof packets[0],
		    MSG_DONTWAIT) > 0)
			got++;
		universes_tick(&next);
	}
	for (u = 0; u < universes; u++) {
		close(fds[u][1]);
		s += universes_wait(pids[u]);
	}
	while (recv(fd, packets[0], sizeof packets[0], MSG_DONTWAIT) > 0)
		got++;
	close(null);
	if (got < FRAMES * 9 / 10)
		printf("# %s: OLA sent %u of %d frames\n", flow->name, got,
		    FRAMES);
	return s + universes_cpu_s(olad);
}

/* Lines of its recorder, each a whole universe. */
static unsigned
ola_lines(const char *path)
{
	unsigned n = 0;
	FILE *f = fopen(path, "r");
	int c;

	if (!f)
		fail(path);
	/* the others are delays, alone on their line */
	while ((c = getc(f)) != EOF)
		n += c == ' ';
	fclose(f);
	return n;
}

double
flows_ola_receive(const struct flow *flow, pid_t olad, unsigned universes)
{
	char path[] = "/tmp/bench-ola-rec.XXXXXX", list[FLOWS_IN * 4];
	const char *const argv[] = { "/usr/bin/ola_recorder", "-r", path, "-u",
	    list, NULL };
	struct sockaddr_in here, to = { .sin_family = AF_INET,
	    .sin_port = htons(flow->port),
	    .sin_addr.s_addr = inet_addr("10.77.0.2") };
	char *p = list;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd = universes_socket(&here), any = mkstemp(path);
	struct timespec next;
	unsigned frame, i, got;
	double s;
	pid_t pid;

	for (i = 0; i < universes; i++)
		p += sprintf(p, "%s%u", i > 0 ? "," : "", flow->first + i);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid = universes_start(argv, null, null);
	/* it says nothing when it is there: frames, until it writes them */
	for (i = 0; i < 200 && ola_lines(path) == 0; i++) {
		make_packets(flow, universes, i);
		send_packets(fd, &to, universes);
		usleep(50000);
	}
	got = ola_lines(path);
	s = -universes_cpu_s(olad) - universes_cpu_s(pid);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		make_packets(flow, universes, i + frame);
		send_packets(fd, &to, universes);
		universes_tick(&next);
	}
	s += universes_cpu_s(olad) + universes_cpu_s(pid);
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
	got = ola_lines(path) - got;
	if (got < universes * FRAMES)
		printf("# %s: OLA received and wrote %u of %u frames\n",
		    flow->name, got, universes * FRAMES);
	close(fd);
	close(any);
	close(null);
	unlink(path);
	return s;
}
