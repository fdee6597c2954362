/* world.c - the router and its links under one made-up clock. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "core/session.h"
#include "names.h"
#include "promise.h"

/* ------------------------------------------------------- the router's calls */

static void
on_wake(struct clasp_session *s, void *link)
{
	(void)s;
	((struct sim_link *)link)->awake = true;
}

static void
on_close(struct clasp_session *s, void *p, int code, const char *reason)
{
	struct sim_link *link = p;

	(void)s;
	(void)reason;
	if (link->closing)
		sim_broken(P_LEAVE, "a session is closed twice");
	link->closing = true;
	link->code = code;
}

static void
on_pause(struct clasp_session *s, void *p, bool pause)
{
	struct sim_link *link = p;

	(void)s;
	if (link->paused == pause)
		sim_broken(P_PAUSE, "paused or resumed twice");
	link->paused = pause;
}

/* A limit is reached: the socket is offered what waits. */
static struct sim_world *playing;

static void
on_flush(struct clasp_session *s, void *link)
{
	(void)s;
	sim_link_take(link, playing->now_us);
}

/* A little has been spent since the message was read. */
static uint64_t
on_clock(void *user)
{
	return ((struct sim_world *)user)->now_us + SIM_SPENT_US;
}

static struct sim_action *
act(struct sim_world *w, int kind, int c)
{
	struct sim_action *a;

	if (w->nacts == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 64;
		w->acts = realloc(w->acts, w->cap * sizeof *w->acts);
		if (w->acts == NULL)
			abort();
	}
	a = &w->acts[w->nacts++];
	memset(a, 0, sizeof *a);
	/* no two things happen in the same microsecond */
	a->now_us = ++w->now_us;
	a->kind = (uint8_t)kind;
	a->client = (uint8_t)c;
	return a;
}

/* -------------------------------------------------------------------- life */

static void
configure(struct sim_world *w)
{
	static const char letters[] = "w><lm";	/* as clasp_strategy */
	struct clasp_policy policies[SIM_POLICIES];
	const struct sim_policy *p;
	int i;

	memset(policies, 0, sizeof policies);
	for (i = 0; i < SIM_POLICIES; i++) {
		p = &sim_policies[i];
		policies[i].path = clasp_str_c(p->pattern);
		policies[i].strategy = (enum clasp_strategy)
		    (strchr(letters, p->strategy) - letters);
		policies[i].has_range = p->has_range;
		policies[i].range.low = clasp_int(p->low);
		policies[i].range.high = clasp_float((double)p->high);
	}
	if (clasp_router_configure(w->router, policies, SIM_POLICIES) < 0)
		abort();
}

void
sim_world_open(struct sim_world *w, const struct sim_config *config)
{
	static const struct clasp_router_events events = { .wake = on_wake,
	    .flush = on_flush, .close = on_close, .pause = on_pause,
	    .clock = on_clock };
	struct clasp_router_config c;

	memset(w, 0, sizeof *w);
	clasp_router_config_init(&c);
	c.name = CLASP_STR("sim");
	c.max_sessions = (uint32_t)config->sessions;
	c.max_subscriptions = (uint32_t)config->subs;
	c.max_params = (uint32_t)config->params;
	c.evict = (enum clasp_evict)config->evict;
	c.max_signals = (uint32_t)config->signals;
	c.queue_msgs = (uint32_t)config->queue;
	c.queue_bytes = (size_t)config->bytes;
	c.burst_bytes = (size_t)config->burst;
	c.param_ttl_s = (uint32_t)config->param_ttl;
	c.signal_ttl_s = (uint32_t)config->signal_ttl;
	c.gestures = config->gestures != 0;
	c.gesture_us = (uint32_t)config->interval;
	c.rate_limit = (uint32_t)config->rate;
	c.random_seed = 1;
	w->now_us = 1700000000000000;
	w->next_us = UINT64_MAX;
	w->router = clasp_router_new(&c, &events, w);
	if (w->router == NULL)
		abort();
	if (config->strategies)
		configure(w);
	playing = w;
}

void
sim_world_close(struct sim_world *w)
{
	int i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		clasp_session_close(w->links[i].session, w->now_us);
		sim_link_drop(&w->links[i]);
	}
	sim_world_done(w);
	free(w->acts);
	clasp_router_free(w->router);
}

void
sim_world_done(struct sim_world *w)
{
	while (w->nacts > 0)
		free(w->acts[--w->nacts].bytes);
}

/* ------------------------------------------------------------ what happens */

void
sim_world_connect(struct sim_world *w, int c, uint8_t framing)
{
	struct sim_link *link = &w->links[c];
	struct sim_action *a = act(w, ACT_OPEN, c);

	sim_link_open(link, framing);
	link->session = clasp_session_open(w->router,
	    (enum clasp_framing)framing, link, a->now_us);
	if (link->session == NULL)
		abort();
}

void
sim_world_cut(struct sim_world *w, int c)
{
	struct sim_link *link = &w->links[c];
	struct sim_action *a = act(w, ACT_CLOSE, c);

	/* what it was sent before is judged, though nobody reads it */
	sim_link_look(link);
	clasp_session_close(link->session, a->now_us);
	link->session = NULL;
}

bool
sim_world_deliver(struct sim_world *w, int c)
{
	struct sim_link *link = &w->links[c];
	struct sim_action *a;
	struct sim_unit *u;
	size_t used = 0;

	if (link->session == NULL || link->nunits == 0 || link->paused)
		return false;
	a = act(w, ACT_INPUT, c);
	u = &link->units[0];
	a->len = u->len - u->at;
	a->bytes = malloc(a->len + 1);
	if (a->bytes == NULL)
		abort();
	memcpy(a->bytes, u->bytes + u->at, a->len);
	/* bytes of their own size: what reads behind them is seen to */
	a->held = clasp_session_input(link->session, u->bytes + u->at,
	    a->len, a->now_us, &used) == 1;
	a->used = used;
	u->at += used;
	if (!a->held)
		sim_link_said(link);
	return true;
}

void
sim_world_tick(struct sim_world *w)
{
	struct sim_action *a = act(w, ACT_TICK, 0);

	a->n = w->next_us = clasp_router_tick(w->router, a->now_us);
}

void
sim_world_stall(struct sim_world *w, int c)
{
	act(w, ACT_STALL, c);
	clasp_session_stalled(w->links[c].session);
}

void
sim_world_window(struct sim_world *w, int c, uint64_t bytes)
{
	act(w, ACT_WINDOW, c)->n = w->links[c].window = bytes;
}

bool
sim_world_take(struct sim_world *w, int c)
{
	struct sim_link *link = &w->links[c];
	struct sim_action *a;

	if (link->session == NULL || link->window == 0)
		return false;
	sim_link_look(link);
	if (link->taken == link->out.len)
		return false;
	if (!link->awake)
		sim_broken(P_ORDER, "a queue is filled and nobody was told");
	a = act(w, ACT_TAKE, c);
	a->n = sim_link_take(link, a->now_us);
	return true;
}

void
sim_world_look(struct sim_world *w)
{
	int i;

	clasp_router_settle(w->router);
	for (i = 0; i < SIM_CLIENTS; i++)
		sim_link_look(&w->links[i]);
}

bool
sim_world_left(void *world, struct clasp_str address, uint64_t revision,
    uint64_t written_us)
{
	struct sim_world *w = world;
	const struct clasp_record *r = clasp_store_peek(w->router->store,
	    address, clasp_hash(address), w->now_us);

	return r == NULL || r->revision != revision ||
	    r->timestamp_us != written_us;
}
