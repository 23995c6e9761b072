/* Processes started in the container beside its first. */
#ifndef HEARTH_EXEC_H
#define HEARTH_EXEC_H

#include "container.h"
#include "loop.h"
#include "report.h"

struct exec;

/* Whom an exec tells what becomes of it. */
struct exec_listener {
	void (*warned)(struct exec_listener *listener, const struct report *report);
	/* master: the terminal's, or -1; the listener's from now on */
	void (*started)(struct exec_listener *listener, pid_t pid, int master);
	/* The exec is no more after either of these. */
	void (*failed)(struct exec_listener *listener, const struct report *report);
	void (*exited)(struct exec_listener *listener, uint32_t code, uint32_t signal_number);
};

struct exec {
	struct exec *next;
	struct execs *all;
	struct exec_listener *listener; /* NULL: nobody cares any more */
	struct source sync; /* fd -1: the program has begun */
	struct report failure; /* of kind REPORT_FAILED, if it has failed */
	pid_t pid;
	int pidfd;
	int master; /* until it is handed over */
	bool killed;
};

struct execs {
	struct loop *loop;
	struct container *container;
	struct exec *first;
};

/* Begins one; plan's memory and the three descriptors of stdio (-1: the shim's /dev/null) are
   needed no longer than the call. NULL with the failure's stage and step in *report. */
struct exec *exec_begin(struct execs *execs, struct exec_listener *listener,
			const struct plan *plan, const int stdio[3], struct report *report);

/* SIGKILL to all of its session. */
void exec_kill(struct exec *exec);

/* A child has ended but was not waited for yet: its number is still its own. */
void execs_before_reaping(struct execs *execs, pid_t pid);

/* A child has been waited for. */
void execs_reaped(struct execs *execs, pid_t pid, int wait_code, int wait_status);

#endif
