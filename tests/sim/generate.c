/*
 * generate.c - a game by chance.
 *
 * Single steps, and among them short stories: what seldom comes about by
 * single steps (a slow reader that is flooded and goes on, a gesture with
 * all its phases, cues for one moment) is begun on purpose, and anything may
 * come between.
 */
#include "generate.h"

#include <string.h>

#include "client.h"
#include "hostile.h"
#include "names.h"
#include "random.h"

struct maker {
	struct sim_random r;
	struct sim_script *script;
	int64_t		 value;		/* the last one, all differ */
};

static uint32_t
below(struct maker *m, uint32_t n)
{
	return sim_random_below(&m->r, n);
}

static bool
chance(struct maker *m, uint32_t percent)
{
	return sim_random_chance(&m->r, percent);
}

#define ONE_OF(m, ...) SIM_ONE_OF(&(m)->r, __VA_ARGS__)

static void
add(struct maker *m, enum sim_op op, uint8_t client, int64_t a, int64_t b,
    int64_t c, int64_t d, int64_t e)
{
	struct sim_step step = { .op = (uint8_t)op, .client = client,
	    .arg = { a, b, c, d, e } };

	step.more = chance(m, 8);
	sim_script_add(m->script, &step);
}

/* A few do most. */
static uint8_t
client(struct maker *m)
{
	return (uint8_t)below(m, chance(m, 75) ? 5 : SIM_CLIENTS);
}

/* A few are met often. */
static int64_t
address(struct maker *m)
{
	if (chance(m, 3))
		return SIM_ADDRESSES + below(m, sim_addresses() -
		    SIM_ADDRESSES);
	return below(m, chance(m, 60) ? 5 : SIM_ADDRESSES);
}

static int64_t
value(struct maker *m)
{
	if (chance(m, 1))
		return ONE_OF(m, -1, -2, -3);
	/* to compete they have to go up and down */
	if (m->script->config.strategies)
		return below(m, 220);
	return ++m->value;
}

static int64_t
ttl(struct maker *m)
{
	if (!chance(m, 25))
		return -1;
	return ONE_OF(m, 0, 1, 2, 3, 5, 0x80000000, 0x80000001, 0x80000002,
	    0x80000003);
}

/* ------------------------------------------------------------ single steps */

static void
set_by(struct maker *m, uint8_t c)
{
	int64_t expect = -1, flags = 0;

	if (chance(m, 20))
		expect = ONE_OF(m, 0, 0, 10, 10, 10, 11, 9, 50);
	if (chance(m, 15))
		flags = ONE_OF(m, 1, 1, 2, 3);
	add(m, OP_SET, c, address(m), value(m), expect, flags, ttl(m));
}

static void
publish_by(struct maker *m, uint8_t c)
{
	add(m, OP_PUBLISH, c, address(m), below(m, 5), below(m, 4),
	    ONE_OF(m, -1, 0, 1, 2), ++m->value);
}

static void
subscribe_by(struct maker *m, uint8_t c)
{
	int64_t pattern = chance(m, 5) ? SIM_PATTERNS + below(m,
	    sim_patterns() - SIM_PATTERNS) : below(m, chance(m, 60) ? 6 :
	    SIM_PATTERNS);

	add(m, OP_SUBSCRIBE, c, below(m, 7), pattern, chance(m, 60) ? 0xff :
	    ONE_OF(m, 0, 1, 2, 4, 8, 16, 3, 0x18, 0xe1, 0x1f),
	    chance(m, 75) ? 0 : ONE_OF(m, 1, 10, 30, 1000),
	    chance(m, 85) ? 0 : ONE_OF(m, 1, 20, 4000));
}

static void
join(struct maker *m, uint8_t c)
{
	uint32_t i, n = below(m, 4);

	add(m, OP_OPEN, c, below(m, 3), 0, 0, 0, 0);
	if (chance(m, 6))
		return;
	if (chance(m, 6))
		add(m, OP_HOSTILE, c, below(m, HOSTILE_KINDS),
		    below(m, 1000), 0, 0, 0);
	if (chance(m, 4))
		add(m, OP_PING, c, 0, 0, 0, 0, 0);
	add(m, OP_HELLO, c, chance(m, 5) ? 0 : ONE_OF(m, 1, 1, 2, 99),
	    chance(m, 15) ? 0xf9 : 0xf8, 0, 0, 0);
	for (i = 0; i < n; i++)
		subscribe_by(m, c);
}

static void
bundle(struct maker *m)
{
	static const int64_t soon[] = { 0, 0, 0, -5, 1, 2, 2, 3, 5, 20, 1000,
	    86400010 };
	uint32_t i, n = chance(m, 10) ? 30 : below(m, 6);
	uint8_t c = client(m);

	add(m, OP_COMPOSE, c, 0, 0, 0, 0, 0);
	for (i = 0; i < n; i++)
		if (chance(m, 70))
			set_by(m, c);
		else
			publish_by(m, c);
	add(m, OP_BUNDLE, c, sim_random_of(&m->r, soon, 12), 0, 0, 0, 0);
}

static void
flow(struct maker *m, uint8_t c)
{
	switch (below(m, 4)) {
	case 0:
		add(m, OP_WINDOW, c, chance(m, 40) ? -1 :
		    (int64_t)below(m, 2000), 0,
		    0, 0, 0);
		break;
	case 1:
		add(m, OP_DELAY, c, below(m, 2), 0, 0, 0, 0);
		break;
	case 2:
		add(m, OP_DELIVER, c, 1 + below(m, 3), 0, 0, 0, 0);
		break;
	default:
		add(m, OP_STALL, c, 0, 0, 0, 0, 0);
	}
}

static void
time_goes(struct maker *m)
{
	if (chance(m, 50))
		add(m, OP_WAIT, 0, ONE_OF(m, 1, 100, 1000, 5000, 16000,
		    100000, 400000, 1000000, 3000000, 11000000), 0, 0, 0, 0);
	else if (chance(m, 30))
		add(m, OP_TICK, 0, 0, 0, 0, 0, 0);
	else
		add(m, OP_DUE, 0, ONE_OF(m, -1, 0, 0, 0, 1, 700, 20000), 0, 0,
		    0, 0);
}

/* ---------------------------------------------------------------- stories */

static void
gesture(struct maker *m)
{
	int64_t at = address(m), id = ONE_OF(m, -1, 0, 1, 2);
	uint32_t i, n = below(m, 8);
	uint8_t c = client(m);

	add(m, OP_PUBLISH, c, at, 3, 0, id, ++m->value);
	for (i = 0; i < n; i++) {
		add(m, OP_PUBLISH, c, at, 3, 1, id, ++m->value);
		if (chance(m, 40))
			add(m, OP_WAIT, 0, ONE_OF(m, 1000, 8000, 16000), 0,
			    0, 0, 0);
		if (chance(m, 40))
			add(m, OP_DUE, 0, 0, 0, 0, 0, 0);
	}
	if (chance(m, 10))
		add(m, OP_CUT, c, 0, 0, 0, 0, 0);
	else if (chance(m, 70))
		add(m, OP_PUBLISH, c, at, 3, 2 + below(m, 2), id,
		    ++m->value);
}

static void
slow_reader(struct maker *m)
{
	uint8_t c = client(m), by = client(m);
	uint32_t i, n = 5 + below(m, 30);

	add(m, OP_SUBSCRIBE, c, 0, chance(m, 70) ? 0 : 1, 0xff, 0, 0);
	add(m, OP_WINDOW, c, below(m, 300), 0, 0, 0, 0);
	for (i = 0; i < n; i++) {
		if (chance(m, 60))
			set_by(m, by);
		else
			publish_by(m, by);
		if (chance(m, 10))
			add(m, OP_GET, c, address(m), 0, 0, 0, 0);
		if (chance(m, 5))
			add(m, OP_WINDOW, c, below(m, 400), 0, 0, 0, 0);
	}
	if (chance(m, 30))
		add(m, OP_FLOOD, by, ONE_OF(m, 0, 0, 3, 5, 6), 20 +
		    below(m, 200), 0, 0, 0);
	if (chance(m, 15)) {
		add(m, OP_WAIT, 0, 30000000, 0, 0, 0, 0);
		add(m, OP_TICK, 0, 0, 0, 0, 0, 0);
	}
	if (chance(m, 70))
		add(m, OP_WINDOW, c, -1, 0, 0, 0, 0);
}

/* Somebody asks and asks, and reads no answer for a while. */
static void
deaf(struct maker *m)
{
	uint8_t c = client(m);
	uint32_t i, n = 5 + below(m, 20);

	add(m, OP_WINDOW, c, below(m, 100), 0, 0, 0, 0);
	for (i = 0; i < n; i++)
		if (chance(m, 50))
			add(m, OP_GET, c, address(m), 0, 0, 0, 0);
		else
			set_by(m, c);
	if (chance(m, 50))
		add(m, OP_WINDOW, c, below(m, 300), 0, 0, 0, 0);
	if (chance(m, 10)) {
		add(m, OP_WAIT, 0, 30000000, 0, 0, 0, 0);
		add(m, OP_TICK, 0, 0, 0, 0, 0, 0);
	}
	add(m, OP_WINDOW, c, -1, 0, 0, 0, 0);
}

static void
cues(struct maker *m)
{
	int64_t when = ONE_OF(m, 2, 5, 50);
	uint32_t i, k, n = 2 + below(m, 5);
	uint8_t c;

	for (i = 0; i < n; i++) {
		c = client(m);
		add(m, OP_COMPOSE, c, 0, 0, 0, 0, 0);
		for (k = 1 + below(m, 3); k > 0; k--)
			set_by(m, c);
		add(m, OP_BUNDLE, c, when, 0, 0, 0, 0);
		if (chance(m, 10))
			add(m, OP_CUT, c, 0, 0, 0, 0, 0);
		if (chance(m, 20))
			set_by(m, client(m));
	}
	for (i = below(m, 4); i > 0; i--)
		add(m, OP_DUE, 0, ONE_OF(m, -1, 0, 0, 500), 0, 0, 0, 0);
}

static void
flood(struct maker *m)
{
	int64_t kind = below(m, 7), n = 20 + below(m, 100);
	uint8_t c = client(m);

	if (chance(m, 50)) {
		add(m, OP_OPEN, c, below(m, 3), 0, 0, 0, 0);
		add(m, OP_HELLO, c, 1, 0xf8, 0, 0, 0);
	}
	if (kind == 1 && chance(m, 75))
		n = 270;
	if (kind == 2 && chance(m, 5))
		n = 1010;
	if (kind == 4 && chance(m, 30))
		n = 101;
	add(m, OP_FLOOD, c, kind, n, 0, 0, 0);
}

static void
hold_lock(struct maker *m)
{
	int64_t at = below(m, 5);
	uint8_t c = client(m), by = client(m);

	add(m, OP_SET, c, at, value(m), -1, 1, ttl(m));
	if (chance(m, 50))
		add(m, OP_SET, by, at, value(m), -1, below(m, 4), -1);
	if (chance(m, 30))
		add(m, OP_WAIT, 0, 4000000, 0, 0, 0, 0);
	if (chance(m, 30))
		add(m, OP_CUT, c, 0, 0, 0, 0, 0);
	else
		add(m, OP_SET, c, at, value(m), -1, 2, -1);
	add(m, OP_SET, by, at, value(m), -1, 0, -1);
}

static void
peers(struct maker *m)
{
	uint8_t c = client(m);

	if (chance(m, 40))
		add(m, OP_APPEAR, c, ONE_OF(m, -1, 0, 0, 2), 0, 0, 0, 0);
	else
		add(m, OP_SIGNAL, c, below(m, SIM_CLIENTS * 2), ONE_OF(m, -1,
		    0, 0, 3), 0, 0, 0);
}

static void
asks(struct maker *m)
{
	uint8_t c = client(m);

	switch (below(m, 5)) {
	case 4:
		add(m, OP_GET, c, sim_addresses() - 1, 0, 0, 0, 0);
		break;
	case 0:
		add(m, OP_ANNOUNCE, c, address(m), below(m, 6), chance(m,
		    70) ? -1 : 100, 0, 0);
		break;
	case 1:
		add(m, OP_QUERY, c, chance(m, 10) ? below(m,
		    sim_patterns()) : below(m, SIM_PATTERNS), 0, 0, 0, 0);
		break;
	case 2:
		add(m, OP_SYNC, c, below(m, 1000), 0, 0, 0, 0);
		break;
	default:
		add(m, OP_PING, c, 0, 0, 0, 0, 0);
	}
}

static void
leave_and_come(struct maker *m)
{
	uint8_t c = client(m);

	if (chance(m, 70))
		add(m, OP_CUT, c, 0, 0, 0, 0, 0);
	join(m, c);
}

/* Somebody connects and says nothing. */
static void
silence(struct maker *m)
{
	uint8_t c = client(m);

	add(m, OP_CUT, c, 0, 0, 0, 0, 0);
	add(m, OP_OPEN, c, 0, 0, 0, 0, 0);
	add(m, OP_WAIT, 0, ONE_OF(m, 9999000, 10000000), 0, 0, 0, 0);
	add(m, OP_TICK, 0, 0, 0, 0, 0, 0);
	add(m, OP_DUE, 0, 0, 0, 0, 0, 0);
	join(m, c);
}

/* A large snapshot is on its way while things change. */
static void
large_snapshot(struct maker *m)
{
	uint8_t c = client(m);
	uint32_t i, n = below(m, 20);

	add(m, OP_WINDOW, c, below(m, 200000), 0, 0, 0, 0);
	add(m, OP_SUBSCRIBE, c, 0, chance(m, 70) ? 0 : 12, 0xff,
	    chance(m, 80) ? 0 : 10, 0);
	for (i = 0; i < n; i++) {
		if (chance(m, 70))
			set_by(m, client(m));
		else
			add(m, OP_WINDOW, c, below(m, 300000), 0, 0, 0, 0);
	}
	if (chance(m, 80))
		add(m, OP_WINDOW, c, -1, 0, 0, 0, 0);
}

/* Somebody does not read while many params come and go, and one stays. */
static void
churn(struct maker *m)
{
	uint8_t c = client(m), by = client(m);
	uint32_t i, k, n = 1 + below(m, 4);

	add(m, OP_SUBSCRIBE, c, 0, 0, 0xff, 0, 0);
	add(m, OP_WINDOW, c, 0, 0, 0, 0, 0);
	for (i = 0; i < n; i++) {
		set_by(m, by);
		add(m, OP_FLOOD, by, FLOOD_CHURN, 60 + below(m, 80), 0, 0,
		    0);
		/* a byte now and then, or it would be closed */
		for (k = 0; k < 3; k++) {
			add(m, OP_WAIT, 0, 21000000, 0, 0, 0, 0);
			add(m, OP_WINDOW, c, 1, 0, 0, 0, 0);
		}
		add(m, OP_TICK, 0, 0, 0, 0, 0, 0);
	}
	add(m, OP_WINDOW, c, -1, 0, 0, 0, 0);
}

static void
something(struct maker *m)
{
	uint32_t n = below(m, 1000);

	if (m->script->config.churn && chance(m, 3)) {
		churn(m);
		return;
	}
	if (m->script->config.large && chance(m, 5)) {
		large_snapshot(m);
		return;
	}

	if (n < 300)
		set_by(m, client(m));
	else if (n < 400)
		publish_by(m, client(m));
	else if (n < 480)
		add(m, OP_GET, client(m), address(m), 0, 0, 0, 0);
	else if (n < 560)
		subscribe_by(m, client(m));
	else if (n < 580)
		add(m, OP_UNSUBSCRIBE, client(m), below(m, 7), 0, 0, 0, 0);
	else if (n < 640)
		bundle(m);
	else if (n < 740)
		time_goes(m);
	else if (n < 790)
		flow(m, client(m));
	else if (n < 833)
		asks(m);
	else if (n < 854)
		add(m, OP_HOSTILE, client(m), below(m, HOSTILE_KINDS),
		    below(m, 1000), 0, 0, 0);
	else if (n < 872)
		peers(m);
	else if (n < 900)
		gesture(m);
	else if (n < 914)
		slow_reader(m);
	else if (n < 924)
		cues(m);
	else if (n < 928)
		flood(m);
	else if (n < 945)
		hold_lock(m);
	else if (n < 950)
		add(m, OP_HELLO, client(m), 1, 0xf8, 0, 0, 0);
	else if (n < 952)
		add(m, OP_WAIT, 0, ONE_OF(m, 30000000, 301000000), 0, 0, 0,
		    0);
	else if (n < 955)
		silence(m);
	else if (n < 959)
		deaf(m);
	else
		leave_and_come(m);
}

static void
configure(struct maker *m, struct sim_config *c)
{
	c->queue = ONE_OF(m, 4, 8, 16, 40, 1000);
	c->bytes = chance(m, 80) ? 16 << 20 : ONE_OF(m, 700, 4000, 100000);
	c->burst = chance(m, 70) ? 0 : ONE_OF(m, 1000, 100000);
	c->sessions = ONE_OF(m, 0, SIM_CLIENTS, SIM_CLIENTS, 5, 4);
	c->subs = ONE_OF(m, 0, 3, 5);
	c->params = ONE_OF(m, 0, 4, 8, 12);
	c->evict = below(m, 3);
	c->signals = ONE_OF(m, 0, 3, 8);
	c->param_ttl = ONE_OF(m, 0, 2, 5, 60, 3600);
	c->signal_ttl = ONE_OF(m, 0, 3, 60);
	c->gestures = chance(m, 90);
	c->interval = ONE_OF(m, 16000, 16000, 5000, 0);
	c->rate = chance(m, 75) ? 0 : ONE_OF(m, 10, 50, 500);
	c->strategies = chance(m, 35);
	c->churn = chance(m, 5);
	if (c->churn) {
		c->queue = 16;
		c->params = c->rate = 0;
	}
}

/* Nothing of the bulk is lost, and somebody has it in his hands. */
static void
enlarge(struct maker *m, struct sim_config *c)
{
	c->large = 1;
	c->queue = ONE_OF(m, 40, 1000);
	c->bytes = 16 << 20;
	c->params = 0;
	c->rate = c->param_ttl = 0;
	add(m, OP_OPEN, 0, below(m, 3), 0, 0, 0, 0);
	add(m, OP_HELLO, 0, 1, 0xf8, 0, 0, 0);
	add(m, OP_FLOOD, 0, FLOOD_FILL, 75, 0, 0, 0);
}

void
sim_generate(struct sim_script *script, uint64_t seed, uint32_t steps,
    bool large)
{
	struct maker m = { .script = script };
	uint8_t c;

	memset(script, 0, sizeof *script);
	sim_random_init(&m.r, seed);
	configure(&m, &script->config);
	if (large) {
		enlarge(&m, &script->config);
		steps /= 3;
	}
	for (c = 0; c < SIM_CLIENTS; c++)
		if (c < 5 || chance(&m, 40))
			join(&m, c);
	while (script->count < steps)
		something(&m);
	script->count = steps;
}
