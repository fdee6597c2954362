/*
 * clasp-midi-in.c - MIDI in, lines out.
 *
 * Bytes come from a port; the byte parser and the translation are
 * proto/midi and proto/midimap; what becomes of the lines is the pump's.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "client/pump.h"
#include "dev/port.h"
#include "dev/sndports.h"
#include "mapping.h"
#include "proto/latest.h"
#include "proto/midi.h"
#include "proto/midimap.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "tool/tally.h"
#include "wire/address.h"

#define BAUD		31250
#define PORTS_MAX	64

enum {
	OPT_DEVICE = CLI_OWN, OPT_LIST, OPT_AS, OPT_PROFILE, OPT_PREFIX,
	OPT_CLOCK, OPT_SYSEX, OPT_MTC, OPT_CC14, OPT_NRPN, OPT_RPN,
	OPT_WAIT, OPT_EXIT_ON_LOSS, OPT_MAX_RATE, OPT_TTL
};

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "PORT",
	    "raw:PATH, serial:PATH[@BAUD], - for stdin, or part of a port's "
	    "name; default: the only port there is", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_LIST, 0, "list", NULL, "list the ports and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ OPT_AS, 0, "as", "NAME", "the device's name in addresses; default: "
	    "default", CLI_ARG, 0, NULL },
	{ OPT_PREFIX, 0, "prefix", "NAMESPACE", "instead of /midi", CLI_ARG,
	    0, NULL },
	{ OPT_PROFILE, 0, "profile", "NAME", "raw (ints, channels 0-15; the "
	    "default) or doc (0.0-1.0, channels 1-16)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "raw doc" },
	{ OPT_CLOCK, 0, "clock", NULL, "carry the timing clock", 0, 0, NULL },
	{ OPT_SYSEX, 0, "sysex", NULL, "carry SysEx", 0, 0, NULL },
	{ OPT_MTC, 0, "mtc", NULL, "carry MIDI time code", 0, 0, NULL },
	{ OPT_CC14, 0, "cc14", "LIST", "controllers 0-31 that are 14 bit "
	    "wide, as 1,7-9", CLI_ARG, 0, NULL },
	{ OPT_NRPN, 0, "nrpn", "7", "read NRPNs; with 7 their values are 7 "
	    "bit wide", CLI_ARG_MAYBE, CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_RPN, 0, "rpn", "7", "the same for RPNs", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_WAIT, 0, "wait", NULL, "wait for a port that is not there", 0,
	    0, NULL },
	{ OPT_EXIT_ON_LOSS, 0, "exit-on-loss", NULL,
	    "end when the port goes away", 0, 0, NULL },
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
	"what a controller sends, as lines",
	"clasp-midi-in -d /dev/snd/midiC1D0",
	"a pianist for everybody on a relay",
	"clasp-midi-in --as piano -u ws://stage:7330/clasp",
	"three bytes, no hardware",
	"printf '\\260\\007\\177' | clasp-midi-in -d -",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-midi-in",
	.operands = "",
	.summary = "MIDI messages as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_pump *pump;
static struct clasp_port *port;
static struct clasp_midi midi;
static struct clasp_midimap *midimap;
static struct clasp_latest *latest;	/* with -u */
static struct mapping mapping;
static struct cli_tally tallies[CLASP_MIDI_DROPS];
static uv_signal_t usr1;
static const char *subject;		/* the port, for people */

static const char *device_name, *as, *prefix = "/midi";
static bool exit_on_loss;
static bool was_open;			/* the port was there once */
static bool leaving;
static double max_rate = 60;	/* per address, with -u */
static uint32_t ttl = CLASP_TTL_NEVER;
static struct clasp_midimap_config config;
static struct clasp_port_config device;
static char base[CLASP_ADDRESS_MAX + 1];

/* ------------------------------------------------------------- the lines */

static void
emit(const struct clasp_line *line, void *user)
{
	(void)user;
	if (latest)
		clasp_latest_keep(latest, line);
	clasp_pump_emit(pump, line);
}

static void
on_midi_line(const struct clasp_line *line, void *user)
{
	(void)user;
	mapping_line(&mapping, line);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	(void)user;
	clasp_midimap_in(midimap, msg);
}

static void
send_again(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_pump_emit(pump, line);
}

static void
announce(void)
{
	const struct clasp_entry meta[] = {
		{ CLASP_STR("bidirectional"), clasp_bool(false) },
		{ CLASP_STR("bridge"), clasp_bool(true) },
		{ CLASP_STR("device"), clasp_string(clasp_str_c(subject)) },
		{ CLASP_STR("protocol"), clasp_string(CLASP_STR("midi")) }
	};
	char pattern[CLASP_ADDRESS_MAX + 4];
	struct clasp_signal signal = {
		.address = clasp_str_of(pattern, (size_t)snprintf(pattern,
		    sizeof pattern, "%s/" "**", base)),
		.kind = CLASP_PARAM,
		.has_meta = true,
		.has_default = true,
		.def = clasp_map(meta, 4)
	};
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	msg.announce.namespace_ = clasp_str_c(base);
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	if (clasp_pump_client(pump))
		clasp_client_send(clasp_pump_client(pump), &msg, NULL, NULL,
		    NULL);
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
	clasp_latest_each(latest, send_again, NULL);
}

static void
drained(struct clasp_pump *p, void *user)
{
	(void)p;
	(void)user;
	if (port)
		clasp_port_read(port, true);
}

/* ----------------------------------------------------- the port's events */

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	(void)p;
	(void)user;
	if (!was_open)
		clasp_pump_ready(pump);
	was_open = true;
	if (back)
		cli_note(subject, "back");
	clasp_midi_clear(&midi);
}

static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	unsigned i;

	(void)user;
	clasp_midi_feed(&midi, bytes, n);
	for (i = 0; i < CLASP_MIDI_DROPS; i++)
		cli_tally(&tallies[i], subject, midi.drops[i]);
	/* a slow reader of our lines slows the port down */
	if (port && clasp_pump_full(pump))
		clasp_port_read(p, false);
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p;
	(void)user;
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
	if (exit_on_loss && was_open) {
		cli_warn(subject, "%s", why);
		cli_fail(CLI_UNREACHABLE);
		clasp_pump_finish(pump);
		return;
	}
	cli_note(subject, "%s; tried again every second", why);
}

static void
report(void)
{
	cli_tally_report(tallies, CLASP_MIDI_DROPS, subject);
	mapping_report(&mapping);
}

static void
on_usr1(uv_signal_t *handle, int number)
{
	(void)handle;
	(void)number;
	report();
}

/* ------------------------------------------------------------- which port */

static void
list_ports(FILE *out)
{
	static struct clasp_sndport ports[PORTS_MAX];
	size_t n = clasp_sndports(ports, PORTS_MAX), i;

	for (i = 0; i < n && i < PORTS_MAX; i++)
		fprintf(out, "%s\t%s\n", ports[i].path, ports[i].name);
}

/* The only port, or the first whose name holds the text. */
static void
find_port(const char *name)
{
	static struct clasp_sndport ports[PORTS_MAX];
	size_t n = clasp_sndports(ports, PORTS_MAX), i;

	if (n > PORTS_MAX)
		n = PORTS_MAX;
	for (i = 0; i < n; i++)
		if (name ? strcasestr(ports[i].name, name) != NULL ||
		    strstr(ports[i].path, name) != NULL : n == 1)
			break;
	if (i < n) {
		device.line.path = ports[i].path;
		return;
	}
	if (n == 0)
		cli_die(CLI_UNREACHABLE, name,
		    "no MIDI ports (no ALSA sequencer on this machine)");
	cli_warn(name, name ? "no such MIDI port; there are:" :
	    "several MIDI ports, choose one with -d:");
	list_ports(stderr);
	exit(CLI_UNREACHABLE);
}

/* PATH[@BAUD] */
static void
serial_port(const char *arg)
{
	const char *at = strrchr(arg, '@');
	long baud = BAUD;

	device.raw = false;
	device.line.path = arg;
	if (at && at[1] != '\0' && !strchr(at, '/')) {
		if (cli_number(at + 1, &baud) < 0 || baud < 50 ||
		    baud > 4000000)
			cli_usage("%s: bad speed '%s'", arg, at + 1);
		device.line.path = strndup(arg, (size_t)(at - arg));
	}
	device.line.baud = (unsigned)baud;
	device.line.stop_bits = 1;
}

static void
choose_port(const char *name)
{
	device.raw = true;
	if (!name)
		find_port(NULL);
	else if (strcmp(name, "-") == 0)
		device.line.path = "-";
	else if (strncmp(name, "raw:", 4) == 0)
		device.line.path = name + 4;
	else if (strncmp(name, "serial:", 7) == 0)
		serial_port(name + 7);
	else if (strchr(name, '/'))
		device.line.path = name;
	else
		find_port(name);
	subject = strcmp(device.line.path, "-") == 0 ? "stdin" :
	    device.line.path;
}

/* ---------------------------------------------------------------- options */

/* "1,7-9" of controllers 0-31 as bits. */
static uint32_t
controllers(const char *list)
{
	uint32_t bits = 0;
	unsigned long from, to;
	char *end;

	for (;;) {
		from = to = strtoul(list, &end, 10);
		if (end == list || from > 31)
			break;
		if (*end == '-') {
			list = end + 1;
			to = strtoul(list, &end, 10);
			if (end == list || to > 31 || to < from)
				break;
		}
		for (; from <= to; from++)
			bits |= UINT32_C(1) << from;
		if (*end == '\0')
			return bits;
		if (*end != ',')
			break;
		list = end + 1;
	}
	cli_arg_bad("must be controllers from 0 to 31, as 1,7-9");
}

static bool
seven_bit(void)
{
	const char *arg = cli_arg();

	if (!arg || strcmp(arg, "14") == 0)
		return false;
	if (strcmp(arg, "7") != 0)
		cli_arg_bad("must be 7 or 14");
	return true;
}

static bool
is_doc(const char *name)
{
	if (strcmp(name, "doc") != 0 && strcmp(name, "raw") != 0)
		cli_arg_bad("must be raw or doc");
	return strcmp(name, "doc") == 0;
}

static void
make_base(void)
{
	char segment[128] = "default";
	const char *why;

	if (as && clasp_midimap_segment(segment, sizeof segment,
	    clasp_str_c(as)) == 0)
		cli_usage("--as: nothing of '%s' can stand in an address", as);
	if (config.doc && !as)
		snprintf(base, sizeof base, "%s", prefix);
	else
		snprintf(base, sizeof base, "%s/%s", prefix, segment);
	if (strlen(base) > CLASP_ADDRESS_MAX - 64 ||
	    clasp_address_check(clasp_str_c(base), &why) < 0)
		cli_usage("--prefix: no namespace: %s", prefix);
	config.base = base;
}

static void
start(uv_loop_t *loop)
{
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
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.end = on_end,
		.lost = on_lost
	};
	char why[CLASP_SERIAL_WHY];
	int i;

	clasp_midi_init(&midi, on_message, NULL);
	for (i = 0; i < CLASP_MIDI_DROPS; i++)
		tallies[i].reason = clasp_midi_drop_name(i);
	mapping_start(&mapping, loop, emit, NULL);
	uv_signal_init(loop, &usr1);
	uv_signal_start(&usr1, on_usr1, SIGUSR1);

	pump = clasp_pump_new(loop, &pumping);
	announce();
	if (clasp_port_new(loop, &device, &events, NULL, &port, why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
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
		device_name = cli_arg();
		break;
	case OPT_LIST:
		list_ports(stdout);
		cli_end();
	case OPT_AS:
		as = cli_arg();
		break;
	case OPT_PREFIX:
		prefix = cli_arg();
		break;
	case OPT_PROFILE:
		config.doc = is_doc(cli_arg());
		break;
	case OPT_CLOCK:
		config.clock = true;
		break;
	case OPT_SYSEX:
		config.sysex = true;
		break;
	case OPT_MTC:
		config.mtc = true;
		break;
	case OPT_CC14:
		config.cc14 |= controllers(cli_arg());
		break;
	case OPT_NRPN:
		config.nrpn = true;
		config.nrpn7 = seven_bit();
		break;
	case OPT_RPN:
		config.rpn = true;
		config.rpn7 = seven_bit();
		break;
	case OPT_WAIT:
		device.wait = true;
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
stop(uv_loop_t *loop)
{
	if (cli.verbose)
		report();
	mapping_close(&mapping);
	uv_close((uv_handle_t *)&usr1, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	clasp_midi_clear(&midi);
	clasp_midimap_free(midimap);
	clasp_latest_free(latest);
}

int
main(int argc, char **argv)
{
	uv_loop_t loop;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		take_option(id);
	cli_check_count(0, 0, NULL);
	cli_out_check();
	make_base();
	choose_port(device_name);
	midimap = clasp_midimap_new(&config, on_midi_line, NULL);
	if (cli.url_given)
		latest = clasp_latest_new();
	if (!midimap || (cli.url_given && !latest))
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");

	uv_loop_init(&loop);
	start(&loop);
	clasp_pump_run(pump);
	stop(&loop);
	cli_end();
}
