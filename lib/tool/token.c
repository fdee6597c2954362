/* token.c - the token file. */
#include "tool/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/cli.h"

#define TOKEN_MAX 65535		/* what HELLO can carry */

char *
cli_token_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, TOKEN_MAX + 2), *token;
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		cli_die(CLI_UNREACHABLE, path, "%s", cli_strerror(errno));
	if (text == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	/* a pipe (<(pass show stage)) is nobody else's */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRGRP | S_IROTH)) != 0)
		cli_warn(path, "others can read this token: chmod 600");
	while (len <= TOKEN_MAX &&
	    (n = read(fd, text + len, TOKEN_MAX + 1 - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			cli_die(CLI_UNREACHABLE, path, "%s",
			    cli_strerror(errno));
		len += (size_t)n;
	}
	close(fd);
	text[strcspn(text, "\r\n")] = '\0';
	token = text + strspn(text, " \t");
	token[strcspn(token, " \t")] = '\0';
	if (token[0] == '\0')
		cli_die(CLI_USAGE, path, "no token in the first line");
	if (strlen(token) > TOKEN_MAX)
		cli_die(CLI_USAGE, path, "token too long");
	return token;
}
