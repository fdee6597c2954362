/*
 * port.h - a device on a loop: bytes in, bytes out, and what becomes of it.
 *
 * A port is a serial line, or anything that can be read: a pipe, a file, a
 * pseudo-terminal, a raw MIDI device.  A device that goes away is tried again
 * every second, by its name.  Nothing here ever blocks the loop: one buffer
 * is on its way out at a time, and the caller keeps only its newest state for
 * the next one.  A device that takes nothing for two seconds counts as gone:
 * it is closed, what it did not take is dropped, and it is opened again.
 * A FIFO that is written to and has no reader is waited for, as a shell does.
 */
#ifndef CLASP_DEV_PORT_H
#define CLASP_DEV_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "dev/serial.h"

#define CLASP_PORT_SEND_MAX	1300	/* bytes in one clasp_port_send */

struct clasp_port;

/* A serial line is always open both ways. */
enum clasp_port_access {
	CLASP_PORT_IN,
	CLASP_PORT_OUT,
	CLASP_PORT_BOTH
};

struct clasp_port_config {
	struct clasp_serial_config line;	/* path "-": standard input */
	bool	 raw;		/* not a serial line in itself: of the
				 * line's settings only path counts */
	enum clasp_port_access access;	/* of a raw one */
	/* There is no such thing as a stalled device: what it does not take
	 * waits, and so does the caller. */
	bool	 patient;
	size_t	 ahead;		/* this many bytes may be in the driver when
				 * the next buffer is sent to a serial line */
	bool	 wait;		/* also when it is not there at first */
};

struct clasp_port_events {
	/* it is open; again = true: and `lost` had been called before */
	void	(*open)(struct clasp_port *port, bool again, void *user);
	void	(*data)(struct clasp_port *port, const uint8_t *bytes,
		    size_t n, void *user);
	/* the buffer of clasp_port_send has been taken; may be NULL */
	void	(*sent)(struct clasp_port *port, void *user);
	/* a pipe or file has ended, or (why is not NULL) cannot be read:
	 * there will be no more */
	void	(*end)(struct clasp_port *port, const char *why, void *user);
	/* the device has gone, or is not there yet; it is being tried again.
	 * A stalled one is told of once a minute at most. */
	void	(*lost)(struct clasp_port *port, const char *why, void *user);
};

/*
 * Open it: 0 and *out, after `open` was called (or, with wait, `lost`); else
 * the error of clasp_serial_open with why filled.  The strings of config and
 * events must live as long as the port.
 */
int	clasp_port_new(uv_loop_t *loop, const struct clasp_port_config *config,
	    const struct clasp_port_events *events, void *user,
	    struct clasp_port **out, char why[CLASP_SERIAL_WHY]);
/* Close it; memory is given back by the loop.  NULL is fine. */
void	clasp_port_close(struct clasp_port *port);
/* Stop reading for a while, or go on; writing is not touched. */
void	clasp_port_read(struct clasp_port *port, bool on);
bool	clasp_port_is_open(const struct clasp_port *port);
/* Was it opened again because it took no data?  What it has taken before
 * may still be in front of what is sent now. */
bool	clasp_port_was_stalled(const struct clasp_port *port);
/* Is the buffer before this one still on its way? */
bool	clasp_port_busy(struct clasp_port *port);
/* Has everything left, the driver's bytes too, as far as the system tells? */
bool	clasp_port_idle(const struct clasp_port *port);
/* Send n bytes (copied): true, or false when it is busy or not open. */
bool	clasp_port_send(struct clasp_port *port, const uint8_t *bytes,
	    size_t n);

#endif
