/* token.h - the token file. */
#ifndef CLASP_TOOL_TOKEN_H
#define CLASP_TOOL_TOKEN_H

/*
 * The token in the file's first line, without blanks around it; on the heap.
 * Warns when others can read the file; dies when there is no token in it.
 */
char	*cli_token_read(const char *path);

#endif
