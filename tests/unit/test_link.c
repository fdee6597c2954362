/*
 * test_link.c - URLs; and frames both ways over real sockets, both ends on
 * one loop, for every transport that is built in.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "core/outq.h"
#include "net/link.h"
#include "t.h"

/* ---------------------------------------------------------------- URLs */

static void
urls_are_read(void)
{
	static const struct {
		const char *text, *scheme, *host;
		int port;
		const char *path;
	} good[] = {
		{ "ws://h", "ws", "h", 7330, "/clasp" },
		{ "ws://h/", "ws", "h", 7330, "/" },
		{ "WS://h:1", "ws", "h", 1, "/clasp" },
		{ "wss://h", "wss", "h", 7330, "/clasp" },
		{ "tcp://h", "tcp", "h", 7330, "" },
		{ "tls://[::1]:1", "tls", "::1", 1, "" },
		{ "ws://[::1]:8000/a/b?c", "ws", "::1", 8000, "/a/b?c" },
		{ "unix:/tmp/x y", "unix", "", 0, "/tmp/x y" },
		{ "unix:rel", "unix", "", 0, "rel" },
	};
	static const char *const bad[] = {
		"", "ws", "ws:", "ws:/h", "ws://", "ws://:1", "ws://h:",
		"ws://h#d", "ws://h/a#", "ws://h/a?c#d",
		"ws://h:x", "ws://h:65536", "ws://[::1", "ws://[::1]x",
		"ws://[]:1", "ws://h?x", "ws://u@h", "ws://a b", "unix:",
		"http://h", "ws://h/a b", "ws://h:-1", "//h", "tcp://",
		"tls://h:70000",
	};
	static const char *const missing[] = {
		"quic://h", "udp://h",
		"serial:/dev/ttyS0", "serial:///dev/ttyS0?baud=9600", "ble:",
	};
	struct clasp_url url;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		t_eq_int(clasp_url_parse(clasp_str_c(good[i].text), &url), 0,
		    "%s", good[i].text);
		t_eq_str(url.scheme, good[i].scheme, "%s", good[i].text);
		t_eq_str(url.host, good[i].host, "%s", good[i].text);
		t_eq_int(url.port, good[i].port, "%s", good[i].text);
		t_eq_str(url.path, good[i].path, "%s", good[i].text);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		t_eq_int(clasp_url_parse(clasp_str_c(bad[i]), &url),
		    CLASP_EURL, "%s", bad[i]);
	for (i = 0; i < sizeof missing / sizeof missing[0]; i++)
		t_eq_int(clasp_url_parse(clasp_str_c(missing[i]), &url),
		    CLASP_EMISSING, "%s", missing[i]);
}

/* --------------------------------------------------------------- links */

/* One end: what it sends and what came. */
struct end {
	struct clasp_link *link;
	struct clasp_outq q;
	struct clasp_slabs slabs;
	bool		 ready;		/* q and slabs are made */
	int		 opened, closed, error;
	char		 reason[128];
	unsigned	 units;
	size_t		 bytes;
	uint64_t	 sum;		/* of position times byte */
	unsigned	 hold_at;	/* stop reading at this unit */
	unsigned	 refills;	/* frames to add as bytes leave */
	bool		 echo;
};

static uv_loop_t loop;
static struct end server, client;

static void
prepare(struct end *e, struct clasp_link *link)
{
	e->link = link;
	clasp_slabs_init(&e->slabs, 42);
	clasp_outq_init(&e->q, link->framing);
	e->ready = true;
	link->out = &e->q;
}

static void
push(struct end *e, const void *frame, size_t n)
{
	struct clasp_span span;

	t_eq_int(clasp_slabs_copy(&e->slabs, e->link->framing,
	    clasp_str_of(frame, n), &span), 0, "push");
	clasp_outq_add(&e->q, &span);
}

static void
on_open(struct clasp_link *link, void *user)
{
	struct end *e = user;

	e->opened++;
	prepare(e, link);
}

static int
on_unit(struct clasp_link *link, const uint8_t *p, size_t n, size_t *used,
    void *user)
{
	struct end *e = user;
	size_t i;

	if (e->hold_at && e->units + 1 == e->hold_at) {
		e->hold_at = 0;
		*used = n / 2;
		for (i = 0; i < *used; i++)
			e->sum += (e->bytes + i + 1) * p[i];
		e->bytes += *used;
		return 1;
	}
	e->units++;
	for (i = 0; i < n; i++)
		e->sum += (e->bytes + i + 1) * p[i];
	e->bytes += n;
	if (e->echo) {
		push(e, p, n);
		clasp_link_flush(link);
	}
	return 0;
}

static void
on_sent(struct clasp_link *link, size_t n, void *user)
{
	struct end *e = user;

	clasp_outq_sent(link->out, n);
	if (e->refills > 0) {
		e->refills--;
		push(e, "more", 4);
	}
}

static void
on_closed(struct clasp_link *link, int error, const char *reason, void *user)
{
	struct end *e = user;

	(void)link;
	e->link = NULL;
	e->closed++;
	e->error = error;
	snprintf(e->reason, sizeof e->reason, "%s", reason);
	if (e->ready) {
		clasp_outq_clear(&e->q);
		clasp_slabs_clear(&e->slabs);
		e->ready = false;
	}
}

static const struct clasp_link_events events = {
	.open = on_open, .unit = on_unit, .sent = on_sent,
	.closed = on_closed,
};

static void
on_accept(struct clasp_link *link, void *user)
{
	link->events = &events;
	link->user = user;
	prepare(user, link);
}

static void
on_limit(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Run until the condition holds, ten seconds at most. */
#define run_until(cond) do { \
	bool late = false; \
	uv_timer_t limit; \
	uv_timer_init(&loop, &limit); \
	limit.data = &late; \
	uv_timer_start(&limit, on_limit, 10000, 0); \
	while (!(cond) && !late) \
		uv_run(&loop, UV_RUN_ONCE); \
	uv_close((uv_handle_t *)&limit, NULL); \
	uv_run(&loop, UV_RUN_NOWAIT); \
	t_check(!late, "late"); \
} while (0)

static struct clasp_listener *
begin(const char *kind, char *dir, struct clasp_url *url)
{
	struct clasp_listener *listener = NULL;
	const char *why = "";
	char text[128];

	memset(&server, 0, sizeof server);
	memset(&client, 0, sizeof client);
	uv_loop_init(&loop);
	strcpy(dir, "/tmp/clasp-link.XXXXXX");
	t_check(mkdtemp(dir) != NULL, "mkdtemp");
	if (strcmp(kind, "unix") == 0)
		snprintf(text, sizeof text, "unix:%s/s", dir);
	else
		snprintf(text, sizeof text, "ws://127.0.0.1:0");
	t_eq_int(clasp_url_parse(clasp_str_c(text), url), 0, "url");
	t_eq_int(clasp_listen(&loop, url, on_accept, &server, &listener,
	    &why), 0, "%s: %s", text, why);
	if (listener && url->host[0])
		url->port = clasp_listener_port(listener);
	return listener;
}

static void
end(struct clasp_listener *listener, const char *dir)
{
	clasp_listener_close(listener);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(uv_loop_close(&loop), 0, "handles are left");
	t_eq_int(rmdir(dir), 0, "%s is not empty", dir);
}

static void
exchange(const char *kind)
{
	static uint8_t frame[65547];
	static const size_t sizes[] = { 4, 125, 126, 1000, 65535, 65547 };
	struct clasp_listener *listener;
	struct clasp_url url;
	char dir[64];
	uint64_t sum = 0, at = 0;
	size_t i, k, total = 0;

	listener = begin(kind, dir, &url);
	server.echo = true;
	server.hold_at = 4;
	t_eq_int(clasp_link_connect(&loop, &url, &events, &client,
	    &client.link), 0, "connect");
	run_until(client.opened);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (k = 0; k < sizes[i]; k++) {
			frame[k] = (uint8_t)(k * 7 + i);
			sum += ++at * frame[k];
		}
		total += sizes[i];
		push(&client, frame, sizes[i]);
	}
	clasp_link_flush(client.link);
	run_until(server.hold_at == 0);
	t_eq_int(server.units, 3, "held at the fourth");
	uv_run(&loop, UV_RUN_NOWAIT);
	t_eq_int(server.units, 3, "still held");
	clasp_link_read(server.link, true);
	/* the held one comes again as its second half: one echo each */
	run_until(client.bytes == total - sizes[3] / 2);
	t_eq_int(server.bytes, total, "all came");
	t_check(server.sum == sum, "what came is not what went");
	t_eq_int(client.units, 6, "echoes");
	clasp_link_close(client.link, 1000, "done");
	run_until(client.closed && server.closed);
	t_eq_int(client.error, 0, "%s", client.reason);
	t_eq_int(server.error, 0, "%s", server.reason);
	t_eq_int(client.closed + server.closed, 2, "once each");
	end(listener, dir);
}

static void
frames_pass_over_websocket(void)
{
	exchange("ws");
}

static void
frames_pass_over_unix(void)
{
	exchange("unix");
}

/* Far more than the sockets take, to a peer that does not read. */
static void
slow(const char *kind)
{
	static uint8_t frame[60000];
	struct clasp_listener *listener;
	struct clasp_url url;
	char dir[64];
	int i;

	listener = begin(kind, dir, &url);
	t_eq_int(clasp_link_connect(&loop, &url, &events, &client,
	    &client.link), 0, "connect");
	run_until(client.opened && server.link);
	clasp_link_read(client.link, false);
	for (i = 0; i < 500; i++)
		push(&server, frame, sizeof frame);
	clasp_link_flush(server.link);
	for (i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	t_check(server.q.bytes > 0, "the socket took 30 MB");
	t_eq_int(client.units, 0, "not reading");
	clasp_link_read(client.link, true);
	run_until(client.units == 500);
	t_eq_int(server.q.bytes, 0, "all sent");
	/* the peer goes without a word */
	clasp_link_close(server.link, 1001, "shutting down");
	run_until(client.closed && server.closed);
	t_eq_str(client.reason, strcmp(kind, "ws") ? "connection closed" :
	    "shutting down", "the reason arrives");
	end(listener, dir);
}

static void
a_slow_websocket_peer_gets_all(void)
{
	slow("ws");
}

static void
a_slow_unix_peer_gets_all(void)
{
	slow("unix");
}

/* A queue that is filled up as it empties has one share of each turn. */
static void
a_queue_without_end_waits_its_turn(void)
{
	struct clasp_listener *listener;
	struct clasp_url url;
	unsigned before;
	char dir[64];

	listener = begin("unix", dir, &url);
	t_eq_int(clasp_link_connect(&loop, &url, &events, &client,
	    &client.link), 0, "connect");
	run_until(client.opened);
	client.refills = 100;
	push(&client, "more", 4);
	clasp_link_flush(client.link);
	t_eq_int(client.refills, 99, "after the flush");
	while (client.refills > 0) {
		before = client.refills;
		uv_run(&loop, UV_RUN_NOWAIT);
		t_check(client.refills >= before - 1, "%u in one turn",
		    before - client.refills);
		if (client.refills == before)
			break;
	}
	t_eq_int(client.refills, 0, "it goes on by itself");
	run_until(server.units == 101);
	clasp_link_close(client.link, 1000, "done");
	run_until(client.closed && server.closed);
	end(listener, dir);
}

static void
nobody_there_is_told(void)
{
	struct clasp_listener *listener;
	struct clasp_url url;
	char dir[64];
	int i;

	for (i = 0; i < 2; i++) {
		listener = begin(i ? "unix" : "ws", dir, &url);
		clasp_listener_close(listener);
		uv_run(&loop, UV_RUN_DEFAULT);
		t_eq_int(clasp_link_connect(&loop, &url, &events, &client,
		    &client.link), 0, "connect");
		run_until(client.closed);
		t_eq_int(client.error, CLASP_ECONNECT, "error");
		t_eq_str(client.reason, i ? "no such file or directory" :
		    "connection refused", "reason");
		/* and giving up before it is known */
		client.closed = 0;
		t_eq_int(clasp_link_connect(&loop, &url, &events, &client,
		    &client.link), 0, "connect");
		clasp_link_close(client.link, 1000, NULL);
		run_until(client.closed);
		t_eq_int(client.error, 0, "error");
		uv_run(&loop, UV_RUN_DEFAULT);
		t_eq_int(uv_loop_close(&loop), 0, "handles are left");
		rmdir(dir);
	}
}

static void
a_stale_socket_file_is_taken_over(void)
{
	struct clasp_listener *listener, *second = NULL;
	struct clasp_url url;
	const char *why = "";
	char dir[64], copy[80];

	listener = begin("unix", dir, &url);
	t_eq_int(clasp_listen(&loop, &url, on_accept, &server, &second,
	    &why), CLASP_EBIND, "in use");
	t_eq_str(why, "another program listens there", "why");
	/* a second name keeps the file when the listener removes its own */
	snprintf(copy, sizeof copy, "%s/t", dir);
	t_eq_int(link(url.path, copy), 0, "link");
	clasp_listener_close(listener);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(access(url.path, F_OK), -1, "removed");
	t_eq_int(rename(copy, url.path), 0, "rename");
	t_eq_int(clasp_listen(&loop, &url, on_accept, &server, &listener,
	    &why), 0, "%s", why);
	end(listener, dir);
}

int
main(void)
{
	t_run(urls_are_read);
	t_run(frames_pass_over_websocket);
	t_run(frames_pass_over_unix);
	t_run(a_slow_websocket_peer_gets_all);
	t_run(a_slow_unix_peer_gets_all);
	t_run(a_queue_without_end_waits_its_turn);
	t_run(nobody_there_is_told);
	t_run(a_stale_socket_file_is_taken_over);
	return t_end();
}
