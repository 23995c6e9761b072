#include "files.h"

#include "kernel.h"
#include "mounts.h"
#include "resolve.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

int do_device(int root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	mode_t mode = take_u32(&args);
	uint32_t major_number = take_u32(&args);
	uint32_t minor_number = take_u32(&args);
	dev_t device = makedev(major_number, minor_number);
	uid_t uid = take_u32(&args);
	gid_t gid = take_u32(&args);
	const char *name;
	struct stat found;
	cleanup_fd int parent = make_parent_in_root(root, path, &name, failure);

	if (parent < 0)
		return -1;
	if (mknodat(parent, name, mode, device) == 0) {
		if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(failure, "change the owner of", path);
		return 0;
	}
	/* The same device is no failure, and stays as it is; any other file is. */
	if (errno == EEXIST && fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (found.st_mode & S_IFMT) == (mode & S_IFMT) && found.st_rdev == device)
		return 0;
	return fail(failure, "make device", path);
}

int do_symlink(int root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	const char *target = take_text(&args);
	const char *name;
	struct stat found;
	cleanup_fd int parent = make_parent_in_root(root, path, &name, failure);

	if (parent < 0)
		return -1;
	if (symlinkat(target, parent, name) == 0)
		return 0;
	if (errno == EEXIST && fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(found.st_mode))
		return 0;
	return fail(failure, "make link", path);
}

int do_folder(int root, struct cursor args, struct failure *failure)
{
	const char *path = take_text(&args);
	mode_t mode = take_u32(&args);
	uid_t uid = take_u32(&args);
	gid_t gid = take_u32(&args);
	cleanup_fd int there = open_in_root(root, path, O_PATH | O_DIRECTORY, 0);

	if (there >= 0)
		return 0;
	cleanup_fd int made = make_folder_in_root(root, path, mode, failure);
	if (made < 0)
		return -1;
	if (fchownat(made, "", uid, gid, AT_EMPTY_PATH) < 0)
		return fail(failure, "change the owner of", path);
	return 0;
}

int set_window_size(int terminal, uint32_t rows, uint32_t columns)
{
	struct winsize size = {
		.ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)columns,
	};

	return ioctl(terminal, TIOCSWINSZ, &size);
}

/* The container made what lies at this path: believe only what the file system says of itself. */
static int open_master(int root)
{
	struct statfs fs;
	cleanup_fd int master =
		open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS);

	if (master < 0 || fstatfs(master, &fs) < 0)
		return -1;
	if (fs.f_type != DEVPTS_MAGIC) {
		errno = ENOTTY;
		return -1;
	}
	return take_fd(&master);
}

int do_terminal(int root, struct cursor args, struct terminal *terminal, struct failure *failure)
{
	uint32_t rows = take_u32(&args);
	uint32_t columns = take_u32(&args);
	uid_t uid = take_u32(&args);
	const char *console = take_text(&args);
	int unlocked = 0;
	cleanup_fd int master = open_master(root);

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return fail(failure, "open", "/dev/pts/ptmx");
	/* Not by its path: that could be another's by now. */
	cleanup_fd int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fail(failure, "open", "a terminal");
	if ((rows || columns) && set_window_size(slave, rows, columns) < 0)
		return fail(failure, "resize", "the terminal");
	if (fchown(slave, uid, (gid_t)-1) < 0)
		return fail(failure, "change the owner of", "the terminal");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail(failure, "control", "the terminal");
	if (*console && bind_file(root, slave, console, failure) < 0)
		return -1;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return fail(failure, "adopt", "the terminal");
	terminal->master = take_fd(&master);
	terminal->slave = take_fd(&slave);
	return 0;
}
