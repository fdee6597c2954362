/*
 * midisides.h - what the two programs of MIDI share: their options, and which
 * port is meant.
 */
#ifndef CMD_MIDISIDES_H
#define CMD_MIDISIDES_H

#include <stdlib.h>
#include <string.h>

#include "bridge/options.h"
#include "dev/port.h"
#include "dev/sndports.h"
#include "proto/midi.h"
#include "proto/midimap.h"
#include "tool/cli.h"
#include "wire/address.h"

#define BAUD		31250
#define PORTS_MAX	64

enum {
	OPT_DEVICE = CLI_OWN, OPT_AS, OPT_PROFILE, OPT_CLOCK, OPT_SYSEX,
	OPT_MTC, OPT_CC14, OPT_NRPN, OPT_RPN, OPT_RUNNING_STATUS
};

static const char *device_name, *as;
static struct clasp_midimap_config translation;
static bool running_status;

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
find_port(struct clasp_port_config *device, const char *name)
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
		device->line.path = ports[i].path;
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

/* What -d said; returns the port's name for people. */
static const char *
choose_port(struct clasp_port_config *device, const char *name,
    const char *standard)
{
	device->raw = true;
	if (!name)
		find_port(device, NULL);
	else if (strcmp(name, "-") == 0)
		device->line.path = "-";
	else if (strncmp(name, "raw:", 4) == 0)
		device->line.path = name + 4;
	else if (strncmp(name, "serial:", 7) == 0)
		serial_port(device, name + 7);
	else if (strchr(name, '/'))
		device->line.path = name;
	else
		find_port(device, name);
	return strcmp(device->line.path, "-") == 0 ? standard :
	    device->line.path;
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
make_base(const struct clasp_bridge_options *options)
{
	static char base[CLASP_ADDRESS_MAX + 1];
	struct clasp_str prefix = clasp_bridge_namespace(options, "/midi",
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
		cli_usage("--prefix: no namespace: %s", options->prefix);
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
	case OPT_RUNNING_STATUS:
		running_status = true;
		break;
	case OPT_RPN:
		translation.rpn = true;
		translation.rpn7 = seven_bit();
		break;
	}
}

#endif
