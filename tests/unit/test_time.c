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
		t_check(due >= w.now || due <= at, "time goes back");
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

int
main(void)
{
	t_run(what_has_expired_is_swept);
	t_run(a_sweep_takes_several_turns);
	t_run(a_lock_keeps_a_param_until_its_holder_leaves);
	t_run(without_ttl_nothing_is_swept_but_what_has_its_own);
	t_run(signals_and_timelines_are_swept_too);
	t_run(a_full_store_says_once_a_minute_who_left);
	return t_end();
}
