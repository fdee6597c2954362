/* bind.c - see bind.h */
#include "net/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

/* "::" takes IPv4 too.  A socket bound to it, or a negative errno. */
static int
bind_to(const struct addrinfo *ai)
{
	int fd, one = 1, zero = 0, error;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* Of several addresses an IPv4 one first.  As bind_to. */
static int
bind_any(const struct addrinfo *list)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const struct addrinfo *ai;
	int fd = -EADDRNOTAVAIL;
	size_t i;

	for (i = 0; i < 2; i++)
		for (ai = list; ai; ai = ai->ai_next) {
			if (ai->ai_family != families[i])
				continue;
			fd = bind_to(ai);
			if (fd >= 0 || fd == -EADDRINUSE || fd == -EACCES)
				return fd;
		}
	return fd;
}

/* The C library's reasons begin with a capital; ours do not. */
const char *
clasp_bind_no_address(int error)
{
	static _Thread_local char text[128];

	if (error == EAI_SYSTEM)
		return uv_strerror(-errno);
	snprintf(text, sizeof text, "%s", gai_strerror(error));
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] += 'a' - 'A';
	return text;
}

int
clasp_bind_tcp(const char *host, int port, const char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	char service[8];
	int fd, error;

	snprintf(service, sizeof service, "%d", port);
	error = getaddrinfo(host, service, &hints, &list);
	if (error) {
		*why = clasp_bind_no_address(error);
		return -1;
	}
	fd = bind_any(list);
	freeaddrinfo(list);
	if (fd < 0 && strcmp(host, "::") == 0 &&
	    (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL))
		return clasp_bind_tcp("0.0.0.0", port, why);
	if (fd < 0)
		*why = uv_strerror(fd);
	return fd;
}

int
clasp_bind_name(int fd, const char *host, char *name, size_t cap)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	socklen_t len = sizeof a;
	bool v6 = strchr(host, ':') != NULL;
	int port = 0;

	if (getsockname(fd, &a.any, &len) == 0)
		port = ntohs(a.any.sa_family == AF_INET6 ?
		    a.v6.sin6_port : a.v4.sin_port);
	if (strcmp(host, "::") == 0) {
		host = "0.0.0.0";
		v6 = false;
	}
	snprintf(name, cap, "%s%.100s%s:%d", v6 ? "[" : "", host,
	    v6 ? "]" : "", port);
	return port;
}
