/*
 * wallclock.c - preloaded, it lets a test set the wall clock of one process.
 *
 * The file $WALLCLOCK holds 64 bits, as this machine has them: microseconds
 * by which CLOCK_REALTIME is ahead of the real one.  It is mapped, so a test
 * that writes it anew sets the clock of a process that runs.  The monotonic
 * clock goes on as it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t
ahead_us(void)
{
	static volatile const int64_t *ahead;
	const char *path;
	void *map;
	int fd;

	if (ahead != NULL)
		return *ahead;
	path = getenv("WALLCLOCK");
	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	map = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return 0;
	ahead = map;
	return *ahead;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);
	int64_t us;

	if (r != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return r;
	us = (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000 + ahead_us();
	t->tv_sec = us / 1000000;
	t->tv_nsec = us % 1000000 * 1000 + t->tv_nsec % 1000;
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}
