/*
 * udmx.h - a uDMX on USB, for the thread of a dmxthread.
 *
 * Its id is shared with thousands of other devices, so its product text must
 * say uDMX, unless it is forced.
 */
#ifndef CLASP_DEV_UDMX_H
#define CLASP_DEV_UDMX_H

#include "dev/dmxthread.h"

extern const struct clasp_dmxthread_driver clasp_udmx_driver;

/* A device for that driver: the one called `name` (as it is listed, as lsusb
 * has it, or its serial number; borrowed), or with NULL the first.  NULL: no
 * memory. */
void	*clasp_udmx_new(const char *name, bool force);
/* Each device with that id: its name ("usb:1-2", the socket), and what it
 * says of itself. */
void	clasp_udmx_list(void (*fn)(const char *name, const char *what,
	    void *user), void *user);

#endif
