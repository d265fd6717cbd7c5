/* What a purge removes, and what it leaves. Java: PurgeTxnTest, DatadirCleanupManagerTest */
#include "zk/persistence/purge_txn_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "log_stage.h"
#include "outside.h"
#include "zk/io/file.h"
#include "zk/persistence/datadir_cleanup_manager.h"
#include "zk/persistence/file_snap.h"

static int try_snapshot(struct log_room *room, int64_t zxid)
{
    struct data_tree *tree = data_tree_new(room->ctx);
    const struct session_timeouts sessions = {0};
    int r = file_snap_serialize(room->ctx, room->directory, zxid, tree, &sessions);
    data_tree_unref(tree);
    return r;
}

static void write_snapshot(struct log_room *room, int64_t zxid)
{
    assert_int_equal(try_snapshot(room, zxid), 0);
}

/* Five snapshots, 10 apart, and a log that begins in the middle between two of them. */
static struct log_room full_room(void)
{
    struct log_room room = log_room_new();
    for (int64_t zxid = 0x10; zxid <= 0x50; zxid += 0x10) {
        write_snapshot(&room, zxid);
        log_stage_write_file(room.ctx, room.directory, zxid - 8, zxid + 7);
    }
    return room;
}

static int purge(struct log_room *room, int num)
{
    return purge_txn_log_purge(room->ctx, room->directory, room->directory, num);
}

/* PER-10 */
static void the_newest_three_snapshots_stay_and_every_log_behind_the_oldest(void **state)
{
    (void)state;
    struct log_room room = full_room();
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "log.28 log.38 log.48 snapshot.30 snapshot.40 snapshot.50");
    log_room_assert_logged(&room, "Removing file: ");
    log_room_done(&room);
}

/* PER-10 */
static void the_log_that_begins_with_the_snapshot_needs_no_older_one(void **state)
{
    (void)state;
    struct log_room room = full_room();
    log_stage_write_file(room.ctx, room.directory, 0x30, 0x30);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "log.30 log.38 log.48 snapshot.30 snapshot.40 snapshot.50");
    log_room_done(&room);
}

/* PER-10 */
static void a_damaged_snapshot_does_not_count(void **state)
{
    (void)state;
    struct log_room room = full_room();
    char *path = test_path(room.directory, "snapshot.40");
    log_stage_cut(path, 100);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(
        &room, "log.18 log.28 log.38 log.48 snapshot.20 snapshot.30 snapshot.40 snapshot.50");
    free(path);
    log_room_done(&room);
}

enum { ROLLS = 120 };

struct rolling {
    struct log_room *room;
    pthread_t thread;
    int failure; /* read when the thread has ended */
    _Atomic bool is_over;
};

static int write_and_roll(struct log_room *room, int64_t zxid)
{
    int r = log_room_append(room, log_stage_session(zxid));
    if (r == 0)
        r = file_txn_log_commit(room->log);
    if (r == 0)
        r = file_txn_log_roll_log(room->log);
    if (r == 0 && zxid % 3 == 0)
        r = try_snapshot(room, zxid);
    return r;
}

/* As a SyncThread and its Snapshot Thread do: a transaction a file, a snapshot every third. */
static void *roll_on(void *arg)
{
    struct rolling *rolling = arg;
    for (int64_t zxid = 1; zxid <= ROLLS && rolling->failure == 0; zxid++)
        rolling->failure = write_and_roll(rolling->room, zxid);
    atomic_store(&rolling->is_over, true);
    return NULL;
}

/* PER-10: what is written meanwhile may be missed by a purge, and nothing that is needed goes. */
static void logs_may_roll_while_old_files_are_purged(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.preAllocSize", "4");
    struct rolling rolling = {.room = &room};
    assert_int_equal(pthread_create(&rolling.thread, NULL, roll_on, &rolling), 0);

    while (!atomic_load(&rolling.is_over))
        assert_int_equal(purge(&room, 3), 0);

    assert_int_equal(pthread_join(rolling.thread, NULL), 0);
    assert_int_equal(rolling.failure, 0);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "log.72 log.73 log.74 log.75 log.76 log.77 log.78 "
                                 "snapshot.72 snapshot.75 snapshot.78");
    log_room_assert_reads(&room, 0x73, "73 74 75 76 77 78");
    log_room_done(&room);
}

static void with_fewer_snapshots_than_that_nothing_goes(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    write_snapshot(&room, 0);
    log_stage_write_file(room.ctx, room.directory, 1, 2);
    log_stage_write_file(room.ctx, room.directory, 3, 4);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "log.1 log.3 snapshot.0");
    log_room_done(&room);
}

/* A file that was written so long ago. */
static void write_file(struct log_room *room, const char *name, time_t age_s)
{
    char *path = test_path(room->directory, name);
    const time_t then = time(NULL) - age_s;
    const struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
    test_write_file(path, "half a snapsh");
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(path);
}

enum { SECONDS_OF_AN_HOUR = 60 * 60 };

/* They are from processes that were killed while they wrote a snapshot. Newer ones stay, and one
 * that may still be written; so does what is no snapshot's. */
static void old_temporary_files_go(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    for (int64_t zxid = 0x10; zxid <= 0x50; zxid += 0x10)
        write_snapshot(&room, zxid);
    write_file(&room, "snapshot.18.tmp", 2 * SECONDS_OF_AN_HOUR);
    write_file(&room, "snapshot.19.gz.tmp", 2 * SECONDS_OF_AN_HOUR);
    write_file(&room, "snapshot.1a.tmp", SECONDS_OF_AN_HOUR / 2);
    write_file(&room, "snapshot.38.tmp", 2 * SECONDS_OF_AN_HOUR);
    write_file(&room, "snapshot.x.tmp", 2 * SECONDS_OF_AN_HOUR);
    write_file(&room, "snapshot.1b.mine", 2 * SECONDS_OF_AN_HOUR);
    write_file(&room, "currentEpoch.tmp", 2 * SECONDS_OF_AN_HOUR);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "currentEpoch.tmp snapshot.1a.tmp snapshot.1b.mine snapshot.30 "
                                 "snapshot.38.tmp snapshot.40 snapshot.50 snapshot.x.tmp");
    log_room_done(&room);
}

static void without_a_snapshot_nothing_goes(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 2);
    assert_int_equal(purge(&room, 3), 0);
    log_room_assert_files(&room, "log.1");
    log_room_done(&room);
}

static void fewer_than_three_are_refused(void **state)
{
    (void)state;
    struct log_room room = full_room();
    assert_int_equal(purge(&room, 2), -EINVAL);
    log_room_done(&room);
}

/* D-135: the snapshots go first, and when one cannot go, no log goes. */
static void a_snapshot_that_cannot_be_removed_keeps_its_log(void **state)
{
    (void)state;
    struct log_room room = full_room();
    outside_fail_path(OUTSIDE_UNLINK, "snapshot.20", EACCES);
    assert_int_equal(purge(&room, 3), -EACCES);
    log_room_assert_files(&room, "log.18 log.28 log.38 log.48 log.8 snapshot.20 snapshot.30 "
                                 "snapshot.40 snapshot.50");
    log_room_assert_logged(&room, "snapshot.20 cannot be removed: Permission denied");
    log_room_done(&room);
}

static int times_logged(const struct log_room *room, const char *words)
{
    int times = 0;
    char *log = test_captured_log(&room->capture);
    for (const char *at = log; (at = strstr(at, words)) != NULL; at++)
        times++;
    free(log);
    return times;
}

static bool has_completed(void *arg)
{
    return times_logged(arg, "Purge task completed.") > 0;
}

static void the_purge_task_purges_at_once(void **state)
{
    (void)state;
    struct log_room room = full_room();
    struct datadir_cleanup_manager *manager =
        datadir_cleanup_manager_new(room.ctx, room.directory, room.directory, 3, 1);
    datadir_cleanup_manager_start(manager);
    test_await(has_completed, &room);
    datadir_cleanup_manager_free(manager);
    assert_int_equal(times_logged(&room, "Purge task started."), 1); /* again in an hour */
    log_room_assert_files(&room, "log.28 log.38 log.48 snapshot.30 snapshot.40 snapshot.50");
    log_room_assert_logged(&room, "autopurge.snapRetainCount set to 3");
    log_room_assert_logged(&room, "Purge task started.");
    log_room_done(&room);
}

static void without_an_interval_nothing_is_purged(void **state)
{
    (void)state;
    struct log_room room = full_room();
    struct datadir_cleanup_manager *manager =
        datadir_cleanup_manager_new(room.ctx, room.directory, room.directory, 3, 0);
    datadir_cleanup_manager_start(manager);
    datadir_cleanup_manager_free(manager);
    log_room_assert_logged(&room, "Purge task is not scheduled.");
    assert_false(has_completed(&room));
    log_room_done(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_three_snapshots_stay_and_every_log_behind_the_oldest),
        cmocka_unit_test(the_log_that_begins_with_the_snapshot_needs_no_older_one),
        cmocka_unit_test(a_damaged_snapshot_does_not_count),
        cmocka_unit_test(logs_may_roll_while_old_files_are_purged),
        cmocka_unit_test(with_fewer_snapshots_than_that_nothing_goes),
        cmocka_unit_test(old_temporary_files_go),
        cmocka_unit_test(without_a_snapshot_nothing_goes),
        cmocka_unit_test(fewer_than_three_are_refused),
        cmocka_unit_test_teardown(a_snapshot_that_cannot_be_removed_keeps_its_log, outside_restore),
        cmocka_unit_test(the_purge_task_purges_at_once),
        cmocka_unit_test(without_an_interval_nothing_is_purged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
