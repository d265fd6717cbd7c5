/* Data directories of servers that keep no digests, as those of 3.5 and older do not: the same tree
 * comes of them, and what only a digest could show is not believed. Java: LoadFromLogTest */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "log_stage.h"
#include "zk/base/checksum.h"
#include "zk/io/file.h"
#include "zk/jute/op_code.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/runtime/settings.h"

enum {
    LOG_HEADER = 16,
    TXN_HEADER = 32,
    TXN_DIGEST = 12,
    SNAPSHOT_DIGEST = 33, /* with its seal */
};

static const char *const LOGS[] = {"log.100000001", "log.200000003", "log.200000013",
                                   "log.300000001"};
static const char *const SNAPSHOTS[] = {"snapshot.0", "snapshot.200000001", "snapshot.200000011"};

struct tree_facts {
    int result;
    int64_t zxid;
    uint64_t digest;
    size_t nodes;
};

/* What a start makes of the directory. */
static struct tree_facts start_on(const char *root, bool trusts_empty)
{
    struct test_capture capture = test_capture_new();
    struct file_txn_snap_log *snap_log;
    struct session_timeouts sessions = {0};
    char *error = NULL;
    if (trusts_empty)
        zk_settings_set(capture.ctx, "zookeeper.snapshot.trust.empty", "true");
    assert_int_equal(file_txn_snap_log_new(capture.ctx, root, root, &snap_log, &error), 0);
    struct data_tree *tree = data_tree_new(capture.ctx);
    struct tree_facts facts = {0};
    facts.result =
        file_txn_snap_log_restore(snap_log, &tree, &sessions, (struct playback_listener){0});
    facts.zxid = data_tree_last_processed_zxid(tree);
    facts.digest = data_tree_get_tree_digest(tree);
    facts.nodes = (size_t)data_tree_get_node_count(tree);
    char *log = test_captured_log(&capture);
    assert_null(strstr(log, "digest mismatch"));
    free(log);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    file_txn_snap_log_free(snap_log);
    test_capture_done(&capture);
    return facts;
}

/* The entry as 3.5 writes it: without a digest, and a closeSession without the list of what it
 * deletes. */
static size_t old_length(struct zk_context *ctx, struct buf *payload)
{
    struct txn_log_entry *entry;
    assert_int_equal(txn_log_entry_decode(ctx, payload, &entry), 0);
    size_t length = entry->header.type == OP_CODE_CLOSE_SESSION ? TXN_HEADER
                    : entry->has_digest                         ? payload->length - TXN_DIGEST
                                                                : payload->length;
    txn_log_entry_unref(entry);
    return length;
}

static void make_log_old(struct zk_context *ctx, const char *directory, const char *name)
{
    char *path = test_path(directory, name);
    struct buf *whole = log_stage_bytes(path);
    struct buf *old = buf_new(0);
    struct txn_log_reader *reader;
    struct buf *payload;
    size_t shortened = 0;
    buf_put_bytes(old, whole->bytes, LOG_HEADER);
    assert_int_equal(txn_log_reader_open(ctx, path, &reader), 0);
    while (txn_log_reader_next(reader, &payload) == 1) {
        size_t length = old_length(ctx, payload);
        shortened += length < payload->length;
        buf_put_long(old, zk_adler32(ZK_ADLER32_OF_NOTHING, payload->bytes, length));
        buf_put_int(old, (int32_t)length);
        buf_put_bytes(old, payload->bytes, length);
        buf_put_byte(old, 'B');
        buf_unref(payload);
    }
    assert_true(shortened > 0);
    txn_log_reader_free(reader);
    assert_int_equal(file_write_atomic(path, old->bytes, old->length), 0);
    buf_unref(whole);
    buf_unref(old);
    free(path);
}

/* root/version-2 gets what a Java peer of three epochs has left. The caller frees the path. */
static char *unpack(const char *root)
{
    char *directory = test_path(root, "version-2");
    assert_int_equal(file_make_directories(directory), 0);
    golden_unpack("restarted", directory);
    return directory;
}

static void make_old(const char *directory)
{
    struct zk_context *ctx = test_context();
    for (size_t i = 0; i < sizeof LOGS / sizeof *LOGS; i++)
        make_log_old(ctx, directory, LOGS[i]);
    for (size_t i = 0; i < sizeof SNAPSHOTS / sizeof *SNAPSHOTS; i++) {
        char *path = test_path(directory, SNAPSHOTS[i]);
        log_stage_cut(path, file_size(path) - SNAPSHOT_DIGEST);
        free(path);
    }
    zk_context_free(ctx);
}

static void remove_snapshots(const char *directory, size_t first)
{
    for (size_t i = first; i < sizeof SNAPSHOTS / sizeof *SNAPSHOTS; i++) {
        char *path = test_path(directory, SNAPSHOTS[i]);
        file_remove(path);
        free(path);
    }
}

static void assert_same_tree(struct tree_facts a, struct tree_facts b)
{
    assert_int_equal(a.result, 0);
    assert_int_equal(b.result, 0);
    assert_true(a.zxid == b.zxid);
    assert_true(a.digest == b.digest);
    assert_int_equal(a.nodes, b.nodes);
}

static void without_digests_the_same_tree_comes_of_a_directory(void **state)
{
    (void)state;
    char *root = test_temporary_directory();
    char *directory = unpack(root);
    struct tree_facts facts = start_on(root, false);
    assert_true(facts.zxid == 0x300000010);
    make_old(directory);
    assert_same_tree(start_on(root, false), facts);
    remove_snapshots(directory, 1); /* all transactions are replayed */
    assert_same_tree(start_on(root, false), facts);
    free(directory);
    test_remove_directory(root);
}

/* An early server may have had no reason to take a snapshot. */
static void logs_alone_are_replayed_where_an_empty_start_is_trusted(void **state)
{
    (void)state;
    char *root = test_temporary_directory();
    char *directory = unpack(root);
    struct tree_facts facts = start_on(root, false);
    make_old(directory);
    remove_snapshots(directory, 0);
    assert_int_equal(start_on(root, false).result, -EBADMSG);
    assert_same_tree(start_on(root, true), facts);
    free(directory);
    test_remove_directory(root);
}

/* D-134. Nothing tells whether something is missing. Java's start writes a snapshot behind the
 * numbers: then nobody asks any more. */
static void numbers_left_out_without_a_digest_behind_are_refused_until_a_snapshot_covers_them(
    void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *root = test_temporary_directory();
    char *directory = test_path(root, "version-2");
    struct data_tree *tree = data_tree_new(ctx);
    struct session_timeouts sessions = {0};
    assert_int_equal(file_make_directories(directory), 0);
    assert_int_equal(file_snap_serialize(ctx, directory, 0, tree, &sessions), 0);
    log_stage_write_file(ctx, directory, 1, 1);
    log_stage_write_file(ctx, directory, 3, 4);
    assert_int_equal(start_on(root, false).result, -EBADMSG);
    assert_int_equal(file_snap_serialize(ctx, directory, 4, tree, &sessions), 0);
    struct tree_facts facts = start_on(root, false);
    assert_int_equal(facts.result, 0);
    assert_int_equal(facts.zxid, 4);
    data_tree_unref(tree);
    free(directory);
    test_remove_directory(root);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_digests_the_same_tree_comes_of_a_directory),
        cmocka_unit_test(logs_alone_are_replayed_where_an_empty_start_is_trusted),
        cmocka_unit_test(
            numbers_left_out_without_a_digest_behind_are_refused_until_a_snapshot_covers_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
