/* The learner and the test that plays its leader. */
#include "learner_stage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sleep_ms.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/zk_database.h"

static const char CURRENT_EPOCH_0[] = "00000000";

void learner_stage_start(struct learner_stage *stage, const struct testing_peer_options *options)
{
    testing_peer_init(&stage->peer, options);
    stage->leader = scripted_peer_listen(stage->peer.ctx, stage->peer.ports[3]);
    if (options->my_id > options->voters)
        testing_peer_start_observing(&stage->peer, 3);
    else
        testing_peer_start_following(&stage->peer, 3);
    scripted_peer_accept(stage->leader);
}

void learner_stage_finish(struct learner_stage *stage)
{
    scripted_peer_free(stage->leader);
    testing_peer_done(&stage->peer);
}

void learner_stage_discover_again(struct learner_stage *stage, int64_t epoch_zxid,
                                  int64_t last_zxid)
{
    int32_t type;
    int64_t zxid;
    testing_peer_start_following(&stage->peer, 3);
    scripted_peer_accept(stage->leader);
    buf_unref(scripted_peer_read_packet(stage->leader, &type, &zxid));
    assert_int_equal(LEADER_FOLLOWERINFO, type);
    scripted_peer_send_packet(stage->leader, LEADER_LEADERINFO, epoch_zxid, PROTOCOL_VERSION);
    buf_unref(scripted_peer_read_packet(stage->leader, &type, &zxid));
    assert_int_equal(LEADER_ACKEPOCH, type);
    assert_int_equal(last_zxid, zxid);
}

/* ---- the way to broadcast -------------------------------------------------------------------- */

static void discover(struct learner_stage *stage, const struct testing_peer_options *options)
{
    learner_stage_start(stage, options);
    scripted_peer_expect_packet(stage->leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage->leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage->leader, LEADER_ACKEPOCH, 0, CURRENT_EPOCH_0);
}

void learner_stage_start_discovered(struct learner_stage *stage)
{
    struct testing_peer_options options = testing_peer_options_default(1);
    discover(stage, &options);
}

void learner_stage_start_discovered_observer(struct learner_stage *stage)
{
    struct testing_peer_options options = testing_peer_options_default(4);
    options.observers = 1;
    learner_stage_start(stage, &options);
    scripted_peer_expect_packet(stage->leader, LEADER_OBSERVERINFO, 0, INFO_OF_4);
    scripted_peer_send_packet(stage->leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage->leader, LEADER_ACKEPOCH, 0, CURRENT_EPOCH_0);
}

void learner_stage_new_leader(struct learner_stage *stage, int64_t epoch_zxid)
{
    scripted_peer_send_packet(stage->leader, LEADER_NEWLEADER, epoch_zxid, NULL);
    learner_stage_expect_ack(stage, epoch_zxid);
}

void learner_stage_up_to_date(struct learner_stage *stage, int64_t epoch_zxid)
{
    scripted_peer_send_packet(stage->leader, LEADER_UPTODATE, -1, NULL);
    learner_stage_expect_ack(stage, epoch_zxid);
}

static void synchronise(struct learner_stage *stage)
{
    scripted_peer_send_packet(stage->leader, LEADER_DIFF, 0, NULL);
    learner_stage_new_leader(stage, EPOCH_1_ZXID);
    learner_stage_up_to_date(stage, EPOCH_1_ZXID);
}

void learner_stage_start_synced(struct learner_stage *stage)
{
    learner_stage_start_discovered(stage);
    synchronise(stage);
}

void learner_stage_start_synced_with(struct learner_stage *stage,
                                     const struct testing_peer_options *options)
{
    discover(stage, options);
    synchronise(stage);
}

void learner_stage_start_synced_observer(struct learner_stage *stage)
{
    learner_stage_start_discovered_observer(stage);
    synchronise(stage);
}

/* ---- packets --------------------------------------------------------------------------------- */

void learner_stage_send_txn(struct learner_stage *stage, int32_t type, struct txn_log_entry *txn)
{
    struct zk_str hex = {0};
    for (size_t i = 0; i < txn->bytes->length; i++)
        zk_str_printf(&hex, "%02x", txn->bytes->bytes[i]);
    scripted_peer_send_packet(stage->leader, type, txn->header.zxid, zk_str_text(&hex));
    zk_str_done(&hex);
    txn_log_entry_unref(txn);
}

void learner_stage_send_commit(struct learner_stage *stage, int64_t zxid)
{
    scripted_peer_send_packet(stage->leader, LEADER_COMMIT, zxid, NULL);
}

void learner_stage_expect_ack(struct learner_stage *stage, int64_t zxid)
{
    scripted_peer_expect_packet(stage->leader, LEADER_ACK, zxid, NULL);
}

/* ---- looking at it --------------------------------------------------------------------------- */

void learner_stage_assert_still_there(struct learner_stage *stage)
{
    scripted_peer_send_packet(stage->leader, LEADER_PING, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet(stage->leader, LEADER_PING, EPOCH_1_ZXID, "");
}

void learner_stage_await_applied(struct learner_stage *stage, int64_t zxid)
{
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;
    while (zk_database_last_processed_zxid(stage->peer.database) < zxid) {
        if (zk_elapsed_ms() >= deadline_ms)
            fail_msg("0x%" PRIx64 " is not applied", zxid);
        sleep_ms(1);
    }
}

void learner_stage_assert_logged(struct learner_stage *stage, const char *zxids)
{
    struct zk_str found = {0};
    struct txn_iterator *iterator;
    assert_int_equal(0, file_txn_snap_log_read_txn_log(stage->peer.snap_log, 0, false, &iterator));
    struct txn_log_entry *entry;
    while ((entry = txn_iterator_entry(iterator)) != NULL) {
        zk_str_printf(&found, "%s%" PRIx64, found.length > 0 ? " " : "", entry->header.zxid);
        assert_true(txn_iterator_next(iterator) >= 0);
    }
    txn_iterator_free(iterator);
    assert_string_equal(zxids, zk_str_text(&found));
    zk_str_done(&found);
}

void learner_stage_assert_file(struct learner_stage *stage, const char *name, const char *expected)
{
    char *text = testing_peer_file(&stage->peer, name);
    assert_string_equal(expected, text);
    free(text);
}

int64_t learner_stage_reload(struct learner_stage *stage)
{
    zk_database_clear(stage->peer.database);
    assert_int_equal(0, quorum_peer_load_database(stage->peer.self));
    return quorum_peer_get_last_logged_zxid(stage->peer.self);
}
