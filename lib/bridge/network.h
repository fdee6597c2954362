/*
 * network.h - what bridges to protocols on a network ask people for: an
 * interface, a target, a size.
 */
#ifndef CLASP_BRIDGE_NETWORK_H
#define CLASP_BRIDGE_NETWORK_H

#include <netinet/in.h>

#include "bridge/options.h"
#include "dev/netif.h"

#define CLASP_TARGETS_MAX	64

/* Whom --to named. */
struct clasp_targets {
	const char	*text[CLASP_TARGETS_MAX];	/* as given */
	struct sockaddr_in at[CLASP_TARGETS_MAX];	/* when looked up */
	unsigned	 n;
};

/*
 * The interface of this name or address; NULL: the only one there is, beside
 * loopback.  Where there are several the program ends with a list of them,
 * exit 2; so it does when there is none such, exit 3.
 */
void	clasp_network_interface(const char *given, struct clasp_netif *out);
/* --list: print them, one a line. */
void	clasp_network_list(void);
/* The option's argument: one more target, of `most` (1-64). */
void	clasp_network_arg_target(struct clasp_targets *targets,
	    unsigned most);
/* Look them up, each HOST[:PORT]; one that is not found ends the program,
 * exit 3 (or 2, when it cannot be one). */
void	clasp_network_resolve(struct clasp_targets *targets, unsigned port);
/*
 * Options of an output to a network that make no sense together end the
 * program, exit 2.  universes: those of -U; NULL: not given.
 */
void	clasp_network_check_output(const struct clasp_bridge_options *o,
	    const struct clasp_numset *universes);
/* --port-file, see tool/portfile.h: write the number there.  Whoever takes
 * the option calls cli_portfile_begin() before anything can fail; the file
 * goes when the bridge has run. */
void	clasp_network_port_file(const char *path, unsigned number);
/* The option's argument: a number of bytes, 4096, 64K, 4M or 4MiB. */
int	clasp_network_arg_bytes(int max);

#endif
