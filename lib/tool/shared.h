/* shared.h - the options all programs share: from text to struct cli_common. */
#ifndef CLASP_TOOL_SHARED_H
#define CLASP_TOOL_SHARED_H

#include "tool/cli.h"

void	cli_shared_defaults(void);
/*
 * Apply one; where is NULL for the command line, else what is shown with
 * -vv.  Later calls override earlier ones.  False when the option is the
 * program's own business.
 */
bool	cli_shared_apply(const struct cli_option *option, const char *arg,
	    const char *where);
/* What was said of the URL so far is a named relay's: an "@NAME" that comes
 * after it means that one. */
void	cli_shared_keep_url(void);
/* Look once at the whole: read the token file, print origins with -vv. */
void	cli_shared_finish(const struct cli_tool *tool);
/* True when the option was on the command line. */
bool	cli_shared_typed(int id);

#endif
