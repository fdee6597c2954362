/* line_put.c - values as text and as JSON, written. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "wire/line_parts.h"

#define SORT_SMALL	32	/* entries sorted without a heap block */
#define ESCAPED_MAX	6	/* bytes of "\u001b" */

static const char hex_digits[] = "0123456789abcdef";

/* -------------------------------------------------------------- strings */

static char *
put_u4(char *p, unsigned c)
{
	*p++ = '\\';
	*p++ = 'u';
	*p++ = hex_digits[c >> 12 & 15];
	*p++ = hex_digits[c >> 8 & 15];
	*p++ = hex_digits[c >> 4 & 15];
	*p++ = hex_digits[c & 15];
	return p;
}

static char *
put_ascii(char *p, uint8_t c)
{
	static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";
	const char *hit = c ? strchr(from, c) : NULL;

	if (hit == NULL)
		return put_u4(p, c);
	*p++ = '\\';
	*p++ = to[hit - from];
	return p;
}

/* 1: not as it is, or not without a look */
static const uint8_t escape_class[256] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['"'] = 1, ['\\'] = 1, [0x7f] = 1,
	[0x80] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

/* The inside of a string; out has ESCAPED_MAX bytes for each of s. */
static char *
put_escaped(char *out, struct clasp_str s)
{
	const char *p = s.p, *end = p + s.len;
	uint32_t c;
	size_t n;

	while (p < end) {
		if (!escape_class[(uint8_t)*p]) {
			*out++ = *p++;
			continue;
		}
		if ((uint8_t)*p < 0x80) {
			out = put_ascii(out, (uint8_t)*p++);
			continue;
		}
		n = clasp_utf8_get(p, (size_t)(end - p), &c);
		if (n == 0 || c < 0xa0) {
			/* not UTF-8: a string must stay one */
			out = put_u4(out, n ? c : 0xfffd);
			p += n ? n : 1;
			continue;
		}
		memcpy(out, p, n);
		out += n;
		p += n;
	}
	return out;
}

int
clasp_string_format(struct clasp_buf *buf, struct clasp_str s)
{
	const char *p = s.p, *end = p + s.len;
	char *out;

	while (p < end && !escape_class[(uint8_t)*p])
		p++;
	/* a run that needs nothing, then the rest with room for the worst */
	if (clasp_buf_reserve(buf, (size_t)(p - s.p) + 2 +
	    (size_t)(end - p) * ESCAPED_MAX) < 0)
		return CLASP_ENOMEM;
	out = (char *)buf->data + buf->len;
	*out++ = '"';
	if (p > s.p)
		memcpy(out, s.p, (size_t)(p - s.p));
	out += p - s.p;
	if (p < end)
		out = put_escaped(out, clasp_str_of(p, (size_t)(end - p)));
	*out++ = '"';
	buf->len = (size_t)(out - (char *)buf->data);
	return 0;
}

static void
put_hex(struct clasp_buf *buf, struct clasp_str s)
{
	uint8_t *out;
	size_t i;

	if (clasp_buf_reserve(buf, s.len * 2) < 0)
		return;
	out = buf->data + buf->len;
	for (i = 0; i < s.len; i++) {
		*out++ = (uint8_t)hex_digits[(uint8_t)s.p[i] >> 4];
		*out++ = (uint8_t)hex_digits[(uint8_t)s.p[i] & 15];
	}
	buf->len += s.len * 2;
}

/* -------------------------------------------------------------- numbers */

void
clasp_put_uint(struct clasp_buf *buf, uint64_t v)
{
	if (clasp_buf_reserve(buf, CLASP_NUMBER_MAX) < 0)
		return;
	buf->len += clasp_uint_format((char *)buf->data + buf->len, v);
}

void
clasp_put_seconds(struct clasp_buf *buf, uint64_t us, bool brief)
{
	uint32_t micro = (uint32_t)(us % 1000000);
	char *p;
	int i, n = 6;

	if (clasp_buf_reserve(buf, CLASP_NUMBER_MAX) < 0)
		return;
	p = (char *)buf->data + buf->len;
	p += clasp_uint_format(p, us / 1000000);
	if (!brief || micro != 0) {
		*p++ = '.';
		for (i = 5; i >= 0; i--, micro /= 10)
			p[i] = (char)('0' + micro % 10);
		while (brief && p[n - 1] == '0')
			n--;
		p += n;
	}
	buf->len = (size_t)(p - (char *)buf->data);
}

int
clasp_time_format(struct clasp_buf *buf, int64_t time_us)
{
	size_t start = buf->len;

	if (time_us < 0)
		clasp_buf_add_u8(buf, '-');
	clasp_put_seconds(buf, time_us < 0 ? 0 - (uint64_t)time_us :
	    (uint64_t)time_us, false);
	if (!buf->failed)
		return 0;
	buf->len = start;
	return CLASP_ENOMEM;
}

static const char *
narrow_name(uint8_t code)
{
	switch (code) {
	case CLASP_CODE_I8:
		return "i8";
	case CLASP_CODE_I16:
		return "i16";
	case CLASP_CODE_I32:
		return "i32";
	default:
		return "f32";
	}
}

static void
put_number(struct clasp_buf *buf, const struct clasp_value *v, bool narrow)
{
	char *out;

	if (clasp_buf_reserve(buf, CLASP_NUMBER_MAX) < 0)
		return;
	out = (char *)buf->data + buf->len;
	if (v->type == CLASP_INT)
		buf->len += v->narrow == CLASP_NARROW_U64 ?
		    clasp_uint_format(out, (uint64_t)v->integer) :
		    clasp_int_format(out, v->integer);
	else if (narrow)
		buf->len += clasp_float32_format(out, (float)v->number);
	else
		buf->len += clasp_float_format(out, v->number);
}

static void
put_text_number(struct clasp_buf *buf, const struct clasp_value *v,
    unsigned flags)
{
	bool narrow = (flags & CLASP_LINE_EXACT) && v->narrow != 0 &&
	    v->narrow != CLASP_NARROW_U64;

	if (narrow) {
		clasp_buf_add_c(buf, narrow_name(v->narrow));
		clasp_buf_add_u8(buf, ':');
	}
	put_number(buf, v, narrow && v->type == CLASP_FLOAT);
}

static void
put_json_number(struct clasp_buf *buf, const struct clasp_value *v,
    unsigned flags)
{
	bool narrow = (flags & CLASP_LINE_EXACT) && v->narrow != 0 &&
	    v->narrow != CLASP_NARROW_U64;
	bool word = v->type == CLASP_FLOAT && !__builtin_isfinite(v->number);

	if (narrow) {
		clasp_buf_add_c(buf, "{\"$");
		clasp_buf_add_c(buf, narrow_name(v->narrow));
		clasp_buf_add_c(buf, "\":");
	} else if (word)
		clasp_buf_add_c(buf, "{\"$float\":");
	if (word)
		clasp_buf_add_u8(buf, '"');
	put_number(buf, v, narrow && v->type == CLASP_FLOAT);
	if (word)
		clasp_buf_add_u8(buf, '"');
	if (narrow || word)
		clasp_buf_add_u8(buf, '}');
}

/* ----------------------------------------------------------- containers */

static void	put_value(struct clasp_buf *buf, const struct clasp_value *v,
	    unsigned flags);

static void
put_array(struct clasp_buf *buf, const struct clasp_value *v, unsigned flags)
{
	uint32_t i;

	clasp_buf_add_u8(buf, '[');
	for (i = 0; i < v->count; i++) {
		if (i > 0)
			clasp_buf_add_u8(buf, ',');
		put_value(buf, &v->items[i], flags);
	}
	clasp_buf_add_u8(buf, ']');
}

static void
put_entry(struct clasp_buf *buf, const struct clasp_entry *entry, bool first,
    unsigned flags)
{
	if (!first)
		clasp_buf_add_u8(buf, ',');
	clasp_string_format(buf, entry->key);
	clasp_buf_add_u8(buf, ':');
	put_value(buf, &entry->value, flags);
}

static int
by_key(const void *a, const void *b)
{
	const struct clasp_entry *const *x = a, *const *y = b;

	return clasp_str_cmp((*x)->key, (*y)->key);
}

static bool
is_sorted(const struct clasp_value *map)
{
	uint32_t i;

	for (i = 1; i < map->count; i++)
		if (clasp_str_cmp(map->entries[i - 1].key,
		    map->entries[i].key) > 0)
			return false;
	return true;
}

static void
put_sorted(struct clasp_buf *buf, const struct clasp_value *v,
    unsigned flags)
{
	const struct clasp_entry *small[SORT_SMALL], **order = small;
	uint32_t i;

	if (v->count > SORT_SMALL)
		order = malloc(v->count * sizeof *order);
	if (order == NULL) {
		buf->failed = true;
		return;
	}
	for (i = 0; i < v->count; i++)
		order[i] = &v->entries[i];
	qsort(order, v->count, sizeof *order, by_key);
	for (i = 0; i < v->count; i++)
		put_entry(buf, order[i], i == 0, flags);
	if (order != small)
		free(order);
}

/* In JSON a map whose only key starts with '$' gets one more in front. */
static void
put_dollar(struct clasp_buf *buf, const struct clasp_entry *entry,
    unsigned flags)
{
	size_t at = buf->len;

	clasp_string_format(buf, entry->key);
	if (clasp_buf_reserve(buf, 1) < 0)
		return;
	memmove(buf->data + at + 2, buf->data + at + 1, buf->len - at - 1);
	buf->data[at + 1] = '$';
	buf->len++;
	clasp_buf_add_u8(buf, ':');
	put_value(buf, &entry->value, flags);
}

static void
put_map(struct clasp_buf *buf, const struct clasp_value *v, unsigned flags)
{
	uint32_t i;

	clasp_buf_add_u8(buf, '{');
	if ((flags & CLASP_LINE_JSON) && v->count == 1 &&
	    v->entries[0].key.len > 0 && v->entries[0].key.p[0] == '$')
		put_dollar(buf, &v->entries[0], flags);
	else if (!(flags & CLASP_LINE_EXACT) && !is_sorted(v))
		put_sorted(buf, v, flags);
	else
		for (i = 0; i < v->count; i++)
			put_entry(buf, &v->entries[i], i == 0, flags);
	clasp_buf_add_u8(buf, '}');
}

static void
put_bytes(struct clasp_buf *buf, struct clasp_str s, bool json)
{
	clasp_buf_add_c(buf, json ? "{\"$hex\":\"" : "x\"");
	put_hex(buf, s);
	clasp_buf_add_c(buf, json ? "\"}" : "\"");
}

static void
put_value(struct clasp_buf *buf, const struct clasp_value *v, unsigned flags)
{
	bool json = (flags & CLASP_LINE_JSON) != 0;

	switch ((enum clasp_type)v->type) {
	case CLASP_NULL:
		clasp_buf_add(buf, "null", 4);
		break;
	case CLASP_BOOL:
		clasp_buf_add_c(buf, v->boolean ? "true" : "false");
		break;
	case CLASP_INT:
	case CLASP_FLOAT:
		if (json)
			put_json_number(buf, v, flags);
		else
			put_text_number(buf, v, flags);
		break;
	case CLASP_STRING:
		clasp_string_format(buf, v->string);
		break;
	case CLASP_BYTES:
		put_bytes(buf, v->string, json);
		break;
	case CLASP_ARRAY:
		put_array(buf, v, flags);
		break;
	case CLASP_MAP:
		put_map(buf, v, flags);
		break;
	}
}

int
clasp_value_format(struct clasp_buf *buf, const struct clasp_value *v,
    unsigned flags)
{
	size_t start = buf->len;

	put_value(buf, v, flags);
	if (!buf->failed)
		return 0;
	buf->len = start;
	return CLASP_ENOMEM;
}
