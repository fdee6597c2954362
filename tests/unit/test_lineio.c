/*
 * test_lineio.c - lines and frames from bytes, however they are cut; what is
 * written for them; what thinning lets through.
 */
#include "t.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/message.h"
#include "tool/thin.h"

/* ------------------------------------------------------------- a catcher */

static struct clasp_buf got;
static int stop_after = -1;

static int
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_line_format(&got, line, 0);
	return stop_after > 0 && --stop_after == 0;
}

static char errors[] = "/tmp/test_lineio.XXXXXX";
static int errors_fd, real_stderr;

/* stderr goes to a file, to be read. */
static void
catch_errors(void)
{
	fflush(stderr);
	if (ftruncate(errors_fd, 0) != 0 || lseek(errors_fd, 0, SEEK_SET) != 0)
		abort();
	dup2(errors_fd, STDERR_FILENO);
}

static const char *
caught(void)
{
	static char text[4096];
	ssize_t n;

	dup2(real_stderr, STDERR_FILENO);
	n = pread(errors_fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Feed text in pieces of `piece` bytes; gives what came out. */
static const char *
feed(const char *text, size_t len, size_t piece, bool frames)
{
	struct cli_in *in = cli_in_new("in", on_line, NULL);
	size_t at, n;
	int r = 0;

	clasp_buf_reset(&got);
	if (frames)
		cli_in_allow_frames(in);
	catch_errors();
	for (at = 0; at < len && r == 0; at += n) {
		n = len - at < piece ? len - at : piece;
		r = cli_in_feed(in, text + at, n);
	}
	if (r == 0)
		cli_in_end(in);
	else
		t_eq_int(cli_in_feed(in, "/x 1\n", 5), 1, "stopped");
	cli_in_free(in);
	caught();
	return clasp_buf_cstr(&got);
}

/* ----------------------------------------------------------------- lines */

static void
lines_come_however_bytes_are_cut(void)
{
	static const char text[] = "\xef\xbb\xbf/a 1\r\n\n  \t\n/b \"x\"  \n"
	    "# c\nbad\n{\"type\":\"set\",\"addr\":\"/c\",\"value\":2}\n/d 3";
	static const char want[] = "/a 1\n/b \"x\"\n# c\n/c 2\n/d 3\n";
	size_t piece;

	for (piece = 1; piece < sizeof text; piece++) {
		t_eq_str(feed(text, sizeof text - 1, piece, false), want,
		    "%zu", piece);
		t_check(strncmp(caught(), "in:6:1: ", 8) == 0, "%s",
		    caught());
	}
}

static void
the_last_line_of_a_recording_may_be_torn(void)
{
	static const char text[] = "#clasp 1 epoch=0.000000\n0.500000 /a 1\n"
	    "0.600000 /a 2";

	t_eq_str(feed(text, sizeof text - 1, 7, false),
	    "#clasp 1 epoch=0.000000\n0.500000 /a 1\n");
	t_eq_str(caught(), "in:3:1: torn last line left out\n");
	/* not a recording: it is a line like all others */
	t_eq_str(feed(text + 24, sizeof text - 25, 7, false),
	    "0.500000 /a 1\n0.600000 /a 2\n");
}

static void
long_lines_cost_no_memory_and_no_other_line(void)
{
	size_t len = 3 * (size_t)CLASP_LINE_MAX, i;
	static const size_t pieces[] = { 1000, 65536, SIZE_MAX };
	char *text = malloc(len + 16);

	memset(text, 'x', len);
	memcpy(text, "/a 1\n", 5);
	memcpy(text + len, "\n/b 2\n", 6);
	for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		t_eq_str(feed(text, len + 6, pieces[i], false),
		    "/a 1\n/b 2\n");
		t_eq_str(caught(), "in:2:1048577: line longer than 1 MiB\n");
	}
	free(text);
}

static void
the_longest_line_is_taken(void)
{
	char *text = malloc(CLASP_LINE_MAX + 2);

	memset(text, 'x', CLASP_LINE_MAX);
	memcpy(text, "/a \"", 4);
	memcpy(text + CLASP_LINE_MAX - 1, "\"\r\n", 3);
	feed(text, CLASP_LINE_MAX + 2, 4096, false);
	t_eq_int(got.len, CLASP_LINE_MAX + 1);
	t_eq_str(caught(), "");
	free(text);
}

static void
strict_stops_at_the_first(void)
{
	static const char text[] = "/a 1\nbad\n/b 2\n";

	cli.strict = true;
	t_eq_str(feed(text, sizeof text - 1, 3, false), "/a 1\n");
	cli.strict = false;
	t_eq_int(cli_exit_code(), CLI_DATA);
}

static void
the_one_who_takes_lines_may_stop(void)
{
	static const char text[] = "/a 1\n/b 2\n/c 3\n";

	stop_after = 2;
	t_eq_str(feed(text, sizeof text - 1, 100, false), "/a 1\n/b 2\n");
	stop_after = -1;
}

static void
names_cannot_steer_a_terminal(void)
{
	struct cli_in *in = cli_in_new("a\x1b[2J", on_line, NULL);

	catch_errors();
	cli_in_feed(in, "bad \x1b[2J\n", 9);
	t_check(strncmp(caught(), "a\\u001b[2J:1:", 13) == 0, "%s", caught());
	t_check(strchr(caught(), 0x1b) == NULL);
	cli_in_free(in);
}

/* ---------------------------------------------------------------- frames */

#define FRAME_A "\x53\x41\x00\x0e\x21\x05\x00\x02/a\0\0\0\0\0\0\0\x01"
#define FRAME_B "\x53\x41\x00\x0e\x21\x05\x00\x02/b\0\0\0\0\0\0\0\x02"
#define FRAME_LEN 18

static void
frames_come_however_bytes_are_cut(void)
{
	static const char text[] = FRAME_A FRAME_B;
	size_t piece;

	for (piece = 1; piece <= 2 * FRAME_LEN; piece++) {
		t_eq_str(feed(text, 2 * FRAME_LEN, piece, true),
		    "/a 1\n/b 2\n", "%zu", piece);
		t_eq_str(caught(), "");
	}
}

static void
after_a_broken_frame_the_next_good_one_is_found(void)
{
	static const char junk[] = FRAME_A "junk S\x53" FRAME_B;
	static const char cut[] = FRAME_A FRAME_B;

	t_eq_str(feed(junk, sizeof junk - 1, 5, true), "/a 1\n/b 2\n");
	t_eq_str(caught(), "in:@18: bad magic byte\n");
	/* it takes what it misses from the next, whose rest is no frame */
	t_eq_str(feed(FRAME_B "\x53\x41\x00\x0e\x21\x05\x00\x02/a\0\0\0\0\0\0"
	    FRAME_A, 2 * FRAME_LEN + FRAME_LEN - 2, 3, true),
	    "/b 2\n/a 21313\n");
	t_eq_str(caught(), "in:@36: bad magic byte\n");
	t_eq_str(feed(cut, 2 * FRAME_LEN - 1, 5, true), "/a 1\n");
	t_eq_str(caught(), "in:@18: incomplete frame\n");
}

static void
frames_are_lines_where_they_are_not_allowed(void)
{
	t_eq_str(feed(FRAME_A, FRAME_LEN, 100, false), "");
	t_check(strncmp(caught(), "in:1:1: ", 8) == 0, "%s", caught());
}

/* ---------------------------------------------------------------- output */

/* A reader that takes nothing does not hold us up, and loses nothing. */
static void
a_stalled_reader_never_blocks(void)
{
	enum { ALL = 1 << 20 };
	static char text[ALL], back[ALL];
	size_t waiting, have = 0, i;
	int fds[2], real_stdout = dup(STDOUT_FILENO);
	ssize_t n;

	fflush(stdout);
	if (pipe(fds) != 0)
		return;
	for (i = 0; i < ALL; i++)
		text[i] = (char)('a' + i % 26);
	dup2(fds[1], STDOUT_FILENO);
	cli_out_bytes(text, ALL);
	/* the pipe takes some of it, and the rest waits: no call blocks */
	waiting = cli_out_try_flush();
	t_check(waiting > 0 && waiting < ALL, "%zu", waiting);
	t_eq_int(cli_out_try_flush(), waiting);
	while (have < ALL && (n = read(fds[0], back + have, 3000)) > 0) {
		have += (size_t)n;
		waiting = cli_out_try_flush();
	}
	t_eq_int(waiting, 0);
	t_eq_int(have, ALL);
	t_check(memcmp(text, back, ALL) == 0);
	t_check(!cli_out_reader_gone());
	close(fds[0]);
	/* the reader has gone: seen while idle, and nothing is kept for it */
	t_check(cli_out_reader_gone());
	cli_out_bytes(text, ALL);
	t_eq_int(cli_out_try_flush(), 0);
	dup2(real_stdout, STDOUT_FILENO);
	close(real_stdout);
	close(fds[1]);
}

/* ------------------------------------------------------------------ thin */

static struct clasp_buf through;
static uint64_t let_go_us;	/* when cli_thin_run was called; else 0 */

static void
on_through(const struct clasp_line *line, void *user)
{
	(void)user;
	if (let_go_us != 0)
		clasp_buf_printf(&through, "%llu: ",
		    (unsigned long long)let_go_us / 1000);
	clasp_line_format(&through, line, 0);
}

/* Each row: when it comes (ms), and the line. */
static const char *
thin(const struct cli_thin_config *config, const char *const *rows)
{
	struct cli_thin *t = cli_thin_new(config, on_through, NULL);
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_line_error err;
	uint64_t now;
	char *end;

	clasp_buf_reset(&through);
	clasp_arena_init(&arena, NULL, 0, 1 << 20);
	for (; *rows != NULL; rows++) {
		now = strtoull(*rows, &end, 10) * 1000;
		while (cli_thin_due(t) <= now) {
			let_go_us = cli_thin_due(t);
			cli_thin_run(t, let_go_us);
			let_go_us = 0;
		}
		t_eq_int(clasp_line_parse(clasp_str_c(end), &arena, &line,
		    &err), 0, "%s", *rows);
		t_eq_int(cli_thin_take(t, &line, now), 0);
		clasp_arena_reset(&arena);
	}
	clasp_buf_add_c(&through, "end\n");
	cli_thin_end(t);
	t_check(cli_thin_due(t) == UINT64_MAX);
	cli_thin_free(t);
	return clasp_buf_cstr(&through);
}

static void
a_rate_lets_the_last_value_out(void)
{
	static const struct cli_thin_config config = { .max_rate = 10 };
	static const char *const rows[] = {
		"1000 /a 1", "1010 /a 2", "1020 /b 1", "1030 /a 3",
		"1110 /a 4", "1500 /a 5", "1510 /a 6", NULL
	};
	static const char *const events[] = {
		"0 /a event 1", "1 /a event 2", "2 /s stream 1",
		"3 /s stream 2", "4 /s stream 3", "5 /l lock 1", "6 /l lock 2",
		"7 /a 1 ; /b 1", "8 /a 2 ; /b 2", "9 /a 3", "10 /a 4 ; /b 5",
		NULL
	};
	static const char *const gesture[] = {
		"0 /g gesture id=1 phase=start 0",
		"1 /g gesture id=1 phase=move 1",
		"2 /g gesture id=1 phase=move 2",
		"2 /g gesture id=2 phase=move 9",
		"3 /g gesture id=1 phase=move 3",
		"4 /g gesture id=1 phase=end 4", NULL
	};

	t_eq_str(thin(&config, rows), "/a 1\n/b 1\n1100: /a 3\n1200: /a 4\n"
	    "/a 5\nend\n/a 6\n");
	/* events, locks and bundles never wait; what a bundle says is newer
	 * than what was held */
	t_eq_str(thin(&config, events), "/a event 1\n/a event 2\n"
	    "/s stream 1\n/l lock 1\n/l lock 2\n/a 1 ; /b 1\n/a 2 ; /b 2\n"
	    "/a 4 ; /b 5\nend\n/s stream 3\n");
	/* the last move comes out before the end */
	t_eq_str(thin(&config, gesture), "/g gesture id=1 phase=start 0\n"
	    "/g gesture id=2 phase=move 9\n/g gesture id=1 phase=move 3\n"
	    "/g gesture id=1 phase=end 4\nend\n");
}

static void
what_comes_back_in_time_is_not_held(void)
{
	/* 2 is held when 1 comes again: what got out last is true again */
	static const struct cli_thin_config config = {
		.max_rate = 10, .changed = true
	};
	static const char *const rows[] = {
		"0 /a 1", "1 /a 2", "2 /a 1", "500 /a 1", "600 /a 1.0", NULL
	};

	t_eq_str(thin(&config, rows), "/a 1\n/a 1.0\nend\n");
}

static void
epsilon_is_counted_from_what_got_out(void)
{
	static const struct cli_thin_config config = { .epsilon = 1 };
	static const char *const rows[] = {
		"0 /a 0.0", "1 /a 0.6", "2 /a 1", "3 /a nan", "4 /a 1.5",
		"5 /a [1,2]", "6 /a [1.5,2]", "7 /a [1.5,3]", "8 /a [1]",
		"9 /a event 0", "10 /a null", "11 /a null", NULL
	};

	t_eq_str(thin(&config, rows), "/a 0.0\n/a 1\n/a nan\n/a 1.5\n"
	    "/a [1,2]\n/a [1.5,3]\n/a [1]\n/a event 0\n/a null\n/a null\n"
	    "end\n");
}

int
main(void)
{
	errors_fd = mkstemp(errors);
	real_stderr = dup(STDERR_FILENO);
	unlink(errors);
	t_run(lines_come_however_bytes_are_cut);
	t_run(the_last_line_of_a_recording_may_be_torn);
	t_run(long_lines_cost_no_memory_and_no_other_line);
	t_run(the_longest_line_is_taken);
	t_run(strict_stops_at_the_first);
	t_run(the_one_who_takes_lines_may_stop);
	t_run(names_cannot_steer_a_terminal);
	t_run(frames_come_however_bytes_are_cut);
	t_run(after_a_broken_frame_the_next_good_one_is_found);
	t_run(frames_are_lines_where_they_are_not_allowed);
	t_run(a_rate_lets_the_last_value_out);
	t_run(what_comes_back_in_time_is_not_held);
	t_run(epsilon_is_counted_from_what_got_out);
	signal(SIGPIPE, SIG_IGN);
	t_run(a_stalled_reader_never_blocks);
	clasp_buf_clear(&got);
	clasp_buf_clear(&through);
	return t_end();
}
