/* The drawing of a universe. */

#include <stdlib.h>

#include "t.h"
#include "tool/grid.h"

static struct clasp_buf out;
static uint8_t level[CLI_GRID_CELLS];

static const char *
line(const struct cli_grid *grid, unsigned n)
{
	clasp_buf_reset(&out);
	cli_grid_line(&out, grid, n);
	return clasp_buf_cstr(&out);
}

static void
cells_in_each_style(void)
{
	static const struct {
		enum cli_grid_style style;
		uint8_t		 level;
		const char	*text;
	} cases[] = {
		{ CLI_GRID_HEX, 0, ".." }, { CLI_GRID_HEX, 1, "01" },
		{ CLI_GRID_HEX, 255, "ff" },
		{ CLI_GRID_DEC, 0, ".." }, { CLI_GRID_DEC, 7, " 7" },
		{ CLI_GRID_DEC, 99, "99" }, { CLI_GRID_DEC, 100, "A0" },
		{ CLI_GRID_DEC, 199, "J9" }, { CLI_GRID_DEC, 255, "P5" },
		{ CLI_GRID_PCT, 0, ".." }, { CLI_GRID_PCT, 1, "01" },
		{ CLI_GRID_PCT, 127, "50" }, { CLI_GRID_PCT, 128, "50" },
		{ CLI_GRID_PCT, 254, "99" }, { CLI_GRID_PCT, 255, "FL" },
	};
	struct cli_grid grid = { .level = level, .slots = 1 };
	char want[20];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		level[0] = cases[i].level;
		grid.style = cases[i].style;
		snprintf(want, sizeof want, "  1 %s", cases[i].text);
		t_eq_str(line(&grid, 2), want, "style %d, level %d",
		    cases[i].style, cases[i].level);
	}
	level[0] = 0;
	grid.utf8 = true;
	t_eq_str(line(&grid, 2), "  1 \u00b7\u00b7");
}

/* The width of a line on the screen, without what only colors it. */
static unsigned
width(const char *text)
{
	unsigned n = 0;

	for (; *text; text++) {
		if (*text == '\033')
			text += strcspn(text, "m");
		else if (((uint8_t)*text & 0xc0) != 0x80)
			n++;
	}
	return n;
}

static void
every_width_and_look_fits(void)
{
	static const unsigned columns[] = { 1, 10, 40, 79, 80, 106, 107, 200 };
	uint64_t changed[8] = { 5, 0, 0, 0, 0, 0, 0, UINT64_MAX };
	struct cli_grid grid = { .level = level, .slots = 512,
	    .title = CLASP_STR("/dmx/1  512 slots, 400 lit and some more of "
	    "this, so that it is too long for eighty columns") };
	unsigned i, n, look, style, wrong = 0, lines;

	for (i = 0; i < CLI_GRID_CELLS; i++)
		level[i] = (uint8_t)(i * 7);
	grid.changed = changed;
	for (i = 0; i < 8; i++)
		for (look = 0; look < 3; look++)
			for (style = 0; style < 3; style++) {
				grid.columns = columns[i];
				grid.look = (enum cli_grid_look)look;
				grid.style = (enum cli_grid_style)style;
				grid.utf8 = look == 2;
				for (n = 0; n < CLI_GRID_LINES; n++)
					if (width(line(&grid, n)) >
					    (columns[i] < 4 ? 4 : columns[i]))
						wrong++;
			}
	t_eq_int(wrong, 0, "lines that are too wide");
	grid.columns = 107;
	grid.style = CLI_GRID_DEC;
	grid.look = CLI_GRID_PLAIN;
	level[0] = 200;
	t_check(strncmp(line(&grid, 2), "  1 200  7 14", 12) == 0, "%s",
	    line(&grid, 2));
	t_eq_int(width(line(&grid, 2)), 107);
	grid.columns = 80;
	t_eq_int(width(line(&grid, 2)), 75);
	t_check(strchr(line(&grid, 1), '>') == NULL, "all of it");
	grid.columns = 74;
	t_check(strchr(line(&grid, 1), '>') != NULL, "a cell is cut");
	grid.columns = 80;
	clasp_buf_reset(&out);
	cli_grid_print(&out, &grid);
	for (i = 0, lines = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	t_eq_int(lines, CLI_GRID_LINES, "and 24 rows");
}

static void
changed_cells_are_marked(void)
{
	uint64_t changed[8] = { 2 };
	struct cli_grid grid = { .level = level, .slots = 3,
	    .changed = changed, .look = CLI_GRID_MONO };

	level[0] = level[1] = 1;
	level[2] = 255;
	t_eq_str(line(&grid, 2), "  1 01\033[m\033[7m01\033[m\033[1mff\033[m");
	grid.look = CLI_GRID_PLAIN;
	t_eq_str(line(&grid, 2), "  1 0101ff");
	t_eq_str(line(&grid, 3), "", "no slots, no row");
	grid.slots = 0;
	t_eq_str(line(&grid, 2), "");
}

int
main(void)
{
	t_run(cells_in_each_style);
	t_run(every_width_and_look_fits);
	t_run(changed_cells_are_marked);
	clasp_buf_clear(&out);
	return t_end();
}
