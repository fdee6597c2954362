/* promise.c - how often each promise was at stake, and the first breach. */
#include "promise.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char	*name, *where, *text;
	uint64_t	 least;
} promises[PROMISES] = {
#define X(name, where, text, least) { #name, where, text, least },
	SIM_PROMISES(X)
#undef X
};

static uint64_t stakes[PROMISES];
static bool counting = true;
static enum sim_promise breach = PROMISES;
static char breach_text[1000];

void
sim_stake(enum sim_promise p)
{
	if (counting && breach == PROMISES)
		stakes[p]++;
}

void
sim_stakes_count(bool on)
{
	counting = on;
}

uint64_t
sim_stakes(enum sim_promise p)
{
	return stakes[p];
}

void
sim_broken(enum sim_promise p, const char *format, ...)
{
	va_list ap;

	if (breach != PROMISES)
		return;
	breach = p;
	va_start(ap, format);
	vsnprintf(breach_text, sizeof breach_text, format, ap);
	va_end(ap);
}

void
sim_whole(void)
{
	breach = PROMISES;
}

enum sim_promise
sim_breach(void)
{
	return breach;
}

const char *
sim_breach_text(void)
{
	return breach_text;
}

const char *
sim_promise_name(enum sim_promise p)
{
	return promises[p].name;
}

const char *
sim_promise_where(enum sim_promise p)
{
	return promises[p].where;
}

const char *
sim_promise_text(enum sim_promise p)
{
	return promises[p].text;
}

uint64_t
sim_promise_least(enum sim_promise p, uint64_t steps)
{
	/* few games are no measure */
	return steps < 50000 ? 0 : promises[p].least * steps / 100000;
}
