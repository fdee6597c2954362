/* acceptor.c - see acceptor.h */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/acceptor.h"

#define BACKLOG		4096
#define TURN_MAX	64	/* accepted in one turn of the loop */
#define FULL_MS		60000	/* between words about running out */
#define RESERVED	16	/* descriptors for files and the like */

/* A peer may have a descriptor below this. */
static int
most_of(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur > INT_MAX)
		return INT_MAX;
	if (limit.rlim_cur < 4 * RESERVED)
		return (int)(limit.rlim_cur - limit.rlim_cur / 4);
	return (int)limit.rlim_cur - RESERVED;
}

static void (*tell_full)(void);

void
clasp_acceptor_on_full(void (*fn)(void))
{
	tell_full = fn;
}

static bool
make_room(struct clasp_acceptor *acceptor)
{
	static uint64_t told_ms;
	uint64_t now = uv_now(acceptor->poll.loop);

	if (tell_full && (told_ms == 0 || now >= told_ms + FULL_MS)) {
		told_ms = now;
		tell_full();
	}
	return acceptor->make_room && acceptor->make_room(acceptor);
}

/* One more, or one too many? */
static void
welcome(struct clasp_acceptor *acceptor, int fd)
{
	if (fd < acceptor->most || make_room(acceptor))
		acceptor->peer(acceptor, fd);
	else
		close(fd);
}

static void
turn_away(struct clasp_acceptor *acceptor)
{
	int fd;

	if (acceptor->spare >= 0)
		close(acceptor->spare);
	fd = accept4(acceptor->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	acceptor->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct clasp_acceptor *acceptor = poll->data;
	int i, fd;

	(void)status;
	(void)events;
	for (i = 0; i < TURN_MAX && acceptor->fd >= 0; i++) {
		fd = accept4(acceptor->fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			welcome(acceptor, fd);
			continue;
		}
		if ((errno == EMFILE || errno == ENFILE) &&
		    !make_room(acceptor))
			turn_away(acceptor);
		else if (errno == EAGAIN)
			return;
	}
}

int
clasp_acceptor_start(struct clasp_acceptor *acceptor, uv_loop_t *loop, int fd)
{
	int error = 0;

	if (listen(fd, BACKLOG) < 0)
		error = -errno;
	else
		error = uv_poll_init(loop, &acceptor->poll, fd);
	if (error < 0) {
		close(fd);
		return error;
	}
	acceptor->poll.data = acceptor;
	acceptor->fd = fd;
	acceptor->most = most_of();
	acceptor->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
	return 0;
}

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_acceptor *acceptor = handle->data;

	acceptor->closed(acceptor);
}

void
clasp_acceptor_stop(struct clasp_acceptor *acceptor)
{
	uv_close((uv_handle_t *)&acceptor->poll, on_closed);
	close(acceptor->fd);
	acceptor->fd = -1;
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	acceptor->spare = -1;
}
