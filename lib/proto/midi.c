/* midi.c - a MIDI 1.0 byte stream cut into messages. */

#include <string.h>

#include "proto/midi.h"

static const char *const drop_names[CLASP_MIDI_DROPS] = {
	[CLASP_MIDI_DROP_DATA] = "data byte without a status",
	[CLASP_MIDI_DROP_CUT] = "message cut short",
	[CLASP_MIDI_DROP_SYSEX_CUT] = "SysEx cut short",
	[CLASP_MIDI_DROP_SYSEX_LONG] = "SysEx over 65000 bytes",
	[CLASP_MIDI_DROP_UNDEFINED] = "undefined status byte",
};

const char *
clasp_midi_drop_name(enum clasp_midi_drop drop)
{
	return drop_names[drop];
}

int
clasp_midi_data_len(uint8_t status)
{
	static const int8_t system[16] = {
		-1, 1, 2, 1, -1, -1, 0, -1, 0, -1, 0, 0, 0, -1, 0, 0
	};

	if (status < 0x80)
		return -1;
	if (status >= 0xf0)
		return system[status & 0x0f];
	return (status & 0xe0) == 0xc0 ? 1 : 2;	/* Cn and Dn have one */
}

void
clasp_midi_init(struct clasp_midi *midi, clasp_midi_fn fn, void *user)
{
	memset(midi, 0, sizeof *midi);
	midi->fn = fn;
	midi->user = user;
}

void
clasp_midi_clear(struct clasp_midi *midi)
{
	clasp_buf_clear(&midi->sysex);
	midi->status = 0;
	midi->have = 0;
	midi->in_sysex = midi->running = midi->quiet = false;
}

static void
deliver(struct clasp_midi *midi, uint8_t status)
{
	struct clasp_midi_msg msg = { .status = status };

	memcpy(msg.data, midi->data, midi->have);
	midi->fn(&msg, midi->user);
}

static void
realtime(struct clasp_midi *midi, uint8_t status)
{
	struct clasp_midi_msg msg = { .status = status };

	if (clasp_midi_data_len(status) < 0)
		midi->drops[CLASP_MIDI_DROP_UNDEFINED]++;
	else
		midi->fn(&msg, midi->user);
}

static void
sysex_add(struct clasp_midi *midi, uint8_t byte)
{
	if (midi->sysex.len == CLASP_MIDI_SYSEX_MAX ||
	    clasp_buf_add_u8(&midi->sysex, byte) < 0)
		midi->too_long = true;
}

static void
sysex_begin(struct clasp_midi *midi)
{
	clasp_buf_reset(&midi->sysex);
	midi->in_sysex = true;
	midi->too_long = false;
	sysex_add(midi, CLASP_MIDI_SYSEX);
}

static void
sysex_end(struct clasp_midi *midi)
{
	struct clasp_midi_msg msg = { .status = CLASP_MIDI_SYSEX };

	midi->in_sysex = false;
	sysex_add(midi, CLASP_MIDI_SYSEX_END);
	if (midi->too_long) {
		midi->drops[CLASP_MIDI_DROP_SYSEX_LONG]++;
		return;
	}
	msg.sysex = midi->sysex.data;
	msg.sysex_len = midi->sysex.len;
	midi->fn(&msg, midi->user);
}

/* Whatever was under way when a status byte came is cut short by it. */
static void
cut(struct clasp_midi *midi)
{
	if (midi->in_sysex) {
		midi->drops[midi->too_long ? CLASP_MIDI_DROP_SYSEX_LONG :
		    CLASP_MIDI_DROP_SYSEX_CUT]++;
		midi->in_sysex = false;
	} else if (midi->status && (midi->have > 0 || !midi->running)) {
		midi->drops[CLASP_MIDI_DROP_CUT]++;
	}
	midi->status = 0;
	midi->have = 0;
	midi->running = false;
	midi->quiet = false;
}

/* 80 to F7: begins something, and ends what was before. */
static void
status_byte(struct clasp_midi *midi, uint8_t byte)
{
	int len = clasp_midi_data_len(byte);

	if (byte == CLASP_MIDI_SYSEX_END && midi->in_sysex) {
		sysex_end(midi);
		return;
	}
	cut(midi);
	if (byte == CLASP_MIDI_SYSEX) {
		sysex_begin(midi);
	} else if (len < 0) {
		midi->drops[CLASP_MIDI_DROP_UNDEFINED]++;
		midi->quiet = byte != CLASP_MIDI_SYSEX_END;
	} else if (len == 0) {
		deliver(midi, byte);
	} else {
		midi->status = byte;
	}
}

static void
data_byte(struct clasp_midi *midi, uint8_t byte)
{
	if (midi->in_sysex) {
		sysex_add(midi, byte);
		return;
	}
	if (midi->status == 0) {
		midi->drops[CLASP_MIDI_DROP_DATA] += !midi->quiet;
		return;
	}
	midi->data[midi->have++] = byte;
	if (midi->have < clasp_midi_data_len(midi->status))
		return;
	deliver(midi, midi->status);
	midi->have = 0;
	midi->running = midi->status < 0xf0;
	if (!midi->running)
		midi->status = 0;
}

void
clasp_midi_feed(struct clasp_midi *midi, const uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (bytes[i] >= CLASP_MIDI_CLOCK)
			realtime(midi, bytes[i]);
		else if (bytes[i] >= 0x80)
			status_byte(midi, bytes[i]);
		else
			data_byte(midi, bytes[i]);
}
