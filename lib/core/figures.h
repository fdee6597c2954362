/*
 * figures.h - what a router counts.
 *
 * Numbers that only rise, each raised where the thing happens, so that
 * whoever asks (/$relay in own.h, a metrics page) finds them ready.  Counting
 * is one addition on the way of a message.
 */
#ifndef CLASP_CORE_FIGURES_H
#define CLASP_CORE_FIGURES_H

#include <stdint.h>

/* By recipients: none, 1, 2, up to 4, up to 8, ... up to 32768, more. */
#define CLASP_FANOUT_BUCKETS	18
/* Codes of ERROR that are told apart, and one place for all others. */
#define CLASP_FIGURES_CODES	24

struct clasp_figures {
	/* inbound and understood, by enum clasp_msg_type */
	uint64_t	messages[256];
	uint64_t	undecodable;	/* inbound, answered 100 or 101 */
	uint64_t	errors[CLASP_FIGURES_CODES];	/* sent; see below */
	/* SETs and PUBLISHes, by how many sessions each went to */
	uint64_t	fanout[CLASP_FANOUT_BUCKETS];
	uint64_t	fanout_sum;
	uint64_t	bytes_in;	/* frames */
	uint64_t	bytes_out;	/* taken by sockets */
};

/* Messages a second, over the last second that was looked at or longer. */
struct clasp_rates {
	uint64_t	 at_us;		/* since; 0: not yet */
	uint64_t	 in, out;	/* what there had been by then */
	double		 in_hz, out_hz;	/* of the time before */
};

/* Look, with what there has been by now; anew after a second at least. */
void	clasp_rates_look(struct clasp_rates *rates, uint64_t in, uint64_t out,
	    uint64_t now_us);

/* Most recipients that a bucket holds; UINT64_MAX for the last one. */
uint64_t clasp_fanout_most(unsigned bucket);
/* The code that errors[i] counts: 0 for "others", -1 when i has no use. */
int	clasp_figures_code(unsigned i);
/* One ERROR with this code was sent. */
void	clasp_figures_error(struct clasp_figures *figures, uint16_t code);

/* `msgs` messages went to `reached` sessions each. */
static inline void
clasp_figures_fanout(struct clasp_figures *figures, uint32_t reached,
    uint32_t msgs)
{
	unsigned bucket = reached < 2 ? reached :
	    33 - (unsigned)__builtin_clz(reached - 1);

	if (bucket >= CLASP_FANOUT_BUCKETS)
		bucket = CLASP_FANOUT_BUCKETS - 1;
	figures->fanout[bucket] += msgs;
	figures->fanout_sum += (uint64_t)reached * msgs;
}

#endif
