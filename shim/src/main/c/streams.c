#include "streams.h"

#include "files.h"

#include <fcntl.h>
#include <string.h>

#define FEED_BUFFER 4096
#define LOOK_MS 1000
#define DRAIN_READS 64 /* more than a pipe holds: what still comes is being written now */
#define CLIENT_PIPE (256 << 10)

static void stream_ready(struct source *source, uint32_t events);
static void output_ready(struct source *source, uint32_t events);
static void feed_ready(struct source *source, uint32_t events);
static void stdin_ready(struct source *source, uint32_t events);

void streams_init(struct streams *streams, struct loop *loop, struct log *log, char *buffer)
{
	*streams = (struct streams){
		.loop = loop,
		.log = log,
		.in = { .fd = -1, .ready = stdin_ready },
		.slave = -1,
		.buffer = buffer,
	};
	for (int i = 0; i < 2; i++)
		streams->out[i] = (struct stream){
			.source = { .fd = -1, .ready = stream_ready },
			.streams = streams,
			.line = { .stream = i ? "stderr" : "stdout" },
		};
}

static int never_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int streams_pipes(struct streams *streams, int in, int out, int err)
{
	int fds[2] = { out, err };

	streams->in.fd = in;
	if (in >= 0 && never_block(in) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		streams->out[i].source.fd = fds[i];
		if (fds[i] >= 0 && (never_block(fds[i]) < 0 ||
				    loop_watch(streams->loop, &streams->out[i].source, EPOLLIN) < 0))
			return -1;
	}
	return 0;
}

int streams_terminal(struct streams *streams, int master, int slave)
{
	streams->terminal = true;
	streams->slave = slave;
	if (streams->stdin_kind != STDIN_NONE) {
		/* A second descriptor: reading and writing are watched for separately. */
		streams->in.fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
		if (streams->in.fd < 0)
			return -1;
	}
	return streams_pipes(streams, streams->in.fd, master, -1);
}

/* ---- output ---- */

static bool is_awaited(const struct streams *streams, int index)
{
	for (struct attachment *a = streams->attachments; a; a = a->next)
		if (a->outputs[index].pending)
			return true;
	return false;
}

/* Reads on once nobody is waited for. */
static void watch_stream(struct streams *streams, int index)
{
	struct stream *stream = &streams->out[index];

	if (stream->source.fd >= 0)
		loop_watch(streams->loop, &stream->source,
			   is_awaited(streams, index) ? 0 : EPOLLIN);
}

static void drop_pending(struct output *output)
{
	free(output->pending);
	output->pending = NULL;
	output->pending_size = output->pending_done = 0;
}

static void output_close(struct streams *streams, struct output *output)
{
	loop_close(streams->loop, &output->source);
	drop_pending(output);
}

/* The bytes that went through, or -1 if the client does not read any more. */
static ssize_t output_try(struct output *output, const char *data, size_t size)
{
	ssize_t written;

	do {
		written = write(output->source.fd, data, size);
	} while (written < 0 && errno == EINTR);
	if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		written = 0;
	if (written > 0)
		output->taken += (uint64_t)written;
	return written;
}

static void output_write(struct streams *streams, struct output *output, const char *data,
			 size_t size)
{
	ssize_t written = output_try(output, data, size);

	if (written == (ssize_t)size)
		return;
	if (written >= 0) {
		output->pending_size = size - (size_t)written;
		output->pending_done = 0;
		output->pending = malloc(output->pending_size);
	}
	if (!output->pending || loop_watch(streams->loop, &output->source, EPOLLOUT) < 0) {
		output_close(streams, output);
		return;
	}
	memcpy(output->pending, data + written, output->pending_size);
}

static void output_ready(struct source *source, uint32_t events)
{
	struct output *output = container_of(source, struct output, source);
	struct streams *streams = output->streams;
	ssize_t written = -1;

	(void)events;
	if (output->pending)
		written = output_try(output, output->pending + output->pending_done,
				     output->pending_size - output->pending_done);
	if (written < 0)
		output_close(streams, output);
	else
		output->pending_done += (size_t)written;
	if (output->pending && output->pending_done == output->pending_size) {
		drop_pending(output);
		loop_watch(streams->loop, source, 0);
		if (streams->out[output->index].source.fd < 0)
			output_close(streams, output);
	}
	watch_stream(streams, output->index);
}

static void stream_end(struct streams *streams, struct stream *stream)
{
	loop_close(streams->loop, &stream->source);
	log_end(streams->log, &stream->line);
	/* The client of a stream that has ended sees its end, once it has taken all. */
	for (struct attachment *a = streams->attachments; a; a = a->next) {
		struct output *output = &a->outputs[stream - streams->out];
		if (!output->pending)
			output_close(streams, output);
	}
}

/* Returns whether there was something to read. */
static bool stream_read(struct streams *streams, struct stream *stream)
{
	ssize_t size;

	do {
		size = read(stream->source.fd, streams->buffer, STREAM_BUFFER);
	} while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return false;
	if (size <= 0) { /* of a terminal EIO: its last user has closed it */
		stream_end(streams, stream);
		return false;
	}
	streams->buffer_used = true;
	log_write(streams->log, &stream->line, streams->buffer, (size_t)size);
	for (struct attachment *a = streams->attachments; a; a = a->next) {
		struct output *output = &a->outputs[stream - streams->out];
		if (output->source.fd >= 0)
			output_write(streams, output, streams->buffer, (size_t)size);
	}
	return true;
}

static void stream_ready(struct source *source, uint32_t events)
{
	struct stream *stream = container_of(source, struct stream, source);
	struct streams *streams = stream->streams;

	(void)events;
	stream_read(streams, stream);
	watch_stream(streams, (int)(stream - streams->out));
}

bool streams_drain(struct streams *streams)
{
	bool ended = true;

	for (int i = 0; i < 2; i++) {
		struct stream *stream = &streams->out[i];
		int reads = 0;
		while (stream->source.fd >= 0 && !is_awaited(streams, i) &&
		       reads++ < DRAIN_READS && stream_read(streams, stream))
			;
		watch_stream(streams, i);
		ended &= stream->source.fd < 0;
	}
	return ended;
}

void streams_ended(struct streams *streams)
{
	close_fd(&streams->slave);
}

/* ---- stdin ---- */

static void drop_unfed(struct streams *streams)
{
	free(streams->unfed);
	streams->unfed = NULL;
	streams->unfed_size = streams->unfed_done = 0;
}

/* Reads from those who write, or, with 0, from nobody. */
static int watch_feeds(struct streams *streams, uint32_t events)
{
	for (struct attachment *a = streams->attachments; a; a = a->next)
		if (a->feed.fd >= 0 && loop_watch(streams->loop, &a->feed, events) < 0)
			return -1;
	return 0;
}

void streams_close_stdin(struct streams *streams)
{
	for (struct attachment *a = streams->attachments; a; a = a->next)
		loop_close(streams->loop, &a->feed);
	drop_unfed(streams);
	/* A terminal has no end of input that others than its user could give. */
	loop_close(streams->loop, &streams->in);
}

/* The first client to end stdin that is for once ends it for all. */
static void feed_end(struct streams *streams, struct attachment *attachment)
{
	loop_close(streams->loop, &attachment->feed);
	if (streams->stdin_kind != STDIN_ONCE)
		return;
	streams->feed_ended = true;
	if (!streams->unfed)
		streams_close_stdin(streams);
}

/* -1 with errno if stdin is gone. */
static int stdin_write(struct streams *streams, const char *data, size_t size, size_t *done)
{
	ssize_t written;

	do {
		written = write(streams->in.fd, data, size);
	} while (written < 0 && errno == EINTR);
	if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return -1;
	*done = written < 0 ? 0 : (size_t)written;
	return 0;
}

static void feed_ready(struct source *source, uint32_t events)
{
	struct attachment *attachment = container_of(source, struct attachment, feed);
	struct streams *streams = attachment->streams;
	char data[FEED_BUFFER];
	size_t done;
	ssize_t size = read(source->fd, data, sizeof(data));

	(void)events;
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (size <= 0) {
		feed_end(streams, attachment);
		return;
	}
	if (stdin_write(streams, data, (size_t)size, &done) < 0) {
		streams_close_stdin(streams);
		return;
	}
	if (done == (size_t)size)
		return;
	streams->unfed_size = (size_t)size - done;
	streams->unfed_done = 0;
	streams->unfed = malloc(streams->unfed_size);
	if (!streams->unfed || loop_watch(streams->loop, &streams->in, EPOLLOUT) < 0) {
		streams_close_stdin(streams);
		return;
	}
	memcpy(streams->unfed, data + done, streams->unfed_size);
	watch_feeds(streams, 0);
}

static void stdin_ready(struct source *source, uint32_t events)
{
	struct streams *streams = container_of(source, struct streams, in);
	size_t done;

	(void)events;
	if (stdin_write(streams, streams->unfed + streams->unfed_done,
			streams->unfed_size - streams->unfed_done, &done) < 0) {
		streams_close_stdin(streams);
		return;
	}
	streams->unfed_done += done;
	if (streams->unfed_done < streams->unfed_size)
		return;
	drop_unfed(streams);
	loop_watch(streams->loop, source, 0);
	if (streams->feed_ended || watch_feeds(streams, EPOLLIN) < 0)
		streams_close_stdin(streams);
}

/* ---- clients ---- */

int streams_attach(struct streams *streams, struct attachment *attachment, const int fds[3])
{
	if (fds[0] >= 0 && (streams->in.fd < 0 || streams->feed_ended)) {
		errno = EPIPE;
		return -1;
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0 && never_block(fds[i]) < 0)
			return -1;
	*attachment = (struct attachment){
		.streams = streams,
		.feed = { .fd = fds[0], .ready = feed_ready },
	};
	/* While bytes of another client wait for room, this one waits too. */
	if (fds[0] >= 0 && !streams->unfed &&
	    loop_watch(streams->loop, &attachment->feed, EPOLLIN) < 0)
		return -1;
	attachment->next = streams->attachments;
	streams->attachments = attachment;
	for (int i = 0; i < 2; i++) {
		struct output *output = &attachment->outputs[i];
		output->source = (struct source){ .fd = fds[i + 1], .ready = output_ready };
		output->streams = streams;
		output->index = i;
		/* Room for a burst; a socket, or a refusal, is none the worse. */
		if (output->source.fd >= 0)
			fcntl(output->source.fd, F_SETPIPE_SZ, CLIENT_PIPE);
		if (streams->out[i].source.fd < 0)
			output_close(streams, output);
	}
	return 0;
}

void streams_detach(struct streams *streams, struct attachment *attachment)
{
	struct attachment **link = &streams->attachments;

	while (*link && *link != attachment)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = attachment->next;
	for (int i = 0; i < 2; i++)
		output_close(streams, &attachment->outputs[i]);
	if (attachment->feed.fd >= 0)
		feed_end(streams, attachment);
	watch_stream(streams, 0);
	watch_stream(streams, 1);
}

int streams_resize(struct streams *streams, uint32_t rows, uint32_t columns)
{
	if (!streams->terminal || streams->out[0].source.fd < 0) {
		errno = ENOTTY;
		return -1;
	}
	return set_window_size(streams->out[0].source.fd, rows, columns);
}

bool streams_pending(const struct streams *streams)
{
	return is_awaited(streams, 0) || is_awaited(streams, 1);
}

static void drop_slow(struct streams *streams)
{
	for (struct attachment *a = streams->attachments; a; a = a->next) {
		for (int i = 0; i < 2; i++) {
			struct output *output = &a->outputs[i];
			if (output->pending && output->taken < SLOWEST) {
				output_close(streams, output);
				a->lost = true;
			}
			output->taken = 0;
		}
	}
	watch_stream(streams, 0);
	watch_stream(streams, 1);
}

int streams_tick(struct streams *streams)
{
	int64_t now = steady_clock_ms();

	if (!streams_pending(streams)) {
		streams->looked_at = now;
		return -1;
	}
	if (now - streams->looked_at >= LOOK_MS) {
		drop_slow(streams);
		streams->looked_at = now;
	}
	return (int)(LOOK_MS - (now - streams->looked_at));
}
