/*
 * test_client.c - a client against a relay made up here, which answers as
 * each test wants: in order, late, not at all, or by going away.
 */
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "client/client.h"
#include "client/echo.h"
#include "client/gather.h"
#include "client/known.h"
#include "core/outq.h"
#include "net/link.h"
#include "t.h"

/* ------------------------------------------------------ the made-up relay */

struct peer {
	struct clasp_link *link;
	struct clasp_outq q;
	struct peer	*next;
};

static uv_loop_t loop;
static char folder[64], url[128];
static struct clasp_slabs slabs;
static struct clasp_listener *listener;
static struct peer *peers;

/* what it does */
static struct {
	uint16_t refuse;	/* ERROR instead of WELCOME */
	bool	mute;		/* says nothing at all */
	bool	silent_get;	/* no answer to a GET of nothing */
	bool	limited;	/* does not look at SETs */
	bool	deaf;		/* does not answer SETs */
	bool	timeless;	/* does not answer SYNCs */
	int64_t	ahead_us;	/* its clock */
	uint64_t bundle_us;	/* what the last one was to wait for */
	uint64_t revision, time;	/* of /s/1 */
	int64_t	value;
} relay;

/* what it saw */
static char seen[4096];
static unsigned units;

static void
say(struct peer *p, const struct clasp_msg *msg)
{
	struct clasp_span span;

	if (clasp_slabs_encode(&slabs, p->link->framing, msg, NULL, &span) ==
	    0)
		clasp_outq_add(&p->q, &span);
}

static void
say_error(struct peer *p, uint16_t code, struct clasp_str address)
{
	struct clasp_msg msg = { .type = CLASP_ERROR };

	msg.error.code = code;
	msg.error.message = CLASP_STR("no");
	msg.error.address = address;
	say(p, &msg);
}

static void
say_param(struct peer *p, const char *address, int64_t value,
    uint64_t revision, uint64_t time)
{
	struct clasp_msg msg = { .type = CLASP_SNAPSHOT };
	struct clasp_param param = { .address = clasp_str_c(address),
	    .value = clasp_int(value), .revision = revision,
	    .has_timestamp = true, .timestamp_us = time };

	msg.snapshot.count = 1;
	msg.snapshot.params = &param;
	say(p, &msg);
}

static void
on_hello(struct peer *p)
{
	struct clasp_msg msg = { .type = CLASP_WELCOME };

	if (relay.refuse) {
		say_error(p, relay.refuse, CLASP_STR_NONE);
		return;
	}
	msg.welcome.version = 1;
	msg.welcome.time_us = 1000000;
	msg.welcome.session = CLASP_STR("session-1");
	say(p, &msg);
	/* a relay that does not know `nostate` */
	say_param(p, "/initial", 1, 1, 1);
	say_param(p, "/s/1", 1, 1, 1);
}

static void
on_set(struct peer *p, const struct clasp_set *set)
{
	struct clasp_msg ack = { .type = CLASP_ACK };

	if (relay.deaf)
		return;
	if (relay.limited) {
		say_error(p, 429, CLASP_STR_NONE);
		return;
	}
	if (clasp_str_is(set->address, "/locked")) {
		say_error(p, 401, set->address);
		return;
	}
	ack.ack.address = set->address;
	ack.ack.has_revision = true;
	ack.ack.revision = 7;
	say(p, &ack);
}

static void
answer(struct peer *p, const struct clasp_msg *msg)
{
	struct clasp_msg reply = { .type = CLASP_PONG };

	switch (msg->type) {
	case CLASP_HELLO:
		on_hello(p);
		break;
	case CLASP_PING:
		say(p, &reply);
		break;
	case CLASP_SYNC:
		if (relay.timeless)
			break;
		reply.type = CLASP_SYNC;
		reply.sync = msg->sync;
		reply.sync.has_t2 = reply.sync.has_t3 = true;
		reply.sync.t2 = reply.sync.t3 = clasp_clock_server_us() +
		    (uint64_t)relay.ahead_us;
		say(p, &reply);
		break;
	case CLASP_SET:
		on_set(p, &msg->set);
		break;
	case CLASP_BUNDLE:
		relay.bundle_us = msg->bundle.timestamp_us;
		reply.type = CLASP_ACK;
		say(p, &reply);
		break;
	case CLASP_GET:
		if (clasp_str_is(msg->get.address, "/s/1"))
			say_param(p, "/s/1", relay.value, relay.revision,
			    relay.time);
		else if (!relay.silent_get)
			say_error(p, 201, msg->get.address);
		break;
	case CLASP_PUBLISH:
		if (clasp_str_is(msg->publish.address, "/forbidden"))
			say_error(p, 301, msg->publish.address);
		break;
	case CLASP_SUBSCRIBE:
		if (clasp_str_is(msg->subscribe.pattern, "/secret/*")) {
			say_error(p, 301, msg->subscribe.pattern);
			break;
		}
		say_param(p, "/s/1", relay.value, relay.revision, relay.time);
		say_param(p, "/s/2", 2, 2, 2);
		break;
	}
}

static int
on_unit(struct clasp_link *link, const uint8_t *bytes, size_t len,
    size_t *used, void *user)
{
	uint8_t room[8192];
	struct clasp_arena arena;
	struct clasp_frame frame;
	struct clasp_msg msg;

	(void)link;
	*used = len;
	units++;
	if (relay.mute)
		return 0;
	clasp_arena_init(&arena, room, sizeof room, 0);
	if (clasp_frame_decode(bytes, len, &frame) <= 0 ||
	    clasp_msg_decode(frame.payload, frame.len, &arena, 0, &msg) < 0)
		return 0;
	if (strlen(seen) < sizeof seen - 20)
		sprintf(seen + strlen(seen), "%s ",
		    clasp_msg_name(msg.type));
	answer(user, &msg);
	clasp_link_flush(link);
	return 0;
}

static void
on_sent(struct clasp_link *link, size_t n, void *user)
{
	struct peer *p = user;

	(void)link;
	clasp_outq_sent(&p->q, n);
}

static void
on_peer_closed(struct clasp_link *link, int error, const char *reason,
    void *user)
{
	struct peer *p = user, **at;

	(void)link;
	(void)error;
	(void)reason;
	for (at = &peers; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	clasp_outq_clear(&p->q);
	free(p);
}

static void
on_accept(struct clasp_link *link, void *user)
{
	static const struct clasp_link_events events = {
		.unit = on_unit,
		.sent = on_sent,
		.closed = on_peer_closed
	};
	struct peer *p = calloc(1, sizeof *p);

	(void)user;
	p->link = link;
	p->next = peers;
	peers = p;
	clasp_outq_init(&p->q, link->framing);
	link->events = &events;
	link->user = p;
	link->out = &p->q;
}

static void
relay_start(void)
{
	struct clasp_url u;
	const char *why = "";
	int r;

	clasp_url_parse(clasp_str_c(url), &u);
	r = clasp_listen(&loop, &u, on_accept, NULL, &listener, &why);
	t_eq_int(r, 0, "%s", why);
}

/* Every connection is cut, and nobody listens any more. */
static void
relay_stop(void)
{
	struct peer *p;

	if (listener)
		clasp_listener_close(listener);
	listener = NULL;
	for (p = peers; p; p = p->next)
		clasp_link_close(p->link, 1001, "going away");
}

/* --------------------------------------------------------------- the test */

static struct clasp_client_config config;
static char told[4096];		/* what the client told, in order */

static void __attribute__((format(printf, 1, 2)))
tell(const char *format, ...)
{
	size_t n = strlen(told);
	va_list ap;

	va_start(ap, format);
	vsnprintf(told + n, sizeof told - n, format, ap);
	va_end(ap);
}

static void
on_open(struct clasp_client *c, bool again, void *user)
{
	(void)c;
	(void)user;
	tell(again ? "again " : "open ");
}

static void
on_lost(struct clasp_client *c, const char *why, void *user)
{
	(void)c;
	(void)why;
	(void)user;
	tell("lost ");
}

static void
on_closed(struct clasp_client *c, int error, uint16_t code, const char *why,
    void *user)
{
	(void)c;
	(void)why;
	(void)user;
	tell("closed:%d:%d ", error, code);
}

static const struct clasp_client_events events = {
	.open = on_open,
	.lost = on_lost,
	.closed = on_closed
};

static void
on_msg(struct clasp_client *c, const struct clasp_delivery *d, void *user)
{
	(void)c;
	tell("%s%.*s=%lld ", (const char *)user,
	    CLASP_STR_ARG(d->msg->set.address),
	    (long long)d->msg->set.value.integer);
}

static void
on_done(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	(void)c;
	tell("%s:%d:%d ", (const char *)user, reply->error, reply->code);
}

static void
on_last(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	on_done(c, reply, user);
	clasp_client_close(c);
}

static struct clasp_client *
start(void)
{
	struct clasp_client *c = NULL;

	told[0] = seen[0] = '\0';
	units = 0;
	memset(&relay, 0, sizeof relay);
	relay.revision = 1;
	relay.time = 1;
	relay.value = 1;
	clasp_client_config_init(&config);
	config.url = url;
	t_eq_int(clasp_client_new(&loop, &config, &events, NULL, &c), 0, "");
	return c;
}

/* Turn the loop until the text was told; a limit ends a test that hangs. */
static void
on_limit(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void
until(const char *text)
{
	uv_timer_t limit;
	bool late = false;

	uv_timer_init(&loop, &limit);
	limit.data = &late;
	uv_timer_start(&limit, on_limit, 20000, 0);
	while (!strstr(told, text) && !late)
		uv_run(&loop, UV_RUN_ONCE);
	t_check(!late, "'%s' never came; got: %s", text, told);
	uv_close((uv_handle_t *)&limit, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void
finish(struct clasp_client *c)
{
	clasp_client_close(c);
	until("closed");
	clasp_client_free(c);
}

/* --------------------------------------------------------------- the tests */

static void
a_snapshot_belongs_to_who_asked(void)
{
	struct clasp_client *c = start();

	relay.silent_get = true;
	clasp_client_get(c, CLASP_STR("/nothing"), on_done, (void *)"get0");
	clasp_client_get(c, CLASP_STR("/s/1"), on_done, (void *)"get1");
	clasp_client_subscribe_with(c, &(struct clasp_subscribe){
	    .pattern = CLASP_STR("/s/**") }, on_msg, on_done,
	    (void *)"sub");
	clasp_client_get(c, CLASP_STR("/nothing"), on_done, (void *)"get2");
	clasp_client_barrier(c, on_last, (void *)"bar");
	until("closed");
	t_eq_str(told, "open get0:-43:0 get1:0:0 sub/s/1=1 sub/s/2=2 sub:0:0 "
	    "get2:-43:0 bar:0:0 closed:0:0 ", "");
	t_eq_str(seen, "hello ping get get ping subscribe ping get ping ",
	    "");
	clasp_client_free(c);
}

static void
answers_find_their_requests(void)
{
	struct clasp_client *c = start();
	struct clasp_msg set = { .type = CLASP_SET }, msg = { 0 };

	set.set.address = CLASP_STR("/in");
	msg.type = CLASP_BUNDLE;
	msg.bundle.count = 1;
	msg.bundle.messages = &set;
	clasp_client_send(c, &msg, NULL, on_done, (void *)"bundle");
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"a1");
	clasp_client_set(c, CLASP_STR("/locked"), clasp_int(1), on_done,
	    (void *)"locked");
	msg.type = CLASP_PUBLISH;
	msg.publish = (struct clasp_publish){ .kind = CLASP_EVENT,
	    .address = CLASP_STR("/e") };
	clasp_client_send(c, &msg, NULL, on_done, (void *)"e");
	msg.publish.address = CLASP_STR("/forbidden");
	clasp_client_send(c, &msg, NULL, on_done, (void *)"forbidden");
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(2), on_done,
	    (void *)"a2");
	msg.publish.address = CLASP_STR("/e");
	clasp_client_send(c, &msg, NULL, on_last, (void *)"e2");
	until("closed");
	t_eq_str(told, "open bundle:0:0 a1:0:0 locked:-56:401 e:0:0 "
	    "forbidden:-56:301 a2:0:0 e2:0:0 closed:0:0 ", "");
	clasp_client_free(c);
}

static void
a_refused_subscription_is_told_once(void)
{
	struct clasp_client *c = start();

	clasp_client_subscribe_with(c, &(struct clasp_subscribe){
	    .pattern = CLASP_STR("/secret/*") }, on_msg, on_done,
	    (void *)"sub");
	clasp_client_barrier(c, on_last, (void *)"bar");
	until("closed");
	t_eq_str(told, "open sub:-56:301 bar:0:0 closed:0:0 ", "");
	clasp_client_free(c);
}

static void
a_refusal_ends_it(void)
{
	struct clasp_client *c = start();

	relay.refuse = 300;
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"set");
	until("closed");
	t_eq_str(told, "set:-52:0 closed:-56:300 ", "");
	clasp_client_free(c);
}

static void
nobody_listens(void)
{
	struct clasp_client *c;

	relay_stop();
	c = start();
	until("closed");
	t_eq_str(told, "closed:-51:0 ", "");
	clasp_client_free(c);
	relay_start();
}

static void
a_mute_relay_is_given_up(void)
{
	struct clasp_client *c;

	clasp_client_free(start());
	uv_run(&loop, UV_RUN_NOWAIT);
	told[0] = '\0';
	relay.mute = true;
	config.connect_timeout_us = 50000;
	t_eq_int(clasp_client_new(&loop, &config, &events, NULL, &c), 0, "");
	until("closed");
	t_eq_str(told, "closed:-53:0 ", "");
	clasp_client_free(c);
}

static void
after_a_loss_only_news_is_told(void)
{
	struct clasp_client *c = start();

	clasp_client_subscribe(c, CLASP_STR("/s/**"), 0, on_msg,
	    (void *)"");
	until("/s/2=2 ");
	relay.deaf = true;
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"set");
	uv_run(&loop, UV_RUN_NOWAIT);
	relay_stop();
	until("lost ");
	t_eq_str(told, "open /s/1=1 /s/2=2 set:-52:0 lost ", "");
	/* the same revision, but written later: it was started again */
	relay.time = 50;
	relay.value = 5;
	relay.deaf = false;
	told[0] = '\0';
	relay_start();
	until("/s/1=5 ");
	clasp_client_barrier(c, on_done, (void *)"bar");
	until("bar");
	t_eq_str(told, "again /s/1=5 bar:0:0 ", "");
	finish(c);
}

static void
what_a_relay_does_not_look_at_is_told(void)
{
	struct clasp_client *c = start();

	until("open");
	relay.limited = true;
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"a");
	clasp_client_set(c, CLASP_STR("/b"), clasp_int(1), on_done,
	    (void *)"b");
	until("b:");
	t_eq_str(told, "open a:-56:429 b:-56:429 ", "");
	finish(c);
}

static unsigned answered;

static void
on_count(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	(void)user;
	t_eq_int(reply->error, 0, "answer %u", answered);
	if (++answered == 100000)
		clasp_client_close(c);
}

static void
many_may_be_under_way(void)
{
	struct clasp_client *c = start();
	char address[32];
	unsigned i;

	answered = 0;
	for (i = 0; i < 100000; i++) {
		snprintf(address, sizeof address, "/many/%u", i % 1000);
		t_check(clasp_client_set(c, clasp_str_c(address),
		    clasp_int(i), on_count, NULL) == 0, "set %u", i);
	}
	t_check(clasp_client_full(c), "");
	until("closed");
	t_eq_int(answered, 100000, "");
	clasp_client_free(c);
}

static void
a_client_may_have_its_own_loop(void)
{
	struct clasp_client_config bad;
	struct clasp_client *c = NULL;

	clasp_client_config_init(&bad);
	bad.url = "unix:/nonexistent/relay";
	told[0] = '\0';
	t_eq_int(clasp_client_new(NULL, &bad, &events, NULL, &c), 0, "");
	t_eq_int(clasp_client_run(c), CLASP_ECONNECT, "");
	t_eq_str(told, "closed:-51:0 ", "");
	clasp_client_free(c);
	bad.url = "nonsense";
	t_eq_int(clasp_client_new(NULL, &bad, &events, NULL, &c), CLASP_EURL,
	    "");
	clasp_client_free(NULL);
}

/* ------------------------------------------------------- the relay's time */

static void
schedule(struct clasp_client *c, uint64_t at_us, const char *name)
{
	struct clasp_msg set = { .type = CLASP_SET }, msg = { 0 };

	set.set.address = CLASP_STR("/in");
	msg.type = CLASP_BUNDLE;
	msg.bundle.has_timestamp = true;
	msg.bundle.timestamp_us = at_us;
	msg.bundle.count = 1;
	msg.bundle.messages = &set;
	t_eq_int(clasp_client_schedule(c, &msg, NULL, on_done,
	    (void *)name), 0, "");
}

/* How far the bundle is from where it should be: less than the round trips
 * of this machine at its slowest. */
static void
check_bundle(uint64_t at_us, int64_t ahead_us)
{
	int64_t off = (int64_t)(relay.bundle_us - at_us) - ahead_us;

	t_check(off > -1000000 && off < 1000000, "off by %lld us",
	    (long long)off);
}

static void
a_bundle_for_later_waits_for_the_clock(void)
{
	uint64_t at = clasp_clock_server_us() + 300000;
	struct clasp_client *c = start();

	relay.ahead_us = 5000000000;
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"a");
	schedule(c, at, "bundle");
	clasp_client_set(c, CLASP_STR("/b"), clasp_int(1), on_done,
	    (void *)"b");
	t_check(clasp_client_pending(c) > 0, "nothing waits");
	until("b:");
	t_eq_str(told, "open a:0:0 bundle:0:0 b:0:0 ", "");
	t_eq_str(seen, "hello ping set sync bundle set ", "");
	check_bundle(at, 5000000000);
	t_check(clasp_clocksync_true(clasp_client_clock(c)), "not measured");
	/* the next one need not wait */
	seen[0] = '\0';
	schedule(c, at + 1, "next");
	until("next:");
	t_eq_str(seen, "bundle ", "");
	check_bundle(at, 5000000000);
	/* another relay, perhaps: another clock */
	relay_stop();
	until("lost ");
	relay.ahead_us = -5000000000;
	relay_start();
	until("again ");
	schedule(c, at, "again");
	until("again:");
	check_bundle(at, -5000000000);
	finish(c);
}

static void
a_relay_without_time_is_believed_its_welcome(void)
{
	uint64_t at = clasp_clock_server_us() + 300000, before = at;
	struct clasp_client *c = start();
	int64_t ahead;

	relay.timeless = true;
	schedule(c, at, "bundle");
	until("bundle:");
	/* by its WELCOME it is one second past 1970 */
	ahead = (int64_t)(1000000 - before);
	t_check((int64_t)(relay.bundle_us - at) - ahead < 2000000, "%llu",
	    (unsigned long long)relay.bundle_us);
	/* who leaves before has it sent, too */
	relay_stop();
	until("lost ");
	relay_start();
	until("again ");
	relay.bundle_us = 0;
	schedule(c, at, "left");
	finish(c);
	uv_run(&loop, UV_RUN_NOWAIT);
	t_check(relay.bundle_us != 0, "not sent");
}

static void
what_waits_for_the_clock_may_be_lost(void)
{
	struct clasp_client *c = start();

	relay.timeless = true;
	until("open ");
	schedule(c, clasp_clock_server_us(), "bundle");
	clasp_client_set(c, CLASP_STR("/a"), clasp_int(1), on_done,
	    (void *)"a");
	uv_run(&loop, UV_RUN_NOWAIT);
	relay_stop();
	until("lost ");
	t_eq_str(told, "open bundle:-52:0 a:-52:0 lost ", "");
	relay.timeless = false;
	seen[0] = '\0';
	relay_start();
	until("again ");
	clasp_client_barrier(c, on_done, (void *)"end");
	until("end:");
	t_check(strstr(seen, "bundle") == NULL, "%s", seen);
	finish(c);
}

static void
on_any(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *frame, void *user)
{
	(void)c;
	(void)frame;
	(void)user;
	if (msg->type == CLASP_SYNC)
		tell("sync ");
}

/* Who wants the clock has it measured, again and again and anew. */
static void
a_clock_that_is_wanted_is_kept(void)
{
	const struct clasp_client_events watch = { .open = on_open,
	    .lost = on_lost, .message = on_any, .closed = on_closed };
	struct clasp_client *c = NULL;
	int64_t ahead;

	clasp_client_free(start());
	uv_run(&loop, UV_RUN_NOWAIT);
	told[0] = '\0';
	relay.ahead_us = 3600000000;
	t_eq_int(clasp_client_new(&loop, &config, &watch, NULL, &c), 0, "");
	clasp_client_want_clock(c);
	until("sync sync ");
	ahead = (int64_t)(clasp_client_server_us(c) -
	    clasp_clock_server_us());
	t_check(ahead > 3599000000 && ahead < 3601000000, "%lld",
	    (long long)ahead);
	relay_stop();
	until("lost ");
	t_check(clasp_client_clock(c)->samples >= 3, "with the greeting");
	relay.ahead_us = -3600000000;
	relay_start();
	until("again sync ");
	ahead = (int64_t)(clasp_clock_server_us() -
	    clasp_client_server_us(c));
	t_check(ahead > 3599000000 && ahead < 3601000000, "%lld",
	    (long long)ahead);
	finish(c);
}

static void
on_sync(struct clasp_client *c, const struct clasp_exchange *e, void *user)
{
	(void)c;
	if (e == NULL)
		tell("%s:none ", (const char *)user);
	else
		tell("%s:%d ", (const char *)user,
		    (int)((e->offset_us + 1000000000) / 1000000000));
}

static void
an_exchange_tells_its_own(void)
{
	struct clasp_client *c = start();

	relay.ahead_us = 4500000000;
	t_eq_int(clasp_client_sync(c, on_sync, (void *)"early"),
	    CLASP_ECLOSED, "");
	until("open ");
	relay.timeless = true;
	clasp_client_sync(c, on_sync, (void *)"one");
	clasp_client_barrier(c, on_done, (void *)"bar");
	until("bar:");
	relay.timeless = false;
	clasp_client_sync(c, on_sync, (void *)"two");
	until("two:");
	relay.timeless = true;
	clasp_client_sync(c, on_sync, (void *)"three");
	finish(c);
	t_eq_str(told, "open bar:0:0 one:none two:5 three:none "
	    "closed:0:0 ", "");
}

/* ------------------------------------------------------------ the helpers */

static bool
know(struct clasp_known *k, unsigned conn, uint64_t revision, uint64_t time,
    int64_t value)
{
	struct clasp_param p = { .address = CLASP_STR("/k"),
	    .value = clasp_int(value), .revision = revision,
	    .has_timestamp = time != 0, .timestamp_us = time };

	return clasp_known_param(k, conn, &p);
}

static void
known_params_are_recognised(void)
{
	struct clasp_known k;
	struct clasp_set set = { .address = CLASP_STR("/k"),
	    .value = clasp_int(3), .revision = 3, .has_revision = true };

	clasp_known_init(&k);
	t_check(know(&k, 1, 1, 100, 1), "new");
	t_check(!know(&k, 2, 1, 100, 1), "the same");
	t_check(know(&k, 3, 2, 200, 1), "another revision");
	t_check(know(&k, 4, 2, 300, 1), "another time");
	t_check(know(&k, 4, 2, 300, 1), "the same connection, the same");
	t_check(!know(&k, 5, 2, 300, 1), "the same again");
	t_check(know(&k, 6, 2, 300, 9), "another value");
	clasp_known_set(&k, 6, &set, 1000000);
	t_check(!know(&k, 7, 3, 999900, 3), "written before it came");
	clasp_known_set(&k, 7, &set, 1000000);
	t_check(know(&k, 8, 3, 5000000, 3), "written long after it came");
	clasp_known_clear(&k);
}

static void
echoes_are_told_from_others(void)
{
	struct clasp_echo e = { 0 };
	struct clasp_msg m = { .type = CLASP_SET };
	struct clasp_set other;

	m.set.address = CLASP_STR("/e");
	m.set.value = clasp_int(1);
	clasp_echo_sent(&e, &m);
	m.set.value = clasp_int(2);
	clasp_echo_sent(&e, &m);
	other = m.set;
	other.value = clasp_int(9);
	t_check(!clasp_echo_is(&e, &other), "somebody else's");
	other.value = clasp_int(1);
	t_check(clasp_echo_is(&e, &other), "ours");
	clasp_echo_answered(&e);
	t_check(!clasp_echo_is(&e, &other), "once only");
	other.value = clasp_int(2);
	t_check(clasp_echo_is(&e, &other), "ours");
	clasp_echo_answered(&e);
	t_eq_int(e.count, 0, "");
	clasp_echo_clear(&e);
}

static void
a_snapshot_is_put_in_order(void)
{
	static const char *const given[] = { "/b", "/a", "/c", "/a" };
	struct clasp_gather g;
	struct clasp_param p = { 0 };
	unsigned i;

	clasp_gather_init(&g);
	for (i = 0; i < 4; i++) {
		p.address = clasp_str_c(given[i]);
		p.value = clasp_int(i);
		p.revision = i;
		t_eq_int(clasp_gather_param(&g, &p), 0, "");
	}
	clasp_gather_sort(&g);
	t_eq_int(g.count, 3, "");
	for (i = 0; i < 3; i++)
		t_eq_int(g.params[i].address.p[1], 'a' + (int)i, "");
	t_eq_int(g.params[0].value.integer, 3, "the newest");
	clasp_gather_clear(&g);
}

int
main(void)
{
	snprintf(folder, sizeof folder, "/tmp/clasp-test.XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(url, sizeof url, "unix:%s/relay", folder);
	uv_loop_init(&loop);
	clasp_slabs_init(&slabs, 1);
	relay_start();
	t_run(a_snapshot_belongs_to_who_asked);
	t_run(answers_find_their_requests);
	t_run(a_refused_subscription_is_told_once);
	t_run(a_refusal_ends_it);
	t_run(nobody_listens);
	t_run(a_mute_relay_is_given_up);
	t_run(after_a_loss_only_news_is_told);
	t_run(what_a_relay_does_not_look_at_is_told);
	t_run(many_may_be_under_way);
	t_run(a_client_may_have_its_own_loop);
	t_run(a_bundle_for_later_waits_for_the_clock);
	t_run(a_relay_without_time_is_believed_its_welcome);
	t_run(what_waits_for_the_clock_may_be_lost);
	t_run(a_clock_that_is_wanted_is_kept);
	t_run(an_exchange_tells_its_own);
	t_run(known_params_are_recognised);
	t_run(echoes_are_told_from_others);
	t_run(a_snapshot_is_put_in_order);
	relay_stop();
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(uv_loop_close(&loop), 0, "handles left");
	clasp_slabs_clear(&slabs);
	unlink(url + 5);
	rmdir(folder);
	return t_end();
}
