/*
 * legacy.c - messages as MessagePack maps, read only.
 *
 * A token is one MessagePack head with its scalar or blob; arrays and maps
 * are tokens with a count whose items follow.  Which fields a message has is
 * in tables, one a message.
 */
#include "wire/legacy.h"

#include <math.h>
#include <stddef.h>

/* the least bytes one item of each list takes */
#define MIN_VALUE	1
#define MIN_ENTRY	2	/* empty key, value */
#define MIN_SIGNAL	20	/* map, "address" and "type" with theirs */
#define MIN_PARAM	26	/* map, "address", "value", "revision" */
#define MIN_MESSAGE	9	/* map, "type", the shortest name */
#define MIN_KEYFRAME	14	/* map, "time", "value" */

/* A map that is skipped to find its type may hold bundles, and in these
 * values as deep as any. */
#define DEPTH_UNTYPED	(CLASP_VALUE_DEPTH + 2 * CLASP_BUNDLE_DEPTH)

enum kind { NIL, BOOL, INT, BIGINT, FLOAT, STR, BIN, ARRAY, MAP, EXT };

struct token {
	enum kind kind;
	uint32_t count;		/* items, entries */
	union {
		bool	 boolean;
		int64_t	 integer;
		uint64_t big;		/* above INT64_MAX */
		double	 number;
		struct clasp_str str;	/* also BIN */
	};
};

/* ------------------------------------------------------------ tokens */

static void
take_blob(struct clasp_decoder *d, struct token *t, enum kind kind, size_t n)
{
	const uint8_t *p = clasp_get_bytes(&d->r, n);

	t->kind = kind;
	t->str = clasp_str_of((const char *)p, p ? n : 0);
	if (kind == STR && p != NULL && !clasp_text_valid(p, n))
		clasp_decoder_fail(d, CLASP_ELEGACY);
}

static void
take_count(struct clasp_decoder *d, struct token *t, enum kind kind,
    uint32_t n)
{
	size_t min = kind == MAP ? MIN_ENTRY : MIN_VALUE;

	t->kind = kind;
	t->count = n;
	if (n * min > clasp_reader_left(&d->r)) {
		d->r.truncated = true;
		t->count = 0;
	}
}

static void
take_unsigned(struct token *t, uint64_t v)
{
	t->kind = v > INT64_MAX ? BIGINT : INT;
	t->big = v;
}

static void
take_int(struct token *t, int64_t v)
{
	t->kind = INT;
	t->integer = v;
}

static void
take_float(struct token *t, double v)
{
	t->kind = FLOAT;
	t->number = v;
}

/* The heads of 0xc0 and above, below the negative small integers. */
static void
take_headed(struct clasp_decoder *d, struct token *t, uint8_t head)
{
	struct clasp_reader *r = &d->r;

	switch (head) {
	case 0xc0: t->kind = NIL; break;
	case 0xc2: case 0xc3:
		t->kind = BOOL;
		t->boolean = head == 0xc3;
		break;
	case 0xc4: take_blob(d, t, BIN, clasp_get_u8(r)); break;
	case 0xc5: take_blob(d, t, BIN, clasp_get_u16(r)); break;
	case 0xc6: take_blob(d, t, BIN, clasp_get_u32(r)); break;
	/* an extension's type byte counts as one of its bytes */
	case 0xc7: take_blob(d, t, EXT, clasp_get_u8(r) + 1u); break;
	case 0xc8: take_blob(d, t, EXT, clasp_get_u16(r) + 1u); break;
	case 0xc9: take_blob(d, t, EXT, (size_t)clasp_get_u32(r) + 1); break;
	case 0xca: take_float(t, clasp_float_widen(clasp_get_u32(r))); break;
	case 0xcb: take_float(t, clasp_float_of_bits(clasp_get_u64(r))); break;
	case 0xcc: take_int(t, clasp_get_u8(r)); break;
	case 0xcd: take_int(t, clasp_get_u16(r)); break;
	case 0xce: take_int(t, clasp_get_u32(r)); break;
	case 0xcf: take_unsigned(t, clasp_get_u64(r)); break;
	case 0xd0: take_int(t, (int8_t)clasp_get_u8(r)); break;
	case 0xd1: take_int(t, (int16_t)clasp_get_u16(r)); break;
	case 0xd2: take_int(t, (int32_t)clasp_get_u32(r)); break;
	case 0xd3: take_int(t, (int64_t)clasp_get_u64(r)); break;
	case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
		take_blob(d, t, EXT, ((size_t)1 << (head - 0xd4)) + 1);
		break;
	case 0xd9: take_blob(d, t, STR, clasp_get_u8(r)); break;
	case 0xda: take_blob(d, t, STR, clasp_get_u16(r)); break;
	case 0xdb: take_blob(d, t, STR, clasp_get_u32(r)); break;
	case 0xdc: take_count(d, t, ARRAY, clasp_get_u16(r)); break;
	case 0xdd: take_count(d, t, ARRAY, clasp_get_u32(r)); break;
	case 0xde: take_count(d, t, MAP, clasp_get_u16(r)); break;
	case 0xdf: take_count(d, t, MAP, clasp_get_u32(r)); break;
	default:
		clasp_decoder_fail(d, CLASP_ELEGACY);
	}
}

static bool
opens(uint8_t head)
{
	return (head >= 0x80 && head <= 0x9f) ||
	    (head >= 0xdc && head <= 0xdf);
}

/*
 * The next token; false when there is none.  `room` is how many more
 * containers may open here.
 */
static bool
next(struct clasp_decoder *d, struct token *t, unsigned room)
{
	uint8_t head = clasp_get_u8(&d->r);

	t->kind = NIL;
	t->count = 0;
	if (!clasp_decoder_ok(d))
		return false;
	if (opens(head) && room == 0)
		clasp_decoder_fail(d, CLASP_EDEPTH);
	else if (head < 0x80)
		take_int(t, head);
	else if (head < 0x90)
		take_count(d, t, MAP, head & 0x0f);
	else if (head < 0xa0)
		take_count(d, t, ARRAY, head & 0x0f);
	else if (head < 0xc0)
		take_blob(d, t, STR, head & 0x1f);
	else if (head < 0xe0)
		take_headed(d, t, head);
	else
		take_int(t, (int8_t)head);
	return clasp_decoder_ok(d);
}

static struct clasp_str
next_key(struct clasp_decoder *d)
{
	struct token t;

	if (next(d, &t, 1) && t.kind != STR)
		clasp_decoder_fail(d, CLASP_ELEGACY);
	return t.kind == STR ? t.str : CLASP_STR_NONE;
}

/* A whole value that nobody wants, whatever is in it. */
static void
skip(struct clasp_decoder *d, unsigned room)
{
	struct token t;
	uint32_t i;

	if (!next(d, &t, room))
		return;
	for (i = 0; i < t.count && clasp_decoder_ok(d); i++) {
		if (t.kind == MAP)
			skip(d, room - 1);
		skip(d, room - 1);
	}
}

/* ------------------------------------------------------------ values */

static void value_of(struct clasp_decoder *d, const struct token *t,
    unsigned room, struct clasp_value *out);

static void
next_value(struct clasp_decoder *d, unsigned room, struct clasp_value *out)
{
	struct token t;

	*out = clasp_null();
	if (next(d, &t, room))
		value_of(d, &t, room, out);
}

static void
array_of(struct clasp_decoder *d, uint32_t count, unsigned room,
    struct clasp_value *out)
{
	struct clasp_value *items, scratch;
	uint32_t i;

	items = clasp_decoder_list(d, count, MIN_VALUE, sizeof *items);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_VALUE); i++)
		next_value(d, room, items ? &items[i] : &scratch);
	*out = clasp_array(items, count);
}

static void
map_of(struct clasp_decoder *d, uint32_t count, unsigned room,
    struct clasp_value *out)
{
	struct clasp_entry *entries, *e, scratch;
	uint32_t i;

	entries = clasp_decoder_list(d, count, MIN_ENTRY, sizeof *entries);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_ENTRY); i++) {
		e = entries ? &entries[i] : &scratch;
		e->key = next_key(d);
		next_value(d, room, &e->value);
	}
	if (entries != NULL && clasp_decoder_ok(d) && !d->skim)
		count = clasp_decoder_unique(d, entries, count);
	*out = clasp_map(entries, count);
}

/* The value that begins with this token. */
static void
value_of(struct clasp_decoder *d, const struct token *t, unsigned room,
    struct clasp_value *out)
{
	switch (t->kind) {
	case NIL:
		*out = clasp_null();
		break;
	case BOOL:
		*out = clasp_bool(t->boolean);
		break;
	case INT:
		*out = clasp_int(t->integer);
		break;
	case BIGINT:
		*out = clasp_float((double)t->big);
		break;
	case FLOAT:
		*out = clasp_float(t->number);
		break;
	case STR:
		*out = clasp_string(t->str);
		break;
	case BIN:
		*out = clasp_bytes(t->str);
		break;
	case ARRAY:
		array_of(d, t->count, room - 1, out);
		break;
	case MAP:
		map_of(d, t->count, room - 1, out);
		break;
	case EXT:
		clasp_decoder_fail(d, CLASP_ELEGACY);
	}
}

/* ------------------------------------------------------------ fields */

/* Reads the field that begins with the token into *to. */
typedef void take_fn(struct clasp_decoder *, const struct token *, void *to);

struct field {
	const char *key;
	take_fn	*take;
	uint16_t at;		/* where it goes in the struct */
	uint16_t has;		/* the flag that it is there, or NO_FLAG */
	uint8_t	 mode;
};

#define NO_FLAG		0xffff
#define OPTIONAL	0
#define REQUIRED	1
#define NIL_IS_VALUE	2	/* also required, but nil is not "absent" */

#define AT(type, member) (uint16_t)offsetof(type, member)

static void
ill(struct clasp_decoder *d)
{
	clasp_decoder_fail(d, CLASP_ESHAPE);
}

static void
take_field(struct clasp_decoder *d, const struct field *f, uint8_t *base)
{
	struct token t;

	/* containers are limited where values begin, not here */
	if (!next(d, &t, CLASP_VALUE_DEPTH))
		return;
	if (t.kind == NIL && f->mode != NIL_IS_VALUE) {
		if (f->mode == REQUIRED)
			ill(d);
		return;
	}
	f->take(d, &t, base + f->at);
	if (f->has != NO_FLAG)
		*(bool *)(base + f->has) = true;
}

/* Read a map's entries into the struct at base, by its table of fields. */
static void
take_fields(struct clasp_decoder *d, uint32_t entries,
    const struct field *fields, size_t nfields, void *base)
{
	struct clasp_str key;
	uint32_t seen = 0;
	size_t f;

	for (; entries > 0 && clasp_decoder_ok(d); entries--) {
		key = next_key(d);
		for (f = 0; f < nfields; f++)
			if (clasp_str_is(key, fields[f].key))
				break;
		if (f == nfields) {
			skip(d, CLASP_VALUE_DEPTH);
			continue;
		}
		seen |= UINT32_C(1) << f;
		take_field(d, &fields[f], base);
	}
	for (f = 0; f < nfields; f++)
		if (fields[f].mode != OPTIONAL && !(seen >> f & 1))
			ill(d);
}

#define TAKE_FIELDS(d, entries, fields, base) \
	take_fields(d, entries, fields, sizeof(fields) / sizeof *(fields), \
	    base)

static uint64_t
unsigned_of(struct clasp_decoder *d, const struct token *t, uint64_t max)
{
	if (t->kind == BIGINT && t->big <= max)
		return t->big;
	if (t->kind == INT && t->integer >= 0 && t->big <= max)
		return t->big;
	ill(d);
	return 0;
}

static void
take_u8(struct clasp_decoder *d, const struct token *t, void *to)
{
	*(uint8_t *)to = (uint8_t)unsigned_of(d, t, UINT8_MAX);
}

static void
take_u16(struct clasp_decoder *d, const struct token *t, void *to)
{
	*(uint16_t *)to = (uint16_t)unsigned_of(d, t, UINT16_MAX);
}

static void
take_u32(struct clasp_decoder *d, const struct token *t, void *to)
{
	*(uint32_t *)to = (uint32_t)unsigned_of(d, t, UINT32_MAX);
}

static void
take_u64(struct clasp_decoder *d, const struct token *t, void *to)
{
	*(uint64_t *)to = unsigned_of(d, t, UINT64_MAX);
}

static double
float_of(struct clasp_decoder *d, const struct token *t)
{
	if (t->kind == FLOAT)
		return t->number;
	if (t->kind == INT)
		return (double)t->integer;
	if (t->kind == BIGINT)
		return (double)t->big;
	ill(d);
	return 0;
}

static void
take_f64(struct clasp_decoder *d, const struct token *t, void *to)
{
	*(double *)to = float_of(d, t);
}

static void
take_bool(struct clasp_decoder *d, const struct token *t, void *to)
{
	if (t->kind != BOOL)
		ill(d);
	else
		*(bool *)to = t->boolean;
}

static void
take_str(struct clasp_decoder *d, const struct token *t, void *to)
{
	if (t->kind != STR)
		ill(d);
	else
		*(struct clasp_str *)to = t->str;
}

static void
take_value(struct clasp_decoder *d, const struct token *t, void *to)
{
	value_of(d, t, CLASP_VALUE_DEPTH, to);
}

/* An array's count; 0 and the error when it is none. */
static uint32_t
array_count(struct clasp_decoder *d, const struct token *t)
{
	if (t->kind != ARRAY)
		ill(d);
	return t->kind == ARRAY ? t->count : 0;
}

static uint32_t
map_count(struct clasp_decoder *d, const struct token *t)
{
	if (t->kind != MAP)
		ill(d);
	return t->kind == MAP ? t->count : 0;
}

/* The next token, which must be a map; its count. */
static uint32_t
next_map(struct clasp_decoder *d)
{
	struct token t;

	return next(d, &t, CLASP_VALUE_DEPTH) ? map_count(d, &t) : 0;
}

static struct clasp_str
next_str(struct clasp_decoder *d)
{
	struct token t;

	if (next(d, &t, CLASP_VALUE_DEPTH) && t.kind != STR)
		ill(d);
	return t.kind == STR ? t.str : CLASP_STR_NONE;
}

static void
take_kind(struct clasp_decoder *d, const struct token *t, void *to)
{
	int kind = t->kind == STR ? clasp_kind_by_name(t->str) : -1;

	if (kind < 0)
		ill(d);
	*(uint8_t *)to = (uint8_t)kind;
}

/* A list of kinds as a mask; none is all. */
static void
take_types(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t n = array_count(d, t);
	uint8_t *mask = to;
	int kind;

	*mask = CLASP_TYPES_ALL;
	for (; n > 0 && clasp_decoder_ok(d); n--) {
		kind = clasp_kind_by_name(next_str(d));
		if (kind < 0)
			ill(d);
		else
			*mask |= (uint8_t)(1 << kind);
	}
}

/* --------------------------------------------------- HELLO, WELCOME */

static void
take_features(struct clasp_decoder *d, const struct token *t, void *to)
{
	static const char *const names[] = { "param", "event", "stream",
	    "gesture", "timeline", "federation" };
	uint32_t n = array_count(d, t);
	struct clasp_str name;
	uint8_t *bits = to;
	size_t i;

	*bits = 0;
	for (; n > 0 && clasp_decoder_ok(d); n--) {
		name = next_str(d);
		for (i = 0; i < sizeof names / sizeof *names; i++)
			if (clasp_str_is(name, names[i]))
				*bits |= (uint8_t)(CLASP_FEATURE_PARAM >> i);
	}
}

static void
get_hello(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_hello, member)
	static const struct field fields[] = {
		{ "version", take_u8, F(version), NO_FLAG, REQUIRED },
		{ "name", take_str, F(name), NO_FLAG, REQUIRED },
		{ "features", take_features, F(features), NO_FLAG, OPTIONAL },
		{ "token", take_str, F(token), NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->hello);
}

static void
get_welcome(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_welcome, member)
	static const struct field fields[] = {
		{ "version", take_u8, F(version), NO_FLAG, REQUIRED },
		{ "session", take_str, F(session), NO_FLAG, REQUIRED },
		{ "name", take_str, F(name), NO_FLAG, REQUIRED },
		{ "time", take_u64, F(time_us), NO_FLAG, REQUIRED },
		{ "features", take_features, F(features), NO_FLAG, OPTIONAL },
		{ "token", take_str, F(token), NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->welcome);
}

/* -------------------------------------------------- ANNOUNCE, RESULT */

static void
take_range(struct clasp_decoder *d, const struct token *t, void *to)
{
	struct clasp_signal *s = to;
	struct token lo, hi;

	if (array_count(d, t) != 2)
		ill(d);
	if (next(d, &lo, CLASP_VALUE_DEPTH))
		s->min = float_of(d, &lo);
	if (next(d, &hi, CLASP_VALUE_DEPTH))
		s->max = float_of(d, &hi);
}

static void
take_meta(struct clasp_decoder *d, const struct token *t, void *to)
{
#define F(member) AT(struct clasp_signal, member)
	static const struct field fields[] = {
		{ "unit", take_str, F(unit), NO_FLAG, OPTIONAL },
		{ "range", take_range, 0, F(has_range), OPTIONAL },
		{ "default", take_value, F(def), F(has_default), OPTIONAL },
		{ "description", take_str, F(description), NO_FLAG,
		    OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, map_count(d, t), fields, to);
}

struct signal_list {
	uint32_t count;
	const struct clasp_signal *signals;
};

static void
take_signals(struct clasp_decoder *d, const struct token *t, void *to)
{
#define F(member) AT(struct clasp_signal, member)
	static const struct field fields[] = {
		{ "address", take_str, F(address), NO_FLAG, REQUIRED },
		{ "type", take_kind, F(kind), NO_FLAG, REQUIRED },
		{ "datatype", take_str, F(datatype), NO_FLAG, OPTIONAL },
		{ "access", take_str, F(access), NO_FLAG, OPTIONAL },
		{ "meta", take_meta, 0, F(has_meta), OPTIONAL },
	};
#undef F
	uint32_t count = array_count(d, t), i;
	struct clasp_signal *list, *s, scratch;
	struct signal_list *out = to;

	list = clasp_decoder_list(d, count, MIN_SIGNAL, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_SIGNAL); i++) {
		s = list ? &list[i] : &scratch;
		memset(s, 0, sizeof *s);
		TAKE_FIELDS(d, next_map(d), fields, s);
	}
	out->count = count;
	out->signals = list;
}

static void
get_announce(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	struct announce {
		struct clasp_str name;
		struct signal_list list;
	} m = { 0 };
#define F(member) AT(struct announce, member)
	static const struct field fields[] = {
		{ "namespace", take_str, F(name), NO_FLAG, REQUIRED },
		{ "signals", take_signals, F(list), NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &m);
	msg->announce.namespace_ = m.name;
	msg->announce.count = m.list.count;
	msg->announce.signals = m.list.signals;
}

static void
get_result(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "signals", take_signals, 0, NO_FLAG, REQUIRED },
	};
	struct signal_list list = { 0 };
	uint32_t i;

	TAKE_FIELDS(d, entries, fields, &list);
	msg->result.count = list.count;
	msg->result.signals = list.signals;
	/* only ANNOUNCE carries meta; the list is still ours to change */
	for (i = 0; list.signals != NULL && clasp_decoder_ok(d) &&
	    i < list.count; i++)
		((struct clasp_signal *)list.signals)[i].has_meta = false;
}

/* -------------------------------------------- SUBSCRIBE, UNSUBSCRIBE */

static void
take_options(struct clasp_decoder *d, const struct token *t, void *to)
{
#define F(member) AT(struct clasp_subscribe, member)
	static const struct field fields[] = {
		{ "max_rate", take_u32, F(max_rate), F(has_max_rate),
		    OPTIONAL },
		{ "maxRate", take_u32, F(max_rate), F(has_max_rate),
		    OPTIONAL },
		{ "epsilon", take_f64, F(epsilon), F(has_epsilon), OPTIONAL },
		{ "history", take_u32, F(history), F(has_history), OPTIONAL },
		{ "window", take_u32, F(window), F(has_window), OPTIONAL },
	};
	TAKE_FIELDS(d, map_count(d, t), fields, to);
}

static void
get_subscribe(struct clasp_decoder *d, uint32_t entries,
    struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "id", take_u32, F(id), NO_FLAG, REQUIRED },
		{ "pattern", take_str, F(pattern), NO_FLAG, REQUIRED },
		{ "types", take_types, F(types), NO_FLAG, OPTIONAL },
		{ "options", take_options, 0, NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->subscribe);
}

static void
get_unsubscribe(struct clasp_decoder *d, uint32_t entries,
    struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "id", take_u32, 0, NO_FLAG, REQUIRED },
	};

	TAKE_FIELDS(d, entries, fields, &msg->unsubscribe.id);
}

/* --------------------------------------------------------- timelines */

struct keyframe {
	struct clasp_value time, value, easing;
	struct clasp_value bezier[4];
	bool	 has_bezier;
};

struct timeline {
	bool	 has_keyframes, has_start, has_duration, loop;
	struct clasp_value keyframes, start, duration;
};

/* Microseconds: an integer, or a float that is rounded; never negative. */
static void
take_time(struct clasp_decoder *d, const struct token *t, void *to)
{
	double v;

	if (t->kind == INT && t->integer >= 0) {
		*(struct clasp_value *)to = clasp_int(t->integer);
		return;
	}
	v = t->kind == FLOAT ? round(t->number) : -1;
	/* also false for a NaN */
	if (v >= 0 && v < 9223372036854775808.0)
		*(struct clasp_value *)to = clasp_int((int64_t)v);
	else
		ill(d);
}

static void
take_easing(struct clasp_decoder *d, const struct token *t, void *to)
{
	struct clasp_str name = CLASP_STR_NONE;

	take_str(d, t, &name);
	*(struct clasp_value *)to = clasp_string(name);
}

static void
take_bezier(struct clasp_decoder *d, const struct token *t, void *to)
{
	struct clasp_value *points = to;
	struct token point;
	uint32_t i, n = array_count(d, t);

	if (n != 4)
		ill(d);
	for (i = 0; i < 4 && clasp_decoder_ok(d) &&
	    next(d, &point, CLASP_VALUE_DEPTH); i++)
		points[i] = clasp_float(float_of(d, &point));
}

static void
take_keyframe(struct clasp_decoder *d, struct keyframe *k)
{
#define F(member) AT(struct keyframe, member)
	static const struct field fields[] = {
		{ "time", take_time, F(time), NO_FLAG, REQUIRED },
		{ "value", take_value, F(value), NO_FLAG, NIL_IS_VALUE },
		{ "easing", take_easing, F(easing), NO_FLAG, OPTIONAL },
		{ "bezier", take_bezier, F(bezier), F(has_bezier), OPTIONAL },
	};
#undef F
	k->easing = clasp_string(CLASP_STR("linear"));
	k->has_bezier = false;
	TAKE_FIELDS(d, next_map(d), fields, k);
}

static struct clasp_entry
entry(const char *key, struct clasp_value value)
{
	return (struct clasp_entry){ clasp_str_c(key), value };
}

/* A keyframe as the map that stands for it. */
static void
build_keyframe(struct clasp_decoder *d, const struct keyframe *k,
    struct clasp_value *out)
{
	bool curve = k->has_bezier &&
	    clasp_str_is(k->easing.string, "cubic-bezier");
	struct clasp_entry *e;
	struct clasp_value *points;

	e = clasp_arena_alloc(d->arena, (curve ? 4 : 3) * sizeof *e +
	    (curve ? sizeof k->bezier : 0));
	if (e == NULL) {
		clasp_decoder_fail(d, CLASP_ENOMEM);
		return;
	}
	e[0] = entry("time", k->time);
	e[1] = entry("value", k->value);
	e[2] = entry("easing", k->easing);
	if (curve) {
		points = (struct clasp_value *)(e + 4);
		memcpy(points, k->bezier, sizeof k->bezier);
		e[3] = entry("bezier", clasp_array(points, 4));
	}
	*out = clasp_map(e, curve ? 4 : 3);
}

static void
take_keyframes(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t count = array_count(d, t), i;
	struct clasp_value *items;
	struct keyframe k;

	items = clasp_decoder_list(d, count, MIN_KEYFRAME, sizeof *items);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_KEYFRAME); i++) {
		take_keyframe(d, &k);
		if (items != NULL && clasp_decoder_ok(d) && !d->skim)
			build_keyframe(d, &k, &items[i]);
	}
	*(struct clasp_value *)to = clasp_array(items, count);
}

static void
take_timeline(struct clasp_decoder *d, const struct token *t, void *to)
{
#define F(member) AT(struct timeline, member)
	static const struct field fields[] = {
		{ "keyframes", take_keyframes, F(keyframes),
		    F(has_keyframes), REQUIRED },
		{ "loop", take_bool, F(loop), NO_FLAG, OPTIONAL },
		{ "loop_", take_bool, F(loop), NO_FLAG, OPTIONAL },
		{ "start_time", take_time, F(start), F(has_start), OPTIONAL },
		{ "startTime", take_time, F(start), F(has_start), OPTIONAL },
		{ "duration", take_time, F(duration), F(has_duration),
		    OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, map_count(d, t), fields, to);
}

/* The map that stands for a timeline. */
static void
build_timeline(struct clasp_decoder *d, const struct timeline *t,
    struct clasp_value *out)
{
	struct clasp_entry *e;
	uint32_t n = 0;

	*out = clasp_null();
	if (!clasp_decoder_ok(d) || d->skim)
		return;
	e = clasp_arena_alloc(d->arena, 4 * sizeof *e);
	if (e == NULL) {
		clasp_decoder_fail(d, CLASP_ENOMEM);
		return;
	}
	e[n++] = entry("keyframes", t->keyframes);
	e[n++] = entry("loop", clasp_bool(t->loop));
	if (t->has_start)
		e[n++] = entry("startTime", t->start);
	if (t->has_duration)
		e[n++] = entry("duration", t->duration);
	*out = clasp_map(e, n);
}

/* ---------------------------------------------------------- PUBLISH */

struct publish {
	struct clasp_publish p;
	struct clasp_value payload;
	bool	 has_value, has_payload, has_samples;
	struct timeline named, flat;	/* "timeline", and at top level */
};

static void
take_phase(struct clasp_decoder *d, const struct token *t, void *to)
{
	int phase = t->kind == STR ? clasp_phase_by_name(t->str) : -1;

	if (phase < 0)
		ill(d);
	*(uint8_t *)to = (uint8_t)phase;
}

static void
take_samples(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t count = array_count(d, t), i;
	struct clasp_publish *p = to;
	double *samples, v;
	struct token item;

	samples = clasp_decoder_list(d, count, MIN_VALUE, sizeof *samples);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_VALUE); i++) {
		if (!next(d, &item, CLASP_VALUE_DEPTH))
			break;
		v = float_of(d, &item);
		if (samples != NULL)
			samples[i] = v;
	}
	p->nsamples = count;
	p->samples = samples;
}

/* value, then payload, then a timeline, then samples */
static void
settle_publish(struct clasp_decoder *d, struct publish *m)
{
	struct clasp_publish *p = &m->p;

	p->content = CLASP_CONTENT_VALUE;
	if (m->has_value)
		;
	else if (m->has_payload)
		p->value = m->payload;
	else if (m->named.has_keyframes)
		build_timeline(d, &m->named, &p->value);
	else if (m->flat.has_keyframes)
		build_timeline(d, &m->flat, &p->value);
	else
		p->content = m->has_samples ? CLASP_CONTENT_SAMPLES :
		    CLASP_CONTENT_NONE;
	if (p->content != CLASP_CONTENT_SAMPLES) {
		p->nsamples = 0;
		p->samples = NULL;
	}
}

static void
get_publish(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct publish, member)
	static const struct field fields[] = {
		{ "address", take_str, F(p.address), NO_FLAG, REQUIRED },
		{ "signal", take_kind, F(p.kind), NO_FLAG, OPTIONAL },
		{ "value", take_value, F(p.value), F(has_value), OPTIONAL },
		{ "payload", take_value, F(payload), F(has_payload),
		    OPTIONAL },
		{ "samples", take_samples, F(p), F(has_samples), OPTIONAL },
		{ "rate", take_u32, F(p.rate), F(p.has_rate), OPTIONAL },
		{ "id", take_u32, F(p.id), F(p.has_id), OPTIONAL },
		{ "phase", take_phase, F(p.phase), NO_FLAG, OPTIONAL },
		{ "timestamp", take_u64, F(p.timestamp_us),
		    F(p.has_timestamp), OPTIONAL },
		{ "timeline", take_timeline, F(named), NO_FLAG, OPTIONAL },
		{ "keyframes", take_keyframes, F(flat.keyframes),
		    F(flat.has_keyframes), OPTIONAL },
		{ "loop", take_bool, F(flat.loop), NO_FLAG, OPTIONAL },
		{ "loop_", take_bool, F(flat.loop), NO_FLAG, OPTIONAL },
	};
#undef F
	struct publish m;

	memset(&m, 0, sizeof m);
	m.p.kind = CLASP_EVENT;
	TAKE_FIELDS(d, entries, fields, &m);
	settle_publish(d, &m);
	msg->publish = m.p;
}

/* --------------------------------------------------- SET, GET, QUERY */

#define TTL_SECONDS	UINT32_C(0x7fffffff)

struct set {
	struct clasp_set s;
	bool	 ttl_number;	/* plain: `absolute` has a say */
	bool	 absolute;
};

/* {Sliding: n} or {Absolute: n} */
static void
take_ttl_map(struct clasp_decoder *d, const struct token *t,
    struct clasp_set *s)
{
	struct clasp_str key;
	uint32_t seconds = 0;
	struct token n;

	if (t->count != 1)
		ill(d);
	key = next_key(d);
	if (next(d, &n, CLASP_VALUE_DEPTH))
		take_u32(d, &n, &seconds);
	s->ttl = seconds & TTL_SECONDS;
	if (clasp_str_is(key, "Absolute"))
		s->ttl |= CLASP_TTL_ABSOLUTE;
	else if (!clasp_str_is(key, "Sliding"))
		ill(d);
}

static void
take_ttl(struct clasp_decoder *d, const struct token *t, void *to)
{
	struct set *m = to;

	m->ttl_number = t->kind == INT;
	if (t->kind == MAP)
		take_ttl_map(d, t, &m->s);
	else if (t->kind == STR && clasp_str_is(t->str, "Never"))
		m->s.ttl = CLASP_TTL_NEVER;
	else {
		take_u32(d, t, &m->s.ttl);
		m->s.ttl &= TTL_SECONDS;
	}
}

static void
get_set(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct set, member)
	static const struct field fields[] = {
		{ "address", take_str, F(s.address), NO_FLAG, REQUIRED },
		{ "value", take_value, F(s.value), NO_FLAG, NIL_IS_VALUE },
		{ "revision", take_u64, F(s.revision), F(s.has_revision),
		    OPTIONAL },
		{ "lock", take_bool, F(s.lock), NO_FLAG, OPTIONAL },
		{ "unlock", take_bool, F(s.unlock), NO_FLAG, OPTIONAL },
		{ "ttl", take_ttl, 0, F(s.has_ttl), OPTIONAL },
		{ "absolute", take_bool, F(absolute), NO_FLAG, OPTIONAL },
	};
#undef F
	struct set m;

	memset(&m, 0, sizeof m);
	TAKE_FIELDS(d, entries, fields, &m);
	/* a plain 0 is "never", absolute or not */
	if (m.ttl_number && m.absolute && m.s.ttl != CLASP_TTL_NEVER)
		m.s.ttl |= CLASP_TTL_ABSOLUTE;
	msg->set = m.s;
}

static void
get_get(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "address", take_str, 0, NO_FLAG, REQUIRED },
	};

	TAKE_FIELDS(d, entries, fields, &msg->get.address);
}

static void
get_query(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "pattern", take_str, 0, NO_FLAG, REQUIRED },
	};

	TAKE_FIELDS(d, entries, fields, &msg->query.pattern);
}

/* -------------------------------------------------- SNAPSHOT, REPLAY */

static void
take_params(struct clasp_decoder *d, const struct token *t, void *to)
{
#define F(member) AT(struct clasp_param, member)
	static const struct field fields[] = {
		{ "address", take_str, F(address), NO_FLAG, REQUIRED },
		{ "value", take_value, F(value), NO_FLAG, NIL_IS_VALUE },
		{ "revision", take_u64, F(revision), NO_FLAG, REQUIRED },
		{ "writer", take_str, F(writer), NO_FLAG, OPTIONAL },
		{ "timestamp", take_u64, F(timestamp_us), F(has_timestamp),
		    OPTIONAL },
	};
#undef F
	uint32_t count = array_count(d, t), i;
	struct clasp_param *list, *p, scratch;
	struct clasp_snapshot *out = to;

	list = clasp_decoder_list(d, count, MIN_PARAM, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_PARAM); i++) {
		p = list ? &list[i] : &scratch;
		memset(p, 0, sizeof *p);
		TAKE_FIELDS(d, next_map(d), fields, p);
	}
	out->count = count;
	out->params = list;
}

static void
get_snapshot(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	static const struct field fields[] = {
		{ "params", take_params, 0, NO_FLAG, REQUIRED },
	};

	TAKE_FIELDS(d, entries, fields, &msg->snapshot);
}

static void
get_replay(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_replay, member)
	static const struct field fields[] = {
		{ "pattern", take_str, F(pattern), NO_FLAG, REQUIRED },
		{ "from", take_u64, F(from_us), F(has_from), OPTIONAL },
		{ "to", take_u64, F(to_us), F(has_to), OPTIONAL },
		{ "limit", take_u32, F(limit), F(has_limit), OPTIONAL },
		{ "types", take_types, F(types), NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->replay);
}

/* ------------------------------------------------------- FEDERATION */

static void
take_op(struct clasp_decoder *d, const struct token *t, void *to)
{
	static const char *const names[] = { "DeclareNamespaces",
	    "RequestSync", "RevisionVector", "SyncComplete" };
	uint8_t *op = to, i;

	*op = 0;
	for (i = 0; t->kind == STR && i < 4; i++)
		if (clasp_str_is(t->str, names[i]))
			*op = CLASP_FEDERATION_DECLARE + i;
	if (*op == 0)
		ill(d);
}

static void
take_patterns(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t count = array_count(d, t), i;
	struct clasp_federation *m = to;
	struct clasp_str *list, s;

	list = clasp_decoder_list(d, count, MIN_VALUE, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_VALUE); i++) {
		s = next_str(d);
		if (list != NULL)
			list[i] = s;
	}
	m->npatterns = count;
	m->patterns = list;
}

static void
take_revisions(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t count = map_count(d, t), i;
	struct clasp_federation *m = to;
	struct clasp_revision *list, *rev, scratch;
	struct token n;

	list = clasp_decoder_list(d, count, MIN_ENTRY, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_ENTRY); i++) {
		rev = list ? &list[i] : &scratch;
		rev->key = next_key(d);
		if (next(d, &n, CLASP_VALUE_DEPTH))
			take_u64(d, &n, &rev->revision);
	}
	if (list != NULL && clasp_decoder_ok(d) && !d->skim)
		count = clasp_msg_unique_revisions(d, list, count);
	m->nrevisions = count;
	m->revisions = list;
}

static void
get_federation(struct clasp_decoder *d, uint32_t entries,
    struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_federation, member)
	static const struct field fields[] = {
		{ "op", take_op, F(op), NO_FLAG, REQUIRED },
		{ "patterns", take_patterns, 0, NO_FLAG, OPTIONAL },
		{ "revisions", take_revisions, 0, NO_FLAG, OPTIONAL },
		{ "since_revision", take_u64, F(since), F(has_since),
		    OPTIONAL },
		{ "origin", take_str, F(origin), NO_FLAG, OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->federation);
}

/* ------------------------------------------------ BUNDLE and the rest */

static void
take_messages(struct clasp_decoder *d, const struct token *t, void *to)
{
	uint32_t count = array_count(d, t), i;
	struct clasp_msg *list, scratch;
	struct clasp_bundle *m = to;

	if (++d->bundles > CLASP_BUNDLE_DEPTH)
		clasp_decoder_fail(d, CLASP_EDEPTH);
	list = clasp_decoder_list(d, count, MIN_MESSAGE, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_MESSAGE); i++)
		clasp_legacy_decode(d, list ? &list[i] : &scratch);
	d->bundles--;
	m->count = count;
	m->messages = list;
}

static void
get_bundle(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_bundle, member)
	static const struct field fields[] = {
		{ "timestamp", take_u64, F(timestamp_us), F(has_timestamp),
		    OPTIONAL },
		{ "messages", take_messages, 0, NO_FLAG, REQUIRED },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->bundle);
}

static void
get_sync(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_sync, member)
	static const struct field fields[] = {
		{ "t1", take_u64, F(t1), NO_FLAG, REQUIRED },
		{ "t2", take_u64, F(t2), F(has_t2), OPTIONAL },
		{ "t3", take_u64, F(t3), F(has_t3), OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->sync);
}

static void
get_ack(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_ack, member)
	static const struct field fields[] = {
		{ "address", take_str, F(address), NO_FLAG, OPTIONAL },
		{ "revision", take_u64, F(revision), F(has_revision),
		    OPTIONAL },
		{ "locked", take_bool, F(locked), F(has_locked), OPTIONAL },
		{ "holder", take_str, F(holder), NO_FLAG, OPTIONAL },
		{ "correlation_id", take_u32, F(correlation),
		    F(has_correlation), OPTIONAL },
		{ "correlationId", take_u32, F(correlation),
		    F(has_correlation), OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->ack);
}

static void
get_error(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
#define F(member) AT(struct clasp_error_msg, member)
	static const struct field fields[] = {
		{ "code", take_u16, F(code), NO_FLAG, REQUIRED },
		{ "message", take_str, F(message), NO_FLAG, REQUIRED },
		{ "address", take_str, F(address), NO_FLAG, OPTIONAL },
		{ "correlation_id", take_u32, F(correlation),
		    F(has_correlation), OPTIONAL },
		{ "correlationId", take_u32, F(correlation),
		    F(has_correlation), OPTIONAL },
	};
#undef F
	TAKE_FIELDS(d, entries, fields, &msg->error);
}

static void
get_nothing(struct clasp_decoder *d, uint32_t entries, struct clasp_msg *msg)
{
	take_fields(d, entries, NULL, 0, msg);
}

/* ------------------------------------------------------------ whole */

static const struct legacy_type {
	const char *name;
	uint8_t	 code;
	void	(*get)(struct clasp_decoder *, uint32_t, struct clasp_msg *);
} types[] = {
	{ "HELLO", CLASP_HELLO, get_hello },
	{ "WELCOME", CLASP_WELCOME, get_welcome },
	{ "ANNOUNCE", CLASP_ANNOUNCE, get_announce },
	{ "FEDERATION_SYNC", CLASP_FEDERATION, get_federation },
	{ "SUBSCRIBE", CLASP_SUBSCRIBE, get_subscribe },
	{ "UNSUBSCRIBE", CLASP_UNSUBSCRIBE, get_unsubscribe },
	{ "PUBLISH", CLASP_PUBLISH, get_publish },
	{ "SET", CLASP_SET, get_set },
	{ "GET", CLASP_GET, get_get },
	{ "SNAPSHOT", CLASP_SNAPSHOT, get_snapshot },
	{ "REPLAY", CLASP_REPLAY, get_replay },
	{ "BUNDLE", CLASP_BUNDLE, get_bundle },
	{ "SYNC", CLASP_SYNC, get_sync },
	{ "PING", CLASP_PING, get_nothing },
	{ "PONG", CLASP_PONG, get_nothing },
	{ "ACK", CLASP_ACK, get_ack },
	{ "ERROR", CLASP_ERROR, get_error },
	{ "QUERY", CLASP_QUERY, get_query },
	{ "RESULT", CLASP_RESULT, get_result },
};

/*
 * Look for the key "type" among the entries and go back to the first.  What
 * stands before it can only be judged by its syntax.
 */
static const struct legacy_type *
find_type(struct clasp_decoder *d, uint32_t entries)
{
	struct clasp_reader first = d->r;
	struct clasp_str name;
	size_t i;

	for (; entries > 0; entries--) {
		if (clasp_str_is(next_key(d), "type"))
			break;
		skip(d, DEPTH_UNTYPED);
		if (!clasp_decoder_ok(d))
			return NULL;
	}
	if (entries == 0) {
		ill(d);
		return NULL;
	}
	name = next_str(d);
	if (!clasp_decoder_ok(d))
		return NULL;
	d->r = first;
	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (clasp_str_is(name, types[i].name))
			return &types[i];
	clasp_decoder_fail(d, CLASP_ELEGACYTYPE);
	return NULL;
}

void
clasp_legacy_decode(struct clasp_decoder *d, struct clasp_msg *msg)
{
	uint32_t entries = next_map(d);
	const struct legacy_type *t;

	if (!clasp_decoder_ok(d))
		return;
	t = find_type(d, entries);
	if (t == NULL)
		return;
	memset(msg, 0, sizeof *msg);
	msg->type = t->code;
	t->get(d, entries, msg);
}
