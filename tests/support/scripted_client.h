/* A client's connection that a test speaks for: it asks a server through
 * zookeeper_server_submit_request, where the client port would, and keeps what comes back. */
#ifndef TEST_SCRIPTED_CLIENT_H
#define TEST_SCRIPTED_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "zk/jute/proto.h"
#include "zk/jute/record.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zookeeper_server.h"

struct scripted_client {
    struct server_cnxn cnxn; /* the first field: it is one */
    struct zookeeper_server *server;
    int32_t next_cxid;

    pthread_mutex_t mutex; /* guards: */
    int responses;
    struct reply_header header; /* of the last one */
    struct buf *body;           /* of the last one; NULL: none */
    int session_answers;
    bool valid;
    int64_t answered_session_id;
    uint8_t passwd[SESSION_PASSWD_LENGTH];
    int closed; /* sendCloseSession() or close() */
};

void scripted_client_init(struct scripted_client *client, struct zk_context *ctx,
                          struct zookeeper_server *server);
void scripted_client_done(struct scripted_client *client);

/* Opens a session and waits until it is there; the id is cnxn.session_id. Returns whether the
 * answer says that it is valid. */
bool scripted_client_connect(struct scripted_client *client, int32_t timeout_ms);
/* Asks for a session where none is opened, and waits for that answer. Returns its error. */
int32_t scripted_client_connect_refused(struct scripted_client *client, int32_t timeout_ms);
/* Comes back with a session, and waits for the answer. */
bool scripted_client_reconnect(struct scripted_client *client, int64_t session_id,
                               const uint8_t *passwd, int32_t timeout_ms);
/* Sends a request with that record (NULL: no body), waits for the answer and returns its error. */
int32_t scripted_client_ask(struct scripted_client *client, int32_t type,
                            const struct jute_record *description, const void *record);
/* Creates a node without data, open to the world. */
int32_t scripted_client_create(struct scripted_client *client, const char *path, int32_t flags);

/* The same as the only operation of a multi. Returns the error of the whole. */
int32_t scripted_client_create_in_multi(struct scripted_client *client, const char *path,
                                        int32_t flags);

#endif
