/* The transaction log: its bytes, how it ends, how it grows, how it is cut, and what happens when
 * the disk fails. Java: FileTxnLogTest, TruncateTest, CRCTest */
#include "zk/persistence/file_txn_log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log_stage.h"
#include "outside.h"
#include "persistence/file_padding.h"
#include "persistence/file_txn_log_internal.h"
#include "zk/io/file.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/persistence/util.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

enum { HEADER = 16, SESSION_ENTRY = 49, PADDED = HEADER + 64 * 1024 * 1024 };

/* ---- helpers ---- */

struct log_room {
    struct test_capture capture;
    struct zk_context *ctx;
    char *directory;
    struct file_txn_log *log;
};

static struct log_room room_with(const char *setting, const char *value)
{
    struct log_room room = {.capture = test_capture_new()};
    room.ctx = room.capture.ctx;
    room.directory = test_temporary_directory();
    if (setting != NULL)
        zk_settings_set(room.ctx, setting, value);
    room.log = file_txn_log_new(room.ctx, room.directory);
    return room;
}

static struct log_room room_new(void)
{
    return room_with(NULL, NULL);
}

static void room_done(struct log_room *room)
{
    file_txn_log_free(room->log);
    test_remove_directory(room->directory);
    test_capture_done(&room->capture);
}

static int64_t size_of(const struct log_room *room, const char *name)
{
    char *path = test_path(room->directory, name);
    int64_t size = file_size(path);
    free(path);
    return size;
}

static void assert_reads(const struct log_room *room, int64_t zxid, const char *zxids)
{
    char *found = log_stage_read(room->ctx, room->directory, zxid);
    assert_string_equal(found, zxids);
    free(found);
}

static void assert_files(const struct log_room *room, const char *names)
{
    struct zk_strings found = {0};
    struct zk_str text = {0};
    assert_int_equal(file_list(room->directory, &found), 0);
    for (size_t i = 0; i < found.count; i++) {
        zk_str_append(&text, i > 0 ? " " : "");
        zk_str_append(&text, found.items[i]);
    }
    assert_string_equal(zk_str_text(&text), names);
    zk_str_done(&text);
    zk_strings_done(&found);
}

static void assert_logged(const struct log_room *room, const char *words)
{
    char *log = test_captured_log(&room->capture);
    if (strstr(log, words) == NULL)
        fail_msg("\"%s\" is not in the log:\n%s", words, log);
    free(log);
}

static int append(struct log_room *room, struct txn_log_entry *entry)
{
    int r = file_txn_log_append(room->log, entry);
    txn_log_entry_unref(entry);
    return r;
}

/* What a start reads, and mends. */
static int read_at_start(struct log_room *room)
{
    struct txn_iterator *iterator = NULL;
    int r = file_txn_log_read_at_start(room->log, 0, &iterator);
    while (r >= 0 && txn_iterator_entry(iterator) != NULL)
        r = txn_iterator_next(iterator);
    txn_iterator_free(iterator);
    return r < 0 ? r : 0;
}

/* ---- the bytes ---- */

static void a_log_is_named_after_its_first_zxid_and_padded_to_64_mib(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 0x100000001, 0x100000003);
    assert_files(&room, "log.100000001");
    assert_int_equal(size_of(&room, "log.100000001"), PADDED);
    assert_reads(&room, 0, "100000001 100000002 100000003");
    assert_logged(&room, "Creating new log file: log.100000001");
    room_done(&room);
}

/* zab.md 24, but for the session and the time */
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
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.100000001");
    int fd;
    log_stage_write(room.log, 0x100000001, 0x100000001);
    assert_int_equal(file_open_read(path, &fd), 0);
    assert_int_equal(file_read_at(fd, 0, found, sizeof found), 0);
    assert_memory_equal(found, golden, sizeof golden);
    file_close(fd);
    free(path);
    room_done(&room);
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
    struct log_room room = room_with("zookeeper.preAllocSize", "1");
    for (int64_t zxid = 1; zxid <= 3; zxid++) {
        assert_int_equal(append(&room, log_stage_create(zxid, 50000)), 0);
        assert_int_equal(file_txn_log_commit(room.log), 0);
    }
    assert_reads(&room, 0, "1 2 3");
    room_done(&room);
}

static void a_step_that_is_no_number_is_64_mib(void **state)
{
    (void)state;
    struct log_room room = room_with("zookeeper.preAllocSize", "64M");
    log_stage_write(room.log, 1, 1);
    assert_int_equal(size_of(&room, "log.1"), PADDED);
    assert_logged(&room, "64M is not a valid value for preAllocSize");
    room_done(&room);
}

static void a_batch_is_in_the_file_only_after_its_commit(void **state)
{
    (void)state;
    struct log_room room = room_new();
    assert_int_equal(append(&room, log_stage_session(1)), 0);
    assert_reads(&room, 0, "");
    assert_int_equal(file_txn_log_commit(room.log), 0);
    assert_reads(&room, 0, "1");
    room_done(&room);
}

static void a_batch_of_many_mebibytes_is_read_back(void **state)
{
    (void)state;
    struct log_room room = room_new();
    for (int64_t zxid = 1; zxid <= 5; zxid++)
        assert_int_equal(append(&room, log_stage_create(zxid, 700000)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    assert_reads(&room, 0, "1 2 3 4 5");
    room_done(&room);
}

static void a_zxid_that_does_not_rise_is_logged_with_a_warning(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 5, 5);
    log_stage_write(room.log, 4, 4);
    assert_logged(&room, "Current zxid 4 is <= 5 for createSession");
    assert_reads(&room, 0, "5 4");
    room_done(&room);
}

/* ---- files ---- */

static void an_old_file_is_never_continued(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write(room.log, 4, 5);
    assert_files(&room, "log.1 log.4");
    assert_reads(&room, 0, "1 2 3 4 5");
    room_done(&room);
}

static void a_roll_makes_the_next_transaction_open_a_file(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 1, 2);
    assert_int_equal(file_txn_log_get_total_log_size(room.log), PADDED);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    assert_int_equal(file_txn_log_get_current_log_size(room.log), 0);
    log_stage_write(room.log, 3, 3);
    assert_files(&room, "log.1 log.3");
    assert_int_equal(file_txn_log_get_total_log_size(room.log), 2 * (int64_t)PADDED);
    file_txn_log_set_total_log_size(room.log, 0);
    assert_int_equal(file_txn_log_get_total_log_size(room.log), PADDED);
    room_done(&room);
}

/* What a roll leaves behind is on the disk before the next file is made. */
static void a_roll_writes_what_was_appended(void **state)
{
    (void)state;
    struct log_room room = room_new();
    assert_int_equal(append(&room, log_stage_session(1)), 0);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    assert_reads(&room, 0, "1");
    room_done(&room);
}

/* PER-08 */
static void a_file_over_the_limit_is_rolled(void **state)
{
    (void)state;
    struct log_room room = room_with("zookeeper.txnLogSizeLimitInKb", "4");
    zk_settings_set(room.ctx, "zookeeper.preAllocSize", "0");
    struct file_txn_log *log = file_txn_log_new(room.ctx, room.directory);
    for (int64_t zxid = 1; zxid <= 200; zxid++)
        log_stage_write(log, zxid, zxid);
    file_txn_log_free(log);
    assert_files(&room, "log.1 log.55 log.a9");
    assert_logged(&room, "zookeeper.txnLogSizeLimitInKb = 4");
    room_done(&room);
}

static void reading_begins_in_the_newest_file_that_may_hold_the_zxid(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    assert_reads(&room, 4, "4 5 6 7 8 9");
    assert_reads(&room, 5, "5 6 7 8 9");
    assert_reads(&room, 9, "9");
    assert_reads(&room, 10, "");
    struct txn_iterator *iterator;
    assert_int_equal(file_txn_log_read(room.log, 5, false, &iterator), 0);
    assert_int_equal(txn_iterator_entry(iterator)->header.zxid, 4);
    assert_int_equal(txn_iterator_get_storage_size(iterator), PADDED);
    txn_iterator_free(iterator);
    room_done(&room);
}

static void the_last_logged_zxid_is_that_of_the_last_entry(void **state)
{
    (void)state;
    struct log_room room = room_new();
    int64_t zxid;
    assert_int_equal(file_txn_log_get_last_logged_zxid(room.log, &zxid), 0);
    assert_int_equal(zxid, -1);
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    assert_int_equal(file_txn_log_get_last_logged_zxid(room.log, &zxid), 0);
    assert_int_equal(zxid, 6);
    room_done(&room);
}

static void a_name_with_a_second_dot_is_no_log(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1.bak");
    test_write_file(path, "what an operator keeps");
    free(path);
    log_stage_write(room.log, 2, 2);
    assert_reads(&room, 0, "2");
    room_done(&room);
}

/* ---- how a file ends ---- */

/* The file with three entries, its end moved to every place inside the last one. */
static void a_log_cut_inside_its_last_entry_ends_before_it(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    for (int64_t size = HEADER + 3 * SESSION_ENTRY - 1; size >= HEADER + 2 * SESSION_ENTRY;
         size--) {
        log_stage_cut(path, size);
        assert_reads(&room, 0, "1 2");
        assert_int_equal(read_at_start(&room), 0);
    }
    assert_logged(&room, "Last transaction was partial.");
    free(path);
    room_done(&room);
}

static void an_entry_without_its_last_byte_ends_the_log(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_set_byte(path, HEADER + 3 * SESSION_ENTRY - 1, 0);
    assert_reads(&room, 0, "1 2");
    free(path);
    room_done(&room);
}

static void reading_goes_on_behind_a_partial_entry_in_an_older_file(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_cut(path, HEADER + 3 * SESSION_ENTRY - 5);
    log_stage_write_file(room.ctx, room.directory, 3, 4);
    assert_reads(&room, 0, "1 2 3 4");
    free(path);
    room_done(&room);
}

/* PER-04: no silent skip */
static void a_flipped_bit_in_an_entry_is_an_error(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_set_byte(path, HEADER + SESSION_ENTRY + 20, 0x55);
    assert_reads(&room, 0, "1 error -74");
    assert_int_equal(read_at_start(&room), -EBADMSG);
    assert_logged(&room, "CRC check failed: file=");
    assert_int_equal(size_of(&room, "log.1"), PADDED);
    free(path);
    room_done(&room);
}

static void a_length_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    static const uint8_t first_bytes[] = {0xff, 0x7f};
    for (size_t i = 0; i < sizeof first_bytes; i++) {
        struct log_room room = room_new();
        char *path = test_path(room.directory, "log.1");
        log_stage_write_file(room.ctx, room.directory, 1, 2);
        log_stage_set_byte(path, HEADER + SESSION_ENTRY + 8, first_bytes[i]);
        assert_reads(&room, 0, "1 error -71");
        assert_logged(&room, "is no log from position 65 on");
        free(path);
        room_done(&room);
    }
}

static void bytes_that_are_no_transaction_are_an_error(void **state)
{
    (void)state;
    struct log_room room = room_new();
    struct txn_log_entry *entry = log_stage_session(1);
    struct buf *bytes = buf_new_copy("four", 4);
    struct buf *own = entry->bytes;
    entry->bytes = bytes; /* the log writes what it is given */
    assert_int_equal(file_txn_log_append(room.log, entry), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    entry->bytes = own;
    buf_unref(bytes);
    txn_log_entry_unref(entry);
    assert_reads(&room, 0, "error -71");
    room_done(&room);
}

/* A power loss has kept the sectors before and behind, but not those in the middle. */
static void an_entry_torn_by_a_power_loss_is_cut_off(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write(room.log, 1, 1);
    assert_int_equal(append(&room, log_stage_create(2, 3000)), 0);
    assert_int_equal(append(&room, log_stage_session(3)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_stage_zero(path, 1024, 512);
    assert_reads(&room, 0, "1");
    assert_int_equal(size_of(&room, "log.1"), PADDED);
    assert_int_equal(read_at_start(&room), 0);
    assert_int_equal(size_of(&room, "log.1"), HEADER + SESSION_ENTRY);
    assert_logged(&room, "A power failure has torn the last entry of a log");
    assert_reads(&room, 0, "1");
    free(path);
    room_done(&room);
}

static void a_torn_entry_in_an_older_file_is_damage(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    assert_int_equal(append(&room, log_stage_create(1, 3000)), 0);
    assert_int_equal(file_txn_log_roll_log(room.log), 0);
    log_stage_write(room.log, 2, 2);
    log_stage_zero(path, 1024, 512);
    assert_reads(&room, 0, "error -74");
    assert_int_equal(read_at_start(&room), -EBADMSG);
    assert_int_equal(size_of(&room, "log.1"), PADDED);
    free(path);
    room_done(&room);
}

/* The checksum stands in the sector that was lost, the rest in the next one. */
static void an_entry_whose_checksum_was_lost_is_torn(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    int64_t zxid = 1;
    while (HEADER + zxid * SESSION_ENTRY <= 512 - 8)
        zxid++; /* the entry that begins fewer than eight bytes before a sector's end */
    int64_t at = HEADER + (zxid - 1) * SESSION_ENTRY;
    size_t short_of = (size_t)(512 - 8 - at);
    log_stage_write(room.log, 1, zxid - 1);
    assert_int_equal(append(&room, log_stage_create(zxid, 3000)), 0);
    assert_int_equal(file_txn_log_commit(room.log), 0);
    log_stage_zero(path, at, short_of + 8);
    assert_int_equal(read_at_start(&room), 0);
    char *found = log_stage_read(room.ctx, room.directory, 0);
    assert_null(strstr(found, "error"));
    free(found);
    free(path);
    room_done(&room);
}

static void a_newest_file_without_a_header_is_removed_at_the_start(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 7, HEADER};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct log_room room = room_new();
        char *path = test_path(room.directory, "log.3");
        log_stage_write_file(room.ctx, room.directory, 1, 2);
        test_write_file(path, "");
        log_stage_cut(path, sizes[i]); /* zeros */
        assert_reads(&room, 0, "1 2");
        assert_files(&room, "log.1 log.3"); /* another thread may be making it */
        assert_int_equal(read_at_start(&room), 0);
        assert_files(&room, "log.1");
        assert_logged(&room, "Delete empty tail log file to recover from corruption file:");
        free(path);
        room_done(&room);
    }
}

static void an_older_file_without_a_header_is_an_error(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    test_write_file(path, "");
    log_stage_write_file(room.ctx, room.directory, 2, 3);
    assert_reads(&room, 0, "error -71");
    assert_int_equal(read_at_start(&room), -EPROTO);
    assert_files(&room, "log.1 log.2");
    free(path);
    room_done(&room);
}

static void a_file_of_another_kind_is_an_error_and_stays(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    test_write_file(path, "somebody else's file, and not a small one");
    assert_int_equal(read_at_start(&room), -EPROTO);
    assert_files(&room, "log.1");
    free(path);
    room_done(&room);
}

static void a_log_with_a_header_only_is_fine(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 1);
    log_stage_cut(path, HEADER);
    assert_reads(&room, 0, "");
    assert_int_equal(read_at_start(&room), 0);
    free(path);
    room_done(&room);
}

/* ---- a file that is there already ---- */

static void a_file_of_the_same_name_without_entries_is_made_anew(void **state)
{
    (void)state;
    struct log_room room = room_new();
    char *path = test_path(room.directory, "log.1");
    log_stage_write_file(room.ctx, room.directory, 1, 1);
    log_stage_cut(path, HEADER + 20);
    log_stage_write(room.log, 1, 2);
    assert_reads(&room, 0, "1 2");
    free(path);
    room_done(&room);
}

static void a_file_of_the_same_name_with_entries_is_not_overwritten(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    assert_int_equal(append(&room, log_stage_session(1)), -EEXIST);
    assert_reads(&room, 0, "1 2 3");
    room_done(&room);
}

/* ---- truncate ---- */

static void assert_truncates(struct log_room *room, int64_t zxid, int64_t last, const char *left)
{
    int64_t found;
    assert_int_equal(file_txn_log_truncate(room->log, zxid, &found), 0);
    assert_int_equal(found, last);
    assert_reads(room, 0, left);
}

/* PER-05 */
static void a_hundred_transactions_are_cut_to_one_and_go_on_with_another(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 1, 100);
    assert_truncates(&room, 1, 1, "1");
    assert_int_equal(size_of(&room, "log.1"), HEADER + SESSION_ENTRY);
    log_stage_write(room.log, 200, 200);
    assert_reads(&room, 0, "1 c8");
    room_done(&room);
}

static void truncation_removes_the_files_behind(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 4, 6);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    assert_truncates(&room, 5, 5, "1 2 3 4 5");
    assert_files(&room, "log.1 log.4");
    assert_truncates(&room, 3, 3, "1 2 3");
    assert_files(&room, "log.1");
    room_done(&room);
}

/* Java would leave the first entry behind the zxid (zab.md 17). */
static void truncation_to_a_zxid_that_is_in_no_log_leaves_nothing_behind_it(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    log_stage_write_file(room.ctx, room.directory, 7, 9);
    assert_truncates(&room, 5, 3, "1 2 3");
    assert_truncates(&room, 0, -1, "");
    assert_files(&room, "");
    room_done(&room);
}

static void truncation_behind_the_last_entry_changes_nothing(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    assert_truncates(&room, 9, 3, "1 2 3");
    room_done(&room);
}

/* PER-05 */
static void truncation_without_a_log_says_so(void **state)
{
    (void)state;
    struct log_room room = room_new();
    int64_t last;
    assert_int_equal(file_txn_log_truncate(room.log, 1, &last), -ENODATA);
    assert_logged(&room, "No log files found to truncate!");
    log_stage_write(room.log, 1, 1); /* the log lives */
    room_done(&room);
}

/* ---- the disk fails ---- */

static void assert_dead(struct log_room *room, int error)
{
    int64_t last;
    outside_restore(NULL);
    assert_int_equal(append(room, log_stage_session(9)), error);
    assert_int_equal(file_txn_log_commit(room->log), error);
    assert_int_equal(file_txn_log_roll_log(room->log), error);
    assert_int_equal(file_txn_log_truncate(room->log, 1, &last), error);
    assert_logged(room, "This peer acknowledges nothing from here on.");
}

static void after_a_failed_fsync_nothing_is_committed_any_more(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 1, 1);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    assert_int_equal(append(&room, log_stage_session(2)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -EIO);
    assert_dead(&room, -EIO);
    room_done(&room);
}

static void a_full_disk_kills_the_log_and_leaves_what_was_committed(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write(room.log, 1, 1);
    outside_fail(OUTSIDE_PWRITE, ENOSPC, 0, 1);
    assert_int_equal(append(&room, log_stage_session(2)), 0);
    assert_int_equal(file_txn_log_commit(room.log), -ENOSPC);
    assert_dead(&room, -ENOSPC);
    assert_reads(&room, 0, "1");
    room_done(&room);
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
        struct log_room room = room_new();
        outside_fail(calls[i].call, EIO, calls[i].pass, 1);
        assert_int_equal(append(&room, log_stage_session(1)), -EIO);
        assert_dead(&room, -EIO);
        assert_files(&room, "");
        room_done(&room);
    }
}

static void a_file_that_cannot_be_made_larger_kills_the_log(void **state)
{
    (void)state;
    struct log_room room = room_new();
    outside_fail(OUTSIDE_PWRITE, ENOSPC, 1, 1); /* behind the header */
    assert_int_equal(append(&room, log_stage_session(1)), -ENOSPC);
    assert_dead(&room, -ENOSPC);
    assert_reads(&room, 0, "");
    room_done(&room);
}

/* ZOOKEEPER-3701: a truncation that the disk refuses is no success. */
static void a_truncation_that_fails_says_so(void **state)
{
    (void)state;
    static const enum outside_call calls[] = {OUTSIDE_PREAD, OUTSIDE_UNLINK, OUTSIDE_FSYNC,
                                              OUTSIDE_FTRUNCATE};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct log_room room = room_new();
        int64_t last;
        log_stage_write_file(room.ctx, room.directory, 1, 3);
        log_stage_write_file(room.ctx, room.directory, 4, 6);
        outside_fail(calls[i], EIO, 0, 1);
        assert_int_equal(file_txn_log_truncate(room.log, 2, &last), -EIO);
        assert_int_equal(outside_failures(calls[i]), 1);
        assert_dead(&room, -EIO);
        room_done(&room);
    }
}

static void a_log_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_PREAD, EIO, 1, 1); /* behind the header */
    assert_reads(&room, 0, "error -5");
    assert_logged(&room, "cannot be read: Input/output error");
    room_done(&room);
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
    struct log_room room = room_new();
    struct heard heard = {0};
    file_txn_log_set_fsync_listener(room.log, (struct fsync_listener){on_fsync, &heard});
    assert_int_equal(file_txn_log_get_txn_log_sync_elapsed_time(room.log), -1);
    log_stage_write(room.log, 1, 100);
    assert_int_equal(heard.fsyncs, 1);
    assert_int_equal(file_txn_log_commit(room.log), 0); /* nothing new */
    assert_int_equal(heard.fsyncs, 1);
    assert_true(file_txn_log_get_txn_log_sync_elapsed_time(room.log) >= 0);
    room_done(&room);
}

static void a_slow_fsync_is_told_in_java_s_words(void **state)
{
    (void)state;
    struct log_room room = room_with("fsync.warningthresholdms", "-1");
    struct heard heard = {0};
    file_txn_log_set_fsync_listener(room.log, (struct fsync_listener){on_fsync, &heard});
    log_stage_write(room.log, 1, 1);
    assert_int_equal(heard.slow, 1);
    assert_logged(&room, "fsync-ing the write ahead log in main took ");
    assert_logged(&room, "ms which will adversely effect operation latency.File size is 67108880 "
                         "bytes. See the ZooKeeper troubleshooting guide");
    room_done(&room);
}

static void without_force_sync_nothing_is_synced(void **state)
{
    (void)state;
    struct log_room room = room_with("zookeeper.forceSync", "no");
    outside_fail(OUTSIDE_FSYNC, EIO, 0, OUTSIDE_FOR_EVER);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, OUTSIDE_FOR_EVER);
    log_stage_write(room.log, 1, 1);
    outside_restore(NULL);
    assert_reads(&room, 0, "1");
    room_done(&room);
}

/* What a killed process has left in memory only is on the disk before a start acts on it. */
static void a_start_syncs_what_it_has_read(void **state)
{
    (void)state;
    struct log_room room = room_new();
    log_stage_write_file(room.ctx, room.directory, 1, 3);
    outside_fail(OUTSIDE_FSYNC, EIO, 0, 1);
    assert_int_equal(read_at_start(&room), -EIO);
    assert_int_equal(outside_failures(OUTSIDE_FSYNC), 1);
    room_done(&room);
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
        cmocka_unit_test(a_hundred_transactions_are_cut_to_one_and_go_on_with_another),
        cmocka_unit_test(truncation_removes_the_files_behind),
        cmocka_unit_test(truncation_to_a_zxid_that_is_in_no_log_leaves_nothing_behind_it),
        cmocka_unit_test(truncation_behind_the_last_entry_changes_nothing),
        cmocka_unit_test(truncation_without_a_log_says_so),
        cmocka_unit_test_teardown(after_a_failed_fsync_nothing_is_committed_any_more,
                                  outside_restore),
        cmocka_unit_test_teardown(a_full_disk_kills_the_log_and_leaves_what_was_committed,
                                  outside_restore),
        cmocka_unit_test_teardown(a_file_that_cannot_be_made_leaves_nothing, outside_restore),
        cmocka_unit_test_teardown(a_file_that_cannot_be_made_larger_kills_the_log, outside_restore),
        cmocka_unit_test_teardown(a_truncation_that_fails_says_so, outside_restore),
        cmocka_unit_test_teardown(a_log_that_cannot_be_read_is_an_error, outside_restore),
        cmocka_unit_test(a_batch_is_one_fdatasync),
        cmocka_unit_test(a_slow_fsync_is_told_in_java_s_words),
        cmocka_unit_test_teardown(without_force_sync_nothing_is_synced, outside_restore),
        cmocka_unit_test_teardown(a_start_syncs_what_it_has_read, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
