/*
 * settings.h - the app-config file of a relay, at its start and on SIGHUP.
 *
 * Without a file named, the first of /etc/clasp and ./config that holds
 * exactly one *.json has it; with none there nothing is configured.
 */
#ifndef CLASP_RELAY_SETTINGS_H
#define CLASP_RELAY_SETTINGS_H

struct clasp_router;

/*
 * Read it for the router, which must outlive all calls of the other one.  A
 * file that cannot be read ends the program with exit 3, one that is wrong
 * with exit 2, in one line.
 */
void	clasp_settings_start(const char *file, struct clasp_router *router);
/*
 * Read it again; a file that is no good is told, and changes nothing.  Suits
 * clasp_signals_on_hup().
 */
void	clasp_settings_again(void *user);

#endif
