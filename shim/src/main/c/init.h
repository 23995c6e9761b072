/* The new process: a container's first, or an exec's. It carries out the plan's steps 0x02.. and
   0x03.. and ends in the container's program. */
#ifndef HEARTH_INIT_H
#define HEARTH_INIT_H

#include "mounts.h"
#include "plan.h"
#include "process.h"
#include "report.h"

struct join {
	uint64_t flag; /* CLONE_NEW* */
	int fd;
};

/* Where a failure of a start belongs. */
struct place {
	uint16_t stage;
	uint32_t step;
};

#define JOIN_LIMIT 8
#define CGROUP_LIMIT 16

/* All that the new process needs, made ready before the fork: from there on it allocates nothing. */
struct child {
	const struct plan *plan;
	struct program program;
	struct sources sources;
	struct join joins[JOIN_LIMIT]; /* of namespaces, but pid and user */
	int cgroups[CGROUP_LIMIT]; /* files to write "0" into */
	uint32_t join_count;
	uint32_t cgroup_count;
	int stdio[3]; /* become 0, 1, 2; -1: stays as it is */
	int sync; /* the new process' end of the socket to the shim */
	int init_pidfd; /* exec: whose namespaces STEP_ENTER joins */
	bool awaits_go; /* until the shim has written the id maps */
};

/* Never returns: the process becomes the container's program, or reports and ends. */
_Noreturn void child_run(struct child *child);

/* Opens what the plan's cgroup and namespace steps name; *at is the step that failed. */
int child_open(struct child *child, const struct plan *plan, struct step *at,
	       struct failure *failure);

/* Carries out the plan's STEP_STDIO_OWNER on the child's stdio. */
int child_own_stdio(const struct child *child, struct place *place, struct failure *failure);

/* The process enters the child's cgroups by itself; another's pid would cost milliseconds. */
int child_join_cgroups(const struct child *child, struct failure *failure);

/* Closes all that the shim holds of it. */
void child_close(struct child *child);

#endif
