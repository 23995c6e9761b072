/*
 * Any bytes, in pieces of any size, are logged so that they can be had back: the
 * payload of all lines, with a newline after each F, is what was said.
 */
#include "fuzz.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEAD (LOG_STAMP + 10) /* "<stamp> stdout F " */

static void check_line(const char *line, size_t length, uint32_t limit, char **said)
{
	size_t payload = length - HEAD;
	char tag = line[HEAD - 2];

	if (length < HEAD || memcmp(line + LOG_STAMP, " stdout ", 8) || payload > limit)
		abort();
	if (line[4] != '-' || line[10] != 'T' || line[19] != '.' || line[LOG_STAMP - 1] != 'Z')
		abort();
	if (memcmp(*said, line + HEAD, payload))
		abort();
	*said += payload;
	if (tag == 'F' && *(*said)++ != '\n')
		abort();
	if (tag != 'F' && tag != 'P')
		abort();
}

static void check(int fd, char *said, size_t size, uint32_t limit)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *file = malloc((size_t)length + 1);
	char *at = file;
	char *said_at = said;

	if (!file || pread(fd, file, (size_t)length, 0) != length)
		abort();
	while (at < file + length) {
		char *end = memchr(at, '\n', (size_t)(file + length - at));
		if (!end)
			abort();
		check_line(at, (size_t)(end - at), limit, &said_at);
		at = end + 1;
	}
	if (said_at != said + size)
		abort();
	free(file);
}

/* One file for all inputs: making one costs more than most of them do. */
static int empty_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("log", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

/*
 * Lines and pieces of one byte belong to short inputs. In long ones they would be
 * tens of thousands of writes, and each of those shows nothing new.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buffer[LOG_BUFFER];
	struct line line = { .stream = "stdout" };
	size_t least = 1 + size / 512;
	struct log log;
	char *said = malloc(size + 2);
	size_t done = 0;

	if (size < 3 || !said) {
		free(said);
		return 0;
	}
	log_init(&log, buffer);
	log.line_limit = (uint32_t)least + data[0] * 64u;
	log.fd = empty_file();
	memcpy(said, data + 2, size - 2);
	said[size - 2] = '\n'; /* what a wrong F would look at */
	while (done < size - 2) {
		size_t part = least + (data[1] * (done + 1)) % 4096;
		if (part > size - 2 - done)
			part = size - 2 - done;
		log_write(&log, &line, said + done, part);
		done += part;
	}
	log_end(&log, &line);
	if (log.lost)
		abort();
	check(log.fd, said, size - 2, log.line_limit);
	free(said);
	return 0;
}
