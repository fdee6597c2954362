/*
 * oscsides.h - what the two OSC programs share: their targets, and the
 * options of what is sent.
 */
#ifndef CLASP_CMD_OSCSIDES_H
#define CLASP_CMD_OSCSIDES_H

#include <stdlib.h>
#include <string.h>

#include "bridge/counts.h"
#include "bridge/options.h"
#include "dev/osctarget.h"
#include "proto/osc.h"
#include "tool/cli.h"
#include "wire/address.h"

#define OSC_TARGETS_MAX	64
#define OSC_DATAGRAM	1472		/* one Ethernet frame's worth */

enum {
	OPT_TO = CLI_OWN, OPT_TCP, OPT_WIDE, OPT_BOOL_INT,
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

static struct {
	struct clasp_osc_out codec;
	struct clasp_buf packet;
	size_t		 max_size;
	unsigned long	 unsent, too_large;
} sending = { .max_size = OSC_DATAGRAM };

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
	long port;
	size_t n = strlen(arg);

	if (n >= sizeof out->text)
		return false;
	memcpy(out->text, arg, n + 1);
	colon = strrchr(out->text, ':');
	if (colon == NULL || cli_number(colon + 1, &port) < 0 || port < 0 ||
	    port > 65535)
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

/* An option of osc_send_options; true when it was one. */
static bool
sending_option(int id)
{
	switch (id) {
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

/* The namespace; "/" is none at all. */
static struct clasp_str
osc_namespace(const struct clasp_bridge_options *options)
{
	return clasp_bridge_namespace(options, "/osc", CLASP_ADDRESS_MAX,
	    true);
}

static void
sending_start(struct clasp_str base, struct clasp_counts *counts)
{
	int i;

	sending.codec.prefix = base;
	for (i = 0; i < CLASP_OSC_NDROPS; i++)
		clasp_counts_add(counts, "out", clasp_osc_drop_text(i),
		    &sending.codec.drops[i]);
	clasp_counts_add(counts, "out", "not taken by the target",
	    &sending.unsent);
	clasp_counts_add(counts, "out", "packet above --max-size",
	    &sending.too_large);
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

#endif
