/*
 * The kernel's interface where the C library has no name for it: system calls
 * younger than musl 1.2.3 and the structures they take. Numbers and layouts are
 * those of linux/sched.h, linux/mount.h, linux/openat2.h and linux/capability.h;
 * x86_64 and aarch64 share all of them.
 */
#ifndef HEARTH_KERNEL_H
#define HEARTH_KERNEL_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

#define OPEN_TREE_CLONE 1u
#define OPEN_TREE_CLOEXEC ((unsigned)O_CLOEXEC)
#define MOVE_MOUNT_F_EMPTY_PATH 0x04u
#define MOVE_MOUNT_T_EMPTY_PATH 0x40u
#define FSOPEN_CLOEXEC 1u
#define FSMOUNT_CLOEXEC 1u
#define FSCONFIG_SET_FLAG 0u
#define FSCONFIG_SET_STRING 1u
#define FSCONFIG_CMD_CREATE 6u
#define MOUNT_ATTR_RDONLY 0x00000001ull
#define MOUNT_ATTR_NOSUID 0x00000002ull
#define MOUNT_ATTR_NODEV 0x00000004ull
#define MOUNT_ATTR_NOEXEC 0x00000008ull
#define MOUNT_ATTR_IDMAP 0x00100000ull
#define RESOLVE_NO_MAGICLINKS 0x02ull
#define RESOLVE_NO_SYMLINKS 0x04ull
#define RESOLVE_IN_ROOT 0x10ull
#define MNT_DETACH 2
#define DEVPTS_MAGIC 0x1cd1

struct k_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

struct k_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

struct k_mount_attr {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
	uint64_t userns_fd;
};

struct k_cap_header {
	uint32_t version;
	int pid;
};

struct k_cap_data {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};

#define K_CAP_VERSION_3 0x20080522u

struct k_bpf_program {
	uint16_t length; /* instructions of eight bytes */
	const void *instructions;
};

static inline pid_t k_clone3(struct k_clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

static inline int k_openat2(int dir, const char *path, const struct k_open_how *how)
{
	return (int)syscall(SYS_openat2, dir, path, how, sizeof(*how));
}

static inline int k_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags);
}

static inline int k_move_mount(int from_dir, const char *from, int to_dir, const char *to,
			       unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_dir, from, to_dir, to, flags);
}

static inline int k_fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int k_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, aux);
}

static inline int k_fsmount(int fs, unsigned flags, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs, flags, attributes);
}

static inline int k_mount_setattr(int dir, const char *path, unsigned flags,
				  const struct k_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dir, path, flags, attr, sizeof(*attr));
}

static inline int k_mount(const char *source, const char *target, const char *type,
			  unsigned long flags, const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static inline int k_umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

static inline int k_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int k_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int k_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static inline int k_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

#endif
