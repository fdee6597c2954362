/* latest.c - the newest value of each address. */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "proto/latest.h"

struct entry {
	struct entry	*next;		/* the one that came after it */
	struct clasp_value value;	/* a scalar: points to nothing */
	size_t		 len;
	char		 address[];
};

struct clasp_latest {
	struct clasp_table table;
	struct entry	*first, *last;
};

static struct clasp_str
entry_key(const void *p)
{
	const struct entry *entry = p;

	return clasp_str_of(entry->address, entry->len);
}

struct clasp_latest *
clasp_latest_new(void)
{
	struct clasp_latest *latest = calloc(1, sizeof *latest);

	if (latest)
		latest->table.key = entry_key;
	return latest;
}

void
clasp_latest_free(struct clasp_latest *latest)
{
	struct entry *entry, *next;

	if (!latest)
		return;
	for (entry = latest->first; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	clasp_table_clear(&latest->table);
	free(latest);
}

static struct entry *
entry_of(struct clasp_latest *latest, struct clasp_str address)
{
	uint64_t hash = clasp_hash(address);
	struct entry *entry = clasp_table_get(&latest->table, hash, address);

	if (entry || latest->table.count >= CLASP_LATEST_MAX)
		return entry;
	entry = calloc(1, sizeof *entry + address.len);
	if (!entry)
		return NULL;
	entry->len = address.len;
	memcpy(entry->address, address.p, address.len);
	if (clasp_table_add(&latest->table, hash, entry) < 0) {
		free(entry);
		return NULL;
	}
	if (latest->last)
		latest->last->next = entry;
	else
		latest->first = entry;
	latest->last = entry;
	return entry;
}

void
clasp_latest_keep(struct clasp_latest *latest, const struct clasp_line *line)
{
	const struct clasp_msg *msg;
	struct entry *entry;
	uint32_t i;

	if (line->kind != CLASP_LINE_DATA)
		return;
	for (i = 0; i < line->count; i++) {
		msg = &line->items[i].msg;
		if (msg->type != CLASP_SET ||
		    msg->set.value.type > CLASP_FLOAT)
			continue;
		entry = entry_of(latest, msg->set.address);
		if (entry)
			entry->value = msg->set.value;
	}
}

void
clasp_latest_each(const struct clasp_latest *latest,
    void (*fn)(const struct clasp_line *line, void *user), void *user)
{
	const struct entry *entry;
	struct clasp_line line;
	struct clasp_item item;

	for (entry = latest->first; entry; entry = entry->next) {
		clasp_line_set(&line, &item, entry_key(entry), entry->value);
		fn(&line, user);
	}
}
