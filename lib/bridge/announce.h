/*
 * announce.h - what a bridge says of itself to a relay, once a session.
 */
#ifndef CLASP_BRIDGE_ANNOUNCE_H
#define CLASP_BRIDGE_ANNOUNCE_H

#include "client/client.h"

/*
 * Everything under base ("" is all there is) comes from, or goes to, a device
 * that speaks this protocol.  Nothing when client is NULL.
 */
void	clasp_announce_bridge(struct clasp_client *client,
	    struct clasp_str base, const char *protocol, const char *device,
	    bool bidirectional);

#endif
