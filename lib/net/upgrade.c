/* upgrade.c - see upgrade.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "base/error.h"
#include "net/upgrade.h"

struct clasp_upgrade {
	uv_loop_t	*loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	bool		 upgraded;	/* what the request in work came to */
	bool		 plain;
	int		 turns;		/* of the loop since it was given up */
};

static const char plain_answer[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 3\r\n"
    "Connection: close\r\n"
    "\r\n"
    "ok\n";

/* What speaks plain HTTP can read this, and so can a person. */
static const char tls_answer[] =
    "HTTP/1.1 426 Upgrade Required\r\n"
    "Upgrade: TLS/1.2\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 51\r\n"
    "Connection: Upgrade, close\r\n"
    "\r\n"
    "this port takes only TLS: use wss://, not plain ws\n";

static const char bad_answer[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Length: 0\r\n"
    "Connection: close\r\n"
    "\r\n";

/* Where a head ends: the bytes up to and with its empty line, or 0. */
static size_t
head_end(const void *p, size_t n)
{
	const char *end = n ? memmem(p, n, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - (const char *)p) + 4 : 0;
}

int
clasp_upgrade_head(const void *p, size_t n, size_t old)
{
	/* The empty line may come in pieces: look from three bytes before. */
	size_t from = old > 3 ? old - 3 : 0, end;

	end = head_end((const char *)p + from, n - from);
	if (end)
		end += from;
	else if (n >= CLASP_UPGRADE_HEAD_MAX)
		return CLASP_ETOOBIG;
	return end > CLASP_UPGRADE_HEAD_MAX ? CLASP_ETOOBIG : (int)end;
}

/* -------------------------------------------------------------- headers */

/* The value of a header, blanks trimmed; absent when there is none. */
static struct clasp_str
header(const char *head, size_t len, const char *name)
{
	size_t n = strlen(name);
	const char *end = head + len, *line = head, *eol;

	while ((eol = memmem(line, (size_t)(end - line), "\r\n", 2))) {
		if ((size_t)(eol - line) > n && line[n] == ':' &&
		    strncasecmp(line, name, n) == 0) {
			line += n + 1;
			while (line < eol && (*line == ' ' || *line == '\t'))
				line++;
			while (eol > line &&
			    (eol[-1] == ' ' || eol[-1] == '\t'))
				eol--;
			return clasp_str_of(line, (size_t)(eol - line));
		}
		line = eol + 2;
	}
	return CLASP_STR_NONE;
}

static bool
is_word(struct clasp_str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* Is the word one of a comma-separated list? */
static bool
has_word(struct clasp_str list, const char *word)
{
	size_t i = 0, from, to;

	while (i < list.len) {
		from = i;
		while (i < list.len && list.p[i] != ',')
			i++;
		to = i++;
		while (from < to && list.p[from] == ' ')
			from++;
		while (to > from && list.p[to - 1] == ' ')
			to--;
		if (is_word(clasp_str_of(list.p + from, to - from), word))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------- the relay */

/*
 * Requests are worked off one at a time, so what this finds out is left in
 * the object.  -1 lets go of the socket pair's end.
 */
static int
on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct clasp_upgrade *up = lws_context_user(lws_get_context(wsi));

	(void)user;
	(void)len;
	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		if (strcasecmp(in, "websocket") == 0 &&
		    lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0)
			return 0;
		up->plain = true;
		return -1;
	case LWS_CALLBACK_HTTP:
		up->plain = true;
		return -1;
	case LWS_CALLBACK_ESTABLISHED:
		up->upgraded = true;
		return -1;
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{ .name = "clasp", .callback = on_http },
	{ .name = NULL }
};

struct clasp_upgrade *
clasp_upgrade_new(uv_loop_t *loop)
{
	struct lws_context_creation_info info = { 0 };
	struct clasp_upgrade *up;
	void *loops[] = { loop };

	up = calloc(1, sizeof *up);
	if (!up)
		return NULL;
	up->loop = loop;
	lws_set_log_level(0, NULL);
	info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info.protocols = protocols;
	info.options = LWS_SERVER_OPTION_LIBUV |
	    LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.foreign_loops = loops;
	info.fd_limit_per_thread = 64;
	info.max_http_header_data = CLASP_UPGRADE_HEAD_MAX;
	info.pt_serv_buf_size = 2 * CLASP_UPGRADE_HEAD_MAX;
	info.user = up;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	up->context = lws_create_context(&info);
	if (up->context)
		up->vhost = lws_create_vhost(up->context, &info);
	if (!up->vhost) {
		clasp_upgrade_free(up);
		return NULL;
	}
	return up;
}

/*
 * libwebsockets closes its handles with the loop's help: a second call, when
 * the loop has run, frees the context and unloads the code of its closing
 * callbacks.  So it must not come in the turn that calls them.
 */
#define FREE_TURNS 8

static void
on_freed(uv_handle_t *handle)
{
	free(handle);
}

static void
on_free_turn(uv_idle_t *idle)
{
	struct clasp_upgrade *up = idle->data;

	if (++up->turns < FREE_TURNS)
		return;
	lws_context_destroy(up->context);
	free(up);
	uv_close((uv_handle_t *)idle, on_freed);
}

void
clasp_upgrade_free(struct clasp_upgrade *up)
{
	uv_idle_t *idle;

	if (!up)
		return;
	if (!up->context) {
		free(up);
		return;
	}
	lws_context_destroy(up->context);
	idle = malloc(sizeof *idle);
	if (!idle)
		return;
	uv_idle_init(up->loop, idle);
	idle->data = up;
	uv_idle_start(idle, on_free_turn);
}

static size_t
put_answer(char *out, const char *answer)
{
	size_t n = strlen(answer);

	memcpy(out, answer, n);
	return n;
}

size_t
clasp_upgrade_refusal(char out[CLASP_UPGRADE_ANSWER_MAX])
{
	return put_answer(out, tls_answer);
}

static bool
has_method(const char *head, size_t len)
{
	static const char *const methods[] = {
		"GET ", "HEAD ", "POST ", "OPTIONS "
	};
	size_t i;

	for (i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (len > strlen(methods[i]) &&
		    memcmp(head, methods[i], strlen(methods[i])) == 0)
			return true;
	return false;
}

/*
 * libwebsockets refuses who offers only protocols it does not have; here such
 * a client is served like one that offers none.  So it is not shown an offer
 * without ours.  Copies head to out, which has room for it; returns its length.
 */
static size_t
without_offer(const char *head, size_t len, char *out)
{
	static const char name[] = "Sec-WebSocket-Protocol:";
	const char *line = head, *end = head + len, *eol;
	size_t n = 0;

	while ((eol = memmem(line, (size_t)(end - line), "\r\n", 2))) {
		eol += 2;
		if ((size_t)(eol - line) < sizeof name ||
		    strncasecmp(line, name, sizeof name - 1) != 0) {
			memcpy(out + n, line, (size_t)(eol - line));
			n += (size_t)(eol - line);
		}
		line = eol;
	}
	return n;
}

/* Is there a line of offers with ours among them, written as ours is? */
static bool
offers_ours(const char *head, size_t len)
{
	const char *end = head + len, *line = head, *eol;
	struct clasp_str list;

	while ((eol = memmem(line, (size_t)(end - line), "\r\n", 2))) {
		eol += 2;
		list = header(line, (size_t)(eol - line),
		    "Sec-WebSocket-Protocol");
		if (has_word(list, "clasp") &&
		    memmem(list.p, list.len, "clasp", 5))
			return true;
		line = eol;
	}
	return false;
}

size_t
clasp_upgrade_answer(struct clasp_upgrade *up, const char *head, size_t len,
    char out[CLASP_UPGRADE_ANSWER_MAX], bool *upgraded)
{
	char bare[CLASP_UPGRADE_HEAD_MAX];
	ssize_t n;
	int pair[2];

	up->upgraded = up->plain = *upgraded = false;
	if (len <= sizeof bare && !offers_ours(head, len)) {
		len = without_offer(head, len, bare);
		head = bare;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, pair) < 0)
		return 0;
	/* It closes its end in every case. */
	lws_adopt_socket_vhost_readbuf(up->vhost, pair[0], head, len);
	n = recv(pair[1], out, CLASP_UPGRADE_ANSWER_MAX, 0);
	close(pair[1]);

	/* Behind the answer may stand a close frame of its own. */
	if (up->upgraded && n > 0 &&
	    (n = (ssize_t)head_end(out, (size_t)n)) > 0) {
		*upgraded = true;
		return (size_t)n;
	}
	/* An answer of its own means: HTTP, but nothing it wants to serve. */
	if (has_method(head, len) && (up->plain || n > 0))
		return put_answer(out, plain_answer);
	return put_answer(out, bad_answer);
}

/* --------------------------------------------------------- the client */

size_t
clasp_upgrade_request(const struct clasp_url *url,
    char key[CLASP_UPGRADE_KEY_MAX], char out[CLASP_UPGRADE_REQUEST_MAX])
{
	bool v6 = strchr(url->host, ':') != NULL;
	char nonce[16], port[8] = "";
	int n;

	if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
		return 0;
	lws_b64_encode_string(nonce, sizeof nonce, key,
	    CLASP_UPGRADE_KEY_MAX);
	if (url->port_given)
		snprintf(port, sizeof port, ":%d", url->port);
	n = snprintf(out, CLASP_UPGRADE_REQUEST_MAX,
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: clasp\r\n"
	    "\r\n",
	    url->path[0] ? url->path : "/", v6 ? "[" : "", url->host,
	    v6 ? "]" : "", port, key);
	return n > 0 && n < CLASP_UPGRADE_REQUEST_MAX ? (size_t)n : 0;
}

/* What the server must have made of our key. */
static bool
key_fits(struct clasp_str accept, const char *key)
{
	char text[CLASP_UPGRADE_KEY_MAX + 40], hash[20], want[40];
	int n;

	n = snprintf(text, sizeof text,
	    "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	lws_SHA1((unsigned char *)text, (size_t)n, (unsigned char *)hash);
	lws_b64_encode_string(hash, sizeof hash, want, sizeof want);
	return clasp_str_is(accept, want);
}

int
clasp_upgrade_check(const char *head, size_t len, const char *key,
    const char **why)
{
	struct clasp_str protocol;

	protocol = header(head, len, "Sec-WebSocket-Protocol");
	if (len < 12 || memcmp(head, "HTTP/1.", 7) != 0)
		*why = "the server does not speak HTTP";
	else if (memcmp(head + 8, " 426", 4) == 0)
		*why = "the port takes only TLS: use wss://";
	else if (memcmp(head + 8, " 101", 4) != 0)
		*why = "the server speaks HTTP but not WebSocket here";
	else if (!is_word(header(head, len, "Upgrade"), "websocket") ||
	    !has_word(header(head, len, "Connection"), "upgrade") ||
	    !key_fits(header(head, len, "Sec-WebSocket-Accept"), key))
		*why = "the server's WebSocket answer is wrong";
	else if (header(head, len, "Sec-WebSocket-Extensions").len)
		*why = "the server wants a WebSocket extension";
	else if (protocol.p && !clasp_str_is(protocol, "clasp"))
		*why = "the server speaks another protocol";
	else
		return 0;
	return CLASP_EPROTO;
}
