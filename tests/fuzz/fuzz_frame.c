/* fuzz_frame.c - frames with any payload: decode, encode, decode. */
#include "again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[CLASP_FRAME_HEAD_TIMED];
	struct clasp_frame f, twin;
	int took, n;

	took = clasp_frame_decode(data, size, &f);
	if (took < 0)
		return 0;
	promise((size_t)took <= size && f.payload + f.len == data + took);
	n = clasp_frame_head(head, &f);
	promise(n == took - (int)f.len);
	/* the reserved QoS is read as 0; all else comes back as it was */
	if (data[1] >> 6 != 3)
		promise(memcmp(head, data, (size_t)n) == 0);
	promise(clasp_frame_decode_any(data, size, &twin) == took);
	promise(twin.qos == f.qos && twin.version == f.version &&
	    twin.timed == f.timed && twin.time_us == f.time_us &&
	    twin.payload == f.payload && twin.len == f.len);
	decode_payload(f.payload, f.len, 0);
	decode_payload(f.payload, f.len, CLASP_DECODE_EXACT);
	return 0;
}
