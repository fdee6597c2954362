/* channel.c - see channel.h */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/channel.h"

#define IDLE_S		30	/* silence before the kernel asks ... */
#define ASK_S		10	/* ... and asks again ... */
#define ASK_MAX		3	/* ... so often */

ssize_t
clasp_channel_read(struct clasp_channel *ch, struct clasp_hub *hub,
    uint8_t *out, size_t cap)
{
	uint8_t *to = ch->tls ? hub->out : out;
	ssize_t n;

	do {
		n = recv(ch->fd, to, ch->tls ? cap - CLASP_TLS_RECORD_MAX :
		    cap, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : CLASP_EIO;
	if (n == 0)
		return CLASP_ECLOSED;
	return ch->tls ? clasp_tls_open(ch->tls, to, (size_t)n, out, cap) : n;
}

int
clasp_channel_write(struct clasp_channel *ch, const void *p, size_t n)
{
	if (!ch->tls)
		return send(ch->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 :
		    CLASP_EIO;
	if (clasp_tls_seal(ch->tls, p, n) < 0)
		return CLASP_EIO;
	return clasp_channel_push(ch) < 0 ? CLASP_EIO : 0;
}

int
clasp_channel_push(struct clasp_channel *ch)
{
	const uint8_t *p;
	ssize_t sent;
	size_t n;

	if (!ch->tls)
		return 0;
	while (p = clasp_tls_waiting(ch->tls, &n), n > 0) {
		sent = send(ch->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? 1 : CLASP_EIO;
		clasp_tls_sent(ch->tls, (size_t)sent);
	}
	return 0;
}

void
clasp_channel_finish(struct clasp_channel *ch)
{
	if (!ch->tls)
		return;
	clasp_tls_finish(ch->tls);
	clasp_channel_push(ch);
}

void
clasp_channel_close(struct clasp_channel *ch)
{
	clasp_tls_free(ch->tls);
	ch->tls = NULL;
	if (ch->fd >= 0)
		close(ch->fd);
	ch->fd = -1;
}

void
clasp_channel_tune(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

void
clasp_channel_keepalive(int fd)
{
	int one = 1, idle = IDLE_S, every = ASK_S, times = ASK_MAX;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
}
