/* epoll and eventfd, as far as a selector uses them: level-triggered, one thread that waits and
 * changes what is watched. What it may not do fails the run: two threads in one wait, a change
 * during a wait, closing what is still watched.
 *
 * Events come in the order in which their descriptors were added; the kernel's order is not
 * promised either. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "internal.h"

struct epoll_watch {
    struct epoll_watch *next;
    struct handle *watched;
    uint32_t events;
    epoll_data_t data;
    struct handle_wait wait;
};

int sim_epoll_create1(int flags);
int sim_epoll_ctl(int fd, int operation, int watched_fd, struct epoll_event *event);
int sim_epoll_wait(int fd, struct epoll_event *ret_events, int room, int timeout_ms);
int sim_eventfd(unsigned initial, int flags);

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- eventfd -------------------------------------------------------------------------------- */

int sim_eventfd(unsigned initial, int flags)
{
    sched_point("eventfd");
    if (handle_table_full())
        return refuse(EMFILE);
    struct handle *handle =
        handle_new(HANDLE_EVENTFD, O_RDWR | ((flags & EFD_NONBLOCK) != 0 ? O_NONBLOCK : 0));
    handle->counter = initial;
    return handle_install(handle);
}

ssize_t counter_read(struct handle *handle, void *ret_bytes, size_t length)
{
    if (length < sizeof handle->counter)
        return refuse(EINVAL);
    while (handle->counter == 0) {
        if ((handle->flags & O_NONBLOCK) != 0)
            return refuse(EAGAIN);
        handle_block(handle, "reads an eventfd", NEVER);
    }
    own_copy(ret_bytes, &handle->counter, sizeof handle->counter);
    handle->counter = 0;
    return sizeof handle->counter;
}

ssize_t counter_write(struct handle *handle, const void *bytes, size_t length)
{
    uint64_t added;
    if (length < sizeof added)
        return refuse(EINVAL);
    own_copy(&added, bytes, sizeof added);
    handle->counter += added;
    handle_wake(handle);
    return sizeof added;
}

/* ---- epoll ---------------------------------------------------------------------------------- */

int sim_epoll_create1(int flags)
{
    (void)flags;
    sched_point("epoll_create1");
    if (handle_table_full())
        return refuse(EMFILE);
    return handle_install(handle_new(HANDLE_EPOLL, O_RDWR));
}

/* The set is closed; what it watched lives on. */
void epoll_forget(struct handle *handle)
{
    for (struct epoll_watch *watch = handle->epoll_watches; watch != NULL; watch = watch->next)
        watch->watched->watched_by--;
}

void epoll_close(struct handle *handle)
{
    while (handle->epoll_watches != NULL) {
        struct epoll_watch *watch = handle->epoll_watches;
        handle->epoll_watches = watch->next;
        own_free(watch, sizeof *watch);
    }
}

static struct handle *epoll_get(int fd)
{
    struct handle *handle = handle_get(fd);
    if (handle != NULL && handle->kind != HANDLE_EPOLL) {
        errno = EINVAL;
        return NULL;
    }
    return handle;
}

static int watch_add(struct handle *epoll, struct handle *watched, const struct epoll_event *event)
{
    struct epoll_watch **link = &epoll->epoll_watches;
    for (; *link != NULL; link = &(*link)->next)
        if ((*link)->watched == watched)
            return refuse(EEXIST);
    struct epoll_watch *watch = *link = own_alloc(sizeof *watch);
    watch->watched = watched;
    watch->events = event->events;
    watch->data = event->data;
    watched->watched_by++;
    return 0;
}

/* event NULL: watch it no more. */
static int watch_change(struct handle *epoll, struct handle *watched,
                        const struct epoll_event *event)
{
    struct epoll_watch **link = &epoll->epoll_watches;
    while (*link != NULL && (*link)->watched != watched)
        link = &(*link)->next;
    struct epoll_watch *watch = *link;
    if (watch == NULL)
        return refuse(ENOENT);
    if (event != NULL) {
        watch->events = event->events;
        watch->data = event->data;
        return 0;
    }
    *link = watch->next;
    own_free(watch, sizeof *watch);
    watched->watched_by--;
    return 0;
}

int sim_epoll_ctl(int fd, int operation, int watched_fd, struct epoll_event *event)
{
    sched_point("epoll_ctl");
    struct handle *epoll = epoll_get(fd);
    struct handle *watched = handle_get(watched_fd);
    if (epoll == NULL || watched == NULL)
        return -1;
    if (watched->kind != HANDLE_SOCKET && watched->kind != HANDLE_EVENTFD)
        return refuse(EPERM);
    if (epoll->users > 0)
        world_end(WORLD_FAILED, "epoll_ctl during an epoll_wait is not simulated");
    switch (operation) {
    case EPOLL_CTL_ADD:
        return watch_add(epoll, watched, event);
    case EPOLL_CTL_MOD:
        return watch_change(epoll, watched, event);
    case EPOLL_CTL_DEL:
        return watch_change(epoll, watched, NULL);
    default:
        return refuse(EINVAL);
    }
}

/* The bits of poll and of epoll are the same. */
static uint32_t watch_ready(const struct epoll_watch *watch)
{
    return (uint32_t)handle_ready(watch->watched) & (watch->events | EPOLLERR | EPOLLHUP);
}

static int collect_ready(const struct handle *epoll, struct epoll_event *ret_events, int room)
{
    int count = 0;
    for (const struct epoll_watch *watch = epoll->epoll_watches; watch != NULL && count < room;
         watch = watch->next) {
        uint32_t ready = watch_ready(watch);
        if (ready == 0)
            continue;
        ret_events[count].events = ready;
        ret_events[count++].data = watch->data;
    }
    return count;
}

static bool epoll_block(struct handle *epoll, int64_t deadline_ns)
{
    epoll->users++;
    for (struct epoll_watch *watch = epoll->epoll_watches; watch != NULL; watch = watch->next)
        handle_wait_begin(watch->watched, &watch->wait);
    bool timed_out = task_block(NULL, "waits for events", deadline_ns);
    for (struct epoll_watch *watch = epoll->epoll_watches; watch != NULL; watch = watch->next)
        handle_wait_end(watch->watched, &watch->wait);
    epoll->users--;
    return timed_out;
}

int sim_epoll_wait(int fd, struct epoll_event *ret_events, int room, int timeout_ms)
{
    sched_point("epoll_wait");
    struct handle *epoll = epoll_get(fd);
    if (epoll == NULL)
        return -1;
    if (room <= 0)
        return refuse(EINVAL);
    if (epoll->users > 0)
        world_end(WORLD_FAILED, "two threads in one epoll_wait are not simulated");
    if (timeout_ms != 0 && inject(INJECT_EINTR))
        return refuse(EINTR);
    int64_t deadline_ns = timeout_ms < 0 ? NEVER : world.now_ns + timeout_ms * MILLISECOND;
    int ready = collect_ready(epoll, ret_events, room);
    while (ready == 0 && timeout_ms != 0) {
        bool timed_out = epoll_block(epoll, deadline_ns);
        ready = collect_ready(epoll, ret_events, room);
        if (timed_out)
            break;
    }
    return ready;
}
