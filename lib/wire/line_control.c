/*
 * line_control.c - the messages that are no signals as maps of plain values.
 *
 * One table a message says which member is under which key; the same table
 * writes and reads.  Keys stand in the order of their bytes, so that what is
 * written is sorted.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "wire/line_parts.h"

enum field_kind {
	F_U8, F_U16, F_U32, F_U64, F_BOOL, F_DOUBLE,
	F_STRING,
	F_TOKEN,	/* a string that is absent when empty */
	F_VALUE,
	F_RANGE,	/* two doubles */
	F_FEATURES, F_TYPES, F_OP, F_KIND,
	F_STRINGS,	/* array of strings */
	F_REVISIONS,	/* array of [key, revision] */
	F_LIST,		/* array of maps, each by the table `sub` */
	F_OBJECT	/* a map by the table `sub`, same struct */
};

struct field {
	const char	*name;
	uint8_t		 kind;
	bool		 needed;	/* must be there when read */
	bool		 may_lack;	/* a string that is absent as NULL */
	uint16_t	 at;		/* offset of the member */
	uint16_t	 has;		/* 1 + offset of its flag; 0: none */
	uint16_t	 count;		/* lists: offset of the number */
	uint16_t	 size;		/* F_LIST: bytes of one item */
	const struct field *sub;
};

#define AT(type, member)	.at = offsetof(struct type, member)
#define HAS(type, member)	.has = offsetof(struct type, member) + 1
#define NEEDED			.needed = true
#define MAY_LACK		.may_lack = true
#define LIST(type, number, item) .count = offsetof(struct type, number), \
				.size = sizeof(struct item)
#define END			{ .name = NULL }

static const struct field hello[] = {
	{ "features", F_FEATURES, AT(clasp_hello, features) },
	{ "name", F_STRING, NEEDED, AT(clasp_hello, name) },
	{ "token", F_TOKEN, AT(clasp_hello, token) },
	{ "version", F_U8, NEEDED, AT(clasp_hello, version) },
	END
};

static const struct field welcome[] = {
	{ "features", F_FEATURES, AT(clasp_welcome, features) },
	{ "name", F_STRING, NEEDED, AT(clasp_welcome, name) },
	{ "session", F_STRING, NEEDED, AT(clasp_welcome, session) },
	{ "time", F_U64, NEEDED, AT(clasp_welcome, time_us) },
	{ "token", F_TOKEN, AT(clasp_welcome, token) },
	{ "version", F_U8, NEEDED, AT(clasp_welcome, version) },
	END
};

static const struct field meta[] = {
	{ "default", F_VALUE, AT(clasp_signal, def),
	    HAS(clasp_signal, has_default) },
	{ "description", F_STRING, MAY_LACK, AT(clasp_signal, description) },
	{ "range", F_RANGE, AT(clasp_signal, min),
	    HAS(clasp_signal, has_range) },
	{ "unit", F_STRING, MAY_LACK, AT(clasp_signal, unit) },
	END
};

static const struct field signal_with_meta[] = {
	{ "access", F_STRING, MAY_LACK, AT(clasp_signal, access) },
	{ "address", F_STRING, NEEDED, AT(clasp_signal, address) },
	{ "datatype", F_STRING, MAY_LACK, AT(clasp_signal, datatype) },
	{ "meta", F_OBJECT, HAS(clasp_signal, has_meta), .sub = meta },
	{ "signal", F_KIND, NEEDED, AT(clasp_signal, kind) },
	END
};

static const struct field signal_alone[] = {
	{ "access", F_STRING, MAY_LACK, AT(clasp_signal, access) },
	{ "address", F_STRING, NEEDED, AT(clasp_signal, address) },
	{ "datatype", F_STRING, MAY_LACK, AT(clasp_signal, datatype) },
	{ "signal", F_KIND, NEEDED, AT(clasp_signal, kind) },
	END
};

static const struct field announce[] = {
	{ "namespace", F_STRING, NEEDED, AT(clasp_announce, namespace_) },
	{ "signals", F_LIST, AT(clasp_announce, signals),
	    LIST(clasp_announce, count, clasp_signal),
	    .sub = signal_with_meta },
	END
};

static const struct field result[] = {
	{ "signals", F_LIST, AT(clasp_result, signals),
	    LIST(clasp_result, count, clasp_signal), .sub = signal_alone },
	END
};

static const struct field federation[] = {
	{ "op", F_OP, NEEDED, AT(clasp_federation, op) },
	{ "origin", F_STRING, MAY_LACK, AT(clasp_federation, origin) },
	{ "patterns", F_STRINGS, AT(clasp_federation, patterns),
	    LIST(clasp_federation, npatterns, clasp_str) },
	{ "revisions", F_REVISIONS, AT(clasp_federation, revisions),
	    LIST(clasp_federation, nrevisions, clasp_revision) },
	{ "since_revision", F_U64, AT(clasp_federation, since),
	    HAS(clasp_federation, has_since) },
	END
};

static const struct field options[] = {
	{ "epsilon", F_DOUBLE, AT(clasp_subscribe, epsilon),
	    HAS(clasp_subscribe, has_epsilon) },
	{ "history", F_U32, AT(clasp_subscribe, history),
	    HAS(clasp_subscribe, has_history) },
	{ "max_rate", F_U32, AT(clasp_subscribe, max_rate),
	    HAS(clasp_subscribe, has_max_rate) },
	{ "window", F_U32, AT(clasp_subscribe, window),
	    HAS(clasp_subscribe, has_window) },
	END
};

static const struct field subscribe[] = {
	{ "id", F_U32, NEEDED, AT(clasp_subscribe, id) },
	{ "options", F_OBJECT, .sub = options },
	{ "pattern", F_STRING, NEEDED, AT(clasp_subscribe, pattern) },
	{ "types", F_TYPES, AT(clasp_subscribe, types) },
	END
};

static const struct field unsubscribe[] = {
	{ "id", F_U32, NEEDED, AT(clasp_unsubscribe, id) },
	END
};

static const struct field get[] = {
	{ "address", F_STRING, NEEDED, AT(clasp_get, address) },
	END
};

static const struct field query[] = {
	{ "pattern", F_STRING, NEEDED, AT(clasp_query, pattern) },
	END
};

static const struct field param[] = {
	{ "address", F_STRING, NEEDED, AT(clasp_param, address) },
	{ "revision", F_U64, NEEDED, AT(clasp_param, revision) },
	{ "timestamp", F_U64, AT(clasp_param, timestamp_us),
	    HAS(clasp_param, has_timestamp) },
	{ "value", F_VALUE, NEEDED, AT(clasp_param, value) },
	{ "writer", F_STRING, MAY_LACK, AT(clasp_param, writer) },
	END
};

static const struct field snapshot[] = {
	{ "params", F_LIST, AT(clasp_snapshot, params),
	    LIST(clasp_snapshot, count, clasp_param), .sub = param },
	END
};

static const struct field replay[] = {
	{ "from", F_U64, AT(clasp_replay, from_us),
	    HAS(clasp_replay, has_from) },
	{ "limit", F_U32, AT(clasp_replay, limit),
	    HAS(clasp_replay, has_limit) },
	{ "pattern", F_STRING, NEEDED, AT(clasp_replay, pattern) },
	{ "to", F_U64, AT(clasp_replay, to_us), HAS(clasp_replay, has_to) },
	{ "types", F_TYPES, AT(clasp_replay, types) },
	END
};

static const struct field sync[] = {
	{ "t1", F_U64, NEEDED, AT(clasp_sync, t1) },
	{ "t2", F_U64, AT(clasp_sync, t2), HAS(clasp_sync, has_t2) },
	{ "t3", F_U64, AT(clasp_sync, t3), HAS(clasp_sync, has_t3) },
	END
};

static const struct field ack[] = {
	{ "address", F_STRING, MAY_LACK, AT(clasp_ack, address) },
	{ "correlation_id", F_U32, AT(clasp_ack, correlation),
	    HAS(clasp_ack, has_correlation) },
	{ "holder", F_STRING, MAY_LACK, AT(clasp_ack, holder) },
	{ "locked", F_BOOL, AT(clasp_ack, locked),
	    HAS(clasp_ack, has_locked) },
	{ "revision", F_U64, AT(clasp_ack, revision),
	    HAS(clasp_ack, has_revision) },
	END
};

static const struct field error[] = {
	{ "address", F_STRING, MAY_LACK, AT(clasp_error_msg, address) },
	{ "code", F_U16, NEEDED, AT(clasp_error_msg, code) },
	{ "correlation_id", F_U32, AT(clasp_error_msg, correlation),
	    HAS(clasp_error_msg, has_correlation) },
	{ "message", F_STRING, NEEDED, AT(clasp_error_msg, message) },
	END
};

static const struct field nothing[] = { END };

static const struct field *
fields_of(uint8_t type)
{
	switch ((enum clasp_msg_type)type) {
	case CLASP_HELLO:	return hello;
	case CLASP_WELCOME:	return welcome;
	case CLASP_ANNOUNCE:	return announce;
	case CLASP_FEDERATION:	return federation;
	case CLASP_SUBSCRIBE:	return subscribe;
	case CLASP_UNSUBSCRIBE:	return unsubscribe;
	case CLASP_GET:		return get;
	case CLASP_SNAPSHOT:	return snapshot;
	case CLASP_REPLAY:	return replay;
	case CLASP_SYNC:	return sync;
	case CLASP_PING:	return nothing;
	case CLASP_PONG:	return nothing;
	case CLASP_ACK:		return ack;
	case CLASP_ERROR:	return error;
	case CLASP_QUERY:	return query;
	case CLASP_RESULT:	return result;
	default:		return NULL;
	}
}

/* Names of bits, in the order in which they are written. */
struct bit {
	const char	*name;
	uint8_t		 bit;
};

static const struct bit features[] = {
	{ "param", CLASP_FEATURE_PARAM }, { "event", CLASP_FEATURE_EVENT },
	{ "stream", CLASP_FEATURE_STREAM },
	{ "gesture", CLASP_FEATURE_GESTURE },
	{ "timeline", CLASP_FEATURE_TIMELINE },
	{ "federation", CLASP_FEATURE_FEDERATION },
	{ "nostate", CLASP_FEATURE_NOSTATE }, { NULL, 0 }
};

static const struct bit types[] = {
	{ "param", 1 << CLASP_PARAM }, { "event", 1 << CLASP_EVENT },
	{ "stream", 1 << CLASP_STREAM }, { "gesture", 1 << CLASP_GESTURE },
	{ "timeline", 1 << CLASP_TIMELINE }, { NULL, 0 }
};

static const struct bit ops[] = {
	{ "declare_namespaces", CLASP_FEDERATION_DECLARE },
	{ "request_sync", CLASP_FEDERATION_REQUEST },
	{ "revision_vector", CLASP_FEDERATION_REVISIONS },
	{ "sync_complete", CLASP_FEDERATION_COMPLETE }, { NULL, 0 }
};

/* ------------------------------------------------------------- writing */

static int	fields_out(const struct field *fields, const void *from,
	    struct clasp_arena *arena, struct clasp_value *out);

static struct clasp_value
u64_value(uint64_t v)
{
	struct clasp_value out = clasp_int((int64_t)v);

	if (v > INT64_MAX)
		out.narrow = CLASP_NARROW_U64;
	return out;
}

static int
bits_out(const struct bit *names, uint8_t mask, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *items = clasp_arena_alloc(arena,
	    8 * sizeof *items);
	uint32_t n = 0;

	if (items == NULL)
		return CLASP_ENOMEM;
	for (; names->name != NULL; names++)
		if (mask & names->bit)
			items[n++] = clasp_string(clasp_str_c(names->name));
	*out = clasp_array(items, n);
	return 0;
}

static struct clasp_value
op_out(uint8_t op)
{
	const struct bit *b;

	for (b = ops; b->name != NULL; b++)
		if (b->bit == op)
			return clasp_string(clasp_str_c(b->name));
	return clasp_null();
}

static int
list_out(const struct field *f, const uint8_t *base,
    struct clasp_arena *arena, struct clasp_value *out)
{
	const uint8_t *from = *(const uint8_t *const *)(base + f->at);
	uint32_t i, count = *(const uint32_t *)(base + f->count);
	struct clasp_value *items, *pair;
	int e;

	items = clasp_arena_alloc(arena, count * sizeof *items);
	if (items == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < count; i++, from += f->size) {
		if (f->kind == F_STRINGS) {
			items[i] = clasp_string(*(const struct clasp_str *)
			    from);
			continue;
		}
		if (f->kind == F_REVISIONS) {
			const struct clasp_revision *r = (const void *)from;

			pair = clasp_arena_alloc(arena, 2 * sizeof *pair);
			if (pair == NULL)
				return CLASP_ENOMEM;
			pair[0] = clasp_string(r->key);
			pair[1] = u64_value(r->revision);
			items[i] = clasp_array(pair, 2);
			continue;
		}
		e = fields_out(f->sub, from, arena, &items[i]);
		if (e < 0)
			return e;
	}
	*out = clasp_array(items, count);
	return 0;
}

static int
range_out(const double *range, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *items = clasp_arena_alloc(arena,
	    2 * sizeof *items);

	if (items == NULL)
		return CLASP_ENOMEM;
	items[0] = clasp_float(range[0]);
	items[1] = clasp_float(range[1]);
	*out = clasp_array(items, 2);
	return 0;
}

/* 1: the field is absent. */
static int
field_out(const struct field *f, const uint8_t *base,
    struct clasp_arena *arena, struct clasp_value *out)
{
	const uint8_t *at = base + f->at;
	int e;

	if (f->has && !*(const bool *)(base + f->has - 1))
		return 1;
	switch ((enum field_kind)f->kind) {
	case F_U8:
		*out = clasp_int(*at);
		return 0;
	case F_U16:
		*out = clasp_int(*(const uint16_t *)(const void *)at);
		return 0;
	case F_U32:
		*out = clasp_int(*(const uint32_t *)(const void *)at);
		return 0;
	case F_U64:
		*out = u64_value(*(const uint64_t *)(const void *)at);
		return 0;
	case F_BOOL:
		*out = clasp_bool(*(const bool *)at);
		return 0;
	case F_DOUBLE:
		*out = clasp_float(*(const double *)(const void *)at);
		return 0;
	case F_STRING:
	case F_TOKEN:
		*out = clasp_string(*(const struct clasp_str *)
		    (const void *)at);
		return f->kind == F_TOKEN ? out->string.len == 0 :
		    f->may_lack && out->string.p == NULL;
	case F_VALUE:
		*out = *(const struct clasp_value *)(const void *)at;
		return 0;
	case F_RANGE:
		return range_out((const void *)at, arena, out);
	case F_FEATURES:
		return bits_out(features, *at, arena, out);
	case F_TYPES:
		return *at == CLASP_TYPES_ALL ? 1 :
		    bits_out(types, *at, arena, out);
	case F_OP:
		*out = op_out(*at);
		return 0;
	case F_KIND:
		*out = clasp_string(clasp_str_c(clasp_kind_name(*at)));
		return 0;
	case F_STRINGS:
	case F_REVISIONS:
	case F_LIST:
		return list_out(f, base, arena, out);
	case F_OBJECT:
		e = fields_out(f->sub, base, arena, out);
		/* without a flag of its own it is absent when empty */
		return e < 0 ? e : !f->has && out->count == 0;
	}
	return CLASP_EINVAL;
}

static int
fields_out(const struct field *fields, const void *from,
    struct clasp_arena *arena, struct clasp_value *out)
{
	const struct field *f;
	struct clasp_entry *entries;
	uint32_t n = 0;
	int e;

	for (f = fields; f->name != NULL; f++)
		n++;
	entries = clasp_arena_alloc(arena, n * sizeof *entries);
	if (entries == NULL)
		return CLASP_ENOMEM;
	for (n = 0, f = fields; f->name != NULL; f++) {
		e = field_out(f, from, arena, &entries[n].value);
		if (e < 0)
			return e;
		if (e == 0)
			entries[n++].key = clasp_str_c(f->name);
	}
	*out = clasp_map(entries, n);
	return 0;
}

int
clasp_control_fields(const struct clasp_msg *msg, struct clasp_arena *arena,
    struct clasp_value *out)
{
	const struct field *fields = fields_of(msg->type);

	return fields == NULL ? CLASP_EINVAL :
	    fields_out(fields, &msg->hello, arena, out);
}

/* ------------------------------------------------------------- reading */

struct reading {
	struct clasp_arena *arena;
	char		*room;		/* for what is wrong */
	size_t		 room_len;
};

static int	fields_in(struct reading *r, const struct field *fields,
	    const struct clasp_value *map, void *to);

static int __attribute__((format(printf, 3, 4)))
wrong(struct reading *r, int error_code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->room, r->room_len, format, ap);
	va_end(ap);
	return error_code;
}

static int
bad_type(struct reading *r, const struct field *f, const char *want)
{
	return wrong(r, CLASP_ESYNTAX, "%s must be %s", f->name, want);
}

static int
uint_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, uint64_t max, uint64_t *out)
{
	if (v->type != CLASP_INT)
		return bad_type(r, f, "an int");
	*out = (uint64_t)v->integer;
	if ((v->integer < 0 && v->narrow != CLASP_NARROW_U64) || *out > max)
		return wrong(r, CLASP_ERANGE, "%s is out of range", f->name);
	return 0;
}

static bool
double_in(const struct clasp_value *v, double *out)
{
	if (v->type == CLASP_FLOAT)
		*out = v->number;
	else if (v->type == CLASP_INT && v->narrow == 0)
		*out = (double)v->integer;
	else
		return false;
	return true;
}

static int
bits_in(struct reading *r, const struct field *f, const struct bit *names,
    const struct clasp_value *v, uint8_t *mask)
{
	const struct bit *b;
	uint32_t i;

	if (v->type != CLASP_ARRAY)
		return bad_type(r, f, "an array of names");
	*mask = 0;
	for (i = 0; i < v->count; i++) {
		for (b = names; b->name != NULL; b++)
			if (v->items[i].type == CLASP_STRING &&
			    clasp_str_is(v->items[i].string, b->name))
				break;
		if (b->name == NULL)
			return wrong(r, CLASP_ESYNTAX,
			    "%s has an unknown name", f->name);
		*mask |= b->bit;
	}
	return 0;
}

static int
op_in(struct reading *r, const struct field *f, const struct clasp_value *v,
    uint8_t *op)
{
	struct clasp_value list = clasp_array(v, 1);

	return bits_in(r, f, ops, &list, op);
}

static int
kind_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, uint8_t *out)
{
	int kind = v->type == CLASP_STRING ?
	    clasp_kind_by_name(v->string) : -1;

	if (kind < 0)
		return bad_type(r, f, "the name of a kind");
	*out = (uint8_t)kind;
	return 0;
}

/* Ints beyond 63 bits are for fields, not for values. */
static bool
value_ok(const struct clasp_value *v)
{
	uint32_t i;

	if (v->type == CLASP_INT)
		return v->narrow != CLASP_NARROW_U64;
	if (v->type == CLASP_ARRAY)
		for (i = 0; i < v->count; i++)
			if (!value_ok(&v->items[i]))
				return false;
	if (v->type == CLASP_MAP)
		for (i = 0; i < v->count; i++)
			if (!value_ok(&v->entries[i].value))
				return false;
	return true;
}

static int
revision_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, struct clasp_revision *out)
{
	if (v->type != CLASP_ARRAY || v->count != 2 ||
	    v->items[0].type != CLASP_STRING)
		return bad_type(r, f, "an array of [key,revision]");
	out->key = v->items[0].string;
	return uint_in(r, f, &v->items[1], UINT64_MAX, &out->revision);
}

static int
list_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, uint8_t *base)
{
	uint8_t *to;
	uint32_t i;
	int e = 0;

	if (v->type != CLASP_ARRAY)
		return bad_type(r, f, "an array");
	to = clasp_arena_alloc(r->arena, (size_t)v->count * f->size);
	if (to == NULL)
		return wrong(r, CLASP_ENOMEM, "too large");
	memset(to, 0, (size_t)v->count * f->size);
	memcpy(base + f->at, &to, sizeof to);
	memcpy(base + f->count, &v->count, sizeof v->count);
	for (i = 0; i < v->count && e == 0; i++, to += f->size) {
		if (f->kind == F_LIST)
			e = fields_in(r, f->sub, &v->items[i], to);
		else if (f->kind == F_REVISIONS)
			e = revision_in(r, f, &v->items[i], (void *)to);
		else if (v->items[i].type != CLASP_STRING)
			e = bad_type(r, f, "an array of strings");
		else
			memcpy(to, &v->items[i].string,
			    sizeof v->items[i].string);
	}
	return e;
}

static int
range_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, double *range)
{
	if (v->type != CLASP_ARRAY || v->count != 2 ||
	    !double_in(&v->items[0], &range[0]) ||
	    !double_in(&v->items[1], &range[1]))
		return bad_type(r, f, "an array of two numbers");
	return 0;
}

static int
number_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, uint8_t *at)
{
	static const uint64_t max[] = {
		[F_U8] = UINT8_MAX, [F_U16] = UINT16_MAX,
		[F_U32] = UINT32_MAX, [F_U64] = UINT64_MAX
	};
	uint64_t u = 0;
	uint32_t u32;
	uint16_t u16;
	int e = uint_in(r, f, v, max[f->kind], &u);

	if (e < 0)
		return e;
	u32 = (uint32_t)u;
	u16 = (uint16_t)u;
	switch (f->kind) {
	case F_U8:
		*at = (uint8_t)u;
		break;
	case F_U16:
		memcpy(at, &u16, sizeof u16);
		break;
	case F_U32:
		memcpy(at, &u32, sizeof u32);
		break;
	default:
		memcpy(at, &u, sizeof u);
		break;
	}
	return 0;
}

static int
field_in(struct reading *r, const struct field *f,
    const struct clasp_value *v, uint8_t *base)
{
	uint8_t *at = base + f->at;
	bool yes = true;

	if (f->has)
		memcpy(base + f->has - 1, &yes, sizeof yes);
	switch ((enum field_kind)f->kind) {
	case F_U8:
	case F_U16:
	case F_U32:
	case F_U64:
		return number_in(r, f, v, at);
	case F_BOOL:
		if (v->type != CLASP_BOOL)
			return bad_type(r, f, "true or false");
		memcpy(at, &v->boolean, sizeof v->boolean);
		return 0;
	case F_DOUBLE:
		return double_in(v, (void *)at) ? 0 :
		    bad_type(r, f, "a number");
	case F_STRING:
	case F_TOKEN:
		if (v->type != CLASP_STRING)
			return bad_type(r, f, "a string");
		memcpy(at, &v->string, sizeof v->string);
		return 0;
	case F_VALUE:
		if (!value_ok(v))
			return wrong(r, CLASP_ERANGE,
			    "an int does not fit in 64 bits");
		memcpy(at, v, sizeof *v);
		return 0;
	case F_RANGE:
		return range_in(r, f, v, (void *)at);
	case F_FEATURES:
		return bits_in(r, f, features, v, at);
	case F_TYPES:
		return bits_in(r, f, types, v, at);
	case F_OP:
		return op_in(r, f, v, at);
	case F_KIND:
		return kind_in(r, f, v, at);
	case F_STRINGS:
	case F_REVISIONS:
	case F_LIST:
		return list_in(r, f, v, base);
	case F_OBJECT:
		return fields_in(r, f->sub, v, base);
	}
	return CLASP_EINVAL;
}

static const struct field *
find_field(const struct field *fields, struct clasp_str key)
{
	for (; fields->name != NULL; fields++)
		if (clasp_str_is(key, fields->name))
			return fields;
	return NULL;
}

static int
fields_in(struct reading *r, const struct field *fields,
    const struct clasp_value *map, void *to)
{
	const struct field *f;
	uint32_t i;
	int e;

	if (map->type != CLASP_MAP)
		return wrong(r, CLASP_ESYNTAX, "an object belongs here");
	for (i = 0; i < map->count; i++) {
		struct clasp_str key = map->entries[i].key;

		f = find_field(fields, key);
		if (f == NULL)
			return wrong(r, CLASP_ESYNTAX, "no such field: %.*s",
			    (int)(key.len < 40 ? key.len : 40), key.p);
		e = field_in(r, f, &map->entries[i].value, to);
		if (e < 0)
			return e;
	}
	for (f = fields; f->name != NULL; f++)
		if (f->needed && clasp_map_get(map,
		    clasp_str_c(f->name)) == NULL)
			return wrong(r, CLASP_ESYNTAX, "%s is missing",
			    f->name);
	return 0;
}

int
clasp_control_msg(uint8_t type, const struct clasp_value *fields,
    struct clasp_arena *arena, struct clasp_msg *out, char *room,
    size_t room_len)
{
	struct reading r = { arena, room, room_len };
	const struct field *table = fields_of(type);

	if (table == NULL)
		return wrong(&r, CLASP_EINVAL, "no such message");
	memset(out, 0, sizeof *out);
	out->type = type;
	return fields_in(&r, table, fields, &out->hello);
}
