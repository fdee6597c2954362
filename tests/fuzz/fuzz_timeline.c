/*
 * fuzz_timeline.c - eight bytes of time, and any value as text as a timeline:
 * it is one or it is not, and when it is, it has a value at that moment which
 * takes no more room than was said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/line.h"
#include "wire/timeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly the size that is asked for. */
static void
mix(const struct clasp_keyframe *a, const struct clasp_keyframe *b, double u)
{
	size_t n = clasp_value_mix_room(&a->value, &b->value);
	struct clasp_value *room = malloc(n * sizeof *room + 1), *end = room;

	clasp_value_mix(&a->value, &b->value, u, &end);
	if ((size_t)(end - room) > n)
		abort();
	free(room);
}

static void
play(const struct clasp_timeline *t, uint64_t at)
{
	struct clasp_timeline_moment now;
	struct clasp_buf text = { 0 };
	uint32_t i;

	clasp_timeline_at(t, t->start_us, at, &now);
	if (now.has_value != (t->count > 0))
		abort();
	if (now.has_value && clasp_value_format(&text, &now.value, 0) < 0)
		abort();
	if (now.state == CLASP_TIMELINE_FINISHED && t->loop)
		abort();
	clasp_buf_clear(&text);
	for (i = 1; i < t->count; i++)
		mix(&t->frames[i - 1], &t->frames[i], (double)at / 1e6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clasp_line_error e;
	struct clasp_arena arena;
	struct clasp_timeline t;
	struct clasp_value v;
	uint64_t at;

	if (size < sizeof at)
		return 0;
	memcpy(&at, data, sizeof at);
	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	if (clasp_value_parse(clasp_str_of((const char *)data + sizeof at,
	    size - sizeof at), &arena, &v, &e) == 0 &&
	    clasp_timeline_read(&v, &arena, &t) == 0) {
		play(&t, at);
		play(&t, t.start_us + at % (t.duration_us + 1));
		play(&t, UINT64_MAX);
	}
	clasp_arena_clear(&arena);
	return 0;
}
