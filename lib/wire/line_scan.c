/* line_scan.c - values as text and as JSON, read. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "wire/line_parts.h"

#define PILE_FIRST	4
#define UNIQUE_SMALL	16	/* up to here every pair is compared */

int
clasp_scan_fail(struct clasp_scan *s, const char *at, int error,
    const char *format, ...)
{
	va_list ap;
	char *p;

	s->err->error = error;
	s->err->column = (unsigned)(at - s->start) + 1;
	va_start(ap, format);
	vsnprintf(s->err->reason, sizeof s->err->reason, format, ap);
	va_end(ap);
	/* what was quoted from the line must not steer a terminal */
	for (p = s->err->reason; *p != '\0'; p++)
		if ((uint8_t)*p < 0x20 || (uint8_t)*p >= 0x7f)
			*p = '?';
	return error;
}

int
clasp_scan_nomem(struct clasp_scan *s)
{
	return clasp_scan_fail(s, s->p, CLASP_ENOMEM, "too large");
}

void *
clasp_pile_add(struct clasp_pile *pile, struct clasp_arena *arena,
    size_t size)
{
	uint32_t cap;
	void *items;

	if (pile->count == pile->cap) {
		cap = pile->cap ? pile->cap * 2 : PILE_FIRST;
		items = clasp_arena_alloc(arena, cap * size);
		if (items == NULL)
			return NULL;
		if (pile->count > 0)
			memcpy(items, pile->items, pile->count * size);
		pile->items = items;
		pile->cap = cap;
	}
	return (char *)pile->items + pile->count++ * size;
}

/* -------------------------------------------------------------- strings */

/* 1: ends a run of plain characters */
static const uint8_t string_stop[256] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['"'] = 1, ['\\'] = 1
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits of \uXXXX at p, or -1. */
static int
hex4(const char *p, const char *end)
{
	int i, digit, v = 0;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* \u.... at s->p, a surrogate pair as one character; out gets its bytes. */
static int
scan_unicode(struct clasp_scan *s, char **out)
{
	const char *at = s->p;
	int high, low;
	uint32_t c;

	high = hex4(s->p + 2, s->end);
	if (high < 0)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "\\u takes four hex digits");
	s->p += 6;
	c = (uint32_t)high;
	if (c >= 0xd800 && c <= 0xdfff) {
		low = -1;
		if (c < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' &&
		    s->p[1] == 'u')
			low = hex4(s->p + 2, s->end);
		if (low < 0xdc00 || low > 0xdfff)
			return clasp_scan_fail(s, at, CLASP_EUTF8,
			    "a lone surrogate is no character");
		s->p += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	}
	*out += clasp_utf8_put(c, *out);
	return 0;
}

static int
scan_escape(struct clasp_scan *s, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	if (s->end - s->p >= 2 && s->p[1] == 'u')
		return scan_unicode(s, out);
	hit = s->end - s->p >= 2 && s->p[1] != '\0' ?
	    strchr(from, s->p[1]) : NULL;
	if (hit == NULL)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "no such escape in a string");
	*(*out)++ = to[hit - from];
	s->p += 2;
	return 0;
}

static int
bad_in_string(struct clasp_scan *s)
{
	if (s->p == s->end)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "a string has no closing quote");
	return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
	    "a control character in a string must be escaped");
}

/* The rest of a string with escapes, copied; s->p is on the first one. */
static int
scan_escaped(struct clasp_scan *s, const char *start, struct clasp_str *out)
{
	const char *run = start, *close = s->p;
	char *room, *p;
	int e;

	/* no escape is longer than what it stands for: the end is enough */
	while (close < s->end && *close != '"')
		close += *close == '\\' && s->end - close > 1 ? 2 : 1;
	room = p = clasp_arena_alloc(s->arena, (size_t)(close - start) + 1);
	if (room == NULL)
		return clasp_scan_nomem(s);
	for (;;) {
		memcpy(p, run, (size_t)(s->p - run));
		p += s->p - run;
		if (s->p == s->end || (uint8_t)*s->p < 0x20)
			return bad_in_string(s);
		if (*s->p == '"')
			break;
		e = scan_escape(s, &p);
		if (e < 0)
			return e;
		run = s->p;
		while (s->p < s->end && !string_stop[(uint8_t)*s->p])
			s->p++;
	}
	*out = clasp_str_of(room, (size_t)(p - room));
	return 0;
}

int
clasp_scan_string(struct clasp_scan *s, struct clasp_str *out)
{
	const char *start = ++s->p, *p = start, *end = s->end;
	uint8_t high = 0;
	int e;

	while (p < end && !string_stop[(uint8_t)*p])
		high |= (uint8_t)*p++;
	s->p = p;
	if (p < end && *p == '"') {
		*out = clasp_str_of(start, (size_t)(p - start));
	} else if (p < end && *p == '\\') {
		e = scan_escaped(s, start, out);
		if (e < 0)
			return e;
		high = 0x80;
	} else
		return bad_in_string(s);
	if ((high & 0x80) && !clasp_utf8_valid(start, (size_t)(s->p - start)))
		return clasp_scan_fail(s, start, CLASP_EUTF8,
		    "a string is not UTF-8");
	s->p++;
	return 0;
}

/* ---------------------------------------------------------------- bytes */

static int
scan_hex(struct clasp_scan *s, struct clasp_str digits,
    struct clasp_value *out)
{
	size_t i, n = digits.len / 2;
	const char *at = s->p;
	char *room = clasp_arena_alloc(s->arena, n + 1);
	int high, low;

	if (room == NULL)
		return clasp_scan_nomem(s);
	if (digits.len % 2 != 0)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "bytes need an even number of hex digits");
	for (i = 0; i < n; i++) {
		high = hex_digit(digits.p[2 * i]);
		low = hex_digit(digits.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "bytes are written in hex digits");
		room[i] = (char)(high << 4 | low);
	}
	*out = clasp_bytes(clasp_str_of(room, n));
	return 0;
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int
scan_base64(struct clasp_scan *s, struct clasp_str text,
    struct clasp_value *out)
{
	size_t i, n = 0, len = text.len;
	unsigned bits = 0, have = 0;
	char *room = clasp_arena_alloc(s->arena, len + 1);
	int digit;

	if (room == NULL)
		return clasp_scan_nomem(s);
	while (len > 0 && text.len - len < 2 && text.p[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++) {
		digit = base64_digit(text.p[i]);
		if (digit < 0)
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "not base64");
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			room[n++] = (char)(bits >> have);
		}
	}
	if (len % 4 == 1 || (len != text.len && text.len % 4 != 0))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX, "not base64");
	*out = clasp_bytes(clasp_str_of(room, n));
	return 0;
}

/* -------------------------------------------------------------- numbers */

static int
scan_number(struct clasp_scan *s, struct clasp_value *out)
{
	struct clasp_str rest = { s->p, (size_t)(s->end - s->p) };
	int is_float = 0, n;
	int64_t integer = 0;
	double number = 0;
	uint64_t wide;
	size_t digits = 0;

	n = clasp_number_parse(rest, &is_float, &integer, &number);
	if (n > 0) {
		s->p += n;
		*out = is_float ? clasp_float(number) : clasp_int(integer);
		return 0;
	}
	if (n == CLASP_ESYNTAX)
		return clasp_scan_fail(s, s->p, n, "not a number");
	if (s->wide && !is_float) {
		while (digits < rest.len && rest.p[digits] >= '0' &&
		    rest.p[digits] <= '9')
			digits++;
		if (clasp_uint_parse(clasp_str_of(rest.p, digits),
		    &wide) == 0) {
			s->p += digits;
			*out = clasp_int((int64_t)wide);
			out->narrow = CLASP_NARROW_U64;
			return 0;
		}
	}
	return clasp_scan_fail(s, s->p, n, is_float ?
	    "a float is too large" : "an int does not fit in 64 bits");
}

static bool
narrow_fits(uint8_t code, int64_t v)
{
	switch (code) {
	case CLASP_CODE_I8:
		return v >= INT8_MIN && v <= INT8_MAX;
	case CLASP_CODE_I16:
		return v >= INT16_MIN && v <= INT16_MAX;
	default:
		return v >= INT32_MIN && v <= INT32_MAX;
	}
}

/* v, an int or a float, as the narrower type that was asked for. */
static int
make_narrow(struct clasp_scan *s, const char *at, uint8_t code,
    struct clasp_value *v)
{
	float f;

	if (code == CLASP_CODE_F32) {
		if (v->type == CLASP_INT && v->narrow == 0)
			*v = clasp_float((double)v->integer);
		if (v->type != CLASP_FLOAT)
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "f32 takes a float");
		f = (float)v->number;
		if (__builtin_isinf(f) && !__builtin_isinf(v->number))
			return clasp_scan_fail(s, at, CLASP_ERANGE,
			    "a float is too large for 32 bits");
		if (!__builtin_isnan(f))
			v->number = (double)f;
	} else if (v->type != CLASP_INT || v->narrow != 0)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "i8, i16 and i32 take an int");
	else if (!narrow_fits(code, v->integer))
		return clasp_scan_fail(s, at, CLASP_ERANGE,
		    "an int does not fit in its type");
	v->narrow = code;
	return 0;
}

static const struct narrow {
	const char	*name;
	uint8_t		 len;
	uint8_t		 code;
} narrows[] = {
	{ "i8",		2, CLASP_CODE_I8 },
	{ "i16",	3, CLASP_CODE_I16 },
	{ "i32",	3, CLASP_CODE_I32 },
	{ "f32",	3, CLASP_CODE_F32 },
};

static const struct narrow *
narrow_by_name(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof narrows / sizeof *narrows; i++)
		if (narrows[i].len == len &&
		    memcmp(narrows[i].name, p, len) == 0)
			return &narrows[i];
	return NULL;
}

/* ------------------------------------------------- words, prefixed forms */

/* The word at s->p: letters and digits. */
static struct clasp_str
peek_word(const struct clasp_scan *s)
{
	const char *p = s->p;

	while (p < s->end && ((*p >= 'a' && *p <= 'z') ||
	    (*p >= '0' && *p <= '9')))
		p++;
	return clasp_str_of(s->p, (size_t)(p - s->p));
}

static bool
word_value(struct clasp_str word, bool json, struct clasp_value *out)
{
	if (clasp_str_is(word, "null"))
		*out = clasp_null();
	else if (clasp_str_is(word, "true"))
		*out = clasp_bool(true);
	else if (clasp_str_is(word, "false"))
		*out = clasp_bool(false);
	else if (json)
		return false;
	else if (clasp_str_is(word, "nan"))
		*out = clasp_float(__builtin_nan(""));
	else if (clasp_str_is(word, "inf"))
		*out = clasp_float(__builtin_inf());
	else
		return false;
	return true;
}

/* -inf, or a number. */
static int
scan_minus(struct clasp_scan *s, struct clasp_value *out)
{
	if (!s->json && s->end - s->p >= 4 && memcmp(s->p, "-inf", 4) == 0) {
		s->p += 4;
		*out = clasp_float(-__builtin_inf());
		return 0;
	}
	return scan_number(s, out);
}

/* x"00ff", b64"AP8=" */
static int
scan_bytes(struct clasp_scan *s, struct clasp_str word,
    struct clasp_value *out)
{
	const char *at = s->p;
	struct clasp_str text;
	bool hex = clasp_str_is(word, "x");
	int e;

	if (!hex && !clasp_str_is(word, "b64"))
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "bytes are written x\"00ff\"");
	s->p += word.len;
	e = clasp_scan_string(s, &text);
	if (e == 0)
		e = hex ? scan_hex(s, text, out) : scan_base64(s, text, out);
	if (e < 0 && s->err->error != CLASP_ENOMEM)
		s->err->column = (unsigned)(at - s->start) + 1;
	return e;
}

/* What stands behind "i8:": a number or a word for one. */
static int
scan_narrow(struct clasp_scan *s, const char *at, uint8_t code,
    struct clasp_value *out)
{
	struct clasp_str word = peek_word(s);
	int e = 0;

	if (word.len > 0 && word.p[0] > '9') {
		if (!word_value(word, false, out))
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "not a number");
		s->p += word.len;
	} else
		e = scan_minus(s, out);
	return e < 0 ? e : make_narrow(s, at, code, out);
}

static int
scan_word(struct clasp_scan *s, struct clasp_value *out)
{
	struct clasp_str word = peek_word(s);
	const struct narrow *narrow;
	const char *at = s->p;

	if (word_value(word, s->json, out)) {
		s->p += word.len;
		return 0;
	}
	if (!s->json && at + word.len < s->end) {
		if (at[word.len] == '"')
			return scan_bytes(s, word, out);
		narrow = at[word.len] == ':' ?
		    narrow_by_name(word.p, word.len) : NULL;
		if (narrow != NULL) {
			s->p += word.len + 1;
			return scan_narrow(s, at, narrow->code, out);
		}
	}
	if (s->p == s->end)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "a value is missing");
	return clasp_scan_fail(s, at, CLASP_ESYNTAX, "not a value%s",
	    s->json ? "" : "; a string needs quotes");
}

/* ----------------------------------------------------------- containers */

static int
deeper(struct clasp_scan *s, int depth)
{
	if (depth < CLASP_VALUE_DEPTH)
		return 0;
	return clasp_scan_fail(s, s->p, CLASP_EDEPTH,
	    "nested deeper than %d", CLASP_VALUE_DEPTH);
}

/* After an item: 1 when another follows, 0 at the closing bracket. */
static int
scan_comma(struct clasp_scan *s, char close)
{
	clasp_scan_blanks(s);
	if (s->p < s->end && *s->p == ',') {
		s->p++;
		clasp_scan_blanks(s);
		return 1;
	}
	if (s->p < s->end && *s->p == close) {
		s->p++;
		return 0;
	}
	return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
	    "expected ',' or '%c'", close);
}

static int
scan_array(struct clasp_scan *s, int depth, struct clasp_value *out)
{
	struct clasp_pile pile = { NULL, 0, 0 };
	struct clasp_value *item;
	int more, e = deeper(s, depth);

	if (e < 0)
		return e;
	s->p++;
	clasp_scan_blanks(s);
	if (s->p < s->end && *s->p == ']') {
		s->p++;
		*out = clasp_array(NULL, 0);
		return 0;
	}
	do {
		item = clasp_pile_add(&pile, s->arena, sizeof *item);
		if (item == NULL)
			return clasp_scan_nomem(s);
		e = clasp_scan_value(s, depth + 1, item);
		if (e < 0)
			return e;
		more = scan_comma(s, ']');
	} while (more > 0);
	*out = clasp_array(pile.items, pile.count);
	return more;
}

static const struct clasp_entry *
entry_at(const void *p)
{
	return *(const struct clasp_entry *const *)p;
}

static int
by_key_and_place(const void *a, const void *b)
{
	const struct clasp_entry *x = entry_at(a), *y = entry_at(b);
	int c = clasp_str_cmp(x->key, y->key);

	return c ? c : (x > y) - (x < y);
}

/* Many entries: sort their places by key; a key of none is "gone". */
static int
unique_many(struct clasp_scan *s, struct clasp_entry *entries,
    uint32_t count)
{
	struct clasp_entry **order;
	uint32_t i, first = 0;

	order = clasp_arena_alloc(s->arena, count * sizeof *order);
	if (order == NULL)
		return clasp_scan_nomem(s);
	for (i = 0; i < count; i++)
		order[i] = &entries[i];
	qsort(order, count, sizeof *order, by_key_and_place);
	for (i = 1; i < count; i++) {
		if (!clasp_str_eq(order[i]->key, order[first]->key)) {
			first = i;
			continue;
		}
		order[first]->value = order[i]->value;
		order[i]->key = CLASP_STR_NONE;
	}
	return 0;
}

static void
unique_few(struct clasp_entry *entries, uint32_t count)
{
	uint32_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			if (entries[j].key.p != NULL &&
			    clasp_str_eq(entries[i].key, entries[j].key)) {
				entries[j].value = entries[i].value;
				entries[i].key = CLASP_STR_NONE;
				break;
			}
}

int
clasp_scan_unique(struct clasp_scan *s, struct clasp_entry *entries,
    uint32_t *count)
{
	uint32_t i, n;

	/* sorted, as they usually are: nothing can be twice */
	for (i = 1; i < *count; i++)
		if (clasp_str_cmp(entries[i - 1].key, entries[i].key) >= 0)
			break;
	if (i >= *count)
		return 0;
	if (*count <= UNIQUE_SMALL)
		unique_few(entries, *count);
	else if (unique_many(s, entries, *count) < 0)
		return CLASP_ENOMEM;
	for (i = n = 0; i < *count; i++)
		if (entries[i].key.p != NULL)
			entries[n++] = entries[i];
	*count = n;
	return 0;
}

static int
scan_entries(struct clasp_scan *s, int depth, struct clasp_pile *pile)
{
	struct clasp_entry *entry;
	int more, e;

	do {
		if (s->p == s->end || *s->p != '"')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "a map needs a key in quotes here");
		entry = clasp_pile_add(pile, s->arena, sizeof *entry);
		if (entry == NULL)
			return clasp_scan_nomem(s);
		e = clasp_scan_string(s, &entry->key);
		if (e < 0)
			return e;
		clasp_scan_blanks(s);
		if (s->p == s->end || *s->p != ':')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "expected ':' after a key");
		s->p++;
		clasp_scan_blanks(s);
		e = clasp_scan_value(s, depth + 1, &entry->value);
		if (e < 0)
			return e;
		more = scan_comma(s, '}');
	} while (more > 0);
	return more;
}

/* {"$float":"nan"} */
static bool
float_word(const struct clasp_value *v, struct clasp_value *out)
{
	if (v->type != CLASP_STRING)
		return false;
	if (clasp_str_is(v->string, "-inf")) {
		*out = clasp_float(-__builtin_inf());
		return true;
	}
	return word_value(v->string, false, out) && out->type == CLASP_FLOAT;
}

/* A map in JSON whose only key starts with '$' stands for something else. */
static int
unwrap(struct clasp_scan *s, const char *at, struct clasp_entry *entry,
    struct clasp_value *out)
{
	struct clasp_str key = { entry->key.p + 1, entry->key.len - 1 };
	struct clasp_value v = entry->value;
	const struct narrow *narrow;
	int e;

	if (clasp_str_is(key, "hex")) {
		e = v.type == CLASP_STRING ? scan_hex(s, v.string, out) :
		    CLASP_ESYNTAX;
		return e == 0 ? 0 : clasp_scan_fail(s, at, e,
		    "$hex takes hex digits in a string");
	}
	if (clasp_str_is(key, "float"))
		return float_word(&v, out) ? 0 : clasp_scan_fail(s, at,
		    CLASP_ESYNTAX, "$float takes \"nan\", \"inf\" or \"-inf\"");
	narrow = narrow_by_name(key.p, key.len);
	if (narrow != NULL) {
		if (v.type == CLASP_STRING && !float_word(&v, &v))
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "not a number");
		*out = v;
		return make_narrow(s, at, narrow->code, out);
	}
	if (key.len > 0 && key.p[0] == '$')
		entry->key = key;
	*out = clasp_map(entry, 1);
	return 0;
}

static int
scan_map(struct clasp_scan *s, int depth, struct clasp_value *out)
{
	struct clasp_pile pile = { NULL, 0, 0 };
	struct clasp_entry *entries;
	const char *at = s->p;
	int e = deeper(s, depth);

	if (e < 0)
		return e;
	s->p++;
	clasp_scan_blanks(s);
	if (s->p < s->end && *s->p == '}')
		s->p++;
	else
		e = scan_entries(s, depth, &pile);
	if (e < 0)
		return e;
	entries = pile.items;
	e = clasp_scan_unique(s, entries, &pile.count);
	if (e < 0)
		return e;
	if (s->json && pile.count == 1 && entries[0].key.len > 0 &&
	    entries[0].key.p[0] == '$')
		return unwrap(s, at, entries, out);
	*out = clasp_map(entries, pile.count);
	return 0;
}

int
clasp_scan_value(struct clasp_scan *s, int depth, struct clasp_value *out)
{
	struct clasp_str text;
	int e;

	switch (s->p < s->end ? *s->p : '\0') {
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return scan_number(s, out);
	case '-':
		return scan_minus(s, out);
	case '"':
		e = clasp_scan_string(s, &text);
		if (e == 0)
			*out = clasp_string(text);
		return e;
	case '[':
		return scan_array(s, depth, out);
	case '{':
		return scan_map(s, depth, out);
	default:
		return scan_word(s, out);
	}
}

/*
 * Brackets are counted, strings stepped over: enough to find the end of a
 * member; what is inside is read properly later.
 */
int
clasp_scan_skip(struct clasp_scan *s)
{
	const char *at = s->p;
	long depth = 0;

	for (; s->p < s->end; s->p++) {
		switch (*s->p) {
		case '"':
			for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
				if (*s->p == '\\')
					s->p++;
			if (s->p >= s->end)
				return clasp_scan_fail(s, at, CLASP_ESYNTAX,
				    "a string has no closing quote");
			break;
		case '[':
		case '{':
			depth++;
			break;
		case ']':
		case '}':
			if (depth == 0)
				return 0;
			depth--;
			break;
		case ',':
			if (depth == 0)
				return 0;
			break;
		}
	}
	return clasp_scan_fail(s, s->end, CLASP_ESYNTAX,
	    "the line ends inside an object");
}

/* ---------------------------------------------------------- one value */

int
clasp_value_parse(struct clasp_str text, struct clasp_arena *arena,
    struct clasp_value *out, struct clasp_line_error *err)
{
	struct clasp_scan s = { text.p, text.p, NULL, arena, err, false,
	    false };
	int e;

	/* an absent view has no end to point to */
	if (text.p == NULL)
		s.start = s.p = "";
	s.end = s.p + text.len;
	clasp_scan_blanks(&s);
	e = clasp_scan_value(&s, 0, out);
	if (e < 0)
		return e;
	clasp_scan_blanks(&s);
	if (s.p < s.end)
		return clasp_scan_fail(&s, s.p, CLASP_ESYNTAX,
		    "something follows the value");
	return 0;
}
