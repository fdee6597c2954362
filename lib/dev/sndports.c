/* sndports.c - the raw MIDI devices of this machine. */

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "dev/sndports.h"

/* ALSA tells a device's name in the first line of a file in /proc. */
static void
read_name(struct clasp_sndport *port)
{
	const char *base = strrchr(port->path, '/') + 1;
	char file[64], line[sizeof port->name];
	unsigned card, device;
	FILE *f;

	snprintf(port->name, sizeof port->name, "%s", base);
	if (sscanf(base, "midiC%2uD%2u", &card, &device) != 2)
		return;
	snprintf(file, sizeof file, "/proc/asound/card%u/midi%u", card,
	    device);
	f = fopen(file, "re");
	if (!f)
		return;
	if (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			memcpy(port->name, line, sizeof line);
	}
	fclose(f);
}

size_t
clasp_sndports(struct clasp_sndport *out, size_t max)
{
	glob_t found;
	size_t i, n;

	if (glob("/dev/snd/midiC*D*", 0, NULL, &found) != 0)
		return 0;
	n = found.gl_pathc;
	for (i = 0; i < n && i < max; i++) {
		memset(&out[i], 0, sizeof out[i]);
		snprintf(out[i].path, sizeof out[i].path, "%s",
		    found.gl_pathv[i]);
		read_name(&out[i]);
	}
	globfree(&found);
	return n;
}
