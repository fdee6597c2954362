/* clock.c - the two clocks, in microseconds. */
#include "base/clock.h"

#include <time.h>

static uint64_t
read_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
clasp_clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t
clasp_clock_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
clasp_clock_unix_us(void)
{
	return read_us(CLOCK_REALTIME);
}

uint64_t
clasp_clock_server_us(void)
{
	static uint64_t offset;
	uint64_t mono = clasp_clock_mono_us();

	if (offset == 0)
		offset = clasp_clock_unix_us() - mono;
	return mono + offset;
}

uint64_t
clasp_clock_steady_us(uint64_t unix_us)
{
	uint64_t now = clasp_clock_server_us(), wall = clasp_clock_unix_us();

	if (unix_us >= wall)
		return unix_us - wall > UINT64_MAX - now ? UINT64_MAX :
		    now + (unix_us - wall);
	return wall - unix_us > now ? 0 : now - (wall - unix_us);
}
