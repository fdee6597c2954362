/*
 * dmx.h - universes of DMX512 as programs that send them hold them: levels
 * that messages change, and the ticks at which frames go out.
 *
 * No I/O and no clock.  Every output that speaks levels uses the same model:
 *
 *	messages --> levels, dirty --tick--> frames on the wire
 *
 * Addresses are PREFIX/U/C with C from 1 to 512, or PREFIX/U with an array
 * or bytes for channels 1..n in one go; flat adds PREFIX/C, and with split U
 * is three numbers, N/S/U (Art-Net's net, sub-net and universe).  Numbers in
 * addresses have no leading zeros.  All others are ignored and counted.
 *
 * A timeline for an address is played: clasp_dmx_play() at each tick moves
 * the levels it has.  Whatever comes later for one of its channels takes that
 * channel from it.  A relay keeps params and timelines and gives the params
 * first, whichever came last: clasp_dmx_apply_kept() sorts that out.
 *
 * A universe is made when its first message comes, or when asked for; after
 * that nothing here takes memory but timelines.
 */
#ifndef CLASP_PROTO_DMX_H
#define CLASP_PROTO_DMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/numset.h"
#include "base/str.h"
#include "wire/message.h"

#define CLASP_DMX_SLOTS		512
#define CLASP_DMX_UNIVERSE_MAX	63999
#define CLASP_DMX_RATE_MAX	44	/* Hz; 512 slots take 22.7 ms */
#define CLASP_DMX_PLAYS_MAX	4096	/* timelines; more are dropped */

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
	CLASP_DMX_DROP_UNIVERSE,	/* a universe that is not ours */
	CLASP_DMX_DROP_VALUE,		/* no number, not finite */
	CLASP_DMX_DROP_MESSAGE,		/* no value: a gesture */
	CLASP_DMX_DROP_TIMELINE,	/* not one, or too many at once */
	CLASP_DMX_DROPS
};

struct clasp_dmx_config {
	struct clasp_str prefix;	/* "/dmx"; the caller's */
	enum clasp_dmx_scale scale;
	bool		 flat;		/* PREFIX/C too, of flat_universe */
	bool		 split;		/* PREFIX/N/S/U/C */
	unsigned	 flat_universe;
	unsigned	 min, max;	/* numbers of universes; max 0: 63999 */
	/* those that are ours; NULL: all; the caller's */
	const struct clasp_numset *only;
};

struct clasp_dmx_play;

struct clasp_universe {
	uint8_t		 level[CLASP_DMX_SLOTS];
	unsigned	 number;
	bool		 dirty;		/* not sent as it stands */
	bool		 sent;		/* some frame was sent */
	/* for whoever sends it */
	uint8_t		 sequence;
	uint8_t		 more;		/* frames still to be sent unchanged */
	uint64_t	 last_us;	/* the tick of the frame before */
	void		*user;
	/* addresses whose floats are levels; bit 0 is PREFIX/U itself */
	uint64_t	 marks[CLASP_DMX_SLOTS / 64 + 1];
	struct clasp_dmx_play *plays;
	uint64_t	*written_us;	/* of each level that a relay had
					 * kept, else 0; NULL: of none */
};

struct clasp_dmx;

/* NULL: no memory. */
struct clasp_dmx *clasp_dmx_new(const struct clasp_dmx_config *config);
void	clasp_dmx_free(struct clasp_dmx *dmx);
/* The universe of this number, made when it is not there; NULL: not one of
 * ours, or no memory. */
struct clasp_universe *clasp_dmx_universe(struct clasp_dmx *dmx, unsigned n);
/* Walk them by number: *at is 0 at first; NULL at the end. */
struct clasp_universe *clasp_dmx_next(const struct clasp_dmx *dmx,
	    unsigned *at);
unsigned clasp_dmx_count(const struct clasp_dmx *dmx);

/*
 * Apply a SET, an event, a stream value or a timeline, or a bundle of them,
 * at now_us by the server's clock.  Returns the number of channels it
 * concerns; what was not taken is counted in drops.
 */
int	clasp_dmx_apply(struct clasp_dmx *dmx, const struct clasp_msg *msg,
	    uint64_t now_us);
/*
 * Apply what a relay has kept, written at written_us by its clock.  A
 * timeline that was published before takes none of these channels, though it
 * comes later.
 */
int	clasp_dmx_apply_kept(struct clasp_dmx *dmx,
	    const struct clasp_msg *msg, uint64_t written_us,
	    uint64_t now_us);
/* Move what timelines play to now_us. */
void	clasp_dmx_play(struct clasp_dmx *dmx, uint64_t now_us);
/* How many timelines are not over yet, without those that loop. */
unsigned clasp_dmx_playing(const struct clasp_dmx *dmx);

/* A frame of it has been given to the device. */
void	clasp_universe_sent(struct clasp_universe *u);
/* All levels 0, no timeline any more. */
void	clasp_dmx_blackout(struct clasp_dmx *dmx);
/* All that were sent are dirty again: a device came back. */
void	clasp_dmx_again(struct clasp_dmx *dmx);

/* CLASP_DMX_DROPS numbers that only rise. */
const unsigned long *clasp_dmx_drops(const struct clasp_dmx *dmx);
const char *clasp_dmx_drop_name(enum clasp_dmx_drop drop);
/*
 * Did floats of an address become levels since this was asked last (see
 * AUTO)?  Then its universe and channel (0: the whole); people are to be
 * told once.
 */
bool	clasp_dmx_switched(struct clasp_dmx *dmx, unsigned *universe,
	    unsigned *channel);

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
	    bool split, unsigned *universe, unsigned *channel);
/* The other way, into out of prefix.len + CLASP_DMX_ADDRESS_ROOM bytes;
 * channel 0: the whole.  Returns the length. */
#define CLASP_DMX_ADDRESS_ROOM	24
size_t	clasp_dmx_format(char *out, struct clasp_str prefix, bool split,
	    unsigned universe, unsigned channel);

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
