/*
 * appconfig.h - the app-config file: what an application wants of a relay.
 *
 *	{
 *		"params": [
 *			{ "path": "/peak/left", "strategy": "max" },
 *			{ "path": "/show/fader*", "range": [0, 1] }
 *		]
 *	}
 *
 * A JSON object.  "params" lists how params are treated (core/policy.h):
 * "path" is a pattern, "strategy" one of lww, max, min, lock, merge (lww when
 * it is left out), "range" the lowest and highest number allowed.  Keys that
 * mean something elsewhere but have no effect here, and those that are not
 * known, are told to `warn`.
 */
#ifndef CLASP_AUTH_APPCONFIG_H
#define CLASP_AUTH_APPCONFIG_H

#include <stdint.h>

#include "core/policy.h"

#define CLASP_APPCONFIG_WHY	512

struct clasp_appconfig {
	struct clasp_policy *policies;	/* owned */
	uint32_t	 npolicies;
	void		*json;		/* owned; their paths are in it */
};

/*
 * Read a file.  Returns 0 (clear it later), or with nothing to clear
 * CLASP_EIO when it cannot be read, CLASP_ESYNTAX when it is not what it
 * should be, CLASP_ENOMEM; then why has one line for people, which begins
 * with the file's name.  warn gets such lines too; it may be NULL.
 */
int	clasp_appconfig_read(const char *file, struct clasp_appconfig *out,
	    void (*warn)(const char *text, void *user), void *user,
	    char why[CLASP_APPCONFIG_WHY]);
void	clasp_appconfig_clear(struct clasp_appconfig *config);

/*
 * The file that counts when none is named: the only *.json in the first of
 * the folders (ended by NULL) that holds exactly one.  Its path is written to
 * out; false: there is none.
 */
bool	clasp_appconfig_find(const char *const folders[], char *out,
	    size_t size);

#endif
