/* option.c - the tables of options. */
#include "tool/option.h"

#define OUTPUT_FORMS "text json tsv values addresses frames"

const struct cli_option cli_basic_options[] = {
	{ CLI_QUIET, 'q', "quiet", NULL, "errors only", 0, 0, NULL },
	{ CLI_VERBOSE, 'v', "verbose", NULL,
	    "say more; -vv shows frames and where settings come from", 0, 0,
	    NULL },
	{ CLI_COLOR, 0, "color", "WHEN", "colors: auto, always or never",
	    CLI_ARG, CLI_COMPLETE_WORDS, "auto always never" },
	{ CLI_CONFIG, 0, "config", "FILE",
	    "read this configuration instead of the usual ones",
	    CLI_ARG | CLI_NO_CONFIG, CLI_COMPLETE_FILE, NULL },
	{ CLI_HELP, 'h', "help", NULL, "show this help and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ CLI_VERSION, 'V', "version", NULL, "show the version and exit",
	    CLI_NO_CONFIG, 0, NULL },
	{ 0 }
};

const struct cli_option cli_link_options[] = {
	{ CLI_URL, 'u', "url", "URL",
	    "the relay, or @NAME from the configuration; default $CLASP_URL, "
	    "then ws://127.0.0.1:7330/clasp", CLI_ARG, 0, NULL },
	{ CLI_TOKEN_FILE, 0, "token-file", "FILE",
	    "the token, one line; a file nobody else can read", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ CLI_TOKEN, 0, "token", "TOKEN", "the token itself",
	    CLI_ARG | CLI_SECRET, 0, NULL },
	{ CLI_CACERT, 0, "cacert", "FILE", "trust the CAs in this file",
	    CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ CLI_CERT, 0, "cert", "FILE", "our certificate", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ CLI_KEY, 0, "key", "FILE", "our certificate's key", CLI_ARG,
	    CLI_COMPLETE_FILE, NULL },
	{ CLI_INSECURE, 0, "insecure", NULL,
	    "do not check the relay's certificate", 0, 0, NULL },
	{ CLI_NAME, 0, "name", "NAME",
	    "our name at the relay; default program@host:pid", CLI_ARG, 0,
	    NULL },
	{ CLI_CONNECT_TIMEOUT, 0, "connect-timeout", "D",
	    "give up connecting after D; default 5s", CLI_ARG, 0, NULL },
	{ CLI_RETRY, 0, "retry", "N",
	    "try the first connection again, for ever or N times",
	    CLI_ARG_MAYBE, 0, NULL },
	{ CLI_NO_RECONNECT, 0, "no-reconnect", NULL,
	    "a lost connection is the end, exit 3", 0, 0, NULL },
	{ 0 }
};

const struct cli_option cli_output_options[] = {
	{ CLI_OUTPUT, 'o', "output", "F",
	    "as text, json, tsv, values, addresses or frames", CLI_ARG,
	    CLI_COMPLETE_WORDS, OUTPUT_FORMS },
	{ CLI_FORMAT, 'f', "format", "TEMPLATE",
	    "print by a template: %a address, %v value ...; see clasp(7)",
	    CLI_ARG, 0, NULL },
	{ CLI_TIME, 't', "time", "KIND",
	    "put a time in front: unix (default), rel, delta or iso",
	    CLI_ARG_MAYBE, CLI_COMPLETE_WORDS, "unix rel delta iso" },
	{ CLI_EXACT, 0, "exact", NULL,
	    "keep what the wire chose: number widths, key order", 0, 0, NULL },
	{ 0 }
};

const struct cli_option cli_stop_options[] = {
	{ CLI_COUNT, 'n', "count", "N", "stop after N messages", CLI_ARG, 0,
	    NULL },
	{ CLI_TIMEOUT_OPT, 'T', "timeout", "D", "stop after D, exit 124",
	    CLI_ARG, 0, NULL },
	{ CLI_IDLE, 0, "idle", "D", "stop when nothing came for D, exit 0",
	    CLI_ARG, 0, NULL },
	{ 0 }
};

const struct cli_option cli_input_options[] = {
	{ CLI_STRICT, 0, "strict", NULL, "stop at the first bad line", 0, 0,
	    NULL },
	{ 0 }
};

const struct cli_option cli_run_options[] = {
	{ CLI_READY_FD, 0, "ready-fd", "N",
	    "write \"ready\" to descriptor N once all is set up", CLI_ARG, 0,
	    NULL },
	{ CLI_STATS, 0, "stats", NULL, "one line of figures at the end", 0, 0,
	    NULL },
	{ 0 }
};

const struct cli_option cli_type_options[] = {
	{ CLI_TYPE, 0, "type", "KIND,...",
	    "only param, event, stream, gesture, timeline", CLI_ARG,
	    CLI_COMPLETE_WORDS, "param event stream gesture timeline" },
	{ 0 }
};

const struct cli_option cli_wait_options[] = {
	{ CLI_NO_WAIT, 0, "no-wait", NULL,
	    "send and leave, without the relay's word that it is done", 0, 0,
	    NULL },
	{ 0 }
};

const struct cli_option cli_map_options[] = {
	{ CLI_MAP, 0, "map", "RULE", "rename and transform, as clasp-map(1)",
	    CLI_ARG, 0, NULL },
	{ CLI_MAP_FILE, 'm', "map-file", "FILE", "rules from a file, one a "
	    "line", CLI_ARG, CLI_COMPLETE_FILE, NULL },
	{ 0 }
};

const struct cli_option_group cli_option_groups[] = {
	{ cli_bridge_options, "Every bridge", true },
	{ cli_bridge_in_options, "Every bridge", true },
	{ cli_bridge_out_options, "Every bridge", true },
	{ cli_bridge_both_options, "Every bridge", true },
	{ cli_device_options, "Every bridge", true },
	{ cli_frame_options, "Frames", true },
	{ cli_show_options, "Frames", true },
	{ cli_stop_options, "When to stop", false },
	{ cli_type_options, "What to take", false },
	{ cli_map_options, "Mapping", false },
	{ cli_input_options, "Input", false },
	{ cli_output_options, "Output", false },
	{ cli_wait_options, "Waiting", false },
	{ cli_run_options, "Running", false },
	{ cli_link_options, "The relay", false },
	{ cli_basic_options, "Every program", false },
	{ NULL, NULL, false }
};

const struct cli_option *
cli_option_in(const struct cli_option *table, struct clasp_str name)
{
	for (; table->id != 0; table++)
		if (table->name != NULL && clasp_str_is(name, table->name))
			return table;
	return NULL;
}

bool
cli_option_is_shared(struct clasp_str name)
{
	const struct cli_option_group *g;

	for (g = cli_option_groups; g->table != NULL; g++)
		if (!g->bridges && cli_option_in(g->table, name) != NULL)
			return true;
	return false;
}

/* Does a table before this one have a row of the same name? */
static bool
hidden_by_earlier(const struct cli_tool *tool, int table,
    const struct cli_option *o)
{
	int i;

	if (o->name == NULL)
		return false;
	for (i = 0; i < table; i++)
		if (cli_option_in(tool->tables[i], clasp_str_c(o->name)))
			return true;
	return false;
}

const struct cli_option *
cli_option_next(const struct cli_tool *tool, int *table, int *row)
{
	const struct cli_option *o;

	while (tool->tables[*table] != NULL) {
		o = &tool->tables[*table][*row];
		if (o->id == 0) {
			(*table)++;
			*row = 0;
			continue;
		}
		(*row)++;
		if (!hidden_by_earlier(tool, *table, o))
			return o;
	}
	return NULL;
}

const struct cli_option *
cli_option_by_letter(const struct cli_tool *tool, char letter)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (o->letter != 0 && o->letter == letter)
			return o;
	return NULL;
}

const struct cli_option *
cli_option_by_name(const struct cli_tool *tool, struct clasp_str name,
    int *others)
{
	const struct cli_option *o, *found = NULL;
	int table = 0, row = 0, n = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL) {
		if (o->name == NULL)
			continue;
		if (clasp_str_is(name, o->name))
			return o;
		if (!(o->flags & CLI_HIDDEN) && name.len > 0 &&
		    clasp_str_starts(clasp_str_c(o->name), name)) {
			found = o;
			n++;
		}
	}
	if (others != NULL)
		*others = n == 1 ? 0 : n;
	return n == 1 ? found : NULL;
}

bool
cli_option_listed(const struct cli_tool *tool, int id)
{
	const struct cli_option *o;
	int table = 0, row = 0;

	while ((o = cli_option_next(tool, &table, &row)) != NULL)
		if (o->id == id)
			return true;
	return false;
}

bool
cli_word_listed(const char *list, struct clasp_str word)
{
	size_t n;

	while (*list != '\0') {
		n = strcspn(list, " ");
		if (clasp_str_eq(word, clasp_str_of(list, n)))
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}
