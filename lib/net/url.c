/* url.c - see url.h */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "net/scheme.h"
#include "net/url.h"

static int
copy(char *out, size_t cap, struct clasp_str s)
{
	if (s.len >= cap || (s.len && memchr(s.p, '\0', s.len)))
		return CLASP_EURL;
	if (s.len)
		memcpy(out, s.p, s.len);
	out[s.len] = '\0';
	return 0;
}

/* The first of the characters in `set`, or the end. */
static size_t
span_to(struct clasp_str s, const char *set)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] && strchr(set, s.p[i]))
			break;
	return i;
}

static struct clasp_str
after(struct clasp_str s, size_t n)
{
	return clasp_str_of(s.p + n, s.len - n);
}

static int
read_port(struct clasp_str s, struct clasp_url *out)
{
	uint64_t port;

	if (clasp_uint_parse(s, &port) < 0 || port > 65535)
		return CLASP_EURL;
	out->port = (int)port;
	out->port_given = 1;
	return 0;
}

/* "host", "host:port", "[v6]:port"; IPv6 without brackets is not taken. */
static int
read_authority(struct clasp_str s, struct clasp_url *out)
{
	struct clasp_str host = s, rest;
	size_t n;
	int error;

	if (s.len && s.p[0] == '[') {
		n = span_to(s, "]");
		if (n == s.len)
			return CLASP_EURL;
		host = clasp_str_of(s.p + 1, n - 1);
		rest = after(s, n + 1);
	} else {
		n = span_to(s, ":");
		host = clasp_str_of(s.p, n);
		rest = after(s, n);
	}
	if (host.len == 0 || span_to(host, "@ \t") != host.len)
		return CLASP_EURL;
	error = copy(out->host, sizeof out->host, host);
	if (error || rest.len == 0)
		return error;
	if (rest.p[0] != ':')
		return CLASP_EURL;
	return read_port(after(rest, 1), out);
}

static int
has_control(struct clasp_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return 1;
	return 0;
}

static int
read_network(struct clasp_str s, const struct clasp_scheme *scheme,
    struct clasp_url *out)
{
	struct clasp_str path;
	size_t n;
	int error;

	if (s.len < 2 || s.p[0] != '/' || s.p[1] != '/' || has_control(s))
		return CLASP_EURL;
	s = after(s, 2);
	n = span_to(s, "/?#");
	error = read_authority(clasp_str_of(s.p, n), out);
	if (error)
		return error;

	/* A fragment names a part of a page; here it can only be a slip. */
	path = after(s, n);
	if (span_to(path, "#") != path.len ||
	    (path.len && path.p[0] != '/'))
		return CLASP_EURL;
	if (path.len == 0 && scheme->path)
		path = clasp_str_c(scheme->path);
	return copy(out->path, sizeof out->path, path);
}

int
clasp_url_parse(struct clasp_str s, struct clasp_url *out)
{
	const struct clasp_scheme *scheme;
	size_t n = span_to(s, ":");
	int error;

	memset(out, 0, sizeof *out);
	if (n == s.len)
		return CLASP_EURL;
	scheme = clasp_scheme_find(clasp_str_of(s.p, n));
	if (!scheme)
		return CLASP_EURL;
	error = copy(out->scheme, sizeof out->scheme,
	    clasp_str_c(scheme->name));
	if (error)
		return error;
	out->port = scheme->port;
	out->secure = scheme->secure;
	s = after(s, n + 1);
	if (scheme->network)
		error = read_network(s, scheme, out);
	else if (s.len || scheme->path_optional)
		error = copy(out->path, sizeof out->path, s);
	else
		error = CLASP_EURL;
	if (error)
		return error;
	return scheme->connect ? 0 : CLASP_EMISSING;
}
