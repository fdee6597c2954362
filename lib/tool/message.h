/*
 * message.h - words to people on stderr, and the exit code: what the other
 * files of this rung need beside cli.h.
 *
 * Whatever is printed has its control characters escaped, so that nothing
 * from a file or the network can steer a terminal; a message is one write.
 */
#ifndef CLASP_TOOL_MESSAGE_H
#define CLASP_TOOL_MESSAGE_H

#include "base/buf.h"
#include "tool/cli.h"

/* What every message begins with, "clasp-sub". */
void	cli_message_name(const char *name);
/* Add s with control characters, bidirectional marks and bytes that are no
 * UTF-8 shown as escapes. */
void	cli_escape(struct clasp_buf *buf, struct clasp_str s);
/* One line on stderr without the program's name: complaints about input. */
void	cli_message_line(struct clasp_buf *buf);
/* Called once before cli_die leaves: puts out what was collected. */
void	cli_message_on_die(void (*flush)(void));

/* From now on ask `keep` before a line, with its LF, goes to stderr; true: it
 * took it.  NULL: nobody. */
void	cli_message_on_line(bool (*keep)(const char *line, size_t len));

#endif
