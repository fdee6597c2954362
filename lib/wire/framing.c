/* framing.c - what a transport puts in front of a frame, and takes off. */
#include "wire/framing.h"

#include "base/bytes.h"
#include "base/error.h"

#define WS_FIN		0x80
#define WS_RSV		0x70
#define WS_MASKED	0x80
#define WS_LEN16	126	/* a u16 length follows */
#define WS_LEN64	127	/* a u64 */
#define WS_CONTROL	0x08	/* this bit of the opcode */

static size_t
ws_size(size_t n)
{
	return n < WS_LEN16 ? 2 : n <= UINT16_MAX ? 4 : 10;
}

size_t
clasp_framing_size(enum clasp_framing framing, size_t n)
{
	switch (framing) {
	case CLASP_FRAMING_LENGTH:
		return 4;
	case CLASP_FRAMING_WS:
		return ws_size(n);
	case CLASP_FRAMING_WS_MASKED:
		return ws_size(n) + 4;
	default:
		return 0;
	}
}

static size_t
ws_put(uint8_t *out, size_t n, uint8_t masked)
{
	out[0] = WS_FIN | CLASP_WS_BINARY;
	if (n < WS_LEN16) {
		out[1] = (uint8_t)(masked | n);
		return 2;
	}
	if (n <= UINT16_MAX) {
		out[1] = masked | WS_LEN16;
		clasp_store16(out + 2, (uint16_t)n);
		return 4;
	}
	out[1] = masked | WS_LEN64;
	clasp_store64(out + 2, n);
	return 10;
}

size_t
clasp_framing_put(enum clasp_framing framing, uint8_t *out, size_t n,
    const uint8_t mask[4])
{
	size_t head;

	switch (framing) {
	case CLASP_FRAMING_LENGTH:
		clasp_store32(out, (uint32_t)n);
		return 4;
	case CLASP_FRAMING_WS:
		return ws_put(out, n, 0);
	case CLASP_FRAMING_WS_MASKED:
		head = ws_put(out, n, WS_MASKED);
		memcpy(out + head, mask, 4);
		return head + 4;
	default:
		return 0;
	}
}

void
clasp_framing_mask(uint8_t *p, size_t n, const uint8_t mask[4],
    size_t phase)
{
	uint8_t key[8];
	uint64_t keys, word;
	size_t i;

	for (i = 0; i < sizeof key; i++)
		key[i] = mask[(phase + i) % 4];
	memcpy(&keys, key, sizeof keys);
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		word ^= keys;
		memcpy(p, &word, 8);
	}
	for (i = 0; i < n; i++)
		p[i] ^= key[i];
}

static size_t
ws_step(const uint8_t *p)
{
	size_t head = p[1] & WS_MASKED ? 6 : 2;

	switch (p[1] & ~WS_MASKED) {
	case WS_LEN16:
		return head + 2 + clasp_load16(p + 2);
	case WS_LEN64:
		return head + 8 + (size_t)clasp_load64(p + 2);
	default:
		return head + (p[1] & ~WS_MASKED);
	}
}

size_t
clasp_framing_step(enum clasp_framing framing, const uint8_t *p)
{
	switch (framing) {
	case CLASP_FRAMING_LENGTH:
		return 4 + (size_t)clasp_load32(p);
	case CLASP_FRAMING_WS:
	case CLASP_FRAMING_WS_MASKED:
		return ws_step(p);
	default:
		/* the frame itself; bit 5 of its flags adds a time stamp */
		return (p[1] & 0x20 ? 12 : 4) + (size_t)clasp_load16(p + 2);
	}
}

int
clasp_length_head_decode(const uint8_t *buf, size_t len, size_t *frame_len)
{
	if (len < 4)
		return 0;
	*frame_len = clasp_load32(buf);
	if (*frame_len == 0)
		return CLASP_EEMPTY;
	return *frame_len > CLASP_FRAMING_FRAME_MAX ? CLASP_ETOOBIG : 4;
}

static int
ws_check(const struct clasp_ws_head *h)
{
	int known = h->op <= CLASP_WS_BINARY ||
	    (h->op >= CLASP_WS_CLOSE && h->op <= CLASP_WS_PONG);

	if (!known || h->rsv != 0)
		return CLASP_EPROTO;
	/* a control frame is whole and short */
	if ((h->op & WS_CONTROL) && (!h->fin || h->len > 125))
		return CLASP_EPROTO;
	return 0;
}

int
clasp_ws_head_decode(const uint8_t *buf, size_t len,
    struct clasp_ws_head *out)
{
	struct clasp_ws_head h = { 0 };
	size_t size = 2;

	if (len < 2)
		return 0;
	h.op = buf[0] & 0x0f;
	h.fin = (buf[0] & WS_FIN) != 0;
	h.rsv = (buf[0] & WS_RSV) >> 4;
	h.masked = (buf[1] & WS_MASKED) != 0;
	h.len = buf[1] & ~WS_MASKED & 0xff;
	/* 126 and 127 already break the limit of a control frame */
	if (ws_check(&h) < 0)
		return CLASP_EPROTO;

	if (h.len == WS_LEN16)
		size = 4;
	else if (h.len == WS_LEN64)
		size = 10;
	if (len < size)
		return 0;
	if (size == 4)
		h.len = clasp_load16(buf + 2);
	else if (size == 10)
		h.len = clasp_load64(buf + 2);
	if (h.len >> 63)
		return CLASP_EPROTO;

	if (h.masked) {
		if (len < size + 4)
			return 0;
		memcpy(h.mask, buf + size, 4);
		size += 4;
	}
	*out = h;
	return (int)size;
}
