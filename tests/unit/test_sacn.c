/* Streaming ACN: the packets, and what a receiver makes of them. */

#include "base/buf.h"
#include "base/bytes.h"
#include "proto/sacnin.h"
#include "t.h"
#include "vectors.h"

static struct clasp_buf out;
static struct clasp_dmxin *lines;
static struct clasp_sacnin *in;
static struct clasp_numset ours;
static uint64_t now_us;
static const uint8_t our_cid[16] = { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
    0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	t_check(clasp_line_format(&out, line, 0) == 0);
}

static void
on_group(unsigned address, bool join, void *user)
{
	(void)user;
	clasp_buf_printf(&out, "%s %u\n", join ? "join" : "leave", address);
}

static void
on_sources(struct clasp_dmxin_universe *u, void *user)
{
	clasp_sacnin_status(CLASP_STR("/sacn"), u, on_line, user);
}

/* A fresh receiver of universes 1 to 4. */
static void
begin_with(struct clasp_sacnin_config config, bool by)
{
	struct clasp_dmxin_config shown = { .prefix = CLASP_STR("/sacn"),
	    .by = by ? clasp_sacnin_by : NULL };

	clasp_sacnin_free(in);
	clasp_dmxin_free(lines);
	clasp_buf_reset(&out);
	clasp_numset_parse(&ours, "1-4,63999", 1, 63999);
	lines = clasp_dmxin_new(&shown, on_line, NULL);
	config.in = lines;
	config.only = &ours;
	in = clasp_sacnin_new(&config);
	now_us = 1000000;
}

static void
begin(void)
{
	begin_with((struct clasp_sacnin_config){ 0 }, false);
}

/* What has been said since, and forget it. */
static const char *
said(void)
{
	static char text[4096];

	snprintf(text, sizeof text, "%s", clasp_buf_cstr(&out));
	clasp_buf_reset(&out);
	return text;
}

/* A packet of a source, whose CID and name are one letter. */
static struct clasp_sacn
from(const char *source, uint8_t sequence, const void *slots, unsigned n)
{
	struct clasp_sacn p = { .kind = CLASP_SACN_DATA,
	    .name = clasp_str_c(source), .priority = 100,
	    .sequence = sequence, .universe = 1, .slots = slots,
	    .count = (uint16_t)n };

	memset(p.cid, source[0], sizeof p.cid);
	return p;
}

static void
give(const struct clasp_sacn *p)
{
	uint8_t bytes[CLASP_SACN_MAX];
	size_t len = clasp_sacn_encode(bytes, p);

	t_check(len > 0);
	clasp_sacnin_packet(in, bytes, len, now_us);
}

/* Three levels of a source, as most tests need them. */
static void
levels(const char *source, uint8_t sequence, uint8_t priority, int a, int b,
    int c)
{
	uint8_t slots[3] = { (uint8_t)a, (uint8_t)b, (uint8_t)c };
	struct clasp_sacn p = from(source, sequence, slots, 3);

	p.priority = priority;
	give(&p);
}

static void
flagged(const char *source, uint8_t sequence, uint8_t priority,
    uint8_t options, int a, int b, int c)
{
	uint8_t slots[3] = { (uint8_t)a, (uint8_t)b, (uint8_t)c };
	struct clasp_sacn p = from(source, sequence, slots, 3);

	p.priority = priority;
	p.options = options;
	give(&p);
}

static void
sync_packet(const char *source, uint8_t sequence, unsigned address)
{
	struct clasp_sacn p = from(source, sequence, NULL, 0);

	p.kind = CLASP_SACN_SYNC;
	p.sync = (uint16_t)address;
	give(&p);
}

/* Move the time to `us` after the start, as a timer would. */
static void
until(uint64_t us)
{
	uint64_t due;

	while ((due = clasp_sacnin_due(in)) <= 1000000 + us) {
		now_us = due;
		clasp_sacnin_expire(in, now_us);
		t_check(clasp_sacnin_due(in) > due, "time stands still");
		if (clasp_sacnin_due(in) <= due)
			break;
	}
	now_us = 1000000 + us;
	clasp_sacnin_expire(in, now_us);
}

static unsigned long
dropped(int why)
{
	return clasp_sacnin_drops(in)[why];
}

/* ---------------------------------------------------------------- vectors */

static int examples;

static void
example_in(json_t *r)
{
	uint8_t bytes[CLASP_SACN_MAX];
	char wanted[500] = "";
	size_t n;

	if (strcmp(v_text(r, "kind"), "sacn-in") != 0)
		return;
	examples++;
	n = v_hex(r, "in", bytes, sizeof bytes);
	clasp_sacnin_packet(in, bytes, n, now_us);
	if (json_array_size(json_object_get(r, "out")) > 0)
		snprintf(wanted, sizeof wanted, "%s\n", json_string_value(
		    json_array_get(json_object_get(r, "out"), 0)));
	t_eq_str(said(), wanted, "%s", v_text(r, "in"));
}

/* What is read is written as it came. */
static void
example_again(json_t *r)
{
	uint8_t bytes[CLASP_SACN_MAX], again[CLASP_SACN_MAX];
	struct clasp_sacn packet;
	size_t n, len;
	int error;

	if (strncmp(v_text(r, "kind"), "sacn-", 5) != 0)
		return;
	examples++;
	n = v_hex(r, strcmp(v_text(r, "kind"), "sacn-in") == 0 ? "in" :
	    "out", bytes, sizeof bytes);
	error = clasp_sacn_decode(bytes, n, &packet);
	if (bytes[21] == 4 && bytes[108] == 0xc9) {
		t_eq_int(error, CLASP_SACN_EPRIORITY);
		return;
	}
	t_eq_int(error, 0, "%s", v_text(r, "out"));
	t_check(memcmp(packet.cid, our_cid, 16) == 0);
	len = clasp_sacn_encode(again, &packet);
	t_check(len == n && memcmp(bytes, again, n) == 0, "%s",
	    v_text(r, "out"));
	/* cut anywhere it is none; longer than it says it still is */
	for (len = 0; len < n; len++)
		t_check(clasp_sacn_decode(bytes, len, &packet) != 0,
		    "%zu of %zu", len, n);
	memset(bytes + n, 0xff, 10);
	t_eq_int(clasp_sacn_decode(bytes, n + 10, &packet), 0);
}

static void
the_worked_examples(void)
{
	begin();
	v_each("bridges.jsonl", example_in);
	t_eq_int(examples, 10);
	t_eq_int(dropped(CLASP_SACNIN_ORDER), 1);
	t_eq_int(dropped(CLASP_SACNIN_PREVIEW), 1);
	t_eq_int(dropped(CLASP_SACN_EPRIORITY), 1);
	examples = 0;
	v_each("bridges.jsonl", example_again);
	t_eq_int(examples, 15);
}

/* ---------------------------------------------------------------- packets */

static void
lengths_of_a_full_universe(void)
{
	uint8_t slots[512] = { 0 }, bytes[CLASP_SACN_MAX];
	struct clasp_sacn p = from("a", 0, slots, 512);

	t_eq_int(clasp_sacn_encode(bytes, &p), 638);
	t_eq_int(clasp_load16(bytes + 16), 0x726e);
	t_eq_int(clasp_load16(bytes + 38), 0x7258);
	t_eq_int(clasp_load16(bytes + 115), 0x720b);
	p.count = 513;
	t_eq_int(clasp_sacn_encode(bytes, &p), 0);
}

static void
what_is_no_packet(void)
{
	static const struct {
		unsigned at, value;
		int error;
	} table[] = {
		{ 1, 0x11, CLASP_SACN_EROOT },
		{ 3, 1, CLASP_SACN_EROOT },
		{ 4, 'B', CLASP_SACN_EROOT },
		{ 16, 0x60, CLASP_SACN_ESHORT },
		{ 17, 0xff, CLASP_SACN_ESHORT },	/* beyond the datagram */
		{ 21, 5, CLASP_SACN_EVECTOR },
		{ 39, 0x80, CLASP_SACN_ESHORT },	/* beyond the layer around */
		{ 43, 3, CLASP_SACN_EVECTOR },
		{ 108, 201, CLASP_SACN_EPRIORITY },
		{ 109, 0xff, CLASP_SACN_EUNIVERSE },	/* sync */
		{ 113, 0xfa, CLASP_SACN_EUNIVERSE },
		{ 114, 0, CLASP_SACN_EUNIVERSE },
		{ 116, 0x0f, CLASP_SACN_ESHORT },	/* beyond the layer around */
		{ 116, 0x0b, CLASP_SACN_ESHORT },	/* less than the slots */
		{ 117, 3, CLASP_SACN_EVECTOR },
		{ 118, 0xa2, CLASP_SACN_EFORM },
		{ 120, 1, CLASP_SACN_EFORM },
		{ 122, 2, CLASP_SACN_EFORM },
		{ 123, 2, CLASP_SACN_EFORM },		/* 516 of them */
		{ 124, 0, CLASP_SACN_EFORM },
		{ 124, 5, CLASP_SACN_ESHORT },		/* one more than come */
	};
	uint8_t bytes[CLASP_SACN_MAX];
	struct clasp_sacn p = from("a", 0, "abc", 3), got;
	size_t i, len;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		len = clasp_sacn_encode(bytes, &p);
		bytes[table[i].at] = (uint8_t)table[i].value;
		t_eq_int(clasp_sacn_decode(bytes, len, &got), table[i].error,
		    "row %zu", i);
	}
	begin();
	len = clasp_sacn_encode(bytes, &p);
	bytes[118] = 0;
	clasp_sacnin_packet(in, bytes, len, now_us);
	t_eq_int(dropped(CLASP_SACN_EFORM), 1);
	t_eq_str(said(), "");
}

static void
an_older_discovery_is_no_fault(void)
{
	uint8_t bytes[CLASP_SACN_MAX];
	struct clasp_sacn p = from("a", 0, "\0\1\1\0", 2), got;
	size_t len;
	int i;

	p.kind = CLASP_SACN_LIST;
	len = clasp_sacn_encode(bytes, &p);
	t_eq_int(clasp_sacn_decode(bytes, len, &got), 0);
	t_eq_int(got.count, 2);
	t_eq_int(clasp_sacn_listed(&got, 1), 256);
	bytes[21] = 4;
	bytes[43] = 4;
	t_eq_int(clasp_sacn_decode(bytes, len, &got), 0);
	t_eq_int(got.kind, CLASP_SACN_OLD_LIST);
	begin();
	clasp_sacnin_packet(in, bytes, len, now_us);
	for (i = 0; i < CLASP_SACNIN_DROPS; i++)
		t_eq_int(dropped(i), 0, "%d", i);
}

static void
names_are_text(void)
{
	uint8_t bytes[CLASP_SACN_MAX];
	char name[100];
	struct clasp_sacn p = from("a", 0, "", 0), got;
	size_t len;

	memset(name, 'x', 62);
	memcpy(name + 62, "\xc3\xa4", 2);	/* the 64th byte is the NUL's */
	p.name = clasp_str_of(name, 64);
	len = clasp_sacn_encode(bytes, &p);
	t_eq_int(clasp_sacn_decode(bytes, len, &got), 0);
	t_eq_int(got.name.len, 62);
	bytes[44] = 0xff;
	t_eq_int(clasp_sacn_decode(bytes, len, &got), 0);
	t_eq_int(got.name.len, 0);
	memset(bytes + 44, 'y', 64);
	t_eq_int(clasp_sacn_decode(bytes, len, &got), 0);
	t_eq_int(got.name.len, 64);
}

static void
cids_are_uuids(void)
{
	char text[CLASP_SACN_CID_TEXT];
	uint8_t cid[16];

	clasp_sacn_cid_format(our_cid, text);
	t_eq_str(text, "00112233-4455-6677-8899-aabbccddeeff");
	t_eq_int(clasp_sacn_cid_parse(text, cid), 0);
	t_check(memcmp(cid, our_cid, 16) == 0);
	t_eq_int(clasp_sacn_cid_parse("00112233445566778899AABBCCDDEEFF",
	    cid), 0);
	t_check(memcmp(cid, our_cid, 16) == 0);
	t_check(clasp_sacn_cid_parse("", cid) < 0);
	t_check(clasp_sacn_cid_parse("0011", cid) < 0);
	t_check(clasp_sacn_cid_parse(
	    "00112233445566778899aabbccddeeff0", cid) < 0);
	t_check(clasp_sacn_cid_parse(
	    "0011223344556677889 aabbccddeeff", cid) < 0);
	t_eq_int(clasp_sacn_group(1), 0xefff0001);
	t_eq_int(clasp_sacn_group(CLASP_SACN_DISCOVERY), 0xeffffad6);
}

/* ---------------------------------------------------------------- sources */

/* The first scenario, as another receiver recorded it. */
static void
the_highest_priority_has_the_say(void)
{
	begin();
	levels("a", 0, 100, 10, 20, 30);
	t_eq_str(said(), "/sacn/1/1 10 ; /sacn/1/2 20 ; /sacn/1/3 30\n");
	levels("b", 0, 100, 5, 50, 0);
	t_eq_str(said(), "/sacn/1/2 50\n");
	levels("b", 1, 150, 5, 50, 0);
	t_eq_str(said(), "/sacn/1/1 5 ; /sacn/1/3 0\n");
	levels("a", 1, 100, 11, 20, 30);
	t_eq_str(said(), "");
	flagged("c", 0, 200, CLASP_SACN_PREVIEW, 1, 1, 1);
	t_eq_str(said(), "");
	flagged("b", 2, 150, CLASP_SACN_TERMINATED, 0, 0, 0);
	t_eq_str(said(), "/sacn/1/1 11 ; /sacn/1/2 20 ; /sacn/1/3 30\n");
	levels("a", 2, 100, 12, 20, 30);
	t_eq_str(said(), "/sacn/1/1 12\n");
	t_eq_int(clasp_sacnin_merge(clasp_dmxin_universe(lines, 1))->count,
	    1);
}

static void
silence_is_the_end_of_a_source(void)
{
	begin();
	levels("a", 0, 100, 10, 20, 30);
	said();
	until(2499999);
	levels("b", 0, 90, 1, 2, 3);
	t_eq_str(said(), "");
	until(2500000);
	t_eq_str(said(), "/sacn/1/1 1 ; /sacn/1/2 2 ; /sacn/1/3 3\n");
	/* the last one: its levels stay */
	until(10000000);
	t_eq_str(said(), "");
	t_check(clasp_sacnin_due(in) == UINT64_MAX);
	levels("c", 0, 90, 7, 2, 3);
	t_eq_str(said(), "/sacn/1/1 7\n");
}

static void
on_loss_it_may_be_dark(void)
{
	begin_with((struct clasp_sacnin_config){ .blackout = true }, false);
	levels("a", 0, 100, 10, 0, 30);
	said();
	flagged("a", 1, 100, CLASP_SACN_TERMINATED, 9, 9, 9);
	t_eq_str(said(), "/sacn/1/1 0 ; /sacn/1/3 0\n");
	levels("a", 2, 100, 10, 0, 30);
	t_eq_str(said(), "/sacn/1/1 10 ; /sacn/1/3 30\n");
	until(2500000);
	t_eq_str(said(), "/sacn/1/1 0 ; /sacn/1/3 0\n");
}

static void
sequences_wrap_and_begin_again(void)
{
	static const struct {
		uint8_t sequence;
		bool taken;
	} table[] = {
		{ 254, true }, { 255, true }, { 0, true }, { 1, true },
		{ 1, false }, { 0, false }, { 238, false }, { 237, true },
		{ 237, false }, { 107, true }, { 108, true },
	};
	struct clasp_sacn p;
	size_t i;

	begin();
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		levels("a", table[i].sequence, 100, (int)i + 1, 0, 0);
		t_eq_int(strlen(said()) > 0, table[i].taken, "row %zu", i);
	}
	/* each universe counts for itself */
	p = from("a", 50, "\1", 1);
	p.universe = 2;
	give(&p);
	t_eq_str(said(), "/sacn/2/1 1\n");
}

static void
preview_when_asked_for(void)
{
	begin_with((struct clasp_sacnin_config){ .preview = true }, false);
	flagged("a", 0, 100, CLASP_SACN_PREVIEW, 1, 2, 3);
	t_eq_str(said(), "/sacn/1/1 1 ; /sacn/1/2 2 ; /sacn/1/3 3\n");
}

static void
other_start_codes_are_no_levels(void)
{
	struct clasp_sacn p = from("a", 0, "\377\377\377", 3);

	begin();
	p.start = 0xcc;
	give(&p);
	t_eq_str(said(), "");
	t_eq_int(dropped(CLASP_SACNIN_START), 1);
	levels("a", 0, 100, 1, 2, 3);
	t_eq_str(said(), "/sacn/1/1 1 ; /sacn/1/2 2 ; /sacn/1/3 3\n");
}

static void
priorities_slot_by_slot(void)
{
	struct clasp_sacn p = from("a", 0, "\144\1\0", 3);

	begin();
	p.start = CLASP_SACN_PRIORITIES;
	give(&p);
	t_eq_str(said(), "");
	levels("a", 1, 150, 10, 20, 30);
	t_eq_str(said(), "/sacn/1/1 10 ; /sacn/1/2 20\n");
	levels("b", 0, 100, 5, 5, 5);
	/* 100 against 100: the higher level; 1 against 100; nobody else */
	t_eq_str(said(), "/sacn/1/2 5 ; /sacn/1/3 5\n");
	until(1000000);
	levels("a", 2, 150, 10, 20, 30);
	levels("b", 1, 100, 5, 5, 5);
	until(2499999);
	levels("a", 3, 150, 10, 20, 30);
	levels("b", 2, 100, 5, 5, 5);
	t_eq_str(said(), "");
	/* they have stopped: the packet's own priority counts again */
	until(2500000);
	t_eq_str(said(), "/sacn/1/2 20 ; /sacn/1/3 30\n");
}

/* What nobody speaks for is not said to be dark. */
static void
slots_that_nobody_has_are_not_told(void)
{
	struct clasp_sacn p = from("a", 0, "\144\0\144", 3);

	begin();
	p.start = CLASP_SACN_PRIORITIES;
	give(&p);
	levels("a", 1, 100, 10, 20, 30);
	t_eq_str(said(), "/sacn/1/1 10 ; /sacn/1/3 30\n");
	levels("b", 0, 50, 1, 2, 3);
	t_eq_str(said(), "/sacn/1/2 2\n");
	/* what somebody had stays as it was */
	flagged("b", 1, 50, CLASP_SACN_TERMINATED, 0, 0, 0);
	t_eq_str(said(), "");
	levels("a", 2, 100, 10, 21, 31);
	t_eq_str(said(), "/sacn/1/3 31\n");
}

static void
a_short_frame_leaves_the_rest(void)
{
	struct clasp_sacn p = from("a", 1, "\11", 1);

	begin();
	levels("a", 0, 100, 1, 2, 3);
	said();
	give(&p);
	t_eq_str(said(), "/sacn/1/1 9\n");
	levels("b", 0, 100, 0, 0, 0);
	t_eq_str(said(), "");
}

static void
sixteen_sources_and_no_more(void)
{
	char name[2] = "A";
	int i;

	begin();
	for (i = 0; i < 17; i++, name[0]++)
		levels(name, 0, 100, i + 1, 0, 0);
	t_eq_int(dropped(CLASP_SACNIN_SOURCES), 1);
	said();
	levels("Q", 1, 200, 200, 0, 0);
	t_eq_str(said(), "");
	flagged("A", 1, 100, CLASP_SACN_TERMINATED, 0, 0, 0);
	levels("Q", 2, 200, 200, 0, 0);
	t_eq_str(said(), "/sacn/1/1 200\n");
}

static void
only_what_is_ours(void)
{
	struct clasp_sacn p = from("a", 0, "\1", 1);

	begin_with((struct clasp_sacnin_config){ .own = our_cid }, false);
	p.universe = 5;
	give(&p);
	t_eq_int(dropped(CLASP_SACNIN_UNIVERSE), 1);
	p.universe = 63999;
	give(&p);
	t_eq_str(said(), "/sacn/63999/1 1\n");
	memcpy(p.cid, our_cid, sizeof p.cid);
	give(&p);
	t_eq_str(said(), "");
	t_eq_int(dropped(CLASP_SACNIN_OWN), 1);
}

static void
who_has_the_say_is_told(void)
{
	begin_with((struct clasp_sacnin_config){ 0 }, true);
	levels("a", 0, 100, 10, 20, 30);
	t_eq_str(said(), "/sacn/1/1 by=a 10 ; /sacn/1/2 by=a 20 ; "
	    "/sacn/1/3 by=a 30\n");
	levels("b", 0, 100, 5, 50, 0);
	t_eq_str(said(), "/sacn/1/2 by=b 50\n");
}

static void
status_tells_who_sends(void)
{
	begin_with((struct clasp_sacnin_config){ .sources = on_sources },
	    false);
	levels("a", 0, 100, 1, 0, 0);
	t_eq_str(said(), "/sacn/1/1 1 ; /sacn/1/2 0 ; /sacn/1/3 0\n"
	    "/sacn/1/status {\"priority\":100,\"sources\":[{\"cid\":"
	    "\"61616161-6161-6161-6161-616161616161\",\"name\":\"a\","
	    "\"priority\":100}]}\n");
	levels("a", 1, 100, 2, 0, 0);
	t_eq_str(said(), "/sacn/1/1 2\n");
	levels("a", 2, 120, 2, 0, 0);
	t_check(strstr(said(), "\"priority\":120,\"sources\"") != NULL);
	until(2500000);
	t_eq_str(said(),
	    "/sacn/1/status {\"priority\":0,\"sources\":[]}\n");
}

/* --------------------------------------------------------- synchronisation */

/* Levels that name sync address 7; options may be CLASP_SACN_FORCE. */
static void
synced(const char *source, uint8_t sequence, uint8_t options, int a)
{
	uint8_t slots[1] = { (uint8_t)a };
	struct clasp_sacn p = from(source, sequence, slots, 1);

	p.sync = 7;
	p.options = options;
	give(&p);
}

static void
frames_wait_for_the_word(void)
{
	begin_with((struct clasp_sacnin_config){ .group = on_group }, false);
	/* no word was seen yet: at once, and listen for it */
	synced("a", 0, 0, 1);
	t_eq_str(said(), "join 7\n/sacn/1/1 1\n");
	sync_packet("a", 0, 7);
	synced("a", 1, 0, 2);
	synced("a", 2, 0, 3);
	t_eq_str(said(), "");
	sync_packet("a", 0, 7);		/* the same again */
	t_eq_int(dropped(CLASP_SACNIN_ORDER), 1);
	t_eq_str(said(), "");
	sync_packet("a", 1, 7);
	t_eq_str(said(), "/sacn/1/1 3\n");
	sync_packet("a", 2, 7);
	t_eq_str(said(), "");
	/* another address says nothing to these */
	synced("a", 3, 0, 4);
	sync_packet("a", 0, 8);
	t_eq_str(said(), "");
	/* without an address it acts at once, and what waited is old */
	levels("a", 4, 100, 5, 0, 0);
	said();
	sync_packet("a", 3, 7);
	t_eq_str(said(), "");
	/* a goodbye does not wait */
	synced("b", 0, 0, 200);
	synced("a", 5, 0, 6);
	flagged("a", 6, 100, CLASP_SACN_TERMINATED, 0, 0, 0);
	sync_packet("a", 4, 7);
	t_eq_str(said(), "/sacn/1/1 200\n");
}

static void
without_the_word(void)
{
	int i;

	begin_with((struct clasp_sacnin_config){ .group = on_group }, false);
	synced("a", 0, 0, 1);
	synced("b", 0, CLASP_SACN_FORCE, 1);
	sync_packet("a", 0, 7);
	said();
	for (i = 1; i < 25; i++) {
		until((uint64_t)i * 100000);
		synced("a", (uint8_t)i, 0, 100 + i);
		synced("b", (uint8_t)i, CLASP_SACN_FORCE, 50 + i);
		t_eq_str(said(), "", "%d", i);
	}
	/* 2.5 s: only the one that may go on, goes on */
	until(2500000);
	t_eq_str(said(), "/sacn/1/1 74\n");
	synced("a", 25, 0, 200);
	synced("b", 25, CLASP_SACN_FORCE, 80);
	t_eq_str(said(), "/sacn/1/1 80\n");
	sync_packet("a", 1, 7);
	t_eq_str(said(), "/sacn/1/1 200\n");
}

/* Priorities of slots wait, too, and are one frame with the levels. */
static void
priorities_wait_for_the_word(void)
{
	struct clasp_sacn p = from("a", 2, "\1\144", 2);

	begin();
	p.start = CLASP_SACN_PRIORITIES;
	p.sync = 7;
	levels("b", 0, 50, 1, 2, 3);
	levels("a", 0, 100, 10, 20, 30);
	said();
	sync_packet("a", 0, 7);
	give(&p);
	t_eq_str(said(), "");
	synced("a", 3, 0, 11);
	sync_packet("a", 1, 7);
	t_eq_str(said(), "/sacn/1/1 1 ; /sacn/1/3 3\n");
	/* alone, and replaced by newer ones that do not wait */
	p.slots = (const uint8_t *)"\144\144\144";
	p.count = 3;
	p.sequence = 4;
	give(&p);
	t_eq_str(said(), "");
	sync_packet("a", 2, 7);
	t_eq_str(said(), "/sacn/1/1 11 ; /sacn/1/3 30\n");
	p.slots = (const uint8_t *)"\1\1\1";
	p.sequence = 5;
	give(&p);
	p.slots = (const uint8_t *)"\144\144\1";
	p.sequence = 6;
	p.sync = 0;
	give(&p);
	t_eq_str(said(), "/sacn/1/3 3\n");
	sync_packet("a", 3, 7);
	t_eq_str(said(), "");
}

static void
groups_are_left_again(void)
{
	begin_with((struct clasp_sacnin_config){ .group = on_group }, false);
	synced("a", 0, 0, 1);
	said();
	until(5000000);
	synced("a", 1, 0, 1);
	until(14999999);
	t_eq_str(said(), "");
	until(15000000);
	t_eq_str(said(), "leave 7\n");
	/* from the start again */
	synced("a", 9, 0, 2);
	t_eq_str(said(), "join 7\n/sacn/1/1 2\n");
}

static void
no_end_of_addresses(void)
{
	struct clasp_sacn p = from("b", 0, "\5", 1);
	int i;

	begin();
	for (i = 1; i <= CLASP_SACNIN_SYNCS + 50; i++)
		sync_packet("a", 0, (unsigned)i);
	synced("a", 0, 0, 1);
	t_eq_str(said(), "");		/* 7 is known */
	p.sync = CLASP_SACNIN_SYNCS + 50;
	give(&p);
	t_eq_str(said(), "/sacn/1/1 5\n");	/* this one is not ... */
	sync_packet("b", 1, CLASP_SACNIN_SYNCS + 50);
	p.sequence = 1;
	give(&p);
	t_eq_str(said(), "");		/* ... but has a place now */
}

/* Words alone join nothing; sources join no more than there is room for. */
static void
no_end_of_groups(void)
{
	struct clasp_sacn p = from("a", 0, "\1", 1);
	const char *at;
	int i, joins = 0;

	begin_with((struct clasp_sacnin_config){ .group = on_group }, false);
	for (i = 1; i <= 63999; i++)
		sync_packet("x", 0, (unsigned)i);
	t_eq_str(said(), "");
	for (i = 1; i <= 2 * CLASP_SACNIN_SYNCS; i++) {
		p.sequence++;
		p.sync = (uint16_t)(1000 + i);
		give(&p);
		for (at = said(); (at = strstr(at, "join")) != NULL; at++)
			joins++;
	}
	t_eq_int(joins, CLASP_SACNIN_SYNCS);
	joins = 0;
	until(11000000);
	for (at = clasp_buf_cstr(&out);
	    (at = strstr(at, "leave")) != NULL; at++)
		joins++;
	t_eq_int(joins, CLASP_SACNIN_SYNCS);
}

int
main(void)
{
	t_run(the_worked_examples);
	t_run(lengths_of_a_full_universe);
	t_run(what_is_no_packet);
	t_run(an_older_discovery_is_no_fault);
	t_run(names_are_text);
	t_run(cids_are_uuids);
	t_run(the_highest_priority_has_the_say);
	t_run(silence_is_the_end_of_a_source);
	t_run(on_loss_it_may_be_dark);
	t_run(sequences_wrap_and_begin_again);
	t_run(preview_when_asked_for);
	t_run(other_start_codes_are_no_levels);
	t_run(priorities_slot_by_slot);
	t_run(slots_that_nobody_has_are_not_told);
	t_run(a_short_frame_leaves_the_rest);
	t_run(sixteen_sources_and_no_more);
	t_run(only_what_is_ours);
	t_run(who_has_the_say_is_told);
	t_run(status_tells_who_sends);
	t_run(frames_wait_for_the_word);
	t_run(without_the_word);
	t_run(priorities_wait_for_the_word);
	t_run(groups_are_left_again);
	t_run(no_end_of_addresses);
	t_run(no_end_of_groups);
	clasp_sacnin_free(in);
	clasp_dmxin_free(lines);
	clasp_buf_clear(&out);
	return t_end();
}
