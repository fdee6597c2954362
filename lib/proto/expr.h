/*
 * expr.h - arithmetic on one number: compiled once, run for each message.
 *
 *	x*2+10    clamp(x, 0, 1)    x > 0.5 ? sin(t*2*PI) : 0
 *
 * From loose to tight: ?:  ||  &&  == !=  < <= > >=  + -  * / %
 * unary - + !  ^.  "^" groups to the right and holds tighter than a minus on
 * its left: -2^2 is -4, 2^-1 is 0.5.  All values are doubles; comparisons
 * and logic give 1 and 0.  Names: x (or value), t (seconds since start), i
 * (messages of this address before this one), PI, E.  Functions: sin cos tan
 * asin acos atan atan2 sqrt abs floor ceil round trunc min max pow exp ln
 * log10 log2 clamp sign; min and max take any number of arguments.
 */
#ifndef CLASP_PROTO_EXPR_H
#define CLASP_PROTO_EXPR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define CLASP_EXPR_DEPTH	64	/* parts inside each other */
#define CLASP_EXPR_MAX		4096	/* bytes of text */

struct clasp_expr;

struct clasp_expr_input {
	double	x;
	double	t;
	double	i;
};

struct clasp_expr_error {
	unsigned	 column;	/* bytes, from 1 */
	char		 reason[96];
};

/*
 * Compile the whole of text into the arena.
 * Returns 0, CLASP_ESYNTAX (*err tells where and why) or CLASP_ENOMEM.
 */
int	clasp_expr_compile(struct clasp_str text, struct clasp_arena *arena,
	    const struct clasp_expr **out, struct clasp_expr_error *err);
/* True when it asks for i. */
bool	clasp_expr_counts(const struct clasp_expr *expr);
/* The result may be NaN or infinite. */
double	clasp_expr_run(const struct clasp_expr *expr,
	    const struct clasp_expr_input *in);

#endif
