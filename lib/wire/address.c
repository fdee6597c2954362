/* address.c - names of signals, patterns over them, and the one matcher. */
#include "wire/address.h"

#include "base/error.h"

/* Characters that end a run of ordinary ones. */
enum { PLAIN, SLASH, STAR, CONTROL };

static int
kind_of(unsigned char c)
{
	/* letters and digits first */
	if (c > '/')
		return c == 0x7f ? CONTROL : PLAIN;
	if (c == '/')
		return SLASH;
	if (c == '*')
		return STAR;
	return c < 0x20 ? CONTROL : PLAIN;
}

static bool
is_globstar(const char *p, const char *end)
{
	return end - p == 2 && p[0] == '*' && p[1] == '*';
}

/* What is wrong with s, or NULL.  s has no '/' at its end that may be. */
static const char *
fault(struct clasp_str s, bool stars)
{
	const char *p = s.p, *end, *seg = NULL;
	int segments = 0, globstars = 0;

	if (s.len == 0)
		return "is empty";
	end = p + s.len;
	if (*p != '/')
		return "must start with /";
	if (s.len > CLASP_ADDRESS_MAX)
		return "is longer than 1024 bytes";
	for (;; p++) {
		switch (p == end ? SLASH : kind_of((unsigned char)*p)) {
		case SLASH:
			if (seg == p)
				return "has an empty segment";
			if (seg && is_globstar(seg, p))
				globstars++;
			if (p == end)
				goto counted;
			segments++;
			seg = p + 1;
			break;
		case STAR:
			if (!stars)
				return "must not hold *";
			break;
		case CONTROL:
			return "holds a control character";
		}
	}
counted:
	if (segments > CLASP_SEGMENTS_MAX)
		return "has more than 64 segments";
	return globstars > CLASP_GLOBSTARS_MAX ?
	    "has more than 8 segments **" : NULL;
}

int
clasp_address_check(struct clasp_str address, const char **why)
{
	const char *bad = fault(address, false);

	if (why != NULL)
		*why = bad;
	return bad ? CLASP_EADDRESS : 0;
}

struct clasp_str
clasp_pattern_trim(struct clasp_str pattern)
{
	if (pattern.len > 1 && pattern.p[pattern.len - 1] == '/')
		pattern.len--;
	return pattern;
}

int
clasp_pattern_check(struct clasp_str pattern, const char **why)
{
	const char *bad = fault(clasp_pattern_trim(pattern), true);

	if (why != NULL)
		*why = bad;
	return bad ? CLASP_EPATTERN : 0;
}

bool
clasp_pattern_literal(struct clasp_str pattern)
{
	return pattern.len == 0 ||
	    memchr(pattern.p, '*', pattern.len) == NULL;
}

/*
 * Only the last run of stars is ever taken back: what comes behind it is
 * tried one byte further on, and an earlier run never needs more than the
 * least that let the later one be reached.
 */
bool
clasp_segment_match(struct clasp_str pattern, struct clasp_str segment)
{
	const char *p = pattern.p, *pend = p + pattern.len;
	const char *s = segment.p, *send = s + segment.len;
	const char *star = NULL, *again = NULL;

	while (s != send || p != pend) {
		if (p != pend && *p == '*') {
			star = ++p;
			again = s;
		} else if (p != pend && s != send && *p == *s) {
			p++;
			s++;
		} else if (star != NULL && again != send) {
			p = star;
			s = ++again;
		} else
			return false;
	}
	return true;
}

/* The segment behind the slash at p, which is not the end. */
static struct clasp_str
segment_at(const char *p, const char *end)
{
	const char *stop = memchr(p + 1, '/', (size_t)(end - p - 1));

	return clasp_str_of(p + 1, (size_t)((stop ? stop : end) - p - 1));
}

/*
 * The same one level up: segments for bytes, "**" for stars.  Where took is
 * not NULL, took[i] is set to the part of the address, its first slash
 * included, that the pattern's segment i matched.
 */
static bool
match(struct clasp_str pattern, struct clasp_str address,
    struct clasp_str *took)
{
	const char *p = pattern.p, *pend = p + pattern.len;
	const char *a = address.p, *aend = a + address.len;
	const char *star = NULL, *again = NULL;
	struct clasp_str seg, part;
	int i = 0, star_i = 0;

	while (a != aend || p != pend) {
		if (p != pend) {
			seg = segment_at(p, pend);
			if (is_globstar(seg.p, seg.p + seg.len)) {
				p = star = seg.p + seg.len;
				again = a;
				if (took != NULL)
					took[i] = clasp_str_of(a, 0);
				star_i = i++;
				if (p == pend && took == NULL)
					return true;
				continue;
			}
			if (a != aend) {
				part = segment_at(a, aend);
				if (clasp_segment_match(seg, part)) {
					if (took != NULL)
						took[i] = part;
					i++;
					p = seg.p + seg.len;
					a = part.p + part.len;
					continue;
				}
			}
		}
		if (star == NULL || again == aend)
			return false;
		part = segment_at(again, aend);
		a = again = part.p + part.len;
		p = star;
		i = star_i + 1;
		if (took != NULL)
			took[star_i].len = (size_t)(again - took[star_i].p);
	}
	return true;
}

bool
clasp_pattern_match(struct clasp_str pattern, struct clasp_str address)
{
	pattern = clasp_pattern_trim(pattern);
	if (fault(pattern, true) != NULL || address.len == 0 ||
	    address.p[0] != '/')
		return false;
	return match(pattern, address, NULL);
}

struct captures {
	struct clasp_str *out;
	int	 max;
	int	 n;
};

static void
capture(struct captures *c, const char *p, size_t n)
{
	if (c->n < c->max)
		c->out[c->n] = clasp_str_of(p, n);
	c->n++;
}

/*
 * The runs of stars of one segment, which is known to match.  Each takes the
 * least that lets the text up to the next run follow; the last takes what is
 * left before the text behind it.
 */
static void
capture_segment(struct captures *c, struct clasp_str pattern,
    struct clasp_str segment)
{
	const char *p = pattern.p, *pend = p + pattern.len;
	const char *s = segment.p, *send = s + segment.len, *from;
	size_t n;

	while (p != pend) {
		if (*p != '*') {
			p++;
			s++;
			continue;
		}
		while (p != pend && *p == '*')
			p++;
		from = s;
		for (n = 0; p + n != pend && p[n] != '*'; n++)
			;
		if (p + n == pend)
			s = send - n;
		else
			while (memcmp(s, p, n) != 0)
				s++;
		capture(c, from, (size_t)(s - from));
	}
}

int
clasp_pattern_capture(struct clasp_str pattern, struct clasp_str address,
    struct clasp_str *captures, int max)
{
	struct clasp_str took[CLASP_SEGMENTS_MAX], seg;
	struct captures c = { captures, max, 0 };
	const char *p, *pend;
	int i;

	pattern = clasp_pattern_trim(pattern);
	if (fault(pattern, true) != NULL || address.len == 0 ||
	    address.p[0] != '/' || !match(pattern, address, took))
		return -1;
	p = pattern.p;
	pend = p + pattern.len;
	for (i = 0; p != pend; i++, p = seg.p + seg.len) {
		seg = segment_at(p, pend);
		if (!is_globstar(seg.p, seg.p + seg.len))
			capture_segment(&c, seg, took[i]);
		else if (took[i].len > 0)
			/* without the slash in front */
			capture(&c, took[i].p + 1, took[i].len - 1);
		else
			capture(&c, took[i].p, 0);
	}
	return c.n;
}

int
clasp_segments(struct clasp_str address, struct clasp_str *out, int max)
{
	const char *p, *end;
	struct clasp_str seg;
	int n = 0;

	address = clasp_pattern_trim(address);
	if (address.len == 0)
		return 0;
	p = address.p;
	end = p + address.len;
	for (; p != end; p = seg.p + seg.len) {
		seg = segment_at(p, end);
		if (n == max)
			return -1;
		out[n++] = seg;
	}
	return n;
}
