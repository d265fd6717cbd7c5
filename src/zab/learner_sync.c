/* From the leader's first sync packet to UPTODATE.
 *
 *   DIFF             the leader stands where we stand: nothing is missing
 *   SNAP + tree      its whole state; it replaces ours in memory
 *   TRUNC            cut our log: there is none, so this cannot be done, exit 13 as Java
 *   NEWLEADER        all of the history has come. A tree that came goes to disk, fsynced; then
 *                    currentEpoch; then, and only then, ACK: with it we vouch for the history
 *                    (D-26)
 *   UPTODATE         a quorum has done so: the term is established; ACK again
 *
 * Transactions (PROPOSAL, INFORM) cannot be stored yet, so they are never acknowledged: they end
 * the process (D-27). Whatever else comes in between, PING too, is passed over without an answer,
 * as Java does.
 *
 * Java: Learner.syncWithLeader() */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zab/learner_internal.h"
#include "zk/base/error.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"

static int receive_snapshot(struct learner *learner, int64_t zxid);
static void init_config(struct learner *learner);
static void note_new_leader_config(struct learner *learner, const struct buf *text);
static int take_snapshot(struct learner *learner);

/* Java: syncWithLeader() */
int learner_sync_with_leader(struct learner *learner, int64_t new_leader_zxid)
{
    /* LONG: one Java method */
    struct quorum_peer *self = learner->self;
    int64_t new_epoch = zxid_epoch(new_leader_zxid);
    /* A tree that came must go to disk at NEWLEADER; after a DIFF the disk has everything. */
    bool snapshot_needed = true;
    bool is_pre_zab1_0 = true; /* until NEWLEADER comes, the leader may be older than 3.4 */
    bool up_to_date = false;
    struct quorum_packet *qp = NULL;
    int r = learner_read_packet(learner, &qp);
    if (r < 0)
        goto out;
    switch (qp->type) {
    case LEADER_DIFF: /* we stand where the leader stands, on disk as well */
        zk_log(learner->ctx, ZK_LOG_GETTING_DIFF, qp->zxid);
        quorum_peer_set_sync_mode(self, SYNC_MODE_DIFF);
        snapshot_needed = false;
        break;
    case LEADER_SNAP: /* the mode says: until NEWLEADER the tree in memory is nobody's */
        quorum_peer_set_sync_mode(self, SYNC_MODE_SNAP);
        zk_log(learner->ctx, ZK_LOG_GETTING_SNAPSHOT, qp->zxid);
        r = receive_snapshot(learner, qp->zxid);
        break;
    case LEADER_TRUNC:
        quorum_peer_set_sync_mode(self, SYNC_MODE_TRUNC);
        zk_log(learner->ctx, ZK_LOG_TRUNCATING, qp->zxid);
        zk_log(learner->ctx, ZK_LOG_CANNOT_TRUNCATE, qp->zxid);
        r = EXIT_CODE_QUORUM_PACKET_ERROR;
        break;
    default: /* going on would mean to guess where our history ends; Java leaves, too (K-17) */
        zk_log(learner->ctx, ZK_LOG_UNEXPECTED_SYNC_PACKET, quorum_packet_type_name(qp->type),
               qp->zxid);
        r = EXIT_CODE_QUORUM_PACKET_ERROR;
        break;
    }
    if (r != 0)
        goto out;
    /* The leader's tree may hold another text in /zookeeper/config; ours is what we go by
     * (ZOOKEEPER-2819). */
    init_config(learner);

    while (!up_to_date) {
        if (learner_is_stopping(learner)) {
            r = -ECANCELED;
            goto out;
        }
        r = learner_read_packet(learner, &qp);
        if (r < 0)
            goto out;
        switch (qp->type) {
        case LEADER_PROPOSAL:
        case LEADER_INFORM:
        case LEADER_INFORMANDACTIVATE:
            r = learner_txn_not_supported(learner, qp);
            break;
        case LEADER_COMMIT:
        case LEADER_COMMITANDACTIVATE:
            r = learner_protocol_error(learner, "%s 0x%" PRIx64 " without its proposal",
                                       quorum_packet_type_name(qp->type), (uint64_t)qp->zxid);
            break;
        case LEADER_UPTODATE:
            zk_log(learner->ctx, ZK_LOG_RECEIVED_UPTODATE);
            if (is_pre_zab1_0)
                r = learner_protocol_error(learner, "UPTODATE without NEWLEADER"); /* D-45 */
            else
                quorum_peer_process_reconfig(self);
            up_to_date = true;
            break;
        case LEADER_NEWLEADER:
            zk_log(learner->ctx, ZK_LOG_RECEIVED_NEWLEADER);
            note_new_leader_config(learner, qp->data);
            /* Tree, epoch, ACK: this order is the promise. With the epoch first, a crash between
             * the two would leave a server that claims a history which it does not have
             * (ZOOKEEPER-4643, -4646). */
            if (snapshot_needed)
                r = take_snapshot(learner);
            if (r == 0)
                r = quorum_peer_set_current_epoch(self, new_epoch);
            if (r != 0)
                goto out;
            is_pre_zab1_0 = false;
            /* The slow part is over; from here on the leader pings us. */
            sock_set_timeout(learner->stream.sock, self->sync_limit_ms);
            quorum_peer_set_sync_mode(self, SYNC_MODE_NONE);
            r = learner_send(learner, LEADER_ACK, new_leader_zxid, NULL);
            break;
        default: /* PING, too: a leader does not expect an answer before our ACK */
            break;
        }
        if (r != 0)
            goto out;
    }

    /* The leader passes this one over; Java's learner sends it, so ours does. */
    r = learner_send(learner, LEADER_ACK, zxid_make(new_epoch, 0), NULL);
    if (r < 0)
        goto out;
    /* Servers that start later are told of this epoch, whomever they ask (ZOOKEEPER-1732). */
    quorum_peer_update_election_vote(self, new_epoch);
    zk_trace_established(learner->ctx, learner->leader_id, new_epoch);
out:
    quorum_packet_free(qp);
    return r;
}

/* ---- SNAP ------------------------------------------------------------------------------------ */

/* What ends the body of a SNAP, so that a whole tree can be told from a cut one. */
static const char SNAP_SIGNATURE[] = "BenWasHere";

static int read_signature(struct learner *learner)
{
    struct ustring signature = {0};
    int r = jute_in_ustring(&learner->stream.in, &signature);
    if (r < 0)
        return r;
    struct ustring expected = ustring_of(SNAP_SIGNATURE);
    if (!ustring_equal(&signature, &expected)) {
        zk_log(learner->ctx, ZK_LOG_MISSING_SIGNATURE,
               signature.text != NULL ? signature.text : "null");
        r = learner_protocol_error(learner, "Missing signature");
    }
    ustring_done(&expected);
    ustring_done(&signature);
    return r;
}

/* From here on the tree in memory is the leader's, or nobody's: learner_end clears it unless
 * NEWLEADER comes. */
static int receive_snapshot(struct learner *learner, int64_t zxid)
{
    int r = zk_database_deserialize_snapshot(learner->database, &learner->stream.in);
    if (r < 0)
        return r;
    r = read_signature(learner);
    if (r < 0)
        return r;
    zk_database_set_last_processed_zxid(learner->database, zxid);
    return 0;
}

/* Java: ZKDatabase.initConfigInZKDatabase() */
static void init_config(struct learner *learner)
{
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(learner->self);
    zk_database_init_config(learner->database, qv_to_string(qv), qv->version);
}

/* ---- NEWLEADER ------------------------------------------------------------------------------- */

/* The configuration that the leader starts with. Java logs a text that does not parse and goes
 * on. */
static void note_new_leader_config(struct learner *learner, const struct buf *text)
{
    if (text == NULL || text->length <= 1)
        return;
    const struct quorum_peer_config *config = learner->self->config;
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    int r = qv_from_string(learner->ctx, (const char *)text->bytes, text->length,
                           config->standalone_enabled, config->oracle_path, &qv, &error);
    if (r < 0)
        zk_log(learner->ctx, ZK_LOG_NEWLEADER_CONFIG, error);
    else if (qv != NULL)
        quorum_peer_set_last_seen_quorum_verifier(learner->self, qv);
    free(error);
    qv_unref(qv);
}

static int take_snapshot(struct learner *learner)
{
    int r = zk_database_take_snapshot(learner->database);
    if (r == 0)
        return 0;
    zk_log(learner->ctx, ZK_LOG_SNAPSHOT_EXITING, zk_error_text(r).text);
    return EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT;
}
