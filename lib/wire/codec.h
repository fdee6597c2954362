/*
 * codec.h - what the encoders and decoders of one payload share.
 *
 * Inside the wire rung only.  Both carry the first error that was met, so a
 * message's fields are read or written as straight code.
 */
#ifndef CLASP_WIRE_CODEC_H
#define CLASP_WIRE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "wire/value.h"

#define CLASP_COUNT_MAX 65535	/* bytes of a string, items of a list */

struct clasp_decoder {
	struct clasp_reader r;
	struct clasp_arena *arena;
	unsigned	 flags;
	int		 error;		/* the first one, or 0 */
	int		 at_end;	/* the error for running past the end */
	unsigned	 bundles;	/* BUNDLE headers around this place */
	/*
	 * Memory is bounded by the payload, not by what its counts claim.
	 * `owed` is what the items still to come need at least, of all lists
	 * that are open.  A list that cannot fit beside it makes the message
	 * sure to fail: then `skim` is set, and the rest is only read to find
	 * out which error comes first.
	 */
	size_t		 owed;
	bool		 skim;
};

struct clasp_encoder {
	struct clasp_writer w;
	int		 error;		/* the first one, or 0 */
	unsigned	 bundles;
};

/* ------------------------------------------------------------- strings */

#define CLASP_ASCII_MASK UINT64_C(0x8080808080808080)

/* Nothing but ASCII?  Says no to what is too short or long to be common. */
static inline bool
clasp_text_ascii(const uint8_t *p, size_t n)
{
	uint64_t a, b, c, d;

	if (n - 8 <= 8) {
		/* 8 to 16: two words, overlapping */
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
		return ((a | b) & CLASP_ASCII_MASK) == 0;
	}
	if (n - 17 <= 15) {
		/* 17 to 32: four */
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		memcpy(&c, p + n - 16, 8);
		memcpy(&d, p + n - 8, 8);
		return ((a | b | c | d) & CLASP_ASCII_MASK) == 0;
	}
	return false;
}

/* Is this strict UTF-8?  Names are short and mostly ASCII. */
static inline bool
clasp_text_valid(const uint8_t *p, size_t n)
{
	return clasp_text_ascii(p, n) || clasp_utf8_valid(p, n);
}

/* Copy and check in one go. */
static inline bool
clasp_text_copy(uint8_t *to, const char *p, size_t n)
{
	uint64_t a, b, c, d;

	if (n - 8 <= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
		if (((a | b) & CLASP_ASCII_MASK) == 0)
			return true;
	} else if (n - 17 <= 15) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		memcpy(&c, p + n - 16, 8);
		memcpy(&d, p + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + 8, &b, 8);
		memcpy(to + n - 16, &c, 8);
		memcpy(to + n - 8, &d, 8);
		if (((a | b | c | d) & CLASP_ASCII_MASK) == 0)
			return true;
	} else if (n > 0)
		memcpy(to, p, n);
	return clasp_utf8_valid(p, n);
}

/* ------------------------------------------------------------- reading */

static inline struct clasp_decoder
clasp_decoder_on(const void *p, size_t len, struct clasp_arena *arena,
    unsigned flags)
{
	return (struct clasp_decoder){ .r = clasp_reader_on(p, len),
	    .arena = arena, .flags = flags, .at_end = CLASP_ETRUNCATED };
}

/* Note an error, unless one came before it. */
static inline void
clasp_decoder_fail(struct clasp_decoder *d, int error)
{
	if (d->error == 0)
		d->error = d->r.truncated ? d->at_end : error;
}

static inline bool
clasp_decoder_ok(const struct clasp_decoder *d)
{
	return d->error == 0 && !d->r.truncated;
}

/* What became of it: 0 or the first error. */
static inline int
clasp_decoder_end(struct clasp_decoder *d)
{
	/* a skimmed message cannot be whole: its counts exceed its bytes */
	if (d->r.truncated || d->skim)
		clasp_decoder_fail(d, d->at_end);
	return d->error;
}

static inline struct clasp_str
clasp_decoder_str(struct clasp_decoder *d)
{
	size_t n = clasp_get_u16(&d->r);
	const uint8_t *p = clasp_get_bytes(&d->r, n);

	if (p == NULL)
		return CLASP_STR_NONE;
	if (!clasp_text_valid(p, n))
		clasp_decoder_fail(d, CLASP_EUTF8);
	return clasp_str_of((const char *)p, n);
}

/*
 * Room for a list whose items take at least min bytes of payload and size
 * bytes of memory each.  NULL when nothing is to be kept: the list is empty,
 * or something is wrong.  Every item begins with clasp_decoder_item().
 */
void	*clasp_decoder_list(struct clasp_decoder *d, size_t count,
	    size_t min, size_t size);

static inline bool
clasp_decoder_item(struct clasp_decoder *d, size_t min)
{
	d->owed -= min;
	return clasp_decoder_ok(d);
}

/* A u16 count of such a list; 0 and the mark when it cannot be true. */
static inline uint32_t
clasp_decoder_count(struct clasp_decoder *d, size_t min)
{
	uint32_t n = clasp_get_u16(&d->r);

	if (n * min <= clasp_reader_left(&d->r))
		return n;
	d->r.p = d->r.end;
	d->r.truncated = true;
	return 0;
}

/* A value behind its code, `depth` containers around it. */
void	clasp_decoder_value(struct clasp_decoder *d, uint8_t code,
	    unsigned depth, struct clasp_value *out);
/*
 * Of equal keys the last value wins and takes the first one's place.
 * Returns how many entries are left.
 */
uint32_t clasp_decoder_unique(struct clasp_decoder *d,
	    struct clasp_entry *entries, uint32_t count);

/* ------------------------------------------------------------- writing */

static inline void
clasp_encoder_fail(struct clasp_encoder *e, int error)
{
	if (e->error == 0)
		e->error = error;
}

static inline void
clasp_encoder_str(struct clasp_encoder *e, struct clasp_str s)
{
	uint8_t *p;

	if (s.len > CLASP_COUNT_MAX) {
		clasp_encoder_fail(e, CLASP_ETOOBIG);
		return;
	}
	p = clasp_put_room(&e->w, s.len + 2);
	if (p == NULL)
		return;
	clasp_store16(p, (uint16_t)s.len);
	if (!clasp_text_copy(p + 2, s.p, s.len))
		clasp_encoder_fail(e, CLASP_EUTF8);
}

static inline void
clasp_encoder_count(struct clasp_encoder *e, uint32_t count)
{
	if (count > CLASP_COUNT_MAX)
		clasp_encoder_fail(e, CLASP_ETOOBIG);
	clasp_put_u16(&e->w, (uint16_t)count);
}

/* The data of v, without its code; `depth` containers around it. */
void	clasp_encoder_value(struct clasp_encoder *e,
	    const struct clasp_value *v, unsigned depth);

/* ------------------------------------------------- bits of a double */

static inline uint64_t
clasp_float_bits(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static inline double
clasp_float_of_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

#endif
