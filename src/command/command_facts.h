/* What words and the admin server both have to find out. Any thread that holds no lock. */
#ifndef COMMAND_COMMAND_FACTS_H
#define COMMAND_COMMAND_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"

struct zookeeper_server;

/* Returns the bytes of the files in a directory. It does not descend as Java's does, because no
 * files lie deeper. Blocks on the disk. Java: ZooKeeperServer.getDirSize() */
int64_t command_directory_size(const char *directory);

/* Finds the newest snapshot in a directory: its zxid, and the wall time at which the file was
 * written last. False: there is none. Blocks on the disk. Java: FileSnap.getLastSnapshotInfo() */
bool command_last_snapshot(const char *directory, int64_t *ret_zxid, int64_t *ret_modified_ms);

/* The nodes of one session, in no order. */
struct session_ephemerals {
    int64_t session_id;
    struct zk_strings paths;
};

/* Returns the sessions that own nodes, *ret_count of them, ascending; the caller frees them with
 * session_ephemerals_free. Java: DataTree.getEphemerals() */
struct session_ephemerals *command_ephemerals(struct zookeeper_server *zk, size_t *ret_count);
void session_ephemerals_free(struct session_ephemerals *sessions, size_t count);

#endif
