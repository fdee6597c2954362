/*
 * value.h - a CLASP value in memory, and its bytes.
 *
 * There is one integer type (signed 64 bit) and one float type (binary64).
 * They never turn into each other in the codec, and every bit pattern of a
 * float passes unchanged.  Strings and bytes are views; arrays and maps are
 * borrowed pointers (after a decode: into the arena).
 */
#ifndef CLASP_WIRE_VALUE_H
#define CLASP_WIRE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/str.h"

#define CLASP_VALUE_DEPTH	64	/* containers inside each other */

enum clasp_type {
	CLASP_NULL,
	CLASP_BOOL,
	CLASP_INT,
	CLASP_FLOAT,
	CLASP_STRING,
	CLASP_BYTES,
	CLASP_ARRAY,
	CLASP_MAP
};

/* Type codes on the wire.  Integers are emitted as I64, floats as F64. */
enum clasp_code {
	CLASP_CODE_NULL = 0x00,
	CLASP_CODE_BOOL = 0x01,
	CLASP_CODE_I8 = 0x02,
	CLASP_CODE_I16 = 0x03,
	CLASP_CODE_I32 = 0x04,
	CLASP_CODE_I64 = 0x05,
	CLASP_CODE_F32 = 0x06,
	CLASP_CODE_F64 = 0x07,
	CLASP_CODE_STRING = 0x08,
	CLASP_CODE_BYTES = 0x09,
	CLASP_CODE_ARRAY = 0x0a,
	CLASP_CODE_MAP = 0x0b
};

struct clasp_entry;

struct clasp_value {
	uint8_t		 type;		/* enum clasp_type */
	/*
	 * 0, or the narrower code this number is to have on the wire: I8,
	 * I16, I32 (the integer must fit) or F32 (the float must be one).
	 * A decoder sets it only when asked to (CLASP_DECODE_EXACT).
	 */
	uint8_t		 narrow;
	uint32_t	 count;		/* items, entries: 0..65535 */
	union {
		bool		 boolean;
		int64_t		 integer;
		double		 number;
		struct clasp_str string;	/* also bytes */
		const struct clasp_value *items;
		const struct clasp_entry *entries;
	};
};

struct clasp_entry {
	struct clasp_str	key;
	struct clasp_value	value;
};

static inline struct clasp_value
clasp_null(void)
{
	return (struct clasp_value){ .type = CLASP_NULL };
}

static inline struct clasp_value
clasp_bool(bool v)
{
	return (struct clasp_value){ .type = CLASP_BOOL, .boolean = v };
}

static inline struct clasp_value
clasp_int(int64_t v)
{
	return (struct clasp_value){ .type = CLASP_INT, .integer = v };
}

static inline struct clasp_value
clasp_float(double v)
{
	return (struct clasp_value){ .type = CLASP_FLOAT, .number = v };
}

static inline struct clasp_value
clasp_string(struct clasp_str v)
{
	return (struct clasp_value){ .type = CLASP_STRING, .string = v };
}

static inline struct clasp_value
clasp_bytes(struct clasp_str v)
{
	return (struct clasp_value){ .type = CLASP_BYTES, .string = v };
}

static inline struct clasp_value
clasp_array(const struct clasp_value *items, uint32_t count)
{
	return (struct clasp_value){ .type = CLASP_ARRAY, .count = count,
	    .items = items };
}

static inline struct clasp_value
clasp_map(const struct clasp_entry *entries, uint32_t count)
{
	return (struct clasp_value){ .type = CLASP_MAP, .count = count,
	    .entries = entries };
}

/* A 32-bit float widened bit by bit: NaNs keep their payload and kind. */
double	clasp_float_widen(uint32_t bits);
/* True when v is some 32-bit float widened, whose bits go to *bits. */
bool	clasp_float_narrow(double v, uint32_t *bits);

/* The value under a key of a map, or NULL. */
const struct clasp_value *clasp_map_get(const struct clasp_value *map,
	    struct clasp_str key);
/* Same type and content; floats by their bits, maps in order; narrow is
 * not compared. */
bool	clasp_value_equal(const struct clasp_value *a,
	    const struct clasp_value *b);
/*
 * Has a number moved by epsilon (> 0) or more?  Of two arrays of one length
 * any element; whatever is no pair of numbers has, and so has NaN.
 */
bool	clasp_value_apart(const struct clasp_value *a,
	    const struct clasp_value *b, double epsilon);
/*
 * A copy of v and of all it points to, in the arena.
 * Returns 0 or CLASP_ENOMEM.
 */
int	clasp_value_copy(const struct clasp_value *v,
	    struct clasp_arena *arena, struct clasp_value *out);

/*
 * The code v has on the wire, and its data without that code.
 *
 * clasp_value_put() writes the data behind w->p and returns 0 or
 * CLASP_ETOOBIG (a string, count or byte string over 65,535),
 * CLASP_EDEPTH, CLASP_EUTF8, CLASP_EINVAL.  When the room does not suffice
 * w->full is set, as with every clasp_put.
 */
uint8_t	clasp_value_code(const struct clasp_value *v);
int	clasp_value_put(struct clasp_writer *w, const struct clasp_value *v);
/* Bytes that clasp_value_put() writes; 0 for null. */
size_t	clasp_value_size(const struct clasp_value *v);

#define CLASP_DECODE_EXACT	0x01	/* set value.narrow */

/*
 * Read the data of a value whose code is known.
 * Returns 0, CLASP_ETRUNCATED, CLASP_EVALUETYPE, CLASP_EUTF8, CLASP_EDEPTH
 * or CLASP_ENOMEM.  Of equal keys in a map the last value wins and takes the
 * first one's place.
 */
int	clasp_value_get(struct clasp_reader *r, uint8_t code,
	    struct clasp_arena *arena, unsigned flags,
	    struct clasp_value *out);

#endif
