/* oracle_sub.c - patterns, subscriptions, snapshots, and who gets what. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE	(4u << 20)	/* bytes of a snapshot at once */

/* --------------------------------------------------------------- patterns */

struct segments {
	struct clasp_str at[70];
	int	 n;
};

/* Without the slash that may stand at a pattern's end. */
static void
cut(struct clasp_str s, struct segments *out)
{
	size_t i, from = 1;

	out->n = 0;
	for (i = 1; i <= s.len && out->n < 70; i++)
		if (i == s.len || s.p[i] == '/') {
			out->at[out->n++] = clasp_str_of(s.p + from, i - from);
			from = i + 1;
		}
}

static bool
glob(struct clasp_str p, struct clasp_str s)
{
	size_t i;

	if (p.len == 0)
		return s.len == 0;
	if (p.p[0] != '*')
		return s.len > 0 && s.p[0] == p.p[0] &&
		    glob(clasp_str_of(p.p + 1, p.len - 1),
		    clasp_str_of(s.p + 1, s.len - 1));
	for (i = 0; i <= s.len; i++)
		if (glob(clasp_str_of(p.p + 1, p.len - 1),
		    clasp_str_of(s.p + i, s.len - i)))
			return true;
	return false;
}

static bool
walk(const struct segments *p, int i, const struct segments *a, int k)
{
	if (i == p->n)
		return k == a->n;
	if (clasp_str_is(p->at[i], "**"))
		return walk(p, i + 1, a, k) ||
		    (k < a->n && walk(p, i, a, k + 1));
	return k < a->n && glob(p->at[i], a->at[k]) &&
	    walk(p, i + 1, a, k + 1);
}

bool
oracle_match(struct clasp_str pattern, struct clasp_str address)
{
	static struct segments p, a;

	if (pattern.len > 1 && pattern.p[pattern.len - 1] == '/')
		pattern.len--;
	cut(pattern, &p);
	cut(address, &a);
	return walk(&p, 0, &a, 0);
}

const char *
oracle_bad_address(struct clasp_str s, bool stars)
{
	static struct segments parts;
	int i, many = 0;
	size_t k;

	if (stars && s.len > 1 && s.p[s.len - 1] == '/')
		s.len--;
	if (s.len == 0 || s.len > 1024 || s.p[0] != '/')
		return "its length or its start";
	for (k = 0; k < s.len; k++)
		if ((unsigned char)s.p[k] < 0x20 || s.p[k] == 0x7f ||
		    (!stars && s.p[k] == '*'))
			return "a character";
	cut(s, &parts);
	if (parts.n > 64)
		return "its depth";
	for (i = 0; i < parts.n; i++) {
		if (parts.at[i].len == 0)
			return "an empty segment";
		many += clasp_str_is(parts.at[i], "**");
	}
	return many > 8 ? "its stars" : NULL;
}

/* ----------------------------------------------------------------- casts */

bool
oracle_wants(const struct oracle_session *s, struct clasp_str address,
    uint8_t types)
{
	bool filtered = false;
	uint32_t i, n = 0;

	for (i = 0; i < s->nsubs; i++)
		if (oracle_match(oracle_str(&s->subs[i].pattern), address)) {
			if (s->subs[i].types & types)
				n++;
			else
				filtered = true;
		}
	if (n > 0)
		sim_stake(P_MATCH);
	if (n > 1)
		sim_stake(P_ONCE);
	if (n == 0 && filtered)
		sim_stake(P_FILTER);
	return n > 0;
}

/* The fields of a SET that has come. */
static void
compare_set(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c, const struct clasp_msg *m)
{
	const struct clasp_set *set = &c->msg->set, *got = &m->set;
	struct oracle_value value = oracle_value(&set->value);

	if (m->type != CLASP_SET)
		sim_broken(c->promise, "session %llu: %s (%u) came where a SET "
		    "of %.*s is due", (unsigned long long)s->serial,
		    clasp_msg_name(m->type), m->type == CLASP_ERROR ?
		    m->error.code : 0, CLASP_STR_ARG(set->address));
	else if (!clasp_str_eq(got->address, set->address) ||
	    !oracle_value_is(&value, &got->value))
		sim_broken(o->doing, "session %llu: a SET of %.*s came where "
		    "another one of %.*s is due",
		    (unsigned long long)s->serial,
		    CLASP_STR_ARG(got->address), CLASP_STR_ARG(set->address));
	else if (!got->has_revision || got->revision != c->revision)
		sim_broken(P_RISING, "%.*s came with revision %llu, not "
		    "%llu", CLASP_STR_ARG(got->address),
		    (unsigned long long)got->revision,
		    (unsigned long long)c->revision);
	else if (got->lock != set->lock || got->unlock != set->unlock ||
	    got->has_ttl != set->has_ttl || got->ttl != set->ttl)
		sim_broken(P_SET, "%.*s came with other flags or lifetime",
		    CLASP_STR_ARG(got->address));
	else
		oracle_rising(o, s, set->address, c->life, c->revision,
		    false);
	oracle_value_clear(&value);
}

/* What is sent on keeps its bytes; what the relay made up is compared. */
static void
compare_publish(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c, const struct clasp_msg *m)
{
	const struct clasp_publish *a = &c->msg->publish, *b = &m->publish;

	if (m->type != CLASP_PUBLISH)
		sim_broken(c->promise, "session %llu: %s (%u) came where a "
		    "PUBLISH of %.*s is due", (unsigned long long)s->serial,
		    clasp_msg_name(m->type), m->type == CLASP_ERROR ?
		    m->error.code : 0, CLASP_STR_ARG(a->address));
	else if (c->payload.p != NULL ? !clasp_str_eq(c->payload, o->came) :
	    !clasp_str_eq(a->address, b->address) || a->kind != b->kind ||
	    a->phase != b->phase || a->has_id != b->has_id ||
	    a->id != b->id || a->content != b->content ||
	    !clasp_value_equal(&a->value, &b->value))
		sim_broken(c->promise, "session %llu: a PUBLISH of %.*s came "
		    "where another one of %.*s is due",
		    (unsigned long long)s->serial,
		    CLASP_STR_ARG(b->address), CLASP_STR_ARG(a->address));
}

/* What a rate has held back comes as it was then. */
static void
compare_held(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c)
{
	if (!clasp_str_eq(c->held, o->came))
		sim_broken(c->promise, "session %llu: something else came "
		    "where a value of %.*s is due that was held back",
		    (unsigned long long)s->serial,
		    CLASP_STR_ARG(c->key.address));
	else if (c->set)
		oracle_rising(o, s, c->key.address, c->life, c->revision,
		    false);
}

bool
oracle_deliver(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c)
{
	const struct clasp_msg *m;

	if (c->set && oracle_awaits(s, c->key.address))
		return false;
	if (!oracle_room(o, s, c->set ? c->key.address : CLASP_STR_NONE))
		return false;
	m = oracle_next(o, s, c->promise, c->held.p != NULL ?
	    "a value held back" : c->set ? "a SET" : "a PUBLISH");
	if (m == NULL)
		return true;
	if (c->held.p != NULL)
		compare_held(o, s, c);
	else if (c->set)
		compare_set(o, s, c, m);
	else
		compare_publish(o, s, c, m);
	return true;
}

static void
send_to(struct oracle *o, struct oracle_session *s,
    const struct oracle_cast *c)
{
	if (oracle_paced(s, c))
		oracle_pace(o, s, c);
	else
		oracle_deliver(o, s, c);
}

void
oracle_cast_set(struct oracle *o, const struct clasp_set *set,
    const struct oracle_result *result, uint64_t sender)
{
	struct clasp_msg msg = { .type = CLASP_SET };
	struct oracle_cast c = { .key = { set->address, 0, 0, 0 },
	    .types = 1 << CLASP_PARAM, .msg = &msg, .set = true,
	    .life = result->life, .revision = result->revision,
	    .promise = P_MATCH };
	struct oracle_session *s;
	int i;

	msg.set = *set;
	for (i = 0; i < SIM_CLIENTS; i++) {
		s = &o->sessions[i];
		if (s->state != OPEN || !oracle_wants(s, set->address,
		    c.types))
			continue;
		c.promise = s->serial == sender ? P_BEFORE_ACK : P_MATCH;
		if (s->serial == sender)
			sim_stake(P_ECHO);
		send_to(o, s, &c);
	}
}

void
oracle_cast(struct oracle *o, uint64_t sender, uint64_t origin,
    uint8_t types, struct clasp_str payload, const struct clasp_msg *msg,
    enum sim_promise p)
{
	const struct clasp_publish *m = &msg->publish;
	struct oracle_cast c = { .key = { m->address, (uint8_t)(m->kind + 1),
	    0, 0 }, .types = types, .msg = msg, .payload = payload,
	    .promise = p };
	struct oracle_session *s;
	int i;

	if (m->kind == CLASP_GESTURE) {
		c.key.origin = origin;
		c.key.id = m->has_id ? m->id : 0;
	}
	for (i = 0; i < SIM_CLIENTS; i++) {
		s = &o->sessions[i];
		if (s->state != OPEN || !oracle_wants(s, m->address, types))
			continue;
		if (s->serial == sender)
			sim_stake(P_NO_ECHO);
		else
			send_to(o, s, &c);
	}
}

/* ------------------------------------------------------------- snapshots */

static int
by_address(const void *a, const void *b)
{
	const struct oracle_param *const *x = a, *const *y = b;

	return clasp_str_cmp(oracle_str(&(*x)->address),
	    oracle_str(&(*y)->address));
}

/* Bytes of an entry with its writer and time. */
static size_t
entry_bytes(const struct oracle_param *r)
{
	return 2 + r->address.n + r->value.n + 8 + 1 + 2 + strlen(r->writer) +
	    8;
}

static void
compare_param(struct oracle *o, struct oracle_session *s,
    const struct oracle_param *r, const struct clasp_param *got, bool bare)
{
	if (!clasp_str_eq(got->address, oracle_str(&r->address)))
		sim_broken(P_ORDERED, "%.*s stands in a snapshot where %.*s "
		    "is due", CLASP_STR_ARG(got->address),
		    CLASP_STR_ARG(oracle_str(&r->address)));
	else if (got->revision != r->revision ||
	    !oracle_value_is(&r->value, &got->value))
		sim_broken(P_ATOMIC, "a snapshot has %.*s with revision "
		    "%llu, not %llu", CLASP_STR_ARG(got->address),
		    (unsigned long long)got->revision,
		    (unsigned long long)r->revision);
	else if (got->has_timestamp == bare || (!bare &&
	    (got->timestamp_us != r->written_us ||
	    !clasp_str_is(got->writer, r->writer))))
		sim_broken(P_ATOMIC, "a snapshot has %.*s with another "
		    "writer or time", CLASP_STR_ARG(got->address));
	else
		oracle_rising(o, s, got->address, r->life, r->revision, true);
}

/* As many as fit one frame; returns how many. */
static uint32_t
chunk(struct oracle *o, struct oracle_session *s,
    const struct oracle_param **all, uint32_t n)
{
	const struct clasp_msg *m;
	uint32_t i, fit = 0;
	size_t bytes = 3;

	while (fit < n && fit < 800 && (fit == 0 ||
	    bytes + entry_bytes(all[fit]) <= 65535))
		bytes += entry_bytes(all[fit++]);
	m = oracle_reply(o, s, CLASP_SNAPSHOT, P_ATOMIC, "SNAPSHOT");
	if (m == NULL)
		return n;
	if (m->snapshot.count != fit)
		sim_broken(P_ATOMIC, "a snapshot of %u parameters came "
		    "where %u are due", m->snapshot.count, fit);
	for (i = 0; i < fit && sim_breach() == PROMISES; i++)
		compare_param(o, s, all[i], &m->snapshot.params[i],
		    bytes > 65535);
	return fit;
}

bool
oracle_awaits(const struct oracle_session *s, struct clasp_str address)
{
	return s->job && (!s->begun || clasp_str_cmp(address,
	    oracle_str(&s->cursor)) > 0) &&
	    oracle_match(oracle_str(&s->job_pattern), address);
}

/* It has the newest of these now, up to `last` if there is more to come. */
static void
catch_up(struct oracle_session *s, struct clasp_str pattern,
    const struct oracle_text *after, const struct oracle_param *last)
{
	struct clasp_str address;
	uint32_t i;

	for (i = s->nmissed; i-- > 0;) {
		address = oracle_str(&s->missed[i]);
		if (!oracle_match(pattern, address) || (after != NULL &&
		    clasp_str_cmp(address, oracle_str(after)) <= 0) ||
		    (last != NULL && clasp_str_cmp(address,
		    oracle_str(&last->address)) > 0))
			continue;
		oracle_text_clear(&s->missed[i]);
		oracle_cut(s->missed, &s->nmissed, sizeof *s->missed, i);
	}
}

/* Those of a pattern, behind an address, in order. */
static const struct oracle_param **
matching(struct oracle *o, struct clasp_str pattern,
    const struct oracle_text *after, uint32_t *n)
{
	const struct oracle_param **all = calloc(o->nparams + 1, sizeof *all);
	const struct oracle_param *r;
	uint32_t i;

	if (all == NULL)
		abort();
	oracle_params_expire(o);
	for (i = 0, *n = 0; i < o->nparams; i++) {
		r = &o->params[i];
		if (oracle_match(pattern, oracle_str(&r->address)) &&
		    (after == NULL || clasp_str_cmp(oracle_str(&r->address),
		    oracle_str(after)) > 0))
			all[(*n)++] = r;
	}
	qsort(all, *n, sizeof *all, by_address);
	return all;
}

static size_t
bytes_of(const struct oracle_param **all, uint32_t n)
{
	size_t sum = 0;

	while (n-- > 0)
		sum += entry_bytes(all[n]);
	return sum;
}

/* One chunk of a large snapshot. */
static void
job_chunk(struct oracle *o, struct oracle_session *s)
{
	struct clasp_str pattern = oracle_str(&s->job_pattern);
	const struct oracle_text *after = s->begun ? &s->cursor : NULL;
	const struct oracle_param **all;
	uint32_t n, fit;

	sim_stake(P_CURSOR);
	all = matching(o, pattern, after, &n);
	fit = n > 0 ? chunk(o, s, all, n) : 0;
	if (fit > 0) {
		catch_up(s, pattern, after, fit < n ? all[fit - 1] : NULL);
		oracle_text_clear(&s->cursor);
		s->cursor = oracle_text(oracle_str(&all[fit - 1]->address));
		s->begun = true;
	}
	free(all);
	if (fit < n)
		return;
	s->job = false;
	oracle_timelines(o, s, s->job_sub);
}

void
oracle_snapshot_step(struct oracle *o, struct oracle_session *s)
{
	int i;

	for (i = 0; i < 2 && s->job && s->bytes < 96 << 10 &&
	    sim_breach() == PROMISES; i++)
		job_chunk(o, s);
}

static void
at_once(struct oracle *o, struct oracle_session *s,
    const struct oracle_param **all, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && sim_breach() == PROMISES;) {
		if (all[i]->writer_serial != s->serial)
			sim_stake(P_VISIBLE);
		i += chunk(o, s, all + i, n - i);
	}
}

void
oracle_snapshot(struct oracle *o, struct oracle_session *s,
    struct clasp_str pattern, bool empty, int64_t sub)
{
	const struct oracle_wish older = { UINT64_MAX, pattern };
	const struct oracle_param **all;
	const struct clasp_msg *m;
	uint32_t n;

	/* what waits is older than what will be shown */
	oracle_flush(o, s, &older);
	all = matching(o, pattern, NULL, &n);
	if (n > 1)
		sim_stake(P_ORDERED);
	if (bytes_of(all, n) > LARGE) {
		oracle_text_clear(&s->job_pattern);
		s->job_pattern = oracle_text(pattern);
		s->job = true;
		s->begun = false;
		s->job_sub = sub;
		job_chunk(o, s);
		free(all);
		return;
	}
	at_once(o, s, all, n);
	if (n > 0)
		catch_up(s, pattern, NULL, NULL);
	if (n == 0 && empty) {
		m = oracle_reply(o, s, CLASP_SNAPSHOT, P_WELCOME,
		    "an empty SNAPSHOT");
		if (m != NULL && m->snapshot.count != 0)
			sim_broken(P_EXPIRED, "a snapshot of %u parameters "
			    "came where there are none", m->snapshot.count);
	}
	free(all);
	oracle_timelines(o, s, sub);
}

/* --------------------------------------------------------- subscriptions */

void
oracle_unsubscribe(struct oracle_session *s, uint32_t i)
{
	oracle_text_clear(&s->subs[i].pattern);
	oracle_marks_clear(&s->subs[i]);
	oracle_cut(s->subs, &s->nsubs, sizeof *s->subs, i);
}

void
oracle_subscribe(struct oracle *o, struct oracle_session *s,
    const struct clasp_subscribe *m)
{
	struct oracle_sub *sub = NULL;
	uint32_t i;

	for (i = 0; i < s->nsubs; i++)
		if (s->subs[i].id == m->id)
			sub = &s->subs[i];
	if (sub == NULL && o->config.subs > 0 &&
	    s->nsubs >= o->config.subs) {
		oracle_error(o, s, 429, m->pattern, P_SUBLIMIT);
		return;
	}
	if (oracle_bad_address(m->pattern, true) != NULL) {
		oracle_error(o, s, 202, m->pattern, P_PATTERN);
		return;
	}
	if (sub != NULL) {
		sim_stake(P_REPLACE);
		oracle_unsubscribe(s, (uint32_t)(sub - s->subs));
	}
	s->subs = oracle_grow(s->subs, &s->nsubs, sizeof *s->subs);
	sub = &s->subs[s->nsubs - 1];
	sub->id = m->id;
	sub->pattern = oracle_text(m->pattern);
	sub->period_us = m->has_max_rate && m->max_rate > 0 &&
	    m->max_rate <= ORACLE_SECOND ? (ORACLE_SECOND + m->max_rate -
	    1) / m->max_rate : 0;
	sub->epsilon = m->has_epsilon ? m->epsilon : 0;
	sub->types = (m->types & 0x1f) ? m->types & 0x1f : 0x1f;
	if (sub->types & 1 << CLASP_PARAM)
		oracle_snapshot(o, s, m->pattern, false, sub->id);
	else
		oracle_timelines(o, s, sub->id);
}
