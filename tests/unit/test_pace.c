/*
 * test_pace.c - subscriptions with a rate or an epsilon, by a made-up clock.
 *
 * `at` is the time since the world began, in milliseconds; the router is
 * ticked as its server would, exactly when it asked to be.
 */
#include <math.h>

#include "base/hash.h"
#include "core/session.h"
#include "world.h"

static struct world w;
static uint64_t began;

static void
begin(void)
{
	world_open(&w, NULL);
	began = w.now;
}

static void
begin_with(void (*change)(struct clasp_router_config *))
{
	struct clasp_router_config config;

	clasp_router_config_init(&config);
	change(&config);
	world_open(&w, &config);
	began = w.now;
}

static void
end(void)
{
	world_close(&w);
}

/* Let time pass, to ms since the beginning. */
static void
at(double ms)
{
	uint64_t until = began + (uint64_t)(ms * 1000 + 0.5), next;

	for (;;) {
		next = clasp_router_tick(w.router, w.now);
		if (next > until)
			break;
		if (next > w.now)
			w.now = next;
	}
	w.now = until;
	clasp_router_tick(w.router, w.now);
}

/* When the router wants to be called next, in ms since the beginning. */
static double
due_ms(void)
{
	uint64_t next = clasp_router_tick(w.router, w.now);

	return next == UINT64_MAX ? INFINITY :
	    (double)(next - began) / 1000;
}

static void
subscribe_with(struct peer *p, uint32_t id, const char *pattern,
    uint32_t max_rate, double epsilon)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };

	msg.subscribe.id = id;
	msg.subscribe.pattern = clasp_str_c(pattern);
	msg.subscribe.has_max_rate = max_rate != 0;
	msg.subscribe.max_rate = max_rate;
	msg.subscribe.has_epsilon = epsilon != 0;
	msg.subscribe.epsilon = epsilon;
	peer_send(p, &msg);
}

/* Addresses with something that waits, of all subscriptions. */
static unsigned
waiting(void)
{
	return w.router->paces.due.count;
}

/* A sender, and a reader of /a/ ** with these options. */
static struct peer *pub, *sub;

static void
begin_pair(uint32_t max_rate, double epsilon)
{
	begin();
	pub = peer_join(&w);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/**", max_rate, epsilon);
}

static void
expect_number(struct peer *p, uint8_t type, const char *address, double value)
{
	const struct clasp_value *v;
	struct clasp_str got;
	struct clasp_msg msg;
	double x;

	if (!peer_expect(p, type, &msg))
		return;
	v = type == CLASP_SET ? &msg.set.value : &msg.publish.value;
	got = type == CLASP_SET ? msg.set.address : msg.publish.address;
	t_check(clasp_str_is(got, address), "%.*s, not %s",
	    CLASP_STR_ARG(got), address);
	x = v->type == CLASP_INT ? (double)v->integer : v->number;
	t_check(x == value || (isnan(x) && isnan(value)), "%s: %g, not %g",
	    address, x, value);
}

#define expect_set(p, address, value) \
	expect_number(p, CLASP_SET, address, value)
#define expect_stream(p, address, value) \
	expect_number(p, CLASP_PUBLISH, address, value)

/* ------------------------------------------------------------------ rate */

static void
the_first_comes_at_once_the_last_when_it_is_due(void)
{
	begin_pair(10, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	expect_set(sub, "/a/x", 1);
	at(10);
	peer_set(pub, "/a/x", clasp_int(2));
	at(50);
	peer_set(pub, "/a/x", clasp_int(3));
	peer_expect_none(sub);
	t_check(due_ms() == 100, "due at %g", due_ms());
	at(99.999);
	peer_expect_none(sub);
	at(100);
	expect_set(sub, "/a/x", 3);
	peer_expect_none(sub);
	/* counted from that delivery */
	at(150);
	peer_set(pub, "/a/x", clasp_int(4));
	at(199);
	peer_expect_none(sub);
	at(200);
	expect_set(sub, "/a/x", 4);
	/* long after: at once, and the next a period from there */
	at(777);
	peer_set(pub, "/a/x", clasp_int(5));
	expect_set(sub, "/a/x", 5);
	at(876);
	peer_set(pub, "/a/x", clasp_int(6));
	peer_expect_none(sub);
	at(877);
	expect_set(sub, "/a/x", 6);
	t_eq_int(waiting(), 0, "nothing waits");
	end();
}

static void
a_period_after_the_last_the_next_comes_at_once(void)
{
	int i;

	begin_pair(10, 0);
	for (i = 0; i < 5; i++) {
		at(i * 100);
		peer_set(pub, "/a/x", clasp_int(i));
		expect_set(sub, "/a/x", i);
	}
	end();
}

static void
addresses_have_their_own_pace(void)
{
	begin_pair(10, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	at(30);
	peer_set(pub, "/a/y", clasp_int(2));
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/y", 2);
	peer_set(pub, "/a/x", clasp_int(3));
	peer_set(pub, "/a/y", clasp_int(4));
	peer_expect_none(sub);
	at(100);
	expect_set(sub, "/a/x", 3);
	peer_expect_none(sub);
	at(130);
	expect_set(sub, "/a/y", 4);
	end();
}

/* No second holds more than the rate, and the last of a burst comes. */
static void
a_flood_is_thinned_to_the_rate(void)
{
	struct clasp_msg msg;
	double last = -1;
	int i, n = 0;

	begin_pair(30, 0);
	for (i = 0; i < 5000; i++) {
		at(i * 0.2);
		peer_set(pub, "/a/x", clasp_int(i));
		while (peer_next(sub, &msg)) {
			n++;
			last = (double)msg.set.value.integer;
		}
	}
	t_eq_int(n, 30, "in one second");
	t_check(last < 4999, "the last is here too soon");
	at(1100);
	expect_set(sub, "/a/x", 4999);
	peer_expect_none(sub);
	end();
}

/* ------------------------------------------------------ epsilon, and both */

static void
numbers_that_hardly_move_are_left_out(void)
{
	begin_pair(0, 0.1);
	peer_set(pub, "/a/x", clasp_float(0.5));
	expect_set(sub, "/a/x", 0.5);
	peer_set(pub, "/a/x", clasp_float(0.59));
	peer_set(pub, "/a/x", clasp_float(0.41));
	peer_expect_none(sub);
	/* from what was sent, not from what was left out */
	peer_set(pub, "/a/x", clasp_float(0.65));
	expect_set(sub, "/a/x", 0.65);
	peer_set(pub, "/a/x", clasp_float(0.5));
	expect_set(sub, "/a/x", 0.5);
	/* exactly epsilon is enough */
	peer_set(pub, "/a/y", clasp_int(1));
	peer_set(pub, "/a/y", clasp_float(1.25));
	peer_set(pub, "/a/y", clasp_float(1.25 + 0.1));
	expect_set(sub, "/a/y", 1);
	expect_set(sub, "/a/y", 1.25);
	expect_set(sub, "/a/y", 1.25 + 0.1);
	peer_expect_none(sub);
	t_eq_int(waiting(), 0, "nothing waits");
	end();
}

static void
what_is_no_pair_of_numbers_is_sent(void)
{
	const struct clasp_value items[] = { clasp_float(0), clasp_int(5),
	    clasp_float(0.05), clasp_int(5), clasp_float(0.1), clasp_int(5),
	    clasp_float(0.1), clasp_int(4) };
	struct clasp_msg msg;
	int i;

	begin_pair(0, 0.1);
	for (i = 0; i < 3; i++) {
		peer_set(pub, "/a/s", clasp_string(CLASP_STR("on")));
		peer_expect(sub, CLASP_SET, &msg);
		peer_set(pub, "/a/b", clasp_bool(true));
		peer_expect(sub, CLASP_SET, &msg);
		peer_set(pub, "/a/n", clasp_float(NAN));
		expect_set(sub, "/a/n", NAN);
	}
	/* a number behind something else, something else behind a number */
	peer_set(pub, "/a/n", clasp_float(1));
	expect_set(sub, "/a/n", 1);
	peer_set(pub, "/a/n", clasp_null());
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/n", clasp_float(1));
	expect_set(sub, "/a/n", 1);
	peer_set(pub, "/a/n", clasp_float(1));
	peer_expect_none(sub);
	/* arrays of one length: any element; else always */
	peer_set(pub, "/a/v", clasp_array(items, 2));
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/v", clasp_array(items + 2, 2));
	peer_expect_none(sub);
	peer_set(pub, "/a/v", clasp_array(items + 4, 2));
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/v", clasp_array(items + 6, 2));
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/v", clasp_array(items + 6, 1));
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/v", clasp_array(items + 6, 1));
	peer_expect_none(sub);
	end();
}

static void
epsilon_comes_first_then_the_rate(void)
{
	begin_pair(10, 1);
	peer_set(pub, "/a/x", clasp_int(0));
	expect_set(sub, "/a/x", 0);
	at(20);
	peer_set(pub, "/a/x", clasp_float(5));
	at(30);
	peer_set(pub, "/a/x", clasp_float(7));
	peer_expect_none(sub);
	at(100);
	expect_set(sub, "/a/x", 7);
	/* the value sent late is what the next is compared with */
	at(300);
	peer_set(pub, "/a/x", clasp_float(7.5));
	peer_expect_none(sub);
	peer_set(pub, "/a/x", clasp_float(6));
	expect_set(sub, "/a/x", 6);
	/* left out: that begins no period */
	at(450);
	peer_set(pub, "/a/x", clasp_float(6.5));
	at(460);
	peer_set(pub, "/a/x", clasp_float(8));
	expect_set(sub, "/a/x", 8);
	/* back where it was: what waited is not true any more */
	at(470);
	peer_set(pub, "/a/x", clasp_float(20));
	at(480);
	peer_set(pub, "/a/x", clasp_float(8.25));
	t_eq_int(waiting(), 0, "it still waits");
	at(700);
	peer_expect_none(sub);
	/* NaN waits like any other, and is not lost */
	peer_set(pub, "/a/x", clasp_float(9.5));
	expect_set(sub, "/a/x", 9.5);
	peer_set(pub, "/a/x", clasp_float(NAN));
	at(800);
	expect_set(sub, "/a/x", NAN);
	end();
}

static void
arrays_wait_and_are_compared(void)
{
	const struct clasp_value items[] = { clasp_int(1), clasp_int(2),
	    clasp_int(1), clasp_int(9), clasp_int(1), clasp_float(9.5) };
	struct clasp_msg msg;

	begin_pair(10, 1);
	peer_set(pub, "/a/v", clasp_array(items, 2));
	peer_expect(sub, CLASP_SET, &msg);
	peer_set(pub, "/a/v", clasp_array(items + 2, 2));
	peer_expect_none(sub);
	at(100);
	if (peer_expect(sub, CLASP_SET, &msg))
		t_eq_int(msg.set.value.items[1].integer, 9, "element");
	at(300);
	peer_set(pub, "/a/v", clasp_array(items + 4, 2));
	peer_expect_none(sub);
	end();
}

/* --------------------------------------------------- what it applies to */

static void
streams_are_thinned_events_and_timelines_are_not(void)
{
	struct clasp_msg msg;
	int i;

	begin_pair(10, 0);
	for (i = 0; i < 4; i++) {
		peer_publish(pub, "/a/t", CLASP_STREAM, clasp_int(i));
		peer_publish(pub, "/a/p", CLASP_PARAM, clasp_int(i));
		peer_set(pub, "/a/p", clasp_int(10 + i));
	}
	expect_stream(sub, "/a/t", 0);
	expect_stream(sub, "/a/p", 0);
	expect_set(sub, "/a/p", 10);
	for (i = 0; i < 4; i++) {
		peer_publish(pub, "/a/t", CLASP_EVENT, clasp_int(i));
		peer_publish(pub, "/a/t", CLASP_TIMELINE, clasp_int(i));
		expect_stream(sub, "/a/t", i);
		expect_stream(sub, "/a/t", i);
	}
	peer_expect_none(sub);
	at(100);
	for (i = 0; i < 3; i++) {
		if (!peer_next(sub, &msg))
			t_check(0, "%d of three", i);
		else if (msg.type == CLASP_SET)
			t_eq_int(msg.set.value.integer, 13, "SET");
		else
			t_eq_int(msg.publish.value.integer, 3, "PUBLISH");
	}
	peer_expect_none(sub);
	end();
}

static void
streams_have_an_epsilon_events_have_none(void)
{
	begin_pair(0, 1);
	peer_publish(pub, "/a/t", CLASP_STREAM, clasp_float(0));
	peer_publish(pub, "/a/t", CLASP_STREAM, clasp_float(0.5));
	peer_publish(pub, "/a/t", CLASP_STREAM, clasp_float(1.5));
	expect_stream(sub, "/a/t", 0);
	expect_stream(sub, "/a/t", 1.5);
	peer_publish(pub, "/a/e", CLASP_EVENT, clasp_float(0));
	peer_publish(pub, "/a/e", CLASP_EVENT, clasp_float(0));
	expect_stream(sub, "/a/e", 0);
	expect_stream(sub, "/a/e", 0);
	peer_expect_none(sub);
	end();
}

static void
who_sent_a_stream_does_not_get_it_later(void)
{
	struct clasp_msg msg;
	struct peer *other;

	begin_pair(10, 0);
	other = peer_join(&w);
	subscribe_with(other, 1, "/a/**", 10, 0);
	peer_publish(other, "/a/t", CLASP_STREAM, clasp_int(1));
	peer_publish(other, "/a/t", CLASP_STREAM, clasp_int(2));
	at(100);
	expect_stream(sub, "/a/t", 1);
	expect_stream(sub, "/a/t", 2);
	peer_expect_none(other);
	/* but the sender of a SET does */
	peer_set(other, "/a/x", clasp_int(1));
	expect_set(other, "/a/x", 1);
	peer_skip(other);
	peer_set(other, "/a/x", clasp_int(2));
	/* its echo waits, the ACK does not */
	if (peer_expect(other, CLASP_ACK, &msg))
		t_eq_int(msg.ack.revision, 2, "ACK");
	peer_expect_none(other);
	at(200);
	expect_set(other, "/a/x", 2);
	end();
}

/* -------------------------------------------------------------- gestures */

static void
touch(struct peer *p, uint8_t phase, uint32_t id, int value)
{
	struct clasp_msg msg = msg_publish("/a/g", CLASP_GESTURE,
	    clasp_int(value));

	msg.publish.phase = phase;
	msg.publish.has_id = true;
	msg.publish.id = id;
	peer_send(p, &msg);
}

static void
expect_touch(struct peer *p, uint8_t phase, uint32_t id, int value)
{
	struct clasp_msg msg;

	if (!peer_expect(p, CLASP_PUBLISH, &msg))
		return;
	t_eq_int(msg.publish.phase, phase, "phase of %d", value);
	t_eq_int(msg.publish.id, id, "id of %d", value);
	t_eq_int(msg.publish.value.integer, value, "value");
}

static void
no_coalescing(struct clasp_router_config *config)
{
	config->gestures = false;
}

static void
moves_are_thinned_their_gesture_is_not(void)
{
	begin_with(no_coalescing);
	pub = peer_join(&w);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/**", 10, 100);
	touch(pub, CLASP_PHASE_START, 1, 0);
	touch(pub, CLASP_PHASE_MOVE, 1, 1);
	touch(pub, CLASP_PHASE_MOVE, 1, 2);
	touch(pub, CLASP_PHASE_MOVE, 1, 3);
	expect_touch(sub, CLASP_PHASE_START, 1, 0);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 1);
	peer_expect_none(sub);
	at(100);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 3);
	/* another finger has its own */
	at(120);
	touch(pub, CLASP_PHASE_MOVE, 1, 4);
	touch(pub, CLASP_PHASE_START, 2, 50);
	touch(pub, CLASP_PHASE_MOVE, 2, 51);
	touch(pub, CLASP_PHASE_MOVE, 2, 52);
	expect_touch(sub, CLASP_PHASE_START, 2, 50);
	expect_touch(sub, CLASP_PHASE_MOVE, 2, 51);
	/* the end brings the last move of its own gesture along */
	touch(pub, CLASP_PHASE_END, 2, 53);
	expect_touch(sub, CLASP_PHASE_MOVE, 2, 52);
	expect_touch(sub, CLASP_PHASE_END, 2, 53);
	peer_expect_none(sub);
	/* so does a cancel, and a start in place of an end */
	touch(pub, CLASP_PHASE_START, 1, 10);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 4);
	expect_touch(sub, CLASP_PHASE_START, 1, 10);
	touch(pub, CLASP_PHASE_MOVE, 1, 11);
	touch(pub, CLASP_PHASE_MOVE, 1, 12);
	touch(pub, CLASP_PHASE_CANCEL, 1, 13);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 11);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 12);
	expect_touch(sub, CLASP_PHASE_CANCEL, 1, 13);
	at(1000);
	peer_expect_none(sub);
	end();
}

static void
gestures_of_two_senders_are_two(void)
{
	struct peer *other;

	begin_with(no_coalescing);
	pub = peer_join(&w);
	other = peer_join(&w);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/**", 10, 0);
	touch(pub, CLASP_PHASE_MOVE, 1, 1);
	touch(other, CLASP_PHASE_MOVE, 1, 2);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 1);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 2);
	touch(pub, CLASP_PHASE_MOVE, 1, 3);
	touch(other, CLASP_PHASE_MOVE, 1, 4);
	touch(other, CLASP_PHASE_END, 1, 5);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 4);
	expect_touch(sub, CLASP_PHASE_END, 1, 5);
	peer_expect_none(sub);
	at(100);
	expect_touch(sub, CLASP_PHASE_MOVE, 1, 3);
	end();
}

/* The relay's own coalescing in front of it, and a sender that leaves. */
static void
the_last_move_comes_before_the_cancel_of_one_who_left(void)
{
	begin_pair(10, 0);
	touch(pub, CLASP_PHASE_START, 7, 0);
	touch(pub, CLASP_PHASE_MOVE, 7, 1);
	at(16);
	expect_touch(sub, CLASP_PHASE_START, 7, 0);
	expect_touch(sub, CLASP_PHASE_MOVE, 7, 1);
	touch(pub, CLASP_PHASE_MOVE, 7, 2);
	at(40);				/* it waits for its rate now */
	peer_expect_none(sub);
	peer_leave(pub);
	expect_touch(sub, CLASP_PHASE_MOVE, 7, 2);
	expect_touch(sub, CLASP_PHASE_CANCEL, 7, 0);
	at(1000);
	peer_expect_none(sub);
	end();
}

/* ------------------------------------------- several subscriptions of one */

static void
any_of_several_lets_it_through(void)
{
	begin_pair(10, 0);
	peer_subscribe(sub, 2, "/a/x", 0);
	/* the second has no options: /a/x comes always, and once */
	peer_set(pub, "/a/x", clasp_int(1));
	peer_set(pub, "/a/x", clasp_int(2));
	peer_set(pub, "/a/y", clasp_int(1));
	peer_set(pub, "/a/y", clasp_int(2));
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/x", 2);
	expect_set(sub, "/a/y", 1);
	peer_expect_none(sub);
	at(100);
	expect_set(sub, "/a/y", 2);
	peer_expect_none(sub);
	/* a fast one and a slow one: the fast one's pace, nothing twice */
	peer_unsubscribe(sub, 2);
	subscribe_with(sub, 3, "/a/x", 100, 0);
	peer_skip(sub);
	at(500);
	peer_set(pub, "/a/x", clasp_int(3));
	expect_set(sub, "/a/x", 3);
	peer_set(pub, "/a/x", clasp_int(4));
	peer_expect_none(sub);
	at(510);
	expect_set(sub, "/a/x", 4);
	at(700);
	peer_expect_none(sub);
	/* without the fast one the slow one counts from when it let one go */
	peer_set(pub, "/a/x", clasp_int(5));
	expect_set(sub, "/a/x", 5);
	peer_set(pub, "/a/x", clasp_int(6));
	at(710);
	expect_set(sub, "/a/x", 6);
	peer_unsubscribe(sub, 3);
	at(750);
	peer_set(pub, "/a/x", clasp_int(7));
	peer_expect_none(sub);
	at(800);
	expect_set(sub, "/a/x", 7);
	end();
}

/* One that would have waited counts no delivery, only its own. */
static void
what_another_lets_through_begins_no_period(void)
{
	begin_pair(10, 0);
	peer_subscribe(sub, 2, "/a/x", 0);
	peer_set(pub, "/a/x", clasp_int(1));
	at(50);
	peer_set(pub, "/a/x", clasp_int(2));
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/x", 2);
	peer_unsubscribe(sub, 2);
	at(101);
	peer_set(pub, "/a/x", clasp_int(3));
	expect_set(sub, "/a/x", 3);
	end();
}

static void
the_finer_epsilon_lets_it_through(void)
{
	begin_pair(0, 1);
	subscribe_with(sub, 2, "/a/x", 0, 0.1);
	peer_set(pub, "/a/x", clasp_float(0));
	expect_set(sub, "/a/x", 0);
	peer_set(pub, "/a/x", clasp_float(0.5));
	expect_set(sub, "/a/x", 0.5);
	/* the coarse one was not sent 0.5 */
	peer_unsubscribe(sub, 2);
	peer_set(pub, "/a/x", clasp_float(0.9));
	peer_expect_none(sub);
	peer_set(pub, "/a/x", clasp_float(1));
	expect_set(sub, "/a/x", 1);
	end();
}

static void
kinds_that_are_not_asked_for_do_not_count(void)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };

	begin();
	pub = peer_join(&w);
	sub = peer_join(&w);
	msg.subscribe.id = 1;
	msg.subscribe.pattern = CLASP_STR("/a/**");
	msg.subscribe.types = 1 << CLASP_STREAM;
	msg.subscribe.has_max_rate = true;
	msg.subscribe.max_rate = 10;
	peer_send(sub, &msg);
	peer_subscribe(sub, 2, "/a/*", 1 << CLASP_PARAM);
	peer_set(pub, "/a/x", clasp_int(1));
	peer_set(pub, "/a/x", clasp_int(2));
	peer_publish(pub, "/a/x", CLASP_STREAM, clasp_int(3));
	peer_publish(pub, "/a/x", CLASP_STREAM, clasp_int(4));
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/x", 2);
	expect_stream(sub, "/a/x", 3);
	peer_expect_none(sub);
	at(100);
	expect_stream(sub, "/a/x", 4);
	end();
}

/* ---------------------------------------------------- its life and bounds */

static void
what_waits_ends_with_the_subscription(void)
{
	struct clasp_msg msg;

	begin_pair(10, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	peer_set(pub, "/a/x", clasp_int(2));
	peer_unsubscribe(sub, 1);
	expect_set(sub, "/a/x", 1);
	at(200);
	peer_expect_none(sub);
	/* replaced: the snapshot has the newest, then all begins anew */
	subscribe_with(sub, 1, "/a/x", 10, 0);
	peer_skip(sub);
	peer_set(pub, "/a/x", clasp_int(3));
	peer_set(pub, "/a/x", clasp_int(4));
	expect_set(sub, "/a/x", 3);
	subscribe_with(sub, 1, "/a/x", 20, 0);
	if (peer_expect(sub, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.params[0].value.integer, 4, "snapshot");
	peer_expect_none(sub);
	peer_set(pub, "/a/x", clasp_int(5));
	expect_set(sub, "/a/x", 5);
	peer_set(pub, "/a/x", clasp_int(6));
	at(249);
	peer_expect_none(sub);
	at(250);
	expect_set(sub, "/a/x", 6);
	/* and with the session */
	peer_set(pub, "/a/x", clasp_int(7));
	t_check(due_ms() == 300, "due at %g", due_ms());
	peer_leave(sub);
	t_eq_int(waiting(), 0, "nothing waits");
	end();
}

static void
the_address_longest_not_used_is_forgotten_but_sent(void)
{
	enum { N = CLASP_PACE_EACH };
	char address[32];
	int i;

	begin_pair(1, 0);
	for (i = 0; i < N; i++) {
		snprintf(address, sizeof address, "/a/%d", i);
		peer_set(pub, address, clasp_int(i));
		expect_set(sub, address, i);
	}
	peer_set(pub, "/a/0", clasp_int(-1));
	peer_set(pub, "/a/1", clasp_int(-1));
	peer_set(pub, "/a/0", clasp_int(-2));
	peer_skip(pub);
	/* one more: /a/2 goes, then the next; /a/0 and /a/1 were used */
	peer_set(pub, "/a/new", clasp_int(1));
	expect_set(sub, "/a/new", 1);
	peer_set(pub, "/a/2", clasp_int(-1));
	expect_set(sub, "/a/2", -1);
	for (i = 4; i < N; i++) {	/* 3 went for /a/2 */
		snprintf(address, sizeof address, "/a/%d", i);
		peer_set(pub, address, clasp_int(-i));
	}
	peer_expect_none(sub);		/* all of these wait */
	peer_skip(pub);
	/* /a/1 is the oldest now, then /a/0: what waits there is sent */
	peer_set(pub, "/a/more", clasp_int(1));
	expect_set(sub, "/a/more", 1);
	expect_set(sub, "/a/1", -1);
	peer_set(pub, "/a/most", clasp_int(1));
	expect_set(sub, "/a/most", 1);
	expect_set(sub, "/a/0", -2);
	peer_expect_none(sub);
	at(1000);
	for (i = 4; i < N; i++)
		if (!peer_next(sub, &(struct clasp_msg){ 0 }))
			break;
	t_eq_int(i, N, "came when they were due");
	peer_expect_none(sub);
	end();
}

/* One that leaves with many addresses is freed by and by. */
static void
many_addresses_are_freed_in_several_turns(void)
{
	char address[32];
	int i, turns = 0;

	begin_pair(1, 0);
	for (i = 0; i < 2 * CLASP_PACE_EACH; i++) {
		snprintf(address, sizeof address, "/a/%d", i / 2);
		peer_set(pub, address, clasp_int(i));
		if (i % 100 == 0)
			peer_skip(pub);
	}
	peer_leave(sub);
	while (clasp_router_tick(w.router, w.now) <= w.now)
		turns++;
	t_check(turns > 0 && turns < 10, "%d turns", turns);
	at(2000);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/0", 1, 0);
	peer_skip(sub);
	peer_set(pub, "/a/0", clasp_int(1));
	expect_set(sub, "/a/0", 1);
	end();
}

static void
a_thousand_subscribers_and_one_call(void)
{
	enum { N = 999 };	/* and the sender */
	static struct peer *subs[N];
	int i;

	begin();
	pub = peer_join(&w);
	for (i = 0; i < N; i++) {
		subs[i] = peer_join_as(&w, i % 2 ? CLASP_FRAMING_WS :
		    CLASP_FRAMING_LENGTH);
		subscribe_with(subs[i], 1, i % 3 ? "/a/**" : "/a/*", 10, 0);
	}
	for (i = 0; i < 20; i++) {
		peer_set(pub, "/a/x", clasp_int(i));
		peer_publish(pub, "/a/y", CLASP_STREAM, clasp_int(i));
	}
	t_check(due_ms() == 100, "due at %g", due_ms());
	w.now = began + 100000;
	t_check(due_ms() > 100, "one call for all");
	t_eq_int(waiting(), 0, "one call for all");
	for (i = 0; i < N; i++) {
		struct clasp_msg a, b;

		expect_set(subs[i], "/a/x", 0);
		expect_stream(subs[i], "/a/y", 0);
		if (!peer_next(subs[i], &a))
			t_check(0, "nothing late");
		else if (a.type == CLASP_SET)
			expect_stream(subs[i], "/a/y", 19);
		else
			expect_set(subs[i], "/a/x", 19);
		t_check(!peer_next(subs[i], &b), "one more");
	}
	end();
}

/* ------------------------------------------------------- others' company */

/* Read all: the revisions of /a/x rise, in SNAPSHOT or SET. */
static uint64_t
rising(struct peer *p, uint64_t last, int64_t *value, int *sets)
{
	struct clasp_msg msg;

	while (peer_next(p, &msg)) {
		if (msg.type == CLASP_SET &&
		    clasp_str_is(msg.set.address, "/a/x")) {
			t_check(msg.set.revision > last, "SET %llu after "
			    "%llu", (unsigned long long)msg.set.revision,
			    (unsigned long long)last);
			last = msg.set.revision;
			*value = msg.set.value.integer;
			++*sets;
		} else if (msg.type == CLASP_SNAPSHOT && clasp_str_is(
		    msg.snapshot.params[0].address, "/a/x")) {
			t_check(msg.snapshot.params[0].revision >= last,
			    "SNAPSHOT %llu after %llu", (unsigned long long)
			    msg.snapshot.params[0].revision,
			    (unsigned long long)last);
			last = msg.snapshot.params[0].revision;
			*value = msg.snapshot.params[0].value.integer;
		}
	}
	return last;
}

static void
what_waits_comes_before_what_shows_it(void)
{
	struct clasp_msg msg;
	int64_t value = 0;
	int sets = 0;

	begin_pair(10, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	peer_set(pub, "/a/x", clasp_int(2));
	expect_set(sub, "/a/x", 1);
	peer_get(sub, "/a/x");
	expect_set(sub, "/a/x", 2);
	if (peer_expect(sub, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.params[0].revision, 2, "GET");
	at(150);
	peer_expect_none(sub);
	peer_set(pub, "/a/x", clasp_int(3));
	expect_set(sub, "/a/x", 3);
	/* what is sent early is a delivery, as to the rate */
	at(240);
	peer_set(pub, "/a/x", clasp_int(31));
	peer_get(sub, "/a/x");
	expect_set(sub, "/a/x", 31);
	peer_skip(sub);
	at(260);
	peer_set(pub, "/a/x", clasp_int(32));
	at(339);
	peer_expect_none(sub);
	at(340);
	expect_set(sub, "/a/x", 32);
	peer_set(pub, "/a/x", clasp_int(4));
	peer_set(pub, "/a/y", clasp_int(1));
	peer_set(pub, "/a/y", clasp_int(2));
	expect_set(sub, "/a/y", 1);
	/* another subscription: what its snapshot shows, and only that */
	peer_subscribe(sub, 2, "/a/x", 0);
	expect_set(sub, "/a/x", 4);
	if (peer_expect(sub, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.params[0].revision, 6, "snapshot");
	peer_expect_none(sub);
	at(440);
	expect_set(sub, "/a/y", 2);
	peer_unsubscribe(sub, 2);
	/* a GET of another has no part in it */
	at(600);
	peer_set(pub, "/a/x", clasp_int(5));
	peer_set(pub, "/a/x", clasp_int(6));
	peer_get(pub, "/a/x");
	peer_get(sub, "/a/y");
	at(700);
	t_eq_int(rising(sub, 6, &value, &sets), 8, "revision");
	end();
}

static void
one_address(struct clasp_router_config *config)
{
	config->queue_msgs = 10;
	config->burst_bytes = 0;
}

/* What follows an overflow is what the next is compared with. */
static void
what_was_missed_is_a_delivery(void)
{
	int i;

	begin_with(one_address);
	pub = peer_join(&w);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/*", 10, 1);
	peer_subscribe(sub, 2, "/b", 0);
	peer_set(pub, "/a/x", clasp_int(0));
	expect_set(sub, "/a/x", 0);
	at(500);
	sub->window = 0;
	for (i = 0; i < 30; i++)
		peer_publish(pub, "/b", CLASP_EVENT, clasp_int(i));
	peer_set(pub, "/a/x", clasp_int(5));
	sub->window = SIZE_MAX;
	for (i = 0; i < 10; i++)
		expect_stream(sub, "/b", i);
	expect_set(sub, "/a/x", 5);
	peer_set(pub, "/a/x", clasp_float(5.5));
	peer_set(pub, "/a/x", clasp_float(9));
	at(599);
	peer_expect_none(sub);
	at(600);
	expect_set(sub, "/a/x", 9);
	peer_expect_none(sub);
	end();
}

/* A full queue: the newest value follows once, in place of what waits. */
static void
what_was_missed_and_what_waits_meet(void)
{
	uint64_t last = 0;
	int64_t value = 0;
	int sets = 0, i, round;

	begin_with(one_address);
	pub = peer_join(&w);
	sub = peer_join(&w);
	subscribe_with(sub, 1, "/a/*", 10, 0);
	peer_subscribe(sub, 2, "/b", 0);
	for (round = 0; round < 6; round++) {
		at(round * 1000);
		sub->window = 0;
		peer_set(pub, "/a/x", clasp_int(10 * round));
		if (round % 2)		/* it waits when the queue fills */
			peer_set(pub, "/a/x", clasp_int(10 * round + 1));
		for (i = 0; i < 30; i++)
			peer_publish(pub, "/b", CLASP_EVENT, clasp_int(i));
		if (round % 3 == 0)	/* due while it is full */
			at(round * 1000 + 100);
		if (round % 3 == 1)
			peer_set(pub, "/a/x", clasp_int(10 * round + 2));
		peer_skip(pub);
		sub->window = SIZE_MAX;
		peer_set(pub, "/a/x", clasp_int(10 * round + 3));
		last = rising(sub, last, &value, &sets);
		at(round * 1000 + 500);
		last = rising(sub, last, &value, &sets);
		t_eq_int(value, 10 * round + 3, "the last one of round %d",
		    round);
	}
	end();
}

static void
large_snapshot(double step_ms)
{
	enum { N = 60000 };
	static char text[200];
	char address[32];
	struct clasp_msg msg;
	uint64_t last[3] = { 0 };
	int i, k, shown = 0;

	begin();
	pub = peer_join(&w);
	sub = peer_join(&w);
	memset(text, 'x', sizeof text);
	for (i = 0; i < N; i++) {
		snprintf(address, sizeof address, "/a/m/%05d", i);
		peer_set(pub, address, clasp_string(clasp_str_of(text,
		    sizeof text)));
		if (i % 500 == 0)
			peer_skip(pub);
	}
	peer_skip(pub);
	subscribe_with(sub, 1, "/a/?", 10, 0);
	subscribe_with(sub, 2, "/a/*", 10, 0);
	peer_barrier(sub);		/* it took a search */
	for (i = 0; i < 4; i++) {
		peer_set(pub, "/a/a", clasp_int(i));
		peer_set(pub, "/a/z", clasp_int(i));
	}
	sub->window = 300000;
	peer_subscribe(sub, 3, "/a/**", 1 << CLASP_PARAM);
	world_pump(&w);
	t_check(sub->paused, "sent at once");
	for (i = 4; i < 8; i++) {
		peer_set(pub, "/a/a", clasp_int(i));
		peer_set(pub, "/a/z", clasp_int(i));
		at(step_ms * i);
	}
	sub->window = SIZE_MAX;
	peer_unsubscribe(sub, 3);	/* read behind the snapshot */
	world_pump(&w);
	at(step_ms * 8 + 100);
	while (peer_next(sub, &msg)) {
		if (msg.type == CLASP_SET) {
			k = msg.set.address.p[3] == 'z';
			t_check(msg.set.revision > last[k], "SET");
			last[k] = msg.set.revision;
			continue;
		}
		for (i = 0; i < (int)msg.snapshot.count; i++) {
			struct clasp_str a = msg.snapshot.params[i].address;

			shown++;
			if (a.len != 4)
				continue;
			k = a.p[3] == 'z';
			t_check(msg.snapshot.params[i].revision >= last[k],
			    "SNAPSHOT");
			last[k] = msg.snapshot.params[i].revision;
		}
	}
	t_eq_int(shown, N + 2, "shown");
	t_eq_int(last[0], 8, "/a/a");
	t_eq_int(last[1], 8, "/a/z");
	end();
}

static void
a_large_snapshot_and_what_waits(void)
{
	large_snapshot(100);
	large_snapshot(0);
}

/* Many of one address: who has a pace and who has none. */
static void
bursts_reach_those_without_a_pace_whole(void)
{
	struct peer *all;
	int i;

	begin_pair(10, 0);
	all = peer_join(&w);
	peer_subscribe(all, 1, "/a/**", 0);
	for (i = 0; i < 600; i++)
		peer_set(pub, "/a/x", clasp_int(i));
	peer_set(pub, "/a/y", clasp_int(1));
	at(100);
	for (i = 0; i < 600; i++)
		expect_set(all, "/a/x", i);
	expect_set(all, "/a/y", 1);
	expect_set(sub, "/a/x", 0);
	expect_set(sub, "/a/y", 1);
	expect_set(sub, "/a/x", 599);
	peer_expect_none(sub);
	/* the one with a pace leaves: runs begin again */
	peer_leave(sub);
	for (i = 0; i < 600; i++)
		peer_set(pub, "/a/x", clasp_int(i));
	for (i = 0; i < 600; i++)
		expect_set(all, "/a/x", i);
	end();
}

static void
bundles_are_thinned_by_their_members(void)
{
	struct clasp_msg members[3], msg = { .type = CLASP_BUNDLE };

	begin_pair(10, 0);
	members[0] = msg_set("/a/x", clasp_int(1));
	members[1] = msg_set("/a/x", clasp_int(2));
	members[2] = msg_set("/a/y", clasp_int(3));
	msg.bundle.messages = members;
	msg.bundle.count = 3;
	peer_send(pub, &msg);
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/y", 3);
	peer_expect_none(sub);
	at(100);
	expect_set(sub, "/a/x", 2);
	end();
}

static void
what_waits_is_sent_before_the_goodbye(void)
{
	begin_pair(1, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	peer_set(pub, "/a/x", clasp_int(2));
	clasp_router_shutdown(w.router, w.now);
	expect_set(sub, "/a/x", 1);
	expect_set(sub, "/a/x", 2);
	peer_expect_error(sub, 501);
	end();
}

/* Flags, lifetime and revision of what waited are those it came with. */
static void
what_waits_is_sent_as_it_came(void)
{
	struct clasp_msg msg = msg_set("/a/x", clasp_int(2)), got;

	begin_pair(10, 0);
	peer_set(pub, "/a/x", clasp_int(1));
	expect_set(sub, "/a/x", 1);
	msg.set.lock = true;
	msg.set.has_ttl = true;
	msg.set.ttl = 60;
	peer_send(pub, &msg);
	at(100);
	if (peer_expect(sub, CLASP_SET, &got)) {
		t_check(got.set.lock, "lock");
		t_check(got.set.has_ttl && got.set.ttl == 60, "ttl");
		t_check(got.set.has_revision && got.set.revision == 2,
		    "revision");
	}
	end();
}

/* ------------------------------------------------------------- bad input */

static void
options_without_effect(void)
{
	static const struct {
		uint32_t rate;
		double epsilon;
		int want;		/* of 0, 0.5, 0.5 at once */
	} rows[] = {
		{ 0, -1, 3 }, { 0, NAN, 3 }, { 0, INFINITY, 3 },
		{ 0, -INFINITY, 3 }, { 0, 0, 3 }, { 1000001, 0, 3 },
		{ UINT32_MAX, 0, 3 }, { 1000000, 0, 1 }, { 1, 0, 1 },
		{ 0, 1e308, 1 }, { 0, 5e-324, 2 }, { 1, NAN, 1 },
		{ UINT32_MAX, 1e308, 1 },
	};
	struct clasp_msg msg;
	size_t i;
	int n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin_pair(rows[i].rate, rows[i].epsilon);
		peer_set(pub, "/a/x", clasp_float(0));
		peer_set(pub, "/a/x", clasp_float(0.5));
		peer_set(pub, "/a/x", clasp_float(0.5));
		for (n = 0; peer_next(sub, &msg); n++)
			;
		t_eq_int(n, rows[i].want, "row %zu", i);
		end();
	}
}

/* MessagePack: { type: SUBSCRIBE, id: 1, pattern: "/a/x", options: ... } */
static void
options_of_the_wrong_type(void)
{
	static const struct {
		const char *options;
		size_t len;
		int error;
	} rows[] = {
		{ "\x81\xa7" "maxRate\x0a", 10, 0 },
		{ "\x81\xa8" "max_rate\x0a", 11, 0 },
		{ "\x81\xa8" "max_rate\xff", 11, 101 },		/* -1 */
		{ "\x81\xa8" "max_rate\xa1" "9", 12, 101 },
		{ "\x81\xa8" "max_rate\xcf\0\0\0\1\0\0\0\0", 19, 101 },
		{ "\x81\xa8" "max_rate\xca\x41\x20\0\0", 15, 101 }, /* 10.0 */
		{ "\x81\xa7" "epsilon\xa3" "0.1", 13, 101 },
		{ "\x81\xa7" "epsilon\x01", 10, 0 },
		{ "\x81\xa7" "epsilon\xc3", 10, 101 },
		{ "\x91\x01", 2, 101 },
	};
	static const char head[] = "\x84\xa4type\xa9SUBSCRIBE\xa2id\x01"
	    "\xa7pattern\xa4/a/x\xa7options";
	struct clasp_frame frame = { .version = 1 };
	uint8_t bytes[200];
	struct clasp_buf payload = { 0 };
	size_t i, n;
	int k;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin();
		pub = peer_join(&w);
		sub = peer_join(&w);
		clasp_buf_reset(&payload);
		clasp_buf_add(&payload, head, sizeof head - 1);
		clasp_buf_add(&payload, rows[i].options, rows[i].len);
		frame.len = payload.len;
		k = clasp_frame_head(bytes, &frame);
		t_check(k >= 0, "head");
		n = CLASP_FRAME_HEAD;
		memcpy(bytes + n, payload.data, payload.len);
		peer_bytes(sub, bytes, n + payload.len);
		if (rows[i].error != 0)
			peer_expect_error(sub, rows[i].error);
		peer_set(pub, "/a/x", clasp_int(1));
		peer_set(pub, "/a/x", clasp_int(1));
		if (rows[i].error == 0)
			expect_set(sub, "/a/x", 1);
		peer_expect_none(sub);
		end();
	}
	clasp_buf_clear(&payload);
}

/* --------------------------------------------------------------- chance */

static uint32_t seed = 4711;

static uint32_t
roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* The rule as it is written, for one subscription and one address. */
struct model {
	double	 last, waits;
	bool	 any, waiting;
	double	 due_ms;
};

static bool
model_take(struct model *m, double ms, double value, double period,
    double epsilon)
{
	if (m->any && epsilon > 0 && fabs(value - m->last) < epsilon) {
		m->waiting = false;
		return false;
	}
	if (m->any && ms < m->due_ms) {
		m->waiting = true;
		m->waits = value;
		return false;
	}
	m->any = true;
	m->waiting = false;
	m->last = value;
	m->due_ms = ms + period;
	return true;
}

static void
chance_and_the_rule_agree(void)
{
	enum { ADDRESSES = 4, STEPS = 4000 };
	static const struct {
		uint32_t rate;
		double epsilon;
	} rows[] = { { 10, 0 }, { 0, 3 }, { 10, 3 }, { 100, 1 } };
	char address[8] = "/a/0";
	struct model models[ADDRESSES];
	double ms, period, value;
	size_t row;
	int i, k, next, step;

	for (row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		begin_pair(rows[row].rate, rows[row].epsilon);
		period = rows[row].rate ? 1000.0 / rows[row].rate : 0;
		memset(models, 0, sizeof models);
		ms = 0;
		for (step = 0; step < STEPS; step++) {
			k = (int)roll(ADDRESSES);
			/* each has moments of its own */
			ms = floor(ms) + 1 + roll(40) + k / 1000.0;
			next = k;
			/* what was due in between, in its order */
			for (;;) {
				k = -1;
				for (i = 0; i < ADDRESSES; i++)
					if (models[i].waiting &&
					    models[i].due_ms <= ms && (k < 0 ||
					    models[i].due_ms <
					    models[k].due_ms))
						k = i;
				if (k < 0)
					break;
				at(models[k].due_ms);
				address[3] = (char)('0' + k);
				models[k].waiting = false;
				models[k].last = models[k].waits;
				models[k].due_ms += period;
				expect_set(sub, address, models[k].last);
			}
			at(ms);
			peer_expect_none(sub);
			k = next;
			value = roll(20);
			address[3] = (char)('0' + k);
			peer_set(pub, address, clasp_float(value));
			peer_skip(pub);
			if (model_take(&models[k], ms, value, period,
			    rows[row].epsilon))
				expect_set(sub, address, value);
			peer_expect_none(sub);
		}
		end();
	}
}

/* ------------------------------------------- many, and all that happens */

enum { READERS = 6, SENDERS = 3, PLACES = 5, CHANCES = 6000 };

/* What a reader has seen of an address. */
struct view {
	uint64_t revision;
	double	 value;
	bool	 any;
};

static struct peer *readers[READERS], *senders[SENDERS];
static struct view views[READERS][PLACES];
static int64_t moved[READERS];		/* by the gesture that is open */

static void
see(int reader, struct clasp_str address, uint64_t revision,
    const struct clasp_value *value, bool snapshot)
{
	struct view *v = &views[reader][address.p[3] - '0'];

	t_check(revision > v->revision || (snapshot &&
	    revision == v->revision), "reader %d: %.*s rev %llu after %llu",
	    reader, CLASP_STR_ARG(address), (unsigned long long)revision,
	    (unsigned long long)v->revision);
	v->revision = revision;
	v->value = value->number;
	v->any = true;
}

static void
read_all(int i)
{
	struct clasp_msg msg;
	uint32_t k;

	while (peer_next(readers[i], &msg))
		switch (msg.type) {
		case CLASP_SET:
			see(i, msg.set.address, msg.set.revision,
			    &msg.set.value, false);
			break;
		case CLASP_SNAPSHOT:
			for (k = 0; k < msg.snapshot.count; k++)
				see(i, msg.snapshot.params[k].address,
				    msg.snapshot.params[k].revision,
				    &msg.snapshot.params[k].value, true);
			break;
		case CLASP_PUBLISH:
			if (msg.publish.kind != CLASP_GESTURE)
				break;
			/* 2n starts, moves rise, 2n+1 ends: never back */
			t_check(msg.publish.value.integer > moved[i],
			    "gesture: %lld after %lld", (long long)
			    msg.publish.value.integer, (long long)moved[i]);
			moved[i] = msg.publish.value.integer;
			break;
		}
}

static void
narrow(struct clasp_router_config *config)
{
	config->queue_msgs = 12;
	config->burst_bytes = 0;
	config->random_seed = 5;
}

static void
something_happens(int64_t *gesture, bool *open)
{
	static const char *const patterns[] = { "/a/**", "/a/*", "/a/1",
	    "/a/2", "/**" };
	struct peer *r = readers[roll(READERS)], *s = senders[roll(SENDERS)];
	char address[8] = "/a/0";
	struct clasp_msg msg;

	address[3] = (char)('0' + roll(PLACES));
	switch (roll(16)) {
	case 0:
		subscribe_with(r, 1 + roll(3), patterns[roll(5)],
		    roll(3) ? 5 + roll(200) : 0, roll(3) ? 0 : 1 + roll(3));
		break;
	case 1:
		if (roll(4) == 0)
			peer_unsubscribe(r, 1 + roll(3));
		break;
	case 2:
		peer_get(r, address);
		break;
	case 3:
		r->window = roll(2) ? 0 : SIZE_MAX;
		break;
	case 4:
	case 5:
		/* every gesture of one sender, so that they are in order */
		msg = msg_publish("/a/g", CLASP_GESTURE,
		    clasp_int(++*gesture));
		msg.publish.phase = !*open ? CLASP_PHASE_START :
		    roll(4) ? CLASP_PHASE_MOVE : CLASP_PHASE_END;
		*open = msg.publish.phase != CLASP_PHASE_END;
		peer_send(senders[0], &msg);
		break;
	case 6:
		peer_publish(s, address, CLASP_STREAM, clasp_int(1));
		break;
	default:
		peer_set(roll(8) ? s : r, address, clasp_float(roll(12)));
	}
}

/*
 * Readers that subscribe, get, stop reading and go on: revisions only rise,
 * no move comes behind its gesture's end, and in the end all have the last
 * values.
 */
static void
whatever_happens_the_last_value_arrives(void)
{
	const struct clasp_record *record;
	char address[8] = "/a/0";
	int64_t gesture = 0;
	bool open = false;
	double ms = 0;
	int i, k, round;

	for (round = 0; round < 5; round++) {
		begin_with(narrow);
		memset(views, 0, sizeof views);
		memset(moved, 0, sizeof moved);
		for (i = 0; i < SENDERS; i++)
			senders[i] = peer_join(&w);
		for (i = 0; i < READERS; i++)
			readers[i] = peer_join(&w);
		gesture = 0;
		open = false;
		for (ms = i = 0; i < CHANCES; i++) {
			something_happens(&gesture, &open);
			if (roll(3) == 0)
				at(ms += roll(30));
			read_all((int)roll(READERS));
			peer_skip(senders[roll(SENDERS)]);
		}
		/* all read on, and each has one that lets all of it pass */
		for (i = 0; i < READERS; i++) {
			readers[i]->window = SIZE_MAX;
			for (k = 1; k <= 3; k++)
				peer_unsubscribe(readers[i], (uint32_t)k);
			read_all(i);
			subscribe_with(readers[i], 1, "/a/*", 20, 0);
			if (i % 2)
				subscribe_with(readers[i], 2, "/a/**", 7, 0);
		}
		for (i = 0; i < 200; i++) {
			address[3] = (char)('0' + i % PLACES);
			peer_set(senders[i % SENDERS], address,
			    clasp_float(i));
			at(ms += 3);
			peer_skip(senders[i % SENDERS]);
		}
		at(ms + 1000);
		for (i = 0; i < READERS; i++)
			read_all(i);
		t_eq_int(waiting(), 0, "nothing waits");
		for (k = 0; k < PLACES; k++) {
			address[3] = (char)('0' + k);
			record = clasp_store_peek(w.router->store,
			    clasp_str_c(address),
			    clasp_hash(clasp_str_c(address)), w.now);
			for (i = 0; i < READERS; i++)
				t_eq_int(views[i][k].revision,
				    record->revision, "reader %d: %s", i,
				    address);
		}
		end();
	}
}

/* What finds no room in memory does not wait. */
static void
what_waits_is_bounded(void)
{
	enum { N = 1200, BIG = 60000 };
	static char big[BIG];
	struct clasp_msg msg;
	char address[32];
	int i, n = 0;

	memset(big, 'x', sizeof big);
	begin_pair(1, 0);
	for (i = 0; i < N; i++) {
		snprintf(address, sizeof address, "/a/%d", i);
		peer_set(pub, address, clasp_int(1));
		peer_skip(pub);
	}
	peer_skip(sub);
	for (i = 0; i < N; i++) {
		snprintf(address, sizeof address, "/a/%d", i);
		peer_publish(pub, address, CLASP_STREAM, clasp_int(1));
		peer_set(pub, address, clasp_string(clasp_str_of(big, BIG)));
		peer_skip(pub);
		while (peer_next(sub, &msg))
			n += msg.type == CLASP_SET;
	}
	t_check(w.router->paces.bytes <= CLASP_PACE_BYTES, "%zu bytes",
	    w.router->paces.bytes);
	t_check(waiting() > 1000, "%u wait", waiting());
	t_eq_int(n + waiting(), N, "the others came at once");
	at(1000);
	while (peer_next(sub, &msg))
		n += msg.type == CLASP_SET;
	t_eq_int(n, N, "all came");
	t_eq_int(w.router->paces.bytes, 0, "bytes");
	end();
}

int
main(void)
{
	t_run(the_first_comes_at_once_the_last_when_it_is_due);
	t_run(a_period_after_the_last_the_next_comes_at_once);
	t_run(addresses_have_their_own_pace);
	t_run(a_flood_is_thinned_to_the_rate);
	t_run(numbers_that_hardly_move_are_left_out);
	t_run(what_is_no_pair_of_numbers_is_sent);
	t_run(epsilon_comes_first_then_the_rate);
	t_run(arrays_wait_and_are_compared);
	t_run(streams_are_thinned_events_and_timelines_are_not);
	t_run(streams_have_an_epsilon_events_have_none);
	t_run(who_sent_a_stream_does_not_get_it_later);
	t_run(moves_are_thinned_their_gesture_is_not);
	t_run(gestures_of_two_senders_are_two);
	t_run(the_last_move_comes_before_the_cancel_of_one_who_left);
	t_run(any_of_several_lets_it_through);
	t_run(what_another_lets_through_begins_no_period);
	t_run(the_finer_epsilon_lets_it_through);
	t_run(kinds_that_are_not_asked_for_do_not_count);
	t_run(what_waits_ends_with_the_subscription);
	t_run(the_address_longest_not_used_is_forgotten_but_sent);
	t_run(many_addresses_are_freed_in_several_turns);
	t_run(a_thousand_subscribers_and_one_call);
	t_run(what_waits_comes_before_what_shows_it);
	t_run(what_was_missed_is_a_delivery);
	t_run(what_was_missed_and_what_waits_meet);
	t_run(a_large_snapshot_and_what_waits);
	t_run(bursts_reach_those_without_a_pace_whole);
	t_run(bundles_are_thinned_by_their_members);
	t_run(what_waits_is_sent_before_the_goodbye);
	t_run(what_waits_is_sent_as_it_came);
	t_run(options_without_effect);
	t_run(options_of_the_wrong_type);
	t_run(chance_and_the_rule_agree);
	t_run(whatever_happens_the_last_value_arrives);
	t_run(what_waits_is_bounded);
	return t_end();
}
