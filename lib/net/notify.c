/* notify.c - see notify.h */
#include "net/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"

static int fd = -1;
static uint64_t watchdog_us;
static struct sockaddr_un address;
static socklen_t address_len;

static uint64_t
number_of(const char *variable)
{
	uint64_t value;

	if (clasp_uint_parse(clasp_str_c(getenv(variable)), &value) < 0)
		return 0;
	return value;
}

/* The watchdog may be meant for another process than us. */
static void
read_watchdog(void)
{
	uint64_t pid = number_of("WATCHDOG_PID");

	if (pid == 0 || pid == (uint64_t)getpid())
		watchdog_us = number_of("WATCHDOG_USEC");
}

bool
clasp_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof address.sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path, n);
	/* an abstract one begins with NUL, and does not end with it */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	read_watchdog();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	return true;
}

void
clasp_notify_close(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
	watchdog_us = 0;
}

void
clasp_notify_send(const char *format, ...)
{
	char text[512];
	va_list ap;
	int n;

	if (fd < 0)
		return;
	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n <= 0 || (size_t)n >= sizeof text)
		return;
	if (sendto(fd, text, (size_t)n, MSG_NOSIGNAL,
	    (struct sockaddr *)&address, address_len) < 0) {
		/* a manager that does not listen is no reason to fail */
	}
}

uint64_t
clasp_notify_watchdog_us(void)
{
	return watchdog_us;
}
