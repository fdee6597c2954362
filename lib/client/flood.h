/*
 * flood.h - at most so many lines a second for each address: what comes
 * sooner waits, a newer line replaces it, and the last one always gets out.
 *
 * For params and streams and single messages only; events, gestures,
 * timelines and bundles are never held.
 */
#ifndef CLASP_CLIENT_FLOOD_H
#define CLASP_CLIENT_FLOOD_H

#include <uv.h>

#include "wire/line.h"

#define CLASP_FLOOD_MAX	100000		/* addresses remembered */

struct clasp_flood;

/* due is called from the loop with a line that waited.  NULL: no memory. */
struct clasp_flood *clasp_flood_new(uv_loop_t *loop, double rate_hz,
	    void (*due)(const struct clasp_line *line, void *user),
	    void *user);
/* True when the line is kept for later; false: send it now. */
bool	clasp_flood_hold(struct clasp_flood *f,
	    const struct clasp_line *line);
/* Give out all that waits, then free it when the loop has run.  f may be
 * NULL. */
void	clasp_flood_close(struct clasp_flood *f);

#endif
