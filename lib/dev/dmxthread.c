/* dmxthread.c - a DMX device that is worked by a thread of its own. */

#include "dev/dmxthread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

#define RETRY_US	1000000
#define STALL_SAY_US	60000000
#define PRIORITY	10		/* low among the real-time ones */

struct clasp_dmxthread {
	struct clasp_dmxthread_config config;
	struct clasp_dmxthread_events events;
	void		*user;
	uv_async_t	 news;
	pthread_t	 thread;
	bool		 running;	/* the thread was made */
	atomic_bool	 stop;

	pthread_mutex_t	 lock;		/* of what follows */
	pthread_cond_t	 wake;
	uint8_t		 frame[CLASP_DMXTHREAD_SLOTS];
	uint64_t	 put, sent;	/* frames given, and the newest sent */
	bool		 open, realtime;
	unsigned	 losses;
	unsigned long	 missed;
	char		 why[CLASP_SERIAL_WHY];

	/* the thread's own */
	uint8_t		 before[CLASP_DMXTHREAD_SLOTS];
	bool		 has_before;
	uint64_t	 due_us;

	/* the loop's own */
	bool		 told_open, was_open, hushed;
	unsigned	 told_losses;
	uint64_t	 stall_told_us;
	bool		 closing;
};

/* ------------------------------------------------------------- the thread */

/* With the lock: until then, the end, or (with `news`) an unsent frame. */
static void
wait_until(struct clasp_dmxthread *t, uint64_t until_us, bool news)
{
	struct timespec at = {
		.tv_sec = (time_t)(until_us / 1000000),
		.tv_nsec = (long)(until_us % 1000000) * 1000
	};

	while (!atomic_load(&t->stop) && !(news && t->put != t->sent) &&
	    clasp_clock_mono_us() < until_us)
		pthread_cond_timedwait(&t->wake, &t->lock, &at);
}

static void
tell(struct clasp_dmxthread *t)
{
	uv_async_send(&t->news);
}

/* With the lock, which is let go meanwhile. */
static void
try_open(struct clasp_dmxthread *t)
{
	char why[CLASP_SERIAL_WHY];
	int error;

	wait_until(t, clasp_clock_mono_us() + RETRY_US, false);
	if (atomic_load(&t->stop))
		return;
	pthread_mutex_unlock(&t->lock);
	error = t->config.driver->open(t->config.device, why);
	pthread_mutex_lock(&t->lock);
	if (error)
		return;
	t->open = true;
	t->has_before = false;
	t->due_us = clasp_clock_mono_us();
	tell(t);
}

/* The next tick: t0 + k * period, but who is late by more begins anew. */
static void
next_tick(struct clasp_dmxthread *t)
{
	uint64_t period_us = (uint64_t)(1e6 / t->config.rate_hz + 0.5);
	uint64_t now = clasp_clock_mono_us();

	t->due_us += period_us;
	if (t->due_us + period_us < now)
		t->due_us = now;
}

/* With the lock, which is let go while the frame is on its way. */
static void
send_one(struct clasp_dmxthread *t)
{
	uint8_t levels[CLASP_DMXTHREAD_SLOTS];
	char why[CLASP_SERIAL_WHY] = "gone";
	uint64_t number = t->put;
	int error;

	memcpy(levels, t->frame, sizeof levels);
	pthread_mutex_unlock(&t->lock);
	error = t->config.driver->send(t->config.device, levels,
	    t->has_before ? t->before : NULL, t->config.slots, &t->stop, why);
	pthread_mutex_lock(&t->lock);
	next_tick(t);
	if (error > 0) {
		t->has_before = false;
		t->missed++;
		tell(t);
		return;
	}
	if (error < 0) {
		t->open = false;
		/* what waits is old by the time it is back: asked for anew */
		t->put = t->sent = 0;
		t->losses++;
		snprintf(t->why, sizeof t->why, "%s", why);
		tell(t);
		/* one that takes nothing may be long in closing */
		pthread_mutex_unlock(&t->lock);
		t->config.driver->close(t->config.device, true);
		pthread_mutex_lock(&t->lock);
		return;
	}
	memcpy(t->before, levels, sizeof levels);
	t->has_before = true;
	t->sent = number;
}

static void *
run(void *arg)
{
	struct clasp_dmxthread *t = arg;
	const struct sched_param fifo = { .sched_priority = PRIORITY };
	bool news = t->config.once || !t->config.driver->continuous;

	/* a sleep ends when it should, not up to 50 us later */
	prctl(PR_SET_TIMERSLACK, 1UL);
	pthread_mutex_lock(&t->lock);
	t->realtime = pthread_setschedparam(pthread_self(), SCHED_FIFO,
	    &fifo) == 0;
	t->due_us = clasp_clock_mono_us();
	while (!atomic_load(&t->stop)) {
		if (!t->open) {
			try_open(t);
		} else if (t->put == 0 || (news && t->put == t->sent)) {
			wait_until(t, UINT64_MAX / 2000, true);
			if (t->due_us < clasp_clock_mono_us())
				t->due_us = clasp_clock_mono_us();
		} else {
			wait_until(t, t->due_us, false);
			if (!atomic_load(&t->stop))
				send_one(t);
		}
	}
	if (t->open)
		t->config.driver->close(t->config.device, false);
	t->open = false;
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* --------------------------------------------------------------- the loop */

/* One that takes nothing is told of once a minute: it may go on all night. */
static bool
hush(struct clasp_dmxthread *t, const char *why)
{
	uint64_t now = clasp_clock_mono_us();

	if (strcmp(why, CLASP_DMXTHREAD_STALLED) != 0)
		return false;
	if (t->stall_told_us && now - t->stall_told_us < STALL_SAY_US)
		return true;
	t->stall_told_us = now;
	return false;
}

static void
on_news(uv_async_t *async)
{
	struct clasp_dmxthread *t = async->data;
	char why[CLASP_SERIAL_WHY];
	unsigned losses;
	bool open;

	pthread_mutex_lock(&t->lock);
	open = t->open;
	losses = t->losses;
	if (t->config.missed)
		*t->config.missed = t->missed;
	memcpy(why, t->why, sizeof why);
	pthread_mutex_unlock(&t->lock);
	if (t->closing)
		return;
	if (losses != t->told_losses) {
		t->told_losses = losses;
		t->told_open = false;
		t->hushed = hush(t, why);
		if (!t->hushed)
			t->events.lost(why, t->user);
	}
	if (open && !t->told_open && !t->closing) {
		t->told_open = true;
		t->events.open(t->was_open && !t->hushed, t->user);
		t->was_open = true;
	}
}

void
clasp_dmxthread_put(struct clasp_dmxthread *t, const uint8_t *levels)
{
	pthread_mutex_lock(&t->lock);
	memcpy(t->frame, levels, t->config.slots);
	t->put++;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
}

static bool
look(struct clasp_dmxthread *t, bool done)
{
	bool result;

	pthread_mutex_lock(&t->lock);
	result = done ? t->put == t->sent : t->open;
	pthread_mutex_unlock(&t->lock);
	return result;
}

bool
clasp_dmxthread_is_open(struct clasp_dmxthread *t)
{
	return look(t, false);
}

bool
clasp_dmxthread_is_done(struct clasp_dmxthread *t)
{
	return look(t, true);
}

bool
clasp_dmxthread_is_realtime(struct clasp_dmxthread *t)
{
	bool realtime;

	pthread_mutex_lock(&t->lock);
	realtime = t->realtime;
	pthread_mutex_unlock(&t->lock);
	return realtime;
}

/* ----------------------------------------------------------- life and end */

/* Signals are for the loop. */
static int
start(struct clasp_dmxthread *t, char why[CLASP_SERIAL_WHY])
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->running = error == 0;
	if (error)
		snprintf(why, CLASP_SERIAL_WHY, "no thread can be made: %s",
		    strerror(error));
	return error ? CLASP_ENOMEM : 0;
}

static void
init_lock(struct clasp_dmxthread *t)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &attr);
	pthread_condattr_destroy(&attr);
}

int
clasp_dmxthread_new(uv_loop_t *loop,
    const struct clasp_dmxthread_config *config,
    const struct clasp_dmxthread_events *events, void *user,
    struct clasp_dmxthread **out, char why[CLASP_SERIAL_WHY])
{
	struct clasp_dmxthread *t = calloc(1, sizeof *t);
	int error;

	if (!t) {
		config->driver->free(config->device);
		snprintf(why, CLASP_SERIAL_WHY, "out of memory");
		return CLASP_ENOMEM;
	}
	t->config = *config;
	t->events = *events;
	t->user = user;
	init_lock(t);
	uv_async_init(loop, &t->news, on_news);
	t->news.data = t;
	error = config->driver->open(config->device, why);
	t->open = error == 0;
	if (error && !config->wait) {
		clasp_dmxthread_free(t);
		return error;
	}
	*out = t;
	t->told_open = t->was_open = t->open;
	if (t->open)
		events->open(false, user);
	else
		events->lost(why, user);
	return t->closing ? 0 : start(t, why);
}

void
clasp_dmxthread_close(struct clasp_dmxthread *t)
{
	if (!t || t->closing)
		return;
	t->closing = true;
	pthread_mutex_lock(&t->lock);
	atomic_store(&t->stop, true);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
clasp_dmxthread_free(struct clasp_dmxthread *t)
{
	if (!t)
		return;
	clasp_dmxthread_close(t);
	if (t->running)
		pthread_join(t->thread, NULL);
	else if (t->open)
		t->config.driver->close(t->config.device, false);
	t->config.driver->free(t->config.device);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	uv_close((uv_handle_t *)&t->news, on_closed);
}
