/*
 * midisides.h - what the two programs of MIDI share: each is one way, and
 * with --both the other way too.
 *
 *	port --> proto/midi --> proto/midimap --> bridge		in
 *	bridge --> bridge/midisink --> port			out
 *
 * A port is a system's one (dev/pmport), or bytes (dev/port), or standard
 * input and output.
 */
#ifndef CMD_MIDISIDES_H
#define CMD_MIDISIDES_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bridge/bridge.h"
#include "bridge/counts.h"
#include "bridge/midisink.h"
#include "dev/pmport.h"
#include "dev/port.h"
#include "dev/sndports.h"
#include "proto/midi.h"
#include "proto/midimap.h"
#include "tool/cli.h"
#include "tool/lineio.h"
#include "wire/address.h"

#define BAUD		31250
#define PORTS_MAX	64
#define SERIAL_PIECE	32	/* bytes at a time: 10 ms at 31250 baud */
#define SERIAL_AHEAD	16	/* of them in the driver when more come */
#define PIECE		512
#define NAMED_PIECE	64
#define UNFLUSHED_MAX	4096	/* on stdout */

enum {
	OPT_DEVICE = CLI_OWN, OPT_AS, OPT_PROFILE, OPT_CLOCK, OPT_SYSEX,
	OPT_MTC, OPT_CC14, OPT_NRPN, OPT_RPN, OPT_RUNNING_STATUS,
	OPT_IN_PORT, OPT_OUT_PORT
};

/* One way of the program. */
struct side {
	bool	 used;
	bool	 named;			/* by a part of a port's name */
	struct clasp_port_config device;	/* not named; path "-": stdout */
	struct clasp_port *port;	/* may be the other side's, too */
	const char *subject;		/* the port, for people */
};

static struct side in_side, out_side;
static struct clasp_pmport *named;	/* both sides' */
static struct clasp_pmport_config naming;

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_midi midi;
static struct clasp_midimap *midimap;
static struct clasp_midisink *sink;
static size_t unflushed;		/* bytes on stdout, about */

static const char *device_name, *in_name, *out_name, *as;
static struct clasp_midimap_config translation;
static bool running_status, hold_notes;

/* ------------------------------------------------------------------ the end */

static void
close_port(struct side *side)
{
	if (side->port && in_side.port == out_side.port)
		in_side.port = out_side.port = NULL;
	side->port = NULL;
}

static void
close_ports(void)
{
	struct clasp_port *a = in_side.port, *b = out_side.port;

	close_port(&in_side);
	close_port(&out_side);
	clasp_port_close(a);
	if (b != a)
		clasp_port_close(b);
	clasp_pmport_close(named);
	named = NULL;
}

/* All is sent, or nothing was to be. */
static void
done(void *user)
{
	(void)user;
	close_ports();
	clasp_bridge_leave(bridge);
}

static void
close_all(void *user)
{
	(void)user;
	if (sink)
		clasp_midisink_close(sink);
}

/* --------------------------------------------------------------------- in */

static void
on_midi_line(const struct clasp_line *line, void *user)
{
	(void)user;
	clasp_bridge_emit(bridge, line);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	(void)user;
	clasp_midimap_in(midimap, msg);
}

static void
take_bytes(const uint8_t *bytes, size_t n)
{
	if (!in_side.used)
		return;		/* what a device says to an output */
	clasp_midi_feed(&midi, bytes, n);
	clasp_bridge_taken(bridge);
}

static void
flow(bool on, void *user)
{
	(void)user;
	if (in_side.port)
		clasp_port_read(in_side.port, on);
	if (named && in_side.named)
		clasp_pmport_read(named, on);
}

/* -------------------------------------------------------------------- out */

static bool
send_stdout(const uint8_t *bytes, size_t n)
{
	if (n == 0) {
		if (unflushed > UNFLUSHED_MAX)
			unflushed = cli_out_try_flush();
		return unflushed <= UNFLUSHED_MAX;
	}
	cli_out_bytes(bytes, n);
	clasp_bridge_printed(bridge);
	unflushed += n;
	return true;
}

static bool
send_bytes(const uint8_t *bytes, size_t n, void *user)
{
	struct clasp_port *port = out_side.port;

	(void)user;
	if (out_side.named)
		return named && (n == 0 ? !clasp_pmport_busy(named) :
		    clasp_pmport_send(named, bytes, n));
	if (!port)
		return send_stdout(bytes, n);
	return n == 0 ? clasp_port_is_open(port) && !clasp_port_busy(port) :
	    clasp_port_send(port, bytes, n);
}

static bool
idle(void *user)
{
	(void)user;
	if (out_side.named)
		return !named || clasp_pmport_idle(named);
	return !out_side.port || clasp_port_idle(out_side.port);
}

/* ----------------------------------------------------- the ports' events */

static void
opened(bool in, bool out, bool again)
{
	if (in)
		clasp_midi_clear(&midi);
	if (out)
		clasp_midisink_open(sink, again);
	else
		clasp_bridge_device_open(bridge, again);
}

static void
lost(bool out, const char *why)
{
	if (out)
		clasp_midisink_lost(sink, why);
	else
		clasp_bridge_device_lost(bridge, why);
}

/* Which sides is this port? */
static bool
is_in(const struct clasp_port *port)
{
	return port == in_side.port;
}

static bool
is_out(const struct clasp_port *port)
{
	return port == out_side.port;
}

static void
on_open(struct clasp_port *port, bool again, void *user)
{
	struct side *side = user;

	side->port = port;
	if (side == &in_side && out_side.used && !out_side.named &&
	    out_side.device.line.path == in_side.device.line.path)
		out_side.port = port;
	opened(is_in(port), is_out(port), again);
}

static void
on_data(struct clasp_port *port, const uint8_t *bytes, size_t n, void *user)
{
	(void)user;
	if (is_in(port))
		take_bytes(bytes, n);
}

static void
on_sent(struct clasp_port *port, void *user)
{
	(void)user;
	if (is_out(port))
		clasp_midisink_ready(sink);
}

static void
on_end(struct clasp_port *port, const char *why, void *user)
{
	(void)user;
	if (is_in(port))
		clasp_bridge_source_over(bridge, why);
	else
		clasp_midisink_lost(sink, why ? why : "gone");
}

static void
on_lost(struct clasp_port *port, const char *why, void *user)
{
	(void)port;
	lost(user == &out_side || is_out(port), why);
}

static void
on_named_open(bool again, void *user)
{
	(void)user;
	opened(in_side.named && in_side.used,
	    out_side.named && out_side.used, again);
}

static void
on_named_data(const uint8_t *bytes, size_t n, void *user)
{
	(void)user;
	take_bytes(bytes, n);
}

static void
on_named_lost(const char *why, void *user)
{
	(void)user;
	lost(out_side.named && out_side.used, why);
}

/* ------------------------------------------------------------- which port */

static void
list_named(const char *name, bool in, bool out, void *user)
{
	fprintf(user, "%s\t%s\n", name, in && out ? "in, out" :
	    in ? "in" : "out");
}

static void
list_ports(FILE *out)
{
	char why[CLASP_PMPORT_WHY];
	static struct clasp_sndport ports[PORTS_MAX];
	size_t n = clasp_sndports(ports, PORTS_MAX), i;

	if (clasp_pmport_works(why))
		clasp_pmport_list(list_named, out);
	for (i = 0; i < n && i < PORTS_MAX; i++)
		fprintf(out, "%s\t%s\n", ports[i].path, ports[i].name);
}

/* PATH[@BAUD] */
static void
serial_port(struct clasp_port_config *device, const char *arg)
{
	const char *at = strrchr(arg, '@');
	long baud = BAUD;

	device->raw = false;
	device->line.path = arg;
	if (at && at[1] != '\0' && !strchr(at, '/')) {
		if (cli_number(at + 1, &baud) < 0 || baud < 50 ||
		    baud > 4000000)
			cli_usage("%s: bad speed '%s'", arg, at + 1);
		device->line.path = strndup(arg, (size_t)(at - arg));
	}
	device->line.baud = (unsigned)baud;
	device->line.stop_bits = 1;
}

/* Without a sequencer: the only raw device, or the first whose name holds
 * the text. */
static void
find_raw(struct clasp_port_config *device, const char *name, const char *why)
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
		device->line.path = strdup(ports[i].path);
		return;
	}
	if (n == 0)
		cli_die(CLI_UNREACHABLE, name, "%s", why);
	cli_warn(name, name ? "no such MIDI port; there are:" :
	    "several MIDI ports, choose one with -d:");
	list_ports(stderr);
	exit(CLI_UNREACHABLE);
}

/* A port by a part of its name; NULL: any. */
static void
name_port(struct side *side, const char *name)
{
	char why[CLASP_PMPORT_WHY];

	if (!clasp_pmport_works(why) && !options.wait) {
		find_raw(&side->device, name, why);
		side->subject = side->device.line.path;
		return;
	}
	side->named = true;
	side->subject = name ? name : "MIDI";
	if (side == &in_side) {
		naming.in = true;
		naming.in_name = name;
	} else {
		naming.out = true;
		naming.out_name = name;
	}
}

/* What -d, --in-port or --out-port said. */
static void
choose_port(struct side *side, const char *name)
{
	struct clasp_port_config *device = &side->device;

	side->used = true;
	device->raw = true;
	if (!name)
		name_port(side, NULL);
	else if (strcmp(name, "-") == 0)
		device->line.path = "-";
	else if (strncmp(name, "raw:", 4) == 0)
		device->line.path = name + 4;
	else if (strncmp(name, "serial:", 7) == 0)
		serial_port(device, name + 7);
	else if (strchr(name, '/'))
		device->line.path = name;
	else
		name_port(side, name);
	if (!side->subject)
		side->subject = strcmp(device->line.path, "-") != 0 ?
		    device->line.path : side == &in_side ? "stdin" : "stdout";
}

/* Each side that is used; the same words for both are one port. */
static void
choose_ports(bool in, bool out)
{
	const char *from = in_name ? in_name : device_name;
	const char *to = out_name ? out_name : device_name;
	bool same = in && out && (from == to || (from && to &&
	    strcmp(from, to) == 0));

	if ((in_name && !in) || (out_name && !out))
		cli_usage("%s is for --both", in ? "--out-port" : "--in-port");
	if (in)
		choose_port(&in_side, from);
	if (out)
		choose_port(&out_side, to);
	if (same && !in_side.named && strcmp(in_side.device.line.path, "-"))
		out_side.device.line.path = in_side.device.line.path;
	if (out && !out_side.named && strcmp(out_side.device.line.path,
	    "-") == 0 && isatty(STDOUT_FILENO))
		cli_die(CLI_USAGE, "stdout", "MIDI does not belong on a "
		    "terminal; pipe it, or give a port with -d");
}

/* ---------------------------------------------------------------- options */

/* "1,7-9" of controllers 0-31 as bits. */
static uint32_t
controllers(const char *list)
{
	struct clasp_numset set = { 0 };

	if (clasp_numset_parse(&set, list, 0, 31) < 0)
		cli_arg_bad("must be controllers from 0 to 31, as 1,7-9");
	return (uint32_t)set.bits[0];
}

/* "=7", "=14" or nothing, which is 14. */
static bool
seven_bit(void)
{
	return cli_arg() && cli_arg_word() == 0;
}

static void
make_base(void)
{
	static char base[CLASP_ADDRESS_MAX + 1];
	struct clasp_str prefix = clasp_bridge_namespace(&options, "/midi",
	    CLASP_ADDRESS_MAX - 64, false);
	char segment[128] = "default";

	if (as && clasp_midimap_segment(segment, sizeof segment,
	    clasp_str_c(as)) == 0)
		cli_usage("--as: nothing of '%s' can stand in an address", as);
	if (translation.doc && !as)
		snprintf(base, sizeof base, "%.*s", CLASP_STR_ARG(prefix));
	else
		snprintf(base, sizeof base, "%.*s/%s", CLASP_STR_ARG(prefix),
		    segment);
	if (strlen(base) > CLASP_ADDRESS_MAX - 64)
		cli_usage("--prefix: no namespace: %s", options.prefix);
	translation.base = base;
}

static void
take_midi_option(int id)
{
	switch (id) {
	case OPT_DEVICE:
		device_name = cli_arg();
		break;
	case CLI_LIST:
		list_ports(stdout);
		cli_end();
	case OPT_AS:
		as = cli_arg();
		break;
	case OPT_PROFILE:
		translation.doc = cli_arg_word() == 1;
		break;
	case OPT_CLOCK:
		translation.clock = true;
		break;
	case OPT_SYSEX:
		translation.sysex = true;
		break;
	case OPT_MTC:
		translation.mtc = true;
		break;
	case OPT_CC14:
		translation.cc14 |= controllers(cli_arg());
		break;
	case OPT_NRPN:
		translation.nrpn = true;
		translation.nrpn7 = seven_bit();
		break;
	case OPT_IN_PORT:
		in_name = cli_arg();
		break;
	case OPT_OUT_PORT:
		out_name = cli_arg();
		break;
	case CLI_ON_EXIT:
		hold_notes = cli_arg_word() == 1;
		break;
	case OPT_RUNNING_STATUS:
		running_status = true;
		break;
	case OPT_RPN:
		translation.rpn = true;
		translation.rpn7 = seven_bit();
		break;
	}
}

/* ------------------------------------------------------------ life and end */

static void
open_bytes(struct side *side, bool both)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	struct clasp_port_config *device = &side->device;
	char why[CLASP_SERIAL_WHY];

	device->access = both ? CLASP_PORT_BOTH : side == &in_side ?
	    CLASP_PORT_IN : CLASP_PORT_OUT;
	device->patient = side == &out_side || both;
	device->ahead = SERIAL_AHEAD;
	device->wait = options.wait;
	if (clasp_port_new(clasp_bridge_loop(bridge), device, &events, side,
	    &side->port, why) < 0)
		cli_die(CLI_UNREACHABLE, side->subject, "%s", why);
	if (both)
		out_side.port = in_side.port;
}

static void
open_named(void)
{
	static const struct clasp_pmport_events events = {
		.open = on_named_open,
		.data = on_named_data,
		.lost = on_named_lost
	};
	char why[CLASP_PMPORT_WHY];
	const char *subject = naming.in ? in_side.subject : out_side.subject;
	int error;

	naming.wait = options.wait;
	error = clasp_pmport_new(clasp_bridge_loop(bridge), &naming, &events,
	    NULL, &named, why);
	if (error == CLASP_ENOENT && (naming.in_name || naming.out_name)) {
		cli_warn(subject, "%s; there are:", why);
		list_ports(stderr);
		exit(CLI_UNREACHABLE);
	}
	if (error)
		cli_die(CLI_UNREACHABLE, error == CLASP_EIO ? subject : NULL,
		    "%s", why);
	if (naming.in)
		clasp_counts_add(clasp_bridge_counts(bridge), in_side.subject,
		    "input that came too fast", clasp_pmport_overflows(named));
}

static void
open_ports(void)
{
	bool one = in_side.used && out_side.used && !in_side.named &&
	    !out_side.named &&
	    in_side.device.line.path == out_side.device.line.path &&
	    strcmp(in_side.device.line.path, "-") != 0;

	if (in_side.used && !in_side.named)
		open_bytes(&in_side, one);
	if (naming.in || naming.out)
		open_named();
	if (!out_side.used || out_side.named || one)
		return;
	if (strcmp(out_side.device.line.path, "-") == 0)
		clasp_midisink_open(sink, false);
	else
		open_bytes(&out_side, false);
}

static void
make_source(struct clasp_bridge_config *bridging)
{
	bridging->source = true;
	bridging->remember = true;
	bridging->flow = flow;
	bridging->finish = done;
	clasp_midi_init(&midi, on_message, NULL);
	midimap = clasp_midimap_new(&translation, on_midi_line, NULL);
	if (!midimap)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

static void
make_sink(struct clasp_bridge_config *bridging)
{
	const struct clasp_midisink_config config = {
		.map = translation,
		.running = running_status,
		.hold = hold_notes,
		.wait = options.wait,
		.subject = out_side.subject,
		.piece = out_side.named ? NAMED_PIECE :
		    out_side.device.raw ? PIECE : SERIAL_PIECE,
		.send = send_bytes,
		.idle = idle,
		.done = done
	};

	sink = clasp_midisink_new(&config);
	clasp_midisink_attach(sink, bridging);
}

/* Read the options, and run it all to the end. */
static void
run_midi(const struct cli_tool *tool, int argc, char **argv, bool in)
{
	struct clasp_bridge_config bridging = {
		.protocol = "midi",
		.options = &options,
		.close = close_all
	};
	int id, i;

	cli_begin(tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (id == CLI_ON_EXIT || !clasp_bridge_option(&options, id))
			take_midi_option(id);
	cli_check_count(0, 0, NULL);
	if (in)
		cli_out_check();
	make_base();
	choose_ports(in || options.both, !in || options.both);
	bridging.device = in ? in_side.subject : out_side.subject;
	bridging.base = clasp_str_c(translation.base);
	if (in_side.used)
		make_source(&bridging);
	if (out_side.used)
		make_sink(&bridging);
	bridge = clasp_bridge_new(&bridging);
	for (i = 0; in_side.used && i < CLASP_MIDI_DROPS; i++)
		clasp_counts_add(clasp_bridge_counts(bridge), in_side.subject,
		    clasp_midi_drop_name(i), &midi.drops[i]);
	if (sink)
		clasp_midisink_start(sink, bridge);
	open_ports();
	clasp_bridge_run(bridge);
	clasp_midi_clear(&midi);
	clasp_midimap_free(midimap);
	clasp_midisink_free(sink);
	cli_end();
}

#endif
