/*
 * mapping.h - --map and -m of the bridges: rules between a device and lines,
 * with the timer that "every" needs.  Without a rule every line passes as it
 * is.
 */
#ifndef CLASP_BRIDGE_MAPPING_H
#define CLASP_BRIDGE_MAPPING_H

#include <uv.h>

#include "bridge/counts.h"
#include "proto/rules.h"

/* All 0 at first; it must stay where it is. */
struct clasp_mapping {
	struct clasp_rules *rules;	/* NULL: none given */
	clasp_rules_fn	 fn;
	void		*user;
	struct clasp_counts *counts;
	uv_timer_t	 timer;		/* for lines that "every" holds */
};

/* The argument of --map (then id is CLI_MAP) or of -m becomes rules.  A bad
 * one ends the program: exit 2, or 3 for a file that cannot be read. */
void	clasp_mapping_read(struct clasp_rules *rules, int id);
/* Take the rules of the option that cli_next just returned; true when it was
 * --map or -m. */
bool	clasp_mapping_option(struct clasp_mapping *m, int id);

/* What the rules drop is told in counts, which must live as long. */
void	clasp_mapping_start(struct clasp_mapping *m, uv_loop_t *loop,
	    struct clasp_counts *counts, clasp_rules_fn fn, void *user);
/* One line: what the rules make of it goes to fn before this returns, or
 * when its time has come. */
void	clasp_mapping_line(struct clasp_mapping *m,
	    const struct clasp_line *line);
/* The input has ended: what is held back comes now. */
void	clasp_mapping_finish(struct clasp_mapping *m);
void	clasp_mapping_close(struct clasp_mapping *m);

#endif
