/*
 * udmx.h - the control transfers of a uDMX: 40 / request / value / index.
 *
 * The device keeps the levels and repeats them by itself.  It is slow (some
 * 60 ms for 512 channels), so only the span from the first to the last
 * channel that changed is sent.  Bytes only.
 */
#ifndef CLASP_PROTO_UDMX_H
#define CLASP_PROTO_UDMX_H

#include <stdint.h>

#define CLASP_UDMX_VENDOR	0x16c0	/* shared with many other devices */
#define CLASP_UDMX_PRODUCT	0x05dc
#define CLASP_UDMX_TYPE		0x40	/* vendor, to the device */

enum clasp_udmx_request {
	CLASP_UDMX_SINGLE = 1,		/* value: level, index: channel - 1 */
	CLASP_UDMX_RANGE = 2		/* value: count, index: first - 1 */
};

struct clasp_udmx_transfer {
	uint8_t		 request;
	uint16_t	 value, index, len;
	const uint8_t	*data;		/* borrowed from levels */
};

/* What brings a device that has `before` to `levels`; before NULL, or no
 * difference: all of them. */
void	clasp_udmx_encode(const uint8_t *levels, const uint8_t *before,
	    unsigned slots, struct clasp_udmx_transfer *out);

#endif
