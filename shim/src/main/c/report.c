#include "report.h"

#include <string.h>
#include <sys/socket.h>

void report_send(int fd, const struct report *report)
{
	int kept = errno;

	while (write(fd, report, sizeof(*report)) < 0 && errno == EINTR)
		;
	errno = kept;
}

void report_pid(int fd, enum report_kind kind, pid_t pid)
{
	struct report report = { .kind = kind, .step = REPORT_NO_STEP, .pid = (uint32_t)pid };

	report_send(fd, &report);
}

void report_failure(int fd, enum report_kind kind, uint16_t stage, uint32_t step,
		    const struct failure *failure)
{
	struct report report = {
		.kind = kind,
		.stage = stage,
		.step = step,
		.error = failure->error,
	};

	memcpy(report.text, failure->text, strnlen(failure->text, sizeof(report.text) - 1));
	report_send(fd, &report);
}

int report_terminal(int socket, int master, int slave)
{
	struct report report = { .kind = REPORT_TERMINAL, .step = REPORT_NO_STEP };
	struct iovec data = { .iov_base = &report, .iov_len = sizeof(report) };
	int fds[2] = { master, slave };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int report_receive(int socket, struct report *report, int fds[2], int flags)
{
	struct iovec data = { .iov_base = report, .iov_len = sizeof(*report) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size;

	fds[0] = fds[1] = -1;
	do {
		size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
	} while (size < 0 && errno == EINTR);
	if (size <= 0)
		return (int)size;
	/* There is never more than one item: descriptors are all that is asked for. */
	struct cmsghdr *item = CMSG_FIRSTHDR(&message);
	if (item && item->cmsg_type == SCM_RIGHTS && item->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(item), 2 * sizeof(int));
	report->text[sizeof(report->text) - 1] = '\0';
	return 1;
}
