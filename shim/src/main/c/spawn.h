/* Making processes in cgroups and namespaces. */
#ifndef HEARTH_SPAWN_H
#define HEARTH_SPAWN_H

#include "container.h"
#include "init.h"

/* clone3(2) as fork(2) does, with more flags; cgroup: a cgroup v2 directory, or -1. */
pid_t spawn_clone(uint64_t flags, int cgroup, int *pidfd);

/* Two ends that keep records apart. 0 or -1. */
int spawn_channel(int *ours, int *theirs, struct failure *failure);

/*
 * The container's first process, in the plan's namespaces. child->sync is made
 * here; *sync is the shim's end, on which the process reports. The process waits
 * until the maps of a new user namespace are written.
 */
int spawn_container(struct container *container, struct child *child, int *sync,
		    struct place *place, struct failure *failure);

/* PLAN_PIN: makes namespaces, binds them to files. */
int spawn_pinned(const struct plan *plan, struct place *place, struct failure *failure);

#endif
