/* One connection of a selector: its bytes in both directions.
 *
 * What is appended is copied into one growing piece of memory. The thread that has the channel
 * takes that piece as a whole and sends it, without the lock, while the next one grows; so a
 * hundred answers leave with one system call, and an idle channel has no buffer at all. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/inet_internal.h"
#include "io/lock_ranks.h"
#include "io/selector_internal.h"
#include "io/sock_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"

enum {
    FIRST_ROOM = 512,  /* of output: most replies fit */
    DRAIN_ROOM = 4096, /* of one read by channel_close */
    DRAIN_READS = 16,
};

/* ---- life ------------------------------------------------------------------------------------ */

static void set_option(int fd, int level, int option, bool on)
{
    int value = on;
    /* Fails only when the far end has reset the connection, which the next call will tell. */
    setsockopt(fd, level, option, &value, sizeof value);
}

int channel_accept(struct sock *listener, struct channel **ret_channel) UNSHARED
{
    int fd;
    struct inet_address caller;
    int r = sock_accept_fd(listener, &fd, &caller);
    if (r < 0)
        return r;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, true);
    struct channel *channel = zk_xcalloc(1, sizeof *channel);
    channel->family = caller.family;
    channel->port = caller.port;
    memcpy(channel->ip, caller.ip, sizeof channel->ip);
    channel->scope_id = caller.scope_id;
    zk_mutex_init(&channel->mu, sock_ctx(listener), "channel", ZK_RANK_CNXN_OUTPUT);
    channel->fd = fd;
    zk_atomic_long_init(&channel->interest_ops, 0);
    *ret_channel = channel;
    return 0;
}

void channel_free(struct channel *channel) UNSHARED
{
    if (channel == NULL)
        return;
    if (channel->fd >= 0)
        close(channel->fd);
    free(channel->output.bytes);
    free(channel->sending.bytes);
    zk_mutex_destroy(&channel->mu);
    free(channel);
}

void channel_set_keep_alive(struct channel *channel, bool on) UNSHARED
{
    set_option(channel->fd, SOL_SOCKET, SO_KEEPALIVE, on);
}

void channel_set_low_water(struct channel *channel, int bytes) UNSHARED
{
    setsockopt(channel->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

void channel_attach(struct channel *channel, void *attachment)
{
    channel->attachment = attachment;
}

void *channel_attachment(const struct channel *channel)
{
    return channel->attachment;
}

struct inet_address channel_remote(const struct channel *channel)
{
    struct inet_address remote = {.family = channel->family, .port = channel->port};
    memcpy(remote.ip, channel->ip, sizeof remote.ip);
    inet_address_set_scope(&remote, channel->scope_id);
    return remote;
}

int32_t channel_interest_ops(const struct channel *channel)
{
    return (int32_t)zk_atomic_long_get(&channel->interest_ops);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The thread that has the channel is the only one that closes it, so it may look at the descriptor
 * without the lock. */
int channel_read(struct channel *channel, void *ret_bytes, size_t room, size_t *ret_count) UNSHARED
{
    ssize_t count;
    do
        count = recv(channel->fd, ret_bytes, room, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    *ret_count = (size_t)count;
    return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void forget_output_locked(struct channel *channel) REQUIRES(&channel->mu)
{
    zk_mutex_assert_held(&channel->mu);
    channel->unsent -= channel->output.length;
    free(channel->output.bytes);
    channel->output = (struct output){0};
}

void channel_shutdown(struct channel *channel)
{
    zk_mutex_lock(&channel->mu);
    if (!channel->is_shut_down && channel->fd >= 0)
        shutdown(channel->fd, SHUT_RDWR);
    channel->is_shut_down = true;
    forget_output_locked(channel);
    zk_mutex_unlock(&channel->mu);
}

void channel_close(struct channel *channel)
{
    channel_shutdown(channel);
    uint8_t bytes[DRAIN_ROOM];
    size_t count = sizeof bytes;
    for (int i = 0; i < DRAIN_READS && count == sizeof bytes; i++) {
        if (channel_read(channel, bytes, sizeof bytes, &count) < 0)
            break;
    }
    zk_mutex_lock(&channel->mu);
    int fd = channel->fd;
    channel->fd = -1;
    zk_mutex_unlock(&channel->mu);
    close(fd); /* Linux frees the number whatever close() says */
}

/* ---- what is to be sent ---------------------------------------------------------------------- */

static void put(struct output *output, const struct channel_piece *pieces, size_t count)
{
    size_t length = output->length;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    if (length > output->room) {
        size_t room = output->room > 0 ? output->room : FIRST_ROOM;
        while (room < length)
            room *= 2;
        output->bytes = zk_xrealloc(output->bytes, room);
        output->room = room;
    }
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].length > 0)
            memcpy(output->bytes + output->length, pieces[i].bytes, pieces[i].length);
        output->length += pieces[i].length;
    }
    output->packets++;
}

size_t channel_append_quietly(struct channel *channel, const struct channel_piece *pieces,
                              size_t count)
{
    zk_mutex_lock(&channel->mu);
    if (!channel->is_shut_down && !channel->close_behind) {
        size_t before = channel->output.length;
        put(&channel->output, pieces, count);
        channel->unsent += channel->output.length - before;
        channel->flush_is_due = true;
    }
    size_t unsent = channel->unsent;
    zk_mutex_unlock(&channel->mu);
    return unsent;
}

size_t channel_append(struct channel *channel, const struct channel_piece *pieces, size_t count)
{
    size_t unsent = channel_append_quietly(channel, pieces, count);
    channel_request_update(channel);
    return unsent;
}

void channel_append_close(struct channel *channel)
{
    zk_mutex_lock(&channel->mu);
    channel->close_behind = true;
    channel->flush_is_due = true;
    zk_mutex_unlock(&channel->mu);
    channel_request_update(channel);
}

size_t channel_pending(struct channel *channel)
{
    zk_mutex_lock(&channel->mu);
    size_t unsent = channel->unsent;
    zk_mutex_unlock(&channel->mu);
    return unsent;
}

int64_t channel_blocked_ms(struct channel *channel)
{
    zk_mutex_lock(&channel->mu);
    int64_t since_ms = channel->blocked_since_ms;
    zk_mutex_unlock(&channel->mu);
    return since_ms > 0 ? zk_elapsed_ms() - since_ms : 0;
}

bool channel_has_output(struct channel *channel)
{
    zk_mutex_lock(&channel->mu);
    bool due = channel->flush_is_due;
    zk_mutex_unlock(&channel->mu);
    return due;
}

/* Takes what waits to be sent, and returns 0. Errors: -ENODATA, nothing waits; -ESHUTDOWN, nothing
 * waits, and the connection is to be closed. */
static int take_output(struct channel *channel)
{
    int r = 0;
    zk_mutex_lock(&channel->mu);
    if (channel->output.length > 0) {
        channel->sending = channel->output;
        channel->output = (struct output){0};
        channel->sent = 0;
    } else if (channel->close_behind) {
        r = -ESHUTDOWN;
    } else {
        channel->flush_is_due = false;
        r = -ENODATA;
    }
    zk_mutex_unlock(&channel->mu);
    return r;
}

/* Sends some of what has been taken. */
static int send_some(struct channel *channel, size_t max_write) UNSHARED
{
    size_t left = channel->sending.length - channel->sent;
    ssize_t count;
    do
        count = send(channel->fd, channel->sending.bytes + channel->sent,
                     left < max_write ? left : max_write, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    int r = 0;
    if (count < 0)
        r = errno == EWOULDBLOCK ? -EAGAIN : -errno;
    else
        channel->sent += (size_t)count;
    zk_mutex_lock(&channel->mu);
    if (r == 0)
        channel->unsent -= (size_t)count;
    if (r == 0)
        channel->blocked_since_ms = 0;
    else if (channel->blocked_since_ms == 0)
        channel->blocked_since_ms = zk_elapsed_ms();
    zk_mutex_unlock(&channel->mu);
    return r;
}

int channel_flush(struct channel *channel, size_t max_write, int64_t *ret_packets)
{
    *ret_packets = 0;
    for (;;) {
        if (channel->sent == channel->sending.length) {
            int r = take_output(channel);
            if (r < 0)
                return r == -ENODATA ? 0 : r;
        }
        while (channel->sent < channel->sending.length) {
            int r = send_some(channel, max_write);
            if (r < 0)
                return r;
        }
        *ret_packets += channel->sending.packets;
        free(channel->sending.bytes);
        channel->sending = (struct output){0};
        channel->sent = 0;
    }
}
