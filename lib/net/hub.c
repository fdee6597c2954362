/* hub.c - see hub.h */
#include <stdlib.h>

#include "net/hub.h"
#include "net/upgrade.h"

/* A loop belongs to one thread, and so does its hub. */
static _Thread_local struct clasp_hub *hubs;

struct clasp_hub *
clasp_hub_get(uv_loop_t *loop)
{
	struct clasp_hub *hub;

	for (hub = hubs; hub; hub = hub->next)
		if (hub->loop == loop) {
			hub->users++;
			return hub;
		}
	hub = calloc(1, sizeof *hub);
	if (!hub)
		return NULL;
	hub->in = malloc(CLASP_HUB_BUFFER);
	hub->out = malloc(CLASP_HUB_BUFFER);
	if (!hub->in || !hub->out) {
		free(hub->in);
		free(hub->out);
		free(hub);
		return NULL;
	}
	hub->loop = loop;
	hub->users = 1;
	uv_idle_init(loop, &hub->idle);
	hub->idle.data = hub;
	uv_check_init(loop, &hub->check);
	hub->check.data = hub;
	uv_unref((uv_handle_t *)&hub->check);
	hub->next = hubs;
	hubs = hub;
	return hub;
}

static void
on_idle_closed(uv_handle_t *handle)
{
	struct clasp_hub *hub = handle->data;

	free(hub->in);
	free(hub->out);
	free(hub);
}

static void
on_check_closed(uv_handle_t *handle)
{
	struct clasp_hub *hub = handle->data;

	uv_close((uv_handle_t *)&hub->idle, on_idle_closed);
}

void
clasp_hub_put(struct clasp_hub *hub)
{
	struct clasp_hub **p;

	if (!hub || --hub->users > 0)
		return;
	for (p = &hubs; *p && *p != hub; p = &(*p)->next)
		;
	if (*p)
		*p = hub->next;
	clasp_upgrade_free(hub->upgrade);
	uv_close((uv_handle_t *)&hub->check, on_check_closed);
}

/* Tasks that ask again while they run have their turn in the next one. */
static void
on_idle(uv_idle_t *idle)
{
	struct clasp_hub *hub = idle->data;
	struct clasp_hub_task *list = hub->tasks, *task;

	uv_idle_stop(idle);
	hub->tasks = NULL;
	if (list)
		list->link = &list;
	while ((task = list)) {
		clasp_hub_cancel(task);
		task->run(task);
	}
}

static void
enlist(struct clasp_hub_task **list, struct clasp_hub_task *task)
{
	task->next = *list;
	if (task->next)
		task->next->link = &task->next;
	task->link = list;
	*list = task;
}

void
clasp_hub_soon(struct clasp_hub *hub, struct clasp_hub_task *task)
{
	if (task->link)
		return;
	enlist(&hub->tasks, task);
	/* A loop with an idle handle does not wait. */
	uv_idle_start(&hub->idle, on_idle);
}

static void
on_turn(uv_check_t *check)
{
	struct clasp_hub *hub = check->data;
	struct clasp_hub_task *task, *next;

	for (task = hub->watched; task; task = next) {
		next = task->next;	/* it may cancel itself, no other */
		task->run(task);
	}
	if (!hub->watched)
		uv_check_stop(check);
}

void
clasp_hub_each_turn(struct clasp_hub *hub, struct clasp_hub_task *task)
{
	if (task->link)
		return;
	enlist(&hub->watched, task);
	uv_check_start(&hub->check, on_turn);
}

void
clasp_hub_cancel(struct clasp_hub_task *task)
{
	if (!task->link)
		return;
	*task->link = task->next;
	if (task->next)
		task->next->link = task->link;
	task->link = NULL;
}
