/*
 * stream.h - a link over a connected stream socket: TCP or Unix, WebSocket or
 * length-prefixed framing, plain or under TLS.
 *
 * Reading: one buffer for all streams of a loop; frames are unmasked in place
 * and handed up where they lie, only what is not whole yet is kept with the
 * stream.  Writing: one span is sent as it lies, many short ones are copied
 * together for one system call.
 *
 *	read buffer  | left from before | just received          |
 *	               \_ unit _/ \_ unit _/ \_ unit _/ \ left ...
 *
 * A stream that ends tells `closed` from the loop, never from within a call
 * of its owner.
 */
#ifndef CLASP_NET_STREAM_H
#define CLASP_NET_STREAM_H

#include "net/channel.h"
#include "net/link.h"

/* The largest frame. */
#define CLASP_STREAM_UNIT_MAX	CLASP_FRAMING_FRAME_MAX

/*
 * A WebSocket peer that was silent for so long is pinged; one that does not
 * answer in time is gone (CLASP_ETIMEOUT).  Either end does so.  The time for
 * the answer begins when the peer's machine has the ping: before, while it
 * takes of what was sent earlier, it is slow but there.  One that takes nothing
 * any more has as long, or three times as long where our socket is full.
 */
#define CLASP_STREAM_QUIET_MS	30000
#define CLASP_STREAM_ANSWER_MS	10000
#define CLASP_STREAM_STUCK	3	/* times the answer's time */
#define CLASP_STREAM_LOOKS	10	/* in the answer's time */

struct clasp_stream;

/*
 * A stream without a socket yet.  framing is what is sent:
 * CLASP_FRAMING_WS_MASKED makes it the client of a WebSocket connection.
 * NULL: no memory.
 */
struct clasp_stream *clasp_stream_new(uv_loop_t *loop,
	    enum clasp_framing framing);
struct clasp_link *clasp_stream_link(struct clasp_stream *s);
/* Who works on getting the socket; stop(arg) is called when the link is
 * closed before it is there. */
void	clasp_stream_opening(struct clasp_stream *s, void (*stop)(void *arg),
	    void *arg);
/* What to say instead of "connection closed" when the peer does that before
 * its first byte; a constant. */
void	clasp_stream_if_mute(struct clasp_stream *s, const char *reason);
/*
 * The connected socket and its TLS, which the stream owns from now on; rest
 * is what was read of it already.  Events, user and (unless they are set in
 * `open`, which is called when tell_open) out of the link are set.
 */
void	clasp_stream_start(struct clasp_stream *s,
	    const struct clasp_channel *ch, struct clasp_str rest,
	    bool tell_open);
/* Other patience for all streams of the process, for tests. */
void	clasp_stream_patience(uint64_t quiet_ms, uint64_t answer_ms);
/* It could not be had: `closed` comes from the loop.  reason is copied. */
void	clasp_stream_fail(struct clasp_stream *s, int error,
	    const char *reason);

#endif
