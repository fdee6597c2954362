/* metrics.c - see metrics.h */
#include "relay/metrics.h"

#include "core/figures.h"
#include "wire/message.h"

static void
head(struct clasp_buf *out, const char *name, const char *kind,
    const char *help)
{
	clasp_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help,
	    name, kind);
}

static void
one(struct clasp_buf *out, const char *name, const char *kind,
    const char *help, uint64_t value)
{
	head(out, name, kind, help);
	clasp_buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void
put_messages(struct clasp_buf *out, const struct clasp_figures *f)
{
	const char *name;
	int type;

	head(out, "clasp_messages_total", "counter",
	    "Messages received and understood.");
	for (type = 0; type < 256; type++) {
		name = clasp_msg_name((uint8_t)type);
		if (name)
			clasp_buf_printf(out,
			    "clasp_messages_total{type=\"%s\"} %llu\n", name,
			    (unsigned long long)f->messages[type]);
	}
	one(out, "clasp_undecodable_total", "counter",
	    "Frames received that are no message.", f->undecodable);
}

static void
put_errors(struct clasp_buf *out, const struct clasp_figures *f)
{
	unsigned i;
	int code;

	head(out, "clasp_errors_total", "counter", "ERRORs sent.");
	for (i = 0; i < CLASP_FIGURES_CODES; i++) {
		code = clasp_figures_code(i);
		if (code < 0)
			continue;
		clasp_buf_add_c(out, "clasp_errors_total{code=\"");
		if (code > 0)
			clasp_buf_printf(out, "%d", code);
		else
			clasp_buf_add_c(out, "other");
		clasp_buf_printf(out, "\"} %llu\n",
		    (unsigned long long)f->errors[i]);
	}
}

/* Buckets are told with all below them summed up. */
static void
put_fanout(struct clasp_buf *out, const struct clasp_figures *f)
{
	uint64_t sum = 0, most;
	unsigned i;

	head(out, "clasp_broadcast_fanout", "histogram",
	    "Sessions that a SET or PUBLISH went to.");
	for (i = 0; i < CLASP_FANOUT_BUCKETS; i++) {
		sum += f->fanout[i];
		most = clasp_fanout_most(i);
		if (most == UINT64_MAX)
			break;
		clasp_buf_printf(out,
		    "clasp_broadcast_fanout_bucket{le=\"%llu\"} %llu\n",
		    (unsigned long long)most, (unsigned long long)sum);
	}
	clasp_buf_printf(out,
	    "clasp_broadcast_fanout_bucket{le=\"+Inf\"} %llu\n"
	    "clasp_broadcast_fanout_sum %llu\n"
	    "clasp_broadcast_fanout_count %llu\n", (unsigned long long)sum,
	    (unsigned long long)f->fanout_sum, (unsigned long long)sum);
}

static void
put_latency_type(struct clasp_buf *out, const struct clasp_latency_type *t)
{
	const char *type = t->type ? clasp_msg_name(t->type) : "other";
	uint64_t sum = 0;
	int i;

	for (i = 0; i < CLASP_LATENCY_BOUNDS; i++) {
		sum += t->counts[i];
		clasp_buf_printf(out, "clasp_message_latency_seconds_bucket"
		    "{type=\"%s\",le=\"%g\"} %llu\n", type,
		    (double)clasp_latency_bounds[i] / 1e9,
		    (unsigned long long)sum);
	}
	clasp_buf_printf(out,
	    "clasp_message_latency_seconds_bucket{type=\"%s\",le=\"+Inf\"}"
	    " %llu\n"
	    "clasp_message_latency_seconds_sum{type=\"%s\"} %.9f\n"
	    "clasp_message_latency_seconds_count{type=\"%s\"} %llu\n",
	    type, (unsigned long long)t->count, type,
	    (double)t->sum_ns / 1e9, type, (unsigned long long)t->count);
}

static void
put_latency(struct clasp_buf *out, const struct clasp_latency *l)
{
	int i;

	head(out, "clasp_message_latency_seconds", "histogram",
	    "Time to work off a message; the first, and one in 64.");
	for (i = 0; i < l->ntypes; i++)
		put_latency_type(out, &l->types[i]);
}

static void
put_state(struct clasp_buf *out, const struct clasp_router_stats *s)
{
	one(out, "clasp_sessions_active", "gauge", "Sessions.", s->sessions);
	one(out, "clasp_subscriptions_active", "gauge", "Subscriptions.",
	    s->subscriptions);
	one(out, "clasp_state_params_active", "gauge", "Params kept.",
	    s->params);
	one(out, "clasp_signals_active", "gauge", "Announced signals kept.",
	    s->signals);
	one(out, "clasp_bundles_scheduled", "gauge",
	    "Bundles waiting for their moment.", s->scheduled);
	one(out, "clasp_drops_total", "counter",
	    "Messages not sent to clients that were too slow.", s->drops);
	one(out, "clasp_evictions_total", "counter",
	    "Params and signals that had to make room.", s->evicted);
	one(out, "clasp_expired_total", "counter",
	    "Params and signals whose time was over.", s->expired);
}

void
clasp_metrics_put(struct clasp_buf *out, struct clasp_server *server)
{
	const struct clasp_router *router = clasp_server_router(server);
	const struct clasp_figures *figures = clasp_router_figures(router);
	struct clasp_router_stats stats;

	clasp_router_stats(router, &stats);
	put_messages(out, figures);
	put_errors(out, figures);
	put_state(out, &stats);
	one(out, "clasp_bytes_in_total", "counter",
	    "Bytes of frames received.", figures->bytes_in);
	one(out, "clasp_bytes_out_total", "counter",
	    "Bytes that sockets took.", figures->bytes_out);
	put_fanout(out, figures);
	put_latency(out, clasp_server_latency(server));
}
