/* libmicrohttpd runs in the mode in which it works only when it is called: it has an epoll
 * descriptor, we wait until that is readable or the next timeout has come, and let it work. The
 * wait is ended by a wake-up of the listener, because that is one of the sockets in the epoll set.
 *
 * Its epoll set tells of each change once. If a caller's last bytes and the end of its connection
 * come together, the library reads the bytes, and does not read again to see the end: such a
 * connection would keep its place until the idle timeout. So we watch for that end, too.
 *
 * The library is loaded with the first server, because it brings a library for TLS along: together
 * they take 3 MB of a peer that needs 3 itself, and most peers serve no HTTP. */
#include "zk/io/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/library.h"
#include "io/sock_descriptor.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/io/sock.h"
#include "zk/runtime/stop.h"

enum {
    CONNECTION_MEMORY = 16 * 1024, /* of one request's line and headers */
};

/* The functions of the library that we call. */
struct microhttpd {
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_get_daemon_info) *get_daemon_info;
    __typeof__(MHD_get_connection_info) *get_connection_info;
    __typeof__(MHD_get_timeout) *get_timeout;
    __typeof__(MHD_run) *run;
    __typeof__(MHD_lookup_connection_value) *lookup_connection_value;
    __typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
};

struct http_server {
    struct microhttpd lib;
    struct sock *listener;
    struct MHD_Daemon *daemon;
    /* What is waited for: first the daemon's epoll descriptor, then the end of what each caller
     * sends. */
    struct pollfd waited_for[1 + HTTP_CONNECTION_LIMIT];
    size_t waited_count;
    struct zk_stop stop;
    http_handler *handler;
    void *arg;
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request_state);
static void on_connection(void *arg, struct MHD_Connection *connection, void **connection_state,
                          enum MHD_ConnectionNotificationCode what);

/* ---- the library ----------------------------------------------------------------------------- */

static int load_microhttpd(struct microhttpd *lib)
{
    const struct library_function functions[] = {
        {"MHD_start_daemon", &lib->start_daemon},
        {"MHD_stop_daemon", &lib->stop_daemon},
        {"MHD_get_daemon_info", &lib->get_daemon_info},
        {"MHD_get_connection_info", &lib->get_connection_info},
        {"MHD_get_timeout", &lib->get_timeout},
        {"MHD_run", &lib->run},
        {"MHD_lookup_connection_value", &lib->lookup_connection_value},
        {"MHD_create_response_from_buffer", &lib->create_response_from_buffer},
        {"MHD_add_response_header", &lib->add_response_header},
        {"MHD_queue_response", &lib->queue_response},
        {"MHD_destroy_response", &lib->destroy_response},
        {NULL, NULL},
    };
    return library_load("libmicrohttpd.so.12", functions);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Gives the daemon the descriptor fd, which is closed if it does not start. */
static int start_daemon(struct http_server *server, int fd, int32_t idle_timeout_ms)
{
    unsigned timeout_s = idle_timeout_ms > 0 ? ((unsigned)idle_timeout_ms + 999) / 1000 : 0;
    server->daemon = server->lib.start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT,
        timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    if (server->daemon == NULL) {
        close(fd);
        return -EAGAIN;
    }
    const union MHD_DaemonInfo *info =
        server->lib.get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return -EAGAIN;
    server->waited_for[0] = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
    server->waited_count = 1;
    return 0;
}

int http_server_new(struct zk_context *ctx, const struct inet_address *address,
                    int32_t idle_timeout_ms, http_handler *handler, void *arg,
                    struct http_server **ret_server)
{
    struct http_server *server = zk_xcalloc(1, sizeof *server);
    server->handler = handler;
    server->arg = arg;
    zk_stop_init(&server->stop, ctx, "http_server");
    int r = load_microhttpd(&server->lib);
    if (r == 0)
        r = sock_listen(ctx, address, SOCK_BACKLOG, &server->listener);
    if (r < 0)
        goto out;
    /* The daemon closes the descriptor that it is given; the socket has its own. */
    int fd = fcntl(sock_descriptor(server->listener), F_DUPFD_CLOEXEC, 0);
    r = fd < 0 ? -errno : start_daemon(server, fd, idle_timeout_ms);
    if (r < 0)
        goto out;
    *ret_server = server;
    return 0;
out:
    http_server_free(server);
    return r;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        server->lib.stop_daemon(server->daemon);
    sock_unref(server->listener);
    zk_stop_destroy(&server->stop);
    free(server);
}

const struct inet_address *http_server_local_address(const struct http_server *server)
{
    return sock_local(server->listener);
}

static unsigned count_connections(struct http_server *server)
{
    const union MHD_DaemonInfo *info =
        server->lib.get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info != NULL ? info->num_connections : 0;
}

/* When there are as many connections as there may be, the library does not look at the listener any
 * more. It begins to do so again only in the call behind the one that has closed a connection. */
static void let_it_work(struct http_server *server)
{
    unsigned before;
    do {
        before = count_connections(server);
        server->lib.run(server->daemon);
    } while (count_connections(server) < before);
}

/* The library calls it when it has a new connection, and before it closes one. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **connection_state,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = arg;
    (void)connection_state;
    const int fd =
        server->lib.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        zk_assert(server->waited_count <= HTTP_CONNECTION_LIMIT);
        server->waited_for[server->waited_count++] = (struct pollfd){.fd = fd, .events = POLLRDHUP};
        return;
    }
    size_t at = 1;
    while (at < server->waited_count && server->waited_for[at].fd != fd &&
           server->waited_for[at].fd != ~fd)
        at++;
    if (at < server->waited_count)
        server->waited_for[at] = server->waited_for[--server->waited_count];
}

/* The library has had its turn. Where a caller has ended its half of the connection, and the
 * library has read all that came before, it must read once more to see that. shutdown() makes the
 * epoll set tell of that socket again, and takes nothing away, because nothing more can come.
 * poll() passes over the negative descriptors of callers that have ended; events is 0 when the
 * library has been told. */
static void tell_of_ends(struct http_server *server)
{
    for (size_t i = 1; i < server->waited_count; i++) {
        struct pollfd *caller = &server->waited_for[i];
        char byte;
        if (caller->fd >= 0 && caller->revents != 0)
            caller->fd = ~caller->fd;
        if (caller->fd >= 0 || caller->events == 0 ||
            recv(~caller->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            continue;
        (void)shutdown(~caller->fd, SHUT_RD);
        caller->events = 0;
    }
}

void http_server_run(struct http_server *server)
{
    while (!zk_stop_requested(&server->stop)) {
        MHD_UNSIGNED_LONG_LONG timeout_ms;
        bool has_timeout = server->lib.get_timeout(server->daemon, &timeout_ms) == MHD_YES;
        int wait_ms = !has_timeout ? -1 : timeout_ms > 60000 ? 60000 : (int)timeout_ms;
        if (poll(server->waited_for, server->waited_count, wait_ms) < 0 && errno != EINTR)
            return;
        if (!zk_stop_requested(&server->stop))
            let_it_work(server);
        tell_of_ends(server);
    }
}

void http_server_shutdown(struct http_server *server)
{
    zk_stop_request(&server->stop);
    sock_wake(server->listener);
}

const char *http_request_argument(const struct http_request *request, const char *name)
{
    return request->server->lib.lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND,
                                                        name);
}

static void answer(struct http_server *server, struct MHD_Connection *connection, const char *url,
                   const char *method, struct http_response *response)
{
    struct http_request request = {.path = url, .server = server, .connection = connection};
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
        server->handler(server->arg, &request, response);
        return;
    }
    response->status = HTTP_METHOD_NOT_ALLOWED;
    response->content_type = "text/plain";
    zk_str_append(&response->body, "Only GET is answered here.\n");
}

/* The library calls it when the headers are there, for each piece of a body, which nobody looks at,
 * and once more at the end of the request. An answer to the first call would close the
 * connection. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request_state)
{
    struct http_server *server = arg;
    (void)version;
    (void)upload;
    if (*request_state == NULL) {
        *request_state = server; /* any pointer: it has been seen */
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    struct http_response response = {.status = HTTP_OK};
    answer(server, connection, url, method, &response);
    size_t length = response.body.length;
    struct MHD_Response *page = server->lib.create_response_from_buffer(
        length, zk_str_take(&response.body), MHD_RESPMEM_MUST_FREE);
    if (page == NULL)
        return MHD_NO; /* out of memory: the connection is closed */
    if (response.content_type != NULL)
        server->lib.add_response_header(page, "Content-Type", response.content_type);
    enum MHD_Result queued =
        server->lib.queue_response(connection, (unsigned)response.status, page);
    server->lib.destroy_response(page);
    return queued;
}
