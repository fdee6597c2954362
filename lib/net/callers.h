/*
 * callers.h - those who come to a listening socket, until it is known what to
 * make of them: all under one time limit, and no more than so many.
 *
 * The oldest goes first: when its time is up, when there are too many, when
 * the process is out of descriptors.
 *
 *	struct caller {
 *		struct clasp_caller base;	first
 *		...
 *	};
 */
#ifndef CLASP_NET_CALLERS_H
#define CLASP_NET_CALLERS_H

#include <stddef.h>
#include <stdint.h>

#include "net/acceptor.h"

struct clasp_callers;

/* How each begins. */
struct clasp_caller {
	uv_poll_t	 poll;		/* its data is the caller */
	struct clasp_callers *callers;
	struct clasp_caller *older, *newer;
	uint64_t	 deadline_ms;	/* by uv_now() */
};

struct clasp_callers {
	struct clasp_acceptor acceptor;	/* first */
	uv_timer_t	 timer;		/* for the oldest */
	struct clasp_caller *oldest, *newest;
	unsigned	 count;
	unsigned	 handles;	/* not closed yet, callers' too */

	/* filled by the owner */
	unsigned	 most;
	unsigned	 limit_ms;	/* from the accept */
	size_t		 size;		/* of a caller with all it has */
	/* One more: zeros behind its beginning; fd, which poll is about, is
	 * the callee's from now on. */
	void		(*come)(struct clasp_caller *c, int fd);
	/* It has to go: clasp_callers_drop() it, and close fd. */
	void		(*hang_up)(struct clasp_caller *c);
	/* Its handle is closed: give back what it has, but not itself. */
	void		(*gone)(struct clasp_caller *c);
	/* There are no handles any more. */
	void		(*closed)(struct clasp_callers *all);
};

/* Listen on a bound socket.  0 or a negative errno; fd is closed then. */
int	clasp_callers_start(struct clasp_callers *all, uv_loop_t *loop,
	    int fd);
/* It is no caller any more; `gone` comes from the loop, then its memory is
 * freed. */
void	clasp_callers_drop(struct clasp_caller *c);
/*
 * What comes behind the answer is not for us, but must be read before the
 * close, or the answer may be lost on its way: read some of it.  At its end
 * the caller is hung up.
 */
void	clasp_callers_drain(struct clasp_caller *c, int fd);
/* Hang all up and listen no more; `closed` comes from the loop. */
void	clasp_callers_stop(struct clasp_callers *all);

#endif
