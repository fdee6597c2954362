/* oracle_bundle.c - the model's bundles, now and later. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD	UINT64_C(86400000000)

struct from {
	struct oracle_session *session;	/* NULL: has left */
	uint64_t	 serial;
	const char	*writer;
};

static struct oracle_write
write_of(const struct from *from, const struct clasp_set *set)
{
	return (struct oracle_write){ .address = set->address, .set = set,
	    .session = from->session, .serial = from->serial,
	    .writer = from->writer };
}

static bool
touched(const struct clasp_bundle *b, uint32_t upto, struct clasp_str address)
{
	uint32_t i;

	for (i = 0; i < upto; i++)
		if (b->messages[i].type == CLASP_SET &&
		    clasp_str_eq(b->messages[i].set.address, address))
			return true;
	return false;
}

/*
 * Would this member push out one that the bundle itself has touched, or one
 * that is locked though the bundle has touched others?  Then it is refused.
 */
static bool
pushes_own(struct oracle *o, const struct from *from,
    const struct clasp_bundle *b, uint32_t i)
{
	const struct clasp_set *set = &b->messages[i].set;
	bool gone = set->has_ttl && set->ttl == 0x80000000u &&
	    !(set->lock && from->session != NULL);
	struct oracle_param *r;
	bool free_one = false;
	uint32_t k, others = 0;

	if (gone || oracle_param(o, set->address) != NULL ||
	    o->config.params == 0 || o->nparams < o->config.params ||
	    o->config.evict == 2)
		return false;
	for (k = 0; k < o->nparams; k++) {
		r = &o->params[k];
		if (touched(b, i, oracle_str(&r->address)))
			continue;
		if (r->holder == 0)
			free_one = true;
	}
	for (k = 0; k < i; k++)
		others += b->messages[k].type == CLASP_SET &&
		    !clasp_str_eq(b->messages[k].set.address, set->address);
	return !free_one && others > 0;
}

static int
member_code(struct oracle *o, const struct from *from,
    const struct clasp_bundle *b, uint32_t i, enum sim_promise *why)
{
	const struct clasp_msg *m = &b->messages[i];
	struct clasp_str p2p = CLASP_STR("/clasp/p2p");
	struct oracle_result result;
	struct oracle_write w;
	int code;

	*why = P_MEMBERS;
	if (m->type != CLASP_SET && m->type != CLASP_PUBLISH)
		return 101;
	*why = P_WHOLE;
	code = oracle_admit(m);
	if (code != 0)
		return code;
	if (m->type == CLASP_PUBLISH) {
		if (clasp_str_starts(m->publish.address, p2p) &&
		    (m->publish.address.len == p2p.len ||
		    m->publish.address.p[p2p.len] == '/'))
			return 101;
		return 0;
	}
	w = write_of(from, &m->set);
	w.crowded = pushes_own(o, from, b, i);
	oracle_write(o, &w, &result);
	return result.code;
}

/* Try all members on a copy; the code of the first that fails, or 0. */
static int
try_all(struct oracle *o, const struct from *from,
    const struct clasp_bundle *b, uint32_t *failed, enum sim_promise *why)
{
	struct oracle_param *before, *tried;
	uint32_t i, n, ntried;
	uint64_t touches = o->touches, lives = o->lives;
	int code = 0;

	oracle_params_expire(o);
	before = oracle_params_copy(o);
	n = o->nparams;
	*why = P_WHOLE;
	for (i = 0; i < b->count && code == 0; i++) {
		code = member_code(o, from, b, i, why);
		*failed = i;
	}
	tried = o->params;
	ntried = o->nparams;
	o->params = before;
	o->nparams = n;
	o->touches = touches;
	o->lives = lives;
	oracle_params_free(tried, ntried);
	return code;
}

static bool
apply(struct oracle *o, const struct from *from,
    const struct clasp_bundle *b, uint64_t *revision)
{
	uint64_t sender = from->session ? from->serial : 0;
	const struct clasp_msg *m;
	struct oracle_result result;
	struct oracle_write w;
	struct clasp_set set;
	bool any = false;
	uint32_t i;

	if (b->count > 1)
		sim_stake(P_CONTIGUOUS);
	if (o->doing == P_ORDER)
		o->doing = P_CONTIGUOUS;
	for (i = 0; i < b->count && sim_breach() == PROMISES; i++) {
		m = &b->messages[i];
		if (m->type == CLASP_PUBLISH) {
			oracle_forward(o, sender, sender, m, oracle_binary(m,
			    b->raw ? b->raw[i] : CLASP_STR_NONE), o->doing);
			continue;
		}
		set = m->set;
		if (from->session == NULL)
			set.lock = false;
		w = write_of(from, &set);
		oracle_write(o, &w, &result);
		if (result.code != 0)
			continue;
		oracle_cast_set(o, &set, &result, from->serial);
		any = true;
		*revision = result.revision;
	}
	o->doing = P_ORDER;
	return any;
}

static struct clasp_str
address_of(const struct clasp_msg *m)
{
	if (m->type == CLASP_SET)
		return m->set.address;
	if (m->type == CLASP_PUBLISH)
		return m->publish.address;
	return CLASP_STR_NONE;
}

static void
add_cue(struct oracle *o, struct oracle_session *s, uint64_t at_us,
    struct clasp_str payload)
{
	struct oracle_cue *c;

	o->cues = oracle_grow(o->cues, &o->ncues, sizeof *o->cues);
	c = &o->cues[o->ncues - 1];
	c->at_us = at_us;
	c->order = ++o->cue_order;
	c->sender = s->serial;
	memcpy(c->writer, s->id, sizeof c->writer);
	c->payload = oracle_bytes(payload);
}

/* 0, or why one for later is not taken. */
static int
too_much(struct oracle *o, struct oracle_session *s, uint64_t at_us)
{
	uint32_t i, mine = 0;

	if (at_us > o->now_us + AHEAD)
		return 402;
	for (i = 0; i < o->ncues; i++)
		mine += o->cues[i].sender == s->serial;
	return mine >= 1000 || o->ncues >= 10000 ? 429 : 0;
}

void
oracle_bundle(struct oracle *o, struct oracle_session *s,
    const struct clasp_bundle *b, struct clasp_str payload)
{
	struct from from = { s, s->serial, s->id };
	bool later = b->has_timestamp && b->timestamp_us > o->now_us;
	const struct clasp_msg *m;
	enum sim_promise why;
	uint64_t revision = 0;
	uint32_t failed = 0;
	bool any = false;
	int code = 0;

	if (later) {
		code = too_much(o, s, b->timestamp_us);
		if (code != 0) {
			oracle_error(o, s, code, CLASP_STR_NONE, P_AHEAD);
			return;
		}
	}
	code = try_all(o, &from, b, &failed, &why);
	if (code != 0) {
		oracle_error(o, s, code, address_of(&b->messages[failed]),
		    why);
		return;
	}
	if (later)
		add_cue(o, s, b->timestamp_us, payload);
	else
		any = apply(o, &from, b, &revision);
	m = oracle_reply(o, s, CLASP_ACK, P_BUNDLE_ACK, "the bundle's ACK");
	if (m == NULL)
		return;
	if (m->ack.address.p != NULL || m->ack.has_locked ||
	    m->ack.has_revision != any ||
	    (any && m->ack.revision != revision))
		sim_broken(P_BUNDLE_ACK, "the bundle's ACK has revision "
		    "%llu, not %llu", (unsigned long long)m->ack.revision,
		    (unsigned long long)revision);
}

static void
fire(struct oracle *o, const struct oracle_cue *c)
{
	struct from from = { oracle_session(o, c->sender), c->sender,
	    c->writer };
	struct clasp_arena arena;
	enum sim_promise why;
	struct clasp_msg msg;
	uint64_t revision;
	uint32_t failed = 0;
	int code;

	if (from.session != NULL && from.session->state != OPEN)
		from.session = NULL;
	if (from.session == NULL)
		sim_stake(P_CUE);
	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	if (clasp_msg_decode((const uint8_t *)c->payload.p, c->payload.n,
	    &arena, 0, &msg) == 0) {
		code = try_all(o, &from, &msg.bundle, &failed, &why);
		if (code == 0)
			apply(o, &from, &msg.bundle, &revision);
		else if (from.session != NULL)
			oracle_error(o, from.session, code,
			    address_of(&msg.bundle.messages[failed]),
			    P_RECHECK);
	}
	clasp_arena_clear(&arena);
}

static bool
has_equal(const struct oracle *o, uint64_t at_us)
{
	uint32_t i;

	for (i = 0; i < o->ncues; i++)
		if (o->cues[i].at_us == at_us)
			return true;
	return false;
}

void
oracle_cues_tick(struct oracle *o)
{
	struct oracle_cue c;
	uint64_t last_us = 0;
	uint32_t i, best;

	while (o->ncues > 0 && sim_breach() == PROMISES) {
		best = 0;
		for (i = 1; i < o->ncues; i++)
			if (o->cues[i].at_us < o->cues[best].at_us ||
			    (o->cues[i].at_us == o->cues[best].at_us &&
			    o->cues[i].order < o->cues[best].order))
				best = i;
		if (o->cues[best].at_us > o->now_us)
			return;
		c = o->cues[best];
		oracle_cut(o->cues, &o->ncues, sizeof *o->cues, best);
		sim_stake(P_PUNCTUAL);
		if (c.at_us == last_us)
			sim_stake(P_EQUAL);
		/* whichever is first may be the wrong one */
		o->doing = has_equal(o, c.at_us) || c.at_us == last_us ?
		    P_EQUAL : P_ORDER;
		last_us = c.at_us;
		fire(o, &c);
		o->doing = P_ORDER;
		oracle_value_clear(&c.payload);
	}
}
