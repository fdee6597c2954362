/*
 * help.h - a program's tables as text: --help, --version, and the hidden
 * --options (TAB lines, for tests) and --mdoc (for the man page).
 */
#ifndef CLASP_TOOL_HELP_H
#define CLASP_TOOL_HELP_H

#include "base/buf.h"
#include "tool/cli.h"

void	cli_help(struct clasp_buf *out, const struct cli_tool *tool);
void	cli_version(struct clasp_buf *out, const struct cli_tool *tool);
/* letter, name, argument, "none" "must" "maybe", shared or own, help. */
void	cli_options_list(struct clasp_buf *out, const struct cli_tool *tool);
/* The shared options as the items of an mdoc list. */
void	cli_options_mdoc(struct clasp_buf *out, const struct cli_tool *tool);

#endif
