/*
 * counts.h - what a bridge dropped, by reason.
 *
 * Whoever drops something raises a number of its own; here stands which
 * numbers there are, what they mean and whom they concern.  People are told
 * at most once a second for each, and of all at the end with -v or on
 * SIGUSR1.
 */
#ifndef CLASP_BRIDGE_COUNTS_H
#define CLASP_BRIDGE_COUNTS_H

#include "tool/tally.h"

#define CLASP_COUNTS_MAX	64

struct clasp_count {
	struct cli_tally tally;
	const char	*subject;	/* the device, a file; NULL: none */
	const unsigned long *total;
};

struct clasp_counts {
	struct clasp_count at[CLASP_COUNTS_MAX];
	unsigned	 n;
};

/*
 * From now on tell of *total, which only rises; the strings and the number
 * are the caller's and must live as long.  What is returned may be changed:
 * its tally's reason, or `quiet` for one that is only told at the end.
 */
struct clasp_count *clasp_counts_add(struct clasp_counts *counts,
	    const char *subject, const char *reason,
	    const unsigned long *total);
/* Tell of what has risen since. */
void	clasp_counts_tell(struct clasp_counts *counts);
/* All that are not 0. */
void	clasp_counts_report(struct clasp_counts *counts);

#endif
