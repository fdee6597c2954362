/*
 * dmx.h - one universe of DMX512 as programs that send it hold it: 512
 * levels that messages change, and the ticks at which a frame goes out.
 *
 * No I/O and no clock.  Every output that speaks levels uses the same model:
 *
 *	messages --> levels, dirty --tick--> frame on the wire
 *
 * Addresses are PREFIX/U/C with C from 1 to 512, or PREFIX/U with an array
 * or bytes for channels 1..n in one go; flat adds PREFIX/C.  Numbers in
 * addresses have no leading zeros.  All others are ignored and counted.
 */
#ifndef CLASP_PROTO_DMX_H
#define CLASP_PROTO_DMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/message.h"

#define CLASP_DMX_SLOTS		512
#define CLASP_DMX_UNIVERSE_MAX	63999
#define CLASP_DMX_RATE_MAX	44	/* Hz; 512 slots take 22.7 ms */

/* What numbers mean. */
enum clasp_dmx_scale {
	CLASP_DMX_AUTO,	/* ints are levels; floats 0.0-1.0 are a share of 255,
			 * until the address was given one above 1.0: from
			 * then on its floats are levels too */
	CLASP_DMX_RAW,	/* all are levels */
	CLASP_DMX_UNIT	/* all, ints too, are a share of 255 */
};

/* Why a message, or an element of an array, was ignored. */
enum clasp_dmx_drop {
	CLASP_DMX_DROP_OUTSIDE,		/* not under the prefix */
	CLASP_DMX_DROP_ADDRESS,		/* no channel: /dmx/1/513, /dmx/1/01 */
	CLASP_DMX_DROP_UNIVERSE,	/* another universe */
	CLASP_DMX_DROP_VALUE,		/* no number, not finite */
	CLASP_DMX_DROP_MESSAGE,		/* no value: a gesture, a timeline */
	CLASP_DMX_DROPS
};

struct clasp_dmx {
	struct clasp_str prefix;	/* "/dmx"; the caller's */
	unsigned	 universe;
	bool		 flat;
	enum clasp_dmx_scale scale;
	uint8_t		 level[CLASP_DMX_SLOTS];
	bool		 dirty;		/* not sent as it stands */
	bool		 sent;		/* some frame was sent */
	/* addresses whose floats are levels; [0] is PREFIX/U itself */
	bool		 levels[CLASP_DMX_SLOTS + 1];
	bool		 switched;	/* one of them just became so; the
					 * caller tells people and clears it */
	unsigned long	 drops[CLASP_DMX_DROPS];
};

void	clasp_dmx_init(struct clasp_dmx *dmx, struct clasp_str prefix,
	    unsigned universe);
/*
 * Apply a SET, an event or a stream value, or a bundle of them.  Returns the
 * number of channels it set; what was not taken is counted in drops.
 */
int	clasp_dmx_apply(struct clasp_dmx *dmx, const struct clasp_msg *msg);
/* A frame has been given to the device. */
void	clasp_dmx_sent(struct clasp_dmx *dmx);
/* All levels 0. */
void	clasp_dmx_blackout(struct clasp_dmx *dmx);

const char *clasp_dmx_drop_name(enum clasp_dmx_drop drop);
/* "auto" "raw" "unit": 0 or CLASP_EINVAL. */
int	clasp_dmx_scale_by_name(const char *name, enum clasp_dmx_scale *out);
/*
 * A number as a level.  *levels is the address's mark, see AUTO.
 * Returns 0-255, or -1 when v is no number.
 */
int	clasp_dmx_level(const struct clasp_value *v,
	    enum clasp_dmx_scale scale, bool *levels);

/*
 * What an address names: *universe and *channel, which is 0 for the universe
 * as a whole.  Returns 0, CLASP_ENOENT (not under the prefix) or
 * CLASP_EADDRESS.
 */
int	clasp_dmx_address(struct clasp_str address, struct clasp_str prefix,
	    unsigned *universe, unsigned *channel);

/*
 * Ticks are t0 + k / rate: counted from the start, so they do not drift.
 */
struct clasp_dmx_pace {
	uint64_t	 t0_us;
	double		 rate_hz;	/* above 0 */
	uint64_t	 keepalive_us;	/* a frame at least this often */
};

/* The first tick after now. */
uint64_t clasp_dmx_pace_next(const struct clasp_dmx_pace *pace,
	    uint64_t now_us);
/*
 * Is an unchanged frame to be repeated at this tick?  last_us is the tick of
 * the frame before.  True when the next tick would be too late.
 */
bool	clasp_dmx_pace_keepalive(const struct clasp_dmx_pace *pace,
	    uint64_t last_us, uint64_t tick_us);

#endif
