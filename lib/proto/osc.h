/*
 * osc.h - OSC packets (1.0, with the types of 1.1) become lines, messages
 * become packets.  No socket.
 *
 * A message is a SET of namespace + OSC address; one argument is its value,
 * several are an array, none is null.  A bundle is a bundle, with at= when
 * its time tag is not "immediate".  What breaks the framing of a bundle drops
 * the whole datagram; a message that cannot be read drops that message only.
 */
#ifndef CLASP_PROTO_OSC_H
#define CLASP_PROTO_OSC_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/line.h"

#define CLASP_OSC_DATAGRAM_MAX	65507	/* bytes of UDP payload */
#define CLASP_OSC_DEPTH		16	/* arrays, or bundles, in each other */

/* Why something was dropped.	name		for people */
#define CLASP_OSC_DROPS(X) \
	X(EMPTY,	"empty packet") \
	X(MALFORMED,	"malformed packet") \
	X(ELEMENT,	"bundle element of a wrong size") \
	X(ADDRESS,	"address that is a pattern or illegal") \
	X(ARGUMENTS,	"malformed arguments") \
	X(TAG,		"unknown type tag") \
	X(NESTED,	"nested too deeply") \
	X(LARGE,	"more than fits in one frame") \
	X(MEMORY,	"out of memory") \
	/* on the way out */ \
	X(SEGMENT,	"address that OSC cannot have") \
	X(NUL,		"string with a NUL in it") \
	X(VALUE,	"message without a value for OSC")

enum clasp_osc_drop {
#define CLASP_OSC_DROP_ENUM(name, text) CLASP_OSC_##name,
	CLASP_OSC_DROPS(CLASP_OSC_DROP_ENUM)
#undef CLASP_OSC_DROP_ENUM
	CLASP_OSC_NDROPS
};
const char *clasp_osc_drop_text(enum clasp_osc_drop drop);

/* NTP time, and microseconds since 1970; the immediate tag is 0. */
#define CLASP_OSC_IMMEDIATE	UINT64_C(1)
uint64_t clasp_osc_time_us(uint64_t tag);
uint64_t clasp_osc_time_tag(uint64_t time_us);

/* ------------------------------------------------------------------ in */

struct clasp_osc_in {
	struct clasp_str prefix;	/* "/osc"; "" for none */
	const struct clasp_str *events;	/* patterns that become events */
	unsigned	 nevents;
	unsigned long	 drops[CLASP_OSC_NDROPS];
};

/*
 * Read one packet.  fn is called for each line, in order, when the packet is
 * known to be whole; lines live in the packet and the arena.  An immediate
 * bundle is one line, a timed one too (at=), and bundles inside with a later
 * time are lines of their own behind it.  What is dropped is counted.
 * Returns the number of lines.
 */
int	clasp_osc_decode(struct clasp_osc_in *in, const uint8_t *packet,
	    size_t len, struct clasp_arena *arena,
	    void (*fn)(const struct clasp_line *line, void *user),
	    void *user);

/* ----------------------------------------------------------------- out */

struct clasp_osc_out {
	struct clasp_str prefix;	/* taken off; "" for none */
	bool		 wide;		/* h and d always */
	bool		 bool_int;	/* i 1 and 0 for booleans */
	bool		 as_float;	/* ints as floats */
	bool		 arrays;	/* inner arrays as [ ] */
	unsigned long	 drops[CLASP_OSC_NDROPS];
};

/*
 * Add the message's packet to buf.  Returns its length (a multiple of 4), or
 * 0 when there is none: not under the prefix, or not for OSC (counted).
 */
size_t	clasp_osc_encode(struct clasp_osc_out *out,
	    const struct clasp_msg *msg, struct clasp_buf *buf);

#endif
