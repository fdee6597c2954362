/*
 * inproc.h - a router alone, in the process of a benchmark: sessions whose
 * sockets take everything, at a time that the benchmark sets.
 */
#ifndef BENCH_INPROC_H
#define BENCH_INPROC_H

#include <stdio.h>
#include <stdlib.h>

#include "core/router.h"

static uint64_t inproc_us = 1000000;	/* the router's time */

static inline void
ignore(struct clasp_session *s, void *link)
{
	(void)s;
	(void)link;
}

/* A socket that takes everything. */
static inline void
drain(struct clasp_session *s, void *link)
{
	struct clasp_outq *q = clasp_session_outq(s);

	(void)link;
	if (q->bytes > 0)
		clasp_session_sent(s, q->bytes, inproc_us);
}

static inline void
closed(struct clasp_session *s, void *link, int code, const char *reason)
{
	(void)s;
	(void)link;
	fprintf(stderr, "bench: closed: %d %s\n", code, reason);
	exit(1);
}

static inline void
paused(struct clasp_session *s, void *link, bool pause)
{
	(void)s;
	(void)link;
	(void)pause;
}

static const struct clasp_router_events events = {
	.wake = ignore, .flush = drain, .close = closed, .pause = paused
};

static inline void
input(struct clasp_session *s, const struct clasp_msg *msg)
{
	uint8_t frame[1024];
	int n = clasp_frame_encode(frame, sizeof frame, msg, NULL);
	size_t used;

	if (n > 0)
		clasp_session_input(s, frame, (size_t)n, inproc_us, &used);
}

static inline struct clasp_session *
join_router(struct clasp_router *router, uint8_t features)
{
	struct clasp_session *s = clasp_session_open(router,
	    CLASP_FRAMING_WS, NULL, inproc_us);
	struct clasp_msg msg = { .type = CLASP_HELLO };

	msg.hello.version = 1;
	msg.hello.features = features;
	msg.hello.name = CLASP_STR("bench");
	msg.hello.token = CLASP_STR("");
	input(s, &msg);
	return s;
}

#endif
