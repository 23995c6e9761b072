/* Reads any bytes as a request, and the plan in it as one. */
#include "fuzz.h"
#include "protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_message request;
	struct failure failure;
	struct plan plan;

	if (request_read(&request, data, size) < 0) {
		if (errno != EPROTO && errno != EPROTONOSUPPORT)
			abort();
		return 0;
	}
	if (request.type < REQUEST_HELLO || request.type > REQUEST_SUBSCRIBE)
		abort();
	if (request.type == REQUEST_EXEC)
		plan_open(&plan, request.plan.at, request.plan.size, &failure);
	return 0;
}
