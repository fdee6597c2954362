/* test_policy.c - what a writer is told when a param has rules of its own. */
#include "core/policy.h"
#include "world.h"

static struct world w;

static void
send_bundle(struct peer *p, const struct clasp_msg *members, uint32_t n)
{
	struct clasp_msg msg = { .type = CLASP_BUNDLE };

	msg.bundle.count = n;
	msg.bundle.messages = members;
	peer_send(p, &msg);
}

/* The next frame is an ERROR with this code and these words in it. */
static void
expect_refusal(struct peer *p, int code, const char *words)
{
	struct clasp_msg msg;
	char text[300];

	if (!peer_expect(p, CLASP_ERROR, &msg))
		return;
	t_eq_int(msg.error.code, code, "%s", words);
	snprintf(text, sizeof text, "%.*s", CLASP_STR_ARG(msg.error.message));
	t_check(strstr(text, words) != NULL, "'%s' in '%s'", words, text);
}

static void
announce(struct peer *p, const char *address, uint8_t kind, double min,
    double max)
{
	struct clasp_signal signal = { .kind = kind };
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	signal.address = clasp_str_c(address);
	signal.has_meta = signal.has_range = true;
	signal.min = min;
	signal.max = max;
	msg.announce.namespace_ = CLASP_STR("");
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	peer_send(p, &msg);
	peer_expect(p, CLASP_ACK, &msg);
}

static void
what_is_configured_is_kept(void)
{
	const struct clasp_policy policies[] = {
		{ .path = CLASP_STR("/peak/*"),
		    .strategy = CLASP_STRATEGY_MAX },
		{ .path = CLASP_STR("/fader/**"), .has_range = true,
		    .range = { clasp_int(0), clasp_float(1.0) } },
	};
	struct clasp_msg msg, members[2];
	struct peer *p, *q;

	world_open(&w, NULL);
	t_eq_int(clasp_router_configure(w.router, policies, 2), 0, "");
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	peer_set(p, "/peak/left", clasp_float(0.5));
	peer_expect(p, CLASP_ACK, &msg);
	peer_expect(q, CLASP_SET, &msg);
	peer_set(p, "/peak/left", clasp_float(0.5));
	expect_refusal(p, 400, "refused by strategy");
	peer_set(p, "/peak/left", clasp_float(0.25));
	expect_refusal(p, 400, "refused by strategy: max");
	peer_set(p, "/fader/1", clasp_float(1.5));
	expect_refusal(p, 402, "0 to 1.0");
	peer_expect_none(q);

	/* a member is judged by the values of those before it */
	members[0] = msg_set("/peak/left", clasp_float(0.75));
	members[1] = msg_set("/peak/left", clasp_float(0.625));
	send_bundle(p, members, 2);
	expect_refusal(p, 400, "Bundle rejected: refused by strategy");
	members[0] = msg_set("/peak/new", clasp_int(3));
	members[1] = msg_set("/peak/new", clasp_int(2));
	send_bundle(p, members, 2);
	expect_refusal(p, 400, "Bundle rejected: refused by strategy");
	members[1] = msg_set("/fader/1", clasp_int(2));
	send_bundle(p, members, 2);
	expect_refusal(p, 402, "Bundle rejected: value out of range");
	peer_expect_none(q);
	members[1] = msg_set("/peak/new", clasp_int(4));
	send_bundle(p, members, 2);
	if (peer_expect(p, CLASP_ACK, &msg))
		t_eq_int(msg.ack.revision, 2, "");
	world_close(&w);
}

static void
an_announced_range_is_kept(void)
{
	struct clasp_msg msg, member;
	struct peer *p, *q;

	world_open(&w, NULL);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_set(p, "/level", clasp_int(7));
	peer_expect(p, CLASP_ACK, &msg);
	announce(q, "/level", CLASP_PARAM, 0.0, 1.0);
	peer_set(p, "/level", clasp_int(7));
	expect_refusal(p, 402, "value out of range: 0.0 to 1.0");
	member = msg_set("/level", clasp_int(7));
	send_bundle(p, &member, 1);
	expect_refusal(p, 402, "value out of range");
	peer_set(p, "/level", clasp_float(0.5));
	peer_expect(p, CLASP_ACK, &msg);
	/* neither a pattern nor another kind of signal binds a param */
	announce(q, "/lev*", CLASP_PARAM, 100.0, 200.0);
	announce(q, "/other", CLASP_STREAM, 100.0, 200.0);
	peer_set(p, "/level", clasp_int(1));
	peer_expect(p, CLASP_ACK, &msg);
	peer_set(p, "/other", clasp_int(1));
	peer_expect(p, CLASP_ACK, &msg);
	/* announced anew, and as long as it lives */
	announce(q, "/level", CLASP_PARAM, 0.0, 10.0);
	peer_set(p, "/level", clasp_int(7));
	peer_expect(p, CLASP_ACK, &msg);
	peer_set(p, "/level", clasp_int(11));
	expect_refusal(p, 402, "0.0 to 10.0");
	w.now += UINT64_C(3600000000);
	peer_set(p, "/level", clasp_int(11));
	peer_expect(p, CLASP_ACK, &msg);
	world_close(&w);
}

int
main(void)
{
	t_run(what_is_configured_is_kept);
	t_run(an_announced_range_is_kept);
	return t_end();
}
