/* fuzz_framing.c - what stands in front of a frame: a length, a WebSocket
 * header; what is read is written the same again. */
#include "again.h"

#include "base/error.h"
#include "wire/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_length(const uint8_t *data, size_t size)
{
	uint8_t head[CLASP_FRAMING_HEAD_MAX];
	size_t len = 0;
	int took = clasp_length_head_decode(data, size, &len);

	if (size < 4) {
		promise(took == 0);
		return;
	}
	promise(took == 4 || took == CLASP_EEMPTY || took == CLASP_ETOOBIG);
	promise((took == CLASP_EEMPTY) == (len == 0));
	promise((took == CLASP_ETOOBIG) == (len > CLASP_FRAMING_FRAME_MAX));
	if (took != 4)
		return;
	promise(clasp_framing_put(CLASP_FRAMING_LENGTH, head, len, NULL) == 4);
	promise(memcmp(head, data, 4) == 0);
	promise(clasp_framing_step(CLASP_FRAMING_LENGTH, head) == 4 + len);
}

static void
try_websocket(const uint8_t *data, size_t size)
{
	uint8_t out[CLASP_FRAMING_HEAD_MAX];
	struct clasp_ws_head head;
	enum clasp_framing framing;
	int took = clasp_ws_head_decode(data, size, &head);
	size_t n;

	if (took <= 0) {
		promise(took == CLASP_EPROTO || size < CLASP_FRAMING_HEAD_MAX);
		return;
	}
	promise((size_t)took <= size && took <= CLASP_FRAMING_HEAD_MAX);
	promise(head.len >> 63 == 0 && head.rsv == 0);
	if (head.op != CLASP_WS_BINARY || !head.fin)
		return;
	framing = head.masked ? CLASP_FRAMING_WS_MASKED : CLASP_FRAMING_WS;
	n = clasp_framing_put(framing, out, (size_t)head.len, head.mask);
	/* a length may be written longer than it need be */
	promise(n <= (size_t)took);
	promise(clasp_framing_step(framing, out) == n + head.len);
	if (n == (size_t)took)
		promise(memcmp(out, data, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_length(data, size);
	try_websocket(data, size);
	return 0;
}
