/*
 * fuzz_midi.c - any bytes as MIDI: every line it gives reads back as the
 * same line, and the same bytes cut elsewhere give the same lines.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "proto/midimap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int good)
{
	if (!good)
		abort();
}

static void
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_buf *out = user, twin = { 0 };
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line again;
	size_t at = out->len;
	struct clasp_str text;

	must(clasp_line_format(out, line, 0) == 0);
	text = clasp_str_of((const char *)out->data + at, out->len - at - 1);
	clasp_arena_init(&arena, NULL, 0, 1 << 22);
	must(clasp_line_parse(text, &arena, &again, &err) == 0);
	must(clasp_line_format(&twin, &again, 0) == 0);
	must(twin.len == text.len + 1 &&
	    memcmp(twin.data, text.p, text.len) == 0);
	clasp_buf_clear(&twin);
	clasp_arena_clear(&arena);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	clasp_midimap_in(user, msg);
}

/* The first byte chooses options, the second where to cut. */
static void
run(uint8_t options, size_t step, const uint8_t *data, size_t size,
    struct clasp_buf *out)
{
	struct clasp_midimap_config config = {
		.base = "/midi/default",
		.doc = options & 1,
		.clock = true,
		.sysex = true,
		.mtc = options & 2,
		.nrpn = options & 4,
		.rpn = options & 8,
		.nrpn7 = options & 16,
		.cc14 = options & 32 ? ~0u : 0
	};
	struct clasp_midimap *map = clasp_midimap_new(&config, on_line, out);
	struct clasp_midi midi;
	size_t at;

	must(map != NULL);
	clasp_midi_init(&midi, on_message, map);
	for (at = 0; at < size; at += step)
		clasp_midi_feed(&midi, data + at,
		    size - at < step ? size - at : step);
	clasp_midi_clear(&midi);
	clasp_midimap_free(map);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clasp_buf whole = { 0 }, pieces = { 0 };

	if (size < 2)
		return 0;
	run(data[0], size, data + 2, size - 2, &whole);
	run(data[0], data[1] % 16 + 1u, data + 2, size - 2, &pieces);
	must(whole.len == pieces.len);
	must(whole.len == 0 ||
	    memcmp(whole.data, pieces.data, whole.len) == 0);
	clasp_buf_clear(&whole);
	clasp_buf_clear(&pieces);
	return 0;
}
