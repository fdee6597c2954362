/* utf8.c - strict UTF-8. */
#include "base/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool
continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t
clasp_utf8_get(const void *start, size_t n, uint32_t *c)
{
	const uint8_t *p = start;

	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < 2 || !continues(p[1]))
		return 0;
	if (p[0] < 0xe0) {
		*c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (n < 3 || !continues(p[2]))
		return 0;
	if (p[0] < 0xf0) {
		*c = (uint32_t)(p[0] & 0x0f) << 12 |
		    (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		/* too long a form, or a surrogate */
		return *c < 0x800 || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : 3;
	}
	if (n < 4 || !continues(p[3]))
		return 0;
	*c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	return *c < 0x10000 || *c > 0x10ffff ? 0 : 4;
}

bool
clasp_utf8_valid(const void *start, size_t n)
{
	const uint8_t *p = start, *end;
	uint64_t word;
	uint32_t c;
	size_t k;

	/* an absent view has nowhere to point */
	if (n == 0)
		return true;
	end = p + n;
	for (;;) {
		/* eight plain ASCII bytes at a time */
		while (end - p >= 8) {
			memcpy(&word, p, 8);
			if (word & HIGH_BITS)
				break;
			p += 8;
		}
		if (p == end)
			return true;
		if (*p < 0x80) {
			p++;
			continue;
		}
		k = clasp_utf8_get(p, (size_t)(end - p), &c);
		if (k == 0)
			return false;
		p += k;
	}
}

size_t
clasp_utf8_put(uint32_t c, void *out)
{
	uint8_t *p = out;

	if (c < 0x80) {
		p[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (uint8_t)(0xc0 | c >> 6);
		p[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c >= 0xd800 && c <= 0xdfff)
		return 0;
	if (c < 0x10000) {
		p[0] = (uint8_t)(0xe0 | c >> 12);
		p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	if (c > 0x10ffff)
		return 0;
	p[0] = (uint8_t)(0xf0 | c >> 18);
	p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

size_t
clasp_utf8_cut(const void *start, size_t n)
{
	const uint8_t *p = start;

	while (n > 0 && continues(p[n]))
		n--;
	return n;
}

bool
clasp_utf8_steers(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}
