/* help.c - a program's tables as text. */
#include "tool/help.h"

#include "tool/option.h"

#define WIDTH	80
#define COLUMN	26	/* where the explanations begin */

/* Add words, broken before WIDTH, each further line begun at `column`. */
static void
wrap(struct clasp_buf *out, const char *text, size_t at, size_t column)
{
	bool first = true;
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (!first && at + 1 + n >= WIDTH) {
			clasp_buf_printf(out, "\n%*s", (int)column, "");
			at = column;
			first = true;
		}
		if (!first) {
			clasp_buf_add_u8(out, ' ');
			at++;
		}
		clasp_buf_add(out, text, n);
		at += n;
		first = false;
		text += n;
		text += strspn(text, " ");
	}
	clasp_buf_add_u8(out, '\n');
}

static void
put_option(struct clasp_buf *out, const struct cli_option *o)
{
	size_t start = out->len, used;

	if (o->letter != 0)
		clasp_buf_printf(out, "  -%c", o->letter);
	else
		clasp_buf_add_c(out, "    ");
	if (o->name != NULL)
		clasp_buf_printf(out, "%s --%s", o->letter ? "," : " ",
		    o->name);
	if (o->flags & CLI_ARG_MAYBE)
		clasp_buf_printf(out, "[=%s]", o->arg);
	else if (o->flags & CLI_ARG)
		clasp_buf_printf(out, " %s", o->arg);
	used = out->len - start;
	if (used + 2 > COLUMN) {
		clasp_buf_add_u8(out, '\n');
		used = 0;
	}
	clasp_buf_printf(out, "%*s", (int)(COLUMN - used), "");
	wrap(out, o->help, COLUMN, COLUMN);
}

static const char *
title_of(const struct cli_option *table)
{
	const struct cli_option_group *g;

	for (g = cli_option_groups; g->table != NULL; g++)
		if (g->table == table)
			return g->title;
	return "Options";
}

/* The options of all tables with this title: one group. */
static void
put_group(struct clasp_buf *out, const struct cli_tool *tool,
    const char *title)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	clasp_buf_printf(out, "\n%s:\n", title);
	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (!(o->flags & CLI_HIDDEN) &&
		    strcmp(title_of(tool->tables[table]), title) == 0)
			put_option(out, o);
}

/* Does a table before this one have the same title? */
static bool
is_shown(const struct cli_tool *tool, int table)
{
	const char *title = title_of(tool->tables[table]);
	int i;

	for (i = 0; i < table; i++)
		if (strcmp(title_of(tool->tables[i]), title) == 0)
			return true;
	return false;
}

static void
put_options(struct clasp_buf *out, const struct cli_tool *tool)
{
	int i;

	for (i = 0; tool->tables[i] != NULL; i++)
		if (!is_shown(tool, i))
			put_group(out, tool, title_of(tool->tables[i]));
}

/*
 * Where to break a command that is too wide: behind a pipe, where a shell
 * goes on by itself, else at the last blank outside of quotes; 0: nowhere.
 */
static size_t
break_at(const char *text)
{
	size_t i, blank = 0, pipe = 0;
	char quote = '\0';

	for (i = 0; text[i] != '\0' && i < WIDTH - 8; i++) {
		if (quote != '\0')
			quote = text[i] == quote ? '\0' : quote;
		else if (text[i] == '\'' || text[i] == '"')
			quote = text[i];
		else if (text[i] == ' ' && i > 0)
			*(text[i - 1] == '|' ? &pipe : &blank) = i;
	}
	return pipe != 0 ? pipe : blank;
}

static void
put_command(struct clasp_buf *out, const char *text)
{
	size_t n;

	clasp_buf_add_c(out, "  ");
	while (strlen(text) > WIDTH - 6 && (n = break_at(text)) != 0) {
		clasp_buf_add(out, text, n);
		clasp_buf_add_c(out, text[n - 1] == '|' ? "\n    " :
		    " \\\n    ");
		text += n + 1;
	}
	clasp_buf_printf(out, "%s\n", text);
}

void
cli_help(struct clasp_buf *out, const struct cli_tool *tool)
{
	const char *const *example;
	size_t start = out->len;

	clasp_buf_printf(out, "Usage: %s [OPTION ...]", tool->name);
	if (tool->operands[0] != '\0') {
		clasp_buf_add_u8(out, ' ');
		wrap(out, tool->operands, out->len - start, 7);
	} else {
		clasp_buf_add_u8(out, '\n');
	}
	wrap(out, tool->summary, 0, 0);
	put_options(out, tool);
	clasp_buf_add_c(out, "\nExamples:\n");
	for (example = tool->examples; example[0] != NULL; example += 2) {
		clasp_buf_printf(out, "  # %s\n", example[0]);
		put_command(out, example[1]);
	}
}

void
cli_version(struct clasp_buf *out, const struct cli_tool *tool)
{
	clasp_buf_printf(out, "%s %s\n", tool->name, CLASP_VERSION);
}

static const char *
takes(const struct cli_option *o)
{
	if (o->flags & CLI_ARG_MAYBE)
		return "maybe";
	return o->flags & CLI_ARG ? "must" : "none";
}

void
cli_options_list(struct clasp_buf *out, const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;
	bool own;

	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->flags & CLI_HIDDEN)
			continue;
		own = strcmp(title_of(tool->tables[table]), "Options") == 0;
		if (o->letter != 0)
			clasp_buf_add_u8(out, (uint8_t)o->letter);
		clasp_buf_printf(out, "\t%s\t%s\t%s\t%s\t%s\n",
		    o->name ? o->name : "", o->arg ? o->arg : "", takes(o),
		    own ? "own" : "shared", o->help);
	}
}

/* A sentence for mdoc: a backslash, a leading quote or dot, and a dash before
 * an option mean something. */
static void
put_mdoc_text(struct clasp_buf *out, const char *text)
{
	char before = ' ';

	if (*text >= 'a' && *text <= 'z')
		clasp_buf_add_u8(out, (uint8_t)(*text++ - 'a' + 'A'));
	if (*text == '.' || *text == '\'')
		clasp_buf_add_c(out, "\\&");
	for (; *text != '\0'; before = *text++) {
		if (*text == '\\')
			clasp_buf_add_c(out, "\\e");
		else if (*text == '-' && before == ' ')
			clasp_buf_add_c(out, "\\-");
		else
			clasp_buf_add_u8(out, (uint8_t)*text);
	}
}

void
cli_options_mdoc(struct clasp_buf *out, const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if ((o->flags & CLI_HIDDEN) ||
		    strcmp(title_of(tool->tables[table]), "Options") == 0)
			continue;
		clasp_buf_add_c(out, ".It");
		if (o->letter != 0)
			clasp_buf_printf(out, " Fl %c%s", o->letter,
			    o->name ? " ," : "");
		if (o->name != NULL)
			clasp_buf_printf(out, " Fl -%s", o->name);
		if (o->flags & CLI_ARG_MAYBE)
			clasp_buf_printf(out, " Ns Op = Ns Ar %s", o->arg);
		else if (o->flags & CLI_ARG)
			clasp_buf_printf(out, " Ar %s", o->arg);
		clasp_buf_add_u8(out, '\n');
		put_mdoc_text(out, o->help);
		clasp_buf_add_c(out, ".\n");
	}
}
