/*
 * oscsides.h - what the two OSC programs share: their targets, the options
 * of what is sent, and how a namespace is announced.
 */
#ifndef CLASP_CMD_OSCSIDES_H
#define CLASP_CMD_OSCSIDES_H

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/pump.h"
#include "dev/osctarget.h"
#include "proto/osc.h"
#include "tool/cli.h"
#include "tool/tally.h"
#include "wire/address.h"

#define OSC_TARGETS_MAX	64
#define OSC_DATAGRAM	1472		/* one Ethernet frame's worth */

enum {
	OPT_PREFIX = CLI_OWN, OPT_TO, OPT_TCP, OPT_WIDE, OPT_BOOL_INT,
	OPT_AS_FLOAT, OPT_ARRAYS, OPT_MAX_SIZE, OPT_OWN
};

/* What is sent, and how. */
static const struct cli_option osc_send_options[] = {
	{ OPT_WIDE, 0, "wide", NULL, "send 64-bit numbers (h and d) always",
	    0, 0, NULL },
	{ OPT_BOOL_INT, 0, "bool-int", NULL, "send booleans as ints 1 and 0",
	    0, 0, NULL },
	{ OPT_AS_FLOAT, 0, "as-float", NULL, "send ints as floats", 0, 0,
	    NULL },
	{ OPT_ARRAYS, 0, "osc-arrays", NULL, "keep arrays within arrays, as "
	    "[ and ]", 0, 0, NULL },
	{ OPT_MAX_SIZE, 0, "max-size", "BYTES", "the largest datagram; "
	    "default 1472, at most 65507", CLI_ARG, 0, NULL },
	{ 0 }
};

enum { OUT_UNSENT = CLASP_OSC_NDROPS, OUT_SIZE, OUT_TALLIES };

static struct {
	struct clasp_osc_out codec;
	struct clasp_buf packet;
	size_t		 max_size;
	unsigned long	 unsent, too_large;
	struct cli_tally tallies[OUT_TALLIES];
} sending = { .max_size = OSC_DATAGRAM };

static const char *prefix = "/osc";

/* "HOST:PORT", "[::1]:PORT" or ":PORT", cut in two. */
struct host_port {
	char		 text[300];
	const char	*host;		/* "" when there is none */
	const char	*port;		/* digits */
};

static bool
cut_host_port(const char *arg, struct host_port *out)
{
	char *colon;
	size_t n = strlen(arg);

	if (n >= sizeof out->text)
		return false;
	memcpy(out->text, arg, n + 1);
	colon = strrchr(out->text, ':');
	if (colon == NULL || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	*colon = '\0';
	out->port = colon + 1;
	out->host = out->text;
	n = (size_t)(colon - out->text);
	if (n > 1 && out->text[0] == '[' && out->text[n - 1] == ']') {
		out->text[n - 1] = '\0';
		out->host++;
	} else if (strchr(out->text, ':') != NULL)
		return false;
	return true;
}

/* The argument of --to; a target without a host is on this machine. */
static void
take_target(struct host_port *out)
{
	if (!cut_host_port(cli_arg(), out))
		cli_arg_bad("'%s' is not HOST:PORT", cli_arg());
	if (out->host[0] == '\0')
		out->host = "127.0.0.1";
}

/* An option of osc_send_options, or --prefix; true when it was one. */
static bool
sending_option(int id)
{
	switch (id) {
	case OPT_PREFIX:
		prefix = cli_arg();
		return true;
	case OPT_WIDE:
		sending.codec.wide = true;
		return true;
	case OPT_BOOL_INT:
		sending.codec.bool_int = true;
		return true;
	case OPT_AS_FLOAT:
		sending.codec.as_float = true;
		return true;
	case OPT_ARRAYS:
		sending.codec.arrays = true;
		return true;
	case OPT_MAX_SIZE:
		sending.max_size = (size_t)cli_arg_number(16,
		    CLASP_OSC_DATAGRAM_MAX);
		return true;
	}
	return false;
}

/* The namespace without a slash at its end; "/" is none at all. */
static struct clasp_str
check_prefix(void)
{
	struct clasp_str s = clasp_str_c(prefix);
	const char *why;

	if (s.len > 0 && s.p[s.len - 1] == '/')
		s.len--;
	if (s.len > 0 && clasp_address_check(s, &why) < 0)
		cli_usage("--prefix: %s: namespace %s", prefix, why);
	return s;
}

static void
sending_start(struct clasp_str base)
{
	int i;

	sending.codec.prefix = base;
	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		sending.tallies[i].reason = clasp_osc_drop_text(i);
	sending.tallies[OUT_UNSENT].reason = "not taken by the target";
	sending.tallies[OUT_SIZE].reason = "packet above --max-size";
}

/* The message's packet; its length, or 0 when there is none to send. */
static size_t
sending_packet(const struct clasp_msg *msg, bool limited)
{
	size_t len;

	clasp_buf_reset(&sending.packet);
	len = clasp_osc_encode(&sending.codec, msg, &sending.packet);
	if (limited && len > sending.max_size) {
		sending.too_large++;
		return 0;
	}
	return len;
}

/* Tell people of what was dropped since. */
static void
sending_tell(void)
{
	int i;

	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		cli_tally(&sending.tallies[i], "out", sending.codec.drops[i]);
	cli_tally(&sending.tallies[OUT_UNSENT], "out", sending.unsent);
	cli_tally(&sending.tallies[OUT_SIZE], "out", sending.too_large);
}

static void
sending_report(void)
{
	cli_tally_report(sending.tallies, OUT_TALLIES, "out");
}

/* Say to the relay what this bridge is. */
static void
announce(struct clasp_pump *pump, struct clasp_str base, const char *device,
    bool both)
{
	const struct clasp_entry meta[] = {
		{ CLASP_STR("bidirectional"), clasp_bool(both) },
		{ CLASP_STR("bridge"), clasp_bool(true) },
		{ CLASP_STR("device"), clasp_string(clasp_str_c(device)) },
		{ CLASP_STR("protocol"), clasp_string(CLASP_STR("osc")) }
	};
	char pattern[CLASP_ADDRESS_MAX + 4];
	int n = snprintf(pattern, sizeof pattern, "%.*s/" "**",
	    CLASP_STR_ARG(base));
	struct clasp_signal signal = {
		.address = clasp_str_of(pattern, (size_t)n),
		.kind = CLASP_PARAM,
		.has_meta = true,
		.has_default = true,
		.def = clasp_map(meta, 4)
	};
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	msg.announce.namespace_ = base.len > 0 ? base : CLASP_STR("/");
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	if (clasp_pump_client(pump))
		clasp_client_send(clasp_pump_client(pump), &msg, NULL, NULL,
		    NULL);
}

#endif
