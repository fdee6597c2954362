/* opendmx.c - DMX512 on a bare serial line. */

#include "dev/opendmx.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

#define BAUD		250000
#define SLOT_US		44		/* eleven bits of 4 us */
#define STALL_US	2000000
#define LOOK_MS		20

struct opendmx {
	struct clasp_serial_config line;
	unsigned	 break_us, mab_us;
	struct clasp_serial *serial;	/* NULL: closed */
};

static void
sleep_until(uint64_t at_us)
{
	struct timespec at = {
		.tv_sec = (time_t)(at_us / 1000000),
		.tv_nsec = (long)(at_us % 1000000) * 1000
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) ==
	    EINTR)
		;
}

static void
sleep_us(uint64_t us)
{
	sleep_until(clasp_clock_mono_us() + us);
}

static int
fail(char why[CLASP_SERIAL_WHY], const char *text)
{
	snprintf(why, CLASP_SERIAL_WHY, "%s", text);
	return CLASP_ECLOSED;
}

static int
open_line(void *device, char why[CLASP_SERIAL_WHY])
{
	struct opendmx *o = device;
	int error = clasp_serial_open(&o->line, &o->serial, why);

	/* RTS, when set, switches the line driver to receiving */
	if (!error)
		clasp_serial_rts(o->serial, false);
	return error;
}

static void
close_line(void *device, bool gone)
{
	struct opendmx *o = device;

	clasp_serial_close(o->serial, gone);
	o->serial = NULL;
}

/* All of it into the system's hands. */
static int
write_all(struct opendmx *o, const uint8_t *bytes, size_t n,
    const atomic_bool *stop, char why[CLASP_SERIAL_WHY])
{
	struct pollfd p = { .fd = clasp_serial_fd(o->serial),
	    .events = POLLOUT };
	uint64_t progress_us = clasp_clock_mono_us();
	size_t done = 0;
	int k;

	while (done < n) {
		k = clasp_serial_write(o->serial, bytes + done, n - done);
		if (k < 0)
			return fail(why, "gone");
		if (k > 0) {
			done += (size_t)k;
			progress_us = clasp_clock_mono_us();
			continue;
		}
		if (atomic_load(stop) ||
		    clasp_clock_mono_us() - progress_us > STALL_US)
			return fail(why, CLASP_DMXTHREAD_STALLED);
		if (poll(&p, 1, LOOK_MS) > 0 && p.revents & POLLOUT)
			sleep_us(1000);	/* said to be writable, and was not */
	}
	return 0;
}

/*
 * Until the bytes have left the chip: what the system counts as unsent, and
 * the time they take.  A break that comes earlier cuts the last slots off.
 * A line may be slow, as long as it gets on.
 */
static int
wait_sent(struct opendmx *o, uint64_t begun_us, size_t n,
    const atomic_bool *stop, char why[CLASP_SERIAL_WHY])
{
	uint64_t progress_us = begun_us;
	size_t unsent, before = 0;

	sleep_until(begun_us + n * SLOT_US);
	while ((unsent = clasp_serial_unsent(o->serial)) > 0) {
		if (unsent != before)
			progress_us = clasp_clock_mono_us();
		before = unsent;
		if (atomic_load(stop) ||
		    clasp_clock_mono_us() - progress_us > STALL_US)
			return fail(why, CLASP_DMXTHREAD_STALLED);
		sleep_us(500);
	}
	return 0;
}

static int
send_frame(void *device, const uint8_t *levels, const uint8_t *before,
    unsigned slots, const atomic_bool *stop, char why[CLASP_SERIAL_WHY])
{
	struct opendmx *o = device;
	uint8_t bytes[1 + CLASP_DMXTHREAD_SLOTS] = { 0 };
	uint64_t begun_us;
	int error;

	(void)before;
	memcpy(bytes + 1, levels, slots);
	if (clasp_serial_break(o->serial, true) < 0)
		return fail(why, "gone");
	sleep_us(o->break_us);
	if (clasp_serial_break(o->serial, false) < 0)
		return fail(why, "gone");
	sleep_us(o->mab_us);
	begun_us = clasp_clock_mono_us();
	error = write_all(o, bytes, slots + 1, stop, why);
	if (!error)
		error = wait_sent(o, begun_us, slots + 1, stop, why);
	return error;
}

static void
free_line(void *device)
{
	free(device);
}

const struct clasp_dmxthread_driver clasp_opendmx_driver = {
	.open = open_line,
	.close = close_line,
	.send = send_frame,
	.free = free_line,
	.continuous = true
};

void *
clasp_opendmx_new(const char *path, unsigned break_us, unsigned mab_us)
{
	struct opendmx *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->line.path = path;
	o->line.baud = BAUD;
	o->line.stop_bits = 2;
	o->break_us = break_us;
	o->mab_us = mab_us;
	return o;
}
