#include "loop.h"

int loop_open(struct loop *loop, struct failure *failure)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? fail(failure, "open", "an epoll set") : 0;
}

int loop_watch(struct loop *loop, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };
	int change = !events		? EPOLL_CTL_DEL :
		     source->watched ? EPOLL_CTL_MOD :
				       EPOLL_CTL_ADD;

	if (events == source->watched)
		return 0;
	if (epoll_ctl(loop->epoll, change, source->fd, &event) < 0)
		return -1;
	source->watched = events;
	return 0;
}

void loop_close(struct loop *loop, struct source *source)
{
	if (source->fd < 0)
		return;
	loop_watch(loop, source, 0);
	close_fd(&source->fd);
}

bool loop_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event event;
	struct source *source;

	if (epoll_wait(loop->epoll, &event, 1, timeout_ms) != 1)
		return false;
	source = event.data.ptr;
	source->ready(source, event.events);
	return true;
}
