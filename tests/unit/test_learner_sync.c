/* How a learner is brought to its leader's history: every order of packets from DIFF, SNAP or
 * TRUNC to UPTODATE and a little beyond, and what is on disk at each ACK. The leader is played
 * by the test.
 *
 * Java: Zab1_0Test, DIFFSyncTest; the defects that 3.8.0 has (ZOOKEEPER-3023, -4394, -4541,
 * -4643, -4646, -4685, -4785, -4925) each have a test here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "learner_stage.h"
#include "txns.h"
#include "zk/io/file.h"
#include "zk/jute/archive.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/exit_code.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"

static const int64_t Z1 = 0x100000001;
static const int64_t Z2 = 0x100000002;
static const int64_t Z3 = 0x100000003;

/* A transaction that has its own zxid in its path. */
static struct txn_log_entry *txn_numbered(int64_t zxid)
{
    char path[32];
    snprintf(path, sizeof path, "/n%lld", (long long)(zxid & 0xffff));
    return txn_create(zxid, path, "x");
}

static void propose(struct learner_stage *stage, int64_t zxid)
{
    learner_stage_send_txn(stage, LEADER_PROPOSAL, txn_numbered(zxid));
}

static void propose_committed(struct learner_stage *stage, int64_t zxid)
{
    propose(stage, zxid);
    learner_stage_send_commit(stage, zxid);
}

/* The leader sends a DIFF up to a zxid. Its first transaction, /a, is there and committed. Returns
 * the leader's tree, which has it; the caller unrefs it. */
static struct data_tree *start_diff_with_a(struct learner_stage *stage, int64_t zxid)
{
    learner_stage_start_discovered(stage);
    struct data_tree *tree = data_tree_new(stage->peer.ctx);
    scripted_peer_send_packet(stage->leader, LEADER_DIFF, zxid, NULL);
    learner_stage_send_txn(stage, LEADER_PROPOSAL, txn_create_in(tree, Z1, "/a"));
    learner_stage_send_commit(stage, Z1);
    return tree;
}

static bool has_node(struct learner_stage *stage, const char *path)
{
    struct data_tree *tree = zk_database_get_data_tree(stage->peer.database);
    struct data_tree_record record;
    bool found = data_tree_get_change_record(tree, path, &record) == 0;
    if (found)
        data_tree_record_done(&record);
    data_tree_unref(tree);
    return found;
}

static bool knows_session(struct learner_stage *stage, int64_t session_id)
{
    struct session_timeouts sessions;
    zk_database_sessions(stage->peer.database, &sessions);
    bool found = false;
    for (size_t i = 0; i < sessions.count; i++)
        found = found || sessions.items[i].session == session_id;
    session_timeouts_done(&sessions);
    return found;
}

/* SNAP, with a tree that has one node, and the signature. */
static void send_snapshot(struct learner_stage *stage, int64_t zxid, const char *path)
{
    scripted_peer_send_packet(stage->leader, LEADER_SNAP, zxid, NULL);
    struct data_tree *tree = data_tree_new(stage->peer.ctx);
    struct txn_log_entry *txn = txn_create(zxid, path, "data1");
    struct process_txn_result result;
    data_tree_process_txn(tree, txn, &result);
    process_txn_result_done(&result);
    txn_log_entry_unref(txn);
    struct buf *body = buf_new(1024);
    struct jute_out out = jute_out_of_buf(body);
    const struct session_timeouts sessions = {0};
    serialize_snapshot(tree, &sessions, &out);
    assert_int_equal(0, jute_out_flush(&out));
    data_tree_unref(tree);
    struct zk_str hex = {0};
    for (size_t i = 0; i < body->length; i++)
        zk_str_printf(&hex, "%02x", body->bytes[i]);
    zk_str_append(&hex, "0000000a 42656e57617348657265"); /* BenWasHere */
    scripted_peer_send_hex(stage->leader, zk_str_text(&hex));
    zk_str_done(&hex);
    buf_unref(body);
}

/* The term ends, as when the leader dies. */
static void hang_up(struct learner_stage *stage)
{
    scripted_peer_hang_up(stage->leader);
    assert_true(testing_peer_join(&stage->peer) < 0);
}

/* ---- DIFF ------------------------------------------------------------------------------------ */

/* SYN-02; SYN-06, ZOOKEEPER-3023, -4643, -4646, -4785: history, then currentEpoch, then ACK. */
static void syn_02_diff_is_on_disk_and_applied_when_newleader_is_acknowledged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_create_session(Z1, 4));
    learner_stage_send_commit(&stage, Z1);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);

    learner_stage_expect_ack(&stage, EPOCH_1_ZXID);

    learner_stage_assert_logged(&stage, "100000001");
    learner_stage_assert_file(&stage, "acceptedEpoch", "1");
    learner_stage_assert_file(&stage, "currentEpoch", "1");
    assert_int_equal(Z1, quorum_peer_get_last_logged_zxid(stage.peer.self));
    assert_true(knows_session(&stage, 4));
    /* No ACK of its own, and no snapshot. */
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    scripted_peer_send_packet(stage.leader, LEADER_PING, EPOCH_1_ZXID, NULL);
    int32_t type;
    int64_t zxid;
    buf_unref(scripted_peer_read_packet(stage.leader, &type, &zxid));
    assert_int_equal(LEADER_PING, type);
    assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000001"));
    hang_up(&stage);
    assert_int_equal(Z1, learner_stage_reload(&stage));
    assert_true(knows_session(&stage, 4));
    learner_stage_finish(&stage);
}

/* A server without a snapshot that is told to trust that, up to its promise. */
static void start_without_snapshot(struct learner_stage *stage)
{
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.snapshot.trust.empty";
    options.value = "true";
    learner_stage_start(stage, &options);
    scripted_peer_expect_packet(stage->leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage->leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage->leader, LEADER_ACKEPOCH, 0, "00000000");
    char *version_2 = test_path(stage->peer.directory, "version-2");
    char *snapshot = test_path(version_2, "snapshot.0");
    assert_int_equal(0, file_remove(snapshot));
    free(snapshot);
    free(version_2);
}

/* An upgraded server may have a log and no snapshot, and be told to trust that. Java:
 * FileTxnSnapLog.shouldForceWriteInitialSnapshotAfterLeaderElection() */
static void diff_to_a_server_without_any_snapshot_ends_in_one(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_without_snapshot(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    propose_committed(&stage, Z1);
    learner_stage_new_leader(&stage, EPOCH_1_ZXID);

    assert_true(testing_peer_logged(&stage.peer, "Forcing a snapshot write as part of upgrading"));
    assert_true(testing_peer_has_file(&stage.peer, "snapshot.100000001"));
    struct server_metrics_values values = server_metrics_get(stage.peer.self->metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_SNAPSHOTTIME].count, 1);
    learner_stage_assert_logged(&stage, ""); /* the snapshot has it */
    hang_up(&stage);
    assert_int_equal(Z1, learner_stage_reload(&stage));
    learner_stage_finish(&stage);
}

/* D-171: until that snapshot is written, what came is in memory alone. A vote with it would claim
 * what the disk does not have, and the log of the term that it wins would begin behind a hole. */
static void diff_to_a_server_without_any_snapshot_leaves_what_is_on_disk_without_newleader(
    void **state)
{
    (void)state;
    struct learner_stage stage;
    start_without_snapshot(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    propose_committed(&stage, Z1);

    hang_up(&stage);

    assert_false(zk_database_is_initialized(stage.peer.database));
    assert_int_equal(0, learner_stage_reload(&stage));
    learner_stage_finish(&stage);
}

/* MC-01, MC-02: where the log cannot be written there is neither epoch nor ACK, and the process
 * ends: nobody knows what the disk holds. */
static void mc_01_diff_that_cannot_be_logged_ends_the_process_unacknowledged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    char *version_2 = test_path(stage.peer.directory, "version-2");
    char *blocker = test_path(version_2, "log.100000001");
    assert_int_equal(0, file_make_directories(blocker));
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, Z1, NULL);
    propose_committed(&stage, Z1);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);

    scripted_peer_expect_end(stage.leader);

    assert_int_equal(EXIT_CODE_UNEXPECTED_ERROR, testing_peer_join(&stage.peer));
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    assert_true(testing_peer_logged(&stage.peer, "the leader's history cannot be written"));
    free(blocker);
    free(version_2);
    learner_stage_finish(&stage);
}

/* ZOOKEEPER-4925: a hole in the leader's memory must not become one in our log. */
static void gap_inside_an_epoch_ends_the_role_and_leaves_nothing(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, Z3, NULL);
    propose_committed(&stage, Z1);
    propose(&stage, Z3);

    scripted_peer_expect_end(stage.leader);

    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(testing_peer_logged(&stage.peer, "DIFF sync got proposal 0x100000003, last queued "
                                                 "0x100000001, expected 0x100000002"));
    assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
    learner_stage_assert_logged(&stage, "");
    learner_stage_finish(&stage);
}

/* D-173: an epoch begins with 1. */
static void gap_where_an_epoch_begins_ends_the_role(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, EPOCH_2_ZXID + 2, NULL);
    propose_committed(&stage, Z1);
    propose(&stage, EPOCH_2_ZXID + 2);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    learner_stage_finish(&stage);
}

/* D-173: the first one goes on from where we stand. Java takes each of these, and 3.9.5 too. */
static void first_proposal_that_does_not_follow_ends_the_role(void **state)
{
    (void)state;
    static const int64_t wrong[] = {
        0x100000004,              /* leaves two out */
        0x100000001,              /* is there already */
        0x100000000,              /* no transaction has this number */
        0,                        /* likewise */
        -1,          0x300000001, /* an epoch that nobody has promised */
        0x200000002,              /* an epoch begins with 1 */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct learner_stage stage;
        learner_stage_start_discovered(&stage);
        scripted_peer_send_packet(stage.leader, LEADER_DIFF, Z1, NULL);
        propose_committed(&stage, Z1);
        learner_stage_new_leader(&stage, EPOCH_1_ZXID);
        hang_up(&stage);
        learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z1);
        scripted_peer_send_packet(stage.leader, LEADER_DIFF, Z1, NULL);

        propose(&stage, wrong[i]);

        scripted_peer_expect_end(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(&stage.peer, ", last queued 0x100000001, expected "));
        learner_stage_assert_logged(&stage, "100000001");
        learner_stage_assert_file(&stage, "currentEpoch", "1");
        learner_stage_finish(&stage);
    }
}

/* D-173. A multi with a null path takes a number of Java's leader and makes no transaction: the
 * digest behind it shows that nothing is missing. 3.9.5 never comes back to such a leader. */
static void numbers_that_a_leader_of_java_used_up_are_passed_over(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct data_tree *tree = start_diff_with_a(&stage, Z3);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_create_in(tree, Z3, "/b"));
    learner_stage_send_commit(&stage, Z3);

    learner_stage_new_leader(&stage, EPOCH_1_ZXID);

    learner_stage_assert_logged(&stage, "100000001 100000003");
    hang_up(&stage);
    assert_int_equal(Z3, learner_stage_reload(&stage));
    data_tree_unref(tree);
    learner_stage_finish(&stage);
}

/* D-173: a request that failed carries no digest, so the next one that does must tell. */
static void request_that_failed_behind_numbers_used_up_waits_for_a_digest(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct data_tree *tree = start_diff_with_a(&stage, Z3 + 1);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_error(Z3));
    learner_stage_send_commit(&stage, Z3);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_create_in(tree, Z3 + 1, "/b"));
    learner_stage_send_commit(&stage, Z3 + 1);

    learner_stage_new_leader(&stage, EPOCH_1_ZXID);

    learner_stage_assert_logged(&stage, "100000001 100000003 100000004");
    hang_up(&stage);
    data_tree_unref(tree);
    learner_stage_finish(&stage);
}

/* D-173: nothing is vouched for that nobody can prove. */
static void request_that_failed_behind_a_gap_proves_nothing(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct data_tree *tree = start_diff_with_a(&stage, Z3);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_error(Z3));
    learner_stage_send_commit(&stage, Z3);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);

    scripted_peer_expect_end(stage.leader);

    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(testing_peer_logged(&stage.peer, "transactions before 0x100000003 are missing"));
    learner_stage_assert_logged(&stage, "");
    assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
    data_tree_unref(tree);
    learner_stage_finish(&stage);
}

/* D-173: the digest shows that something is missing. Nothing of it gets to the disk, and the tree
 * that took it goes. */
static void hole_that_a_digest_shows_ends_the_role_and_leaves_nothing(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct data_tree *tree = start_diff_with_a(&stage, Z3);
    txn_log_entry_unref(txn_create_in(tree, Z2, "/lost"));
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_create_in(tree, Z3, "/b"));
    learner_stage_send_commit(&stage, Z3);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);

    scripted_peer_expect_end(stage.leader);

    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(testing_peer_logged(&stage.peer, "transactions before 0x100000003 are missing"));
    learner_stage_assert_logged(&stage, "");
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
    assert_false(has_node(&stage, "/b"));
    data_tree_unref(tree);
    learner_stage_finish(&stage);
}

static void diff_goes_on_across_the_beginning_of_an_epoch(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, EPOCH_2_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0, "00000000");
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, EPOCH_2_ZXID + 1, NULL);
    propose_committed(&stage, Z1);
    propose_committed(&stage, EPOCH_2_ZXID + 1);

    learner_stage_new_leader(&stage, EPOCH_2_ZXID);

    learner_stage_assert_logged(&stage, "100000001 200000001");
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* D-173: the next start would not take a tree of an epoch that nobody has promised, or of none. */
static void snapshot_of_an_epoch_to_come_ends_the_role_and_leaves_nothing(void **state)
{
    (void)state;
    static const int64_t wrong[] = {0x200000001, -1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct learner_stage stage;
        learner_stage_start_discovered(&stage);
        send_snapshot(&stage, wrong[i], "/foo");
        scripted_peer_drain(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(&stage.peer, " in epoch 1"));
        assert_false(has_node(&stage, "/foo"));
        assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
        assert_int_equal(0, learner_stage_reload(&stage));
        learner_stage_finish(&stage);
    }
}

/* D-173: what is in the tree is not logged behind it. */
static void proposal_below_the_snapshot_that_stays_open_ends_the_role(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    send_snapshot(&stage, Z2, "/foo");
    propose(&stage, Z2);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(testing_peer_logged(&stage.peer, "0x100000002 is not committed"));
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000002"));
    learner_stage_finish(&stage);
}

/* ---- every order ----------------------------------------------------------------------------- */

/* The steps of two transactions and of the synchronisation: p q are the proposals, c d their
 * commits, N is NEWLEADER and U is UPTODATE. */
static void run_order(const char *order, bool snapshot)
{
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    if (snapshot)
        send_snapshot(&stage, EPOCH_1_ZXID, "/foo");
    else
        scripted_peer_send_packet(stage.leader, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    int committed_before_new_leader = 0;
    bool new_leader = false;
    bool up_to_date = false;
    int proposed = 0;
    for (const char *step = order; *step != '\0'; step++) {
        switch (*step) {
        case 'p':
        case 'q':
            propose(&stage, EPOCH_1_ZXID + ++proposed);
            if (up_to_date) /* broadcast: it is acknowledged at once */
                learner_stage_expect_ack(&stage, EPOCH_1_ZXID + proposed);
            break;
        case 'c':
        case 'd':
            learner_stage_send_commit(&stage, *step == 'c' ? Z1 : Z2);
            if (!new_leader)
                committed_before_new_leader++;
            break;
        case 'N':
            learner_stage_new_leader(&stage, EPOCH_1_ZXID);
            new_leader = true;
            /* What is committed is in memory and on disk; nothing else is. */
            assert_int_equal(EPOCH_1_ZXID * (snapshot || committed_before_new_leader > 0) +
                                 committed_before_new_leader,
                             quorum_peer_get_last_logged_zxid(stage.peer.self));
            if (!snapshot) {
                static const char *const logged[] = {"", "100000001", "100000001 100000002"};
                learner_stage_assert_logged(&stage, logged[committed_before_new_leader]);
            }
            break;
        default:
            learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
            up_to_date = true;
            /* SYN-08, ZOOKEEPER-4685: in the order of the zxids, and behind the other two. */
            for (int i = committed_before_new_leader + 1; i <= proposed; i++)
                learner_stage_expect_ack(&stage, EPOCH_1_ZXID + i);
            break;
        }
    }
    learner_stage_await_applied(&stage, Z2);
    learner_stage_assert_still_there(&stage);
    hang_up(&stage);
    assert_int_equal(Z2, learner_stage_reload(&stage));
    assert_true(has_node(&stage, "/n1"));
    assert_true(has_node(&stage, "/n2"));
    assert_int_equal(snapshot, has_node(&stage, "/foo"));
    learner_stage_finish(&stage);
}

/* N and U at any two places of the transactions' steps. */
static void run_orders_of(const char *steps, bool snapshot)
{
    size_t length = strlen(steps);
    for (size_t n = 0; n <= length; n++) {
        for (size_t u = n; u <= length; u++) {
            char order[8];
            snprintf(order, sizeof order, "%.*sN%.*sU%s", (int)n, steps, (int)(u - n), steps + n,
                     steps + u);
            run_order(order, snapshot);
        }
    }
}

/* SYN-07, MC-04, ZOOKEEPER-4394: a COMMIT between NEWLEADER and UPTODATE for a proposal before
 * NEWLEADER is among them. */
static void syn_07_every_order_of_two_transactions_in_a_diff_ends_well(void **state)
{
    (void)state;
    run_orders_of("pqcd", false);
    run_orders_of("pcqd", false);
}

static void syn_07_every_order_of_two_transactions_after_a_snapshot_ends_well(void **state)
{
    (void)state;
    run_orders_of("pqcd", true);
    run_orders_of("pcqd", true);
}

/* D-173 */
static void commit_of_another_proposal_in_the_sync_ends_the_role(void **state)
{
    (void)state;
    for (int snapshot = 0; snapshot <= 1; snapshot++) {
        struct learner_stage stage;
        learner_stage_start_discovered(&stage);
        if (snapshot)
            send_snapshot(&stage, EPOCH_1_ZXID, "/foo");
        else
            scripted_peer_send_packet(stage.leader, LEADER_DIFF, EPOCH_1_ZXID, NULL);
        propose(&stage, Z1);
        propose(&stage, Z2);
        learner_stage_send_commit(&stage, Z2);
        scripted_peer_expect_end(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(
            &stage.peer, "Committing 0x100000002, but next proposal is 0x100000001"));
        learner_stage_finish(&stage);
    }
}

static void commit_without_its_proposal_in_the_sync_ends_the_role(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    learner_stage_send_commit(&stage, Z2);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    learner_stage_finish(&stage);
}

static void malformed_transaction_in_the_sync_ends_the_role_and_not_the_process(void **state)
{
    (void)state;
    static const char *const data[] = {
        NULL,
        "",
        "0000000000000004 00000000",
        /* a transaction of another zxid */
        "0000000000000004 00000000 0000000100000007 000001a204e22756 fffffff6 00007530",
        /* of a type that nobody defined */
        "0000000000000004 00000000 0000000100000002 000001a204e22756 00000063 00007530",
    };
    static const int32_t types[] = {LEADER_PROPOSAL, LEADER_INFORM, LEADER_INFORMANDACTIVATE};
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        for (size_t j = 0; j < sizeof types / sizeof types[0]; j++) {
            struct learner_stage stage;
            learner_stage_start_discovered(&stage);
            scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
            scripted_peer_send_packet(stage.leader, types[j], Z2, data[i]);
            scripted_peer_expect_end(stage.leader);
            assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
            learner_stage_assert_logged(&stage, "");
            learner_stage_finish(&stage);
        }
    }
}

/* ---- SNAP ------------------------------------------------------------------------------------ */

/* SYN-01 */
static void syn_01_snapshot_is_on_disk_only_when_newleader_is_acknowledged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    send_snapshot(&stage, Z1, "/foo");
    assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000001"));

    learner_stage_new_leader(&stage, EPOCH_1_ZXID);

    assert_true(testing_peer_has_file(&stage.peer, "snapshot.100000001"));
    learner_stage_assert_file(&stage, "acceptedEpoch", "1");
    learner_stage_assert_file(&stage, "currentEpoch", "1");
    assert_int_equal(Z1, quorum_peer_get_last_logged_zxid(stage.peer.self));
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_set_data(Z2, "/foo", "data2"));
    learner_stage_send_commit(&stage, Z2);
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    learner_stage_expect_ack(&stage, Z2);
    learner_stage_await_applied(&stage, Z2);
    hang_up(&stage);
    assert_int_equal(Z2, learner_stage_reload(&stage));
    assert_true(has_node(&stage, "/foo"));
    learner_stage_finish(&stage);
}

/* LRN-02, RST-08, ZOOKEEPER-965, -3642: a tree that came without NEWLEADER is forgotten, and
 * what the next DIFF builds on is what the disk has. */
static void rst_08_snapshot_without_newleader_is_no_ground_for_the_next_diff(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    send_snapshot(&stage, EPOCH_1_ZXID + 10, "/foo");
    propose_committed(&stage, EPOCH_1_ZXID + 11);
    propose(&stage, EPOCH_1_ZXID + 12);
    hang_up(&stage);
    assert_false(zk_database_is_initialized(stage.peer.database));
    assert_int_equal(0, learner_stage_reload(&stage));
    assert_false(has_node(&stage, "/foo"));

    learner_stage_discover_again(&stage, EPOCH_2_ZXID, 0);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* ---- TRUNC ----------------------------------------------------------------------------------- */

/* A follower that has logged three transactions, of which the leader has committed one. */
static void start_with_a_tail(struct learner_stage *stage)
{
    learner_stage_start_synced(stage);
    for (int64_t zxid = Z1; zxid <= Z3; zxid++) {
        propose(stage, zxid);
        learner_stage_expect_ack(stage, zxid);
    }
    learner_stage_send_commit(stage, Z1);
    hang_up(stage);
    learner_stage_assert_logged(stage, "100000001 100000002 100000003");
}

/* RST-01, RST-02, RST-09, ZOOKEEPER-2845: the tail of a deposed leader is gone from memory, from
 * disk and from what is loaded later. */
static void rst_09_trunc_cuts_the_tail_from_memory_and_disk(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_a_tail(&stage);
    assert_true(has_node(&stage, "/n3")); /* logged, so it is in the tree when the term has ended */
    learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z3);

    scripted_peer_send_packet(stage.leader, LEADER_TRUNC, Z1, NULL);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_create(EPOCH_2_ZXID + 1, "/y", ""));
    learner_stage_send_commit(&stage, EPOCH_2_ZXID + 1);
    learner_stage_new_leader(&stage, EPOCH_2_ZXID);

    learner_stage_assert_logged(&stage, "100000001");
    assert_true(testing_peer_has_file(&stage.peer, "snapshot.200000001"));
    assert_int_equal(EPOCH_2_ZXID + 1, quorum_peer_get_last_logged_zxid(stage.peer.self));
    learner_stage_up_to_date(&stage, EPOCH_2_ZXID);
    hang_up(&stage);
    assert_int_equal(EPOCH_2_ZXID + 1, learner_stage_reload(&stage));
    assert_true(has_node(&stage, "/n1"));
    assert_false(has_node(&stage, "/n2"));
    assert_false(has_node(&stage, "/n3"));
    assert_true(has_node(&stage, "/y"));
    learner_stage_finish(&stage);
}

/* D-171: transactions behind a TRUNC are in memory alone until the snapshot of NEWLEADER. */
static void trunc_without_newleader_leaves_what_is_on_disk(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_a_tail(&stage);
    learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z3);
    scripted_peer_send_packet(stage.leader, LEADER_TRUNC, Z1, NULL);
    propose_committed(&stage, EPOCH_2_ZXID + 1);
    hang_up(&stage);
    assert_false(zk_database_is_initialized(stage.peer.database));
    assert_int_equal(Z1, learner_stage_reload(&stage));

    learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z1);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* D-176: a leader that was told to send whole trees (zookeeper.forceSnapshotSync) asks for no
 * cut. */
static void tail_behind_a_snapshot_that_came_is_forgotten_on_disk_too(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_a_tail(&stage);
    learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z3);
    send_snapshot(&stage, Z1, "/foo");

    learner_stage_new_leader(&stage, EPOCH_2_ZXID);

    learner_stage_assert_logged(&stage, "100000001");
    hang_up(&stage);
    assert_int_equal(Z1, learner_stage_reload(&stage));
    assert_true(has_node(&stage, "/foo"));
    assert_false(has_node(&stage, "/n3"));
    learner_stage_finish(&stage);
}

/* ---- the end of a term ----------------------------------------------------------------------- */

/* MC-03, ZOOKEEPER-4541, -4712: what was logged is in the tree when the term has ended, no thread
 * is left (testing_peer_join looks), and the next term logs nothing twice. */
static void tail_of_a_term_is_told_to_the_next_leader_and_logged_once(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    for (int64_t zxid = Z1; zxid <= Z3; zxid++)
        propose(&stage, zxid);
    learner_stage_expect_ack(&stage, Z1);
    hang_up(&stage); /* ACKs and fsyncs are under way */

    assert_int_equal(Z3, quorum_peer_get_last_logged_zxid(stage.peer.self));
    learner_stage_assert_logged(&stage, "100000001 100000002 100000003");
    learner_stage_discover_again(&stage, EPOCH_2_ZXID, Z3);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, Z3, NULL);
    learner_stage_new_leader(&stage, EPOCH_2_ZXID);
    learner_stage_up_to_date(&stage, EPOCH_2_ZXID);
    propose(&stage, EPOCH_2_ZXID + 1);
    learner_stage_expect_ack(&stage, EPOCH_2_ZXID + 1);
    hang_up(&stage);
    learner_stage_assert_logged(&stage, "100000001 100000002 100000003 200000001");
    learner_stage_finish(&stage);
}

/* ZOOKEEPER-4409: the leader is gone while ACKs are to be sent. */
static void acks_to_a_leader_that_has_gone_harm_nobody(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    for (int i = 1; i <= 300; i++)
        propose(&stage, EPOCH_1_ZXID + i);
    hang_up(&stage);
    int64_t last_zxid = quorum_peer_get_last_logged_zxid(stage.peer.self);
    assert_int_equal(last_zxid, learner_stage_reload(&stage));
    learner_stage_finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syn_02_diff_is_on_disk_and_applied_when_newleader_is_acknowledged),
        cmocka_unit_test(diff_to_a_server_without_any_snapshot_ends_in_one),
        cmocka_unit_test(
            diff_to_a_server_without_any_snapshot_leaves_what_is_on_disk_without_newleader),
        cmocka_unit_test(mc_01_diff_that_cannot_be_logged_ends_the_process_unacknowledged),
        cmocka_unit_test(gap_inside_an_epoch_ends_the_role_and_leaves_nothing),
        cmocka_unit_test(gap_where_an_epoch_begins_ends_the_role),
        cmocka_unit_test(first_proposal_that_does_not_follow_ends_the_role),
        cmocka_unit_test(numbers_that_a_leader_of_java_used_up_are_passed_over),
        cmocka_unit_test(request_that_failed_behind_numbers_used_up_waits_for_a_digest),
        cmocka_unit_test(request_that_failed_behind_a_gap_proves_nothing),
        cmocka_unit_test(hole_that_a_digest_shows_ends_the_role_and_leaves_nothing),
        cmocka_unit_test(snapshot_of_an_epoch_to_come_ends_the_role_and_leaves_nothing),
        cmocka_unit_test(proposal_below_the_snapshot_that_stays_open_ends_the_role),
        cmocka_unit_test(diff_goes_on_across_the_beginning_of_an_epoch),
        cmocka_unit_test(syn_07_every_order_of_two_transactions_in_a_diff_ends_well),
        cmocka_unit_test(syn_07_every_order_of_two_transactions_after_a_snapshot_ends_well),
        cmocka_unit_test(commit_of_another_proposal_in_the_sync_ends_the_role),
        cmocka_unit_test(commit_without_its_proposal_in_the_sync_ends_the_role),
        cmocka_unit_test(malformed_transaction_in_the_sync_ends_the_role_and_not_the_process),
        cmocka_unit_test(syn_01_snapshot_is_on_disk_only_when_newleader_is_acknowledged),
        cmocka_unit_test(rst_08_snapshot_without_newleader_is_no_ground_for_the_next_diff),
        cmocka_unit_test(rst_09_trunc_cuts_the_tail_from_memory_and_disk),
        cmocka_unit_test(trunc_without_newleader_leaves_what_is_on_disk),
        cmocka_unit_test(tail_behind_a_snapshot_that_came_is_forgotten_on_disk_too),
        cmocka_unit_test(tail_of_a_term_is_told_to_the_next_leader_and_logged_once),
        cmocka_unit_test(acks_to_a_leader_that_has_gone_harm_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
