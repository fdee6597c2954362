/* shrink.h - a shorter script that breaks a promise, too. */
#ifndef TESTS_SIM_SHRINK_H
#define TESTS_SIM_SHRINK_H

#include "script.h"

/*
 * Leave out of the script what is not needed to break the same promise.
 * plays: how many games may be spent on it.
 */
void	sim_shrink(struct sim_script *script, uint32_t plays);

#endif
