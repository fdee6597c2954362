/*
 * notify.h - telling the service manager how we are: systemd's protocol of
 * one datagram of "NAME=value" lines to the socket in $NOTIFY_SOCKET, which
 * its manual documents as stable (sd_notify(3)).
 */
#ifndef CLASP_NET_NOTIFY_H
#define CLASP_NET_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Take the environment's word, and the variables out of it, so that what we
 * start does not speak for us.  False: nobody wants to know; the others then
 * do nothing.
 */
bool	clasp_notify_open(void);
void	clasp_notify_close(void);
/* Send lines such as "READY=1\nSTATUS=2 sessions".  Never blocks. */
void	clasp_notify_send(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
/* "WATCHDOG=1" is to be sent more often than this; 0: it need not. */
uint64_t clasp_notify_watchdog_us(void);

#endif
