/* Snapshot files. Java: persistence.FileSnap, SnapStream
 *
 *   16      FileHeader: int 0x5a4b534e "ZKSN", int version 2, long dbid -1
 *   n       sessions, ACLs, nodes (serialize_utils.h)
 *   8+5     seal: long Adler-32 of all before it, ustring "/"
 *   8+4+8   digest: long zxid, int version 2, long digest of the tree
 *   8+5     seal of all before it
 *
 * Any thread; the caller sees to it that nobody else works on the same directory. */
#ifndef ZK_PERSISTENCE_FILE_SNAP_H
#define ZK_PERSISTENCE_FILE_SNAP_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/tree/data_tree.h"

struct zk_context;

/* Java: FileSnap.serialize(). Writes directory/snapshot.<zxid> (with .gz or .snappy behind it, if
 * the settings ask for a packed file) straight from the tree, which others may change meanwhile
 * (data_tree_serialize); zxid is at most what the tree's last zxid was before the call. The bytes
 * go into <name>.tmp, which is fsynced and renamed; then the directory is fsynced (Java does so
 * only after a SNAP sync, and else writes in place; D-37). Blocks on the disk. Errors: -ENOPKG
 * snappy is asked for, and libsnappy is missing; other errno of the disk. The file of that name is
 * then as it was, unless nothing but the last fsync has failed. */
ZK_NODISCARD int file_snap_serialize(struct zk_context *ctx, const char *directory, int64_t zxid,
                                     struct data_tree *tree,
                                     const struct session_timeouts *sessions);

/* Java: FileSnap.deserialize(). Reads the newest snapshot that is whole; damaged ones are logged
 * and passed over, at most FILE_SNAP_TRIES of them. The tree's last zxid is the one in the file's
 * name. The caller frees both results. Blocks on the disk. Errors: -ENODATA no snapshot file at
 * all. All others are logged: -EBADMSG there are some, and none is whole; -ENOPKG the one that
 * would have been next is packed with snappy, and libsnappy is missing; any other errno: the
 * directory, or the snapshot that would have been next, cannot be read. Such a snapshot is never
 * passed over, because it may be whole (D-82). */
ZK_NODISCARD int file_snap_deserialize(struct zk_context *ctx, const char *directory,
                                       struct data_tree **ret_tree,
                                       struct session_timeouts *ret_sessions);

/* Java: SnapStream.isValidSnapshot(). A quick look, before the whole file is read: it has at least
 * 10 bytes and ends in the ustring "/"; a packed one begins as files of its kind do. Blocks on the
 * disk. Errors: -EPROTO it is not whole; other errno: it cannot be read. */
ZK_NODISCARD int file_snap_check_valid(const char *path);

/* Returns whether a file of that name is a snapshot, whole or not, and the zxid in it. A packed one
 * has .gz or .snappy behind the zxid; what has another ending, as the .tmp that a crash leaves, is
 * none. */
bool file_snap_is_name(const char *name, int64_t *ret_zxid);

/* Java: findNValidSnapshots(100) */
enum { FILE_SNAP_TRIES = 100 };

#endif
