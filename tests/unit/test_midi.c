/*
 * MIDI bytes to lines: every worked example whole, byte by byte and cut at
 * every point; both profiles; what is dropped; random bytes.
 */

#include <stdlib.h>

#include "base/buf.h"
#include "proto/midi.h"
#include "proto/midimap.h"
#include "t.h"
#include "wire/line.h"

enum { SYSEX = 1, MTC = 2, NRPN = 4, RPN = 8, NRPN7 = 16, DOC = 32,
    NOCLOCK = 64, RPN7 = 128 };

static const struct row {
	const char	*id, *hex;
	unsigned	 options;	/* clock and SysEx are always on */
	uint32_t	 cc14;
	const char	*lines;
} rows[] = {
	{ "note on", "903c64", 0, 0,
	    "/midi/default/ch/0/note event "
	    "{\"note\":60,\"on\":true,\"velocity\":100}\n" },
	{ "note off by velocity 0", "9f2400", 0, 0,
	    "/midi/default/ch/15/note event "
	    "{\"note\":36,\"on\":false,\"velocity\":0}\n" },
	{ "note off keeps its velocity", "823c40", 0, 0,
	    "/midi/default/ch/2/note event "
	    "{\"note\":60,\"on\":false,\"velocity\":64}\n" },
	{ "controller", "b04a64", 0, 0, "/midi/default/ch/0/cc/74 100\n" },
	{ "bank select", "b9007f", 0, 0, "/midi/default/ch/9/cc/0 127\n" },
	{ "bend, centre", "e00040", 0, 0, "/midi/default/ch/0/bend 0\n" },
	{ "bend, down", "e00000", 0, 0, "/midi/default/ch/0/bend -8192\n" },
	{ "bend, up", "e17f7f", 0, 0, "/midi/default/ch/1/bend 8191\n" },
	{ "program", "c52a", 0, 0,
	    "/midi/default/ch/5/program event 42\n" },
	{ "channel pressure", "d364", 0, 0,
	    "/midi/default/ch/3/pressure 100\n" },
	{ "poly pressure", "a23c50", 0, 0,
	    "/midi/default/ch/2/poly/60 80\n" },
	{ "running status", "903c643e50", 0, 0,
	    "/midi/default/ch/0/note event "
	    "{\"note\":60,\"on\":true,\"velocity\":100}\n"
	    "/midi/default/ch/0/note event "
	    "{\"note\":62,\"on\":true,\"velocity\":80}\n" },
	{ "clock inside a note", "903cf864", 0, 0,
	    "/midi/default/clock event\n"
	    "/midi/default/ch/0/note event "
	    "{\"note\":60,\"on\":true,\"velocity\":100}\n" },
	{ "clock not asked for", "903cf864", NOCLOCK, 0,
	    "/midi/default/ch/0/note event "
	    "{\"note\":60,\"on\":true,\"velocity\":100}\n" },
	{ "start", "fa", 0, 0, "/midi/default/transport event \"start\"\n" },
	{ "continue", "fb", 0, 0,
	    "/midi/default/transport event \"continue\"\n" },
	{ "stop", "fc", 0, 0, "/midi/default/transport event \"stop\"\n" },
	{ "clock inside SysEx", "f0437ff801f7", 0, 0,
	    "/midi/default/clock event\n"
	    "/midi/default/sysex event x\"f0437f01f7\"\n" },
	{ "song position", "f20140", 0, 0,
	    "/midi/default/songpos event 8193\n" },
	{ "song select", "f305", 0, 0,
	    "/midi/default/songselect event 5\n" },
	{ "tune request", "f6", 0, 0, "/midi/default/tune event\n" },
	{ "reset", "ff", 0, 0, "/midi/default/reset event\n" },
	{ "active sensing is not carried", "fe", 0, 0, "" },
	{ "SysEx cut short", "f00102903c64", 0, 0,
	    "/midi/default/ch/0/note event "
	    "{\"note\":60,\"on\":true,\"velocity\":100}\n" },
	{ "SysEx cut short by SysEx", "f00102f003f7", 0, 0,
	    "/midi/default/sysex event x\"f003f7\"\n" },
	{ "data without status", "3c40b0077f", 0, 0,
	    "/midi/default/ch/0/cc/7 127\n" },
	{ "F1-F7 clear running status", "b0077ff6077fb0077e", 0, 0,
	    "/midi/default/ch/0/cc/7 127\n/midi/default/tune event\n"
	    "/midi/default/ch/0/cc/7 126\n" },
	{ "real time keeps running status", "b0077ffe0701", 0, 0,
	    "/midi/default/ch/0/cc/7 127\n/midi/default/ch/0/cc/7 1\n" },
	{ "F4 and its data", "f40102b00701", 0, 0,
	    "/midi/default/ch/0/cc/7 1\n" },
	{ "F7 alone", "f7b00701", 0, 0, "/midi/default/ch/0/cc/7 1\n" },
	{ "cut by another status", "903cb00701", 0, 0,
	    "/midi/default/ch/0/cc/7 1\n" },
	{ "unfinished at the end", "b0077fb007", 0, 0,
	    "/midi/default/ch/0/cc/7 127\n" },
	{ "14 bit", "b00140b02105", 0, 2,
	    "/midi/default/ch/0/cc14/1 8192\n"
	    "/midi/default/ch/0/cc14/1 8197\n" },
	{ "14 bit, another controller", "b00240", 0, 2,
	    "/midi/default/ch/0/cc/2 64\n" },
	{ "NRPN", "b06301620206402605", NRPN, 0,
	    "/midi/default/ch/0/nrpn/130 8192\n"
	    "/midi/default/ch/0/nrpn/130 8197\n" },
	{ "NRPN not asked for", "b063010640", 0, 0,
	    "/midi/default/ch/0/cc/99 1\n/midi/default/ch/0/cc/6 64\n" },
	{ "RPN", "b0650064000602", RPN, 0,
	    "/midi/default/ch/0/rpn/0 256\n" },
	{ "RPN passes when only NRPN is read", "b06500640006026301620205",
	    NRPN, 0, "/midi/default/ch/0/cc/101 0\n"
	    "/midi/default/ch/0/cc/100 0\n/midi/default/ch/0/cc/6 2\n" },
	{ "none selected", "b0637f627f0640", NRPN, 0, "" },
	{ "half a number selects nothing", "b063010640", NRPN, 0, "" },
	{ "steps", "b06301620206406000600061006100610061000640",
	    NRPN, 0,
	    "/midi/default/ch/0/nrpn/130 8192\n"
	    "/midi/default/ch/0/nrpn/130 8193\n"
	    "/midi/default/ch/0/nrpn/130 8194\n"
	    "/midi/default/ch/0/nrpn/130 8193\n"
	    "/midi/default/ch/0/nrpn/130 8192\n"
	    "/midi/default/ch/0/nrpn/130 8191\n"
	    "/midi/default/ch/0/nrpn/130 8190\n"
	    "/midi/default/ch/0/nrpn/130 8192\n" },
	{ "a value is remembered per parameter",
	    "b0630062010640620206106201600062026000", NRPN, 0,
	    "/midi/default/ch/0/nrpn/1 8192\n"
	    "/midi/default/ch/0/nrpn/2 2048\n"
	    "/midi/default/ch/0/nrpn/1 8193\n"
	    "/midi/default/ch/0/nrpn/2 2049\n" },
	{ "steps stop at 0", "b0630062016100", NRPN, 0,
	    "/midi/default/ch/0/nrpn/1 0\n" },
	{ "steps stop at the top", "b063006201067f267f6000", NRPN, 0,
	    "/midi/default/ch/0/nrpn/1 16256\n"
	    "/midi/default/ch/0/nrpn/1 16383\n"
	    "/midi/default/ch/0/nrpn/1 16383\n" },
	{ "NRPN of 7 bits", "b063016202064026056000", NRPN | NRPN7, 0,
	    "/midi/default/ch/0/nrpn/130 64\n"
	    "/midi/default/ch/0/nrpn/130 65\n" },
	{ "both kinds, each its own selection", "b063016202650064000602"
	    "63010603", NRPN | RPN | RPN7, 0,
	    "/midi/default/ch/0/rpn/0 2\n"
	    "/midi/default/ch/0/nrpn/130 384\n" },
	{ "MTC quarter frames", "f104f111f12af130f14bf151f165f170", MTC, 0,
	    "/midi/default/mtc event {\"frame\":20,\"hour\":5,"
	    "\"minute\":27,\"rate\":24,\"second\":10}\n" },
	{ "MTC at 29.97", "f100f110f120f130f140f150f160f175", MTC, 0,
	    "/midi/default/mtc event {\"frame\":0,\"hour\":16,"
	    "\"minute\":0,\"rate\":29.97,\"second\":0}\n" },
	{ "MTC out of order", "f100f110f130f120f140f150f160f175", MTC, 0,
	    "" },
	{ "MTC begun in the middle", "f140f150f160f172f100f110f120f130f140"
	    "f150f160f172", MTC, 0,
	    "/midi/default/mtc event {\"frame\":0,\"hour\":0,"
	    "\"minute\":0,\"rate\":25,\"second\":0}\n" },
	{ "MTC not asked for", "f100f110f120f130f140f150f160f175", 0, 0,
	    "" },
	{ "MTC full frame", "f07f7f01016102030405f7", MTC, 0,
	    "/midi/default/sysex event x\"f07f7f01016102030405f7\"\n" },
	{ "MTC full frame of the right length", "f07f7f010161020304f7",
	    MTC, 0,
	    "/midi/default/mtc event {\"frame\":4,\"hour\":1,"
	    "\"minute\":2,\"rate\":30,\"second\":3}\n"
	    "/midi/default/sysex event x\"f07f7f010161020304f7\"\n" },
	{ "doc: note on", "903c7f", DOC, 0,
	    "/midi/ch/1/note/60 event 1.0\n" },
	{ "doc: note off", "8f3c40", DOC, 0,
	    "/midi/ch/16/note/60 event 0.0\n" },
	{ "doc: controller", "b04a40", DOC, 0,
	    "/midi/ch/1/cc/74 0.5039370078740157\n" },
	{ "doc: program", "c52a", DOC, 0, "/midi/ch/6/program 42\n" },
	{ "doc: pitch", "e00040", DOC, 0,
	    "/midi/ch/1/pitch 0.5000305194408838\n" },
	{ "doc: pitch, ends", "e00000e07f7f", DOC, 0,
	    "/midi/ch/1/pitch 0.0\n/midi/ch/1/pitch 1.0\n" },
	{ "doc: pressures", "d07fa03c00", DOC, 0,
	    "/midi/ch/1/pressure 1.0\n/midi/ch/1/poly/60 0.0\n" },
	{ "doc: clock", "f8", DOC, 0, "/midi/clock event\n" },
};

#define NROWS (sizeof rows / sizeof rows[0])

static struct clasp_buf out;

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&out, line, 0);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	clasp_midimap_in(user, msg);
}

static size_t
unhex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex; hex += 2) {
		sscanf(hex, "%2x", &byte);
		bytes[n++] = (uint8_t)byte;
	}
	return n;
}

static struct clasp_midimap *
map_for(const struct row *row)
{
	struct clasp_midimap_config config = {
		.base = row->options & DOC ? "/midi" : "/midi/default",
		.doc = row->options & DOC,
		.clock = !(row->options & NOCLOCK),
		.sysex = true,
		.mtc = row->options & MTC,
		.nrpn = row->options & NRPN,
		.rpn = row->options & RPN,
		.nrpn7 = row->options & NRPN7,
		.rpn7 = row->options & RPN7,
		.cc14 = row->cc14
	};

	return clasp_midimap_new(&config, on_line, NULL);
}

/* Feed in pieces: the first of `first` bytes, then of `step`. */
static void
run(const struct row *row, size_t first, size_t step, const char *how)
{
	struct clasp_midimap *map = map_for(row);
	struct clasp_midi midi;
	uint8_t bytes[256];
	size_t n = unhex(row->hex, bytes), at = 0, take = first;

	clasp_midi_init(&midi, on_message, map);
	clasp_buf_reset(&out);
	while (at < n) {
		if (take > n - at)
			take = n - at;
		clasp_midi_feed(&midi, bytes + at, take);
		at += take;
		take = step;
	}
	t_eq_str(clasp_buf_cstr(&out), row->lines, "%s, %s", row->id, how);
	clasp_midi_clear(&midi);
	clasp_midimap_free(map);
}

static void
examples_whole(void)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		run(&rows[i], 256, 256, "whole");
}

static void
examples_byte_by_byte(void)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		run(&rows[i], 1, 1, "byte by byte");
}

static void
examples_cut_anywhere(void)
{
	size_t i, cut;

	for (i = 0; i < NROWS; i++)
		for (cut = 1; cut < strlen(rows[i].hex) / 2; cut++)
			run(&rows[i], cut, 256, "cut in two");
}

static void
count_message(const struct clasp_midi_msg *msg, void *user)
{
	size_t *seen = user;

	seen[0]++;
	seen[1] = msg->sysex_len;
}

static void
drops_are_counted(void)
{
	static const struct {
		const char	*hex;
		enum clasp_midi_drop why;
		unsigned long	 count;
	} cases[] = {
		{ "3c40", CLASP_MIDI_DROP_DATA, 2 },
		{ "f10101", CLASP_MIDI_DROP_DATA, 1 },
		{ "903cb0", CLASP_MIDI_DROP_CUT, 1 },
		{ "903c64b0", CLASP_MIDI_DROP_CUT, 0 },
		{ "90b0", CLASP_MIDI_DROP_CUT, 1 },
		{ "f00102f6", CLASP_MIDI_DROP_SYSEX_CUT, 1 },
		{ "f4010203", CLASP_MIDI_DROP_UNDEFINED, 1 },
		{ "f4010203", CLASP_MIDI_DROP_DATA, 0 },
		{ "f9fdf5f7", CLASP_MIDI_DROP_UNDEFINED, 4 },
	};
	struct clasp_midi midi;
	size_t seen[2], i, n;
	uint8_t bytes[16];

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		clasp_midi_init(&midi, count_message, seen);
		n = unhex(cases[i].hex, bytes);
		clasp_midi_feed(&midi, bytes, n);
		t_eq_int(midi.drops[cases[i].why], cases[i].count, "%s: %s",
		    cases[i].hex, clasp_midi_drop_name(cases[i].why));
		clasp_midi_clear(&midi);
	}
}

static void
sysex_is_bounded(void)
{
	struct clasp_midi midi;
	uint8_t byte = CLASP_MIDI_SYSEX, data = 1, end = CLASP_MIDI_SYSEX_END;
	size_t seen[2] = { 0, 0 }, i;

	clasp_midi_init(&midi, count_message, seen);
	clasp_midi_feed(&midi, &byte, 1);
	for (i = 0; i < CLASP_MIDI_SYSEX_MAX - 2; i++)
		clasp_midi_feed(&midi, &data, 1);
	clasp_midi_feed(&midi, &end, 1);
	t_eq_int(seen[0], 1, "the longest one");
	t_eq_int(seen[1], CLASP_MIDI_SYSEX_MAX);

	clasp_midi_feed(&midi, &byte, 1);
	for (i = 0; i < 2 * CLASP_MIDI_SYSEX_MAX; i++)
		clasp_midi_feed(&midi, &data, 1);
	clasp_midi_feed(&midi, &end, 1);
	t_eq_int(seen[0], 1, "a longer one is dropped whole");
	t_eq_int(midi.drops[CLASP_MIDI_DROP_SYSEX_LONG], 1);
	t_check(midi.sysex.cap < 4 * CLASP_MIDI_SYSEX_MAX);
	clasp_midi_clear(&midi);
}

static void
count_line(const struct clasp_line *line, void *user)
{
	(void)line;
	++*(size_t *)user;
}

/* 10 MB by a fixed generator; QUICK (valgrind) takes a hundredth. */
static void
random_bytes_do_no_harm(void)
{
	struct clasp_midimap_config config = { .base = "/m", .clock = true,
	    .sysex = true, .mtc = true, .nrpn = true, .rpn = true, .cc14 = ~0u
	};
	size_t lines = 0, i, j, rounds = getenv("QUICK") ? 100 : 10000;
	struct clasp_midimap *map = clasp_midimap_new(&config, count_line,
	    &lines);
	struct clasp_midi midi;
	uint8_t bytes[1000];
	uint32_t x = 1;

	clasp_midi_init(&midi, on_message, map);
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < sizeof bytes; j++) {
			x = x * 1664525 + 1013904223;
			bytes[j] = (uint8_t)(x >> 24);
			/* mostly data bytes: long messages */
			if (i % 2 && (x >> 16 & 31) != 0)
				bytes[j] &= 0x7f;
		}
		clasp_midi_feed(&midi, bytes, sizeof bytes);
	}
	t_check(lines > rounds, "%zu lines", lines);
	t_check(midi.sysex.cap < 4 * CLASP_MIDI_SYSEX_MAX);
	clasp_midi_clear(&midi);
	clasp_midimap_free(map);
	examples_whole();
}

static void
names_become_segments(void)
{
	char out_name[16];

	clasp_midimap_segment(out_name, sizeof out_name,
	    CLASP_STR("Korg nanoKEY_2!"));
	t_eq_str(out_name, "korg_nanokey_2");
	t_eq_int(clasp_midimap_segment(out_name, sizeof out_name,
	    CLASP_STR("/*\xc3\xa4")), 0);
	t_eq_int(clasp_midimap_segment(out_name, 4, CLASP_STR("abcdef")), 3);
	t_eq_str(out_name, "abc");
}

static void
bad_bases_are_refused(void)
{
	static char base[1030];
	struct clasp_midimap_config config = { .base = base };

	memset(base, 'a', sizeof base - 1);
	base[0] = '/';
	t_check(!clasp_midimap_new(&config, on_line, NULL));
	clasp_midimap_free(NULL);
}

int
main(void)
{
	t_run(examples_whole);
	t_run(examples_byte_by_byte);
	t_run(examples_cut_anywhere);
	t_run(drops_are_counted);
	t_run(sysex_is_bounded);
	t_run(random_bytes_do_no_harm);
	t_run(names_become_segments);
	t_run(bad_bases_are_refused);
	clasp_buf_clear(&out);
	return t_end();
}
