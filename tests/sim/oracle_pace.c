/*
 * oracle_pace.c - the model's subscriptions with a rate or an epsilon.
 *
 * What a subscription knows of an address is kept apart for SETs, for each
 * kind of PUBLISH and for each gesture.  Where several values are due at
 * once, their order is the router's.
 */
#include "oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oracle_mark *
oracle_mark_find(struct oracle_sub *sub, const struct oracle_key *key)
{
	struct oracle_mark *m;
	uint32_t i;

	for (i = 0; i < sub->nmarks; i++) {
		m = &sub->marks[i];
		if (m->kind == key->kind && m->origin == key->origin &&
		    m->id == key->id && clasp_str_eq(oracle_str(&m->address),
		    key->address))
			return m;
	}
	return NULL;
}

static void
unhold(struct oracle_mark *m)
{
	oracle_value_clear(&m->payload);
	oracle_value_clear(&m->value);
}

static void
mark_clear(struct oracle_sub *sub, uint32_t i)
{
	unhold(&sub->marks[i]);
	oracle_value_clear(&sub->marks[i].last);
	oracle_text_clear(&sub->marks[i].address);
	oracle_cut(sub->marks, &sub->nmarks, sizeof *sub->marks, i);
}

void
oracle_marks_clear(struct oracle_sub *sub)
{
	while (sub->nmarks > 0)
		mark_clear(sub, sub->nmarks - 1);
	free(sub->marks);
	sub->marks = NULL;
}

/* ---------------------------------------------------------------- epsilon */

static bool
number_of(const struct clasp_value *v, double *out)
{
	if (v->type == CLASP_INT)
		*out = (double)v->integer;
	else if (v->type == CLASP_FLOAT)
		*out = v->number;
	else
		return false;
	return true;
}

static bool
apart(const struct clasp_value *a, const struct clasp_value *b, double least)
{
	double x, y;
	uint32_t i;

	if (number_of(a, &x) && number_of(b, &y))
		return isnan(x) || isnan(y) || fabs(x - y) >= least;
	if (a->type != CLASP_ARRAY || b->type != CLASP_ARRAY ||
	    a->count != b->count)
		return true;
	for (i = 0; i < a->count; i++)
		if (apart(&a->items[i], &b->items[i], least))
			return true;
	return false;
}

static bool
decode(const struct oracle_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_reader r = clasp_reader_on(v->p + 1, v->n - 1);

	return v->p != NULL &&
	    clasp_value_get(&r, v->p[0], arena, 0, out) == 0;
}

/* Is it too near what this subscription was sent last? */
static bool
near_last(const struct oracle_sub *sub, const struct oracle_mark *m,
    const struct oracle_value *value)
{
	struct clasp_arena arena;
	struct clasp_value a, b;
	bool near;

	if (sub->epsilon <= 0 || m->last.p == NULL || value->p == NULL)
		return false;
	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	near = decode(&m->last, &arena, &a) && decode(value, &arena, &b) &&
	    !apart(&a, &b, sub->epsilon);
	clasp_arena_clear(&arena);
	return near;
}

/* ------------------------------------------------------------- deliveries */

static bool
may_wait(const struct oracle_cast *c)
{
	if (c->types == 1 << CLASP_GESTURE)
		return c->msg->publish.phase == CLASP_PHASE_MOVE;
	return c->types == 1 << CLASP_PARAM || c->types == 1 << CLASP_STREAM;
}

static bool
meant(const struct oracle_sub *sub, const struct oracle_cast *c)
{
	return (sub->types & c->types) &&
	    oracle_match(oracle_str(&sub->pattern), c->key.address);
}

bool
oracle_paced(const struct oracle_session *s, const struct oracle_cast *c)
{
	uint32_t i;

	for (i = 0; i < s->nsubs; i++)
		if ((s->subs[i].period_us > 0 || s->subs[i].epsilon > 0) &&
		    meant(&s->subs[i], c))
			return true;
	return false;
}

/* The copy that is due now, of all the subscriptions where it waits. */
static void
send_held(struct oracle *o, struct oracle_session *s, struct oracle_mark *m)
{
	struct oracle_cast c = { .key = { oracle_str(&m->address), m->kind,
	    m->origin, m->id }, .types = m->types, .promise = P_TRAIL };
	struct oracle_value payload = m->payload, value = m->value;
	struct oracle_mark *other;
	struct oracle_sub *sub;
	bool sent;
	uint32_t i;

	m->payload.p = m->value.p = NULL;
	c.held = oracle_data(&payload);
	c.life = m->life;
	c.revision = m->revision;
	c.set = m->kind == 0;
	sent = oracle_deliver(o, s, &c);
	for (i = 0; i < s->nsubs; i++) {
		sub = &s->subs[i];
		other = oracle_mark_find(sub, &c.key);
		if (other == NULL || (other != m && other->payload.p == NULL))
			continue;
		unhold(other);
		if (!sent)
			continue;
		oracle_value_clear(&other->last);
		if (value.p != NULL)
			other->last = oracle_bytes(oracle_data(&value));
		if (other == m || other->due_us <= o->now_us)
			other->due_us = o->now_us + sub->period_us;
	}
	oracle_value_clear(&payload);
	oracle_value_clear(&value);
}

/* A gesture starts or ends: its last move comes first. */
static void
end_moves(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c)
{
	struct oracle_mark *m;
	uint32_t i;

	for (i = s->nsubs; i-- > 0;) {
		m = oracle_mark_find(&s->subs[i], &c->key);
		if (m == NULL)
			continue;
		if (m->payload.p != NULL)
			send_held(o, s, m);
		mark_clear(&s->subs[i], (uint32_t)(m - s->subs[i].marks));
	}
}

/* Its bytes, as they will have to come. */
static struct oracle_value
bytes_of(const struct oracle_cast *c)
{
	struct oracle_value out;
	struct clasp_msg m;
	int n;

	if (!c->set)
		return oracle_bytes(c->payload);
	memset(&m, 0, sizeof m);
	m.type = CLASP_SET;
	m.set = c->msg->set;
	m.set.has_revision = true;
	m.set.revision = c->revision;
	out.p = malloc(CLASP_PAYLOAD_MAX);
	if (out.p == NULL)
		abort();
	n = clasp_msg_encode(out.p, CLASP_PAYLOAD_MAX, &m);
	out.n = n > 0 ? (size_t)n : 0;
	return out;
}

static struct oracle_value
value_of(const struct oracle_cast *c)
{
	const struct clasp_publish *p = &c->msg->publish;

	if (c->set)
		return oracle_value(&c->msg->set.value);
	if (c->types == 1 << CLASP_GESTURE ||
	    p->content != CLASP_CONTENT_VALUE)
		return (struct oracle_value){ NULL, 0 };
	return oracle_value(&p->value);
}

enum { NONE, PASS, WAIT, SKIP };

static int
judge(const struct oracle *o, struct oracle_sub *sub,
    const struct oracle_cast *c, const struct oracle_value *value)
{
	const struct oracle_mark *m;

	if (!meant(sub, c))
		return NONE;
	m = oracle_mark_find(sub, &c->key);
	if ((sub->period_us == 0 && sub->epsilon <= 0) || m == NULL)
		return PASS;
	if (near_last(sub, m, value)) {
		sim_stake(P_EPSILON);
		return SKIP;
	}
	return o->now_us < m->due_us ? WAIT : PASS;
}

static void
hold(struct oracle_mark *m, const struct oracle_cast *c,
    const struct oracle_value *value)
{
	sim_stake(P_PACE);
	unhold(m);
	m->payload = bytes_of(c);
	if (value->p != NULL)
		m->value = oracle_bytes(oracle_data(value));
	m->types = c->types;
	m->life = c->life;
	m->revision = c->revision;
}

/* It was sent, for this subscription too if that had let it through. */
static void
settle(struct oracle *o, struct oracle_sub *sub,
    const struct oracle_cast *c, const struct oracle_value *value,
    int verdict, bool sent)
{
	struct oracle_mark *m = oracle_mark_find(sub, &c->key);

	if (m != NULL)
		unhold(m);
	if (!sent || verdict == SKIP ||
	    (sub->period_us == 0 && sub->epsilon <= 0))
		return;
	if (m == NULL) {
		sub->marks = oracle_grow(sub->marks, &sub->nmarks,
		    sizeof *sub->marks);
		m = &sub->marks[sub->nmarks - 1];
		m->address = oracle_text(c->key.address);
		m->kind = c->key.kind;
		m->origin = c->key.origin;
		m->id = c->key.id;
	}
	oracle_value_clear(&m->last);
	if (value->p != NULL)
		m->last = oracle_bytes(oracle_data(value));
	if (verdict == PASS)
		m->due_us = o->now_us + sub->period_us;
}

void
oracle_pace(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c)
{
	struct oracle_value value;
	bool pass = false, sent;
	int *verdicts;
	uint32_t i;

	if (!may_wait(c)) {
		if (c->types == 1 << CLASP_GESTURE)
			end_moves(o, s, c);
		oracle_deliver(o, s, c);
		return;
	}
	value = value_of(c);
	verdicts = calloc(s->nsubs + 1, sizeof *verdicts);
	if (verdicts == NULL)
		abort();
	for (i = 0; i < s->nsubs; i++) {
		verdicts[i] = judge(o, &s->subs[i], c, &value);
		pass |= verdicts[i] == PASS;
	}
	if (pass) {
		sent = oracle_deliver(o, s, c);
		for (i = 0; i < s->nsubs; i++)
			if (verdicts[i] != NONE)
				settle(o, &s->subs[i], c, &value,
				    verdicts[i], sent);
	} else {
		for (i = 0; i < s->nsubs; i++) {
			if (verdicts[i] == SKIP)
				unhold(oracle_mark_find(&s->subs[i],
				    &c->key));
			if (verdicts[i] == WAIT)
				hold(oracle_mark_find(&s->subs[i], &c->key),
				    c, &value);
		}
	}
	free(verdicts);
	oracle_value_clear(&value);
}

/* ------------------------------------------------------------ what is due */

/*
 * One of those that wait and that `which` wants; if several, the one that
 * has come.  NULL: none.
 */
static struct oracle_mark *
choose(struct oracle_session *s, const struct oracle_wish *which)
{
	struct oracle_mark *m, *found = NULL;
	struct clasp_str came = oracle_peek(s);
	uint32_t i, k;

	/* the newest subscription first */
	for (i = s->nsubs; i-- > 0;)
		for (k = 0; k < s->subs[i].nmarks; k++) {
			m = &s->subs[i].marks[k];
			if (m->payload.p == NULL || m->due_us > which->due_us
			    || (which->pattern.p != NULL && (m->kind != 0 ||
			    !oracle_match(which->pattern,
			    oracle_str(&m->address)))))
				continue;
			if (clasp_str_eq(oracle_data(&m->payload), came))
				return m;
			if (found == NULL || m->due_us < found->due_us)
				found = m;
		}
	return found;
}

void
oracle_flush(struct oracle *o, struct oracle_session *s,
    const struct oracle_wish *which)
{
	struct oracle_mark *m;

	while (s->state == OPEN && sim_breach() == PROMISES &&
	    (m = choose(s, which)) != NULL)
		send_held(o, s, m);
}

/* The newest value of an address went to it by another way. */
void
oracle_pace_sent(struct oracle *o, struct oracle_session *s,
    struct clasp_str address, const struct oracle_value *value)
{
	const struct oracle_key key = { address, 0, 0, 0 };
	struct oracle_mark *m;
	uint32_t i;

	for (i = 0; i < s->nsubs; i++) {
		m = oracle_mark_find(&s->subs[i], &key);
		if (m == NULL)
			continue;
		unhold(m);
		oracle_value_clear(&m->last);
		/* an array would be one to compare with, and is not kept */
		if (value->p[0] != CLASP_CODE_ARRAY)
			m->last = oracle_bytes(oracle_data(value));
		m->due_us = o->now_us + s->subs[i].period_us;
	}
}

uint64_t
oracle_pace_due(const struct oracle_session *s)
{
	const struct oracle_mark *m;
	uint64_t next = UINT64_MAX;
	uint32_t i, k;

	for (i = 0; s->state == OPEN && i < s->nsubs; i++)
		for (k = 0; k < s->subs[i].nmarks; k++) {
			m = &s->subs[i].marks[k];
			if (m->payload.p != NULL && m->due_us < next)
				next = m->due_us;
		}
	return next;
}

/* Is there nothing more to come of this address? */
bool
oracle_is_final(struct oracle_session *s, struct clasp_str address)
{
	const struct oracle_key key = { address, 0, 0, 0 };
	struct oracle_mark *m;
	bool final = false;
	uint32_t i;

	for (i = 0; i < s->nsubs; i++) {
		m = oracle_mark_find(&s->subs[i], &key);
		if (m != NULL && m->payload.p != NULL)
			return false;
		if ((s->subs[i].types & 1 << CLASP_PARAM) &&
		    s->subs[i].epsilon <= 0 &&
		    oracle_match(oracle_str(&s->subs[i].pattern), address))
			final = true;
	}
	return final;
}
