/* settings.c - see settings.h */
#include "relay/settings.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "core/router.h"
#include "relay/log.h"
#include "tool/cli.h"

#ifdef CLASP_WITHOUT_JSON

void
clasp_settings_start(const char *file, struct clasp_router *router)
{
	(void)router;
	if (file)
		cli_die(CLI_USAGE, "--app-config",
		    "not built into this relay");
}

void
clasp_settings_again(void *user)
{
	(void)user;
}

#else

#include "auth/appconfig.h"

static const char *const folders[] = { "/etc/clasp", "./config", NULL };

static struct clasp_router *router;
static const char *named;		/* NULL: look for one each time */
static bool has_one;			/* found or named, and read */

static void
on_warning(const char *text, void *user)
{
	(void)user;
	clasp_log_line(CLASP_LOG_WARN, "%s", text);
}

static int
load_none(void)
{
	if (has_one)
		clasp_log_line(CLASP_LOG_WARN, "no app config is found any "
		    "more, going on without");
	has_one = false;
	return clasp_router_configure(router, NULL, 0);
}

/* Returns 0, or an error with its line in why. */
static int
load(char why[CLASP_APPCONFIG_WHY])
{
	struct clasp_appconfig config;
	char found[4096];
	const char *file = named;
	int error;

	if (!file) {
		if (!clasp_appconfig_find(folders, found, sizeof found))
			return load_none();
		file = found;
	}
	error = clasp_appconfig_read(file, &config, on_warning, NULL, why);
	if (error < 0)
		return error;
	error = clasp_router_configure(router, config.policies,
	    config.npolicies);
	if (error < 0)
		snprintf(why, CLASP_APPCONFIG_WHY, "%.200s: %s", file,
		    error == CLASP_ETOOBIG ? "too many different params" :
		    clasp_strerror(error));
	else
		clasp_log_line(CLASP_LOG_INFO, "app config %s: %u param%s",
		    file, (unsigned)config.npolicies,
		    config.npolicies == 1 ? "" : "s");
	has_one = has_one || error == 0;
	clasp_appconfig_clear(&config);
	return error;
}

void
clasp_settings_start(const char *file, struct clasp_router *of)
{
	char why[CLASP_APPCONFIG_WHY] = "out of memory";
	int error;

	named = file;
	router = of;
	error = load(why);
	if (error < 0)
		cli_die(error == CLASP_ESYNTAX ? CLI_USAGE : CLI_UNREACHABLE,
		    NULL, "%s", why);
}

void
clasp_settings_again(void *user)
{
	char why[CLASP_APPCONFIG_WHY] = "out of memory";

	(void)user;
	if (load(why) < 0)
		clasp_log_line(CLASP_LOG_ERROR,
		    "%s; going on with the old app config", why);
}

#endif
