/* test_thin.c - fewer lines of the same: what bundles become. */
#include <string.h>

#include "t.h"

#include "base/buf.h"
#include "tool/thin.h"

static struct clasp_buf got;

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&got, line, 0);
}

static void
take(struct cli_thin *t, const char *text, uint64_t now_us)
{
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_line_error err;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	t_eq_int(clasp_line_parse(clasp_str_c(text), &arena, &line, &err), 0, "%s", text);
	t_eq_int(cli_thin_take(t, &line, now_us), 0, "%s", text);
	clasp_arena_clear(&arena);
}

/* What came out since the last call. */
static const char *
out(void)
{
	static char text[4096];
	struct clasp_str s = clasp_buf_str(&got);

	snprintf(text, sizeof text, "%.*s", CLASP_STR_ARG(s));
	clasp_buf_reset(&got);
	return text;
}

static struct cli_thin *
tenth(bool bundles)
{
	const struct cli_thin_config config = {
		.max_rate = 10, .bundles = bundles
	};

	return cli_thin_new(&config, on_line, NULL);
}

static void
a_bundle_passes_whole(void)
{
	struct cli_thin *t = tenth(false);

	take(t, "/a 1 ; /b 1", 1000);
	take(t, "/a 2 ; /b 2", 2000);
	t_eq_str(out(), "/a 1 ; /b 1\n/a 2 ; /b 2\n", "out");
	cli_thin_free(t);
}

static void
members_are_thinned_and_stay_together(void)
{
	struct cli_thin *t = tenth(true);

	take(t, "/a 1 ; /b 1", 1000);
	t_eq_str(out(), "/a 1 ; /b 1\n", "out");
	take(t, "/a 2 ; /b 2", 2000);
	take(t, "/b 3 ; /c 3", 3000);
	t_eq_str(out(), "/c 3\n", "out");
	take(t, "/c 4", 4000);
	t_eq_int(cli_thin_due(t), 101000, "due");
	cli_thin_run(t, 101000);
	t_eq_str(out(), "/a 2 ; /b 3\n", "out");
	take(t, "/a 5 ; /b 5", 102000);
	t_eq_str(out(), "", "out");
	cli_thin_end(t);
	t_eq_str(out(), "/c 4\n/a 5 ; /b 5\n", "out");
	cli_thin_free(t);
}

static void
a_bundle_with_an_event_passes(void)
{
	struct cli_thin *t = tenth(true);

	take(t, "/a 1", 1000);
	take(t, "/a 2 ; /go event 1", 2000);
	t_eq_str(out(), "/a 1\n/a 2 ; /go event 1\n", "out");
	take(t, "/a at=5 3 ; /b 3", 3000);
	t_eq_str(out(), "/a at=5.000000 3 ; /b 3\n", "out");
	cli_thin_free(t);
}

static void
what_is_let_go_fits_a_frame(void)
{
	struct cli_thin *t = tenth(true);
	char text[200];
	int i, round, bundles = 0;
	const char *p;

	for (round = 0; round < 2; round++)
		for (i = 0; i < 2000; i++) {
			snprintf(text, sizeof text, "/some/address/%d %d ; "
			    "/another/address/%d %d", i, round, i, round);
			take(t, text, 1000);
		}
	clasp_buf_reset(&got);
	cli_thin_run(t, 200000);
	t_check(got.len > 65536, "let go");
	for (p = (const char *)got.data; p < (const char *)got.data + got.len;
	    p = strchr(p, '\n') + 1) {
		bundles++;
		t_check(strchr(p, '\n') - p < 60000, "let go");
	}
	t_check(bundles > 1 && bundles < 10, "let go");
	clasp_buf_reset(&got);
	cli_thin_free(t);
}

static struct cli_thin *
asked(double rate, double epsilon)
{
	const struct cli_thin_config config = {
		.max_rate = rate, .epsilon = epsilon, .asked = true
	};

	return cli_thin_new(&config, on_line, NULL);
}

static void
state(struct cli_thin *t, const char *text)
{
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_line_error err;

	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	t_eq_int(clasp_line_parse(clasp_str_c(text), &arena, &line, &err), 0,
	    "%s", text);
	cli_thin_state(t, &line);
	clasp_arena_clear(&arena);
}

/* What a relay sends in its own time is never held, however late it comes. */
static void
a_relay_that_thins_is_left_alone(void)
{
	/* ms: on time, late, early behind a late one, on time again */
	static const int at[] = { 0, 100, 290, 300, 400, 500, 695, 700, 800,
		899, 1000, 1100 };
	struct cli_thin *t = asked(10, 0);
	char text[32], want[32];
	size_t i;

	for (i = 0; i < sizeof at / sizeof at[0]; i++) {
		snprintf(text, sizeof text, "/a %zu", i);
		snprintf(want, sizeof want, "/a %zu\n", i);
		take(t, text, 1000000 + (uint64_t)at[i] * 1000);
		t_eq_str(out(), want, "at %d", at[i]);
	}
	t_check(cli_thin_due(t) == UINT64_MAX, "something is held");
	cli_thin_free(t);
}

static void
a_relay_that_does_not_is_found_out(void)
{
	struct cli_thin *t = asked(10, 0);

	take(t, "/a 1", 1000);
	take(t, "/a 2", 2000);
	t_eq_str(out(), "/a 1\n/a 2\n", "out");
	take(t, "/a 3", 3000);
	take(t, "/a 4", 4000);
	t_eq_str(out(), "", "out");
	t_eq_int(cli_thin_due(t), 101000, "due");
	/* from now on at other addresses as well */
	take(t, "/b 1", 5000);
	take(t, "/b 2", 6000);
	t_eq_str(out(), "/b 1\n", "out");
	cli_thin_run(t, 101000);
	t_eq_str(out(), "/a 4\n", "out");
	cli_thin_end(t);
	t_eq_str(out(), "/b 2\n", "out");
	cli_thin_free(t);
}

static void
the_state_passes_and_is_not_compared(void)
{
	struct cli_thin *t = asked(10, 1);

	state(t, "/a 5");
	take(t, "/a 5.5", 1000);
	take(t, "/a 6.0", 2000);
	take(t, "/a 6.5", 3000);
	take(t, "/a 9", 4000);
	t_eq_str(out(), "/a 5\n/a 5.5\n/a 6.5\n", "out");
	/* what is held is older than the state that comes now */
	state(t, "/a 20");
	state(t, "/b 1 ; /c 2");
	cli_thin_end(t);
	t_eq_str(out(), "/a 20\n/b 1 ; /c 2\n", "out");
	take(t, "/a 20.5", 200000);
	t_eq_str(out(), "/a 20.5\n", "out");
	cli_thin_free(t);
}

static unsigned counted;

static void
on_counted(const struct clasp_line *line, void *user)
{
	(void)user;
	counted += line->count;
}

/* Large values at many addresses: what waits is bounded, and all come. */
static void
what_is_held_is_bounded(void)
{
	enum { ADDRESSES = 1500, ROUNDS = 3, LARGE = 60000 };
	const struct cli_thin_config config = { .max_rate = 1 };
	struct cli_thin *t = cli_thin_new(&config, on_counted, NULL);
	struct clasp_line line = { .kind = CLASP_LINE_DATA, .count = 1 };
	struct clasp_item item = { 0 };
	static char large[LARGE];
	char address[32];
	unsigned before;
	int i, round;

	memset(large, 'x', sizeof large);
	item.msg.type = CLASP_SET;
	line.items = &item;
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < ADDRESSES; i++) {
			snprintf(address, sizeof address, "/a/%d", i);
			item.msg.set.address = clasp_str_c(address);
			item.msg.set.value = clasp_string(clasp_str_of(large,
			    sizeof large));
			t_eq_int(cli_thin_take(t, &line, 1000), 0, "take");
		}
	t_check(counted > ADDRESSES, "all is held");
	before = counted;
	cli_thin_end(t);
	t_check(counted > before, "nothing was held");
	t_check(counted - before <= CLI_THIN_HELD_MAX / LARGE,
	    "more is held than may be");
	t_check(counted >= 2 * ADDRESSES, "some got lost");
	cli_thin_free(t);
}

int
main(void)
{
	t_run(a_bundle_passes_whole);
	t_run(members_are_thinned_and_stay_together);
	t_run(a_bundle_with_an_event_passes);
	t_run(what_is_let_go_fits_a_frame);
	t_run(a_relay_that_thins_is_left_alone);
	t_run(a_relay_that_does_not_is_found_out);
	t_run(the_state_passes_and_is_not_compared);
	t_run(what_is_held_is_bounded);
	clasp_buf_clear(&got);
	return t_end();
}
