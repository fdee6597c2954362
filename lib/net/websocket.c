/* websocket.c - see websocket.h */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/acceptor.h"
#include "net/bind.h"
#include "net/dial.h"
#include "net/hub.h"
#include "net/scheme.h"
#include "net/stream.h"
#include "net/upgrade.h"
#include "net/websocket.h"

/* ----------------------------------------------------------- connecting */

/* From the URL to the server's answer. */
struct greeting {
	struct clasp_hub *hub;
	struct clasp_stream *stream;
	struct clasp_dial *dial;	/* NULL: done with */
	uv_poll_t	 poll;
	struct clasp_url url;
	struct clasp_buf head;
	int		 fd;
	char		 key[CLASP_UPGRADE_KEY_MAX];
};

static void
free_greeting(struct greeting *g)
{
	clasp_buf_clear(&g->head);
	clasp_hub_put(g->hub);
	free(g);
}

static void
on_greeting_closed(uv_handle_t *handle)
{
	free_greeting(handle->data);
}

/* The link was closed before it was open. */
static void
stop_greeting(void *arg)
{
	struct greeting *g = arg;

	if (g->dial)
		clasp_dial_stop(g->dial);
	if (g->fd < 0) {
		free_greeting(g);
		return;
	}
	uv_close((uv_handle_t *)&g->poll, on_greeting_closed);
	close(g->fd);
}

static void
greeting_failed(struct greeting *g, int error, const char *why)
{
	struct clasp_stream *s = g->stream;

	stop_greeting(g);
	clasp_stream_fail(s, error, why);
}

static void
on_answer(uv_poll_t *poll, int status, int events)
{
	struct greeting *g = poll->data;
	struct clasp_stream *s = g->stream;
	const char *why;
	int got, fd = g->fd;

	(void)status;
	(void)events;
	got = clasp_upgrade_collect(fd, &g->head);
	if (got == 0)
		return;
	if (got < 0) {
		greeting_failed(g, CLASP_ECONNECT, got == CLASP_EIO ?
		    uv_strerror(-errno) : got == CLASP_ECLOSED ?
		    "connection closed during the handshake" :
		    clasp_strerror(got));
		return;
	}
	got = clasp_upgrade_check((const char *)g->head.data, g->head.len,
	    g->key, &why);
	if (got < 0) {
		greeting_failed(g, got, why);
		return;
	}
	g->fd = -1;
	uv_close((uv_handle_t *)poll, on_greeting_closed);
	clasp_stream_start(s, fd, true);
}

static void
on_dialed(int fd, const char *why, void *user)
{
	struct greeting *g = user;
	char request[CLASP_UPGRADE_REQUEST_MAX];
	size_t n;
	int error;

	g->dial = NULL;
	if (fd < 0) {
		greeting_failed(g, CLASP_ECONNECT, why);
		return;
	}
	error = uv_poll_init(g->hub->loop, &g->poll, fd);
	if (error < 0) {
		close(fd);
		greeting_failed(g, CLASP_ECONNECT, uv_strerror(error));
		return;
	}
	g->poll.data = g;
	g->fd = fd;
	n = clasp_upgrade_request(&g->url, g->key, request);
	if (n == 0) {
		greeting_failed(g, CLASP_EURL, NULL);
		return;
	}
	/* A fresh socket takes this at once. */
	if (send(fd, request, n, MSG_NOSIGNAL) != (ssize_t)n) {
		greeting_failed(g, CLASP_ECONNECT, uv_strerror(-errno));
		return;
	}
	uv_poll_start(&g->poll, UV_READABLE, on_answer);
}

int
clasp_websocket_connect(uv_loop_t *loop, const struct clasp_url *url,
    const struct clasp_link_events *events, void *user,
    struct clasp_link **out)
{
	struct greeting *g = calloc(1, sizeof *g);
	struct clasp_link *link;

	if (!g)
		return CLASP_ENOMEM;
	g->fd = -1;
	g->url = *url;
	g->hub = clasp_hub_get(loop);
	if (g->hub)
		g->dial = clasp_dial_start(loop, url->host, url->port,
		    on_dialed, g);
	if (g->dial)
		g->stream = clasp_stream_new(loop, CLASP_FRAMING_WS_MASKED);
	if (!g->stream) {
		stop_greeting(g);
		return CLASP_ENOMEM;
	}
	clasp_stream_opening(g->stream, stop_greeting, g);
	link = clasp_stream_link(g->stream);
	link->events = events;
	link->user = user;
	*out = link;
	return 0;
}

/* ------------------------------------------------------------ listening */

struct ws_listener {
	struct clasp_listener base;	/* first */
	struct clasp_acceptor acceptor;
	struct clasp_hub *hub;
	uv_timer_t	 timer;		/* for the oldest caller */
	struct caller	*oldest, *newest;
	unsigned	 callers;
	unsigned	 handles;	/* not closed yet, callers' too */
	bool		 closing;
};

/* A peer whose request is not whole, or that reads our refusal. */
struct caller {
	uv_poll_t	 poll;
	struct ws_listener *listener;
	struct caller	*older, *newer;
	struct clasp_buf head;
	uint64_t	 deadline_ms;
	int		 fd;
	bool		 answered;
};

static void
release(struct ws_listener *l)
{
	if (--l->handles > 0)
		return;
	clasp_hub_put(l->hub);
	free(l);
}

static void
on_caller_closed(uv_handle_t *handle)
{
	struct caller *c = handle->data;

	release(c->listener);
	free(c);
}

/* Let go of the caller, not of its socket. */
static int
take_socket(struct caller *c)
{
	struct ws_listener *l = c->listener;
	int fd = c->fd;

	*(c->older ? &c->older->newer : &l->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &l->newest) = c->older;
	l->callers--;
	clasp_buf_clear(&c->head);
	c->fd = -1;
	uv_close((uv_handle_t *)&c->poll, on_caller_closed);
	return fd;
}

static void
hang_up(struct caller *c)
{
	close(take_socket(c));
}

static void
on_late(uv_timer_t *timer)
{
	struct ws_listener *l = timer->data;
	uint64_t now = uv_now(timer->loop);

	while (l->oldest && l->oldest->deadline_ms <= now)
		hang_up(l->oldest);
	if (l->oldest)
		uv_timer_start(timer, on_late, l->oldest->deadline_ms - now,
		    0);
}

/* What came is not for us to read, but it must be read before the close,
 * or the answer may be lost on its way. */
static void
drain(struct caller *c)
{
	char bin[4096];
	ssize_t n;

	n = recv(c->fd, bin, sizeof bin, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(c);
}

static void
answer(struct caller *c)
{
	struct ws_listener *l = c->listener;
	char out[CLASP_UPGRADE_ANSWER_MAX];
	struct clasp_stream *s;
	uint64_t begun_ms;
	bool upgraded;
	size_t n;
	int fd;

	n = clasp_upgrade_answer(l->hub->upgrade, (char *)c->head.data,
	    c->head.len, out, &upgraded);
	if (n == 0 || send(c->fd, out, n, MSG_NOSIGNAL) != (ssize_t)n) {
		hang_up(c);
		return;
	}
	if (!upgraded) {
		c->answered = true;
		clasp_buf_clear(&c->head);
		shutdown(c->fd, SHUT_WR);
		return;
	}
	begun_ms = c->deadline_ms - CLASP_WEBSOCKET_UPGRADE_MS;
	fd = take_socket(c);
	s = clasp_stream_new(l->hub->loop, CLASP_FRAMING_WS);
	if (!s) {
		close(fd);
		return;
	}
	clasp_stream_link(s)->begun_ms = begun_ms;
	l->base.accept(clasp_stream_link(s), l->base.user);
	clasp_stream_start(s, fd, false);
}

/*
 * Which protocol speaks here?  0x00 would be the length of a bare frame and
 * 0x16 a TLS greeting; an HTTP method is made of capital letters.
 */
static bool
is_http(const struct clasp_buf *head)
{
	return head->len == 0 ||
	    (head->data[0] >= 'A' && head->data[0] <= 'Z');
}

static void
on_request(uv_poll_t *poll, int status, int events)
{
	struct caller *c = poll->data;
	int got;

	(void)events;
	if (status < 0) {
		hang_up(c);
		return;
	}
	if (c->answered) {
		drain(c);
		return;
	}
	got = clasp_upgrade_collect(c->fd, &c->head);
	if (got < 0 || !is_http(&c->head))
		hang_up(c);
	else if (got > 0)
		answer(c);
}

static void
on_peer(struct clasp_acceptor *acceptor, int fd)
{
	struct ws_listener *l = (struct ws_listener *)(void *)
	    ((char *)acceptor - offsetof(struct ws_listener, acceptor));
	struct caller *c = calloc(1, sizeof *c);
	int one = 1;

	clasp_listener_saw(&l->base, fd);
	if (!c || uv_poll_init(l->hub->loop, &c->poll, fd) < 0) {
		close(fd);
		free(c);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (l->callers >= CLASP_WEBSOCKET_UPGRADES_MAX)
		hang_up(l->oldest);
	c->poll.data = c;
	c->listener = l;
	c->fd = fd;
	c->deadline_ms = uv_now(l->hub->loop) + CLASP_WEBSOCKET_UPGRADE_MS;
	c->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = c;
	l->newest = c;
	l->callers++;
	l->handles++;
	if (!uv_is_active((uv_handle_t *)&l->timer))
		uv_timer_start(&l->timer, on_late,
		    CLASP_WEBSOCKET_UPGRADE_MS, 0);
	uv_poll_start(&c->poll, UV_READABLE, on_request);
	/* The request often comes with the connection. */
	on_request(&c->poll, 0, UV_READABLE);
}

/* Who has not finished asking goes first. */
static bool
make_room(struct clasp_acceptor *acceptor)
{
	struct ws_listener *l = (struct ws_listener *)(void *)
	    ((char *)acceptor - offsetof(struct ws_listener, acceptor));

	if (!l->oldest)
		return false;
	hang_up(l->oldest);
	return true;
}

static void
on_acceptor_closed(struct clasp_acceptor *acceptor)
{
	release((struct ws_listener *)(void *)((char *)acceptor -
	    offsetof(struct ws_listener, acceptor)));
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void
close_listener(struct clasp_listener *listener)
{
	struct ws_listener *l = (struct ws_listener *)listener;

	while (l->oldest)
		hang_up(l->oldest);
	uv_close((uv_handle_t *)&l->timer, on_timer_closed);
	clasp_acceptor_stop(&l->acceptor);
}

static const struct clasp_listener_ops ops = { close_listener };

/* Gives up the hub's user, and the socket when there is one. */
static int
listen_failed(struct ws_listener *l, int error)
{
	clasp_hub_put(l->hub);
	free(l);
	return error;
}

int
clasp_websocket_listen(uv_loop_t *loop, const struct clasp_url *url,
    clasp_accept_fn accept, void *user, struct clasp_listener **out,
    const char **why)
{
	struct ws_listener *l = calloc(1, sizeof *l);
	int fd, error;

	*why = clasp_strerror(CLASP_ENOMEM);
	if (!l)
		return CLASP_ENOMEM;
	l->hub = clasp_hub_get(loop);
	if (!l->hub) {
		free(l);
		return CLASP_ENOMEM;
	}
	if (!l->hub->upgrade)
		l->hub->upgrade = clasp_upgrade_new(loop);
	if (!l->hub->upgrade) {
		*why = "libwebsockets does not start (is its libuv part "
		    "installed?)";
		return listen_failed(l, CLASP_EBIND);
	}
	l->base.ops = &ops;
	l->base.accept = accept;
	l->base.user = user;
	l->acceptor.peer = on_peer;
	l->acceptor.make_room = make_room;
	l->acceptor.closed = on_acceptor_closed;
	fd = clasp_bind_tcp(url->host, url->port, why);
	if (fd < 0)
		return listen_failed(l, CLASP_EBIND);
	l->base.port = clasp_bind_name(fd, url->host, l->base.name,
	    sizeof l->base.name);
	error = clasp_acceptor_start(&l->acceptor, loop, fd);
	if (error < 0) {
		*why = uv_strerror(error);
		return listen_failed(l, CLASP_EBIND);
	}
	uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	l->handles = 2;
	*out = &l->base;
	return 0;
}
