/* filter.c - the run of a program that is a filter: read(2), poll(2). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/out.h"

#define BLOCK		(128 * 1024)
/* what may be collected while more input is waiting */
#define OUT_ENOUGH	(128 * 1024)

struct run {
	struct cli_in	*in;
	int		 fd;
	void		*user;
	uint64_t	(*until)(void *);
	void		(*due)(void *);
};

static bool frames_allowed;
static void (*on_file)(const char *, void *);

void
cli_filter_allow_frames(void)
{
	frames_allowed = true;
}

void
cli_filter_on_file(void (*begin)(const char *name, void *user))
{
	on_file = begin;
}

/* Call back when it is time; returns the milliseconds until it is, or -1. */
static int
run_due(const struct run *run)
{
	uint64_t now, at;

	if (run->until == NULL)
		return -1;
	at = run->until(run->user);
	if (at == UINT64_MAX)
		return -1;
	now = clasp_clock_mono_us();
	if (now >= at) {
		run->due(run->user);
		at = run->until(run->user);
		if (at == UINT64_MAX)
			return -1;
		now = clasp_clock_mono_us();
	}
	if (at <= now)
		return 0;
	at = (at - now + 999) / 1000;
	return at > INT_MAX ? INT_MAX : (int)at;
}

/*
 * Wait for input; everything collected is put out first, unless there is
 * input already.  Returns 1 when there is, 0 to look again, -1 at the end of
 * all things.
 */
static int
wait_input(const struct run *run)
{
	struct pollfd p[2] = {
		{ .fd = run->fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO }
	};
	int wait, n;

	if (cli_signal() != 0)
		return -1;
	n = poll(p, 1, 0);
	if (n > 0 && cli_out_waiting() < OUT_ENOUGH) {
		run_due(run);
		return 1;
	}
	wait = run_due(run);
	cli_out_flush();
	if (n > 0)
		return 1;
	n = poll(p, 2, wait);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	if (n > 0 && (p[1].revents & (POLLERR | POLLHUP)) != 0 &&
	    cli_out_reader_gone())
		return -1;
	return p[0].revents != 0;
}

/* One input to its end: 0, or 1 to stop. */
static int
run_input(struct run *run, char *block)
{
	ssize_t n;
	int ready;

	for (;;) {
		ready = wait_input(run);
		if (ready < 0)
			return 1;
		if (ready == 0)
			continue;
		n = read(run->fd, block, BLOCK);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			cli_warn(cli_in_name(run->in), "%s",
			    cli_strerror(errno));
			cli_fail(CLI_UNREACHABLE);
			return 0;
		}
		if (n == 0)
			return cli_in_end(run->in);
		if (cli_in_feed(run->in, block, (size_t)n) != 0)
			return 1;
	}
}

static int
run_file(struct run *run, const char *name, cli_line_fn fn, char *block)
{
	bool std = strcmp(name, "-") == 0;
	int r;

	run->fd = std ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (run->fd < 0) {
		cli_warn(name, "%s", cli_strerror(errno));
		cli_fail(CLI_UNREACHABLE);
		return 0;
	}
	if (std && isatty(STDIN_FILENO))
		cli_note(NULL, "reading lines from the terminal; Ctrl-D ends");
	if (on_file != NULL)
		on_file(name, run->user);
	run->in = cli_in_new(name, fn, run->user);
	if (frames_allowed)
		cli_in_allow_frames(run->in);
	r = run_input(run, block);
	cli_in_free(run->in);
	if (!std)
		close(run->fd);
	return r;
}

int
cli_filter_run(char **files, int nfiles, cli_line_fn fn, void *user,
    uint64_t (*wait_until_us)(void *user), void (*due)(void *user))
{
	struct run run = { .user = user, .until = wait_until_us, .due = due };
	char *block = malloc(BLOCK), standard[] = "-";
	char *only[] = { standard };
	int i, r = 0;

	if (block == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (nfiles == 0) {
		files = only;
		nfiles = 1;
	}
	cli_signals(NULL);
	for (i = 0; i < nfiles && r == 0; i++)
		r = run_file(&run, files[i], fn, block);
	free(block);
	return r;
}
