/* frame.c - one CLASP frame: flag bits, optional time stamp, payload. */
#include "wire/frame.h"

#include "base/bytes.h"
#include "base/error.h"

#define FLAG_TIMED	0x20
#define FLAG_ENCRYPTED	0x10
#define FLAG_COMPRESSED	0x08
#define VERSION_BITS	0x07

int
clasp_frame_decode_any(const uint8_t *buf, size_t len,
    struct clasp_frame *out)
{
	size_t head = CLASP_FRAME_HEAD, n;
	uint8_t flags;

	if (len > 0 && buf[0] != CLASP_FRAME_MAGIC)
		return CLASP_EMAGIC;
	if (len < CLASP_FRAME_HEAD)
		return CLASP_EINCOMPLETE;
	flags = buf[1];
	n = clasp_load16(buf + 2);
	if (flags & FLAG_TIMED)
		head = CLASP_FRAME_HEAD_TIMED;
	if (len < head + n)
		return CLASP_EINCOMPLETE;

	/* the reserved fourth level is read as the first */
	out->qos = flags >> 6 == 3 ? CLASP_QOS_FIRE : flags >> 6;
	out->version = flags & VERSION_BITS;
	out->encrypted = (flags & FLAG_ENCRYPTED) != 0;
	out->compressed = (flags & FLAG_COMPRESSED) != 0;
	out->timed = (flags & FLAG_TIMED) != 0;
	out->time_us = out->timed ? clasp_load64(buf + 4) : 0;
	out->payload = buf + head;
	out->len = n;
	return (int)(head + n);
}

int
clasp_frame_head(uint8_t out[CLASP_FRAME_HEAD_TIMED],
    const struct clasp_frame *frame)
{
	if (frame->len > CLASP_PAYLOAD_MAX)
		return CLASP_ETOOBIG;
	if (frame->qos > CLASP_QOS_COMMIT || frame->version > VERSION_BITS)
		return CLASP_EINVAL;
	out[0] = CLASP_FRAME_MAGIC;
	out[1] = (uint8_t)(frame->qos << 6 |
	    (frame->timed ? FLAG_TIMED : 0) |
	    (frame->encrypted ? FLAG_ENCRYPTED : 0) |
	    (frame->compressed ? FLAG_COMPRESSED : 0) | frame->version);
	clasp_store16(out + 2, (uint16_t)frame->len);
	if (!frame->timed)
		return CLASP_FRAME_HEAD;
	clasp_store64(out + 4, frame->time_us);
	return CLASP_FRAME_HEAD_TIMED;
}
