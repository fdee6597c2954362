/* uDMX: which transfer brings a device from one look to another. */

#include <string.h>

#include "proto/udmx.h"
#include "t.h"

static const struct {
	uint8_t	 before[4], levels[4];
	uint8_t	 request;
	uint16_t value, index, len;
} rows[] = {
	{ { 0, 0, 0, 0 }, { 255, 128, 64, 0 }, 2, 3, 0, 3 },
	{ { 0, 0, 0, 0 }, { 255, 0, 0, 1 }, 2, 4, 0, 4 },
	{ { 9, 9, 9, 9 }, { 9, 8, 7, 9 }, 2, 2, 1, 2 },
	{ { 0, 0, 0, 0 }, { 0, 200, 0, 0 }, 1, 200, 1, 0 },
	{ { 0, 0, 0, 5 }, { 0, 0, 0, 0 }, 1, 0, 3, 0 },
	/* no difference: all of them, so that it is never silent */
	{ { 1, 2, 3, 4 }, { 1, 2, 3, 4 }, 2, 4, 0, 4 },
};

static void
test_spans(void)
{
	struct clasp_udmx_transfer t;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		clasp_udmx_encode(rows[i].levels, rows[i].before, 4, &t);
		t_eq_int(t.request, rows[i].request);
		t_eq_int(t.value, rows[i].value);
		t_eq_int(t.index, rows[i].index);
		t_eq_int(t.len, rows[i].len);
		if (t.len > 0)
			t_check(t.data == rows[i].levels + t.index);
		else
			t_check(!t.data);
	}
}

static void
test_unknown(void)
{
	const uint8_t levels[512] = { [9] = 200 };
	struct clasp_udmx_transfer t;

	clasp_udmx_encode(levels, NULL, 512, &t);
	t_eq_int(t.request, CLASP_UDMX_RANGE);
	t_eq_int(t.value, 512);
	t_eq_int(t.index, 0);
	t_check(t.data == levels && t.len == 512);
	clasp_udmx_encode(levels + 9, NULL, 1, &t);
	t_eq_int(t.request, CLASP_UDMX_SINGLE);
	t_eq_int(t.value, 200);
}

/* A device of zeros, channel 10 to 200: 40 01 c8 00 09 00 00 00. */
static void
test_single(void)
{
	const uint8_t before[512] = { 0 }, levels[512] = { [9] = 200 };
	struct clasp_udmx_transfer t;

	clasp_udmx_encode(levels, before, 512, &t);
	t_eq_int(t.request, 1);
	t_eq_int(t.value, 0x00c8);
	t_eq_int(t.index, 0x0009);
	t_eq_int(t.len, 0);
}

int
main(void)
{
	t_run(test_spans);
	t_run(test_unknown);
	t_run(test_single);
	return t_end();
}
