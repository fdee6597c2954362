/* holder.c - the name of a session that a relay's ERROR speaks of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/holder.h"

#define ID_LEN	36

struct question {
	clasp_holder_fn	 fn;
	void		*user;
	char		 words[300];
};

/* A session id in the words of a relay; len 0: none. */
static struct clasp_str
session_in(const char *words)
{
	size_t i, n;

	for (i = 0; words[i]; i += n ? n : 1) {
		n = strspn(words + i, "0123456789abcdefABCDEF-");
		if (n == ID_LEN && words[i + 8] == '-' && words[i + 23] == '-')
			return clasp_str_of(words + i, n);
	}
	return CLASP_STR_NONE;
}

static struct clasp_str
name_in(const struct clasp_value *v)
{
	if (v->type == CLASP_MAP)
		v = clasp_map_get(v, CLASP_STR("name"));
	return v && v->type == CLASP_STRING ? v->string : CLASP_STR_NONE;
}

static void
on_session(struct clasp_client *c, const struct clasp_reply *reply,
    void *user)
{
	struct question *q = user;
	struct clasp_str name = CLASP_STR_NONE;
	size_t n = strlen(q->words);

	if (reply->error == 0)
		name = name_in(&reply->msg->snapshot.params[0].value);
	if (name.len)
		snprintf(q->words + n, sizeof q->words - n, " (%.*s)",
		    CLASP_STR_ARG(name));
	q->fn(c, q->words, q->user);
	free(q);
}

void
clasp_holder_ask(struct clasp_client *c, struct clasp_str words,
    clasp_holder_fn fn, void *user)
{
	struct question *q = malloc(sizeof *q);
	char address[64];
	struct clasp_str id;

	if (!q) {
		fn(c, "locked", user);
		return;
	}
	q->fn = fn;
	q->user = user;
	snprintf(q->words, sizeof q->words, "%.*s", CLASP_STR_ARG(words));
	id = session_in(q->words);
	snprintf(address, sizeof address, "/$relay/sessions/%.*s",
	    CLASP_STR_ARG(id));
	if (id.len && clasp_client_get(c, clasp_str_c(address), on_session,
	    q) == 0)
		return;
	fn(c, q->words, user);
	free(q);
}
