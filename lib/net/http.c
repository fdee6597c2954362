/* http.c - see http.h */
#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/bind.h"
#include "net/callers.h"
#include "net/channel.h"
#include "net/upgrade.h"

struct clasp_http {
	struct clasp_callers callers;	/* first */
	clasp_http_fn	 fn;
	void		*user;
	char		 name[128];
};

/* Asks, is answered, closes: which of the three is told by `out`. */
struct caller {
	struct clasp_caller base;	/* first */
	struct clasp_buf head;
	struct clasp_buf out;
	size_t		 sent;
	int		 fd;
};

static void
hang_up(struct caller *c)
{
	clasp_callers_drop(&c->base);
	close(c->fd);
}

static void
on_hang_up(struct clasp_caller *caller)
{
	hang_up((struct caller *)caller);
}

static void
on_gone(struct clasp_caller *caller)
{
	struct caller *c = (struct caller *)caller;

	clasp_buf_clear(&c->head);
	clasp_buf_clear(&c->out);
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
	struct clasp_http *http = (struct clasp_http *)c->base.callers;
	struct clasp_http_answer a = { .status = 404, .type = "text/plain" };
	struct clasp_str path;
	enum method method = NONE;

	if (status == 0) {
		method = request_line(clasp_buf_str(&c->head), &path);
		status = method == NONE ? 400 : method == OTHER ? 405 : 0;
	}
	if (status == 0)
		http->fn(path, &a, http->user);
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
		uv_poll_start(&c->base.poll, UV_WRITABLE, on_ready);
		return;
	}
	shutdown(c->fd, SHUT_WR);
	uv_poll_start(&c->base.poll, UV_READABLE, on_ready);
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
			clasp_callers_drain(&c->base, c->fd);
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
on_come(struct clasp_caller *caller, int fd)
{
	((struct caller *)caller)->fd = fd;
	uv_poll_start(&caller->poll, UV_READABLE, on_ready);
}

static void
on_closed(struct clasp_callers *all)
{
	free((struct clasp_http *)all);
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
	http->fn = fn;
	http->user = user;
	http->callers.most = CLASP_HTTP_CALLERS;
	http->callers.limit_ms = CLASP_HTTP_MS;
	http->callers.size = sizeof(struct caller);
	http->callers.come = on_come;
	http->callers.hang_up = on_hang_up;
	http->callers.gone = on_gone;
	http->callers.closed = on_closed;
	fd = clasp_bind_tcp(host, port, why);
	if (fd < 0) {
		free(http);
		return CLASP_EBIND;
	}
	clasp_bind_name(fd, host, http->name, sizeof http->name);
	error = clasp_callers_start(&http->callers, loop, fd);
	if (error < 0) {
		*why = uv_strerror(error);
		free(http);
		return CLASP_EBIND;
	}
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
	if (http)
		clasp_callers_stop(&http->callers);
}
