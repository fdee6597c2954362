/* log.c - see log.h */
#include "relay/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "tool/cli.h"

static const char *const levels[] = {
	"error", "warn", "info", "debug", "trace"
};
#define LEVELS (int)(sizeof levels / sizeof levels[0])

static struct {
	int		 level;
	int		 fd;
	bool		 json;
	const char	*file;		/* NULL: standard error */
	bool		 told;		/* that the file takes nothing */
	unsigned long	 lost;		/* lines, since the last written */
} state = { .level = CLASP_LOG_INFO, .fd = STDERR_FILENO };

int
clasp_log_level(const char *name)
{
	int i;

	for (i = 0; i < LEVELS; i++)
		if (strcmp(levels[i], name) == 0)
			return i;
	return -1;
}

int
clasp_log_wants(int level)
{
	return level <= state.level;
}

int
clasp_log_reopen(void)
{
	int fd;

	if (state.file == NULL)
		return 0;
	fd = open(state.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    0640);
	if (fd < 0)
		return -errno;
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	state.fd = fd;
	state.told = false;
	return 0;
}

int
clasp_log_open(int level, const char *file)
{
	const char *format = getenv("LOG_FORMAT");

	state.level = level;
	state.json = format != NULL && strcmp(format, "json") == 0;
	state.file = file;
	return clasp_log_reopen();
}

static void
add_text(struct clasp_buf *line, struct clasp_str text)
{
	size_t i = 0, n;
	uint32_t c;

	while (i < text.len) {
		n = clasp_utf8_get(text.p + i, text.len - i, &c);
		if (n == 0)
			clasp_buf_printf(line, "\\x%02x",
			    (uint8_t)text.p[i]);
		else if (clasp_utf8_steers(c))
			clasp_buf_printf(line, c < 0x100 ? "\\x%02x" :
			    "\\u%04x", (unsigned)c);
		else
			clasp_buf_add(line, text.p + i, n);
		i += n ? n : 1;
	}
}

static void
add_json(struct clasp_buf *line, struct clasp_str text)
{
	size_t i = 0, n;
	uint32_t c;

	clasp_buf_add_u8(line, '"');
	while (i < text.len) {
		n = clasp_utf8_get(text.p + i, text.len - i, &c);
		if (n == 0)
			clasp_buf_add_c(line, "\\ufffd");
		else if (c == '"' || c == '\\')
			clasp_buf_printf(line, "\\%c", (char)c);
		else if (clasp_utf8_steers(c))
			clasp_buf_printf(line, "\\u%04x", (unsigned)c);
		else
			clasp_buf_add(line, text.p + i, n);
		i += n ? n : 1;
	}
	clasp_buf_add_u8(line, '"');
}

static void
add_fields(struct clasp_buf *line, const struct clasp_log_about *about)
{
	const struct {
		const char	*name;
		struct clasp_str value;
	} rows[] = {
		{ "session", about->session },
		{ "name", about->name },
		{ "peer", about->peer },
	};
	const char *before = ",\"fields\":{";
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].value.p == NULL)
			continue;
		clasp_buf_printf(line, "%s\"%s\":", before, rows[i].name);
		add_json(line, rows[i].value);
		before = ",";
	}
	if (before[1] == '\0')
		clasp_buf_add_u8(line, '}');
}

static void
add_line(struct clasp_buf *line, int level, struct clasp_str text,
    const struct clasp_log_about *about)
{
	static const char *const marks[] = {
		"error: ", "warning: ", "", "DEBUG ", "TRACE "
	};
	uint64_t now;

	if (!state.json) {
		clasp_buf_printf(line, "clasp-relay: %s", marks[level]);
		add_text(line, text);
		clasp_buf_add_u8(line, '\n');
		return;
	}
	now = clasp_clock_unix_us();
	clasp_buf_printf(line,
	    "{\"time\":%llu.%06u,\"level\":\"%s\",\"message\":",
	    (unsigned long long)(now / 1000000), (unsigned)(now % 1000000),
	    levels[level]);
	add_json(line, text);
	if (about != NULL)
		add_fields(line, about);
	clasp_buf_add_c(line, "}\n");
}

/* One write, so that lines of several programs do not mix. */
static bool
write_line(const struct clasp_buf *line)
{
	ssize_t n = write(state.fd, line->data, line->len);

	if (n == (ssize_t)line->len)
		return true;
	if (state.fd != STDERR_FILENO && !state.told) {
		state.told = true;
		cli_warn(state.file, "the log cannot be written: %s",
		    cli_strerror(n < 0 ? errno : ENOSPC));
	}
	return false;
}

static bool
tell_lost(void)
{
	struct clasp_buf line = { 0 };
	char text[80];
	bool good;

	snprintf(text, sizeof text, "%lu line%s of the log could not be "
	    "written", state.lost, state.lost == 1 ? "" : "s");
	add_line(&line, CLASP_LOG_WARN, clasp_str_c(text), NULL);
	good = !line.failed && write_line(&line);
	clasp_buf_clear(&line);
	return good;
}

/*
 * A pipe that nobody reads, a terminal that was stopped: the relay does not
 * wait for them.  What is lost is counted and told later.
 */
static void
put_line(const struct clasp_buf *line)
{
	struct pollfd ready = { .fd = state.fd, .events = POLLOUT };

	if (poll(&ready, 1, 0) == 0 || (state.lost > 0 && !tell_lost())) {
		state.lost++;
		return;
	}
	state.lost = write_line(line) ? 0 : 1;
}

void
clasp_log_put(void *user, int level, const char *text,
    const struct clasp_log_about *about)
{
	struct clasp_buf line = { 0 };

	(void)user;
	if (level > state.level || level < 0 || level >= LEVELS)
		return;
	add_line(&line, level, clasp_str_c(text), about);
	if (!line.failed)
		put_line(&line);
	clasp_buf_clear(&line);
}

void
clasp_log_line(int level, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (level > state.level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	clasp_log_put(NULL, level, text, NULL);
}
