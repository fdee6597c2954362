/*
 * dmxthread.h - a DMX device that keeps its caller waiting, worked by a
 * thread of its own so that no loop ever does.
 *
 *	loop --put--> [ one frame ] --take--> thread --> device
 *	     <---------- uv_async: open, lost ---------
 *
 * There is room for one frame: a newer one takes the place of one that was
 * not taken yet.  The thread opens the device, sends at t0 + k * period, and
 * when the device has gone tries again every second.
 */
#ifndef CLASP_DEV_DMXTHREAD_H
#define CLASP_DEV_DMXTHREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "dev/serial.h"

#define CLASP_DMXTHREAD_SLOTS	512
/* The `why` of a device that is there and takes nothing. */
#define CLASP_DMXTHREAD_STALLED	"takes no data"
#define CLASP_DMXTHREAD_MISSED	1

/* What the thread does with a device.  None of it may take longer than half
 * a second once *stop is set. */
struct clasp_dmxthread_driver {
	/* 0, or an error with why; the first time called by the creator */
	int	(*open)(void *device, char why[CLASP_SERIAL_WHY]);
	/* gone: it was lost, drop what is unsent */
	void	(*close)(void *device, bool gone);
	/* One frame, to its end.  before: the last one sent since open, or
	 * NULL.  0; CLASP_DMXTHREAD_MISSED: not taken, it is tried again at
	 * the next tick; or an error with why: the device is then closed. */
	int	(*send)(void *device, const uint8_t *levels,
		    const uint8_t *before, unsigned slots,
		    const atomic_bool *stop, char why[CLASP_SERIAL_WHY]);
	void	(*free)(void *device);
	bool	 continuous;	/* send the last frame at each tick */
};

struct clasp_dmxthread_config {
	const struct clasp_dmxthread_driver *driver;
	void	*device;	/* owned from now on, also after an error */
	unsigned slots;		/* 1-512 */
	double	 rate_hz;
	bool	 wait;		/* also when it is not there at first */
	bool	 once;		/* no frame is sent twice */
	unsigned long *missed;	/* frames; raised on the loop, NULL: not */
};

struct clasp_dmxthread_events {
	void	(*open)(bool again, void *user);
	void	(*lost)(const char *why, void *user);
};

struct clasp_dmxthread;

/* 0 and *out, after `open` was called (or, with wait, `lost`); else the
 * driver's error, with why. */
int	clasp_dmxthread_new(uv_loop_t *loop,
	    const struct clasp_dmxthread_config *config,
	    const struct clasp_dmxthread_events *events, void *user,
	    struct clasp_dmxthread **out, char why[CLASP_SERIAL_WHY]);
/* Tell the thread to end; events come no more. */
void	clasp_dmxthread_close(struct clasp_dmxthread *t);
/* Wait for its end (this may take as long as a frame) and give everything
 * back; when the loop has ended, and will only close its handles. */
void	clasp_dmxthread_free(struct clasp_dmxthread *t);
/* The newest frame: of it and what waits, only it is sent. */
void	clasp_dmxthread_put(struct clasp_dmxthread *t, const uint8_t *levels);
bool	clasp_dmxthread_is_open(struct clasp_dmxthread *t);
/* Has the newest frame been sent, to its end? */
bool	clasp_dmxthread_is_done(struct clasp_dmxthread *t);
/* Does it run before other programs (SCHED_FIFO)? */
bool	clasp_dmxthread_is_realtime(struct clasp_dmxthread *t);

#endif
