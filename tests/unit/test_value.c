/* test_value.c - values, encoder errors, and the memory bound. */
#include "t.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "wire/message.h"

#define BOUND(n) (64 * (size_t)(n) + 4096)

static uint8_t buf[CLASP_FRAME_MAX + 1000];

static double
of_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static uint64_t
to_bits(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static struct clasp_msg
set_of(struct clasp_value v)
{
	struct clasp_msg m = { .type = CLASP_SET };

	m.set.address = CLASP_STR("/a");
	m.set.value = v;
	return m;
}

static void
floats_widen_by_bits(void)
{
	static const struct {
		uint32_t narrow;
		uint64_t wide;
	} rows[] = {
		{ 0x00000000, 0 },
		{ 0x80000000, UINT64_C(0x8000000000000000) },
		{ 0x3f800000, UINT64_C(0x3ff0000000000000) },
		{ 0x00000001, UINT64_C(0x36a0000000000000) },
		{ 0x7f7fffff, UINT64_C(0x47efffffe0000000) },
		{ 0x7f800000, UINT64_C(0x7ff0000000000000) },
		{ 0xff800000, UINT64_C(0xfff0000000000000) },
		{ 0x7f800001, UINT64_C(0x7ff0000020000000) },	/* signals */
		{ 0xffc12345, UINT64_C(0xfff82468a0000000) },
	};
	static const uint64_t none[] = {
		UINT64_C(0x3fb999999999999a),		/* 0.1 */
		UINT64_C(0x7ff0000000000001),		/* NaN of low bits */
		UINT64_C(0x7fefffffffffffff),
		UINT64_C(0x0000000000000001),
	};
	uint32_t bits;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		t_check(to_bits(clasp_float_widen(rows[i].narrow)) ==
		    rows[i].wide, "%zu", i);
		t_check(clasp_float_narrow(of_bits(rows[i].wide), &bits) &&
		    bits == rows[i].narrow, "%zu", i);
	}
	for (i = 0; i < sizeof none / sizeof *none; i++)
		t_check(!clasp_float_narrow(of_bits(none[i]), &bits), "%zu",
		    i);
}

static void
narrow_codes_come_back(void)
{
	static const struct {
		uint8_t	 narrow;
		int64_t	 lo, hi;
	} rows[] = {
		{ CLASP_CODE_I8, INT8_MIN, INT8_MAX },
		{ CLASP_CODE_I16, INT16_MIN, INT16_MAX },
		{ CLASP_CODE_I32, INT32_MIN, INT32_MAX },
	};
	struct clasp_arena none;
	struct clasp_msg m, got;
	size_t i;
	int n;

	clasp_arena_init(&none, NULL, 0, 0);
	for (i = 0; i < 3; i++) {
		m = set_of(clasp_int(rows[i].lo));
		m.set.value.narrow = rows[i].narrow;
		n = clasp_msg_encode(buf, sizeof buf, &m);
		t_eq_int(n, 6 + (1 << i));
		t_eq_int(clasp_msg_decode(buf, n, &none, CLASP_DECODE_EXACT,
		    &got), 0);
		t_eq_int(got.set.value.narrow, rows[i].narrow);
		t_eq_int(got.set.value.integer, rows[i].lo);
		t_eq_int(clasp_msg_decode(buf, n, &none, 0, &got), 0);
		t_eq_int(got.set.value.narrow, 0);
		m.set.value.integer = rows[i].hi + 1;
		t_eq_int(clasp_msg_encode(buf, sizeof buf, &m), CLASP_EINVAL);
	}
	m = set_of(clasp_float(0.5));
	m.set.value.narrow = CLASP_CODE_F32;
	n = clasp_msg_encode(buf, sizeof buf, &m);
	t_eq_int(n, 10);
	t_eq_int(clasp_msg_decode(buf, n, &none, CLASP_DECODE_EXACT, &got),
	    0);
	t_eq_int(got.set.value.narrow, CLASP_CODE_F32);
	m.set.value.number = 0.1;
	t_eq_int(clasp_msg_encode(buf, sizeof buf, &m), CLASP_EINVAL);
}

static void
values_are_copied_and_compared(void)
{
	const struct clasp_value items[] = { clasp_int(1), clasp_float(NAN),
	    clasp_string(CLASP_STR("x\0y")), clasp_null(), clasp_bool(true),
	    clasp_bytes(CLASP_STR("\xff")), clasp_array(NULL, 0) };
	const struct clasp_entry entries[] = {
		{ CLASP_STR("list"), clasp_array(items, 7) },
		{ CLASP_STR(""), clasp_map(NULL, 0) },
	};
	struct clasp_value v = clasp_map(entries, 2), copy, other;
	const struct clasp_value *list;
	struct clasp_arena arena;
	size_t i;

	clasp_arena_init(&arena, NULL, 0, 10000);
	t_eq_int(clasp_value_copy(&v, &arena, &copy), 0);
	t_check(clasp_value_equal(&v, &copy));
	t_check(copy.entries != v.entries);
	list = clasp_map_get(&copy, CLASP_STR("list"));
	t_check(list != NULL && list->items[2].string.p !=
	    items[2].string.p);
	t_check(clasp_map_get(&copy, CLASP_STR("no")) == NULL);
	t_check(clasp_map_get(&items[0], CLASP_STR("no")) == NULL);
	t_check(clasp_map_get(&copy, CLASP_STR("")) != NULL);
	/* an integer and a float are never equal, nor are the two zeros */
	other = clasp_float(1);
	t_check(!clasp_value_equal(&items[0], &other));
	v = clasp_float(0.0);
	other = clasp_float(-0.0);
	t_check(!clasp_value_equal(&v, &other));
	for (i = 0; i < 7; i++)
		t_check(clasp_value_equal(&items[i], &items[i]));
	t_check(!clasp_value_equal(&items[2], &items[5]));
	clasp_arena_clear(&arena);
	clasp_arena_init(&arena, NULL, 0, 16);
	copy = clasp_null();
	v = clasp_map(entries, 2);
	t_eq_int(clasp_value_copy(&v, &arena, &copy), CLASP_ENOMEM);
	t_eq_int(copy.type, CLASP_NULL);
	clasp_arena_clear(&arena);
}

/* Size, put and get agree, alone and inside a message. */
#define I(v)	{ .type = CLASP_INT, .integer = (v) }
#define F(v)	{ .type = CLASP_FLOAT, .number = (v) }
#define A(n, v)	{ .type = CLASP_ARRAY, .count = (n), .items = (v) }
#define NIL	{ .type = CLASP_NULL }

/* Both ways round. */
static void
numbers_move_by_an_epsilon(void)
{
	static const struct clasp_value three[] = { I(1), F(2), NIL };
	static const struct {
		struct clasp_value a, b;
		double epsilon;
		bool want;
	} rows[] = {
		{ I(1), I(3), 2, true },
		{ I(1), I(3), 2.5, false },
		{ I(1), F(1.5), 0.5, true },
		{ F(1), F(1.49), 0.5, false },
		/* no difference that a double could hold, but one */
		{ I(INT64_MAX), I(INT64_MAX - 1), 1, true },
		{ I(INT64_MAX), I(INT64_MIN), 1e19, true },
		{ I(INT64_MAX), I(INT64_MIN), 2e19, false },
		{ F(INFINITY), F(INFINITY), 1, false },
		{ F(INFINITY), F(-INFINITY), 1e308, true },
		{ F(1e308), F(-1e308), 1e308, true },
		{ F(0.0), F(-0.0), 5e-324, false },
		{ F(NAN), F(NAN), 1e308, true },
		{ F(NAN), I(0), 1e308, true },
		{ NIL, NIL, 1, true },
		{ { .type = CLASP_BOOL, .boolean = true }, I(1), 1, true },
		{ A(2, three), A(2, three), 1, false },
		{ A(2, three), A(1, three), 1, true },
		{ A(1, three), A(1, three + 1), 1, true },
		{ A(1, three), A(1, three + 1), 2, false },
		{ A(3, three), A(3, three), 1, true },
		{ A(0, NULL), A(0, NULL), 1, false },
		{ A(1, three), I(1), 1, true },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		t_eq_int(clasp_value_apart(&rows[i].a, &rows[i].b,
		    rows[i].epsilon), rows[i].want, "row %zu", i);
		t_eq_int(clasp_value_apart(&rows[i].b, &rows[i].a,
		    rows[i].epsilon), rows[i].want, "row %zu back", i);
	}
}

static void
values_by_themselves(void)
{
	const struct clasp_value items[] = { clasp_int(-5), clasp_float(1.5),
	    clasp_string(CLASP_STR("\xc3\xa9")), clasp_null(),
	    clasp_bool(false), clasp_bytes(CLASP_STR("\0\1")) };
	const struct clasp_entry entries[] = {
		{ CLASP_STR("k"), clasp_array(items, 6) },
	};
	struct clasp_value v, got;
	struct clasp_arena arena;
	struct clasp_reader r;
	struct clasp_writer w;
	size_t i, n;

	clasp_arena_init(&arena, NULL, 0, 10000);
	for (i = 0; i < 8; i++) {
		v = i < 6 ? items[i] : i == 6 ? clasp_array(items, 6) :
		    clasp_map(entries, 1);
		w = clasp_writer_on(buf, sizeof buf);
		t_eq_int(clasp_value_put(&w, &v), 0);
		n = (size_t)(w.p - buf);
		t_eq_int(clasp_value_size(&v), n, "%zu", i);
		r = clasp_reader_on(buf, n);
		t_eq_int(clasp_value_get(&r, clasp_value_code(&v), &arena, 0,
		    &got), 0, "%zu", i);
		t_check(clasp_value_equal(&v, &got), "%zu", i);
		t_check(r.p == r.end);
		if (n == 0)
			continue;
		r = clasp_reader_on(buf, n - 1);
		t_eq_int(clasp_value_get(&r, clasp_value_code(&v), &arena, 0,
		    &got), CLASP_ETRUNCATED, "%zu", i);
		w = clasp_writer_on(buf, n - 1);
		clasp_value_put(&w, &v);
		t_check(w.full, "%zu", i);
	}
	clasp_arena_clear(&arena);
}

/* ------------------------------------------------------ encoder errors */

static int
encode(const struct clasp_msg *m)
{
	return clasp_frame_encode(buf, sizeof buf, m, NULL);
}

static void
encoder_refuses(void)
{
	static char big[70000];
	static struct clasp_value many[70000];
	struct clasp_value nest[66];
	struct clasp_msg m, bundles[9];
	size_t i;

	memset(big, 'x', sizeof big);
	m = set_of(clasp_string(clasp_str_of(big, 65536)));
	t_eq_int(encode(&m), CLASP_ETOOBIG);
	m = set_of(clasp_bytes(clasp_str_of(big, 65536)));
	t_eq_int(encode(&m), CLASP_ETOOBIG);
	m = set_of(clasp_string(clasp_str_of(big, 65535)));
	t_eq_int(encode(&m), CLASP_ETOOBIG);
	/* 1 + 1 + 2 + 2 + 2 bytes stand before the text */
	m = set_of(clasp_string(clasp_str_of(big, 65527)));
	t_eq_int(encode(&m), 65539);
	m.set.value.string.len++;
	t_eq_int(encode(&m), CLASP_ETOOBIG);
	memset(many, 0, sizeof many);
	m = set_of(clasp_array(many, 65536));
	t_eq_int(encode(&m), CLASP_ETOOBIG);
	m = set_of(clasp_array(many, 65527));
	t_eq_int(encode(&m), 65539);
	m = set_of(clasp_null());
	m.set.address = clasp_str_of(big, 65536);
	t_eq_int(encode(&m), CLASP_ETOOBIG);

	m = set_of(clasp_float(1));
	m.set.address = CLASP_STR("/a\xff");
	t_eq_int(encode(&m), CLASP_EUTF8);
	m.set.address = CLASP_STR("/long/enough\xed\xa0\x80");
	t_eq_int(encode(&m), CLASP_EUTF8);
	m = set_of(clasp_string(CLASP_STR("\xc0\x80")));
	t_eq_int(encode(&m), CLASP_EUTF8);

	/* 64 containers around a number, then 65 */
	nest[0] = clasp_int(1);
	for (i = 1; i < 66; i++)
		nest[i] = clasp_array(&nest[i - 1], 1);
	m = set_of(nest[64]);
	t_check(encode(&m) > 0);
	m = set_of(nest[65]);
	t_eq_int(encode(&m), CLASP_EDEPTH);

	/* eight bundles in each other, then nine */
	memset(bundles, 0, sizeof bundles);
	for (i = 0; i < 9; i++) {
		bundles[i].type = CLASP_BUNDLE;
		bundles[i].bundle.count = i > 0;
		bundles[i].bundle.messages = i > 0 ? &bundles[i - 1] : NULL;
	}
	t_check(encode(&bundles[7]) > 0);
	t_eq_int(encode(&bundles[8]), CLASP_EINVAL);

	m = (struct clasp_msg){ .type = CLASP_PUBLISH };
	m.publish.address = CLASP_STR("/a");
	t_check(encode(&m) > 0);
	m.publish.kind = 5;
	t_eq_int(encode(&m), CLASP_EINVAL);
	m.publish.kind = 0;
	m.publish.phase = 4;
	t_eq_int(encode(&m), CLASP_EINVAL);
	m = (struct clasp_msg){ .type = CLASP_FEDERATION };
	t_eq_int(encode(&m), CLASP_EINVAL);
	m = (struct clasp_msg){ .type = 0x05 };
	t_eq_int(encode(&m), CLASP_EINVAL);
	m = (struct clasp_msg){ .type = CLASP_MSG_NONE };
	t_eq_int(encode(&m), CLASP_EINVAL);
	m = set_of((struct clasp_value){ .type = 99 });
	t_eq_int(encode(&m), CLASP_EINVAL);
}

static void
appended_frames_stand_one_behind_the_other(void)
{
	static char big[60000];
	struct clasp_frame head = { .version = 1, .timed = true,
	    .time_us = 7, .qos = 2 };
	struct clasp_buf b = { 0 };
	struct clasp_frame f;
	struct clasp_msg m;
	int n;

	memset(big, 'x', sizeof big);
	m = set_of(clasp_int(1));
	n = clasp_frame_append(&b, &m, NULL);
	t_eq_int(n, 18);
	m = set_of(clasp_string(clasp_str_of(big, sizeof big)));
	t_check(clasp_frame_append(&b, &m, &head) > 60000);
	m = set_of(clasp_bytes(clasp_str_of(big, sizeof big)));
	m.set.address = clasp_str_of(big, 20000);
	t_eq_int(clasp_frame_append(&b, &m, NULL), CLASP_ETOOBIG);
	n = clasp_frame_decode(b.data, b.len, &f);
	t_eq_int(n, 18);
	t_eq_int(f.qos, CLASP_QOS_CONFIRM);
	t_eq_int(clasp_frame_decode(b.data + n, b.len - (size_t)n, &f),
	    (int)b.len - n);
	t_check(f.timed && f.time_us == 7 && f.qos == 2);
	clasp_buf_clear(&b);
}

static void
names_and_defaults(void)
{
	struct clasp_msg m = { .type = CLASP_PUBLISH };
	static const uint8_t qos[] = { 1, 1, 0, 0, 2 };
	uint8_t i;

	t_eq_str(clasp_msg_name(CLASP_SET), "set");
	t_check(clasp_msg_name(0) == NULL && clasp_msg_name(0x62) == NULL);
	t_eq_int(clasp_msg_by_name(CLASP_STR("federation")),
	    CLASP_FEDERATION);
	t_eq_int(clasp_msg_by_name(CLASP_STR("SET")), 0);
	t_eq_int(clasp_kind_by_name(CLASP_STR("stream")), CLASP_STREAM);
	t_eq_int(clasp_kind_by_name(CLASP_STR("strea")), -1);
	t_eq_int(clasp_phase_by_name(CLASP_STR("cancel")),
	    CLASP_PHASE_CANCEL);
	t_check(clasp_kind_name(5) == NULL && clasp_phase_name(4) == NULL);
	for (i = 0; i < 5; i++) {
		m.publish.kind = i;
		t_eq_int(clasp_msg_qos(&m), qos[i]);
	}
	m.type = CLASP_BUNDLE;
	t_eq_int(clasp_msg_qos(&m), 2);
	m.type = CLASP_HELLO;
	t_eq_int(clasp_msg_qos(&m), 0);
}

/* -------------------------------------------------------- memory bound */

/* Decode len bytes of buf within the bound; the result, and what it took. */
static int
bounded(size_t len, size_t *took)
{
	struct clasp_arena arena;
	struct clasp_msg m;
	int e;

	clasp_arena_init(&arena, NULL, 0, BOUND(len));
	e = clasp_msg_decode(buf, len, &arena, 0, &m);
	*took = arena.taken;
	clasp_arena_clear(&arena);
	return e;
}

static size_t
put(size_t at, const char *bytes, size_t n)
{
	memcpy(buf + at, bytes, n);
	return at + n;
}

#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

/* Small payloads and the largest ones of what takes most memory a byte. */
static void
legal_messages_fit_the_bound(void)
{
	static const struct {
		const char *head;	/* with a u16 count at its end */
		size_t	 head_len;
		const char *item;
		size_t	 item_len;
	} rows[] = {
#define R(head, item) { head, sizeof(head) - 1, item, sizeof(item) - 1 }
		R("\x21\x0a\0\0", "\0"),
		R("\x21\x0a\0\0", "\x0a\0\0"),
		R("\x21\x0a\0\0", "\x0a\0\1\0"),
		R("\x21\x0a\0\0", "\x0a\0\1\x0a\0\1\x0a\0\1\0"),
		R("\x21\x0a\0\0", "\x0b\0\1\0\0\0"),
		R("\x21\x0b\0\0", "\0\0\0"),
		R("\x20\x40\0\0\2", "\0\0\0\0\0\0\0\0"),
		R("\x23", "\0\0\0\0\0\0\0\0\0\0\0\0"),
		R("\x61", "\0\0\0\0"),
		R("\x03\0\0", "\0\0\0\0"),
		R("\x04\1", "\0\0"),
		R("\x04\1\0\0", "\0\0\0\0\0\0\0\0\0\0"),
		R("\x30\0", "\0\1\x41"),
		R("\x30\0", "\0\x04\x30\0\0\0"),
		R("\x30\0", "\0\x07\x30\0\0\1\0\1\x41"),
		R("\x30\0", "\0\x07\x21\x0a\0\0\0\1\0"),
#undef R
	};
	size_t i, count, most, at, took;
	int e;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		most = (65000 - rows[i].head_len) / rows[i].item_len;
		for (count = 1;; count = count * 3 > most && count < most ?
		    most : count * 3) {
			if (count > most)
				break;
			at = put(0, rows[i].head, rows[i].head_len);
			buf[at++] = (uint8_t)(count >> 8);
			buf[at++] = (uint8_t)count;
			for (size_t k = 0; k < count; k++)
				at = put(at, rows[i].item, rows[i].item_len);
			/* what FEDERATION has behind its lists */
			at = PUT(at, "\0\0\0");
			e = bounded(at, &took);
			t_eq_int(e, 0, "row %zu, %zu items, %zu bytes", i,
			    count, took);
		}
	}
}

/* Counts that claim much in each other: little is taken, whatever fails. */
static void
claims_take_no_memory(void)
{
	size_t at, took, depth;
	int e;

	/* 60 arrays in each other, each of as many items as bytes are left */
	memset(buf, 0, 65535);
	at = PUT(0, "\x21\x0a\0\0");
	for (depth = 0; depth < 60; depth++) {
		buf[at] = (uint8_t)((65535 - at - 2) >> 8);
		buf[at + 1] = (uint8_t)(65535 - at - 2);
		buf[at + 2] = 0x0a;
		at += 3;
	}
	buf[at - 1] = 0;
	e = bounded(65535, &took);
	t_eq_int(e, CLASP_ETRUNCATED);
	t_check(took <= BOUND(65535), "%zu", took);

	/* bundles in each other, each claiming messages for all that is left */
	memset(buf, 0, 65535);
	for (at = depth = 0; depth < 8; depth++) {
		size_t left = 65535 - at - 4;

		at = PUT(at, "\x30\0");
		buf[at++] = (uint8_t)(left / 3 >> 8);
		buf[at++] = (uint8_t)(left / 3);
		left -= 2;
		buf[at++] = (uint8_t)(left >> 8);
		buf[at++] = (uint8_t)left;
	}
	buf[at] = 0x41;
	e = bounded(65535, &took);
	t_eq_int(e, CLASP_ETRUNCATED);
	t_check(took <= BOUND(65535), "%zu", took);

	/* the same in MessagePack, with arrays of 32-bit counts */
	memset(buf, 0xc0, 65535);
	at = PUT(0, "\x83\xa4type\xa3SET\xa7" "address\xa2/a\xa5value");
	for (depth = 0; depth < 60; depth++) {
		buf[at++] = 0xdd;
		buf[at++] = 0;
		buf[at++] = 0;
		buf[at] = (uint8_t)((65535 - at - 2) >> 8);
		buf[at + 1] = (uint8_t)(65535 - at - 2);
		at += 2;
	}
	e = bounded(65535, &took);
	t_eq_int(e, CLASP_ELEGACY);
	t_check(took <= BOUND(65535), "%zu", took);
}

/* Items that cannot be whole are still read for their own error. */
static void
the_first_error_counts(void)
{
	size_t at, took;

	at = PUT(0, "\x21\x0a\0\0\0\x02\x0a\0\2\x0c\0");
	t_eq_int(bounded(at, &took), CLASP_EVALUETYPE);
	at = PUT(0, "\x21\x0a\0\0\0\x03\x0a\0\2\x08\0\1\xff");
	t_eq_int(bounded(at, &took), CLASP_EUTF8);
	at = PUT(0, "\x30\0\0\2\0\x04\x99\0\0\0");
	t_eq_int(bounded(at, &took), CLASP_EMESSAGE);
	at = PUT(0, "\x04\x09\0");
	t_eq_int(bounded(at, &took), CLASP_EENUM);
	at = PUT(0, "\x04");
	t_eq_int(bounded(at, &took), CLASP_ETRUNCATED);
	/* legacy: what is wrong first, wherever "type" stands */
	at = PUT(0, "\x82\xa4type\xa3SET\xa7" "address\xc1");
	t_eq_int(bounded(at, &took), CLASP_ELEGACY);
	at = PUT(0, "\x83\xa4type\xa3SET\xa7" "address\x05\xa5value\xc1");
	t_eq_int(bounded(at, &took), CLASP_ESHAPE);
	at = PUT(0, "\x82\xa4type\xa3NOT\xa7" "address\xc1");
	t_eq_int(bounded(at, &took), CLASP_ELEGACYTYPE);
	at = PUT(0, "\x82\xa1x\xc1\xa4type\xa3NOT");
	t_eq_int(bounded(at, &took), CLASP_ELEGACY);
}

/* Many equal keys: the last value, the first place, in little time. */
static void
equal_keys(void)
{
	struct clasp_arena arena;
	struct clasp_msg m;
	size_t at, i;

	clasp_arena_init(&arena, NULL, 0, BOUND(65535));
	at = PUT(0, "\x21\x0b\0\0");
	buf[at++] = 12000 >> 8;
	buf[at++] = 12000 & 0xff;
	for (i = 0; i < 12000; i++) {
		at = PUT(at, "\0\1");
		buf[at++] = (uint8_t)('a' + i % 20);
		buf[at++] = CLASP_CODE_BOOL;
		buf[at++] = i >= 11990;
	}
	t_eq_int(clasp_msg_decode(buf, at, &arena, 0, &m), 0);
	t_eq_int(m.set.value.count, 20);
	for (i = 0; i < m.set.value.count; i++) {
		t_eq_int(m.set.value.entries[i].key.p[0], 'a' + i);
		t_eq_int(m.set.value.entries[i].value.boolean, i >= 10);
	}
	clasp_arena_clear(&arena);
}

/* SET and PUBLISH of a scalar need no memory at all. */
static void
scalars_need_no_arena(void)
{
	const struct clasp_value values[] = { clasp_null(), clasp_bool(true),
	    clasp_int(7), clasp_float(1), clasp_string(CLASP_STR("x")),
	    clasp_bytes(CLASP_STR("y")) };
	struct clasp_arena none;
	struct clasp_msg m, got;
	size_t i, len;
	int n;
	static char address[60];

	clasp_arena_init(&none, NULL, 0, 0);
	memset(address, 'x', sizeof address);
	for (i = 0; i < 6; i++)
		for (len = 0; len < sizeof address; len++) {
			m = set_of(values[i]);
			m.set.address = clasp_str_of(address, len);
			m.set.has_revision = len & 1;
			m.set.revision = m.set.has_revision ? 77 : 0;
			m.set.lock = len >> 1 & 1;
			m.set.unlock = len >> 2 & 1;
			m.set.has_ttl = len >> 3 & 1;
			m.set.ttl = m.set.has_ttl ? 99 : 0;
			n = clasp_msg_encode(buf, sizeof buf, &m);
			t_check(n > 0);
			t_eq_int(clasp_msg_decode(buf, n, &none, 0, &got),
			    0);
			t_check(clasp_value_equal(&got.set.value,
			    &values[i]));
			t_check(clasp_str_eq(got.set.address,
			    m.set.address));
			t_check(got.set.has_revision == m.set.has_revision &&
			    got.set.revision == m.set.revision &&
			    got.set.has_ttl == m.set.has_ttl &&
			    got.set.ttl == m.set.ttl &&
			    got.set.lock == m.set.lock &&
			    got.set.unlock == m.set.unlock);
			/* the frame's short way writes the same bytes */
			t_eq_int(clasp_frame_encode(buf + 1000, 1000, &m,
			    NULL), n + 4);
			t_check(memcmp(buf, buf + 1004, n) == 0, "%zu %zu",
			    i, len);
		}
	m = (struct clasp_msg){ .type = CLASP_PUBLISH };
	m.publish.content = CLASP_CONTENT_VALUE;
	m.publish.value = values[4];
	n = clasp_msg_encode(buf, sizeof buf, &m);
	t_eq_int(clasp_msg_decode(buf, n, &none, 0, &got), 0);
}

/* A bundle's messages come with their own bytes, to be sent on as they are. */
static void
bundles_give_raw_bytes(void)
{
	struct clasp_arena arena;
	struct clasp_msg m;
	size_t n;

	clasp_arena_init(&arena, NULL, 0, 4096);
	n = PUT(0, "\x30\0\0\2\0\3\x41zz\0\4\x22\0\1/");
	t_eq_int(clasp_msg_decode(buf, n, &arena, 0, &m), 0);
	t_eq_int(m.bundle.count, 2);
	t_check(clasp_str_eq(m.bundle.raw[0], CLASP_STR("\x41zz")));
	t_check(clasp_str_eq(m.bundle.raw[1], CLASP_STR("\x22\0\1/")));
	t_eq_int(m.bundle.messages[0].type, CLASP_PING);
	t_check(clasp_str_is(m.bundle.messages[1].get.address, "/"));
	n = PUT(0, "\x82\xa4type\xa6" "BUNDLE\xa8messages\x91\x81\xa4type"
	    "\xa4PING");
	t_eq_int(clasp_msg_decode(buf, n, &arena, 0, &m), 0);
	t_check(m.bundle.count == 1 && m.bundle.raw == NULL);
	t_eq_int(m.bundle.messages[0].type, CLASP_PING);
	/* no MessagePack inside a binary bundle, nor where only binary goes */
	t_eq_int(clasp_msg_decode_binary(buf, n, &arena, 0, &m),
	    CLASP_EMESSAGE);
	clasp_arena_clear(&arena);
}

int
main(void)
{
	t_run(floats_widen_by_bits);
	t_run(narrow_codes_come_back);
	t_run(values_are_copied_and_compared);
	t_run(numbers_move_by_an_epsilon);
	t_run(values_by_themselves);
	t_run(encoder_refuses);
	t_run(appended_frames_stand_one_behind_the_other);
	t_run(names_and_defaults);
	t_run(legal_messages_fit_the_bound);
	t_run(claims_take_no_memory);
	t_run(the_first_error_counts);
	t_run(equal_keys);
	t_run(scalars_need_no_arena);
	t_run(bundles_give_raw_bytes);
	return t_end();
}
