/*
 * fuzz_pattern.c - addresses, patterns, matching and captures, next to the
 * plainest matcher that could be written: by the table, with memory for what
 * it has found, so that it ends.
 *
 * Input: a pattern, a line feed, an address.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/address.h"

#define promise(cond) do { \
	if (!(cond)) \
		abort(); \
} while (0)

#define PARTS 70

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* ------------------------------------------------------- validity again */

static int
cut(struct clasp_str s, struct clasp_str *out)
{
	size_t i, from = 1;
	int n = 0;

	for (i = 1; i <= s.len; i++)
		if (i == s.len || s.p[i] == '/') {
			if (n == PARTS)
				return -1;
			out[n++] = clasp_str_of(s.p + from, i - from);
			from = i + 1;
		}
	return n;
}

static bool
plainly_valid(struct clasp_str s, bool pattern)
{
	struct clasp_str part[PARTS];
	int i, n, stars = 0;
	size_t k;

	if (pattern && s.len > 1 && s.p[s.len - 1] == '/')
		s.len--;
	if (s.len < 2 || s.len > 1024 || s.p[0] != '/')
		return false;
	for (k = 0; k < s.len; k++)
		if ((unsigned char)s.p[k] < 0x20 || s.p[k] == 0x7f ||
		    (!pattern && s.p[k] == '*'))
			return false;
	n = cut(s, part);
	if (n < 0 || n > 64)
		return false;
	for (i = 0; i < n; i++) {
		if (part[i].len == 0)
			return false;
		stars += clasp_str_is(part[i], "**");
	}
	return stars <= 8;
}

/* ------------------------------------------------------- matching again */

/* Does p[i..] match s[k..], by all rows below and to the right? */
static bool
part_matches(struct clasp_str p, struct clasp_str s)
{
	static bool row[1026], next[1026];
	size_t i, k;

	memset(next, 0, sizeof next);
	next[s.len] = true;
	for (i = p.len; i-- > 0;) {
		for (k = s.len + 1; k-- > 0;)
			row[k] = p.p[i] == '*' ?
			    next[k] || (k < s.len && row[k + 1]) :
			    k < s.len && s.p[k] == p.p[i] && next[k + 1];
		memcpy(next, row, sizeof next);
	}
	return next[0];
}

static bool
plainly_matches(struct clasp_str p, struct clasp_str a)
{
	struct clasp_str pp[PARTS], ap[PARTS];
	static bool m[PARTS + 1][PARTS + 1];
	int np = cut(p, pp), na = cut(a, ap), i, k;

	memset(m, 0, sizeof m);
	m[np][na] = true;
	for (i = np - 1; i >= 0; i--)
		for (k = na; k >= 0; k--)
			m[i][k] = clasp_str_is(pp[i], "**") ?
			    m[i + 1][k] || (k < na && m[i][k + 1]) :
			    k < na && part_matches(pp[i], ap[k]) &&
			    m[i + 1][k + 1];
	return m[0][0];
}

/* ------------------------------------------------------------- captures */

/* Is there a segment "**" at the slash that is byte i of p? */
static bool
globstar_at(struct clasp_str p, size_t i)
{
	return i + 2 < p.len && p.p[i] == '/' && p.p[i + 1] == '*' &&
	    p.p[i + 2] == '*' && (i + 3 == p.len || p.p[i + 3] == '/');
}

/*
 * Put into the pattern what the wildcards took: that is the address again.
 * A "**" that took nothing takes its slash with it.
 */
static void
check_captures(struct clasp_str p, struct clasp_str a)
{
	static struct clasp_str got[1024];
	static char text[4096];
	int n = clasp_pattern_capture(p, a, got, 1024), used = 0;
	size_t i, len = 0;

	promise(n >= 0 && n <= 1024);
	for (i = 0; i < p.len;) {
		if (globstar_at(p, i) && used < n && got[used].len == 0) {
			used++;
			i += 3;
			continue;
		}
		if (p.p[i] != '*') {
			text[len++] = p.p[i++];
			continue;
		}
		while (i < p.len && p.p[i] == '*')
			i++;
		promise(used < n);
		memcpy(text + len, got[used].p, got[used].len);
		len += got[used++].len;
		promise(len <= 2100);
	}
	promise(used == n);
	promise(len == a.len && memcmp(text, a.p, len) == 0);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *text = (const char *)data;
	const char *lf = size ? memchr(text, '\n', size) : NULL;
	struct clasp_str p, a;
	const char *why;
	bool pattern, address, matches;

	if (lf == NULL)
		return 0;
	p = clasp_str_of(text, (size_t)(lf - text));
	a = clasp_str_of(lf + 1, size - p.len - 1);
	pattern = plainly_valid(p, true);
	address = plainly_valid(a, false);
	promise((clasp_pattern_check(p, &why) == 0) == pattern);
	promise((why == NULL) == pattern);
	promise((clasp_address_check(a, &why) == 0) == address);
	promise((why == NULL) == address);
	matches = clasp_pattern_match(p, a);
	if (!pattern)
		promise(!matches);
	if (!pattern || !address)
		return 0;
	p = clasp_pattern_trim(p);
	promise(matches == plainly_matches(p, a));
	if (matches)
		check_captures(p, a);
	else
		promise(clasp_pattern_capture(p, a, NULL, 0) == -1);
	if (clasp_pattern_literal(p))
		promise(matches == clasp_str_eq(p, a));
	return 0;
}
