/*
 * sndports.h - the raw MIDI devices of this machine, /dev/snd/midiC*D*.
 */
#ifndef CLASP_DEV_SNDPORTS_H
#define CLASP_DEV_SNDPORTS_H

#include <stddef.h>

struct clasp_sndport {
	char	path[64];	/* /dev/snd/midiC0D0 */
	char	name[128];	/* as the driver calls it, else midiC0D0 */
};

/* Fill out with at most max of them, by name; returns how many there are. */
size_t	clasp_sndports(struct clasp_sndport *out, size_t max);

#endif
