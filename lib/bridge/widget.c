/* widget.c - an ENTTEC DMX USB Pro, or a relative, as a bridge has it. */

#include "bridge/widget.h"

#include <stdlib.h>

#include "base/error.h"
#include "tool/cli.h"

#define BAUD		57600	/* the widget does not care */
#define ANSWER_MS	500
#define LOOK_MS		20
#define DOUBT		32	/* questions with zeros before: 20 KB */

static void on_look(uv_timer_t *timer);

struct clasp_widget {
	struct clasp_widget_config config;
	struct clasp_widget_events events;
	void		*user;
	struct clasp_port *port;	/* NULL: closed */
	struct clasp_enttec scan;
	struct clasp_widget_info info;
	uv_timer_t	 timer;
	bool		 asking, told_silence, over;
	int		 doubt;		/* questions before it is trusted */
	bool		 asked_often;	/* answers are no news */
};

/* What is asked, in this order; those without an answer cost nothing. */
static const struct {
	uint8_t	 label;
	size_t	 len;
} questions[] = {
	{ CLASP_ENTTEC_GET_SERIAL, 0 },
	{ CLASP_ENTTEC_GET_PARAMS, 2 },		/* of two bytes: user size 0 */
	{ CLASP_ENTTEC_MAKER, 0 },
	{ CLASP_ENTTEC_NAME, 0 },
};

/*
 * After a stall zeros go first, as many as the longest message has bytes: they
 * end the one that was cut, and between messages they mean nothing.
 */
static bool
ask(struct clasp_widget *w)
{
	uint8_t out[CLASP_PORT_SEND_MAX] = { 0 };
	size_t n = w->doubt > 0 ? CLASP_ENTTEC_MAX : 0, i;

	for (i = 0; i < sizeof questions / sizeof questions[0]; i++)
		n += (size_t)clasp_enttec_encode(out + n, questions[i].label,
		    (const uint8_t *)"\0\0", questions[i].len);
	return clasp_port_send(w->port, out, n);
}

static void
asked(struct clasp_widget *w)
{
	uv_timer_stop(&w->timer);
	w->asking = false;
	w->doubt = 0;
	if (!w->info.has_params && !w->info.has_serial && !w->told_silence) {
		cli_note(w->config.subject,
		    "the widget does not answer; going on");
		w->told_silence = true;
	}
	w->events.ready(&w->info, w->user);
}

static void
on_answer_timeout(uv_timer_t *timer)
{
	asked(timer->data);
}

/*
 * A line that took nothing may do so again, and some (a pseudo-terminal) do
 * not tell what they have kept: frames would be old when they are read.  So
 * none is sent before the widget has answered, or has taken more than such a
 * line can keep.
 */
static void
ask_again(struct clasp_widget *w)
{
	if (!ask(w)) {
		if (w->asking)
			uv_timer_start(&w->timer, on_look, LOOK_MS, 0);
	} else if (--w->doubt == 0) {
		uv_timer_start(&w->timer, on_answer_timeout, ANSWER_MS, 0);
	}
}

static void
on_look(uv_timer_t *timer)
{
	ask_again(timer->data);
}

static void
tell_params(struct clasp_widget *w)
{
	const struct clasp_enttec_params *p = &w->info.params;
	static const char *const kinds[] = { "", " (RDM)", " (sniffer)" };
	unsigned kind = p->firmware_high - 1u;

	cli_verbose(w->config.subject, "firmware %d.%d%s, break %.1f us, "
	    "MAB %.1f us, %d Hz", p->firmware_high, p->firmware_low,
	    kind < 3 ? kinds[kind] : "", clasp_enttec_us(p->break_units),
	    clasp_enttec_us(p->mab_units), p->rate_hz);
}

static void
take_answer(struct clasp_widget *w, const struct clasp_enttec_msg *msg)
{
	char text[CLASP_ENTTEC_TEXT_MAX];

	switch (msg->label) {
	case CLASP_ENTTEC_GET_PARAMS:
		if (clasp_enttec_decode_params(msg, &w->info.params) < 0)
			return;
		w->info.has_params = true;
		if (!w->asked_often)
			tell_params(w);
		break;
	case CLASP_ENTTEC_GET_SERIAL:
		if (clasp_enttec_decode_serial(msg, w->info.serial) < 0)
			return;
		w->info.has_serial = true;
		if (!w->asked_often)
			cli_verbose(w->config.subject, "serial %s",
			    w->info.serial);
		break;
	case CLASP_ENTTEC_MAKER:
	case CLASP_ENTTEC_NAME:
		if (!w->asked_often && clasp_enttec_decode_text(msg, text) == 0)
			cli_verbose(w->config.subject, "%s %s", msg->label ==
			    CLASP_ENTTEC_MAKER ? "made by" : "named", text);
		break;
	}
}

static void
on_message(const struct clasp_enttec_msg *msg, void *user)
{
	struct clasp_widget *w = user;

	take_answer(w, msg);
	w->events.message(msg, w->user);
	if (w->asking && w->info.has_params && (w->info.has_serial ||
	    w->doubt > 0))
		asked(w);
}

/* ------------------------------------------------------ the port's events */

static void
on_open(struct clasp_port *port, bool again, void *user)
{
	struct clasp_widget *w = user;

	w->port = port;
	clasp_enttec_reset(&w->scan);
	w->events.open(again, w->user);
	if (w->config.port.raw || w->over)
		return;
	w->info = (struct clasp_widget_info){ 0 };
	w->asking = true;
	w->doubt = clasp_port_was_stalled(port) ? DOUBT : 0;
	w->asked_often = w->doubt > 0;
	if (w->doubt > 0) {
		ask_again(w);
		return;
	}
	uv_timer_start(&w->timer, on_answer_timeout, ANSWER_MS, 0);
	ask(w);
}

static void
on_data(struct clasp_port *port, const uint8_t *bytes, size_t n, void *user)
{
	struct clasp_widget *w = user;

	(void)port;
	clasp_enttec_feed(&w->scan, bytes, n);
	if (w->events.taken)
		w->events.taken(w->user);
}

static void
on_sent(struct clasp_port *port, void *user)
{
	struct clasp_widget *w = user;

	(void)port;
	if (w->doubt > 0)
		ask_again(w);
	else if (w->events.sent)
		w->events.sent(w->user);
}

static void
on_end(struct clasp_port *port, const char *why, void *user)
{
	struct clasp_widget *w = user;

	(void)port;
	clasp_enttec_end(&w->scan);
	if (w->events.end)
		w->events.end(why, w->user);
}

static void
on_lost(struct clasp_port *port, const char *why, void *user)
{
	struct clasp_widget *w = user;

	w->port = port;
	uv_timer_stop(&w->timer);
	w->asking = false;
	w->doubt = 0;
	w->events.lost(why, w->user);
}

/* ----------------------------------------------------------- life and end */

int
clasp_widget_new(uv_loop_t *loop, const struct clasp_widget_config *config,
    const struct clasp_widget_events *events, void *user,
    struct clasp_widget **out, char why[CLASP_SERIAL_WHY])
{
	static const struct clasp_port_events port_events = {
		.open = on_open,
		.data = on_data,
		.sent = on_sent,
		.end = on_end,
		.lost = on_lost
	};
	struct clasp_widget *w = calloc(1, sizeof *w);
	struct clasp_port *port;
	int error;

	if (!w) {
		snprintf(why, CLASP_SERIAL_WHY, "out of memory");
		return CLASP_ENOMEM;
	}
	w->config = *config;
	w->config.port.line.baud = BAUD;
	w->config.port.line.stop_bits = 1;
	w->events = *events;
	w->user = user;
	clasp_enttec_init(&w->scan, on_message, w);
	uv_timer_init(loop, &w->timer);
	w->timer.data = w;
	*out = w;
	error = clasp_port_new(loop, &w->config.port, &port_events, w, &port,
	    why);
	if (!error && !w->over)
		w->port = port;
	return error;
}

void
clasp_widget_close(struct clasp_widget *w)
{
	if (!w || w->over)
		return;
	w->over = true;
	w->asking = false;
	clasp_port_close(w->port);
	w->port = NULL;
	uv_close((uv_handle_t *)&w->timer, NULL);
}

void
clasp_widget_free(struct clasp_widget *w)
{
	free(w);
}

void
clasp_widget_read(struct clasp_widget *w, bool on)
{
	if (w->port)
		clasp_port_read(w->port, on);
}

bool
clasp_widget_is_ready(struct clasp_widget *w)
{
	return w->port && !w->config.port.raw && !w->asking &&
	    clasp_port_is_open(w->port) && !clasp_port_busy(w->port);
}

bool
clasp_widget_send(struct clasp_widget *w, const uint8_t *bytes, size_t n)
{
	return clasp_widget_is_ready(w) &&
	    clasp_port_send(w->port, bytes, n);
}

const unsigned long *
clasp_widget_skipped(const struct clasp_widget *w)
{
	return &w->scan.skipped;
}
