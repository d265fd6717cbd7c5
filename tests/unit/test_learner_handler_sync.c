/* DIFF, TRUNC or SNAP: what a leader queues to a learner, row by row of the table at the head of
 * learner_handler_sync.c. Java: LearnerHandlerTest; the answers of a real Java leader. */
#include <stdio.h>
#include <stdlib.h>

#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zab/learner_handler_internal.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/zk_database.h"

enum { MOST_ZXIDS = 40 };

/* What a leader has when the learner comes. 0 ends a list. */
struct scene {
    int64_t disk[MOST_ZXIDS];      /* in the files of the log */
    int64_t committed[MOST_ZXIDS]; /* in memory */
    int64_t last;                  /* the tree's last zxid */
    int64_t roll_behind;           /* where a second file begins; 0: there is one */
    int64_t snapshot;              /* the zxid of a snapshot file; 0: there is none */
    int64_t last_committed;        /* and not applied yet; 0: no more than the tree has */
    const char *setting;
    const char *value;
};

struct stage {
    struct testing_peer peer;
    struct leader *leader;
    struct learner_handler *handler;
    struct learner_master_ops ops; /* the leader's, but for start_forwarding */
};

/* What start_forwarding was told. One handler at a time. */
static int64_t forwarding_from;

static int64_t record_start_forwarding(struct learner_master *master,
                                       struct learner_handler *handler, int64_t last_seen_zxid)
{
    forwarding_from = last_seen_zxid;
    return leader_start_forwarding(master, handler, last_seen_zxid);
}

/* The scene's, while it has one. */
static int64_t last_committed;

static int64_t tell_last_committed(struct learner_master *master)
{
    (void)master;
    return last_committed;
}

static struct txn_log_entry *transaction(int64_t zxid)
{
    struct txn_header header = {.zxid = zxid, .type = OP_CODE_ERROR};
    union txn_record record = {.error = {.err = -101}};
    return txn_log_entry_new(&header, &record, NULL);
}

static void set_scene(struct stage *stage, const struct scene *scene)
{
    struct testing_peer_options options = testing_peer_options_default(3);
    options.setting = scene->setting != NULL ? scene->setting : "zookeeper.snapshotSizeFactor";
    options.value = scene->setting != NULL ? scene->value : "0";
    testing_peer_init(&stage->peer, &options);
    struct zk_database *database = stage->peer.database;
    for (size_t i = 0; scene->disk[i] != 0; i++) {
        struct txn_log_entry *entry = transaction(scene->disk[i]);
        assert_int_equal(0, zk_database_append(database, entry));
        txn_log_entry_unref(entry);
        if (scene->disk[i] == scene->roll_behind)
            assert_int_equal(0, zk_database_roll_log(database));
    }
    assert_int_equal(0, zk_database_commit(database));
    if (scene->snapshot != 0) {
        zk_database_set_last_processed_zxid(database, scene->snapshot);
        assert_int_equal(0, zk_database_take_snapshot(database));
    }
    for (size_t i = 0; scene->committed[i] != 0; i++) {
        struct txn_log_entry *entry = transaction(scene->committed[i]);
        zk_database_add_committed_proposal(database, entry);
        txn_log_entry_unref(entry);
    }
    zk_database_set_last_processed_zxid(database, scene->last);

    stage->leader = leader_new(stage->peer.self);
    stage->ops = *stage->leader->master.ops;
    stage->ops.start_forwarding = record_start_forwarding;
    last_committed = scene->last_committed;
    if (last_committed != 0)
        stage->ops.get_last_committed = tell_last_committed;
    stage->leader->master.ops = &stage->ops;
    struct sock *sock;
    assert_int_equal(0, sock_new(stage->peer.ctx, INET_V4, &sock));
    stage->handler = learner_handler_new(&stage->leader->master, sock);
    forwarding_from = -1;
}

static void clear_scene(struct stage *stage)
{
    learner_handler_unref(stage->handler);
    leader_free(stage->leader);
    testing_peer_done(&stage->peer);
}

static struct quorum_packet *take_packet(struct learner_handler *handler)
{
    void *item;
    return bq_poll(handler->queued_packets, 0, &item) == 0 ? item : NULL;
}

/* Appends "DIFF 8; 5 6 7 8": the first packet, then each proposal, which its COMMIT must follow. */
static void append_queue(struct learner_handler *handler, struct zk_str *text)
{
    struct quorum_packet *packet = take_packet(handler);
    if (packet == NULL)
        return;
    zk_str_append(text, quorum_packet_type_name(packet->type));
    zk_str_append(text, " ");
    zk_str_append_hex(text, packet->zxid);
    quorum_packet_free(packet);
    for (bool first = true; (packet = take_packet(handler)) != NULL; first = false) {
        assert_int_equal(LEADER_PROPOSAL, packet->type);
        assert_int_equal(packet->zxid, zk_load_long(packet->data->bytes + 12));
        struct quorum_packet *commit = take_packet(handler);
        assert_non_null(commit);
        assert_int_equal(LEADER_COMMIT, commit->type);
        assert_int_equal(packet->zxid, commit->zxid);
        zk_str_append(text, first ? "; " : " ");
        zk_str_append_hex(text, packet->zxid);
        quorum_packet_free(commit);
        quorum_packet_free(packet);
    }
}

/* answer is what is queued, or "SNAP"; from is where forwarding begins. */
static void expect_answer(const struct scene *scene, int64_t peer, const char *answer, int64_t from)
{
    struct stage stage;
    set_scene(&stage, scene);
    struct zk_str text = {0};
    bool need_snap = learner_handler_sync_follower(stage.handler, peer);
    if (need_snap)
        zk_str_append(&text, "SNAP");
    append_queue(stage.handler, &text);
    assert_string_equal(answer, zk_str_text(&text));
    assert_int_equal(from, forwarding_from);
    zk_str_done(&text);
    clear_scene(&stage);
}

/* --- SYN-03: from memory ---------------------------------------------------------------------- */

/* Java: LearnerHandlerTest.testEmptyCommittedLog */
static void syn_03_peer_is_compared_with_the_last_zxid(void **state)
{
    (void)state;
    static const struct scene scene = {.last = 1};
    expect_answer(&scene, 3, "TRUNC 1", 1);
    expect_answer(&scene, 1, "DIFF 1", 1);
    expect_answer(&scene, 0, "SNAP", 1);
}

static void syn_03_what_is_missing_comes_from_memory(void **state)
{
    (void)state;
    static const struct scene scene = {.committed = {2, 3, 4, 5}, .last = 6};
    expect_answer(&scene, 2, "DIFF 5; 3 4 5", 5);
    expect_answer(&scene, 4, "DIFF 5; 5", 5);
    expect_answer(&scene, 5, "DIFF 5", 5);
    expect_answer(&scene, 6, "DIFF 6", 6);
    expect_answer(&scene, 7, "TRUNC 5", 5);
    expect_answer(&scene, 1, "SNAP", 6);
    static const struct scene without_files = {.committed = {2, 3, 4, 5},
                                               .last = 6,
                                               .setting = "zookeeper.snapshotSizeFactor",
                                               .value = "-1"};
    expect_answer(&without_files, 1, "SNAP", 6);
}

/* Java's memory may have holes, ours has none within an epoch (D-146); the rule is the same.
 * Java: LearnerHandlerTest.testCommittedLog */
static void syn_03_what_only_the_learner_has_is_cut_off(void **state)
{
    (void)state;
    static const struct {
        int64_t peer;
        const char *answer;
    } rows[] = {{4, "TRUNC 3; 5"}, {2, "DIFF 5; 3 5"}, {3, "DIFF 5; 5"}, {5, "DIFF 5"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage stage;
        set_scene(&stage, &(struct scene){.last = 6});
        struct txn_log_entry *entries[] = {transaction(2), transaction(3), transaction(5)};
        struct committed_log log = {
            .entries = entries, .count = 3, .min_committed_log = 2, .max_committed_log = 5};
        struct proposal_iterator proposals = {.log = &log};
        struct zk_str text = {0};

        assert_int_equal(5, learner_handler_queue_committed_proposals(stage.handler, &proposals,
                                                                      rows[i].peer, INT64_MAX, 5));

        append_queue(stage.handler, &text);
        assert_string_equal(rows[i].answer, zk_str_text(&text));
        zk_str_done(&text);
        for (size_t k = 0; k < 3; k++)
            txn_log_entry_unref(entries[k]);
        clear_scene(&stage);
    }
}

/* D-185: the voter is one of those that made a quorum of it. */
static void what_is_committed_is_not_cut_off_though_it_is_not_applied(void **state)
{
    (void)state;
    static const struct scene scene = {.committed = {2, 3, 4, 5}, .last = 5, .last_committed = 7};
    expect_answer(&scene, 6, "DIFF 6", 6);
    expect_answer(&scene, 7, "DIFF 7", 7);
    expect_answer(&scene, 8, "TRUNC 7", 7);
}

/* What only some had at the end of a term is not committed by what the next term commits: it would
 * stay on their disks, and nowhere else. */
static void what_an_older_term_left_behind_is_cut_off_though_the_new_one_commits(void **state)
{
    (void)state;
    static const int64_t last_committed_ones[] = {0x200000000, 0x200000001};
    for (size_t i = 0; i < 2; i++) {
        const struct scene scene = {.committed = {0x100000001, 0x100000002},
                                    .last = 0x200000000,
                                    .last_committed = last_committed_ones[i]};
        expect_answer(&scene, 0x100000003, "TRUNC 100000002", 0x100000002);
        expect_answer(&scene, 0x300000001, "TRUNC 100000002", 0x100000002);
    }
}

/* --- SYN-04 ----------------------------------------------------------------------------------- */

/* Java: LearnerHandlerTest.testNewEpochZxid */
static void syn_04_first_zxid_of_an_epoch_is_never_truncated(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {1, 0x100000001, 0x100000002},
                                       .committed = {0x100000001, 0x100000002},
                                       .last = 0x200000000};
    expect_answer(&scene, 0, "SNAP", 0x200000000);
    expect_answer(&scene, 0x100000000, "DIFF 100000002; 100000001 100000002", 0x100000002);
    expect_answer(&scene, 0x200000000, "DIFF 200000000", 0x200000000);

    static const struct scene without_files = {.last = 0x20000000c};
    expect_answer(&without_files, 0x300000000, "SNAP", 0x20000000c);
    expect_answer(&without_files, 0x100000000, "SNAP", 0x20000000c);
}

/* --- SYN-05: with the files of the log -------------------------------------------------------- */

/* Java: LearnerHandlerTest.testTxnLog */
static void syn_05_files_go_before_memory_and_nothing_is_sent_twice(void **state)
{
    (void)state;
    static const struct scene scene = {
        .disk = {2, 3, 5, 6, 7, 8, 9}, .committed = {6, 7, 8}, .last = 9};
    expect_answer(&scene, 4, "TRUNC 3; 5 6 7 8", 8);
    expect_answer(&scene, 3, "DIFF 8; 5 6 7 8", 8);
    expect_answer(&scene, 1, "SNAP", 9);
    /* The epoch in the upper half makes no difference. */
    static const int64_t F = 0xf00000000;
    static const struct scene far = {.disk = {0xf00000002, 0xf00000003, 0xf00000005, 0xf00000006,
                                              0xf00000007, 0xf00000008, 0xf00000009},
                                     .committed = {0xf00000006, 0xf00000007, 0xf00000008},
                                     .last = 0xf00000009};
    expect_answer(&far, F + 4, "TRUNC f00000003; f00000005 f00000006 f00000007 f00000008", F + 8);
    expect_answer(&far, F + 3, "DIFF f00000008; f00000005 f00000006 f00000007 f00000008", F + 8);
    expect_answer(&far, F + 1, "SNAP", F + 9);
}

/* Java: LearnerHandlerTest.testTxnLogOnly */
static void syn_05_files_alone_are_enough(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {2, 3, 5, 6, 7}, .last = 7};
    expect_answer(&scene, 4, "TRUNC 3; 5 6 7", 7);
    expect_answer(&scene, 2, "DIFF 7; 3 5 6 7", 7);
    expect_answer(&scene, 1, "SNAP", 7);
}

/* What a quorum has not got may be in the files already: the end of the tree is their limit.
 * Ours; Java holds the same by minCommittedLog. */
static void syn_05_what_is_only_logged_is_not_sent_as_committed(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {2, 3, 5, 6, 7}, .last = 6};
    expect_answer(&scene, 3, "DIFF 6; 5 6", 6);
}

/* Java: LearnerHandlerTest.testTxnLogProposalIteratorClosure, testTxnLogGap */
static void syn_05_hole_between_files_and_memory_means_snap(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {2, 3, 4}, .committed = {7, 8}, .last = 8};
    expect_answer(&scene, 3, "SNAP", 8);
    expect_answer(&scene, 4, "SNAP", 8);
}

/* D-180: this leader was given a SNAP once, so its files lack what lies before the snapshot. */
static void hole_in_the_files_that_a_snap_has_left_means_snap(void **state)
{
    (void)state;
    static const struct scene in_an_epoch = {.disk = {2, 3, 9, 10}, .snapshot = 8, .last = 10};
    expect_answer(&in_an_epoch, 2, "SNAP", 10);
    expect_answer(&in_an_epoch, 3, "SNAP", 10);
    expect_answer(&in_an_epoch, 9, "DIFF a; a", 10);
    static const struct scene at_its_end = {.disk = {0x100000002, 0x100000003, 0x200000001},
                                            .snapshot = 0x100000007,
                                            .last = 0x200000001};
    expect_answer(&at_its_end, 0x100000002, "SNAP", 0x200000001);
    static const struct scene without = {.disk = {0x100000002, 0x100000003, 0x200000001},
                                         .snapshot = 0x100000003,
                                         .last = 0x200000001};
    expect_answer(&without, 0x100000002, "DIFF 200000001; 100000003 200000001", 0x200000001);
}

/* MC-06; Java: LearnerHandlerTest.testDuplicatedTxn */
static void syn_05_transaction_that_is_logged_twice_is_sent_once(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {2, 3, 3, 5, 6}, .committed = {5, 6}, .last = 6};
    expect_answer(&scene, 2, "DIFF 6; 3 5 6", 6);
}

/* Java: LearnerHandlerTest.testCrossEpochTrunc */
static void syn_05_nothing_is_cut_across_epochs(void **state)
{
    (void)state;
    static const struct scene scene = {.disk = {0x100000001, 0x200000001, 0x200000002, 0x400000001},
                                       .last = 0x600000000};
    expect_answer(&scene, 0x300000001, "SNAP", 0x600000000);
    /* In memory, too; forwarding begins where the learner stood, and the SNAP is newer. */
    static const struct scene in_memory = {
        .committed = {0x100000001, 0x200000001, 0x200000002, 0x400000001}, .last = 0x600000000};
    expect_answer(&in_memory, 0x300000001, "SNAP", 0x300000001);
}

/* As in Java the file that the learner's place is in does not count. */
static void syn_05_files_larger_than_their_part_of_the_snapshot_are_not_read(void **state)
{
    (void)state;
    static const struct scene one_file = {.disk = {2, 3, 5, 6, 7},
                                          .last = 7,
                                          .setting = "zookeeper.snapshotSizeFactor",
                                          .value = "0.1"};
    expect_answer(&one_file, 3, "DIFF 7; 5 6 7", 7);
    static const struct scene scene = {.disk = {2, 3, 5, 6, 7},
                                       .roll_behind = 5,
                                       .last = 7,
                                       .setting = "zookeeper.snapshotSizeFactor",
                                       .value = "0.1"};
    expect_answer(&scene, 3, "SNAP", 7);
    static const struct scene never = {.disk = {2, 3, 5, 6, 7},
                                       .last = 7,
                                       .setting = "zookeeper.snapshotSizeFactor",
                                       .value = "-1"};
    expect_answer(&never, 3, "SNAP", 7);
}

/* --- what a real Java leader answered --------------------------------------------------------- */

/* Its log held 0x100000001 ... 0x10000000d, and it was asked as a probe that claimed each zxid. */
static void answers_are_those_of_a_java_leader_in_its_first_epoch(void **state)
{
    (void)state;
    struct scene scene = {.last = 0x10000000d};
    for (int i = 0; i < 13; i++)
        scene.committed[i] = 0x100000001 + i;
    expect_answer(&scene, 0x10000000d, "DIFF 10000000d", 0x10000000d);
    expect_answer(&scene, 0x100000005,
                  "DIFF 10000000d; 100000006 100000007 100000008 100000009 10000000a 10000000b "
                  "10000000c 10000000d",
                  0x10000000d);
    expect_answer(&scene, 0x10000000f, "TRUNC 10000000d", 0x10000000d);
    expect_answer(&scene, 0x100000000, "SNAP", 0x10000000d);
    expect_answer(&scene, 0, "SNAP", 0x10000000d);
    expect_answer(&scene, 0x200000000, "SNAP", 0x10000000d);
}

/* Another epoch followed: 0x200000001 ... 0x20000000c. Of the first one 0x10000025a and b are the
 * last that memory holds here. */
static void answers_are_those_of_a_java_leader_in_its_second_epoch(void **state)
{
    (void)state;
    struct scene scene = {.committed = {0x10000025a, 0x10000025b}, .last = 0x20000000c};
    for (int i = 0; i < 12; i++)
        scene.committed[2 + i] = 0x200000001 + i;
    static const char second_epoch[] =
        "200000001 200000002 200000003 200000004 200000005 200000006 200000007 200000008 200000009 "
        "20000000a 20000000b 20000000c";
    char answer[400];
    snprintf(answer, sizeof answer, "DIFF 20000000c; 10000025b %s", second_epoch);
    expect_answer(&scene, 0x10000025a, answer, 0x20000000c);
    snprintf(answer, sizeof answer, "DIFF 20000000c; %s", second_epoch);
    expect_answer(&scene, 0x200000000, answer, 0x20000000c);
    expect_answer(&scene, 0x100000300, "SNAP", 0x100000300);
    expect_answer(&scene, 0x1ffffffff, "SNAP", 0x1ffffffff);
}

static void leader_without_a_transaction_sends_snap_once_it_is_established(void **state)
{
    (void)state;
    static const struct scene at_formation = {.last = 0};
    expect_answer(&at_formation, 0, "DIFF 0", 0);
    static const struct scene established = {.last = 0x100000000};
    expect_answer(&established, 0, "SNAP", 0x100000000);
}

static void setting_forces_a_snapshot(void **state)
{
    (void)state;
    static const struct scene scene = {
        .last = 1, .setting = "zookeeper.forceSnapshotSync", .value = "true"};
    expect_answer(&scene, 1, "SNAP", 1);
}

/* D-43: what brings a learner up to date does not count against its limit. */
static void long_diff_does_not_end_the_connection(void **state)
{
    (void)state;
    static const struct scene scene = {.committed = {2, 3, 4}, .last = 6};
    struct stage stage;
    set_scene(&stage, &scene);
    zk_mutex_lock(&stage.handler->mu);
    stage.handler->queued_bytes_limit = 1;
    zk_mutex_unlock(&stage.handler->mu);

    assert_false(learner_handler_sync_follower(stage.handler, 2));

    assert_int_equal(5, bq_size(stage.handler->queued_packets));
    assert_true(learner_handler_synced(stage.handler));
    clear_scene(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syn_03_peer_is_compared_with_the_last_zxid),
        cmocka_unit_test(syn_03_what_is_missing_comes_from_memory),
        cmocka_unit_test(syn_03_what_only_the_learner_has_is_cut_off),
        cmocka_unit_test(what_is_committed_is_not_cut_off_though_it_is_not_applied),
        cmocka_unit_test(what_an_older_term_left_behind_is_cut_off_though_the_new_one_commits),
        cmocka_unit_test(syn_04_first_zxid_of_an_epoch_is_never_truncated),
        cmocka_unit_test(syn_05_files_go_before_memory_and_nothing_is_sent_twice),
        cmocka_unit_test(syn_05_files_alone_are_enough),
        cmocka_unit_test(syn_05_what_is_only_logged_is_not_sent_as_committed),
        cmocka_unit_test(syn_05_hole_between_files_and_memory_means_snap),
        cmocka_unit_test(hole_in_the_files_that_a_snap_has_left_means_snap),
        cmocka_unit_test(syn_05_transaction_that_is_logged_twice_is_sent_once),
        cmocka_unit_test(syn_05_nothing_is_cut_across_epochs),
        cmocka_unit_test(syn_05_files_larger_than_their_part_of_the_snapshot_are_not_read),
        cmocka_unit_test(answers_are_those_of_a_java_leader_in_its_first_epoch),
        cmocka_unit_test(answers_are_those_of_a_java_leader_in_its_second_epoch),
        cmocka_unit_test(leader_without_a_transaction_sends_snap_once_it_is_established),
        cmocka_unit_test(setting_forces_a_snapshot),
        cmocka_unit_test(long_diff_does_not_end_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
