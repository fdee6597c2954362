/* oscstream.c - framing of OSC packets in a byte stream. */
#include "proto/oscstream.h"

#include "base/bytes.h"
#include "base/error.h"

#define END	0xc0
#define ESC	0xdb
#define ESC_END	0xdc
#define ESC_ESC	0xdd

/* The packet between two ENDs; none between two that follow each other. */
static void
slip_end(struct clasp_osc_stream *s)
{
	if (s->bad || s->escaped)
		s->broken++;
	else if (s->buf.len > 0)
		s->packet(s->buf.data, s->buf.len, s->user);
	s->bad = s->escaped = false;
	clasp_buf_reset(&s->buf);
}

static void
slip_byte(struct clasp_osc_stream *s, uint8_t byte)
{
	if (byte == END) {
		slip_end(s);
		return;
	}
	if (s->escaped) {
		s->escaped = false;
		if (byte != ESC_END && byte != ESC_ESC)
			s->bad = true;
		byte = byte == ESC_END ? END : ESC;
	} else if (byte == ESC) {
		s->escaped = true;
		return;
	}
	if (s->bad)
		return;
	if (s->buf.len == CLASP_OSC_PACKET_MAX ||
	    clasp_buf_add_u8(&s->buf, byte) < 0)
		s->bad = true;
}

/* Packets behind their lengths; what is incomplete stays in the buffer. */
static int
take_lengths(struct clasp_osc_stream *s)
{
	size_t at = 0;
	uint32_t len;

	while (s->buf.len - at >= 4) {
		len = clasp_load32(s->buf.data + at);
		if (len > CLASP_OSC_PACKET_MAX)
			return CLASP_EPROTO;
		if (s->buf.len - at - 4 < len)
			break;
		s->packet(s->buf.data + at + 4, len, s->user);
		at += 4 + (size_t)len;
	}
	clasp_buf_consume(&s->buf, at);
	return 0;
}

int
clasp_osc_stream_feed(struct clasp_osc_stream *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *end = p + n;

	if (n > 0 && !s->begun) {
		s->begun = true;
		s->slip = *p == END;
	}
	if (s->slip) {
		for (; p < end; p++)
			slip_byte(s, *p);
		return 0;
	}
	if (clasp_buf_add(&s->buf, p, n) < 0)
		return CLASP_EPROTO;
	return take_lengths(s);
}

void
clasp_osc_stream_clear(struct clasp_osc_stream *s)
{
	clasp_buf_clear(&s->buf);
	s->begun = s->slip = s->escaped = s->bad = false;
}

int
clasp_osc_frame_length(struct clasp_buf *buf, const uint8_t *p, size_t len)
{
	uint8_t size[4];

	clasp_store32(size, (uint32_t)len);
	clasp_buf_add(buf, size, sizeof size);
	return clasp_buf_add(buf, p, len);
}

int
clasp_osc_frame_slip(struct clasp_buf *buf, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	clasp_buf_add_u8(buf, END);
	for (; p < end; p++)
		if (*p == END || *p == ESC) {
			clasp_buf_add_u8(buf, ESC);
			clasp_buf_add_u8(buf, *p == END ? ESC_END : ESC_ESC);
		} else
			clasp_buf_add_u8(buf, *p);
	return clasp_buf_add_u8(buf, END);
}
