/* A list of records, and a hash table of the newest one of each path. Java:
 * ZooKeeperServer.outstandingChanges (an ArrayDeque) and outstandingChangesForPath (a HashMap) */
#include "zk/server/outstanding_changes.h"

#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"

enum { FIRST_CHANGE_SLOTS = 64 };

struct outstanding_changes {
    struct zk_context *ctx;

    struct zk_mutex mu; /* Java's monitor of outstandingChanges. Guards: */
    struct change_record *head GUARDED_BY(&mu);
    struct change_record *tail GUARDED_BY(&mu);
    /* outstandingChangesForPath: chains of records through same_slot. */
    struct change_record **slots GUARDED_BY(&mu);
    size_t slot_count GUARDED_BY(&mu); /* a power of two */
    size_t path_count GUARDED_BY(&mu);
};

/* ---- records --------------------------------------------------------------------------------- */

/* The root has two names, and Java keeps two records for it, so that transactions that are in
 * flight at once get a wrong digest (D-154). Here both names have one key. */
struct change_record *change_record_new(int64_t zxid, const struct path_key *key)
{
    struct change_record *record = zk_xcalloc(1, sizeof *record + key->length + 1);
    record->zxid = zxid;
    record->hash = key->hash;
    record->path_length = key->length;
    memcpy(record->path, key->path, key->length);
    return record;
}

static struct path_key key_of(const struct change_record *record)
{
    return (struct path_key){
        .path = record->path, .length = record->path_length, .hash = record->hash};
}

/* Java: ChangeRecord.duplicate() */
struct change_record *change_record_duplicate(const struct change_record *record, int64_t zxid)
{
    struct path_key key = key_of(record);
    struct change_record *copy = change_record_new(zxid, &key);
    copy->exists = record->exists;
    copy->stat = record->stat;
    copy->child_count = record->child_count;
    copy->acl = record->acl != NULL ? shared_acl_ref(record->acl) : NULL;
    copy->data = record->data != NULL ? buf_ref(record->data) : NULL;
    copy->node_digest = record->node_digest;
    copy->tree_digest = record->tree_digest;
    return copy;
}

void change_record_free(struct change_record *record)
{
    if (record == NULL)
        return;
    shared_acl_unref(record->acl);
    buf_unref(record->data);
    free(record);
}

/* ---- the table of paths ---------------------------------------------------------------------- */

static struct change_record **slot_of_hash(const struct outstanding_changes *changes, uint64_t hash)
    REQUIRES(&changes->mu)
{
    return &changes->slots[hash & (changes->slot_count - 1)];
}

/* Returns the link to the newest record of the path; the end of its chain if there is none. */
static struct change_record **find_link(const struct outstanding_changes *changes,
                                        const struct path_key *key) REQUIRES(&changes->mu)
{
    struct change_record **link = slot_of_hash(changes, key->hash);
    while (*link != NULL && ((*link)->hash != key->hash || (*link)->path_length != key->length ||
                             memcmp((*link)->path, key->path, key->length) != 0))
        link = &(*link)->same_slot;
    return link;
}

static void double_slots(struct outstanding_changes *changes) REQUIRES(&changes->mu)
{
    struct change_record **old = changes->slots;
    size_t old_count = changes->slot_count;
    changes->slot_count = 2 * old_count;
    changes->slots = zk_xcalloc(changes->slot_count, sizeof(struct change_record *));
    for (size_t i = 0; i < old_count; i++)
        for (struct change_record *record = old[i], *next; record != NULL; record = next) {
            next = record->same_slot;
            struct change_record **slot = slot_of_hash(changes, record->hash);
            record->same_slot = *slot;
            *slot = record;
        }
    free(old);
}

/* Puts the record into the place of the newest one of its path, which is returned; NULL: there was
 * none. */
static struct change_record *put_for_path(struct outstanding_changes *changes,
                                          struct change_record *record) REQUIRES(&changes->mu)
{
    struct path_key key = key_of(record);
    struct change_record **link = find_link(changes, &key);
    struct change_record *before = *link;
    record->same_slot = before != NULL ? before->same_slot : NULL;
    *link = record;
    if (before == NULL && ++changes->path_count > changes->slot_count)
        double_slots(changes);
    return before;
}

/* Takes the record out of the table if it is the newest one of its path. */
static void remove_for_path(struct outstanding_changes *changes, struct change_record *record)
    REQUIRES(&changes->mu)
{
    struct path_key key = key_of(record);
    struct change_record **link = find_link(changes, &key);
    if (*link != record)
        return;
    *link = record->same_slot;
    changes->path_count--;
}

/* ---- the list -------------------------------------------------------------------------------- */

struct outstanding_changes *outstanding_changes_new(struct zk_context *ctx) UNSHARED
{
    struct outstanding_changes *changes = zk_xcalloc(1, sizeof *changes);
    changes->ctx = ctx;
    zk_mutex_init(&changes->mu, ctx, "outstanding_changes", ZK_RANK_OUTSTANDING_CHANGES);
    changes->slot_count = FIRST_CHANGE_SLOTS;
    changes->slots = zk_xcalloc(changes->slot_count, sizeof(struct change_record *));
    return changes;
}

void outstanding_changes_free(struct outstanding_changes *changes) UNSHARED
{
    if (changes == NULL)
        return;
    for (struct change_record *record = changes->head, *next; record != NULL; record = next) {
        next = record->next;
        change_record_free(record);
    }
    free(changes->slots);
    zk_mutex_destroy(&changes->mu);
    free(changes);
}

/* The callers are in other files, where clang does not know the mutex. */
void outstanding_changes_lock(struct outstanding_changes *changes) UNCHECKED_LOCKS
{
    zk_mutex_lock(&changes->mu);
}

void outstanding_changes_unlock(struct outstanding_changes *changes) UNCHECKED_LOCKS
{
    zk_mutex_unlock(&changes->mu);
}

struct change_record *outstanding_changes_get(const struct outstanding_changes *changes,
                                              const struct path_key *key)
{
    zk_mutex_assert_held(&changes->mu);
    return *find_link(changes, key);
}

void outstanding_changes_add(struct outstanding_changes *changes, struct change_record *record)
{
    zk_mutex_assert_held(&changes->mu);
    record->previous = changes->tail;
    if (changes->tail != NULL)
        changes->tail->next = record;
    else
        changes->head = record;
    changes->tail = record;
    record->displaced = put_for_path(changes, record);
    record->displaced_zxid = record->displaced != NULL ? record->displaced->zxid : 0;
}

struct change_record *outstanding_changes_peek(const struct outstanding_changes *changes)
{
    zk_mutex_assert_held(&changes->mu);
    return changes->head;
}

struct change_record *outstanding_changes_peek_last(const struct outstanding_changes *changes)
{
    zk_mutex_assert_held(&changes->mu);
    return changes->tail;
}

/* Java: PrepRequestProcessor.rollbackPendingChanges(). Java notes before a multi which records it
 * may displace, by the paths of its operations; it misses those of names that are made by the way,
 * such as a sequential one (D-157). Here each record knows what it has displaced. */
void outstanding_changes_roll_back(struct outstanding_changes *changes, int64_t zxid)
{
    zk_mutex_assert_held(&changes->mu);
    while (changes->tail != NULL && changes->tail->zxid == zxid) {
        struct change_record *record = changes->tail;
        changes->tail = record->previous;
        if (changes->tail != NULL)
            changes->tail->next = NULL;
        else
            changes->head = NULL;
        remove_for_path(changes, record);
        /* Records leave the list in the order of their zxids, so one that is not older than the
         * oldest of the list is still in it. */
        if (record->displaced != NULL && changes->head != NULL &&
            record->displaced_zxid >= changes->head->zxid)
            (void)put_for_path(changes, record->displaced);
        change_record_free(record);
    }
}

/* Java: ZooKeeperServer.processTxn(), its loop */
size_t outstanding_changes_remove(struct outstanding_changes *changes, int64_t zxid)
{
    size_t removed = 0;
    zk_mutex_assert_held(&changes->mu);
    while (changes->head != NULL && changes->head->zxid <= zxid) {
        struct change_record *record = changes->head;
        if (record->zxid < zxid)
            zk_log(changes->ctx, ZK_LOG_OUTSTANDING_ZXID, (uint64_t)record->zxid, (uint64_t)zxid);
        changes->head = record->next;
        if (changes->head != NULL)
            changes->head->previous = NULL;
        else
            changes->tail = NULL;
        remove_for_path(changes, record);
        change_record_free(record);
        removed++;
    }
    return removed;
}
