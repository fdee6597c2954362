/*
 * inlet.h - stdin (or another descriptor) on an event loop, whatever it is:
 * pipe, terminal, socket, file, /dev/null.  Files are always readable and no
 * event loop can wait for them, so they are read a piece a turn.
 */
#ifndef CLASP_CLIENT_INLET_H
#define CLASP_CLIENT_INLET_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

struct clasp_inlet;

struct clasp_inlet_events {
	void	(*bytes)(const void *p, size_t n, void *user);
	/* nothing more is there yet */
	void	(*pause)(void *user);
	/* it has ended; error 0, or an errno.  After it nothing more comes. */
	void	(*end)(int error, void *user);
};

/* Begin to read from fd, which stays the caller's.  NULL: no memory. */
struct clasp_inlet *clasp_inlet_new(uv_loop_t *loop, int fd,
	    const struct clasp_inlet_events *events, void *user);
/* Stop reading for a while, or go on. */
void	clasp_inlet_read(struct clasp_inlet *in, bool on);
/* No more events; frees in when the loop has run. */
void	clasp_inlet_close(struct clasp_inlet *in);

#endif
