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
static struct clasp_dmx *dmx;
static struct clasp_universe *universe;	/* the first one asked for */
static uint64_t now_us;

/* A fresh model under /dmx that has this universe only. */
static void
begin(unsigned number, enum clasp_dmx_scale scale, bool flat)
{
	static struct clasp_numset only;
	struct clasp_dmx_config config = { .prefix = CLASP_STR("/dmx"),
	    .scale = scale, .flat = flat, .flat_universe = number,
	    .only = &only };

	clasp_dmx_free(dmx);
	memset(&only, 0, sizeof only);
	clasp_numset_add(&only, number);
	dmx = clasp_dmx_new(&config);
	universe = clasp_dmx_universe(dmx, number);
}

static unsigned long
drops(enum clasp_dmx_drop why)
{
	return clasp_dmx_drops(dmx)[why];
}

/* Apply a line. */
static uint64_t written_us;	/* 0: not what a relay has kept */

static int
apply(const char *text)
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
		n = written_us ? clasp_dmx_apply_kept(dmx, &msg, written_us,
		    now_us) : clasp_dmx_apply(dmx, &msg, now_us);
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
	char line[80];
	size_t i;
	int n;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(0, cases[i].scale, false);
		universe->level[4] = 77;
		snprintf(line, sizeof line, "/dmx/0/5 %s", cases[i].value);
		n = apply(line);
		t_eq_int(n, cases[i].level >= 0, "%s", line);
		t_eq_int(universe->level[4], cases[i].level >= 0 ? cases[i].level :
		    77, "%s, scale %d", line, cases[i].scale);
		t_eq_int(drops(CLASP_DMX_DROP_VALUE),
		    cases[i].level < 0, "%s", line);
		t_eq_int(universe->dirty, cases[i].level >= 0, "%s", line);
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
		{ "/dmx/3/status 9", CLASP_DMX_DROP_OUTSIDE },
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
	size_t i;
	int n;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(3, CLASP_DMX_AUTO, false);
		n = apply(cases[i].line);
		t_eq_int(n, cases[i].drop < 0, "%s", cases[i].line);
		if (cases[i].drop >= 0)
			t_eq_int(drops(cases[i].drop), 1, "%s: %s",
			    cases[i].line,
			    clasp_dmx_drop_name(cases[i].drop));
	}
}

static void
flat_addresses(void)
{
	begin(1, CLASP_DMX_AUTO, true);
	t_eq_int(apply("/dmx/512 9"), 1);
	t_eq_int(universe->level[511], 9);
	t_eq_int(apply("/dmx/513 9"), 0);
	t_eq_int(apply("/dmx/0 9"), 0);
	t_eq_int(drops(CLASP_DMX_DROP_ADDRESS), 2);
	t_eq_int(apply("/dmx/1/2 8"), 1, "the long form too");
	t_eq_int(apply("/dmx/1 [7]"), 1);
	t_eq_int(universe->level[0], 7);
	t_eq_int(universe->level[1], 8);
}

static void
arrays_and_bytes_set_the_first_channels(void)
{
	static char text[16 + 4 * 600];
	int i;

	begin(0, CLASP_DMX_AUTO, false);
	apply("/dmx/0/3 33");
	t_eq_int(apply("/dmx/0 [1,null,0.5,true]"), 3);
	t_eq_int(universe->level[0], 1);
	t_eq_int(universe->level[1], 0, "null leaves the channel");
	t_eq_int(universe->level[2], 127);
	t_eq_int(universe->level[3], 255);
	t_eq_int(drops(CLASP_DMX_DROP_VALUE), 1);
	t_eq_int(apply("/dmx/0 stream x\"0a0b\""), 2);
	t_eq_int(universe->level[1], 11);
	t_eq_int(universe->level[2], 127, "the rest stays");

	strcpy(text, "/dmx/0 [");
	for (i = 0; i < 600; i++)
		strcat(text, i ? ",1" : "1");
	strcat(text, "]");
	t_eq_int(apply(text), 512, "more than there are");
	t_eq_int(drops(CLASP_DMX_DROP_ADDRESS), 1);
}

static void
large_floats_make_levels(void)
{
	unsigned u, c;

	begin(0, CLASP_DMX_AUTO, false);
	apply("/dmx/0/1 1.0");
	t_eq_int(universe->level[0], 255);
	t_check(!clasp_dmx_switched(dmx, &u, &c));
	apply("/dmx/0/1 128.0");
	t_check(clasp_dmx_switched(dmx, &u, &c) && u == 0 && c == 1);
	apply("/dmx/0/1 1.0");
	t_eq_int(universe->level[0], 1, "from then on");
	apply("/dmx/0/2 1.0");
	t_eq_int(universe->level[1], 255, "another address is not concerned");
	t_check(!clasp_dmx_switched(dmx, &u, &c));
	apply("/dmx/0 [1.0,128.0]");
	t_eq_int(universe->level[0], 1, "an array is one value");
	apply("/dmx/0 [1.0]");
	t_eq_int(universe->level[0], 1);
}

static void
bundles_are_one(void)
{
	begin(0, CLASP_DMX_AUTO, false);
	t_eq_int(apply("/dmx/0/1 1 ; /dmx/0/2 event 2 ; /x 3"), 2);
	t_eq_int(universe->level[1], 2);
}

static void
only_news_is_dirty(void)
{
	begin(0, CLASP_DMX_AUTO, false);
	t_check(!universe->dirty);
	apply("/dmx/0/1 0");
	t_check(universe->dirty, "the first frame is news even when dark");
	clasp_universe_sent(universe);
	apply("/dmx/0/1 0");
	t_check(!universe->dirty);
	apply("/dmx/0/1 1");
	t_check(universe->dirty);
	clasp_universe_sent(universe);
	clasp_dmx_blackout(dmx);
	t_check(universe->dirty);
	t_eq_int(universe->level[0], 0);
}

static void
universes_are_made_as_they_come(void)
{
	struct clasp_dmx_config config = { .prefix = CLASP_STR("/sacn"),
	    .min = 1 };
	struct clasp_universe *u;
	unsigned at = 0;

	clasp_dmx_free(dmx);
	dmx = clasp_dmx_new(&config);
	t_eq_int(clasp_dmx_count(dmx), 0);
	apply("/sacn/63999/1 3 ; /sacn/2/1 2 ; /sacn/1 x\"01\"");
	t_eq_int(apply("/sacn/0/1 3 ; /sacn/64000/1 1"), 0);
	t_eq_int(drops(CLASP_DMX_DROP_UNIVERSE), 1);
	t_eq_int(drops(CLASP_DMX_DROP_ADDRESS), 1);
	apply("/sacn/7/1 \"red\" ; /sacn/8/1 nan ; /sacn/9 5");
	t_eq_int(clasp_dmx_count(dmx), 3, "none for what says nothing");
	u = clasp_dmx_next(dmx, &at);
	t_check(u && u->number == 1 && u->level[0] == 1 && u->dirty);
	u = clasp_dmx_next(dmx, &at);
	t_check(u && u->number == 2 && u->level[0] == 2);
	clasp_universe_sent(u);
	u = clasp_dmx_next(dmx, &at);
	t_check(u && u->number == 63999 && u->level[0] == 3);
	t_check(!clasp_dmx_next(dmx, &at));
	clasp_universe_sent(u);
	apply("/sacn/2/1 2 ; /sacn/2/2 0");
	t_check(!clasp_dmx_universe(dmx, 2)->dirty && !u->dirty);
	clasp_dmx_again(dmx);
	t_check(clasp_dmx_universe(dmx, 2)->dirty && u->dirty);
}

static void
addresses_both_ways(void)
{
	static const struct {
		const char	*address;
		bool		 split;
		int		 error;
		unsigned	 universe, channel;
	} cases[] = {
		{ "/a/32767/512", false, 0, 32767, 512 },
		{ "/a/0", false, 0, 0, 0 },
		{ "/a/63999/1", false, 0, 63999, 1 },
		{ "/a/127/15/15/512", true, 0, 32767, 512 },
		{ "/a/1/2/3/1", true, 0, 291, 1 },
		{ "/a/1/2/3", true, 0, 291, 0 },
		{ "/a/64000/1", false, CLASP_EADDRESS, 0, 0 },
		{ "/a/128/0/0/1", true, CLASP_EADDRESS, 0, 0 },
		{ "/a/0/16/0/1", true, CLASP_EADDRESS, 0, 0 },
		{ "/a/0/0/16/1", true, CLASP_EADDRESS, 0, 0 },
		{ "/a/1/2", true, CLASP_EADDRESS, 0, 0 },
		{ "/a/1/2/3/4/5", true, CLASP_EADDRESS, 0, 0 },
		{ "/a/1/2/3", false, CLASP_EADDRESS, 0, 0 },
		{ "/a/1/", false, CLASP_EADDRESS, 0, 0 },
		{ "/a/", false, CLASP_EADDRESS, 0, 0 },
		{ "/a", false, CLASP_ENOENT, 0, 0 },
		{ "/ab/1/1", false, CLASP_ENOENT, 0, 0 },
	};
	char text[2 + CLASP_DMX_ADDRESS_ROOM + 1];
	unsigned u, c;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		u = c = 0;
		t_eq_int(clasp_dmx_address(clasp_str_c(cases[i].address),
		    CLASP_STR("/a"), cases[i].split, &u, &c), cases[i].error,
		    "%s", cases[i].address);
		if (cases[i].error)
			continue;
		t_eq_int(u, cases[i].universe, "%s", cases[i].address);
		t_eq_int(c, cases[i].channel, "%s", cases[i].address);
		text[clasp_dmx_format(text, CLASP_STR("/a"), cases[i].split,
		    u, c)] = '\0';
		t_eq_str(text, cases[i].address);
	}
}

/* A second from 0 to `to`, begun at now_us. */
static void
fade(const char *address, const char *from, const char *to, const char *more)
{
	char text[300];

	snprintf(text, sizeof text, "%s timeline%s [[0,%s],[1000000,%s]]", address,
	    more, from, to);
	t_check(apply(text) > 0, "%s", text);
}

static void
timelines_are_played(void)
{
	begin(1, CLASP_DMX_AUTO, false);
	now_us = 5000000;
	fade("/dmx/1/1", "0", "200", "");
	fade("/dmx/1/2", "0.0", "1.0", "");
	t_eq_int(universe->level[0], 0, "nothing before the tick");
	clasp_dmx_play(dmx, 5500000);
	t_eq_int(universe->level[0], 100);
	t_eq_int(universe->level[1], 127);
	t_check(universe->dirty);
	t_eq_int(clasp_dmx_playing(dmx), 2);
	apply("/dmx/1/1 7");
	t_eq_int(clasp_dmx_playing(dmx), 1, "the newest wins");
	clasp_dmx_play(dmx, 5600000);
	t_eq_int(universe->level[0], 7);
	clasp_dmx_play(dmx, 9000000);
	t_eq_int(universe->level[1], 255, "ends on the last value");
	t_eq_int(clasp_dmx_playing(dmx), 0);
	apply("/dmx/1/2 3");
	clasp_dmx_play(dmx, 9100000);
	t_eq_int(universe->level[1], 3);
}

/* A relay gives what it has kept: params first, whichever came last. */
static void
kept_params_and_timelines(void)
{
	begin(1, CLASP_DMX_AUTO, false);
	now_us = 9000000;
	written_us = 1000000;
	apply("/dmx/1/1 7 ; /dmx/1/2 8");
	written_us = 4000000;
	apply("/dmx/1/3 9");
	written_us = 0;
	/* over since 3 s: newer than the first two, older than the third */
	fade("/dmx/1/1", "0", "100", " ts=2.0");
	fade("/dmx/1", "[0,0,0]", "[10,110,120]", " ts=1.5");
	clasp_dmx_play(dmx, now_us);
	t_eq_int(universe->level[0], 10, "as they came");
	t_eq_int(universe->level[1], 110);
	t_eq_int(universe->level[2], 9, "written after it was published");
	t_eq_int(clasp_dmx_playing(dmx), 0);
	/* one that is still going on has lost its channel as well */
	written_us = 8900000;
	apply("/dmx/1/4 44");
	written_us = 0;
	t_eq_int(apply("/dmx/1/4 timeline ts=8.5 [[0,0],[2000000,200]]"),
	    0);
	clasp_dmx_play(dmx, now_us);
	t_eq_int(universe->level[3], 44);
	/* what is not from a relay's store goes by its order */
	apply("/dmx/1/4 45");
	fade("/dmx/1/4", "0", "200", " ts=8.5");
	clasp_dmx_play(dmx, now_us);
	t_eq_int(universe->level[3], 100);
}

static void
timelines_of_a_universe(void)
{
	begin(1, CLASP_DMX_AUTO, false);
	now_us = 1000000;
	fade("/dmx/1", "[0,0,0]", "[100,100,100]", "");
	apply("/dmx/1/2 9");
	fade("/dmx/1/3", "50", "250", "");
	clasp_dmx_play(dmx, 1500000);
	t_eq_int(universe->level[0], 50);
	t_eq_int(universe->level[1], 9, "taken from it by a value");
	t_eq_int(universe->level[2], 150, "and by another timeline");
	fade("/dmx/1", "[0.0,0.0]", "[128.0,1.0]", "");
	clasp_dmx_play(dmx, 2000000);
	t_eq_int(universe->level[0], 128, "floats are levels");
	t_eq_int(universe->level[1], 1);
	t_eq_int(universe->level[2], 250, "beyond it the older one goes on");
	t_eq_int(apply("/dmx/1/4 timeline []"), 0);
	t_eq_int(drops(CLASP_DMX_DROP_TIMELINE), 1);
	fade("/dmx/1/5", "0", "100", " loop=1");
	t_eq_int(clasp_dmx_playing(dmx), 0, "one that loops never ends");
	clasp_dmx_play(dmx, 1000000 + 7 * UINT64_C(1000000) + 250000);
	t_eq_int(universe->level[4], 25);
	clasp_dmx_blackout(dmx);
	clasp_dmx_play(dmx, 9300000);
	t_eq_int(universe->level[4], 0);
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

static struct clasp_dmxin_universe *shown;

static struct clasp_dmxin *
receiver(bool flat, bool whole, bool repeat)
{
	struct clasp_dmxin_config config = { .prefix = CLASP_STR("/dmx"),
	    .flat = flat, .whole = whole, .repeat = repeat };

	struct clasp_dmxin *in = clasp_dmxin_new(&config, on_line, NULL);

	clasp_buf_reset(&out);
	shown = clasp_dmxin_universe(in, 1);
	return in;
}

static void
frames_give_changes(void)
{
	struct clasp_dmxin *in = receiver(false, false, false);

	clasp_dmxin_frame(in, shown, (const uint8_t *)"\0\2", 2);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\0\2", 2);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\0\3", 2);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\0\3\0", 3);
	clasp_dmxin_slot(shown, 1, 9);
	clasp_dmxin_slot(shown, 512, 8);
	clasp_dmxin_slot(shown, 513, 7);
	clasp_dmxin_slot(shown, 0, 7);
	clasp_dmxin_flush(in, shown);
	clasp_dmxin_flush(in, shown);
	clasp_dmxin_repeat(in);
	clasp_dmxin_forget(shown);
	clasp_dmxin_repeat(in);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\11", 1);
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

	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1\2", 2);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1\2", 2);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1\3", 2);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 stream x\"0102\"\n"
	    "/dmx/1 stream x\"0103\"\n");
	clasp_dmxin_free(in);

	in = receiver(false, true, true);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1", 1);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1", 1);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 stream x\"01\"\n"
	    "/dmx/1 stream x\"01\"\n");
	clasp_dmxin_free(in);

	in = receiver(true, false, false);
	clasp_dmxin_frame(in, shown, (const uint8_t *)"\1\2", 2);
	t_eq_str(clasp_buf_cstr(&out), "/dmx/1 1 ; /dmx/2 2\n");
	clasp_dmxin_free(in);
}

static struct clasp_str
who(const struct clasp_dmxin_universe *u, unsigned channel, void *user)
{
	(void)user;
	return u->number == 2 && channel != 1 ? CLASP_STR("desk") :
	    CLASP_STR("");
}

static void
many_universes_at_once(void)
{
	struct clasp_dmxin_config config = { .prefix = CLASP_STR("/artnet"),
	    .split = true, .by = who };
	struct clasp_dmxin *in = clasp_dmxin_new(&config, on_line, NULL);
	struct clasp_dmxin_universe *a, *b;

	clasp_buf_reset(&out);
	a = clasp_dmxin_universe(in, 291);
	b = clasp_dmxin_universe(in, 2);
	t_check(a && b && clasp_dmxin_universe(in, 291) == a);
	t_check(!clasp_dmxin_universe(in, 64000));
	clasp_dmxin_frame(in, a, (const uint8_t *)"\1", 1);
	clasp_dmxin_frame(in, b, (const uint8_t *)"\2\3", 2);
	clasp_dmxin_frame(in, a, (const uint8_t *)"\1", 1);
	clasp_dmxin_repeat(in);
	t_eq_str(clasp_buf_cstr(&out),
	    "/artnet/1/2/3/1 1\n"
	    "/artnet/0/0/2/1 2 ; /artnet/0/0/2/2 by=desk 3\n"
	    "/artnet/0/0/2/1 2 ; /artnet/0/0/2/2 by=desk 3\n"
	    "/artnet/1/2/3/1 1\n");
	clasp_dmxin_free(in);
}

/* The longest prefix still leaves room for 512 SETs in one frame. */
static void
a_whole_universe_fits_in_a_frame(void)
{
	char prefix[CLASP_DMXIN_PREFIX_MAX + 2];
	struct clasp_dmxin_config config = { .flat = false };
	struct clasp_dmxin *in;
	uint8_t slots[512];

	memset(prefix, 'a', sizeof prefix);
	prefix[0] = '/';
	config.prefix = clasp_str_of(prefix, CLASP_DMXIN_PREFIX_MAX);
	clasp_buf_reset(&out);
	in = clasp_dmxin_new(&config, on_line, NULL);
	memset(slots, 255, sizeof slots);
	clasp_dmxin_frame(in, clasp_dmxin_universe(in, 63999), slots,
	    sizeof slots);
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
	t_run(universes_are_made_as_they_come);
	t_run(addresses_both_ways);
	t_run(timelines_are_played);
	t_run(kept_params_and_timelines);
	t_run(timelines_of_a_universe);
	t_run(ticks_do_not_drift);
	t_run(keepalive_is_in_time);
	t_run(frames_give_changes);
	t_run(frames_as_bytes);
	t_run(many_universes_at_once);
	t_run(a_whole_universe_fits_in_a_frame);
	clasp_buf_clear(&out);
	clasp_dmx_free(dmx);
	return t_end();
}
