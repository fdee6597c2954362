/*
 * midiport.h - which MIDI port people mean.
 *
 *	-			standard input or output
 *	raw:PATH, a/path	a device of bytes; for output an existing file
 *				only with raw:, which empties it
 *	serial:PATH[@BAUD]	a serial line, 31250 baud if not said
 *	anything else		a part of the name of a system's port
 *	NULL			the only one, or the system's first
 *
 * Where the system has no named ports (dev/pmport), names are looked for
 * among its devices of bytes.
 */
#ifndef CLASP_BRIDGE_MIDIPORT_H
#define CLASP_BRIDGE_MIDIPORT_H

#include <stdio.h>

#include "dev/port.h"

struct clasp_midiport {
	bool		 named;		/* a system's port, by its name */
	const char	*name;		/* of it, a part; NULL: any */
	struct clasp_port_config device;	/* not named: path, raw, line;
					 * path "-": standard input, output */
	const char	*subject;	/* for people */
};

/*
 * Find out, for input or output; text is borrowed.  wait: a port may come
 * later.  One that is not there ends the program, exit 3; one that cannot be
 * one, exit 2.
 */
void	clasp_midiport_choose(struct clasp_midiport *port, const char *text,
	    bool input, bool wait);
/* --list, and what is there when one is not: one a line. */
void	clasp_midiport_list(FILE *out);

#endif
