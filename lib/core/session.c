/*
 * session.c - one connection: its life, its frames, its queue.
 *
 * The queue has limits.  A direct reply is always queued; when it finds the
 * queue full, nothing more is read from that client until half has left.  A
 * broadcast that finds it full is dropped and counted, except that of a SET
 * the address is remembered (missed.h): when half has left, the newest values
 * follow.  The limits count what the socket would not take: before anything
 * is dropped or paused the owner of the socket is asked to send.
 */
#include "core/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "wire/address.h"

#define SECOND		UINT64_C(1000000)
#define DROP_WINDOW	(10 * SECOND)
#define DROP_NOTICE	100		/* drops in a window worth a notice */
#define BAD_WINDOW	(10 * SECOND)
#define BAD_MAX		100		/* undecodable frames in a window */
#define HANDSHAKES_MAX	1024
#define NAME_MAX_BYTES	1024
/* missed addresses beyond half as many again as there are params */
#define MISSED_SPARE	64

/* ----------------------------------------------------------------- lists */

static void
join(struct clasp_session *s, enum clasp_session_state state)
{
	struct clasp_sessions *list = &s->router->sessions[state];

	s->state = (uint8_t)state;
	s->next = NULL;
	s->prev = list->last;
	if (s->prev != NULL)
		s->prev->next = s;
	else
		list->first = s;
	list->last = s;
	list->count++;
}

static void
part(struct clasp_session *s)
{
	struct clasp_sessions *list = &s->router->sessions[s->state];

	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		list->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		list->last = s->prev;
	list->count--;
}

static void
full_remove(struct clasp_session *s)
{
	struct clasp_router *router = s->router;

	if (!s->full)
		return;
	s->full = false;
	if (s->prev_full != NULL)
		s->prev_full->next_full = s->next_full;
	else
		router->first_full = s->next_full;
	if (s->next_full != NULL)
		s->next_full->prev_full = s->prev_full;
	else
		router->last_full = s->prev_full;
}

static void
full_add(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_router *router = s->router;

	if (s->full)
		return;
	s->full = true;
	s->full_since_us = now_us;
	s->next_full = NULL;
	s->prev_full = router->last_full;
	if (s->prev_full != NULL)
		s->prev_full->next_full = s;
	else
		router->first_full = s;
	router->last_full = s;
}

void
clasp_sessions_ask_full(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_session *s, *next, *last = router->last_full;

	router->full_asked_us = now_us;
	if (router->events.taking == NULL)
		return;
	for (s = router->first_full; s != NULL; s = next) {
		next = s == last ? NULL : s->next_full;
		if (router->events.taking(s, s->link)) {
			full_remove(s);
			full_add(s, now_us);
		}
	}
}

static void
due_add(struct clasp_session *s)
{
	if (s->due)
		return;
	s->due = true;
	s->next_due = s->router->due;
	s->router->due = s;
}

static void
due_remove(struct clasp_session *s)
{
	struct clasp_session **at = &s->router->due;

	if (!s->due)
		return;
	while (*at != s)
		at = &(*at)->next_due;
	*at = s->next_due;
	s->due = false;
}

/* ------------------------------------------------------------------ life */

struct clasp_session *
clasp_session_open(struct clasp_router *router, enum clasp_framing framing,
    void *link, uint64_t now_us)
{
	struct clasp_session *s = NULL;
	void *memory = NULL;

	/* see struct clasp_session: a delivery is to touch two lines */
	if (posix_memalign(&memory, 64, sizeof *s) != 0)
		return NULL;
	s = memset(memory, 0, sizeof *s);
	clasp_router_enter(router);
	s->router = router;
	s->link = link;
	s->opened_us = s->last_in_us = now_us;
	clasp_outq_init(&s->out, framing);
	if (router->sessions[CLASP_SESSION_HANDSHAKE].count >= HANDSHAKES_MAX)
		clasp_session_shut(
		    router->sessions[CLASP_SESSION_HANDSHAKE].first,
		    CLASP_CLOSE_LATER, "too many connections in handshake");
	join(s, CLASP_SESSION_HANDSHAKE);
	clasp_router_leave(router, now_us);
	return s;
}

/* What it had in the router goes; its queue may still drain. */
static void
retire(struct clasp_session *s)
{
	struct clasp_router *router = s->router;

	if (s->state == CLASP_SESSION_CLOSING)
		return;
	clasp_run_end(router);
	part(s);
	if (s->state == CLASP_SESSION_OPEN) {
		clasp_own_leave(s);
		clasp_table_remove(&router->ids,
		    clasp_hash(clasp_author_id(s->author)), s);
		clasp_session_log(s, CLASP_LOG_DEBUG,
		    "session %s has left", s->author->id);
	}
	join(s, CLASP_SESSION_CLOSING);
	clasp_subs_remove_all(router->subs, &s->subscriber);
	clasp_schedule_orphan(s);
	clasp_gestures_leave(s);
	if (s->author != NULL)
		clasp_store_release(router->store, s->author);
	clasp_missed_free(s->missed);
	s->missed = NULL;
	free(s->job);
	s->job = NULL;
	clasp_snapshot_leave(s);
	full_remove(s);
}

void
clasp_session_shut(struct clasp_session *s, int code, const char *reason)
{
	if (s->state == CLASP_SESSION_CLOSING)
		return;
	retire(s);
	s->router->events.close(s, s->link, code, reason);
}

void
clasp_session_stuck(struct clasp_session *s)
{
	clasp_session_log(s, CLASP_LOG_WARN, "session %s (%s) has read "
	    "nothing for 30 s and is closed; %llu messages were dropped",
	    clasp_session_id(s), s->name ? s->name : "",
	    (unsigned long long)s->drops);
	clasp_session_shut(s, CLASP_CLOSE_POLICY,
	    "nothing was read for 30 s");
}

void
clasp_session_dismiss(struct clasp_session *s, uint16_t error,
    const char *text, int code, uint64_t now_us)
{
	clasp_router_enter(s->router);
	s->router->now_us = now_us;
	clasp_session_error(s, error, CLASP_STR_NONE, text);
	clasp_session_shut(s, code, text);
	clasp_router_leave(s->router, now_us);
}

void
clasp_session_free(struct clasp_session *s)
{
	clasp_outq_clear(&s->out);
	clasp_author_drop(s->author);
	free(s->name);
	free(s);
}

void
clasp_session_leave(struct clasp_session *s, uint64_t now_us)
{
	clasp_router_enter(s->router);
	s->router->now_us = now_us;
	retire(s);
	clasp_router_leave(s->router, now_us);
}

void
clasp_session_close(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_router *router;

	if (s == NULL)
		return;
	router = s->router;
	clasp_router_enter(router);
	retire(s);
	part(s);
	due_remove(s);
	s->next = router->gone;
	router->gone = s;
	clasp_router_leave(router, now_us);
}

bool
clasp_session_established(const struct clasp_session *s)
{
	return s->state == CLASP_SESSION_OPEN;
}

const char *
clasp_session_id(const struct clasp_session *s)
{
	return s->author ? s->author->id : "";
}

void *
clasp_session_link(const struct clasp_session *s)
{
	return s->link;
}

struct clasp_outq *
clasp_session_outq(struct clasp_session *s)
{
	clasp_run_end(s->router);
	return &s->out;
}

/* A random UUID, version 4, as text. */
static struct clasp_author *
new_author(struct clasp_router *router)
{
	uint64_t a = clasp_router_random(router);
	uint64_t b = clasp_router_random(router);
	char id[37];

	a = (a & ~UINT64_C(0xf000)) | 0x4000;
	b = (b & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	snprintf(id, sizeof id, "%08x-%04x-%04x-%04x-%012llx",
	    (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
	    (unsigned)(a & 0xffff), (unsigned)(b >> 48),
	    (unsigned long long)(b & UINT64_C(0xffffffffffff)));
	return clasp_author_new(clasp_str_c(id));
}

/* The name as kept: cut at a character, if at all. */
static char *
copy_name(struct clasp_str name)
{
	size_t n = name.len;
	char *copy;

	if (n > NAME_MAX_BYTES)
		n = clasp_utf8_cut(name.p, NAME_MAX_BYTES);
	copy = malloc(n + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, name.p, n);
	copy[n] = '\0';
	return copy;
}

static void
welcome(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_msg msg = { .type = CLASP_WELCOME };

	msg.welcome.version = 1;
	msg.welcome.features = CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT |
	    CLASP_FEATURE_STREAM | CLASP_FEATURE_GESTURE |
	    CLASP_FEATURE_TIMELINE;
	msg.welcome.time_us = now_us;
	msg.welcome.session = clasp_str_of(s->author->id, s->author->len);
	msg.welcome.name = clasp_str_c(s->router->name);
	msg.welcome.token = CLASP_STR("");
	clasp_session_reply(s, &msg);
}

void
clasp_session_hello(struct clasp_session *s, const struct clasp_hello *hello,
    uint64_t now_us)
{
	struct clasp_router *router = s->router;
	uint32_t max = router->config.max_sessions;

	if (hello->version == 0) {
		clasp_session_error(s, 102, CLASP_STR_NONE,
		    "unsupported version 0");
		clasp_session_shut(s, CLASP_CLOSE_PROTOCOL,
		    "unsupported version");
		return;
	}
	if (max > 0 && router->sessions[CLASP_SESSION_OPEN].count >= max) {
		clasp_session_error(s, 501, CLASP_STR_NONE,
		    "maximum number of sessions reached");
		clasp_session_shut(s, CLASP_CLOSE_LATER,
		    "maximum number of sessions reached");
		return;
	}
	s->author = new_author(router);
	s->name = copy_name(hello->name);
	if (s->author == NULL || s->name == NULL ||
	    clasp_table_add(&router->ids, clasp_hash(clasp_author_id(
	    s->author)), s) < 0) {
		clasp_session_shut(s, CLASP_CLOSE_INTERNAL, "out of memory");
		return;
	}
	s->features = hello->features;
	part(s);
	join(s, CLASP_SESSION_OPEN);
	clasp_session_log(s, CLASP_LOG_DEBUG, "session %s is \"%s\"",
	    s->author->id, s->name);
	welcome(s, now_us);
	if (s->features & CLASP_FEATURE_NOSTATE)
		clasp_session_reply(s,
		    &(struct clasp_msg){ .type = CLASP_SNAPSHOT });
	else
		clasp_snapshot_send(s, CLASP_STR("/**"), true, NULL, now_us);
}

/* --------------------------------------------------------------- sending */

static inline bool
over(const struct clasp_session *s)
{
	return s->out.msgs >= s->router->config.queue_msgs ||
	    s->out.bytes >= s->router->config.queue_bytes;
}

static bool
below_half(const struct clasp_session *s)
{
	return s->out.msgs <= s->router->config.queue_msgs / 2 &&
	    s->out.bytes <= s->router->config.queue_bytes / 2;
}

/* Into the queue, whatever its limits say. */
int
clasp_session_queue(struct clasp_session *s, const struct clasp_span *span)
{
	bool empty = s->out.count == 0;
	int error = clasp_outq_add(&s->out, span);

	if (error < 0)
		return error;
	s->router->messages_out += span->msgs;
	if (empty && s->router->events.wake != NULL)
		s->router->events.wake(s, s->link);
	return 0;
}

/* Is there room, if need be after the socket was asked to take some? */
static bool
room(struct clasp_session *s, uint64_t now_us)
{
	if (!over(s))
		return true;
	/* what the socket was not offered yet does not count */
	if (!s->stuck && s->out.bytes < s->router->config.burst_bytes)
		return true;
	if (!s->blocked && s->router->events.flush != NULL) {
		s->router->events.flush(s, s->link);
		if (!over(s))
			return true;
	}
	s->blocked = true;
	full_add(s, now_us);
	return false;
}

void
clasp_session_pause(struct clasp_session *s, uint8_t why, bool on)
{
	uint8_t was = s->pauses;

	s->pauses = on ? was | why : was & (uint8_t)~why;
	if (s->state == CLASP_SESSION_CLOSING ||
	    s->router->events.pause == NULL)
		return;
	if (!was != !s->pauses)
		s->router->events.pause(s, s->link, s->pauses != 0);
}

void
clasp_session_fail(struct clasp_session *s, int error)
{
	s->failed = (int8_t)error;
	due_add(s);
}

void
clasp_session_reply_span(struct clasp_session *s,
    const struct clasp_span *span)
{
	if (s->state == CLASP_SESSION_CLOSING)
		return;
	if (s->run == s->router->run.id)
		clasp_run_end(s->router);
	if (clasp_session_queue(s, span) < 0)
		clasp_session_fail(s, CLASP_ENOMEM);
	else if (over(s) && !room(s, s->router->now_us))
		clasp_session_pause(s, CLASP_PAUSE_QUEUE, true);
}

void
clasp_session_reply(struct clasp_session *s, const struct clasp_msg *msg)
{
	struct clasp_span span;
	int error;

	if (s->state == CLASP_SESSION_CLOSING)
		return;
	error = clasp_slabs_encode(&s->router->replies,
	    (enum clasp_framing)s->out.framing, msg, NULL, &span);
	if (error < 0)
		clasp_session_fail(s, error);
	else
		clasp_session_reply_span(s, &span);
}

void
clasp_session_error(struct clasp_session *s, uint16_t code,
    struct clasp_str address, const char *text)
{
	struct clasp_msg msg = { .type = CLASP_ERROR };

	clasp_figures_error(&s->router->figures, code);
	msg.error.code = code;
	msg.error.message = clasp_str_c(text);
	/* what is much too long for an address would not fit a frame */
	if (address.len <= 2 * CLASP_ADDRESS_MAX)
		msg.error.address = address;
	clasp_session_reply(s, &msg);
}

/* A line for the operator: at the first drop, then each 10 s at most. */
static void
log_drop(struct clasp_session *s, uint64_t now_us)
{
	if (s->log_us != 0 && now_us < s->log_us + DROP_WINDOW)
		return;
	if (s->log_us == 0)
		clasp_session_log(s, CLASP_LOG_WARN, "session %s (%s) is too "
		    "slow: what it does not read is dropped", s->author->id,
		    s->name);
	else
		clasp_session_log(s, CLASP_LOG_WARN, "session %s (%s) is too "
		    "slow: %llu messages dropped in %llu s", s->author->id,
		    s->name, (unsigned long long)(s->drops - s->log_drops),
		    (unsigned long long)((now_us - s->log_us) / SECOND));
	s->log_us = now_us;
	s->log_drops = s->drops;
}

/* One message this session will never get; maybe it is time to say so. */
static void
count_drop(struct clasp_session *s, uint64_t now_us)
{
	log_drop(s, now_us);
	s->drops++;
	s->router->drops++;
	if (s->drop_count == 0 ||
	    now_us >= s->drop_window_us + DROP_WINDOW) {
		s->drop_window_us = now_us;
		s->drop_count = 1;
	} else {
		s->drop_count++;
	}
	if (s->drop_count >= DROP_NOTICE && (s->notice_us == 0 ||
	    now_us >= s->notice_us + DROP_WINDOW)) {
		s->notice_us = now_us;
		s->notice = true;
		due_add(s);
	}
}

/*
 * Params that were missed and have expired since have no newest value; those
 * that are there keep their place, however long it has been theirs.
 */
static void
forget_gone(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_missed_one *one, *next;

	for (one = s->missed->first; one != NULL; one = next) {
		next = one->next;
		if (clasp_store_peek(s->router->store,
		    clasp_missed_address(one), one->hash, now_us) != NULL)
			continue;
		clasp_missed_remove(s->missed, one);
		count_drop(s, now_us);
	}
}

/* A SET that cannot be queued: its address is kept for later. */
static void
miss(struct clasp_session *s, const struct clasp_cast *cast, uint64_t now_us)
{
	struct clasp_missed *missed = s->missed;
	size_t params = clasp_store_count(s->router->store);

	if (missed == NULL)
		missed = s->missed = clasp_missed_new();
	if (missed == NULL ||
	    clasp_missed_add(missed, cast->address, cast->hash) != 0)
		count_drop(s, now_us);
	if (s->missed != NULL &&
	    s->missed->table.count > params + params / 2 + MISSED_SPARE)
		forget_gone(s, now_us);
}

const struct clasp_span *
clasp_cast_span(struct clasp_router *router, struct clasp_cast *cast,
    uint8_t framing)
{
	struct clasp_span *span = &cast->spans[framing];
	int error;

	if (cast->ready & 1u << framing)
		return span;
	if (cast->payload.p != NULL)
		error = clasp_slabs_payload(&router->casts,
		    (enum clasp_framing)framing, cast->qos, cast->payload,
		    span);
	else
		error = clasp_slabs_encode(&router->casts,
		    (enum clasp_framing)framing, cast->msg, NULL, span);
	if (error < 0)
		return NULL;
	cast->ready |= (uint8_t)(1u << framing);
	return span;
}

bool
clasp_session_deliver(struct clasp_session *s, struct clasp_cast *cast,
    uint64_t now_us)
{
	const struct clasp_span *span;

	if (s->state != CLASP_SESSION_OPEN)
		return false;
	if (s->job != NULL && cast->newest &&
	    clasp_job_awaits(s->job, cast->address))
		return false;
	if (s->missed != NULL || !room(s, now_us)) {
		if (cast->newest)
			miss(s, cast, now_us);
		else
			count_drop(s, now_us);
		return false;
	}
	span = clasp_cast_span(s->router, cast, s->out.framing);
	if (span != NULL && clasp_session_queue(s, span) == 0)
		return true;
	count_drop(s, now_us);
	return false;
}

/* Recipients whose memory is asked for before it is their turn. */
#define AHEAD		6

/*
 * A message to many, one of them: the queue has room and ends in the frame
 * before this one.  True when that is so; else clasp_session_deliver has the
 * long way.
 */
static inline bool
deliver_next(struct clasp_session *s, const struct clasp_cast *cast,
    const struct clasp_router_config *config)
{
	if (s->state != CLASP_SESSION_OPEN || s->job != NULL ||
	    s->missed != NULL || s->out.msgs >= config->queue_msgs ||
	    s->out.bytes >= config->queue_bytes ||
	    !(cast->ready & 1u << s->out.framing))
		return false;
	return clasp_outq_extend(&s->out, &cast->spans[s->out.framing]);
}

void
clasp_session_deliver_all(struct clasp_router *router,
    const struct clasp_match *matches, int n, struct clasp_cast *cast,
    const struct clasp_session *except, uint64_t now_us)
{
	struct clasp_parcel *parcel = NULL;
	struct clasp_session *s;
	uint32_t fast = 0, slow = 0;
	int i;

	for (i = 0; i < n; i++) {
		s = clasp_session_of(matches[i].owner);
		if (i + AHEAD < n)
			__builtin_prefetch(
			    clasp_session_of(matches[i + AHEAD].owner), 1);
		if (!(matches[i].types & cast->types) || s == except)
			continue;
		if (matches[i].paced & cast->types) {
			slow += clasp_pace_deliver(s, matches[i].only, cast,
			    &parcel, now_us);
		} else if (deliver_next(s, cast, &router->config)) {
			fast++;
		} else {
			clasp_session_deliver(s, cast, now_us);
			slow++;
		}
	}
	clasp_parcel_drop(parcel);
	router->messages_out += fast;
	clasp_figures_fanout(&router->figures, fast + slow, 1);
}

/* ------------------------------------------------- when room comes again */

/* Between two notices in a row all drops count, not those of a window. */
static void
send_notice(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_router *router = s->router;
	uint64_t dropped = s->drop_count, within_us = DROP_WINDOW;
	struct clasp_msg msg = { .type = CLASP_ERROR };
	struct clasp_span span;
	char text[120];

	s->notice = false;
	if (s->told_us != 0 && now_us < s->told_us + 2 * DROP_WINDOW) {
		dropped = s->drops - s->told_drops;
		within_us = now_us - s->told_us;
	}
	s->told_us = now_us;
	s->told_drops = s->drops;
	clasp_figures_error(&router->figures, 503);
	snprintf(text, sizeof text, "Buffer overflow: messages are being "
	    "dropped, %llu in the last %llu s", (unsigned long long)dropped,
	    (unsigned long long)(within_us / SECOND));
	msg.error.code = 503;
	msg.error.message = clasp_str_c(text);
	/* beyond the queue's limit by one, and nothing is paused for it */
	if (clasp_slabs_encode(&router->replies,
	    (enum clasp_framing)s->out.framing, &msg, NULL, &span) == 0)
		clasp_session_queue(s, &span);
}

/* The newest value of a missed address, as a SET. */
static bool
send_newest(struct clasp_session *s, const struct clasp_missed_one *one,
    uint64_t now_us)
{
	struct clasp_router *router = s->router;
	struct clasp_msg msg = { .type = CLASP_SET };
	const struct clasp_record *r;
	struct clasp_span span;
	bool sent = false;

	r = clasp_store_peek(router->store, clasp_missed_address(one),
	    one->hash, now_us);
	if (r == NULL || !clasp_subscriber_wants(&s->subscriber,
	    clasp_missed_address(one), 1 << CLASP_PARAM))
		return false;
	msg.set.address = clasp_record_address(r);
	msg.set.has_revision = true;
	msg.set.revision = r->revision;
	msg.set.lock = r->lock != NULL;
	if (clasp_record_value(r, &router->arena, &msg.set.value) == 0 &&
	    clasp_slabs_encode(&router->replies,
	    (enum clasp_framing)s->out.framing, &msg, NULL, &span) == 0)
		sent = clasp_session_queue(s, &span) == 0;
	if (sent)
		clasp_pace_sent(s, msg.set.address, one->hash, &msg.set.value,
		    now_us);
	clasp_arena_reset(&router->arena);
	return sent;
}

static void
send_missed(struct clasp_session *s, uint64_t now_us)
{
	struct clasp_missed_one *one;

	while ((one = s->missed->first) != NULL && !over(s)) {
		if (!send_newest(s, one, now_us))
			count_drop(s, now_us);
		clasp_missed_remove(s->missed, one);
	}
	if (s->missed->first == NULL) {
		clasp_missed_free(s->missed);
		s->missed = NULL;
	}
}

/*
 * A queue just below its limit is no better than a full one as long as more
 * waits for it: it is filled again only at half, or chunk by chunk.
 */
static void
look_full(struct clasp_session *s, uint64_t now_us)
{
	bool full = s->out.bytes > 0 && (over(s) || s->missed != NULL ||
	    s->job != NULL || s->pauses != 0);

	if (!full || s->state != CLASP_SESSION_OPEN)
		full_remove(s);
	else
		full_add(s, now_us);
}

static void
settle(struct clasp_session *s, uint64_t now_us)
{
	if (s->notice)
		send_notice(s, now_us);
	if (s->missed != NULL && below_half(s))
		send_missed(s, now_us);
	if (s->job != NULL)
		clasp_snapshot_step(s, now_us);
	if ((s->pauses & CLASP_PAUSE_QUEUE) && below_half(s))
		clasp_session_pause(s, CLASP_PAUSE_QUEUE, false);
}

void
clasp_session_settle(struct clasp_session *s, uint64_t now_us)
{
	if (s->failed < 0)
		clasp_session_shut(s, CLASP_CLOSE_INTERNAL,
		    clasp_strerror(s->failed));
	if (s->state != CLASP_SESSION_OPEN)
		return;
	settle(s, now_us);
	look_full(s, now_us);
}

void
clasp_session_sent(struct clasp_session *s, size_t n, uint64_t now_us)
{
	struct clasp_router *router = s->router;

	if (n == 0)
		return;
	router->now_us = now_us;
	clasp_run_end(router);
	router->figures.bytes_out += n;
	clasp_outq_sent(&s->out, n);
	s->blocked = false;
	if (s->out.bytes == 0)
		s->stuck = false;
	full_remove(s);
	look_full(s, now_us);
	if (s->missed == NULL && s->job == NULL && s->pauses == 0)
		return;
	due_add(s);
	if (router->busy == 0) {
		clasp_router_enter(router);
		clasp_router_leave(router, now_us);
	}
}

void
clasp_session_stalled(struct clasp_session *s)
{
	s->stuck = true;
	clasp_run_end(s->router);
	/* without memory the shared slabs are held a little longer */
	(void)clasp_outq_detach(&s->out);
}

/* ------------------------------------------------------------- receiving */

/* Before HELLO garbage gets no answer; afterwards few answers, then none. */
static void
bad_frame(struct clasp_session *s, uint16_t code, const char *why,
    uint64_t now_us)
{
	s->router->figures.undecodable++;
	if (s->state == CLASP_SESSION_HANDSHAKE) {
		clasp_session_shut(s, CLASP_CLOSE_PROTOCOL, why);
		return;
	}
	if (s->bad_count == 0 || now_us >= s->bad_window_us + BAD_WINDOW) {
		s->bad_window_us = now_us;
		s->bad_count = 0;
	}
	if (++s->bad_count >= BAD_MAX) {
		clasp_session_error(s, 101, CLASP_STR_NONE,
		    "too many malformed frames");
		clasp_session_shut(s, CLASP_CLOSE_PROTOCOL,
		    "too many malformed frames");
		return;
	}
	if (s->bad_told_us != 0 && now_us < s->bad_told_us + SECOND)
		return;
	s->bad_told_us = now_us;
	clasp_session_error(s, code, CLASP_STR_NONE, why);
}

/* One second's worth may come at once, then one as each is due. */
static bool
too_fast(struct clasp_session *s, uint64_t now_us)
{
	uint32_t limit = s->router->config.rate_limit;
	char text[80];

	if (limit == 0 || s->state != CLASP_SESSION_OPEN)
		return false;
	if (s->rate_us < now_us)
		s->rate_us = now_us;
	if (s->rate_us + SECOND / limit <= now_us + SECOND) {
		s->rate_us += SECOND / limit;
		return false;
	}
	if (s->rate_told_us == 0 || now_us >= s->rate_told_us + SECOND) {
		s->rate_told_us = now_us;
		snprintf(text, sizeof text,
		    "Rate limit exceeded: %u messages/second",
		    (unsigned)limit);
		clasp_session_error(s, 429, CLASP_STR_NONE, text);
	}
	return true;
}

static void
first_message(struct clasp_session *s, const struct clasp_msg *msg,
    uint64_t now_us)
{
	if (msg->type == CLASP_HELLO) {
		clasp_session_hello(s, &msg->hello, now_us);
		return;
	}
	clasp_session_error(s, 101, CLASP_STR_NONE, "expected HELLO");
	clasp_session_shut(s, CLASP_CLOSE_PROTOCOL, "expected HELLO");
}

/* Bare frames have a length in front that must be that of what follows; a
 * WebSocket message may end with what is none. */
static bool
is_measured(const struct clasp_session *s)
{
	return s->out.framing == CLASP_FRAMING_LENGTH;
}

/* The frame at p; returns the bytes it took, all of them if it is none. */
static size_t
one_frame(struct clasp_session *s, const uint8_t *p, size_t len,
    uint64_t now_us)
{
	struct clasp_router *router = s->router;
	struct clasp_frame frame;
	struct clasp_msg msg;
	int n = clasp_frame_decode(p, len, &frame), error;

	router->messages_in++;
	s->messages_in++;
	if (too_fast(s, now_us))
		return n > 0 ? (size_t)n : len;
	if (n <= 0) {
		bad_frame(s, 100, clasp_strerror(n), now_us);
		if (n == CLASP_EINCOMPLETE && is_measured(s))
			clasp_session_shut(s, CLASP_CLOSE_PROTOCOL,
			    "length shorter than the frame");
		return len;
	}
	if (frame.encrypted || frame.compressed) {
		bad_frame(s, 100, "unsupported frame flags", now_us);
		return (size_t)n;
	}
	error = clasp_msg_decode(frame.payload, frame.len, &router->arena, 0,
	    &msg);
	if (error == 0)
		router->figures.messages[msg.type]++;
	if (error < 0)
		bad_frame(s, 101, clasp_strerror(error), now_us);
	else if (s->state == CLASP_SESSION_HANDSHAKE)
		first_message(s, &msg, now_us);
	else
		clasp_router_dispatch(s, &msg, clasp_str_of(
		    (const char *)frame.payload, frame.len), now_us);
	clasp_arena_reset(&router->arena);
	return (size_t)n;
}

int
clasp_session_input(struct clasp_session *s, const uint8_t *bytes,
    size_t len, uint64_t now_us, size_t *used)
{
	struct clasp_router *router = s->router;
	size_t at = 0;
	int more = 0;

	clasp_router_enter(router);
	s->last_in_us = router->now_us = now_us;
	do {
		if (s->state == CLASP_SESSION_CLOSING || s->failed < 0) {
			at = len;
		} else if (s->pauses != 0) {
			more = 1;
			break;
		} else {
			at += one_frame(s, bytes + at, len - at, now_us);
		}
	} while (at < len && bytes[at] == CLASP_FRAME_MAGIC);
	if (!more && at < len && is_measured(s) &&
	    s->state == CLASP_SESSION_OPEN)
		bad_frame(s, 100, "bytes behind the frame", now_us);
	*used = more ? at : len;
	router->figures.bytes_in += *used;
	clasp_router_leave(router, now_us);
	return more;
}
