/* Files that are gone between the listing of a data directory and their opening, because a purge of
 * this or of another process removes old ones meanwhile. The reader waits in its first look at a
 * file, and so the directory changes right behind the listing. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "log_stage.h"
#include "outside.h"
#include "zk/io/file.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/persistence/purge_txn_log.h"
#include "zk_test.h"

/* ---- the stage: one data directory ---- */

struct stage {
    struct test_capture capture;
    struct zk_context *ctx;
    char *root;
    char *directory; /* root/version-2 */
    struct file_txn_snap_log *snap_log;
    struct data_tree *tree; /* after a restore: what was found */
    struct session_timeouts sessions;
};

static struct stage stage_new(void)
{
    struct stage stage = {.capture = test_capture_new()};
    char *error = NULL;
    stage.ctx = stage.capture.ctx;
    stage.root = test_temporary_directory();
    stage.directory = test_path(stage.root, "version-2");
    assert_int_equal(
        file_txn_snap_log_new(stage.ctx, stage.root, stage.root, &stage.snap_log, &error), 0);
    stage.tree = data_tree_new(stage.ctx);
    return stage;
}

static void stage_done(struct stage *stage)
{
    file_txn_snap_log_free(stage->snap_log);
    data_tree_unref(stage->tree);
    session_timeouts_done(&stage->sessions);
    free(stage->directory);
    test_remove_directory(stage->root);
    test_capture_done(&stage->capture);
}

static void write_snapshot(struct stage *stage, int64_t zxid)
{
    struct data_tree *tree = data_tree_new(stage->ctx);
    const struct session_timeouts sessions = {0};
    assert_int_equal(file_snap_serialize(stage->ctx, stage->directory, zxid, tree, &sessions), 0);
    data_tree_unref(tree);
}

static void write_log(struct stage *stage, int64_t first, int64_t last)
{
    log_stage_write_file(stage->ctx, stage->directory, first, last);
}

static char *path_of(const struct stage *stage, const char *name)
{
    return test_path(stage->directory, name);
}

static void drop(struct stage *stage, const char *name)
{
    char *path = path_of(stage, name);
    assert_true(file_exists(path));
    assert_int_equal(file_remove(path), 0);
    free(path);
}

static bool has_file(const struct stage *stage, const char *name)
{
    char *path = path_of(stage, name);
    bool has = file_exists(path);
    free(path);
    return has;
}

/* ---- a reader that waits behind its listing ---- */

struct reader {
    struct stage *stage;
    int (*read)(struct stage *stage);
    pthread_t thread;
    int r; /* read when the thread has ended */
};

static void *run_reader(void *arg)
{
    struct reader *reader = arg;
    reader->r = reader->read(reader->stage);
    return NULL;
}

static bool somebody_is_held(void *arg)
{
    (void)arg;
    return outside_held() > 0;
}

/* Every reader looks at a file with stat before it opens it. */
static struct reader *start_reader(struct stage *stage, int (*read)(struct stage *stage))
{
    struct reader *reader = calloc(1, sizeof *reader);
    assert_non_null(reader);
    reader->stage = stage;
    reader->read = read;
    outside_hold(OUTSIDE_STAT);
    assert_int_equal(pthread_create(&reader->thread, NULL, run_reader, reader), 0);
    test_await(somebody_is_held, NULL);
    return reader;
}

static int end_reader(struct reader *reader)
{
    outside_release();
    assert_int_equal(pthread_join(reader->thread, NULL), 0);
    int r = reader->r;
    free(reader);
    return r;
}

/* ---- logs ---- */

static int64_t found_zxid; /* of the last reader, which has ended */

static int read_last_logged_zxid(struct stage *stage)
{
    return file_txn_snap_log_get_last_logged_zxid(stage->snap_log, &found_zxid);
}

static void an_old_log_that_goes_does_not_hide_the_newest_zxid(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_log(&stage, 1, 2);
    write_log(&stage, 3, 4);
    struct reader *reader = start_reader(&stage, read_last_logged_zxid);
    drop(&stage, "log.1");
    assert_int_equal(end_reader(reader), 0);
    assert_int_equal(found_zxid, 4);
    stage_done(&stage);
}

static int read_from_the_first(struct stage *stage)
{
    struct txn_iterator *iterator = NULL;
    int r = file_txn_snap_log_read_txn_log(stage->snap_log, 1, true, &iterator);
    if (r == 0)
        found_zxid = txn_iterator_entry(iterator)->header.zxid;
    txn_iterator_free(iterator);
    return r;
}

/* Who asks for older transactions finds that the first one is newer, as if the purge had been
 * first. */
static void a_log_that_goes_before_it_is_read_is_as_if_it_had_not_been_there(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_log(&stage, 1, 2);
    write_log(&stage, 3, 4);
    write_log(&stage, 5, 6);
    struct reader *reader = start_reader(&stage, read_from_the_first);
    drop(&stage, "log.1");
    drop(&stage, "log.3");
    assert_int_equal(end_reader(reader), 0);
    assert_int_equal(found_zxid, 5);
    stage_done(&stage);
}

static void a_log_that_goes_while_older_ones_are_read_ends_the_reading(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct txn_iterator *iterator = NULL;
    write_log(&stage, 1, 1);
    write_log(&stage, 2, 2);
    write_log(&stage, 3, 3);
    assert_int_equal(file_txn_snap_log_read_txn_log(stage.snap_log, 1, true, &iterator), 0);
    drop(&stage, "log.2");
    assert_int_equal(txn_iterator_next(iterator), -ENOENT); /* else 2 would be passed over */
    assert_null(txn_iterator_entry(iterator));
    txn_iterator_free(iterator);
    stage_done(&stage);
}

static int cut_behind_3(struct stage *stage)
{
    struct file_txn_log *log = file_txn_log_new(stage->ctx, stage->directory);
    int r = file_txn_log_truncate(log, 3, &found_zxid);
    file_txn_log_free(log);
    return r;
}

/* The newest log has no entry up to 3, so TRUNC looks for the last zxid in older ones. */
static void trunc_does_without_an_older_log_that_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_log(&stage, 1, 2);
    write_log(&stage, 3, 4);
    char *path = path_of(&stage, "log.3");
    log_stage_cut(path, 16); /* the header alone */
    free(path);
    struct reader *reader = start_reader(&stage, cut_behind_3);
    drop(&stage, "log.1");
    assert_int_equal(end_reader(reader), 0);
    assert_int_equal(found_zxid, -1);
    assert_true(has_file(&stage, "log.3"));
    stage_done(&stage);
}

/* It goes between the last look at it and its opening. What an older log held is in a snapshot. */
static void trunc_does_without_an_older_log_that_goes_as_it_is_opened(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_log(&stage, 1, 2);
    write_log(&stage, 3, 4);
    char *path = path_of(&stage, "log.3");
    log_stage_cut(path, 16);
    free(path);
    outside_remove_before_open("/log.1", 0);
    assert_int_equal(cut_behind_3(&stage), 0);
    assert_int_equal(found_zxid, -1);
    assert_false(has_file(&stage, "log.1"));
    stage_done(&stage);
}

/* ---- snapshots ---- */

static int restore(struct stage *stage)
{
    return file_txn_snap_log_restore(stage->snap_log, &stage->tree, &stage->sessions,
                                     (struct playback_listener){0});
}

/* A start opens each log twice: to read it, and to sync it. */
static void a_start_does_without_the_sync_of_a_log_that_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_snapshot(&stage, 0);
    write_log(&stage, 1, 2);
    write_log(&stage, 3, 4);
    outside_remove_before_open("/log.1", 1);
    assert_int_equal(restore(&stage), 0);
    assert_int_equal(data_tree_last_processed_zxid(stage.tree), 4);
    assert_false(has_file(&stage, "log.1"));
    stage_done(&stage);
}

/* No purge takes the newest log: what it held is nowhere else. */
static void a_start_fails_if_the_newest_log_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_snapshot(&stage, 0);
    write_log(&stage, 1, 2);
    outside_remove_before_open("/log.1", 1);
    assert_int_equal(restore(&stage), -ENOENT);
    stage_done(&stage);
}

static void a_start_takes_the_snapshot_that_has_come_for_the_one_that_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_snapshot(&stage, 1);
    write_snapshot(&stage, 2);
    struct reader *reader = start_reader(&stage, restore);
    write_snapshot(&stage, 3);
    drop(&stage, "snapshot.1");
    drop(&stage, "snapshot.2");
    assert_int_equal(end_reader(reader), 0);
    assert_int_equal(data_tree_last_processed_zxid(stage.tree), 3);
    stage_done(&stage);
}

/* A directory that somebody empties right now is not one that was empty. */
static void a_start_whose_snapshots_all_go_is_not_a_start_from_nothing(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_snapshot(&stage, 1);
    write_snapshot(&stage, 2);
    struct reader *reader = start_reader(&stage, restore);
    drop(&stage, "snapshot.1");
    drop(&stage, "snapshot.2");
    assert_int_equal(end_reader(reader), -EBADMSG);
    assert_false(has_file(&stage, "snapshot.0"));
    stage_done(&stage);
}

static int trunc_to_2(struct stage *stage)
{
    return file_txn_snap_log_truncate_log(stage->snap_log, 2);
}

static void trunc_goes_back_to_an_older_snapshot_if_one_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    write_snapshot(&stage, 0);
    write_snapshot(&stage, 2);
    write_log(&stage, 1, 4);
    struct reader *reader = start_reader(&stage, trunc_to_2);
    drop(&stage, "snapshot.2");
    assert_int_equal(end_reader(reader), 0);
    assert_int_equal(restore(&stage), 0);
    assert_int_equal(data_tree_last_processed_zxid(stage.tree), 2);
    stage_done(&stage);
}

static int purge(struct stage *stage)
{
    return purge_txn_log_purge(stage->ctx, stage->directory, stage->directory, 3);
}

/* Two purges at once: a snapshot that the other one removes is none of the three that stay. */
static void a_purge_does_not_count_a_snapshot_that_goes(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    for (int64_t zxid = 1; zxid <= 5; zxid++)
        write_snapshot(&stage, zxid);
    struct reader *reader = start_reader(&stage, purge);
    drop(&stage, "snapshot.4");
    assert_int_equal(end_reader(reader), 0);
    assert_false(has_file(&stage, "snapshot.1"));
    assert_true(has_file(&stage, "snapshot.2"));
    stage_done(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_old_log_that_goes_does_not_hide_the_newest_zxid,
                                  outside_restore),
        cmocka_unit_test_teardown(a_log_that_goes_before_it_is_read_is_as_if_it_had_not_been_there,
                                  outside_restore),
        cmocka_unit_test(a_log_that_goes_while_older_ones_are_read_ends_the_reading),
        cmocka_unit_test_teardown(trunc_does_without_an_older_log_that_goes, outside_restore),
        cmocka_unit_test_teardown(trunc_does_without_an_older_log_that_goes_as_it_is_opened,
                                  outside_restore),
        cmocka_unit_test_teardown(a_start_does_without_the_sync_of_a_log_that_goes,
                                  outside_restore),
        cmocka_unit_test_teardown(a_start_fails_if_the_newest_log_goes, outside_restore),
        cmocka_unit_test_teardown(a_start_takes_the_snapshot_that_has_come_for_the_one_that_goes,
                                  outside_restore),
        cmocka_unit_test_teardown(a_start_whose_snapshots_all_go_is_not_a_start_from_nothing,
                                  outside_restore),
        cmocka_unit_test_teardown(trunc_goes_back_to_an_older_snapshot_if_one_goes,
                                  outside_restore),
        cmocka_unit_test_teardown(a_purge_does_not_count_a_snapshot_that_goes, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
