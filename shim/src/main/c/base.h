/*
 * What every file here uses: the failure record, descriptors and memory that
 * free themselves, and text put together without stdio (which would cost more
 * memory than all the rest).
 *
 * A function that can fail returns 0 or a descriptor, or -1 with the failure
 * filled in. Nothing retries and nothing falls back: that is for the plan's
 * author to decide.
 */
#ifndef HEARTH_BASE_H
#define HEARTH_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define FAILURE_TEXT 224

struct failure {
	int error; /* errno */
	char text[FAILURE_TEXT]; /* operation and object, as in "openat2 /proc" */
};

/* Records errno with "operation object"; object may be NULL. Returns -1. */
int fail(struct failure *failure, const char *operation, const char *object);

/* The same for an error that no system call reported. */
int fail_with(struct failure *failure, int error, const char *operation, const char *object);

/* Bounded text; what does not fit is cut off, and the NUL is always there. */
struct text {
	char *at;
	size_t size;
	size_t length;
};

#define TEXT_IN(array) ((struct text){ .at = (array), .size = sizeof(array), .length = 0 })

void text_add(struct text *text, const char *more);
void text_add_number(struct text *text, uint64_t number);

static inline void close_fd(int *fd)
{
	if (*fd >= 0) {
		int kept = errno;
		close(*fd);
		errno = kept;
	}
	*fd = -1;
}

static inline void free_memory(void *pointer)
{
	free(*(void **)pointer);
}

#define cleanup_fd __attribute__((cleanup(close_fd)))
#define cleanup_free __attribute__((cleanup(free_memory)))

/* Hands a descriptor over: the variable no longer closes it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* Writes all of it, on a descriptor that blocks. 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t size);

/* Writes one value into one existing file, as /proc and cgroup files want it. */
int write_file(const char *path, const void *data, size_t size, struct failure *failure);

/* Nanoseconds since 1970. */
int64_t wall_clock_ns(void);

/* Milliseconds on a clock that never jumps. */
int64_t steady_clock_ms(void);

#endif
