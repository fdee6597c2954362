/*
 * bytes.h - big-endian reading and writing with a mark instead of checks.
 *
 * A reader that runs past its end gives zeros and sets `truncated`; a writer
 * that runs past its end writes nothing more and sets `full`.  Codecs are
 * straight code and look once at the end.  Unaligned addresses are fine.
 */
#ifndef CLASP_BASE_BYTES_H
#define CLASP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
clasp_load16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t
clasp_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t
clasp_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static inline void
clasp_store16(void *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof v);
}

static inline void
clasp_store32(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof v);
}

static inline void
clasp_store64(void *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof v);
}

struct clasp_reader {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 truncated;
};

static inline struct clasp_reader
clasp_reader_on(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return (struct clasp_reader){ p, p + len, false };
}

static inline size_t
clasp_reader_left(const struct clasp_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes, or NULL and the mark. */
static inline const uint8_t *
clasp_get_bytes(struct clasp_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (clasp_reader_left(r) < n) {
		r->p = r->end;
		r->truncated = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline uint8_t
clasp_get_u8(struct clasp_reader *r)
{
	const uint8_t *p = clasp_get_bytes(r, 1);

	return p ? *p : 0;
}

static inline uint16_t
clasp_get_u16(struct clasp_reader *r)
{
	const uint8_t *p = clasp_get_bytes(r, 2);

	return p ? clasp_load16(p) : 0;
}

static inline uint32_t
clasp_get_u32(struct clasp_reader *r)
{
	const uint8_t *p = clasp_get_bytes(r, 4);

	return p ? clasp_load32(p) : 0;
}

static inline uint64_t
clasp_get_u64(struct clasp_reader *r)
{
	const uint8_t *p = clasp_get_bytes(r, 8);

	return p ? clasp_load64(p) : 0;
}

struct clasp_writer {
	uint8_t	*p;
	uint8_t	*end;
	bool	 full;
};

static inline struct clasp_writer
clasp_writer_on(void *buf, size_t cap)
{
	uint8_t *p = buf;

	return (struct clasp_writer){ p, p + cap, false };
}

/* Room for n bytes, already taken, or NULL and the mark. */
static inline uint8_t *
clasp_put_room(struct clasp_writer *w, size_t n)
{
	uint8_t *p = w->p;

	if ((size_t)(w->end - w->p) < n) {
		w->end = w->p;
		w->full = true;
		return NULL;
	}
	w->p += n;
	return p;
}

static inline void
clasp_put_u8(struct clasp_writer *w, uint8_t v)
{
	uint8_t *p = clasp_put_room(w, 1);

	if (p)
		*p = v;
}

static inline void
clasp_put_u16(struct clasp_writer *w, uint16_t v)
{
	uint8_t *p = clasp_put_room(w, 2);

	if (p)
		clasp_store16(p, v);
}

static inline void
clasp_put_u32(struct clasp_writer *w, uint32_t v)
{
	uint8_t *p = clasp_put_room(w, 4);

	if (p)
		clasp_store32(p, v);
}

static inline void
clasp_put_u64(struct clasp_writer *w, uint64_t v)
{
	uint8_t *p = clasp_put_room(w, 8);

	if (p)
		clasp_store64(p, v);
}

static inline void
clasp_put_bytes(struct clasp_writer *w, const void *src, size_t n)
{
	uint8_t *p = clasp_put_room(w, n);

	if (p && n)
		memcpy(p, src, n);
}

#endif
