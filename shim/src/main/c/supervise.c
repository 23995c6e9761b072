/* The shim's life beside the container. */
#include "shim.h"

#include "protocol.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define ARENA (STREAM_BUFFER + LOG_BUFFER)
#define IDLE_MS 1000
#define RECORD_RETRY_MS 1000
#define RECORD_LIMIT_MS (10 * 60 * 1000)

_Static_assert(STREAM_BUFFER >= MESSAGE_LIMIT, "streams and messages share a buffer");

static void note_end(struct shim *shim, const siginfo_t *info)
{
	container_ended(&shim->container, info->si_code, info->si_status);
	streams_ended(&shim->streams);
}

/* Every child that has ended: the container's first, execs', and orphans handed down to us. */
static void reap(struct shim *shim)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
			return;
		execs_before_reaping(&shim->execs, info.si_pid);
		waitid(P_PID, (id_t)info.si_pid, &info, WEXITED);
		if (info.si_pid == shim->container.pid)
			note_end(shim, &info);
		else
			execs_reaped(&shim->execs, info.si_pid, info.si_code, info.si_status);
	}
}

static void children_ready(struct source *source, uint32_t events)
{
	struct shim *shim = container_of(source, struct shim, children);
	struct signalfd_siginfo info;

	(void)events;
	/* Signals of one kind pile up as one: what it says of the child is of no use. */
	while (read(source->fd, &info, sizeof(info)) > 0)
		;
	reap(shim);
}

static int open_children(struct shim *shim, struct failure *failure)
{
	sigset_t awaited;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &awaited, NULL) < 0)
		return fail(failure, "block", "signals");
	ignore_signals();
	shim->children.ready = children_ready;
	shim->children.fd = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
	if (shim->children.fd < 0 || loop_watch(&shim->loop, &shim->children, EPOLLIN) < 0)
		return fail(failure, "await", "children");
	/* Where the container has the host's PID namespace, its orphans come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

int shim_init(struct shim *shim, struct failure *failure)
{
	shim->loop.epoll = shim->children.fd = -1;
	shim->arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	log_init(&shim->log, shim->arena + STREAM_BUFFER);
	streams_init(&shim->streams, &shim->loop, &shim->log, shim->arena);
	shim->execs = (struct execs){ .loop = &shim->loop, .container = &shim->container };
	shim->server = (struct server){
		.loop = &shim->loop,
		.container = &shim->container,
		.log = &shim->log,
		.streams = &shim->streams,
		.execs = &shim->execs,
		.listener = { .fd = -1 },
		.buffer = shim->arena,
	};
	if (shim->arena == MAP_FAILED)
		return fail(failure, "map", "buffers");
	if (loop_open(&shim->loop, failure) < 0)
		return -1;
	return open_children(shim, failure);
}

/* Pages that a burst of output has touched go back to the kernel. */
static void give_back(struct shim *shim)
{
	madvise(shim->arena, ARENA, MADV_DONTNEED);
	shim->streams.buffer_used = false;
}

static int sooner(int one_ms, int other_ms)
{
	if (one_ms < 0 || other_ms < 0)
		return one_ms < 0 ? other_ms : one_ms;
	return one_ms < other_ms ? one_ms : other_ms;
}

/* Serves one source, and whatever the time asks for; waits no longer than limit_ms. */
static void turn(struct shim *shim, int limit_ms)
{
	int timeout = sooner(limit_ms, streams_tick(&shim->streams));

	timeout = sooner(timeout, server_tick(&shim->server));
	if (shim->streams.buffer_used)
		timeout = sooner(timeout, IDLE_MS);
	if (!loop_once(&shim->loop, timeout) && shim->streams.buffer_used)
		give_back(shim);
	server_lost_streams(&shim->server);
}

/*
 * The exit is recorded before anybody hears of it; on a full disk that waits. Not
 * for ever: the folder may have been taken away for good.
 */
static void record_end(struct shim *shim)
{
	int64_t until = steady_clock_ms() + RECORD_LIMIT_MS;

	while (container_record(&shim->container, shim->log.lost) < 0 && steady_clock_ms() < until)
		turn(shim, RECORD_RETRY_MS);
	server_ended(&shim->server);
}

/* What the first process has left behind may still speak, for a while. */
static void await_rest(struct shim *shim)
{
	int64_t until = steady_clock_ms() + shim->container.drain_ms;

	for (;;) {
		int64_t left = until - steady_clock_ms();
		bool ended = streams_drain(&shim->streams);
		if (left <= 0 || (ended && !shim->execs.first && !streams_pending(&shim->streams)))
			return;
		turn(shim, (int)left);
	}
}

void shim_supervise(struct shim *shim)
{
	give_back(shim);
	while (!shim->container.ended)
		turn(shim, -1);
	streams_drain(&shim->streams);
	record_end(shim);
	await_rest(shim);
	/* Lines that nobody has ended, of pipes that somebody still holds. */
	for (int i = 0; i < 2; i++)
		log_end(&shim->log, &shim->streams.out[i].line);
	server_close(&shim->server);
}
