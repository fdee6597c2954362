/*
 * clasp-dmx-in.c - DMX frames in, lines out.
 *
 *	port --> proto/enttec --> proto/dmxin --> rules --> pump
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "client/pump.h"
#include "dev/port.h"
#include "mapping.h"
#include "proto/dmxin.h"
#include "proto/enttec.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/tally.h"
#include "wire/address.h"

#define BAUD		57600	/* the widget does not care */
#define ANSWER_MS	500
#define TALLIES		(CLASP_ENTTEC_RX_DROPS + 1)

enum {
	OPT_DEVICE = CLI_OWN, OPT_DRIVER, OPT_LIST, OPT_UNIVERSE, OPT_PREFIX,
	OPT_FLAT, OPT_MODE, OPT_EVERY_FRAME, OPT_ONCE, OPT_WAIT,
	OPT_EXIT_ON_LOSS, OPT_MAX_RATE, OPT_TTL
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE",
	    "the widget's serial port, or - for packets on stdin", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_DRIVER, 0, "driver", "NAME", "what the device is: enttec-pro",
	    CLI_ARG, CLI_COMPLETE_WORDS, "enttec-pro" },
	{ OPT_LIST, 0, "list", NULL, "list the serial ports and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ OPT_UNIVERSE, 'U', "universe", "N", "universe; default 1", CLI_ARG,
	    0, NULL },
	{ OPT_PREFIX, 0, "prefix", "NAMESPACE", "instead of /dmx", CLI_ARG,
	    0, NULL },
	{ OPT_FLAT, 0, "flat", NULL, "/dmx/C without the universe", 0, 0,
	    NULL },
	{ OPT_MODE, 0, "mode", "HOW", "channel (a param each; the default) or "
	    "universe (a frame as bytes)", CLI_ARG, CLI_COMPLETE_WORDS,
	    "channel universe" },
	{ OPT_EVERY_FRAME, 0, "every-frame", NULL, "have the widget send "
	    "every frame, not only changes", 0, 0, NULL },
	{ OPT_ONCE, 0, "once", NULL, "end after the first frame", 0, 0,
	    NULL },
	{ OPT_WAIT, 0, "wait", NULL, "wait for a device that is not there",
	    0, 0, NULL },
	{ OPT_EXIT_ON_LOSS, 0, "exit-on-loss", NULL,
	    "end when the device goes away", 0, 0, NULL },
	{ OPT_MAX_RATE, 0, "max-rate", "HZ", "with -u: at most so many "
	    "values a second for an address; 0: all; default 60", CLI_ARG, 0,
	    NULL },
	{ OPT_TTL, 0, "ttl", "D", "with -u: values expire after D, in whole "
	    "seconds; default: never", CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_map_options, cli_link_options, cli_output_options,
	cli_stop_options, cli_run_options, cli_basic_options, NULL
};

static const char *const examples[] = {
	"what a console sends, as lines",
	"clasp-dmx-in -d /dev/ttyUSB0",
	"the look on stage now, into a file",
	"clasp-dmx-in -d /dev/ttyUSB0 --once > look.clasp",
	"what a packet says",
	"printf '\\176\\005\\004\\000\\000\\000\\377\\200\\347' | "
	    "clasp-dmx-in -d -",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-dmx-in",
	.operands = "",
	.summary = "DMX512 from an interface as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_pump *pump;
static struct clasp_port *port;
static struct clasp_enttec scanner;
static struct clasp_enttec_rx rx;
static struct mapping mapping;
static struct cli_tally tallies[TALLIES];
static uv_timer_t answer_timer;
static uv_signal_t usr1;

static const char *device, *prefix = "/dmx", *subject;
static struct clasp_port_config port_config;
static struct clasp_dmxin_config config = { .universe = 1 };
static bool every_frame, once, exit_on_loss;
static double max_rate = 60;		/* per address, with -u */
static uint32_t ttl = CLASP_TTL_NEVER;

static bool asking;			/* for answers to labels 3 and 10 */
static bool answered_params, answered_serial, told_silence, was_open;
static bool leaving;
static int mode;			/* of label 8, -1: not sent */
static int mode_wanted;
static bool is_rdm;			/* a firmware without labels 8 and 9 */

/* -------------------------------------------------------------- the lines */

static void
emit(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_pump_emit(pump, line);
}

static void
on_frame(const struct clasp_line *line, void *user)
{
	(void)user;
	mapping_line(&mapping, line);
	if (once) {
		mapping_finish(&mapping);
		clasp_pump_finish(pump);
	}
}

static void
announce(void)
{
	const struct clasp_entry meta[] = {
		{ CLASP_STR("bidirectional"), clasp_bool(false) },
		{ CLASP_STR("bridge"), clasp_bool(true) },
		{ CLASP_STR("device"), clasp_string(clasp_str_c(subject)) },
		{ CLASP_STR("protocol"), clasp_string(CLASP_STR("dmx")) }
	};
	char pattern[CLASP_ADDRESS_MAX + 8];
	struct clasp_signal signal = {
		.address = clasp_str_of(pattern, (size_t)snprintf(pattern,
		    sizeof pattern, "%s/" "**", prefix)),
		.kind = CLASP_PARAM,
		.has_meta = true,
		.has_default = true,
		.def = clasp_map(meta, 4)
	};
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	msg.announce.namespace_ = clasp_str_c(prefix);
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	if (clasp_pump_client(pump))
		clasp_client_send(clasp_pump_client(pump), &msg, NULL, NULL,
		    NULL);
}

/* ------------------------------------------------------------- the widget */

/* Label 8, when the port can take it; else with the next data. */
static void
set_mode(void)
{
	uint8_t packet[CLASP_ENTTEC_MAX], value = (uint8_t)mode_wanted;
	int n;

	if (!port || port_config.raw || asking || mode == mode_wanted)
		return;
	n = clasp_enttec_encode(packet, CLASP_ENTTEC_RECEIVE_MODE, &value, 1);
	if (clasp_port_send(port, packet, (size_t)n))
		mode = mode_wanted;
}

static void
asked(void)
{
	uv_timer_stop(&answer_timer);
	asking = false;
	if (!answered_params && !answered_serial && !told_silence) {
		cli_note(subject, "the widget does not answer; going on");
		told_silence = true;
	}
	set_mode();
}

static void
on_answer_timeout(uv_timer_t *timer)
{
	(void)timer;
	asked();
}

static void
on_answer(const struct clasp_enttec_msg *msg)
{
	struct clasp_enttec_params params;
	char serial[9];

	if (msg->label == CLASP_ENTTEC_GET_PARAMS &&
	    clasp_enttec_decode_params(msg, &params) == 0) {
		answered_params = true;
		is_rdm = params.firmware_high == 2;
		cli_verbose(subject, "firmware %d.%d, break %.1f us, MAB "
		    "%.1f us, %d Hz", params.firmware_high,
		    params.firmware_low, clasp_enttec_us(params.break_units),
		    clasp_enttec_us(params.mab_units), params.rate_hz);
	} else if (msg->label == CLASP_ENTTEC_GET_SERIAL &&
	    clasp_enttec_decode_serial(msg, serial) == 0) {
		answered_serial = true;
		cli_verbose(subject, "serial %s", serial);
	}
	if (asking && answered_params && answered_serial)
		asked();
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	unsigned long before = rx.frames;

	(void)user;
	on_answer(msg);
	clasp_enttec_rx(&rx, msg);
	/* changes never bring a whole frame: ask for them only after one */
	if (rx.frames != before && !every_frame && !is_rdm)
		mode_wanted = 1;
}

/* ----------------------------------------------------- the port's events */

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	uint8_t ask[2 * CLASP_ENTTEC_MAX];
	int n;

	(void)user;
	if (!was_open)
		clasp_pump_ready(pump);
	was_open = true;
	if (back)
		cli_note(subject, "back");
	clasp_enttec_reset(&scanner);
	clasp_dmxin_forget(rx.in);
	rx.start = 0;
	if (port_config.raw)
		return;
	n = clasp_enttec_encode(ask, CLASP_ENTTEC_GET_SERIAL, NULL, 0);
	n += clasp_enttec_encode(ask + n, CLASP_ENTTEC_GET_PARAMS,
	    (const uint8_t *)"\0\0", 2);
	asking = true;
	answered_params = answered_serial = is_rdm = false;
	mode = -1;
	mode_wanted = 0;
	uv_timer_start(&answer_timer, on_answer_timeout, ANSWER_MS, 0);
	clasp_port_send(p, ask, (size_t)n);
}

static void
count_drops(void)
{
	unsigned i;

	for (i = 0; i < CLASP_ENTTEC_RX_DROPS; i++)
		cli_tally(&tallies[i], subject, rx.drops[i]);
	cli_tally(&tallies[i], subject, scanner.skipped);
}

static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)user;
	clasp_enttec_feed(&scanner, bytes, n);
	count_drops();
	set_mode();
	if (port && clasp_pump_full(pump))
		clasp_port_read(p, false);
}

static void
on_sent(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
	set_mode();
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
	clasp_enttec_end(&scanner);
	count_drops();
	mapping_finish(&mapping);
	/* still here: fewer came than -n asks for */
	if (cli.count > 0 && port)
		cli_fail(CLI_NO);
	clasp_pump_finish(pump);
}

static void
on_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p;
	(void)user;
	uv_timer_stop(&answer_timer);
	asking = false;
	if (exit_on_loss && was_open) {
		cli_warn(subject, "%s", why);
		cli_fail(CLI_UNREACHABLE);
		clasp_pump_finish(pump);
		return;
	}
	cli_note(subject, "%s; tried again every second", why);
}

/* ----------------------------------------------------- the pump's events */

static void
on_barrier(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	(void)c;
	(void)reply;
	clasp_pump_stop(user);
}

/* All is handed over: leave when the relay, if any, has worked it off. */
static void
finish(struct clasp_pump *p, void *user)
{
	struct clasp_client *c = clasp_pump_client(p);

	(void)user;
	uv_timer_stop(&answer_timer);
	clasp_port_close(port);
	port = NULL;
	if (!c || cli_signal() || cli_exit_code() == CLI_TIMEOUT)
		clasp_pump_stop(p);	/* at once, whatever we wait for */
	else if (!leaving && clasp_client_barrier(c, on_barrier, p) < 0)
		clasp_pump_stop(p);
	leaving = true;
}

static void
again(struct clasp_pump *p, void *user)
{
	(void)p;
	(void)user;
	announce();
	clasp_dmxin_repeat(rx.in);
}

static void
drained(struct clasp_pump *p, void *user)
{
	(void)p;
	(void)user;
	if (port)
		clasp_port_read(port, true);
}

static void
report(void)
{
	cli_tally_report(tallies, TALLIES, subject);
	mapping_report(&mapping);
}

static void
on_usr1(uv_signal_t *handle, int number)
{
	(void)handle;
	(void)number;
	report();
}

/* ---------------------------------------------------------------- options */

static void
list_port(const char *path, const char *what, void *user)
{
	(void)user;
	printf("%s\t%s\n", path, what);
}

static void
check_driver(const char *name)
{
	static const char *const others[] = { "opendmx", "udmx", "raw" };
	size_t i;

	if (strcmp(name, "enttec-pro") == 0)
		return;
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(name, others[i]) == 0)
			cli_arg_bad("%s is not built in", name);
	cli_arg_bad("'%s' is no driver; there is enttec-pro", name);
}

static bool
is_universe_mode(const char *name)
{
	if (strcmp(name, "channel") != 0 && strcmp(name, "universe") != 0)
		cli_arg_bad("must be channel or universe");
	return strcmp(name, "universe") == 0;
}

static uint32_t
whole_seconds(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us == 0 || us % 1000000 || us / 1000000 >= CLASP_TTL_ABSOLUTE)
		cli_arg_bad("must be whole seconds");
	return (uint32_t)(us / 1000000);
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_DEVICE:
		device = cli_arg();
		break;
	case OPT_DRIVER:
		check_driver(cli_arg());
		break;
	case OPT_LIST:
		clasp_serial_list(list_port, NULL);
		cli_end();
	case OPT_UNIVERSE:
		config.universe = (unsigned)cli_arg_number(0,
		    CLASP_DMX_UNIVERSE_MAX);
		break;
	case OPT_PREFIX:
		prefix = cli_arg();
		break;
	case OPT_FLAT:
		config.flat = true;
		break;
	case OPT_MODE:
		config.whole = is_universe_mode(cli_arg());
		break;
	case OPT_EVERY_FRAME:
		every_frame = true;
		break;
	case OPT_ONCE:
		once = true;
		break;
	case OPT_WAIT:
		port_config.wait = true;
		break;
	case OPT_EXIT_ON_LOSS:
		exit_on_loss = true;
		break;
	case OPT_MAX_RATE:
		max_rate = cli_arg_rate();
		break;
	case OPT_TTL:
		ttl = whole_seconds();
		break;
	default:
		mapping_option(&mapping, id);
		break;
	}
}

static void
check_options(void)
{
	const char *why;

	cli_check_count(0, 0, NULL);
	cli_out_check();
	if (!device)
		cli_usage("no device given: -d DEVICE, or - for stdin");
	if (clasp_address_check(clasp_str_c(prefix), &why) < 0 ||
	    strlen(prefix) > CLASP_DMXIN_PREFIX_MAX)
		cli_usage("--prefix: no namespace: %s", prefix);
	port_config.line.path = device;
	port_config.line.baud = BAUD;
	port_config.line.stop_bits = 1;
	port_config.raw = strcmp(device, "-") == 0;
	subject = port_config.raw ? "stdin" : device;
}

/* ------------------------------------------------------------------- main */

static void
start(uv_loop_t *loop)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	const struct clasp_pump_config pumping = {
		.source = true,
		.relay = cli.url_given,
		.end = finish,
		.finish = finish,
		.again = again,
		.drained = drained,
		.max_rate = max_rate,
		.ttl = ttl
	};
	char why[CLASP_SERIAL_WHY];
	int i;

	config.prefix = clasp_str_c(prefix);
	config.repeat = every_frame;
	rx.in = clasp_dmxin_new(&config, on_frame, NULL);
	if (!rx.in)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	clasp_enttec_init(&scanner, on_message, NULL);
	for (i = 0; i < CLASP_ENTTEC_RX_DROPS; i++)
		tallies[i].reason = clasp_enttec_rx_drop_name(i);
	tallies[i].reason = "bytes outside of messages";
	uv_timer_init(loop, &answer_timer);
	uv_signal_init(loop, &usr1);
	uv_signal_start(&usr1, on_usr1, SIGUSR1);
	mapping_start(&mapping, loop, emit, NULL);
	pump = clasp_pump_new(loop, &pumping);
	announce();
	if (clasp_port_new(loop, &port_config, &events, NULL, &port,
	    why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
}

static void
stop(uv_loop_t *loop)
{
	if (cli.verbose)
		report();
	mapping_close(&mapping);
	uv_close((uv_handle_t *)&usr1, NULL);
	uv_close((uv_handle_t *)&answer_timer, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	clasp_dmxin_free(rx.in);
}

int
main(int argc, char **argv)
{
	uv_loop_t loop;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		take_option(id);
	check_options();

	uv_loop_init(&loop);
	start(&loop);
	clasp_pump_run(pump);
	stop(&loop);
	cli_end();
}
