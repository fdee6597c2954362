/* figures.c - what a router counts. */
#include "core/figures.h"

#include <stddef.h>

/* errors[0] is for those that are not here. */
static const uint16_t codes[] = {
	0, 100, 101, 102, 200, 201, 202, 300, 301, 302, 400, 401, 402, 403,
	404, 429, 500, 501, 502, 503
};

_Static_assert(sizeof codes / sizeof codes[0] <= CLASP_FIGURES_CODES,
    "each code has its place");

uint64_t
clasp_fanout_most(unsigned bucket)
{
	if (bucket < 2)
		return bucket;
	return bucket < CLASP_FANOUT_BUCKETS - 1 ?
	    UINT64_C(1) << (bucket - 1) : UINT64_MAX;
}

int
clasp_figures_code(unsigned i)
{
	return i < sizeof codes / sizeof codes[0] ? codes[i] : -1;
}

void
clasp_figures_error(struct clasp_figures *figures, uint16_t code)
{
	size_t i = sizeof codes / sizeof codes[0];

	while (--i > 0 && codes[i] != code)
		;
	figures->errors[i]++;
}

void
clasp_rates_look(struct clasp_rates *rates, uint64_t in, uint64_t out,
    uint64_t now_us)
{
	double seconds;

	if (rates->at_us != 0) {
		if (now_us < rates->at_us + 1000000)
			return;
		seconds = (double)(now_us - rates->at_us) / 1e6;
		rates->in_hz = (double)(in - rates->in) / seconds;
		rates->out_hz = (double)(out - rates->out) / seconds;
	}
	rates->at_us = now_us;
	rates->in = in;
	rates->out = out;
}
