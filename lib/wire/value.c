/* value.c - a CLASP value in memory, and its bytes. */
#include "wire/value.h"

#include <float.h>
#include <math.h>

#include "base/hash.h"
#include "wire/codec.h"

/* up to this many keys are compared one by one */
#define FEW_KEYS 12

double
clasp_float_widen(uint32_t bits)
{
	float f;

	/* a conversion would make a signalling NaN quiet */
	if ((bits & 0x7f800000) == 0x7f800000)
		return clasp_float_of_bits((uint64_t)(bits >> 31) << 63 |
		    UINT64_C(0x7ff) << 52 | (uint64_t)(bits & 0x7fffff) << 29);
	memcpy(&f, &bits, sizeof f);
	return f;
}

bool
clasp_float_narrow(double v, uint32_t *bits)
{
	uint64_t wide = clasp_float_bits(v);
	float f;

	if ((wide >> 52 & 0x7ff) == 0x7ff)
		*bits = (uint32_t)(wide >> 63) << 31 | 0x7f800000 |
		    (uint32_t)(wide >> 29 & 0x7fffff);
	else if (fabs(v) <= FLT_MAX) {
		f = (float)v;
		memcpy(bits, &f, sizeof f);
	} else
		return false;
	return clasp_float_bits(clasp_float_widen(*bits)) == wide;
}

const struct clasp_value *
clasp_map_get(const struct clasp_value *map, struct clasp_str key)
{
	uint32_t i;

	if (map->type != CLASP_MAP)
		return NULL;
	for (i = 0; i < map->count; i++)
		if (clasp_str_eq(map->entries[i].key, key))
			return &map->entries[i].value;
	return NULL;
}

static bool
items_equal(const struct clasp_value *a, const struct clasp_value *b)
{
	uint32_t i;

	for (i = 0; i < a->count; i++)
		if (!clasp_value_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool
entries_equal(const struct clasp_value *a, const struct clasp_value *b)
{
	uint32_t i;

	for (i = 0; i < a->count; i++)
		if (!clasp_str_eq(a->entries[i].key, b->entries[i].key) ||
		    !clasp_value_equal(&a->entries[i].value,
		    &b->entries[i].value))
			return false;
	return true;
}

bool
clasp_value_equal(const struct clasp_value *a, const struct clasp_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case CLASP_NULL:
		return true;
	case CLASP_BOOL:
		return a->boolean == b->boolean;
	case CLASP_INT:
		return a->integer == b->integer;
	case CLASP_FLOAT:
		return clasp_float_bits(a->number) ==
		    clasp_float_bits(b->number);
	case CLASP_STRING:
	case CLASP_BYTES:
		return clasp_str_eq(a->string, b->string);
	case CLASP_ARRAY:
		return a->count == b->count && items_equal(a, b);
	case CLASP_MAP:
		return a->count == b->count && entries_equal(a, b);
	}
	return false;
}

/* Two integers are subtracted as such: as floats large ones would be equal. */
static bool
number_apart(const struct clasp_value *a, const struct clasp_value *b,
    double epsilon)
{
	bool ints = a->type == CLASP_INT && b->type == CLASP_INT;
	double x, y;

	if (ints)
		return (double)(a->integer > b->integer ?
		    (uint64_t)a->integer - (uint64_t)b->integer :
		    (uint64_t)b->integer - (uint64_t)a->integer) >= epsilon;
	x = a->type == CLASP_INT ? (double)a->integer : a->number;
	y = b->type == CLASP_INT ? (double)b->integer : b->number;
	/* equal infinities have no difference; NaN is never near */
	return x != y && !(fabs(y - x) < epsilon);
}

static bool
is_number(const struct clasp_value *v)
{
	return v->type == CLASP_INT || v->type == CLASP_FLOAT;
}

bool
clasp_value_apart(const struct clasp_value *a, const struct clasp_value *b,
    double epsilon)
{
	uint32_t i;

	if (is_number(a) && is_number(b))
		return number_apart(a, b, epsilon);
	if (a->type != CLASP_ARRAY || b->type != CLASP_ARRAY ||
	    a->count != b->count)
		return true;
	for (i = 0; i < a->count; i++)
		if (clasp_value_apart(&a->items[i], &b->items[i], epsilon))
			return true;
	return false;
}

static int
copy_items(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *items;
	uint32_t i;
	int e;

	items = clasp_arena_alloc(arena, v->count * sizeof *items);
	if (items == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < v->count; i++) {
		e = clasp_value_copy(&v->items[i], arena, &items[i]);
		if (e < 0)
			return e;
	}
	out->items = items;
	return 0;
}

static int
copy_entries(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_entry *entries;
	uint32_t i;
	int e;

	entries = clasp_arena_alloc(arena, v->count * sizeof *entries);
	if (entries == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < v->count; i++) {
		entries[i].key = clasp_arena_dup(arena, v->entries[i].key);
		if (entries[i].key.p == NULL)
			return CLASP_ENOMEM;
		e = clasp_value_copy(&v->entries[i].value, arena,
		    &entries[i].value);
		if (e < 0)
			return e;
	}
	out->entries = entries;
	return 0;
}

int
clasp_value_copy(const struct clasp_value *v, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value copy = *v;
	int e = 0;

	if (v->type == CLASP_STRING || v->type == CLASP_BYTES) {
		copy.string = clasp_arena_dup(arena, v->string);
		if (copy.string.p == NULL)
			e = CLASP_ENOMEM;
	} else if (v->type == CLASP_ARRAY && v->count > 0)
		e = copy_items(v, arena, &copy);
	else if (v->type == CLASP_MAP && v->count > 0)
		e = copy_entries(v, arena, &copy);
	if (e == 0)
		*out = copy;
	return e;
}

/* ------------------------------------------------------------- writing */

uint8_t
clasp_value_code(const struct clasp_value *v)
{
	static const uint8_t codes[] = {
		[CLASP_NULL] = CLASP_CODE_NULL,
		[CLASP_BOOL] = CLASP_CODE_BOOL,
		[CLASP_INT] = CLASP_CODE_I64,
		[CLASP_FLOAT] = CLASP_CODE_F64,
		[CLASP_STRING] = CLASP_CODE_STRING,
		[CLASP_BYTES] = CLASP_CODE_BYTES,
		[CLASP_ARRAY] = CLASP_CODE_ARRAY,
		[CLASP_MAP] = CLASP_CODE_MAP,
	};

	if (v->narrow && (v->type == CLASP_INT || v->type == CLASP_FLOAT))
		return v->narrow;
	return v->type <= CLASP_MAP ? codes[v->type] : CLASP_CODE_NULL;
}

static void
put_integer(struct clasp_encoder *e, const struct clasp_value *v)
{
	int64_t i = v->integer;

	if (v->narrow == 0 || v->narrow == CLASP_CODE_I64)
		clasp_put_u64(&e->w, (uint64_t)i);
	else if (v->narrow == CLASP_CODE_I8 && i == (int8_t)i)
		clasp_put_u8(&e->w, (uint8_t)i);
	else if (v->narrow == CLASP_CODE_I16 && i == (int16_t)i)
		clasp_put_u16(&e->w, (uint16_t)i);
	else if (v->narrow == CLASP_CODE_I32 && i == (int32_t)i)
		clasp_put_u32(&e->w, (uint32_t)i);
	else
		clasp_encoder_fail(e, CLASP_EINVAL);
}

static void
put_number(struct clasp_encoder *e, const struct clasp_value *v)
{
	uint32_t bits;

	if (v->narrow == 0 || v->narrow == CLASP_CODE_F64)
		clasp_put_u64(&e->w, clasp_float_bits(v->number));
	else if (v->narrow == CLASP_CODE_F32 &&
	    clasp_float_narrow(v->number, &bits))
		clasp_put_u32(&e->w, bits);
	else
		clasp_encoder_fail(e, CLASP_EINVAL);
}

static void
put_blob(struct clasp_encoder *e, struct clasp_str s)
{
	if (s.len > CLASP_COUNT_MAX)
		clasp_encoder_fail(e, CLASP_ETOOBIG);
	clasp_put_u16(&e->w, (uint16_t)s.len);
	clasp_put_bytes(&e->w, s.p, s.len);
}

static void
put_container(struct clasp_encoder *e, const struct clasp_value *v,
    unsigned depth)
{
	const struct clasp_value *item;
	uint32_t i;

	if (depth >= CLASP_VALUE_DEPTH) {
		clasp_encoder_fail(e, CLASP_EDEPTH);
		return;
	}
	clasp_encoder_count(e, v->count);
	for (i = 0; i < v->count && e->error == 0 && !e->w.full; i++) {
		item = &v->items[i];
		if (v->type == CLASP_MAP) {
			clasp_encoder_str(e, v->entries[i].key);
			item = &v->entries[i].value;
		}
		clasp_put_u8(&e->w, clasp_value_code(item));
		clasp_encoder_value(e, item, depth + 1);
	}
}

void
clasp_encoder_value(struct clasp_encoder *e, const struct clasp_value *v,
    unsigned depth)
{
	switch (v->type) {
	case CLASP_NULL:
		break;
	case CLASP_BOOL:
		clasp_put_u8(&e->w, v->boolean);
		break;
	case CLASP_INT:
		put_integer(e, v);
		break;
	case CLASP_FLOAT:
		put_number(e, v);
		break;
	case CLASP_STRING:
		clasp_encoder_str(e, v->string);
		break;
	case CLASP_BYTES:
		put_blob(e, v->string);
		break;
	case CLASP_ARRAY:
	case CLASP_MAP:
		put_container(e, v, depth);
		break;
	default:
		clasp_encoder_fail(e, CLASP_EINVAL);
	}
}

int
clasp_value_put(struct clasp_writer *w, const struct clasp_value *v)
{
	struct clasp_encoder e = { .w = *w };

	/* an integer and a float are the same eight bytes */
	if ((v->type == CLASP_FLOAT || v->type == CLASP_INT) &&
	    v->narrow == 0) {
		clasp_put_u64(w, (uint64_t)v->integer);
		return 0;
	}
	clasp_encoder_value(&e, v, 0);
	*w = e.w;
	return e.error;
}

size_t
clasp_value_size(const struct clasp_value *v)
{
	static const uint8_t fixed[] = {
		[CLASP_CODE_BOOL] = 1, [CLASP_CODE_I8] = 1,
		[CLASP_CODE_I16] = 2, [CLASP_CODE_I32] = 4,
		[CLASP_CODE_I64] = 8, [CLASP_CODE_F32] = 4,
		[CLASP_CODE_F64] = 8,
	};
	uint8_t code = clasp_value_code(v);
	size_t size = 2;
	uint32_t i;

	if (code < sizeof fixed)
		return fixed[code];
	if (v->type == CLASP_STRING || v->type == CLASP_BYTES)
		return size + v->string.len;
	for (i = 0; v->type == CLASP_ARRAY && i < v->count; i++)
		size += 1 + clasp_value_size(&v->items[i]);
	for (i = 0; v->type == CLASP_MAP && i < v->count; i++)
		size += 3 + v->entries[i].key.len +
		    clasp_value_size(&v->entries[i].value);
	return size;
}

/* ------------------------------------------------------------- reading */

void *
clasp_decoder_list(struct clasp_decoder *d, size_t count, size_t min,
    size_t size)
{
	size_t need = count * min;
	void *list;

	if (clasp_reader_left(&d->r) < d->owed + need)
		d->skim = true;
	d->owed += need;
	if (count == 0 || d->skim || !clasp_decoder_ok(d))
		return NULL;
	list = clasp_arena_alloc(d->arena, count * size);
	if (list == NULL)
		clasp_decoder_fail(d, CLASP_ENOMEM);
	return list;
}

/* The same for many keys: a table of places, each entry's number plus one. */
static uint32_t
unique_among_many(struct clasp_decoder *d, struct clasp_entry *entries,
    uint32_t count)
{
	uint32_t cap = 32, kept = 0, i, at;
	uint16_t *table;

	while (cap < count * 2)
		cap *= 2;
	table = clasp_arena_alloc(d->arena, cap * sizeof *table);
	if (table == NULL) {
		clasp_decoder_fail(d, CLASP_ENOMEM);
		return count;
	}
	memset(table, 0, cap * sizeof *table);
	for (i = 0; i < count; i++) {
		at = (uint32_t)clasp_hash(entries[i].key) & (cap - 1);
		while (table[at] != 0 && !clasp_str_eq(entries[i].key,
		    entries[table[at] - 1].key))
			at = (at + 1) & (cap - 1);
		if (table[at] != 0) {
			entries[table[at] - 1].value = entries[i].value;
			continue;
		}
		entries[kept++] = entries[i];
		table[at] = (uint16_t)kept;
	}
	return kept;
}

uint32_t
clasp_decoder_unique(struct clasp_decoder *d, struct clasp_entry *entries,
    uint32_t count)
{
	uint32_t kept = 0, i, j;

	if (count > FEW_KEYS)
		return unique_among_many(d, entries, count);
	for (i = 0; i < count; i++) {
		for (j = 0; j < kept; j++)
			if (clasp_str_eq(entries[i].key, entries[j].key))
				break;
		if (j < kept)
			entries[j].value = entries[i].value;
		else
			entries[kept++] = entries[i];
	}
	return kept;
}

static void
get_array(struct clasp_decoder *d, unsigned depth, struct clasp_value *out)
{
	uint32_t count = clasp_decoder_count(d, 1), i;
	struct clasp_value *items, scratch;

	items = clasp_decoder_list(d, count, 1, sizeof *items);
	for (i = 0; i < count && clasp_decoder_item(d, 1); i++)
		clasp_decoder_value(d, clasp_get_u8(&d->r), depth,
		    items ? &items[i] : &scratch);
	*out = clasp_array(items, count);
}

static void
get_map(struct clasp_decoder *d, unsigned depth, struct clasp_value *out)
{
	uint32_t count = clasp_decoder_count(d, 3), i;
	struct clasp_entry *entries, *e, scratch;

	entries = clasp_decoder_list(d, count, 3, sizeof *entries);
	for (i = 0; i < count && clasp_decoder_item(d, 3); i++) {
		e = entries ? &entries[i] : &scratch;
		e->key = clasp_decoder_str(d);
		clasp_decoder_value(d, clasp_get_u8(&d->r), depth, &e->value);
	}
	if (entries != NULL && clasp_decoder_ok(d) && !d->skim)
		count = clasp_decoder_unique(d, entries, count);
	*out = clasp_map(entries, count);
}

static void
get_blob(struct clasp_decoder *d, struct clasp_value *out)
{
	size_t n = clasp_get_u16(&d->r);
	const uint8_t *p = clasp_get_bytes(&d->r, n);

	*out = clasp_bytes(clasp_str_of((const char *)p, p ? n : 0));
}

void
clasp_decoder_value(struct clasp_decoder *d, uint8_t code, unsigned depth,
    struct clasp_value *out)
{
	switch (code) {
	case CLASP_CODE_NULL:
		*out = clasp_null();
		break;
	case CLASP_CODE_BOOL:
		*out = clasp_bool(clasp_get_u8(&d->r) != 0);
		break;
	case CLASP_CODE_I8:
		*out = clasp_int((int8_t)clasp_get_u8(&d->r));
		break;
	case CLASP_CODE_I16:
		*out = clasp_int((int16_t)clasp_get_u16(&d->r));
		break;
	case CLASP_CODE_I32:
		*out = clasp_int((int32_t)clasp_get_u32(&d->r));
		break;
	case CLASP_CODE_I64:
		*out = clasp_int((int64_t)clasp_get_u64(&d->r));
		break;
	case CLASP_CODE_F32:
		*out = clasp_float(clasp_float_widen(clasp_get_u32(&d->r)));
		break;
	case CLASP_CODE_F64:
		*out = clasp_float(clasp_float_of_bits(clasp_get_u64(&d->r)));
		break;
	case CLASP_CODE_STRING:
		*out = clasp_string(clasp_decoder_str(d));
		break;
	case CLASP_CODE_BYTES:
		get_blob(d, out);
		break;
	case CLASP_CODE_ARRAY:
	case CLASP_CODE_MAP:
		if (depth >= CLASP_VALUE_DEPTH)
			clasp_decoder_fail(d, CLASP_EDEPTH);
		else if (code == CLASP_CODE_ARRAY)
			get_array(d, depth + 1, out);
		else
			get_map(d, depth + 1, out);
		break;
	default:
		clasp_decoder_fail(d, CLASP_EVALUETYPE);
	}
	if ((d->flags & CLASP_DECODE_EXACT) && code >= CLASP_CODE_I8 &&
	    code <= CLASP_CODE_F32 && code != CLASP_CODE_I64)
		out->narrow = code;
}

int
clasp_value_get(struct clasp_reader *r, uint8_t code,
    struct clasp_arena *arena, unsigned flags, struct clasp_value *out)
{
	struct clasp_decoder d = clasp_decoder_on(r->p,
	    clasp_reader_left(r), arena, flags);
	struct clasp_value v = clasp_null();
	int e;

	d.r.truncated = r->truncated;
	clasp_decoder_value(&d, code, 0, &v);
	*r = d.r;
	e = clasp_decoder_end(&d);
	if (e == 0)
		*out = v;
	return e;
}
