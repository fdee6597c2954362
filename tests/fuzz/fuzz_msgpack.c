/* fuzz_msgpack.c - payloads that are MessagePack maps. */
#include "again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* what is no map is the other target's */
	if (size == 0 || size > CLASP_PAYLOAD_MAX || !((data[0] & 0xf0) ==
	    0x80 || data[0] == 0xde || data[0] == 0xdf))
		return 0;
	decode_payload(data, size, 0);
	return 0;
}
