/* What a connection tells its two ends, step by step. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes_sockets.h"

enum { BIG = 1 << 16, WIRE_MS = 50 /* long enough for anything to arrive on loopback */ };

struct sockaddr_in address_of(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    return address;
}

int new_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

int connect_to(int fd, int port)
{
    struct sockaddr_in address = address_of(port);
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}

int listen_on(int port)
{
    int fd = new_socket();
    int on = 1;
    struct sockaddr_in address = address_of(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 5) < 0)
        say("no listener: %s", outcome(-1));
    return fd;
}

struct pair connect_pair(int listener, int port)
{
    struct pair pair = {.dialled = new_socket()};
    if (connect_to(pair.dialled, port) < 0)
        say("no connection: %s", outcome(-1));
    pair.accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return pair;
}

void close_pair(const struct pair *pair)
{
    close(pair->dialled);
    close(pair->accepted);
}

int ready_for(int fd, int events, int timeout_ms)
{
    struct pollfd watched = {.fd = fd, .events = (short)events};
    poll(&watched, 1, timeout_ms);
    return watched.revents;
}

static int pending_error(int fd)
{
    int error = -1;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

static long send_text(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static long receive(int fd, size_t length)
{
    char bytes[64];
    return recv(fd, bytes, length, 0);
}

static void probe_refused(int port)
{
    say("-- nobody listens");
    int fd = new_socket();
    long r = connect_to(fd, port + 1);
    say("connect: %s", outcome(r));
    close(fd);

    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    r = connect_to(fd, port + 1);
    say("non-blocking connect: %s", outcome(r));
    say("poll %x", ready_for(fd, POLLOUT, 1000));
    say("error %s", error_name(pending_error(fd)));
    say("then %s", error_name(pending_error(fd)));
    struct sockaddr_in far_end;
    socklen_t length = sizeof far_end;
    r = getpeername(fd, (struct sockaddr *)&far_end, &length);
    say("getpeername: %s", outcome(r));
    close(fd);
}

static void probe_unconnected(int port)
{
    say("-- not connected");
    int fd = new_socket();
    long r = receive(fd, 1);
    say("recv: %s", outcome(r));
    r = send_text(fd, "x");
    say("send: %s", outcome(r));
    r = shutdown(fd, SHUT_RDWR);
    say("shutdown: %s", outcome(r));
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    r = accept4(fd, NULL, NULL, 0);
    say("accept: %s", outcome(r));
    close(fd);

    fd = new_socket();
    struct sockaddr_in address = address_of(port);
    r = bind(fd, (struct sockaddr *)&address, sizeof address);
    if (r == 0)
        r = listen(fd, 1);
    say("a second listener: %s", outcome(r));
    close(fd);

    fd = new_socket();
    address.sin_port = 0;
    r = bind(fd, (struct sockaddr *)&address, sizeof address);
    socklen_t length = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &length);
    say("bind to any port: %s, a port %d", outcome(r), address.sin_port != 0);
    close(fd);
}

static int set_low_water(int fd, int bytes)
{
    return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

static void probe_names(int port, int listener)
{
    say("-- names");
    struct pair pair = connect_pair(listener, port);
    struct sockaddr_in near_end = {0};
    struct sockaddr_in far_end = {0};
    socklen_t length = sizeof near_end;
    getsockname(pair.dialled, (struct sockaddr *)&near_end, &length);
    length = sizeof far_end;
    getpeername(pair.accepted, (struct sockaddr *)&far_end, &length);
    say("the same port %d, the same address %d, length %d", near_end.sin_port == far_end.sin_port,
        near_end.sin_addr.s_addr == far_end.sin_addr.s_addr, (int)length);
    length = sizeof near_end;
    getsockname(pair.accepted, (struct sockaddr *)&near_end, &length);
    say("the listener's port %d", ntohs(near_end.sin_port) == port);
    close_pair(&pair);
}

static void probe_data(int port, int listener)
{
    say("-- data");
    struct pair pair = {.dialled = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    long r = connect_to(pair.dialled, port);
    say("non-blocking connect: %s", outcome(r));
    say("poll %x, error %s", ready_for(pair.dialled, POLLOUT, 1000),
        error_name(pending_error(pair.dialled)));
    say("send before accept %ld", send_text(pair.dialled, "hello"));
    pause_ms(WIRE_MS);
    say("poll listener %x", ready_for(listener, POLLIN, 0));
    pair.accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    say("poll accepted %x", ready_for(pair.accepted, POLLIN | POLLOUT, 0));
    say("recv a part %ld", receive(pair.accepted, 2));
    say("recv the rest %ld", receive(pair.accepted, 64));
    r = receive(pair.accepted, 1);
    say("recv nothing: %s", outcome(r));
    say("poll %x", ready_for(pair.accepted, POLLIN, 20));
    r = connect_to(pair.dialled, port);
    say("connect again: %s", outcome(r));
    r = connect_to(pair.dialled, port);
    say("and once more: %s", outcome(r));
    close_pair(&pair);
}

/* What has come before the limit is set counts, a limit does not hold recv back, and the end of the
 * stream is always told. */
static void probe_low_water(int port, int listener)
{
    say("-- a low-water mark");
    struct pair pair = connect_pair(listener, port);
    int fd = pair.accepted;
    fcntl(fd, F_SETFL, O_NONBLOCK); /* otherwise recv waits for as many bytes, too */
    say("set %d", set_low_water(fd, 8));
    send_text(pair.dialled, "four");
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(fd, POLLIN, 0));
    send_text(pair.dialled, "more");
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(fd, POLLIN, 0));
    say("set %d", set_low_water(fd, 9));
    say("poll %x", ready_for(fd, POLLIN, 0));
    say("set %d", set_low_water(fd, 1));
    say("poll %x", ready_for(fd, POLLIN, 0));
    say("set %d", set_low_water(fd, 64));
    say("recv %ld", receive(fd, 64));
    send_text(pair.dialled, "x");
    shutdown(pair.dialled, SHUT_WR);
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(fd, POLLIN, 0));
    close_pair(&pair);
}

static void probe_end_of_stream(int port, int listener)
{
    say("-- the far end closes");
    struct pair pair = connect_pair(listener, port);
    send_text(pair.dialled, "bye");
    close(pair.dialled);
    pause_ms(WIRE_MS);
    int fd = pair.accepted;
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    say("recv data %ld", receive(fd, 64));
    say("recv end %ld", receive(fd, 64));
    say("recv end again %ld", receive(fd, 64));
    long r = send_text(fd, "x");
    say("first send: %s", outcome(r));
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    r = send_text(fd, "x");
    say("second send: %s", outcome(r));
    r = receive(fd, 1);
    say("recv %ld %s", r, outcome(r));
    r = shutdown(fd, SHUT_RDWR);
    say("shutdown: %s", outcome(r));
    close(fd);
}

/* A connection whose dialled end closes with unread data. */
static int reset_end(int port, int listener)
{
    struct pair pair = connect_pair(listener, port);
    send_text(pair.accepted, "unread");
    pause_ms(WIRE_MS);
    close(pair.dialled);
    pause_ms(WIRE_MS);
    return pair.accepted;
}

static void probe_reset(int port, int listener)
{
    say("-- reset, seen by recv");
    int fd = reset_end(port, listener);
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    long r = receive(fd, 1);
    say("recv: %s", outcome(r));
    say("recv again %ld", receive(fd, 1));
    r = send_text(fd, "x");
    say("send: %s", outcome(r));
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    close(fd);

    say("-- reset, seen by send");
    fd = reset_end(port, listener);
    r = send_text(fd, "x");
    say("send: %s", outcome(r));
    r = send_text(fd, "x");
    say("send again: %s", outcome(r));
    say("recv %ld", receive(fd, 1));
    close(fd);

    say("-- reset, seen by getsockopt");
    fd = reset_end(port, listener);
    say("error %s", error_name(pending_error(fd)));
    say("then %s", error_name(pending_error(fd)));
    r = shutdown(fd, SHUT_RDWR);
    say("shutdown: %s", outcome(r));
    close(fd);
}

static void probe_half_close(int port, int listener)
{
    say("-- half closed");
    struct pair pair = connect_pair(listener, port);
    shutdown(pair.dialled, SHUT_WR);
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(pair.accepted, POLLIN | POLLOUT, 0));
    say("recv %ld", receive(pair.accepted, 1));
    say("send %ld", send_text(pair.accepted, "back"));
    pause_ms(WIRE_MS);
    say("recv at the other end %ld", receive(pair.dialled, 64));
    long r = send_text(pair.dialled, "x");
    say("send after the own end: %s", outcome(r));
    say("poll %x", ready_for(pair.dialled, POLLIN | POLLOUT, 0));
    shutdown(pair.accepted, SHUT_WR);
    pause_ms(WIRE_MS);
    say("poll when both are done %x", ready_for(pair.dialled, POLLIN | POLLOUT, 0));
    close_pair(&pair);
}

static void probe_window(int port, int listener)
{
    say("-- the window fills");
    struct pair pair = connect_pair(listener, port);
    fcntl(pair.dialled, F_SETFL, fcntl(pair.dialled, F_GETFL) | O_NONBLOCK);
    char *bytes = calloc(1, BIG);
    long sent = 0;
    long received = 0;
    long r;
    while ((r = send(pair.dialled, bytes, BIG, MSG_NOSIGNAL)) > 0)
        sent += r;
    say("send ends: %s", outcome(r));
    say("poll %x", ready_for(pair.dialled, POLLOUT, 0));
    while (received < sent && (r = recv(pair.accepted, bytes, BIG, 0)) > 0)
        received += r;
    pause_ms(WIRE_MS);
    say("all arrive %d, poll %x", received == sent, ready_for(pair.dialled, POLLOUT, 0));
    free(bytes);
    close_pair(&pair);
}

static void probe_listener_closes(int port)
{
    say("-- the listener closes with a connection in its queue");
    int listener = listen_on(port);
    int fd = new_socket();
    connect_to(fd, port);
    pause_ms(WIRE_MS);
    close(listener);
    pause_ms(WIRE_MS);
    say("poll %x", ready_for(fd, POLLIN | POLLOUT, 0));
    long r = receive(fd, 1);
    say("recv: %s", outcome(r));
    close(fd);

    say("-- the dialler goes before it is accepted");
    listener = listen_on(port);
    fd = new_socket();
    connect_to(fd, port);
    send_text(fd, "hi");
    close(fd);
    pause_ms(WIRE_MS);
    fd = accept4(listener, NULL, NULL, 0);
    say("accept: %s, recv %ld", outcome(fd), receive(fd, 64));
    say("recv end %ld", receive(fd, 64));
    close(fd);
    close(listener);
}

static void probe_descriptors(void)
{
    say("-- descriptors");
    int first = new_socket();
    int second = new_socket();
    close(first);
    int third = new_socket();
    say("the lowest free number %d", third == first);
    long r = receive(200, 1);
    say("recv on nothing: %s", outcome(r));
    say("poll on nothing %x", ready_for(200, POLLIN, 0));
    say("poll of a negative one %x", ready_for(-1, POLLIN, 0));
    say("flags %x", fcntl(second, F_GETFL) & O_NONBLOCK);
    close(second);
    close(third);
}

void probe_sockets(int port)
{
    int listener = listen_on(port);
    probe_refused(port);
    probe_unconnected(port);
    probe_names(port, listener);
    probe_data(port, listener);
    probe_low_water(port, listener);
    probe_end_of_stream(port, listener);
    probe_reset(port, listener);
    probe_half_close(port, listener);
    probe_window(port, listener);
    close(listener);
    probe_listener_closes(port);
    probe_descriptors();
}
