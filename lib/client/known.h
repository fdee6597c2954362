/*
 * known.h - which state of each param was shown last.
 *
 * After a lost connection the new snapshot mostly repeats what is known.
 * This remembers, for each address, revision, time of writing and a hash of
 * the value, and tells what is new: a value is old only when all agree.  A
 * live SET does not say when it was written; then the moment it came (by the
 * relay's clock) stands for it, and a later time of writing than that is a
 * new value of a relay that was restarted and counts from 1 again.
 */
#ifndef CLASP_CLIENT_KNOWN_H
#define CLASP_CLIENT_KNOWN_H

#include <stdint.h>

#include "base/hash.h"
#include "wire/message.h"

#define CLASP_KNOWN_MAX 1000000		/* addresses; more are not kept */

struct clasp_known {
	struct clasp_table table;
};

void	clasp_known_init(struct clasp_known *k);
void	clasp_known_clear(struct clasp_known *k);
/*
 * A param of a snapshot that came over connection number `conn`: is it other
 * than what was known before that connection?  Remembers it.
 */
bool	clasp_known_param(struct clasp_known *k, unsigned conn,
	    const struct clasp_param *param);
/* A live SET, received at now_us by the relay's clock. */
void	clasp_known_set(struct clasp_known *k, unsigned conn,
	    const struct clasp_set *set, uint64_t now_us);
/* The hash of a value: equal for equal values, whatever the order of keys. */
uint64_t clasp_known_hash(const struct clasp_value *v);

#endif
