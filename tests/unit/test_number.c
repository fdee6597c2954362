/*
 * test_number.c - numbers as text: the fast paths against the C library over
 * all exponents, and the edges of every rule.
 */
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/number.h"
#include "t.h"

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static double
from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static uint64_t
to_bits(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static const char *
text_of(double v)
{
	static char out[CLASP_NUMBER_MAX + 1];

	out[clasp_float_format(out, v)] = '\0';
	return out;
}

static const char *
text32_of(float v)
{
	static char out[CLASP_NUMBER_MAX + 1];

	out[clasp_float32_format(out, v)] = '\0';
	return out;
}

/* Both writers agree, both readers agree, and the bits come back. */
static void
check_double(double v)
{
	char fast[CLASP_NUMBER_MAX + 1], slow[CLASP_NUMBER_MAX + 1];
	size_t n = clasp_float_format(fast, v);
	size_t m = clasp_float_format_slow(slow, v);
	int is_float = 0;
	int64_t i = 0;
	double a = 1, b = 2;

	fast[n] = slow[m] = '\0';
	t_eq_str(fast, slow, "%a", v);
	if (!isfinite(v))
		return;
	t_eq_int(clasp_number_parse(clasp_str_of(fast, n), &is_float, &i, &a),
	    n, "%s", fast);
	t_check(is_float, "%s", fast);
	t_eq_int(clasp_float_parse_slow(clasp_str_of(fast, n), &b), 0,
	    "%s", fast);
	t_check(to_bits(a) == to_bits(v), "%s is %a, not %a", fast, a, v);
	t_check(to_bits(b) == to_bits(v), "%s is %a, not %a", fast, b, v);
}

/* The notation, by hand. */
static void
floats_are_written_plainly_between_minus_5_and_16(void)
{
	static const struct {
		double		 v;
		const char	*text;
	} rows[] = {
		{ 0.0, "0.0" }, { -0.0, "-0.0" }, { 1.0, "1.0" },
		{ 0.75, "0.75" }, { -12.5, "-12.5" }, { 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e-7, "1e-7" }, { 1.5e-7, "1.5e-7" },
		{ 0.00001, "0.00001" }, { 0.000012345, "0.000012345" },
		{ 0.000001, "1e-6" }, { 0.0000099, "9.9e-6" },
		{ 1e15, "1000000000000000.0" },
		{ 1e16, "10000000000000000.0" },
		{ 12345678901234567.0, "12345678901234568.0" },
		{ 99999999999999984.0, "99999999999999980.0" },
		{ 1e17, "1e17" }, { 1.25e17, "1.25e17" }, { -1e22, "-1e22" },
		{ 1e23, "1e23" }, { 5e-324, "5e-324" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 1.7976931348623157e308, "1.7976931348623157e308" },
		{ 9007199254740992.0, "9007199254740992.0" },
		{ 9007199254740993.0, "9007199254740992.0" },
		{ 0x1p-44, "5.684341886080802e-14" },
		{ 0x1p-1074, "5e-324" }, { 0x1.8p-1073, "1.5e-323" },
		{ 100.0, "100.0" }, { 999999.0, "999999.0" },
		{ 0.3, "0.3" }, { 1795345429.5, "1795345429.5" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		t_eq_str(text_of(rows[i].v), rows[i].text, "%a", rows[i].v);
		check_double(rows[i].v);
	}
	t_eq_str(text_of(NAN), "nan", "nan");
	t_eq_str(text_of(-NAN), "nan", "-nan");
	t_eq_str(text_of(INFINITY), "inf", "inf");
	t_eq_str(text_of(-INFINITY), "-inf", "-inf");
}

static void
fast_and_slow_agree_over_all_exponents(void)
{
	int rounds = getenv("QUICK") ? 1 : 12, exp, k;

	for (exp = 0; exp < 2047; exp++) {
		uint64_t base = (uint64_t)exp << 52;

		check_double(from_bits(base));
		check_double(from_bits(base | 1));
		check_double(from_bits(base | 0xfffffffffffffu));
		for (k = 0; k < rounds; k++)
			check_double(from_bits(base |
			    (rnd() & 0x800fffffffffffffu)));
	}
}

static void
fast_and_slow_agree_on_short_decimals(void)
{
	int rounds = getenv("QUICK") ? 1000 : 30000, k;
	char text[64];

	for (k = 0; k < rounds; k++) {
		uint64_t m = rnd() >> (rnd() % 60);

		snprintf(text, sizeof text, "%llue%d",
		    (unsigned long long)(m % 10000000000000000u),
		    (int)(rnd() % 30) - 24);
		check_double(strtod(text, NULL));
	}
}

static void
powers_of_ten_and_two_and_their_neighbours_agree(void)
{
	char text[32];
	int e;

	for (e = -323; e <= 308; e++) {
		double v;

		snprintf(text, sizeof text, "1e%d", e);
		v = strtod(text, NULL);
		check_double(v);
		check_double(nextafter(v, 0));
		check_double(nextafter(v, INFINITY));
	}
	for (e = -1074; e <= 1023; e++) {
		check_double(ldexp(1, e));
		check_double(nextafter(ldexp(1, e), 0));
	}
}

/* No decimal with one digit less reads back: the short ones, by trying. */
static void
no_shorter_form_exists(void)
{
	int rounds = getenv("QUICK") ? 200 : 5000, k, n;
	char text[64], shorter[64];

	for (k = 0; k < rounds; k++) {
		double v = from_bits(rnd() & 0x7fffffffffffffffu);
		int digits = 0;
		const char *p;

		if (!isfinite(v))
			continue;
		snprintf(text, sizeof text, "%s", text_of(v));
		for (p = text; *p != '\0' && *p != 'e'; p++)
			digits += *p >= '0' && *p <= '9';
		if (digits > 17 || text[0] == '0')
			continue;
		for (n = 1; n < digits && n < 16; n++) {
			snprintf(shorter, sizeof shorter, "%.*e", n - 1, v);
			if (strtod(shorter, NULL) == v && digits > n &&
			    strchr(text, 'e') != NULL)
				t_check(0, "%s is shorter than %s", shorter,
				    text);
		}
	}
}

static float
float_from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static void
floats_of_32_bits_keep_their_shortest_decimal(void)
{
	int rounds = getenv("QUICK") ? 1000 : 100000, k;
	char text[CLASP_NUMBER_MAX + 1];

	t_eq_str(text32_of(0.1f), "0.1", "0.1f");
	t_eq_str(text32_of(-0.0f), "-0.0", "-0.0f");
	t_eq_str(text32_of(16777216.0f), "16777216.0", "2^24");
	t_eq_str(text32_of(3.4028235e38f), "3.4028235e38", "largest");
	t_eq_str(text32_of(1e-45f), "1e-45", "smallest");
	t_eq_str(text32_of(0.3333333433f), "0.33333334", "a third");
	t_eq_str(text32_of(INFINITY), "inf", "inf");
	t_check(clasp_float32_to_double(0.1f) == 0.1, "0.1f");
	t_check(signbit(clasp_float32_to_double(-0.0f)), "-0.0f");
	for (k = 0; k < rounds; k++) {
		float f = k < 4096 ? float_from_bits((uint32_t)k << 19) :
		    float_from_bits((uint32_t)rnd());
		double d = clasp_float32_to_double(f);
		size_t n;
		int digits;

		if (!isfinite(f))
			continue;
		t_check((float)d == f, "%a", (double)f);
		n = clasp_float32_format(text, f);
		text[n] = '\0';
		t_eq_str(text_of(d), text, "%a", (double)f);
		for (digits = 1; digits < 9; digits++) {
			char want[32];

			snprintf(want, sizeof want, "%.*e", digits - 1,
			    (double)f);
			if ((float)strtod(want, NULL) == f)
				break;
		}
		/* the C library's nearest one is never shorter than ours */
		if (digits < 9) {
			char want[32], ours[32];

			snprintf(want, sizeof want, "%.*e", digits - 1,
			    (double)f);
			snprintf(ours, sizeof ours, "%.*e", digits - 1, d);
			t_check(strtod(want, NULL) == d ||
			    strcmp(ours, want) != 0, "%s %s", want, text);
		}
	}
}

static void
readers_agree_on_long_and_odd_decimals(void)
{
	static const char *const rows[] = {
		"0.0", "-0.0", "0e0", "-0e5", "1E5", "1e+5", "1e-5",
		"0.000000000000000000000000000000000000001",
		"123456789012345678901234567890.5",
		"9007199254740993.0", "9007199254740992.9999999999999999",
		"9007199254740993.00000000000000000000000000000000001",
		"2.2250738585072011e-308", "2.2250738585072012e-308",
		"4.9406564584124654e-324", "2.4703282292062327e-324",
		"2.4703282292062328e-324", "1e-400", "179769313486231570e291",
		"0.1e-999999999999", "0.1e1", "10e-1",
		    "100000000000000000000.0",
		"1.00000000000000011102230246251565404236316680908203125",
		"1.00000000000000011102230246251565404236316680908203124",
		"1.00000000000000011102230246251565404236316680908203126",
	};
	char longer[2000];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clasp_str s = clasp_str_c(rows[i]);
		double a = 1, b = 2, c = strtod(rows[i], NULL);
		int64_t n;
		int is_float;

		t_eq_int(clasp_number_parse(s, &is_float, &n, &a), s.len,
		    "%s", rows[i]);
		t_eq_int(clasp_float_parse_slow(s, &b), 0, "%s", rows[i]);
		t_check(to_bits(a) == to_bits(c), "%s: %a %a", rows[i], a, c);
		t_check(to_bits(b) == to_bits(c), "%s: %a %a", rows[i], b, c);
	}
	/* half-way, decided by a digit very far behind */
	memset(longer, '0', sizeof longer);
	memcpy(longer, "9007199254740993.", 17);
	longer[1999] = '1';
	for (i = 0; i < 2; i++) {
		double v = 0, want = i ? 9007199254740992.0 :
		    9007199254740994.0;

		t_eq_int(clasp_float_parse_slow(clasp_str_of(longer,
		    sizeof longer - i), &v), 0, "long");
		t_check(v == want, "%.1f %.1f", v, want);
	}
}

static void
numbers_are_read_by_the_rules_of_json(void)
{
	static const struct {
		const char	*text;
		int		 want;		/* bytes, or the error */
		int		 is_float;
		int64_t		 integer;
	} rows[] = {
		{ "0", 1, 0, 0 }, { "-0", 2, 0, 0 }, { "12,", 2, 0, 12 },
		{ "-12]", 3, 0, -12 }, { "007", 1, 0, 0 },
		{ "9223372036854775807", 19, 0, INT64_MAX },
		{ "-9223372036854775808", 20, 0, INT64_MIN },
		{ "9223372036854775808", CLASP_ERANGE, 0, 0 },
		{ "-9223372036854775809", CLASP_ERANGE, 0, 0 },
		{ "99999999999999999999", CLASP_ERANGE, 0, 0 },
		{ "100000000000000000000000", CLASP_ERANGE, 0, 0 },
		{ "18446744073709551617", CLASP_ERANGE, 0, 0 },
		{ "1.5", 3, 1, 0 }, { "1e5x", 3, 1, 0 }, { "-1.5E-3", 7, 1, 0 },
		{ "1e400", CLASP_ERANGE, 1, 0 },
		{ "-1e400", CLASP_ERANGE, 1, 0 },
		{ "1.8e308", CLASP_ERANGE, 1, 0 },
		{ "", CLASP_ESYNTAX, 0, 0 }, { "-", CLASP_ESYNTAX, 0, 0 },
		{ ".5", CLASP_ESYNTAX, 0, 0 }, { "+1", CLASP_ESYNTAX, 0, 0 },
		{ "1.", CLASP_ESYNTAX, 0, 0 }, { "1.e5", CLASP_ESYNTAX, 0, 0 },
		{ "1e", CLASP_ESYNTAX, 0, 0 }, { "1e+", CLASP_ESYNTAX, 0, 0 },
		{ "-a", CLASP_ESYNTAX, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		int is_float = 0, n;
		int64_t integer = 0;
		double number;

		n = clasp_number_parse(clasp_str_c(rows[i].text), &is_float,
		    &integer, &number);
		t_eq_int(n, rows[i].want, "%s", rows[i].text);
		if (n < 0)
			continue;
		t_eq_int(is_float, rows[i].is_float, "%s", rows[i].text);
		if (!is_float)
			t_check(integer == rows[i].integer, "%s",
			    rows[i].text);
	}
}

static void
whole_numbers_are_written_and_read(void)
{
	static const struct {
		uint64_t	 v;
		const char	*text;
	} rows[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { 99, "99" },
		{ 100, "100" }, { 12345, "12345" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	char out[CLASP_NUMBER_MAX + 1];
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		out[clasp_uint_format(out, rows[i].v)] = '\0';
		t_eq_str(out, rows[i].text, "uint");
		t_eq_int(clasp_uint_parse(clasp_str_c(out), &v), 0, "%s", out);
		t_check(v == rows[i].v, "%s", out);
	}
	out[clasp_int_format(out, INT64_MIN)] = '\0';
	t_eq_str(out, "-9223372036854775808", "int");
	out[clasp_int_format(out, -5)] = '\0';
	t_eq_str(out, "-5", "int");
	t_eq_int(clasp_uint_parse(CLASP_STR("18446744073709551616"), &v),
	    CLASP_ERANGE, "2^64");
	t_eq_int(clasp_uint_parse(CLASP_STR("1 "), &v), CLASP_ESYNTAX, "1 ");
	t_eq_int(clasp_uint_parse(CLASP_STR(""), &v), CLASP_ESYNTAX, "empty");
	t_eq_int(clasp_uint_parse(CLASP_STR("-1"), &v), CLASP_ESYNTAX, "-1");
}

/* Some locales write 0,5; none of this may. */
static void
the_locale_changes_nothing(void)
{
	static const char *const names[] = {
		"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"
	};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (setlocale(LC_ALL, names[i]) != NULL)
			break;
	check_double(0.5);
	check_double(0.1 + 0.2);
	check_double(1.2345678901234567e-300);
	t_eq_str(text_of(0.1 + 0.2), "0.30000000000000004", "comma");
	setlocale(LC_ALL, "C");
}

int
main(void)
{
	t_run(floats_are_written_plainly_between_minus_5_and_16);
	t_run(fast_and_slow_agree_over_all_exponents);
	t_run(fast_and_slow_agree_on_short_decimals);
	t_run(powers_of_ten_and_two_and_their_neighbours_agree);
	t_run(no_shorter_form_exists);
	t_run(floats_of_32_bits_keep_their_shortest_decimal);
	t_run(readers_agree_on_long_and_odd_decimals);
	t_run(numbers_are_read_by_the_rules_of_json);
	t_run(whole_numbers_are_written_and_read);
	t_run(the_locale_changes_nothing);
	return t_end();
}
