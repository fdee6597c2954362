/*
 * conn.h - the inside of a client: one connection after the other, for
 * client.c (what programs call), conn.c (getting and keeping a connection)
 * and inbox.c (what comes from the relay).  Not for programs.
 */
#ifndef CLASP_CLIENT_CONN_H
#define CLASP_CLIENT_CONN_H

#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "client/client.h"
#include "client/known.h"
#include "client/requests.h"
#include "client/timing.h"
#include "core/outq.h"
#include "net/link.h"

struct clasp_subscription {
	struct clasp_subscribe	 ask;	/* pattern owned */
	clasp_message_fn	 fn;
	void			*user;
	bool			 dead;	/* unsubscribed, or refused */
	bool			 settled; /* a snapshot was delivered once */
};

struct clasp_client {
	struct clasp_client_config config;	/* strings owned */
	struct clasp_client_events events;
	void		*user;
	struct clasp_url url;

	uv_loop_t	*loop;
	uv_loop_t	*own_loop;	/* NULL: the caller's */
	uv_timer_t	 timer;		/* connect timeout, or back-off */
	uv_timer_t	 probe;		/* after ERROR 429 */
	uv_prepare_t	 prepare;	/* flushes before the loop sleeps */
	int		 handles;	/* not closed yet */

	struct clasp_link *link;	/* NULL: between two connections */
	struct clasp_slabs slabs;
	struct clasp_outq out;
	struct clasp_buf wait;		/* frames, until WELCOME */
	struct clasp_buf scratch;
	struct clasp_arena arena;
	struct clasp_requests requests;
	struct clasp_timing timing;
	struct clasp_known known;
	struct clasp_subscription **subs;
	uint32_t	 nsubs, next_id;
	int		 walking;	/* deliveries under way */

	bool		 open;		/* the link takes frames */
	bool		 welcome;
	bool		 was_welcome;	/* at least once */
	bool		 dirty;		/* out has unflushed bytes */
	bool		 reading;
	bool		 closing;	/* clasp_client_close was called */
	bool		 over;		/* `closed` was told */
	bool		 free_after;	/* clasp_client_free came before */
	bool		 timed_out;
	bool		 full;		/* `drained` is owed */
	unsigned	 conn;		/* number of this connection */
	long		 tries;		/* failed ones since the last WELCOME */
	uint64_t	 backoff_ms;
	uint64_t	 random;
	char		 session[128];
	char		 peer_name[128];

	/* how it ends */
	int		 error;
	uint16_t	 code;
	char		 why[256];

	uint8_t		 room[64 * 1024];
};

/* conn.c */
int	clasp_conn_init(struct clasp_client *c, uv_loop_t *loop);
int	clasp_conn_start(struct clasp_client *c);
/* What the connection ends with; the first one counts. */
void	clasp_conn_blame(struct clasp_client *c, int error, uint16_t code,
	    struct clasp_str why);
void	clasp_conn_close(struct clasp_client *c);
/* Close the handles; `closed` is told when they are. */
void	clasp_conn_finish(struct clasp_client *c);
/* Encode and queue one message: 0, an encoder's error, or CLASP_ENOSPC when
 * too much waits for a connection. */
int	clasp_conn_put(struct clasp_client *c, const struct clasp_msg *msg,
	    const struct clasp_frame *head);
/* After WELCOME: the same, ahead of what is held (timing.h). */
int	clasp_conn_now(struct clasp_client *c, const struct clasp_msg *msg,
	    const struct clasp_frame *head);
/* After WELCOME: queue the bytes of one frame. */
int	clasp_conn_frame(struct clasp_client *c, struct clasp_str frame);
int	clasp_conn_ask(struct clasp_client *c, struct clasp_request *request);
int	clasp_conn_subscribe(struct clasp_client *c,
	    const struct clasp_subscription *sub, clasp_reply_fn done,
	    void *user);
int	clasp_conn_ping(struct clasp_client *c, uint8_t kind,
	    clasp_reply_fn done, void *user);
void	clasp_conn_welcome(struct clasp_client *c,
	    const struct clasp_welcome *welcome);
/* The relay did not look at something: ask later how far it came. */
void	clasp_conn_limited(struct clasp_client *c);

/* inbox.c */
int	clasp_inbox_unit(struct clasp_client *c, const uint8_t *bytes,
	    size_t len, size_t *used);
/* An entry leaves the requests (clasp_request_gone_fn; user is the client). */
void	clasp_inbox_gone(struct clasp_request *request, int error,
	    void *user);

/* client.c */
struct clasp_subscription *clasp_client_sub(struct clasp_client *c,
	    uint32_t id);

#endif
