/* udmx.c - the control transfers of a uDMX. */

#include "proto/udmx.h"

#include <stddef.h>

void
clasp_udmx_encode(const uint8_t *levels, const uint8_t *before,
    unsigned slots, struct clasp_udmx_transfer *out)
{
	unsigned first = 0, last = slots - 1;

	while (before && first < slots && levels[first] == before[first])
		first++;
	if (first == slots)
		first = 0;
	else
		while (before && levels[last] == before[last])
			last--;
	*out = (struct clasp_udmx_transfer){
		.request = CLASP_UDMX_RANGE,
		.value = (uint16_t)(last - first + 1),
		.index = (uint16_t)first,
		.len = (uint16_t)(last - first + 1),
		.data = levels + first
	};
	if (first < last)
		return;
	out->request = CLASP_UDMX_SINGLE;
	out->value = levels[first];
	out->len = 0;
	out->data = NULL;
}
