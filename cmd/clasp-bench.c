/*
 * clasp-bench - loads a relay and tells how long messages take.
 *
 * All publishers and subscribers are sessions of this one process, on one
 * loop and one clock.  A value is the number of the publisher and of its
 * message; when that message was to be sent is looked up here, so nothing
 * but a value of the wanted size goes over the wire.
 *
 * With --rate a message's time counts from when it was due, not from when
 * there was room to send it: a relay that stops for a second has delayed all
 * that was due in that second, and the figures show it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/histogram.h"
#include "client/report.h"
#include "tool/cli.h"
#include "tool/lineio.h"

#define RING	(1u << 17)	/* messages under way, of one publisher */
#define SEQ_BITS 40
#define TURN	2048		/* messages sent before others have a turn */
#define LINGER_S 60		/* the values expire after this */
#define ADDRESS_MAX 80

enum { OPT_PUB = CLI_OWN, OPT_SUB, OPT_RATE, OPT_SIZE, OPT_TIME,
	OPT_ADDRESSES, OPT_WINDOW };

static const struct cli_option own[] = {
	{ OPT_PUB, 0, "pub", "N", "publishers; default 1", CLI_ARG, 0, NULL },
	{ OPT_SUB, 0, "sub", "M",
	    "subscribers, each of everything; default 1", CLI_ARG, 0, NULL },
	{ OPT_RATE, 0, "rate", "R",
	    "send R messages a second, by all publishers together; default: "
	    "as fast as they are confirmed", CLI_ARG, 0, NULL },
	{ OPT_SIZE, 0, "size", "B",
	    "values of B bytes; default 8, an int", CLI_ARG, 0, NULL },
	{ OPT_TIME, 0, "time", "D", "send for D; default 5s", CLI_ARG, 0,
	    NULL },
	{ OPT_ADDRESSES, 0, "addresses", "K",
	    "each publisher writes K addresses in turn; default 1", CLI_ARG,
	    0, NULL },
	{ OPT_WINDOW, 0, "window", "W",
	    "without --rate: messages of each publisher that may wait to be "
	    "confirmed; default 64", CLI_ARG, 0, NULL },
	{ CLI_OUTPUT, 'o', "output", "F",
	    "form of the figures: text or json", CLI_ARG,
	    CLI_COMPLETE_WORDS, "text json" },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"one to one, as fast as it goes", "clasp-bench",
	"a thousand a second to a hundred subscribers",
	"clasp-bench --rate 1000 --sub 100 --time 10s",
	"for a script", "clasp-bench -o json --time 1s | jq .latency_us.p99",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-bench",
	.operands = "",
	.summary = "load a relay and measure it",
	.tables = tables,
	.examples = examples
};

struct publisher {
	struct bench	*bench;
	struct clasp_client *client;
	char		*addresses;	/* owned; one behind the other */
	uint64_t	*due_ns;	/* owned; RING of them */
	uint64_t	 sent, answered;
};

struct subscriber {
	struct bench	*bench;
	struct clasp_client *client;
	uint64_t	*last;		/* owned; of each publisher */
};

struct bench {
	long		 npub, nsub, size, naddresses, window;
	double		 rate;		/* 0: none */
	uint64_t	 time_us;
	char		 prefix[30];

	uv_loop_t	*loop;
	uv_poll_t	 poll;		/* of the timer */
	uv_async_t	 wake;		/* a signal came */
	int		 timer;
	struct publisher *pubs;
	struct subscriber *subs;
	uint8_t		*bytes;		/* owned; a value of the size */

	enum { JOINING, SENDING, DRAINING, LEAVING } phase;
	long		 waiting;	/* for this many, in this phase */
	bool		 stalled;	/* a publisher has too much under way */
	uint64_t	 start_ns, end_ns, stop_ns;
	uint64_t	 due;		/* messages, until now */

	uint64_t	 sent, received, refused, disorder, told;
	struct clasp_histogram delivery, answer;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *
need(void *p)
{
	if (!p)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return p;
}

/* ---------------------------------------------------------------- leaving */

static void
leave(struct bench *b)
{
	long i;

	if (b->phase == LEAVING)
		return;
	b->phase = LEAVING;
	for (i = 0; i < b->npub; i++)
		clasp_client_close(b->pubs[i].client);
	for (i = 0; i < b->nsub; i++)
		clasp_client_close(b->subs[i].client);
	uv_close((uv_handle_t *)&b->poll, NULL);
	uv_close((uv_handle_t *)&b->wake, NULL);
}

static void
on_closed(struct clasp_client *c, int error, uint16_t code, const char *why,
    void *user)
{
	struct bench *b = user;

	(void)c;
	/* one line says it for all of them */
	if (b->phase != LEAVING)
		clasp_report_closed(error, code, why);
	leave(b);
}

static void
on_message(struct clasp_client *c, const struct clasp_msg *msg,
    const struct clasp_frame *frame, void *user)
{
	struct bench *b = user;

	(void)c;
	(void)frame;
	if (msg->type != CLASP_ERROR)
		return;
	/* the first of what may be thousands */
	if (b->told++ == 0)
		cli_warn(cli.url, "%.*s", CLASP_STR_ARG(msg->error.message));
	if (b->phase != JOINING)
		cli_fail(msg->error.code == 503 ? CLI_DROPS :
		    clasp_report_exit(msg->error.code));
}

/* -------------------------------------------------------------- draining */

static void
on_subscriber_done(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct bench *b = user;

	(void)c;
	(void)reply;
	if (b->phase == DRAINING && --b->waiting == 0)
		leave(b);
}

/* The relay has worked off all that was sent; now all that it sent. */
static void
on_publisher_done(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct bench *b = user;
	long i;

	(void)c;
	(void)reply;
	if (b->phase != DRAINING || --b->waiting > 0)
		return;
	b->waiting = b->nsub;
	for (i = 0; i < b->nsub; i++)
		clasp_client_barrier(b->subs[i].client, on_subscriber_done,
		    b);
	if (b->nsub == 0)
		leave(b);
}

static void
drain(struct bench *b)
{
	long i;

	if (b->phase != SENDING)
		return;
	b->phase = DRAINING;
	b->stop_ns = now_ns();
	b->waiting = b->npub;
	for (i = 0; i < b->npub; i++)
		clasp_client_barrier(b->pubs[i].client, on_publisher_done, b);
}

/* --------------------------------------------------------------- sending */

static void pump(struct bench *b);

static uint64_t
number_of(const struct bench *b, const struct publisher *p)
{
	return (uint64_t)(p - b->pubs) << SEQ_BITS | p->sent;
}

static void
on_answer(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct publisher *p = user;
	struct bench *b = p->bench;
	uint64_t due = p->due_ns[p->answered++ % RING];

	(void)c;
	if (reply->error == 0)
		clasp_histogram_add(&b->answer, now_ns() - due);
	else if (reply->error == CLASP_EREFUSED)
		b->refused++;
	if (b->phase == SENDING && (b->stalled || b->rate <= 0))
		pump(b);
}

static void
send_one(struct bench *b, struct publisher *p, uint64_t due_ns)
{
	struct clasp_msg msg = { .type = CLASP_SET };
	uint64_t number = number_of(b, p);
	int r;

	msg.set.address = clasp_str_c(p->addresses +
	    p->sent % (uint64_t)b->naddresses * ADDRESS_MAX);
	msg.set.value = clasp_int((int64_t)number);
	if (b->size > 8) {
		clasp_store64(b->bytes, number);
		msg.set.value = clasp_bytes(clasp_str_of(
		    (const char *)b->bytes, (size_t)b->size));
	}
	msg.set.has_ttl = true;
	msg.set.ttl = LINGER_S;
	p->due_ns[p->sent % RING] = due_ns;
	p->sent++;
	b->sent++;
	r = clasp_client_send(p->client, &msg, NULL, on_answer, p);
	if (r < 0 && r != CLASP_ECLOSED)
		cli_die(CLI_USAGE, NULL, "%s", clasp_strerror(r));
}

static bool
has_room(const struct bench *b, struct publisher *p)
{
	if (b->rate <= 0)
		return p->sent - p->answered < (uint64_t)b->window;
	return !clasp_client_full(p->client) &&
	    p->sent - p->answered < RING / 2;
}

static uint64_t
due_at(const struct bench *b, uint64_t i)
{
	return b->start_ns + (uint64_t)((double)i * 1e9 / b->rate);
}

static void
arm(struct bench *b, uint64_t at_ns)
{
	struct itimerspec when = { 0 };

	if (at_ns > b->end_ns)
		at_ns = b->end_ns;
	when.it_value.tv_sec = (time_t)(at_ns / 1000000000u);
	when.it_value.tv_nsec = (long)(at_ns % 1000000000u);
	timerfd_settime(b->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* What is due by the clock; publishers take turns. */
static void
send_by_rate(struct bench *b)
{
	uint64_t now = now_ns();
	struct publisher *p;
	unsigned n = 0;

	b->stalled = false;
	while (due_at(b, b->due) <= now && due_at(b, b->due) < b->end_ns) {
		p = &b->pubs[b->due % (uint64_t)b->npub];
		if (!has_room(b, p)) {
			b->stalled = true;
			arm(b, b->end_ns);
			return;
		}
		send_one(b, p, due_at(b, b->due));
		b->due++;
		if (++n == TURN)
			break;
	}
	arm(b, due_at(b, b->due));
}

/* As much as each publisher may have under way. */
static void
send_by_window(struct bench *b)
{
	long i;

	for (i = 0; i < b->npub; i++)
		while (has_room(b, &b->pubs[i]))
			send_one(b, &b->pubs[i], now_ns());
	arm(b, b->end_ns);
}

static void
pump(struct bench *b)
{
	if (b->phase != SENDING)
		return;
	if (now_ns() >= b->end_ns)
		drain(b);
	else if (b->rate > 0)
		send_by_rate(b);
	else
		send_by_window(b);
}

static void
on_timer(uv_poll_t *poll, int status, int events)
{
	struct bench *b = poll->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(b->timer, &times, sizeof times) > 0)
		pump(b);
}

static void
on_drained(struct clasp_client *c, void *user)
{
	struct bench *b = user;

	(void)c;
	if (b->stalled)
		pump(b);
}

/* ------------------------------------------------------------- receiving */

static bool
number_in(const struct clasp_value *v, uint64_t *out)
{
	if (v->type == CLASP_INT)
		*out = (uint64_t)v->integer;
	else if (v->type == CLASP_BYTES && v->string.len >= 8)
		*out = clasp_load64(v->string.p);
	else
		return false;
	return true;
}

static void
on_delivery(struct clasp_client *c, const struct clasp_delivery *d,
    void *user)
{
	struct subscriber *s = user;
	struct bench *b = s->bench;
	uint64_t number, who, seq;
	struct publisher *p;

	(void)c;
	if (d->snapshot || d->msg->type != CLASP_SET ||
	    !number_in(&d->msg->set.value, &number))
		return;
	who = number >> SEQ_BITS;
	seq = number & ((UINT64_C(1) << SEQ_BITS) - 1);
	if (who >= (uint64_t)b->npub)
		return;
	p = &b->pubs[who];
	if (seq >= p->sent)
		return;
	/* numbers from 1, so that 0 is none */
	if (seq + 1 <= s->last[who])
		b->disorder++;
	else
		s->last[who] = seq + 1;
	b->received++;
	clasp_histogram_add(&b->delivery, now_ns() - p->due_ns[seq % RING]);
}

/* --------------------------------------------------------------- joining */

static void
start(struct bench *b)
{
	b->phase = SENDING;
	b->start_ns = now_ns();
	b->end_ns = b->start_ns + b->time_us * 1000;
	pump(b);
}

/* Connected, or subscribed. */
static void
on_joined(struct clasp_client *c, const struct clasp_reply *reply, void *user)
{
	struct bench *b = user;

	(void)c;
	if (reply->error == CLASP_EREFUSED) {
		cli_fail(clasp_report_exit(reply->code));
		leave(b);
	}
	if (b->phase == JOINING && reply->error == 0 && --b->waiting == 0)
		start(b);
}

static void
on_subscribed(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	on_joined(c, reply, ((struct subscriber *)user)->bench);
}

static struct clasp_client *
join(struct bench *b)
{
	static const struct clasp_client_events events = {
		.drained = on_drained,
		.message = on_message,
		.closed = on_closed
	};
	struct clasp_client_config config;

	clasp_report_config(&config);
	config.nostate = true;
	config.reconnect = false;
	b->waiting++;
	return clasp_report_client(b->loop, &config, &events, b);
}

static void
join_publisher(struct bench *b, struct publisher *p)
{
	size_t one = ADDRESS_MAX;
	long i;

	p->bench = b;
	p->client = join(b);
	p->due_ns = need(calloc(RING, sizeof *p->due_ns));
	p->addresses = need(calloc((size_t)b->naddresses, one));
	for (i = 0; i < b->naddresses; i++)
		snprintf(p->addresses + (size_t)i * one, one, "%s/%ld/%ld",
		    b->prefix, (long)(p - b->pubs), i);
	clasp_client_barrier(p->client, on_joined, b);
}

static void
join_subscriber(struct bench *b, struct subscriber *s)
{
	struct clasp_subscribe ask = { .types = 1u << CLASP_PARAM };
	char pattern[80];

	s->bench = b;
	s->client = join(b);
	s->last = need(calloc((size_t)b->npub, sizeof *s->last));
	snprintf(pattern, sizeof pattern, "%s/**", b->prefix);
	ask.pattern = clasp_str_c(pattern);
	if (clasp_client_subscribe_with(s->client, &ask, on_delivery,
	    on_subscribed, s) < 0)
		need(NULL);
}

static void
on_wake(uv_async_t *wake)
{
	struct bench *b = wake->data;

	if (b->phase == SENDING)
		drain(b);
	else
		leave(b);
}

static uv_async_t *awake;

static void
on_signal(int signal)
{
	(void)signal;
	uv_async_send(awake);
}

static void
join_all(struct bench *b)
{
	struct rlimit limit;
	long i;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	b->loop = uv_default_loop();
	b->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (b->timer < 0)
		cli_die(CLI_UNREACHABLE, NULL, "%s", cli_strerror(errno));
	uv_async_init(b->loop, &b->wake, on_wake);
	awake = &b->wake;
	uv_poll_init(b->loop, &b->poll, b->timer);
	b->poll.data = b->wake.data = b;
	uv_poll_start(&b->poll, UV_READABLE, on_timer);
	cli_signals(on_signal);
	b->bytes = need(calloc(1, (size_t)b->size));
	b->pubs = need(calloc((size_t)b->npub, sizeof *b->pubs));
	b->subs = need(calloc((size_t)b->nsub + 1, sizeof *b->subs));
	for (i = 0; i < b->nsub; i++)
		join_subscriber(b, &b->subs[i]);
	for (i = 0; i < b->npub; i++)
		join_publisher(b, &b->pubs[i]);
}

static void
free_all(struct bench *b)
{
	long i;

	for (i = 0; i < b->npub; i++) {
		clasp_client_free(b->pubs[i].client);
		free(b->pubs[i].addresses);
		free(b->pubs[i].due_ns);
	}
	for (i = 0; i < b->nsub; i++) {
		clasp_client_free(b->subs[i].client);
		free(b->subs[i].last);
	}
	free(b->pubs);
	free(b->subs);
	free(b->bytes);
	close(b->timer);
}

/* --------------------------------------------------------------- figures */

static const struct {
	const char	*name;
	double		 q;
} quantiles[] = {
	{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99.9", 0.999 },
	{ "max", 1 }
};
#define QUANTILES (sizeof quantiles / sizeof *quantiles)

static void
print(const char *format, ...)
{
	struct clasp_buf line = { 0 };
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	clasp_buf_add_c(&line, text);
	cli_out_bytes(line.data, line.len);
	clasp_buf_clear(&line);
}

static double
seconds_of(const struct bench *b)
{
	return (double)(b->stop_ns - b->start_ns) / 1e9;
}

/* All that should have come and did not. */
static uint64_t
lost(const struct bench *b)
{
	uint64_t wanted = (b->sent - b->refused) * (uint64_t)b->nsub;

	return wanted > b->received ? wanted - b->received : 0;
}

static void
spread_text(const char *name, const struct clasp_histogram *h)
{
	size_t i;

	if (h->count == 0)
		return;
	print("%-12s", name);
	for (i = 0; i < QUANTILES; i++)
		print(" %10.3f", (double)clasp_histogram_quantile(h,
		    quantiles[i].q) / 1e6);
	print("\n");
}

static void
print_text(const struct bench *b)
{
	double s = seconds_of(b);
	size_t i;

	print("%ld publisher%s, %ld subscriber%s, values of %ld bytes, ",
	    b->npub, b->npub == 1 ? "" : "s", b->nsub,
	    b->nsub == 1 ? "" : "s", b->size);
	if (b->rate > 0)
		print("%g/s asked for, %.2f s\n", b->rate, s);
	else
		print("%ld under way, %.2f s\n", b->window * b->npub, s);
	print("%-12s %10llu %10.0f/s\n", "sent",
	    (unsigned long long)b->sent, (double)b->sent / s);
	if (b->nsub > 0) {
		print("%-12s %10llu %10.0f/s\n", "received",
		    (unsigned long long)b->received,
		    (double)b->received / s);
		print("%-12s %10llu\n", "lost", (unsigned long long)lost(b));
		print("%-12s %10llu\n", "out of order",
		    (unsigned long long)b->disorder);
	}
	if (b->refused)
		print("%-12s %10llu\n", "refused",
		    (unsigned long long)b->refused);
	print("%-12s", "ms");
	for (i = 0; i < QUANTILES; i++)
		print(" %10s", quantiles[i].name);
	print("\n");
	spread_text("delivery", &b->delivery);
	spread_text("answer", &b->answer);
}

static void
spread_json(const char *name, const struct clasp_histogram *h)
{
	size_t i;

	if (h->count == 0) {
		print(",\"%s\":null", name);
		return;
	}
	print(",\"%s\":{", name);
	for (i = 0; i < QUANTILES; i++)
		print("%s\"%s\":%.1f", i ? "," : "", quantiles[i].name,
		    (double)clasp_histogram_quantile(h, quantiles[i].q) /
		    1e3);
	print("}");
}

static void
print_json(const struct bench *b)
{
	double s = seconds_of(b);

	print("{\"pub\":%ld,\"sub\":%ld,\"size\":%ld,\"addresses\":%ld,",
	    b->npub, b->nsub, b->size, b->naddresses);
	if (b->rate > 0)
		print("\"rate\":%g,", b->rate);
	else
		print("\"rate\":null,");
	print("\"seconds\":%.3f,\"sent\":%llu,\"sent_rate\":%.1f,", s,
	    (unsigned long long)b->sent, (double)b->sent / s);
	print("\"received\":%llu,\"received_rate\":%.1f,",
	    (unsigned long long)b->received, (double)b->received / s);
	print("\"lost\":%llu,\"out_of_order\":%llu,\"refused\":%llu",
	    (unsigned long long)lost(b), (unsigned long long)b->disorder,
	    (unsigned long long)b->refused);
	spread_json("latency_us", &b->delivery);
	spread_json("answer_us", &b->answer);
	print("}\n");
}

static void
tell(const struct bench *b)
{
	/* nothing was measured */
	if (b->stop_ns == 0)
		return;
	if (cli.output && strcmp(cli.output, "json") == 0)
		print_json(b);
	else
		print_text(b);
	if (lost(b) || b->disorder)
		cli_fail(CLI_DROPS);
}

/* ----------------------------------------------------------------- main */

static void
take_option(struct bench *b, int id)
{
	switch (id) {
	case OPT_PUB:
		b->npub = cli_arg_number(1, 100000);
		break;
	case OPT_SUB:
		b->nsub = cli_arg_number(0, 100000);
		break;
	case OPT_RATE:
		b->rate = cli_arg_rate();
		if (b->rate <= 0 || b->rate > 1e8)
			cli_arg_bad("more than 0, at most 100000000");
		break;
	case OPT_SIZE:
		b->size = cli_arg_number(8, 65000);
		break;
	case OPT_TIME:
		b->time_us = cli_arg_duration_us();
		if (b->time_us == 0)
			cli_arg_bad("must be more than nothing");
		break;
	case OPT_ADDRESSES:
		b->naddresses = cli_arg_number(1, 1000000);
		break;
	case OPT_WINDOW:
		b->window = cli_arg_number(1, RING / 2);
		break;
	}
}

int
main(int argc, char **argv)
{
	static struct bench b = { .npub = 1, .nsub = 1, .size = 8,
	    .naddresses = 1, .window = 64, .time_us = 5000000 };
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		take_option(&b, id);
	cli_check_count(0, 0, "operand");
	snprintf(b.prefix, sizeof b.prefix, "/bench/%ld", (long)getpid());
	join_all(&b);
	uv_run(b.loop, UV_RUN_DEFAULT);
	tell(&b);
	free_all(&b);
	cli_end();
}
