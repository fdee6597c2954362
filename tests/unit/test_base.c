/* test_base.c - UTF-8, hash table, buffer, arena, bytes, errors. */
#include "t.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

/* -------------------------------------------------------------- UTF-8 */

/* The table of well-formed sequences, written out by ranges. */
static size_t
well_formed(const uint8_t *p, size_t n)
{
	static const struct {
		uint8_t	 lo, hi;	/* first byte */
		uint8_t	 lo2, hi2;	/* second byte */
		size_t	 len;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, k;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (p[0] < rows[i].lo || p[0] > rows[i].hi)
			continue;
		if (rows[i].len > n || (rows[i].len > 1 &&
		    (p[1] < rows[i].lo2 || p[1] > rows[i].hi2)))
			return 0;
		for (k = 2; k < rows[i].len; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static bool
all_well_formed(const uint8_t *p, size_t n)
{
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = well_formed(p, n);
		if (k == 0)
			return false;
	}
	return true;
}

/* Characters next to each edge of what steers a terminal. */
static void
what_steers_a_terminal_is_known(void)
{
	static const struct {
		uint32_t	c;
		bool		steers;
	} rows[] = {
		{ 0, true }, { 0x1f, true }, { ' ', false }, { '~', false },
		{ 0x7f, true }, { 0x9f, true }, { 0xa0, false },
		{ 0x200a, false }, { 0x200b, true }, { 0x200f, true },
		{ 0x2010, false }, { 0x2027, false }, { 0x2028, true },
		{ 0x202e, true }, { 0x202f, false }, { 0x205f, false },
		{ 0x2060, true }, { 0x206f, true }, { 0x2070, false },
		{ 0xfeff, true }, { 0x1f600, false },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		t_check(clasp_utf8_steers(rows[i].c) == rows[i].steers,
		    "U+%04X", (unsigned)rows[i].c);
}

/* All strings of up to three bytes; of four, those that begin one. */
static void
utf8_by_the_table(void)
{
	static const uint8_t some[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf,
	    0xc0, 0xff };
	uint32_t v, bad = 0;
	uint8_t p[4];
	size_t i, k;

	for (v = 0; v < 1 << 24; v++) {
		p[0] = (uint8_t)(v >> 16);
		p[1] = (uint8_t)(v >> 8);
		p[2] = (uint8_t)v;
		bad += clasp_utf8_valid(p, 3) != all_well_formed(p, 3);
		if (p[0] < 0xf0 || (p[2] & 0x3f) > 1)
			continue;
		for (i = 0; i < sizeof some; i++) {
			p[3] = some[i];
			bad += clasp_utf8_valid(p, 4) !=
			    all_well_formed(p, 4);
		}
	}
	for (v = 0; v < 1 << 16; v++) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
		for (k = 0; k <= 2; k++)
			bad += clasp_utf8_valid(p, k) != all_well_formed(p, k);
	}
	t_eq_int(bad, 0);
}

static void
utf8_every_character(void)
{
	uint32_t c, back;
	uint8_t p[4];
	size_t n;

	for (c = 0; c < 0x110100; c++) {
		n = clasp_utf8_put(c, p);
		if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
			if (n != 0)
				t_check(n == 0, "U+%04X", c);
			continue;
		}
		if (n == 0 || clasp_utf8_get(p, n, &back) != n || back != c ||
		    !clasp_utf8_valid(p, n) || clasp_utf8_valid(p, n - 1) !=
		    (n == 1))
			t_check(false, "U+%04X", c);
	}
}

/* A bad byte is seen at every place, whatever way the words fall. */
static void
utf8_at_every_place(void)
{
	uint8_t p[48];
	size_t len, at;

	for (len = 1; len <= sizeof p; len++)
		for (at = 0; at < len; at++) {
			memset(p, 'x', sizeof p);
			t_check(clasp_utf8_valid(p, len));
			p[at] = 0x80;
			t_check(!clasp_utf8_valid(p, len), "%zu of %zu", at,
			    len);
			memcpy(p + at, "\xc3\xa9", at + 1 < len ? 2 : 1);
			t_eq_int(clasp_utf8_valid(p, len), at + 1 < len,
			    "%zu of %zu", at, len);
		}
}

static void
utf8_cuts_between_characters(void)
{
	const char *s = "a\xc3\xa9\xe7\x85\xa7\xf0\x9f\x8e\x9b";
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
	size_t n;

	for (n = 0; n < 11; n++)
		t_eq_int(clasp_utf8_cut(s, n), want[n], "%zu", n);
}

/* --------------------------------------------------------- hash table */

static struct clasp_str
word_key(const void *entry)
{
	return clasp_str_c(entry);
}

#define WORDS 5000

/* Adds and takes out in an order of its own, next to a plain array. */
static void
table_like_an_array(void)
{
	static char words[WORDS][12];
	static bool in[WORDS];
	struct clasp_table t = { .key = word_key };
	uint32_t random = 12345;
	size_t i, k, at, count = 0;
	void *got;

	for (i = 0; i < WORDS; i++)
		snprintf(words[i], sizeof words[i], "/w/%zu", i);
	for (k = 0; k < 40000; k++) {
		random = random * 1664525 + 1013904223;
		i = (random >> 8) % WORDS;
		got = clasp_table_get(&t, clasp_hash(clasp_str_c(words[i])),
		    clasp_str_c(words[i]));
		if (got != (in[i] ? words[i] : NULL)) {
			t_check(false, "%s", words[i]);
			break;
		}
		if (in[i])
			clasp_table_remove(&t,
			    clasp_hash(clasp_str_c(words[i])), words[i]);
		else
			t_eq_int(clasp_table_add(&t,
			    clasp_hash(clasp_str_c(words[i])), words[i]), 0);
		in[i] = !in[i];
		count += in[i] ? 1 : (size_t)-1;
		if (t.count != count) {
			t_eq_int(t.count, count);
			break;
		}
	}
	for (at = k = 0; (got = clasp_table_next(&t, &at)) != NULL; k++)
		t_check(in[((char *)got - words[0]) / 12], "%s", (char *)got);
	t_eq_int(k, count);
	clasp_table_remove(&t, 1, "not in it");
	t_eq_int(t.count, count);
	clasp_table_clear(&t);
	t_check(clasp_table_get(&t, 1, CLASP_STR("x")) == NULL);
}

/* All entries in one run of slots: taking one out must keep the others. */
static void
table_with_equal_hashes(void)
{
	static const char *const words[] = { "a", "b", "c", "d", "e", "f" };
	struct clasp_table t = { .key = word_key };
	size_t i, k, out;

	for (out = 0; out < 6; out++) {
		for (i = 0; i < 6; i++)
			t_eq_int(clasp_table_add(&t, UINT64_MAX - i % 2,
			    (void *)(uintptr_t)words[i]), 0);
		clasp_table_remove(&t, UINT64_MAX - out % 2, words[out]);
		for (i = 0; i < 6; i++)
			t_check(clasp_table_get(&t, UINT64_MAX - i % 2,
			    clasp_str_c(words[i])) ==
			    (i == out ? NULL : words[i]), "%zu %zu", out, i);
		for (k = 0; k < 6; k++)
			clasp_table_remove(&t, UINT64_MAX - k % 2, words[k]);
		t_eq_int(t.count, 0);
	}
	clasp_table_clear(&t);
}

static void
hash_depends_on_every_byte(void)
{
	char p[20], q[20];
	size_t n, i;

	memset(p, 'x', sizeof p);
	for (n = 1; n < sizeof p; n++) {
		t_check(clasp_hash(clasp_str_of(p, n)) !=
		    clasp_hash(clasp_str_of(p, n - 1)));
		for (i = 0; i < n; i++) {
			memcpy(q, p, sizeof q);
			q[i] = 'y';
			t_check(clasp_hash(clasp_str_of(p, n)) !=
			    clasp_hash(clasp_str_of(q, n)), "%zu %zu", n, i);
		}
	}
}

/* ----------------------------------------------------- buffer and arena */

static void
buffer_grows_and_gives(void)
{
	struct clasp_buf b = { 0 };
	size_t i;

	t_eq_str(clasp_buf_cstr(&b), "");
	for (i = 0; i < 1000; i++)
		t_eq_int(clasp_buf_add_u8(&b, (uint8_t)('a' + i % 26)), 0);
	t_eq_int(b.len, 1000);
	clasp_buf_consume(&b, 990);
	t_eq_int(b.len, 10);
	t_eq_int(clasp_buf_printf(&b, "%s-%d", "x", 7), 0);
	t_eq_str(clasp_buf_cstr(&b), "cdefghijklx-7");
	clasp_buf_consume(&b, 100);
	t_eq_int(b.len, 0);
	t_eq_int(clasp_buf_add_str(&b, CLASP_STR_NONE), 0);
	t_eq_int(clasp_buf_add_c(&b, "abc"), 0);
	t_eq_str(clasp_buf_cstr(&b), "abc");
	t_eq_int(clasp_buf_reserve(&b, SIZE_MAX - 2), CLASP_ENOMEM);
	t_check(b.failed);
	t_eq_str(clasp_buf_cstr(&b), "abc");
	clasp_buf_reset(&b);
	t_check(!b.failed && b.len == 0);
	clasp_buf_clear(&b);
}

static void
arena_keeps_to_its_limit(void)
{
	uint8_t room[100];
	struct clasp_arena a;
	uint8_t *p;
	size_t i, n;

	/* no heap: only the caller's buffer */
	clasp_arena_init(&a, room, sizeof room, 0);
	for (n = 0; (p = clasp_arena_alloc(&a, 16)) != NULL; n++) {
		t_check(p >= room && p + 16 <= room + sizeof room);
		t_eq_int((uintptr_t)p % 16, 0);
	}
	t_check(n >= 5 && n <= 6, "%zu", n);
	clasp_arena_reset(&a);
	t_check(clasp_arena_alloc(&a, 16) != NULL);
	t_check(clasp_arena_alloc(&a, SIZE_MAX - 4) == NULL);

	/* a limit is used to the last bytes, in small and large pieces */
	for (i = 16; i < 60000; i *= 3) {
		clasp_arena_init(&a, NULL, 0, 100000);
		for (n = 0; (p = clasp_arena_alloc(&a, i)) != NULL; n++)
			memset(p, 0xa5, i);
		t_check(a.taken <= 100000, "%zu", i);
		t_check((n + 1) * (i + 16) + 8192 / 4 > 100000 ||
		    n * i > 70000, "%zu pieces of %zu", n, i);
		clasp_arena_clear(&a);
		t_eq_int(a.taken, 0);
	}

	/* large pieces between small ones do not waste the small ones' */
	clasp_arena_init(&a, NULL, 0, 1 << 20);
	for (i = 0; i < 50; i++) {
		t_check(clasp_arena_alloc(&a, 9000) != NULL);
		t_check(clasp_arena_alloc(&a, 16) != NULL);
	}
	t_check(a.taken <= 50 * 9008 + 8192, "%zu", a.taken);
	clasp_arena_clear(&a);
}

static void
arena_copies_strings(void)
{
	struct clasp_arena a;
	struct clasp_str s;

	clasp_arena_init(&a, NULL, 0, 1000);
	s = clasp_arena_dup(&a, CLASP_STR("ab\0c"));
	t_eq_int(s.len, 4);
	t_check(memcmp(s.p, "ab\0c", 5) == 0);
	s = clasp_arena_dup(&a, CLASP_STR_NONE);
	t_check(s.p != NULL && s.len == 0);
	s = clasp_arena_dup(&a, CLASP_STR("x"));
	t_check(clasp_str_is(s, "x"));
	clasp_arena_clear(&a);
}

/* ----------------------------------------------------- bytes and errors */

static void
readers_and_writers_stop_at_the_end(void)
{
	uint8_t buf[15];
	struct clasp_writer w = clasp_writer_on(buf, sizeof buf);
	struct clasp_reader r;

	clasp_put_u8(&w, 1);
	clasp_put_u16(&w, 0x0203);
	clasp_put_u32(&w, 0x04050607);
	clasp_put_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
	t_check(!w.full && w.p == buf + 15);
	clasp_put_u8(&w, 9);
	t_check(w.full && w.p == buf + 15);
	r = clasp_reader_on(buf, sizeof buf);
	t_eq_int(clasp_get_u8(&r), 1);
	t_eq_int(clasp_get_u16(&r), 0x0203);
	t_eq_int(clasp_get_u32(&r), 0x04050607);
	t_check(clasp_get_u64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
	t_check(!r.truncated && clasp_reader_left(&r) == 0);
	t_eq_int(clasp_get_u16(&r), 0);
	t_check(r.truncated);
	/* nothing fits behind the first that did not */
	w = clasp_writer_on(buf, 4);
	clasp_put_u64(&w, 0);
	clasp_put_u8(&w, 0);
	t_check(w.full && w.p == buf);
}

static void
every_error_has_words(void)
{
#define ROW(name, number, text) \
	t_eq_str(clasp_strerror(CLASP_##name), text); \
	t_eq_str(clasp_error_name(CLASP_##name), "CLASP_" #name);
	CLASP_ERRORS(ROW)
#undef ROW
	t_check(clasp_strerror(-9999)[0] != '\0');
	t_check(clasp_strerror(0)[0] != '\0');
	t_eq_str(clasp_error_name(5), "CLASP_OK");
}

int
main(void)
{
	t_run(utf8_by_the_table);
	t_run(what_steers_a_terminal_is_known);
	t_run(utf8_every_character);
	t_run(utf8_at_every_place);
	t_run(utf8_cuts_between_characters);
	t_run(table_like_an_array);
	t_run(table_with_equal_hashes);
	t_run(hash_depends_on_every_byte);
	t_run(buffer_grows_and_gives);
	t_run(arena_keeps_to_its_limit);
	t_run(arena_copies_strings);
	t_run(readers_and_writers_stop_at_the_end);
	t_run(every_error_has_words);
	return t_end();
}
