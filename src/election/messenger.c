/* The two threads between the election and the connections. Java: FastLeaderElection.Messenger
 *
 *   WorkerReceiver  recvQueue of the manager -> a vote; answers servers that are behind, that come
 *                   late or that have no vote, and passes on what the election has to judge
 *   WorkerSender    sendqueue -> bytes -> qcm_to_send
 *
 * WorkerReceiver answers for the peer in every state, even while the main thread leads or follows:
 * that is how a late joiner learns who leads. No message may end it (ZOOKEEPER-3769; D-12).
 *
 * Java's two threads return from their queues every 3 s to look at their stop flags; ours wait
 * until there is something for them or until their queue is closed (D-74). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "election/fast_leader_election_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/log_table.h"

/* The voters that said, in the last message that we had from them in this round, that they had
 * settled (D-330). */
struct settled_voters {
    struct long_set sids;
    int64_t round;
};

static void log_format(struct fast_leader_election *fle, int64_t sid,
                       enum notification_format format);
static bool says_our_config(const struct notification_fields *fields,
                            const struct quorum_verifier *cur_qv);
static struct quorum_verifier *config_of_sender(struct fast_leader_election *fle, int64_t sid,
                                                const struct notification_fields *fields);
static void report_looking_sid(struct fast_leader_election *fle, int64_t sid);
static bool note_settled(struct settled_voters *settled, const struct notification *n,
                         int64_t logicalclock);
static bool has_worse_vote(struct fast_leader_election *fle, const struct notification *n,
                           int64_t logicalclock);
static void reply(struct fast_leader_election *fle, int64_t to, const struct vote *v,
                  int64_t election_epoch, enum server_state state);
static void worker_sender_process(struct fast_leader_election *fle, struct to_send *m);

/* ---- WorkerReceiver -------------------------------------------------------------------------- */

/* Java: WorkerReceiver.run() */
void worker_receiver_run(void *arg)
{
    /* LONG: one Java method */
    struct fast_leader_election *fle = arg;
    struct message *response = NULL;
    struct settled_voters settled = {0};
    while (!zk_stop_requested(&fle->stop)) {
        message_unref(response); /* the one before */
        response = NULL;
        if (qcm_poll_recv_queue(fle->manager, INT64_MAX, &response) < 0)
            break;

        /* RecvWorker has decoded it: 28, 40 or more bytes, of three generations of peers (W-2). */
        const struct notification_fields *fields = &response->fields;
        if (response->error == -EMSGSIZE) {
            zk_log(fle->ctx, ZK_LOG_SHORT_RESPONSE, response->sid, response->buffer->length);
            continue;
        }
        if (response->error < 0) {
            zk_log(fle->ctx, ZK_LOG_SKIPPING_RESPONSE, response->sid, response->buffer->length);
            continue;
        }
        log_format(fle, response->sid, fields->format);

        /* The sender's configuration may be newer than ours. With reconfigEnabled we take over its
         * version, if it lists our servers (D-97). If it lists others, the election starts anew;
         * the two can never become equal, so a new one starts for each such message (K-24). A
         * settled server leaves that to its leader. */
        const struct quorum_verifier *cur_qv = quorum_peer_quorum_verifier(fle->self);
        int64_t config_version = 0; /* for the log */
        if (says_our_config(fields, cur_qv)) {
            config_version = cur_qv->version;
        } else if (fields->config != NULL) {
            struct quorum_verifier *rqv = config_of_sender(fle, response->sid, fields);
            bool restart = false;
            if (rqv != NULL && rqv->version > cur_qv->version) {
                zk_log(fle->ctx, ZK_LOG_RECEIVED_VERSION, fle->self->my_id, (uint64_t)rqv->version,
                       (uint64_t)cur_qv->version);
                bool looking = quorum_peer_get_peer_state(fle->self) == SERVER_STATE_LOOKING;
                if (looking && fle->self->config->reconfig_enabled) {
                    quorum_peer_set_last_seen_quorum_verifier(fle->self, rqv);
                    quorum_peer_process_reconfig(fle->self);
                }
                restart = looking && !qv_equal(rqv, cur_qv);
            }
            if (rqv != NULL)
                config_version = rqv->version;
            qv_unref(rqv);
            if (restart) {
                zk_log(fle->ctx, ZK_LOG_RESTARTING_ELECTION);
                quorum_peer_set_shutting_down_le(fle->self);
                fle_request_stop(fle); /* the main thread takes it all down and builds it */
                break;
            }
        }

        /* Observers and strangers are told our current vote, whatever they say and in any state.
         * While we look that is the vote of the election before, with the number of this round
         * (K-8). There is none if that election was broken off; Java's thread would end here. */
        if (!fle_valid_voter(fle, response->sid)) {
            struct vote current;
            bool has_vote;
            enum server_state state =
                quorum_peer_get_state_and_vote(fle->self, &has_vote, &current);
            if (has_vote)
                reply(fle, response->sid, &current, zk_atomic_long_get(&fle->logicalclock), state);
            continue;
        }
        /* A number that is no state: Java's switch drops it, too. */
        if (fields->state < SERVER_STATE_LOOKING || fields->state > SERVER_STATE_OBSERVING)
            continue;
        const struct notification n = {
            .version = fields->version,
            .leader = fields->leader,
            .zxid = fields->zxid,
            .election_epoch = fields->election_epoch,
            .state = (enum server_state)fields->state,
            .sid = response->sid,
            .peer_epoch = fields->peer_epoch,
            .config_version = config_version,
        };
        /* State and vote of one moment: nobody is told the new state with the old vote (D-14). */
        struct vote current;
        bool has_vote;
        enum server_state state = quorum_peer_get_state_and_vote(fle->self, &has_vote, &current);
        zk_log(fle->ctx, ZK_LOG_NOTIFICATION, server_state_name(state), n.sid,
               server_state_name(n.state), n.leader, (uint64_t)n.election_epoch,
               (uint64_t)n.peer_epoch, (uint64_t)n.zxid, (uint32_t)n.version,
               (uint64_t)n.config_version);

        if (state == SERVER_STATE_LOOKING) { /* only an election that goes on judges votes */
            struct notification *judged = zk_xmalloc(sizeof *judged);
            *judged = n;
            bq_put(fle->recvqueue, judged);
            /* It looks as we do, but in an earlier round; once told of ours it joins (L3). Without
             * this answer it might have to wait for our next repetition, up to 60 s. The same holds
             * for one that has dropped our vote (D-330). */
            int64_t logicalclock = zk_atomic_long_get(&fle->logicalclock);
            bool had_settled = note_settled(&settled, &n, logicalclock);
            if (n.state == SERVER_STATE_LOOKING &&
                ((had_settled && has_worse_vote(fle, &n, logicalclock)) ||
                 n.election_epoch < logicalclock)) {
                struct vote v = fle_get_vote(fle);
                reply(fle, n.sid, &v, logicalclock, state);
            }
        } else if (n.state == SERVER_STATE_LOOKING) {
            /* It looks, we do not: tell it the result, with the round in which we settled. From a
             * quorum of such answers it learns which server leads (F1, F2) and calls no
             * election. */
            if (state == SERVER_STATE_LEADING)
                report_looking_sid(fle, n.sid);
            if (has_vote)
                reply(fle, n.sid, &current, current.election_epoch, state);
        }
    }
    message_unref(response);
    long_set_done(&settled.sids);
    zk_log(fle->ctx, ZK_LOG_WORKER_RECEIVER_DOWN);
}

/* As in Java a sender of 28 bytes gets two lines: it says neither its epoch nor its
 * configuration. */
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

/* The usual case: the sender says word for word what we say, and nothing need be parsed. */
static bool says_our_config(const struct notification_fields *fields,
                            const struct quorum_verifier *cur_qv)
{
    const char *ours = qv_to_string(cur_qv);
    return fields->config != NULL && strlen(ours) == fields->config_length &&
           memcmp(ours, fields->config, fields->config_length) == 0;
}

/* Returns the sender's configuration, which the caller unrefs; NULL if the text is none: the vote
 * counts all the same. */
static struct quorum_verifier *config_of_sender(struct fast_leader_election *fle, int64_t sid,
                                                const struct notification_fields *fields)
{
    const struct quorum_peer_config *config = fle->self->config;
    struct quorum_verifier *rqv = NULL;
    char *error = NULL;
    const struct qv_options options = {.standalone_enabled = config->standalone_enabled,
                                       .oracle_path = config->oracle_path};
    int r = qv_from_string(fle->ctx, fields->config, fields->config_length, &options, &rqv, &error);
    if (r < 0)
        zk_log(fle->ctx, ZK_LOG_CONFIG_FROM_SENDER, sid, error == NULL ? "" : error);
    free(error);
    return rqv;
}

/* A leader wants to know which voters still look. It is told once who elected it: the tracker is
 * kept until there is a leader that takes it. Java: WorkerReceiver.run(), where it calls
 * Leader.setLeadingVoteSet() and Leader.reportLookingSid() */
static void report_looking_sid(struct fast_leader_election *fle, int64_t sid)
{
    struct synced_learner_tracker vote_set = {0};
    zk_mutex_lock(&fle->mu);
    bool has_vote_set = fle->has_leading_vote_set;
    if (has_vote_set)
        synced_learner_tracker_copy(&vote_set, &fle->leading_vote_set);
    zk_mutex_unlock(&fle->mu);

    if (quorum_peer_report_looking_sid(fle->self, has_vote_set ? &vote_set : NULL, sid) &&
        has_vote_set) {
        zk_mutex_lock(&fle->mu);
        fle->has_leading_vote_set = false;
        zk_mutex_unlock(&fle->mu);
    }
    synced_learner_tracker_done(&vote_set);
}

/* Notes whether the sender has settled, and returns whether it had when it spoke last.
 *
 * After the death of a leader the voters notice it one after the other. If the better one is first,
 * its vote reaches the others while they still follow the dead leader: they answer with their old
 * result and drop it. When they look at last, in the same round, their votes are worse, and nobody
 * in Java tells them so before the better one says its vote again: 200 ms later, up to 60 s. Such a
 * voter is told our vote once more, as one that is behind is (D-330). Once, so that two voters that
 * weigh the candidates differently do not answer each other for ever. */
static bool note_settled(struct settled_voters *settled, const struct notification *n,
                         int64_t logicalclock)
{
    if (settled->round != logicalclock) {
        long_set_done(&settled->sids);
        settled->round = logicalclock;
    }
    bool had = long_set_has(&settled->sids, n->sid);
    if (n->state != SERVER_STATE_LOOKING)
        long_set_add(&settled->sids, n->sid);
    else if (had)
        long_set_remove(&settled->sids, n->sid);
    return had;
}

/* A vote of our round that ours beats: its sender would change its mind if it heard ours. */
static bool has_worse_vote(struct fast_leader_election *fle, const struct notification *n,
                           int64_t logicalclock)
{
    struct vote v = fle_get_vote(fle);
    return n->election_epoch == logicalclock &&
           fle_total_order_predicate(quorum_peer_quorum_verifier(fle->self), v.id, v.zxid,
                                     v.peer_epoch, n->leader, n->zxid, n->peer_epoch);
}

/* The caller gives the state and the vote, because both must be of one moment. */
static void reply(struct fast_leader_election *fle, int64_t to, const struct vote *v,
                  int64_t election_epoch, enum server_state state)
{
    bq_put(fle->sendqueue, to_send_new(v->id, v->zxid, election_epoch, state, to, v->peer_epoch,
                                       qv_to_string(quorum_peer_quorum_verifier(fle->self))));
}

/* ---- WorkerSender ---------------------------------------------------------------------------- */

/* All that waits is taken with one lock: sendNotifications puts a message for each voter. What is
 * left of it when the election stops is dropped, because the next election says something else.
 * Java: WorkerSender.run() */
void worker_sender_run(void *arg)
{
    struct fast_leader_election *fle = arg;
    struct bq_batch batch = {0};
    while (bq_take_all(fle->sendqueue, &batch) == 0) {
        struct to_send *m;
        while (!zk_stop_requested(&fle->stop) && (m = bq_batch_next(&batch)) != NULL)
            worker_sender_process(fle, m);
        bq_batch_done(&batch);
    }
    zk_log(fle->ctx, ZK_LOG_WORKER_SENDER_DOWN);
}

/* Java: WorkerSender.process() */
static void worker_sender_process(struct fast_leader_election *fle, struct to_send *m)
{
    qcm_to_send(fle->manager, message_to_send(m));
    to_send_free(m);
}
