/* Snapshot files and the directories they live in. Java: InvalidSnapshotTest, FileTxnSnapLogTest,
 * SnapStreamTest, EmptiedSnapshotRecoveryTest */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "golden.h"
#include "tree/data_tree_internal.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/util.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* ---- helpers ---- */

static const struct session_timeouts NO_SESSIONS;

/* A fresh tree whose config node says mark, as snapshot.<zxid>. */
static void write_marked(struct zk_context *ctx, const char *directory, int64_t zxid,
                         const char *mark)
{
    struct data_tree *tree = data_tree_new(ctx);
    struct buf *data = buf_new_copy(mark, strlen(mark));
    assert_int_equal(data_tree_set_data(tree, CONFIG_NODE, data, -1, 0, 0), 0);
    assert_int_equal(file_snap_serialize(ctx, directory, zxid, tree, &NO_SESSIONS), 0);
    buf_unref(data);
    data_tree_unref(tree);
}

/* What file_snap_deserialize finds: its last zxid and mark. */
static void assert_finds(struct zk_context *ctx, const char *directory, int64_t zxid,
                         const char *mark)
{
    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
    assert_true(data_tree_last_processed_zxid(tree) == zxid);
    const struct data_node *node = data_tree_get_node_locked(tree, CONFIG_NODE);
    assert_int_equal(node->data_length, strlen(mark));
    assert_memory_equal(data_node_data(node), mark, strlen(mark));
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
}

static void assert_finds_none(struct zk_context *ctx, const char *directory, int error)
{
    struct data_tree *tree = NULL;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), error);
    assert_null(tree);
}

/* Writes over some bytes of a file. */
static void damage(const char *directory, const char *name, size_t at, uint8_t change)
{
    char *path = test_path(directory, name);
    struct zk_str text = {0};
    assert_int_equal(file_read(path, 1 << 20, &text), 0);
    text.text[at] = (char)((uint8_t)text.text[at] ^ change);
    assert_int_equal(file_write_atomic(path, text.text, text.length), 0);
    zk_str_done(&text);
    free(path);
}

static void cut(const char *directory, const char *name, size_t length)
{
    char *path = test_path(directory, name);
    assert_int_equal(truncate(path, (off_t)length), 0);
    free(path);
}

/* ---- Java's files ---- */

/* Reads Java's file, writes what was read, and compares. applied: a transaction had been applied
 * when it was written, so that its digest is the tree's. */
static void assert_rewritten_alike(const char *golden, const char *name, int64_t zxid, bool applied)
{
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    golden_write(directory, golden, name);
    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
    assert_true(data_tree_last_processed_zxid(tree) == zxid);
    if (applied)
        tree->last_processed_zxid_digest =
            (struct zxid_digest){zxid, DIGEST_VERSION, (int64_t)data_tree_get_tree_digest(tree)};
    char *path = test_path(directory, name);
    file_remove(path);

    assert_int_equal(file_snap_serialize(ctx, directory, zxid, tree, &sessions), 0);

    struct zk_str text = {0};
    assert_int_equal(file_read(path, 1 << 20, &text), 0);
    golden_assert_equal(golden, text.text, text.length);
    zk_str_done(&text);
    free(path);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void snapshot_files_are_javas_byte_for_byte(void **state)
{
    (void)state;
    assert_rewritten_alike("snapshot.0", "snapshot.0", 0, false);
    assert_rewritten_alike("snapshot.100000000", "snapshot.100000000", INT64_C(0x100000000), false);
}

/* Sessions, ACLs with a hole in their numbers, children in the order of a hash table that has
 * grown, null data, a path that is not ASCII, and the digest of all that. */
static void a_snapshot_with_everything_in_it_is_javas_byte_for_byte(void **state)
{
    (void)state;
    assert_rewritten_alike("snapshot_with_writes", "snapshot.21", 0x21, true);
}

static void nothing_but_the_snapshot_is_left_in_the_directory(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, INT64_C(0x1f00000abc), "x");
    struct zk_strings names = {0};
    assert_int_equal(file_list(directory, &names), 0);
    assert_int_equal(names.count, 1);
    assert_string_equal(names.items[0], "snapshot.1f00000abc");
    zk_strings_done(&names);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void a_snapshot_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    struct data_tree *tree = data_tree_new(ctx);
    char *nowhere = test_path(directory, "nowhere");
    char *in_the_way = test_path(directory, "snapshot.5");
    assert_int_equal(file_make_directories(in_the_way), 0);

    assert_int_equal(file_snap_serialize(ctx, nowhere, 5, tree, &NO_SESSIONS), -ENOENT);
    assert_int_equal(file_snap_serialize(ctx, directory, 5, tree, &NO_SESSIONS), -EISDIR);
    assert_false(test_has_file(directory, "snapshot.5.tmp"));

    free(in_the_way);
    free(nowhere);
    data_tree_unref(tree);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* ---- which file is taken ---- */

static void the_newest_snapshot_is_taken_and_its_name_is_the_zxid(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 9, "nine");
    write_marked(ctx, directory, INT64_C(0x200000000), "second epoch");
    write_marked(ctx, directory, INT64_C(0x1ffffffff), "first epoch");
    assert_finds(ctx, directory, INT64_C(0x200000000), "second epoch");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* PER-07: the newest is cut to 3 bytes. */
static void per_07_a_cut_newest_snapshot_gives_way_to_the_older(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 1, "one");
    write_marked(ctx, directory, 2, "two");
    write_marked(ctx, directory, 3, "three");
    cut(directory, "snapshot.3", 3);
    assert_finds(ctx, directory, 2, "two");
    cut(directory, "snapshot.2", 0);
    assert_finds(ctx, directory, 1, "one");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* PER-07: a flip anywhere in the newest is noticed; none of the bytes is left to chance. */
static void per_07_any_flipped_bit_gives_way_to_the_older(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 1, "one");
    write_marked(ctx, directory, 2, "two");
    char *path = test_path(directory, "snapshot.2");
    size_t length = (size_t)file_size(path);
    free(path);
    for (size_t at = 0; at < length; at++) {
        damage(directory, "snapshot.2", at, 0x10);
        assert_finds(ctx, directory, 1, "one");
        damage(directory, "snapshot.2", at, 0x10);
    }
    assert_finds(ctx, directory, 2, "two");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* PER-07: so does a cut anywhere, but one: at the first seal the file is what older servers
 * wrote. */
static void per_07_a_cut_anywhere_gives_way_to_the_older(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 1, "one");
    write_marked(ctx, directory, 2, "two");
    char *path = test_path(directory, "snapshot.2");
    struct zk_str whole = {0};
    assert_int_equal(file_read(path, 1 << 20, &whole), 0);
    for (size_t length = 0; length <= whole.length; length++) {
        assert_int_equal(file_write_atomic(path, whole.text, length), 0);
        bool usable = length == whole.length || length == whole.length - 33;
        assert_finds(ctx, directory, usable ? 2 : 1, usable ? "two" : "one");
    }
    zk_str_done(&whole);
    free(path);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void damage_everywhere_is_an_error_and_not_an_empty_tree(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    assert_finds_none(ctx, directory, -ENODATA);
    write_marked(ctx, directory, 1, "one");
    cut(directory, "snapshot.1", 3);
    assert_finds_none(ctx, directory, -EBADMSG);
    write_marked(ctx, directory, 2, "two");
    damage(directory, "snapshot.2", 40, 1);
    assert_finds_none(ctx, directory, -EBADMSG);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* Java: findNValidSnapshots(100). What is not even tried does not count. */
static void a_whole_snapshot_is_found_behind_a_hundred_that_are_not(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 1, "one");
    for (int zxid = 2; zxid <= 1 + FILE_SNAP_TRIES; zxid++) {
        char name[24];
        snprintf(name, sizeof name, "snapshot.%x", (unsigned)zxid);
        char *path = test_path(directory, name);
        test_write_file(path, "");
        free(path);
    }
    assert_finds(ctx, directory, 1, "one");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void only_names_of_snapshots_count(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    static const char *const others[] = {"snapshot.f.tmp", "snapshot.", "snapshot.xyz", "snapshot",
                                         "snapshots.f",    "log.f",     "currentEpoch"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        golden_write(directory, "snapshot.0", others[i]);
    assert_finds_none(ctx, directory, -ENODATA);
    write_marked(ctx, directory, 4, "four");
    assert_finds(ctx, directory, 4, "four");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void upper_case_names_count_too(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    golden_write(directory, "snapshot.0", "snapshot.E00000000");
    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
    assert_true(data_tree_last_processed_zxid(tree) == INT64_C(0xe00000000));
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* "one" and "two", packed like that. */
static void write_packed(struct zk_context *ctx, const char *directory, const char *method)
{
    zk_settings_set(ctx, "zookeeper.snapshot.compression.method", method);
    write_marked(ctx, directory, 1, "one");
    write_marked(ctx, directory, 2, "two");
}

/* PER-07 */
static void a_packed_snapshot_is_written_and_read(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_packed(ctx, directory, "gz");
    assert_finds(ctx, directory, 2, "two");
    assert_true(test_has_file(directory, "snapshot.2.gz"));
    write_packed(ctx, directory, "Snappy");
    assert_true(test_has_file(directory, "snapshot.2.snappy"));
    cut(directory, "snapshot.2.gz", 0);
    assert_finds(ctx, directory, 2, "two");
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void assert_packed_is_seen_to_be_cut(const char *method, const char *name)
{
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    char *path = test_path(directory, name);
    write_packed(ctx, directory, method);
    for (int64_t length = file_size(path) - 40; length >= 0; length -= 7) {
        assert_int_equal(truncate(path, length), 0);
        assert_finds(ctx, directory, 1, "one");
    }
    free(path);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void per_07_a_cut_packed_snapshot_gives_way_to_the_older(void **state)
{
    (void)state;
    assert_packed_is_seen_to_be_cut("gz", "snapshot.2.gz");
    assert_packed_is_seen_to_be_cut("snappy", "snapshot.2.snappy");
}

/* Not every bit of what snappy writes is one of the snapshot's: but one that is another one is
 * noticed. */
static void per_07_a_flipped_bit_of_a_packed_snapshot_changes_nothing_unseen(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "snapshot.2.snappy");
    int noticed = 0;
    write_packed(ctx, directory, "snappy");
    int64_t size = file_size(path);
    for (int64_t at = 0; at < size; at++) {
        damage(directory, "snapshot.2.snappy", (size_t)at, 0x10);
        struct data_tree *tree;
        struct session_timeouts sessions;
        assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
        bool is_older = data_tree_last_processed_zxid(tree) == 1;
        session_timeouts_done(&sessions);
        data_tree_unref(tree);
        assert_finds(ctx, directory, is_older ? 1 : 2, is_older ? "one" : "two");
        noticed += is_older;
        damage(directory, "snapshot.2.snappy", (size_t)at, 0x10);
    }
    assert_true(noticed > size - 16); /* the rest is in the header, behind the magic */
    free(path);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* How long each block is unpacked, which it says in its first bytes, seven bits in each. */
static char *lengths_of_blocks(const char *path)
{
    struct zk_str file = {0};
    struct zk_str text = {0};
    assert_int_equal(file_read(path, 1 << 20, &file), 0);
    for (size_t at = 16; at + 4 < file.length;) {
        const uint8_t *block = (const uint8_t *)file.text + at + 4;
        unsigned length = 0;
        for (int shift = 0; shift == 0 || (block++)[0] > 127; shift += 7)
            length |= (block[0] & 127U) << shift;
        zk_str_printf(&text, "%u ", length);
        at += 4 + (size_t)zk_load_int((const uint8_t *)file.text + at);
    }
    zk_str_done(&file);
    return zk_str_take(&text);
}

static struct buf *unpacked_bytes(const char *path)
{
    struct buf *bytes = buf_new(0);
    struct zk_input *input;
    uint8_t byte;
    int fd;
    assert_int_equal(file_open_read(path, &fd), 0);
    assert_int_equal(zk_input_new_snappy(fd, &input), 0);
    while (zk_input_read(input, &byte, 1) == 0)
        buf_put_byte(bytes, byte);
    zk_input_free(input);
    file_close(fd);
    return bytes;
}

/* Read Java's file and write it again: the same bytes in blocks of the same lengths. How well each
 * is packed is the affair of the library, of which there is more than one version. */
static void snappys_blocks_are_those_of_java(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "snapshot.3.snappy");
    struct data_tree *tree;
    struct session_timeouts sessions;
    golden_unpack("snappy", directory);
    char *theirs = lengths_of_blocks(path);
    struct buf *javas = unpacked_bytes(path);
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
    tree->last_processed_zxid_digest =
        (struct zxid_digest){3, DIGEST_VERSION, (int64_t)data_tree_get_tree_digest(tree)};
    file_remove(path);
    zk_settings_set(ctx, "zookeeper.snapshot.compression.method", "snappy");
    assert_int_equal(file_snap_serialize(ctx, directory, 3, tree, &sessions), 0);
    char *ours = lengths_of_blocks(path);
    struct buf *bytes = unpacked_bytes(path);
    assert_string_equal(ours, theirs);
    assert_string_equal(ours, "32768 7791 ");
    assert_int_equal(bytes->length, javas->length);
    assert_memory_equal(bytes->bytes, javas->bytes, bytes->length);
    buf_unref(bytes);
    buf_unref(javas);
    free(ours);
    free(theirs);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    free(path);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* ---- digests and what others append ---- */

/* Writes a snapshot with this digest and reads it; the log tells whether they were found to
 * differ. */
static bool is_mismatch_logged(int64_t zxid, struct zxid_digest digest)
{
    struct test_capture capture = test_capture_new();
    char *directory = test_temporary_directory();
    struct data_tree *tree = data_tree_new(capture.ctx);
    tree->last_processed_zxid_digest = digest;
    assert_int_equal(file_snap_serialize(capture.ctx, directory, zxid, tree, &NO_SESSIONS), 0);
    struct data_tree *read;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(capture.ctx, directory, &read, &sessions), 0);
    session_timeouts_done(&sessions);
    data_tree_unref(read);
    data_tree_unref(tree);
    test_remove_directory(directory);
    char *log = test_captured_log(&capture);
    bool logged = strstr(log, "Digests are not matching") != NULL;
    free(log);
    test_capture_done(&capture);
    return logged;
}

static void a_wrong_digest_is_only_logged(void **state)
{
    (void)state;
    assert_true(is_mismatch_logged(7, (struct zxid_digest){7, 2, 12345}));
    assert_false(is_mismatch_logged(7, (struct zxid_digest){7, 2, 1371985504}));
    assert_false(is_mismatch_logged(7, (struct zxid_digest){6, 2, 12345})); /* older */
    assert_false(is_mismatch_logged(0, (struct zxid_digest){0, 2, 12345})); /* none */
    assert_false(is_mismatch_logged(7, (struct zxid_digest){7, 3, 12345})); /* another recipe */
}

static void digests_can_be_switched_off(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    write_marked(ctx, directory, 1, "with");
    char *path = test_path(directory, "snapshot.1");
    int64_t with = file_size(path);
    zk_settings_set(ctx, "zookeeper.digest.enabled", "false");
    assert_finds(ctx, directory, 1, "with");

    write_marked(ctx, directory, 1, "none");

    assert_int_equal(file_size(path), with - 33);
    assert_finds(ctx, directory, 1, "none");
    free(path);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* 3.9.5 appends its last zxid and a third seal. */
static void a_newer_servers_tail_is_not_looked_at(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    struct buf *golden = golden_read("snapshot.0");
    buf_put_long(golden, 0);
    buf_put_long(golden, 0x12345678);
    buf_put_bytes(golden, "\0\0\0\1/", 5);
    test_write_bytes(directory, "snapshot.0", golden->bytes, golden->length);
    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(file_snap_deserialize(ctx, directory, &tree, &sessions), 0);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    buf_unref(golden);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

static void another_magic_is_no_snapshot(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char *directory = test_temporary_directory();
    golden_write(directory, "snapshot.0", "snapshot.0");
    damage(directory, "snapshot.0", 3, 0xff);
    assert_finds_none(ctx, directory, -EBADMSG);
    test_remove_directory(directory);
    zk_context_free(ctx);
}

/* ---- names ---- */

static void names_carry_the_zxid_in_hex(void **state)
{
    (void)state;
    int64_t zxid = -7;
    const char *suffix = NULL;
    assert_true(util_get_zxid_from_name("snapshot.1f", "snapshot", &zxid, &suffix));
    assert_int_equal(zxid, 0x1f);
    assert_string_equal(suffix, "");
    assert_true(util_get_zxid_from_name("snapshot.1f.gz", "snapshot", &zxid, &suffix));
    assert_string_equal(suffix, "gz");
    assert_true(util_get_zxid_from_name("log.e00000001", "log", &zxid, NULL));
    assert_true(zxid == INT64_C(0xe00000001));
    assert_false(util_get_zxid_from_name("log.", "log", &zxid, NULL));
    assert_false(util_get_zxid_from_name("log", "log", &zxid, NULL));
    assert_false(util_get_zxid_from_name("logs.1", "log", &zxid, NULL));
    assert_false(
        util_get_zxid_from_name("log.0123456789abcdef0123456789abcdef", "log", &zxid, NULL));
    char *name = util_make_snapshot_name("/d", INT64_C(0xABC00000001));
    assert_string_equal(name, "/d/snapshot.abc00000001");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshot_files_are_javas_byte_for_byte),
        cmocka_unit_test(a_snapshot_with_everything_in_it_is_javas_byte_for_byte),
        cmocka_unit_test(nothing_but_the_snapshot_is_left_in_the_directory),
        cmocka_unit_test(a_snapshot_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(the_newest_snapshot_is_taken_and_its_name_is_the_zxid),
        cmocka_unit_test(per_07_a_cut_newest_snapshot_gives_way_to_the_older),
        cmocka_unit_test(per_07_any_flipped_bit_gives_way_to_the_older),
        cmocka_unit_test(per_07_a_cut_anywhere_gives_way_to_the_older),
        cmocka_unit_test(damage_everywhere_is_an_error_and_not_an_empty_tree),
        cmocka_unit_test(a_whole_snapshot_is_found_behind_a_hundred_that_are_not),
        cmocka_unit_test(only_names_of_snapshots_count),
        cmocka_unit_test(upper_case_names_count_too),
        cmocka_unit_test(a_packed_snapshot_is_written_and_read),
        cmocka_unit_test(per_07_a_cut_packed_snapshot_gives_way_to_the_older),
        cmocka_unit_test(per_07_a_flipped_bit_of_a_packed_snapshot_changes_nothing_unseen),
        cmocka_unit_test(snappys_blocks_are_those_of_java),
        cmocka_unit_test(a_wrong_digest_is_only_logged),
        cmocka_unit_test(digests_can_be_switched_off),
        cmocka_unit_test(a_newer_servers_tail_is_not_looked_at),
        cmocka_unit_test(another_magic_is_no_snapshot),
        cmocka_unit_test(names_carry_the_zxid_in_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
