/*
 * Paths inside a root file system whose content is not trusted. Every step down
 * is openat2(2) with RESOLVE_IN_ROOT and without magic links, so neither a link
 * nor a rename under our feet leads out of the root.
 */
#ifndef HEARTH_RESOLVE_H
#define HEARTH_RESOLVE_H

#include "base.h"

#include <sys/types.h>

/* Opens an existing path. flags as open(2), O_CLOEXEC is added; resolve as openat2(2), on top of
   the above. A descriptor or -1 with errno. */
int open_in_root(int root, const char *path, int flags, uint64_t resolve);

/* Opens (O_PATH) the folder at path and makes it where absent; those above it with mode 0755. */
int make_folder_in_root(int root, const char *path, mode_t mode, struct failure *failure);

/* Opens (O_PATH) the folder that is to hold the last component of path, making it where absent;
   *name points at that component within path. */
int make_parent_in_root(int root, const char *path, const char **name, struct failure *failure);

/* Opens (O_PATH) what is at path; absent, it is made: a folder, or an empty file. */
int make_target_in_root(int root, const char *path, bool folder, uint64_t resolve,
			struct failure *failure);

#endif
