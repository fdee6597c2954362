/*
 * transform.c - the steps.
 *
 * A row of the table is a step: its name, its arguments, and the one function
 * that runs it.  Most are a formula on a double.
 */
#include "proto/transform.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "proto/curve.h"
#include "proto/expr.h"
#include "wire/line.h"

#define IF_DEPTH	8
#define DEFAULT_WINDOW	100

/* Part of a get: path. */
struct hop {
	bool		 is_index;
	int64_t		 index;		/* from the end when < 0 */
	struct clasp_str key;
};

/* Row of a lookup. */
struct pair {
	struct clasp_str key;
	struct clasp_value value;
};

struct clasp_transform {
	const struct kind *kind;
	double		 a[4];
	unsigned	 n;		/* arguments given */
	unsigned	 cell;		/* the rule's cell it remembers in */
	int64_t		 integer;
	union {
		const struct clasp_curve *curve;
		struct {
			const struct clasp_expr *expr;
			bool	 whole;	/* of "if": looks at the line */
			const struct clasp_transform *yes, *no;
		};
		struct {
			const struct hop *hops;
			unsigned nhops;
		};
		struct {
			const struct pair *pairs;
			unsigned npairs;
			const struct clasp_value *other;
		};
		struct clasp_str key;
	};
};

typedef struct clasp_transform step;
typedef struct clasp_transform_run run;
typedef struct clasp_transform_compiler compiler;

struct kind {
	const char	*name;
	unsigned char	 least, most;	/* numbers behind the ':' */
	unsigned char	 flags;
	/* what else there is to read or check; NULL: nothing */
	int		 (*compile)(compiler *c, step *s,
			    struct clasp_str args);
	/* exactly one of these */
	double		 (*number)(run *r, const step *s,
			    struct clasp_cell *m, double x);
	int64_t		 (*integer)(const step *s, int64_t x);
	enum clasp_transform_result (*scalar)(run *r, const step *s,
			    struct clasp_value *v);
	enum clasp_transform_result (*whole)(run *r, const step *s,
			    struct clasp_value *v);
};
#define REMEMBERS	0x01	/* has a cell */
#define OWN_ARGS	0x02	/* compile reads all of args itself */
#define LINE		0x04	/* acts on the line, not on its value */

/* -------------------------------------------------------------- errors */

static int __attribute__((format(printf, 3, 4)))
refuse(compiler *c, const char *at, const char *why, ...)
{
	struct clasp_rule_error *err = c->err;
	va_list ap;
	char *p;

	err->column = (unsigned)(at - c->start) + 1;
	va_start(ap, why);
	vsnprintf(err->reason, sizeof err->reason, why, ap);
	va_end(ap);
	for (p = err->reason; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return CLASP_ESYNTAX;
}

/* ----------------------------------------------------------- arguments */

/* One number: as JSON has it, or with a '+', a bare '.', or inf.  0 or -1. */
static int
read_number(struct clasp_str s, double *out)
{
	char text[64];
	size_t sign = 0, n;
	int64_t integer;
	int is_float, r;

	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		sign = 1;
	n = s.len - sign;
	if (n == 0 || n > sizeof text - 2)
		return -1;
	if (n == 3 && memcmp(s.p + sign, "inf", 3) == 0)
		*out = INFINITY;
	else {
		text[0] = '0';
		memcpy(text + 1, s.p + sign, n);
		if (s.p[sign] == '.')
			n++;
		r = clasp_number_parse(clasp_str_of(s.p[sign] == '.' ? text :
		    text + 1, n), &is_float, &integer, out);
		if (r != (int)n || text[1] == '-')
			return -1;
		if (!is_float)
			*out = (double)integer;
	}
	if (sign && s.p[0] == '-')
		*out = -*out;
	return 0;
}

/* An integer of 64 bits, decimal or 0x....  0 or -1. */
static int
read_integer(struct clasp_str s, int64_t *out)
{
	char text[24], *end;
	bool hex;

	if (s.len == 0 || s.len >= sizeof text || s.p[0] == '+' ||
	    s.p[0] == ' ')
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	errno = 0;
	*out = hex ? (int64_t)strtoull(text, &end, 16) :
	    strtoll(text, &end, 10);
	return *end != '\0' || end == text || errno != 0 ? -1 : 0;
}

/* Read the numbers behind the ':', with commas between. */
static int
read_numbers(compiler *c, step *s, struct clasp_str args)
{
	const char *p = args.p, *end = args.p + args.len, *comma;
	unsigned most = s->kind->most;

	if (args.len == 0 && args.p[-1] != ':')
		return 0;
	for (;; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (comma == NULL)
			comma = end;
		if (s->n == most)
			return most == 0 ?
			    refuse(c, p, "'%s' takes no arguments",
			    s->kind->name) :
			    refuse(c, p, "'%s' takes at most %u argument%s",
			    s->kind->name, most, most == 1 ? "" : "s");
		if (read_number(clasp_str_of(p, (size_t)(comma - p)),
		    &s->a[s->n]) < 0)
			return refuse(c, p, "'%s': a number belongs here",
			    s->kind->name);
		s->n++;
		if (comma == end)
			return 0;
	}
}

/* ------------------------------------------------- formulas on a number */

static double
do_scale(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	if (s->a[0] == s->a[1])
		return s->a[2];
	return s->a[2] + (x - s->a[0]) / (s->a[1] - s->a[0]) *
	    (s->a[3] - s->a[2]);
}

static double
do_clamp(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return x < s->a[0] ? s->a[0] : x > s->a[1] ? s->a[1] : x;
}

static int
check_range(compiler *c, step *s, struct clasp_str args)
{
	if (s->n == 1)
		return refuse(c, args.p, "'%s' takes two numbers",
		    s->kind->name);
	if (s->n == 2 && s->a[0] > s->a[1])
		return refuse(c, args.p, "'%s': the lower limit is above "
		    "the upper", s->kind->name);
	return 0;
}

static double
do_invert(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return s->n == 2 ? s->a[0] + s->a[1] - x : 1 - x;
}

static int
check_pair(compiler *c, step *s, struct clasp_str args)
{
	return s->n == 1 ? refuse(c, args.p, "'%s' takes two numbers",
	    s->kind->name) : 0;
}

static double
do_round(run *r, const step *s, struct clasp_cell *m, double x)
{
	double unit = pow(10, s->n ? s->a[0] : 0), y = round(x * unit) / unit;

	(void)r, (void)m;
	return isfinite(y) ? y : x;
}

static int
check_round(compiler *c, step *s, struct clasp_str args)
{
	if (s->n == 1 && (s->a[0] != trunc(s->a[0]) || fabs(s->a[0]) > 300))
		return refuse(c, args.p, "'round' takes a number of digits");
	return 0;
}

static double
do_quantize(run *r, const step *s, struct clasp_cell *m, double x)
{
	double y = round(x * s->a[0]) / s->a[0];

	(void)r, (void)m;
	return isfinite(y) ? y : x;
}

static int
check_not_zero(compiler *c, step *s, struct clasp_str args)
{
	if (s->a[0] == 0 || !isfinite(s->a[0]))
		return refuse(c, args.p, "'%s' takes a number that is not 0",
		    s->kind->name);
	return 0;
}

static double
do_mod(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return s->a[0] == 0 ? x : fmod(x, s->a[0]);
}

static double
do_pow(run *r, const step *s, struct clasp_cell *m, double x)
{
	double y = pow(x, s->a[0]);

	(void)r, (void)m;
	return isnan(y) ? x : y;
}

static double
do_log(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	if (!(x > 0))
		return x;
	return s->n ? log(x) / log(s->a[0]) : log(x);
}

static int
check_log(compiler *c, step *s, struct clasp_str args)
{
	if (s->n && (s->a[0] <= 0 || s->a[0] == 1 || !isfinite(s->a[0])))
		return refuse(c, args.p, "'log' takes a base above 0 that "
		    "is not 1");
	return 0;
}

static double
do_deadzone(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	if (s->n == 1)
		return fabs(x) < s->a[0] ? 0 : x;
	return s->a[0] <= x && x <= s->a[1] ? 0 : x;
}

static int
check_deadzone(compiler *c, step *s, struct clasp_str args)
{
	return s->n == 2 ? check_range(c, s, args) : 0;
}

static double
do_above(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return x > s->a[0];
}

static double
do_below(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return x < s->a[0];
}

static double
do_equal(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return fabs(x - s->a[0]) < (s->n == 2 ? s->a[1] : 0.001);
}

static double
do_gate(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)s, (void)m;
	return x > 0;
}

static double
do_trigger(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)s, (void)m;
	return x != 0;
}

static double
do_step(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)s, (void)m;
	return x > 0.5;
}

static double
do_curve(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return isnan(x) ? x : clasp_curve_at(s->curve, x);
}

static int
read_curve(compiler *c, step *s, struct clasp_str args)
{
	s->curve = clasp_curve_by_name(args);
	if (s->curve == NULL)
		return refuse(c, args.p,
		    "unknown curve '%.*s'", (int)(args.len < 40 ? args.len :
		    40), args.p);
	return 0;
}

static double
do_bezier(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)m;
	return isnan(x) ? x : clasp_curve_bezier(s->a, x);
}

static int
check_bezier(compiler *c, step *s, struct clasp_str args)
{
	if (s->a[0] < 0 || s->a[0] > 1 || s->a[2] < 0 || s->a[2] > 1 ||
	    !isfinite(s->a[1]) || !isfinite(s->a[3]))
		return refuse(c, args.p, "'bezier': x1 and x2 must lie "
		    "between 0 and 1");
	return 0;
}

/* ----------------------------------------- formulas that remember */

static double
do_toggle(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)s;
	if (x > 0.5 && !m->high)
		m->y = m->y == 0;
	m->high = x > 0.5;
	return m->y;
}

static double
do_hyst(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r;
	if (x >= s->a[1])
		m->y = 1;
	else if (x <= s->a[0])
		m->y = 0;
	return m->y;
}

static double
do_smooth(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r;
	m->y = m->primed ? m->y + s->a[0] * (x - m->y) : x;
	return m->y;
}

static double
do_lowpass(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r;
	m->y = m->primed ? s->a[0] * m->y + (1 - s->a[0]) * x : x;
	return m->y;
}

static int
check_unit(compiler *c, step *s, struct clasp_str args)
{
	if (s->a[0] < 0 || s->a[0] > 1)
		return refuse(c, args.p, "'%s' takes a number from 0 to 1",
		    s->kind->name);
	return 0;
}

static double
do_slew(run *r, const step *s, struct clasp_cell *m, double x)
{
	double d = s->a[0];

	(void)r;
	if (!m->primed || fabs(x - m->y) <= d)
		m->y = x;
	else
		m->y += x > m->y ? d : -d;
	return m->y;
}

static int
check_not_negative(compiler *c, step *s, struct clasp_str args)
{
	if (s->n && s->a[0] < 0)
		return refuse(c, args.p, "'%s' takes a number of 0 or more",
		    s->kind->name);
	return 0;
}

static double
do_rate(run *r, const step *s, struct clasp_cell *m, double x)
{
	double dt = (double)(int64_t)(r->now_us - m->time_us) / 1e6, y = 0;

	(void)s;
	if (m->primed && dt > 0)
		y = (x - m->last) / dt;
	m->last = x;
	m->time_us = r->now_us;
	return y;
}

/* The window of a step, x being its newest; false: no memory for it. */
static bool
push(run *r, const step *s, struct clasp_cell *m, double x)
{
	return clasp_cell_push(r->memory, m, x, s->n ? (uint32_t)s->a[0] :
	    DEFAULT_WINDOW) == 0;
}

static int
check_window(compiler *c, step *s, struct clasp_str args)
{
	if (s->n && (s->a[0] < 1 || s->a[0] > CLASP_WINDOW_MAX ||
	    s->a[0] != trunc(s->a[0])))
		return refuse(c, args.p, "'%s' takes a count from 1 to %d",
		    s->kind->name, CLASP_WINDOW_MAX);
	return 0;
}

static double
total(const struct clasp_cell *m)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < m->len; i++)
		sum += m->window[i];
	return sum;
}

static double
do_sum(run *r, const step *s, struct clasp_cell *m, double x)
{
	return push(r, s, m, x) ? total(m) : x;
}

static double
do_avg(run *r, const step *s, struct clasp_cell *m, double x)
{
	return push(r, s, m, x) ? total(m) / m->len : x;
}

static double
do_min(run *r, const step *s, struct clasp_cell *m, double x)
{
	uint32_t i;

	if (push(r, s, m, x))
		for (i = 0; i < m->len; i++)
			if (m->window[i] < x)
				x = m->window[i];
	return x;
}

static double
do_max(run *r, const step *s, struct clasp_cell *m, double x)
{
	uint32_t i;

	if (push(r, s, m, x))
		for (i = 0; i < m->len; i++)
			if (m->window[i] > x)
				x = m->window[i];
	return x;
}

static double
do_count(run *r, const step *s, struct clasp_cell *m, double x)
{
	return push(r, s, m, x) ? m->len : x;
}

static double
do_first(run *r, const step *s, struct clasp_cell *m, double x)
{
	if (!push(r, s, m, x))
		return x;
	return m->window[m->at < m->len ? m->at : 0];
}

static double
do_last(run *r, const step *s, struct clasp_cell *m, double x)
{
	(void)r, (void)s, (void)m;
	return x;
}

static double
do_stddev(run *r, const step *s, struct clasp_cell *m, double x)
{
	double mean, sum = 0, d;
	uint32_t i;

	if (!push(r, s, m, x))
		return x;
	mean = total(m) / m->len;
	for (i = 0; i < m->len; i++) {
		d = m->window[i] - mean;
		sum += d * d;
	}
	return sqrt(sum / m->len);
}

/* --------------------------------------------------- formulas on an int */

static int64_t
to_integer(double x)
{
	if (isnan(x))
		return 0;
	if (x >= 0x1p63)
		return INT64_MAX;
	if (x < -0x1p63)
		return INT64_MIN;
	return (int64_t)x;
}

static int64_t
do_and(const step *s, int64_t x)
{
	return x & s->integer;
}

static int64_t
do_or(const step *s, int64_t x)
{
	return x | s->integer;
}

static int64_t
do_xor(const step *s, int64_t x)
{
	return x ^ s->integer;
}

static int64_t
do_not(const step *s, int64_t x)
{
	(void)s;
	return ~x;
}

static int64_t
do_shl(const step *s, int64_t x)
{
	return s->integer < 0 || s->integer > 63 ? 0 :
	    (int64_t)((uint64_t)x << s->integer);
}

static int64_t
do_shr(const step *s, int64_t x)
{
	return s->integer < 0 || s->integer > 63 ? (x < 0 ? -1 : 0) :
	    x >> s->integer;
}

static int64_t
do_bit(const step *s, int64_t x)
{
	return x >> s->integer & 1;
}

static int64_t
do_setbit(const step *s, int64_t x)
{
	return (int64_t)((uint64_t)x | UINT64_C(1) << s->integer);
}

static int64_t
do_clrbit(const step *s, int64_t x)
{
	return (int64_t)((uint64_t)x & ~(UINT64_C(1) << s->integer));
}

static int
read_mask(compiler *c, step *s, struct clasp_str args)
{
	if (read_integer(args, &s->integer) < 0)
		return refuse(c, args.p,
		    "'%s' takes one integer", s->kind->name);
	return 0;
}

static int
read_bit(compiler *c, step *s, struct clasp_str args)
{
	if (read_mask(c, s, args) < 0 || s->integer < 0 || s->integer > 63)
		return refuse(c, args.p,
		    "'%s' takes a bit from 0 to 63", s->kind->name);
	return 0;
}

/* ------------------------------------------------- steps on plain values */

static enum clasp_transform_result
do_int(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s;
	if (v->type == CLASP_FLOAT)
		*v = clasp_int(to_integer(v->number));
	else if (v->type == CLASP_BOOL)
		*v = clasp_int(v->boolean);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_float(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s;
	if (v->type == CLASP_INT)
		*v = clasp_float((double)v->integer);
	else if (v->type == CLASP_BOOL)
		*v = clasp_float(v->boolean);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_bool(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s;
	if (v->type == CLASP_INT)
		*v = clasp_bool(v->integer != 0);
	else if (v->type == CLASP_FLOAT)
		*v = clasp_bool(v->number != 0);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_abs(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s;
	if (v->type == CLASP_FLOAT)
		*v = clasp_float(fabs(v->number));
	else if (v->type == CLASP_INT && v->integer == INT64_MIN)
		*v = clasp_float(0x1p63);
	else if (v->type == CLASP_INT && v->integer < 0)
		*v = clasp_int(-v->integer);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_neg(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s;
	if (v->type == CLASP_FLOAT)
		*v = clasp_float(-v->number);
	else if (v->type == CLASP_INT && v->integer == INT64_MIN)
		*v = clasp_float(0x1p63);
	else if (v->type == CLASP_INT)
		*v = clasp_int(-v->integer);
	return CLASP_TRANSFORM_GO;
}

/*
 * A plain value's text: a string bare, the rest as in the line format.  room
 * is used for numbers.  The absent view when there is no memory.
 */
static struct clasp_str
text_of(run *r, const struct clasp_value *v, char room[CLASP_NUMBER_MAX])
{
	struct clasp_str s = CLASP_STR_NONE;
	struct clasp_buf buf;

	switch (v->type) {
	case CLASP_BOOL:
		return v->boolean ? CLASP_STR("true") : CLASP_STR("false");
	case CLASP_INT:
		return clasp_str_of(room, clasp_int_format(room, v->integer));
	case CLASP_FLOAT:
		return clasp_str_of(room, clasp_float_format(room,
		    v->number));
	case CLASP_STRING:
		return v->string.p ? v->string : CLASP_STR("");
	case CLASP_BYTES:
		clasp_buf_init(&buf);
		if (clasp_value_format(&buf, v, 0) == 0)
			s = clasp_arena_dup(r->arena, clasp_buf_str(&buf));
		clasp_buf_clear(&buf);
		return s;
	default:
		return s;
	}
}

static enum clasp_transform_result
do_str(run *r, const step *s, struct clasp_value *v)
{
	char room[CLASP_NUMBER_MAX];
	struct clasp_str text = text_of(r, v, room);

	(void)s;
	if (v->type == CLASP_INT || v->type == CLASP_FLOAT)
		text = clasp_arena_dup(r->arena, text);
	if (text.p != NULL)
		*v = clasp_string(text);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_num(run *r, const step *s, struct clasp_value *v)
{
	int64_t integer;
	double number;
	int is_float;

	(void)r, (void)s;
	if (v->type != CLASP_STRING || v->string.len == 0)
		return CLASP_TRANSFORM_GO;
	if (clasp_number_parse(v->string, &is_float, &integer, &number) ==
	    (int)v->string.len)
		*v = is_float ? clasp_float(number) : clasp_int(integer);
	else if (clasp_str_is(v->string, "nan"))
		*v = clasp_float(NAN);
	else if (clasp_str_is(v->string, "inf"))
		*v = clasp_float(INFINITY);
	else if (clasp_str_is(v->string, "-inf"))
		*v = clasp_float(-INFINITY);
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_lookup(run *r, const step *s, struct clasp_value *v)
{
	char room[CLASP_NUMBER_MAX];
	struct clasp_str key = text_of(r, v, room);
	unsigned i;

	for (i = 0; i < s->npairs; i++)
		if (clasp_str_eq(s->pairs[i].key, key)) {
			*v = s->pairs[i].value;
			return CLASP_TRANSFORM_GO;
		}
	if (s->other != NULL)
		*v = *s->other;
	return CLASP_TRANSFORM_GO;
}

/* The end of an item that starts at p: before a comma outside quotes and
 * brackets. */
static const char *
item_end(const char *p, const char *end)
{
	unsigned depth = 0;
	bool quoted = false;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '\\' && p + 1 < end)
				p++;
			else if (*p == '"')
				quoted = false;
		} else if (*p == '"')
			quoted = true;
		else if (*p == '[' || *p == '{')
			depth++;
		else if ((*p == ']' || *p == '}') && depth > 0)
			depth--;
		else if (*p == ',' && depth == 0)
			break;
	}
	return p;
}

/* A value as in a line, or a bare word, which is a string. */
static int
read_value(compiler *c, struct clasp_str text, struct clasp_value *out)
{
	struct clasp_line_error err;
	int r;

	r = clasp_value_parse(text, c->arena, out, &err);
	if (r == 0)
		return 0;
	if (text.len == 0 || r == CLASP_ERANGE || r == CLASP_ENOMEM ||
	    strchr("\"[{", text.p[0]) != NULL)
		return refuse(c, text.p, "%s", text.len ? err.reason :
		    "a value is missing");
	*out = clasp_string(text);
	return 0;
}

/* A key: quoted, or up to the '='.  *p moves behind the '='. */
static int
read_key(compiler *c, const char **p, const char *end, bool *any,
    struct clasp_str *out)
{
	const char *at = *p, *q = at;
	struct clasp_value v;

	if (q < end && *q == '"') {
		for (q++; q < end && *q != '"'; q++)
			if (*q == '\\' && q + 1 < end)
				q++;
		if (q < end)
			q++;
		if (read_value(c, clasp_str_of(at, (size_t)(q - at)), &v) < 0)
			return CLASP_ESYNTAX;
		*out = v.string;
		*any = false;
	} else {
		while (q < end && *q != '=')
			q++;
		*out = clasp_str_of(at, (size_t)(q - at));
		*any = clasp_str_is(*out, "*");
	}
	if (q == end || *q != '=')
		return refuse(c, q, "'lookup': KEY=VALUE belongs here");
	*p = q + 1;
	return 0;
}

static int
read_lookup(compiler *c, step *s, struct clasp_str args)
{
	const char *p = args.p, *end = args.p + args.len, *q;
	struct clasp_value *other;
	struct pair *pairs;
	unsigned most = 1;
	struct clasp_str key;
	bool any;

	if (args.len == 0)
		return refuse(c, args.p,
		    "'lookup': KEY=VALUE belongs here");
	for (q = p; q < end; q++)
		most += *q == ',';
	pairs = clasp_arena_alloc(c->arena, most * sizeof *pairs);
	other = clasp_arena_alloc(c->arena, sizeof *other);
	if (pairs == NULL || other == NULL)
		return CLASP_ENOMEM;
	for (;; p = q + 1) {
		if (read_key(c, &p, end, &any, &key) < 0)
			return CLASP_ESYNTAX;
		q = item_end(p, end);
		pairs[s->npairs].key = key;
		if (read_value(c, clasp_str_of(p, (size_t)(q - p)), any ?
		    other : &pairs[s->npairs].value) < 0)
			return CLASP_ESYNTAX;
		if (any)
			s->other = other;
		else
			s->npairs++;
		if (q == end)
			break;
	}
	s->pairs = pairs;
	return 0;
}

static enum clasp_transform_result
do_expr(run *r, const step *s, struct clasp_value *v);
static enum clasp_transform_result
do_if(run *r, const step *s, struct clasp_value *v);
static enum clasp_transform_result
do_if_line(run *r, const step *s, struct clasp_value *v);
static int read_expr(compiler *c, step *s, struct clasp_str args);

/* ---------------------------------------- steps on the value as a whole */

static enum clasp_transform_result
do_get(run *r, const step *s, struct clasp_value *v)
{
	const struct clasp_value *at = v;
	struct clasp_value found;
	const struct hop *h;
	int64_t i;

	(void)r;
	if (v->type != CLASP_ARRAY && v->type != CLASP_MAP)
		return CLASP_TRANSFORM_GO;
	for (h = s->hops; at != NULL && h < s->hops + s->nhops; h++)
		if (!h->is_index)
			at = at->type == CLASP_MAP ?
			    clasp_map_get(at, h->key) : NULL;
		else if (at->type != CLASP_ARRAY)
			at = NULL;
		else {
			i = h->index < 0 ? h->index + at->count : h->index;
			at = i >= 0 && i < at->count ? &at->items[i] : NULL;
		}
	found = at ? *at : clasp_null();
	*v = found;
	return CLASP_TRANSFORM_GO;
}

/* One hop of a path at *p, which moves behind it. */
static int
read_hop(compiler *c, const char **p, const char *end, struct hop *h)
{
	const char *at = *p, *q = at + 1;
	struct clasp_value v;

	if (*at == '[') {
		while (q < end && *q != ']')
			q++;
		h->is_index = true;
		if (q == end || read_integer(clasp_str_of(at + 1,
		    (size_t)(q - at - 1)), &h->index) < 0)
			return refuse(c, at, "'get': [INDEX] belongs here");
		*p = q + 1;
		return 0;
	}
	h->is_index = false;
	if (*at == '.' && q < end && *q == '"') {
		for (q++; q < end && *q != '"'; q++)
			if (*q == '\\' && q + 1 < end)
				q++;
		if (q < end)
			q++;
		if (read_value(c, clasp_str_of(at + 1, (size_t)(q - at - 1)),
		    &v) < 0)
			return CLASP_ESYNTAX;
		h->key = v.string;
	} else {
		while (q < end && *q != '.' && *q != '[')
			q++;
		h->key = clasp_str_of(at + 1, (size_t)(q - at - 1));
		if (*at != '.' || h->key.len == 0)
			return refuse(c, at, "'get': .KEY or [INDEX] belongs "
			    "here");
	}
	*p = q;
	return 0;
}

static int
read_path(compiler *c, step *s, struct clasp_str args)
{
	const char *p = args.p, *end = args.p + args.len;
	struct hop *hops;

	if (args.len == 0)
		return refuse(c, args.p,
		    "'get': .KEY or [INDEX] belongs here");
	hops = clasp_arena_alloc(c->arena, args.len * sizeof *hops);
	if (hops == NULL)
		return CLASP_ENOMEM;
	s->nhops = 0;
	while (p < end)
		if (read_hop(c, &p, end, &hops[s->nhops++]) < 0)
			return CLASP_ESYNTAX;
	s->hops = hops;
	return 0;
}

static enum clasp_transform_result
do_key(run *r, const step *s, struct clasp_value *v)
{
	struct clasp_entry *e;

	if (v->type == CLASP_NULL)
		return CLASP_TRANSFORM_GO;
	e = clasp_arena_alloc(r->arena, sizeof *e);
	if (e != NULL) {
		e->key = s->key;
		e->value = *v;
		*v = clasp_map(e, 1);
	}
	return CLASP_TRANSFORM_GO;
}

static int
read_name(compiler *c, step *s, struct clasp_str args)
{
	struct clasp_value v;

	if (args.len == 0)
		return refuse(c, args.p,
		    "'key': a name is missing");
	s->key = args;
	if (args.p[0] == '"') {
		if (read_value(c, args, &v) < 0)
			return CLASP_ESYNTAX;
		s->key = v.string;
	} else if (!clasp_utf8_valid(args.p, args.len))
		return refuse(c, args.p, "'key': invalid UTF-8");
	return 0;
}

/* Equal, or numbers no further apart than eps, all the way down. */
static bool
near(const struct clasp_value *a, const struct clasp_value *b, double eps)
{
	const struct clasp_value *same;
	double x, y;
	uint32_t i;

	if ((a->type == CLASP_INT || a->type == CLASP_FLOAT) &&
	    (b->type == CLASP_INT || b->type == CLASP_FLOAT)) {
		if (a->type == CLASP_INT && b->type == CLASP_INT &&
		    a->integer == b->integer)
			return true;
		if (a->type == CLASP_INT && b->type == CLASP_INT && eps == 0)
			return false;
		x = a->type == CLASP_INT ? (double)a->integer : a->number;
		y = b->type == CLASP_INT ? (double)b->integer : b->number;
		return x == y || fabs(x - y) <= eps ||
		    (isnan(x) && isnan(y));
	}
	if (a->type != b->type || a->count != b->count)
		return false;
	if (a->type == CLASP_ARRAY) {
		for (i = 0; i < a->count; i++)
			if (!near(&a->items[i], &b->items[i], eps))
				return false;
		return true;
	}
	if (a->type == CLASP_MAP) {
		/* in whatever order */
		for (i = 0; i < a->count; i++) {
			same = clasp_map_get(b, a->entries[i].key);
			if (!same || !near(&a->entries[i].value, same, eps))
				return false;
		}
		return true;
	}
	return clasp_value_equal(a, b);
}

static struct clasp_cell *
cell_of(run *r, const step *s)
{
	struct clasp_memory_entry *e;

	e = clasp_memory_get(r->memory, r->rule, r->element, r->address,
	    r->hash, r->ncells);
	return e != NULL ? &e->cells[s->cell] : NULL;
}

/* Compares with what it let through last, so that a slow drift is seen. */
static enum clasp_transform_result
do_changed(run *r, const step *s, struct clasp_value *v)
{
	struct clasp_reader reader;
	struct clasp_writer writer;
	struct clasp_value last;
	struct clasp_cell *m;
	size_t n;

	if (v->type == CLASP_NULL || (m = cell_of(r, s)) == NULL)
		return CLASP_TRANSFORM_GO;
	if (m->primed) {
		reader = clasp_reader_on(m->bytes + 1, m->nbytes - 1);
		if (clasp_value_get(&reader, m->bytes[0], r->arena, 0,
		    &last) == 0 && near(&last, v, s->n ? s->a[0] : 0))
			return CLASP_TRANSFORM_DROP;
	}
	n = clasp_value_size(v) + 1;
	m->primed = false;
	if (n > UINT32_MAX / 2 || clasp_cell_reserve(r->memory, m,
	    (uint32_t)n) < 0)
		return CLASP_TRANSFORM_GO;
	writer = clasp_writer_on(m->bytes, n);
	clasp_put_u8(&writer, clasp_value_code(v));
	m->primed = clasp_value_put(&writer, v) == 0 && !writer.full;
	m->nbytes = (uint32_t)n;
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
do_every(run *r, const step *s, struct clasp_value *v)
{
	(void)v;
	r->every = cell_of(r, s);
	r->every_us = (uint64_t)llrint(s->a[0] * 1e6);
	return r->every ? CLASP_TRANSFORM_EVERY : CLASP_TRANSFORM_GO;
}

static int
check_every(compiler *c, step *s, struct clasp_str args)
{
	if (s->a[0] < 1e-6 || s->a[0] > 1e9)
		return refuse(c, args.p, "'every' takes seconds above 0");
	return 0;
}

static enum clasp_transform_result
do_event(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s, (void)v;
	return CLASP_TRANSFORM_EVENT;
}

static enum clasp_transform_result
do_set(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s, (void)v;
	return CLASP_TRANSFORM_SET;
}

static enum clasp_transform_result
do_stream(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s, (void)v;
	return CLASP_TRANSFORM_STREAM;
}

static enum clasp_transform_result
do_drop(run *r, const step *s, struct clasp_value *v)
{
	(void)r, (void)s, (void)v;
	return CLASP_TRANSFORM_DROP;
}

/* --------------------------------------------------------------- table */

static const struct kind kinds[] = {
	/* name, numbers, flags, reader or check, formula */
	{ "scale", 4, 4, 0, NULL, .number = do_scale },
	{ "clamp", 2, 2, 0, check_range, .number = do_clamp },
	{ "invert", 0, 2, 0, check_pair, .number = do_invert },
	{ "int", 0, 0, 0, NULL, .scalar = do_int },
	{ "float", 0, 0, 0, NULL, .scalar = do_float },
	{ "bool", 0, 0, 0, NULL, .scalar = do_bool },
	{ "str", 0, 0, 0, NULL, .scalar = do_str },
	{ "num", 0, 0, 0, NULL, .scalar = do_num },
	{ "round", 0, 1, 0, check_round, .number = do_round },
	{ "quantize", 1, 1, 0, check_not_zero, .number = do_quantize },
	{ "abs", 0, 0, 0, NULL, .scalar = do_abs },
	{ "neg", 0, 0, 0, NULL, .scalar = do_neg },
	{ "mod", 1, 1, 0, NULL, .number = do_mod },
	{ "pow", 1, 1, 0, NULL, .number = do_pow },
	{ "log", 0, 1, 0, check_log, .number = do_log },
	{ "deadzone", 1, 2, 0, check_deadzone, .number = do_deadzone },
	{ "above", 1, 1, 0, NULL, .number = do_above },
	{ "below", 1, 1, 0, NULL, .number = do_below },
	{ "equal", 1, 2, 0, NULL, .number = do_equal },
	{ "gate", 0, 0, 0, NULL, .number = do_gate },
	{ "trigger", 0, 0, 0, NULL, .number = do_trigger },
	{ "step", 0, 0, 0, NULL, .number = do_step },
	{ "toggle", 0, 0, REMEMBERS, NULL, .number = do_toggle },
	{ "hyst", 2, 2, REMEMBERS, check_range, .number = do_hyst },
	{ "smooth", 1, 1, REMEMBERS, check_unit, .number = do_smooth },
	{ "lowpass", 1, 1, REMEMBERS, check_unit, .number = do_lowpass },
	{ "slew", 1, 1, REMEMBERS, check_not_negative, .number = do_slew },
	{ "lookup", 0, 0, OWN_ARGS, read_lookup, .scalar = do_lookup },
	{ "curve", 0, 0, OWN_ARGS, read_curve, .number = do_curve },
	{ "bezier", 4, 4, 0, check_bezier, .number = do_bezier },
	{ "and", 0, 0, OWN_ARGS, read_mask, .integer = do_and },
	{ "or", 0, 0, OWN_ARGS, read_mask, .integer = do_or },
	{ "xor", 0, 0, OWN_ARGS, read_mask, .integer = do_xor },
	{ "not", 0, 0, 0, NULL, .integer = do_not },
	{ "shl", 0, 0, OWN_ARGS, read_mask, .integer = do_shl },
	{ "shr", 0, 0, OWN_ARGS, read_mask, .integer = do_shr },
	{ "bit", 0, 0, OWN_ARGS, read_bit, .integer = do_bit },
	{ "setbit", 0, 0, OWN_ARGS, read_bit, .integer = do_setbit },
	{ "clrbit", 0, 0, OWN_ARGS, read_bit, .integer = do_clrbit },
	{ "get", 0, 0, OWN_ARGS, read_path, .whole = do_get },
	{ "key", 0, 0, OWN_ARGS, read_name, .whole = do_key },
	{ "expr", 0, 0, OWN_ARGS, read_expr, .scalar = do_expr },
	/* compiled apart: it may hold itself */
	{ "if", 0, 0, OWN_ARGS, NULL, .scalar = do_if },
	{ "avg", 0, 1, REMEMBERS, check_window, .number = do_avg },
	{ "sum", 0, 1, REMEMBERS, check_window, .number = do_sum },
	{ "min", 0, 1, REMEMBERS, check_window, .number = do_min },
	{ "max", 0, 1, REMEMBERS, check_window, .number = do_max },
	{ "count", 0, 1, REMEMBERS, check_window, .number = do_count },
	{ "first", 0, 1, REMEMBERS, check_window, .number = do_first },
	{ "last", 0, 1, 0, check_window, .number = do_last },
	{ "stddev", 0, 1, REMEMBERS, check_window, .number = do_stddev },
	{ "ma", 1, 1, REMEMBERS, check_window, .number = do_avg },
	{ "rate", 0, 0, REMEMBERS, NULL, .number = do_rate },
	{ "changed", 0, 1, REMEMBERS | LINE, check_not_negative,
	    .whole = do_changed },
	{ "every", 1, 1, REMEMBERS | LINE, check_every, .whole = do_every },
	{ "event", 0, 0, LINE, NULL, .whole = do_event },
	{ "set", 0, 0, LINE, NULL, .whole = do_set },
	{ "stream", 0, 0, LINE, NULL, .whole = do_stream },
	{ "drop", 0, 0, LINE, NULL, .whole = do_drop },
};
/* "if" with a step in it that acts on the line */
static const struct kind if_line = { "if", 0, 0, OWN_ARGS | LINE, NULL,
	.whole = do_if_line };

/* --------------------------------------------------------- expressions */

static double
evaluate(run *r, const step *s, double x)
{
	struct clasp_expr_input in = { .x = x, .t = r->t, .i = r->i };

	return clasp_expr_run(s->expr, &in);
}

static bool
is_number(const struct clasp_value *v, double *x)
{
	if (v->type == CLASP_INT)
		*x = (double)v->integer;
	else if (v->type == CLASP_FLOAT)
		*x = v->number;
	else
		return false;
	return true;
}

static enum clasp_transform_result
do_expr(run *r, const step *s, struct clasp_value *v)
{
	double x, y;

	if (!is_number(v, &x))
		return CLASP_TRANSFORM_GO;
	y = evaluate(r, s, x);
	if (isfinite(y))
		*v = clasp_float(y);
	else
		r->not_finite++;
	return CLASP_TRANSFORM_GO;
}

static int
compile_expr(compiler *c, step *s, struct clasp_str text)
{
	struct clasp_expr_error err;
	int r;

	r = clasp_expr_compile(text, c->arena, &s->expr, &err);
	if (r == CLASP_ESYNTAX)
		return refuse(c, text.p + err.column - 1, "%s", err.reason);
	if (r == 0 && clasp_expr_counts(s->expr))
		c->counts = true;
	return r;
}

static int
read_expr(compiler *c, step *s, struct clasp_str args)
{
	if (args.len == 0)
		return refuse(c, args.p,
		    "'expr': an expression is missing");
	return compile_expr(c, s, args);
}

static enum clasp_transform_result apply_scalar(run *r, const step *s,
	    struct clasp_value *v);

static enum clasp_transform_result
do_if(run *r, const step *s, struct clasp_value *v)
{
	const step *chosen;
	double x;

	if (!is_number(v, &x))
		return CLASP_TRANSFORM_GO;
	chosen = evaluate(r, s, x) != 0 ? s->yes : s->no;
	if (chosen == NULL)
		return CLASP_TRANSFORM_GO;
	if (chosen->kind->whole != NULL)
		return chosen->kind->whole(r, chosen, v);
	return apply_scalar(r, chosen, v);
}

/* The same for the line: an array is judged by its first number. */
static enum clasp_transform_result
do_if_line(run *r, const step *s, struct clasp_value *v)
{
	const struct clasp_value *judged = v;
	const step *chosen;
	double x;

	while (judged->type == CLASP_ARRAY && judged->count > 0)
		judged = &judged->items[0];
	if (!is_number(judged, &x))
		return CLASP_TRANSFORM_GO;
	chosen = evaluate(r, s, x) != 0 ? s->yes : s->no;
	return chosen == NULL ? CLASP_TRANSFORM_GO :
	    clasp_transform_apply(r, chosen, v);
}

static int compile_step(compiler *c, struct clasp_str text, unsigned depth,
	    const step **out);

/* Keep the complaint that got furthest. */
static void
keep_furthest(struct clasp_rule_error *best, const struct clasp_rule_error *e)
{
	if (best->column == 0 || e->column > best->column)
		*best = *e;
}

/* "-" is no step: *out is NULL. */
static int
compile_branch(compiler *c, const char *p, const char *end, unsigned depth,
    const step **out)
{
	*out = NULL;
	if (end - p == 1 && *p == '-')
		return 0;
	return compile_step(c, clasp_str_of(p, (size_t)(end - p)), depth, out);
}

/*
 * COND?STEP:STEP.  The condition ends at the first '?' before which it is
 * whole, the first step at the first ':' that leaves a step on both sides.
 */
static int
compile_if(compiler *c, step *s, struct clasp_str args, unsigned depth)
{
	const char *end = args.p + args.len, *q, *colon;
	struct clasp_rule_error best = { 0 };
	unsigned cells = c->ncells;
	int r;

	for (q = args.p; q < end; q++) {
		if (*q != '?')
			continue;
		if (c->budget == 0)
			break;
		c->budget--;
		r = compile_expr(c, s, clasp_str_of(args.p,
		    (size_t)(q - args.p)));
		if (r == CLASP_ENOMEM)
			return r;
		if (r < 0) {
			keep_furthest(&best, c->err);
			continue;
		}
		for (colon = q + 1; colon < end; colon++) {
			if (*colon != ':')
				continue;
			c->ncells = cells;
			r = compile_branch(c, q + 1, colon, depth, &s->yes);
			if (r == 0)
				r = compile_branch(c, colon + 1, end, depth,
				    &s->no);
			if (r == 0 || r == CLASP_ENOMEM)
				return r;
			keep_furthest(&best, c->err);
		}
	}
	if (c->budget == 0)
		return refuse(c, args.p, "'if' is too complicated");
	if (best.column == 0)
		return refuse(c, args.p,
		    "'if' is COND?STEP:STEP");
	*c->err = best;
	return CLASP_ESYNTAX;
}

/* ----------------------------------------------------------- compiling */

static const struct kind *
kind_by_name(struct clasp_str name)
{
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (clasp_str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static int
compile_args(compiler *c, step *s, struct clasp_str name,
    struct clasp_str args, unsigned depth)
{
	const struct kind *k = s->kind;
	int r;

	if (k->scalar == do_if) {
		if (depth == IF_DEPTH)
			return refuse(c, name.p, "'if' nested too deeply");
		r = compile_if(c, s, args, depth + 1);
		if (r == 0 && ((s->yes && s->yes->kind->flags & LINE) ||
		    (s->no && s->no->kind->flags & LINE)))
			s->kind = &if_line;
		return r;
	}
	if (!(k->flags & OWN_ARGS)) {
		if ((r = read_numbers(c, s, args)) < 0)
			return r;
		if (s->n < k->least)
			return refuse(c, name.p, "'%s' takes %s%u number%s",
			    k->name, k->least < k->most ? "at least " : "",
			    k->least, k->least == 1 ? "" : "s");
	}
	return k->compile != NULL ? k->compile(c, s, args) : 0;
}

static int
compile_step(compiler *c, struct clasp_str text, unsigned depth,
    const step **out)
{
	const char *colon = memchr(text.p, ':', text.len);
	struct clasp_str name = text, args;
	step *s;
	int r;

	if (c->budget == 0)
		return refuse(c, text.p, "rule is too complicated");
	c->budget--;
	args = clasp_str_of(text.p + text.len, 0);
	if (colon != NULL) {
		name.len = (size_t)(colon - text.p);
		args = clasp_str_of(colon + 1, text.len - name.len - 1);
	}
	s = clasp_arena_alloc(c->arena, sizeof *s);
	if (s == NULL)
		return CLASP_ENOMEM;
	memset(s, 0, sizeof *s);
	s->kind = kind_by_name(name);
	if (s->kind == NULL)
		return refuse(c, text.p, "unknown step '%.*s'",
		    (int)(name.len < 40 ? name.len : 40), name.p);
	if ((r = compile_args(c, s, name, args, depth)) < 0)
		return r;
	if (s->kind->flags & REMEMBERS)
		s->cell = c->ncells++;
	else
		s->cell = UINT32_MAX;
	*out = s;
	return 0;
}

int
clasp_transform_compile(compiler *c, struct clasp_str text,
    const struct clasp_transform **out)
{
	int r;

	memset(c->err, 0, sizeof *c->err);
	r = compile_step(c, text, 0, out);
	if (r == CLASP_ENOMEM)
		snprintf(c->err->reason, sizeof c->err->reason,
		    "rule is too long");
	return r;
}

/* ------------------------------------------------------------- running */

static enum clasp_transform_result
apply_scalar(run *r, const step *s, struct clasp_value *v)
{
	const struct kind *k = s->kind;
	struct clasp_cell *m = NULL;
	double x;

	if (v->type == CLASP_NULL)
		return CLASP_TRANSFORM_GO;
	if (k->scalar != NULL)
		return k->scalar(r, s, v);
	if (!is_number(v, &x))
		return CLASP_TRANSFORM_GO;
	if (k->integer != NULL) {
		*v = clasp_int(k->integer(s, v->type == CLASP_INT ?
		    v->integer : to_integer(x)));
		return CLASP_TRANSFORM_GO;
	}
	if (k->flags & REMEMBERS) {
		/* a memory that has seen nan would never be rid of it */
		if (!isfinite(x) || (m = cell_of(r, s)) == NULL)
			return CLASP_TRANSFORM_GO;
	}
	*v = clasp_float(k->number(r, s, m, x));
	if (m != NULL)
		m->primed = true;
	return CLASP_TRANSFORM_GO;
}

static enum clasp_transform_result
apply_deep(run *r, const step *s, struct clasp_value *v)
{
	enum clasp_transform_result result = CLASP_TRANSFORM_GO, one;
	struct clasp_value *items;
	uint32_t i;

	if (v->type == CLASP_MAP)
		return CLASP_TRANSFORM_GO;
	if (v->type != CLASP_ARRAY) {
		result = apply_scalar(r, s, v);
		if (!r->serial)
			r->element++;
		return result;
	}
	if (v->count == 0)
		return CLASP_TRANSFORM_GO;
	items = clasp_arena_alloc(r->arena, v->count * sizeof *items);
	if (items == NULL)
		return CLASP_TRANSFORM_GO;
	memcpy(items, v->items, v->count * sizeof *items);
	for (i = 0; i < v->count; i++) {
		one = apply_deep(r, s, &items[i]);
		if (one != CLASP_TRANSFORM_GO)
			result = one;
	}
	*v = clasp_array(items, v->count);
	return result;
}

enum clasp_transform_result
clasp_transform_apply(run *r, const struct clasp_transform *s,
    struct clasp_value *v)
{
	enum clasp_transform_result result;

	r->element = 0;
	if (s->kind->whole != NULL)
		return s->kind->whole(r, s, v);
	result = apply_deep(r, s, v);
	r->element = 0;
	return result;
}

bool
clasp_transform_of_line(const struct clasp_transform *s)
{
	return s->kind->flags & LINE;
}
