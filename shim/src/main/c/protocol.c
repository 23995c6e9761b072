#include "protocol.h"

#include <string.h>

/* How many numbers a request has; -1: there is no such request. */
static int count_numbers(uint16_t type)
{
	switch (type) {
	case REQUEST_HELLO:
	case REQUEST_STATUS:
	case REQUEST_REOPEN_LOG:
	case REQUEST_CLOSE_STDIN:
	case REQUEST_KILL_EXEC:
	case REQUEST_SUBSCRIBE:
		return 0;
	case REQUEST_ATTACH:
	case REQUEST_EXEC:
	case REQUEST_SIGNAL_EXEC:
		return 1;
	case REQUEST_SIGNAL:
	case REQUEST_RESIZE:
	case REQUEST_RESIZE_EXEC:
		return 2;
	default:
		return -1;
	}
}

int request_read(struct request_message *request, const void *data, size_t size)
{
	struct cursor cursor = { .at = data, .end = (const uint8_t *)data + size };
	int numbers;

	*request = (struct request_message){ .version = take_u16(&cursor) };
	request->type = take_u16(&cursor);
	if (!cursor.broken && request->type == REQUEST_HELLO)
		return 0;
	errno = EPROTONOSUPPORT;
	if (!cursor.broken && request->version != PROTOCOL_VERSION)
		return -1;
	errno = EPROTO;
	numbers = count_numbers(request->type);
	if (cursor.broken || numbers < 0)
		return -1;
	for (int i = 0; i < numbers; i++)
		request->numbers[i] = take_u32(&cursor);
	if (request->type == REQUEST_EXEC)
		request->plan = take_bytes(&cursor);
	return cursor.broken || cursor.at != cursor.end ? -1 : 0;
}

static void put(struct answer_message *answer, const void *data, size_t size)
{
	if (size > sizeof(answer->data) - answer->size)
		return;
	memcpy(answer->data + answer->size, data, size);
	answer->size += size;
}

struct answer_message answer_begin(enum answer type)
{
	struct answer_message answer;

	answer.size = 0;
	answer_u16(&answer, PROTOCOL_VERSION);
	answer_u16(&answer, (uint16_t)type);
	return answer;
}

void answer_u16(struct answer_message *answer, uint16_t value)
{
	put(answer, &value, sizeof(value));
}

void answer_u32(struct answer_message *answer, uint32_t value)
{
	put(answer, &value, sizeof(value));
}

void answer_u64(struct answer_message *answer, uint64_t value)
{
	put(answer, &value, sizeof(value));
}

void answer_text(struct answer_message *answer, const char *text)
{
	uint32_t length = (uint32_t)strnlen(text, FAILURE_TEXT);

	answer_u32(answer, length);
	put(answer, text, length);
	put(answer, "", 1);
}
