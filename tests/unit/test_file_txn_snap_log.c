/* The data directories: how they are made, checked, locked, and what a restore makes of them.
 * Java: FileTxnSnapLogTest, EmptiedSnapshotRecoveryTest, FileTxnLogTest */
#include "zk/persistence/file_txn_snap_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "outside.h"
#include "zk/io/file.h"
#include "zk/persistence/util.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* ---- the two directories ---- */

struct peer_directories {
    struct test_capture capture;
    struct zk_context *ctx;
    char *root;
    char *data; /* root/data */
    char *log;  /* root/log */
};

static struct peer_directories directories_new(void)
{
    struct peer_directories directories = {.capture = test_capture_new()};
    directories.ctx = directories.capture.ctx;
    directories.root = test_temporary_directory();
    directories.data = test_path(directories.root, "data");
    directories.log = test_path(directories.root, "log");
    return directories;
}

static void directories_done(struct peer_directories *directories)
{
    free(directories->data);
    free(directories->log);
    test_remove_directory(directories->root);
    test_capture_done(&directories->capture);
}

static struct file_txn_snap_log *open_log(struct peer_directories *directories, const char *data,
                                          const char *log)
{
    struct file_txn_snap_log *snap_log = NULL;
    char *error = NULL;
    assert_int_equal(file_txn_snap_log_new(directories->ctx, data, log, &snap_log, &error), 0);
    assert_null(error);
    return snap_log;
}

static void assert_refused(struct peer_directories *directories, const char *log, int error,
                           const char *words)
{
    struct file_txn_snap_log *snap_log = NULL;
    char *text = NULL;
    assert_int_equal(
        file_txn_snap_log_new(directories->ctx, directories->data, log, &snap_log, &text), error);
    assert_null(snap_log);
    assert_non_null(strstr(text, words));
    free(text);
}

static int restore(struct peer_directories *directories, struct file_txn_snap_log *snap_log,
                   int64_t *ret_zxid)
{
    struct data_tree *tree = data_tree_new(directories->ctx);
    struct session_timeouts sessions = {0};
    int r = file_txn_snap_log_restore(snap_log, &tree, &sessions, (struct playback_listener){0});
    if (r == 0)
        *ret_zxid = data_tree_last_processed_zxid(tree);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    return r;
}

/* CFG-05 */
static void cfg_05_both_directories_are_made(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    assert_true(test_has_file(directories.data, "version-2"));
    assert_true(test_has_file(directories.log, "version-2"));
    int64_t zxid = -7;
    assert_int_equal(restore(&directories, snap_log, &zxid), 0);
    assert_int_equal(zxid, 0);
    assert_true(test_has_file(directories.data, "version-2/snapshot.0"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* CFG-05 */
static void cfg_05_files_in_the_wrong_directory_are_refused(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    test_write_bytes(directories.log, "version-2/snapshot.1", "x", 1);
    assert_refused(&directories, directories.log, -EINVAL, "Log directory has snapshot files");
    char *wrong = test_path(directories.log, "version-2/snapshot.1");
    file_remove(wrong);
    free(wrong);
    test_write_bytes(directories.data, "version-2/log.1", "", 0);
    assert_refused(&directories, directories.log, -EINVAL, "Snapshot directory has log files");
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.data));
    directories_done(&directories);
}

/* Java: checkLogDir() and checkSnapDir() look for "log." and "snapshot." */
static void files_of_other_names_are_nobodys_business(void **state)
{
    (void)state;
    static const char *const others[] = {"abc.1",    "lost+found", "log",        "logs.1",
                                         "snapshot", "snapsh0t.1", "snapshots.1"};
    struct peer_directories directories = directories_new();
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "version-2/%s", others[i]);
        test_write_bytes(directories.log, name, "x", 1);
        test_write_bytes(directories.data, name, "x", 1);
    }
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    directories_done(&directories);
}

/* CFG-05 */
static void cfg_05_missing_directories_are_refused_without_autocreate(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    zk_settings_set(directories.ctx, "zookeeper.datadir.autocreate", "false");
    assert_refused(&directories, directories.data, -ENOENT, "Missing data directory");
    assert_false(file_exists(directories.data));
    directories_done(&directories);
}

static void a_file_in_the_place_of_the_directory_is_refused(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    test_write_file(directories.data, "I am a file");
    struct file_txn_snap_log *snap_log = NULL;
    char *text = NULL;
    assert_true(file_txn_snap_log_new(directories.ctx, directories.data, directories.data,
                                      &snap_log, &text) < 0);
    assert_null(snap_log);
    assert_non_null(strstr(text, "Unable to create data directory"));
    free(text);
    directories_done(&directories);
}

/* PER-06, the half without a log: no snapshot and no leave to start empty means no vote. */
static void per_06_without_autocreate_an_empty_server_knows_nothing(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    zk_settings_set(directories.ctx, "zookeeper.db.autocreate", "false");
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    int64_t zxid = 0;

    assert_int_equal(restore(&directories, snap_log, &zxid), 0);
    assert_int_equal(zxid, -1);
    assert_false(test_has_file(directories.data, "version-2/snapshot.0"));

    char *initialize = test_path(directories.log, "initialize");
    test_write_file(initialize, "");
    free(initialize);
    assert_int_equal(restore(&directories, snap_log, &zxid), 0);
    assert_int_equal(zxid, 0);
    assert_true(test_has_file(directories.data, "version-2/snapshot.0"));
    assert_false(test_has_file(directories.log, "initialize"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* PER-06: a snapshot emptied by a crash is not the same as none. D-38 */
static void per_06_damaged_snapshots_are_not_started_over(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    test_write_bytes(directories.data, "version-2/snapshot.100000000", "", 0);
    int64_t zxid = -7;
    assert_int_equal(restore(&directories, snap_log, &zxid), -EBADMSG);
    assert_int_equal(zxid, -7);
    assert_false(test_has_file(directories.data, "version-2/snapshot.0"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* Is there a line of the log with all three of these? */
static bool has_logged(struct peer_directories *directories, const char *level, const char *what,
                       const char *reason)
{
    char *log = test_captured_log(&directories->capture);
    bool found = false;
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        found = found || (strstr(line, level) != NULL && strstr(line, what) != NULL &&
                          strstr(line, reason) != NULL);
    free(log);
    return found;
}

static void without_its_library_snappy_is_refused_before_anything_is_written(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    outside_fail(OUTSIDE_DLOPEN, ENOENT, 0, OUTSIDE_FOR_EVER);
    zk_settings_set(directories.ctx, "zookeeper.snapshot.compression.method", "snappy");
    assert_refused(&directories, directories.data, -ENOPKG,
                   "libsnappy, which is not on this machine");
    assert_false(test_has_file(directories.data, "version-2"));
    directories_done(&directories);
}

/* D-38: an older one must not be taken in silence. */
static void without_its_library_a_newest_snapshot_that_snappy_has_packed_is_refused(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    int64_t zxid = 0;
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    golden_unpack("snappy", file_txn_snap_log_get_snap_dir(snap_log));
    outside_fail(OUTSIDE_DLOPEN, ENOENT, 0, OUTSIDE_FOR_EVER);
    assert_int_equal(restore(&directories, snap_log, &zxid), -ENOPKG);
    assert_true(has_logged(&directories, "ERROR", "snapshot.3.snappy", "libsnappy is not on"));
    assert_int_equal(outside_restore(NULL), 0);
    assert_int_equal(restore(&directories, snap_log, &zxid), 0);
    assert_int_equal(zxid, 3);
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* ---- errors are themselves ---- */

/* What a data directory says whose newest snapshot is not to be read, whatever is older. */
static void assert_unreadable_when(const char *name, enum outside_call call, int fails_with,
                                   int error, const char *reason)
{
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    golden_write(directories.data, "snapshot.0", "version-2/snapshot.0");
    char *newest = test_path(directories.data, "version-2/snapshot.100000000");
    if (strcmp(name, "directory") == 0)
        assert_int_equal(mkdir(newest, 0777), 0);
    else if (strcmp(name, "fifo") == 0)
        assert_int_equal(mkfifo(newest, 0666), 0);
    else if (strcmp(name, "circle") == 0)
        assert_int_equal(symlink("snapshot.100000000", newest), 0);
    else if (strcmp(name, "dangling") == 0)
        assert_int_equal(symlink("/no/such/snapshot", newest), 0);
    else
        golden_write(directories.data, "snapshot.100000000", "version-2/snapshot.100000000");
    if (call == OUTSIDE_OPEN)
        outside_fail_path(call, "snapshot.100000000", fails_with);
    else if (call == OUTSIDE_PREAD)
        outside_fail(call, fails_with, 0, OUTSIDE_FOR_EVER);
    int64_t zxid = -7;

    int r = restore(&directories, snap_log, &zxid);

    assert_int_equal(r, error);
    assert_int_equal(zxid, -7);
    outside_restore(NULL);
    assert_true(has_logged(&directories, "ERROR", "snapshot.100000000", reason));
    assert_false(has_logged(&directories, "", "damaged", ""));
    assert_false(has_logged(&directories, "", "empty the data directory", ""));
    free(newest);
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

static void assert_unreadable(const char *name, enum outside_call call, int error,
                              const char *reason)
{
    assert_unreadable_when(name, call, -error, error, reason);
}

/* P-7: nothing that only keeps us from reading is damage, and no older snapshot steps in. */
static void a_snapshot_that_cannot_be_read_is_not_called_damaged(void **state)
{
    (void)state;
    assert_unreadable("directory", OUTSIDE_CALLS, -EISDIR, "Is a directory");
    assert_unreadable("fifo", OUTSIDE_CALLS, -EINVAL, "Invalid argument");
    assert_unreadable("circle", OUTSIDE_CALLS, -ELOOP, "Too many levels of symbolic links");
    assert_unreadable("dangling", OUTSIDE_CALLS, -ENOENT, "No such file or directory");
    assert_unreadable("file", OUTSIDE_OPEN, -EACCES, "Permission denied");
    assert_unreadable("file", OUTSIDE_OPEN, -EMFILE, "Too many open files");
    assert_unreadable("file", OUTSIDE_OPEN, -EIO, "Input/output error");
}

/* P-7: the disk fails while the snapshot is read. */
static void a_disk_that_fails_in_the_middle_is_not_called_damage(void **state)
{
    (void)state;
    assert_unreadable("file", OUTSIDE_PREAD, -EIO, "Input/output error");
}

/* File systems use these numbers for what the disk does not give, and our readers for what is
 * damaged, or not there at all. */
static void an_error_of_the_disk_is_no_word_of_ours(void **state)
{
    static const int errors[] = {EPROTO, EBADMSG, ENODATA};
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_unreadable_when("file", OUTSIDE_OPEN, errors[i], -EIO, "Input/output error");
        assert_unreadable_when("file", OUTSIDE_PREAD, errors[i], -EIO, "Input/output error");
    }
}

/* An empty server would take part in elections, and forget what this one has promised. */
static void a_directory_that_the_disk_does_not_give_is_not_empty(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    golden_write(directories.data, "snapshot.100000000", "version-2/snapshot.100000000");
    outside_fail_path(OUTSIDE_OPENDIR, "data/version-2", ENODATA);
    int64_t zxid = -7;

    assert_int_equal(restore(&directories, snap_log, &zxid), -EIO);

    assert_int_equal(zxid, -7);
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* A tree that no buffer holds, packed or not: one node of 200 KiB that nothing makes smaller. */
static void save_large_tree(struct peer_directories *directories,
                            struct file_txn_snap_log *snap_log, int64_t zxid)
{
    const struct session_timeouts sessions = {0};
    struct data_tree *tree = data_tree_new(directories->ctx);
    struct buf *data = buf_new(0);
    uint64_t random = 1;
    for (int i = 0; i < 25 * 1024; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        buf_put_long(data, (int64_t)random);
    }
    data_tree_add_config_node(tree);
    assert_int_equal(data_tree_set_data(tree, "/zookeeper/config", data, -1, zxid, 0), 0);
    data_tree_set_last_processed_zxid(tree, zxid);
    assert_int_equal(file_txn_snap_log_save(snap_log, zxid, tree, &sessions), 0);
    buf_unref(data);
    data_tree_unref(tree);
}

/* P-7: whichever read it is that fails, and however the file is packed. */
static void no_read_of_a_snapshot_that_fails_is_called_damage(void **state)
{
    (void)state;
    static const char *const methods[] = {"", "gz"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct peer_directories directories = directories_new();
        zk_settings_set(directories.ctx, "zookeeper.snapshot.compression.method", methods[i]);
        struct file_txn_snap_log *snap_log =
            open_log(&directories, directories.data, directories.data);
        save_large_tree(&directories, snap_log, 5);
        save_large_tree(&directories, snap_log, 9);
        int64_t zxid = -7;
        int reads = 0;
        for (;; reads++) {
            outside_fail(OUTSIDE_READ, EIO, reads, 1);
            int r = restore(&directories, snap_log, &zxid);
            if (outside_failures(OUTSIDE_READ) == 0) {
                assert_int_equal(r, 0);
                break;
            }
            assert_int_equal(r, -EIO);
            assert_int_equal(zxid, -7);
        }
        assert_int_equal(zxid, 9);
        assert_true(reads >= 4);
        assert_true(has_logged(&directories, "ERROR", "snapshot.9", "Input/output error"));
        assert_false(has_logged(&directories, "", "problem reading snap file", ""));
        outside_restore(NULL);
        file_txn_snap_log_free(snap_log);
        directories_done(&directories);
    }
}

/* P-7: the same for a log. */
static void a_log_that_cannot_be_read_is_an_error_of_its_own(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    test_write_bytes(directories.log, "version-2/log.100000001", "", 0);
    outside_fail_path(OUTSIDE_OPEN, "log.100000001", EACCES);
    int64_t zxid;

    assert_int_equal(restore(&directories, snap_log, &zxid), -EACCES);

    assert_true(
        has_logged(&directories, "ERROR", "log/version-2/log.100000001", "Permission denied"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* P-8: the reason why the first snapshot cannot be written is said, whichever step fails. */
static void a_first_start_on_a_full_disk_says_so(void **state)
{
    (void)state;
    for (int step = 0; step < 2; step++) {
        struct peer_directories directories = directories_new();
        struct file_txn_snap_log *snap_log =
            open_log(&directories, directories.data, directories.data);
        if (step == 0)
            outside_fail_path(OUTSIDE_OPEN, "snapshot.0", ENOSPC);
        else
            outside_fail(OUTSIDE_FSYNC, ENOSPC, 0, 1); /* of the file, not of its directory */
        int64_t zxid;

        assert_int_equal(restore(&directories, snap_log, &zxid), -ENOSPC);

        assert_true(has_logged(&directories, "ERROR", "version-2/snapshot.0 cannot be written",
                               "No space left on device"));
        outside_restore(NULL);
        file_txn_snap_log_free(snap_log);
        directories_done(&directories);
    }
}

/* P-9: the reason is that of the call that failed, not of the next one. */
static void a_directory_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    outside_fail_path(OUTSIDE_MKDIR, "version-2", EACCES);
    assert_refused(&directories, directories.data, -EACCES, "data/version-2: Permission denied");
    directories_done(&directories);
}

/* The n-th call fails, for each n in turn; the first half of them are for the log's directory. */
static void assert_each_failure_is_refused(enum outside_call call, int calls)
{
    struct peer_directories directories = directories_new();
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    for (int pass = 0; pass < calls; pass++) {
        outside_fail(call, EIO, pass, 1);
        assert_refused(&directories, directories.log, -EIO,
                       pass < calls / 2 ? "log/version-2: Input/output error"
                                        : "data/version-2: Input/output error");
        assert_int_equal(outside_failures(call), 1);
    }
    outside_restore(NULL);
    directories_done(&directories);
}

/* D-20: each name that is about to be read is on the disk before: two directories, and the two that
 * they stand in. */
static void directories_that_cannot_be_synced_are_refused(void **state)
{
    (void)state;
    assert_each_failure_is_refused(OUTSIDE_FSYNC, 4);
}

/* D-20: a directory that the disk does not tell of is not taken for a new one, whose names need no
 * fsync. */
static void directories_that_cannot_be_looked_at_are_refused(void **state)
{
    (void)state;
    assert_each_failure_is_refused(OUTSIDE_STAT, 2);
}

/* P-6: as Java, but for what would otherwise be found when the first vote is to be kept. */
static void directories_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    outside_fail_path(OUTSIDE_ACCESS, "log/version-2", EROFS);
    assert_refused(&directories, directories.log, -EROFS, "Cannot write to data directory");
    outside_fail_path(OUTSIDE_ACCESS, "data/version-2", EROFS);
    assert_refused(&directories, directories.log, -EROFS, "data/version-2: Read-only file system");
    directories_done(&directories);
}

/* ---- one peer a directory ---- */

/* C-6 */
static void a_second_peer_on_either_directory_is_refused(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    char *other = test_path(directories.root, "other");

    assert_refused(&directories, directories.log, -EWOULDBLOCK, "in use by another peer");
    assert_refused(&directories, directories.data, -EWOULDBLOCK, "in use by another peer");
    struct file_txn_snap_log *none = NULL;
    char *text = NULL;
    assert_int_equal(file_txn_snap_log_new(directories.ctx, other, directories.log, &none, &text),
                     -EWOULDBLOCK);
    assert_null(none);
    free(text);

    file_txn_snap_log_free(snap_log);
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    free(other);
    directories_done(&directories);
}

/* C-6: whatever was refused holds nothing. */
static void a_refused_peer_keeps_no_lock(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    char *other = test_path(directories.root, "other");
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    struct file_txn_snap_log *none = NULL;
    char *text = NULL;
    assert_int_equal(file_txn_snap_log_new(directories.ctx, directories.data, other, &none, &text),
                     -EWOULDBLOCK); /* after other has been locked */
    free(text);

    file_txn_snap_log_free(open_log(&directories, other, other));

    file_txn_snap_log_free(snap_log);
    free(other);
    directories_done(&directories);
}

/* C-6: two names of one directory are not two peers. */
static void a_log_directory_that_is_a_link_to_the_data_directory_is_locked_once(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    assert_int_equal(mkdir(directories.data, 0777), 0);
    assert_int_equal(symlink("data", directories.log), 0);
    file_txn_snap_log_free(open_log(&directories, directories.data, directories.log));
    directories_done(&directories);
}

/* C-6: nothing is written that a copy would carry away, or that Java would trip over. */
static void the_lock_leaves_no_file(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    char *version_2 = test_path(directories.data, "version-2");
    struct zk_strings names = {0};
    assert_int_equal(file_list(version_2, &names), 0);
    assert_int_equal(names.count, 0);
    zk_strings_done(&names);
    assert_int_equal(file_list(directories.data, &names), 0);
    assert_int_equal(names.count, 1);
    zk_strings_done(&names);
    free(version_2);
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* C-6: some network file systems know no such locks; a peer there is not worse off than Java. */
static void a_file_system_without_locks_is_warned_about(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    outside_fail(OUTSIDE_FLOCK, ENOLCK, 0, OUTSIDE_FOR_EVER);
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.data);
    assert_true(
        has_logged(&directories, "WARN", "data/version-2 cannot be locked", "No locks available"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* ---- the file initialize ---- */

/* Leave the file there, break the start, and see that the file has not been used up. */
static void assert_kept(const char *snapshot, int error)
{
    struct peer_directories directories = directories_new();
    zk_settings_set(directories.ctx, "zookeeper.db.autocreate", "false");
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    test_write_bytes(directories.log, "initialize", "", 0);
    if (snapshot != NULL)
        test_write_bytes(directories.data, "version-2/snapshot.1", snapshot, strlen(snapshot));
    else
        outside_fail_path(OUTSIDE_OPEN, "snapshot.0", ENOSPC);
    int64_t zxid = -1;

    assert_int_equal(restore(&directories, snap_log, &zxid), error);

    outside_restore(NULL);
    assert_true(test_has_file(directories.log, "initialize"));
    char *damaged = test_path(directories.data, "version-2/snapshot.1");
    file_remove(damaged);
    free(damaged);
    assert_int_equal(restore(&directories, snap_log, &zxid), 0);
    assert_int_equal(zxid, 0);
    assert_false(test_has_file(directories.log, "initialize"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* F-1 */
static void a_start_that_fails_does_not_use_up_initialize(void **state)
{
    (void)state;
    assert_kept("a snapshot that is none", -EBADMSG);
    assert_kept(NULL, -ENOSPC);
}

/* F-1: a file that stays would let the next empty directory vote, so it goes although there is
 * something. */
static void a_start_with_data_uses_up_initialize_too(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    int64_t zxid = -1;
    assert_int_equal(restore(&directories, snap_log, &zxid), 0); /* there is a snapshot now */
    test_write_bytes(directories.log, "initialize", "", 0);

    assert_int_equal(restore(&directories, snap_log, &zxid), 0);

    assert_false(test_has_file(directories.log, "initialize"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

/* F-1 */
static void an_initialize_that_cannot_be_removed_ends_the_start(void **state)
{
    (void)state;
    struct peer_directories directories = directories_new();
    struct file_txn_snap_log *snap_log = open_log(&directories, directories.data, directories.log);
    test_write_bytes(directories.log, "initialize", "", 0);
    outside_fail_path(OUTSIDE_UNLINK, "initialize", EACCES);
    int64_t zxid;

    assert_int_equal(restore(&directories, snap_log, &zxid), -EACCES);

    assert_true(
        has_logged(&directories, "ERROR", "initialize cannot be removed", "Permission denied"));
    file_txn_snap_log_free(snap_log);
    directories_done(&directories);
}

#define STAGED(test) cmocka_unit_test_teardown(test, outside_restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(cfg_05_both_directories_are_made),
        STAGED(cfg_05_files_in_the_wrong_directory_are_refused),
        STAGED(files_of_other_names_are_nobodys_business),
        STAGED(cfg_05_missing_directories_are_refused_without_autocreate),
        STAGED(a_file_in_the_place_of_the_directory_is_refused),
        STAGED(per_06_without_autocreate_an_empty_server_knows_nothing),
        STAGED(per_06_damaged_snapshots_are_not_started_over),
        STAGED(without_its_library_snappy_is_refused_before_anything_is_written),
        STAGED(without_its_library_a_newest_snapshot_that_snappy_has_packed_is_refused),
        STAGED(a_snapshot_that_cannot_be_read_is_not_called_damaged),
        STAGED(a_disk_that_fails_in_the_middle_is_not_called_damage),
        STAGED(an_error_of_the_disk_is_no_word_of_ours),
        STAGED(a_directory_that_the_disk_does_not_give_is_not_empty),
        STAGED(no_read_of_a_snapshot_that_fails_is_called_damage),
        STAGED(a_log_that_cannot_be_read_is_an_error_of_its_own),
        STAGED(a_first_start_on_a_full_disk_says_so),
        STAGED(a_directory_that_cannot_be_made_says_why),
        STAGED(directories_that_cannot_be_synced_are_refused),
        STAGED(directories_that_cannot_be_looked_at_are_refused),
        STAGED(directories_that_cannot_be_written_are_refused),
        STAGED(a_second_peer_on_either_directory_is_refused),
        STAGED(a_refused_peer_keeps_no_lock),
        STAGED(a_log_directory_that_is_a_link_to_the_data_directory_is_locked_once),
        STAGED(the_lock_leaves_no_file),
        STAGED(a_file_system_without_locks_is_warned_about),
        STAGED(a_start_that_fails_does_not_use_up_initialize),
        STAGED(a_start_with_data_uses_up_initialize_too),
        STAGED(an_initialize_that_cannot_be_removed_ends_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
