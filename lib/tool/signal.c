/* signal.c - SIGINT and SIGTERM, and the end of a program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/cli.h"
#include "tool/lineio.h"

static volatile sig_atomic_t came;
static void (*wake)(int);
static void (*on_kill)(void);

static void
handle(int number)
{
	int saved = errno;

	if (came) {
		/* The second one: delivered again when we return. */
		if (on_kill != NULL)
			on_kill();
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	came = number;
	if (wake != NULL)
		wake(number);
	errno = saved;
}

void
cli_signals(void (*woken)(int signal))
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action, before;
	size_t i;

	if (woken != NULL)
		wake = woken;
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		/* nohup(1) means it. */
		if (numbers[i] == SIGHUP &&
		    sigaction(SIGHUP, NULL, &before) == 0 &&
		    before.sa_handler == SIG_IGN)
			continue;
		memset(&action, 0, sizeof action);
		action.sa_handler = handle;
		sigemptyset(&action.sa_mask);
		/* no SA_RESTART: a read that waits must return */
		sigaction(numbers[i], &action, NULL);
	}
}

void
cli_on_kill(void (*fn)(void))
{
	on_kill = fn;
}

int
cli_signal(void)
{
	return came;
}

void
cli_signal_forget(void)
{
	came = 0;
}

void
cli_end(void)
{
	int number = came;

	if (fflush(stdout) != 0 && errno != EPIPE)
		cli_die(CLI_UNREACHABLE, "stdout", "%s", cli_strerror(errno));
	cli_out_flush();
	if (number != 0) {
		signal(number, SIG_DFL);
		raise(number);
	}
	/* A network file system may report a full disk only now. */
	if (close(STDOUT_FILENO) != 0 && errno != EBADF && errno != EINTR) {
		cli_warn("stdout", "%s", cli_strerror(errno));
		cli_fail(CLI_UNREACHABLE);
	}
	exit(cli_exit_code());
}
