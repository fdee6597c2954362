/*
 * complete.c - completion scripts for bash, zsh and fish.
 *
 * Addresses are asked of the relay with clasp-get, for at most a second.
 * What it prints is data: it is matched and quoted, never run.  An address
 * with blanks or quotes in it comes as a JSON string and is not offered.
 *
 * In the texts below @F@ stands for the program's name as that of a shell
 * function, @P@ for the name itself.
 */
#include "tool/complete.h"

#include <ctype.h>

#include "tool/option.h"

static const char bash_head[] =
	"# bash completion for @P@\n"
	"\n"
	"# Addresses the relay has that begin as the word does.\n"
	"_@F@_addresses()\n"
	"{\n"
	"\tlocal word=$cur quote= line\n"
	"\tlocal -a args=(--connect-timeout 500ms -o addresses)\n"
	"\n"
	"\tcase $word in\n"
	"\t\\'*|\\\"*) quote=${word:0:1} word=${word:1} ;;\n"
	"\tesac\n"
	"\tword=${word:-/}\n"
	"\t[[ $word == /* ]] || return\n"
	"\t[[ $COMP_LINE =~ [[:space:]](-u|--url)[[:space:]=]+"
	"([^[:space:]]+) ]] &&\n"
	"\t\targs+=(-u \"${BASH_REMATCH[2]}\")\n"
	"\twhile IFS= read -r line; do\n"
	"\t\t[[ $line == \"$word\"* ]] || continue\n"
	"\t\tif [[ -z $quote ]]; then\n"
	"\t\t\tprintf -v line %q \"$line\"\n"
	"\t\telif [[ $line == *\"$quote\"* ]]; then\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tCOMPREPLY+=(\"$line\")\n"
	"\tdone < <(timeout 1 clasp-get \"${args[@]}\" -- \"$word*/**\" "
	"2>/dev/null |\n"
	"\t    head -n 1000)\n"
	"}\n"
	"\n"
	"_@F@()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev= eq=\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\t# readline cuts words at \"=\"\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\teq== cur=\n"
	"\telif [[ $prev == = ]] && ((COMP_CWORD > 1)); then\n"
	"\t\teq== prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tcase $eq$prev in\n";

static const char bash_files[] =
	"compopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";

/* No compgen -W: it would expand what a device is called. */
static const char bash_listed[] =
	"compopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <({ timeout 1 @P@ --list 2>/dev/null |\n"
	"\t\t    cut -f 1 | while IFS= read -r word; do\n"
	"\t\t\t[[ $word == \"$cur\"* ]] && printf '%s\\n' \"$word\"\n"
	"\t\tdone; ";

static const char zsh_listed[] =
	"{compadd - ${(f)\"$(timeout 1 @P@ --list 2>/dev/null | "
	"cut -f 1)\"}";

static const char zsh_head[] =
	"#compdef @P@\n"
	"\n"
	"# Addresses the relay has that begin as the word does.\n"
	"_@F@_addresses() {\n"
	"\tlocal -a args found\n"
	"\tlocal -i at\n"
	"\tlocal word=${(Q)PREFIX:-/}\n"
	"\n"
	"\t[[ $word == /* ]] || return 1\n"
	"\targs=(--connect-timeout 500ms -o addresses)\n"
	"\tat=${words[(I)(-u|--url)]}\n"
	"\t((at > 0)) && args+=(-u \"${(Q)words[at+1]}\")\n"
	"\tfound=(${(f)\"$(timeout 1 clasp-get $args -- \"$word*/**\" "
	"2>/dev/null |\n"
	"\t    head -n 1000)\"})\n"
	"\tfound=(${(M)found:#/*})\n"
	"\tcompadd -a found\n"
	"}\n"
	"\n"
	"_@F@() {\n"
	"\t_arguments -s -S \\\n";

static const char fish_head[] =
	"# fish completion for @P@\n"
	"\n"
	"# Addresses the relay has that begin as the word does.\n"
	"function __@F@_addresses\n"
	"\tset -l word (commandline -ct | string trim -l -c '\\'\"')\n"
	"\tset -l args --connect-timeout 500ms -o addresses\n"
	"\tset -l line (commandline -opc)\n"
	"\ttest -n \"$word\"; or set word /\n"
	"\tstring match -q '/*' -- $word; or return\n"
	"\tif set -l at (contains -i -- -u $line; "
	"or contains -i -- --url $line)\n"
	"\t\tset -a args -u $line[(math $at + 1)]\n"
	"\tend\n"
	"\ttimeout 1 clasp-get $args -- \"$word*/**\" 2>/dev/null |\n"
	"\t    head -n 1000 | string match '/*'\n"
	"end\n"
	"\n"
	"complete -c @P@ -f\n";

/* Add a text from above with the name put in. */
static void
put_named(struct clasp_buf *out, const char *text, const char *name)
{
	const char *at, *n;

	for (; (at = strchr(text, '@')) != NULL; text = at + 3) {
		clasp_buf_add(out, text, (size_t)(at - text));
		if (at[1] == 'P' && at[2] == '@') {
			clasp_buf_add_c(out, name);
		} else if (at[1] == 'F' && at[2] == '@') {
			for (n = name; *n != '\0'; n++)
				clasp_buf_add_u8(out, (uint8_t)
				    (isalnum((unsigned char)*n) ? *n : '_'));
		} else {
			/* "${args[@]}" */
			clasp_buf_add(out, at, 3);
		}
	}
	clasp_buf_add_c(out, text);
}

/* For inside single quotes, with a backslash before each of `special`. */
static void
put_quoted(struct clasp_buf *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			clasp_buf_add_c(out, "'\\''");
			continue;
		}
		if (strchr(special, *text) != NULL)
			clasp_buf_add_u8(out, '\\');
		clasp_buf_add_u8(out, (uint8_t)*text);
	}
}

static bool
takes_argument(const struct cli_option *o)
{
	return (o->flags & (CLI_ARG | CLI_ARG_MAYBE)) != 0;
}

/* ---------------------------------------------------------------- bash */

/* What is offered: a command for a function that has $cur. */
static void
bash_offer(struct clasp_buf *out, const struct cli_tool *tool,
    enum cli_complete complete, const char *words)
{
	switch (complete) {
	case CLI_COMPLETE_FILE:
		clasp_buf_add_c(out, bash_files);
		break;
	case CLI_COMPLETE_LISTED:
	case CLI_COMPLETE_DEVICE:
		put_named(out, bash_listed, tool->name);
		clasp_buf_add_c(out, complete == CLI_COMPLETE_DEVICE ?
		    "compgen -f -- \"$cur\"; } | sort -u)" :
		    "} | sort -u)");
		break;
	case CLI_COMPLETE_ADDRESS:
		put_named(out, "_@F@_addresses", tool->name);
		break;
	case CLI_COMPLETE_WORDS:
		clasp_buf_printf(out, "mapfile -t COMPREPLY < "
		    "<(compgen -W '%s' -- \"$cur\")", words ? words : "");
		break;
	case CLI_COMPLETE_NOTHING:
		clasp_buf_add_u8(out, ':');
		break;
	}
}

static void
bash_argument(struct clasp_buf *out, const struct cli_tool *tool,
    const struct cli_option *o)
{
	const char *bar = "\t";

	if (o->letter != 0 && !(o->flags & CLI_ARG_MAYBE)) {
		clasp_buf_printf(out, "%s-%c", bar, o->letter);
		bar = "|";
	}
	if (o->letter != 0) {
		clasp_buf_printf(out, "%s=-%c", bar, o->letter);
		bar = "|";
	}
	if (o->name != NULL && !(o->flags & CLI_ARG_MAYBE)) {
		clasp_buf_printf(out, "%s--%s", bar, o->name);
		bar = "|";
	}
	if (o->name != NULL)
		clasp_buf_printf(out, "%s=--%s", bar, o->name);
	clasp_buf_add_c(out, ")\n\t\t");
	bash_offer(out, tool, o->complete, o->words);
	clasp_buf_add_c(out, "\n\t\treturn ;;\n");
}

static void
bash_script(struct clasp_buf *out, const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	put_named(out, bash_head, tool->name);
	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (!(o->flags & CLI_HIDDEN) && takes_argument(o))
			bash_argument(out, tool, o);
	clasp_buf_add_c(out, "\tesac\n\tif [[ $cur == -* ]]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	table = row = 0;
	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->flags & CLI_HIDDEN)
			continue;
		if (o->letter != 0)
			clasp_buf_printf(out, "\n\t\t\t-%c", o->letter);
		if (o->name != NULL)
			clasp_buf_printf(out, "%s--%s",
			    o->letter ? " " : "\n\t\t\t", o->name);
	}
	clasp_buf_add_c(out, "' -- \"$cur\")\n\telse\n\t\t");
	bash_offer(out, tool, tool->operand_complete, NULL);
	put_named(out, "\n\tfi\n}\n\ncomplete -F _@F@ @P@\n", tool->name);
}

/* ----------------------------------------------------------------- zsh */

static void
zsh_action(struct clasp_buf *out, const struct cli_tool *tool,
    enum cli_complete complete, const char *words)
{
	switch (complete) {
	case CLI_COMPLETE_FILE:
		clasp_buf_add_c(out, "_files");
		break;
	case CLI_COMPLETE_LISTED:
	case CLI_COMPLETE_DEVICE:
		put_named(out, zsh_listed, tool->name);
		clasp_buf_add_c(out, complete == CLI_COMPLETE_DEVICE ?
		    "; _files}" : "}");
		break;
	case CLI_COMPLETE_ADDRESS:
		put_named(out, "_@F@_addresses", tool->name);
		break;
	case CLI_COMPLETE_WORDS:
		clasp_buf_printf(out, "(%s)", words ? words : "");
		break;
	case CLI_COMPLETE_NOTHING:
		clasp_buf_add_u8(out, ' ');
		break;
	}
}

/* One option in one spelling: '*--count=[help]:N: '. */
static void
zsh_option(struct clasp_buf *out, const struct cli_tool *tool,
    const struct cli_option *o, bool is_long)
{
	clasp_buf_add_c(out, "\t    '*");
	if (is_long)
		clasp_buf_printf(out, "--%s", o->name);
	else
		clasp_buf_printf(out, "-%c", o->letter);
	if (o->flags & CLI_ARG_MAYBE)
		clasp_buf_add_c(out, "=-");
	else if (o->flags & CLI_ARG)
		clasp_buf_add_c(out, is_long ? "=" : "+");
	clasp_buf_add_u8(out, '[');
	put_quoted(out, o->help, "\\[]:");
	clasp_buf_add_u8(out, ']');
	if (takes_argument(o)) {
		clasp_buf_add_c(out, o->flags & CLI_ARG_MAYBE ? "::" : ":");
		put_quoted(out, o->arg, "\\:");
		clasp_buf_add_u8(out, ':');
		zsh_action(out, tool, o->complete, o->words);
	}
	clasp_buf_add_c(out, "' \\\n");
}

static void
zsh_script(struct clasp_buf *out, const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	put_named(out, zsh_head, tool->name);
	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->flags & CLI_HIDDEN)
			continue;
		if (o->letter != 0)
			zsh_option(out, tool, o, false);
		if (o->name != NULL)
			zsh_option(out, tool, o, true);
	}
	clasp_buf_add_c(out, "\t    '*:argument:");
	zsh_action(out, tool, tool->operand_complete, NULL);
	put_named(out, "'\n}\n\n_@F@ \"$@\"\n", tool->name);
}

/* ---------------------------------------------------------------- fish */

static void
fish_offer(struct clasp_buf *out, const struct cli_tool *tool,
    enum cli_complete complete, const char *words)
{
	switch (complete) {
	case CLI_COMPLETE_FILE:
		clasp_buf_add_c(out, " -F");
		break;
	case CLI_COMPLETE_LISTED:
	case CLI_COMPLETE_DEVICE:
		clasp_buf_add_c(out, complete == CLI_COMPLETE_DEVICE ? " -F" :
		    " -f");
		put_named(out, " -a '(timeout 1 @P@ --list 2>/dev/null)'",
		    tool->name);
		break;
	case CLI_COMPLETE_ADDRESS:
		put_named(out, " -f -a '(__@F@_addresses)'", tool->name);
		break;
	case CLI_COMPLETE_WORDS:
		clasp_buf_printf(out, " -f -a '%s'", words ? words : "");
		break;
	case CLI_COMPLETE_NOTHING:
		clasp_buf_add_c(out, " -f");
		break;
	}
}

static void
fish_script(struct clasp_buf *out, const struct cli_tool *tool)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	put_named(out, fish_head, tool->name);
	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->flags & CLI_HIDDEN)
			continue;
		clasp_buf_printf(out, "complete -c %s", tool->name);
		if (o->letter != 0)
			clasp_buf_printf(out, " -s %c", o->letter);
		if (o->name != NULL)
			clasp_buf_printf(out, " -l %s", o->name);
		if (o->flags & CLI_ARG)
			clasp_buf_add_c(out, " -r");
		if (takes_argument(o))
			fish_offer(out, tool, o->complete, o->words);
		clasp_buf_add_c(out, " -d '");
		/* inside fish's quotes a backslash quotes a quote */
		for (const char *p = o->help; *p != '\0'; p++) {
			if (*p == '\'' || *p == '\\')
				clasp_buf_add_u8(out, '\\');
			clasp_buf_add_u8(out, (uint8_t)*p);
		}
		clasp_buf_add_c(out, "'\n");
	}
	if (tool->operand_complete != CLI_COMPLETE_NOTHING) {
		clasp_buf_printf(out, "complete -c %s", tool->name);
		fish_offer(out, tool, tool->operand_complete, NULL);
		clasp_buf_add_u8(out, '\n');
	}
}

bool
cli_completion(struct clasp_buf *out, const struct cli_tool *tool,
    const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		bash_script(out, tool);
	else if (strcmp(shell, "zsh") == 0)
		zsh_script(out, tool);
	else if (strcmp(shell, "fish") == 0)
		fish_script(out, tool);
	else
		return false;
	return true;
}
