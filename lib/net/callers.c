/* callers.c - see callers.h */
#include "net/callers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void
release(struct clasp_callers *all)
{
	if (--all->handles == 0)
		all->closed(all);
}

static void
on_caller_closed(uv_handle_t *handle)
{
	struct clasp_caller *c = handle->data;
	struct clasp_callers *all = c->callers;

	all->gone(c);
	free(c);
	release(all);
}

void
clasp_callers_drop(struct clasp_caller *c)
{
	struct clasp_callers *all = c->callers;

	*(c->older ? &c->older->newer : &all->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &all->newest) = c->older;
	all->count--;
	uv_close((uv_handle_t *)&c->poll, on_caller_closed);
}

static void
on_late(uv_timer_t *timer)
{
	struct clasp_callers *all = timer->data;
	uint64_t now = uv_now(timer->loop);

	while (all->oldest && all->oldest->deadline_ms <= now)
		all->hang_up(all->oldest);
	if (all->oldest)
		uv_timer_start(timer, on_late,
		    all->oldest->deadline_ms - now, 0);
}

void
clasp_callers_drain(struct clasp_caller *c, int fd)
{
	char bin[4096];
	ssize_t n;

	n = recv(fd, bin, sizeof bin, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->callers->hang_up(c);
}

static void
on_peer(struct clasp_acceptor *acceptor, int fd)
{
	struct clasp_callers *all = (struct clasp_callers *)(void *)acceptor;
	uv_loop_t *loop = all->timer.loop;
	struct clasp_caller *c = calloc(1, all->size);

	if (!c || uv_poll_init(loop, &c->poll, fd) < 0) {
		close(fd);
		free(c);
		return;
	}
	if (all->count >= all->most)
		all->hang_up(all->oldest);
	c->poll.data = c;
	c->callers = all;
	c->deadline_ms = uv_now(loop) + all->limit_ms;
	c->older = all->newest;
	*(all->newest ? &all->newest->newer : &all->oldest) = c;
	all->newest = c;
	all->count++;
	all->handles++;
	if (!uv_is_active((uv_handle_t *)&all->timer))
		uv_timer_start(&all->timer, on_late, all->limit_ms, 0);
	all->come(c, fd);
}

static bool
make_room(struct clasp_acceptor *acceptor)
{
	struct clasp_callers *all = (struct clasp_callers *)(void *)acceptor;

	if (!all->oldest)
		return false;
	all->hang_up(all->oldest);
	return true;
}

static void
on_acceptor_closed(struct clasp_acceptor *acceptor)
{
	release((struct clasp_callers *)(void *)acceptor);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

int
clasp_callers_start(struct clasp_callers *all, uv_loop_t *loop, int fd)
{
	int error;

	all->acceptor.peer = on_peer;
	all->acceptor.make_room = make_room;
	all->acceptor.closed = on_acceptor_closed;
	error = clasp_acceptor_start(&all->acceptor, loop, fd);
	if (error < 0)
		return error;
	uv_timer_init(loop, &all->timer);
	all->timer.data = all;
	all->handles = 2;
	return 0;
}

void
clasp_callers_stop(struct clasp_callers *all)
{
	while (all->oldest)
		all->hang_up(all->oldest);
	uv_close((uv_handle_t *)&all->timer, on_timer_closed);
	clasp_acceptor_stop(&all->acceptor);
}
