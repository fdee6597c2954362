/* pmport_none.c - what pmport.h promises, built without portmidi. */
#include "dev/pmport.h"

#include <stdio.h>

#include "base/error.h"

bool
clasp_pmport_works(char why[CLASP_PMPORT_WHY])
{
	snprintf(why, CLASP_PMPORT_WHY, "no MIDI ports (built without "
	    "portmidi)");
	return false;
}

void
clasp_pmport_list(void (*fn)(const char *name, bool in, bool out,
    void *user), void *user)
{
	(void)fn, (void)user;
}

int
clasp_pmport_new(uv_loop_t *loop, const struct clasp_pmport_config *config,
    const struct clasp_pmport_events *events, void *user,
    struct clasp_pmport **out, char why[CLASP_PMPORT_WHY])
{
	(void)loop, (void)config, (void)events, (void)user, (void)out;
	clasp_pmport_works(why);
	return CLASP_EIO;
}

void
clasp_pmport_close(struct clasp_pmport *port)
{
	(void)port;
}

void
clasp_pmport_read(struct clasp_pmport *port, bool on)
{
	(void)port, (void)on;
}

bool
clasp_pmport_send(struct clasp_pmport *port, const uint8_t *bytes, size_t n)
{
	(void)port, (void)bytes, (void)n;
	return false;
}

bool
clasp_pmport_busy(struct clasp_pmport *port)
{
	(void)port;
	return true;
}

bool
clasp_pmport_idle(struct clasp_pmport *port)
{
	(void)port;
	return true;
}

unsigned long *
clasp_pmport_overflows(struct clasp_pmport *port)
{
	static unsigned long none;

	(void)port;
	return &none;
}
