/* hostile.h - bytes that no client of good will sends. */
#ifndef TESTS_SIM_HOSTILE_H
#define TESTS_SIM_HOSTILE_H

#include <stdint.h>

#include "base/buf.h"

#define HOSTILE_KINDS	14

/* One unit, of a kind, by a number. */
void	sim_hostile(int64_t kind, uint64_t n, struct clasp_buf *out);

#endif
