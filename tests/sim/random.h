/* random.h - numbers by chance that a seed repeats. */
#ifndef TESTS_SIM_RANDOM_H
#define TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
	uint64_t	 state;
};

void	sim_random_init(struct sim_random *r, uint64_t seed);
uint64_t sim_random_next(struct sim_random *r);
/* 0 .. n - 1; n is at least 1. */
uint32_t sim_random_below(struct sim_random *r, uint32_t n);
/* True `percent` times out of a hundred. */
bool	sim_random_chance(struct sim_random *r, uint32_t percent);
/* One of n numbers. */
int64_t	sim_random_of(struct sim_random *r, const int64_t *from, uint32_t n);

#define SIM_ONE_OF(r, ...) sim_random_of((r), (const int64_t[]){ \
	__VA_ARGS__ }, sizeof((const int64_t[]){ __VA_ARGS__ }) / \
	sizeof(int64_t))

#endif
