/*
 * game.h - one game: the router, its links and clients, and the model, step
 * by step under one clock that is made up.
 */
#ifndef TESTS_SIM_GAME_H
#define TESTS_SIM_GAME_H

#include "script.h"

/*
 * Play a script.  Returns the number of the step in whose turn a promise was
 * broken, or -1; what and why is in promise.h.
 */
int64_t	sim_play(const struct sim_script *script);

#endif
