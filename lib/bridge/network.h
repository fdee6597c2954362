/*
 * network.h - what bridges to protocols on a network ask people for: an
 * interface, a target, a size.
 */
#ifndef CLASP_BRIDGE_NETWORK_H
#define CLASP_BRIDGE_NETWORK_H

#include <netinet/in.h>

#include "dev/netif.h"

/*
 * The interface of this name or address; NULL: the only one there is, beside
 * loopback.  Where there are several the program ends with a list of them,
 * exit 2; so it does when there is none such, exit 3.
 */
void	clasp_network_interface(const char *given, struct clasp_netif *out);
/* --list: print them, one a line. */
void	clasp_network_list(void);
/* HOST[:PORT], looked up; one that is not found ends the program, exit 3 (or
 * 2, when it cannot be one). */
void	clasp_network_target(const char *text, unsigned port,
	    struct sockaddr_in *out);
/* --port-file, see tool/portfile.h: write the number there.  Whoever takes
 * the option calls cli_portfile_begin() before anything can fail; the file
 * goes when the bridge has run. */
void	clasp_network_port_file(const char *path, unsigned number);
/* The option's argument: a number of bytes, 4096, 64K, 4M or 4MiB. */
int	clasp_network_arg_bytes(int max);

#endif
