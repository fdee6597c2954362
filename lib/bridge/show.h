/*
 * show.h - --show: levels in the terminal, in place of lines or packets.
 *
 * One universe at a time: the one that changed last, or the one chosen with
 * the keys n and p (a goes back to the last changed; h, d and % change the
 * style; q ends as a signal would).  Drawn at most twenty times a second, and
 * never when the terminal still takes the drawing before.  Where stdout is no
 * terminal, one plain screen of each universe is printed at the end.
 *
 * The terminal is given back on every way out.  A show that is NULL, because
 * none was asked for, is fine everywhere.
 */
#ifndef CLASP_BRIDGE_SHOW_H
#define CLASP_BRIDGE_SHOW_H

#include "bridge/bridge.h"

struct clasp_show;

struct clasp_show_config {
	struct clasp_str prefix;	/* in the title: "/dmx" */
	bool		 split;		/* universes as N/S/U */
	enum cli_grid_style style;
	bool		 keys;		/* nobody else reads the terminal */
	/* The levels of a universe that was touched, *slots of them. */
	const uint8_t	*(*levels)(unsigned universe, unsigned *slots,
			    void *user);
	void		*user;
};

/* Ends the program when there is no memory. */
struct clasp_show *clasp_show_new(struct clasp_bridge *bridge,
	    const struct clasp_show_config *config);
/* A universe has changed, or is there. */
void	clasp_show_touch(struct clasp_show *show, unsigned universe);
/* Emit a line, unless levels are drawn in place of lines: with a relay they
 * are both. */
void	clasp_show_emit(const struct clasp_show *show,
	    struct clasp_bridge *bridge, const struct clasp_line *line);
/* The program ends: the terminal back, or the plain screens out.  Before
 * clasp_bridge_leave(); again: does nothing. */
void	clasp_show_end(struct clasp_show *show);
/* The loop has ended: close the handles; it is freed when they are. */
void	clasp_show_close(struct clasp_show *show);

#endif
