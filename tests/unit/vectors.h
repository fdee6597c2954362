/*
 * vectors.h - the golden vectors: JSON lines, hex, and the canonical JSON of
 * a message to and from struct clasp_msg.
 *
 *	static void
 *	row(json_t *r)
 *	{
 *		size_t n = v_hex(r, "frame_hex", buf, sizeof buf);
 *		...
 *		v_msg_get(json_object_get(r, "message"), &arena, &msg);
 *	}
 *
 *	v_each("messages.jsonl", row);
 */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "wire/message.h"

#define V_DIR "tests/vectors/"

/* Call row with each line of a vector file; returns how many there were. */
static inline int
v_each(const char *file, void (*row)(json_t *))
{
	char path[256], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	json_t *r;
	int count = 0;
	FILE *f;

	snprintf(path, sizeof path, V_DIR "%s", file);
	f = fopen(path, "r");
	if (f == NULL) {
		printf("# %s: cannot open\n", path);
		return 0;
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		r = json_loadb(line, (size_t)n, JSON_ALLOW_NUL, NULL);
		if (r == NULL) {
			printf("# %s:%d: not JSON\n", path, count + 1);
			count = 0;
			break;
		}
		row(r);
		json_decref(r);
		count++;
	}
	free(line);
	fclose(f);
	return count;
}

static inline const char *
v_text(json_t *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r, key));

	return s ? s : "";
}

static inline struct clasp_str
v_str(json_t *s)
{
	return clasp_str_of(json_string_value(s), json_string_length(s));
}

/* The hex string under key as bytes; their number. */
static inline size_t
v_hex(json_t *r, const char *key, uint8_t *out, size_t cap)
{
	const char *s = v_text(r, key);
	size_t n;
	unsigned byte;

	for (n = 0; n < cap && sscanf(s + 2 * n, "%2x", &byte) == 1; n++)
		out[n] = (uint8_t)byte;
	return n;
}

static inline void
v_print_hex(const char *what, const uint8_t *p, size_t n)
{
	size_t i;

	printf("# %s ", what);
	for (i = 0; i < n && i < 200; i++)
		printf("%02x", p[i]);
	printf("\n");
}

/* ------------------------------------------------------- struct to JSON */

static inline json_t *
v_json_str(struct clasp_str s)
{
	return json_stringn(s.p ? s.p : "", s.len);
}

static inline json_t *
v_json_u64(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	return json_string(text);
}

static inline json_t *
v_json_f64(double v)
{
	char text[24];
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	snprintf(text, sizeof text, "%016" PRIx64, bits);
	return json_string(text);
}

static inline json_t *
v_json_base64(struct clasp_str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc(s.len / 3 * 4 + 5), *o = out;
	const uint8_t *p = (const uint8_t *)s.p;
	size_t i;
	uint32_t w;
	json_t *j;

	for (i = 0; i < s.len; i += 3) {
		w = (uint32_t)p[i] << 16;
		w |= i + 1 < s.len ? (uint32_t)p[i + 1] << 8 : 0;
		w |= i + 2 < s.len ? p[i + 2] : 0;
		*o++ = digits[w >> 18];
		*o++ = digits[w >> 12 & 63];
		*o++ = i + 1 < s.len ? digits[w >> 6 & 63] : '=';
		*o++ = i + 2 < s.len ? digits[w & 63] : '=';
	}
	j = json_stringn(out, (size_t)(o - out));
	free(out);
	return j;
}

static inline json_t *
v_json_value(const struct clasp_value *v)
{
	json_t *list, *pair;
	char text[24];
	uint32_t i;

	switch (v->type) {
	case CLASP_BOOL:
		return json_boolean(v->boolean);
	case CLASP_INT:
		snprintf(text, sizeof text, "%" PRId64, v->integer);
		return json_pack("{ss}", "int", text);
	case CLASP_FLOAT:
		return json_pack("{so}", "float", v_json_f64(v->number));
	case CLASP_STRING:
		return json_pack("{so}", "str", v_json_str(v->string));
	case CLASP_BYTES:
		return json_pack("{so}", "bytes", v_json_base64(v->string));
	case CLASP_ARRAY:
		list = json_array();
		for (i = 0; i < v->count; i++)
			json_array_append_new(list,
			    v_json_value(&v->items[i]));
		return json_pack("{so}", "array", list);
	case CLASP_MAP:
		list = json_array();
		for (i = 0; i < v->count; i++) {
			pair = json_array();
			json_array_append_new(pair,
			    v_json_str(v->entries[i].key));
			json_array_append_new(pair,
			    v_json_value(&v->entries[i].value));
			json_array_append_new(list, pair);
		}
		return json_pack("{so}", "map", list);
	default:
		return json_null();
	}
}

static inline void
v_put(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static inline void
v_put_str_if(json_t *o, const char *key, struct clasp_str s)
{
	if (s.p != NULL)
		v_put(o, key, v_json_str(s));
}

static inline void
v_put_u64_if(json_t *o, const char *key, bool has, uint64_t v)
{
	if (has)
		v_put(o, key, v_json_u64(v));
}

static inline void
v_put_int_if(json_t *o, const char *key, bool has, json_int_t v)
{
	if (has)
		v_put(o, key, json_integer(v));
}

static const char *const v_features[] = { "param", "event", "stream",
	"gesture", "timeline", "federation" };

static inline json_t *
v_json_features(uint8_t bits)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < 6; i++)
		if (bits & 0x80 >> i)
			json_array_append_new(list,
			    json_string(v_features[i]));
	return list;
}

static inline json_t *
v_json_types(uint8_t mask)
{
	json_t *list = json_array();
	uint8_t i;

	for (i = 0; i <= CLASP_TIMELINE; i++)
		if (mask & 1 << i)
			json_array_append_new(list,
			    json_string(clasp_kind_name(i)));
	return list;
}

static inline json_t *
v_json_signals(const struct clasp_signal *s, uint32_t count)
{
	json_t *list = json_array(), *o, *meta;

	for (; count > 0; count--, s++) {
		o = json_object();
		v_put(o, "address", v_json_str(s->address));
		v_put(o, "signal", json_string(clasp_kind_name(s->kind)));
		v_put_str_if(o, "datatype", s->datatype);
		v_put_str_if(o, "access", s->access);
		if (s->has_meta) {
			meta = json_object();
			v_put_str_if(meta, "unit", s->unit);
			if (s->has_range)
				v_put(meta, "range", json_pack("[oo]",
				    v_json_f64(s->min), v_json_f64(s->max)));
			if (s->has_default)
				v_put(meta, "default", v_json_value(&s->def));
			v_put_str_if(meta, "description", s->description);
			v_put(o, "meta", meta);
		}
		json_array_append_new(list, o);
	}
	return list;
}

static inline json_t *
v_json_ttl(uint32_t ttl)
{
	json_t *o = json_object();

	if (ttl == CLASP_TTL_NEVER) {
		v_put(o, "mode", json_string("never"));
		return o;
	}
	v_put(o, "mode", json_string(ttl & CLASP_TTL_ABSOLUTE ? "absolute" :
	    "sliding"));
	v_put(o, "seconds", json_integer(ttl & ~CLASP_TTL_ABSOLUTE));
	return o;
}

static const char *const v_ops[] = { "", "declare_namespaces",
	"request_sync", "revision_vector", "sync_complete" };

static inline void
v_json_federation(json_t *o, const struct clasp_federation *m)
{
	json_t *patterns = json_array(), *revisions = json_array();
	uint32_t i;

	for (i = 0; i < m->npatterns; i++)
		json_array_append_new(patterns, v_json_str(m->patterns[i]));
	for (i = 0; i < m->nrevisions; i++)
		json_array_append_new(revisions, json_pack("[oo]",
		    v_json_str(m->revisions[i].key),
		    v_json_u64(m->revisions[i].revision)));
	v_put(o, "op", json_string(v_ops[m->op]));
	v_put(o, "patterns", patterns);
	v_put(o, "revisions", revisions);
	v_put_u64_if(o, "since_revision", m->has_since, m->since);
	v_put_str_if(o, "origin", m->origin);
}

static inline void
v_json_subscribe(json_t *o, const struct clasp_subscribe *m)
{
	json_t *opt = json_object();

	v_put(o, "id", json_integer(m->id));
	v_put(o, "pattern", v_json_str(m->pattern));
	v_put(o, "types", v_json_types(m->types));
	v_put_int_if(opt, "max_rate", m->has_max_rate, m->max_rate);
	if (m->has_epsilon)
		v_put(opt, "epsilon", v_json_f64(m->epsilon));
	v_put_int_if(opt, "history", m->has_history, m->history);
	v_put_int_if(opt, "window", m->has_window, m->window);
	v_put(o, "options", opt);
}

static inline void
v_json_publish(json_t *o, const struct clasp_publish *m)
{
	json_t *samples;
	uint32_t i;

	v_put(o, "address", v_json_str(m->address));
	v_put(o, "signal", json_string(clasp_kind_name(m->kind)));
	v_put(o, "phase", json_string(clasp_phase_name(m->phase)));
	if (m->content == CLASP_CONTENT_VALUE)
		v_put(o, "value", v_json_value(&m->value));
	if (m->content == CLASP_CONTENT_SAMPLES) {
		samples = json_array();
		for (i = 0; i < m->nsamples; i++)
			json_array_append_new(samples,
			    v_json_f64(m->samples[i]));
		v_put(o, "samples", samples);
	}
	v_put_u64_if(o, "timestamp", m->has_timestamp, m->timestamp_us);
	v_put_int_if(o, "id", m->has_id, m->id);
	v_put_int_if(o, "rate", m->has_rate, m->rate);
}

static inline void
v_json_set(json_t *o, const struct clasp_set *m)
{
	v_put(o, "address", v_json_str(m->address));
	v_put(o, "value", v_json_value(&m->value));
	v_put_u64_if(o, "revision", m->has_revision, m->revision);
	v_put(o, "lock", json_boolean(m->lock));
	v_put(o, "unlock", json_boolean(m->unlock));
	if (m->has_ttl)
		v_put(o, "ttl", v_json_ttl(m->ttl));
}

static inline json_t *
v_json_params(const struct clasp_snapshot *m)
{
	json_t *list = json_array(), *o;
	uint32_t i;

	for (i = 0; i < m->count; i++) {
		o = json_object();
		v_put(o, "address", v_json_str(m->params[i].address));
		v_put(o, "value", v_json_value(&m->params[i].value));
		v_put(o, "revision", v_json_u64(m->params[i].revision));
		v_put_str_if(o, "writer", m->params[i].writer);
		v_put_u64_if(o, "timestamp", m->params[i].has_timestamp,
		    m->params[i].timestamp_us);
		json_array_append_new(list, o);
	}
	return list;
}

static inline json_t *v_json_msg(const struct clasp_msg *msg);

static inline void
v_json_bundle(json_t *o, const struct clasp_bundle *m)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < m->count; i++)
		json_array_append_new(list, v_json_msg(&m->messages[i]));
	v_put_u64_if(o, "timestamp", m->has_timestamp, m->timestamp_us);
	v_put(o, "messages", list);
}

static inline void
v_json_replay(json_t *o, const struct clasp_replay *m)
{
	v_put(o, "pattern", v_json_str(m->pattern));
	v_put_u64_if(o, "from", m->has_from, m->from_us);
	v_put_u64_if(o, "to", m->has_to, m->to_us);
	v_put_int_if(o, "limit", m->has_limit, m->limit);
	v_put(o, "types", v_json_types(m->types));
}

static inline void
v_json_ack(json_t *o, const struct clasp_ack *m)
{
	v_put_str_if(o, "address", m->address);
	v_put_u64_if(o, "revision", m->has_revision, m->revision);
	if (m->has_locked)
		v_put(o, "locked", json_boolean(m->locked));
	v_put_str_if(o, "holder", m->holder);
	v_put_int_if(o, "correlation_id", m->has_correlation,
	    m->correlation);
}

static inline void
v_json_error(json_t *o, const struct clasp_error_msg *m)
{
	v_put(o, "code", json_integer(m->code));
	v_put(o, "message", v_json_str(m->message));
	v_put_str_if(o, "address", m->address);
	v_put_int_if(o, "correlation_id", m->has_correlation,
	    m->correlation);
}

static inline void
v_json_hello(json_t *o, const struct clasp_hello *m)
{
	v_put(o, "version", json_integer(m->version));
	v_put(o, "features", v_json_features(m->features));
	v_put(o, "name", v_json_str(m->name));
	if (m->token.len > 0)
		v_put(o, "token", v_json_str(m->token));
}

static inline void
v_json_welcome(json_t *o, const struct clasp_welcome *m)
{
	v_put(o, "version", json_integer(m->version));
	v_put(o, "features", v_json_features(m->features));
	v_put(o, "time", v_json_u64(m->time_us));
	v_put(o, "session", v_json_str(m->session));
	v_put(o, "name", v_json_str(m->name));
	if (m->token.len > 0)
		v_put(o, "token", v_json_str(m->token));
}

static const struct {
	uint8_t	 code;
	const char *name;
} v_types[] = {
	{ CLASP_HELLO, "HELLO" }, { CLASP_WELCOME, "WELCOME" },
	{ CLASP_ANNOUNCE, "ANNOUNCE" },
	{ CLASP_FEDERATION, "FEDERATION_SYNC" },
	{ CLASP_SUBSCRIBE, "SUBSCRIBE" },
	{ CLASP_UNSUBSCRIBE, "UNSUBSCRIBE" }, { CLASP_PUBLISH, "PUBLISH" },
	{ CLASP_SET, "SET" }, { CLASP_GET, "GET" },
	{ CLASP_SNAPSHOT, "SNAPSHOT" }, { CLASP_REPLAY, "REPLAY" },
	{ CLASP_BUNDLE, "BUNDLE" }, { CLASP_SYNC, "SYNC" },
	{ CLASP_PING, "PING" }, { CLASP_PONG, "PONG" },
	{ CLASP_ACK, "ACK" }, { CLASP_ERROR, "ERROR" },
	{ CLASP_QUERY, "QUERY" }, { CLASP_RESULT, "RESULT" },
};
#define V_TYPES (sizeof v_types / sizeof *v_types)

/* The canonical JSON of a message. */
static inline json_t *
v_json_msg(const struct clasp_msg *msg)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < V_TYPES; i++)
		if (v_types[i].code == msg->type)
			v_put(o, "type", json_string(v_types[i].name));
	switch (msg->type) {
	case CLASP_HELLO:
		v_json_hello(o, &msg->hello);
		break;
	case CLASP_WELCOME:
		v_json_welcome(o, &msg->welcome);
		break;
	case CLASP_ANNOUNCE:
		v_put(o, "namespace", v_json_str(msg->announce.namespace_));
		v_put(o, "signals", v_json_signals(msg->announce.signals,
		    msg->announce.count));
		break;
	case CLASP_FEDERATION:
		v_json_federation(o, &msg->federation);
		break;
	case CLASP_SUBSCRIBE:
		v_json_subscribe(o, &msg->subscribe);
		break;
	case CLASP_UNSUBSCRIBE:
		v_put(o, "id", json_integer(msg->unsubscribe.id));
		break;
	case CLASP_PUBLISH:
		v_json_publish(o, &msg->publish);
		break;
	case CLASP_SET:
		v_json_set(o, &msg->set);
		break;
	case CLASP_GET:
		v_put(o, "address", v_json_str(msg->get.address));
		break;
	case CLASP_SNAPSHOT:
		v_put(o, "params", v_json_params(&msg->snapshot));
		break;
	case CLASP_REPLAY:
		v_json_replay(o, &msg->replay);
		break;
	case CLASP_BUNDLE:
		v_json_bundle(o, &msg->bundle);
		break;
	case CLASP_SYNC:
		v_put(o, "t1", v_json_u64(msg->sync.t1));
		v_put_u64_if(o, "t2", msg->sync.has_t2, msg->sync.t2);
		v_put_u64_if(o, "t3", msg->sync.has_t3, msg->sync.t3);
		break;
	case CLASP_ACK:
		v_json_ack(o, &msg->ack);
		break;
	case CLASP_ERROR:
		v_json_error(o, &msg->error);
		break;
	case CLASP_QUERY:
		v_put(o, "pattern", v_json_str(msg->query.pattern));
		break;
	case CLASP_RESULT:
		v_put(o, "signals", v_json_signals(msg->result.signals,
		    msg->result.count));
		break;
	default:
		break;
	}
	return o;
}

/* ------------------------------------------------------- JSON to struct */

static inline uint64_t
v_u64(json_t *j)
{
	return strtoull(json_string_value(j), NULL, 10);
}

static inline double
v_f64(json_t *j)
{
	uint64_t bits = strtoull(json_string_value(j), NULL, 16);
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static inline int
v_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return c == '=' ? 0 : (int)(strchr(digits, c) - digits);
}

static inline struct clasp_str
v_base64(json_t *j, struct clasp_arena *arena)
{
	struct clasp_str s = v_str(j);
	size_t n = s.len / 4 * 3, i;
	char *out = clasp_arena_alloc(arena, n + 1);
	int w;

	for (i = 0; i + 4 <= s.len; i += 4) {
		w = v_digit(s.p[i]) << 18 | v_digit(s.p[i + 1]) << 12 |
		    v_digit(s.p[i + 2]) << 6 | v_digit(s.p[i + 3]);
		out[i / 4 * 3] = (char)(w >> 16);
		out[i / 4 * 3 + 1] = (char)(w >> 8);
		out[i / 4 * 3 + 2] = (char)w;
	}
	while (s.len > 0 && s.p[s.len - 1] == '=') {
		s.len--;
		n--;
	}
	return clasp_str_of(out, n);
}

/* Strings are views into the JSON: keep it as long as the struct. */
static inline struct clasp_value
v_value_get(json_t *j, struct clasp_arena *arena)
{
	struct clasp_value *items;
	struct clasp_entry *entries;
	json_t *x, *pair;
	size_t i, n;

	if (json_is_boolean(j))
		return clasp_bool(json_is_true(j));
	if ((x = json_object_get(j, "int")))
		return clasp_int(strtoll(json_string_value(x), NULL, 10));
	if ((x = json_object_get(j, "float")))
		return clasp_float(v_f64(x));
	if ((x = json_object_get(j, "str")))
		return clasp_string(v_str(x));
	if ((x = json_object_get(j, "bytes")))
		return clasp_bytes(v_base64(x, arena));
	if ((x = json_object_get(j, "array"))) {
		n = json_array_size(x);
		items = clasp_arena_alloc(arena, n * sizeof *items);
		for (i = 0; i < n; i++)
			items[i] = v_value_get(json_array_get(x, i), arena);
		return clasp_array(items, (uint32_t)n);
	}
	if ((x = json_object_get(j, "map"))) {
		n = json_array_size(x);
		entries = clasp_arena_alloc(arena, n * sizeof *entries);
		for (i = 0; i < n; i++) {
			pair = json_array_get(x, i);
			entries[i].key = v_str(json_array_get(pair, 0));
			entries[i].value = v_value_get(
			    json_array_get(pair, 1), arena);
		}
		return clasp_map(entries, (uint32_t)n);
	}
	return clasp_null();
}

static inline uint32_t
v_u32(json_t *o, const char *key, bool *has)
{
	json_t *j = json_object_get(o, key);

	if (has != NULL)
		*has = j != NULL;
	return (uint32_t)json_integer_value(j);
}

static inline uint64_t
v_opt_u64(json_t *o, const char *key, bool *has)
{
	json_t *j = json_object_get(o, key);

	*has = j != NULL;
	return j ? v_u64(j) : 0;
}

static inline struct clasp_str
v_get_str(json_t *o, const char *key)
{
	json_t *j = json_object_get(o, key);

	return j ? v_str(j) : CLASP_STR_NONE;
}

static inline uint8_t
v_get_features(json_t *o)
{
	json_t *list = json_object_get(o, "features"), *x;
	uint8_t bits = 0;
	size_t i;
	int k;

	json_array_foreach(list, i, x)
		for (k = 0; k < 6; k++)
			if (strcmp(json_string_value(x), v_features[k]) == 0)
				bits |= (uint8_t)(0x80 >> k);
	return bits;
}

static inline uint8_t
v_get_types(json_t *o)
{
	json_t *list = json_object_get(o, "types"), *x;
	uint8_t mask = 0;
	size_t i;

	json_array_foreach(list, i, x)
		mask |= (uint8_t)(1 << clasp_kind_by_name(v_str(x)));
	return mask;
}

static inline uint32_t
v_get_signals(json_t *o, struct clasp_arena *arena,
    const struct clasp_signal **out)
{
	json_t *list = json_object_get(o, "signals"), *x, *meta, *range;
	struct clasp_signal *s;
	size_t i, n = json_array_size(list);

	s = clasp_arena_alloc(arena, n * sizeof *s);
	memset(s, 0, n * sizeof *s);
	*out = s;
	json_array_foreach(list, i, x) {
		s[i].address = v_get_str(x, "address");
		s[i].kind = (uint8_t)clasp_kind_by_name(
		    v_get_str(x, "signal"));
		s[i].datatype = v_get_str(x, "datatype");
		s[i].access = v_get_str(x, "access");
		meta = json_object_get(x, "meta");
		if (meta == NULL)
			continue;
		s[i].has_meta = true;
		s[i].unit = v_get_str(meta, "unit");
		s[i].description = v_get_str(meta, "description");
		range = json_object_get(meta, "range");
		if (range != NULL) {
			s[i].has_range = true;
			s[i].min = v_f64(json_array_get(range, 0));
			s[i].max = v_f64(json_array_get(range, 1));
		}
		if (json_object_get(meta, "default") != NULL) {
			s[i].has_default = true;
			s[i].def = v_value_get(json_object_get(meta,
			    "default"), arena);
		}
	}
	return (uint32_t)n;
}

static inline void
v_get_federation(json_t *o, struct clasp_arena *arena,
    struct clasp_federation *m)
{
	json_t *patterns = json_object_get(o, "patterns"), *x;
	json_t *revisions = json_object_get(o, "revisions");
	struct clasp_str *p;
	struct clasp_revision *r;
	size_t i;

	for (i = 1; i <= CLASP_FEDERATION_COMPLETE; i++)
		if (strcmp(v_text(o, "op"), v_ops[i]) == 0)
			m->op = (uint8_t)i;
	m->npatterns = (uint32_t)json_array_size(patterns);
	m->nrevisions = (uint32_t)json_array_size(revisions);
	m->patterns = p = clasp_arena_alloc(arena,
	    m->npatterns * sizeof *p);
	m->revisions = r = clasp_arena_alloc(arena,
	    m->nrevisions * sizeof *r);
	json_array_foreach(patterns, i, x)
		p[i] = v_str(x);
	json_array_foreach(revisions, i, x) {
		r[i].key = v_str(json_array_get(x, 0));
		r[i].revision = v_u64(json_array_get(x, 1));
	}
	m->since = v_opt_u64(o, "since_revision", &m->has_since);
	m->origin = v_get_str(o, "origin");
}

static inline void
v_get_subscribe(json_t *o, struct clasp_subscribe *m)
{
	json_t *opt = json_object_get(o, "options");

	m->id = v_u32(o, "id", NULL);
	m->pattern = v_get_str(o, "pattern");
	m->types = v_get_types(o);
	m->max_rate = v_u32(opt, "max_rate", &m->has_max_rate);
	m->history = v_u32(opt, "history", &m->has_history);
	m->window = v_u32(opt, "window", &m->has_window);
	m->has_epsilon = json_object_get(opt, "epsilon") != NULL;
	if (m->has_epsilon)
		m->epsilon = v_f64(json_object_get(opt, "epsilon"));
}

static inline void
v_get_publish(json_t *o, struct clasp_arena *arena, struct clasp_publish *m)
{
	json_t *samples = json_object_get(o, "samples"), *x;
	double *list;
	size_t i;

	m->address = v_get_str(o, "address");
	m->kind = (uint8_t)clasp_kind_by_name(v_get_str(o, "signal"));
	m->phase = (uint8_t)clasp_phase_by_name(v_get_str(o, "phase"));
	if (json_object_get(o, "value") != NULL) {
		m->content = CLASP_CONTENT_VALUE;
		m->value = v_value_get(json_object_get(o, "value"), arena);
	} else if (samples != NULL) {
		m->content = CLASP_CONTENT_SAMPLES;
		m->nsamples = (uint32_t)json_array_size(samples);
		list = clasp_arena_alloc(arena, m->nsamples * sizeof *list);
		json_array_foreach(samples, i, x)
			list[i] = v_f64(x);
		m->samples = list;
	}
	m->timestamp_us = v_opt_u64(o, "timestamp", &m->has_timestamp);
	m->id = v_u32(o, "id", &m->has_id);
	m->rate = v_u32(o, "rate", &m->has_rate);
}

static inline void
v_get_set(json_t *o, struct clasp_arena *arena, struct clasp_set *m)
{
	json_t *ttl = json_object_get(o, "ttl");

	m->address = v_get_str(o, "address");
	m->value = v_value_get(json_object_get(o, "value"), arena);
	m->revision = v_opt_u64(o, "revision", &m->has_revision);
	m->lock = json_is_true(json_object_get(o, "lock"));
	m->unlock = json_is_true(json_object_get(o, "unlock"));
	m->has_ttl = ttl != NULL;
	if (ttl != NULL) {
		m->ttl = v_u32(ttl, "seconds", NULL);
		if (strcmp(v_text(ttl, "mode"), "absolute") == 0)
			m->ttl |= CLASP_TTL_ABSOLUTE;
	}
}

static inline void
v_get_snapshot(json_t *o, struct clasp_arena *arena, struct clasp_snapshot *m)
{
	json_t *list = json_object_get(o, "params"), *x;
	struct clasp_param *p;
	size_t i;

	m->count = (uint32_t)json_array_size(list);
	m->params = p = clasp_arena_alloc(arena, m->count * sizeof *p);
	json_array_foreach(list, i, x) {
		p[i].address = v_get_str(x, "address");
		p[i].value = v_value_get(json_object_get(x, "value"), arena);
		p[i].revision = v_u64(json_object_get(x, "revision"));
		p[i].writer = v_get_str(x, "writer");
		p[i].timestamp_us = v_opt_u64(x, "timestamp",
		    &p[i].has_timestamp);
	}
}

static inline void v_msg_get(json_t *o, struct clasp_arena *arena,
    struct clasp_msg *msg);

static inline void
v_get_bundle(json_t *o, struct clasp_arena *arena, struct clasp_bundle *m)
{
	json_t *list = json_object_get(o, "messages"), *x;
	struct clasp_msg *msgs;
	size_t i;

	m->timestamp_us = v_opt_u64(o, "timestamp", &m->has_timestamp);
	m->count = (uint32_t)json_array_size(list);
	m->messages = msgs = clasp_arena_alloc(arena,
	    m->count * sizeof *msgs);
	json_array_foreach(list, i, x)
		v_msg_get(x, arena, &msgs[i]);
}

static inline void
v_get_ack(json_t *o, struct clasp_ack *m)
{
	m->address = v_get_str(o, "address");
	m->revision = v_opt_u64(o, "revision", &m->has_revision);
	m->has_locked = json_object_get(o, "locked") != NULL;
	m->locked = json_is_true(json_object_get(o, "locked"));
	m->holder = v_get_str(o, "holder");
	m->correlation = v_u32(o, "correlation_id", &m->has_correlation);
}

/*
 * The message of this canonical JSON.  Strings are views into the JSON, all
 * else is in the arena, which must be large enough.
 */
static inline void
v_msg_get(json_t *o, struct clasp_arena *arena, struct clasp_msg *msg)
{
	bool has;
	size_t i;

	memset(msg, 0, sizeof *msg);
	for (i = 0; i < V_TYPES; i++)
		if (strcmp(v_text(o, "type"), v_types[i].name) == 0)
			msg->type = v_types[i].code;
	switch (msg->type) {
	case CLASP_HELLO:
		msg->hello.version = (uint8_t)v_u32(o, "version", NULL);
		msg->hello.features = v_get_features(o);
		msg->hello.name = v_get_str(o, "name");
		msg->hello.token = v_get_str(o, "token");
		break;
	case CLASP_WELCOME:
		msg->welcome.version = (uint8_t)v_u32(o, "version", NULL);
		msg->welcome.features = v_get_features(o);
		msg->welcome.time_us = v_opt_u64(o, "time", &has);
		msg->welcome.session = v_get_str(o, "session");
		msg->welcome.name = v_get_str(o, "name");
		msg->welcome.token = v_get_str(o, "token");
		break;
	case CLASP_ANNOUNCE:
		msg->announce.namespace_ = v_get_str(o, "namespace");
		msg->announce.count = v_get_signals(o, arena,
		    &msg->announce.signals);
		break;
	case CLASP_FEDERATION:
		v_get_federation(o, arena, &msg->federation);
		break;
	case CLASP_SUBSCRIBE:
		v_get_subscribe(o, &msg->subscribe);
		break;
	case CLASP_UNSUBSCRIBE:
		msg->unsubscribe.id = v_u32(o, "id", NULL);
		break;
	case CLASP_PUBLISH:
		v_get_publish(o, arena, &msg->publish);
		break;
	case CLASP_SET:
		v_get_set(o, arena, &msg->set);
		break;
	case CLASP_GET:
		msg->get.address = v_get_str(o, "address");
		break;
	case CLASP_SNAPSHOT:
		v_get_snapshot(o, arena, &msg->snapshot);
		break;
	case CLASP_REPLAY:
		msg->replay.pattern = v_get_str(o, "pattern");
		msg->replay.from_us = v_opt_u64(o, "from",
		    &msg->replay.has_from);
		msg->replay.to_us = v_opt_u64(o, "to", &msg->replay.has_to);
		msg->replay.limit = v_u32(o, "limit",
		    &msg->replay.has_limit);
		msg->replay.types = v_get_types(o);
		break;
	case CLASP_BUNDLE:
		v_get_bundle(o, arena, &msg->bundle);
		break;
	case CLASP_SYNC:
		msg->sync.t1 = v_opt_u64(o, "t1", &has);
		msg->sync.t2 = v_opt_u64(o, "t2", &msg->sync.has_t2);
		msg->sync.t3 = v_opt_u64(o, "t3", &msg->sync.has_t3);
		break;
	case CLASP_ACK:
		v_get_ack(o, &msg->ack);
		break;
	case CLASP_ERROR:
		msg->error.code = (uint16_t)v_u32(o, "code", NULL);
		msg->error.message = v_get_str(o, "message");
		msg->error.address = v_get_str(o, "address");
		msg->error.correlation = v_u32(o, "correlation_id",
		    &msg->error.has_correlation);
		break;
	case CLASP_QUERY:
		msg->query.pattern = v_get_str(o, "pattern");
		break;
	case CLASP_RESULT:
		msg->result.count = v_get_signals(o, arena,
		    &msg->result.signals);
		break;
	default:
		break;
	}
}

/* The class name in invalid.jsonl of an error. */
static inline const char *
v_error_class(int error)
{
	switch (error) {
	case CLASP_EINCOMPLETE:
		return "incomplete";
	case CLASP_EMAGIC:
		return "bad_magic";
	case CLASP_EEMPTY:
		return "empty_payload";
	case CLASP_ETRUNCATED:
		return "truncated";
	case CLASP_EMESSAGE:
		return "unknown_message";
	case CLASP_EVALUETYPE:
		return "unknown_value_type";
	case CLASP_EUTF8:
		return "invalid_utf8";
	case CLASP_EENUM:
		return "bad_enum";
	case CLASP_EDEPTH:
		return "depth";
	case CLASP_ELEGACY:
		return "legacy_malformed";
	case CLASP_ESHAPE:
		return "legacy_shape";
	case CLASP_ELEGACYTYPE:
		return "legacy_type";
	default:
		return "?";
	}
}

#endif
