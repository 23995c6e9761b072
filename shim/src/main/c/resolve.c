#include "resolve.h"

#include "kernel.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define LINK_LIMIT 40 /* as the kernel's own */
#define RETRY_LIMIT 10000

int open_in_root(int root, const char *path, int flags, uint64_t resolve)
{
	struct k_open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd;

	/* EAGAIN: somewhere on this machine something was renamed during a "..". */
	for (int tries = 0; tries < RETRY_LIMIT; tries++) {
		fd = k_openat2(root, path, &how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

static int open_folder(int root, const char *path)
{
	return open_in_root(root, *path ? path : "/", O_PATH | O_DIRECTORY, 0);
}

/* The path without trailing slashes and the place of its last component. */
static int split(const char *path, char parent[PATH_MAX], const char **name)
{
	size_t length = strnlen(path, PATH_MAX);
	size_t start;

	if (length >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	while (length > 0 && path[length - 1] == '/')
		length--;
	start = length;
	while (start > 0 && path[start - 1] != '/')
		start--;
	memcpy(parent, path, start);
	parent[start] = '\0';
	*name = path + start;
	return (int)(length - start);
}

/*
 * A dangling link stands where a folder should be: the folder is made where the
 * link points, as a shell's "mkdir -p $(readlink -m link)" would, seen from
 * inside the root. Puts "folder/target/rest" into path.
 */
static int follow_dangling(int parent, const char *folder, const char *name, const char *rest,
			   char path[PATH_MAX])
{
	char target[PATH_MAX];
	char whole[PATH_MAX];
	struct text text = TEXT_IN(whole);
	ssize_t length = readlinkat(parent, name, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = '\0';
	text_add(&text, target[0] == '/' ? "" : folder);
	text_add(&text, "/");
	text_add(&text, target);
	text_add(&text, *rest ? "/" : "");
	text_add(&text, rest);
	if (text.length >= sizeof(whole) - 1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, whole, text.length + 1);
	return 0;
}

/* Whether nothing but slashes follows a component whose end, a NUL for now, was end. */
static bool is_last(const char *at, char end)
{
	return !end || at[1 + strspn(at + 1, "/")] == '\0';
}

int make_folder_in_root(int root, const char *wanted, mode_t mode, struct failure *failure)
{
	char path[PATH_MAX];
	char component[NAME_MAX + 1];
	size_t done = 0; /* path[0..done) exists */
	int links = 0;
	int fd = open_folder(root, wanted);

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : fail(failure, "open folder", wanted);
	if (strnlen(wanted, PATH_MAX) >= PATH_MAX)
		return fail_with(failure, ENAMETOOLONG, "make folder", wanted);
	strcpy(path, wanted);
	fd = open_folder(root, "/");
	while (fd >= 0) {
		cleanup_fd int parent = fd;
		size_t start = done + strspn(path + done, "/");
		size_t length = strcspn(path + start, "/");
		char kept = path[start + length];

		if (length == 0)
			return take_fd(&parent);
		if (length > NAME_MAX)
			return fail_with(failure, ENAMETOOLONG, "make folder", wanted);
		memcpy(component, path + start, length);
		component[length] = '\0';
		path[start + length] = '\0';
		fd = open_folder(root, path);
		if (fd < 0 && errno == ENOENT &&
		    mkdirat(parent, component, is_last(path + start + length, kept) ? mode : 0755) == 0)
			fd = open_folder(root, path);
		if (fd < 0 && errno == EEXIST && ++links <= LINK_LIMIT) {
			path[start + length] = kept;
			char folder[PATH_MAX];
			memcpy(folder, path, start);
			folder[start] = '\0';
			if (follow_dangling(parent, folder, component, path + start + length,
					    path) < 0)
				break;
			done = 0;
			fd = open_folder(root, "/");
			continue;
		}
		path[start + length] = kept;
		done = start + length;
	}
	return fail(failure, "make folder", wanted);
}

int make_parent_in_root(int root, const char *path, const char **name, struct failure *failure)
{
	char parent[PATH_MAX];
	int length = split(path, parent, name);

	if (length < 0)
		return fail(failure, "make folder", path);
	if (length == 0 || (length == 1 && (*name)[0] == '.') ||
	    (length == 2 && (*name)[0] == '.' && (*name)[1] == '.') || (*name)[length] == '/')
		return fail_with(failure, EINVAL, "make", path);
	return make_folder_in_root(root, parent, 0755, failure);
}

/* Many images ship /etc/resolv.conf as a link to a file that is not there yet. */
static int make_file(int root, const char *wanted, struct failure *failure)
{
	char path[PATH_MAX];
	char folder[PATH_MAX];

	if (strnlen(wanted, PATH_MAX) >= PATH_MAX)
		return fail_with(failure, ENAMETOOLONG, "make file", wanted);
	strcpy(path, wanted);
	for (int links = 0; links < LINK_LIMIT; links++) {
		const char *name = path;
		cleanup_fd int parent = make_parent_in_root(root, path, &name, failure);
		if (parent < 0)
			return -1;
		/* O_EXCL also refuses a dangling link. */
		cleanup_fd int file =
			openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (file >= 0)
			return 0;
		memcpy(folder, path, (size_t)(name - path));
		folder[name - path] = '\0';
		if (errno != EEXIST || follow_dangling(parent, folder, name, "", path) < 0)
			return fail(failure, "make file", wanted);
	}
	return fail_with(failure, ELOOP, "make file", wanted);
}

int make_target_in_root(int root, const char *path, bool folder, uint64_t resolve,
			struct failure *failure)
{
	int fd = open_in_root(root, path, O_PATH, resolve);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return fail(failure, "open", path);
	if (folder) {
		fd = make_folder_in_root(root, path, 0755, failure);
		if (fd < 0 || !resolve)
			return fd;
		close_fd(&fd);
	} else if (make_file(root, path, failure) < 0) {
		return -1;
	}
	fd = open_in_root(root, path, O_PATH, resolve);
	return fd >= 0 ? fd : fail(failure, "open", path);
}
