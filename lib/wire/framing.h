/*
 * framing.h - what a transport puts in front of a frame, and takes off.
 *
 * A frame over TCP and Unix sockets has its length in four bytes before it;
 * over WebSocket it is one binary message.  QUIC, serial and BLE put nothing.
 * Pure bytes: the sockets are elsewhere.
 */
#ifndef CLASP_WIRE_FRAMING_H
#define CLASP_WIRE_FRAMING_H

#include <stddef.h>
#include <stdint.h>

enum clasp_framing {
	CLASP_FRAMING_BARE,	/* nothing */
	CLASP_FRAMING_LENGTH,	/* u32 */
	CLASP_FRAMING_WS,	/* WebSocket, server to client: not masked */
	CLASP_FRAMING_WS_MASKED,	/* client to server */
	CLASP_FRAMINGS
};

#define CLASP_FRAMING_HEAD_MAX	14

/* Bytes that stand before a frame of n bytes. */
size_t	clasp_framing_size(enum clasp_framing framing, size_t n);
/*
 * Write them to out.  mask is the key of CLASP_FRAMING_WS_MASKED (bytes in
 * memory order; the caller picks a new random one for each message and then
 * runs clasp_framing_mask over the frame).  Returns their number.
 */
size_t	clasp_framing_put(enum clasp_framing framing, uint8_t *out, size_t n,
	    const uint8_t mask[4]);
/* XOR n bytes in place; phase is how many bytes of the message came before. */
void	clasp_framing_mask(uint8_t *p, size_t n, const uint8_t mask[4],
	    size_t phase);
/*
 * The number of bytes, header included, of the framed message at p, whole
 * and written by us.  For walking a queue; no bounds are checked.
 */
size_t	clasp_framing_step(enum clasp_framing framing, const uint8_t *p);

/* --------------------------------------------------- length, receiving */

/* The longest frame: header, time stamp, payload. */
#define CLASP_FRAMING_FRAME_MAX	(4 + 8 + 65535)

/*
 * Read the length in front of a frame.  Returns 4, 0 when more bytes are
 * needed, CLASP_EEMPTY for 0 and CLASP_ETOOBIG for more than a frame can be.
 */
int	clasp_length_head_decode(const uint8_t *buf, size_t len,
	    size_t *frame_len);

/* ------------------------------------------------ WebSocket, receiving */

enum clasp_ws_op {
	CLASP_WS_CONTINUE = 0x0,
	CLASP_WS_TEXT = 0x1,
	CLASP_WS_BINARY = 0x2,
	CLASP_WS_CLOSE = 0x8,
	CLASP_WS_PING = 0x9,
	CLASP_WS_PONG = 0xa
};

struct clasp_ws_head {
	uint8_t		op;	/* enum clasp_ws_op */
	uint8_t		fin;
	uint8_t		rsv;	/* three reserved bits; 0 unless broken */
	uint8_t		masked;
	uint8_t		mask[4];
	uint64_t	len;	/* payload bytes behind the header */
};

/*
 * Read a WebSocket frame's header at the start of buf.
 * Returns its length (2..14), 0 when more bytes are needed, CLASP_EPROTO for
 * an unknown opcode, set reserved bits, a control frame that is fragmented or
 * longer than 125, or a length with its top bit set.
 */
int	clasp_ws_head_decode(const uint8_t *buf, size_t len,
	    struct clasp_ws_head *out);

#endif
