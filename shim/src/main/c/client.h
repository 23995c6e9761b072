/* A client of the control socket, as server.c keeps it and serve.c serves it. */
#ifndef HEARTH_CLIENT_H
#define HEARTH_CLIENT_H

#include "protocol.h"
#include "server.h"

struct client {
	struct client *next;
	struct server *server;
	struct source source;
	struct attachment attachment;
	bool attached;
	bool told_lost;
	bool subscribed;
	struct exec *exec;
	struct exec_listener listener;
	bool bound; /* its exec dies with it */
	int master; /* of its exec's terminal, for resizing */
	bool broken;
};

/* The descriptors that came with a message; what nobody has taken is closed. */
struct received {
	int fds[FDS_LIMIT];
	int count;
	int taken;
	bool cut; /* there were more */
};

/* To be dropped when nobody is busy with it any more. */
void break_client(struct client *client);

/* Sends, with a descriptor or -1; a client that does not take it is broken. */
void send_answer(struct client *client, const struct answer_message *answer, int fd);
void send_error(struct client *client, int error, const char *text);
void send_ended(struct client *client);

/* Does what is asked, and answers. */
void serve(struct client *client, const struct request_message *request,
	   struct received *received);

#endif
