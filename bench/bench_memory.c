/*
 * bench_memory.c - the router alone, in this process: bytes for an idle
 * session and for a parameter, time of a whole snapshot, of a SET with its
 * ACK and of a delivery to one of 500.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "inproc.h"

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
resident(void)
{
	unsigned long all, here = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL) {
		if (fscanf(f, "%lu %lu", &all, &here) != 2)
			here = 0;
		fclose(f);
	}
	return (double)here * (double)sysconf(_SC_PAGESIZE);
}

static void
sessions(struct clasp_router *router, struct clasp_session **out, int n)
{
	double before = resident(), each;
	int i;

	for (i = 0; i < n; i++) {
		out[i] = join_router(router, CLASP_FEATURE_NOSTATE);
		drain(out[i], NULL);
	}
	each = (resident() - before) / n;
	printf("router memory of an idle session\t%.0f B\t%zu B (its queue)"
	    "\t%.1f\t3072 B with its socket\n", each,
	    sizeof(struct clasp_outq), each / sizeof(struct clasp_outq));
}

static void
params(struct clasp_router *router, struct clasp_session *s, int n)
{
	double before = resident(), start, bytes = 0, ns, all;
	struct clasp_msg msg = { .type = CLASP_SET };
	char address[96];
	int i;

	(void)router;
	start = now_ns();
	for (i = 0; i < n; i++) {
		msg.set.address = clasp_str_of(address, (size_t)snprintf(
		    address, sizeof address,
		    "/venue/hall/fixture/%06d/channel/intensity/value", i));
		msg.set.value = clasp_float(i / 7.0);
		bytes += (double)msg.set.address.len + 8;
		input(s, &msg);
		if (i % 500 == 0)
			drain(s, NULL);
	}
	drain(s, NULL);
	ns = (now_ns() - start) / n;
	all = resident() - before;
	printf("memory of 200,000 params\t%.1f MB\t%.1f MB (addresses, "
	    "values)\t%.1f\t60 MB\n", all / 1e6, bytes / 1e6, all / bytes);
	printf("# a SET of a new address with its ACK: %.0f ns\n", ns);
}

/* One newcomer to n params, its socket as fast as memory. */
static void
snapshot(struct clasp_router *router, const char *pattern, int n)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_session *s = join_router(router, CLASP_FEATURE_NOSTATE);
	double start, worst = 0, at, total, copy;
	char *from, *to;
	size_t bytes = 0;

	drain(s, NULL);
	msg.subscribe.pattern = clasp_str_c(pattern);
	start = at = now_ns();
	input(s, &msg);
	while (clasp_session_outq(s)->bytes > 0) {
		worst = now_ns() - at > worst ? now_ns() - at : worst;
		at = now_ns();
		bytes += clasp_session_outq(s)->bytes;
		drain(s, NULL);
	}
	total = now_ns() - start;
	from = calloc(1, bytes);
	to = malloc(bytes);
	if (from == NULL || to == NULL)
		exit(1);
	memset(to, 1, bytes);
	start = now_ns();
	memcpy(to, from, bytes);
	copy = now_ns() - start + (to[bytes / 2] ? 1 : 0);
	printf("snapshot of %d params, encoding\t%.1f ms\t%.1f ms (memcpy)"
	    "\t%.1f\t60 ms with the socket\n", n, total / 1e6, copy / 1e6,
	    total / copy);
	printf("# %.1f MB; longest step %.2f ms\n", (double)bytes / 1e6,
	    worst / 1e6);
	free(from);
	free(to);
	clasp_session_close(s, 1000000);
}

/* SETs of one address: decode, store, ACK, and n recipients. */
static double
sets(struct clasp_session *s, struct clasp_session **readers, int n,
    int rounds)
{
	struct clasp_msg msg = { .type = CLASP_SET };
	uint8_t frame[128];
	double start = now_ns();
	size_t used;
	int len, i, k;

	msg.set.address = CLASP_STR("/show/fixture/1/intensity");
	msg.set.value = clasp_float(0.5);
	len = clasp_frame_encode(frame, sizeof frame, &msg, NULL);
	for (i = 0; i < rounds; i++) {
		clasp_session_input(s, frame, (size_t)len, 1000000, &used);
		if (i % 256 != 255)
			continue;
		drain(s, NULL);
		for (k = 0; k < n; k++)
			drain(readers[k], NULL);
	}
	return (now_ns() - start) / rounds;
}

int
main(void)
{
	enum { READERS = 500, PARAMS = 200000 };
	static struct clasp_session *readers[READERS];
	struct clasp_router_config config;
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_router *router;
	struct clasp_session *s;
	double alone, fan;
	int i;

	clasp_router_config_init(&config);
	config.max_params = 0;
	router = clasp_router_new(&config, &events, NULL);
	if (router == NULL)
		return 1;
	s = join_router(router, CLASP_FEATURE_NOSTATE);
	drain(s, NULL);
	sessions(router, readers, READERS);
	sets(s, readers, 0, 200000);
	alone = sets(s, readers, 0, 2000000);
	printf("router: SET with its ACK\t%.2f M/s\t-\t0\t2 M/s with the "
	    "socket\n", 1e3 / alone);
	msg.subscribe.pattern = CLASP_STR("/show/**");
	for (i = 0; i < READERS; i++) {
		input(readers[i], &msg);
		drain(readers[i], NULL);
	}
	fan = sets(s, readers, READERS, 100000);
	printf("router: one of 500 deliveries\t%.1f ns\t-\t0\t12 ns\n",
	    (fan - alone) / READERS);
	params(router, s, PARAMS);
	snapshot(router, "/**", PARAMS);
	/* every second one, by a pattern that has to be looked at */
	snapshot(router, "/venue/*/fixture/0*/channel/*/value",
	    PARAMS / 2);
	clasp_router_free(router);
	return 0;
}
