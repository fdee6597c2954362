/* rules.c - rules: from text to steps, and lines through them. */
#include "proto/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "wire/address.h"

#define RULE_MAX	65536		/* bytes of one rule's text */
#define COMPILED_MAX	(64u << 20)	/* bytes all rules may take */
#define SCRATCH		65536
#define SCRATCH_MAX	(64u << 20)
#define CAPTURES_MAX	128
#define NOT_QUEUED	SIZE_MAX
#define HELD_ROOM	256		/* most messages fit */

/* Part of a target: text, and then what a wildcard took. */
struct part {
	struct clasp_str text;
	int		 capture;	/* 0: whole address, -1: none */
};

struct rule {
	struct clasp_str pattern;
	const struct part *parts;	/* NULL: the address stays */
	unsigned	 nparts;
	bool		 fixed;		/* the target has no captures */
	const struct clasp_transform **steps;
	unsigned	 nsteps;
	unsigned	 ncells;
	bool		 counts;	/* messages, for "i" */
};

/* A message that "every" keeps until its time. */
struct held {
	size_t		 index;		/* in its queue; NOT_QUEUED */
	uint64_t	 due_us;
	bool		 timed, relative;
	bool		 has_qos;
	uint8_t		 qos;
	struct clasp_cell *cell;
	struct clasp_str address;	/* as it came in */
	uint64_t	 hash;
	unsigned	 rule, step;
	struct clasp_item item;
	struct clasp_arena arena;	/* what item points to */
	void		*room;
	size_t		 room_len;
};

struct queue {			/* a heap, the earliest on top */
	struct held	**a;
	size_t		 n, cap;
};

struct clasp_rules {
	clasp_rules_fn	 fn;
	void		*user;
	bool		 all, only;
	struct rule	*rules;
	unsigned	 count, cap;
	struct clasp_arena compiled;

	struct clasp_memory memory;
	struct queue	 arrivals;	/* due by the time of arrival */
	struct queue	 timed;		/* due by the lines' own times */

	bool		 started[2];	/* without, with a time in front */
	uint64_t	 start_us[2];
	int64_t		 in_us, out_us;	/* what "+D" counts from */
	uint64_t	 line_us;	/* the lines' own time ... */
	uint64_t	 arrived_us;	/* ... and when that was */

	struct clasp_item *items;	/* of the line being made */
	uint32_t	 nitems, items_cap;
	struct clasp_rules_counts counts;
	struct clasp_arena scratch;
	uint64_t	 room[SCRATCH / 8];
};

/* What is known of the line that a message is in. */
struct context {
	const struct clasp_line *line;	/* NULL: one that was held */
	bool		 timed;
	bool		 relative;
	uint64_t	 now_us;	/* of the line, or of arrival */
};

/* A message on its way through the steps. */
struct work {
	struct clasp_item item;
	struct clasp_value value;
	bool		 none;		/* it came without a value */
	bool		 samples;
	uint32_t	 nframes;	/* of a timeline: its values ... */
	struct clasp_value **frames;	/* ... inside value */
};

/* -------------------------------------------------------------- queues */

static void
queue_put(struct queue *q, size_t i, struct held *h)
{
	q->a[i] = h;
	h->index = i;
}

static void
queue_up(struct queue *q, size_t i, struct held *h)
{
	while (i > 0 && q->a[(i - 1) / 2]->due_us > h->due_us) {
		queue_put(q, i, q->a[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	queue_put(q, i, h);
}

static int
queue_add(struct queue *q, struct held *h)
{
	struct held **a;
	size_t cap;

	if (q->n == q->cap) {
		cap = q->cap ? q->cap * 2 : 16;
		a = realloc(q->a, cap * sizeof *a);
		if (a == NULL)
			return CLASP_ENOMEM;
		q->a = a;
		q->cap = cap;
	}
	queue_up(q, q->n++, h);
	return 0;
}

static void
queue_remove(struct queue *q, struct held *h)
{
	struct held *last = q->a[--q->n];
	size_t i = h->index, child;

	h->index = NOT_QUEUED;
	if (last == h)
		return;
	for (; (child = 2 * i + 1) < q->n; i = child) {
		if (child + 1 < q->n &&
		    q->a[child + 1]->due_us < q->a[child]->due_us)
			child++;
		if (q->a[child]->due_us >= last->due_us)
			break;
		queue_put(q, i, q->a[child]);
	}
	queue_up(q, i, last);
}

static struct queue *
queue_of(struct clasp_rules *rules, const struct held *h)
{
	return h->timed ? &rules->timed : &rules->arrivals;
}

/* ------------------------------------------------------- new, compiled */

static void
free_held(void *p)
{
	struct held *h = p;

	clasp_arena_clear(&h->arena);
	free(h->room);
	free(h);
}

struct clasp_rules *
clasp_rules_new(clasp_rules_fn fn, void *user)
{
	struct clasp_rules *rules = calloc(1, sizeof *rules);

	if (rules == NULL)
		return NULL;
	rules->fn = fn;
	rules->user = user;
	clasp_arena_init(&rules->compiled, NULL, 0, COMPILED_MAX);
	clasp_arena_init(&rules->scratch, rules->room, sizeof rules->room,
	    SCRATCH_MAX);
	clasp_memory_init(&rules->memory);
	rules->memory.free_held = free_held;
	return rules;
}

void
clasp_rules_free(struct clasp_rules *rules)
{
	if (rules == NULL)
		return;
	clasp_memory_clear(&rules->memory);
	clasp_arena_clear(&rules->scratch);
	clasp_arena_clear(&rules->compiled);
	free(rules->arrivals.a);
	free(rules->timed.a);
	free(rules->items);
	free(rules->rules);
	free(rules);
}

void
clasp_rules_all(struct clasp_rules *rules, bool all)
{
	rules->all = all;
}

void
clasp_rules_only(struct clasp_rules *rules, bool only)
{
	rules->only = only;
}

unsigned
clasp_rules_count(const struct clasp_rules *rules)
{
	return rules->count;
}

struct clasp_str
clasp_rules_moved(const struct clasp_rules *rules, unsigned i)
{
	const struct rule *rule = &rules->rules[i];

	return rule->parts ? rule->pattern : CLASP_STR_NONE;
}

const struct clasp_rules_counts *
clasp_rules_counts(const struct clasp_rules *rules)
{
	return &rules->counts;
}

/* --------------------------------------------------------- from text */

struct compile {
	struct clasp_arena *arena;
	struct clasp_str text;		/* of the rule, in the arena */
	struct clasp_str *words;	/* views into text */
	unsigned	 nwords;
	struct clasp_rule_error *err;
};

static int __attribute__((format(printf, 4, 5)))
refuse(struct compile *c, int error, const char *at, const char *why, ...)
{
	va_list ap;

	c->err->column = at ? (unsigned)(at - c->text.p) + 1 : 0;
	va_start(ap, why);
	vsnprintf(c->err->reason, sizeof c->err->reason, why, ap);
	va_end(ap);
	return error;
}

/* A word that is an address, a pattern or a target: bare, or quoted. */
static int
unquote(struct compile *c, struct clasp_str word, struct clasp_str *out)
{
	struct clasp_line_error err;
	struct clasp_value v;

	*out = word;
	if (word.len == 0 || word.p[0] != '"')
		return 0;
	if (clasp_value_parse(word, c->arena, &v, &err) < 0)
		return refuse(c, CLASP_ESYNTAX, word.p + (err.column ?
		    err.column - 1 : 0), "%s", err.reason);
	if (v.type != CLASP_STRING)
		return refuse(c, CLASP_ESYNTAX, word.p, "bad string");
	*out = v.string;
	return 0;
}

/* How many wildcards a pattern has: what $1, $2 ... may name. */
static int
wildcards(struct clasp_str pattern)
{
	int n = 0;
	size_t i;

	/* stars side by side are one */
	for (i = 0; i < pattern.len; i++)
		n += pattern.p[i] == '*' && (i == 0 ||
		    pattern.p[i - 1] != '*');
	return n;
}

/* The number behind the '$' at p, which moves behind it; -1: there is none. */
static int
capture_number(const char **p, const char *end)
{
	const char *q = *p + 1;
	int n = 0;

	if (q == end || *q < '0' || *q > '9')
		return -1;
	for (; q < end && *q >= '0' && *q <= '9'; q++)
		n = n > 9999 ? n : n * 10 + (*q - '0');
	*p = q;
	return n;
}

/* With one letter for each capture, does it make an address? */
static int
check_target(struct compile *c, const struct rule *rule, const char *at)
{
	const char *why;
	char text[CLASP_ADDRESS_MAX + 1];
	size_t len = 0;
	unsigned i;

	for (i = 0; i < rule->nparts; i++) {
		const struct part *p = &rule->parts[i];
		struct clasp_str x = p->capture > 0 ? CLASP_STR("x") :
		    p->capture == 0 ? CLASP_STR("/x") : CLASP_STR("");

		if (len + p->text.len + x.len > sizeof text)
			return refuse(c, CLASP_EADDRESS, at,
			    "target is too long");
		if (p->text.len > 0)
			memcpy(text + len, p->text.p, p->text.len);
		len += p->text.len;
		memcpy(text + len, x.p, x.len);
		len += x.len;
	}
	if (clasp_address_check(clasp_str_of(text, len), &why) < 0)
		return refuse(c, CLASP_EADDRESS, at, "target %s", why);
	return 0;
}

static int
compile_target(struct compile *c, struct rule *rule, struct clasp_str word)
{
	const char *p, *from, *end;
	struct clasp_str target;
	struct part *parts;
	int n, known = wildcards(rule->pattern), r;

	if ((r = unquote(c, word, &target)) < 0)
		return r;
	parts = clasp_arena_alloc(c->arena, (target.len + 1) * sizeof *parts);
	if (parts == NULL)
		return CLASP_ENOMEM;
	rule->fixed = true;
	p = from = target.p;
	for (end = p + target.len; p < end;) {
		const char *dollar = p;

		if (*p != '$' || (n = capture_number(&p, end)) < 0) {
			p++;
			continue;
		}
		if (n > known || n > CAPTURES_MAX)
			return refuse(c, CLASP_ESYNTAX, word.p +
			    (dollar - target.p), "$%d: the pattern has %d "
			    "wildcard%s", n, known, known == 1 ? "" : "s");
		parts[rule->nparts].text = clasp_str_of(from,
		    (size_t)(dollar - from));
		parts[rule->nparts++].capture = n;
		rule->fixed = false;
		from = p;
	}
	parts[rule->nparts].text = clasp_str_of(from, (size_t)(end - from));
	parts[rule->nparts++].capture = -1;
	rule->parts = parts;
	return check_target(c, rule, word.p);
}

static int
compile_steps(struct compile *c, struct rule *rule, unsigned first)
{
	struct clasp_transform_compiler tc = { .arena = c->arena,
	    .err = c->err, .start = c->text.p,
	    .budget = CLASP_TRANSFORM_BUDGET };
	unsigned i;
	int r;

	rule->steps = clasp_arena_alloc(c->arena, (c->nwords - first + 1) *
	    sizeof *rule->steps);
	if (rule->steps == NULL)
		return CLASP_ENOMEM;
	for (i = first; i < c->nwords; i++) {
		r = clasp_transform_compile(&tc, c->words[i],
		    &rule->steps[rule->nsteps++]);
		if (r < 0)
			return r;
	}
	rule->ncells = tc.ncells;
	rule->counts = tc.counts;
	return 0;
}

static int
compile_rule(struct compile *c, struct rule *rule)
{
	const char *why;
	unsigned at = 1;
	int r;

	memset(rule, 0, sizeof *rule);
	if ((r = unquote(c, c->words[0], &rule->pattern)) < 0)
		return r;
	if ((r = clasp_pattern_check(rule->pattern, &why)) < 0)
		return refuse(c, r, c->words[0].p, "pattern %s", why);
	rule->pattern = clasp_pattern_trim(rule->pattern);
	if (c->nwords > 1 && clasp_str_is(c->words[1], "-"))
		at = 2;
	else if (c->nwords > 1 && c->words[1].len > 0 &&
	    strchr("/\"$", c->words[1].p[0]) != NULL) {
		if ((r = compile_target(c, rule, c->words[1])) < 0)
			return r;
		at = 2;
	}
	return compile_steps(c, rule, at);
}

/* Compile the words and take the rule in. */
static int
add(struct clasp_rules *rules, struct compile *c)
{
	struct rule *bigger;
	unsigned cap;
	int r;

	if (rules->count == rules->cap) {
		cap = rules->cap ? rules->cap * 2 : 8;
		bigger = realloc(rules->rules, cap * sizeof *bigger);
		if (bigger == NULL)
			return refuse(c, CLASP_ENOMEM, NULL, "out of memory");
		rules->rules = bigger;
		rules->cap = cap;
	}
	r = compile_rule(c, &rules->rules[rules->count]);
	if (r == CLASP_ENOMEM)
		return refuse(c, r, NULL, "rule is too long");
	if (r == 0)
		rules->count++;
	return r;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the word at p ends: before a blank outside double quotes. */
static const char *
word_end(const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end && (quoted || !is_blank(*p)); p++)
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
	return p;
}

int
clasp_rules_add(struct clasp_rules *rules, struct clasp_str text,
    struct clasp_rule_error *err)
{
	struct compile c = { .arena = &rules->compiled, .err = err };
	const char *p, *end;

	memset(err, 0, sizeof *err);
	if (text.len > RULE_MAX)
		return refuse(&c, CLASP_ESYNTAX, NULL, "rule is too long");
	c.text = clasp_arena_dup(c.arena, text);
	c.words = clasp_arena_alloc(c.arena, (text.len + 1) *
	    sizeof *c.words);
	if (c.text.p == NULL || c.words == NULL)
		return refuse(&c, CLASP_ENOMEM, NULL, "out of memory");
	for (p = c.text.p, end = p + text.len;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end || *p == '#')
			break;
		c.words[c.nwords].p = p;
		p = word_end(p, end);
		c.words[c.nwords].len = (size_t)(p - c.words[c.nwords].p);
		c.nwords++;
	}
	return c.nwords == 0 ? 0 : add(rules, &c);
}

int
clasp_rules_add_words(struct clasp_rules *rules, const char *const *words,
    int nwords, struct clasp_rule_error *err)
{
	struct compile c = { .arena = &rules->compiled, .err = err };
	size_t total = 0, n;
	char *p;
	int i;

	memset(err, 0, sizeof *err);
	for (i = 0; i < nwords; i++)
		total += strlen(words[i]) + 1;
	if (nwords < 1 || total > RULE_MAX)
		return refuse(&c, CLASP_ESYNTAX, NULL, nwords < 1 ?
		    "a pattern is missing" : "rule is too long");
	p = clasp_arena_alloc(c.arena, total);
	c.words = clasp_arena_alloc(c.arena, nwords * sizeof *c.words);
	if (p == NULL || c.words == NULL)
		return refuse(&c, CLASP_ENOMEM, NULL, "out of memory");
	c.text = clasp_str_of(p, total - 1);
	for (i = 0; i < nwords; i++) {
		n = strlen(words[i]);
		memcpy(p, words[i], n);
		p[n] = ' ';
		c.words[c.nwords++] = clasp_str_of(p, n);
		p += n + 1;
	}
	return add(rules, &c);
}

int
clasp_rules_load(struct clasp_rules *rules, const char *path,
    struct clasp_rule_error *err)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0, skip;
	unsigned line = 0;
	ssize_t n;
	int r = 0;

	memset(err, 0, sizeof *err);
	while (f != NULL && r == 0 && (n = getline(&text, &cap, f)) >= 0) {
		/* a byte order mark is no part of the first pattern */
		skip = line++ == 0 && n >= 3 &&
		    memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		r = clasp_rules_add(rules, clasp_str_of(text + skip,
		    (size_t)n - skip), err);
		if (r < 0)
			err->line = line;
	}
	if (f == NULL || (r == 0 && ferror(f))) {
		snprintf(err->reason, sizeof err->reason, "%s",
		    strerror(errno));
		/* as people are told everything else: in lower case */
		err->reason[0] = (char)tolower((unsigned char)
		    err->reason[0]);
		r = CLASP_EIO;
	}
	free(text);
	if (f != NULL)
		fclose(f);
	return r;
}

/* -------------------------------------------------------------- output */

/* Hand a line on.  "+D" counts from the timed line before it, which may be
 * another one now. */
static void
emit(struct clasp_rules *rules, struct clasp_line *line, int64_t time_us)
{
	if (line->timed) {
		line->time_us = time_us;
		if (line->relative && time_us >= rules->out_us)
			line->time_us = time_us - rules->out_us;
		else
			line->relative = false;
		rules->out_us = time_us;
	}
	rules->fn(line, rules->user);
}

/* Keep an item for the line being made. */
static void
gather(struct clasp_rules *rules, const struct clasp_item *item)
{
	struct clasp_item *items;
	uint32_t cap;

	if (rules->nitems == rules->items_cap) {
		cap = rules->items_cap ? rules->items_cap * 2 : 16;
		items = realloc(rules->items, cap * sizeof *items);
		if (items == NULL)
			return;
		rules->items = items;
		rules->items_cap = cap;
	}
	rules->items[rules->nitems++] = *item;
}

/* --------------------------------------------------- a message's value */

static struct clasp_str
address_of(const struct clasp_msg *msg)
{
	if (msg->type == CLASP_SET)
		return msg->set.address;
	if (msg->type == CLASP_PUBLISH)
		return msg->publish.address;
	return CLASP_STR_NONE;
}

/* A timeline's keyframes are copied, and the places of their values noted:
 * the steps work on those. */
static void
load_frames(struct clasp_rules *rules, struct work *w)
{
	struct clasp_entry *map, *frame;
	struct clasp_value *list;
	uint32_t i, j, k;

	map = clasp_arena_alloc(&rules->scratch, w->value.count *
	    sizeof *map);
	if (map == NULL)
		return;
	if (w->value.count)
		memcpy(map, w->value.entries, w->value.count * sizeof *map);
	w->value.entries = map;
	for (i = 0; i < w->value.count; i++)
		if (clasp_str_is(map[i].key, "keyframes") &&
		    map[i].value.type == CLASP_ARRAY)
			break;
	if (i == w->value.count || map[i].value.count == 0)
		return;
	list = clasp_arena_alloc(&rules->scratch, map[i].value.count *
	    sizeof *list);
	w->frames = clasp_arena_alloc(&rules->scratch, map[i].value.count *
	    sizeof *w->frames);
	if (list == NULL || w->frames == NULL)
		return;
	memcpy(list, map[i].value.items, map[i].value.count * sizeof *list);
	map[i].value.items = list;
	for (j = 0; j < map[i].value.count; j++) {
		if (list[j].type != CLASP_MAP || list[j].count == 0)
			continue;
		frame = clasp_arena_alloc(&rules->scratch, list[j].count *
		    sizeof *frame);
		if (frame == NULL)
			return;
		memcpy(frame, list[j].entries, list[j].count * sizeof *frame);
		list[j].entries = frame;
		for (k = 0; k < list[j].count; k++)
			if (clasp_str_is(frame[k].key, "value"))
				w->frames[w->nframes++] = &frame[k].value;
	}
}

/* Take the value out of the message. */
static void
load(struct clasp_rules *rules, struct work *w, const struct clasp_item *item)
{
	const struct clasp_publish *pub = &item->msg.publish;
	struct clasp_value *items;
	uint32_t i;

	memset(w, 0, sizeof *w);
	w->item = *item;
	if (item->msg.type == CLASP_SET) {
		w->value = item->msg.set.value;
	} else if (pub->content == CLASP_CONTENT_VALUE) {
		w->value = pub->value;
		if (pub->kind == CLASP_TIMELINE &&
		    w->value.type == CLASP_MAP)
			load_frames(rules, w);
	} else if (pub->content == CLASP_CONTENT_SAMPLES) {
		w->samples = true;
		items = clasp_arena_alloc(&rules->scratch, pub->nsamples *
		    sizeof *items);
		for (i = 0; items != NULL && i < pub->nsamples; i++)
			items[i] = clasp_float(pub->samples[i]);
		w->value = clasp_array(items, items ? pub->nsamples : 0);
	} else {
		w->none = true;
		w->value = clasp_null();
	}
}

/* The value as samples, when all of it is numbers. */
static bool
store_samples(struct clasp_rules *rules, struct work *w)
{
	struct clasp_publish *pub = &w->item.msg.publish;
	const struct clasp_value *v = w->value.items;
	double *samples;
	uint32_t i;

	if (w->value.type != CLASP_ARRAY)
		return false;
	samples = clasp_arena_alloc(&rules->scratch, w->value.count *
	    sizeof *samples);
	if (samples == NULL)
		return false;
	for (i = 0; i < w->value.count; i++)
		if (v[i].type == CLASP_FLOAT)
			samples[i] = v[i].number;
		else if (v[i].type == CLASP_INT)
			samples[i] = (double)v[i].integer;
		else if (v[i].type == CLASP_BOOL)
			samples[i] = v[i].boolean;
		else
			return false;
	pub->content = CLASP_CONTENT_SAMPLES;
	pub->samples = samples;
	pub->nsamples = w->value.count;
	return true;
}

/* Put the value back into the message. */
static void
store(struct clasp_rules *rules, struct work *w)
{
	struct clasp_publish *pub = &w->item.msg.publish;

	if (w->item.msg.type == CLASP_SET) {
		w->item.msg.set.value = w->value;
		return;
	}
	if (w->samples && pub->kind == CLASP_STREAM && store_samples(rules, w))
		return;
	if (w->none && w->value.type == CLASP_NULL &&
	    pub->kind != CLASP_STREAM) {
		pub->content = CLASP_CONTENT_NONE;
		return;
	}
	pub->content = CLASP_CONTENT_VALUE;
	pub->value = w->value;
}

/* Another verb: what is foreign to it goes. */
static void
change_verb(struct work *w, enum clasp_transform_result verb)
{
	struct clasp_item *item = &w->item;
	struct clasp_str address = address_of(&item->msg);
	struct clasp_publish pub = { 0 };

	if (verb == CLASP_TRANSFORM_SET) {
		if (item->msg.type == CLASP_SET)
			return;
		item->has_ts = item->msg.publish.has_timestamp;
		item->ts_us = item->msg.publish.timestamp_us;
		memset(&item->msg, 0, sizeof item->msg);
		item->msg.type = CLASP_SET;
		item->msg.set.address = address;
		w->nframes = 0;
		return;
	}
	if (item->msg.type == CLASP_PUBLISH) {
		pub = item->msg.publish;
		if (verb == CLASP_TRANSFORM_EVENT)
			pub.has_rate = false;
		pub.has_id = false;
		pub.phase = 0;
	} else {
		pub.has_timestamp = item->has_ts;
		pub.timestamp_us = item->ts_us;
		item->has_ts = false;
		item->by = CLASP_STR_NONE;
	}
	pub.kind = verb == CLASP_TRANSFORM_EVENT ? CLASP_EVENT : CLASP_STREAM;
	pub.address = address;
	memset(&item->msg, 0, sizeof item->msg);
	item->msg.type = CLASP_PUBLISH;
	item->msg.publish = pub;
	w->nframes = 0;
}

/* --------------------------------------------------------------- every */

/* Copy what the message points to into the held one's own memory. */
static int
copy_item(struct held *h, const struct clasp_item *from)
{
	struct clasp_arena *arena = &h->arena;
	struct clasp_item *to = &h->item;
	struct clasp_attr *attrs;
	double *samples;
	uint32_t i;

	*to = *from;
	if (from->by.p != NULL)
		to->by = clasp_arena_dup(arena, from->by);
	if (from->nattrs > 0) {
		attrs = clasp_arena_alloc(arena, from->nattrs *
		    sizeof *attrs);
		for (i = 0; attrs != NULL && i < from->nattrs; i++) {
			attrs[i].key = clasp_arena_dup(arena,
			    from->attrs[i].key);
			attrs[i].value = clasp_arena_dup(arena,
			    from->attrs[i].value);
		}
		to->attrs = attrs;
		to->nattrs = attrs ? from->nattrs : 0;
	}
	if (from->msg.type == CLASP_SET) {
		to->msg.set.address = clasp_arena_dup(arena,
		    from->msg.set.address);
		return clasp_value_copy(&from->msg.set.value, arena,
		    &to->msg.set.value);
	}
	to->msg.publish.address = clasp_arena_dup(arena,
	    from->msg.publish.address);
	if (from->msg.publish.content == CLASP_CONTENT_VALUE)
		return clasp_value_copy(&from->msg.publish.value, arena,
		    &to->msg.publish.value);
	if (from->msg.publish.content != CLASP_CONTENT_SAMPLES)
		return 0;
	i = from->msg.publish.nsamples;
	samples = clasp_arena_alloc(arena, i * sizeof *samples);
	if (samples == NULL)
		return CLASP_ENOMEM;
	if (i > 0)
		memcpy(samples, from->msg.publish.samples,
		    i * sizeof *samples);
	to->msg.publish.samples = samples;
	return 0;
}

/* What a held message takes counts as memory of the rules. */
static void
account(struct clasp_rules *rules, const struct held *h)
{
	struct clasp_cell *cell = h->cell;

	rules->memory.bytes -= cell->held_bytes;
	cell->held_bytes = sizeof *h + h->room_len + h->arena.taken;
	rules->memory.bytes += cell->held_bytes;
}

/* The cell's held message, empty; its memory grows to what it needs. */
static struct held *
held_of(struct clasp_rules *rules, struct clasp_cell *cell)
{
	struct held *h = cell->held;
	size_t want;
	void *room;

	if (h == NULL) {
		h = calloc(1, sizeof *h);
		if (h == NULL)
			return NULL;
		h->index = NOT_QUEUED;
		h->cell = cell;
		clasp_arena_init(&h->arena, NULL, 0, SCRATCH_MAX);
		cell->held = h;
	}
	if (h->index != NOT_QUEUED)
		queue_remove(queue_of(rules, h), h);
	want = h->arena.taken ? h->arena.taken + h->room_len : HELD_ROOM;
	clasp_arena_reset(&h->arena);
	if (want > h->room_len && (room = realloc(h->room, want)) != NULL) {
		h->room = room;
		h->room_len = want;
		clasp_arena_init(&h->arena, room, want, SCRATCH_MAX);
	}
	account(rules, h);
	return h;
}

/*
 * May the message go out?  When not, it is kept in place of the one that
 * waits already; step is where it goes on.
 */
static bool
may_pass(struct clasp_rules *rules, const struct clasp_transform_run *run,
    struct work *w, const struct context *cx, unsigned step)
{
	struct clasp_cell *cell = run->every;
	uint64_t due = cell->time_us + run->every_us;
	struct held *h = cell->held;

	/* cell->high: times are those of the lines */
	if (!cell->primed || cell->high != cx->timed || cx->now_us >= due ||
	    cx->now_us < cell->time_us) {
		cell->primed = true;
		cell->high = cx->timed;
		cell->time_us = cx->now_us;
		if (h != NULL && h->index != NOT_QUEUED)
			queue_remove(queue_of(rules, h), h);
		return true;
	}
	store(rules, w);
	if ((h = held_of(rules, cell)) == NULL)
		return true;
	h->address = clasp_arena_dup(&h->arena, run->address);
	if (h->address.p == NULL || copy_item(h, &w->item) < 0)
		return true;
	account(rules, h);
	h->hash = run->hash;
	h->rule = run->rule;
	h->step = step;
	h->due_us = due;
	h->timed = cx->timed;
	h->relative = cx->relative;
	h->has_qos = cx->line && cx->line->has_qos;
	h->qos = h->has_qos ? cx->line->qos : 0;
	return queue_add(queue_of(rules, h), h) < 0;
}

/* --------------------------------------------------------------- steps */

static enum clasp_transform_result
apply_step(struct clasp_transform_run *run, struct work *w,
    const struct clasp_transform *s)
{
	enum clasp_transform_result result = CLASP_TRANSFORM_GO;
	uint32_t i;

	if (w->nframes == 0 || clasp_transform_of_line(s))
		return clasp_transform_apply(run, s, &w->value);
	for (i = 0; i < w->nframes; i++)
		if (clasp_transform_apply(run, s, w->frames[i]) ==
		    CLASP_TRANSFORM_DROP)
			result = CLASP_TRANSFORM_DROP;
	return result;
}

/* How many messages of this address the rule had before; this one is counted,
 * unless it was when it came. */
static double
count(struct clasp_rules *rules, const struct clasp_transform_run *run,
    bool first)
{
	struct clasp_memory_entry *e = clasp_memory_get(&rules->memory,
	    run->rule, 0, run->address, run->hash, run->ncells);

	if (e == NULL)
		return 0;
	if (first || e->messages == 0)
		e->messages++;
	return (double)(e->messages - 1);
}

/*
 * Run a rule's steps from the given one; the address is the target's
 * already.  False: dropped, or held back.
 */
static bool
run_steps(struct clasp_rules *rules, unsigned index, unsigned step,
    struct clasp_str address, uint64_t hash, const struct context *cx,
    struct clasp_item *item)
{
	const struct rule *rule = &rules->rules[index];
	struct clasp_transform_run run = { .arena = &rules->scratch,
	    .memory = &rules->memory, .rule = index,
	    .ncells = rule->ncells, .address = address, .hash = hash,
	    .now_us = cx->now_us };
	enum clasp_transform_result result = CLASP_TRANSFORM_GO;
	struct work w;
	bool dropped = false;

	if (step == rule->nsteps)
		return true;
	run.t = (double)(int64_t)(cx->now_us - rules->start_us[cx->timed]) /
	    1e6;
	if (rule->counts)
		run.i = count(rules, &run, step == 0);
	load(rules, &w, item);
	run.serial = w.samples || w.nframes > 0;
	for (; step < rule->nsteps && !dropped; step++) {
		result = apply_step(&run, &w, rule->steps[step]);
		if (result == CLASP_TRANSFORM_EVERY)
			dropped = !may_pass(rules, &run, &w, cx, step + 1);
		else if (result == CLASP_TRANSFORM_DROP)
			dropped = true;
		else if (result != CLASP_TRANSFORM_GO)
			change_verb(&w, result);
	}
	rules->counts.not_finite += run.not_finite;
	if (dropped)
		return false;
	store(rules, &w);
	*item = w.item;
	return true;
}

/* Send what was held, as if its time had come now. */
static void
release(struct clasp_rules *rules, struct held *h)
{
	struct clasp_line line = { .kind = CLASP_LINE_DATA, .count = 1,
	    .timed = h->timed, .relative = h->relative,
	    .has_qos = h->has_qos, .qos = h->qos };
	struct context cx = { .timed = h->timed, .relative = h->relative,
	    .now_us = h->due_us };
	struct clasp_item item = h->item;

	queue_remove(queue_of(rules, h), h);
	h->cell->time_us = h->due_us;
	clasp_arena_reset(&rules->scratch);
	if (!run_steps(rules, h->rule, h->step, h->address, h->hash, &cx,
	    &item))
		return;
	line.items = &item;
	emit(rules, &line, (int64_t)h->due_us);
}

static void
release_until(struct clasp_rules *rules, struct queue *q, uint64_t now_us)
{
	while (q->n > 0 && q->a[0]->due_us <= now_us)
		release(rules, q->a[0]);
}

/* Forget what is too much; what waits there goes out early. */
static void
trim(struct clasp_rules *rules)
{
	struct clasp_memory_entry *e;
	unsigned i;

	while ((e = clasp_memory_excess(&rules->memory)) != NULL) {
		for (i = 0; i < e->ncells; i++) {
			struct held *h = e->cells[i].held;

			if (h != NULL && h->index != NOT_QUEUED)
				release(rules, h);
		}
		if (rules->memory.oldest == e)
			clasp_memory_forget(&rules->memory, e);
	}
}

/* --------------------------------------------------------------- lines */

/* The target's address, or the absent view when it is none. */
static struct clasp_str
target_address(struct clasp_rules *rules, const struct rule *rule,
    struct clasp_str address, const struct clasp_str *captures, int n)
{
	char text[2 * CLASP_ADDRESS_MAX];
	struct clasp_str s;
	size_t len = 0, i, out;
	const struct part *p;

	if (rule->fixed)
		return rule->parts[0].text;
	for (p = rule->parts; p < rule->parts + rule->nparts; p++) {
		s = p->capture == 0 ? address : p->capture > 0 &&
		    p->capture <= n ? captures[p->capture - 1] :
		    CLASP_STR_NONE;
		if (len + p->text.len + s.len > sizeof text)
			return CLASP_STR_NONE;
		if (p->text.len > 0)
			memcpy(text + len, p->text.p, p->text.len);
		len += p->text.len;
		if (s.len > 0)
			memcpy(text + len, s.p, s.len);
		len += s.len;
	}
	/* a wildcard that took nothing leaves no empty segment */
	for (i = out = 0; i < len; i++)
		if (text[i] != '/' || (i + 1 < len && text[i + 1] != '/'))
			text[out++] = text[i];
	s = clasp_str_of(text, out);
	if (clasp_address_check(s, NULL) < 0)
		return CLASP_STR_NONE;
	return clasp_arena_dup(&rules->scratch, s);
}

/* One rule on one message whose address it matched. */
static void
map_by(struct clasp_rules *rules, unsigned index, const struct context *cx,
    const struct clasp_item *in, const struct clasp_str *captures, int n)
{
	const struct rule *rule = &rules->rules[index];
	struct clasp_str address = address_of(&in->msg), to;
	struct clasp_item item = *in;
	uint64_t hash = rule->ncells || rule->counts ?
	    clasp_hash(address) : 0;

	if (rule->parts != NULL) {
		to = target_address(rules, rule, address, captures, n);
		if (to.p == NULL) {
			rules->counts.bad_address++;
			return;
		}
		if (item.msg.type == CLASP_SET)
			item.msg.set.address = to;
		else
			item.msg.publish.address = to;
	}
	if (run_steps(rules, index, 0, address, hash, cx, &item))
		gather(rules, &item);
}

static void
map_item(struct clasp_rules *rules, const struct context *cx,
    const struct clasp_item *item)
{
	struct clasp_str captures[CAPTURES_MAX];
	struct clasp_str address = address_of(&item->msg);
	bool matched = false;
	unsigned i;
	int n;

	for (i = 0; address.p != NULL && i < rules->count; i++) {
		n = clasp_pattern_capture(rules->rules[i].pattern, address,
		    captures, CAPTURES_MAX);
		if (n < 0)
			continue;
		map_by(rules, i, cx, item, captures, n);
		matched = true;
		if (!rules->all)
			break;
	}
	if (!matched && !rules->only)
		gather(rules, item);
}

static void
map_line(struct clasp_rules *rules, const struct context *cx, int64_t time_us)
{
	struct clasp_line out = *cx->line;
	bool whole = out.bundle || out.has_at || out.count != 1;
	uint32_t i, n;

	rules->nitems = 0;
	for (i = 0; i < cx->line->count; i++)
		map_item(rules, cx, &cx->line->items[i]);
	if (whole && (rules->nitems > 0 || (cx->line->count == 0 &&
	    !rules->only))) {
		out.items = rules->items;
		out.count = rules->nitems;
		emit(rules, &out, time_us);
		return;
	}
	n = rules->nitems;
	for (i = 0; i < n && !whole; i++) {
		out = *cx->line;
		out.items = &rules->items[i];
		out.count = 1;
		emit(rules, &out, time_us);
	}
}

/* What the time of this line means for the clock and what is held. */
static void
tell_time(struct clasp_rules *rules, struct context *cx, uint64_t now_us,
    int64_t time_us)
{
	bool timed = cx->timed;

	release_until(rules, &rules->arrivals, now_us);
	if (timed) {
		rules->in_us = time_us;
		rules->line_us = (uint64_t)time_us;
		rules->arrived_us = now_us;
		release_until(rules, &rules->timed, rules->line_us);
		cx->now_us = rules->line_us;
	}
	if (!rules->started[timed]) {
		rules->started[timed] = true;
		rules->start_us[timed] = cx->now_us;
	}
}

void
clasp_rules_apply(struct clasp_rules *rules, const struct clasp_line *line,
    uint64_t now_us)
{
	struct context cx = { .line = line, .timed = line->timed,
	    .relative = line->relative, .now_us = now_us };
	int64_t time_us = line->time_us;
	struct clasp_line out = *line;

	if (line->relative)
		time_us += rules->in_us;
	if (time_us < 0)
		time_us = 0;
	if (line->kind == CLASP_LINE_DATA || line->timed)
		tell_time(rules, &cx, now_us, time_us);
	clasp_arena_reset(&rules->scratch);
	switch (line->kind) {
	case CLASP_LINE_DATA:
		map_line(rules, &cx, time_us);
		trim(rules);
		return;
	case CLASP_LINE_DIRECTIVE:
		/* a recording counts from 0: its start is known */
		if (clasp_str_starts(line->text, CLASP_STR("#clasp"))) {
			rules->started[1] = true;
			rules->start_us[1] = 0;
		} else if (clasp_str_starts(line->text, CLASP_STR("#end")))
			clasp_rules_finish(rules);
		break;
	case CLASP_LINE_CONTROL:
	case CLASP_LINE_FRAME:
		if (rules->only)
			return;
		break;
	default:
		break;
	}
	emit(rules, &out, time_us);
}

uint64_t
clasp_rules_due(const struct clasp_rules *rules)
{
	uint64_t due = UINT64_MAX, wait;

	if (rules->arrivals.n > 0)
		due = rules->arrivals.a[0]->due_us;
	if (rules->timed.n > 0) {
		/* the lines' clock goes on while none comes */
		wait = rules->timed.a[0]->due_us;
		wait = wait > rules->line_us ? wait - rules->line_us : 0;
		if (rules->arrived_us + wait < due)
			due = rules->arrived_us + wait;
	}
	return due;
}

void
clasp_rules_take_due(struct clasp_rules *rules, uint64_t now_us)
{
	release_until(rules, &rules->arrivals, now_us);
	if (now_us >= rules->arrived_us)
		release_until(rules, &rules->timed, rules->line_us +
		    (now_us - rules->arrived_us));
}

void
clasp_rules_finish(struct clasp_rules *rules)
{
	while (rules->arrivals.n > 0)
		release(rules, rules->arrivals.a[0]);
	while (rules->timed.n > 0)
		release(rules, rules->timed.a[0]);
}
