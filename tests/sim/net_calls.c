/* The socket calls, for TCP over IPv4; socket(AF_INET6) fails as on a machine without IPv6. What
 * each one returns, and which poll bits stand when, was learnt from the kernel: conformance.c asks
 * both the same questions. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net_internal.h"

enum { NETWORK = 10 << 24 }; /* host 3 is 10.0.0.3 */

int sim_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                    struct addrinfo **ret_answers);
void sim_freeaddrinfo(struct addrinfo *answers);
int sim_getifaddrs(struct ifaddrs **ret_entries);
void sim_freeifaddrs(struct ifaddrs *entries);
unsigned sim_if_nametoindex(const char *name);
int sim_socket(int domain, int type, int protocol);
int sim_bind(int fd, const struct sockaddr *address, socklen_t length);
int sim_listen(int fd, int backlog);
int sim_accept4(int fd, struct sockaddr *ret_address, socklen_t *length, int flags);
int sim_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t sim_send(int fd, const void *bytes, size_t length, int flags);
ssize_t sim_recv(int fd, void *ret_bytes, size_t length, int flags);
ssize_t sim_recv_chk(int fd, void *ret_bytes, size_t length, size_t size, int flags);
int sim_shutdown(int fd, int how);
int sim_setsockopt(int fd, int level, int option, const void *value, socklen_t length);
int sim_setsockopt64(int fd, int level, int option, const void *value, socklen_t length)
    __attribute__((alias("sim_setsockopt")));
int sim_getsockopt(int fd, int level, int option, void *ret_value, socklen_t *length);
int sim_getsockopt64(int fd, int level, int option, void *ret_value, socklen_t *length)
    __attribute__((alias("sim_getsockopt")));
int sim_getsockname(int fd, struct sockaddr *ret_address, socklen_t *length);
int sim_getpeername(int fd, struct sockaddr *ret_address, socklen_t *length);

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct handle *socket_get(int fd)
{
    struct handle *handle = handle_get(fd);
    if (handle != NULL && handle->kind != HANDLE_SOCKET) {
        errno = ENOTSOCK;
        return NULL;
    }
    return handle;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static struct in_addr ip_of_host(int host)
{
    return (struct in_addr){.s_addr = htonl((uint32_t)NETWORK | (uint32_t)host)};
}

/* -1: nobody has that address. */
static int host_of_ip(struct in_addr ip)
{
    uint32_t address = ntohl(ip.s_addr);
    if (address == INADDR_LOOPBACK || address == INADDR_ANY)
        return process_running()->host;
    uint32_t host = address - (uint32_t)NETWORK;
    return host > 0 && host < HOSTS_MAX ? (int)host : -1;
}

static void put_address(struct sockaddr *ret_address, socklen_t *length, struct in_addr ip,
                        uint16_t port)
{
    if (ret_address == NULL)
        return;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip};
    memcpy(ret_address, &address, *length < sizeof address ? *length : sizeof address);
    *length = sizeof address;
}

/* The name of a host is "peer" and its number. */
int sim_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                    struct addrinfo **ret_answers)
{
    struct answer {
        struct addrinfo info;
        struct sockaddr_in address;
    };
    (void)service;
    (void)hints;
    sched_point("getaddrinfo");
    uint64_t pause_ns = chance_below(CHANCE_NET, (uint64_t)world.character.lookup_max_ns);
    task_block(NULL, "looks a name up", world.now_ns + (int64_t)pause_ns);
    struct in_addr ip;
    if (strncmp(node, "peer", 4) == 0 && atoi(node + 4) > 0 && atoi(node + 4) < HOSTS_MAX)
        ip = ip_of_host(atoi(node + 4));
    else if (inet_pton(AF_INET, node, &ip) != 1)
        return EAI_NONAME;
    struct answer *answer = sim_calloc(1, sizeof *answer);
    if (answer == NULL)
        return EAI_MEMORY;
    answer->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = ip};
    answer->info = (struct addrinfo){
        .ai_family = AF_INET,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = sizeof answer->address,
        .ai_addr = (struct sockaddr *)&answer->address,
    };
    *ret_answers = &answer->info;
    return 0;
}

void sim_freeaddrinfo(struct addrinfo *answers)
{
    sim_free(answers);
}

/* No simulated host has an interface of IPv6, so no zone is one of its own. */
int sim_getifaddrs(struct ifaddrs **ret_entries)
{
    *ret_entries = NULL;
    return 0;
}

void sim_freeifaddrs(struct ifaddrs *entries)
{
    (void)entries;
}

unsigned sim_if_nametoindex(const char *name)
{
    (void)name;
    return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

int sim_socket(int domain, int type, int protocol)
{
    (void)protocol;
    sched_point("socket");
    if (domain == AF_INET6)
        return fail(EAFNOSUPPORT);
    if (domain != AF_INET || (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
        world_end(WORLD_FAILED, "socket: only TCP is simulated");
    if (handle_table_full())
        return fail(EMFILE);
    struct handle *handle =
        handle_new(HANDLE_SOCKET, O_RDWR | ((type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0));
    handle->end = end_new(process_running()->host);
    handle->end->handle = handle;
    return handle_install(handle);
}

int sim_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)length;
    sched_point("bind");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    const struct sockaddr_in *at = (const struct sockaddr_in *)(const void *)address;
    struct end *end = handle->end;
    if (end->state != END_FRESH)
        return fail(EINVAL);
    if (host_of_ip(at->sin_addr) != end->host)
        return fail(EADDRNOTAVAIL);
    uint16_t port = ntohs(at->sin_port);
    if (port == 0)
        port = host_running()->next_port++;
    if (listener_find(end->host, port) != NULL)
        return fail(EADDRINUSE);
    end->ip = at->sin_addr;
    end->port = port;
    end->state = END_BOUND;
    return 0;
}

int sim_listen(int fd, int backlog)
{
    sched_point("listen");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    struct end *end = handle->end;
    if (end->state != END_BOUND)
        return fail(EINVAL);
    if (listener_find(end->host, end->port) != NULL)
        return fail(EADDRINUSE);
    end->backlog = backlog > 0 ? backlog : 0;
    listener_add(end);
    return 0;
}

/* The oldest connection of the listener's queue. */
static struct end *queue_take(struct end *listener)
{
    struct end *end = listener->queue;
    listener->queue = end->queue_next;
    listener->queued--;
    end->queue_next = NULL;
    end->accepted = true;
    return end;
}

int sim_accept4(int fd, struct sockaddr *ret_address, socklen_t *length, int flags)
{
    sched_point("accept4");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    struct end *listener = handle->end;
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    while (listener->state == END_LISTENS && listener->queue == NULL) {
        if ((handle->flags & O_NONBLOCK) != 0)
            return fail(EAGAIN);
        handle_block(handle, "accepts", NEVER);
    }
    if (listener->state != END_LISTENS)
        return fail(EINVAL);
    if (handle_table_full())
        return fail(EMFILE);
    struct end *end = queue_take(listener);
    if (inject(INJECT_ECONNABORTED)) {
        end_close(end, false);
        return fail(ECONNABORTED);
    }
    struct handle *accepted =
        handle_new(HANDLE_SOCKET, O_RDWR | ((flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0));
    accepted->end = end;
    end->handle = accepted;
    put_address(ret_address, length, end->far_ip, end->far_port);
    return handle_install(accepted);
}

int sim_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)length;
    sched_point("connect");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    const struct sockaddr_in *to = (const struct sockaddr_in *)(const void *)address;
    struct end *end = handle->end;
    int host = host_of_ip(to->sin_addr);
    if (end->state == END_UP && !end->connect_told) {
        end->connect_told = true; /* how a call in the background has ended */
        return 0;
    }
    if (end->state == END_UP)
        return fail(EISCONN);
    if (end->state == END_CONNECTS)
        return fail(EALREADY);
    if (end->state != END_FRESH)
        world_end(WORLD_FAILED, "connect of a used socket is not simulated");
    if (host < 0)
        return fail(ENETUNREACH);
    end->far_ip = to->sin_addr;
    if (end->far_ip.s_addr == htonl(INADDR_ANY))
        end->far_ip.s_addr = htonl(INADDR_LOOPBACK);
    end->far_port = ntohs(to->sin_port);
    end->ip = end->far_ip.s_addr == htonl(INADDR_LOOPBACK) ? end->far_ip : ip_of_host(end->host);
    end->port = host_running()->next_port++;
    end_dial(end, host);
    if ((handle->flags & O_NONBLOCK) != 0)
        return fail(EINPROGRESS);
    while (end->state == END_CONNECTS)
        handle_block(handle, "connects", NEVER);
    if (end->state == END_UP) {
        end->connect_told = true;
        return 0;
    }
    int error = end->error;
    end->error = 0;
    return fail(error);
}

/* A socket that connects or listens is disconnected; one that is up says that it is done. */
int sim_shutdown(int fd, int how)
{
    sched_point("shutdown");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    struct end *end = handle->end;
    switch (end->state) {
    case END_LISTENS:
        if (how == SHUT_WR)
            return 0;
        listener_remove(end, false);
        end->state = END_BROKEN;
        handle_wake(handle);
        return 0;
    case END_CONNECTS:
        end_disconnect(end, ECONNRESET);
        return 0;
    case END_UP:
        break;
    case END_FRESH:
    case END_BOUND:
    case END_BROKEN:
        end->shut_read |= how != SHUT_WR; /* Linux notes it all the same */
        return fail(ENOTCONN);
    }
    if (how == SHUT_RD || how == SHUT_RDWR)
        end->shut_read = true;
    if ((how == SHUT_WR || how == SHUT_RDWR) && !end->shut_write) {
        end->shut_write = true;
        end_send_segment(end, SEGMENT_FIN, NULL, 0);
    }
    handle_wake(handle);
    return 0;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static bool is_nonblocking(const struct handle *handle, int flags)
{
    return (handle->flags & O_NONBLOCK) != 0 || (flags & MSG_DONTWAIT) != 0;
}

/* Why nothing can be sent any more; 0: it can. */
static int send_error(struct end *end)
{
    int error = end->error;
    end->error = 0;
    if (error != 0) {
        end->shut_write = true;
        return error;
    }
    if (end->state == END_CONNECTS)
        return EAGAIN;
    return end->state != END_UP || end->shut_write ? EPIPE : 0;
}

static void send_pieces(struct end *end, const char *bytes, size_t length)
{
    const uint32_t split_one_in = world.character.split_one_in;
    while (length > 0) {
        size_t piece = length;
        if (split_one_in > 0 && length > 1 && chance_one_in(CHANCE_NET, split_one_in))
            piece = 1 + (size_t)chance_below(CHANCE_NET, length - 1);
        end_send_segment(end, SEGMENT_DATA, bytes, piece);
        bytes += piece;
        length -= piece;
    }
}

ssize_t end_send(struct handle *handle, const void *bytes, size_t length, int flags)
{
    struct end *end = handle->end;
    size_t done = 0;
    tell_read(bytes, length);
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    crash_point();
    for (;;) {
        int error = send_error(end);
        if (error == EPIPE && (flags & MSG_NOSIGNAL) == 0)
            world_end(WORLD_FAILED, "SIGPIPE: send without MSG_NOSIGNAL on a dead connection");
        if (error != 0)
            return done > 0 ? (ssize_t)done : fail(error);
        size_t piece = end_room(end);
        if (piece > length - done)
            piece = length - done;
        send_pieces(end, (const char *)bytes + done, piece);
        done += piece;
        if (done == length)
            return (ssize_t)done;
        if (is_nonblocking(handle, flags))
            return done > 0 ? (ssize_t)done : fail(EAGAIN);
        handle_block(handle, "sends", NEVER);
    }
}

static size_t receive_some(struct end *end, void *ret_bytes, size_t length, int flags)
{
    const uint32_t split_one_in = world.character.split_one_in;
    size_t room = end->received.bytes < length ? end->received.bytes : length;
    if (split_one_in > 0 && room > 1 && chance_one_in(CHANCE_NET, split_one_in))
        room = 1 + (size_t)chance_below(CHANCE_NET, room);
    bool keep = (flags & MSG_PEEK) != 0;
    size_t count = segments_take(&end->received, ret_bytes, room, keep);
    tell_written(ret_bytes, count);
    if (!keep)
        end_has_read(end, count);
    return count;
}

ssize_t end_recv(struct handle *handle, void *ret_bytes, size_t length, int flags)
{
    struct end *end = handle->end;
    if (inject(INJECT_EINTR))
        return fail(EINTR);
    for (;;) {
        if (end->received.bytes > 0 && length > 0)
            return (ssize_t)receive_some(end, ret_bytes, length, flags);
        if (end->error != 0) {
            int error = end->error;
            end->error = 0;
            return fail(error);
        }
        if (end->state == END_BROKEN || end->far_finished || end->shut_read)
            return 0;
        if (end->state != END_UP && end->state != END_CONNECTS)
            return fail(ENOTCONN);
        if (is_nonblocking(handle, flags))
            return fail(EAGAIN);
        handle_block(handle, "receives", NEVER);
    }
}

ssize_t sim_send(int fd, const void *bytes, size_t length, int flags)
{
    sched_point("send");
    struct handle *handle = socket_get(fd);
    return handle != NULL ? end_send(handle, bytes, length, flags) : -1;
}

ssize_t sim_recv(int fd, void *ret_bytes, size_t length, int flags)
{
    sched_point("recv");
    struct handle *handle = socket_get(fd);
    return handle != NULL ? end_recv(handle, ret_bytes, length, flags) : -1;
}

ssize_t sim_recv_chk(int fd, void *ret_bytes, size_t length, size_t size, int flags)
{
    if (length > size)
        world_end(WORLD_FAILED, "recv overruns its buffer");
    return sim_recv(fd, ret_bytes, length, flags);
}

short end_ready(const struct end *end)
{
    short ready = 0;
    switch (end->state) {
    case END_LISTENS:
        return end->queue != NULL ? POLLIN : 0;
    case END_FRESH:
    case END_BOUND:
        return POLLOUT | POLLHUP | (end->shut_read ? POLLIN : 0);
    case END_CONNECTS:
        return 0;
    case END_BROKEN:
        ready = POLLOUT | POLLHUP;
        if (end->connection != NULL)
            ready |= POLLIN;
        break;
    case END_UP:
        if (end->shut_write || end_room(end) > 0)
            ready = POLLOUT;
        if ((end->received.bytes > 0 && end->received.bytes >= end->low_water) ||
            end->far_finished || end->shut_read)
            ready |= POLLIN;
        if ((end->far_finished || end->shut_read) && end->shut_write)
            ready |= POLLHUP;
        break;
    }
    if (end->error != 0)
        ready |= POLLERR;
    return ready;
}

/* ---- options and names ---------------------------------------------------------------------- */

static bool is_without_effect(int level, int option)
{
    return (level == SOL_SOCKET && (option == SO_REUSEADDR || option == SO_KEEPALIVE)) ||
           (level == IPPROTO_TCP && option == TCP_NODELAY);
}

int sim_setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    sched_point("setsockopt");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    if (level == SOL_SOCKET && option == SO_RCVLOWAT && length == sizeof(int)) {
        handle->end->low_water = (size_t) * (const int *)value;
        handle_wake(handle);
        return 0;
    }
    if (!is_without_effect(level, option))
        world_end(WORLD_FAILED, "setsockopt(%d, %d) is not simulated", level, option);
    return 0;
}

int sim_getsockopt(int fd, int level, int option, void *ret_value, socklen_t *length)
{
    sched_point("getsockopt");
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    if (level != SOL_SOCKET || option != SO_ERROR || *length != sizeof(int))
        world_end(WORLD_FAILED, "getsockopt(%d, %d) is not simulated", level, option);
    memcpy(ret_value, &handle->end->error, sizeof(int));
    handle->end->error = 0;
    return 0;
}

int sim_getsockname(int fd, struct sockaddr *ret_address, socklen_t *length)
{
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    put_address(ret_address, length, handle->end->ip, handle->end->port);
    return 0;
}

int sim_getpeername(int fd, struct sockaddr *ret_address, socklen_t *length)
{
    struct handle *handle = socket_get(fd);
    if (handle == NULL)
        return -1;
    if (handle->end->state != END_UP)
        return fail(ENOTCONN);
    put_address(ret_address, length, handle->end->far_ip, handle->end->far_port);
    return 0;
}
