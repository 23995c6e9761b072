/* The control socket and its clients; protocol.h says what they speak. */
#ifndef HEARTH_SERVER_H
#define HEARTH_SERVER_H

#include "container.h"
#include "exec.h"
#include "log.h"
#include "loop.h"
#include "streams.h"

struct client;

struct server {
	struct loop *loop;
	struct container *container;
	struct log *log;
	struct streams *streams;
	struct execs *execs;
	struct source listener;
	struct client *clients;
	char *buffer; /* MESSAGE_LIMIT */
	char *path;
	bool any_broken;
};

/* Binds the socket; clients are served from server_start on. */
int server_bind(struct server *server, const char *path, struct failure *failure);
int server_start(struct server *server, struct failure *failure);

/* The container has ended, and that is recorded: tells those who asked. */
void server_ended(struct server *server);

/* Tells clients whose stream was taken away. */
void server_lost_streams(struct server *server);

/* Drops who is gone; returns the milliseconds until it must be called again, or -1. */
int server_tick(struct server *server);

/* Removes the socket. */
void server_close(struct server *server);

#endif
