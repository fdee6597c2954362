/*
 * router.h - what a relay does with messages.  No socket, clock or thread.
 *
 * Whole frames of a session and the time go in; frames for sessions come out
 * in their queues (core/outq.h), and `events` tells which sessions have
 * something to send.  One message is processed to its end (state, queueing
 * to every recipient, reply) before the next.
 *
 *	router = clasp_router_new(&config, &events, user);
 *	s = clasp_session_open(router, CLASP_FRAMING_WS, link, now);
 *	clasp_session_input(s, bytes, n, now);	-> events->wake(s)
 *	...
 *	clasp_outq_peek(clasp_session_outq(s), ...); send; clasp_session_sent()
 *	...
 *	clasp_session_close(s, now);
 *
 * Times are microseconds since 1970 by the server's clock, which never steps
 * (base/clock.h); tests make them up.
 */
#ifndef CLASP_CORE_ROUTER_H
#define CLASP_CORE_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/str.h"
#include "core/figures.h"
#include "core/outq.h"
#include "core/store.h"

struct clasp_router;
struct clasp_session;

struct clasp_router_config {
	struct clasp_str name;		/* in WELCOME; borrowed */
	uint32_t	max_sessions;	/* 0: unlimited */
	uint32_t	max_subscriptions; /* each session; 0: unlimited */
	uint32_t	max_params;	/* 0: unlimited */
	enum clasp_evict evict;		/* who leaves when there are as many */
	uint32_t	max_signals;	/* 0: unlimited */
	uint32_t	queue_msgs;	/* outbound, each session */
	size_t		queue_bytes;
	size_t		burst_bytes;	/* may gather in one turn before the
					 * socket is offered it; then the
					 * limits above count */
	uint32_t	param_ttl_s;	/* sliding default; 0: none */
	uint32_t	signal_ttl_s;	/* 0: none */
	bool		gestures;	/* thin out their moves */
	uint32_t	gesture_us;	/* a move waits so long; 0: until
					 * its gesture starts anew or ends */
	uint32_t	rate_limit;	/* inbound messages/s; 0: off */
	uint64_t	handshake_us;	/* until HELLO */
	uint64_t	random_seed;	/* session ids, which tell it */
	uint64_t	hash_seed;	/* which nothing may tell: another
					 * random number */
};

/* The defaults: 1000 sessions, 100 subscriptions, 100,000 params, ... */
void	clasp_router_config_init(struct clasp_router_config *config);

/* Why a session is to be closed: WebSocket's numbers. */
enum clasp_close {
	CLASP_CLOSE_NORMAL = 1000,
	CLASP_CLOSE_GOING_AWAY = 1001,
	CLASP_CLOSE_PROTOCOL = 1002,
	CLASP_CLOSE_POLICY = 1008,
	CLASP_CLOSE_TOO_BIG = 1009,
	CLASP_CLOSE_INTERNAL = 1011,
	CLASP_CLOSE_LATER = 1013
};

/* Called from within the functions below; must not call back into them,
 * except that flush may call peek and sent. */
struct clasp_router_events {
	/* the queue was empty and is not any more */
	void	(*wake)(struct clasp_session *s, void *link);
	/* the queue has reached a limit: send now what the socket takes */
	void	(*flush)(struct clasp_session *s, void *link);
	/* send what is queued, then close; called once */
	void	(*close)(struct clasp_session *s, void *link, int code,
		    const char *reason);
	/* stop reading, or go on */
	void	(*pause)(struct clasp_session *s, void *link, bool pause);
	/* one line for the log, as in base/log.h; about may be NULL, and so
	 * may the function */
	void		(*log)(void *user, int level, const char *text,
		    const struct clasp_log_about *about);
	/* the server's clock at this very moment: when the answer to a SYNC
	 * is queued.  May be NULL: then that is when it was read. */
	uint64_t (*clock)(void *user);
	/*
	 * Has the peer taken some of what the system holds for it since this
	 * was asked last?  Asked every few seconds while the queue is full: a
	 * socket's own buffer may keep a slow reader busy for longer than a
	 * dead one may stay.  May be NULL: only the queue tells.
	 */
	bool	(*taking)(struct clasp_session *s, void *link);
};

struct clasp_router *clasp_router_new(const struct clasp_router_config *config,
	    const struct clasp_router_events *events, void *user);
void	clasp_router_free(struct clasp_router *router);

/* A new connection, before its HELLO.  NULL: no memory. */
struct clasp_session *clasp_session_open(struct clasp_router *router,
	    enum clasp_framing framing, void *link, uint64_t now_us);
/*
 * The client will send nothing more, as after a goodbye: its subscriptions,
 * locks and gestures end now, its queue may still drain.
 */
void	clasp_session_leave(struct clasp_session *s, uint64_t now_us);
/*
 * The connection is gone: subscriptions, locks and queue go with it, and so
 * does s.  No event is called for s any more.
 */
void	clasp_session_close(struct clasp_session *s, uint64_t now_us);

/*
 * The bytes of one unit of the transport (a WebSocket message, a
 * length-prefixed piece): one frame, and further frames when the bytes behind
 * it start with the magic byte.
 * Returns 0; or 1 when the session has been paused by one of them and the
 * bytes from *used on were not looked at: give them again after resuming.
 */
int	clasp_session_input(struct clasp_session *s, const uint8_t *bytes,
	    size_t len, uint64_t now_us, size_t *used);

/* Tell it an ERROR, then have it closed. */
void	clasp_session_dismiss(struct clasp_session *s, uint16_t error,
	    const char *text, int code, uint64_t now_us);

/* The queue to send from.  Tell with clasp_session_sent, not outq_sent. */
struct clasp_outq *clasp_session_outq(struct clasp_session *s);
/* The socket took n bytes: may resume, or append what had to wait. */
void	clasp_session_sent(struct clasp_session *s, size_t n,
	    uint64_t now_us);
/*
 * The socket has taken nothing for a turn of the loop: what waits is copied,
 * so that it holds no shared slab.
 */
void	clasp_session_stalled(struct clasp_session *s);

bool	clasp_session_established(const struct clasp_session *s);
const char *clasp_session_id(const struct clasp_session *s);
void	*clasp_session_link(const struct clasp_session *s);

/*
 * The end of a turn: a burst of one address is held back until something else
 * happens (run.h); this puts it into the queues.  Call it before queues are
 * looked at without clasp_session_outq(), that is once before all are flushed.
 */
void	clasp_router_settle(struct clasp_router *router);

/*
 * Do what is due (handshake limits, idle sessions, sweeps).  Returns when it
 * wants to be called next, or UINT64_MAX.
 */
uint64_t clasp_router_tick(struct clasp_router *router, uint64_t now_us);
/* Is there something that a tick would do at once?  A flush may lead to it. */
bool	clasp_router_ready(const struct clasp_router *router);
/* Tell every session ERROR 501 "shutting down" and close it (1001). */
void	clasp_router_shutdown(struct clasp_router *router, uint64_t now_us);

/* What is configured for params, as clasp_store_configure has it. */
int	clasp_router_configure(struct clasp_router *router,
	    const struct clasp_policy *policies, uint32_t count);

/* What a router has to ask of whoever runs it; each may be NULL. */
struct clasp_router_host {
	/* bytes of memory of this process */
	uint64_t (*memory)(void *user);
	/* the peer's address, for people, with a NUL; false: not known */
	bool	(*address)(void *link, char *out, size_t size);
};
void	clasp_router_set_host(struct clasp_router *router,
	    const struct clasp_router_host *host);

struct clasp_router_stats {
	uint32_t	sessions;
	uint32_t	subscriptions;
	uint32_t	params;
	uint32_t	signals;
	uint32_t	scheduled;	/* bundles waiting for their moment */
	uint64_t	messages_in;
	uint64_t	messages_out;	/* queued to somebody */
	uint64_t	drops;
	uint64_t	expired;	/* params and signals */
	uint64_t	evicted;
};
void	clasp_router_stats(const struct clasp_router *router,
	    struct clasp_router_stats *out);
/* What it has counted since it was made; good as long as the router. */
const struct clasp_figures *clasp_router_figures(
	    const struct clasp_router *router);

#endif
