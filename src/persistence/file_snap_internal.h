/* The part of file_snap.c that asks nothing of a file's name: the fuzzer's files have none of their
 * own. */
#ifndef PERSISTENCE_FILE_SNAP_INTERNAL_H
#define PERSISTENCE_FILE_SNAP_INTERNAL_H

#include "zk/persistence/file_snap.h"

/* Java: FileSnap.deserialize(dt, sessions, ia) and SnapStream.checkSealIntegrity(): one file,
 * whatever its name. -EPROTO, -EPIPE: damaged. name_zxid is what its name says: a digest of an
 * older zxid is not compared. */
ZK_NODISCARD int file_snap_deserialize_file(struct zk_context *ctx, const char *path,
                                            int64_t name_zxid, struct data_tree **ret_tree,
                                            struct session_timeouts *ret_sessions);

#endif
