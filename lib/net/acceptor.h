/*
 * acceptor.h - a listening socket on the loop.
 *
 * When the process is out of descriptors, a spare one is used to accept and
 * turn away, so that callers see a closed connection and not a hang.
 */
#ifndef CLASP_NET_ACCEPTOR_H
#define CLASP_NET_ACCEPTOR_H

#include <stdbool.h>

#include <uv.h>

struct clasp_acceptor {
	uv_poll_t	 poll;
	int		 fd;
	int		 spare;
	int		 most;		/* descriptors from here on are kept
					 * for other work than peers */
	/* a connected, non-blocking socket, the callee's from now on */
	void		(*peer)(struct clasp_acceptor *acceptor, int fd);
	/*
	 * Descriptors run out: close a peer that has not said anything worth
	 * keeping it for.  False: there is none, and the newest caller is
	 * turned away.  May be NULL.
	 */
	bool		(*make_room)(struct clasp_acceptor *acceptor);
	void		(*closed)(struct clasp_acceptor *acceptor);
};

/* Listen on a bound socket.  0 or a negative errno; fd is closed then. */
int	clasp_acceptor_start(struct clasp_acceptor *acceptor, uv_loop_t *loop,
	    int fd);
/*
 * Have fn called when descriptors run out, at most once a minute, whichever
 * acceptor of the process it is.  NULL: nobody wants to know.
 */
void	clasp_acceptor_on_full(void (*fn)(void));
/* `closed` comes from the loop. */
void	clasp_acceptor_stop(struct clasp_acceptor *acceptor);

#endif
