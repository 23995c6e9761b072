#include "base.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

int fail_with(struct failure *failure, int error, const char *operation, const char *object)
{
	struct text text = TEXT_IN(failure->text);

	failure->error = error;
	text_add(&text, operation);
	if (object) {
		text_add(&text, " ");
		text_add(&text, object);
	}
	return -1;
}

int fail(struct failure *failure, const char *operation, const char *object)
{
	return fail_with(failure, errno, operation, object);
}

void text_add(struct text *text, const char *more)
{
	size_t room = text->size - text->length - 1;
	size_t length = strnlen(more, room);

	memcpy(text->at + text->length, more, length);
	text->length += length;
	text->at[text->length] = '\0';
}

void text_add_number(struct text *text, uint64_t number)
{
	char digits[21];
	char *first = digits + sizeof(digits) - 1;

	*first = '\0';
	do {
		*--first = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_add(text, first);
}

int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(fd, at, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

int write_file(const char *path, const void *data, size_t size, struct failure *failure)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fail(failure, "open", path);
	/* One write: procfs and cgroupfs take a value whole or not at all. */
	if (write(fd, data, size) < 0)
		return fail(failure, "write", path);
	return 0;
}

static int64_t read_clock(clockid_t clock, int64_t units_per_second)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * units_per_second +
	       (int64_t)now.tv_nsec / (1000000000 / units_per_second);
}

int64_t wall_clock_ns(void)
{
	return read_clock(CLOCK_REALTIME, 1000000000);
}

int64_t steady_clock_ms(void)
{
	return read_clock(CLOCK_MONOTONIC, 1000);
}
