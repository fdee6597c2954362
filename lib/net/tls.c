/* tls.c - one connection under TLS, in memory; see tls.h */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "net/tls_parts.h"

/* A peer that makes us answer and never reads gets no more. */
#define ANSWERS_MAX	(128u << 10)
/* New keys that may come at once: making them is work, asking is none. */
#define UPDATES_MAX	16

/* ------------------------------------------ where OpenSSL finds its bytes */

static int
on_read(BIO *bio, char *to, int want)
{
	struct clasp_tls *tls = BIO_get_data(bio);
	size_t n = tls->in_len;

	BIO_clear_retry_flags(bio);
	if (tls->error)
		return -1;
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (n > (size_t)want)
		n = (size_t)want;
	memcpy(to, tls->in, n);
	tls->in += n;
	tls->in_len -= n;
	return (int)n;
}

static int
on_write(BIO *bio, const char *from, int n)
{
	struct clasp_tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (tls->out.len - tls->out_at > ANSWERS_MAX ||
	    clasp_buf_add(&tls->out, from, (size_t)n) < 0)
		return -1;
	return n;
}

static long
on_control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return what == BIO_CTRL_FLUSH;
}

BIO_METHOD *
clasp_tls_memory_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "clasp");

	if (!method)
		return NULL;
	BIO_meth_set_read(method, on_read);
	BIO_meth_set_write(method, on_write);
	BIO_meth_set_ctrl(method, on_control);
	return method;
}

void
clasp_tls_on_message(int ours, int version, int content, const void *message,
    size_t len, SSL *ssl, void *user)
{
	struct clasp_tls *tls = SSL_get_app_data(ssl);

	(void)version;
	(void)user;
	if (ours || content != SSL3_RT_HANDSHAKE || len == 0 ||
	    *(const uint8_t *)message != SSL3_MT_KEY_UPDATE ||
	    ++tls->updates <= UPDATES_MAX)
		return;
	tls->error = CLASP_EPROTO;
	snprintf(tls->why, sizeof tls->why, "too many new keys for TLS");
}

/* ---------------------------------------------------- whose certificate */

/* A stranger's words must not move anybody's cursor. */
static void
clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* One name a certificate is for, the first: for people. */
static void
put_owner(const X509 *cert, char *out, size_t size)
{
	GENERAL_NAMES *names;
	const GENERAL_NAME *name;
	const ASN1_STRING *s;
	char text[INET6_ADDRSTRLEN];
	int n;

	snprintf(out, size, "somebody else");
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	if (!names) {
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		    NID_commonName, out, (int)size);
		return;
	}
	name = sk_GENERAL_NAME_num(names) > 0 ?
	    sk_GENERAL_NAME_value(names, 0) : NULL;
	if (name && name->type == GEN_DNS) {
		s = name->d.dNSName;
		snprintf(out, size, "%.*s", ASN1_STRING_length(s),
		    (const char *)ASN1_STRING_get0_data(s));
	} else if (name && name->type == GEN_IPADD) {
		s = name->d.iPAddress;
		n = ASN1_STRING_length(s);
		/* nobody has checked how long it is */
		if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET :
		    AF_INET6, ASN1_STRING_get0_data(s), text, sizeof text))
			snprintf(out, size, "%s", text);
	}
	GENERAL_NAMES_free(names);
}

/* "2026-11-22", or nothing. */
static void
put_date(const ASN1_TIME *when, char *out, size_t size)
{
	struct tm tm;

	out[0] = '\0';
	if (when && ASN1_TIME_to_tm(when, &tm) == 1)
		strftime(out, size, "%Y-%m-%d", &tm);
}

/* Who signed it: the issuer's common name, else its organisation. */
static void
put_issuer(const X509 *cert, char *out, size_t size)
{
	const X509_NAME *name = X509_get_issuer_name(cert);

	if (X509_NAME_get_text_by_NID(name, NID_commonName, out,
	    (int)size) < 0 &&
	    X509_NAME_get_text_by_NID(name, NID_organizationName, out,
	    (int)size) < 0)
		snprintf(out, size, "an unnamed CA");
}

static void
note_verify(struct clasp_tls *tls, int error, const X509 *cert)
{
	char text[120] = "";
	size_t size = sizeof tls->why;

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		put_date(X509_get0_notAfter(cert), text, sizeof text);
		snprintf(tls->why, size, "certificate has expired (%s); "
		    "the relay needs a new one", text);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		put_date(X509_get0_notBefore(cert), text, sizeof text);
		snprintf(tls->why, size, "certificate is not valid before %s; "
		    "is the clock right?", text);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		put_owner(cert, text, sizeof text);
		clean(text);
		snprintf(tls->why, size, "certificate is for %s, not %s; "
		    "use the name it was made for", text, tls->host);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		snprintf(tls->why, size, "self-signed certificate; "
		    "--cacert FILE trusts the one in FILE");
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		put_issuer(cert, text, sizeof text);
		clean(text);
		snprintf(tls->why, size, "certificate is signed by %s, which "
		    "is not trusted; --cacert FILE trusts the CA in FILE",
		    text);
		break;
	default:
		snprintf(tls->why, size, "certificate is not accepted: %s",
		    X509_verify_cert_error_string(error));
	}
}

int
clasp_tls_on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct clasp_tls *tls = SSL_get_app_data(ssl);
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (!ok && !tls->error) {
		tls->error = CLASP_ECERT;
		if (cert)
			note_verify(tls, X509_STORE_CTX_get_error(store),
			    cert);
	}
	return ok;
}

/* ---------------------------------------------------------- connections */

static bool
is_number(const char *host)
{
	struct in6_addr a;

	return inet_pton(AF_INET, host, &a) == 1 ||
	    inet_pton(AF_INET6, host, &a) == 1;
}

/* Whom we want to speak to: asked for by name, and checked. */
static bool
expect(struct clasp_tls *tls, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	char *zone;

	/* A local IPv6 address may name its interface behind '%'. */
	tls->host = strdup(host);
	if (!tls->host)
		return false;
	zone = strchr(tls->host, '%');
	if (zone)
		*zone = '\0';
	if (is_number(tls->host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, tls->host, 0) == 1 &&
	    SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1;
}

struct clasp_tls *
clasp_tls_new(struct clasp_tls_context *context, const char *host)
{
	struct clasp_tls *tls = calloc(1, sizeof *tls);
	BIO *bio = NULL;

	if (!tls)
		return NULL;
	tls->context = clasp_tls_context_ref(context);
	tls->ssl = SSL_new(context->ssl);
	if (tls->ssl)
		bio = BIO_new(context->memory);
	if (!bio)
		goto fail;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_app_data(tls->ssl, tls);
	if (!host) {
		SSL_set_accept_state(tls->ssl);
		return tls;
	}
	SSL_set_connect_state(tls->ssl);
	if (!expect(tls, host))
		goto fail;
	ERR_clear_error();
	SSL_do_handshake(tls->ssl);
	return tls;
fail:
	clasp_tls_free(tls);
	return NULL;
}

void
clasp_tls_free(struct clasp_tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	clasp_tls_context_free(tls->context);
	clasp_buf_clear(&tls->out);
	free((char *)tls->host);
	free(tls);
	/* a thread's list of errors is no reader's business */
	ERR_clear_error();
}

/* What OpenSSL calls it when the peer's first bytes are no TLS. */
static bool
is_plain(unsigned long error)
{
	switch (ERR_GET_REASON(error)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_BAD_RECORD_TYPE:
	case SSL_R_UNEXPECTED_MESSAGE:
		return true;
	}
	return false;
}

static int
note_failure(struct clasp_tls *tls)
{
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_reason_error_string(error);

	if (tls->error)
		return tls->error;
	tls->error = CLASP_EPROTO;
	if (ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET && reason)
		/* "tlsv1 alert unknown ca": as the peer's alert says it */
		snprintf(tls->why, sizeof tls->why,
		    "the peer ended TLS: %s", strstr(reason, "alert ") ?
		    strstr(reason, "alert ") + 6 : reason);
	else if (!tls->ready && is_plain(error))
		snprintf(tls->why, sizeof tls->why, CLASP_TLS_NOT_SPOKEN);
	else
		snprintf(tls->why, sizeof tls->why, "TLS failed: %s",
		    reason ? reason : "broken data");
	return tls->error;
}

int
clasp_tls_open(struct clasp_tls *tls, const uint8_t *in, size_t n,
    uint8_t *out, size_t cap)
{
	size_t made = 0, got;
	int r;

	if (tls->error)
		return tls->error;
	tls->in = in;
	tls->in_len = n;
	tls->updates = 0;
	do {
		ERR_clear_error();
		r = SSL_read_ex(tls->ssl, out + made, cap - made, &got);
		if (r == 1)
			made += got;
	} while (r == 1 && made < cap);
	tls->in = NULL;
	tls->ready = SSL_is_init_finished(tls->ssl);
	if (r != 1) {
		switch (SSL_get_error(tls->ssl, r)) {
		case SSL_ERROR_WANT_READ:
			break;
		case SSL_ERROR_ZERO_RETURN:
			tls->ended = true;
			break;
		default:
			return note_failure(tls);
		}
	}
	return (int)made;
}

bool
clasp_tls_ready(const struct clasp_tls *tls)
{
	return tls->ready;
}

bool
clasp_tls_ended(const struct clasp_tls *tls)
{
	return tls->ended;
}

const char *
clasp_tls_why(const struct clasp_tls *tls)
{
	return tls->why[0] ? tls->why : clasp_strerror(tls->error);
}

int
clasp_tls_seal(struct clasp_tls *tls, const uint8_t *p, size_t n)
{
	size_t done;

	if (tls->error)
		return tls->error;
	ERR_clear_error();
	if (n > 0 && (SSL_write_ex(tls->ssl, p, n, &done) != 1 || done != n))
		return tls->out.failed ? CLASP_ENOMEM : note_failure(tls);
	return 0;
}

void
clasp_tls_finish(struct clasp_tls *tls)
{
	if (tls->error || !tls->ready)
		return;
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
}

const uint8_t *
clasp_tls_waiting(const struct clasp_tls *tls, size_t *n)
{
	*n = tls->out.len - tls->out_at;
	return tls->out.data + tls->out_at;
}

void
clasp_tls_sent(struct clasp_tls *tls, size_t n)
{
	tls->out_at += n;
	if (tls->out_at < tls->out.len)
		return;
	clasp_buf_clear(&tls->out);
	tls->out_at = 0;
}
