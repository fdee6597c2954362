/*
 * clasp-relay - the relay.
 *
 * What a relay does is in lib/core/router.c, how it meets its sockets in
 * lib/net/server.c; options, log, signals and what its operator sees are in
 * lib/relay.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "relay/certificate.h"
#include "net/acceptor.h"
#include "relay/listeners.h"
#include "relay/log.h"
#include "relay/operation.h"
#include "relay/options.h"
#include "relay/settings.h"
#include "relay/signals.h"
#include "tool/cli.h"
#include "tool/portfile.h"

#define OTHER_FILES	24	/* descriptors that are no sessions */

static struct clasp_options options;
static struct clasp_server *server;
static uv_loop_t loop;

static struct rlimit descriptors;

/* Sockets are what a relay runs out of first. */
static void
raise_descriptors(void)
{
	uint64_t wanted = options.server.router.max_sessions;
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, &descriptors) < 0)
		return;
	raised = descriptors;
	raised.rlim_cur = raised.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
		descriptors = raised;
	if (wanted > 0 && descriptors.rlim_cur < wanted + OTHER_FILES)
		clasp_log_line(CLASP_LOG_WARN, "%llu descriptors are too "
		    "few for %u sessions: raise the limit, or lower "
		    "--max-sessions",
		    (unsigned long long)descriptors.rlim_cur,
		    (unsigned)wanted);
}

static void
on_full(void)
{
	clasp_log_line(CLASP_LOG_WARN, "all of %llu descriptors are in use: "
	    "callers are turned away",
	    (unsigned long long)descriptors.rlim_cur);
}

static void
open_log(void)
{
	int error = clasp_log_open(options.log_level, options.log_file);

	if (error < 0)
		cli_die(CLI_UNREACHABLE, options.log_file, "%s",
		    cli_strerror(-error));
	clasp_log_line(CLASP_LOG_DEBUG, "CLASP relay %s", CLASP_VERSION);
}

static void
on_hup(void *user)
{
	int error;

	(void)user;
	if (!options.log_file)
		return;
	error = clasp_log_reopen();
	if (error == 0)
		clasp_log_line(CLASP_LOG_INFO, "log file opened again");
	else
		clasp_log_line(CLASP_LOG_ERROR, "%s: cannot be opened "
		    "again, going on with the old one: %s", options.log_file,
		    cli_strerror(-error));
}

static void
on_stop(void *user)
{
	(void)user;
	clasp_log_line(CLASP_LOG_INFO, "shutting down");
	clasp_operation_draining();
	clasp_server_stop(server);
}

static void
on_stopped(void *user)
{
	(void)user;
	clasp_operation_close();
	clasp_server_free(server);
	clasp_signals_stop();
}

static void
make_server(void)
{
	struct clasp_server_config *config = &options.server;
	uint64_t seeds[2];

	if (getrandom(seeds, sizeof seeds, 0) != sizeof seeds)
		cli_die(CLI_UNREACHABLE, "random numbers", "%s",
		    cli_strerror(errno));
	config->router.random_seed = seeds[0];
	config->router.hash_seed = seeds[1];
	config->log = clasp_log_put;
	config->stopped = on_stopped;
	if (clasp_server_new(&loop, config, &server) < 0)
		cli_die(CLI_UNREACHABLE, NULL, "out of memory");
}

int
main(int argc, char **argv)
{
	struct clasp_listeners listeners;
	int bound;

	clasp_options_read(&options, argc, argv);
	cli_portfile_begin(options.port_file);
	clasp_listeners_check(&listeners, &options);
	open_log();
	raise_descriptors();
	clasp_acceptor_on_full(on_full);
	uv_loop_init(&loop);
	make_server();
	clasp_settings_start(options.app_config, clasp_server_router(server));
	clasp_listeners_secure(&listeners, &options,
	    clasp_certificate_open(&options));
	bound = clasp_listeners_open(&listeners, &options, server);
	clasp_operation_open(&loop, &options, server);
	clasp_signals_on_hup(on_hup, NULL);
	clasp_signals_on_hup(clasp_settings_again, NULL);
	clasp_signals_start(&loop, on_stop, NULL);
	cli_portfile_write(bound);
	clasp_log_line(CLASP_LOG_INFO, "accepting connections");
	clasp_operation_ready();
	cli_ready();

	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	clasp_certificate_close();
	cli_portfile_end();
	cli_signal_forget();
	cli_end();
}
