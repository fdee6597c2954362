/* ENTTEC DMX USB Pro: every worked example, cuts, garbage. */

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "proto/enttec.h"
#include "t.h"

static struct clasp_buf out;

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex; hex += 2) {
		sscanf(hex, "%2x", &byte);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

static const char *
hex(const uint8_t *bytes, int n)
{
	static char text[2 * CLASP_ENTTEC_MAX + 1];
	int i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&out, line, 0);
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	clasp_enttec_rx(user, msg);
}

/* What arrives, in this order, at one receiver of universe 0. */
static const struct {
	const char	*hex, *lines;
} received[] = {
	{ "7e0505000000010203e7",
	    "/dmx/0/1 1 ; /dmx/0/2 2 ; /dmx/0/3 3\n" },
	{ "7e0505000000010903e7", "/dmx/0/2 9\n" },
	{ "7e0505000100010903e7", "" },
	{ "7e0505000200ffffffe7", "" },
	{ "7e0908000006000000000a14e7", "/dmx/0/1 10 ; /dmx/0/2 20\n" },
	{ "7e0305004401090128e7", "" },
	{ "7e0a040078563412e7", "" },
	{ "00ff7e050300000007e7", "/dmx/0/1 7\n" },
	{ "7e05ffff7e050300000008e7", "/dmx/0/1 8\n" },
	/* a wrong end: the message inside is found */
	{ "7e0502007e050300000009e7", "/dmx/0/1 9\n" },
	/* another start code touches nothing */
	{ "7e05030000dd01e7", "" },
	{ "7e0503000000" "09e7", "" },
	/* label 9: the start code is slot 0 */
	{ "7e09080000030000000" "0cc55e7", "" },
	{ "7e09070000020000000055e7", "" },
	{ "7e090800000300000000" "0055e7", "/dmx/0/1 85\n" },
	/* slot 8 * block + bit, the last one of all */
	{ "7e09070040010000000001e7", "/dmx/0/512 1\n" },
	{ "7e09070040020000000001e7", "" },
	/* fewer values than bits */
	{ "7e090700000600000000" "01e7", "/dmx/0/1 1\n" },
	{ "7e0901" "0000e7", "" },
	{ "7e050000e7", "" },
};

static struct clasp_enttec_rx
receiver(void)
{
	struct clasp_dmxin_config config = { .prefix = CLASP_STR("/dmx") };
	struct clasp_enttec_rx rx = { 0 };

	rx.in = clasp_dmxin_new(&config, on_line, NULL);
	rx.universe = clasp_dmxin_universe(rx.in, 0);
	return rx;
}

static void
received_frames(void)
{
	struct clasp_enttec_rx rx = receiver();
	struct clasp_enttec scan;
	uint8_t bytes[64];
	size_t i, n;

	clasp_enttec_init(&scan, on_message, &rx);
	for (i = 0; i < sizeof received / sizeof received[0]; i++) {
		clasp_buf_reset(&out);
		n = unhex(received[i].hex, bytes);
		clasp_enttec_feed(&scan, bytes, n);
		t_eq_str(clasp_buf_cstr(&out), received[i].lines, "%s",
		    received[i].hex);
		t_eq_int(scan.len, 0, "%s", received[i].hex);
	}
	t_eq_int(rx.drops[CLASP_ENTTEC_RX_OVERFLOW], 2);
	t_eq_int(rx.drops[CLASP_ENTTEC_RX_START], 3);
	t_eq_int(rx.drops[CLASP_ENTTEC_RX_SHORT], 3);
	t_eq_int(scan.skipped, 2 + 4 + 4);
	t_eq_str(clasp_enttec_rx_drop_name(CLASP_ENTTEC_RX_START),
	    "start code is not 0");
	clasp_dmxin_free(rx.in);
}

/* The same stream, however it is cut. */
static void
any_cut_is_the_same(void)
{
	struct clasp_enttec_rx rx;
	struct clasp_enttec scan;
	struct clasp_buf want = { 0 };
	uint8_t bytes[1024];
	size_t i, n = 0, step, at;

	for (i = 0; i < sizeof received / sizeof received[0]; i++) {
		n += unhex(received[i].hex, bytes + n);
		clasp_buf_add_c(&want, received[i].lines);
	}
	for (step = 1; step < 40; step++) {
		rx = receiver();
		clasp_enttec_init(&scan, on_message, &rx);
		clasp_buf_reset(&out);
		for (at = 0; at < n; at += step)
			clasp_enttec_feed(&scan, bytes + at,
			    n - at < step ? n - at : step);
		t_eq_str(clasp_buf_cstr(&out), clasp_buf_cstr(&want),
		    "pieces of %zu", step);
		clasp_dmxin_free(rx.in);
	}
	clasp_buf_clear(&want);
}

/* A message that waits for its end may hold others. */
static void
the_end_sets_them_free(void)
{
	struct clasp_enttec_rx rx = receiver();
	struct clasp_enttec scan;
	uint8_t bytes[64];
	size_t n = unhex("7e0650007e050300000009e7", bytes);

	clasp_enttec_init(&scan, on_message, &rx);
	clasp_buf_reset(&out);
	clasp_enttec_feed(&scan, bytes, n);
	t_eq_str(clasp_buf_cstr(&out), "");
	clasp_enttec_end(&scan);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/0/1 9\n");
	clasp_dmxin_free(rx.in);
}

static void
sent_frames(void)
{
	static const struct {
		uint8_t		 levels[4];
		const char	*packet;
	} cases[] = {
		{ { 255, 128, 64 }, "7e06190000ff80400000000000000000"
		    "00000000000000000000000000e7" },
		{ { 1, 2, 3 }, "7e061900000102030000000000000000"
		    "00000000000000000000000000e7" },
	};
	uint8_t levels[512] = { 0 }, packet[CLASP_ENTTEC_MAX];
	size_t i;
	int n;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(levels, cases[i].levels, 4);
		n = clasp_enttec_encode_levels(packet, CLASP_ENTTEC_SEND, levels, 24);
		t_eq_str(hex(packet, n), cases[i].packet);
	}
	memcpy(levels, "\377\200\100", 3);
	n = clasp_enttec_encode_levels(packet, CLASP_ENTTEC_SEND, levels, 512);
	t_eq_int(n, 518);
	t_check(memcmp(packet, "\x7e\x06\x01\x02\x00\xff\x80\x40", 8) == 0);
	t_eq_int(packet[517], 0xe7);
	t_eq_int(clasp_enttec_encode_levels(packet, CLASP_ENTTEC_SEND, levels, 513),
	    CLASP_ETOOBIG);
}

static void
questions(void)
{
	uint8_t packet[CLASP_ENTTEC_MAX], big[601] = { 0 };
	struct clasp_enttec_params params = { .break_units = 9,
	    .mab_units = 1, .rate_hz = 40 };
	int n;

	n = clasp_enttec_encode(packet, CLASP_ENTTEC_GET_PARAMS, big, 2);
	t_eq_str(hex(packet, n), "7e0302000000e7");
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_GET_SERIAL, NULL, 0);
	t_eq_str(hex(packet, n), "7e0a0000e7");
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_RECEIVE_MODE, big, 1);
	t_eq_str(hex(packet, n), "7e08010000e7");
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_RECEIVE_MODE,
	    (const uint8_t *)"\1", 1);
	t_eq_str(hex(packet, n), "7e08010001e7");
	n = clasp_enttec_encode_params(packet, &params);
	t_eq_str(hex(packet, n), "7e0405000000090128e7");
	t_eq_int(clasp_enttec_encode(packet, 6, big, 600), 605);
	t_eq_int(clasp_enttec_encode(packet, 6, big, 601), CLASP_ETOOBIG);
}

static void
answers(void)
{
	struct clasp_enttec_params params;
	struct clasp_enttec_msg msg = { .label = 3, .len = 5,
	    .data = (const uint8_t *)"\x44\x01\x09\x01\x28" };
	char serial[9];

	t_eq_int(clasp_enttec_decode_params(&msg, &params), 0);
	t_eq_int(params.firmware_high, 1);
	t_eq_int(params.firmware_low, 68);
	t_check(clasp_enttec_us(params.break_units) > 96.0 &&
	    clasp_enttec_us(params.break_units) < 96.1);
	t_check(clasp_enttec_us(params.mab_units) > 10.6 &&
	    clasp_enttec_us(params.mab_units) < 10.7);
	t_eq_int(params.rate_hz, 40);
	msg.len = 4;
	t_eq_int(clasp_enttec_decode_params(&msg, &params),
	    CLASP_ETRUNCATED);

	msg.data = (const uint8_t *)"\x78\x56\x34\x12";
	t_eq_int(clasp_enttec_decode_serial(&msg, serial), 0);
	t_eq_str(serial, "12345678");
	msg.len = 3;
	t_eq_int(clasp_enttec_decode_serial(&msg, serial), CLASP_ETRUNCATED);
}

static void
units_are_rounded_and_clamped(void)
{
	t_eq_int(clasp_enttec_units(96, 9), 9);
	t_eq_int(clasp_enttec_units(176, 9), 16);
	t_eq_int(clasp_enttec_units(5, 9), 9);
	t_eq_int(clasp_enttec_units(1e9, 9), 127);
	t_eq_int(clasp_enttec_units(16, 1), 1);
	t_eq_int(clasp_enttec_units(16.1, 1), 2);
	t_eq_int(clasp_enttec_units(0, 1), 1);
	t_eq_int(clasp_enttec_units(0.0 / 0.0, 1), 1);
}

static unsigned long messages;

static void
count_message(const struct clasp_enttec_msg *msg, void *user)
{
	messages++;
	clasp_enttec_rx(user, msg);
}

static void
random_bytes_do_no_harm(void)
{
	struct clasp_enttec_rx rx = receiver();
	struct clasp_enttec scan;
	uint8_t bytes[1000];
	uint32_t x = 7;
	size_t i, j, rounds = getenv("QUICK") ? 400 : 2000;

	clasp_enttec_init(&scan, count_message, &rx);
	for (i = 0; i < rounds; i++) {
		clasp_buf_reset(&out);
		for (j = 0; j < sizeof bytes; j++) {
			x = x * 1664525 + 1013904223;
			bytes[j] = (uint8_t)(x >> 24);
			/* many starts, small lengths, many ends */
			if ((x & 7) == 0)
				bytes[j] = 0x7e;
			else if ((x & 7) == 1)
				bytes[j] = 0xe7;
			else if ((x & 7) < 5)
				bytes[j] &= 0x03;
		}
		clasp_enttec_feed(&scan, bytes, sizeof bytes);
		t_check(scan.len < CLASP_ENTTEC_MAX);
	}
	t_check(messages > 0);
	clasp_dmxin_free(rx.in);
	received_frames();
}

int
main(void)
{
	t_run(received_frames);
	t_run(any_cut_is_the_same);
	t_run(the_end_sets_them_free);
	t_run(sent_frames);
	t_run(questions);
	t_run(answers);
	t_run(units_are_rounded_and_clamped);
	t_run(random_bytes_do_no_harm);
	clasp_buf_clear(&out);
	return t_end();
}
