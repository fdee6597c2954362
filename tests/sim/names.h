/*
 * names.h - the few addresses and patterns of the simulated world, good and
 * bad ones.  A script calls them by a name without blanks; what cannot be
 * written so is called bad:something.
 */
#ifndef TESTS_SIM_NAMES_H
#define TESTS_SIM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct sim_name {
	const char	*name;		/* in scripts */
	const char	*text;		/* NULL: the name is the text */
};

#define SIM_LOCKS	"/$relay/locks"
#define SIM_ADDRESSES	24	/* good ones, first in the table */
#define SIM_PATTERNS	20

struct clasp_str sim_address(int64_t i);
const char *sim_address_name(int64_t i);
/* -1: no such name. */
int64_t	sim_address_by_name(struct clasp_str name);
uint32_t sim_addresses(void);

struct clasp_str sim_pattern(int64_t i);
const char *sim_pattern_name(int64_t i);
int64_t	sim_pattern_by_name(struct clasp_str name);
uint32_t sim_patterns(void);

/* How params are treated in games with strategies; first match counts. */
struct sim_policy {
	const char	*pattern;
	char		 strategy;	/* 'w' lww, '>' max, '<' min, 'l' lock,
					 * 'm' merge */
	bool		 has_range;
	int64_t		 low, high;
};

#define SIM_POLICIES	6
extern const struct sim_policy sim_policies[SIM_POLICIES];

#endif
