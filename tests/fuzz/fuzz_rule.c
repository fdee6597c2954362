/*
 * fuzz_rule.c - any text as a rule (the first line of the input), and lines
 * (the rest) through it.  Whatever comes out is a line that can be written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(const struct clasp_line *line, void *user)
{
	if (clasp_line_format(user, line, 0) < 0)
		abort();
	clasp_buf_reset(user);
}

/* Where the line ends that starts at p. */
static const char *
line_end(const char *p, const char *end)
{
	const char *lf = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

	return lf ? lf : end;
}

static void
feed(struct clasp_rules *rules, const char *p, const char *end)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	uint64_t now_us = 1;
	const char *stop;

	clasp_arena_init(&arena, NULL, 0, 4 << 20);
	for (; p < end; p = stop + 1, now_us += 300000) {
		stop = line_end(p, end);
		if (clasp_line_parse(clasp_str_of(p, (size_t)(stop - p)),
		    &arena, &line, &err) == 0)
			clasp_rules_apply(rules, &line, now_us);
		if (clasp_rules_due(rules) <= now_us)
			clasp_rules_take_due(rules, now_us);
		clasp_arena_reset(&arena);
	}
	clasp_arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char lines[] = "/a 1\n/a -2.5\n/a \"x\"\n/a [1,true]\n"
	    "0.1 /a/b {\"k\":[1]}\n+0.2 /a event\n/a samples [0.5,1.0]";
	const char *p = (const char *)data, *end = p + size, *stop;
	struct clasp_buf out = { 0 };
	struct clasp_rules *rules = clasp_rules_new(take, &out);
	struct clasp_rule_error err;
	int r;

	if (rules == NULL)
		return 0;
	stop = line_end(p, end);
	r = clasp_rules_add(rules, clasp_str_of(p, (size_t)(stop - p)), &err);
	if (r < 0 && (err.reason[0] == '\0' || err.column > size + 1))
		abort();
	feed(rules, lines, lines + sizeof lines - 1);
	if (stop < end)
		feed(rules, stop + 1, end);
	clasp_rules_finish(rules);
	clasp_rules_free(rules);
	clasp_buf_clear(&out);
	return 0;
}
