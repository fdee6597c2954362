/* thin.c - fewer lines of the same. */
#include "tool/thin.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

#define ENTRIES_MAX	1000000	/* addresses that are remembered */
#define VALUE_LIMIT	(8u << 20)
#define LINE_LIMIT	(256u << 20)
#define HELD_LARGE	256	/* bytes of text: such room is not kept */
#define BUNDLE_BYTES	48000	/* of text; with MEMBER_BYTES for each ... */
#define MEMBER_BYTES	24	/* ... well below one frame */

/* What is known of one address (of one gesture). */
struct entry {
	struct clasp_str key;		/* owned */
	bool		 known;		/* value is the last that got out */
	struct clasp_value value;
	struct clasp_arena arena;	/* of value */
	uint64_t	 next_us;	/* the next may get out */
	bool		 queued;
	bool		 early;		/* one more came since it was queued */
	struct entry	*after;		/* in the queue, by next_us */
	bool		 holding;
	bool		 member;	/* what is held came in a bundle */
	struct clasp_buf held;		/* a line's text */
};

struct cli_thin {
	struct cli_thin_config config;
	cli_thin_fn	 fn;
	void		*user;
	uint64_t	 period_us;
	struct clasp_table entries;
	/*
	 * Those that got something out less than a period ago.  All periods
	 * are the same, so adding at the end keeps the order.
	 */
	struct entry	*first, *last;
	size_t		 holding;	/* entries ... */
	size_t		 held_bytes;	/* ... and their text */
	bool		 strict;	/* with config.asked: it is needed */
	bool		 own_time;	/* by times in front, not arrival */
	uint64_t	 now_us;	/* the latest, by that clock */
	int64_t		 read_us;	/* time of the last timed line read */
	int64_t		 wrote_us;	/* and of the last one written */
	struct clasp_buf key;
	struct clasp_arena arena;	/* of held lines that are let go */
	/* the bundle being made, of members that pass or are let go */
	struct clasp_item *members;
	uint32_t	 nmembers, members_cap;
	size_t		 members_bytes;
};

static struct clasp_str
entry_key(const void *p)
{
	return ((const struct entry *)p)->key;
}

struct cli_thin *
cli_thin_new(const struct cli_thin_config *config, cli_thin_fn fn, void *user)
{
	struct cli_thin *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->config = *config;
	t->strict = !config->asked;
	t->fn = fn;
	t->user = user;
	if (config->max_rate > 0)
		t->period_us = (uint64_t)fmin(1e6 / config->max_rate, 1e15);
	t->entries.key = entry_key;
	clasp_arena_init(&t->arena, NULL, 0, LINE_LIMIT);
	return t;
}

static void
entry_free(struct entry *e)
{
	clasp_arena_clear(&e->arena);
	clasp_buf_clear(&e->held);
	free((char *)e->key.p);
	free(e);
}

void
cli_thin_free(struct cli_thin *t)
{
	struct entry *e;
	size_t at = 0;

	if (t == NULL)
		return;
	while ((e = clasp_table_next(&t->entries, &at)) != NULL)
		entry_free(e);
	clasp_table_clear(&t->entries);
	clasp_buf_clear(&t->key);
	clasp_arena_clear(&t->arena);
	free(t->members);
	free(t);
}

/* ------------------------------------------------------------------ time */

/* Give a line to the caller, its "+D" counted from what was written. */
static void
give(struct cli_thin *t, struct clasp_line line, int64_t at_us)
{
	if (line.timed) {
		line.relative = line.relative && at_us >= t->wrote_us;
		line.time_us = line.relative ? at_us - t->wrote_us : at_us;
		t->wrote_us = at_us;
	}
	t->fn(&line, t->user);
}

/* The time of a line just read, on the clock it goes by. */
static uint64_t
read_time(struct cli_thin *t, const struct clasp_line *line, uint64_t now_us)
{
	if (line->timed != t->own_time) {
		/* the other clock: what is held cannot be timed any more */
		cli_thin_end(t);
		t->own_time = line->timed;
		t->now_us = 0;
	}
	if (line->timed) {
		t->read_us = line->relative ? t->read_us + line->time_us :
		    line->time_us;
		now_us = t->read_us > 0 ? (uint64_t)t->read_us : 0;
	}
	if (now_us > t->now_us)
		t->now_us = now_us;
	return t->now_us;
}

/* --------------------------------------------------------------- entries */

static void
enqueue(struct cli_thin *t, struct entry *e)
{
	e->queued = true;
	e->early = false;
	e->after = NULL;
	if (t->last != NULL)
		t->last->after = e;
	else
		t->first = e;
	t->last = e;
}

static struct entry *
dequeue(struct cli_thin *t)
{
	struct entry *e = t->first;

	t->first = e->after;
	if (t->first == NULL)
		t->last = NULL;
	e->queued = false;
	return e;
}

static void
unhold(struct cli_thin *t, struct entry *e)
{
	if (e->holding) {
		t->holding--;
		t->held_bytes -= e->held.len;
	}
	e->holding = false;
}

static const struct clasp_value *
value_of(const struct clasp_item *item)
{
	if (item->msg.type == CLASP_SET)
		return &item->msg.set.value;
	if (item->msg.publish.content == CLASP_CONTENT_VALUE)
		return &item->msg.publish.value;
	return NULL;
}

/* The value that got out, where later ones are compared with it. */
static void
remember(const struct cli_thin *t, struct entry *e,
    const struct clasp_item *item)
{
	const struct clasp_value *v = value_of(item);

	if (!t->config.changed && !(t->config.epsilon > 0))
		return;
	clasp_arena_reset(&e->arena);
	e->known = v != NULL &&
	    clasp_value_copy(v, &e->arena, &e->value) == 0;
}

/* A line got out: the next of this address not before a period from now. */
static void
got_out(struct cli_thin *t, struct entry *e, const struct clasp_item *item,
    uint64_t at_us)
{
	unhold(t, e);
	remember(t, e, item);
	if (t->period_us == 0 || e->queued)
		return;
	e->next_us = at_us + t->period_us;
	enqueue(t, e);
}

/* One more for the bundle being made; false: no memory. */
static bool
add_member(struct cli_thin *t, const struct clasp_item *item)
{
	uint32_t cap = t->members_cap ? t->members_cap * 2 : 64;
	struct clasp_item *more;

	if (t->nmembers == t->members_cap) {
		more = realloc(t->members, cap * sizeof *more);
		if (more == NULL)
			return false;
		t->members = more;
		t->members_cap = cap;
	}
	t->members[t->nmembers++] = *item;
	return true;
}

/* The members that were let go, as one bundle. */
static void
give_members(struct cli_thin *t)
{
	struct clasp_line line = {
		.kind = CLASP_LINE_DATA, .bundle = t->nmembers > 1,
		.count = t->nmembers, .items = t->members
	};

	if (t->nmembers > 0)
		t->fn(&line, t->user);
	t->nmembers = 0;
	t->members_bytes = 0;
	clasp_arena_reset(&t->arena);
}

/* What was held for this address, now; members wait for give_members. */
static void
let_go(struct cli_thin *t, struct entry *e, uint64_t at_us)
{
	struct clasp_line line;
	struct clasp_line_error err;
	struct clasp_str text = clasp_buf_str(&e->held);

	if (!e->member || t->members_bytes + text.len > BUNDLE_BYTES)
		give_members(t);
	text.len--;	/* the LF */
	if (clasp_line_parse(text, &t->arena, &line, &err) < 0)
		return;
	got_out(t, e, &line.items[0], at_us);
	if (e->member && add_member(t, &line.items[0])) {
		t->members_bytes += text.len + MEMBER_BYTES;
		return;
	}
	give(t, line, (int64_t)at_us);
	clasp_arena_reset(&t->arena);
	if (!e->holding && text.len > HELD_LARGE)
		clasp_buf_clear(&e->held);
}

static int
hold(struct cli_thin *t, struct entry *e, const struct clasp_line *line,
    bool member)
{
	unhold(t, e);
	clasp_buf_reset(&e->held);
	if (clasp_line_format(&e->held, line, CLASP_LINE_EXACT) < 0)
		return CLASP_ENOMEM;
	t->holding++;
	t->held_bytes += e->held.len;
	e->holding = true;
	e->member = member;
	return 0;
}

/*
 * The key of what a message is thinned by: a letter, the address, for a
 * gesture its id.  False: it is not thinned (and tells nothing of values).
 */
static bool
make_key(struct cli_thin *t, const struct clasp_item *item)
{
	const struct clasp_publish *p = &item->msg.publish;

	clasp_buf_reset(&t->key);
	if (item->msg.type == CLASP_SET) {
		clasp_buf_add_u8(&t->key, 's');
		clasp_buf_add_str(&t->key, item->msg.set.address);
		return true;
	}
	if (item->msg.type != CLASP_PUBLISH || p->kind == CLASP_EVENT ||
	    p->kind == CLASP_TIMELINE || p->kind == CLASP_PARAM ||
	    p->content == CLASP_CONTENT_SAMPLES)
		return false;
	clasp_buf_add_u8(&t->key, p->kind == CLASP_STREAM ? 't' : 'g');
	if (p->kind == CLASP_GESTURE)
		clasp_buf_printf(&t->key, "%u", p->has_id ? p->id : 0);
	clasp_buf_add_str(&t->key, p->address);
	return true;
}

/* The entry of a message, made when there is none; NULL: not thinned. */
static struct entry *
entry_of(struct cli_thin *t, const struct clasp_item *item)
{
	struct clasp_str key;
	struct entry *e;
	uint64_t hash;
	char *copy;

	if (!make_key(t, item) || t->key.failed)
		return NULL;
	key = clasp_buf_str(&t->key);
	hash = clasp_hash(key);
	e = clasp_table_get(&t->entries, hash, key);
	if (e != NULL || t->entries.count >= ENTRIES_MAX)
		return e;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	clasp_arena_init(&e->arena, NULL, 0, VALUE_LIMIT);
	copy = malloc(key.len);
	if (copy != NULL)
		e->key = clasp_str_of(memcpy(copy, key.p, key.len), key.len);
	if (copy == NULL || clasp_table_add(&t->entries, hash, e) < 0) {
		entry_free(e);
		return NULL;
	}
	return e;
}

/* -------------------------------------------------------------- decisions */

static bool
is_move(const struct clasp_item *item)
{
	return item->msg.type == CLASP_PUBLISH &&
	    item->msg.publish.kind == CLASP_GESTURE;
}

/* Too little news in comparison with what got out last? */
static bool
too_little(const struct cli_thin *t, const struct entry *e,
    const struct clasp_item *item)
{
	const struct clasp_value *v = value_of(item);

	if (!e->known || v == NULL || is_move(item))
		return false;
	if (t->config.epsilon > 0 &&
	    !clasp_value_apart(&e->value, v, t->config.epsilon))
		return true;
	return t->config.changed && clasp_value_equal(&e->value, v);
}

/* Is it early, by our own clock or because the relay does not look at its? */
static bool
too_soon(struct cli_thin *t, struct entry *e, uint64_t now)
{
	if (!e->queued || now >= e->next_us)
		return false;
	if (!t->strict && e->early)
		t->strict = true;
	e->early = true;
	return t->strict;
}

/* One message alone that may wait? */
static bool
may_wait(const struct clasp_line *line)
{
	const struct clasp_item *item = &line->items[0];

	if (line->bundle || line->count != 1 || line->has_at)
		return false;
	if (item->msg.type == CLASP_SET)
		return !item->msg.set.lock && !item->msg.set.unlock;
	return !is_move(item) ||
	    item->msg.publish.phase == CLASP_PHASE_MOVE;
}

/* A line that passes whole: what it says is the latest of its addresses. */
static void
pass_whole(struct cli_thin *t, const struct clasp_line *line, uint64_t now_us)
{
	struct entry *e;
	uint32_t i;

	for (i = 0; i < line->count; i++) {
		e = entry_of(t, &line->items[i]);
		if (e == NULL)
			continue;
		/* the last move comes before the gesture's end */
		if (e->holding && is_move(&line->items[i]))
			let_go(t, e, now_us);	/* moves are no members */
		got_out(t, e, &line->items[i], now_us);
	}
}

/* May all of a bundle wait? */
static bool
bundle_may_wait(struct cli_thin *t, const struct clasp_line *line)
{
	struct clasp_line one = *line;
	uint32_t i;

	if (!t->config.bundles || !line->bundle || line->timed ||
	    line->count == 0)
		return false;
	one.bundle = false;
	one.count = 1;
	for (i = 0; i < line->count; i++) {
		one.items = &line->items[i];
		if (is_move(one.items) || !may_wait(&one) ||
		    !make_key(t, one.items))
			return false;
	}
	return true;
}

/* A bundle, of which only those pass that may already. */
static int
take_members(struct cli_thin *t, const struct clasp_line *line,
    uint64_t now_us)
{
	struct clasp_line one = *line, rest = *line;
	struct entry *e;
	uint32_t i;
	int r = 0;

	one.bundle = false;
	one.count = 1;
	for (i = 0; i < line->count; i++) {
		one.items = &line->items[i];
		e = entry_of(t, one.items);
		if (e != NULL && e->queued && now_us < e->next_us &&
		    (r = hold(t, e, &one, true)) == 0)
			continue;
		if (e != NULL)
			got_out(t, e, one.items, now_us);
		if (!add_member(t, one.items)) {
			t->fn(&one, t->user);
			r = CLASP_ENOMEM;
		}
	}
	rest.items = t->members;
	rest.count = t->nmembers;
	rest.bundle = rest.count > 1;
	if (rest.count > 0)
		t->fn(&rest, t->user);
	t->nmembers = 0;
	return r;
}

/* More is held than may be: the oldest goes before its time. */
static void
make_room(struct cli_thin *t)
{
	struct entry *e;

	while (t->held_bytes > CLI_THIN_HELD_MAX && t->first != NULL) {
		e = dequeue(t);
		if (e->holding)
			let_go(t, e, t->now_us);
	}
	give_members(t);
}

int
cli_thin_take(struct cli_thin *t, const struct clasp_line *line,
    uint64_t now_us)
{
	struct entry *e = NULL;
	uint64_t now = now_us;
	int r = 0;

	if (line->timed || line->kind == CLASP_LINE_DATA) {
		now = read_time(t, line, now_us);
		cli_thin_run(t, now);
	}
	if (line->kind == CLASP_LINE_DATA && bundle_may_wait(t, line)) {
		r = take_members(t, line, now);
		make_room(t);
		return r;
	}
	if (line->kind == CLASP_LINE_DATA) {
		if (may_wait(line))
			e = entry_of(t, &line->items[0]);
		if (e == NULL) {
			pass_whole(t, line, now);
		} else if (too_little(t, e, &line->items[0])) {
			/* the newest is as good as what got out */
			unhold(t, e);
			return 0;
		} else if (too_soon(t, e, now)) {
			r = hold(t, e, line, false);
			if (r == 0) {
				make_room(t);
				return 0;
			}
		} else {
			got_out(t, e, &line->items[0], now);
		}
	}
	give(t, *line, t->read_us);
	return r;
}

void
cli_thin_state(struct cli_thin *t, const struct clasp_line *line)
{
	struct entry *e;
	uint32_t i;

	for (i = 0; i < line->count; i++) {
		if (!make_key(t, &line->items[i]) || t->key.failed)
			continue;
		e = clasp_table_get(&t->entries, clasp_hash(
		    clasp_buf_str(&t->key)), clasp_buf_str(&t->key));
		if (e == NULL)
			continue;
		unhold(t, e);
		e->known = false;
	}
	give(t, *line, t->read_us);
}

void
cli_thin_skip(struct cli_thin *t, const struct clasp_line *line)
{
	if (line->timed)
		cli_thin_run(t, read_time(t, line, 0));
}

uint64_t
cli_thin_due(const struct cli_thin *t)
{
	if (t->own_time || t->holding == 0)
		return UINT64_MAX;
	return t->first->next_us;
}

void
cli_thin_run(struct cli_thin *t, uint64_t now_us)
{
	struct entry *e;

	while (t->first != NULL && t->first->next_us <= now_us) {
		e = dequeue(t);
		if (e->holding)
			let_go(t, e, e->next_us);
	}
	give_members(t);
}

void
cli_thin_end(struct cli_thin *t)
{
	struct entry *e, *all = t->first;
	uint64_t at;

	/* the queue is emptied first: what is let go begins no period */
	t->first = t->last = NULL;
	while ((e = all) != NULL) {
		all = e->after;
		at = e->next_us < t->now_us ? e->next_us : t->now_us;
		if (e->holding)
			let_go(t, e, at);
		e->queued = false;
		e->next_us = 0;
	}
	give_members(t);
	t->first = t->last = NULL;
}
