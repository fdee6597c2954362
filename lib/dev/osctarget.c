/* osctarget.c - OSC packets to UDP and TCP. */
#include "dev/osctarget.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "proto/oscstream.h"

#define AGAIN_MS	1000
#define CLOSING_MS	2000	/* a target that takes nothing is left then */

enum state {
	CLOSED,			/* TCP: waits to be tried again */
	CONNECTING,
	OPEN
};

struct clasp_osctarget {
	uv_loop_t	*loop;
	struct clasp_osctarget_config config;
	struct sockaddr_storage addr;
	enum state	 state;
	bool		 was_open, closing, given_up;
	bool		 patient;	/* closing, when somebody came */
	bool		 short_of;	/* closing, and not all got out */
	unsigned	 handles;
	size_t		 pending;	/* bytes handed to libuv */
	struct clasp_buf waiting;	/* TCP: until it is open */
	struct clasp_buf frame;		/* the packet with its framing */
	uv_udp_t	 udp;
	uv_tcp_t	 tcp;
	uv_timer_t	 timer;		/* next attempt, or end of patience */
	uv_connect_t	 connecting;
};

struct sending {
	union {
		uv_udp_send_t udp;
		uv_write_t tcp;
	};
	struct clasp_osctarget *target;
	size_t		 len;
	char		 bytes[];
};

static void try_again(uv_timer_t *timer);

/* -------------------------------------------------------------- closing */

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_osctarget *t = handle->data;
	struct clasp_osctarget_config config = t->config;
	bool whole;

	if (--t->handles > 0)
		return;
	whole = !t->short_of && t->waiting.len == 0;
	clasp_buf_clear(&t->waiting);
	clasp_buf_clear(&t->frame);
	free(t);
	if (config.closed != NULL)
		config.closed(whole, config.user);
}

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void
close_all(struct clasp_osctarget *t)
{
	if (!t->config.tcp)
		close_handle((uv_handle_t *)&t->udp);
	else if (t->state != CLOSED) {
		t->state = CLOSED;
		close_handle((uv_handle_t *)&t->tcp);
	}
	close_handle((uv_handle_t *)&t->timer);
}

static void
out_of_patience(uv_timer_t *timer)
{
	close_all(timer->data);
}

static void
close_when_sent(struct clasp_osctarget *t)
{
	if (t->closing && t->pending == 0 && (t->waiting.len == 0 ||
	    t->given_up))
		close_all(t);
}

void
clasp_osctarget_close(struct clasp_osctarget *t, bool patient)
{
	if (t->closing && (patient || !t->patient))
		return;
	t->closing = true;
	t->patient = patient && t->config.tcp && t->waiting.len > 0 &&
	    t->state != OPEN;
	if (t->patient)
		return;
	if (t->state == CLOSED && t->config.tcp)
		t->given_up = true;	/* nobody is there to take it */
	uv_timer_start(&t->timer, out_of_patience, CLOSING_MS, 0);
	close_when_sent(t);
}

/* -------------------------------------------------------------- sending */

static void
on_sent(struct sending *s, int status)
{
	struct clasp_osctarget *t = s->target;

	if (status < 0 && t->closing && t->config.tcp)
		t->short_of = true;
	t->pending -= s->len;
	free(s);
	close_when_sent(t);
}

static void
on_udp_sent(uv_udp_send_t *req, int status)
{
	on_sent((struct sending *)req, status);
}

static void
on_tcp_sent(uv_write_t *req, int status)
{
	on_sent((struct sending *)req, status);
}

static struct sending *
copy_of(struct clasp_osctarget *t, const uint8_t *p, size_t len)
{
	struct sending *s;

	if (t->pending + len > CLASP_OSCTARGET_QUEUE)
		return NULL;
	s = malloc(sizeof *s + len);
	if (s == NULL)
		return NULL;
	s->target = t;
	s->len = len;
	memcpy(s->bytes, p, len);
	return s;
}

static bool
send_udp(struct clasp_osctarget *t, const uint8_t *p, size_t len)
{
	uv_buf_t buf = uv_buf_init((char *)p, (unsigned)len);
	const struct sockaddr *to = (const struct sockaddr *)&t->addr;
	struct sending *s;
	int r;

	if (t->pending == 0) {
		r = uv_udp_try_send(&t->udp, &buf, 1, to);
		if (r != UV_EAGAIN)
			return r >= 0;
	}
	if ((s = copy_of(t, p, len)) == NULL)
		return false;
	buf.base = s->bytes;
	if (uv_udp_send(&s->udp, &t->udp, &buf, 1, to, on_udp_sent) < 0) {
		free(s);
		return false;
	}
	t->pending += len;
	return true;
}

static bool
write_tcp(struct clasp_osctarget *t, const uint8_t *p, size_t len)
{
	uv_buf_t buf = uv_buf_init((char *)p, (unsigned)len);
	struct sending *s;
	int r;

	if (t->pending == 0) {
		r = uv_try_write((uv_stream_t *)&t->tcp, &buf, 1);
		if (r == (int)len)
			return true;
		if (r > 0) {
			p += r;
			len -= (size_t)r;
		} else if (r != UV_EAGAIN)
			return false;
	}
	if ((s = copy_of(t, p, len)) == NULL)
		return false;
	buf = uv_buf_init(s->bytes, (unsigned)len);
	if (uv_write(&s->tcp, (uv_stream_t *)&t->tcp, &buf, 1,
	    on_tcp_sent) < 0) {
		free(s);
		return false;
	}
	t->pending += len;
	return true;
}

bool
clasp_osctarget_send(struct clasp_osctarget *t, const uint8_t *p, size_t len)
{
	if (t->closing)
		return false;
	if (!t->config.tcp)
		return send_udp(t, p, len);
	clasp_buf_reset(&t->frame);
	if ((t->config.slip ? clasp_osc_frame_slip(&t->frame, p, len) :
	    clasp_osc_frame_length(&t->frame, p, len)) < 0)
		return false;
	if (t->state == OPEN)
		return write_tcp(t, t->frame.data, t->frame.len);
	return t->waiting.len + t->frame.len <= CLASP_OSCTARGET_QUEUE &&
	    clasp_buf_add(&t->waiting, t->frame.data, t->frame.len) == 0;
}

size_t
clasp_osctarget_pending(const struct clasp_osctarget *t)
{
	return t->pending + t->waiting.len;
}

/* ----------------------------------------------------------- connecting */

/* The old handle is closed: its memory may be used again. */
static void
on_tcp_closed(uv_handle_t *handle)
{
	struct clasp_osctarget *t = handle->data;

	if (t->closing && !t->patient) {
		t->given_up = true;
		close_when_sent(t);
	} else
		uv_timer_start(&t->timer, try_again, AGAIN_MS, 0);
	on_closed(handle);
}

static void
gone(struct clasp_osctarget *t, int error)
{
	bool first = !t->was_open && !t->config.wait;

	if (t->state == CLOSED)
		return;
	t->state = CLOSED;
	uv_close((uv_handle_t *)&t->tcp, on_tcp_closed);
	if (t->closing)
		return;
	if (first) {
		/* that nobody took this is said with it */
		clasp_buf_clear(&t->waiting);
		if (t->config.failed != NULL)
			t->config.failed(t, uv_strerror(error),
			    t->config.user);
	} else if (t->config.lost != NULL && (t->was_open || t->config.wait))
		t->config.lost(t, uv_strerror(error), t->config.user);
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char nothing[512];	/* what a target says is not heard */

	(void)handle, (void)suggested;
	*buf = uv_buf_init(nothing, sizeof nothing);
}

static void
on_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0)
		gone(stream->data, (int)n);
}

static void
on_connected(uv_connect_t *req, int status)
{
	struct clasp_osctarget *t = req->handle->data;

	if (t->state != CONNECTING)
		return;
	if (status < 0) {
		gone(t, status);
		return;
	}
	t->state = OPEN;
	t->was_open = true;
	uv_tcp_nodelay(&t->tcp, 1);
	uv_read_start((uv_stream_t *)&t->tcp, on_room, on_heard);
	if (t->waiting.len > 0) {
		write_tcp(t, t->waiting.data, t->waiting.len);
		clasp_buf_clear(&t->waiting);
	}
	if (t->config.open != NULL)
		t->config.open(t, t->config.user);
	if (t->patient) {
		t->patient = false;
		uv_timer_start(&t->timer, out_of_patience, CLOSING_MS, 0);
	}
	close_when_sent(t);
}

static void
connect_tcp(struct clasp_osctarget *t)
{
	int r;

	uv_tcp_init(t->loop, &t->tcp);
	t->tcp.data = t;
	t->handles++;
	t->state = CONNECTING;
	r = uv_tcp_connect(&t->connecting, &t->tcp,
	    (const struct sockaddr *)&t->addr, on_connected);
	if (r < 0)
		gone(t, r);
}

static void
try_again(uv_timer_t *timer)
{
	connect_tcp(timer->data);
}

int
clasp_osctarget_new(uv_loop_t *loop,
    const struct clasp_osctarget_config *config, struct clasp_osctarget **out)
{
	struct addrinfo hints = {
	    .ai_socktype = config->tcp ? SOCK_STREAM : SOCK_DGRAM };
	struct clasp_osctarget *t;
	uv_getaddrinfo_t req;
	int r;

	r = uv_getaddrinfo(loop, &req, NULL, config->host, config->port,
	    &hints);
	if (r < 0)
		return r;
	t = calloc(1, sizeof *t);
	if (t == NULL) {
		uv_freeaddrinfo(req.addrinfo);
		return UV_ENOMEM;
	}
	t->loop = loop;
	t->config = *config;
	memcpy(&t->addr, req.addrinfo->ai_addr, req.addrinfo->ai_addrlen);
	uv_freeaddrinfo(req.addrinfo);
	uv_timer_init(loop, &t->timer);
	t->timer.data = t->udp.data = t;
	t->handles = 1;
	if (config->tcp)
		connect_tcp(t);
	else {
		uv_udp_init(loop, &t->udp);
		t->handles++;
	}
	*out = t;
	return 0;
}
