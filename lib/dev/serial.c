/*
 * serial.c - one serial line: opened, set up, locked, never blocking.
 *
 * libserialport wants a name out of /sys/class/tty and modem lines that
 * answer; a pseudo-terminal has neither, and the open fails with SP_ERR_ARG
 * or ENOTTY.  Only then is termios2 used.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <asm/termbits.h>	/* termios2; not together with <termios.h> */

#include "base/error.h"
#include "dev/serial.h"

#define LOCK_DIR "/var/lock"

struct clasp_serial {
	struct sp_port	*port;		/* NULL: opened by path */
	int		 fd;
};

static void
say(char why[CLASP_SERIAL_WHY], const char *text)
{
	snprintf(why, CLASP_SERIAL_WHY, "%s", text);
	why[0] = (char)tolower((unsigned char)why[0]);
}

static int
say_errno(char why[CLASP_SERIAL_WHY])
{
	int error = errno;

	say(why, strerror(error));
	return error == ENOENT || error == ENODEV || error == ENXIO ?
	    CLASP_ENOENT : CLASP_EIO;
}

/* ---------------------------------------------------------------- locks */

/* Is there a LCK.. file for this name whose process is alive? */
static long
lock_holder(const char *path)
{
	const char *name = strrchr(path, '/');
	char file[PATH_MAX];
	long pid = 0;
	FILE *f;

	name = name ? name + 1 : path;
	if (snprintf(file, sizeof file, "%s/LCK..%s", LOCK_DIR, name) >=
	    (int)sizeof file)
		return 0;
	f = fopen(file, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%10ld", &pid) != 1 || pid <= 0 || pid > INT_MAX ||
	    pid == (long)getpid())
		pid = 0;
	fclose(f);
	/* a file left behind by a process that died locks nothing */
	if (pid && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		pid = 0;
	return pid;
}

static int
check_lock_files(const char *path, const char *resolved,
    char why[CLASP_SERIAL_WHY])
{
	long pid = lock_holder(path);

	if (!pid)
		pid = lock_holder(resolved);
	if (!pid)
		return 0;
	snprintf(why, CLASP_SERIAL_WHY, "in use by process %ld", pid);
	return CLASP_ELOCKED;
}

/* -------------------------------------------------------------- opening */

static int
set_termios(int fd, const struct clasp_serial_config *config)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return -1;
	t.c_iflag = 0;
	t.c_oflag = 0;
	t.c_lflag = 0;
	t.c_cflag &= ~(CSIZE | CSTOPB | PARENB | CRTSCTS | HUPCL);
	t.c_cflag |= CS8 | CREAD | CLOCAL;
	if (config->stop_bits == 2)
		t.c_cflag |= CSTOPB;
	if (config->baud) {
		t.c_cflag &= ~(CBAUD | CBAUD << IBSHIFT);
		t.c_cflag |= BOTHER | BOTHER << IBSHIFT;
		t.c_ispeed = t.c_ospeed = config->baud;
	}
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return ioctl(fd, TCSETS2, &t);
}

static int
open_path(struct clasp_serial *serial, const char *resolved,
    const struct clasp_serial_config *config, char why[CLASP_SERIAL_WHY])
{
	serial->fd = open(resolved, O_RDWR | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	if (serial->fd < 0)
		return say_errno(why);
	if (!isatty(serial->fd)) {
		say(why, "not a serial port");
		return CLASP_EIO;
	}
	if (flock(serial->fd, LOCK_EX | LOCK_NB) < 0) {
		say(why, "in use by another program");
		return CLASP_ELOCKED;
	}
	return set_termios(serial->fd, config) < 0 ? say_errno(why) : 0;
}

/* What libserialport says: its text is in memory it owns. */
static int
say_sp(enum sp_return result, char why[CLASP_SERIAL_WHY])
{
	if (result == SP_ERR_FAIL)
		return say_errno(why);
	say(why, result == SP_ERR_MEM ? "out of memory" :
	    result == SP_ERR_SUPP ? "speed or format not supported" :
	    "not a serial port");
	return CLASP_EIO;
}

static enum sp_return
set_sp(struct sp_port *port, const struct clasp_serial_config *config)
{
	enum sp_return result = SP_OK;

	if (config->baud)
		result = sp_set_baudrate(port, (int)config->baud);
	if (result == SP_OK)
		result = sp_set_bits(port, 8);
	if (result == SP_OK)
		result = sp_set_parity(port, SP_PARITY_NONE);
	if (result == SP_OK)
		result = sp_set_stopbits(port, (int)config->stop_bits);
	if (result == SP_OK)
		result = sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE);
	return result;
}

/* 0, an error, or 1: libserialport does not take this path. */
static int
open_sp(struct clasp_serial *serial, const char *resolved,
    const struct clasp_serial_config *config, char why[CLASP_SERIAL_WHY])
{
	enum sp_return result;
	int error;

	result = sp_get_port_by_name(resolved, &serial->port);
	if (result == SP_OK)
		result = sp_open(serial->port, SP_MODE_READ_WRITE);
	if (result == SP_ERR_ARG || (result == SP_ERR_FAIL &&
	    errno == ENOTTY)) {
		sp_free_port(serial->port);
		serial->port = NULL;
		return 1;
	}
	if (result != SP_OK) {
		error = say_sp(result, why);
		sp_free_port(serial->port);
		serial->port = NULL;
		return error;
	}
	sp_get_port_handle(serial->port, &serial->fd);
	if (flock(serial->fd, LOCK_EX | LOCK_NB) < 0) {
		say(why, "in use by another program");
		return CLASP_ELOCKED;
	}
	result = set_sp(serial->port, config);
	return result == SP_OK ? 0 : say_sp(result, why);
}

int
clasp_serial_open(const struct clasp_serial_config *config,
    struct clasp_serial **out, char why[CLASP_SERIAL_WHY])
{
	struct clasp_serial *serial;
	char resolved[PATH_MAX];
	int error;

	if (!realpath(config->path, resolved))
		return say_errno(why);
	error = check_lock_files(config->path, resolved, why);
	if (error)
		return error;
	serial = calloc(1, sizeof *serial);
	if (!serial) {
		say(why, clasp_strerror(CLASP_ENOMEM));
		return CLASP_ENOMEM;
	}
	serial->fd = -1;
	error = open_sp(serial, resolved, config, why);
	if (error > 0)
		error = open_path(serial, resolved, config, why);
	if (error) {
		clasp_serial_close(serial, false);
		return error;
	}
	*out = serial;
	return 0;
}

void
clasp_serial_close(struct clasp_serial *serial, bool discard)
{
	if (!serial)
		return;
	if (discard && serial->fd >= 0)
		ioctl(serial->fd, TCFLSH, TCOFLUSH);
	if (serial->port) {
		sp_close(serial->port);
		sp_free_port(serial->port);
	} else if (serial->fd >= 0) {
		close(serial->fd);
	}
	free(serial);
}

int
clasp_serial_fd(const struct clasp_serial *serial)
{
	return serial->fd;
}

/* ---------------------------------------------------------- the transfer */

static bool
is_hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 &&
	    p.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static int
outcome(const struct clasp_serial *serial, ssize_t n)
{
	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* libserialport leaves VMIN at 0: a read of nothing gives 0 also on
	 * a line that is well */
	if (n == 0 && !is_hung_up(serial->fd))
		return 0;
	return CLASP_ECLOSED;
}

int
clasp_serial_read(struct clasp_serial *serial, void *buf, size_t n)
{
	return outcome(serial, read(serial->fd, buf, n));
}

int
clasp_serial_write(struct clasp_serial *serial, const void *buf, size_t n)
{
	return outcome(serial, write(serial->fd, buf, n));
}

int
clasp_serial_break(struct clasp_serial *serial, bool on)
{
	return ioctl(serial->fd, on ? TIOCSBRK : TIOCCBRK, NULL) < 0 ?
	    CLASP_ECLOSED : 0;
}

void
clasp_serial_rts(struct clasp_serial *serial, bool on)
{
	int bit = TIOCM_RTS;

	ioctl(serial->fd, on ? TIOCMBIS : TIOCMBIC, &bit);
}

size_t
clasp_serial_unsent(const struct clasp_serial *serial)
{
	int n = 0;

	if (ioctl(serial->fd, TIOCOUTQ, &n) < 0 || n < 0)
		return 0;
	return (size_t)n;
}

/* ----------------------------------------------------------------- which */

void
clasp_serial_list(void (*fn)(const char *path, const char *what, void *user),
    void *user)
{
	struct sp_port **ports;
	const char *what;
	size_t i;

	if (sp_list_ports(&ports) != SP_OK)
		return;
	for (i = 0; ports[i]; i++) {
		what = sp_get_port_description(ports[i]);
		fn(sp_get_port_name(ports[i]), what ? what : "", user);
	}
	sp_free_port_list(ports);
}
