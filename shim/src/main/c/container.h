/* The container: its first process from clone to exit, and what is recorded of it. */
#ifndef HEARTH_CONTAINER_H
#define HEARTH_CONTAINER_H

#include "base.h"
#include "plan.h"

#include <sys/types.h>

struct container {
	pid_t pid;
	int pidfd;
	uint64_t start_ticks;
	int64_t started_at; /* nanoseconds since 1970 */
	uint64_t namespaces; /* CLONE_NEW* flags of those that may not be the shim's own */
	bool in_pid_namespace; /* children of the shim are born in the container's */
	char *cgroup_procs; /* cgroup.procs of a cgroup all its processes are in, or NULL */
	char *record_path; /* or NULL */
	char *oom_path; /* or NULL */
	char *oom_key;
	uint64_t oom_before; /* what the counter showed at the start */
	char *exit_write_path; /* or NULL */
	char *exit_write_text;
	uint32_t drain_ms;

	bool ended;
	bool recorded;
	uint32_t exit_code;
	uint32_t exit_signal;
	int64_t finished_at;
	uint64_t oom_kills;
};

/* Field 22 of /proc/PID/stat: with the pid it names a process once and for all. 0 if gone. */
uint64_t read_start_ticks(pid_t pid);

/* The number in a small file, at its start. 0 if there is none. */
uint64_t read_number(const char *path);

/* How often the kernel's OOM killer has struck the container. */
uint64_t container_oom_kills(const struct container *container);

/* A signal to every process of the container's cgroup. 0 or -1 with errno. */
int container_signal_all(const struct container *container, int signal_number);

/* SIGKILL to every process of one session, of those in the container's cgroup. */
void container_kill_session(const struct container *container, pid_t session);

/* Notes how the first process ended. */
void container_ended(struct container *container, int wait_code, int wait_status);

/*
 * Writes the exit record: to a temporary name, then renamed. Lines of "key value":
 *
 *   hearth-exit 1
 *   pid 4711
 *   started 1767225600000000000
 *   finished 1767225601000000000
 *   code 0
 *   signal 0
 *   oom-kills 0
 *   lost-log-bytes 0
 */
int container_record(struct container *container, uint64_t lost_log_bytes);

#endif
