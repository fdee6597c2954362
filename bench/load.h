/*
 * load.h - what the relay benchmarks share: a relay of our own, raw WebSocket
 * connections to it (blocking, nothing between us and the socket), rows of
 * the table.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/message.h"

#define LOAD_FRAME_MAX 128

struct relay {
	pid_t	pid;
	int	port;
};

double	 now_s(void);
uint64_t now_ns(void);
/* "command {port}" in $PEER_RELAY is started instead of ours when peer. */
struct relay relay_start(int peer, const char *const *extra);
void	 relay_stop(struct relay *r);
/* Resident memory in bytes. */
size_t	 relay_rss(const struct relay *r);
void	 pin_to(int cpu);

/* A TCP connection to the port on loopback, TCP_NODELAY; dies on failure. */
int	 dial(int port);
/* The same, upgraded, with HELLO said and WELCOME and SNAPSHOT read. */
int	 join(int port, uint8_t features);
/* Upgrade a fresh connection. */
void	 upgrade(int fd);
/* One masked WebSocket message holding msg's frame; returns its length. */
size_t	 pack(uint8_t *out, size_t cap, const struct clasp_msg *msg);
void	 send_all(int fd, const void *p, size_t n);
/* Read exactly one unmasked WebSocket message; returns payload length. */
size_t	 recv_unit(int fd, uint8_t *buf, size_t cap);
/* The bytes of a SET of a float as subscribers get it, header included. */
size_t	 delivered_set(uint8_t *out, size_t cap, const char *address,
	    double value, uint64_t revision);
size_t	 packed_set(uint8_t *out, size_t cap, const char *address,
	    double value);
void	 subscribe(int fd, uint32_t id, const char *pattern);
/* PING and wait for the PONG; other messages are dropped. */
void	 barrier(int fd);

void	 row(const char *what, const char *ours, const char *limit,
	    double ratio, const char *target);
int	 cmp_double(const void *a, const void *b);
void	 fail(const char *what);

#endif
