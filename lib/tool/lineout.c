/* lineout.c - lines to stdout, in the form the options ask for. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "tool/fields.h"
#include "tool/lineio.h"
#include "tool/message.h"
#include "tool/option.h"
#include "tool/out.h"
#include "tool/shared.h"
#include "tool/template.h"

#define ARENA_LIMIT	(64u << 20)

enum form { TEXT, JSON, TSV, VALUES, ADDRESSES, FRAMES, TEMPLATE };
enum front { NO_TIME, UNIX, REL, DELTA, ISO };

static struct {
	bool		 checked;
	enum form	 form;
	enum front	 front;
	unsigned	 flags;
	struct cli_template *template;
	bool		 first_known;
	int64_t		 first_us;	/* the first line's time */
	int64_t		 before_us;	/* the last line's */
	struct clasp_item *items;	/* a copy to leave things out of */
	size_t		 nitems;
	struct clasp_buf scratch;
	struct clasp_arena arena;
} out;

/* The place of word in a list of words; -1: not there. */
static int
index_of(const char *const *words, const char *word)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static void
check_combination(void)
{
	if (cli.format != NULL && cli_shared_typed(CLI_FORMAT) &&
	    cli_shared_typed(CLI_OUTPUT))
		cli_usage("-o and -f exclude each other");
	if (out.form == FRAMES && isatty(STDOUT_FILENO))
		cli_usage("-o frames: not on a terminal; send it to a file "
		    "or a pipe");
	if (out.form == FRAMES && cli_shared_typed(CLI_TIME))
		cli_usage("-t: frames have no time in front");
	if (out.front == ISO && (out.form == JSON || out.form == TSV))
		cli_usage("-t=iso: is for people, not for %s", cli.output);
}

void
cli_out_check(void)
{
	static const char *const forms[] = { "text", "json", "tsv", "values",
		"addresses", "frames", NULL };
	static const char *const fronts[] = { "", "unix", "rel", "delta",
		"iso", NULL };
	const char *why;
	int i;

	if (out.checked)
		return;
	out.checked = true;
	clasp_arena_init(&out.arena, NULL, 0, ARENA_LIMIT);
	if (cli.output != NULL) {
		i = index_of(forms, cli.output);
		if (i < 0)
			cli_usage("--output: '%s' is no output form",
			    cli.output);
		out.form = (enum form)i;
	}
	if (cli.time != NULL)
		out.front = (enum front)index_of(fronts, cli.time);
	if (cli.format != NULL)
		out.form = TEMPLATE;
	check_combination();
	out.flags = cli.exact ? CLASP_LINE_EXACT : 0;
	if (out.form == JSON)
		out.flags |= CLASP_LINE_JSON;
	if (out.form == TSV)
		out.flags |= CLASP_LINE_TSV;
	if (isatty(STDOUT_FILENO))
		out.flags |= CLASP_LINE_ESCAPE;
	if (cli.format != NULL) {
		out.template = cli_template_new(cli.format, &why);
		if (out.template == NULL)
			cli_usage("--format: %s", why);
	}
}

bool
cli_out_info(void)
{
	return cli.verbose > 0 ||
	    (out.template != NULL && cli_template_info(out.template));
}

/* ------------------------------------------------------- what is left out */

/* Does the line say things that are shown only with -v? */
static bool
has_info(const struct clasp_line *line)
{
	const struct clasp_item *item;
	uint32_t i;

	if (line->kind != CLASP_LINE_DATA)
		return false;
	for (i = 0; i < line->count; i++) {
		item = &line->items[i];
		if (item->by.p != NULL || item->has_ts ||
		    (item->msg.type == CLASP_SET &&
		    item->msg.set.has_revision))
			return true;
	}
	return false;
}

/* Make *shown the line without them; the original stays as it is. */
static void
make_plain(struct clasp_line *shown)
{
	struct clasp_item *items;

	if (shown->count > out.nitems) {
		items = realloc(out.items, shown->count * sizeof *items);
		if (items == NULL)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
		out.items = items;
		out.nitems = shown->count;
	}
	memcpy(out.items, shown->items, shown->count * sizeof *out.items);
	shown->items = out.items;
	clasp_line_plain(shown);
}

/* ------------------------------------------------------- the time in front */

/* Put what -t asks for in front of the line; `at` is its Unix time. */
static void
put_time(struct clasp_line *shown, int64_t at)
{
	if (shown->timed)
		return;
	shown->timed = out.front != NO_TIME && out.front != ISO;
	shown->relative = out.front == DELTA;
	if (out.front == UNIX)
		shown->time_us = at;
	else if (out.front == REL)
		shown->time_us = at - out.first_us;
	else if (out.front == DELTA)
		shown->time_us = at - out.before_us;
	/* the wall clock may step back; "+D" cannot say that */
	if (shown->time_us < 0 && shown->timed)
		shown->time_us = 0;
}

/* The Unix time of a line, and the figures that lines relate to. */
static int64_t
time_of(const struct clasp_line *line, uint64_t received_us)
{
	int64_t at;

	if (received_us != 0)
		at = (int64_t)received_us;
	else if (line->timed && !line->relative)
		at = line->time_us;
	else if (line->timed)
		at = out.before_us + line->time_us;
	else
		at = (int64_t)clasp_clock_unix_us();
	if (!out.first_known) {
		out.first_known = true;
		out.first_us = out.before_us = at;
	}
	return at;
}

/* ------------------------------------------------------------- the forms */

static void
put_frame(const struct clasp_line *line)
{
	struct clasp_buf *buf = cli_out_buf();
	struct clasp_frame head;
	struct clasp_msg msg;
	int e;

	if (line->kind == CLASP_LINE_FRAME) {
		clasp_buf_add_str(buf, line->text);
		return;
	}
	clasp_arena_reset(&out.arena);
	e = clasp_line_to_msg(line, &out.arena, &msg, &head);
	if (e == 0)
		e = clasp_frame_append(buf, &msg, &head);
	if (e >= 0 || line->kind == CLASP_LINE_MARK)
		return;
	buf->failed = false;
	if (cli_in_current() != NULL) {
		cli_in_complain(cli_in_current(), 1, clasp_strerror(e));
	} else {
		cli_warn(NULL, "%s", clasp_strerror(e));
		cli_fail(CLI_DATA);
	}
}

/* One column alone, or with the time before it that -t asks for. */
static void
put_column(const struct clasp_line *line, int64_t at, struct clasp_str column)
{
	struct clasp_buf *buf = cli_out_buf();

	if (out.front != NO_TIME) {
		if (!line->timed)
			cli_iso_put(buf, at);
		else if (line->relative)
			clasp_buf_add_u8(buf, '+');
		if (line->timed)
			clasp_time_format(buf, line->time_us);
		clasp_buf_add_u8(buf, ' ');
	}
	clasp_buf_add_str(buf, column);
	clasp_buf_add_u8(buf, '\n');
}

static void
put_columns(const struct clasp_line *shown, int64_t at)
{
	struct cli_fields f;
	uint32_t i;

	for (i = 0; i < shown->count; i++) {
		if (cli_fields_cut(&f, shown, i, out.flags, &out.scratch) < 0)
			cli_out_buf()->failed = true;
		else if (out.form == ADDRESSES)
			put_column(shown, at, f.address);
		else
			put_column(shown, at, cli_fields_raw(f.value));
	}
}

static void
put_template(const struct clasp_line *line, const struct clasp_line *shown,
    int64_t at)
{
	struct cli_template_args args = {
		.line = line,
		.shown = shown,
		.flags = out.flags,
		.time_us = at,
		.since_us = at - out.before_us
	};
	uint32_t n = line->kind == CLASP_LINE_DATA ? line->count : 1;

	for (args.item = 0; args.item < n; args.item++)
		cli_template_put(cli_out_buf(), out.template, &args);
}

static void
put_line(const struct clasp_line *line, const struct clasp_line *shown,
    int64_t at)
{
	switch (out.form) {
	case TEXT:
		if (out.front == ISO && !shown->timed) {
			cli_iso_put(cli_out_buf(), at);
			clasp_buf_add_u8(cli_out_buf(), ' ');
		}
		/* FALLTHROUGH */
	case JSON:
	case TSV:
		clasp_line_format(cli_out_buf(), shown, out.flags);
		break;
	case VALUES:
	case ADDRESSES:
		/* control lines have neither */
		if (shown->kind == CLASP_LINE_DATA)
			put_columns(shown, at);
		break;
	case FRAMES:
		put_frame(line);
		break;
	case TEMPLATE:
		put_template(line, shown, at);
		break;
	}
}

/* Blank lines, comments and directives: only lines can say them. */
static void
put_comment(const struct clasp_line *line)
{
	if (out.form <= TSV)
		clasp_line_format(cli_out_buf(), line, out.flags);
}

void
cli_out_line(const struct clasp_line *line, uint64_t received_us)
{
	struct clasp_line shown;
	int64_t at;

	if (!out.checked)
		cli_out_check();
	if (line->kind <= CLASP_LINE_DIRECTIVE) {
		put_comment(line);
	} else if (received_us == 0 && out.front == NO_TIME &&
	    out.form <= TSV) {
		/* a filter's way: nothing to add, nothing to leave out */
		clasp_line_format(cli_out_buf(), line, out.flags);
	} else {
		at = time_of(line, received_us);
		shown = *line;
		if (received_us != 0 && cli.verbose == 0 && has_info(line))
			make_plain(&shown);
		put_time(&shown, at);
		put_line(line, &shown, at);
		out.before_us = at;
	}
	cli_out_memory();
}
