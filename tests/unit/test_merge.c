/* Several sources of one universe: priorities, HTP, LTP, who comes and goes. */

#include <stdlib.h>

#include "proto/merge.h"
#include "t.h"

#define S	UINT64_C(1000000)

static struct clasp_merge m;

static void
begin(unsigned max_sources, bool ltp, uint64_t loss_us)
{
	struct clasp_merge_config config = { .max_sources = max_sources,
	    .ltp = ltp, .loss_us = loss_us };

	clasp_merge_clear(&m);
	clasp_merge_init(&m, &config);
}

/* A frame of levels like "10,20,30" from a source; was it news? */
static bool
frame(const char *who, int priority, const char *text, uint64_t now_us)
{
	struct clasp_merge_source *s;
	uint8_t levels[CLASP_DMX_SLOTS];
	size_t n = 0;
	char *end;

	while (*text) {
		levels[n++] = (uint8_t)strtoul(text, &end, 10);
		text = *end ? end + 1 : end;
	}
	s = clasp_merge_source(&m, who, strlen(who), now_us);
	if (!s)
		return false;
	clasp_merge_name(s, clasp_str_c(who));
	return clasp_merge_levels(&m, s, (uint8_t)priority, levels, n,
	    now_us);
}

static struct clasp_merge_source *
source(const char *who)
{
	return clasp_merge_source(&m, who, strlen(who), 0);
}

/* The merged levels as text. */
static const char *
merged(void)
{
	static char text[8 * CLASP_DMX_SLOTS];
	size_t n = 0;
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < m.slots; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u",
		    i ? "," : "", m.level[i]);
	return text;
}

static bool
winner_is(unsigned channel, const char *who)
{
	return clasp_str_is(clasp_merge_winner(&m, channel), who);
}

/* What a desk and a backup desk do to each other, by priority. */
static void
the_highest_priority_wins(void)
{
	begin(16, false, 5 * S / 2);
	t_check(frame("a", 100, "10,20,30", 0));
	t_eq_str(merged(), "10,20,30");
	t_check(!frame("a", 100, "10,20,30", 1), "no news");
	t_check(winner_is(0, "a"));
	t_check(frame("b", 100, "5,50,0", 1));
	t_eq_str(merged(), "10,50,30", "the highest of equals");
	t_check(winner_is(1, "a") && winner_is(2, "b") && winner_is(0, ""));
	t_check(frame("b", 150, "5,50,0", 2));
	t_eq_str(merged(), "5,50,0");
	t_check(winner_is(0, "b"));
	t_check(!frame("a", 100, "11,20,30", 3), "not heard");
	t_check(clasp_merge_forget(&m, source("b")));
	t_eq_str(merged(), "11,20,30");
	t_check(frame("a", 100, "12,20,30", 4));
	t_eq_str(merged(), "12,20,30");
}

static void
silent_sources_are_forgotten(void)
{
	begin(2, false, 10 * S);
	frame("a", 0, "100,0", 0);
	frame("b", 0, "50,200", 1 * S);
	t_eq_str(merged(), "100,200");
	t_check(!frame("c", 0, "255,255", 1 * S));
	t_eq_int(m.ignored, 1, "a third is one too many");
	t_eq_int(clasp_merge_due(&m), 10 * S);
	frame("a", 0, "100,0", 9 * S);
	t_eq_int(clasp_merge_due(&m), 11 * S);
	t_check(!clasp_merge_expire(&m, 11 * S - 1));
	t_check(clasp_merge_expire(&m, 11 * S));
	t_eq_str(merged(), "100,0");
	t_eq_int(m.count, 1);
	t_check(!clasp_merge_expire(&m, 19 * S), "the last one: hold");
	t_eq_int(m.count, 0);
	t_eq_str(merged(), "100,0");
	t_check(winner_is(1, ""));
	t_check(clasp_merge_due(&m) == UINT64_MAX);
	t_check(frame("c", 0, "7", 20 * S), "anybody may begin again");
	t_eq_str(merged(), "7,0");
	t_check(clasp_merge_blackout(&m));
	t_eq_str(merged(), "0,0");
	t_check(!clasp_merge_blackout(&m));
}

static void
short_frames_leave_the_rest(void)
{
	begin(16, false, 5 * S / 2);
	frame("a", 100, "1,2,3", 0);
	t_check(frame("a", 100, "9", 1));
	t_eq_str(merged(), "9,2,3");
	/* above what the winner sends the next one has the say */
	frame("b", 200, "5", 2);
	t_eq_str(merged(), "5,2,3");
	t_check(winner_is(1, "b") && winner_is(2, "a"));
	t_check(frame("b", 200, "5,0,0,0", 3));
	t_eq_str(merged(), "5,0,0,0");
	/* what only b had stays as it was */
	clasp_merge_forget(&m, source("b"));
	t_eq_str(merged(), "9,2,3,0");
}

static void
priorities_of_single_slots(void)
{
	static const uint8_t some[] = { 150, 0, 100 };

	begin(16, false, 5 * S / 2);
	frame("a", 120, "10,20,30", 0);
	frame("b", 100, "1,2,99", 0);
	t_eq_str(merged(), "10,20,30");
	t_check(clasp_merge_priorities(&m, source("b"), some, 3, 0));
	t_eq_str(merged(), "1,20,30");
	t_check(!frame("b", 200, "1,77,99", S), "its own do not count now");
	t_check(frame("b", 200, "3,77,99", 2 * S));
	frame("a", 120, "10,20,30", 2 * S);
	t_eq_str(merged(), "3,20,30");
	t_eq_int(clasp_merge_due(&m), 5 * S / 2);
	t_check(clasp_merge_expire(&m, 5 * S / 2), "no more of them");
	t_eq_str(merged(), "3,77,99");
}

static void
the_latest_change_wins(void)
{
	begin(2, true, 10 * S);
	frame("a", 0, "100,100", 0);
	t_check(frame("b", 0, "50,50", 1));
	t_eq_str(merged(), "50,50", "a new source is a change");
	t_check(!frame("a", 0, "100,100", 2));
	t_check(frame("a", 0, "100,90", 3));
	t_eq_str(merged(), "50,90");
	t_check(winner_is(1, "b") && winner_is(2, "a"));
	t_check(clasp_merge_forget(&m, source("b")));
	t_eq_str(merged(), "100,90");
}

static void
late_frames_are_known(void)
{
	static const struct {
		uint8_t	sequence;
		bool	taken;
	} steps[] = {
		{ 254, true }, { 255, true }, { 0, true }, { 1, true },
		{ 1, false }, { 0, false }, { 238, false }, { 237, true },
		{ 1, true }, { 220, true }, { 100, true }, { 81, false },
		{ 80, true },
	};
	struct clasp_merge_source *s;
	size_t i;

	begin(1, false, S);
	s = source("a");
	for (i = 0; i < sizeof steps / sizeof steps[0]; i++)
		t_eq_int(clasp_merge_in_order(s, steps[i].sequence),
		    steps[i].taken, "step %zu", i);
	s->numbered = false;
	t_check(clasp_merge_in_order(s, 80));
}

/* Whatever happens, what counts is what a plain look at all sources says. */
static void
any_order_gives_the_same(void)
{
	static const char names[] = "abcdefgh";
	struct clasp_merge_source *s;
	uint8_t levels[CLASP_DMX_SLOTS];
	unsigned seed = 7, step, i, k, wrong = 0;
	int best, value;

	begin(8, false, 1000 * S);
	for (step = 0; step < 3000; step++) {
		seed = seed * 1103515245 + 12345;
		s = clasp_merge_source(&m, &names[seed >> 16 & 7], 1, step);
		if ((seed >> 20) % 10 == 0) {
			clasp_merge_forget(&m, s);
		} else {
			for (i = 0; i < 8; i++)
				levels[i] = (uint8_t)(seed >> (i * 3));
			clasp_merge_levels(&m, s, (uint8_t)((seed >> 24) % 3),
			    levels, (seed >> 8) % 9, step);
		}
		for (i = 0; i < 8; i++) {
			best = value = -1;
			for (k = 0; k < CLASP_MERGE_SOURCES; k++) {
				s = m.sources[k];
				if (!s || i >= s->slots)
					continue;
				if (s->priority > best)
					value = -1;
				if (s->priority >= best) {
					best = s->priority;
					if (s->level[i] > value)
						value = s->level[i];
				}
			}
			if (value >= 0 && m.level[i] != value)
				wrong++;
		}
	}
	t_eq_int(wrong, 0, "slots");
}

int
main(void)
{
	t_run(the_highest_priority_wins);
	t_run(silent_sources_are_forgotten);
	t_run(short_frames_leave_the_rest);
	t_run(priorities_of_single_slots);
	t_run(the_latest_change_wins);
	t_run(late_frames_are_known);
	t_run(any_order_gives_the_same);
	clasp_merge_clear(&m);
	return t_end();
}
