/*
 * bench_sacn.c - the share of a core that the sACN programs take at 44 frames
 * a second, sockets and pipes included, over loopback; and that nothing is
 * lost.  The limit is a bare program that reads the same bytes and writes as
 * many, one system call for a batch.  Then OLA does what of it it can do.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flows.h"
#include "load.h"
#include "proto/dmx.h"
#include "proto/sacn.h"

static size_t
encode(uint8_t *out, unsigned universe, uint8_t sequence,
    const uint8_t *slots)
{
	const struct clasp_sacn p = { .kind = CLASP_SACN_DATA,
	    .priority = 100, .name = CLASP_STR("bench"),
	    .universe = (uint16_t)universe, .sequence = sequence,
	    .slots = slots, .count = CLASP_DMX_SLOTS };

	return clasp_sacn_encode(out, &p);
}

static const struct flow flow = {
	.name = "sACN",
	.prefix = "/sacn",
	.first = 1,
	.port = CLASP_SACN_PORT,
	.sender = "clasp-sacn-out",
	.receiver = "clasp-sacn-in",
	.option = "--cid",
	.value = "00112233-4455-6677-8899-aabbccddeeff",
	.level_at = 126,
	.encode = encode
};

/* How many packets of universe 1 olad sends on its network. */
static int
ola_listener(void)
{
	const struct ip_mreq req = {
		.imr_multiaddr.s_addr = htonl(clasp_sacn_group(1)),
		.imr_interface.s_addr = inet_addr("10.77.0.1")
	};
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(CLASP_SACN_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	at.sin_addr = req.imr_multiaddr;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &req,
	    sizeof req) < 0)
		fail("a group of olad's");
	return fd;
}

static void
compare_with_ola(void)
{
	double ours_out = flows_feed(&flow, FLOWS_OUT, true, false);
	double ours_in = flows_receive(&flow, FLOWS_IN, true, false);
	pid_t olad = universes_olad("e131", "enabled = true\nip = 10.77.0.2\n"
	    "input_ports = 100\noutput_ports = 100\nignore_preview = true\n"
	    "revision = 0.46\n");
	int i, fd;

	if (olad == 0)
		return;
	fd = ola_listener();
	for (i = 1; i <= FLOWS_OUT; i++)
		universes_run("ola_patch -d 1 -p %d -u %d", i - 1, i);
	universes_row("sACN: 32 universes out, whole-universe lines", ours_out,
	    flows_ola_feed(&flow, olad, FLOWS_OUT, fd), " (OLA)", "-");
	for (i = 1; i <= FLOWS_OUT; i++)
		universes_run("ola_patch -r -d 1 -p %d", i - 1);
	for (i = 1; i <= FLOWS_IN; i++)
		universes_run("ola_patch -i -d 1 -p %d -u %d", i - 1, i);
	universes_row("sACN: 100 universes in, as whole universes", ours_in,
	    flows_ola_receive(&flow, olad, FLOWS_IN), " (OLA)", "-");
	close(fd);
	universes_olad_end(olad);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	flows_rows(&flow);
	compare_with_ola();
	return 0;
}
