/*
 * clasp-filter.c - a filter that leaves lines out: by kind, by address, and
 * by how much or how often they say something new.
 */
#include <float.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/thin.h"
#include "wire/address.h"
#include "wire/recording.h"

enum { OPT_MATCH = CLI_OWN, OPT_NOT, OPT_MAX_RATE, OPT_EPSILON, OPT_CHANGED };

static const struct cli_option own_options[] = {
	{ OPT_MATCH, 0, "match", "PATTERN", "only addresses that match; "
	    "several: any of them", CLI_ARG, CLI_COMPLETE_ADDRESS, NULL },
	{ OPT_NOT, 0, "not", "PATTERN", "no addresses that match", CLI_ARG,
	    CLI_COMPLETE_ADDRESS, NULL },
	{ OPT_MAX_RATE, 0, "max-rate", "R", "at most R values a second for "
	    "each address; the last one always gets out", CLI_ARG, 0, NULL },
	{ OPT_EPSILON, 0, "epsilon", "E", "only values that differ by E or "
	    "more from the last one of their address", CLI_ARG, 0, NULL },
	{ OPT_CHANGED, 0, "changed", NULL, "only values that differ from the "
	    "last one of their address", 0, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_type_options, cli_input_options, cli_output_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"the lights of a recording without the one that flickers",
	"clasp-filter --match '/lights/**' --not /lights/neon "
	    "<show.clasp",
	"a sensor at no more than ten values a second",
	"clasp-sub '/imu/**' | clasp-filter --max-rate 10",
	"only what changed by a tenth of a degree",
	"clasp-sub '/sensor/*/temp' | clasp-filter --epsilon 0.1",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-filter",
	.operands = "[FILE ...]",
	.summary = "leave CLASP lines out by kind, address, change and rate",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_FILE
};

static struct clasp_str *match, *without;
static int nmatch, nwithout;
static struct cli_thin *thin;
static struct clasp_recording recording;	/* what is read */
static uint64_t lines;				/* what was written of it */
static struct clasp_item *kept;			/* of a bundle */
static size_t kept_cap;

static void *
must(void *p)
{
	if (p == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return p;
}

/* ------------------------------------------------------- what is wanted */

static bool
matches_any(const struct clasp_str *patterns, int n, struct clasp_str address)
{
	int i;

	for (i = 0; i < n; i++)
		if (clasp_pattern_match(patterns[i], address))
			return true;
	return false;
}

static bool
wanted(const struct clasp_item *item)
{
	bool set = item->msg.type == CLASP_SET;
	unsigned kind = set ? CLASP_PARAM : item->msg.publish.kind;
	struct clasp_str address = set ? item->msg.set.address :
	    item->msg.publish.address;

	if (cli.types != 0 && (cli.types & (1u << kind)) == 0)
		return false;
	if (nmatch > 0 && !matches_any(match, nmatch, address))
		return false;
	return !matches_any(without, nwithout, address);
}

/* Leave *line only the messages that are wanted; false: none is. */
static bool
keep_wanted(struct clasp_line *line)
{
	uint32_t i, n = 0;

	if (line->count == 1 && !line->bundle)
		return wanted(&line->items[0]);
	if (line->count > kept_cap) {
		kept_cap = line->count;
		kept = must(realloc(kept, kept_cap * sizeof *kept));
	}
	for (i = 0; i < line->count; i++)
		if (wanted(&line->items[i]))
			kept[n++] = line->items[i];
	line->items = kept;
	line->count = n;
	return n > 0;
}

/* ----------------------------------------------------------------- lines */

static void
on_through(const struct clasp_line *line, void *user)
{
	(void)user;
	if (line->kind != CLASP_LINE_COMMENT &&
	    line->kind != CLASP_LINE_DIRECTIVE)
		lines++;
	cli_out_line(line, 0);
}

/* A recording that said how many lines it has says it again, truly. */
static void
put_end(const struct clasp_line *line)
{
	struct clasp_line end = *line;
	struct clasp_buf buf = { 0 };

	cli_thin_end(thin);
	if (clasp_recording_put_end(&buf, recording.end_us, lines) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	end.text = clasp_str_of((const char *)buf.data, buf.len - 1);
	cli_out_line(&end, 0);
	clasp_buf_clear(&buf);
}

static int
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_line some = *line;
	struct clasp_moment moment;

	(void)user;
	clasp_recording_take(&recording, line, &moment, NULL);
	if (moment.kind == CLASP_MOMENT_END &&
	    recording.end_lines == recording.lines)
		put_end(line);
	else if (line->kind == CLASP_LINE_DATA && !keep_wanted(&some))
		cli_thin_skip(thin, line);
	else if (cli_thin_take(thin, &some, clasp_clock_mono_us()) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return 0;
}

static uint64_t
wait_until(void *user)
{
	(void)user;
	return cli_thin_due(thin);
}

static void
due(void *user)
{
	(void)user;
	cli_thin_run(thin, clasp_clock_mono_us());
}

/* Each file may be a recording of its own. */
static void
on_file(const char *name, void *user)
{
	(void)name;
	(void)user;
	clasp_recording_init(&recording);
	lines = 0;
}

/* --------------------------------------------------------------- options */

static void
add_pattern(struct clasp_str **list, int *n)
{
	cli_check_pattern(cli_arg());
	*list = must(realloc(*list, ((size_t)*n + 1) * sizeof **list));
	(*list)[(*n)++] = clasp_str_c(cli_arg());
}

static void
take_options(struct cli_thin_config *config)
{
	int id;

	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_MATCH:
			add_pattern(&match, &nmatch);
			break;
		case OPT_NOT:
			add_pattern(&without, &nwithout);
			break;
		case OPT_MAX_RATE:
			config->max_rate = cli_arg_rate();
			break;
		case OPT_EPSILON:
			config->epsilon = cli_arg_float(0, DBL_MAX);
			break;
		case OPT_CHANGED:
			config->changed = true;
			break;
		}
}

int
main(int argc, char **argv)
{
	struct cli_thin_config config = { 0 };

	cli_begin(&tool, argc, argv);
	take_options(&config);
	cli_out_check();
	thin = must(cli_thin_new(&config, on_through, NULL));
	cli_filter_on_file(on_file);
	cli_filter_run(cli_operands(), cli_operand_count(), on_line, NULL,
	    wait_until, due);
	cli_thin_end(thin);
	cli_thin_free(thin);
	free(kept);
	free(match);
	free(without);
	cli_end();
}
