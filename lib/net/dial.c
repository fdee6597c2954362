/* dial.c - see dial.h */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/channel.h"
#include "net/dial.h"
#include "net/hub.h"

struct clasp_dial {
	struct clasp_hub_task task;	/* first: the next address */
	struct clasp_hub *hub;
	uv_getaddrinfo_t resolve;
	uv_poll_t	 poll;
	struct addrinfo	*list, *next;
	clasp_dial_fn	 fn;		/* NULL: stopped */
	void		*user;
	const char	*why;
	int		 fd;		/* of the attempt; -1: none */
	bool		 resolving;
};

static void
free_dial(struct clasp_dial *d)
{
	clasp_hub_cancel(&d->task);
	if (d->list)
		freeaddrinfo(d->list);
	clasp_hub_put(d->hub);
	free(d);
}

static void
tell(struct clasp_dial *d, int fd)
{
	clasp_dial_fn fn = d->fn;

	d->fn = NULL;
	fn(fd, d->why, d->user);
}

/* An attempt's handle is gone: that was it, or the next one follows. */
static void
on_poll_closed(uv_handle_t *handle)
{
	struct clasp_dial *d = handle->data;

	if (d->fn)
		clasp_hub_soon(d->hub, &d->task);
	else
		free_dial(d);
}

static void
on_connected(uv_poll_t *poll, int status, int events)
{
	struct clasp_dial *d = poll->data;
	socklen_t len = sizeof status;
	int fd = d->fd;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &len) < 0)
		status = errno;
	d->fd = -1;
	uv_close((uv_handle_t *)poll, on_poll_closed);
	if (status) {
		d->why = uv_strerror(-status);
		close(fd);
		return;
	}
	clasp_channel_tune(fd);
	tell(d, fd);
}

/* 0 when the outcome will be known later, else a negative errno. */
static int
attempt(struct clasp_dial *d, const struct addrinfo *ai)
{
	int fd, error;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 &&
	    errno != EINPROGRESS) {
		error = -errno;
		close(fd);
		return error;
	}
	error = uv_poll_init(d->hub->loop, &d->poll, fd);
	if (error < 0) {
		close(fd);
		return error;
	}
	d->poll.data = d;
	d->fd = fd;
	uv_poll_start(&d->poll, UV_WRITABLE, on_connected);
	return 0;
}

static void
on_next(struct clasp_hub_task *task)
{
	struct clasp_dial *d = (struct clasp_dial *)task;
	struct addrinfo *ai;
	int error;

	while ((ai = d->next)) {
		d->next = ai->ai_next;
		error = attempt(d, ai);
		if (error == 0)
			return;
		d->why = uv_strerror(error);
	}
	tell(d, -1);
	free_dial(d);
}

const char *
clasp_dial_unresolved(int error)
{
	if (error == UV_EAI_AGAIN)
		return "temporary failure in name resolution";
	if (error == UV_EAI_NONAME || error == UV_EAI_NODATA)
		return "no such host";
	return uv_strerror(error);
}

static void
on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list)
{
	struct clasp_dial *d = resolve->data;

	d->resolving = false;
	d->list = d->next = list;
	if (!d->fn) {
		free_dial(d);
		return;
	}
	if (status < 0)
		d->why = clasp_dial_unresolved(status);
	on_next(&d->task);
}

struct clasp_dial *
clasp_dial_start(uv_loop_t *loop, const char *host, int port,
    clasp_dial_fn fn, void *user)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct clasp_dial *d = calloc(1, sizeof *d);
	char service[8];
	int error;

	if (!d)
		return NULL;
	d->hub = clasp_hub_get(loop);
	if (!d->hub) {
		free(d);
		return NULL;
	}
	d->task.run = on_next;
	d->fn = fn;
	d->user = user;
	d->fd = -1;
	d->why = "no address";
	snprintf(service, sizeof service, "%d", port);

	/* A number needs no resolver, and no thread for it. */
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (getaddrinfo(host, service, &hints, &d->list) == 0) {
		d->next = d->list;
		clasp_hub_soon(d->hub, &d->task);
		return d;
	}
	d->list = NULL;
	hints.ai_flags = AI_NUMERICSERV;
	d->resolve.data = d;
	error = uv_getaddrinfo(loop, &d->resolve, on_resolved, host, service,
	    &hints);
	if (error < 0) {
		d->why = uv_strerror(error);
		clasp_hub_soon(d->hub, &d->task);
	} else {
		d->resolving = true;
	}
	return d;
}

void
clasp_dial_stop(struct clasp_dial *d)
{
	d->fn = NULL;
	if (d->resolving) {
		uv_cancel((uv_req_t *)&d->resolve);
	} else if (d->fd >= 0) {
		uv_close((uv_handle_t *)&d->poll, on_poll_closed);
		close(d->fd);
		d->fd = -1;
	} else if (d->task.link) {
		free_dial(d);
	}
	/* else its last handle is closing */
}
