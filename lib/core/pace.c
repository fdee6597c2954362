/*
 * pace.c - subscriptions that want less.
 *
 *	subscription -- pace -- mark of /a/x	(table, and list by use)
 *	                    `-- mark of /a/y -- parcel: what waits
 *	                                  |
 *	heap of all that wait, by time ---'
 *
 * A mark is what one subscription knows of one address; of gestures each has
 * a mark of its own, so that the last move of every finger arrives.  A parcel
 * is a message that is kept, once for all who wait for it.
 */
#include "core/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/session.h"

#define SECOND		1000000u
#define TURN_MAX	8192		/* sent, or freed, in one turn */
#define FREE_AT_ONCE	64		/* marks of one that has ended */
#define VALUE_LIMIT	(8u << 20)	/* of an array to compare with */

/* A message, in its binary form. */
struct clasp_parcel {
	struct clasp_paces *paces;
	uint32_t	 refs;
	uint8_t		 types;
	uint8_t		 qos;
	bool		 newest;	/* a SET */
	bool		 decoded;	/* value is there */
	struct clasp_value value;
	struct clasp_arena arena;	/* of value */
	size_t		 len;
	uint8_t		 payload[];
};

struct mark {
	struct clasp_due due;		/* first; at_us: the next may go */
	struct clasp_pace *pace;
	struct mark	*newer, *older;	/* by use */
	struct mark	*next_held, **back_held;
	uint64_t	 hash;		/* see hash_of */
	struct clasp_parcel *held;	/* what waits, or NULL */
	struct clasp_parcel *array;	/* whose value `last` is, or NULL */
	struct clasp_value last;	/* sent last, if known */
	bool		 known;
	bool		 alone;		/* it waits for no other subscription */
	uint16_t	 len;
	char		 address[];
};

enum verdict { PASS, WAIT, SKIP };

struct clasp_pace {
	struct clasp_paces *paces;
	struct clasp_sub *sub;		/* NULL: has ended */
	uint64_t	 period_us;	/* 0: no rate */
	double		 epsilon;	/* 0: none */
	struct clasp_table marks;
	struct mark	*newest, *oldest;	/* by use */
	struct mark	*held;		/* those with something that waits */
	struct clasp_pace *next;	/* that has ended */
	/* of the message in work */
	struct clasp_pace *next_hit;
	struct mark	*mark;		/* NULL: there is none yet */
	enum verdict	 verdict;
};

/* --------------------------------------------------------------- parcels */

static void
parcel_weigh(struct clasp_parcel *parcel, int sign)
{
	size_t n = sizeof *parcel + parcel->len + parcel->arena.taken;

	parcel->paces->bytes += sign > 0 ? n : (size_t)0 - n;
}

/* The cast as a parcel, made when there is none; NULL: no room for it. */
static struct clasp_parcel *
parcel_of(struct clasp_router *router, const struct clasp_cast *cast,
    struct clasp_parcel **made)
{
	struct clasp_str payload = cast->payload;
	struct clasp_parcel *parcel;
	int n;

	if (*made != NULL)
		return *made;
	if (payload.p == NULL) {
		n = clasp_msg_encode(router->scratch, sizeof router->scratch,
		    cast->msg);
		if (n < 0)
			return NULL;
		payload = clasp_str_of((char *)router->scratch, (size_t)n);
	}
	if (router->paces.bytes + payload.len > CLASP_PACE_BYTES)
		return NULL;
	parcel = malloc(sizeof *parcel + payload.len);
	if (parcel == NULL)
		return NULL;
	memset(parcel, 0, sizeof *parcel);
	parcel->paces = &router->paces;
	parcel->refs = 1;
	parcel->types = cast->types;
	parcel->qos = clasp_msg_qos(cast->msg);
	parcel->newest = cast->newest;
	clasp_arena_init(&parcel->arena, NULL, 0, VALUE_LIMIT);
	parcel->len = payload.len;
	memcpy(parcel->payload, payload.p, payload.len);
	parcel_weigh(parcel, 1);
	*made = parcel;
	return parcel;
}

void
clasp_parcel_drop(struct clasp_parcel *parcel)
{
	if (parcel == NULL || --parcel->refs > 0)
		return;
	parcel_weigh(parcel, -1);
	clasp_arena_clear(&parcel->arena);
	free(parcel);
}

/* The value of a param or stream, to be compared; NULL: nothing to compare. */
static const struct clasp_value *
value_of(const struct clasp_msg *msg)
{
	if (msg->type == CLASP_SET)
		return &msg->set.value;
	if (msg->publish.kind != CLASP_PARAM &&
	    msg->publish.kind != CLASP_STREAM)
		return NULL;
	return msg->publish.content == CLASP_CONTENT_VALUE ?
	    &msg->publish.value : NULL;
}

/* The same of a parcel, whose memory it is in; once for all who ask. */
static const struct clasp_value *
parcel_value(struct clasp_parcel *parcel)
{
	const struct clasp_value *value;
	struct clasp_msg msg;

	if (parcel->decoded)
		return &parcel->value;
	parcel_weigh(parcel, -1);
	value = clasp_msg_decode(parcel->payload, parcel->len,
	    &parcel->arena, 0, &msg) == 0 ? value_of(&msg) : NULL;
	if (value == NULL || parcel->paces->bytes + parcel->arena.taken >
	    CLASP_PACE_BYTES) {
		clasp_arena_reset(&parcel->arena);
	} else {
		parcel->value = *value;
		parcel->decoded = true;
	}
	parcel_weigh(parcel, 1);
	return parcel->decoded ? &parcel->value : NULL;
}

/* ----------------------------------------------------------------- marks */

static struct clasp_str
mark_address(const void *entry)
{
	const struct mark *m = entry;

	return clasp_str_of(m->address, m->len);
}

/*
 * Marks of one address differ in their hash: by kind, and those of gestures
 * by whose gesture it is and by its number.  A sender chooses that number,
 * but not where its mark stands in the table.
 */
static uint64_t
hash_of(const struct clasp_cast *cast)
{
	const struct clasp_publish *p = &cast->msg->publish;
	uint64_t parts[4];

	if (cast->msg->type == CLASP_SET)
		return cast->hash;
	parts[0] = cast->hash;
	parts[1] = p->kind;
	parts[2] = p->kind == CLASP_GESTURE ? cast->origin : 0;
	parts[3] = p->kind == CLASP_GESTURE && p->has_id ? p->id : 0;
	return clasp_hash(clasp_str_of((const char *)parts, sizeof parts));
}

static struct mark *
mark_find(const struct clasp_pace *pace, uint64_t hash,
    struct clasp_str address)
{
	return clasp_table_get(&pace->marks, hash, address);
}

static void
use_remove(struct mark *m)
{
	*(m->newer ? &m->newer->older : &m->pace->newest) = m->older;
	*(m->older ? &m->older->newer : &m->pace->oldest) = m->newer;
}

static void
use_add(struct mark *m)
{
	struct clasp_pace *pace = m->pace;

	m->newer = NULL;
	m->older = pace->newest;
	*(m->older ? &m->older->newer : &pace->oldest) = m;
	pace->newest = m;
}

/* Nothing waits here any more. */
static void
unhold(struct mark *m)
{
	if (m->held == NULL)
		return;
	clasp_dues_remove(&m->pace->paces->due, &m->due);
	*m->back_held = m->next_held;
	if (m->next_held != NULL)
		m->next_held->back_held = m->back_held;
	clasp_parcel_drop(m->held);
	m->held = NULL;
}

/* Let it wait in place of what did.  False: no memory. */
static bool
hold(struct mark *m, struct clasp_parcel *parcel)
{
	struct clasp_pace *pace = m->pace;

	if (m->held != NULL) {
		clasp_parcel_drop(m->held);
	} else {
		if (clasp_dues_add(&pace->paces->due, &m->due) < 0)
			return false;
		m->next_held = pace->held;
		m->back_held = &pace->held;
		if (m->next_held != NULL)
			m->next_held->back_held = &m->next_held;
		pace->held = m;
	}
	m->held = parcel;
	parcel->refs++;
	return true;
}

static void
forget(struct mark *m)
{
	clasp_parcel_drop(m->array);
	m->array = NULL;
	m->known = false;
}

/* What was sent; strings and maps are not compared, so not kept. */
static void
remember(struct mark *m, const struct clasp_value *value)
{
	forget(m);
	if (value == NULL || (value->type != CLASP_INT &&
	    value->type != CLASP_FLOAT))
		return;
	m->last = *value;
	m->known = true;
}

/* The same, of a message that is kept anyway. */
static void
remember_parcel(struct mark *m, struct clasp_parcel *parcel)
{
	const struct clasp_value *value;

	if (m->pace->epsilon == 0)
		return;
	value = parcel ? parcel_value(parcel) : NULL;
	remember(m, value);
	if (value == NULL || value->type != CLASP_ARRAY)
		return;
	m->last = *value;
	m->array = parcel;
	parcel->refs++;
	m->known = true;
}

static void
mark_free(struct mark *m)
{
	struct clasp_pace *pace = m->pace;

	unhold(m);
	forget(m);
	use_remove(m);
	clasp_table_remove(&pace->marks, m->hash, m);
	pace->paces->count--;
	free(m);
}

/* ----------------------------------------------- what waits, and is sent */

/* A parcel on its way: encoded once for all who get it in one go. */
struct sending {
	struct clasp_parcel *parcel;	/* a reference, or NULL */
	struct clasp_cast cast;
};

/*
 * The parcel's bytes, for deliver.  Not where casts are encoded: one may be
 * on its way to others just now.
 */
static bool
prepare(struct clasp_router *router, struct sending *sending,
    const struct mark *m, uint8_t framing)
{
	struct clasp_cast *cast = &sending->cast;
	struct clasp_parcel *parcel = m->held;

	if (sending->parcel != parcel) {
		clasp_parcel_drop(sending->parcel);
		sending->parcel = parcel;
		parcel->refs++;
		cast->ready = 0;
		cast->msg = NULL;
		cast->types = parcel->types;
		cast->newest = parcel->newest;
		cast->qos = parcel->qos;
		cast->payload = clasp_str_of((char *)parcel->payload,
		    parcel->len);
	}
	cast->address = mark_address(m);
	cast->hash = m->due.order;
	if (cast->ready & 1u << framing)
		return true;
	if (clasp_slabs_payload(&router->replies,
	    (enum clasp_framing)framing, cast->qos, cast->payload,
	    &cast->spans[framing]) < 0)
		return false;
	cast->ready |= (uint8_t)(1u << framing);
	return true;
}

static void
sending_end(struct sending *sending)
{
	clasp_parcel_drop(sending->parcel);
}

/* What waited here is gone; a period begins if it was sent on time. */
static void
was_sent(struct mark *m, struct clasp_parcel *parcel, bool sent, bool on_time,
    uint64_t now_us)
{
	unhold(m);
	if (!sent)
		return;
	remember_parcel(m, parcel);
	if (on_time)
		m->due.at_us = now_us + m->pace->period_us;
}

/*
 * What waits here goes now; where it waits for other subscriptions of this
 * session as well, this was their copy.
 */
static void
send_held(struct mark *m, struct sending *sending, uint64_t now_us)
{
	struct clasp_session *s = clasp_session_of(m->pace->sub->owner);
	struct clasp_sub *sub;
	struct mark *other;
	bool sent;

	clasp_run_end(s->router);
	sent = prepare(s->router, sending, m, s->out.framing) &&
	    clasp_session_deliver(s, &sending->cast, now_us);
	for (sub = m->alone ? NULL : s->subscriber.first; sub != NULL;
	    sub = sub->next) {
		other = sub->pace == NULL ? NULL : mark_find(sub->pace,
		    m->hash, mark_address(m));
		if (other != NULL && other != m && other->held != NULL)
			was_sent(other, sending->parcel, sent,
			    other->due.at_us <= now_us, now_us);
	}
	was_sent(m, sending->parcel, sent, true, now_us);
}

static void
send_one(struct mark *m, uint64_t now_us)
{
	struct sending sending = { 0 };

	if (m->held == NULL)
		return;
	send_held(m, &sending, now_us);
	sending_end(&sending);
}

/* Room for one more address.  What waits for the one that goes is sent. */
static bool
make_room(struct clasp_pace *pace, uint64_t now_us)
{
	if (pace->marks.count < CLASP_PACE_EACH &&
	    pace->paces->count < CLASP_PACE_ALL)
		return true;
	if (pace->oldest == NULL)
		return false;
	send_one(pace->oldest, now_us);
	mark_free(pace->oldest);
	return true;
}

/* NULL: no memory; then its next value is like a first one. */
static struct mark *
mark_new(struct clasp_pace *pace, const struct clasp_cast *cast,
    uint64_t hash, uint64_t now_us)
{
	struct mark *m;

	if (!make_room(pace, now_us))
		return NULL;
	m = malloc(sizeof *m + cast->address.len);
	if (m == NULL)
		return NULL;
	memset(m, 0, sizeof *m);
	m->pace = pace;
	m->hash = hash;
	m->due.order = cast->hash;
	m->len = (uint16_t)cast->address.len;
	memcpy(m->address, cast->address.p, cast->address.len);
	if (clasp_table_add(&pace->marks, hash, m) < 0) {
		free(m);
		return NULL;
	}
	use_add(m);
	pace->paces->count++;
	return m;
}

/* --------------------------------------------------------- subscriptions */

int
clasp_pace_begin(struct clasp_paces *paces, struct clasp_sub *sub,
    uint32_t max_rate, double epsilon)
{
	struct clasp_pace *pace;

	if (max_rate > SECOND)
		max_rate = 0;
	if (!(epsilon > 0) || isinf(epsilon))
		epsilon = 0;
	if (max_rate == 0 && epsilon == 0)
		return 0;
	pace = calloc(1, sizeof *pace);
	if (pace == NULL)
		return CLASP_ENOMEM;
	pace->paces = paces;
	pace->sub = sub;
	/* rounded up: not one more than that in any second */
	if (max_rate > 0)
		pace->period_us = (SECOND + max_rate - 1) / max_rate;
	pace->epsilon = epsilon;
	pace->marks.key = mark_address;
	sub->pace = pace;
	sub->owner->paced++;
	return 0;
}

/* Free marks of those that have ended, at most so many. */
static void
bury(struct clasp_paces *paces, size_t most)
{
	struct clasp_pace *pace;

	while ((pace = paces->ended) != NULL) {
		for (; pace->oldest != NULL && most > 0; most--)
			mark_free(pace->oldest);
		if (pace->oldest != NULL)
			return;
		paces->ended = pace->next;
		clasp_table_clear(&pace->marks);
		free(pace);
	}
}

/* One with many addresses is freed by and by. */
void
clasp_pace_end(struct clasp_pace *pace)
{
	if (pace == NULL)
		return;
	pace->sub->owner->paced--;
	pace->sub->pace = NULL;
	pace->sub = NULL;
	pace->next = pace->paces->ended;
	pace->paces->ended = pace;
	if (pace->marks.count <= FREE_AT_ONCE)
		bury(pace->paces, pace->marks.count);
}

void
clasp_paces_clear(struct clasp_paces *paces)
{
	bury(paces, SIZE_MAX);
	clasp_dues_clear(&paces->due);
}

/* ------------------------------------------------------------ deliveries */

static bool
may_wait(const struct clasp_cast *cast)
{
	if (cast->types == 1 << CLASP_GESTURE)
		return cast->msg->publish.phase == CLASP_PHASE_MOVE;
	return cast->types == 1 << CLASP_PARAM ||
	    cast->types == 1 << CLASP_STREAM;
}

static enum verdict
judge(const struct clasp_pace *pace, const struct mark *m,
    const struct clasp_value *value, uint64_t now_us)
{
	if (m == NULL)
		return PASS;
	if (pace->epsilon > 0 && m->known && value != NULL &&
	    !clasp_value_apart(&m->last, value, pace->epsilon))
		return SKIP;
	return now_us < m->due.at_us ? WAIT : PASS;
}

/*
 * What each subscription says that matches, or the only one; returns those
 * with options.
 */
static struct clasp_pace *
judge_all(struct clasp_session *s, struct clasp_sub *only,
    const struct clasp_cast *cast, uint64_t hash, uint64_t now_us, bool *pass)
{
	const struct clasp_value *value = value_of(cast->msg);
	struct clasp_pace *hits = NULL, *pace;
	struct clasp_sub *sub;

	*pass = false;
	for (sub = only ? only : s->subscriber.first; sub != NULL;
	    sub = only ? NULL : sub->next) {
		if (only == NULL && (!(sub->types & cast->types) ||
		    !clasp_pattern_match(clasp_sub_pattern(sub),
		    cast->address)))
			continue;
		pace = sub->pace;
		if (pace == NULL) {
			*pass = true;
			continue;
		}
		pace->mark = mark_find(pace, hash, cast->address);
		pace->verdict = judge(pace, pace->mark, value, now_us);
		if (pace->verdict == PASS)
			*pass = true;
		if (pace->mark != NULL && pace->mark != pace->newest) {
			use_remove(pace->mark);
			use_add(pace->mark);
		}
		pace->next_hit = hits;
		hits = pace;
	}
	return hits;
}

/* None lets it through now: it waits, or is left out.  False: no memory. */
static bool
hold_all(struct clasp_router *router, struct clasp_pace *hits,
    const struct clasp_cast *cast, struct clasp_parcel **parcel)
{
	struct clasp_pace *pace;

	for (pace = hits; pace != NULL; pace = pace->next_hit)
		if (pace->verdict == SKIP) {
			unhold(pace->mark);
		} else {
			pace->mark->alone = hits->next_hit == NULL;
			if (parcel_of(router, cast, parcel) == NULL ||
			    !hold(pace->mark, *parcel))
				return false;
		}
	return true;
}

/* The session was given its copy now, or it was dropped. */
static void
settle(struct clasp_router *router, struct clasp_pace *pace,
    const struct clasp_cast *cast, uint64_t hash,
    struct clasp_parcel **parcel, bool sent, uint64_t now_us)
{
	const struct clasp_value *value = value_of(cast->msg);
	struct mark *m = pace->mark;

	if (m != NULL)
		unhold(m);
	if (!sent || pace->verdict == SKIP)
		return;
	if (m == NULL)
		m = mark_new(pace, cast, hash, now_us);
	if (m == NULL)
		return;
	if (value != NULL && value->type == CLASP_ARRAY && pace->epsilon > 0)
		remember_parcel(m, parcel_of(router, cast, parcel));
	else
		remember(m, value);
	if (pace->verdict == PASS)
		m->due.at_us = now_us + pace->period_us;
}

/* A gesture starts or ends: its last move comes first, and is forgotten. */
static void
end_moves(struct clasp_session *s, const struct clasp_cast *cast,
    uint64_t now_us)
{
	uint64_t hash = hash_of(cast);
	struct clasp_sub *sub;
	struct mark *m;

	for (sub = s->subscriber.first; sub != NULL; sub = sub->next) {
		m = sub->pace == NULL ? NULL : mark_find(sub->pace, hash,
		    cast->address);
		if (m == NULL)
			continue;
		send_one(m, now_us);
		mark_free(m);
	}
}

bool
clasp_pace_deliver(struct clasp_session *s, struct clasp_sub *only,
    struct clasp_cast *cast, struct clasp_parcel **parcel, uint64_t now_us)
{
	struct clasp_pace *hits, *pace;
	uint64_t hash;
	bool pass, sent;

	if (s->state != CLASP_SESSION_OPEN)
		return false;
	if (!may_wait(cast)) {
		if (cast->types == 1 << CLASP_GESTURE)
			end_moves(s, cast, now_us);
		return clasp_session_deliver(s, cast, now_us);
	}
	/* a chunk will bring it */
	if (s->job != NULL && cast->newest &&
	    clasp_job_awaits(s->job, cast->address))
		return false;
	hash = hash_of(cast);
	hits = judge_all(s, only, cast, hash, now_us, &pass);
	if (!pass && hold_all(s->router, hits, cast, parcel))
		return false;
	sent = clasp_session_deliver(s, cast, now_us);
	for (pace = hits; pace != NULL; pace = pace->next_hit)
		settle(s->router, pace, cast, hash, parcel, sent, now_us);
	return sent;
}

/* ---------------------------------------------- when something else shows */

void
clasp_pace_flush(struct clasp_session *s, struct clasp_str pattern,
    uint64_t now_us)
{
	struct clasp_sub *sub;
	struct mark *m, *next;

	if (s->subscriber.paced == 0)
		return;
	for (sub = s->subscriber.first; sub != NULL; sub = sub->next)
		for (m = sub->pace ? sub->pace->held : NULL; m != NULL;
		    m = next) {
			next = m->next_held;
			if (pattern.p == NULL || (m->held->newest &&
			    clasp_pattern_match(pattern, mark_address(m))))
				send_one(m, now_us);
		}
}

void
clasp_pace_flush_one(struct clasp_session *s, struct clasp_str address,
    uint64_t hash, uint64_t now_us)
{
	struct clasp_sub *sub;
	struct mark *m;

	if (s->subscriber.paced == 0)
		return;
	for (sub = s->subscriber.first; sub != NULL; sub = sub->next) {
		m = sub->pace ? mark_find(sub->pace, hash, address) : NULL;
		if (m != NULL)
			send_one(m, now_us);
	}
}

void
clasp_pace_sent(struct clasp_session *s, struct clasp_str address,
    uint64_t hash, const struct clasp_value *value, uint64_t now_us)
{
	struct clasp_sub *sub;
	struct mark *m;

	if (s->subscriber.paced == 0)
		return;
	for (sub = s->subscriber.first; sub != NULL; sub = sub->next) {
		m = sub->pace ? mark_find(sub->pace, hash, address) : NULL;
		if (m == NULL)
			continue;
		unhold(m);
		remember(m, value);
		m->due.at_us = now_us + sub->pace->period_us;
	}
}

uint64_t
clasp_pace_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_paces *paces = &router->paces;
	struct sending sending = { 0 };
	uint64_t next = UINT64_MAX;
	struct clasp_due *first;
	struct mark *m;
	int n;

	bury(paces, TURN_MAX);
	for (n = 0; (first = clasp_dues_first(&paces->due)) != NULL; n++) {
		next = first->at_us;
		if (next > now_us || n == TURN_MAX)
			break;
		m = (struct mark *)first;
		if (m->pace->sub == NULL)
			unhold(m);	/* it has ended */
		else
			send_held(m, &sending, now_us);
		next = UINT64_MAX;
	}
	sending_end(&sending);
	return paces->ended != NULL ? now_us : next;
}
