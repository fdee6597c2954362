/*
 * test_operation.c - the relay's log, its metrics page and the server for
 * probes, without a relay process around them.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/http.h"
#include "relay/log.h"
#include "relay/metrics.h"
#include "t.h"
#include "wire/message.h"

/* ----------------------------------------------------------------- log */

static char path[] = "/tmp/clasp-log-XXXXXX";

/* What was logged since the file was opened last. */
static size_t
logged(char *out, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(out, 1, cap - 1, f) : 0;

	if (f)
		fclose(f);
	out[n] = '\0';
	if (truncate(path, 0) < 0)
		t_check(0, "truncate");
	return n;
}

static void
text_lines_cannot_be_broken(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "plain \"as\" it \\ is", "plain \"as\" it \\ is" },
		{ "a\nb\tc\x1b[2J\x7f", "a\\x0ab\\x09c\\x1b[2J\\x7f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x9b",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x9b" },
		{ "\xc2\x9b \xe2\x80\xae \xef\xbb\xbf",
		  "\\x9b \\u202e \\ufeff" },
		{ "\xff\xc3 \xed\xa0\x80", "\\xff\\xc3 \\xed\\xa0\\x80" },
	};
	char got[512], want[512];
	size_t i;

	unsetenv("LOG_FORMAT");
	t_eq_int(clasp_log_open(CLASP_LOG_INFO, path), 0, "open");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		clasp_log_put(NULL, CLASP_LOG_WARN, rows[i].text, NULL);
		snprintf(want, sizeof want, "clasp-relay: warning: %s\n",
		    rows[i].want);
		logged(got, sizeof got);
		t_eq_str(got, want, "%zu", i);
	}
	clasp_log_line(CLASP_LOG_DEBUG, "not this one");
	t_eq_int(logged(got, sizeof got), 0, "level");
}

/* Any bytes, as text and in every field: JSON on one line. */
static void
json_lines_hold_any_bytes(void)
{
	struct clasp_log_about about = { { 0 }, { 0 }, { 0 } };
	char bytes[64], got[8192];
	json_t *line, *fields;
	unsigned seed = 1;
	int i, j, n;

	setenv("LOG_FORMAT", "json", 1);
	t_eq_int(clasp_log_open(CLASP_LOG_TRACE, path), 0, "open");
	for (i = 0; i < 3000; i++) {
		n = i % 60;
		for (j = 0; j < n; j++)
			bytes[j] = (char)(1 + rand_r(&seed) % 255);
		bytes[n] = '\0';
		about.name = clasp_str_of(bytes, (size_t)n);
		about.session = i % 2 ? about.name : CLASP_STR_NONE;
		clasp_log_put(NULL, i % 5, bytes, i % 3 ? &about : NULL);
		logged(got, sizeof got);
		t_check(strchr(got, '\n') == got + strlen(got) - 1, "%s",
		    got);
		line = json_loads(got, JSON_REJECT_DUPLICATES, NULL);
		fields = json_object_get(line, "fields");
		t_check(line && json_is_real(json_object_get(line, "time")) &&
		    json_is_string(json_object_get(line, "level")) &&
		    json_is_string(json_object_get(line, "message")), "%s",
		    got);
		t_eq_int(json_object_size(fields),
		    i % 3 == 0 ? 0 : i % 2 ? 2 : 1, "fields");
		json_decref(line);
	}
	unsetenv("LOG_FORMAT");
}

static void
a_log_file_is_opened_again(void)
{
	char moved[64], got[256];
	struct stat st;

	t_eq_int(clasp_log_open(CLASP_LOG_INFO, path), 0, "open");
	snprintf(moved, sizeof moved, "%s.1", path);
	t_eq_int(rename(path, moved), 0, "rename");
	clasp_log_line(CLASP_LOG_INFO, "old");
	t_check(stat(path, &st) < 0, "nobody made a new one");
	t_eq_int(clasp_log_reopen(), 0, "again");
	clasp_log_line(CLASP_LOG_INFO, "new");
	logged(got, sizeof got);
	t_eq_str(got, "clasp-relay: new\n", "the new file");
	unlink(moved);
	t_check(clasp_log_open(CLASP_LOG_INFO, "/nowhere/at/all") < 0, "bad");
	t_eq_int(clasp_log_open(CLASP_LOG_INFO, NULL), 0, "stderr");
}

/* ------------------------------------------------------------- latency */

static void
latencies_fall_into_their_buckets(void)
{
	static struct clasp_latency l;
	int i, wanted = 0;

	for (i = 0; i < CLASP_LATENCY_BOUNDS; i++) {
		clasp_latency_add(&l, CLASP_SET, clasp_latency_bounds[i]);
		clasp_latency_add(&l, CLASP_GET,
		    clasp_latency_bounds[i] + 1);
	}
	t_eq_int(l.ntypes, 2, "types");
	for (i = 0; i < CLASP_LATENCY_BOUNDS; i++) {
		t_eq_int(l.types[0].counts[i], 1, "at bound %d", i);
		t_eq_int(l.types[1].counts[i + 1], 1, "above bound %d", i);
	}
	t_eq_int(l.types[0].counts[i], 0, "none above the last");
	t_eq_int(l.types[1].counts[0], 0, "none below the first");
	t_eq_int(l.types[1].count, CLASP_LATENCY_BOUNDS, "count");
	for (i = 0; i < 10 * CLASP_LATENCY_EVERY; i++)
		wanted += clasp_latency_wanted(&l, CLASP_SET);
	t_eq_int(wanted, 10, "one in so many");
	wanted = clasp_latency_wanted(&l, CLASP_SET);
	t_eq_int(wanted, 1, "its turn");
	wanted = clasp_latency_wanted(&l, CLASP_GET) +
	    clasp_latency_wanted(&l, CLASP_SYNC) +
	    clasp_latency_wanted(&l, CLASP_GET);
	t_eq_int(wanted, 2, "the first of each type");
	for (i = 0; i < 256; i++)
		clasp_latency_add(&l, (uint8_t)i, 1);
	t_eq_int(l.ntypes, CLASP_LATENCY_TYPES, "bounded");
}

/* ---------------------------------------------------------------- http */

static uv_loop_t loop;
static struct clasp_http *http;
static int port, asked;

static void
on_asked(struct clasp_str at, struct clasp_http_answer *answer, void *user)
{
	static char big[1 << 20];

	(void)user;
	asked++;
	if (clasp_str_is(at, "/ok")) {
		answer->status = 200;
		clasp_buf_add_c(&answer->body, "yes");
	} else if (clasp_str_is(at, "/big")) {
		answer->status = 200;
		memset(big, 'x', sizeof big);
		clasp_buf_add(&answer->body, big, sizeof big);
	}
}

static int
dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t_eq_int(connect(fd, (struct sockaddr *)&a, sizeof a), 0, "connect");
	return fd;
}

/* Turn the loop until the peer has closed; returns the bytes that came. */
static size_t
read_all(int fd, char *out, size_t cap)
{
	size_t len = 0, room;
	char bin[4096];
	ssize_t n;

	for (;;) {
		uv_run(&loop, UV_RUN_NOWAIT);
		room = cap - 1 > len ? cap - 1 - len : 0;
		n = recv(fd, room ? out + len : bin, room ? room :
		    sizeof bin, MSG_DONTWAIT);
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	out[len < cap ? len : cap - 1] = '\0';
	return len;
}

static int
status_of(const char *request, size_t len)
{
	char got[2048] = "";
	int fd = dial(), status = 0;

	t_eq_int(send(fd, request, len, MSG_NOSIGNAL), len, "send");
	read_all(fd, got, sizeof got);
	close(fd);
	sscanf(got, "HTTP/1.1 %d", &status);
	return status;
}

static void
requests_are_told_apart(void)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ "GET /ok HTTP/1.1\r\n\r\n", 200 },
		{ "GET /ok HTTP/1.0\r\nHost: x\r\n\r\n", 200 },
		{ "GET /ok?a b HTTP/1.1\r\n\r\n", 400 },
		{ "GET /ok?a=/ok HTTP/1.1\r\n\r\n", 200 },
		{ "HEAD /ok HTTP/1.1\r\n\r\n", 200 },
		{ "get /ok HTTP/1.1\r\n\r\n", 405 },
		{ "GETS /ok HTTP/1.1\r\n\r\n", 405 },
		{ "GET / HTTP/1.1\r\n\r\n", 404 },
		{ "GET  /ok HTTP/1.1\r\n\r\n", 400 },
		{ "GET http://x/ok HTTP/1.1\r\n\r\n", 400 },
		{ "GET /ok HTTP/1.12\r\n\r\n", 400 },
		{ "GET /ok HTTP/3\r\n\r\n", 400 },
		{ " GET /ok HTTP/1.1\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ "\r\n\r\n", 400 },
	};
	char text[64];
	unsigned seed = 7;
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		t_eq_int(status_of(rows[i].request, strlen(rows[i].request)),
		    rows[i].status, "%s", rows[i].request);
	/* every cut of a good one, closed by an empty line */
	for (n = 0; n < strlen("GET /ok HTTP/1.1"); n++) {
		snprintf(text, sizeof text, "%.*s\r\n\r\n", (int)n,
		    "GET /ok HTTP/1.1");
		t_eq_int(status_of(text, strlen(text)), 400, "%s", text);
	}
	asked = 0;
	for (i = 0; i < 200; i++) {
		for (n = 0; n < 20; n++)
			text[n] = (char)(rand_r(&seed) % 255 + 1);
		memcpy(text + n, "\r\n\r\n", 4);
		t_eq_int(status_of(text, n + 4), 400, "noise");
	}
	t_eq_int(asked, 0, "nobody was asked");
}

static void
a_long_answer_comes_whole(void)
{
	static char got[(1 << 20) + 4096];
	static const char request[] = "GET /big HTTP/1.1\r\n\r\n";
	int fd = dial(), small = 4096;
	char *body;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	read_all(fd, got, sizeof got);
	close(fd);
	body = strstr(got, "\r\n\r\n");
	t_check(body && strspn(body + 4, "x") == 1 << 20, "body");
	t_check(strstr(got, "Content-Length: 1048576\r\n"), "length");
}

/* Requests that come byte by byte, and peers that go away at any moment. */
static void
peers_come_as_they_like(void)
{
	static const char request[] = "GET /ok HTTP/1.1\r\n\r\n";
	char got[512];
	size_t i, cut;
	int fd;

	fd = dial();
	for (i = 0; i < strlen(request); i++) {
		send(fd, request + i, 1, MSG_NOSIGNAL);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	read_all(fd, got, sizeof got);
	close(fd);
	t_check(strncmp(got, "HTTP/1.1 200", 12) == 0, "%s", got);
	for (cut = 0; cut <= strlen(request); cut++) {
		fd = dial();
		send(fd, request, cut, MSG_NOSIGNAL);
		uv_run(&loop, UV_RUN_NOWAIT);
		close(fd);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	t_eq_int(status_of(request, strlen(request)), 200, "still there");
}

static void
closing_lets_go_of_all(void)
{
	int fd[8];
	size_t i;

	for (i = 0; i < 8; i++)
		fd[i] = dial();
	uv_run(&loop, UV_RUN_NOWAIT);
	clasp_http_close(http);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_eq_int(uv_loop_close(&loop), 0, "nothing is left on the loop");
	for (i = 0; i < 8; i++)
		close(fd[i]);
	clasp_http_close(NULL);
}

int
main(void)
{
	const char *why = "";
	int fd = mkstemp(path);

	close(fd);
	t_run(text_lines_cannot_be_broken);
	t_run(json_lines_hold_any_bytes);
	t_run(a_log_file_is_opened_again);
	unlink(path);
	t_run(latencies_fall_into_their_buckets);
	uv_loop_init(&loop);
	if (clasp_http_listen(&loop, "127.0.0.1", 0, on_asked, NULL, &http,
	    &why) < 0) {
		printf("Bail out! %s\n", why);
		return 1;
	}
	port = atoi(strchr(clasp_http_name(http), ':') + 1);
	t_run(requests_are_told_apart);
	t_run(a_long_answer_comes_whole);
	t_run(peers_come_as_they_like);
	t_run(closing_lets_go_of_all);
	return t_end();
}
