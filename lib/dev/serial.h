/*
 * serial.h - one serial line: opened, set up, locked, never blocking.
 *
 * libserialport opens what it knows; a path it refuses (a pseudo-terminal,
 * what socat or ser2net made) is opened here with termios2, which also takes
 * any baud rate.  Reading and writing is the same for both.  Symbolic links
 * are resolved at each opening, so a device that comes back under the same
 * name is found again.
 */
#ifndef CLASP_DEV_SERIAL_H
#define CLASP_DEV_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

#define CLASP_SERIAL_WHY	160

struct clasp_serial_config {
	const char	*path;
	unsigned	 baud;		/* 0: leave the speed as it is */
	unsigned	 stop_bits;	/* 1 or 2; always 8 bits, no parity */
};

struct clasp_serial;

/*
 * Open it, raw, without flow control, and lock it: no other program that
 * uses flock or a live LCK.. file may have it.  Returns 0, CLASP_ENOENT (not
 * there), CLASP_ELOCKED, CLASP_EIO, CLASP_ENOMEM; why (never NULL) then says
 * it for people.
 */
int	clasp_serial_open(const struct clasp_serial_config *config,
	    struct clasp_serial **out, char why[CLASP_SERIAL_WHY]);
/* Close it.  With discard, bytes not sent yet are dropped: without, the
 * system may wait for a device that does not take them. */
void	clasp_serial_close(struct clasp_serial *serial, bool discard);
/* The descriptor, for a loop to watch. */
int	clasp_serial_fd(const struct clasp_serial *serial);
/* Bytes read or written, 0: none now, CLASP_ECLOSED: the device has gone. */
int	clasp_serial_read(struct clasp_serial *serial, void *buf, size_t n);
int	clasp_serial_write(struct clasp_serial *serial, const void *buf,
	    size_t n);
/* Hold the line in a break, or let go of it; 0 or CLASP_ECLOSED. */
int	clasp_serial_break(struct clasp_serial *serial, bool on);
/* Set or clear RTS; a line without one is as well. */
void	clasp_serial_rts(struct clasp_serial *serial, bool on);
/* Bytes written that have not left yet, as far as the system tells. */
size_t	clasp_serial_unsent(const struct clasp_serial *serial);

/* Each serial port that libserialport knows: its path, and what it is (may
 * be empty). */
void	clasp_serial_list(void (*fn)(const char *path, const char *what,
	    void *user), void *user);

#endif
