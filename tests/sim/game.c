/* game.c - one game, step by step. */
#include "game.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "client.h"
#include "oracle.h"
#include "promise.h"
#include "world.h"

#define MINUTE	UINT64_C(60000000)

struct game {
	struct sim_world world;
	struct oracle	*oracle;
	struct sim_client clients[SIM_CLIENTS];
	struct clasp_buf unit;
};

/* ------------------------------------------------------------------- steps */

/* What the client said arrives, unless it is held up. */
static void
arrive(struct game *g, int c)
{
	while (!g->world.links[c].delayed &&
	    sim_world_deliver(&g->world, c))
		;
}

static void
say(struct game *g, const struct sim_step *step)
{
	struct sim_link *link = &g->world.links[step->client];
	uint32_t i;

	if (link->session == NULL)
		return;
	if (step->op == OP_FLOOD) {
		for (i = 0; i < step->arg[1]; i++) {
			sim_client_flood(g->clients, step, i,
			    g->world.now_us, &g->unit);
			sim_link_say(link, g->unit.data, g->unit.len);
			arrive(g, step->client);
		}
	} else if (sim_client_say(g->clients, step, g->world.now_us,
	    &g->unit)) {
		sim_link_say(link, g->unit.data, g->unit.len);
		arrive(g, step->client);
	}
}

/* The timer: when it was wanted, or a little before or behind that. */
static void
due(struct game *g, int64_t late)
{
	struct sim_world *w = &g->world;
	uint64_t at = w->next_us;

	if (at == UINT64_MAX || at > w->now_us + MINUTE)
		at = w->now_us + MINUTE / 60;
	at += (uint64_t)late;
	if (at > w->now_us + 1)
		w->now_us = at - 1;
	sim_world_tick(w);
}

static void
step_link(struct game *g, const struct sim_step *step)
{
	struct sim_world *w = &g->world;
	int c = step->client, i;
	struct sim_link *link = &w->links[c];

	if (step->op == OP_OPEN) {
		if (link->session != NULL)
			return;
		sim_client_forget(&g->clients[c]);
		sim_world_connect(w, c, (uint8_t)((uint64_t)step->arg[0] %
		    3));
		return;
	}
	if (link->session == NULL)
		return;
	switch (step->op) {
	case OP_DELAY:
		link->delayed = step->arg[0] != 0;
		arrive(g, c);
		break;
	case OP_DELIVER:
		for (i = 0; i < step->arg[0]; i++)
			sim_world_deliver(w, c);
		break;
	case OP_WINDOW:
		sim_world_window(w, c, step->arg[0] < 0 ? SIM_OPEN_WINDOW :
		    (uint64_t)step->arg[0]);
		break;
	case OP_STALL:
		sim_world_stall(w, c);
		break;
	case OP_CUT:
		sim_world_cut(w, c);
		break;
	}
}

static void
do_step(struct game *g, const struct sim_step *step)
{
	switch (step->op) {
	case OP_OPEN:
	case OP_DELAY:
	case OP_DELIVER:
	case OP_WINDOW:
	case OP_STALL:
	case OP_CUT:
		step_link(g, step);
		break;
	case OP_WAIT:
		g->world.now_us += (uint64_t)step->arg[0];
		break;
	case OP_TICK:
		sim_world_tick(&g->world);
		break;
	case OP_DUE:
		due(g, step->arg[0]);
		break;
	default:
		say(g, step);
	}
}

/* ------------------------------------------------------------------ judging */

/* The model does what was done to the router, and compares. */
static void
judge(struct game *g)
{
	uint32_t i;

	sim_world_look(&g->world);
	for (i = 0; i < g->world.nacts && sim_breach() == PROMISES; i++)
		oracle_act(g->oracle, &g->world.acts[i]);
	if (g->oracle->unsure)
		sim_whole();
	else if (sim_breach() == PROMISES)
		oracle_settled(g->oracle);
	sim_world_done(&g->world);
}

/* What a client has read, and has nothing to wait for, is how it is. */
static void
check_final(struct game *g, int c)
{
	struct sim_link *link = &g->world.links[c];
	struct oracle_session *s = &g->oracle->sessions[c];
	const struct oracle_param *r;
	const struct sim_known *k;
	uint32_t i;

	if (s->state != OPEN || s->nmissed > 0 || s->job ||
	    link->read != link->out.len)
		return;
	for (i = 0; i < g->oracle->nparams; i++) {
		r = &g->oracle->params[i];
		if (!oracle_is_final(s, oracle_str(&r->address)))
			continue;
		sim_stake(P_FINAL);
		k = sim_client_knows(&g->clients[c],
		    oracle_str(&r->address));
		if (k == NULL || k->revision != r->revision ||
		    k->value.n != r->value.n ||
		    memcmp(k->value.p, r->value.p, r->value.n) != 0)
			sim_broken(P_FINAL, "client %d has revision %llu of "
			    "%.*s, the relay %llu", c, (unsigned long long)
			    (k ? k->revision : 0),
			    CLASP_STR_ARG(oracle_str(&r->address)),
			    (unsigned long long)r->revision);
	}
}

static void
check_figures(struct game *g)
{
	struct clasp_router_stats stats;
	struct oracle *o = g->oracle;
	uint32_t sessions = 0, subs = 0;
	int i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		sessions += o->sessions[i].state == OPEN;
		subs += o->sessions[i].nsubs;
	}
	clasp_router_stats(g->world.router, &stats);
	sim_stake(P_FIGURES);
	if (stats.sessions != sessions || stats.subscriptions != subs ||
	    stats.scheduled != o->ncues || stats.params < o->nparams ||
	    stats.signals < o->nsignals ||
	    stats.messages_out != o->messages)
		sim_broken(P_FIGURES, "%u sessions, %u subscriptions, %u "
		    "bundles, %u params, %u signals, %llu messages; not %u, "
		    "%u, %u, %u, %u, %llu", stats.sessions,
		    stats.subscriptions, stats.scheduled, stats.params,
		    stats.signals, (unsigned long long)stats.messages_out,
		    sessions, subs, o->ncues, o->nparams, o->nsignals,
		    (unsigned long long)o->messages);
	if (stats.drops != o->drops && !o->config.churn)
		sim_broken(P_COUNTED, "%llu drops are counted, not %llu",
		    (unsigned long long)stats.drops,
		    (unsigned long long)o->drops);
}

/* The end of a turn: sockets take, what was held up arrives. */
static void
end_turn(struct game *g)
{
	struct sim_link *link;
	bool moved = true;
	int i;

	judge(g);
	while (moved && sim_breach() == PROMISES && !g->oracle->unsure) {
		moved = false;
		for (i = 0; i < SIM_CLIENTS; i++) {
			link = &g->world.links[i];
			if (sim_world_take(&g->world, i))
				moved = true;
			if (!link->delayed && !link->closing &&
			    sim_world_deliver(&g->world, i))
				moved = true;
			if (link->closing && link->session != NULL &&
			    link->taken == link->out.len)
				sim_world_cut(&g->world, i);
		}
		judge(g);
	}
	for (i = 0; i < SIM_CLIENTS; i++)
		if (sim_breach() == PROMISES)
			sim_client_read(&g->clients[i], &g->world.links[i]);
}

int64_t
sim_play(const struct sim_script *script)
{
	struct game *g = calloc(1, sizeof *g);
	int64_t broken = -1;
	uint32_t i;
	int c;

	if (g == NULL)
		abort();
	clasp_hash_seed = 1;
	sim_whole();
	sim_world_open(&g->world, &script->config);
	g->oracle = oracle_new(&script->config, g->world.links);
	g->oracle->left_it = sim_world_left;
	g->oracle->user = &g->world;
	for (i = 0; i < script->count && sim_breach() == PROMISES; i++) {
		do_step(g, &script->steps[i]);
		if (script->steps[i].more && i + 1 < script->count &&
		    script->steps[i].op != OP_CUT)
			continue;
		end_turn(g);
		if (g->oracle->unsure)
			break;
		check_final(g, (int)(i % SIM_CLIENTS));
		if (sim_breach() == PROMISES)
			check_figures(g);
	}
	if (sim_breach() != PROMISES)
		broken = (int64_t)i - 1;
	for (c = 0; c < SIM_CLIENTS; c++)
		sim_client_forget(&g->clients[c]);
	sim_world_close(&g->world);
	oracle_free(g->oracle);
	clasp_buf_clear(&g->unit);
	free(g);
	return broken;
}
