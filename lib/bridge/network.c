/* network.c - what bridges to protocols on a network ask people for. */

#include "bridge/network.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "net/bind.h"
#include "tool/cli.h"
#include "tool/portfile.h"

/* ------------------------------------------------------------- interfaces */

static int
list(struct clasp_netif *all)
{
	int n = clasp_netif_list(all, CLASP_NETIF_MAX);

	if (n < 0)
		cli_die(CLI_UNREACHABLE, NULL,
		    "cannot list the network interfaces");
	return n;
}

/* "eth0 (10.0.0.1), wlan0 (10.0.0.2)", for a message. */
static const char *
names(const struct clasp_netif *all, int n)
{
	static struct clasp_buf text;
	char address[INET_ADDRSTRLEN];
	int i;

	clasp_buf_reset(&text);
	for (i = 0; i < n; i++) {
		inet_ntop(AF_INET, &all[i].address, address, sizeof address);
		clasp_buf_printf(&text, "%s%s (%s)", i > 0 ? ", " : "",
		    all[i].name, address);
	}
	clasp_buf_add_u8(&text, '\0');
	return (const char *)text.data;
}

void
clasp_network_interface(const char *given, struct clasp_netif *out)
{
	struct clasp_netif all[CLASP_NETIF_MAX];
	int n = list(all), i, fits = 0;

	if (given) {
		if (clasp_netif_find(given, out) < 0)
			cli_die(CLI_UNREACHABLE, given, "no such interface; "
			    "there is %s", names(all, n));
		return;
	}
	for (i = 0; i < n; i++)
		if (!all[i].loopback)
			all[fits++] = all[i];
	/* a machine without a network talks to itself */
	if (fits == 0 && n > 0)
		fits = 1;
	if (fits == 0)
		cli_die(CLI_UNREACHABLE, NULL, "no network interface is up");
	if (fits > 1)
		cli_usage("several interfaces fit: %s; choose one with "
		    "--interface", names(all, fits));
	*out = all[0];
}

void
clasp_network_list(void)
{
	struct clasp_netif all[CLASP_NETIF_MAX];
	char address[INET_ADDRSTRLEN];
	int n = list(all), i;

	for (i = 0; i < n; i++) {
		inet_ntop(AF_INET, &all[i].address, address, sizeof address);
		printf("%s\t%s\t%s\n", all[i].name, address,
		    all[i].loopback ? "loopback" : all[i].multicast ?
		    "multicast" : "no multicast");
	}
}

/* ---------------------------------------------------------------- targets */

void
clasp_network_arg_target(struct clasp_targets *targets, unsigned most)
{
	if (targets->n == most)
		cli_arg_bad("at most %u targets", most);
	targets->text[targets->n++] = cli_arg();
}

static void
resolve(const char *text, unsigned port, struct sockaddr_in *out)
{
	struct addrinfo hints = { .ai_family = AF_INET,
	    .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	const char *colon = strchr(text, ':');
	char host[256];
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	long number = port;
	int r;

	if (n == 0 || n >= sizeof host || (colon &&
	    (cli_number(colon + 1, &number) < 0 || number < 1 ||
	    number > 65535)))
		cli_usage("--to: '%s' is not HOST or HOST:PORT", text);
	memcpy(host, text, n);
	host[n] = '\0';
	r = getaddrinfo(host, NULL, &hints, &found);
	if (r != 0)
		cli_die(CLI_UNREACHABLE, host, "%s", clasp_bind_no_address(r));
	memcpy(out, found->ai_addr, sizeof *out);
	out->sin_port = htons((uint16_t)number);
	freeaddrinfo(found);
}

void
clasp_network_resolve(struct clasp_targets *targets, unsigned port)
{
	unsigned i;

	for (i = 0; i < targets->n; i++)
		resolve(targets->text[i], port, &targets->at[i]);
}

/* ---------------------------------------------------------------- options */

void
clasp_network_check_output(const struct clasp_bridge_options *o,
    const struct clasp_numset *universes)
{
	cli_check_count(0, 0, NULL);
	clasp_bridge_options_check(o, o->both);
	if (o->both && o->once)
		cli_usage("--both and --once exclude each other");
	if (o->both && !universes)
		cli_usage("--both needs universes to listen to: -U LIST");
	if (o->rcvbuf > 0 && !o->both)
		cli_usage("--rcvbuf is for what is received, with --both");
}

void
clasp_network_port_file(const char *path, unsigned number)
{
	cli_portfile_begin(path);
	cli_portfile_write((int)number);
}

int
clasp_network_arg_bytes(int max)
{
	static const char *const units[] = { "", "K", "M", "KiB", "MiB" };
	static const int factors[] = { 1, 1 << 10, 1 << 20, 1 << 10, 1 << 20 };
	char *end;
	long n = strtol(cli_arg(), &end, 10);
	size_t i;

	for (i = 0; i < sizeof units / sizeof units[0]; i++)
		if (end > cli_arg() && strcasecmp(end, units[i]) == 0 &&
		    n > 0 && n <= max / factors[i])
			return (int)n * factors[i];
	cli_arg_bad("'%s' is not bytes, as 65536, 64K or 4M, at most %d",
	    cli_arg(), max);
}
