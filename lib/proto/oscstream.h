/*
 * oscstream.h - OSC packets in a byte stream, as over TCP.
 *
 * Two ways to frame them: four bytes of length in front (OSC 1.0), or SLIP
 * (OSC 1.1: END c0 around, escaped within).  A reader tells which by the
 * first byte of the stream: no length begins with c0.
 */
#ifndef CLASP_PROTO_OSCSTREAM_H
#define CLASP_PROTO_OSCSTREAM_H

#include <stdbool.h>

#include "base/buf.h"

#define CLASP_OSC_PACKET_MAX	(1u << 20)	/* more is no OSC stream */

/* Zero-initialised, with packet set, is the start of a stream. */
struct clasp_osc_stream {
	void		(*packet)(const uint8_t *p, size_t len, void *user);
	void		*user;
	unsigned long	 broken;	/* SLIP packets that were no SLIP */
	bool		 begun, slip;
	bool		 escaped, bad;
	struct clasp_buf buf;
};

/*
 * Take n bytes as they come and hand on each packet that is complete.
 * Returns 0, or CLASP_EPROTO when the stream cannot be followed any more.
 */
int	clasp_osc_stream_feed(struct clasp_osc_stream *s, const void *bytes,
	    size_t n);
void	clasp_osc_stream_clear(struct clasp_osc_stream *s);

/* Add a packet with its framing to buf. */
int	clasp_osc_frame_length(struct clasp_buf *buf, const uint8_t *p,
	    size_t len);
int	clasp_osc_frame_slip(struct clasp_buf *buf, const uint8_t *p,
	    size_t len);

#endif
