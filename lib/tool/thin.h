/*
 * thin.h - fewer lines of the same: a rate, a least change, only changes.
 *
 * Values of params and streams (and moves of gestures, for the rate) are
 * thinned for each address by itself; everything else passes at once.  A
 * value that comes too soon is held, replaced by newer ones, and let go when
 * its time has come, so the last value always gets out.
 *
 * The time is the line's own where it has one in front, so that a recording
 * is thinned as it would have been live, else the time of arrival.  A held
 * line that has a time gets that at which it is let go; "+D" is written anew
 * where lines are missing.  A bundle is never torn or held (unless asked
 * for): it passes whole, and its values count as the latest of their
 * addresses.
 */
#ifndef CLASP_TOOL_THIN_H
#define CLASP_TOOL_THIN_H

#include "wire/line.h"

/*
 * Bytes of lines that are held at most, for all addresses together: beyond,
 * the one that has been held longest is let go before its time.
 */
#define CLI_THIN_HELD_MAX	(64u << 20)

struct cli_thin;

struct cli_thin_config {
	double	max_rate;	/* lines a second and address; 0: any */
	double	epsilon;	/* least change of a number; 0: any */
	bool	changed;	/* a value that is the same is left out */
	/*
	 * For live lines without epsilon or changed: a bundle of nothing but
	 * values is thinned by its members.  What comes too soon is let go
	 * in one bundle with all that is due by then.
	 */
	bool	bundles;
	/*
	 * The lines come from a relay that was asked for this rate and this
	 * epsilon.  One that sees to it sends in its own time; the way here
	 * may bring two values close together, and to hold the second back
	 * would only make it late, and maybe all that follow.  So nothing is
	 * held before a third value has come within a period of a first:
	 * this relay does not see to it, and it is done here from then on.
	 */
	bool	asked;
};

/* Called with each line that gets through; good until it returns. */
typedef void (*cli_thin_fn)(const struct clasp_line *line, void *user);

/* NULL: no memory. */
struct cli_thin *cli_thin_new(const struct cli_thin_config *config,
	    cli_thin_fn fn, void *user);
void	cli_thin_free(struct cli_thin *t);
/*
 * A line that came at now_us (any clock, but one that does not step back).
 * Returns 0 or CLASP_ENOMEM: the line has then passed unthinned.
 */
int	cli_thin_take(struct cli_thin *t, const struct clasp_line *line,
	    uint64_t now_us);
/*
 * A line of the state a relay shows, not of a change: it passes.  What was
 * held of its addresses is older, and their next values are first ones, as
 * they are for a relay that thins them (core/pace.h).
 */
void	cli_thin_state(struct cli_thin *t, const struct clasp_line *line);
/* A line that somebody else left out: "+D" behind it must know. */
void	cli_thin_skip(struct cli_thin *t, const struct clasp_line *line);
/* When a held line is to be let go by cli_thin_run; UINT64_MAX: none that
 * goes by the time of arrival. */
uint64_t cli_thin_due(const struct cli_thin *t);
void	cli_thin_run(struct cli_thin *t, uint64_t now_us);
/* Let go all that is held: the input has ended. */
void	cli_thin_end(struct cli_thin *t);

#endif
