/* universes.c - what the benchmarks of levels over a network share. */
#include "universes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define ROOM		(1 << 20)
#define BATCH		64
#define SLOTS		512
#define LINES		300	/* to measure how late packets are */
#define QUIET_NS	1000000	/* before a tick nothing is written */
#define TICK_NS		(1000000000ull / UNIVERSES_RATE)

/* --------------------------------------------------------------- programs */

int
universes_socket(struct sockaddr_in *at)
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

void
universes_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		fail("pipe");
	fcntl(fds[1], F_SETPIPE_SZ, ROOM);
}

pid_t
universes_start(const char *const argv[], int in, int out)
{
	const char *build = getenv("BUILD");
	char path[5000];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, 0);
	dup2(out, 1);
	if (strchr(argv[0], '/'))
		snprintf(path, sizeof path, "%s", argv[0]);
	else
		snprintf(path, sizeof path, "%s/bin/%s",
		    build ? build : "build", argv[0]);
	execv(path, (char **)(uintptr_t)argv);
	_exit(127);
}

double
universes_wait(pid_t pid)
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

double
universes_cpu_s(pid_t pid)
{
	unsigned long user, system;
	char path[40], text[1024];
	const char *p;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		fail(path);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* the name, in brackets, may be anything; utime is 12 words later */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
	    "%*u %lu %lu", &user, &system) != 2)
		fail(path);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void
universes_write(int fd, const char *p, size_t n)
{
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k)
		if ((k = write(fd, p, n)) < 0)
			fail("write");
}

void
universes_tick(struct timespec *at)
{
	at->tv_nsec += 1000000000 / UNIVERSES_RATE;
	if (at->tv_nsec >= 1000000000) {
		at->tv_nsec -= 1000000000;
		at->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

void
universes_row(const char *what, double s, double limit_s,
    const char *limit_is, const char *target)
{
	char ours[40], limit[100];

	snprintf(ours, sizeof ours, "%.1f %% of a core",
	    s / UNIVERSES_SECONDS * 100);
	snprintf(limit, sizeof limit, "%.1f %%%s",
	    limit_s / UNIVERSES_SECONDS * 100, limit_is);
	row(what, ours, limit, s / limit_s, target);
}

/* -------------------------------------------------------- lines, packets */

size_t
universes_text(char *text, const char *prefix, unsigned first, unsigned last,
    bool whole, unsigned frame)
{
	char *p = text;
	unsigned u, i;

	for (u = first; u <= last; u++) {
		if (whole) {
			p += sprintf(p, "%s/%u stream x\"", prefix, u);
			for (i = 0; i < SLOTS; i++)
				p += sprintf(p, "%02x",
				    (i + frame + u) & 0xff);
			p += sprintf(p, "\"\n");
			continue;
		}
		for (i = 0; i < UNIVERSES_TENTH; i++)
			p += sprintf(p, "%s%s/%u/%u %u", i ? " ; " : "",
			    prefix, u, i * 10 + frame % 10 + 1,
			    (frame + i) & 0xff);
		*p++ = '\n';
	}
	return (size_t)(p - text);
}

void
universes_send(int fd, const struct sockaddr_in *to, const uint8_t *packets,
    size_t stride, size_t len, unsigned n)
{
	struct mmsghdr out[BATCH];
	struct iovec at[BATCH];
	unsigned i, k;

	memset(out, 0, sizeof out);
	for (i = 0; i < n; i += k) {
		for (k = 0; k < BATCH && i + k < n; k++) {
			at[k].iov_base = (void *)(uintptr_t)
			    (packets + (i + k) * stride);
			at[k].iov_len = len;
			out[k].msg_hdr.msg_iov = &at[k];
			out[k].msg_hdr.msg_iovlen = 1;
			out[k].msg_hdr.msg_name = (void *)(uintptr_t)to;
			out[k].msg_hdr.msg_namelen = sizeof *to;
		}
		if (sendmmsg(fd, out, k, 0) != (int)k)
			fail("sendmmsg");
	}
}

/* --------------------------------------------------------------- lateness */

/* Run before all that is not as urgent; false: we may not. */
static bool
be_first(bool on)
{
	const struct sched_param urgent = { .sched_priority = on ? 10 : 0 };

	return sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER,
	    &urgent) == 0;
}

/* At each tick the newest of the lines that came, as one byte at its place
 * in a packet. */
static void
bare_ticker(int in, const struct sockaddr_in *to, size_t at)
{
	uint8_t packet[SLOTS + 126] = { 0 };
	struct sockaddr_in here;
	struct timespec next;
	int fd = universes_socket(&here);

	fcntl(in, F_SETFL, O_NONBLOCK);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		universes_tick(&next);
		if (read(in, &packet[at], 1) != 1)
			continue;
		sendto(fd, packet, sizeof packet, 0,
		    (const struct sockaddr *)to, sizeof *to);
	}
}

/* The time of the packet that has this level first. */
static uint64_t
wait_level(int fd, size_t at, uint8_t level)
{
	static uint8_t room[2048];
	ssize_t n;

	do {
		n = recv(fd, room, sizeof room, 0);
		if (n <= 0)
			fail("recv");
	} while ((size_t)n <= at || room[at] != level);
	return now_ns();
}

static void
sleep_until(uint64_t ns)
{
	const struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
	    .tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/*
 * A line at some time after the packet of the one before, which came about
 * at a tick.  The next tick is the one that it is for.
 */
static void
play_lines(int to, const char *line, bool bare, int fd, size_t at,
    uint64_t sent[LINES], uint64_t came[LINES])
{
	char text[80];
	uint8_t level;
	unsigned i;

	came[0] = now_ns();
	for (i = 0; i < LINES; i++) {
		level = (uint8_t)(i % 255 + 1);
		sleep_until(came[i > 0 ? i - 1 : 0] + (i * 7919u) %
		    (unsigned)(TICK_NS - 2 * QUIET_NS));
		if (bare) {
			text[0] = (char)level;
			text[1] = '\0';
		} else {
			snprintf(text, sizeof text, line, level);
		}
		sent[i] = now_ns();
		universes_write(to, text, strlen(text));
		came[i] = wait_level(fd, at, level);
	}
}

/* The most punctual packet tells when the ticks are. */
static double
late_p99(const uint64_t sent[LINES], const uint64_t came[LINES])
{
	uint64_t base = came[0], tick;
	double late[LINES], phase, least = 0;
	unsigned i;

	for (i = 0; i < LINES; i++) {
		phase = (double)((came[i] - came[0]) % TICK_NS);
		if (phase > (double)TICK_NS / 2)
			phase -= (double)TICK_NS;
		if (phase < least)
			least = phase;
	}
	base -= TICK_NS + (uint64_t)-least;
	for (i = 0; i < LINES; i++) {
		tick = base + ((sent[i] - base) / TICK_NS + 1) * TICK_NS;
		late[i] = ((double)came[i] - (double)tick) / 1e6;
	}
	qsort(late, LINES, sizeof late[0], cmp_double);
	return late[LINES * 99 / 100];
}

double
universes_lateness(const char *const argv[], const char *line, int fd,
    const struct sockaddr_in *to, size_t at, bool *first)
{
	uint64_t sent[LINES], came[LINES];
	int fds[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	universes_pipe(fds);
	*first = be_first(true);
	pid = argv ? universes_start(argv, fds[0], null) : fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bare_ticker(fds[0], to, at);
	}
	play_lines(fds[1], line, !argv, fd, at, sent, came);
	be_first(false);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	close(null);
	return late_p99(sent, came);
}

/* -------------------------------------------------------------------- OLA */

static char conf[] = "/tmp/bench-ola.XXXXXX";

void
universes_run(const char *format, ...)
{
	char command[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	if (system(command) != 0)
		fail(command);
}

static void
write_config(const char *plugin, const char *text)
{
	static const char *const plugins[] = { "artnet", "dummy", "e131",
	    "espnet", "ftdidmx", "gpio", "karate", "kinet", "milinst",
	    "nanoleaf", "opendmx", "openpixelcontrol", "osc", "pathport",
	    "renard", "sandnet", "shownet", "spi", "spidmx", "stageprofi",
	    "uartdmx", "usbdmx", "usbserial" };
	char path[sizeof conf + 60];
	size_t i;
	FILE *f;

	for (i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
		snprintf(path, sizeof path, "%s/ola-%s.conf", conf,
		    plugins[i]);
		f = fopen(path, "w");
		if (!f || fputs(strcmp(plugins[i], plugin) == 0 ? text :
		    "enabled = false\n", f) < 0 || fclose(f) != 0)
			fail(path);
	}
	universes_run("chown -R olad '%s' && chmod 755 '%s'", conf, conf);
}

pid_t
universes_olad(const char *plugin, const char *config)
{
	const char *const argv[] = { "/usr/bin/setpriv", "--reuid=olad",
	    "--regid=nogroup", "--clear-groups", "olad", "-c", conf, "-l", "0",
	    "--no-register-with-dns-sd", "--no-http", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;
	pid_t olad;

	if (system("command -v olad setpriv ip >/dev/null") != 0) {
		printf("# no olad here: nothing to compare with\n");
		return 0;
	}
	if (unshare(CLONE_NEWNET) < 0) {
		printf("# no network namespace (%s): not compared with OLA\n",
		    strerror(errno));
		return 0;
	}
	if (!mkdtemp(conf))
		fail(conf);
	write_config(plugin, config);
	universes_run("ip link set lo up && "
	    "ip link add vA type veth peer name vB && "
	    "ip addr add 10.77.0.1/24 brd + dev vA && "
	    "ip addr add 10.77.0.2/24 brd + dev vB && "
	    "ip link set vA up && ip link set vB up && "
	    "ip route add 224.0.0.0/4 dev vB && "
	    /* both ends are ours here; it has one socket for all groups */
	    "sysctl -qw net.ipv4.conf.vA.accept_local=1 "
	    "net.ipv4.conf.vA.rp_filter=0 net.ipv4.conf.all.rp_filter=0 "
	    "net.ipv4.igmp_max_memberships=1000");
	olad = universes_start(argv, null, null);
	for (i = 0; system("ola_dev_info 2>/dev/null | grep -q 'Device 1'") !=
	    0; i++) {
		if (i == 200 || waitpid(olad, NULL, WNOHANG) != 0)
			fail("olad does not start");
		usleep(50000);
	}
	close(null);
	return olad;
}

void
universes_olad_end(pid_t olad)
{
	kill(olad, SIGTERM);
	waitpid(olad, NULL, 0);
	universes_run("rm -rf '%s'", conf);
}
