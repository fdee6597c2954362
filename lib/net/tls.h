/*
 * tls.h - TLS between a stream's plain bytes and those on the network.
 *
 * All in memory: no socket, no clock.  What came from the network is opened,
 * plain bytes are sealed, and what is then to be sent waits to be fetched:
 *
 *	network --> clasp_tls_open --> plain
 *	plain --> clasp_tls_seal --> clasp_tls_waiting --> network
 *
 * The handshake happens inside clasp_tls_open; nothing is ever waited for.
 * TLS 1.2 and later, no renegotiation, no early data, and no peer that asks
 * for new keys many times in what comes at once.  A build without
 * OpenSSL has the same functions, of which those that make a context say so.
 */
#ifndef CLASP_NET_TLS_H
#define CLASP_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------- contexts */

/* What connections share: our certificate, or whom we trust.  Counted. */
struct clasp_tls_context;

/* Names of PEM files; NULL: not given. */
struct clasp_tls_files {
	const char	*cert;		/* the chain, ours first */
	const char	*key;		/* NULL: it stands in cert */
	const char	*cacert;	/* whom to trust, instead of the
					 * system's CAs */
	bool		 insecure;	/* accept any certificate */
};

/* Why there is no context, for people. */
struct clasp_tls_fault {
	const char	*file;		/* one of those given; NULL: none */
	char		 why[200];
};

/*
 * The listening side: files->cert is needed.  The files are read now and by
 * each reload.  Returns 0, or CLASP_EMISSING, EINVAL (a file is no good),
 * ENOMEM with *fault filled.
 */
int	clasp_tls_server(const struct clasp_tls_files *files,
	    struct clasp_tls_context **out, struct clasp_tls_fault *fault);
/*
 * Read the files again, for connections from now on; those that stand keep
 * what they have.  When anything is wrong the old certificate stays.
 */
int	clasp_tls_server_reload(struct clasp_tls_context *context,
	    struct clasp_tls_fault *fault);
/* The connecting side; files may be all NULL.  As clasp_tls_server. */
int	clasp_tls_client(const struct clasp_tls_files *files,
	    struct clasp_tls_context **out, struct clasp_tls_fault *fault);
/* One more user; NULL is nobody. */
struct clasp_tls_context *clasp_tls_context_ref(
	    struct clasp_tls_context *context);
void	clasp_tls_context_free(struct clasp_tls_context *context);

/* ---------------------------------------------------------- connections */

/* Longest record on the network; what is opened is never longer than what
 * came by more than this. */
#define CLASP_TLS_RECORD_MAX	(5 + 16384 + 256)

struct clasp_tls;

/* host: the peer's name or address for a connecting side, whose greeting
 * waits at once; NULL for a listening one.  NULL: no memory. */
struct clasp_tls *clasp_tls_new(struct clasp_tls_context *context,
	    const char *host);
void	clasp_tls_free(struct clasp_tls *tls);

/*
 * n bytes from the network.  All are taken; the plain bytes they make, at
 * most n + CLASP_TLS_RECORD_MAX, are put to out.  Returns their number, 0
 * when none are whole yet; CLASP_ECERT for a certificate that is not
 * accepted, CLASP_EPROTO for what is no TLS or a peer that gave up.
 */
int	clasp_tls_open(struct clasp_tls *tls, const uint8_t *in, size_t n,
	    uint8_t *out, size_t cap);
/* The handshake is done: plain bytes may be sealed. */
bool	clasp_tls_ready(const struct clasp_tls *tls);
/* The peer said that it sends no more. */
bool	clasp_tls_ended(const struct clasp_tls *tls);
/* What the last error was, for people; never NULL. */
#define CLASP_TLS_NOT_SPOKEN \
	"no TLS spoken there: is it a plain port, ws:// or tcp://?"
const char *clasp_tls_why(const struct clasp_tls *tls);

/* Seal n plain bytes; 0, CLASP_EPROTO or ENOMEM. */
int	clasp_tls_seal(struct clasp_tls *tls, const uint8_t *p, size_t n);
/* Say that we send no more. */
void	clasp_tls_finish(struct clasp_tls *tls);
/* What is to be sent; good until the next call. */
const uint8_t *clasp_tls_waiting(const struct clasp_tls *tls, size_t *n);
/* n bytes of it are out. */
void	clasp_tls_sent(struct clasp_tls *tls, size_t n);

#endif
