/* announce.c - what a bridge says of itself to a relay. */

#include "bridge/announce.h"

#include <stdio.h>

#include "wire/address.h"

void
clasp_announce_bridge(struct clasp_client *client, struct clasp_str base,
    const char *protocol, const char *device, bool bidirectional)
{
	const struct clasp_entry meta[] = {
		{ CLASP_STR("bidirectional"), clasp_bool(bidirectional) },
		{ CLASP_STR("bridge"), clasp_bool(true) },
		{ CLASP_STR("device"), clasp_string(clasp_str_c(device)) },
		{ CLASP_STR("protocol"), clasp_string(clasp_str_c(protocol)) }
	};
	char pattern[CLASP_ADDRESS_MAX + 4];
	int n = snprintf(pattern, sizeof pattern, "%.*s/" "**",
	    CLASP_STR_ARG(base));
	struct clasp_signal signal = {
		.address = clasp_str_of(pattern, (size_t)n),
		.kind = CLASP_PARAM,
		.has_meta = true,
		.has_default = true,
		.def = clasp_map(meta, 4)
	};
	struct clasp_msg msg = { .type = CLASP_ANNOUNCE };

	if (!client)
		return;
	msg.announce.namespace_ = base.len > 0 ? base : CLASP_STR("/");
	msg.announce.count = 1;
	msg.announce.signals = &signal;
	clasp_client_send(client, &msg, NULL, NULL, NULL);
}
