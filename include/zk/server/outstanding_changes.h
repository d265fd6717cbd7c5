/* What nodes will look like when all transactions that have been prepared are applied: a leader
 * prepares many before the first of them is committed, and each must see what the ones before it
 * will have done. Java: ZooKeeperServer.outstandingChanges, outstandingChangesForPath, ChangeRecord
 *
 * A record says how one transaction leaves one node. Records stand in a list, in the order of their
 * transactions; the newest one of each path is also found by its path. PrepRequestProcessor adds
 * records, and the thread that applies a transaction to the tree takes its records off in the same
 * moment, so that each change is seen either here or in the tree.
 *
 * One mutex (ZK_RANK_OUTSTANDING_CHANGES), which the caller takes with outstanding_changes_lock
 * around what shall be one moment: every function from outstanding_changes_get on wants it held.
 * The locks of the tree, of the database and of the tracker of sessions may be taken while it is
 * held. */
#ifndef ZK_SERVER_OUTSTANDING_CHANGES_H
#define ZK_SERVER_OUTSTANDING_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/jute/data.h"
#include "zk/tree/path_key.h"
#include "zk/tree/shared_acl.h"

struct outstanding_changes;
struct zk_context;

/* Java: ZooKeeperServer.ChangeRecord, with its PrecalculatedDigest */
struct change_record {
    int64_t zxid; /* of its transaction */
    /* False: the node is deleted, and only the digest means anything. In Java stat is null. */
    bool exists;
    struct stat_persisted stat;
    int32_t child_count;
    struct shared_acl *acl; /* a reference; NULL: it has been lost */
    struct buf *data;       /* a reference; NULL is Java's null */
    uint64_t node_digest;   /* what the node adds to the tree's */
    uint64_t tree_digest;   /* of the whole tree after this record */

    /* ---- the list's own ---- */

    struct change_record *next;      /* the record behind it; NULL: it is the last */
    struct change_record *previous;  /* the record before it */
    struct change_record *same_slot; /* another path in the same slot of the table */
    /* The record of the same path whose place in the table this one took, and its zxid. That record
     * may be gone by now. */
    struct change_record *displaced;
    int64_t displaced_zxid;
    uint64_t hash; /* of path */
    size_t path_length;
    char path[];
};

/* Returns a record that stands in no list: no node, no ACL, no data. Copies the path; the root's is
 * "" (D-154). The caller frees it, or adds it. Java: new ChangeRecord() */
struct change_record *change_record_new(int64_t zxid, const struct path_key *key);
/* Returns a copy that stands in no list; the caller frees it, or adds it.
 * Java: ChangeRecord.duplicate() */
struct change_record *change_record_duplicate(const struct change_record *record, int64_t zxid);
void change_record_free(struct change_record *record); /* NULL is fine */

/* All keys that the records are made of must be those of one tree. */
struct outstanding_changes *outstanding_changes_new(struct zk_context *ctx);
/* Frees the records that are left, too. NULL is fine. */
void outstanding_changes_free(struct outstanding_changes *changes);

/* Where Java says synchronized (outstandingChanges). */
void outstanding_changes_lock(struct outstanding_changes *changes);
void outstanding_changes_unlock(struct outstanding_changes *changes);

/* Returns the newest record of a path, which stays the list's; NULL if there is none. Where
 * Java asks the map outstandingChangesForPath. */
struct change_record *outstanding_changes_get(const struct outstanding_changes *changes,
                                              const struct path_key *key);
/* Appends a record and takes ownership of it. */
void outstanding_changes_add(struct outstanding_changes *changes, struct change_record *record);
/* Return the oldest record, behind which the others follow by their next, and the newest one; NULL
 * if there are none. They stay the list's. */
struct change_record *outstanding_changes_peek(const struct outstanding_changes *changes);
struct change_record *outstanding_changes_peek_last(const struct outstanding_changes *changes);

/* Takes back all records of the newest transaction, zxid: it failed half-way. What it had displaced
 * is the newest again, unless it has been applied meanwhile.
 * Java: PrepRequestProcessor.rollbackPendingChanges() */
void outstanding_changes_roll_back(struct outstanding_changes *changes, int64_t zxid);
/* The transaction zxid is applied to the tree in this moment: its records go. Returns how many they
 * were. Java: ZooKeeperServer.processTxn(), its loop */
size_t outstanding_changes_remove(struct outstanding_changes *changes, int64_t zxid);

#endif
