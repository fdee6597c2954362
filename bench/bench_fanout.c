/*
 * bench_fanout.c - one publisher, many subscribers, 1 to 2,000 messages in
 * flight.
 *
 * In lockstep: the publisher sends a batch in one go, and the next only when
 * every subscriber has all of it.  The limit is a bare sender: a process with
 * the same sockets that reads the same batch and sends each subscriber the
 * bytes it will get, ready made, with one send.  Both are read by the same
 * code, which checks every message: nothing lost, nothing out of order.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "load.h"

#define ADDRESS		"/bench/fanout1"
#define MAX_SUBS	1000
#define MAX_BATCH	2000
#define ROUNDS		5

static uint8_t deliver[MAX_BATCH * LOAD_FRAME_MAX];
static size_t frame_len;		/* of one delivered message */
static size_t packed_len;		/* of one message to the relay */

struct sub {
	int	 fd;
	uint64_t count;			/* whole messages so far */
	size_t	 part;			/* bytes of an unfinished one */
	uint8_t	 rest[LOAD_FRAME_MAX];
};

struct world {
	int	 nsubs;
	int	 pub;
	int	 ep;
	struct sub subs[MAX_SUBS];
	uint64_t sent;			/* messages */
	uint64_t total;			/* received by all */
};

/* Where the value stands in a delivered message. */
static size_t
value_at(void)
{
	return 2 + 4 + 4 + strlen(ADDRESS);
}

static void
check_one(struct sub *s, const uint8_t *p)
{
	uint64_t bits = clasp_load64(p + value_at());
	double v;

	memcpy(&v, &bits, sizeof v);
	if (p[0] != 0x82 || v != (double)s->count) {
		fprintf(stderr, "bench: lost or out of order: %g, not %llu\n",
		    v, (unsigned long long)s->count);
		exit(1);
	}
	s->count++;
}

static void
take(struct world *w, struct sub *s, const uint8_t *p, size_t n)
{
	size_t k;

	if (s->part > 0) {
		k = frame_len - s->part < n ? frame_len - s->part : n;
		memcpy(s->rest + s->part, p, k);
		s->part += k;
		p += k;
		n -= k;
		if (s->part < frame_len)
			return;
		check_one(s, s->rest);
		w->total++;
		s->part = 0;
	}
	for (; n >= frame_len; n -= frame_len, p += frame_len) {
		check_one(s, p);
		w->total++;
	}
	memcpy(s->rest, p, n);
	s->part = n;
}

/* Read until every subscriber has all that was sent. */
static void
collect(struct world *w)
{
	static uint8_t buf[1 << 18];
	struct epoll_event ev[256];
	uint64_t want = w->sent * (uint64_t)w->nsubs;
	struct sub *s;
	ssize_t n;
	int i, k;

	while (w->total < want) {
		k = epoll_wait(w->ep, ev, 256, 10000);
		if (k <= 0) {
			errno = ETIMEDOUT;
			fail("messages were lost");
		}
		for (i = 0; i < k; i++) {
			s = ev[i].data.ptr;
			n = recv(s ? s->fd : w->pub, buf, sizeof buf,
			    MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN))
				fail("connection closed");
			if (s != NULL && n > 0)
				take(w, s, buf, (size_t)n);
		}
	}
}

static void
watch(struct world *w, int fd, struct sub *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };

	if (epoll_ctl(w->ep, EPOLL_CTL_ADD, fd, &ev) < 0)
		fail("epoll_ctl");
}

/* Million deliveries a second for batches of this size. */
static double
run(struct world *w, int batch, double seconds)
{
	static uint8_t out[MAX_BATCH * LOAD_FRAME_MAX];
	uint64_t first = w->sent;
	double start = now_s(), end;
	size_t n;
	int i;

	do {
		for (n = 0, i = 0; i < batch; i++)
			n += packed_set(out + n, sizeof out - n, ADDRESS,
			    (double)(w->sent + (uint64_t)i));
		w->sent += (uint64_t)batch;
		send_all(w->pub, out, n);
		collect(w);
		end = now_s();
	} while (end - start < seconds);
	return (double)(w->sent - first) * w->nsubs / (end - start) / 1e6;
}

/* ----------------------------------------------------- the bare sender */

static void
bare_serve(int listener, int nsubs, int go)
{
	static uint8_t in[1 << 18];
	int fds[MAX_SUBS], pub, i, one = 1;
	uint64_t seq = 0;
	uint32_t batch;
	size_t need, got, n;
	ssize_t k;

	for (i = 0; i < nsubs; i++) {
		fds[i] = accept(listener, NULL, NULL);
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof one);
	}
	pub = accept(listener, NULL, NULL);
	setsockopt(pub, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	while (read(go, &batch, sizeof batch) == sizeof batch) {
		/* the batch as the relay would get it */
		need = batch * packed_len;
		for (got = 0; got < need; got += (size_t)k)
			if ((k = recv(pub, in, sizeof in, 0)) <= 0)
				_exit(0);
		for (n = 0, i = 0; i < (int)batch; i++, seq++)
			n += delivered_set(deliver + n, sizeof deliver - n,
			    ADDRESS, (double)seq, seq + 1);
		for (i = 0; i < nsubs; i++)
			send_all(fds[i], deliver, n);
	}
	_exit(0);
}

static double
run_bare(struct world *w, int batch, double seconds, int go)
{
	static uint8_t out[MAX_BATCH * LOAD_FRAME_MAX];
	uint64_t first = w->sent;
	uint32_t b = (uint32_t)batch;
	double start = now_s(), end;
	size_t n;
	int i;

	do {
		for (n = 0, i = 0; i < batch; i++)
			n += packed_set(out + n, sizeof out - n, ADDRESS,
			    (double)(w->sent + (uint64_t)i));
		w->sent += (uint64_t)batch;
		if (write(go, &b, sizeof b) != sizeof b)
			fail("pipe");
		send_all(w->pub, out, n);
		collect(w);
		end = now_s();
	} while (end - start < seconds);
	return (double)(w->sent - first) * w->nsubs / (end - start) / 1e6;
}

static pid_t
bare_start(struct world *w, int nsubs, int *go)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), p[2], i;
	pid_t pid;

	if (bind(l, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(l, 4096) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &len) < 0 || pipe(p) < 0)
		fail("bare sender");
	pid = fork();
	if (pid == 0) {
		pin_to(0);
		close(p[1]);
		bare_serve(l, nsubs, p[0]);
	}
	close(p[0]);
	memset(w, 0, sizeof *w);
	w->nsubs = nsubs;
	w->ep = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < nsubs; i++) {
		w->subs[i].fd = dial(ntohs(a.sin_port));
		watch(w, w->subs[i].fd, &w->subs[i]);
	}
	w->pub = dial(ntohs(a.sin_port));
	close(l);
	*go = p[1];
	return pid;
}

static void
bare_stop(struct world *w, pid_t pid, int go)
{
	int i;

	close(go);
	for (i = 0; i < w->nsubs; i++)
		close(w->subs[i].fd);
	close(w->pub);
	close(w->ep);
	waitpid(pid, NULL, 0);
}

/* ------------------------------------------------------------ the relay */

static void
relay_world(struct world *w, int port, int nsubs)
{
	int i;

	memset(w, 0, sizeof *w);
	w->nsubs = nsubs;
	w->ep = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; i < nsubs; i++) {
		w->subs[i].fd = join(port, CLASP_FEATURE_PARAM);
		subscribe(w->subs[i].fd, 1, "/bench/**");
		barrier(w->subs[i].fd);
		watch(w, w->subs[i].fd, &w->subs[i]);
	}
	w->pub = join(port, CLASP_FEATURE_PARAM);
	watch(w, w->pub, NULL);
}

static void
compare(int peer, int nsubs, double seconds, int only)
{
	static const int batches[] = { 1, 16, 256, 2000 };
	static const char *targets[] = { "0.9", "0.5", "0.6", "0.7" };
	static struct world ours, bare;
	double a[ROUNDS], b[ROUNDS], r[ROUNDS];
	char what[96], left[48], right[48];
	struct relay relay = relay_start(peer, NULL);
	int go, i, k;
	pid_t pid;

	relay_world(&ours, relay.port, nsubs);
	pid = bare_start(&bare, nsubs, &go);
	for (i = 0; i < 4; i++) {
		if (only != 0 && batches[i] != only)
			continue;
		run(&ours, batches[i], seconds / 4);	/* warm up */
		run_bare(&bare, batches[i], seconds / 4, go);
		for (k = 0; k < ROUNDS; k++) {
			a[k] = run(&ours, batches[i], seconds);
			b[k] = run_bare(&bare, batches[i], seconds, go);
			r[k] = a[k] / b[k];
		}
		qsort(a, ROUNDS, sizeof *a, cmp_double);
		qsort(b, ROUNDS, sizeof *b, cmp_double);
		qsort(r, ROUNDS, sizeof *r, cmp_double);
		snprintf(what, sizeof what, "%sfan-out to %d, %d in flight",
		    peer ? "PEER: " : "", nsubs, batches[i]);
		snprintf(left, sizeof left, "%.3f M/s", a[ROUNDS / 2]);
		snprintf(right, sizeof right, "%.3f M/s (bare sender)",
		    b[ROUNDS / 2]);
		row(what, left, right, r[ROUNDS / 2], targets[i]);
	}
	bare_stop(&bare, pid, go);
	relay_stop(&relay);
	for (i = 0; i < nsubs; i++)
		close(ours.subs[i].fd);
	close(ours.pub);
	close(ours.ep);
}

/* Arguments, for a profiler: how many subscribers, one size of batch. */
int
main(int argc, char **argv)
{
	double seconds = getenv("QUICK") ? 0.1 : 0.5;
	uint8_t one[LOAD_FRAME_MAX];

	frame_len = delivered_set(one, sizeof one, ADDRESS, 0, 1);
	packed_len = packed_set(one, sizeof one, ADDRESS, 0);
	pin_to(1);
	if (argc > 2) {
		compare(0, atoi(argv[1]), seconds, atoi(argv[2]));
		return 0;
	}
	compare(0, 500, seconds, 0);
	compare(0, 1000, seconds, 0);
	if (getenv("PEER_RELAY") != NULL)
		compare(1, 500, seconds, 0);
	return 0;
}
