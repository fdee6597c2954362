/* term.c - the terminal as a whole screen. */

#include "tool/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tool/cli.h"
#include "tool/message.h"

#define ENTER	"\033[?1049h\033[?25l\033[2J"
#define LEAVE	"\033[m\033[?25h\033[?1049l"

static bool ours;			/* the screen is */
static int keys_fd = -1;
static struct termios before, raw;
static char said[4096];			/* whole lines, kept for later */
static size_t said_len;
static unsigned said_count;

bool
cli_term_usable(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' &&
	    strcmp(term, "dumb") != 0;
}

bool
cli_term_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	int i;

	for (i = 0; i < 3; i++) {
		value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			    strcasestr(value, "utf8") != NULL;
	}
	return false;
}

void
cli_term_size(unsigned *columns, unsigned *rows)
{
	struct winsize size;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    size.ws_row > 0) {
		*columns = size.ws_col;
		*rows = size.ws_row;
	}
}

/* All of it, though the descriptor may be one that does not wait. */
static void
put(int fd, const char *text, size_t n)
{
	ssize_t done;
	int tries;

	for (tries = 0; n > 0 && tries < 1000; tries++) {
		done = write(fd, text, n);
		if (done > 0) {
			text += done;
			n -= (size_t)done;
		} else if (errno != EINTR && errno != EAGAIN) {
			return;
		}
	}
}

/* Keep a line while the screen is ours; the oldest ones make room. */
static bool
keep(const char *line, size_t len)
{
	const char *end;
	size_t drop;

	if (!ours || len > sizeof said || !isatty(STDERR_FILENO))
		return false;
	while (said_len + len > sizeof said) {
		end = memchr(said, '\n', said_len);
		drop = end ? (size_t)(end - said) + 1 : said_len;
		memmove(said, said + drop, said_len - drop);
		said_len -= drop;
	}
	memcpy(said + said_len, line, len);
	said_len += len;
	said_count++;
	return true;
}

unsigned
cli_term_said(const char **line, size_t *len)
{
	size_t from = said_len > 0 ? said_len - 1 : 0;

	while (from > 0 && said[from - 1] != '\n')
		from--;
	*line = said + from;
	*len = said_len > 0 ? said_len - 1 - from : 0;
	return said_count;
}

/* The terminal gives each key at once, and does not show it. */
static void
open_keys(void)
{
	keys_fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (keys_fd < 0)
		return;
	/* in the background, changing it would stop us */
	if (tcgetpgrp(keys_fd) != getpgrp() ||
	    tcgetattr(keys_fd, &before) < 0) {
		close(keys_fd);
		keys_fd = -1;
		return;
	}
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(keys_fd, TCSADRAIN, &raw);
}

int
cli_term_enter(bool keys)
{
	static bool hooked;

	if (!hooked) {
		atexit(cli_term_leave);
		cli_on_kill(cli_term_leave);
		cli_message_on_line(keep);
		hooked = true;
	}
	put(STDOUT_FILENO, ENTER, sizeof ENTER - 1);
	ours = true;
	if (keys)
		open_keys();
	return keys_fd;
}

void
cli_term_pause(void)
{
	if (!ours)
		return;
	ours = false;
	put(STDOUT_FILENO, LEAVE, sizeof LEAVE - 1);
	put(STDERR_FILENO, said, said_len);
	said_len = 0;
	if (keys_fd >= 0)
		tcsetattr(keys_fd, TCSANOW, &before);
}

void
cli_term_resume(void)
{
	if (ours)
		return;
	ours = true;
	put(STDOUT_FILENO, ENTER, sizeof ENTER - 1);
	/* in the background it would stop us */
	if (keys_fd >= 0 && tcgetpgrp(keys_fd) == getpgrp())
		tcsetattr(keys_fd, TCSANOW, &raw);
}

void
cli_term_leave(void)
{
	cli_term_pause();
	if (keys_fd >= 0)
		close(keys_fd);
	keys_fd = -1;
}
