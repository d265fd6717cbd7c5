/* A client's connection as the processors see it. Java: server.ServerCnxn, an abstract class
 *
 * The client port's connections are of this class; so are the clients without a socket that the
 * simulator and tests have. Counted: a request keeps its connection, which may outlive its socket;
 * what is sent on a closed connection is dropped.
 *
 * The processors call the methods on their own threads. A method never blocks and takes no lock
 * whose rank is that of floor server or lower in number, since the caller may hold one;
 * close is the exception, which is called with no lock held.
 *
 * Any thread may ask for what changes in the life of a connection (its ids, its counters, whether
 * it is stale), and set it. */
#ifndef ZK_SERVER_SERVER_CNXN_H
#define ZK_SERVER_SERVER_CNXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"
#include "zk/jute/auth_info.h"
#include "zk/server/server_stats.h"
#include "zk/watch/watcher.h"

struct buf;
struct connect_response;
struct reply_header;
struct server_cnxn;
struct server_cnxn_stats;
struct zk_context;

/* Java: DisconnectReason, as far as anything here gives one */
enum disconnect_reason {
    DISCONNECT_REASON_UNKNOWN,
    DISCONNECT_REASON_CLIENT_CLOSED_SESSION,
    DISCONNECT_REASON_SERVER_SHUTDOWN,
    DISCONNECT_REASON_IO_EXCEPTION_IN_SESSION_INIT,
    DISCONNECT_REASON_CLIENT_RECONNECT,
    DISCONNECT_REASON_CONNECTION_EXPIRED,
    DISCONNECT_REASON_CLIENT_CLOSED_CONNECTION,
    DISCONNECT_REASON_IO_EXCEPTION,
};

/* Returns "client closed session" and the like, for log lines. */
const char *disconnect_reason_text(enum disconnect_reason reason);

struct server_cnxn_ops {
    /* Java: sendResponse(). body is the record behind the header, as bytes, and stays the caller's;
     * NULL: there is none. Watch events are sent with the tree's lock held, so this may only take
     * locks of floors below it. */
    void (*send_response)(struct server_cnxn *cnxn, const struct reply_header *header,
                          struct buf *body);
    /* The answer to the client's first packet, for ZooKeeperServer.finishSessionInit(). If it is
     * not valid the connection is closed after it has been sent; otherwise the client's packets are
     * read. */
    void (*finish_session_init)(struct server_cnxn *cnxn, const struct connect_response *response,
                                bool valid);
    /* Java: sendCloseSession(). Closes the connection when all that was handed over before has been
     * sent. */
    void (*send_close_session)(struct server_cnxn *cnxn);
    /* Java: disableRecv(). Nothing more is read from the client until finish_session_init or until
     * a reply finds that there is less to do. By the thread that reads. May be NULL. */
    void (*disable_recv)(struct server_cnxn *cnxn);
    /* As send_response, but the answer may stay until wake: the answers of a batch leave together,
     * for the price of one wake-up. Both may be NULL. */
    void (*queue_response)(struct server_cnxn *cnxn, const struct reply_header *header,
                           struct buf *body);
    void (*wake)(struct server_cnxn *cnxn);
    /* Java: close(). Closes the connection at once; what waits to be sent is dropped. */
    void (*close)(struct server_cnxn *cnxn, enum disconnect_reason reason);
    void (*free)(struct server_cnxn *cnxn); /* the last reference is gone */
};

/* The first member of every connection's struct. One that is not a client's may be zero but for ops
 * and refs: it has no ids and no counters then. */
struct server_cnxn {
    const struct server_cnxn_ops *ops;
    struct zk_refcount refs; /* the port's table; the selector; requests on their way */
    /* Both are set before the first request of the connection (struct cnxn_sessions), and not
     * changed after it. */
    int64_t session_id;
    int32_t session_timeout_ms;
    const char *remote_address;      /* for log lines; as long-lived as the connection */
    struct auth_info *auth_info;     /* NULL: none; Java's null */
    struct server_cnxn_stats *stats; /* NULL: nothing is counted */
    struct zk_atomic_long stale;     /* 0 or 1 */
    struct zk_atomic_long invalid;   /* 0 or 1 */
    struct watcher watcher;          /* what watch managers know it by; see below */
    /* Its requests that a processor may still answer; while there is none, a read may be answered
     * by the thread that reads the connection. */
    struct zk_atomic_long under_way;
    /* 0 or 1: so much waits to be sent that no further read is to be answered at once. The port
     * sets it and takes it back. */
    struct zk_atomic_long is_full;
    /* Answers that FinalRequestProcessor has queued since it woke the connection last. */
    struct zk_atomic_long unwoken_answers;
    struct zk_context *ctx;
    /* Before the first answer: the client has sent no readOnly byte, and gets none. */
    bool is_old_client;
};

/* A kind's constructor calls the first, and its free the second, for the members that all kinds
 * have. */
void server_cnxn_init(struct server_cnxn *cnxn, struct zk_context *ctx,
                      const struct server_cnxn_ops *ops);
void server_cnxn_done(struct server_cnxn *cnxn);

static inline struct server_cnxn *server_cnxn_ref(struct server_cnxn *cnxn)
{
    zk_refcount_ref(&cnxn->refs);
    return cnxn;
}

static inline void server_cnxn_unref(struct server_cnxn *cnxn) /* NULL is fine */
{
    if (cnxn != NULL && zk_refcount_unref(&cnxn->refs))
        cnxn->ops->free(cnxn);
}

/* Returns what owns the sessions of a server's own clients. It is only compared. Java: me */
const void *server_cnxn_me(void);

/* ---- who the client is ----------------------------------------------------------------------- */

/* Returns a reference to the ids of this moment, which the caller unrefs; NULL: null.
 * Java: getAuthInfo() */
struct shared_ids *server_cnxn_get_auth_info(struct server_cnxn *cnxn);
/* Errors: -ENOSPC, see auth_info_add. Java: addAuthInfo() */
ZK_NODISCARD int server_cnxn_add_auth_info(struct server_cnxn *cnxn, const char *scheme,
                                           const char *id);

/* ---- whether it is over ---------------------------------------------------------------------- */

/* The connection has been closed, or is about to be: no watch is set for it any more, and
 * what it still asks for may be dropped. Java: isStale() */
bool server_cnxn_is_stale(const struct server_cnxn *cnxn);
void server_cnxn_set_stale(struct server_cnxn *cnxn); /* Java: setStale() */

/* A request of it was dropped, so its later ones must be dropped, too. Java: isInvalid() */
bool server_cnxn_is_invalid(const struct server_cnxn *cnxn);
/* Marks it, and has it closed when all that was handed over before has been sent. Java:
 * setInvalid() */
void server_cnxn_set_invalid(struct server_cnxn *cnxn);

/* ---- what it watches ------------------------------------------------------------------------- */

/* Returns the watcher by which the tree tells the connection of changes: each event that the
 * client's ids may see goes out by send_response, with the xid -1. The tree must have forgotten it
 * (zookeeper_server_remove_cnxn) before the last reference to the connection goes. NULL: the
 * connection is not a client's. */
struct watcher *server_cnxn_watcher(struct server_cnxn *cnxn);

/* ---- what it has done ------------------------------------------------------------------------ */

/* The counters of one moment. Times are zk_elapsed_ms unless said otherwise. */
struct server_cnxn_stats_values {
    int64_t established_ms;   /* zk_wall_ms. Java: getEstablished() */
    int64_t packets_received; /* frames and words */
    int64_t packets_sent;     /* replies, events, the answer to the first packet */
    int64_t outstanding;      /* requests whose reply has not been queued */
    int64_t last_cxid;        /* 0: none yet; -1: none since the reset */
    int64_t last_zxid;        /* the same */
    const char *last_op;      /* NULL: none yet; "NA": none since the reset; static */
    int64_t last_response_time_ms;
    int64_t last_latency_ms;
    /* 0 until the first reset, as in Java; INT64_MAX: nothing was measured since. */
    int64_t min_latency_ms;
    int64_t max_latency_ms;
    int64_t count; /* of what was measured */
    int64_t total_latency_ms;
};

/* One answer. */
struct server_cnxn_response {
    int64_t cxid; /* a negative one is not remembered */
    int64_t zxid;
    const char *op; /* static */
    int64_t start_ms;
    int64_t end_ms;
    bool is_update; /* the request had a transaction */
    bool is_ping;
    int64_t bytes; /* of header and record; 0: of another form, which is not counted */
};

/* Java: updateStatsForResponse(), and what ServerStats.updateLatency() gathers */
void server_cnxn_update_stats_for_response(struct server_cnxn *cnxn,
                                           const struct server_cnxn_response *response);
/* Returns what has been gathered since the last call, for the figures of the whole port. */
struct answer_figures server_cnxn_take_figures(struct server_cnxn *cnxn);
/* Returns the bytes of all events that were sent. */
int64_t server_cnxn_watch_bytes(struct server_cnxn *cnxn);
/* Java: packetReceived() */
void server_cnxn_packets_received(struct server_cnxn *cnxn, int64_t count);
/* Java: packetSent() */
void server_cnxn_packets_sent(struct server_cnxn *cnxn, int64_t count);
/* Adds step, which may be negative, and returns how many requests are outstanding now.
 * Java: incrOutstandingAndCheckThrottle(), decrOutstandingAndCheckThrottle() */
int64_t server_cnxn_outstanding(struct server_cnxn *cnxn, int64_t step);

/* Copies the counters. Those of a connection that counts nothing are as after a reset. */
void server_cnxn_get_stats(struct server_cnxn *cnxn, struct server_cnxn_stats_values *ret_values);
/* Resets everything but what is outstanding and when the connection was established. Java:
 * resetStats() */
void server_cnxn_reset_stats(struct server_cnxn *cnxn);

#endif
