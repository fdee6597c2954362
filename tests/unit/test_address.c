/* test_address.c - validity, matching, captures. */
#include "t.h"
#include "vectors.h"

#include "wire/address.h"

#define S(text) CLASP_STR(text)

static void
address_row(json_t *r)
{
	struct clasp_str s = v_get_str(r, "address");
	const char *why = NULL;

	t_eq_int(clasp_address_check(s, &why) == 0,
	    json_is_true(json_object_get(r, "valid_address")), "%s", s.p);
	t_eq_int(why == NULL,
	    json_is_true(json_object_get(r, "valid_address")), "%s", s.p);
	t_eq_int(clasp_pattern_check(s, &why) == 0,
	    json_is_true(json_object_get(r, "valid_pattern")), "%s", s.p);
	t_eq_int(why == NULL,
	    json_is_true(json_object_get(r, "valid_pattern")), "%s", s.p);
}

static void
validity_follows_the_vectors(void)
{
	t_check(v_each("addresses.jsonl", address_row) > 50);
}

static void
match_row(json_t *r)
{
	struct clasp_str p = v_get_str(r, "pattern");
	struct clasp_str a = v_get_str(r, "address"), got[64];
	bool want = json_is_true(json_object_get(r, "match")) ||
	    json_is_true(json_object_get(r, "ruling"));

	t_eq_int(clasp_pattern_match(p, a), want, "%s %s", p.p, a.p);
	t_eq_int(clasp_pattern_capture(p, a, got, 64) >= 0, want, "%s %s",
	    p.p, a.p);
}

static void
matching_follows_the_vectors(void)
{
	t_check(v_each("patterns.jsonl", match_row) > 500);
	t_check(v_each("patterns-divergent.jsonl", match_row) > 50);
}

static void
faults_have_words(void)
{
	static const struct {
		struct clasp_str text;
		const char *address, *pattern;
	} rows[] = {
		{ S(""), "is empty", "is empty" },
		{ S("a"), "must start with /", "must start with /" },
		{ S("/"), "has an empty segment", "has an empty segment" },
		{ S("/a//b"), "has an empty segment",
		    "has an empty segment" },
		{ S("/a/"), "has an empty segment", NULL },
		{ S("/*"), "must not hold *", NULL },
		{ S("/a\0b"), "holds a control character",
		    "holds a control character" },
		{ S("/a\x7f"), "holds a control character",
		    "holds a control character" },
		{ S("/**/**/**/**/**/**/**/**/**"), "must not hold *",
		    "has more than 8 segments **" },
	};
	const char *why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		clasp_address_check(rows[i].text, &why);
		t_eq_str(why ? why : "", rows[i].address, "%zu", i);
		clasp_pattern_check(rows[i].text, &why);
		t_eq_str(why ? why : "", rows[i].pattern ? rows[i].pattern :
		    "", "%zu", i);
	}
}

static void
captures_take_the_least(void)
{
	static const struct {
		const char *pattern, *address, *want;
	} rows[] = {
		{ "/a", "/a", "" },
		{ "/a", "/b", "no" },
		{ "/*", "/a", "a" },
		{ "/**", "/a/b", "a/b" },
		{ "/a/**", "/a", "" },
		{ "/a/**/c", "/a/c", "" },
		{ "/a/**/c", "/a/x/y/c", "x/y" },
		{ "/**/**", "/a/b", "|a/b" },
		{ "/**/b/**", "/b/a/b", "|a/b" },
		{ "/**/b/**", "/x/b/a/b", "x|a/b" },
		{ "/**/*", "/a/b/c", "a/b|c" },
		{ "/*/**/*", "/a/b", "a||b" },
		{ "/z*", "/zone", "one" },
		{ "/z*", "/z", "" },
		{ "/*-*", "/a-b-c", "a|b-c" },
		{ "/*-*-x*", "/a-b-c-xy", "a|b-c|y" },
		{ "/a***b", "/aXb", "X" },
		{ "/***", "/abc", "abc" },
		{ "/*b*/c", "/abb/c", "a|b" },
		{ "/a/*/", "/a/b", "b" },
		{ "/lumen/*/layer/*", "/lumen/3/layer/x", "3|x" },
		{ "a", "a", "no" },
	};
	struct clasp_str got[8];
	char text[128];
	size_t i, n;
	int k, count;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		count = clasp_pattern_capture(clasp_str_c(rows[i].pattern),
		    clasp_str_c(rows[i].address), got, 8);
		n = 0;
		strcpy(text, count < 0 ? "no" : "");
		for (k = 0; k < count; k++)
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%s%.*s", k ? "|" : "", CLASP_STR_ARG(got[k]));
		t_eq_str(text, rows[i].want, "%s %s", rows[i].pattern,
		    rows[i].address);
	}
	/* only as many as there is room for are written */
	got[1] = S("kept");
	t_eq_int(clasp_pattern_capture(S("/*/*"), S("/a/b"), got, 1), 2);
	t_check(clasp_str_is(got[1], "kept"));
}

static void
segments_are_cut(void)
{
	struct clasp_str got[3];

	t_eq_int(clasp_segments(S("/a/bc/d"), got, 3), 3);
	t_check(clasp_str_is(got[0], "a"));
	t_check(clasp_str_is(got[1], "bc"));
	t_check(clasp_str_is(got[2], "d"));
	t_eq_int(clasp_segments(S("/a/bc/d/e"), got, 3), -1);
	t_eq_int(clasp_segments(S("/a/*/"), got, 3), 2);
	t_check(clasp_pattern_literal(S("/a/b")));
	t_check(!clasp_pattern_literal(S("/a/b*")));
	t_check(clasp_str_is(clasp_pattern_trim(S("/a/")), "/a"));
	t_check(clasp_str_is(clasp_pattern_trim(S("/")), "/"));
}

/* Patterns that make a naive matcher try every way of splitting. */
static void
hostile_patterns_end(void)
{
	char address[CLASP_ADDRESS_MAX + 1], pattern[CLASP_ADDRESS_MAX + 1];
	size_t n, i;

	n = 0;
	for (i = 0; i < 64; i++)
		n += (size_t)sprintf(address + n, "/a");
	t_check(!clasp_pattern_match(
	    S("/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b"),
	    clasp_str_of(address, n)));
	t_check(clasp_pattern_match(
	    S("/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a"),
	    clasp_str_of(address, n)));

	memset(address, 'a', sizeof address);
	address[0] = '/';
	for (n = 1; n + 3 < CLASP_ADDRESS_MAX; n += 2)
		memcpy(pattern + n, "*a", 2);
	pattern[0] = '/';
	pattern[n++] = 'b';
	t_check(!clasp_pattern_match(clasp_str_of(pattern, n),
	    clasp_str_of(address, CLASP_ADDRESS_MAX)));
}

int
main(void)
{
	t_run(validity_follows_the_vectors);
	t_run(matching_follows_the_vectors);
	t_run(faults_have_words);
	t_run(captures_take_the_least);
	t_run(segments_are_cut);
	t_run(hostile_patterns_end);
	return t_end();
}
