/*
 * bench_artnet.c - the share of a core that the Art-Net programs take at 44
 * frames a second, sockets and pipes included, over loopback; and that
 * nothing is lost.  The limit is a bare program, see bench_sacn.c; then OLA
 * does what of it it can do: 4 universes, the ports that it has.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flows.h"
#include "load.h"
#include "proto/artnet.h"

#define OLA	4	/* universes that olad has ports for */

static size_t
encode(uint8_t *out, unsigned universe, uint8_t sequence,
    const uint8_t *slots)
{
	const struct clasp_artnet_dmx dmx = { .universe = universe,
	    .sequence = sequence, .slots = CLASP_DMX_SLOTS, .level = slots };

	return clasp_artnet_encode_dmx(out, &dmx);
}

/* Nobody answers the sender: any port will do that others do not have. */
static char sender_port[8];

static const struct flow flow = {
	.name = "Art-Net",
	.prefix = "/artnet",
	.first = 0,
	.port = CLASP_ARTNET_PORT,
	.sender = "clasp-artnet-out",
	.receiver = "clasp-artnet-in",
	.option = "-p",
	.value = sender_port,
	.level_at = 18,
	.encode = encode
};

/* Hears what olad broadcasts. */
static int
ola_listener(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(CLASP_ARTNET_PORT),
	    .sin_addr.s_addr = inet_addr("10.77.0.255") };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("the network of olad");
	return fd;
}

static void
compare_with_ola(void)
{
	double ours_out = flows_feed(&flow, OLA, true, false);
	double ours_in = flows_receive(&flow, OLA, true, false);
	pid_t olad = universes_olad("artnet", "enabled = true\n"
	    "ip = 10.77.0.2\nnet = 0\nsubnet = 0\noutput_ports = 4\n"
	    "always_broadcast = true\n");
	int i, fd;

	if (olad == 0)
		return;
	fd = ola_listener();
	for (i = 0; i < OLA; i++)
		universes_run("ola_patch -d 1 -p %d -u %d", i, i);
	universes_row("Art-Net: 4 universes out, whole-universe lines",
	    ours_out, flows_ola_feed(&flow, olad, OLA, fd), " (OLA)",
	    "-");
	for (i = 0; i < OLA; i++)
		universes_run("ola_patch -r -d 1 -p %d", i);
	for (i = 0; i < OLA; i++)
		universes_run("ola_patch -i -d 1 -p %d -u %d", i, i);
	universes_row("Art-Net: 4 universes in, as whole universes", ours_in,
	    flows_ola_receive(&flow, olad, OLA), " (OLA)", "-");
	close(fd);
	universes_olad_end(olad);
}

int
main(void)
{
	struct sockaddr_in at;

	signal(SIGPIPE, SIG_IGN);
	close(universes_socket(&at));
	snprintf(sender_port, sizeof sender_port, "%u", ntohs(at.sin_port));
	flows_rows(&flow);
	compare_with_ola();
	return 0;
}
