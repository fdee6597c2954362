/* test_time.c - what a relay does when a time has come. */
#include "base/hash.h"
#include "world.h"

static struct world w;
static struct clasp_router_config config;

static void
begin(void)
{
	clasp_router_config_init(&config);
	config.random_seed = 42;
}

static void
open_world(void)
{
	world_open(&w, &config);
}

static struct clasp_router_stats
stats(void)
{
	struct clasp_router_stats out;

	clasp_router_stats(w.router, &out);
	return out;
}

/* To that moment, stopping where the router wants to be called. */
static void
run_until(uint64_t at)
{
	uint64_t due;

	while ((due = clasp_router_tick(w.router, w.now)) <= at) {
		w.now = due > w.now ? due : w.now;
	}
	w.now = at;
	clasp_router_tick(w.router, w.now);
}

#define SECOND	UINT64_C(1000000)

/* --------------------------------------------------------------- sweeping */

static void
what_has_expired_is_swept(void)
{
	struct clasp_msg msg;
	struct peer *p;
	char address[32];
	uint64_t start;
	int i;

	begin();
	config.param_ttl_s = 100;
	open_world();
	p = peer_join(&w);
	start = w.now;
	for (i = 0; i < 5000; i++) {
		snprintf(address, sizeof address, "/s/%d", i);
		msg = msg_set(address, clasp_int(i));
		if (i == 0) {
			msg.set.has_ttl = true;
			msg.set.ttl = 10;
		}
		peer_send(p, &msg);
		peer_skip(p);
	}
	run_until(start + 59 * SECOND);
	t_eq_int(stats().params, 5000, "swept before the minute");
	peer_get(p, "/s/0");
	peer_expect_error(p, 201);
	peer_get(p, "/s/1");
	peer_expect(p, CLASP_SNAPSHOT, &msg);
	w.logged = 0;
	run_until(start + 100 * SECOND);
	t_eq_int(w.logged, 1, "%s", w.log);
	t_eq_str(w.log, "1 expired, 0 had to leave for others; "
	    "the last param was /s/0", "");
	run_until(start + 158 * SECOND);
	/* one was read at 59 s; the others are gone a minute after a sweep */
	t_eq_int(stats().params, 1, "not swept");
	run_until(start + 300 * SECOND);
	t_eq_int(stats().params, 0, "not swept");
	t_eq_int(stats().expired, 5000, "expired");
	t_check(w.logged <= 4, "%u lines", w.logged);
	world_close(&w);
}

static void
a_sweep_takes_several_turns(void)
{
	struct peer *p;
	char address[32];
	uint32_t before, turns = 0;
	int i;

	begin();
	config.param_ttl_s = 10;
	open_world();
	p = peer_join(&w);
	for (i = 0; i < 5000; i++) {
		snprintf(address, sizeof address, "/s/%d", i);
		peer_set(p, address, clasp_int(i));
		peer_skip(p);
	}
	clasp_router_tick(w.router, w.now);
	w.now += 60 * SECOND;
	do {
		before = stats().params;
		if (clasp_router_tick(w.router, w.now) > w.now)
			break;
		t_check(before - stats().params <= 1024, "too many at once");
		turns++;
	} while (turns < 100);
	t_eq_int(turns, 4, "turns");
	t_eq_int(stats().params, 0, "params");
	world_close(&w);
}

static void
a_lock_keeps_a_param_until_its_holder_leaves(void)
{
	struct peer *p, *q;
	struct clasp_msg msg;

	begin();
	config.param_ttl_s = 10;
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	msg = msg_set("/l", clasp_int(1));
	msg.set.lock = true;
	peer_send(p, &msg);
	run_until(w.now + 1000 * SECOND);
	t_eq_int(stats().params, 1, "swept under its lock");
	peer_leave(p);
	peer_get(q, "/l");
	peer_expect_error(q, 201);
	run_until(w.now + 100 * SECOND);
	t_eq_int(stats().params, 0, "not swept");
	world_close(&w);
}

static void
without_ttl_nothing_is_swept_but_what_has_its_own(void)
{
	struct peer *p;
	struct clasp_msg msg;

	begin();
	config.param_ttl_s = 0;
	open_world();
	p = peer_join(&w);
	peer_set(p, "/a", clasp_int(1));
	msg = msg_set("/b", clasp_int(1));
	msg.set.has_ttl = true;
	msg.set.ttl = 10;
	peer_send(p, &msg);
	run_until(w.now + 100000 * SECOND);
	t_eq_int(stats().params, 1, "params");
	world_close(&w);
}

/* One signal announced by p. */
static void
announce(struct peer *p, const char *address)
{
	struct clasp_signal signal = { .address = clasp_str_c(address) };
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	signal.kind = CLASP_PARAM;
	msg.announce.namespace_ = CLASP_STR("/n");
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	peer_send(p, &msg);
	peer_expect(p, CLASP_ACK, &msg);
}

static void
signals_and_timelines_are_swept_too(void)
{
	struct peer *p;
	struct clasp_msg msg = { .type = CLASP_QUERY };

	begin();
	config.signal_ttl_s = 100;
	config.max_signals = 2;
	open_world();
	p = peer_join(&w);
	announce(p, "/n/a");
	announce(p, "/n/b");
	announce(p, "/n/c");
	t_eq_int(stats().signals, 2, "limit");
	t_eq_int(stats().evicted, 1, "evicted");
	run_until(w.now + 90 * SECOND);
	msg.query.pattern = CLASP_STR("/n/b");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_RESULT, &msg))
		t_eq_int(msg.result.count, 1, "found");
	run_until(w.now + 70 * SECOND);
	t_eq_int(stats().signals, 1, "the one that was found lives");
	run_until(w.now + 200 * SECOND);
	t_eq_int(stats().signals, 0, "signals");
	t_eq_int(stats().expired, 2, "expired");
	world_close(&w);
}

static void
a_full_store_says_once_a_minute_who_left(void)
{
	struct peer *p;
	char address[32];
	uint64_t start;
	int i;

	begin();
	config.max_params = 10;
	open_world();
	p = peer_join(&w);
	start = w.now;
	w.logged = 0;
	for (i = 0; i < 1200; i++) {
		snprintf(address, sizeof address, "/s/%d", i);
		peer_set(p, address, clasp_int(i));
		peer_skip(p);
		run_until(w.now + 100000);
	}
	run_until(start + 400 * SECOND);
	t_eq_int(stats().params, 10, "params");
	t_eq_int(stats().evicted, 1190, "evicted");
	/* at 1 s, 61 s and 121 s */
	t_eq_int(w.logged, 3, "lines");
	t_check(strstr(w.log, "the last param was /s/1189") != NULL, "%s",
	    w.log);
	world_close(&w);
}

/* -------------------------------------------------------------- schedule */

static void
send_bundle(struct peer *p, const struct clasp_msg *members, uint32_t n,
    uint64_t at_us)
{
	struct clasp_msg msg = { .type = CLASP_BUNDLE };

	msg.bundle.has_timestamp = true;
	msg.bundle.timestamp_us = at_us;
	msg.bundle.count = n;
	msg.bundle.messages = members;
	peer_send(p, &msg);
}

static void
schedule_set(struct peer *p, const char *address, int64_t value,
    uint64_t at_us)
{
	struct clasp_msg member = msg_set(address, clasp_int(value));

	send_bundle(p, &member, 1, at_us);
}

static void
expect_plain_ack(struct peer *p)
{
	struct clasp_msg msg;

	if (peer_expect(p, CLASP_ACK, &msg)) {
		t_check(!msg.ack.has_revision, "revision");
		t_check(msg.ack.address.p == NULL, "address");
	}
}

static void
expect_value(struct peer *p, const char *address, int64_t value)
{
	struct clasp_msg msg;

	if (!peer_expect(p, CLASP_SET, &msg))
		return;
	t_check(clasp_str_is(msg.set.address, address), "%.*s, not %s",
	    CLASP_STR_ARG(msg.set.address), address);
	t_eq_int(msg.set.value.integer, value, "%s", address);
}

static void
a_bundle_runs_at_its_time(void)
{
	struct clasp_msg members[3], msg;
	struct peer *p, *q;
	uint64_t at;

	begin();
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	members[0] = msg_set("/a", clasp_int(1));
	members[1] = msg_publish("/e", CLASP_EVENT, clasp_int(2));
	members[2] = msg_set("/b", clasp_int(3));
	at = w.now + 300000;
	send_bundle(p, members, 3, at);
	expect_plain_ack(p);
	t_eq_int(clasp_router_tick(w.router, w.now), at, "due");
	t_eq_int(stats().scheduled, 1, "scheduled");
	run_until(at - 1);
	peer_expect_none(q);
	run_until(at);
	expect_value(q, "/a", 1);
	if (peer_expect(q, CLASP_PUBLISH, &msg))
		t_eq_int(msg.publish.value.integer, 2, "event");
	expect_value(q, "/b", 3);
	peer_expect_none(q);
	peer_expect_none(p);
	run_until(at + SECOND);
	peer_expect_none(q);
	t_eq_int(stats().scheduled, 0, "scheduled");
	world_close(&w);
}

static void
bundles_run_by_time_and_then_by_arrival(void)
{
	enum { N = 900 };
	static uint64_t at[N];
	struct clasp_msg msg;
	struct peer *p, *q;
	uint64_t last = 0, start, now;
	int i, seen = 0, last_i = -1, value;

	begin();
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	start = w.now;
	for (i = 0; i < N; i++) {
		at[i] = start + 1000 + (uint64_t)(i * 7919 % 50) * 100;
		schedule_set(p, "/a", i, at[i]);
	}
	peer_skip(p);
	for (now = start; now < start + 7000; now += 50) {
		run_until(now);
		while (peer_next(q, &msg)) {
			value = (int)msg.set.value.integer;
			seen++;
			t_check(at[value] <= now && at[value] + 50 > now,
			    "%d not at its time", value);
			t_check(at[value] > last || (at[value] == last &&
			    value > last_i), "%d behind %d", value, last_i);
			last = at[value];
			last_i = value;
		}
	}
	t_eq_int(seen, N, "each once");
	world_close(&w);
}

static void
a_cue_fires_though_its_sender_has_left(void)
{
	struct clasp_msg member, msg;
	struct peer *p, *q;

	begin();
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/a", 0);
	member = msg_set("/a", clasp_int(1));
	member.set.lock = true;
	send_bundle(p, &member, 1, w.now + 1000);
	expect_plain_ack(p);
	peer_leave(p);
	run_until(w.now + 1000);
	if (peer_expect(q, CLASP_SET, &msg)) {
		t_eq_int(msg.set.value.integer, 1, "value");
		t_check(!msg.set.lock, "locked by nobody");
	}
	peer_get(q, "/a");
	if (peer_expect(q, CLASP_SNAPSHOT, &msg))
		t_check(clasp_str_is(msg.snapshot.params[0].writer, p->id),
		    "writer");
	peer_set(q, "/a", clasp_int(2));
	expect_value(q, "/a", 2);
	peer_expect(q, CLASP_ACK, &msg);
	world_close(&w);
}

/* Equal times: in the order they came, whoever sent them, each as one step
 * that nobody else's comes into; and what is past runs at once. */
static void
equal_times_keep_the_order_of_arrival(void)
{
	struct clasp_msg members[2], msg;
	struct peer *p[3], *q;
	uint64_t at;
	int i;

	begin();
	open_world();
	for (i = 0; i < 3; i++)
		p[i] = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/**", 0);
	at = w.now + 1000;
	for (i = 0; i < 60; i++) {
		members[0] = msg_set("/a", clasp_int(i));
		members[1] = msg_set("/b", clasp_int(i));
		send_bundle(p[i * 7 % 3], members, 2, at);
		expect_plain_ack(p[i * 7 % 3]);
	}
	peer_expect_none(q);
	/* late by an hour, and its revisions are told */
	send_bundle(p[0], members, 2, at - 3600 * SECOND);
	expect_value(q, "/a", 59);
	expect_value(q, "/b", 59);
	if (peer_expect(p[0], CLASP_ACK, &msg))
		t_eq_int(msg.ack.revision, 1, "revision");
	run_until(at);
	for (i = 0; i < 60; i++) {
		expect_value(q, "/a", i);
		expect_value(q, "/b", i);
	}
	peer_expect_none(q);
	for (i = 0; i < 3; i++)
		peer_expect_none(p[i]);
	world_close(&w);
}

/* A lock that was free when the cue was set may be taken when it is due. */
static void
a_lock_is_looked_at_again(void)
{
	struct clasp_msg members[2], msg;
	struct peer *p, *q;

	begin();
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	members[0] = msg_set("/a", clasp_int(1));
	members[1] = msg_set("/b", clasp_int(1));
	send_bundle(p, members, 2, w.now + 1000);
	expect_plain_ack(p);
	msg = msg_set("/b", clasp_int(5));
	msg.set.lock = true;
	peer_send(q, &msg);
	peer_skip(q);
	run_until(w.now + 1000);
	if (peer_expect(p, CLASP_ERROR, &msg)) {
		t_eq_int(msg.error.code, 401, "code");
		t_check(clasp_str_is(msg.error.address, "/b"), "address");
	}
	peer_get(q, "/a");
	peer_expect_error(q, 201);
	/* its own lock is granted at its time, while it is there */
	peer_leave(q);
	members[0].set.lock = true;
	send_bundle(p, members, 1, w.now + 1000);
	expect_plain_ack(p);
	run_until(w.now + 1000);
	q = peer_join(&w);
	peer_set(q, "/a", clasp_int(9));
	peer_expect_error(q, 401);
	/* an event is for others */
	peer_subscribe(p, 1, "/e", 0);
	peer_subscribe(q, 1, "/e", 0);
	members[0] = msg_publish("/e", CLASP_EVENT, clasp_int(1));
	send_bundle(p, members, 1, w.now + 1000);
	expect_plain_ack(p);
	run_until(w.now + 1000);
	peer_expect(q, CLASP_PUBLISH, &msg);
	peer_expect_none(p);
	world_close(&w);
}

static void
what_fails_at_its_time_changes_nothing(void)
{
	struct clasp_msg members[2], msg;
	struct peer *p, *q;

	begin();
	open_world();
	p = peer_join(&w);
	q = peer_join(&w);
	/* checked when it comes: nothing is kept */
	members[0] = msg_set("/a", clasp_int(1));
	members[1] = msg_set("/b", clasp_int(1));
	members[1].set.has_revision = true;
	members[1].set.revision = 5;
	send_bundle(p, members, 2, w.now + 1000);
	peer_expect_error(p, 400);
	t_eq_int(stats().scheduled, 0, "kept");
	/* and when it is due */
	members[1].set.revision = 0;
	send_bundle(p, members, 2, w.now + 1000);
	expect_plain_ack(p);
	peer_set(q, "/b", clasp_int(7));
	peer_skip(q);
	run_until(w.now + 2000);
	if (peer_expect(p, CLASP_ERROR, &msg)) {
		t_eq_int(msg.error.code, 400, "code");
		t_check(clasp_str_is(msg.error.address, "/b"), "address");
	}
	peer_get(q, "/a");
	peer_expect_error(q, 201);
	/* nobody is there to be told */
	members[1].set.revision = 1;
	send_bundle(p, members, 2, w.now + 1000);
	peer_set(q, "/b", clasp_int(8));
	peer_leave(p);
	run_until(w.now + 2000);
	peer_skip(q);
	peer_get(q, "/a");
	peer_expect_error(q, 201);
	world_close(&w);
}

static void
bundles_that_wait_have_limits(void)
{
	struct peer *p, *all[10];
	int i, k;

	begin();
	open_world();
	p = peer_join(&w);
	schedule_set(p, "/a", 1, w.now + 86400 * SECOND + 1);
	peer_expect_error(p, 402);
	schedule_set(p, "/a", 1, w.now + 86400 * SECOND);
	expect_plain_ack(p);
	for (k = 0; k < 10; k++)
		all[k] = peer_join(&w);
	for (k = 0; k < 10; k++) {
		for (i = 0; i < 1000; i++) {
			schedule_set(all[k], "/a", i, w.now + 1000);
			if (k == 9 && i == 999)
				peer_expect_error(all[k], 429);
			else
				expect_plain_ack(all[k]);
		}
		schedule_set(all[k], "/a", i, w.now + 1000);
		peer_expect_error(all[k], 429);
	}
	t_eq_int(stats().scheduled, 10000, "scheduled");
	/* now is not later */
	schedule_set(p, "/b", 1, w.now);
	peer_skip(p);
	run_until(w.now + 1000);
	t_eq_int(stats().scheduled, 1, "scheduled");
	schedule_set(all[0], "/a", i, w.now + 1000);
	expect_plain_ack(all[0]);
	w.logged = 0;
	clasp_router_shutdown(w.router, w.now);
	t_eq_int(w.logged > 0, 1, "not told");
	t_eq_int(stats().scheduled, 0, "scheduled");
	world_close(&w);
}

/* -------------------------------------------------------------- gestures */

static void
gesture(struct peer *p, const char *address, uint32_t id, uint8_t phase,
    int64_t value)
{
	struct clasp_msg msg = msg_publish(address, CLASP_GESTURE,
	    clasp_int(value));

	msg.publish.phase = phase;
	msg.publish.has_id = true;
	msg.publish.id = id;
	peer_send(p, &msg);
}

static void
expect_gesture(struct peer *p, uint32_t id, uint8_t phase, int64_t value)
{
	struct clasp_msg msg;

	if (!peer_expect(p, CLASP_PUBLISH, &msg))
		return;
	t_eq_int(msg.publish.kind, CLASP_GESTURE, "kind");
	t_eq_int(msg.publish.id, id, "id");
	t_eq_int(msg.publish.phase, phase, "phase, value %d", (int)value);
	t_eq_int(msg.publish.content, CLASP_CONTENT_VALUE, "content");
	if (value < 0)
		t_eq_int(msg.publish.value.type, CLASP_NULL, "value");
	else
		t_eq_int(msg.publish.value.integer, value, "value");
}

static struct peer *sender, *other, *reader;

static void
begin_gestures(uint32_t gesture_us)
{
	begin();
	config.gesture_us = gesture_us;
	open_world();
	sender = peer_join(&w);
	other = peer_join(&w);
	reader = peer_join(&w);
	peer_subscribe(reader, 1, "/**", 0);
	peer_subscribe(sender, 1, "/**", 0);
}

#define START	CLASP_PHASE_START
#define MOVE	CLASP_PHASE_MOVE
#define END	CLASP_PHASE_END
#define CANCEL	CLASP_PHASE_CANCEL

static void
moves_wait_one_interval_from_the_first(void)
{
	uint64_t start;
	int i;

	begin_gestures(16000);
	gesture(sender, "/g", 1, START, 0);
	expect_gesture(reader, 1, START, 0);
	start = w.now;
	/* faster than the interval: still one comes every 16 ms */
	for (i = 1; i <= 20; i++) {
		w.now = start + (uint64_t)i * 5000;
		run_until(w.now);
		gesture(sender, "/g", 1, MOVE, i);
		if (i % 4 == 1 && i > 1)
			expect_gesture(reader, 1, MOVE, i - 1);
		else
			peer_expect_none(reader);
	}
	gesture(sender, "/g", 1, END, 99);
	expect_gesture(reader, 1, MOVE, 20);
	expect_gesture(reader, 1, END, 99);
	peer_expect_none(sender);
	/* no such gesture any more */
	gesture(sender, "/g", 1, MOVE, 5);
	expect_gesture(reader, 1, MOVE, 5);
	run_until(w.now + 1000 * SECOND);
	peer_expect_none(reader);
	world_close(&w);
}

static void
gestures_are_told_apart(void)
{
	begin_gestures(16000);
	gesture(sender, "/g", 1, START, 0);
	gesture(other, "/g", 1, START, 0);
	gesture(sender, "/g", 2, START, 0);
	gesture(sender, "/h", 1, START, 0);
	peer_skip(reader);
	gesture(sender, "/g", 1, MOVE, 1);
	gesture(other, "/g", 1, MOVE, 2);
	gesture(sender, "/g", 2, MOVE, 3);
	gesture(sender, "/h", 1, MOVE, 4);
	peer_expect_none(reader);
	gesture(other, "/g", 1, END, 5);
	expect_gesture(reader, 1, MOVE, 2);
	expect_gesture(reader, 1, END, 5);
	/* begun anew */
	gesture(sender, "/g", 2, START, 6);
	expect_gesture(reader, 2, MOVE, 3);
	expect_gesture(reader, 2, START, 6);
	run_until(w.now + 16000);
	expect_gesture(reader, 1, MOVE, 1);
	expect_gesture(reader, 1, MOVE, 4);
	peer_expect_none(reader);
	world_close(&w);
}

static void
who_leaves_cancels_its_gestures(void)
{
	begin_gestures(16000);
	peer_subscribe(other, 1, "/**", 0);
	gesture(sender, "/g", 1, START, 0);
	gesture(sender, "/g", 2, START, 0);
	gesture(sender, "/g", 2, MOVE, 3);
	peer_skip(reader);
	peer_skip(other);
	peer_leave(sender);
	expect_gesture(reader, 2, MOVE, 3);
	expect_gesture(reader, 1, CANCEL, -1);
	expect_gesture(reader, 2, CANCEL, -1);
	peer_expect_none(reader);
	expect_gesture(other, 2, MOVE, 3);
	run_until(w.now + 1000 * SECOND);
	peer_expect_none(reader);
	world_close(&w);
}

static void
a_session_has_so_many_gestures_open(void)
{
	uint32_t i;

	begin_gestures(16000);
	for (i = 0; i < 256; i++)
		gesture(sender, "/g", i, START, 0);
	gesture(sender, "/g", 0, MOVE, 7);
	peer_skip(reader);
	gesture(sender, "/g", 256, START, 1);
	expect_gesture(reader, 0, MOVE, 7);
	expect_gesture(reader, 0, CANCEL, -1);
	expect_gesture(reader, 256, START, 1);
	peer_expect_none(reader);
	/* and forgets what has rested for five minutes */
	run_until(w.now + 299 * SECOND);
	gesture(sender, "/g", 5, MOVE, 8);
	peer_expect_none(reader);
	run_until(w.now + 2 * SECOND);
	expect_gesture(reader, 5, MOVE, 8);
	gesture(sender, "/g", 6, MOVE, 9);
	expect_gesture(reader, 6, MOVE, 9);
	gesture(sender, "/g", 5, MOVE, 10);
	peer_expect_none(reader);
	world_close(&w);
}

static void
without_a_timer_only_the_last_move_comes(void)
{
	int i;

	begin_gestures(0);
	for (i = 0; i <= 120; i++) {
		gesture(sender, "/g", 1, i == 0 ? START : MOVE, i);
		run_until(w.now + 8333);
	}
	gesture(sender, "/g", 1, END, 121);
	expect_gesture(reader, 1, START, 0);
	expect_gesture(reader, 1, MOVE, 120);
	expect_gesture(reader, 1, END, 121);
	peer_expect_none(reader);
	world_close(&w);
	/* and with none of it each does */
	begin();
	config.gestures = false;
	open_world();
	sender = peer_join(&w);
	reader = peer_join(&w);
	peer_subscribe(reader, 1, "/**", 0);
	for (i = 0; i <= 120; i++) {
		gesture(sender, "/g", 1, i == 0 ? START : MOVE, i);
		expect_gesture(reader, 1, i == 0 ? START : MOVE, i);
	}
	world_close(&w);
}

int
main(void)
{
	t_run(what_has_expired_is_swept);
	t_run(a_sweep_takes_several_turns);
	t_run(a_lock_keeps_a_param_until_its_holder_leaves);
	t_run(without_ttl_nothing_is_swept_but_what_has_its_own);
	t_run(signals_and_timelines_are_swept_too);
	t_run(a_full_store_says_once_a_minute_who_left);
	t_run(a_bundle_runs_at_its_time);
	t_run(bundles_run_by_time_and_then_by_arrival);
	t_run(a_cue_fires_though_its_sender_has_left);
	t_run(equal_times_keep_the_order_of_arrival);
	t_run(a_lock_is_looked_at_again);
	t_run(what_fails_at_its_time_changes_nothing);
	t_run(bundles_that_wait_have_limits);
	t_run(moves_wait_one_interval_from_the_first);
	t_run(gestures_are_told_apart);
	t_run(who_leaves_cancels_its_gestures);
	t_run(a_session_has_so_many_gestures_open);
	t_run(without_a_timer_only_the_last_move_comes);
	return t_end();
}
