/*
 * echo.h - telling what we set ourselves from what others set.
 *
 * A relay sends a SET back to its sender when that is subscribed: before its
 * ACK, and in the order of sending.  What was sent is kept until it was seen
 * again or its ACK came; an incoming SET that equals the oldest one for its
 * address is our own.
 */
#ifndef CLASP_CLIENT_ECHO_H
#define CLASP_CLIENT_ECHO_H

#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

struct clasp_echo_entry {
	uint64_t	address, value;	/* hashes */
	uint32_t	members;	/* SETs of one message share an ACK */
	bool		seen;
};

struct clasp_echo {
	struct clasp_echo_entry *at;	/* owned ring; cap a power of two */
	size_t	cap, head, count;
};

/* A SET or BUNDLE goes out and will have one ACK or ERROR: 0 or ENOMEM. */
int	clasp_echo_sent(struct clasp_echo *e, const struct clasp_msg *msg);
/* That answer came, or will never come. */
void	clasp_echo_answered(struct clasp_echo *e);
/* Is this incoming SET the echo of one of ours?  Then it is used up. */
bool	clasp_echo_is(struct clasp_echo *e, const struct clasp_set *set);
void	clasp_echo_clear(struct clasp_echo *e);

#endif
