/* Devices, links, folders and terminals in the root file system. */
#ifndef HEARTH_FILES_H
#define HEARTH_FILES_H

#include "plan.h"

int do_device(int root, struct cursor args, struct failure *failure);
int do_symlink(int root, struct cursor args, struct failure *failure);
int do_folder(int root, struct cursor args, struct failure *failure);

/* A terminal of the devpts that is mounted in the root. */
struct terminal {
	int master;
	int slave;
};

/* Opens one, makes it the controlling terminal, and stdin, stdout and stderr. */
int do_terminal(int root, struct cursor args, struct terminal *terminal, struct failure *failure);

/* TIOCSWINSZ. 0 or -1 with errno. */
int set_window_size(int terminal, uint32_t rows, uint32_t columns);

#endif
