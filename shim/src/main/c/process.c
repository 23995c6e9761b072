#include "process.h"

#include "kernel.h"
#include "resolve.h"

#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define CAP_LIMIT 63

static char **take_vector(struct cursor *args)
{
	struct cursor counted = *args;
	uint32_t count = take_u32(&counted);
	char **vector = malloc(((size_t)count + 1) * sizeof(char *));

	if (!vector)
		return NULL;
	take_u32(args);
	for (uint32_t i = 0; i < count; i++)
		vector[i] = (char *)(uintptr_t)take_text(args);
	vector[count] = NULL;
	return vector;
}

int program_open(struct program *program, const struct plan *plan, struct failure *failure)
{
	struct step step;

	*program = (struct program){ 0 };
	if (!plan_find(plan, STEP_EXEC, &step))
		return 0;
	program->argv = take_vector(&step.args);
	if (!program->argv)
		return fail(failure, "build", "the arguments");
	if (!program->argv[0])
		return fail_with(failure, EINVAL, "build", "the arguments");
	program->envp = take_vector(&step.args);
	if (!program->envp)
		return fail(failure, "build", "the environment");
	program->search = take_text(&step.args);
	return 0;
}

void program_close(struct program *program)
{
	free(program->argv);
	free(program->envp);
	*program = (struct program){ 0 };
}

static const int ignored_signals[] = { SIGPIPE, SIGHUP, SIGTERM, SIGINT };

void ignore_signals(void)
{
	for (size_t i = 0; i < sizeof(ignored_signals) / sizeof(ignored_signals[0]); i++)
		signal(ignored_signals[i], SIG_IGN);
}

int reset_process(const char *name, struct failure *failure)
{
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored_signals) / sizeof(ignored_signals[0]); i++)
		signal(ignored_signals[i], SIG_DFL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail(failure, "unblock", "signals");
	if (setsid() < 0)
		return fail(failure, "begin", "a session");
	umask(0);
	prctl(PR_SET_NAME, name);
	return 0;
}

int do_rlimit(struct cursor args, struct failure *failure)
{
	uint32_t resource = take_u32(&args);
	uint64_t limits[2];

	limits[0] = take_u64(&args);
	limits[1] = take_u64(&args);
	if (syscall(SYS_prlimit64, 0, resource, limits, NULL) < 0)
		return fail(failure, "set", "a resource limit");
	return 0;
}

int do_user(struct cursor args, struct failure *failure)
{
	uid_t uid = take_u32(&args);
	gid_t gid = take_u32(&args);
	uint32_t count = take_u32(&args);

	/* The plain system calls: the C library's would signal threads that are not there. */
	if (syscall(SYS_setgroups, (size_t)count, args.at) < 0)
		return fail(failure, "set", "supplementary groups");
	if (syscall(SYS_setresgid, gid, gid, gid) < 0)
		return fail(failure, "set", "the group");
	if (syscall(SYS_setresuid, uid, uid, uid) < 0)
		return fail(failure, "set", "the user");
	return 0;
}

int do_keep_caps(struct cursor args, struct failure *failure)
{
	if (prctl(PR_SET_KEEPCAPS, (unsigned long)take_u32(&args), 0, 0, 0) < 0)
		return fail(failure, "keep", "capabilities");
	return 0;
}

int do_bounding(struct cursor args, struct failure *failure)
{
	uint64_t kept = take_u64(&args);

	for (unsigned cap = 0; cap <= CAP_LIMIT; cap++) {
		if (kept & (1ull << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, (unsigned long)cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && cap > 0)
			return 0; /* the kernel knows no more */
		return fail(failure, "drop", "a capability");
	}
	return 0;
}

int do_capabilities(struct cursor args, struct failure *failure)
{
	struct k_cap_header header = { .version = K_CAP_VERSION_3 };
	uint64_t effective = take_u64(&args);
	uint64_t permitted = take_u64(&args);
	uint64_t inheritable = take_u64(&args);
	struct k_cap_data data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return fail(failure, "set", "capabilities");
	return 0;
}

int do_ambient(struct cursor args, struct failure *failure)
{
	uint64_t raised = take_u64(&args);

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(failure, "clear", "ambient capabilities");
	for (unsigned cap = 0; cap <= CAP_LIMIT; cap++)
		if ((raised & (1ull << cap)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)cap, 0, 0) < 0)
			return fail(failure, "raise", "an ambient capability");
	return 0;
}

int do_no_new_privs(struct failure *failure)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(failure, "set", "no_new_privs");
	return 0;
}

int do_seccomp(struct cursor args, struct failure *failure)
{
	uint32_t flags = take_u32(&args);
	struct bytes filter = take_bytes(&args);
	struct k_bpf_program program = {
		.length = (uint16_t)(filter.size / 8),
		.instructions = filter.at,
	};

	if (filter.size % 8 || filter.size / 8 > UINT16_MAX)
		return fail_with(failure, EINVAL, "install", "a seccomp filter");
	if (syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, flags, &program) < 0)
		return fail(failure, "install", "a seccomp filter");
	return 0;
}

int do_working_dir(int root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	/* Never by chdir(path): /proc/self/fd/N would lead to the host. */
	cleanup_fd int dir = open_in_root(root, path, O_PATH | O_DIRECTORY, 0);

	if (dir < 0 || fchdir(dir) < 0)
		return fail(failure, "enter", path);
	return 0;
}

int do_close_fds(int *kept, struct failure *failure)
{
	if (*kept != 3) {
		if (dup3(*kept, 3, O_CLOEXEC) < 0)
			return fail(failure, "move", "a descriptor");
		*kept = 3;
	}
	if (k_close_range(4, UINT_MAX) < 0)
		return fail(failure, "close", "descriptors");
	return 0;
}

int do_stdio_aside(struct cursor args, struct failure *failure)
{
	int first = (int)take_u32(&args);
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return fail(failure, "open", "/dev/null");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(fd, first + fd) < 0 || dup2(null, fd) < 0)
			return fail(failure, "move", "stdio");
	return 0;
}

static int fail_exec(struct failure *failure, const char *name, const char *path)
{
	int error = errno;

	/* The file is there, so it is what it wants to be run by that is not. */
	if (error == ENOENT && faccessat(AT_FDCWD, path, F_OK, 0) == 0)
		return fail_with(failure, error, name, "(its interpreter or dynamic loader)");
	return fail_with(failure, error, name, NULL);
}

int do_exec(const struct program *program, struct failure *failure)
{
	const char *name = program->argv[0];
	const char *folder = program->search;
	int error = ENOENT;
	char path[PATH_MAX];

	if (!*name)
		return fail_with(failure, ENOENT, "\"\"", NULL);
	if (strchr(name, '/')) {
		execve(name, program->argv, program->envp);
		return fail_exec(failure, name, name);
	}
	while (*folder) {
		size_t length = strcspn(folder, ":");
		struct text text = TEXT_IN(path);
		if (length && length + strlen(name) + 2 <= sizeof(path)) {
			memcpy(path, folder, length);
			text.length = length;
			text_add(&text, "/");
			text_add(&text, name);
			execve(path, program->argv, program->envp);
			/* As execvp(3): a file one may not run does not hide a later one. */
			if (errno == EACCES)
				error = errno;
			else if (errno != ENOENT && errno != ENOTDIR)
				return fail_exec(failure, name, path);
			else if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
				return fail_exec(failure, name, path);
		}
		folder += length;
		folder += *folder == ':';
	}
	return fail_with(failure, error, name, "(not found in PATH)");
}

_Noreturn void pause_forever(void)
{
	sigset_t awaited;

	prctl(PR_SET_NAME, "pause");
	k_close_range(0, UINT_MAX);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	/* A signal that process 1 of a namespace neither handles nor awaits does nothing: what its
	 * containers send it must not end them all. SIGKILL from outside does. */
	while (true) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sigwaitinfo(&awaited, NULL);
	}
}
