/*
 * clasp-osc2clasp.c - OSC in, lines out; with --both also the other way.
 *
 * Packets come from dev/oscport, proto/osc makes lines of them, and what
 * becomes of those is the bridge's.
 */
#include "oscsides.h"

#include "base/clock.h"
#include "bridge/bridge.h"
#include "bridge/network.h"
#include "dev/oscport.h"
#include "tool/lineio.h"
#include "tool/portfile.h"

#define LATE_US		5000
#define SOURCE_US	30000000	/* a source is answered for so long */
#define SOURCES_MAX	64
#define LIST_MAX	64

enum {
	OPT_PORT = OPT_OWN, OPT_EVENT, OPT_JOIN, OPT_MAX_AHEAD,
	OPT_PORT_FILE
};

static const struct cli_option own_options[] = {
	{ OPT_PORT, 'p', "port", "PORT", "[HOST:]PORT to listen on; default "
	    "8000 on every address; 0: one that is free", CLI_ARG, 0, NULL },
	{ OPT_TCP, 0, "tcp", NULL, "TCP instead of UDP", 0, 0, NULL },
	CLI_BRIDGE_URL,
	{ CLI_PREFIX, 0, "prefix", "NAMESPACE", "what is put in front of "
	    "addresses; default /osc", CLI_ARG, 0, NULL },
	{ OPT_EVENT, 0, "event", "PATTERN", "addresses that become events, "
	    "not params; may be given several times", CLI_ARG, 0, NULL },
	{ OPT_JOIN, 0, "join", "GROUP", "a multicast group to join; may be "
	    "given several times", CLI_ARG, 0, NULL },
	{ OPT_PORT_FILE, 0, "port-file", "FILE", "write the port's number "
	    "there once it is open", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OPT_MAX_AHEAD, 0, "max-ahead", "D", "with -u: drop bundles for "
	    "later than this; default 1h", CLI_ARG, 0, NULL },
	{ CLI_BOTH, 0, "both", NULL, "with -u, UDP: also send what the relay "
	    "has under the namespace", 0, 0, NULL },
	{ OPT_TO, 0, "to", "HOST:PORT", "with --both: where to send; default: "
	    "to whoever sent in the last 30 s", CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, osc_send_options, cli_bridge_in_options,
	cli_bridge_out_options, cli_map_options, cli_link_options,
	cli_output_options, cli_stop_options, cli_run_options,
	cli_basic_options, NULL
};

static const char *const examples[] = {
	"what a phone with an OSC app sends, as lines",
	"clasp-osc2clasp -p 9000",
	"the same into a relay, cues as events",
	"clasp-osc2clasp -p 9000 -u ws://127.0.0.1:7330/clasp "
	    "--event '/osc/cue/**'",
	"a fader of the app moves a dimmer, without any relay",
	"clasp-osc2clasp -p 9000 --map '/osc/fader1 /dmx/1/1 "
	    "scale:0,1,0,255 int' | clasp-dmx-out -d /dev/ttyUSB0",
	NULL
};

static const struct cli_tool tool = {
	.name = "clasp-osc2clasp",
	.operands = "",
	.summary = "OSC messages as CLASP lines",
	.tables = tables,
	.examples = examples,
	.relay_optional = true
};

/* Who sent lately: with --both they are answered. */
static struct source {
	struct sockaddr_storage addr;
	uint64_t	 seen_us;
} sources[SOURCES_MAX];

static struct clasp_bridge *bridge;
static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
static struct clasp_oscport *port;
static struct clasp_osc_in codec;
static struct clasp_arena arena;
static struct clasp_count *broken_count;
static unsigned long late, ahead, broken;
static struct clasp_str base, events[LIST_MAX];
static const char *groups[LIST_MAX];
static struct host_port here, to[OSC_TARGETS_MAX];
static struct clasp_oscport_config listening = { .port = 8000 };
static struct sockaddr_storage targets[OSC_TARGETS_MAX];
static unsigned ntargets;
static const char *port_file;	/* NULL: none */
static char subject[64];
static uv_interface_address_t *own_addresses;
static int nown;
static uint64_t max_ahead_us = UINT64_C(3600) * 1000000;

/* -------------------------------------------------------------------- in */

/*
 * A bundle's time is the sender's clock, which is taken for ours; the pump
 * turns ours into the relay's.  Without a relay the time stays as it stands.
 */
static void
on_osc_line(const struct clasp_line *line, void *user)
{
	struct clasp_line timed = *line;
	uint64_t now;

	(void)user;
	if (!line->has_at || !clasp_bridge_client(bridge)) {
		clasp_bridge_emit(bridge, line);
		return;
	}
	now = clasp_clock_unix_us();
	if (line->at_us > now && line->at_us - now > max_ahead_us) {
		ahead++;
		return;
	}
	if (line->at_us + LATE_US < now) {
		timed.has_at = false;
		late++;
	}
	clasp_bridge_emit(bridge, &timed);
}

static bool
same_address(const struct sockaddr *a, const struct sockaddr *b, bool ports)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a,
	    *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr &&
		    (!ports || a4->sin_port == b4->sin_port);
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, 16) == 0 &&
	    (!ports || a6->sin6_port == b6->sin6_port);
}

/* Did we send it ourselves? */
static bool
is_own(const struct sockaddr *from)
{
	unsigned number = ntohs(from->sa_family == AF_INET6 ?
	    ((const struct sockaddr_in6 *)(const void *)from)->sin6_port :
	    ((const struct sockaddr_in *)(const void *)from)->sin_port);
	int i;

	if (number != clasp_oscport_number(port))
		return false;
	for (i = 0; i < nown; i++)
		if (same_address(from, (const struct sockaddr *)
		    &own_addresses[i].address, false))
			return true;
	return false;
}

/* Remember a sender, in place of the one not heard of for longest. */
static void
keep_source(const struct sockaddr *from)
{
	struct source *s, *oldest = sources;

	for (s = sources; s < sources + SOURCES_MAX; s++) {
		if (s->seen_us != 0 && same_address(from,
		    (const struct sockaddr *)&s->addr, true)) {
			oldest = s;
			break;
		}
		if (s->seen_us < oldest->seen_us)
			oldest = s;
	}
	memcpy(&oldest->addr, from, from->sa_family == AF_INET6 ?
	    sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	oldest->seen_us = clasp_clock_mono_us();
}

static void
on_packet(const uint8_t *p, size_t len, const struct sockaddr *from,
    void *user)
{
	(void)user;
	if (options.both && from != NULL) {
		if (is_own(from))
			return;
		keep_source(from);
	}
	clasp_osc_decode(&codec, p, len, &arena, on_osc_line, NULL);
	clasp_arena_reset(&arena);
	clasp_bridge_taken(bridge);
}

static void
on_broken(const char *why, void *user)
{
	(void)user;
	broken_count->tally.reason = why;
	broken++;
	clasp_bridge_taken(bridge);
}

/* ------------------------------------------------------------------- out */

static void
send_to(const struct sockaddr_storage *addr, size_t len)
{
	if (!clasp_oscport_send(port, (const struct sockaddr *)addr,
	    sending.packet.data, len))
		sending.unsent++;
}

static void
send_item(const struct clasp_item *item)
{
	uint64_t now = clasp_clock_mono_us();
	size_t len = sending_packet(&item->msg, true);
	unsigned i;

	if (len == 0 || !port)
		return;
	for (i = 0; i < ntargets; i++)
		send_to(&targets[i], len);
	for (i = 0; ntargets == 0 && i < SOURCES_MAX; i++)
		if (sources[i].seen_us != 0 &&
		    now - sources[i].seen_us < SOURCE_US)
			send_to(&sources[i].addr, len);
}

static void
on_line(const struct clasp_line *line, bool snapshot, void *user)
{
	uint32_t i;

	(void)snapshot, (void)user;
	if (line->kind != CLASP_LINE_DATA)
		return;
	for (i = 0; i < line->count; i++)
		send_item(&line->items[i]);
}

/* --------------------------------------------------- the bridge's events */

static void
finish(void *user)
{
	(void)user;
	clasp_oscport_close(port);
	port = NULL;
	clasp_bridge_leave(bridge);
}

static void
flow(bool on, void *user)
{
	(void)user;
	if (port)
		clasp_oscport_read(port, on);
}

/* --------------------------------------------------------------- starting */

static void
resolve_targets(uv_loop_t *loop)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	uv_getaddrinfo_t req;
	unsigned i;
	int r;

	for (i = 0; i < ntargets; i++) {
		r = uv_getaddrinfo(loop, &req, NULL, to[i].host, to[i].port,
		    &hints);
		if (r < 0)
			cli_die(CLI_UNREACHABLE, to[i].host, "%s",
			    uv_strerror(r));
		memcpy(&targets[i], req.addrinfo->ai_addr,
		    req.addrinfo->ai_addrlen);
		uv_freeaddrinfo(req.addrinfo);
	}
}

static void
name_port(unsigned number)
{
	snprintf(subject, sizeof subject, "%s port %u",
	    listening.tcp ? "tcp" : "udp", number);
}

static void
open_port(uv_loop_t *loop)
{
	char why[CLASP_OSCPORT_WHY];

	listening.groups = groups;
	listening.packet = on_packet;
	listening.broken = on_broken;
	name_port(listening.port);
	if (clasp_oscport_new(loop, &listening, &port, why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
	name_port(clasp_oscport_number(port));
	cli_verbose(subject, "listening");
	clasp_network_port_file(port_file, clasp_oscport_number(port));
}

static void
count_drops(struct clasp_counts *counts)
{
	int i;

	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		clasp_counts_add(counts, subject, clasp_osc_drop_text(i),
		    &codec.drops[i]);
	clasp_counts_add(counts, subject, "time of a bundle that came late",
	    &late);
	clasp_counts_add(counts, subject, "bundle for later than --max-ahead",
	    &ahead);
	broken_count = clasp_counts_add(counts, subject,
	    "TCP stream that is no OSC", &broken);
}

/* ---------------------------------------------------------------- options */

static void
take_port(const char *arg)
{
	const char *number = arg;
	long n;

	if (strchr(arg, ':') != NULL) {
		if (!cut_host_port(arg, &here))
			cli_arg_bad("'%s' is not [HOST:]PORT", arg);
		listening.host = here.host[0] != '\0' ? here.host : NULL;
		number = here.port;
	}
	if (cli_number(number, &n) < 0 || n < 0 || n > 65535)
		cli_arg_bad("'%s' is not a port", arg);
	listening.port = (unsigned)n;
}

/* One more for a list that an option fills. */
static unsigned
one_more(unsigned *n)
{
	if (*n == LIST_MAX)
		cli_arg_bad("given more than %d times", LIST_MAX);
	return (*n)++;
}

static void
take_option(int id)
{
	switch (id) {
	case OPT_PORT:
		take_port(cli_arg());
		break;
	case OPT_TCP:
		listening.tcp = true;
		break;
	case OPT_EVENT:
		cli_check_pattern(cli_arg());
		events[one_more(&codec.nevents)] = clasp_str_c(cli_arg());
		break;
	case OPT_JOIN:
		groups[one_more(&listening.ngroups)] = cli_arg();
		break;
	case OPT_PORT_FILE:
		port_file = cli_arg();
		break;
	case OPT_MAX_AHEAD:
		max_ahead_us = cli_arg_duration_us();
		break;
	case OPT_TO:
		take_target(&to[one_more(&ntargets)]);
		break;
	default:
		sending_option(id);
		break;
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	if (options.both && listening.tcp)
		cli_usage("--both is for UDP");
	if (ntargets > 0 && !options.both)
		cli_usage("--to belongs to --both");
	if (listening.tcp && listening.ngroups > 0)
		cli_usage("--join is for UDP");
	base = osc_namespace(&options);
	codec.prefix = base;
	codec.events = events;
}

int
main(int argc, char **argv)
{
	struct clasp_bridge_config bridging = {
		.protocol = "osc",
		.device = subject,
		.options = &options,
		.source = true,
		.remember = true,
		.line = on_line,
		.finish = finish,
		.flow = flow
	};
	int id;

	cli_begin(&tool, argc, argv);
	while ((id = cli_next()) != 0)
		if (!clasp_bridge_option(&options, id))
			take_option(id);
	check_options();
	cli_portfile_begin(port_file);
	bridging.base = base;
	bridging.sink = options.both;

	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	bridge = clasp_bridge_new(&bridging);
	count_drops(clasp_bridge_counts(bridge));
	sending_start(base, clasp_bridge_counts(bridge));
	if (options.both && uv_interface_addresses(&own_addresses, &nown) < 0)
		nown = 0;
	resolve_targets(clasp_bridge_loop(bridge));
	open_port(clasp_bridge_loop(bridge));
	clasp_bridge_device_open(bridge, false);
	clasp_bridge_run(bridge);
	if (own_addresses)
		uv_free_interface_addresses(own_addresses, nown);
	clasp_arena_clear(&arena);
	clasp_buf_clear(&sending.packet);
	cli_end();
}
