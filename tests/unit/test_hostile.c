/*
 * test_hostile.c - every truncation and every change of one byte of every
 * vector frame, before and after HELLO: the router goes on serving others.
 *
 * The few frames of many thousand bytes are cut and changed (each bit, and
 * all eight) at their first and last bytes and at places in between;
 * HOSTILE_STEP=1 in the environment does it everywhere; HOSTILE_EVERY=N
 * takes one short frame of N, for valgrind.
 */
#include <stdlib.h>

#include "vectors.h"
#include "world.h"

#define LONG	2000		/* bytes from which on places are skipped */
#define FRAME	70000

static struct world w;
static struct peer *witness;
static size_t step_long = 97;
static unsigned every = 1;	/* HOSTILE_EVERY: of so many frames one */
static unsigned row_number;
static unsigned long long tried;

static void
begin(void)
{
	world_open(&w, NULL);
	witness = peer_join(&w);
	peer_subscribe(witness, 1, "/**", 0);
}

/* The witness is served still; what it got along the way is whole. */
static void
end(const char *name)
{
	struct clasp_msg msg;
	bool served = false;

	witness->window = SIZE_MAX;
	peer_ping(witness);
	while (peer_next(witness, &msg))
		served = msg.type == CLASP_PONG;
	t_check(served, "%s: the witness is not served", name);
	world_close(&w);
}

static void
forget(struct peer *p)
{
	struct clasp_outq *q = clasp_session_outq(p->s);

	if (q->bytes > 0)
		clasp_session_sent(p->s, q->bytes, w.now);
	clasp_buf_reset(&p->held);
	p->at = p->rx.len = 0;
}

/* To a connection that has not said HELLO. */
static void
to_stranger(const uint8_t *bytes, size_t n)
{
	struct peer *p;

	tried++;
	p = peer_open(&w, CLASP_FRAMING_WS);
	peer_bytes(p, bytes, n);
	t_check(p->closed || clasp_session_established(p->s),
	    "neither closed nor established");
	peer_leave(p);
	clasp_buf_clear(&p->rx);
	clasp_buf_clear(&p->held);
	free(p);
	w.count--;
}

/* To a session, which outlives it. */
static void
to_session(struct peer *p, const uint8_t *bytes, size_t n)
{
	tried++;
	w.now += 1000000;	/* so that it is not closed as a nuisance */
	peer_bytes(p, bytes, n);
	t_check(!p->closed, "closed with %d", p->code);
	forget(p);
	forget(witness);
}

static void
try_all(void (*send)(struct peer *, const uint8_t *, size_t),
    struct peer *p, const uint8_t *frame, size_t n)
{
	static uint8_t bytes[FRAME];
	size_t i, step;
	int v;

	for (i = 0; i <= n; i += n > LONG && i > 64 && i + 64 < n ?
	    step_long : 1)
		send(p, frame, i);
	memcpy(bytes, frame, n);
	for (i = 0; i < n; i += step) {
		step = n > LONG && i > 64 && i + 64 < n ? step_long : 1;
		for (v = 1; v < 256; v++) {
			/* long ones: each bit, and all */
			if (n > LONG && (v & (v - 1)) != 0 && v != 255)
				continue;
			bytes[i] = frame[i] ^ (uint8_t)v;
			send(p, bytes, n);
		}
		bytes[i] = frame[i];
	}
}

static void
stranger(struct peer *p, const uint8_t *bytes, size_t n)
{
	(void)p;
	to_stranger(bytes, n);
}

static void
before_hello(json_t *row)
{
	static uint8_t frame[FRAME];
	size_t n = v_hex(row, "frame_hex", frame, sizeof frame);

	if (row_number++ % every != 0 || (every > 1 && n > LONG))
		return;
	begin();
	try_all(stranger, NULL, frame, n);
	end(v_text(row, "name"));
}

static void
after_hello(json_t *row)
{
	static uint8_t frame[FRAME];
	size_t n = v_hex(row, "frame_hex", frame, sizeof frame);
	struct peer *p;

	if (row_number++ % every != 0 || (every > 1 && n > LONG))
		return;
	begin();
	p = peer_join(&w);
	try_all(to_session, p, frame, n);
	end(v_text(row, "name"));
}

static const char *const files[] = { "messages.jsonl", "decode-only.jsonl",
    "invalid.jsonl", "legacy.jsonl" };

static void
run(void (*row)(json_t *))
{
	size_t i;

	for (i = 0; i < sizeof files / sizeof files[0]; i++)
		t_check(v_each(files[i], row) > 0, "%s is empty", files[i]);
}

static void
strangers_harm_nobody(void)
{
	run(before_hello);
}

static void
sessions_harm_nobody(void)
{
	run(after_hello);
}

int
main(void)
{
	const char *step = getenv("HOSTILE_STEP");

	if (step != NULL && atoi(step) > 0)
		step_long = (size_t)atoi(step);
	if (getenv("HOSTILE_EVERY") != NULL &&
	    atoi(getenv("HOSTILE_EVERY")) > 0)
		every = (unsigned)atoi(getenv("HOSTILE_EVERY"));
	t_run(strangers_harm_nobody);
	t_run(sessions_harm_nobody);
	printf("# %llu inputs\n", tried);
	return t_end();
}
