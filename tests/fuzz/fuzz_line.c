/*
 * fuzz_line.c - any bytes as one line: what is read, written and read again
 * stays the same, in every form; and what has a frame gets it back.
 *
 * An input whose first byte is 'S' is taken as a frame and goes through a
 * line and back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "wire/line.h"

static void
must(int good)
{
	if (!good)
		abort();
}

/* Read s, write it by flags: 0, or an error when it is no line. */
static int
rewrite(struct clasp_str s, unsigned flags, struct clasp_buf *out)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	int e;

	clasp_buf_reset(out);
	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	e = clasp_line_parse(s, &arena, &line, &err);
	if (e < 0)
		must(err.column >= 1 && err.column <= s.len + 1 &&
		    err.error == e);
	else
		must(clasp_line_format(out, &line, flags) == 0);
	if (out->len > 0)
		out->len--;
	clasp_arena_clear(&arena);
	return e;
}

static void
text(struct clasp_str s, unsigned exact)
{
	static const unsigned forms[] = {
		0, CLASP_LINE_TSV, CLASP_LINE_JSON
	};
	struct clasp_buf first = { 0 }, form = { 0 }, back = { 0 };
	size_t i;

	if (rewrite(s, exact, &first) == 0)
		for (i = 0; i < 3; i++) {
			/* a comment of JSON must be UTF-8 */
			if (first.len > 0 && first.data[0] == '#')
				continue;
			must(rewrite(clasp_buf_str(&first), exact | forms[i],
			    &form) == 0);
			must(rewrite(clasp_buf_str(&form), exact,
			    &back) == 0);
			must(clasp_str_eq(clasp_buf_str(&first),
			    clasp_buf_str(&back)));
		}
	clasp_buf_clear(&first);
	clasp_buf_clear(&form);
	clasp_buf_clear(&back);
}

/* The bytes a line's frame has; empty when it has none. */
static void
to_frame(const struct clasp_line *line, struct clasp_buf *out)
{
	struct clasp_arena arena;
	struct clasp_frame head;
	struct clasp_msg msg;

	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	if (line->kind == CLASP_LINE_FRAME)
		clasp_buf_add_str(out, line->text);
	else if (clasp_line_to_msg(line, &arena, &msg, &head) == 0)
		clasp_frame_append(out, &msg, &head);
	clasp_arena_clear(&arena);
}

static void
frame(const uint8_t *data, size_t len, unsigned exact)
{
	struct clasp_buf written = { 0 }, bytes = { 0 };
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line, again;
	struct clasp_frame head;
	struct clasp_msg msg;
	int n;

	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	n = clasp_frame_decode(data, len, &head);
	if (n >= 0 && clasp_msg_decode(head.payload, head.len, &arena,
	    exact ? CLASP_DECODE_EXACT : 0, &msg) == 0) {
		struct clasp_str raw = { (const char *)data, (size_t)n };

		must(clasp_line_from_msg(&line, &msg, &head, raw, &arena,
		    exact) == 0);
		must(clasp_line_format(&written, &line, exact) == 0);
		written.len--;
		must(clasp_line_parse(clasp_buf_str(&written), &arena,
		    &again, &err) == 0);
		to_frame(&again, &bytes);
		must(bytes.len > 0 || !exact);
		if (exact)
			must(clasp_str_eq(clasp_buf_str(&bytes), raw));
	}
	clasp_arena_clear(&arena);
	clasp_buf_clear(&written);
	clasp_buf_clear(&bytes);
}

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clasp_str s = { (const char *)data, len };

	if (len > 0 && data[0] == CLASP_FRAME_MAGIC) {
		frame(data, len, 0);
		frame(data, len, CLASP_LINE_EXACT);
		return 0;
	}
	if (len > 0 && memchr(data, '\n', len) != NULL)
		return 0;
	text(s, 0);
	text(s, CLASP_LINE_EXACT);
	return 0;
}
