/* random.c - numbers by chance that a seed repeats. */
#include "random.h"

void
sim_random_init(struct sim_random *r, uint64_t seed)
{
	r->state = seed * UINT64_C(0xd1342543de82ef95) + 1;
	sim_random_next(r);
}

/* An xorshift whose output is multiplied. */
uint64_t
sim_random_next(struct sim_random *r)
{
	uint64_t x = r->state ? r->state : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	r->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t
sim_random_below(struct sim_random *r, uint32_t n)
{
	return (uint32_t)((sim_random_next(r) >> 32) * n >> 32);
}

bool
sim_random_chance(struct sim_random *r, uint32_t percent)
{
	return sim_random_below(r, 100) < percent;
}

int64_t
sim_random_of(struct sim_random *r, const int64_t *from, uint32_t n)
{
	return from[sim_random_below(r, n)];
}
