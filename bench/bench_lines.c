/*
 * bench_lines.c - how many short lines a second clasp-fmt turns into lines,
 * into frames, and back into lines.
 *
 * The program itself is run on a file of its own size, as a person would run
 * it, and timed from start to exit; the best of three counts.  The limit is
 * cat(1) over the same input: reading and writing, and nothing in between.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINES	3000000
#define ROUNDS	3
#define TARGET	3.0	/* million lines a second */

static char dir[] = "/tmp/clasp-bench.XXXXXX";

static void
die(const char *what)
{
	fprintf(stderr, "bench_lines: %s: ", what);
	perror(NULL);
	exit(1);
}

static const char *
path_of(char room[PATH_MAX], const char *name)
{
	snprintf(room, PATH_MAX, "%s/%s", dir, name);
	return room;
}

/* Short lines as controllers make them: at most six digits a number. */
static void
make_input(const char *path)
{
	FILE *f = fopen(path, "w");
	uint64_t x = 88172645463325252u;
	unsigned i, r;

	if (f == NULL)
		die(path);
	for (i = 0; i < LINES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		r = (unsigned)(x >> 40);
		switch (i % 4) {
		case 0:
			fprintf(f, "/lights/%u/level 0.%04u\n", i % 97,
			    r % 9000 / 10 * 10 + 1001);
			break;
		case 1:
			fprintf(f, "/dmx/1/%u %u\n", i % 512 + 1, r % 256);
			break;
		case 2:
			fprintf(f, "/midi/keys/ch/0/cc/%u %u\n", i % 128,
			    r % 128);
			break;
		default:
			fprintf(f, "/pos/x %s%u.%03u\n", r & 1 ? "-" : "",
			    r % 1000, r % 900 / 10 * 10 + 101);
			break;
		}
	}
	if (fclose(f) != 0)
		die(path);
}

/* Seconds that one run takes; its input and output are files. */
static double
run(char *const argv[], const char *from, const char *to)
{
	struct timespec a, b;
	int in, out, status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &a);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		in = open(from, O_RDONLY);
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
			_exit(127);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "bench_lines: %s failed\n", argv[0]);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (double)(b.tv_sec - a.tv_sec) +
	    (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

static double
best_rate(char *const argv[], const char *from, const char *to)
{
	double best = 1e9, t;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		t = run(argv, from, to);
		if (t < best)
			best = t;
	}
	return LINES / best / 1e6;
}

static void
row(const char *what, char *const argv[], const char *from, const char *to)
{
	char cat[] = "cat";
	char *const copy[] = { cat, NULL };
	char room[PATH_MAX];
	double ours = best_rate(argv, from, to);
	double limit = best_rate(copy, from, path_of(room, "copy"));

	printf("%s\t%.1f M/s\t%.1f M/s\t%.2f\t%.1f M/s\n", what, ours, limit,
	    ours / limit, TARGET);
	fflush(stdout);
}

static void
must_equal(const char *a, const char *b)
{
	char command[2 * PATH_MAX + 32];

	snprintf(command, sizeof command, "cmp -s '%s' '%s'", a, b);
	if (system(command) != 0) {
		fprintf(stderr, "bench_lines: the lines came back changed\n");
		exit(1);
	}
}

int
main(void)
{
	static char program[PATH_MAX], output[] = "-o", frames[] = "frames";
	const char *build = getenv("BUILD");
	char *const plain[] = { program, NULL };
	char *const to_frames[] = { program, output, frames, NULL };
	char lines[PATH_MAX], bytes[PATH_MAX], back[PATH_MAX], copy[PATH_MAX];

	snprintf(program, sizeof program, "%s/bin/clasp-fmt",
	    build && build[0] ? build : "build");
	if (mkdtemp(dir) == NULL)
		die(dir);
	path_of(lines, "lines");
	path_of(bytes, "frames");
	path_of(back, "back");
	path_of(copy, "copy");
	make_input(lines);
	row("clasp-fmt text to text", plain, lines, back);
	must_equal(lines, back);
	row("clasp-fmt text to frames", to_frames, lines, bytes);
	row("clasp-fmt frames to text", plain, bytes, back);
	must_equal(lines, back);
	unlink(lines);
	unlink(bytes);
	unlink(back);
	unlink(copy);
	rmdir(dir);
	return 0;
}
