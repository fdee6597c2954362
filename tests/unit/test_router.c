/* test_router.c - what a relay does with messages, seen from its peers. */
#include <ctype.h>

#include "base/hash.h"
#include "wire/address.h"
#include "world.h"

static struct world w;

static void
begin(void)
{
	world_open(&w, NULL);
}

static void
begin_with(void (*change)(struct clasp_router_config *))
{
	struct clasp_router_config config;

	clasp_router_config_init(&config);
	config.random_seed = 42;
	change(&config);
	world_open(&w, &config);
}

static void
end(void)
{
	world_close(&w);
}

static void
expect_set(struct peer *p, const char *address, int64_t value,
    uint64_t revision)
{
	struct clasp_msg msg;

	if (!peer_expect(p, CLASP_SET, &msg))
		return;
	t_check(clasp_str_is(msg.set.address, address), "%.*s, not %s",
	    CLASP_STR_ARG(msg.set.address), address);
	t_eq_int(msg.set.value.integer, value, "%s", address);
	t_check(msg.set.has_revision, "no revision");
	if (revision != 0)
		t_eq_int(msg.set.revision, revision, "%s", address);
}

static void
expect_ack(struct peer *p, const char *address, uint64_t revision)
{
	struct clasp_msg msg;

	if (!peer_expect(p, CLASP_ACK, &msg))
		return;
	t_check(clasp_str_is(msg.ack.address, address), "%s", address);
	t_check(msg.ack.has_revision, "no revision");
	t_eq_int(msg.ack.revision, revision, "%s", address);
}

/* The value a GET gives; a fresh reader is not affected by what is queued. */
static int64_t
value_of(const char *address)
{
	struct peer *p = peer_open(&w, CLASP_FRAMING_BARE);
	struct clasp_msg msg;
	int64_t value = INT64_MIN;

	peer_hello(p, CLASP_FEATURE_NOSTATE);
	peer_skip(p);
	peer_get(p, address);
	if (peer_next(p, &msg) && msg.type == CLASP_SNAPSHOT &&
	    msg.snapshot.count == 1)
		value = msg.snapshot.params[0].value.integer;
	peer_leave(p);
	return value;
}

/* ------------------------------------------------------------- handshake */

static void
a_set_before_hello_is_refused(void)
{
	struct peer *p, *q;

	begin();
	p = peer_open(&w, CLASP_FRAMING_WS);
	peer_set(p, "/a", clasp_int(1));
	peer_expect_error(p, 101);
	peer_expect_none(p);
	t_check(p->closed, "still open");
	q = peer_join(&w);
	peer_get(q, "/a");
	peer_expect_error(q, 201);
	end();
}

static void
hello_is_answered_by_welcome_and_snapshot(void)
{
	struct peer *p;
	struct clasp_msg msg;
	int i;

	begin();
	p = peer_open(&w, CLASP_FRAMING_WS);
	t_check(!clasp_session_established(p->s), "established before HELLO");
	peer_hello(p, CLASP_FEATURE_PARAM);
	t_check(clasp_session_established(p->s), "not established");
	if (peer_expect(p, CLASP_WELCOME, &msg)) {
		t_eq_int(msg.welcome.version, 1, "version");
		t_eq_int(msg.welcome.features, 0xf8, "features");
		t_eq_int(msg.welcome.time_us, w.now, "time");
		t_check(clasp_str_is(msg.welcome.name, "CLASP Relay"), "name");
		t_eq_int(msg.welcome.token.len, 0, "token");
		t_eq_int(msg.welcome.session.len, 36, "session id");
		for (i = 0; i < 36; i++)
			if (i == 8 || i == 13 || i == 18 || i == 23)
				t_eq_int(msg.welcome.session.p[i], '-', "id");
			else
				t_check(isxdigit((unsigned char)
				    msg.welcome.session.p[i]), "id");
		t_eq_int(msg.welcome.session.p[14], '4', "UUID version");
		t_check(strchr("89ab", msg.welcome.session.p[19]) != NULL,
		    "UUID variant");
		t_check(clasp_str_is(msg.welcome.session,
		    clasp_session_id(p->s)), "id");
	}
	if (peer_expect(p, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 0, "params");
	peer_expect_none(p);
	end();
}

static void
a_second_hello_changes_nothing(void)
{
	struct peer *p, *q;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	t_check(strcmp(p->id, q->id) != 0, "two sessions, one id");
	peer_subscribe(p, 1, "/a", 0);
	peer_hello(p, CLASP_FEATURE_PARAM);
	peer_expect_error(p, 101);
	t_eq_str(clasp_session_id(p->s), p->id, "id");
	peer_set(q, "/a", clasp_int(1));
	expect_set(p, "/a", 1, 1);
	peer_expect_none(p);
	end();
}

static void
garbage_before_hello_gets_no_frame(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\xde\xad\xbe\xef", 4 },
		{ "\x53\x01\xff\xff", 4 },
		{ "\x53\x01\x00\x00", 4 },
		{ "\x53\x01\x00\x01\xff", 5 },
		{ "\x53", 1 },
		{ "", 0 },
	};
	struct peer *p, *q;
	size_t i;

	begin();
	q = peer_join(&w);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		p = peer_open(&w, CLASP_FRAMING_WS);
		peer_bytes(p, rows[i].bytes, rows[i].len);
		peer_expect_none(p);
		t_check(p->closed, "row %zu still open", i);
		peer_leave(p);
	}
	peer_barrier(q);
	end();
}

static void
versions_and_names_of_hello(void)
{
	static char name[10000];
	struct clasp_msg msg = { .type = CLASP_HELLO };
	struct peer *p;

	begin();
	msg.hello.token = CLASP_STR("whatever");
	msg.hello.version = 0;
	p = peer_open(&w, CLASP_FRAMING_WS);
	peer_send(p, &msg);
	peer_expect_error(p, 102);
	t_check(p->closed, "version 0 is served");
	msg.hello.version = 99;
	memset(name, 'x', sizeof name);
	name[1023] = '\xc3';	/* the limit falls into a character */
	name[1024] = '\xa9';
	msg.hello.name = clasp_str_of(name, sizeof name);
	p = peer_open(&w, CLASP_FRAMING_WS);
	peer_send(p, &msg);
	peer_expect(p, CLASP_WELCOME, &msg);
	peer_expect(p, CLASP_SNAPSHOT, &msg);
	peer_barrier(p);
	end();
}

static void
three_sessions(struct clasp_router_config *config)
{
	config->max_sessions = 3;
}

static void
one_session_too_many_is_told_so(void)
{
	struct peer *p[3], *q;
	struct clasp_msg msg;
	int i;

	begin_with(three_sessions);
	for (i = 0; i < 3; i++)
		p[i] = peer_join(&w);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, 0);
	peer_expect_error(q, 501);
	t_check(q->closed, "open");
	t_eq_int(q->code, 1013, "code");
	peer_leave(p[0]);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, 0);
	peer_expect(q, CLASP_WELCOME, &msg);
	end();
}

static void
silent_peers_are_closed(void)
{
	struct peer *p, *q;
	uint64_t next;
	int i;

	begin();
	p = peer_open(&w, CLASP_FRAMING_WS);
	q = peer_join(&w);
	next = clasp_router_tick(w.router, w.now);
	t_check(next > w.now && next <= w.now + 10000000, "next tick");
	w.now += 9999999;
	clasp_router_tick(w.router, w.now);
	t_check(!p->closed, "closed too early");
	w.now += 1;
	clasp_router_tick(w.router, w.now);
	t_check(p->closed, "still open after 10 s");
	peer_expect_none(p);
	t_check(!q->closed, "an established one was closed");
	/* so many of them push the oldest out */
	p = peer_open(&w, CLASP_FRAMING_WS);
	for (i = 0; i < 1023; i++)
		peer_open(&w, CLASP_FRAMING_WS);
	t_check(!p->closed, "one too early");
	peer_open(&w, CLASP_FRAMING_WS);
	t_check(p->closed, "1,025 in handshake");
	peer_barrier(q);
	end();
}

static void
newcomers_see_what_was_set(void)
{
	struct peer *p;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	peer_set(p, "/b", clasp_int(2));
	peer_set(p, "/a", clasp_int(1));
	peer_leave(p);
	w.now += 5;
	p = peer_open(&w, CLASP_FRAMING_LENGTH);
	peer_hello(p, 0);
	peer_expect(p, CLASP_WELCOME, &msg);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg)) {
		t_eq_int(msg.snapshot.count, 2, "params");
		t_check(clasp_str_is(msg.snapshot.params[0].address, "/a"),
		    "order");
		t_eq_int(msg.snapshot.params[1].value.integer, 2, "value");
		t_eq_int(msg.snapshot.params[1].revision, 1, "revision");
		t_eq_int(msg.snapshot.params[1].writer.len, 36, "writer");
		t_check(msg.snapshot.params[1].has_timestamp, "time");
		t_eq_int(msg.snapshot.params[1].timestamp_us, w.now - 5,
		    "time");
	}
	peer_leave(p);
	/* a client that asks for no state gets an empty one */
	p = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(p, CLASP_FEATURE_NOSTATE);
	peer_expect(p, CLASP_WELCOME, &msg);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 0, "params");
	peer_expect_none(p);
	end();
}

/* -------------------------------------------------------------- messages */

static void
values_come_back_as_they_went(void)
{
	static char blob[16384];
	struct clasp_value values[8];
	struct clasp_entry entry = { CLASP_STR("k"), clasp_int(5) };
	struct peer *p;
	struct clasp_msg msg;
	size_t i;

	memset(blob, 7, sizeof blob);
	values[0] = clasp_int(123);
	values[1] = clasp_float(0.5);
	values[2] = clasp_string(CLASP_STR("text"));
	values[3] = clasp_bool(true);
	values[4] = clasp_null();
	values[5] = clasp_bytes(clasp_str_of(blob, sizeof blob));
	values[6] = clasp_array(values, 5);
	values[7] = clasp_map(&entry, 1);
	begin();
	p = peer_join(&w);
	for (i = 0; i < 8; i++) {
		peer_set(p, "/v", values[i]);
		expect_ack(p, "/v", i + 1);
		peer_get(p, "/v");
		if (peer_expect(p, CLASP_SNAPSHOT, &msg)) {
			t_eq_int(msg.snapshot.count, 1, "params");
			t_check(clasp_value_equal(&values[i],
			    &msg.snapshot.params[0].value), "value %zu", i);
		}
	}
	end();
}

static void
addresses_are_checked(void)
{
	static const struct {
		const char *address;
		int ok;
	} rows[] = {
		{ "/test-a/b_c", 1 }, { "/Upper/123", 1 },
		{ "/\xe7\x85\xa7\xe6\x98\x8e/1", 1 }, { "", 0 }, { "/", 0 },
		{ "a", 0 }, { "/a/", 0 }, { "//a", 0 }, { "/a//b", 0 },
		{ "/a/*", 0 }, { "/a\x01", 0 }, { "/$relay/x", -1 },
		{ "/$relay", -1 }, { "/$relays", 1 },
	};
	struct peer *p;
	struct clasp_msg msg;
	size_t i;
	int code;

	begin();
	p = peer_join(&w);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		code = rows[i].ok < 0 ? 301 : 200;
		peer_set(p, rows[i].address, clasp_int(1));
		if (rows[i].ok == 1)
			expect_ack(p, rows[i].address, 1);
		else
			peer_expect_error(p, code);
		peer_publish(p, rows[i].address, CLASP_EVENT, clasp_int(1));
		if (rows[i].ok == 1)
			peer_expect_none(p);
		else
			peer_expect_error(p, code);
		peer_get(p, rows[i].address);
		if (rows[i].ok == 1)
			peer_expect(p, CLASP_SNAPSHOT, &msg);
		else
			peer_expect_error(p, rows[i].ok < 0 ? 201 : 200);
	}
	end();
}

static void
a_set_is_echoed_then_acknowledged(void)
{
	struct peer *p, *q, *r;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	q = peer_join_as(&w, CLASP_FRAMING_LENGTH);
	r = peer_join_as(&w, CLASP_FRAMING_BARE);
	peer_subscribe(p, 1, "/a/**", 0);
	peer_subscribe(q, 1, "/a/b", 0);
	peer_subscribe(r, 1, "/other", 0);
	msg = msg_set("/a/b", clasp_int(5));
	msg.set.has_revision = true;	/* expected, never sent on */
	msg.set.has_ttl = true;
	msg.set.ttl = 77;
	msg.set.lock = true;
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_SET, &msg)) {
		t_eq_int(msg.set.revision, 1, "new revision");
		t_check(msg.set.lock && !msg.set.unlock, "flags");
		t_check(msg.set.has_ttl && msg.set.ttl == 77, "ttl");
	}
	if (peer_expect(p, CLASP_ACK, &msg)) {
		t_eq_int(msg.ack.revision, 1, "revision");
		t_check(msg.ack.has_locked && msg.ack.locked, "locked");
		t_check(clasp_str_is(msg.ack.holder, p->id), "holder");
		t_check(!msg.ack.has_correlation, "correlation");
	}
	expect_set(q, "/a/b", 5, 1);
	peer_expect_none(q);
	peer_expect_none(r);
	/* the same value again is a write like any other */
	peer_set(p, "/a/b", clasp_int(5));
	expect_set(q, "/a/b", 5, 2);
	end();
}

static void
a_publish_goes_to_the_others(void)
{
	static const uint8_t payload[] = {
		/* an event, value 7 as i8, and three stray bytes */
		0x20, 0x20, 0, 2, '/', 'e', 1, 0x02, 7, 9, 9, 9
	};
	uint8_t bytes[sizeof payload + 4] = { 0x53, 0xc1, 0, sizeof payload };
	struct clasp_frame frame;
	struct peer *p, *q;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(p, 1, "/**", 0);
	peer_subscribe(q, 1, "/**", 0);
	memcpy(bytes + 4, payload, sizeof payload);
	peer_bytes(p, bytes, sizeof bytes);
	peer_expect_none(p);
	clasp_arena_reset(&q->arena);
	t_check(peer_next_raw(q, &frame), "nothing came");
	t_eq_int(frame.qos, CLASP_QOS_CONFIRM, "QoS of an event");
	t_eq_int(frame.len, sizeof payload, "verbatim");
	t_check(memcmp(frame.payload, payload, sizeof payload) == 0,
	    "verbatim");
	/* MessagePack comes out in the binary form */
	peer_bytes(p, "\x53\x01\x00\x2a"
	    "\x83\xa4type\xa7PUBLISH\xa7" "address\xa4/e/f\xa5value\xcb"
	    "\x3f\xe0\0\0\0\0\0\0", 4 + 0x2a);
	if (peer_expect(q, CLASP_PUBLISH, &msg)) {
		t_check(clasp_str_is(msg.publish.address, "/e/f"), "address");
		t_eq_int(msg.publish.kind, CLASP_EVENT, "kind");
		t_check(msg.publish.value.number == 0.5, "value");
	}
	peer_expect_none(p);
	end();
}

/* A client may send these, and what it gets. */
static void
small_messages(void)
{
	struct peer *p;
	struct clasp_msg msg;
	struct clasp_signal signals[2];
	static const uint8_t ignored[] = { CLASP_WELCOME, CLASP_ACK,
	    CLASP_ERROR, CLASP_SNAPSHOT, CLASP_RESULT, CLASP_PONG };
	size_t i;

	memset(signals, 0, sizeof signals);
	begin();
	p = peer_join(&w);
	peer_barrier(p);
	msg = (struct clasp_msg){ .type = CLASP_SYNC };
	msg.sync.t1 = 12345;
	w.spent_us = 70;
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_SYNC, &msg)) {
		t_eq_int(msg.sync.t1, 12345, "t1");
		t_check(msg.sync.has_t2 && msg.sync.has_t3, "t2, t3");
		t_eq_int(msg.sync.t2, w.now, "t2");
		t_eq_int(msg.sync.t3, w.now + 70, "t3");
	}
	msg = (struct clasp_msg){ .type = CLASP_REPLAY };
	msg.replay.pattern = CLASP_STR("/**");
	peer_send(p, &msg);
	peer_expect_error(p, 501);
	msg = (struct clasp_msg){ .type = CLASP_FEDERATION };
	msg.federation.op = CLASP_FEDERATION_DECLARE;
	peer_send(p, &msg);
	peer_expect_error(p, 403);
	signals[0].address = CLASP_STR("/b/*");
	signals[0].kind = CLASP_STREAM;
	signals[0].datatype = CLASP_STR("float");
	signals[1].address = CLASP_STR("/a");
	msg = (struct clasp_msg){ .type = CLASP_ANNOUNCE };
	msg.announce.namespace_ = CLASP_STR("/ns");
	msg.announce.count = 2;
	msg.announce.signals = signals;
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_ACK, &msg)) {
		t_check(clasp_str_is(msg.ack.address, "/ns"), "namespace");
		t_check(!msg.ack.has_revision, "revision");
	}
	msg = (struct clasp_msg){ .type = CLASP_QUERY };
	msg.query.pattern = CLASP_STR("/**");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_RESULT, &msg)) {
		t_eq_int(msg.result.count, 2, "signals");
		t_check(clasp_str_is(msg.result.signals[0].address, "/a"),
		    "order");
		t_check(clasp_str_is(msg.result.signals[1].datatype,
		    "float"), "datatype");
	}
	msg = (struct clasp_msg){ .type = CLASP_QUERY };
	msg.query.pattern = CLASP_STR("/none");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_RESULT, &msg))
		t_eq_int(msg.result.count, 0, "signals");
	for (i = 0; i < sizeof ignored; i++) {
		msg = (struct clasp_msg){ .type = ignored[i] };
		peer_send(p, &msg);
	}
	peer_expect_none(p);
	peer_unsubscribe(p, 99);
	peer_expect_none(p);
	w.now += UINT64_C(3600000000);
	msg = (struct clasp_msg){ .type = CLASP_QUERY };
	msg.query.pattern = CLASP_STR("/**");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_RESULT, &msg))
		t_eq_int(msg.result.count, 0, "signals after an hour");
	end();
}

static void
many_signals_come_in_parts(void)
{
	static char names[2000][32];
	static struct clasp_signal signals[500];
	struct clasp_msg msg;
	struct peer *p;
	unsigned total = 0;
	int i, k;

	begin();
	p = peer_join(&w);
	for (i = 0; i < 2000; i += 500) {
		memset(signals, 0, sizeof signals);
		for (k = 0; k < 500; k++) {
			snprintf(names[i + k], sizeof names[0], "/s/%04d",
			    i + k);
			signals[k].address = clasp_str_c(names[i + k]);
		}
		msg = (struct clasp_msg){ .type = CLASP_ANNOUNCE };
		msg.announce.namespace_ = CLASP_STR("");
		msg.announce.count = 500;
		msg.announce.signals = signals;
		peer_send(p, &msg);
	}
	peer_skip(p);
	msg = (struct clasp_msg){ .type = CLASP_QUERY };
	msg.query.pattern = CLASP_STR("/s/*");
	peer_send(p, &msg);
	while (peer_next(p, &msg)) {
		t_eq_int(msg.type, CLASP_RESULT, "type");
		t_check(msg.result.count <= 800, "count");
		for (i = 0; i < (int)msg.result.count; i++)
			t_check(clasp_str_is(msg.result.signals[i].address,
			    names[total++]), "order");
	}
	t_eq_int(total, 2000, "signals");
	end();
}

static void
bad_frames_are_answered_seldom(void)
{
	struct peer *p;
	int i;

	begin();
	p = peer_join(&w);
	peer_bytes(p, "\xde\xad\xbe\xef", 4);
	peer_expect_error(p, 100);
	peer_bytes(p, "\x53\x01\x00\x01\xff", 5);
	peer_expect_none(p);
	w.now += 1000000;
	peer_bytes(p, "\x53\x01\x00\x01\xff", 5);
	peer_expect_error(p, 101);
	w.now += 1000000;
	peer_bytes(p, "\x53\x11\x00\x01\x41", 5);	/* "encrypted" PING */
	peer_expect_error(p, 100);
	w.now += 1000000;
	peer_bytes(p, "\x53\x01\x00\x09\x41", 5);	/* not all there */
	peer_expect_error(p, 100);
	peer_set(p, "/a", clasp_int(1));
	expect_ack(p, "/a", 1);
	/* QoS 3 is none of these; a second frame behind the first counts */
	peer_bytes(p, "\x53\xc1\x00\x01\x41\x53\x01\x00\x01\x41zz", 12);
	peer_skip(p);
	w.now += 10000000;
	for (i = 0; i < 99; i++)
		peer_bytes(p, "x", 1);
	peer_expect_error(p, 100);
	t_check(!p->closed, "closed too early");
	peer_bytes(p, "x", 1);
	peer_expect_error(p, 101);
	t_check(p->closed, "100 bad frames");
	t_eq_int(p->code, 1002, "code");
	peer_expect_none(p);
	end();
}

static void
frames_may_come_together(void)
{
	struct peer *p;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	peer_bytes(p, "\x53\xc1\x00\x01\x41\x53\x01\x00\x01\x41zz", 12);
	peer_expect(p, CLASP_PONG, &msg);
	peer_expect(p, CLASP_PONG, &msg);
	peer_expect_none(p);
	end();
}

/* ------------------------------------------------------- state and locks */

static void
locks_keep_others_out(void)
{
	struct peer *owner, *other, *sub;
	struct clasp_msg msg;

	begin();
	owner = peer_join(&w);
	other = peer_join(&w);
	sub = peer_join(&w);
	peer_subscribe(sub, 1, "/l", 0);
	msg = msg_set("/l", clasp_int(100));
	msg.set.lock = true;
	peer_send(owner, &msg);
	peer_skip(owner);
	peer_set(other, "/l", clasp_int(999));
	peer_expect_error(other, 401);
	/* nor does an unlock help who does not hold it */
	msg = msg_set("/l", clasp_int(999));
	msg.set.unlock = true;
	peer_send(other, &msg);
	peer_expect_error(other, 401);
	t_eq_int(value_of("/l"), 100, "locked value");
	msg = msg_set("/l", clasp_int(200));
	msg.set.unlock = true;
	peer_send(owner, &msg);
	if (peer_expect(owner, CLASP_ACK, &msg)) {
		t_check(msg.ack.has_locked && !msg.ack.locked, "unlocked");
		t_check(msg.ack.holder.p == NULL, "holder");
	}
	peer_set(other, "/l", clasp_int(999));
	expect_ack(other, "/l", 3);
	expect_set(sub, "/l", 100, 1);
	expect_set(sub, "/l", 200, 2);
	expect_set(sub, "/l", 999, 3);
	peer_expect_none(sub);
	/* who leaves holds nothing */
	msg = msg_set("/l", clasp_int(1));
	msg.set.lock = true;
	peer_send(owner, &msg);
	peer_set(other, "/l", clasp_int(2));
	peer_expect_error(other, 401);
	peer_leave(owner);
	peer_set(other, "/l", clasp_int(2));
	expect_ack(other, "/l", 5);
	end();
}

static void
revisions_that_are_expected(void)
{
	static const struct {
		uint64_t expected;
		int code;	/* 0: accepted */
	} rows[] = {
		{ 3, 400 },	/* there is none */
		{ 0, 0 },	/* create */
		{ 0, 400 }, { 1, 0 }, { 1, 400 }, { 2, 0 },
	};
	struct peer *p;
	struct clasp_msg msg;
	uint64_t revision = 0;
	size_t i;

	begin();
	p = peer_join(&w);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		msg = msg_set("/r", clasp_int(1));
		msg.set.has_revision = true;
		msg.set.revision = rows[i].expected;
		peer_send(p, &msg);
		if (rows[i].code != 0)
			peer_expect_error(p, rows[i].code);
		else
			expect_ack(p, "/r", ++revision);
	}
	end();
}

static void
two_params(struct clasp_router_config *config)
{
	config->max_params = 2;
	config->evict = CLASP_EVICT_REJECT;
	config->param_ttl_s = 10;
}

static void
a_full_store_takes_no_new_address(void)
{
	struct peer *p;

	begin_with(two_params);
	p = peer_join(&w);
	peer_set(p, "/a", clasp_int(1));
	peer_set(p, "/b", clasp_int(1));
	peer_skip(p);
	peer_set(p, "/c", clasp_int(1));
	peer_expect_error(p, 501);
	peer_set(p, "/a", clasp_int(2));
	expect_ack(p, "/a", 2);
	/* what has expired takes no room */
	w.now += 11000000;
	peer_get(p, "/a");
	peer_expect_error(p, 201);
	peer_set(p, "/c", clasp_int(1));
	expect_ack(p, "/c", 1);
	peer_set(p, "/a", clasp_int(1));
	expect_ack(p, "/a", 1);
	end();
}

static void
the_largest_value_reaches_everybody(void)
{
	static char blob[65535];
	size_t most = 65535 - 16 - 4 - 2;	/* "/big", length of bytes */
	struct clasp_msg msg;
	struct peer *p, *q;

	memset(blob, 1, sizeof blob);
	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/big", 0);
	msg = msg_set("/big", clasp_bytes(clasp_str_of(blob, most)));
	msg.set.has_ttl = true;
	msg.set.ttl = 60;
	peer_send(p, &msg);
	expect_ack(p, "/big", 1);
	if (peer_expect(q, CLASP_SET, &msg))
		t_eq_int(msg.set.value.string.len, most, "length");
	peer_get(q, "/big");
	if (peer_expect(q, CLASP_SNAPSHOT, &msg)) {
		t_eq_int(msg.snapshot.count, 1, "count");
		t_check(!msg.snapshot.params[0].has_timestamp, "no room");
		t_eq_int(msg.snapshot.params[0].value.string.len, most,
		    "length");
	}
	peer_set(p, "/big", clasp_bytes(clasp_str_of(blob, most + 1)));
	peer_expect_error(p, 402);
	t_eq_int(w.router != NULL, 1, "alive");
	peer_leave(q);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, 0);
	peer_expect(q, CLASP_WELCOME, &msg);
	if (peer_expect(q, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 1, "count");
	end();
}

/* --------------------------------------------------------- subscriptions */

static void
subscribers_get_what_matches(void)
{
	struct peer *p, *q, *r;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	r = peer_join(&w);
	peer_subscribe(q, 1, "/sensors/*/temperature", 0);
	peer_expect_none(q);	/* neither ACK nor empty SNAPSHOT */
	peer_subscribe(r, 1, "/sensors/**", 0);
	peer_subscribe(r, 2, "/**", 0);
	peer_set(p, "/sensors/1/temperature", clasp_int(1));
	peer_set(p, "/sensors/2/temperature", clasp_int(2));
	peer_set(p, "/sensors/1/humidity", clasp_int(3));
	expect_set(q, "/sensors/1/temperature", 1, 1);
	expect_set(q, "/sensors/2/temperature", 2, 1);
	peer_expect_none(q);
	/* one copy, however many patterns match */
	expect_set(r, "/sensors/1/temperature", 1, 1);
	expect_set(r, "/sensors/2/temperature", 2, 1);
	expect_set(r, "/sensors/1/humidity", 3, 1);
	peer_expect_none(r);
	peer_unsubscribe(q, 1);
	peer_set(p, "/sensors/1/temperature", clasp_int(4));
	peer_expect_none(q);
	expect_set(r, "/sensors/1/temperature", 4, 2);
	peer_unsubscribe(r, 2);
	peer_set(p, "/other", clasp_int(5));
	peer_expect_none(r);
	end();
}

static void
subscribing_shows_what_is_there(void)
{
	struct peer *p, *q;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_set(p, "/a", clasp_int(1));
	peer_set(p, "/a/b", clasp_int(2));
	peer_set(p, "/ab", clasp_int(3));
	peer_skip(p);
	peer_subscribe(q, 1, "/a/**", 0);
	if (peer_expect(q, CLASP_SNAPSHOT, &msg)) {
		t_eq_int(msg.snapshot.count, 2, "params");
		t_check(clasp_str_is(msg.snapshot.params[0].address, "/a") &&
		    clasp_str_is(msg.snapshot.params[1].address, "/a/b"),
		    "addresses");
	}
	peer_expect_none(q);
	/* the same id again: another pattern, and only that */
	peer_subscribe(q, 1, "/ab/", 0);
	if (peer_expect(q, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 1, "params");
	peer_set(p, "/a", clasp_int(4));
	peer_expect_none(q);
	peer_set(p, "/ab", clasp_int(5));
	expect_set(q, "/ab", 5, 2);
	/* a snapshot is for who wants parameters */
	peer_subscribe(q, 2, "/a/**", 1 << CLASP_EVENT);
	peer_expect_none(q);
	end();
}

static void
type_filters(void)
{
	static const uint8_t kinds[] = { CLASP_PARAM, CLASP_EVENT,
	    CLASP_STREAM, CLASP_GESTURE, CLASP_TIMELINE };
	struct peer *p, *q;
	struct clasp_msg msg;
	size_t i, k;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	for (i = 0; i < 5; i++) {
		peer_subscribe(q, 1, "/f", (uint8_t)(1u << kinds[i]));
		for (k = 0; k < 5; k++) {
			peer_publish(p, "/f", kinds[k], clasp_int(1));
			if (i == k && peer_expect(q, CLASP_PUBLISH, &msg))
				t_eq_int(msg.publish.kind, kinds[k], "kind");
			peer_expect_none(q);
		}
		peer_set(p, "/f/set", clasp_int(1));
		peer_subscribe(q, 1, "/f/set", (uint8_t)(1u << kinds[i]));
		peer_skip(q);
		peer_set(p, "/f/set", clasp_int(1));
		if (kinds[i] == CLASP_PARAM)
			peer_expect(q, CLASP_SET, &msg);
		peer_expect_none(q);
	}
	end();
}

static void
patterns_are_checked_and_limited(void)
{
	static const char *const bad[] = { "", "a", "/", "//", "/a//b",
	    "/**/**/**/**/**/**/**/**/**" };
	struct peer *p;
	size_t i;

	begin();
	p = peer_join(&w);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		peer_subscribe(p, 1, bad[i], 0);
		peer_expect_error(p, 202);
	}
	for (i = 0; i < 100; i++)
		peer_subscribe(p, (uint32_t)i, "/x", 0);
	peer_expect_none(p);
	peer_subscribe(p, 7, "/y", 0);		/* replaces */
	peer_expect_none(p);
	peer_subscribe(p, 100, "/x", 0);
	peer_expect_error(p, 429);
	for (i = 0; i < 100; i++) {
		peer_unsubscribe(p, 7);
		peer_subscribe(p, 7, "/y", 0);
	}
	peer_expect_none(p);
	end();
}

/* ------------------------------------------------------ order and queues */

static void
many_senders_many_readers_in_order(void)
{
	enum { SENDERS = 10, READERS = 30, EACH = 100 };
	struct peer *sender[SENDERS], *reader[READERS];
	int64_t seen[SENDERS];
	char address[32];
	struct clasp_msg msg;
	uint64_t revision;
	int i, k, got;

	begin();
	for (i = 0; i < READERS; i++) {
		reader[i] = peer_join_as(&w, (enum clasp_framing)(i % 3));
		peer_subscribe(reader[i], 1, "/o/**", 0);
	}
	for (i = 0; i < SENDERS; i++)
		sender[i] = peer_join(&w);
	for (k = 0; k < EACH; k++)
		for (i = 0; i < SENDERS; i++) {
			snprintf(address, sizeof address, "/o/%d", i);
			peer_set(sender[i], k & 1 ? "/o/all" : address,
			    clasp_int(i * 1000 + k));
		}
	for (i = 0; i < READERS; i++) {
		memset(seen, -1, sizeof seen);
		revision = 0;
		for (got = 0; peer_next(reader[i], &msg); got++) {
			k = (int)(msg.set.value.integer / 1000);
			t_check(msg.set.value.integer % 1000 > seen[k] ||
			    seen[k] < 0, "order of one sender");
			seen[k] = msg.set.value.integer % 1000;
			if (clasp_str_is(msg.set.address, "/o/all")) {
				t_check(msg.set.revision > revision,
				    "revisions rise");
				revision = msg.set.revision;
			}
		}
		t_eq_int(got, SENDERS * EACH, "reader %d", i);
	}
	end();
}

static void
small_queues(struct clasp_router_config *config)
{
	config->queue_msgs = 10;
}

static void
a_burst_is_flushed_before_anything_is_dropped(void)
{
	struct clasp_router_stats stats;
	struct peer *p, *q;
	struct clasp_msg msg;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/b", 0);
	for (i = 1; i <= 1000; i++)
		peer_publish(p, "/b", CLASP_EVENT, clasp_int(i));
	for (i = 1; i <= 1000; i++)
		if (peer_expect(q, CLASP_PUBLISH, &msg))
			t_eq_int(msg.publish.value.integer, i, "order");
	t_check(q->flushes > 0, "never flushed");
	clasp_router_stats(w.router, &stats);
	t_eq_int(stats.drops, 0, "drops");
	end();
}

static void
a_slow_reader_ends_with_the_newest_values(void)
{
	struct clasp_router_stats stats;
	struct peer *p, *q;
	struct clasp_msg msg;
	int64_t last[4] = { 0 };
	uint64_t revision[4] = { 0 };
	char address[16];
	int i, k, order = 0, got = 0;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	q->window = 0;
	for (i = 1; i <= 200; i++) {
		snprintf(address, sizeof address, "/v/%d", i % 4);
		peer_set(p, address, clasp_int(i));
		if (i == 100)
			peer_publish(p, "/e", CLASP_EVENT, clasp_int(1));
	}
	clasp_router_stats(w.router, &stats);
	/* 10 queued, 4 remembered, the rest never goes */
	t_eq_int(stats.drops, 200 - 10 - 4 + 1, "drops");
	clasp_session_stalled(q->s);
	q->window = 120;		/* part of it, within a frame */
	world_pump(&w);
	clasp_session_stalled(q->s);
	peer_set(p, "/v/2", clasp_int(1000));
	q->window = SIZE_MAX;
	while (peer_next(q, &msg)) {
		if (msg.type == CLASP_ERROR) {
			t_eq_int(msg.error.code, 503, "error");
			continue;
		}
		t_eq_int(msg.type, CLASP_SET, "a dropped event came");
		k = msg.set.address.p[3] - '0';
		t_check(msg.set.revision > revision[k], "revisions rise");
		revision[k] = msg.set.revision;
		t_check(msg.set.value.integer > last[k], "values rise");
		last[k] = msg.set.value.integer;
		/* missed ones come in the order of their last writes */
		if (++got > 10) {
			t_check(last[k] > order, "order of last writes");
			order = (int)last[k];
		}
	}
	t_eq_int(last[0], 200, "/v/0");
	t_eq_int(last[1], 197, "/v/1");
	t_eq_int(last[2], 1000, "/v/2");
	t_eq_int(last[3], 199, "/v/3");
	/* and then goes on as ever */
	peer_publish(p, "/e", CLASP_EVENT, clasp_int(2));
	peer_expect(q, CLASP_PUBLISH, &msg);
	peer_expect_none(q);
	end();
}

static void
what_was_missed_is_not_sent_twice(void)
{
	struct peer *p, *q;
	struct clasp_msg msg;
	uint64_t revision = 0;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	q->window = 0;
	for (i = 1; i <= 20; i++)
		peer_set(p, "/a", clasp_int(i));
	peer_get(q, "/a");		/* a reply is queued in any case */
	t_check(q->paused, "reading goes on");
	q->window = SIZE_MAX;
	while (peer_next(q, &msg)) {
		t_check(msg.type == CLASP_SET || msg.type == CLASP_SNAPSHOT,
		    "type");
		if (msg.type == CLASP_SET) {
			t_check(msg.set.revision > revision, "revisions");
			revision = msg.set.revision;
		} else {
			t_check(msg.snapshot.params[0].revision > revision,
			    "revisions");
			revision = msg.snapshot.params[0].revision;
		}
	}
	t_eq_int(revision, 20, "the newest came");
	t_check(!q->paused, "reading does not go on");
	end();
}

/* Whatever comes and goes while it does not read: what stays is sent. */
static void
a_slow_reader_keeps_what_has_not_expired(void)
{
	struct clasp_router_stats stats;
	struct peer *p, *q;
	struct clasp_msg msg, brief;
	char address[32];
	int64_t kept = 0;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	clasp_router_tick(w.router, w.now);
	w.now += 45000000;
	clasp_router_tick(w.router, w.now);
	q->window = 0;
	for (i = 0; i < 20; i++)
		peer_set(p, "/keep", clasp_int(i));
	for (i = 0; i < 700; i++) {
		snprintf(address, sizeof address, "/brief/%d", i);
		brief = msg_set(address, clasp_int(i));
		brief.set.has_ttl = true;
		brief.set.ttl = CLASP_TTL_ABSOLUTE | 1;
		peer_send(p, &brief);
		if (i == 600) {
			/* they expire, and are swept */
			w.now += 20000000;
			clasp_router_tick(w.router, w.now);
			clasp_router_stats(w.router, &stats);
			t_eq_int(stats.params, 1, "params");
		}
	}
	q->window = SIZE_MAX;
	while (peer_next(q, &msg))
		if (msg.type == CLASP_SET && clasp_str_eq(msg.set.address,
		    CLASP_STR("/keep")))
			kept = msg.set.value.integer;
	t_eq_int(kept, 19, "its last value");
	end();
}

static void
drops_are_told_once_in_ten_seconds(void)
{
	const char *want;
	struct peer *p, *q;
	struct clasp_msg msg;
	int i, told = 0;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/e", 0);
	q->window = 0;
	for (i = 0; i < 10 + 99; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	t_eq_int(clasp_session_outq(q->s)->msgs, 10, "told too early");
	peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	t_eq_int(clasp_session_outq(q->s)->msgs, 11, "not told");
	for (i = 0; i < 500; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	t_eq_int(clasp_session_outq(q->s)->msgs, 11, "told twice");
	w.now += 10000000;
	for (i = 0; i < 99; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	t_eq_int(clasp_session_outq(q->s)->msgs, 11, "a new window");
	peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	q->window = SIZE_MAX;
	while (peer_next(q, &msg))
		if (msg.type == CLASP_ERROR) {
			t_eq_int(msg.error.code, 503, "code");
			t_check(memmem(msg.error.message.p,
			    msg.error.message.len, "Buffer overflow", 15) !=
			    NULL, "text");
			t_check(msg.error.address.p == NULL, "address");
			want = told++ == 0 ? " 100 in the last 10 s" :
			    " 600 in the last 10 s";
			t_check(memmem(msg.error.message.p,
			    msg.error.message.len, want, strlen(want)) != NULL,
			    "%.*s", CLASP_STR_ARG(msg.error.message));
		}
	t_eq_int(told, 2, "notices");
	end();
}

/* One line at once, then one each ten seconds, and one when it is closed. */
static void
a_slow_reader_is_seen_in_the_log(void)
{
	struct peer *p, *q;
	unsigned before;
	int i, s;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/e", 0);
	q->window = 0;
	before = w.logged;
	for (i = 0; i < 10; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	t_eq_int(w.logged, before, "nothing was dropped");
	for (s = 0; s < 25; s++) {
		for (i = 0; i < 200; i++)
			peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
		if (s == 0)
			t_check(strstr(w.log, "(peer) is too slow") != NULL,
			    "%s", w.log);
		w.now += 1000000;
		clasp_router_tick(w.router, w.now);
	}
	t_eq_int(w.logged, before + 3, "lines in 25 s");
	t_check(strstr(w.log, "2000 messages dropped in 10 s") != NULL, "%s",
	    w.log);
	w.now += 5000000;
	clasp_router_tick(w.router, w.now);
	t_check(q->closed, "not closed");
	/* why, and that it has left */
	t_eq_int(w.logged, before + 5, "its close");
	end();
}

static void
replies_are_never_dropped(void)
{
	struct peer *p;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	p->window = 0;
	for (i = 1; i <= 100; i++)
		peer_set(p, "/a", clasp_int(i));
	t_check(p->paused, "still reading");
	t_check(clasp_session_outq(p->s)->msgs <= 11, "grows");
	t_check(p->held.len > 0, "nothing held back");
	p->window = SIZE_MAX;
	for (i = 1; i <= 100; i++)
		expect_ack(p, "/a", (uint64_t)i);
	peer_expect_none(p);
	t_check(!p->paused, "still paused");
	peer_barrier(p);
	end();
}

/* Two messages left, nothing was added: what waits for room waits on. */
static void
nearly_full_is_full(void)
{
	struct peer *p, *q, *r;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/a", 0);
	r = peer_join(&w);
	q->window = r->window = 0;
	for (i = 1; i <= 20; i++) {
		peer_set(p, "/a", clasp_int(i));
		peer_set(r, "/b", clasp_int(i));
	}
	t_check(r->paused, "still reading");
	w.now += 1000000;
	q->window = r->window = 60;
	world_pump(&w);
	t_check(clasp_session_outq(q->s)->msgs < 10, "full");
	t_check(clasp_session_outq(r->s)->msgs < 10, "full");
	w.now += 29999999;
	clasp_router_tick(w.router, w.now);
	t_check(!q->closed && !r->closed, "closed too early");
	w.now++;
	clasp_router_tick(w.router, w.now);
	t_check(q->closed && r->closed, "not closed");
	end();
}

static void
who_empties_his_socket_stays(void)
{
	struct peer *p, *q, *r;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	r = peer_join(&w);
	peer_subscribe(q, 1, "/e", 0);
	peer_subscribe(r, 1, "/e", 0);
	q->window = r->window = 0;
	for (i = 0; i < 20; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	q->taking = true;
	for (i = 0; i < 12; i++) {
		w.now += 5000000;
		t_check(clasp_router_tick(w.router, w.now) <= w.now + 5000000,
		    "not asked in time");
		t_check(r->closed == (i >= 5), "dead reader at %d s", i * 5 + 5);
	}
	t_check(!q->closed, "closed while it takes");
	q->taking = false;
	w.now += 30000000;
	clasp_router_tick(w.router, w.now);
	t_check(q->closed, "not closed");
	end();
}

static void
who_never_reads_is_closed(void)
{
	struct peer *p, *q;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/e", 0);
	q->window = 0;
	for (i = 0; i < 20; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	w.now += 29999999;
	clasp_router_tick(w.router, w.now);
	t_check(!q->closed, "closed too early");
	q->window = 3;			/* a few bytes leave: it lives */
	world_pump(&w);
	for (i = 0; i < 20; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	w.now += 1000000;
	clasp_router_tick(w.router, w.now);
	t_check(!q->closed, "closed though it reads");
	w.now += 30000000;
	clasp_router_tick(w.router, w.now);
	t_check(q->closed, "never closed");
	t_eq_int(q->code, 1008, "code");
	peer_barrier(p);
	end();
}

static void
ping_is_a_barrier(void)
{
	struct peer *p;
	struct clasp_msg msg;

	begin();
	p = peer_join(&w);
	peer_set(p, "/a", clasp_int(1));
	peer_subscribe(p, 1, "/a", 0);
	peer_publish(p, "/b*", CLASP_EVENT, clasp_int(1));
	peer_get(p, "/none");
	peer_ping(p);
	peer_expect(p, CLASP_ACK, &msg);
	peer_expect(p, CLASP_SNAPSHOT, &msg);
	peer_expect_error(p, 200);
	peer_expect_error(p, 201);
	peer_expect(p, CLASP_PONG, &msg);
	end();
}

static void
slow_down(struct clasp_router_config *config)
{
	config->rate_limit = 10;
}

static void
too_many_messages_a_second(void)
{
	struct peer *p;
	struct clasp_msg msg;
	int i;

	begin_with(slow_down);
	p = peer_join(&w);
	for (i = 0; i < 20; i++)
		peer_ping(p);
	for (i = 0; i < 10; i++)
		peer_expect(p, CLASP_PONG, &msg);
	peer_expect_error(p, 429);
	peer_expect_none(p);
	w.now += 100000;
	peer_ping(p);
	peer_ping(p);
	peer_expect(p, CLASP_PONG, &msg);
	peer_expect_none(p);
	end();
}

/* -------------------------------------------------------- large snapshots */

#define LARGE 60000

static void
large(struct clasp_router_config *config)
{
	config->max_params = 0;
}

static void
fill(struct peer *p, int n)
{
	char address[80];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(address, sizeof address,
		    "/venue/hall/fixture/%06d/channel/intensity/value", i);
		peer_set(p, address, clasp_int(i));
		if (i % 500 == 0)
			peer_skip(p);
	}
	peer_skip(p);
}

/* Take one whole frame's worth at a time from a reader's socket. */
static void
a_large_snapshot_comes_by_cursor(void)
{
	struct peer *p, *q;
	struct clasp_msg msg;
	static uint64_t revision[LARGE];
	char text[8];
	unsigned n, chunks = 0, late = 0;
	uint32_t i;
	size_t queued = 0;
	bool pong = false, ordered = true;
	char last[80] = "";

	begin_with(large);
	p = peer_join(&w);
	fill(p, LARGE);
	q = peer_open(&w, CLASP_FRAMING_WS);
	q->window = 0;
	peer_hello(q, 0);
	peer_ping(q);
	peer_subscribe(q, 1, "/venue/**", 0);
	peer_ping(q);
	memset(revision, 0, sizeof revision);
	/* the initial one, before any subscription */
	for (n = 0; !pong; n++) {
		q->window = 50000;
		world_pump(&w);
		if (clasp_session_outq(q->s)->bytes > queued)
			queued = clasp_session_outq(q->s)->bytes;
		while (peer_next(q, &msg) && !pong) {
			if (msg.type == CLASP_PONG)
				pong = true;
			if (msg.type != CLASP_SNAPSHOT)
				continue;
			chunks++;
			t_check(msg.snapshot.count <= 800, "entries");
			for (i = 0; i < msg.snapshot.count; i++) {
				ordered = ordered && clasp_str_cmp(
				    msg.snapshot.params[i].address,
				    clasp_str_c(last)) > 0;
				snprintf(last, sizeof last, "%.*s",
				    CLASP_STR_ARG(
				    msg.snapshot.params[i].address));
				late++;
			}
		}
		if (n > 10000)
			break;
	}
	t_check(pong, "no PONG");
	t_check(ordered, "not in the order of addresses");
	t_eq_int(late, LARGE, "initial entries");
	t_check(chunks >= LARGE / 800, "chunks");
	t_check(queued < 512 << 10, "%zu bytes queued at once", queued);
	/* the subscription's, while others go on setting */
	late = 0;
	for (n = 0, pong = false; !pong && n < 10000; n++) {
		char address[80];
		int k = (int)((n * 7919) % LARGE);

		snprintf(address, sizeof address,
		    "/venue/hall/fixture/%06d/channel/intensity/value", k);
		peer_set(p, address, clasp_int(k));
		peer_publish(p, "/venue/event", CLASP_EVENT, clasp_int(1));
		peer_skip(p);
		q->window = 20000;
		world_pump(&w);
		while (peer_next(q, &msg)) {
			if (msg.type == CLASP_PONG)
				pong = true;
			if (msg.type == CLASP_SET) {
				snprintf(text, sizeof text, "%.6s",
				    msg.set.address.p + 20);
				k = atoi(text);
				t_check(msg.set.revision > revision[k],
				    "%d: %llu after %llu", k,
				    (unsigned long long)msg.set.revision,
				    (unsigned long long)revision[k]);
				revision[k] = msg.set.revision;
				late++;
			}
			for (i = 0; msg.type == CLASP_SNAPSHOT &&
			    i < msg.snapshot.count; i++) {
				const struct clasp_param *param =
				    &msg.snapshot.params[i];

				snprintf(text, sizeof text, "%.6s",
				    param->address.p + 20);
				k = atoi(text);
				t_check(param->revision > revision[k],
				    "%d twice", k);
				revision[k] = param->revision;
			}
		}
	}
	t_check(pong, "no PONG");
	t_check(late > 0, "no SET between the chunks");
	for (i = 0; i < LARGE; i++)
		if (revision[i] == 0)
			break;
	t_eq_int(i, LARGE, "one is missing");
	q->window = SIZE_MAX;
	peer_skip(q);
	t_check(!q->paused, "still paused");
	end();
}

/* Few matches, far apart, and none at all. */
static void
a_sparse_pattern_finds_its_matches(void)
{
	struct peer *p, *q;
	struct clasp_msg msg;
	unsigned n = 0;

	begin_with(large);
	p = peer_join(&w);
	fill(p, LARGE);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, CLASP_FEATURE_NOSTATE);
	peer_skip(q);
	peer_subscribe(q, 1, "/venue/*/fixture/*0007/**", 0);
	peer_ping(q);
	while (peer_next(q, &msg) && msg.type == CLASP_SNAPSHOT)
		n += msg.snapshot.count;
	t_eq_int(msg.type, CLASP_PONG, "last");
	t_eq_int(n, LARGE / 10000, "entries");
	peer_subscribe(q, 2, "/venue/*/fixture/none", 0);
	peer_barrier(q);
	/* all of it has expired, but its memory is still there */
	w.now += UINT64_C(3600000000);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, 0);
	peer_expect(q, CLASP_WELCOME, &msg);
	if (peer_expect(q, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 0, "entries");
	peer_barrier(q);
	end();
}

/* A pattern that matches nothing in a large state keeps nobody waiting. */
static void
a_search_takes_several_turns(void)
{
	struct peer *p, *q, *gone;
	int turns = 0;

	begin_with(large);
	p = peer_join(&w);
	fill(p, LARGE);
	q = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q, CLASP_FEATURE_NOSTATE);
	peer_skip(q);
	gone = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(gone, CLASP_FEATURE_NOSTATE);
	peer_skip(gone);
	peer_subscribe(gone, 1, "/*/none", 0);
	peer_subscribe(q, 1, "/*/none", 0);
	t_check(q->paused && gone->paused, "not all was looked at");
	clasp_session_close(gone->s, w.now);
	gone->s = NULL;
	peer_barrier(p);
	while (q->paused && turns < LARGE &&
	    clasp_router_tick(w.router, w.now) <= w.now)
		turns++;
	t_check(turns >= 4, "%d turns", turns);
	t_check(!q->paused, "the search has an end");
	peer_barrier(q);
	end();
}

static void
joiners_in_one_state_get_the_same(void)
{
	struct peer *p, *q[5];
	struct clasp_frame a, b;
	struct clasp_msg msg;
	int i;

	begin();
	p = peer_join(&w);
	fill(p, 3000);
	for (i = 0; i < 5; i++) {
		q[i] = peer_open(&w, CLASP_FRAMING_WS);
		peer_hello(q[i], 0);
		peer_expect(q[i], CLASP_WELCOME, &msg);
	}
	for (;;) {
		for (i = 0; i < 5; i++)
			clasp_arena_reset(&q[i]->arena);
		if (!peer_next_raw(q[0], &a))
			break;
		for (i = 1; i < 5; i++)
			if (peer_next_raw(q[i], &b))
				t_check(a.len == b.len && memcmp(a.payload,
				    b.payload, a.len) == 0, "differs");
			else
				t_check(false, "shorter");
	}
	/* a change is seen by the next */
	peer_set(p, "/venue/hall/fixture/000000/channel/intensity/value",
	    clasp_int(77));
	q[0] = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q[0], 0);
	peer_expect(q[0], CLASP_WELCOME, &msg);
	if (peer_expect(q[0], CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.params[0].value.integer, 77, "stale");
	/* and so is that time has passed */
	w.now += UINT64_C(3600000000);
	q[0] = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(q[0], 0);
	peer_expect(q[0], CLASP_WELCOME, &msg);
	if (peer_expect(q[0], CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 0, "expired ones are there");
	clasp_router_tick(w.router, w.now + 2000000);
	end();
}

static void
a_joiner_may_leave_in_the_middle(void)
{
	struct peer *p, *q;

	begin_with(large);
	p = peer_join(&w);
	fill(p, LARGE);
	q = peer_open(&w, CLASP_FRAMING_WS);
	q->window = 100000;
	peer_hello(q, 0);
	world_pump(&w);
	t_check(q->paused, "no cursor at work");
	peer_leave(q);
	peer_barrier(p);
	end();
}

/* ---------------------------------------------------------------- bundles */

static void
send_bundle(struct peer *p, const struct clasp_msg *members, uint32_t n,
    uint64_t at_us)
{
	struct clasp_msg msg = { .type = CLASP_BUNDLE };

	msg.bundle.has_timestamp = at_us != 0;
	msg.bundle.timestamp_us = at_us;
	msg.bundle.count = n;
	msg.bundle.messages = members;
	peer_send(p, &msg);
}

static void
a_bundle_is_delivered_as_its_members(void)
{
	struct clasp_msg members[100], msg;
	static char names[100][16];
	struct peer *p, *q;
	int i;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(p, 1, "/**", 0);
	peer_subscribe(q, 1, "/**", 0);
	for (i = 0; i < 100; i++) {
		snprintf(names[i], sizeof names[i], "/b/%03d", i);
		members[i] = i % 10 == 5 ? msg_publish(names[i], CLASP_EVENT,
		    clasp_int(i)) : msg_set(names[i], clasp_int(i));
	}
	send_bundle(p, members, 100, 0);
	for (i = 0; i < 100; i++)
		if (i % 10 == 5) {
			if (peer_expect(q, CLASP_PUBLISH, &msg))
				t_eq_int(msg.publish.value.integer, i, "");
		} else {
			expect_set(q, names[i], i, 1);
			expect_set(p, names[i], i, 1);
		}
	if (peer_expect(p, CLASP_ACK, &msg)) {
		t_check(msg.ack.address.p == NULL, "address");
		t_check(msg.ack.has_revision && msg.ack.revision == 1,
		    "revision");
	}
	peer_expect_none(p);
	peer_expect_none(q);
	send_bundle(p, members, 0, 0);
	if (peer_expect(p, CLASP_ACK, &msg))
		t_check(!msg.ack.has_revision, "of what?");
	/* now or before: at once */
	send_bundle(p, members, 1, w.now);
	expect_set(q, names[0], 0, 2);
	send_bundle(p, members, 1, w.now - 200000);
	expect_set(q, names[0], 0, 3);
	end();
}

static void
a_bundle_is_all_or_nothing(void)
{
	static char blob[65536 - 200];
	struct clasp_msg lock = msg_set("/locked", clasp_int(1)), members[4];
	struct peer *p, *q;
	struct {
		int code;
		const char *what;
		struct clasp_msg msg;
	} rows[8];
	int i, n = 0;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	lock.set.lock = true;
	peer_send(q, &lock);
	memset(blob, 0, sizeof blob);
	memset(rows, 0, sizeof rows);
	rows[n].code = 200;
	rows[n].what = "address";
	rows[n++].msg = msg_set("/a/*", clasp_int(1));
	rows[n].code = 401;
	rows[n].what = "lock";
	rows[n++].msg = msg_set("/locked", clasp_int(2));
	rows[n].code = 400;
	rows[n].what = "revision";
	rows[n].msg = msg_set("/new", clasp_int(2));
	rows[n].msg.set.has_revision = true;
	rows[n++].msg.set.revision = 7;
	rows[n].code = 101;
	rows[n].what = "PING";
	rows[n++].msg = (struct clasp_msg){ .type = CLASP_PING };
	rows[n].code = 101;
	rows[n].what = "BUNDLE";
	rows[n++].msg = (struct clasp_msg){ .type = CLASP_BUNDLE };
	rows[n].code = 301;
	rows[n].what = "/$relay";
	rows[n++].msg = msg_set("/$relay/x", clasp_int(2));
	rows[n].code = 101;
	rows[n].what = "p2p";
	rows[n++].msg = msg_publish("/clasp/p2p/announce", CLASP_EVENT,
	    clasp_int(1));
	peer_subscribe(q, 1, "/**", 0);
	peer_skip(q);
	for (i = 0; i < n; i++) {
		members[0] = msg_set("/one", clasp_int(1));
		members[1] = msg_publish("/e", CLASP_EVENT, clasp_int(1));
		members[2] = rows[i].msg;
		members[3] = msg_set("/four", clasp_int(1));
		send_bundle(p, members, 4, 0);
		peer_expect_error(p, rows[i].code);
		peer_expect_none(p);
		peer_expect_none(q);
		t_eq_int(value_of("/one"), INT64_MIN, "%s", rows[i].what);
	}
	/* a member is judged by what those before it will have done */
	members[0] = msg_set("/s", clasp_int(1));
	members[1] = msg_set("/s", clasp_int(2));
	members[1].set.has_revision = true;
	members[1].set.revision = 1;
	send_bundle(p, members, 2, 0);
	expect_set(q, "/s", 1, 1);
	expect_set(q, "/s", 2, 2);
	members[0].set.has_revision = true;
	members[0].set.revision = 2;
	send_bundle(p, members, 2, 0);		/* the second expects 1 */
	peer_skip(p);
	peer_expect_none(q);
	t_eq_int(value_of("/s"), 2, "half a bundle");
	end();
}

/* -------------------------------------------------------------- timelines */

static void
the_last_timeline_waits_for_those_to_come(void)
{
	struct clasp_entry keyframe[] = {
		{ CLASP_STR("time"), clasp_int(0) },
		{ CLASP_STR("value"), clasp_int(1) },
	};
	struct clasp_value list[1];
	struct clasp_entry body[1];
	struct peer *p, *q;
	struct clasp_msg msg;

	list[0] = clasp_map(keyframe, 2);
	body[0].key = CLASP_STR("keyframes");
	body[0].value = clasp_array(list, 1);
	begin();
	p = peer_join(&w);
	peer_publish(p, "/t", CLASP_TIMELINE, clasp_map(body, 1));
	peer_set(p, "/t", clasp_int(5));
	q = peer_join(&w);
	peer_subscribe(q, 1, "/t/**", 0);
	peer_expect(q, CLASP_SNAPSHOT, &msg);
	if (peer_expect(q, CLASP_PUBLISH, &msg)) {
		t_eq_int(msg.publish.kind, CLASP_TIMELINE, "kind");
		t_check(clasp_map_get(&msg.publish.value,
		    CLASP_STR("keyframes")) != NULL, "keyframes");
	}
	peer_expect_none(q);
	peer_subscribe(q, 2, "/t", 1 << CLASP_PARAM);
	peer_expect(q, CLASP_SNAPSHOT, &msg);
	peer_expect_none(q);
	/* one without keyframes takes it away */
	peer_publish(p, "/t", CLASP_TIMELINE, clasp_null());
	peer_expect(q, CLASP_PUBLISH, &msg);
	peer_subscribe(q, 3, "/t", 1 << CLASP_TIMELINE);
	peer_expect_none(q);
	end();
}

static void
shutting_down_tells_everybody(void)
{
	struct peer *p, *q;

	begin();
	p = peer_join(&w);
	q = peer_open(&w, CLASP_FRAMING_WS);
	clasp_router_shutdown(w.router, w.now);
	peer_expect_error(p, 501);
	t_check(p->closed && q->closed, "open");
	t_eq_int(p->code, 1001, "code");
	peer_expect_none(q);
	peer_ping(p);
	peer_expect_none(p);
	end();
}

/* A burst of one address is held back and queued at once (core/run.h):
 * nobody may see that. */
static void
a_burst_of_one_address_keeps_every_order(void)
{
	struct peer *pub, *sub, *both, *late;
	struct clasp_msg msg;
	int i;

	begin();
	pub = peer_join(&w);
	sub = peer_join(&w);
	both = peer_join_as(&w, CLASP_FRAMING_LENGTH);
	peer_subscribe(sub, 1, "/a/*", 0);
	peer_subscribe(both, 1, "/a/*", 0);
	for (i = 1; i <= 700; i++)	/* more than a run holds */
		peer_set(pub, "/a/x", clasp_int(i));
	peer_set(pub, "/a/y", clasp_int(1));
	for (i = 701; i <= 710; i++) {
		peer_set(pub, "/a/x", clasp_int(i));
		peer_set(both, "/a/x", clasp_int(-i));
	}
	late = peer_join(&w);		/* its snapshot is of now */
	peer_subscribe(late, 1, "/a/x", 0);
	peer_set(pub, "/a/x", clasp_int(9));
	peer_leave(both);
	peer_set(pub, "/a/x", clasp_int(10));
	peer_set(pub, "/a/x", clasp_int(11));
	for (i = 1; i <= 700; i++)
		expect_set(sub, "/a/x", i, (uint64_t)i);
	expect_set(sub, "/a/y", 1, 1);
	for (i = 701; i <= 710; i++) {
		expect_set(sub, "/a/x", i, 0);
		expect_set(sub, "/a/x", -i, 0);
	}
	for (i = 9; i <= 11; i++)
		expect_set(sub, "/a/x", i, (uint64_t)(720 + i - 8));
	peer_expect_none(sub);
	for (i = 0; i < 714; i++)
		peer_expect(pub, CLASP_ACK, &msg);
	peer_expect_none(pub);
	if (peer_expect(late, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.params[0].revision, 720, "snapshot");
	for (i = 9; i <= 11; i++)
		expect_set(late, "/a/x", i, 0);
	end();
}

int
main(void)
{
	t_run(a_set_before_hello_is_refused);
	t_run(hello_is_answered_by_welcome_and_snapshot);
	t_run(a_second_hello_changes_nothing);
	t_run(garbage_before_hello_gets_no_frame);
	t_run(versions_and_names_of_hello);
	t_run(one_session_too_many_is_told_so);
	t_run(silent_peers_are_closed);
	t_run(newcomers_see_what_was_set);
	t_run(values_come_back_as_they_went);
	t_run(addresses_are_checked);
	t_run(a_set_is_echoed_then_acknowledged);
	t_run(a_publish_goes_to_the_others);
	t_run(a_burst_of_one_address_keeps_every_order);
	t_run(small_messages);
	t_run(many_signals_come_in_parts);
	t_run(bad_frames_are_answered_seldom);
	t_run(frames_may_come_together);
	t_run(locks_keep_others_out);
	t_run(revisions_that_are_expected);
	t_run(a_full_store_takes_no_new_address);
	t_run(the_largest_value_reaches_everybody);
	t_run(subscribers_get_what_matches);
	t_run(subscribing_shows_what_is_there);
	t_run(type_filters);
	t_run(patterns_are_checked_and_limited);
	t_run(many_senders_many_readers_in_order);
	t_run(a_burst_is_flushed_before_anything_is_dropped);
	t_run(a_slow_reader_ends_with_the_newest_values);
	t_run(what_was_missed_is_not_sent_twice);
	t_run(a_slow_reader_keeps_what_has_not_expired);
	t_run(drops_are_told_once_in_ten_seconds);
	t_run(a_slow_reader_is_seen_in_the_log);
	t_run(replies_are_never_dropped);
	t_run(nearly_full_is_full);
	t_run(who_empties_his_socket_stays);
	t_run(who_never_reads_is_closed);
	t_run(ping_is_a_barrier);
	t_run(too_many_messages_a_second);
	t_run(a_large_snapshot_comes_by_cursor);
	t_run(a_sparse_pattern_finds_its_matches);
	t_run(a_search_takes_several_turns);
	t_run(joiners_in_one_state_get_the_same);
	t_run(a_joiner_may_leave_in_the_middle);
	t_run(a_bundle_is_delivered_as_its_members);
	t_run(a_bundle_is_all_or_nothing);
	t_run(the_last_timeline_waits_for_those_to_come);
	t_run(shutting_down_tells_everybody);
	return t_end();
}
