/*
 * metrics.h - the relay's figures as text, in the form Prometheus reads.
 *
 * The work is by the number of figures, never by that of sessions or params:
 * everything is counted where it happens, here it is only written down.
 */
#ifndef CLASP_RELAY_METRICS_H
#define CLASP_RELAY_METRICS_H

#include "base/buf.h"
#include "net/server.h"

#define CLASP_METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

void	clasp_metrics_put(struct clasp_buf *out, struct clasp_server *server);

#endif
