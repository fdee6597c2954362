/* stream.c - see stream.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "net/channel.h"
#include "net/hub.h"
#include "net/scheme.h"
#include "net/stream.h"

#define GOODBYE_MS	1000	/* for flushing and the peer's goodbye */
#define PIECES		64	/* looked at for one system call */
#define ALONE		16384	/* a span this long is not copied */
#define MORE		4096	/* a read this long is tried again */
#define SEALED_AT_ONCE	65536	/* under TLS, for one system call */
#define TURN_BYTES	(1u << 20)	/* from one stream in one turn */
#define TURN_NS		1000000u
#define PONGS_WAITING	16384	/* bytes waiting: no more pongs */
#define REASON_MAX	256

enum state {
	OPENING,
	OPEN,
	CLOSING,		/* flush, exchange goodbyes */
	DEAD			/* `closed` is on its way */
};

struct clasp_stream {
	struct clasp_link link;		/* first */
	struct clasp_hub *hub;
	uv_poll_t	 poll;
	uv_timer_t	 timer;		/* keepalive, or the goodbye's end */
	struct clasp_hub_task task;
	struct clasp_hub_task stall;	/* while the socket is full */
	struct clasp_buf left;		/* a unit's rest, then raw bytes */
	struct clasp_buf parts;		/* of a fragmented message */
	void		(*stop_opening)(void *arg);
	void		*opening;
	char		*reason;	/* owned; NULL: none */
	const char	*if_mute;	/* instead, before the first byte */
	size_t		 held;		/* bytes of the unit's rest */
	size_t		 stalled;	/* bytes waiting when told so */
	size_t		 sealed;	/* bytes of out that TLS has taken */
	uint64_t	 gone;		/* bytes given to the socket */
	uint64_t	 ping_end;	/* of them, up to the ping's last */
	uint64_t	 taken;		/* by the peer's machine, when looked */
	uint64_t	 patience_ms;	/* the ping is answered until then */
	struct clasp_channel ch;
	int		 error;
	uint16_t	 code;		/* of our goodbye */
	uint8_t		 state;
	uint8_t		 handles;	/* not closed yet */
	uint8_t		 full_turns;	/* of the loop, up to 2 */
	bool		 paused : 1;
	bool		 resume : 1;	/* the task is to go on reading */
	bool		 blocked : 1;	/* the socket was full */
	bool		 pinged : 1;
	bool		 said_bye : 1;
	bool		 heard_bye : 1;
	bool		 deaf : 1;	/* what comes makes no sense */
	bool		 shut : 1;
	bool		 spoken : 1;	/* something has been sent */
	bool		 in_message : 1;
	bool		 text : 1;
};

static void flush(struct clasp_stream *s);

static bool
is_ws(const struct clasp_stream *s)
{
	return s->link.framing == CLASP_FRAMING_WS ||
	    s->link.framing == CLASP_FRAMING_WS_MASKED;
}

/* ------------------------------------------------------------- the end */

static void
on_handle_closed(uv_handle_t *handle)
{
	struct clasp_stream *s = handle->data;

	if (--s->handles > 0)
		return;
	s->link.events->closed(&s->link, s->error,
	    s->reason ? s->reason : clasp_strerror(s->error), s->link.user);
	clasp_hub_put(s->hub);
	clasp_tls_free(s->ch.tls);
	clasp_buf_clear(&s->left);
	clasp_buf_clear(&s->parts);
	free(s->reason);
	free(s);
}

static void
set_reason(struct clasp_stream *s, int error, const char *reason)
{
	if (s->reason || s->error)
		return;			/* the first one is the cause */
	s->error = error;
	if (reason)
		s->reason = strndup(reason, REASON_MAX);
}

static void
finish(struct clasp_stream *s, int error, const char *reason)
{
	if (s->state == DEAD)
		return;
	set_reason(s, error, reason);
	if (s->state == OPENING && s->stop_opening)
		s->stop_opening(s->opening);
	s->state = DEAD;
	clasp_hub_cancel(&s->task);
	clasp_hub_cancel(&s->stall);
	uv_close((uv_handle_t *)&s->timer, on_handle_closed);
	if (s->ch.fd >= 0) {
		uv_close((uv_handle_t *)&s->poll, on_handle_closed);
		close(s->ch.fd);
		s->ch.fd = -1;
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events);

/* Ask the loop for what we want to know. */
static void
watch(struct clasp_stream *s)
{
	int events = (s->paused ? 0 : UV_READABLE) |
	    (s->blocked ? UV_WRITABLE : 0);

	if (s->state == DEAD || s->ch.fd < 0)
		return;
	if (events)
		uv_poll_start(&s->poll, events, on_poll);
	else
		uv_poll_stop(&s->poll);
}

static void
on_goodbye_over(uv_timer_t *timer)
{
	finish(timer->data, CLASP_ETIMEOUT, NULL);
}

/* From now on only goodbyes count. */
static void
begin_closing(struct clasp_stream *s, int code, int error,
    const char *reason)
{
	s->state = CLOSING;
	s->code = (uint16_t)code;
	set_reason(s, error, reason);
	if (!s->reason && !error)
		s->reason = strdup("closed");
	clasp_buf_clear(&s->left);
	s->held = 0;
	s->resume = false;
	if (s->paused) {
		s->paused = false;
		watch(s);
	}
	uv_timer_start(&s->timer, on_goodbye_over, GOODBYE_MS, 0);
	/* Later: this may be within a call of the owner. */
	clasp_hub_soon(s->hub, &s->task);
}

/* It is the peer who leaves: its owner hears of it before it can know that
 * anybody has. */
static void
let_go(struct clasp_stream *s, int code, int error, const char *reason)
{
	begin_closing(s, code, error, reason);
	if (s->link.events->leaving)
		s->link.events->leaving(&s->link, s->link.user);
}

/* The peer breaks the rules: tell it, and listen no more. */
static void
break_off(struct clasp_stream *s, int code, const char *reason)
{
	s->deaf = true;
	if (s->state == OPEN)
		let_go(s, code, CLASP_EPROTO, reason);
}

/* ------------------------------------------------------ control frames */

static void
queue_control(struct clasp_stream *s, enum clasp_ws_op op, const void *body,
    size_t n)
{
	bool masked = s->link.framing == CLASP_FRAMING_WS_MASKED;
	uint8_t frame[2 + 4 + 125], *p = frame + 2;

	if (!s->link.out || n > 125)
		return;
	frame[0] = (uint8_t)(0x80 | op);
	frame[1] = (uint8_t)(n | (masked ? 0x80 : 0));
	if (masked) {
		if (getrandom(p, 4, GRND_NONBLOCK) != 4)
			memset(p, 0, 4);
		p += 4;
	}
	if (n)
		memcpy(p, body, n);
	if (masked)
		clasp_framing_mask(p, n, p - 4, 0);
	clasp_outq_add_bytes(s->link.out, frame,
	    (size_t)(p - frame) + n);
}

static void
say_bye(struct clasp_stream *s)
{
	uint8_t body[125];
	size_t n = 0;

	if (s->said_bye)
		return;
	s->said_bye = true;
	if (!is_ws(s))
		return;
	if (s->code) {
		clasp_store16(body, s->code);
		n = 2;
		if (s->reason && !s->heard_bye) {
			size_t len = strlen(s->reason);

			if (len > sizeof body - n)
				len = sizeof body - n;
			memcpy(body + n, s->reason, len);
			n += len;
		}
	}
	queue_control(s, CLASP_WS_CLOSE, body, n);
}

static void
hear_bye(struct clasp_stream *s, const uint8_t *body, size_t n)
{
	char text[REASON_MAX];
	int code = 0, len;

	s->heard_bye = true;
	if (n >= 2)
		code = clasp_load16(body);
	/* The answer to ours is the last that either has to say. */
	if (s->state == CLOSING)
		clasp_hub_soon(s->hub, &s->task);
	if (s->state != OPEN)
		return;
	len = n > 2 ? (int)n - 2 : 0;
	if (len)
		snprintf(text, sizeof text, "%.*s", len,
		    (const char *)body + 2);
	else
		snprintf(text, sizeof text, "closed by the peer");
	let_go(s, code,
	    code == 0 || code == 1000 || code == 1001 ? 0 : CLASP_ECLOSED,
	    text);
}

static uint64_t quiet_ms = CLASP_STREAM_QUIET_MS;
static uint64_t answer_ms = CLASP_STREAM_ANSWER_MS;

void
clasp_stream_patience(uint64_t quiet, uint64_t answer)
{
	quiet_ms = quiet;
	answer_ms = answer;
}

/* Bytes that the kernel still has for the peer; -1: it does not say. */
static int
held_by_kernel(const struct clasp_stream *s)
{
	int n;

	return ioctl(s->ch.fd, SIOCOUTQ, &n) == 0 ? n : -1;
}

/* Bytes that the peer's machine has said it has; under TLS about so many. */
static uint64_t
taken(const struct clasp_stream *s)
{
	int n = held_by_kernel(s);
	uint64_t held = n > 0 ? (uint64_t)n : 0;

	return s->gone > held ? s->gone - held : 0;
}

/* A peer that is in the middle of much takes longer to get to the end. */
static void
be_patient(struct clasp_stream *s)
{
	s->patience_ms = uv_now(s->hub->loop) +
	    (s->blocked ? CLASP_STREAM_STUCK * answer_ms : answer_ms);
}

/*
 * The ping stands behind what was queued before it.  As long as the peer gets
 * nearer to it, it lives, and slowly reads; time runs when it stands still,
 * and from when it has the ping.
 */
static bool
may_answer(struct clasp_stream *s)
{
	uint64_t now = taken(s);

	if (now > s->taken && now < s->ping_end)
		be_patient(s);
	s->taken = now;
	return uv_now(s->hub->loop) < s->patience_ms;
}

static void
ping(struct clasp_stream *s)
{
	s->pinged = true;
	queue_control(s, CLASP_WS_PING, NULL, 0);
	s->ping_end = s->gone + (s->link.out ? s->link.out->bytes : 0);
	/* a few more bytes would look as if it went on reading */
	if (!s->blocked)
		flush(s);
	if (s->state == DEAD)
		return;
	s->taken = taken(s);
	be_patient(s);
}

static void on_quiet(uv_timer_t *timer);

static void
wait_quiet(struct clasp_stream *s, uint64_t ms)
{
	uv_timer_start(&s->timer, on_quiet, ms, 0);
}

/* A peer that we do not read from has no way to show that it lives. */
static void
on_quiet(uv_timer_t *timer)
{
	struct clasp_stream *s = timer->data;
	uint64_t quiet = uv_now(timer->loop) - s->link.heard_ms;

	if (s->paused) {
		wait_quiet(s, quiet_ms);
	} else if (quiet < quiet_ms) {
		wait_quiet(s, quiet_ms - quiet);
	} else if (!s->pinged || may_answer(s)) {
		wait_quiet(s, answer_ms / CLASP_STREAM_LOOKS);
		if (!s->pinged)
			ping(s);
	} else {
		finish(s, CLASP_ETIMEOUT, "the peer does not answer");
	}
}

/* ------------------------------------------------------------- reading */

static void
deliver(struct clasp_stream *s, const uint8_t *p, size_t n)
{
	size_t used = n;

	if (s->state != OPEN)
		return;
	if (s->link.events->unit(&s->link, p, n, &used, s->link.user) == 0)
		return;
	s->paused = true;
	if (s->state != OPEN || used >= n)
		return;
	s->held = n - used;
	if (clasp_buf_add(&s->left, p + used, s->held) < 0)
		finish(s, CLASP_ENOMEM, NULL);
}

/* A piece of a message; most are whole. */
static void
on_data(struct clasp_stream *s, const struct clasp_ws_head *head,
    const uint8_t *body)
{
	size_t n = (size_t)head->len;

	if ((head->op == CLASP_WS_CONTINUE) != s->in_message) {
		break_off(s, 1002, "fragments in the wrong order");
		return;
	}
	if (!s->in_message) {
		s->text = head->op == CLASP_WS_TEXT;
		if (head->fin) {
			if (!s->text)
				deliver(s, body, n);
			return;
		}
	}
	s->in_message = !head->fin;
	if (s->text)
		return;
	if (s->parts.len + n > CLASP_STREAM_UNIT_MAX) {
		break_off(s, 1009, "message too large");
		return;
	}
	if (clasp_buf_add(&s->parts, body, n) < 0) {
		finish(s, CLASP_ENOMEM, NULL);
		return;
	}
	if (head->fin) {
		deliver(s, s->parts.data, s->parts.len);
		clasp_buf_clear(&s->parts);
	}
}

static void
on_frame(struct clasp_stream *s, const struct clasp_ws_head *head,
    const uint8_t *body)
{
	switch (head->op) {
	case CLASP_WS_PING:
		/* A peer that pings and never reads gets no more. */
		if (s->state == OPEN && s->link.out &&
		    s->link.out->bytes < PONGS_WAITING) {
			queue_control(s, CLASP_WS_PONG, body,
			    (size_t)head->len);
			if (!s->blocked)
				clasp_hub_soon(s->hub, &s->task);
		}
		break;
	case CLASP_WS_PONG:
		break;
	case CLASP_WS_CLOSE:
		hear_bye(s, body, (size_t)head->len);
		break;
	default:
		on_data(s, head, body);
	}
}

static bool
listening(const struct clasp_stream *s)
{
	return !s->paused && !s->deaf && !s->heard_bye && s->state != DEAD;
}

/* WebSocket: work off what is whole; returns the bytes that took. */
static size_t
take_ws(struct clasp_stream *s, uint8_t *p, size_t n)
{
	bool from_client = s->link.framing == CLASP_FRAMING_WS;
	struct clasp_ws_head head;
	size_t at = 0;
	int size;

	while (at < n && listening(s)) {
		size = clasp_ws_head_decode(p + at, n - at, &head);
		if (size == 0)
			break;
		if (size < 0) {
			break_off(s, 1002, "broken WebSocket frame");
			break;
		}
		if (head.masked != from_client) {
			break_off(s, 1002, from_client ?
			    "client frames must be masked" :
			    "server frames must not be masked");
			break;
		}
		if (head.len > CLASP_STREAM_UNIT_MAX) {
			break_off(s, 1009, "message too large");
			break;
		}
		if (n - at - (size_t)size < head.len)
			break;
		at += (size_t)size;
		if (head.masked)
			clasp_framing_mask(p + at, (size_t)head.len,
			    head.mask, 0);
		on_frame(s, &head, p + at);
		at += (size_t)head.len;
	}
	return at;
}

/* The same for frames with their length in front. */
static size_t
take_length(struct clasp_stream *s, const uint8_t *p, size_t n)
{
	size_t at = 0, len;
	int size;

	while (at < n && listening(s)) {
		size = clasp_length_head_decode(p + at, n - at, &len);
		if (size < 0) {
			break_off(s, 0, size == CLASP_EEMPTY ?
			    "empty message" : "message too large");
			break;
		}
		if (size == 0 || n - at - 4 < len)
			break;
		at += 4;
		deliver(s, p + at, len);
		at += len;
	}
	return at;
}

/* n bytes in the hub's buffer: work off, keep the rest. */
static void
take(struct clasp_stream *s, uint8_t *p, size_t n)
{
	size_t at = is_ws(s) ? take_ws(s, p, n) : take_length(s, p, n);

	if (s->state == DEAD)
		return;
	if (s->deaf || s->heard_bye)
		at = n;
	if (at < n && clasp_buf_add(&s->left, p + at, n - at) < 0)
		finish(s, CLASP_ENOMEM, NULL);
}

/* What was left goes to the start of the hub's buffer. */
static size_t
unpack(struct clasp_stream *s)
{
	size_t n = s->left.len;

	if (n) {
		memcpy(s->hub->in, s->left.data, n);
		clasp_buf_clear(&s->left);
	}
	return n;
}

static const char *
end_reason(const struct clasp_stream *s, const char *usual)
{
	return s->if_mute && s->link.reads == 0 ? s->if_mute : usual;
}

static void
on_end_of_file(struct clasp_stream *s)
{
	/* Under TLS a cut line is told from an end that was meant. */
	bool orderly = !is_ws(s) &&
	    (!s->ch.tls || clasp_tls_ended(s->ch.tls));

	s->heard_bye = true;
	s->said_bye = s->said_bye || is_ws(s);
	if (s->state == OPEN)
		begin_closing(s, 0, orderly ? 0 : CLASP_ECLOSED,
		    end_reason(s, "connection closed"));
	/* There is nothing more to read: what is queued goes out, if it can. */
	s->paused = true;
	watch(s);
	flush(s);
}

static void
on_read_error(struct clasp_stream *s, int error)
{
	if (error == CLASP_ECLOSED) {
		on_end_of_file(s);
	} else if (error == CLASP_EIO) {
		finish(s, CLASP_ECLOSED, end_reason(s, uv_strerror(-errno)));
	} else {
		/* TLS has said why to the peer, if it listens. */
		clasp_channel_push(&s->ch);
		finish(s, error, clasp_tls_why(s->ch.tls));
	}
}

/* What TLS read besides frames: it may have to answer, or be at its end. */
static void
after_reading(struct clasp_stream *s)
{
	size_t n;

	if (!s->ch.tls || s->state == DEAD)
		return;
	clasp_tls_waiting(s->ch.tls, &n);
	if (n > 0 && !s->blocked)
		flush(s);
	if (s->state != DEAD && !s->paused && !s->heard_bye &&
	    clasp_tls_ended(s->ch.tls))
		on_end_of_file(s);
}

static void
read_socket(struct clasp_stream *s)
{
	uint64_t began = 0;
	size_t total = 0, left;
	ssize_t n;

	for (;;) {
		left = s->left.len;
		n = clasp_channel_read(&s->ch, s->hub, s->hub->in + left,
		    CLASP_HUB_BUFFER - left);
		if (n < 0) {
			on_read_error(s, (int)n);
			return;
		}
		if (n == 0 && !s->ch.tls)
			return;
		s->link.heard_ms = uv_now(s->hub->loop);
		s->link.reads++;
		s->pinged = false;
		if (n > 0 && !s->deaf)
			take(s, s->hub->in, unpack(s) + (size_t)n);
		if (s->state == DEAD || s->paused || s->heard_bye)
			break;

		/* More may wait: then one flush serves both reads. */
		total += (size_t)n;
		if (n < MORE || total >= TURN_BYTES)
			break;
		if (began == 0)
			began = uv_hrtime();
		else if (uv_hrtime() - began > TURN_NS)
			break;
	}
	if (s->paused || s->heard_bye)
		watch(s);
	after_reading(s);
}

/* Go on after a pause: first what was held back. */
static void
read_again(struct clasp_stream *s)
{
	size_t held = s->held, n;

	s->paused = false;
	s->held = 0;
	s->link.heard_ms = uv_now(s->hub->loop);
	s->link.reads++;
	n = unpack(s);
	if (held)
		deliver(s, s->hub->in, held);
	if (s->state == OPEN)
		take(s, s->hub->in + held, n - held);
	watch(s);
	after_reading(s);
}

/* What came behind the greeting, and the first frame: it is often there
 * already. */
static void
read_first(struct clasp_stream *s)
{
	size_t n = unpack(s);

	if (n > 0) {
		s->link.reads++;
		take(s, s->hub->in, n);
	}
	if (s->state == OPEN && !s->paused)
		read_socket(s);
	else
		watch(s);
}

/* ------------------------------------------------------------- writing */

/* What to send next in one call: a long span, or short ones copied. */
static size_t
gather(struct clasp_stream *s, const char **p)
{
	struct clasp_str pieces[PIECES];
	size_t n = 0, room, len;
	int count, i;

	/* What TLS has taken already goes out before anything else. */
	if (s->sealed > 0)
		return s->sealed;
	count = clasp_outq_peek(s->link.out, pieces, PIECES);
	if (count == 0)
		return 0;
	if (count == 1 || pieces[0].len >= ALONE) {
		*p = pieces[0].p;
		return pieces[0].len;
	}
	for (i = 0; i < count; i++) {
		room = CLASP_HUB_BUFFER - n;
		len = pieces[i].len < room ? pieces[i].len : room;
		memcpy(s->hub->out + n, pieces[i].p, len);
		n += len;
		if (n == CLASP_HUB_BUFFER)
			break;
	}
	*p = (const char *)s->hub->out;
	return n;
}

/*
 * As send(2), for plain bytes that go out sealed.  They count as sent when
 * what they became has left, so that a queue's limits and its age mean the
 * same with TLS; the last of them stands for the rest of the seal.
 */
static ssize_t
send_sealed(struct clasp_stream *s, const char *p, size_t want)
{
	size_t before, after, gone;
	int full;

	if (s->sealed == 0) {
		if (clasp_tls_seal(s->ch.tls, (const uint8_t *)p, want) < 0) {
			errno = EPROTO;
			return -1;
		}
		s->sealed = want;
	}
	clasp_tls_waiting(s->ch.tls, &before);
	full = clasp_channel_push(&s->ch);
	if (full < 0)
		return -1;
	clasp_tls_waiting(s->ch.tls, &after);
	gone = full ? before - after : s->sealed;
	if (full && gone >= s->sealed)
		gone = s->sealed - 1;
	s->sealed -= gone;
	if (gone == 0) {
		errno = EAGAIN;
		return -1;
	}
	return (ssize_t)gone;
}

/* Everything is out; while closing the goodbyes are left. */
static void
flushed(struct clasp_stream *s)
{
	if (s->state != CLOSING || !s->said_bye)
		return;
	if (s->heard_bye) {
		clasp_channel_finish(&s->ch);
		finish(s, s->error, NULL);
	} else if (!is_ws(s) && !s->ch.tls && !s->spoken) {
		/* it has nothing to read first, and may be one of many */
		finish(s, s->error, NULL);
	} else if ((!is_ws(s) || s->deaf) && !s->shut) {
		s->shut = true;
		clasp_channel_finish(&s->ch);
		shutdown(s->ch.fd, SHUT_WR);
	}
}

/* A socket full for a whole turn: what waits is copied by its owner, and
 * so is what is added later. */
static void
on_turn(struct clasp_hub_task *task)
{
	struct clasp_stream *s = (struct clasp_stream *)(void *)
	    ((char *)task - offsetof(struct clasp_stream, stall));

	if (s->full_turns < 2) {
		s->full_turns++;
	} else if (s->state == OPEN && s->link.out->bytes != s->stalled) {
		s->link.events->stalled(&s->link, s->link.user);
		s->stalled = s->link.out->bytes;
	}
}

static void
set_blocked(struct clasp_stream *s, bool blocked)
{
	s->blocked = blocked;
	s->full_turns = 0;
	s->stalled = 0;
	if (!blocked)
		clasp_hub_cancel(&s->stall);
	else if (s->link.events->stalled)
		clasp_hub_each_turn(s->hub, &s->stall);
}

/*
 * Send what is queued now.  What the owner adds meanwhile has its turn in the
 * next one of the loop: a peer that takes as fast as we make, as one that
 * gets a large snapshot, keeps nobody waiting.
 */
static void
flush(struct clasp_stream *s)
{
	size_t todo = s->link.out ? s->link.out->bytes : 0, want;
	const char *p;
	ssize_t n;

	while (s->link.out && (want = gather(s, &p)) > 0) {
		if (s->ch.tls && want > SEALED_AT_ONCE)
			want = SEALED_AT_ONCE;
		n = s->ch.tls ? send_sealed(s, p, want) :
		    send(s->ch.fd, p, want, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			finish(s, CLASP_ECLOSED, uv_strerror(-errno));
			return;
		}
		if (n > 0) {
			s->spoken = true;
			s->gone += (size_t)n;
			s->link.events->sent(&s->link, (size_t)n,
			    s->link.user);
		}
		if (s->state == DEAD)
			return;
		if (n < (ssize_t)want) {
			set_blocked(s, true);
			watch(s);
			return;
		}
		todo -= todo < want ? todo : want;
		if (todo == 0 && s->link.out->bytes > 0) {
			clasp_hub_soon(s->hub, &s->task);
			return;
		}
	}
	/* TLS may have something of its own to say. */
	if (clasp_channel_push(&s->ch) > 0) {
		set_blocked(s, true);
		watch(s);
		return;
	}
	flushed(s);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct clasp_stream *s = poll->data;
	socklen_t len = sizeof status;

	if (status < 0) {
		if (getsockopt(s->ch.fd, SOL_SOCKET, SO_ERROR, &status, &len) <
		    0 || status == 0)
			status = ECONNRESET;
		finish(s, CLASP_ECLOSED, end_reason(s, uv_strerror(-status)));
		return;
	}
	if (events & UV_WRITABLE) {
		set_blocked(s, false);
		flush(s);
		if (!s->blocked)
			watch(s);
	}
	if ((events & UV_READABLE) && s->state != DEAD && !s->paused)
		read_socket(s);
}

/* --------------------------------------------- the table, seen from above */

static struct clasp_stream *
of_link(struct clasp_link *link)
{
	return (struct clasp_stream *)link;
}

static void
on_task(struct clasp_hub_task *task)
{
	struct clasp_stream *s = (struct clasp_stream *)(void *)
	    ((char *)task - offsetof(struct clasp_stream, task));

	if (s->resume && s->state == OPEN) {
		s->resume = false;
		read_again(s);
	}
	if (s->state == CLOSING)
		say_bye(s);
	if (s->state == DEAD)
		return;
	if (!s->blocked)
		flush(s);
}

static void
stream_flush(struct clasp_link *link)
{
	struct clasp_stream *s = of_link(link);

	if ((s->state == OPEN || s->state == CLOSING) && !s->blocked)
		flush(s);
}

static void
stream_read(struct clasp_link *link, bool on)
{
	struct clasp_stream *s = of_link(link);

	if (s->state != OPEN)
		return;
	if (!on && (!s->paused || s->resume)) {
		s->paused = true;
		s->resume = false;
		watch(s);
	} else if (on && s->paused) {
		s->resume = true;
		clasp_hub_soon(s->hub, &s->task);
	}
}

static void
stream_close(struct clasp_link *link, int code, const char *reason)
{
	struct clasp_stream *s = of_link(link);

	if (s->state == OPENING)
		finish(s, 0, reason ? reason : "closed");
	else if (s->state == OPEN)
		begin_closing(s, code, 0, reason);
}

static bool
stream_peer(const struct clasp_link *link, char *out, size_t size)
{
	const struct clasp_stream *s = (const struct clasp_stream *)link;

	return clasp_peer_name(s->ch.fd, out, size);
}

static int
stream_pending(const struct clasp_link *link)
{
	return held_by_kernel((const struct clasp_stream *)link);
}

static const struct clasp_link_ops ops = {
	.flush = stream_flush,
	.read = stream_read,
	.close = stream_close,
	.peer = stream_peer,
	.pending = stream_pending,
};

struct clasp_stream *
clasp_stream_new(uv_loop_t *loop, enum clasp_framing framing)
{
	struct clasp_stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->hub = clasp_hub_get(loop);
	if (!s->hub) {
		free(s);
		return NULL;
	}
	s->ch.fd = -1;
	s->link.ops = &ops;
	s->link.framing = framing;
	s->task.run = on_task;
	s->stall.run = on_turn;
	s->link.begun_ms = uv_now(loop);
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	s->handles = 1;
	return s;
}

struct clasp_link *
clasp_stream_link(struct clasp_stream *s)
{
	return &s->link;
}

void
clasp_stream_opening(struct clasp_stream *s, void (*stop)(void *arg),
    void *arg)
{
	s->stop_opening = stop;
	s->opening = arg;
}

void
clasp_stream_if_mute(struct clasp_stream *s, const char *reason)
{
	s->if_mute = reason;
}

void
clasp_stream_start(struct clasp_stream *s, const struct clasp_channel *ch,
    struct clasp_str rest, bool tell_open)
{
	int error;

	s->stop_opening = NULL;
	s->ch.tls = ch->tls;
	error = uv_poll_init(s->hub->loop, &s->poll, ch->fd);
	if (error < 0) {
		close(ch->fd);
		finish(s, CLASP_ECONNECT, uv_strerror(error));
		return;
	}
	s->poll.data = s;
	s->handles++;
	s->ch.fd = ch->fd;
	s->state = OPEN;
	s->link.heard_ms = uv_now(s->hub->loop);
	if (rest.len && clasp_buf_add(&s->left, rest.p, rest.len) < 0) {
		finish(s, CLASP_ENOMEM, NULL);
		return;
	}
	if (is_ws(s))
		wait_quiet(s, quiet_ms);
	watch(s);
	if (tell_open)
		s->link.events->open(&s->link, s->link.user);
	if (s->state == OPEN && !s->paused &&
	    (!tell_open || s->left.len > 0))
		read_first(s);
}

void
clasp_stream_fail(struct clasp_stream *s, int error, const char *reason)
{
	s->stop_opening = NULL;
	finish(s, error, reason);
}
