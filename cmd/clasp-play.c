/*
 * clasp-play - plays the lines of a recording at their times.
 *
 * Lines are read a little ahead and kept until they are due.  Every moment
 * is reckoned from the start, never from the line before, so that no error
 * adds up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "bridge/mapping.h"
#include "client/pump.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/recording.h"

#define AHEAD_LINES	4096	/* lines kept at most */
#define AHEAD_BYTES	(4u << 20)

enum { OPT_SPEED = CLI_OWN, OPT_LOOP, OPT_FROM, OPT_TO, OPT_LIVE, OPT_OUTPUT,
	OPT_SHIFT };

static const struct cli_option own[] = {
	{ OPT_SPEED, 0, "speed", "F",
	    "F times as fast; 0: all at once", CLI_ARG, 0, NULL },
	{ OPT_LOOP, 0, "loop", "N",
	    "play again for ever, or N times in all", CLI_ARG_MAYBE, 0,
	    NULL },
	{ OPT_FROM, 0, "from", "T|MARK",
	    "begin at second T, or at the mark", CLI_ARG, 0, NULL },
	{ OPT_TO, 0, "to", "T|MARK",
	    "end at second T, or at the mark", CLI_ARG, 0, NULL },
	{ OPT_LIVE, 0, "no-snapshot", NULL,
	    "leave out the state at the beginning", 0, 0, NULL },
	{ OPT_SHIFT, 0, "shift", "D",
	    "play everything D later (-D: earlier)", CLI_ARG, 0, NULL },
	{ CLI_OUTPUT, 'o', "output", "F",
	    "print instead of sending: text, json, tsv, values, ...",
	    CLI_ARG, CLI_COMPLETE_WORDS,
	    "text json tsv values addresses frames" },
	{ CLI_FORMAT, 'f', "format", "TEMPLATE",
	    "print by TEMPLATE instead of sending", CLI_ARG, 0, NULL },
	{ CLI_TIME, 't', "time", "KIND",
	    "with -o: a time in front: unix, rel, delta, iso",
	    CLI_ARG_MAYBE, CLI_COMPLETE_WORDS, "unix rel delta iso" },
	{ CLI_EXACT, 0, "exact", NULL,
	    "with -o: keep narrow numbers and order of keys", 0, 0, NULL },
	{ 0, 0, NULL, NULL, NULL, 0, 0, NULL }
};
static const struct cli_option *const tables[] = {
	own, cli_map_options, cli_input_options, cli_stop_options,
	cli_run_options, cli_link_options, cli_basic_options, NULL
};
static const char *const examples[] = {
	"as it was", "clasp-play show.clasp",
	"the chorus, again and again, at half speed",
	"clasp-play --from chorus --to verse --loop --speed 0.5 show.clasp",
	"look at it in its own time", "clasp-play -o text show.clasp",
	NULL
};
static const struct cli_tool tool = {
	.name = "clasp-play",
	.operands = "[FILE]",
	.summary = "play a recording",
	.tables = tables,
	.examples = examples,
	.operand_complete = CLI_COMPLETE_FILE,
	.relay_optional = true
};

/* A moment that --from or --to names. */
struct place {
	bool		 given, timed;
	int64_t		 time_us;
	struct clasp_str mark;
};

/* A line that waits for its time, as text: it loses nothing. */
struct ahead {
	struct ahead	*next;
	int64_t		 time_us;
	size_t		 len;
	char		 text[];
};

static struct player {
	struct clasp_pump *pump;
	struct clasp_mapping map;
	struct clasp_counts counts;	/* what the rules dropped */
	const char	*name;		/* of the file, for people */
	int		 fd;
	double		 speed;
	long		 rounds;	/* still to play; -1: for ever */
	struct place	 from, to;
	bool		 no_snapshot;
	int64_t		 shift_us;

	struct clasp_recording rec;
	struct clasp_arena arena;
	bool		 inside;	/* behind --from, before --to */
	bool		 past;		/* --to was met */
	bool		 origin_known;
	int64_t		 origin_us;	/* recording's time at start_us */
	uint64_t	 start_us;	/* monotonic; this round began */

	struct ahead	*first, **last;
	size_t		 lines, bytes;
	uv_timer_t	 timer;
	bool		 any;		/* this round had something to play */
	bool		 ready, ended, all_read, paused;
} player;

static void work_off(struct player *pl);
static void on_timer(uv_timer_t *timer);

/* --------------------------------------------------------------- places */

static void
take_place(struct place *place)
{
	const char *arg = cli_arg();

	place->given = true;
	place->timed = clasp_time_parse(clasp_str_c(arg), NULL,
	    &place->time_us) == 0;
	place->mark = clasp_str_c(arg);
}

static bool
is_mark(const struct place *place, const struct clasp_line *line,
    const struct clasp_moment *m)
{
	return place->given && !place->timed &&
	    m->kind == CLASP_MOMENT_MARK &&
	    clasp_str_eq(line->text, place->mark);
}

/* Follow --from and --to.  True: this line is one to play. */
static bool
wanted(struct player *pl, const struct clasp_line *line,
    const struct clasp_moment *m)
{
	if (m->snapshot)
		return !pl->no_snapshot;
	if (!pl->inside && is_mark(&pl->from, line, m)) {
		pl->inside = true;
		pl->origin_us = m->time_us;
		pl->origin_known = true;
	} else if (!pl->inside && pl->from.timed &&
	    m->time_us >= pl->from.time_us) {
		pl->inside = true;
	}
	if (!pl->inside)
		return false;
	if (is_mark(&pl->to, line, m) ||
	    (pl->to.timed && m->timed && m->time_us > pl->to.time_us)) {
		pl->past = true;
		return false;
	}
	return m->kind == CLASP_MOMENT_LINE;
}

/* ----------------------------------------------------------- reading ahead */

/* Can it be sent?  Said now, while its place in the file is known. */
static bool
sendable(struct player *pl, const struct clasp_line *line)
{
	struct clasp_line now = *line;
	char why[100];
	struct clasp_buf buf = { 0 };
	struct clasp_frame head;
	struct clasp_msg msg;
	int r;

	if (!clasp_pump_client(pl->pump))
		return true;
	if (line->kind == CLASP_LINE_CONTROL) {
		clasp_pump_emit(pl->pump, line);	/* says why not */
		return false;
	}
	if (line->kind == CLASP_LINE_DATA && line->count == 0) {
		clasp_pump_complain(pl->pump, 1, "an empty bundle says "
		    "nothing");
		return false;
	}
	clasp_line_resolve(&now, 0);
	clasp_arena_reset(&pl->arena);
	r = clasp_line_to_msg(&now, &pl->arena, &msg, &head);
	if (r == 0)
		r = clasp_frame_append(&buf, &msg, &head);
	if (r < 0)
		cli_in_why(why, sizeof why, r, &msg);
	if (r < 0)
		clasp_pump_complain(pl->pump, 1, why);
	clasp_buf_clear(&buf);
	return r >= 0;
}

static struct ahead *
new_ahead(const struct clasp_line *line, int64_t time_us)
{
	struct clasp_line kept = *line;
	struct clasp_buf buf = { 0 };
	struct ahead *a = NULL;

	kept.timed = false;
	if (clasp_line_format(&buf, &kept, CLASP_LINE_EXACT) == 0)
		a = malloc(sizeof *a + buf.len);
	if (!a)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	a->next = NULL;
	a->time_us = time_us;
	a->len = buf.len - 1;		/* without its LF */
	memcpy(a->text, buf.data, a->len);
	clasp_buf_clear(&buf);
	return a;
}

static void
keep(struct player *pl, const struct clasp_line *line, int64_t time_us)
{
	struct ahead *a;

	if (!sendable(pl, line))
		return;
	a = new_ahead(line, time_us);
	/* A file is read faster than it is played: see at once when the
	 * first line is due. */
	if (!pl->first && !pl->ended)
		uv_timer_start(&pl->timer, on_timer, 0, 0);
	*pl->last = a;
	pl->last = &a->next;
	pl->lines++;
	pl->any = true;
	pl->bytes += a->len;
}

/* Read on, or not, by how much is kept. */
static void
check_ahead(struct player *pl)
{
	bool full = pl->lines >= AHEAD_LINES || pl->bytes >= AHEAD_BYTES;
	bool low = pl->lines < AHEAD_LINES / 2 && pl->bytes < AHEAD_BYTES / 2;

	if (full == pl->paused || (pl->paused && !low))
		return;
	pl->paused = full;
	clasp_pump_read(pl->pump, !full);
}

static void
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	struct player *pl = user;
	struct clasp_moment m;
	uint64_t version;

	(void)p;
	(void)snapshot;
	if (pl->past)
		return;
	if (clasp_recording_take(&pl->rec, line, &m, &version) < 0)
		cli_die(CLI_DATA, pl->name, "recording of version %llu; "
		    "this program plays version %d",
		    (unsigned long long)version, CLASP_RECORDING_VERSION);
	if (m.kind == CLASP_MOMENT_DROP)
		cli_note(pl->name, "%llu messages are missing at %.3f s",
		    (unsigned long long)m.count, (double)m.time_us / 1e6);
	if (!wanted(pl, line, &m))
		return;
	if (!pl->origin_known && !(m.snapshot && pl->from.given)) {
		/* Without header the first line is the beginning. */
		pl->origin_known = true;
		pl->origin_us = pl->from.timed ? pl->from.time_us :
		    pl->rec.header ? 0 : m.time_us;
	}
	keep(pl, line, m.snapshot && pl->from.given ? INT64_MIN : m.time_us);
	check_ahead(pl);
}

/* ------------------------------------------------------------- playing */

static void
on_timer(uv_timer_t *timer)
{
	work_off(timer->data);
}

/* The monotonic time at which a line of this time is due. */
static uint64_t
due(const struct player *pl, int64_t time_us)
{
	double at;

	if (pl->speed == 0 || time_us == INT64_MIN)
		return 0;
	at = (double)(time_us - pl->origin_us) / pl->speed +
	    (double)pl->shift_us;
	return at <= 0 ? pl->start_us : pl->start_us + (uint64_t)at;
}

/* What the rules of --map and -m made of a line. */
static void
emit(const struct clasp_line *line, void *user)
{
	struct player *pl = user;

	clasp_pump_emit(pl->pump, line);
	clasp_pump_count(pl->pump);
}

static void
play(struct player *pl, const struct ahead *a)
{
	struct clasp_line_error err;
	struct clasp_line line;

	clasp_arena_reset(&pl->arena);
	if (clasp_line_parse(clasp_str_of(a->text, a->len), &pl->arena,
	    &line, &err) < 0)
		return;		/* never: we wrote it */
	/* "at=+D" counts from now, not from when it was read */
	if (!clasp_pump_client(pl->pump))
		clasp_line_resolve(&line, clasp_clock_unix_us());
	clasp_mapping_line(&pl->map, &line);
}

static void
drop_first(struct player *pl)
{
	struct ahead *a = pl->first;

	pl->first = a->next;
	if (!pl->first)
		pl->last = &pl->first;
	pl->lines--;
	pl->bytes -= a->len;
	free(a);
}

static void round_over(struct player *pl);

/* Play what is due, and see when the next one is. */
static void
work_off(struct player *pl)
{
	uint64_t now, at;

	if (!pl->ready || pl->ended)
		return;
	if (pl->start_us == 0)
		pl->start_us = clasp_clock_mono_us();
	while (pl->first && !clasp_pump_full(pl->pump)) {
		now = clasp_clock_mono_us();
		at = due(pl, pl->first->time_us);
		if (at > now) {
			uv_timer_start(&pl->timer, on_timer,
			    (at - now + 999) / 1000, 0);
			break;
		}
		play(pl, pl->first);
		drop_first(pl);
		if (pl->ended)
			return;
	}
	check_ahead(pl);
	if (!pl->first && pl->all_read)
		round_over(pl);
}

static void
on_batch_end(struct clasp_pump *p, void *user)
{
	(void)p;
	work_off(user);
}

static void
on_ready(struct clasp_pump *p, void *user)
{
	struct player *pl = user;

	(void)p;
	pl->ready = true;
	work_off(pl);
}

/* ---------------------------------------------------------------- rounds */

static void
on_barrier(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	(void)c;
	(void)reply;
	clasp_pump_stop(user);
}

static void
stop(struct player *pl)
{
	struct clasp_client *c = clasp_pump_client(pl->pump);

	if (!pl->ended) {
		uv_timer_stop(&pl->map.timer);
		uv_close((uv_handle_t *)&pl->timer, NULL);
	}
	if (!c || cli_signal() || cli_exit_code() == CLI_TIMEOUT ||
	    !clasp_client_connected(c))
		clasp_pump_stop(pl->pump);	/* whatever we wait for */
	else if (!pl->ended &&
	    clasp_client_barrier(c, on_barrier, pl->pump) < 0)
		clasp_pump_stop(pl->pump);
	pl->ended = true;
}

static void
begin_round(struct player *pl)
{
	clasp_recording_init(&pl->rec);
	pl->inside = !pl->from.given;
	pl->past = pl->all_read = pl->origin_known = pl->any = false;
	pl->start_us = 0;
}

/* The last line was played.  The round is as long as the recording. */
static void
round_over(struct player *pl)
{
	uint64_t end = due(pl, pl->past && pl->to.timed ? pl->to.time_us :
	    clasp_recording_length_us(&pl->rec));
	uint64_t now = clasp_clock_mono_us();

	if (pl->rounds == 1 || !pl->any) {
		if (pl->from.given && !pl->inside) {
			cli_warn(pl->name, "nothing at '%.*s'",
			    CLASP_STR_ARG(pl->from.mark));
			cli_fail(CLI_NO);
		}
		clasp_mapping_finish(&pl->map);
		if (!pl->ended && cli.count >= 0)
			cli_fail(CLI_NO);	/* fewer than -n asked for */
		stop(pl);
		return;
	}
	if (pl->origin_known && end > now) {
		uv_timer_start(&pl->timer, on_timer,
		    (end - now + 999) / 1000, 0);
		return;
	}
	if (pl->rounds > 0)
		pl->rounds--;
	begin_round(pl);
	pl->start_us = end;
	if (lseek(pl->fd, 0, SEEK_SET) < 0)
		cli_die(CLI_UNREACHABLE, pl->name, "%s",
		    cli_strerror(errno));
	clasp_pump_input_again(pl->pump);
}

static void
on_end(struct clasp_pump *p, void *user)
{
	struct player *pl = user;

	if (clasp_pump_gone(p)) {
		stop(pl);
		return;
	}
	pl->all_read = true;
	if (clasp_recording_cut_off(&pl->rec) && !pl->past)
		cli_warn(pl->name, "the recording was cut off: it has no "
		    "#end");
	work_off(pl);
}

static void
on_finish(struct clasp_pump *p, void *user)
{
	(void)p;
	stop(user);
}

static void
on_drained(struct clasp_pump *p, void *user)
{
	(void)p;
	work_off(user);
}

/* ------------------------------------------------------------------- main */

static void
take_shift(struct player *pl)
{
	const char *arg = cli_arg();
	bool earlier = *arg == '-';
	uint64_t us;

	if (cli_duration_us(arg + earlier, &us) < 0 || us > INT64_MAX / 4)
		cli_arg_bad("not a duration");
	pl->shift_us = earlier ? -(int64_t)us : (int64_t)us;
}

static void
take_options(int argc, char **argv, struct player *pl)
{
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		switch (id) {
		case OPT_SPEED:
			pl->speed = cli_arg_float(0, 1e6);
			if (pl->speed > 0 && pl->speed < 1e-6)
				cli_arg_bad("too slow");
			break;
		case OPT_LOOP:
			pl->rounds = cli_arg() ?
			    cli_arg_number(1, 1000000000) : -1;
			break;
		case OPT_FROM:
			take_place(&pl->from);
			break;
		case OPT_TO:
			take_place(&pl->to);
			break;
		case OPT_LIVE:
			pl->no_snapshot = true;
			break;
		case OPT_SHIFT:
			take_shift(pl);
			break;
		default:
			clasp_mapping_option(&pl->map, id);
		}
	cli_check_count(0, 1, "FILE");
}

static void
open_file(struct player *pl)
{
	pl->name = "-";
	pl->fd = STDIN_FILENO;
	if (cli_operand_count() > 0 && strcmp(*cli_operands(), "-") != 0) {
		pl->name = *cli_operands();
		pl->fd = open(pl->name, O_RDONLY | O_CLOEXEC);
	}
	if (pl->fd < 0)
		cli_die(CLI_UNREACHABLE, pl->name, "%s", cli_strerror(errno));
	if (pl->rounds != 1 && lseek(pl->fd, 0, SEEK_CUR) < 0)
		cli_usage("--loop: %s cannot be read twice; give a FILE",
		    pl->name);
}

int
main(int argc, char **argv)
{
	struct player *pl = &player;
	struct clasp_pump_config config = {
		.source = true,
		.sink = true,
		.input = true,
		.line = on_line,
		.batch_end = on_batch_end,
		.end = on_end,
		.finish = on_finish,
		.ready = on_ready,
		.drained = on_drained,
		.user = pl,
		.ttl_as_given = true,
		.count_by_program = true
	};

	pl->speed = 1;
	pl->rounds = 1;
	take_options(argc, argv, pl);
	open_file(pl);
	config.relay = !cli.output && !cli.format;
	if (!config.relay)
		cli_out_check();
	config.input_fd = pl->fd;
	config.input_name = pl->name;
	pl->last = &pl->first;
	clasp_arena_init(&pl->arena, NULL, 0, 64u << 20);
	begin_round(pl);
	uv_timer_init(uv_default_loop(), &pl->timer);
	pl->timer.data = pl;
	pl->pump = clasp_pump_new(uv_default_loop(), &config);
	clasp_mapping_start(&pl->map, uv_default_loop(), &pl->counts, emit,
	    pl);
	clasp_pump_ready(pl->pump);
	clasp_pump_run(pl->pump);
	if (cli.verbose)
		clasp_counts_report(&pl->counts);
	clasp_mapping_close(&pl->map);
	while (pl->first)
		drop_first(pl);
	clasp_arena_clear(&pl->arena);
	cli_end();
}
