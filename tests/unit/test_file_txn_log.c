/* The transaction log: its bytes, how it ends, how it grows, how it is cut, and what happens when
 * the disk fails. Java: FileTxnLogTest, TruncateTest, CRCTest */
#include "zk/persistence/file_txn_log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log_stage.h"
#include "persistence/file_padding.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

enum { HEADER = 16, SESSION_ENTRY = 49, PADDED = HEADER + 64 * 1024 * 1024 };

/* ---- the bytes ---- */

static void a_log_is_named_after_its_first_zxid_and_padded_to_64_mib(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 0x100000001, 0x100000003);
    log_room_assert_files(&room, "log.100000001");
    assert_int_equal(log_room_size_of(&room, "log.100000001"), PADDED);
    log_room_assert_reads(&room, 0, "100000001 100000002 100000003");
    log_room_assert_logged(&room, "Creating new log file: log.100000001");
    log_room_done(&room);
}

/* The golden bytes are those of a log of Java's, but for the session and the time. */
static void the_first_bytes_are_those_of_java(void **state)
{
    (void)state;
    static const uint8_t golden[HEADER + SESSION_ENTRY] = {
        'Z',  'K',  'L',  'G',  0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0, 0, /* FileHeader */
        0,    0,    0,    0,                   /* the upper half of the checksum */
        0x23, 0x63, 0x05, 0x93,                /* Adler-32 */
        0,    0,    0,    36,                  /* length */
        0,    0,    0,    1,    0, 0, 1, 1,    /* session */
        0,    0,    0,    0,                   /* cxid */
        0,    0,    0,    1,    0, 0, 0, 1,    /* zxid */
        0,    0,    0,    0,    0, 0, 3, 0xe8, /* time */
        0xff, 0xff, 0xff, 0xf6,                /* createSession */
        0,    0,    0xf,  0xa0,                /* timeout */
        'B',
    };
    uint8_t found[sizeof golden];
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.100000001");
    int fd;
    log_stage_write(room.log, 0x100000001, 0x100000001);
    assert_int_equal(file_open_read(path, &fd), 0);
    assert_int_equal(file_read_at(fd, 0, found, sizeof found), 0);
    assert_memory_equal(found, golden, sizeof golden);
    file_close(fd);
    free(path);
    log_room_done(&room);
}

/* PER-08: (position, size, step) */
static void a_file_grows_in_java_s_steps(void **state)
{
    (void)state;
    enum { K = 1024 };
    assert_int_equal(file_padding_calculate_file_size(7 * K, 10 * K, 0), 10 * K);
    assert_int_equal(file_padding_calculate_file_size(7 * K, 10 * K, -1), 10 * K);
    assert_int_equal(file_padding_calculate_file_size(5 * K, 10 * K, 10 * K), 10 * K);
    assert_int_equal(file_padding_calculate_file_size(7 * K, 10 * K, 10 * K), 20 * K);
    assert_int_equal(file_padding_calculate_file_size(31 * K, 10 * K, 10 * K), 40 * K);
}

static void a_record_larger_than_the_step_does_not_harm_the_next(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.preAllocSize", "1");
    for (int64_t zxid = 1; zxid <= 3; zxid++) {
        assert_int_equal(log_room_append(&room, log_stage_create(zxid, 50000)), 0);
        assert_int_equal(file_txn_log_commit(room.log), 0);
    }
    log_room_assert_reads(&room, 0, "1 2 3");
    log_room_done(&room);
}

static void a_step_that_is_no_number_is_64_mib(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.preAllocSize", "64M");
    log_stage_write(room.log, 1, 1);
    assert_int_equal(log_room_size_of(&room, "log.1"), PADDED);
    log_room_assert_logged(&room, "64M is not a valid value for preAllocSize");
    log_room_done(&room);
}

static void a_batch_is_in_the_file_only_after_its_commit(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    assert_int_equal(log_room_append(&room, log_stage_session(1)), 0);
    log_room_assert_reads(&room, 0, "");
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_room_assert_reads(&room, 0, "1");
    log_room_done(&room);
}

static void a_batch_of_many_mebibytes_is_read_back(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    for (int64_t zxid = 1; zxid <= 5; zxid++)
        assert_int_equal(log_room_append(&room, log_stage_create(zxid, 700000)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_room_assert_reads(&room, 0, "1 2 3 4 5");
    log_room_done(&room);
}

static void a_zxid_that_does_not_rise_is_logged_with_a_warning(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 5, 5);
    log_stage_write(room.log, 4, 4);
    log_room_assert_logged(&room, "Current zxid 4 is <= 5 for createSession");
    log_room_assert_reads(&room, 0, "5 4");
    log_room_done(&room);
}

/* ---- files ---- */

static void an_old_file_is_never_continued(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write(room.log, 4, 5);
    log_room_assert_files(&room, "log.1 log.4");
    log_room_assert_reads(&room, 0, "1 2 3 4 5");
    log_room_done(&room);
}

static void a_roll_makes_the_next_transaction_open_a_file(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 1, 2);
    assert_int_equal(file_txn_log_get_total_log_size(room.log), PADDED);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    assert_int_equal(file_txn_log_get_total_log_size(room.log), PADDED);
    log_stage_write(room.log, 3, 3);
    log_room_assert_files(&room, "log.1 log.3");
    assert_int_equal(file_txn_log_get_total_log_size(room.log), 2 * (int64_t)PADDED);
    file_txn_log_set_total_log_size(room.log, 0);
    assert_int_equal(file_txn_log_get_total_log_size(room.log), PADDED);
    log_room_done(&room);
}

/* What a roll leaves behind is on the disk before the next file is made. */
static void a_roll_writes_what_was_appended(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    assert_int_equal(log_room_append(&room, log_stage_session(1)), 0);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    log_room_assert_reads(&room, 0, "1");
    log_room_done(&room);
}

/* PER-08 */
static void a_file_over_the_limit_is_rolled(void **state)
{
    (void)state;
    struct log_room room = log_room_with("zookeeper.txnLogSizeLimitInKb", "4");
    zk_settings_set(room.ctx, "zookeeper.preAllocSize", "0");
    struct file_txn_log *log = file_txn_log_new(room.ctx, room.directory);
    for (int64_t zxid = 1; zxid <= 200; zxid++)
        log_stage_write(log, zxid, zxid);
    file_txn_log_free(log);
    log_room_assert_files(&room, "log.1 log.55 log.a9");
    log_room_assert_logged(&room, "zookeeper.txnLogSizeLimitInKb = 4");
    log_room_done(&room);
}

static void reading_begins_in_the_newest_file_that_may_hold_the_zxid(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    log_room_assert_reads(&room, 4, "4 5 6 7 8 9");
    log_room_assert_reads(&room, 5, "5 6 7 8 9");
    log_room_assert_reads(&room, 9, "9");
    log_room_assert_reads(&room, 10, "");
    struct txn_iterator *iterator;
    assert_int_equal(file_txn_log_read(room.log, 5, false, &iterator), 0);
    assert_int_equal(txn_iterator_entry(iterator)->header.zxid, 4);
    assert_int_equal(txn_iterator_get_storage_size(iterator), PADDED);
    txn_iterator_free(iterator);
    log_room_done(&room);
}

static void the_last_logged_zxid_is_that_of_the_last_entry(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    int64_t zxid;
    assert_int_equal(file_txn_log_get_last_logged_zxid(room.log, &zxid), 0);
    assert_int_equal(zxid, -1);
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    assert_int_equal(file_txn_log_get_last_logged_zxid(room.log, &zxid), 0);
    assert_int_equal(zxid, 6);
    log_room_done(&room);
}

static void a_name_with_a_second_dot_is_no_log(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1.bak");
    test_write_file(path, "what an operator keeps");
    free(path);
    log_stage_write(room.log, 2, 2);
    log_room_assert_reads(&room, 0, "2");
    log_room_done(&room);
}

/* ---- how a file ends ---- */

/* The file with three entries, its end moved to every place inside the last one. */
static void a_log_cut_inside_its_last_entry_ends_before_it(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    for (int64_t size = HEADER + 3 * SESSION_ENTRY - 1; size >= HEADER + 2 * SESSION_ENTRY;
         size--) {
        log_stage_cut(path, size);
        log_room_assert_reads(&room, 0, "1 2");
        assert_int_equal(log_room_read_at_start(&room), 0);
    }
    log_room_assert_logged(&room, "Last transaction was partial.");
    free(path);
    log_room_done(&room);
}

static void an_entry_without_its_last_byte_ends_the_log(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_set_byte(path, HEADER + 3 * SESSION_ENTRY - 1, 0);
    log_room_assert_reads(&room, 0, "1 2");
    free(path);
    log_room_done(&room);
}

static void reading_goes_on_behind_a_partial_entry_in_an_older_file(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_cut(path, HEADER + 3 * SESSION_ENTRY - 5);
    log_stage_write_file(room.ctx, room.directory, 3, 4);
    log_room_assert_reads(&room, 0, "1 2 3 4");
    free(path);
    log_room_done(&room);
}

/* PER-04: no silent skip */
static void a_flipped_bit_in_an_entry_is_an_error(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_set_byte(path, HEADER + SESSION_ENTRY + 20, 0x55);
    log_room_assert_reads(&room, 0, "1 error -74");
    assert_int_equal(log_room_read_at_start(&room), -EBADMSG);
    log_room_assert_logged(&room, "CRC check failed: file=");
    assert_int_equal(log_room_size_of(&room, "log.1"), PADDED);
    free(path);
    log_room_done(&room);
}

static void a_length_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    static const uint8_t first_bytes[] = {0xff, 0x7f};
    for (size_t i = 0; i < sizeof first_bytes; i++) {
        struct log_room room = log_room_new();
        char *path = test_path(room.directory, "log.1");
        log_stage_write_file(room.ctx, room.directory, 1, 2);
        log_stage_set_byte(path, HEADER + SESSION_ENTRY + 8, first_bytes[i]);
        log_room_assert_reads(&room, 0, "1 error -71");
        log_room_assert_logged(&room, "is no log from position 65 on");
        free(path);
        log_room_done(&room);
    }
}

static void bytes_that_are_no_transaction_are_an_error(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    struct txn_log_entry *entry = log_stage_session(1);
    struct buf *bytes = buf_new_copy("four", 4);
    struct buf *own = entry->bytes;
    entry->bytes = bytes; /* the log writes what it is given */
    assert_int_equal(file_txn_log_append(room.log, entry), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    entry->bytes = own;
    buf_unref(bytes);
    txn_log_entry_unref(entry);
    log_room_assert_reads(&room, 0, "error -71");
    log_room_done(&room);
}

/* A power loss has kept the sectors before and behind, but not those in the middle. */
static void an_entry_torn_by_a_power_loss_is_cut_off(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write(room.log, 1, 1);
    assert_int_equal(log_room_append(&room, log_stage_create(2, 3000)), 0);
    assert_int_equal(log_room_append(&room, log_stage_session(3)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_stage_zero(path, 1024, 512);
    log_room_assert_reads(&room, 0, "1");
    assert_int_equal(log_room_size_of(&room, "log.1"), PADDED);
    assert_int_equal(log_room_read_at_start(&room), 0);
    assert_int_equal(log_room_size_of(&room, "log.1"), HEADER + SESSION_ENTRY);
    log_room_assert_logged(&room, "A power failure has torn the last entry of a log");
    log_room_assert_reads(&room, 0, "1");
    free(path);
    log_room_done(&room);
}

static void a_torn_entry_in_an_older_file_is_damage(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    assert_int_equal(log_room_append(&room, log_stage_create(1, 3000)), 0);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    log_stage_write(room.log, 2, 2);
    log_stage_zero(path, 1024, 512);
    log_room_assert_reads(&room, 0, "error -74");
    assert_int_equal(log_room_read_at_start(&room), -EBADMSG);
    assert_int_equal(log_room_size_of(&room, "log.1"), PADDED);
    free(path);
    log_room_done(&room);
}

/* The checksum stands in the sector that was lost, the rest in the next one. */
static void an_entry_whose_checksum_was_lost_is_torn(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    int64_t zxid = 1;
    while (HEADER + zxid * SESSION_ENTRY <= 512 - 8)
        zxid++; /* the entry that begins fewer than eight bytes before a sector's end */
    int64_t at = HEADER + (zxid - 1) * SESSION_ENTRY;
    size_t short_of = (size_t)(512 - 8 - at);
    log_stage_write(room.log, 1, zxid - 1);
    assert_int_equal(log_room_append(&room, log_stage_create(zxid, 3000)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_stage_zero(path, at, short_of + 8);
    assert_int_equal(log_room_read_at_start(&room), 0);
    char *found = log_stage_read(room.ctx, room.directory, 0);
    assert_null(strstr(found, "error"));
    free(found);
    free(path);
    log_room_done(&room);
}

static void a_newest_file_without_a_header_is_removed_at_the_start(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 7, HEADER};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct log_room room = log_room_new();
        char *path = test_path(room.directory, "log.3");
        log_stage_write_file(room.ctx, room.directory, 1, 2);
        test_write_file(path, "");
        log_stage_cut(path, sizes[i]); /* zeros */
        log_room_assert_reads(&room, 0, "1 2");
        log_room_assert_files(&room, "log.1 log.3"); /* another thread may be making it */
        assert_int_equal(log_room_read_at_start(&room), 0);
        log_room_assert_files(&room, "log.1");
        log_room_assert_logged(&room,
                               "Delete empty tail log file to recover from corruption file:");
        free(path);
        log_room_done(&room);
    }
}

static void an_older_file_without_a_header_is_an_error(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    test_write_file(path, "");
    log_stage_write_file(room.ctx, room.directory, 2, 3);
    log_room_assert_reads(&room, 0, "error -71");
    assert_int_equal(log_room_read_at_start(&room), -EPROTO);
    log_room_assert_files(&room, "log.1 log.2");
    free(path);
    log_room_done(&room);
}

/* The shortest is as long as a header. */
static void a_file_of_another_kind_is_an_error_and_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {"sixteen bytes...", "sixteen bytes..., and one more",
                                        "somebody else's file, and not a small one"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct log_room room = log_room_new();
        char *path = test_path(room.directory, "log.1");
        test_write_file(path, texts[i]);
        assert_int_equal(log_room_read_at_start(&room), -EPROTO);
        log_room_assert_files(&room, "log.1");
        free(path);
        log_room_done(&room);
    }
}

static void a_log_with_a_header_only_is_fine(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 1);
    log_stage_cut(path, HEADER);
    log_room_assert_reads(&room, 0, "");
    assert_int_equal(log_room_read_at_start(&room), 0);
    free(path);
    log_room_done(&room);
}

/* ---- a file that is there already ---- */

static void a_file_of_the_same_name_without_entries_is_made_anew(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 1);
    log_stage_cut(path, HEADER + 20);
    log_stage_write(room.log, 1, 2);
    log_room_assert_reads(&room, 0, "1 2");
    free(path);
    log_room_done(&room);
}

static void a_file_of_the_same_name_with_entries_is_not_overwritten(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    assert_int_equal(log_room_append(&room, log_stage_session(1)), -EEXIST);
    log_room_assert_reads(&room, 0, "1 2 3");
    log_room_done(&room);
}

/* What cannot be read may have been somebody's history. */
static void a_file_of_the_same_name_that_is_damaged_is_not_overwritten(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_set_byte(path, HEADER + 20, 0xee);
    int64_t size = log_room_size_of(&room, "log.1");
    assert_int_equal(log_room_append(&room, log_stage_session(1)), -EEXIST);
    assert_int_equal(log_room_size_of(&room, "log.1"), size);
    free(path);
    log_room_done(&room);
}

/* ---- truncate ---- */

static void assert_truncates(struct log_room *room, int64_t zxid, int64_t last, const char *left)
{
    int64_t found;
    assert_int_equal(file_txn_log_truncate(room->log, zxid, &found), 0);
    assert_int_equal(found, last);
    log_room_assert_reads(room, 0, left);
}

/* PER-05 */
static void a_hundred_transactions_are_cut_to_one_and_go_on_with_another(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write(room.log, 1, 100);
    assert_truncates(&room, 1, 1, "1");
    assert_int_equal(log_room_size_of(&room, "log.1"), HEADER + SESSION_ENTRY);
    log_stage_write(room.log, 200, 200);
    log_room_assert_reads(&room, 0, "1 c8");
    log_room_done(&room);
}

static void truncation_removes_the_files_behind(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    assert_truncates(&room, 5, 5, "1 2 3 4 5");
    log_room_assert_files(&room, "log.1 log.4");
    assert_truncates(&room, 3, 3, "1 2 3");
    log_room_assert_files(&room, "log.1");
    log_room_done(&room);
}

/* Java would leave the first entry behind the zxid. */
static void truncation_to_a_zxid_that_is_in_no_log_leaves_nothing_behind_it(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    assert_truncates(&room, 5, 3, "1 2 3");
    assert_truncates(&room, 0, -1, "");
    log_room_assert_files(&room, "");
    log_room_done(&room);
}

static void truncation_behind_the_last_entry_changes_nothing(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    assert_truncates(&room, 9, 3, "1 2 3");
    log_room_done(&room);
}

/* PER-05 */
static void truncation_without_a_log_says_so(void **state)
{
    (void)state;
    struct log_room room = log_room_new();
    int64_t last;
    assert_int_equal(file_txn_log_truncate(room.log, 1, &last), -ENODATA);
    log_room_assert_logged(&room, "No log files found to truncate!");
    log_stage_write(room.log, 1, 1); /* the log lives */
    log_room_done(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_named_after_its_first_zxid_and_padded_to_64_mib),
        cmocka_unit_test(the_first_bytes_are_those_of_java),
        cmocka_unit_test(a_file_grows_in_java_s_steps),
        cmocka_unit_test(a_record_larger_than_the_step_does_not_harm_the_next),
        cmocka_unit_test(a_step_that_is_no_number_is_64_mib),
        cmocka_unit_test(a_batch_is_in_the_file_only_after_its_commit),
        cmocka_unit_test(a_batch_of_many_mebibytes_is_read_back),
        cmocka_unit_test(a_zxid_that_does_not_rise_is_logged_with_a_warning),
        cmocka_unit_test(an_old_file_is_never_continued),
        cmocka_unit_test(a_roll_makes_the_next_transaction_open_a_file),
        cmocka_unit_test(a_roll_writes_what_was_appended),
        cmocka_unit_test(a_file_over_the_limit_is_rolled),
        cmocka_unit_test(reading_begins_in_the_newest_file_that_may_hold_the_zxid),
        cmocka_unit_test(the_last_logged_zxid_is_that_of_the_last_entry),
        cmocka_unit_test(a_name_with_a_second_dot_is_no_log),
        cmocka_unit_test(a_log_cut_inside_its_last_entry_ends_before_it),
        cmocka_unit_test(an_entry_without_its_last_byte_ends_the_log),
        cmocka_unit_test(reading_goes_on_behind_a_partial_entry_in_an_older_file),
        cmocka_unit_test(a_flipped_bit_in_an_entry_is_an_error),
        cmocka_unit_test(a_length_that_cannot_be_is_an_error),
        cmocka_unit_test(bytes_that_are_no_transaction_are_an_error),
        cmocka_unit_test(an_entry_torn_by_a_power_loss_is_cut_off),
        cmocka_unit_test(a_torn_entry_in_an_older_file_is_damage),
        cmocka_unit_test(an_entry_whose_checksum_was_lost_is_torn),
        cmocka_unit_test(a_newest_file_without_a_header_is_removed_at_the_start),
        cmocka_unit_test(an_older_file_without_a_header_is_an_error),
        cmocka_unit_test(a_file_of_another_kind_is_an_error_and_stays),
        cmocka_unit_test(a_log_with_a_header_only_is_fine),
        cmocka_unit_test(a_file_of_the_same_name_without_entries_is_made_anew),
        cmocka_unit_test(a_file_of_the_same_name_with_entries_is_not_overwritten),
        cmocka_unit_test(a_file_of_the_same_name_that_is_damaged_is_not_overwritten),
        cmocka_unit_test(a_hundred_transactions_are_cut_to_one_and_go_on_with_another),
        cmocka_unit_test(truncation_removes_the_files_behind),
        cmocka_unit_test(truncation_to_a_zxid_that_is_in_no_log_leaves_nothing_behind_it),
        cmocka_unit_test(truncation_behind_the_last_entry_changes_nothing),
        cmocka_unit_test(truncation_without_a_log_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
