/* flood.c - at most so many lines a second for each address. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "client/flood.h"

struct spot {
	struct clasp_str address;	/* behind the struct */
	uint64_t	 next_us;	/* not before this */
	bool		 waits;
	struct spot	*next;		/* of those that wait, oldest first */
	struct clasp_arena arena;	/* of the line that waits */
	struct clasp_line line;
	struct clasp_item item;
};

struct clasp_flood {
	struct clasp_table table;
	struct spot	*first, **last;
	uint64_t	 period_us;
	uv_timer_t	 timer;
	void		(*due)(const struct clasp_line *, void *);
	void		*user;
	bool		 closing;
};

static struct clasp_str
key(const void *e)
{
	return ((const struct spot *)e)->address;
}

static void on_timer(uv_timer_t *timer);

struct clasp_flood *
clasp_flood_new(uv_loop_t *loop, double rate_hz,
    void (*due)(const struct clasp_line *line, void *user), void *user)
{
	struct clasp_flood *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->table.key = key;
	f->last = &f->first;
	f->period_us = (uint64_t)(1e6 / rate_hz);
	f->due = due;
	f->user = user;
	uv_timer_init(loop, &f->timer);
	f->timer.data = f;
	return f;
}

static bool
holdable(const struct clasp_line *line)
{
	const struct clasp_msg *msg;

	if (line->kind != CLASP_LINE_DATA || line->bundle || line->count != 1)
		return false;
	msg = &line->items[0].msg;
	if (msg->type == CLASP_SET)
		return !msg->set.lock && !msg->set.unlock;
	return msg->type == CLASP_PUBLISH &&
	    msg->publish.kind == CLASP_STREAM &&
	    msg->publish.content == CLASP_CONTENT_VALUE;
}

static struct clasp_str
address_of(const struct clasp_line *line)
{
	const struct clasp_msg *msg = &line->items[0].msg;

	return msg->type == CLASP_SET ? msg->set.address :
	    msg->publish.address;
}

static struct spot *
spot_of(struct clasp_flood *f, struct clasp_str address)
{
	uint64_t hash = clasp_hash(address);
	struct spot *s = clasp_table_get(&f->table, hash, address);

	if (s || f->table.count >= CLASP_FLOOD_MAX)
		return s;
	s = calloc(1, sizeof *s + address.len);
	if (!s)
		return NULL;
	memcpy(s + 1, address.p, address.len);
	s->address = clasp_str_of((const char *)(s + 1), address.len);
	clasp_arena_init(&s->arena, NULL, 0, 64 * CLASP_PAYLOAD_MAX);
	if (clasp_table_add(&f->table, hash, s) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

/* Keep a copy of the line in its spot. */
static bool
keep(struct spot *s, const struct clasp_line *line)
{
	struct clasp_value *v;

	clasp_arena_reset(&s->arena);
	s->line = *line;
	s->item = line->items[0];
	s->line.items = &s->item;
	s->item.by = CLASP_STR_NONE;
	s->item.nattrs = 0;
	s->item.attrs = NULL;
	if (s->item.msg.type == CLASP_SET) {
		s->item.msg.set.address = s->address;
		v = &s->item.msg.set.value;
	} else {
		s->item.msg.publish.address = s->address;
		v = &s->item.msg.publish.value;
	}
	return clasp_value_copy(v, &s->arena, v) == 0;
}

static void
arm(struct clasp_flood *f, uint64_t now)
{
	uint64_t at = f->first->next_us;

	uv_timer_start(&f->timer, on_timer,
	    at > now ? (at - now + 999) / 1000 : 0, 0);
}

bool
clasp_flood_hold(struct clasp_flood *f, const struct clasp_line *line)
{
	uint64_t now;
	struct spot *s;

	if (!holdable(line) || !(s = spot_of(f, address_of(line))))
		return false;
	now = clasp_clock_mono_us();
	if (!s->waits && now >= s->next_us) {
		s->next_us = now + f->period_us;
		return false;
	}
	if (!keep(s, line))
		return false;
	if (!s->waits) {
		/* all wait for one period: the list is in order of time */
		s->waits = true;
		s->next = NULL;
		*f->last = s;
		f->last = &s->next;
		if (f->first == s)
			arm(f, now);
	}
	return true;
}

static void
give(struct clasp_flood *f, uint64_t now)
{
	struct spot *s = f->first;

	f->first = s->next;
	if (!f->first)
		f->last = &f->first;
	s->waits = false;
	s->next_us = now + f->period_us;
	f->due(&s->line, f->user);
	clasp_arena_reset(&s->arena);
}

static void
on_timer(uv_timer_t *timer)
{
	struct clasp_flood *f = timer->data;
	uint64_t now = clasp_clock_mono_us();

	while (f->first && f->first->next_us <= now + 500)
		give(f, now);
	if (f->first)
		arm(f, now);
}

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_flood *f = handle->data;
	size_t at = 0;
	struct spot *s;

	while ((s = clasp_table_next(&f->table, &at))) {
		clasp_arena_clear(&s->arena);
		free(s);
	}
	clasp_table_clear(&f->table);
	free(f);
}

void
clasp_flood_close(struct clasp_flood *f)
{
	uint64_t now;

	if (!f || f->closing)
		return;
	f->closing = true;
	now = clasp_clock_mono_us();
	while (f->first)
		give(f, now);
	uv_close((uv_handle_t *)&f->timer, on_closed);
}
