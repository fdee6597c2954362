/*
 * client.h - one connection to a relay as a program sees it.
 *
 * Connects, says HELLO, waits for WELCOME, comes back when the connection is
 * lost and subscribes again.  Everything happens on one libuv loop, and every
 * callback comes from it.
 *
 *	struct clasp_client_config config;
 *	struct clasp_client *c;
 *
 *	clasp_client_config_init(&config);
 *	config.url = "ws://127.0.0.1:7330/clasp";
 *	clasp_client_new(NULL, &config, &events, user, &c);
 *	clasp_client_subscribe(c, CLASP_STR("/lights/" "**"), 0, on_msg, NULL);
 *	clasp_client_set(c, CLASP_STR("/lights/a"), clasp_float(0.5), NULL,
 *	    NULL);
 *	clasp_client_run(c);
 *	clasp_client_free(c);
 */
#ifndef CLASP_CLIENT_CLIENT_H
#define CLASP_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/clocksync.h"
#include "wire/message.h"

struct uv_loop_s;
struct clasp_client;
struct clasp_tls_context;	/* net/tls.h */

struct clasp_client_config {
	const char	*url;		/* NULL: ws://127.0.0.1:7330/clasp */
	const char	*name;			/* in HELLO */
	const char	*token;			/* NULL: none */
	/* for wss: and tls: whom to trust (the client takes a share of it);
	 * NULL: the system's CAs */
	struct clasp_tls_context *tls;
	bool		 nostate;		/* no initial state wanted */
	uint64_t	 connect_timeout_us;	/* 5 s */
	bool		 retry;			/* the first connection too */
	long		 retry_max;		/* -1: for ever */
	bool		 reconnect;		/* when it had been there */
};
void	clasp_client_config_init(struct clasp_client_config *config);

struct clasp_client_events {
	/* WELCOME is there; again after each reconnect (again = true).
	 * Any of these may be NULL. */
	void	(*open)(struct clasp_client *c, bool again, void *user);
	/* the connection was lost and is being tried again; for people */
	void	(*lost)(struct clasp_client *c, const char *why, void *user);
	/* less waits again, after clasp_client_full() said true */
	void	(*drained)(struct clasp_client *c, void *user);
	/* every message that came, before subscriptions see theirs */
	void	(*message)(struct clasp_client *c, const struct clasp_msg *msg,
		    const struct clasp_frame *frame, void *user);
	/* every frame as it is sent, or as it came, before anything is done
	 * with it; bytes are good for the call */
	void	(*frame)(struct clasp_client *c, bool out,
		    const uint8_t *bytes, size_t len, void *user);
	/* over for good: 0 after clasp_client_close, else CLASP_ECONNECT,
	 * ECLOSED, ETIMEOUT, EREFUSED (code is the ERROR's), ECERT, EURL ...
	 * EREFUSED and ECERT are never tried again. */
	void	(*closed)(struct clasp_client *c, int error, uint16_t code,
		    const char *why, void *user);
};

/* How something that was asked for went. */
struct clasp_reply {
	int		 error;		/* 0, CLASP_EREFUSED, ECLOSED, ENOENT */
	uint16_t	 code;		/* of the relay's ERROR, else 0 */
	struct clasp_str text;		/* of the relay's ERROR */
	struct clasp_str address;	/* of the relay's ERROR or ACK */
	const struct clasp_msg *msg;	/* ACK, SNAPSHOT, ... or NULL */
};
typedef void (*clasp_reply_fn)(struct clasp_client *c,
	    const struct clasp_reply *reply, void *user);

/*
 * One message for a subscription: a SET, a PUBLISH, or one param of a
 * snapshot (then snapshot is true and `param` tells revision and writer).
 */
struct clasp_delivery {
	const struct clasp_msg *msg;	/* SET or PUBLISH */
	const struct clasp_frame *frame; /* NULL for a snapshot's */
	const struct clasp_param *param; /* NULL unless from a snapshot */
	bool		 snapshot;
};
typedef void (*clasp_message_fn)(struct clasp_client *c,
	    const struct clasp_delivery *d, void *user);

/*
 * Begin to connect.  loop NULL: the client makes its own, for
 * clasp_client_run.  config is copied.  Returns 0, CLASP_EURL, EMISSING,
 * EINVAL (the system's CAs cannot be read), ENOMEM.
 */
int	clasp_client_new(struct uv_loop_s *loop,
	    const struct clasp_client_config *config,
	    const struct clasp_client_events *events, void *user,
	    struct clasp_client **out);
/* Send what is queued, say goodbye; `closed` comes when it is done.  What
 * waits for a connection that is not there is given up. */
void	clasp_client_close(struct clasp_client *c);
/* Only from outside its callbacks, after `closed`, or never connected. */
void	clasp_client_free(struct clasp_client *c);
/* Run the client's loop until it is closed: 0 or the error of `closed`. */
int	clasp_client_run(struct clasp_client *c);
struct uv_loop_s *clasp_client_loop(struct clasp_client *c);

bool	clasp_client_connected(const struct clasp_client *c);
const char *clasp_client_session(const struct clasp_client *c);

/*
 * The relay's clock.  At first all that is known of it is the time in its
 * WELCOME; clasp_client_want_clock() has it measured from now on, over
 * reconnects too (timing.h says how often).  Our side is
 * clasp_clock_server_us(), which does not step when the wall clock is set.
 */
void	clasp_client_want_clock(struct clasp_client *c);
/* The time there, now, as well as it is known. */
uint64_t clasp_client_server_us(const struct clasp_client *c);
/* What was measured on this connection. */
const struct clasp_clocksync *clasp_client_clock(
	    const struct clasp_client *c);
/*
 * Ask once, at once, and be told what that exchange says; NULL: there will
 * be no answer.  Returns 0, CLASP_ECLOSED (not connected), CLASP_ENOSPC (64
 * are under way).
 */
typedef void (*clasp_sync_fn)(struct clasp_client *c,
	    const struct clasp_exchange *e, void *user);
int	clasp_client_sync(struct clasp_client *c, clasp_sync_fn fn,
	    void *user);

/*
 * What is asked for before the connection is there waits for it.  A reply
 * function may be NULL; it is called exactly once, with CLASP_ECLOSED when
 * the connection went before the answer.
 */

/* A subscription lives over reconnects.  types: mask, CLASP_TYPES_ALL.
 * done is called when its snapshot has been delivered.  Returns its id or
 * an error. */
int	clasp_client_subscribe(struct clasp_client *c,
	    struct clasp_str pattern, uint8_t types, clasp_message_fn fn,
	    void *user);
/* The same with rate, epsilon ...; sub->id is chosen by the client. */
int	clasp_client_subscribe_with(struct clasp_client *c,
	    const struct clasp_subscribe *sub, clasp_message_fn fn,
	    clasp_reply_fn done, void *user);
int	clasp_client_unsubscribe(struct clasp_client *c, uint32_t id);
int	clasp_client_set(struct clasp_client *c, struct clasp_str address,
	    struct clasp_value value, clasp_reply_fn done, void *user);
/* Any message; done is called on its ACK or ERROR for SET and BUNDLE, after
 * a barrier for PUBLISH. */
int	clasp_client_send(struct clasp_client *c, const struct clasp_msg *msg,
	    const struct clasp_frame *head, clasp_reply_fn done, void *user);
/*
 * A BUNDLE for a moment of clasp_clock_server_us(): its timestamp is turned
 * into the relay's time.  While that is not measured yet the bundle, and all
 * that is sent behind it, waits for it (a second at most).  Else as
 * clasp_client_send; CLASP_EINVAL when it is no such bundle.
 */
int	clasp_client_schedule(struct clasp_client *c,
	    const struct clasp_msg *msg, const struct clasp_frame *head,
	    clasp_reply_fn done, void *user);
/* The param's value: reply.msg is the SNAPSHOT, or error CLASP_ENOENT. */
int	clasp_client_get(struct clasp_client *c, struct clasp_str address,
	    clasp_reply_fn done, void *user);
/* PING: done is called when the relay has worked off all that was sent. */
int	clasp_client_barrier(struct clasp_client *c, clasp_reply_fn done,
	    void *user);
/* Bytes that wait to be sent; producers slow down by it. */
size_t	clasp_client_pending(const struct clasp_client *c);
/* True when too much waits, unsent or unanswered: ask for nothing more until
 * the event `drained`. */
bool	clasp_client_full(struct clasp_client *c);
/* Stop taking messages from the relay, or go on. */
void	clasp_client_read(struct clasp_client *c, bool on);

#endif
