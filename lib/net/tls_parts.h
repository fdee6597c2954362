/*
 * tls_parts.h - what tls.c (connections) and tls_context.c (files, trust)
 * know of each other.  Not for others.
 */
#ifndef CLASP_NET_TLS_PARTS_H
#define CLASP_NET_TLS_PARTS_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/tls.h"

struct clasp_tls_context {
	SSL_CTX		*ssl;
	BIO_METHOD	*memory;	/* how connections meet their bytes */
	unsigned	 users;
	bool		 client;
	/* of a listening side, for the next reload; owned */
	char		*cert, *key;
};

struct clasp_tls {
	struct clasp_tls_context *context;
	SSL		*ssl;
	const uint8_t	*in;		/* within clasp_tls_open */
	size_t		 in_len;
	struct clasp_buf out;
	size_t		 out_at;	/* bytes of it that are out */
	const char	*host;		/* owned; NULL: a listening side */
	unsigned	 updates;	/* of keys, in this clasp_tls_open */
	int		 error;		/* the first one stays */
	bool		 ready, ended;
	char		 why[240];
};

/* The BIO of all connections. */
BIO_METHOD *clasp_tls_memory_new(void);
/* OpenSSL's look at each message: ends a peer that has us make keys. */
void	clasp_tls_on_message(int ours, int version, int content,
	    const void *message, size_t len, SSL *ssl, void *user);
/* OpenSSL's check of one certificate of the peer's chain: notes why. */
int	clasp_tls_on_verify(int ok, X509_STORE_CTX *store);

#endif
