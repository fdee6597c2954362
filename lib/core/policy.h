/*
 * policy.h - how params are treated: what decides whether a new value
 * replaces the old one, and the range it has to lie in.
 *
 * No message carries this.  It comes from a list of patterns, of which the
 * first that matches an address counts, when its record is created.
 */
#ifndef CLASP_CORE_POLICY_H
#define CLASP_CORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/value.h"

enum clasp_strategy {
	CLASP_STRATEGY_LWW,	/* the last write always does */
	CLASP_STRATEGY_MAX,	/* a greater number does */
	CLASP_STRATEGY_MIN,	/* a lesser number does */
	CLASP_STRATEGY_LOCK,	/* the last write of who holds the lock */
	CLASP_STRATEGY_MERGE,	/* the last write: its writer has merged */
	CLASP_STRATEGIES
};

/* "lww", "max", ...; NULL out of range.  By name: -1 when unknown. */
const char *clasp_strategy_name(unsigned strategy);
int	clasp_strategy_by_name(struct clasp_str name);

/* Both ends included; integers or floats, no NaN, low <= high. */
struct clasp_range {
	struct clasp_value low, high;
};

/* Anything but a number lies in every range, NaN in none. */
bool	clasp_range_holds(const struct clasp_range *range,
	    const struct clasp_value *value);

static inline bool
clasp_value_is_number(const struct clasp_value *v)
{
	return v->type == CLASP_INT || v->type == CLASP_FLOAT;
}

/* <0, 0, >0, exact also between integers and floats; no NaN. */
int	clasp_number_cmp(const struct clasp_value *a,
	    const struct clasp_value *b);
/*
 * May a value take the place of the old one?  0, CLASP_ESTRATEGY, or
 * CLASP_EVALUE for NaN where numbers are compared.
 */
int	clasp_strategy_judge(enum clasp_strategy strategy,
	    const struct clasp_value *old, const struct clasp_value *value);

struct clasp_policy {
	struct clasp_str path;		/* a valid pattern */
	enum clasp_strategy strategy;
	bool		 has_range;
	struct clasp_range range;
};

#endif
