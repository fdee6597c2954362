/*
 * modemlines.c - preloaded, it gives a pseudo-terminal modem lines.
 *
 * libserialport asks every port for them and refuses one that has none.
 * Only requests that the kernel answers with ENOTTY are answered here; all
 * others pass.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

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
	result = next(fd, request, arg);
	if (result < 0 && errno == ENOTTY && modem(request, arg) == 0)
		return 0;
	return result;
}
