#include "log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int open_file(const char *path, mode_t mode)
{
	/* O_NONBLOCK: were it a FIFO, the open must not wait for a reader. */
	cleanup_fd int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
					       O_NONBLOCK | O_NOCTTY,
				 mode);
	struct stat found;

	if (fd < 0 || fstat(fd, &found) < 0)
		return -1;
	if (!S_ISREG(found.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return take_fd(&fd);
}

void log_init(struct log *log, char *buffer)
{
	*log = (struct log){ .fd = -1, .second = -1, .buffer = buffer };
}

int log_open(struct log *log, const char *path, mode_t mode, uint32_t line_limit,
	     struct failure *failure)
{
	log->mode = mode;
	log->line_limit = line_limit ? line_limit : 1;
	log->path = strdup(path);
	if (!log->path)
		return fail(failure, "open log", path);
	log->fd = open_file(path, mode);
	return log->fd < 0 ? fail(failure, "open log", path) : 0;
}

int log_reopen(struct log *log)
{
	int fd;

	if (!log->path) {
		errno = ENOENT;
		return -1;
	}
	fd = open_file(log->path, log->mode);
	if (fd < 0)
		return -1;
	close_fd(&log->fd);
	log->fd = fd;
	log->torn = false;
	return 0;
}

static char *put_number(char *at, unsigned number, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return at + digits;
}

/* Howard Hinnant's days-to-date: years begin in March, so that the odd day comes last. */
static void put_date(char *at, int64_t days_since_1970)
{
	int64_t days = days_since_1970 + 719468;
	int64_t era = days / 146097;
	unsigned day_of_era = (unsigned)(days - era * 146097);
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned shifted = (5 * day_of_year + 2) / 153;
	unsigned day = day_of_year - (153 * shifted + 2) / 5 + 1;
	unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
	unsigned year = (unsigned)(era * 400) + year_of_era + (month <= 2);

	at = put_number(at, year, 4);
	*at++ = '-';
	at = put_number(at, month, 2);
	*at++ = '-';
	put_number(at, day, 2);
}

static void stamp_now(struct log *log)
{
	int64_t now = wall_clock_ns();
	int64_t second = now / 1000000000;
	unsigned of_day = (unsigned)(second % 86400);

	if (second != log->second) {
		memcpy(log->stamp, "0000-00-00T00:00:00.000000000Z", LOG_STAMP + 1);
		put_date(log->stamp, second / 86400);
		put_number(log->stamp + 11, of_day / 3600, 2);
		put_number(log->stamp + 14, of_day / 60 % 60, 2);
		put_number(log->stamp + 17, of_day % 60, 2);
		log->second = second;
	}
	put_number(log->stamp + 20, (unsigned)(now % 1000000000), 9);
}

/* Ends a line that a full disk has cut short, so that the next one can be read. */
static bool mend(struct log *log)
{
	if (log->torn && write(log->fd, "\n", 1) == 1)
		log->torn = false;
	return !log->torn;
}

static void flush(struct log *log)
{
	const char *at = log->buffer;
	size_t left = log->filled;

	while (left > 0 && mend(log)) {
		ssize_t written = write(log->fd, at, left);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		at += written;
		left -= (size_t)written;
	}
	if (left > 0) {
		/* Counted with their stamps, but never as more than the container said. */
		log->lost += left < log->payload ? left : log->payload;
		log->torn |= at != log->buffer && at[-1] != '\n';
	}
	log->filled = 0;
	log->payload = 0;
}

static void put(struct log *log, const char *data, size_t size)
{
	while (size > 0) {
		size_t room = LOG_BUFFER - log->filled;
		size_t part = size < room ? size : room;
		memcpy(log->buffer + log->filled, data, part);
		log->filled += part;
		data += part;
		size -= part;
		if (log->filled == LOG_BUFFER)
			flush(log);
	}
}

/* One line of the file: what was kept of the line, and more of it. */
static void put_line(struct log *log, struct line *line, const char *data, size_t size, char tag)
{
	char head[LOG_STAMP + 16];
	struct text text = TEXT_IN(head);
	const char tags[] = { ' ', tag, ' ', '\0' };

	if (LOG_BUFFER - log->filled < sizeof(head) + line->length + size)
		flush(log);
	stamp_now(log);
	text_add(&text, log->stamp);
	text_add(&text, " ");
	text_add(&text, line->stream);
	text_add(&text, tags);
	put(log, head, text.length);
	log->payload += line->length + size;
	put(log, line->kept, line->length);
	put(log, data, size);
	put(log, "\n", 1);
	line->length = 0;
}

static void keep(struct log *log, struct line *line, const char *data, size_t size)
{
	if (size == 0)
		return;
	if (!line->kept)
		line->kept = malloc(log->line_limit);
	if (!line->kept) {
		log->lost += size;
		return;
	}
	memcpy(line->kept + line->length, data, size);
	line->length += (uint32_t)size;
}

void log_write(struct log *log, struct line *line, const char *data, size_t size)
{
	if (log->fd < 0) {
		log->lost += log->path ? size : 0;
		return;
	}
	while (size > 0) {
		size_t room = log->line_limit - line->length;
		size_t seen = size <= room ? size : room + 1;
		const char *newline = memchr(data, '\n', seen);
		if (newline) {
			size_t length = (size_t)(newline - data);
			put_line(log, line, data, length, 'F');
			data += length + 1;
			size -= length + 1;
		} else if (size > room) {
			put_line(log, line, data, room, 'P');
			data += room;
			size -= room;
		} else {
			keep(log, line, data, size);
			size = 0;
		}
	}
	flush(log);
	if (line->length == 0) {
		free(line->kept);
		line->kept = NULL;
	}
}

void log_end(struct log *log, struct line *line)
{
	if (line->length > 0 && log->fd >= 0) {
		put_line(log, line, "", 0, 'P');
		flush(log);
	}
	free(line->kept);
	line->kept = NULL;
	line->length = 0;
}
