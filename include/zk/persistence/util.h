/* Names of files and directories: version-2; log.<zxid>, snapshot.<zxid>, in lower-case hex without
 * padding. Java: persistence.Util. Pure functions; any thread. */
#ifndef ZK_PERSISTENCE_UTIL_H
#define ZK_PERSISTENCE_UTIL_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"

/* Where all of them stand, in dataDir and in dataLogDir. Java: FileTxnSnapLog.version + VERSION */
#define VERSION_DIRECTORY    "version-2"
/* Java: FileSnap.SNAPSHOT_FILE_PREFIX */
#define SNAPSHOT_FILE_PREFIX "snapshot"
/* Java: FileTxnLog.LOG_FILE_PREFIX */
#define LOG_FILE_PREFIX      "log"

/* Java: makeSnapshotName(). Returns "directory/snapshot.<zxid>"; the caller frees it. */
char *util_make_snapshot_name(const char *directory, int64_t zxid);
/* Java: makeLogName(). Returns "directory/log.<zxid>"; the caller frees it. */
char *util_make_log_name(const char *directory, int64_t zxid);
/* Returns "directory/name"; the caller frees it. */
char *util_path_join(const char *directory, const char *name);
/* Java: getZxidFromName(). True for "prefix.<hex>" with anything behind a further dot; *ret_suffix
 * points at that within name ("" if there is nothing), and may be NULL. */
bool util_get_zxid_from_name(const char *name, const char *prefix, int64_t *ret_zxid,
                             const char **ret_suffix);
/* The same for a path, of which the last part is the name, and with anything behind the zxid. */
bool util_get_zxid_from_path(const char *path, const char *prefix, int64_t *ret_zxid);

#endif
