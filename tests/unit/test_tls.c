/*
 * test_tls.c - TLS in memory: two ends back to back, whatever the pieces in
 * which their bytes arrive; certificates and files that are no good.
 *
 * The certificates are made by the program openssl in a folder of the test.
 * In a build without TLS there is nothing to test.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "net/tls.h"
#include "t.h"

#define ROOM	(256 * 1024)

static char folder[] = "/tmp/test_tls.XXXXXX";
static struct clasp_tls_context *server, *client;

/* A name in the folder; good until the fourth call from here. */
static const char *
at(const char *name)
{
	static char names[4][128];
	static unsigned turn;
	char *out = names[turn++ % 4];

	snprintf(out, sizeof names[0], "%s/%s", folder, name);
	return out;
}

static int
shell(const char *command)
{
	char line[1024];

	snprintf(line, sizeof line, "cd %s && (%s) 2>errors >&2", folder,
	    command);
	return system(line);
}

/* NAME.pem and NAME.key for these names, signed by itself. */
static int
issue(const char *name, const char *names)
{
	char command[512];

	snprintf(command, sizeof command, "openssl req -x509 -newkey ec "
	    "-pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
	    "-addext subjectAltName=%s -keyout %s.key -out %s.pem", name,
	    names, name, name);
	return shell(command);
}

static struct clasp_tls_context *
serve(const char *cert, const char *key)
{
	struct clasp_tls_files files = { .cert = at(cert), .key = at(key) };
	struct clasp_tls_context *out = NULL;
	struct clasp_tls_fault fault;

	t_eq_int(clasp_tls_server(&files, &out, &fault), 0, "%s", cert);
	return out;
}

static struct clasp_tls_context *
trust(const char *cacert)
{
	struct clasp_tls_files files = { .cacert = at(cacert) };
	struct clasp_tls_context *out = NULL;
	struct clasp_tls_fault fault;

	t_eq_int(clasp_tls_client(&files, &out, &fault), 0, "%s", cacert);
	return out;
}

/* ------------------------------------------------------------- two ends */

struct end {
	struct clasp_tls *tls;
	uint8_t		*got;		/* plain bytes, ROOM */
	size_t		 n;
	int		 error;
};

static void
begin(struct end *e, struct clasp_tls_context *context, const char *host)
{
	memset(e, 0, sizeof *e);
	e->tls = clasp_tls_new(context, host);
	e->got = malloc(ROOM);
	t_check(e->tls && e->got, "no memory");
}

static void
end(struct end *e)
{
	clasp_tls_free(e->tls);
	free(e->got);
}

static void
feed(struct end *to, const uint8_t *p, size_t n)
{
	uint8_t out[CLASP_TLS_RECORD_MAX + 70000];
	int made = clasp_tls_open(to->tls, p, n, out, sizeof out);

	if (made < 0) {
		to->error = made;
		return;
	}
	t_check(to->n + (size_t)made <= ROOM, "too much came");
	memcpy(to->got + to->n, out, (size_t)made);
	to->n += (size_t)made;
}

/* Carry what waits at one end to the other, in pieces; false: nothing. */
static int
carry(struct end *from, struct end *to, size_t piece)
{
	const uint8_t *p;
	uint8_t copy[65536];
	size_t n;
	int some = 0;

	while (p = clasp_tls_waiting(from->tls, &n), n > 0 && !to->error) {
		if (n > piece)
			n = piece;
		/* a copy of its own size, for who looks beyond it */
		memcpy(copy, p, n);
		clasp_tls_sent(from->tls, n);
		feed(to, copy, n);
		some = 1;
	}
	return some;
}

static void
settle(struct end *a, struct end *b, size_t piece)
{
	while (carry(a, b, piece) | carry(b, a, piece))
		;
}

static void
bytes_arrive_in_any_pieces(void)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 6, 7, 100, 1399, 16384,
	    16389, 65536 };
	static uint8_t text[100000];
	struct end a, b;
	size_t i, k, n;

	for (k = 0; k < sizeof text; k++)
		text[k] = (uint8_t)(k * 31 >> 3);
	for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		begin(&a, client, "localhost");
		begin(&b, server, NULL);
		settle(&a, &b, pieces[i]);
		t_check(clasp_tls_ready(a.tls) && clasp_tls_ready(b.tls),
		    "pieces of %zu", pieces[i]);
		n = sizeof text / (pieces[i] < 7 ? 5 : 1);
		t_eq_int(clasp_tls_seal(a.tls, text, n), 0, "seal");
		t_eq_int(clasp_tls_seal(b.tls, text, 70), 0, "seal");
		settle(&a, &b, pieces[i]);
		t_eq_int(b.n, n, "pieces of %zu", pieces[i]);
		t_check(b.n == n && memcmp(b.got, text, n) == 0, "bytes");
		t_check(a.n == 70 && memcmp(a.got, text, 70) == 0, "bytes");
		t_check(!clasp_tls_ended(b.tls), "not yet");
		clasp_tls_finish(a.tls);
		settle(&a, &b, pieces[i]);
		t_check(clasp_tls_ended(b.tls), "the end is told");
		end(&a);
		end(&b);
	}
}

/* One flight after the other is cut in two at one place. */
static void
handshake_is_cut_at_every_place(void)
{
	size_t cut, n, flights = 0, step = getenv("QUICK") ? 29 : 1;
	const uint8_t *p;
	struct end ends[2];
	int side, more = 1;

	for (cut = 1; more; cut += step) {
		more = 0;
		begin(&ends[0], client, "localhost");
		begin(&ends[1], server, NULL);
		for (side = 0, flights = 0; flights < 6; side ^= 1) {
			flights++;
			p = clasp_tls_waiting(ends[side].tls, &n);
			if (n == 0)
				break;
			if (cut < n) {
				more = 1;
				feed(&ends[side ^ 1], p, cut);
				feed(&ends[side ^ 1], p + cut, n - cut);
			} else {
				feed(&ends[side ^ 1], p, n);
			}
			clasp_tls_sent(ends[side].tls, n);
		}
		t_check(clasp_tls_ready(ends[0].tls) &&
		    clasp_tls_ready(ends[1].tls), "cut at %zu", cut);
		end(&ends[0]);
		end(&ends[1]);
	}
	t_check(cut > 500, "a certificate is longer than that");
}

/* ------------------------------------------------------ what is refused */

static void
meet(struct clasp_tls_context *whom, const char *host, struct end *a)
{
	struct end b;

	begin(a, whom, host);
	begin(&b, server, NULL);
	settle(a, &b, 1000);
	/* the other side is told, too */
	if (a->error == CLASP_ECERT)
		t_eq_int(b.error, CLASP_EPROTO, "%s", clasp_tls_why(b.tls));
	end(&b);
}

static void
certificates_are_checked(void)
{
	struct clasp_tls_context *other = trust("other.pem");
	struct clasp_tls_files none = { .insecure = true };
	struct clasp_tls_context *any = NULL;
	struct clasp_tls_fault fault;
	struct end a;

	meet(client, "127.0.0.1", &a);
	t_check(!a.error && clasp_tls_ready(a.tls), "by its address");
	end(&a);
	meet(client, "::1", &a);
	t_check(!a.error && clasp_tls_ready(a.tls), "by its address");
	end(&a);
	meet(client, "::1%lo", &a);
	t_check(!a.error && clasp_tls_ready(a.tls), "with its interface");
	end(&a);
	meet(client, "127.0.0.2", &a);
	t_eq_int(a.error, CLASP_ECERT, "another address");
	t_eq_str(clasp_tls_why(a.tls), "certificate is for localhost, not "
	    "127.0.0.2; use the name it was made for");
	end(&a);
	meet(client, "localhost.example", &a);
	t_eq_int(a.error, CLASP_ECERT, "another name");
	end(&a);
	meet(other, "localhost", &a);
	t_eq_int(a.error, CLASP_ECERT, "nobody we know");
	t_eq_str(clasp_tls_why(a.tls), "self-signed certificate; "
	    "--cacert FILE trusts the one in FILE");
	/* it stays as it is */
	t_eq_int(clasp_tls_open(a.tls, NULL, 0, a.got, 1), CLASP_ECERT, "");
	t_eq_int(clasp_tls_seal(a.tls, (const uint8_t *)"x", 1),
	    CLASP_ECERT, "");
	end(&a);
	t_eq_int(clasp_tls_client(&none, &any, &fault), 0, "insecure");
	meet(any, "whoever", &a);
	t_check(!a.error && clasp_tls_ready(a.tls), "any will do");
	end(&a);
	clasp_tls_context_free(any);
	clasp_tls_context_free(other);
}

/* An address that is none, as DER: one byte long. */
static void
an_odd_address_is_no_name(void)
{
	struct clasp_tls_context *odd, *known;
	struct end a, b;

	if (issue("odd", "DER:30:03:87:01:7f") != 0)
		return;		/* this openssl does not make such a one */
	odd = serve("odd.pem", "odd.key");
	known = trust("odd.pem");
	begin(&a, known, "localhost");
	begin(&b, odd, NULL);
	settle(&a, &b, 65536);
	t_eq_int(a.error, CLASP_ECERT, "for nobody");
	t_eq_str(clasp_tls_why(a.tls), "certificate is for somebody else, "
	    "not localhost; use the name it was made for");
	end(&a);
	end(&b);
	clasp_tls_context_free(odd);
	clasp_tls_context_free(known);
}

static void
what_is_no_tls_is_told(void)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const char request[] = "GET / HTTP/1.1\r\n\r\n";
	struct end a, b;
	size_t n;

	begin(&a, client, "localhost");
	feed(&a, (const uint8_t *)http, sizeof http - 1);
	t_eq_int(a.error, CLASP_EPROTO, "an HTTP answer");
	t_eq_str(clasp_tls_why(a.tls), CLASP_TLS_NOT_SPOKEN);
	end(&a);
	begin(&b, server, NULL);
	feed(&b, (const uint8_t *)request, sizeof request - 1);
	t_eq_int(b.error, CLASP_EPROTO, "an HTTP request");
	end(&b);

	/* one bit in a record */
	begin(&a, client, "localhost");
	begin(&b, server, NULL);
	settle(&a, &b, 65536);
	clasp_tls_seal(a.tls, (const uint8_t *)"hello", 5);
	memcpy(a.got, clasp_tls_waiting(a.tls, &n), 64);
	a.got[8] ^= 0x10;
	feed(&b, a.got, n);
	t_eq_int(b.error, CLASP_EPROTO, "%s", clasp_tls_why(b.tls));
	t_eq_int(b.n, 0, "nothing of it is passed on");
	end(&a);
	end(&b);
}

static void
fault_of(const char *cert, const char *key, const char *file,
    const char *why)
{
	char c[128], k[128], f[128];
	struct clasp_tls_files files = { .cert = c, .key = k };
	struct clasp_tls_context *out = NULL;
	struct clasp_tls_fault fault;

	snprintf(c, sizeof c, "%s", at(cert));
	snprintf(k, sizeof k, "%s", at(key));
	snprintf(f, sizeof f, "%s", at(file));
	t_eq_int(clasp_tls_server(&files, &out, &fault), CLASP_EINVAL, "%s",
	    cert);
	t_eq_str(fault.file ? fault.file : "", f);
	t_check(strncmp(fault.why, why, strlen(why)) == 0, "%s", fault.why);
}

static void
files_that_are_no_good_are_named(void)
{
	fault_of("none.pem", "good.key", "none.pem", "no such file");
	fault_of("good.pem", "none.key", "none.key", "no such file");
	fault_of("good.key", "good.key", "good.key", "no certificate in PEM");
	fault_of("good.pem", "good.pem", "good.pem", "no private key in PEM");
	fault_of("good.pem", "other.key", "other.key",
	    "the private key does not belong to the certificate in ");
}

static void
a_reload_is_for_those_who_come_later(void)
{
	struct clasp_tls_context *live = serve("live.pem", "live.key");
	struct clasp_tls_context *old = trust("live.pem"), *new;
	struct clasp_tls_fault fault;
	struct end a, b, c, d;

	begin(&a, old, "localhost");
	begin(&b, live, NULL);
	settle(&a, &b, 1000);
	t_eq_int(shell("mv live.key kept; echo x >live.key"), 0, "");
	t_eq_int(clasp_tls_server_reload(live, &fault), CLASP_EINVAL, "");
	t_eq_int(issue("live", "DNS:localhost"), 0, "openssl");
	t_eq_int(clasp_tls_server_reload(live, &fault), 0, "");
	new = trust("live.pem");
	clasp_tls_seal(a.tls, (const uint8_t *)"hello", 5);
	settle(&a, &b, 1000);
	t_eq_int(b.n, 5, "who was there stays");
	begin(&c, new, "localhost");
	begin(&d, live, NULL);
	/* the context lives as long as its connections */
	clasp_tls_context_free(live);
	clasp_tls_context_free(new);
	clasp_tls_context_free(old);
	settle(&c, &d, 1000);
	t_check(clasp_tls_ready(c.tls) && !c.error, "the new one is shown");
	end(&a);
	end(&b);
	end(&c);
	end(&d);
}

/* A peer that has us answer and never reads is not answered for ever. */
static void
unread_answers_have_a_limit(void)
{
	struct end a, b;
	size_t n, i;

	begin(&a, client, "localhost");
	begin(&b, server, NULL);
	settle(&a, &b, 1000);
	for (i = 0; i < 100 && clasp_tls_seal(b.tls, a.got, 10000) == 0; i++)
		;
	clasp_tls_waiting(b.tls, &n);
	t_check(i > 10 && n < 200000, "%zu bytes wait", n);
	end(&a);
	end(&b);
}

int
main(void)
{
	struct clasp_tls_files none = { 0 };
	struct clasp_tls_fault fault;

	if (clasp_tls_client(&none, &client, &fault) == CLASP_EMISSING) {
		printf("1..0 # skip built without TLS\n");
		return 0;
	}
	clasp_tls_context_free(client);
	if (!mkdtemp(folder) || issue("good",
	    "DNS:localhost,IP:127.0.0.1,IP:::1") != 0 ||
	    issue("other", "DNS:other.example") != 0 ||
	    issue("live", "DNS:localhost") != 0) {
		printf("Bail out! no certificates\n");
		return 1;
	}
	server = serve("good.pem", "good.key");
	client = trust("good.pem");
	t_run(bytes_arrive_in_any_pieces);
	t_run(handshake_is_cut_at_every_place);
	t_run(certificates_are_checked);
	t_run(an_odd_address_is_no_name);
	t_run(what_is_no_tls_is_told);
	t_run(files_that_are_no_good_are_named);
	t_run(a_reload_is_for_those_who_come_later);
	t_run(unread_answers_have_a_limit);
	clasp_tls_context_free(server);
	clasp_tls_context_free(client);
	shell("rm -f *");
	rmdir(folder);
	return t_end();
}
