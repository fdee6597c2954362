/*
 * options.h - what the options that bridges share came to.
 *
 *	static struct clasp_bridge_options options = CLASP_BRIDGE_OPTIONS;
 *
 *	while ((id = cli_next()) != 0)
 *		if (!clasp_bridge_option(&options, id))
 *			take_option(id);
 *
 * The tables are in tool/cli.h: cli_bridge_options and those after it,
 * cli_frame_options, cli_show_options, cli_map_options, cli_network_options
 * (whose CLI_LIST is answered with clasp_network_list()) and
 * cli_network_in_options.
 */
#ifndef CLASP_BRIDGE_OPTIONS_H
#define CLASP_BRIDGE_OPTIONS_H

#include "bridge/mapping.h"
#include "proto/dmx.h"
#include "tool/grid.h"

/* What an output does when it ends. */
enum clasp_exit_action {
	CLASP_EXIT_HOLD,		/* the last frame stands */
	CLASP_EXIT_BLACKOUT,		/* three frames of zeros */
	CLASP_EXIT_RELEASE		/* say goodbye, as the protocol can */
};

struct clasp_bridge_options {
	const char	*prefix;	/* --prefix; NULL: not given */
	double		 max_rate;	/* < 0: not given; 0: no limit */
	uint32_t	 ttl;		/* seconds; CLASP_TTL_NEVER */
	bool		 both, no_snapshot, wait, exit_on_loss;
	bool		 once, hold;
	enum clasp_exit_action on_exit;
	enum clasp_dmx_scale scale;
	double		 rate_hz;	/* frames a second; 0: not given */
	const char	*interface;	/* --interface; NULL: not given */
	int		 rcvbuf;	/* bytes; 0: not given */
	bool		 show;		/* draw levels, in this style */
	enum cli_grid_style show_style;
	struct clasp_mapping mapping;
};

#define CLASP_BRIDGE_OPTIONS	{ .max_rate = -1 }

/*
 * Take the option that cli_next just returned.  False when it is not one of
 * these, or one that the program must answer itself: CLI_LIST.
 */
bool	clasp_bridge_option(struct clasp_bridge_options *o, int id);

/*
 * Options that make no sense together, whatever the protocol, end the
 * program, exit 2.  clasp_bridge_new() calls this, and before it whoever
 * looks something up that may not be there.
 */
void	clasp_bridge_options_check(const struct clasp_bridge_options *o,
	    bool source);

/*
 * The namespace: what --prefix said, else `given`, without a slash at its
 * end.  One that is no address, or is longer than max bytes, ends the
 * program, exit 2; so does "/", which is none at all, but where it may be
 * empty.
 */
struct clasp_str clasp_bridge_namespace(const struct clasp_bridge_options *o,
	    const char *given, size_t max, bool may_be_empty);

/* The option's argument: a list of universes, "1-4,7", added to set. */
void	clasp_bridge_arg_universes(struct clasp_numset *set, unsigned min,
	    unsigned max);
/* The option's argument: whole seconds as a TTL. */
uint32_t clasp_bridge_arg_seconds(void);

#endif
