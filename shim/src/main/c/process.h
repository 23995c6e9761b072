/* What a process does to itself on its way to the container's program. */
#ifndef HEARTH_PROCESS_H
#define HEARTH_PROCESS_H

#include "plan.h"

/* The program of a plan, its vectors built before the fork. argv is NULL where there is none. */
struct program {
	char **argv;
	char **envp;
	const char *search;
};

int program_open(struct program *program, const struct plan *plan, struct failure *failure);
void program_close(struct program *program);

/* The shim lives as long as its container, whoever wants it to end. All other signals it was
   started with at their defaults, and leaves them so. */
void ignore_signals(void);

/* Undoes what a process inherits from the shim: signals blocked or ignored, its session. */
int reset_process(const char *name, struct failure *failure);

int do_rlimit(struct cursor args, struct failure *failure);
int do_user(struct cursor args, struct failure *failure);
int do_keep_caps(struct cursor args, struct failure *failure);
int do_bounding(struct cursor args, struct failure *failure);
int do_capabilities(struct cursor args, struct failure *failure);
int do_ambient(struct cursor args, struct failure *failure);
int do_no_new_privs(struct failure *failure);
int do_seccomp(struct cursor args, struct failure *failure);
int do_working_dir(int root, struct cursor args, struct failure *failure);

/* Keeps 0, 1, 2 and *kept, which becomes 3. */
int do_close_fds(int *kept, struct failure *failure);

int do_stdio_aside(struct cursor args, struct failure *failure);

/* Returns only if it fails. */
int do_exec(const struct program *program, struct failure *failure);

/* Process 1 of a shared PID namespace: reaps until it is told to end. */
_Noreturn void pause_forever(void);

#endif
