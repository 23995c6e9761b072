/*
 * The plan: what the daemon wants carried out, as a flat list of steps.
 *
 * The program has no opinion. It carries out the steps in the order of the plan,
 * knows no defaults, and fails at the first step that fails, unless the step is
 * marked SOFT: then the failure is reported as a warning and the plan goes on.
 *
 * Layout. All numbers little-endian, nothing aligned or padded.
 *
 *   plan  = u32 magic "HPLN" | u16 version | u16 kind | u32 length | u32 steps | step*
 *   step  = u16 type | u16 flags | u32 length of the arguments | arguments
 *
 * length counts the whole plan and equals the size of what carries it; at most
 * PLAN_LIMIT. Arguments are the fields named beside each step below:
 *
 *   u32 u64   numbers
 *   text      u32 length, that many bytes without a NUL among them, a NUL
 *   bytes     u32 length, that many bytes
 *   texts     u32 count, then as many texts
 *   numbers   u32 count, then as many u32
 *   attrs     u32 count, then as many changes, each
 *             u32 flags (AT_RECURSIVE) | u64 set | u64 clear | u64 propagation
 *             as mount_setattr(2) takes them, carried out in their order; a set
 *             with MOUNT_ATTR_IDMAP takes the container's user namespace
 *   params    u32 count, then as many of: u32 1 or 0 | text key | text value,
 *             one fsconfig(2) each: FSCONFIG_SET_STRING if 1, FSCONFIG_SET_FLAG if 0
 *
 * A reader refuses the whole plan, before any step, when its version, kind, a
 * type, a length or a field is not as described here.
 *
 * Who carries out what: the steps 0x01.. are the shim's own, done before there is
 * a container; 0x02.. are the container's first process', in the new
 * namespaces; 0x03.. are that process' too, or an exec's.
 *
 * Paths "in the root" are resolved as if the root file system were /, without
 * magic links; nothing in it can lead out.
 */
#ifndef HEARTH_PLAN_H
#define HEARTH_PLAN_H

#include "base.h"

#define PLAN_MAGIC 0x4e4c5048u
#define PLAN_VERSION 1
#define PLAN_LIMIT (8u << 20)
#define PLAN_HEADER 16
#define STEP_HEADER 8

enum plan_kind {
	PLAN_LAUNCH = 1, /* start a container and look after it */
	PLAN_EXEC = 2, /* start a process in a container that runs */
	PLAN_PIN = 3, /* make namespaces, carry out steps in them, pin them, and be gone */
};

enum step_flags {
	STEP_SOFT = 1, /* a failure is a warning */
	STEP_SKIP_ABSENT = 2, /* a path that does not exist is no failure */
};

enum step_type {
	/* The shim's own cgroups: writes "0" into the file. Fields: text file */
	STEP_SHIM_CGROUP = 0x0101,
	/* A cgroup v2 directory the shim is cloned into. text directory */
	STEP_SHIM_CGROUP_DIR = 0x0102,
	/* The shim writes a file of the host. text path, bytes */
	STEP_SHIM_WRITE = 0x0103,
	/* Where the control socket is bound. text path */
	STEP_CONTROL = 0x0104,
	/* Where the exit is recorded. text path */
	STEP_EXIT_RECORD = 0x0105,
	/* The CRI log. text path, u32 mode, u32 longest line before it is split */
	STEP_LOG = 0x0106,
	/* u32 enum stdio_kind, u32 enum stdin_kind */
	STEP_STDIO = 0x0107,
	/* Read when the container has ended: a file of "key number" lines. text path, text key */
	STEP_OOM_COUNTER = 0x0108,
	/* Written when the container has ended. text path, bytes */
	STEP_EXIT_WRITE = 0x0109,
	/* How long output is awaited once the first process has ended. u32 milliseconds */
	STEP_DRAIN = 0x010a,
	/* A cgroup v2 directory the container (or exec) is cloned into. text directory */
	STEP_CGROUP_DIR = 0x010b,
	/* A cgroup file into which the container's process writes "0". text file */
	STEP_CGROUP_JOIN = 0x010c,
	/* New namespaces, as CLONE_NEW* flags without CLONE_NEWCGROUP. u64 flags */
	STEP_NAMESPACE_NEW = 0x010d,
	/* An existing namespace, one CLONE_NEW* flag. u64 flag, text path */
	STEP_NAMESPACE_JOIN = 0x010e,
	/* The maps of a new user namespace, as /proc/PID/uid_map takes them. text uid, text gid */
	STEP_ID_MAPS = 0x010f,
	/* A mount namespace to copy instead of the shim's. u32 descriptor */
	STEP_MOUNT_BASE = 0x0110,
	/* The owner of the pipes behind stdin, stdout and stderr, in the shim's own ids, so that the
	   process may open /dev/stdout anew. u32 uid, u32 gid */
	STEP_STDIO_OWNER = 0x0112,
	/* The plan's program is of the host and ends; it leaves the container's first process behind,
	   the shim's child by then, and its pid, in decimal, in a file. text file, u64 CLONE_NEW* flags
	   of the namespaces that process has and the shim may not */
	STEP_SUCCESSOR = 0x0113,
	/* PLAN_PIN: bind a new namespace to a file, created if absent. u64 flag, text path */
	STEP_PIN = 0x0111,

	/* Propagation of every mount of the new namespace. u64 flags for mount(2) on / */
	STEP_PROPAGATION = 0x0201,
	/* The root file system, attached at a directory of the host.
	   u32 descriptor of a detached mount, text at, attrs */
	STEP_ROOT_FD = 0x0202,
	/* text type, params, u32 attributes for fsmount, text at, attrs */
	STEP_ROOT_FS = 0x0203,
	/* text path on the host, u32 flags for open_tree, text at, attrs */
	STEP_ROOT_BIND = 0x0204,
	/* Mounts. The same sources; the target is a path in the root.
	   u32 descriptor, text target, u32 enum target_flags, attrs */
	STEP_MOUNT_FD = 0x0205,
	/* text type, params, u32 attributes for fsmount, text target, u32 enum target_flags, attrs */
	STEP_MOUNT_FS = 0x0206,
	/* text path on the host, u32 flags for open_tree, text target, u32 enum target_flags,
	   attrs */
	STEP_MOUNT_BIND = 0x0207,
	/* Mounts a path in the root on itself with other attributes. text path, attrs */
	STEP_REMOUNT = 0x0208,
	/* Hides a path in the root behind /dev/null or an empty folder. text path */
	STEP_MASK = 0x0209,
	/* mknod in the root. text path, u32 mode with type, u32 major, u32 minor, u32 uid, u32 gid */
	STEP_DEVICE = 0x020a,
	/* text path in the root, text what it points to */
	STEP_SYMLINK = 0x020b,
	/* A folder in the root and those above it; what exists stays as it is.
	   text path, u32 mode, u32 uid, u32 gid */
	STEP_FOLDER = 0x020c,
	/* A terminal from the container's own devpts becomes stdin, stdout, stderr. u32 rows,
	   u32 columns, u32 uid of its owner, text path in the root to bind it on, or "" */
	STEP_TERMINAL = 0x020d,
	/* The root file system becomes /; what was there is detached. No fields */
	STEP_PIVOT = 0x020e,
	/* mount_setattr of a mount already there. text path in the root, attrs */
	STEP_ATTRIBUTES = 0x020f,
	/* Writes an existing file, as the process itself sees it. text path, bytes */
	STEP_WRITE = 0x0210,
	/* text */
	STEP_HOSTNAME = 0x0211,
	/* text */
	STEP_DOMAINNAME = 0x0212,
	/* unshare(2). u64 flags */
	STEP_UNSHARE = 0x0213,
	/* Exec only: joins namespaces of the container's first process. u64 flags */
	STEP_ENTER = 0x0214,
	/* Binds what is at a path in the root, alone, to a path of the host that is made if absent.
	   text path in the root, text at */
	STEP_EXPOSE = 0x0215,

	/* u32 resource, u64 soft, u64 hard */
	STEP_RLIMIT = 0x0301,
	/* u32 */
	STEP_UMASK = 0x0302,
	/* setgroups, setresgid, setresuid. u32 uid, u32 gid, numbers supplementary groups */
	STEP_USER = 0x0303,
	/* PR_SET_KEEPCAPS. u32 0 or 1 */
	STEP_KEEP_CAPS = 0x0304,
	/* Drops every capability not in the set from the bounding set. u64 */
	STEP_BOUNDING = 0x0305,
	/* capset. u64 effective, u64 permitted, u64 inheritable */
	STEP_CAPABILITIES = 0x0306,
	/* Clears the ambient set, then raises these. u64 */
	STEP_AMBIENT = 0x0307,
	/* No fields */
	STEP_NO_NEW_PRIVS = 0x0308,
	/* u32 flags, bytes struct sock_filter[] */
	STEP_SECCOMP = 0x0309,
	/* The working directory, in the root. text path */
	STEP_WORKING_DIR = 0x030a,
	/* Closes every descriptor above 2 but the report's. No fields */
	STEP_CLOSE_FDS = 0x030c,
	/* 0, 1 and 2 move to this number and the next two, which an exec keeps, and are the null device
	   then. u32 first number */
	STEP_STDIO_ASIDE = 0x030b,
	/* The end: texts arguments, texts environment, text folders to search, as in PATH */
	STEP_EXEC = 0x030d,
	/* The end: be the process 1 that reaps. No fields */
	STEP_PAUSE = 0x030e,
};

enum stdio_kind {
	STDIO_NULL = 0,
	STDIO_PIPES = 1,
	STDIO_TERMINAL = 2,
};

enum stdin_kind {
	STDIN_NONE = 0,
	STDIN_ONCE = 1, /* closed when the first client that wrote it is gone */
	STDIN_KEPT = 2,
};

enum target_flags {
	TARGET_CREATE = 1, /* an absent target is made: a folder, or a file for a file */
	TARGET_NO_LINKS = 2, /* a symbolic link anywhere in the target is a failure */
};

/* A place in arguments. A field that does not fit sets broken and reads as empty. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool broken;
};

struct bytes {
	const void *at;
	uint32_t size;
};

struct attr_change {
	uint32_t flags;
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
};

struct step {
	uint16_t type;
	uint16_t flags;
	uint32_t index; /* counted from 0 in its plan */
	struct cursor args;
};

struct plan {
	enum plan_kind kind;
	uint32_t count;
	const uint8_t *steps;
	const uint8_t *end;
};

/* Checks all of it; afterwards no field of any step can be found broken. The
   memory stays the caller's, and texts point into it. */
int plan_open(struct plan *plan, const void *data, size_t size, struct failure *failure);

/* For each step: start with step.index = UINT32_MAX or plan_steps(). */
struct step plan_steps(const struct plan *plan);
bool plan_next(const struct plan *plan, struct step *step);

/* The first step of a type; false if there is none. */
bool plan_find(const struct plan *plan, enum step_type type, struct step *found);

uint16_t take_u16(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
const char *take_text(struct cursor *cursor);
struct bytes take_bytes(struct cursor *cursor);
struct attr_change take_attr_change(struct cursor *cursor);

/* Passes over a list of texts; returns their count. */
uint32_t skip_texts(struct cursor *cursor);

#endif
