/*
 * portmidi_standin.c - portmidi without a sequencer, for LD_PRELOAD.
 *
 * The ports are the FIFOs in the folder $PORTMIDI_PORTS as they stand when
 * Pm_Initialize is called: NAME.in is read from, NAME.out is a file written
 * to, both hold 32-bit words as portmidi packs them (what is written, as
 * bytes).  A FIFO that is removed gives an error at the next read or write,
 * but not where the folder has a file "silent": ALSA's sequencer gives none.
 * While there is a file "stuck", a call that writes does not return.
 * Only one process's worth of calls is made, all from one thread at a time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <portmidi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS	16

static struct port {
	char	 name[256], path[600];
	PmDeviceInfo info;
	int	 fd;
} ports[PORTS];
static int nports, started;

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct port *)a)->path,
	    ((const struct port *)b)->path);
}

PmError
Pm_Initialize(void)
{
	const char *folder = getenv("PORTMIDI_PORTS");
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char *dot;

	if (started++)
		return pmNoError;
	nports = 0;
	while (dir && (entry = readdir(dir)) && nports < PORTS) {
		struct port *p = &ports[nports];

		dot = strrchr(entry->d_name, '.');
		if (!dot || (strcmp(dot, ".in") != 0 &&
		    strcmp(dot, ".out") != 0))
			continue;
		memset(p, 0, sizeof *p);
		snprintf(p->path, sizeof p->path, "%s/%s", folder,
		    entry->d_name);
		snprintf(p->name, sizeof p->name, "%.*s",
		    (int)(dot - entry->d_name), entry->d_name);
		p->info.input = strcmp(dot, ".in") == 0;
		p->info.output = !p->info.input;
		p->fd = -1;
		nports++;
	}
	if (dir)
		closedir(dir);
	qsort(ports, (size_t)nports, sizeof ports[0], by_name);
	return pmNoError;
}

PmError
Pm_Terminate(void)
{
	int i;

	for (i = 0; i < nports; i++)
		if (ports[i].fd >= 0)
			close(ports[i].fd);
	nports = started = 0;
	return pmNoError;
}

int
Pm_CountDevices(void)
{
	return nports;
}

const PmDeviceInfo *
Pm_GetDeviceInfo(PmDeviceID id)
{
	ports[id].info.name = ports[id].name;
	return &ports[id].info;
}

static int
has(const char *name)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", getenv("PORTMIDI_PORTS"), name);
	return access(path, F_OK) == 0;
}

static int
has_gone(const struct port *p)
{
	return access(p->path, F_OK) != 0 && !has("silent");
}

static PmError
open_port(PortMidiStream **stream, int id, int flags)
{
	ports[id].fd = open(ports[id].path, flags);
	*stream = &ports[id];
	return ports[id].fd < 0 ? pmHostError : pmNoError;
}

PmError
Pm_OpenInput(PortMidiStream **stream, PmDeviceID id, void *info, int32_t size,
    PmTimeProcPtr proc, void *user)
{
	(void)info, (void)size, (void)proc, (void)user;
	return open_port(stream, id, O_RDWR | O_NONBLOCK);
}

PmError
Pm_OpenOutput(PortMidiStream **stream, PmDeviceID id, void *info,
    int32_t size, PmTimeProcPtr proc, void *user, int32_t latency)
{
	(void)info, (void)size, (void)proc, (void)user, (void)latency;
	return open_port(stream, id, O_WRONLY | O_APPEND);
}

PmError
Pm_SetFilter(PortMidiStream *stream, int32_t filters)
{
	(void)stream, (void)filters;
	return pmNoError;
}

PmError
Pm_Close(PortMidiStream *stream)
{
	struct port *p = stream;

	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	return pmNoError;
}

int
Pm_Read(PortMidiStream *stream, PmEvent *events, int32_t max)
{
	struct port *p = stream;
	int n = 0;

	if (has_gone(p))
		return pmHostError;
	while (n < max && read(p->fd, &events[n].message, 4) == 4)
		n++;
	return n;
}

static PmError
put(struct port *p, const void *bytes, size_t n)
{
	while (has("stuck"))
		usleep(10000);
	if (has_gone(p))
		return pmHostError;
	return write(p->fd, bytes, n) == (ssize_t)n ? pmNoError : pmHostError;
}

PmError
Pm_WriteShort(PortMidiStream *stream, PmTimestamp when, PmMessage msg)
{
	unsigned char status = (unsigned char)msg;
	size_t n = status >= 0xf4 ? 1 : (status & 0xe0) == 0xc0 ||
	    status == 0xf1 || status == 0xf3 ? 2 : 3;

	(void)when;
	return put(stream, &msg, n);
}

PmError
Pm_WriteSysEx(PortMidiStream *stream, PmTimestamp when, unsigned char *msg)
{
	size_t n = 1;

	(void)when;
	while (msg[n - 1] != 0xf7)
		n++;
	return put(stream, msg, n);
}

const char *
Pm_GetErrorText(PmError error)
{
	return error == pmHostError ? "host error" : "some error";
}

void
Pm_GetHostErrorText(char *text, unsigned int size)
{
	snprintf(text, size, "no such device");
}
