/*
 * osctarget.h - where OSC packets go: one host and port, by UDP or TCP.
 *
 * Nothing blocks the loop.  A TCP target that goes away is tried again every
 * second; what waits for it (at most CLASP_OSCTARGET_QUEUE bytes) goes out
 * when it is back, the rest is not sent.
 */
#ifndef CLASP_DEV_OSCTARGET_H
#define CLASP_DEV_OSCTARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CLASP_OSCTARGET_QUEUE	(1u << 20)	/* bytes that may wait */

struct clasp_osctarget;

struct clasp_osctarget_config {
	const char	*host, *port;
	bool		 tcp, slip;
	bool		 wait;		/* TCP: also when it is not there yet */
	/* TCP: connected; gone (tried again); the first attempt failed and
	 * it is given up.  Each may be NULL. */
	void		(*open)(struct clasp_osctarget *t, void *user);
	void		(*lost)(struct clasp_osctarget *t, const char *why,
			    void *user);
	void		(*failed)(struct clasp_osctarget *t, const char *why,
			    void *user);
	/* after clasp_osctarget_close; whole: all is out */
	void		(*closed)(bool whole, void *user);
	void		*user;
};

/* Returns 0, or a libuv error (the name is not known, ...).  Resolving the
 * name blocks: make targets before the loop runs. */
int	clasp_osctarget_new(uv_loop_t *loop,
	    const struct clasp_osctarget_config *config,
	    struct clasp_osctarget **out);
/* False when the packet could not be sent nor kept. */
bool	clasp_osctarget_send(struct clasp_osctarget *t, const uint8_t *p,
	    size_t len);
/* Bytes that wait. */
size_t	clasp_osctarget_pending(const struct clasp_osctarget *t);
/*
 * Send what waits, then close: `closed` is called.  When nobody is there to
 * take it, a patient one goes on trying until somebody is, or until it is
 * closed again without patience.
 */
void	clasp_osctarget_close(struct clasp_osctarget *t, bool patient);

#endif
