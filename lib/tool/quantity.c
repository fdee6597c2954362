/* quantity.c - numbers, durations and rates, as they are typed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "tool/cli.h"

#define DURATION_MAX_US 9e18

/*
 * The plain decimal number at the start of text: *end is behind it.  strtod
 * would also take hexadecimal, "inf" and blanks.
 */
static int
decimal(const char *text, const char **end, double *out)
{
	size_t n = strspn(text, "0123456789.");
	char *stop;

	if (n == 0)
		return CLASP_ESYNTAX;
	*out = strtod(text, &stop);
	if (stop != text + n || !isfinite(*out))
		return CLASP_ESYNTAX;
	*end = stop;
	return 0;
}

int
cli_duration_us(const char *text, uint64_t *out)
{
	static const struct {
		const char	*name;
		double		 us;
	} units[] = {
		{ "", 1e6 }, { "s", 1e6 }, { "ms", 1e3 }, { "us", 1 },
		{ "m", 60e6 }, { "h", 3600e6 }, { "d", 86400e6 },
	};
	const char *end;
	double value;
	size_t i;

	if (decimal(text, &end, &value) < 0)
		return CLASP_ESYNTAX;
	for (i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(end, units[i].name) == 0) {
			value *= units[i].us;
			if (value > DURATION_MAX_US)
				return CLASP_ESYNTAX;
			*out = (uint64_t)llround(value);
			return 0;
		}
	return CLASP_ESYNTAX;
}

int
cli_rate(const char *text, double *out)
{
	const char *end;
	double value;

	if (decimal(text, &end, &value) < 0 ||
	    (*end != '\0' && strcmp(end, "/s") != 0))
		return CLASP_ESYNTAX;
	*out = value;
	return 0;
}

int
cli_number(const char *text, long *out)
{
	size_t n = strlen(text);
	char *end;

	/* strtol would take blanks and a plus */
	if (n == 0 || strspn(text, "-0123456789") != n)
		return CLASP_ESYNTAX;
	errno = 0;
	*out = strtol(text, &end, 10);
	if (*end != '\0')
		return CLASP_ESYNTAX;
	return errno == ERANGE ? CLASP_ERANGE : 0;
}

int
cli_float(const char *text, double *out)
{
	size_t n = strlen(text);
	char *end;

	if (n == 0 || strspn(text, "+-0123456789.eE") != n)
		return CLASP_ESYNTAX;
	*out = strtod(text, &end);
	if (*end != '\0')
		return CLASP_ESYNTAX;
	return isfinite(*out) ? 0 : CLASP_ERANGE;
}
