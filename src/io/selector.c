/* A selector is an epoll set, an eventfd that ends its wait, and a list of channels that it is to
 * look at.
 *
 * Java: java.nio.channels.Selector; NIOServerCnxnFactory.SelectorThread.updateQueue */
#include "zk/io/selector.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/lock_ranks.h"
#include "io/selector_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/thread.h"

enum { EVENTS_MAX = 256 }; /* of one system call; what is left comes with the next */

struct selector {
    struct zk_context *ctx;
    int epoll_fd;
    int wakeup_fd;
    struct epoll_event events[EVENTS_MAX]; /* of the selector's thread */

    struct zk_mutex mu;             /* L-101. Guards: */
    bool is_asleep GUARDED_BY(&mu); /* in the system, or about to be */
    bool is_woken GUARDED_BY(&mu);  /* by selector_wakeup */
    struct channel *first_update GUARDED_BY(&mu);
    struct channel *last_update GUARDED_BY(&mu);
};

/* ---- life ------------------------------------------------------------------------------------ */

int selector_new(struct zk_context *ctx, struct selector **ret_selector) UNSHARED
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        return -errno;
    int wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (wakeup_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wakeup_fd, &event) < 0) {
        int r = -errno;
        if (wakeup_fd >= 0)
            close(wakeup_fd);
        close(epoll_fd);
        return r;
    }
    struct selector *selector = zk_xcalloc(1, sizeof *selector);
    selector->ctx = ctx;
    selector->epoll_fd = epoll_fd;
    selector->wakeup_fd = wakeup_fd;
    zk_mutex_init(&selector->mu, ctx, "selector", ZK_RANK_SELECTOR);
    *ret_selector = selector;
    return 0;
}

void selector_free(struct selector *selector) UNSHARED
{
    if (selector == NULL)
        return;
    close(selector->epoll_fd);
    close(selector->wakeup_fd);
    zk_mutex_destroy(&selector->mu);
    free(selector);
}

void selector_adopt(struct selector *selector, struct channel *channel)
{
    channel->selector = selector;
}

/* ---- what is watched ------------------------------------------------------------------------- */

/* A channel that is watched for nothing is not in the set: the system would tell of its errors all
 * the same, again and again. */
int selector_set_interest_ops(struct selector *selector, struct channel *channel,
                              int32_t ops) UNSHARED
{
    int32_t before = channel_interest_ops(channel);
    if (ops == before)
        return 0;
    struct epoll_event event = {.data.ptr = channel};
    if ((ops & OP_READ) != 0)
        event.events |= EPOLLIN;
    if ((ops & OP_WRITE) != 0)
        event.events |= EPOLLOUT;
    int operation = EPOLL_CTL_MOD;
    if (ops == 0)
        operation = EPOLL_CTL_DEL;
    else if (before == 0)
        operation = EPOLL_CTL_ADD;
    if (epoll_ctl(selector->epoll_fd, operation, channel->fd, &event) < 0)
        return -errno;
    zk_atomic_long_set(&channel->interest_ops, ops);
    return 0;
}

static void unlink_update_locked(struct selector *selector, struct channel *channel)
    REQUIRES(&selector->mu)
{
    zk_mutex_assert_held(&selector->mu);
    if (!channel->update_is_due)
        return;
    channel->update_is_due = false;
    if (channel->previous_update != NULL)
        channel->previous_update->next_update = channel->next_update;
    else
        selector->first_update = channel->next_update;
    if (channel->next_update != NULL)
        channel->next_update->previous_update = channel->previous_update;
    else
        selector->last_update = channel->previous_update;
    channel->next_update = NULL;
    channel->previous_update = NULL;
}

void selector_cancel(struct selector *selector, struct channel *channel)
{
    int r = selector_set_interest_ops(selector, channel, 0);
    zk_assert(r == 0); /* taking a descriptor out of the set needs nothing of the system */
    zk_mutex_lock(&selector->mu);
    channel->is_cancelled = true;
    unlink_update_locked(selector, channel);
    zk_mutex_unlock(&selector->mu);
}

/* ---- updates --------------------------------------------------------------------------------- */

/* Makes epoll_wait return. A counter that is full does so already. */
static void write_wakeup(struct selector *selector)
{
    uint64_t one = 1;
    ssize_t count = write(selector->wakeup_fd, &one, sizeof one);
    (void)count;
}

void channel_request_update(struct channel *channel)
{
    struct selector *selector = channel->selector;
    bool wake = false;
    zk_mutex_lock(&selector->mu);
    if (!channel->is_cancelled && !channel->update_is_due) {
        channel->update_is_due = true;
        channel->previous_update = selector->last_update;
        if (selector->last_update != NULL)
            selector->last_update->next_update = channel;
        else
            selector->first_update = channel;
        selector->last_update = channel;
        wake = selector->is_asleep;
        selector->is_asleep = false;
    }
    zk_mutex_unlock(&selector->mu);
    if (wake)
        write_wakeup(selector);
}

struct channel *selector_next_update(struct selector *selector)
{
    zk_mutex_lock(&selector->mu);
    struct channel *channel = selector->first_update;
    if (channel != NULL)
        unlink_update_locked(selector, channel);
    zk_mutex_unlock(&selector->mu);
    return channel;
}

void selector_wakeup(struct selector *selector)
{
    zk_mutex_lock(&selector->mu);
    bool wake = selector->is_asleep;
    selector->is_asleep = false;
    selector->is_woken = true;
    zk_mutex_unlock(&selector->mu);
    if (wake)
        write_wakeup(selector);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Returns whether there is something to do without waiting; otherwise whoever asks for something
 * from now on writes to the eventfd. */
static bool lie_down(struct selector *selector)
{
    zk_mutex_lock(&selector->mu);
    bool has_work = selector->first_update != NULL || selector->is_woken;
    selector->is_woken = false;
    selector->is_asleep = !has_work;
    zk_mutex_unlock(&selector->mu);
    return has_work;
}

static void get_up(struct selector *selector)
{
    zk_mutex_lock(&selector->mu);
    selector->is_asleep = false;
    zk_mutex_unlock(&selector->mu);
}

static void read_wakeup(struct selector *selector)
{
    uint64_t count;
    ssize_t length = read(selector->wakeup_fd, &count, sizeof count);
    (void)length; /* it is non-blocking, and there was something to read */
}

/* Java: Selector.select() */
size_t selector_select(struct selector *selector, int timeout_ms, struct selector_ready *ret_ready,
                       size_t room)
{
    size_t count = 0;
    int wanted = room < EVENTS_MAX ? (int)room : EVENTS_MAX;
    bool has_work = lie_down(selector);
    zk_thread_blocks(selector->ctx, "waits for", "clients");
    int ready = epoll_wait(selector->epoll_fd, selector->events, wanted, has_work ? 0 : timeout_ms);
    zk_thread_goes_on(selector->ctx);
    if (!has_work)
        get_up(selector);
    for (int i = 0; i < ready; i++) {
        const struct epoll_event *event = &selector->events[i];
        struct channel *channel = event->data.ptr;
        if (channel == NULL) {
            read_wakeup(selector);
            continue;
        }
        int32_t ops = 0;
        if ((event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
            ops |= OP_READ;
        if ((event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
            ops |= OP_WRITE;
        ret_ready[count++] =
            (struct selector_ready){.channel = channel, .ops = ops & channel_interest_ops(channel)};
    }
    return count;
}
