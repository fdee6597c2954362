/*
 * buf.h - a byte buffer that grows.
 *
 * Zero-initialised or clasp_buf_init() is empty.  Adding returns 0 or
 * CLASP_ENOMEM, after which the buffer holds what it held before and `failed`
 * is set, so that a run of additions can be checked once at its end.
 */
#ifndef CLASP_BASE_BUF_H
#define CLASP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct clasp_buf {
	uint8_t	*data;		/* owned; NULL while nothing was added */
	size_t	 len;
	size_t	 cap;
	bool	 failed;	/* an addition found no memory */
};

void	clasp_buf_init(struct clasp_buf *buf);
/* Free the memory and make it empty again. */
void	clasp_buf_clear(struct clasp_buf *buf);
/* Forget the content, keep the memory. */
static inline void
clasp_buf_reset(struct clasp_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

/* Make sure that n more bytes fit behind len: data + len may be written. */
int	clasp_buf_reserve(struct clasp_buf *buf, size_t n);
int	clasp_buf_add(struct clasp_buf *buf, const void *src, size_t n);
int	clasp_buf_add_str(struct clasp_buf *buf, struct clasp_str s);
int	clasp_buf_add_c(struct clasp_buf *buf, const char *s);
int	clasp_buf_add_u8(struct clasp_buf *buf, uint8_t byte);
int	clasp_buf_printf(struct clasp_buf *buf, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
int	clasp_buf_vprintf(struct clasp_buf *buf, const char *format,
	    va_list ap);
/* Drop n bytes from the front. */
void	clasp_buf_consume(struct clasp_buf *buf, size_t n);
/* The content with a NUL behind it (not counted), for C's functions;
 * "" when there is no memory for it. */
const char *clasp_buf_cstr(struct clasp_buf *buf);

static inline struct clasp_str
clasp_buf_str(const struct clasp_buf *buf)
{
	return clasp_str_of((const char *)buf->data, buf->len);
}

#endif
