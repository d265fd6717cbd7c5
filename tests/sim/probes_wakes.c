/* Does shutdown wake whoever is blocked, and what does he see? */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "probes_sockets.h"

enum { SOON_MS = 100, LATE_MS = 1000, BIG = 1 << 16 };

struct blocked {
    int fd;
    long result;
    int error;
};

static void *blocked_recv(void *arg)
{
    struct blocked *blocked = arg;
    char byte;
    blocked->result = recv(blocked->fd, &byte, 1, 0);
    blocked->error = errno;
    return NULL;
}

static void *blocked_accept(void *arg)
{
    struct blocked *blocked = arg;
    blocked->result = accept4(blocked->fd, NULL, NULL, 0);
    blocked->error = errno;
    return NULL;
}

static void *blocked_send(void *arg)
{
    struct blocked *blocked = arg;
    static const char bytes[BIG];
    do
        blocked->result = send(blocked->fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    while (blocked->result >= 0);
    blocked->error = errno;
    return NULL;
}

static void *blocked_poll_in(void *arg)
{
    struct blocked *blocked = arg;
    blocked->result = ready_for(blocked->fd, POLLIN, 5000);
    return NULL;
}

static void *blocked_poll_out(void *arg)
{
    struct blocked *blocked = arg;
    blocked->result = ready_for(blocked->fd, POLLOUT, 5000);
    return NULL;
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wake(const char *what, void *(*block)(void *arg), int fd, int how)
{
    struct blocked blocked = {.fd = fd};
    pthread_t thread;
    long began_ms = now_ms();
    if (pthread_create(&thread, NULL, block, &blocked) != 0)
        return;
    pause_ms(SOON_MS);
    long r = shutdown(fd, how);
    const char *shutdown_outcome = outcome(r);
    pthread_join(thread, NULL);
    bool in_time = now_ms() - began_ms < LATE_MS;
    if (block == blocked_poll_in || block == blocked_poll_out)
        say("%s: shutdown %s, poll %lx, in time %d", what, shutdown_outcome, blocked.result,
            in_time);
    else
        say("%s: shutdown %s, %s, in time %d", what, shutdown_outcome,
            blocked.result < 0 ? error_name(blocked.error) : "ends", in_time);
}

static void probe_connections(int port, int listener)
{
    char bytes[64];
    struct pair pair = connect_pair(listener, port);
    wake("recv", blocked_recv, pair.accepted, SHUT_RDWR);
    say("the far end receives %ld", (long)recv(pair.dialled, bytes, 1, 0));
    long r = send(pair.accepted, "x", 1, MSG_NOSIGNAL);
    say("send: %s", outcome(r));
    say("poll %x", ready_for(pair.accepted, POLLIN | POLLOUT, 0));
    r = shutdown(pair.accepted, SHUT_RDWR);
    say("a second shutdown: %s", outcome(r));
    close_pair(&pair);

    pair = connect_pair(listener, port);
    wake("send", blocked_send, pair.accepted, SHUT_RDWR);
    close_pair(&pair);

    pair = connect_pair(listener, port);
    wake("poll for bytes", blocked_poll_in, pair.accepted, SHUT_RDWR);
    close_pair(&pair);

    pair = connect_pair(listener, port);
    wake("recv, only reading is shut", blocked_recv, pair.accepted, SHUT_RD);
    send(pair.dialled, "late", 4, MSG_NOSIGNAL);
    pause_ms(SOON_MS);
    say("data after that %ld", (long)recv(pair.accepted, bytes, sizeof bytes, MSG_DONTWAIT));
    close_pair(&pair);

    pair = connect_pair(listener, port);
    send(pair.dialled, "pending", 7, MSG_NOSIGNAL);
    pause_ms(SOON_MS);
    shutdown(pair.accepted, SHUT_RDWR);
    say("data that was there before %ld", (long)recv(pair.accepted, bytes, sizeof bytes, 0));
    say("then %ld", (long)recv(pair.accepted, bytes, sizeof bytes, 0));
    close_pair(&pair);
}

static void probe_listeners(int port)
{
    int listener = listen_on(port);
    wake("poll for callers", blocked_poll_in, listener, SHUT_RDWR);
    long r = accept4(listener, NULL, NULL, 0);
    say("accept: %s", outcome(r));
    say("poll %x", ready_for(listener, POLLIN, 0));
    close(listener);

    listener = listen_on(port);
    wake("accept", blocked_accept, listener, SHUT_RDWR);
    int fd = new_socket();
    r = connect_to(fd, port);
    say("connect to it: %s", outcome(r));
    close(fd);
    close(listener);
}

/* A dial that nobody answers: the queue of a listener that does not accept is full. */
static void probe_dials(int port)
{
    enum { BACKLOG = 1, FILL = 3 };
    int listener = new_socket();
    int on = 1;
    struct sockaddr_in address = address_of(port);
    int fill[FILL];
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, BACKLOG) < 0)
        say("no listener: %s", outcome(-1));
    for (int i = 0; i < FILL; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect_to(fill[i], port);
        pause_ms(SOON_MS);
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    long r = connect_to(fd, port);
    say("dial: %s, poll %x", outcome(r), ready_for(fd, POLLOUT, SOON_MS));
    r = connect_to(fd, port);
    say("dial again: %s", outcome(r));
    wake("poll for the connection", blocked_poll_out, fd, SHUT_RDWR);
    int error = -1;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    say("its error %s", error_name(error));
    close(fd);
    for (int i = 0; i < FILL; i++)
        close(fill[i]);
    close(listener);
}

void probe_wakes(int port)
{
    say("-- shutdown wakes");
    int listener = listen_on(port);
    probe_connections(port, listener);
    close(listener);
    probe_listeners(port);
    probe_dials(port);
}
