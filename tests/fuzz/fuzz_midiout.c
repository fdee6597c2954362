/*
 * fuzz_midiout.c - any lines as MIDI: what comes out of the queue is whole
 * and well formed, however it is taken, and at the end nothing sounds.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/midiqueue.h"
#include "wire/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int good)
{
	if (!good)
		abort();
}

static void
on_out(const struct clasp_midiout_msg *msg, void *user)
{
	clasp_midiqueue_add(user, msg);
}

/* Keep which notes sound. */
static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	unsigned char (*sounding)[128] = user;

	if ((msg->status & 0xe0) == 0x80)
		sounding[msg->status & 0x0f][msg->data[0]] =
		    msg->status >= 0x90;
}

static void
take_all(struct clasp_midiqueue *q, struct clasp_midi *midi, size_t cap)
{
	uint8_t bytes[64];
	size_t n;

	while ((n = clasp_midiqueue_take(q, bytes, cap)) > 0)
		clasp_midi_feed(midi, bytes, n);
}

/* A line; one that begins with a control character is an order instead. */
static void
one_line(struct clasp_midiout *out, struct clasp_midiqueue *q,
    struct clasp_midi *midi, struct clasp_str text)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	uint32_t i;

	if (text.len > 0 && text.p[0] == 1) {
		take_all(q, midi, 16 + text.len % 48);
		return;
	}
	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	if (clasp_line_parse(text, &arena, &line, &err) == 0 &&
	    line.kind == CLASP_LINE_DATA)
		for (i = 0; i < line.count; i++)
			clasp_midiout_apply(out, &line.items[i].msg);
	clasp_arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char sounding[16][128];
	struct clasp_midimap_config config = { .base = "/m", .clock = true,
	    .sysex = true, .mtc = true };
	struct clasp_midiqueue *q;
	struct clasp_midiout out;
	struct clasp_midi midi;
	const char *p, *end, *lf;
	size_t i;

	if (size < 1)
		return 0;
	memset(sounding, 0, sizeof sounding);
	config.doc = data[0] & 1;
	q = clasp_midiqueue_new(data[0] & 2);
	must(q != NULL);
	clasp_midiout_init(&out, &config, on_out, q);
	clasp_midi_init(&midi, on_message, sounding);
	for (p = (const char *)data + 1, end = (const char *)data + size;
	    p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			lf = end;
		one_line(&out, q, &midi, clasp_str_of(p, (size_t)(lf - p)));
	}
	take_all(q, &midi, 16);
	clasp_midiqueue_silence(q, true);
	take_all(q, &midi, 16);
	for (i = 0; i < CLASP_MIDI_DROPS; i++)
		must(midi.drops[i] == 0);
	for (i = 0; i < sizeof sounding; i++)
		must(sounding[i / 128][i % 128] == 0);
	clasp_midi_clear(&midi);
	clasp_midiqueue_free(q);
	return 0;
}
