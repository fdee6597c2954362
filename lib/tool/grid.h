/*
 * grid.h - a universe of levels as text: rows of 32 cells of two digits, to
 * fit in 80 columns and 24 rows.
 *
 *	/dmx/1   512 slots, 3 lit
 *	    +0       +4       +8  ...
 *	  1 ff804000 00000000 ...
 *	 33 ...
 *
 * Levels are hex, shares of a hundred (FL is full), or decimal: in three
 * digits where the width suffices, else with a letter for tens from 100 on
 * (A0 is 100, P5 is 255).  A cell of level 0 is two dots, one without a slot
 * is blank.  Pure text: where it goes is the caller's.
 */
#ifndef CLASP_TOOL_GRID_H
#define CLASP_TOOL_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define CLI_GRID_CELLS	512
#define CLI_GRID_ROW	32
#define CLI_GRID_LINES	18	/* title, head, 16 rows */

/* In the order of the words of --show. */
enum cli_grid_style { CLI_GRID_HEX, CLI_GRID_DEC, CLI_GRID_PCT };

enum cli_grid_look {
	CLI_GRID_PLAIN,		/* text only, for a file */
	CLI_GRID_MONO,		/* bold, dim and reverse, for a terminal */
	CLI_GRID_COLOR		/* shades behind the digits */
};

struct cli_grid {
	struct clasp_str title;
	const uint8_t	*level;		/* slots of them */
	unsigned	 slots;		/* 0-512 */
	/* cells to be marked, bit 0 is the first; NULL: none */
	const uint64_t	*changed;
	enum cli_grid_style style;
	enum cli_grid_look look;
	bool		 utf8;
	unsigned	 columns;	/* lines are cut there, which the
					 * head shows with '>'; 0: 80 */
};

/* Add line n, 0 to CLI_GRID_LINES - 1, without its end. */
void	cli_grid_line(struct clasp_buf *out, const struct cli_grid *grid,
	    unsigned n);
/* Add all that have something in them, each with its LF. */
void	cli_grid_print(struct clasp_buf *out, const struct cli_grid *grid);

#endif
