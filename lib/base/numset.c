/* numset.c - a set of numbers from 0 to 65535. */

#include "base/numset.h"

#include <assert.h>

#include "base/error.h"

/* The number that begins *text, which moves on; false: none does. */
static bool
take(const char **text, unsigned long *out)
{
	const char *p = *text;
	unsigned long n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (n < 1000000)
			n = n * 10 + (unsigned long)(*p - '0');
	if (p == *text)
		return false;
	*text = p;
	*out = n;
	return true;
}

int
clasp_numset_parse(struct clasp_numset *set, const char *text, unsigned min,
    unsigned max)
{
	unsigned long from, to;

	assert(max < 65536);
	for (;;) {
		if (!take(&text, &from))
			return CLASP_ESYNTAX;
		to = from;
		if (*text == '-') {
			text++;
			if (!take(&text, &to) || to < from)
				return CLASP_ESYNTAX;
		}
		if (from < min || to > max)
			return CLASP_ERANGE;
		for (; from <= to; from++)
			clasp_numset_add(set, (unsigned)from);
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			return CLASP_ESYNTAX;
	}
}

int
clasp_numset_next(const struct clasp_numset *set, unsigned n)
{
	uint64_t word;
	unsigned i;

	if (n >= 65536)
		return -1;
	i = n >> 6;
	word = set->bits[i] >> (n & 63) << (n & 63);
	while (word == 0) {
		if (++i == 1024)
			return -1;
		word = set->bits[i];
	}
	return (int)(i * 64 + (unsigned)__builtin_ctzll(word));
}

unsigned
clasp_numset_count(const struct clasp_numset *set)
{
	unsigned i, n = 0;

	for (i = 0; i < 1024; i++)
		n += (unsigned)__builtin_popcountll(set->bits[i]);
	return n;
}
