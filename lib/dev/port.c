/*
 * port.c - a device on a loop.
 *
 *	            +--- data, sent ---+
 *	            v                  |
 *	closed --> open ---------------+
 *	   ^         |
 *	   +-- 1 s --+  hang-up, error, two seconds without progress
 *
 * A pipe or file does not come back: it ends.
 *
 * The system may take its time to open a device, and half a minute to close
 * one that does not take what it was given.  When the loop runs already both
 * are done beside it.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "dev/port.h"

#define RETRY_MS	1000
#define LISTEN_MS	50	/* for a FIFO that nobody reads */
#define STALL_MS	2000
#define PAUSE_MS	20
#define STALL_SAY_MS	60000

struct watch {
	uv_poll_t	 poll;
	struct clasp_port *port;	/* NULL: being closed */
};

/* A device that was opened, or why not. */
struct opened {
	struct clasp_serial *serial;
	int		 fd;		/* without serial; -1: none */
	bool		 unheard;	/* a FIFO without a reader */
	int		 error;
	char		 why[CLASP_SERIAL_WHY];
};

/* What is done beside the loop: the device is closed, or opened. */
struct job {
	uv_work_t	 work;
	bool		 closes;
	struct opened	 device;
};

struct clasp_port {
	uv_loop_t	*loop;
	struct clasp_port_config config;
	struct clasp_port_events events;
	void		*user;
	struct clasp_serial *serial;
	int		 fd;		/* without serial; -1: closed */
	struct watch	*watch;
	uv_timer_t	 retry;
	uv_timer_t	 stall;
	uv_timer_t	 pause;
	uv_idle_t	 idle;		/* reads what cannot be polled */
	struct job	 job;		/* one at a time */
	int		 handles;	/* of the four, and jobs, still open */
	bool		 opened;	/* once */
	bool		 unpolled;	/* read by idle */
	bool		 closing;
	bool		 unheard;	/* a FIFO without a reader */
	bool		 stalled;	/* it was lost so */
	bool		 quiet;		/* a stall that was told of */
	bool		 unread;	/* by clasp_port_read */
	uint64_t	 stall_told_ms;
	size_t		 unsent;	/* as the system told last */
	uint64_t	 progress_ms;
	size_t		 len, done;	/* of out */
	uint8_t		 out[CLASP_PORT_SEND_MAX];
	uint8_t		 in[65536];
};

static void lose(struct clasp_port *port, const char *why, bool stalled);
static void on_poll(uv_poll_t *poll, int status, int events);
static void close_device(struct clasp_port *port);
static void on_retry(uv_timer_t *timer);
static void release(struct clasp_port *port);

/* -------------------------------------------------------------- opening */

static void
watch_freed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Is it only written to? */
static bool
is_outward(const struct clasp_port *port)
{
	return !port->serial && port->config.access == CLASP_PORT_OUT;
}

/* Which events are wanted now. */
static void
watch_update(struct clasp_port *port)
{
	int events = port->unread || is_outward(port) ? 0 : UV_READABLE;

	if (!port->watch)
		return;
	if (port->done < port->len && !uv_is_active(
	    (uv_handle_t *)&port->pause))
		events |= UV_WRITABLE;
	/* a hang-up is told even when nothing is asked for */
	uv_poll_start(&port->watch->poll, events | UV_DISCONNECT, on_poll);
}

/* What was read was the end, or an error. */
static void
end(struct clasp_port *port, ssize_t n)
{
	char why[CLASP_SERIAL_WHY];

	snprintf(why, sizeof why, "%s", strerror(errno));
	why[0] = (char)tolower((unsigned char)why[0]);
	close_device(port);
	port->events.end(port, n < 0 ? why : NULL, port->user);
}

/* Regular files and /dev/null cannot be polled: they are always readable. */
static void
on_idle(uv_idle_t *idle)
{
	struct clasp_port *port = idle->data;
	ssize_t n = read(port->fd, port->in, sizeof port->in);

	if (n > 0) {
		port->events.data(port, port->in, (size_t)n, port->user);
		return;
	}
	end(port, n);
}

static int
watch_start(struct clasp_port *port, char why[CLASP_SERIAL_WHY])
{
	int fd = port->serial ? clasp_serial_fd(port->serial) : port->fd;
	int flags = fcntl(fd, F_GETFL);
	struct watch *watch = malloc(sizeof *watch);
	int error;

	if (!watch) {
		snprintf(why, CLASP_SERIAL_WHY, "out of memory");
		return CLASP_ENOMEM;
	}
	error = uv_poll_init(port->loop, &watch->poll, fd);
	if (error) {
		free(watch);
		if (error == UV_EPERM && !port->serial) {
			port->unpolled = true;
			return port->unread || is_outward(port) ? 0 :
			    uv_idle_start(&port->idle, on_idle);
		}
		snprintf(why, CLASP_SERIAL_WHY, "%s", uv_strerror(error));
		return CLASP_EIO;
	}
	/* libuv makes it non-blocking, which others who hold our standard
	 * input would see: it is read only when there is something */
	if (fd == STDIN_FILENO && flags >= 0)
		fcntl(fd, F_SETFL, flags);
	watch->port = port;
	watch->poll.data = watch;
	port->watch = watch;
	watch_update(port);
	return 0;
}

static int
fail_errno(struct opened *o)
{
	int error = errno;

	if (error == EAGAIN || error == EBUSY) {
		/* so ALSA says it of a raw MIDI device */
		snprintf(o->why, sizeof o->why, "in use by another program");
		return CLASP_ELOCKED;
	}
	snprintf(o->why, sizeof o->why, "%s", strerror(error));
	o->why[0] = (char)tolower((unsigned char)o->why[0]);
	return error == ENOENT ? CLASP_ENOENT : CLASP_EIO;
}

/* What cannot be read or written after all, or needs more. */
static int
check_raw(const struct clasp_port_config *config, struct opened *o)
{
	const struct clasp_serial_config line = { .path = config->line.path,
	    .stop_bits = 1 };
	bool outward = config->access == CLASP_PORT_OUT;
	struct stat st;

	if (fstat(o->fd, &st) < 0)
		return fail_errno(o);
	if (!outward && (fcntl(o->fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		/* a standard input that was closed */
		snprintf(o->why, sizeof o->why, "not open for reading");
		return CLASP_EIO;
	}
	if (S_ISDIR(st.st_mode)) {
		snprintf(o->why, sizeof o->why, "is a directory");
		return CLASP_EIO;
	}
	if (o->fd == STDIN_FILENO || !isatty(o->fd))
		return outward && S_ISREG(st.st_mode) &&
		    ftruncate(o->fd, 0) < 0 ? fail_errno(o) : 0;
	/* a terminal would change bytes on their way: it must be set up */
	close(o->fd);
	o->fd = -1;
	return clasp_serial_open(&line, &o->serial, o->why);
}

static int
open_raw(const struct clasp_port_config *config, struct opened *o)
{
	static const int flags[] = {
		[CLASP_PORT_IN] = O_RDONLY,
		[CLASP_PORT_OUT] = O_WRONLY,
		[CLASP_PORT_BOTH] = O_RDWR
	};
	const char *path = config->line.path;
	struct stat st;

	if (strcmp(path, "-") == 0)
		o->fd = STDIN_FILENO;
	else
		o->fd = open(path, flags[config->access] | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (o->fd >= 0)
		return check_raw(config, o);
	o->unheard = errno == ENXIO && config->access == CLASP_PORT_OUT &&
	    stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	if (!o->unheard)
		return fail_errno(o);
	snprintf(o->why, sizeof o->why, "nobody reads it");
	return CLASP_EIO;
}

/* Touches nothing of the port: it may be done beside the loop. */
static void
open_any(const struct clasp_port_config *config, struct opened *o)
{
	*o = (struct opened){ .fd = -1 };
	o->error = config->raw ? open_raw(config, o) :
	    clasp_serial_open(&config->line, &o->serial, o->why);
}

static void
close_any(struct opened *o, bool discard)
{
	clasp_serial_close(o->serial, discard);
	if (o->fd > STDIN_FILENO)
		close(o->fd);
}

/* Leave the device alone; what there was to it is to be closed. */
static struct opened
let_go(struct clasp_port *port)
{
	struct opened was = { .serial = port->serial, .fd = port->fd };

	if (port->watch) {
		uv_poll_stop(&port->watch->poll);
		port->watch->port = NULL;
		uv_close((uv_handle_t *)&port->watch->poll, watch_freed);
		port->watch = NULL;
	}
	uv_idle_stop(&port->idle);
	port->unpolled = false;
	uv_timer_stop(&port->stall);
	uv_timer_stop(&port->pause);
	port->serial = NULL;
	port->fd = -1;
	port->len = port->done = 0;
	return was;
}

static void
close_device(struct clasp_port *port)
{
	struct opened was = let_go(port);

	close_any(&was, false);
}

/* Take what was opened: 0, or an error with why in it. */
static int
take_device(struct clasp_port *port, struct opened *o)
{
	bool again = port->opened;

	port->unheard = o->unheard;
	port->serial = o->serial;
	port->fd = o->fd;
	if (!o->error)
		o->error = watch_start(port, o->why);
	if (o->error) {
		close_device(port);
		return o->error;
	}
	port->opened = true;
	port->unsent = 0;
	again = again && !port->quiet;
	port->quiet = false;
	port->events.open(port, again, port->user);
	return 0;
}

/* ------------------------------------------------------ beside the loop */

static void
do_job(uv_work_t *work)
{
	struct clasp_port *port = work->data;
	struct job *job = &port->job;

	if (job->closes)
		close_any(&job->device, true);
	else
		open_any(&port->config, &job->device);
}

static void
job_done(uv_work_t *work, int status)
{
	struct clasp_port *port = work->data;
	struct job *job = &port->job;

	(void)status;
	if (port->closing) {
		if (!job->closes)
			close_any(&job->device, false);
	} else if (job->closes) {
		uv_timer_start(&port->retry, on_retry, port->stalled ? 0 :
		    RETRY_MS, 0);
	} else if (take_device(port, &job->device) != 0) {
		uv_timer_start(&port->retry, on_retry, port->unheard ?
		    LISTEN_MS : RETRY_MS, 0);
	}
	release(port);
}

/* One at a time: the next begins when the one before is done. */
static void
start_job(struct clasp_port *port)
{
	port->job.work.data = port;
	port->handles++;
	uv_queue_work(port->loop, &port->job.work, do_job, job_done);
}

static void
on_retry(uv_timer_t *timer)
{
	struct clasp_port *port = timer->data;

	port->job.closes = false;
	start_job(port);
}

/* The device has gone: say so, and try again. */
static void
lose(struct clasp_port *port, const char *why, bool stalled)
{
	uint64_t now = uv_now(port->loop);

	port->job.closes = true;
	port->job.device = let_go(port);
	port->stalled = stalled;
	port->quiet = stalled && port->stall_told_ms &&
	    now - port->stall_told_ms < STALL_SAY_MS;
	if (stalled && !port->quiet)
		port->stall_told_ms = now;
	start_job(port);
	if (!port->quiet)
		port->events.lost(port, why, port->user);
}

/* ------------------------------------------------------------- transfer */

static void
read_some(struct clasp_port *port)
{
	ssize_t n;

	if (is_outward(port)) {
		lose(port, "nobody reads it any more", false);
		return;
	}
	if (port->serial) {
		n = clasp_serial_read(port->serial, port->in,
		    sizeof port->in);
		if (n == CLASP_ECLOSED) {
			lose(port, "gone", false);
			return;
		}
	} else {
		n = read(port->fd, port->in, sizeof port->in);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0 && errno == ENODEV) {
			lose(port, "gone", false);
			return;
		}
		if (n <= 0) {
			end(port, n);
			return;
		}
	}
	if (n > 0)
		port->events.data(port, port->in, (size_t)n, port->user);
}

static void
on_pause(uv_timer_t *timer)
{
	watch_update(timer->data);
}

static void
on_stall(uv_timer_t *timer)
{
	lose(timer->data, "takes no data", true);
}

/* Bytes written, 0: none now, CLASP_ECLOSED: it has gone. */
static int
write_bytes(struct clasp_port *port)
{
	const uint8_t *bytes = port->out + port->done;
	size_t len = port->len - port->done;
	ssize_t n;

	if (port->serial)
		return clasp_serial_write(port->serial, bytes, len);
	n = write(port->fd, bytes, len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : CLASP_ECLOSED;
	return (int)n;
}

/* Why it cannot be written to. */
static const char *
gone(const struct clasp_port *port)
{
	return !is_outward(port) ? "gone" : errno == EPIPE ?
	    "nobody reads it any more" :
	    uv_strerror(uv_translate_sys_error(errno));
}

static void
write_some(struct clasp_port *port)
{
	int n = write_bytes(port);

	if (n == CLASP_ECLOSED) {
		lose(port, gone(port), false);
		return;
	}
	if (n == 0) {
		/* said to be writable and is not: look again a little later,
		 * not at once and for ever */
		uv_timer_start(&port->pause, on_pause, PAUSE_MS, 0);
	} else {
		port->done += (size_t)n;
		port->progress_ms = uv_now(port->loop);
		uv_timer_stop(&port->stall);
	}
	if (port->done < port->len) {
		if (!port->config.patient &&
		    !uv_is_active((uv_handle_t *)&port->stall))
			uv_timer_start(&port->stall, on_stall, STALL_MS, 0);
		watch_update(port);
		return;
	}
	port->len = port->done = 0;
	watch_update(port);
	if (port->events.sent)
		port->events.sent(port, port->user);
}

/* What it takes without being asked; false: it has gone. */
static bool
write_at_once(struct clasp_port *port)
{
	int n = write_bytes(port);

	if (n == CLASP_ECLOSED) {
		lose(port, gone(port), false);
		return false;
	}
	port->done += (size_t)n;
	if (port->done == port->len)
		port->len = port->done = 0;
	return true;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct clasp_port *port = watch->port;

	/* an error shows as such in read */
	if (status < 0 || events & (UV_READABLE | UV_DISCONNECT))
		read_some(port);
	if (watch->port && events & UV_WRITABLE && port->done < port->len)
		write_some(port);
}

void
clasp_port_read(struct clasp_port *port, bool on)
{
	port->unread = !on;
	watch_update(port);
	if (port->unpolled && on)
		uv_idle_start(&port->idle, on_idle);
	else
		uv_idle_stop(&port->idle);
}

bool
clasp_port_is_open(const struct clasp_port *port)
{
	return port->serial || port->fd >= 0;
}

bool
clasp_port_was_stalled(const struct clasp_port *port)
{
	return port->stalled;
}

bool
clasp_port_busy(struct clasp_port *port)
{
	size_t unsent;

	if (port->len > 0)
		return true;
	if (!port->serial)
		return false;
	/* what the driver has not sent is on its way too: nothing is to be
	 * queued behind it */
	unsent = clasp_serial_unsent(port->serial);
	if (unsent == 0 || unsent != port->unsent)
		port->progress_ms = uv_now(port->loop);
	port->unsent = unsent;
	if (unsent > 0 && !port->config.patient &&
	    uv_now(port->loop) - port->progress_ms > STALL_MS)
		lose(port, "takes no data", true);
	return unsent > port->config.ahead;
}

bool
clasp_port_idle(const struct clasp_port *port)
{
	return port->len == 0 && (!port->serial ||
	    clasp_serial_unsent(port->serial) == 0);
}

bool
clasp_port_send(struct clasp_port *port, const uint8_t *bytes, size_t n)
{
	if (!clasp_port_is_open(port) || clasp_port_busy(port) ||
	    !clasp_port_is_open(port) || n > sizeof port->out)
		return false;
	memcpy(port->out, bytes, n);
	port->len = n;
	port->done = 0;
	if (port->unpolled || port->config.patient) {
		if (!write_at_once(port) || port->len == 0)
			return true;
	}
	if (!port->config.patient)
		uv_timer_start(&port->stall, on_stall, STALL_MS, 0);
	watch_update(port);
	return true;
}

/* ------------------------------------------------------------------ life */

int
clasp_port_new(uv_loop_t *loop, const struct clasp_port_config *config,
    const struct clasp_port_events *events, void *user,
    struct clasp_port **out, char why[CLASP_SERIAL_WHY])
{
	struct clasp_port *port = calloc(1, sizeof *port);
	struct opened device;
	int error;

	if (!port) {
		snprintf(why, CLASP_SERIAL_WHY, "out of memory");
		return CLASP_ENOMEM;
	}
	port->loop = loop;
	port->config = *config;
	port->events = *events;
	port->user = user;
	port->fd = -1;
	uv_timer_init(loop, &port->retry);
	uv_timer_init(loop, &port->stall);
	uv_timer_init(loop, &port->pause);
	uv_idle_init(loop, &port->idle);
	port->retry.data = port->stall.data = port->pause.data = port;
	port->idle.data = port;
	port->handles = 4;
	*out = port;
	open_any(config, &device);
	error = take_device(port, &device);
	if (error && (config->wait || port->unheard)) {
		uv_timer_start(&port->retry, on_retry, port->unheard ?
		    LISTEN_MS : RETRY_MS, 0);
		events->lost(port, device.why, user);
		return 0;
	}
	if (error) {
		snprintf(why, CLASP_SERIAL_WHY, "%s", device.why);
		*out = NULL;
		clasp_port_close(port);
	}
	return error;
}

static void
release(struct clasp_port *port)
{
	if (--port->handles == 0)
		free(port);
}

static void
handle_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
clasp_port_close(struct clasp_port *port)
{
	if (!port || port->closing)
		return;
	port->closing = true;
	close_device(port);
	uv_close((uv_handle_t *)&port->retry, handle_closed);
	uv_close((uv_handle_t *)&port->stall, handle_closed);
	uv_close((uv_handle_t *)&port->pause, handle_closed);
	uv_close((uv_handle_t *)&port->idle, handle_closed);
}
