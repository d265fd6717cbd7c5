/* Snapshot files: written whole or not at all, read with every seal checked. Java:
 * persistence.FileSnap, SnapStream, SnapshotInfo; common.AtomicFileOutputStream */
#include "zk/persistence/file_snap.h"
#include "persistence/file_snap_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"
#include "zk/jute/persistence.h"
#include "zk/persistence/util.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

enum {
    SNAP_MAGIC = 0x5a4b534e, /* Java: FileSnap.SNAP_MAGIC, "ZKSN" */
    SNAP_VERSION = 2,
    SNAP_DB_ID = -1,
    SMALLEST = 10, /* Java: SnapStream.isValidCheckedStream() */
    /* Java has 8 KiB. With 64 KiB there are an eighth of the system calls, and all but one node in
     * 300 lies in the buffer as a whole, so that it is read and written there without a copy. */
    SNAP_BUFFER = 64 * 1024,
    /* A purge may remove snapshots between their listing and their opening. Then the directory is
     * listed again, so often at most. */
    MOST_LISTINGS = 10,
};

/* What a snapshot ends with: the ustring "/". */
static const uint8_t LAST_BYTES[5] = {0, 0, 0, 1, '/'};
/* What packed snapshots begin with. */
static const uint8_t GZIP_MAGIC[2] = {0x1f, 0x8b};
static const uint8_t SNAPPY_MAGIC[8] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

static int write_snapshot(struct zk_context *ctx, int fd, struct data_tree *tree,
                          const struct session_timeouts *sessions);
static void seal_stream(struct jute_out *out);
static int read_snapshot(struct zk_context *ctx, struct jute_in *in, int64_t name_zxid,
                         struct data_tree **ret_tree, struct session_timeouts *ret_sessions);
static int read_digest(struct jute_in *in, int64_t name_zxid, struct data_tree *tree);
static int check_seal_integrity(struct jute_in *in);
static int check_header(struct jute_in *in);
static int check_ends(int fd, int64_t size, enum snap_stream_mode mode);
static int check_bytes(int fd, int64_t offset, const uint8_t *expected, size_t count);
static bool is_damage(int r);
static int try_snap_files(struct zk_context *ctx, const struct snap_files *files,
                          struct data_tree **ret_tree, struct session_timeouts *ret_sessions);
static int try_snap_file(struct zk_context *ctx, const struct snap_file *file, size_t *tries,
                         struct data_tree **ret_tree, struct session_timeouts *ret_sessions);
static int compare_snap_files(const void *a, const void *b);

/* Java: ZooKeeperServer.isDigestEnabled() */
static bool digest_enabled(const struct zk_context *ctx)
{
    return zk_settings_get_boolean(ctx, "zookeeper.digest.enabled", true);
}

/* ---- how the bytes are packed ---------------------------------------------------------------- */

/* What a file's name ends with. */
static const char *const MODE_ENDINGS[] = {
    [SNAP_STREAM_CHECKED] = "",
    [SNAP_STREAM_GZIP] = ".gz",
    [SNAP_STREAM_SNAPPY] = ".snappy",
};

/* word is an ending without its dot. Java: StreamMode.fromString() */
static bool stream_mode_of(const char *word, enum snap_stream_mode *ret_mode)
{
    *ret_mode = SNAP_STREAM_CHECKED;
    if (word[0] == '\0')
        return true;
    for (size_t mode = SNAP_STREAM_GZIP; mode < sizeof MODE_ENDINGS / sizeof *MODE_ENDINGS; mode++)
        if (strcasecmp(word, MODE_ENDINGS[mode] + 1) == 0) {
            *ret_mode = (enum snap_stream_mode)mode;
            return true;
        }
    return false;
}

enum snap_stream_mode snap_stream_mode(const struct zk_context *ctx)
{
    const char *word = zk_settings_get(ctx, "zookeeper.snapshot.compression.method");
    enum snap_stream_mode mode = SNAP_STREAM_CHECKED;
    return word != NULL && stream_mode_of(word, &mode) ? mode : SNAP_STREAM_CHECKED;
}

/* What stands behind the last dot of a file's name says how it is packed. Java:
 * getStreamMode(fileName) */
static enum snap_stream_mode stream_mode_of_path(const char *path)
{
    const char *dot = strrchr(path, '.');
    enum snap_stream_mode mode = SNAP_STREAM_CHECKED;
    return dot != NULL && stream_mode_of(dot + 1, &mode) ? mode : SNAP_STREAM_CHECKED;
}

char *snap_file_path(const struct zk_context *ctx, const char *directory, int64_t zxid)
{
    char *plain = util_make_snapshot_name(directory, zxid);
    struct zk_str path = {0};
    zk_str_append(&path, plain);
    zk_str_append(&path, MODE_ENDINGS[snap_stream_mode(ctx)]);
    free(plain);
    return zk_str_take(&path);
}

/* Makes a reader of fd. Errors: -ENOPKG, snappy has packed the file, and libsnappy is missing.
 * Java: SnapStream.getInputStream() */
static int stream_input(enum snap_stream_mode mode, int fd, struct zk_input **ret_input)
{
    switch (mode) {
    case SNAP_STREAM_CHECKED:
        *ret_input = zk_input_new_fd(fd);
        return 0;
    case SNAP_STREAM_GZIP:
        *ret_input = zk_input_new_gzip(fd);
        return 0;
    case SNAP_STREAM_SNAPPY:
        return zk_input_new_snappy(fd, ret_input);
    }
    return -EINVAL;
}

/* Makes a writer to fd, with the same error. Java: SnapStream.getOutputStream() */
static int stream_output(enum snap_stream_mode mode, int fd, struct zk_output **ret_output)
{
    switch (mode) {
    case SNAP_STREAM_CHECKED:
        *ret_output = zk_output_new_fd(fd);
        return 0;
    case SNAP_STREAM_GZIP:
        *ret_output = zk_output_new_gzip(fd);
        return 0;
    case SNAP_STREAM_SNAPPY:
        return zk_output_new_snappy(fd, ret_output);
    }
    return -EINVAL;
}

/* ---- writing --------------------------------------------------------------------------------- */

int file_snap_serialize(struct zk_context *ctx, const char *directory, int64_t zxid,
                        struct data_tree *tree, const struct session_timeouts *sessions)
{
    char *path = snap_file_path(ctx, directory, zxid);
    struct file_replacement replacement;
    int r = file_replace_start(path, &replacement);
    if (r == 0) {
        r = write_snapshot(ctx, replacement.fd, tree, sessions);
        r = file_replace_finish(&replacement, r);
    }
    free(path);
    return r;
}

static int write_snapshot(struct zk_context *ctx, int fd, struct data_tree *tree,
                          const struct session_timeouts *sessions)
{
    struct zk_output *output;
    int r = stream_output(snap_stream_mode(ctx), fd, &output);
    if (r < 0)
        return r;
    zk_output_set_buffer(output, SNAP_BUFFER);
    struct jute_out out = jute_out_of(output);
    const struct file_header header = {SNAP_MAGIC, SNAP_VERSION, SNAP_DB_ID};
    jute_write(&out, &file_header_record, &header);
    serialize_snapshot(tree, sessions, &out);
    seal_stream(&out);
    if (digest_enabled(ctx)) {
        struct zxid_digest digest = data_tree_last_processed_zxid_digest(tree);
        jute_out_long(&out, digest.zxid);
        jute_out_int(&out, digest.version);
        jute_out_long(&out, digest.digest);
        seal_stream(&out);
    }
    r = jute_out_flush(&out);
    if (r == 0)
        r = zk_output_finish(output);
    zk_output_free(output);
    return r;
}

/*   8   long   Adler-32 of all bytes so far, as an unsigned number
 *   5   ustring "/"
 * Java: SnapStream.sealStream() */
static void seal_stream(struct jute_out *out)
{
    jute_out_long(out, zk_output_adler32(out->output));
    jute_out_string(out, "/");
}

/* ---- reading one file ------------------------------------------------------------------------ */

int file_snap_deserialize_file(struct zk_context *ctx, const char *path, int64_t name_zxid,
                               struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    int fd;
    int r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    struct zk_input *input;
    r = stream_input(stream_mode_of_path(path), fd, &input);
    if (r == 0) {
        zk_input_set_buffer(input, SNAP_BUFFER);
        struct jute_in in = jute_in_of(ctx, input);
        r = read_snapshot(ctx, &in, name_zxid, ret_tree, ret_sessions);
        zk_input_free(input);
    }
    file_close(fd);
    return r;
}

static int read_snapshot(struct zk_context *ctx, struct jute_in *in, int64_t name_zxid,
                         struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    struct data_tree *tree;
    struct session_timeouts sessions;
    int r = check_header(in);
    if (r < 0)
        return r;
    r = deserialize_snapshot(ctx, in, &tree, &sessions);
    if (r < 0)
        return r;
    r = check_seal_integrity(in);
    if (r < 0)
        goto out;
    data_tree_set_last_processed_zxid(tree, name_zxid);
    if (digest_enabled(ctx)) {
        r = read_digest(in, name_zxid, tree);
        if (r < 0)
            goto out;
    }
    *ret_tree = tree;
    *ret_sessions = sessions;
    return 0;
out:
    data_tree_unref(tree);
    session_timeouts_done(&sessions);
    return r;
}

/* Only the magic number is checked; Java does not look at the version either. */
static int check_header(struct jute_in *in)
{
    struct file_header header;
    int r = jute_read(in, &file_header_record, &header);
    if (r < 0)
        return r;
    return header.magic == SNAP_MAGIC ? 0 : -EPROTO;
}

/* Reads the digest that stands behind the tree, and gives it to the tree. Java:
 * DataTree.ZxidDigest */
static int read_digest(struct jute_in *in, int64_t name_zxid, struct data_tree *tree)
{
    struct zxid_digest digest;
    int r = jute_in_long(in, &digest.zxid);
    if (r == -EPIPE)
        return 0; /* an older release wrote it, or one with digests turned off */
    if (r < 0)
        return r;
    r = jute_in_int(in, &digest.version);
    if (r < 0)
        return r;
    r = jute_in_long(in, &digest.digest);
    if (r < 0)
        return r;
    r = check_seal_integrity(in);
    if (r < 0)
        return r;
    data_tree_set_digest_from_snapshot(tree, &digest, name_zxid);
    return 0;
}

/* The sum is taken before the seal is read, because it was taken before the seal was written. Java:
 * checkSealIntegrity() */
static int check_seal_integrity(struct jute_in *in)
{
    int64_t expected = zk_input_adler32(in->input);
    int64_t stored;
    struct ustring slash;
    int r = jute_in_long(in, &stored);
    if (r < 0)
        return r;
    r = jute_in_ustring(in, &slash);
    if (r < 0)
        return r;
    ustring_done(&slash);
    return stored == expected ? 0 : -EPROTO;
}

int file_snap_check_valid(const char *path)
{
    int64_t size;
    int r = file_regular_size(path, &size);
    if (r < 0)
        return r;
    int fd;
    r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    r = check_ends(fd, size, stream_mode_of_path(path));
    file_close(fd);
    return r;
}

/* Java: isValidCheckedStream(), isValidGZipStream(), isValidSnappyStream() */
static int check_ends(int fd, int64_t size, enum snap_stream_mode mode)
{
    if (size < SMALLEST)
        return -EPROTO;
    switch (mode) {
    case SNAP_STREAM_CHECKED:
        return check_bytes(fd, size - (int64_t)sizeof LAST_BYTES, LAST_BYTES, sizeof LAST_BYTES);
    case SNAP_STREAM_GZIP:
        return check_bytes(fd, 0, GZIP_MAGIC, sizeof GZIP_MAGIC);
    case SNAP_STREAM_SNAPPY:
        return check_bytes(fd, 0, SNAPPY_MAGIC, sizeof SNAPPY_MAGIC);
    }
    return -EPROTO;
}

static int check_bytes(int fd, int64_t offset, const uint8_t *expected, size_t count)
{
    uint8_t bytes[sizeof SNAPPY_MAGIC];
    zk_assert(count <= sizeof bytes);
    int r = file_read_at(fd, offset, bytes, count);
    if (r < 0)
        return r;
    return memcmp(bytes, expected, count) == 0 ? 0 : -EPROTO;
}

/* ---- choosing one ---------------------------------------------------------------------------- */

int file_snap_deserialize(struct zk_context *ctx, const char *directory,
                          struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    struct snap_files files;
    bool had_some = false;
    int r = -EAGAIN;
    for (int listings = 0; r == -EAGAIN && listings < MOST_LISTINGS; listings++) {
        r = snap_files_list(ctx, directory, &files);
        if (r < 0)
            return r;
        had_some = had_some || files.count > 0;
        r = try_snap_files(ctx, &files, ret_tree, ret_sessions);
        snap_files_done(&files);
    }
    /* A directory whose snapshots have all gone meanwhile is not one that never had any. */
    if (had_some && (r == -ENODATA || r == -EAGAIN))
        r = -EBADMSG;
    if (r == -EBADMSG)
        zk_log(ctx, ZK_LOG_SNAPSHOT_NONE_WHOLE, directory);
    return r;
}

/* -ENODATA: there is none; -EBADMSG: none is whole; -EAGAIN: one is gone since they were listed,
 * and a newer one may have come in its place. */
static int try_snap_files(struct zk_context *ctx, const struct snap_files *files,
                          struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    int r = files->count == 0 ? -ENODATA : -EBADMSG;
    size_t tries = 0;
    for (size_t i = 0; i < files->count && tries < FILE_SNAP_TRIES; i++) {
        int tried = try_snap_file(ctx, &files->items[i], &tries, ret_tree, ret_sessions);
        if (!is_damage(tried))
            return tried;
    }
    return r;
}

/* Tries one file. -EPROTO and -EPIPE: it is damaged, try the next; -EAGAIN: it is gone. Every other
 * error is not the snapshot's fault, which may be whole and hold what this peer has promised: to
 * pass over it would be to forget. All is logged. Only what looks whole counts as a try. */
static int try_snap_file(struct zk_context *ctx, const struct snap_file *file, size_t *tries,
                         struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    const char *path = file->path;
    int r = file_snap_check_valid(path);
    if (is_damage(r)) {
        zk_log(ctx, ZK_LOG_SNAPSHOT_INVALID, path);
        return r;
    }
    if (r == 0) {
        zk_log(ctx, ZK_LOG_READING_SNAPSHOT, path);
        (*tries)++;
        r = file_snap_deserialize_file(ctx, path, file->zxid, ret_tree, ret_sessions);
    }
    if (r == -ENOENT && file_is_gone(path))
        return -EAGAIN;
    if (is_damage(r))
        zk_log(ctx, ZK_LOG_SNAPSHOT_PROBLEM, path, zk_error_text(r).text);
    else if (r == -ENOPKG)
        zk_log(ctx, ZK_LOG_SNAPSHOT_SNAPPY, path);
    else if (r < 0)
        zk_log(ctx, ZK_LOG_SNAPSHOT_UNREADABLE, path, zk_error_text(r).text);
    return r;
}

static bool is_damage(int r)
{
    return r == -EPROTO || r == -EPIPE;
}

bool file_snap_is_name(const char *name, int64_t *ret_zxid)
{
    const char *suffix;
    enum snap_stream_mode mode;
    return util_get_zxid_from_name(name, SNAPSHOT_FILE_PREFIX, ret_zxid, &suffix) &&
           stream_mode_of(suffix, &mode);
}

int snap_files_list(struct zk_context *ctx, const char *directory, struct snap_files *ret_files)
{
    struct zk_strings names = {0};
    int r = file_list(directory, &names);
    if (r < 0) {
        zk_log(ctx, ZK_LOG_DATA_FILE_PROBLEM, directory, "listed", zk_error_text(r).text);
        return r;
    }
    struct snap_files files = {.items = zk_xcalloc(names.count + 1, sizeof *files.items)};
    for (size_t i = 0; i < names.count; i++) {
        struct snap_file file;
        if (!file_snap_is_name(names.items[i], &file.zxid))
            continue;
        file.path = util_path_join(directory, names.items[i]);
        files.items[files.count++] = file;
    }
    qsort(files.items, files.count, sizeof *files.items, compare_snap_files);
    zk_strings_done(&names);
    *ret_files = files;
    return 0;
}

/* Files whose names hold the same zxid ("1", "01") are ordered by the text of their names. */
static int compare_snap_files(const void *a, const void *b)
{
    const struct snap_file *one = a;
    const struct snap_file *other = b;
    if (one->zxid != other->zxid)
        return one->zxid > other->zxid ? -1 : 1;
    return strcmp(one->path, other->path);
}

void snap_files_done(struct snap_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
    *files = (struct snap_files){0};
}
