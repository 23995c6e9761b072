/* The shim as a whole: what the plan asks of it, and its life beside the container. */
#ifndef HEARTH_SHIM_H
#define HEARTH_SHIM_H

#include "container.h"
#include "exec.h"
#include "init.h"
#include "log.h"
#include "loop.h"
#include "server.h"
#include "spawn.h"
#include "streams.h"

#define PLAN_FD 3
#define REPORT_FD 4

struct shim {
	struct loop loop;
	struct container container;
	struct log log;
	struct streams streams;
	struct execs execs;
	struct server server;
	struct source children; /* signalfd: SIGCHLD */
	uint32_t stdio_kind;
	char *successor_path; /* the file a program leaves the container's pid in, or NULL */
	char *arena; /* the buffers: given back while nothing is said */
};

/* Starts the container of a plan and looks after it until it has ended. The process' exit code. */
int shim_run(const struct plan *plan);

/* Serves everybody until the container has ended, its output is written and its end told. */
void shim_supervise(struct shim *shim);

/* Buffers, epoll set and signals. */
int shim_init(struct shim *shim, struct failure *failure);

#endif
