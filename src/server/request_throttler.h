/* Holds requests back while the processors have as many as they may: it stands before the first of
 * them. Java: server.RequestThrottler
 *
 * request_throttle_max_requests says how many that are; it is 0 by default, and then nobody is held
 * back: requests go straight to the first processor, and this thread sleeps. Otherwise
 * every request of the server's own clients, and of the server itself, goes through one queue and
 * one thread, so they keep their order.
 *
 * Any thread that holds no lock may call. Only request_throttler_shutdown and
 * request_throttler_free block: they wait until the thread has ended. */
#ifndef SERVER_REQUEST_THROTTLER_H
#define SERVER_REQUEST_THROTTLER_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"

struct request;
struct request_throttler;
struct zookeeper_server;

/* server stays the caller's and outlives the throttler. The caller frees what is returned. */
struct request_throttler *request_throttler_new(struct zookeeper_server *server);
/* Frees the requests that are left. A thread that was started and not shut down ends at once. */
void request_throttler_free(struct request_throttler *throttler);
/* Starts the thread RequestThrottler. Errors: those of zk_thread_group_start. Java: start() */
ZK_NODISCARD int request_throttler_start(struct request_throttler *throttler);

/* Returns whether requests go through it at all; that does not change. */
bool request_throttler_is_on_the_way(const struct request_throttler *throttler);
/* The request, of which a reference is taken, waits for its turn. After the shutdown its connection
 * is closed instead. Java: submitRequest() */
void request_throttler_submit_request(struct request_throttler *throttler, struct request *request);
/* A request has left the processors. Java: throttleWake() */
void request_throttler_throttle_wake(struct request_throttler *throttler);
/* Returns how many requests wait. Java: getInflight() */
size_t request_throttler_get_inflight(struct request_throttler *throttler);

/* Requests that wait may still have their turn, for request_throttler.shutdownTimeout (10 s); those
 * that have not had it by then are dropped with their connections. Without a start it does nothing.
 * Java: shutdown() */
void request_throttler_shutdown(struct request_throttler *throttler);

#endif
