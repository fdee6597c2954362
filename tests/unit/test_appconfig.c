/* test_appconfig.c - the app-config file: what it says, and what is wrong. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/appconfig.h"
#include "base/error.h"
#include "t.h"

static char folder[] = "/tmp/appconfig.XXXXXX";
static char path[256], why[CLASP_APPCONFIG_WHY];
static char warned[4096];

static void
write_file(const char *name, const char *text)
{
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		abort();
	fputs(text, f);
	fclose(f);
}

static void
on_warning(const char *text, void *user)
{
	(void)user;
	strncat(warned, strrchr(text, '/') + 1,
	    sizeof warned - strlen(warned) - 2);
	strcat(warned, "\n");
}

static int
read_text(const char *text, struct clasp_appconfig *out)
{
	write_file("app.json", text);
	why[0] = warned[0] = '\0';
	return clasp_appconfig_read(path, out, on_warning, NULL, why);
}

static void
what_it_says_is_read(void)
{
	struct clasp_appconfig config;

	t_eq_int(read_text("{\"params\": [\n"
	    "{\"path\": \"/a/*\", \"strategy\": \"max\", \"range\": [0, 1.5]},"
	    "{\"range\": [-9007199254740993, 2], \"path\": \"/b\"},"
	    "{\"path\": \"/**\", \"strategy\": \"merge\"}]}", &config), 0,
	    "%s", why);
	t_eq_str(warned, "", "");
	t_eq_int(config.npolicies, 3, "");
	t_check(clasp_str_is(config.policies[0].path, "/a/*"), "");
	t_eq_int(config.policies[0].strategy, CLASP_STRATEGY_MAX, "");
	t_check(config.policies[0].has_range, "");
	t_eq_int(config.policies[0].range.low.type, CLASP_INT, "");
	t_check(config.policies[0].range.high.number == 1.5, "");
	t_eq_int(config.policies[1].strategy, CLASP_STRATEGY_LWW, "");
	t_eq_int(config.policies[1].range.low.integer, -9007199254740993, "");
	t_check(!config.policies[2].has_range, "");
	clasp_appconfig_clear(&config);
	t_eq_int(read_text("{}", &config), 0, "");
	t_eq_int(config.npolicies, 0, "");
	clasp_appconfig_clear(&config);
	t_eq_int(read_text("{\"params\":[]}", &config), 0, "");
	t_eq_int(config.npolicies, 0, "");
	clasp_appconfig_clear(&config);
}

static void
what_has_no_effect_is_told(void)
{
	struct clasp_appconfig config;

	t_eq_int(read_text("{\n\"scopes\": {\"params\": [1]},\n\"nonsense\":"
	    " 1,\n\"params\": [\n{\"path\": \"/{\\\"\", \"x\": 1},\n"
	    "{\"path\": \"/b\",\n\"y\": [1, 2, {\"path\": 3}]}]}", &config), 0,
	    "%s", why);
	t_eq_str(warned,
	    "app.json:2: scopes: not built into this relay, ignored\n"
	    "app.json:3: nonsense: unknown key, ignored\n"
	    "app.json:5: params[0].x: unknown key\n"
	    "app.json:7: params[1].y: unknown key\n", "");
	t_eq_int(config.npolicies, 2, "");
	clasp_appconfig_clear(&config);
}

static void
what_is_wrong_has_its_line(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "app.json:1: " },
		{ "{\n\"a\": 1,\n}", "app.json:3: " },
		{ "{\"a\": 1,\n\"a\": 2}", "app.json:2: duplicate" },
		{ "[]", "app.json:1: must be a JSON object, in braces" },
		{ "{\n\n\"params\": {}}",
		    "app.json:3: params: must be a list, in brackets" },
		{ "{\"params\": [\n1]}",
		    "app.json:2: params[0]: must be an object, in braces" },
		{ "{\"params\": [{\"path\":\"/a\"},\n{}]}",
		    "app.json:2: params[1]: has no \"path\"" },
		{ "{\"params\": [{\n\"path\": 1}]}",
		    "app.json:2: params[0].path: must be a pattern, in "
		    "quotes" },
		{ "{\"params\": [{\n\"path\": \"a\"}]}",
		    "app.json:2: params[0].path: " },
		{ "{\"params\": [{\"path\": \"/a\\u0000b\"}]}",
		    "app.json:1: " },
		{ "{\"params\": [{\"path\": \"/a\",\n\n\"strategy\": "
		    "\"fast\"}]}", "app.json:3: params[0].strategy: must be "
		    "one of \"lww\", \"max\", \"min\", \"lock\", \"merge\"" },
		{ "{\"params\": [{\"path\": \"/a\",\n\"strategy\": 1}]}",
		    "app.json:2: params[0].strategy: " },
		{ "{\"params\": [{\"path\": \"/a\",\n\"range\": [1]}]}",
		    "app.json:2: params[0].range: must be two numbers, "
		    "[low, high]" },
		{ "{\"params\": [{\"path\": \"/a\", \"range\": [0, \"1\"]}]}",
		    "app.json:1: params[0].range: " },
		{ "{\"params\": [{\"path\": \"/a\", \"range\": [2, 1.5]}]}",
		    "app.json:1: params[0].range: its first number is above "
		    "its second" },
		{ "{\"params\": [{\"path\": \"/a\", \"range\": [0, 1e999]}]}",
		    "app.json:1: " },
		{ "{\"params\": [{\"path\": \"/a\",\n\"r\\u0061nge\": 1}]}",
		    "app.json:1: params[0].range: " },
	};
	struct clasp_appconfig config;
	char start[400];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		t_eq_int(read_text(rows[i].text, &config), CLASP_ESYNTAX,
		    "row %zu", i);
		snprintf(start, sizeof start, "%s/%s", folder, rows[i].why);
		t_check(strncmp(why, start, strlen(start)) == 0,
		    "row %zu: '%s'", i, why);
	}
	snprintf(path, sizeof path, "%s/none.json", folder);
	t_eq_int(clasp_appconfig_read(path, &config, NULL, NULL, why),
	    CLASP_EIO, "");
	t_check(strstr(why, "none.json: No such file") != NULL, "%s", why);
	t_eq_int(clasp_appconfig_read(folder, &config, NULL, NULL, why),
	    CLASP_EIO, "a folder");
}

/* Cut or damaged anywhere it is refused or read, and never more than that. */
static void
no_damage_is_fatal(void)
{
	static const char text[] = "{\"params\": [{\"path\": \"/a/*\",\n"
	    "\"strategy\": \"max\", \"range\": [-1, 2.5e1]}, {\"path\":\n"
	    "\"/b\\u0041\", \"x\": {\"y\": [null, true]}}], \"scopes\": []}";
	static const char bytes[] = "{}[]\",:\\0a \n\x80";
	struct clasp_appconfig config;
	char copy[sizeof text];
	size_t i, k;
	int error;

	for (i = 0; i < sizeof text - 1; i++) {
		memcpy(copy, text, i);
		copy[i] = '\0';
		t_eq_int(read_text(copy, &config), CLASP_ESYNTAX, "%zu", i);
		t_check(strchr(why, ':') != NULL, "%zu: %s", i, why);
		for (k = 0; k < sizeof bytes - 1; k++) {
			memcpy(copy, text, sizeof copy);
			copy[i] = bytes[k];
			error = read_text(copy, &config);
			t_check(error == 0 || error == CLASP_ESYNTAX,
			    "%zu: %d", i, error);
			if (error == 0)
				clasp_appconfig_clear(&config);
		}
	}
}

static void
the_only_file_of_a_folder_is_found(void)
{
	char one[300], two[300], found[300], tiny[8];
	const char *folders[] = { "/no/such/folder", one, two, NULL };

	snprintf(one, sizeof one, "%s/one", folder);
	snprintf(two, sizeof two, "%s/two", folder);
	mkdir(one, 0700);
	mkdir(two, 0700);
	t_check(!clasp_appconfig_find(folders, found, sizeof found), "");
	write_file("two/b.json", "{}");
	write_file("two/notes.txt", "");
	t_check(clasp_appconfig_find(folders, found, sizeof found), "");
	t_eq_str(found + strlen(folder), "/two/b.json", "");
	write_file("one/.json", "{}");
	write_file("one/x.json", "{}");
	t_check(clasp_appconfig_find(folders, found, sizeof found), "");
	t_eq_str(found + strlen(folder), "/one/x.json", "");
	/* two of them are as good as none */
	write_file("one/y.json", "{}");
	t_check(clasp_appconfig_find(folders, found, sizeof found), "");
	t_eq_str(found + strlen(folder), "/two/b.json", "");
	t_check(!clasp_appconfig_find(folders, tiny, sizeof tiny), "");
}

static void
clean_up(void)
{
	static const char *const names[] = { "app.json", "two/b.json",
	    "two/notes.txt", "one/.json", "one/x.json", "one/y.json", "one",
	    "two", "." };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		if (unlink(path) < 0)
			rmdir(path);
	}
	rmdir(folder);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	t_run(what_it_says_is_read);
	t_run(what_has_no_effect_is_told);
	t_run(what_is_wrong_has_its_line);
	t_run(no_damage_is_fatal);
	t_run(the_only_file_of_a_folder_is_found);
	clean_up();
	return t_end();
}
