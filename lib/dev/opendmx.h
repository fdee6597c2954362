/*
 * opendmx.h - DMX512 on a bare serial line: an Open DMX USB and whatever
 * else has an FTDI chip, a line driver, and nothing that thinks.
 *
 * The program makes the signal itself: break, mark, bytes at 250,000 baud
 * with two stop bits, all of it on the thread of a dmxthread.  A sleep may
 * be longer than asked for, never shorter, so breaks and marks are legal
 * and at worst the rate suffers.
 */
#ifndef CLASP_DEV_OPENDMX_H
#define CLASP_DEV_OPENDMX_H

#include "dev/dmxthread.h"

#define CLASP_OPENDMX_BREAK_US	176
#define CLASP_OPENDMX_BREAK_MIN	92	/* some receivers miss shorter ones */
#define CLASP_OPENDMX_MAB_US	16
#define CLASP_OPENDMX_MAB_MIN	12
#define CLASP_OPENDMX_US_MAX	100000	/* of either */

extern const struct clasp_dmxthread_driver clasp_opendmx_driver;

/* A device for that driver; path is borrowed.  NULL: no memory. */
void	*clasp_opendmx_new(const char *path, unsigned break_us,
	    unsigned mab_us);

#endif
