/* sweep.c - memory of what has outlived its time. */
#include "core/sweep.h"

#include "base/log.h"
#include "core/session.h"

#define MINUTE		UINT64_C(60000000)
/* looked at in one turn: about a millisecond */
#define TURN_MAX	1024

void
clasp_sweep_losses(const struct clasp_router *router,
    struct clasp_losses *out)
{
	uint64_t expired, evicted;

	clasp_store_losses(router->store, out);
	clasp_signals_losses(router->signals, &expired, &evicted);
	out->expired += expired;
	out->evicted += evicted;
}

/* Returns when there will be something to tell, if there is. */
static uint64_t
tell(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_sweep *sweep = &router->sweep;
	struct clasp_losses losses;

	clasp_sweep_losses(router, &losses);
	if (losses.expired == sweep->told_expired &&
	    losses.evicted == sweep->told_evicted)
		return UINT64_MAX;
	if (sweep->told_us != 0 && now_us < sweep->told_us + MINUTE)
		return sweep->told_us + MINUTE;
	clasp_router_log(router, CLASP_LOG_INFO, "%llu expired, %llu had to "
	    "leave for others%s%.*s",
	    (unsigned long long)(losses.expired - sweep->told_expired),
	    (unsigned long long)(losses.evicted - sweep->told_evicted),
	    losses.last.len > 0 ? "; the last param was " : "",
	    CLASP_STR_ARG(losses.last));
	sweep->told_us = now_us;
	sweep->told_expired = losses.expired;
	sweep->told_evicted = losses.evicted;
	return UINT64_MAX;
}

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
clasp_sweep_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_sweep *sweep = &router->sweep;
	/* with nothing left to look at they only say when they are due */
	uint32_t most = now_us >= sweep->next_us ? TURN_MAX : 0;
	uint64_t due;

	due = clasp_store_expire(router->store, now_us, most);
	due = min(due, clasp_signals_expire(router->signals, now_us, most));
	due = min(due, clasp_retained_expire(router->retained, now_us, most));
	if (most > 0 && due > now_us)
		sweep->next_us = now_us + MINUTE;
	if (due < sweep->next_us)
		due = sweep->next_us;
	return min(due, tell(router, now_us));
}
