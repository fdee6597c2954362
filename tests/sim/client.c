/* client.c - what a client says, and what it knows. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "names.h"

/* ---------------------------------------------------------------- reading */

void
sim_client_forget(struct sim_client *c)
{
	if (c->id[0] != '\0')
		memcpy(c->old_id, c->id, sizeof c->id);
	c->id[0] = '\0';
	c->composing = false;
	while (c->nknown > 0) {
		c->nknown--;
		oracle_text_clear(&c->known[c->nknown].address);
		oracle_value_clear(&c->known[c->nknown].value);
	}
	free(c->known);
	c->known = NULL;
}

const struct sim_known *
sim_client_knows(const struct sim_client *c, struct clasp_str address)
{
	uint32_t i;

	for (i = 0; i < c->nknown; i++)
		if (clasp_str_eq(oracle_str(&c->known[i].address), address))
			return &c->known[i];
	return NULL;
}

static void
learn(struct sim_client *c, struct clasp_str address,
    const struct clasp_value *value, uint64_t revision)
{
	struct sim_known *k = (struct sim_known *)sim_client_knows(c,
	    address);

	if (k == NULL) {
		c->known = oracle_grow(c->known, &c->nknown,
		    sizeof *c->known);
		k = &c->known[c->nknown - 1];
		k->address = oracle_text(address);
	}
	oracle_value_clear(&k->value);
	k->value = oracle_value(value);
	k->revision = revision;
}

void
sim_client_read(struct sim_client *c, struct sim_link *link)
{
	struct clasp_arena arena;
	struct clasp_str payload;
	struct clasp_msg m;
	uint8_t qos;
	uint32_t i;

	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	while (sim_link_frame(link, link->taken, &link->read, &payload,
	    &qos) > 0) {
		clasp_arena_reset(&arena);
		if (clasp_msg_decode((const uint8_t *)payload.p, payload.len,
		    &arena, 0, &m) < 0)
			continue;	/* the model has seen it, too */
		if (m.type == CLASP_WELCOME)
			snprintf(c->id, sizeof c->id, "%.*s",
			    CLASP_STR_ARG(m.welcome.session));
		if (m.type == CLASP_SET)
			learn(c, m.set.address, &m.set.value,
			    m.set.revision);
		for (i = 0; m.type == CLASP_SNAPSHOT &&
		    i < m.snapshot.count; i++)
			learn(c, m.snapshot.params[i].address,
			    &m.snapshot.params[i].value,
			    m.snapshot.params[i].revision);
	}
	clasp_arena_clear(&arena);
}

/* ----------------------------------------------------------------- saying */

static struct clasp_str
text(struct clasp_arena *arena, const char *format, int64_t n)
{
	char s[40];

	snprintf(s, sizeof s, format, (long long)n);
	return clasp_arena_dup(arena, clasp_str_c(s));
}

static struct clasp_value
pair(struct clasp_arena *arena, int64_t n)
{
	struct clasp_value *items = clasp_arena_alloc(arena,
	    2 * sizeof *items);

	items[0] = clasp_float((double)n / 4);
	items[1] = clasp_int(n);
	return clasp_array(items, 2);
}

static struct clasp_value
map_of(struct clasp_arena *arena, const char *key, struct clasp_value v)
{
	struct clasp_entry *e = clasp_arena_alloc(arena, sizeof *e);

	e->key = clasp_str_c(key);
	e->value = v;
	return clasp_map(e, 1);
}

/* A long string: the largest a SET of this address may carry, plus extra. */
static struct clasp_value
huge(struct clasp_arena *arena, struct clasp_str address, int64_t extra)
{
	size_t n = (size_t)(65535 - 16 - 2 - (int64_t)address.len + extra);
	char *p = clasp_arena_alloc(arena, n);

	memset(p, 'h', n);
	return clasp_string(clasp_str_of(p, n));
}

/* Values by number: all types, all different. -1, -2: too large, just not */
static struct clasp_value
value_of(struct clasp_arena *arena, struct clasp_str address, int64_t n)
{
	if (n < 0)
		return huge(arena, address, n == -1 ? 1 : n == -2 ? 0 :
		    -40000);
	switch (n % 12) {
	case 0:
		return clasp_null();
	case 1:
		return clasp_bool(n % 24 == 1);
	case 2:
	case 3:
		return clasp_float((double)n / 8);
	case 4:
		return clasp_string(text(arena, "text %lld", n));
	case 5:
		return pair(arena, n);
	case 6:
		return map_of(arena, "key", clasp_int(n));
	case 7:
		return clasp_bytes(text(arena, "bytes %lld", n));
	default:
		return clasp_int(n);
	}
}

static struct clasp_value
timeline(struct clasp_arena *arena, int64_t n)
{
	struct clasp_value *items = clasp_arena_alloc(arena,
	    2 * sizeof *items);
	struct clasp_entry *e = clasp_arena_alloc(arena, 2 * sizeof *e);

	e[0] = (struct clasp_entry){ CLASP_STR("time"), clasp_int(0) };
	e[1] = (struct clasp_entry){ CLASP_STR("value"), clasp_int(n) };
	items[0] = clasp_map(e, 2);
	return map_of(arena, "keyframes", clasp_array(items,
	    n % 4 == 0 ? 0 : 1));
}

static void
make_set(const struct sim_client *c, const struct sim_step *step,
    struct clasp_arena *arena, struct clasp_msg *m)
{
	struct clasp_str address = sim_address(step->arg[0]);
	const struct sim_known *k = sim_client_knows(c, address);
	int64_t expect = step->arg[2];

	m->type = CLASP_SET;
	m->set.address = address;
	m->set.value = value_of(arena, address, step->arg[1]);
	/* 0: create only; 10 and about: what it knows, and about */
	m->set.has_revision = expect >= 0;
	if (expect > 0)
		m->set.revision = (k ? k->revision : 0) +
		    (uint64_t)(expect - 10);
	m->set.lock = step->arg[3] & 1;
	m->set.unlock = step->arg[3] >> 1 & 1;
	m->set.has_ttl = step->arg[4] >= 0;
	if (m->set.has_ttl)
		m->set.ttl = (uint32_t)step->arg[4];
}

static void
make_publish(const struct sim_step *step, struct clasp_arena *arena,
    struct clasp_msg *m)
{
	struct clasp_publish *p = &m->publish;

	m->type = CLASP_PUBLISH;
	p->address = sim_address(step->arg[0]);
	p->kind = (uint8_t)((uint64_t)step->arg[1] % 5);
	p->phase = (uint8_t)((uint64_t)step->arg[2] % 4);
	p->has_id = step->arg[3] >= 0;
	p->id = p->has_id ? (uint32_t)step->arg[3] : 0;
	p->content = CLASP_CONTENT_VALUE;
	p->value = p->kind == CLASP_TIMELINE && step->arg[4] % 3 != 0 ?
	    timeline(arena, step->arg[4]) :
	    value_of(arena, p->address, step->arg[4]);
	if (step->arg[4] % 7 == 0) {
		p->has_timestamp = true;
		p->timestamp_us = (uint64_t)step->arg[4];
	}
}

static void
make_bundle(const struct sim_client *c, const struct sim_step *step,
    uint64_t now_us, struct clasp_arena *arena, struct clasp_msg *m)
{
	struct clasp_msg *members = clasp_arena_alloc(arena,
	    CLIENT_MEMBERS * sizeof *members);
	uint32_t i;

	memset(members, 0, CLIENT_MEMBERS * sizeof *members);
	for (i = 0; i < c->nmembers; i++)
		if (c->members[i].op == OP_SET)
			make_set(c, &c->members[i], arena, &members[i]);
		else
			make_publish(&c->members[i], arena, &members[i]);
	m->type = CLASP_BUNDLE;
	m->bundle.count = c->nmembers;
	m->bundle.messages = members;
	/* 0: now; else so many ms from now, on whole ones: often equal */
	m->bundle.has_timestamp = step->arg[0] != 0;
	m->bundle.timestamp_us = (uint64_t)((int64_t)(now_us / 1000) +
	    step->arg[0]) * 1000;
}

static void
make_announce(const struct sim_step *step, struct clasp_arena *arena,
    struct clasp_msg *m)
{
	struct clasp_signal *s = clasp_arena_alloc(arena, 2 * sizeof *s);

	memset(s, 0, 2 * sizeof *s);
	s[0].address = sim_address(step->arg[0]);
	s[0].kind = (uint8_t)((uint64_t)step->arg[1] % 5);
	if (step->arg[1] % 2)
		s[0].datatype = CLASP_STR("f64");
	if (step->arg[2] >= 0) {
		s[0].kind = CLASP_PARAM;
		s[0].has_meta = s[0].has_range = true;
		s[0].max = (double)step->arg[2];
	}
	s[1].address = sim_pattern(step->arg[0] % 20);
	s[1].kind = CLASP_PARAM;
	s[1].access = CLASP_STR("rw");
	m->type = CLASP_ANNOUNCE;
	m->announce.namespace_ = CLASP_STR("/space");
	m->announce.count = (uint32_t)(step->arg[1] % 3);
	m->announce.signals = s;
}

/* A map that says who it is from: truly, not so, or not at all. */
static struct clasp_value
from(const struct sim_client *all, const struct sim_step *step,
    const char *field, int64_t as, struct clasp_arena *arena)
{
	if (as < 0)
		return map_of(arena, "type", clasp_string(
		    CLASP_STR("offer")));
	return map_of(arena, field, clasp_string(clasp_str_c(
	    all[as == 0 ? step->client : as % SIM_CLIENTS].id)));
}

static void
make_peer(const struct sim_client *all, const struct sim_step *step,
    struct clasp_arena *arena, struct clasp_msg *m)
{
	const struct sim_client *to = &all[(uint64_t)step->arg[0] %
	    SIM_CLIENTS];
	char address[100];
	const char *id = step->arg[0] < SIM_CLIENTS ? to->id : to->old_id;

	m->type = CLASP_PUBLISH;
	m->publish.kind = CLASP_EVENT;
	m->publish.content = CLASP_CONTENT_VALUE;
	if (step->op == OP_APPEAR) {
		m->publish.address = CLASP_STR("/clasp/p2p/announce");
		m->publish.value = from(all, step, "session_id",
		    step->arg[0], arena);
		return;
	}
	snprintf(address, sizeof address, "/clasp/p2p/signal/%s",
	    id[0] != '\0' ? id : "nobody");
	m->publish.address = clasp_arena_dup(arena, clasp_str_c(address));
	m->publish.value = from(all, step, "from", step->arg[1], arena);
}

static void
make_subscribe(const struct sim_step *step, struct clasp_msg *m)
{
	m->type = CLASP_SUBSCRIBE;
	m->subscribe.id = (uint32_t)step->arg[0];
	m->subscribe.pattern = sim_pattern(step->arg[1]);
	m->subscribe.types = (uint8_t)step->arg[2];
	m->subscribe.has_max_rate = step->arg[3] > 0;
	m->subscribe.max_rate = (uint32_t)step->arg[3];
	m->subscribe.has_epsilon = step->arg[4] > 0;
	m->subscribe.epsilon = (double)step->arg[4] / 8;
}

static void
make(const struct sim_client *all, const struct sim_step *step,
    uint64_t now_us, struct clasp_arena *arena, struct clasp_msg *m)
{
	const struct sim_client *c = &all[step->client];

	memset(m, 0, sizeof *m);
	switch (step->op) {
	case OP_HELLO:
		m->type = CLASP_HELLO;
		m->hello.version = (uint8_t)step->arg[0];
		m->hello.features = (uint8_t)step->arg[1];
		m->hello.name = CLASP_STR("client");
		m->hello.token = CLASP_STR("");
		break;
	case OP_SET:
		make_set(c, step, arena, m);
		break;
	case OP_GET:
		m->type = CLASP_GET;
		m->get.address = sim_address(step->arg[0]);
		break;
	case OP_PUBLISH:
		make_publish(step, arena, m);
		break;
	case OP_SUBSCRIBE:
		make_subscribe(step, m);
		break;
	case OP_UNSUBSCRIBE:
		m->type = CLASP_UNSUBSCRIBE;
		m->unsubscribe.id = (uint32_t)step->arg[0];
		break;
	case OP_BUNDLE:
		make_bundle(c, step, now_us, arena, m);
		break;
	case OP_ANNOUNCE:
		make_announce(step, arena, m);
		break;
	case OP_QUERY:
		m->type = CLASP_QUERY;
		m->query.pattern = sim_pattern(step->arg[0]);
		break;
	case OP_SYNC:
		m->type = CLASP_SYNC;
		m->sync.t1 = (uint64_t)step->arg[0];
		break;
	case OP_PING:
		m->type = CLASP_PING;
		break;
	default:
		make_peer(all, step, arena, m);
	}
}

/* What cannot be encoded is not said. */
static void
append(const struct sim_client *all, const struct sim_step *step,
    uint64_t now_us, struct clasp_buf *out)
{
	struct clasp_arena arena;
	struct clasp_msg m;

	clasp_arena_init(&arena, NULL, 0, 64 << 20);
	make(all, step, now_us, &arena, &m);
	(void)clasp_frame_append(out, &m, NULL);
	clasp_arena_clear(&arena);
}

bool
sim_client_say(struct sim_client *all, const struct sim_step *step,
    uint64_t now_us, struct clasp_buf *out)
{
	struct sim_client *c = &all[step->client];

	clasp_buf_reset(out);
	if (step->op == OP_COMPOSE) {
		c->composing = true;
		c->nmembers = 0;
		return false;
	}
	if (c->composing && (step->op == OP_SET || step->op == OP_PUBLISH)) {
		if (c->nmembers < CLIENT_MEMBERS)
			c->members[c->nmembers++] = *step;
		return false;
	}
	if (step->op == OP_HOSTILE) {
		sim_hostile(step->arg[0], (uint64_t)step->arg[1], out);
		return true;
	}
	append(all, step, now_us, out);
	if (step->op == OP_BUNDLE) {
		c->composing = false;
		c->nmembers = 0;
	}
	return out->len > 0;
}

/* One of many large params. */
static void
fill(uint32_t i, struct clasp_buf *out)
{
	static char bytes[60000];
	struct clasp_msg m = { .type = CLASP_SET };
	char address[16];

	snprintf(address, sizeof address, "/big/%02u", i);
	memset(bytes, 'a' + i % 26, sizeof bytes);
	m.set.address = clasp_str_c(address);
	m.set.value = clasp_string(clasp_str_of(bytes, sizeof bytes));
	(void)clasp_frame_append(out, &m, NULL);
}

/* One of many that are gone soon; others in every second. */
static void
churn(uint32_t i, uint64_t now_us, struct clasp_buf *out)
{
	struct clasp_msg m = { .type = CLASP_SET };
	char address[40];

	snprintf(address, sizeof address, "/churn/%u/%u",
	    (unsigned)(now_us / ORACLE_SECOND % 1000), i);
	m.set.address = clasp_str_c(address);
	m.set.value = clasp_int(i);
	m.set.has_ttl = true;
	m.set.ttl = CLASP_TTL_ABSOLUTE | 1;
	(void)clasp_frame_append(out, &m, NULL);
}

void
sim_client_flood(struct sim_client *all, const struct sim_step *step,
    uint32_t i, uint64_t now_us, struct clasp_buf *out)
{
	struct sim_client *c = &all[step->client];
	struct sim_step one = { .client = step->client };

	clasp_buf_reset(out);
	switch (step->arg[0] % FLOOD_KINDS) {
	case 0:
		one.op = OP_PUBLISH;
		one.arg[1] = CLASP_EVENT;
		one.arg[4] = i;
		break;
	case 1:
		one.op = OP_PUBLISH;
		one.arg[1] = CLASP_GESTURE;
		one.arg[3] = i + 100;
		break;
	case 2:
		one.op = OP_BUNDLE;
		one.arg[0] = 50 + i % 5;
		c->nmembers = 0;
		break;
	case 3:
		one.op = OP_SET;
		one.arg[1] = i;
		one.arg[2] = one.arg[4] = -1;
		break;
	case 4:
		sim_hostile(1, i, out);
		return;
	case 5:
		one.op = OP_PING;
		break;
	case FLOOD_FILL:
		fill(i, out);
		return;
	case FLOOD_CHURN:
		churn(i, now_us, out);
		return;
	default:
		one.op = OP_PUBLISH;
		one.arg[0] = i / 8 % 2;
		one.arg[1] = CLASP_STREAM;
		one.arg[4] = i;
	}
	append(all, &one, now_us, out);
}
