#include "mounts.h"

#include "kernel.h"
#include "resolve.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_bind(uint16_t type)
{
	return type == STEP_ROOT_BIND || type == STEP_MOUNT_BIND;
}

static int apply_changes(int fd, struct cursor *args, int userns, const char *object,
			 struct failure *failure)
{
	uint32_t count = take_u32(args);

	for (uint32_t i = 0; i < count; i++) {
		struct attr_change change = take_attr_change(args);
		struct k_mount_attr attr = {
			.set = change.set,
			.clear = change.clear,
			.propagation = change.propagation,
		};
		if (change.set & MOUNT_ATTR_IDMAP)
			attr.userns_fd = (uint64_t)userns;
		if (k_mount_setattr(fd, "", AT_EMPTY_PATH | change.flags, &attr) < 0)
			return fail(failure, "change attributes of", object);
	}
	return 0;
}

int sources_open(struct sources *sources, const struct plan *plan, struct step *at,
		 struct failure *failure)
{
	sources->count = plan->count;
	sources->fds = malloc(plan->count * sizeof(int));
	if (!sources->fds)
		return fail(failure, "open sources", NULL);
	for (uint32_t i = 0; i < plan->count; i++)
		sources->fds[i] = -1;
	*at = plan_steps(plan);
	while (plan_next(plan, at)) {
		struct cursor args = at->args;
		const char *path;
		int fd;
		if (!is_bind(at->type))
			continue;
		path = take_text(&args);
		fd = k_open_tree(AT_FDCWD, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | take_u32(&args));
		if (fd < 0)
			return fail(failure, "open", path);
		sources->fds[at->index] = fd;
	}
	return 0;
}

int sources_change(const struct sources *sources, const struct plan *plan, int userns,
		   struct step *at, struct failure *failure)
{
	*at = plan_steps(plan);
	while (plan_next(plan, at)) {
		struct cursor args = at->args;
		const char *path;
		if (!is_bind(at->type))
			continue;
		path = take_text(&args);
		take_u32(&args);
		take_text(&args);
		if (at->type == STEP_MOUNT_BIND)
			take_u32(&args);
		if (apply_changes(sources->fds[at->index], &args, userns, path, failure) < 0)
			return -1;
	}
	return 0;
}

void sources_close(struct sources *sources)
{
	for (uint32_t i = 0; i < sources->count; i++)
		close_fd(&sources->fds[i]);
	free(sources->fds);
	*sources = (struct sources){ 0 };
}

/* What the file system itself has to say, where it says something: "e overlay: no lowerdir". */
static int fail_fs(struct failure *failure, int fs, const char *type, const char *key)
{
	struct text text = TEXT_IN(failure->text);
	int error = errno;
	char log[FAILURE_TEXT];
	ssize_t length = read(fs, log, sizeof(log) - 1);

	failure->error = error;
	text_add(&text, "mount ");
	text_add(&text, type);
	if (key) {
		text_add(&text, ", option ");
		text_add(&text, key);
	}
	if (length > 2) {
		log[length] = '\0';
		log[strcspn(log, "\n")] = '\0';
		text_add(&text, " (");
		text_add(&text, log + 2);
		text_add(&text, ")");
	}
	return -1;
}

static int make_fs(const char *type, struct cursor *args, struct failure *failure)
{
	uint32_t count = take_u32(args);
	cleanup_fd int fs = k_fsopen(type, FSOPEN_CLOEXEC);

	if (fs < 0)
		return fail(failure, "mount", type);
	for (uint32_t i = 0; i < count; i++) {
		bool has_value = take_u32(args);
		const char *key = take_text(args);
		const char *value = take_text(args);
		if (k_fsconfig(fs, has_value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key,
			       has_value ? value : NULL, 0) < 0)
			return fail_fs(failure, fs, type, key);
	}
	if (k_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_fs(failure, fs, type, NULL);
	int fd = k_fsmount(fs, FSMOUNT_CLOEXEC, take_u32(args));
	return fd >= 0 ? fd : fail_fs(failure, fs, type, NULL);
}

/* The detached mount a step speaks of; leaves args at the target. */
static int open_source(const struct root *root, const struct step *step, struct cursor *args,
		       struct failure *failure)
{
	switch (step->type) {
	case STEP_ROOT_FD:
	case STEP_MOUNT_FD:
		return (int)take_u32(args);
	case STEP_ROOT_FS:
	case STEP_MOUNT_FS:
		return make_fs(take_text(args), args, failure);
	default:
		take_text(args);
		take_u32(args);
		return root->sources->fds[step->index];
	}
}

int do_propagation(struct cursor args, struct failure *failure)
{
	if (k_mount(NULL, "/", NULL, (unsigned long)take_u64(&args), NULL) < 0)
		return fail(failure, "set propagation of", "/");
	return 0;
}

int do_root(struct root *root, const struct step *step, struct failure *failure)
{
	struct cursor args = step->args;
	cleanup_fd int fd = open_source(root, step, &args, failure);
	const char *at = take_text(&args);

	if (fd < 0)
		return -1;
	if (!is_bind(step->type) && apply_changes(fd, &args, -1, "the root", failure) < 0)
		return -1;
	if (k_move_mount(fd, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(failure, "attach the root at", at);
	root->fd = take_fd(&fd);
	return 0;
}

int do_mount(struct root *root, const struct step *step, struct failure *failure)
{
	struct cursor args = step->args;
	cleanup_fd int fd = open_source(root, step, &args, failure);
	const char *target = take_text(&args);
	uint32_t flags = take_u32(&args);
	uint64_t resolve = flags & TARGET_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0;
	struct stat top;

	if (fd < 0)
		return -1;
	if (!is_bind(step->type) && apply_changes(fd, &args, -1, target, failure) < 0)
		return -1;
	if (fstat(fd, &top) < 0)
		return fail(failure, "examine the source of", target);
	cleanup_fd int place = flags & TARGET_CREATE ?
		make_target_in_root(root->fd, target, S_ISDIR(top.st_mode), resolve, failure) :
		open_in_root(root->fd, target, O_PATH, resolve);
	if (place < 0)
		return flags & TARGET_CREATE ? -1 : fail(failure, "open", target);
	if (k_move_mount(fd, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(failure, "mount on", target);
	return 0;
}

int do_remount(struct root *root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	cleanup_fd int place = open_in_root(root->fd, path, O_PATH, 0);

	if (place < 0)
		return fail(failure, "open", path);
	cleanup_fd int tree = k_open_tree(place, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
						     AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0)
		return fail(failure, "clone", path);
	if (apply_changes(tree, &args, -1, path, failure) < 0)
		return -1;
	if (k_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(failure, "mount on", path);
	return 0;
}

/* The host's device, and truly the device: what an image calls /dev/null may be anything. */
static int open_null(struct root *root, struct failure *failure)
{
	struct stat device;

	if (root->null_device >= 0)
		return 0;
	root->null_device = open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (root->null_device < 0 || fstat(root->null_device, &device) < 0)
		return fail(failure, "open", "/dev/null");
	if (!S_ISCHR(device.st_mode) || device.st_rdev != makedev(1, 3))
		return fail_with(failure, ENODEV, "open", "/dev/null");
	return 0;
}

static int make_empty_folder(struct failure *failure)
{
	cleanup_fd int fs = k_fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || k_fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) < 0 ||
	    k_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    k_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail(failure, "make", "an empty folder");
	int fd = k_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd >= 0 ? fd : fail(failure, "make", "an empty folder");
}

/* The first mask of a folder takes the mount itself, the others clones of it. */
static int mask_cover(struct root *root, bool folder, struct failure *failure)
{
	int cover;

	if (!folder) {
		if (open_null(root, failure) < 0)
			return -1;
		cover = root->null_device;
	} else if (root->empty_folder < 0) {
		root->empty_folder = make_empty_folder(failure);
		return root->empty_folder < 0 ? -1 : fcntl(root->empty_folder, F_DUPFD_CLOEXEC, 0);
	} else {
		cover = root->empty_folder;
	}
	int fd = k_open_tree(cover, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return fd >= 0 ? fd : fail(failure, "clone", "a mask");
}

int do_mask(struct root *root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	cleanup_fd int place = open_in_root(root->fd, path, O_PATH, 0);
	struct stat masked;

	if (place < 0 || fstat(place, &masked) < 0)
		return fail(failure, "open", path);
	cleanup_fd int cover = mask_cover(root, S_ISDIR(masked.st_mode), failure);
	if (cover < 0)
		return -1;
	if (k_move_mount(cover, "", place, "",
			 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(failure, "mount on", path);
	return 0;
}

int do_attributes(struct root *root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	cleanup_fd int place = open_in_root(root->fd, path, O_PATH, 0);

	if (place < 0)
		return fail(failure, "open", path);
	return apply_changes(place, &args, -1, path, failure);
}

int do_pivot(struct root *root, struct failure *failure)
{
	/*
	 * pivot_root(2), "pivot_root(".", ".")": the old root comes to lie on top
	 * of the new one, and "." then names it.
	 */
	if (fchdir(root->fd) < 0)
		return fail(failure, "enter", "the root");
	if (k_pivot_root(".", ".") < 0)
		return fail(failure, "pivot_root", NULL);
	if (k_umount2(".", MNT_DETACH) < 0)
		return fail(failure, "detach", "the host's file systems");
	if (chdir("/") < 0)
		return fail(failure, "enter", "the root");
	return 0;
}

int do_expose(struct root *root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	const char *at = take_text(&args);
	cleanup_fd int found = open_in_root(root->fd, path, O_PATH, 0);
	cleanup_fd int made = -1;
	struct stat status;

	if (found < 0 || fstat(found, &status) < 0)
		return fail(failure, "open", path);
	cleanup_fd int tree =
		k_open_tree(found, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return fail(failure, "clone", path);
	if (S_ISDIR(status.st_mode)) {
		if (mkdir(at, 0700) < 0 && errno != EEXIST)
			return fail(failure, "make", at);
	} else {
		made = open(at, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (made < 0)
			return fail(failure, "make", at);
	}
	if (k_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(failure, "mount on", at);
	return 0;
}

int bind_file(int root, int file, const char *path, struct failure *failure)
{
	cleanup_fd int place = make_target_in_root(root, path, false, 0, failure);

	if (place < 0)
		return -1;
	cleanup_fd int tree =
		k_open_tree(file, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return fail(failure, "clone a mount for", path);
	if (k_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(failure, "mount on", path);
	return 0;
}
