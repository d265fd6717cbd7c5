/* Local sessions at the servers of an ensemble. Java: QuorumZooKeeperServer */
#include "zab/quorum_zookeeper_server.h"

#include "zk/base/buf.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/record.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"
#include "zk/server/create_mode.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/upgradeable_session_tracker.h"
#include "zk/server/zookeeper_server.h"

static enum keeper_code makes_ephemeral(struct zk_context *ctx, const struct request *request,
                                        bool *ret_makes);
static struct request *make_upgrade_request(struct session_tracker *tracker, int64_t session_id);

void quorum_zookeeper_server_enable_local_sessions(struct zookeeper_server *server,
                                                   const struct quorum_peer *self,
                                                   struct session_tracker *tracker)
{
    if (!self->config->local_sessions_enabled)
        return;
    zookeeper_server_enable_local_sessions(server);
    upgradeable_session_tracker_create_local_session_tracker(
        tracker, self->database,
        (struct session_expirer){.expire = zookeeper_server_expire, .arg = server},
        self->config->tick_time_ms, self->my_id);
}

/* Java: checkUpgradeSession(). createTTL and createContainer make no ephemeral nodes. */
struct request *quorum_zookeeper_server_check_upgrade_session(struct zookeeper_server *server,
                                                              const struct quorum_peer *self,
                                                              struct request *request)
{
    if (!self->config->local_sessions_enabled || request->refused)
        return NULL;
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if ((request->type != OP_CODE_CREATE && request->type != OP_CODE_CREATE2 &&
         request->type != OP_CODE_MULTI) ||
        !upgradeable_session_tracker_is_local_session(tracker, request->session_id))
        return NULL;
    bool makes = false;
    enum keeper_code code = makes_ephemeral(self->ctx, request, &makes);
    if (code == KEEPER_CODE_MARSHALLINGERROR) /* it is found out again where it is prepared */
        return NULL;
    if (makes && !self->config->local_sessions_upgrading_enabled)
        code = KEEPER_CODE_EPHEMERALONLOCALSESSION;
    if (code != KEEPER_CODE_OK) {
        request->exception = code;
        zk_log(self->ctx, ZK_LOG_UPGRADE_REFUSED, keeper_code_name(code));
        return NULL;
    }
    return makes ? make_upgrade_request(tracker, request->session_id) : NULL;
}

/* Java: makeUpgradeRequest(). Two threads may ask at a time; one of them gets the session. */
static struct request *make_upgrade_request(struct session_tracker *tracker, int64_t session_id)
{
    int32_t timeout_ms = upgradeable_session_tracker_upgrade_session(tracker, session_id);
    if (timeout_ms < 0)
        return NULL;
    struct buf *to = buf_new(sizeof timeout_ms);
    buf_put_int(to, timeout_ms);
    struct request *request = request_new(NULL, session_id, 0, OP_CODE_CREATE_SESSION, to, NULL);
    buf_unref(to);
    return request;
}

static enum keeper_code makes_ephemeral(struct zk_context *ctx, const struct request *request,
                                        bool *ret_makes)
{
    if (request->type == OP_CODE_MULTI)
        return multi_makes_ephemeral(ctx, request, ret_makes);
    struct create_request create;
    struct create_mode mode;
    enum keeper_code code = request_read_record(ctx, request, &create_request_record, &create);
    if (code != KEEPER_CODE_OK)
        return code;
    if (create_mode_from_flag(create.flags, &mode))
        *ret_makes = mode.is_ephemeral;
    else
        code = KEEPER_CODE_BADARGUMENTS;
    jute_done(&create_request_record, &create);
    return code;
}

/* Java: setLocalSessionFlag() */
void quorum_zookeeper_server_set_local_session_flag(struct zookeeper_server *server,
                                                    const struct quorum_peer *self,
                                                    struct request *request)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (request->type == OP_CODE_CREATE_SESSION) {
        request->local_session = self->config->local_sessions_enabled; /* all new ones are local */
    } else if (request->type == OP_CODE_CLOSE_SESSION) {
        request->local_session =
            upgradeable_session_tracker_is_local_session(tracker, request->session_id);
        zk_log(self->ctx, ZK_LOG_SUBMITTING_CLOSE_SESSION,
               request->local_session ? "local" : "global", (uint64_t)request->session_id);
    }
}

void quorum_zookeeper_server_share_global_outstanding_limit(struct zookeeper_server *server,
                                                            struct quorum_peer *self)
{
    zookeeper_server_share_global_outstanding_limit(
        server, quorum_peer_quorum_verifier(self)->voting.count);
}
