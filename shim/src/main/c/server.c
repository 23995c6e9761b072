#include "client.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 128
#define RETRY_MS 100

/*
 * A socket's path has 108 bytes and a state folder may be deeper: the folder is
 * opened, and the socket bound beneath its descriptor.
 */
static int bind_in_folder(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct text text = TEXT_IN(address.sun_path);
	const char *name = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t length = name ? (size_t)(name - path) : 0;

	if (!name || length >= sizeof(folder) || strlen(name) > 64) {
		errno = name ? ENAMETOOLONG : EINVAL;
		return -1;
	}
	memcpy(folder, path, length);
	folder[length] = '\0';
	cleanup_fd int dir = open(length ? folder : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	text_add(&text, "/proc/self/fd/");
	text_add_number(&text, (uint64_t)dir);
	text_add(&text, name);
	mode_t mask = umask(0177);
	int result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return result;
}

int server_bind(struct server *server, const char *path, struct failure *failure)
{
	server->listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener.fd < 0)
		return fail(failure, "make socket", path);
	if (bind_in_folder(server->listener.fd, path) < 0)
		return fail(failure, "bind socket", path);
	/* Kept from here on only: another's socket is not ours to remove. */
	server->path = strdup(path);
	if (!server->path)
		return fail(failure, "bind socket", path);
	if (listen(server->listener.fd, BACKLOG) < 0)
		return fail(failure, "listen on", path);
	return 0;
}

void server_close(struct server *server)
{
	if (server->path && server->listener.fd >= 0)
		unlink(server->path);
	loop_close(server->loop, &server->listener);
}

void break_client(struct client *client)
{
	client->broken = true;
	client->server->any_broken = true;
}

void send_answer(struct client *client, const struct answer_message *answer, int fd)
{
	struct iovec data = {
		.iov_base = (void *)(uintptr_t)answer->data,
		.iov_len = answer->size,
	};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (sendmsg(client->source.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		break_client(client);
}

static void drop_client(struct client *client)
{
	struct client **link = &client->server->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	if (client->exec) {
		client->exec->listener = NULL;
		if (client->bound)
			exec_kill(client->exec);
	}
	if (client->attached)
		streams_detach(client->server->streams, &client->attachment);
	loop_close(client->server->loop, &client->source);
	close_fd(&client->master);
	free(client);
}

static void take_control(struct msghdr *message, struct received *received)
{
	/* There is never more than one item: descriptors are all that is asked for. */
	struct cmsghdr *item = CMSG_FIRSTHDR(message);

	received->cut = message->msg_flags & (MSG_CTRUNC | MSG_TRUNC);
	if (!item || item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
		return;
	size_t size = item->cmsg_len - CMSG_LEN(0);
	memcpy(received->fds, CMSG_DATA(item), size);
	received->count = (int)(size / sizeof(int));
}

/* The size of a message, 0 at the end, or -1 with errno. */
static ssize_t receive(struct client *client, struct received *received)
{
	struct iovec data = { .iov_base = client->server->buffer, .iov_len = MESSAGE_LIMIT };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_LIMIT * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size;

	*received = (struct received){ 0 };
	do {
		size = recvmsg(client->source.fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return size;
	take_control(&message, received);
	return size;
}

static void client_ready(struct source *source, uint32_t events)
{
	struct client *client = container_of(source, struct client, source);
	struct received received;
	struct request_message request;
	ssize_t size = receive(client, &received);

	(void)events;
	client->server->streams->buffer_used = true;
	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		break_client(client);
	} else if (received.cut || request_read(&request, client->server->buffer, (size_t)size) < 0) {
		send_error(client, received.cut ? EMSGSIZE : errno, "malformed request");
		break_client(client);
	} else {
		serve(client, &request, &received);
	}
	for (int i = received.taken; i < received.count; i++)
		close(received.fds[i]);
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct server *server = container_of(source, struct server, listener);
	cleanup_fd int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;

	(void)events;
	if (fd < 0) {
		/* Out of descriptors: not to be asked again before server_tick. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			loop_watch(server->loop, source, 0);
		return;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	client->server = server;
	client->source = (struct source){ .fd = fd, .ready = client_ready };
	client->master = -1;
	if (loop_watch(server->loop, &client->source, EPOLLIN) < 0) {
		free(client);
		return;
	}
	client->next = server->clients;
	server->clients = client;
	take_fd(&fd);
}

int server_start(struct server *server, struct failure *failure)
{
	server->listener.ready = listener_ready;
	if (server->listener.fd >= 0 &&
	    loop_watch(server->loop, &server->listener, EPOLLIN) < 0)
		return fail(failure, "watch", server->path);
	return 0;
}

int server_tick(struct server *server)
{
	struct client *next;

	for (struct client *client = server->clients; server->any_broken && client; client = next) {
		next = client->next;
		if (client->broken)
			drop_client(client);
	}
	server->any_broken = false;
	if (server->listener.fd < 0 || server->listener.watched)
		return -1;
	loop_watch(server->loop, &server->listener, EPOLLIN);
	return RETRY_MS;
}

void server_ended(struct server *server)
{
	for (struct client *client = server->clients; client; client = client->next)
		if (client->subscribed || client->attached)
			send_ended(client);
}

void server_lost_streams(struct server *server)
{
	for (struct client *client = server->clients; client; client = client->next) {
		struct answer_message answer = answer_begin(ANSWER_DETACHED);
		if (!client->attached || !client->attachment.lost || client->told_lost)
			continue;
		client->told_lost = true;
		send_answer(client, &answer, -1);
	}
}
