/*
 * dmxsink.h - the device that takes frames of DMX, whichever kind it is:
 *
 *	enttec-pro	packets for a widget on a serial port, or on stdout
 *	opendmx		breaks and bytes on a bare serial line, by a thread
 *	udmx		control transfers over USB, by a thread
 *	raw		start code and slots, nothing around them
 *
 * It stands under a clasp_frames: ready, send and sent are its callbacks.
 * Nothing here waits; a frame that cannot go now is not kept, the newer one
 * is asked for at the next tick.
 */
#ifndef CLASP_BRIDGE_DMXSINK_H
#define CLASP_BRIDGE_DMXSINK_H

#include "base/numset.h"
#include "bridge/frames.h"

#define CLASP_DMXSINK_DRIVERS	"enttec-pro opendmx udmx raw"

struct clasp_dmxsink;

/* Strings are borrowed and must live as long as the sink. */
struct clasp_dmxsink_config {
	unsigned	 driver;	/* place in CLASP_DMXSINK_DRIVERS */
	const char	*device;	/* "-": stdout; NULL: udmx, any */
	const struct clasp_bridge_options *options;
	const struct clasp_numset *universes;	/* one; of a widget two */
	unsigned	 slots;		/* in a frame */
	double		 break_us, mab_us;	/* 0: not given */
	bool		 force;		/* udmx: whatever its product text */
	struct clasp_frames *frames;
	struct clasp_bridge *bridge;
};

/* What is wrong with this, for people; NULL: nothing. */
const char *clasp_dmxsink_check(const struct clasp_dmxsink_config *config);
/* Open it on the bridge's loop; ends the program when it cannot. */
struct clasp_dmxsink *clasp_dmxsink_open(
	    const struct clasp_dmxsink_config *config);
bool	clasp_dmxsink_ready(struct clasp_dmxsink *s);
bool	clasp_dmxsink_send(struct clasp_dmxsink *s,
	    const struct clasp_universe *u);
void	clasp_dmxsink_sent(struct clasp_dmxsink *s);
/* Begin to close; may come again, NULL is fine. */
void	clasp_dmxsink_close(struct clasp_dmxsink *s);
/* The loop has ended, and will only close its handles: stop the thread. */
void	clasp_dmxsink_end(struct clasp_dmxsink *s);
/* After that. */
void	clasp_dmxsink_free(struct clasp_dmxsink *s);

/* One line for each device that a driver could take, or with the first
 * driver any of them: for --list. */
void	clasp_dmxsink_list(unsigned driver);

#endif
