/*
 * flows.h - the programs of one protocol of levels over a network, measured:
 * lines in and packets out, packets in and lines out, and OLA on the same
 * work.  All of it dies on failure, and on loss.
 */
#ifndef BENCH_FLOWS_H
#define BENCH_FLOWS_H

#include "universes.h"

#define FLOWS_OUT	32	/* universes sent */
#define FLOWS_IN	100	/* received, as lines of what changed */
#define FLOWS_WHOLE	1000	/* received, as bytes */
#define FLOWS_PACKET	640	/* bytes, at most */

struct flow {
	const char	*name;		/* of the protocol, for people */
	const char	*prefix;	/* of its addresses */
	unsigned	 first;		/* its first universe */
	uint16_t	 port;
	const char	*sender, *receiver;	/* programs */
	const char	*option, *value;	/* of the sender's */
	size_t		 level_at;	/* of the first slot in a packet */
	/* One packet of 512 slots; its length, the same for all. */
	size_t		(*encode)(uint8_t *out, unsigned universe,
			    uint8_t sequence, const uint8_t *slots);
};

/* Seconds of a core for all frames; bare: of a program that only reads as
 * much and sends as much. */
double	flows_feed(const struct flow *flow, unsigned universes, bool whole,
	    bool bare);
double	flows_receive(const struct flow *flow, unsigned universes, bool whole,
	    bool bare);
/* Rows of the two, and of how late packets are. */
void	flows_rows(const struct flow *flow);

/* What olad and its clients take to send these universes from lines; fd
 * hears one packet or more of each frame. */
double	flows_ola_feed(const struct flow *flow, pid_t olad,
	    unsigned universes, int fd);
/* What olad and its recorder take to write these universes as text. */
double	flows_ola_receive(const struct flow *flow, pid_t olad,
	    unsigned universes);

#endif
