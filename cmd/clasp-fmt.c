/*
 * clasp-fmt.c - a filter that checks lines and turns them into their
 * canonical form, into JSON, TABs or frames, and back; and that cuts and
 * joins recordings.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/out.h"
#include "wire/recording.h"

enum {
	OPT_CHECK = CLI_OWN, OPT_RELATIVE, OPT_ABSOLUTE, OPT_NO_TIME,
	OPT_APPEND, OPT_FROM, OPT_TO
};

static const struct cli_option own_options[] = {
	{ OPT_CHECK, 0, "check", NULL, "print nothing; exit 6 when a line or "
	    "frame is bad", 0, 0, NULL },
	{ OPT_RELATIVE, 0, "relative", NULL, "write times as +D, since the "
	    "line before", 0, 0, NULL },
	{ OPT_ABSOLUTE, 0, "absolute", NULL, "write times since the epoch",
	    0, 0, NULL },
	{ OPT_NO_TIME, 0, "no-time", NULL, "leave the times out", 0, 0,
	    NULL },
	{ OPT_APPEND, 0, "append", NULL, "make one recording of several, one "
	    "after the other", 0, 0, NULL },
	{ OPT_FROM, 0, "from", "T|MARK", "leave out what is before T seconds "
	    "or before a mark", CLI_ARG, 0, NULL },
	{ OPT_TO, 0, "to", "T|MARK", "leave out what is from T seconds or a "
	    "mark on", CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_input_options, cli_output_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"is this recording as it should be?",
	"clasp-fmt --check show.clasp && echo fine",
	"the values above a half, by jq",
	"clasp-fmt -o json show.clasp | jq -c 'select(.value > 0.5)'",
	"ten seconds out of the middle",
	"clasp-fmt --from 10 --to 20 show.clasp >part.clasp",
	"two takes, one after the other",
	"clasp-fmt --append first.clasp second.clasp >both.clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-fmt",
	.operands = "[FILE ...]",
	.summary = "check and convert CLASP lines, JSON and frames",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_FILE
};

enum times { AS_THEY_ARE, RELATIVE, ABSOLUTE, NONE };

/* One end of what is wanted: a time, or a mark whose time comes later. */
struct edge {
	const char	*mark;		/* NULL: not a mark */
	bool		 known;
	int64_t		 us;
};

static enum times times;
static bool check, append;
static struct edge from, to;

/* How the usual forms are written, without the detour over templates. */
static enum { LINES, FRAMES, OTHER } form;
static unsigned flags;

static struct clasp_recording in;	/* the file being read */
static struct clasp_arena arena;
static int64_t shift_us;		/* of this file's times (--append) */
static uint64_t lines;			/* written */
static bool header;			/* written, or to be written */
static bool settle;			/* shift_us waits for a first time */
static bool end_held;			/* an #end was seen and kept back */
static int64_t end_us;
static int64_t line_us;			/* of the last line, to cut by */
static int64_t out_us;			/* of the last time written */

/* ------------------------------------------------------------- frames */

static void
complain(int error, const struct clasp_msg *msg)
{
	char why[100];

	cli_in_why(why, sizeof why, error, msg);
	cli_in_complain(cli_in_current(), 1, why);
}

static void
put_frame(const struct clasp_line *line)
{
	struct clasp_buf *buf = cli_out_buf();
	struct clasp_frame head;
	struct clasp_msg msg;
	int e;

	if (line->kind == CLASP_LINE_FRAME) {
		cli_out_bytes(line->text.p, line->text.len);
		return;
	}
	if (line->kind != CLASP_LINE_DATA && line->kind != CLASP_LINE_CONTROL)
		return;		/* comments and marks are not on the wire */
	clasp_arena_reset(&arena);
	e = clasp_line_to_msg(line, &arena, &msg, &head);
	if (e == 0)
		e = clasp_frame_append(buf, &msg, &head);
	cli_out_memory();
	if (e < 0)
		complain(e, &msg);
}

/* --------------------------------------------------------------- writing */

static void
put_line(const struct clasp_line *line)
{
	switch (form) {
	case LINES:
		if (clasp_line_format(cli_out_buf(), line, flags) < 0)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
		break;
	case FRAMES:
		put_frame(line);
		break;
	case OTHER:
		cli_out_line(line, 0);
		break;
	}
}

/* A "frame" line whose message has a usual form gets it. */
static void
usual_form(struct clasp_line *line)
{
	unsigned exact = cli.exact ? CLASP_LINE_EXACT : 0;
	struct clasp_line usual;
	struct clasp_frame frame;
	struct clasp_msg msg;

	clasp_arena_reset(&arena);
	if (clasp_line_to_msg(line, &arena, &msg, &frame) < 0 ||
	    clasp_line_from_msg(&usual, &msg, &frame, line->text, &arena,
	    exact) < 0)
		return;
	usual.timed = line->timed;
	usual.relative = line->relative;
	usual.time_us = line->time_us;
	*line = usual;
}

/*
 * The time in front.  "+D" counts from the line before it in the output,
 * which need not be the one before it in the input.  What would count
 * backwards stays absolute.
 */
static void
set_time(struct clasp_line *line, int64_t at)
{
	bool relative = times == RELATIVE ||
	    (times == AS_THEY_ARE && line->relative);

	if (!line->timed)
		return;
	if (times == NONE) {
		line->timed = false;
		return;
	}
	line->relative = relative && at >= out_us;
	line->time_us = line->relative ? at - out_us : at;
	out_us = at;
}

static void
write_line(struct clasp_line *line, const struct clasp_moment *moment)
{
	if (line->kind == CLASP_LINE_FRAME && form != FRAMES)
		usual_form(line);
	if (line->timed)
		set_time(line, moment->time_us + shift_us);
	clasp_line_resolve(line, clasp_clock_unix_us());
	lines++;
	put_line(line);
}

static void
write_end(void)
{
	struct clasp_line line = { .kind = CLASP_LINE_DIRECTIVE };
	struct clasp_buf buf = { 0 };

	end_held = false;
	if (to.known && end_us > to.us)
		end_us = to.us;
	if (clasp_recording_put_end(&buf, end_us, lines) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	line.text = clasp_str_of((const char *)buf.data, buf.len - 1);
	put_line(&line);
	clasp_buf_clear(&buf);
}

/* --------------------------------------------------------------- reading */

/* Is the edge reached?  A mark is, once it has come by. */
static bool
reached(const struct edge *edge, int64_t us)
{
	return edge->known && us >= edge->us;
}

static void
look_for_mark(struct edge *edge, const struct clasp_line *line, int64_t us)
{
	if (edge->mark == NULL || edge->known ||
	    !clasp_str_is(line->text, edge->mark))
		return;
	edge->known = true;
	edge->us = us;
}

/* Is a line of this moment between --from and --to? */
static bool
inside(const struct clasp_line *line, const struct clasp_moment *m)
{
	if (from.mark == NULL && !from.known && to.mark == NULL && !to.known)
		return true;
	if (m->kind == CLASP_MOMENT_COMMENT || m->kind == CLASP_MOMENT_HEADER
	    || m->kind == CLASP_MOMENT_SNAPSHOT || m->snapshot)
		return true;
	line_us = m->time_us + shift_us;
	if (m->kind == CLASP_MOMENT_MARK) {
		look_for_mark(&from, line, line_us);
		look_for_mark(&to, line, line_us);
	}
	if ((from.mark != NULL || from.known) && !reached(&from, line_us))
		return false;
	return !reached(&to, line_us);
}

/* Directives whose figures change when lines are cut out or joined. */
static bool
take_directive(const struct clasp_moment *m)
{
	bool cut = from.mark != NULL || from.known || to.mark != NULL ||
	    to.known;

	switch (m->kind) {
	case CLASP_MOMENT_HEADER:
		if (append && header)
			return false;
		header = true;
		return true;
	case CLASP_MOMENT_SNAPSHOT:
		/* the state of a later file is not that of the beginning */
		return shift_us == 0;
	case CLASP_MOMENT_END:
		if (!append && !cut)
			return true;
		end_held = true;
		end_us = m->time_us + shift_us;
		return false;
	default:
		end_held = false;
		return true;
	}
}

static int
on_line(const struct clasp_line *given, void *user)
{
	struct clasp_line line = *given;
	struct clasp_moment moment;

	(void)user;
	clasp_recording_take(&in, given, &moment, NULL);
	if (check)
		return 0;
	/* without a header times may count from anywhere: begin at the first */
	if (settle && moment.timed && !in.header)
		shift_us -= moment.time_us;
	settle &= !moment.timed;
	if (!take_directive(&moment) || !inside(&line, &moment))
		return 0;
	if (moment.kind == CLASP_MOMENT_LINE ||
	    moment.kind == CLASP_MOMENT_MARK)
		write_line(&line, &moment);
	else
		put_line(&line);
	return 0;
}

/* Each file counts by itself; --append puts it behind those before it. */
static void
on_file(const char *name, void *user)
{
	(void)name;
	(void)user;
	if (append) {
		shift_us += clasp_recording_length_us(&in);
		settle = in.begun;
	} else if (end_held)
		write_end();
	if (!append) {
		lines = 0;
		out_us = 0;
	}
	clasp_recording_init(&in);
}

/* --------------------------------------------------------------- options */

static void
take_edge(struct edge *edge)
{
	const char *arg = cli_arg();

	edge->known = clasp_time_parse(clasp_str_c(arg), NULL,
	    &edge->us) == 0;
	edge->mark = edge->known ? NULL : arg;
}

static void
take_times(enum times what)
{
	if (times != AS_THEY_ARE && times != what)
		cli_usage("only one of --relative, --absolute and --no-time");
	times = what;
}

static void
take_options(void)
{
	int id;

	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_CHECK:
			check = true;
			break;
		case OPT_RELATIVE:
			take_times(RELATIVE);
			break;
		case OPT_ABSOLUTE:
			take_times(ABSOLUTE);
			break;
		case OPT_NO_TIME:
			take_times(NONE);
			break;
		case OPT_APPEND:
			append = true;
			break;
		case OPT_FROM:
			take_edge(&from);
			break;
		case OPT_TO:
			take_edge(&to);
			break;
		}
}

static void
choose_form(void)
{
	const char *o = cli.output;

	if (cli.format != NULL || cli.time != NULL)
		form = OTHER;
	else if (o == NULL || strcmp(o, "text") == 0)
		form = LINES;
	else if (strcmp(o, "frames") == 0)
		form = FRAMES;
	else
		form = OTHER;
	if (cli.exact)
		flags |= CLASP_LINE_EXACT;
	if (isatty(STDOUT_FILENO))
		flags |= CLASP_LINE_ESCAPE;
}

/* A mark that never came cannot have been meant. */
static void
check_mark(const struct edge *edge, const char *option)
{
	if (check || edge->mark == NULL || edge->known)
		return;
	cli_warn(option, "no mark \"%s\" was found", edge->mark);
	cli_fail(CLI_NO);
}

int
main(int argc, char **argv)
{
	cli_begin(&tool, argc, argv);
	take_options();
	cli_out_check();
	choose_form();
	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	cli_filter_allow_frames();
	cli_filter_on_file(on_file);
	if (cli_filter_run(cli_operands(), cli_operand_count(), on_line, NULL,
	    NULL, NULL) == 0) {
		if (end_held)
			write_end();
		check_mark(&from, "--from");
		check_mark(&to, "--to");
	}
	clasp_arena_clear(&arena);
	cli_end();
}
