#include "server.h"

#include "files.h"
#include "kernel.h"
#include "protocol.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 128
#define RETRY_MS 100

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

/* ---- the socket ---- */

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

/* ---- messages out ---- */

/* To be dropped when nobody is busy with it any more. */
static void break_client(struct client *client)
{
	client->broken = true;
	client->server->any_broken = true;
}

static void send_with_fd(struct client *client, const struct answer_message *answer, int fd)
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

static void send_answer(struct client *client, const struct answer_message *answer)
{
	send_with_fd(client, answer, -1);
}

static void send_ok(struct client *client)
{
	struct answer_message answer = answer_begin(ANSWER_OK);

	send_answer(client, &answer);
}

static void send_error(struct client *client, int error, const char *text)
{
	struct answer_message answer = answer_begin(ANSWER_ERROR);

	answer_u32(&answer, (uint32_t)error);
	answer_text(&answer, text);
	send_answer(client, &answer);
}

/* OK, or what errno says. */
static void send_result(struct client *client, int result, const char *text)
{
	if (result < 0)
		send_error(client, errno, text);
	else
		send_ok(client);
}

static void send_report(struct client *client, enum answer type, const struct report *report)
{
	struct answer_message answer = answer_begin(type);

	answer_u16(&answer, report->stage);
	answer_u32(&answer, report->step);
	answer_u32(&answer, (uint32_t)report->error);
	answer_text(&answer, report->text);
	send_answer(client, &answer);
}

static void add_exit(struct answer_message *answer, const struct container *container)
{
	answer_u32(answer, container->exit_code);
	answer_u32(answer, container->exit_signal);
	answer_u64(answer, (uint64_t)container->finished_at);
	answer_u64(answer, container_oom_kills(container));
}

static void send_ended(struct client *client)
{
	struct answer_message answer = answer_begin(ANSWER_ENDED);

	add_exit(&answer, client->server->container);
	send_answer(client, &answer);
}

static void send_status(struct client *client)
{
	struct container *container = client->server->container;
	struct answer_message answer = answer_begin(ANSWER_STATUS);

	answer_u32(&answer, (uint32_t)container->pid);
	answer_u64(&answer, container->start_ticks);
	answer_u64(&answer, (uint64_t)container->started_at);
	answer_u64(&answer, client->server->log->lost);
	answer_u64(&answer, container_oom_kills(container));
	answer_u32(&answer, container->recorded);
	add_exit(&answer, container);
	send_answer(client, &answer);
}

/* ---- what an exec tells ---- */

static void exec_warned(struct exec_listener *listener, const struct report *report)
{
	send_report(container_of(listener, struct client, listener), ANSWER_WARNING, report);
}

static void exec_started(struct exec_listener *listener, pid_t pid, int master)
{
	struct client *client = container_of(listener, struct client, listener);
	struct answer_message answer = answer_begin(ANSWER_STARTED);

	answer_u32(&answer, (uint32_t)pid);
	send_with_fd(client, &answer, master);
	client->master = master;
}

static void exec_failed(struct exec_listener *listener, const struct report *report)
{
	struct client *client = container_of(listener, struct client, listener);

	client->exec = NULL;
	send_report(client, ANSWER_FAILED, report);
}

static void exec_exited(struct exec_listener *listener, uint32_t code, uint32_t signal_number)
{
	struct client *client = container_of(listener, struct client, listener);
	struct answer_message answer = answer_begin(ANSWER_EXITED);

	client->exec = NULL;
	close_fd(&client->master);
	answer_u32(&answer, code);
	answer_u32(&answer, signal_number);
	answer_u64(&answer, (uint64_t)wall_clock_ns());
	send_answer(client, &answer);
}

/* ---- requests ---- */

static void serve_signal(struct client *client, const struct request_message *request)
{
	struct container *container = client->server->container;
	int number = (int)request->numbers[0];

	errno = ESRCH;
	if (container->ended)
		send_result(client, -1, "the container has ended");
	else if (request->numbers[1])
		send_result(client, container_signal_all(container, number), "signal all");
	else
		send_result(client, k_pidfd_send_signal(container->pidfd, number), "signal");
}

static int take_received(struct received *received)
{
	return received->taken < received->count ? received->fds[received->taken++] : -1;
}

static void serve_attach(struct client *client, uint32_t flags, struct received *received)
{
	int fds[3] = { -1, -1, -1 };

	for (int i = 0; i < 3; i++)
		if (flags & (1u << i))
			fds[i] = take_received(received);
	if (client->attached || received->taken != received->count ||
	    received->count != __builtin_popcount(flags & 7) || flags > 7) {
		received->taken = 0;
		send_error(client, EINVAL, "attach");
		return;
	}
	if (streams_attach(client->server->streams, &client->attachment, fds) < 0) {
		received->taken = 0;
		send_error(client, errno, "attach");
		return;
	}
	client->attached = true;
	send_ok(client);
}

/* The plan of an exec is in the message, or in a file that is mapped for the time it is needed. */
static int map_plan(int fd, struct bytes *data)
{
	struct stat found;
	void *mapped;

	if (fstat(fd, &found) < 0)
		return -1;
	if (!S_ISREG(found.st_mode) || found.st_size <= 0 || found.st_size > PLAN_LIMIT) {
		errno = EPROTO;
		return -1;
	}
	mapped = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapped == MAP_FAILED)
		return -1;
	*data = (struct bytes){ mapped, (uint32_t)found.st_size };
	return 0;
}

static void begin_exec(struct client *client, struct bytes data, uint32_t flags, const int stdio[3])
{
	struct report report = { .kind = REPORT_FAILED, .stage = STAGE_PLAN, .step = REPORT_NO_STEP };
	struct failure failure = { 0 };
	struct plan plan;

	if (plan_open(&plan, data.at, data.size, &failure) == 0 && plan.kind != PLAN_EXEC)
		fail_with(&failure, EPROTO, "read a plan:", "not for an exec");
	if (failure.error) {
		report.error = failure.error;
		memcpy(report.text, failure.text, sizeof(report.text));
	} else {
		client->bound = flags & EXEC_BOUND;
		client->listener = (struct exec_listener){
			.warned = exec_warned,
			.started = exec_started,
			.failed = exec_failed,
			.exited = exec_exited,
		};
		client->exec = exec_begin(client->server->execs, &client->listener, &plan, stdio,
					  &report);
	}
	if (!client->exec)
		send_report(client, ANSWER_FAILED, &report);
}

static void serve_exec(struct client *client, const struct request_message *request,
		       struct received *received)
{
	uint32_t flags = request->numbers[0];
	struct bytes data = request->plan;
	bool in_file = flags & EXEC_PLAN_FD;
	int expected = __builtin_popcount(flags & (EXEC_PLAN_FD | EXEC_STDIN | EXEC_STDOUT | EXEC_STDERR));
	int next = in_file;
	int stdio[3] = { -1, -1, -1 };

	if (client->exec) {
		send_error(client, EBUSY, "exec");
		return;
	}
	if (flags & ~(uint32_t)EXEC_FLAGS || received->count != expected) {
		send_error(client, EINVAL, "exec");
		return;
	}
	if (in_file && map_plan(received->fds[0], &data) < 0) {
		send_error(client, errno, "exec");
		return;
	}
	for (int i = 0; i < 3; i++)
		if (flags & ((uint32_t)EXEC_STDIN << i))
			stdio[i] = received->fds[next++];
	begin_exec(client, data, flags, stdio);
	if (in_file)
		munmap((void *)(uintptr_t)data.at, data.size);
}

static void serve_exec_control(struct client *client, const struct request_message *request)
{
	if (!client->exec) {
		send_error(client, ESRCH, "exec");
		return;
	}
	switch (request->type) {
	case REQUEST_KILL_EXEC:
		exec_kill(client->exec);
		send_ok(client);
		return;
	case REQUEST_SIGNAL_EXEC:
		send_result(client,
			    k_pidfd_send_signal(client->exec->pidfd, (int)request->numbers[0]),
			    "signal the exec");
		return;
	default:
		send_result(client,
			    set_window_size(client->master, request->numbers[0],
					    request->numbers[1]),
			    "resize the exec's terminal");
	}
}

static void serve_hello(struct client *client)
{
	struct answer_message answer = answer_begin(ANSWER_VERSIONS);

	answer_u16(&answer, PROTOCOL_OLDEST);
	answer_u16(&answer, PROTOCOL_VERSION);
	send_answer(client, &answer);
}

static void serve(struct client *client, const struct request_message *request,
		  struct received *received)
{
	struct server *server = client->server;

	switch ((enum request)request->type) {
	case REQUEST_HELLO:
		serve_hello(client);
		return;
	case REQUEST_STATUS:
		send_status(client);
		return;
	case REQUEST_SIGNAL:
		serve_signal(client, request);
		return;
	case REQUEST_RESIZE:
		send_result(client,
			    streams_resize(server->streams, request->numbers[0],
					   request->numbers[1]),
			    "resize the terminal");
		return;
	case REQUEST_REOPEN_LOG:
		send_result(client, log_reopen(server->log), "reopen the log");
		return;
	case REQUEST_CLOSE_STDIN:
		streams_close_stdin(server->streams);
		send_ok(client);
		return;
	case REQUEST_ATTACH:
		serve_attach(client, request->numbers[0], received);
		return;
	case REQUEST_EXEC:
		serve_exec(client, request, received);
		return;
	case REQUEST_KILL_EXEC:
	case REQUEST_RESIZE_EXEC:
	case REQUEST_SIGNAL_EXEC:
		serve_exec_control(client, request);
		return;
	case REQUEST_SUBSCRIBE:
		client->subscribed = true;
		send_ok(client);
		if (server->container->recorded)
			send_ended(client);
	}
}

/* ---- clients ---- */

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
		send_answer(client, &answer);
	}
}
