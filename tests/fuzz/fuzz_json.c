/*
 * fuzz_json.c - any bytes as a JSON line: what is read, written as JSON and
 * read again is the same JSON, and the same line of text.
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
	if (e == 0) {
		must(clasp_line_format(out, &line, flags) == 0);
		if (out->len > 0)
			out->len--;
	} else
		must(err.column >= 1 && err.column <= s.len + 1);
	clasp_arena_clear(&arena);
	return e;
}

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct clasp_str s = { (const char *)data, len };
	struct clasp_buf json = { 0 }, again = { 0 }, text = { 0 };
	struct clasp_buf back = { 0 };

	if (len == 0 || data[0] != '{' || memchr(data, '\n', len) != NULL)
		return 0;
	if (rewrite(s, CLASP_LINE_JSON, &json) == 0) {
		must(rewrite(clasp_buf_str(&json), CLASP_LINE_JSON,
		    &again) == 0);
		must(clasp_str_eq(clasp_buf_str(&json),
		    clasp_buf_str(&again)));
		must(rewrite(s, 0, &text) == 0);
		must(rewrite(clasp_buf_str(&json), 0, &back) == 0);
		must(clasp_str_eq(clasp_buf_str(&text),
		    clasp_buf_str(&back)));
		must(rewrite(clasp_buf_str(&text), CLASP_LINE_JSON,
		    &again) == 0);
		must(clasp_str_eq(clasp_buf_str(&json),
		    clasp_buf_str(&again)));
	}
	clasp_buf_clear(&json);
	clasp_buf_clear(&again);
	clasp_buf_clear(&text);
	clasp_buf_clear(&back);
	return 0;
}
