#include "spawn.h"

#include "kernel.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

pid_t spawn_clone(uint64_t flags, int cgroup, int *pidfd)
{
	struct k_clone_args args = {
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0) | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};

	return k_clone3(&args);
}

int spawn_channel(int *ours, int *theirs, struct failure *failure)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(failure, "open", "a channel");
	*ours = ends[0];
	*theirs = ends[1];
	return 0;
}

static void proc_path(char *path, size_t size, pid_t pid, const char *name)
{
	struct text text = { .at = path, .size = size };

	text_add(&text, "/proc/");
	text_add_number(&text, (uint64_t)pid);
	text_add(&text, name);
}

static int write_maps(const struct plan *plan, pid_t pid, struct place *place,
		      struct failure *failure)
{
	struct step step;
	char path[64];
	const char *maps[2];

	if (!plan_find(plan, STEP_ID_MAPS, &step))
		return 0;
	*place = (struct place){ STAGE_ID_MAPS, step.index };
	maps[0] = take_text(&step.args);
	maps[1] = take_text(&step.args);
	for (int i = 0; i < 2; i++) {
		proc_path(path, sizeof(path), pid, i ? "/gid_map" : "/uid_map");
		if (write_file(path, maps[i], strlen(maps[i]), failure) < 0)
			return -1;
	}
	return 0;
}

static int find_join(const struct plan *plan, uint64_t flag, struct step *step)
{
	*step = plan_steps(plan);
	while (plan_next(plan, step)) {
		struct cursor args = step->args;
		if (step->type != STEP_NAMESPACE_JOIN || take_u64(&args) != flag)
			continue;
		return open(take_text(&args), O_RDONLY | O_CLOEXEC);
	}
	errno = 0;
	return -1;
}

static uint64_t new_namespaces(const struct plan *plan)
{
	struct step step;

	return plan_find(plan, STEP_NAMESPACE_NEW, &step) ? take_u64(&step.args) : 0;
}

static int open_cgroup_dir(const struct plan *plan, struct place *place, int *dir,
			   struct failure *failure)
{
	struct step step;
	const char *path;

	*dir = -1;
	if (!plan_find(plan, STEP_CGROUP_DIR, &step))
		return 0;
	path = take_text(&step.args);
	*place = (struct place){ step.type, step.index };
	*dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *dir < 0 ? fail(failure, "open", path) : 0;
}

/*
 * An existing user namespace must be entered before the namespaces it is to own
 * are made, and the shim cannot enter it without losing its own rights. So a
 * process in between does, and makes the container's first as its sibling: the
 * shim's child.
 */
_Noreturn static void run_between(struct child *child, int userns, int pidns, int cgroup,
				  uint64_t flags)
{
	struct failure failure = { 0 };
	pid_t pid;

	if (cgroup >= 0) {
		/* In the user namespace there is no right to it any more. */
		cleanup_fd int procs = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (procs < 0 || write(procs, "0", 1) < 0) {
			fail(&failure, "join", "the cgroup");
			goto failed;
		}
	}
	if (child_join_cgroups(child, &failure) < 0)
		goto failed;
	child->cgroup_count = 0;
	/* By us, not by the shim: a clone tells pids of its caller's namespace, and they are told it. */
	if (pidns >= 0 && setns(pidns, CLONE_NEWPID) < 0) {
		fail(&failure, "join", "the PID namespace");
		goto failed;
	}
	if (setns(userns, CLONE_NEWUSER) < 0) {
		fail(&failure, "join", "the user namespace");
		goto failed;
	}
	pid = spawn_clone(flags | CLONE_PARENT, -1, NULL);
	if (pid == 0)
		child_run(child);
	if (pid > 0) {
		report_pid(child->sync, REPORT_CLONED, pid);
		_exit(0);
	}
	fail(&failure, "clone", "the container's process");
failed:
	report_failure(child->sync, REPORT_FAILED, STAGE_CLONE, REPORT_NO_STEP, &failure);
	_exit(1);
}

static int fail_reported(struct failure *failure, struct place *place, const struct report *report)
{
	*place = (struct place){ report->stage, report->step };
	failure->error = report->error;
	memcpy(failure->text, report->text, sizeof(failure->text));
	return -1;
}

static int spawn_between(struct container *container, struct child *child, int userns, int pidns,
			 int cgroup, uint64_t flags, int sync, struct place *place,
			 struct failure *failure)
{
	struct report report = { 0 };
	int fds[2];
	pid_t between = spawn_clone(0, -1, NULL);

	if (between == 0)
		run_between(child, userns, pidns, cgroup, flags);
	if (between < 0)
		return fail(failure, "clone", "a process");
	close_fd(&child->sync);
	/* The sibling waits for our go, so this is the first record. */
	report_receive(sync, &report, fds, 0);
	waitpid(between, NULL, 0);
	if (report.kind == REPORT_FAILED)
		return fail_reported(failure, place, &report);
	if (report.kind != REPORT_CLONED)
		return fail_with(failure, ECHILD, "clone", "the container's process");
	container->pid = (pid_t)report.pid;
	container->pidfd = k_pidfd_open(container->pid);
	return container->pidfd < 0 ? fail(failure, "open", "the container's process") : 0;
}

/* The host's view, or the small one the plan names, is what a new mount namespace copies. */
static int enter_mount_base(const struct plan *plan, int *back, struct place *place,
			    struct failure *failure)
{
	struct step step;

	*back = -1;
	if (!plan_find(plan, STEP_MOUNT_BASE, &step))
		return 0;
	*place = (struct place){ step.type, step.index };
	cleanup_fd int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns((int)take_u32(&step.args), CLONE_NEWNS) < 0)
		return fail(failure, "enter", "the base mount namespace");
	*back = take_fd(&own);
	return 0;
}

static int leave_mount_base(int *back, struct failure *failure)
{
	if (*back >= 0 && setns(*back, CLONE_NEWNS) < 0)
		return fail(failure, "leave", "the base mount namespace");
	close_fd(back);
	return 0;
}

static int clone_container(struct container *container, struct child *child, int userns,
			   int pidns, int sync, struct place *place, struct failure *failure)
{
	uint64_t flags = new_namespaces(child->plan);
	cleanup_fd int cgroup = -1;
	cleanup_fd int back = -1;
	int result = 0;

	if (open_cgroup_dir(child->plan, place, &cgroup, failure) < 0 ||
	    enter_mount_base(child->plan, &back, place, failure) < 0)
		return -1;
	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (userns >= 0) {
		result = spawn_between(container, child, userns, pidns, cgroup, flags, sync, place,
				       failure);
	} else {
		container->pid = spawn_clone(flags, cgroup, &container->pidfd);
		if (container->pid == 0)
			child_run(child);
		if (container->pid < 0)
			result = fail(failure, "clone", "the container's process");
		close_fd(&child->sync);
	}
	if (leave_mount_base(&back, failure) < 0)
		return -1;
	return result;
}

/* Binds that map their owners need the user namespace. */
static int change_sources(struct child *child, int userns, struct place *place,
			  struct failure *failure)
{
	struct step step;

	if (sources_change(&child->sources, child->plan, userns, &step, failure) == 0)
		return 0;
	*place = (struct place){ step.type, step.index };
	return -1;
}

/* A user namespace made just now: its maps, and what could not be done without it. */
static int finish_user_namespace(const struct container *container, struct child *child,
				 struct place *place, struct failure *failure)
{
	char path[64];

	if (write_maps(child->plan, container->pid, place, failure) < 0)
		return -1;
	proc_path(path, sizeof(path), container->pid, "/ns/user");
	cleanup_fd int userns = open(path, O_RDONLY | O_CLOEXEC);
	if (userns < 0)
		return fail(failure, "open namespace", path);
	return change_sources(child, userns, place, failure);
}

static int open_pid_namespace(const struct plan *plan, int *pidns, struct place *place,
			      struct failure *failure)
{
	struct step step;

	*pidns = find_join(plan, CLONE_NEWPID, &step);
	if (*pidns >= 0 || !errno)
		return 0;
	*place = (struct place){ step.type, step.index };
	return fail(failure, "open", "the PID namespace");
}

/* From now on, the shim's children are born in it. */
static int join_pid_namespace(struct container *container, int pidns, struct failure *failure)
{
	if (pidns < 0)
		return 0;
	if (setns(pidns, CLONE_NEWPID) < 0)
		return fail(failure, "join", "the PID namespace");
	container->in_pid_namespace = true;
	return 0;
}

int spawn_container(struct container *container, struct child *child, int *sync,
		    struct place *place, struct failure *failure)
{
	bool new_user = new_namespaces(child->plan) & CLONE_NEWUSER;
	struct step step;
	cleanup_fd int userns = find_join(child->plan, CLONE_NEWUSER, &step);

	if (userns < 0 && errno) {
		*place = (struct place){ step.type, step.index };
		return fail(failure, "open", "the user namespace");
	}
	cleanup_fd int pidns = -1;
	if (open_pid_namespace(child->plan, &pidns, place, failure) < 0 ||
	    (!new_user && change_sources(child, userns, place, failure) < 0))
		return -1;
	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (spawn_channel(sync, &child->sync, failure) < 0 ||
	    (userns < 0 && join_pid_namespace(container, pidns, failure) < 0))
		return -1;
	child->awaits_go = new_user || userns >= 0;
	if (clone_container(container, child, userns, pidns, *sync, place, failure) < 0 ||
	    (userns >= 0 && join_pid_namespace(container, pidns, failure) < 0) ||
	    (new_user && finish_user_namespace(container, child, place, failure) < 0))
		return -1;
	if (child->awaits_go && send(*sync, "", 1, MSG_NOSIGNAL) < 0)
		return fail(failure, "start", "the container's process");
	return 0;
}

static const char *namespace_name(uint64_t flag)
{
	switch (flag) {
	case CLONE_NEWUSER:
		return "/ns/user";
	case CLONE_NEWNET:
		return "/ns/net";
	case CLONE_NEWIPC:
		return "/ns/ipc";
	case CLONE_NEWUTS:
		return "/ns/uts";
	default:
		return NULL;
	}
}

static int pin(pid_t pid, uint64_t flag, const char *path, struct failure *failure)
{
	const char *name = namespace_name(flag);
	char source[64];

	if (!name)
		return fail_with(failure, EINVAL, "pin", path);
	cleanup_fd int file = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return fail(failure, "make", path);
	proc_path(source, sizeof(source), pid, name);
	if (k_mount(source, path, NULL, 4096 /* MS_BIND */, NULL) < 0)
		return fail(failure, "pin", path);
	return 0;
}

/* Lets the process in the namespaces go, and waits until it has carried out its steps. */
static int await_prepared(int sync, struct place *place, struct failure *failure)
{
	struct report report;
	int fds[2];

	if (send(sync, "", 1, MSG_NOSIGNAL) < 0)
		return fail(failure, "start", "a process");
	while (report_receive(sync, &report, fds, 0) > 0)
		if (report.kind == REPORT_FAILED)
			return fail_reported(failure, place, &report);
	return 0;
}

static int pin_all(const struct plan *plan, pid_t pid, struct place *place,
		   struct failure *failure)
{
	struct step step = plan_steps(plan);

	while (plan_next(plan, &step)) {
		uint64_t flag;
		if (step.type != STEP_PIN)
			continue;
		*place = (struct place){ step.type, step.index };
		flag = take_u64(&step.args);
		if (pin(pid, flag, take_text(&step.args), failure) < 0)
			return -1;
	}
	return 0;
}

int spawn_pinned(const struct plan *plan, struct place *place, struct failure *failure)
{
	struct child child = {
		.plan = plan,
		.stdio = { -1, -1, -1 },
		.sync = -1,
		.init_pidfd = -1,
		.awaits_go = true,
	};
	cleanup_fd int sync = -1;
	cleanup_fd int pidfd = -1;
	int result;
	pid_t pid;

	*place = (struct place){ STAGE_CLONE, REPORT_NO_STEP };
	if (spawn_channel(&sync, &child.sync, failure) < 0)
		return -1;
	pid = spawn_clone(new_namespaces(plan), -1, &pidfd);
	if (pid == 0)
		child_run(&child);
	close_fd(&child.sync);
	if (pid < 0)
		return fail(failure, "clone", "a process");
	result = write_maps(plan, pid, place, failure);
	if (result == 0)
		result = await_prepared(sync, place, failure);
	if (result == 0)
		result = pin_all(plan, pid, place, failure);
	k_pidfd_send_signal(pidfd, SIGKILL);
	waitpid(pid, NULL, 0);
	return result;
}
