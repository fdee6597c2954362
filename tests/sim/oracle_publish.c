/* oracle_publish.c - the model's gestures, timelines and signals to peers. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_US	(300 * ORACLE_SECOND)

static bool
below(struct clasp_str address, const char *top)
{
	struct clasp_str t = clasp_str_c(top);

	return clasp_str_starts(address, t) &&
	    (address.len == t.len || address.p[t.len] == '/');
}

int
oracle_admit(const struct clasp_msg *msg)
{
	bool set = msg->type == CLASP_SET;
	struct clasp_str address = set ? msg->set.address :
	    msg->publish.address;
	struct oracle_value v;
	size_t n;

	if (oracle_bad_address(address, false) != NULL)
		return 200;
	if (below(address, "/$relay"))
		return 301;
	if (set) {
		v = oracle_value(&msg->set.value);
		n = v.n - 1;
		oracle_value_clear(&v);
		if (16 + address.len + n > 65535)
			return 402;
	}
	return 0;
}

struct clasp_str
oracle_binary(const struct clasp_msg *msg, struct clasp_str payload)
{
	static uint8_t bytes[CLASP_PAYLOAD_MAX];
	int n;

	if (payload.len > 0 && payload.p[0] == CLASP_PUBLISH)
		return payload;
	n = clasp_msg_encode(bytes, sizeof bytes, msg);
	return clasp_str_of((const char *)bytes, n > 0 ? (size_t)n : 0);
}

/* -------------------------------------------------------------- timelines */

static void
retain(struct oracle *o, const struct clasp_publish *m,
    struct clasp_str payload)
{
	const struct clasp_value *k = NULL;
	struct oracle_timeline *t;
	uint32_t i;

	for (i = 0; i < o->ntimelines; i++)
		if (clasp_str_eq(oracle_str(&o->timelines[i].address),
		    m->address)) {
			oracle_text_clear(&o->timelines[i].address);
			oracle_value_clear(&o->timelines[i].payload);
			oracle_cut(o->timelines, &o->ntimelines,
			    sizeof *o->timelines, i);
			break;
		}
	if (m->content == CLASP_CONTENT_VALUE && m->value.type == CLASP_MAP)
		for (i = 0; i < m->value.count; i++)
			if (clasp_str_is(m->value.entries[i].key,
			    "keyframes"))
				k = &m->value.entries[i].value;
	if (k == NULL || k->type != CLASP_ARRAY || k->count == 0)
		return;
	o->timelines = oracle_grow(o->timelines, &o->ntimelines,
	    sizeof *o->timelines);
	t = &o->timelines[o->ntimelines - 1];
	t->address = oracle_text(m->address);
	t->payload = oracle_bytes(payload);
	t->published_us = o->now_us;
}

void
oracle_timelines(struct oracle *o, struct oracle_session *s,
    int64_t id)
{
	const struct oracle_sub *sub = NULL;
	uint64_t ttl = (uint64_t)o->config.param_ttl * ORACLE_SECOND;
	const struct clasp_msg *m;
	struct oracle_timeline *t;
	uint32_t i;

	for (i = 0; i < s->nsubs; i++)
		if (s->subs[i].id == id)
			sub = &s->subs[i];
	if (sub == NULL || !(sub->types & 1 << CLASP_TIMELINE) ||
	    s->state != OPEN)
		return;
	for (i = 0; i < o->ntimelines; i++) {
		t = &o->timelines[i];
		if ((ttl > 0 && t->published_us + ttl <= o->now_us) ||
		    !oracle_match(oracle_str(&sub->pattern),
		    oracle_str(&t->address)))
			continue;
		m = oracle_reply(o, s, CLASP_PUBLISH, P_TIMELINE,
		    "a timeline");
		if (m == NULL)
			return;
		if (!clasp_str_eq(o->came, oracle_data(&t->payload)))
			sim_broken(P_TIMELINE, "another PUBLISH of %.*s came "
			    "where the timeline of %.*s is due",
			    CLASP_STR_ARG(m->publish.address),
			    CLASP_STR_ARG(oracle_str(&t->address)));
	}
}

void
oracle_forward(struct oracle *o, uint64_t sender, uint64_t origin,
    const struct clasp_msg *msg, struct clasp_str payload,
    enum sim_promise p)
{
	oracle_cast(o, sender, origin, (uint8_t)(1u << msg->publish.kind),
	    payload, msg, p);
	if (msg->publish.kind == CLASP_TIMELINE)
		retain(o, &msg->publish, payload);
}

/* --------------------------------------------------------------- gestures */

static struct oracle_gesture *
find(struct oracle *o, uint64_t sender, const struct clasp_publish *m)
{
	struct oracle_gesture *g;
	uint32_t i;

	for (i = 0; i < o->ngestures; i++) {
		g = &o->gestures[i];
		if (g->sender == sender &&
		    g->id == (m->has_id ? m->id : 0) &&
		    clasp_str_eq(oracle_str(&g->address), m->address))
			return g;
	}
	return NULL;
}

static void
touch(struct oracle *o, struct oracle_gesture *g)
{
	g->active_us = o->now_us;
	g->active = ++o->pends;
}

static void
remove_gesture(struct oracle *o, struct oracle_gesture *g)
{
	oracle_text_clear(&g->address);
	oracle_value_clear(&g->move);
	oracle_cut(o->gestures, &o->ngestures, sizeof *o->gestures,
	    (uint32_t)(g - o->gestures));
}

static void
flush(struct oracle *o, struct oracle_gesture *g, enum sim_promise p)
{
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	if (g->move.p == NULL)
		return;
	msg.publish.kind = CLASP_GESTURE;
	msg.publish.phase = CLASP_PHASE_MOVE;
	msg.publish.address = oracle_str(&g->address);
	msg.publish.has_id = g->has_id;
	msg.publish.id = g->id;
	oracle_forward(o, g->sender, g->sender, &msg, oracle_data(&g->move),
	    p);
	oracle_value_clear(&g->move);
}

static void
cancel(struct oracle *o, struct oracle_gesture *g, enum sim_promise p)
{
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	flush(o, g, p);
	msg.publish.kind = CLASP_GESTURE;
	msg.publish.phase = CLASP_PHASE_CANCEL;
	msg.publish.address = oracle_str(&g->address);
	msg.publish.has_id = g->has_id;
	msg.publish.id = g->id;
	msg.publish.content = CLASP_CONTENT_VALUE;
	msg.publish.value = clasp_null();
	oracle_forward(o, g->sender, g->sender, &msg, CLASP_STR_NONE, p);
	remove_gesture(o, g);
}

static void
start(struct oracle *o, struct oracle_session *s,
    const struct clasp_publish *m)
{
	struct oracle_gesture *g;
	uint32_t i, n = 0, first = 0;

	for (i = o->ngestures; i-- > 0;)
		if (o->gestures[i].sender == s->serial) {
			n++;
			first = i;
		}
	if (n >= 256)
		cancel(o, &o->gestures[first], P_GESTURES);
	o->gestures = oracle_grow(o->gestures, &o->ngestures,
	    sizeof *o->gestures);
	g = &o->gestures[o->ngestures - 1];
	g->sender = s->serial;
	g->address = oracle_text(m->address);
	g->has_id = m->has_id;
	g->id = m->has_id ? m->id : 0;
	touch(o, g);
}

static void
hold(struct oracle *o, struct oracle_gesture *g, struct clasp_str payload)
{
	sim_stake(P_HELD);
	if (g->move.p == NULL) {
		g->due_us = o->config.interval == 0 ? UINT64_MAX :
		    o->now_us + (uint64_t)o->config.interval;
		g->pended = ++o->pends;
	}
	oracle_value_clear(&g->move);
	g->move = oracle_bytes(payload);
	touch(o, g);
}

static void
gesture(struct oracle *o, struct oracle_session *s,
    const struct clasp_msg *msg, struct clasp_str payload)
{
	const struct clasp_publish *m = &msg->publish;
	struct oracle_gesture *g = find(o, s->serial, m);
	enum sim_promise p = P_END;

	switch (m->phase) {
	case CLASP_PHASE_MOVE:
		if (g != NULL) {
			hold(o, g, payload);
			return;
		}
		p = P_LATE;
		break;
	case CLASP_PHASE_START:
		p = P_START;
		if (g != NULL) {
			flush(o, g, P_START);
			touch(o, g);
		} else {
			start(o, s, m);
		}
		break;
	default:
		if (g != NULL) {
			flush(o, g, P_END);
			remove_gesture(o, g);
		}
	}
	oracle_forward(o, s->serial, s->serial, msg, payload, p);
}

/* One of which nothing was heard for long, the longest first. */
static struct oracle_gesture *
idle(struct oracle *o)
{
	struct oracle_gesture *g, *longest = NULL;
	uint32_t i;

	for (i = 0; i < o->ngestures; i++) {
		g = &o->gestures[i];
		if (g->active_us + IDLE_US <= o->now_us &&
		    (longest == NULL || g->active < longest->active))
			longest = g;
	}
	return longest;
}

void
oracle_gestures_tick(struct oracle *o)
{
	struct oracle_gesture *g, *due;
	uint32_t i;

	do {
		due = NULL;
		for (i = 0; i < o->ngestures; i++) {
			g = &o->gestures[i];
			if (g->move.p != NULL && g->due_us <= o->now_us &&
			    (due == NULL || g->pended < due->pended))
				due = g;
		}
		if (due != NULL)
			flush(o, due, P_FLUSH);
	} while (due != NULL);
	while ((g = idle(o)) != NULL) {
		sim_stake(P_IDLE);
		flush(o, g, P_IDLE);
		remove_gesture(o, g);
	}
}

/* First what each was about to show, then that it is over. */
void
oracle_gestures_leave(struct oracle *o)
{
	struct oracle_gesture *g;
	uint32_t k, i;
	bool found;

	for (k = 0; k < o->nleft; k++)
		for (i = 0; i < o->ngestures; i++)
			if (o->gestures[i].sender == o->left[k])
				flush(o, &o->gestures[i], P_CANCEL);
	for (k = 0; k < o->nleft; k++)
		do {
			found = false;
			for (i = 0; i < o->ngestures && !found; i++) {
				g = &o->gestures[i];
				if (g->sender != o->left[k])
					continue;
				found = true;
				cancel(o, g, P_CANCEL);
			}
		} while (found);
	o->nleft = 0;
}

/* ------------------------------------------------------------------ peers */

/* Does a field of its map say that somebody else sent it? */
static bool
lies(const struct clasp_publish *m, const char *field, const char *id)
{
	uint32_t i;

	if (m->content != CLASP_CONTENT_VALUE || m->value.type != CLASP_MAP)
		return false;
	for (i = 0; i < m->value.count; i++)
		if (clasp_str_is(m->value.entries[i].key, field))
			return m->value.entries[i].value.type !=
			    CLASP_STRING || !clasp_str_is(
			    m->value.entries[i].value.string, id);
	return false;
}

static void
signal_to(struct oracle *o, struct oracle_session *s,
    const struct clasp_msg *msg, struct clasp_str payload,
    struct clasp_str id)
{
	struct oracle_session *to = NULL;
	const struct clasp_msg *m;
	int i;

	for (i = 0; i < SIM_CLIENTS; i++)
		if (o->sessions[i].state == OPEN &&
		    clasp_str_is(id, o->sessions[i].id))
			to = &o->sessions[i];
	if (to == NULL) {
		oracle_error(o, s, 404, msg->publish.address, P_SIGNAL);
		return;
	}
	if (!oracle_room(o, to, CLASP_STR_NONE))
		return;
	m = oracle_next(o, to, P_SIGNAL, "a signal");
	if (m != NULL && !clasp_str_eq(o->came, payload))
		sim_broken(P_SIGNAL, "%s came where a signal is due",
		    clasp_msg_name(m->type));
}

static bool
peer(struct oracle *o, struct oracle_session *s, const struct clasp_msg *msg,
    struct clasp_str payload)
{
	struct clasp_str to = CLASP_STR("/clasp/p2p/signal/");
	struct clasp_str address = msg->publish.address, id;

	if (clasp_str_is(address, "/clasp/p2p/announce")) {
		if (lies(&msg->publish, "session_id", s->id))
			oracle_error(o, s, 301, address, P_HONEST);
		else
			oracle_cast(o, s->serial, s->serial, 0x1f, payload,
			    msg, P_APPEAR);
		return true;
	}
	if (!clasp_str_starts(address, to))
		return false;
	id = clasp_str_of(address.p + to.len, address.len - to.len);
	if (memchr(id.p, '/', id.len) != NULL)
		return false;
	if (lies(&msg->publish, "from", s->id))
		oracle_error(o, s, 301, address, P_HONEST);
	else
		signal_to(o, s, msg, payload, id);
	return true;
}

void
oracle_publish(struct oracle *o, struct oracle_session *s,
    const struct clasp_msg *msg, struct clasp_str payload)
{
	int code = oracle_admit(msg);

	payload = oracle_binary(msg, payload);
	if (code != 0)
		oracle_error(o, s, code, msg->publish.address, P_ADDRESS);
	else if (below(msg->publish.address, "/clasp/p2p") &&
	    peer(o, s, msg, payload))
		return;
	else if (msg->publish.kind == CLASP_GESTURE && o->config.gestures)
		gesture(o, s, msg, payload);
	else
		oracle_forward(o, s->serial, s->serial, msg, payload,
		    P_MATCH);
}
