/* grid.c - a universe of levels as text. */

#include "tool/grid.h"

#include <stdio.h>
#include <string.h>

#define LABEL	4	/* columns in front of a row */
#define GROUP	4	/* cells, and a blank behind them */

#define RESET	"\033[m"

static unsigned
columns_of(const struct cli_grid *g)
{
	return g->columns > 0 ? g->columns : 80;
}

/* Columns of a cell's text. */
static unsigned
width_of(const struct cli_grid *g)
{
	unsigned three = LABEL + 3 * CLI_GRID_ROW + CLI_GRID_ROW / GROUP - 1;

	return g->style == CLI_GRID_DEC && columns_of(g) >= three ? 3 : 2;
}

/* ------------------------------------------------------------------ cells */

static void
cell_text(char out[8], const struct cli_grid *g, unsigned level)
{
	unsigned share = (level * 100 + 127) / 255;

	if (level == 0)
		snprintf(out, 8, "%s%s", width_of(g) == 3 ? " " : "",
		    g->utf8 ? "\u00b7\u00b7" : "..");
	else if (g->style == CLI_GRID_HEX)
		snprintf(out, 8, "%02x", level);
	else if (g->style == CLI_GRID_PCT && level == 255)
		snprintf(out, 8, "FL");
	else if (g->style == CLI_GRID_PCT)
		/* only full is FL, only off is dots */
		snprintf(out, 8, "%02u", share > 99 ? 99 : share < 1 ? 1 :
		    share);
	else if (width_of(g) == 3)
		snprintf(out, 8, "%3u", level);
	else if (level < 100)
		snprintf(out, 8, "%2u", level);
	else
		snprintf(out, 8, "%c%u", 'A' + (int)(level / 10 - 10),
		    level % 10);
}

/* How a cell looks, as what follows ESC [ and ends with m; "" is normal. */
static void
cell_look(char out[32], const struct cli_grid *g, unsigned level, bool changed)
{
	bool bright = level > 140;

	out[0] = '\0';
	if (g->look == CLI_GRID_PLAIN)
		return;
	if (g->look == CLI_GRID_COLOR && level > 0)
		snprintf(out, 32, "%s38;5;%d;48;5;%u", changed ? "1;4;" : "",
		    changed ? bright ? 124 : 226 : level > 110 ? 16 : 252,
		    232 + level * 23 / 255);
	else if (changed)
		snprintf(out, 32, g->look == CLI_GRID_COLOR ? "1;4;33" : "7");
	else if (level == 0)
		snprintf(out, 32, "2");
	else if (bright)
		snprintf(out, 32, "1");
}

static bool
is_changed(const struct cli_grid *g, unsigned cell)
{
	return g->changed && (g->changed[cell >> 6] >> (cell & 63) & 1);
}

static void
change_look(struct clasp_buf *out, char now[32], const char *look)
{
	if (strcmp(now, look) == 0)
		return;
	clasp_buf_printf(out, RESET);
	if (look[0])
		clasp_buf_printf(out, "\033[%sm", look);
	memcpy(now, look, 32);
}

static void
put_row(struct clasp_buf *out, const struct cli_grid *g, unsigned row)
{
	unsigned first = row * CLI_GRID_ROW, w = width_of(g), i, cell;
	unsigned column = LABEL;
	char text[8], look[32] = "", now[32] = "", plain[32] = "";

	if (first >= g->slots)
		return;
	clasp_buf_printf(out, "%3u ", first + 1);
	for (i = 0; i < CLI_GRID_ROW; i++, column += w) {
		cell = first + i;
		if (i > 0 && i % GROUP == 0)
			column++;
		if (column + w > columns_of(g) || cell >= g->slots)
			break;
		if (i > 0 && i % GROUP == 0) {
			change_look(out, now, plain);
			clasp_buf_add_u8(out, ' ');
		}
		cell_look(look, g, g->level[cell], is_changed(g, cell));
		cell_text(text, g, g->level[cell]);
		change_look(out, now, look);
		clasp_buf_add_c(out, text);
	}
	change_look(out, now, plain);
}

/* ------------------------------------------------------------ title, head */

static void
put_title(struct clasp_buf *out, const struct cli_grid *g)
{
	struct clasp_str title = g->title;

	if (title.len > columns_of(g))
		title.len = columns_of(g);
	if (g->look != CLI_GRID_PLAIN)
		clasp_buf_add_c(out, "\033[1m");
	clasp_buf_add_str(out, title);
	if (g->look != CLI_GRID_PLAIN)
		clasp_buf_add_c(out, RESET);
}

/* "+0", "+4" above the groups. */
static void
put_head(struct clasp_buf *out, const struct cli_grid *g)
{
	unsigned w = GROUP * width_of(g) + 1, i, column = LABEL;

	clasp_buf_printf(out, "%*s", LABEL, "");
	for (i = 0; i < CLI_GRID_ROW; i += GROUP, column += w) {
		if (column + w - 1 > columns_of(g)) {
			/* there is more to the right */
			if (column < columns_of(g))
				clasp_buf_printf(out, "%*s",
				    (int)(columns_of(g) - column), ">");
			break;
		}
		/* the last one without blanks behind it */
		clasp_buf_printf(out, "+%-*u", i + GROUP < CLI_GRID_ROW ?
		    (int)w - 1 : 0, i);
	}
}

void
cli_grid_line(struct clasp_buf *out, const struct cli_grid *grid, unsigned n)
{
	if (n == 0)
		put_title(out, grid);
	else if (n == 1)
		put_head(out, grid);
	else
		put_row(out, grid, n - 2);
}

void
cli_grid_print(struct clasp_buf *out, const struct cli_grid *grid)
{
	unsigned n;

	for (n = 0; n < CLI_GRID_LINES; n++) {
		if (n > 1 && (n - 2) * CLI_GRID_ROW >= grid->slots)
			break;
		cli_grid_line(out, grid, n);
		clasp_buf_add_u8(out, '\n');
	}
}
