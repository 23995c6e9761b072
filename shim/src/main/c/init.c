#include "init.h"

#include "files.h"
#include "kernel.h"
#include "resolve.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What the steps of one process share. */
struct progress {
	struct child *child;
	struct root root;
};

static int open_root(struct progress *progress, struct failure *failure)
{
	if (progress->root.fd >= 0)
		return 0;
	progress->root.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return progress->root.fd < 0 ? fail(failure, "open", "/") : 0;
}

static int adopt_terminal(struct progress *progress, struct cursor args, struct failure *failure)
{
	struct terminal terminal = { -1, -1 };

	if (open_root(progress, failure) < 0 ||
	    do_terminal(progress->root.fd, args, &terminal, failure) < 0)
		return -1;
	if (report_terminal(progress->child->sync, terminal.master, terminal.slave) < 0)
		return fail(failure, "hand over", "the terminal");
	close(terminal.master);
	close(terminal.slave);
	return 0;
}

static bool is_null_device(int fd)
{
	struct stat device;

	return fstat(fd, &device) == 0 && S_ISCHR(device.st_mode) &&
	       device.st_rdev == makedev(1, 3);
}

/*
 * The null device of the shim is of a mount that the container does not have, and so
 * could not be named in a checkpoint. Where the container has one too, it takes its place.
 */
static int adopt_null_device(struct failure *failure)
{
	const char *path = "/dev/null";
	cleanup_fd int found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int own = -1;

	if (found < 0 || !is_null_device(found))
		return 0;
	own = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (own < 0 || !is_null_device(own))
		return 0;
	for (int fd = 0; fd < 3; fd++)
		if (is_null_device(fd) && dup2(own, fd) < 0)
			return fail(failure, "adopt", path);
	return 0;
}

static int do_write(struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	struct bytes value = take_bytes(&args);

	return write_file(path, value.at, value.size, failure);
}

static int do_name(long call, struct cursor args, struct failure *failure)
{
	const char *name = take_text(&args);

	return syscall(call, name, strlen(name)) < 0 ? fail(failure, "set the name", name) : 0;
}

static int do_enter(struct progress *progress, struct cursor args, struct failure *failure)
{
	if (setns(progress->child->init_pidfd, (int)take_u64(&args)) < 0)
		return fail(failure, "enter", "the container's namespaces");
	return open_root(progress, failure);
}

static int do_unshare(struct cursor args, struct failure *failure)
{
	return unshare((int)take_u64(&args)) < 0 ? fail(failure, "unshare", "a namespace") : 0;
}

static int do_process_step(struct progress *progress, const struct step *step,
			   struct failure *failure)
{
	struct cursor args = step->args;

	switch (step->type) {
	case STEP_RLIMIT:
		return do_rlimit(args, failure);
	case STEP_UMASK:
		umask(take_u32(&args));
		return 0;
	case STEP_USER:
		return do_user(args, failure);
	case STEP_KEEP_CAPS:
		return do_keep_caps(args, failure);
	case STEP_BOUNDING:
		return do_bounding(args, failure);
	case STEP_CAPABILITIES:
		return do_capabilities(args, failure);
	case STEP_AMBIENT:
		return do_ambient(args, failure);
	case STEP_NO_NEW_PRIVS:
		return do_no_new_privs(failure);
	case STEP_SECCOMP:
		return do_seccomp(args, failure);
	case STEP_WORKING_DIR:
		return open_root(progress, failure) < 0 ?
			       -1 :
			       do_working_dir(progress->root.fd, args, failure);
	case STEP_CLOSE_FDS:
		return do_close_fds(&progress->child->sync, failure);
	case STEP_STDIO_ASIDE:
		return do_stdio_aside(args, failure);
	case STEP_EXEC:
		return do_exec(&progress->child->program, failure);
	case STEP_PAUSE:
		pause_forever();
	default:
		return 0; /* the shim's own, done before */
	}
}

static int do_step(struct progress *progress, const struct step *step, struct failure *failure)
{
	struct root *root = &progress->root;
	struct cursor args = step->args;

	switch (step->type) {
	case STEP_PROPAGATION:
		return do_propagation(args, failure);
	case STEP_ROOT_FD:
	case STEP_ROOT_FS:
	case STEP_ROOT_BIND:
		return do_root(root, step, failure);
	case STEP_MOUNT_FD:
	case STEP_MOUNT_FS:
	case STEP_MOUNT_BIND:
		return do_mount(root, step, failure);
	case STEP_REMOUNT:
		return do_remount(root, args, failure);
	case STEP_MASK:
		return do_mask(root, args, failure);
	case STEP_DEVICE:
		return do_device(root->fd, args, failure);
	case STEP_SYMLINK:
		return do_symlink(root->fd, args, failure);
	case STEP_FOLDER:
		return do_folder(root->fd, args, failure);
	case STEP_TERMINAL:
		return adopt_terminal(progress, args, failure);
	case STEP_EXPOSE:
		return do_expose(root, args, failure);
	case STEP_PIVOT:
		return do_pivot(root, failure) < 0 ? -1 : adopt_null_device(failure);
	case STEP_ATTRIBUTES:
		return do_attributes(root, args, failure);
	case STEP_WRITE:
		return do_write(args, failure);
	case STEP_HOSTNAME:
		return do_name(SYS_sethostname, args, failure);
	case STEP_DOMAINNAME:
		return do_name(SYS_setdomainname, args, failure);
	case STEP_UNSHARE:
		return do_unshare(args, failure);
	case STEP_ENTER:
		return do_enter(progress, args, failure);
	default:
		return do_process_step(progress, step, failure);
	}
}

static int await_go(const struct child *child, struct failure *failure)
{
	char go;

	if (child->awaits_go && recv(child->sync, &go, sizeof(go), 0) != sizeof(go))
		return fail_with(failure, ECANCELED, "start", "the container");
	return 0;
}

int child_join_cgroups(const struct child *child, struct failure *failure)
{
	for (uint32_t i = 0; i < child->cgroup_count; i++)
		if (write(child->cgroups[i], "0", 1) < 0)
			return fail(failure, "join", "a cgroup");
	return 0;
}

/* What comes before the steps, in the order it must: ids need their maps, the joins the ids. */
static int begin(const struct child *child, struct failure *failure)
{
	if (child_join_cgroups(child, failure) < 0 || await_go(child, failure) < 0)
		return -1;
	for (uint32_t i = 0; i < child->join_count; i++)
		if (setns(child->joins[i].fd, (int)child->joins[i].flag) < 0)
			return fail(failure, "join", "a namespace");
	for (int fd = 0; fd < 3; fd++)
		if (child->stdio[fd] >= 0 && dup2(child->stdio[fd], fd) < 0)
			return fail(failure, "adopt", "stdio");
	return reset_process("hearth-init", failure);
}

_Noreturn void child_run(struct child *child)
{
	struct progress progress = {
		.child = child,
		.root = { -1, -1, -1, &child->sources },
	};
	struct failure failure = { 0 };
	struct step step = plan_steps(child->plan);

	if (begin(child, &failure) < 0) {
		report_failure(child->sync, REPORT_FAILED, STAGE_PROCESS, REPORT_NO_STEP, &failure);
		_exit(1);
	}
	while (plan_next(child->plan, &step)) {
		if (do_step(&progress, &step, &failure) == 0)
			continue;
		if ((step.flags & STEP_SKIP_ABSENT) &&
		    (failure.error == ENOENT || failure.error == ENOTDIR))
			continue;
		if (!(step.flags & STEP_SOFT)) {
			report_failure(child->sync, REPORT_FAILED, step.type, step.index, &failure);
			_exit(1);
		}
		report_failure(child->sync, REPORT_WARNING, step.type, step.index, &failure);
	}
	fail_with(&failure, EPROTO, "the plan ends without a program", NULL);
	report_failure(child->sync, REPORT_FAILED, STAGE_PLAN, REPORT_NO_STEP, &failure);
	_exit(1);
}

static int open_one(struct child *child, const struct step *step, struct failure *failure)
{
	struct cursor args = step->args;
	const char *path;
	uint64_t flag;
	int fd;

	switch (step->type) {
	case STEP_CGROUP_JOIN:
		path = take_text(&args);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(failure, "open", path);
		if (child->cgroup_count == CGROUP_LIMIT) {
			close(fd);
			return fail_with(failure, E2BIG, "too many cgroups:", path);
		}
		child->cgroups[child->cgroup_count++] = fd;
		return 0;
	case STEP_NAMESPACE_JOIN:
		flag = take_u64(&args);
		path = take_text(&args);
		if (flag == CLONE_NEWPID || flag == CLONE_NEWUSER)
			return 0;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(failure, "open namespace", path);
		if (child->join_count == JOIN_LIMIT) {
			close(fd);
			return fail_with(failure, E2BIG, "too many namespaces:", path);
		}
		child->joins[child->join_count++] = (struct join){ flag, fd };
		return 0;
	default:
		return 0;
	}
}

int child_open(struct child *child, const struct plan *plan, struct step *at,
	       struct failure *failure)
{
	*child = (struct child){
		.plan = plan,
		.stdio = { -1, -1, -1 },
		.sync = -1,
		.init_pidfd = -1,
	};
	*at = plan_steps(plan);
	while (plan_next(plan, at))
		if (open_one(child, at, failure) < 0)
			return -1;
	return program_open(&child->program, plan, failure);
}

int child_own_stdio(const struct child *child, struct place *place, struct failure *failure)
{
	struct step step;
	struct stat found;
	uid_t uid;
	gid_t gid;

	if (!plan_find(child->plan, STEP_STDIO_OWNER, &step))
		return 0;
	*place = (struct place){ step.type, step.index };
	uid = take_u32(&step.args);
	gid = take_u32(&step.args);
	for (int i = 0; i < 3; i++) {
		int fd = child->stdio[i];
		/* Neither a device, which is everybody's, nor a file somebody passed. */
		if (fd < 0 || fstat(fd, &found) < 0 ||
		    (!S_ISFIFO(found.st_mode) && !S_ISSOCK(found.st_mode)))
			continue;
		if (fchown(fd, uid, gid) < 0)
			return fail(failure, "change the owner of", "stdio");
	}
	return 0;
}

void child_close(struct child *child)
{
	for (uint32_t i = 0; i < child->cgroup_count; i++)
		close_fd(&child->cgroups[i]);
	for (uint32_t i = 0; i < child->join_count; i++)
		close_fd(&child->joins[i].fd);
	for (int i = 0; i < 3; i++)
		close_fd(&child->stdio[i]);
	close_fd(&child->sync);
	sources_close(&child->sources);
	program_close(&child->program);
}
