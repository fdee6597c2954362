/*
 * options.h - the command line of the relay, as a structure.
 *
 * An option for a part that is not built in is refused by its name; one that
 * asks for the absence of such a part is true already.
 */
#ifndef CLASP_RELAY_OPTIONS_H
#define CLASP_RELAY_OPTIONS_H

#include <stdbool.h>

#include "net/server.h"

#define CLASP_OPTIONS_LISTENS	15

struct clasp_options {
	struct clasp_server_config server; /* no callbacks, no random seed */
	char		 host[256];	/* of all listeners, without the
					 * brackets of IPv6; "": all */
	int		 port;		/* of the WebSocket listener */
	bool		 port_given;
	bool		 no_websocket;
	const char	*listens[CLASP_OPTIONS_LISTENS];	/* URLs */
	int		 nlistens;
	int		 health_port;	/* -1: none; 0: any */
	int		 metrics_port;
	const char	*cert, *key;	/* both or none */
	bool		 tls_only;	/* nothing plain over TCP */
	const char	*port_file;	/* NULL: none */
	const char	*log_file;	/* NULL: standard error */
	const char	*app_config;	/* NULL: look for one */
	int		 log_level;	/* base/log.h; -q and -v seen */
};

/* Read them; what is wrong is told in one line, with exit 2. */
void	clasp_options_read(struct clasp_options *o, int argc, char **argv);

#endif
