/*
 * fuzz_recording.c - any bytes as a recording: its lines are followed, and
 * the figures it is said to have are those of what was read.
 */
#include <stdint.h>
#include <stdlib.h>

#include "wire/recording.h"

static void
must(int good)
{
	if (!good)
		abort();
}

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *p = (const char *)data, *end = p + len, *lf;
	struct clasp_recording rec;
	struct clasp_line_error err;
	struct clasp_arena arena;
	struct clasp_line line;
	struct clasp_moment m;
	uint64_t lines = 0, version = 0;

	clasp_recording_init(&rec);
	clasp_arena_init(&arena, NULL, 0, CLASP_LINE_ARENA_MAX);
	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL;
	    p = lf + 1) {
		clasp_arena_reset(&arena);
		if (clasp_line_parse(clasp_str_of(p, (size_t)(lf - p)),
		    &arena, &line, &err) < 0)
			continue;
		if (clasp_recording_take(&rec, &line, &m, &version) < 0) {
			must(version > CLASP_RECORDING_VERSION);
			break;
		}
		lines += m.kind == CLASP_MOMENT_LINE ||
		    m.kind == CLASP_MOMENT_MARK;
		must(rec.lines == lines);
		must(m.time_us >= 0 && rec.last_us >= rec.time_us);
		must(rec.ended == (m.kind == CLASP_MOMENT_END) ||
		    line.kind == CLASP_LINE_BLANK);
		must(clasp_recording_length_us(&rec) >= 0);
		must(!clasp_recording_cut_off(&rec) || rec.header);
	}
	clasp_arena_clear(&arena);
	return 0;
}
