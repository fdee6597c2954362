/* bundle.c - several SETs and PUBLISHes as one step. */
#include "core/bundle.h"

#include <stdio.h>
#include <string.h>

#include "core/session.h"

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
binary(struct clasp_session *s, const struct clasp_bundle *bundle, uint32_t i,
    struct clasp_str *out)
{
	struct clasp_router *router = s->router;
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
check(struct clasp_session *s, const struct clasp_bundle *bundle, uint32_t i,
    struct clasp_overlay *overlay, uint64_t now_us,
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
		/* what one may not do alone is 403 here */
		return reject(refusal, why.code == 301 ? 403 : why.code,
		    why.text);
	if (member->type == CLASP_PUBLISH) {
		if (peer_to_peer(member->publish.address))
			return reject(refusal, 101, "peer-to-peer signalling "
			    "may not be in it");
		/* MessagePack may be shorter than what has to be sent on */
		return binary(s, bundle, i, &payload) ||
		    reject(refusal, 402, "value too large");
	}
	clasp_router_write(s, &member->set, &write);
	error = clasp_store_try(s->router->store, overlay, &write, now_us,
	    &outcome);
	if (error == 0)
		return true;
	clasp_router_refuse(error, &write, &outcome, &why);
	return reject(refusal, why.code, why.text);
}

static const struct clasp_msg *
check_all(struct clasp_session *s, const struct clasp_bundle *bundle,
    uint64_t now_us, struct clasp_refusal *refusal)
{
	const struct clasp_msg *failed = NULL;
	struct clasp_overlay overlay;
	uint32_t i;

	clasp_overlay_init(&overlay, &s->router->arena);
	for (i = 0; i < bundle->count && failed == NULL; i++)
		if (!check(s, bundle, i, &overlay, now_us, refusal))
			failed = &bundle->messages[i];
	clasp_overlay_clear(&overlay);
	return failed;
}

static void
apply(struct clasp_session *s, const struct clasp_bundle *bundle,
    struct clasp_ack *ack, uint64_t now_us)
{
	const struct clasp_msg *member;
	struct clasp_outcome outcome;
	struct clasp_write write;
	struct clasp_str payload;
	uint32_t i;

	for (i = 0; i < bundle->count; i++) {
		member = &bundle->messages[i];
		if (member->type == CLASP_PUBLISH) {
			if (binary(s, bundle, i, &payload))
				clasp_router_cast_publish(s, member, payload,
				    now_us);
			continue;
		}
		clasp_router_write(s, &member->set, &write);
		if (clasp_store_set(s->router->store, &write, now_us,
		    &outcome) < 0)
			continue;	/* no memory: all rules were met */
		clasp_router_cast_set(s, &member->set, &write,
		    outcome.revision, now_us);
		ack->has_revision = true;
		ack->revision = outcome.revision;
	}
}

void
clasp_bundle_run(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	const struct clasp_bundle *bundle = &msg->bundle;
	struct clasp_msg ack = { .type = CLASP_ACK };
	const struct clasp_msg *failed;
	struct clasp_refusal refusal;

	(void)payload;
	if (bundle->has_timestamp && bundle->timestamp_us > now_us) {
		clasp_session_error(s, 501, CLASP_STR_NONE,
		    "this relay keeps no bundles for later");
		return;
	}
	failed = check_all(s, bundle, now_us, &refusal);
	if (failed != NULL) {
		clasp_session_error(s, refusal.code, address_of(failed),
		    refusal.text);
		return;
	}
	apply(s, bundle, &ack.ack, now_us);
	clasp_session_reply(s, &ack);
}
