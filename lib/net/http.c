/* http.c - see http.h */
#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/acceptor.h"
#include "net/bind.h"
#include "net/channel.h"
#include "net/upgrade.h"

struct clasp_http {
	struct clasp_acceptor acceptor;	/* first */
	uv_loop_t	*loop;
	uv_timer_t	 timer;		/* for the oldest caller */
	struct caller	*oldest, *newest;
	clasp_http_fn	 fn;
	void		*user;
	unsigned	 callers;
	unsigned	 handles;	/* not closed yet, callers' too */
	char		 name[128];
};

/* Asks, is answered, closes: which of the three is told by `out`. */
struct caller {
	uv_poll_t	 poll;
	struct clasp_http *http;
	struct caller	*older, *newer;
	struct clasp_buf head;
	struct clasp_buf out;
	size_t		 sent;
	uint64_t	 deadline_ms;
	int		 fd;
};

static void
release(struct clasp_http *http)
{
	if (--http->handles == 0)
		free(http);
}

static void
on_caller_closed(uv_handle_t *handle)
{
	struct caller *c = handle->data;

	release(c->http);
	free(c);
}

static void
hang_up(struct caller *c)
{
	struct clasp_http *http = c->http;

	*(c->older ? &c->older->newer : &http->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &http->newest) = c->older;
	http->callers--;
	clasp_buf_clear(&c->head);
	clasp_buf_clear(&c->out);
	uv_close((uv_handle_t *)&c->poll, on_caller_closed);
	close(c->fd);
}

static void
on_late(uv_timer_t *timer)
{
	struct clasp_http *http = timer->data;
	uint64_t now = uv_now(timer->loop);

	while (http->oldest && http->oldest->deadline_ms <= now)
		hang_up(http->oldest);
	if (http->oldest)
		uv_timer_start(timer, on_late,
		    http->oldest->deadline_ms - now, 0);
}

/* ------------------------------------------------------------ requests */

enum method { GET, HEAD, OTHER, NONE };

/* "GET /path?query HTTP/1.1": its method, and the path without the query. */
static enum method
request_line(struct clasp_str head, struct clasp_str *path)
{
	const char *p = head.p, *eol = memchr(p, '\r', head.len), *end;
	const char *sp, *version;

	if (!eol || !(sp = memchr(p, ' ', (size_t)(eol - p))))
		return NONE;
	version = memchr(sp + 1, ' ', (size_t)(eol - sp - 1));
	if (!version || sp == p || sp[1] != '/' || eol - version != 9 ||
	    memcmp(version, " HTTP/1.", 8) != 0)
		return NONE;
	end = memchr(sp, '?', (size_t)(version - sp));
	*path = clasp_str_of(sp + 1, (size_t)((end ? end : version) - sp - 1));
	if (sp - p == 3 && memcmp(p, "GET", 3) == 0)
		return GET;
	if (sp - p == 4 && memcmp(p, "HEAD", 4) == 0)
		return HEAD;
	return OTHER;
}

static const char *
phrase(int status)
{
	static const struct {
		int		 status;
		const char	*text;
	} rows[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].status == status)
			return rows[i].text;
	return "Unknown";
}

static void
put_answer(struct clasp_buf *out, const struct clasp_http_answer *answer,
    bool body)
{
	clasp_buf_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\nCache-Control: no-store\r\n%s"
	    "Connection: close\r\n\r\n", answer->status,
	    phrase(answer->status), answer->type, answer->body.len,
	    answer->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (body)
		clasp_buf_add(out, answer->body.data, answer->body.len);
}

/* status: of a request that is not looked at any further, 0: a whole one. */
static void
answer(struct caller *c, int status)
{
	struct clasp_http_answer a = { .status = 404, .type = "text/plain" };
	struct clasp_str path;
	enum method method = NONE;

	if (status == 0) {
		method = request_line(clasp_buf_str(&c->head), &path);
		status = method == NONE ? 400 : method == OTHER ? 405 : 0;
	}
	if (status == 0)
		c->http->fn(path, &a, c->http->user);
	else
		a.status = status;
	if (a.status != 200 && a.body.len == 0)
		clasp_buf_printf(&a.body, "%s\n", phrase(a.status));
	put_answer(&c->out, &a, method != HEAD);
	if (a.body.failed)
		c->out.failed = true;
	clasp_buf_clear(&a.body);
	clasp_buf_clear(&c->head);
}

/* ------------------------------------------------------------- sockets */

static void on_ready(uv_poll_t *poll, int status, int events);

/* What came is not for us, but must be read before the close, or the answer
 * may be lost on its way. */
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
send_rest(struct caller *c)
{
	ssize_t n;

	n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
	    MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		hang_up(c);
		return;
	}
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent < c->out.len) {
		uv_poll_start(&c->poll, UV_WRITABLE, on_ready);
		return;
	}
	shutdown(c->fd, SHUT_WR);
	uv_poll_start(&c->poll, UV_READABLE, on_ready);
}

/* 1: the head is whole; 0: not yet; or an error. */
static int
collect(struct caller *c)
{
	struct clasp_channel ch = { .fd = c->fd };
	uint8_t piece[CLASP_UPGRADE_HEAD_MAX];
	size_t old = c->head.len;
	ssize_t n;
	int end;

	n = clasp_channel_read(&ch, NULL, piece, sizeof piece);
	if (n <= 0)
		return (int)n;
	if (clasp_buf_add(&c->head, piece, (size_t)n) < 0)
		return CLASP_ENOMEM;
	end = clasp_upgrade_head(c->head.data, c->head.len, old);
	if (end <= 0)
		return end;
	c->head.len = (size_t)end;
	return 1;
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct caller *c = poll->data;
	int got;

	(void)events;
	if (status < 0) {
		hang_up(c);
		return;
	}
	if (c->out.len > 0) {
		if (c->sent < c->out.len)
			send_rest(c);
		else
			drain(c);
		return;
	}
	got = collect(c);
	if (got == 0)
		return;
	if (got == 1 || got == CLASP_ETOOBIG)
		answer(c, got == 1 ? 0 : 431);
	if (c->out.len == 0 || c->out.failed)
		hang_up(c);
	else
		send_rest(c);
}

static void
on_peer(struct clasp_acceptor *acceptor, int fd)
{
	struct clasp_http *http = (struct clasp_http *)(void *)acceptor;
	struct caller *c = calloc(1, sizeof *c);

	if (!c || uv_poll_init(http->loop, &c->poll, fd) < 0) {
		close(fd);
		free(c);
		return;
	}
	if (http->callers >= CLASP_HTTP_CALLERS)
		hang_up(http->oldest);
	c->poll.data = c;
	c->http = http;
	c->fd = fd;
	c->deadline_ms = uv_now(http->loop) + CLASP_HTTP_MS;
	c->older = http->newest;
	*(http->newest ? &http->newest->newer : &http->oldest) = c;
	http->newest = c;
	http->callers++;
	http->handles++;
	if (!uv_is_active((uv_handle_t *)&http->timer))
		uv_timer_start(&http->timer, on_late, CLASP_HTTP_MS, 0);
	uv_poll_start(&c->poll, UV_READABLE, on_ready);
}

static bool
make_room(struct clasp_acceptor *acceptor)
{
	struct clasp_http *http = (struct clasp_http *)(void *)acceptor;

	if (!http->oldest)
		return false;
	hang_up(http->oldest);
	return true;
}

static void
on_acceptor_closed(struct clasp_acceptor *acceptor)
{
	release((struct clasp_http *)(void *)acceptor);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

int
clasp_http_listen(uv_loop_t *loop, const char *host, int port,
    clasp_http_fn fn, void *user, struct clasp_http **out, const char **why)
{
	struct clasp_http *http = calloc(1, sizeof *http);
	int fd, error;

	*why = clasp_strerror(CLASP_ENOMEM);
	if (!http)
		return CLASP_ENOMEM;
	http->loop = loop;
	http->fn = fn;
	http->user = user;
	http->acceptor.peer = on_peer;
	http->acceptor.make_room = make_room;
	http->acceptor.closed = on_acceptor_closed;
	fd = clasp_bind_tcp(host, port, why);
	if (fd < 0) {
		free(http);
		return CLASP_EBIND;
	}
	clasp_bind_name(fd, host, http->name, sizeof http->name);
	error = clasp_acceptor_start(&http->acceptor, loop, fd);
	if (error < 0) {
		*why = uv_strerror(error);
		free(http);
		return CLASP_EBIND;
	}
	uv_timer_init(loop, &http->timer);
	http->timer.data = http;
	http->handles = 2;
	*out = http;
	return 0;
}

const char *
clasp_http_name(const struct clasp_http *http)
{
	return http->name;
}

void
clasp_http_close(struct clasp_http *http)
{
	if (!http)
		return;
	while (http->oldest)
		hang_up(http->oldest);
	uv_close((uv_handle_t *)&http->timer, on_timer_closed);
	clasp_acceptor_stop(&http->acceptor);
}
