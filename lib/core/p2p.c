/* p2p.c - what clients tell each other to connect without the relay. */
#include "core/p2p.h"

#include <stdio.h>
#include <string.h>

#include "core/session.h"

/* Is the field of its map, if there is one, the sender's own id? */
static bool
is_honest(const struct clasp_session *s, const struct clasp_publish *p,
    struct clasp_str field)
{
	const struct clasp_value *v;

	if (p->content != CLASP_CONTENT_VALUE || p->value.type != CLASP_MAP)
		return true;
	v = clasp_map_get(&p->value, field);
	return v == NULL || (v->type == CLASP_STRING &&
	    clasp_str_is(v->string, s->author->id));
}

static struct clasp_cast
cast_of(const struct clasp_msg *msg, struct clasp_str payload)
{
	return (struct clasp_cast){
		.address = msg->publish.address,
		.hash = clasp_hash(msg->publish.address),
		.types = CLASP_SUB_TYPES,
		.msg = msg,
		.payload = payload,
		.qos = clasp_msg_qos(msg),
	};
}

static void
signal_to(struct clasp_session *s, struct clasp_str id,
    const struct clasp_msg *msg, struct clasp_str payload, uint64_t now_us)
{
	struct clasp_router *router = s->router;
	struct clasp_cast cast = cast_of(msg, payload);
	struct clasp_session *target;
	char text[120];

	target = clasp_table_get(&router->ids, clasp_hash(id), id);
	if (target == NULL) {
		snprintf(text, sizeof text, "Target session not found: %.*s",
		    id.len > 80 ? 80 : (int)id.len, id.p);
		clasp_session_error(s, 404, cast.address, text);
		return;
	}
	/* what was sent to it before comes before */
	clasp_run_end(router);
	clasp_session_deliver(target, &cast, now_us);
}

bool
clasp_p2p_take(struct clasp_session *s, const struct clasp_msg *msg,
    struct clasp_str payload, uint64_t now_us)
{
	static const struct clasp_str to = CLASP_STR("/clasp/p2p/signal/");
	struct clasp_str address = msg->publish.address, id;
	struct clasp_cast cast;

	if (clasp_str_is(address, "/clasp/p2p/announce")) {
		if (!is_honest(s, &msg->publish, CLASP_STR("session_id"))) {
			clasp_session_error(s, 301, address,
			    "announced as another session");
			return true;
		}
		cast = cast_of(msg, payload);
		clasp_router_cast(s->router, &cast, s, now_us);
		return true;
	}
	if (!clasp_str_starts(address, to))
		return false;
	id = clasp_str_of(address.p + to.len, address.len - to.len);
	if (memchr(id.p, '/', id.len) != NULL)
		return false;
	if (!is_honest(s, &msg->publish, CLASP_STR("from")))
		clasp_session_error(s, 301, address,
		    "signalled as from another session");
	else
		signal_to(s, id, msg, payload, now_us);
	return true;
}
