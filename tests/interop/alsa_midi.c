/*
 * alsa_midi.c - ALSA's own MIDI parser as an oracle: bytes on stdin, one
 * CLASP line a message on stdout, for messages both sides know.
 *
 * Works without any sound device: libasound's parser needs none.
 */
#include <alsa/asoundlib.h>
#include <stdio.h>

static void
note(const snd_seq_event_t *ev, int on)
{
	printf("/midi/default/ch/%d/note event {\"note\":%d,\"on\":%s,"
	    "\"velocity\":%d}\n", ev->data.note.channel, ev->data.note.note,
	    on ? "true" : "false", ev->data.note.velocity);
}

static void
sysex(const snd_seq_event_t *ev)
{
	const unsigned char *p = ev->data.ext.ptr;
	unsigned i;

	printf("/midi/default/sysex event x\"");
	for (i = 0; i < ev->data.ext.len; i++)
		printf("%02x", p[i]);
	printf("\"\n");
}

static void
show(const snd_seq_event_t *ev)
{
	int ch = ev->data.control.channel, value = ev->data.control.value;

	switch (ev->type) {
	case SND_SEQ_EVENT_NOTEON:
		note(ev, ev->data.note.velocity > 0);
		break;
	case SND_SEQ_EVENT_NOTEOFF:
		note(ev, 0);
		break;
	case SND_SEQ_EVENT_KEYPRESS:
		printf("/midi/default/ch/%d/poly/%d %d\n",
		    ev->data.note.channel, ev->data.note.note,
		    ev->data.note.velocity);
		break;
	case SND_SEQ_EVENT_CONTROLLER:
		printf("/midi/default/ch/%d/cc/%u %d\n", ch,
		    ev->data.control.param, value);
		break;
	case SND_SEQ_EVENT_PGMCHANGE:
		printf("/midi/default/ch/%d/program event %d\n", ch, value);
		break;
	case SND_SEQ_EVENT_CHANPRESS:
		printf("/midi/default/ch/%d/pressure %d\n", ch, value);
		break;
	case SND_SEQ_EVENT_PITCHBEND:
		printf("/midi/default/ch/%d/bend %d\n", ch, value);
		break;
	case SND_SEQ_EVENT_SONGPOS:
		printf("/midi/default/songpos event %d\n", value);
		break;
	case SND_SEQ_EVENT_SONGSEL:
		printf("/midi/default/songselect event %d\n", value);
		break;
	case SND_SEQ_EVENT_TUNE_REQUEST:
		printf("/midi/default/tune event\n");
		break;
	case SND_SEQ_EVENT_CLOCK:
		printf("/midi/default/clock event\n");
		break;
	case SND_SEQ_EVENT_START:
		printf("/midi/default/transport event \"start\"\n");
		break;
	case SND_SEQ_EVENT_CONTINUE:
		printf("/midi/default/transport event \"continue\"\n");
		break;
	case SND_SEQ_EVENT_STOP:
		printf("/midi/default/transport event \"stop\"\n");
		break;
	case SND_SEQ_EVENT_RESET:
		printf("/midi/default/reset event\n");
		break;
	case SND_SEQ_EVENT_SYSEX:
		sysex(ev);
		break;
	}
}

int
main(void)
{
	snd_midi_event_t *parser;
	snd_seq_event_t ev;
	int c;

	if (snd_midi_event_new(65536, &parser) < 0)
		return 1;
	while ((c = getchar()) != EOF) {
		snd_seq_ev_clear(&ev);
		if (snd_midi_event_encode_byte(parser, c, &ev) == 1)
			show(&ev);
	}
	snd_midi_event_free(parser);
	return 0;
}
