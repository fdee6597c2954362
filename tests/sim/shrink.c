/*
 * shrink.c - delta debugging: halves, quarters, ... of the steps are left
 * out as long as the same promise is broken; then numbers are made smaller.
 */
#include "shrink.h"

#include <stdlib.h>
#include <string.h>

#include "game.h"
#include "promise.h"

struct shrink {
	struct sim_script *script;
	enum sim_promise promise;
	uint32_t	 left;		/* games */
};

/* Does it break still?  What comes behind the breach is cut off. */
static bool
breaks(struct shrink *k, struct sim_script *script)
{
	int64_t at;

	if (k->left == 0)
		return false;
	k->left--;
	at = sim_play(script);
	if (at < 0 || sim_breach() != k->promise)
		return false;
	script->count = (uint32_t)at + 1;
	return true;
}

static bool
without(struct shrink *k, uint32_t from, uint32_t n)
{
	struct sim_script *s = k->script, other = *s;
	bool ok;

	other.steps = malloc((s->count + 1) * sizeof *s->steps);
	if (other.steps == NULL)
		abort();
	other.cap = s->count + 1;
	memcpy(other.steps, s->steps, from * sizeof *s->steps);
	memcpy(other.steps + from, s->steps + from + n,
	    (s->count - from - n) * sizeof *s->steps);
	other.count = s->count - n;
	ok = breaks(k, &other);
	if (ok) {
		free(s->steps);
		*s = other;
	} else {
		free(other.steps);
	}
	return ok;
}

static void
fewer_steps(struct shrink *k)
{
	uint32_t n = k->script->count / 2, from;
	bool any;

	for (; n > 0; n = any ? n : n / 2) {
		any = false;
		for (from = 0; from + n <= k->script->count;)
			if (without(k, from, n))
				any = true;
			else
				from += n;
		if (n > k->script->count / 2)
			n = k->script->count / 2 + 1;
	}
}

/* One turn for each step; smaller floods; no lifetimes, no conditions. */
static void
simpler_steps(struct shrink *k)
{
	struct sim_step was, *step;
	uint32_t i;
	int a;

	for (i = 0; i < k->script->count; i++) {
		step = &k->script->steps[i];
		was = *step;
		step->more = false;
		if (was.more && !breaks(k, k->script))
			*step = was;
		if (step->op == OP_FLOOD)
			while (step->arg[1] > 1) {
				was = *step;
				step->arg[1] /= 2;
				if (!breaks(k, k->script)) {
					*step = was;
					break;
				}
			}
		for (a = 2; step->op == OP_SET && a < 5; a++) {
			was = *step;
			step->arg[a] = a == 3 ? 0 : -1;
			if (step->arg[a] != was.arg[a] &&
			    !breaks(k, k->script))
				*step = was;
		}
	}
}

void
sim_shrink(struct sim_script *script, uint32_t plays)
{
	struct shrink k = { script, sim_breach(), plays };

	sim_stakes_count(false);
	fewer_steps(&k);
	simpler_steps(&k);
	fewer_steps(&k);
	/* the words are those of the short one */
	sim_play(script);
	sim_stakes_count(true);
}
