/*
 * str.h - a borrowed string: pointer and length, no terminator.
 *
 * Views point into somebody else's memory and are good for as long as that
 * is.  U+0000 is an ordinary character.  A view with p == NULL is "absent";
 * its length is 0.
 */
#ifndef CLASP_BASE_STR_H
#define CLASP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct clasp_str {
	const char	*p;
	size_t		 len;
};

#define CLASP_STR(literal) \
	((struct clasp_str){ (literal), sizeof(literal) - 1 })
#define CLASP_STR_NONE ((struct clasp_str){ NULL, 0 })
/* for printf's "%.*s" */
#define CLASP_STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

static inline struct clasp_str
clasp_str_of(const char *p, size_t len)
{
	return (struct clasp_str){ p, len };
}

/* A view of a C string; NULL gives the absent view. */
static inline struct clasp_str
clasp_str_c(const char *s)
{
	return (struct clasp_str){ s, s ? strlen(s) : 0 };
}

static inline bool
clasp_str_eq(struct clasp_str a, struct clasp_str b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
clasp_str_is(struct clasp_str a, const char *c)
{
	return clasp_str_eq(a, clasp_str_c(c));
}

/* By bytes, a prefix before what it begins: <0, 0, >0. */
static inline int
clasp_str_cmp(struct clasp_str a, struct clasp_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool
clasp_str_starts(struct clasp_str s, struct clasp_str prefix)
{
	return s.len >= prefix.len &&
	    (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

#endif
