/*
 * Lines to MIDI bytes: the examples, what is dropped, and that whatever MIDI
 * became lines becomes the same MIDI again; the queue behind it.
 */

#include <stdlib.h>

#include "proto/midiout.h"
#include "proto/midiqueue.h"
#include "t.h"
#include "wire/line.h"

enum { DOC = 1, PLAIN = 2, NARROW = 4 };

static const struct row {
	unsigned	 options;
	const char	*line, *hex;
} rows[] = {
	{ 0, "/ch/0/note event {\"note\":60,\"on\":true,\"velocity\":100}",
	    "903c64" },
	{ 0, "/ch/2/note event {\"note\":60,\"on\":false,\"velocity\":64}",
	    "823c40" },
	{ 0, "/ch/1/note event {\"note\":64,\"velocity\":1}", "914001" },
	{ 0, "/ch/1/note event {\"note\":64,\"velocity\":0}", "814000" },
	{ 0, "/ch/1/note event {\"note\":64,\"on\":true}", "914040" },
	{ 0, "/ch/1/note event {\"note\":64,\"on\":true,\"velocity\":0}",
	    "814000" },
	{ 0, "/ch/1/note event {\"note\":64}", "" },
	{ 0, "/ch/1/note 64", "" },
	{ 0, "/ch/0/cc/74 300", "b04a7f" },
	{ 0, "/ch/0/cc/74 -1", "b04a00" },
	{ 0, "/ch/0/cc/74 true", "b04a7f" },
	{ 0, "/ch/0/cc/74 nan", "" },
	{ 0, "/ch/0/cc/74 inf", "b04a7f" },
	{ 0, "/ch/0/cc/74 null", "" },
	{ 0, "/ch/0/cc/74 \"7\"", "" },
	{ 0, "/ch/0/cc/128 1", "" },
	{ 0, "/ch/16/cc/1 1", "" },
	{ 0, "/ch/0/cc/01 1", "" },
	{ 0, "/ch/0/cc 1", "" },
	{ 0, "/ch/3/cc/7 64.4", "b30740" },
	{ 0, "/ch/3/cc/7 64.5", "b30741" },
	{ 0, "/ch/5/program event 42", "c52a" },
	{ 0, "/ch/0/bend 9000", "e07f7f" },
	{ 0, "/ch/0/bend -9000", "e00000" },
	{ 0, "/ch/0/bend -0.5", "e07f3f" },
	{ 0, "/ch/3/pressure event 100", "d364" },
	{ 0, "/ch/2/poly/60 80", "a23c50" },
	{ 0, "/sysex event x\"f0437f01f7\"", "f0437f01f7" },
	{ 0, "/sysex event x\"f0437f01\"", "" },
	{ 0, "/sysex event x\"f04380f7\"", "" },
	{ 0, "/ch/0/cc14/1 8197", "b00140b02105" },
	{ 0, "/ch/0/nrpn/130 8197", "b06301b06202b00640b02605" },
	{ NARROW, "/ch/0/nrpn/130 64", "b06301b06202b00640" },
	{ 0, "/ch/0/rpn/0 256", "b06500b06400b00602b02600" },
	{ 0, "/clock event", "f8" },
	{ 0, "/transport event \"continue\"", "fb" },
	{ 0, "/transport event \"pause\"", "" },
	{ 0, "/mtc event {\"frame\":0,\"hour\":16,\"minute\":0,"
	    "\"rate\":29.97,\"second\":0}", "f100f110f120f130f140f150f160f175" },
	{ PLAIN, "/clock event", "" },
	{ PLAIN, "/sysex event x\"f0f7\"", "" },
	{ PLAIN, "/mtc event {\"frame\":0,\"hour\":0,\"minute\":0,"
	    "\"rate\":25,\"second\":0}", "" },
	{ DOC, "/ch/1/note/60 event 1.0", "903c7f" },
	{ DOC, "/ch/16/note/60 event 0.0", "8f3c00" },
	{ DOC, "/ch/1/note/60 event 0.001", "903c01" },
	{ DOC, "/ch/1/note event {\"note\":60,\"velocity\":1}", "" },
	{ DOC, "/ch/1/cc/74 0.5039370078740157", "b04a40" },
	{ DOC, "/ch/1/cc/74 64", "b04a40" },
	{ DOC, "/ch/1/cc/74 1", "b04a7f" },
	{ DOC, "/ch/0/cc/74 1", "" },
	{ DOC, "/ch/1/pitch 0.5000305194408838", "e00040" },
	{ DOC, "/ch/6/program 42", "c52a" },
};

static struct clasp_buf sent;

static void
on_out(const struct clasp_midiout_msg *msg, void *user)
{
	(void)user;
	clasp_buf_add(&sent, msg->bytes, msg->len);
}

static const char *
as_hex(const uint8_t *bytes, size_t n)
{
	static char text[4096];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n && i < sizeof text / 2 - 1; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static void
apply_line(struct clasp_midiout *out, const char *text)
{
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	t_eq_int(clasp_line_parse(clasp_str_c(text), &arena, &line, &err), 0,
	    "%s", text);
	if (line.kind == CLASP_LINE_DATA)
		clasp_midiout_apply(out, &line.items[0].msg);
	clasp_arena_clear(&arena);
}

static void
every_line(void)
{
	struct clasp_midimap_config config;
	struct clasp_midiout out;
	char text[200];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned o = rows[i].options;

		config = (struct clasp_midimap_config){
			.base = o & DOC ? "/midi" : "/midi/default",
			.doc = o & DOC, .clock = !(o & PLAIN),
			.sysex = !(o & PLAIN), .mtc = !(o & PLAIN),
			.nrpn7 = o & NARROW
		};
		clasp_midiout_init(&out, &config, on_out, NULL);
		snprintf(text, sizeof text, "%s%s", config.base,
		    rows[i].line);
		clasp_buf_reset(&sent);
		apply_line(&out, text);
		t_eq_str(as_hex(sent.data, sent.len), rows[i].hex, "%s",
		    text);
	}
}

/* ------------------------------------------------------------- round trip */

static void
back_out(const struct clasp_line *line, void *user)
{
	clasp_midiout_apply(user, &line->items[0].msg);
}

static void
into_map(const struct clasp_midi_msg *msg, void *user)
{
	clasp_midimap_in(user, msg);
}

/* What went through once goes through unchanged. */
static void
round_trip(bool doc)
{
	const struct clasp_midimap_config config = {
		.base = "/midi/default", .doc = doc, .clock = true,
		.sysex = true
	};
	struct clasp_midiout out;
	struct clasp_midimap *map;
	struct clasp_midi midi;
	struct clasp_buf first = { 0 };
	uint8_t bytes[4096];
	size_t i;
	int pass;

	srand(7);
	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(rand() % 3 ? rand() & 0x7f : rand());
	clasp_midiout_init(&out, &config, on_out, NULL);
	map = clasp_midimap_new(&config, back_out, &out);
	for (pass = 0; pass < 2; pass++) {
		clasp_buf_reset(&sent);
		clasp_midi_init(&midi, into_map, map);
		if (pass == 0)
			clasp_midi_feed(&midi, bytes, sizeof bytes);
		else
			clasp_midi_feed(&midi, first.data, first.len);
		clasp_midi_clear(&midi);
		if (pass == 0)
			clasp_buf_add(&first, sent.data, sent.len);
	}
	t_check(first.len > 1000, "%zu bytes", first.len);
	t_check(first.len == sent.len && memcmp(first.data, sent.data,
	    sent.len) == 0, "the same again");
	clasp_buf_clear(&first);
	clasp_midimap_free(map);
}

static void
every_message_comes_back(void)
{
	round_trip(false);
	round_trip(true);
}

/* ------------------------------------------------------------------ queue */

static void
to_queue(const struct clasp_midiout_msg *msg, void *user)
{
	clasp_midiqueue_add(user, msg);
}

static const char *
taken(struct clasp_midiqueue *q)
{
	uint8_t bytes[2048];

	return as_hex(bytes, clasp_midiqueue_take(q, bytes, 1024));
}

static struct clasp_midiout
filler(struct clasp_midiqueue *q)
{
	static const struct clasp_midimap_config config = {
		.base = "/m", .clock = true, .sysex = true
	};
	struct clasp_midiout out;

	clasp_midiout_init(&out, &config, to_queue, q);
	return out;
}

static void
newest_values_win(void)
{
	struct clasp_midiqueue *q = clasp_midiqueue_new(false);
	struct clasp_midiout out = filler(q);

	apply_line(&out, "/m/ch/0/cc/7 1");
	apply_line(&out, "/m/ch/0/cc/8 1");
	apply_line(&out, "/m/ch/0/cc/7 2");
	apply_line(&out, "/m/ch/0/program 1");
	apply_line(&out, "/m/ch/0/cc/7 3");
	apply_line(&out, "/m/ch/0/cc/64 127");
	apply_line(&out, "/m/ch/0/cc/64 0");
	t_eq_str(taken(q), "b00702b00801c001b00703b0407fb04000");
	clasp_midiqueue_free(q);

	q = clasp_midiqueue_new(true);
	out = filler(q);
	apply_line(&out, "/m/ch/0/cc/7 1");
	apply_line(&out, "/m/clock event");
	apply_line(&out, "/m/ch/0/cc/8 1");
	apply_line(&out, "/m/tune event");
	apply_line(&out, "/m/ch/0/cc/9 1");
	t_eq_str(taken(q), "f8b007010801f6b00901", "running status");
	clasp_midiqueue_free(q);

	/* a reset would undo what went before it */
	q = clasp_midiqueue_new(false);
	out = filler(q);
	apply_line(&out, "/m/ch/0/cc/7 1");
	apply_line(&out, "/m/reset event");
	apply_line(&out, "/m/clock event");
	apply_line(&out, "/m/ch/0/cc/7 2");
	apply_line(&out, "/m/ch/0/cc/7 3");
	t_eq_str(taken(q), "b00701fff8b00703", "reset");
	clasp_midiqueue_free(q);
}

static void
notes_are_never_dropped(void)
{
	struct clasp_midiqueue *q = clasp_midiqueue_new(false);
	struct clasp_midiout out = filler(q);
	char text[80];
	uint8_t bytes[16];
	size_t notes = 0;
	int i;

	apply_line(&out, "/m/ch/0/cc/7 1");
	for (i = 0; i < 1500; i++) {
		snprintf(text, sizeof text, "/m/ch/0/note event "
		    "{\"note\":%d,\"velocity\":1}", i % 128);
		apply_line(&out, text);
	}
	t_check(clasp_midiqueue_full(q), "full");
	t_eq_int(*clasp_midiqueue_thinned(q), 1);
	while (clasp_midiqueue_take(q, bytes, sizeof bytes) > 0)
		notes += 5;
	t_eq_int(notes, 1500);
	clasp_midiqueue_free(q);
}

static void
what_sounds_is_ended(void)
{
	struct clasp_midiqueue *q = clasp_midiqueue_new(false);
	struct clasp_midiout out = filler(q);
	uint8_t bytes[16];

	apply_line(&out, "/m/ch/1/note event {\"note\":60,\"velocity\":1}");
	apply_line(&out, "/m/ch/1/note event {\"note\":61,\"velocity\":1}");
	apply_line(&out, "/m/ch/1/note event {\"note\":60,\"velocity\":0}");
	apply_line(&out, "/m/sysex event x\"f0000102030405060708090a0b0c0d0e0f1011f7\"");
	t_eq_str(as_hex(bytes, clasp_midiqueue_take(q, bytes, 16)),
	    "913c01913d01813c00f0000102030405");
	apply_line(&out, "/m/ch/2/note event {\"note\":60,\"velocity\":1}");
	clasp_midiqueue_silence(q, true);
	t_eq_str(taken(q), "f7813d40b17b00", "what was not sent is not");
	clasp_midiqueue_silence(q, true);
	t_eq_str(taken(q), "");

	/* away and back */
	apply_line(&out, "/m/ch/2/note event {\"note\":60,\"velocity\":1}");
	t_eq_str(taken(q), "923c01");
	apply_line(&out, "/m/ch/0/cc/7 1");
	apply_line(&out, "/m/ch/2/note event {\"note\":62,\"velocity\":1}");
	clasp_midiqueue_gone(q);
	apply_line(&out, "/m/ch/0/cc/7 2");
	apply_line(&out, "/m/ch/0/program 3");
	apply_line(&out, "/m/transport event \"start\"");
	t_eq_int(*clasp_midiqueue_missed(q), 2);
	clasp_midiqueue_back(q);
	t_eq_str(taken(q), "823c40b27b00b00702c003");
	clasp_midiqueue_free(q);
}

int
main(void)
{
	t_run(every_line);
	t_run(every_message_comes_back);
	t_run(newest_values_win);
	t_run(notes_are_never_dropped);
	t_run(what_sounds_is_ended);
	clasp_buf_clear(&sent);
	return t_end();
}
