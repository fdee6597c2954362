/* generate.h - a game by chance. */
#ifndef TESTS_SIM_GENERATE_H
#define TESTS_SIM_GENERATE_H

#include "script.h"

/* The same seed, the same script. */
void	sim_generate(struct sim_script *script, uint64_t seed,
	    uint32_t steps);

#endif
