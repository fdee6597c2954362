/* test_template.c - the templates of -f. */
#include "t.h"

#include <stdlib.h>

#include "tool/template.h"

/* The text of a template for message `item` of a line. */
static const char *
put(const char *template, const char *text, uint32_t item)
{
	static struct clasp_buf out;
	struct clasp_line line;
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct cli_template *t;
	const char *why = "";
	struct cli_template_args args = {
		.line = &line, .shown = &line, .item = item,
		.time_us = 1795345429250000, .since_us = 40000
	};

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	clasp_buf_clear(&out);
	t = cli_template_new(template, &why);
	if (t == NULL)
		clasp_buf_add_c(&out, "(no template)");
	else if (clasp_line_parse(clasp_str_c(text), &arena, &line, &err) < 0)
		clasp_buf_add_c(&out, "(no line)");
	else
		cli_template_put(&out, t, &args);
	cli_template_free(t);
	clasp_arena_clear(&arena);
	return clasp_buf_cstr(&out);
}

static void
letters(void)
{
	static const struct {
		const char *template, *line, *want;
	} rows[] = {
		{ "%a", "/a/b 1", "/a/b\n" },
		{ "%v", "/a \"x y\\n\"", "\"x y\\n\"\n" },
		{ "%r", "/a \"x y\\n\"", "x y\\n\n" },
		{ "%r", "/a 1.0", "1.0\n" },
		{ "%k", "/a 1", "set\n" },
		{ "%k", "/a event", "event\n" },
		{ "%v|", "/a event", "|\n" },
		{ "%v", "/a samples rate=60 [1.0,2.0]", "[1.0,2.0]\n" },
		{ "%k %v", "/a timeline [[0,0.0]]", "timeline [[0,0.0]]\n" },
		{ "%k %v", "ping {}", "ping {}\n" },
		{ "%k|%r|%a", "mark \"x\"", "mark|x|\n" },
		{ "%t", "/a 1", "1795345429.250000\n" },
		{ "%T", "/a 1", "2026-11-22T11:03:49.250000+00:00\n" },
		{ "%d", "/a 1", "0.040000\n" },
		{ "%n|%w", "/a rev=4 by=s1 1", "4|s1\n" },
		{ "%n|%w", "/a 1", "|\n" },
		{ "%l", "3.000000 /a rev=4 1", "3.000000 /a rev=4 1\n" },
		{ "%j", "/a 1", "{\"type\":\"set\",\"addr\":\"/a\","
		    "\"value\":1}\n" },
		{ "100%%", "/a 1", "100%\n" },
		{ "%a\\t%v\\c", "/a 1", "/a\t1" },
		{ "\\\\\\n", "/a 1", "\\\n\n" },
		{ "\\c", "/a 1", "" },
		{ "", "/a 1", "\n" },
		{ "%4v|%-4v|%1a", "/abc 10", "  10|10  |/abc\n" },
		/* characters, not bytes */
		{ "%4r|", "/a \"\xc3\xa4\"", "   \xc3\xa4|\n" },
		/* control characters never get out raw */
		{ "%w", "/a by=\"\\u001b[2J\" 1", "\\u001b[2J\n" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		t_eq_str(put(rows[i].template, rows[i].line, 0), rows[i].want,
		    "%s of %s", rows[i].template, rows[i].line);
}

static void
one_text_for_each_message_of_a_bundle(void)
{
	t_eq_str(put("%a=%v", "/a 1 ; /b \"x ; y\"", 0), "/a=1\n");
	t_eq_str(put("%a=%v", "/a 1 ; /b \"x ; y\"", 1), "/b=\"x ; y\"\n");
}

static void
what_is_no_template_is_refused(void)
{
	static const char *const rows[] = {
		"%", "%z", "%-", "%5", "%99999999999v", "%-%", "\\", "\\q",
		"\\ca", "a%"
	};
	struct cli_template *t;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		why = NULL;
		t = cli_template_new(rows[i], &why);
		t_check(t == NULL, "%s", rows[i]);
		t_check(why != NULL, "%s", rows[i]);
		cli_template_free(t);
	}
	cli_template_free(NULL);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	t_run(letters);
	t_run(one_text_for_each_message_of_a_bundle);
	t_run(what_is_no_template_is_refused);
	return t_end();
}
