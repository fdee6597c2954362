/*
 * bench_codec.c - what a SET with a float costs to encode and to decode,
 * next to copying the same bytes; and what one match costs.
 *
 * The functions are the public ones, in the library, with every type of
 * value possible and text checked.  The limit is memcpy of the same frame
 * between the same buffers, with a length the compiler cannot see.  Short
 * rounds of all take turns, and the best of each counts: what else runs on
 * the machine only ever adds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "wire/address.h"
#include "wire/message.h"

#define SLOTS	1024	/* buffers in turn: 64 KB, within the L2 cache */
#define SLOT	64
#define ROUNDS	201
#define TURNS	60	/* times all slots a round */

static uint8_t frames[SLOTS][SLOT], copies[SLOTS][SLOT];
static struct clasp_msg msgs[SLOTS];
static size_t frame_len;
static unsigned long sink;

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Keep what p points to from being optimised away. */
static inline void
touch(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

static void
copy_all(void)
{
	size_t i, n = frame_len;

	for (i = 0; i < SLOTS; i++) {
		__asm__ volatile("" : "+r"(n));
		memcpy(copies[i], frames[i], n);
		touch(copies[i]);
	}
}

static void
encode_all(void)
{
	unsigned long sum = 0;
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		sum += (unsigned long)clasp_frame_encode(copies[i], SLOT,
		    &msgs[i], NULL);
		touch(copies[i]);
	}
	sink += sum;
}

static void
decode_all(void)
{
	struct clasp_arena arena;
	struct clasp_frame f;
	struct clasp_msg msg;
	unsigned long sum = 0;
	size_t i;

	clasp_arena_init(&arena, NULL, 0, 0);
	for (i = 0; i < SLOTS; i++) {
		sum += (unsigned long)clasp_frame_decode(frames[i], SLOT,
		    &f);
		sum += (unsigned long)clasp_msg_decode(f.payload, f.len,
		    &arena, 0, &msg);
		touch(&msg);
	}
	sink += sum;
}

static void
match_all(void)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		sink += clasp_pattern_match(
		    CLASP_STR("/lights/*/**"), msgs[i].set.address);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds for one, over one round. */
static double
round_of(void (*all)(void))
{
	uint64_t start = now_ns();
	int i;

	for (i = 0; i < TURNS; i++)
		all();
	return (double)(now_ns() - start) / ((double)TURNS * SLOTS);
}

static void
prepare(void)
{
	static char addresses[SLOTS][16];
	struct clasp_msg *m;
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		m = &msgs[i];
		memset(m, 0, sizeof *m);
		snprintf(addresses[i], sizeof addresses[i], "/lights/%04zu/on",
		    i);
		m->type = CLASP_SET;
		m->set.address = clasp_str_of(addresses[i], 15);
		m->set.value = clasp_float((double)i / 3);
		frame_len = (size_t)clasp_frame_encode(frames[i], SLOT, m,
		    NULL);
	}
}

static void
row(const char *what, double ours, double limit, const char *target)
{
	printf("%s\t%.1f ns (%.0f M/s)\t%.1f ns\t%.2f\t%s\n", what, ours,
	    1e3 / ours, limit, limit / ours, target);
}

int
main(void)
{
	static void (*const all[])(void) = { copy_all, encode_all,
	    decode_all, match_all };
	enum { COPY, ENCODE, DECODE, MATCH, WORKS };
	double took[WORKS][ROUNDS];
	int r, w;

	prepare();
	for (r = 0; r < ROUNDS; r++)
		for (w = 0; w < WORKS; w++)
			took[w][r] = round_of(all[w]);
	for (w = 0; w < WORKS; w++)
		qsort(took[w], ROUNDS, sizeof **took, by_value);
	r = 0;
	row("SET float, encode", took[ENCODE][r], took[COPY][r], ">= 0.5");
	row("SET float, decode", took[DECODE][r], took[COPY][r], ">= 0.7");
	printf("one pattern on one address\t%.1f ns\t-\t-\t-\n",
	    took[MATCH][r]);
	printf("# codec: frames of %zu bytes, best of %d rounds\n",
	    frame_len, ROUNDS);
	return sink == 0;
}
