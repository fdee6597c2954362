/* options.c - what the options that bridges share came to. */

#include "bridge/options.h"

#include "bridge/network.h"
#include "tool/cli.h"
#include "wire/address.h"
#include "wire/message.h"

void
clasp_bridge_arg_universes(struct clasp_numset *set, unsigned min,
    unsigned max)
{
	if (clasp_numset_parse(set, cli_arg(), min, max) < 0)
		cli_arg_bad("'%s' is no list of universes from %u to %u, as "
		    "%u-%u,%u", cli_arg(), min, max, min, min + 3, min + 6);
}

uint32_t
clasp_bridge_arg_seconds(void)
{
	uint64_t us = cli_arg_duration_us();

	if (us == 0 || us % 1000000 || us / 1000000 >= CLASP_TTL_ABSOLUTE)
		cli_arg_bad("'%s' is not whole seconds", cli_arg());
	return (uint32_t)(us / 1000000);
}

static double
frame_rate(void)
{
	double rate = cli_arg_rate();

	if (rate < 1 || rate > CLASP_DMX_RATE_MAX)
		cli_arg_bad("'%s' is not 1 to %d frames a second", cli_arg(),
		    CLASP_DMX_RATE_MAX);
	return rate;
}

/* One of those that the program's row has. */
static enum clasp_exit_action
exit_action(void)
{
	cli_arg_word();
	if (strcmp(cli_arg(), "release") == 0)
		return CLASP_EXIT_RELEASE;
	return strcmp(cli_arg(), "blackout") == 0 ? CLASP_EXIT_BLACKOUT :
	    CLASP_EXIT_HOLD;
}

/* Those of programs that send frames. */
static bool
frame_option(struct clasp_bridge_options *o, int id)
{
	switch (id) {
	case CLI_SCALE:
		o->scale = (enum clasp_dmx_scale)cli_arg_word();
		return true;
	case CLI_RATE:
		o->rate_hz = frame_rate();
		return true;
	case CLI_ONCE:
		o->once = true;
		return true;
	case CLI_HOLD:
		o->hold = true;
		return true;
	case CLI_SHOW:
		o->show = true;
		o->show_style = cli_arg() ?
		    (enum cli_grid_style)cli_arg_word() : CLI_GRID_HEX;
		return true;
	case CLI_ON_EXIT:
		o->on_exit = exit_action();
		return true;
	}
	return false;
}

bool
clasp_bridge_option(struct clasp_bridge_options *o, int id)
{
	switch (id) {
	case CLI_PREFIX:
		o->prefix = cli_arg();
		return true;
	case CLI_MAX_RATE:
		o->max_rate = cli_arg_rate();
		return true;
	case CLI_TTL:
		o->ttl = clasp_bridge_arg_seconds();
		return true;
	case CLI_NO_SNAPSHOT:
		o->no_snapshot = true;
		return true;
	case CLI_BOTH:
		o->both = true;
		return true;
	case CLI_WAIT:
		o->wait = true;
		return true;
	case CLI_EXIT_ON_LOSS:
		o->exit_on_loss = true;
		return true;
	case CLI_INTERFACE:
		o->interface = cli_arg();
		return true;
	case CLI_RCVBUF:
		o->rcvbuf = clasp_network_arg_bytes(1 << 30);
		return true;
	}
	return frame_option(o, id) || clasp_mapping_option(&o->mapping, id);
}

void
clasp_bridge_options_check(const struct clasp_bridge_options *o, bool source)
{
	if (o->both && !cli.url_given)
		cli_usage("--both needs a relay: -u URL");
	if (o->once && o->hold)
		cli_usage("--once and --hold exclude each other");
	if (o->show && source && cli.count >= 0 && !cli.url_given)
		cli_usage("-n counts lines, and --show is in place of them");
}

struct clasp_str
clasp_bridge_namespace(const struct clasp_bridge_options *o,
    const char *given, size_t max, bool may_be_empty)
{
	const char *text = o->prefix ? o->prefix : given;
	struct clasp_str s = clasp_str_c(text);

	if (s.len > 0 && s.p[s.len - 1] == '/')
		s.len--;
	if (s.len == 0 && may_be_empty)
		return s;
	if (s.len > max || clasp_address_check(s, NULL) < 0)
		cli_usage("--prefix: no namespace: %s", text);
	return s;
}
