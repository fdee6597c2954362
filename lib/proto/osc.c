/* osc.c - OSC packets in and out. */
#include "proto/osc.h"

#include <math.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "wire/address.h"

#define UNIX_EPOCH	UINT64_C(2208988800)	/* 1970 in NTP seconds */
#define FRAME_ROOM	(64u * 1024)

const char *
clasp_osc_drop_text(enum clasp_osc_drop drop)
{
	static const char *const texts[] = {
#define TEXT(name, text) text,
		CLASP_OSC_DROPS(TEXT)
#undef TEXT
	};

	return drop < CLASP_OSC_NDROPS ? texts[drop] : "";
}

uint64_t
clasp_osc_time_us(uint64_t tag)
{
	uint64_t sec = tag >> 32, frac = tag & UINT32_MAX;

	if (tag == CLASP_OSC_IMMEDIATE)
		return 0;
	/* a count that would lie before 1970 has begun again in 2036 */
	if (sec < UNIX_EPOCH)
		sec += UINT64_C(1) << 32;
	return (sec - UNIX_EPOCH) * 1000000 +
	    ((frac * 1000000 + (UINT64_C(1) << 31)) >> 32);
}

uint64_t
clasp_osc_time_tag(uint64_t time_us)
{
	uint64_t sec = time_us / 1000000 + UNIX_EPOCH;
	uint64_t frac = ((time_us % 1000000) << 32) / 1000000;

	/* rounded up, so that reading gives the same microsecond */
	return sec << 32 | (frac + (frac != 0));
}

/* Bytes that are OSC's own pattern signs, or never in an address. */
static bool
is_foreign(unsigned char c)
{
	return c <= ' ' || c == 0x7f || strchr("#*,?[]{}", c) != NULL;
}

/* ------------------------------------------------------------------ in */

/* A packet being read. */
struct decoder {
	struct clasp_osc_in *in;
	struct clasp_arena *arena;
	size_t		 len;		/* of the packet */
	struct group	*first, *last;	/* what becomes lines */
};

/* The messages of one line. */
struct group {
	struct group	*next;
	bool		 bundle;
	uint64_t	 tag;
	uint32_t	 count;
	struct node	*head, *tail;
};

struct node {
	struct node	*next;
	struct clasp_item item;
};

/* Text up to a NUL, with the padding behind it; false: there is no end. */
static bool
get_text(struct clasp_reader *r, struct clasp_str *out)
{
	size_t left = clasp_reader_left(r);
	const uint8_t *nul = left ? memchr(r->p, 0, left) : NULL;

	if (nul == NULL) {
		r->truncated = true;
		return false;
	}
	out->p = (const char *)r->p;
	out->len = (size_t)(nul - r->p);
	return clasp_get_bytes(r, out->len / 4 * 4 + 4) != NULL;
}

static int64_t
be_int32(uint32_t v)
{
	return (int32_t)v;
}

/* Four bytes as four ints: colours and MIDI messages. */
static bool
get_quad(struct decoder *d, struct clasp_reader *r, struct clasp_value *out)
{
	struct clasp_value *four = clasp_arena_alloc(d->arena,
	    4 * sizeof *four);
	const uint8_t *p = clasp_get_bytes(r, 4);
	int i;

	if (four == NULL || p == NULL)
		return false;
	for (i = 0; i < 4; i++)
		four[i] = clasp_int(p[i]);
	*out = clasp_array(four, 4);
	return true;
}

static bool
get_blob(struct clasp_reader *r, struct clasp_value *out)
{
	uint32_t n = clasp_get_u32(r);
	const uint8_t *p;

	/* the size comes first, then the rest must hold it, padded */
	if (n > clasp_reader_left(r))
		return false;
	p = clasp_get_bytes(r, ((size_t)n + 3) / 4 * 4);
	*out = clasp_bytes(clasp_str_of((const char *)p, n));
	return p != NULL;
}

static bool
get_string(struct clasp_reader *r, struct clasp_value *out)
{
	struct clasp_str s;

	if (!get_text(r, &s))
		return false;
	*out = clasp_utf8_valid(s.p, s.len) ? clasp_string(s) :
	    clasp_bytes(s);
	return true;
}

static bool
get_character(struct decoder *d, struct clasp_reader *r,
    struct clasp_value *out)
{
	char *room = clasp_arena_alloc(d->arena, 4);
	uint32_t c = clasp_get_u32(r) & 0xff;

	if (room == NULL)
		return false;
	*out = clasp_string(clasp_str_of(room, clasp_utf8_put(c, room)));
	return true;
}

/* One argument that is no array: 0, or the reason against it. */
static int
get_argument(struct decoder *d, struct clasp_reader *r, char tag,
    struct clasp_value *out)
{
	bool good = true;
	uint64_t bits;
	double number;
	float f;
	uint32_t word;

	switch (tag) {
	case 'i':
		*out = clasp_int(be_int32(clasp_get_u32(r)));
		break;
	case 'h':
		*out = clasp_int((int64_t)clasp_get_u64(r));
		break;
	case 'f':
		word = clasp_get_u32(r);
		memcpy(&f, &word, sizeof f);
		*out = clasp_float(isfinite(f) ? clasp_float32_to_double(f) :
		    clasp_float_widen(word));
		break;
	case 'd':
		bits = clasp_get_u64(r);
		memcpy(&number, &bits, sizeof number);
		*out = clasp_float(number);
		break;
	case 's':
	case 'S':
		good = get_string(r, out);
		break;
	case 'b':
		good = get_blob(r, out);
		break;
	case 't':
		*out = clasp_int((int64_t)clasp_osc_time_us(
		    clasp_get_u64(r)));
		break;
	case 'c':
		good = get_character(d, r, out);
		break;
	case 'r':
	case 'm':
		good = get_quad(d, r, out);
		break;
	case 'T':
	case 'F':
		*out = clasp_bool(tag == 'T');
		break;
	case 'N':
		*out = clasp_null();
		break;
	case 'I':
		*out = clasp_float(INFINITY);
		break;
	default:
		return CLASP_OSC_TAG;
	}
	return good && !r->truncated ? -1 : CLASP_OSC_ARGUMENTS;
}

/* How many arguments stand at p before the level ends. */
static uint32_t
count_level(const char *p, const char *end)
{
	uint32_t n = 0;
	unsigned depth = 0;

	for (; p < end && (*p != ']' || depth > 0); p++) {
		n += depth == 0;
		if (*p == '[')
			depth++;
		else if (*p == ']')
			depth--;
	}
	return n;
}

/*
 * The arguments of one level, from *tag on, which moves to its end: the ']'
 * or the end of the tags.  Returns -1 when all is well, else the reason.
 */
static int
get_level(struct decoder *d, struct clasp_reader *r, const char **tag,
    const char *end, unsigned depth, struct clasp_value *out)
{
	struct clasp_value *items;
	uint32_t n = 0, room = count_level(*tag, end);
	int drop;

	items = clasp_arena_alloc(d->arena, (room + 1) * sizeof *items);
	if (items == NULL)
		return CLASP_OSC_MEMORY;
	for (; *tag < end && **tag != ']'; ++*tag, n++) {
		if (**tag != '[') {
			drop = get_argument(d, r, **tag, &items[n]);
			if (drop >= 0)
				return drop;
			continue;
		}
		if (depth == CLASP_OSC_DEPTH)
			return CLASP_OSC_NESTED;
		++*tag;
		drop = get_level(d, r, tag, end, depth + 1, &items[n]);
		if (drop >= 0)
			return drop;
		if (*tag == end)
			return CLASP_OSC_ARGUMENTS;
	}
	*out = clasp_array(items, n);
	return -1;
}

/* All arguments as one value: -1, or the reason against them. */
static int
get_arguments(struct decoder *d, struct clasp_reader *r,
    struct clasp_value *out)
{
	struct clasp_str tags;
	struct clasp_value all;
	const char *p;
	int drop;

	*out = clasp_null();
	if (clasp_reader_left(r) == 0 || *r->p != ',')
		return -1;
	if (!get_text(r, &tags))
		return CLASP_OSC_ARGUMENTS;
	p = tags.p + 1;
	drop = get_level(d, r, &p, tags.p + tags.len, 0, &all);
	if (drop >= 0)
		return drop;
	if (p != tags.p + tags.len)
		return CLASP_OSC_ARGUMENTS;
	if (all.count == 1)
		*out = all.items[0];
	else if (all.count > 1)
		*out = all;
	return -1;
}

/* The CLASP address of an OSC one; the absent view when it is none. */
static struct clasp_str
full_address(struct decoder *d, struct clasp_str osc)
{
	struct clasp_str prefix = d->in->prefix, s;
	size_t i;
	char *p;

	for (i = 0; i < osc.len; i++)
		if (is_foreign((unsigned char)osc.p[i]))
			return CLASP_STR_NONE;
	if (osc.len < 2 || prefix.len + osc.len > CLASP_ADDRESS_MAX ||
	    !clasp_utf8_valid(osc.p, osc.len))
		return CLASP_STR_NONE;
	p = clasp_arena_alloc(d->arena, prefix.len + osc.len);
	if (p == NULL)
		return CLASP_STR_NONE;
	if (prefix.len > 0)
		memcpy(p, prefix.p, prefix.len);
	memcpy(p + prefix.len, osc.p, osc.len);
	s = clasp_str_of(p, prefix.len + osc.len);
	return clasp_address_check(s, NULL) < 0 ? CLASP_STR_NONE : s;
}

static bool
is_event(const struct clasp_osc_in *in, struct clasp_str address)
{
	unsigned i;

	for (i = 0; i < in->nevents; i++)
		if (clasp_pattern_match(in->events[i], address))
			return true;
	return false;
}

/* One message into the group: -1, or the reason against it. */
static int
get_message(struct decoder *d, struct group *g, const uint8_t *p, size_t len)
{
	struct clasp_reader r = clasp_reader_on(p, len);
	struct clasp_str address;
	struct clasp_value value;
	struct node *node;
	int drop;

	if (len % 4 != 0 || *p != '/' || !get_text(&r, &address))
		return CLASP_OSC_MALFORMED;
	address = full_address(d, address);
	if (address.p == NULL)
		return CLASP_OSC_ADDRESS;
	drop = get_arguments(d, &r, &value);
	if (drop >= 0)
		return drop;
	node = clasp_arena_alloc(d->arena, sizeof *node);
	if (node == NULL)
		return CLASP_OSC_MEMORY;
	memset(node, 0, sizeof *node);
	if (is_event(d->in, address)) {
		node->item.msg.type = CLASP_PUBLISH;
		node->item.msg.publish.kind = CLASP_EVENT;
		node->item.msg.publish.content = CLASP_CONTENT_VALUE;
		node->item.msg.publish.address = address;
		node->item.msg.publish.value = value;
	} else {
		node->item.msg.type = CLASP_SET;
		node->item.msg.set.address = address;
		node->item.msg.set.value = value;
	}
	if (g->tail != NULL)
		g->tail->next = node;
	else
		g->head = node;
	g->tail = node;
	g->count++;
	return -1;
}

static struct group *
new_group(struct decoder *d, bool bundle, uint64_t tag)
{
	struct group *g = clasp_arena_alloc(d->arena, sizeof *g);

	if (g == NULL)
		return NULL;
	memset(g, 0, sizeof *g);
	g->bundle = bundle;
	g->tag = tag;
	if (d->last != NULL)
		d->last->next = g;
	else
		d->first = g;
	d->last = g;
	return g;
}

static bool
is_bundle(const uint8_t *p, size_t len)
{
	return len >= 8 && memcmp(p, "#bundle", 8) == 0;
}

/* Does time tag a come after b?  "Immediate" comes before all others. */
static bool
is_later(uint64_t a, uint64_t b)
{
	return clasp_osc_time_us(a) > clasp_osc_time_us(b);
}

/*
 * A bundle.  Its messages go to `outer`, or to a group of their own when its
 * time is later.  Returns -1, or why the whole datagram is to be dropped.
 */
static int
get_bundle(struct decoder *d, struct group *outer, const uint8_t *p,
    size_t len, unsigned depth)
{
	struct clasp_reader r = clasp_reader_on(p + 8, len - 8);
	struct group *g = outer;
	const uint8_t *element;
	uint64_t tag;
	uint32_t n;
	int drop;

	if (depth == CLASP_OSC_DEPTH)
		return CLASP_OSC_NESTED;
	tag = clasp_get_u64(&r);
	if (r.truncated)
		return CLASP_OSC_MALFORMED;
	if (outer == NULL || is_later(tag, outer->tag)) {
		g = new_group(d, true, tag);
		if (g == NULL)
			return CLASP_OSC_MEMORY;
	}
	while (clasp_reader_left(&r) > 0) {
		n = clasp_get_u32(&r);
		if (n == 0 || n % 4 != 0 ||
		    (element = clasp_get_bytes(&r, n)) == NULL)
			return CLASP_OSC_ELEMENT;
		if (is_bundle(element, n)) {
			drop = get_bundle(d, g, element, n, depth + 1);
			if (drop >= 0)
				return drop;
		} else {
			/* a message that is bad falls out alone */
			drop = get_message(d, g, element, n);
			if (drop >= 0)
				d->in->drops[drop]++;
		}
	}
	return -1;
}

/*
 * Would the line fit in one frame?  No argument grows more than eightfold
 * ("r" becomes four ints), and a message has 12 bytes at least.
 */
static bool
fits(struct decoder *d, const struct clasp_line *line)
{
	struct clasp_msg msg;
	uint8_t *room;

	if (d->len * 8 + d->len / 12 * (d->in->prefix.len + 16) <
	    FRAME_ROOM - 64)
		return true;
	room = clasp_arena_alloc(d->arena, FRAME_ROOM);
	return room != NULL && clasp_line_to_msg(line, d->arena, &msg, NULL)
	    == 0 && clasp_msg_encode(room, FRAME_ROOM, &msg) >= 0;
}

static int
emit_group(struct decoder *d, const struct group *g,
    void (*fn)(const struct clasp_line *line, void *user), void *user)
{
	struct clasp_line line = { .kind = CLASP_LINE_DATA,
	    .count = g->count, .bundle = g->bundle };
	const struct node *node;
	uint32_t i = 0;

	if (g->count == 0)
		return 0;
	line.items = clasp_arena_alloc(d->arena, g->count *
	    sizeof *line.items);
	if (line.items == NULL) {
		d->in->drops[CLASP_OSC_MEMORY]++;
		return 0;
	}
	for (node = g->head; node != NULL; node = node->next)
		line.items[i++] = node->item;
	if (g->bundle && g->tag != CLASP_OSC_IMMEDIATE) {
		line.has_at = true;
		line.at_us = clasp_osc_time_us(g->tag);
	}
	if (!fits(d, &line)) {
		d->in->drops[CLASP_OSC_LARGE]++;
		return 0;
	}
	fn(&line, user);
	return 1;
}

int
clasp_osc_decode(struct clasp_osc_in *in, const uint8_t *packet, size_t len,
    struct clasp_arena *arena,
    void (*fn)(const struct clasp_line *line, void *user), void *user)
{
	struct decoder d = { .in = in, .arena = arena, .len = len };
	struct group *g;
	int drop, n = 0;

	if (len == 0)
		drop = CLASP_OSC_EMPTY;
	else if (is_bundle(packet, len))
		drop = get_bundle(&d, NULL, packet, len, 0);
	else if ((g = new_group(&d, false, CLASP_OSC_IMMEDIATE)) == NULL)
		drop = CLASP_OSC_MEMORY;
	else
		drop = get_message(&d, g, packet, len);
	if (drop >= 0) {
		in->drops[drop]++;
		return 0;
	}
	for (g = d.first; g != NULL; g = g->next)
		n += emit_group(&d, g, fn, user);
	return n;
}

/* ----------------------------------------------------------------- out */

/* A packet being written: tags and data apart, joined at the end. */
struct encoder {
	struct clasp_osc_out *out;
	struct clasp_buf tags;
	struct clasp_buf data;
};

static void
put_padding(struct clasp_buf *buf, size_t n)
{
	static const char zeros[4];

	clasp_buf_add(buf, zeros, n);
}

static void
put_text(struct clasp_buf *buf, struct clasp_str s)
{
	clasp_buf_add_str(buf, s);
	put_padding(buf, 4 - s.len % 4);
}

static void
put_word(struct encoder *e, char tag, uint32_t word)
{
	uint8_t b[4];

	clasp_store32(b, word);
	clasp_buf_add_u8(&e->tags, (uint8_t)tag);
	clasp_buf_add(&e->data, b, sizeof b);
}

static void
put_double_word(struct encoder *e, char tag, uint64_t word)
{
	uint8_t b[8];

	clasp_store64(b, word);
	clasp_buf_add_u8(&e->tags, (uint8_t)tag);
	clasp_buf_add(&e->data, b, sizeof b);
}

static void
put_float(struct encoder *e, double v)
{
	uint64_t bits;
	uint32_t word;
	float f;

	if (e->out->wide) {
		memcpy(&bits, &v, sizeof bits);
		put_double_word(e, 'd', bits);
		return;
	}
	if (!clasp_float_narrow(v, &word)) {
		f = (float)v;
		memcpy(&word, &f, sizeof word);
	}
	put_word(e, 'f', word);
}

static void
put_int(struct encoder *e, int64_t v)
{
	if (e->out->as_float)
		put_float(e, (double)v);
	else if (e->out->wide || v < INT32_MIN || v > INT32_MAX)
		put_double_word(e, 'h', (uint64_t)v);
	else
		put_word(e, 'i', (uint32_t)v);
}

static int
put_string(struct encoder *e, struct clasp_str s)
{
	if (s.len > 0 && memchr(s.p, 0, s.len) != NULL)
		return CLASP_OSC_NUL;
	clasp_buf_add_u8(&e->tags, 's');
	put_text(&e->data, s);
	return -1;
}

static void
put_blob(struct encoder *e, struct clasp_str s)
{
	put_word(e, 'b', (uint32_t)s.len);
	clasp_buf_add_str(&e->data, s);
	put_padding(&e->data, (4 - s.len % 4) % 4);
}

/* A map is text: JSON, keys sorted. */
static int
put_json(struct encoder *e, const struct clasp_value *v)
{
	struct clasp_buf json = { 0 };
	int drop = CLASP_OSC_MEMORY;

	if (clasp_value_format(&json, v, CLASP_LINE_JSON) == 0)
		drop = put_string(e, clasp_buf_str(&json));
	clasp_buf_clear(&json);
	return drop;
}

static int put_argument(struct encoder *e, const struct clasp_value *v,
	    unsigned depth);

/* The elements of an array; depth 0 is the message's own arguments. */
static int
put_array(struct encoder *e, const struct clasp_value *v, unsigned depth)
{
	bool brackets = e->out->arrays && depth > 0;
	uint32_t i;
	int drop;

	if (brackets && depth > CLASP_OSC_DEPTH)
		return CLASP_OSC_NESTED;
	if (brackets)
		clasp_buf_add_u8(&e->tags, '[');
	for (i = 0; i < v->count; i++) {
		drop = put_argument(e, &v->items[i], depth + 1);
		if (drop >= 0)
			return drop;
	}
	if (brackets)
		clasp_buf_add_u8(&e->tags, ']');
	return -1;
}

/* -1, or the reason why there is no packet. */
static int
put_argument(struct encoder *e, const struct clasp_value *v, unsigned depth)
{
	switch (v->type) {
	case CLASP_NULL:
		clasp_buf_add_u8(&e->tags, 'N');
		return -1;
	case CLASP_BOOL:
		if (e->out->bool_int)
			put_word(e, 'i', v->boolean);
		else
			clasp_buf_add_u8(&e->tags, v->boolean ? 'T' : 'F');
		return -1;
	case CLASP_INT:
		put_int(e, v->integer);
		return -1;
	case CLASP_FLOAT:
		put_float(e, v->number);
		return -1;
	case CLASP_STRING:
		return put_string(e, v->string);
	case CLASP_BYTES:
		put_blob(e, v->string);
		return -1;
	case CLASP_ARRAY:
		return put_array(e, v, depth);
	case CLASP_MAP:
		return put_json(e, v);
	}
	return CLASP_OSC_VALUE;
}

/*
 * What is left of the address behind the prefix: empty when it is not under
 * it (a namespace ends where a segment does).
 */
static struct clasp_str
osc_address(const struct clasp_osc_out *out, struct clasp_str address)
{
	if (!clasp_str_starts(address, out->prefix) ||
	    address.len < out->prefix.len + 2 ||
	    address.p[out->prefix.len] != '/')
		return CLASP_STR_NONE;
	return clasp_str_of(address.p + out->prefix.len,
	    address.len - out->prefix.len);
}

/* The message's value; false: OSC has nothing for it. */
static bool
value_of(const struct clasp_msg *msg, struct clasp_value *v)
{
	const struct clasp_publish *pub = &msg->publish;

	*v = clasp_null();
	if (msg->type == CLASP_SET) {
		*v = msg->set.value;
		return true;
	}
	if (pub->kind == CLASP_TIMELINE)
		return false;
	if (pub->content == CLASP_CONTENT_VALUE)
		*v = pub->value;
	else if (pub->content == CLASP_CONTENT_SAMPLES) {
		if (pub->nsamples == 0)
			return false;
		*v = clasp_float(pub->samples[pub->nsamples - 1]);
	}
	return true;
}

static int
put_arguments(struct encoder *e, const struct clasp_value *v)
{
	clasp_buf_add_u8(&e->tags, ',');
	if (v->type == CLASP_NULL)
		return -1;
	return put_argument(e, v, 0);
}

size_t
clasp_osc_encode(struct clasp_osc_out *out, const struct clasp_msg *msg,
    struct clasp_buf *buf)
{
	struct encoder e = { .out = out };
	struct clasp_str address;
	struct clasp_value v;
	size_t i, before = buf->len;
	int drop = -1;

	if (msg->type != CLASP_SET && msg->type != CLASP_PUBLISH)
		return 0;
	address = osc_address(out, msg->type == CLASP_SET ?
	    msg->set.address : msg->publish.address);
	if (address.p == NULL)
		return 0;
	for (i = 0; i < address.len; i++)
		if (is_foreign((unsigned char)address.p[i]))
			drop = CLASP_OSC_SEGMENT;
	if (drop < 0 && !value_of(msg, &v))
		drop = CLASP_OSC_VALUE;
	if (drop < 0)
		drop = put_arguments(&e, &v);
	if (drop < 0) {
		put_text(buf, address);
		put_text(buf, clasp_buf_str(&e.tags));
		clasp_buf_add_str(buf, clasp_buf_str(&e.data));
		if (buf->failed || e.tags.failed || e.data.failed)
			drop = CLASP_OSC_MEMORY;
	}
	clasp_buf_clear(&e.tags);
	clasp_buf_clear(&e.data);
	if (drop >= 0) {
		out->drops[drop]++;
		buf->len = before;
		return 0;
	}
	return buf->len - before;
}
