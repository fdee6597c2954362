/*
 * fuzz_osc.c - any bytes as an OSC packet, and as a stream of packets.  Every
 * line that comes of it can be written, and sent as OSC again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/osc.h"
#include "proto/oscstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct clasp_osc_in in;
static struct clasp_osc_out out;
static struct clasp_arena arena;
static struct clasp_buf text, packet;

static void
take(const struct clasp_line *line, void *user)
{
	uint32_t i;
	size_t n;

	(void)user;
	clasp_buf_reset(&text);
	if (clasp_line_format(&text, line, 0) < 0 || line->count == 0)
		abort();
	for (i = 0; i < line->count; i++) {
		clasp_buf_reset(&packet);
		n = clasp_osc_encode(&out, &line->items[i].msg, &packet);
		if (n % 4 != 0 || n != packet.len)
			abort();
	}
}

static void
take_packet(const uint8_t *p, size_t len, void *user)
{
	(void)user;
	clasp_osc_decode(&in, p, len, &arena, take, NULL);
	clasp_arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clasp_osc_stream stream = { .packet = take_packet };

	in.prefix = out.prefix = CLASP_STR("/osc");
	out.arrays = size & 1;
	clasp_arena_init(&arena, NULL, 0, 64 << 20);
	take_packet(data, size, NULL);
	if (clasp_osc_stream_feed(&stream, data, size / 2) == 0)
		clasp_osc_stream_feed(&stream, data + size / 2,
		    size - size / 2);
	clasp_osc_stream_clear(&stream);
	clasp_arena_clear(&arena);
	return 0;
}
