/*
 * transform.h - one step of a rule: compiled from its text, run on a value.
 *
 *	scale:0,127,0,1    curve:ease-in    expr:x*2+10    if:x>0.5?str:-
 *
 * A step that cannot use a value leaves it as it is, and null always passes.
 * The numbers (and other plain values) in an array are taken one by one, and
 * each place in an array has a memory of its own; a map passes unchanged.
 * Steps that compute take ints and floats and give floats, but where the
 * result is an int by its nature (int, and, or, xor, not, shl, shr, bit,
 * setbit, clrbit) or the int survives (abs, neg).  Booleans become numbers
 * only by "int" and "float".
 */
#ifndef CLASP_PROTO_TRANSFORM_H
#define CLASP_PROTO_TRANSFORM_H

#include <stdint.h>

#include "base/arena.h"
#include "proto/memory.h"
#include "wire/value.h"

#define CLASP_WINDOW_MAX	10000	/* values a step looks back on */

struct clasp_transform;

struct clasp_rule_error {
	unsigned	 line;		/* of a file, from 1; 0: none */
	unsigned	 column;	/* bytes, from 1; 0: none */
	char		 reason[160];	/* for people; no control characters */
};

/* What is known while the steps of one rule are compiled. */
struct clasp_transform_compiler {
	struct clasp_arena *arena;	/* owns what is made */
	struct clasp_rule_error *err;
	const char	*start;		/* of the rule's text, for columns */
	unsigned	 ncells;	/* cells given out so far */
	bool		 counts;	/* some expression has "i" */
	unsigned	 budget;	/* steps that may still be tried */
};
#define CLASP_TRANSFORM_BUDGET	2000

/*
 * Compile one step; text is part of the rule's and must live as long as the
 * arena.
 * Returns 0, or < 0 with *err filled.
 */
int	clasp_transform_compile(struct clasp_transform_compiler *c,
	    struct clasp_str text, const struct clasp_transform **out);

/* What the caller does after a step. */
enum clasp_transform_result {
	CLASP_TRANSFORM_GO,	/* on to the next step */
	CLASP_TRANSFORM_DROP,
	CLASP_TRANSFORM_SET,	/* change the verb, then go on */
	CLASP_TRANSFORM_EVENT,
	CLASP_TRANSFORM_STREAM,
	CLASP_TRANSFORM_EVERY	/* see clasp_transform_run.every */
};

/* One run of one rule over one message. */
struct clasp_transform_run {
	struct clasp_arena *arena;	/* for values that are rebuilt */
	struct clasp_memory *memory;
	uint32_t	 rule;		/* number of the rule */
	unsigned	 ncells;	/* cells of the rule */
	struct clasp_str address;	/* as it came in */
	uint64_t	 hash;		/* of address */
	uint64_t	 now_us;	/* line's own time, or of arrival */
	double		 t;		/* seconds since start */
	double		 i;		/* messages of address before */
	bool		 serial;	/* numbers follow each other in time */
	unsigned long	 not_finite;	/* results that were refused */
	uint32_t	 element;	/* inside */
	/* after CLASP_TRANSFORM_EVERY */
	uint64_t	 every_us;
	struct clasp_cell *every;
};

/* True for a step that acts on the line, not on a value in it. */
bool	clasp_transform_of_line(const struct clasp_transform *s);
/* Run the step on *v, which it may replace. */
enum clasp_transform_result clasp_transform_apply(
	    struct clasp_transform_run *run, const struct clasp_transform *s,
	    struct clasp_value *v);

#endif
