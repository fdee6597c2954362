/* test_osc.c - OSC packets become lines, lines become packets. */
#include "t.h"

#include <stdlib.h>

#include "proto/osc.h"
#include "proto/oscstream.h"

static struct clasp_buf text;
static struct clasp_osc_in in;
static struct clasp_osc_out out;

static void
take(const struct clasp_line *line, void *user)
{
	(void)user;
	if (clasp_line_format(&text, line, 0) < 0)
		abort();
}

static int
digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Hex with blanks into a block of its own, so that over-reading is seen. */
static uint8_t *
from_hex(const char *hex, size_t *len)
{
	size_t n = 0, i = 0;
	uint8_t *p;

	for (; hex[i] != '\0'; i++)
		n += hex[i] != ' ';
	p = malloc(n / 2 + (n == 0));
	if (p == NULL)
		abort();
	for (*len = 0; *hex != '\0';) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		p[(*len)++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex += 2;
	}
	return p;
}

static unsigned long
dropped(void)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		n += in.drops[i];
	return n;
}

static const char *
decode_bytes(const uint8_t *p, size_t len)
{
	struct clasp_arena arena;

	clasp_arena_init(&arena, NULL, 0, 64 << 20);
	clasp_buf_reset(&text);
	clasp_osc_decode(&in, p, len, &arena, take, NULL);
	clasp_arena_clear(&arena);
	return clasp_buf_cstr(&text);
}

static const char *
decode(const char *hex)
{
	size_t len;
	uint8_t *p = from_hex(hex, &len);

	decode_bytes(p, len);
	free(p);
	return clasp_buf_cstr(&text);
}

static const char *
encode(const char *line)
{
	struct clasp_line parsed;
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_buf packet = { 0 };
	size_t i, n;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	clasp_buf_reset(&text);
	if (clasp_line_parse(clasp_str_c(line), &arena, &parsed, &err) < 0)
		t_check(0, "%s: %s", line, err.reason);
	else {
		n = clasp_osc_encode(&out, &parsed.items[0].msg, &packet);
		t_eq_int(n, packet.len);
		t_eq_int(n % 4, 0, "%s", line);
		for (i = 0; i < n; i++)
			clasp_buf_printf(&text, "%02x", packet.data[i]);
	}
	clasp_buf_clear(&packet);
	clasp_arena_clear(&arena);
	return clasp_buf_cstr(&text);
}

struct row {
	const char *id, *hex, *line;
};

/* ------------------------------------------------------------- examples */

static const struct row inbound[] = {
	{ "OSC-01", "2f73796e74682f766f6c756d650000002c6600003f400000",
	    "/osc/synth/volume 0.75\n" },
	{ "OSC-03", "2f6e00002c690000fffffff9", "/osc/n -7\n" },
	{ "OSC-04", "2f6c00002c6800007fffffffffffffff",
	    "/osc/l 9223372036854775807\n" },
	{ "OSC-05", "2f6400002c6400004004000000000000", "/osc/d 2.5\n" },
	{ "OSC-07", "2f7300002c73000068656c6c6f000000",
	    "/osc/s \"hello\"\n" },
	{ "OSC-08", "2f5300002c53000073796d00", "/osc/S \"sym\"\n" },
	{ "OSC-09", "2f7400002c540000", "/osc/t true\n" },
	{ "OSC-11", "2f7400002c54464e49000000",
	    "/osc/t [true,false,null,inf]\n" },
	{ "OSC-12", "2f6d6978000000002c69667300000000000000013f000000676f00"
	    "00", "/osc/mix [1,0.5,\"go\"]\n" },
	{ "OSC-13", "2f6e6f6e650000002c000000", "/osc/none null\n" },
	{ "OSC-15", "2f6200002c6200000000000301020300",
	    "/osc/b x\"010203\"\n" },
	{ "OSC-16", "2f6200002c62000000000000", "/osc/b x\"\"\n" },
	{ "OSC-17", "2f6300002c720000ff8000ff", "/osc/c [255,128,0,255]\n" },
	{ "OSC-19", "2f6b00002c63000000000041", "/osc/k \"A\"\n" },
	{ "OSC-20", "2f7600002c5b69695d0000000000000100000002",
	    "/osc/v [1,2]\n" },
	{ "OSC-21", "2f7700002c695b69695d69000000000100000002000000030000000"
	    "4", "/osc/w [1,[2,3],4]\n" },
	{ "OSC-23", "2f7474002c740000e8fe6f8080000000",
	    "/osc/tt 1700000000500000\n" },
	{ "OSC-24", "2362756e646c650000000000000000010000000c2f6100002c69000"
	    "0000000010000000c2f6200002c69000000000002",
	    "/osc/a 1 ; /osc/b 2\n" },
	{ "OSC-25", "2362756e646c6500eead4a95400000000000000c2f6100002c66000"
	    "03f000000", "/osc/a at=1795345429.250000 0.5\n" },
	{ "OSC-27", "2f6375652f676f002c73730000000000c3a90000",
	    "/osc/cue/go [\"\",\"\303\251\"]\n" },

	{ "no tag string", "2f6100 00", "/osc/a null\n" },
	{ "arguments without tags", "2f610000 00000001", "/osc/a null\n" },
	{ "immediate tag", "2f610000 2c740000 0000000000000001",
	    "/osc/a 0\n" },
	{ "after 2036", "2f610000 2c740000 0000000000000000",
	    "/osc/a 2085978496000000\n" },
	{ "the last fraction", "2f610000 2c740000 e8fe6f80ffffffff",
	    "/osc/a 1700000001000000\n" },
	{ "midi", "2f610000 2c6d0000 00903c7f", "/osc/a [0,144,60,127]\n" },
	{ "not UTF-8", "2f610000 2c730000 ff000000", "/osc/a x\"ff\"\n" },
	{ "Latin-1 character", "2f610000 2c630000 000000e9",
	    "/osc/a \"\303\251\"\n" },
	{ "float of the C library", "2f610000 2c660000 3dcccccd",
	    "/osc/a 0.1\n" },
	{ "float nan", "2f610000 2c660000 7fc00000", "/osc/a nan\n" },
	{ "empty array", "2f610000 2c5b5d00", "/osc/a []\n" },
	{ "two arrays", "2f610000 2c5b5d5b545d0000", "/osc/a [[],[true]]\n" },
	{ "array alone in an array", "2f610000 2c5b5b545d5d0000",
	    "/osc/a [[true]]\n" },
	{ "one in a bundle", "2362756e646c6500 0000000000000001 00000008 "
	    "2f610000 2c540000", "/osc/a true ;\n" },
	{ "empty bundle", "2362756e646c6500 0000000000000001", "" },
	{ "bundle in a bundle",
	    "2362756e646c6500 0000000000000001 "
	    "00000008 2f610000 2c540000 "
	    "0000001c 2362756e646c6500 0000000000000001 "
	    "00000008 2f620000 2c540000 "
	    "00000008 2f630000 2c540000",
	    "/osc/a true ; /osc/b true ; /osc/c true\n" },
	{ "a later one is its own",
	    "2362756e646c6500 0000000000000001 "
	    "0000001c 2362756e646c6500 eead4a9540000000 "
	    "00000008 2f620000 2c540000 "
	    "00000008 2f630000 2c540000",
	    "/osc/c true ;\n/osc/b at=1795345429.250000 true\n" },
	{ "an earlier one is not",
	    "2362756e646c6500 eead4a9540000000 "
	    "0000001c 2362756e646c6500 eead4a9440000000 "
	    "00000008 2f620000 2c540000",
	    "/osc/b at=1795345429.250000 true\n" },
	{ NULL, NULL, NULL }
};

static const struct row outbound[] = {
	{ "OSC-28", "2f73796e74682f766f6c756d650000002c6600003f400000",
	    "/osc/synth/volume 0.75" },
	{ "OSC-29", "2f6100002c6900000000002a", "/osc/a 42" },
	{ "OSC-31", "2f6100002c69000080000000", "/osc/a -2147483648" },
	{ "OSC-32", "2f7400002c540000", "/osc/t true" },
	{ "OSC-33", "2f6e00002c000000", "/osc/n null" },
	{ "OSC-35", "2f6375652f676f002c730000696e74726f000000",
	    "/osc/cue/go event \"intro\"" },
	{ "OSC-36", "2f6d6978000000002c69667300000000000000013f000000676f00"
	    "00", "/osc/mix [1,0.5,\"go\"]" },
	{ "OSC-37", "2f7600002c69696900000000000000010000000200000003",
	    "/osc/v [1,[2,3]]" },
	{ "OSC-39", "2f6200002c620000000000050102030405000000",
	    "/osc/b x\"0102030405\"" },
	{ "OSC-40", "2f7000002c7300007b2278223a302e352c2279223a317d00",
	    "/osc/p {\"y\":1,\"x\":0.5}" },
	{ "OSC-41", "2f6700002c6600003dcccccd", "/osc/g 0.1" },

	{ "wide int", "2f6100002c6800000000000080000000",
	    "/osc/a 2147483648" },
	{ "event without value", "2f6100002c000000", "/osc/a event" },
	{ "null in an array", "2f6100002c4e4600", "/osc/a [null,false]" },
	{ "empty array", "2f6100002c000000", "/osc/a []" },
	{ "last sample", "2f6100002c6600003f000000",
	    "/osc/a samples [1.0,0.5]" },
	{ "gesture", "2f6100002c69000000000001",
	    "/osc/a gesture id=1 phase=move 1" },
	{ "text of four", "2f6100002c730000616263640000 0000",
	    "/osc/a \"abcd\"" },
	{ "nan", "2f6100002c6600007fc00000", "/osc/a nan" },
	{ "too large for 32 bits", "2f6100002c6600007f800000",
	    "/osc/a 1e300" },
	{ "timeline", "", "/osc/a timeline [[0,1]]" },
	{ "no samples", "", "/osc/a samples []" },
	{ "NUL", "", "/osc/a \"a\\u0000b\"" },
	{ "another namespace", "", "/oscar/a 1" },
	{ "the namespace itself", "", "/osc 1" },
	{ "pattern sign", "", "/osc/a[1] 1" },
	{ "blank", "", "\"/osc/a b\" 1" },
	{ NULL, NULL, NULL }
};

static void
packets_become_lines(void)
{
	const struct row *r;

	for (r = inbound; r->id != NULL; r++)
		t_eq_str(decode(r->hex), r->line, "%s", r->id);
	t_eq_int(dropped(), 0);
}

static void
check_outbound(const struct row *r)
{
	char want[512];
	size_t n, i;

	for (; r->id != NULL; r++) {
		for (n = i = 0; r->hex[i] != '\0'; i++)
			if (r->hex[i] != ' ')
				want[n++] = r->hex[i];
		want[n] = '\0';
		t_eq_str(encode(r->line), want, "%s", r->id);
	}
}

static void
lines_become_packets(void)
{
	check_outbound(outbound);
	t_eq_int(out.drops[CLASP_OSC_VALUE], 2);
	t_eq_int(out.drops[CLASP_OSC_NUL], 1);
	t_eq_int(out.drops[CLASP_OSC_SEGMENT], 2);
}

static const struct row wide[] = {
	{ "int", "2f6100002c680000000000000000002a", "/osc/a 42" },
	{ "float", "2f6100002c6400003fb999999999999a", "/osc/a 0.1" },
	{ NULL, NULL, NULL }
};
static const struct row as_float[] = {
	{ "int", "2f6100002c66000042280000", "/osc/a 42" },
	{ "bool", "2f6100002c540000", "/osc/a true" },
	{ NULL, NULL, NULL }
};
static const struct row bool_int[] = {
	{ "bools", "2f6100002c6969000000000100000000", "/osc/a [true,false]" },
	{ NULL, NULL, NULL }
};
static const struct row arrays[] = {
	{ "inner", "2f6100002c695b5b545d665d00000000000000013f000000",
	    "/osc/a [1,[[true],0.5]]" },
	{ "one", "2f6100002c5b545d00000000", "/osc/a [[true]]" },
	{ "plain", "2f6100002c544600", "/osc/a [true,false]" },
	{ NULL, NULL, NULL }
};

static void
options_change_what_is_sent(void)
{
	out.wide = true;
	check_outbound(wide);
	out.wide = false;
	out.as_float = true;
	check_outbound(as_float);
	out.as_float = false;
	out.bool_int = true;
	check_outbound(bool_int);
	out.bool_int = false;
	out.arrays = true;
	check_outbound(arrays);
	out.arrays = false;
	out.prefix = CLASP_STR("");
	t_eq_str(encode("/a 1"), "2f6100002c69000000000001", "no namespace");
	out.prefix = CLASP_STR("/osc");
}

static const char *const malformed[] = {
	"2f6b00002c6600003f40",
	"2f6b00",
	"6162",
	"61620000",
	"2f620000 2c620000 7fffffff 00000000",
	"2f620000 2c620000 ffffffff 00000000",
	"2f630000 2c5b6900 00000001",
	"2f630000 2c695d00 00000001",
	"2f640000 2c7a0000",
	"",
	"2362756e646c6500 0000000000000001 00000010 2f610000",
	"2362756e646c6500 0000000000000001 00000000",
	"2362756e646c6500 0000000000000001 00000006 2f6100002c00",
	"2362756e646c6500 0000000000000001 ffffffff",
	"2362756e646c6500 00000000",
	/* good ones before the bad one do not help */
	"2362756e646c6500 0000000000000001 00000008 2f610000 2c540000 "
	    "00000001 00000000",
	"2f2a0000 2c690000 00000001",
	"2f613f00 2c690000 00000001",
	"2f2f6100 2c690000 00000001",
	"2f612f00 2c690000 00000001",
	"2f000000 2c690000 00000001",
	"2f017f00 2c690000 00000001",
	"2f612062 00000000 2c690000 00000001",
	"2fff0000 2c690000 00000001",
	"2f610000 2c737300 61626364 65666768",
	"2f610000 2c690000",
	"2f610000 2c686900 00000000 00000000",
	"2f610000 2c696969",
};

static void
malformed_packets_give_nothing(void)
{
	static const unsigned char seed = 7;
	uint8_t *noise;
	unsigned long before;
	uint32_t x = seed;
	size_t i, j;

	for (i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
		before = dropped();
		t_eq_str(decode(malformed[i]), "", "%s", malformed[i]);
		t_eq_int(dropped(), before + 1, "%s", malformed[i]);
	}
	noise = malloc(CLASP_OSC_DATAGRAM_MAX);
	for (i = 0; noise != NULL && i < 4; i++) {
		for (j = 0; j < CLASP_OSC_DATAGRAM_MAX; j++) {
			x = x * 1664525 + 1013904223;
			noise[j] = (uint8_t)(x >> 24);
		}
		t_eq_str(decode_bytes(noise, CLASP_OSC_DATAGRAM_MAX), "");
	}
	free(noise);
	/* a bad message falls out of its bundle alone */
	t_eq_str(decode("2362756e646c6500 0000000000000001 "
	    "00000008 2f610000 2c540000 00000008 2f2a0000 2c540000"),
	    "/osc/a true ;\n");
}

/* Every truncation and every changed byte of every example. */
static void
damaged_packets_are_survived(void)
{
	const struct row *r;
	uint8_t *p, *copy;
	size_t len, n;
	int bit;

	for (r = inbound; r->id != NULL; r++) {
		p = from_hex(r->hex, &len);
		for (n = 0; n < len; n++) {
			copy = malloc(n + (n == 0));
			if (copy == NULL)
				abort();
			memcpy(copy, p, n);
			decode_bytes(copy, n);
			free(copy);
			for (bit = 0; bit < 8; bit++) {
				p[n] ^= (uint8_t)(1 << bit);
				decode_bytes(p, len);
				p[n] ^= (uint8_t)(1 << bit);
			}
		}
		free(p);
	}
	t_check(dropped() > 100);
}

static void
depth_and_size_are_limited(void)
{
	uint8_t packet[1024] = "/a\0\0,";
	unsigned depth, i;
	uint8_t *big;
	const char *wanted;

	for (depth = 16; depth <= 17; depth++) {
		memset(packet + 5, '[', depth);
		memset(packet + 5 + depth, ']', depth);
		memset(packet + 5 + 2 * depth, 0, 8);
		decode_bytes(packet, (5 + 2 * depth) / 4 * 4 + 4);
		t_eq_int(text.len > 0, depth == 16, "%u arrays", depth);
	}
	for (depth = 16; depth <= 17; depth++) {
		for (i = 0; i < depth; i++) {
			memcpy(packet + i * 20, "#bundle", 8);
			memcpy(packet + i * 20 + 8, "\0\0\0\0\0\0\0\1", 8);
			memset(packet + i * 20 + 16, 0, 4);
			packet[i * 20 + 18] = (uint8_t)(((depth - 1 - i) * 20
			    + 8) >> 8);
			packet[i * 20 + 19] = (uint8_t)((depth - 1 - i) * 20
			    + 8);
		}
		memcpy(packet + depth * 20, "/a\0\0,T\0\0", 8);
		wanted = depth == 16 ? "/osc/a true ;\n" : "";
		t_eq_str(decode_bytes(packet, depth * 20 + 8), wanted,
		    "%u bundles", depth);
	}
	/* 40,000 booleans are 80,000 bytes of a frame */
	big = calloc(1, 40016);
	if (big == NULL)
		abort();
	memcpy(big, "/a\0\0,", 5);
	memset(big + 5, 'T', 40000);
	i = (unsigned)in.drops[CLASP_OSC_LARGE];
	t_eq_str(decode_bytes(big, 40008), "");
	t_eq_int(in.drops[CLASP_OSC_LARGE], i + 1);
	memset(big + 5 + 30000, 0, 10000);
	decode_bytes(big, 30008);
	t_eq_int(text.len, 30000 * 5 + 9);
	free(big);
}

static void
events_are_what_the_patterns_say(void)
{
	static const struct clasp_str patterns[] = {
		{ "/osc/cue/" "**", 11 }, { "/osc/x", 6 } };

	in.events = patterns;
	in.nevents = 2;
	t_eq_str(decode("2f6375652f676f00 2c690000 00000001"),
	    "/osc/cue/go event 1\n");
	t_eq_str(decode("2f780000 2c000000"), "/osc/x event null\n");
	t_eq_str(decode("2f790000 2c000000"), "/osc/y null\n");
	in.nevents = 0;
	in.prefix = CLASP_STR("");
	t_eq_str(decode("2f790000 2c540000"), "/y true\n");
	in.prefix = CLASP_STR("/osc");
}

static void
times_go_both_ways(void)
{
	static const uint64_t times[] = { 1, 999999, 1000000,
	    UINT64_C(1700000000500000), UINT64_C(1795345429250001),
	    UINT64_C(2085978495999999), UINT64_C(2085978496000000),
	    UINT64_C(3000000000123457) };
	size_t i;

	for (i = 0; i < sizeof times / sizeof times[0]; i++)
		t_eq_int(clasp_osc_time_us(clasp_osc_time_tag(times[i])),
		    times[i]);
	t_eq_int(clasp_osc_time_us(CLASP_OSC_IMMEDIATE), 0);
}

/* --------------------------------------------------------------- streams */

static void
take_packet(const uint8_t *p, size_t len, void *user)
{
	size_t i;

	(void)user;
	for (i = 0; i < len; i++)
		clasp_buf_printf(&text, "%02x", p[i]);
	clasp_buf_add_c(&text, ".");
}

/* All packets of a stream, fed in pieces of `step` bytes. */
static const char *
cut(const char *hex, size_t step, int want)
{
	struct clasp_osc_stream s = { .packet = take_packet };
	size_t len, at, n;
	uint8_t *p = from_hex(hex, &len);
	int r = 0;

	clasp_buf_reset(&text);
	for (at = 0; at < len && r == 0; at += n) {
		n = len - at < step ? len - at : step;
		r = clasp_osc_stream_feed(&s, p + at, n);
	}
	t_eq_int(r < 0, want, "%s", hex);
	clasp_osc_stream_clear(&s);
	free(p);
	return clasp_buf_cstr(&text);
}

static void
streams_are_cut_into_packets(void)
{
	size_t step;

	for (step = 1; step < 40; step++) {
		t_eq_str(cut("0000000c 2f610000 2c690000 0000002a "
		    "00000008 2f620000 2c540000", step, 0),
		    "2f6100002c6900000000002a.2f6200002c540000.", "lengths");
		t_eq_str(cut("c0 2f61dbdc 00dbdd00 c0 c0c0 2f62 c0", step, 0),
		    "2f61c000db00.2f62.", "SLIP");
		t_eq_str(cut("c0 2f61db00 2f62 c0 2f63 c0", step, 0),
		    "2f63.", "bad escape");
		t_eq_str(cut("ffffffff 2f610000", step, 1), "", "no length");
		t_eq_str(cut("00000000 00000004 2f610000", step, 0),
		    ".2f610000.", "a packet of nothing");
	}
}

static void
packets_are_framed(void)
{
	struct clasp_buf buf = { 0 };

	clasp_buf_reset(&text);
	clasp_osc_frame_length(&buf, (const uint8_t *)"/a\0\0", 4);
	take_packet(buf.data, buf.len, NULL);
	t_eq_str(clasp_buf_cstr(&text), "000000042f610000.");
	clasp_buf_reset(&buf);
	clasp_buf_reset(&text);
	clasp_osc_frame_slip(&buf, (const uint8_t *)"\300\333/a", 4);
	take_packet(buf.data, buf.len, NULL);
	t_eq_str(clasp_buf_cstr(&text), "c0dbdcdbdd2f61c0.");
	clasp_buf_clear(&buf);
}

int
main(void)
{
	in.prefix = out.prefix = CLASP_STR("/osc");
	t_run(packets_become_lines);
	t_run(lines_become_packets);
	t_run(options_change_what_is_sent);
	t_run(malformed_packets_give_nothing);
	t_run(damaged_packets_are_survived);
	t_run(depth_and_size_are_limited);
	t_run(events_are_what_the_patterns_say);
	t_run(times_go_both_ways);
	t_run(streams_are_cut_into_packets);
	t_run(packets_are_framed);
	clasp_buf_clear(&text);
	return t_end();
}
