/* The client connections of a server, for whatever reports about them: the four-letter words and
 * the admin server. The client port, which has the connections, stands on a higher floor and fills
 * this in. Java: ServerCnxnFactory, an abstract class there
 *
 * Any thread that holds no lock may call. No call blocks on a client. */
#ifndef ZK_SERVER_SERVER_CNXNS_H
#define ZK_SERVER_SERVER_CNXNS_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/io/inet.h"

struct server_stats;

/* One connection of one moment. Java: ServerCnxn.getConnectionInfo() */
struct server_cnxn_info {
    struct inet_text remote; /* "/127.0.0.1:49572" */
    int32_t interest_ops;    /* 0 none, 1 reads, 4 writes, 5 both; as in Java's SelectionKey */
    int64_t outstanding_requests;
    int64_t packets_received;
    int64_t packets_sent;

    /* 0: it has no session, and what follows says nothing, but for session_timeout_ms: so long it
     * may be silent. */
    int64_t session_id;
    char last_operation[8]; /* Request.op2String(): "PING"; "NA": none yet */
    int64_t established_ms; /* wall time */
    int32_t session_timeout_ms;
    int64_t last_cxid;             /* below 0: none */
    int64_t last_zxid;             /* -1: none */
    int64_t last_response_time_ms; /* zk_elapsed_ms(); 0: none */
    int64_t last_latency_ms;
    int64_t min_latency_ms; /* 0 while nothing was answered */
    int64_t avg_latency_ms;
    int64_t max_latency_ms;
};

struct server_cnxns {
    /* Java: getNumAliveConnections() */
    size_t (*count)(void *arg);
    /* Returns how many *ret_infos has, in no order; the caller frees it.
     * Java: getAllConnectionInfo() */
    size_t (*list)(void *arg, struct server_cnxn_info **ret_infos);
    /* Java: resetAllConnectionStats() */
    void (*reset_stats)(void *arg);
    /* Appends "Connections Sets (1)/(2):" and so on. Java:
     * NIOServerCnxnFactory.dumpConnections() */
    void (*dump)(void *arg, struct zk_str *str);
    void *arg;
    struct server_stats *stats; /* of all connections together */
};

#endif
