/* message.c - words to people, and the exit code. */
#include "tool/message.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/utf8.h"

static const char *program = "clasp";
static void (*on_die)(void);
static bool (*on_line)(const char *line, size_t len);

/* Codes from the most important one down. */
static const enum cli_exit ranking[] = {
	CLI_USAGE, CLI_UNREACHABLE, CLI_REFUSED, CLI_STATE, CLI_DATA,
	CLI_TIMEOUT, CLI_DROPS, CLI_NO
};
#define RANKS (sizeof ranking / sizeof ranking[0])

static size_t best = RANKS;	/* index in ranking; RANKS: all is well */

void
cli_message_name(const char *name)
{
	program = name;
}

void
cli_message_on_die(void (*flush)(void))
{
	on_die = flush;
}

void
cli_message_on_line(bool (*keep)(const char *line, size_t len))
{
	on_line = keep;
}

void
cli_escape(struct clasp_buf *buf, struct clasp_str s)
{
	size_t i = 0, n;
	uint32_t c;

	while (i < s.len) {
		n = clasp_utf8_get(s.p + i, s.len - i, &c);
		if (n == 0) {
			clasp_buf_printf(buf, "\\x%02x",
			    (unsigned char)s.p[i]);
			n = 1;
		} else if (c == '\n') {
			clasp_buf_add_c(buf, "\\n");
		} else if (c == '\t') {
			clasp_buf_add_c(buf, "\\t");
		} else if (clasp_utf8_steers(c)) {
			clasp_buf_printf(buf, "\\u%04x", (unsigned)c);
		} else {
			clasp_buf_add(buf, s.p + i, n);
		}
		i += n;
	}
}

void
cli_message_line(struct clasp_buf *buf)
{
	size_t at = 0;
	ssize_t n;

	clasp_buf_add_u8(buf, '\n');
	if (on_line != NULL && on_line((const char *)buf->data, buf->len))
		return;
	while (at < buf->len) {
		n = write(STDERR_FILENO, buf->data + at, buf->len - at);
		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			break;	/* there is nobody left to tell */
	}
}

static void
say(const char *subject, const char *why, va_list ap)
{
	struct clasp_buf text = { 0 }, line = { 0 };

	clasp_buf_vprintf(&text, why, ap);
	cli_escape(&line, clasp_str_c(program));
	clasp_buf_add_c(&line, ": ");
	if (subject != NULL) {
		cli_escape(&line, clasp_str_c(subject));
		clasp_buf_add_c(&line, ": ");
	}
	cli_escape(&line, clasp_buf_str(&text));
	cli_message_line(&line);
	clasp_buf_clear(&line);
	clasp_buf_clear(&text);
}

#define SAY(subject, why) do { \
	va_list ap; \
	va_start(ap, why); \
	say(subject, why, ap); \
	va_end(ap); \
} while (0)

void
cli_warn(const char *subject, const char *why, ...)
{
	SAY(subject, why);
}

void
cli_note(const char *subject, const char *why, ...)
{
	if (!cli.quiet)
		SAY(subject, why);
}

void
cli_verbose(const char *subject, const char *why, ...)
{
	if (cli.verbose >= 1)
		SAY(subject, why);
}

void
cli_debug(const char *subject, const char *why, ...)
{
	if (cli.verbose >= 2)
		SAY(subject, why);
}

/* Leave, with what was collected for stdout put out before. */
static void
leave(enum cli_exit code)
{
	void (*flush)(void) = on_die;

	cli_fail(code);
	on_die = NULL;
	if (flush != NULL)
		flush();
	exit(cli_exit_code());
}

void
cli_die(enum cli_exit code, const char *subject, const char *why, ...)
{
	SAY(subject, why);
	leave(code);
	abort();
}

void
cli_usage(const char *why, ...)
{
	struct clasp_buf line = { 0 };

	SAY(NULL, why);
	clasp_buf_printf(&line, "try '%s --help'", program);
	cli_message_line(&line);
	clasp_buf_clear(&line);
	leave(CLI_USAGE);
	abort();
}

void
cli_fail(enum cli_exit code)
{
	size_t i;

	for (i = 0; i < best; i++)
		if (ranking[i] == code)
			best = i;
}

int
cli_exit_code(void)
{
	return best == RANKS ? CLI_OK : (int)ranking[best];
}

const char *
cli_strerror(int error)
{
	static char text[128];

	/* a stream that a script closed, as in "<&-" */
	if (error == EBADF)
		return "not open";
	snprintf(text, sizeof text, "%s", strerror(error));
	if (isupper((unsigned char)text[0]) &&
	    !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}
