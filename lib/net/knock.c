/* knock.c - see knock.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/channel.h"
#include "net/dial.h"
#include "net/hub.h"
#include "net/knock.h"
#include "net/stream.h"
#include "net/upgrade.h"

struct knock {
	struct clasp_hub *hub;
	struct clasp_stream *stream;
	struct clasp_dial *dial;	/* NULL: done with */
	uv_poll_t	 poll;
	struct clasp_url url;		/* with a share in its tls */
	struct clasp_channel ch;
	struct clasp_buf head;		/* the answer, and what follows it */
	char		 key[CLASP_UPGRADE_KEY_MAX];
	bool		 websocket;
	bool		 asked;		/* the request is out */
};

static void
free_knock(struct knock *k)
{
	clasp_buf_clear(&k->head);
	clasp_tls_context_free(k->url.tls);
	clasp_hub_put(k->hub);
	free(k);
}

static void
on_poll_closed(uv_handle_t *handle)
{
	free_knock(handle->data);
}

/* The link was closed before it was open. */
static void
stop(void *arg)
{
	struct knock *k = arg;

	if (k->dial)
		clasp_dial_stop(k->dial);
	if (k->ch.fd < 0) {
		free_knock(k);
		return;
	}
	uv_close((uv_handle_t *)&k->poll, on_poll_closed);
	clasp_channel_close(&k->ch);
}

static void
failed(struct knock *k, int error, const char *why)
{
	struct clasp_stream *s = k->stream;

	clasp_stream_fail(s, error, why);
	stop(k);
}

/* The channel carries frames from now on, the first `rest` is there. */
static void
be_stream(struct knock *k, struct clasp_str rest)
{
	struct clasp_stream *s = k->stream;
	struct clasp_channel ch = k->ch;

	k->ch.fd = -1;
	/* Its memory, and what rest points to, is freed from the loop. */
	uv_close((uv_handle_t *)&k->poll, on_poll_closed);
	if (!k->websocket)
		clasp_channel_keepalive(ch.fd);
	clasp_stream_start(s, &ch, rest, true);
}

static void on_ready(uv_poll_t *poll, int status, int events);

/* Send what TLS has to say; the rest when there is room.  False: over. */
static bool
push(struct knock *k)
{
	int r = clasp_channel_push(&k->ch);

	if (r < 0) {
		failed(k, CLASP_ECONNECT, uv_strerror(-errno));
		return false;
	}
	uv_poll_start(&k->poll, UV_READABLE | (r > 0 ? UV_WRITABLE : 0),
	    on_ready);
	return true;
}

/* Ask for WebSocket where it is wanted.  False: there is no more to do. */
static bool
ask(struct knock *k)
{
	char request[CLASP_UPGRADE_REQUEST_MAX];
	size_t n;

	if (!k->websocket) {
		be_stream(k, clasp_buf_str(&k->head));
		return false;
	}
	k->asked = true;
	n = clasp_upgrade_request(&k->url, k->key, request);
	if (n == 0) {
		failed(k, CLASP_EURL, NULL);
		return false;
	}
	/* A fresh socket takes this at once. */
	if (clasp_channel_write(&k->ch, request, n) < 0) {
		failed(k, CLASP_ECONNECT, uv_strerror(-errno));
		return false;
	}
	return push(k);
}

static void
check_answer(struct knock *k, size_t old)
{
	const char *why, *head = (const char *)k->head.data;
	int n, r;

	n = clasp_upgrade_head(head, k->head.len, old);
	if (n == 0)
		return;
	if (n < 0) {
		failed(k, CLASP_EPROTO, "the server's answer is too long");
		return;
	}
	r = clasp_upgrade_check(head, (size_t)n, k->key, &why);
	if (r < 0)
		failed(k, r, why);
	else
		be_stream(k, clasp_str_of(head + n, k->head.len - (size_t)n));
}

static void
read_failed(struct knock *k, ssize_t error)
{
	bool early = k->ch.tls && !clasp_tls_ready(k->ch.tls);
	bool closed = error == CLASP_ECLOSED ||
	    (error == CLASP_EIO && errno == ECONNRESET);

	/* A plain port makes nothing of a TLS greeting and hangs up. */
	if (early && closed) {
		failed(k, CLASP_EPROTO, CLASP_TLS_NOT_SPOKEN);
	} else if (error == CLASP_EIO) {
		failed(k, CLASP_ECONNECT, uv_strerror(-errno));
	} else if (error == CLASP_ECLOSED) {
		failed(k, CLASP_ECONNECT,
		    "connection closed during the handshake");
	} else {
		clasp_channel_push(&k->ch);
		failed(k, (int)error, clasp_tls_why(k->ch.tls));
	}
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct knock *k = poll->data;
	size_t old = k->head.len;
	ssize_t n;

	(void)status;
	if ((events & UV_WRITABLE) && !push(k))
		return;
	n = clasp_channel_read(&k->ch, k->hub, k->hub->in, CLASP_HUB_BUFFER);
	if (n < 0) {
		read_failed(k, n);
		return;
	}
	if (n > 0 && clasp_buf_add(&k->head, k->hub->in, (size_t)n) < 0) {
		failed(k, CLASP_ENOMEM, NULL);
		return;
	}
	if (!k->asked && k->ch.tls) {
		if (!push(k) || !clasp_tls_ready(k->ch.tls) || !ask(k))
			return;
	}
	if (k->head.len > old)
		check_answer(k, old);
}

static void
on_dialed(int fd, const char *why, void *user)
{
	struct knock *k = user;
	int error;

	k->dial = NULL;
	if (fd < 0) {
		failed(k, CLASP_ECONNECT, why);
		return;
	}
	error = uv_poll_init(k->hub->loop, &k->poll, fd);
	k->ch.fd = fd;
	if (error < 0) {
		clasp_channel_close(&k->ch);
		failed(k, CLASP_ECONNECT, uv_strerror(error));
		return;
	}
	k->poll.data = k;
	if (!k->url.secure) {
		ask(k);
		return;
	}
	k->ch.tls = clasp_tls_new(k->url.tls, k->url.host);
	if (!k->ch.tls)
		failed(k, CLASP_ENOMEM, NULL);
	else
		push(k);
}

int
clasp_knock(uv_loop_t *loop, const struct clasp_url *url,
    const struct clasp_link_events *events, void *user,
    struct clasp_link **out)
{
	struct clasp_link *link;
	struct knock *k;

	if (url->secure && !url->tls)
		return CLASP_EINVAL;
	k = calloc(1, sizeof *k);
	if (!k)
		return CLASP_ENOMEM;
	k->ch.fd = -1;
	k->url = *url;
	clasp_tls_context_ref(k->url.tls);
	k->websocket = strncmp(url->scheme, "ws", 2) == 0;
	k->hub = clasp_hub_get(loop);
	if (k->hub)
		k->dial = clasp_dial_start(loop, url->host, url->port,
		    on_dialed, k);
	if (k->dial)
		k->stream = clasp_stream_new(loop, k->websocket ?
		    CLASP_FRAMING_WS_MASKED : CLASP_FRAMING_LENGTH);
	if (!k->stream) {
		stop(k);
		return CLASP_ENOMEM;
	}
	clasp_stream_opening(k->stream, stop, k);
	if (!k->websocket && !url->secure)
		clasp_stream_if_mute(k->stream, "connection closed without a "
		    "word: does the port take only TLS, tls://?");
	link = clasp_stream_link(k->stream);
	link->events = events;
	link->user = user;
	*out = link;
	return 0;
}
