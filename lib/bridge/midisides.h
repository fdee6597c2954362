/*
 * midisides.h - MIDI on a bridge, one way or with --both the two.
 *
 *	port --> proto/midi --> proto/midimap --> bridge	in
 *	bridge --> bridge/midisink --> port			out
 *
 * A port is a system's one (dev/pmport), or bytes (dev/port), or standard
 * input and output; bridge/midiport.h tells which.  The two sides may share
 * one.
 *
 *	static struct clasp_midisides_config config = { .options = &options };
 *
 *	while ((id = cli_next()) != 0)
 *		clasp_midisides_option(&config, id);
 *	m = clasp_midisides_new(&config);
 *	clasp_midisides_attach(m, &bridging);
 *	bridge = clasp_bridge_new(&bridging);
 *	clasp_midisides_start(m, bridge);
 *	clasp_bridge_run(bridge);
 *	clasp_midisides_free(m);
 */
#ifndef CLASP_BRIDGE_MIDISIDES_H
#define CLASP_BRIDGE_MIDISIDES_H

#include "bridge/bridge.h"
#include "proto/midimap.h"
#include "tool/cli.h"

/* The options: each program has rows in its own words for them. */
enum {
	OPT_DEVICE = CLI_OWN, OPT_AS, OPT_PROFILE, OPT_CLOCK, OPT_SYSEX,
	OPT_MTC, OPT_CC14, OPT_NRPN, OPT_RPN, OPT_RUNNING_STATUS,
	OPT_IN_PORT, OPT_OUT_PORT
};

struct clasp_midisides;

/* What the options came to; strings are borrowed. */
struct clasp_midisides_config {
	struct clasp_bridge_options *options;
	bool		 in;		/* the way of this program; with both
					 * the other, too */
	const char	*device, *in_name, *out_name;	/* ports, as given */
	const char	*as;		/* the device's name in addresses */
	struct clasp_midimap_config map;
	bool		 running_status;
	bool		 hold;		/* --on-exit: notes sound on */
};

/* Take the option that cli_next just returned, a bridge's ones too. */
void	clasp_midisides_option(struct clasp_midisides_config *config, int id);
/* Find the ports.  Ends the program when the namespace is none, a port is
 * not there, or there is no memory. */
struct clasp_midisides *clasp_midisides_new(
	    const struct clasp_midisides_config *config);
/* Be the source of a bridge to be made, its sink, or both. */
void	clasp_midisides_attach(struct clasp_midisides *m,
	    struct clasp_bridge_config *bridging);
/* Open the ports.  What fails ends the program. */
void	clasp_midisides_start(struct clasp_midisides *m,
	    struct clasp_bridge *bridge);
/* After clasp_bridge_run(). */
void	clasp_midisides_free(struct clasp_midisides *m);

#endif
