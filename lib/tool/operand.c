/* operand.c - what is wrong with operands, said so that it can be put
 * right. */
#include <sys/stat.h>

#include "tool/cli.h"
#include "wire/address.h"

/* So many files among the operands are no accident. */
#define FILES_MANY	8

/*
 * An argument that a shell made of an unquoted pattern names a file, or a
 * link that leads nowhere.
 */
static bool
is_file(const char *text)
{
	struct stat st;

	return lstat(text, &st) == 0;
}

void
cli_check_pattern(const char *text)
{
	const char *why = "is not a pattern";

	if (clasp_pattern_check(clasp_str_c(text), &why) == 0)
		return;
	if (text[0] != '/' && is_file(text))
		cli_die(CLI_USAGE, text, "pattern %s: is this a file? quote "
		    "the pattern", why);
	cli_die(CLI_USAGE, text, "pattern %s", why);
}

void
cli_check_address(const char *text)
{
	const char *why = "is not an address";

	if (clasp_address_check(clasp_str_c(text), &why) != 0)
		cli_die(CLI_USAGE, text, "address %s", why);
}

void
cli_check_patterns(int from)
{
	int n = cli_operand_count(), files = 0, i;

	for (i = from; i < n; i++)
		files += is_file(cli_operands()[i]);
	if (files > 1 && (files == n - from || files > FILES_MANY))
		cli_usage("%d files where a pattern belongs: quote the "
		    "pattern", files);
	for (i = from; i < n; i++)
		cli_check_pattern(cli_operands()[i]);
}

void
cli_check_count(int min, int max, const char *what)
{
	int n = cli_operand_count();

	if (n < min)
		cli_usage("no %s given", what);
	if (max >= 0 && n > max)
		cli_usage("%s: one argument too many",
		    cli_operands()[max]);
}
