/* template.c - the templates of -f. */
#include "tool/template.h"

#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "tool/fields.h"
#include "tool/message.h"

#define PARTS_MAX 128
#define PAD_MAX 4096

/* Text as it is, or a letter with its padding. */
struct part {
	char		letter;		/* 0: text */
	bool		left;		/* "-": pad behind */
	unsigned	width;
	size_t		from, len;	/* text, in the template's own */
};

struct cli_template {
	struct part	part[PARTS_MAX];
	size_t		nparts;
	struct clasp_buf text;		/* escapes already read */
	struct clasp_buf scratch;
};

/* The last part as text, to add a byte to. */
static int
add_byte(struct cli_template *t, char c)
{
	struct part *p = t->nparts ? &t->part[t->nparts - 1] : NULL;

	if (p == NULL || p->letter != 0) {
		if (t->nparts == PARTS_MAX)
			return CLASP_ETOOBIG;
		p = &t->part[t->nparts++];
		*p = (struct part){ .from = t->text.len };
	}
	p->len++;
	return clasp_buf_add_u8(&t->text, (uint8_t)c);
}

/* At the character behind '%'; returns how many it took, 0 when bad. */
static size_t
read_letter(struct cli_template *t, const char *s)
{
	const char *at = s;
	struct part p = { 0 };

	if (*at == '-') {
		p.left = true;
		at++;
	}
	while (*at >= '0' && *at <= '9' && p.width <= PAD_MAX)
		p.width = p.width * 10 + (unsigned)(*at++ - '0');
	if (*at == '%' && at == s)
		return add_byte(t, '%') < 0 ? 0 : 1;
	if (*at == '\0' || strchr("avrktTdnwjl", *at) == NULL ||
	    p.width > PAD_MAX || t->nparts == PARTS_MAX)
		return 0;
	p.letter = *at++;
	t->part[t->nparts++] = p;
	return (size_t)(at - s);
}

/* 0, 1 at "\c", or an error. */
static int
read_escape(struct cli_template *t, const char *s)
{
	switch (*s) {
	case 'n':
		return add_byte(t, '\n');
	case 't':
		return add_byte(t, '\t');
	case '0':
		return add_byte(t, '\0');
	case '\\':
		return add_byte(t, '\\');
	case 'c':
		return s[1] == '\0' ? 1 : CLASP_ESYNTAX;
	}
	return CLASP_ESYNTAX;
}

struct cli_template *
cli_template_new(const char *text, const char **why)
{
	struct cli_template *t = calloc(1, sizeof *t);
	const char *s;
	size_t n;
	int e = 0;

	*why = "out of memory";
	if (t == NULL)
		return NULL;
	for (s = text; e == 0 && *s != '\0'; s++) {
		if (*s == '%') {
			n = read_letter(t, s + 1);
			s += n;
			*why = "% takes one of a v r k t T d n w j l %, "
			    "%% is a percent sign";
			e = n == 0 ? CLASP_ESYNTAX : 0;
		} else if (*s == '\\') {
			e = read_escape(t, ++s);
			*why = "\\ takes one of n t 0 \\, and c at the end";
		} else {
			e = add_byte(t, *s);
			*why = "the template is too long";
		}
	}
	if (e == 0)
		e = add_byte(t, '\n');
	if (e < 0 || t->text.failed) {
		cli_template_free(t);
		return NULL;
	}
	return t;
}

void
cli_template_free(struct cli_template *t)
{
	if (t == NULL)
		return;
	clasp_buf_clear(&t->text);
	clasp_buf_clear(&t->scratch);
	free(t);
}

int
cli_iso_put(struct clasp_buf *out, int64_t unix_us)
{
	int64_t seconds = unix_us / 1000000, us = unix_us % 1000000;
	time_t when;
	struct tm tm;
	char text[64];
	long zone;

	if (us < 0) {
		us += 1000000;
		seconds--;
	}
	when = (time_t)seconds;
	if (localtime_r(&when, &tm) == NULL)
		return clasp_time_format(out, unix_us);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	zone = tm.tm_gmtoff / 60;
	return clasp_buf_printf(out, "%s.%06d%c%02ld:%02ld", text, (int)us,
	    zone < 0 ? '-' : '+', labs(zone) / 60, labs(zone) % 60);
}

/* The whole line without its LF. */
static void
put_line(struct clasp_buf *out, const struct clasp_line *line, unsigned flags)
{
	size_t before = out->len;

	clasp_line_format(out, line, flags);
	if (out->len > before)
		out->len--;
}

static void
put_letter(struct clasp_buf *out, char letter,
    const struct cli_template_args *args, const struct cli_fields *f)
{
	const struct clasp_item *item = NULL;

	if (args->line->kind == CLASP_LINE_DATA)
		item = &args->line->items[args->item];
	switch (letter) {
	case 'a':
		clasp_buf_add_str(out, f->address);
		break;
	case 'v':
		clasp_buf_add_str(out, f->value);
		break;
	case 'r':
		clasp_buf_add_str(out, cli_fields_raw(f->value));
		break;
	case 'k':
		clasp_buf_add_str(out, f->verb);
		break;
	case 't':
		clasp_time_format(out, args->time_us);
		break;
	case 'T':
		cli_iso_put(out, args->time_us);
		break;
	case 'd':
		clasp_time_format(out, args->since_us);
		break;
	case 'n':
		if (item != NULL && item->msg.type == CLASP_SET &&
		    item->msg.set.has_revision)
			clasp_buf_printf(out, "%llu",
			    (unsigned long long)item->msg.set.revision);
		break;
	case 'w':
		if (item != NULL)
			cli_escape(out, item->by);
		break;
	case 'j':
		put_line(out, args->shown, args->flags | CLASP_LINE_JSON);
		break;
	case 'l':
		put_line(out, args->shown, args->flags);
		break;
	}
}

/* Characters, not bytes: a column is one. */
static size_t
width_of(const uint8_t *p, size_t n)
{
	size_t width = 0;

	while (n-- > 0)
		width += (*p++ & 0xc0) != 0x80;
	return width;
}

static void
put_padded(struct clasp_buf *out, const struct part *p,
    const struct cli_template_args *args, const struct cli_fields *f)
{
	size_t before = out->len, have, pad;

	put_letter(out, p->letter, args, f);
	have = width_of(out->data + before, out->len - before);
	if (have >= p->width)
		return;
	pad = p->width - have;
	if (clasp_buf_reserve(out, pad) < 0)
		return;
	if (p->left) {
		memset(out->data + out->len, ' ', pad);
	} else {
		memmove(out->data + before + pad, out->data + before,
		    out->len - before);
		memset(out->data + before, ' ', pad);
	}
	out->len += pad;
}

int
cli_template_put(struct clasp_buf *out, struct cli_template *t,
    const struct cli_template_args *args)
{
	struct cli_fields fields;
	size_t i;

	if (cli_fields_cut(&fields, args->shown, args->item, args->flags,
	    &t->scratch) < 0)
		out->failed = true;
	for (i = 0; i < t->nparts && !out->failed; i++)
		if (t->part[i].letter == 0)
			clasp_buf_add(out, t->text.data + t->part[i].from,
			    t->part[i].len);
		else
			put_padded(out, &t->part[i], args, &fields);
	return out->failed ? CLASP_ENOMEM : 0;
}

bool
cli_template_info(const struct cli_template *t)
{
	size_t i;

	for (i = 0; i < t->nparts; i++)
		if (t->part[i].letter == 'n' || t->part[i].letter == 'w')
			return true;
	return false;
}
