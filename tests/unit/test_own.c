/* test_own.c - what a relay tells of itself under /$relay, and its counting. */
#include "core/session.h"
#include "world.h"

static struct world w;

static bool
test_address(void *link, char *out, size_t size)
{
	const struct peer *p = link;

	snprintf(out, size, "peer %u", (unsigned)(p->framing + 7));
	return true;
}

static uint64_t
test_memory(void *user)
{
	(void)user;
	return 4711;
}

static void
begin(void)
{
	static const struct clasp_router_host host = { test_memory,
	    test_address };

	world_open(&w, NULL);
	clasp_router_set_host(w.router, &host);
	clasp_router_tick(w.router, w.now);
}

static void
tick(uint64_t us)
{
	w.now += us;
	clasp_router_tick(w.router, w.now);
	world_pump(&w);
}

static void
hello(struct peer *p, const char *name)
{
	struct clasp_msg msg = { .type = CLASP_HELLO };

	msg.hello.version = 1;
	msg.hello.name = clasp_str_c(name);
	msg.hello.token = CLASP_STR("");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_WELCOME, &msg))
		snprintf(p->id, sizeof p->id, "%.*s",
		    CLASP_STR_ARG(msg.welcome.session));
	peer_expect(p, CLASP_SNAPSHOT, &msg);
}

static const char *
session_of(const struct peer *p)
{
	static char address[100];

	snprintf(address, sizeof address, "/$relay/sessions/%s", p->id);
	return address;
}

/* GET; the value, borrowed until the peer's next message. */
static struct clasp_value
value_of(struct peer *p, const char *address)
{
	struct clasp_msg msg;

	peer_get(p, address);
	if (!peer_expect(p, CLASP_SNAPSHOT, &msg))
		return clasp_null();
	t_eq_int(msg.snapshot.count, 1, "%s", address);
	t_check(clasp_str_is(msg.snapshot.params[0].address, address), "%s",
	    address);
	t_check(clasp_str_is(msg.snapshot.params[0].writer, "relay"), "%s",
	    address);
	return msg.snapshot.params[0].value;
}

static int64_t
int_of(struct peer *p, const char *address)
{
	struct clasp_value v = value_of(p, address);

	t_eq_int(v.type, CLASP_INT, "%s", address);
	return v.type == CLASP_INT ? v.integer : INT64_MIN;
}

static int64_t
int_in(const struct clasp_value *map, const char *key)
{
	const struct clasp_value *v = map->type == CLASP_MAP ?
	    clasp_map_get(map, clasp_str_c(key)) : NULL;

	return v != NULL && v->type == CLASP_INT ? v->integer : INT64_MIN;
}

static bool
text_in(const struct clasp_value *map, const char *key, const char *text)
{
	const struct clasp_value *v = map->type == CLASP_MAP ?
	    clasp_map_get(map, clasp_str_c(key)) : NULL;

	return v != NULL && v->type == CLASP_STRING &&
	    clasp_str_is(v->string, text);
}

static void
figures_are_what_they_say(void)
{
	struct clasp_router_config config;
	struct clasp_msg msg;
	struct peer *p;
	int i;

	clasp_router_config_init(&config);
	config.max_params = 3;
	config.name = CLASP_STR("stage");
	world_open(&w, &config);
	clasp_router_tick(w.router, w.now);
	p = peer_join(&w);
	peer_join(&w);
	t_eq_int(int_of(p, "/$relay/sessions"), 2, "");
	t_check(clasp_str_is(value_of(p, "/$relay/name").string, "stage"),
	    "");
	t_eq_int(value_of(p, "/$relay/memory").type, CLASP_NULL,
	    "nobody knows");
	for (i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof name, "/p%d", i);
		peer_set(p, name, clasp_int(i));
		peer_expect(p, CLASP_ACK, &msg);
	}
	t_eq_int(int_of(p, "/$relay/params"), 3, "");
	t_eq_int(int_of(p, "/$relay/evictions"), 2, "");
	t_eq_int(int_of(p, "/$relay/expiries"), 0, "");
	t_eq_int(int_of(p, "/$relay/subscriptions"), 0, "");
	peer_subscribe(p, 1, "/x", 0);
	t_eq_int(int_of(p, "/$relay/subscriptions"), 1, "");
	peer_get(p, "/$relay/no/such");
	peer_expect_error(p, 201);
	peer_get(p, "/$relay");
	peer_expect_error(p, 201);
	peer_get(p, "/$relay/sessions/no-such");
	peer_expect_error(p, 201);
	t_eq_int(int_of(p, "/$relay/errors"), 3, "");
	tick(UINT64_C(3600000000));
	tick(60000000);
	t_eq_int(int_of(p, "/$relay/params"), 0, "");
	t_eq_int(int_of(p, "/$relay/expiries"), 3, "");
	t_eq_int(int_of(p, "/$relay/uptime"), 3660, "");
	world_close(&w);
}

static void
rates_are_of_a_second_at_least(void)
{
	struct clasp_value v;
	struct peer *p;
	int i;

	begin();
	p = peer_join(&w);
	tick(1000000);
	for (i = 0; i < 200; i++)
		peer_publish(p, "/e", CLASP_EVENT, clasp_int(i));
	tick(2000000);
	v = value_of(p, "/$relay/rates/in");
	t_check(v.type == CLASP_FLOAT && v.number == 100.0, "%g", v.number);
	/* the GET itself, half a second later, changes nothing */
	w.now += 500000;
	v = value_of(p, "/$relay/rates/in");
	t_check(v.number == 100.0, "%g", v.number);
	w.now += 9500000;
	v = value_of(p, "/$relay/rates/in");
	t_check(v.number > 0 && v.number < 1, "%g", v.number);
	t_eq_int(int_of(p, "/$relay/memory"), 4711, "");
	world_close(&w);
}

static void
only_patterns_of_its_own_see_them(void)
{
	static const char *const blind[] = { "/**", "/*/uptime", "/$relay**",
	    "/$*/uptime", "/$relay*/**", "/**/uptime", "/$relays/**" };
	struct clasp_msg msg;
	struct peer *p, *late;
	uint32_t i;

	begin();
	p = peer_join(&w);
	peer_set(p, "/a", clasp_int(1));
	peer_skip(p);
	for (i = 0; i < sizeof blind / sizeof blind[0]; i++) {
		peer_subscribe(p, i, blind[i], 0);
		if (i > 0) {
			peer_barrier(p);
			continue;
		}
		if (peer_expect(p, CLASP_SNAPSHOT, &msg))
			t_eq_int(msg.snapshot.count, 1, "%s", blind[i]);
	}
	tick(5000000);
	peer_expect_none(p);
	/* nor does one who joins */
	late = peer_open(&w, CLASP_FRAMING_WS);
	peer_hello(late, CLASP_FEATURE_PARAM);
	peer_expect(late, CLASP_WELCOME, &msg);
	if (peer_expect(late, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 1, "");
	/* these do, with nothing else in it and in order */
	peer_subscribe(p, 0, "/$relay/**", 0);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg)) {
		t_check(msg.snapshot.count > 20, "%u",
		    (unsigned)msg.snapshot.count);
		for (i = 0; i < msg.snapshot.count; i++) {
			t_check(clasp_str_starts(
			    msg.snapshot.params[i].address,
			    CLASP_STR("/$relay/")), "%u", i);
			t_check(i == 0 || clasp_str_cmp(
			    msg.snapshot.params[i - 1].address,
			    msg.snapshot.params[i].address) < 0, "%u", i);
		}
	}
	peer_subscribe(late, 1, "/$relay/*/in", 0);
	if (peer_expect(late, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 3, "bytes, messages, rates");
	peer_subscribe(late, 2, "/$relay/uptime", 1 << CLASP_EVENT);
	peer_barrier(late);
	peer_subscribe(late, 3, "/$relay", 0);
	peer_barrier(late);
	world_close(&w);
}

static void
they_cannot_be_written(void)
{
	struct clasp_msg msg = { .type = CLASP_BUNDLE }, member;
	struct peer *p;

	begin();
	p = peer_join(&w);
	peer_set(p, "/$relay/uptime", clasp_int(1));
	peer_expect_error(p, 301);
	peer_set(p, "/$relay", clasp_int(1));
	peer_expect_error(p, 301);
	peer_publish(p, "/$relay/a/b", CLASP_EVENT, clasp_int(1));
	peer_expect_error(p, 301);
	member = msg_set("/$relay/uptime", clasp_int(1));
	msg.bundle.count = 1;
	msg.bundle.messages = &member;
	peer_send(p, &msg);
	peer_expect_error(p, 301);
	peer_set(p, "/$relays", clasp_int(1));
	peer_expect(p, CLASP_ACK, &msg);
	world_close(&w);
}

/* How many SETs of this address have come, and of any. */
static void
count_sets(struct peer *p, const char *address, int *of_it, int *all)
{
	struct clasp_msg msg;
	uint64_t last = 0;

	*of_it = *all = 0;
	world_pump(&w);
	while (peer_next(p, &msg)) {
		if (msg.type != CLASP_SET)
			continue;
		(*all)++;
		if (!clasp_str_is(msg.set.address, address))
			continue;
		(*of_it)++;
		t_check(msg.set.revision > last, "revision");
		last = msg.set.revision;
	}
}

static void
updates_come_once_a_second_while_wanted(void)
{
	struct clasp_msg msg;
	struct peer *p, *q, *r;
	int it, all, i;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	r = peer_join(&w);
	tick(1000000);		/* a snapshot's chunks are forgotten */
	t_check(clasp_router_tick(w.router, w.now) > w.now + 2000000,
	    "for nobody");
	peer_subscribe(p, 1, "/$relay/uptime", 0);
	peer_subscribe(p, 2, "/$relay/up*", 0);
	peer_subscribe(q, 1, "/$relay/params", 0);
	peer_skip(p);
	peer_skip(q);
	t_check(clasp_router_tick(w.router, w.now) <= w.now + 1000000,
	    "for somebody");
	for (i = 0; i < 50; i++)
		tick(100000);
	count_sets(p, "/$relay/uptime", &it, &all);
	t_eq_int(it, 5, "one copy a second");
	t_eq_int(all, 5, "");
	count_sets(q, "/$relay/params", &it, &all);
	t_eq_int(all, 0, "nothing changed");
	peer_set(r, "/new", clasp_int(1));
	peer_set(r, "/newer", clasp_int(1));
	tick(1000000);
	if (peer_expect(q, CLASP_SET, &msg))
		t_eq_int(msg.set.value.integer, 2, "");
	peer_expect_none(q);
	/* who has another pattern under the same id, or none, gets none */
	peer_subscribe(p, 1, "/x", 0);
	peer_unsubscribe(p, 2);
	peer_skip(p);
	tick(1000000);
	peer_expect_none(p);
	clasp_session_close(q->s, w.now);
	q->s = NULL;
	t_check(clasp_router_tick(w.router, w.now) > w.now + 2000000,
	    "for nobody");
	world_close(&w);
}

/* An epsilon holds for them, too: what was sent last is what counts. */
static void
small_changes_are_left_out_where_asked(void)
{
	static const struct { int sets, seen; } steps[] = {
		{ 1, 1 },	/* the first one always */
		{ 3, 0 }, { 1, 0 }, { 2, 1 }, { 4, 0 }, { 9, 1 },
	};
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };
	struct peer *p, *q;
	char address[20];
	int it, all, total = 0;
	size_t i;
	int k;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	msg.subscribe.id = 1;
	msg.subscribe.pattern = CLASP_STR("/$relay/params");
	msg.subscribe.types = CLASP_TYPES_ALL;
	msg.subscribe.has_epsilon = true;
	msg.subscribe.epsilon = 5;
	peer_send(p, &msg);
	peer_skip(p);
	for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		for (k = 0; k < steps[i].sets; k++) {
			snprintf(address, sizeof address, "/p/%d", total++);
			peer_set(q, address, clasp_int(1));
		}
		peer_skip(q);
		tick(1000000);
		count_sets(p, "/$relay/params", &it, &all);
		t_eq_int(all, steps[i].seen, "step %zu", i);
	}
	world_close(&w);
}

static void
sessions_and_those_that_left(void)
{
	struct clasp_value v;
	struct clasp_msg msg;
	struct peer *p, *q;
	int it, all;

	begin();
	p = peer_join(&w);
	q = peer_open(&w, CLASP_FRAMING_LENGTH);
	hello(q, "desk");
	peer_subscribe(p, 1, "/$relay/sessions/*", 0);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 2, "");
	peer_set(q, "/a", clasp_int(1));
	peer_expect(q, CLASP_ACK, &msg);
	v = value_of(p, session_of(q));
	t_check(text_in(&v, "name", "desk"), "");
	t_check(text_in(&v, "address", "peer 9") ||
	    text_in(&v, "address", "peer 8"), "");
	t_eq_int(int_in(&v, "since"), (int64_t)w.now, "");
	t_eq_int(int_in(&v, "messages"), 2, "");
	t_eq_int(int_in(&v, "subscriptions"), 0, "");
	t_eq_int(int_in(&v, "drops"), 0, "");
	tick(1000000);
	count_sets(p, session_of(q), &it, &all);
	t_eq_int(it, 1, "");
	t_eq_int(all, 2, "");
	tick(1000000);
	tick(1000000);
	count_sets(p, session_of(q), &it, &all);
	t_eq_int(all, 0, "nobody did anything");
	clasp_session_close(q->s, w.now);
	q->s = NULL;
	v = value_of(p, session_of(q));
	t_check(text_in(&v, "name", "desk"), "");
	t_eq_int(int_in(&v, "left"), (int64_t)w.now, "");
	tick(1000000);
	count_sets(p, session_of(q), &it, &all);
	t_eq_int(it, 1, "that it has left");
	t_eq_int(int_of(p, "/$relay/sessions"), 1, "");
	/* who never said HELLO was nobody */
	q = peer_open(&w, CLASP_FRAMING_WS);
	clasp_session_close(q->s, w.now);
	q->s = NULL;
	peer_subscribe(p, 1, "/$relay/sessions/**", 0);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg))
		t_eq_int(msg.snapshot.count, 3, "the count and two");
	world_close(&w);
}

static void
locks_are_shown_with_their_holders(void)
{
	struct clasp_msg lock = msg_set("/a", clasp_int(1)), msg;
	struct clasp_value v;
	struct peer *p, *q;
	static char long_name[900];
	char address[1000];
	int i, it, all;

	begin();
	p = peer_join(&w);
	q = peer_join(&w);
	v = value_of(p, "/$relay/locks");
	t_check(v.type == CLASP_MAP && v.count == 0, "");
	lock.set.lock = true;
	peer_send(q, &lock);
	lock.set.address = CLASP_STR("/0");
	peer_send(q, &lock);
	lock.set.address = CLASP_STR("/b");
	peer_send(p, &lock);
	peer_expect(p, CLASP_ACK, &msg);
	v = value_of(p, "/$relay/locks");
	t_eq_int(v.count, 3, "");
	t_check(clasp_str_is(v.entries[0].key, "/0"), "order");
	t_check(text_in(&v, "/a", q->id), "");
	t_check(text_in(&v, "/b", p->id), "");
	t_eq_int(int_of(p, "/$relay/locked"), 3, "");
	peer_subscribe(p, 1, "/$relay/locks", 0);
	peer_skip(p);
	clasp_session_close(q->s, w.now);
	q->s = NULL;
	tick(1000000);
	if (peer_expect(p, CLASP_SET, &msg)) {
		t_eq_int(msg.set.value.count, 1, "");
		t_check(text_in(&msg.set.value, "/b", p->id), "");
	}
	tick(1000000);
	count_sets(p, "/$relay/locks", &it, &all);
	t_eq_int(all, 0, "no change");
	/* as many as fit; their number is told all the same */
	memset(long_name, 'x', sizeof long_name - 1);
	for (i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "/%03d/%s", i, long_name);
		lock.set.address = clasp_str_c(address);
		peer_send(p, &lock);
		peer_expect(p, CLASP_ACK, &msg);
	}
	v = value_of(p, "/$relay/locks");
	t_check(v.count > 60 && v.count < 80, "%u", (unsigned)v.count);
	t_eq_int(int_of(p, "/$relay/locked"), 101, "");
	world_close(&w);
}

static void
the_last_to_leave_are_kept(void)
{
	struct clasp_departed departed;
	struct clasp_author *author;
	char id[16], name[300];
	int i;

	memset(name, 'n', sizeof name);
	memcpy(name + 127, "\xc3\xa9", 2);
	clasp_departed_init(&departed);
	t_check(clasp_departed_find(&departed, CLASP_STR("0")) == NULL, "");
	for (i = 0; i < CLASP_DEPARTED_MAX + 100; i++) {
		snprintf(id, sizeof id, "%d", i);
		author = clasp_author_new(clasp_str_c(id));
		clasp_departed_add(&departed, author,
		    clasp_str_of(name, sizeof name), 1, 2);
		clasp_author_drop(author);
	}
	t_eq_int(departed.table.count, CLASP_DEPARTED_MAX, "");
	t_check(clasp_departed_find(&departed, CLASP_STR("99")) == NULL, "");
	t_check(clasp_departed_find(&departed, CLASP_STR("100")) ==
	    clasp_departed_at(&departed, clasp_departed_first(&departed)), "");
	/* not in the middle of a character */
	t_eq_int(clasp_departed_find(&departed, CLASP_STR("10099"))->name_len,
	    127, "");
	clasp_departed_clear(&departed);
	t_check(clasp_departed_find(&departed, CLASP_STR("100")) == NULL, "");
}

static void
thousands_of_sessions_come_in_parts(void)
{
	struct clasp_msg msg;
	struct peer *p, *q;
	unsigned total = 0, parts = 0;
	int i;

	begin();
	for (i = 0; i < 1200; i++) {
		q = peer_open(&w, CLASP_FRAMING_WS);
		peer_hello(q, CLASP_FEATURE_NOSTATE);
		peer_skip(q);
	}
	for (i = 0; i < 1200; i += 2) {
		clasp_session_close(w.peers[i]->s, w.now);
		w.peers[i]->s = NULL;
	}
	p = peer_join(&w);
	peer_subscribe(p, 1, "/$relay/sessions/*", 0);
	world_pump(&w);
	while (peer_next(p, &msg))
		if (msg.type == CLASP_SNAPSHOT) {
			t_check(msg.snapshot.count <= 800, "");
			total += msg.snapshot.count;
			parts++;
		}
	/* those that were one too many have never been sessions */
	t_eq_int(total, 1001, "");
	t_check(parts > 1, "");
	world_close(&w);
}

static void
many_updates_are_spread_over_turns(void)
{
	struct clasp_msg msg;
	struct peer *p, *q;
	unsigned told = 0, left = 0, turns = 0;
	int i;

	begin();
	p = peer_join(&w);
	for (i = 0; i < 900; i++) {
		q = peer_open(&w, CLASP_FRAMING_WS);
		peer_hello(q, CLASP_FEATURE_NOSTATE);
		peer_skip(q);
	}
	peer_subscribe(p, 1, "/$relay/sessions/*", 0);
	peer_skip(p);
	for (i = 600; i < 900; i++) {
		clasp_session_close(w.peers[i]->s, w.now);
		w.peers[i]->s = NULL;
	}
	w.now += 1000000;
	while (turns < 100 && clasp_router_tick(w.router, w.now) <= w.now)
		turns++;
	t_check(turns >= 3 && turns < 10, "%u turns", turns);
	world_pump(&w);
	while (peer_next(p, &msg))
		if (msg.type == CLASP_SET) {
			told++;
			left += clasp_map_get(&msg.set.value,
			    CLASP_STR("left")) != NULL;
		}
	t_eq_int(told, 901, "each once");
	t_eq_int(left, 300, "");
	t_check(clasp_router_tick(w.router, w.now + 999999) > w.now + 999999,
	    "not again in this second");
	world_close(&w);
}

/* What is known of watching agrees with the subscriptions there are. */
static void
count_watches(void)
{
	const struct clasp_router *r = w.router;
	const struct clasp_session *s;
	const struct clasp_sub *sub;
	uint32_t total = 0, own;

	for (s = r->sessions[CLASP_SESSION_OPEN].first; s != NULL;
	    s = s->next) {
		own = 0;
		for (sub = s->subscriber.first; sub != NULL; sub = sub->next)
			own += clasp_own_names(clasp_sub_pattern(sub));
		t_eq_int(s->own_watches, own, "session");
		total += own;
	}
	t_eq_int(r->own.watches, total, "router");
}

static void
chance_finds_no_wrong_count(void)
{
	static const char *const patterns[] = { "/$relay/**", "/**",
	    "/$relay/sessions/*", "/$relay/uptime", "/a", "/$relay/" };
	struct peer *peers[12] = { 0 }, *p;
	struct clasp_msg lock = msg_set("/a", clasp_int(1));
	unsigned seed = 7, step, n;

	begin();
	for (step = 0; step < 1300 * 12 && t_bad == 0; step++) {
		seed = seed * 1103515245u + 12345u;
		n = seed >> 16;
		p = peers[n % 12];
		if (p == NULL || p->s == NULL) {
			if (w.count < WORLD_PEERS)
				peers[n % 12] = peer_join(&w);
			continue;
		}
		switch (n / 12 % 16) {
		case 0:
			clasp_session_close(p->s, w.now);
			p->s = NULL;
			break;
		case 1:		/* its socket is full for a while */
			p->window = p->window == SIZE_MAX ? 0 : SIZE_MAX;
			break;
		case 2:
			peer_unsubscribe(p, n / 192 % 3);
			break;
		case 3:
			lock.set.lock = n & 1024;
			lock.set.unlock = !lock.set.lock;
			peer_send(p, &lock);
			break;
		case 4:
			tick(n % 700000);
			break;
		default:
			peer_subscribe(p, n / 192 % 3,
			    patterns[n / 576 % 6], 0);
		}
		world_pump(&w);
		if (p->s != NULL)
			peer_skip(p);
		count_watches();
	}
	world_close(&w);
}

static void
what_happens_is_counted(void)
{
	const struct clasp_figures *f;
	struct clasp_msg msg;
	struct peer *p, *q[3];
	int i, k, n;

	begin();
	f = clasp_router_figures(w.router);
	p = peer_join(&w);
	for (i = 0; i < 3; i++) {
		q[i] = peer_join(&w);
		peer_subscribe(q[i], 1, "/f/**", 0);
	}
	/* the third and later ones of a burst are held back together */
	for (i = 0; i < 5; i++)
		peer_set(p, "/f/x", clasp_int(i));
	peer_set(p, "/alone", clasp_int(1));
	peer_set(p, "/a/*", clasp_int(1));
	peer_get(p, "/f/none");
	for (i = 0; i < 6; i++)
		peer_expect(p, CLASP_ACK, &msg);
	peer_expect_error(p, 200);
	peer_expect_error(p, 201);
	t_eq_int(f->messages[CLASP_SET], 7, "");
	t_eq_int(f->messages[CLASP_HELLO], 4, "");
	t_eq_int(f->messages[CLASP_SUBSCRIBE], 3, "");
	t_eq_int(f->messages[CLASP_GET], 1, "");
	t_eq_int(f->fanout[0], 1, "to nobody");
	t_eq_int(f->fanout[3], 5, "to three");
	t_eq_int(f->fanout_sum, 15, "");
	for (i = 0, n = 0; (k = clasp_figures_code((unsigned)i)) >= 0; i++) {
		t_eq_int(f->errors[i], k == 200 || k == 201, "%d", k);
		n++;
	}
	t_check(n > 15, "%d codes", n);
	t_check(f->bytes_in > 100 && f->bytes_out > 100, "");
	t_eq_int(f->undecodable, 0, "");
	world_close(&w);
}

static void
a_bucket_holds_what_it_says(void)
{
	static const uint32_t numbers[] = { 0, 1, 2, 3, 4, 5, 8, 9, 16, 17,
	    1000, 32768, 32769, 65536, UINT32_MAX };
	struct clasp_figures f;
	unsigned i, b;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		memset(&f, 0, sizeof f);
		clasp_figures_fanout(&f, numbers[i], 3);
		for (b = 0; f.fanout[b] == 0; b++)
			;
		t_eq_int(f.fanout[b], 3, "%u", numbers[i]);
		t_check(numbers[i] <= clasp_fanout_most(b), "%u", numbers[i]);
		t_check(b == 0 || numbers[i] > clasp_fanout_most(b - 1), "%u",
		    numbers[i]);
	}
}

int
main(void)
{
	t_run(figures_are_what_they_say);
	t_run(rates_are_of_a_second_at_least);
	t_run(only_patterns_of_its_own_see_them);
	t_run(they_cannot_be_written);
	t_run(updates_come_once_a_second_while_wanted);
	t_run(small_changes_are_left_out_where_asked);
	t_run(sessions_and_those_that_left);
	t_run(locks_are_shown_with_their_holders);
	t_run(the_last_to_leave_are_kept);
	t_run(thousands_of_sessions_come_in_parts);
	t_run(many_updates_are_spread_over_turns);
	t_run(chance_finds_no_wrong_count);
	t_run(what_happens_is_counted);
	t_run(a_bucket_holds_what_it_says);
	return t_end();
}
