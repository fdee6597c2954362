/* test_found.c - breaches that the simulator has found, one by one. */
#include "base/hash.h"
#include "world.h"

static struct world w;

static void
small_queues(struct clasp_router_config *config)
{
	config->queue_msgs = 4;
}

static void
begin_with(void (*change)(struct clasp_router_config *))
{
	struct clasp_router_config config;

	clasp_router_config_init(&config);
	config.random_seed = 42;
	if (change != NULL)
		change(&config);
	world_open(&w, &config);
}

/* The parameters a newcomer is shown. */
static uint32_t
shown(struct peer **out)
{
	struct peer *p = peer_open(&w, CLASP_FRAMING_WS);
	struct clasp_msg msg;
	uint32_t n = UINT32_MAX;

	peer_hello(p, CLASP_FEATURE_PARAM);
	peer_expect(p, CLASP_WELCOME, &msg);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg))
		n = msg.snapshot.count;
	*out = p;
	return n;
}

/* A snapshot that is kept for the next one is void when a lock ends. */
static void
what_only_a_lock_kept_goes_with_it(void)
{
	struct clasp_msg msg = msg_set("/a", clasp_int(1));
	struct peer *holder, *other;

	begin_with(NULL);
	holder = peer_join(&w);
	msg.set.lock = msg.set.has_ttl = true;
	msg.set.ttl = 1;
	peer_send(holder, &msg);
	peer_skip(holder);
	w.now += 2000000;
	t_eq_int(shown(&other), 1, "locked, and gone");
	peer_leave(holder);
	t_eq_int(shown(&other), 0, "expired, and shown");
	world_close(&w);
}

/* How long a queue is full is not counted from its owner's last message. */
static void
a_reply_that_comes_late_finds_the_queue_full_now(void)
{
	struct clasp_msg member = msg_set("/x", clasp_int(1));
	struct clasp_msg bundle = { .type = CLASP_BUNDLE };
	struct peer *p, *q;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	peer_subscribe(q, 1, "/e", 0);
	member.set.has_revision = true;		/* must not exist */
	bundle.bundle.count = 1;
	bundle.bundle.messages = &member;
	bundle.bundle.has_timestamp = true;
	bundle.bundle.timestamp_us = w.now + 40000000;
	peer_send(q, &bundle);
	peer_skip(q);
	peer_set(p, "/x", clasp_int(2));
	q->window = 0;
	for (i = 0; i < 3; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	w.now += 40000000;
	clasp_router_tick(w.router, w.now);	/* ERROR 400 fills it */
	t_check(q->paused, "still read");
	t_check(!q->closed, "closed at once");
	w.now += 29999999;
	clasp_router_tick(w.router, w.now);
	t_check(!q->closed, "closed too early");
	w.now += 1;
	clasp_router_tick(w.router, w.now);
	t_check(q->closed, "never closed");
	world_close(&w);
}

/* In a bundle, too, what lives for its lock alone ends with it. */
static void
a_bundle_knows_what_an_unlock_ends(void)
{
	struct clasp_msg bundle = { .type = CLASP_BUNDLE }, msg, members[4];
	struct peer *p;

	begin_with(NULL);
	p = peer_join(&w);
	members[0] = msg_set("/b", clasp_int(0));
	members[1] = members[2] = members[3] = msg_set("/a", clasp_int(1));
	members[1].set.lock = members[1].set.has_ttl = true;
	members[1].set.ttl = CLASP_TTL_ABSOLUTE;
	members[2].set.unlock = true;
	members[3].set.has_revision = true;
	members[3].set.revision = 2;
	bundle.bundle.count = 4;
	bundle.bundle.messages = members;
	peer_send(p, &bundle);
	peer_expect_error(p, 400);
	peer_get(p, "/b");
	peer_expect_error(p, 201);
	members[3].set.revision = 0;
	peer_send(p, &bundle);
	if (peer_expect(p, CLASP_ACK, &msg))
		t_eq_int(msg.ack.revision, 1, "not made anew");
	world_close(&w);
}

/* A tick that closes somebody fills queues at its end: it wants another. */
static void
who_is_closed_may_fill_queues(void)
{
	struct clasp_msg start = msg_publish("/e", CLASP_GESTURE,
	    clasp_int(1));
	struct peer *p, *q, *r;
	uint64_t due;
	int i;

	begin_with(small_queues);
	p = peer_join(&w);
	q = peer_join(&w);
	r = peer_join(&w);
	peer_subscribe(p, 1, "/e", 0);
	peer_subscribe(q, 1, "/f", 0);
	start.publish.phase = CLASP_PHASE_START;
	peer_send(q, &start);
	world_pump(&w);
	p->window = q->window = 0;
	for (i = 0; i < 5; i++)
		peer_publish(r, "/f", CLASP_EVENT, clasp_int(i));
	for (i = 0; i < 4; i++)
		peer_publish(r, "/e", CLASP_EVENT, clasp_int(i));
	w.now += 30000000;
	for (i = 0; i < 10; i++)
		if ((due = clasp_router_tick(w.router, w.now)) > w.now)
			break;
	t_check(q->closed && !p->closed, "not the right one is closed");
	t_check(due <= w.now + 30000000, "%llu us are too many",
	    (unsigned long long)(due - w.now));
	world_close(&w);
}

int
main(void)
{
	t_run(what_only_a_lock_kept_goes_with_it);
	t_run(a_reply_that_comes_late_finds_the_queue_full_now);
	t_run(a_bundle_knows_what_an_unlock_ends);
	t_run(who_is_closed_may_fill_queues);
	return t_end();
}
