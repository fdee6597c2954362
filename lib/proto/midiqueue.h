/*
 * midiqueue.h - MIDI messages that wait for a slow line, and the notes that
 * sound behind it.
 *
 * A line of 31,250 baud carries 3,125 bytes a second.  While messages wait, a
 * param (a controller, bend, pressure) takes the place of the older value of
 * the same param; it never moves past a note or a program of its channel, nor
 * past a SysEx or reset, and nothing moves past what is written out in order
 * (see midiout.h's kinds).
 * Notes, programs and transport are never dropped, so that the caller must
 * stop adding when clasp_midiqueue_full() says so.
 *
 * What was taken out is taken to have been sent: of that the queue knows
 * which notes sound, so that they can be ended.
 */
#ifndef CLASP_PROTO_MIDIQUEUE_H
#define CLASP_PROTO_MIDIQUEUE_H

#include "proto/midiout.h"

#define CLASP_MIDIQUEUE_MAX	1024	/* messages; then params are dropped */

struct clasp_midiqueue;

/* With running: a status byte equal to the one before is left out.
 * Returns NULL when there is no memory. */
struct clasp_midiqueue *clasp_midiqueue_new(bool running);
void	clasp_midiqueue_free(struct clasp_midiqueue *q);
/* Add a message (copied). */
void	clasp_midiqueue_add(struct clasp_midiqueue *q,
	    const struct clasp_midiout_msg *msg);
/* So many wait that no more should be added. */
bool	clasp_midiqueue_full(const struct clasp_midiqueue *q);
bool	clasp_midiqueue_empty(const struct clasp_midiqueue *q);
/*
 * Take bytes to send, at most cap (at least CLASP_MIDIOUT_BYTES); a message
 * is taken whole, a SysEx in pieces.  Returns how many there are.
 */
size_t	clasp_midiqueue_take(struct clasp_midiqueue *q, uint8_t *out,
	    size_t cap);

/*
 * Forget all that waits; a SysEx that was begun is ended.  Then, with `off`,
 * a note off for each note that sounds, and cc 123 on their channels, wait.
 */
void	clasp_midiqueue_silence(struct clasp_midiqueue *q, bool off);
/* Note offs for what sounds, and cc 123 on their channels, behind what
 * waits. */
void	clasp_midiqueue_end_notes(struct clasp_midiqueue *q);
/*
 * The line has gone: what sounds is remembered, notes and events that wait or
 * come are dropped, of params and programs the newest value is kept.
 */
void	clasp_midiqueue_gone(struct clasp_midiqueue *q);
/* It is back: the notes that sounded are ended first. */
void	clasp_midiqueue_back(struct clasp_midiqueue *q);

/* Dropped: params for want of room, messages while the line was gone, and
 * for want of memory.  For counters. */
unsigned long *clasp_midiqueue_thinned(struct clasp_midiqueue *q);
unsigned long *clasp_midiqueue_missed(struct clasp_midiqueue *q);
unsigned long *clasp_midiqueue_lost(struct clasp_midiqueue *q);

#endif
