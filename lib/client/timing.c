/* timing.c - the relay's clock as a client knows it. */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "client/conn.h"

#define SOON_MS		200
#define SOON		5	/* exchanges at that pace */
#define LATER_MS	30000
#define HELD_MAX	(16u << 20)
/* where a bundle has its time: behind type, flags and count */
#define BUNDLE_TIME	4

static void on_timer(uv_timer_t *timer);

void
clasp_timing_init(struct clasp_client *c)
{
	clasp_clocksync_init(&c->timing.sync);
	uv_timer_init(c->loop, &c->timing.timer);
	c->timing.timer.data = c;
	uv_unref((uv_handle_t *)&c->timing.timer);
}

void
clasp_timing_clear(struct clasp_client *c)
{
	clasp_buf_clear(&c->timing.held);
}

/* --------------------------------------------------------------- asking */

/* The first n were asked and never answered. */
static void
give_up(struct clasp_client *c, unsigned n)
{
	struct clasp_timing *t = &c->timing;
	struct clasp_timing_ask ask;

	while (n-- > 0 && t->asked > 0) {
		ask = t->asks[0];
		memmove(&t->asks[0], &t->asks[1],
		    --t->asked * sizeof t->asks[0]);
		if (ask.fn != NULL && !c->free_after)
			ask.fn(c, NULL, ask.user);
	}
}

int
clasp_timing_ask(struct clasp_client *c, clasp_sync_fn fn, void *user)
{
	struct clasp_timing *t = &c->timing;
	struct clasp_msg msg = { .type = CLASP_SYNC };
	uint64_t t1 = clasp_clock_server_us();
	int r;

	if (!c->welcome || c->closing)
		return CLASP_ECLOSED;
	if (t->asked == CLASP_TIMING_ASKED)
		return CLASP_ENOSPC;
	/* the answer is known by it */
	if (t->asked > 0 && t1 <= t->asks[t->asked - 1].t1)
		t1 = t->asks[t->asked - 1].t1 + 1;
	msg.sync.t1 = t1;
	r = clasp_conn_now(c, &msg, NULL);
	if (r < 0)
		return r;
	t->asks[t->asked++] = (struct clasp_timing_ask){ t1, fn, user };
	return 0;
}

bool
clasp_timing_answer(struct clasp_client *c, const struct clasp_sync *sync)
{
	uint64_t now = clasp_clock_server_us();
	struct clasp_timing *t = &c->timing;
	struct clasp_timing_ask ask;
	struct clasp_exchange e;
	unsigned i;

	for (i = 0; i < t->asked; i++)
		if (t->asks[i].t1 == sync->t1)
			break;
	if (i == t->asked)
		return false;
	/* answers come in order: those before it will have none */
	give_up(c, i);
	ask = t->asks[0];
	memmove(&t->asks[0], &t->asks[1], --t->asked * sizeof t->asks[0]);
	clasp_clocksync_add(&t->sync, sync->t1, sync->t2, sync->t3, now);
	if (t->holding)
		clasp_timing_release(c);
	e = clasp_exchange_of(sync->t1, sync->t2, sync->t3, now);
	if (ask.fn != NULL)
		ask.fn(c, &e, ask.user);
	return true;
}

static void
on_timer(uv_timer_t *timer)
{
	struct clasp_client *c = timer->data;
	struct clasp_timing *t = &c->timing;

	if (++t->ticks >= SOON && t->holding)
		clasp_timing_release(c);
	clasp_timing_ask(c, NULL, NULL);
	uv_timer_start(timer, on_timer, t->ticks + 1 < SOON || t->holding ?
	    SOON_MS : LATER_MS, 0);
}

static void
start(struct clasp_client *c)
{
	c->timing.ticks = 0;
	clasp_timing_ask(c, NULL, NULL);
	uv_timer_start(&c->timing.timer, on_timer, SOON_MS, 0);
}

void
clasp_timing_want(struct clasp_client *c)
{
	if (c->timing.wanted)
		return;
	c->timing.wanted = true;
	if (c->welcome && !c->closing)
		start(c);
}

void
clasp_timing_welcome(struct clasp_client *c, uint64_t server_us)
{
	clasp_clocksync_init(&c->timing.sync);
	clasp_clocksync_seed(&c->timing.sync, clasp_clock_server_us(),
	    server_us);
	if (c->timing.wanted)
		start(c);
}

void
clasp_timing_lost(struct clasp_client *c)
{
	struct clasp_timing *t = &c->timing;

	uv_timer_stop(&t->timer);
	t->holding = false;
	clasp_buf_clear(&t->held);
	give_up(c, t->asked);
}

/* -------------------------------------------------------------- holding */

uint64_t
clasp_timing_server_us(const struct clasp_client *c, uint64_t steady_us)
{
	/* as far as they will have drifted apart by then */
	int64_t offset = clasp_clocksync_offset_at(&c->timing.sync,
	    steady_us);

	if (offset < 0 && steady_us < (uint64_t)-offset)
		return 0;
	if (offset > 0 && steady_us > UINT64_MAX - (uint64_t)offset)
		return UINT64_MAX;
	return steady_us + (uint64_t)offset;
}

static int
hold(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head, bool ours)
{
	struct clasp_buf *held = &c->timing.held;
	size_t before = held->len;
	int r;

	if (before > HELD_MAX)
		return CLASP_ENOSPC;
	clasp_buf_add_u8(held, ours);
	r = clasp_frame_append(held, msg, head);
	if (r < 0)
		held->len = before;
	return r;
}

int
clasp_timing_hold(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	return hold(c, msg, head, false);
}

int
clasp_timing_put(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	struct clasp_msg theirs = *msg;

	if (c->over || c->closing)
		return CLASP_ECLOSED;
	if (c->welcome && clasp_clocksync_true(&c->timing.sync)) {
		theirs.bundle.timestamp_us = clasp_timing_server_us(c,
		    msg->bundle.timestamp_us);
		return clasp_conn_put(c, &theirs, head);
	}
	clasp_timing_want(c);
	c->timing.holding = true;
	return hold(c, msg, head, true);
}

void
clasp_timing_release(struct clasp_client *c)
{
	struct clasp_buf held = c->timing.held;
	struct clasp_frame frame;
	uint8_t *time;
	size_t at = 0;
	bool ours;
	int n, r = 0;

	c->timing.held = (struct clasp_buf){ 0 };
	c->timing.holding = false;
	while (at < held.len && r == 0) {
		ours = held.data[at++];
		n = clasp_frame_decode(held.data + at, held.len - at, &frame);
		if (n <= 0)
			break;		/* only whole ones are kept */
		if (ours) {
			time = held.data + at + (n - (int)frame.len) +
			    BUNDLE_TIME;
			clasp_store64(time, clasp_timing_server_us(c,
			    clasp_load64(time)));
		}
		r = clasp_conn_frame(c, clasp_str_of((char *)held.data + at,
		    (size_t)n));
		at += (size_t)n;
	}
	clasp_buf_clear(&held);
	if (r < 0) {
		clasp_conn_blame(c, CLASP_ENOMEM, 0, CLASP_STR_NONE);
		clasp_conn_close(c);
	}
}
