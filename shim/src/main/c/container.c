#include "container.h"

#include "kernel.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Reads what fits of a small file of procfs or cgroupfs. Its length, or -1. */
static ssize_t read_small(const char *path, char *data, size_t size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, data, size - 1);

	data[length < 0 ? 0 : length] = '\0';
	return length;
}

/* Past the next blank; at the end it stays there. */
static const char *next_field(const char *at)
{
	at += strcspn(at, " ");
	return at + (*at == ' ');
}

/* A field of /proc/PID/stat, counted as proc(5) does, at least 3. */
static uint64_t read_stat_field(pid_t pid, int field)
{
	char path[32];
	char stat[512];
	struct text text = TEXT_IN(path);
	const char *at;

	text_add(&text, "/proc/");
	text_add_number(&text, (uint64_t)pid);
	text_add(&text, "/stat");
	if (read_small(path, stat, sizeof(stat)) < 0)
		return 0;
	/* The name may hold anything, parentheses and blanks too: look from the end. */
	at = strrchr(stat, ')');
	if (!at)
		return 0;
	at = next_field(at);
	for (int i = 3; i < field; i++)
		at = next_field(at);
	return strtoull(at, NULL, 10);
}

uint64_t read_start_ticks(pid_t pid)
{
	return read_stat_field(pid, 22);
}

uint64_t read_number(const char *path)
{
	char content[32];

	return read_small(path, content, sizeof(content)) < 0 ? 0 : strtoull(content, NULL, 10);
}

static uint64_t read_counter(const char *path, const char *key)
{
	char content[1024];
	size_t length = strlen(key);

	if (read_small(path, content, sizeof(content)) < 0)
		return 0;
	for (const char *line = content; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
	return 0;
}

uint64_t container_oom_kills(const struct container *container)
{
	uint64_t now;

	if (container->ended)
		return container->oom_kills;
	now = container->oom_path ? read_counter(container->oom_path, container->oom_key) : 0;
	return now > container->oom_before ? now - container->oom_before : 0;
}

/*
 * Calls for each process of the cgroup. By pidfd, opened before the question
 * whether it is still the right one is asked.
 */
static int each_process(const struct container *container,
			void (*call)(int pidfd, pid_t pid, long argument), long argument)
{
	char pids[4096];
	size_t kept = 0;

	if (!container->cgroup_procs) {
		errno = ENOTSUP;
		return -1;
	}
	cleanup_fd int fd = open(container->cgroup_procs, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (;;) {
		ssize_t size = read(fd, pids + kept, sizeof(pids) - 1 - kept);
		char *line = pids;
		char *end;
		if (size <= 0)
			return (int)size;
		pids[kept + (size_t)size] = '\0';
		while ((end = strchr(line, '\n'))) {
			pid_t pid = (pid_t)strtoul(line, NULL, 10);
			cleanup_fd int pidfd = pid > 0 ? k_pidfd_open(pid) : -1;
			if (pidfd >= 0)
				call(pidfd, pid, argument);
			line = end + 1;
		}
		kept = strlen(line);
		memmove(pids, line, kept);
	}
}

static void send_signal(int pidfd, pid_t pid, long signal_number)
{
	(void)pid;
	k_pidfd_send_signal(pidfd, (int)signal_number);
}

int container_signal_all(const struct container *container, int signal_number)
{
	return each_process(container, send_signal, signal_number);
}

static void kill_if_in_session(int pidfd, pid_t pid, long session)
{
	/* The pids of the container's cgroup, like the session, are those of the shim's namespace. */
	if (read_stat_field(pid, 6) == (uint64_t)session)
		k_pidfd_send_signal(pidfd, SIGKILL);
}

void container_kill_session(const struct container *container, pid_t session)
{
	/* The leader may not be waited for yet, so the number is still nobody else's. */
	kill(-session, SIGKILL);
	each_process(container, kill_if_in_session, session);
}

void container_ended(struct container *container, int wait_code, int wait_status)
{
	struct failure failure;

	container->oom_kills = container_oom_kills(container);
	container->ended = true;
	container->finished_at = wall_clock_ns();
	if (wait_code == CLD_EXITED)
		container->exit_code = (uint32_t)wait_status;
	else
		container->exit_signal = (uint32_t)wait_status;
	if (container->exit_write_path)
		write_file(container->exit_write_path, container->exit_write_text,
			   strlen(container->exit_write_text), &failure);
}

static void add_line(struct text *text, const char *key, uint64_t value)
{
	text_add(text, key);
	text_add(text, " ");
	text_add_number(text, value);
	text_add(text, "\n");
}

int container_record(struct container *container, uint64_t lost_log_bytes)
{
	char path[PATH_MAX];
	char record[320];
	struct text temporary = TEXT_IN(path);
	struct text text = TEXT_IN(record);

	if (!container->record_path || container->recorded) {
		container->recorded = true;
		return 0;
	}
	add_line(&text, "hearth-exit", 1);
	add_line(&text, "pid", (uint64_t)container->pid);
	add_line(&text, "started", (uint64_t)container->started_at);
	add_line(&text, "finished", (uint64_t)container->finished_at);
	add_line(&text, "code", container->exit_code);
	add_line(&text, "signal", container->exit_signal);
	add_line(&text, "oom-kills", container->oom_kills);
	add_line(&text, "lost-log-bytes", lost_log_bytes);
	text_add(&temporary, container->record_path);
	text_add(&temporary, ".new");
	cleanup_fd int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT) {
		/* The folder is gone: the daemon has removed all there was of us. */
		container->recorded = true;
		return 0;
	}
	if (fd < 0 || write_all(fd, record, text.length) < 0 ||
	    rename(path, container->record_path) < 0)
		return -1;
	container->recorded = true;
	return 0;
}
