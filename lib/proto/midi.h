/*
 * midi.h - a MIDI 1.0 byte stream cut into messages.
 *
 * Bytes in, messages out; any partition of the same bytes gives the same
 * messages.  What a message means on the CLASP side is midimap.h.
 *
 * A message that is cut short by a status byte, data bytes that belong to no
 * status, a SysEx that another status ends or that is too long: each is
 * dropped, counted, and the stream goes on.
 */
#ifndef CLASP_PROTO_MIDI_H
#define CLASP_PROTO_MIDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define CLASP_MIDI_SYSEX_MAX	65000	/* bytes, F0 and F7 included */

/* Status bytes; channel messages without their channel. */
enum clasp_midi_status {
	CLASP_MIDI_NOTE_OFF = 0x80,
	CLASP_MIDI_NOTE_ON = 0x90,
	CLASP_MIDI_POLY = 0xa0,
	CLASP_MIDI_CC = 0xb0,
	CLASP_MIDI_PROGRAM = 0xc0,
	CLASP_MIDI_PRESSURE = 0xd0,
	CLASP_MIDI_BEND = 0xe0,
	CLASP_MIDI_SYSEX = 0xf0,
	CLASP_MIDI_MTC = 0xf1,
	CLASP_MIDI_SONGPOS = 0xf2,
	CLASP_MIDI_SONGSELECT = 0xf3,
	CLASP_MIDI_TUNE = 0xf6,
	CLASP_MIDI_SYSEX_END = 0xf7,
	CLASP_MIDI_CLOCK = 0xf8,
	CLASP_MIDI_START = 0xfa,
	CLASP_MIDI_CONTINUE = 0xfb,
	CLASP_MIDI_STOP = 0xfc,
	CLASP_MIDI_SENSING = 0xfe,
	CLASP_MIDI_RESET = 0xff
};

/* Why something was dropped. */
enum clasp_midi_drop {
	CLASP_MIDI_DROP_DATA,		/* data bytes without a status */
	CLASP_MIDI_DROP_CUT,		/* a message cut short */
	CLASP_MIDI_DROP_SYSEX_CUT,	/* a SysEx ended by another status */
	CLASP_MIDI_DROP_SYSEX_LONG,	/* a SysEx over the limit */
	CLASP_MIDI_DROP_UNDEFINED,	/* F4, F5, F9, FD, F7 on its own */
	CLASP_MIDI_DROPS
};

struct clasp_midi_msg {
	uint8_t	 status;	/* as on the wire, channel included */
	uint8_t	 data[2];	/* 0-127; unused ones are 0 */
	/* of a SysEx: all of it, F0 and F7 included; good during the call */
	const uint8_t	*sysex;
	size_t		 sysex_len;
};

typedef void (*clasp_midi_fn)(const struct clasp_midi_msg *msg, void *user);

struct clasp_midi {
	clasp_midi_fn	 fn;
	void		*user;
	uint8_t		 status;	/* of the message being read, 0: none */
	bool		 running;	/* status is of a message before */
	bool		 in_sysex;
	bool		 too_long;	/* this SysEx is being passed over */
	bool		 quiet;		/* data after F4, F5: not counted */
	uint8_t		 have;		/* data bytes read */
	uint8_t		 data[2];
	struct clasp_buf sysex;		/* at most CLASP_MIDI_SYSEX_MAX */
	unsigned long	 drops[CLASP_MIDI_DROPS];
};

void	clasp_midi_init(struct clasp_midi *midi, clasp_midi_fn fn,
	    void *user);
/* Free what it holds and forget a message that was begun. */
void	clasp_midi_clear(struct clasp_midi *midi);
/* Take n bytes; fn is called for each message that becomes complete. */
void	clasp_midi_feed(struct clasp_midi *midi, const uint8_t *bytes,
	    size_t n);

/* Data bytes behind a status byte: 0 to 2, -1 for SysEx and undefined. */
int	clasp_midi_data_len(uint8_t status);
/* "data bytes without a status", ... */
const char *clasp_midi_drop_name(enum clasp_midi_drop drop);

#endif
