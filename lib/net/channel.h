/*
 * channel.h - a connected stream socket, plain or under TLS: plain bytes in
 * and out, never waiting.
 *
 * What a connection is while it is being greeted, and what a stream
 * (net/stream.h) is made of.
 */
#ifndef CLASP_NET_CHANNEL_H
#define CLASP_NET_CHANNEL_H

#include <sys/types.h>

#include "net/hub.h"
#include "net/tls.h"

struct clasp_channel {
	int		 fd;		/* owned, non-blocking; -1: none */
	struct clasp_tls *tls;		/* owned; NULL: plain */
};

/*
 * Take what is there, at most cap bytes.  Under TLS cap must be larger than
 * CLASP_TLS_RECORD_MAX, and the hub's `out` is used.  Returns the number of
 * plain bytes; 0 when there are none now; CLASP_ECLOSED at the end of the
 * stream, CLASP_EIO (errno tells), or what clasp_tls_open returns.
 */
ssize_t	clasp_channel_read(struct clasp_channel *ch, struct clasp_hub *hub,
	    uint8_t *out, size_t cap);
/*
 * Send a few plain bytes on a channel on which nothing waits: 0, or
 * CLASP_EIO.  Under TLS some may wait for clasp_channel_push.
 */
int	clasp_channel_write(struct clasp_channel *ch, const void *p,
	    size_t n);
/* Send what TLS has waiting: 0 when nothing waits any more, 1 when the
 * socket is full, CLASP_EIO. */
int	clasp_channel_push(struct clasp_channel *ch);
/* Say that we send no more, as far as the socket takes it now. */
void	clasp_channel_finish(struct clasp_channel *ch);
void	clasp_channel_close(struct clasp_channel *ch);

/*
 * What every TCP socket wants: small messages leave at once.  What the kernel
 * keeps for a peer is left to it: its megabytes take the bursts of events that
 * a queue would have to drop.
 */
void	clasp_channel_tune(int fd);
/* The kernel looks after a silent peer; for framings without a ping. */
void	clasp_channel_keepalive(int fd);

#endif
