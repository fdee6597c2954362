/* inlet.c - stdin on an event loop, whatever it is. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/inlet.h"

#define PIECE	(64u << 10)

struct clasp_inlet {
	struct clasp_inlet_events events;
	void		*user;
	union {
		uv_handle_t	 handle;
		uv_poll_t	 poll;
		uv_idle_t	 idle;
	} u;
	int		 fd;
	bool		 polled;	/* u.poll; else u.idle */
	bool		 on, ended, closing;
	uint8_t		 piece[PIECE];
};

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_idle(uv_idle_t *idle);

static void
apply(struct clasp_inlet *in)
{
	bool on = in->on && !in->ended;

	if (in->closing)
		return;
	if (in->polled && on)
		uv_poll_start(&in->u.poll, UV_READABLE | UV_DISCONNECT,
		    on_poll);
	else if (in->polled)
		uv_poll_stop(&in->u.poll);
	else if (on)
		uv_idle_start(&in->u.idle, on_idle);
	else
		uv_idle_stop(&in->u.idle);
}

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void
end(struct clasp_inlet *in, int error)
{
	in->ended = true;
	apply(in);
	in->events.end(error, in->user);
}

static void
take(struct clasp_inlet *in)
{
	ssize_t n = read(in->fd, in->piece, sizeof in->piece);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			end(in, errno);
		return;
	}
	if (n == 0) {
		end(in, 0);
		return;
	}
	in->events.bytes(in->piece, (size_t)n, in->user);
	if (in->polled && !in->closing && !readable(in->fd))
		in->events.pause(in->user);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct clasp_inlet *in = poll->data;

	(void)status;
	(void)events;
	/* Whatever was reported, reading tells; but it must not wait. */
	if (readable(in->fd))
		take(in);
}

static void
on_idle(uv_idle_t *idle)
{
	take(idle->data);
}

struct clasp_inlet *
clasp_inlet_new(uv_loop_t *loop, int fd,
    const struct clasp_inlet_events *events, void *user)
{
	struct clasp_inlet *in = calloc(1, sizeof *in);
	int flags = fcntl(fd, F_GETFL);

	if (!in)
		return NULL;
	in->events = *events;
	in->user = user;
	in->fd = fd;
	in->on = true;
	in->polled = uv_poll_init(loop, &in->u.poll, fd) == 0;
	if (!in->polled)
		uv_idle_init(loop, &in->u.idle);
	else if (flags >= 0)
		/* libuv has set it not to block, for others too */
		fcntl(fd, F_SETFL, flags);
	in->u.handle.data = in;
	apply(in);
	return in;
}

void
clasp_inlet_read(struct clasp_inlet *in, bool on)
{
	if (in->on == on)
		return;
	in->on = on;
	apply(in);
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
clasp_inlet_close(struct clasp_inlet *in)
{
	if (!in || in->closing)
		return;
	in->closing = true;
	uv_close(&in->u.handle, on_closed);
}
