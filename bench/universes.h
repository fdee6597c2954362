/*
 * universes.h - what the benchmarks of levels over a network share: programs
 * with pipes, lines of universes, datagrams in batches, ticks, what a process
 * took of a core, and OLA to compare with.  All of it dies on failure.
 */
#ifndef BENCH_UNIVERSES_H
#define BENCH_UNIVERSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define UNIVERSES_RATE		44	/* frames a second */
#define UNIVERSES_SECONDS	4
#define UNIVERSES_FRAMES	(UNIVERSES_RATE * UNIVERSES_SECONDS)
#define UNIVERSES_TENTH		51	/* slots that change in a frame */
#define UNIVERSES_TEXT		2048	/* bytes of a line, at most */

/* A socket on loopback with much room; its address in *at. */
int	 universes_socket(struct sockaddr_in *at);
/* A pipe that takes a megabyte. */
void	 universes_pipe(int fds[2]);
/* Run a program of ours, or one of the system's when its name has a slash;
 * in and out become its standard input and output. */
pid_t	 universes_start(const char *const argv[], int in, int out);
/* Wait for a child: the seconds of a core it took.  Exit code 124 says that
 * it waited in vain for what was sent. */
double	 universes_wait(pid_t pid);
/* The same of any process that still runs. */
double	 universes_cpu_s(pid_t pid);
void	 universes_write(int fd, const char *p, size_t n);
/* Wait for the next of UNIVERSES_RATE ticks a second. */
void	 universes_tick(struct timespec *at);
/*
 * The lines of one frame of universes first to last, all slots as bytes or a
 * tenth of them as params; to text of UNIVERSES_TEXT bytes for each.  Returns
 * the length.
 */
size_t	 universes_text(char *text, const char *prefix, unsigned first,
	    unsigned last, bool whole, unsigned frame);
/* Send n datagrams of len bytes that lie `stride` apart, in batches. */
void	 universes_send(int fd, const struct sockaddr_in *to,
	    const uint8_t *packets, size_t stride, size_t len, unsigned n);
/* A row: seconds of a core that all frames took, as a share. */
void	 universes_row(const char *what, double s, double limit_s,
	    const char *limit_is, const char *target);

/*
 * How far behind its tick the first packet with a new level comes, the 99th
 * of 100, in ms.  argv is a sender of UNIVERSES_RATE ticks a second that
 * reads `line` (a format of one %u, a level) and sends to the socket fd; the
 * level is at `at` in a packet of more than `at` bytes.  NULL: a bare timer
 * in its place.  Lines are written at any time of a tick but its last
 * millisecond.  Where the system lets us, all of it runs before anything else
 * on the machine; *first tells whether it did.
 */
double	 universes_lateness(const char *const argv[], const char *line,
	    int fd, const struct sockaddr_in *to, size_t at, bool *first);

/*
 * olad with one plug-in (its configuration as text), on 10.77.0.2 in a
 * network namespace of our own: this process is in it from then on, its other
 * interface is 10.77.0.1.  0, and a note for the table, where that cannot be.
 */
pid_t	 universes_olad(const char *plugin, const char *config);
/* Run a command of the shell; dies when it fails. */
void	 universes_run(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));
/* End olad, and what it left behind. */
void	 universes_olad_end(pid_t olad);

#endif
