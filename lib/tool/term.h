/*
 * term.h - the terminal as a whole screen: taken, and given back as it was,
 * however the program ends (but by SIGKILL).
 *
 * While it is ours, words to people (cli_warn and the like) are kept when
 * they would go to the same terminal; they are said when it is given back.
 * Until then whoever draws shows the last of them.
 */
#ifndef CLASP_TOOL_TERM_H
#define CLASP_TOOL_TERM_H

#include <stdbool.h>
#include <stddef.h>

/* Is stdout a terminal that knows how to move its cursor? */
bool	cli_term_usable(void);
/* Does the locale of the environment say UTF-8? */
bool	cli_term_utf8(void);
/* Its size, or 80 and 24. */
void	cli_term_size(unsigned *columns, unsigned *rows);
/*
 * Switch to a screen of our own, without a cursor.  keys: and open the
 * terminal for single keys; its descriptor, or -1 when that cannot be (we are
 * in the background, there is none).
 */
int	cli_term_enter(bool keys);
/* The last thing said, without its LF, and how many were said so far; a line
 * of length 0 when there was none. */
unsigned cli_term_said(const char **line, size_t *len);
/* Give it back; again: does nothing.  Safe in a signal's handler. */
void	cli_term_leave(void);
/* Give it back for a while (the program is being stopped), and take it
 * again. */
void	cli_term_pause(void);
void	cli_term_resume(void);

#endif
