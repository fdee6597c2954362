/*
 * link.h - one connection between a client and the router: what is on its
 * way, and how much the socket takes.
 *
 *	client -> units on their way -> router
 *	client <- taken <- waiting in the router's queue
 *
 * Every byte the router queues is kept once, in `out`.  Three readers go
 * along it: the model (`judged`), the socket (`taken`) and the client
 * (`read`), the client never beyond the socket.
 */
#ifndef TESTS_SIM_LINK_H
#define TESTS_SIM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/router.h"

struct sim_unit {
	uint8_t		*bytes;		/* owned */
	size_t		 len, at;	/* the router has looked at `at` */
};

struct sim_link {
	struct clasp_session *session;	/* NULL: there is no connection */
	uint8_t		 framing;	/* enum clasp_framing */
	bool		 paused, awake, closing;
	bool		 delayed;	/* units wait until they are let go */
	int		 code;		/* of the close */
	uint64_t	 window;	/* bytes the socket takes; MAX: all */
	struct clasp_buf out;
	size_t		 judged, taken, read;
	struct sim_unit	*units;		/* owned, on their way */
	uint32_t	 nunits, cap;
};

#define SIM_OPEN_WINDOW	UINT64_MAX

void	sim_link_open(struct sim_link *link, uint8_t framing);
/* Forget everything that is on its way. */
void	sim_link_drop(struct sim_link *link);
void	sim_link_say(struct sim_link *link, const void *bytes, size_t len);
void	sim_link_said(struct sim_link *link);	/* the first unit is done */
/* Keep what the router has queued since the last time. */
void	sim_link_look(struct sim_link *link);
/* The socket takes what it can; returns the number of bytes. */
size_t	sim_link_take(struct sim_link *link, uint64_t now_us);

/*
 * The frame at *at of what was queued; *at moves behind it.
 * Returns its length with what the transport puts around it, 0 when there is
 * none, -1 when it is not a frame as a relay sends it; *qos is the header's.
 */
int	sim_link_frame(const struct sim_link *link, size_t end, size_t *at,
	    struct clasp_str *payload, uint8_t *qos);

#endif
