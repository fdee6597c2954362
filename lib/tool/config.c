/* config.c - the configuration file. */
#include "tool/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool/message.h"
#include "tool/option.h"

#define SYSTEM_CONFIG "/etc/clasp/config"

static void *
must(void *p)
{
	if (p == NULL)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
	return p;
}

/* Take blanks off both ends, in place. */
static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		n--;
	s[n] = '\0';
	return s;
}

/* A value that names a file may begin with "~/". */
static const char *
expand(const struct cli_option *o, const char *value)
{
	const char *home = getenv("HOME");
	char *path;

	if (o == NULL || o->complete != CLI_COMPLETE_FILE ||
	    strncmp(value, "~/", 2) != 0 || home == NULL)
		return value;
	if (asprintf(&path, "%s%s", home, value + 1) < 0)
		path = NULL;
	return must(path);
}

int
cli_config_switch(const char *value)
{
	if (cli_word_listed("yes true on", clasp_str_c(value)))
		return 1;
	if (cli_word_listed("no false off", clasp_str_c(value)))
		return 0;
	return -1;
}

/* May this key stand in this section though the program has no such option,
 * or has it in another sense? */
static bool
known_elsewhere(const char *section, struct clasp_str key)
{
	if (strncmp(section, "relay ", 6) == 0)
		return cli_option_in(cli_link_options, key) != NULL;
	if (section[0] != '\0')
		return true;	/* another program's: that one checks it */
	return cli_option_is_shared(key);
}

static void
check_key(struct cli_setting *s, const struct cli_tool *tool)
{
	struct clasp_str key = clasp_str_c(s->key);
	bool own = strcmp(s->section, tool->name) == 0;
	const struct cli_option *o;
	int table = 0, row = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (o->name != NULL && clasp_str_is(key, o->name))
			break;
	if ((o == NULL || (s->section[0] != '\0' && !own)) &&
	    (own || !known_elsewhere(s->section, key)))
		cli_die(CLI_USAGE, s->where, "unknown key '%s'", s->key);
	if (o != NULL && (o->flags & CLI_NO_CONFIG))
		cli_die(CLI_USAGE, s->where, "'%s' is for the command line "
		    "only", s->key);
	/* the common "output" is not a recorder's own --output FILE */
	if (o != NULL && o->id >= CLI_OWN && s->section[0] == '\0' &&
	    cli_option_is_shared(key))
		o = NULL;
	s->option = o;
	s->value = expand(o, s->value);
}

static void
add(struct cli_config *config, const struct cli_tool *tool,
    const char *section, char *line, const char *path, unsigned number)
{
	struct cli_setting *s;
	char *equals;

	config->settings = must(realloc(config->settings,
	    (config->count + 1) * sizeof *s));
	s = &config->settings[config->count++];
	memset(s, 0, sizeof *s);
	if (asprintf(&s->where, "%s:%u", path, number) < 0)
		s->where = NULL;
	must(s->where);
	equals = strchr(line, '=');
	if (equals == NULL)
		cli_die(CLI_USAGE, s->where, "expected 'key = value'");
	*equals = '\0';
	s->section = section;
	s->key = must(strdup(trim(line)));
	s->value = must(strdup(trim(equals + 1)));
	check_key(s, tool);
}

/* The text inside "[...]". */
static char *
section_name(char *line, const char *path, unsigned number)
{
	size_t n = strlen(line);
	char *name, *where;

	if (n > 2 && line[n - 1] == ']') {
		line[n - 1] = '\0';
		name = trim(line + 1);
		if ((strncmp(name, "relay ", 6) == 0 &&
		    strpbrk(name + 6, " \t") == NULL) ||
		    strncmp(name, "clasp-", 6) == 0)
			return must(strdup(name));
	}
	if (asprintf(&where, "%s:%u", path, number) < 0)
		where = NULL;
	cli_die(CLI_USAGE, must(where),
	    "expected '[relay NAME]' or the name of a program");
}

static void
read_file(struct cli_config *config, const struct cli_tool *tool,
    const char *path, bool asked_for)
{
	const char *section = "";
	char *line = NULL, *text;
	size_t cap = 0;
	unsigned number = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		if (asked_for)
			cli_die(CLI_UNREACHABLE, path, "%s",
			    cli_strerror(errno));
		if (errno != ENOENT && errno != ENOTDIR)
			cli_warn(path, "%s", cli_strerror(errno));
		return;
	}
	while (getline(&line, &cap, f) >= 0) {
		number++;
		text = trim(line);
		if (text[0] == '[')
			section = section_name(text, path, number);
		else if (text[0] != '\0' && text[0] != '#')
			add(config, tool, section, text, path, number);
	}
	if (ferror(f) && asked_for)
		cli_die(CLI_UNREACHABLE, path, "%s", cli_strerror(errno));
	free(line);
	fclose(f);
}

void
cli_config_read(struct cli_config *config, const struct cli_tool *tool,
    const char *path)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *own = NULL;
	int n = -1;

	if (path != NULL) {
		read_file(config, tool, path, true);
		return;
	}
	read_file(config, tool, SYSTEM_CONFIG, false);
	if (base != NULL && base[0] == '/')
		n = asprintf(&own, "%s/clasp/config", base);
	else if (home != NULL && home[0] != '\0')
		n = asprintf(&own, "%s/.config/clasp/config", home);
	if (n < 0)
		return;
	read_file(config, tool, own, false);
	free(own);
}

bool
cli_config_has(const struct cli_config *config, const char *section)
{
	size_t i;

	for (i = 0; i < config->count; i++)
		if (strcmp(config->settings[i].section, section) == 0)
			return true;
	return false;
}
