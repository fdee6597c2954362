/*
 * message.c - the nineteen messages, in memory and as bytes.
 *
 * For each a pair of functions that read and write its fields in their
 * order, and a row in the table at the end.
 */
#include "wire/message.h"

#include "wire/codec.h"
#include "wire/legacy.h"

/* the least bytes of payload one item of each list takes */
#define MIN_SIGNAL	4	/* address length, kind, options */
#define MIN_PATTERN	2
#define MIN_REVISION	10
#define MIN_PARAM	12
#define MIN_SAMPLE	8
#define MIN_INNER	3	/* length, type */

#define ALL_TYPES_SENT	0xff
#define TYPES_KNOWN	0x1f
#define HELLO_FEATURES	0xfd	/* 0x02 means nothing */
#define WELCOME_FEATURES 0xfc

/* ------------------------------------------------------ shared pieces */

static struct clasp_str
get_str_if(struct clasp_decoder *d, uint8_t flags, uint8_t bit)
{
	return flags & bit ? clasp_decoder_str(d) : CLASP_STR_NONE;
}

static void
put_str_if(struct clasp_encoder *e, struct clasp_str s)
{
	if (s.p != NULL)
		clasp_encoder_str(e, s);
}

static uint64_t
get_u64_if(struct clasp_decoder *d, bool has)
{
	return has ? clasp_get_u64(&d->r) : 0;
}

static uint32_t
get_u32_if(struct clasp_decoder *d, bool has)
{
	return has ? clasp_get_u32(&d->r) : 0;
}

static double
get_f64(struct clasp_decoder *d)
{
	return clasp_float_of_bits(clasp_get_u64(&d->r));
}

static void
put_f64(struct clasp_encoder *e, double v)
{
	clasp_put_u64(&e->w, clasp_float_bits(v));
}

/* A value with its code in front. */
static void
put_value(struct clasp_encoder *e, const struct clasp_value *v)
{
	clasp_put_u8(&e->w, clasp_value_code(v));
	clasp_encoder_value(e, v, 0);
}

/* A mask with none of the five known bits means all, as 0xff does. */
static uint8_t
get_types(struct clasp_decoder *d)
{
	uint8_t mask = clasp_get_u8(&d->r);

	return mask == ALL_TYPES_SENT ? CLASP_TYPES_ALL : mask & TYPES_KNOWN;
}

static void
put_types(struct clasp_encoder *e, uint8_t mask)
{
	clasp_put_u8(&e->w, mask & TYPES_KNOWN ? mask & TYPES_KNOWN :
	    ALL_TYPES_SENT);
}

static uint8_t
known_kind(uint8_t kind)
{
	return kind <= CLASP_TIMELINE ? kind : CLASP_EVENT;
}

/* --------------------------------------------------- HELLO, WELCOME */

static void
get_hello(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_hello *m = &msg->hello;

	m->version = clasp_get_u8(&d->r);
	m->features = clasp_get_u8(&d->r) & HELLO_FEATURES;
	m->name = clasp_decoder_str(d);
	m->token = clasp_decoder_str(d);
}

static void
put_hello(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_hello *m = &msg->hello;

	clasp_put_u8(&e->w, m->version);
	clasp_put_u8(&e->w, m->features & HELLO_FEATURES);
	clasp_encoder_str(e, m->name);
	clasp_encoder_str(e, m->token);
}

static void
get_welcome(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_welcome *m = &msg->welcome;

	m->version = clasp_get_u8(&d->r);
	m->features = clasp_get_u8(&d->r) & WELCOME_FEATURES;
	m->time_us = clasp_get_u64(&d->r);
	m->session = clasp_decoder_str(d);
	m->name = clasp_decoder_str(d);
	m->token = clasp_decoder_str(d);
}

static void
put_welcome(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_welcome *m = &msg->welcome;

	clasp_put_u8(&e->w, m->version);
	clasp_put_u8(&e->w, m->features & WELCOME_FEATURES);
	clasp_put_u64(&e->w, m->time_us);
	clasp_encoder_str(e, m->session);
	clasp_encoder_str(e, m->name);
	clasp_encoder_str(e, m->token);
}

/* -------------------------------------------------- ANNOUNCE, RESULT */

#define SIGNAL_DATATYPE	0x01
#define SIGNAL_ACCESS	0x02
#define SIGNAL_META	0x04
#define META_UNIT	0x01
#define META_RANGE	0x02
#define META_DEFAULT	0x04
#define META_DESCRIPTION 0x08

static void
get_meta(struct clasp_decoder *d, struct clasp_signal *s)
{
	uint8_t flags = clasp_get_u8(&d->r);

	s->has_range = (flags & META_RANGE) != 0;
	s->has_default = (flags & META_DEFAULT) != 0;
	s->unit = get_str_if(d, flags, META_UNIT);
	if (s->has_range) {
		s->min = get_f64(d);
		s->max = get_f64(d);
	}
	if (s->has_default)
		clasp_decoder_value(d, clasp_get_u8(&d->r), 0, &s->def);
	s->description = get_str_if(d, flags, META_DESCRIPTION);
}

static void
put_meta(struct clasp_encoder *e, const struct clasp_signal *s)
{
	clasp_put_u8(&e->w, (uint8_t)((s->unit.p ? META_UNIT : 0) |
	    (s->has_range ? META_RANGE : 0) |
	    (s->has_default ? META_DEFAULT : 0) |
	    (s->description.p ? META_DESCRIPTION : 0)));
	put_str_if(e, s->unit);
	if (s->has_range) {
		put_f64(e, s->min);
		put_f64(e, s->max);
	}
	if (s->has_default)
		put_value(e, &s->def);
	put_str_if(e, s->description);
}

static const struct clasp_signal *
get_signals(struct clasp_decoder *d, uint32_t *count, bool meta)
{
	struct clasp_signal *list, *s, scratch;
	uint8_t opt;
	uint32_t i;

	*count = clasp_decoder_count(d, MIN_SIGNAL);
	list = clasp_decoder_list(d, *count, MIN_SIGNAL, sizeof *list);
	for (i = 0; i < *count && clasp_decoder_item(d, MIN_SIGNAL); i++) {
		s = list ? &list[i] : &scratch;
		memset(s, 0, sizeof *s);
		s->address = clasp_decoder_str(d);
		s->kind = known_kind(clasp_get_u8(&d->r));
		opt = clasp_get_u8(&d->r);
		s->datatype = get_str_if(d, opt, SIGNAL_DATATYPE);
		s->access = get_str_if(d, opt, SIGNAL_ACCESS);
		s->has_meta = meta && (opt & SIGNAL_META);
		if (s->has_meta)
			get_meta(d, s);
	}
	return list;
}

static void
put_signals(struct clasp_encoder *e, const struct clasp_signal *list,
    uint32_t count, bool meta)
{
	const struct clasp_signal *s;
	uint32_t i;

	clasp_encoder_count(e, count);
	for (i = 0; i < count && e->error == 0; i++) {
		s = &list[i];
		if (s->kind > CLASP_TIMELINE)
			clasp_encoder_fail(e, CLASP_EINVAL);
		clasp_encoder_str(e, s->address);
		clasp_put_u8(&e->w, s->kind);
		clasp_put_u8(&e->w,
		    (uint8_t)((s->datatype.p ? SIGNAL_DATATYPE : 0) |
		    (s->access.p ? SIGNAL_ACCESS : 0) |
		    (meta && s->has_meta ? SIGNAL_META : 0)));
		put_str_if(e, s->datatype);
		put_str_if(e, s->access);
		if (meta && s->has_meta)
			put_meta(e, s);
	}
}

static void
get_announce(struct clasp_decoder *d, struct clasp_msg *msg)
{
	msg->announce.namespace_ = clasp_decoder_str(d);
	msg->announce.signals = get_signals(d, &msg->announce.count, true);
}

static void
put_announce(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	clasp_encoder_str(e, msg->announce.namespace_);
	put_signals(e, msg->announce.signals, msg->announce.count, true);
}

static void
get_result(struct clasp_decoder *d, struct clasp_msg *msg)
{
	msg->result.signals = get_signals(d, &msg->result.count, false);
}

static void
put_result(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	put_signals(e, msg->result.signals, msg->result.count, false);
}

/* ------------------------------------------------------- FEDERATION */

#define FEDERATION_SINCE	0x80
#define FEDERATION_ORIGIN	0x40

/* Equal keys: the last revision, in the first one's place. */
uint32_t
clasp_msg_unique_revisions(struct clasp_decoder *d,
    struct clasp_revision *list, uint32_t count)
{
	struct clasp_entry *entries;
	uint32_t i, kept;

	entries = clasp_arena_alloc(d->arena, count * sizeof *entries);
	if (entries == NULL) {
		clasp_decoder_fail(d, CLASP_ENOMEM);
		return 0;
	}
	for (i = 0; i < count; i++) {
		entries[i].key = list[i].key;
		entries[i].value = clasp_int((int64_t)list[i].revision);
	}
	kept = clasp_decoder_unique(d, entries, count);
	for (i = 0; i < kept; i++) {
		list[i].key = entries[i].key;
		list[i].revision = (uint64_t)entries[i].value.integer;
	}
	return kept;
}

static void
get_revisions(struct clasp_decoder *d, struct clasp_federation *m)
{
	struct clasp_revision *list, *rev, scratch;
	uint32_t i;

	m->nrevisions = clasp_decoder_count(d, MIN_REVISION);
	list = clasp_decoder_list(d, m->nrevisions, MIN_REVISION,
	    sizeof *list);
	for (i = 0; i < m->nrevisions && clasp_decoder_item(d, MIN_REVISION);
	    i++) {
		rev = list ? &list[i] : &scratch;
		rev->key = clasp_decoder_str(d);
		rev->revision = clasp_get_u64(&d->r);
	}
	if (list != NULL && clasp_decoder_ok(d) && !d->skim)
		m->nrevisions = clasp_msg_unique_revisions(d, list,
		    m->nrevisions);
	m->revisions = list;
}

static void
get_federation(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_federation *m = &msg->federation;
	struct clasp_str *patterns, scratch;
	uint8_t flags;
	uint32_t i;

	m->op = clasp_get_u8(&d->r);
	if (m->op < CLASP_FEDERATION_DECLARE ||
	    m->op > CLASP_FEDERATION_COMPLETE)
		clasp_decoder_fail(d, CLASP_EENUM);
	m->npatterns = clasp_decoder_count(d, MIN_PATTERN);
	patterns = clasp_decoder_list(d, m->npatterns, MIN_PATTERN,
	    sizeof *patterns);
	for (i = 0; i < m->npatterns && clasp_decoder_item(d, MIN_PATTERN);
	    i++)
		*(patterns ? &patterns[i] : &scratch) = clasp_decoder_str(d);
	m->patterns = patterns;
	get_revisions(d, m);
	flags = clasp_get_u8(&d->r);
	m->has_since = (flags & FEDERATION_SINCE) != 0;
	m->since = get_u64_if(d, m->has_since);
	m->origin = get_str_if(d, flags, FEDERATION_ORIGIN);
}

static void
put_federation(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_federation *m = &msg->federation;
	uint32_t i;

	if (m->op < CLASP_FEDERATION_DECLARE ||
	    m->op > CLASP_FEDERATION_COMPLETE)
		clasp_encoder_fail(e, CLASP_EINVAL);
	clasp_put_u8(&e->w, m->op);
	clasp_encoder_count(e, m->npatterns);
	for (i = 0; i < m->npatterns && e->error == 0; i++)
		clasp_encoder_str(e, m->patterns[i]);
	clasp_encoder_count(e, m->nrevisions);
	for (i = 0; i < m->nrevisions && e->error == 0; i++) {
		clasp_encoder_str(e, m->revisions[i].key);
		clasp_put_u64(&e->w, m->revisions[i].revision);
	}
	clasp_put_u8(&e->w, (uint8_t)((m->has_since ? FEDERATION_SINCE : 0) |
	    (m->origin.p ? FEDERATION_ORIGIN : 0)));
	if (m->has_since)
		clasp_put_u64(&e->w, m->since);
	put_str_if(e, m->origin);
}

/* -------------------------------------------- SUBSCRIBE, UNSUBSCRIBE */

#define OPT_MAX_RATE	0x01
#define OPT_EPSILON	0x02
#define OPT_HISTORY	0x04
#define OPT_WINDOW	0x08

static void
get_subscribe(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_subscribe *m = &msg->subscribe;
	uint8_t opt;

	m->id = clasp_get_u32(&d->r);
	m->pattern = clasp_decoder_str(d);
	m->types = get_types(d);
	opt = clasp_get_u8(&d->r);
	m->has_max_rate = (opt & OPT_MAX_RATE) != 0;
	m->has_epsilon = (opt & OPT_EPSILON) != 0;
	m->has_history = (opt & OPT_HISTORY) != 0;
	m->has_window = (opt & OPT_WINDOW) != 0;
	m->max_rate = get_u32_if(d, m->has_max_rate);
	m->epsilon = m->has_epsilon ? get_f64(d) : 0;
	m->history = get_u32_if(d, m->has_history);
	m->window = get_u32_if(d, m->has_window);
}

static void
put_subscribe(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_subscribe *m = &msg->subscribe;

	clasp_put_u32(&e->w, m->id);
	clasp_encoder_str(e, m->pattern);
	put_types(e, m->types);
	clasp_put_u8(&e->w, (uint8_t)((m->has_max_rate ? OPT_MAX_RATE : 0) |
	    (m->has_epsilon ? OPT_EPSILON : 0) |
	    (m->has_history ? OPT_HISTORY : 0) |
	    (m->has_window ? OPT_WINDOW : 0)));
	if (m->has_max_rate)
		clasp_put_u32(&e->w, m->max_rate);
	if (m->has_epsilon)
		put_f64(e, m->epsilon);
	if (m->has_history)
		clasp_put_u32(&e->w, m->history);
	if (m->has_window)
		clasp_put_u32(&e->w, m->window);
}

static void
get_unsubscribe(struct clasp_decoder *d, struct clasp_msg *msg)
{
	msg->unsubscribe.id = clasp_get_u32(&d->r);
}

static void
put_unsubscribe(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	clasp_put_u32(&e->w, msg->unsubscribe.id);
}

/* ---------------------------------------------------------- PUBLISH */

#define PUBLISH_TIMESTAMP	0x10
#define PUBLISH_ID		0x08
#define PUBLISH_PHASE		0x07
#define PUBLISH_KIND_SHIFT	5

static void
get_samples(struct clasp_decoder *d, struct clasp_publish *m)
{
	double *samples, scratch;
	uint32_t i;

	m->nsamples = clasp_decoder_count(d, MIN_SAMPLE);
	samples = clasp_decoder_list(d, m->nsamples, MIN_SAMPLE,
	    sizeof *samples);
	for (i = 0; i < m->nsamples && clasp_decoder_item(d, MIN_SAMPLE); i++)
		*(samples ? &samples[i] : &scratch) = get_f64(d);
	m->samples = samples;
}

static void
get_publish(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_publish *m = &msg->publish;
	uint8_t flags = clasp_get_u8(&d->r), phase = flags & PUBLISH_PHASE;

	m->kind = known_kind(flags >> PUBLISH_KIND_SHIFT);
	m->phase = phase <= CLASP_PHASE_CANCEL ? phase : CLASP_PHASE_START;
	m->address = clasp_decoder_str(d);
	m->content = clasp_get_u8(&d->r);
	m->nsamples = 0;
	m->samples = NULL;
	if (m->content == CLASP_CONTENT_VALUE)
		clasp_decoder_value(d, clasp_get_u8(&d->r), 0, &m->value);
	else {
		m->value = clasp_null();
		if (m->content == CLASP_CONTENT_SAMPLES)
			get_samples(d, m);
		else
			m->content = CLASP_CONTENT_NONE;
	}
	m->has_timestamp = (flags & PUBLISH_TIMESTAMP) != 0;
	m->has_id = (flags & PUBLISH_ID) != 0;
	m->timestamp_us = get_u64_if(d, m->has_timestamp);
	m->id = get_u32_if(d, m->has_id);
	/* the rate has no flag: it is there when there is room for it */
	m->has_rate = clasp_reader_left(&d->r) >= 4;
	m->rate = get_u32_if(d, m->has_rate);
}

static void
put_samples(struct clasp_encoder *e, const struct clasp_publish *m)
{
	uint32_t i;

	clasp_encoder_count(e, m->nsamples);
	for (i = 0; i < m->nsamples && !e->w.full; i++)
		put_f64(e, m->samples[i]);
}

static void
put_publish(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_publish *m = &msg->publish;

	if (m->kind > CLASP_TIMELINE || m->phase > CLASP_PHASE_CANCEL ||
	    m->content > CLASP_CONTENT_SAMPLES)
		clasp_encoder_fail(e, CLASP_EINVAL);
	clasp_put_u8(&e->w, (uint8_t)(m->kind << PUBLISH_KIND_SHIFT |
	    (m->has_timestamp ? PUBLISH_TIMESTAMP : 0) |
	    (m->has_id ? PUBLISH_ID : 0) | m->phase));
	clasp_encoder_str(e, m->address);
	clasp_put_u8(&e->w, m->content);
	if (m->content == CLASP_CONTENT_VALUE)
		put_value(e, &m->value);
	else if (m->content == CLASP_CONTENT_SAMPLES)
		put_samples(e, m);
	if (m->has_timestamp)
		clasp_put_u64(&e->w, m->timestamp_us);
	if (m->has_id)
		clasp_put_u32(&e->w, m->id);
	if (m->has_rate)
		clasp_put_u32(&e->w, m->rate);
}

/* --------------------------------------------------- SET, GET, QUERY */

#define SET_REVISION	0x80
#define SET_LOCK	0x40
#define SET_UNLOCK	0x20
#define SET_TTL		0x10
#define SET_CODE	0x0f

static void
get_set(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_set *m = &msg->set;
	uint8_t flags = clasp_get_u8(&d->r);

	m->has_revision = (flags & SET_REVISION) != 0;
	m->has_ttl = (flags & SET_TTL) != 0;
	m->lock = (flags & SET_LOCK) != 0;
	m->unlock = (flags & SET_UNLOCK) != 0;
	m->address = clasp_decoder_str(d);
	clasp_decoder_value(d, flags & SET_CODE, 0, &m->value);
	m->revision = get_u64_if(d, m->has_revision);
	m->ttl = get_u32_if(d, m->has_ttl);
}

static void
put_set(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_set *m = &msg->set;

	clasp_put_u8(&e->w, (uint8_t)((m->has_revision ? SET_REVISION : 0) |
	    (m->lock ? SET_LOCK : 0) | (m->unlock ? SET_UNLOCK : 0) |
	    (m->has_ttl ? SET_TTL : 0) |
	    (clasp_value_code(&m->value) & SET_CODE)));
	clasp_encoder_str(e, m->address);
	clasp_encoder_value(e, &m->value, 0);
	if (m->has_revision)
		clasp_put_u64(&e->w, m->revision);
	if (m->has_ttl)
		clasp_put_u32(&e->w, m->ttl);
}

/*
 * The commonest message by far has a way of its own: a value of fixed size
 * under a name that is plain ASCII.  It either does the whole or leaves it,
 * errors included, to the general one; it calls nothing, so that it needs no
 * stack.
 */
static inline bool
quick_get_set(const uint8_t *p, size_t len, struct clasp_msg *msg)
{
	struct clasp_set *m = &msg->set;
	uint8_t flags, code;
	size_t n;

	if (len < 4)
		return false;
	flags = p[1];
	n = clasp_load16(p + 2);
	code = flags & SET_CODE;
	if (flags & SET_TTL || (code != CLASP_CODE_F64 &&
	    code != CLASP_CODE_I64))
		return false;
	if (len < 4 + n + (flags & SET_REVISION ? 16 : 8) ||
	    !clasp_text_ascii(p + 4, n))
		return false;

	p += 4;
	msg->type = CLASP_SET;
	m->address = clasp_str_of((const char *)p, n);
	p += n;
	/* an integer and a float are the same eight bytes */
	m->value.type = code == CLASP_CODE_I64 ? CLASP_INT : CLASP_FLOAT;
	m->value.narrow = 0;
	m->value.count = 0;
	m->value.integer = (int64_t)clasp_load64(p);
	m->has_ttl = false;
	m->ttl = 0;
	m->has_revision = m->lock = m->unlock = false;
	m->revision = 0;
	if (flags & (SET_REVISION | SET_LOCK | SET_UNLOCK)) {
		m->has_revision = (flags & SET_REVISION) != 0;
		m->lock = (flags & SET_LOCK) != 0;
		m->unlock = (flags & SET_UNLOCK) != 0;
		if (m->has_revision)
			m->revision = clasp_load64(p + 8);
	}
	return true;
}

static inline size_t
quick_put_set(uint8_t *buf, size_t cap, const struct clasp_set *m)
{
	size_t n = m->address.len;
	uint8_t flags, *p = buf;

	if (m->value.type > CLASP_FLOAT || m->value.narrow != 0)
		return 0;
	/* longer ones are rare, and need the limits looked at */
	if (n > 1024 || cap < 4 + n + 8 + 8 + 4)
		return 0;
	flags = (uint8_t)(m->has_revision << 7 | m->lock << 6 |
	    m->unlock << 5 | m->has_ttl << 4);
	p[0] = CLASP_SET;
	clasp_store16(p + 2, (uint16_t)n);
	if (!clasp_text_copy(p + 4, m->address.p, n))
		return 0;
	p += 4 + n;
	if (m->value.type >= CLASP_INT) {
		flags |= m->value.type == CLASP_INT ? CLASP_CODE_I64 :
		    CLASP_CODE_F64;
		clasp_store64(p, (uint64_t)m->value.integer);
		p += 8;
	} else if (m->value.type == CLASP_BOOL) {
		flags |= CLASP_CODE_BOOL;
		*p++ = m->value.boolean;
	}
	buf[1] = flags;
	if (m->has_revision) {
		clasp_store64(p, m->revision);
		p += 8;
	}
	if (m->has_ttl) {
		clasp_store32(p, m->ttl);
		p += 4;
	}
	return (size_t)(p - buf);
}

static void
get_get(struct clasp_decoder *d, struct clasp_msg *msg)
{
	msg->get.address = clasp_decoder_str(d);
}

static void
put_get(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	clasp_encoder_str(e, msg->get.address);
}

static void
get_query(struct clasp_decoder *d, struct clasp_msg *msg)
{
	msg->query.pattern = clasp_decoder_str(d);
}

static void
put_query(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	clasp_encoder_str(e, msg->query.pattern);
}

/* -------------------------------------------------- SNAPSHOT, REPLAY */

#define PARAM_WRITER	0x01
#define PARAM_TIMESTAMP	0x02

static void
get_snapshot(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_param *list, *p, scratch;
	uint32_t count, i;
	uint8_t opt;

	count = clasp_decoder_count(d, MIN_PARAM);
	list = clasp_decoder_list(d, count, MIN_PARAM, sizeof *list);
	for (i = 0; i < count && clasp_decoder_item(d, MIN_PARAM); i++) {
		p = list ? &list[i] : &scratch;
		p->address = clasp_decoder_str(d);
		clasp_decoder_value(d, clasp_get_u8(&d->r), 0, &p->value);
		p->revision = clasp_get_u64(&d->r);
		opt = clasp_get_u8(&d->r);
		p->has_timestamp = (opt & PARAM_TIMESTAMP) != 0;
		p->writer = get_str_if(d, opt, PARAM_WRITER);
		p->timestamp_us = get_u64_if(d, p->has_timestamp);
	}
	msg->snapshot.count = count;
	msg->snapshot.params = list;
}

static void
put_snapshot(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_param *p;
	uint32_t i;

	clasp_encoder_count(e, msg->snapshot.count);
	for (i = 0; i < msg->snapshot.count && e->error == 0; i++) {
		p = &msg->snapshot.params[i];
		clasp_encoder_str(e, p->address);
		put_value(e, &p->value);
		clasp_put_u64(&e->w, p->revision);
		clasp_put_u8(&e->w, (uint8_t)((p->writer.p ?
		    PARAM_WRITER : 0) | (p->has_timestamp ?
		    PARAM_TIMESTAMP : 0)));
		put_str_if(e, p->writer);
		if (p->has_timestamp)
			clasp_put_u64(&e->w, p->timestamp_us);
	}
}

#define REPLAY_FROM	0x80
#define REPLAY_TO	0x40
#define REPLAY_LIMIT	0x20

static void
get_replay(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_replay *m = &msg->replay;
	uint8_t flags = clasp_get_u8(&d->r);

	m->has_from = (flags & REPLAY_FROM) != 0;
	m->has_to = (flags & REPLAY_TO) != 0;
	m->has_limit = (flags & REPLAY_LIMIT) != 0;
	m->pattern = clasp_decoder_str(d);
	m->from_us = get_u64_if(d, m->has_from);
	m->to_us = get_u64_if(d, m->has_to);
	m->limit = get_u32_if(d, m->has_limit);
	m->types = get_types(d);
}

static void
put_replay(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_replay *m = &msg->replay;

	clasp_put_u8(&e->w, (uint8_t)((m->has_from ? REPLAY_FROM : 0) |
	    (m->has_to ? REPLAY_TO : 0) | (m->has_limit ? REPLAY_LIMIT : 0)));
	clasp_encoder_str(e, m->pattern);
	if (m->has_from)
		clasp_put_u64(&e->w, m->from_us);
	if (m->has_to)
		clasp_put_u64(&e->w, m->to_us);
	if (m->has_limit)
		clasp_put_u32(&e->w, m->limit);
	put_types(e, m->types);
}

/* ----------------------------------------------------------- BUNDLE */

#define BUNDLE_TIMESTAMP 0x80

static void get_message(struct clasp_decoder *d, struct clasp_msg *msg);
static void put_message(struct clasp_encoder *e, const struct clasp_msg *msg);

/* One message of a bundle, strictly within its own length. */
static void
get_inner(struct clasp_decoder *d, struct clasp_msg *msg,
    struct clasp_str *raw)
{
	size_t len = clasp_get_u16(&d->r), owed = d->owed;
	const uint8_t *p = clasp_get_bytes(&d->r, len);
	struct clasp_reader outer = d->r;

	*raw = clasp_str_of((const char *)p, p ? len : 0);
	if (p == NULL)
		return;
	/* what it takes away from those behind it will be missed there */
	if (clasp_reader_left(&outer) < owed)
		d->skim = true;
	d->r = clasp_reader_on(p, len);
	d->owed = 0;
	get_message(d, msg);
	if (d->r.truncated)
		clasp_decoder_fail(d, CLASP_ETRUNCATED);
	d->r = outer;
	d->owed = owed;
}

static void
get_bundle(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_bundle *m = &msg->bundle;
	struct clasp_msg *list, scratch;
	struct clasp_str *raw, scratch_raw;
	uint32_t i;

	if (++d->bundles > CLASP_BUNDLE_DEPTH)
		clasp_decoder_fail(d, CLASP_EDEPTH);
	m->has_timestamp = (clasp_get_u8(&d->r) & BUNDLE_TIMESTAMP) != 0;
	m->count = clasp_get_u16(&d->r);
	m->timestamp_us = get_u64_if(d, m->has_timestamp);
	if ((size_t)m->count * MIN_INNER > clasp_reader_left(&d->r))
		d->r.truncated = true;
	list = clasp_decoder_list(d, m->count, MIN_INNER, sizeof *list);
	raw = clasp_decoder_list(d, list ? m->count : 0, 0, sizeof *raw);
	for (i = 0; i < m->count && clasp_decoder_item(d, MIN_INNER); i++)
		get_inner(d, list ? &list[i] : &scratch,
		    raw ? &raw[i] : &scratch_raw);
	m->messages = list;
	m->raw = raw;
	d->bundles--;
}

static void
put_bundle(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_bundle *m = &msg->bundle;
	uint8_t *at;
	uint32_t i;

	if (++e->bundles > CLASP_BUNDLE_DEPTH) {
		clasp_encoder_fail(e, CLASP_EINVAL);
		return;
	}
	clasp_put_u8(&e->w, m->has_timestamp ? BUNDLE_TIMESTAMP : 0);
	clasp_encoder_count(e, m->count);
	if (m->has_timestamp)
		clasp_put_u64(&e->w, m->timestamp_us);
	for (i = 0; i < m->count && e->error == 0 && !e->w.full; i++) {
		at = clasp_put_room(&e->w, 2);
		put_message(e, &m->messages[i]);
		if (at != NULL)
			clasp_store16(at, (uint16_t)(e->w.p - at - 2));
	}
	e->bundles--;
}

/* -------------------------------------------------- SYNC, PING, PONG */

#define SYNC_T2	0x01
#define SYNC_T3	0x02

static void
get_sync(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_sync *m = &msg->sync;
	uint8_t flags = clasp_get_u8(&d->r);

	m->has_t2 = (flags & SYNC_T2) != 0;
	m->has_t3 = (flags & SYNC_T3) != 0;
	m->t1 = clasp_get_u64(&d->r);
	m->t2 = get_u64_if(d, m->has_t2);
	m->t3 = get_u64_if(d, m->has_t3);
}

static void
put_sync(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_sync *m = &msg->sync;

	clasp_put_u8(&e->w, (uint8_t)((m->has_t2 ? SYNC_T2 : 0) |
	    (m->has_t3 ? SYNC_T3 : 0)));
	clasp_put_u64(&e->w, m->t1);
	if (m->has_t2)
		clasp_put_u64(&e->w, m->t2);
	if (m->has_t3)
		clasp_put_u64(&e->w, m->t3);
}

static void
get_nothing(struct clasp_decoder *d, struct clasp_msg *msg)
{
	(void)d;
	(void)msg;
}

static void
put_nothing(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	(void)e;
	(void)msg;
}

/* ------------------------------------------------------- ACK, ERROR */

#define ACK_ADDRESS	0x01
#define ACK_REVISION	0x02
#define ACK_LOCKED	0x04
#define ACK_HOLDER	0x08
#define ACK_CORRELATION	0x10

static void
get_ack(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_ack *m = &msg->ack;
	uint8_t flags = clasp_get_u8(&d->r);

	m->has_revision = (flags & ACK_REVISION) != 0;
	m->has_locked = (flags & ACK_LOCKED) != 0;
	m->has_correlation = (flags & ACK_CORRELATION) != 0;
	m->address = get_str_if(d, flags, ACK_ADDRESS);
	m->revision = get_u64_if(d, m->has_revision);
	m->locked = m->has_locked && clasp_get_u8(&d->r) != 0;
	m->holder = get_str_if(d, flags, ACK_HOLDER);
	m->correlation = get_u32_if(d, m->has_correlation);
}

static void
put_ack(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_ack *m = &msg->ack;

	clasp_put_u8(&e->w, (uint8_t)((m->address.p ? ACK_ADDRESS : 0) |
	    (m->has_revision ? ACK_REVISION : 0) |
	    (m->has_locked ? ACK_LOCKED : 0) |
	    (m->holder.p ? ACK_HOLDER : 0) |
	    (m->has_correlation ? ACK_CORRELATION : 0)));
	put_str_if(e, m->address);
	if (m->has_revision)
		clasp_put_u64(&e->w, m->revision);
	if (m->has_locked)
		clasp_put_u8(&e->w, m->locked);
	put_str_if(e, m->holder);
	if (m->has_correlation)
		clasp_put_u32(&e->w, m->correlation);
}

/* What answers that commonest message: an address and a revision. */
static inline size_t
quick_put_ack(uint8_t *buf, size_t cap, const struct clasp_ack *m)
{
	size_t n = m->address.len;

	if (m->address.p == NULL || !m->has_revision || m->has_locked ||
	    m->holder.p != NULL || m->has_correlation)
		return 0;
	if (n > 1024 || cap < 4 + n + 8)
		return 0;
	buf[0] = CLASP_ACK;
	buf[1] = ACK_ADDRESS | ACK_REVISION;
	clasp_store16(buf + 2, (uint16_t)n);
	if (!clasp_text_copy(buf + 4, m->address.p, n))
		return 0;
	clasp_store64(buf + 4 + n, m->revision);
	return 4 + n + 8;
}

#define ERROR_ADDRESS		0x01
#define ERROR_CORRELATION	0x02

static void
get_error(struct clasp_decoder *d, struct clasp_msg *msg)
{
	struct clasp_error_msg *m = &msg->error;
	uint8_t flags;

	m->code = clasp_get_u16(&d->r);
	m->message = clasp_decoder_str(d);
	flags = clasp_get_u8(&d->r);
	m->address = get_str_if(d, flags, ERROR_ADDRESS);
	m->has_correlation = (flags & ERROR_CORRELATION) != 0;
	m->correlation = get_u32_if(d, m->has_correlation);
}

static void
put_error(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	const struct clasp_error_msg *m = &msg->error;

	clasp_put_u16(&e->w, m->code);
	clasp_encoder_str(e, m->message);
	clasp_put_u8(&e->w, (uint8_t)((m->address.p ? ERROR_ADDRESS : 0) |
	    (m->has_correlation ? ERROR_CORRELATION : 0)));
	put_str_if(e, m->address);
	if (m->has_correlation)
		clasp_put_u32(&e->w, m->correlation);
}

/* -------------------------------------------------------- the table */

static const struct codec {
	void	(*get)(struct clasp_decoder *, struct clasp_msg *);
	void	(*put)(struct clasp_encoder *, const struct clasp_msg *);
} codecs[] = {
	[CLASP_HELLO] = { get_hello, put_hello },
	[CLASP_WELCOME] = { get_welcome, put_welcome },
	[CLASP_ANNOUNCE] = { get_announce, put_announce },
	[CLASP_FEDERATION] = { get_federation, put_federation },
	[CLASP_SUBSCRIBE] = { get_subscribe, put_subscribe },
	[CLASP_UNSUBSCRIBE] = { get_unsubscribe, put_unsubscribe },
	[CLASP_PUBLISH] = { get_publish, put_publish },
	[CLASP_SET] = { get_set, put_set },
	[CLASP_GET] = { get_get, put_get },
	[CLASP_SNAPSHOT] = { get_snapshot, put_snapshot },
	[CLASP_REPLAY] = { get_replay, put_replay },
	[CLASP_BUNDLE] = { get_bundle, put_bundle },
	[CLASP_SYNC] = { get_sync, put_sync },
	[CLASP_PING] = { get_nothing, put_nothing },
	[CLASP_PONG] = { get_nothing, put_nothing },
	[CLASP_ACK] = { get_ack, put_ack },
	[CLASP_ERROR] = { get_error, put_error },
	[CLASP_QUERY] = { get_query, put_query },
	[CLASP_RESULT] = { get_result, put_result },
};

#define NCODES (sizeof codecs / sizeof *codecs)

static const char *const names[NCODES] = {
#define NAME(code, NAME, word, qos) [code] = word,
	CLASP_MESSAGES(NAME)
#undef NAME
};

static const uint8_t default_qos[NCODES] = {
#define QOS(code, NAME, word, qos) [code] = qos,
	CLASP_MESSAGES(QOS)
#undef QOS
};

const char *
clasp_msg_name(uint8_t code)
{
	return code < NCODES ? names[code] : NULL;
}

uint8_t
clasp_msg_by_name(struct clasp_str word)
{
	size_t i;

	for (i = 0; i < NCODES; i++)
		if (names[i] != NULL && clasp_str_is(word, names[i]))
			return (uint8_t)i;
	return 0;
}

static const char *const kind_names[] = {
	"param", "event", "stream", "gesture", "timeline"
};
static const char *const phase_names[] = {
	"start", "move", "end", "cancel"
};

static int
find_name(const char *const *list, int count, struct clasp_str word)
{
	int i;

	for (i = 0; i < count; i++)
		if (clasp_str_is(word, list[i]))
			return i;
	return -1;
}

const char *
clasp_kind_name(uint8_t kind)
{
	return kind <= CLASP_TIMELINE ? kind_names[kind] : NULL;
}

int
clasp_kind_by_name(struct clasp_str word)
{
	return find_name(kind_names, CLASP_TIMELINE + 1, word);
}

const char *
clasp_phase_name(uint8_t phase)
{
	return phase <= CLASP_PHASE_CANCEL ? phase_names[phase] : NULL;
}

int
clasp_phase_by_name(struct clasp_str word)
{
	return find_name(phase_names, CLASP_PHASE_CANCEL + 1, word);
}

uint8_t
clasp_msg_qos(const struct clasp_msg *msg)
{
	static const uint8_t by_kind[] = {
		[CLASP_PARAM] = CLASP_QOS_CONFIRM,
		[CLASP_EVENT] = CLASP_QOS_CONFIRM,
		[CLASP_STREAM] = CLASP_QOS_FIRE,
		[CLASP_GESTURE] = CLASP_QOS_FIRE,
		[CLASP_TIMELINE] = CLASP_QOS_COMMIT,
	};

	if (msg->type == CLASP_PUBLISH)
		return by_kind[known_kind(msg->publish.kind)];
	return msg->type < NCODES ? default_qos[msg->type] : CLASP_QOS_FIRE;
}

/* ------------------------------------------------------------ whole */

static void
get_message(struct clasp_decoder *d, struct clasp_msg *msg)
{
	uint8_t code = clasp_get_u8(&d->r);

	if (code >= NCODES || codecs[code].get == NULL) {
		clasp_decoder_fail(d, CLASP_EMESSAGE);
		return;
	}
	msg->type = code;
	codecs[code].get(d, msg);
}

static void
put_message(struct clasp_encoder *e, const struct clasp_msg *msg)
{
	if (msg->type >= NCODES || codecs[msg->type].put == NULL) {
		clasp_encoder_fail(e, CLASP_EINVAL);
		return;
	}
	clasp_put_u8(&e->w, msg->type);
	codecs[msg->type].put(e, msg);
}

static __attribute__((noinline)) int
decode_any(const uint8_t *payload, size_t len, struct clasp_arena *arena,
    unsigned flags, bool legacy, struct clasp_msg *out)
{
	struct clasp_decoder d;
	struct clasp_msg msg;
	int e;

	if (len == 0)
		return CLASP_EEMPTY;
	if (len > CLASP_PAYLOAD_MAX)
		return CLASP_ETOOBIG;
	d = clasp_decoder_on(payload, len, arena, flags);
	if (legacy && clasp_legacy_starts(payload[0])) {
		d.at_end = CLASP_ELEGACY;
		clasp_legacy_decode(&d, &msg);
	} else
		get_message(&d, &msg);
	e = clasp_decoder_end(&d);
	if (e == 0)
		*out = msg;
	return e;
}

int
clasp_msg_decode(const uint8_t *payload, size_t len,
    struct clasp_arena *arena, unsigned flags, struct clasp_msg *out)
{
	if (len > 0 && payload[0] == CLASP_SET &&
	    quick_get_set(payload, len, out))
		return 0;
	return decode_any(payload, len, arena, flags, true, out);
}

int
clasp_msg_decode_binary(const uint8_t *payload, size_t len,
    struct clasp_arena *arena, unsigned flags, struct clasp_msg *out)
{
	return decode_any(payload, len, arena, flags, false, out);
}

int
clasp_msg_encode(uint8_t *buf, size_t cap, const struct clasp_msg *msg)
{
	size_t room = cap < CLASP_PAYLOAD_MAX ? cap : CLASP_PAYLOAD_MAX;
	struct clasp_encoder e = { .w = clasp_writer_on(buf, room) };

	put_message(&e, msg);
	if (e.error != 0)
		return e.error;
	if (e.w.full)
		return cap < CLASP_PAYLOAD_MAX ? CLASP_ENOSPC : CLASP_ETOOBIG;
	return (int)(e.w.p - buf);
}

/* A message of another kind, or one that does not fit. */
static __attribute__((noinline)) int
frame_any(uint8_t *buf, size_t cap, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	struct clasp_frame f = { .version = 1 };
	size_t size;
	int n;

	if (head != NULL)
		f = *head;
	else
		f.qos = clasp_msg_qos(msg);
	size = f.timed ? CLASP_FRAME_HEAD_TIMED : CLASP_FRAME_HEAD;
	if (cap < size)
		return CLASP_ENOSPC;
	n = clasp_msg_encode(buf + size, cap - size, msg);
	if (n < 0)
		return n;
	f.len = (size_t)n;
	n = clasp_frame_head(buf, &f);
	return n < 0 ? n : n + (int)f.len;
}

int
clasp_frame_encode(uint8_t *buf, size_t cap, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	uint8_t qos = CLASP_QOS_CONFIRM;
	size_t n = 0;

	if (head == NULL && cap > CLASP_FRAME_HEAD) {
		if (msg->type == CLASP_SET) {
			n = quick_put_set(buf + CLASP_FRAME_HEAD,
			    cap - CLASP_FRAME_HEAD, &msg->set);
		} else if (msg->type == CLASP_ACK) {
			qos = CLASP_QOS_FIRE;
			n = quick_put_ack(buf + CLASP_FRAME_HEAD,
			    cap - CLASP_FRAME_HEAD, &msg->ack);
		}
	}
	if (n == 0)
		return frame_any(buf, cap, msg, head);
	buf[0] = CLASP_FRAME_MAGIC;
	buf[1] = (uint8_t)(qos << 6 | 1);
	clasp_store16(buf + 2, (uint16_t)n);
	return (int)n + CLASP_FRAME_HEAD;
}

int
clasp_frame_append(struct clasp_buf *buf, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	size_t room = 256;
	int n;

	/* most frames are short; grow to the largest only when one is not */
	for (;;) {
		if (clasp_buf_reserve(buf, room) < 0)
			return CLASP_ENOMEM;
		n = clasp_frame_encode(buf->data + buf->len,
		    buf->cap - buf->len, msg, head);
		if (n != CLASP_ENOSPC || room == CLASP_FRAME_MAX)
			break;
		room = CLASP_FRAME_MAX;
	}
	if (n > 0)
		buf->len += (size_t)n;
	return n;
}

size_t
clasp_msg_size(const struct clasp_msg *msg)
{
	const struct clasp_publish *p = &msg->publish;
	size_t n = 5;
	uint32_t i;

	switch (msg->type) {
	case CLASP_SET:
		return 4 + msg->set.address.len +
		    clasp_value_size(&msg->set.value) +
		    (msg->set.has_revision ? 8 : 0) +
		    (msg->set.has_ttl ? 4 : 0);
	case CLASP_PUBLISH:
		n += p->address.len + (p->has_timestamp ? 8 : 0) +
		    (p->has_id ? 4 : 0) + (p->has_rate ? 4 : 0);
		if (p->content == CLASP_CONTENT_SAMPLES)
			return n + 2 + 8 * (size_t)p->nsamples;
		return p->content == CLASP_CONTENT_VALUE ?
		    n + 1 + clasp_value_size(&p->value) : n;
	case CLASP_BUNDLE:
		n = msg->bundle.has_timestamp ? 12 : 4;
		for (i = 0; i < msg->bundle.count; i++)
			n += 2 + clasp_msg_size(&msg->bundle.messages[i]);
		return n;
	default:
		return 0;
	}
}
