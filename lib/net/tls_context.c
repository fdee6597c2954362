/* tls_context.c - certificates, keys and whom to trust; see tls.h */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "net/tls_parts.h"

static int
fault_is(struct clasp_tls_fault *fault, const char *file, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

static int
fault_is(struct clasp_tls_fault *fault, const char *file, const char *format,
    ...)
{
	va_list ap;

	fault->file = file;
	va_start(ap, format);
	vsnprintf(fault->why, sizeof fault->why, format, ap);
	va_end(ap);
	ERR_clear_error();
	return CLASP_EINVAL;
}

static int
no_memory(struct clasp_tls_fault *fault)
{
	fault_is(fault, NULL, "%s", clasp_strerror(CLASP_ENOMEM));
	return CLASP_ENOMEM;
}

/* OpenSSL's own words, as a last resort. */
static int
fault_by_openssl(struct clasp_tls_fault *fault, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return fault_is(fault, file, "%s", reason ? reason : "not usable");
}

static bool
has_reason(int library, int reason)
{
	unsigned long error = ERR_peek_error();

	return ERR_GET_LIB(error) == library &&
	    ERR_GET_REASON(error) == reason;
}

/* Can it be read at all?  OpenSSL's words for that are not for people. */
static int
check_readable(const char *file, struct clasp_tls_fault *fault)
{
	FILE *f = fopen(file, "re");
	char text[120];

	if (f && fgetc(f) != EOF) {
		fclose(f);
		return 0;
	}
	if (f && !ferror(f)) {
		fclose(f);
		return fault_is(fault, file, "the file is empty");
	}
	snprintf(text, sizeof text, "%s", strerror(errno));
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] - 'A' + 'a');
	if (f)
		fclose(f);
	return fault_is(fault, file, "%s", text);
}

/* A program without a terminal cannot ask; notes that it should have. */
static int
on_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int
use_key(SSL_CTX *ssl, const char *file, const char *cert,
    struct clasp_tls_fault *fault)
{
	bool asked = false;
	EVP_PKEY *key = NULL;
	BIO *bio;
	int r;

	r = check_readable(file, fault);
	if (r < 0)
		return r;
	ERR_clear_error();
	bio = BIO_new_file(file, "r");
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase,
		    &asked);
	BIO_free(bio);
	if (!key)
		return fault_is(fault, file, asked ?
		    "the private key is encrypted; store it without a "
		    "passphrase" : "no private key in PEM form in it");
	r = SSL_CTX_use_PrivateKey(ssl, key);
	EVP_PKEY_free(key);
	if (r == 1)
		return 0;
	if (has_reason(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) ||
	    has_reason(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH))
		return fault_is(fault, file, "the private key does not belong "
		    "to the certificate in %s", cert);
	return fault_by_openssl(fault, file);
}

/* Our own certificate, with what stands behind it, and its key. */
static int
use_certificate(SSL_CTX *ssl, const char *cert, const char *key,
    struct clasp_tls_fault *fault)
{
	int r = check_readable(cert, fault);

	if (r < 0)
		return r;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ssl, cert) != 1) {
		if (has_reason(ERR_LIB_PEM, PEM_R_NO_START_LINE))
			return fault_is(fault, cert,
			    "no certificate in PEM form in it");
		return fault_by_openssl(fault, cert);
	}
	return use_key(ssl, key ? key : cert, cert, fault);
}

static SSL_CTX *
new_ssl(const SSL_METHOD *method)
{
	SSL_CTX *ssl = SSL_CTX_new(method);

	if (!ssl)
		return NULL;
	SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* An idle connection keeps no buffers; who resumes brings a ticket,
	 * nothing is remembered for it. */
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_msg_callback(ssl, clasp_tls_on_message);
	return ssl;
}

static SSL_CTX *
server_ssl(const char *cert, const char *key, struct clasp_tls_fault *fault,
    int *error)
{
	SSL_CTX *ssl = new_ssl(TLS_server_method());

	*error = ssl ? use_certificate(ssl, cert, key, fault) :
	    no_memory(fault);
	if (*error < 0) {
		SSL_CTX_free(ssl);
		return NULL;
	}
	return ssl;
}

static struct clasp_tls_context *
new_context(void)
{
	struct clasp_tls_context *context = calloc(1, sizeof *context);

	if (!context)
		return NULL;
	context->users = 1;
	context->memory = clasp_tls_memory_new();
	if (context->memory)
		return context;
	free(context);
	return NULL;
}

int
clasp_tls_server(const struct clasp_tls_files *files,
    struct clasp_tls_context **out, struct clasp_tls_fault *fault)
{
	struct clasp_tls_context *context = new_context();
	int error;

	if (!context)
		return no_memory(fault);
	context->cert = strdup(files->cert);
	context->key = files->key ? strdup(files->key) : NULL;
	if (!context->cert || (files->key && !context->key)) {
		clasp_tls_context_free(context);
		return no_memory(fault);
	}
	context->ssl = server_ssl(files->cert, files->key, fault, &error);
	if (!context->ssl) {
		clasp_tls_context_free(context);
		return error;
	}
	*out = context;
	return 0;
}

int
clasp_tls_server_reload(struct clasp_tls_context *context,
    struct clasp_tls_fault *fault)
{
	SSL_CTX *fresh;
	int error;

	fresh = server_ssl(context->cert, context->key, fault, &error);
	if (!fresh)
		return error;
	/* Connections have a share in the old one. */
	SSL_CTX_free(context->ssl);
	context->ssl = fresh;
	return 0;
}

/* Whom to trust.  Nobody at all is an error, not everybody. */
static int
use_trust(SSL_CTX *ssl, const struct clasp_tls_files *files,
    struct clasp_tls_fault *fault)
{
	int r;

	if (files->insecure)
		return 0;
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, clasp_tls_on_verify);
	if (!files->cacert) {
		if (SSL_CTX_set_default_verify_paths(ssl) != 1)
			return fault_is(fault, NULL, "the system's CA "
			    "certificates cannot be read");
		return 0;
	}
	r = check_readable(files->cacert, fault);
	if (r < 0)
		return r;
	ERR_clear_error();
	if (SSL_CTX_load_verify_file(ssl, files->cacert) != 1)
		return fault_is(fault, files->cacert,
		    "no certificate in PEM form in it");
	return 0;
}

int
clasp_tls_client(const struct clasp_tls_files *files,
    struct clasp_tls_context **out, struct clasp_tls_fault *fault)
{
	struct clasp_tls_context *context = new_context();
	int error;

	if (!context)
		return no_memory(fault);
	context->client = true;
	context->ssl = new_ssl(TLS_client_method());
	error = context->ssl ? use_trust(context->ssl, files, fault) :
	    no_memory(fault);
	if (error == 0 && files->cert)
		error = use_certificate(context->ssl, files->cert, files->key,
		    fault);
	if (error < 0) {
		clasp_tls_context_free(context);
		return error;
	}
	*out = context;
	return 0;
}

struct clasp_tls_context *
clasp_tls_context_ref(struct clasp_tls_context *context)
{
	if (context)
		context->users++;
	return context;
}

void
clasp_tls_context_free(struct clasp_tls_context *context)
{
	if (!context || --context->users > 0)
		return;
	SSL_CTX_free(context->ssl);
	if (context->memory)
		BIO_meth_free(context->memory);
	free(context->cert);
	free(context->key);
	free(context);
}
