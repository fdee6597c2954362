/*
 * midisink.h - the way of lines out to a MIDI port.
 *
 *	bridge --> proto/midiout --> proto/midiqueue --> port, or stdout
 *
 * What the port cannot take yet waits in the queue; when too much does, no
 * more lines are read.  At the end the queue is emptied (not after a signal),
 * and every note that sounds is ended, unless notes are to be held.
 */
#ifndef CLASP_BRIDGE_MIDISINK_H
#define CLASP_BRIDGE_MIDISINK_H

#include "bridge/bridge.h"
#include "proto/midiqueue.h"

struct clasp_midisink;

/* Strings are borrowed. */
struct clasp_midisink_config {
	struct clasp_midimap_config map;
	bool	 running;		/* --running-status */
	bool	 hold;			/* --on-exit hold */
	bool	 wait;			/* for a port that went away, too */
	const char *subject;		/* the port, for people */
	/* Send up to n bytes (a whole piece or none): true when taken. */
	bool	 (*send)(const uint8_t *bytes, size_t n, void *user);
	/* Nothing is on its way any more. */
	bool	 (*idle)(void *user);
	size_t	 piece;			/* bytes in one send, 16 at least */
	/* All is done: close the port, then call clasp_bridge_leave(). */
	void	 (*done)(void *user);
	void	*user;
};

/* Ends the program when there is no memory. */
struct clasp_midisink *clasp_midisink_new(
	    const struct clasp_midisink_config *config);
/* Fill in the sink's part of a bridge's config. */
void	clasp_midisink_attach(struct clasp_midisink *s,
	    struct clasp_bridge_config *bridging);
/* The bridge is there: counters and timers. */
void	clasp_midisink_start(struct clasp_midisink *s,
	    struct clasp_bridge *bridge);
/* The port is open; has gone; can take more. */
void	clasp_midisink_open(struct clasp_midisink *s, bool again);
void	clasp_midisink_lost(struct clasp_midisink *s, const char *why);
void	clasp_midisink_ready(struct clasp_midisink *s);
/* As the bridge's events of these names; for a program with both ways. */
void	clasp_midisink_line(const struct clasp_line *line, bool snapshot,
	    void *sink);
void	clasp_midisink_ended(void *sink);
void	clasp_midisink_finish(void *sink);
/* From the bridge's close(). */
void	clasp_midisink_close(struct clasp_midisink *s);
void	clasp_midisink_free(struct clasp_midisink *s);

#endif
