/* client.c - one connection to a relay as a program sees it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/conn.h"
#include "net/tls.h"

#define DEFAULT_URL "ws://127.0.0.1:7330/clasp"

void
clasp_client_config_init(struct clasp_client_config *config)
{
	*config = (struct clasp_client_config){
		.url = DEFAULT_URL,
		.name = "libclasp",
		.connect_timeout_us = 5000000,
		.retry_max = -1,
		.reconnect = true
	};
}

/* ----------------------------------------------------- making and ending */

static int
copy(const char **s)
{
	if (*s && !(*s = strdup(*s)))
		return CLASP_ENOMEM;
	return 0;
}

static int
copy_config(struct clasp_client *c, const struct clasp_client_config *config)
{
	int r = 0;

	c->config = *config;
	if (!c->config.url)
		c->config.url = DEFAULT_URL;
	if (!c->config.name)
		c->config.name = "libclasp";
	r |= copy(&c->config.url);
	r |= copy(&c->config.name);
	r |= copy(&c->config.token);
	return r;
}

/* Whom to trust is settled once, not for each connection. */
static int
secure(struct clasp_client *c)
{
	const struct clasp_tls_files none = { 0 };
	struct clasp_tls_fault fault;

	if (!c->url.secure)
		return 0;
	c->url.tls = clasp_tls_context_ref(c->config.tls);
	return c->url.tls ? 0 : clasp_tls_client(&none, &c->url.tls, &fault);
}

static void
release(struct clasp_client *c)
{
	uint32_t i;

	for (i = 0; i < c->nsubs; i++) {
		free((char *)c->subs[i]->ask.pattern.p);
		free(c->subs[i]);
	}
	free(c->subs);
	clasp_known_clear(&c->known);
	clasp_requests_clear(&c->requests);
	clasp_timing_clear(c);
	clasp_outq_clear(&c->out);
	clasp_slabs_clear(&c->slabs);
	clasp_buf_clear(&c->wait);
	clasp_arena_clear(&c->arena);
	clasp_tls_context_free(c->url.tls);
	free((char *)c->config.url);
	free((char *)c->config.name);
	free((char *)c->config.token);
	free(c->own_loop);
	free(c);
}

int
clasp_client_new(uv_loop_t *loop, const struct clasp_client_config *config,
    const struct clasp_client_events *events, void *user,
    struct clasp_client **out)
{
	struct clasp_client *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return CLASP_ENOMEM;
	c->user = user;
	if (events)
		c->events = *events;
	if ((r = copy_config(c, config)) < 0 ||
	    (r = clasp_url_parse(clasp_str_c(c->config.url), &c->url)) < 0 ||
	    (r = secure(c)) < 0)
		goto fail;
	/* Port 0 means "any", to who listens. */
	if (c->url.host[0] && c->url.port == 0) {
		r = CLASP_EURL;
		goto fail;
	}
	if (!loop) {
		c->own_loop = calloc(1, sizeof *c->own_loop);
		if (!c->own_loop || uv_loop_init(c->own_loop) < 0) {
			r = CLASP_ENOMEM;
			goto fail;
		}
		loop = c->own_loop;
	}
	r = clasp_conn_init(c, loop);
	if (r == 0)
		r = clasp_conn_start(c);
	if (r < 0) {
		c->free_after = true;
		clasp_conn_finish(c);
		if (c->own_loop)
			clasp_client_free(c);
		return r;
	}
	*out = c;
	return 0;
fail:
	release(c);
	return r;
}

void
clasp_client_close(struct clasp_client *c)
{
	if (c->closing || c->over)
		return;
	/* what waits for the relay's clock goes by what is known of it */
	if (c->timing.holding && c->welcome)
		clasp_timing_release(c);
	if (c->open && c->dirty)
		clasp_link_flush(c->link);
	c->closing = true;
	if (c->link) {
		clasp_conn_close(c);
		return;
	}
	/* Between two attempts the last one's failure is not the end. */
	if (!uv_is_closing((uv_handle_t *)&c->timer))
		c->error = 0;
	clasp_conn_finish(c);
}

void
clasp_client_free(struct clasp_client *c)
{
	uv_loop_t *own;

	if (!c)
		return;
	own = c->own_loop;
	if (!c->over) {
		c->free_after = true;
		clasp_client_close(c);
		if (!own)
			return;		/* freed when the loop has run */
		c->free_after = false;
		c->events.closed = NULL;
		while (!c->over)
			uv_run(own, UV_RUN_ONCE);
	}
	if (own) {
		/* the link's handles may take a turn more */
		uv_run(own, UV_RUN_NOWAIT);
		uv_loop_close(own);
	}
	release(c);
}

int
clasp_client_run(struct clasp_client *c)
{
	while (!c->over)
		if (!uv_run(c->loop, UV_RUN_ONCE) && !c->over)
			break;
	return c->error;
}

/* ------------------------------------------------------------- questions */

uv_loop_t *
clasp_client_loop(struct clasp_client *c)
{
	return c->loop;
}

bool
clasp_client_connected(const struct clasp_client *c)
{
	return c->welcome;
}

const char *
clasp_client_session(const struct clasp_client *c)
{
	return c->session;
}

uint64_t
clasp_client_server_us(const struct clasp_client *c)
{
	return clasp_timing_server_us(c, clasp_clock_server_us());
}

const struct clasp_clocksync *
clasp_client_clock(const struct clasp_client *c)
{
	return &c->timing.sync;
}

void
clasp_client_want_clock(struct clasp_client *c)
{
	clasp_timing_want(c);
}

int
clasp_client_sync(struct clasp_client *c, clasp_sync_fn fn, void *user)
{
	return clasp_timing_ask(c, fn, user);
}

size_t
clasp_client_pending(const struct clasp_client *c)
{
	return c->out.bytes + c->timing.held.len +
	    (c->welcome ? 0 : c->wait.len);
}

void
clasp_client_read(struct clasp_client *c, bool on)
{
	if (c->reading == on)
		return;
	c->reading = on;
	if (c->open)
		clasp_link_read(c->link, on);
}

/* ---------------------------------------------------------- subscriptions */

struct clasp_subscription *
clasp_client_sub(struct clasp_client *c, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < c->nsubs; i++)
		if (c->subs[i]->ask.id == id && !c->subs[i]->dead)
			return c->subs[i];
	return NULL;
}

/* Free those that are gone, unless a delivery walks over them. */
static void
sweep(struct clasp_client *c)
{
	uint32_t i, kept = 0;

	if (c->walking)
		return;
	for (i = 0; i < c->nsubs; i++) {
		if (!c->subs[i]->dead) {
			c->subs[kept++] = c->subs[i];
			continue;
		}
		free((char *)c->subs[i]->ask.pattern.p);
		free(c->subs[i]);
	}
	c->nsubs = kept;
}

static struct clasp_subscription *
remember(struct clasp_client *c, const struct clasp_subscribe *ask)
{
	struct clasp_subscription *sub, **subs;
	char *pattern;

	sweep(c);
	sub = calloc(1, sizeof *sub);
	pattern = malloc(ask->pattern.len + 1);
	subs = realloc(c->subs, (c->nsubs + 1) * sizeof *subs);
	if (subs)
		c->subs = subs;
	if (!sub || !pattern || !subs) {
		free(sub);
		free(pattern);
		return NULL;
	}
	memcpy(pattern, ask->pattern.p, ask->pattern.len);
	pattern[ask->pattern.len] = '\0';
	sub->ask = *ask;
	sub->ask.pattern.p = pattern;
	sub->ask.id = ++c->next_id;
	c->subs[c->nsubs++] = sub;
	return sub;
}

int
clasp_client_subscribe_with(struct clasp_client *c,
    const struct clasp_subscribe *ask, clasp_message_fn fn,
    clasp_reply_fn done, void *user)
{
	struct clasp_subscription *sub = remember(c, ask);
	int r;

	if (!sub)
		return CLASP_ENOMEM;
	sub->fn = fn;
	sub->user = user;
	r = clasp_conn_subscribe(c, sub, done, user);
	if (r < 0) {
		sub->dead = true;
		return r;
	}
	return (int)sub->ask.id;
}

int
clasp_client_subscribe(struct clasp_client *c, struct clasp_str pattern,
    uint8_t types, clasp_message_fn fn, void *user)
{
	struct clasp_subscribe ask = { .pattern = pattern, .types = types };

	return clasp_client_subscribe_with(c, &ask, fn, NULL, user);
}

int
clasp_client_unsubscribe(struct clasp_client *c, uint32_t id)
{
	struct clasp_subscription *sub = clasp_client_sub(c, id);
	struct clasp_msg msg = { .type = CLASP_UNSUBSCRIBE };

	if (!sub)
		return CLASP_EINVAL;
	sub->dead = true;
	msg.unsubscribe.id = id;
	return clasp_conn_put(c, &msg, NULL);
}

/* ---------------------------------------------------------------- sending */

static struct clasp_str
address_of(const struct clasp_msg *msg)
{
	switch (msg->type) {
	case CLASP_SET:
		return msg->set.address;
	case CLASP_PUBLISH:
		return msg->publish.address;
	case CLASP_GET:
		return msg->get.address;
	default:
		return CLASP_STR_NONE;
	}
}

static int
note_members(struct clasp_request *q, const struct clasp_bundle *bundle)
{
	uint32_t i;

	q->nmembers = bundle->count;
	if (bundle->count == 0)
		return 0;
	q->members = malloc(bundle->count * sizeof *q->members);
	if (!q->members)
		return CLASP_ENOMEM;
	for (i = 0; i < bundle->count; i++)
		q->members[i] = clasp_hash(address_of(&bundle->messages[i]));
	return 0;
}

static int
send_msg(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head, bool our_time, clasp_reply_fn done,
    void *user)
{
	struct clasp_request q = { .done = done, .user = user };
	int r;

	switch (msg->type) {
	case CLASP_SET:
		q.kind = CLASP_REQUEST_SET;
		break;
	case CLASP_BUNDLE:
		q.kind = CLASP_REQUEST_BUNDLE;
		if ((r = note_members(&q, &msg->bundle)) < 0)
			return r;
		break;
	case CLASP_GET:
		q.kind = CLASP_REQUEST_GET;
		break;
	case CLASP_PING:
		return clasp_client_barrier(c, done, user);
	default:
		/* A message that has no answer: any later one tells. */
		q.kind = CLASP_REQUEST_PUBLISH;
	}
	q.hash = clasp_hash(address_of(msg));
	if (our_time)
		r = clasp_timing_put(c, msg, head);
	else
		r = clasp_conn_put(c, msg, head);
	if (r < 0) {
		free(q.members);
		return r;
	}
	if (q.kind == CLASP_REQUEST_PUBLISH && !done)
		return 0;
	return clasp_conn_ask(c, &q);
}

int
clasp_client_send(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head, clasp_reply_fn done, void *user)
{
	return send_msg(c, msg, head, false, done, user);
}

int
clasp_client_schedule(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *head, clasp_reply_fn done, void *user)
{
	if (msg->type != CLASP_BUNDLE || !msg->bundle.has_timestamp)
		return CLASP_EINVAL;
	return send_msg(c, msg, head, true, done, user);
}

int
clasp_client_set(struct clasp_client *c, struct clasp_str address,
    struct clasp_value value, clasp_reply_fn done, void *user)
{
	struct clasp_msg msg = { .type = CLASP_SET };

	msg.set.address = address;
	msg.set.value = value;
	return clasp_client_send(c, &msg, NULL, done, user);
}

int
clasp_client_get(struct clasp_client *c, struct clasp_str address,
    clasp_reply_fn done, void *user)
{
	struct clasp_msg msg = { .type = CLASP_GET };

	msg.get.address = address;
	return clasp_client_send(c, &msg, NULL, done, user);
}

int
clasp_client_barrier(struct clasp_client *c, clasp_reply_fn done, void *user)
{
	return clasp_conn_ping(c, CLASP_REQUEST_PING, done, user);
}
