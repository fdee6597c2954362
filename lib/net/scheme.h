/*
 * scheme.h - the table of transports, by the scheme of their URLs.
 *
 * A new transport is one file with two functions and one row in link.c.  A
 * row without functions is a scheme that exists but is not built in.
 */
#ifndef CLASP_NET_SCHEME_H
#define CLASP_NET_SCHEME_H

#include <stdbool.h>

#include "net/link.h"

struct clasp_listener_ops {
	/* stop accepting and free; links that exist stay */
	void	(*close)(struct clasp_listener *listener);
};

/* What every transport's listener begins with. */
struct clasp_listener {
	const struct clasp_listener_ops *ops;
	clasp_accept_fn	 accept;
	void		*user;
	void		(*watch)(const char *peer, void *user);
	void		*watch_user;
	int		 port;
	char		 name[128];
};

struct clasp_scheme {
	const char	*name;
	int		 port;		/* default; 0: has none */
	bool		 network;	/* "//host:port/path" follows */
	bool		 path_optional;
	bool		 secure;	/* under TLS */
	const char	*path;		/* when none is given; NULL: "" */
	int	(*connect)(uv_loop_t *loop, const struct clasp_url *url,
		    const struct clasp_link_events *events, void *user,
		    struct clasp_link **out);
	int	(*listen)(uv_loop_t *loop, const struct clasp_url *url,
		    clasp_accept_fn accept, void *user,
		    struct clasp_listener **out, const char **why);
};

/* The address of a socket's peer, for people; false: it is not known. */
bool	clasp_peer_name(int fd, char *out, size_t size);
/* A transport's listener has accepted this socket. */
void	clasp_listener_saw(const struct clasp_listener *listener, int fd);

/* NULL: no such scheme. */
const struct clasp_scheme *clasp_scheme_find(struct clasp_str name);

#endif
