/* line_format.c - a line's struct as text, with blanks or with TABs. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "wire/line_parts.h"

#define WORKROOM	2048		/* of the arena for values in between */
#define WORKROOM_MAX	(256 << 20)

/* ------------------------------------------------------------ attributes */

/* Bytes that end a bare attribute value, or could steer a terminal. */
static bool
attr_value_bare(struct clasp_str s)
{
	size_t i;
	uint8_t c;

	for (i = 0; i < s.len; i++) {
		c = (uint8_t)s.p[i];
		if (c <= ' ' || c == '"' || c == ';' || c == 0x7f)
			return false;
		/* U+0080..U+009F are control characters too */
		if (c == 0xc2 && i + 1 < s.len && (uint8_t)s.p[i + 1] < 0xa0)
			return false;
	}
	return s.len > 0;
}

/* The same, but control characters that are no blanks may stay. */
static bool
attr_value_plain(struct clasp_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr(" \t\";\r\n", s.p[i]) != NULL)
			return false;
	return s.len > 0;
}

void
clasp_put_attr_value(struct clasp_buf *buf, struct clasp_str s, bool escape)
{
	if (escape ? attr_value_bare(s) : attr_value_plain(s))
		clasp_buf_add_str(buf, s);
	else
		clasp_string_format(buf, s);
}

bool
clasp_address_is_bare(struct clasp_str s)
{
	size_t i;
	uint8_t c;

	if (s.len == 0 || s.p[0] != '/' || s.p[s.len - 1] == ';')
		return false;
	for (i = 0; i < s.len; i++) {
		c = (uint8_t)s.p[i];
		if (c <= ' ' || c == '"' || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.len && (uint8_t)s.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

void
clasp_put_ttl(struct clasp_buf *buf, uint32_t ttl)
{
	if (ttl == CLASP_TTL_NEVER) {
		clasp_buf_add_c(buf, "never");
		return;
	}
	if (ttl & CLASP_TTL_ABSOLUTE)
		clasp_buf_add_c(buf, "abs:");
	clasp_put_uint(buf, ttl & ~CLASP_TTL_ABSOLUTE);
}

bool
clasp_line_shows_qos(const struct clasp_line *line, unsigned flags)
{
	uint8_t usual = CLASP_QOS_COMMIT;

	if (!line->has_qos)
		return false;
	if ((flags & CLASP_LINE_EXACT) && line->kind == CLASP_LINE_DATA)
		return true;
	if (!line->bundle && line->count == 1)
		usual = clasp_msg_qos(&line->items[0].msg);
	return line->qos != usual;
}

/*
 * Attributes come one after the other, each with a blank before it; in tsv
 * they are one field, so the first of them has none.
 */
static void
put_key(struct clasp_buf *buf, const char *key, bool *none)
{
	if (!*none)
		clasp_buf_add_u8(buf, ' ');
	*none = false;
	clasp_buf_add_c(buf, key);
}

static void
put_seconds_attr(struct clasp_buf *buf, const char *key, uint64_t us,
    bool *none)
{
	put_key(buf, key, none);
	clasp_put_seconds(buf, us, false);
}

static void
put_line_attrs(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, bool *none)
{
	if (line->has_at)
		put_seconds_attr(buf, line->at_relative ? "at=+" : "at=",
		    line->at_us, none);
	if (clasp_line_shows_qos(line, flags)) {
		put_key(buf, "qos=", none);
		clasp_buf_add_c(buf, clasp_qos_name(line->qos));
	}
	if (line->has_frame_ts)
		put_seconds_attr(buf, "frame-ts=", line->frame_ts_us, none);
}

static void
put_other_attrs(struct clasp_buf *buf, const struct clasp_item *item,
    unsigned flags, bool *none)
{
	bool escape = (flags & CLASP_LINE_ESCAPE) != 0;
	uint32_t i;

	if (item->by.p != NULL) {
		put_key(buf, "by=", none);
		clasp_put_attr_value(buf, item->by, true);
	}
	for (i = 0; i < item->nattrs; i++) {
		put_key(buf, "", none);
		clasp_buf_add_str(buf, item->attrs[i].key);
		clasp_buf_add_u8(buf, '=');
		clasp_put_attr_value(buf, item->attrs[i].value, escape);
	}
}

static void
put_set_attrs(struct clasp_buf *buf, const struct clasp_item *item,
    bool *none)
{
	const struct clasp_set *set = &item->msg.set;

	if (item->has_ts)
		put_seconds_attr(buf, "ts=", item->ts_us, none);
	if (set->has_revision) {
		put_key(buf, "rev=", none);
		clasp_put_uint(buf, set->revision);
	}
	if (set->has_ttl) {
		put_key(buf, "ttl=", none);
		clasp_put_ttl(buf, set->ttl);
	}
	if (set->lock)
		put_key(buf, "lock", none);
	if (set->unlock)
		put_key(buf, "unlock", none);
}

static void
put_publish_attrs(struct clasp_buf *buf, const struct clasp_publish *p,
    const struct clasp_timeline_parts *t, bool *none)
{
	if (p->has_timestamp)
		put_seconds_attr(buf, "ts=", p->timestamp_us, none);
	if (p->has_id) {
		put_key(buf, "id=", none);
		clasp_put_uint(buf, p->id);
	}
	if (p->kind == CLASP_GESTURE) {
		put_key(buf, "phase=", none);
		clasp_buf_add_c(buf, clasp_phase_name(p->phase));
	}
	if (p->has_rate) {
		put_key(buf, "rate=", none);
		clasp_put_uint(buf, p->rate);
	}
	if (p->kind != CLASP_TIMELINE)
		return;
	if (t->loop)
		put_key(buf, "loop=1", none);
	if (t->has_start)
		put_seconds_attr(buf, "start=", t->start_us, none);
	if (t->has_dur)
		put_seconds_attr(buf, "dur=", t->dur_us, none);
}

/* -------------------------------------------------------------- messages */

int
clasp_verb_of(const struct clasp_msg *msg)
{
	if (msg->type == CLASP_SET)
		return CLASP_VERB_SET;
	if (msg->type != CLASP_PUBLISH)
		return -1;
	switch (msg->publish.kind) {
	case CLASP_EVENT:
		return CLASP_VERB_EVENT;
	case CLASP_STREAM:
		return msg->publish.content == CLASP_CONTENT_SAMPLES ?
		    CLASP_VERB_SAMPLES : CLASP_VERB_STREAM;
	case CLASP_GESTURE:
		return CLASP_VERB_GESTURE;
	case CLASP_TIMELINE:
		return CLASP_VERB_TIMELINE;
	default:
		return -1;
	}
}

int
clasp_samples_value(const struct clasp_publish *p, struct clasp_arena *arena,
    struct clasp_value *out)
{
	struct clasp_value *items;
	uint32_t i;

	items = clasp_arena_alloc(arena, p->nsamples * sizeof *items);
	if (items == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < p->nsamples; i++)
		items[i] = clasp_float(p->samples[i]);
	*out = clasp_array(items, p->nsamples);
	return 0;
}

static void
put_samples(struct clasp_buf *buf, const struct clasp_publish *p)
{
	struct clasp_value v;
	uint32_t i;

	clasp_buf_add_u8(buf, '[');
	for (i = 0; i < p->nsamples; i++) {
		if (i > 0)
			clasp_buf_add_u8(buf, ',');
		v = clasp_float(p->samples[i]);
		clasp_value_format(buf, &v, 0);
	}
	clasp_buf_add_u8(buf, ']');
}

static void
put_address(struct clasp_buf *buf, struct clasp_str address)
{
	if (clasp_address_is_bare(address))
		clasp_buf_add_str(buf, address);
	else
		clasp_string_format(buf, address);
}

/* One message; sep stands between its fields, all fields are there in tsv. */
static int
put_publish(struct clasp_buf *buf, const struct clasp_line *line,
    const struct clasp_item *item, bool first, unsigned flags,
    struct clasp_arena *arena)
{
	const struct clasp_publish *p = &item->msg.publish;
	bool tsv = (flags & CLASP_LINE_TSV) != 0, none = tsv;
	struct clasp_timeline_parts t;
	int verb = clasp_verb_of(&item->msg);

	if (verb < 0)
		return CLASP_EINVAL;
	if (verb == CLASP_VERB_TIMELINE &&
	    (p->content != CLASP_CONTENT_VALUE ||
	    !clasp_timeline_split(&p->value, arena, &t)))
		return CLASP_EINVAL;
	put_address(buf, p->address);
	clasp_buf_add_u8(buf, tsv ? '\t' : ' ');
	clasp_buf_add_c(buf, clasp_verb_names[verb]);
	if (tsv)
		clasp_buf_add_u8(buf, '\t');
	if (first)
		put_line_attrs(buf, line, flags, &none);
	put_publish_attrs(buf, p, &t, &none);
	put_other_attrs(buf, item, flags, &none);
	if (tsv || p->content != CLASP_CONTENT_NONE)
		clasp_buf_add_u8(buf, tsv ? '\t' : ' ');
	if (p->content == CLASP_CONTENT_NONE)
		return 0;
	if (p->content == CLASP_CONTENT_SAMPLES)
		put_samples(buf, p);
	else
		clasp_value_format(buf, verb == CLASP_VERB_TIMELINE ?
		    &t.keyframes : &p->value, flags & CLASP_LINE_EXACT);
	return 0;
}

static void
put_set(struct clasp_buf *buf, const struct clasp_line *line,
    const struct clasp_item *item, bool first, unsigned flags)
{
	bool tsv = (flags & CLASP_LINE_TSV) != 0, none = tsv;

	put_address(buf, item->msg.set.address);
	if (tsv)
		clasp_buf_add_c(buf, "\tset\t");
	if (first)
		put_line_attrs(buf, line, flags, &none);
	put_set_attrs(buf, item, &none);
	put_other_attrs(buf, item, flags, &none);
	clasp_buf_add_u8(buf, tsv ? '\t' : ' ');
	clasp_value_format(buf, &item->msg.set.value,
	    flags & CLASP_LINE_EXACT);
}

static int
put_item(struct clasp_buf *buf, const struct clasp_line *line, uint32_t i,
    unsigned flags, struct clasp_arena *arena)
{
	const struct clasp_item *item = &line->items[i];

	/* behind the first message of a bundle tsv has no fields left */
	if (i > 0)
		flags &= ~(unsigned)CLASP_LINE_TSV;
	if (item->msg.type != CLASP_SET)
		return put_publish(buf, line, item, i == 0, flags, arena);
	put_set(buf, line, item, i == 0, flags);
	return 0;
}

static int
put_data(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	uint32_t i;
	int e;

	if (line->count == 0) {
		clasp_buf_add_c(buf, flags & CLASP_LINE_TSV ? "\t\t\t;" : ";");
		return 0;
	}
	for (i = 0; i < line->count; i++) {
		if (i > 0)
			clasp_buf_add(buf, " ; ", 3);
		e = put_item(buf, line, i, flags, arena);
		if (e < 0)
			return e;
	}
	if (line->bundle && line->count == 1 && !line->has_at)
		clasp_buf_add(buf, " ;", 2);
	return 0;
}

/* -------------------------------------------------------- other lines */

static int
put_control(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	const struct clasp_item *item = &line->items[0];
	bool tsv = (flags & CLASP_LINE_TSV) != 0, none = tsv;
	struct clasp_value fields;
	int e = clasp_control_fields(&item->msg, arena, &fields);

	if (e < 0)
		return e;
	clasp_buf_add_c(buf, tsv ? "\t" : "");
	clasp_buf_add_c(buf, clasp_msg_name(item->msg.type));
	clasp_buf_add_c(buf, tsv ? "\t" : "");
	put_line_attrs(buf, line, flags, &none);
	put_other_attrs(buf, item, flags, &none);
	clasp_buf_add_u8(buf, tsv ? '\t' : ' ');
	return clasp_value_format(buf, &fields, flags & CLASP_LINE_EXACT);
}

static void
put_word_line(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags)
{
	bool tsv = (flags & CLASP_LINE_TSV) != 0;
	struct clasp_value v = line->kind == CLASP_LINE_MARK ?
	    clasp_string(line->text) : clasp_bytes(line->text);

	clasp_buf_add_c(buf, tsv ? "\t" : "");
	clasp_buf_add_c(buf, line->kind == CLASP_LINE_MARK ?
	    "mark" : "frame");
	clasp_buf_add_c(buf, tsv ? "\t\t" : " ");
	clasp_value_format(buf, &v, 0);
}

static void
put_comment(struct clasp_buf *buf, struct clasp_str text, unsigned flags)
{
	size_t i, n;
	uint32_t c;

	if (!(flags & CLASP_LINE_ESCAPE)) {
		clasp_buf_add_str(buf, text);
		return;
	}
	for (i = 0; i < text.len; i += n) {
		n = clasp_utf8_get(text.p + i, text.len - i, &c);
		if (n == 0)
			c = (uint8_t)text.p[i];
		if (n > 0 && c != '\t' &&
		    (c < 0x20 || (c >= 0x7f && c < 0xa0)))
			clasp_buf_printf(buf, "\\u%04x", c);
		else if (n == 0)
			clasp_buf_printf(buf, "\\x%02x", c);
		else
			clasp_buf_add(buf, text.p + i, n);
		n += n == 0;
	}
}

static void
put_time(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags)
{
	bool tsv = (flags & CLASP_LINE_TSV) != 0;

	if (line->timed) {
		if (line->relative)
			clasp_buf_add_u8(buf, '+');
		clasp_time_format(buf, line->time_us);
	}
	if (tsv)
		clasp_buf_add_u8(buf, '\t');
	else if (line->timed)
		clasp_buf_add_u8(buf, ' ');
}

static int
put_line(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags, struct clasp_arena *arena)
{
	switch (line->kind) {
	case CLASP_LINE_BLANK:
		return 0;
	case CLASP_LINE_COMMENT:
	case CLASP_LINE_DIRECTIVE:
		put_comment(buf, line->text, flags);
		return 0;
	case CLASP_LINE_DATA:
		put_time(buf, line, flags);
		return put_data(buf, line, flags, arena);
	case CLASP_LINE_CONTROL:
		put_time(buf, line, flags);
		return put_control(buf, line, flags, arena);
	case CLASP_LINE_FRAME:
	case CLASP_LINE_MARK:
		put_time(buf, line, flags);
		put_word_line(buf, line, flags);
		return 0;
	}
	return CLASP_EINVAL;
}

int
clasp_line_format(struct clasp_buf *buf, const struct clasp_line *line,
    unsigned flags)
{
	struct clasp_arena arena;
	uint64_t room[WORKROOM / sizeof(uint64_t)];
	size_t start = buf->len;
	int e;

	if (line->kind == CLASP_LINE_BLANK)
		return 0;
	clasp_arena_init(&arena, room, sizeof room, WORKROOM_MAX);
	e = flags & CLASP_LINE_JSON ?
	    clasp_json_format(buf, line, flags, &arena) :
	    put_line(buf, line, flags, &arena);
	clasp_arena_clear(&arena);
	clasp_buf_add_u8(buf, '\n');
	if (e == 0 && !buf->failed)
		return 0;
	buf->len = start;
	return e < 0 ? e : CLASP_ENOMEM;
}

void
clasp_line_plain(struct clasp_line *line)
{
	uint32_t i;

	for (i = 0; line->kind == CLASP_LINE_DATA && i < line->count; i++) {
		struct clasp_item *item = &line->items[i];

		item->by = CLASP_STR_NONE;
		item->has_ts = false;
		if (item->msg.type == CLASP_SET)
			item->msg.set.has_revision = false;
	}
}

void
clasp_line_set(struct clasp_line *line, struct clasp_item *item,
    struct clasp_str address, struct clasp_value value)
{
	memset(line, 0, sizeof *line);
	memset(item, 0, sizeof *item);
	item->msg.type = CLASP_SET;
	item->msg.set.address = address;
	item->msg.set.value = value;
	line->kind = CLASP_LINE_DATA;
	line->count = 1;
	line->items = item;
}
