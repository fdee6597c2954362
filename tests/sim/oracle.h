/*
 * oracle.h - the second model: what a relay has to do, written from the
 * description of the protocol as plainly as can be.
 *
 * Everything is an array that is searched from its start.  Nothing here is
 * shared with the router but the codec: the model reads the same bytes that
 * the router was given, says which messages must now stand in which queue,
 * and compares each with what the router has queued there.
 *
 *	oracle.c	connections, the timer, one message after the other
 *	oracle_param.c	parameters: revisions, locks, lifetimes, room
 *	oracle_queue.c	queues, slow readers
 *	oracle_sub.c	patterns, subscriptions, who gets what
 *	oracle_pace.c	rates and epsilons of subscriptions
 *	oracle_publish.c	gestures, timelines, signals to peers
 *	oracle_bundle.c	bundles, now and later
 *
 * Where several orders are allowed in one turn of the timer, the model has
 * that of the router: bundles, then moves, then values that a rate has held
 * back.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include "link.h"
#include "promise.h"
#include "script.h"
#include "wire/message.h"

#define ORACLE_SECOND	UINT64_C(1000000)
#define SIM_SPENT_US	2	/* between a SYNC read and its answer */

/* A value as its bytes, its code in front. */
struct oracle_value {
	uint8_t		*p;		/* owned */
	size_t		 n;
};

struct oracle_text {
	char		*p;		/* owned */
	size_t		 n;
};

struct oracle_param {
	struct oracle_text address;
	struct oracle_value value;
	uint64_t	 revision, written_us, accessed_us;
	uint64_t	 touched;	/* counts up; decides between equals */
	char		 writer[40];
	uint64_t	 writer_serial;
	uint64_t	 holder;	/* serial of a session; 0: not locked */
	bool		 own_ttl;
	bool		 saved;		/* only a lock kept it alive */
	bool		 released;	/* ... and it has ended since */
	uint32_t	 ttl;
	uint64_t	 life;		/* which record of this address */
};

struct oracle_signal {
	struct oracle_text address, datatype, access;
	bool		 has_datatype, has_access;
	bool		 bounds;	/* of a param: the range below */
	double		 low, high;
	uint8_t		 kind;
	uint64_t	 accessed_us, touched;
};

/* What a subscription tells apart. */
struct oracle_key {
	struct clasp_str address;
	uint8_t		 kind;		/* 0: SET; else 1 + enum clasp_kind */
	uint64_t	 origin;	/* of a gesture: whose, and which */
	uint32_t	 id;
};

/* What a subscription with a rate or an epsilon knows of one of these. */
struct oracle_mark {
	struct oracle_text address;
	uint8_t		 kind, types;
	uint64_t	 origin;
	uint32_t	 id;
	uint64_t	 due_us;	/* the next may go */
	struct oracle_value last;	/* sent; p NULL: not to compare with */
	struct oracle_value payload;	/* what waits; p NULL: nothing */
	struct oracle_value value;	/* ... its value */
	uint64_t	 life, revision;
};

struct oracle_sub {
	uint32_t	 id;
	struct oracle_text pattern;
	uint8_t		 types;
	uint64_t	 period_us;	/* 0: no rate */
	double		 epsilon;	/* not above 0: none */
	struct oracle_mark *marks;	/* owned */
	uint32_t	 nmarks;
};

struct oracle_gesture {
	uint64_t	 sender;	/* serial */
	struct oracle_text address;
	uint32_t	 id;
	bool		 has_id;
	uint64_t	 active_us, due_us;
	uint64_t	 active, pended;	/* count up */
	struct oracle_value move;	/* payload; p NULL: none */
};

struct oracle_timeline {
	struct oracle_text address;
	struct oracle_value payload;
	uint64_t	 published_us;
};

struct oracle_cue {
	uint64_t	 at_us, order;
	uint64_t	 sender;	/* serial */
	char		 writer[40];
	struct oracle_value payload;
};

/* The last revision of an address that went to a session. */
struct oracle_seen {
	struct oracle_text address;
	uint64_t	 life, revision;
};

enum oracle_state { GONE, SHAKING, OPEN, CLOSING };

struct oracle_session {
	uint8_t		 state;		/* enum oracle_state */
	uint64_t	 serial;	/* never used again */
	char		 id[40];
	struct sim_link	*link;
	/* the queue: whole lengths, and how much of the first has gone */
	size_t		*lens;		/* owned */
	uint32_t	 nlens, cap_lens;
	size_t		 bytes, head_sent;
	uint64_t	 window;
	bool		 blocked, stuck, shut, notice, due, full;
	bool		 paused;	/* its replies find no room */
	bool		 job;		/* a large snapshot is on its way */
	bool		 begun;		/* ... up to the cursor */
	struct oracle_text job_pattern, cursor;
	int64_t		 job_sub;	/* id of its subscription; -1 */
	uint64_t	 full_us, full_order;	/* since when, if full */
	int		 code;
	uint64_t	 opened_us;
	struct oracle_text *missed;	/* owned; longest written first */
	uint32_t	 nmissed;
	uint64_t	 drop_window_us, notice_us;
	uint64_t	 drops, told_us, told_drops;
	uint32_t	 drop_count;
	uint64_t	 bad_window_us, bad_told_us;
	uint32_t	 bad_count;
	uint64_t	 tokens, tokens_us, rate_told_us;
	struct oracle_sub *subs;	/* owned */
	uint32_t	 nsubs;
	struct oracle_seen *seen;	/* owned */
	uint32_t	 nseen;
};

struct oracle {
	struct sim_config config;
	uint64_t	 now_us, serials, touches, pends, lives, cue_order;
	struct oracle_session sessions[SIM_CLIENTS];
	struct oracle_param *params;
	uint32_t	 nparams;
	struct oracle_signal *signals;
	uint32_t	 nsignals;
	struct oracle_gesture *gestures;
	uint32_t	 ngestures;
	struct oracle_timeline *timelines;
	uint32_t	 ntimelines;
	struct oracle_cue *cues;
	uint32_t	 ncues;
	uint64_t	 left[SIM_CLIENTS];	/* whose gestures end now */
	uint32_t	 nleft;
	char		(*ids)[40];	/* of all sessions there were */
	uint32_t	 nids;
	uint64_t	 drops, messages;
	uint64_t	 late_us;	/* so much late the timer is wanted */
	/* what is broken when another SET comes than is due */
	enum sim_promise doing;
	struct clasp_arena arena;	/* of the message being compared */
	struct clasp_str came;		/* ... and its bytes */
	struct clasp_arena work;	/* of the message in work */
	/* which of several equals has left: the router is asked; when it
	 * cannot be told, the game is over */
	bool		 unsure;
	bool		(*left_it)(void *user, struct clasp_str address,
			    uint64_t revision, uint64_t written_us);
	void		*user;
};

/* What was done to the router, for the model to do the same. */
enum sim_action_kind {
	ACT_OPEN, ACT_INPUT, ACT_CLOSE, ACT_TICK, ACT_TAKE, ACT_STALL,
	ACT_WINDOW
};

struct sim_action {
	uint8_t		 kind;		/* enum sim_action_kind */
	uint8_t		 client;
	uint64_t	 now_us;
	uint8_t		*bytes;		/* owned; of ACT_INPUT */
	size_t		 len, used;	/* ... and what was looked at */
	bool		 held;		/* the rest was not */
	uint64_t	 n;		/* taken, window, next tick */
};

struct oracle *oracle_new(const struct sim_config *config,
	    struct sim_link *links);
void	oracle_free(struct oracle *o);
void	oracle_act(struct oracle *o, const struct sim_action *act);
/* Everything that was queued has been foretold, nothing is left out. */
void	oracle_settled(struct oracle *o);
const struct oracle_param *oracle_param_find(const struct oracle *o,
	    struct clasp_str address);
bool	oracle_wants(const struct oracle_session *s,
	    struct clasp_str address, uint8_t types);

/* ------------------------------------------------ between its own files */

/* Text, values. */
struct clasp_str oracle_str(const struct oracle_text *t);
struct oracle_text oracle_text(struct clasp_str s);
struct oracle_value oracle_bytes(struct clasp_str s);
struct oracle_value oracle_value(const struct clasp_value *v);
void	oracle_text_clear(struct oracle_text *t);
void	oracle_value_clear(struct oracle_value *v);
struct clasp_str oracle_data(const struct oracle_value *v);
bool	oracle_value_is(const struct oracle_value *v,
	    const struct clasp_value *other);
/* One element more at the end of an array, zeroed. */
void	*oracle_grow(void *array, uint32_t *count, size_t size);
void	oracle_cut(void *array, uint32_t *count, size_t size, uint32_t i);

struct oracle_session *oracle_session(struct oracle *o, uint64_t serial);

/* The parameters. */
struct oracle_write {
	struct clasp_str address;
	const struct clasp_set *set;
	struct oracle_session *session;	/* NULL: has left */
	uint64_t	 serial;	/* of who writes */
	const char	*writer;
	bool		 crowded;	/* there is no room for a new one */
};
struct oracle_result {
	int		 code;		/* 0 or why not */
	uint64_t	 revision, holder, life;
	enum sim_promise why;		/* broken if it is not so */
};
void	oracle_params_expire(struct oracle *o);
struct oracle_param *oracle_param(struct oracle *o, struct clasp_str address);
void	oracle_write(struct oracle *o, const struct oracle_write *w,
	    struct oracle_result *out);
void	oracle_release(struct oracle *o, uint64_t serial);
/* A copy to try a bundle on, and to put back. */
struct oracle_param *oracle_params_copy(const struct oracle *o);
void	oracle_params_free(struct oracle_param *params, uint32_t n);

/* Queues. */
bool	oracle_over(const struct oracle *o, const struct oracle_session *s);
/* The next message the router has queued there, or NULL after a breach. */
const struct clasp_msg *oracle_next(struct oracle *o,
	    struct oracle_session *s, enum sim_promise p, const char *what);
const struct clasp_msg *oracle_reply(struct oracle *o,
	    struct oracle_session *s, uint8_t type, enum sim_promise p,
	    const char *what);
void	oracle_error(struct oracle *o, struct oracle_session *s, int code,
	    struct clasp_str address, enum sim_promise p);
/* Is there room for a broadcast?  If not it is dropped or missed. */
bool	oracle_room(struct oracle *o, struct oracle_session *s,
	    struct clasp_str missed);
void	oracle_taken(struct oracle *o, struct oracle_session *s, size_t n);
void	oracle_settle(struct oracle *o, struct oracle_session *s);
void	oracle_skip_notices(struct oracle *o);
void	oracle_rising(struct oracle *o, struct oracle_session *s,
	    struct clasp_str address, uint64_t life, uint64_t revision,
	    bool again);

/* A message on its way to one of those who want it. */
struct oracle_cast {
	struct oracle_key key;
	uint8_t		 types;
	const struct clasp_msg *msg;
	bool		 set;		/* ... is a SET */
	uint64_t	 life, revision;	/* of the SET */
	struct clasp_str payload;	/* else; absent: see msg */
	struct clasp_str held;		/* msg absent: it comes like this */
	enum sim_promise promise;
};

/* Which of the values that wait: due until then; SETs of a pattern. */
struct oracle_wish {
	uint64_t	 due_us;
	struct clasp_str pattern;	/* absent: all */
};

/* Rates and epsilons. */
struct oracle_mark *oracle_mark_find(struct oracle_sub *sub,
	    const struct oracle_key *key);
void	oracle_marks_clear(struct oracle_sub *sub);
bool	oracle_paced(const struct oracle_session *s,
	    const struct oracle_cast *c);
void	oracle_pace(struct oracle *o, struct oracle_session *s,
	    const struct oracle_cast *c);
void	oracle_flush(struct oracle *o, struct oracle_session *s,
	    const struct oracle_wish *which);
void	oracle_pace_sent(struct oracle *o, struct oracle_session *s,
	    struct clasp_str address, const struct oracle_value *value);
uint64_t oracle_pace_due(const struct oracle_session *s);
bool	oracle_is_final(struct oracle_session *s, struct clasp_str address);
/* The next frame, not taken yet; absent: there is none. */
struct clasp_str oracle_peek(const struct oracle_session *s);

/* Who gets what. */
/* True when it was sent: else it is dropped, or missed. */
bool	oracle_deliver(struct oracle *o, struct oracle_session *s,
	    const struct oracle_cast *c);
bool	oracle_match(struct clasp_str pattern, struct clasp_str address);
const char *oracle_bad_address(struct clasp_str s, bool stars);
void	oracle_cast_set(struct oracle *o, const struct clasp_set *set,
	    const struct oracle_result *result, uint64_t sender);
/* origin: whose gesture it is, the sender's unless that has left. */
void	oracle_cast(struct oracle *o, uint64_t sender, uint64_t origin,
	    uint8_t types, struct clasp_str payload,
	    const struct clasp_msg *msg, enum sim_promise p);
void	oracle_subscribe(struct oracle *o, struct oracle_session *s,
	    const struct clasp_subscribe *m);
/* sub: id of the subscription it is for, -1: none. */
void	oracle_snapshot(struct oracle *o, struct oracle_session *s,
	    struct clasp_str pattern, bool empty, int64_t sub);
/* The next chunks of a large one, as far as the queue has drained. */
void	oracle_snapshot_step(struct oracle *o, struct oracle_session *s);
/* A chunk to come will bring it. */
bool	oracle_awaits(const struct oracle_session *s,
	    struct clasp_str address);
void	oracle_unsubscribe(struct oracle_session *s, uint32_t i);

/* PUBLISH. */
void	oracle_publish(struct oracle *o, struct oracle_session *s,
	    const struct clasp_msg *msg, struct clasp_str payload);
void	oracle_forward(struct oracle *o, uint64_t sender, uint64_t origin,
	    const struct clasp_msg *msg, struct clasp_str payload,
	    enum sim_promise p);
void	oracle_gestures_tick(struct oracle *o);
void	oracle_gestures_leave(struct oracle *o);
void	oracle_timelines(struct oracle *o, struct oracle_session *s,
	    int64_t sub);
/* A PUBLISH as it is sent on: its bytes, those of MessagePack made binary. */
struct clasp_str oracle_binary(const struct clasp_msg *msg,
	    struct clasp_str payload);
/* What is wrong with a SET or PUBLISH in itself; 0: nothing. */
int	oracle_admit(const struct clasp_msg *msg);

/* Bundles. */
void	oracle_bundle(struct oracle *o, struct oracle_session *s,
	    const struct clasp_bundle *b, struct clasp_str payload);
void	oracle_cues_tick(struct oracle *o);

#endif
