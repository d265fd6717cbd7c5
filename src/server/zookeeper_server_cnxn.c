/* What a connection hands to its server: the first frame, which asks for a session, and those after
 * it. The thread that reads the connection calls these functions.
 *
 * Java: ZooKeeperServer.processConnectRequest(), processPacket() */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "server/zookeeper_server_internal.h"
#include "zk/base/buf.h"
#include "zk/base/random.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/auth_provider.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn_trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* As in Java. */
enum { GLOBAL_OUTSTANDING_LIMIT = 1000, LARGE_REQUEST_MAX_BYTES = 100 * 1024 * 1024 };

/* The first frame of a connection. */
struct first_frame {
    struct connect_request request;
    bool has_read_only; /* false: an old client, which does not send this byte */
    bool read_only;     /* the client is content with a server that only reads */
};

static bool check_connect_limit(struct zookeeper_server *server, bool is_new);
static int read_connect_request(struct zookeeper_server *server, const uint8_t *bytes,
                                size_t length, struct first_frame *ret_frame);
static int check_read_only(struct zookeeper_server *server, const struct server_cnxn *cnxn,
                           const struct first_frame *frame);
static int open_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                        const struct connect_request *request);
static int process_auth(struct zookeeper_server *server, struct server_cnxn *cnxn, int32_t xid,
                        const uint8_t *bytes, size_t length);
static int process_sasl(struct server_cnxn *cnxn, int32_t xid, const uint8_t *bytes, size_t length);
static void incr_outstanding_and_check_throttle(struct zookeeper_server *server,
                                                struct server_cnxn *cnxn, int32_t xid);
static bool is_large_request(const struct server_admission *admission, size_t length);
static int add_large_request(struct zookeeper_server *server, size_t length);

/* ---- the first frame ------------------------------------------------------------------------- */

/* Java: processConnectRequest() */
int zookeeper_server_process_connect_request(struct zookeeper_server *server,
                                             struct server_cnxn *cnxn, const uint8_t *bytes,
                                             size_t length)
{
    struct zk_context *ctx = zookeeper_server_ctx(server);
    struct first_frame frame = {0};
    const struct connect_request *request = &frame.request;
    int r = read_connect_request(server, bytes, length, &frame);
    if (r < 0)
        return -EPROTO;
    server_cnxn_trace_connect_request(ctx, cnxn, request->session_id, request->time_out_ms);
    int64_t zxid = zk_database_last_processed_zxid(zookeeper_server_get_zk_database(server));
    if (!check_connect_limit(server, request->session_id == 0)) {
        zk_log(ctx, ZK_LOG_CONNECT_THROTTLED, cnxn->session_id);
        r = -EACCES;
        goto out;
    }
    cnxn->is_old_client = !frame.has_read_only;
    if (!frame.has_read_only)
        zk_log(ctx, ZK_LOG_OLD_CLIENT, cnxn->remote_address);
    r = check_read_only(server, cnxn, &frame);
    if (r < 0)
        goto out;
    /* The client would go back in time; but see K-228. */
    if (request->last_zxid_seen > zxid) {
        zk_log(ctx, ZK_LOG_CLIENT_ZXID_AHEAD, cnxn->remote_address, request->last_zxid_seen, zxid);
        r = -EACCES;
        goto out;
    }
    r = open_session(server, cnxn, request);
out:
    if (r < 0)
        server_cnxn_trace_barred(ctx, cnxn, request->session_id);
    jute_done(&connect_request_record, &frame.request);
    return r;
}

/* Reads the record, and the byte behind it that old clients do not send. */
static int read_connect_request(struct zookeeper_server *server, const uint8_t *bytes,
                                size_t length, struct first_frame *ret_frame)
{
    struct jute_in in = jute_in_of_bytes(zookeeper_server_ctx(server), bytes, length);
    int r = jute_read(&in, &connect_request_record, &ret_frame->request);
    const uint8_t *read_only = NULL;
    ret_frame->has_read_only = r == 0 && jute_in_view(&in, 1, NULL, &read_only) == 0;
    ret_frame->read_only = read_only != NULL && *read_only != 0;
    return r;
}

/* Java: BlueThrottle.checkLimit(), synchronized; getDeficit() */
static bool check_connect_limit(struct zookeeper_server *server, bool is_new)
{
    struct server_admission *admission = zookeeper_server_admission(server);
    struct server_metrics *metrics = zookeeper_server_metrics(server);
    const int64_t steps = INT64_C(1) << 53; /* a double holds so many between 0 and 1 */
    double chance = 1;
    zk_mutex_lock(&admission->mu);
    struct blue_throttle *throttle = &admission->throttle;
    if (throttle->max_tokens != 0 && throttle->freeze_time_ms != -1)
        chance = (double)zk_random_below(steps) / (double)steps;
    int64_t need =
        blue_throttle_required_tokens(throttle, is_new, admission->local_session_enabled);
    bool admitted = blue_throttle_check_limit(throttle, need, zk_elapsed_ms(), chance);
    int64_t deficit = throttle->max_tokens > 0 ? throttle->max_tokens - throttle->tokens : 0;
    zk_mutex_unlock(&admission->mu);
    if (admitted)
        server_metrics_add(metrics, SERVER_METRICS_CONNECTION_TOKEN_DEFICIT, deficit);
    server_metrics_count(metrics, admitted ? SERVER_METRICS_CONNECTION_REQUEST_COUNT
                                           : SERVER_METRICS_CONNECTION_REJECTED);
    return admitted;
}

/* A read-only server serves only clients that are content with that, and does not take over a
 * session that it cannot keep alive. Java: processConnectRequest(), and validateSession() of
 * ReadOnlyZooKeeperServer */
static int check_read_only(struct zookeeper_server *server, const struct server_cnxn *cnxn,
                           const struct first_frame *frame)
{
    struct zk_context *ctx = zookeeper_server_ctx(server);
    if (!zookeeper_server_is_read_only(server))
        return 0;
    if (!frame->read_only) {
        zk_log(ctx, ZK_LOG_REFUSING_NOT_READ_ONLY, cnxn->remote_address);
        return -EACCES;
    }
    if (frame->request.session_id != 0 &&
        zk_database_has_session(zookeeper_server_get_zk_database(server),
                                frame->request.session_id)) {
        zk_log(ctx, ZK_LOG_REFUSING_GLOBAL_IN_READ_ONLY, cnxn->remote_address);
        return -EACCES;
    }
    return 0;
}

static int32_t clamp_timeout(const struct server_admission *admission, int32_t timeout_ms)
{
    if (timeout_ms < admission->min_session_timeout_ms)
        timeout_ms = admission->min_session_timeout_ms;
    if (timeout_ms > admission->max_session_timeout_ms)
        timeout_ms = admission->max_session_timeout_ms;
    return timeout_ms;
}

/* Lets the client in: to the session that it names, or to a new one. */
static int open_session(struct zookeeper_server *server, struct server_cnxn *cnxn,
                        const struct connect_request *request)
{
    struct server_admission *admission = zookeeper_server_admission(server);
    int32_t timeout_ms = clamp_timeout(admission, request->time_out_ms);
    if (cnxn->ops->disable_recv != NULL)
        cnxn->ops->disable_recv(cnxn);
    if (request->session_id == 0) {
        int64_t session_id;
        return zookeeper_server_create_session(server, cnxn, timeout_ms, &session_id);
    }
    const struct buf *passwd = request->passwd;
    bool has_length = passwd != NULL && passwd->length == SESSION_PASSWD_LENGTH;
    zookeeper_server_reopen_session(server, cnxn, request->session_id,
                                    has_length ? passwd->bytes : NULL, timeout_ms);
    server_metrics_count(zookeeper_server_metrics(server),
                         SERVER_METRICS_CONNECTION_REVALIDATE_COUNT);
    return 0;
}

void server_admission_set_session(struct server_admission *admission, struct server_cnxn *cnxn,
                                  int64_t session_id, int32_t timeout_ms)
{
    if (admission->cnxns.add_session != NULL) {
        admission->cnxns.add_session(admission->cnxns.arg, cnxn, session_id, timeout_ms);
    } else {
        cnxn->session_id = session_id;
        cnxn->session_timeout_ms = timeout_ms;
    }
}

/* ---- frames after it ------------------------------------------------------------------------- */

/* Java: processPacket() */
int zookeeper_server_process_packet(struct zookeeper_server *server, struct server_cnxn *cnxn,
                                    const uint8_t *bytes, size_t length,
                                    struct request **ret_request)
{
    *ret_request = NULL;
    if (length < REQUEST_HEADER_BYTES)
        return -EPROTO;
    int32_t xid = zk_load_int(bytes);
    int32_t type = zk_load_int(bytes + sizeof xid);
    struct server_admission *admission = zookeeper_server_admission(server);
    incr_outstanding_and_check_throttle(server, cnxn, xid);
    bytes += REQUEST_HEADER_BYTES;
    length -= REQUEST_HEADER_BYTES;
    server_cnxn_trace_packet(cnxn, xid, type, bytes, length);
    if (type == OP_CODE_AUTH)
        return process_auth(server, cnxn, xid, bytes, length);
    if (type == OP_CODE_SASL)
        return process_sasl(cnxn, xid, bytes, length);
    if (!authentication_helper_enforce(&admission->auth_helper, zookeeper_server_ctx(server), cnxn,
                                       xid))
        return 0;
    /* Here the body counts. Before the frame came, its whole length did, as in Java. */
    bool is_large = is_large_request(admission, length);
    if (is_large && add_large_request(server, length) < 0)
        return -EMSGSIZE;
    *ret_request = request_new_of_cnxn(cnxn, xid, type, bytes, length);
    (*ret_request)->large_request_size = is_large ? (int64_t)length : 0;
    return 0;
}

/* Tells the client that what came with the scheme is of no use, or that nobody knows the scheme,
 * and closes the connection after that. */
static void refuse_auth(struct server_cnxn *cnxn, int32_t xid)
{
    struct reply_header header = {.xid = xid, .err = KEEPER_CODE_AUTHFAILED};
    cnxn->ops->send_response(cnxn, &header, NULL);
    cnxn->ops->send_close_session(cnxn);
    if (cnxn->ops->disable_recv != NULL)
        cnxn->ops->disable_recv(cnxn);
}

/* Java: processPacket(), its branch for OpCode.auth */
static int process_auth(struct zookeeper_server *server, struct server_cnxn *cnxn, int32_t xid,
                        const uint8_t *bytes, size_t length)
{
    struct zk_context *ctx = zookeeper_server_ctx(server);
    zk_log(ctx, ZK_LOG_GOT_AUTH_PACKET, cnxn->remote_address);
    struct auth_packet packet = {0};
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    if (jute_read(&in, &auth_packet_record, &packet) < 0)
        return -EPROTO;
    const struct server_authentication_provider *ap = provider_registry_get(ctx, &packet.scheme);
    enum keeper_code auth_return = KEEPER_CODE_AUTHFAILED;
    if (ap != NULL)
        auth_return = ap->handle_authentication != NULL
                          ? ap->handle_authentication(ctx, cnxn, packet.auth)
                          : KEEPER_CODE_OK;
    if (auth_return == KEEPER_CODE_OK) {
        struct reply_header header = {.xid = xid};
        zk_log(ctx, ZK_LOG_AUTH_SUCCESS, (uint64_t)cnxn->session_id, ap->scheme,
               cnxn->remote_address);
        cnxn->ops->send_response(cnxn, &header, NULL);
    } else {
        if (ap == NULL)
            zk_log(ctx, ZK_LOG_NO_AUTH_PROVIDER,
                   packet.scheme.text != NULL ? packet.scheme.text : "null");
        else
            zk_log(ctx, ZK_LOG_AUTH_FAILED, ap->scheme);
        refuse_auth(cnxn, xid);
    }
    jute_done(&auth_packet_record, &packet);
    return 0;
}

/* Without JAAS nothing can check the token, so the answer is a null token. A request with a null
 * token, or with none, is an exception in Java, which ends the connection. Java: processSasl() */
static int process_sasl(struct server_cnxn *cnxn, int32_t xid, const uint8_t *bytes, size_t length)
{
    struct reply_header header = {.xid = xid};
    int32_t token_length = length < sizeof token_length ? -1 : zk_load_int(bytes);
    if (token_length < 0 || (size_t)token_length > length - sizeof token_length)
        return -EPROTO;
    struct buf *token = buf_new(sizeof(int32_t));
    buf_put_int(token, -1);
    cnxn->ops->send_response(cnxn, &header, token);
    buf_unref(token);
    return 0;
}

/* ---- how much may be under way --------------------------------------------------------------- */

bool zookeeper_server_should_throttle(struct zookeeper_server *server, int64_t outstanding)
{
    int64_t limit = zookeeper_server_admission(server)->global_outstanding_limit;
    return outstanding > 0 && (limit < zookeeper_server_get_inflight(server) ||
                               limit < zookeeper_server_get_in_process(server));
}

/* Java: ServerCnxn.incrOutstandingAndCheckThrottle() */
static void incr_outstanding_and_check_throttle(struct zookeeper_server *server,
                                                struct server_cnxn *cnxn, int32_t xid)
{
    if (xid <= 0)
        return;
    int64_t outstanding = server_cnxn_outstanding(cnxn, 1);
    if (cnxn->ops->disable_recv != NULL && zookeeper_server_should_throttle(server, outstanding))
        cnxn->ops->disable_recv(cnxn);
}

bool zookeeper_server_has_room(struct zookeeper_server *server, size_t count)
{
    return zookeeper_server_get_in_process(server) + (int64_t)count <=
           zookeeper_server_admission(server)->global_outstanding_limit;
}

/* A closeSession cleans up, however old it is. Java: Request.isStale() */
bool zookeeper_server_is_stale_request(struct zookeeper_server *server,
                                       const struct request *request)
{
    const struct server_admission *admission = zookeeper_server_admission(server);
    const struct server_cnxn *cnxn = request->cnxn;
    if (cnxn == NULL || request->type == OP_CODE_CLOSE_SESSION)
        return false;
    if (admission->stale_connection_check &&
        (server_cnxn_is_stale(cnxn) || server_cnxn_is_invalid(cnxn)))
        return true;
    return admission->stale_latency_check &&
           zk_elapsed_ms() - request->create_time_ms > cnxn->session_timeout_ms;
}

static bool is_large_request(const struct server_admission *admission, size_t length)
{
    return admission->large_request_threshold != -1 &&
           length > (size_t)admission->large_request_threshold;
}

/* Java: checkRequestSizeWhenReceivingMessage() */
bool zookeeper_server_check_request_size(struct zookeeper_server *server, size_t length)
{
    struct server_admission *admission = zookeeper_server_admission(server);
    if (!is_large_request(admission, length) ||
        zk_atomic_long_get(&admission->current_large_request_bytes) + (int64_t)length <=
            admission->large_request_max_bytes)
        return true;
    server_metrics_count(zookeeper_server_metrics(server), SERVER_METRICS_LARGE_REQUESTS_REJECTED);
    return false;
}

/* Counts the bytes of a large request. Errors: -EMSGSIZE, they are too many. Java:
 * checkRequestSizeWhenMessageReceived() */
static int add_large_request(struct zookeeper_server *server, size_t length)
{
    struct server_admission *admission = zookeeper_server_admission(server);
    int64_t bytes = zk_atomic_long_add(&admission->current_large_request_bytes, (int64_t)length);
    if (bytes <= admission->large_request_max_bytes)
        return 0;
    zk_atomic_long_add(&admission->current_large_request_bytes, -(int64_t)length);
    server_metrics_count(zookeeper_server_metrics(server), SERVER_METRICS_LARGE_REQUESTS_REJECTED);
    return -EMSGSIZE;
}

/* Java: requestFinished() */
void zookeeper_server_request_finished(struct zookeeper_server *server,
                                       const struct request *request)
{
    if (request->large_request_size > 0)
        zk_atomic_long_add(&zookeeper_server_admission(server)->current_large_request_bytes,
                           -request->large_request_size);
}

/* ---- the end of a connection ----------------------------------------------------------------- */

/* Java: ServerCnxnFactory.closeSession(), FinalRequestProcessor.closeSession() */
bool zookeeper_server_close_session(struct zookeeper_server *server, int64_t session_id,
                                    enum disconnect_reason reason)
{
    const struct cnxn_sessions *cnxns = &zookeeper_server_admission(server)->cnxns;
    return cnxns->close_session != NULL && cnxns->close_session(cnxns->arg, session_id, reason);
}

void zookeeper_server_remove_cnxn(struct zookeeper_server *server, struct server_cnxn *cnxn)
{
    struct data_tree *tree = zk_database_get_data_tree(zookeeper_server_get_zk_database(server));
    data_tree_remove_cnxn(tree, &cnxn->watcher);
    data_tree_unref(tree);
}

/* ---- admission ------------------------------------------------------------------------------- */

/* Values that cannot be are the defaults (D-312). Java: initLargeRequestThrottlingSettings() */
static void init_large_request_throttling_settings(struct server_admission *admission,
                                                   struct zk_context *ctx) UNSHARED
{
    int32_t bytes =
        zk_settings_get_integer(ctx, "zookeeper.largeRequestMaxBytes", LARGE_REQUEST_MAX_BYTES);
    int32_t threshold = zk_settings_get_integer(ctx, "zookeeper.largeRequestThreshold", -1);
    admission->large_request_max_bytes = bytes > 0 ? bytes : LARGE_REQUEST_MAX_BYTES;
    admission->large_request_threshold = threshold > 0 ? threshold : -1;
    zk_atomic_long_init(&admission->current_large_request_bytes, 0);
}

void server_admission_init(struct server_admission *admission, struct zk_context *ctx) UNSHARED
{
    admission->min_session_timeout_ms = 0;
    admission->max_session_timeout_ms = INT32_MAX;
    admission->global_outstanding_limit =
        zk_settings_get_integer(ctx, "zookeeper.globalOutstandingLimit", GLOBAL_OUTSTANDING_LIMIT);
    zk_mutex_init(&admission->mu, ctx, "connect_throttle", ZK_RANK_CONNECT_THROTTLE);
    blue_throttle_init(&admission->throttle, ctx, zk_elapsed_ms());
    authentication_helper_init(&admission->auth_helper, ctx);
    admission->stale_connection_check =
        zk_settings_get_boolean(ctx, "zookeeper.request_stale_connection_check", true);
    admission->stale_latency_check =
        zk_settings_get_boolean(ctx, "zookeeper.request_stale_latency_check", false);
    init_large_request_throttling_settings(admission, ctx);
}

void server_admission_done(struct server_admission *admission)
{
    zk_mutex_destroy(&admission->mu);
    authentication_helper_done(&admission->auth_helper);
}

void zookeeper_server_set_session_timeouts(struct zookeeper_server *server, int32_t min_ms,
                                           int32_t max_ms)
{
    struct server_admission *admission = zookeeper_server_admission(server);
    admission->min_session_timeout_ms = min_ms;
    admission->max_session_timeout_ms = max_ms;
}

void zookeeper_server_set_cnxn_sessions(struct zookeeper_server *server,
                                        const struct cnxn_sessions *cnxns)
{
    zookeeper_server_admission(server)->cnxns = *cnxns;
}

void zookeeper_server_enable_local_sessions(struct zookeeper_server *server)
{
    zookeeper_server_admission(server)->local_session_enabled = true;
}

void zookeeper_server_share_global_outstanding_limit(struct zookeeper_server *server, size_t voters)
{
    if (voters > 2)
        zookeeper_server_admission(server)->global_outstanding_limit /= (int64_t)voters - 1;
}
