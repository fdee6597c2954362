/*
 * link.h - one connection that carries whole frames, whatever it is made of.
 *
 * Each transport fills the same table.  Above this nobody knows which one is
 * in use: a new transport is one file and one row in the table of URL schemes
 * (net/url.c).  All calls and all events are on the loop's thread.
 */
#ifndef CLASP_NET_LINK_H
#define CLASP_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "core/outq.h"
#include "net/url.h"

struct clasp_link;
struct clasp_listener;

/* What a link tells its owner. */
struct clasp_link_events {
	/* ready for frames; before any other event */
	void	(*open)(struct clasp_link *link, void *user);
	/*
	 * One unit of the transport: at least one frame (or garbage: the
	 * owner decodes).  Returns 0, or 1 when reading is to stop with the
	 * bytes from *used on not looked at; they come again after
	 * clasp_link_read(link, true).
	 */
	int	(*unit)(struct clasp_link *link, const uint8_t *bytes,
		    size_t len, size_t *used, void *user);
	/*
	 * n bytes of the queue left through the socket: tell the queue
	 * (clasp_outq_sent, or who owns it).
	 */
	void	(*sent)(struct clasp_link *link, size_t n, void *user);
	/* the socket has taken nothing for a whole turn of the loop and
	 * something waits that was not told of yet; may be NULL */
	void	(*stalled)(struct clasp_link *link, void *user);
	/*
	 * The peer has said goodbye or broken the rules: it sends nothing
	 * more, and what is queued now is the last that it gets.  Never from
	 * within a call of the owner; `closed` follows; may be NULL.
	 */
	void	(*leaving)(struct clasp_link *link, void *user);
	/*
	 * Last event, exactly once; the link is freed after it.  error is 0
	 * for an orderly end, else CLASP_ECONNECT, ECLOSED, ETIMEOUT, EPROTO
	 * ...; reason is a text for people, never NULL.
	 */
	void	(*closed)(struct clasp_link *link, int error,
		    const char *reason, void *user);
};

struct clasp_link_ops {
	void	(*flush)(struct clasp_link *link);
	void	(*read)(struct clasp_link *link, bool on);
	void	(*close)(struct clasp_link *link, int code,
		    const char *reason);
	/* the peer's address as text for people; NULL: no link has one */
	bool	(*peer)(const struct clasp_link *link, char *out,
		    size_t size);
	/* bytes that the system holds for the peer; may be NULL: not known */
	int	(*pending)(const struct clasp_link *link);
};

struct clasp_link {
	const struct clasp_link_ops *ops;
	const struct clasp_link_events *events;
	void		*user;
	struct clasp_outq *out;		/* the owner's; set by it in open() */
	enum clasp_framing framing;	/* what out must be framed with */
	uint64_t	begun_ms;	/* uv_now when the peer connected */
	uint64_t	heard_ms;	/* uv_now when bytes last came */
	uint32_t	reads;		/* units of one number came together */
};

/* Send what the socket takes of link->out now; the rest follows by itself
 * when there is room.  Never blocks, calls `sent`. */
static inline void
clasp_link_flush(struct clasp_link *link)
{
	link->ops->flush(link);
}

/* Stop reading, or go on (first with what was held back). */
static inline void
clasp_link_read(struct clasp_link *link, bool on)
{
	link->ops->read(link, on);
}

/*
 * Flush what is queued (at most 1 s), say goodbye as the transport does,
 * close.  `closed` comes later, from the loop.  Calling it twice is harmless.
 */
static inline void
clasp_link_close(struct clasp_link *link, int code, const char *reason)
{
	link->ops->close(link, code, reason);
}

/* The peer's address as text for people; false: it is not known. */
static inline bool
clasp_link_peer(const struct clasp_link *link, char *out, size_t size)
{
	return link->ops->peer != NULL && link->ops->peer(link, out, size);
}

/*
 * Start connecting.  On success *out will get `open` or `closed` later.
 * url->tls must be set for a scheme under TLS.
 * Returns 0 or CLASP_EURL, EMISSING, EINVAL, ENOMEM at once.
 */
int	clasp_link_connect(uv_loop_t *loop, const struct clasp_url *url,
	    const struct clasp_link_events *events, void *user,
	    struct clasp_link **out);

/* Bytes the system has taken from us and the peer not yet from it; -1: it is
 * not known. */
static inline int
clasp_link_pending(const struct clasp_link *link)
{
	return link->ops->pending != NULL ? link->ops->pending(link) : -1;
}

/* What a listener tells its owner: a peer is ready for frames. */
typedef void (*clasp_accept_fn)(struct clasp_link *link, void *user);

/*
 * Listen.  accept must set link->events, link->user and link->out; `open`
 * is not called for such a link.
 * Returns 0 or CLASP_EURL, EMISSING, EBIND (why gets the reason), ENOMEM.
 */
int	clasp_listen(uv_loop_t *loop, const struct clasp_url *url,
	    clasp_accept_fn accept, void *user, struct clasp_listener **out,
	    const char **why);
/* The port that was bound (0 for transports without), and the address as
 * text for people ("0.0.0.0:7330", "unix:/run/clasp"). */
int	clasp_listener_port(const struct clasp_listener *listener);
const char *clasp_listener_name(const struct clasp_listener *listener);
/* Have fn called for each connection as it is accepted, whatever becomes of
 * it; peer is its address, for people. */
void	clasp_listener_watch(struct clasp_listener *listener,
	    void (*fn)(const char *peer, void *user), void *user);
/* Stop accepting; links that exist stay. */
void	clasp_listener_close(struct clasp_listener *listener);

#endif
