/* Many sessions that do nothing, or that watch: raw connections of one process, one thread.
 *
 *     many_clients PORT SESSIONS WATCHES
 *
 * Opens so many sessions with the server on that port of 127.0.0.1, sets so many watches over all
 * of them (exists, on nodes that are not there), prints "ready", and waits until its input ends.
 *
 * Exit: 0 all went well, 1 something failed, 2 wrong usage. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_ANSWER = 41, BATCH = 500, MESSAGE_MAX = 128, EXISTS = 3, ANSWER_MAX = 128 };

static void store(uint8_t *bytes, int32_t value)
{
    uint32_t big = htonl((uint32_t)value);
    memcpy(bytes, &big, sizeof big);
}

static bool read_fully(int fd, void *ret_bytes, size_t length)
{
    return recv(fd, ret_bytes, length, MSG_WAITALL) == (ssize_t)length;
}

/* Returns the socket, or -1. */
static int open_session(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint8_t request[49] = {0};
    uint8_t reply[CONNECT_ANSWER];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    store(request, 45);
    store(request + 16, 40000); /* the timeout */
    store(request + 28, 16);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        send(fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request ||
        !read_fully(fd, reply, sizeof reply))
        return -1;
    return fd;
}

static size_t put_exists(uint8_t *message, int number)
{
    char path[32];
    int length = snprintf(path, sizeof path, "/watched/node-%08d", number);
    store(message, 4 + 4 + 4 + length + 1);
    store(message + 4, number + 1);
    store(message + 8, EXISTS);
    store(message + 12, length);
    memcpy(message + 16, path, (size_t)length);
    message[16 + length] = 1;
    return 17 + (size_t)length;
}

static bool set_watches(int fd, int first, int count)
{
    static uint8_t messages[BATCH * MESSAGE_MAX];
    size_t used = 0;
    for (int i = 0; i < count; i++)
        used += put_exists(messages + used, first + i);
    if (send(fd, messages, used, MSG_NOSIGNAL) != (ssize_t)used)
        return false;
    for (int i = 0; i < count; i++) {
        uint8_t length_bytes[4];
        uint8_t answer[ANSWER_MAX];
        uint32_t length;
        if (!read_fully(fd, length_bytes, sizeof length_bytes))
            return false;
        memcpy(&length, length_bytes, sizeof length);
        length = ntohl(length);
        if (length > sizeof answer || !read_fully(fd, answer, length))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int sessions = atoi(argv[2]);
    int watches = atoi(argv[3]);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int *fds = calloc((size_t)sessions + 1, sizeof *fds);
    for (int i = 0; i < sessions; i++) {
        fds[i] = open_session((uint16_t)atoi(argv[1]));
        if (fds[i] < 0)
            return 1;
    }
    for (int done = 0; done < watches; done += BATCH) {
        int count = watches - done < BATCH ? watches - done : BATCH;
        if (!set_watches(fds[done / BATCH % sessions], done, count))
            return 1;
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    free(fds);
    return 0;
}
