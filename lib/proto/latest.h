/*
 * latest.h - the newest value of each address, so that a bridge can say all
 * it knows again to a relay that was restarted.
 */
#ifndef CLASP_PROTO_LATEST_H
#define CLASP_PROTO_LATEST_H

#include "wire/line.h"

#define CLASP_LATEST_MAX 100000		/* addresses; more are not kept */

struct clasp_latest;

/* NULL when there is no memory. */
struct clasp_latest *clasp_latest_new(void);
void	clasp_latest_free(struct clasp_latest *latest);
/* Keep the line's SETs of null, booleans and numbers; others are not state
 * that a device has. */
void	clasp_latest_keep(struct clasp_latest *latest,
	    const struct clasp_line *line);
/* One line for each address, in the order they came first. */
void	clasp_latest_each(const struct clasp_latest *latest,
	    void (*fn)(const struct clasp_line *line, void *user),
	    void *user);

#endif
