/*
 * modemlines.c - preloaded, it gives a pseudo-terminal modem lines.
 *
 * libserialport asks every port for them and refuses one that has none.
 * Only requests that the kernel answers with ENOTTY are answered here; all
 * others pass.  With MODEMLINES_LOG the file of that name gets a line for
 * each change of speed and each break, with microseconds in front.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
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
	if (result < 0 && errno == ENOTTY && modem(request, arg) == 0)
		return 0;
	return result;
}
