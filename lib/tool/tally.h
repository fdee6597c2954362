/*
 * tally.h - what a bridge dropped, counted by reason.
 *
 * Malformed input is dropped and counted, never the end of a program: people
 * are told at most once a second for each reason, and all counts at the end
 * with -v (or when they ask).
 */
#ifndef CLASP_TOOL_TALLY_H
#define CLASP_TOOL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct cli_tally {
	const char	*reason;	/* "message cut short" */
	bool		 quiet;		/* only told at the end */
	unsigned long	 count;
	uint64_t	 told_us;	/* 0: never */
};

/* `total` were dropped so far for this reason; subject is the device. */
void	cli_tally(struct cli_tally *tally, const char *subject,
	    unsigned long total);
/* All n counts that are not 0, one line each. */
void	cli_tally_report(const struct cli_tally *tallies, unsigned n,
	    const char *subject);

#endif
