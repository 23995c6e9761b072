/* One epoll set: everything the shim waits for. */
#ifndef HEARTH_LOOP_H
#define HEARTH_LOOP_H

#include "base.h"

#include <sys/epoll.h>

/* Something watched; part of the structure of whoever it belongs to. */
struct source {
	int fd;
	uint32_t watched; /* events now watched for, 0: none */
	void (*ready)(struct source *source, uint32_t events);
};

struct loop {
	int epoll;
};

int loop_open(struct loop *loop, struct failure *failure);

/* Changes what a source is watched for; 0 takes it out, so that not even a hang-up is seen.
   0 or -1 with errno. */
int loop_watch(struct loop *loop, struct source *source, uint32_t events);

/* Takes it out and closes its descriptor. */
void loop_close(struct loop *loop, struct source *source);

/*
 * Waits up to timeout_ms (-1: for ever) and serves one source. One only, so that
 * whatever that source's owner frees cannot be among events already fetched; the
 * kernel's ready list keeps the order fair. Returns whether there was one.
 */
bool loop_once(struct loop *loop, int timeout_ms);

#endif
