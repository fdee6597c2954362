/* policy.c - how params are treated. */
#include "core/policy.h"

#include <math.h>
#include <stddef.h>

#include "base/error.h"

static const char *const names[CLASP_STRATEGIES] = {
	[CLASP_STRATEGY_LWW] = "lww",
	[CLASP_STRATEGY_MAX] = "max",
	[CLASP_STRATEGY_MIN] = "min",
	[CLASP_STRATEGY_LOCK] = "lock",
	[CLASP_STRATEGY_MERGE] = "merge",
};

const char *
clasp_strategy_name(unsigned strategy)
{
	return strategy < CLASP_STRATEGIES ? names[strategy] : NULL;
}

int
clasp_strategy_by_name(struct clasp_str name)
{
	int i;

	for (i = 0; i < CLASP_STRATEGIES; i++)
		if (clasp_str_is(name, names[i]))
			return i;
	return -1;
}

static bool
is_nan(const struct clasp_value *v)
{
	return v->type == CLASP_FLOAT && isnan(v->number);
}

/* 2^53 + 1 is more than 2^53.0, which no conversion to a float would tell. */
static int
int_cmp_float(int64_t a, double b)
{
	double whole = trunc(b);
	int64_t i;

	if (b >= 0x1p63)
		return -1;
	if (b < -0x1p63)
		return 1;
	i = (int64_t)whole;
	if (a != i)
		return a < i ? -1 : 1;
	return (whole > b) - (whole < b);
}

int
clasp_number_cmp(const struct clasp_value *a, const struct clasp_value *b)
{
	if (a->type == CLASP_INT && b->type == CLASP_INT)
		return (a->integer > b->integer) - (a->integer < b->integer);
	if (a->type == CLASP_INT)
		return int_cmp_float(a->integer, b->number);
	if (b->type == CLASP_INT)
		return -int_cmp_float(b->integer, a->number);
	return (a->number > b->number) - (a->number < b->number);
}

bool
clasp_range_holds(const struct clasp_range *range,
    const struct clasp_value *value)
{
	if (!clasp_value_is_number(value))
		return true;
	return !is_nan(value) &&
	    clasp_number_cmp(&range->low, value) <= 0 &&
	    clasp_number_cmp(value, &range->high) <= 0;
}

int
clasp_strategy_judge(enum clasp_strategy strategy,
    const struct clasp_value *old, const struct clasp_value *value)
{
	int cmp;

	/* who holds a lock has been looked at before */
	if (strategy != CLASP_STRATEGY_MAX && strategy != CLASP_STRATEGY_MIN)
		return 0;
	if (is_nan(value))
		return CLASP_EVALUE;
	if (!clasp_value_is_number(value) || !clasp_value_is_number(old) ||
	    is_nan(old))
		return 0;
	cmp = clasp_number_cmp(value, old);
	if (strategy == CLASP_STRATEGY_MIN)
		cmp = -cmp;
	return cmp > 0 ? 0 : CLASP_ESTRATEGY;
}
