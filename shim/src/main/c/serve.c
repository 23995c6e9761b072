/* What clients ask for, and what they are told. */
#include "client.h"

#include "files.h"
#include "kernel.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void send_ok(struct client *client)
{
	struct answer_message answer = answer_begin(ANSWER_OK);

	send_answer(client, &answer, -1);
}

void send_error(struct client *client, int error, const char *text)
{
	struct answer_message answer = answer_begin(ANSWER_ERROR);

	answer_u32(&answer, (uint32_t)error);
	answer_text(&answer, text);
	send_answer(client, &answer, -1);
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
	send_answer(client, &answer, -1);
}

static void add_exit(struct answer_message *answer, const struct container *container)
{
	answer_u32(answer, container->exit_code);
	answer_u32(answer, container->exit_signal);
	answer_u64(answer, (uint64_t)container->finished_at);
	answer_u64(answer, container_oom_kills(container));
}

void send_ended(struct client *client)
{
	struct answer_message answer = answer_begin(ANSWER_ENDED);

	add_exit(&answer, client->server->container);
	send_answer(client, &answer, -1);
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
	send_answer(client, &answer, -1);
}

static void exec_warned(struct exec_listener *listener, const struct report *report)
{
	send_report(container_of(listener, struct client, listener), ANSWER_WARNING, report);
}

static void exec_started(struct exec_listener *listener, pid_t pid, int master)
{
	struct client *client = container_of(listener, struct client, listener);
	struct answer_message answer = answer_begin(ANSWER_STARTED);

	answer_u32(&answer, (uint32_t)pid);
	send_answer(client, &answer, master);
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
	send_answer(client, &answer, -1);
}

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
	if (client->server->container->recorded)
		send_ended(client);
}

/*
 * The plan of an exec that is too long for a message comes in a file. It is read,
 * not mapped: whoever sent it could take the pages away.
 */
static int read_plan(int fd, struct bytes *data, void **memory)
{
	struct stat found;
	ssize_t size;

	if (fstat(fd, &found) < 0)
		return -1;
	if (!S_ISREG(found.st_mode) || found.st_size <= 0 || found.st_size > PLAN_LIMIT) {
		errno = EPROTO;
		return -1;
	}
	*memory = malloc((size_t)found.st_size);
	if (!*memory)
		return -1;
	size = pread(fd, *memory, (size_t)found.st_size, 0);
	if (size < 0)
		return -1;
	*data = (struct bytes){ *memory, (uint32_t)size };
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
	int expected = __builtin_popcount(
		flags & (EXEC_PLAN_FD | EXEC_STDIN | EXEC_STDOUT | EXEC_STDERR));
	int next = in_file;
	int stdio[3] = { -1, -1, -1 };
	cleanup_free void *memory = NULL;

	if (client->exec) {
		send_error(client, EBUSY, "exec");
		return;
	}
	if (flags & ~(uint32_t)EXEC_FLAGS || received->count != expected) {
		send_error(client, EINVAL, "exec");
		return;
	}
	if (in_file && read_plan(received->fds[0], &data, &memory) < 0) {
		send_error(client, errno, "exec");
		return;
	}
	for (int i = 0; i < 3; i++)
		if (flags & ((uint32_t)EXEC_STDIN << i))
			stdio[i] = received->fds[next++];
	begin_exec(client, data, flags, stdio);
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
	send_answer(client, &answer, -1);
}

void serve(struct client *client, const struct request_message *request,
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
