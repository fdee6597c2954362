/* oracle_queue.c - the model's queues, and what becomes of slow readers. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW	(10 * ORACLE_SECOND)

bool
oracle_over(const struct oracle *o, const struct oracle_session *s)
{
	return s->nlens >= o->config.queue ||
	    s->bytes >= (uint64_t)o->config.bytes;
}

static bool
half(const struct oracle *o, const struct oracle_session *s)
{
	return s->nlens <= o->config.queue / 2 &&
	    s->bytes <= (uint64_t)o->config.bytes / 2;
}

static void
push(struct oracle *o, struct oracle_session *s, size_t n)
{
	if (s->nlens == s->cap_lens) {
		s->cap_lens = s->cap_lens ? s->cap_lens * 2 : 16;
		s->lens = realloc(s->lens, s->cap_lens * sizeof *s->lens);
		if (s->lens == NULL)
			abort();
	}
	s->lens[s->nlens++] = n;
	s->bytes += n;
	o->messages++;
}

struct clasp_str
oracle_peek(const struct oracle_session *s)
{
	struct clasp_str payload = CLASP_STR_NONE;
	size_t at = s->link->judged;
	uint8_t qos;

	if (sim_link_frame(s->link, s->link->out.len, &at, &payload,
	    &qos) <= 0)
		return CLASP_STR_NONE;
	return payload;
}

/*
 * When many more were missed than there are, the router counts those that
 * have expired as dropped sooner or later: then the moment of a notice is its
 * own affair.
 */
static void
skip_notice(struct oracle *o, struct oracle_session *s)
{
	struct clasp_str payload = oracle_peek(s);
	struct clasp_msg m;
	uint8_t qos;
	int n;

	clasp_arena_reset(&o->arena);
	if (!o->config.churn || payload.len == 0 ||
	    payload.p[0] != CLASP_ERROR ||
	    clasp_msg_decode((const uint8_t *)payload.p, payload.len,
	    &o->arena, 0, &m) < 0 || m.error.code != 503)
		return;
	n = sim_link_frame(s->link, s->link->out.len, &s->link->judged,
	    &payload, &qos);
	push(o, s, (size_t)n);
}

void
oracle_skip_notices(struct oracle *o)
{
	int i;

	for (i = 0; i < SIM_CLIENTS; i++)
		if (o->sessions[i].state != GONE)
			skip_notice(o, &o->sessions[i]);
}

const struct clasp_msg *
oracle_next(struct oracle *o, struct oracle_session *s, enum sim_promise p,
    const char *what)
{
	static struct clasp_msg msg;
	uint8_t qos;
	int n;

	sim_stake(p);
	sim_stake(P_ORDER);
	skip_notice(o, s);
	clasp_arena_reset(&o->arena);
	n = sim_link_frame(s->link, s->link->out.len, &s->link->judged,
	    &o->came, &qos);
	if (n < 0) {
		sim_broken(p, "session %llu: not a frame where %s is due",
		    (unsigned long long)s->serial, what);
		return NULL;
	}
	if (n == 0) {
		sim_broken(p, "session %llu: nothing came where %s is due",
		    (unsigned long long)s->serial, what);
		return NULL;
	}
	push(o, s, (size_t)n);
	memset(&msg, 0, sizeof msg);
	if (clasp_msg_decode((const uint8_t *)o->came.p, o->came.len,
	    &o->arena, 0, &msg) < 0) {
		sim_broken(p, "session %llu: what came for %s does not "
		    "decode", (unsigned long long)s->serial, what);
		return NULL;
	}
	if (qos != clasp_msg_qos(&msg))
		sim_broken(p, "%s has QoS %u", what, qos);
	return &msg;
}

static void
fill(struct oracle *o, struct oracle_session *s)
{
	s->full = true;
	s->full_us = o->now_us;
	s->full_order = ++o->touches;
}

/* More waits, and what is there does not leave. */
static void
look_full(struct oracle *o, struct oracle_session *s)
{
	bool full = s->state == OPEN && s->bytes > 0 && (s->nmissed > 0 ||
	    s->job || s->paused || oracle_over(o, s));

	if (full && !s->full)
		fill(o, s);
	s->full = full;
}

static void
take(struct oracle *o, struct oracle_session *s, size_t n)
{
	if (n == 0)
		return;
	s->bytes -= n;
	s->head_sent += n;
	while (s->nlens > 0 && s->head_sent >= s->lens[0]) {
		s->head_sent -= s->lens[0];
		memmove(s->lens, s->lens + 1, --s->nlens * sizeof *s->lens);
	}
	s->blocked = false;
	if (s->bytes == 0)
		s->stuck = false;
	s->full = false;
	look_full(o, s);
	if (s->nmissed > 0 || s->job || s->paused)
		s->due = true;
}

void
oracle_taken(struct oracle *o, struct oracle_session *s, size_t n)
{
	if (s->window != SIM_OPEN_WINDOW)
		s->window -= n;
	take(o, s, n);
}

/* The socket is asked first: only what it refuses counts. */
static bool
has_room(struct oracle *o, struct oracle_session *s)
{
	size_t n;

	if (!oracle_over(o, s))
		return true;
	if (!s->stuck && s->bytes < (uint64_t)o->config.burst)
		return true;
	if (!s->blocked) {
		n = s->bytes < s->window ? s->bytes : (size_t)s->window;
		oracle_taken(o, s, n);
		if (!oracle_over(o, s)) {
			sim_stake(P_BURST);
			return true;
		}
	}
	s->blocked = true;
	if (!s->full)
		fill(o, s);
	return false;
}

const struct clasp_msg *
oracle_reply(struct oracle *o, struct oracle_session *s, uint8_t type,
    enum sim_promise p, const char *what)
{
	const struct clasp_msg *msg;

	if (s->state == CLOSING || s->state == GONE)
		return NULL;
	if (oracle_over(o, s))
		sim_stake(P_REPLIES);
	msg = oracle_next(o, s, p, what);
	if (msg != NULL && msg->type != type) {
		sim_broken(p, "session %llu: %s (%u) came where %s is due",
		    (unsigned long long)s->serial, clasp_msg_name(msg->type),
		    msg->type == CLASP_ERROR ? msg->error.code : 0, what);
		msg = NULL;
	}
	if (oracle_over(o, s) && !has_room(o, s)) {
		sim_stake(P_PAUSE);
		s->paused = true;
	}
	return msg;
}

void
oracle_error(struct oracle *o, struct oracle_session *s, int code,
    struct clasp_str address, enum sim_promise p)
{
	const struct clasp_msg *m;
	char what[40];

	snprintf(what, sizeof what, "ERROR %d", code);
	m = oracle_reply(o, s, CLASP_ERROR, p, what);
	if (m == NULL)
		return;
	if (m->error.code != code)
		sim_broken(p, "ERROR %u (%.*s) came, not %d",
		    m->error.code, CLASP_STR_ARG(m->error.message), code);
	else if (address.p != NULL && address.len <= 2048 &&
	    !clasp_str_eq(m->error.address, address))
		sim_broken(p, "ERROR %d is about %.*s, not %.*s", code,
		    CLASP_STR_ARG(m->error.address), CLASP_STR_ARG(address));
}

/* --------------------------------------------------------- slow readers */

static void
drop(struct oracle *o, struct oracle_session *s)
{
	sim_stake(P_COUNTED);
	o->drops++;
	s->drops++;
	if (s->drop_count == 0 || o->now_us >= s->drop_window_us + WINDOW) {
		s->drop_window_us = o->now_us;
		s->drop_count = 0;
	}
	s->drop_count++;
	if (!o->config.churn && s->drop_count >= 100 && (s->notice_us == 0 ||
	    o->now_us >= s->notice_us + WINDOW)) {
		s->notice_us = o->now_us;
		s->notice = true;
		s->due = true;
	}
}

static void
unmiss(struct oracle_session *s, uint32_t i)
{
	oracle_text_clear(&s->missed[i]);
	oracle_cut(s->missed, &s->nmissed, sizeof *s->missed, i);
}

static void
miss(struct oracle *o, struct oracle_session *s, struct clasp_str address)
{
	uint32_t i;

	for (i = 0; i < s->nmissed; i++)
		if (clasp_str_eq(oracle_str(&s->missed[i]), address)) {
			unmiss(s, i);
			drop(o, s);	/* the one before will not come */
			break;
		}
	s->missed = oracle_grow(s->missed, &s->nmissed, sizeof *s->missed);
	s->missed[s->nmissed - 1] = oracle_text(address);
}

bool
oracle_room(struct oracle *o, struct oracle_session *s,
    struct clasp_str missed)
{
	uint32_t i, others = 0;

	if (s->nmissed == 0 && has_room(o, s))
		return true;
	for (i = 0; i < SIM_CLIENTS; i++)
		others += &o->sessions[i] != s && o->sessions[i].state == OPEN;
	if (others > 0)
		sim_stake(P_APART);
	if (missed.p != NULL) {
		sim_stake(P_MISSED);
		miss(o, s, missed);
	} else {
		sim_stake(P_DROP);
		drop(o, s);
	}
	return false;
}

static void
send_notice(struct oracle *o, struct oracle_session *s)
{
	const struct clasp_msg *m;
	char number[24], text[512];
	uint64_t dropped = s->drop_count;

	s->notice = false;
	/* one soon after another tells what came between them */
	if (s->told_us != 0 && o->now_us - s->told_us < 2 * WINDOW)
		dropped = s->drops - s->told_drops;
	s->told_us = o->now_us;
	s->told_drops = s->drops;
	m = oracle_next(o, s, P_NOTICE, "ERROR 503");
	if (m == NULL)
		return;
	snprintf(number, sizeof number, " %llu ",
	    (unsigned long long)dropped);
	snprintf(text, sizeof text, "%.*s", m->type == CLASP_ERROR ?
	    (int)m->error.message.len : 0, m->type == CLASP_ERROR ?
	    m->error.message.p : "");
	if (m->type != CLASP_ERROR || m->error.code != 503 ||
	    m->error.address.p != NULL)
		sim_broken(P_NOTICE, "%s came where ERROR 503 is due",
		    clasp_msg_name(m->type));
	else if (strstr(text, "Buffer overflow") == NULL ||
	    strstr(text, number) == NULL)
		sim_broken(P_NOTICE, "\"%s\" does not tell of%sdrops",
		    text, number);
}

/* The newest value of the first missed address. */
static void
send_newest(struct oracle *o, struct oracle_session *s)
{
	struct clasp_str address = oracle_str(&s->missed[0]);
	const struct oracle_param *r = oracle_param(o, address);
	const struct clasp_msg *m;

	if (r == NULL || !oracle_wants(s, address, 1 << CLASP_PARAM)) {
		drop(o, s);
		return;
	}
	m = oracle_next(o, s, P_MISSED, "the newest value of a missed SET");
	if (m == NULL)
		return;
	if (m->type != CLASP_SET || !clasp_str_eq(m->set.address, address))
		sim_broken(P_MISSED, "%s came where a missed SET of %.*s "
		    "is due", clasp_msg_name(m->type),
		    CLASP_STR_ARG(address));
	else if (m->set.revision != r->revision ||
	    !oracle_value_is(&r->value, &m->set.value))
		sim_broken(P_MISSED, "not the newest value of %.*s: "
		    "revision %llu, not %llu", CLASP_STR_ARG(address),
		    (unsigned long long)m->set.revision,
		    (unsigned long long)r->revision);
	oracle_rising(o, s, address, r->life, r->revision, false);
	oracle_pace_sent(o, s, address, &r->value);
}

void
oracle_settle(struct oracle *o, struct oracle_session *s)
{
	s->due = false;
	if (s->state != OPEN)
		return;
	if (s->notice)
		send_notice(o, s);
	if (s->nmissed > 0 && half(o, s))
		while (s->nmissed > 0 && !oracle_over(o, s) &&
		    sim_breach() == PROMISES) {
			send_newest(o, s);
			unmiss(s, 0);
		}
	if (s->job)
		oracle_snapshot_step(o, s);
	if (s->paused && half(o, s)) {
		sim_stake(P_RESUME);
		s->paused = false;
	}
	look_full(o, s);
}

/* Revisions of one record only rise; `again`: a snapshot may repeat. */
void
oracle_rising(struct oracle *o, struct oracle_session *s,
    struct clasp_str address, uint64_t life, uint64_t revision, bool again)
{
	struct oracle_seen *e = NULL;
	uint32_t i;

	(void)o;
	for (i = 0; i < s->nseen && e == NULL; i++)
		if (clasp_str_eq(oracle_str(&s->seen[i].address), address))
			e = &s->seen[i];
	if (e == NULL) {
		s->seen = oracle_grow(s->seen, &s->nseen, sizeof *s->seen);
		e = &s->seen[s->nseen - 1];
		e->address = oracle_text(address);
	} else if (e->life == life) {
		sim_stake(P_RISING);
		if (revision < e->revision ||
		    (revision == e->revision && !again))
			sim_broken(P_RISING, "revision %llu of %.*s behind "
			    "%llu", (unsigned long long)revision,
			    CLASP_STR_ARG(address),
			    (unsigned long long)e->revision);
	}
	e->life = life;
	e->revision = revision;
}
