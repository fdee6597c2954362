/*
 * session.h - the inside of a router: what its parts share.
 *
 * router.h is what a relay uses.  Here are one connection (session.c: its
 * life, its queue, what happens when the queue is full) and the router all of
 * them hang on (router.c: what each message does).
 */
#ifndef CLASP_CORE_SESSION_H
#define CLASP_CORE_SESSION_H

#include "core/figures.h"
#include "core/gesture.h"
#include "core/missed.h"
#include "core/own.h"
#include "core/pace.h"
#include "core/retained.h"
#include "core/router.h"
#include "core/run.h"
#include "core/schedule.h"
#include "core/signals.h"
#include "core/snapshot.h"
#include "core/store.h"
#include "core/subs.h"
#include "core/sweep.h"

enum clasp_session_state {
	CLASP_SESSION_HANDSHAKE,	/* no HELLO yet */
	CLASP_SESSION_OPEN,
	CLASP_SESSION_CLOSING,		/* its queue may still drain */
	CLASP_SESSION_STATES
};

/* Why nothing is read from a session. */
#define CLASP_PAUSE_QUEUE	0x01	/* replies find its queue full */
#define CLASP_PAUSE_SNAPSHOT	0x02	/* a large snapshot is on its way */

struct clasp_session {
	/* a delivery touches these, and so two lines of the cache */
	struct clasp_outq out;
	struct clasp_missed *missed;	/* NULL: nothing missed */
	struct clasp_job *job;		/* a snapshot being sent, or NULL */
	struct clasp_router *router;
	uint8_t		 state;		/* enum clasp_session_state */
	uint8_t		 features;	/* of its HELLO */
	uint8_t		 pauses;
	bool		 blocked;	/* a flush did not help */
	bool		 stuck;		/* the socket is full for a turn */
	bool		 full;		/* in the router's list of such */
	bool		 due;		/* in the router's list of such */
	bool		 notice;	/* ERROR 503 is to be sent */
	bool		 searching;	/* in the router's list of such */
	int8_t		 failed;	/* CLASP_E..., see clasp_session_fail */
	struct clasp_subscriber subscriber;
	void		*link;
	struct clasp_author *author;	/* has the id; NULL before HELLO */
	char		*name;		/* owned; NULL: none */
	struct clasp_session *next, *prev;	/* of the same state */
	struct clasp_session *next_due;
	struct clasp_session *next_searching;
	struct clasp_session *next_full, *prev_full;
	struct clasp_scheduled *scheduled;	/* by it, still to run */
	uint32_t	 nscheduled;
	uint32_t	 ngestures;
	struct clasp_gesture_list gestures;	/* open, oldest first */
	uint64_t	 opened_us, last_in_us, full_since_us;
	uint64_t	 drops;		/* in all */
	uint64_t	 log_us, log_drops;	/* last told: when, of which */
	uint64_t	 messages_in;	/* whether understood or not */
	uint64_t	 own_told;	/* of itself, see own.c ... */
	uint64_t	 own_told_us;	/* ... and when */
	uint32_t	 own_watches;	/* subscriptions to /$relay */
	uint64_t	 run;		/* the last one it took part in */
	uint64_t	 drop_window_us, notice_us;	/* starts; 0: never */
	uint64_t	 told_us, told_drops;	/* in the last notice */
	uint64_t	 bad_window_us, bad_told_us;
	uint64_t	 rate_us, rate_told_us;
	uint32_t	 drop_count, bad_count;	/* in their windows */
};

struct clasp_sessions {
	struct clasp_session *first, *last;	/* oldest first */
	uint32_t	 count;
};

struct clasp_router {
	struct clasp_router_config config;
	struct clasp_router_events events;
	void		*user;
	char		*name;		/* owned copy of config.name */
	struct clasp_store *store;
	struct clasp_subs *subs;
	struct clasp_signals *signals;
	struct clasp_retained *retained;
	struct clasp_slabs casts;	/* what many get */
	struct clasp_slabs replies;	/* what one gets: kept apart, so that
					 * both run on without a gap */
	struct clasp_snapshots snapshots;
	struct clasp_table ids;		/* the open sessions */
	struct clasp_sessions sessions[CLASP_SESSION_STATES];
	struct clasp_session *first_full, *last_full;	/* longest first */
	uint64_t	 full_asked_us;	/* who of them still takes something */
	struct clasp_session *due;
	/* whose snapshot has looked far and found nothing yet; first come */
	struct clasp_session *searching;
	struct clasp_session *gone;
	unsigned	 busy;		/* calls inside each other */
	uint64_t	 now_us;	/* of the call in work */
	uint64_t	 random;
	struct clasp_arena arena;	/* of the message in work */
	struct clasp_run run;
	struct clasp_sweep sweep;
	struct clasp_schedule schedule;
	struct clasp_gestures gestures;
	struct clasp_paces paces;
	uint64_t	 messages_in, messages_out, drops;
	struct clasp_figures figures;
	struct clasp_own own;
	struct clasp_router_host host;
	uint8_t		 room[16384];	/* of the arena */
	uint8_t		 scratch[CLASP_PAYLOAD_MAX];
};

static inline struct clasp_session *
clasp_session_of(struct clasp_subscriber *subscriber)
{
	return (struct clasp_session *)((char *)subscriber -
	    offsetof(struct clasp_session, subscriber));
}

/* A message on its way to many: encoded at most once for each framing. */
struct clasp_cast {
	struct clasp_str address;
	uint64_t	 hash;
	uint8_t		 types;		/* 1 << enum clasp_kind */
	bool		 newest;	/* a SET: only the last value counts */
	const struct clasp_msg *msg;	/* encoded, unless payload is there */
	struct clasp_str payload;	/* sent as it is */
	uint8_t		 qos;		/* of payload */
	uint8_t		 ready;		/* bits of spans that are filled */
	uintptr_t	 origin;	/* of a gesture: tells senders apart */
	struct clasp_span spans[CLASP_FRAMINGS];
};

/* To every session that wants it, but not to `except`. */
void	clasp_router_cast(struct clasp_router *router,
	    struct clasp_cast *cast, const struct clasp_session *except,
	    uint64_t now_us);
/* One line for the operator; costs nothing when nobody listens. */
void	clasp_router_log(struct clasp_router *router, int level,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same about a session that has said HELLO. */
void	clasp_session_log(const struct clasp_session *s, int level,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Work on the router begins, and ends: then what had to wait is done. */
void	clasp_router_enter(struct clasp_router *router);
void	clasp_router_leave(struct clasp_router *router, uint64_t now_us);
/* The next of its random numbers. */
uint64_t clasp_router_random(struct clasp_router *router);
/* A message of an established session: router.c has the table. */
void	clasp_router_dispatch(struct clasp_session *s,
	    const struct clasp_msg *msg, struct clasp_str payload,
	    uint64_t now_us);

/* Why a request is refused. */
struct clasp_refusal {
	uint16_t	code;		/* 0: it is not */
	char		text[200];
};

/*
 * The checks of SET and PUBLISH that need no state; true when it may go on.
 * kind is CLASP_SET or CLASP_PUBLISH.
 */
bool	clasp_router_admit(const struct clasp_msg *msg,
	    struct clasp_refusal *refusal);
/* The write that a SET asks for. */
void	clasp_router_write(struct clasp_router *router,
	    struct clasp_author *author, const struct clasp_set *set,
	    uint64_t now_us, struct clasp_write *out);
/* What the store's refusal means to the writer. */
void	clasp_router_refuse(int error, const struct clasp_write *write,
	    const struct clasp_outcome *outcome,
	    struct clasp_refusal *refusal);
/* Tell everybody about an accepted SET. */
void	clasp_router_cast_set(struct clasp_router *router,
	    const struct clasp_set *set, const struct clasp_write *write,
	    uint64_t revision, uint64_t now_us);
/* Tell everybody but the sender, if it is there; payload is binary. */
void	clasp_router_cast_publish(struct clasp_router *router,
	    const struct clasp_session *sender, const struct clasp_msg *msg,
	    struct clasp_str payload, uint64_t now_us);

/* The same for a gesture, whose sender may have left. */
void	clasp_router_cast_gesture(struct clasp_router *router,
	    const struct clasp_session *sender, uintptr_t origin,
	    const struct clasp_msg *msg, struct clasp_str payload,
	    uint64_t now_us);

/* The cast's bytes for this framing, encoded when first asked for; NULL: it
 * cannot be. */
const struct clasp_span *clasp_cast_span(struct clasp_router *router,
	    struct clasp_cast *cast, uint8_t framing);
/* Append to its queue, whatever stands there. 0 or CLASP_ENOMEM. */
int	clasp_session_queue(struct clasp_session *s,
	    const struct clasp_span *span);
/* Queue a direct reply: never dropped, reading pauses instead. */
void	clasp_session_reply(struct clasp_session *s,
	    const struct clasp_msg *msg);
void	clasp_session_reply_span(struct clasp_session *s,
	    const struct clasp_span *span);
/* Queue an ERROR; address may be absent. */
void	clasp_session_error(struct clasp_session *s, uint16_t code,
	    struct clasp_str address, const char *text);
/* Queue a message of a cast (true), or miss it, or count it as dropped. */
bool	clasp_session_deliver(struct clasp_session *s,
	    struct clasp_cast *cast, uint64_t now_us);
/* The same for all that a match found, but not for `except`. */
void	clasp_session_deliver_all(struct clasp_router *router,
	    const struct clasp_match *matches, int n, struct clasp_cast *cast,
	    const struct clasp_session *except, uint64_t now_us);
/*
 * What it asked for cannot be answered (CLASP_ENOMEM): it is closed when the
 * work in hand is done, so that its caller need not look whether it still is
 * there.
 */
void	clasp_session_fail(struct clasp_session *s, int error);
/* Have the connection closed: it takes part in nothing any more. */
void	clasp_session_shut(struct clasp_session *s, int code,
	    const char *reason);
/* Those that are full but take something have their time begin anew. */
void	clasp_sessions_ask_full(struct clasp_router *router, uint64_t now_us);
/* It is full, and has taken nothing for CLASP_SESSION_STUCK_US. */
void	clasp_session_stuck(struct clasp_session *s);
/* The first message; the connection becomes a session or is closed. */
void	clasp_session_hello(struct clasp_session *s,
	    const struct clasp_hello *hello, uint64_t now_us);
void	clasp_session_pause(struct clasp_session *s, uint8_t why, bool on);
/* Do what waited for room in the queue. */
void	clasp_session_settle(struct clasp_session *s, uint64_t now_us);
/* Frees the memory; the session is in no list. */
void	clasp_session_free(struct clasp_session *s);
/* How long a session may stay full without a byte leaving. */
#define CLASP_SESSION_STUCK_US	UINT64_C(30000000)

#endif
