/* bundle.c - several SETs and PUBLISHes as one step. */
#include "core/bundle.h"

#include <stdio.h>
#include <string.h>

#include "core/session.h"

struct sender {
	struct clasp_router *router;
	struct clasp_author *author;
	struct clasp_session *session;	/* NULL: has left */
};

/* Who has left holds no lock. */
static void
write_of(const struct sender *from, const struct clasp_set *set,
    uint64_t now_us, struct clasp_write *out)
{
	clasp_router_write(from->router, from->author, set, now_us, out);
	out->lock = set->lock && from->session != NULL;
}

/* A bundle is refused with the code of its member and a text of its own. */
static bool
reject(struct clasp_refusal *refusal, uint16_t code, const char *text)
{
	refusal->code = code;
	snprintf(refusal->text, sizeof refusal->text, "Bundle rejected: %.180s",
	    text);
	return false;
}

static struct clasp_str
address_of(const struct clasp_msg *member)
{
	switch (member->type) {
	case CLASP_SET:
		return member->set.address;
	case CLASP_PUBLISH:
		return member->publish.address;
	}
	return CLASP_STR_NONE;
}

static bool
peer_to_peer(struct clasp_str address)
{
	struct clasp_str prefix = CLASP_STR("/clasp/p2p");

	return clasp_str_starts(address, prefix) &&
	    (address.len == prefix.len || address.p[prefix.len] == '/');
}

/* The binary form of a PUBLISH; a MessagePack bundle's has yet to be made. */
static bool
binary(struct clasp_router *router, const struct clasp_bundle *bundle,
    uint32_t i, struct clasp_str *out)
{
	int n;

	if (bundle->raw != NULL && bundle->raw[i].len > 0 &&
	    (uint8_t)bundle->raw[i].p[0] == CLASP_PUBLISH) {
		*out = bundle->raw[i];
		return true;
	}
	n = clasp_msg_encode(router->scratch, sizeof router->scratch,
	    &bundle->messages[i]);
	*out = clasp_str_of((char *)router->scratch, n > 0 ? (size_t)n : 0);
	return n > 0;
}

/* May this member be applied, after those before it? */
static bool
check(const struct sender *from, const struct clasp_bundle *bundle,
    uint32_t i, struct clasp_overlay *overlay, uint64_t now_us,
    struct clasp_refusal *refusal)
{
	const struct clasp_msg *member = &bundle->messages[i];
	struct clasp_outcome outcome;
	struct clasp_refusal why;
	struct clasp_write write;
	struct clasp_str payload;
	int error;

	if (member->type != CLASP_SET && member->type != CLASP_PUBLISH)
		return reject(refusal, 101, "only SET and PUBLISH may be in "
		    "it");
	if (!clasp_router_admit(member, &why))
		return reject(refusal, why.code, why.text);
	if (member->type == CLASP_PUBLISH) {
		if (peer_to_peer(member->publish.address))
			return reject(refusal, 101, "peer-to-peer signalling "
			    "may not be in it");
		/* MessagePack may be shorter than what has to be sent on */
		return binary(from->router, bundle, i, &payload) ||
		    reject(refusal, 402, "value too large");
	}
	write_of(from, &member->set, now_us, &write);
	error = clasp_store_try(from->router->store, overlay, &write, now_us,
	    &outcome);
	if (error == 0)
		return true;
	clasp_router_refuse(error, &write, &outcome, &why);
	return reject(refusal, why.code, why.text);
}

static const struct clasp_msg *
check_all(const struct sender *from, const struct clasp_bundle *bundle,
    uint64_t now_us, struct clasp_refusal *refusal)
{
	const struct clasp_msg *failed = NULL;
	struct clasp_overlay overlay;
	uint32_t i;

	clasp_overlay_init(&overlay, &from->router->arena);
	for (i = 0; i < bundle->count && failed == NULL; i++)
		if (!check(from, bundle, i, &overlay, now_us, refusal))
			failed = &bundle->messages[i];
	clasp_overlay_clear(&overlay);
	return failed;
}

static void
apply(const struct sender *from, const struct clasp_bundle *bundle,
    struct clasp_ack *ack, uint64_t now_us)
{
	const struct clasp_msg *member;
	struct clasp_outcome outcome;
	struct clasp_write write;
	struct clasp_str payload;
	struct clasp_set set;
	uint32_t i;

	for (i = 0; i < bundle->count; i++) {
		member = &bundle->messages[i];
		if (member->type == CLASP_PUBLISH) {
			if (binary(from->router, bundle, i, &payload))
				clasp_router_cast_publish(from->router,
				    from->session, member, payload, now_us);
			continue;
		}
		write_of(from, &member->set, now_us, &write);
		set = member->set;
		set.lock = write.lock;
		if (clasp_store_set(from->router->store, &write, now_us,
		    &outcome) < 0)
			continue;	/* no memory: all rules were met */
		clasp_router_cast_set(from->router, &set, &write,
		    outcome.revision, now_us);
		ack->has_revision = true;
		ack->revision = outcome.revision;
	}
}

static void
tell_refused(struct clasp_session *s, const struct clasp_msg *failed,
    const struct clasp_refusal *refusal)
{
	clasp_session_error(s, refusal->code, address_of(failed),
	    refusal->text);
}

/* Is it one for later that cannot be kept?  Then that is told. */
static bool
too_much(struct clasp_session *s, const struct clasp_bundle *bundle,
    struct clasp_str payload, uint64_t now_us)
{
	if (bundle->timestamp_us > now_us + CLASP_SCHEDULE_AHEAD_US) {
		clasp_session_error(s, 402, CLASP_STR_NONE,
		    "Bundle rejected: more than 24 hours ahead");
		return true;
	}
	if (!clasp_schedule_room(s, payload.len)) {
		clasp_session_error(s, 429, CLASP_STR_NONE,
		    "Bundle rejected: too many are waiting for their time");
		return true;
	}
	return false;
}

void
clasp_bundle_run(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_bundle *bundle = &msg->bundle;
	const struct sender from = { s->router, s->author, s };
	bool later = bundle->has_timestamp && bundle->timestamp_us > now_us;
	struct clasp_msg ack = { .type = CLASP_ACK };
	const struct clasp_msg *failed;
	struct clasp_refusal refusal;

	if (later && too_much(s, bundle, payload, now_us))
		return;
	failed = check_all(&from, bundle, now_us, &refusal);
	if (failed != NULL) {
		tell_refused(s, failed, &refusal);
		return;
	}
	if (!later) {
		apply(&from, bundle, &ack.ack, now_us);
	} else if (clasp_schedule_add(s, bundle->timestamp_us, payload) < 0) {
		clasp_session_error(s, 500, CLASP_STR_NONE, "out of memory");
		return;
	}
	clasp_session_reply(s, &ack);
}

void
clasp_bundle_due(struct clasp_router *router, struct clasp_author *author,
    struct clasp_session *sender, const struct clasp_bundle *bundle,
    uint64_t now_us)
{
	const struct sender from = { router, author, sender };
	const struct clasp_msg *failed;
	struct clasp_refusal refusal;
	struct clasp_ack ack;

	failed = check_all(&from, bundle, now_us, &refusal);
	if (failed == NULL)
		apply(&from, bundle, &ack, now_us);
	else if (sender != NULL)
		tell_refused(sender, failed, &refusal);
}
