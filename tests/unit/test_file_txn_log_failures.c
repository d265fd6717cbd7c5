/* What the transaction log does when the disk fails, and what it tells of an fsync. Java:
 * FileTxnLogTest */
#include "zk/persistence/file_txn_log.h"

#include <errno.h>
#include <stdlib.h>

#include "log_stage.h"
#include "outside.h"
#include "zk_test.h"

/* ---- the disk fails ---- */

static void assert_dead(struct log_room *room, int error)
{
    int64_t last;
    outside_restore(NULL);
    assert_int_equal(log_room_append(room, log_stage_session(9)), error);
    assert_int_equal(file_txn_log_commit(room->log), error);
    assert_int_equal(file_txn_log_roll_log(room->log), error);
    assert_int_equal(file_txn_log_truncate(room->log, 1, &last), error);
    log_room_assert_logged(room, "This peer acknowledges nothing from here on.");
}

/* MC-08 */
static void after_a_failed_fsync_nothing_is_committed_any_more(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 1, 1);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    assert_int_equal(log_room_append(&room, log_stage_session(2)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -EIO);
    assert_dead(&room, -EIO);
    log_room_done(&room);
}

/* The system shows the bytes of a failed fsync as read, and the disk need not have them: a start
 * must not find them, or it would vote with them. */
static void what_a_failed_fsync_covered_is_not_read_again(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 1, 3);
    int64_t synced = log_room_size_of(&room, "log.1");
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    for (int64_t zxid = 4; zxid <= 5; zxid++)
        assert_int_equal(log_room_append(&room, log_stage_session(zxid)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -EIO);
    log_room_assert_reads(&room, 0, "1 2 3");
    assert_true(log_room_size_of(&room, "log.1") < synced); /* the zeros behind have gone, too */
    assert_int_equal(log_room_read_at_start(&room), 0);
    log_room_assert_reads(&room, 0, "1 2 3");
    log_room_done(&room);
}

/* Nothing is synced in a file of its own but the header. */
static void a_failed_first_fsync_leaves_an_empty_log(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    assert_int_equal(log_room_append(&room, log_stage_session(1)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -EIO);
    log_room_assert_reads(&room, 0, "");
    log_room_done(&room);
}

static void a_disk_that_refuses_the_cut_as_well_is_told_of(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.preAllocSize", "0");
    log_stage_write(room.log, 1, 1);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    outside_fail(OUTSIDE_FTRUNCATE, EROFS, 0, 1);
    assert_int_equal(log_room_append(&room, log_stage_session(2)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -EIO);
    log_room_assert_logged(&room, "log.1 cannot be truncated: Read-only file system");
    assert_dead(&room, -EIO);
    log_room_done(&room);
}

static void a_full_disk_kills_the_log_and_leaves_what_was_committed(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 1, 1);
    outside_fail(OUTSIDE_PWRITE, ENOSPC, 0, 1);
    assert_int_equal(log_room_append(&room, log_stage_session(2)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -ENOSPC);
    assert_dead(&room, -ENOSPC);
    log_room_assert_reads(&room, 0, "1");
    log_room_done(&room);
}

/* Each call that the making of a file needs, failing: no half-made file stays. */
static void a_file_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    static const struct {
        enum outside_call call;
        int pass;
    } calls[] = {{OUTSIDE_OPEN, 0}, {OUTSIDE_PWRITE, 0}, {OUTSIDE_FSYNC, 0}, {OUTSIDE_FSYNC, 1}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct log_room room = log_room_new();
        outside_fail(calls[i].call, EIO, calls[i].pass, 1);
        assert_int_equal(log_room_append(&room, log_stage_session(1)), -EIO);
        assert_dead(&room, -EIO);
        log_room_assert_files(&room, "");
        log_room_done(&room);
    }
}

static void a_file_that_cannot_be_made_larger_kills_the_log(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    outside_fail(OUTSIDE_PWRITE, ENOSPC, 1, 1); /* behind the header */
    assert_int_equal(log_room_append(&room, log_stage_session(1)), -ENOSPC);
    assert_dead(&room, -ENOSPC);
    log_room_assert_reads(&room, 0, "");
    log_room_done(&room);
}

/* ZOOKEEPER-3701: a truncation that the disk refuses is no success. */
static void a_truncation_that_fails_says_so(void **state)
{
    (void)state;
    static const enum outside_call calls[] = {OUTSIDE_PREAD, OUTSIDE_UNLINK, OUTSIDE_FSYNC,
                                              OUTSIDE_FTRUNCATE};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct log_room room = log_room_new();
        int64_t last;
        log_stage_write_file(room.ctx, room.directory, 1, 3);
        log_stage_write_file(room.ctx, room.directory, 4, 6);
        outside_fail(calls[i], EIO, 0, 1);
        assert_int_equal(file_txn_log_truncate(room.log, 2, &last), -EIO);
        assert_int_equal(outside_failures(calls[i]), 1);
        assert_dead(&room, -EIO);
        log_room_done(&room);
    }
}

static void a_log_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_PREAD, EIO, 1, 1); /* behind the header */
    log_room_assert_reads(&room, 0, "error -5");
    log_room_assert_logged(&room, "cannot be read: Input/output error");
    log_room_done(&room);
}

/* ext4 says "Bad message" of a file whose inode has a wrong checksum. By that number our reader
 * says that an entry of an open file is damaged. */
static void a_log_that_the_system_calls_a_bad_message_cannot_be_read(void **state)
{
    static const enum outside_call calls[] = {OUTSIDE_STAT, OUTSIDE_OPEN};
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct log_room room = log_room_new();
        log_stage_write_file(room.ctx, room.directory, 1, 3);
        outside_fail_path(calls[i], "log.1", EBADMSG);
        log_room_assert_reads(&room, 0, "error -5");
        outside_restore(NULL);
        log_room_assert_logged(&room, "log.1 cannot be read: Input/output error");
        log_room_done(&room);
    }
}

/* Whether the file that has the new one's name already may go is not known: it stays, and the line
 * says why. */
static void a_file_in_the_way_that_cannot_be_read_stays(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_PREAD, EIO, 0, 1);
    assert_int_equal(log_room_append(&room, log_stage_session(1)), -EIO);
    assert_dead(&room, -EIO);
    log_room_assert_logged(&room, "log.1 cannot be created: Input/output error");
    log_room_assert_reads(&room, 0, "1 2 3");
    log_room_done(&room);

    room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_PREAD, EIO, 2, 1); /* behind the header */
    assert_int_equal(log_room_append(&room, log_stage_session(1)), -EIO);
    assert_int_equal(outside_failures(OUTSIDE_PREAD), 1);
    assert_dead(&room, -EIO);
    log_room_assert_reads(&room, 0, "1 2 3");
    log_room_done(&room);
}

/* ---- fsync ---- */

struct heard {
    int fsyncs;
    int slow;
};

static void on_fsync(void *arg, int64_t elapsed_ms, bool beyond_threshold)
{
    struct heard *heard = arg;
    assert_true(elapsed_ms >= 0);
    heard->fsyncs++;
    heard->slow += beyond_threshold;
}

static void a_batch_is_one_fdatasync(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    struct heard heard = {0};
    file_txn_log_set_fsync_listener(room.log, (struct fsync_listener){on_fsync, &heard});
    assert_int_equal(file_txn_log_get_txn_log_sync_elapsed_time(room.log), -1);
    log_stage_write(room.log, 1, 100);
    assert_int_equal(heard.fsyncs, 1);
    assert_int_equal(file_txn_log_commit(room.log), 0); /* nothing new */
    assert_int_equal(heard.fsyncs, 1);
    assert_true(file_txn_log_get_txn_log_sync_elapsed_time(room.log) >= 0);
    log_room_done(&room);
}

static void a_slow_fsync_is_told_in_java_s_words(void **state)
{
    (void)state;
    struct log_room room = log_room_with("fsync.warningthresholdms", "-1");
    struct heard heard = {0};
    file_txn_log_set_fsync_listener(room.log, (struct fsync_listener){on_fsync, &heard});
    log_stage_write(room.log, 1, 1);
    assert_int_equal(heard.slow, 1);
    log_room_assert_logged(&room, "fsync-ing the write ahead log in main took ");
    log_room_assert_logged(&room,
                           "ms which will adversely effect operation latency.File size is 67108880 "
                           "bytes. See the ZooKeeper troubleshooting guide");
    log_room_done(&room);
}

static void without_force_sync_nothing_is_synced(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.forceSync", "no");
    outside_fail(OUTSIDE_FSYNC, EIO, 0, OUTSIDE_FOR_EVER);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, OUTSIDE_FOR_EVER);
    log_stage_write(room.log, 1, 1);
    outside_restore(NULL);
    log_room_assert_reads(&room, 0, "1");
    log_room_done(&room);
}

/* What a killed process has left in memory only is on the disk before a start acts on it. */
static void a_start_syncs_what_it_has_read(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_FSYNC, EIO, 0, 1);
    assert_int_equal(log_room_read_at_start(&room), -EIO);
    assert_int_equal(outside_failures(OUTSIDE_FSYNC), 1);
    log_room_done(&room);
}

/* Java starts from such a file, too. It is synced all the same. */
static void a_start_needs_no_right_to_write_to_what_it_has_read(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail_path(OUTSIDE_OPEN_TO_WRITE, "log.1", EACCES);
    assert_int_equal(log_room_read_at_start(&room), 0);
    outside_fail(OUTSIDE_FSYNC, EIO, 0, 1);
    assert_int_equal(log_room_read_at_start(&room), -EIO);
    log_room_done(&room);
}

static void a_torn_entry_in_a_file_that_may_not_be_written_to_is_an_error(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write(room.log, 1, 1);
    assert_int_equal(log_room_append(&room, log_stage_create(2, 3000)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_stage_zero(path, 1024, 512);
    outside_fail_path(OUTSIDE_OPEN_TO_WRITE, "log.1", EACCES);
    assert_int_equal(log_room_read_at_start(&room), -EACCES);
    log_room_assert_logged(&room, "log.1 cannot be cut");
    free(path);
    log_room_done(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_start_needs_no_right_to_write_to_what_it_has_read,
                                  outside_restore),
        cmocka_unit_test_teardown(a_torn_entry_in_a_file_that_may_not_be_written_to_is_an_error,
                                  outside_restore),
        cmocka_unit_test_teardown(after_a_failed_fsync_nothing_is_committed_any_more,
                                  outside_restore),
        cmocka_unit_test_teardown(what_a_failed_fsync_covered_is_not_read_again, outside_restore),
        cmocka_unit_test_teardown(a_failed_first_fsync_leaves_an_empty_log, outside_restore),
        cmocka_unit_test_teardown(a_disk_that_refuses_the_cut_as_well_is_told_of, outside_restore),
        cmocka_unit_test_teardown(a_full_disk_kills_the_log_and_leaves_what_was_committed,
                                  outside_restore),
        cmocka_unit_test_teardown(a_file_that_cannot_be_made_leaves_nothing, outside_restore),
        cmocka_unit_test_teardown(a_file_that_cannot_be_made_larger_kills_the_log, outside_restore),
        cmocka_unit_test_teardown(a_truncation_that_fails_says_so, outside_restore),
        cmocka_unit_test_teardown(a_log_that_cannot_be_read_is_an_error, outside_restore),
        cmocka_unit_test_teardown(a_log_that_the_system_calls_a_bad_message_cannot_be_read,
                                  outside_restore),
        cmocka_unit_test_teardown(a_file_in_the_way_that_cannot_be_read_stays, outside_restore),
        cmocka_unit_test_teardown(a_batch_is_one_fdatasync, outside_restore),
        cmocka_unit_test_teardown(a_slow_fsync_is_told_in_java_s_words, outside_restore),
        cmocka_unit_test_teardown(without_force_sync_nothing_is_synced, outside_restore),
        cmocka_unit_test_teardown(a_start_syncs_what_it_has_read, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
