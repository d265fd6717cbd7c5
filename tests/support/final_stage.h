/* FinalRequestProcessor with a server around it, and a client whose requests come to it. */
#ifndef TEST_FINAL_STAGE_H
#define TEST_FINAL_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/proto.h"
#include "zk/jute/record.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zookeeper_server.h"

/* A client that remembers what it was told. */
struct parrot {
    struct server_cnxn cnxn;
    struct reply_header header;
    struct buf *body; /* NULL: none came */
    int responses;
    struct zk_str events; /* "3 /a, 4 /" */
    size_t heard_before;  /* so much of it had come before the last response */
    int closed;
    int sessions;
    bool session_valid;
    struct connect_response session;
    uint8_t passwd[SESSION_PASSWD_LENGTH];
    bool freed;
};

struct final_stage {
    struct zk_context *ctx;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    struct request_processor *final;
    struct parrot client;
    int64_t last_zxid; /* of the last transaction that the stage made */
    /* As whom the client comes; nobody until a test says so. */
    struct zk_id_list auth;
};

/* The setup and teardown of a cmocka test whose state is a stage. */
int final_stage_setup(void **state);
/* Replaces the tree by a snapshot, and the processor by one that knows the new tree. */
void final_stage_load(struct final_stage *stage, struct jute_in *in);
int final_stage_teardown(void **state);

/* Returns the stage's next transaction. Takes over the content of record. */
struct txn_log_entry *final_stage_txn(struct final_stage *stage, int32_t type,
                                      union txn_record *record);
/* A node with the data "world" that is open to everybody. */
union txn_record open_create_record(const char *path);
/* Our client's request of that type has been committed as txn, whose reference it takes over; NULL:
 * it is a read. */
void final_stage_request(struct final_stage *stage, int32_t type, struct buf *body,
                         struct txn_log_entry *txn, int32_t exception);
/* The one answer that came has that err, and the request's xid and the stage's zxid. */
void final_stage_expect_header(struct final_stage *stage, int32_t err);
/* There is a body, and it is this record, which jute_done ends. */
void final_stage_expect_body(struct final_stage *stage, const struct jute_record *record,
                             void *ret_value);

#endif
