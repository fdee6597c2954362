/*
 * operation.h - what those see who run the relay: health and metrics by
 * HTTP, and the service manager.
 */
#ifndef CLASP_RELAY_OPERATION_H
#define CLASP_RELAY_OPERATION_H

#include "relay/options.h"

/* Open the ports the options ask for; what cannot be is told, exit 3. */
void	clasp_operation_open(uv_loop_t *loop, const struct clasp_options *o,
	    struct clasp_server *server);
/* All listeners are there: ready, and tell the service manager. */
void	clasp_operation_ready(void);
/* The relay is ending: alive, but not ready. */
void	clasp_operation_draining(void);
/* Its handles are gone after the loop has run on. */
void	clasp_operation_close(void);

#endif
