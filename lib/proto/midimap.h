/*
 * midimap.h - MIDI messages as CLASP lines.
 *
 * Addresses are BASE/ch/C/...: BASE is the namespace and a device's name
 * ("/midi/default"), C the channel.  Two profiles differ in base, channel
 * numbers and values:
 *
 *			default			doc
 *	channels	0-15			1-16
 *	note		event map on .../note	event 0.0-1.0 on .../note/N
 *	controllers	int 0-127		float 0.0-1.0
 *	pitch bend	.../bend -8192..8191	.../pitch 0.0-1.0
 *	program		event			param
 *
 * The event of MIDI time code is a map with frame, hour, minute, rate and
 * second; rate is 24, 25, 29.97 (drop frame) or 30.
 */
#ifndef CLASP_PROTO_MIDIMAP_H
#define CLASP_PROTO_MIDIMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/midi.h"
#include "wire/line.h"

struct clasp_midimap_config {
	const char	*base;		/* "/midi/default"; a valid address */
	bool		 doc;		/* the documented profile */
	bool		 clock;		/* carry F8 */
	bool		 sysex;
	bool		 mtc;		/* quarter frames, full frames */
	bool		 nrpn, rpn;
	bool		 nrpn7, rpn7;	/* values are 7 bit, cc 6 only */
	uint32_t	 cc14;		/* bit N: N and N+32 are one number */
};

typedef void (*clasp_midimap_fn)(const struct clasp_line *line, void *user);

struct clasp_midimap;

/*
 * Make a translator.  config is copied.  Returns NULL when there is no
 * memory or base is too long for an address.  With nrpn or rpn it remembers
 * each parameter's value, so that the steps of cc 96 and 97 can be followed:
 * 1 MiB, touched as used.
 */
struct clasp_midimap *clasp_midimap_new(
	    const struct clasp_midimap_config *config, clasp_midimap_fn fn,
	    void *user);
void	clasp_midimap_free(struct clasp_midimap *map);
/*
 * Translate one message; fn is called for each line it gives: none, one, or
 * two (a time code SysEx with both mtc and sysex).  The line is good until
 * fn returns.
 */
void	clasp_midimap_in(struct clasp_midimap *map,
	    const struct clasp_midi_msg *msg);

/*
 * The device segment made of a port's name: lower case, blanks to '_', only
 * a-z 0-9 _ - kept.  Writes at most cap - 1 bytes and a NUL; returns the
 * length, 0 when nothing is left of it.
 */
size_t	clasp_midimap_segment(char *out, size_t cap, struct clasp_str name);

#endif
