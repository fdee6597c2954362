/* merge.c - several sources of one universe, and who has the say. */

#include "proto/merge.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS	CLASP_DMX_SLOTS
#define LATE	20	/* a frame behind by less is late, not a new start */

void
clasp_merge_init(struct clasp_merge *m,
    const struct clasp_merge_config *config)
{
	memset(m, 0, sizeof *m);
	m->config = *config;
	memset(m->winner, CLASP_MERGE_NOBODY, sizeof m->winner);
}

static void
free_source(const struct clasp_merge *m, struct clasp_merge_source *s)
{
	if (!s)
		return;
	if (m->config.gone)
		m->config.gone(s);
	free(s->priorities);
	free(s);
}

void
clasp_merge_clear(struct clasp_merge *m)
{
	unsigned i;

	for (i = 0; i < CLASP_MERGE_SOURCES; i++) {
		free_source(m, m->sources[i]);
		m->sources[i] = NULL;
	}
	m->count = 0;
}

/* ---------------------------------------------------------------- sources */

static int
index_of(const struct clasp_merge *m, const struct clasp_merge_source *s)
{
	int i;

	for (i = 0; i < CLASP_MERGE_SOURCES; i++)
		if (m->sources[i] == s)
			return i;
	return CLASP_MERGE_NOBODY;
}

struct clasp_merge_source *
clasp_merge_source(struct clasp_merge *m, const void *key, size_t len,
    uint64_t now_us)
{
	struct clasp_merge_source *s;
	int i;

	if (len > CLASP_MERGE_KEY)
		len = CLASP_MERGE_KEY;
	for (i = 0; i < CLASP_MERGE_SOURCES; i++) {
		s = m->sources[i];
		if (s && s->key_len == len && memcmp(s->key, key, len) == 0)
			return s;
	}
	if (m->count >= m->config.max_sources ||
	    m->count >= CLASP_MERGE_SOURCES) {
		m->ignored++;
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	memcpy(s->key, key, len);
	s->key_len = len;
	s->seen_us = now_us;
	m->sources[index_of(m, NULL)] = s;
	m->count++;
	return s;
}

void
clasp_merge_name(struct clasp_merge_source *s, struct clasp_str name)
{
	size_t n = name.len < CLASP_MERGE_NAME ? name.len : CLASP_MERGE_NAME;

	/* not within a character */
	while (n > 0 && n < name.len && ((uint8_t)name.p[n] & 0xc0) == 0x80)
		n--;
	memcpy(s->name, name.p, n);
	s->name[n] = '\0';
}

bool
clasp_merge_in_order(struct clasp_merge_source *s, uint8_t sequence)
{
	int8_t ahead = (int8_t)(uint8_t)(sequence - s->sequence);

	if (s->numbered && ahead <= 0 && ahead > -LATE)
		return false;
	s->numbered = true;
	s->sequence = sequence;
	return true;
}

/* ---------------------------------------------------------------- merging */

/* What s's say on slot i is worth; -1: it has none. */
static int
worth(const struct clasp_merge_source *s, unsigned i)
{
	if (i >= s->slots)
		return -1;
	if (!s->priorities)
		return s->priority;
	return s->priorities[i] > 0 ? s->priorities[i] : -1;
}

/* The best of all sources for slot i: an index, or nobody. */
static int
best(const struct clasp_merge *m, unsigned i)
{
	const struct clasp_merge_source *s;
	int found = CLASP_MERGE_NOBODY, most = -1, w, k;
	unsigned left = m->count;

	for (k = 0; left > 0 && k < CLASP_MERGE_SOURCES; k++) {
		s = m->sources[k];
		if (!s)
			continue;
		left--;
		w = worth(s, i);
		if (w > most || (w >= 0 && w == most &&
		    s->level[i] > m->sources[found]->level[i])) {
			most = w;
			found = k;
		}
	}
	return found;
}

/* Put source k's level into slot i; true when that is news. */
static bool
give(struct clasp_merge *m, unsigned i, int k)
{
	bool news;

	m->winner[i] = (int8_t)k;
	if (k == CLASP_MERGE_NOBODY)
		return false;	/* its level stays */
	news = !m->had[i] || m->level[i] != m->sources[k]->level[i];
	m->level[i] = m->sources[k]->level[i];
	m->had[i] = 1;
	if (i >= m->slots)
		m->slots = i + 1;
	return news;
}

/* Only one source, and all of it counts. */
static bool
give_all(struct clasp_merge *m, int k)
{
	const struct clasp_merge_source *s = m->sources[k];
	bool news = memchr(m->had, 0, s->slots) ||
	    memcmp(m->level, s->level, s->slots) != 0;

	memcpy(m->level, s->level, s->slots);
	memset(m->had, 1, s->slots);
	memset(m->winner, k, s->slots);
	if (s->slots > m->slots)
		m->slots = s->slots;
	return news;
}

static bool
merge(struct clasp_merge *m)
{
	bool news = false;
	unsigned i;
	int k;

	if (m->count == 1) {
		for (k = 0; !m->sources[k]; k++)
			continue;
		if (!m->sources[k]->priorities) {
			memset(m->winner, CLASP_MERGE_NOBODY, SLOTS);
			return give_all(m, k);
		}
	}
	for (i = 0; i < SLOTS; i++)
		if (give(m, i, best(m, i)))
			news = true;
	return news;
}

/* With ltp: what source k changed by this frame is its own now. */
static bool
take_changes(struct clasp_merge *m, int k, const uint8_t *before,
    unsigned slots_before, size_t n)
{
	const struct clasp_merge_source *s = m->sources[k];
	bool news = false;
	unsigned i;

	for (i = 0; i < n; i++)
		if ((i >= slots_before || before[i] != s->level[i] ||
		    m->winner[i] == CLASP_MERGE_NOBODY) && give(m, i, k))
			news = true;
	return news;
}

bool
clasp_merge_levels(struct clasp_merge *m, struct clasp_merge_source *s,
    uint8_t priority, const uint8_t *levels, size_t n, uint64_t now_us)
{
	uint8_t before[SLOTS];
	unsigned slots_before = s->slots;
	bool same;

	if (n > SLOTS)
		n = SLOTS;
	s->seen_us = now_us;
	same = s->priority == priority && n <= slots_before &&
	    memcmp(s->level, levels, n) == 0;
	s->priority = priority;
	if (same)
		return false;
	memcpy(before, s->level, sizeof before);
	memcpy(s->level, levels, n);
	if (n > s->slots)
		s->slots = (unsigned)n;
	if (m->config.ltp)
		return take_changes(m, index_of(m, s), before, slots_before,
		    n);
	return merge(m);
}

bool
clasp_merge_priorities(struct clasp_merge *m, struct clasp_merge_source *s,
    const uint8_t *priorities, size_t n, uint64_t now_us)
{
	if (n > SLOTS)
		n = SLOTS;
	if (!s->priorities)
		s->priorities = malloc(SLOTS);
	if (!s->priorities)
		return false;
	s->seen_us = s->priorities_us = now_us;
	memcpy(s->priorities, priorities, n);
	memset(s->priorities + n, 0, SLOTS - n);
	return m->config.ltp ? false : merge(m);
}

/* ---------------------------------------------------------------- the end */

/* Source k is out already: its slots go to the best of the others. */
static bool
inherit(struct clasp_merge *m, int k)
{
	bool news = false;
	unsigned i;

	if (!m->config.ltp)
		return merge(m);
	for (i = 0; i < SLOTS; i++)
		if (m->winner[i] == k && give(m, i, best(m, i)))
			news = true;
	return news;
}

bool
clasp_merge_forget(struct clasp_merge *m, struct clasp_merge_source *s)
{
	int k = index_of(m, s);

	m->sources[k] = NULL;
	m->count--;
	free_source(m, s);
	return inherit(m, k);
}

bool
clasp_merge_expire(struct clasp_merge *m, uint64_t now_us)
{
	struct clasp_merge_source *s;
	bool news = false;
	int k;

	for (k = 0; m->count > 0 && k < CLASP_MERGE_SOURCES; k++) {
		s = m->sources[k];
		if (!s)
			continue;
		if (now_us - s->seen_us >= m->config.loss_us) {
			news |= clasp_merge_forget(m, s);
		} else if (s->priorities && now_us - s->priorities_us >=
		    m->config.loss_us) {
			free(s->priorities);
			s->priorities = NULL;
			news |= !m->config.ltp && merge(m);
		}
	}
	return news;
}

uint64_t
clasp_merge_due(const struct clasp_merge *m)
{
	const struct clasp_merge_source *s;
	uint64_t due = UINT64_MAX, first;
	unsigned left = m->count;
	int k;

	for (k = 0; left > 0 && k < CLASP_MERGE_SOURCES; k++) {
		s = m->sources[k];
		if (!s)
			continue;
		left--;
		first = s->priorities && s->priorities_us < s->seen_us ?
		    s->priorities_us : s->seen_us;
		if (first + m->config.loss_us < due)
			due = first + m->config.loss_us;
	}
	return due;
}

bool
clasp_merge_blackout(struct clasp_merge *m)
{
	bool news = false;
	unsigned i;

	for (i = 0; i < m->slots; i++)
		news |= m->level[i] != 0;
	memset(m->level, 0, sizeof m->level);
	return news;
}

struct clasp_str
clasp_merge_winner(const struct clasp_merge *m, unsigned channel)
{
	int k = m->winner[channel > 0 ? channel - 1 : 0];
	unsigned i;

	for (i = 0; channel == 0 && i < m->slots; i++)
		if (m->winner[i] != k)
			return CLASP_STR("");
	return k == CLASP_MERGE_NOBODY ? CLASP_STR("") :
	    clasp_str_c(m->sources[k]->name);
}
