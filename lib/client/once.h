/*
 * once.h - a program that asks the relay for one thing and leaves.
 *
 * clasp_once() connects (without initial state, without coming back), lets
 * `begin` ask before the connection is there, so that everything goes out in
 * one write, and runs until somebody calls clasp_client_close().  It reports
 * a relay that cannot be reached, and honours -T and --no-wait.
 */
#ifndef CLASP_CLIENT_ONCE_H
#define CLASP_CLIENT_ONCE_H

#include "client/client.h"

void	clasp_once(void (*begin)(struct clasp_client *c, void *user),
	    void *user);

#endif
