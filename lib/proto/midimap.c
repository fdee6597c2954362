/*
 * midimap.c - MIDI messages as CLASP lines.
 *
 * Controllers go through three sieves before they are plain ones:
 * parameters (NRPN, RPN), 14-bit pairs, and what is left.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/midimap.h"
#include "wire/address.h"

#define CHANNELS	16
#define PARAMETERS	16384
#define UNSEEN		0xff	/* of a selection: not sent so far */
#define SUFFIX_MAX	24	/* "/ch/16/nrpn/16383" and a NUL */

enum kind { NRPN, RPN, KINDS };

struct channel {
	uint8_t	 cc14_msb[32];
	/* the parameter that data entry goes to: its number, high and low
	 * seven bits, for each kind; active is an enum kind or -1 */
	uint8_t	 msb[KINDS], lsb[KINDS];
	int8_t	 active;
};

struct clasp_midimap {
	struct clasp_midimap_config config;
	clasp_midimap_fn fn;
	void		*user;
	struct channel	 channels[CHANNELS];
	uint16_t	*values;	/* [channel][kind][parameter] */
	uint8_t		 mtc[8];	/* quarter frames by piece */
	int		 mtc_next;	/* piece that must come now */
	size_t		 base_len;
	char		 address[CLASP_ADDRESS_MAX + 1];
};

struct clasp_midimap *
clasp_midimap_new(const struct clasp_midimap_config *config,
    clasp_midimap_fn fn, void *user)
{
	struct clasp_midimap *map;
	size_t len = strlen(config->base);
	int i;

	if (len + SUFFIX_MAX > sizeof map->address)
		return NULL;
	map = calloc(1, sizeof *map);
	if (!map)
		return NULL;
	map->config = *config;
	map->fn = fn;
	map->user = user;
	memcpy(map->address, config->base, len);
	map->base_len = len;
	for (i = 0; i < CHANNELS; i++) {
		memset(map->channels[i].msb, UNSEEN, KINDS);
		memset(map->channels[i].lsb, UNSEEN, KINDS);
		map->channels[i].active = -1;
	}
	if (config->nrpn || config->rpn) {
		map->values = calloc((size_t)CHANNELS * KINDS * PARAMETERS,
		    sizeof *map->values);
		if (!map->values) {
			free(map);
			return NULL;
		}
	}
	return map;
}

void
clasp_midimap_free(struct clasp_midimap *map)
{
	if (!map)
		return;
	free(map->values);
	free(map);
}

/* ------------------------------------------------------------ one line */

/* BASE/leaf, or BASE/ch/C/leaf, or with N >= 0 one segment more. */
static struct clasp_str
address(struct clasp_midimap *map, int channel, const char *leaf, int n)
{
	char *at = map->address + map->base_len;
	int len;

	if (channel < 0)
		len = snprintf(at, SUFFIX_MAX, "/%s", leaf);
	else if (n < 0)
		len = snprintf(at, SUFFIX_MAX, "/ch/%d/%s",
		    channel + map->config.doc, leaf);
	else
		len = snprintf(at, SUFFIX_MAX, "/ch/%d/%s/%d",
		    channel + map->config.doc, leaf, n);
	return clasp_str_of(map->address, map->base_len + (size_t)len);
}

static void
set(struct clasp_midimap *map, struct clasp_str addr, struct clasp_value v)
{
	struct clasp_line line;
	struct clasp_item item;

	clasp_line_set(&line, &item, addr, v);
	map->fn(&line, map->user);
}

/* value NULL: an event without one. */
static void
event(struct clasp_midimap *map, struct clasp_str addr,
    const struct clasp_value *value)
{
	struct clasp_line line;
	struct clasp_item item;
	struct clasp_publish *publish = &item.msg.publish;

	clasp_line_set(&line, &item, addr, clasp_null());
	memset(&item.msg, 0, sizeof item.msg);
	item.msg.type = CLASP_PUBLISH;
	publish->kind = CLASP_EVENT;
	publish->address = addr;
	if (value) {
		publish->content = CLASP_CONTENT_VALUE;
		publish->value = *value;
	}
	map->fn(&line, map->user);
}

static void
event_int(struct clasp_midimap *map, struct clasp_str addr, int v)
{
	struct clasp_value value = clasp_int(v);

	event(map, addr, &value);
}

/* 0-127 as the profile has it. */
static struct clasp_value
seven(const struct clasp_midimap *map, int v)
{
	return map->config.doc ? clasp_float(v / 127.0) : clasp_int(v);
}

/* ----------------------------------------------------- channel messages */

static void
note(struct clasp_midimap *map, int channel, int key, int velocity, bool on)
{
	struct clasp_entry entries[] = {
		{ CLASP_STR("note"), clasp_int(key) },
		{ CLASP_STR("on"), clasp_bool(on) },
		{ CLASP_STR("velocity"), clasp_int(velocity) }
	};
	struct clasp_value value;

	if (map->config.doc) {
		value = clasp_float(on ? velocity / 127.0 : 0.0);
		event(map, address(map, channel, "note", key), &value);
	} else {
		value = clasp_map(entries, 3);
		event(map, address(map, channel, "note", -1), &value);
	}
}

static bool
is_carried(const struct clasp_midimap *map, int kind)
{
	return kind == NRPN ? map->config.nrpn : map->config.rpn;
}

/* One half of a parameter's number: cc 98 and 99, 100 and 101. */
static void
parameter_select(struct channel *ch, int kind, bool high, uint8_t v)
{
	if (high)
		ch->msb[kind] = v;
	else
		ch->lsb[kind] = v;
	ch->active = (int8_t)kind;
	/* 127/127 is "none", and half a number names nothing */
	if ((ch->msb[kind] == 127 && ch->lsb[kind] == 127) ||
	    ch->msb[kind] == UNSEEN || ch->lsb[kind] == UNSEEN)
		ch->active = -1;
}

/* Data entry for the selected parameter: cc 6, 38, 96, 97. */
static void
parameter_value(struct clasp_midimap *map, int channel, int cc, uint8_t v)
{
	const struct channel *ch = &map->channels[channel];
	int kind = ch->active;
	int number = ch->msb[kind] << 7 | ch->lsb[kind];
	bool narrow = kind == NRPN ? map->config.nrpn7 : map->config.rpn7;
	uint16_t *value = &map->values[(channel * KINDS + kind) * PARAMETERS +
	    number];

	switch (cc) {
	case 6:
		*value = narrow ? v : (uint16_t)(v << 7);
		break;
	case 38:
		if (narrow)
			return;
		*value = (uint16_t)((*value & 0x3f80u) | v);
		break;
	case 96:
		if (*value < (narrow ? 127 : PARAMETERS - 1))
			++*value;
		break;
	default:
		if (*value > 0)
			--*value;
		break;
	}
	set(map, address(map, channel, kind == NRPN ? "nrpn" : "rpn", number),
	    clasp_int(*value));
}

/* True when the controller belongs to a parameter and is used up. */
static bool
parameter(struct clasp_midimap *map, int channel, int cc, uint8_t v)
{
	struct channel *ch = &map->channels[channel];
	int kind = cc >= 100 ? RPN : NRPN;

	if (!map->values)
		return false;
	switch (cc) {
	case 98:
	case 99:
	case 100:
	case 101:
		parameter_select(ch, kind, cc & 1, v);
		return is_carried(map, kind);
	case 6:
	case 38:
	case 96:
	case 97:
		if (ch->active >= 0 && !is_carried(map, ch->active))
			return false;
		if (ch->active >= 0)
			parameter_value(map, channel, cc, v);
		return true;
	default:
		return false;
	}
}

/* True when the controller is half of a 14-bit one. */
static bool
cc14(struct clasp_midimap *map, int channel, int cc, uint8_t v)
{
	uint8_t *msb = map->channels[channel].cc14_msb;
	int value;

	if (cc >= 64 || !(map->config.cc14 >> (cc & 31) & 1))
		return false;
	if (cc < 32) {
		msb[cc] = v;
		value = v << 7;
	} else {
		cc -= 32;
		value = msb[cc] << 7 | v;
	}
	set(map, address(map, channel, "cc14", cc), clasp_int(value));
	return true;
}

static void
bend(struct clasp_midimap *map, int channel, int raw)
{
	if (map->config.doc)
		set(map, address(map, channel, "pitch", -1),
		    clasp_float(raw / 16383.0));
	else
		set(map, address(map, channel, "bend", -1),
		    clasp_int(raw - 8192));
}

static void
channel_message(struct clasp_midimap *map, const struct clasp_midi_msg *msg)
{
	int channel = msg->status & 0x0f;
	uint8_t a = msg->data[0], b = msg->data[1];

	switch (msg->status & 0xf0) {
	case CLASP_MIDI_NOTE_OFF:
		note(map, channel, a, b, false);
		break;
	case CLASP_MIDI_NOTE_ON:
		note(map, channel, a, b, b > 0);
		break;
	case CLASP_MIDI_POLY:
		set(map, address(map, channel, "poly", a), seven(map, b));
		break;
	case CLASP_MIDI_CC:
		if (!parameter(map, channel, a, b) &&
		    !cc14(map, channel, a, b))
			set(map, address(map, channel, "cc", a),
			    seven(map, b));
		break;
	case CLASP_MIDI_PROGRAM:
		if (map->config.doc)
			set(map, address(map, channel, "program", -1),
			    clasp_int(a));
		else
			event_int(map, address(map, channel, "program", -1),
			    a);
		break;
	case CLASP_MIDI_PRESSURE:
		set(map, address(map, channel, "pressure", -1),
		    seven(map, a));
		break;
	case CLASP_MIDI_BEND:
		bend(map, channel, b << 7 | a);
		break;
	}
}

/* ------------------------------------------------------ system messages */

static void
timecode(struct clasp_midimap *map, int rate, int hour, int minute,
    int second, int frame)
{
	static const int whole[] = { 24, 25, 0, 30 };
	struct clasp_entry entries[] = {
		{ CLASP_STR("frame"), clasp_int(frame) },
		{ CLASP_STR("hour"), clasp_int(hour) },
		{ CLASP_STR("minute"), clasp_int(minute) },
		{ CLASP_STR("rate"), rate == 2 ? clasp_float(29.97) :
		    clasp_int(whole[rate]) },
		{ CLASP_STR("second"), clasp_int(second) }
	};
	struct clasp_value value = clasp_map(entries, 5);

	event(map, address(map, -1, "mtc", -1), &value);
}

/*
 * A time takes eight quarter frames, four bits each, low ones first.  It is
 * that of piece 0 and two frames old when it is whole; it is given as sent.
 */
static void
quarter_frame(struct clasp_midimap *map, uint8_t data)
{
	const uint8_t *p = map->mtc;
	int piece = data >> 4;

	if (piece != map->mtc_next && piece != 0) {
		map->mtc_next = 0;
		return;
	}
	map->mtc[piece] = data & 0x0f;
	map->mtc_next = (piece + 1) & 7;
	if (piece == 7)
		timecode(map, p[7] >> 1 & 3, (p[7] & 1) << 4 | p[6],
		    (p[5] & 3) << 4 | p[4], (p[3] & 3) << 4 | p[2],
		    (p[1] & 1) << 4 | p[0]);
}

static void
sysex(struct clasp_midimap *map, const uint8_t *p, size_t len)
{
	struct clasp_value value;

	/* full frame: F0 7F device 01 01 hh mm ss ff F7 */
	if (map->config.mtc && len == 10 && p[1] == 0x7f && p[3] == 1 &&
	    p[4] == 1)
		timecode(map, p[5] >> 5 & 3, p[5] & 0x1f, p[6], p[7], p[8]);
	if (map->config.sysex) {
		value = clasp_bytes(clasp_str_of((const char *)p, len));
		event(map, address(map, -1, "sysex", -1), &value);
	}
}

static void
transport(struct clasp_midimap *map, struct clasp_str word)
{
	struct clasp_value value = clasp_string(word);

	event(map, address(map, -1, "transport", -1), &value);
}

static void
system_message(struct clasp_midimap *map, const struct clasp_midi_msg *msg)
{
	switch (msg->status) {
	case CLASP_MIDI_SYSEX:
		sysex(map, msg->sysex, msg->sysex_len);
		break;
	case CLASP_MIDI_MTC:
		if (map->config.mtc)
			quarter_frame(map, msg->data[0]);
		break;
	case CLASP_MIDI_SONGPOS:
		event_int(map, address(map, -1, "songpos", -1),
		    msg->data[1] << 7 | msg->data[0]);
		break;
	case CLASP_MIDI_SONGSELECT:
		event_int(map, address(map, -1, "songselect", -1),
		    msg->data[0]);
		break;
	case CLASP_MIDI_TUNE:
		event(map, address(map, -1, "tune", -1), NULL);
		break;
	case CLASP_MIDI_CLOCK:
		if (map->config.clock)
			event(map, address(map, -1, "clock", -1), NULL);
		break;
	case CLASP_MIDI_START:
		transport(map, CLASP_STR("start"));
		break;
	case CLASP_MIDI_CONTINUE:
		transport(map, CLASP_STR("continue"));
		break;
	case CLASP_MIDI_STOP:
		transport(map, CLASP_STR("stop"));
		break;
	case CLASP_MIDI_RESET:
		event(map, address(map, -1, "reset", -1), NULL);
		break;
	default:	/* active sensing is not carried */
		break;
	}
}

void
clasp_midimap_in(struct clasp_midimap *map, const struct clasp_midi_msg *msg)
{
	if (msg->status < 0xf0)
		channel_message(map, msg);
	else
		system_message(map, msg);
}

size_t
clasp_midimap_segment(char *out, size_t cap, struct clasp_str name)
{
	size_t i, n = 0;
	char c;

	for (i = 0; i < name.len && n + 1 < cap; i++) {
		c = name.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (c == ' ' || c == '\t')
			c = '_';
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '-')
			out[n++] = c;
	}
	out[n] = '\0';
	return n;
}
