/*
 * number.c - numbers as text, exactly.
 *
 * Why the fast paths are exact.  Two decimals of at most 15 digits never
 * round to the same double (and of at most 6 to the same 32-bit float).  So
 * when m / 10^p == v for an integer m < 10^15, m without its trailing zeros
 * is the one shortest form of v.  Both m and 10^p (p <= 22) are exact in a
 * double, and IEEE division rounds once: the quotient is what reading the
 * decimal gives.  Reading uses the same fact the other way round.
 */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DOUBLE_DIGITS	17	/* always enough to read back */
#define FLOAT_DIGITS	9
#define EXACT_POWER	22	/* 10^22 is exact in a double */
#define PLAIN_MIN	(-5)	/* decimal exponents written plainly */
#define PLAIN_MAX	16
#define KEPT_DIGITS	800	/* more than any double's half-way point has */

static const double power_of_ten[EXACT_POWER + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

static const char digit_pairs[] =
    "0001020304050607080910111213141516171819"
    "2021222324252627282930313233343536373839"
    "4041424344454647484950515253545556575859"
    "6061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* ------------------------------------------------------------- integers */

static size_t
put_uint(char *out, uint64_t v)
{
	char room[20], *p = room + sizeof room;
	size_t n;

	while (v >= 100) {
		p -= 2;
		memcpy(p, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, digit_pairs + v * 2, 2);
	} else
		*--p = (char)('0' + v);
	n = (size_t)(room + sizeof room - p);
	memcpy(out, p, n);
	return n;
}

static size_t
put_int(char *out, int64_t v)
{
	if (v >= 0)
		return put_uint(out, (uint64_t)v);
	*out = '-';
	return 1 + put_uint(out + 1, 0 - (uint64_t)v);
}

size_t
clasp_uint_format(char out[CLASP_NUMBER_MAX], uint64_t v)
{
	return put_uint(out, v);
}

size_t
clasp_int_format(char out[CLASP_NUMBER_MAX], int64_t v)
{
	return put_int(out, v);
}

int
clasp_uint_parse(struct clasp_str s, uint64_t *out)
{
	uint64_t v = 0, digit;
	size_t i;

	if (s.len == 0)
		return CLASP_ESYNTAX;
	for (i = 0; i < s.len; i++) {
		digit = (uint8_t)s.p[i] - (uint64_t)'0';
		if (digit > 9)
			return CLASP_ESYNTAX;
		if (v > (UINT64_MAX - digit) / 10)
			return CLASP_ERANGE;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

/* --------------------------------------------------------- writing floats */

/* The n digits d[0].d[1]d[2]... times 10^exp in the notation it gets. */
static size_t
put_digits(char *out, const char *d, int n, int exp)
{
	char *p = out;
	int i;

	if (exp < PLAIN_MIN || exp > PLAIN_MAX) {
		*p++ = d[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, d + 1, (size_t)n - 1);
			p += n - 1;
		}
		*p++ = 'e';
		return (size_t)(p - out) + put_int(p, exp);
	}
	if (exp < 0) {
		*p++ = '0';
		*p++ = '.';
		for (i = -1; i > exp; i--)
			*p++ = '0';
		memcpy(p, d, (size_t)n);
		return (size_t)(p - out) + (size_t)n;
	}
	for (i = 0; i <= exp; i++)
		*p++ = i < n ? d[i] : '0';
	*p++ = '.';
	if (n <= exp + 1)
		*p++ = '0';
	else {
		memcpy(p, d + exp + 1, (size_t)(n - exp - 1));
		p += n - exp - 1;
	}
	return (size_t)(p - out);
}

static size_t
put_word(char *out, const char *word)
{
	size_t n = strlen(word);

	memcpy(out, word, n);
	return n;
}

static size_t
put_not_finite(char *out, double v)
{
	return put_word(out, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
}

/*
 * The short form of a v in [1e-5, 1e15) that has at most `max` digits, by
 * exact arithmetic: 0 when it has more.  narrow: it only has to read back
 * to the same 32-bit float.
 */
static size_t
format_short(char *out, double v, int max, int narrow)
{
	char digits[CLASP_NUMBER_MAX];
	double scaled;
	uint64_t m;
	int p, n;

	/* p decimals make max digits in front of the point */
	for (p = max; p < max + 4 && v * power_of_ten[p - max + 1] < 1; p++)
		;
	while (p > 0 && p <= max && v >= power_of_ten[max - p])
		p--;
	scaled = v * power_of_ten[p] + 0.5;
	m = (uint64_t)scaled;
	if (narrow ? (float)((double)m / power_of_ten[p]) != (float)v :
	    (double)m / power_of_ten[p] != v)
		return 0;
	while (p >= 8 && m % 100000000 == 0) {
		m /= 100000000;
		p -= 8;
	}
	while (p >= 2 && m % 100 == 0) {
		m /= 100;
		p -= 2;
	}
	while (p > 0 && m % 10 == 0) {
		m /= 10;
		p--;
	}
	n = (int)put_uint(digits, m);
	return put_digits(out, digits, n, n - 1 - p);
}

/* Read n digits and an exponent by the C library. */
static double
read_digits(const char *d, int n, int exp)
{
	char text[DOUBLE_DIGITS + 16];

	snprintf(text, sizeof text, "%.*se%d", n, d, exp - n + 1);
	return strtod(text, NULL);	/* no point in it: no locale either */
}

static int
reads_back(const char *d, int n, int exp, double v, int narrow)
{
	double r = read_digits(d, n, exp);

	return narrow ? (float)r == (float)v : r == v;
}

/* v > 0, finite: the nearest n digits to d, the exponent returned. */
static int
round_digits(char d[DOUBLE_DIGITS], double v, int n)
{
	char text[64];
	const char *p;
	int i = 0;

	snprintf(text, sizeof text, "%.*e", n - 1, v);
	for (p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9' && i < n)
			d[i++] = *p;
	return atoi(p + 1);
}

/* d + 1 in the last place; false when it grows longer. */
static int
next_up(char *d, int n)
{
	while (n > 0 && d[n - 1] == '9')
		d[--n] = '0';
	if (n == 0)
		return 0;
	d[n - 1]++;
	return 1;
}

static size_t
format_slow(char *out, double v, int first, int last, int narrow)
{
	char d[DOUBLE_DIGITS];
	int n, exp = 0;

	for (n = first; n <= last; n++) {
		exp = round_digits(d, v, n);
		if (reads_back(d, n, exp, v, narrow))
			break;
		/*
		 * Above a power of two the doubles lie twice as far apart as
		 * below it, so the next decimal up may read back where the
		 * nearest one, below, does not.
		 */
		if (next_up(d, n) && reads_back(d, n, exp, v, narrow))
			break;
	}
	if (n > last)
		n = last;
	while (n > 1 && d[n - 1] == '0')
		n--;
	return put_digits(out, d, n, exp);
}

size_t
clasp_float_format_slow(char out[CLASP_NUMBER_MAX], double v)
{
	size_t sign = 0;

	if (!isfinite(v))
		return put_not_finite(out, v);
	if (signbit(v)) {
		out[sign++] = '-';
		v = -v;
	}
	if (v == 0)
		return sign + put_word(out + sign, "0.0");
	/* a subnormal has fewer digits than 15, so 15 would be too many */
	return sign + format_slow(out + sign, v,
	    v < 0x1p-1022 ? 1 : 15, DOUBLE_DIGITS, 0);
}

size_t
clasp_float_format(char out[CLASP_NUMBER_MAX], double v)
{
	double a = fabs(v);
	size_t n, sign = 0;

	if (a >= 1e-5 && a < 1e15) {
		if (v < 0)
			out[sign++] = '-';
		n = format_short(out + sign, a, 15, 0);
		if (n > 0)
			return sign + n;
	}
	return clasp_float_format_slow(out, v);
}

size_t
clasp_float32_format(char out[CLASP_NUMBER_MAX], float f)
{
	double v = (double)f, a = fabs(v);
	size_t n, sign = 0;

	if (!isfinite(v))
		return put_not_finite(out, v);
	if (signbit(v))
		out[sign++] = '-';
	if (a == 0)
		return sign + put_word(out + sign, "0.0");
	if (a >= 1e-5 && a < 1e6) {
		n = format_short(out + sign, a, 6, 1);
		if (n > 0)
			return sign + n;
	}
	return sign + format_slow(out + sign, a, 1, FLOAT_DIGITS, 1);
}

/* --------------------------------------------------------- reading floats */

/* The text of a number, cut into what matters. */
struct decimal {
	uint64_t mantissa;	/* its first 19 significant digits */
	int	 digits;	/* how many of them there are */
	long	 exp;		/* value is mantissa * 10^exp ... */
	int	 cut;		/* ... but for digits that were left out */
	int	 negative;
	int	 is_float;
};

static inline int
is_digit(const char *p, const char *end)
{
	return p < end && (unsigned)(*p - '0') < 10;
}

static const char *
scan_digits(const char *p, const char *end, struct decimal *d, int fraction)
{
	for (; is_digit(p, end); p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (d->digits < 19) {
			d->mantissa = d->mantissa * 10 + digit;
			if (d->mantissa != 0)
				d->digits++;
			d->exp -= fraction;
		} else {
			if (digit != 0)
				d->cut = 1;
			d->exp += !fraction;
		}
	}
	return p;
}

/* NULL when there is no number at p; else where it ends. */
static const char *
scan_number(const char *p, const char *end, struct decimal *d)
{
	const char *start;
	int minus = 0;
	long exp = 0;

	memset(d, 0, sizeof *d);
	if (p < end && *p == '-') {
		d->negative = 1;
		p++;
	}
	if (!is_digit(p, end))
		return NULL;
	if (*p == '0')
		p++;
	else
		p = scan_digits(p, end, d, 0);
	if (p < end && *p == '.') {
		d->is_float = 1;
		start = ++p;
		p = scan_digits(p, end, d, 1);
		if (p == start)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		d->is_float = 1;
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			minus = *p++ == '-';
		if (!is_digit(p, end))
			return NULL;
		for (; is_digit(p, end); p++)
			if (exp < 100000000)
				exp = exp * 10 + (*p - '0');
		d->exp += minus ? -exp : exp;
	}
	return p;
}

/*
 * The C library reads it.  It gets the significant digits without a point
 * (whose looks the locale decides), at most KEPT_DIGITS of them, and a one
 * behind those when something was left out: that decides every tie.
 */
static int
read_slow(struct clasp_str s, double *number)
{
	char text[KEPT_DIGITS + 32];
	struct decimal d;
	const char *p, *end = s.p + s.len;
	size_t n = 0;
	long exp;
	int more = 0;

	if (scan_number(s.p, end, &d) != end)
		return CLASP_ESYNTAX;
	exp = d.exp;
	/* d.exp counts from the 19 digits that scan_number kept */
	for (p = s.p + d.negative; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.' || (n == 0 && *p == '0'))
			continue;
		if (n < KEPT_DIGITS) {
			text[n++] = *p;
			if (n > 19)
				exp--;
		} else if (*p != '0')
			more = 1;
	}
	if (n == 0) {
		*number = d.negative ? -0.0 : 0.0;
		return 0;
	}
	if (more) {
		text[n++] = '1';
		exp--;
	}
	if (exp > 99999 || exp < -99999)
		exp = exp < 0 ? -99999 : 99999;
	snprintf(text + n, sizeof text - n, "e%ld", exp);
	*number = strtod(text, NULL);
	if (d.negative)
		*number = -*number;
	return isfinite(*number) ? 0 : CLASP_ERANGE;
}

int
clasp_float_parse_slow(struct clasp_str s, double *number)
{
	return read_slow(s, number);
}

int
clasp_number_parse(struct clasp_str s, int *is_float, int64_t *integer,
    double *number)
{
	struct decimal d;
	const char *p = scan_number(s.p, s.p + s.len, &d);
	double v;
	int e;

	if (p == NULL)
		return CLASP_ESYNTAX;
	*is_float = d.is_float;
	if (!d.is_float) {
		/* any 19 digits fit in 64 bits; the 20th moves the exponent */
		if (d.exp != 0 ||
		    d.mantissa > (uint64_t)INT64_MAX + (unsigned)d.negative)
			return CLASP_ERANGE;
		*integer = (int64_t)(d.negative ? 0 - d.mantissa : d.mantissa);
		return (int)(p - s.p);
	}
	if (d.mantissa < UINT64_C(1) << 53 && !d.cut &&
	    d.exp >= -EXACT_POWER && d.exp <= EXACT_POWER) {
		v = (double)d.mantissa;
		v = d.exp < 0 ? v / power_of_ten[-d.exp] :
		    v * power_of_ten[d.exp];
		*number = d.negative ? -v : v;
		return (int)(p - s.p);
	}
	e = read_slow(clasp_str_of(s.p, (size_t)(p - s.p)), number);
	return e < 0 ? e : (int)(p - s.p);
}

double
clasp_float32_to_double(float f)
{
	char text[CLASP_NUMBER_MAX];
	double v = (double)f;
	size_t n;

	/* what is not finite has no decimal */
	if (!isfinite(v))
		return v;
	n = clasp_float32_format(text, f);
	if (clasp_float_parse_slow(clasp_str_of(text, n), &v) < 0)
		return (double)f;
	return v;
}
