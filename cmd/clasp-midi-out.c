/*
 * clasp-midi-out.c - lines in, MIDI out.
 *
 * bridge/midisink makes bytes of the lines and keeps those that wait; here is
 * the port they go to.
 */
#include "midisides.h"

#include <unistd.h>

#include "bridge/midisink.h"
#include "tool/lineio.h"

#define SERIAL_PIECE	32	/* bytes at a time: 10 ms at 31250 baud */
#define SERIAL_AHEAD	16	/* of them in the driver when more come */
#define PIECE		512
#define UNFLUSHED_MAX	4096	/* on stdout */

static const struct cli_option own_options[] = {
	{ OPT_DEVICE, 'd', "device", "PORT",
	    "raw:PATH, serial:PATH[@BAUD], - for stdout, or part of a port's "
	    "name; default: the only port there is", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ OPT_AS, 0, "as", "NAME", "the device's name in addresses; default: "
	    "default", CLI_ARG, 0, NULL },
	{ OPT_PROFILE, 0, "profile", "NAME", "raw (ints, channels 0-15; the "
	    "default) or doc (0.0-1.0, channels 1-16)", CLI_ARG,
	    CLI_COMPLETE_WORDS, "raw doc" },
	{ OPT_CLOCK, 0, "clock", NULL, "send the timing clock", 0, 0, NULL },
	{ OPT_SYSEX, 0, "sysex", NULL, "send SysEx", 0, 0, NULL },
	{ OPT_MTC, 0, "mtc", NULL, "send MIDI time code", 0, 0, NULL },
	{ OPT_NRPN, 0, "nrpn", "7", "with 7: values of NRPNs are 7 bit wide",
	    CLI_ARG_MAYBE, CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_RPN, 0, "rpn", "7", "the same for RPNs", CLI_ARG_MAYBE,
	    CLI_COMPLETE_WORDS, "7 14" },
	{ OPT_RUNNING_STATUS, 0, "running-status", NULL, "leave out a status "
	    "byte that is the one before", 0, 0, NULL },
	{ CLI_ON_EXIT, 0, "on-exit", "HOW", "release (end every note that "
	    "sounds; the default) or hold", CLI_ARG, CLI_COMPLETE_WORDS,
	    "release hold" },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, cli_device_options, cli_bridge_options,
	cli_bridge_out_options, cli_map_options, cli_link_options,
	cli_stop_options, cli_input_options, cli_run_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"play a note for a second",
	"(echo '/midi/default/ch/0/note event {\"note\":60,\"velocity\":100}'; "
	    "sleep 1) | clasp-midi-out",
	"what a relay has for the desk, to a serial line",
	"clasp-midi-out -d serial:/dev/ttyUSB0 --as desk -u @stage",
	"look at the bytes, no hardware",
	"echo '/midi/default/ch/0/cc/7 127' | clasp-midi-out -d - | xxd -p",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-midi-out",
	.operands = "",
	.summary = "CLASP lines as MIDI messages",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_midisink *sink;
static struct clasp_port *port;		/* NULL: stdout */
static struct clasp_port_config device;
static const char *subject;
static size_t unflushed;		/* bytes on stdout, about */
static bool hold;

/* --------------------------------------------------------------- sending */

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
	(void)user;
	if (!port)
		return send_stdout(bytes, n);
	if (n == 0)
		return clasp_port_is_open(port) && !clasp_port_busy(port);
	return clasp_port_send(port, bytes, n);
}

static bool
idle(void *user)
{
	(void)user;
	return !port || clasp_port_idle(port);
}

static void
done(void *user)
{
	(void)user;
	clasp_port_close(port);
	port = NULL;
	clasp_bridge_leave(bridge);
}

/* ----------------------------------------------------- the port's events */

static void
on_open(struct clasp_port *p, bool back, void *user)
{
	(void)user;
	port = p;
	clasp_midisink_open(sink, back);
}

/* What a device says to us is another program's business. */
static void
on_data(struct clasp_port *p, const uint8_t *bytes, size_t n, void *user)
{
	(void)p, (void)bytes, (void)n, (void)user;
}

static void
on_sent(struct clasp_port *p, void *user)
{
	(void)p, (void)user;
	clasp_midisink_ready(sink);
}

static void
on_end(struct clasp_port *p, void *user)
{
	(void)p, (void)user;
	clasp_midisink_lost(sink, "gone");
}

static void
on_lost(struct clasp_port *p, const char *why, void *user)
{
	(void)p, (void)user;
	clasp_midisink_lost(sink, why);
}

/* ------------------------------------------------------------------- main */

static void
open_device(uv_loop_t *loop)
{
	static const struct clasp_port_events events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	char why[CLASP_SERIAL_WHY];

	if (strcmp(device.line.path, "-") == 0) {
		clasp_midisink_open(sink, false);
		return;
	}
	device.access = CLASP_PORT_OUT;
	device.patient = true;
	device.ahead = SERIAL_AHEAD;
	device.wait = options.wait;
	if (clasp_port_new(loop, &device, &events, NULL, &port, why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	if (strcmp(device.line.path, "-") == 0 && isatty(STDOUT_FILENO))
		cli_die(CLI_USAGE, "stdout", "MIDI does not belong on a "
		    "terminal; pipe it, or give a port with -d");
}

static void
close_all(void *user)
{
	(void)user;
	clasp_midisink_close(sink);
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "midi",
		.options = &options,
		.close = close_all
	};
	struct clasp_midisink_config sinking = {
		.send = send_bytes,
		.idle = idle,
		.done = done
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (id == CLI_ON_EXIT)
			hold = cli_arg_word() == 1;
		else if (!clasp_bridge_option(&options, id))
			take_midi_option(id);
	make_base(&options);
	subject = choose_port(&device, device_name, "stdout");
	check_options();

	sinking.map = translation;
	sinking.running = running_status;
	sinking.hold = hold;
	sinking.wait = options.wait;
	sinking.subject = subject;
	sinking.piece = device.raw ? PIECE : SERIAL_PIECE;
	bridging.device = subject;
	bridging.base = clasp_str_c(translation.base);
	sink = clasp_midisink_new(&sinking);
	clasp_midisink_attach(sink, &bridging);
	bridge = clasp_bridge_new(&bridging);
	clasp_midisink_start(sink, bridge);
	open_device(clasp_bridge_loop(bridge));
	clasp_bridge_run(bridge);
	clasp_midisink_free(sink);
	cli_end();
}
