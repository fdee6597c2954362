/* buf.c - a byte buffer that grows. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define BUF_FIRST 64

void
clasp_buf_init(struct clasp_buf *buf)
{
	memset(buf, 0, sizeof *buf);
}

void
clasp_buf_clear(struct clasp_buf *buf)
{
	free(buf->data);
	clasp_buf_init(buf);
}

int
clasp_buf_reserve(struct clasp_buf *buf, size_t n)
{
	size_t cap = buf->cap ? buf->cap : BUF_FIRST;
	uint8_t *data;

	if (n <= buf->cap - buf->len)
		return 0;
	if (n > SIZE_MAX / 4 - buf->len)
		goto fail;
	while (cap - buf->len < n)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (data == NULL)
		goto fail;
	buf->data = data;
	buf->cap = cap;
	return 0;
fail:
	buf->failed = true;
	return CLASP_ENOMEM;
}

int
clasp_buf_add(struct clasp_buf *buf, const void *src, size_t n)
{
	if (n == 0)
		return 0;
	if (clasp_buf_reserve(buf, n) < 0)
		return CLASP_ENOMEM;
	memcpy(buf->data + buf->len, src, n);
	buf->len += n;
	return 0;
}

int
clasp_buf_add_str(struct clasp_buf *buf, struct clasp_str s)
{
	return clasp_buf_add(buf, s.p, s.len);
}

int
clasp_buf_add_c(struct clasp_buf *buf, const char *s)
{
	return clasp_buf_add(buf, s, strlen(s));
}

int
clasp_buf_add_u8(struct clasp_buf *buf, uint8_t byte)
{
	return clasp_buf_add(buf, &byte, 1);
}

int
clasp_buf_printf(struct clasp_buf *buf, const char *format, ...)
{
	va_list ap;
	int e;

	va_start(ap, format);
	e = clasp_buf_vprintf(buf, format, ap);
	va_end(ap);
	return e;
}

int
clasp_buf_vprintf(struct clasp_buf *buf, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0 || clasp_buf_reserve(buf, (size_t)n + 1) < 0) {
		buf->failed = true;
		return CLASP_ENOMEM;
	}
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, format, ap);
	buf->len += (size_t)n;
	return 0;
}

void
clasp_buf_consume(struct clasp_buf *buf, size_t n)
{
	if (n >= buf->len) {
		buf->len = 0;
		return;
	}
	if (n > 0)
		memmove(buf->data, buf->data + n, buf->len - n);
	buf->len -= n;
}

const char *
clasp_buf_cstr(struct clasp_buf *buf)
{
	if (clasp_buf_reserve(buf, 1) < 0)
		return "";
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}
