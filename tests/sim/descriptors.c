/* The table of descriptors, as the kernel keeps it: the lowest free number first, so that a program
 * that uses a number after close() soon hits somebody else's file. Descriptors 1 and 2 take the
 * trace and the log; 0 is nothing.
 *
 * No call may be blocked on a descriptor that another thread closes: what the kernel does then is
 * not what anybody wants, so it fails the run. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

enum { POLLED_MAX = 16 };

int sim_close(int fd);
int sim_poll(struct pollfd *watched, nfds_t count, int timeout_ms);
int sim_fcntl(int fd, int command, ...);
int sim_fcntl64(int fd, int command, ...) __attribute__((alias("sim_fcntl")));
int sim_fcntl_time64(int fd, int command, ...) __attribute__((alias("sim_fcntl")));
int sim_getrlimit(int resource, struct rlimit *ret_limit);
int sim_getrlimit64(int resource, struct rlimit *ret_limit) __attribute__((alias("sim_getrlimit")));
ssize_t sim_read(int fd, void *ret_bytes, size_t length);
ssize_t sim_write(int fd, const void *bytes, size_t length);
int sim_poll_chk(struct pollfd *watched, nfds_t count, int timeout_ms, size_t size);
ssize_t sim_read_chk(int fd, void *ret_bytes, size_t length, size_t size);

struct handle *handle_new(enum handle_kind kind, int flags)
{
    struct handle *handle = own_alloc(sizeof *handle);
    handle->kind = kind;
    handle->flags = flags;
    return handle;
}

static void handle_free(struct handle *handle, bool power_loss)
{
    if (handle->end != NULL)
        end_close(handle->end, power_loss);
    if (handle->inode != NULL)
        inode_unref(handle->inode);
    epoll_close(handle);
    own_free(handle, sizeof *handle);
}

static int lowest_free(struct process *process)
{
    for (int fd = process->taken_to; fd < DESCRIPTORS_MAX; fd++) {
        if (process->handles[fd] == NULL) {
            process->taken_to = fd;
            return fd;
        }
    }
    return -1;
}

bool handle_table_full(void)
{
    return lowest_free(process_running()) < 0 || inject(INJECT_EMFILE);
}

int handle_install(struct handle *handle)
{
    struct process *process = process_running();
    int fd = lowest_free(process);
    if (fd < 0) {
        handle_free(handle, false);
        errno = EMFILE;
        return -1;
    }
    process->handles[fd] = handle;
    process->handle_count++;
    return fd;
}

struct handle *handle_get(int fd)
{
    struct process *process = process_running();
    if (fd < 0 || fd >= DESCRIPTORS_MAX || process->handles[fd] == NULL) {
        errno = EBADF;
        return NULL;
    }
    return process->handles[fd];
}

void handle_wait_begin(struct handle *handle, struct handle_wait *wait)
{
    *wait = (struct handle_wait){.task = world.running, .next = handle->waits};
    if (handle->waits != NULL)
        handle->waits->prev = wait;
    handle->waits = wait;
    handle->users++;
}

void handle_wait_end(struct handle *handle, struct handle_wait *wait)
{
    if (wait->prev != NULL)
        wait->prev->next = wait->next;
    else
        handle->waits = wait->next;
    if (wait->next != NULL)
        wait->next->prev = wait->prev;
    handle->users--;
}

bool handle_block(struct handle *handle, const char *waits_for, int64_t deadline_ns)
{
    struct handle_wait wait;
    handle_wait_begin(handle, &wait);
    bool timed_out = task_block(NULL, waits_for, deadline_ns);
    handle_wait_end(handle, &wait);
    return timed_out;
}

void handle_wake(struct handle *handle)
{
    if (handle == NULL)
        return;
    for (struct handle_wait *wait = handle->waits; wait != NULL; wait = wait->next)
        task_wake(wait->task);
}

int sim_close(int fd)
{
    sched_point("close");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        world_end(WORLD_FAILED, "close(%d): it is not open; closed twice?", fd);
    if (handle->users > 0)
        world_end(WORLD_FAILED, "close(%d) while another thread is blocked on it", fd);
    if (handle->watched_by > 0)
        world_end(WORLD_FAILED, "close(%d) while an epoll set watches it", fd);
    epoll_forget(handle);
    struct process *process = process_running();
    process->handles[fd] = NULL;
    process->handle_count--;
    if (fd < process->taken_to)
        process->taken_to = fd;
    handle_free(handle, false);
    return 0;
}

void handles_close_all(struct process *process, bool power_loss)
{
    for (int fd = FIRST_DESCRIPTOR; process->handle_count > 0; fd++) {
        struct handle *handle = process->handles[fd];
        if (handle == NULL)
            continue;
        process->handles[fd] = NULL;
        process->handle_count--;
        handle->waits = NULL; /* they lay on stacks that are gone */
        handle_free(handle, power_loss);
    }
}

/* ---- poll ----------------------------------------------------------------------------------- */

short handle_ready(const struct handle *handle)
{
    if (handle->kind == HANDLE_SOCKET)
        return end_ready(handle->end);
    if (handle->kind == HANDLE_EVENTFD)
        return handle->counter > 0 ? POLLIN | POLLOUT : POLLOUT;
    return POLLIN | POLLOUT;
}

static short poll_one(const struct pollfd *watched)
{
    if (watched->fd < 0)
        return 0;
    struct handle *handle = handle_get(watched->fd);
    if (handle == NULL)
        return POLLNVAL;
    short ready = handle_ready(handle);
    return (short)(ready & (watched->events | POLLERR | POLLHUP));
}

static int poll_all(struct pollfd *watched, nfds_t count)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        watched[i].revents = poll_one(&watched[i]);
        ready += watched[i].revents != 0;
    }
    return ready;
}

static bool poll_block(const struct pollfd *watched, nfds_t count, int64_t deadline_ns)
{
    struct handle_wait waits[POLLED_MAX];
    struct handle *handles[POLLED_MAX];
    for (nfds_t i = 0; i < count; i++) {
        handles[i] = watched[i].fd >= 0 ? handle_get(watched[i].fd) : NULL;
        if (handles[i] != NULL)
            handle_wait_begin(handles[i], &waits[i]);
    }
    bool timed_out = task_block(NULL, "polls", deadline_ns);
    for (nfds_t i = 0; i < count; i++)
        if (handles[i] != NULL)
            handle_wait_end(handles[i], &waits[i]);
    return timed_out;
}

int sim_poll(struct pollfd *watched, nfds_t count, int timeout_ms)
{
    sched_point("poll");
    if (count > POLLED_MAX)
        world_end(WORLD_FAILED, "poll of more than %d descriptors is not simulated", POLLED_MAX);
    if (timeout_ms != 0 && inject(INJECT_EINTR)) {
        errno = EINTR;
        return -1;
    }
    int64_t deadline_ns = timeout_ms < 0 ? NEVER : world.now_ns + timeout_ms * MILLISECOND;
    int ready = poll_all(watched, count);
    while (ready == 0 && timeout_ms != 0) {
        bool timed_out = poll_block(watched, count, deadline_ns);
        ready = poll_all(watched, count);
        if (timed_out)
            break;
    }
    return ready;
}

/* ---- the rest ------------------------------------------------------------------------------- */

int sim_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    int value = command == F_SETFL || command == F_SETFD ? va_arg(args, int) : 0;
    va_end(args);
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    switch (command) {
    case F_GETFL:
        return handle->flags;
    case F_SETFL:
        handle->flags = (handle->flags & ~O_NONBLOCK) | (value & O_NONBLOCK);
        return 0;
    case F_GETFD:
        return FD_CLOEXEC;
    case F_SETFD:
        return 0;
    default:
        world_end(WORLD_FAILED, "fcntl(%d) is not simulated", command);
    }
}

int sim_getrlimit(int resource, struct rlimit *ret_limit)
{
    rlim_t limit = resource == RLIMIT_NOFILE ? DESCRIPTORS_MAX : RLIM_INFINITY;
    *ret_limit = (struct rlimit){.rlim_cur = limit, .rlim_max = limit};
    return 0;
}

ssize_t sim_read(int fd, void *ret_bytes, size_t length)
{
    sched_point("read");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind == HANDLE_SOCKET)
        return end_recv(handle, ret_bytes, length, 0);
    if (handle->kind == HANDLE_EVENTFD)
        return counter_read(handle, ret_bytes, length);
    return data_read(handle, ret_bytes, length, -1);
}

ssize_t sim_write(int fd, const void *bytes, size_t length)
{
    if (fd == FD_TRACE || fd == FD_LOG) { /* no point: who looks must not change anything */
        process_wrote(process_running(), fd, bytes, length);
        return (ssize_t)length;
    }
    sched_point("write");
    struct handle *handle = handle_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->kind == HANDLE_SOCKET)
        return end_send(handle, bytes, length, 0);
    if (handle->kind == HANDLE_EVENTFD)
        return counter_write(handle, bytes, length);
    return data_write(handle, bytes, length, -1);
}

/* What the fortified headers call: with the size of the buffer. */
int sim_poll_chk(struct pollfd *watched, nfds_t count, int timeout_ms, size_t size)
{
    if (size / sizeof *watched < count)
        world_end(WORLD_FAILED, "poll overruns its array");
    return sim_poll(watched, count, timeout_ms);
}

ssize_t sim_read_chk(int fd, void *ret_bytes, size_t length, size_t size)
{
    if (length > size)
        world_end(WORLD_FAILED, "read overruns its buffer");
    return sim_read(fd, ret_bytes, length);
}
