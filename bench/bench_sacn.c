/*
 * bench_sacn.c - the share of a core that the sACN programs take at 44 frames
 * a second, sockets and pipes included, over loopback; and that nothing is
 * lost.  The limit is a bare program that reads the same bytes and writes as
 * many, one system call for a batch.  Then OLA does what of it it can do.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "proto/sacn.h"
#include "universes.h"

#define FRAMES	UNIVERSES_FRAMES
#define OUT	32	/* universes sent */
#define IN	100	/* received, as lines of what changed */
#define WHOLE	1000	/* received, as bytes */
#define SLOTS	512
#define BATCH	64
#define ROOM	(1 << 20)
#define CID	"00112233-4455-6677-8899-aabbccddeeff"

static char text[OUT * UNIVERSES_TEXT];
static uint8_t packets[WHOLE][CLASP_SACN_MAX];
static size_t packet_len;

static void
send_packets(int fd, const struct sockaddr_in *to, unsigned n)
{
	universes_send(fd, to, packets[0], sizeof packets[0], packet_len, n);
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

static size_t
make_text(bool whole, unsigned frame)
{
	return universes_text(text, "/sacn", 1, OUT, whole, frame);
}

/* Reads all lines of a frame, sends its packets. */
static void
bare_sender(int in, size_t bytes, const struct sockaddr_in *to)
{
	static char room[ROOM];
	struct sockaddr_in here;
	int fd = universes_socket(&here);
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
	    "hold", "--cid", CID, NULL };
	struct sockaddr_in at;
	struct timespec next;
	int fds[2], fd = universes_socket(&at), null = open("/dev/null", O_WRONLY);
	unsigned frame, got = 0;
	static uint8_t room[2048];
	size_t len = make_text(whole, 0);
	double s;
	pid_t pid;

	universes_pipe(fds);
	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at.sin_port));
	if (bare) {
		pid = fork();
		if (pid == 0) {
			close(fds[1]);
			bare_sender(fds[0], len, &at);
		}
	} else {
		pid = universes_start(argv, fds[0], null);
	}
	close(fds[0]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		len = bare ? len : make_text(whole, frame);
		universes_write(fds[1], text, len);
		while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
			got++;
		universes_tick(&next);
	}
	close(fds[1]);
	close(null);
	s = universes_wait(pid);
	while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
		got++;
	close(fd);
	/* two changes may meet in one tick, as clocks go */
	if (got < OUT * FRAMES * 9 / 10)
		fail("packets are missing");
	return s;
}

static void
print_lateness(void)
{
	char to[32], ours[40], limit[40];
	const char *const argv[] = { "clasp-sacn-out", "--to", to, "--cid",
	    CID, NULL };
	struct sockaddr_in at;
	int fd = universes_socket(&at);
	bool first;
	double late, bare;

	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(at.sin_port));
	late = universes_lateness(argv, "/sacn/1/1 %u\n", fd, &at, 126,
	    &first);
	bare = universes_lateness(NULL, NULL, fd, &at, 126, &first);
	close(fd);
	snprintf(ours, sizeof ours, "%.3f ms", late);
	snprintf(limit, sizeof limit, "%.3f ms (a bare timer)", bare);
	row("sACN: line in to packet out beyond the tick, p99", ours, limit,
	    late / bare, "< 1 ms");
	if (!first)
		printf("# sACN: other programs may have delayed packets\n");
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
	int fd = universes_socket(to), fds[2];
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
	pid = universes_start(argv, 0, out);
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
	int fds[2], fd = universes_socket(&here);
	unsigned frame;
	pid_t pid, counter;
	double s;

	universes_pipe(fds);
	counter = start_counter(fds, count);
	pid = start_receiver(universes, whole, bare, fds[1], &to);
	close(fds[0]);
	close(fds[1]);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		make_packets(universes, frame);
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

/* --------------------------------------------------------------------- OLA */

/* How many packets of universe 1 olad sends on its network. */
static int
ola_listener(void)
{
	const struct ip_mreq req = {
		.imr_multiaddr.s_addr = htonl(clasp_sacn_group(1)),
		.imr_interface.s_addr = inet_addr("10.77.0.1")
	};
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(CLASP_SACN_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	at.sin_addr = req.imr_multiaddr;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &req,
	    sizeof req) < 0)
		fail("a group of olad's");
	return fd;
}

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

/* What olad and its clients take to send OUT universes from lines. */
static double
ola_feed(pid_t olad)
{
	char number[16];
	const char *const argv[] = { "/usr/bin/ola_streaming_client", "-u",
	    number, NULL };
	int fds[OUT][2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int fd = ola_listener();
	pid_t pids[OUT];
	struct timespec next;
	unsigned u, frame, got = 0;
	double s = -universes_cpu_s(olad);

	for (u = 0; u < OUT; u++) {
		universes_pipe(fds[u]);
		snprintf(number, sizeof number, "%u", u + 1);
		pids[u] = universes_start(argv, fds[u][0], null);
		close(fds[u][0]);
	}
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		for (u = 0; u < OUT; u++) {
			ola_text(u + 1, frame);
			universes_write(fds[u][1], text, strlen(text));
		}
		while (recv(fd, packets[0], sizeof packets[0],
		    MSG_DONTWAIT) > 0)
			got++;
		universes_tick(&next);
	}
	for (u = 0; u < OUT; u++) {
		close(fds[u][1]);
		s += universes_wait(pids[u]);
	}
	while (recv(fd, packets[0], sizeof packets[0], MSG_DONTWAIT) > 0)
		got++;
	close(fd);
	close(null);
	if (got < FRAMES * 9 / 10)
		printf("# OLA: sent %u of %d frames\n", got, FRAMES);
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

/* What olad and its recorder take to write IN universes as text. */
static double
ola_receive(pid_t olad)
{
	char path[] = "/tmp/bench-ola-rec.XXXXXX", list[IN * 4], *p = list;
	const char *const argv[] = { "/usr/bin/ola_recorder", "-r", path, "-u",
	    list, NULL };
	struct sockaddr_in here, to = { .sin_family = AF_INET,
	    .sin_port = htons(CLASP_SACN_PORT),
	    .sin_addr.s_addr = inet_addr("10.77.0.2") };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd = universes_socket(&here), any = mkstemp(path);
	struct timespec next;
	unsigned frame, i, got;
	double s;
	pid_t pid;

	for (i = 1; i <= IN; i++)
		p += sprintf(p, "%s%u", i > 1 ? "," : "", i);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid = universes_start(argv, null, null);
	/* it says nothing when it is there: frames, until it writes them */
	for (i = 0; i < 200 && ola_lines(path) == 0; i++) {
		make_packets(IN, i);
		send_packets(fd, &to, IN);
		usleep(50000);
	}
	got = ola_lines(path);
	s = -universes_cpu_s(olad) - universes_cpu_s(pid);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; frame < FRAMES; frame++) {
		make_packets(IN, i + frame);
		send_packets(fd, &to, IN);
		universes_tick(&next);
	}
	s += universes_cpu_s(olad) + universes_cpu_s(pid);
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
	got = ola_lines(path) - got;
	if (got < IN * FRAMES)
		printf("# OLA: %u of %u frames received and written\n", got,
		    IN * FRAMES);
	close(fd);
	close(any);
	close(null);
	unlink(path);
	return s;
}

static void
compare_with_ola(void)
{
	double ours_out = feed(true, false);
	double ours_in = receive(IN, true, false);
	pid_t olad = universes_olad("e131", "enabled = true\nip = 10.77.0.2\n"
	    "input_ports = 100\noutput_ports = 100\nignore_preview = true\n"
	    "revision = 0.46\n");
	int i;

	if (olad == 0)
		return;
	for (i = 1; i <= OUT; i++)
		universes_run("ola_patch -d 1 -p %d -u %d", i - 1, i);
	universes_row("sACN: 32 universes out, whole-universe lines", ours_out,
	    ola_feed(olad), " (OLA)", "-");
	for (i = 1; i <= OUT; i++)
		universes_run("ola_patch -r -d 1 -p %d", i - 1);
	for (i = 1; i <= IN; i++)
		universes_run("ola_patch -i -d 1 -p %d -u %d", i - 1, i);
	universes_row("sACN: 100 universes in, as whole universes", ours_in,
	    ola_receive(olad), " (OLA)", "-");
	universes_olad_end(olad);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	universes_row("sACN: 32 universes out, a tenth of the slots changes",
	    feed(false, false), feed(false, true), "", "< 25 %");
	universes_row("sACN: 32 universes out, whole-universe lines",
	    feed(true, false), feed(true, true), "", "< 15 %");
	print_lateness();
	universes_row("sACN: 100 universes in, a tenth changes, none lost",
	    receive(IN, false, false), receive(IN, false, true), "", "-");
	universes_row("sACN: 1000 universes in, --mode universe, none lost",
	    receive(WHOLE, true, false), receive(WHOLE, true, true), "",
	    "< 100 %");
	compare_with_ola();
	return 0;
}
