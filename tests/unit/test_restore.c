/* A start over snapshots and logs, those of Java and ours: what is replayed, what is mended, what
 * is refused; and going back behind a transaction (TRUNC). Each row of the table of data
 * directories that Java was shown is a test here. Java: LoadFromLogTest,
 * EmptiedSnapshotRecoveryTest, InvalidSnapshotTest, TruncateTest */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "golden.h"
#include "log_stage.h"
#include "outside.h"
#include "txns.h"
#include "zk/io/file.h"
#include "zk/jute/op_code.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

enum { HEADER = 16, SESSION_ENTRY = 49 };

#define E1 0x100000000
#define E2 0x200000000
#define E3 0x300000000

/* ---- the stage: one data directory, and what a start makes of it ---- */

struct start {
    struct test_capture capture;
    struct zk_context *ctx;
    char *root;
    char *directory; /* root/version-2 */
    struct file_txn_snap_log *snap_log;
    struct data_tree *tree;
    struct session_timeouts sessions;
    int64_t heard;      /* transactions that the listener was told of */
    int64_t last_heard; /* the zxid of the last one */
};

static void start_open(struct start *start)
{
    char *error = NULL;
    assert_int_equal(
        file_txn_snap_log_new(start->ctx, start->root, start->root, &start->snap_log, &error), 0);
    start->tree = data_tree_new(start->ctx);
}

static struct start start_new(void)
{
    struct start start = {.capture = test_capture_new()};
    start.ctx = start.capture.ctx;
    start.root = test_temporary_directory();
    start.directory = test_path(start.root, "version-2");
    start_open(&start);
    return start;
}

static void start_close(struct start *start)
{
    file_txn_snap_log_free(start->snap_log);
    data_tree_unref(start->tree);
    session_timeouts_done(&start->sessions);
    start->heard = 0;
}

static void start_done(struct start *start)
{
    start_close(start);
    free(start->directory);
    test_remove_directory(start->root);
    test_capture_done(&start->capture);
}

static void on_txn_loaded(void *arg, struct txn_log_entry *entry)
{
    struct start *start = arg;
    start->heard++;
    start->last_heard = entry->header.zxid;
}

static int restore(struct start *start)
{
    return file_txn_snap_log_restore(start->snap_log, &start->tree, &start->sessions,
                                     (struct playback_listener){on_txn_loaded, start});
}

/* As after the end of the process. */
static int restart(struct start *start)
{
    start_close(start);
    start_open(start);
    return restore(start);
}

static int64_t last_zxid(const struct start *start)
{
    return data_tree_last_processed_zxid(start->tree);
}

static bool logged(const struct start *start, const char *words)
{
    char *log = test_captured_log(&start->capture);
    bool found = strstr(log, words) != NULL;
    free(log);
    return found;
}

static char *path_of(const struct start *start, const char *name)
{
    return test_path(start->directory, name);
}

static bool has_file(const struct start *start, const char *name)
{
    char *path = path_of(start, name);
    bool has = file_exists(path);
    free(path);
    return has;
}

static void drop_file(const struct start *start, const char *name)
{
    char *path = path_of(start, name);
    assert_true(file_exists(path));
    file_remove(path);
    free(path);
}

/* A snapshot of the present tree, named after zxid. */
static void snapshot(struct start *start, int64_t zxid)
{
    assert_int_equal(file_txn_snap_log_save(start->snap_log, zxid, start->tree, &start->sessions),
                     0);
}

/* snapshot.0, and a log of sessions for each run of zxids; two zeros end the list. */
static struct start start_with(const int64_t *runs)
{
    struct start start = start_new();
    snapshot(&start, 0);
    for (; runs[0] != 0; runs += 2)
        log_stage_write_file(start.ctx, start.directory, runs[0], runs[1]);
    return start;
}

/* ---- Java's directories ---- */

static struct start start_of(const char *name)
{
    struct start start = start_new();
    golden_unpack(name, start.directory);
    return start;
}

static void a_follower_of_java_goes_on_where_it_was_killed(void **state)
{
    (void)state;
    struct start start = start_of("epochs");
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 0x2c);
    assert_int_equal(start.last_heard, E2 + 0x2c);
    assert_int_equal(start.heard, 0x2c - 0x11); /* behind snapshot.200000011 */
    assert_int_equal(start.sessions.count, 2);
    assert_true(logged(&start, "27 txns loaded in "));
    assert_false(logged(&start, "igest mismatch"));
    start_done(&start);
}

/* PER-07, PER-09: the oldest snapshot and all logs lead to the tree of the newest snapshot. */
static void every_snapshot_of_java_leads_to_the_same_tree(void **state)
{
    (void)state;
    static const char *const snapshots[] = {"snapshot.200000011", "snapshot.200000001"};
    struct start start = start_of("restarted");
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E3 + 0x10);
    const uint64_t digest = data_tree_get_tree_digest(start.tree);
    const size_t nodes = data_tree_get_node_count(start.tree);
    for (size_t i = 0; i < 2; i++) {
        drop_file(&start, snapshots[i]);
        assert_int_equal(restart(&start), 0);
        assert_int_equal(last_zxid(&start), E3 + 0x10);
        assert_int_equal(data_tree_get_tree_digest(start.tree), digest);
        assert_int_equal(data_tree_get_node_count(start.tree), nodes);
        assert_false(logged(&start, "igest mismatch"));
    }
    assert_int_equal(start.heard, 0x10 + 0x2c + 0x10);
    start_done(&start);
}

/* Appends each entry of Java's file to one of ours, one commit each, as Java's clients waited for
 * each answer. */
static void assert_written_alike(const char *name, const char *file)
{
    struct start start = start_of(name);
    struct log_room room = log_room_with("zookeeper.preAllocSize", "16");
    char *theirs = path_of(&start, file);
    char *ours = test_path(room.directory, file);
    struct txn_log_reader *reader;
    struct buf *payload;
    assert_int_equal(txn_log_reader_open(room.ctx, theirs, &reader), 0);
    while (txn_log_reader_next(reader, &payload) == 1) {
        struct txn_log_entry *entry;
        assert_int_equal(txn_log_entry_decode(room.ctx, payload, &entry), 0);
        assert_int_equal(log_room_append(&room, entry), 0);
        assert_int_equal(file_txn_log_commit(room.log), 0);
        buf_unref(payload);
    }
    struct buf *a = log_stage_bytes(theirs);
    struct buf *b = log_stage_bytes(ours);
    assert_int_equal(a->length, b->length);
    assert_memory_equal(a->bytes, b->bytes, a->length);
    buf_unref(a);
    buf_unref(b);
    txn_log_reader_free(reader);
    free(theirs);
    free(ours);
    log_room_done(&room);
    start_done(&start);
}

/* PER-04 */
static void the_same_transactions_make_the_same_files_as_java(void **state)
{
    (void)state;
    assert_written_alike("restarted", "log.100000001");
    assert_written_alike("restarted", "log.200000003");
    assert_written_alike("restarted", "log.200000013");
    assert_written_alike("restarted", "log.300000001");
}

static void snapshots_of_java_that_snappy_has_packed_are_read(void **state)
{
    (void)state;
    struct start start = start_of("snappy");
    assert_int_equal(restore(&start), 0);
    assert_true(logged(&start, "snapshot.3.snappy"));
    assert_int_equal(last_zxid(&start), 3);
    assert_int_equal(data_tree_get_node_count(start.tree), 7);
    start_done(&start);
}

static void packed_snapshots_of_java_are_read(void **state)
{
    (void)state;
    struct start start = start_of("gz");
    assert_int_equal(restore(&start), 0);
    assert_true(logged(&start, "Reading snapshot"));
    assert_true(logged(&start, "snapshot.2.gz"));
    assert_int_equal(last_zxid(&start), 2);
    assert_int_equal(data_tree_get_node_count(start.tree), 6);
    start_done(&start);
}

/* PER-07 */
static void a_damaged_newest_snapshot_costs_a_longer_replay(void **state)
{
    (void)state;
    struct start start = start_of("epochs");
    char *path = path_of(&start, "snapshot.200000011");
    log_stage_cut(path, 3);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 0x2c);
    assert_int_equal(start.heard, 0x2c - 1);
    free(path);
    start_done(&start);
}

static void a_torn_tail_of_java_is_passed_over(void **state)
{
    (void)state;
    struct start start = start_of("restarted");
    char *path = path_of(&start, "log.300000001");
    log_stage_cut(path, 12009 - 1);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E3 + 0xf);
    assert_true(logged(&start, "Last transaction was partial."));
    free(path);
    start_done(&start);
}

/* ---- the table of directories that Java was shown ---- */

static void an_empty_directory_gets_snapshot_0(void **state)
{
    (void)state;
    struct start start = start_new();
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), 0);
    assert_true(has_file(&start, "snapshot.0"));
    start_done(&start);
}

static void snapshot_0_and_a_log_are_loaded(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E2 + 1, E2 + 2, 0, 0});
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 2);
    assert_int_equal(start.heard, 5);
    assert_int_equal(start.sessions.count, 5);
    assert_int_equal(start.sessions.items[0].session, 0x100 + E1 + 1);
    assert_int_equal(start.sessions.items[0].timeout_ms, 4000);
    start_done(&start);
}

static void a_log_without_padding_is_loaded(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
    char *path = path_of(&start, "log.100000001");
    log_stage_cut(path, HEADER + 3 * SESSION_ENTRY);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 3);
    free(path);
    start_done(&start);
}

/* PER-06 */
static void a_log_without_a_snapshot_is_refused(void **state)
{
    (void)state;
    struct start start = start_new();
    log_stage_write_file(start.ctx, start.directory, E1 + 1, E1 + 3);
    assert_int_equal(restore(&start), -EBADMSG);
    assert_true(
        logged(&start, "No snapshot found, but there are log entries. Something is broken!"));
    assert_false(has_file(&start, "snapshot.0"));
    assert_true(has_file(&start, "log.100000001"));
    start_done(&start);
}

/* PER-06 */
static void a_log_without_a_snapshot_is_loaded_on_demand(void **state)
{
    (void)state;
    struct start start = start_new();
    log_stage_write_file(start.ctx, start.directory, E1 + 1, E1 + 3);
    zk_settings_set(start.ctx, "zookeeper.snapshot.trust.empty", "true");
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 3);
    assert_true(logged(&start, "This should only be allowed during upgrading."));
    start_done(&start);
}

static void a_log_with_a_header_only_leaves_the_zxid_to_the_snapshot(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, E1);
    log_stage_write_file(start.ctx, start.directory, E1 + 1, E1 + 1);
    char *path = path_of(&start, "log.100000001");
    log_stage_cut(path, HEADER);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1);
    free(path);
    start_done(&start);
}

/* Java 3.8.0 refuses; 3.9.4 does as we do. D-139 */
static void a_log_of_zero_bytes_is_removed(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
    char *path = path_of(&start, "log.100000004");
    test_write_file(path, "");
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 3);
    assert_false(has_file(&start, "log.100000004"));
    free(path);
    start_done(&start);
}

static void a_log_cut_anywhere_in_its_last_entry_loads_up_to_it(void **state)
{
    (void)state;
    for (int64_t cut = 1; cut <= SESSION_ENTRY; cut += 6) {
        struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
        char *path = path_of(&start, "log.100000001");
        log_stage_cut(path, HEADER + 3 * SESSION_ENTRY - cut);
        assert_int_equal(restore(&start), 0);
        assert_int_equal(last_zxid(&start), E1 + 2);
        free(path);
        start_done(&start);
    }
}

static void a_flipped_bit_in_a_log_is_refused(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
    char *path = path_of(&start, "log.100000001");
    log_stage_set_byte(path, HEADER + 30, 0x55);
    assert_int_equal(restore(&start), -EBADMSG);
    assert_true(logged(&start, "CRC check failed"));
    free(path);
    start_done(&start);
}

static void a_wrong_magic_is_refused_and_a_wrong_version_is_not(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
    char *path = path_of(&start, "log.100000001");
    log_stage_set_byte(path, 7, 9);
    assert_int_equal(restore(&start), 0);
    log_stage_set_byte(path, 3, 'X');
    assert_int_equal(restart(&start), -EPROTO);
    assert_true(logged(&start, "log.100000001 has invalid magic number 1514884184 != 1514884167"));
    free(path);
    start_done(&start);
}

static void a_wrong_digest_is_told_and_used(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0);
    struct file_txn_log *log = file_txn_log_new(start.ctx, start.directory);
    struct txn_header header = {.zxid = E1 + 1, .type = OP_CODE_CREATE_SESSION};
    union txn_record record = {.create_session = {.time_out_ms = 1}};
    struct txn_log_entry *entry =
        txn_log_entry_new(&header, &record, &(struct txn_digest){2, 12345});
    assert_int_equal(file_txn_log_append(log, entry), 0);
    assert_int_equal(file_txn_log_commit(log), 0);
    txn_log_entry_unref(entry);
    file_txn_log_free(log);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 1);
    assert_true(logged(&start, "igest mismatch"));
    start_done(&start);
}

static void a_snapshot_in_the_middle_of_a_log_replays_the_rest(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 9, 0, 0});
    snapshot(&start, E1 + 6);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 9);
    assert_int_equal(start.heard, 3);
    start_done(&start);
}

static void a_snapshot_at_the_start_of_an_epoch_without_a_log_gives_its_zxid(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0xe00000000);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), 0xe00000000);
    start_done(&start);
}

static void names_in_capitals_are_read(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0xe00000000);
    log_stage_write_file(start.ctx, start.directory, 0xe00000001, 0xe00000002);
    char *from = path_of(&start, "log.e00000001");
    char *to = path_of(&start, "log.E00000001");
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), 0xe00000002);
    free(from);
    free(to);
    start_done(&start);
}

/* ---- what Java would take ---- */

/* D-134 */
static void a_hole_within_an_epoch_is_refused(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E1 + 5, E1 + 6, 0, 0});
    assert_int_equal(restore(&start), -EBADMSG);
    assert_true(logged(&start, "transactions behind 0x100000003 and before 0x100000005"));
    start_done(&start);
}

/* Writes them to a log of their own, and unrefs them; NULL ends the list. */
static void log_of(struct start *start, struct txn_log_entry **txns)
{
    struct file_txn_log *log = file_txn_log_new(start->ctx, start->directory);
    for (; *txns != NULL; txns++) {
        assert_int_equal(file_txn_log_append(log, *txns), 0);
        txn_log_entry_unref(*txns);
    }
    assert_int_equal(file_txn_log_commit(log), 0);
    file_txn_log_free(log);
}

/* D-134. A multi with a null path takes a number of Java's leader, and none of its servers ever has
 * a transaction of that number. The digests tell; an error has none. */
static void numbers_that_a_leader_of_java_used_up_are_no_hole(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0);
    struct data_tree *leader = data_tree_new(start.ctx);
    log_of(&start,
           (struct txn_log_entry *[]){txn_create_in(leader, E1 + 1, "/a"), txn_error(E1 + 3),
                                      txn_error(E1 + 5), txn_create_in(leader, E1 + 6, "/b"),
                                      txn_create_in(leader, E2 + 2, "/c"), NULL});
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 2);
    assert_int_equal(start.heard, 5);
    assert_true(logged(&start, "Between zxid 0x100000001 and 0x100000003 there are no"));
    assert_true(logged(&start, "Between zxid 0x100000006 and 0x200000002 there are no"));
    data_tree_unref(leader);
    start_done(&start);
}

static void a_hole_that_a_digest_shows_is_refused(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0);
    struct data_tree *leader = data_tree_new(start.ctx);
    struct txn_log_entry *first = txn_create_in(leader, E1 + 1, "/a");
    txn_log_entry_unref(txn_create_in(leader, E1 + 2, "/lost"));
    log_of(&start, (struct txn_log_entry *[]){first, txn_create_in(leader, E1 + 3, "/b"), NULL});
    assert_int_equal(restore(&start), -EBADMSG);
    assert_true(logged(&start, "transactions behind 0x100000001 and before 0x100000003"));
    data_tree_unref(leader);
    start_done(&start);
}

/* A server alone has no epochs: behind 0xffffffff it counts on, and the first counter is 0. */
static void a_server_alone_may_count_past_32_bits(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, E1 - 3);
    log_stage_write_file(start.ctx, start.directory, E1 - 2, E1 + 2);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 2);
    assert_int_equal(start.heard, 5);
    start_done(&start);

    start = start_new();
    snapshot(&start, E1 - 3);
    log_stage_write_file(start.ctx, start.directory, E1 - 2, E1 - 2);
    log_stage_write_file(start.ctx, start.directory, E1, E1 + 2);
    assert_int_equal(restore(&start), -EBADMSG);
    assert_true(logged(&start, "transactions behind 0xfffffffe and before 0x100000000"));
    start_done(&start);
}

/* A snapshot that came from the leader covers what the log does not have; an older one does not. */
static void a_hole_that_a_snapshot_covers_is_fine_until_that_snapshot_is_lost(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E1 + 9, E1 + 9, 0, 0});
    snapshot(&start, E1 + 8);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 9);
    drop_file(&start, "snapshot.100000008");
    assert_int_equal(restart(&start), -EBADMSG);
    start_done(&start);
}

/* D-134. E1 + 3 was never committed: the leader of the next epoch did not have it, and sent its
 * whole tree. */
static void what_lies_below_a_snapshot_that_is_lost_does_not_come_back(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E2 + 8, E2 + 9, 0, 0});
    snapshot(&start, E2 + 7);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 9);
    drop_file(&start, "snapshot.200000007");
    assert_int_equal(restart(&start), -EBADMSG);
    assert_true(logged(&start, "transactions behind 0x100000003 and before 0x200000008"));
    start_done(&start);
}

static void a_lower_zxid_behind_a_higher_one_is_told_and_applied(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, 0);
    struct file_txn_log *log = file_txn_log_new(start.ctx, start.directory);
    log_stage_write(log, E1 + 1, E1 + 2);
    log_stage_write(log, E1 + 1, E1 + 1);
    file_txn_log_free(log);
    assert_int_equal(restore(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 2);
    assert_int_equal(start.heard, 3);
    assert_true(logged(&start, "4294967298(highestZxid) > 4294967297(next log) for type -10"));
    start_done(&start);
}

static void fast_forward_applies_what_the_log_has_gained(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, 0, 0});
    assert_int_equal(restore(&start), 0);
    for (int64_t zxid = E1 + 4; zxid <= E1 + 5; zxid++) {
        struct txn_log_entry *entry = log_stage_session(zxid);
        assert_int_equal(file_txn_snap_log_append(start.snap_log, entry), 0);
        txn_log_entry_unref(entry);
    }
    assert_int_equal(file_txn_snap_log_commit(start.snap_log), 0);
    assert_int_equal(file_txn_snap_log_fast_forward_from_edits(
                         start.snap_log, start.tree, &start.sessions,
                         (struct playback_listener){on_txn_loaded, &start}),
                     0);
    assert_int_equal(last_zxid(&start), E1 + 5);
    assert_int_equal(start.heard, 5);
    start_done(&start);
}

/* ---- going back ---- */

static void truncation_goes_back_to_a_transaction_of_the_log(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E1 + 4, E1 + 6, 0, 0});
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E1 + 2), 0);
    assert_false(has_file(&start, "log.100000004"));
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 2);
    start_done(&start);
}

/* ZOOKEEPER-4837: a snapshot behind the point would bring everything back. */
static void truncation_removes_the_snapshots_behind_it(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 6, 0, 0});
    snapshot(&start, E1 + 2);
    snapshot(&start, E1 + 5);
    snapshot(&start, E1 + 6);
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E1 + 4), 0);
    assert_false(has_file(&start, "snapshot.100000005"));
    assert_false(has_file(&start, "snapshot.100000006"));
    assert_true(has_file(&start, "snapshot.100000002"));
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 4);
    start_done(&start);
}

static void truncation_to_a_snapshot_needs_no_log_before_it(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, E1 + 5);
    log_stage_write_file(start.ctx, start.directory, E1 + 6, E1 + 8);
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E1 + 5), 0);
    assert_false(has_file(&start, "log.100000006"));
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 5);
    start_done(&start);
}

/* D-132: Java would stand at the next transaction, or claim this one. */
static void truncation_to_what_this_peer_never_had_says_so(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 3, E3 + 1, E3 + 2, 0, 0});
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E2 + 1), -ESTALE);
    assert_true(logged(&start, "its history ends at 0x100000003 now"));
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 3);
    start_done(&start);
}

static void truncation_without_an_older_snapshot_changes_nothing(void **state)
{
    (void)state;
    struct start start = start_new();
    snapshot(&start, E1 + 5);
    log_stage_write_file(start.ctx, start.directory, E1 + 1, E1 + 8);
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E1 + 4), -ENODATA);
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E1 + 8);
    start_done(&start);
}

/* What a process starts from that dies between any two steps of a truncation to E1 + 2. The logs
 * are those of start_with; behind a snapshot that came as SNAP the log may begin anew. */
static void assert_stops_anywhere(const int64_t *runs, int64_t snapshot_zxid,
                                  enum outside_call call)
{
    for (int pass = 0;; pass++) {
        struct start start = start_with(runs);
        if (snapshot_zxid > 0)
            snapshot(&start, snapshot_zxid);
        outside_fail(call, EIO, pass, OUTSIDE_FOR_EVER);
        int r = file_txn_snap_log_truncate_log(start.snap_log, E1 + 2);
        outside_restore(NULL);
        assert_int_equal(restart(&start), 0);
        assert_true(r < 0 ? last_zxid(&start) >= E1 + 2 : last_zxid(&start) == E1 + 2);
        start_done(&start);
        if (r == 0)
            break;
        assert_int_equal(r, -EIO);
    }
}

/* MC-07: a process that dies between any two steps of it starts from one moment of its history. A
 * start refuses a log with a hole. */
static void a_truncation_that_stops_anywhere_leaves_a_beginning_of_the_history(void **state)
{
    (void)state;
    static const enum outside_call calls[] = {OUTSIDE_UNLINK, OUTSIDE_FSYNC, OUTSIDE_FTRUNCATE};
    static const int64_t whole[] = {E1 + 1, E1 + 3, E1 + 4, E1 + 6, E1 + 7, E1 + 9, 0, 0};
    static const int64_t around_a_snap[] = {E1 + 1, E1 + 3, E1 + 9, E1 + 11, 0, 0};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        assert_stops_anywhere(whole, 0, calls[i]);
        assert_stops_anywhere(whole, E1 + 8, calls[i]);
        assert_stops_anywhere(around_a_snap, E1 + 8, calls[i]);
    }
}

/* The peer goes on after a truncation, in a file of its own. */
static void after_a_truncation_the_log_goes_on(void **state)
{
    (void)state;
    struct start start = start_with((const int64_t[]){E1 + 1, E1 + 6, 0, 0});
    assert_int_equal(restore(&start), 0);
    assert_int_equal(file_txn_snap_log_truncate_log(start.snap_log, E1 + 2), 0);
    struct txn_log_entry *entry = log_stage_session(E2 + 1);
    assert_int_equal(file_txn_snap_log_append(start.snap_log, entry), 0);
    assert_int_equal(file_txn_snap_log_commit(start.snap_log), 0);
    txn_log_entry_unref(entry);
    assert_int_equal(restart(&start), 0);
    assert_int_equal(last_zxid(&start), E2 + 1);
    assert_int_equal(start.heard, 3);
    start_done(&start);
}

static void the_newest_snapshots_are_named_newest_first(void **state)
{
    (void)state;
    struct start start = start_new();
    struct zk_strings paths;
    snapshot(&start, 3);
    snapshot(&start, 20);
    snapshot(&start, 10);
    assert_int_equal(file_txn_snap_log_find_n_recent_snapshots(start.snap_log, 2, &paths), 0);
    assert_int_equal(paths.count, 2);
    assert_string_equal(strrchr(paths.items[0], '/'), "/snapshot.14");
    assert_string_equal(strrchr(paths.items[1], '/'), "/snapshot.a");
    zk_strings_done(&paths);
    start_done(&start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follower_of_java_goes_on_where_it_was_killed),
        cmocka_unit_test(every_snapshot_of_java_leads_to_the_same_tree),
        cmocka_unit_test(the_same_transactions_make_the_same_files_as_java),
        cmocka_unit_test(packed_snapshots_of_java_are_read),
        cmocka_unit_test(snapshots_of_java_that_snappy_has_packed_are_read),
        cmocka_unit_test(a_damaged_newest_snapshot_costs_a_longer_replay),
        cmocka_unit_test(a_torn_tail_of_java_is_passed_over),
        cmocka_unit_test(an_empty_directory_gets_snapshot_0),
        cmocka_unit_test(snapshot_0_and_a_log_are_loaded),
        cmocka_unit_test(a_log_without_padding_is_loaded),
        cmocka_unit_test(a_log_without_a_snapshot_is_refused),
        cmocka_unit_test(a_log_without_a_snapshot_is_loaded_on_demand),
        cmocka_unit_test(a_log_with_a_header_only_leaves_the_zxid_to_the_snapshot),
        cmocka_unit_test(a_log_of_zero_bytes_is_removed),
        cmocka_unit_test(a_log_cut_anywhere_in_its_last_entry_loads_up_to_it),
        cmocka_unit_test(a_flipped_bit_in_a_log_is_refused),
        cmocka_unit_test(a_wrong_magic_is_refused_and_a_wrong_version_is_not),
        cmocka_unit_test(a_wrong_digest_is_told_and_used),
        cmocka_unit_test(a_snapshot_in_the_middle_of_a_log_replays_the_rest),
        cmocka_unit_test(a_snapshot_at_the_start_of_an_epoch_without_a_log_gives_its_zxid),
        cmocka_unit_test(names_in_capitals_are_read),
        cmocka_unit_test(a_hole_within_an_epoch_is_refused),
        cmocka_unit_test(numbers_that_a_leader_of_java_used_up_are_no_hole),
        cmocka_unit_test(a_hole_that_a_digest_shows_is_refused),
        cmocka_unit_test(a_server_alone_may_count_past_32_bits),
        cmocka_unit_test(a_hole_that_a_snapshot_covers_is_fine_until_that_snapshot_is_lost),
        cmocka_unit_test(what_lies_below_a_snapshot_that_is_lost_does_not_come_back),
        cmocka_unit_test(a_lower_zxid_behind_a_higher_one_is_told_and_applied),
        cmocka_unit_test(fast_forward_applies_what_the_log_has_gained),
        cmocka_unit_test(truncation_goes_back_to_a_transaction_of_the_log),
        cmocka_unit_test(truncation_removes_the_snapshots_behind_it),
        cmocka_unit_test(truncation_to_a_snapshot_needs_no_log_before_it),
        cmocka_unit_test(truncation_to_what_this_peer_never_had_says_so),
        cmocka_unit_test(truncation_without_an_older_snapshot_changes_nothing),
        cmocka_unit_test_teardown(
            a_truncation_that_stops_anywhere_leaves_a_beginning_of_the_history, outside_restore),
        cmocka_unit_test(after_a_truncation_the_log_goes_on),
        cmocka_unit_test(the_newest_snapshots_are_named_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
