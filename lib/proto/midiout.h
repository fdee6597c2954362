/*
 * midiout.h - CLASP messages as MIDI bytes: the mirror of midimap.h.
 *
 * Addresses and profiles are those of struct clasp_midimap_config; the wider
 * numbers (cc14, nrpn, rpn) need no option here, an address says what it
 * is.  Clock, SysEx and time code are carried only when config says so.
 * A SET is taken where an event is expected and the other way round.
 *
 * Numbers are rounded, half away from zero, and clamped.  The default
 * profile takes them as they are; in the documented one a float is a share
 * from 0.0 to 1.0, and so are the ints 0 and 1, larger ints are raw.  A bool
 * is the most or nothing.  NaN, null, strings, arrays are dropped.
 */
#ifndef CLASP_PROTO_MIDIOUT_H
#define CLASP_PROTO_MIDIOUT_H

#include "proto/midimap.h"
#include "wire/message.h"

#define CLASP_MIDIOUT_BYTES	16	/* of a message that is no SysEx */

/* Why something was dropped. */
enum clasp_midiout_drop {
	CLASP_MIDIOUT_DROP_OUTSIDE,	/* not below base */
	CLASP_MIDIOUT_DROP_ADDRESS,	/* below it, and names nothing */
	CLASP_MIDIOUT_DROP_VALUE,	/* not what this address takes */
	CLASP_MIDIOUT_DROP_MESSAGE,	/* a gesture, a timeline, a control */
	CLASP_MIDIOUT_DROP_CLOCK,	/* not asked for */
	CLASP_MIDIOUT_DROP_SYSEX,
	CLASP_MIDIOUT_DROP_MTC,
	CLASP_MIDIOUT_DROPS
};

/* What a message is to a queue. */
enum clasp_midiout_kind {
	CLASP_MIDIOUT_EVENT,	/* must get through, in its place */
	CLASP_MIDIOUT_PARAM,	/* a newer one of the same key is as good */
	CLASP_MIDIOUT_STATE,	/* a param whose steps matter: bank select,
				 * pedals, data entry, channel modes */
	CLASP_MIDIOUT_CLOCK	/* F8: may stand anywhere */
};

/*
 * One thing to send: one message, or the two or four controllers of a wide
 * number, or the eight quarter frames of a time.
 */
struct clasp_midiout_msg {
	enum clasp_midiout_kind kind;
	uint32_t	 key;		/* equal: the same param */
	int		 channel;	/* -1: none */
	const uint8_t	*bytes;		/* every status written out */
	size_t		 len;
};

typedef void (*clasp_midiout_fn)(const struct clasp_midiout_msg *msg,
	    void *user);

/* Strings of config are borrowed. */
struct clasp_midiout {
	struct clasp_midimap_config config;
	struct clasp_str base;
	clasp_midiout_fn fn;
	void		*user;
	unsigned long	 drops[CLASP_MIDIOUT_DROPS];
};

void	clasp_midiout_init(struct clasp_midiout *out,
	    const struct clasp_midimap_config *config, clasp_midiout_fn fn,
	    void *user);
/*
 * Translate a message, or each of a bundle.  fn is called for each MIDI
 * message; its bytes are good until fn returns.
 */
void	clasp_midiout_apply(struct clasp_midiout *out,
	    const struct clasp_msg *msg);
/* "outside the namespace", ... */
const char *clasp_midiout_drop_name(enum clasp_midiout_drop drop);

#endif
