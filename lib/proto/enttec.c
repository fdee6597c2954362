/* enttec.c - the messages of the ENTTEC DMX USB Pro and its relatives. */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "proto/enttec.h"

#define START		0x7e
#define END		0xe7
#define HEAD		4	/* start, label, length */
#define UNIT_US		10.67

/* ------------------------------------------------------------- writing */

int
clasp_enttec_encode(uint8_t *out, uint8_t label, const uint8_t *data,
    size_t len)
{
	if (len > CLASP_ENTTEC_DATA_MAX)
		return CLASP_ETOOBIG;
	out[0] = START;
	out[1] = label;
	out[2] = len & 0xff;
	out[3] = (uint8_t)(len >> 8);
	if (len > 0)
		memcpy(out + HEAD, data, len);
	out[HEAD + len] = END;
	return (int)len + HEAD + 1;
}

int
clasp_enttec_encode_levels(uint8_t *out, uint8_t label, const uint8_t *levels,
    unsigned slots)
{
	uint8_t data[1 + CLASP_DMX_SLOTS] = { 0 };

	if (slots > CLASP_DMX_SLOTS)
		return CLASP_ETOOBIG;
	memcpy(data + 1, levels, slots);
	return clasp_enttec_encode(out, label, data, slots + 1);
}

int
clasp_enttec_encode_params(uint8_t *out,
    const struct clasp_enttec_params *params)
{
	uint8_t data[] = { 0, 0, params->break_units, params->mab_units,
	    params->rate_hz };

	return clasp_enttec_encode(out, CLASP_ENTTEC_SET_PARAMS, data,
	    sizeof data);
}

uint8_t
clasp_enttec_units(double us, uint8_t min)
{
	double units = us / UNIT_US + 0.5;

	if (!(units >= min))
		return min;
	return units > 127 ? 127 : (uint8_t)units;
}

double
clasp_enttec_us(uint8_t units)
{
	return units * UNIT_US;
}

/* ------------------------------------------------------------- reading */

int
clasp_enttec_decode_params(const struct clasp_enttec_msg *msg,
    struct clasp_enttec_params *out)
{
	if (msg->len < 5)
		return CLASP_ETRUNCATED;
	out->firmware_low = msg->data[0];
	out->firmware_high = msg->data[1];
	out->break_units = msg->data[2];
	out->mab_units = msg->data[3];
	out->rate_hz = msg->data[4];
	return 0;
}

int
clasp_enttec_decode_serial(const struct clasp_enttec_msg *msg, char out[9])
{
	if (msg->len < 4)
		return CLASP_ETRUNCATED;
	snprintf(out, 9, "%02x%02x%02x%02x", msg->data[3], msg->data[2],
	    msg->data[1], msg->data[0]);
	return 0;
}

int
clasp_enttec_decode_text(const struct clasp_enttec_msg *msg,
    char out[CLASP_ENTTEC_TEXT_MAX])
{
	size_t n = 0, i;

	for (i = 2; i < msg->len && n + 1 < CLASP_ENTTEC_TEXT_MAX; i++) {
		if (msg->data[i] == '\0')
			break;
		out[n++] = msg->data[i] < ' ' || msg->data[i] > '~' ? '?' :
		    (char)msg->data[i];
	}
	out[n] = '\0';
	return n > 0 ? 0 : CLASP_ETRUNCATED;
}

void
clasp_enttec_init(struct clasp_enttec *scan, clasp_enttec_fn fn, void *user)
{
	scan->fn = fn;
	scan->user = user;
	scan->skipped = 0;
	scan->len = 0;
}

void
clasp_enttec_reset(struct clasp_enttec *scan)
{
	scan->len = 0;
}

/*
 * What stands at p: the length of a message, 0 when more is needed to tell,
 * -1 when none begins here.
 */
static int
message_at(const uint8_t *p, size_t left, struct clasp_enttec_msg *msg)
{
	if (p[0] != START)
		return -1;
	if (left < HEAD)
		return 0;
	msg->label = p[1];
	msg->len = (uint16_t)(p[2] | p[3] << 8);
	msg->data = p + HEAD;
	if (msg->len > CLASP_ENTTEC_DATA_MAX)
		return -1;
	if (left < (size_t)msg->len + HEAD + 1)
		return 0;
	return p[HEAD + msg->len] == END ? msg->len + HEAD + 1 : -1;
}

/* Give out what is whole; with `last` what is not is passed over. */
static void
scan_buffer(struct clasp_enttec *scan, bool last)
{
	struct clasp_enttec_msg msg;
	size_t at = 0;
	int n;

	while (at < scan->len) {
		n = message_at(scan->buf + at, scan->len - at, &msg);
		if (n == 0 && !last)
			break;
		if (n > 0) {
			scan->fn(&msg, scan->user);
			at += (size_t)n;
		} else {
			scan->skipped++;
			at++;
		}
	}
	scan->len -= at;
	memmove(scan->buf, scan->buf + at, scan->len);
}

void
clasp_enttec_feed(struct clasp_enttec *scan, const uint8_t *bytes, size_t n)
{
	size_t take;

	while (n > 0) {
		/* what waits is shorter than one message: there is room */
		take = sizeof scan->buf - scan->len;
		if (take > n)
			take = n;
		memcpy(scan->buf + scan->len, bytes, take);
		scan->len += take;
		bytes += take;
		n -= take;
		scan_buffer(scan, false);
	}
}

void
clasp_enttec_end(struct clasp_enttec *scan)
{
	scan_buffer(scan, true);
}

/* ------------------------------------------------------ received levels */

static const char *const rx_drop_names[CLASP_ENTTEC_RX_DROPS] = {
	[CLASP_ENTTEC_RX_OVERFLOW] = "frame lost in the widget",
	[CLASP_ENTTEC_RX_START] = "start code is not 0",
	[CLASP_ENTTEC_RX_SHORT] = "message too short",
};

const char *
clasp_enttec_rx_drop_name(enum clasp_enttec_rx_drop drop)
{
	return rx_drop_names[drop];
}

/* status, start code, slots */
static void
received(struct clasp_enttec_rx *rx, const struct clasp_enttec_msg *msg)
{
	if (msg->len < 2) {
		rx->drops[CLASP_ENTTEC_RX_SHORT]++;
		return;
	}
	if (msg->data[0] & 0x03) {
		rx->drops[CLASP_ENTTEC_RX_OVERFLOW]++;
		return;
	}
	rx->start = msg->data[1];
	if (rx->start != 0) {
		rx->drops[CLASP_ENTTEC_RX_START]++;
		return;
	}
	rx->frames++;
	clasp_dmxin_frame(rx->in, rx->universe, msg->data + 2,
		    msg->len - 2u);
}

/*
 * Block number, 40 bits, a byte for each bit that is set.  Slot 0 is the
 * start code: it is read first, so that a frame that does not carry levels
 * touches none.
 */
static void
changed(struct clasp_enttec_rx *rx, const struct clasp_enttec_msg *msg)
{
	const uint8_t *bits = msg->data + 1, *value = bits + 5;
	const uint8_t *end = msg->data + msg->len;
	unsigned slot, i;

	if (msg->len < 6) {
		rx->drops[CLASP_ENTTEC_RX_SHORT]++;
		return;
	}
	for (i = 0; i < 40; i++) {
		if (!(bits[i >> 3] >> (i & 7) & 1))
			continue;
		if (value == end) {
			rx->drops[CLASP_ENTTEC_RX_SHORT]++;
			break;
		}
		slot = 8u * msg->data[0] + i;
		if (slot == 0)
			rx->start = *value;
		else if (rx->start == 0)
			clasp_dmxin_slot(rx->universe, slot, *value);
		value++;
	}
	if (rx->start != 0)
		rx->drops[CLASP_ENTTEC_RX_START]++;
	clasp_dmxin_flush(rx->in, rx->universe);
}

void
clasp_enttec_rx(struct clasp_enttec_rx *rx,
    const struct clasp_enttec_msg *msg)
{
	if (msg->label == CLASP_ENTTEC_RECEIVED)
		received(rx, msg);
	else if (msg->label == CLASP_ENTTEC_CHANGED)
		changed(rx, msg);
}
