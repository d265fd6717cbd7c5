/* From the leader's first sync packet to UPTODATE. Java: Learner.syncWithLeader()
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
 * the process (D-27). Whatever else comes in between, PING too, is passed over without an
 * answer, as Java does. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zab/learner_internal.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"

/* What ends the body of a SNAP. */
static const char SNAP_SIGNATURE[] = "BenWasHere";

struct learner_sync {
    int64_t new_leader_zxid;
    bool snapshot_needed; /* at NEWLEADER the tree must go to disk */
    bool new_leader_seen;
    bool up_to_date;
};

/* Java: ZKDatabase.initConfigInZKDatabase() */
static void init_config(struct learner *learner)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(learner->self);
    zk_database_init_config(learner->database, qv_to_string(qv), qv->version);
    qv_unref(qv);
}

/* ---- the first packet ----------------------------------------------------------------------- */

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

/* The tree in memory is the leader's from here on, or nobody's: learner_end clears it unless
 * NEWLEADER comes. */
static int receive_snapshot(struct learner *learner, int64_t zxid)
{
    quorum_peer_set_sync_mode(learner->self, SYNC_MODE_SNAP);
    zk_log(learner->ctx, ZK_LOG_GETTING_SNAPSHOT, zxid);
    int r = zk_database_deserialize_snapshot(learner->database, &learner->stream.in);
    if (r < 0)
        return r;
    r = read_signature(learner);
    if (r < 0)
        return r;
    zk_database_set_last_processed_zxid(learner->database, zxid);
    return 0;
}

/* Positive: the process ends. */
static int process_first_packet(struct learner *learner, struct learner_sync *sync,
                                const struct quorum_packet *packet)
{
    switch (packet->type) {
    case LEADER_DIFF:
        zk_log(learner->ctx, ZK_LOG_GETTING_DIFF, packet->zxid);
        quorum_peer_set_sync_mode(learner->self, SYNC_MODE_DIFF);
        sync->snapshot_needed = false;
        return 0;
    case LEADER_SNAP:
        sync->snapshot_needed = true;
        return receive_snapshot(learner, packet->zxid);
    case LEADER_TRUNC:
        quorum_peer_set_sync_mode(learner->self, SYNC_MODE_TRUNC);
        zk_log(learner->ctx, ZK_LOG_TRUNCATING, packet->zxid);
        zk_log(learner->ctx, ZK_LOG_CANNOT_TRUNCATE, packet->zxid);
        return EXIT_CODE_QUORUM_PACKET_ERROR;
    default:
        zk_log(learner->ctx, ZK_LOG_UNEXPECTED_SYNC_PACKET, quorum_packet_type_name(packet->type),
               packet->zxid);
        return EXIT_CODE_QUORUM_PACKET_ERROR;
    }
}

/* ---- the others ----------------------------------------------------------------------------- */

/* The configuration that the leader starts with. Java logs a text that does not parse and goes
 * on. */
static void note_new_leader_config(struct learner *learner, const struct buf *text)
{
    if (text == NULL || text->length <= 1)
        return;
    const struct quorum_peer_config *config = quorum_peer_config_of(learner->self);
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
    char reason[128];
    zk_log(learner->ctx, ZK_LOG_SNAPSHOT_EXITING, sock_error_text(r, reason, sizeof reason));
    return EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT;
}

/* Tree, epoch, ACK: the order is the promise (ZOOKEEPER-4643, -4646). */
static int process_new_leader(struct learner *learner, struct learner_sync *sync,
                              const struct quorum_packet *packet)
{
    zk_log(learner->ctx, ZK_LOG_RECEIVED_NEWLEADER);
    note_new_leader_config(learner, packet->data);
    if (sync->snapshot_needed) {
        int r = take_snapshot(learner);
        if (r != 0)
            return r;
    }
    int64_t epoch = zxid_epoch(sync->new_leader_zxid);
    int r = quorum_peer_set_current_epoch(learner->self, epoch);
    if (r < 0)
        return r;
    sync->new_leader_seen = true;
    sock_set_timeout(learner->stream.sock, quorum_peer_sync_limit_ms(learner->self));
    quorum_peer_set_sync_mode(learner->self, SYNC_MODE_NONE);
    return learner_send(learner, LEADER_ACK, sync->new_leader_zxid, NULL);
}

static int process_packet(struct learner *learner, struct learner_sync *sync,
                          const struct quorum_packet *packet)
{
    switch (packet->type) {
    case LEADER_PROPOSAL:
    case LEADER_INFORM:
    case LEADER_INFORMANDACTIVATE:
        return learner_txn_not_supported(learner, packet);
    case LEADER_COMMIT:
    case LEADER_COMMITANDACTIVATE:
        return learner_protocol_error(learner, "%s 0x%" PRIx64 " without its proposal",
                                      quorum_packet_type_name(packet->type),
                                      (uint64_t)packet->zxid);
    case LEADER_NEWLEADER:
        return process_new_leader(learner, sync, packet);
    case LEADER_UPTODATE:
        zk_log(learner->ctx, ZK_LOG_RECEIVED_UPTODATE);
        if (!sync->new_leader_seen) /* a leader before 3.4 (D-45) */
            return learner_protocol_error(learner, "UPTODATE without NEWLEADER");
        sync->up_to_date = true;
        return 0;
    default:
        return 0;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int read_and_process(struct learner *learner, struct learner_sync *sync,
                            int (*process)(struct learner *learner, struct learner_sync *sync,
                                           const struct quorum_packet *packet))
{
    struct quorum_packet *packet;
    int r = learner_read_packet(learner, &packet);
    if (r < 0)
        return r;
    r = process(learner, sync, packet);
    quorum_packet_unref(packet);
    return r;
}

/* Java: syncWithLeader() */
int learner_sync_with_leader(struct learner *learner, int64_t new_leader_zxid)
{
    struct learner_sync sync = {.new_leader_zxid = new_leader_zxid};
    int r = read_and_process(learner, &sync, process_first_packet);
    if (r != 0)
        return r;
    init_config(learner);
    while (!sync.up_to_date) {
        if (learner_is_stopping(learner))
            return -ECANCELED;
        r = read_and_process(learner, &sync, process_packet);
        if (r != 0)
            return r;
    }

    int64_t epoch = zxid_epoch(new_leader_zxid);
    r = learner_send(learner, LEADER_ACK, zxid_make(epoch, 0), NULL);
    if (r < 0)
        return r;
    /* From now on we tell those who ask that this epoch is established. */
    quorum_peer_update_election_vote(learner->self, epoch);
    zk_trace_established(learner->ctx, learner->leader_id, epoch);
    return 0;
}
