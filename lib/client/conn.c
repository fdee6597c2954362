/* conn.c - getting a connection to the relay, keeping it, and sending. */
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/conn.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS	5000
#define PROBE_MS	1200	/* a relay complains of rates once a second */
#define WAIT_MAX	(16u << 20)	/* bytes that wait for a connection */
#define FULL_BYTES	(1u << 20)
#define FULL_REQUESTS	65536
#define DRAINED_BYTES	(256u << 10)
#define DRAINED_REQUESTS 16384

#define FEATURES (CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT | \
	CLASP_FEATURE_STREAM | CLASP_FEATURE_GESTURE | CLASP_FEATURE_TIMELINE)

static void failed(struct clasp_client *c, int error, const char *why);
static void on_timer(uv_timer_t *timer);

/* ----------------------------------------------------------- sending */

int
clasp_conn_frame(struct clasp_client *c, struct clasp_str frame)
{
	struct clasp_span span;
	int r;

	r = clasp_slabs_copy(&c->slabs, c->link->framing, frame, &span);
	if (r == 0)
		r = clasp_outq_add(&c->out, &span);
	if (r < 0)
		return r;
	c->dirty = true;
	if (c->events.frame)
		c->events.frame(c, true, (const uint8_t *)frame.p, frame.len,
		    c->user);
	return 0;
}

/* For those who look on: the frame as it stands in the queue, bare. */
static void
show(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	struct clasp_buf buf = { 0 };

	if (c->events.frame && clasp_frame_append(&buf, msg, head) > 0)
		c->events.frame(c, true, buf.data, buf.len, c->user);
	clasp_buf_clear(&buf);
}

int
clasp_conn_now(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	struct clasp_span span;
	int r;

	r = clasp_slabs_encode(&c->slabs, c->link->framing, msg, head, &span);
	if (r == 0)
		r = clasp_outq_add(&c->out, &span);
	c->dirty = true;
	if (r == 0)
		show(c, msg, head);
	return r;
}

int
clasp_conn_put(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head)
{
	size_t before = c->wait.len;
	int r;

	if (c->over || c->closing)
		return CLASP_ECLOSED;
	if (c->timing.holding)
		return clasp_timing_hold(c, msg, head);
	if (c->welcome)
		return clasp_conn_now(c, msg, head);
	/* It is kept until WELCOME, so that an attempt that fails loses
	 * nothing. */
	if (before > WAIT_MAX)
		return CLASP_ENOSPC;
	r = clasp_frame_append(&c->wait, msg, head);
	if (r < 0)
		return r;
	return c->open ? clasp_conn_frame(c, clasp_str_of((char *)c->wait.data +
	    before, c->wait.len - before)) : 0;
}

int
clasp_conn_ask(struct clasp_client *c, struct clasp_request *request)
{
	int r = clasp_requests_add(&c->requests, request);

	if (r < 0)
		free(request->members);
	return r;
}

int
clasp_conn_ping(struct clasp_client *c, uint8_t kind, clasp_reply_fn done,
    void *user)
{
	struct clasp_request q = { .kind = kind, .done = done, .user = user };
	int r = clasp_conn_put(c, &(struct clasp_msg){ .type = CLASP_PING },
	    NULL);

	return r < 0 ? r : clasp_conn_ask(c, &q);
}

/*
 * SUBSCRIBE goes out between two PINGs: what comes between their PONGs is
 * its snapshot.
 */
int
clasp_conn_subscribe(struct clasp_client *c,
    const struct clasp_subscription *sub, clasp_reply_fn done, void *user)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct clasp_request q = { .kind = CLASP_REQUEST_SUBSCRIBE,
	    .sub = sub->ask.id, .hash = clasp_hash(sub->ask.pattern),
	    .done = done, .user = user };
	int r;

	msg.subscribe = sub->ask;
	if (c->requests.lazy_pong &&
	    (r = clasp_conn_ping(c, CLASP_REQUEST_PING, NULL, NULL)) < 0)
		return r;
	if ((r = clasp_conn_put(c, &msg, NULL)) < 0 ||
	    (r = clasp_conn_ask(c, &q)) < 0)
		return r;
	return clasp_conn_ping(c, CLASP_REQUEST_PING, NULL, NULL);
}

/* What a new connection says first; it waits in c->wait until it is there. */
static int
prologue(struct clasp_client *c)
{
	struct clasp_msg hello = { .type = CLASP_HELLO };
	uint32_t i;
	int r;

	clasp_buf_reset(&c->wait);
	hello.hello.version = 1;
	hello.hello.features = FEATURES;
	if (c->config.nostate)
		hello.hello.features |= CLASP_FEATURE_NOSTATE;
	hello.hello.name = clasp_str_c(c->config.name);
	hello.hello.token = clasp_str_c(c->config.token ? c->config.token :
	    "");
	if ((r = clasp_conn_put(c, &hello, NULL)) < 0 ||
	    (r = clasp_conn_ping(c, CLASP_REQUEST_FIRST, NULL, NULL)) < 0)
		return r;
	for (i = 0; i < c->nsubs; i++)
		if (!c->subs[i]->dead && (r = clasp_conn_subscribe(c,
		    c->subs[i], NULL, NULL)) < 0)
			return r;
	return 0;
}

static void
on_prepare(uv_prepare_t *prepare)
{
	struct clasp_client *c = prepare->data;

	if (c->closing)
		return;
	if (clasp_requests_lazy(&c->requests))
		clasp_conn_ping(c, CLASP_REQUEST_PING, NULL, NULL);
	if (c->dirty && c->open) {
		c->dirty = false;
		clasp_link_flush(c->link);
	}
}

bool
clasp_client_full(struct clasp_client *c)
{
	c->full = c->full || clasp_client_pending(c) >= FULL_BYTES ||
	    clasp_requests_count(&c->requests) >= FULL_REQUESTS;
	return c->full;
}

static void
check_drained(struct clasp_client *c)
{
	if (!c->full || clasp_client_pending(c) > DRAINED_BYTES ||
	    clasp_requests_count(&c->requests) > DRAINED_REQUESTS)
		return;
	c->full = false;
	if (c->events.drained && !c->closing)
		c->events.drained(c, c->user);
}

static void
on_probe(uv_timer_t *timer)
{
	struct clasp_client *c = timer->data;
	struct clasp_msg msg = { .type = CLASP_SYNC };
	struct clasp_request q = { .kind = CLASP_REQUEST_SYNC };

	if (!c->welcome || clasp_requests_count(&c->requests) == 0)
		return;
	msg.sync.t1 = q.hash = clasp_clock_unix_us();
	if (clasp_conn_put(c, &msg, NULL) == 0)
		clasp_conn_ask(c, &q);
}

void
clasp_conn_limited(struct clasp_client *c)
{
	if (!uv_is_active((uv_handle_t *)&c->probe))
		uv_timer_start(&c->probe, on_probe, PROBE_MS, 0);
}

/* -------------------------------------------------------- the link's events */

static void
on_open(struct clasp_link *link, void *user)
{
	struct clasp_client *c = user;
	struct clasp_frame frame;
	size_t at = 0;
	int n;

	clasp_outq_init(&c->out, link->framing);
	link->out = &c->out;
	c->open = true;
	while (at < c->wait.len) {
		n = clasp_frame_decode(c->wait.data + at, c->wait.len - at,
		    &frame);
		if (n <= 0 || clasp_conn_frame(c, clasp_str_of(
		    (char *)c->wait.data + at, (size_t)n)) < 0) {
			clasp_conn_blame(c, CLASP_ENOMEM, 0, CLASP_STR_NONE);
			clasp_conn_close(c);
			return;
		}
		at += (size_t)n;
	}
	if (!c->reading)
		clasp_link_read(link, false);
	c->dirty = false;
	clasp_link_flush(link);
}

static int
on_unit(struct clasp_link *link, const uint8_t *bytes, size_t len,
    size_t *used, void *user)
{
	struct clasp_client *c = user;
	int r = clasp_inbox_unit(c, bytes, len, used);

	(void)link;
	check_drained(c);
	return r;
}

static void
on_sent(struct clasp_link *link, size_t n, void *user)
{
	struct clasp_client *c = user;

	(void)link;
	clasp_outq_sent(&c->out, n);
	check_drained(c);
}

static void
on_closed(struct clasp_link *link, int error, const char *reason, void *user)
{
	struct clasp_client *c = user;

	(void)link;
	c->link = NULL;
	clasp_outq_clear(&c->out);
	if (c->timed_out)
		failed(c, CLASP_ETIMEOUT, "no answer in time");
	else
		failed(c, error ? error : CLASP_ECLOSED, reason);
}

static const struct clasp_link_events link_events = {
	.open = on_open,
	.unit = on_unit,
	.sent = on_sent,
	.closed = on_closed
};

/* ------------------------------------------------------------ to and fro */

int
clasp_conn_start(struct clasp_client *c)
{
	int r;

	c->timed_out = false;
	c->error = 0;
	c->code = 0;
	c->why[0] = '\0';
	r = clasp_link_connect(c->loop, &c->url, &link_events, c, &c->link);
	if (r < 0) {
		c->link = NULL;
		return r;
	}
	if (c->config.connect_timeout_us > 0)
		uv_timer_start(&c->timer, on_timer,
		    (c->config.connect_timeout_us + 999) / 1000, 0);
	return 0;
}

/* Either the next attempt is due, or the one under way takes too long. */
static void
on_timer(uv_timer_t *timer)
{
	struct clasp_client *c = timer->data;
	int r;

	if (c->link) {
		c->timed_out = true;
		clasp_link_close(c->link, 1000, "");
		return;
	}
	r = clasp_conn_start(c);
	if (r < 0)
		failed(c, r, clasp_strerror(r));
}

/* Try again after a while that grows, each time a little different so that
 * a hundred clients of a restarted relay do not come at once. */
static void
later(struct clasp_client *c)
{
	uint64_t ms = c->backoff_ms;

	c->random = c->random * UINT64_C(6364136223846793005) + 1;
	ms = ms * 4 / 5 + (c->random >> 33) % (ms * 2 / 5 + 1);
	c->backoff_ms *= 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	uv_timer_start(&c->timer, on_timer, ms, 0);
}

/* All that was asked over the old connection has no answer any more. */
static int
restart(struct clasp_client *c)
{
	struct clasp_requests old = c->requests;
	int r;

	c->requests = (struct clasp_requests){ 0 };
	clasp_timing_lost(c);
	r = prologue(c);
	clasp_requests_fail(&old, CLASP_ECLOSED, clasp_inbox_gone, c);
	clasp_requests_clear(&old);
	return r;
}

/* The connection, or the attempt, has failed. */
static void
failed(struct clasp_client *c, int error, const char *why)
{
	bool had = c->welcome, again;

	c->open = c->welcome = c->dirty = false;
	uv_timer_stop(&c->timer);
	uv_timer_stop(&c->probe);
	clasp_conn_blame(c, error, 0, clasp_str_c(why));
	if (c->closing) {
		c->error = 0;
		clasp_conn_finish(c);
		return;
	}
	if (c->was_welcome)
		again = c->config.reconnect;
	else
		again = c->config.retry && (c->config.retry_max < 0 ||
		    c->tries < c->config.retry_max);
	/* What the relay refuses, or what we refuse of it, stays so. */
	if (c->error == CLASP_EREFUSED || c->error == CLASP_ECERT ||
	    c->error == CLASP_ENOMEM || !again) {
		clasp_conn_finish(c);
		return;
	}
	c->tries++;
	if (had) {
		if (restart(c) < 0) {
			clasp_conn_blame(c, CLASP_ENOMEM, 0, CLASP_STR_NONE);
			clasp_conn_finish(c);
			return;
		}
		if (c->events.lost)
			c->events.lost(c, c->why, c->user);
	}
	if (c->closing)
		clasp_conn_finish(c);
	else
		later(c);
}

void
clasp_conn_welcome(struct clasp_client *c, const struct clasp_welcome *welcome)
{
	bool again = c->was_welcome;
	size_t n = welcome->session.len;

	uv_timer_stop(&c->timer);
	if (n >= sizeof c->session)
		n = sizeof c->session - 1;
	if (n > 0)
		memcpy(c->session, welcome->session.p, n);
	c->session[n] = '\0';
	c->welcome = c->was_welcome = true;
	c->backoff_ms = BACKOFF_FIRST_MS;
	c->tries = 0;
	c->conn++;
	clasp_buf_clear(&c->wait);
	clasp_timing_welcome(c, welcome->time_us);
	if (c->events.open)
		c->events.open(c, again, c->user);
}

void
clasp_conn_blame(struct clasp_client *c, int error, uint16_t code,
    struct clasp_str why)
{
	if (c->error)
		return;
	c->error = error;
	c->code = code;
	if (!why.p || why.len == 0)
		why = clasp_str_c(clasp_strerror(error));
	snprintf(c->why, sizeof c->why, "%.*s", CLASP_STR_ARG(why));
}

void
clasp_conn_close(struct clasp_client *c)
{
	if (c->link)
		clasp_link_close(c->link, 1000, "");
}

/* -------------------------------------------------------- begin and end */

int
clasp_conn_init(struct clasp_client *c, uv_loop_t *loop)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
		seed = clasp_clock_mono_us();
	c->random = seed;
	c->backoff_ms = BACKOFF_FIRST_MS;
	c->reading = true;
	clasp_slabs_init(&c->slabs, seed ^ clasp_clock_mono_us());
	clasp_outq_init(&c->out, CLASP_FRAMING_BARE);
	clasp_arena_init(&c->arena, c->room, sizeof c->room,
	    64 * CLASP_PAYLOAD_MAX + 4096);
	clasp_known_init(&c->known);
	c->loop = loop;
	uv_timer_init(loop, &c->timer);
	uv_timer_init(loop, &c->probe);
	uv_prepare_init(loop, &c->prepare);
	c->timer.data = c->probe.data = c->prepare.data = c;
	uv_prepare_start(&c->prepare, on_prepare);
	uv_unref((uv_handle_t *)&c->prepare);
	uv_unref((uv_handle_t *)&c->probe);
	clasp_timing_init(c);
	c->handles = 4;
	return prologue(c);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct clasp_client *c = handle->data;
	bool free_after = c->free_after;
	struct clasp_requests old = c->requests;

	if (--c->handles > 0)
		return;
	c->over = true;
	c->requests = (struct clasp_requests){ 0 };
	clasp_timing_lost(c);
	clasp_requests_fail(&old, CLASP_ECLOSED, clasp_inbox_gone, c);
	clasp_requests_clear(&old);
	if (c->events.closed && !free_after)
		c->events.closed(c, c->error, c->code, c->why, c->user);
	if (free_after)
		clasp_client_free(c);
}

void
clasp_conn_finish(struct clasp_client *c)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&c->timer,
	    (uv_handle_t *)&c->probe, (uv_handle_t *)&c->prepare,
	    (uv_handle_t *)&c->timing.timer };
	size_t i;

	if (uv_is_closing(handles[0]))
		return;
	for (i = 0; i < sizeof handles / sizeof *handles; i++)
		uv_close(handles[i], on_handle_closed);
}
