/* DMX: values, addresses, the frame model, its ticks; received frames. */

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "proto/dmx.h"
#include "proto/dmxin.h"
#include "t.h"
#include "wire/line.h"

static struct clasp_buf out;

/* Apply a line; the levels are in dmx. */
static int
apply(struct clasp_dmx *dmx, const char *text)
{
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_line_error err;
	struct clasp_msg msg;
	int n;

	clasp_arena_init(&arena, NULL, 0, 1 << 24);
	n = clasp_line_parse(clasp_str_c(text), &arena, &line, &err);
	t_check(n == 0, "%s: %s", text, err.reason);
	if (n == 0 && clasp_line_to_msg(&line, &arena, &msg, NULL) == 0)
		n = clasp_dmx_apply(dmx, &msg);
	clasp_arena_clear(&arena);
	return n;
}

static void
values_become_levels(void)
{
	static const struct {
		const char	*value;
		enum clasp_dmx_scale scale;
		int		 level;	/* -1: ignored */
	} cases[] = {
		{ "0", CLASP_DMX_AUTO, 0 },
		{ "1", CLASP_DMX_AUTO, 1 },
		{ "255", CLASP_DMX_AUTO, 255 },
		{ "300", CLASP_DMX_AUTO, 255 },
		{ "-5", CLASP_DMX_AUTO, 0 },
		{ "9223372036854775807", CLASP_DMX_AUTO, 255 },
		{ "0.5", CLASP_DMX_AUTO, 127 },
		{ "1.0", CLASP_DMX_AUTO, 255 },
		{ "0.0", CLASP_DMX_AUTO, 0 },
		{ "-0.5", CLASP_DMX_AUTO, 0 },
		{ "1.5", CLASP_DMX_AUTO, 1 },
		{ "128.0", CLASP_DMX_AUTO, 128 },
		{ "300.5", CLASP_DMX_AUTO, 255 },
		{ "1e300", CLASP_DMX_AUTO, 255 },
		{ "inf", CLASP_DMX_AUTO, 255 },
		{ "-inf", CLASP_DMX_AUTO, 0 },
		{ "nan", CLASP_DMX_AUTO, -1 },
		{ "true", CLASP_DMX_AUTO, 255 },
		{ "false", CLASP_DMX_AUTO, 0 },
		{ "null", CLASP_DMX_AUTO, -1 },
		{ "\"9\"", CLASP_DMX_AUTO, -1 },
		{ "{\"a\":1}", CLASP_DMX_AUTO, -1 },
		{ "x\"01\"", CLASP_DMX_AUTO, -1 },
		{ "[1]", CLASP_DMX_AUTO, -1 },
		{ "1.0", CLASP_DMX_RAW, 1 },
		{ "0.9", CLASP_DMX_RAW, 0 },
		{ "200.9", CLASP_DMX_RAW, 200 },
		{ "7", CLASP_DMX_RAW, 7 },
		{ "1", CLASP_DMX_UNIT, 255 },
		{ "2", CLASP_DMX_UNIT, 255 },
		{ "2.5", CLASP_DMX_UNIT, 255 },
		{ "0.5", CLASP_DMX_UNIT, 127 },
		{ "-1", CLASP_DMX_UNIT, 0 },
	};
	struct clasp_dmx dmx;
	char line[80];
	size_t i;
	int n;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 0);
		dmx.scale = cases[i].scale;
		dmx.level[4] = 77;
		snprintf(line, sizeof line, "/dmx/0/5 %s", cases[i].value);
		n = apply(&dmx, line);
		t_eq_int(n, cases[i].level >= 0, "%s", line);
		t_eq_int(dmx.level[4], cases[i].level >= 0 ? cases[i].level :
		    77, "%s, scale %d", line, cases[i].scale);
		t_eq_int(dmx.drops[CLASP_DMX_DROP_VALUE],
		    cases[i].level < 0, "%s", line);
		t_eq_int(dmx.dirty, cases[i].level >= 0, "%s", line);
	}
}

static void
addresses_name_channels(void)
{
	static const struct {
		const char	*line;
		int		 drop;	/* -1: taken */
	} cases[] = {
		{ "/dmx/3/1 9", -1 },
		{ "/dmx/3/512 9", -1 },
		{ "/dmx/3/1 event 9", -1 },
		{ "/dmx/3/1 stream 9", -1 },
		{ "/dmx/3 [9]", -1 },
		{ "/dmx/3 stream x\"09\"", -1 },
		{ "/dmx/3 x\"09\"", -1 },
		{ "/dmx/3/0 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/513 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/01 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/03/1 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/+1 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/1x 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/1/1 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/x/1 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/3/99999999999999999999 9", CLASP_DMX_DROP_ADDRESS },
		{ "/dmx/4/1 9", CLASP_DMX_DROP_UNIVERSE },
		{ "/dmx/4 [9]", CLASP_DMX_DROP_UNIVERSE },
		{ "/dmx/3 9", CLASP_DMX_DROP_VALUE },
		{ "/dmx/3/1 [9]", CLASP_DMX_DROP_VALUE },
		{ "/dmx 9", CLASP_DMX_DROP_OUTSIDE },
		{ "/dmxen/3/1 9", CLASP_DMX_DROP_OUTSIDE },
		{ "/light/3/1 9", CLASP_DMX_DROP_OUTSIDE },
		{ "/dmx/3/1 event", CLASP_DMX_DROP_MESSAGE },
		{ "/dmx/3/1 gesture id=1 phase=move 9",
		    CLASP_DMX_DROP_MESSAGE },
	};
	struct clasp_dmx dmx;
	size_t i;
	int n;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 3);
		n = apply(&dmx, cases[i].line);
		t_eq_int(n, cases[i].drop < 0, "%s", cases[i].line);
		if (cases[i].drop >= 0)
			t_eq_int(dmx.drops[cases[i].drop], 1, "%s: %s",
			    cases[i].line,
			    clasp_dmx_drop_name(cases[i].drop));
	}
}

static void
flat_addresses(void)
{
	struct clasp_dmx dmx;

	clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 1);
	dmx.flat = true;
	t_eq_int(apply(&dmx, "/dmx/512 9"), 1);
	t_eq_int(dmx.level[511], 9);
	t_eq_int(apply(&dmx, "/dmx/513 9"), 0);
	t_eq_int(apply(&dmx, "/dmx/0 9"), 0);
	t_eq_int(dmx.drops[CLASP_DMX_DROP_ADDRESS], 2);
	t_eq_int(apply(&dmx, "/dmx/1/2 8"), 1, "the long form too");
	t_eq_int(apply(&dmx, "/dmx/1 [7]"), 1);
	t_eq_int(dmx.level[0], 7);
	t_eq_int(dmx.level[1], 8);
}

static void
arrays_and_bytes_set_the_first_channels(void)
{
	static char text[16 + 4 * 600];
	struct clasp_dmx dmx;
	int i;

	clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 0);
	apply(&dmx, "/dmx/0/3 33");
	t_eq_int(apply(&dmx, "/dmx/0 [1,null,0.5,true]"), 3);
	t_eq_int(dmx.level[0], 1);
	t_eq_int(dmx.level[1], 0, "null leaves the channel");
	t_eq_int(dmx.level[2], 127);
	t_eq_int(dmx.level[3], 255);
	t_eq_int(dmx.drops[CLASP_DMX_DROP_VALUE], 1);
	t_eq_int(apply(&dmx, "/dmx/0 stream x\"0a0b\""), 2);
	t_eq_int(dmx.level[1], 11);
	t_eq_int(dmx.level[2], 127, "the rest stays");

	strcpy(text, "/dmx/0 [");
	for (i = 0; i < 600; i++)
		strcat(text, i ? ",1" : "1");
	strcat(text, "]");
	t_eq_int(apply(&dmx, text), 512, "more than there are");
	t_eq_int(dmx.drops[CLASP_DMX_DROP_ADDRESS], 1);
}

static void
large_floats_make_levels(void)
{
	struct clasp_dmx dmx;

	clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 0);
	apply(&dmx, "/dmx/0/1 1.0");
	t_eq_int(dmx.level[0], 255);
	t_check(!dmx.switched);
	apply(&dmx, "/dmx/0/1 128.0");
	t_check(dmx.switched);
	dmx.switched = false;
	apply(&dmx, "/dmx/0/1 1.0");
	t_eq_int(dmx.level[0], 1, "from then on");
	apply(&dmx, "/dmx/0/2 1.0");
	t_eq_int(dmx.level[1], 255, "another address is not concerned");
	t_check(!dmx.switched);
	apply(&dmx, "/dmx/0 [1.0,128.0]");
	t_eq_int(dmx.level[0], 1, "an array is one value");
	apply(&dmx, "/dmx/0 [1.0]");
	t_eq_int(dmx.level[0], 1);
}

static void
bundles_are_one(void)
{
	struct clasp_dmx dmx;

	clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 0);
	t_eq_int(apply(&dmx, "/dmx/0/1 1 ; /dmx/0/2 event 2 ; /x 3"), 2);
	t_eq_int(dmx.level[1], 2);
}

static void
only_news_is_dirty(void)
{
	struct clasp_dmx dmx;

	clasp_dmx_init(&dmx, CLASP_STR("/dmx"), 0);
	t_check(!dmx.dirty);
	apply(&dmx, "/dmx/0/1 0");
	t_check(dmx.dirty, "the first frame is news even when dark");
	clasp_dmx_sent(&dmx);
	apply(&dmx, "/dmx/0/1 0");
	t_check(!dmx.dirty);
	apply(&dmx, "/dmx/0/1 1");
	t_check(dmx.dirty);
	clasp_dmx_sent(&dmx);
	clasp_dmx_blackout(&dmx);
	t_check(dmx.dirty);
	t_eq_int(dmx.level[0], 0);
}

static void
ticks_do_not_drift(void)
{
	struct clasp_dmx_pace pace = { .t0_us = 1000007, .rate_hz = 44,
	    .keepalive_us = 1000000 };
	uint64_t now = 0;
	int64_t off;
	int k, wrong = 0;

	for (k = 0; k < 44 * 1000; k++) {
		now = clasp_dmx_pace_next(&pace, now);
		off = (int64_t)(now - pace.t0_us) - k * INT64_C(1000000) / 44;
		if (off < 0 || off > 1)
			wrong++;
	}
	t_eq_int(wrong, 0, "ticks in 1000 s");
	/* called late, it gives the tick that is next, not all it missed */
	pace.t0_us = 0;
	pace.rate_hz = 40;
	t_eq_int(clasp_dmx_pace_next(&pace, 0), 25000);
	t_eq_int(clasp_dmx_pace_next(&pace, 24999), 25000);
	t_eq_int(clasp_dmx_pace_next(&pace, 25000), 50000);
	t_eq_int(clasp_dmx_pace_next(&pace, 1000010), 1025000);
}

static void
keepalive_is_in_time(void)
{
	struct clasp_dmx_pace pace = { .rate_hz = 40,
	    .keepalive_us = 1000000 };

	t_check(!clasp_dmx_pace_keepalive(&pace, 0, 25000));
	t_check(!clasp_dmx_pace_keepalive(&pace, 0, 975000));
	t_check(clasp_dmx_pace_keepalive(&pace, 0, 1000000));
	/* the last tick within the second when none is at its end */
	pace.rate_hz = 1.5;
	t_check(clasp_dmx_pace_keepalive(&pace, 0, 666667));
}

/* ------------------------------------------------------------- receiving */

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&out, line, 0);
}

static struct clasp_dmxin *
receiver(bool flat, bool whole, bool repeat)
{
	struct clasp_dmxin_config config = { .prefix = CLASP_STR("/dmx"),
	    .universe = 1, .flat = flat, .whole = whole, .repeat = repeat };

	clasp_buf_reset(&out);
	return clasp_dmxin_new(&config, on_line, NULL);
}

static void
frames_give_changes(void)
{
	struct clasp_dmxin *in = receiver(false, false, false);

	clasp_dmxin_frame(in, (const uint8_t *)"\0\2", 2);
	clasp_dmxin_frame(in, (const uint8_t *)"\0\2", 2);
	clasp_dmxin_frame(in, (const uint8_t *)"\0\3", 2);
	clasp_dmxin_frame(in, (const uint8_t *)"\0\3\0", 3);
	clasp_dmxin_slot(in, 1, 9);
	clasp_dmxin_slot(in, 512, 8);
	clasp_dmxin_slot(in, 513, 7);
	clasp_dmxin_slot(in, 0, 7);
	clasp_dmxin_flush(in);
	clasp_dmxin_flush(in);
	clasp_dmxin_repeat(in);
	clasp_dmxin_forget(in);
	clasp_dmxin_repeat(in);
	clasp_dmxin_frame(in, (const uint8_t *)"\11", 1);
	t_eq_str(clasp_buf_cstr(&out),
	    "/dmx/1/1 0 ; /dmx/1/2 2\n"
	    "/dmx/1/2 3\n"
	    "/dmx/1/3 0\n"
	    "/dmx/1/1 9 ; /dmx/1/512 8\n"
	    "/dmx/1/1 9 ; /dmx/1/2 3 ; /dmx/1/3 0 ; /dmx/1/512 8\n"
	    "/dmx/1/1 9\n");
	clasp_dmxin_free(in);
}

static void
frames_as_bytes(void)
{
	struct clasp_dmxin *in = receiver(false, true, false);

	clasp_dmxin_frame(in, (const uint8_t *)"\1\2", 2);
	clasp_dmxin_frame(in, (const uint8_t *)"\1\2", 2);
	clasp_dmxin_frame(in, (const uint8_t *)"\1\3", 2);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 stream x\"0102\"\n"
	    "/dmx/1 stream x\"0103\"\n");
	clasp_dmxin_free(in);

	in = receiver(false, true, true);
	clasp_dmxin_frame(in, (const uint8_t *)"\1", 1);
	clasp_dmxin_frame(in, (const uint8_t *)"\1", 1);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 stream x\"01\"\n"
	    "/dmx/1 stream x\"01\"\n");
	clasp_dmxin_free(in);

	in = receiver(true, false, false);
	clasp_dmxin_frame(in, (const uint8_t *)"\1\2", 2);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 1 ; /dmx/2 2\n");
	clasp_dmxin_free(in);
}

/* The longest prefix still leaves room for 512 SETs in one frame. */
static void
a_whole_universe_fits_in_a_frame(void)
{
	char prefix[CLASP_DMXIN_PREFIX_MAX + 2];
	struct clasp_dmxin_config config = { .universe = 63999 };
	struct clasp_dmxin *in;
	uint8_t slots[512];

	memset(prefix, 'a', sizeof prefix);
	prefix[0] = '/';
	config.prefix = clasp_str_of(prefix, CLASP_DMXIN_PREFIX_MAX);
	clasp_buf_reset(&out);
	in = clasp_dmxin_new(&config, on_line, NULL);
	memset(slots, 255, sizeof slots);
	clasp_dmxin_frame(in, slots, sizeof slots);
	t_check(out.len > 512 * 70 && out.len < CLASP_PAYLOAD_MAX);
	clasp_dmxin_free(in);
	config.prefix.len++;
	t_check(!clasp_dmxin_new(&config, on_line, NULL));
	clasp_dmxin_free(NULL);
}

int
main(void)
{
	t_run(values_become_levels);
	t_run(addresses_name_channels);
	t_run(flat_addresses);
	t_run(arrays_and_bytes_set_the_first_channels);
	t_run(large_floats_make_levels);
	t_run(bundles_are_one);
	t_run(only_news_is_dirty);
	t_run(ticks_do_not_drift);
	t_run(keepalive_is_in_time);
	t_run(frames_give_changes);
	t_run(frames_as_bytes);
	t_run(a_whole_universe_fits_in_a_frame);
	clasp_buf_clear(&out);
	return t_end();
}
