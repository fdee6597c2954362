/* line.c - one line of text into its struct. */
#include "wire/line.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "wire/address.h"
#include "wire/line_parts.h"

#define FRACTION_DIGITS	9	/* read; six of them count */
#define MICRO		UINT64_C(1000000)
#define ATTRS_MAX	256	/* unknown ones of one message */

const char *const clasp_verb_names[CLASP_VERB_COUNT] = {
	"set", "event", "stream", "samples", "gesture", "timeline"
};

int
clasp_verb_by_name(struct clasp_str word)
{
	int i;

	for (i = 0; i < CLASP_VERB_COUNT; i++)
		if (clasp_str_is(word, clasp_verb_names[i]))
			return i;
	return -1;
}

/* --------------------------------------------------------------- times */

/* 12.5e-3 and its like: the point moves by `exp` places. */
static int
shift_seconds(uint64_t mantissa, long places, uint64_t *us)
{
	/* microseconds are mantissa * 10^(6 - places) */
	long shift = 6 - places;

	for (; shift < 0 && mantissa > 0; shift++)
		mantissa /= 10;
	for (; shift > 0 && mantissa > 0; shift--)
		if (__builtin_mul_overflow(mantissa, 10, &mantissa))
			return CLASP_ERANGE;
	*us = mantissa;
	return 0;
}

/* The long way, for JSON: any number of digits, an exponent. */
static int
parse_json_seconds(struct clasp_str s, uint64_t *us)
{
	uint64_t mantissa = 0;
	long places = 0, exp = 0;
	bool point = false, minus;
	size_t i;

	for (i = 0; i < s.len && (s.p[i] == '.' ||
	    (s.p[i] >= '0' && s.p[i] <= '9')); i++) {
		if (s.p[i] == '.') {
			if (point || i == 0)
				return CLASP_ESYNTAX;
			point = true;
		} else if (mantissa <= (UINT64_MAX - 9) / 10) {
			mantissa = mantissa * 10 + (uint64_t)(s.p[i] - '0');
			places += point;
		} else if (!point)
			return CLASP_ERANGE;
	}
	if (i == 0)
		return CLASP_ESYNTAX;
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		minus = i < s.len && s.p[i] == '-';
		if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		if (i == s.len)
			return CLASP_ESYNTAX;
		for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			if (exp < 100000)
				exp = exp * 10 + (s.p[i] - '0');
		places += minus ? exp : -exp;
	}
	return i < s.len ? CLASP_ESYNTAX : shift_seconds(mantissa, places, us);
}

int
clasp_seconds_parse(struct clasp_str s, bool exponent, uint64_t *us)
{
	const char *p = s.p, *end, *start = p;
	uint64_t seconds = 0, micro = 0, scale = MICRO;

	if (s.len == 0)
		return CLASP_ESYNTAX;
	end = p + s.len;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (seconds > UINT64_MAX / MICRO)
			return CLASP_ERANGE;
		seconds = seconds * 10 + (uint64_t)(*p - '0');
	}
	if (p > start && p < end && *p == '.') {
		start = ++p;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			if (scale > 1) {
				scale /= 10;
				micro += (uint64_t)(*p - '0') * scale;
			}
		if (p - start > FRACTION_DIGITS && !exponent)
			return CLASP_ESYNTAX;
	}
	if (p != end && exponent)
		return parse_json_seconds(s, us);
	if (p == start || p != end)
		return CLASP_ESYNTAX;
	if (__builtin_mul_overflow(seconds, MICRO, us) ||
	    __builtin_add_overflow(*us, micro, us))
		return CLASP_ERANGE;
	return 0;
}

int
clasp_time_parse(struct clasp_str s, bool *relative, int64_t *time_us)
{
	bool plus = s.len > 0 && s.p[0] == '+';
	uint64_t us;
	int e;

	if (s.len == 0 || (plus && relative == NULL))
		return CLASP_ESYNTAX;
	if (relative != NULL)
		*relative = plus;
	e = clasp_seconds_parse(clasp_str_of(s.p + plus, s.len - plus), false,
	    &us);
	if (e == 0 && us > INT64_MAX)
		e = CLASP_ERANGE;
	if (e == 0)
		*time_us = (int64_t)us;
	return e;
}

/* ------------------------------------------------------------- attributes */

enum attr {
	ATTR_AT, ATTR_QOS, ATTR_FRAME_TS, ATTR_TS, ATTR_REV, ATTR_ID,
	ATTR_PHASE, ATTR_RATE, ATTR_LOOP, ATTR_START, ATTR_DUR, ATTR_TTL,
	ATTR_LOCK, ATTR_UNLOCK, ATTR_BY, ATTR_COUNT
};

#define ALL		0xff
#define ONLY(verb)	(1 << CLASP_VERB_##verb)

static const struct attr_row {
	const char	*name;
	uint8_t		 verbs;		/* bits; where it may stand */
	bool		 first;		/* only in the first message */
} attr_rows[ATTR_COUNT] = {
	[ATTR_AT] =	{ "at",		ALL,		true },
	[ATTR_QOS] =	{ "qos",	ALL,		true },
	[ATTR_FRAME_TS] = { "frame-ts",	ALL,		true },
	[ATTR_TS] =	{ "ts",		ALL,		false },
	[ATTR_REV] =	{ "rev",	ONLY(SET),	false },
	[ATTR_ID] =	{ "id",		ONLY(GESTURE),	false },
	[ATTR_PHASE] =	{ "phase",	ONLY(GESTURE),	false },
	[ATTR_RATE] =	{ "rate",	ONLY(STREAM) | ONLY(SAMPLES), false },
	[ATTR_LOOP] =	{ "loop",	ONLY(TIMELINE),	false },
	[ATTR_START] =	{ "start",	ONLY(TIMELINE),	false },
	[ATTR_DUR] =	{ "dur",	ONLY(TIMELINE),	false },
	[ATTR_TTL] =	{ "ttl",	ONLY(SET),	false },
	[ATTR_LOCK] =	{ "lock",	ONLY(SET),	false },
	[ATTR_UNLOCK] =	{ "unlock",	ONLY(SET),	false },
	[ATTR_BY] =	{ "by",		ALL,		false },
};

static int
attr_by_name(struct clasp_str key)
{
	int i;

	for (i = 0; i < ATTR_COUNT; i++)
		if (clasp_str_is(key, attr_rows[i].name))
			return i;
	return -1;
}

bool
clasp_attr_key_ok(struct clasp_str s)
{
	size_t i;

	if (s.len == 0 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (i = 1; i < s.len; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
		    (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
			return false;
	return true;
}

static int
parse_u32(struct clasp_str s, uint32_t *out)
{
	uint64_t v;
	int e = clasp_uint_parse(s, &v);

	if (e == 0 && v > UINT32_MAX)
		e = CLASP_ERANGE;
	if (e == 0)
		*out = (uint32_t)v;
	return e;
}

/* "60", "abs:60", "never" */
static int
parse_ttl(struct clasp_str s, uint32_t *out)
{
	bool absolute = clasp_str_starts(s, CLASP_STR("abs:"));
	int e;

	*out = CLASP_TTL_NEVER;
	if (clasp_str_is(s, "never"))
		return 0;
	if (absolute)
		s = clasp_str_of(s.p + 4, s.len - 4);
	e = parse_u32(s, out);
	if (e == 0 && (*out & CLASP_TTL_ABSOLUTE))
		e = CLASP_ERANGE;
	if (absolute)
		*out |= CLASP_TTL_ABSOLUTE;
	return e;
}

static int
parse_at(struct clasp_str s, bool json, struct clasp_line *line)
{
	bool plus = s.len > 0 && s.p[0] == '+';

	line->has_at = true;
	line->at_relative = plus;
	return clasp_seconds_parse(clasp_str_of(s.p + plus, s.len - plus),
	    json, &line->at_us);
}

const char *
clasp_qos_name(uint8_t qos)
{
	static const char *const names[] = { "fire", "confirm", "commit" };

	return names[qos < 3 ? qos : 0];
}

static int
parse_qos(struct clasp_str s, struct clasp_line *line)
{
	uint8_t q;

	for (q = CLASP_QOS_FIRE; q <= CLASP_QOS_COMMIT; q++)
		if (clasp_str_is(s, clasp_qos_name(q))) {
			line->has_qos = true;
			line->qos = q;
			return 0;
		}
	return CLASP_ESYNTAX;
}

static int
parse_phase(struct clasp_str s, uint8_t *out)
{
	int phase = clasp_phase_by_name(s);

	if (phase < 0)
		return CLASP_ESYNTAX;
	*out = (uint8_t)phase;
	return 0;
}

static int
parse_loop(struct clasp_str s, bool *out)
{
	*out = clasp_str_is(s, "1");
	return *out || clasp_str_is(s, "0") ? 0 : CLASP_ESYNTAX;
}

static int
take_attr(struct clasp_parts *parts, struct clasp_line *line, int attr,
    struct clasp_str v, bool json)
{
	switch ((enum attr)attr) {
	case ATTR_AT:
		return parse_at(v, json, line);
	case ATTR_QOS:
		return parse_qos(v, line);
	case ATTR_FRAME_TS:
		line->has_frame_ts = true;
		return clasp_seconds_parse(v, json, &line->frame_ts_us);
	case ATTR_TS:
		return clasp_seconds_parse(v, json, &parts->ts_us);
	case ATTR_REV:
		return clasp_uint_parse(v, &parts->rev);
	case ATTR_ID:
		return parse_u32(v, &parts->id);
	case ATTR_PHASE:
		return parse_phase(v, &parts->phase);
	case ATTR_RATE:
		return parse_u32(v, &parts->rate);
	case ATTR_LOOP:
		return parse_loop(v, &parts->loop);
	case ATTR_START:
		return clasp_seconds_parse(v, json, &parts->start_us);
	case ATTR_DUR:
		return clasp_seconds_parse(v, json, &parts->dur_us);
	case ATTR_TTL:
		return parse_ttl(v, &parts->ttl);
	case ATTR_BY:
		parts->by = v;
		return 0;
	default:
		return 0;
	}
}

/* One that is not known: kept; of equal ones the last. */
static int
keep_attr(struct clasp_scan *s, struct clasp_parts *parts, const char *at,
    struct clasp_str key, struct clasp_str value)
{
	struct clasp_attr *attr = parts->attrs.items;
	uint32_t i;

	for (i = 0; i < parts->attrs.count; i++)
		if (clasp_str_eq(attr[i].key, key)) {
			attr[i].value = value;
			return 0;
		}
	if (i == ATTRS_MAX)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "too many attributes");
	attr = clasp_pile_add(&parts->attrs, s->arena, sizeof *attr);
	if (attr == NULL)
		return clasp_scan_nomem(s);
	attr->key = key;
	attr->value = value;
	return 0;
}

int
clasp_parts_attr(struct clasp_scan *s, struct clasp_parts *parts,
    struct clasp_line *line, const char *at, struct clasp_str key,
    struct clasp_str value, bool flag)
{
	int i = attr_by_name(key), e;

	if (i < 0 && !flag)
		return keep_attr(s, parts, at, key, value);
	if (i < 0 || flag != (i == ATTR_LOCK || i == ATTR_UNLOCK))
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    i < 0 ? "no such word: %.*s" : flag ?
		    "%.*s needs a value" : "%.*s takes no value",
		    (int)(key.len < 40 ? key.len : 40), key.p);
	if (parts->seen & 1u << i)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "%s is given twice", attr_rows[i].name);
	if (attr_rows[i].first && !parts->first)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "%s belongs to the first message", attr_rows[i].name);
	parts->seen |= 1u << i;
	e = take_attr(parts, line, i, value, s->json);
	if (e < 0)
		return clasp_scan_fail(s, at, e, "bad value for %s",
		    attr_rows[i].name);
	return 0;
}

/* ---------------------------------------------------------- one message */

/* 1: a control character, blank or quote, which end a bare address; 2: what
 * has to be looked at; 3: a slash. */
static const uint8_t address_class[256] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	[' '] = 1, ['"'] = 1, [0x7f] = 1, ['*'] = 2, ['/'] = 3,
	[0x80] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2
};

int
clasp_parts_address(struct clasp_scan *s, const char *at,
    struct clasp_str address)
{
	const char *why = NULL;
	int e;

	if (!clasp_utf8_valid(address.p, address.len))
		return clasp_scan_fail(s, at, CLASP_EUTF8,
		    "an address is not UTF-8");
	e = clasp_address_check(address, &why);
	if (e < 0)
		return clasp_scan_fail(s, at, e, "address %s",
		    why ? why : "is not valid");
	return 0;
}

/* A bare address; what it may hold is mostly seen on the way. */
static int
scan_bare_address(struct clasp_scan *s, struct clasp_str *out)
{
	const char *start = s->p, *p = start, *end = s->end;
	bool odd = false;
	unsigned slashes = 0;
	uint8_t class;

	for (; p < end; p++) {
		class = address_class[(uint8_t)*p];
		if (class == 0)
			continue;
		if (class == 1)
			break;
		if (class == 3) {
			slashes++;
			odd |= p + 1 == end || p[1] == '/' ||
			    address_class[(uint8_t)p[1]] == 1;
		} else
			odd = true;
	}
	s->p = p;
	*out = clasp_str_of(start, (size_t)(p - start));
	if (p < end && !clasp_is_blank(*p))
		return clasp_scan_fail(s, p, CLASP_EADDRESS, *p == '"' ?
		    "an address with a quote in it is written in quotes" :
		    "a control character in an address");
	if (p[-1] == ';')
		return clasp_scan_fail(s, p - 1, CLASP_EADDRESS,
		    "an address that ends in ';' is written in quotes");
	if (odd || slashes > CLASP_SEGMENTS_MAX ||
	    out->len > CLASP_ADDRESS_MAX)
		return clasp_parts_address(s, start, *out);
	return 0;
}

static int
scan_address(struct clasp_scan *s, struct clasp_str *out)
{
	const char *at = s->p;
	int e;

	if (at < s->end && *at == '/')
		return scan_bare_address(s, out);
	if (at == s->end || *at != '"')
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "an address must start with /");
	e = clasp_scan_string(s, out);
	if (e == 0 && s->p < s->end && !clasp_is_blank(*s->p))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "a blank belongs behind the address");
	return e < 0 ? e : clasp_parts_address(s, at, *out);
}

/* The end of the message: of the line, or a ';' that stands alone. */
static bool
at_separator(const struct clasp_scan *s)
{
	return s->p == s->end || (*s->p == ';' &&
	    (s->p + 1 == s->end || clasp_is_blank(s->p[1])));
}

static int
scan_attr_value(struct clasp_scan *s, struct clasp_str *out)
{
	const char *start = s->p;

	if (s->p < s->end && *s->p == '"')
		return clasp_scan_string(s, out);
	while (s->p < s->end && !clasp_is_blank(*s->p) && *s->p != '"' &&
	    *s->p != ';')
		s->p++;
	*out = clasp_str_of(start, (size_t)(s->p - start));
	if (out->len == 0)
		return clasp_scan_fail(s, start, CLASP_ESYNTAX,
		    "an attribute needs a value");
	if (!clasp_utf8_valid(out->p, out->len))
		return clasp_scan_fail(s, start, CLASP_EUTF8,
		    "an attribute is not UTF-8");
	return 0;
}

static struct clasp_str
peek_key(const struct clasp_scan *s)
{
	const char *p = s->p;

	while (p < s->end && ((*p >= 'a' && *p <= 'z') || *p == '-' ||
	    (*p >= '0' && *p <= '9')))
		p++;
	return clasp_str_of(s->p, (size_t)(p - s->p));
}

static bool
is_value_word(struct clasp_str word)
{
	return clasp_str_is(word, "null") || clasp_str_is(word, "true") ||
	    clasp_str_is(word, "false") || clasp_str_is(word, "nan") ||
	    clasp_str_is(word, "inf");
}

/* A token that is no value by its first byte.  1: a value begins here. */
static int
scan_word_token(struct clasp_scan *s, struct clasp_parts *parts,
    struct clasp_line *line, bool verb_may_come)
{
	struct clasp_str key = peek_key(s), value = CLASP_STR_NONE;
	const char *at = s->p, *p = at + key.len;
	bool flag = true;
	int e, verb;

	if (key.len == 0)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "neither an attribute nor a value");
	if (p < s->end && (*p == ':' || *p == '"'))
		return 1;
	if (p < s->end && *p == '=') {
		flag = false;
		s->p = p + 1;
		e = scan_attr_value(s, &value);
		if (e < 0)
			return e;
	} else {
		if (is_value_word(key))
			return 1;
		s->p = p;
		verb = clasp_verb_by_name(key);
		if (verb >= 0 && !verb_may_come)
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "%s belongs right behind the address",
			    clasp_verb_names[verb]);
		if (verb >= 0) {
			parts->verb = (uint8_t)verb;
			key.len = 0;
		}
	}
	if (s->p < s->end && !clasp_is_blank(*s->p))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "not expected here");
	return key.len == 0 ? 0 :
	    clasp_parts_attr(s, parts, line, at, key, value, flag);
}

static int
scan_message_value(struct clasp_scan *s, struct clasp_parts *parts)
{
	int e = clasp_scan_value(s, 0, &parts->value);

	if (e < 0)
		return e;
	parts->has_value = true;
	if (s->p < s->end && !clasp_is_blank(*s->p))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "not expected behind a value");
	clasp_scan_blanks(s);
	if (!at_separator(s))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "something follows the value");
	return 0;
}

static int
scan_message(struct clasp_scan *s, struct clasp_line *line, bool first,
    struct clasp_item *item)
{
	struct clasp_parts parts;
	const char *at = s->p;
	bool verb_may_come = true;
	int e;

	memset(&parts, 0, sizeof parts);
	parts.first = first;
	e = scan_address(s, &parts.address);
	for (; e == 0; verb_may_come = false) {
		clasp_scan_blanks(s);
		if (at_separator(s))
			break;
		if (*s->p >= 'a' && *s->p <= 'z')
			e = scan_word_token(s, &parts, line, verb_may_come);
		else
			e = 1;
	}
	if (e == 1)
		e = scan_message_value(s, &parts);
	return e < 0 ? e : clasp_parts_finish(s, &parts, at, item);
}

/* ----------------------------------------------- parts into a message */

static int
finish_samples(struct clasp_scan *s, const struct clasp_parts *parts,
    struct clasp_publish *p)
{
	const struct clasp_value *v = &parts->value;
	double *samples;
	uint32_t i;

	if (v->type != CLASP_ARRAY)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "samples need an array of numbers");
	samples = clasp_arena_alloc(s->arena, v->count * sizeof *samples);
	if (samples == NULL)
		return clasp_scan_nomem(s);
	for (i = 0; i < v->count; i++) {
		if (v->items[i].type == CLASP_FLOAT)
			samples[i] = v->items[i].number;
		else if (v->items[i].type == CLASP_INT)
			samples[i] = (double)v->items[i].integer;
		else
			return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
			    "samples need an array of numbers");
	}
	p->content = CLASP_CONTENT_SAMPLES;
	p->samples = samples;
	p->nsamples = v->count;
	return 0;
}

static int
finish_timeline(struct clasp_scan *s, const struct clasp_parts *parts,
    struct clasp_publish *p)
{
	struct clasp_timeline_parts t = {
		.keyframes = parts->value,
		.loop = parts->loop,
		.has_start = (parts->seen & 1u << ATTR_START) != 0,
		.has_dur = (parts->seen & 1u << ATTR_DUR) != 0,
		.start_us = parts->start_us,
		.dur_us = parts->dur_us,
	};
	const char *why = "";
	int e = clasp_timeline_join(&t, s->arena, &p->value, &why);

	if (e < 0)
		return clasp_scan_fail(s, s->p, e, "%s", why);
	p->content = CLASP_CONTENT_VALUE;
	return 0;
}

static void
finish_set(const struct clasp_parts *parts, struct clasp_item *item)
{
	struct clasp_set *set = &item->msg.set;
	uint32_t seen = parts->seen;

	item->msg.type = CLASP_SET;
	set->has_revision = (seen & 1u << ATTR_REV) != 0;
	set->has_ttl = (seen & 1u << ATTR_TTL) != 0;
	set->lock = (seen & 1u << ATTR_LOCK) != 0;
	set->unlock = (seen & 1u << ATTR_UNLOCK) != 0;
	set->ttl = parts->ttl;
	set->address = parts->address;
	set->value = parts->value;
	set->revision = parts->rev;
	item->has_ts = (seen & 1u << ATTR_TS) != 0;
	item->ts_us = parts->ts_us;
}

static int
finish_publish(struct clasp_scan *s, const struct clasp_parts *parts,
    struct clasp_item *item)
{
	static const uint8_t kinds[CLASP_VERB_COUNT] = {
		[CLASP_VERB_EVENT] = CLASP_EVENT,
		[CLASP_VERB_STREAM] = CLASP_STREAM,
		[CLASP_VERB_SAMPLES] = CLASP_STREAM,
		[CLASP_VERB_GESTURE] = CLASP_GESTURE,
		[CLASP_VERB_TIMELINE] = CLASP_TIMELINE
	};
	struct clasp_publish *p = &item->msg.publish;

	item->msg.type = CLASP_PUBLISH;
	memset(p, 0, sizeof *p);
	p->kind = kinds[parts->verb];
	p->phase = parts->phase;
	p->has_timestamp = (parts->seen & 1u << ATTR_TS) != 0;
	p->has_id = (parts->seen & 1u << ATTR_ID) != 0;
	p->has_rate = (parts->seen & 1u << ATTR_RATE) != 0;
	p->id = parts->id;
	p->rate = parts->rate;
	p->address = parts->address;
	p->timestamp_us = parts->ts_us;
	if (parts->verb == CLASP_VERB_SAMPLES)
		return finish_samples(s, parts, p);
	if (parts->verb == CLASP_VERB_TIMELINE)
		return finish_timeline(s, parts, p);
	if (parts->has_value) {
		p->content = CLASP_CONTENT_VALUE;
		p->value = parts->value;
	}
	return 0;
}

int
clasp_parts_finish(struct clasp_scan *s, struct clasp_parts *parts,
    const char *at, struct clasp_item *item)
{
	uint32_t seen = parts->seen;
	int i;

	for (i = 0; seen != 0; i++, seen >>= 1)
		if ((seen & 1) && !(attr_rows[i].verbs & 1u << parts->verb))
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "%s does not go with %s", attr_rows[i].name,
			    clasp_verb_names[parts->verb]);
	if (!parts->has_value && parts->verb != CLASP_VERB_EVENT &&
	    parts->verb != CLASP_VERB_GESTURE)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "%s needs a value", clasp_verb_names[parts->verb]);
	item->by = parts->by;
	item->has_ts = false;
	item->ts_us = 0;
	item->attrs = parts->attrs.items;
	item->nattrs = parts->attrs.count;
	if (parts->verb != CLASP_VERB_SET)
		return finish_publish(s, parts, item);
	finish_set(parts, item);
	return 0;
}

/* --------------------------------------------------------- kinds of lines */

/* Messages joined with " ; ". */
static int
parse_data(struct clasp_scan *s, struct clasp_line *line)
{
	struct clasp_pile pile = { NULL, 0, 0 };
	struct clasp_item *item;
	int e;

	line->kind = CLASP_LINE_DATA;
	if (at_separator(s)) {
		s->p++;
		clasp_scan_blanks(s);
		line->bundle = true;
		return s->p == s->end ? 0 : clasp_scan_fail(s, s->p,
		    CLASP_ESYNTAX, "an empty bundle is a ';' alone");
	}
	/* nearly always there is one: take no more room than that */
	item = clasp_arena_alloc(s->arena, sizeof *item);
	if (item == NULL)
		return clasp_scan_nomem(s);
	pile.items = item;
	pile.count = pile.cap = 1;
	for (;;) {
		e = scan_message(s, line, pile.count == 1, item);
		if (e < 0)
			return e;
		if (s->p == s->end)
			break;
		line->bundle = true;
		s->p++;
		clasp_scan_blanks(s);
		if (s->p == s->end)
			break;
		if (pile.count == CLASP_PAYLOAD_MAX)
			return clasp_scan_fail(s, s->p, CLASP_ETOOBIG,
			    "more messages than a bundle can hold");
		item = clasp_pile_add(&pile, s->arena, sizeof *item);
		if (item == NULL)
			return clasp_scan_nomem(s);
	}
	line->items = pile.items;
	line->count = pile.count;
	line->bundle |= line->has_at;
	return 0;
}

int
clasp_parts_frame(struct clasp_scan *s, const char *at,
    struct clasp_str bytes, struct clasp_line *line)
{
	struct clasp_frame frame;
	struct clasp_msg msg;
	int n = clasp_frame_decode((const uint8_t *)bytes.p, bytes.len,
	    &frame);

	if (n >= 0 && (size_t)n != bytes.len)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "more bytes than one frame");
	if (n >= 0)
		n = clasp_msg_decode(frame.payload, frame.len, s->arena, 0,
		    &msg);
	if (n < 0)
		return clasp_scan_fail(s, at, n, "frame: %s",
		    clasp_strerror(n));
	line->kind = CLASP_LINE_FRAME;
	line->text = bytes;
	return 0;
}

static int
parse_frame(struct clasp_scan *s, struct clasp_line *line)
{
	const char *at = s->p;
	struct clasp_value v;
	int e = clasp_scan_value(s, 0, &v);

	if (e < 0)
		return e;
	if (v.type != CLASP_BYTES)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "frame takes bytes: x\"53...\"");
	return clasp_parts_frame(s, at, v.string, line);
}

static int
parse_mark(struct clasp_scan *s, struct clasp_line *line)
{
	line->kind = CLASP_LINE_MARK;
	if (s->p == s->end || *s->p != '"')
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "mark takes a name in quotes");
	return clasp_scan_string(s, &line->text);
}

/* qos= and frame-ts= between a control line's word and its object. */
static int
scan_control_attrs(struct clasp_scan *s, struct clasp_line *line,
    struct clasp_item *item)
{
	struct clasp_parts parts;
	struct clasp_str key, value;
	const char *at;
	int e;

	memset(&parts, 0, sizeof parts);
	parts.first = true;
	for (;;) {
		clasp_scan_blanks(s);
		at = s->p;
		if (at == s->end || *at == '{')
			break;
		key = peek_key(s);
		if (!clasp_attr_key_ok(key) || at + key.len == s->end ||
		    at[key.len] != '=')
			return clasp_scan_fail(s, at, CLASP_ESYNTAX,
			    "the message's fields belong here: {...}");
		s->p = at + key.len + 1;
		e = scan_attr_value(s, &value);
		if (e == 0)
			e = clasp_parts_attr(s, &parts, line, at, key, value,
			    false);
		if (e < 0)
			return e;
	}
	if (parts.seen & ~(1u << ATTR_QOS | 1u << ATTR_FRAME_TS))
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "only qos= and frame-ts= go with a control line");
	item->attrs = parts.attrs.items;
	item->nattrs = parts.attrs.count;
	return 0;
}

static int
parse_message_line(struct clasp_scan *s, uint8_t type,
    struct clasp_line *line)
{
	struct clasp_value fields = clasp_map(NULL, 0);
	const char *at;
	char why[80];
	int e;

	line->kind = CLASP_LINE_CONTROL;
	line->items = clasp_arena_alloc(s->arena, sizeof *line->items);
	if (line->items == NULL)
		return clasp_scan_nomem(s);
	memset(line->items, 0, sizeof *line->items);
	line->count = 1;
	e = scan_control_attrs(s, line, line->items);
	at = s->p;
	s->wide = true;
	if (e == 0 && s->p < s->end)
		e = clasp_scan_value(s, 0, &fields);
	if (e < 0)
		return e;
	e = clasp_control_msg(type, &fields, s->arena, &line->items->msg,
	    why, sizeof why);
	return e < 0 ? clasp_scan_fail(s, at, e, "%s", why) : 0;
}

static int
parse_control(struct clasp_scan *s, struct clasp_line *line)
{
	struct clasp_str word = peek_key(s);
	const char *at = s->p;
	uint8_t type;
	int e;

	s->p += word.len;
	if (s->p < s->end && !clasp_is_blank(*s->p))
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "an address must start with /");
	clasp_scan_blanks(s);
	type = clasp_msg_by_name(word);
	if (clasp_str_is(word, "mark"))
		e = parse_mark(s, line);
	else if (clasp_str_is(word, "frame"))
		e = parse_frame(s, line);
	else if (clasp_verb_by_name(word) >= 0)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "the address comes before %.*s", CLASP_STR_ARG(word));
	else if (type == CLASP_MSG_NONE || type == CLASP_PUBLISH ||
	    type == CLASP_BUNDLE)
		return clasp_scan_fail(s, at, CLASP_ESYNTAX,
		    "no such message: %.*s", (int)(word.len < 40 ?
		    word.len : 40), word.p);
	else
		e = parse_message_line(s, type, line);
	if (e < 0)
		return e;
	clasp_scan_blanks(s);
	return s->p == s->end ? 0 : clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
	    "something follows the message");
}

static int
parse_time(struct clasp_scan *s, struct clasp_line *line)
{
	const char *start = s->p;
	int e;

	while (s->p < s->end && !clasp_is_blank(*s->p))
		s->p++;
	e = clasp_time_parse(clasp_str_of(start, (size_t)(s->p - start)),
	    &line->relative, &line->time_us);
	if (e < 0)
		return clasp_scan_fail(s, start, e, e == CLASP_ERANGE ?
		    "a time is too large" : "not a time");
	line->timed = true;
	clasp_scan_blanks(s);
	if (s->p == s->end)
		return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
		    "nothing follows the time");
	return 0;
}

/* A line by its first byte, the time already read. */
static int
parse_rest(struct clasp_scan *s, struct clasp_line *line)
{
	char c = *s->p;

	if (c == '/' || c == '"' || (c == ';' && at_separator(s)))
		return parse_data(s, line);
	if (c >= 'a' && c <= 'z')
		return parse_control(s, line);
	return clasp_scan_fail(s, s->p, CLASP_ESYNTAX,
	    "no line starts like this; an address starts with /");
}

int
clasp_line_parse(struct clasp_str text, struct clasp_arena *arena,
    struct clasp_line *out, struct clasp_line_error *err)
{
	struct clasp_scan s = { text.p, text.p, NULL, arena, err, false,
	    false };
	int e = 0;

	memset(out, 0, sizeof *out);
	if (text.len == 0)
		return 0;
	s.end = text.p + text.len;
	if (s.end[-1] == '\r')
		s.end--;
	while (s.end > s.p && clasp_is_blank(s.end[-1]))
		s.end--;
	if (text.len > CLASP_LINE_MAX)
		return clasp_scan_fail(&s, s.p + CLASP_LINE_MAX, CLASP_ERANGE,
		    "a line is longer than 1 MiB");
	if (s.p < s.end && *s.p == '#') {
		out->kind = s.end - s.p > 1 && s.p[1] >= 'a' &&
		    s.p[1] <= 'z' ? CLASP_LINE_DIRECTIVE : CLASP_LINE_COMMENT;
		out->text = clasp_str_of(s.p, (size_t)(s.end - s.p));
		return 0;
	}
	clasp_scan_blanks(&s);
	if (s.p == s.end)
		return 0;
	if (*s.p == '{')
		return clasp_json_parse(&s, out);
	if ((*s.p >= '0' && *s.p <= '9') || *s.p == '+')
		e = parse_time(&s, out);
	return e < 0 ? e : parse_rest(&s, out);
}
