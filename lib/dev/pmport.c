/*
 * pmport.c - MIDI ports by portmidi.
 *
 *	loop --- out, wishes ---> thread --- Pm_... --->
 *	loop <-- async: in, state --- thread <---
 *
 * What both sides touch is under the lock; the streams are the thread's.
 */
#include "dev/pmport.h"

#include <portmidi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "proto/midi.h"

#define SEQUENCER	"/dev/snd/seq"
#define DEVICES		"/dev/snd"
#define EVENTS		256	/* read at once */
#define ROOM		2048	/* events in portmidi's own buffer */
#define IN_MAX		(1u << 20)
#define OUT_MAX		256	/* bytes that wait here */
#define LOOK_US		1000
#define RETRY_US	1000000
#define STUCK_MS	1000	/* a call that long is not waited for */

struct clasp_pmport {
	struct clasp_pmport_config config;
	struct clasp_pmport_events events;
	void		*user;
	uv_async_t	 async;
	uv_fs_event_t	 watch;
	uv_timer_t	 stuck;
	int		 handles;
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	pthread_cond_t	 wake;

	/* under the lock */
	struct clasp_buf in, out;
	bool		 stop, look, leaving;	/* wishes of the loop */
	bool		 open, writing, ended;
	bool		 abandoned;	/* the loop has gone on without us */
	unsigned long	 overflowed;
	bool		 changed;	/* `open` or `why` */
	char		 why[CLASP_PMPORT_WHY];

	/* the thread's */
	PortMidiStream	*source, *sink;
	struct clasp_midi parser;	/* of what goes out */
	bool		 failed;
	bool		 in_sysex;
	uint64_t	 due_us;	/* of the next search */

	/* the loop's */
	struct clasp_buf taken;
	bool		 told_open, was_open, unread;
	unsigned long	 overflows;
};

/* ----------------------------------------------------------- which ports */

bool
clasp_pmport_works(char why[CLASP_PMPORT_WHY])
{
	/* portmidi would complain about it on stderr, and find nothing */
	if (access(SEQUENCER, R_OK | W_OK) == 0)
		return true;
	snprintf(why, CLASP_PMPORT_WHY, access(SEQUENCER, F_OK) == 0 ?
	    "the ALSA sequencer may not be used: " SEQUENCER
	    ": permission denied" :
	    "no MIDI ports (no ALSA sequencer on this machine)");
	return false;
}

void
clasp_pmport_list(void (*fn)(const char *name, bool in, bool out,
    void *user), void *user)
{
	const PmDeviceInfo *info;
	int i, n;

	if (Pm_Initialize() != pmNoError)
		return;
	n = Pm_CountDevices();
	for (i = 0; i < n; i++) {
		info = Pm_GetDeviceInfo(i);
		if (info)
			fn(info->name, info->input, info->output, user);
	}
	Pm_Terminate();
}

/* The first port that way with the text in its name; -1: none. */
static int
find(const char *name, bool in)
{
	const PmDeviceInfo *info;
	int i, n = Pm_CountDevices();

	for (i = 0; i < n; i++) {
		info = Pm_GetDeviceInfo(i);
		if (info && (in ? info->input : info->output) &&
		    (!name || strcasestr(info->name, name)))
			return i;
	}
	return -1;
}

/* ------------------------------------------------------ the thread: ports */

static void
explain(char why[CLASP_PMPORT_WHY], PmError error)
{
	char host[PM_HOST_ERROR_MSG_LEN] = "";

	if (error == pmHostError)
		Pm_GetHostErrorText(host, sizeof host);
	snprintf(why, CLASP_PMPORT_WHY, "portmidi: %s", host[0] ? host :
	    Pm_GetErrorText(error));
}

static void
close_streams(struct clasp_pmport *port)
{
	if (port->source)
		Pm_Close(port->source);
	if (port->sink)
		Pm_Close(port->sink);
	port->source = port->sink = NULL;
	port->in_sysex = false;
}

/* One way of it: 0, or an error with why filled. */
static int
open_stream(struct clasp_pmport *port, bool in, char why[CLASP_PMPORT_WHY])
{
	const char *name = in ? port->config.in_name : port->config.out_name;
	int id = find(name, in);
	PmError error;

	if (id < 0) {
		snprintf(why, CLASP_PMPORT_WHY, name ? "no such MIDI port" :
		    in ? "no MIDI port to read from" :
		    "no MIDI port to write to");
		return CLASP_ENOENT;
	}
	error = in ? Pm_OpenInput(&port->source, id, NULL, ROOM, NULL, NULL) :
	    Pm_OpenOutput(&port->sink, id, NULL, ROOM, NULL, NULL, 0);
	if (error == pmNoError && in)
		error = Pm_SetFilter(port->source, PM_FILT_ACTIVE);
	if (error == pmNoError)
		return 0;
	explain(why, error);
	return CLASP_EIO;
}

/* Start portmidi anew and open what is wanted. */
static int
open_streams(struct clasp_pmport *port, char why[CLASP_PMPORT_WHY])
{
	PmError error;
	int result;

	close_streams(port);
	Pm_Terminate();
	if (!clasp_pmport_works(why))
		return CLASP_ENOENT;
	error = Pm_Initialize();
	if (error != pmNoError) {
		explain(why, error);
		return CLASP_EIO;
	}
	result = port->config.in ? open_stream(port, true, why) : 0;
	if (result == 0 && port->config.out)
		result = open_stream(port, false, why);
	if (result != 0)
		close_streams(port);
	return result;
}

/* With the lock: the loop is to look at what changed. */
static void
wake_loop(struct clasp_pmport *port)
{
	if (!port->abandoned)
		uv_async_send(&port->async);
}

/* Tell the loop how it stands. */
static void
report(struct clasp_pmport *port, bool open, const char *why)
{
	pthread_mutex_lock(&port->lock);
	port->open = open;
	port->changed = true;
	port->writing = false;
	if (!open)
		clasp_buf_reset(&port->out);
	snprintf(port->why, sizeof port->why, "%s", why);
	wake_loop(port);
	pthread_mutex_unlock(&port->lock);
}

static void
search(struct clasp_pmport *port)
{
	bool before = port->source || port->sink;
	char why[CLASP_PMPORT_WHY];

	port->due_us = clasp_clock_mono_us() + RETRY_US;
	if (open_streams(port, why) == 0) {
		if (!before)
			report(port, true, "");
	} else if (before) {
		report(port, false, "gone");
	}
}

static void
lose(struct clasp_pmport *port, PmError error)
{
	char why[CLASP_PMPORT_WHY];

	explain(why, error);
	close_streams(port);
	port->due_us = clasp_clock_mono_us() + RETRY_US;
	report(port, false, why);
}

/* ------------------------------------------------ the thread: input, output */

/*
 * An event is a message, or four bytes of a SysEx, the last four filled up
 * with anything; real-time bytes stand alone or among them.
 */
static void
unpack(struct clasp_pmport *port, PmMessage message, struct clasp_buf *out)
{
	uint8_t first = (uint8_t)message, byte;
	int i, n = clasp_midi_data_len(first);

	if (first >= CLASP_MIDI_CLOCK) {
		clasp_buf_add_u8(out, first);
		return;
	}
	if (first >= 0x80 && first != CLASP_MIDI_SYSEX_END) {
		port->in_sysex = first == CLASP_MIDI_SYSEX;
		for (i = 0; !port->in_sysex && i <= n; i++)
			clasp_buf_add_u8(out, (uint8_t)(message >> 8 * i));
	}
	for (i = 0; i < 4 && port->in_sysex; i++) {
		byte = (uint8_t)(message >> 8 * i);
		clasp_buf_add_u8(out, byte);
		port->in_sysex = byte != CLASP_MIDI_SYSEX_END;
	}
}

static void
receive(struct clasp_pmport *port)
{
	struct clasp_buf got = { 0 };
	PmEvent events[EVENTS];
	unsigned long overflows = 0;
	bool room;
	int i, n;

	do {
		pthread_mutex_lock(&port->lock);
		room = port->in.len + got.len < IN_MAX;
		pthread_mutex_unlock(&port->lock);
		n = room ? Pm_Read(port->source, events, EVENTS) : 0;
		for (i = 0; i < n; i++)
			unpack(port, events[i].message, &got);
		overflows += n == pmBufferOverflow;
	} while (n == EVENTS);
	if (got.len > 0 || overflows > 0) {
		pthread_mutex_lock(&port->lock);
		clasp_buf_add(&port->in, got.data, got.len);
		port->overflowed += overflows;
		wake_loop(port);
		pthread_mutex_unlock(&port->lock);
	}
	clasp_buf_clear(&got);
	if (n < 0 && n != pmBufferOverflow)
		lose(port, (PmError)n);
}

/* One message of what goes out. */
static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	struct clasp_pmport *port = user;
	PmError error;

	if (!port->sink || port->failed)
		return;
	error = msg->sysex ?
	    Pm_WriteSysEx(port->sink, 0, (unsigned char *)msg->sysex) :
	    Pm_WriteShort(port->sink, 0, Pm_Message(msg->status, msg->data[0],
	    msg->data[1]));
	if (error < 0) {
		port->failed = true;
		lose(port, error);
	}
}

static void
transmit(struct clasp_pmport *port, struct clasp_buf *out)
{
	port->failed = false;
	clasp_midi_feed(&port->parser, out->data, out->len);
	clasp_buf_reset(out);
	pthread_mutex_lock(&port->lock);
	port->writing = false;
	wake_loop(port);
	pthread_mutex_unlock(&port->lock);
}

/* Sleep until there is something to do. */
static void
doze(struct clasp_pmport *port)
{
	uint64_t now = clasp_clock_mono_us(), until;
	struct timespec at;

	if (port->source)
		until = now + LOOK_US;
	else if (port->sink)
		until = now + RETRY_US;
	else
		until = port->due_us > now ? port->due_us : now;
	at.tv_sec = (time_t)(until / 1000000);
	at.tv_nsec = (long)(until % 1000000) * 1000;
	if (!port->stop && !port->look && port->out.len == 0)
		pthread_cond_timedwait(&port->wake, &port->lock, &at);
}

/* What the loop wished; the bytes it gave go to *out. */
static void
take_wishes(struct clasp_pmport *port, struct clasp_buf *out, bool *stop,
    bool *again)
{
	struct clasp_buf empty = *out;

	pthread_mutex_lock(&port->lock);
	doze(port);
	*stop = port->stop;
	*again = port->look && port->leaving;
	if (port->look)
		port->due_us = 0;
	port->look = port->leaving = false;
	*out = port->out;
	port->out = empty;
	port->writing = out->len > 0;
	pthread_mutex_unlock(&port->lock);
}

static void *
work(void *arg)
{
	struct clasp_pmport *port = arg;
	struct clasp_buf out = { 0 };
	bool stop = false, again, open;

	while (!stop) {
		take_wishes(port, &out, &stop, &again);
		open = port->source || port->sink;
		if (!stop && (open ? again :
		    clasp_clock_mono_us() >= port->due_us))
			search(port);
		if (out.len > 0)
			transmit(port, &out);
		if (port->source)
			receive(port);
	}
	close_streams(port);
	Pm_Terminate();
	clasp_buf_clear(&out);
	clasp_midi_clear(&port->parser);
	pthread_mutex_lock(&port->lock);
	port->ended = true;
	wake_loop(port);
	pthread_mutex_unlock(&port->lock);
	return NULL;
}

/* --------------------------------------------------------------- the loop */

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_pmport *port = handle->data;

	if (--port->handles > 0 || port->abandoned)
		return;
	pthread_mutex_destroy(&port->lock);
	pthread_cond_destroy(&port->wake);
	clasp_buf_clear(&port->in);
	clasp_buf_clear(&port->out);
	clasp_buf_clear(&port->taken);
	free(port);
}

static void
close_handles(struct clasp_pmport *port)
{
	uv_close((uv_handle_t *)&port->async, on_closed);
	uv_close((uv_handle_t *)&port->watch, on_closed);
	uv_close((uv_handle_t *)&port->stuck, on_closed);
}

/* portmidi does not come back from a call.  The thread keeps what it has in
 * hand, and ends with the program. */
static void
on_stuck(uv_timer_t *timer)
{
	struct clasp_pmport *port = timer->data;

	pthread_mutex_lock(&port->lock);
	port->abandoned = !port->ended;
	pthread_mutex_unlock(&port->lock);
	if (!port->abandoned)
		return;		/* it has ended just now, and says so */
	pthread_detach(port->thread);
	close_handles(port);
}

/* Something came to /dev/snd, or left it. */
static void
on_change(uv_fs_event_t *watch, const char *file, int events, int status)
{
	struct clasp_pmport *port = watch->data;
	char path[300];

	(void)events;
	if (status < 0 || !file || strncmp(file, "midi", 4) != 0)
		return;
	snprintf(path, sizeof path, DEVICES "/%s", file);
	pthread_mutex_lock(&port->lock);
	port->look = true;
	port->leaving |= access(path, F_OK) != 0;
	pthread_cond_signal(&port->wake);
	pthread_mutex_unlock(&port->lock);
}

static void
tell(struct clasp_pmport *port, bool open, const char *why)
{
	bool again = port->was_open;

	if (open == port->told_open)
		return;
	port->told_open = open;
	port->was_open |= open;
	/* where there was no /dev/snd there is one now */
	if (open && !uv_is_active((uv_handle_t *)&port->watch))
		uv_fs_event_start(&port->watch, on_change, DEVICES, 0);
	if (open)
		port->events.open(again, port->user);
	else
		port->events.lost(why, port->user);
}

static void
on_async(uv_async_t *async)
{
	struct clasp_pmport *port = async->data;
	char why[CLASP_PMPORT_WHY];
	struct clasp_buf empty = port->taken;
	bool changed, open, ended, stop;

	pthread_mutex_lock(&port->lock);
	changed = port->changed;
	port->changed = false;
	open = port->open;
	ended = port->ended;
	stop = port->stop;
	port->overflows = port->overflowed;
	memcpy(why, port->why, sizeof why);
	clasp_buf_reset(&empty);
	if (!port->unread && !stop) {
		port->taken = port->in;
		port->in = empty;
	} else {
		clasp_buf_reset(&port->taken);
	}
	pthread_mutex_unlock(&port->lock);

	if (ended) {
		pthread_join(port->thread, NULL);
		close_handles(port);
		return;
	}
	if (port->taken.len > 0)
		port->events.data(port->taken.data, port->taken.len,
		    port->user);
	if (changed && !stop)
		tell(port, open, why);
}

static void
start(struct clasp_pmport *port, uv_loop_t *loop)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&port->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&port->wake, &attr);
	pthread_condattr_destroy(&attr);
	uv_async_init(loop, &port->async, on_async);
	uv_fs_event_init(loop, &port->watch);
	uv_timer_init(loop, &port->stuck);
	port->async.data = port->watch.data = port->stuck.data = port;
	port->handles = 3;
	/* without /dev/snd there is only the search each second */
	uv_fs_event_start(&port->watch, on_change, DEVICES, 0);
	clasp_midi_init(&port->parser, on_message, port);
}

/* The thread, which signals are no business of. */
static int
start_thread(struct clasp_pmport *port)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&port->thread, NULL, work, port);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error ? CLASP_ENOMEM : 0;
}

int
clasp_pmport_new(uv_loop_t *loop, const struct clasp_pmport_config *config,
    const struct clasp_pmport_events *events, void *user,
    struct clasp_pmport **out, char why[CLASP_PMPORT_WHY])
{
	struct clasp_pmport *port = calloc(1, sizeof *port);
	int error;

	if (!port) {
		snprintf(why, CLASP_PMPORT_WHY, "out of memory");
		return CLASP_ENOMEM;
	}
	port->config = *config;
	port->events = *events;
	port->user = user;
	error = open_streams(port, why);
	if (error && !config->wait) {
		Pm_Terminate();
		free(port);
		return error;
	}
	start(port, loop);
	port->open = error == 0;
	port->due_us = clasp_clock_mono_us() + RETRY_US;
	if (start_thread(port) != 0) {
		snprintf(why, CLASP_PMPORT_WHY, "no thread to be had");
		close_streams(port);
		Pm_Terminate();
		close_handles(port);
		return CLASP_ENOMEM;
	}
	*out = port;
	if (error)
		events->lost(why, user);
	else
		tell(port, true, "");
	return 0;
}

void
clasp_pmport_close(struct clasp_pmport *port)
{
	if (!port)
		return;
	pthread_mutex_lock(&port->lock);
	port->stop = true;
	pthread_cond_signal(&port->wake);
	pthread_mutex_unlock(&port->lock);
	uv_timer_start(&port->stuck, on_stuck, STUCK_MS, 0);
}

void
clasp_pmport_read(struct clasp_pmport *port, bool on)
{
	port->unread = !on;
	if (on)
		uv_async_send(&port->async);
}

bool
clasp_pmport_busy(struct clasp_pmport *port)
{
	bool busy;

	pthread_mutex_lock(&port->lock);
	busy = !port->open || port->out.len >= OUT_MAX;
	pthread_mutex_unlock(&port->lock);
	return busy;
}

bool
clasp_pmport_idle(struct clasp_pmport *port)
{
	bool idle;

	pthread_mutex_lock(&port->lock);
	idle = port->out.len == 0 && !port->writing;
	pthread_mutex_unlock(&port->lock);
	return idle;
}

bool
clasp_pmport_send(struct clasp_pmport *port, const uint8_t *bytes, size_t n)
{
	bool taken;

	pthread_mutex_lock(&port->lock);
	taken = port->open && port->out.len < OUT_MAX &&
	    clasp_buf_add(&port->out, bytes, n) == 0;
	pthread_cond_signal(&port->wake);
	pthread_mutex_unlock(&port->lock);
	return taken;
}

unsigned long *
clasp_pmport_overflows(struct clasp_pmport *port)
{
	return &port->overflows;
}
