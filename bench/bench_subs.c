/*
 * bench_subs.c - the router alone, in this process: what subscriptions with a
 * rate cost, a client with many that leaves, bundles that wait, and the
 * longest turn while a newcomer gets a large state.
 *
 * Times are those of the processor in this thread: what the machine does
 * besides is not ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inproc.h"
#include "load.h"

#define SUBSCRIBERS	1000
#define EACH		100	/* subscriptions of one client */
#define CLIENTS		1000
#define JOINS		9

static double
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct clasp_router *
router_new(void)
{
	struct clasp_router_config config;
	struct clasp_router *router;

	inproc_us = 1000000;
	clasp_router_config_init(&config);
	config.max_params = 0;
	config.max_sessions = 0;
	router = clasp_router_new(&config, &events, NULL);
	if (router == NULL)
		fail("router");
	return router;
}

static void
send_set(struct clasp_session *s, const char *address, double value)
{
	struct clasp_msg msg = { .type = CLASP_SET };

	msg.set.address = clasp_str_c(address);
	msg.set.value = clasp_float(value);
	input(s, &msg);
}

/* ---------------------------------------------------------------- a rate */

/*
 * Milliseconds of work for a second of 1,000 values of ten addresses.  Every
 * millisecond the router is called, as a loop would that has much to do.
 */
static double
paced_second(uint32_t max_rate, double *delivered)
{
	static struct clasp_session *subs[SUBSCRIBERS];
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_router *router = router_new();
	struct clasp_session *s = join_router(router, CLASP_FEATURE_NOSTATE);
	struct clasp_router_stats before, after;
	char address[32];
	double start = 0;
	int i, k;

	msg.subscribe.pattern = CLASP_STR("/show/**");
	msg.subscribe.has_max_rate = max_rate > 0;
	msg.subscribe.max_rate = max_rate;
	for (i = 0; i < SUBSCRIBERS; i++) {
		subs[i] = join_router(router, CLASP_FEATURE_NOSTATE);
		input(subs[i], &msg);
		drain(subs[i], NULL);
	}
	/* the first second is warm-up */
	for (i = -1000; i < 3000; i++) {
		if (i == 0) {
			clasp_router_stats(router, &before);
			start = cpu_ns();
		}
		inproc_us += 1000;
		snprintf(address, sizeof address, "/show/fader/%d",
		    (i + 1000) % 10);
		send_set(s, address, i);
		clasp_router_tick(router, inproc_us);
		for (k = 0; k < SUBSCRIBERS; k++)
			drain(subs[k], NULL);
		drain(s, NULL);
	}
	start = cpu_ns() - start;
	clasp_router_stats(router, &after);
	*delivered = (double)(after.messages_out - before.messages_out) / 3;
	clasp_router_free(router);
	return start / 3e6;
}

static void
rates(void)
{
	double all_out, paced_out, all, paced;
	char left[64], right[64];

	all = paced_second(0, &all_out);
	paced = paced_second(30, &paced_out);
	snprintf(left, sizeof left, "%.0f ms/s for %.0f k", paced,
	    paced_out / 1e3);
	snprintf(right, sizeof right, "%.0f ms/s for %.0f k (no rate)", all,
	    all_out / 1e3);
	row("1,000 SETs/s to 1,000 subscribers at 30/s", left, right,
	    paced / all, "1000 ms/s");
}

/* --------------------------------------------------------- one that leaves */

static double
leave_us(int clients)
{
	static struct clasp_session *all[CLIENTS];
	static const char *const forms[] = {
		"/venue/%d/fixture/%d/intensity", "/venue/%d/fixture/%d/*",
		"/venue/%d/*/%d/colour/**", "/venue/%d/scene%d*/layer",
	};
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_router *router = router_new();
	char text[96];
	double start;
	int i, k, n = clients < 100 ? clients : 100;

	for (i = 0; i < clients; i++) {
		all[i] = join_router(router, CLASP_FEATURE_NOSTATE);
		for (k = 0; k < EACH; k++) {
			snprintf(text, sizeof text, forms[k % 4], k,
			    i * EACH + k);
			msg.subscribe.id = (uint32_t)k;
			msg.subscribe.pattern = clasp_str_c(text);
			msg.subscribe.has_max_rate = k % 2;
			msg.subscribe.max_rate = 30;
			input(all[i], &msg);
		}
		drain(all[i], NULL);
	}
	start = cpu_ns();
	for (i = 0; i < n; i++)
		clasp_session_close(all[i * (clients / n)], inproc_us);
	start = (cpu_ns() - start) / n / 1e3;
	clasp_router_free(router);
	return start;
}

static void
leaving(void)
{
	double few = leave_us(10), many = leave_us(CLIENTS);
	char left[64], right[64];

	snprintf(left, sizeof left, "%.0f us", many);
	snprintf(right, sizeof right, "%.0f us (of 1,000)", few);
	row("a client with 100 of 100,000 subscriptions leaves", left, right,
	    many / few, "-");
}

/* ----------------------------------------------------- bundles that wait */

static void
bundles_ns(int n, double *add, double *fire)
{
	struct clasp_router *router = router_new();
	struct clasp_session *s = NULL, *senders[16];
	struct clasp_msg set = { .type = CLASP_SET };
	struct clasp_msg msg = { .type = CLASP_BUNDLE };
	uint64_t last = inproc_us;
	int i, k = 0;

	set.set.address = CLASP_STR("/cue");
	set.set.value = clasp_int(1);
	msg.bundle.messages = &set;
	msg.bundle.count = 1;
	msg.bundle.has_timestamp = true;
	*add = 0;
	srand(7);
	for (i = 0; i < n; i++) {
		if (i % 1000 == 0)
			senders[k++] = s = join_router(router,
			    CLASP_FEATURE_NOSTATE);
		msg.bundle.timestamp_us = inproc_us + 1000000 +
		    (uint64_t)(rand() % 100000000);
		if (msg.bundle.timestamp_us > last)
			last = msg.bundle.timestamp_us;
		*add -= cpu_ns();
		input(s, &msg);
		*add += cpu_ns();
		drain(s, NULL);
	}
	inproc_us = last;
	*fire = cpu_ns();
	while (clasp_router_tick(router, inproc_us) <= inproc_us)
		;
	*fire = (cpu_ns() - *fire) / n;
	*add /= n;
	while (k > 0)
		drain(senders[--k], NULL);
	clasp_router_free(router);
}

static void
bundles(void)
{
	double add[2], fire[2], spent = cpu_ns();
	char left[64], right[64];
	int i;

	for (i = 0; i < 1000; i++)
		cpu_ns();
	spent = (cpu_ns() - spent) / 1000;	/* on reading the clock */
	bundles_ns(100, &add[0], &fire[0]);
	bundles_ns(100, &add[0], &fire[0]);
	bundles_ns(10000, &add[1], &fire[1]);
	snprintf(left, sizeof left, "%.0f ns", add[1] - spent);
	snprintf(right, sizeof right, "%.0f ns (of 100)", add[0] - spent);
	row("one of 10,000 bundles: to schedule it", left, right,
	    (add[1] - spent) / (add[0] - spent), "-");
	snprintf(left, sizeof left, "%.0f ns", fire[1]);
	snprintf(right, sizeof right, "%.0f ns (of 100)", fire[0]);
	row("one of 10,000 bundles: to run it", left, right,
	    fire[1] / fire[0], "-");
}

/* ----------------------------------------------------------- longest turn */

static struct clasp_router *
filled(int n)
{
	struct clasp_router *router = router_new();
	struct clasp_session *s = join_router(router, CLASP_FEATURE_NOSTATE);
	char address[96];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(address, sizeof address,
		    "/venue/hall/fixture/%06d/channel/intensity/value", i);
		send_set(s, address, i / 7.0);
		if (i % 500 == 0)
			drain(s, NULL);
	}
	clasp_session_close(s, inproc_us);
	return router;
}

/*
 * One joins and gets all, its socket taking 64 KiB at a time; the longest of
 * the router's turns, ms.
 */
static double
longest_turn(struct clasp_router *router, const char *pattern)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_session *s = join_router(router, CLASP_FEATURE_NOSTATE);
	double worst = 0, at;
	size_t n;
	bool more = true;

	drain(s, NULL);
	/* a new state: nobody has encoded it before */
	send_set(s, "/venue/hall/fixture/000000/channel/intensity/value",
	    (double)++inproc_us);
	drain(s, NULL);
	msg.subscribe.pattern = clasp_str_c(pattern);
	at = cpu_ns();
	input(s, &msg);
	while (more) {
		worst = cpu_ns() - at > worst ? cpu_ns() - at : worst;
		n = clasp_session_outq(s)->bytes;
		at = cpu_ns();
		more = clasp_router_tick(router, inproc_us) <= inproc_us ||
		    n > 0;
		if (n > 0)
			clasp_session_sent(s, n < 65536 ? n : 65536,
			    inproc_us);
	}
	clasp_session_close(s, inproc_us);
	return worst / 1e6;
}

static void
turns(int n, const char *pattern, const char *what)
{
	struct clasp_router *router = filled(n);
	double worst[JOINS];
	char left[64];
	int i;

	for (i = 0; i < JOINS; i++)
		worst[i] = longest_turn(router, pattern);
	qsort(worst, JOINS, sizeof *worst, cmp_double);
	snprintf(left, sizeof left, "%.2f ms (of %d joins: %.2f to %.2f)",
	    worst[JOINS / 2], JOINS, worst[0], worst[JOINS - 1]);
	row(what, left, "-", 0, "5 ms");
	clasp_router_free(router);
}

int
main(void)
{
	rates();
	leaving();
	bundles();
	turns(100000, "/**", "longest turn, newcomer to 100,000 params");
	turns(100000, "/**/000009/**",
	    "longest turn, one that matches among 100,000");
	/* just what is sent at once: the longest there is */
	turns(35000, "/**", "longest turn, newcomer to 4 MiB at once");
	return 0;
}
