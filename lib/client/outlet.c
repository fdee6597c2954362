/* outlet.c - stdout on an event loop. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/outlet.h"
#include "tool/lineio.h"
#include "tool/out.h"

#define FULL_BYTES	(256u << 10)

struct clasp_outlet {
	struct clasp_outlet_events events;
	void		*user;
	uv_prepare_t	 prepare;
	uv_poll_t	 poll;
	bool		 can_poll;	/* stdout is a pipe, socket, terminal */
	bool		 watch;		/* it tells when its reader goes */
	bool		 waiting;	/* for room */
	bool		 full, dirty, gone, ending, closing;
	int		 handles;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void
on_closed(uv_handle_t *handle)
{
	struct clasp_outlet *o = handle->data;

	if (--o->handles > 0)
		return;
	o->events.done(o->user);
	free(o);
}

static void
close_handles(struct clasp_outlet *o)
{
	if (o->closing)
		return;
	o->closing = true;
	uv_close((uv_handle_t *)&o->prepare, on_closed);
	if (o->can_poll)
		uv_close((uv_handle_t *)&o->poll, on_closed);
}

/* What the descriptor is being watched for: room, or only the reader's end. */
static void
watch(struct clasp_outlet *o, bool room)
{
	if (!o->can_poll || o->closing)
		return;
	o->waiting = room;
	if (room || o->watch)
		uv_poll_start(&o->poll, UV_DISCONNECT |
		    (room ? UV_WRITABLE : 0), on_poll);
	else
		uv_poll_stop(&o->poll);
	/* a reader alone is no reason for the loop to stay */
	if (room)
		uv_ref((uv_handle_t *)&o->poll);
	else
		uv_unref((uv_handle_t *)&o->poll);
}

static void
reader_gone(struct clasp_outlet *o)
{
	if (o->gone)
		return;
	o->gone = true;
	if (o->can_poll)
		uv_poll_stop(&o->poll);
	o->events.gone(o->user);
	if (o->ending)
		close_handles(o);
}

static void
flush(struct clasp_outlet *o)
{
	size_t left;
	bool full;

	o->dirty = false;
	left = cli_out_try_flush();
	if (o->gone || cli_out_reader_gone()) {
		reader_gone(o);
		if (o->ending)
			close_handles(o);
		return;
	}
	if ((left > 0) != o->waiting)
		watch(o, left > 0);
	full = left > (o->full ? 0 : FULL_BYTES);
	if (full != o->full) {
		o->full = full;
		o->events.full(full, o->user);
	}
	if (o->ending && left == 0)
		close_handles(o);
}

static void
on_prepare(uv_prepare_t *prepare)
{
	struct clasp_outlet *o = prepare->data;

	if (o->dirty && !o->waiting)
		flush(o);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct clasp_outlet *o = poll->data;

	(void)events;
	if (cli_out_reader_gone()) {
		reader_gone(o);
		return;
	}
	if (status < 0 && !o->waiting)
		o->watch = false;
	flush(o);
}

struct clasp_outlet *
clasp_outlet_new(uv_loop_t *loop, const struct clasp_outlet_events *events,
    void *user)
{
	struct clasp_outlet *o = calloc(1, sizeof *o);
	int flags = fcntl(STDOUT_FILENO, F_GETFL);
	struct stat st;

	if (!o)
		return NULL;
	o->events = *events;
	o->user = user;
	uv_prepare_init(loop, &o->prepare);
	o->prepare.data = o->poll.data = o;
	uv_prepare_start(&o->prepare, on_prepare);
	uv_unref((uv_handle_t *)&o->prepare);
	o->handles = 1;
	if (flags < 0 || fstat(STDOUT_FILENO, &st) < 0 ||
	    uv_poll_init(loop, &o->poll, STDOUT_FILENO) < 0)
		return o;
	/* libuv has set it not to block, for everybody who has it open. */
	fcntl(STDOUT_FILENO, F_SETFL, flags);
	o->can_poll = true;
	o->handles = 2;
	o->watch = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	watch(o, false);
	return o;
}

void
clasp_outlet_dirty(struct clasp_outlet *o)
{
	o->dirty = true;
}

void
clasp_outlet_end(struct clasp_outlet *o)
{
	if (o->ending)
		return;
	o->ending = true;
	if (o->gone)
		close_handles(o);
	else
		flush(o);
}

void
clasp_outlet_abandon(struct clasp_outlet *o)
{
	cli_out_drop();
	close_handles(o);
}
