/*
 * clasp-osc2clasp.c - OSC in, lines out; with --both also the other way.
 *
 * Packets come from dev/oscport, proto/osc makes lines of them, and what
 * becomes of those is the pump's.
 */
#include "mapping.h"
#include "oscsides.h"

#include "dev/oscport.h"
#include "proto/latest.h"
#include "tool/lineio.h"

#define LATE_US		5000
#define SOURCE_US	30000000	/* a source is answered for so long */
#define SOURCES_MAX	64
#define LIST_MAX	64

enum {
	OPT_PORT = OPT_OWN, OPT_EVENT, OPT_JOIN, OPT_MAX_AHEAD, OPT_BOTH,
	OPT_MAX_RATE, OPT_TTL, OPT_PORT_FILE
};

static const struct cli_option own_options[] = {
	{ OPT_PORT, 'p', "port", "PORT", "[HOST:]PORT to listen on; default "
	    "8000 on every address; 0: one that is free", CLI_ARG, 0, NULL },
	{ OPT_TCP, 0, "tcp", NULL, "TCP instead of UDP", 0, 0, NULL },
	{ OPT_PREFIX, 0, "prefix", "NAMESPACE", "what is put in front of "
	    "addresses; default /osc", CLI_ARG, 0, NULL },
	{ OPT_EVENT, 0, "event", "PATTERN", "addresses that become events, "
	    "not params; may be given several times", CLI_ARG, 0, NULL },
	{ OPT_JOIN, 0, "join", "GROUP", "a multicast group to join; may be "
	    "given several times", CLI_ARG, 0, NULL },
	{ OPT_PORT_FILE, 0, "port-file", "FILE", "write the port's number "
	    "there once it is open", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ OPT_MAX_AHEAD, 0, "max-ahead", "D", "with -u: drop bundles for "
	    "later than this; default 1h", CLI_ARG, 0, NULL },
	{ OPT_MAX_RATE, 0, "max-rate", "HZ", "with -u: at most so many "
	    "values a second for an address; 0: all; default 60", CLI_ARG, 0,
	    NULL },
	{ OPT_TTL, 0, "ttl", "D", "with -u: values expire after whole "
	    "seconds; default: never", CLI_ARG, 0, NULL },
	{ OPT_BOTH, 0, "both", NULL, "with -u, UDP: also send what the relay "
	    "has under the namespace", 0, 0, NULL },
	{ OPT_TO, 0, "to", "HOST:PORT", "with --both: where to send; default: "
	    "to whoever sent in the last 30 s", CLI_ARG, 0, NULL },
	{ 0 }
};

static const struct cli_option *const tables[] = {
	own_options, osc_send_options, cli_map_options, cli_link_options,
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

enum { IN_LATE = CLASP_OSC_NDROPS, IN_AHEAD, IN_BROKEN, IN_TALLIES };

/* Who sent lately: with --both they are answered. */
static struct source {
	struct sockaddr_storage addr;
	uint64_t	 seen_us;
} sources[SOURCES_MAX];

static struct clasp_pump *pump;
static struct clasp_oscport *port;
static struct mapping mapping;
static struct clasp_osc_in codec;
static struct clasp_latest *latest;	/* with -u */
static struct clasp_arena arena;
static struct cli_tally tallies[IN_TALLIES];
static unsigned long late, ahead, broken;
static uv_signal_t usr1;
static struct clasp_str base, events[LIST_MAX];
static const char *groups[LIST_MAX];
static struct host_port here, to[OSC_TARGETS_MAX];
static struct clasp_oscport_config listening = { .port = 8000 };
static struct sockaddr_storage targets[OSC_TARGETS_MAX];
static unsigned ntargets;
static const char *port_file;
static char subject[64];
static uv_interface_address_t *own_addresses;
static int nown;
static bool both;
static uint64_t max_ahead_us = UINT64_C(3600) * 1000000;
static double max_rate = 60;
static uint32_t ttl;			/* 0: never */

/* -------------------------------------------------------------------- in */

static void
emit(const struct clasp_line *line, void *user)
{
	(void)user;
	if (latest)
		clasp_latest_keep(latest, line);
	clasp_pump_emit(pump, line);
}

/*
 * A bundle's time is the sender's clock, which is taken for ours; a relay
 * has its own.  Without a relay the time stays as it stands.
 */
static void
on_osc_line(const struct clasp_line *line, void *user)
{
	struct clasp_line timed = *line;
	uint64_t now;

	(void)user;
	if (!line->has_at || !clasp_pump_client(pump)) {
		mapping_line(&mapping, line);
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
	} else
		timed.at_us += (uint64_t)clasp_client_offset_us(
		    clasp_pump_client(pump));
	mapping_line(&mapping, &timed);
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
tell(void)
{
	int i;

	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		cli_tally(&tallies[i], subject, codec.drops[i]);
	cli_tally(&tallies[IN_LATE], subject, late);
	cli_tally(&tallies[IN_AHEAD], subject, ahead);
	cli_tally(&tallies[IN_BROKEN], subject, broken);
}

static void
on_packet(const uint8_t *p, size_t len, const struct sockaddr *from,
    void *user)
{
	(void)user;
	if (both && from != NULL) {
		if (is_own(from))
			return;
		keep_source(from);
	}
	clasp_osc_decode(&codec, p, len, &arena, on_osc_line, NULL);
	clasp_arena_reset(&arena);
	tell();
	if (port && clasp_pump_full(pump))
		clasp_oscport_read(port, false);
}

static void
on_broken(const char *why, void *user)
{
	(void)user;
	tallies[IN_BROKEN].reason = why;
	broken++;
	tell();
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
on_line(struct clasp_pump *p, const struct clasp_line *line, bool snapshot,
    void *user)
{
	uint32_t i;

	(void)p, (void)snapshot, (void)user;
	if (line->kind != CLASP_LINE_DATA)
		return;
	for (i = 0; i < line->count; i++)
		send_item(&line->items[i]);
	sending_tell();
}

/* ----------------------------------------------------- the pump's events */

static void
leave(struct clasp_pump *p, void *user)
{
	(void)user;
	mapping_finish(&mapping);
	clasp_oscport_close(port);
	port = NULL;
	clasp_pump_stop(p);
}

static void
send_again(const struct clasp_line *line, void *user)
{
	clasp_pump_emit(user, line);
}

static void
again(struct clasp_pump *p, void *user)
{
	(void)user;
	announce(p, base, subject, both);
	clasp_latest_each(latest, send_again, p);
}

static void
drained(struct clasp_pump *p, void *user)
{
	(void)p, (void)user;
	if (port)
		clasp_oscport_read(port, true);
}

static void
report(void)
{
	cli_tally_report(tallies, IN_TALLIES, subject);
	sending_report();
	mapping_report(&mapping);
}

static void
on_usr1(uv_signal_t *handle, int number)
{
	(void)handle, (void)number;
	report();
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

/* The file appears whole: it is written beside, then moved. */
static void
write_port_file(void)
{
	char *beside;
	FILE *f;

	if (!port_file)
		return;
	if (asprintf(&beside, "%s.new", port_file) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	f = fopen(beside, "w");
	if (f == NULL || fprintf(f, "%u\n", clasp_oscport_number(port)) < 0 ||
	    fclose(f) != 0 || rename(beside, port_file) != 0)
		cli_die(CLI_UNREACHABLE, port_file, "%s",
		    cli_strerror(errno));
	free(beside);
}

static void
open_port(uv_loop_t *loop)
{
	char why[CLASP_OSCPORT_WHY];

	listening.groups = groups;
	listening.packet = on_packet;
	listening.broken = on_broken;
	snprintf(subject, sizeof subject, "%s port %u",
	    listening.tcp ? "tcp" : "udp", listening.port);
	if (clasp_oscport_new(loop, &listening, &port, why) < 0)
		cli_die(CLI_UNREACHABLE, subject, "%s", why);
	snprintf(subject, sizeof subject, "%s port %u",
	    listening.tcp ? "tcp" : "udp", clasp_oscport_number(port));
	cli_verbose(subject, "listening");
	write_port_file();
}

static void
start(uv_loop_t *loop)
{
	static char pattern[CLASP_ADDRESS_MAX + 4];
	static const char *const patterns[] = { pattern, NULL };
	const struct clasp_pump_config pumping = {
		.source = true,
		.sink = both,
		.relay = cli.url_given,
		.patterns = patterns,
		.line = on_line,
		.end = leave,
		.finish = leave,
		.again = again,
		.drained = drained,
		.ttl = ttl,
		.max_rate = max_rate
	};
	int i;

	snprintf(pattern, sizeof pattern, "%.*s/" "**", CLASP_STR_ARG(base));
	clasp_arena_init(&arena, NULL, 0, 16 << 20);
	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		tallies[i].reason = clasp_osc_drop_text(i);
	tallies[IN_LATE].reason = "time of a bundle that came late";
	tallies[IN_AHEAD].reason = "bundle for later than --max-ahead";
	tallies[IN_BROKEN].reason = "TCP stream that is no OSC";
	sending_start(base);
	mapping_start(&mapping, loop, emit, NULL);
	uv_signal_init(loop, &usr1);
	uv_signal_start(&usr1, on_usr1, SIGUSR1);
	if (both && uv_interface_addresses(&own_addresses, &nown) < 0)
		nown = 0;
	resolve_targets(loop);
	open_port(loop);
	pump = clasp_pump_new(loop, &pumping);
	announce(pump, base, subject, both);
	clasp_pump_ready(pump);
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
take_ttl(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us == 0 || us % 1000000 != 0 || us / 1000000 > INT32_MAX)
		cli_arg_bad("must be whole seconds");
	ttl = (uint32_t)(us / 1000000);
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
	case OPT_MAX_RATE:
		max_rate = cli_arg_rate();
		break;
	case OPT_TTL:
		take_ttl();
		break;
	case OPT_BOTH:
		both = true;
		break;
	case OPT_TO:
		take_target(&to[one_more(&ntargets)]);
		break;
	default:
		if (!sending_option(id))
			mapping_option(&mapping, id);
		break;
	}
}

static void
check_options(void)
{
	cli_check_count(0, 0, NULL);
	cli_out_check();
	if (both && !cli.url_given)
		cli_usage("--both needs a relay: -u");
	if (both && listening.tcp)
		cli_usage("--both is for UDP");
	if (ntargets > 0 && !both)
		cli_usage("--to belongs to --both");
	if (listening.tcp && listening.ngroups > 0)
		cli_usage("--join is for UDP");
	base = check_prefix();
	codec.prefix = base;
	codec.events = events;
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
	if (cli.url_given && (latest = clasp_latest_new()) == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");

	uv_loop_init(&loop);
	start(&loop);
	clasp_pump_run(pump);
	clasp_oscport_close(port);
	if (cli.verbose)
		report();
	mapping_close(&mapping);
	uv_close((uv_handle_t *)&usr1, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	if (own_addresses)
		uv_free_interface_addresses(own_addresses, nown);
	clasp_latest_free(latest);
	clasp_arena_clear(&arena);
	clasp_buf_clear(&sending.packet);
	cli_end();
}
