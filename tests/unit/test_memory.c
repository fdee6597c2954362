/*
 * test_memory.c - a relay that gets no memory: whichever piece it is, the
 * relay goes on, closes at most whom it could not answer, and shows the
 * others what is true.
 *
 * The linker gives malloc and its relatives to us (see the Makefile): while
 * the router is at work each of them asks here whether there is any.
 */
#include "world.h"

void	*__real_malloc(size_t n);
void	*__real_calloc(size_t n, size_t size);
void	*__real_realloc(void *p, size_t n);
int	 __real_posix_memalign(void **p, size_t align, size_t n);
void	*__wrap_malloc(size_t n);
void	*__wrap_calloc(size_t n, size_t size);
void	*__wrap_realloc(void *p, size_t n);
int	 __wrap_posix_memalign(void **p, size_t align, size_t n);

static bool at_work;		/* in a call to the router */
static long wanted;		/* pieces asked for in this play */
static long fails;		/* the one that is not there, from 1 */
static bool none_after;		/* nor are those after it */

static bool
there_is_none(void)
{
	if (!at_work)
		return false;
	wanted++;
	return wanted == fails || (none_after && wanted > fails);
}

void *
__wrap_malloc(size_t n)
{
	return there_is_none() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return there_is_none() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return there_is_none() ? NULL : __real_realloc(p, n);
}

int
__wrap_posix_memalign(void **p, size_t align, size_t n)
{
	return there_is_none() ? 12 : __real_posix_memalign(p, align, n);
}

/* ------------------------------------------------------------- the play */

static struct world w;
static struct peer *desk, *reader;

/* One message, and no memory for some of what it takes. */
static void
give(struct peer *p, const struct clasp_msg *msg)
{
	static uint8_t frame[CLASP_FRAME_MAX];
	int n = clasp_frame_encode(frame, sizeof frame, msg, NULL);
	size_t used = 0;

	if (n < 0)
		abort();
	if (p->closed || p->paused)
		return;
	at_work = true;
	clasp_session_input(p->s, frame, (size_t)n, w.now, &used);
	at_work = false;
}

static void
let_time_pass(uint64_t us)
{
	w.now += us;
	at_work = true;
	clasp_router_tick(w.router, w.now);
	at_work = false;
}

/* Its socket takes everything, piece by piece. */
static void
drain(struct peer *p)
{
	struct clasp_outq *q;
	struct clasp_str piece;

	while (q = clasp_session_outq(p->s),
	    clasp_outq_peek(q, &piece, 1) == 1) {
		at_work = true;
		clasp_session_sent(p->s, piece.len, w.now);
		at_work = false;
	}
}

/* All that waits leaves; who is to be closed, is. */
static void
deliver(void)
{
	struct peer *p;
	unsigned i;

	for (i = 0; i < w.count; i++) {
		p = w.peers[i];
		if (p->s == NULL)
			continue;
		drain(p);
		at_work = true;
		if (p->closed)
			peer_leave(p);
		at_work = false;
	}
}

static void
subscribe(struct peer *p, uint32_t id, const char *pattern, uint32_t rate)
{
	struct clasp_msg msg = { .type = CLASP_SUBSCRIBE };

	msg.subscribe.id = id;
	msg.subscribe.pattern = clasp_str_c(pattern);
	msg.subscribe.types = CLASP_TYPES_ALL;
	msg.subscribe.has_max_rate = rate > 0;
	msg.subscribe.max_rate = rate;
	give(p, &msg);
}

static void
set_many(void)
{
	static char text[9000];		/* one of the router's slabs has few */
	char address[40];
	struct clasp_msg msg;
	int i;

	memset(text, 'x', sizeof text);
	for (i = 0; i < 12; i++) {
		snprintf(address, sizeof address, "/many/%d/level", i);
		msg = msg_set(address, clasp_int(i));
		if (i % 3 == 0)
			msg.set.value = clasp_string(clasp_str_of(text,
			    sizeof text));
		msg.set.lock = i == 4;
		give(desk, &msg);
	}
}

static void
move_about(void)
{
	struct clasp_msg msg = msg_publish("/pad", CLASP_GESTURE,
	    clasp_float(0.5));
	static const uint8_t phases[] = { CLASP_PHASE_START, CLASP_PHASE_MOVE,
	    CLASP_PHASE_MOVE, CLASP_PHASE_MOVE };
	unsigned i;

	for (i = 0; i < sizeof phases; i++) {
		msg.publish.phase = phases[i];
		give(desk, &msg);
	}
	msg = msg_publish("/go", CLASP_EVENT, clasp_string(CLASP_STR("x")));
	give(desk, &msg);
}

static void
bundles(void)
{
	struct clasp_msg members[3] = { msg_set("/both/a", clasp_int(1)),
	    msg_set("/both/b", clasp_int(2)),
	    msg_publish("/both/go", CLASP_EVENT, clasp_null()) };
	struct clasp_msg msg = { .type = CLASP_BUNDLE };

	msg.bundle.count = 3;
	msg.bundle.messages = members;
	give(desk, &msg);
	members[0].set.value = clasp_int(3);
	members[1].set.value = clasp_int(4);
	msg.bundle.has_timestamp = true;
	msg.bundle.timestamp_us = w.now + 20000;
	give(desk, &msg);
}

static void
registry(void)
{
	struct clasp_signal signal = { .address = CLASP_STR("/lamp/*"),
	    .kind = CLASP_PARAM };
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	msg.announce.namespace_ = CLASP_STR("/lamp");
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	give(desk, &msg);
	memset(&msg, 0, sizeof msg);
	msg.type = CLASP_QUERY;
	msg.query.pattern = CLASP_STR("/**");
	give(reader, &msg);
}

static void
newcomer(void)
{
	struct clasp_msg msg = { .type = CLASP_HELLO };
	struct peer *p = peer_open(&w, CLASP_FRAMING_WS);

	p->window = 0;
	msg.hello.version = 1;
	msg.hello.features = CLASP_FEATURE_PARAM;
	msg.hello.name = CLASP_STR("late");
	msg.hello.token = CLASP_STR("");
	give(p, &msg);
	msg = (struct clasp_msg){ .type = CLASP_GET };
	msg.get.address = CLASP_STR("/kept");
	give(p, &msg);
}

/*
 * What comes in turn from others and for itself lies apart: the reader's
 * queue grows, and at some n it has to in the middle of a snapshot.
 */
static void
snapshot_behind(int n)
{
	struct clasp_msg ping = { .type = CLASP_PING };
	struct clasp_msg set = msg_set("/turn", clasp_int(n));

	while (n-- > 0) {
		give(desk, &set);
		give(reader, &ping);
	}
	subscribe(reader, 4, "/many/**", 0);
	deliver();
}

/* Everything that a relay does, once or twice. */
static void
play(void)
{
	int n;

	subscribe(reader, 1, "/**", 0);
	subscribe(reader, 2, "/many/*/level", 10);
	subscribe(reader, 3, "/$relay/**", 0);
	set_many();
	deliver();
	set_many();
	set_many();
	move_about();
	bundles();
	registry();
	newcomer();
	subscribe(reader, 1, "/many/**", 20);
	subscribe(reader, 1, "/**", 0);
	deliver();
	for (n = 0; n < 9; n++)
		snapshot_behind(n);
	let_time_pass(30000);
	set_many();
	let_time_pass(1100000);
	deliver();
}

/* Is what everybody may rely on still so? */
static void
look(void)
{
	struct clasp_msg msg = { .type = CLASP_GET };
	struct peer *p;
	unsigned i;

	for (i = 0; i < w.count; i++)
		w.peers[i]->window = SIZE_MAX;
	peer_skip(desk);
	if (desk->s != NULL && !desk->closed)
		peer_barrier(desk);
	p = peer_join(&w);
	msg.get.address = CLASP_STR("/kept");
	peer_send(p, &msg);
	if (peer_expect(p, CLASP_SNAPSHOT, &msg)) {
		t_eq_int(msg.snapshot.count, 1, "what was kept");
		t_eq_int(msg.snapshot.params[0].value.integer, 7, "and its value");
	}
	peer_set(p, "/kept", clasp_int(8));
	if (peer_expect(p, CLASP_ACK, &msg))
		t_eq_int(msg.ack.revision, 2, "a write afterwards");
}

/* The play with a piece missing; how many pieces were asked for. */
static long
play_without(long which, bool nor_after)
{
	struct clasp_router_config config;
	int bad = t_bad;

	clasp_router_config_init(&config);
	config.random_seed = 42;
	config.queue_msgs = 20;
	config.max_params = 30;
	world_open(&w, &config);
	desk = peer_join(&w);
	reader = peer_join(&w);
	peer_set(desk, "/kept", clasp_int(7));
	deliver();
	wanted = 0;
	fails = which;
	none_after = nor_after;
	play();
	look();
	world_close(&w);
	if (t_bad != bad)
		printf("# without piece %ld%s\n", which,
		    nor_after ? " and those after it" : "");
	return wanted;
}

static void
without_each(bool nor_after)
{
	long all = play_without(0, false), i;

	printf("# %ld pieces\n", all);
	t_check(all > 80, "hardly any: is malloc ours?");
	for (i = 1; i <= all; i++)
		play_without(i, nor_after);
}

static void
no_piece_of_memory_is_needed_for_life(void)
{
	without_each(false);
}

static void
a_relay_lives_when_there_is_none_any_more(void)
{
	without_each(true);
}

int
main(void)
{
	t_run(no_piece_of_memory_is_needed_for_life);
	t_run(a_relay_lives_when_there_is_none_any_more);
	return t_end();
}
