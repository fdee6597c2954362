/*
 * log.h - the relay's words to its operator: one line for one event.
 *
 * On standard error, or in a file that can be opened again when it was moved
 * away.  Text, or with LOG_FORMAT=json an object per line:
 *
 *	clasp-relay: DEBUG session 5f1e... is "desk"
 *	{"time":1763761234.123456,"level":"debug","message":"session ...",
 *	 "fields":{"session":"5f1e...","name":"desk"}}
 *
 * What a peer chose cannot move the cursor, begin a line or break the JSON.
 */
#ifndef CLASP_RELAY_LOG_H
#define CLASP_RELAY_LOG_H

#include "base/log.h"

/*
 * Begin: lines up to level, to file or (NULL) to standard error.  0 or a
 * negative errno when the file cannot be opened.  Until then lines of
 * CLASP_LOG_INFO go to standard error.
 */
int	clasp_log_open(int level, const char *file);
/* The file by its name again; when that fails the old one stays. */
int	clasp_log_reopen(void);
/* Is a line of this level written? */
int	clasp_log_wants(int level);
/* The level of this name, -1: none of them. */
int	clasp_log_level(const char *name);

/* One line.  about may be NULL; user is for the server's callback. */
void	clasp_log_put(void *user, int level, const char *text,
	    const struct clasp_log_about *about);
void	clasp_log_line(int level, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
