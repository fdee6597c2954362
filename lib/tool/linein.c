/*
 * linein.c - lines (or binary frames) from bytes, as they come.
 *
 * Lines are read where they lie; only what a block cuts in two is copied.
 */
#include <stdlib.h>

#include "base/error.h"
#include "tool/lineio.h"
#include "tool/message.h"
#include "wire/recording.h"

#define ARENA_ROOM	(64 * 1024)
/* a line of 1 MiB, every second byte a value, fits */
#define ARENA_LIMIT	(256u << 20)

struct cli_in {
	char		*name;
	cli_line_fn	 fn;
	void		*user;
	unsigned long	 number;	/* of the last line */
	uint64_t	 offset;	/* of partial's first byte (frames) */
	struct clasp_buf partial;	/* a line or frame that goes on */
	struct clasp_arena arena;
	void		*room;
	bool		 begun;		/* a first byte has come */
	bool		 first_seen;	/* a line that is not blank */
	bool		 recording;	/* it was a header */
	bool		 frames_allowed, frames;
	bool		 too_long;	/* passing over the rest of a line */
	bool		 broken;	/* looking for the next good frame */
	bool		 stopped;
};

static struct cli_in *current;

struct cli_in *
cli_in_new(const char *name, cli_line_fn fn, void *user)
{
	struct cli_in *in = calloc(1, sizeof *in);

	if (in != NULL) {
		in->name = strdup(name);
		in->room = malloc(ARENA_ROOM);
	}
	if (in == NULL || in->name == NULL || in->room == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	in->fn = fn;
	in->user = user;
	clasp_arena_init(&in->arena, in->room, ARENA_ROOM, ARENA_LIMIT);
	return in;
}

void
cli_in_free(struct cli_in *in)
{
	if (in == NULL)
		return;
	clasp_arena_clear(&in->arena);
	clasp_buf_clear(&in->partial);
	free(in->room);
	free(in->name);
	free(in);
}

void
cli_in_allow_frames(struct cli_in *in)
{
	in->frames_allowed = true;
}

unsigned long
cli_in_line_number(const struct cli_in *in)
{
	return in->number;
}

const char *
cli_in_name(const struct cli_in *in)
{
	return in->name;
}

struct cli_in *
cli_in_current(void)
{
	return current;
}

/* "NAME:LINE:COLUMN: why", or "NAME:@OFFSET: why". */
static void
complain(const struct cli_in *in, uint64_t where, const char *why)
{
	struct clasp_buf line = { 0 };

	cli_escape(&line, clasp_str_c(in->name));
	if (in->frames)
		clasp_buf_printf(&line, ":@%llu: ",
		    (unsigned long long)where);
	else
		clasp_buf_printf(&line, ":%lu:%llu: ", in->number,
		    (unsigned long long)where);
	cli_escape(&line, clasp_str_c(why));
	cli_message_line(&line);
	clasp_buf_clear(&line);
}

/* A bad line: returns 1 when it is the end. */
static int
bad(struct cli_in *in, uint64_t where, const char *why)
{
	complain(in, where, why);
	cli_fail(CLI_DATA);
	in->stopped |= cli.strict;
	return in->stopped;
}

void
cli_in_complain(struct cli_in *in, unsigned column, const char *why)
{
	bad(in, in->frames ? in->offset : column, why);
}

void
cli_in_why(char *why, size_t cap, int error, const struct clasp_msg *msg)
{
	size_t size = error == CLASP_ETOOBIG ? clasp_msg_size(msg) : 0;

	if (size > CLASP_PAYLOAD_MAX)
		snprintf(why, cap, "%zu bytes do not fit in one frame, "
		    "which holds %d", size, CLASP_PAYLOAD_MAX);
	else
		snprintf(why, cap, "%s", clasp_strerror(error));
}

/* Give a line to whoever wants it. */
static int
give(struct cli_in *in, const struct clasp_line *line)
{
	current = in;
	if (in->fn(line, in->user) != 0)
		in->stopped = true;
	current = NULL;
	return in->stopped;
}

/* ----------------------------------------------------------------- lines */

/* The first line may be a recording's header, perhaps of a later version. */
static int
look_at_first(struct cli_in *in, const struct clasp_line *line)
{
	struct clasp_recording rec;
	struct clasp_moment moment;
	uint64_t version = 0;
	char why[80];

	in->first_seen = true;
	clasp_recording_init(&rec);
	if (clasp_recording_take(&rec, line, &moment, &version) < 0) {
		snprintf(why, sizeof why, "recording of version %llu; this "
		    "program reads %d", (unsigned long long)version,
		    CLASP_RECORDING_VERSION);
		bad(in, 1, why);
		in->stopped = true;
		return 1;
	}
	in->recording = rec.header;
	return 0;
}

static int
one_line(struct cli_in *in, struct clasp_str s)
{
	struct clasp_line line;
	struct clasp_line_error err;
	unsigned bom = 0;
	int r = 0;

	in->number++;
	if (in->number == 1 && clasp_str_starts(s, CLASP_STR("\xef\xbb\xbf")))
		bom = 3;
	s = clasp_str_of(s.p + bom, s.len - bom);
	if (s.len > 0 && s.p[s.len - 1] == '\r')
		s.len--;
	if (s.len > CLASP_LINE_MAX)
		return bad(in, CLASP_LINE_MAX + 1, "line longer than 1 MiB");
	if (clasp_line_parse(s, &in->arena, &line, &err) < 0)
		r = bad(in, err.column + bom, err.reason);
	else if (line.kind != CLASP_LINE_BLANK) {
		if (!in->first_seen)
			r = look_at_first(in, &line);
		if (r == 0)
			r = give(in, &line);
	}
	clasp_arena_reset(&in->arena);
	return r;
}

/* Keep the head of a line whose end has not come. */
static int
keep(struct cli_in *in, const char *p, size_t n)
{
	if (in->too_long)
		return 0;
	/* a BOM and a CR do not count */
	if (in->partial.len + n <= CLASP_LINE_MAX + 4) {
		if (clasp_buf_add(&in->partial, p, n) < 0)
			cli_die(CLI_UNREACHABLE, NULL, "out of memory");
		return 0;
	}
	clasp_buf_reset(&in->partial);
	in->too_long = true;
	in->number++;
	return bad(in, CLASP_LINE_MAX + 1, "line longer than 1 MiB");
}

/* n bytes at p end a line (the LF is not among them). */
static int
end_line(struct cli_in *in, const char *p, size_t n)
{
	int r;

	if (in->partial.len == 0 && !in->too_long)
		return one_line(in, clasp_str_of(p, n));
	r = keep(in, p, n);
	if (r == 0 && !in->too_long)
		r = one_line(in, clasp_buf_str(&in->partial));
	in->too_long = false;
	clasp_buf_reset(&in->partial);
	return r;
}

static int
feed_lines(struct cli_in *in, const char *p, size_t n)
{
	const char *lf;
	size_t len;

	while (n > 0) {
		lf = memchr(p, '\n', n);
		if (lf == NULL)
			return keep(in, p, n);
		len = (size_t)(lf - p);
		if (end_line(in, p, len) != 0)
			return 1;
		p += len + 1;
		n -= len + 1;
	}
	return 0;
}

/* ---------------------------------------------------------------- frames */

/* A frame whose message decodes: give it.  Returns 0, 1 to stop, or why it
 * is no good. */
static int
one_frame(struct cli_in *in, const struct clasp_frame *frame,
    struct clasp_str raw)
{
	unsigned exact = cli.exact ? CLASP_DECODE_EXACT : 0;
	struct clasp_line line;
	struct clasp_msg msg;
	int e;

	e = clasp_msg_decode(frame->payload, frame->len, &in->arena, exact,
	    &msg);
	if (e == 0)
		e = clasp_line_from_msg(&line, &msg, frame, raw, &in->arena,
		    cli.exact ? CLASP_LINE_EXACT : 0);
	if (e == 0) {
		in->broken = false;
		e = give(in, &line);
	}
	clasp_arena_reset(&in->arena);
	return e;
}

/*
 * Work off partial; `last` when no more bytes come.  After a broken frame
 * every byte may be the first of a good one: the next that decodes is.
 */
static int
work_frames(struct cli_in *in, bool last)
{
	uint64_t start = in->offset;
	struct clasp_frame frame;
	const uint8_t *p;
	size_t at = 0, left;
	int n, e;

	while (at < in->partial.len && !in->stopped) {
		p = in->partial.data + at;
		left = in->partial.len - at;
		in->offset = start + at;
		n = clasp_frame_decode(p, left, &frame);
		if (n == CLASP_EINCOMPLETE && !last)
			break;
		e = n;
		if (n > 0)
			e = one_frame(in, &frame,
			    clasp_str_of((const char *)p, (size_t)n));
		if (e >= 0) {
			at += (size_t)n;
			continue;
		}
		if (!in->broken)
			bad(in, in->offset, clasp_strerror(e));
		in->broken = true;
		at++;
	}
	clasp_buf_consume(&in->partial, at);
	in->offset = start + at;
	return in->stopped;
}

static int
feed_frames(struct cli_in *in, const void *p, size_t n)
{
	if (clasp_buf_add(&in->partial, p, n) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return work_frames(in, false);
}

/* ------------------------------------------------------------------ both */

int
cli_in_feed(struct cli_in *in, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	if (in->stopped)
		return 1;
	if (!in->begun && n > 0) {
		in->begun = true;
		in->frames = in->frames_allowed && p[0] == CLASP_FRAME_MAGIC;
	}
	if (in->frames)
		return feed_frames(in, p, n);
	return feed_lines(in, (const char *)p, n);
}

int
cli_in_end(struct cli_in *in)
{
	int r = 0;

	if (in->stopped)
		return 1;
	if (in->frames)
		return work_frames(in, true);
	if (in->partial.len > 0 && in->recording) {
		in->number++;
		complain(in, 1, "torn last line left out");
	} else if (in->partial.len > 0) {
		r = one_line(in, clasp_buf_str(&in->partial));
	}
	clasp_buf_reset(&in->partial);
	return r;
}
