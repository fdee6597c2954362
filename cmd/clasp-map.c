/*
 * clasp-map.c - a filter that renames and transforms lines.
 *
 * The rules are proto/rules; this reads them from the command line or files,
 * and puts lines through them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "bridge/mapping.h"
#include "proto/rules.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/recording.h"

enum { OPT_ALL = CLI_OWN, OPT_ONLY };

static const struct cli_option own_options[] = {
	{ OPT_ALL, 'a', "all", NULL, "every rule that matches gives a line, "
	    "not only the first", 0, 0, NULL },
	{ OPT_ONLY, 0, "only", NULL, "drop the lines that no rule matches",
	    0, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_map_options, cli_input_options, cli_output_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"a MIDI knob becomes a fader from 0.0 to 1.0",
	"clasp-midi-in | clasp-map '/midi/*/ch/*/cc/*' '/fader/$3' "
	    "scale:0,127,0,1",
	"the rules of a whole show, from a file",
	"clasp-map -m show.map <in.clasp >out.clasp",
	"only what a pattern matches, smoothed",
	"clasp-map --only '/imu/**' smooth:0.2 changed:0.01",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-map",
	.operands = "[PATTERN [TARGET] [STEP ...]]",
	.summary = "rename and transform CLASP lines",
	.tables = tables,
	.examples = examples
};

static struct clasp_rules *rules;
static struct clasp_recording recording;	/* what is read */
static uint64_t lines;				/* what was written of it */
static int64_t at_us, newest_us;		/* their times */

/* What "#snapshot N" counts is held until it is known what is left of it. */
#define HELD_MAX	(64u << 20)	/* bytes; beyond, N stays as it was */
static struct clasp_buf held;		/* lines, as text */
static uint64_t held_lines, held_from;	/* left, and N */
static bool holding;

static void
no_memory(void)
{
	cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

/* A directive that was written into buf. */
static void
put_directive(const struct clasp_buf *buf)
{
	struct clasp_line line = { .kind = CLASP_LINE_DIRECTIVE,
	    .text = clasp_str_of((const char *)buf->data, buf->len - 1) };

	cli_out_line(&line, 0);
}

/* Put out the held lines behind a directive that counts them. */
static void
put_snapshot(uint64_t count)
{
	const char *p = (const char *)held.data, *end = p + held.len, *lf;
	struct clasp_buf buf = { 0 };
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;

	holding = false;
	if (clasp_recording_put_snapshot(&buf, count) < 0)
		no_memory();
	put_directive(&buf);
	clasp_buf_clear(&buf);
	clasp_arena_init(&arena, NULL, 0, 64 * CLASP_LINE_MAX);
	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (clasp_line_parse(clasp_str_of(p, (size_t)(lf - p)),
		    &arena, &line, &err) == 0)
			cli_out_line(&line, 0);
		clasp_arena_reset(&arena);
	}
	clasp_buf_clear(&held);
}

static void
put(const struct clasp_line *line)
{
	if (!holding) {
		cli_out_line(line, 0);
		return;
	}
	if (clasp_line_format(&held, line, CLASP_LINE_EXACT) < 0)
		no_memory();
	held_lines += line->kind == CLASP_LINE_DATA;
	if (held.len > HELD_MAX)
		put_snapshot(held_from);
}

/* A recording that said how many lines it has says it again, truly. */
static void
put_end(const struct clasp_line *line)
{
	struct clasp_line end = *line;
	struct clasp_buf buf = { 0 };
	int64_t end_us = recording.end_us;

	/* what was held may have come after the end */
	if (end_us < newest_us)
		end_us = newest_us;
	if (clasp_recording_put_end(&buf, end_us, lines) < 0)
		no_memory();
	end.text = clasp_str_of((const char *)buf.data, buf.len - 1);
	put(&end);
	clasp_buf_clear(&buf);
}

static void
on_result(const struct clasp_line *line, void *user)
{
	(void)user;
	if (line->timed) {
		at_us = line->time_us + (line->relative ? at_us : 0);
		if (at_us > newest_us)
			newest_us = at_us;
	}
	if (line->kind == CLASP_LINE_DIRECTIVE && recording.ended &&
	    recording.end_lines == recording.lines &&
	    clasp_str_starts(line->text, CLASP_STR("#end"))) {
		put_end(line);
		return;
	}
	if (line->kind != CLASP_LINE_COMMENT &&
	    line->kind != CLASP_LINE_DIRECTIVE)
		lines++;
	put(line);
}

static int
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_moment moment;

	(void)user;
	clasp_recording_take(&recording, line, &moment, NULL);
	if (moment.kind == CLASP_MOMENT_SNAPSHOT && moment.count > 0 &&
	    !holding) {
		holding = true;
		held_lines = 0;
		held_from = moment.count;
		return 0;
	}
	clasp_rules_apply(rules, line, clasp_clock_mono_us());
	if (holding && recording.snapshot_left == 0)
		put_snapshot(held_lines);
	return 0;
}

static uint64_t
wait_until(void *user)
{
	(void)user;
	return clasp_rules_due(rules);
}

static void
due(void *user)
{
	(void)user;
	clasp_rules_take_due(rules, clasp_clock_mono_us());
}

/* --------------------------------------------------------------- options */

/* Name the word of the command line in which the column lies. */
static void
complain(const struct clasp_rule_error *err)
{
	char **words = cli_operands();
	int n = cli_operand_count(), i;
	unsigned column = err->column;
	size_t len;

	for (i = 0; i < n; i++, column -= (unsigned)len + 1) {
		len = strlen(words[i]);
		if (column <= len + 1)
			break;
	}
	if (err->column == 0 || i == n)
		cli_die(CLI_USAGE, NULL, "%s", err->reason);
	cli_die(CLI_USAGE, words[i], "column %u: %s", column, err->reason);
}

/*
 * The operands are one rule.  A single one may hold all of it, with blanks,
 * as --map has it.
 */
static void
take_operands(void)
{
	const char *const *words = (const char *const *)cli_operands();
	int n = cli_operand_count(), r;
	struct clasp_rule_error err;

	if (n == 0)
		return;
	r = n == 1 ? clasp_rules_add(rules, clasp_str_c(words[0]), &err) :
	    clasp_rules_add_words(rules, words, n, &err);
	if (r < 0)
		complain(&err);
}

static void
take_options(void)
{
	int id;

	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_ALL:
			clasp_rules_all(rules, true);
			break;
		case OPT_ONLY:
			clasp_rules_only(rules, true);
			break;
		case CLI_MAP:
		case CLI_MAP_FILE:
			clasp_mapping_read(rules, id);
			break;
		}
}

int
main(int argc, char **argv)
{
	const struct clasp_rules_counts *counts;

	rules = clasp_rules_new(on_result, NULL);
	if (rules == NULL)
		abort();
	cli_begin(&tool, argc, argv);
	take_options();
	take_operands();
	if (clasp_rules_count(rules) == 0)
		cli_usage("no rule given");
	cli_out_check();
	cli_filter_run(NULL, 0, on_line, NULL, wait_until, due);
	clasp_rules_finish(rules);
	if (holding)
		put_snapshot(held_lines);
	counts = clasp_rules_counts(rules);
	if (counts->bad_address > 0) {
		cli_warn(NULL, "%lu line%s dropped: the target made no "
		    "address", counts->bad_address,
		    counts->bad_address == 1 ? "" : "s");
		cli_fail(CLI_DATA);
	}
	if (counts->not_finite > 0)
		cli_verbose(NULL, "%lu value%s passed unchanged: expr gave "
		    "no number", counts->not_finite,
		    counts->not_finite == 1 ? "" : "s");
	clasp_rules_free(rules);
	cli_end();
}
