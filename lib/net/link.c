/* link.c - see link.h and scheme.h */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/door.h"
#include "net/knock.h"
#include "net/scheme.h"
#include "net/unix.h"

static const struct clasp_scheme schemes[] = {
	{ .name = "ws", .port = 7330, .network = true, .path = "/clasp",
	  .connect = clasp_knock, .listen = clasp_door_listen },
	{ .name = "wss", .port = 7330, .network = true, .path = "/clasp",
	  .secure = true,
	  .connect = clasp_knock, .listen = clasp_door_listen },
	{ .name = "tcp", .port = 7330, .network = true,
	  .connect = clasp_knock, .listen = clasp_door_listen },
	{ .name = "tls", .port = 7330, .network = true, .secure = true,
	  .connect = clasp_knock, .listen = clasp_door_listen },
	{ .name = "unix",
	  .connect = clasp_unix_connect, .listen = clasp_unix_listen },
	{ .name = "quic", .port = 7331, .network = true },
	{ .name = "udp", .port = 7341, .network = true },
	{ .name = "serial" },
	{ .name = "ble", .path_optional = true },
};

/* Schemes are compared without regard to case, as in every URL. */
const struct clasp_scheme *
clasp_scheme_find(struct clasp_str name)
{
	size_t i;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strlen(schemes[i].name) == name.len &&
		    strncasecmp(schemes[i].name, name.p, name.len) == 0)
			return &schemes[i];
	return NULL;
}

int
clasp_link_connect(uv_loop_t *loop, const struct clasp_url *url,
    const struct clasp_link_events *events, void *user,
    struct clasp_link **out)
{
	const struct clasp_scheme *scheme;

	scheme = clasp_scheme_find(clasp_str_c(url->scheme));
	if (!scheme)
		return CLASP_EURL;
	if (!scheme->connect)
		return CLASP_EMISSING;
	return scheme->connect(loop, url, events, user, out);
}

int
clasp_listen(uv_loop_t *loop, const struct clasp_url *url,
    clasp_accept_fn accept, void *user, struct clasp_listener **out,
    const char **why)
{
	const struct clasp_scheme *scheme;
	int error;

	scheme = clasp_scheme_find(clasp_str_c(url->scheme));
	if (!scheme)
		error = CLASP_EURL;
	else if (!scheme->listen)
		error = CLASP_EMISSING;
	else
		return scheme->listen(loop, url, accept, user, out, why);
	*why = clasp_strerror(error);
	return error;
}

int
clasp_listener_port(const struct clasp_listener *listener)
{
	return listener->port;
}

const char *
clasp_listener_name(const struct clasp_listener *listener)
{
	return listener->name;
}

void
clasp_listener_watch(struct clasp_listener *listener,
    void (*fn)(const char *peer, void *user), void *user)
{
	listener->watch = fn;
	listener->watch_user = user;
}

bool
clasp_peer_name(int fd, char *out, size_t size)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	char host[64], port[8];

	if (getpeername(fd, (struct sockaddr *)&address, &len) < 0)
		return false;
	if (address.ss_family == AF_UNIX) {
		snprintf(out, size, "a local program");
		return true;
	}
	if (getnameinfo((struct sockaddr *)&address, len, host, sizeof host,
	    port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(out, size, "%s:%s",
	    strncmp(host, "::ffff:", 7) == 0 ? host + 7 : host, port);
	return true;
}

void
clasp_listener_saw(const struct clasp_listener *listener, int fd)
{
	char text[80];

	if (!listener->watch)
		return;
	if (!clasp_peer_name(fd, text, sizeof text))
		snprintf(text, sizeof text, "somebody who has left");
	listener->watch(text, listener->watch_user);
}

void
clasp_listener_close(struct clasp_listener *listener)
{
	if (listener)
		listener->ops->close(listener);
}
