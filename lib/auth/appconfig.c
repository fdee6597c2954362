/* appconfig.c - the app-config file. */
#include "auth/appconfig.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/address.h"

#define FILE_MAX	(16u << 20)

struct reading {
	const char	*file;
	const char	*text;		/* of the whole file */
	void		(*warn)(const char *text, void *user);
	void		*user;
	char		*why;
	struct clasp_appconfig *out;
};

/* A member of the file, for messages: "params"[index]."field". */
struct place {
	const char	*key;
	int		 index;		/* -1: the key itself */
	const char	*field;		/* NULL: the whole element */
};

/* ------------------------------------------------------------ where it is */

/* The end of the string that begins at p, at its closing quote. */
static const char *
string_end(const char *p)
{
	for (p++; *p != '\0' && *p != '"'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return p;
}

/* Is the string between p and end a key of this name? */
static bool
is_key(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name);

	if ((size_t)(end - p) - 1 != n || memcmp(p + 1, name, n) != 0)
		return false;
	return end[1 + strspn(end + 1, " \t\r\n")] == ':';
}

/*
 * The line of a place in a text that is known to be JSON: the parser does not
 * keep it.  0: not found, as when a key is written with escapes.
 */
static unsigned
line_of(const char *p, const struct place *place)
{
	unsigned line = 1;
	int depth = 0, element = 0;
	bool inside = false;		/* the value of the key */
	const char *end;

	for (; *p != '\0'; p++) {
		if (*p == '\n')
			line++;
		if (strchr(" \t\r\n", *p) != NULL)
			continue;
		if (inside && depth == 2 && element == place->index &&
		    place->field == NULL && *p != ',')
			return line;
		if (*p == '"') {
			end = string_end(p);
			if (depth == 1 && is_key(p, end, place->key)) {
				if (place->index < 0)
					return line;
				inside = true;
			} else if (inside && depth == 3 &&
			    element == place->index && place->field != NULL &&
			    is_key(p, end, place->field)) {
				return line;
			}
			p = end;
		} else if (*p == '[' || *p == '{') {
			depth++;
		} else if (*p == ']' || *p == '}') {
			if (--depth == 1 && inside)
				return 0;
		} else if (*p == ',' && depth == 2 && inside) {
			element++;
		}
	}
	return 0;
}

/* "FILE:LINE: params[2].range: ..." */
static void
describe(const struct reading *r, const struct place *place, char *out,
    const char *format, va_list ap)
{
	unsigned line = line_of(r->text, place);
	char what[160], number[16] = "", index[16] = "";

	/* with the element's line where the field is not there */
	if (line == 0 && place->field != NULL) {
		struct place element = { place->key, place->index, NULL };

		line = line_of(r->text, &element);
	}
	if (line > 0)
		snprintf(number, sizeof number, ":%u", line);
	if (place->index >= 0)
		snprintf(index, sizeof index, "[%d]", place->index);
	vsnprintf(what, sizeof what, format, ap);
	snprintf(out, CLASP_APPCONFIG_WHY, "%.200s%s: %.60s%s%s%.60s: %s",
	    r->file, number, place->key, index, place->field ? "." : "",
	    place->field ? place->field : "", what);
}

static int wrong(const struct reading *r, const struct place *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
static void hint(const struct reading *r, const struct place *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static int
wrong(const struct reading *r, const struct place *place, const char *format,
    ...)
{
	va_list ap;

	va_start(ap, format);
	describe(r, place, r->why, format, ap);
	va_end(ap);
	return CLASP_ESYNTAX;
}

static void
hint(const struct reading *r, const struct place *place, const char *format,
    ...)
{
	char text[CLASP_APPCONFIG_WHY];
	va_list ap;

	if (r->warn == NULL)
		return;
	va_start(ap, format);
	describe(r, place, text, format, ap);
	va_end(ap);
	r->warn(text, r->user);
}

/* ------------------------------------------------------------------ params */

static bool
number_of(const json_t *json, struct clasp_value *out)
{
	if (json_is_integer(json))
		*out = clasp_int(json_integer_value(json));
	else if (json_is_real(json))
		*out = clasp_float(json_real_value(json));
	else
		return false;
	return true;
}

static struct clasp_str
text_of(const json_t *json)
{
	return clasp_str_of(json_string_value(json),
	    json_string_length(json));
}

static int
read_range(const struct reading *r, int index, const json_t *json,
    struct clasp_policy *out)
{
	const struct place place = { "params", index, "range" };

	if (!json_is_array(json) || json_array_size(json) != 2 ||
	    !number_of(json_array_get(json, 0), &out->range.low) ||
	    !number_of(json_array_get(json, 1), &out->range.high))
		return wrong(r, &place, "must be two numbers, [low, high]");
	if (clasp_number_cmp(&out->range.low, &out->range.high) > 0)
		return wrong(r, &place, "its first number is above its "
		    "second");
	out->has_range = true;
	return 0;
}

static int
read_path(const struct reading *r, int index, const json_t *json,
    struct clasp_policy *out)
{
	const struct place place = { "params", index, "path" };
	const char *why = "malformed";

	if (!json_is_string(json))
		return wrong(r, &place, "must be a pattern, in quotes");
	out->path = text_of(json);
	if (clasp_pattern_check(out->path, &why) < 0)
		return wrong(r, &place, "%s", why);
	return 0;
}

static int
read_strategy(const struct reading *r, int index, const json_t *json,
    struct clasp_policy *out)
{
	const struct place place = { "params", index, "strategy" };
	int n = json_is_string(json) ?
	    clasp_strategy_by_name(text_of(json)) : -1;

	if (n < 0)
		return wrong(r, &place, "must be one of \"lww\", \"max\", "
		    "\"min\", \"lock\", \"merge\"");
	out->strategy = (enum clasp_strategy)n;
	return 0;
}

static int
read_param(const struct reading *r, int index, json_t *json,
    struct clasp_policy *out)
{
	struct place place = { "params", index, NULL };
	const char *key;
	json_t *value;
	int error = 0;

	if (!json_is_object(json))
		return wrong(r, &place, "must be an object, in braces");
	if (json_object_get(json, "path") == NULL)
		return wrong(r, &place, "has no \"path\"");
	json_object_foreach(json, key, value) {
		place.field = key;
		if (strcmp(key, "path") == 0)
			error = read_path(r, index, value, out);
		else if (strcmp(key, "strategy") == 0)
			error = read_strategy(r, index, value, out);
		else if (strcmp(key, "range") == 0)
			error = read_range(r, index, value, out);
		else
			hint(r, &place, "unknown key");
		if (error < 0)
			return error;
	}
	return 0;
}

static int
read_params(const struct reading *r, json_t *json)
{
	const struct place place = { "params", -1, NULL };
	struct clasp_appconfig *out = r->out;
	size_t i, n = json_array_size(json);
	int error = 0;

	if (!json_is_array(json))
		return wrong(r, &place, "must be a list, in brackets");
	out->policies = calloc(n + 1, sizeof *out->policies);
	if (out->policies == NULL)
		return CLASP_ENOMEM;
	for (i = 0; i < n && error == 0; i++)
		error = read_param(r, (int)i, json_array_get(json, i),
		    &out->policies[i]);
	out->npolicies = (uint32_t)n;
	return error;
}

/* ------------------------------------------------------------------- file */

static bool
is_elsewhere(const char *key)
{
	static const char *const keys[] = { "scopes", "write_rules",
	    "snapshot_transforms", "snapshot_visibility", "rate_limits" };
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static int
read_all(const struct reading *r)
{
	struct place place = { NULL, -1, NULL };
	json_t *root, *value;
	json_error_t at;
	int error = 0;

	root = json_loads(r->text, JSON_REJECT_DUPLICATES, &at);
	if (root == NULL) {
		snprintf(r->why, CLASP_APPCONFIG_WHY, "%.200s:%d: %s",
		    r->file, at.line > 0 ? at.line : 1, at.text);
		return CLASP_ESYNTAX;
	}
	r->out->json = root;
	if (!json_is_object(root)) {
		snprintf(r->why, CLASP_APPCONFIG_WHY,
		    "%.200s:1: must be a JSON object, in braces", r->file);
		return CLASP_ESYNTAX;
	}
	json_object_foreach(root, place.key, value) {
		if (strcmp(place.key, "params") == 0)
			error = read_params(r, value);
		else if (is_elsewhere(place.key))
			hint(r, &place, "not built into this relay, ignored");
		else
			hint(r, &place, "unknown key, ignored");
		if (error < 0)
			return error;
	}
	return 0;
}

/* The whole file, with a NUL behind it: 0 or a negative errno. */
static int
slurp(const char *file, struct clasp_buf *out)
{
	char piece[8192];
	int error = 0;
	FILE *in = fopen(file, "re");
	size_t n;

	if (in == NULL)
		return -errno;
	while ((n = fread(piece, 1, sizeof piece, in)) > 0) {
		clasp_buf_add(out, piece, n);
		if (out->len > FILE_MAX) {
			error = -EFBIG;
			break;
		}
	}
	if (ferror(in))
		error = -errno;
	fclose(in);
	clasp_buf_add_u8(out, '\0');
	if (error == 0 && out->failed)
		error = -ENOMEM;
	return error;
}

int
clasp_appconfig_read(const char *file, struct clasp_appconfig *out,
    void (*warn)(const char *text, void *user), void *user,
    char why[CLASP_APPCONFIG_WHY])
{
	struct clasp_buf text = { 0 };
	struct reading r = { file, NULL, warn, user, why, out };
	int error;

	memset(out, 0, sizeof *out);
	error = slurp(file, &text);
	if (error < 0) {
		clasp_buf_clear(&text);
		snprintf(why, CLASP_APPCONFIG_WHY, "%.200s: %s", file,
		    strerror(-error));
		return CLASP_EIO;
	}
	r.text = (const char *)text.data;
	if (strlen(r.text) + 1 < text.len) {
		snprintf(why, CLASP_APPCONFIG_WHY,
		    "%.200s: not a text file", file);
		error = CLASP_ESYNTAX;
	} else {
		error = read_all(&r);
	}
	if (error == CLASP_ENOMEM)
		snprintf(why, CLASP_APPCONFIG_WHY, "%.200s: %s", file,
		    clasp_strerror(error));
	if (error < 0)
		clasp_appconfig_clear(out);
	clasp_buf_clear(&text);
	return error;
}

void
clasp_appconfig_clear(struct clasp_appconfig *config)
{
	json_decref(config->json);
	free(config->policies);
	memset(config, 0, sizeof *config);
}

/* How many *.json a folder has; the path of one of them goes to out. */
static unsigned
count_json(const char *folder, char *out, size_t size)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	unsigned found = 0;
	const char *dot;
	int n;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		dot = strrchr(entry->d_name, '.');
		if (dot == NULL || dot == entry->d_name ||
		    strcmp(dot, ".json") != 0)
			continue;
		n = snprintf(out, size, "%s/%s", folder, entry->d_name);
		/* a path too long for us is not the only one */
		found += n < 0 || (size_t)n >= size ? 2 : 1;
	}
	closedir(dir);
	return found;
}

bool
clasp_appconfig_find(const char *const folders[], char *out, size_t size)
{
	for (; *folders != NULL; folders++)
		if (count_json(*folders, out, size) == 1)
			return true;
	return false;
}
