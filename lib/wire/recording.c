/* recording.c - header, directives and times of a recording. */
#include "wire/recording.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"

void
clasp_recording_init(struct clasp_recording *rec)
{
	memset(rec, 0, sizeof *rec);
}

/* ------------------------------------------------------------- reading */

/* The next word of *s, which is moved behind it; empty at the end. */
static struct clasp_str
next_word(struct clasp_str *s)
{
	const char *p = s->p, *end = s->p + s->len, *start;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	start = p;
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	*s = clasp_str_of(p, (size_t)(end - p));
	return clasp_str_of(start, (size_t)(p - start));
}

/* The value of "key=value" in s; absent when the key is not there. */
static struct clasp_str
find_key(struct clasp_str s, struct clasp_str key)
{
	struct clasp_str word;

	while (s.len > 0 && (word = next_word(&s)).len > 0)
		if (word.len > key.len && word.p[key.len] == '=' &&
		    clasp_str_starts(word, key))
			return clasp_str_of(word.p + key.len + 1,
			    word.len - key.len - 1);
	return CLASP_STR_NONE;
}

/* "#clasp VERSION epoch=T": only as the first line. */
static int
take_header(struct clasp_recording *rec, struct clasp_str rest,
    struct clasp_moment *out, uint64_t *version)
{
	uint64_t v;

	if (rec->begun || clasp_uint_parse(next_word(&rest), &v) < 0)
		return 0;
	if (version != NULL)
		*version = v;
	if (v > CLASP_RECORDING_VERSION)
		return CLASP_EINVAL;
	if (clasp_time_parse(find_key(rest, CLASP_STR("epoch")), NULL,
	    &rec->epoch_us) < 0)
		rec->epoch_us = 0;
	rec->header = true;
	out->kind = CLASP_MOMENT_HEADER;
	return 0;
}

static void
take_count(struct clasp_str rest, enum clasp_moment_kind kind,
    struct clasp_moment *out)
{
	if (clasp_uint_parse(next_word(&rest), &out->count) == 0)
		out->kind = kind;
}

static void
take_end(struct clasp_recording *rec, struct clasp_str rest,
    struct clasp_moment *out)
{
	if (clasp_time_parse(next_word(&rest), NULL, &rec->end_us) < 0)
		return;
	if (clasp_uint_parse(find_key(rest, CLASP_STR("lines")),
	    &rec->end_lines) < 0)
		rec->end_lines = 0;
	rec->ended = true;
	out->kind = CLASP_MOMENT_END;
	out->timed = true;
	out->time_us = rec->end_us;
	out->count = rec->end_lines;
}

static int
take_directive(struct clasp_recording *rec, struct clasp_str text,
    struct clasp_moment *out, uint64_t *version)
{
	struct clasp_str word = next_word(&text);

	if (clasp_str_is(word, "#clasp"))
		return take_header(rec, text, out, version);
	if (clasp_str_is(word, "#snapshot")) {
		take_count(text, CLASP_MOMENT_SNAPSHOT, out);
		if (out->kind == CLASP_MOMENT_SNAPSHOT)
			rec->snapshot_left = out->count;
	} else if (clasp_str_is(word, "#drop"))
		take_count(text, CLASP_MOMENT_DROP, out);
	else if (clasp_str_is(word, "#gap")) {
		if (clasp_time_parse(next_word(&text), NULL,
		    &out->span_us) == 0)
			out->kind = CLASP_MOMENT_GAP;
	} else if (clasp_str_is(word, "#end"))
		take_end(rec, text, out);
	return 0;
}

static void
take_time(struct clasp_recording *rec, const struct clasp_line *line,
    struct clasp_moment *out)
{
	int64_t t = line->time_us;

	/* a sum beyond all times stays at the last one */
	if (line->relative && __builtin_add_overflow(rec->time_us, t, &t))
		t = INT64_MAX;
	rec->time_us = t;
	if (t > rec->last_us)
		rec->last_us = t;
	out->timed = true;
	out->time_us = t;
}

int
clasp_recording_take(struct clasp_recording *rec,
    const struct clasp_line *line, struct clasp_moment *out,
    uint64_t *version)
{
	int e = 0;

	memset(out, 0, sizeof *out);
	out->time_us = rec->time_us;
	if (line->kind == CLASP_LINE_BLANK)
		return 0;
	rec->ended = false;
	switch (line->kind) {
	case CLASP_LINE_BLANK:
	case CLASP_LINE_COMMENT:
		break;
	case CLASP_LINE_DIRECTIVE:
		e = take_directive(rec, line->text, out, version);
		break;
	default:
		out->kind = line->kind == CLASP_LINE_MARK ?
		    CLASP_MOMENT_MARK : CLASP_MOMENT_LINE;
		if (line->timed)
			take_time(rec, line, out);
		rec->lines++;
		if (rec->snapshot_left > 0 &&
		    line->kind == CLASP_LINE_DATA) {
			rec->snapshot_left--;
			out->snapshot = true;
		}
		break;
	}
	rec->begun = true;
	return e;
}

bool
clasp_recording_cut_off(const struct clasp_recording *rec)
{
	return rec->header && !rec->ended;
}

int64_t
clasp_recording_length_us(const struct clasp_recording *rec)
{
	return rec->ended ? rec->end_us : rec->last_us;
}

/* ------------------------------------------------------------- writing */

static int
put_line(struct clasp_buf *buf, size_t start)
{
	clasp_buf_add_u8(buf, '\n');
	if (!buf->failed)
		return 0;
	buf->len = start;
	return CLASP_ENOMEM;
}

static int
put_count(struct clasp_buf *buf, const char *word, uint64_t count)
{
	char number[CLASP_NUMBER_MAX];
	size_t start = buf->len;

	clasp_buf_add_c(buf, word);
	clasp_buf_add(buf, number, clasp_uint_format(number, count));
	return put_line(buf, start);
}

int
clasp_recording_put_header(struct clasp_buf *buf, int64_t epoch_us)
{
	size_t start = buf->len;

	clasp_buf_add_c(buf, "#clasp 1 epoch=");
	clasp_time_format(buf, epoch_us);
	return put_line(buf, start);
}

int
clasp_recording_put_snapshot(struct clasp_buf *buf, uint64_t lines)
{
	return put_count(buf, "#snapshot ", lines);
}

int
clasp_recording_put_gap(struct clasp_buf *buf, int64_t span_us)
{
	size_t start = buf->len;

	clasp_buf_add_c(buf, "#gap ");
	clasp_time_format(buf, span_us);
	return put_line(buf, start);
}

int
clasp_recording_put_drop(struct clasp_buf *buf, uint64_t messages)
{
	return put_count(buf, "#drop ", messages);
}

int
clasp_recording_put_end(struct clasp_buf *buf, int64_t time_us,
    uint64_t lines)
{
	char number[CLASP_NUMBER_MAX];
	size_t start = buf->len;

	clasp_buf_add_c(buf, "#end ");
	clasp_time_format(buf, time_us);
	clasp_buf_add_c(buf, " lines=");
	clasp_buf_add(buf, number, clasp_uint_format(number, lines));
	return put_line(buf, start);
}
