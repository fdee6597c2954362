/* dmxsink.c - the device that takes frames of DMX, whichever kind it is. */

#include "bridge/dmxsink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/widget.h"
#include "dev/opendmx.h"
#ifndef CLASP_WITHOUT_USB
#include "dev/udmx.h"
#endif
#include "tool/cli.h"
#include "tool/lineio.h"

#define RATE_HZ		40
#define BREAK_US	176	/* of a widget that does not say its own */
#define MAB_US		16

struct clasp_dmxsink {
	struct clasp_dmxsink_config config;
	const struct driver *driver;
	const char	*subject;	/* the device, in words to people */
	struct clasp_widget *widget;	/* enttec-pro on a port */
	struct clasp_port *port;	/* raw on a port */
	struct clasp_dmxthread *thread;	/* opendmx, udmx */
	bool		 set_params;	/* label 4 is to be sent */
	struct clasp_widget_info info;
	unsigned long	 missed;	/* frames, by the thread */
	size_t		 len;		/* of the packets of this tick */
	uint8_t		 out[CLASP_PORT_SEND_MAX];
};

struct driver {
	unsigned	 min_slots;
	bool		 prints;	/* with "-" */
	bool		 two;		/* universes */
	bool		 named;		/* a device must be given */
	bool		 timed;		/* --break and --mab mean something */
	void	(*open)(struct clasp_dmxsink *s);
	bool	(*ready)(struct clasp_dmxsink *s);
	void	(*send)(struct clasp_dmxsink *s,
		    const struct clasp_universe *u);
};

static double
rate(const struct clasp_dmxsink *s)
{
	double given = s->config.options->rate_hz;

	return given > 0 ? given : RATE_HZ;
}

static bool
prints(const struct clasp_dmxsink *s)
{
	return s->config.device && strcmp(s->config.device, "-") == 0;
}

/* ------------------------------------------------- what all devices share */

static void
device_open(bool again, void *user)
{
	struct clasp_dmxsink *s = user;

	clasp_frames_device_open(s->config.frames, again);
}

static void
device_lost(const char *why, void *user)
{
	struct clasp_dmxsink *s = user;

	clasp_frames_device_lost(s->config.frames, why);
}

/* Standard output: not while it has not taken what it has. */
static bool
stdout_ready(const struct clasp_dmxsink *s)
{
	return clasp_frames_shown(s->config.frames) ||
	    cli_out_try_flush() == 0;
}

static void
print(struct clasp_dmxsink *s, const uint8_t *bytes, size_t n)
{
	if (clasp_frames_shown(s->config.frames))
		return;		/* the drawing is there instead */
	cli_out_bytes(bytes, n);
	clasp_bridge_printed(s->config.bridge);
}

/* ------------------------------------------------------------ enttec-pro */

/* Label 4, over what the widget said of itself: only what was given. */
static void
send_params(struct clasp_dmxsink *s)
{
	uint8_t packet[CLASP_ENTTEC_MAX];
	struct clasp_enttec_params params = s->info.params;
	double hz = s->config.options->rate_hz;
	int n;

	if (!s->info.has_params) {
		params.break_units = clasp_enttec_units(BREAK_US, 9);
		params.mab_units = clasp_enttec_units(MAB_US, 1);
		params.rate_hz = RATE_HZ;
	}
	if (s->config.break_us > 0)
		params.break_units = clasp_enttec_units(s->config.break_us, 9);
	if (s->config.mab_us > 0)
		params.mab_units = clasp_enttec_units(s->config.mab_us, 1);
	/* the widget counts to 40 and calls more "as fast as I can" */
	if (hz > 0)
		params.rate_hz = hz > 40 ? 0 : (uint8_t)hz;
	n = clasp_enttec_encode_params(packet, &params);
	if (prints(s))
		print(s, packet, (size_t)n);
	else
		clasp_widget_send(s->widget, packet, (size_t)n);
	s->set_params = false;
}

static void
widget_ready(const struct clasp_widget_info *info, void *user)
{
	struct clasp_dmxsink *s = user;

	s->info = *info;
	s->set_params = s->config.break_us > 0 || s->config.mab_us > 0 ||
	    s->config.options->rate_hz > 0;
}

static void
widget_message(const struct clasp_enttec_msg *msg, void *user)
{
	(void)msg;
	(void)user;
}

static void
open_widget(struct clasp_dmxsink *s)
{
	static const struct clasp_widget_events events = {
		.open = device_open,
		.lost = device_lost,
		.ready = widget_ready,
		.message = widget_message
	};
	const struct clasp_widget_config config = {
		.port = {
			.line.path = s->config.device,
			.wait = s->config.options->wait
		},
		.subject = s->subject
	};
	char why[CLASP_SERIAL_WHY];

	if (prints(s)) {
		s->set_params = s->config.break_us > 0 ||
		    s->config.mab_us > 0;
		device_open(false, s);
	} else if (clasp_widget_new(clasp_bridge_loop(s->config.bridge),
	    &config, &events, s, &s->widget, why) < 0) {
		cli_die(CLI_UNREACHABLE, s->subject, "%s", why);
	}
}

static bool
is_widget_ready(struct clasp_dmxsink *s)
{
	if (prints(s) ? !stdout_ready(s) : !clasp_widget_is_ready(s->widget))
		return false;
	if (!s->set_params)
		return true;
	send_params(s);
	return false;
}

/* Two universes go to the two outputs of an ultraDMX, in one piece. */
static void
send_packet(struct clasp_dmxsink *s, const struct clasp_universe *u)
{
	uint8_t label = CLASP_ENTTEC_SEND;

	if (clasp_numset_count(s->config.universes) == 2)
		label = clasp_numset_next(s->config.universes, 0) ==
		    (int)u->number ? CLASP_ENTTEC_SEND_1 :
		    CLASP_ENTTEC_SEND_2;
	s->len += (size_t)clasp_enttec_encode_levels(s->out + s->len, label,
	    u->level, s->config.slots);
}

/* -------------------------------------------------------------------- raw */

static void
raw_open(struct clasp_port *p, bool again, void *user)
{
	struct clasp_dmxsink *s = user;

	s->port = p;
	device_open(again, user);
}

static void
raw_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)p;
	(void)bytes;
	(void)n;
	(void)user;
}

static void
raw_end(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	(void)why;
	(void)user;
}

static void
raw_lost(struct clasp_port *p, const char *why, void *user)
{
	struct clasp_dmxsink *s = user;

	s->port = p;
	device_lost(why, user);
}

static void
open_raw(struct clasp_dmxsink *s)
{
	static const struct clasp_port_events events = {
		.open = raw_open,
		.data = raw_data,
		.end = raw_end,
		.lost = raw_lost
	};
	/* the speed is as stty left it */
	const struct clasp_port_config config = {
		.line = { .path = s->config.device, .stop_bits = 1 },
		.wait = s->config.options->wait
	};
	char why[CLASP_SERIAL_WHY];

	if (prints(s))
		device_open(false, s);
	else if (clasp_port_new(clasp_bridge_loop(s->config.bridge), &config,
	    &events, s, &s->port, why) < 0)
		cli_die(CLI_UNREACHABLE, s->subject, "%s", why);
}

static bool
is_raw_ready(struct clasp_dmxsink *s)
{
	return prints(s) ? stdout_ready(s) : s->port &&
	    clasp_port_is_open(s->port) && !clasp_port_busy(s->port);
}

static void
send_raw(struct clasp_dmxsink *s, const struct clasp_universe *u)
{
	s->out[0] = 0;
	memcpy(s->out + 1, u->level, s->config.slots);
	s->len = s->config.slots + 1;
}

/* --------------------------------------------------------- by a thread */

static void
open_thread(struct clasp_dmxsink *s,
    const struct clasp_dmxthread_driver *driver, void *device)
{
	static const struct clasp_dmxthread_events events = {
		.open = device_open,
		.lost = device_lost
	};
	const struct clasp_dmxthread_config config = {
		.driver = driver,
		.device = device,
		.slots = s->config.slots,
		.rate_hz = rate(s),
		.wait = s->config.options->wait,
		.once = s->config.options->once,
		.missed = &s->missed
	};
	char why[CLASP_SERIAL_WHY];

	if (!device)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	if (clasp_dmxthread_new(clasp_bridge_loop(s->config.bridge), &config,
	    &events, s, &s->thread, why) < 0)
		cli_die(CLI_UNREACHABLE, s->subject, "%s", why);
	clasp_counts_add(clasp_bridge_counts(s->config.bridge), s->subject,
	    "frame not taken", &s->missed);
}

static void
open_opendmx(struct clasp_dmxsink *s)
{
	double b = s->config.break_us, mab = s->config.mab_us;

	open_thread(s, &clasp_opendmx_driver, clasp_opendmx_new(
	    s->config.device, b > 0 ? (unsigned)b : CLASP_OPENDMX_BREAK_US,
	    mab > 0 ? (unsigned)mab : CLASP_OPENDMX_MAB_US));
}

static void
open_udmx(struct clasp_dmxsink *s)
{
#ifdef CLASP_WITHOUT_USB
	cli_die(CLI_UNREACHABLE, s->subject, "built without libusb");
#else
	open_thread(s, &clasp_udmx_driver, clasp_udmx_new(s->config.device,
	    s->config.force));
#endif
}

/* A newer frame takes the place of the one before, but the last ones are
 * seen out one by one. */
static bool
is_thread_ready(struct clasp_dmxsink *s)
{
	return s->thread && clasp_dmxthread_is_open(s->thread) &&
	    (!clasp_frames_leaving(s->config.frames) ||
	    clasp_dmxthread_is_done(s->thread));
}

static void
send_thread(struct clasp_dmxsink *s, const struct clasp_universe *u)
{
	clasp_dmxthread_put(s->thread, u->level);
}

/* ---------------------------------------------------------------- drivers */

/* In the order of CLASP_DMXSINK_DRIVERS.  Frames of fewer than 24 slots
 * follow each other too fast for a receiver; a uDMX makes its own. */
static const struct driver drivers[] = {
	{ .min_slots = 24, .prints = true, .two = true, .named = true,
	    .timed = true, .open = open_widget, .ready = is_widget_ready,
	    .send = send_packet },
	{ .min_slots = 24, .named = true, .timed = true,
	    .open = open_opendmx, .ready = is_thread_ready,
	    .send = send_thread },
	{ .min_slots = 1, .open = open_udmx, .ready = is_thread_ready,
	    .send = send_thread },
	{ .min_slots = 1, .prints = true, .named = true, .open = open_raw,
	    .ready = is_raw_ready, .send = send_raw },
};

static const char *
check_times(const struct clasp_dmxsink_config *config)
{
	const struct driver *driver = &drivers[config->driver];
	double b = config->break_us, mab = config->mab_us;

	if ((b > 0 || mab > 0) && !driver->timed)
		return "--break and --mab: this driver does not make them";
	if (driver->open != open_opendmx)
		return NULL;
	if (b > 0 && (b < CLASP_OPENDMX_BREAK_MIN || b >
	    CLASP_OPENDMX_US_MAX))
		return "--break: with opendmx 92 to 100000 us";
	if (mab > 0 && (mab < CLASP_OPENDMX_MAB_MIN || mab >
	    CLASP_OPENDMX_US_MAX))
		return "--mab: with opendmx 12 to 100000 us";
	return NULL;
}

const char *
clasp_dmxsink_check(const struct clasp_dmxsink_config *config)
{
	const struct driver *driver = &drivers[config->driver];
	bool on_stdout = config->device && strcmp(config->device, "-") == 0;

	if (!config->device && driver->named)
		return driver->prints ?
		    "no device given: -d DEVICE, or - for stdout" :
		    "no device given: -d DEVICE";
	if (on_stdout && !driver->prints)
		return "-d: this driver needs a device, not stdout";
	if (on_stdout && !config->options->show && isatty(STDOUT_FILENO))
		return "stdout: packets do not belong on a terminal; pipe "
		    "them, or give a device with -d";
	if (clasp_numset_count(config->universes) > (driver->two ? 2 : 1))
		return driver->two ? "-U: a widget has two outputs at most" :
		    "-U: this driver has one universe";
	if (config->force && driver->open != open_udmx)
		return "--force: only with --driver udmx";
	if (config->slots < driver->min_slots)
		return "--slots: at least 24 with this driver";
	return check_times(config);
}

struct clasp_dmxsink *
clasp_dmxsink_open(const struct clasp_dmxsink_config *config)
{
	struct clasp_dmxsink *s = calloc(1, sizeof *s);

	if (!s)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	s->config = *config;
	s->driver = &drivers[config->driver];
	s->subject = config->device ? config->device : "uDMX";
	s->driver->open(s);
	return s;
}

bool
clasp_dmxsink_ready(struct clasp_dmxsink *s)
{
	return s->driver->ready(s);
}

bool
clasp_dmxsink_send(struct clasp_dmxsink *s, const struct clasp_universe *u)
{
	s->driver->send(s, u);
	return true;
}

void
clasp_dmxsink_sent(struct clasp_dmxsink *s)
{
	if (s->len == 0)
		return;
	if (prints(s))
		print(s, s->out, s->len);
	else if (s->widget)
		clasp_widget_send(s->widget, s->out, s->len);
	else if (s->port)
		clasp_port_send(s->port, s->out, s->len);
	s->len = 0;
}

void
clasp_dmxsink_close(struct clasp_dmxsink *s)
{
	if (!s)
		return;
	clasp_widget_close(s->widget);
	clasp_port_close(s->port);
	s->port = NULL;
	clasp_dmxthread_close(s->thread);
}

void
clasp_dmxsink_end(struct clasp_dmxsink *s)
{
	clasp_dmxsink_close(s);
	clasp_dmxthread_free(s->thread);
	s->thread = NULL;
}

void
clasp_dmxsink_free(struct clasp_dmxsink *s)
{
	if (!s)
		return;
	clasp_widget_free(s->widget);
	free(s);
}

/* ------------------------------------------------------------------- list */

static void
list_device(const char *path, const char *what, void *user)
{
	(void)user;
	printf("%s\t%s\n", path, what);
}

void
clasp_dmxsink_list(unsigned driver)
{
	if (drivers[driver].open != open_udmx)
		clasp_serial_list(list_device, NULL);
#ifndef CLASP_WITHOUT_USB
	if (drivers[driver].open == open_udmx || driver == 0)
		clasp_udmx_list(list_device, NULL);
#endif
}
