/* generate.h - a game by chance. */
#ifndef TESTS_SIM_GENERATE_H
#define TESTS_SIM_GENERATE_H

#include "script.h"

/*
 * The same seed, the same script.  large: its state is too large for a
 * snapshot at once, and it is shorter.
 */
void	sim_generate(struct sim_script *script, uint64_t seed,
	    uint32_t steps, bool large);

#endif
