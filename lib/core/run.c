/* run.c - messages of one address that come one behind the other. */
#include "core/run.h"

#include <string.h>

#include "base/error.h"
#include "core/session.h"

static bool
takes_part(const struct clasp_match *match, uint8_t types,
    const struct clasp_session *except)
{
	return (match->types & types) &&
	    clasp_session_of(match->owner) != except;
}

/* Whatever a run holds back will fit its queue, and nothing is in the way. */
static bool
is_quick(const struct clasp_session *s)
{
	const struct clasp_router_config *config = &s->router->config;

	if (s->state != CLASP_SESSION_OPEN || s->job != NULL ||
	    s->missed != NULL || s->blocked)
		return false;
	if (s->out.msgs + CLASP_RUN_MSGS <= config->queue_msgs &&
	    s->out.bytes + CLASP_RUN_BYTES <= config->queue_bytes)
		return true;
	return !s->stuck &&
	    s->out.bytes + CLASP_RUN_BYTES <= config->burst_bytes;
}

void
clasp_run_begin(struct clasp_router *router,
    const struct clasp_match *matches, int n, const struct clasp_cast *cast,
    const struct clasp_session *except)
{
	struct clasp_run *run = &router->run;
	struct clasp_session *s;
	uint32_t count = 0;
	uint64_t id;
	int i;

	/* the second one in a row makes it worth the walk */
	if (cast->hash != run->hash) {
		run->hash = cast->hash;
		return;
	}
	id = ++run->last_id;
	for (i = 0; i < n; i++) {
		if (!takes_part(&matches[i], cast->types, except))
			continue;
		if (matches[i].paced & cast->types)
			return;
		s = clasp_session_of(matches[i].owner);
		if (!is_quick(s) ||
		    (count > 0 && s->out.framing != run->framing))
			return;
		run->framing = s->out.framing;
		s->run = id;
		count++;
	}
	if (count == 0 || cast->address.len > sizeof run->address)
		return;
	run->id = id;
	run->reached = count;
	run->matches = matches;
	run->n = n;
	run->except = except;
	run->types = cast->types;
	run->span.msgs = 0;
	run->len = cast->address.len;
	memcpy(run->address, cast->address.p, run->len);
}

static bool
goes_on(const struct clasp_run *run, const struct clasp_cast *cast,
    const struct clasp_session *except)
{
	return run->hash == cast->hash && run->types == cast->types &&
	    run->except == except && run->span.msgs < CLASP_RUN_MSGS &&
	    clasp_str_eq(clasp_str_of(run->address, run->len),
	    cast->address);
}

bool
clasp_run_take(struct clasp_router *router, struct clasp_cast *cast,
    const struct clasp_session *except)
{
	struct clasp_run *run = &router->run;
	const struct clasp_span *span;

	if (run->id == 0)
		return false;
	if (!goes_on(run, cast, except)) {
		clasp_run_end(router);
		return false;
	}
	span = clasp_cast_span(router, cast, run->framing);
	if (span == NULL || (run->span.msgs > 0 &&
	    (run->span.slab != span->slab ||
	    run->span.off + run->span.len != span->off ||
	    run->span.len + span->len > CLASP_RUN_BYTES))) {
		clasp_run_end(router);
		return false;
	}
	if (run->span.msgs == 0) {
		run->span = *span;
		clasp_span_keep(&run->span);
	} else {
		run->span.len += span->len;
		run->span.msgs++;
	}
	return true;
}

void
clasp_run_end(struct clasp_router *router)
{
	struct clasp_run *run = &router->run;
	struct clasp_session *s;
	int i;

	if (run->id == 0)
		return;
	run->id = 0;
	if (run->span.msgs == 0)
		return;
	for (i = 0; i < run->n; i++) {
		if (!takes_part(&run->matches[i], run->types, run->except))
			continue;
		s = clasp_session_of(run->matches[i].owner);
		if (clasp_session_queue(s, &run->span) < 0)
			clasp_session_fail(s, CLASP_ENOMEM);
	}
	clasp_figures_fanout(&router->figures, run->reached, run->span.msgs);
	clasp_span_drop(&run->span);
	run->span.msgs = 0;
}
