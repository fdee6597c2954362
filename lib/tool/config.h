/*
 * config.h - the configuration file: lines of "key = value", comments with
 * '#', sections.
 *
 *	url = @stage			for every program
 *	[relay stage]			when the relay is @stage
 *	url = wss://stage.example/clasp
 *	[clasp-sub]			for that program only
 *	max-rate = 30
 *
 * Keys are long options.  At the top the ones that programs share may stand
 * (a program passes over those it does not have) and the program's own.
 */
#ifndef CLASP_TOOL_CONFIG_H
#define CLASP_TOOL_CONFIG_H

#include "tool/cli.h"

struct cli_setting {
	const char	*section;	/* "" at the top, "relay stage", ... */
	const char	*key;
	const char	*value;		/* "" when it has none */
	char		*where;		/* "FILE:LINE" */
	const struct cli_option *option; /* NULL: not one of this program */
};

struct cli_config {
	struct cli_setting *settings;	/* in order of the files */
	size_t		 count;
};

/*
 * Read the files that apply: `path`, or when it is NULL
 * /etc/clasp/config and then the user's own.  A file that was asked for and
 * cannot be read is exit 3; a bad line or unknown key exit 2.
 */
void	cli_config_read(struct cli_config *config,
	    const struct cli_tool *tool, const char *path);
/* The switch a value without an argument stands for: 1, 0, or -1: neither. */
int	cli_config_switch(const char *value);
/* True when the section is there. */
bool	cli_config_has(const struct cli_config *config, const char *section);

#endif
