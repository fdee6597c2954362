/* own.c - what a relay tells of itself. */
#include "core/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "core/session.h"

#define TOP		"/" CLASP_SUBS_OWN
#define SESSIONS	TOP "/sessions/"
#define SECOND		UINT64_C(1000000)
#define WRITER		CLASP_STR("relay")
/* Of a value: with its address and the head of a SET it fits a frame. */
#define VALUE_MAX	(CLASP_PAYLOAD_MAX - 2048)
#define SNAPSHOT_HEAD	3		/* type and count */
/* Sessions told of in one turn: well below a millisecond. */
#define TURN_MAX	256

#ifndef CLASP_VERSION
#define CLASP_VERSION	"unknown"
#endif

void
clasp_own_init(struct clasp_own *own)
{
	memset(own, 0, sizeof *own);
	clasp_departed_init(&own->departed);
}

void
clasp_own_clear(struct clasp_own *own)
{
	clasp_departed_clear(&own->departed);
}

bool
clasp_own_names(struct clasp_str address)
{
	struct clasp_str top = CLASP_STR(TOP);

	return clasp_str_starts(address, top) &&
	    (address.len == top.len || address.p[top.len] == '/');
}

static uint64_t
revision(const struct clasp_router *router, uint64_t now_us)
{
	return now_us - router->own.begun_us + 1;
}

/* Time has come this far. */
static void
look(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_own *own = &router->own;

	if (own->begun_us == 0)
		own->begun_us = now_us;
	if (now_us > own->now_us)
		own->now_us = now_us;
	clasp_rates_look(&own->rates, router->messages_in,
	    router->messages_out, now_us);
}

/* ----------------------------------------------------------------- figures */

/* A value that is being made, and the memory of one that is a map. */
struct making {
	struct clasp_router *router;
	struct clasp_router_stats stats;
	uint64_t	 now_us;
	struct clasp_value value;
	struct clasp_entry *entries;	/* owned */
};

static void
making_start(struct making *m, struct clasp_router *router, uint64_t now_us)
{
	look(router, now_us);
	m->router = router;
	m->now_us = now_us;
	m->entries = NULL;
	clasp_router_stats(router, &m->stats);
}

static void
making_end(struct making *m)
{
	free(m->entries);
}

static uint64_t
errors_sent(const struct clasp_router *router)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < CLASP_FIGURES_CODES; i++)
		n += router->figures.errors[i];
	return n;
}

static uint32_t
locks_held(const struct clasp_router *router)
{
	const struct clasp_session *s;
	uint32_t n = 0;

	for (s = router->sessions[CLASP_SESSION_OPEN].first; s != NULL;
	    s = s->next)
		n += s->author->nlocks;
	return n;
}

/* A function that makes a count. */
#define COUNT(noun, n) \
static void \
noun(struct making *m) \
{ \
	m->value = clasp_int((int64_t)(n)); \
}

COUNT(bytes_in, m->router->figures.bytes_in)
COUNT(bytes_out, m->router->figures.bytes_out)
COUNT(drops, m->stats.drops)
COUNT(errors, errors_sent(m->router))
COUNT(evictions, m->stats.evicted)
COUNT(expiries, m->stats.expired)
COUNT(locked, locks_held(m->router))
COUNT(messages_in, m->stats.messages_in)
COUNT(messages_out, m->stats.messages_out)
COUNT(params, m->stats.params)
COUNT(scheduled, m->stats.scheduled)
COUNT(sessions, m->stats.sessions)
COUNT(signals, m->stats.signals)
COUNT(subscriptions, m->stats.subscriptions)
COUNT(uptime, (m->now_us - m->router->own.begun_us) / SECOND)

static int
by_key(const void *a, const void *b)
{
	const struct clasp_entry *x = a, *y = b;

	return clasp_str_cmp(x->key, y->key);
}

/* Who holds what: as many as one message takes. */
static void
locks(struct making *m)
{
	struct clasp_router *router = m->router;
	uint32_t most = locks_held(router), n = 0;
	const struct clasp_session *s;
	const struct clasp_lock *at;
	struct clasp_str address;
	size_t bytes = 0;

	/* each takes more than 40 bytes of the message */
	if (most > VALUE_MAX / 40)
		most = VALUE_MAX / 40;
	free(m->entries);
	m->entries = malloc((most + (size_t)1) * sizeof *m->entries);
	m->value = clasp_map(m->entries, 0);
	if (m->entries == NULL)
		return;
	for (s = router->sessions[CLASP_SESSION_OPEN].first; s != NULL;
	    s = s->next)
		for (at = NULL; n < most && (address =
		    clasp_author_locked(s->author, &at)).p != NULL;) {
			bytes += address.len + s->author->len + 5;
			if (bytes > VALUE_MAX)
				break;
			m->entries[n].key = address;
			m->entries[n++].value =
			    clasp_string(clasp_author_id(s->author));
		}
	qsort(m->entries, n, sizeof *m->entries, by_key);
	m->value.count = n;
}

static void
memory(struct making *m)
{
	struct clasp_router *router = m->router;

	m->value = clasp_null();
	if (router->host.memory != NULL)
		m->value = clasp_int((int64_t)
		    router->host.memory(router->user));
}

static void
name(struct making *m)
{
	m->value = clasp_string(m->router->config.name);
}

static void
rate_in(struct making *m)
{
	m->value = clasp_float(m->router->own.rates.in_hz);
}

static void
rate_out(struct making *m)
{
	m->value = clasp_float(m->router->own.rates.out_hz);
}

static void
version(struct making *m)
{
	m->value = clasp_string(CLASP_STR(CLASP_VERSION));
}

/* In the order of their bytes. */
static const struct figure {
	const char	*address;
	void		(*make)(struct making *m);
} figures[] = {
	{ TOP "/bytes/in",	bytes_in },
	{ TOP "/bytes/out",	bytes_out },
	{ TOP "/drops",		drops },
	{ TOP "/errors",	errors },
	{ TOP "/evictions",	evictions },
	{ TOP "/expiries",	expiries },
	{ TOP "/locked",	locked },
	{ TOP "/locks",		locks },
	{ TOP "/memory",	memory },
	{ TOP "/messages/in",	messages_in },
	{ TOP "/messages/out",	messages_out },
	{ TOP "/name",		name },
	{ TOP "/params",	params },
	{ TOP "/rates/in",	rate_in },
	{ TOP "/rates/out",	rate_out },
	{ TOP "/scheduled",	scheduled },
	{ TOP "/sessions",	sessions },
	{ TOP "/signals",	signals },
	{ TOP "/subscriptions",	subscriptions },
	{ TOP "/uptime",	uptime },
	{ TOP "/version",	version },
};

#define FIGURES		(sizeof figures / sizeof figures[0])
_Static_assert(FIGURES <= CLASP_OWN_FIGURES, "each has its place");

/* ---------------------------------------------------------------- sessions */

/* What is told of one session, and the memory of it. */
struct portrait {
	char		 address[128];	/* of the param */
	char		 peer[80];
	struct clasp_entry entries[8];
	uint32_t	 count;
};

static void
add(struct portrait *p, const char *key, struct clasp_value value)
{
	p->entries[p->count].key = clasp_str_c(key);
	p->entries[p->count++].value = value;
}

static struct clasp_str
portrait_address(struct portrait *p, const struct clasp_author *author)
{
	struct clasp_str prefix = CLASP_STR(SESSIONS);
	size_t n = sizeof p->address - prefix.len;

	if (n > author->len)
		n = author->len;
	memcpy(p->address, prefix.p, prefix.len);
	memcpy(p->address + prefix.len, author->id, n);
	return clasp_str_of(p->address, prefix.len + n);
}

static struct clasp_value
portray(struct portrait *p, const struct clasp_session *s)
{
	const struct clasp_router_host *host = &s->router->host;

	p->count = 0;
	add(p, "name", clasp_string(clasp_str_c(s->name)));
	if (host->address != NULL &&
	    host->address(s->link, p->peer, sizeof p->peer))
		add(p, "address", clasp_string(clasp_str_c(p->peer)));
	add(p, "since", clasp_int((int64_t)s->opened_us));
	add(p, "messages", clasp_int((int64_t)s->messages_in));
	add(p, "subscriptions", clasp_int(s->subscriber.count));
	add(p, "locks", clasp_int(s->author->nlocks));
	add(p, "queue", clasp_int((int64_t)s->out.msgs));
	add(p, "drops", clasp_int((int64_t)s->drops));
	return clasp_map(p->entries, p->count);
}

static struct clasp_value
portray_departed(struct portrait *p, const struct clasp_departed_one *one)
{
	p->count = 0;
	add(p, "name", clasp_string(clasp_str_of(one->name, one->name_len)));
	add(p, "since", clasp_int((int64_t)one->since_us));
	add(p, "left", clasp_int((int64_t)one->left_us));
	return clasp_map(p->entries, p->count);
}

/* The id in an address of a session, absent when it is none. */
static struct clasp_str
id_in(struct clasp_str address)
{
	struct clasp_str prefix = CLASP_STR(SESSIONS);

	if (!clasp_str_starts(address, prefix))
		return CLASP_STR_NONE;
	return clasp_str_of(address.p + prefix.len,
	    address.len - prefix.len);
}

/* ---------------------------------------------------------------- asking */

/* A SNAPSHOT on its way to one session, chunk by chunk. */
struct telling {
	struct clasp_session *s;
	uint64_t	 now_us;
	struct clasp_writer w;
	uint32_t	 count;
};

static void
telling_begin(struct telling *t)
{
	struct clasp_router *router = t->s->router;

	t->w = clasp_writer_on(router->scratch, sizeof router->scratch);
	t->w.p += SNAPSHOT_HEAD;
	t->count = 0;
}

static void
telling_end(struct telling *t)
{
	struct clasp_router *router = t->s->router;
	struct clasp_span span;

	if (t->count == 0)
		return;
	router->scratch[0] = CLASP_SNAPSHOT;
	clasp_store16(router->scratch + 1, (uint16_t)t->count);
	if (clasp_slabs_payload(&router->replies,
	    (enum clasp_framing)t->s->out.framing, CLASP_QOS_FIRE,
	    clasp_str_of((char *)router->scratch,
	    (size_t)(t->w.p - router->scratch)), &span) < 0)
		clasp_session_fail(t->s, CLASP_ENOMEM);
	else
		clasp_session_reply_span(t->s, &span);
}

static void
tell(struct telling *t, struct clasp_str address,
    const struct clasp_value *value)
{
	size_t n = 2 + address.len + 1 + clasp_value_size(value) + 8 + 1 +
	    2 + WRITER.len + 8;

	if (t->count == CLASP_SNAPSHOT_ENTRIES ||
	    n > (size_t)(t->w.end - t->w.p)) {
		telling_end(t);
		telling_begin(t);
	}
	clasp_put_u16(&t->w, (uint16_t)address.len);
	clasp_put_bytes(&t->w, address.p, address.len);
	clasp_put_u8(&t->w, clasp_value_code(value));
	clasp_value_put(&t->w, value);
	clasp_put_u64(&t->w, revision(t->s->router, t->now_us));
	clasp_put_u8(&t->w, CLASP_SNAPSHOT_WRITER | CLASP_SNAPSHOT_TIME);
	clasp_put_u16(&t->w, (uint16_t)WRITER.len);
	clasp_put_bytes(&t->w, WRITER.p, WRITER.len);
	clasp_put_u64(&t->w, t->now_us);
	t->count++;
}

/* A session, here or (s NULL) gone. */
struct somebody {
	uint64_t	 begins;	/* its id, as a number to sort by */
	const struct clasp_author *author;
	const struct clasp_session *s;
	const struct clasp_departed_one *one;
};

static void
tell_of(struct telling *t, struct clasp_str address,
    const struct somebody *who, struct portrait *p)
{
	struct clasp_value value = who->s != NULL ? portray(p, who->s) :
	    portray_departed(p, who->one);

	tell(t, address, &value);
}

/* The session of this address, if there is one. */
static void
tell_one(struct telling *t, struct clasp_str address)
{
	const struct clasp_router *router = t->s->router;
	struct clasp_str id = id_in(address);
	struct somebody who = { 0 };
	struct portrait p;

	if (id.len == 0)
		return;
	who.s = clasp_table_get(&router->ids, clasp_hash(id), id);
	if (who.s == NULL)
		who.one = clasp_departed_find(&router->own.departed, id);
	if (who.s != NULL || who.one != NULL)
		tell_of(t, address, &who, &p);
}

static int
by_id(const void *a, const void *b)
{
	const struct somebody *x = a, *y = b;

	if (x->begins != y->begins)
		return x->begins < y->begins ? -1 : 1;
	return strcmp(x->author->id, y->author->id);
}

static void
add_somebody(struct somebody *who, const struct clasp_author *author)
{
	unsigned i;

	who->author = author;
	who->begins = 0;
	for (i = 0; i < 8 && i < author->len; i++)
		who->begins |= (uint64_t)(uint8_t)author->id[i] <<
		    (56 - 8 * i);
}

/* Those of all sessions, here or gone, that the pattern sees. */
static void
tell_sessions(struct telling *t, struct clasp_str pattern)
{
	const struct clasp_router *router = t->s->router;
	const struct clasp_departed *departed = &router->own.departed;
	const struct clasp_session *s;
	struct somebody *all;
	struct clasp_str address;
	struct portrait p;
	size_t n = 0, i;
	uint64_t k;

	all = calloc(router->ids.count + departed->table.count + 1,
	    sizeof *all);
	if (all == NULL)
		return;
	for (s = router->sessions[CLASP_SESSION_OPEN].first; s != NULL;
	    s = s->next) {
		all[n].s = s;
		add_somebody(&all[n++], s->author);
	}
	for (k = clasp_departed_first(departed); k < departed->total; k++) {
		all[n].one = clasp_departed_at(departed, k);
		add_somebody(&all[n], all[n].one->author);
		n++;
	}
	qsort(all, n, sizeof *all, by_id);
	for (i = 0; i < n; i++) {
		address = portrait_address(&p, all[i].author);
		if (clasp_pattern_match(pattern, address))
			tell_of(t, address, &all[i], &p);
	}
	free(all);
}

/* Everything a pattern sees, as a SNAPSHOT; nothing when that is nothing. */
static uint32_t
tell_all(struct clasp_session *s, struct clasp_str pattern, uint64_t now_us)
{
	struct telling t = { .s = s, .now_us = now_us };
	bool one = clasp_pattern_literal(pattern);
	struct clasp_str address;
	struct making m;
	size_t i;

	making_start(&m, s->router, now_us);
	telling_begin(&t);
	for (i = 0; i < FIGURES; i++) {
		address = clasp_str_c(figures[i].address);
		if (clasp_pattern_match(pattern, address)) {
			figures[i].make(&m);
			tell(&t, address, &m.value);
		}
		if (figures[i].make == sessions && !one)
			tell_sessions(&t, pattern);
	}
	if (one && t.count == 0)
		tell_one(&t, pattern);
	telling_end(&t);
	making_end(&m);
	return t.count;
}

void
clasp_own_get(struct clasp_session *s, struct clasp_str address,
    uint64_t now_us)
{
	if (tell_all(s, address, now_us) == 0)
		clasp_session_error(s, 201, address, "no such parameter");
}

/* ------------------------------------------------------------- subscribing */

/* A figure's value as one number: when that is another one, it is told. */
static uint64_t
digest(const struct clasp_value *v)
{
	uint64_t n = 0, i;

	switch (v->type) {
	case CLASP_INT:
		return (uint64_t)v->integer;
	case CLASP_FLOAT:
		memcpy(&n, &v->number, sizeof n);
		return n;
	case CLASP_STRING:
		return clasp_hash(v->string);
	case CLASP_MAP:
		for (i = 0; i < v->count; i++)
			n = (n ^ clasp_hash(v->entries[i].key)) * 31 +
			    digest(&v->entries[i].value);
		return n + v->count;
	}
	return 0;
}

bool
clasp_own_subscribe(struct clasp_session *s, const struct clasp_sub *sub,
    uint64_t now_us)
{
	struct clasp_own *own = &s->router->own;
	struct clasp_str pattern = clasp_sub_pattern(sub);
	struct making m;
	size_t i;

	if (!clasp_own_names(pattern))
		return false;
	if (own->watches++ == 0) {
		/* what is sent now need not be told again */
		making_start(&m, s->router, now_us);
		for (i = 0; i < FIGURES; i++) {
			figures[i].make(&m);
			own->told[i] = digest(&m.value);
		}
		making_end(&m);
		own->told_departed = own->departed.total;
		own->more = false;
		own->next_us = now_us + SECOND;
	}
	s->own_watches++;
	if (sub->types & 1 << CLASP_PARAM)
		tell_all(s, pattern, now_us);
	return true;
}

void
clasp_own_unsubscribe(struct clasp_session *s, const struct clasp_sub *sub)
{
	if (!clasp_own_names(clasp_sub_pattern(sub)))
		return;
	s->own_watches--;
	s->router->own.watches--;
}

void
clasp_own_leave(struct clasp_session *s)
{
	struct clasp_own *own = &s->router->own;
	uint64_t now_us = own->now_us > s->last_in_us ? own->now_us :
	    s->last_in_us;

	own->watches -= s->own_watches;
	s->own_watches = 0;
	clasp_departed_add(&own->departed, s->author, clasp_str_c(s->name),
	    s->opened_us, now_us);
}

/* ---------------------------------------------------------------- updates */

/* Who wants this address; *out as by clasp_subs_match. */
static int
watchers(struct clasp_router *router, struct clasp_str address,
    const struct clasp_match **out)
{
	return clasp_subs_match(router->subs, address, clasp_hash(address),
	    out);
}

/* One that is not sent for want of room is not remembered: a second later
 * there are new ones. */
static void
update(struct clasp_router *router, struct clasp_str address,
    const struct clasp_value *value, uint64_t now_us)
{
	struct clasp_msg msg = { .type = CLASP_SET };
	struct clasp_cast cast = {
		.address = address,
		.hash = clasp_hash(address),
		.types = 1 << CLASP_PARAM,
		.msg = &msg,
		.payload = CLASP_STR_NONE,
	};
	const struct clasp_match *matches;
	struct clasp_parcel *parcel = NULL;
	struct clasp_session *s;
	int n = watchers(router, address, &matches), i;

	msg.set.address = address;
	msg.set.value = *value;
	msg.set.has_revision = true;
	msg.set.revision = revision(router, now_us);
	for (i = 0; i < n; i++) {
		s = clasp_session_of(matches[i].owner);
		if (matches[i].paced & cast.types)
			clasp_pace_deliver(s, matches[i].only, &cast, &parcel,
			    now_us);
		else if (matches[i].types & cast.types)
			clasp_session_deliver(s, &cast, now_us);
	}
	clasp_parcel_drop(parcel);
}

static void
update_figures(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_own *own = &router->own;
	struct making m;
	uint64_t n;
	size_t i;

	making_start(&m, router, now_us);
	for (i = 0; i < FIGURES; i++) {
		figures[i].make(&m);
		n = digest(&m.value);
		if (n == own->told[i])
			continue;
		own->told[i] = n;
		update(router, clasp_str_c(figures[i].address),
		    &m.value, now_us);
	}
	making_end(&m);
}

/* What changes in a portrait, as one number: making it is much more work. */
static uint64_t
stir(const struct clasp_session *s)
{
	uint64_t n = s->messages_in;

	n = n * 31 + s->subscriber.count;
	n = n * 31 + s->author->nlocks;
	n = n * 31 + s->out.msgs;
	return n * 31 + s->drops;
}

/* The sessions that are here; less is left of `most`. */
static void
update_present(struct clasp_router *router, uint64_t now_us, int *most)
{
	const struct clasp_match *matches;
	struct clasp_str address;
	struct clasp_session *s;
	struct clasp_value value;
	struct portrait p;
	uint64_t n;

	for (s = router->sessions[CLASP_SESSION_OPEN].first;
	    s != NULL && *most > 0; s = s->next) {
		n = stir(s);
		if (n == s->own_told || now_us < s->own_told_us + SECOND)
			continue;
		s->own_told = n;
		s->own_told_us = now_us;
		address = portrait_address(&p, s->author);
		if (watchers(router, address, &matches) <= 0)
			continue;
		value = portray(&p, s);
		update(router, address, &value, now_us);
		(*most)--;
	}
}

/* Those that have left since they were last told of. */
static void
update_departed(struct clasp_router *router, uint64_t now_us, int *most)
{
	struct clasp_own *own = &router->own;
	const struct clasp_departed_one *one;
	struct clasp_value value;
	struct portrait p;

	if (own->told_departed < clasp_departed_first(&own->departed))
		own->told_departed = clasp_departed_first(&own->departed);
	while (own->told_departed < own->departed.total && (*most)-- > 0) {
		one = clasp_departed_at(&own->departed, own->told_departed++);
		value = portray_departed(&p, one);
		update(router, portrait_address(&p, one->author),
		    &value, now_us);
	}
}

uint64_t
clasp_own_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_own *own = &router->own;
	int most = TURN_MAX;

	look(router, now_us);
	if (own->watches == 0)
		return UINT64_MAX;
	if (now_us < own->next_us)
		return own->next_us;
	if (!own->more)
		update_figures(router, now_us);
	update_present(router, now_us, &most);
	update_departed(router, now_us, &most);
	/* what is left goes out in the turns that follow */
	own->more = most <= 0;
	if (own->more)
		return now_us;
	own->next_us = now_us + SECOND;
	return own->next_us;
}
