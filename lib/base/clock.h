/*
 * clock.h - the two clocks, in microseconds.
 *
 * Only programs and the net, dev and client rungs read them; everything
 * below takes the time as a number.
 */
#ifndef CLASP_BASE_CLOCK_H
#define CLASP_BASE_CLOCK_H

#include <stdint.h>

/* Since some fixed moment; never steps. */
uint64_t	clasp_clock_mono_us(void);
/* The same in nanoseconds, to measure what takes less than one of them. */
uint64_t	clasp_clock_mono_ns(void);
/* Since 1970-01-01 UTC; steps when the wall clock is set. */
uint64_t	clasp_clock_unix_us(void);
/*
 * Unix time that does not step: the wall clock as it stood at the first
 * call, moved on by the monotonic one.  The clock of a relay, and of whoever
 * measures how far a relay's is from his.
 */
uint64_t	clasp_clock_server_us(void);
/* A moment of the wall clock, as it goes now, by the steady one; 0: long
 * ago. */
uint64_t	clasp_clock_steady_us(uint64_t unix_us);

#endif
