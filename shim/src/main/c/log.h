/*
 * The container's log as the kubelet reads it:
 *
 *   2026-01-01T00:00:00.000000000Z stdout F a whole line
 *   2026-01-01T00:00:00.000000000Z stderr P the first part of a long one
 *
 * (kubernetes, CRI log format). F ends a line, P does not: a line longer than the
 * bound is split, and one that the container never ended is a P. All bytes but
 * the newlines are the container's own.
 *
 * Nothing here waits, and nothing here fails the container: what cannot be
 * written is dropped and counted.
 */
#ifndef HEARTH_LOG_H
#define HEARTH_LOG_H

#include "base.h"

#include <sys/types.h>

#define LOG_STAMP 30

struct log {
	int fd; /* -1: there is none */
	char *path;
	mode_t mode;
	uint32_t line_limit; /* bytes */
	uint64_t lost; /* bytes of the container's that could not be written */
	bool torn; /* the file ends within a line */
	int64_t second; /* of the stamp */
	char stamp[LOG_STAMP + 1];
	char *buffer; /* lines on their way to the file */
	size_t filled;
	size_t payload; /* bytes of the container's among them */
};

#define LOG_BUFFER 32768

/* The line a stream is in the middle of. */
struct line {
	const char *stream; /* "stdout" */
	char *kept;
	uint32_t length;
};

/* buffer: LOG_BUFFER bytes. */
void log_init(struct log *log, char *buffer);

/* Opens (O_APPEND, made if absent) a regular file; a link as its last component is refused. */
int log_open(struct log *log, const char *path, mode_t mode, uint32_t line_limit,
	     struct failure *failure);

/* Opens the path anew, after a rotation; if that fails, the old file stays. 0 or -1 with errno. */
int log_reopen(struct log *log);

/* Takes what a stream has said, and writes whole lines. */
void log_write(struct log *log, struct line *line, const char *data, size_t size);

/* The stream has ended: writes what is left of it. */
void log_end(struct log *log, struct line *line);

#endif
