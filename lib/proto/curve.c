/* curve.c - easing curves. */
#include "proto/curve.h"

#include <math.h>

struct clasp_curve {
	const char	*name;
	double		(*at)(double t);
};

static double
linear(double t)
{
	return t;
}

static double
quad_in(double t)
{
	return t * t;
}

static double
quad_out(double t)
{
	return 1 - (1 - t) * (1 - t);
}

static double
quad_in_out(double t)
{
	return t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) * (2 - 2 * t) / 2;
}

static double
cubic_in(double t)
{
	return t * t * t;
}

static double
cubic_out(double t)
{
	return 1 - (1 - t) * (1 - t) * (1 - t);
}

static double
cubic_in_out(double t)
{
	double u = 2 - 2 * t;

	return t < 0.5 ? 4 * t * t * t : 1 - u * u * u / 2;
}

static double
expo_in(double t)
{
	return t <= 0 ? 0 : exp2(10 * t - 10);
}

static double
expo_out(double t)
{
	return t >= 1 ? 1 : 1 - exp2(-10 * t);
}

static double
expo_in_out(double t)
{
	if (t <= 0 || t >= 1)
		return t;
	return t < 0.5 ? exp2(20 * t - 10) / 2 : (2 - exp2(10 - 20 * t)) / 2;
}

static double
sine_in(double t)
{
	return 1 - cos(t * M_PI / 2);
}

static double
sine_out(double t)
{
	return sin(t * M_PI / 2);
}

static double
sine_in_out(double t)
{
	return (1 - cos(M_PI * t)) / 2;
}

static double
circ_in(double t)
{
	return 1 - sqrt(1 - t * t);
}

static double
circ_out(double t)
{
	return sqrt(1 - (t - 1) * (t - 1));
}

static double
circ_in_out(double t)
{
	double u = 2 - 2 * t;

	return t < 0.5 ? (1 - sqrt(1 - 4 * t * t)) / 2 :
	    (sqrt(1 - u * u) + 1) / 2;
}

static double
elastic_in(double t)
{
	if (t <= 0 || t >= 1)
		return t;
	return -exp2(10 * t - 10) * sin((10 * t - 10.75) * 2 * M_PI / 3);
}

static double
elastic_out(double t)
{
	if (t <= 0 || t >= 1)
		return t;
	return exp2(-10 * t) * sin((10 * t - 0.75) * 2 * M_PI / 3) + 1;
}

static double
bounce_out(double t)
{
	const double n = 7.5625, d = 2.75;

	if (t < 1 / d)
		return n * t * t;
	if (t < 2 / d) {
		t -= 1.5 / d;
		return n * t * t + 0.75;
	}
	if (t < 2.5 / d) {
		t -= 2.25 / d;
		return n * t * t + 0.9375;
	}
	t -= 2.625 / d;
	return n * t * t + 0.984375;
}

static double
logarithmic(double t)
{
	return log1p(t * (M_E - 1));
}

static const struct clasp_curve curves[] = {
	{ "linear",		linear },
	{ "ease-in",		quad_in },
	{ "ease-out",		quad_out },
	{ "ease-in-out",	quad_in_out },
	{ "quad-in",		quad_in },
	{ "quad-out",		quad_out },
	{ "quad-in-out",	quad_in_out },
	{ "cubic-in",		cubic_in },
	{ "cubic-out",		cubic_out },
	{ "cubic-in-out",	cubic_in_out },
	{ "expo-in",		expo_in },
	{ "expo-out",		expo_out },
	{ "expo-in-out",	expo_in_out },
	{ "sine-in",		sine_in },
	{ "sine-out",		sine_out },
	{ "sine-in-out",	sine_in_out },
	{ "circ-in",		circ_in },
	{ "circ-out",		circ_out },
	{ "circ-in-out",	circ_in_out },
	{ "elastic-in",		elastic_in },
	{ "elastic-out",	elastic_out },
	{ "bounce-out",		bounce_out },
	{ "exponential",	expo_in },
	{ "logarithmic",	logarithmic },
};
#define NCURVES (sizeof curves / sizeof curves[0])

const struct clasp_curve *
clasp_curve_by_name(struct clasp_str name)
{
	size_t i;

	for (i = 0; i < NCURVES; i++)
		if (clasp_str_is(name, curves[i].name))
			return &curves[i];
	return NULL;
}

const char *
clasp_curve_name(unsigned index)
{
	return index < NCURVES ? curves[index].name : NULL;
}

static double
clamp01(double t)
{
	return t < 0 ? 0 : t > 1 ? 1 : t;
}

double
clasp_curve_at(const struct clasp_curve *curve, double t)
{
	return curve->at(clamp01(t));
}

/* One coordinate of the curve at the parameter s. */
static double
coordinate(double p, double q, double s)
{
	double r = 1 - s;

	return 3 * r * r * s * p + 3 * r * s * s * q + s * s * s;
}

static double
slope(double p, double q, double s)
{
	double r = 1 - s;

	return 3 * r * r * p + 6 * r * s * (q - p) + 3 * s * s * (1 - q);
}

double
clasp_curve_bezier(const double p[4], double x)
{
	double s, off, d, lo = 0, hi = 1;
	int i;

	x = clamp01(x);
	if (x <= 0 || x >= 1)
		return x;
	/* Newton is quick where the curve is not flat ... */
	for (s = x, i = 0; i < 8; i++) {
		off = coordinate(p[0], p[2], s) - x;
		if (fabs(off) < 1e-6)
			return coordinate(p[1], p[3], s);
		d = slope(p[0], p[2], s);
		if (fabs(d) < 1e-6)
			break;
		s = clamp01(s - off / d);
	}
	/* ... and halving finds the rest: x grows with s. */
	for (s = x, i = 0; i < 60; i++) {
		off = coordinate(p[0], p[2], s) - x;
		if (fabs(off) < 1e-6)
			break;
		if (off > 0)
			hi = s;
		else
			lo = s;
		s = (lo + hi) / 2;
	}
	return coordinate(p[1], p[3], s);
}
