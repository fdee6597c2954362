/*
 * inbox.c - what comes from the relay: whose answer it is, and for whom.
 *
 * A SNAPSHOT does not say what it answers.  The PINGs between the requests
 * do: until the first PONG it is the initial state, between two PONGs it
 * belongs to the SUBSCRIBE (or to the GETs) sent between the two PINGs.
 */
#include <stdlib.h>

#include "base/error.h"
#include "client/conn.h"
#include "wire/address.h"

/* ------------------------------------------------------------- answers */

static void
tell(struct clasp_client *c, const struct clasp_request *q,
    const struct clasp_reply *reply)
{
	if (q->done && !c->free_after)
		q->done(c, reply, q->user);
}

void
clasp_inbox_gone(struct clasp_request *q, int error, void *user)
{
	struct clasp_client *c = user;
	struct clasp_subscription *sub;
	struct clasp_reply reply = { .error = error };

	if (q->kind == CLASP_REQUEST_SUBSCRIBE && error == 0 &&
	    !q->answered && (sub = clasp_client_sub(c, q->sub)))
		sub->settled = true;
	if (q->answered)
		return;
	if (error == CLASP_EREFUSED) {
		reply.code = 429;
		reply.text = CLASP_STR("the relay did not answer");
	}
	tell(c, q, &reply);
}

static void
on_ack(struct clasp_client *c, const struct clasp_msg *msg)
{
	const struct clasp_ack *ack = &msg->ack;
	struct clasp_reply reply = { .address = ack->address, .msg = msg };
	struct clasp_request q;

	if (!clasp_requests_ack(&c->requests, !ack->address.p,
	    clasp_hash(ack->address), clasp_inbox_gone, c, &q))
		return;
	tell(c, &q, &reply);
	free(q.members);
}

/* An ERROR that no request can be blamed for. */
static void
on_stray_error(struct clasp_client *c, const struct clasp_error_msg *e)
{
	int error = e->code / 100 == 3 ? CLASP_EREFUSED : CLASP_ECLOSED;

	if (e->code == 429)
		clasp_conn_limited(c);
	else if (!c->welcome) {
		clasp_conn_blame(c, e->code / 100 == 3 ? CLASP_EREFUSED :
		    CLASP_ECONNECT, e->code, e->message);
		clasp_conn_close(c);
	} else if (!e->address.p && (e->code == 300 || e->code == 302 ||
	    e->code == 501 || e->code == 502))
		/* the relay closes after these: so this is why */
		clasp_conn_blame(c, error, e->code, e->message);
}

static void
on_error(struct clasp_client *c, const struct clasp_msg *msg)
{
	const struct clasp_error_msg *e = &msg->error;
	struct clasp_reply reply = { .error = CLASP_EREFUSED,
	    .code = e->code, .text = e->message, .address = e->address,
	    .msg = msg };
	bool addressed = e->address.p != NULL;
	struct clasp_subscription *sub;
	struct clasp_request q;

	if (!c->welcome || e->code == 503 || (!addressed &&
	    (e->code == 429 || e->code == 502 || e->code == 300 ||
	    e->code == 302)) || !clasp_requests_error(&c->requests, addressed,
	    clasp_hash(e->address), e->code, clasp_inbox_gone, c, &q)) {
		on_stray_error(c, e);
		return;
	}
	if (e->code == 429)
		clasp_conn_limited(c);
	if (q.kind == CLASP_REQUEST_GET && e->code == 201)
		reply.error = CLASP_ENOENT;
	if (q.kind == CLASP_REQUEST_SUBSCRIBE &&
	    (sub = clasp_client_sub(c, q.sub)))
		sub->dead = true;
	tell(c, &q, &reply);
	free(q.members);
}

/* ---------------------------------------------------------- deliveries */

static void
deliver_param(struct clasp_client *c, struct clasp_subscription *sub,
    const struct clasp_param *param)
{
	struct clasp_msg msg = { .type = CLASP_SET };
	struct clasp_delivery d = { .msg = &msg, .param = param,
	    .snapshot = true };
	bool fresh = true;

	if (c->config.reconnect)
		fresh = clasp_known_param(&c->known, c->conn, param);
	if ((sub->settled && !fresh) || sub->dead || !sub->fn)
		return;
	msg.set.address = param->address;
	msg.set.value = param->value;
	msg.set.has_revision = true;
	msg.set.revision = param->revision;
	sub->fn(c, &d, sub->user);
}

static void
on_snapshot(struct clasp_client *c, const struct clasp_msg *msg)
{
	const struct clasp_snapshot *s = &msg->snapshot;
	struct clasp_subscription *sub;
	struct clasp_reply reply = { .msg = msg };
	struct clasp_request *ask, q;
	uint32_t i;

	if (clasp_requests_initial(&c->requests))
		return;
	ask = clasp_requests_subscribe(&c->requests);
	if (ask) {
		sub = clasp_client_sub(c, ask->sub);
		for (i = 0; sub && i < s->count; i++)
			deliver_param(c, sub, &s->params[i]);
		return;
	}
	if (s->count != 1 || !clasp_requests_get(&c->requests,
	    clasp_hash(s->params[0].address), clasp_inbox_gone, c, &q))
		return;
	reply.address = s->params[0].address;
	tell(c, &q, &reply);
}

static void
on_signal(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *frame)
{
	struct clasp_delivery d = { .msg = msg, .frame = frame };
	bool set = msg->type == CLASP_SET;
	struct clasp_str address = set ? msg->set.address :
	    msg->publish.address;
	unsigned kind = set ? CLASP_PARAM : msg->publish.kind;
	struct clasp_subscription *sub;
	uint32_t i;

	if (set && c->config.reconnect && c->nsubs > 0)
		clasp_known_set(&c->known, c->conn, &msg->set,
		    clasp_client_server_us(c));
	for (i = 0; i < c->nsubs; i++) {
		sub = c->subs[i];
		if (sub->dead || !sub->fn)
			continue;
		if (sub->ask.types && !(sub->ask.types & 1u << kind))
			continue;
		if (c->nsubs > 1 &&
		    !clasp_pattern_match(sub->ask.pattern, address))
			continue;
		sub->fn(c, &d, sub->user);
	}
}

static void
on_message(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *frame)
{
	switch (msg->type) {
	case CLASP_WELCOME:
		if (!c->welcome)
			clasp_conn_welcome(c, &msg->welcome);
		break;
	case CLASP_SET:
	case CLASP_PUBLISH:
		on_signal(c, msg, frame);
		break;
	case CLASP_SNAPSHOT:
		on_snapshot(c, msg);
		break;
	case CLASP_ACK:
		on_ack(c, msg);
		break;
	case CLASP_ERROR:
		on_error(c, msg);
		break;
	case CLASP_PONG:
		clasp_requests_pong(&c->requests, clasp_inbox_gone, c);
		break;
	case CLASP_SYNC:
		if (msg->sync.has_t2 && msg->sync.has_t3 &&
		    !clasp_timing_answer(c, &msg->sync))
			clasp_requests_sync(&c->requests, msg->sync.t1,
			    clasp_inbox_gone, c);
		break;
	case CLASP_PING:
		clasp_conn_put(c, &(struct clasp_msg){ .type = CLASP_PONG },
		    NULL);
		break;
	default:
		break;
	}
}

/* Before WELCOME only an ERROR can come; anything else is no relay. */
static bool
expected(const struct clasp_client *c, const struct clasp_msg *msg)
{
	return c->welcome || msg->type == CLASP_WELCOME ||
	    msg->type == CLASP_ERROR;
}

int
clasp_inbox_unit(struct clasp_client *c, const uint8_t *bytes, size_t len,
    size_t *used)
{
	struct clasp_frame frame;
	struct clasp_msg msg;
	size_t at = 0;
	int n;

	while (at < len && !c->closing) {
		n = clasp_frame_decode(bytes + at, len - at, &frame);
		if (n <= 0)
			break;
		if (!c->reading) {
			*used = at;
			return 1;
		}
		if (c->events.frame)
			c->events.frame(c, false, bytes + at, (size_t)n,
			    c->user);
		at += (size_t)n;
		/* What cannot be read is skipped: a newer relay may know
		 * more messages. */
		if (clasp_msg_decode(frame.payload, frame.len, &c->arena,
		    CLASP_DECODE_EXACT, &msg) == 0 && expected(c, &msg)) {
			c->walking++;
			if (c->events.message)
				c->events.message(c, &msg, &frame, c->user);
			on_message(c, &msg, &frame);
			c->walking--;
		}
		clasp_arena_reset(&c->arena);
	}
	*used = len;
	return 0;
}
