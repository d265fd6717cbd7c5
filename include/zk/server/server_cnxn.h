/* A client's connection as the processors see it. Java: server.ServerCnxn, an abstract class
 *
 * The client port's connections are of this class, and so is whatever else asks for something and
 * waits for the answer. Counted: a request keeps its connection, which may outlive its socket; what
 * is sent on a closed connection is dropped.
 *
 * The processors call the methods on their own threads. A method never blocks and takes no lock
 * whose rank is that of floor server or lower in number, since the caller may hold one. */
#ifndef ZK_SERVER_SERVER_CNXN_H
#define ZK_SERVER_SERVER_CNXN_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/refcount.h"

struct buf;
struct connect_response;
struct reply_header;
struct server_cnxn;

/* Java: DisconnectReason, those that floor server gives */
enum disconnect_reason {
    DISCONNECT_REASON_UNKNOWN,
    DISCONNECT_REASON_CLIENT_CLOSED_SESSION,
    DISCONNECT_REASON_SERVER_SHUTDOWN,
    DISCONNECT_REASON_IO_EXCEPTION_IN_SESSION_INIT,
};

struct server_cnxn_ops {
    /* Java: sendResponse(). body is the record behind the header, as bytes, and stays the caller's;
     * NULL: there is none. */
    void (*send_response)(struct server_cnxn *cnxn, const struct reply_header *header,
                          struct buf *body);
    /* The answer to the client's first packet, for ZooKeeperServer.finishSessionInit(). If it is
     * not valid the connection is closed behind it; otherwise the client's packets are read. */
    void (*finish_session_init)(struct server_cnxn *cnxn, const struct connect_response *response,
                                bool valid);
    /* Java: sendCloseSession(). Close the connection behind what has been sent. */
    void (*send_close_session)(struct server_cnxn *cnxn);
    /* Java: close(). Now. */
    void (*close)(struct server_cnxn *cnxn, enum disconnect_reason reason);
    void (*free)(struct server_cnxn *cnxn); /* the last reference is gone */
};

/* The first member of every connection's struct. */
struct server_cnxn {
    const struct server_cnxn_ops *ops;
    struct zk_refcount refs; /* the port's table; requests on their way */
    /* Both are set before the first request of the connection, and not changed after it. */
    int64_t session_id;
    int32_t session_timeout_ms;
    const char *remote_address; /* for log lines; as long-lived as the connection */
};

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

#endif
