/* cid.c - who a source is: a UUID that is the same after a restart. */

#include "dev/cid.h"

#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "proto/sacn.h"

#define TRIES	100	/* a file that is locked but not written yet */

static void
set_version(uint8_t cid[16], int version)
{
	cid[6] = (uint8_t)((cid[6] & 0x0f) | version << 4);
	cid[8] = (uint8_t)((cid[8] & 0x3f) | 0x80);
}

static void
make_random(uint8_t cid[16])
{
	if (getrandom(cid, 16, 0) != 16)
		memset(cid, 0, 16);
	set_version(cid, 4);
}

void
clasp_cid_derive(const uint8_t of[16], const char *text, uint8_t cid[16])
{
	uint8_t both[16 + 64], hash[20];
	size_t n = strnlen(text, 64);

	memcpy(both, of, 16);
	memcpy(both + 16, text, n);
	lws_SHA1(both, 16 + n, hash);
	memcpy(cid, hash, 16);
	set_version(cid, 5);
}

/* ------------------------------------------------------------------ files */

/* Every folder above the last slash of path. */
static void
make_folders(char *path)
{
	char *at;

	for (at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
}

/* Where the UUID of a name is; false: nowhere. */
static bool
path_of(const char *name, char out[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && state[0] == '/')
		n = snprintf(out, PATH_MAX, "%s/clasp/cid/", state);
	else if (home && home[0] == '/')
		n = snprintf(out, PATH_MAX, "%s/.local/state/clasp/cid/",
		    home);
	else
		return false;
	/* a name may be anything; a file's name may not */
	for (; *name && n > 0 && n < PATH_MAX - 16; name++) {
		char c = *name;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (c >= 'A' && c <= 'Z') || c == '-' || c == '_')
			out[n++] = c;
		else
			n += snprintf(out + n, 4, "%%%02x",
			    (unsigned)(uint8_t)c);
	}
	if (n <= 0 || n >= PATH_MAX - 16)
		return false;
	out[n] = '\0';
	make_folders(out);
	return true;
}

static bool
read_cid(int fd, uint8_t cid[16])
{
	char text[CLASP_SACN_CID_TEXT + 1];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < CLASP_SACN_CID_TEXT - 1)
		return false;
	text[CLASP_SACN_CID_TEXT - 1] = '\0';
	return clasp_sacn_cid_parse(text, cid) == 0;
}

static bool
write_cid(int fd, const uint8_t cid[16])
{
	char text[CLASP_SACN_CID_TEXT];

	clasp_sacn_cid_format(cid, text);
	text[CLASP_SACN_CID_TEXT - 1] = '\n';
	return ftruncate(fd, 0) == 0 &&
	    pwrite(fd, text, sizeof text, 0) == (ssize_t)sizeof text;
}

/* Somebody else has it: read what he has, or is just writing. */
static bool
read_theirs(int fd, uint8_t cid[16])
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < TRIES; i++) {
		if (read_cid(fd, cid))
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

/*
 * The n-th of this name: with n = 0 the UUID itself, else one made of it.
 * 1: it is ours; 0: somebody has it; CLASP_EIO.
 */
static int
take(char path[PATH_MAX], unsigned n, uint8_t stored[16], uint8_t cid[16])
{
	char number[12], *end = path + strlen(path);
	int fd, r = CLASP_EIO;

	snprintf(number, sizeof number, "%u", n);
	if (n > 0)
		snprintf(end, 14, ".%s", number);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	*end = '\0';
	if (fd < 0)
		return CLASP_EIO;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK && (n > 0 ||
		    read_theirs(fd, stored)) ? 0 : CLASP_EIO;
		close(fd);
		return r;
	}
	if (n > 0) {
		clasp_cid_derive(stored, number, cid);
		return 1;	/* the open file is the lock */
	}
	if (!read_cid(fd, stored)) {
		make_random(stored);
		if (!write_cid(fd, stored)) {
			close(fd);
			return CLASP_EIO;
		}
	}
	memcpy(cid, stored, 16);
	return 1;
}

int
clasp_cid_take(const char *name, uint8_t cid[16], char why[200])
{
	char path[PATH_MAX];
	uint8_t stored[16];
	unsigned n;
	int r = 0;

	errno = ENOENT;
	if (path_of(name, path))
		for (n = 0; r == 0 && n < CLASP_CID_MANY; n++)
			r = take(path, n, stored, cid);
	if (r == 1)
		return 0;
	snprintf(why, 200, "%s",
	    uv_strerror(uv_translate_sys_error(errno)));
	make_random(cid);
	return CLASP_EIO;
}
