/* The traces of clients: what each asks for, what it is told, and what becomes of its session. Each
 * function is called where its event happens, so that the code there need not know what a trace
 * looks like. Java has no traces; the method in parentheses is the one in which the call would
 * stand. A trace shows the first bytes of data and paths, and nothing of passwords and credentials.
 *
 * Any thread, with any lock of floor server or below. Nothing blocks, and nothing is done while the
 * trace is off. A connection that is no client's is passed over. */
#ifndef ZK_SERVER_SERVER_CNXN_TRACE_H
#define ZK_SERVER_SERVER_CNXN_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/server/server_cnxn.h"

struct reply_header;
struct request;
struct watched_event;

/* The first frame, which asks for a session: session_id is the one that it names, 0 for a new one.
 * (ZooKeeperServer.processConnectRequest()) */
void server_cnxn_trace_connect_request(struct zk_context *ctx, const struct server_cnxn *cnxn,
                                       int64_t session_id, int32_t timeout_ms);
/* The same client is turned away: its connection is closed without a word. (The same method) */
void server_cnxn_trace_barred(struct zk_context *ctx, const struct server_cnxn *cnxn,
                              int64_t session_id);
/* A later frame; body is what follows xid and type. (ZooKeeperServer.processPacket()) */
void server_cnxn_trace_packet(const struct server_cnxn *cnxn, int32_t xid, int32_t type,
                              const uint8_t *body, size_t length);
/* The answer to request, before it is sent. body is the record behind the header; NULL: there is
 * none. (ServerCnxn.sendResponse()) */
void server_cnxn_trace_response(struct zk_context *ctx, const struct request *request,
                                const struct reply_header *header, const struct buf *body);
/* A watch event, before it is sent. (ServerCnxn.process()) */
void server_cnxn_trace_event(const struct server_cnxn *cnxn, const struct watched_event *event);
/* The answer to the first frame. (ZooKeeperServer.finishSessionInit()) */
void server_cnxn_trace_session_init(struct zk_context *ctx, const struct server_cnxn *cnxn,
                                    bool valid);
/* The connection of that session ends; of one without a session (0) nothing is written.
 * (ServerCnxn.close()) */
void server_cnxn_trace_close(const struct server_cnxn *cnxn, int64_t session_id, int32_t timeout_ms,
                             enum disconnect_reason reason);
/* The time of a session is over. (ZooKeeperServer.expire()) */
void server_cnxn_trace_expire(struct zk_context *ctx, int64_t session_id, int32_t timeout_ms);

#endif
