/* What file_snap.c shares within this floor: the list of snapshot files, how they are packed, and
 * the reading of one file. The fuzzer uses the last, because its files have no names of their
 * own. */
#ifndef PERSISTENCE_FILE_SNAP_INTERNAL_H
#define PERSISTENCE_FILE_SNAP_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "zk/persistence/file_snap.h"

/* How the bytes of a file are packed, which the end of its name says. Java:
 * SnapStream.StreamMode */
enum snap_stream_mode {
    SNAP_STREAM_CHECKED, /* not at all */
    SNAP_STREAM_GZIP,
    SNAP_STREAM_SNAPPY,
};

/* One snapshot file. */
struct snap_file {
    int64_t zxid; /* in its name */
    char *path;
};

/* The newest first. Ends with snap_files_done. */
struct snap_files {
    struct snap_file *items;
    size_t count;
};

/* Java: Util.sortDataDir(). All snapshots of the directory. Errors are logged. */
ZK_NODISCARD int snap_files_list(struct zk_context *ctx, const char *directory,
                                 struct snap_files *ret_files);
void snap_files_done(struct snap_files *files);
/* How new snapshots are packed, which the setting zookeeper.snapshot.compression.method says; other
 * words than gz and snappy mean not at all. Java: SnapStream.getStreamMode() */
enum snap_stream_mode snap_stream_mode(const struct zk_context *ctx);
/* Java: Util.makeSnapshotName(): where the snapshot of that zxid is written; the caller frees
 * it. */
char *snap_file_path(const struct zk_context *ctx, const char *directory, int64_t zxid);

/* Java: FileSnap.deserialize(dt, sessions, ia) and SnapStream.checkSealIntegrity(): one file,
 * whatever its name. -EPROTO, -EPIPE: damaged. name_zxid is what its name says: a digest of an
 * older zxid is not compared. */
ZK_NODISCARD int file_snap_deserialize_file(struct zk_context *ctx, const char *path,
                                            int64_t name_zxid, struct data_tree **ret_tree,
                                            struct session_timeouts *ret_sessions);

#endif
