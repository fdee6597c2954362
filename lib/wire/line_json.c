/*
 * line_json.c - the JSON twin of a line: one object for the same frame.
 *
 *	{"t":12.5,"type":"set","addr":"/lights/front","value":0.8,"rev":4}
 *	{"type":"bundle","messages":[{"type":"set","addr":"/a","value":1}]}
 *	{"type":"mark","name":"chorus"}   {"comment":"# by hand"}
 *
 * No general JSON library keeps what matters here: ints apart from floats,
 * exact times, NUL in strings.  An unknown attribute whose name would be
 * taken for something else gets a '$' in front of it.
 */
#include <string.h>

#include "base/error.h"
#include "wire/line_parts.h"

#define MEMBERS_MAX	256	/* of one object outside of values */

static const char *const taken_names[] = {
	"t", "type", "addr", "value", "messages", "name", "comment"
};

static bool
name_is_taken(struct clasp_str key)
{
	size_t i;

	for (i = 0; i < sizeof taken_names / sizeof *taken_names; i++)
		if (clasp_str_is(key, taken_names[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------- reading */

/* A key and where its value stands. */
struct member {
	struct clasp_str key;
	const char	*at, *end;
};

struct object {
	const char	*at;
	struct clasp_pile members;
};

static struct member *
find_member(const struct object *o, const char *key)
{
	struct member *m = o->members.items;
	uint32_t i;

	for (i = 0; i < o->members.count; i++)
		if (clasp_str_is(m[i].key, key))
			return &m[i];
	return NULL;
}

static int
add_member(struct clasp_scan *s, struct object *o, struct clasp_str key,
    struct member **out)
{
	struct member *m = o->members.items;
	uint32_t i;

	/* of equal keys the last one counts */
	for (i = 0; i < o->members.count; i++)
		if (clasp_str_eq(m[i].key, key)) {
			*out = &m[i];
			return 0;
		}
	if (o->members.count == MEMBERS_MAX)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "too many fields");
	*out = clasp_pile_add(&o->members, s->arena, sizeof **out);
	if (*out == NULL)
		return clasp_scan_nomem(s);
	(*out)->key = key;
	return 0;
}

/* Cut the object at s->p into members; values are read later. */
static int
split_object(struct clasp_scan *s, struct object *o)
{
	struct member *m = NULL;
	struct clasp_str key;
	int e;

	memset(o, 0, sizeof *o);
	o->at = s->p;
	if (s->p == s->end || *s->p != '{')
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "an object belongs here");
	s->p++;
	clasp_scan_blanks(s);
	if (s->p < s->end && *s->p == '}') {
		s->p++;
		return 0;
	}
	for (;;) {
		if (s->p == s->end || *s->p != '"')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "a key in quotes belongs here");
		e = clasp_scan_string(s, &key);
		if (e == 0)
			e = add_member(s, o, key, &m);
		if (e < 0)
			return e;
		clasp_scan_blanks(s);
		if (s->p == s->end || *s->p != ':')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "expected ':' after a key");
		s->p++;
		clasp_scan_blanks(s);
		m->at = s->p;
		e = clasp_scan_skip(s);
		if (e < 0)
			return e;
		m->end = s->p;
		if (*s->p == '}') {
			s->p++;
			return 0;
		}
		if (*s->p != ',')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "expected ',' or '}'");
		s->p++;
		clasp_scan_blanks(s);
	}
}

/* The member's value; nothing may follow it. */
static int
member_value(struct clasp_scan *s, const struct member *m,
    struct clasp_value *out)
{
	const char *p = s->p, *end = s->end;
	int e;

	s->p = m->at;
	s->end = m->end;
	e = clasp_scan_value(s, 0, out);
	if (e == 0) {
		clasp_scan_blanks(s);
		if (s->p < s->end)
			e = clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "expected ',' or '}'");
	}
	s->p = p;
	s->end = end;
	return e;
}

static int
member_string(struct clasp_scan *s, const struct object *o, const char *key,
    struct clasp_str *out)
{
	const struct member *m = find_member(o, key);
	struct clasp_value v;
	int e;

	if (m == NULL)
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "\"%s\" is missing", key);
	e = member_value(s, m, &v);
	if (e == 0 && v.type != CLASP_STRING)
		e = clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
		    "\"%s\" must be a string", key);
	if (e == 0)
		*out = v.string;
	return e;
}

/* A member as the text its attribute has in a line. */
static int
member_text(struct clasp_scan *s, const struct member *m,
    struct clasp_str *out, struct clasp_value *v)
{
	const char *end = m->end;
	bool wide = s->wide;
	int e;

	s->wide = true;		/* revisions and times have 64 bits */
	e = member_value(s, m, v);
	s->wide = wide;
	if (e < 0)
		return e;
	while (end > m->at && clasp_is_blank(end[-1]))
		end--;
	*out = v->type == CLASP_STRING ? v->string :
	    clasp_str_of(m->at, (size_t)(end - m->at));
	return 0;
}

static int
take_member(struct clasp_scan *s, const struct member *m,
    struct clasp_parts *parts, struct clasp_line *line)
{
	struct clasp_str key = m->key, text;
	struct clasp_value v;
	bool word = clasp_str_is(key, "lock") || clasp_str_is(key, "unlock");
	int e = member_text(s, m, &text, &v);

	if (e < 0 || v.type == CLASP_NULL)
		return e;
	if (key.len > 1 && key.p[0] == '$')
		key = clasp_str_of(key.p + 1, key.len - 1);
	if (!clasp_attr_key_ok(key))
		return clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
		    "no attribute can have this name");
	if (v.type == CLASP_BOOL && (word || clasp_str_is(key, "loop"))) {
		if (!v.boolean)
			return 0;
		text = CLASP_STR("1");
	} else if (word)
		return clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
		    "%.*s must be true or false", CLASP_STR_ARG(key));
	return clasp_parts_attr(s, parts, line, m->at, key, text, word);
}

/* One message: an object with "type", "addr" and the rest. */
static int
read_message(struct clasp_scan *s, const struct object *o,
    struct clasp_str type, bool inner, struct clasp_line *line,
    struct clasp_item *item)
{
	struct clasp_parts parts;
	const struct member *m = o->members.items;
	int verb = clasp_verb_by_name(type), e;
	uint32_t i;

	memset(&parts, 0, sizeof parts);
	parts.first = !inner;
	parts.verb = (uint8_t)verb;
	if (verb < 0)
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "no such type of message");
	e = member_string(s, o, "addr", &parts.address);
	if (e == 0)
		e = clasp_parts_address(s, find_member(o, "addr")->at,
		    parts.address);
	for (i = 0; i < o->members.count && e == 0; i++, m++) {
		if (clasp_str_is(m->key, "value")) {
			e = member_value(s, m, &parts.value);
			parts.has_value = true;
		} else if (clasp_str_is(m->key, "t") && inner)
			e = clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
			    "a time belongs to the whole bundle");
		else if (!clasp_str_is(m->key, "t") &&
		    !clasp_str_is(m->key, "type") &&
		    !clasp_str_is(m->key, "addr"))
			e = take_member(s, m, &parts, line);
	}
	return e < 0 ? e : clasp_parts_finish(s, &parts, o->at, item);
}

static int
read_inner(struct clasp_scan *s, struct clasp_line *line,
    struct clasp_item *item)
{
	struct object o;
	struct clasp_str type;
	int e = split_object(s, &o);

	if (e == 0)
		e = member_string(s, &o, "type", &type);
	return e < 0 ? e : read_message(s, &o, type, true, line, item);
}

/* The objects in "messages". */
static int
read_messages(struct clasp_scan *s, struct clasp_line *line)
{
	struct clasp_pile pile = { NULL, 0, 0 };
	struct clasp_item *item;
	int e;

	if (s->p == s->end || *s->p++ != '[')
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "\"messages\" must be an array");
	clasp_scan_blanks(s);
	if (s->p < s->end && *s->p == ']')
		return 0;
	for (;;) {
		if (pile.count == CLASP_PAYLOAD_MAX)
			return clasp_scan_fail(s, s->p, CLASP_ETOOBIG,
			    "more messages than a bundle can hold");
		item = clasp_pile_add(&pile, s->arena, sizeof *item);
		if (item == NULL)
			return clasp_scan_nomem(s);
		e = read_inner(s, line, item);
		if (e < 0)
			return e;
		clasp_scan_blanks(s);
		if (s->p < s->end && *s->p == ']')
			break;
		if (s->p == s->end || *s->p != ',')
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "expected ',' or ']'");
		s->p++;
		clasp_scan_blanks(s);
	}
	line->items = pile.items;
	line->count = pile.count;
	return 0;
}

static int
read_bundle(struct clasp_scan *s, const struct object *o,
    struct clasp_line *line)
{
	const struct member *m = o->members.items;
	const struct member *messages = find_member(o, "messages");
	const char *p = s->p, *end = s->end;
	struct clasp_parts parts;
	uint32_t i;
	int e = 0;

	memset(&parts, 0, sizeof parts);
	parts.first = true;
	line->kind = CLASP_LINE_DATA;
	line->bundle = true;
	if (messages == NULL)
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "\"messages\" is missing");
	for (i = 0; i < o->members.count && e == 0; i++, m++)
		if (clasp_str_is(m->key, "at") ||
		    clasp_str_is(m->key, "qos") ||
		    clasp_str_is(m->key, "frame-ts"))
			e = take_member(s, m, &parts, line);
		else if (m != messages && !clasp_str_is(m->key, "t") &&
		    !clasp_str_is(m->key, "type"))
			e = clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
			    "not a field of a bundle");
	if (e < 0)
		return e;
	s->p = messages->at;
	s->end = messages->end;
	e = read_messages(s, line);
	s->p = p;
	s->end = end;
	if (e == 0 && line->count == 0 && parts.seen != 0)
		e = clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "an empty bundle has no attributes");
	return e;
}

static int
read_data(struct clasp_scan *s, const struct object *o,
    struct clasp_str type, struct clasp_line *line)
{
	struct clasp_item *item;
	int e;

	if (clasp_str_is(type, "bundle"))
		return read_bundle(s, o, line);
	item = clasp_arena_alloc(s->arena, sizeof *item);
	if (item == NULL)
		return clasp_scan_nomem(s);
	line->kind = CLASP_LINE_DATA;
	line->items = item;
	line->count = 1;
	e = read_message(s, o, type, false, line, item);
	line->bundle = line->has_at;
	return e;
}

/* The fields beside "t" and "type". */
static int
read_control(struct clasp_scan *s, const struct object *o, uint8_t type,
    struct clasp_line *line)
{
	const struct member *m = o->members.items;
	struct clasp_entry *entries;
	struct clasp_value fields;
	struct clasp_parts parts;
	uint32_t i, n = 0;
	char why[80];
	int e = 0;

	memset(&parts, 0, sizeof parts);
	parts.first = true;
	line->kind = CLASP_LINE_CONTROL;
	line->count = 1;
	line->items = clasp_arena_alloc(s->arena, sizeof *line->items);
	entries = clasp_arena_alloc(s->arena,
	    o->members.count * sizeof *entries);
	if (line->items == NULL || entries == NULL)
		return clasp_scan_nomem(s);
	memset(line->items, 0, sizeof *line->items);
	s->wide = true;
	for (i = 0; i < o->members.count && e == 0; i++, m++) {
		if (clasp_str_is(m->key, "t") || clasp_str_is(m->key, "type"))
			continue;
		if (clasp_str_is(m->key, "qos") ||
		    clasp_str_is(m->key, "frame-ts") ||
		    (m->key.len > 1 && m->key.p[0] == '$')) {
			e = take_member(s, m, &parts, line);
			continue;
		}
		entries[n].key = m->key;
		e = member_value(s, m, &entries[n++].value);
	}
	if (e < 0)
		return e;
	line->items->attrs = parts.attrs.items;
	line->items->nattrs = parts.attrs.count;
	fields = clasp_map(entries, n);
	e = clasp_control_msg(type, &fields, s->arena, &line->items->msg, why,
	    sizeof why);
	return e < 0 ? clasp_scan_fail(s, o->at, e, "%s", why) : 0;
}

static int
read_comment(struct clasp_scan *s, const struct object *o,
    struct clasp_line *line)
{
	int e = member_string(s, o, "comment", &line->text);

	if (e < 0)
		return e;
	/* what a line of text would not keep */
	while (line->text.len > 0 &&
	    (clasp_is_blank(line->text.p[line->text.len - 1]) ||
	    line->text.p[line->text.len - 1] == '\r'))
		line->text.len--;
	if (line->text.len == 0 || line->text.p[0] != '#' ||
	    memchr(line->text.p, '\n', line->text.len) != NULL ||
	    o->members.count != 1)
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "a comment is one line that starts with #");
	line->kind = line->text.len > 1 && line->text.p[1] >= 'a' &&
	    line->text.p[1] <= 'z' ? CLASP_LINE_DIRECTIVE :
	    CLASP_LINE_COMMENT;
	return 0;
}

/* "t": a number, or "+0.02" for a relative one. */
static int
read_time(struct clasp_scan *s, const struct object *o,
    struct clasp_line *line)
{
	const struct member *m = find_member(o, "t");
	struct clasp_value v;
	struct clasp_str text;
	uint64_t us;
	int e;

	if (m == NULL)
		return 0;
	e = member_text(s, m, &text, &v);
	if (e < 0 || v.type == CLASP_NULL)
		return e;
	line->relative = v.type == CLASP_STRING && text.len > 0 &&
	    text.p[0] == '+';
	if (line->relative)
		text = clasp_str_of(text.p + 1, text.len - 1);
	e = clasp_seconds_parse(text, true, &us);
	if (e == 0 && us > INT64_MAX)
		e = CLASP_ERANGE;
	if (e < 0)
		return clasp_scan_fail(s, m->at, e, e == CLASP_ERANGE ?
		    "a time is too large" : "not a time");
	line->timed = true;
	line->time_us = (int64_t)us;
	return 0;
}

static int
read_word_line(struct clasp_scan *s, const struct object *o, bool mark,
    struct clasp_line *line)
{
	const struct member *m = find_member(o, "value");
	struct clasp_value v;
	int e;

	if (o->members.count > (find_member(o, "t") != NULL ? 3 : 2))
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "a field too many");
	if (mark) {
		line->kind = CLASP_LINE_MARK;
		return member_string(s, o, "name", &line->text);
	}
	if (m == NULL)
		return clasp_scan_fail(s, o->at, CLASP_ESYNTAX,
		    "\"value\" is missing");
	e = member_value(s, m, &v);
	if (e < 0)
		return e;
	if (v.type != CLASP_BYTES)
		return clasp_scan_fail(s, m->at, CLASP_ESYNTAX,
		    "frame takes bytes: {\"$hex\":\"53...\"}");
	return clasp_parts_frame(s, m->at, v.string, line);
}

int
clasp_json_parse(struct clasp_scan *s, struct clasp_line *line)
{
	struct clasp_str word;
	struct object o;
	uint8_t type;
	int e;

	s->json = true;
	e = split_object(s, &o);
	if (e < 0)
		return e;
	clasp_scan_blanks(s);
	if (s->p < s->end)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "something follows the object");
	if (find_member(&o, "comment") != NULL)
		return read_comment(s, &o, line);
	e = member_string(s, &o, "type", &word);
	if (e == 0)
		e = read_time(s, &o, line);
	if (e < 0)
		return e;
	if (clasp_str_is(word, "mark") || clasp_str_is(word, "frame"))
		return read_word_line(s, &o, clasp_str_is(word, "mark"),
		    line);
	type = clasp_msg_by_name(word);
	if (type == CLASP_MSG_NONE || type == CLASP_SET ||
	    type == CLASP_BUNDLE || type == CLASP_PUBLISH)
		return read_data(s, &o, word, line);
	return read_control(s, &o, type, line);
}

/* ------------------------------------------------------------- writing */

/* Name of the next member, which is not the object's first. */
static void
put_name(struct clasp_buf *buf, const char *name)
{
	clasp_buf_add(buf, ",\"", 2);
	clasp_buf_add_c(buf, name);
	clasp_buf_add(buf, "\":", 2);
}

static void
put_uint(struct clasp_buf *buf, const char *name, uint64_t v)
{
	put_name(buf, name);
	clasp_put_uint(buf, v);
}

static void
put_seconds(struct clasp_buf *buf, const char *name, uint64_t us)
{
	put_name(buf, name);
	clasp_put_seconds(buf, us, true);
}

static void
put_text(struct clasp_buf *buf, const char *name, struct clasp_str text)
{
	put_name(buf, name);
	clasp_string_format(buf, text);
}

static void
put_line_members(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags)
{
	if (line->has_at && line->at_relative) {
		put_name(buf, "at");
		clasp_buf_add(buf, "\"+", 2);
		clasp_put_seconds(buf, line->at_us, true);
		clasp_buf_add_u8(buf, '"');
	} else if (line->has_at)
		put_seconds(buf, "at", line->at_us);
	if (clasp_line_shows_qos(line, flags))
		put_text(buf, "qos", clasp_str_c(clasp_qos_name(line->qos)));
	if (line->has_frame_ts)
		put_seconds(buf, "frame-ts", line->frame_ts_us);
}

static void
put_set_members(struct clasp_buf *buf, const struct clasp_item *item)
{
	const struct clasp_set *set = &item->msg.set;

	if (item->has_ts)
		put_seconds(buf, "ts", item->ts_us);
	if (set->has_revision)
		put_uint(buf, "rev", set->revision);
	if (set->has_ttl) {
		bool word = set->ttl == CLASP_TTL_NEVER ||
		    (set->ttl & CLASP_TTL_ABSOLUTE);

		put_name(buf, "ttl");
		if (word)
			clasp_buf_add_u8(buf, '"');
		clasp_put_ttl(buf, set->ttl);
		if (word)
			clasp_buf_add_u8(buf, '"');
	}
	if (set->lock)
		clasp_buf_add_c(buf, ",\"lock\":true");
	if (set->unlock)
		clasp_buf_add_c(buf, ",\"unlock\":true");
}

static void
put_publish_members(struct clasp_buf *buf, const struct clasp_publish *p,
    const struct clasp_timeline_parts *t)
{
	if (p->has_timestamp)
		put_seconds(buf, "ts", p->timestamp_us);
	if (p->has_id)
		put_uint(buf, "id", p->id);
	if (p->kind == CLASP_GESTURE)
		put_text(buf, "phase",
		    clasp_str_c(clasp_phase_name(p->phase)));
	if (p->has_rate)
		put_uint(buf, "rate", p->rate);
	if (p->kind != CLASP_TIMELINE)
		return;
	if (t->loop)
		clasp_buf_add_c(buf, ",\"loop\":true");
	if (t->has_start)
		put_seconds(buf, "start", t->start_us);
	if (t->has_dur)
		put_seconds(buf, "dur", t->dur_us);
}

static void
put_other_members(struct clasp_buf *buf, const struct clasp_item *item,
    bool control)
{
	uint32_t i;

	if (item->by.p != NULL)
		put_text(buf, "by", item->by);
	for (i = 0; i < item->nattrs; i++) {
		struct clasp_str key = item->attrs[i].key;

		clasp_buf_add_c(buf, control || name_is_taken(key) ?
		    ",\"$" : ",\"");
		clasp_buf_add_str(buf, key);
		clasp_buf_add(buf, "\":", 2);
		clasp_string_format(buf, item->attrs[i].value);
	}
}

/* "type", "addr", "value" and what belongs to the message; no braces. */
static int
put_message(struct clasp_buf *buf, const struct clasp_line *line,
    const struct clasp_item *item, bool alone, unsigned flags,
    struct clasp_arena *arena)
{
	const struct clasp_publish *p = &item->msg.publish;
	bool set = item->msg.type == CLASP_SET;
	struct clasp_timeline_parts t;
	struct clasp_value value = clasp_null();
	int verb = clasp_verb_of(&item->msg), e = 0;

	if (verb < 0)
		return CLASP_EINVAL;
	if (set)
		value = item->msg.set.value;
	else if (verb == CLASP_VERB_SAMPLES)
		e = clasp_samples_value(p, arena, &value);
	else if (p->content == CLASP_CONTENT_VALUE)
		value = p->value;
	if (verb == CLASP_VERB_TIMELINE) {
		if (!clasp_timeline_split(&value, arena, &t))
			return CLASP_EINVAL;
		value = t.keyframes;
	}
	if (e < 0)
		return e;
	clasp_buf_add_c(buf, "\"type\":\"");
	clasp_buf_add_c(buf, clasp_verb_names[verb]);
	clasp_buf_add_c(buf, "\",\"addr\":");
	clasp_string_format(buf, set ? item->msg.set.address : p->address);
	if (set || p->content != CLASP_CONTENT_NONE) {
		put_name(buf, "value");
		clasp_value_format(buf, &value, flags);
	}
	if (alone)
		put_line_members(buf, line, flags);
	if (set)
		put_set_members(buf, item);
	else
		put_publish_members(buf, p, &t);
	put_other_members(buf, item, false);
	return 0;
}

static int
put_bundle(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	uint32_t i;
	int e = 0;

	clasp_buf_add_c(buf, "\"type\":\"bundle\",\"messages\":[");
	for (i = 0; i < line->count && e == 0; i++) {
		clasp_buf_add_c(buf, i > 0 ? ",{" : "{");
		e = put_message(buf, line, &line->items[i], false, flags,
		    arena);
		clasp_buf_add_u8(buf, '}');
	}
	clasp_buf_add_u8(buf, ']');
	put_line_members(buf, line, flags);
	return e;
}

static int
put_control(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	const struct clasp_item *item = &line->items[0];
	struct clasp_value fields;
	uint32_t i;
	int e = clasp_control_fields(&item->msg, arena, &fields);

	if (e < 0)
		return e;
	clasp_buf_add_c(buf, "\"type\":\"");
	clasp_buf_add_c(buf, clasp_msg_name(item->msg.type));
	clasp_buf_add_u8(buf, '"');
	for (i = 0; i < fields.count; i++) {
		clasp_buf_add_u8(buf, ',');
		clasp_string_format(buf, fields.entries[i].key);
		clasp_buf_add_u8(buf, ':');
		clasp_value_format(buf, &fields.entries[i].value, flags);
	}
	put_line_members(buf, line, flags);
	put_other_members(buf, item, true);
	return 0;
}

static void
put_time(struct clasp_buf *buf, const struct clasp_line *line)
{
	if (!line->timed)
		return;
	clasp_buf_add_c(buf, line->relative ? "\"t\":\"+" : "\"t\":");
	clasp_put_seconds(buf, (uint64_t)line->time_us, true);
	clasp_buf_add_c(buf, line->relative ? "\"," : ",");
}

static int
put_body(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	struct clasp_value bytes = clasp_bytes(line->text);

	switch (line->kind) {
	case CLASP_LINE_COMMENT:
	case CLASP_LINE_DIRECTIVE:
		clasp_buf_add_c(buf, "\"comment\":");
		clasp_string_format(buf, line->text);
		return 0;
	case CLASP_LINE_MARK:
		clasp_buf_add_c(buf, "\"type\":\"mark\"");
		put_text(buf, "name", line->text);
		return 0;
	case CLASP_LINE_FRAME:
		clasp_buf_add_c(buf, "\"type\":\"frame\"");
		put_name(buf, "value");
		return clasp_value_format(buf, &bytes, CLASP_LINE_JSON);
	case CLASP_LINE_CONTROL:
		return put_control(buf, line, flags, arena);
	default:
		if (line->bundle || line->has_at || line->count != 1)
			return put_bundle(buf, line, flags, arena);
		return put_message(buf, line, &line->items[0], true, flags,
		    arena);
	}
}

int
clasp_json_format(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	int e;

	flags &= CLASP_LINE_EXACT | CLASP_LINE_JSON;
	clasp_buf_add_u8(buf, '{');
	if (line->kind != CLASP_LINE_COMMENT &&
	    line->kind != CLASP_LINE_DIRECTIVE)
		put_time(buf, line);
	e = put_body(buf, line, flags, arena);
	clasp_buf_add_u8(buf, '}');
	return e;
}
