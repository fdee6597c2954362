/* tally.c - what a bridge dropped, counted by reason. */

#include "base/clock.h"
#include "tool/cli.h"
#include "tool/tally.h"

#define EVERY_US	1000000

void
cli_tally(struct cli_tally *tally, const char *subject, unsigned long total)
{
	uint64_t now;

	if (total == tally->count)
		return;
	tally->count = total;
	if (tally->quiet)
		return;
	now = clasp_clock_mono_us();
	if (tally->told_us && now - tally->told_us < EVERY_US)
		return;
	tally->told_us = now;
	cli_note(subject, "dropped: %s (%lu so far)", tally->reason, total);
}

void
cli_tally_report(const struct cli_tally *tallies, unsigned n,
    const char *subject)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (tallies[i].count)
			cli_warn(subject, "%s: %lu dropped",
			    tallies[i].reason, tallies[i].count);
}
