/*
 * modemlines.c - preloaded, it gives a pseudo-terminal modem lines.
 *
 * libserialport asks every port for them and refuses one that has none.
 * Only requests that the kernel answers with ENOTTY are answered here; all
 * others pass.  With MODEMLINES_LOG the file of that name gets a line for
 * each change of speed and each break, with microseconds in front.
 *
 * A pseudo-terminal does not tell how much its far side has not read yet, as
 * a serial line tells how much it has not sent.  With MODEMLINES_TAKEN the
 * file of that name holds how many bytes were read there, as eight bytes
 * that the reader keeps up to date, and TIOCOUTQ tells the rest.
 *
 * With MODEMLINES_HOLD no terminal is closed while there is a file of that
 * name, as the system waits for a device that does not take what it has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <asm/termbits.h>

static int lines = TIOCM_CTS | TIOCM_DSR | TIOCM_CD;

static int
modem(unsigned long request, int *bits)
{
	switch (request) {
	case TIOCMGET:
		*bits = lines;
		return 0;
	case TIOCMSET:
		lines = *bits;
		return 0;
	case TIOCMBIS:
		lines |= *bits;
		return 0;
	case TIOCMBIC:
		lines &= ~*bits;
		return 0;
	default:
		return -1;
	}
}

static void
note(unsigned long request, const struct termios2 *t)
{
	static FILE *log;
	const char *path = getenv("MODEMLINES_LOG");
	struct timespec now;

	if (request != TCSETS2 && request != TIOCSBRK && request != TIOCCBRK)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!log && (!path || !(log = fopen(path, "ae"))))
		return;
	fprintf(log, "%lld ", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	if (request == TCSETS2)
		fprintf(log, "speed %u bits %d stop %d\n", t->c_ospeed,
		    (t->c_cflag & CSIZE) == CS8 ? 8 : 0,
		    t->c_cflag & CSTOPB ? 2 : 1);
	else
		fprintf(log, "break %s\n",
		    request == TIOCSBRK ? "begins" : "ends");
	fflush(log);
}

static uint64_t written;	/* to the one line there is */

static const volatile uint64_t *
taken(void)
{
	static const volatile uint64_t *map;
	const char *path = getenv("MODEMLINES_TAKEN");
	int fd;

	if (map || !path || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return map;
	map = mmap(NULL, sizeof *map, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return map == MAP_FAILED ? map = NULL : map;
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);
	ssize_t done;

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))
		    dlsym(RTLD_NEXT, "write");
	done = next(fd, bytes, n);
	if (done > 0 && getenv("MODEMLINES_TAKEN") && isatty(fd))
		written += (uint64_t)done;
	return done;
}

int
close(int fd)
{
	static int (*next)(int);
	const char *hold = getenv("MODEMLINES_HOLD");

	if (!next)
		next = (int (*)(int))dlsym(RTLD_NEXT, "close");
	while (hold && isatty(fd) && access(hold, F_OK) == 0)
		usleep(10000);
	return next(fd);
}

/* Of the requests that a pseudo-terminal answers itself. */
static void
tell_taken(unsigned long request, int *unsent)
{
	if (request == TIOCOUTQ && taken())
		*unsent = (int)(written - *taken());
	else if (request == TCFLSH && taken())
		written = *taken();
}

int
ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, void *);
	va_list ap;
	void *arg;
	int result;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		next = (int (*)(int, unsigned long, void *))
		    dlsym(RTLD_NEXT, "ioctl");
	/* what begins is noted when it has begun, what ends before it does:
	 * no break is told longer than it was */
	if (request == TIOCCBRK)
		note(request, NULL);
	result = next(fd, request, arg);
	if (request != TIOCCBRK)
		note(request, arg);
	tell_taken(request, arg);
	if (result < 0 && errno == ENOTTY && modem(request, arg) == 0)
		return 0;
	return result;
}
