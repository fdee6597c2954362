/*
 * fuzz_enttec.c - any bytes from a widget: messages lie within what came,
 * lines read back, and the same bytes cut elsewhere give the same.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "proto/enttec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct clasp_enttec_rx rx;
	struct clasp_buf out;
};

static void
must(int good)
{
	if (!good)
		abort();
}

static void
on_line(const struct clasp_line *line, void *user)
{
	struct run *run = user;

	must(line->count >= 1 && line->count <= CLASP_DMX_SLOTS);
	must(clasp_line_format(&run->out, line, 0) == 0);
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	struct run *run = user;
	struct clasp_enttec_params params;
	uint8_t packet[CLASP_ENTTEC_MAX];
	char serial[9];

	must(msg->len <= CLASP_ENTTEC_DATA_MAX);
	/* what was read is written as it came */
	must(clasp_enttec_encode(packet, msg->label, msg->data, msg->len) ==
	    msg->len + 5);
	must(memcmp(packet, msg->data - 4, msg->len + 5u) == 0);
	clasp_enttec_decode_params(msg, &params);
	clasp_enttec_decode_serial(msg, serial);
	clasp_enttec_rx(&run->rx, msg);
}

static void
scan(struct run *run, uint8_t options, size_t step, const uint8_t *data,
    size_t size)
{
	struct clasp_dmxin_config config = { .prefix = CLASP_STR("/dmx"),
	    .whole = options & 1, .flat = options & 2,
	    .repeat = options & 4 };
	struct clasp_enttec scanner;
	size_t at;

	memset(run, 0, sizeof *run);
	run->rx.in = clasp_dmxin_new(&config, on_line, run);
	run->rx.universe = clasp_dmxin_universe(run->rx.in, 1);
	must(run->rx.in != NULL);
	clasp_enttec_init(&scanner, on_message, run);
	for (at = 0; at < size; at += step)
		clasp_enttec_feed(&scanner, data + at,
		    size - at < step ? size - at : step);
	must(scanner.len < CLASP_ENTTEC_MAX);
	clasp_enttec_end(&scanner);
	must(scanner.len == 0);
	clasp_dmxin_free(run->rx.in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, pieces;

	if (size < 2)
		return 0;
	scan(&whole, data[0], size, data + 2, size - 2);
	scan(&pieces, data[0], data[1] % 16 + 1u, data + 2, size - 2);
	must(whole.out.len == pieces.out.len);
	must(whole.out.len == 0 || memcmp(whole.out.data, pieces.out.data,
	    whole.out.len) == 0);
	clasp_buf_clear(&whole.out);
	clasp_buf_clear(&pieces.out);
	return 0;
}
