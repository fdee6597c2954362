/* clocksync.c - how far another clock is from ours. */
#include "core/clocksync.h"

#include <math.h>
#include <string.h>

/* Weight of a new exchange in the running mean; of the old, what is left. */
#define NEW	0.3
#define OLD	(1.0 - NEW)
/* No clock worth the name gains or loses more than this. */
#define DRIFT_MAX	500e-6

void
clasp_clocksync_init(struct clasp_clocksync *s)
{
	memset(s, 0, sizeof *s);
}

/*
 * Differences of times are signed, and no peer's nonsense overflows them: the
 * subtraction is made without a sign, where it wraps around.
 */
static int64_t
minus(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b);
}

/* A signed sum that stays at the ends of what there is. */
static int64_t
plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

struct clasp_exchange
clasp_exchange_of(uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4)
{
	int64_t rtt = minus(t4 - t1, t3 - t2);

	return (struct clasp_exchange){
		.at_us = t4,
		.offset_us = plus(minus(t2, t1), minus(t3, t4)) / 2,
		.rtt_us = rtt > 0 ? (uint64_t)rtt : 0,
	};
}

/* ---------------------------------------------------- the running mean */

static uint64_t
deviation(const uint64_t *x, unsigned n)
{
	uint64_t mean = 0, rest = 0;
	double var = 0, d;
	unsigned i;

	/* quotients and remainders apart: the sum might not fit */
	for (i = 0; i < n; i++) {
		mean += x[i] / n;
		rest += x[i] % n;
	}
	mean += rest / n;
	for (i = 0; i < n; i++) {
		d = x[i] > mean ? (double)(x[i] - mean) :
		    (double)(mean - x[i]);
		var += d * d;
	}
	return (uint64_t)sqrt(floor(var / n));
}

static void
mean_add(struct clasp_clocksync *s, const struct clasp_exchange *e)
{
	s->rtts[s->next_rtt] = e->rtt_us;
	s->next_rtt = (s->next_rtt + 1) % CLASP_CLOCKSYNC_MEAN;
	if (s->nrtts < CLASP_CLOCKSYNC_MEAN)
		s->nrtts++;
	if (s->nrtts >= 2)
		s->jitter_us = deviation(s->rtts, s->nrtts);
	if (s->samples++ == 0) {
		s->offset_us = e->offset_us;
		s->rtt_us = e->rtt_us;
		return;
	}
	s->offset_us = (int64_t)(OLD * (double)s->offset_us +
	    NEW * (double)e->offset_us);
	s->rtt_us = (uint64_t)(OLD * (double)s->rtt_us +
	    NEW * (double)e->rtt_us);
}

static double
short_of(uint64_t value, uint64_t limit)
{
	return value >= limit ? 0 : (double)(limit - value) / (double)limit;
}

double
clasp_clocksync_quality(const struct clasp_clocksync *s)
{
	double q;

	if (s->samples == 0)
		return 0;
	q = 0.4 * short_of(s->rtt_us, 10000) +
	    0.4 * short_of(s->jitter_us, 1000) +
	    0.2 * (1 - short_of(s->samples, 10));
	return q < 0 ? 0 : q > 1 ? 1 : q;
}

/* ------------------------------------------------------- the best of them */

/*
 * Half of the round trip is how wrong an exchange can be.  When two are
 * farther apart than that, and than two clocks can drift in the meantime,
 * one of the clocks was set.
 */
static bool
stepped(const struct clasp_exchange *a, const struct clasp_exchange *b)
{
	double doubt = (double)a->rtt_us / 2 + (double)b->rtt_us / 2 + 1;
	double apart = fabs((double)a->offset_us - (double)b->offset_us);

	return apart > doubt + fabs((double)minus(b->at_us, a->at_us)) *
	    DRIFT_MAX;
}

static const struct clasp_exchange *
best(const struct clasp_exchange *e, unsigned n)
{
	const struct clasp_exchange *found = &e[0];
	unsigned i;

	/* of equals the newer one */
	for (i = 1; i < n; i++)
		if (e[i].rtt_us <= found->rtt_us)
			found = &e[i];
	return found;
}

static void
best_add(struct clasp_clocksync *s, const struct clasp_exchange *e)
{
	if (s->nlast > 0 && stepped(best(s->last, s->nlast), e))
		s->nlast = 0;
	if (s->nlast == CLASP_CLOCKSYNC_BEST) {
		memmove(&s->last[0], &s->last[1],
		    (CLASP_CLOCKSYNC_BEST - 1) * sizeof s->last[0]);
		s->nlast--;
	}
	s->last[s->nlast++] = *e;
}

/*
 * From the best of the older half to the best of the newer one.  A slope
 * that the doubt about the two leaves room for may as well be none.
 */
double
clasp_clocksync_drift(const struct clasp_clocksync *s)
{
	unsigned half = s->nlast / 2;
	const struct clasp_exchange *a, *b;
	double time, way, doubt;

	if (half == 0)
		return 0;
	a = best(s->last, half);
	b = best(s->last + half, s->nlast - half);
	time = (double)minus(b->at_us, a->at_us);
	way = (double)b->offset_us - (double)a->offset_us;
	doubt = (double)a->rtt_us / 2 + (double)b->rtt_us / 2 + 1;
	if (time <= 0 || fabs(way) <= doubt)
		return 0;
	way /= time;
	return way > DRIFT_MAX ? DRIFT_MAX : way < -DRIFT_MAX ? -DRIFT_MAX :
	    way;
}

bool
clasp_clocksync_true(const struct clasp_clocksync *s)
{
	return s->nlast > 0;
}

int64_t
clasp_clocksync_offset_at(const struct clasp_clocksync *s, uint64_t now_us)
{
	const struct clasp_exchange *e;
	double since;

	if (s->nlast == 0)
		return s->offset_us;
	e = best(s->last, s->nlast);
	since = (double)minus(now_us, e->at_us);
	return plus(e->offset_us,
	    (int64_t)llround(since * clasp_clocksync_drift(s)));
}

void
clasp_clocksync_seed(struct clasp_clocksync *s, uint64_t now_us,
    uint64_t theirs_us)
{
	struct clasp_exchange e = clasp_exchange_of(now_us, theirs_us,
	    theirs_us, now_us);

	mean_add(s, &e);
}

void
clasp_clocksync_add(struct clasp_clocksync *s, uint64_t t1, uint64_t t2,
    uint64_t t3, uint64_t t4)
{
	struct clasp_exchange e = clasp_exchange_of(t1, t2, t3, t4);

	mean_add(s, &e);
	best_add(s, &e);
}
