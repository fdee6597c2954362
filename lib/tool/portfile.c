/* portfile.c - see portfile.h */
#include "tool/portfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/cli.h"

static const char *file_path;
static struct stat written;		/* st_ino 0: nothing yet */

void
cli_portfile_begin(const char *path)
{
	file_path = path;
	if (path != NULL && unlink(path) < 0 && errno != ENOENT)
		cli_die(CLI_UNREACHABLE, path, "%s", cli_strerror(errno));
}

/* The file as it will be, under another name. */
static bool
write_beside(const char *path, int port)
{
	FILE *file = fopen(path, "w");
	bool good;

	if (file == NULL)
		return false;
	good = fprintf(file, "%d\n", port) > 0 && fflush(file) == 0 &&
	    fstat(fileno(file), &written) == 0;
	return fclose(file) == 0 && good;
}

void
cli_portfile_write(int port)
{
	char beside[4096];
	int n, why;

	if (file_path == NULL)
		return;
	n = snprintf(beside, sizeof beside, "%s.%ld", file_path,
	    (long)getpid());
	if (n < 0 || (size_t)n >= sizeof beside)
		cli_die(CLI_UNREACHABLE, file_path, "name too long");
	if (write_beside(beside, port) && rename(beside, file_path) == 0)
		return;
	why = errno;
	unlink(beside);
	cli_die(CLI_UNREACHABLE, file_path, "%s", cli_strerror(why));
}

void
cli_portfile_end(void)
{
	struct stat now;

	if (file_path != NULL && written.st_ino != 0 &&
	    lstat(file_path, &now) == 0 && now.st_ino == written.st_ino &&
	    now.st_dev == written.st_dev)
		unlink(file_path);
}
