/* From the plan to the running container. */
#include "shim.h"

#include "kernel.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* The strings of a plan outlive it. 0 or -1 with errno. */
static int keep_text(char **kept, const char *text)
{
	free(*kept);
	*kept = strdup(text);
	return *kept ? 0 : -1;
}

static int keep_exit_write(struct container *container, struct cursor *args)
{
	const char *path = take_text(args);
	struct bytes value = take_bytes(args);

	container->exit_write_text = strndup(value.at, value.size);
	return container->exit_write_text ? keep_text(&container->exit_write_path, path) : -1;
}

static int keep_oom_counter(struct container *container, struct cursor *args)
{
	const char *path = take_text(args);
	const char *key = take_text(args);

	if (keep_text(&container->oom_key, key) < 0 || keep_text(&container->oom_path, path) < 0)
		return -1;
	container->oom_before = container_oom_kills(container);
	return 0;
}

static int keep_procs(struct container *container, const char *cgroup, size_t length)
{
	char path[PATH_MAX];
	struct text text = TEXT_IN(path);

	if (length + sizeof("/cgroup.procs") > sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, cgroup, length);
	text.length = length;
	text_add(&text, "/cgroup.procs");
	return keep_text(&container->cgroup_procs, path);
}

static int own_step(struct shim *shim, const struct step *step, struct failure *failure)
{
	struct container *container = &shim->container;
	struct cursor args = step->args;
	const char *path;
	const char *slash;
	struct bytes value;
	uint32_t mode;

	switch (step->type) {
	case STEP_SHIM_CGROUP:
		return write_file(take_text(&args), "0", 1, failure);
	case STEP_SHIM_WRITE:
		path = take_text(&args);
		value = take_bytes(&args);
		return write_file(path, value.at, value.size, failure);
	case STEP_CONTROL:
		return server_bind(&shim->server, take_text(&args), failure);
	case STEP_EXIT_RECORD:
		return keep_text(&container->record_path, take_text(&args));
	case STEP_LOG:
		path = take_text(&args);
		mode = take_u32(&args);
		return log_open(&shim->log, path, mode, take_u32(&args), failure);
	case STEP_STDIO:
		shim->stdio_kind = take_u32(&args);
		shim->streams.stdin_kind = take_u32(&args);
		return 0;
	case STEP_OOM_COUNTER:
		return keep_oom_counter(container, &args);
	case STEP_EXIT_WRITE:
		return keep_exit_write(container, &args);
	case STEP_DRAIN:
		container->drain_ms = take_u32(&args);
		return 0;
	case STEP_CGROUP_DIR:
		path = take_text(&args);
		return keep_procs(container, path, strlen(path));
	case STEP_CGROUP_JOIN:
		/* Any one will do: the first, should there be no cgroup v2. */
		path = take_text(&args);
		slash = strrchr(path, '/');
		return container->cgroup_procs || !slash ?
			       0 :
			       keep_procs(container, path, (size_t)(slash - path));
	case STEP_SUCCESSOR:
		if (keep_text(&shim->successor_path, take_text(&args)) < 0)
			return -1;
		container->namespaces |= take_u64(&args);
		return 0;
	case STEP_NAMESPACE_NEW:
	case STEP_NAMESPACE_JOIN:
		container->namespaces |= take_u64(&args);
		return 0;
	default:
		return 0;
	}
}

static int own_steps(struct shim *shim, const struct plan *plan, struct place *place,
		     struct failure *failure)
{
	struct step step = plan_steps(plan);

	while (plan_next(plan, &step)) {
		failure->error = 0;
		if (own_step(shim, &step, failure) == 0)
			continue;
		if (!failure->error)
			fail(failure, "take a step", NULL);
		if (!(step.flags & STEP_SOFT)) {
			*place = (struct place){ step.type, step.index };
			return -1;
		}
		report_failure(REPORT_FD, REPORT_WARNING, step.type, step.index, failure);
	}
	return 0;
}

static int make_pipe(int *ours, int *theirs, bool we_write, struct failure *failure)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(failure, "make", "a pipe");
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	return 0;
}

static int make_pipes(struct shim *shim, struct child *child, struct failure *failure)
{
	int ours[3] = { -1, -1, -1 };

	if (shim->stdio_kind != STDIO_PIPES)
		return 0;
	if (shim->streams.stdin_kind != STDIN_NONE &&
	    make_pipe(&ours[0], &child->stdio[0], true, failure) < 0)
		return -1;
	for (int i = 1; i < 3; i++)
		if (make_pipe(&ours[i], &child->stdio[i], false, failure) < 0)
			return -1;
	if (streams_pipes(&shim->streams, ours[0], ours[1], ours[2]) < 0)
		return fail(failure, "watch", "a pipe");
	return 0;
}

/* What the daemon has handed over; the container's process has its own by now. */
static void close_inherited(const struct plan *plan)
{
	struct step step = plan_steps(plan);

	while (plan_next(plan, &step))
		if (step.type == STEP_ROOT_FD || step.type == STEP_MOUNT_FD ||
		    step.type == STEP_MOUNT_BASE)
			close((int)take_u32(&step.args));
}

static int spawn(struct shim *shim, const struct plan *plan, int *sync, struct place *place,
		 struct failure *failure)
{
	struct child child;
	struct step step;
	int result = -1;

	if (child_open(&child, plan, &step, failure) < 0 ||
	    sources_open(&child.sources, plan, &step, failure) < 0) {
		*place = (struct place){ step.type, step.index };
	} else {
		*place = (struct place){ STAGE_STDIO, REPORT_NO_STEP };
		result = make_pipes(shim, &child, failure);
		if (result == 0)
			result = child_own_stdio(&child, place, failure);
	}
	if (result == 0)
		result = spawn_container(&shim->container, &child, sync, place, failure);
	child_close(&child);
	close_inherited(plan);
	return result;
}

/* Who started us has given up: nobody would know of the container. */
#define CALLED_OFF (POLLRDHUP | POLLHUP | POLLERR)

static bool is_called_off(void)
{
	struct pollfd report = { .fd = REPORT_FD, .events = POLLRDHUP };

	return poll(&report, 1, 0) > 0 && (report.revents & CALLED_OFF);
}

/* 1: a record; 0: the end; -1: called off, or an error. */
static int next_report(int sync, struct report *report, int fds[2])
{
	struct pollfd both[2] = {
		{ .fd = sync, .events = POLLIN },
		{ .fd = REPORT_FD, .events = POLLRDHUP },
	};

	for (;;) {
		if (poll(both, 2, -1) < 0) {
			if (errno != EINTR)
				return -1;
			continue;
		}
		if (both[1].revents & CALLED_OFF) {
			errno = ECANCELED;
			return -1;
		}
		if (both[0].revents)
			return report_receive(sync, report, fds, 0);
	}
}

static int adopt_terminal(struct shim *shim, int fds[2], struct failure *failure)
{
	if (streams_terminal(&shim->streams, fds[0], fds[1]) < 0)
		return fail(failure, "adopt", "the terminal");
	fds[0] = fds[1] = -1; /* the streams' now */
	return 0;
}

/* Passes on what the container's process reports, until it is the container's program. */
static int await_exec(struct shim *shim, int sync, struct place *place, struct failure *failure)
{
	struct report report;
	int fds[2];

	for (;;) {
		int received = next_report(sync, &report, fds);
		int result = 0;
		if (received < 0)
			return fail(failure, "await", "the container's process");
		if (received == 0)
			return 0;
		if (report.kind == REPORT_TERMINAL)
			result = adopt_terminal(shim, fds, failure);
		else if (report.kind == REPORT_WARNING)
			report_send(REPORT_FD, &report);
		close_fd(&fds[0]);
		close_fd(&fds[1]);
		if (result < 0)
			return -1;
		if (report.kind != REPORT_FAILED)
			continue;
		*place = (struct place){ report.stage, report.step };
		failure->error = report.error;
		memcpy(failure->text, report.text, sizeof(failure->text));
		return -1;
	}
}

/* Until the program that is not the container's has ended, or the start is called off. */
static int await_end(int pidfd)
{
	struct pollfd both[2] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = REPORT_FD, .events = POLLRDHUP },
	};

	while (!both[0].revents) {
		if (poll(both, 2, -1) < 0 && errno != EINTR)
			return -1;
		if (both[1].revents & CALLED_OFF) {
			errno = ECANCELED;
			return -1;
		}
	}
	return 0;
}

/* The container's first process is now the one that the plan's program left behind. */
static int adopt_successor(struct shim *shim, struct failure *failure)
{
	struct container *container = &shim->container;
	siginfo_t info = { 0 };
	uint64_t pid;
	int status;

	if (await_end(container->pidfd) < 0)
		return fail(failure, "await", "the program");
	waitpid(container->pid, &status, 0);
	container->pid = 0;
	close_fd(&container->pidfd);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail_with(failure, ECHILD, "the program failed", NULL);
	pid = read_number(shim->successor_path);
	/* A child that nobody has waited for keeps its number. */
	if (pid == 0 || pid > INT_MAX ||
	    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return fail_with(failure, ECHILD, "adopt", "what the program left behind");
	container->pid = (pid_t)pid;
	container->pidfd = k_pidfd_open(container->pid);
	return container->pidfd < 0 ? fail(failure, "open", "the container's process") : 0;
}

static int start(struct shim *shim, const struct plan *plan, struct place *place,
		 struct failure *failure)
{
	cleanup_fd int sync = -1;

	if (own_steps(shim, plan, place, failure) < 0 ||
	    spawn(shim, plan, &sync, place, failure) < 0)
		return -1;
	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (await_exec(shim, sync, place, failure) < 0)
		return -1;
	if (shim->successor_path) {
		struct step step;
		if (plan_find(plan, STEP_SUCCESSOR, &step))
			*place = (struct place){ step.type, step.index };
		if (adopt_successor(shim, failure) < 0)
			return -1;
	}
	*place = (struct place){ STAGE_STDIO, REPORT_NO_STEP };
	return server_start(&shim->server, failure);
}

static void tell_started(struct container *container)
{
	struct report report = {
		.kind = REPORT_STARTED,
		.step = (uint32_t)getpid(),
		.pid = (uint32_t)container->pid,
	};

	report.start_ticks = container->start_ticks = read_start_ticks(container->pid);
	report.at = container->started_at = wall_clock_ns();
	report_send(REPORT_FD, &report);
	close(REPORT_FD);
}

static void undo_start(struct shim *shim)
{
	server_close(&shim->server);
	if (shim->container.pid <= 0)
		return;
	kill(shim->container.pid, SIGKILL); /* not waited for yet, so still its own number */
	waitpid(shim->container.pid, NULL, 0);
}

int shim_run(const struct plan *plan)
{
	struct shim shim = { .container = { .pidfd = -1 } };
	struct place place = { STAGE_DETACH, REPORT_NO_STEP };
	struct failure failure = { 0 };

	if (shim_init(&shim, &failure) < 0 || start(&shim, plan, &place, &failure) < 0 ||
	    is_called_off()) {
		undo_start(&shim);
		report_failure(REPORT_FD, REPORT_FAILED, place.stage, place.step, &failure);
		return 1;
	}
	tell_started(&shim.container);
	munmap((void *)(uintptr_t)(plan->steps - PLAN_HEADER),
	       (size_t)(plan->end - plan->steps) + PLAN_HEADER);
	shim_supervise(&shim);
	return 0;
}
