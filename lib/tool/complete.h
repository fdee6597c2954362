/* complete.h - completion scripts for shells, made from the tables. */
#ifndef CLASP_TOOL_COMPLETE_H
#define CLASP_TOOL_COMPLETE_H

#include "base/buf.h"
#include "tool/cli.h"

/* shell is "bash", "zsh" or "fish"; false: no such shell. */
bool	cli_completion(struct clasp_buf *out, const struct cli_tool *tool,
	    const char *shell);

#endif
