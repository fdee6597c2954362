/*
 * again.h - what decodes must encode, and that must decode to the same: the
 * promise that the targets for frames and for MessagePack share.
 */
#ifndef TESTS_FUZZ_AGAIN_H
#define TESTS_FUZZ_AGAIN_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "wire/message.h"

/* A broken promise is a crash, so that the fuzzer keeps the input. */
#define promise(cond) do { \
	if (!(cond)) \
		abort(); \
} while (0)

#define ARENA_BOUND(n) (64 * (n) + 4096)

static uint8_t first[CLASP_FRAME_MAX], second[CLASP_FRAME_MAX];

/*
 * Encode, decode and encode again: twice the same bytes.  A bundle or map in
 * MessagePack may be longer in the binary form than a payload can be.
 */
static void
again(const struct clasp_msg *msg, unsigned flags)
{
	struct clasp_arena arena;
	struct clasp_msg twin;
	int n, m;

	n = clasp_msg_encode(first, sizeof first, msg);
	if (n == CLASP_ETOOBIG)
		return;
	promise(n > 0);
	/* just the room it takes is enough, one byte less is not */
	promise(clasp_msg_encode(second, (size_t)n, msg) == n);
	promise(clasp_msg_encode(second, (size_t)n - 1, msg) ==
	    CLASP_ENOSPC);
	clasp_arena_init(&arena, NULL, 0, ARENA_BOUND((size_t)n));
	promise(clasp_msg_decode(first, (size_t)n, &arena, flags, &twin) ==
	    0);
	m = clasp_msg_encode(second, sizeof second, &twin);
	promise(m == n && memcmp(first, second, (size_t)n) == 0);
	clasp_arena_clear(&arena);
}

/* Decode within the memory a payload of this length allows. */
static void
decode_payload(const uint8_t *p, size_t n, unsigned flags)
{
	struct clasp_msg msg, untouched;
	struct clasp_arena arena;
	int e;

	memset(&msg, 0xa5, sizeof msg);
	memcpy(&untouched, &msg, sizeof msg);
	clasp_arena_init(&arena, NULL, 0, ARENA_BOUND(n));
	e = clasp_msg_decode(p, n, &arena, flags, &msg);
	promise(e != CLASP_ENOMEM);
	if (e == 0)
		again(&msg, flags);
	else
		promise(memcmp(&msg, &untouched, sizeof msg) == 0);
	clasp_arena_clear(&arena);
}

#endif
