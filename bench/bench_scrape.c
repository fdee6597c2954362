/*
 * bench_scrape.c - how long a metrics page stops the relay's loop: writing
 * it down, with every figure in use.  It is done within one turn; what else
 * runs on the machine is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "relay/metrics.h"
#include "wire/message.h"

#define ROUNDS	1001

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every type of message has been measured. */
static void
fill(struct clasp_server *server)
{
	struct clasp_latency *l =
	    (struct clasp_latency *)clasp_server_latency(server);
	int type;

	for (type = 0; type < 256; type++)
		if (clasp_msg_name((uint8_t)type))
			clasp_latency_add(l, (uint8_t)type, 1000);
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
main(void)
{
	static uint64_t took[ROUNDS];
	struct clasp_server_config config;
	struct clasp_server *server;
	struct clasp_buf page = { 0 };
	uint64_t begun;
	uv_loop_t loop;
	int i;

	uv_loop_init(&loop);
	clasp_server_config_init(&config);
	if (clasp_server_new(&loop, &config, &server) < 0)
		return 1;
	fill(server);
	for (i = 0; i < ROUNDS; i++) {
		clasp_buf_clear(&page);
		begun = cpu_ns();
		clasp_metrics_put(&page, server);
		took[i] = cpu_ns() - begun;
	}
	qsort(took, ROUNDS, sizeof took[0], by_size);
	printf("metrics page of %zu bytes, p99 of %d, us of CPU"
	    "\t%.0f\t-\t-\t1000\n",
	    page.len, ROUNDS, (double)took[ROUNDS * 99 / 100] / 1e3);
	clasp_buf_clear(&page);
	clasp_server_free(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	return 0;
}
