/*
 * The container's stdio. What it says goes to the log, and a copy to everybody
 * attached; what those say goes to its stdin, as it comes.
 *
 * The log is never waited for. An attached client is, a little: while its pipe is
 * full, its stream is not read, so that a client that reads gets every byte. One
 * that takes less than SLOWEST bytes in a second while bytes wait for it loses
 * its stream, and the container goes on.
 */
#ifndef HEARTH_STREAMS_H
#define HEARTH_STREAMS_H

#include "log.h"
#include "loop.h"
#include "plan.h"

#define STREAM_BUFFER 65536
#define SLOWEST 65536

struct streams;

/* One stream of one attached client. */
struct output {
	struct source source; /* where the client reads; fd -1: not wanted, or lost */
	struct streams *streams;
	int index; /* 0 stdout, 1 stderr */
	char *pending; /* what did not fit */
	size_t pending_size;
	size_t pending_done;
	uint64_t taken; /* bytes since the last look at who is slow */
};

struct attachment {
	struct attachment *next;
	struct streams *streams;
	struct source feed; /* where its bytes for stdin come from; fd -1: it does not write */
	struct output outputs[2]; /* stdout, stderr */
	bool lost; /* a stream was taken away because its client was slow */
};

/* stdout, stderr, or the terminal's master as stdout. */
struct stream {
	struct source source; /* fd -1: ended */
	struct streams *streams;
	struct line line;
};

struct streams {
	struct loop *loop;
	struct log *log;
	struct stream out[2];
	struct source in; /* the container's stdin; with a terminal a copy of its master */
	int slave; /* keeps a terminal from looking closed while nobody has it open */
	bool terminal;
	enum stdin_kind stdin_kind;
	struct attachment *attachments;
	char *unfed; /* bytes of a client that stdin has no room for; all clients wait for that */
	size_t unfed_size;
	size_t unfed_done;
	bool feed_ended; /* stdin is to end with the bytes above */
	int64_t looked_at; /* steady milliseconds: when it was last looked who is slow */
	char *buffer; /* STREAM_BUFFER */
	bool buffer_used; /* since memory was last given back */
};

void streams_init(struct streams *streams, struct loop *loop, struct log *log, char *buffer);

/* Takes the shim's ends of pipes; -1 where there is none. 0 or -1 with errno. */
int streams_pipes(struct streams *streams, int in, int out, int err);

/* Takes a terminal. 0 or -1 with errno. */
int streams_terminal(struct streams *streams, int master, int slave);

/* fds: stdin's source, stdout, stderr; -1 where not wanted. Taken only on success. 0, or -1 with
   errno: EPIPE if the container has no stdin. */
int streams_attach(struct streams *streams, struct attachment *attachment, const int fds[3]);
void streams_detach(struct streams *streams, struct attachment *attachment);

int streams_resize(struct streams *streams, uint32_t rows, uint32_t columns);
void streams_close_stdin(struct streams *streams);

/* The first process has ended: nothing holds the terminal open any more for its sake. */
void streams_ended(struct streams *streams);

/* Reads what there is at this moment, and not for ever. Returns whether everything has ended. */
bool streams_drain(struct streams *streams);

/* Whether a client still has bytes to take. */
bool streams_pending(const struct streams *streams);

/* Looks who is slow; returns the milliseconds until it must be called again, or -1. */
int streams_tick(struct streams *streams);

#endif
