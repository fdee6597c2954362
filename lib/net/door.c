/* door.c - see door.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/bind.h"
#include "net/callers.h"
#include "net/channel.h"
#include "net/door.h"
#include "net/hub.h"
#include "net/scheme.h"
#include "net/stream.h"
#include "net/upgrade.h"

#define READ_MAX	(CLASP_UPGRADE_HEAD_MAX + CLASP_TLS_RECORD_MAX)
/* Handshakes of TLS in one turn of the loop: longer, and those who are
 * connected would feel it. */
#define TURN_NS		3000000u

struct door {
	struct clasp_listener base;	/* first */
	struct clasp_callers callers;
	struct clasp_hub *hub;
	struct clasp_tls_context *tls;	/* NULL: none spoken here */
	uint64_t	 turn_ms;	/* the turn that `spent_ns` is of */
	uint64_t	 spent_ns;
	bool		 http;		/* WebSocket, too */
	bool		 tls_only;
};

/* A peer of whom we do not know all, or that reads our refusal. */
struct caller {
	struct clasp_caller base;	/* first */
	struct door	*door;
	struct clasp_channel ch;
	struct clasp_buf head;		/* plain bytes so far */
	bool		 looked;	/* at the first byte */
	bool		 refused;	/* plain HTTP where TLS is wanted */
	bool		 answered;
	bool		 finished;	/* the answer is out */
};

/* Let go of the caller, not of its channel.  Its memory is freed from the
 * loop. */
static struct clasp_channel
take_channel(struct caller *c)
{
	struct clasp_channel ch = c->ch;

	c->ch = (struct clasp_channel){ .fd = -1 };
	clasp_callers_drop(&c->base);
	return ch;
}

static void
hang_up(struct caller *c)
{
	struct clasp_channel ch = take_channel(c);

	clasp_channel_close(&ch);
}

static void
on_hang_up(struct clasp_caller *caller)
{
	hang_up((struct caller *)caller);
}

static void
on_gone(struct clasp_caller *caller)
{
	clasp_buf_clear(&((struct caller *)caller)->head);
}

/* ------------------------------------------------------ who is it, then */

static void on_event(uv_poll_t *poll, int status, int events);

/* Send what TLS has waiting; behind an answer comes our end of the stream.
 * False: the caller is gone. */
static bool
push(struct caller *c)
{
	int r = clasp_channel_push(&c->ch);

	if (r < 0) {
		hang_up(c);
		return false;
	}
	if (r == 0 && c->answered && !c->finished) {
		c->finished = true;
		clasp_channel_finish(&c->ch);
		shutdown(c->ch.fd, SHUT_WR);
	}
	uv_poll_start(&c->base.poll, UV_READABLE | (r > 0 ? UV_WRITABLE : 0),
	    on_event);
	return true;
}

/* It carries frames: `at` bytes of what came were the greeting. */
static void
let_in(struct caller *c, enum clasp_framing framing, size_t at)
{
	struct door *d = c->door;
	struct clasp_str rest = clasp_str_of((const char *)c->head.data + at,
	    c->head.len - at);
	uint64_t begun_ms = c->base.deadline_ms - CLASP_DOOR_GREETING_MS;
	struct clasp_channel ch = take_channel(c);
	struct clasp_stream *s = clasp_stream_new(d->hub->loop, framing);

	if (!s) {
		clasp_channel_close(&ch);
		return;
	}
	if (framing == CLASP_FRAMING_LENGTH)
		clasp_channel_keepalive(ch.fd);
	clasp_stream_link(s)->begun_ms = begun_ms;
	d->base.accept(clasp_stream_link(s), d->base.user);
	clasp_stream_start(s, &ch, rest, false);
}

static void
answer(struct caller *c, size_t head)
{
	char out[CLASP_UPGRADE_ANSWER_MAX];
	bool upgraded = false;
	size_t n;

	n = c->refused ? clasp_upgrade_refusal(out) :
	    clasp_upgrade_answer(c->door->hub->upgrade, (char *)c->head.data,
	    head, out, &upgraded);
	if (n == 0 || clasp_channel_write(&c->ch, out, n) < 0) {
		hang_up(c);
		return;
	}
	if (upgraded) {
		let_in(c, CLASP_FRAMING_WS, head);
		return;
	}
	c->answered = true;
	clasp_buf_clear(&c->head);
	push(c);
}

static bool
is_method(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z';
}

/* The first byte tells: TLS or not, and what to make of plain bytes.
 * False: nothing is there, or it is not for us. */
static bool
look(struct caller *c)
{
	struct door *d = c->door;
	uint8_t byte;
	ssize_t n = recv(c->ch.fd, &byte, 1, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 1 && byte == 0x16 && d->tls)
		c->ch.tls = clasp_tls_new(d->tls, NULL);
	else if (n == 1 && d->tls_only)
		c->refused = d->http && is_method(byte);
	if (n != 1 || (byte == 0x16 && !c->ch.tls) ||
	    (d->tls_only && !c->ch.tls && !c->refused)) {
		hang_up(c);
		return false;
	}
	c->looked = true;
	return true;
}

/* More plain bytes are there than `old`. */
static void
listen_to(struct caller *c, size_t old)
{
	const struct clasp_buf *b = &c->head;
	int n;

	/* 0x00 begins the length of a bare frame: none is that long. */
	if (b->data[0] == 0) {
		let_in(c, CLASP_FRAMING_LENGTH, 0);
		return;
	}
	n = c->door->http && is_method(b->data[0]) ?
	    clasp_upgrade_head(b->data, b->len, old) : CLASP_EPROTO;
	if (n < 0)
		hang_up(c);
	else if (n > 0)
		answer(c, (size_t)n);
}

/* A storm of callers must not take the loop from those inside: who finds
 * the turn's time spent is looked at in the next one. */
static bool
has_time(struct door *d)
{
	uint64_t now = uv_now(d->hub->loop);

	if (d->turn_ms != now) {
		d->turn_ms = now;
		d->spent_ns = 0;
	}
	return d->spent_ns < TURN_NS;
}

static ssize_t
read_caller(struct caller *c)
{
	struct clasp_hub *hub = c->door->hub;
	uint64_t began;
	ssize_t n;

	if (!c->ch.tls)
		return clasp_channel_read(&c->ch, hub, hub->in, READ_MAX);
	if (!has_time(c->door))
		return 0;
	began = uv_hrtime();
	n = clasp_channel_read(&c->ch, hub, hub->in, READ_MAX);
	c->door->spent_ns += uv_hrtime() - began;
	if (n < 0)
		clasp_channel_push(&c->ch);	/* what was wrong */
	return n;
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
	struct caller *c = poll->data;
	size_t old = c->head.len;
	ssize_t n;

	if (status < 0) {
		hang_up(c);
		return;
	}
	if ((events & UV_WRITABLE) && !push(c))
		return;
	if (c->answered) {
		clasp_callers_drain(&c->base, c->ch.fd);
		return;
	}
	if (!c->looked && !look(c))
		return;
	n = read_caller(c);
	if (n < 0 || (n > 0 && clasp_buf_add(&c->head, c->door->hub->in,
	    (size_t)n) < 0)) {
		hang_up(c);
		return;
	}
	if (c->ch.tls && !push(c))
		return;
	if (n > 0)
		listen_to(c, old);
}

/* The door whose callers these are. */
static struct door *
door_of(struct clasp_callers *all)
{
	return (struct door *)(void *)
	    ((char *)all - offsetof(struct door, callers));
}

static void
on_come(struct clasp_caller *caller, int fd)
{
	struct caller *c = (struct caller *)caller;

	c->door = door_of(caller->callers);
	c->ch.fd = fd;
	clasp_listener_saw(&c->door->base, fd);
	clasp_channel_tune(fd);
	uv_poll_start(&caller->poll, UV_READABLE, on_event);
	/* The greeting often comes with the connection. */
	on_event(&caller->poll, 0, UV_READABLE);
}

/* ------------------------------------------------------------ listening */

static void
free_door(struct door *d)
{
	clasp_tls_context_free(d->tls);
	clasp_hub_put(d->hub);
	free(d);
}

static void
on_closed(struct clasp_callers *all)
{
	free_door(door_of(all));
}

static void
close_listener(struct clasp_listener *listener)
{
	clasp_callers_stop(&((struct door *)listener)->callers);
}

static const struct clasp_listener_ops ops = { close_listener };

static int
listen_failed(struct door *d, int error)
{
	free_door(d);
	return error;
}

/* What may come through this door. */
static int
furnish(struct door *d, const struct clasp_url *url, const char **why)
{
	d->http = strncmp(url->scheme, "ws", 2) == 0;
	d->tls = clasp_tls_context_ref(url->tls);
	d->tls_only = url->secure || url->tls_only;
	if (d->tls_only && !d->tls) {
		*why = "TLS needs a certificate and a key";
		return CLASP_EINVAL;
	}
	if (d->http && !d->hub->upgrade)
		d->hub->upgrade = clasp_upgrade_new(d->hub->loop);
	if (d->http && !d->hub->upgrade) {
		*why = "libwebsockets does not start (is its libuv part "
		    "installed?)";
		return CLASP_EBIND;
	}
	return 0;
}

int
clasp_door_listen(uv_loop_t *loop, const struct clasp_url *url,
    clasp_accept_fn accept, void *user, struct clasp_listener **out,
    const char **why)
{
	struct door *d = calloc(1, sizeof *d);
	int fd, error;

	*why = clasp_strerror(CLASP_ENOMEM);
	if (!d)
		return CLASP_ENOMEM;
	d->hub = clasp_hub_get(loop);
	if (!d->hub) {
		free(d);
		return CLASP_ENOMEM;
	}
	error = furnish(d, url, why);
	if (error < 0)
		return listen_failed(d, error);
	d->base.ops = &ops;
	d->base.accept = accept;
	d->base.user = user;
	d->callers.most = CLASP_DOOR_CALLERS_MAX;
	d->callers.limit_ms = CLASP_DOOR_GREETING_MS;
	d->callers.size = sizeof(struct caller);
	d->callers.come = on_come;
	d->callers.hang_up = on_hang_up;
	d->callers.gone = on_gone;
	d->callers.closed = on_closed;
	fd = clasp_bind_tcp(url->host, url->port, why);
	if (fd < 0)
		return listen_failed(d, CLASP_EBIND);
	d->base.port = clasp_bind_name(fd, url->host, d->base.name,
	    sizeof d->base.name);
	error = clasp_callers_start(&d->callers, loop, fd);
	if (error < 0) {
		*why = uv_strerror(error);
		return listen_failed(d, CLASP_EBIND);
	}
	*out = &d->base;
	return 0;
}
