/* out.c - bytes to stdout: collected, then put out at once. */
#include "tool/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/cli.h"
#include "tool/message.h"

#define HASTE_US	1000000u

enum kind { UNKNOWN, FILE_LIKE, PIPE_LIKE, TERMINAL, SOCKET };

static struct clasp_buf collected;
static size_t gone_out;		/* bytes of collected that are out */
static bool reader_gone;
static enum kind kind;
static int try_fd = STDOUT_FILENO;

struct clasp_buf *
cli_out_buf(void)
{
	if (collected.data == NULL)
		cli_message_on_die(cli_out_flush);
	return &collected;
}

size_t
cli_out_waiting(void)
{
	return collected.len - gone_out;
}

void
cli_out_memory(void)
{
	if (collected.failed)
		cli_die(CLI_UNREACHABLE, "stdout", "out of memory");
}

void
cli_out_bytes(const void *p, size_t n)
{
	clasp_buf_add(cli_out_buf(), p, n);
	cli_out_memory();
}

static void
drop(void)
{
	gone_out = 0;
	clasp_buf_reset(&collected);
}

/*
 * After a write that failed.  A reader that went away is no error; anything
 * else (a full disk) must not look like success.
 */
static void
failed(int error)
{
	drop();
	if (error == EPIPE || error == ECONNRESET) {
		reader_gone = true;
		return;
	}
	cli_die(CLI_UNREACHABLE, "stdout", "%s", cli_strerror(error));
}

static void
wait_writable(int ms)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	poll(&p, 1, ms);
}

/*
 * After a signal: a reader that takes nothing for so long gets nothing more,
 * so that a program ends when it is told to.
 */
static void
flush_in_haste(void)
{
	static uint64_t end;
	uint64_t now = clasp_clock_mono_us();

	if (end == 0)
		end = now + HASTE_US;
	while (now < end && cli_out_try_flush() > 0) {
		wait_writable((int)((end - now) / 1000 + 1));
		now = clasp_clock_mono_us();
	}
	drop();
}

void
cli_out_flush(void)
{
	ssize_t n;

	while (cli_out_waiting() > 0 && !reader_gone) {
		if (cli_signal() != 0) {
			flush_in_haste();
			break;
		}
		n = write(STDOUT_FILENO, collected.data + gone_out,
		    cli_out_waiting());
		if (n >= 0)
			gone_out += (size_t)n;
		else if (errno == EAGAIN)
			wait_writable(-1);
		else if (errno != EINTR)
			failed(errno);
	}
	drop();
	/* a signal that came as well is died of, by whoever called */
	if (reader_gone && cli_signal() == 0)
		exit(cli_exit_code());
}

/*
 * A terminal that is stopped (^S) would hold a write for as long as it
 * likes: it is opened again for a description of our own, which may be set
 * not to block without changing that of other programs.
 */
static void
find_kind(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) != 0)
		kind = FILE_LIKE;
	else if (S_ISSOCK(st.st_mode))
		kind = SOCKET;
	else if (S_ISFIFO(st.st_mode))
		kind = PIPE_LIKE;
	else if (isatty(STDOUT_FILENO))
		kind = TERMINAL;
	else
		kind = FILE_LIKE;
	if (kind == TERMINAL)
		try_fd = open("/proc/self/fd/1",
		    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (try_fd < 0)
		try_fd = STDOUT_FILENO;
}

/* One write that does not wait; -1 with EAGAIN when it would have to. */
static ssize_t
try_write(const uint8_t *p, size_t n)
{
	struct pollfd can = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (kind == UNKNOWN)
		find_kind();
	if (kind == FILE_LIKE)
		return write(STDOUT_FILENO, p, n);
	if (kind == SOCKET)
		return send(STDOUT_FILENO, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&can, 1, 0) <= 0 ||
	    (can.revents & (POLLOUT | POLLERR | POLLHUP)) == 0) {
		errno = EAGAIN;
		return -1;
	}
	/* writable means room for PIPE_BUF bytes, no more */
	return write(try_fd, p, n < PIPE_BUF ? n : PIPE_BUF);
}

size_t
cli_out_try_flush(void)
{
	ssize_t n;

	while (cli_out_waiting() > 0 && !reader_gone) {
		n = try_write(collected.data + gone_out, cli_out_waiting());
		if (n >= 0)
			gone_out += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			failed(errno);
	}
	if (cli_out_waiting() == 0 || reader_gone) {
		drop();
	} else if (gone_out > collected.len / 2) {
		clasp_buf_consume(&collected, gone_out);
		gone_out = 0;
	}
	return cli_out_waiting();
}

void
cli_out_drop(void)
{
	drop();
}

bool
cli_out_reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (!reader_gone && poll(&p, 1, 0) > 0 &&
	    (p.revents & (POLLERR | POLLHUP)) != 0)
		reader_gone = true;
	return reader_gone;
}
