/*
 * hearth-shim: one beside each container. Started by the daemon with a plan (a
 * file, not a stream) on descriptor 3 and a stream socket for reports on 4. It
 * leaves the daemon at once: from its first fork on it is nobody's child.
 */
#include "kernel.h"
#include "shim.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static int read_plan(struct plan *plan, struct failure *failure)
{
	struct stat found;
	void *data;

	if (fstat(PLAN_FD, &found) < 0)
		return fail(failure, "read", "a plan");
	if (!S_ISREG(found.st_mode) || found.st_size <= 0 || found.st_size > PLAN_LIMIT)
		return fail_with(failure, EPROTO, "read", "a plan");
	data = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, PLAN_FD, 0);
	if (data == MAP_FAILED)
		return fail(failure, "map", "a plan");
	close(PLAN_FD);
	return plan_open(plan, data, (size_t)found.st_size, failure);
}

/* The parent's answer to the daemon is its exit; the child goes on in a session of its own. */
static pid_t detach(const struct plan *plan, struct place *place, struct failure *failure)
{
	struct step step;
	cleanup_fd int cgroup = -1;
	pid_t pid;

	*place = (struct place){ STAGE_DETACH, REPORT_NO_STEP };
	if (plan_find(plan, STEP_SHIM_CGROUP_DIR, &step)) {
		const char *path = take_text(&step.args);
		cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (cgroup < 0) {
			*place = (struct place){ step.type, step.index };
			return fail(failure, "open", path);
		}
	}
	pid = spawn_clone(0, cgroup, NULL);
	return pid < 0 ? fail(failure, "leave", "the daemon") : pid;
}

static int run(struct place *place, struct failure *failure)
{
	struct plan plan = { 0 };
	pid_t pid;

	*place = (struct place){ STAGE_PLAN, REPORT_NO_STEP };
	if (read_plan(&plan, failure) < 0)
		return -1;
	if (plan.kind == PLAN_PIN)
		return spawn_pinned(&plan, place, failure);
	if (plan.kind != PLAN_LAUNCH)
		return fail_with(failure, EPROTO, "read a plan:", "not for a shim");
	pid = detach(&plan, place, failure);
	if (pid != 0)
		return pid < 0 ? -1 : 0;
	setsid();
	umask(0);
	prctl(PR_SET_NAME, "hearth-shim");
	/* Its files and memory are no business of a container's that could see it. */
	prctl(PR_SET_DUMPABLE, 0);
	if (chdir("/") < 0)
		_exit(1);
	_exit(shim_run(&plan));
}

/*
 * A systemd scope cannot be empty: this process is in it, doing nothing, until
 * the shim is. It ends with whoever has the other end of its standard input.
 */
static int hold_place(void)
{
	char byte;
	ssize_t got;

	prctl(PR_SET_NAME, "hearth-hold");
	do
		got = read(0, &byte, 1);
	while (got > 0 || (got < 0 && errno == EINTR));
	return 0;
}

int main(int count, char **arguments)
{
	struct failure failure = { 0 };
	struct place place;

	if (count == 2 && strcmp(arguments[1], "hold") == 0)
		return hold_place();
	if (fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0) {
		static const char usage[] = "hearth-shim is started by hearthd, not by hand\n";
		write_all(2, usage, sizeof(usage) - 1);
		return 64;
	}
	if (run(&place, &failure) == 0)
		return 0;
	report_failure(REPORT_FD, REPORT_FAILED, place.stage, place.step, &failure);
	return 1;
}
