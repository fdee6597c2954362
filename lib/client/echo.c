/* echo.c - telling what we set ourselves from what others set. */
#include <stdlib.h>

#include "base/error.h"
#include "client/echo.h"
#include "client/known.h"

static struct clasp_echo_entry *
entry(const struct clasp_echo *e, size_t i)
{
	return &e->at[(e->head + i) & (e->cap - 1)];
}

static int
push(struct clasp_echo *e, struct clasp_echo_entry new)
{
	size_t cap = e->cap ? e->cap * 2 : 16, i;
	struct clasp_echo_entry *at;

	if (e->count == e->cap) {
		at = malloc(cap * sizeof *at);
		if (!at)
			return CLASP_ENOMEM;
		for (i = 0; i < e->count; i++)
			at[i] = *entry(e, i);
		free(e->at);
		e->at = at;
		e->cap = cap;
		e->head = 0;
	}
	e->count++;
	*entry(e, e->count - 1) = new;
	return 0;
}

/*
 * The first entry of a message counts those behind it that belong to it.  A
 * message without any SET has one entry that nothing can equal.
 */
int
clasp_echo_sent(struct clasp_echo *e, const struct clasp_msg *msg)
{
	const struct clasp_msg *m = msg->type == CLASP_BUNDLE ?
	    msg->bundle.messages : msg;
	uint32_t n = msg->type == CLASP_BUNDLE ? msg->bundle.count : 1;
	uint32_t i, members = 0;
	int r = 0;

	for (i = 0; i < n; i++)
		members += m[i].type == CLASP_SET;
	if (members == 0)
		return push(e, (struct clasp_echo_entry){ .members = 1,
		    .seen = true });
	for (i = 0; i < n && r == 0; i++) {
		if (m[i].type != CLASP_SET)
			continue;
		r = push(e, (struct clasp_echo_entry){
		    .address = clasp_hash(m[i].set.address),
		    .value = clasp_known_hash(&m[i].set.value),
		    .members = members });
		members = 0;
	}
	return r;
}

void
clasp_echo_answered(struct clasp_echo *e)
{
	uint32_t n;

	if (e->count == 0)
		return;
	n = entry(e, 0)->members;
	if (n > e->count)
		n = (uint32_t)e->count;
	e->head = (e->head + n) & (e->cap - 1);
	e->count -= n;
}

bool
clasp_echo_is(struct clasp_echo *e, const struct clasp_set *set)
{
	uint64_t address = clasp_hash(set->address);
	size_t i;

	for (i = 0; i < e->count; i++) {
		if (entry(e, i)->seen || entry(e, i)->address != address)
			continue;
		if (entry(e, i)->value != clasp_known_hash(&set->value))
			return false;
		entry(e, i)->seen = true;
		return true;
	}
	return false;
}

void
clasp_echo_clear(struct clasp_echo *e)
{
	free(e->at);
	*e = (struct clasp_echo){ 0 };
}
