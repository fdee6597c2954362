/*
 * oscport.h - where OSC packets arrive: one port, on IPv4 and IPv6.
 *
 * UDP, or TCP with any number of senders (up to CLASP_OSCPORT_PEERS), each of
 * which may frame its packets in either way.  Nothing blocks the loop.
 */
#ifndef CLASP_DEV_OSCPORT_H
#define CLASP_DEV_OSCPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CLASP_OSCPORT_PEERS	256	/* TCP connections at once */
#define CLASP_OSCPORT_WHY	200

struct clasp_oscport;

struct clasp_oscport_config {
	const char	*host;		/* NULL: every address */
	unsigned	 port;		/* 0: one that is free */
	bool		 tcp;
	const char	*const *groups;	/* multicast groups to join */
	unsigned	 ngroups;
	/* one packet; from is its sender, NULL for TCP */
	void		(*packet)(const uint8_t *p, size_t len,
			    const struct sockaddr *from, void *user);
	/* a TCP stream was no OSC stream, or there were too many; may be
	 * NULL */
	void		(*broken)(const char *why, void *user);
	void		*user;
};

/* Open it: 0 and *out, or CLASP_EBIND with why filled. */
int	clasp_oscport_new(uv_loop_t *loop,
	    const struct clasp_oscport_config *config,
	    struct clasp_oscport **out, char why[CLASP_OSCPORT_WHY]);
/* Close all; memory is given back by the loop.  NULL is fine. */
void	clasp_oscport_close(struct clasp_oscport *port);
/* The number it listens on. */
unsigned clasp_oscport_number(const struct clasp_oscport *port);
/* Stop taking packets, or go on. */
void	clasp_oscport_read(struct clasp_oscport *port, bool on);
/* UDP: send one from this very port; false when it could not be sent. */
bool	clasp_oscport_send(struct clasp_oscport *port,
	    const struct sockaddr *to, const uint8_t *p, size_t len);

#endif
