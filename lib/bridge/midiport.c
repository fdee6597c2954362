/* midiport.c - which MIDI port people mean. */

#include "bridge/midiport.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dev/pmport.h"
#include "dev/sndports.h"
#include "tool/cli.h"

#define BAUD		31250
#define PORTS_MAX	64

static void
list_named(const char *name, bool in, bool out, void *user)
{
	fprintf(user, "%s\t%s\n", name, in && out ? "in, out" :
	    in ? "in" : "out");
}

void
clasp_midiport_list(FILE *out)
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
	if (arg[0] == '\0' || arg[0] == '@')
		cli_usage("serial: needs a path behind it");
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
	clasp_midiport_list(stderr);
	exit(CLI_UNREACHABLE);
}

/* A port by a part of its name; NULL: any. */
static void
name_port(struct clasp_midiport *port, const char *name, bool wait)
{
	char why[CLASP_PMPORT_WHY];

	if (!clasp_pmport_works(why) && !wait) {
		find_raw(&port->device, name, why);
		port->subject = port->device.line.path;
		return;
	}
	port->named = true;
	port->name = name;
	port->subject = name ? name : "MIDI";
}

/* A device by its path; a file is overwritten only where that was said. */
static const char *
device_path(const char *path, bool input)
{
	struct stat st;

	if (!input && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		cli_die(CLI_USAGE, path, "is a file and no device; to "
		    "overwrite it: raw:%s", path);
	return path;
}

void
clasp_midiport_choose(struct clasp_midiport *port, const char *text,
    bool input, bool wait)
{
	struct clasp_port_config *device = &port->device;

	device->raw = true;
	if (!text)
		name_port(port, NULL, wait);
	else if (strcmp(text, "-") == 0)
		device->line.path = "-";
	else if (strcmp(text, "raw:") == 0)
		cli_usage("raw: needs a path behind it");
	else if (strncmp(text, "raw:", 4) == 0)
		device->line.path = text + 4;
	else if (strncmp(text, "serial:", 7) == 0)
		serial_port(device, text + 7);
	else if (strchr(text, '/'))
		device->line.path = device_path(text, input);
	else
		name_port(port, text, wait);
	if (!port->subject)
		port->subject = strcmp(device->line.path, "-") != 0 ?
		    device->line.path : input ? "stdin" : "stdout";
}
