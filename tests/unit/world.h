/*
 * world.h - a router in a made-up world: peers whose sockets take as much as
 * a test lets them, and a clock that a test sets.
 *
 *	struct world w;
 *	struct peer *a;
 *
 *	world_open(&w, NULL);
 *	a = peer_join(&w);			HELLO, WELCOME, SNAPSHOT
 *	peer_set(a, "/a", clasp_int(1));
 *	peer_next(a, &msg);			the next frame, or false
 *	world_close(&w);
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/router.h"
#include "t.h"
#include "wire/message.h"

#define WORLD_PEERS 1400

struct peer {
	struct world	*world;
	struct clasp_session *s;
	struct clasp_buf rx;		/* what its socket took */
	size_t		 at;		/* read up to here */
	struct clasp_buf held;		/* input the router did not look at */
	size_t		 window;	/* bytes its socket still takes */
	bool		 paused, awake, closed;
	bool		 taking;	/* what its socket holds for it */
	int		 code;		/* of the close */
	unsigned	 flushes, pauses;
	enum clasp_framing framing;
	struct clasp_arena arena;	/* of the last peer_next */
	char		 id[40];	/* of its WELCOME */
};

struct world {
	struct clasp_router *router;
	struct peer	*peers[WORLD_PEERS];
	unsigned	 count;
	uint64_t	 now;
	uint64_t	 spent_us;	/* in a turn, until an answer leaves */
	unsigned	 logged;
	char		 log[1400];	/* the last line */
};

/* Let the socket take what it will. */
static inline void
peer_flush(struct peer *p)
{
	struct clasp_outq *q = clasp_session_outq(p->s);
	struct clasp_str piece;

	while (p->window > 0 && clasp_outq_peek(q, &piece, 1) == 1) {
		if (piece.len > p->window)
			piece.len = p->window;
		clasp_buf_add(&p->rx, piece.p, piece.len);
		if (p->window != SIZE_MAX)
			p->window -= piece.len;
		clasp_session_sent(p->s, piece.len, p->world->now);
	}
}

static inline void
world_wake(struct clasp_session *s, void *link)
{
	(void)s;
	((struct peer *)link)->awake = true;
}

static inline void
world_flush(struct clasp_session *s, void *link)
{
	struct peer *p = link;

	(void)s;
	p->flushes++;
	peer_flush(p);
}

static inline void
world_shut(struct clasp_session *s, void *link, int code, const char *reason)
{
	struct peer *p = link;

	(void)s;
	(void)reason;
	t_check(!p->closed, "closed twice");
	p->closed = true;
	p->code = code;
}

static inline void
world_pause(struct clasp_session *s, void *link, bool pause)
{
	struct peer *p = link;

	(void)s;
	t_check(p->paused != pause, "paused twice the same way");
	p->paused = pause;
	p->pauses++;
}

static inline void
world_log(void *user, int level, const char *text,
    const struct clasp_log_about *about)
{
	struct world *w = user;

	(void)about;
	(void)level;
	w->logged++;
	snprintf(w->log, sizeof w->log, "%s", text);
}

static inline uint64_t
world_clock(void *user)
{
	struct world *w = user;

	return w->now + w->spent_us;
}

static inline bool
world_taking(struct clasp_session *s, void *link)
{
	struct peer *p = link;

	(void)s;
	return p->taking;
}

static inline void
world_open(struct world *w, const struct clasp_router_config *config)
{
	static const struct clasp_router_events events = { world_wake,
	    world_flush, world_shut, world_pause, world_log, world_clock,
	    world_taking };
	struct clasp_router_config defaults;

	memset(w, 0, sizeof *w);
	clasp_router_config_init(&defaults);
	w->now = 1700000000000000;
	w->router = clasp_router_new(config ? config : &defaults, &events, w);
	if (w->router == NULL)
		abort();
}

static inline struct peer *
peer_open(struct world *w, enum clasp_framing framing)
{
	struct peer *p = calloc(1, sizeof *p);

	if (p == NULL || w->count == WORLD_PEERS)
		abort();
	w->peers[w->count++] = p;
	p->world = w;
	p->framing = framing;
	p->window = SIZE_MAX;
	clasp_arena_init(&p->arena, NULL, 0, 64 << 20);
	p->s = clasp_session_open(w->router, framing, p, w->now);
	return p;
}

static inline void
peer_leave(struct peer *p)
{
	clasp_session_close(p->s, p->world->now);
	p->s = NULL;
}

static inline void
world_close(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->count; i++) {
		if (w->peers[i]->s != NULL)
			peer_leave(w->peers[i]);
		clasp_buf_clear(&w->peers[i]->rx);
		clasp_buf_clear(&w->peers[i]->held);
		clasp_arena_clear(&w->peers[i]->arena);
		free(w->peers[i]);
	}
	clasp_router_free(w->router);
}

/* One unit of the transport, held back while the router does not read. */
static inline void
peer_bytes(struct peer *p, const void *bytes, size_t n)
{
	size_t used = 0;

	if (p->s == NULL)
		return;
	if (p->held.len > 0) {
		clasp_buf_add(&p->held, bytes, n);
		return;
	}
	if (clasp_session_input(p->s, bytes, n, p->world->now, &used) == 1)
		clasp_buf_add(&p->held, (const uint8_t *)bytes + used,
		    n - used);
	else
		t_eq_int(used, n, "not all used");
}

/* Everybody sends what the sockets take, until nothing moves. */
static inline void
world_pump(struct world *w)
{
	bool moved = true;
	struct clasp_buf held;
	struct peer *p;
	unsigned i;

	while (moved) {
		moved = false;
		for (i = 0; i < w->count; i++) {
			p = w->peers[i];
			if (p->s == NULL)
				continue;
			if (clasp_session_outq(p->s)->bytes > 0 &&
			    p->window > 0) {
				peer_flush(p);
				moved = true;
			}
			if (!p->paused && p->held.len > 0) {
				held = p->held;
				clasp_buf_init(&p->held);
				peer_bytes(p, held.data, held.len);
				clasp_buf_clear(&held);
				moved = true;
			}
		}
	}
}

static inline void
peer_send(struct peer *p, const struct clasp_msg *msg)
{
	struct clasp_buf frame = { 0 };

	if (clasp_frame_append(&frame, msg, NULL) < 0)
		abort();
	peer_bytes(p, frame.data, frame.len);
	clasp_buf_clear(&frame);
}

/* The next frame that arrived, whole and in the transport's own clothes. */
static inline bool
peer_next_raw(struct peer *p, struct clasp_frame *frame)
{
	size_t head = 0, n;
	struct clasp_ws_head ws;
	const uint8_t *in;
	bool more = true;
	size_t len;
	int r;

	world_pump(p->world);
	/* as a loop would, when a search in the state takes several turns */
	while (p->at == p->rx.len && p->paused && more) {
		more = clasp_router_tick(p->world->router, p->world->now) <=
		    p->world->now;
		world_pump(p->world);
	}
	if (p->at == p->rx.len) {
		clasp_buf_reset(&p->rx);
		p->at = 0;
	}
	in = p->rx.data + p->at;
	len = p->rx.len - p->at;
	if (len == 0)
		return false;
	switch (p->framing) {
	case CLASP_FRAMING_LENGTH:
		head = 4;
		break;
	case CLASP_FRAMING_WS:
		r = clasp_ws_head_decode(in, len, &ws);
		t_check(r >= 0, "bad WebSocket header");
		if (r <= 0)
			return false;
		head = (size_t)r;
		t_eq_int(ws.op, CLASP_WS_BINARY, "op");
		break;
	default:
		break;
	}
	if (len <= head)
		return false;
	r = clasp_frame_decode(in + head, len - head, frame);
	if (r == CLASP_EINCOMPLETE)
		return false;
	t_check(r > 0, "not a frame: %s", clasp_strerror(r));
	if (r <= 0)
		abort();
	n = head + (size_t)r;
	if (p->framing == CLASP_FRAMING_LENGTH)
		t_eq_int(clasp_load32(in), r, "length prefix");
	if (p->framing == CLASP_FRAMING_WS)
		t_eq_int(ws.len, r, "WebSocket length");
	/* the payload moves to the arena: rx may move */
	frame->payload = memcpy(clasp_arena_alloc(&p->arena, frame->len + 1),
	    frame->payload, frame->len);
	p->at += n;
	return true;
}

/* The next message, good until the next call; false when there is none. */
static inline bool
peer_next(struct peer *p, struct clasp_msg *msg)
{
	struct clasp_frame frame;
	int error;

	clasp_arena_reset(&p->arena);
	if (!peer_next_raw(p, &frame))
		return false;
	t_eq_int(frame.version, 1, "version");
	t_check(!frame.timed, "a frame time stamp");
	error = clasp_msg_decode(frame.payload, frame.len, &p->arena, 0, msg);
	t_eq_int(error, 0, "does not decode");
	if (error == 0)
		t_eq_int(frame.qos, clasp_msg_qos(msg), "QoS of %s",
		    clasp_msg_name(msg->type));
	return error == 0;
}

/* The next one is of this type, or the test has failed. */
static inline bool
peer_expect(struct peer *p, uint8_t type, struct clasp_msg *msg)
{
	memset(msg, 0, sizeof *msg);
	if (!peer_next(p, msg)) {
		t_check(false, "no %s came", clasp_msg_name(type));
		return false;
	}
	if (msg->type != type) {
		t_check(false, "%s came, not %s (%.*s)",
		    clasp_msg_name(msg->type), clasp_msg_name(type),
		    msg->type == CLASP_ERROR ? (int)msg->error.message.len :
		    0, msg->type == CLASP_ERROR ? msg->error.message.p : "");
		return false;
	}
	return true;
}

static inline void
peer_expect_none(struct peer *p)
{
	struct clasp_msg msg;

	if (peer_next(p, &msg))
		t_check(false, "%s came", clasp_msg_name(msg.type));
}

static inline void
peer_expect_error(struct peer *p, int code)
{
	struct clasp_msg msg;

	if (peer_expect(p, CLASP_ERROR, &msg))
		t_eq_int(msg.error.code, code, "%.*s",
		    CLASP_STR_ARG(msg.error.message));
}

/* Forget what has arrived. */
static inline void
peer_skip(struct peer *p)
{
	world_pump(p->world);
	clasp_buf_reset(&p->rx);
	p->at = 0;
}

static inline void
peer_hello(struct peer *p, uint8_t features)
{
	struct clasp_msg msg = { .type = CLASP_HELLO };

	msg.hello.version = 1;
	msg.hello.features = features;
	msg.hello.name = CLASP_STR("peer");
	msg.hello.token = CLASP_STR("");
	peer_send(p, &msg);
}

/* A session that has seen its WELCOME and SNAPSHOT. */
static inline struct peer *
peer_join_as(struct world *w, enum clasp_framing framing)
{
	struct peer *p = peer_open(w, framing);
	struct clasp_msg msg;

	peer_hello(p, CLASP_FEATURE_PARAM);
	if (peer_expect(p, CLASP_WELCOME, &msg))
		snprintf(p->id, sizeof p->id, "%.*s",
		    CLASP_STR_ARG(msg.welcome.session));
	peer_expect(p, CLASP_SNAPSHOT, &msg);
	peer_skip(p);
	return p;
}

static inline struct peer *
peer_join(struct world *w)
{
	return peer_join_as(w, CLASP_FRAMING_WS);
}

static inline struct clasp_msg
msg_set(const char *address, struct clasp_value value)
{
	struct clasp_msg msg = { .type = CLASP_SET };

	msg.set.address = clasp_str_c(address);
	msg.set.value = value;
	return msg;
}

static inline struct clasp_msg
msg_publish(const char *address, uint8_t kind, struct clasp_value value)
{
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	msg.publish.address = clasp_str_c(address);
	msg.publish.kind = kind;
	msg.publish.content = CLASP_CONTENT_VALUE;
	msg.publish.value = value;
	return msg;
}

static inline void
peer_set(struct peer *p, const char *address, struct clasp_value value)
{
	struct clasp_msg msg = msg_set(address, value);

	peer_send(p, &msg);
}

static inline void
peer_publish(struct peer *p, const char *address, uint8_t kind,
    struct clasp_value value)
{
	struct clasp_msg msg = msg_publish(address, kind, value);

	peer_send(p, &msg);
}

static inline void
peer_get(struct peer *p, const char *address)
{
	struct clasp_msg msg = { .type = CLASP_GET };

	msg.get.address = clasp_str_c(address);
	peer_send(p, &msg);
}

static inline void
peer_subscribe(struct peer *p, uint32_t id, const char *pattern,
    uint8_t types)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };

	msg.subscribe.id = id;
	msg.subscribe.pattern = clasp_str_c(pattern);
	msg.subscribe.types = types;
	peer_send(p, &msg);
}

static inline void
peer_unsubscribe(struct peer *p, uint32_t id)
{
	struct clasp_msg msg = { .type = CLASP_UNSUBSCRIBE };

	msg.unsubscribe.id = id;
	peer_send(p, &msg);
}

static inline void
peer_ping(struct peer *p)
{
	struct clasp_msg msg = { .type = CLASP_PING };

	peer_send(p, &msg);
}

/* PING, PONG: everything before has been worked on. */
static inline void
peer_barrier(struct peer *p)
{
	struct clasp_msg msg;

	peer_ping(p);
	peer_expect(p, CLASP_PONG, &msg);
}

#endif
