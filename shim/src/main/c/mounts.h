/*
 * The container's file systems, as its first process makes them.
 *
 * What comes from the host (bind mounts) is opened by the shim before there is a
 * container, as detached mounts: the container's process need not see the host's
 * paths, be allowed to walk them, or be privileged where they are; an idmapped
 * mount can only be made by the shim at all.
 */
#ifndef HEARTH_MOUNTS_H
#define HEARTH_MOUNTS_H

#include "plan.h"

/* Detached mounts by the index of their step; -1 where a step has none. */
struct sources {
	uint32_t count;
	int *fds;
};

/* Opens the source of every bind in the plan. userns: for MOUNT_ATTR_IDMAP, or -1; then such
   changes are left for sources_idmap. */
int sources_open(struct sources *sources, const struct plan *plan, struct step *at,
		 struct failure *failure);

/* Carries out the changes of each source that is a bind. */
int sources_change(const struct sources *sources, const struct plan *plan, int userns,
		   struct step *at, struct failure *failure);

void sources_close(struct sources *sources);

/* What the steps of the file system share. */
struct root {
	int fd; /* the root file system, O_PATH; -1 before its step */
	int null_device; /* the host's /dev/null, O_PATH; -1 before it is needed */
	int empty_folder; /* an empty read-only tmpfs, detached or attached once; -1 likewise */
	const struct sources *sources;
};

int do_propagation(struct cursor args, struct failure *failure);
int do_root(struct root *root, const struct step *step, struct failure *failure);
int do_mount(struct root *root, const struct step *step, struct failure *failure);
int do_remount(struct root *root, struct cursor args, struct failure *failure);
int do_mask(struct root *root, struct cursor args, struct failure *failure);
int do_attributes(struct root *root, struct cursor args, struct failure *failure);
int do_expose(struct root *root, struct cursor args, struct failure *failure);
int do_pivot(struct root *root, struct failure *failure);

/* Binds an open file onto a path in the root, made where absent. */
int bind_file(int root, int file, const char *path, struct failure *failure);

#endif
