/* unix.c - see unix.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "net/acceptor.h"
#include "net/hub.h"
#include "net/scheme.h"
#include "net/stream.h"
#include "net/unix.h"

static int
address_of(const char *path, struct sockaddr_un *out)
{
	memset(out, 0, sizeof *out);
	out->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof out->sun_path)
		return -ENAMETOOLONG;
	memcpy(out->sun_path, path, strlen(path));
	return 0;
}

static int
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* ----------------------------------------------------------- connecting */

/* Connecting takes no time, but its outcome is told from the loop. */
struct dial {
	struct clasp_hub_task task;
	struct clasp_hub *hub;
	struct clasp_stream *stream;
	int		 fd;
	int		 error;		/* negative errno */
};

static void
free_dial(struct dial *d)
{
	clasp_hub_cancel(&d->task);
	clasp_hub_put(d->hub);
	free(d);
}

static void
on_outcome(struct clasp_hub_task *task)
{
	struct dial *d = (struct dial *)task;	/* its first member */

	if (d->error)
		clasp_stream_fail(d->stream, CLASP_ECONNECT,
		    uv_strerror(d->error));
	else
		clasp_stream_start(d->stream,
		    &(struct clasp_channel){ .fd = d->fd }, CLASP_STR_NONE,
		    true);
	free_dial(d);
}

static void
stop_dial(void *arg)
{
	struct dial *d = arg;

	if (d->fd >= 0)
		close(d->fd);
	free_dial(d);
}

static void
dial_path(struct dial *d, const char *path)
{
	struct sockaddr_un address;

	d->error = address_of(path, &address);
	if (d->error)
		return;
	d->fd = unix_socket();
	if (d->fd >= 0 && connect(d->fd, (struct sockaddr *)&address,
	    sizeof address) == 0)
		return;
	d->error = -errno;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

int
clasp_unix_connect(uv_loop_t *loop, const struct clasp_url *url,
    const struct clasp_link_events *events, void *user,
    struct clasp_link **out)
{
	struct dial *d = calloc(1, sizeof *d);
	struct clasp_stream *s = NULL;
	struct clasp_link *link;

	/* A stream always ends with `closed`, so it is made last. */
	if (d)
		s = clasp_stream_new(loop, CLASP_FRAMING_LENGTH);
	if (!s) {
		free(d);
		return CLASP_ENOMEM;
	}
	link = clasp_stream_link(s);
	link->events = events;
	link->user = user;
	d->stream = s;
	d->task.run = on_outcome;
	d->hub = clasp_hub_get(loop);
	d->fd = -1;
	dial_path(d, url->path);
	clasp_stream_opening(s, stop_dial, d);
	clasp_hub_soon(d->hub, &d->task);
	*out = link;
	return 0;
}

/* ------------------------------------------------------------ listening */

struct unix_listener {
	struct clasp_listener base;	/* first */
	struct clasp_acceptor acceptor;
	uv_loop_t	*loop;
	dev_t		 dev;		/* of our socket file */
	ino_t		 ino;
	char		 path[sizeof ((struct sockaddr_un *)0)->sun_path];
};

static struct unix_listener *
of_acceptor(struct clasp_acceptor *acceptor)
{
	return (struct unix_listener *)(void *)((char *)acceptor -
	    offsetof(struct unix_listener, acceptor));
}

static void
on_peer(struct clasp_acceptor *acceptor, int fd)
{
	struct unix_listener *l = of_acceptor(acceptor);
	struct clasp_stream *s;

	clasp_listener_saw(&l->base, fd);
	s = clasp_stream_new(l->loop, CLASP_FRAMING_LENGTH);
	if (!s) {
		close(fd);
		return;
	}
	l->base.accept(clasp_stream_link(s), l->base.user);
	clasp_stream_start(s, &(struct clasp_channel){ .fd = fd },
	    CLASP_STR_NONE, false);
}

static void
on_closed(struct clasp_acceptor *acceptor)
{
	free(of_acceptor(acceptor));
}

static void
close_listener(struct clasp_listener *listener)
{
	struct unix_listener *l = (struct unix_listener *)listener;
	struct stat st;

	/* The file may be somebody else's by now. */
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		unlink(l->path);
	clasp_acceptor_stop(&l->acceptor);
}

static const struct clasp_listener_ops ops = { close_listener };

/* Remove a socket file that nobody listens on.  0 or a reason. */
static const char *
clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, alive;

	if (lstat(address->sun_path, &st) < 0)
		return NULL;
	if (!S_ISSOCK(st.st_mode))
		return "the file exists and is no socket";
	fd = unix_socket();
	if (fd < 0)
		return uv_strerror(-errno);
	alive = connect(fd, (const struct sockaddr *)address,
	    sizeof *address) == 0 || errno == EAGAIN;
	close(fd);
	if (alive)
		return "another program listens there";
	return unlink(address->sun_path) < 0 ? uv_strerror(-errno) : NULL;
}

static const char *
bind_path(struct unix_listener *l, const char *path, int *fd)
{
	struct sockaddr_un address;
	const char *why;
	struct stat st;
	int error;

	error = address_of(path, &address);
	if (error)
		return uv_strerror(error);
	why = clear_path(&address);
	if (why)
		return why;
	*fd = unix_socket();
	if (*fd < 0)
		return uv_strerror(-errno);
	if (bind(*fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    lstat(path, &st) < 0) {
		why = uv_strerror(-errno);
		close(*fd);
		return why;
	}
	memcpy(l->path, address.sun_path, sizeof l->path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return NULL;
}

int
clasp_unix_listen(uv_loop_t *loop, const struct clasp_url *url,
    clasp_accept_fn accept, void *user, struct clasp_listener **out,
    const char **why)
{
	struct unix_listener *l = calloc(1, sizeof *l);
	int fd, error;

	*why = clasp_strerror(CLASP_ENOMEM);
	if (!l)
		return CLASP_ENOMEM;
	*why = bind_path(l, url->path, &fd);
	if (*why) {
		free(l);
		return CLASP_EBIND;
	}
	l->base.ops = &ops;
	l->base.accept = accept;
	l->base.user = user;
	l->loop = loop;
	snprintf(l->base.name, sizeof l->base.name, "unix:%s", l->path);
	l->acceptor.peer = on_peer;
	l->acceptor.closed = on_closed;
	error = clasp_acceptor_start(&l->acceptor, loop, fd);
	if (error < 0) {
		*why = uv_strerror(error);
		unlink(l->path);
		free(l);
		return CLASP_EBIND;
	}
	*out = &l->base;
	return 0;
}
