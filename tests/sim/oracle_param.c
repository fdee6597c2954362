/* oracle_param.c - the model's parameters. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define TTL_ABSOLUTE	0x80000000u

/* When it would be gone if nobody held its lock; MAX: never. */
static uint64_t
end_of(const struct oracle *o, const struct oracle_param *r)
{
	uint64_t s = (uint64_t)(o->config.param_ttl);

	if (r->own_ttl) {
		if (r->ttl == 0)
			return UINT64_MAX;
		if (r->ttl & TTL_ABSOLUTE)
			return r->written_us + (r->ttl & ~TTL_ABSOLUTE) *
			    ORACLE_SECOND;
		s = r->ttl;
	} else if (s == 0) {
		return UINT64_MAX;
	}
	return r->accessed_us + s * ORACLE_SECOND;
}

static void
forget(struct oracle *o, uint32_t i)
{
	oracle_text_clear(&o->params[i].address);
	oracle_value_clear(&o->params[i].value);
	oracle_cut(o->params, &o->nparams, sizeof *o->params, i);
}

void
oracle_params_expire(struct oracle *o)
{
	struct oracle_param *r;
	uint32_t i;

	for (i = o->nparams; i-- > 0;) {
		r = &o->params[i];
		if (end_of(o, r) > o->now_us)
			continue;
		if (r->holder != 0) {
			if (!r->saved)
				sim_stake(P_HELD_ALIVE);
			r->saved = true;
			continue;
		}
		sim_stake(P_EXPIRED);
		if (r->own_ttl)
			sim_stake(r->ttl & TTL_ABSOLUTE ? P_ABSOLUTE :
			    P_SLIDING);
		forget(o, i);
	}
}

struct oracle_param *
oracle_param(struct oracle *o, struct clasp_str address)
{
	return (struct oracle_param *)oracle_param_find(o, address);
}

const struct oracle_param *
oracle_param_find(const struct oracle *o, struct clasp_str address)
{
	uint32_t i;

	for (i = 0; i < o->nparams; i++)
		if (clasp_str_eq(oracle_str(&o->params[i].address), address))
			return &o->params[i];
	return NULL;
}

void
oracle_release(struct oracle *o, uint64_t serial)
{
	uint32_t i;

	for (i = 0; i < o->nparams; i++)
		if (o->params[i].holder == serial) {
			sim_stake(P_RELEASE);
			o->params[i].holder = 0;
			o->params[i].released = true;
		}
	oracle_params_expire(o);
}

struct oracle_param *
oracle_params_copy(const struct oracle *o)
{
	struct oracle_param *copy = NULL;
	uint32_t i;

	for (i = 0; i < o->nparams;) {
		copy = oracle_grow(copy, &i, sizeof *copy);
		i--;
		copy[i] = o->params[i];
		copy[i].address = oracle_text(oracle_str(
		    &o->params[i].address));
		copy[i].value = oracle_bytes(oracle_data(
		    &o->params[i].value));
		i++;
	}
	return copy;
}

void
oracle_params_free(struct oracle_param *params, uint32_t n)
{
	while (n-- > 0) {
		oracle_text_clear(&params[n].address);
		oracle_value_clear(&params[n].value);
	}
	free(params);
}

/* ------------------------------------------------------------------ room */

static uint64_t
age_of(const struct oracle *o, const struct oracle_param *r)
{
	return o->config.evict == 0 ? r->accessed_us : r->written_us;
}

/* Among those that are locked or not: the one longest untouched. */
static int64_t
longest(struct oracle *o, bool locked)
{
	int64_t best = -1, i, n = o->nparams;
	const struct oracle_param *r, *b = NULL;
	bool unclear = false;

	for (i = 0; i < n; i++) {
		r = &o->params[i];
		if ((r->holder != 0) != locked)
			continue;
		if (b == NULL || age_of(o, r) < age_of(o, b))
			unclear = false;
		else if (age_of(o, r) == age_of(o, b))
			unclear |= r->released || b->released;
		if (b == NULL || age_of(o, r) < age_of(o, b) ||
		    (age_of(o, r) == age_of(o, b) &&
		    r->touched < b->touched)) {
			best = i;
			b = r;
		}
	}
	if (!unclear)
		return best;
	/* a lock's end touches nothing: of equals it may be any */
	for (i = 0, n = 0; i < o->nparams; i++) {
		r = &o->params[i];
		if ((r->holder != 0) == locked && age_of(o, r) ==
		    age_of(o, b) && o->left_it(o->user,
		    oracle_str(&r->address), r->revision, r->written_us)) {
			best = i;
			n++;
		}
	}
	if (n != 1)
		o->unsure = true;
	return best;
}

/* False: there is no room and nobody leaves. */
static bool
make_room(struct oracle *o)
{
	int64_t i;

	if (o->config.params == 0 || o->nparams < o->config.params)
		return true;
	if (o->config.evict == 2)
		return false;
	i = longest(o, false);
	sim_stake(P_EVICT);
	if (i < 0)
		i = longest(o, true);
	else if (longest(o, true) >= 0)
		sim_stake(P_KEEP_LOCKED);
	forget(o, (uint32_t)i);
	return true;
}

/* ---------------------------------------------------- ranges, strategies */

static const struct sim_policy *
policy_of(const struct oracle *o, struct clasp_str address)
{
	int i;

	for (i = 0; o->config.strategies && i < SIM_POLICIES; i++)
		if (oracle_match(clasp_str_c(sim_policies[i].pattern),
		    address))
			return &sim_policies[i];
	return NULL;
}

/* Small numbers: nothing is lost by taking integers as floats. */
static bool
number_of(const struct clasp_value *v, double *out)
{
	*out = v->type == CLASP_INT ? (double)v->integer : v->number;
	return v->type == CLASP_INT || v->type == CLASP_FLOAT;
}

static bool
outside(const struct oracle *o, const struct clasp_set *set,
    const struct sim_policy *policy)
{
	const struct oracle_signal *e;
	double x;
	uint32_t i;

	if (!number_of(&set->value, &x))
		return false;
	if (policy != NULL && policy->has_range &&
	    !(x >= (double)policy->low && x <= (double)policy->high))
		return true;
	for (i = 0; i < o->nsignals; i++) {
		e = &o->signals[i];
		if (e->bounds && !(x >= e->low && x <= e->high) &&
		    clasp_str_eq(oracle_str(&e->address), set->address))
			return true;
	}
	return false;
}

/* 0, or why it does not take the place of the old one. */
static int
compete(const struct sim_policy *policy, const struct oracle_param *r,
    const struct clasp_value *v)
{
	struct clasp_reader in = clasp_reader_on(r->value.p + 1,
	    r->value.n - 1);
	struct clasp_value old;
	double x, y;
	bool ok;

	if (policy == NULL || (policy->strategy != '>' &&
	    policy->strategy != '<'))
		return 0;
	ok = number_of(v, &x);
	if (ok && x != x)
		return 402;
	/* what needs memory is no number */
	if (!ok || r->value.p[0] > CLASP_CODE_F64 ||
	    clasp_value_get(&in, r->value.p[0], NULL, 0, &old) < 0 ||
	    !number_of(&old, &y) || y != y)
		return 0;
	return (policy->strategy == '>' ? x > y : x < y) ? 0 : 400;
}

/* ----------------------------------------------------------------- write */

static void
stamp(struct oracle *o, struct oracle_param *r, const struct oracle_write *w)
{
	if (o->now_us > r->written_us)
		r->written_us = o->now_us;
	if (o->now_us > r->accessed_us)
		r->accessed_us = o->now_us;
	oracle_value_clear(&r->value);
	r->value = oracle_value(&w->set->value);
	snprintf(r->writer, sizeof r->writer, "%s", w->writer);
	r->writer_serial = w->serial;
	r->touched = ++o->touches;
	r->saved = r->released = false;
	r->revision++;
	if (w->set->has_ttl) {
		r->own_ttl = true;
		r->ttl = w->set->ttl;
	}
}

/* 0, or why not; the order is what decides which of several reasons. */
static int
judge(struct oracle *o, const struct oracle_write *w,
    const struct oracle_param *r, enum sim_promise *why)
{
	const struct sim_policy *policy = policy_of(o, w->address);
	const struct clasp_set *set = w->set;

	*why = P_REVISION;
	if (set->has_revision) {
		sim_stake(P_REVISION);
		if (set->revision != (r ? r->revision : 0))
			return 400;
	}
	*why = P_LOCKED;
	if (r != NULL && r->holder != 0 && r->holder != w->serial) {
		if (set->unlock)
			sim_stake(P_UNLOCK);
		return 401;
	}
	*why = P_RANGE;
	if (outside(o, set, policy))
		return 402;
	*why = P_STRATEGY;
	return r != NULL ? compete(policy, r, &set->value) : 0;
}

static struct oracle_param *
create(struct oracle *o, struct clasp_str address)
{
	struct oracle_param *r;

	o->params = oracle_grow(o->params, &o->nparams, sizeof *o->params);
	r = &o->params[o->nparams - 1];
	r->address = oracle_text(address);
	r->life = ++o->lives;
	return r;
}

void
oracle_write(struct oracle *o, const struct oracle_write *w,
    struct oracle_result *out)
{
	const struct clasp_set *set = w->set;
	struct oracle_param *r = oracle_param(o, w->address);
	bool lock = set->lock && w->session != NULL;

	memset(out, 0, sizeof *out);
	out->code = judge(o, w, r, &out->why);
	if (out->code != 0) {
		sim_stake(out->why);
		return;
	}
	if (r == NULL && set->has_ttl && set->ttl == TTL_ABSOLUTE && !lock) {
		/* told to everybody, kept by nobody */
		sim_stake(P_AT_ONCE);
		out->revision = 1;
		out->life = ++o->lives;
		return;
	}
	if (r == NULL && (w->crowded || !make_room(o))) {
		sim_stake(P_REJECT);
		out->why = P_REJECT;
		out->code = 501;
		return;
	}
	if (r == NULL)
		r = create(o, w->address);
	else if (set->unlock)
		r->holder = 0;
	if (lock)
		r->holder = w->serial;
	stamp(o, r, w);
	out->revision = r->revision;
	out->holder = r->holder;
	out->life = r->life;
	if (r->holder == 0 && end_of(o, r) <= o->now_us) {
		sim_stake(P_AT_ONCE);
		forget(o, (uint32_t)(r - o->params));
	}
}
