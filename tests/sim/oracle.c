/* oracle.c - the model: connections, the timer, one message after another. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "names.h"
#include "wire/frame.h"

/* ------------------------------------------------------------ small things */

struct clasp_str
oracle_str(const struct oracle_text *t)
{
	return clasp_str_of(t->p, t->n);
}

struct clasp_str
oracle_data(const struct oracle_value *v)
{
	return clasp_str_of((const char *)v->p, v->n);
}

struct oracle_value
oracle_bytes(struct clasp_str s)
{
	struct oracle_value v = { malloc(s.len + 1), s.len };

	if (v.p == NULL)
		abort();
	if (s.len > 0)
		memcpy(v.p, s.p, s.len);
	return v;
}

struct oracle_text
oracle_text(struct clasp_str s)
{
	struct oracle_value v = oracle_bytes(s);

	return (struct oracle_text){ (char *)v.p, v.n };
}

struct oracle_value
oracle_value(const struct clasp_value *v)
{
	struct oracle_value out;
	struct clasp_writer w;

	out.n = clasp_value_size(v) + 1;
	out.p = malloc(out.n);
	if (out.p == NULL)
		abort();
	out.p[0] = clasp_value_code(v);
	w = clasp_writer_on(out.p + 1, out.n - 1);
	if (clasp_value_put(&w, v) < 0)
		memset(out.p, 0xff, out.n);
	return out;
}

bool
oracle_value_is(const struct oracle_value *v, const struct clasp_value *other)
{
	struct oracle_value o = oracle_value(other);
	bool same = o.n == v->n && memcmp(o.p, v->p, v->n) == 0;

	oracle_value_clear(&o);
	return same;
}

void
oracle_text_clear(struct oracle_text *t)
{
	free(t->p);
	t->p = NULL;
}

void
oracle_value_clear(struct oracle_value *v)
{
	free(v->p);
	v->p = NULL;
}

void *
oracle_grow(void *array, uint32_t *count, size_t size)
{
	char *p = array;

	/* in steps of a power of two */
	if ((*count & (*count - 1)) == 0)
		p = realloc(array, (*count ? *count * 2 : 1) * size);
	if (p == NULL)
		abort();
	memset(p + *count * size, 0, size);
	++*count;
	return p;
}

void
oracle_cut(void *array, uint32_t *count, size_t size, uint32_t i)
{
	char *p = array;

	--*count;
	memmove(p + i * size, p + (i + 1) * size, (*count - i) * size);
}

struct oracle_session *
oracle_session(struct oracle *o, uint64_t serial)
{
	int i;

	for (i = 0; i < SIM_CLIENTS; i++)
		if (serial != 0 && o->sessions[i].state != GONE &&
		    o->sessions[i].serial == serial)
			return &o->sessions[i];
	return NULL;
}

/* ------------------------------------------------------------------- life */

struct oracle *
oracle_new(const struct sim_config *config, struct sim_link *links)
{
	struct oracle *o = calloc(1, sizeof *o);
	int i;

	if (o == NULL)
		abort();
	o->config = *config;
	o->doing = P_ORDER;
	for (i = 0; i < SIM_CLIENTS; i++)
		o->sessions[i].link = &links[i];
	clasp_arena_init(&o->arena, NULL, 0, 16 << 20);
	clasp_arena_init(&o->work, NULL, 0, 16 << 20);
	return o;
}

static void
session_clear(struct oracle_session *s)
{
	struct sim_link *link = s->link;

	while (s->nsubs > 0)
		oracle_unsubscribe(s, s->nsubs - 1);
	while (s->nmissed > 0)
		oracle_text_clear(&s->missed[--s->nmissed]);
	while (s->nseen > 0)
		oracle_text_clear(&s->seen[--s->nseen].address);
	oracle_text_clear(&s->job_pattern);
	oracle_text_clear(&s->cursor);
	free(s->subs);
	free(s->missed);
	free(s->seen);
	free(s->lens);
	memset(s, 0, sizeof *s);
	s->link = link;
}

static void
signal_clear(struct oracle *o, uint32_t i)
{
	oracle_text_clear(&o->signals[i].address);
	oracle_text_clear(&o->signals[i].datatype);
	oracle_text_clear(&o->signals[i].access);
	oracle_cut(o->signals, &o->nsignals, sizeof *o->signals, i);
}

void
oracle_free(struct oracle *o)
{
	uint32_t i;

	for (i = 0; i < SIM_CLIENTS; i++)
		session_clear(&o->sessions[i]);
	oracle_params_free(o->params, o->nparams);
	while (o->nsignals > 0)
		signal_clear(o, o->nsignals - 1);
	for (i = 0; i < o->ngestures; i++) {
		oracle_text_clear(&o->gestures[i].address);
		oracle_value_clear(&o->gestures[i].move);
	}
	for (i = 0; i < o->ntimelines; i++) {
		oracle_text_clear(&o->timelines[i].address);
		oracle_value_clear(&o->timelines[i].payload);
	}
	for (i = 0; i < o->ncues; i++)
		oracle_value_clear(&o->cues[i].payload);
	free(o->signals);
	free(o->gestures);
	free(o->timelines);
	free(o->cues);
	free(o->ids);
	clasp_arena_clear(&o->arena);
	clasp_arena_clear(&o->work);
	free(o);
}

/* It takes part in nothing any more; its queue may still drain. */
static void
retire(struct oracle *o, struct oracle_session *s)
{
	if (s->state == OPEN) {
		sim_stake(P_LEAVE);
		oracle_release(o, s->serial);
		o->left[o->nleft++] = s->serial;
	}
	while (s->nsubs > 0)
		oracle_unsubscribe(s, s->nsubs - 1);
	while (s->nmissed > 0)
		oracle_text_clear(&s->missed[--s->nmissed]);
	s->full = s->job = false;
	s->state = CLOSING;
}

static void
shut(struct oracle *o, struct oracle_session *s, int code,
    enum sim_promise p)
{
	if (s->state == CLOSING)
		return;
	retire(o, s);
	s->shut = true;
	s->code = code;
	sim_stake(p);
	if (!s->link->closing || s->link->code != code)
		sim_broken(p, "session %llu is not closed with %d",
		    (unsigned long long)s->serial, code);
}

/* What an action leaves to be done at its end. */
static void
leave(struct oracle *o)
{
	int i;

	if (o->nleft > 0)
		oracle_gestures_leave(o);
	for (i = 0; i < SIM_CLIENTS; i++)
		while (o->sessions[i].due && sim_breach() == PROMISES)
			oracle_settle(o, &o->sessions[i]);
	if (o->config.churn)
		oracle_skip_notices(o);
}

/* ---------------------------------------------------------------- signals */

static void
signals_expire(struct oracle *o)
{
	uint64_t ttl = (uint64_t)o->config.signal_ttl * ORACLE_SECOND;
	uint32_t i;

	for (i = o->nsignals; ttl > 0 && i-- > 0;)
		if (o->signals[i].accessed_us + ttl <= o->now_us) {
			sim_stake(P_FORGET);
			signal_clear(o, i);
		}
}

static void
signal_put(struct oracle *o, const struct clasp_signal *m)
{
	struct oracle_signal *e;
	uint32_t i, old;

	signals_expire(o);
	for (i = 0; i < o->nsignals; i++)
		if (clasp_str_eq(oracle_str(&o->signals[i].address),
		    m->address))
			break;
	if (i < o->nsignals) {
		signal_clear(o, i);
	} else if (o->config.signals > 0 &&
	    o->nsignals >= o->config.signals) {
		for (i = old = 0; i < o->nsignals; i++)
			if (o->signals[i].touched < o->signals[old].touched)
				old = i;
		sim_stake(P_FORGET);
		signal_clear(o, old);
	}
	o->signals = oracle_grow(o->signals, &o->nsignals,
	    sizeof *o->signals);
	e = &o->signals[o->nsignals - 1];
	e->address = oracle_text(m->address);
	e->has_datatype = m->datatype.p != NULL;
	e->has_access = m->access.p != NULL;
	e->datatype = oracle_text(m->datatype);
	e->access = oracle_text(m->access);
	e->kind = m->kind;
	e->bounds = m->kind == CLASP_PARAM && m->has_range &&
	    m->min <= m->max;
	e->low = m->min;
	e->high = m->max;
	e->accessed_us = o->now_us;
	e->touched = ++o->touches;
}

static void
announce(struct oracle *o, struct oracle_session *s,
    const struct clasp_announce *m)
{
	const struct clasp_msg *ack;
	uint32_t i;

	for (i = 0; i < m->count; i++)
		if (oracle_bad_address(m->signals[i].address, true)) {
			oracle_error(o, s, 202, m->signals[i].address,
			    P_SIGNALS);
			return;
		}
	for (i = 0; i < m->count; i++)
		signal_put(o, &m->signals[i]);
	ack = oracle_reply(o, s, CLASP_ACK, P_SIGNALS, "the ACK of ANNOUNCE");
	if (ack != NULL && !clasp_str_eq(ack->ack.address, m->namespace_))
		sim_broken(P_SIGNALS, "the ACK of ANNOUNCE names %.*s",
		    CLASP_STR_ARG(ack->ack.address));
}

static int
by_address(const void *a, const void *b)
{
	const struct oracle_signal *const *x = a, *const *y = b;

	return clasp_str_cmp(oracle_str(&(*x)->address),
	    oracle_str(&(*y)->address));
}

static bool
same_signal(const struct oracle_signal *e, const struct clasp_signal *got)
{
	return clasp_str_eq(oracle_str(&e->address), got->address) &&
	    e->kind == got->kind && e->has_datatype == !!got->datatype.p &&
	    e->has_access == !!got->access.p &&
	    clasp_str_eq(oracle_str(&e->datatype), got->datatype) &&
	    clasp_str_eq(oracle_str(&e->access), got->access);
}

/* Those a pattern finds are touched, in the order in which they were. */
static uint32_t
signals_find(struct oracle *o, struct clasp_str pattern,
    struct oracle_signal **found)
{
	struct oracle_signal *e, *last = NULL, *next;
	uint64_t after = 0, upto = o->touches;
	uint32_t i, n = 0;

	for (i = 0; i < o->nsignals; i++)
		if (last == NULL || o->signals[i].touched > last->touched)
			last = &o->signals[i];
	for (;;) {
		next = NULL;
		for (i = 0; i < o->nsignals; i++) {
			e = &o->signals[i];
			if (e->touched > after && e->touched <= upto &&
			    (next == NULL || e->touched < next->touched))
				next = e;
		}
		if (next == NULL)
			return n;
		after = next->touched;
		if (!clasp_str_eq(pattern, oracle_str(&next->address)) &&
		    !oracle_match(pattern, oracle_str(&next->address)))
			continue;
		found[n++] = next;
		next->accessed_us = o->now_us;
		/* equals: the one touched last stays before the others */
		if (next != last)
			next->touched = ++o->touches;
	}
}

static void
query(struct oracle *o, struct oracle_session *s, struct clasp_str pattern)
{
	struct oracle_signal **found;
	const struct clasp_msg *m;
	uint32_t i, n;

	if (oracle_bad_address(pattern, true) != NULL) {
		oracle_error(o, s, 202, pattern, P_PATTERN);
		return;
	}
	signals_expire(o);
	found = calloc(o->nsignals + 1, sizeof *found);
	if (found == NULL)
		abort();
	n = signals_find(o, pattern, found);
	qsort(found, n, sizeof *found, by_address);
	m = oracle_reply(o, s, CLASP_RESULT, P_SIGNALS, "RESULT");
	if (m != NULL && m->result.count != n)
		sim_broken(P_SIGNALS, "RESULT has %u signals, not %u",
		    m->result.count, n);
	for (i = 0; m != NULL && i < n && sim_breach() == PROMISES; i++)
		if (!same_signal(found[i], &m->result.signals[i]))
			sim_broken(P_SIGNALS, "RESULT has %.*s where %.*s "
			    "is due",
			    CLASP_STR_ARG(m->result.signals[i].address),
			    CLASP_STR_ARG(oracle_str(&found[i]->address)));
	free(found);
}

/* ---------------------------------------------------------------- messages */

static bool
is_uuid(struct clasp_str id)
{
	size_t i;
	char c;

	if (id.len != 36 || id.p[14] != '4' ||
	    strchr("89ab", id.p[19]) == NULL)
		return false;
	for (i = 0; i < 36; i++) {
		c = id.p[i];
		if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' :
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static void
welcome(struct oracle *o, struct oracle_session *s)
{
	const struct clasp_msg *m;
	uint32_t i;

	m = oracle_reply(o, s, CLASP_WELCOME, P_WELCOME, "WELCOME");
	if (m == NULL)
		return;
	if (!is_uuid(m->welcome.session) || m->welcome.version != 1 ||
	    m->welcome.time_us != o->now_us || m->welcome.token.len > 0 ||
	    !clasp_str_is(m->welcome.name, "sim"))
		sim_broken(P_WELCOME, "WELCOME with id %.*s, version %u, "
		    "time %llu", CLASP_STR_ARG(m->welcome.session),
		    m->welcome.version,
		    (unsigned long long)m->welcome.time_us);
	snprintf(s->id, sizeof s->id, "%.*s",
	    CLASP_STR_ARG(m->welcome.session));
	for (i = 0; i < o->nids; i++)
		if (strcmp(o->ids[i], s->id) == 0)
			sim_broken(P_WELCOME, "id %s was there before", s->id);
	o->ids = oracle_grow(o->ids, &o->nids, sizeof *o->ids);
	memcpy(o->ids[o->nids - 1], s->id, sizeof s->id);
}

static void
hello(struct oracle *o, struct oracle_session *s, const struct clasp_hello *m)
{
	int i, n = 0;

	for (i = 0; i < SIM_CLIENTS; i++)
		n += o->sessions[i].state == OPEN;
	if (m->version == 0) {
		oracle_error(o, s, 102, CLASP_STR_NONE, P_VERSION);
		shut(o, s, CLASP_CLOSE_PROTOCOL, P_VERSION);
		return;
	}
	if (o->config.sessions > 0 && n >= o->config.sessions) {
		oracle_error(o, s, 501, CLASP_STR_NONE, P_ROOM);
		shut(o, s, CLASP_CLOSE_LATER, P_ROOM);
		return;
	}
	s->state = OPEN;
	welcome(o, s);
	if (m->features & CLASP_FEATURE_NOSTATE)
		oracle_snapshot(o, s, CLASP_STR("/nothing at all"), true,
		    -1);
	else
		oracle_snapshot(o, s, CLASP_STR("/**"), true, -1);
}

static void
set(struct oracle *o, struct oracle_session *s, const struct clasp_msg *msg)
{
	const struct clasp_set *m = &msg->set;
	struct oracle_write w = { .address = m->address, .set = m,
	    .session = s, .serial = s->serial, .writer = s->id };
	struct oracle_result r;
	const struct clasp_msg *ack;
	int code = oracle_admit(msg);
	bool flags = m->lock || m->unlock;

	if (code != 0) {
		oracle_error(o, s, code, m->address, code == 402 ? P_SIZE :
		    P_ADDRESS);
		return;
	}
	oracle_params_expire(o);
	oracle_write(o, &w, &r);
	if (r.code != 0) {
		oracle_error(o, s, r.code, m->address, r.why);
		return;
	}
	oracle_cast_set(o, m, &r, s->serial);
	if (oracle_wants(s, m->address, 1 << CLASP_PARAM))
		sim_stake(P_BEFORE_ACK);
	ack = oracle_reply(o, s, CLASP_ACK, P_SET, "the ACK of a SET");
	if (ack == NULL)
		return;
	if (!clasp_str_eq(ack->ack.address, m->address) ||
	    !ack->ack.has_revision || ack->ack.revision != r.revision)
		sim_broken(P_SET, "the ACK is of %.*s, revision %llu, not "
		    "of %.*s, %llu", CLASP_STR_ARG(ack->ack.address),
		    (unsigned long long)ack->ack.revision,
		    CLASP_STR_ARG(m->address),
		    (unsigned long long)r.revision);
	else if (ack->ack.has_locked != flags ||
	    (flags && (ack->ack.locked != (r.holder != 0) ||
	    (r.holder != 0 && !clasp_str_is(ack->ack.holder, s->id)) ||
	    (r.holder == 0 && ack->ack.holder.p != NULL))))
		sim_broken(P_LOCKED, "the ACK of %.*s tells another holder",
		    CLASP_STR_ARG(m->address));
}

/* The relay's own list of locks: a map from address to holder. */
static void
get_locks(struct oracle *o, struct oracle_session *s)
{
	const struct clasp_value *map, *holder;
	const struct oracle_session *by;
	const struct clasp_msg *m;
	uint32_t i, n = 0;

	m = oracle_reply(o, s, CLASP_SNAPSHOT, P_HOLDERS, "the locks");
	if (m == NULL)
		return;
	map = &m->snapshot.params[0].value;
	if (m->snapshot.count != 1 || map->type != CLASP_MAP) {
		sim_broken(P_HOLDERS, "%s is no map", SIM_LOCKS);
		return;
	}
	for (i = 0; i < o->nparams && sim_breach() == PROMISES; i++) {
		if (o->params[i].holder == 0)
			continue;
		n++;
		by = oracle_session(o, o->params[i].holder);
		holder = clasp_map_get(map, oracle_str(
		    &o->params[i].address));
		if (by == NULL || holder == NULL ||
		    holder->type != CLASP_STRING ||
		    !clasp_str_is(holder->string, by->id))
			sim_broken(P_HOLDERS, "%s has another holder of %.*s",
			    SIM_LOCKS, CLASP_STR_ARG(oracle_str(
			    &o->params[i].address)));
	}
	if (map->count != n)
		sim_broken(P_HOLDERS, "%s has %u locks, not %u", SIM_LOCKS,
		    map->count, n);
}

static void
get(struct oracle *o, struct oracle_session *s, struct clasp_str address)
{
	struct oracle_param *r;
	uint32_t i;

	if (oracle_bad_address(address, false) != NULL) {
		oracle_error(o, s, 200, address, P_ADDRESS);
		return;
	}
	oracle_params_expire(o);
	if (clasp_str_is(address, SIM_LOCKS)) {
		get_locks(o, s);
		return;
	}
	r = oracle_param(o, address);
	sim_stake(P_GET);
	if (r == NULL) {
		oracle_error(o, s, 201, address, P_GET);
		return;
	}
	if (o->now_us > r->accessed_us)
		r->accessed_us = o->now_us;
	if (o->config.evict == 0)
		r->touched = ++o->touches;
	if (r->writer_serial != s->serial)
		sim_stake(P_VISIBLE);
	/* an address is a pattern that matches itself alone */
	oracle_snapshot(o, s, address, false, -1);
	for (i = s->nmissed; i-- > 0;)
		if (clasp_str_eq(oracle_str(&s->missed[i]), address)) {
			oracle_text_clear(&s->missed[i]);
			oracle_cut(s->missed, &s->nmissed,
			    sizeof *s->missed, i);
		}
}

static void
sync_time(struct oracle *o, struct oracle_session *s, uint64_t t1)
{
	const struct clasp_msg *m;

	m = oracle_reply(o, s, CLASP_SYNC, P_SYNC, "SYNC");
	if (m != NULL && (m->sync.t1 != t1 || !m->sync.has_t2 ||
	    !m->sync.has_t3 || m->sync.t2 != o->now_us ||
	    m->sync.t3 != o->now_us + SIM_SPENT_US))
		sim_broken(P_SYNC, "SYNC with t1 %llu, t2 %llu, t3 %llu",
		    (unsigned long long)m->sync.t1,
		    (unsigned long long)m->sync.t2,
		    (unsigned long long)m->sync.t3);
}

static void
unsubscribe(struct oracle_session *s, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < s->nsubs; i++)
		if (s->subs[i].id == id) {
			oracle_unsubscribe(s, i);
			return;
		}
}

static void
replay(struct oracle *o, struct oracle_session *s, struct clasp_str pattern)
{
	oracle_error(o, s, oracle_bad_address(pattern, true) ? 202 : 501,
	    pattern, P_PATTERN);
}

static void
dispatch(struct oracle *o, struct oracle_session *s,
    const struct clasp_msg *m, struct clasp_str payload)
{
	switch (m->type) {
	case CLASP_HELLO:
		oracle_error(o, s, 101, CLASP_STR_NONE, P_HELLO2);
		break;
	case CLASP_SET:
		set(o, s, m);
		break;
	case CLASP_GET:
		get(o, s, m->get.address);
		break;
	case CLASP_PUBLISH:
		oracle_publish(o, s, m, payload);
		break;
	case CLASP_SUBSCRIBE:
		oracle_subscribe(o, s, &m->subscribe);
		break;
	case CLASP_UNSUBSCRIBE:
		unsubscribe(s, m->unsubscribe.id);
		break;
	case CLASP_BUNDLE:
		oracle_bundle(o, s, &m->bundle, payload);
		break;
	case CLASP_ANNOUNCE:
		announce(o, s, &m->announce);
		break;
	case CLASP_QUERY:
		query(o, s, m->query.pattern);
		break;
	case CLASP_SYNC:
		sync_time(o, s, m->sync.t1);
		break;
	case CLASP_PING:
		oracle_reply(o, s, CLASP_PONG, P_BARRIER, "PONG");
		break;
	case CLASP_REPLAY:
		replay(o, s, m->replay.pattern);
		break;
	case CLASP_FEDERATION:
		oracle_error(o, s, 403, CLASP_STR_NONE, P_IGNORED);
		break;
	default:
		sim_stake(P_IGNORED);
	}
}

/* ------------------------------------------------------------------ input */

static void
malformed(struct oracle *o, struct oracle_session *s, int code)
{
	if (s->state == SHAKING) {
		shut(o, s, CLASP_CLOSE_PROTOCOL, P_GARBAGE);
		return;
	}
	sim_stake(P_MALFORMED);
	if (s->bad_count == 0 ||
	    o->now_us >= s->bad_window_us + 10 * ORACLE_SECOND) {
		s->bad_window_us = o->now_us;
		s->bad_count = 0;
	}
	if (++s->bad_count >= 100) {
		oracle_error(o, s, 101, CLASP_STR_NONE, P_MALFORMED);
		shut(o, s, CLASP_CLOSE_PROTOCOL, P_MALFORMED);
	} else if (s->bad_told_us == 0 ||
	    o->now_us >= s->bad_told_us + ORACLE_SECOND) {
		s->bad_told_us = o->now_us;
		oracle_error(o, s, code, CLASP_STR_NONE, P_MALFORMED);
	}
}

/* A bucket of one second's worth; tokens are microseconds. */
static bool
too_fast(struct oracle *o, struct oracle_session *s)
{
	uint64_t cost;

	if (o->config.rate == 0 || s->state != OPEN)
		return false;
	cost = ORACLE_SECOND / (uint64_t)o->config.rate;
	s->tokens += o->now_us - s->tokens_us;
	s->tokens_us = o->now_us;
	if (s->tokens > ORACLE_SECOND)
		s->tokens = ORACLE_SECOND;
	if (s->tokens >= cost) {
		s->tokens -= cost;
		return false;
	}
	sim_stake(P_RATE);
	if (s->rate_told_us == 0 ||
	    o->now_us >= s->rate_told_us + ORACLE_SECOND) {
		s->rate_told_us = o->now_us;
		oracle_error(o, s, 429, CLASP_STR_NONE, P_RATE);
	}
	return true;
}

static size_t
frame(struct oracle *o, struct oracle_session *s, const uint8_t *p,
    size_t len)
{
	struct clasp_frame f;
	struct clasp_msg msg;
	int n = clasp_frame_decode(p, len, &f);
	size_t used = n > 0 ? (size_t)n : len;

	if (too_fast(o, s))
		return used;
	if (n <= 0 || f.encrypted || f.compressed) {
		malformed(o, s, 100);
		/* a length that is less than its frame's: all is lost */
		if (n == CLASP_EINCOMPLETE &&
		    s->link->framing == CLASP_FRAMING_LENGTH)
			shut(o, s, CLASP_CLOSE_PROTOCOL, P_MALFORMED);
		return used;
	}
	clasp_arena_reset(&o->work);
	if (clasp_msg_decode(f.payload, f.len, &o->work, 0, &msg) < 0)
		malformed(o, s, 101);
	else if (s->state == OPEN)
		dispatch(o, s, &msg, clasp_str_of((const char *)f.payload,
		    f.len));
	else if (msg.type == CLASP_HELLO)
		hello(o, s, &msg.hello);
	else {
		oracle_error(o, s, 101, CLASP_STR_NONE, P_FIRST);
		shut(o, s, CLASP_CLOSE_PROTOCOL, P_FIRST);
	}
	return used;
}

static void
input(struct oracle *o, struct oracle_session *s,
    const struct sim_action *act)
{
	bool held = false;
	size_t at = 0;

	do {
		if (s->state == CLOSING) {
			at = act->len;
		} else if (s->paused || s->job) {
			held = true;
			break;
		} else {
			at += frame(o, s, act->bytes + at, act->len - at);
		}
	} while (at < act->len && act->bytes[at] == CLASP_FRAME_MAGIC);
	if (!held && at < act->len && s->state == OPEN &&
	    s->link->framing == CLASP_FRAMING_LENGTH)
		malformed(o, s, 100);
	if (!held)
		at = act->len;
	if (held != act->held || at != act->used)
		sim_broken(P_PAUSE, "session %llu: %zu of %zu bytes were "
		    "worked on, not %zu", (unsigned long long)s->serial,
		    act->used, act->len, at);
}

/* -------------------------------------------------------------- the timer */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The next moment at which something has to happen. */
static uint64_t
next_due(const struct oracle *o)
{
	uint64_t next = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < o->ncues; i++)
		next = least(next, o->cues[i].at_us);
	for (i = 0; i < o->ngestures; i++) {
		if (o->gestures[i].move.p != NULL)
			next = least(next, o->gestures[i].due_us);
		next = least(next, o->gestures[i].active_us +
		    300 * ORACLE_SECOND);
	}
	for (i = 0; i < SIM_CLIENTS; i++) {
		next = least(next, oracle_pace_due(&o->sessions[i]));
		if (o->sessions[i].state == SHAKING)
			next = least(next, o->sessions[i].opened_us +
			    10 * ORACLE_SECOND);
		if (o->sessions[i].state == OPEN && o->sessions[i].full)
			next = least(next, o->sessions[i].full_us +
			    30 * ORACLE_SECOND);
	}
	return next;
}

/* Who has been full for 30 s, the longest first. */
static struct oracle_session *
stuck(struct oracle *o)
{
	struct oracle_session *s, *longest = NULL;
	int i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		s = &o->sessions[i];
		if (s->state == OPEN && s->full && o->now_us >= s->full_us +
		    30 * ORACLE_SECOND && (longest == NULL ||
		    s->full_order < longest->full_order))
			longest = s;
	}
	return longest;
}

static void
tick(struct oracle *o, uint64_t wanted)
{
	const struct oracle_wish due = { o->now_us, CLASP_STR_NONE };
	struct oracle_session *s;
	int i;

	oracle_cues_tick(o);
	oracle_gestures_tick(o);
	for (i = 0; i < SIM_CLIENTS; i++)
		oracle_flush(o, &o->sessions[i], &due);
	for (i = 0; i < SIM_CLIENTS; i++) {
		s = &o->sessions[i];
		if (s->state == SHAKING && o->now_us >= s->opened_us +
		    10 * ORACLE_SECOND)
			shut(o, s, CLASP_CLOSE_POLICY, P_HANDSHAKE);
	}
	while ((s = stuck(o)) != NULL)
		shut(o, s, CLASP_CLOSE_POLICY, P_STUCK);
	sim_stake(P_WAKE);
	leave(o);
	if (wanted > next_due(o) && o->late_us == 0)
		o->late_us = wanted - next_due(o);
}

/* ----------------------------------------------------------------- actions */

static void
open_session(struct oracle *o, struct oracle_session *s)
{
	session_clear(s);
	s->state = SHAKING;
	s->serial = ++o->serials;
	s->window = SIM_OPEN_WINDOW;
	s->opened_us = o->now_us;
	s->tokens = ORACLE_SECOND;
	s->tokens_us = o->now_us;
}

void
oracle_act(struct oracle *o, const struct sim_action *act)
{
	struct oracle_session *s = &o->sessions[act->client];

	o->now_us = act->now_us;
	oracle_params_expire(o);
	signals_expire(o);
	switch (act->kind) {
	case ACT_OPEN:
		open_session(o, s);
		break;
	case ACT_INPUT:
		input(o, s, act);
		break;
	case ACT_CLOSE:
		retire(o, s);
		s->state = GONE;
		break;
	case ACT_TICK:
		tick(o, act->n);
		break;
	case ACT_TAKE:
		if (s->bytes < act->n)
			sim_broken(P_ORDER, "session %llu: %llu bytes were "
			    "sent, %zu are due",
			    (unsigned long long)s->serial,
			    (unsigned long long)act->n, s->bytes);
		else
			oracle_taken(o, s, act->n);
		break;
	case ACT_STALL:
		s->stuck = true;
		break;
	case ACT_WINDOW:
		s->window = act->n;
		break;
	}
	leave(o);
}

void
oracle_settled(struct oracle *o)
{
	struct oracle_session *s;
	const struct clasp_msg *m;
	uint64_t serial;
	int i;

	oracle_skip_notices(o);
	for (i = 0; i < SIM_CLIENTS && sim_breach() == PROMISES; i++) {
		s = &o->sessions[i];
		serial = s->serial;
		if (s->state == GONE)
			continue;
		if (s->link->judged != s->link->out.len) {
			m = oracle_next(o, s, P_ORDER, "nothing");
			if (m == NULL)
				return;
			sim_broken(s->state == CLOSING ? P_LEAVE : P_MATCH,
			    "session %llu: %s (%u) came, nothing is due",
			    (unsigned long long)serial,
			    clasp_msg_name(m->type),
			    m->type == CLASP_ERROR ? m->error.code : 0);
		}
		if (s->link->closing != s->shut)
			sim_broken(P_LEAVE, "session %llu is closed with "
			    "%d, which is not due",
			    (unsigned long long)serial, s->link->code);
		if (s->state == OPEN && s->link->paused != (s->paused ||
		    s->job))
			sim_broken(!s->link->paused ? P_PAUSE : P_RESUME,
			    "session %llu is %sread",
			    (unsigned long long)serial,
			    s->link->paused ? "not " : "");
	}
	if (o->late_us > 0)
		sim_broken(P_WAKE, "the timer is wanted %llu us too late",
		    (unsigned long long)o->late_us);
}
