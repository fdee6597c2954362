/* ticker.c - frame ticks on a loop. */

#include "bridge/ticker.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/cli.h"

static void
schedule(struct clasp_ticker *t)
{
	struct itimerspec when = { 0 };

	when.it_value.tv_sec = (time_t)(t->next_us / 1000000);
	when.it_value.tv_nsec = (long)(t->next_us % 1000000) * 1000;
	timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct clasp_ticker *t = poll->data;
	uint64_t now = clasp_clock_mono_us(), due = t->next_us, expired;

	(void)status;
	(void)events;
	if (read(t->fd, &expired, sizeof expired) < 0 || now < due)
		return;
	t->next_us = clasp_dmx_pace_next(&t->pace, now);
	schedule(t);
	t->fn(due, t->user);	/* may stop it */
}

void
clasp_ticker_start(struct clasp_ticker *t, uv_loop_t *loop, double rate_hz,
    uint64_t keepalive_us, void (*fn)(uint64_t tick_us, void *user),
    void *user)
{
	t->fn = fn;
	t->user = user;
	t->pace.t0_us = clasp_clock_mono_us();
	t->pace.rate_hz = rate_hz;
	t->pace.keepalive_us = keepalive_us;
	t->next_us = clasp_dmx_pace_next(&t->pace, t->pace.t0_us);
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->fd < 0 || uv_poll_init(loop, &t->poll, t->fd) < 0)
		cli_die(CLI_UNREACHABLE, "timer", "%s", cli_strerror(errno));
	t->poll.data = t;
	uv_poll_start(&t->poll, UV_READABLE, on_poll);
	schedule(t);
}

void
clasp_ticker_stop(struct clasp_ticker *t)
{
	uv_poll_stop(&t->poll);
}

void
clasp_ticker_close(struct clasp_ticker *t, uv_close_cb closed)
{
	uv_poll_stop(&t->poll);
	uv_close((uv_handle_t *)&t->poll, closed);
	close(t->fd);
}
