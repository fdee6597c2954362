/* signals.c - see signals.h */
#include "relay/signals.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "relay/log.h"
#include "tool/cli.h"

#define READERS_MAX	16

static uv_async_t async;
static volatile sig_atomic_t hup;
static bool stopped;
static void (*stop)(void *user);
static void *stop_user;
static struct {
	void	(*fn)(void *user);
	void	*user;
} readers[READERS_MAX];
static int nreaders;

/* In the handler: only what is safe there. */
static void
on_end(int number)
{
	(void)number;
	uv_async_send(&async);
}

static void
on_hup(int number)
{
	(void)number;
	hup = 1;
	uv_async_send(&async);
}

static void
read_again(void)
{
	int i;

	clasp_log_line(CLASP_LOG_INFO, "SIGHUP: reading files again");
	for (i = 0; i < nreaders; i++)
		readers[i].fn(readers[i].user);
}

static void
on_async(uv_async_t *handle)
{
	(void)handle;
	if (hup) {
		hup = 0;
		read_again();
	}
	if (cli_signal() && !stopped) {
		stopped = true;
		stop(stop_user);
	}
}

void
clasp_signals_start(uv_loop_t *loop, void (*fn)(void *user), void *user)
{
	struct sigaction action;

	stop = fn;
	stop_user = user;
	uv_async_init(loop, &async, on_async);
	cli_signals(on_end);
	/* also under nohup(1): it is not the terminal's here */
	memset(&action, 0, sizeof action);
	action.sa_handler = on_hup;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
}

void
clasp_signals_stop(void)
{
	signal(SIGHUP, SIG_IGN);
	uv_close((uv_handle_t *)&async, NULL);
}

void
clasp_signals_on_hup(void (*fn)(void *user), void *user)
{
	assert(nreaders < READERS_MAX);
	readers[nreaders].fn = fn;
	readers[nreaders++].user = user;
}
