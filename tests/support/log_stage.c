/* Transactions and log files for the tests of floor persistence. */
#include "log_stage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "persistence/file_txn_log_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/settings.h"

enum { SESSION = 0x100, TIMEOUT_MS = 4000, TIME_MS = 1000 };

static struct txn_header header_of(int64_t zxid, int32_t type)
{
    return (struct txn_header){
        .client_id = SESSION + zxid,
        .zxid = zxid,
        .time_ms = TIME_MS,
        .type = type,
    };
}

struct txn_log_entry *log_stage_session(int64_t zxid)
{
    struct txn_header header = header_of(zxid, OP_CODE_CREATE_SESSION);
    union txn_record record = {.create_session = {.time_out_ms = TIMEOUT_MS}};
    return txn_log_entry_new(&header, &record, NULL);
}

struct txn_log_entry *log_stage_create(int64_t zxid, size_t data_length)
{
    struct txn_header header = header_of(zxid, OP_CODE_CREATE);
    union txn_record record = {.create = {.parent_cversion = 1}};
    struct zk_acl *acl = jute_list_add(&zk_acl_record, &record.create.acl);
    struct zk_str path = {0};
    struct buf *data = buf_new(data_length);
    zk_str_printf(&path, "/n%" PRIx64, (uint64_t)zxid);
    for (size_t i = 0; i < data_length; i++)
        buf_put_byte(data, 'd');
    *acl = (struct zk_acl){31, {ustring_of("world"), ustring_of("anyone")}};
    record.create.path = ustring_of(zk_str_text(&path));
    record.create.data = data;
    zk_str_done(&path);
    return txn_log_entry_new(&header, &record, NULL);
}

void log_stage_write(struct file_txn_log *log, int64_t first, int64_t last)
{
    for (int64_t zxid = first; zxid <= last; zxid++) {
        struct txn_log_entry *entry = log_stage_session(zxid);
        assert_int_equal(file_txn_log_append(log, entry), 0);
        txn_log_entry_unref(entry);
    }
    assert_int_equal(file_txn_log_commit(log), 0);
}

void log_stage_write_file(struct zk_context *ctx, const char *directory, int64_t first,
                          int64_t last)
{
    struct file_txn_log *log = file_txn_log_new(ctx, directory);
    log_stage_write(log, first, last);
    file_txn_log_free(log);
}

char *log_stage_read(struct zk_context *ctx, const char *directory, int64_t zxid)
{
    struct file_txn_log *log = file_txn_log_new(ctx, directory);
    struct txn_iterator *iterator = NULL;
    struct zk_str zxids = {0};
    int r = file_txn_log_read(log, zxid, true, &iterator);
    while (r >= 0 && txn_iterator_entry(iterator) != NULL) {
        zk_str_append(&zxids, zxids.length > 0 ? " " : "");
        zk_str_append_hex(&zxids, txn_iterator_entry(iterator)->header.zxid);
        r = txn_iterator_next(iterator);
    }
    if (r < 0)
        zk_str_printf(&zxids, "%serror %d", zxids.length > 0 ? " " : "", r);
    txn_iterator_free(iterator);
    file_txn_log_free(log);
    return zk_str_take(&zxids);
}

static int open_to_change(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

void log_stage_zero(const char *path, int64_t from, size_t length)
{
    int fd = open_to_change(path);
    uint8_t *zeros = zk_xcalloc(length, 1);
    assert_int_equal(pwrite(fd, zeros, length, (off_t)from), (ssize_t)length);
    free(zeros);
    close(fd);
}

void log_stage_set_byte(const char *path, int64_t at, uint8_t value)
{
    int fd = open_to_change(path);
    assert_int_equal(pwrite(fd, &value, 1, (off_t)at), 1);
    close(fd);
}

void log_stage_cut(const char *path, int64_t size)
{
    int fd = open_to_change(path);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

struct buf *log_stage_bytes(const char *path)
{
    int64_t size = file_size(path);
    assert_true(size >= 0);
    struct buf *bytes = buf_new((size_t)size);
    int fd;
    assert_int_equal(file_open_read(path, &fd), 0);
    assert_int_equal(file_read_at(fd, 0, bytes->bytes, (size_t)size), 0);
    bytes->length = (size_t)size;
    file_close(fd);
    return bytes;
}

/* ---- rooms ---- */

struct log_room log_room_with(const char *setting, const char *value)
{
    struct log_room room = {.capture = test_capture_new()};
    room.ctx = room.capture.ctx;
    room.directory = test_temporary_directory();
    if (setting != NULL)
        zk_settings_set(room.ctx, setting, value);
    room.log = file_txn_log_new(room.ctx, room.directory);
    return room;
}

struct log_room log_room_new(void)
{
    return log_room_with(NULL, NULL);
}

void log_room_done(struct log_room *room)
{
    file_txn_log_free(room->log);
    test_remove_directory(room->directory);
    test_capture_done(&room->capture);
}

int64_t log_room_size_of(const struct log_room *room, const char *name)
{
    char *path = test_path(room->directory, name);
    int64_t size = file_size(path);
    free(path);
    return size;
}

void log_room_assert_reads(const struct log_room *room, int64_t zxid, const char *zxids)
{
    char *found = log_stage_read(room->ctx, room->directory, zxid);
    assert_string_equal(found, zxids);
    free(found);
}

void log_room_assert_files(const struct log_room *room, const char *names)
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

void log_room_assert_logged(const struct log_room *room, const char *words)
{
    char *log = test_captured_log(&room->capture);
    if (strstr(log, words) == NULL)
        fail_msg("\"%s\" is not in the log:\n%s", words, log);
    free(log);
}

int log_room_append(struct log_room *room, struct txn_log_entry *entry)
{
    int r = file_txn_log_append(room->log, entry);
    txn_log_entry_unref(entry);
    return r;
}

/* What a start reads, and mends. */
int log_room_read_at_start(struct log_room *room)
{
    struct txn_iterator *iterator = NULL;
    int r = file_txn_log_read_at_start(room->log, 0, &iterator);
    while (r >= 0 && txn_iterator_entry(iterator) != NULL)
        r = txn_iterator_next(iterator);
    txn_iterator_free(iterator);
    return r < 0 ? r : 0;
}
