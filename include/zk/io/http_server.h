/* A small HTTP server: one thread of ours answers one request after the other. libmicrohttpd parses
 * and writes; it starts no thread here. Java uses Jetty for this.
 *
 * A caller may be as slow as it likes: it holds up nobody, holds one of HTTP_CONNECTION_LIMIT
 * connections and a few kilobytes, and is closed after the idle timeout. Only GET and HEAD are
 * answered. The simulator does not run it. */
#ifndef ZK_IO_HTTP_SERVER_H
#define ZK_IO_HTTP_SERVER_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"
#include "zk/io/inet.h"

struct http_server;
struct zk_context;

enum { HTTP_CONNECTION_LIMIT = 256 };

enum {
    HTTP_OK = 200,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
};

struct http_request {
    const char *path; /* decoded, without what follows a "?" */
    struct http_server *server;
    void *connection; /* the library's */
};

/* Returns an argument behind the "?", decoded; NULL if it is not there. It lives as long as the
 * request. */
const char *http_request_argument(const struct http_request *request, const char *name);

struct http_response {
    int status;
    const char *content_type; /* static; NULL: none is told */
    struct zk_str body;       /* taken */
};

/* Fills *ret_response, which is HTTP_OK with an empty body at first. The server's thread calls it,
 * without a lock; while it runs, nobody else is answered. */
typedef void http_handler(void *arg, const struct http_request *request,
                          struct http_response *ret_response);

/* Binds, and answers nothing yet. The caller frees *ret_server. Errors: those of sock_listen;
 * -ENOPKG, libmicrohttpd is not on this machine; -EAGAIN, it would not start. */
ZK_NODISCARD int http_server_new(struct zk_context *ctx, const struct inet_address *address,
                                 int32_t idle_timeout_ms, http_handler *handler, void *arg,
                                 struct http_server **ret_server);
/* The address that was bound; it lives as long as the server. */
const struct inet_address *http_server_local_address(const struct http_server *server);

/* Answers requests until http_server_shutdown is called. One thread calls it, once. */
void http_server_run(struct http_server *server);
/* Makes http_server_run return; does not wait for that. Any thread. */
void http_server_shutdown(struct http_server *server);
/* Call it when http_server_run has returned, or was never called. NULL is fine. */
void http_server_free(struct http_server *server);

#endif
