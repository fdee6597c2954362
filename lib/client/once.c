/* once.c - a program that asks the relay for one thing and leaves. */
#include <uv.h>

#include "client/once.h"
#include "client/report.h"
#include "tool/cli.h"

struct once {
	uv_timer_t timeout;
	struct clasp_client *client;
};

static void
on_open(struct clasp_client *c, bool again, void *user)
{
	(void)again;
	(void)user;
	/* Everything was sent behind HELLO, and HELLO was answered. */
	if (cli.no_wait)
		clasp_client_close(c);
}

static void
on_closed(struct clasp_client *c, int error, uint16_t code, const char *why,
    void *user)
{
	struct once *once = user;

	(void)c;
	clasp_report_closed(error, code, why);
	uv_close((uv_handle_t *)&once->timeout, NULL);
}

static void
on_timeout(uv_timer_t *timer)
{
	struct once *once = timer->data;

	cli_fail(CLI_TIMEOUT);
	clasp_client_close(once->client);
}

void
clasp_once(void (*begin)(struct clasp_client *c, void *user), void *user)
{
	static const struct clasp_client_events events = {
		.open = on_open,
		.closed = on_closed
	};
	struct clasp_client_config config;
	struct once once;
	uv_loop_t loop;

	uv_loop_init(&loop);
	uv_timer_init(&loop, &once.timeout);
	once.timeout.data = &once;
	if (cli.timeout_us)
		uv_timer_start(&once.timeout, on_timeout,
		    (cli.timeout_us + 999) / 1000, 0);
	clasp_report_config(&config);
	config.nostate = true;
	config.reconnect = false;
	once.client = clasp_report_client(&loop, &config, &events, &once);
	begin(once.client, user);
	uv_run(&loop, UV_RUN_DEFAULT);
	clasp_client_free(once.client);
	uv_loop_close(&loop);
}
