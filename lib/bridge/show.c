/* show.c - --show: levels in the terminal. */

#include "bridge/show.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/out.h"
#include "tool/term.h"
#include "wire/address.h"

#define DRAW_MS		50
#define MARK_US		600000	/* a cell that changed is marked so long */
#define WORDS		(CLI_GRID_CELLS / 64)

static const char help[] =
    "n next  p previous  a last changed  h hex  d dec  % percent  q end";

struct clasp_show {
	struct clasp_show_config config;
	struct clasp_bridge *bridge;
	struct clasp_numset touched;
	unsigned	 count;		/* of touched */
	unsigned	 newest;	/* touched last */
	unsigned	 drawn;		/* the one on the screen */
	bool		 any;		/* something was touched */
	bool		 chosen;	/* drawn was chosen with a key */
	bool		 dirty;		/* worth a drawing */
	bool		 terminal;	/* else: at the end, plainly */
	bool		 over;
	uint8_t		 level[CLI_GRID_CELLS];	/* as drawn last */
	unsigned	 slots;
	unsigned	 said;		/* words to people, as drawn */
	uint64_t	 changed_us[CLI_GRID_CELLS];
	struct clasp_buf out;
	uv_timer_t	 timer;
	uv_signal_t	 winch, stop, quit;
	uv_poll_t	 keys;
	bool		 has_keys;
	int		 handles;
};

/* ---------------------------------------------------------------- drawing */

static unsigned
lit(const uint8_t *level, unsigned slots)
{
	unsigned i, n = 0;

	for (i = 0; i < slots; i++)
		n += level[i] > 0;
	return n;
}

static struct clasp_str
make_title(const struct clasp_show *show, char *out, size_t cap, unsigned n)
{
	const struct clasp_show_config *config = &show->config;
	char address[CLASP_ADDRESS_MAX + CLASP_DMX_ADDRESS_ROOM];
	size_t len = clasp_dmx_format(address, config->prefix, config->split,
	    n, 0);
	int used;

	if (!show->any)
		used = snprintf(out, cap, "%.*s  nothing yet",
		    CLASP_STR_ARG(config->prefix));
	else
		used = snprintf(out, cap, "%.*s  %u slots, %u lit", (int)len,
		    address, show->slots, lit(show->level, show->slots));
	if (show->count > 1 && used > 0 && (size_t)used < cap)
		used += snprintf(out + used, cap - (size_t)used,
		    "  (%s of %u universes)", show->chosen ? "chosen" :
		    "last changed", show->count);
	return clasp_str_of(out, used < 0 ? 0 : (size_t)used < cap ?
	    (size_t)used : cap - 1);
}

/* Take the levels of universe n, and note which cells are others now. */
static void
look(struct clasp_show *show, unsigned n, uint64_t now)
{
	unsigned slots = 0, i;
	const uint8_t *level = show->config.levels(n, &slots,
	    show->config.user);
	bool same = n == show->drawn && show->slots > 0;

	if (slots > CLI_GRID_CELLS)
		slots = CLI_GRID_CELLS;
	for (i = 0; i < slots; i++)
		if (!same)
			show->changed_us[i] = 0;
		else if (i >= show->slots || level[i] != show->level[i])
			show->changed_us[i] = now;
	memcpy(show->level, level, slots);
	show->slots = slots;
	show->drawn = n;
}

/* Which cells are to be marked; true when some are. */
static bool
marks(const struct clasp_show *show, uint64_t now, uint64_t out[WORDS])
{
	bool any = false;
	unsigned i;

	memset(out, 0, WORDS * sizeof *out);
	for (i = 0; i < show->slots; i++)
		if (show->changed_us[i] &&
		    now - show->changed_us[i] < MARK_US) {
			out[i >> 6] |= UINT64_C(1) << (i & 63);
			any = true;
		}
	return any;
}

/* The last words to people, below all else, as far as they fit. */
static void
put_said(struct clasp_show *show, unsigned columns)
{
	const char *line;
	size_t len;

	show->said = cli_term_said(&line, &len);
	clasp_buf_printf(&show->out, "\r\n%.*s\033[K",
	    (int)(len < columns ? len : columns), line);
}

static void
put_screen(struct clasp_show *show, const struct cli_grid *grid,
    unsigned rows)
{
	unsigned n;

	clasp_buf_reset(&show->out);
	clasp_buf_add_c(&show->out, "\033[H");
	for (n = 0; n < CLI_GRID_LINES && n < rows; n++) {
		cli_grid_line(&show->out, grid, n);
		clasp_buf_add_c(&show->out, "\033[K");
		if (n + 1 < rows)
			clasp_buf_add_c(&show->out, "\r\n");
	}
	if (show->has_keys && n + 2 < rows)
		clasp_buf_printf(&show->out, "\033[K\r\n\033[2m%.*s\033[m"
		    "\033[K", (int)grid->columns, help);
	if (n + 3 < rows)
		put_said(show, grid->columns);
	cli_out_bytes(show->out.data, show->out.len);
	clasp_bridge_printed(show->bridge);
}

static void
draw(struct clasp_show *show)
{
	uint64_t now = clasp_clock_mono_us(), changed[WORDS];
	char title[200];
	struct cli_grid grid = {
		.level = show->level,
		.changed = changed,
		.style = show->config.style,
		.look = cli.color_stdout ? CLI_GRID_COLOR : CLI_GRID_MONO,
		.utf8 = cli_term_utf8()
	};
	unsigned rows;

	/* a terminal that is held takes nothing: do not pile up */
	if (cli_out_try_flush() > 0)
		return;
	if (show->any)
		look(show, show->chosen ? show->drawn : show->newest, now);
	/* marks go away by themselves */
	show->dirty = marks(show, now, changed);
	cli_term_size(&grid.columns, &rows);
	grid.title = make_title(show, title, sizeof title, show->drawn);
	grid.slots = show->slots;
	put_screen(show, &grid, rows);
}

static void
on_timer(uv_timer_t *timer)
{
	struct clasp_show *show = timer->data;
	const char *line;
	size_t len;

	if (cli_term_said(&line, &len) != show->said)
		show->dirty = true;
	if (show->dirty && !show->over)
		draw(show);
}

/* ----------------------------------------------------------------- plainly */

static void
print_all(struct clasp_show *show)
{
	struct cli_grid grid = { .level = show->level,
	    .style = show->config.style, .utf8 = cli_term_utf8() };
	char title[200];
	int n;

	show->chosen = false;
	clasp_buf_reset(&show->out);
	for (n = clasp_numset_next(&show->touched, 0); n >= 0;
	    n = clasp_numset_next(&show->touched, (unsigned)n + 1)) {
		look(show, (unsigned)n, 0);
		show->count = 1;	/* each has a screen of its own */
		grid.title = make_title(show, title, sizeof title,
		    (unsigned)n);
		grid.slots = show->slots;
		if (show->out.len > 0)
			clasp_buf_add_u8(&show->out, '\n');
		cli_grid_print(&show->out, &grid);
	}
	if (show->out.len > 0)
		cli_out_bytes(show->out.data, show->out.len);
	clasp_bridge_printed(show->bridge);
}

/* ------------------------------------------------------------------- keys */

/* The universe after this one, or before it; around the ends. */
static unsigned
neighbour(const struct clasp_numset *set, unsigned now, bool next)
{
	int n, before = -1, last = -1;

	for (n = clasp_numset_next(set, 0); n >= 0;
	    n = clasp_numset_next(set, (unsigned)n + 1)) {
		if (n < (int)now)
			before = n;
		last = n;
	}
	if (!next)
		return (unsigned)(before >= 0 ? before : last);
	n = clasp_numset_next(set, now + 1);
	return (unsigned)(n >= 0 ? n : clasp_numset_next(set, 0));
}

static void
choose(struct clasp_show *show, bool next)
{
	if (!show->any)
		return;
	look(show, neighbour(&show->touched, show->chosen ? show->drawn :
	    show->newest, next), 0);
	show->chosen = true;
}

static void
take_key(struct clasp_show *show, char key)
{
	switch (key) {
	case 'n':
	case '\t':
	case ' ':
		choose(show, true);
		break;
	case 'p':
		choose(show, false);
		break;
	case 'a':
		show->chosen = false;
		break;
	case 'h':
		show->config.style = CLI_GRID_HEX;
		break;
	case 'd':
		show->config.style = CLI_GRID_DEC;
		break;
	case '%':
		show->config.style = CLI_GRID_PCT;
		break;
	case 'q':
		clasp_bridge_finish(show->bridge);
		return;
	}
	show->dirty = true;
}

static void
on_key(uv_poll_t *poll, int status, int events)
{
	struct clasp_show *show = poll->data;
	char keys[64];
	ssize_t n, i;
	int fd;

	(void)events;
	if (status < 0 || uv_fileno((uv_handle_t *)poll, &fd) < 0) {
		uv_poll_stop(poll);
		return;
	}
	n = read(fd, keys, sizeof keys);
	for (i = 0; i < n && !show->over; i++)
		take_key(show, keys[i]);
}

/* --------------------------------------------------------------- terminal */

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_show *show = handle->data;

	if (--show->handles > 0)
		return;
	clasp_buf_clear(&show->out);
	free(show);
}

static void
take_terminal(struct clasp_show *show)
{
	int fd = cli_term_enter(show->config.keys);

	show->dirty = true;
	if (fd < 0 || show->has_keys)
		return;
	if (uv_poll_init(clasp_bridge_loop(show->bridge), &show->keys,
	    fd) < 0)
		return;
	show->keys.data = show;
	show->has_keys = true;
	show->handles++;
	uv_poll_start(&show->keys, UV_READABLE, on_key);
	uv_unref((uv_handle_t *)&show->keys);
}

static void
on_winch(uv_signal_t *handle, int number)
{
	struct clasp_show *show = handle->data;

	(void)number;
	if (show->over)
		return;
	cli_out_bytes("\033[2J", 4);
	show->dirty = true;
}

/* Ctrl-Z: the terminal is the shell's until we are to go on. */
static void
on_stop(uv_signal_t *handle, int number)
{
	struct clasp_show *show = handle->data;

	(void)number;
	cli_term_pause();
	raise(SIGSTOP);
	if (!show->over)
		cli_term_resume();
	show->dirty = true;
}

static void
on_quit(uv_signal_t *handle, int number)
{
	cli_term_leave();
	uv_signal_stop(handle);
	raise(number);
}

static void
on_signal(struct clasp_show *show, uv_signal_t *handle, uv_signal_cb fn,
    int number)
{
	uv_signal_init(clasp_bridge_loop(show->bridge), handle);
	handle->data = show;
	uv_signal_start(handle, fn, number);
	uv_unref((uv_handle_t *)handle);
	show->handles++;
}

struct clasp_show *
clasp_show_new(struct clasp_bridge *bridge,
    const struct clasp_show_config *config)
{
	struct clasp_show *show = calloc(1, sizeof *show);

	if (!show)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	show->config = *config;
	show->bridge = bridge;
	show->terminal = cli_term_usable();
	uv_timer_init(clasp_bridge_loop(bridge), &show->timer);
	show->timer.data = show;
	show->handles = 1;
	if (!show->terminal)
		return show;
	on_signal(show, &show->winch, on_winch, SIGWINCH);
	on_signal(show, &show->stop, on_stop, SIGTSTP);
	on_signal(show, &show->quit, on_quit, SIGQUIT);
	take_terminal(show);
	uv_timer_start(&show->timer, on_timer, DRAW_MS, DRAW_MS);
	return show;
}

void
clasp_show_touch(struct clasp_show *show, unsigned universe)
{
	if (!show)
		return;
	if (!clasp_numset_has(&show->touched, universe)) {
		clasp_numset_add(&show->touched, universe);
		show->count++;
	}
	show->newest = universe;
	show->any = show->dirty = true;
}

void
clasp_show_emit(const struct clasp_show *show, struct clasp_bridge *bridge,
    const struct clasp_line *line)
{
	if (!show || cli.url_given)
		clasp_bridge_emit(bridge, line);
}

void
clasp_show_end(struct clasp_show *show)
{
	if (!show || show->over)
		return;
	show->over = true;
	if (show->has_keys)
		uv_poll_stop(&show->keys);
	/* a drawing that the terminal did not take is of no use any more */
	if (show->terminal && cli_out_try_flush() > 0)
		cli_out_drop();
	if (show->terminal)
		cli_term_leave();
	else
		print_all(show);
}

void
clasp_show_close(struct clasp_show *show)
{
	if (!show)
		return;
	clasp_show_end(show);
	uv_close((uv_handle_t *)&show->timer, on_closed);
	if (show->has_keys)
		uv_close((uv_handle_t *)&show->keys, on_closed);
	if (!show->terminal)
		return;
	uv_close((uv_handle_t *)&show->winch, on_closed);
	uv_close((uv_handle_t *)&show->stop, on_closed);
	uv_close((uv_handle_t *)&show->quit, on_closed);
}
