/* artnet.c - the packets of Art-Net 4. */

#include "proto/artnet.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define ID		"Art-Net"	/* with its NUL */
#define VERSION		14
#define OEM		0x00ff
#define ESTA		0x7ff0		/* a number for prototypes */
#define STATUS1		0xd0	/* lamps normal, addresses from a panel */
#define STATUS2		0x0e	/* 15-bit addresses, DHCP */

/* What a reply must have: all up to and with SwOut.  Old nodes end early. */
#define REPLY_LEAST	194

static uint16_t
get_le16(struct clasp_reader *r)
{
	return __builtin_bswap16(clasp_get_u16(r));
}

static void
put_le16(struct clasp_writer *w, uint16_t v)
{
	clasp_put_u16(w, __builtin_bswap16(v));
}

/* ---------------------------------------------------------------- reading */

static enum clasp_artnet_result
get_dmx(struct clasp_reader *r, struct clasp_artnet_dmx *dmx)
{
	dmx->sequence = clasp_get_u8(r);
	dmx->physical = clasp_get_u8(r);
	dmx->universe = get_le16(r) & CLASP_ARTNET_UNIVERSE_MAX;
	dmx->slots = clasp_get_u16(r);
	if (r->truncated)
		return CLASP_ARTNET_CUT;
	dmx->level = r->p;
	return dmx->slots < 1 || dmx->slots > CLASP_DMX_SLOTS ||
	    dmx->slots > clasp_reader_left(r) ?
	    CLASP_ARTNET_LENGTH : CLASP_ARTNET_GOOD;
}

static enum clasp_artnet_result
get_poll(struct clasp_reader *r, struct clasp_artnet_poll *poll)
{
	poll->flags = clasp_get_u8(r);
	poll->priority = clasp_get_u8(r);
	poll->bottom = 0;
	poll->top = CLASP_ARTNET_UNIVERSE_MAX;
	if (poll->flags & CLASP_ARTNET_POLL_TARGETED) {
		poll->top = clasp_get_u16(r);
		poll->bottom = clasp_get_u16(r);
	}
	return r->truncated ? CLASP_ARTNET_CUT : CLASP_ARTNET_GOOD;
}

static void
get_each(struct clasp_reader *r, uint8_t out[CLASP_ARTNET_PORTS])
{
	const uint8_t *p = clasp_get_bytes(r, CLASP_ARTNET_PORTS);

	if (p)
		memcpy(out, p, CLASP_ARTNET_PORTS);
}

static void
get_name(struct clasp_reader *r, char *out, size_t n)
{
	const uint8_t *p = clasp_get_bytes(r, n);

	if (p)
		memcpy(out, p, n);
	out[n - 1] = '\0';
}

static enum clasp_artnet_result
get_reply(struct clasp_reader *r, struct clasp_artnet_reply *reply)
{
	const uint8_t *mac;

	if (clasp_reader_left(r) < REPLY_LEAST - 10)
		return CLASP_ARTNET_CUT;
	reply->ip = clasp_get_u32(r);
	reply->port = get_le16(r);
	reply->version = clasp_get_u16(r);
	reply->net = clasp_get_u8(r) & 0x7f;
	reply->sub = clasp_get_u8(r) & 0x0f;
	clasp_get_bytes(r, 6);	/* OEM, UBEA, Status1, ESTA */
	get_name(r, reply->short_name, sizeof reply->short_name);
	get_name(r, reply->long_name, sizeof reply->long_name);
	get_name(r, reply->report, sizeof reply->report);
	reply->ports = clasp_get_u16(r);
	if (reply->ports > CLASP_ARTNET_PORTS)
		reply->ports = CLASP_ARTNET_PORTS;
	get_each(r, reply->type);
	get_each(r, reply->good_input);
	get_each(r, reply->good_output);
	get_each(r, reply->sw_in);
	get_each(r, reply->sw_out);
	/* from here on old nodes have nothing: zeros are read */
	clasp_get_bytes(r, 7);
	mac = clasp_get_bytes(r, sizeof reply->mac);
	if (mac)
		memcpy(reply->mac, mac, sizeof reply->mac);
	reply->bind_ip = clasp_get_u32(r);
	reply->bind_index = clasp_get_u8(r);
	if (reply->bind_index == 0)
		reply->bind_index = 1;	/* a device that has only one */
	return CLASP_ARTNET_GOOD;
}

static enum clasp_artnet_result
get_timecode(struct clasp_reader *r, struct clasp_artnet_timecode *t)
{
	clasp_get_u8(r);
	t->stream = clasp_get_u8(r);
	t->frames = clasp_get_u8(r);
	t->seconds = clasp_get_u8(r);
	t->minutes = clasp_get_u8(r);
	t->hours = clasp_get_u8(r);
	t->type = clasp_get_u8(r);
	return r->truncated ? CLASP_ARTNET_CUT : CLASP_ARTNET_GOOD;
}

enum clasp_artnet_result
clasp_artnet_decode(const uint8_t *p, size_t len, struct clasp_artnet *out)
{
	struct clasp_reader r = clasp_reader_on(p, len);
	const uint8_t *id = clasp_get_bytes(&r, sizeof ID);
	unsigned op, version;

	if (!id || memcmp(id, ID, sizeof ID) != 0)
		return CLASP_ARTNET_NO_ID;
	memset(out, 0, sizeof *out);
	op = get_le16(&r);
	out->op = (enum clasp_artnet_op)op;
	if (op == CLASP_ARTNET_REPLY)
		return get_reply(&r, &out->reply);
	version = clasp_get_u16(&r);
	if (r.truncated)
		return CLASP_ARTNET_CUT;
	if (version < VERSION)
		return CLASP_ARTNET_VERSION;
	switch (op) {
	case CLASP_ARTNET_DMX:
		return get_dmx(&r, &out->dmx);
	case CLASP_ARTNET_POLL:
		return get_poll(&r, &out->poll);
	case CLASP_ARTNET_SYNC:
		return CLASP_ARTNET_GOOD;
	case CLASP_ARTNET_TIMECODE:
		return get_timecode(&r, &out->timecode);
	}
	return CLASP_ARTNET_OTHER;
}

const char *
clasp_artnet_result_name(enum clasp_artnet_result result)
{
	static const char *const names[] = {
		[CLASP_ARTNET_GOOD] = "good",
		[CLASP_ARTNET_NO_ID] = "not Art-Net",
		[CLASP_ARTNET_VERSION] = "an older version of Art-Net",
		[CLASP_ARTNET_CUT] = "cut short",
		[CLASP_ARTNET_LENGTH] = "a length that is not there",
		[CLASP_ARTNET_OTHER] = "other Art-Net packets"
	};

	return names[result];
}

int
clasp_artnet_takes(const struct clasp_artnet_reply *reply, unsigned i)
{
	if (i >= reply->ports || !(reply->type[i] & CLASP_ARTNET_PORT_OUTPUT))
		return -1;
	return reply->net << 8 | reply->sub << 4 | (reply->sw_out[i] & 0x0f);
}

/* ---------------------------------------------------------------- writing */

static struct clasp_writer
begin(uint8_t *out, size_t room, enum clasp_artnet_op op)
{
	struct clasp_writer w = clasp_writer_on(out, room);

	clasp_put_bytes(&w, ID, sizeof ID);
	put_le16(&w, (uint16_t)op);
	if (op != CLASP_ARTNET_REPLY)
		clasp_put_u16(&w, VERSION);
	return w;
}

size_t
clasp_artnet_encode_dmx(uint8_t *out, const struct clasp_artnet_dmx *dmx)
{
	struct clasp_writer w = begin(out, CLASP_ARTNET_DMX_MAX,
	    CLASP_ARTNET_DMX);
	unsigned slots = dmx->slots + (dmx->slots & 1);

	clasp_put_u8(&w, dmx->sequence);
	clasp_put_u8(&w, dmx->physical);
	put_le16(&w, (uint16_t)dmx->universe);
	clasp_put_u16(&w, (uint16_t)slots);
	clasp_put_bytes(&w, dmx->level, slots);
	return (size_t)(w.p - out);
}

size_t
clasp_artnet_encode_poll(uint8_t *out, uint8_t flags)
{
	struct clasp_writer w = begin(out, CLASP_ARTNET_POLL_LEN,
	    CLASP_ARTNET_POLL);

	clasp_put_u8(&w, flags);
	clasp_put_u8(&w, 0);
	return (size_t)(w.p - out);
}

size_t
clasp_artnet_encode_sync(uint8_t *out)
{
	struct clasp_writer w = begin(out, CLASP_ARTNET_SYNC_LEN,
	    CLASP_ARTNET_SYNC);

	clasp_put_u16(&w, 0);
	return (size_t)(w.p - out);
}

size_t
clasp_artnet_encode_reply(uint8_t *out, const struct clasp_artnet_reply *reply)
{
	struct clasp_writer w = begin(out, CLASP_ARTNET_REPLY_LEN,
	    CLASP_ARTNET_REPLY);

	memset(w.p, 0, CLASP_ARTNET_REPLY_LEN - 10);
	clasp_put_u32(&w, reply->ip);
	put_le16(&w, reply->port);
	clasp_put_u16(&w, reply->version);
	clasp_put_u8(&w, reply->net);
	clasp_put_u8(&w, reply->sub);
	clasp_put_u16(&w, OEM);
	clasp_put_u8(&w, 0);
	clasp_put_u8(&w, STATUS1);
	put_le16(&w, ESTA);
	clasp_put_bytes(&w, reply->short_name, sizeof reply->short_name);
	clasp_put_bytes(&w, reply->long_name, sizeof reply->long_name);
	clasp_put_bytes(&w, reply->report, sizeof reply->report);
	clasp_put_u16(&w, (uint16_t)reply->ports);
	clasp_put_bytes(&w, reply->type, CLASP_ARTNET_PORTS);
	clasp_put_bytes(&w, reply->good_input, CLASP_ARTNET_PORTS);
	clasp_put_bytes(&w, reply->good_output, CLASP_ARTNET_PORTS);
	clasp_put_bytes(&w, reply->sw_in, CLASP_ARTNET_PORTS);
	clasp_put_bytes(&w, reply->sw_out, CLASP_ARTNET_PORTS);
	clasp_put_room(&w, 7);	/* priority, macros, remote, spare, style 0 */
	clasp_put_bytes(&w, reply->mac, sizeof reply->mac);
	clasp_put_u32(&w, reply->bind_ip);
	clasp_put_u8(&w, reply->bind_index);
	clasp_put_u8(&w, STATUS2);
	return CLASP_ARTNET_REPLY_LEN;
}

void
clasp_artnet_name(char *out, size_t n, struct clasp_str name)
{
	size_t len = name.len < n ? name.len : n - 1;

	if (len < name.len)
		len = clasp_utf8_cut(name.p, len);
	memset(out, 0, n);
	memcpy(out, name.p, len);
}
