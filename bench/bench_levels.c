/*
 * bench_levels.c - the share of a core that levels take on their way between
 * lines and frames, at 44 frames a second: text to universes and out as
 * frames; sources through a merge and out as text.  Sockets and packets come
 * on top.  The limit is the text alone, read or written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "proto/dmx.h"
#include "proto/dmxin.h"
#include "proto/merge.h"
#include "wire/line.h"

#define RATE	44
#define SECONDS	4
#define OUT	32		/* universes sent */
#define IN	100		/* received, as lines of what changed */
#define WHOLE	1000		/* received, as bytes */
#define TENTH	51

static char text[OUT][64 * 1024];
static size_t text_len[OUT];
static struct clasp_buf out;
static bool format;		/* what came in becomes text */
static unsigned long sent;

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
print(const char *what, double s, double limit_s, const char *target)
{
	char ours[40], limit[40];

	snprintf(ours, sizeof ours, "%.1f %% of a core", s / SECONDS * 100);
	snprintf(limit, sizeof limit, "%.1f %%", limit_s / SECONDS * 100);
	row(what, ours, limit, s / limit_s, target);
}

/* Lines that set a tenth of the slots, or all of them as bytes. */
static void
make_lines(bool whole)
{
	char *p;
	int u, i;

	for (u = 0; u < OUT; u++) {
		p = text[u];
		if (whole)
			p += sprintf(p, "/sacn/%d stream x\"", u + 1);
		for (i = 0; i < (whole ? CLASP_DMX_SLOTS : TENTH); i++)
			p += whole ? sprintf(p, "%02x", rand() % 256) :
			    sprintf(p, "%s/sacn/%d/%d %d", i ? " ; " : "",
			    u + 1, rand() % 512 + 1, rand() % 256);
		if (whole)
			p += sprintf(p, "\"");
		text_len[u] = (size_t)(p - text[u]);
	}
}

static double
send_lines(bool read_only)
{
	const struct clasp_dmx_config config = {
		.prefix = CLASP_STR("/sacn"), .min = 1 };
	struct clasp_dmx *dmx = clasp_dmx_new(&config);
	static uint8_t room[1 << 20];
	struct clasp_arena arena;
	struct clasp_line_error err;
	struct clasp_universe *u;
	struct clasp_line line;
	double start = cpu_s();
	unsigned frame, i, at;
	uint32_t k;

	clasp_arena_init(&arena, room, sizeof room, 0);
	for (frame = 0; frame < RATE * SECONDS; frame++) {
		for (i = 0; i < OUT; i++) {
			clasp_arena_reset(&arena);
			if (clasp_line_parse(clasp_str_of(text[i],
			    text_len[i]), &arena, &line, &err) < 0)
				fail(err.reason);
			for (k = 0; !read_only && k < line.count; k++)
				clasp_dmx_apply(dmx, &line.items[k].msg, 0);
		}
		clasp_dmx_play(dmx, 0);
		for (at = 0; (u = clasp_dmx_next(dmx, &at)) != NULL;) {
			sent += u->dirty;
			clasp_universe_sent(u);
			u->level[0]++;	/* the next frame is another */
		}
	}
	start = cpu_s() - start;
	clasp_dmx_free(dmx);
	return start;
}

static void
on_line(const struct clasp_line *line, void *user)
{
	(void)user;
	if (!format)
		return;
	clasp_buf_reset(&out);
	clasp_line_format(&out, line, 0);
}

/* Frames that change a tenth of their slots, through a merge. */
static double
receive(unsigned universes, bool whole)
{
	const struct clasp_dmxin_config config = {
		.prefix = CLASP_STR("/sacn"), .whole = whole };
	const struct clasp_merge_config merging = { .max_sources = 16,
	    .loss_us = 2500000 };
	struct clasp_dmxin *in = clasp_dmxin_new(&config, on_line, NULL);
	struct clasp_merge *merges = calloc(universes, sizeof *merges);
	struct clasp_merge_source *s;
	uint8_t slots[CLASP_DMX_SLOTS] = { 0 };
	double start;
	unsigned frame, u, i;

	if (!in || !merges)
		fail("out of memory");
	for (u = 0; u < universes; u++)
		clasp_merge_init(&merges[u], &merging);
	start = cpu_s();
	for (frame = 0; frame < RATE * SECONDS; frame++) {
		for (i = 0; i < TENTH; i++)
			slots[(frame * 7 + i * 10) % 512]++;
		for (u = 0; u < universes; u++) {
			s = clasp_merge_source(&merges[u], "desk", 4, frame);
			if (s && clasp_merge_levels(&merges[u], s, 100, slots,
			    sizeof slots, frame))
				clasp_dmxin_frame(in,
				    clasp_dmxin_universe(in, u),
				    merges[u].level, merges[u].slots);
		}
	}
	start = cpu_s() - start;
	for (u = 0; u < universes; u++)
		clasp_merge_clear(&merges[u]);
	free(merges);
	clasp_dmxin_free(in);
	return start;
}

/* The text of what received levels become: all of it, less all but it. */
static void
print_received(const char *what, unsigned universes, bool whole)
{
	double all, without;

	format = true;
	all = receive(universes, whole);
	format = false;
	without = receive(universes, whole);
	print(what, all, all > without ? all - without : all, "-");
}

int
main(void)
{
	make_lines(false);
	print("levels: 32 universes from lines, a tenth changes",
	    send_lines(false), send_lines(true), "< 25 %");
	make_lines(true);
	print("levels: 32 universes from lines, all changes",
	    send_lines(false), send_lines(true), "< 15 %");
	if (sent < 2ul * OUT * RATE * SECONDS)
		fail("frames are missing");
	print_received("levels: 100 universes to lines, a tenth changes", IN,
	    false);
	print_received("levels: 1000 universes to lines, --mode universe",
	    WHOLE, true);
	clasp_buf_clear(&out);
	return 0;
}
