/*
 * How a start went, told on a stream socket as records of one size.
 *
 *   record = u16 kind | u16 stage | u32 step | i32 errno | u32 pid
 *          | u64 start ticks | i64 nanoseconds since 1970 | text, NUL-terminated, 224 bytes
 *
 * Little-endian, 256 bytes. stage is the type of a step, with step its index in
 * the plan, or one of enum stage. The daemon reads records until FAILED or
 * STARTED or the end of the stream; an end without either means that the shim
 * died. Who shuts his side down before that calls the start off: the shim then
 * kills what it has begun, and at the end of the stream nothing of it is left.
 *
 * The processes of a start use the same records among themselves: an end of the
 * stream without FAILED is then the successful exec, which closes it.
 */
#ifndef HEARTH_REPORT_H
#define HEARTH_REPORT_H

#include "base.h"
#include "plan.h"

#include <sys/types.h>

enum report_kind {
	REPORT_WARNING = 2, /* a SOFT step failed: stage, step, errno, text */
	REPORT_FAILED = 3, /* stage, step, errno, text */
	/* pid, start ticks as in /proc/PID/stat, nanoseconds; as step the shim's own pid */
	REPORT_STARTED = 4,
	REPORT_TERMINAL = 5, /* carries the master and the slave; among ourselves only */
	REPORT_CLONED = 6, /* pid; among ourselves only */
};

enum stage {
	STAGE_PLAN = 1, /* reading the plan */
	STAGE_DETACH = 2, /* leaving the daemon */
	STAGE_STDIO = 3, /* making pipes */
	STAGE_CLONE = 4, /* making the process and its namespaces */
	STAGE_ID_MAPS = 5, /* writing the user namespace's maps */
	STAGE_PROCESS = 6, /* making the new process an ordinary one */
};

#define REPORT_NO_STEP UINT32_MAX

struct report {
	uint16_t kind;
	uint16_t stage;
	uint32_t step;
	int32_t error;
	uint32_t pid;
	uint64_t start_ticks;
	int64_t at;
	char text[FAILURE_TEXT];
};

_Static_assert(sizeof(struct report) == 256, "the record's size is part of the protocol");

/* Sending never fails visibly: who does not listen does not care. */
void report_send(int fd, const struct report *report);
void report_pid(int fd, enum report_kind kind, pid_t pid);
void report_failure(int fd, enum report_kind kind, uint16_t stage, uint32_t step,
		    const struct failure *failure);

/* With two descriptors, over a Unix socket. */
int report_terminal(int socket, int master, int slave);

/* 1: one record; 0: the end; -1: errno. fds gets two descriptors or -1. */
int report_receive(int socket, struct report *report, int fds[2], int flags);

#endif
