/* gesture.c - the moves of a gesture, thinned out. */
#include "core/gesture.h"

#include <stdlib.h>
#include <string.h>

#include "core/session.h"

/* Which of the lists: a gesture is in OWN or LEFT, in IDLE, maybe in DUE. */
enum { OWN, DUE, IDLE, LINKS };

#define KEY_HEAD	(sizeof(void *) + sizeof(uint32_t))

struct clasp_gesture {
	struct clasp_gesture *next[LINKS], *prev[LINKS];
	struct clasp_session *sender;	/* NULL: has left */
	uint64_t	 hash;		/* of the key */
	uint64_t	 due_us;	/* of the move held back */
	uint64_t	 active_us;	/* its last message */
	uint8_t		*move;		/* owned; the payload held back */
	size_t		 len, cap;
	uint32_t	 id;
	bool		 has_id;
	bool		 pending;	/* there is such a move */
	size_t		 key_len;
	char		 key[];		/* session, id, address */
};

static struct clasp_str
gesture_key(const void *entry)
{
	const struct clasp_gesture *g = entry;

	return clasp_str_of(g->key, g->key_len);
}

static struct clasp_str
address_of(const struct clasp_gesture *g)
{
	return clasp_str_of(g->key + KEY_HEAD, g->key_len - KEY_HEAD);
}

/* Its sender as the key has it: also of one who has left. */
static uintptr_t
origin_of(const struct clasp_gesture *g)
{
	uintptr_t origin;

	memcpy(&origin, g->key, sizeof origin);
	return origin;
}

static void
list_add(struct clasp_gesture_list *list, struct clasp_gesture *g, int link)
{
	g->next[link] = NULL;
	g->prev[link] = list->last;
	if (list->last != NULL)
		list->last->next[link] = g;
	else
		list->first = g;
	list->last = g;
}

static void
list_remove(struct clasp_gesture_list *list, struct clasp_gesture *g,
    int link)
{
	if (g->prev[link] != NULL)
		g->prev[link]->next[link] = g->next[link];
	else
		list->first = g->next[link];
	if (g->next[link] != NULL)
		g->next[link]->prev[link] = g->prev[link];
	else
		list->last = g->prev[link];
}

void
clasp_gestures_init(struct clasp_gestures *gestures)
{
	memset(gestures, 0, sizeof *gestures);
	gestures->table.key = gesture_key;
}

static void
not_pending(struct clasp_gestures *gestures, struct clasp_gesture *g)
{
	if (g->pending)
		list_remove(&gestures->due, g, DUE);
	g->pending = false;
}

static void
gesture_free(struct clasp_gestures *gestures, struct clasp_gesture *g)
{
	not_pending(gestures, g);
	list_remove(&gestures->idle, g, IDLE);
	if (g->sender != NULL) {
		list_remove(&g->sender->gestures, g, OWN);
		g->sender->ngestures--;
		clasp_table_remove(&gestures->table, g->hash, g);
	} else {
		list_remove(&gestures->left, g, OWN);
	}
	free(g->move);
	free(g);
}

void
clasp_gestures_clear(struct clasp_gestures *gestures)
{
	while (gestures->idle.first != NULL)
		gesture_free(gestures, gestures->idle.first);
	clasp_table_clear(&gestures->table);
}

/* Forward the move held back, if there is one. */
static void
flush(struct clasp_router *router, struct clasp_gesture *g, uint64_t now_us)
{
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	if (!g->pending)
		return;
	not_pending(&router->gestures, g);
	msg.publish.kind = CLASP_GESTURE;
	msg.publish.phase = CLASP_PHASE_MOVE;
	msg.publish.address = address_of(g);
	msg.publish.has_id = g->has_id;
	msg.publish.id = g->id;
	clasp_router_cast_gesture(router, g->sender, origin_of(g), &msg,
	    clasp_str_of((const char *)g->move, g->len), now_us);
}

/* End it in its sender's name. */
static void
cancel(struct clasp_router *router, struct clasp_gesture *g, uint64_t now_us)
{
	struct clasp_msg msg = { .type = CLASP_PUBLISH };

	flush(router, g, now_us);
	msg.publish.kind = CLASP_GESTURE;
	msg.publish.phase = CLASP_PHASE_CANCEL;
	msg.publish.address = address_of(g);
	msg.publish.has_id = g->has_id;
	msg.publish.id = g->id;
	msg.publish.content = CLASP_CONTENT_VALUE;
	msg.publish.value = clasp_null();
	clasp_router_cast_gesture(router, g->sender, origin_of(g), &msg,
	    CLASP_STR_NONE, now_us);
	gesture_free(&router->gestures, g);
}

/* An id that is not there is 0. */
static size_t
make_key(char *key, const struct clasp_session *s,
    const struct clasp_publish *p)
{
	uint32_t id = p->has_id ? p->id : 0;

	memcpy(key, &s, sizeof s);
	memcpy(key + sizeof s, &id, sizeof id);
	memcpy(key + KEY_HEAD, p->address.p, p->address.len);
	return KEY_HEAD + p->address.len;
}

/* NULL: no memory, then its moves are forwarded as they come. */
static struct clasp_gesture *
gesture_new(struct clasp_session *s, const struct clasp_publish *p,
    struct clasp_str key, uint64_t hash)
{
	struct clasp_gestures *gestures = &s->router->gestures;
	struct clasp_gesture *g = calloc(1, sizeof *g + key.len);

	if (g == NULL)
		return NULL;
	g->key_len = key.len;
	memcpy(g->key, key.p, key.len);
	g->hash = hash;
	g->has_id = p->has_id;
	g->id = p->id;
	g->sender = s;
	if (clasp_table_add(&gestures->table, hash, g) < 0) {
		free(g);
		return NULL;
	}
	list_add(&s->gestures, g, OWN);
	s->ngestures++;
	list_add(&gestures->idle, g, IDLE);
	return g;
}

/* Hold it back in place of an earlier one.  False: no memory. */
static bool
hold(struct clasp_router *router, struct clasp_gesture *g,
    struct clasp_str payload, uint64_t now_us)
{
	uint8_t *move;

	if (payload.len > g->cap) {
		move = realloc(g->move, payload.len);
		if (move == NULL) {
			flush(router, g, now_us);
			return false;
		}
		g->move = move;
		g->cap = payload.len;
	}
	memcpy(g->move, payload.p, payload.len);
	g->len = payload.len;
	if (!g->pending) {
		g->pending = true;
		g->due_us = router->config.gesture_us == 0 ? UINT64_MAX :
		    now_us + router->config.gesture_us;
		list_add(&router->gestures.due, g, DUE);
	}
	return true;
}

static void
touch(struct clasp_gestures *gestures, struct clasp_gesture *g,
    uint64_t now_us)
{
	g->active_us = now_us;
	list_remove(&gestures->idle, g, IDLE);
	list_add(&gestures->idle, g, IDLE);
}

bool
clasp_gesture_take(struct clasp_session *s, const struct clasp_publish *p,
    struct clasp_str payload, uint64_t now_us)
{
	struct clasp_router *router = s->router;
	struct clasp_gestures *gestures = &router->gestures;
	char bytes[KEY_HEAD + CLASP_ADDRESS_MAX];
	struct clasp_str key = clasp_str_of(bytes, make_key(bytes, s, p));
	uint64_t hash = clasp_hash(key);
	struct clasp_gesture *g = clasp_table_get(&gestures->table, hash,
	    key);

	if (p->phase == CLASP_PHASE_MOVE) {
		if (g == NULL)
			return false;	/* nobody saw its start */
		touch(gestures, g, now_us);
		return hold(router, g, payload, now_us);
	}
	if (g != NULL)
		flush(router, g, now_us);
	if (p->phase != CLASP_PHASE_START) {
		if (g != NULL)
			gesture_free(gestures, g);
		return false;
	}
	if (g == NULL) {
		if (s->ngestures >= CLASP_GESTURES_EACH)
			cancel(router, s->gestures.first, now_us);
		g = gesture_new(s, p, key, hash);
	}
	if (g != NULL)
		touch(gestures, g, now_us);
	return false;
}

void
clasp_gestures_leave(struct clasp_session *s)
{
	struct clasp_gestures *gestures = &s->router->gestures;
	struct clasp_gesture *g;

	while ((g = s->gestures.first) != NULL) {
		list_remove(&s->gestures, g, OWN);
		clasp_table_remove(&gestures->table, g->hash, g);
		g->sender = NULL;
		list_add(&gestures->left, g, OWN);
	}
	s->ngestures = 0;
}

void
clasp_gestures_cancel(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_gesture *g;

	/* all last moves come before the first cancel */
	for (g = router->gestures.left.first; g != NULL; g = g->next[OWN])
		flush(router, g, now_us);
	while ((g = router->gestures.left.first) != NULL)
		cancel(router, g, now_us);
}

uint64_t
clasp_gestures_tick(struct clasp_router *router, uint64_t now_us)
{
	struct clasp_gestures *gestures = &router->gestures;
	uint64_t next = UINT64_MAX, at;
	struct clasp_gesture *g;

	while ((g = gestures->due.first) != NULL) {
		next = g->due_us;
		if (next > now_us)
			break;
		flush(router, g, now_us);
		next = UINT64_MAX;
	}
	while ((g = gestures->idle.first) != NULL) {
		at = g->active_us + CLASP_GESTURE_IDLE_US;
		if (at > now_us)
			return at < next ? at : next;
		flush(router, g, now_us);
		gesture_free(gestures, g);
	}
	return next;
}
