/* server.c - see server.h */
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/server.h"
#include "wire/frame.h"
#include "wire/message.h"

#define LISTENERS	16
#define BURST		(192u << 10)	/* for one peer in one turn */
#define SWEEP_MIN_S	10	/* between looks for idle sessions */
#define LAST_READ_MS	500	/* for what arrived before the end */
#define GOODBYE_MS	1000	/* what a link takes for its own end */
#define FRAME_TIMED	0x20	/* flag bit: a time stands before the payload */

struct clasp_server {
	uv_loop_t	*loop;
	struct clasp_server_config config;
	struct clasp_router *router;
	struct clasp_listener *listeners[LISTENERS];
	int		 nlisteners;
	struct conn	*first;		/* of all connections */
	unsigned	 count;
	struct conn	**woken;	/* owned; in the order of waking */
	size_t		 nwoken, woken_cap;
	uv_prepare_t	 prepare;
	uv_check_t	 check;
	uv_poll_t	 timer;		/* the router's next time */
	int		 timer_fd;
	uv_timer_t	 sweep;
	uv_timer_t	 drain;
	uv_idle_t	 last_turn;
	uv_idle_t	 again;		/* something is to be done at once */
	uint64_t	 due_us;	/* what the timer is set to */
	uint64_t	 now_us;	/* the clock as last read ... */
	const struct clasp_link *now_link;	/* ... for what this one */
	uint32_t	 now_reads;	/* read at one time */
	struct clasp_latency latency;
	int		 stopping;	/* turns of the loop since */
	bool		 patient;	/* queues are waited for */
	uint64_t	 read_before;	/* messages, when stopping */
	uint64_t	 read_until;	/* uv_now, at the latest */
	int		 handles;	/* and connections, when being freed */
	bool		 freeing;
};

struct conn {
	struct clasp_server *server;
	struct clasp_link *link;
	struct clasp_session *session;
	struct conn	*next, *prev;
	size_t		 woken;		/* place in the list + 1; 0: none */
	bool		 paused;
	int		 pending;	/* held by the system, last asked */
	uint16_t	 leaving;	/* code of the close that waits for
					 * the queue; 0: none */
};

static uint64_t
read_clock(struct clasp_server *server)
{
	server->now_us = clasp_clock_server_us();
	return server->now_us;
}

/* ------------------------------------------------------ from the router */

static void
on_wake(struct clasp_session *s, void *user)
{
	struct conn *c = user;
	struct clasp_server *server = c->server;
	struct conn **list;
	size_t cap;

	(void)s;
	if (c->woken)
		return;
	if (server->nwoken == server->woken_cap) {
		cap = server->woken_cap ? server->woken_cap * 2 : 64;
		list = realloc(server->woken, cap * sizeof *list);
		if (!list)
			return;		/* the next frame wakes it again */
		server->woken = list;
		server->woken_cap = cap;
	}
	server->woken[server->nwoken++] = c;
	c->woken = server->nwoken;
}

static void
on_flush(struct clasp_session *s, void *user)
{
	struct conn *c = user;

	(void)s;
	clasp_link_flush(c->link);
}

static void
on_close(struct clasp_session *s, void *user, int code, const char *reason)
{
	struct conn *c = user;

	(void)s;
	/* A link gives its queue a second; at the end there is more time. */
	if (c->server->patient && c->link->out->bytes > 0)
		c->leaving = (uint16_t)code;
	else
		clasp_link_close(c->link, code, reason);
}

static void
on_pause(struct clasp_session *s, void *user, bool pause)
{
	struct conn *c = user;

	(void)s;
	c->paused = pause;
	clasp_link_read(c->link, !pause);
}

static void
on_log(void *user, int level, const char *text,
    const struct clasp_log_about *about)
{
	const struct clasp_server *server = user;

	if (server->config.log && level <= server->config.log_level)
		server->config.log(server->config.user, level, text, about);
}

static uint64_t
on_clock(void *user)
{
	(void)user;
	return clasp_clock_server_us();
}

static bool
on_taking(struct clasp_session *s, void *user)
{
	struct conn *c = user;
	int before = c->pending;

	(void)s;
	c->pending = clasp_link_pending(c->link);
	return c->pending >= 0 && c->pending < before;
}

static const struct clasp_router_events router_events = {
	.wake = on_wake,
	.flush = on_flush,
	.close = on_close,
	.pause = on_pause,
	.log = on_log,
	.clock = on_clock,
	.taking = on_taking,
};

static uint64_t
memory_used(void *user)
{
	size_t bytes;

	(void)user;
	return uv_resident_set_memory(&bytes) == 0 ? bytes : 0;
}

static bool
peer_address(void *user, char *out, size_t size)
{
	const struct conn *c = user;

	return clasp_link_peer(c->link, out, size);
}

static const struct clasp_router_host router_host = {
	.memory = memory_used,
	.address = peer_address,
};

/* ------------------------------------------------------- from the links */

/* A frame of the kinds that come in crowds? */
static bool
is_common(const uint8_t *bytes, size_t len)
{
	return len > CLASP_FRAME_HEAD &&
	    (bytes[CLASP_FRAME_HEAD] == CLASP_SET ||
	    bytes[CLASP_FRAME_HEAD] == CLASP_PUBLISH);
}

/*
 * Reading the clock is a good part of what a SET costs, so those that came
 * together share one reading.  All others, a SYNC above all, get their own.
 */
static uint64_t
time_of(struct clasp_server *server, const struct clasp_link *link,
    const uint8_t *bytes, size_t len)
{
	if (server->now_link == link && server->now_reads == link->reads &&
	    is_common(bytes, len))
		return server->now_us;
	server->now_link = link;
	server->now_reads = link->reads;
	return read_clock(server);
}

/* The type of the first message, 0 when it does not show. */
static uint8_t
type_of(const uint8_t *bytes, size_t len)
{
	size_t at = CLASP_FRAME_HEAD;

	if (len > 1 && (bytes[1] & FRAME_TIMED))
		at = CLASP_FRAME_HEAD_TIMED;
	return len > at && clasp_msg_name(bytes[at]) ? bytes[at] : 0;
}

/* -vv: what came, before anything is done with it. */
static void
trace_unit(const struct conn *c, const uint8_t *bytes, size_t len)
{
	const char *id = clasp_session_id(c->session);
	struct clasp_log_about about = { .session = clasp_str_c(id) };
	uint8_t type = type_of(bytes, len);
	char line[120];

	if (id[0] == '\0')
		about.session = CLASP_STR_NONE;
	snprintf(line, sizeof line, "%s%s: got %s, %zu bytes",
	    id[0] ? "session " : "connection", id,
	    type ? clasp_msg_name(type) : "what does not begin as a message",
	    len);
	on_log(c->server, CLASP_LOG_TRACE, line, &about);
}

static int
on_unit(struct clasp_link *link, const uint8_t *bytes, size_t len,
    size_t *used, void *user)
{
	struct conn *c = user;
	struct clasp_server *server = c->server;
	uint64_t now_us = time_of(server, link, bytes, len), begun;
	uint8_t type;
	int more;

	if (server->config.log_level >= CLASP_LOG_TRACE)
		trace_unit(c, bytes, len);
	if (!clasp_latency_wanted(&server->latency,
	    len > CLASP_FRAME_HEAD ? bytes[CLASP_FRAME_HEAD] : 0))
		return clasp_session_input(c->session, bytes, len, now_us,
		    used);
	type = type_of(bytes, len);
	begun = clasp_clock_mono_ns();
	more = clasp_session_input(c->session, bytes, len, now_us, used);
	clasp_latency_add(&server->latency, type,
	    clasp_clock_mono_ns() - begun);
	return more;
}

static void
leave(struct conn *c)
{
	int code = c->leaving;

	c->leaving = 0;
	clasp_link_close(c->link, code, "shutting down");
}

static void
on_sent(struct clasp_link *link, size_t n, void *user)
{
	struct conn *c = user;

	clasp_session_sent(c->session, n, read_clock(c->server));
	if (c->leaving && link->out->bytes == 0)
		leave(c);
}

static void
on_stalled(struct clasp_link *link, void *user)
{
	struct conn *c = user;

	(void)link;
	clasp_session_stalled(c->session);
}

static void
on_leaving(struct clasp_link *link, void *user)
{
	struct conn *c = user;

	(void)link;
	clasp_session_leave(c->session, read_clock(c->server));
}

static void
finish_stop(struct clasp_server *server)
{
	if (!server->config.stopped)
		return;
	uv_timer_stop(&server->drain);
	server->config.stopped(server->config.user);
	server->config.stopped = NULL;
}

static void
release(struct clasp_server *server)
{
	if (--server->handles > 0)
		return;
	clasp_router_free(server->router);
	close(server->timer_fd);
	free(server->woken);
	free(server);
}

/* Also of one that closes without HELLO: then it has no session. */
static void
tell_closed(const struct conn *c, const char *reason)
{
	struct clasp_log_about about = {
		.session = clasp_str_c(clasp_session_id(c->session))
	};
	char line[256];

	if (about.session.len == 0)
		about.session = CLASP_STR_NONE;
	snprintf(line, sizeof line, "connection closed: %s", reason);
	on_log(c->server, CLASP_LOG_DEBUG, line, &about);
}

static void
on_closed(struct clasp_link *link, int error, const char *reason, void *user)
{
	struct conn *c = user;
	struct clasp_server *server = c->server;

	(void)error;
	tell_closed(c, reason);
	if (server->now_link == link)
		server->now_link = NULL;
	if (c->woken)
		server->woken[c->woken - 1] = NULL;
	*(c->prev ? &c->prev->next : &server->first) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	server->count--;
	clasp_session_close(c->session, read_clock(server));
	free(c);
	if (server->freeing)
		release(server);
	else if (server->stopping > 2 && server->count == 0)
		finish_stop(server);
}

static const struct clasp_link_events link_events = {
	.unit = on_unit,
	.sent = on_sent,
	.stalled = on_stalled,
	.leaving = on_leaving,
	.closed = on_closed,
};

/* A link that nobody could be found for. */
static int
refuse_unit(struct clasp_link *link, const uint8_t *bytes, size_t len,
    size_t *used, void *user)
{
	(void)link;
	(void)bytes;
	(void)len;
	(void)used;
	(void)user;
	return 0;
}

static void
refuse_closed(struct clasp_link *link, int error, const char *reason,
    void *user)
{
	(void)link;
	(void)error;
	(void)reason;
	(void)user;
}

static const struct clasp_link_events refuse_events = {
	.unit = refuse_unit,
	.closed = refuse_closed,
};

static void
on_accept(struct clasp_link *link, void *user)
{
	struct clasp_server *server = user;
	struct conn *c = calloc(1, sizeof *c);
	uint64_t age_us;

	/* The time for HELLO runs from the accept. */
	age_us = (uv_now(server->loop) - link->begun_ms) * 1000;
	if (c)
		c->session = clasp_session_open(server->router, link->framing,
		    c, read_clock(server) - age_us);
	if (!c || !c->session) {
		free(c);
		link->events = &refuse_events;
		clasp_link_close(link, CLASP_CLOSE_INTERNAL, "out of memory");
		return;
	}
	c->server = server;
	c->link = link;
	c->next = server->first;
	if (c->next)
		c->next->prev = c;
	server->first = c;
	server->count++;
	link->events = &link_events;
	link->user = c;
	link->out = clasp_session_outq(c->session);
}

/* -------------------------------------------------------- the loop's turn */

/* An active idle handle is all that is wanted: the loop does not wait. */
static void
on_idle(uv_idle_t *idle)
{
	(void)idle;
}

/*
 * Flush those who were given something, each once.  Who is woken by that, as
 * one whose snapshot goes on, waits for the next time: others come first.
 */
static void
flush_woken(struct clasp_server *server)
{
	size_t i, n, left;
	struct conn *c;

	clasp_router_settle(server->router);
	n = server->nwoken;
	for (i = 0; i < n; i++) {
		c = server->woken[i];
		if (!c)
			continue;
		c->woken = 0;
		clasp_link_flush(c->link);
	}
	left = server->nwoken - n;
	server->nwoken = left;
	for (i = 0; i < left; i++) {
		c = server->woken[i] = server->woken[n + i];
		if (c)
			c->woken = i + 1;
	}
	if (left > 0 || clasp_router_ready(server->router))
		uv_idle_start(&server->again, on_idle);
	else
		uv_idle_stop(&server->again);
}

/*
 * The loop's timers count milliseconds; what is scheduled is to come out
 * sooner than that.  A timer set too early is left alone: it costs one look.
 */
static void
arm(struct clasp_server *server, uint64_t due, uint64_t now)
{
	struct itimerspec when = { 0 };
	uint64_t in = due > now ? due - now : 0;

	if (due >= server->due_us)
		return;
	server->due_us = due;
	when.it_value.tv_sec = (time_t)(in / 1000000);
	when.it_value.tv_nsec = (long)(in % 1000000) * 1000;
	if (in == 0)
		when.it_value.tv_nsec = 1;
	timerfd_settime(server->timer_fd, 0, &when, NULL);
}

/* Have the router do what is due, and come back when it wants. */
static void
tick(struct clasp_server *server)
{
	uint64_t now = read_clock(server);
	uint64_t due = clasp_router_tick(server->router, now);

	/* what the tick took must not be waited for once more */
	arm(server, due, read_clock(server));
}

static void
on_due(uv_poll_t *timer, int status, int events)
{
	struct clasp_server *server = timer->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(server->timer_fd, &times, sizeof times) < 0) {
		/* set anew since: it will come again */
	}
	server->due_us = UINT64_MAX;
	tick(server);
}

/* Before the loop waits: what timers and tasks queued. */
static void
on_prepare(uv_prepare_t *prepare)
{
	flush_woken(prepare->data);
}

/*
 * When a turn has read nothing more that was there, say goodbye; and after a
 * while to those who never stop talking.
 */
static void
last_turn(struct clasp_server *server)
{
	struct clasp_router_stats stats;

	clasp_router_stats(server->router, &stats);
	if (stats.messages_in != server->read_before &&
	    uv_now(server->loop) < server->read_until) {
		server->read_before = stats.messages_in;
		server->stopping = 1;
		return;
	}
	if (++server->stopping <= 2)
		return;
	uv_idle_stop(&server->last_turn);
	clasp_router_shutdown(server->router, read_clock(server));
	flush_woken(server);
	if (server->count == 0)
		finish_stop(server);
}

static void
on_check(uv_check_t *check)
{
	struct clasp_server *server = check->data;

	tick(server);
	flush_woken(server);
	if (server->stopping > 0 && server->stopping <= 2)
		last_turn(server);
}

static void
on_sweep(uv_timer_t *timer)
{
	struct clasp_server *server = timer->data;
	uint64_t limit = (uint64_t)server->config.session_timeout_s * 1000;
	uint64_t now = uv_now(server->loop);
	struct conn *c;

	for (c = server->first; c; c = c->next)
		if (!c->paused && now - c->link->heard_ms >= limit &&
		    clasp_session_established(c->session))
			clasp_session_dismiss(c->session, 502,
			    "session timed out", CLASP_CLOSE_GOING_AWAY,
			    read_clock(server));
}

/* ----------------------------------------------------------- the server */

void
clasp_server_config_init(struct clasp_server_config *config)
{
	*config = (struct clasp_server_config){
		.session_timeout_s = 300,
		.drain_s = 30,
		.log_level = CLASP_LOG_INFO,
	};
	clasp_router_config_init(&config->router);
	config->router.burst_bytes = BURST;
}

static void
init_handles(struct clasp_server *server)
{
	uv_loop_t *loop = server->loop;
	uint64_t every = server->config.session_timeout_s / 4;

	uv_prepare_init(loop, &server->prepare);
	uv_check_init(loop, &server->check);
	uv_poll_init(loop, &server->timer, server->timer_fd);
	uv_timer_init(loop, &server->sweep);
	uv_timer_init(loop, &server->drain);
	uv_idle_init(loop, &server->last_turn);
	uv_idle_init(loop, &server->again);
	server->prepare.data = server->check.data = server->timer.data =
	    server->sweep.data = server->drain.data =
	    server->last_turn.data = server->again.data = server;
	uv_poll_start(&server->timer, UV_READABLE, on_due);
	uv_prepare_start(&server->prepare, on_prepare);
	uv_check_start(&server->check, on_check);
	every = (every > SWEEP_MIN_S ? every : SWEEP_MIN_S) * 1000;
	if (server->config.session_timeout_s)
		uv_timer_start(&server->sweep, on_sweep, every, every);
}

int
clasp_server_new(uv_loop_t *loop, const struct clasp_server_config *config,
    struct clasp_server **out)
{
	struct clasp_server *server = calloc(1, sizeof *server);
	struct clasp_router_events events = router_events;

	if (!server)
		return CLASP_ENOMEM;
	server->loop = loop;
	server->config = *config;
	server->due_us = UINT64_MAX;
	if (!config->log)
		events.log = NULL;
	server->router = clasp_router_new(&config->router, &events, server);
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC,
	    TFD_NONBLOCK | TFD_CLOEXEC);
	if (!server->router || server->timer_fd < 0) {
		if (server->timer_fd >= 0)
			close(server->timer_fd);
		clasp_router_free(server->router);
		free(server);
		return CLASP_ENOMEM;
	}
	clasp_router_set_host(server->router, &router_host);
	init_handles(server);
	tick(server);
	*out = server;
	return 0;
}

static void
on_arrival(const char *peer, void *user)
{
	const struct clasp_server *server = user;
	struct clasp_log_about about = { .peer = clasp_str_c(peer) };
	char line[160];

	snprintf(line, sizeof line, "connection from %s", peer);
	server->config.log(server->config.user, CLASP_LOG_DEBUG, line,
	    &about);
}

int
clasp_server_listen(struct clasp_server *server, const struct clasp_url *url,
    const struct clasp_listener **out, const char **why)
{
	struct clasp_listener *listener;
	int error;

	if (server->nlisteners == LISTENERS) {
		*why = "too many listeners";
		return CLASP_EBIND;
	}
	error = clasp_listen(server->loop, url, on_accept, server, &listener,
	    why);
	if (error)
		return error;
	if (server->config.log && server->config.log_level >= CLASP_LOG_DEBUG)
		clasp_listener_watch(listener, on_arrival, server);
	server->listeners[server->nlisteners++] = listener;
	*out = listener;
	return 0;
}

struct clasp_router *
clasp_server_router(struct clasp_server *server)
{
	return server->router;
}

const struct clasp_latency *
clasp_server_latency(const struct clasp_server *server)
{
	return &server->latency;
}

static void
on_drained(uv_timer_t *timer)
{
	finish_stop(timer->data);
}

/* Those who still did not take their queues get what a link gives them. */
static void
on_impatient(uv_timer_t *timer)
{
	struct clasp_server *server = timer->data;
	struct conn *c;

	server->patient = false;
	for (c = server->first; c; c = c->next)
		if (c->leaving)
			leave(c);
	uv_timer_start(timer, on_drained, GOODBYE_MS, 0);
}

static void
close_listeners(struct clasp_server *server)
{
	while (server->nlisteners > 0)
		clasp_listener_close(
		    server->listeners[--server->nlisteners]);
}

void
clasp_server_stop(struct clasp_server *server)
{
	uint64_t ms = (uint64_t)server->config.drain_s * 1000;

	if (server->stopping)
		return;
	server->stopping = 1;
	server->read_until = uv_now(server->loop) + LAST_READ_MS;
	close_listeners(server);
	uv_idle_start(&server->last_turn, on_idle);
	server->patient = ms > GOODBYE_MS;
	if (server->patient)
		uv_timer_start(&server->drain, on_impatient,
		    ms - GOODBYE_MS, 0);
	else
		uv_timer_start(&server->drain, on_drained, ms, 0);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
clasp_server_free(struct clasp_server *server)
{
	uv_handle_t *handles[] = {
		(uv_handle_t *)&server->prepare,
		(uv_handle_t *)&server->check,
		(uv_handle_t *)&server->timer,
		(uv_handle_t *)&server->sweep,
		(uv_handle_t *)&server->drain,
		(uv_handle_t *)&server->last_turn,
		(uv_handle_t *)&server->again,
	};
	struct conn *c;
	size_t i;

	close_listeners(server);
	server->freeing = true;
	server->handles = (int)(sizeof handles / sizeof handles[0]);
	server->handles += (int)server->count;
	for (c = server->first; c; c = c->next)
		clasp_link_close(c->link, CLASP_CLOSE_GOING_AWAY,
		    "shutting down");
	for (i = 0; i < sizeof handles / sizeof handles[0]; i++)
		uv_close(handles[i], on_handle_closed);
}
