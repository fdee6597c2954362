/* midisides.c - MIDI on a bridge, one way or the two. */

#include "bridge/midisides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bridge/counts.h"
#include "bridge/midiport.h"
#include "bridge/midisink.h"
#include "dev/pmport.h"
#include "proto/midi.h"
#include "tool/lineio.h"
#include "wire/address.h"

#define SERIAL_PIECE	32	/* bytes at a time: 10 ms at 31250 baud */
#define SERIAL_AHEAD	16	/* of them in the driver when more come */
#define PIECE		512
#define NAMED_PIECE	64
#define UNFLUSHED_MAX	4096	/* on stdout */
#define BASE_MAX	(CLASP_ADDRESS_MAX - 64)

/* One way of the program. */
struct side {
	struct clasp_midisides *sides;
	bool		 used;
	struct clasp_midiport where;
	struct clasp_port *port;	/* may be the other side's, too */
};

struct clasp_midisides {
	struct clasp_midisides_config config;
	struct clasp_bridge *bridge;
	struct side	 in, out;
	struct clasp_pmport *named;	/* both sides' */
	struct clasp_midi midi;
	struct clasp_midimap *midimap;
	struct clasp_midisink *sink;
	size_t		 unflushed;	/* bytes on stdout, about */
	char		 base[CLASP_ADDRESS_MAX + 1];
};

/* ------------------------------------------------------------------ the end */

static void
close_ports(struct clasp_midisides *m)
{
	struct clasp_port *a = m->in.port, *b = m->out.port;

	m->in.port = m->out.port = NULL;
	clasp_port_close(a);
	if (b != a)
		clasp_port_close(b);
	clasp_pmport_close(m->named);
	m->named = NULL;
}

/* All is sent, or nothing was to be. */
static void
done(void *user)
{
	struct clasp_midisides *m = user;

	close_ports(m);
	clasp_bridge_leave(m->bridge);
}

static void
close_sink(void *sink)
{
	clasp_midisink_close(sink);
}

/* --------------------------------------------------------------------- in */

static void
on_line(const struct clasp_line *line, void *user)
{
	struct clasp_midisides *m = user;

	clasp_bridge_emit(m->bridge, line);
}

static void
on_message(const struct clasp_midi_msg *msg, void *user)
{
	struct clasp_midisides *m = user;

	clasp_midimap_in(m->midimap, msg);
}

static void
take_bytes(struct clasp_midisides *m, const uint8_t *bytes, size_t n)
{
	if (!m->in.used)
		return;		/* what a device says to an output */
	clasp_midi_feed(&m->midi, bytes, n);
	clasp_bridge_taken(m->bridge);
}

static void
flow(bool on, void *user)
{
	struct clasp_midisides *m = user;

	if (m->in.port)
		clasp_port_read(m->in.port, on);
	if (m->named && m->in.where.named)
		clasp_pmport_read(m->named, on);
}

/* -------------------------------------------------------------------- out */

static bool
send_stdout(struct clasp_midisides *m, const uint8_t *bytes, size_t n)
{
	if (n == 0) {
		if (m->unflushed > UNFLUSHED_MAX)
			m->unflushed = cli_out_try_flush();
		return m->unflushed <= UNFLUSHED_MAX;
	}
	cli_out_bytes(bytes, n);
	clasp_bridge_printed(m->bridge);
	m->unflushed += n;
	return true;
}

static bool
send_bytes(const uint8_t *bytes, size_t n, void *user)
{
	struct clasp_midisides *m = user;
	struct clasp_port *port = m->out.port;

	if (m->out.where.named)
		return m->named && (n == 0 ? !clasp_pmport_busy(m->named) :
		    clasp_pmport_send(m->named, bytes, n));
	if (!port)
		return send_stdout(m, bytes, n);
	return n == 0 ? clasp_port_is_open(port) && !clasp_port_busy(port) :
	    clasp_port_send(port, bytes, n);
}

static bool
idle(void *user)
{
	struct clasp_midisides *m = user;

	if (m->out.where.named)
		return !m->named || clasp_pmport_idle(m->named);
	return !m->out.port || clasp_port_idle(m->out.port);
}

/* ----------------------------------------------------- the ports' events */

static void
opened(struct clasp_midisides *m, bool in, bool out, bool again)
{
	if (in)
		clasp_midi_clear(&m->midi);
	if (out)
		clasp_midisink_open(m->sink, again);
	else
		clasp_bridge_device_open(m->bridge, again);
}

static void
lost(struct clasp_midisides *m, bool out, const char *why)
{
	if (out)
		clasp_midisink_lost(m->sink, why);
	else
		clasp_bridge_device_lost(m->bridge, why);
}

/* Are both sides one port of bytes? */
static bool
shared(const struct clasp_midisides *m)
{
	return m->in.used && m->out.used && !m->in.where.named &&
	    !m->out.where.named && m->in.where.device.line.path ==
	    m->out.where.device.line.path &&
	    strcmp(m->in.where.device.line.path, "-") != 0;
}

static void
on_open(struct clasp_port *port, bool again, void *user)
{
	struct side *side = user;
	struct clasp_midisides *m = side->sides;

	side->port = port;
	if (shared(m))
		m->out.port = port;
	opened(m, port == m->in.port, port == m->out.port, again);
}

static void
on_data(struct clasp_port *port, const uint8_t *bytes, size_t n, void *user)
{
	struct side *side = user;

	if (port == side->sides->in.port)
		take_bytes(side->sides, bytes, n);
}

static void
on_sent(struct clasp_port *port, void *user)
{
	struct side *side = user;

	if (port == side->sides->out.port)
		clasp_midisink_ready(side->sides->sink);
}

static void
on_end(struct clasp_port *port, const char *why, void *user)
{
	struct side *side = user;
	struct clasp_midisides *m = side->sides;

	if (port == m->in.port)
		clasp_bridge_source_over(m->bridge, why);
	else
		clasp_midisink_lost(m->sink, why ? why : "gone");
}

static void
on_lost(struct clasp_port *port, const char *why, void *user)
{
	struct side *side = user;
	struct clasp_midisides *m = side->sides;

	lost(m, side == &m->out || port == m->out.port, why);
}

static void
on_named_open(bool again, void *user)
{
	struct clasp_midisides *m = user;

	opened(m, m->in.where.named && m->in.used,
	    m->out.where.named && m->out.used, again);
}

static void
on_named_data(const uint8_t *bytes, size_t n, void *user)
{
	take_bytes(user, bytes, n);
}

static void
on_named_lost(const char *why, void *user)
{
	struct clasp_midisides *m = user;

	lost(m, m->out.where.named && m->out.used, why);
}

/* ---------------------------------------------------------------- options */

/* "1,7-9" of controllers 0-31 as bits. */
static uint32_t
controllers(const char *list)
{
	struct clasp_numset set = { 0 };

	if (clasp_numset_parse(&set, list, 0, 31) < 0)
		cli_arg_bad("'%s' is no list of controllers from 0 to 31, as "
		    "1,7-9", list);
	return (uint32_t)set.bits[0];
}

/* "=7", "=14" or nothing, which is 14. */
static bool
seven_bit(void)
{
	return cli_arg() && cli_arg_word() == 0;
}

void
clasp_midisides_option(struct clasp_midisides_config *config, int id)
{
	/* notes are held or released, not frames */
	if (id != CLI_ON_EXIT && clasp_bridge_option(config->options, id))
		return;
	switch (id) {
	case OPT_DEVICE:
		config->device = cli_arg();
		break;
	case CLI_LIST:
		clasp_midiport_list(stdout);
		cli_end();
	case OPT_AS:
		config->as = cli_arg();
		break;
	case OPT_PROFILE:
		config->map.doc = cli_arg_word() == 1;
		break;
	case OPT_CLOCK:
		config->map.clock = true;
		break;
	case OPT_SYSEX:
		config->map.sysex = true;
		break;
	case OPT_MTC:
		config->map.mtc = true;
		break;
	case OPT_CC14:
		config->map.cc14 |= controllers(cli_arg());
		break;
	case OPT_NRPN:
		config->map.nrpn = true;
		config->map.nrpn7 = seven_bit();
		break;
	case OPT_IN_PORT:
		config->in_name = cli_arg();
		break;
	case OPT_OUT_PORT:
		config->out_name = cli_arg();
		break;
	case CLI_ON_EXIT:
		config->hold = cli_arg_word() == 1;
		break;
	case OPT_RUNNING_STATUS:
		config->running_status = true;
		break;
	case OPT_RPN:
		config->map.rpn = true;
		config->map.rpn7 = seven_bit();
		break;
	}
}

/* ------------------------------------------------------------ life and end */

static void
make_base(struct clasp_midisides *m)
{
	const struct clasp_midisides_config *config = &m->config;
	struct clasp_str prefix = clasp_bridge_namespace(config->options,
	    "/midi", BASE_MAX, false);
	char segment[128] = "default";

	if (config->as && clasp_midimap_segment(segment, sizeof segment,
	    clasp_str_c(config->as)) == 0)
		cli_usage("--as: nothing of '%s' can stand in an address",
		    config->as);
	if (config->map.doc && !config->as)
		snprintf(m->base, sizeof m->base, "%.*s",
		    CLASP_STR_ARG(prefix));
	else
		snprintf(m->base, sizeof m->base, "%.*s/%s",
		    CLASP_STR_ARG(prefix), segment);
	if (strlen(m->base) > BASE_MAX)
		cli_usage("--prefix: no namespace: %s",
		    config->options->prefix);
	m->config.map.base = m->base;
}

/* Each side that is used; the same words for both are one port. */
static void
choose_ports(struct clasp_midisides *m)
{
	const struct clasp_midisides_config *config = &m->config;
	bool wait = config->options->wait;
	const char *from = config->in_name ? config->in_name : config->device;
	const char *to = config->out_name ? config->out_name : config->device;
	bool same = m->in.used && m->out.used && (from == to ||
	    (from && to && strcmp(from, to) == 0));
	struct clasp_midiport *in = &m->in.where, *out = &m->out.where;

	if ((config->in_name && !m->in.used) ||
	    (config->out_name && !m->out.used))
		cli_usage("%s is for --both", m->in.used ? "--out-port" :
		    "--in-port");
	if (m->in.used)
		clasp_midiport_choose(in, from, true, wait);
	if (m->out.used)
		clasp_midiport_choose(out, to, false, wait);
	if (same && !in->named && strcmp(in->device.line.path, "-") != 0)
		out->device.line.path = in->device.line.path;
	if (m->out.used && !out->named &&
	    strcmp(out->device.line.path, "-") == 0 && isatty(STDOUT_FILENO))
		cli_die(CLI_USAGE, "stdout", "MIDI does not belong on a "
		    "terminal; pipe it, or give a port with -d");
}

static void
make_source(struct clasp_midisides *m)
{
	clasp_midi_init(&m->midi, on_message, m);
	m->midimap = clasp_midimap_new(&m->config.map, on_line, m);
	if (!m->midimap)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

static void
make_sink(struct clasp_midisides *m)
{
	const struct clasp_midiport *out = &m->out.where;
	const struct clasp_midisink_config config = {
		.map = m->config.map,
		.running = m->config.running_status,
		.hold = m->config.hold,
		.wait = m->config.options->wait,
		.subject = out->subject,
		.piece = out->named ? NAMED_PIECE :
		    out->device.raw ? PIECE : SERIAL_PIECE,
		.send = send_bytes,
		.idle = idle,
		.done = done,
		.user = m
	};

	m->sink = clasp_midisink_new(&config);
}

struct clasp_midisides *
clasp_midisides_new(const struct clasp_midisides_config *config)
{
	struct clasp_midisides *m = calloc(1, sizeof *m);
	bool both = config->options->both;

	if (!m)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	m->config = *config;
	m->in.sides = m->out.sides = m;
	m->in.used = config->in || both;
	m->out.used = !config->in || both;
	make_base(m);
	choose_ports(m);
	if (m->in.used)
		make_source(m);
	if (m->out.used)
		make_sink(m);
	return m;
}

void
clasp_midisides_attach(struct clasp_midisides *m,
    struct clasp_bridge_config *bridging)
{
	bridging->device = m->config.in ? m->in.where.subject :
	    m->out.where.subject;
	bridging->base = clasp_str_c(m->base);
	if (m->in.used) {
		bridging->source = true;
		bridging->remember = true;
		bridging->flow = flow;
		bridging->finish = done;
		bridging->user = bridging->source_user = m;
	}
	if (m->out.used) {
		clasp_midisink_attach(m->sink, bridging);
		bridging->close = close_sink;
	}
}

static void
open_bytes(struct clasp_midisides *m, struct side *side)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	struct clasp_port_config *device = &side->where.device;
	bool both = shared(m);
	char why[CLASP_SERIAL_WHY];

	device->access = both ? CLASP_PORT_BOTH : side == &m->in ?
	    CLASP_PORT_IN : CLASP_PORT_OUT;
	device->patient = side == &m->out || both;
	device->ahead = SERIAL_AHEAD;
	device->wait = m->config.options->wait;
	if (clasp_port_new(clasp_bridge_loop(m->bridge), device, &events,
	    side, &side->port, why) < 0)
		cli_die(CLI_UNREACHABLE, side->where.subject, "%s", why);
	if (both)
		m->out.port = m->in.port;
}

static void
open_named(struct clasp_midisides *m)
{
	static const struct clasp_pmport_events events = {
		.open = on_named_open,
		.data = on_named_data,
		.lost = on_named_lost
	};
	const struct clasp_pmport_config naming = {
		.in = m->in.where.named,
		.out = m->out.where.named,
		.in_name = m->in.where.name,
		.out_name = m->out.where.name,
		.wait = m->config.options->wait
	};
	const char *subject = naming.in ? m->in.where.subject :
	    m->out.where.subject;
	char why[CLASP_PMPORT_WHY];
	int error;

	error = clasp_pmport_new(clasp_bridge_loop(m->bridge), &naming,
	    &events, m, &m->named, why);
	if (error == CLASP_ENOENT && (naming.in_name || naming.out_name)) {
		cli_warn(subject, "%s; there are:", why);
		clasp_midiport_list(stderr);
		exit(CLI_UNREACHABLE);
	}
	if (error)
		cli_die(CLI_UNREACHABLE, error == CLASP_EIO ? subject : NULL,
		    "%s", why);
	if (naming.in)
		clasp_counts_add(clasp_bridge_counts(m->bridge), subject,
		    "input that came too fast",
		    clasp_pmport_overflows(m->named));
}

static void
open_ports(struct clasp_midisides *m)
{
	if (m->in.used && !m->in.where.named)
		open_bytes(m, &m->in);
	if (m->in.where.named || m->out.where.named)
		open_named(m);
	if (!m->out.used || m->out.where.named || shared(m))
		return;
	if (strcmp(m->out.where.device.line.path, "-") == 0)
		clasp_midisink_open(m->sink, false);
	else
		open_bytes(m, &m->out);
}

void
clasp_midisides_start(struct clasp_midisides *m, struct clasp_bridge *bridge)
{
	int i;

	m->bridge = bridge;
	for (i = 0; m->in.used && i < CLASP_MIDI_DROPS; i++)
		clasp_counts_add(clasp_bridge_counts(bridge),
		    m->in.where.subject, clasp_midi_drop_name(i),
		    &m->midi.drops[i]);
	if (m->sink)
		clasp_midisink_start(m->sink, bridge);
	open_ports(m);
}

void
clasp_midisides_free(struct clasp_midisides *m)
{
	if (!m)
		return;
	clasp_midi_clear(&m->midi);
	clasp_midimap_free(m->midimap);
	clasp_midisink_free(m->sink);
	free(m);
}
