/*
 * enttec.h - the messages of the ENTTEC DMX USB Pro and its many relatives.
 *
 *	7E label len_lo len_hi data... E7	len 0-600
 *
 * Bytes only, both ways.
 */
#ifndef CLASP_PROTO_ENTTEC_H
#define CLASP_PROTO_ENTTEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/dmxin.h"

#define CLASP_ENTTEC_DATA_MAX	600
#define CLASP_ENTTEC_MAX	(CLASP_ENTTEC_DATA_MAX + 5)

enum clasp_enttec_label {
	CLASP_ENTTEC_GET_PARAMS = 3,
	CLASP_ENTTEC_SET_PARAMS = 4,
	CLASP_ENTTEC_RECEIVED = 5,
	CLASP_ENTTEC_SEND = 6,
	CLASP_ENTTEC_RECEIVE_MODE = 8,	/* 0 every frame, 1 on change */
	CLASP_ENTTEC_CHANGED = 9,
	CLASP_ENTTEC_GET_SERIAL = 10,
	CLASP_ENTTEC_MAKER = 77,
	CLASP_ENTTEC_NAME = 78,
	CLASP_ENTTEC_SEND_1 = 100,	/* as 6, for each of two outputs: */
	CLASP_ENTTEC_SEND_2 = 101	/* DMXKing ultraDMX */
};

struct clasp_enttec_msg {
	uint8_t		 label;
	uint16_t	 len;		/* 0-600 */
	const uint8_t	*data;		/* good during the call */
};

/* ------------------------------------------------------------- writing */

/*
 * Write a message to out[5 + len].  Returns its length, or CLASP_ETOOBIG
 * when len is above 600.
 */
int	clasp_enttec_encode(uint8_t *out, uint8_t label, const uint8_t *data,
	    size_t len);
/* Label 6, 100 or 101 with start code 00 and the first `slots` (24-512)
 * levels. */
int	clasp_enttec_encode_levels(uint8_t *out, uint8_t label,
	    const uint8_t *levels, unsigned slots);

/* The widget's settings, labels 3 and 4. */
struct clasp_enttec_params {
	uint8_t	 firmware_high;		/* label 3; 1 DMX, 2 RDM, 3 sniffer */
	uint8_t	 firmware_low;
	uint8_t	 break_units;		/* of 10.67 us, 9-127 */
	uint8_t	 mab_units;		/* of 10.67 us, 1-127 */
	uint8_t	 rate_hz;		/* 0-40, 0 as fast as it can */
};
int	clasp_enttec_encode_params(uint8_t *out,
	    const struct clasp_enttec_params *params);
/* Microseconds in units of 10.67, rounded, within min..127; and back. */
uint8_t	clasp_enttec_units(double us, uint8_t min);
double	clasp_enttec_us(uint8_t units);

/* ------------------------------------------------------------- reading */

/* Label 3: 0 or CLASP_ETRUNCATED. */
int	clasp_enttec_decode_params(const struct clasp_enttec_msg *msg,
	    struct clasp_enttec_params *out);
/* Label 10, BCD, as eight digits and a NUL: 0 or CLASP_ETRUNCATED. */
int	clasp_enttec_decode_serial(const struct clasp_enttec_msg *msg,
	    char out[9]);
/* Labels 77 and 78: two bytes of a number, then a text.  What is not
 * printable ASCII becomes '?'.  0 or CLASP_ETRUNCATED (no text). */
#define CLASP_ENTTEC_TEXT_MAX	64
int	clasp_enttec_decode_text(const struct clasp_enttec_msg *msg,
	    char out[CLASP_ENTTEC_TEXT_MAX]);

typedef void (*clasp_enttec_fn)(const struct clasp_enttec_msg *msg,
	    void *user);

/* Finds messages in a stream of bytes, however it is cut. */
struct clasp_enttec {
	clasp_enttec_fn	 fn;
	void		*user;
	unsigned long	 skipped;	/* bytes that belong to no message */
	size_t		 len;
	uint8_t		 buf[2 * CLASP_ENTTEC_MAX];
};

void	clasp_enttec_init(struct clasp_enttec *scan, clasp_enttec_fn fn,
	    void *user);
void	clasp_enttec_feed(struct clasp_enttec *scan, const uint8_t *bytes,
	    size_t n);
/* Nothing more comes: what waits for its end is no message, but may hold
 * some. */
void	clasp_enttec_end(struct clasp_enttec *scan);
/* Forget what was begun. */
void	clasp_enttec_reset(struct clasp_enttec *scan);

/* Received levels, labels 5 and 9, given on to a dmxin. */
enum clasp_enttec_rx_drop {
	CLASP_ENTTEC_RX_OVERFLOW,	/* the widget lost something */
	CLASP_ENTTEC_RX_START,		/* a start code other than 00 */
	CLASP_ENTTEC_RX_SHORT,		/* no room for what must be in it */
	CLASP_ENTTEC_RX_DROPS
};

struct clasp_enttec_rx {
	struct clasp_dmxin *in;
	struct clasp_dmxin_universe *universe;	/* of in */
	uint8_t		 start;		/* start code, as label 9 has it */
	unsigned long	 frames;	/* label 5 with levels */
	unsigned long	 drops[CLASP_ENTTEC_RX_DROPS];
};

/* Take a message; those of other labels do nothing. */
void	clasp_enttec_rx(struct clasp_enttec_rx *rx,
	    const struct clasp_enttec_msg *msg);
const char *clasp_enttec_rx_drop_name(enum clasp_enttec_rx_drop drop);

#endif
