/*
 * frame.h - one CLASP frame: flag bits, optional time stamp, payload.
 *
 * Bytes only: no socket, no clock, no allocation.  Every transport calls
 * this module, so a frame means the same over WebSocket, TCP and UDP.
 *
 *	0      magic    0x53
 *	1      flags    QoS 2 bits, timed, encrypted, compressed, version 3 bits
 *	2      length   u16, payload bytes
 *	[4     time     u64, microseconds]
 *	4|12   payload
 */
#ifndef CLASP_WIRE_FRAME_H
#define CLASP_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define CLASP_FRAME_MAGIC	0x53
#define CLASP_FRAME_HEAD	4
#define CLASP_FRAME_HEAD_TIMED	12
#define CLASP_PAYLOAD_MAX	65535
#define CLASP_FRAME_MAX		(CLASP_FRAME_HEAD_TIMED + CLASP_PAYLOAD_MAX)

enum clasp_qos {
	CLASP_QOS_FIRE,
	CLASP_QOS_CONFIRM,
	CLASP_QOS_COMMIT
};

struct clasp_frame {
	uint8_t		 qos;		/* enum clasp_qos; 3 is read as 0 */
	uint8_t		 version;	/* 0..7; 1 is what we write */
	bool		 encrypted;
	bool		 compressed;
	bool		 timed;		/* time_us is on the wire */
	uint64_t	 time_us;	/* microseconds, sender's server time */
	const uint8_t	*payload;	/* borrowed, see decode */
	size_t		 len;		/* payload bytes, 0..65535 */
};

/*
 * Read the frame at the start of buf.
 * Returns the bytes it took (4 or more), CLASP_EINCOMPLETE when buf holds
 * only the head of one, CLASP_EMAGIC when buf cannot be a frame.  On success
 * out->payload points into buf and is good for as long as buf is.
 */
static inline int clasp_frame_decode(const uint8_t *buf, size_t len,
	    struct clasp_frame *out);
/* The same, out of line. */
int	clasp_frame_decode_any(const uint8_t *buf, size_t len,
	    struct clasp_frame *out);

/*
 * Write a frame's header to out (4 or 12 bytes); the payload belongs behind
 * it.  Returns the header's length, or CLASP_ETOOBIG.  payload is not read.
 */
int	clasp_frame_head(uint8_t out[CLASP_FRAME_HEAD_TIMED],
	    const struct clasp_frame *frame);

/* The frame nearly all senders write takes a dozen instructions. */
static inline int
clasp_frame_decode(const uint8_t *buf, size_t len, struct clasp_frame *out)
{
	size_t n;

	/* no time, not encrypted, not compressed; QoS 0 or 1 */
	if (len < CLASP_FRAME_HEAD || buf[0] != CLASP_FRAME_MAGIC ||
	    (buf[1] & 0xb8) != 0)
		return clasp_frame_decode_any(buf, len, out);
	n = clasp_load16(buf + 2);
	if (len < CLASP_FRAME_HEAD + n)
		return clasp_frame_decode_any(buf, len, out);
	*out = (struct clasp_frame){ .qos = buf[1] >> 6,
	    .version = buf[1] & 7, .payload = buf + CLASP_FRAME_HEAD,
	    .len = n };
	return (int)(CLASP_FRAME_HEAD + n);
}

#endif
