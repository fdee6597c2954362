/*
 * server.h - a relay: the router's sessions on the links of its listeners.
 *
 * What the router queues in one turn of the loop is sent at the turn's end,
 * one system call for each peer, in the order in which they were given
 * something.
 */
#ifndef CLASP_NET_SERVER_H
#define CLASP_NET_SERVER_H

#include <uv.h>

#include "core/router.h"
#include "net/latency.h"
#include "net/link.h"

struct clasp_server;

struct clasp_server_config {
	struct clasp_router_config router;
	uint32_t	session_timeout_s;	/* without a byte; 0: off */
	uint32_t	drain_s;		/* at most, when stopped */
	/* one line for the operator, as in base/log.h, level at most
	 * log_level; about may be NULL; the function too */
	void		(*log)(void *user, int level, const char *text,
		    const struct clasp_log_about *about);
	int		log_level;
	/* after clasp_server_stop: everybody is gone, or the time is over */
	void		(*stopped)(void *user);
	void		*user;
};
void	clasp_server_config_init(struct clasp_server_config *config);

/* config is copied, but for the router's name.  0 or CLASP_ENOMEM. */
int	clasp_server_new(uv_loop_t *loop,
	    const struct clasp_server_config *config,
	    struct clasp_server **out);
/* As clasp_listen; *out is the server's. */
int	clasp_server_listen(struct clasp_server *server,
	    const struct clasp_url *url, const struct clasp_listener **out,
	    const char **why);
struct clasp_router *clasp_server_router(struct clasp_server *server);

/* How long messages took since the start. */
const struct clasp_latency *clasp_server_latency(
	    const struct clasp_server *server);
/*
 * Accept no more, work off what has arrived, say goodbye to all; `stopped`
 * comes from the loop.
 */
void	clasp_server_stop(struct clasp_server *server);
/* After `stopped`, or when listening failed.  Its handles are gone after the
 * loop has run on. */
void	clasp_server_free(struct clasp_server *server);

#endif
