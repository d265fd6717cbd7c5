/* The descriptors are non-blocking, and every wait is a poll(): one call must honour an idle
 * timeout, a deadline and a wake-up, and only poll() allows all three.
 *
 * A wake-up raises a flag under the socket's lock and then shuts the connection down. That ends
 * polls and calls in all threads, those under way and those to come: whatever state the socket was
 * in, Linux polls it as hung up from then on, and refuses to send. So a call looks at the flag only
 * when it finds the socket hung up, or when it fails. */
#include "zk/io/sock.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/inet_internal.h"
#include "io/lock_ranks.h"
#include "io/sock_descriptor.h"
#include "io/sock_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/base/refcount.h"
#include "zk/base/str.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"

struct sock {
    struct zk_refcount refs; /* each thread that uses it, each struct that points to it */
    struct zk_context *ctx;
    int fd;
    int domain; /* AF_INET or AF_INET6; the latter takes IPv4 addresses too */

    /* Set while one thread alone knows the socket. */
    struct inet_address local;
    struct inet_address remote;
    char conn_text[144]; /* two IPs with their ports, each of at most 62 letters */
    char end_text[72];   /* of a listener its own end; of a dial the far one */

    /* Used by the thread that reads. */
    int64_t timeout_ms;
    int64_t deadline_ms;
    /* Read by the threads that write; set before there are several. */
    int64_t write_timeout_ms;

    struct zk_mutex mu;         /* L-102. Guards: */
    bool woken GUARDED_BY(&mu); /* never goes back */
};

/* Room for a socket address of either family. */
union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int sock_error(struct sock *sock, int error);

/* ---- addresses ------------------------------------------------------------------------------- */

/* Writes the address as the socket's domain has it. Returns its length; 0 if the domain cannot
 * express it. */
static socklen_t to_socket_address(const struct inet_address *address, int domain,
                                   union socket_address *ret)
{
    *ret = (union socket_address){0};
    if (address->family == INET_UNRESOLVED || (domain == AF_INET && address->family == INET_V6))
        return 0;
    if (domain == AF_INET) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(address->port);
        memcpy(&ret->v4.sin_addr, address->ip, 4);
        return sizeof ret->v4;
    }
    uint8_t *ip = ret->v6.sin6_addr.s6_addr;
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = htons(address->port);
    if (address->family == INET_V6) {
        memcpy(ip, address->ip, 16);
        /* Without a zone the system takes no link-local address, not even its own. */
        ret->v6.sin6_scope_id =
            address->scope_id != 0 ? address->scope_id : inet_zone_of_own(address->ip);
    } else if (!inet_address_is_wildcard(address)) { /* as in Java, that of IPv4 is that of both */
        ip[10] = 0xff;
        ip[11] = 0xff;
        memcpy(ip + 12, address->ip, 4);
    }
    return sizeof ret->v6;
}

static struct inet_address from_socket_address(const union socket_address *from)
{
    struct inet_address address = {.family = INET_UNRESOLVED};
    inet_address_set_sockaddr_ip(&address, &from->any);
    if (from->any.sa_family == AF_INET)
        address.port = ntohs(from->v4.sin_port);
    else if (from->any.sa_family == AF_INET6)
        address.port = ntohs(from->v6.sin6_port);
    return address;
}

static int sock_learn_local(struct sock *sock)
{
    union socket_address local = {0};
    socklen_t length = sizeof local;
    if (getsockname(sock->fd, &local.any, &length) < 0)
        return -errno;
    sock->local = from_socket_address(&local);
    return 0;
}

/* Keeps the address that was dialled; if another IP answered, with that one: a dial of a wildcard
 * reaches a loopback address. A far end that has hung up since then has answered all the same: as
 * in Java, the first read or write tells that it is gone. */
static int sock_learn_remote(struct sock *sock, const struct inet_address *dialled)
{
    union socket_address remote = {0};
    socklen_t length = sizeof remote;
    sock->remote = *dialled;
    if (getpeername(sock->fd, &remote.any, &length) < 0)
        return errno == ENOTCONN ? 0 : sock_error(sock, errno);
    const struct inet_address answered = from_socket_address(&remote);
    if (!inet_address_equal(&answered, dialled))
        inet_address_copy_ip(&sock->remote, &answered);
    return 0;
}

/* Names the connection, of which both ends are known, as both sides name it. */
static void sock_name(struct sock *sock, const struct inet_address *dialler,
                      const struct inet_address *listener)
{
    zk_text_printf(sock->conn_text, sizeof sock->conn_text, "%s-%s",
                   inet_host_port_text(dialler).text, inet_host_port_text(listener).text);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Takes ownership of fd. */
static struct sock *sock_of_fd(struct zk_context *ctx, int domain, int fd)
{
    struct sock *sock = zk_xcalloc(1, sizeof *sock);
    zk_refcount_init(&sock->refs);
    sock->ctx = ctx;
    sock->fd = fd;
    sock->domain = domain;
    sock->deadline_ms = INT64_MAX;
    zk_mutex_init(&sock->mu, ctx, "sock", ZK_RANK_SOCK);
    return sock;
}

static int sock_new_domain(struct zk_context *ctx, int domain, struct sock **ret_sock)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    *ret_sock = sock_of_fd(ctx, domain, fd);
    return 0;
}

int sock_new(struct zk_context *ctx, enum inet_family family, struct sock **ret_sock)
{
    return sock_new_domain(ctx, family == INET_V6 ? AF_INET6 : AF_INET, ret_sock);
}

struct sock *sock_ref(struct sock *sock)
{
    zk_refcount_ref(&sock->refs);
    return sock;
}

void sock_unref(struct sock *sock)
{
    if (sock == NULL || !zk_refcount_unref(&sock->refs))
        return;
    close(sock->fd); /* Linux frees the number whatever close() says */
    zk_mutex_destroy(&sock->mu);
    free(sock);
}

void sock_wake(struct sock *sock)
{
    zk_mutex_lock(&sock->mu);
    if (!sock->woken) {
        sock->woken = true;
        /* It fails on a socket that is not connected: then nobody is blocked. */
        shutdown(sock->fd, SHUT_RDWR);
    }
    zk_mutex_unlock(&sock->mu);
}

static bool sock_woken(struct sock *sock)
{
    zk_mutex_lock(&sock->mu);
    bool woken = sock->woken;
    zk_mutex_unlock(&sock->mu);
    return woken;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Waits until the socket is ready for events, or until until_ms; how is what a thread dump says
 * meanwhile. Errors: -ETIMEDOUT, -ECANCELED. Errors of the connection count as ready: the call that
 * follows finds them. */
static int sock_wait(struct sock *sock, short events, int64_t until_ms, const char *how)
{
    for (;;) {
        int timeout = -1;
        if (until_ms != INT64_MAX) {
            int64_t left_ms = until_ms - zk_elapsed_ms();
            if (left_ms <= 0)
                return sock_error(sock, ETIMEDOUT);
            timeout = left_ms < INT_MAX ? (int)left_ms : INT_MAX;
        }
        struct pollfd watched = {.fd = sock->fd, .events = events};
        zk_thread_blocks(sock->ctx, how,
                         sock->conn_text[0] != '\0' ? sock->conn_text : sock->end_text);
        int ready = poll(&watched, 1, timeout);
        const int error = errno;
        zk_thread_goes_on(sock->ctx);
        if (ready < 0 && error != EINTR)
            return -error;
        if (ready > 0)
            return (watched.revents & POLLHUP) != 0 && sock_woken(sock) ? -ECANCELED : 0;
    }
}

/* Waits for bytes or for a caller, within the idle timeout and the deadline. */
static int sock_wait_readable(struct sock *sock, const char *how)
{
    int64_t until_ms = sock->timeout_ms > 0 ? zk_deadline_ms(sock->timeout_ms) : INT64_MAX;
    if (sock->deadline_ms < until_ms)
        until_ms = sock->deadline_ms;
    return sock_wait(sock, POLLIN, until_ms, how);
}

/* Returns what to report for a call that failed with error: whatever a woken socket fails with, the
 * reason is that it was woken. */
static int sock_error(struct sock *sock, int error)
{
    return sock_woken(sock) ? -ECANCELED : -error;
}

static bool is_transient(int error)
{
    return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* Under the lock a wake-up comes either before, and we see the flag, or after, and shuts down a
 * socket that connects. */
static int sock_connect_begin(struct sock *sock, const union socket_address *to, socklen_t length)
{
    int r = 0;
    zk_mutex_lock(&sock->mu);
    if (sock->woken)
        r = -ECANCELED;
    else if (connect(sock->fd, &to->any, length) < 0 && errno != EINPROGRESS && errno != EINTR)
        r = -errno;
    zk_mutex_unlock(&sock->mu);
    return r;
}

static int sock_connect_end(struct sock *sock)
{
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return error != 0 ? sock_error(sock, error) : 0;
}

/* Java: Socket.connect(endpoint, timeout) */
int sock_connect(struct sock *sock, const struct inet_address *address, int64_t timeout_ms)
{
    const int64_t until_ms = zk_deadline_ms(timeout_ms);
    union socket_address to;
    socklen_t length = to_socket_address(address, sock->domain, &to);
    if (length == 0)
        return address->family == INET_UNRESOLVED ? -EDESTADDRREQ : -EAFNOSUPPORT;

    zk_text_copy(sock->end_text, sizeof sock->end_text, inet_host_port_text(address).text);
    int r = sock_connect_begin(sock, &to, length);
    if (r == 0)
        r = sock_wait(sock, POLLOUT, until_ms, "waits for an answer from");
    if (r == 0)
        r = sock_connect_end(sock);
    if (r == 0)
        r = sock_learn_local(sock);
    if (r == 0)
        r = sock_learn_remote(sock, address);
    if (r == 0)
        sock_name(sock, &sock->local, &sock->remote);
    return r;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* The listener is dual-stack where the system has IPv6, as every socket of Java is. */
static int sock_new_listener(struct zk_context *ctx, const struct inet_address *address,
                             struct sock **ret_sock)
{
    struct sock *sock = NULL;
    int r = sock_new_domain(ctx, AF_INET6, &sock);
    if (r == -EAFNOSUPPORT && address->family == INET_V4)
        return sock_new_domain(ctx, AF_INET, ret_sock);
    if (r < 0)
        return r;
    int off = 0;
    if (setsockopt(sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0) {
        r = -errno;
        sock_unref(sock);
        return r;
    }
    *ret_sock = sock;
    return 0;
}

int sock_listen(struct zk_context *ctx, const struct inet_address *address, int backlog,
                struct sock **ret_sock)
{
    struct sock *sock = NULL;
    union socket_address at;
    int on = 1;

    int r = sock_new_listener(ctx, address, &sock);
    if (r < 0)
        return r;
    socklen_t length = to_socket_address(address, sock->domain, &at);
    if (length == 0) {
        r = address->family == INET_UNRESOLVED ? -EDESTADDRREQ : -EAFNOSUPPORT;
        goto out;
    }
    if (setsockopt(sock->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(sock->fd, &at.any, length) < 0 || listen(sock->fd, backlog) < 0) {
        r = -errno;
        goto out;
    }
    r = sock_learn_local(sock);
    if (r < 0)
        goto out;
    zk_text_copy(sock->end_text, sizeof sock->end_text, inet_host_port_text(&sock->local).text);
    *ret_sock = sock;
    return 0;
out:
    sock_unref(sock);
    return r;
}

/* Returns whether the error is one of the next caller's connection, not of the listener: Linux
 * reports such errors by accept(). */
static bool is_lost_caller(int error)
{
    return error == ECONNABORTED || error == EPROTO || error == ENETDOWN || error == ENETUNREACH ||
           error == EHOSTDOWN || error == EHOSTUNREACH || error == ENOPROTOOPT;
}

/* Returns whether the system is short of something that other connections will give back. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Waits before the next try. The log gets one line for each shortage, not ten a second. The wait is
 * for no event at all: it ends with its time, or when the listener is woken. */
static int sock_wait_out_shortage(struct sock *listener, int error, bool *was_told)
{
    if (!*was_told)
        zk_log(listener->ctx, ZK_LOG_ACCEPT_WAITS, listener->end_text, zk_error_text(-error).text);
    *was_told = true;
    int r =
        sock_wait(listener, 0, zk_deadline_ms(SOCK_ACCEPT_PAUSE_MS), "waits for descriptors at");
    return r == -ETIMEDOUT ? 0 : r;
}

int sock_accept_fd(struct sock *listener, int *ret_fd, struct inet_address *ret_caller)
{
    bool was_told = false;
    for (;;) {
        int r = sock_wait_readable(listener, "waits for a caller at");
        if (r < 0)
            return r;
        union socket_address caller = {0};
        socklen_t length = sizeof caller;
        int fd = accept4(listener->fd, &caller.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (is_transient(errno) || is_lost_caller(errno)))
            continue;
        if (fd < 0 && is_shortage(errno)) {
            r = sock_wait_out_shortage(listener, errno, &was_told);
            if (r < 0)
                return r;
            continue;
        }
        if (fd < 0)
            return sock_error(listener, errno);
        *ret_fd = fd;
        *ret_caller = from_socket_address(&caller);
        return 0;
    }
}

/* Java: ServerSocket.accept() */
int sock_accept(struct sock *listener, struct sock **ret_sock)
{
    for (;;) {
        int fd = -1; /* for the static analyzer: a result of 0 comes with a descriptor */
        struct inet_address caller;
        int r = sock_accept_fd(listener, &fd, &caller);
        if (r < 0)
            return r;
        struct sock *sock = sock_of_fd(listener->ctx, listener->domain, fd);
        sock->remote = caller;
        r = sock_learn_local(sock);
        if (r < 0) {
            sock_unref(sock);
            continue; /* the caller has gone */
        }
        sock_name(sock, &sock->remote, &sock->local);
        *ret_sock = sock;
        return 0;
    }
}

struct zk_context *sock_ctx(const struct sock *sock)
{
    return sock->ctx;
}

/* ---- options --------------------------------------------------------------------------------- */

static void sock_set_option(struct sock *sock, int level, int option, bool on)
{
    int value = on;
    /* Fails only when the far end has reset the connection, which the next call will tell. */
    setsockopt(sock->fd, level, option, &value, sizeof value);
}

void sock_set_no_delay(struct sock *sock, bool on)
{
    sock_set_option(sock, IPPROTO_TCP, TCP_NODELAY, on);
}

void sock_set_keep_alive(struct sock *sock, bool on)
{
    sock_set_option(sock, SOL_SOCKET, SO_KEEPALIVE, on);
}

void sock_set_timeout(struct sock *sock, int64_t timeout_ms)
{
    sock->timeout_ms = timeout_ms;
}

void sock_set_write_timeout(struct sock *sock, int64_t timeout_ms)
{
    sock->write_timeout_ms = timeout_ms;
}

void sock_set_deadline(struct sock *sock, int64_t deadline_ms)
{
    sock->deadline_ms = deadline_ms;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

int sock_read_some(struct sock *sock, void *ret_bytes, size_t room, size_t *ret_count)
{
    for (;;) {
        int r = sock_wait_readable(sock, "waits for bytes on connection");
        if (r < 0)
            return r;
        ssize_t count = recv(sock->fd, ret_bytes, room, 0);
        if (count < 0 && is_transient(errno))
            continue;
        if (count < 0)
            return sock_error(sock, errno);
        if (count == 0 && sock_woken(sock))
            return -ECANCELED;
        *ret_count = (size_t)count;
        return 0;
    }
}

int sock_read_fully(struct sock *sock, void *ret_bytes, size_t length)
{
    uint8_t *bytes = ret_bytes;
    while (length > 0) {
        size_t count;
        int r = sock_read_some(sock, bytes, length, &count);
        if (r < 0)
            return r;
        if (count == 0)
            return -EPIPE;
        bytes += count;
        length -= count;
    }
    return 0;
}

int sock_write_fully(struct sock *sock, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    while (length > 0) {
        ssize_t count = send(sock->fd, next, length, MSG_NOSIGNAL);
        if (count >= 0) {
            next += count;
            length -= (size_t)count;
            continue;
        }
        if (!is_transient(errno))
            return sock_error(sock, errno);
        int64_t until_ms =
            sock->write_timeout_ms > 0 ? zk_deadline_ms(sock->write_timeout_ms) : INT64_MAX;
        int r = sock_wait(sock, POLLOUT, until_ms, "waits for room on connection");
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

const struct inet_address *sock_local(const struct sock *sock)
{
    return &sock->local;
}

const struct inet_address *sock_remote(const struct sock *sock)
{
    return &sock->remote;
}

const char *sock_conn_text(const struct sock *sock)
{
    return sock->conn_text;
}

int sock_descriptor(const struct sock *sock)
{
    return sock->fd;
}
