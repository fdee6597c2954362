/*
 * clasp-clasp2osc.c - lines in, OSC out.
 *
 * Lines come from the bridge (stdin, or the relay); proto/osc makes packets of
 * them and dev/osctarget sends them.
 */
#include "oscsides.h"

#include "bridge/bridge.h"
#include "net/dial.h"

enum { OPT_SLIP = OPT_OWN };

static const struct cli_option own_options[] = {
	{ OPT_TO, 't', "to", "HOST:PORT", "where to send; may be given "
	    "several times", CLI_ARG, 0, NULL },
	{ OPT_TCP, 0, "tcp", NULL, "by TCP, with lengths in front (OSC 1.0)",
	    0, 0, NULL },
	{ OPT_SLIP, 0, "slip", NULL, "by TCP, in SLIP (OSC 1.1)", 0, 0,
	    NULL },
	{ CLI_WAIT, 0, "wait", NULL, "wait for a TCP target that is not "
	    "there", 0, 0, NULL },
	CLI_BRIDGE_URL,
	{ CLI_PREFIX, 0, "prefix", "NAMESPACE", "what is taken off addresses; "
	    "default /osc", CLI_ARG, 0, NULL },
	{ CLI_NO_SNAPSHOT, 0, "no-snapshot", NULL, "with -u: send only what "
	    "comes, not the state", 0, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, osc_send_options, cli_map_options, cli_input_options,
	cli_link_options, cli_stop_options, cli_run_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"one message to a program on this machine",
	"echo '/osc/synth/volume 0.75' | clasp-clasp2osc --to 127.0.0.1:9000",
	"what a relay has under /osc, to two machines",
	"clasp-clasp2osc -u @stage --to 10.0.0.5:9000 --to 10.0.0.6:9000",
	"another namespace, for a receiver that only takes floats",
	"clasp-clasp2osc --prefix /lights --as-float --to 127.0.0.1:9000 "
	    "<show.clasp",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-clasp2osc",
	.operands = "",
	.summary = "send CLASP lines as OSC messages",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static const char *names[OSC_TARGETS_MAX];	/* as typed */
static struct host_port where[OSC_TARGETS_MAX];
static struct clasp_osctarget *targets[OSC_TARGETS_MAX];
static bool told[OSC_TARGETS_MAX];	/* that it is not there */
static unsigned ntargets, nopen, nleft;
static bool tcp, slip, leaving;

/* ----------------------------------------------------------------- lines */

static void
send_item(const struct clasp_item *item)
{
	size_t len = sending_packet(&item->msg, !tcp);
	unsigned i;

	for (i = 0; len > 0 && i < ntargets; i++)
		if (!clasp_osctarget_send(targets[i], sending.packet.data,
		    len))
			sending.unsent++;
}

/* A line is sent message by message: the relay, too, hands out the members
 * of a bundle one by one. */
static void
send_line(const struct clasp_line *line, bool snapshot, void *user)
{
	uint32_t i;

	(void)snapshot, (void)user;
	if (line->kind != CLASP_LINE_DATA)
		return;
	for (i = 0; i < line->count; i++)
		send_item(&line->items[i]);
}

/* ----------------------------------------------------- bridge and targets */

static void
on_closed(bool whole, void *user)
{
	const char **name = user;

	targets[name - names] = NULL;
	if (!whole) {
		cli_warn(*name, "what waited for it could not be sent");
		cli_fail(CLI_UNREACHABLE);
	}
	if (--nleft == 0)
		clasp_bridge_leave(bridge);
}

/* No more lines: what waits goes out, then the program ends. */
static void
leave(bool patient)
{
	unsigned i;

	if (!leaving) {
		leaving = true;
		nleft = ntargets;
	}
	for (i = 0; i < ntargets; i++)
		if (targets[i])
			clasp_osctarget_close(targets[i], patient);
}

static void
input_ended(void *user)
{
	(void)user;
	leave(options.wait);
}

static void
finish(void *user)
{
	(void)user;
	leave(false);
}

static void
on_open(struct clasp_osctarget *t, void *user)
{
	const char **name = user;
	static bool known[OSC_TARGETS_MAX];

	(void)t;
	told[name - names] = false;
	if (known[name - names]) {
		cli_note(*name, "back");
		return;
	}
	known[name - names] = true;
	if (++nopen == ntargets)
		clasp_bridge_device_open(bridge, false);
}

static void
on_lost(struct clasp_osctarget *t, const char *why, void *user)
{
	const char **name = user;

	(void)t;
	if (!told[name - names] || cli.verbose)
		cli_note(*name, "%s; tried again every second", why);
	told[name - names] = true;
}

static void
on_failed(struct clasp_osctarget *t, const char *why, void *user)
{
	const char **name = user;

	(void)t;
	cli_warn(*name, "%s", why);
	cli_fail(CLI_UNREACHABLE);
	clasp_bridge_finish(bridge);
}

static void
open_target(uv_loop_t *loop, unsigned i)
{
	struct clasp_osctarget_config config = {
		.host = where[i].host, .port = where[i].port,
		.tcp = tcp, .slip = slip, .wait = options.wait,
		.open = on_open, .lost = on_lost, .failed = on_failed,
		.closed = on_closed, .user = &names[i]
	};
	int r;

	r = clasp_osctarget_new(loop, &config, &targets[i]);
	if (r < 0)
		cli_die(CLI_UNREACHABLE, names[i], "%s",
		    clasp_dial_unresolved(r));
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_TO:
		if (ntargets == OSC_TARGETS_MAX)
			cli_usage("--to: more than %d targets",
			    OSC_TARGETS_MAX);
		take_target(&where[ntargets]);
		names[ntargets++] = cli_arg();
		break;
	case OPT_TCP:
		tcp = true;
		break;
	case OPT_SLIP:
		tcp = slip = true;
		break;
	default:
		sending_option(id);
		break;
	}
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "osc",
		.options = &options,
		.sink = true,
		.line = send_line,
		.ended = input_ended,
		.finish = finish
	};
	unsigned i;
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	cli_check_count(0, 0, NULL);
	if (ntargets == 0)
		cli_usage("no target: --to HOST:PORT");
	bridging.base = osc_namespace(&options);
	bridging.device = names[0];

	bridge = clasp_bridge_new(&bridging);
	sending_start(bridging.base, clasp_bridge_counts(bridge));
	for (i = 0; i < ntargets; i++)
		open_target(clasp_bridge_loop(bridge), i);
	if (!tcp || options.wait)
		clasp_bridge_device_open(bridge, false);
	clasp_bridge_run(bridge);
	clasp_buf_clear(&sending.packet);
	cli_end();
}
