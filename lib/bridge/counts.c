/* counts.c - what a bridge dropped, by reason. */

#include "bridge/counts.h"

#include <assert.h>

struct clasp_count *
clasp_counts_add(struct clasp_counts *counts, const char *subject,
    const char *reason, const unsigned long *total)
{
	struct clasp_count *c;

	assert(counts->n < CLASP_COUNTS_MAX);
	c = &counts->at[counts->n++];
	c->tally = (struct cli_tally){ .reason = reason };
	c->subject = subject;
	c->total = total;
	return c;
}

void
clasp_counts_tell(struct clasp_counts *counts)
{
	struct clasp_count *c = counts->at, *end = c + counts->n;

	for (; c < end; c++)
		if (*c->total != c->tally.count)
			cli_tally(&c->tally, c->subject, *c->total);
}

void
clasp_counts_report(struct clasp_counts *counts)
{
	struct clasp_count *c = counts->at, *end = c + counts->n;

	clasp_counts_tell(counts);
	for (; c < end; c++)
		cli_tally_report(&c->tally, 1, c->subject);
}
