#include "exec.h"

#include "kernel.h"
#include "spawn.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void sync_ready(struct source *source, uint32_t events);

static void fail_place(struct report *report, struct place place, const struct failure *failure)
{
	*report = (struct report){
		.kind = REPORT_FAILED,
		.stage = place.stage,
		.step = place.step,
		.error = failure->error,
	};
	memcpy(report->text, failure->text, sizeof(report->text));
}

/* From now on, the shim's children are born in the container's PID namespace. */
static int enter_pid_namespace(struct container *container, struct failure *failure)
{
	if (container->in_pid_namespace || !(container->namespaces & CLONE_NEWPID))
		return 0;
	if (setns(container->pidfd, CLONE_NEWPID) < 0)
		return fail(failure, "enter", "the container's PID namespace");
	container->in_pid_namespace = true;
	return 0;
}

static int open_cgroup(const struct plan *plan, int *dir, struct place *place,
		       struct failure *failure)
{
	struct step step;
	const char *path;

	if (!plan_find(plan, STEP_CGROUP_DIR, &step))
		return 0;
	path = take_text(&step.args);
	*place = (struct place){ step.type, step.index };
	*dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *dir < 0 ? fail(failure, "open", path) : 0;
}

static int spawn(struct exec *exec, struct container *container, struct child *child,
		 struct place *place, struct failure *failure)
{
	cleanup_fd int cgroup = -1;

	if (open_cgroup(child->plan, &cgroup, place, failure) < 0)
		return -1;
	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (enter_pid_namespace(container, failure) < 0 ||
	    spawn_channel(&exec->sync.fd, &child->sync, failure) < 0)
		return -1;
	if (child_own_stdio(child, place, failure) < 0)
		return -1;
	exec->pid = spawn_clone(0, cgroup, &exec->pidfd);
	if (exec->pid == 0)
		child_run(child);
	if (exec->pid < 0)
		return fail(failure, "clone", "a process");
	if (loop_watch(exec->all->loop, &exec->sync, EPOLLIN) < 0) {
		fail(failure, "watch", "a process");
		exec_kill(exec);
		return -1;
	}
	return 0;
}

static int prepare_and_spawn(struct exec *exec, const struct plan *plan, const int stdio[3],
			     struct place *place, struct failure *failure)
{
	struct container *container = exec->all->container;
	struct child child;
	struct step step;
	int result;

	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (container->ended)
		return fail_with(failure, ESRCH, "the container has ended", NULL);
	result = child_open(&child, plan, &step, failure);
	if (result < 0) {
		*place = (struct place){ step.type, step.index };
	} else {
		child.init_pidfd = container->pidfd;
		memcpy(child.stdio, stdio, sizeof(child.stdio));
		result = spawn(exec, container, &child, place, failure);
		for (int i = 0; i < 3; i++)
			child.stdio[i] = -1; /* the caller's to close */
	}
	child_close(&child);
	return result;
}

static void forget(struct exec *exec)
{
	struct exec **link = &exec->all->first;

	while (*link && *link != exec)
		link = &(*link)->next;
	if (*link)
		*link = exec->next;
	loop_close(exec->all->loop, &exec->sync);
	close_fd(&exec->pidfd);
	close_fd(&exec->master);
	free(exec);
}

struct exec *exec_begin(struct execs *execs, struct exec_listener *listener,
			const struct plan *plan, const int stdio[3], struct report *report)
{
	struct failure failure = { 0 };
	struct place place = { STAGE_CLONE, REPORT_NO_STEP };
	struct exec *exec = calloc(1, sizeof(*exec));

	if (!exec) {
		fail(&failure, "begin", "an exec");
		fail_place(report, place, &failure);
		return NULL;
	}
	exec->next = execs->first;
	exec->all = execs;
	exec->listener = listener;
	exec->sync = (struct source){ .fd = -1, .ready = sync_ready };
	exec->pidfd = exec->master = -1;
	execs->first = exec;
	if (prepare_and_spawn(exec, plan, stdio, &place, &failure) < 0) {
		fail_place(report, place, &failure);
		forget(exec);
		return NULL;
	}
	return exec;
}

void exec_kill(struct exec *exec)
{
	exec->killed = true;
	/* It may not have got as far as a session of its own. */
	k_pidfd_send_signal(exec->pidfd, SIGKILL);
	container_kill_session(exec->all->container, exec->pid);
}

static void conclude_start(struct exec *exec)
{
	struct exec_listener *listener = exec->listener;

	loop_close(exec->all->loop, &exec->sync);
	if (!listener)
		return;
	if (exec->failure.kind != REPORT_FAILED) {
		listener->started(listener, exec->pid, take_fd(&exec->master));
		return;
	}
	exec->listener = NULL;
	listener->failed(listener, &exec->failure);
}

static void take_terminal(struct exec *exec, int fds[2])
{
	close_fd(&exec->master);
	exec->master = take_fd(&fds[0]);
}

/* Takes what the new process has reported; at the end of it the program runs. */
static void read_reports(struct exec *exec)
{
	struct report report;
	int fds[2];
	int received;

	while (exec->sync.fd >= 0) {
		received = report_receive(exec->sync.fd, &report, fds, MSG_DONTWAIT);
		if (received < 0 && errno == EAGAIN)
			return;
		if (received <= 0)
			conclude_start(exec);
		else if (report.kind == REPORT_TERMINAL)
			take_terminal(exec, fds);
		else if (report.kind == REPORT_FAILED)
			exec->failure = report;
		else if (report.kind == REPORT_WARNING && exec->listener)
			exec->listener->warned(exec->listener, &report);
		close_fd(&fds[0]);
		close_fd(&fds[1]);
	}
}

static void sync_ready(struct source *source, uint32_t events)
{
	(void)events;
	read_reports(container_of(source, struct exec, sync));
}

static struct exec *find(struct execs *execs, pid_t pid)
{
	struct exec *exec = execs->first;

	while (exec && exec->pid != pid)
		exec = exec->next;
	return exec;
}

void execs_before_reaping(struct execs *execs, pid_t pid)
{
	struct exec *exec = find(execs, pid);

	if (exec && exec->killed)
		container_kill_session(execs->container, pid);
}

void execs_reaped(struct execs *execs, pid_t pid, int wait_code, int wait_status)
{
	struct exec *exec = find(execs, pid);
	bool left = wait_code == CLD_EXITED;

	if (!exec)
		return;
	read_reports(exec);
	if (exec->listener)
		exec->listener->exited(exec->listener, left ? (uint32_t)wait_status : 0,
				       left ? 0 : (uint32_t)wait_status);
	forget(exec);
}
