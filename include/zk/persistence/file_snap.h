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

/* Java: FileSnap.serialize(). Writes directory/snapshot.<zxid>, straight from the tree, which
 * others may change meanwhile (data_tree_serialize); zxid is at most what the tree's last zxid was
 * before the call. Always <name>.tmp, write, fsync, rename, fsync of the directory (in Java only
 * after a SNAP sync, else in place; D-37). Blocks on the disk. Errors: -errno; no file of that name
 * is new then. */
ZK_NODISCARD int file_snap_serialize(struct zk_context *ctx, const char *directory, int64_t zxid,
                                     struct data_tree *tree,
                                     const struct session_timeouts *sessions);

/* Java: FileSnap.deserialize(). Reads the newest snapshot that is whole; damaged ones are logged
 * and passed over, at most FILE_SNAP_TRIES of them. The tree's last zxid is the one in the file's
 * name. The caller frees both results. Blocks on the disk. Errors: -ENODATA no snapshot file at
 * all. All others are logged: -EBADMSG there are some, and none is whole; -ENOTSUP the one that
 * would have been next is compressed; any other errno: the directory, or the snapshot that would
 * have been next, cannot be read. Such a snapshot is never passed over, because it may be whole
 * (D-82). */
ZK_NODISCARD int file_snap_deserialize(struct zk_context *ctx, const char *directory,
                                       struct data_tree **ret_tree,
                                       struct session_timeouts *ret_sessions);

/* Java: SnapStream.isValidSnapshot(): at least 10 bytes that end in the ustring "/". The quick look
 * before the long one. -EPROTO: it is not whole; other errno: it cannot be read. */
ZK_NODISCARD int file_snap_check_valid(const char *path);

/* Java: findNValidSnapshots(100) */
enum { FILE_SNAP_TRIES = 100 };

#endif
