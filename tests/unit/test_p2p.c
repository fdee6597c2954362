/* test_p2p.c - signalling between clients, seen from them. */
#include "base/hash.h"
#include "world.h"

static struct world w;
static struct peer *a, *b, *c;

static void
begin(void)
{
	world_open(&w, NULL);
	a = peer_join(&w);
	b = peer_join(&w);
	c = peer_join(&w);
}

static void
say(struct peer *p, const char *address, const char *field, const char *id)
{
	struct clasp_entry entries[2] = {
		{ CLASP_STR("type"), clasp_string(CLASP_STR("offer")) },
		{ clasp_str_c(field), clasp_string(clasp_str_c(id)) },
	};

	peer_publish(p, address, CLASP_EVENT, clasp_map(entries, 2));
}

static const char *
address_to(const char *id)
{
	static char address[200];

	snprintf(address, sizeof address, "/clasp/p2p/signal/%s", id);
	return address;
}

static void
a_signal_goes_to_one(void)
{
	struct clasp_msg msg;

	begin();
	peer_subscribe(c, 1, "/**", 0);
	/* what came before stays before */
	peer_subscribe(b, 1, "/x", 0);
	peer_set(a, "/x", clasp_int(1));
	peer_set(a, "/x", clasp_int(2));
	peer_set(a, "/x", clasp_int(3));
	say(a, address_to(b->id), "from", a->id);
	peer_expect(b, CLASP_SET, &msg);
	peer_expect(b, CLASP_SET, &msg);
	peer_expect(b, CLASP_SET, &msg);
	if (peer_expect(b, CLASP_PUBLISH, &msg)) {
		t_check(clasp_str_is(msg.publish.address,
		    address_to(b->id)), "address");
		t_eq_int(msg.publish.value.count, 2, "fields");
	}
	peer_expect_none(b);
	peer_skip(c);
	say(a, address_to(b->id), "from", a->id);
	peer_expect_none(c);
	peer_skip(a);
	peer_barrier(a);
	world_close(&w);
}

static void
who_is_not_there_is_not_found(void)
{
	struct clasp_msg msg;
	char gone[40];

	begin();
	say(a, address_to("nobody"), "from", a->id);
	if (peer_expect(a, CLASP_ERROR, &msg)) {
		t_eq_int(msg.error.code, 404, "code");
		t_check(clasp_str_is(msg.error.message,
		    "Target session not found: nobody"), "%.*s",
		    CLASP_STR_ARG(msg.error.message));
		t_check(clasp_str_is(msg.error.address,
		    address_to("nobody")), "address");
	}
	snprintf(gone, sizeof gone, "%s", b->id);
	peer_leave(b);
	say(a, address_to(gone), "from", a->id);
	peer_expect_error(a, 404);
	peer_expect_none(c);
	world_close(&w);
}

static void
nobody_speaks_for_another(void)
{
	begin();
	peer_subscribe(c, 1, "/**", 0);
	say(a, address_to(b->id), "from", c->id);
	peer_expect_error(a, 301);
	peer_expect_none(b);
	say(a, "/clasp/p2p/announce", "session_id", b->id);
	peer_expect_error(a, 301);
	peer_expect_none(c);
	world_close(&w);
}

static void
an_announcement_reaches_any_kind(void)
{
	struct clasp_msg msg;

	begin();
	peer_subscribe(a, 1, "/clasp/p2p/*", 0);
	peer_subscribe(b, 1, "/clasp/p2p/announce", 1 << CLASP_PARAM);
	peer_subscribe(c, 1, "/clasp/**", 1 << CLASP_STREAM);
	say(a, "/clasp/p2p/announce", "session_id", a->id);
	peer_expect(b, CLASP_PUBLISH, &msg);
	peer_expect(c, CLASP_PUBLISH, &msg);
	peer_expect_none(a);
	world_close(&w);
}

static void
other_addresses_are_like_any(void)
{
	struct clasp_msg msg;

	begin();
	peer_subscribe(c, 1, "/clasp/**", 0);
	say(a, "/clasp/p2p/other", "from", b->id);
	peer_expect(c, CLASP_PUBLISH, &msg);
	say(a, "/clasp/p2p/signal/x/y", "from", b->id);
	peer_expect(c, CLASP_PUBLISH, &msg);
	say(a, "/clasp/p2p/signal", "from", b->id);
	peer_expect(c, CLASP_PUBLISH, &msg);
	say(a, "/clasp/p2pother", "from", b->id);
	peer_expect(c, CLASP_PUBLISH, &msg);
	peer_set(a, address_to(b->id), clasp_int(1));
	peer_expect(c, CLASP_SET, &msg);
	peer_expect_none(b);
	world_close(&w);
}

int
main(void)
{
	t_run(a_signal_goes_to_one);
	t_run(who_is_not_there_is_not_found);
	t_run(nobody_speaks_for_another);
	t_run(an_announcement_reaches_any_kind);
	t_run(other_addresses_are_like_any);
	return t_end();
}
