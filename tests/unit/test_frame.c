/* test_frame.c - frame heads, and what transports put before frames. */
#include "t.h"

#include "base/bytes.h"
#include "base/error.h"
#include "wire/frame.h"
#include "wire/framing.h"

static void
every_flag_byte_is_read(void)
{
	uint8_t buf[13] = { 0x53, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct clasp_frame f;
	int flags, n;

	for (flags = 0; flags < 256; flags++) {
		buf[1] = (uint8_t)flags;
		n = clasp_frame_decode(buf, sizeof buf, &f);
		t_eq_int(n, flags & 0x20 ? 13 : 5, "%02x", flags);
		t_eq_int(f.qos, flags >> 6 == 3 ? 0 : flags >> 6, "%02x",
		    flags);
		t_eq_int(f.version, flags & 7, "%02x", flags);
		t_eq_int(f.encrypted, flags >> 4 & 1, "%02x", flags);
		t_eq_int(f.compressed, flags >> 3 & 1, "%02x", flags);
		t_eq_int(f.timed, flags >> 5 & 1, "%02x", flags);
		t_check(f.time_us == (f.timed ? 0x0102030405060708 : 0),
		    "%02x", flags);
		t_eq_int(f.len, 1, "%02x", flags);
		t_eq_int(f.payload[0], f.timed ? 9 : 1, "%02x", flags);
	}
}

static void
heads_come_back(void)
{
	struct clasp_frame f = { 0 }, got;
	uint8_t buf[16];
	int flags, n;

	for (flags = 0; flags < 0xc0; flags++) {
		f.qos = (uint8_t)(flags >> 6);
		f.timed = flags >> 5 & 1;
		f.encrypted = flags >> 4 & 1;
		f.compressed = flags >> 3 & 1;
		f.version = flags & 7;
		f.time_us = UINT64_C(0xfedcba9876543210);
		f.len = 2;
		n = clasp_frame_head(buf, &f);
		t_eq_int(n, f.timed ? 12 : 4, "%02x", flags);
		t_eq_int(buf[1], flags, "%02x", flags);
		t_eq_int(clasp_frame_decode(buf, (size_t)n + 2, &got), n + 2,
		    "%02x", flags);
		t_check(got.time_us == (f.timed ? f.time_us : 0));
	}
	f.len = CLASP_PAYLOAD_MAX;
	t_check(clasp_frame_head(buf, &f) > 0);
	f.len++;
	t_eq_int(clasp_frame_head(buf, &f), CLASP_ETOOBIG);
	f.len = 0;
	f.qos = 3;
	t_eq_int(clasp_frame_head(buf, &f), CLASP_EINVAL);
	f.qos = 0;
	f.version = 8;
	t_eq_int(clasp_frame_head(buf, &f), CLASP_EINVAL);
}

static void
part_of_a_frame_is_incomplete(void)
{
	uint8_t plain[9] = { 0x53, 1, 0, 5 }, timed[17] = { 0x53, 0x21, 0, 5 };
	struct clasp_frame f;
	size_t n;

	for (n = 0; n < sizeof plain; n++)
		t_eq_int(clasp_frame_decode(plain, n, &f),
		    CLASP_EINCOMPLETE, "%zu", n);
	t_eq_int(clasp_frame_decode(plain, n, &f), sizeof plain);
	for (n = 0; n < sizeof timed; n++)
		t_eq_int(clasp_frame_decode(timed, n, &f),
		    CLASP_EINCOMPLETE, "%zu", n);
	t_eq_int(clasp_frame_decode(timed, n, &f), sizeof timed);
	plain[0] = 0x54;
	for (n = 1; n <= sizeof plain; n++)
		t_eq_int(clasp_frame_decode(plain, n, &f), CLASP_EMAGIC,
		    "%zu", n);
}

/* ----------------------------------------------------------- framing */

static const size_t lengths[] = { 0, 1, 4, 125, 126, 127, 65535, 65536,
	65547 };
#define LENGTHS (sizeof lengths / sizeof *lengths)

static const uint8_t key[4] = { 0x12, 0x34, 0x56, 0xf8 };

static void
length_prefix(void)
{
	uint8_t out[4];
	size_t len;

	t_eq_int(clasp_framing_size(CLASP_FRAMING_LENGTH, 300), 4);
	t_eq_int(clasp_framing_put(CLASP_FRAMING_LENGTH, out, 300, NULL), 4);
	t_check(memcmp(out, "\0\0\1\x2c", 4) == 0);
	t_eq_int(clasp_framing_step(CLASP_FRAMING_LENGTH, out), 304);
	len = 7;
	t_eq_int(clasp_length_head_decode(out, 3, &len), 0);
	t_eq_int(clasp_length_head_decode(out, 4, &len), 4);
	t_eq_int(len, 300);
	t_eq_int(clasp_length_head_decode((const uint8_t *)"\0\0\0\0", 4,
	    &len), CLASP_EEMPTY);
	t_eq_int(clasp_length_head_decode((const uint8_t *)"\0\1\0\13", 4,
	    &len), 4);
	t_eq_int(len, CLASP_FRAMING_FRAME_MAX);
	t_eq_int(clasp_length_head_decode((const uint8_t *)"\0\1\0\14", 4,
	    &len), CLASP_ETOOBIG);
	t_eq_int(clasp_length_head_decode((const uint8_t *)"\377\1\0\0", 4,
	    &len), CLASP_ETOOBIG);
	t_eq_int(clasp_framing_size(CLASP_FRAMING_BARE, 300), 0);
	t_eq_int(clasp_framing_put(CLASP_FRAMING_BARE, out, 300, NULL), 0);
	t_eq_int(clasp_framing_step(CLASP_FRAMING_BARE,
	    (const uint8_t *)"\x53\x01\x01\x00"), 260);
	t_eq_int(clasp_framing_step(CLASP_FRAMING_BARE,
	    (const uint8_t *)"\x53\x21\x00\x01"), 13);
}

static void
websocket_heads_come_back(void)
{
	static const enum clasp_framing kinds[] = { CLASP_FRAMING_WS,
	    CLASP_FRAMING_WS_MASKED };
	uint8_t out[CLASP_FRAMING_HEAD_MAX];
	struct clasp_ws_head h;
	size_t i, k, n, cut;

	for (k = 0; k < 2; k++)
		for (i = 0; i < LENGTHS; i++) {
			n = clasp_framing_put(kinds[k], out, lengths[i], key);
			t_eq_int(n, clasp_framing_size(kinds[k], lengths[i]));
			for (cut = 0; cut < n; cut++)
				t_eq_int(clasp_ws_head_decode(out, cut, &h),
				    0, "%zu of %zu", cut, n);
			t_eq_int(clasp_ws_head_decode(out, n, &h), n);
			t_eq_int(h.op, CLASP_WS_BINARY);
			t_eq_int(h.fin, 1);
			t_eq_int(h.rsv, 0);
			t_eq_int(h.len, lengths[i]);
			t_eq_int(h.masked, k);
			t_check(!k || memcmp(h.mask, key, 4) == 0);
			t_eq_int(clasp_framing_step(kinds[k], out),
			    n + lengths[i]);
		}
}

static void
websocket_heads_that_are_refused(void)
{
	static const struct {
		const char *bytes;
		size_t	 len;
		int	 want;
	} rows[] = {
		{ "\x82\x00", 2, 2 },
		{ "\x02\x00", 2, 2 },		/* a first fragment */
		{ "\x80\x00", 2, 2 },		/* the last one */
		{ "\x89\x7d", 2, 2 },		/* the longest ping */
		{ "\x8a\x00", 2, 2 },
		{ "\x83\x00", 2, CLASP_EPROTO },	/* no such opcode */
		{ "\x87\x00", 2, CLASP_EPROTO },
		{ "\x8b\x00", 2, CLASP_EPROTO },
		{ "\x8f\x00", 2, CLASP_EPROTO },
		{ "\xc2\x00", 2, CLASP_EPROTO },	/* reserved bits */
		{ "\xa2\x00", 2, CLASP_EPROTO },
		{ "\x92\x00", 2, CLASP_EPROTO },
		{ "\x09\x00", 2, CLASP_EPROTO },	/* fragmented ping */
		{ "\x89\x7e\x00\x7e", 4, CLASP_EPROTO },	/* too long */
		{ "\x88\x7f", 2, CLASP_EPROTO },
		{ "\x82\x7f\x80\0\0\0\0\0\0\0", 10, CLASP_EPROTO },
		{ "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, 10 },
	};
	struct clasp_ws_head h;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		t_eq_int(clasp_ws_head_decode((const uint8_t *)rows[i].bytes,
		    rows[i].len, &h), rows[i].want, "row %zu", i);
}

/* The mask is the same however the message was cut into pieces. */
static void
masking_in_pieces(void)
{
	uint8_t plain[67], got[67];
	size_t i, cut, n = sizeof plain;

	for (i = 0; i < n; i++)
		plain[i] = (uint8_t)(i * 7);
	for (cut = 0; cut <= n; cut++) {
		memcpy(got, plain, n);
		clasp_framing_mask(got, cut, key, 0);
		clasp_framing_mask(got + cut, n - cut, key, cut);
		for (i = 0; i < n; i++)
			if (got[i] != (plain[i] ^ key[i % 4]))
				break;
		t_eq_int(i, n, "cut at %zu", cut);
	}
}

static void
a_queue_is_walked(void)
{
	static uint8_t queue[200000];
	enum clasp_framing kind;
	size_t i, at, end;

	for (kind = CLASP_FRAMING_LENGTH; kind < CLASP_FRAMINGS; kind++) {
		for (i = end = 0; i < LENGTHS; i++)
			end += clasp_framing_put(kind, queue + end,
			    lengths[i], key) + lengths[i];
		for (i = at = 0; at < end; i++)
			at += clasp_framing_step(kind, queue + at);
		t_eq_int(at, end, "%d", kind);
		t_eq_int(i, LENGTHS, "%d", kind);
	}
}

int
main(void)
{
	t_run(every_flag_byte_is_read);
	t_run(heads_come_back);
	t_run(part_of_a_frame_is_incomplete);
	t_run(length_prefix);
	t_run(websocket_heads_come_back);
	t_run(websocket_heads_that_are_refused);
	t_run(masking_in_pieces);
	t_run(a_queue_is_walked);
	return t_end();
}
