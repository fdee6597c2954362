/* fields.c - one message of a line as its columns. */
#include "tool/fields.h"

#include "base/error.h"

#define TSV_FIELDS 5

/* Text up to `separator` off the front of *rest. */
static struct clasp_str
next(struct clasp_str *rest, char separator)
{
	const char *at = rest->len ? memchr(rest->p, separator, rest->len)
	    : NULL;
	size_t n = at ? (size_t)(at - rest->p) : rest->len;
	struct clasp_str field = clasp_str_of(rest->p, n);

	n += at != NULL;
	*rest = clasp_str_of(rest->p + n, rest->len - n);
	return field;
}

static void
cut_data(struct cli_fields *out, struct clasp_str text)
{
	struct clasp_str field[TSV_FIELDS];
	int i;

	/* time, address, verb, attributes, value */
	for (i = 0; i < TSV_FIELDS; i++)
		field[i] = next(&text, '\t');
	out->address = field[1];
	out->verb = field[2];
	out->value = field[4];
}

int
cli_fields_cut(struct cli_fields *out, const struct clasp_line *line,
    uint32_t i, unsigned flags, struct clasp_buf *scratch)
{
	struct clasp_line one = *line;
	struct clasp_str text;

	memset(out, 0, sizeof *out);
	one.timed = one.has_qos = one.has_frame_ts = one.has_at = false;
	one.bundle = false;
	clasp_buf_reset(scratch);
	if (line->kind == CLASP_LINE_DATA) {
		one.count = 1;
		one.items = &line->items[i];
		flags = (flags & CLASP_LINE_EXACT) | CLASP_LINE_TSV;
	} else {
		flags &= CLASP_LINE_EXACT;
	}
	if (clasp_line_format(scratch, &one, flags) < 0)
		return CLASP_ENOMEM;
	text = clasp_buf_str(scratch);
	if (text.len > 0)
		text.len--;	/* the LF */
	if (line->kind == CLASP_LINE_DATA) {
		cut_data(out, text);
	} else {
		out->verb = next(&text, ' ');
		out->value = text;
	}
	return 0;
}

struct clasp_str
cli_fields_raw(struct clasp_str value)
{
	if (value.len >= 2 && value.p[0] == '"')
		return clasp_str_of(value.p + 1, value.len - 2);
	return value;
}
