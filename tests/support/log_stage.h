/* Transactions and log files for the tests of floor persistence. */
#ifndef TEST_LOG_STAGE_H
#define TEST_LOG_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_txn_log.h"
#include "zk_test.h"

/* A createSession of session 0x100 + zxid, without a digest: 49 bytes in the log. The caller unrefs
 * it. */
struct txn_log_entry *log_stage_session(int64_t zxid);
/* A create of /n<zxid> with so many bytes of data, each of them 'd'. The caller unrefs it. */
struct txn_log_entry *log_stage_create(int64_t zxid, size_t data_length);

/* Appends a createSession for each zxid from first to last, and commits once. */
void log_stage_write(struct file_txn_log *log, int64_t first, int64_t last);
/* The same with a log of its own, which is closed afterwards. */
void log_stage_write_file(struct zk_context *ctx, const char *directory, int64_t first,
                          int64_t last);

/* The zxids that an iterator finds from zxid on, as "1 2 3", or with "error -74" behind them. The
 * caller frees the text. */
char *log_stage_read(struct zk_context *ctx, const char *directory, int64_t zxid);

/* Change or cut a file. */
void log_stage_set_byte(const char *path, int64_t at, uint8_t value);
void log_stage_zero(const char *path, int64_t from, size_t length);
void log_stage_cut(const char *path, int64_t size);

/* The whole file. The caller unrefs it. */
struct buf *log_stage_bytes(const char *path);

/* ---- rooms ---- */

/* An empty directory with a log in it, and a context whose log can be read. */
struct log_room {
    struct test_capture capture;
    struct zk_context *ctx;
    char *directory;
    struct file_txn_log *log;
};

struct log_room log_room_new(void);
/* With one setting; NULL: none. */
struct log_room log_room_with(const char *setting, const char *value);
void log_room_done(struct log_room *room);
int64_t log_room_size_of(const struct log_room *room, const char *name);
/* The directory's names are these, one blank between two. */
void log_room_assert_files(const struct log_room *room, const char *names);
/* log_stage_read says this. */
void log_room_assert_reads(const struct log_room *room, int64_t zxid, const char *zxids);
void log_room_assert_logged(const struct log_room *room, const char *words);
/* Takes ownership of entry. */
int log_room_append(struct log_room *room, struct txn_log_entry *entry);
/* What a start reads, and mends. */
int log_room_read_at_start(struct log_room *room);

#endif
