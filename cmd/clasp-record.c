/*
 * clasp-record - writes what comes from a relay as a recording.
 *
 * Every write to the file is of whole lines.  What was written when the disk
 * is full, or when the program is killed, is a recording that players take.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/pump.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/recording.h"

enum { OPT_FILE = CLI_OWN, OPT_LIVE };

static const struct cli_option own[] = {
	{ OPT_FILE, 'o', "output", "FILE",
	    "write to FILE instead of stdout", CLI_ARG | CLI_NO_CONFIG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_LIVE, 'N', "no-snapshot", NULL,
	    "leave out the state at the beginning", 0, 0, NULL },
	{ CLI_EXACT, 0, "exact", NULL,
	    "keep what the wire chose: narrow numbers, order of keys, QoS",
	    0, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_type_options, cli_stop_options, cli_run_options,
	cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"everything, until Ctrl-C", "clasp-record -o show.clasp '/**'",
	"ten minutes of the lights",
	"clasp-record -T 10m -o lights.clasp '/lights/**'",
	"compressed on the way", "clasp-record '/**' | gzip > show.clasp.gz",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-record",
	.operands = "'PATTERN' ...",
	.summary = "record what comes from a relay",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_ADDRESS
};

static const char *file;	/* NULL: stdout */
static int fd = -1;
static off_t whole;		/* bytes of whole lines in the file */
static bool is_file;

static uint64_t started_us;	/* monotonic: time 0 of the recording */
static uint64_t lines;
static bool opened;		/* the header is written */
static bool begun;		/* the first snapshot is behind us */
static struct clasp_buf out;	/* lines that are not written yet */
static struct clasp_buf state;	/* lines of the first snapshot */
static uint64_t nstate;

static int64_t
now(void)
{
	return (int64_t)(clasp_clock_mono_us() - started_us);
}

/* ---------------------------------------------------------------- writing */

/*
 * A FIFO's reader may come late or read slowly, and no file may hold up the
 * loop: it is opened before there is one, and takes stdout's place.
 */
static void
open_fifo(void)
{
	struct stat st;
	int pipe_fd;

	if (stat(file, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	/* open(2) itself could sleep through a signal that came before it */
	cli_signals(NULL);
	while ((pipe_fd = open(file, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0 &&
	    errno == ENXIO && !cli_signal())
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	if (pipe_fd < 0 && cli_signal())
		cli_end();
	if (pipe_fd < 0 || dup2(pipe_fd, STDOUT_FILENO) < 0)
		cli_die(CLI_UNREACHABLE, file, "%s", cli_strerror(errno));
	fcntl(STDOUT_FILENO, F_SETFL, O_WRONLY);
	close(pipe_fd);
	file = NULL;
}

/* Open only when the relay is there: a recording of yesterday under the same
 * name outlives a mistyped URL. */
static void
open_file(void)
{
	struct stat st;

	if (!file)
		return;
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		cli_die(CLI_UNREACHABLE, file, "%s", cli_strerror(errno));
	is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A line that is only half there would be taken for another one later. */
static void
failed(int error)
{
	if (is_file && ftruncate(fd, whole) < 0)
		cli_warn(file, "the last line is cut off");
	cli_die(CLI_UNREACHABLE, file, "%s", cli_strerror(error));
}

static void
write_file(void)
{
	size_t at = 0;
	ssize_t n;

	while (at < out.len) {
		n = write(fd, out.data + at, out.len - at);
		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			failed(errno);
	}
	whole += (off_t)out.len;
}

/* Put out what was collected: whole lines, one write. */
static void
flush(struct clasp_pump *p)
{
	if (out.failed)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (out.len == 0)
		return;
	if (file) {
		write_file();
	} else {
		cli_out_bytes(out.data, out.len);
		clasp_pump_printed(p);
	}
	clasp_buf_reset(&out);
}

/* ------------------------------------------------------------------ lines */

static void
put(struct clasp_buf *buf, const struct clasp_line *line, int64_t at)
{
	struct clasp_line timed = *line;

	timed.timed = true;
	timed.relative = false;
	timed.time_us = at;
	clasp_line_format(buf, &timed, cli.exact ? CLASP_LINE_EXACT : 0);
	lines++;
}

static void
on_ready(struct clasp_pump *p, void *user)
{
	(void)user;
	opened = true;
	open_file();
	started_us = clasp_clock_mono_us();
	clasp_recording_put_header(&out, (int64_t)clasp_clock_unix_us());
	flush(p);
}

static void
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	(void)user;
	if (snapshot && !begun) {
		put(&state, line, 0);
		nstate++;
		return;
	}
	put(&out, line, now());
	flush(p);
}

/* The state when recording began. */
static void
begin(struct clasp_pump *p)
{
	if (begun)
		return;
	begun = true;
	if (nstate > 0) {
		clasp_recording_put_snapshot(&out, nstate);
		clasp_buf_add_str(&out, clasp_buf_str(&state));
		out.failed |= state.failed;
	}
	clasp_buf_clear(&state);
	flush(p);
}

static void
on_batch_end(struct clasp_pump *p, void *user)
{
	(void)user;
	begin(p);
}

static void
on_back(struct clasp_pump *p, uint64_t away_us, void *user)
{
	(void)user;
	clasp_recording_put_gap(&out, (int64_t)away_us);
	flush(p);
}

static void
on_dropped(struct clasp_pump *p, uint64_t count, void *user)
{
	(void)user;
	clasp_recording_put_drop(&out, count);
	flush(p);
}

static void
on_finish(struct clasp_pump *p, void *user)
{
	static bool done;

	(void)user;
	if (done)
		return;
	done = true;
	if (opened) {
		begin(p);
		clasp_recording_put_end(&out, now(), lines);
		flush(p);
	}
	clasp_pump_stop(p);
}

/* ------------------------------------------------------------------- main */

/* The file is written down and closed; a disk may say only now it is full. */
static void
close_file(void)
{
	if (fd >= 0 && close(fd) < 0) {
		cli_warn(file, "%s", cli_strerror(errno));
		cli_fail(CLI_UNREACHABLE);
	}
}

int
main(int argc, char **argv)
{
	struct clasp_pump_config config = {
		.sink = true,
		.relay = true,
		.line = on_line,
		.batch_end = on_batch_end,
		.finish = on_finish,
		.end = on_finish,
		.ready = on_ready,
		.back = on_back,
		.dropped = on_dropped
	};
	struct clasp_pump *p;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0) {
		if (id == OPT_FILE)
			file = cli_arg_file();
		config.no_snapshot |= id == OPT_LIVE;
	}
	cli_check_count(1, -1, "PATTERN");
	cli_check_patterns(0);
	if (file && strcmp(file, "-") == 0)
		file = NULL;
	if (file)
		open_fifo();
	config.patterns = (const char *const *)cli_operands();
	p = clasp_pump_new(uv_default_loop(), &config);
	clasp_pump_ready(p);
	clasp_pump_run(p);
	close_file();
	clasp_buf_clear(&out);
	clasp_buf_clear(&state);
	cli_end();
}
