/* The limit: it answers clients' messages with as many bytes as a server would, and knows nothing.
 * No sessions, no tree, no order, one thread, one epoll loop.
 *
 *     bare_server PORT BYTES [LOG]
 *
 * A getData is answered with BYTES of data. With a LOG, all writes of one look at the sockets are
 * appended to it with one write, and an fdatasync comes before their answers leave.
 *
 * What a client sends that has two messages on their way may gather, as with zkpeer's servers: its
 * socket is read when 64 messages have come, or after 2 ms.
 *
 * Exit: 1 a system call failed, 2 wrong usage; otherwise it runs until it is killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 16384,
    IN_ROOM = 65536,
    OUT_ROOM = 4 << 20,
    EVENTS = 1024,
    CREATE = 1,
    GET_DATA = 4,
    SET_DATA = 5,
    PING = 11,
    CREATE2 = 15,
    CLOSE = -11,
    STAT = 68,
    CONNECT_ANSWER = 41,
    REPLY_HEADER = 16,
    TRIES = 16,
    GATHERED = 64,
    GATHER_MS = 2,
};

struct connection {
    int fd;
    bool open;     /* the first message has come, which has no header */
    bool closes;   /* behind what is to be sent */
    int tries;     /* so many reads of one message before nothing gathers any more */
    int low_water; /* the bytes that must have come before the socket is ready */
    size_t in;
    size_t out;
    uint8_t *out_bytes;
    uint8_t in_bytes[IN_ROOM];
};

static struct connection *connections[CONNECTIONS_MAX];
static int highest_fd;
static bool has_log;
static int64_t swept_us;
static int data_bytes;
static uint8_t log_bytes[OUT_ROOM];
static size_t log_used;

static int32_t load(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return (int32_t)ntohl(value);
}

static void store(uint8_t *bytes, int32_t value)
{
    uint32_t big = htonl((uint32_t)value);
    memcpy(bytes, &big, sizeof big);
}

/* Room for an answer of so many bytes behind its length; it is zeroed. */
static uint8_t *answer(struct connection *connection, size_t length)
{
    if (connection->out_bytes == NULL)
        connection->out_bytes = malloc(OUT_ROOM);
    if (connection->out_bytes == NULL || connection->out + length + 4 > OUT_ROOM)
        exit(1);
    uint8_t *bytes = connection->out_bytes + connection->out;
    store(bytes, (int32_t)length);
    memset(bytes + 4, 0, length);
    connection->out += length + 4;
    return bytes + 4;
}

static void take_message(struct connection *connection, const uint8_t *message, size_t length)
{
    if (!connection->open) {
        connection->open = true;
        uint8_t *bytes = answer(connection, CONNECT_ANSWER - 4);
        store(bytes + 4, 30000); /* the timeout */
        store(bytes + 12, 1 + connection->fd);
        store(bytes + 16, 16);
        return;
    }
    int32_t type = load(message + 4);
    size_t body = 0;
    if (type == GET_DATA)
        body = 4 + (size_t)data_bytes + STAT;
    else if (type == SET_DATA)
        body = STAT;
    else if (type == CREATE || type == CREATE2)
        body = 4 + (size_t)load(message + 8);
    uint8_t *bytes = answer(connection, REPLY_HEADER + body);
    memcpy(bytes, message, 4);
    store(bytes + 8, 1); /* a zxid */
    if (type == GET_DATA)
        store(bytes + REPLY_HEADER, data_bytes);
    else if (type == CREATE || type == CREATE2)
        memcpy(bytes + REPLY_HEADER, message + 8, body);
    connection->closes = type == CLOSE;
    if ((type == CREATE || type == SET_DATA) && log_used + length <= sizeof log_bytes) {
        memcpy(log_bytes + log_used, message, length);
        log_used += length;
    }
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The newest read has brought so many messages, which had so many bytes. */
static void let_gather(struct connection *connection, size_t messages, size_t bytes)
{
    if (messages > 1)
        connection->tries = TRIES;
    else if (messages > 0 && connection->tries > 0)
        connection->tries--;
    bool gathers = messages > 0 && connection->tries > 0;
    int low_water = gathers ? (int)(GATHERED * bytes / messages) : 1;
    if (low_water == connection->low_water ||
        (low_water > 1 && abs(low_water - connection->low_water) <= low_water / 4))
        return;
    connection->low_water = low_water;
    setsockopt(connection->fd, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
}

/* Returns false when the client has gone. */
static bool take_messages(struct connection *connection)
{
    ssize_t count =
        read(connection->fd, connection->in_bytes + connection->in, IN_ROOM - connection->in);
    if (count < 0 && errno == EAGAIN) {
        let_gather(connection, 0, 0);
        return true;
    }
    if (count <= 0)
        return false;
    connection->in += (size_t)count;
    size_t messages = 0;
    size_t position = 0;
    while (connection->in - position >= 4) {
        size_t length = (size_t)load(connection->in_bytes + position);
        if (length > IN_ROOM - 4)
            return false;
        if (connection->in - position - 4 < length)
            break;
        take_message(connection, connection->in_bytes + position + 4, length);
        position += 4 + length;
        messages++;
    }
    if (messages > 0)
        let_gather(connection, messages, position);
    connection->in -= position;
    memmove(connection->in_bytes, connection->in_bytes + position, connection->in);
    return true;
}

static void end_connection(struct connection *connection)
{
    connections[connection->fd] = NULL;
    close(connection->fd);
    free(connection->out_bytes);
    free(connection);
}

/* A client that does not read is not waited for: the bench's clients read. */
static void send_answers(struct connection *connection)
{
    size_t sent = 0;
    while (sent < connection->out) {
        ssize_t count = send(connection->fd, connection->out_bytes + sent, connection->out - sent,
                             MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN)
            continue;
        if (count < 0)
            break;
        sent += (size_t)count;
    }
    connection->out = 0;
    if (connection->closes)
        end_connection(connection);
}

static void accept_client(int listener, int epoll)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    int on = 1;
    if (fd < 0 || fd >= CONNECTIONS_MAX)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = calloc(1, sizeof **connections);
    if (connections[fd] == NULL)
        exit(1);
    connections[fd]->fd = fd;
    connections[fd]->low_water = 1;
    highest_fd = fd > highest_fd ? fd : highest_fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void write_log(int log)
{
    if (log >= 0 && log_used > 0 &&
        (write(log, log_bytes, log_used) != (ssize_t)log_used || fdatasync(log) < 0))
        exit(1);
    log_used = 0;
}

static bool somebody_gathers(void)
{
    for (int fd = 0; fd <= highest_fd; fd++)
        if (connections[fd] != NULL && connections[fd]->low_water > 1)
            return true;
    return false;
}

/* Adds the connections whose messages gather to those that are to be read, at most room of them.
 * Returns how many. */
static int sweep(int *ret_ready, int room)
{
    int count = 0;
    swept_us = now_us();
    for (int fd = 0; fd <= highest_fd && count < room; fd++)
        if (connections[fd] != NULL && connections[fd]->low_water > 1)
            ret_ready[count++] = fd;
    return count;
}

static void serve(int listener, int epoll, int log)
{
    static struct epoll_event events[EVENTS];
    static int ready[CONNECTIONS_MAX];
    int count = epoll_wait(epoll, events, EVENTS, somebody_gathers() ? GATHER_MS : -1);
    int ready_count = 0;
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (fd == listener)
            accept_client(listener, epoll);
        else if (connections[fd] != NULL)
            ready[ready_count++] = fd;
    }
    if (now_us() - swept_us >= GATHER_MS * 1000)
        ready_count += sweep(ready + ready_count, CONNECTIONS_MAX - ready_count);
    for (int i = 0; i < ready_count; i++) {
        int fd = ready[i];
        if (connections[fd] != NULL && !take_messages(connections[fd]))
            end_connection(connections[fd]);
    }
    write_log(log);
    for (int i = 0; i < ready_count; i++) {
        if (connections[ready[i]] != NULL)
            send_answers(connections[ready[i]]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    data_bytes = atoi(argv[2]);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    has_log = argc == 4;
    int log = has_log ? open(argv[3], O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600) : -1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if ((argc == 4 && log < 0) || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, SOMAXCONN) < 0)
        return 1;
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        return 1;
    for (;;)
        serve(listener, epoll, log);
}
