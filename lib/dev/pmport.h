/*
 * pmport.h - MIDI ports of the system, by portmidi, on a loop.
 *
 * portmidi has no descriptor to wait for and may wait itself, so a thread of
 * its own makes every call: it looks for input each millisecond and hands
 * bytes over.  A port is found by a part of its name.  portmidi sees a new
 * device only when it is started again, which closes every stream: that is
 * done only while a wanted port is missing, each second and when something
 * changes in /dev/snd, and when a device leaves /dev/snd.
 *
 * One at a time in a program: portmidi is one for the whole process.
 */
#ifndef CLASP_DEV_PMPORT_H
#define CLASP_DEV_PMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CLASP_PMPORT_WHY	320
#define CLASP_PMPORT_NAME	128

struct clasp_pmport;

struct clasp_pmport_config {
	bool	 in, out;		/* which ways */
	const char *in_name;		/* part of it; NULL: the first */
	const char *out_name;
	bool	 wait;			/* also when it is not there at first */
};

/* All are called on the loop. */
struct clasp_pmport_events {
	void	(*open)(bool again, void *user);
	/* a MIDI byte stream: whole messages */
	void	(*data)(const uint8_t *bytes, size_t n, void *user);
	/* it has gone, or is not there yet, and is being looked for */
	void	(*lost)(const char *why, void *user);
};

/* Is there a sequencer that portmidi can use? */
bool	clasp_pmport_works(char why[CLASP_PMPORT_WHY]);
/* Each port: its name, and whether it can be read from, written to. */
void	clasp_pmport_list(void (*fn)(const char *name, bool in, bool out,
	    void *user), void *user);

/*
 * Open: 0 and *out, after `open` was called (or, with wait, `lost`); else
 * CLASP_ENOENT, CLASP_EIO, CLASP_ENOMEM with why filled.
 */
int	clasp_pmport_new(uv_loop_t *loop,
	    const struct clasp_pmport_config *config,
	    const struct clasp_pmport_events *events, void *user,
	    struct clasp_pmport **out, char why[CLASP_PMPORT_WHY]);
/* What was given to it is sent first; memory goes with the loop's turn.  A
 * call of portmidi that does not return is not waited for longer than a
 * second: its thread is left to itself then, until the program ends. */
void	clasp_pmport_close(struct clasp_pmport *port);
/* Hand over what comes, or keep it for a while (1 MiB at most). */
void	clasp_pmport_read(struct clasp_pmport *port, bool on);
/* Give it bytes of a MIDI stream; false: it is busy, or not open. */
bool	clasp_pmport_send(struct clasp_pmport *port, const uint8_t *bytes,
	    size_t n);
bool	clasp_pmport_busy(struct clasp_pmport *port);
bool	clasp_pmport_idle(struct clasp_pmport *port);
/* Events that portmidi lost for want of room, for a counter. */
unsigned long *clasp_pmport_overflows(struct clasp_pmport *port);

#endif
