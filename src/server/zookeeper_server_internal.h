/* What zookeeper_server.c, zookeeper_server_cnxn.c, zookeeper_server_sessions.c and
 * request_throttler.c share. */
#ifndef SERVER_ZOOKEEPER_SERVER_INTERNAL_H
#define SERVER_ZOOKEEPER_SERVER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "server/authentication_helper.h"
#include "zk/base/attrs.h"
#include "zk/runtime/lock.h"
#include "zk/server/blue_throttle.h"
#include "zk/server/cnxn_sessions.h"

struct request;
struct zookeeper_server;
struct zookeeper_server_methods;

/* What a server needs to know in order to let a connection in. */
struct server_admission {
    /* Set before the first connection, then read-only. */
    int32_t min_session_timeout_ms;
    int32_t max_session_timeout_ms;
    bool local_session_enabled;
    int64_t global_outstanding_limit; /* our share */
    int32_t large_request_max_bytes;  /* of all large requests together */
    int32_t large_request_threshold;  /* -1: no request is large */
    bool stale_connection_check;      /* the end of its connection makes a request stale */
    bool stale_latency_check;         /* its age does: more than the session's timeout */
    struct cnxn_sessions cnxns;       /* zeroed: there is no client port */
    struct authentication_helper auth_helper;

    struct zk_atomic_long current_large_request_bytes;

    struct zk_mutex mu; /* L-64. Java's monitor of BlueThrottle. Guards: */
    struct blue_throttle throttle GUARDED_BY(&mu);
};

struct server_admission *zookeeper_server_admission(struct zookeeper_server *server);
const struct zookeeper_server_methods *zookeeper_server_methods_of(
    const struct zookeeper_server *server);
/* Returns how many requests wait in RequestThrottler. Java: ZooKeeperServer.getInflight() */
int64_t zookeeper_server_get_inflight(struct zookeeper_server *server);

/* A request whose turn it is: its session is touched, and it goes to the first processor, which
 * need not hear of it before zookeeper_server_wake_processors. One of a session that is gone is
 * dropped. Java: ZooKeeperServer.submitRequestNow() */
void zookeeper_server_submit_request_now(struct zookeeper_server *server, struct request *request);

/* Submits one request that no connection brings, and wakes the processors; otherwise as
 * zookeeper_server_submit_quietly. */
ZK_NODISCARD int zookeeper_server_submit_request(struct zookeeper_server *server,
                                                 struct request *request);

void server_admission_init(struct server_admission *admission, struct zk_context *ctx);
void server_admission_done(struct server_admission *admission);

/* Gives the connection its session and timeout, by the client port if there is one. */
void server_admission_set_session(struct server_admission *admission, struct server_cnxn *cnxn,
                                  int64_t session_id, int32_t timeout_ms);

#endif
