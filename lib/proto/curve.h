/*
 * curve.h - easing curves by name, and the cubic Bezier of CSS.
 *
 * Every curve maps 0 to 0 and 1 to 1; some leave that range in between
 * (elastic).  The names "ease-in", "ease-out" and "ease-in-out" are the
 * quadratic ones, not the CSS curves of the same names.
 */
#ifndef CLASP_PROTO_CURVE_H
#define CLASP_PROTO_CURVE_H

#include "base/str.h"

struct clasp_curve;		/* one row of a constant table */

/* NULL when there is no curve of this name. */
const struct clasp_curve *clasp_curve_by_name(struct clasp_str name);
/* t is clamped to 0..1 first. */
double	clasp_curve_at(const struct clasp_curve *curve, double t);
/* Walk the names: NULL behind the last. */
const char *clasp_curve_name(unsigned index);

/*
 * The height at x (clamped to 0..1) of the curve from (0,0) to (1,1) with the
 * control points (p[0],p[1]) and (p[2],p[3]); p[0] and p[2] must lie in 0..1.
 */
double	clasp_curve_bezier(const double p[4], double x);

#endif
