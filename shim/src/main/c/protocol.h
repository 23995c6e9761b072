/*
 * The control protocol: SOCK_SEQPACKET, one message a packet, at most MESSAGE_LIMIT
 * bytes, many clients at once, the socket for root alone.
 *
 *   message = u16 version | u16 type | fields
 *
 * Numbers are little-endian; text is u32 length, bytes, NUL, as in a plan.
 *
 * A client asks and gets exactly one answer to each request, in their order: what
 * is named beside it, or ERROR. Between answers come events it asked for. A
 * malformed message is answered with ERROR EPROTO, another version with ERROR
 * EPROTONOSUPPORT, and the connection closed. Descriptors travel with a message
 * (SCM_RIGHTS), at most FDS_LIMIT, and belong to the shim from then on.
 *
 * A connection may hold one exec and one attachment. Closing it ends the
 * attachment and, if the exec was asked for with EXEC_BOUND, kills it. Whoever
 * does not take his answers loses the connection.
 */
#ifndef HEARTH_PROTOCOL_H
#define HEARTH_PROTOCOL_H

#include "plan.h"

#define PROTOCOL_VERSION 1
#define PROTOCOL_OLDEST 1
#define MESSAGE_LIMIT 65536
#define FDS_LIMIT 4

enum request {
	/* -> VERSIONS. Answered whatever the version in the message. No fields */
	REQUEST_HELLO = 1,
	/* -> STATUS. No fields */
	REQUEST_STATUS = 2,
	/* To the first process, or to every process of its cgroup: i32 signal, u32 0 or 1.
	   -> OK. ERROR ESRCH once it has ended */
	REQUEST_SIGNAL = 3,
	/* The container's terminal. u32 rows, u32 columns -> OK */
	REQUEST_RESIZE = 4,
	/* The log's path is opened anew. No fields -> OK */
	REQUEST_REOPEN_LOG = 5,
	/* No fields -> OK */
	REQUEST_CLOSE_STDIN = 6,
	/* u32 ATTACH_* flags; a descriptor for each: what to read stdin from, where to write
	   stdout, stderr -> OK. Output of before is not repeated. What several clients write
	   to stdin comes there as they write it. ERROR EPIPE if there is none. Events: DETACHED, ENDED */
	REQUEST_ATTACH = 7,
	/* u32 EXEC_* flags, then bytes: a plan, empty if EXEC_PLAN_FD. Descriptors, in this order:
	   the plan (a file) if EXEC_PLAN_FD; stdin, stdout, stderr as the flags say
	   -> STARTED or FAILED. Events: EXITED */
	REQUEST_EXEC = 8,
	/* SIGKILL to all of the exec's session. No fields -> OK */
	REQUEST_KILL_EXEC = 9,
	/* The exec's terminal. u32 rows, u32 columns -> OK */
	REQUEST_RESIZE_EXEC = 10,
	/* i32 signal, to the exec's process -> OK */
	REQUEST_SIGNAL_EXEC = 11,
	/* -> OK. Event: ENDED, at once if it has ended. No fields */
	REQUEST_SUBSCRIBE = 12,
};

enum answer {
	ANSWER_OK = 128,
	/* i32 errno, text */
	ANSWER_ERROR = 129,
	/* u16 oldest, u16 newest version spoken */
	ANSWER_VERSIONS = 130,
	/* u32 pid, u64 start ticks, i64 started, nanoseconds, u64 lost log bytes,
	   u64 OOM kills so far, u32 1 if ended; then as in ENDED */
	ANSWER_STATUS = 131,
	/* u32 pid; with EXEC_TERMINAL the terminal's master as a descriptor */
	ANSWER_STARTED = 132,
	/* u16 stage, u32 step, i32 errno, text, as in a report */
	ANSWER_FAILED = 133,
	/* Event: the exec's process has ended. u32 code, u32 signal (one of them 0), i64 when */
	ANSWER_EXITED = 134,
	/* Event: the container has ended, and that is recorded. u32 code, u32 signal, i64 when,
	   u64 OOM kills */
	ANSWER_ENDED = 135,
	/* Event: a stream of the attachment was taken away, for its client was too slow */
	ANSWER_DETACHED = 136,
	/* Event: a step of the exec failed that may. Fields as FAILED; comes before STARTED */
	ANSWER_WARNING = 137,
};

enum attach_flags {
	ATTACH_STDIN = 1,
	ATTACH_STDOUT = 2,
	ATTACH_STDERR = 4,
};

enum exec_flags {
	EXEC_TERMINAL = 1,
	EXEC_BOUND = 2, /* killed when the connection closes */
	EXEC_PLAN_FD = 4,
	EXEC_STDIN = 8, /* a descriptor comes for it; otherwise it is /dev/null */
	EXEC_STDOUT = 16,
	EXEC_STDERR = 32,
	EXEC_FLAGS = 63,
};

struct request_message {
	uint16_t version;
	uint16_t type;
	uint32_t numbers[2]; /* the fields that are numbers, in their order */
	struct bytes plan;
};

/* Reads one message. 0 or -1 with EPROTO or EPROTONOSUPPORT. */
int request_read(struct request_message *request, const void *data, size_t size);

/* A message being written; what does not fit is left out. */
struct answer_message {
	size_t size;
	uint8_t data[512];
};

struct answer_message answer_begin(enum answer type);
void answer_u16(struct answer_message *answer, uint16_t value);
void answer_u32(struct answer_message *answer, uint32_t value);
void answer_u64(struct answer_message *answer, uint64_t value);
void answer_text(struct answer_message *answer, const char *text);

#endif
