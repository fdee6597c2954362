/*
 * packed.h - messages as MessagePack maps, the way old clients write them.
 */
#ifndef TESTS_SIM_PACKED_H
#define TESTS_SIM_PACKED_H

#include "base/buf.h"
#include "random.h"

/* One frame: a SET, a PUBLISH of any kind, or a BUNDLE of them. */
void	sim_packed(struct sim_random *r, struct clasp_buf *out);

#endif
