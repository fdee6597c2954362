/*
 * portfile.h - --port-file: a file that says which port was bound.
 *
 * Whoever waits for the file must not find the port of a run before: the old
 * file goes before anything can fail, the new one appears whole, and it goes
 * again at the end, unless by then somebody else has put one there.  What
 * cannot be done is told in one line, with exit 3.
 */
#ifndef CLASP_TOOL_PORTFILE_H
#define CLASP_TOOL_PORTFILE_H

/* At the start; path NULL: no file, and the others do nothing.  Borrowed. */
void	cli_portfile_begin(const char *path);
/* Everything listens: write the number. */
void	cli_portfile_write(int port);
/* At a clean end. */
void	cli_portfile_end(void);

#endif
