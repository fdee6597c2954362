/*
 * requests.h - what was asked of a relay and is not answered yet.
 *
 * A relay works off the messages of one connection in order, so answers need
 * no numbers.  Two queues are kept, because ACKs and ERRORs may overtake the
 * pieces of a long snapshot while PONGs may not:
 *
 *	acks	SET, BUNDLE (each has an ACK or an ERROR), PUBLISH (has an
 *		ERROR or nothing: any later answer says that it went well)
 *	pongs	GET, SUBSCRIBE (have a SNAPSHOT, an ERROR or nothing) and the
 *		PING behind them, whose PONG says that nothing more will come
 *
 * Adding and finding the oldest that fits is O(1) for a relay that answers
 * in order.  No I/O; what becomes of an entry is told by callbacks.
 */
#ifndef CLASP_CLIENT_REQUESTS_H
#define CLASP_CLIENT_REQUESTS_H

#include "client/client.h"

enum clasp_request_kind {
	CLASP_REQUEST_SET,
	CLASP_REQUEST_BUNDLE,
	CLASP_REQUEST_PUBLISH,
	CLASP_REQUEST_GET,
	CLASP_REQUEST_SUBSCRIBE,
	CLASP_REQUEST_PING,
	CLASP_REQUEST_FIRST,	/* the PING behind HELLO: ends initial state */
	CLASP_REQUEST_SYNC	/* a barrier that can be told from others */
};

struct clasp_request {
	uint8_t		 kind;
	bool		 answered;	/* done was called already */
	uint32_t	 sub;		/* SUBSCRIBE: its id */
	uint32_t	 nmembers;
	uint64_t	 seq;		/* in order of sending */
	uint64_t	 hash;		/* of address or pattern; SYNC: t1 */
	uint64_t	*members;	/* BUNDLE: hashes; owned */
	clasp_reply_fn	 done;		/* may be NULL */
	void		*user;
};

struct clasp_request_ring {
	struct clasp_request *at;	/* owned; cap is a power of two */
	size_t		 cap, head, count;
};

struct clasp_requests {
	struct clasp_request_ring acks, pongs;
	uint64_t	 seq;
	bool		 lazy_ack;	/* the last one may have no answer */
	bool		 lazy_pong;
};

/*
 * An entry is leaving the queue: error 0, CLASP_ENOENT (a GET that nobody
 * answered), CLASP_EREFUSED (a SET or BUNDLE that nobody answered), or what
 * was given.  An entry that is `answered` has been told before.
 */
typedef void (*clasp_request_gone_fn)(struct clasp_request *request,
	    int error, void *user);

/* Add a copy of *request, which gives up its members: 0 or CLASP_ENOMEM. */
int	clasp_requests_add(struct clasp_requests *r,
	    struct clasp_request *request);
/* True when a PING must follow, or the last entries would wait for ever. */
bool	clasp_requests_lazy(const struct clasp_requests *r);
size_t	clasp_requests_count(const struct clasp_requests *r);

/*
 * An ACK: for the SET of this hash, or (bundle) for a BUNDLE.  What was
 * before it is gone; then *out is the entry itself, taken out.  False: none.
 */
bool	clasp_requests_ack(struct clasp_requests *r, bool bundle,
	    uint64_t hash, clasp_request_gone_fn gone, void *user,
	    struct clasp_request *out);
/*
 * An ERROR about an address (or, has_hash false, about the oldest BUNDLE, SET
 * or GET).  *out is a copy of the entry; false: it answers nothing of ours.
 */
bool	clasp_requests_error(struct clasp_requests *r, bool has_hash,
	    uint64_t hash, uint16_t code, clasp_request_gone_fn gone,
	    void *user, struct clasp_request *out);
/* A SNAPSHOT: the SUBSCRIBE it belongs to (which stays), or NULL. */
struct clasp_request *clasp_requests_subscribe(struct clasp_requests *r);
/* A SNAPSHOT of one param: the GET for it, taken out. */
bool	clasp_requests_get(struct clasp_requests *r, uint64_t hash,
	    clasp_request_gone_fn gone, void *user,
	    struct clasp_request *out);
/* True until the PONG that ends the initial state. */
bool	clasp_requests_initial(const struct clasp_requests *r);
/* A PONG, or a SYNC with this t1: all up to it is gone. */
void	clasp_requests_pong(struct clasp_requests *r,
	    clasp_request_gone_fn gone, void *user);
void	clasp_requests_sync(struct clasp_requests *r, uint64_t t1,
	    clasp_request_gone_fn gone, void *user);
/* Everything is gone with this error, oldest first. */
void	clasp_requests_fail(struct clasp_requests *r, int error,
	    clasp_request_gone_fn gone, void *user);
/* Free the memory of empty queues. */
void	clasp_requests_clear(struct clasp_requests *r);

#endif
