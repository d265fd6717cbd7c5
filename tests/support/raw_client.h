/* A server alone with its client port, and clients of it that know only bytes. */
#ifndef TEST_RAW_CLIENT_H
#define TEST_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/io/inet.h"
#include "zk/peer/zookeeper_server_main.h"

struct sock;

/* ---- a server and its port ------------------------------------------------------------------- */

struct raw_stage {
    struct zk_context *ctx;
    char *directory;
    struct quorum_peer_config *config;
    struct zookeeper_server_main *alone;
    struct inet_address at;
};

struct raw_setting {
    const char *key;
    const char *value;
};

/* Starts a server with these system properties, on a port that nobody else has. Unless they say
 * otherwise, callers without a session are never closed for their silence. */
void raw_stage_begin(struct raw_stage *stage, const struct raw_setting *settings, size_t count);
void raw_stage_finish(struct raw_stage *stage);

/* ---- frames ---------------------------------------------------------------------------------- */

enum {
    RAW_TIMEOUT_MS = 40000, /* the longest that the server's tick allows */
    RAW_PASSWD = 16,
    RAW_OPEN_ACL_BYTES = 27,
};

/* world:anyone may do everything */
extern const uint8_t RAW_OPEN_ACL[RAW_OPEN_ACL_BYTES];

/* Returns a frame whose length is put in front; unrefs body. The caller unrefs each of these
 * frames, or lets raw_send_frame do so. */
struct buf *raw_frame_of(struct buf *body);
void raw_put_text(struct buf *buf, const char *text);
/* passwd NULL: zeros */
struct buf *raw_connect_frame(int64_t zxid, int32_t timeout_ms, int64_t session_id,
                              const uint8_t *passwd, bool with_read_only);
/* Returns a request with nothing behind the header, and without its length. */
struct buf *raw_request_body(int32_t xid, int32_t type);
struct buf *raw_plain_frame(int32_t xid, int32_t type);
struct buf *raw_create_frame(int32_t xid, const char *path, const void *data, size_t length);
struct buf *raw_get_frame(int32_t xid, const char *path);

/* ---- a client -------------------------------------------------------------------------------- */

struct raw_client {
    struct sock *sock;
    int64_t session_id;
    int32_t timeout_ms;
    uint8_t passwd[RAW_PASSWD];
};

/* Returns a connection on which nothing has been said; the caller unrefs it. */
struct sock *raw_dial(struct raw_stage *stage);
/* The bytes must get through: the server has no reason to close before it has read all of them. */
void raw_send_frame(struct sock *sock, struct buf *frame);
/* Returns the body of the next frame; the caller unrefs it. */
struct buf *raw_read_frame(struct sock *sock);
void raw_assert_reply(struct sock *sock, int32_t xid, int32_t err);
/* Nothing more comes but the end, and not only because a session is over; unrefs sock. A reset is
 * the end, too: we had sent what nobody read. */
void raw_assert_end(struct sock *sock);

/* Reads the answer to a connect request, which has that length. */
void raw_read_connect_answer(struct raw_client *raw, size_t length);
/* Opens a session, or comes back with one. The caller unrefs the sock. */
struct raw_client raw_connect(struct raw_stage *stage);
struct raw_client raw_reconnect(struct raw_stage *stage, int64_t session_id, const uint8_t *passwd);
void raw_assert_pings(struct raw_client *raw);

#endif
