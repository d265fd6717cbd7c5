/* The sessions of a term's server: a client asks for a new one or comes back to its own, one
 * expires, and those that ended while nobody led leave nothing behind. Which sessions there are,
 * and when they end, the tracker knows (session_tracker_impl.c).
 *
 * Java: ZooKeeperServer.createSession(), reopenSession(), finishSessionInit(), expire(),
 * killSession() */
#include <errno.h>

#include "server/session_passwd.h"
#include "server/zookeeper_server_internal.h"
#include "zk/base/buf.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/log_table.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_cnxn_trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* Submits a request that the server makes itself. */
static int submit_own(struct zookeeper_server *server, struct server_cnxn *cnxn, int64_t session_id,
                      int32_t type, struct buf *body)
{
    struct request *request = request_new(cnxn, session_id, 0, type, body, NULL);
    int r = zookeeper_server_submit_request(server, request);
    request_unref(request);
    return r;
}

/* Java: createSession() */
int zookeeper_server_create_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                    int32_t timeout_ms, int64_t *ret_session_id)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker == NULL)
        return -ECANCELED;
    int64_t session_id = session_tracker_create_session(tracker, timeout_ms);
    struct buf *to = buf_new(sizeof timeout_ms);
    buf_put_int(to, timeout_ms);
    server_admission_set_session(zookeeper_server_admission(server), cnxn, session_id, timeout_ms);
    int r = submit_own(server, cnxn, session_id, OP_CODE_CREATE_SESSION, to);
    buf_unref(to);
    if (r == 0)
        *ret_session_id = session_id;
    return r;
}

/* A leader whose own client comes back makes itself the owner. Java: revalidateSession(), in
 * ZooKeeperServer and LeaderZooKeeperServer */
static void revalidate_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                               int64_t session_id, int32_t timeout_ms)
{
    const struct zookeeper_server_methods *methods = zookeeper_server_methods_of(server);
    if (methods->revalidate_session != NULL) {
        methods->revalidate_session(server, cnxn, session_id, timeout_ms);
        return;
    }
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    bool rc = tracker != NULL && session_tracker_touch_session(tracker, session_id, timeout_ms) &&
              session_tracker_set_owner(tracker, session_id, server_cnxn_me()) == KEEPER_CODE_OK;
    zookeeper_server_finish_session_init(server, cnxn, rc);
}

/* The password comes first: in Java a client that does not know it can close the connection of the
 * one that does, and make the port forget whose the session is (D-202). Java:
 * processConnectRequest(), where it closes the session's connection; reopenSession() */
void zookeeper_server_reopen_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                     int64_t session_id, const uint8_t *passwd, int32_t timeout_ms)
{
    if (session_passwd_check(session_id, passwd)) {
        (void)zookeeper_server_close_session(server, session_id,
                                             DISCONNECT_REASON_CLIENT_RECONNECT);
        server_admission_set_session(zookeeper_server_admission(server), cnxn, session_id,
                                     timeout_ms);
        revalidate_session(server, cnxn, session_id, timeout_ms);
    } else {
        zk_log(zookeeper_server_ctx(server), ZK_LOG_INCORRECT_PASSWORD, cnxn->remote_address,
               session_id);
        zookeeper_server_finish_session_init(server, cnxn, false);
    }
}

/* Java: finishSessionInit() */
void zookeeper_server_finish_session_init(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                          bool valid)
{
    uint8_t passwd[SESSION_PASSWD_LENGTH] = {0};
    if (valid)
        session_passwd_generate(cnxn->session_id, passwd);
    struct connect_response response = {
        .time_out_ms = valid ? cnxn->session_timeout_ms : 0,
        .session_id = valid ? cnxn->session_id : 0,
        .passwd = buf_new_copy(passwd, sizeof passwd),
    };
    server_cnxn_trace_session_init(zookeeper_server_ctx(server), cnxn, valid);
    cnxn->ops->finish_session_init(cnxn, &response, valid);
    buf_unref(response.passwd);
    if (valid)
        zk_log(zookeeper_server_ctx(server), ZK_LOG_ESTABLISHED_SESSION, cnxn->session_id,
               cnxn->session_timeout_ms, cnxn->remote_address);
    else
        zk_log(zookeeper_server_ctx(server), ZK_LOG_INVALID_SESSION, cnxn->session_id,
               cnxn->remote_address);
}

/* A server that does not run any more leaves the session to the next one. Java: expire(),
 * close() */
void zookeeper_server_expire(void *arg, int64_t session_id, int32_t timeout_ms)
{
    struct zookeeper_server *server = arg;
    server_metrics_count(zookeeper_server_metrics(server), SERVER_METRICS_STALE_SESSIONS_EXPIRED);
    zk_log(zookeeper_server_ctx(server), ZK_LOG_EXPIRING_SESSION, session_id, timeout_ms);
    server_cnxn_trace_expire(zookeeper_server_ctx(server), session_id, timeout_ms);
    (void)submit_own(server, NULL, session_id, OP_CODE_CLOSE_SESSION, NULL);
}

/* Java: killSession() */
static void server_kill_session(struct zookeeper_server *server, int64_t session_id, int64_t zxid)
{
    zk_database_kill_session(zookeeper_server_get_zk_database(server), session_id, zxid);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker != NULL)
        session_tracker_remove_session(tracker, session_id);
}

void zookeeper_server_clean_up_dead_sessions(struct zookeeper_server *server)
{
    int64_t zxid = zk_database_last_processed_zxid(zookeeper_server_get_zk_database(server));
    struct session_timeouts sessions = {0};
    zk_database_sessions(zookeeper_server_get_zk_database(server), &sessions);
    struct long_set alive = {0};
    for (size_t i = 0; i < sessions.count; i++)
        long_set_add(&alive, sessions.items[i].session);
    session_timeouts_done(&sessions);

    struct data_tree *tree = zk_database_get_data_tree(zookeeper_server_get_zk_database(server));
    struct long_set owners = {0};
    data_tree_get_sessions(tree, &owners);
    data_tree_unref(tree);
    for (size_t i = 0; i < owners.count; i++) {
        if (!long_set_has(&alive, owners.items[i]))
            server_kill_session(server, owners.items[i], zxid);
    }
    long_set_done(&owners);
    long_set_done(&alive);
}
