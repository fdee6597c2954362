/*
 * bind.h - a TCP socket bound to a host's address, and what to call it.
 */
#ifndef CLASP_NET_BIND_H
#define CLASP_NET_BIND_H

#include <stddef.h>

/*
 * A non-blocking socket bound to host ("::" takes IPv4 too; of a name with
 * several addresses an IPv4 one first) and port (0: any), not yet listening.
 * Blocks while a name is looked up.  Returns the descriptor or -1; *why is
 * then a reason for people, good until the next call of this thread.
 */
int	clasp_bind_tcp(const char *host, int port, const char **why);
/*
 * The port it is bound to, and in name the address as launchers read it:
 * "0.0.0.0:7330", "[::1]:7330".
 */
int	clasp_bind_name(int fd, const char *host, char *name, size_t cap);

/* Why getaddrinfo() found nothing, in the same way. */
const char *clasp_bind_no_address(int error);

#endif
