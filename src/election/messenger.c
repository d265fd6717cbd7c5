/* The two threads between the election and the connections. Java: FastLeaderElection.Messenger
 *
 *   WorkerSender    sendqueue -> bytes -> qcm_to_send
 *   WorkerReceiver  recvQueue of the manager -> a vote; it answers who is behind or no voter, and
 *                   passes on to recvqueue what the election has to judge
 *
 * WorkerReceiver answers for the peer in every state, also while the main thread leads or follows:
 * that is how a late joiner learns who leads. No message may end it (ZOOKEEPER-3769; D-12).
 *
 * Java's look at their stop flag every 3 s; ours wait until there is something or their queue is
 * closed (D-74). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "election/fast_leader_election_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"

/* ---- WorkerSender --------------------------------------------------------------------------- */

/* Java: WorkerSender.process() */
static void process(struct fast_leader_election *fle, struct to_send *m)
{
    qcm_to_send(fle->manager, m->sid, notification_build_msg(m));
    to_send_free(m);
}

/* Java: WorkerSender.run() */
void worker_sender_run(void *arg)
{
    struct fast_leader_election *fle = arg;
    while (!zk_stop_requested(&fle->stop)) {
        void *item = NULL;
        if (bq_poll(fle->sendqueue, INT64_MAX, &item) < 0)
            break;
        process(fle, item);
    }
    zk_log(fle->ctx, ZK_LOG_WORKER_SENDER_DOWN);
}

/* ---- WorkerReceiver: the configuration of the sender ---------------------------------------- */

/* A sender whose configuration is newer than ours: while we look for a leader the election is to be
 * built anew around it. (Applying it needs reconfiguration, which is not built; Java with
 * reconfigEnabled=false restarts as well, and again for each such message.) True: this thread is to
 * end. Java: WorkerReceiver.run(), its middle */
static bool is_newer_config(struct fast_leader_election *fle, const struct quorum_verifier *rqv)
{
    struct quorum_verifier *cur_qv = quorum_peer_get_quorum_verifier(fle->self);
    bool restart = false;
    if (rqv->version > cur_qv->version) {
        zk_log(fle->ctx, ZK_LOG_RECEIVED_VERSION, quorum_peer_get_my_id(fle->self),
               (uint64_t)rqv->version, (uint64_t)cur_qv->version);
        if (quorum_peer_get_peer_state(fle->self) == SERVER_STATE_LOOKING &&
            !qv_equal(rqv, cur_qv)) {
            zk_log(fle->ctx, ZK_LOG_RESTARTING_ELECTION);
            quorum_peer_set_shutting_down_le(fle->self);
            fle_request_stop(fle); /* the main thread takes it all down */
            restart = true;
        }
    }
    qv_unref(cur_qv);
    return restart;
}

/* The usual case, which spares us the parsing: the sender says what we say ourselves. */
static bool is_own_config(struct fast_leader_election *fle,
                          const struct notification_fields *fields, int64_t *ret_version)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    const char *text = qv_to_string(qv);
    bool same = strlen(text) == fields->config_length &&
                memcmp(text, fields->config, fields->config_length) == 0;
    if (same)
        *ret_version = qv->version;
    qv_unref(qv);
    return same;
}

/* *ret_version: of the sender's configuration, 0 if it cannot be read. True: this thread is to
 * end. */
static bool process_config(struct fast_leader_election *fle, int64_t sid,
                           const struct notification_fields *fields, int64_t *ret_version)
{
    const struct quorum_peer_config *config = quorum_peer_config_of(fle->self);
    struct quorum_verifier *rqv = NULL;
    char *error = NULL;
    if (is_own_config(fle, fields, ret_version))
        return false;
    int r = qv_from_string(fle->ctx, fields->config, fields->config_length,
                           config->standalone_enabled, config->oracle_path, &rqv, &error);
    if (r < 0) { /* the vote counts all the same */
        zk_log(fle->ctx, ZK_LOG_CONFIG_FROM_SENDER, sid, error == NULL ? "" : error);
        free(error);
        return false;
    }
    bool restart = is_newer_config(fle, rqv);
    *ret_version = rqv->version;
    qv_unref(rqv);
    return restart;
}

/* ---- WorkerReceiver: answers ---------------------------------------------------------------- */

static void reply(struct fast_leader_election *fle, int64_t to, const struct vote *v,
                  int64_t election_epoch, enum server_state state)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    bq_put(fle->sendqueue,
           to_send_new(v->id, v->zxid, election_epoch, state, to, v->peer_epoch, qv_to_string(qv)));
    qv_unref(qv);
}

/* Observers, strangers: told our current vote whatever they say (K-8). While we look that is the
 * vote of before, with the round of now. */
static void answer_non_voter(struct fast_leader_election *fle, int64_t sid)
{
    struct vote current;
    bool has_vote;
    enum server_state state = quorum_peer_get_state_and_vote(fle->self, &has_vote, &current);
    if (has_vote)
        reply(fle, sid, &current, zk_atomic_long_get(&fle->logicalclock), state);
}

/* Java: WorkerReceiver.run(), the part for messages of voters */
static void process_voter(struct fast_leader_election *fle, const struct notification *n)
{
    struct vote current;
    bool has_vote;
    enum server_state state = quorum_peer_get_state_and_vote(fle->self, &has_vote, &current);
    zk_log(fle->ctx, ZK_LOG_NOTIFICATION, server_state_name(state), n->sid,
           server_state_name(n->state), n->leader, (uint64_t)n->election_epoch,
           (uint64_t)n->peer_epoch, (uint64_t)n->zxid, (uint32_t)n->version,
           (uint64_t)n->config_version);

    if (state == SERVER_STATE_LOOKING) {
        struct notification *copy = zk_xmalloc(sizeof *copy);
        *copy = *n;
        bq_put(fle->recvqueue, copy);
        int64_t round = zk_atomic_long_get(&fle->logicalclock);
        if (n->state == SERVER_STATE_LOOKING && n->election_epoch < round) {
            struct vote v = fle_get_vote(fle);
            reply(fle, n->sid, &v, round, quorum_peer_get_peer_state(fle->self));
        }
    } else if (n->state == SERVER_STATE_LOOKING) {
        fle_report_looking_sid(fle, n->sid);
        if (has_vote)
            reply(fle, n->sid, &current, current.election_epoch, state);
    }
}

/* ---- WorkerReceiver: one message ------------------------------------------------------------ */

static void log_format(struct fast_leader_election *fle, int64_t sid,
                       enum notification_format format)
{
    if (format == NOTIFICATION_FORMAT_28)
        zk_log(fle->ctx, ZK_LOG_BACKWARD_28, sid);
    if (format == NOTIFICATION_FORMAT_40)
        zk_log(fle->ctx, ZK_LOG_BACKWARD_36, sid);
    if (format != NOTIFICATION_FORMAT_CONFIG)
        zk_log(fle->ctx, ZK_LOG_BACKWARD_BEFORE_RECONFIG, sid);
}

/* True: the election is to be restarted and this thread is to end. */
static bool process_message(struct fast_leader_election *fle, const struct message *response)
{
    struct notification_fields fields = {0};
    int64_t config_version = 0;
    int r = notification_decode(response->buffer, &fields);
    if (r == -EMSGSIZE) {
        zk_log(fle->ctx, ZK_LOG_SHORT_RESPONSE, response->sid, response->buffer->length);
        return false;
    }
    if (r < 0) {
        zk_log(fle->ctx, ZK_LOG_SKIPPING_RESPONSE, response->sid, response->buffer->length);
        return false;
    }
    log_format(fle, response->sid, fields.format);
    if (fields.config != NULL && process_config(fle, response->sid, &fields, &config_version))
        return true;

    if (!fle_valid_voter(fle, response->sid)) {
        answer_non_voter(fle, response->sid);
        return false;
    }
    if (fields.state < SERVER_STATE_LOOKING || fields.state > SERVER_STATE_OBSERVING)
        return false;
    struct notification n = {
        .version = fields.version,
        .leader = fields.leader,
        .zxid = fields.zxid,
        .election_epoch = fields.election_epoch,
        .state = (enum server_state)fields.state,
        .sid = response->sid,
        .peer_epoch = fields.peer_epoch,
        .config_version = config_version,
    };
    process_voter(fle, &n);
    return false;
}

/* Java: WorkerReceiver.run() */
void worker_receiver_run(void *arg)
{
    struct fast_leader_election *fle = arg;
    bool restart = false;
    while (!zk_stop_requested(&fle->stop) && !restart) {
        struct message *response = NULL;
        if (qcm_poll_recv_queue(fle->manager, INT64_MAX, &response) < 0)
            break;
        restart = process_message(fle, response);
        message_free(response);
    }
    zk_log(fle->ctx, ZK_LOG_WORKER_RECEIVER_DOWN);
}
