/*
 * address.h - names of signals, patterns over them, and the one matcher.
 *
 * An address starts with '/', has no empty segment, no '*' and no control
 * character (U+0000-U+001F, U+007F), at most 1,024 bytes and 64 segments.  A
 * pattern may hold '*', may end in one '/' (as if absent) and has at most 8
 * segments "**".
 *
 *	*	a whole segment: exactly one
 *	**	a whole segment: zero or more
 *	ab*	within a segment: zero or more bytes of it; never crosses '/'
 *
 * Nothing but '*' is special.  Bytes are compared as they are.  The matcher
 * takes at most pattern segments x address segments steps.
 */
#ifndef CLASP_WIRE_ADDRESS_H
#define CLASP_WIRE_ADDRESS_H

#include <stdbool.h>

#include "base/str.h"

#define CLASP_ADDRESS_MAX	1024	/* bytes */
#define CLASP_SEGMENTS_MAX	64
#define CLASP_GLOBSTARS_MAX	8

/*
 * 0, or CLASP_EADDRESS / CLASP_EPATTERN; then *why (may be NULL) says what is
 * wrong: "must start with /", "has an empty segment", ...
 */
int	clasp_address_check(struct clasp_str address, const char **why);
int	clasp_pattern_check(struct clasp_str pattern, const char **why);
/* True when the pattern holds no '*': it names one address. */
bool	clasp_pattern_literal(struct clasp_str pattern);
/* The pattern without the one trailing '/' that is tolerated. */
struct clasp_str clasp_pattern_trim(struct clasp_str pattern);

/* Both must be valid; a pattern that is not matches nothing. */
bool	clasp_pattern_match(struct clasp_str pattern,
	    struct clasp_str address);
/* One segment against one pattern segment that is not "**". */
bool	clasp_segment_match(struct clasp_str pattern,
	    struct clasp_str segment);

/*
 * Match and tell what each wildcard took, in order: a '*' its text, a "**"
 * its path without slashes at the ends.  Up to max views into address go to
 * captures.  Returns the number of wildcards, or -1 when there is no match.
 */
int	clasp_pattern_capture(struct clasp_str pattern,
	    struct clasp_str address, struct clasp_str *captures, int max);

/*
 * Cut an address (or pattern) into its segments; returns their number, at
 * most max, or -1 when there are more.
 */
int	clasp_segments(struct clasp_str address, struct clasp_str *out,
	    int max);

#endif
