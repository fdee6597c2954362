/*
 * router.c - what each message does.
 *
 * A handler checks in the order that decides which of several reasons a
 * client is told, changes the state, queues to every recipient and last the
 * reply: on the sender's own connection the echo of a SET stands before its
 * ACK.
 */
#include "core/router.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "core/bundle.h"
#include "core/p2p.h"
#include "core/session.h"
#include "wire/address.h"

/* Bytes of a SET around its address and value, revision and TTL included. */
#define SET_OVERHEAD	16
/* How often the sockets of those whose queues are full are looked at. */
#define FULL_ASK_US	UINT64_C(5000000)

/* ------------------------------------------------------------- lifecycle */

void
clasp_router_config_init(struct clasp_router_config *config)
{
	*config = (struct clasp_router_config){
		.name = CLASP_STR("CLASP Relay"),
		.max_sessions = 1000,
		.max_subscriptions = 100,
		.max_params = 100000,
		.max_signals = 100000,
		.queue_msgs = 1000,
		.queue_bytes = 16u << 20,
		.param_ttl_s = 3600,
		.signal_ttl_s = 3600,
		.gestures = true,
		.gesture_us = 16000,
		.handshake_us = 10000000,
	};
}

static struct clasp_str
id_of(const void *session)
{
	return clasp_author_id(
	    ((const struct clasp_session *)session)->author);
}

struct clasp_router *
clasp_router_new(const struct clasp_router_config *config,
    const struct clasp_router_events *events, void *user)
{
	struct clasp_router *router = calloc(1, sizeof *router);

	if (router == NULL)
		return NULL;
	if (clasp_hash_seed == 0)
		clasp_hash_seed = config->hash_seed;
	router->config = *config;
	if (router->config.queue_msgs == 0)
		router->config.queue_msgs = 1;
	if (router->config.queue_bytes == 0)
		router->config.queue_bytes = 1;
	router->events = *events;
	router->user = user;
	router->random = config->random_seed;
	router->ids.key = id_of;
	clasp_slabs_init(&router->casts, 0);
	clasp_slabs_init(&router->replies, 0);
	clasp_snapshots_init(&router->snapshots);
	clasp_gestures_init(&router->gestures);
	clasp_own_init(&router->own);
	clasp_arena_init(&router->arena, router->room, sizeof router->room,
	    64 * CLASP_PAYLOAD_MAX + 4096);
	router->store = clasp_store_new(config->max_params,
	    config->param_ttl_s, config->evict);
	router->subs = clasp_subs_new();
	router->signals = clasp_signals_new(config->max_signals,
	    config->signal_ttl_s);
	router->retained = clasp_retained_new(config->param_ttl_s);
	router->name = malloc(config->name.len + 1);
	if (router->store == NULL || router->subs == NULL ||
	    router->signals == NULL || router->retained == NULL ||
	    router->name == NULL) {
		clasp_router_free(router);
		return NULL;
	}
	if (config->name.len > 0)
		memcpy(router->name, config->name.p, config->name.len);
	router->name[config->name.len] = '\0';
	router->config.name = clasp_str_of(router->name, config->name.len);
	return router;
}

void
clasp_router_free(struct clasp_router *router)
{
	int i;

	if (router == NULL)
		return;
	clasp_gestures_clear(&router->gestures);
	for (i = 0; i < CLASP_SESSION_STATES; i++)
		while (router->sessions[i].first != NULL)
			clasp_session_close(router->sessions[i].first, 0);
	clasp_schedule_clear(router);
	clasp_paces_clear(&router->paces);
	clasp_own_clear(&router->own);
	clasp_table_clear(&router->ids);
	clasp_snapshots_clear(&router->snapshots);
	clasp_slabs_clear(&router->casts);
	clasp_slabs_clear(&router->replies);
	clasp_store_free(router->store);
	if (router->subs != NULL)
		clasp_subs_free(router->subs);
	clasp_signals_free(router->signals);
	clasp_retained_free(router->retained);
	clasp_arena_clear(&router->arena);
	free(router->name);
	free(router);
}

uint64_t
clasp_router_random(struct clasp_router *router)
{
	uint64_t z = router->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
clasp_router_log(struct clasp_router *router, int level, const char *format,
    ...)
{
	char text[1400];
	va_list ap;

	if (router->events.log == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	router->events.log(router->user, level, text, NULL);
}

void
clasp_session_log(const struct clasp_session *s, int level,
    const char *format, ...)
{
	const struct clasp_router *router = s->router;
	struct clasp_log_about about = { .name = clasp_str_c(s->name) };
	char text[1400];
	va_list ap;

	if (router->events.log == NULL)
		return;
	if (s->author != NULL)
		about.session = clasp_author_id(s->author);
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	router->events.log(router->user, level, text, &about);
}

void
clasp_router_enter(struct clasp_router *router)
{
	router->busy++;
}

void
clasp_router_leave(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_session *s;

	if (router->busy > 1) {
		router->busy--;
		return;
	}
	if (router->gestures.left.first != NULL)
		clasp_gestures_cancel(router, now_us);
	if (router->due != NULL)
		clasp_run_end(router);
	while ((s = router->due) != NULL) {
		router->due = s->next_due;
		s->due = false;
		clasp_session_settle(s, now_us);
	}
	while ((s = router->gone) != NULL) {
		router->gone = s->next;
		clasp_session_free(s);
	}
	router->busy = 0;
}

void
clasp_router_settle(struct clasp_router *router)
{
	clasp_run_end(router);
}

uint64_t
clasp_router_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_sessions *waiting =
	    &router->sessions[CLASP_SESSION_HANDSHAKE];
	struct clasp_session *s;
	const struct clasp_due *waits;
	uint64_t next, at;

	clasp_router_enter(router);
	router->now_us = now_us;
	clasp_run_end(router);
	next = clasp_snapshots_tick(&router->snapshots, now_us);
	at = clasp_schedule_tick(router, now_us);
	next = at < next ? at : next;
	at = clasp_gestures_tick(router, now_us);
	next = at < next ? at : next;
	at = clasp_pace_tick(router, now_us);
	next = at < next ? at : next;
	at = clasp_sweep_tick(router, now_us);
	next = at < next ? at : next;
	at = clasp_own_tick(router, now_us);
	next = at < next ? at : next;
	if (clasp_snapshot_search(router, now_us))
		next = now_us;
	while ((s = waiting->first) != NULL) {
		at = s->opened_us + router->config.handshake_us;
		if (at > now_us) {
			next = at < next ? at : next;
			break;
		}
		clasp_session_shut(s, CLASP_CLOSE_POLICY, "no HELLO in time");
	}
	if (router->first_full != NULL &&
	    now_us >= router->full_asked_us + FULL_ASK_US)
		clasp_sessions_ask_full(router, now_us);
	while ((s = router->first_full) != NULL) {
		at = s->full_since_us + CLASP_SESSION_STUCK_US;
		if (at > now_us) {
			next = at < next ? at : next;
			break;
		}
		clasp_session_stuck(s);
		/* its gestures end now: others have to be looked at again */
		next = now_us;
	}
	at = router->full_asked_us + FULL_ASK_US;
	if (router->first_full != NULL && at < next)
		next = at;
	clasp_router_leave(router, now_us);
	/* what was sent since then may have to wait */
	waits = clasp_dues_first(&router->paces.due);
	if (waits != NULL && waits->at_us < next)
		next = waits->at_us;
	return next;
}

bool
clasp_router_ready(const struct clasp_router *router)
{
	return router->searching != NULL;
}

void
clasp_router_shutdown(struct clasp_router *router, uint64_t now_us)
{
	uint32_t dropped = clasp_schedule_clear(router);
	struct clasp_session *s;

	if (dropped > 0)
		clasp_router_log(router, CLASP_LOG_WARN,
		    "%u scheduled bundles will not run", (unsigned)dropped);
	clasp_router_enter(router);
	while ((s = router->sessions[CLASP_SESSION_OPEN].first) != NULL) {
		clasp_pace_flush(s, CLASP_STR_NONE, now_us);
		clasp_session_error(s, 501, CLASP_STR_NONE, "shutting down");
		clasp_session_shut(s, CLASP_CLOSE_GOING_AWAY,
		    "shutting down");
	}
	while ((s = router->sessions[CLASP_SESSION_HANDSHAKE].first) != NULL)
		clasp_session_shut(s, CLASP_CLOSE_GOING_AWAY,
		    "shutting down");
	clasp_router_leave(router, now_us);
}

void
clasp_router_stats(const struct clasp_router *router,
    struct clasp_router_stats *out)
{
	struct clasp_losses losses;

	*out = (struct clasp_router_stats){
		.sessions = router->sessions[CLASP_SESSION_OPEN].count,
		.subscriptions = clasp_subs_count(router->subs),
		.params = clasp_store_count(router->store),
		.signals = clasp_signals_count(router->signals),
		.scheduled = router->schedule.due.count,
		.messages_in = router->messages_in,
		.messages_out = router->messages_out,
		.drops = router->drops,
	};
	clasp_sweep_losses(router, &losses);
	out->expired = losses.expired;
	out->evicted = losses.evicted;
}

const struct clasp_figures *
clasp_router_figures(const struct clasp_router *router)
{
	return &router->figures;
}

int
clasp_router_configure(struct clasp_router *router,
    const struct clasp_policy *policies, uint32_t count)
{
	return clasp_store_configure(router->store, policies, count);
}

void
clasp_router_set_host(struct clasp_router *router,
    const struct clasp_router_host *host)
{
	router->host = *host;
}

/* ---------------------------------------------------- shared with bundles */

static bool
refuse(struct clasp_refusal *refusal, uint16_t code, const char *text)
{
	refusal->code = code;
	snprintf(refusal->text, sizeof refusal->text, "%s", text);
	return false;
}

static bool
below(struct clasp_str address, const char *top)
{
	struct clasp_str prefix = clasp_str_c(top);

	return clasp_str_starts(address, prefix) &&
	    (address.len == prefix.len || address.p[prefix.len] == '/');
}

static bool
admit_address(struct clasp_str address, struct clasp_refusal *refusal)
{
	const char *why = NULL;

	if (clasp_address_check(address, &why) == 0)
		return true;
	refusal->code = 200;
	snprintf(refusal->text, sizeof refusal->text, "invalid address: %s",
	    why ? why : "malformed");
	return false;
}

bool
clasp_router_admit(const struct clasp_msg *msg, struct clasp_refusal *refusal)
{
	bool set = msg->type == CLASP_SET;
	struct clasp_str address = set ? msg->set.address :
	    msg->publish.address;

	refusal->code = 0;
	if (!admit_address(address, refusal))
		return false;
	if (clasp_own_names(address))
		return refuse(refusal, 301, "the relay's own figures "
		    "cannot be written");
	if (set && SET_OVERHEAD + address.len +
	    clasp_value_size(&msg->set.value) > CLASP_PAYLOAD_MAX)
		return refuse(refusal, 402, "value too large");
	return true;
}

/* Field by field: returned as a whole it would be copied, for every SET. */
void
clasp_router_write(struct clasp_router *router, struct clasp_author *author,
    const struct clasp_set *set, uint64_t now_us, struct clasp_write *out)
{
	out->address = set->address;
	out->hash = clasp_hash(set->address);
	out->value = set->value;
	out->author = author;
	out->has_revision = set->has_revision;
	out->lock = set->lock;
	out->unlock = set->unlock;
	out->has_ttl = set->has_ttl;
	out->revision = set->revision;
	out->ttl = set->ttl;
	out->has_range = clasp_signals_range(router->signals, out->address,
	    out->hash, now_us, &out->low, &out->high);
}

/* A number of a message to people. */
static const char *
number_text(const struct clasp_value *v, char text[CLASP_NUMBER_MAX + 1])
{
	size_t n = v->type == CLASP_INT ?
	    clasp_int_format(text, v->integer) :
	    clasp_float_format(text, v->number);

	text[n] = '\0';
	return text;
}

void
clasp_router_refuse(int error, const struct clasp_write *write,
    const struct clasp_outcome *outcome, struct clasp_refusal *refusal)
{
	char low[CLASP_NUMBER_MAX + 1], high[CLASP_NUMBER_MAX + 1];

	switch (error) {
	case CLASP_EREVISION:
		refusal->code = 400;
		snprintf(refusal->text, sizeof refusal->text,
		    "revision conflict: expected %llu, actual %llu",
		    (unsigned long long)write->revision,
		    (unsigned long long)outcome->revision);
		break;
	case CLASP_ELOCKED:
		refusal->code = 401;
		snprintf(refusal->text, sizeof refusal->text,
		    "locked by session %s", outcome->holder->id);
		break;
	case CLASP_ERANGE:
		refusal->code = 402;
		snprintf(refusal->text, sizeof refusal->text,
		    "value out of range: %s to %s is allowed",
		    number_text(&outcome->range.low, low),
		    number_text(&outcome->range.high, high));
		break;
	case CLASP_ESTRATEGY:
		refusal->code = 400;
		snprintf(refusal->text, sizeof refusal->text,
		    "refused by strategy: %s",
		    clasp_strategy_name(outcome->strategy));
		break;
	case CLASP_EVALUE:
		refuse(refusal, 402, "NaN cannot be compared");
		break;
	case CLASP_EFULL:
		refuse(refusal, 501, clasp_strerror(error));
		break;
	case CLASP_ENOMEM:
		refuse(refusal, 500, clasp_strerror(error));
		break;
	default:
		refuse(refusal, 402, clasp_strerror(error));
	}
}

void
clasp_router_cast(struct clasp_router *router, struct clasp_cast *cast,
    const struct clasp_session *except, uint64_t now_us)
{
	const struct clasp_match *matches;
	int n;

	if (clasp_run_take(router, cast, except))
		return;
	n = clasp_subs_match(router->subs, cast->address, cast->hash,
	    &matches);
	clasp_session_deliver_all(router, matches, n, cast, except, now_us);
	clasp_run_begin(router, matches, n, cast, except);
}

void
clasp_router_cast_set(struct clasp_router *router,
    const struct clasp_set *set, const struct clasp_write *write,
    uint64_t revision, uint64_t now_us)
{
	struct clasp_cast cast;
	struct clasp_msg msg;

	msg.type = CLASP_SET;
	msg.set = *set;
	msg.set.has_revision = true;
	msg.set.revision = revision;
	/* spans are filled as they are needed */
	cast.address = set->address;
	cast.hash = write->hash;
	cast.types = 1 << CLASP_PARAM;
	cast.newest = true;
	cast.msg = &msg;
	cast.payload = CLASP_STR_NONE;
	cast.ready = 0;
	clasp_router_cast(router, &cast, NULL, now_us);
}

/* The last timeline of an address stays; one without keyframes ends it. */
static void
retain(struct clasp_router *router, const struct clasp_publish *p,
    uint64_t hash, struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_value *keyframes = NULL;

	if (p->content == CLASP_CONTENT_VALUE && p->value.type == CLASP_MAP)
		keyframes = clasp_map_get(&p->value, CLASP_STR("keyframes"));
	if (keyframes == NULL || keyframes->type != CLASP_ARRAY ||
	    keyframes->count == 0)
		clasp_retained_remove(router->retained, p->address, hash);
	else if (clasp_retained_put(router->retained, p->address, hash,
	    payload, now_us) < 0)
		clasp_router_log(router, CLASP_LOG_ERROR,
		    "%.*s: no memory to keep its timeline",
		    CLASP_STR_ARG(p->address));
}

void
clasp_router_cast_gesture(struct clasp_router *router,
    const struct clasp_session *sender, uintptr_t origin,
    const struct clasp_msg *msg, struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_publish *p = &msg->publish;
	struct clasp_cast cast;

	cast.address = p->address;
	cast.hash = clasp_hash(p->address);
	cast.types = (uint8_t)(1u << p->kind);
	cast.newest = false;
	cast.msg = msg;
	cast.payload = payload;
	cast.qos = clasp_msg_qos(msg);
	cast.ready = 0;
	cast.origin = origin;
	clasp_router_cast(router, &cast, sender, now_us);
}

void
clasp_router_cast_publish(struct clasp_router *router,
    const struct clasp_session *sender, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_publish *p = &msg->publish;

	clasp_router_cast_gesture(router, sender, (uintptr_t)sender, msg,
	    payload, now_us);
	if (p->kind == CLASP_TIMELINE)
		retain(router, p, clasp_hash(p->address), payload, now_us);
}

/* -------------------------------------------------------------- handlers */

static void
on_set(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_set *set = &msg->set;
	struct clasp_refusal refusal;
	struct clasp_outcome outcome;
	struct clasp_write write;
	struct clasp_msg ack;
	int error;

	(void)payload;
	if (!clasp_router_admit(msg, &refusal)) {
		clasp_session_error(s, refusal.code, set->address,
		    refusal.text);
		return;
	}
	clasp_router_write(s->router, s->author, set, now_us, &write);
	error = clasp_store_set(s->router->store, &write, now_us, &outcome);
	if (error < 0) {
		clasp_router_refuse(error, &write, &outcome, &refusal);
		clasp_session_error(s, refusal.code, set->address,
		    refusal.text);
		return;
	}
	clasp_router_cast_set(s->router, set, &write, outcome.revision, now_us);
	ack.type = CLASP_ACK;
	ack.ack = (struct clasp_ack){
		.address = set->address,
		.has_revision = true,
		.revision = outcome.revision,
	};
	if (set->lock || set->unlock) {
		ack.ack.has_locked = true;
		ack.ack.locked = outcome.holder != NULL;
		if (outcome.holder != NULL)
			ack.ack.holder = clasp_str_of(outcome.holder->id,
			    outcome.holder->len);
	}
	clasp_session_reply(s, &ack);
}

static void
on_get(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	struct clasp_str address = msg->get.address;
	uint64_t hash = clasp_hash(address);
	const struct clasp_record *r;
	struct clasp_refusal refusal;

	(void)payload;
	if (!admit_address(address, &refusal)) {
		clasp_session_error(s, refusal.code, address, refusal.text);
		return;
	}
	if (clasp_own_names(address)) {
		clasp_own_get(s, address, now_us);
		return;
	}
	r = clasp_store_get(s->router->store, address, hash, now_us);
	if (r == NULL) {
		clasp_session_error(s, 201, address, "no such parameter");
		return;
	}
	/* what waits is older than what this shows */
	clasp_pace_flush_one(s, address, hash, now_us);
	clasp_snapshot_one(s, r);
}

/* A MessagePack map is sent on in the binary form. */
static bool
is_legacy(struct clasp_str payload)
{
	uint8_t first = payload.len ? (uint8_t)payload.p[0] : 0;

	return (first & 0xf0) == 0x80 || first >= 0xde;
}

static void
on_publish(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	struct clasp_router *router = s->router;
	struct clasp_str address = msg->publish.address;
	struct clasp_refusal refusal;
	int n;

	if (!clasp_router_admit(msg, &refusal)) {
		clasp_session_error(s, refusal.code, address, refusal.text);
		return;
	}
	if (is_legacy(payload)) {
		n = clasp_msg_encode(router->scratch, sizeof router->scratch,
		    msg);
		if (n < 0) {
			clasp_session_error(s, 402, address,
			    "value too large");
			return;
		}
		payload = clasp_str_of((char *)router->scratch, (size_t)n);
	}
	if (below(address, "/clasp/p2p") &&
	    clasp_p2p_take(s, msg, payload, now_us))
		return;
	if (msg->publish.kind == CLASP_GESTURE && router->config.gestures &&
	    clasp_gesture_take(s, &msg->publish, payload, now_us))
		return;
	clasp_router_cast_publish(router, s, msg, payload, now_us);
}

static void
forget_sub(struct clasp_session *s, struct clasp_sub *sub)
{
	clasp_own_unsubscribe(s, sub);
	clasp_subs_remove(s->router->subs, sub);
}

static void
on_subscribe(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_subscribe *m = &msg->subscribe;
	struct clasp_router *router = s->router;
	uint32_t max = router->config.max_subscriptions;
	struct clasp_sub *old, *sub;
	const char *why = NULL;
	char text[120];

	(void)payload;
	old = clasp_subscriber_find(&s->subscriber, m->id);
	if (max > 0 && old == NULL && s->subscriber.count >= max) {
		snprintf(text, sizeof text,
		    "Subscription limit reached (max %u)", (unsigned)max);
		clasp_session_error(s, 429, m->pattern, text);
		return;
	}
	if (clasp_pattern_check(m->pattern, &why) < 0) {
		snprintf(text, sizeof text, "invalid pattern: %s",
		    why ? why : "malformed");
		clasp_session_error(s, 202, m->pattern, text);
		return;
	}
	sub = clasp_subs_add(router->subs, &s->subscriber, m->id, m->pattern,
	    m->types);
	if (sub != NULL && clasp_pace_begin(&router->paces, sub,
	    m->has_max_rate ? m->max_rate : 0,
	    m->has_epsilon ? m->epsilon : 0) < 0) {
		clasp_subs_remove(router->subs, sub);
		sub = NULL;
	}
	if (sub == NULL) {
		clasp_session_error(s, 500, m->pattern, "out of memory");
		return;
	}
	if (old != NULL)
		forget_sub(s, old);
	sub->history = m->has_history ? m->history : 0;
	sub->window = m->has_window ? m->window : 0;
	if (clasp_own_subscribe(s, sub, now_us))
		return;
	if (sub->types & 1 << CLASP_PARAM)
		clasp_snapshot_send(s, clasp_sub_pattern(sub), false,
		    &sub->id, now_us);
	else
		clasp_snapshot_timelines(s, sub->id, now_us);
}

static void
on_unsubscribe(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	struct clasp_sub *sub = clasp_subscriber_find(&s->subscriber,
	    msg->unsubscribe.id);

	(void)payload;
	(void)now_us;
	if (sub != NULL)
		forget_sub(s, sub);
}

static void
on_announce(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_announce *m = &msg->announce;
	struct clasp_msg ack = { .type = CLASP_ACK };
	const char *why = NULL;
	char text[120];
	uint32_t i;

	(void)payload;
	for (i = 0; i < m->count; i++)
		if (clasp_pattern_check(m->signals[i].address, &why) < 0) {
			snprintf(text, sizeof text,
			    "invalid signal address: %s",
			    why ? why : "malformed");
			clasp_session_error(s, 202, m->signals[i].address,
			    text);
			return;
		}
	for (i = 0; i < m->count; i++)
		if (clasp_signals_put(s->router->signals, &m->signals[i],
		    now_us) < 0) {
			clasp_session_error(s, 500, m->signals[i].address,
			    "out of memory");
			return;
		}
	ack.ack.address = m->namespace_;
	clasp_session_reply(s, &ack);
}

/* Bytes of a signal in a RESULT. */
static size_t
result_bytes(const struct clasp_signal *signal)
{
	return 2 + signal->address.len + 1 + 1 + 2 + signal->datatype.len +
	    2 + signal->access.len;
}

static void
on_query(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	struct clasp_str pattern = msg->query.pattern;
	struct clasp_msg result = { .type = CLASP_RESULT };
	struct clasp_signal part[CLASP_SNAPSHOT_ENTRIES];
	const struct clasp_signal **found;
	const char *why = NULL;
	size_t bytes;
	int i = 0, n;

	(void)payload;
	if (clasp_pattern_check(pattern, &why) < 0) {
		clasp_session_error(s, 202, pattern, why ? why : "malformed");
		return;
	}
	n = clasp_signals_find(s->router->signals, pattern, now_us, &found);
	if (n < 0) {
		clasp_session_error(s, 500, pattern, "out of memory");
		return;
	}
	result.result.signals = part;
	do {
		result.result.count = 0;
		for (bytes = 3; i < n && result.result.count <
		    CLASP_SNAPSHOT_ENTRIES; i++) {
			bytes += result_bytes(found[i]);
			if (bytes > CLASP_PAYLOAD_MAX &&
			    result.result.count > 0)
				break;
			part[result.result.count] = *found[i];
			part[result.result.count++].has_meta = false;
		}
		clasp_session_reply(s, &result);
	} while (i < n);
	free(found);
}

static void
on_sync(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_router_events *events = &s->router->events;
	struct clasp_msg reply = { .type = CLASP_SYNC };

	(void)payload;
	reply.sync.t1 = msg->sync.t1;
	reply.sync.has_t2 = reply.sync.has_t3 = true;
	reply.sync.t2 = reply.sync.t3 = now_us;
	/* what was spent here is not the way between the two clocks */
	if (events->clock != NULL)
		reply.sync.t3 = events->clock(s->router->user);
	clasp_session_reply(s, &reply);
}

static void
on_ping(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	(void)msg;
	(void)payload;
	(void)now_us;
	clasp_session_reply(s, &(struct clasp_msg){ .type = CLASP_PONG });
}

static void
on_hello_again(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	(void)msg;
	(void)payload;
	(void)now_us;
	clasp_session_error(s, 101, CLASP_STR_NONE,
	    "session already established");
}

static void
on_replay(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const char *why = NULL;

	(void)payload;
	(void)now_us;
	if (clasp_pattern_check(msg->replay.pattern, &why) < 0)
		clasp_session_error(s, 202, msg->replay.pattern,
		    why ? why : "malformed");
	else
		clasp_session_error(s, 501, msg->replay.pattern,
		    "no journal");
}

static void
on_federation(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	(void)msg;
	(void)payload;
	(void)now_us;
	clasp_session_error(s, 403, CLASP_STR_NONE,
	    "this session has no federation");
}

/* What a client may send once established; the rest is ignored. */
static void (*const handlers[256])(struct clasp_session *s,
    const struct clasp_msg *msg, struct clasp_str payload,
    uint64_t now_us) = {
	[CLASP_HELLO] = on_hello_again,
	[CLASP_ANNOUNCE] = on_announce,
	[CLASP_FEDERATION] = on_federation,
	[CLASP_SUBSCRIBE] = on_subscribe,
	[CLASP_UNSUBSCRIBE] = on_unsubscribe,
	[CLASP_PUBLISH] = on_publish,
	[CLASP_SET] = on_set,
	[CLASP_GET] = on_get,
	[CLASP_REPLAY] = on_replay,
	[CLASP_BUNDLE] = clasp_bundle_run,
	[CLASP_SYNC] = on_sync,
	[CLASP_PING] = on_ping,
	[CLASP_QUERY] = on_query,
};

void
clasp_router_dispatch(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	/* others may change who gets what */
	if (msg->type != CLASP_SET && msg->type != CLASP_PUBLISH)
		clasp_run_end(s->router);
	if (handlers[msg->type] != NULL)
		handlers[msg->type](s, msg, payload, now_us);
}
